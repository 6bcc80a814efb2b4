"""Whether plates and markers belong together: clocks, signs and places that are wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.consistency import (
    LARGEST_LAG_S,
    LARGEST_OFFSET_M,
    REVERSED_CORRELATION,
    WholeBody,
    dynamic_consistency,
)
from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.kinetics.movement import trial_movement
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.markers import Markers
from legsci.mechanics.motion.static_trial import static_trial
from legsci.quality import QualityFlag
from legsci.vocabulary import STANDARD_GRAVITY
from tests.mechanics.athlete import ATHLETE, codes, recording, standing
from tests.mechanics.recordings import read_signal
from tests.mechanics.trials import trial

RATE_HZ, MASS_KG = 200.0, 70.0
WEIGHT_N = MASS_KG * STANDARD_GRAVITY
PERSON = Person(ATHLETE.mass_kg, ATHLETE.sex)
WIDTHS_M = {
    f"{side}_{joint}_width": width for side in ("left", "right") for joint, width in (("knee", 0.105), ("ankle", 0.075))
}
CODES = {"clocks_apart", "force_axis_reversed", "pressure_beside_body"}
Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def found(
    task: str, change: Change = lambda force, moment: (force, moment), *, later_s: float = 0.0
) -> dict[str, QualityFlag]:
    """Findings about a clean trial of the virtual athlete with changed loads (plate, time, 3), or later ones."""
    tree = recording(task)[1]
    force = tree["force"].to_dataset(inherit=False).copy(deep=True)
    force["force"][:], force["moment"][:] = change(force["force"].to_numpy(), force["moment"].to_numpy())
    force = force.assign_coords(time=force["time"] + later_s)
    changed = trial({"markers": tree["markers"].to_dataset(inherit=False), "force": force}, **tree.attrs)
    anatomy = static_trial(Markers.recorded(standing()))
    return {flag.code: flag for flag in trial_movement(changed, anatomy, person=PERSON)[1]}


@pytest.mark.parametrize("task", ["standing", "squat", "countermovement_jump", "drop_jump", "lateral_jump", "sprint"])
def test_clean_trials_are_consistent(task):
    assert CODES.isdisjoint(found(task))


@pytest.mark.parametrize("later_ms", [-40.0, -15.0, 15.0, 40.0])
@pytest.mark.parametrize("task", ["countermovement_jump", "lateral_jump", "sprint"])
def test_clocks_that_are_apart_are_told_to_a_millisecond(task, later_ms):
    flag = found(task, later_s=later_ms / 1000.0)["clocks_apart"]
    assert flag.value == pytest.approx(later_ms, abs=1.0)
    assert abs(flag.value) > flag.limit >= 1000.0 * LARGEST_LAG_S


@pytest.mark.parametrize("task", ["countermovement_jump", "sprint"])
def test_clocks_that_agree_to_within_the_limit_are_not_reported(task):
    assert "clocks_apart" not in found(task, later_s=0.8 * LARGEST_LAG_S)


@pytest.mark.parametrize(("task", "axis", "signal"), [("sprint", 0, "forward"), ("lateral_jump", 2, "sideways")])
def test_a_reversed_axis_of_the_plates_is_told(task, axis, signal):
    def reverse(force, moment):
        force[..., axis] *= -1.0
        return force, moment

    flag = found(task, reverse)["force_axis_reversed"]
    assert (flag.signal, flag.limit) == (signal, REVERSED_CORRELATION)
    assert flag.value < -0.8


@pytest.mark.parametrize(
    ("shift", "words"),
    [([-0.06, 0.0, 0.0], "m behind"), ([0.06, 0.0, 0.0], "m ahead"), ([0.0, 0.0, 0.06], "m to the right")],
)
def test_plates_at_another_place_than_stated_are_detected_in_standing(shift, words):
    flag = found("standing", lambda force, moment: (force, moment + np.cross(shift, force)))["pressure_beside_body"]
    assert flag.value == pytest.approx(0.06, abs=0.002)
    assert flag.limit == LARGEST_OFFSET_M
    assert words in flag.detail


def _loads(seconds: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Ground force and what the motion needs (time, 3) [N]: the same, a person who bounces at 1 Hz."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    force = np.zeros((time.size, 3))
    force[:, 1] = WEIGHT_N * (1.0 + 0.4 * np.sin(2.0 * np.pi * time))
    return force, force.copy()


def _judged(
    force: np.ndarray, needed: np.ndarray, moment: np.ndarray | None = None, **about: float
) -> dict[str, QualityFlag]:
    """Findings about loads at the origin, over which the centre of mass stays."""
    given = {"body_mass_kg": MASS_KG, "rate_hz": RATE_HZ, "cutoff_hz": 12.0} | about
    nothing = np.zeros_like(force)
    ground = np.hstack([force, nothing if moment is None else moment])
    body = WholeBody(needed, nothing, nothing, given.pop("mass_kg", MASS_KG))
    return {f.code: f for f in dynamic_consistency(ground, body, **given)}


@pytest.mark.parametrize("noise", [20.0, 150.0])
def test_noise_of_the_markers_does_not_pass_for_a_delay(noise):
    """Whoever stands gives no hint of time, however alike two stretches of noise may be."""
    generator = np.random.default_rng(4)
    for _ in range(20):
        force, needed = (np.tile([0.0, WEIGHT_N, 0.0], (800, 1)) for _ in range(2))
        needed = needed + generator.normal(0.0, noise, needed.shape)
        assert "clocks_apart" not in _judged(force, needed)


def test_forces_that_fit_nowhere_have_no_time():
    generator = np.random.default_rng(6)
    for _ in range(20):
        force, needed = (np.tile([0.0, WEIGHT_N, 0.0], (800, 1)) for _ in range(2))
        force, needed = (load + generator.normal(0.0, 150.0, load.shape) for load in (force, needed))
        assert "clocks_apart" not in _judged(force, needed)


def test_a_movement_that_repeats_itself_soon_has_no_time():
    """Running at 8 steps a second: as late as one step is early."""
    time = np.arange(800) / RATE_HZ
    force, needed = np.zeros((2, 800, 3))
    force[:, 1] = WEIGHT_N * (1.0 + 0.5 * np.sin(16.0 * np.pi * (time - 0.06)))
    needed[:, 1] = WEIGHT_N * (1.0 + 0.5 * np.sin(16.0 * np.pi * time))
    assert "clocks_apart" not in _judged(force, needed)


def test_a_direction_is_judged_in_time_only():
    """Sideways force that runs against the motion, of vertical forces that fit and that do not."""
    force, needed = _loads()
    force[:, 2], needed[:, 2] = 0.1 * force[:, 1], -0.1 * force[:, 1]
    assert _judged(force, needed)["force_axis_reversed"].signal == "sideways"
    assert "force_axis_reversed" not in _judged(np.roll(force, 50, axis=0), needed)


@pytest.mark.parametrize("task", ["countermovement_jump", "squat_jump"])
def test_a_landing_beside_the_plates_is_no_delay(task):
    def beside(force, moment):
        flight = int(np.flatnonzero(force[..., 1].sum(axis=0) <= 0.0)[0])
        force[:, flight:], moment[:, flight:] = 0.0, 0.0
        return force, moment

    assert "clocks_apart" not in found(task, beside)
    assert found(task, beside, later_s=0.04)["clocks_apart"].value == pytest.approx(40.0, abs=2.0)


def test_one_plate_under_both_feet_is_judged():
    """The sides are not told apart, but clock and place are."""
    tree = recording("countermovement_jump")[1]
    force = tree["force"].to_dataset(inherit=False)
    together = force[["force", "moment"]].sum("plate").expand_dims(plate=["1"]).assign_attrs(force.attrs)
    together = together.assign(surface_height=("plate", [0.0])).assign_coords(foot=("plate", ["both"]))
    found_at = {}
    for later_s, shift in ((0.0, 0.0), (0.03, 0.0), (0.0, 0.08)):
        moved = together.assign_coords(time=together["time"] + later_s).copy(deep=True)
        loads = moved["force"].transpose("plate", "time", "axis").to_numpy()
        moved["moment"] = moved["moment"].transpose("plate", "time", "axis") + np.cross([shift, 0.0, 0.0], loads)
        signals = {"markers": tree["markers"].to_dataset(inherit=False), "force": moved}
        anatomy = static_trial(Markers.recorded(standing()))
        _, flags = trial_movement(trial(signals, **tree.attrs), anatomy, person=PERSON)
        found_at[later_s, shift] = {flag.code: flag for flag in flags}
        assert "sides_not_told_apart" in found_at[later_s, shift]
    assert CODES.isdisjoint(found_at[0.0, 0.0])
    assert found_at[0.03, 0.0]["clocks_apart"].value == pytest.approx(30.0, abs=1.0)
    assert found_at[0.0, 0.08]["pressure_beside_body"].value == pytest.approx(0.08, abs=0.01)


def test_plates_that_record_at_another_time_are_told():
    assert found("squat", later_s=30.0)["little_common_time"].value == 0.0


def test_the_limit_of_a_delay_grows_with_its_uncertainty():
    generator = np.random.default_rng(5)
    limits = []
    for noise in (5.0, 50.0):
        force, needed = _loads()
        force = np.roll(force, 12, axis=0) + generator.normal(0.0, noise, force.shape)
        flag = _judged(force, needed)["clocks_apart"]
        assert abs(flag.value - 60.0) < 3.0
        limits.append(flag.limit)
    assert limits[0] < limits[1]


def test_gaps_leave_the_rest_to_judge():
    force, needed = _loads()
    force = np.roll(force, 8, axis=0)
    force[300:360] = np.nan
    assert _judged(force, needed)["clocks_apart"].value == pytest.approx(40.0, abs=1.0)
    assert not _judged(np.full_like(force, np.nan), needed)


def test_a_load_that_is_carried_leaves_the_place_open():
    force = np.tile([0.0, WEIGHT_N, 0.0], (400, 1))
    moment = np.cross([0.08, 0.0, 0.0], force)
    assert _judged(force, force, moment)["pressure_beside_body"].value == pytest.approx(0.08)
    assert not CODES & set(_judged(force, force, moment, body_mass_kg=MASS_KG - 20.0))


def test_recorded_plates_and_markers_share_their_clock(shared_data):
    """The sprint and OpenCap's drop jumps: consistent as recorded; the sprint's force 20 ms later is not."""
    file = shared_data / "sprint-ja1" / "JA1Gait35.c3d"
    markers, force = (read_signal(file, "c3d", kind, up="z", forward="y") for kind in ("markers", "force"))
    assert CODES.isdisjoint(_recorded(markers, force, "sprint_lateral"))
    late = _recorded(markers, force.assign_coords(time=force["time"] + 0.02), "sprint_lateral")
    assert "clocks_apart" in late
    for name in ("DJ1", "DJ4", "DJ5"):
        folder = shared_data / "opencap-unfiltered"
        markers = read_signal(folder / "MarkerData" / f"{name}.trc", "opensim", "markers")
        force = read_signal(folder / "ID" / f"{name}_grf.mot", "opensim", "force")
        assert CODES.isdisjoint(_recorded(markers, force, "opencap_laboratory"))


def _recorded(markers: xr.Dataset, force: xr.Dataset, marker_set: str) -> list[str]:
    motion = kinematics(markers, marker_set=marker_set, measures_m=WIDTHS_M)
    plates = force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"]))
    return codes(dynamics(motion, plates, person=Person(75.3, "male")))
