"""Zeros of plates across the trials of a session: set anew between them, kept, or named by the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.force.session_reference import STEADY_ZERO_N, _spread, session_reference
from legsci.mechanics.force.zero import empty_stretches
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Technique
from tests.analytic_jump import countermovement_jump
from tests.c3d_bytes import plate_groups, write_c3d_bytes
from tests.mechanics.force.field_jumps import RATE_HZ, WEIGHT_N, noisy
from tests.mechanics.force.known_trials import Known, virtual_session
from tests.mechanics.recordings import recorded_trial
from tests.mechanics.trials import Outcome, force_trial, outcome

TASKS = ("standing", "countermovement_jump", "squat_jump", "drop_jump", "squat")
SEEDS = (3, 5, 8)
#: Column -> largest difference that the zeros of the plates may make.
ALIKE = {
    "body_weight_n": 2.0,
    "system_weight_n": 2.0,
    "jump_height_impulse_m": 0.002,
    "jump_height_flight_time_m": 0.002,
    "asymmetry_body_weight_percent": 0.3,
}


@pytest.fixture(scope="module", params=SEEDS)
def twice(request: pytest.FixtureRequest) -> tuple[dict[str, Known], Outcome, Outcome]:
    """A virtual session on usual plates at zero, and on plates set anew to -800 to 100 N before each trial."""
    seed = request.param
    sessions = [
        virtual_session(seed, tasks=TASKS, zeros="none", usual=True),
        virtual_session(seed, tasks=TASKS, zeros="anew", usual=True),
    ]
    found = [outcome({name: known.tree for name, known in session.items()}, profiles=[]) for session in sessions]
    return sessions[0], found[0], found[1]


@pytest.mark.parametrize("task", TASKS)
def test_virtual_trial_on_plates_of_any_zero_reads_as_without_it(
    twice: tuple[dict[str, Known], Outcome, Outcome], task: str
) -> None:
    session, clean, zeroed = twice
    one, other = clean.rows(task), zeroed.rows(task)
    assert len(one) == len(other) > 0
    for name, limit in ALIKE.items():
        without, with_zero = (table[name].to_numpy(dtype=float) for table in (one, other))
        sides = name.startswith("asymmetry")
        if sides and task in ("standing", "squat"):
            assert np.isnan(with_zero).all(), "the zero of each plate is not known in a trial that never shows it empty"
            continue
        np.testing.assert_allclose(with_zero, without, atol=limit, err_msg=name)
        truth = session[task].truth.get(name)
        if truth is not None and not sides:
            assert (np.abs(with_zero - np.array(truth)) <= 3.0 * other[f"u_{name}"].to_numpy()).all(), name


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_two_trials_of_three_that_agree_by_chance_do_not_make_a_zero_steady(pair: tuple[int, int]) -> None:
    levels = [-373.0, -373.0, -373.0]
    for index in pair:
        levels[index] = -142.0 + index
    assert _spread(levels) > STEADY_ZERO_N
    assert _spread([*levels, -142.0, -141.5]) < STEADY_ZERO_N or pair == (1, 2)


@pytest.mark.parametrize("noise_n", [0.3, 2.0])
@pytest.mark.parametrize("concentric_s", [0.8, 1.1, 1.5])
@pytest.mark.parametrize("seed", [1, 45])
def test_unweighting_of_a_virtual_squat_is_no_empty_plate(seed: int, concentric_s: float, noise_n: float) -> None:
    rng = np.random.default_rng(seed)
    technique = Technique(
        depth_m=0.38, eccentric_s=rng.uniform(0.9, 1.6), concentric_s=concentric_s, pause_s=rng.uniform(0.1, 0.7),
        trunk_lean_deg=38.0, stance_width_m=0.36,
    )  # fmt: skip
    motion = simulate_motion("squat", Athlete(), technique, rate_hz=500.0)
    for foot in motion.force[:, :, 1]:
        reading = foot + rng.normal(0.0, noise_n, foot.size) - 500.0
        assert not len(empty_stretches(reading, rate=500.0))


def _plate_file(path: Path, vertical: np.ndarray, zero_frames: tuple[int, int]) -> Path:
    """C3D file of one plate at 1000 Hz that names frames (of 100 Hz) as those of its zero."""
    frames = vertical.size // 10
    analogs = np.zeros((frames, 10, 6), np.float32)
    analogs[..., 2] = -vertical[: 10 * frames].reshape(frames, 10)
    points = np.zeros((frames, 2, 4), np.float32)
    points[..., :3] = 1000.0
    groups = plate_groups(analogs, ZERO=np.array(zero_frames, np.int16))
    return write_c3d_bytes(path, points, analogs, groups=groups)


def _on_slowly(zero_n: float) -> np.ndarray:
    """Force of an athlete who steps on so slowly that no stretch is bounded sharply [N]."""
    ramp = np.concatenate([np.zeros(300), WEIGHT_N * np.linspace(0.0, 1.0, 2000), np.full(2500, WEIGHT_N)])
    return noisy(ramp) + zero_n


@pytest.mark.parametrize("zero_n", [55.0, -310.0])
@pytest.mark.parametrize(
    ("frames", "believed"), [((1, 20), True), ((5, 25), True), ((300, 400), False), ((0, 0), False)]
)
def test_frames_that_a_c3d_file_names_give_the_zero_where_the_plate_is_empty_in_them(
    tmp_path: Path, frames: tuple[int, int], believed: bool, zero_n: float
) -> None:
    """The frames of the last two cases are of standing, and none."""
    path = _plate_file(tmp_path / "a.c3d", _on_slowly(zero_n), frames)
    tree = recorded_trial(path, reader="c3d", up="z", task="standing")
    found = outcome(tree, profiles=[])
    if believed:
        assert found.row()["body_weight_n"] == pytest.approx(WEIGHT_N, abs=1.0)
        assert found.row()["u_body_weight_n"] < 1.0
    else:
        assert "plate_zero_unknown" in found.codes()
        assert found.row()["u_body_weight_n"] > 3.0


def test_frames_named_by_one_file_serve_the_other_trials_of_the_session(tmp_path: Path) -> None:
    named = recorded_trial(
        _plate_file(tmp_path / "a.c3d", _on_slowly(41.0), (1, 20)), reader="c3d", up="z", task="standing"
    )
    other = recorded_trial(
        _plate_file(tmp_path / "b.c3d", noisy(np.full(4000, WEIGHT_N), seed=4) + 41.0, (0, 0)),
        reader="c3d", up="z", task="standing",
    )  # fmt: skip
    found = outcome({"named": named, "other": other}, profiles=[])
    assert found.row("other")["body_weight_n"] == pytest.approx(WEIGHT_N, abs=1.5)
    zero = session_reference(xr.DataTree(children={"named": named, "other": other})).trials["other"].zeros["1"]
    assert zero.source == "1 other trial of the session"


def _swaying(amplitude_m: float, *, units: float = 1.0) -> xr.DataTree:
    """Standing trial whose centre of pressure sways to the sides by an amplitude, half as far to and fro.

    Moments are in N m times `units`.
    """
    time = np.arange(4000) / RATE_HZ
    vertical = noisy(np.full(time.size, WEIGHT_N))
    aside = amplitude_m * np.sin(2.0 * np.pi * 2.0 * time)
    force = np.stack([0.0 * time, vertical, 0.0 * time], axis=1)
    arm = np.stack([0.5 * aside, 0.0 * time, aside], axis=1)
    signal = xr.Dataset(
        {
            "force": (("plate", "time", "axis"), force[None]),
            "moment": (("plate", "time", "axis"), units * np.cross(arm, force)[None]),
            "surface_height": ("plate", [0.0]),
        },
        coords={"plate": ["1"], "foot": ("plate", ["both"]), "time": time, "axis": list("xyz")},
        attrs={"sampling_rate_hz": RATE_HZ},
    )
    tree = xr.DataTree(children={"force": xr.DataTree(signal)})
    tree.attrs.update(task="standing")
    return tree


@pytest.mark.parametrize(
    ("amplitude_m", "units", "implausible"),
    [(0.004, 1.0, False), (0.09, 1.0, False), (0.004, 1000.0, True), (0.02, 10.0, True)],
    ids=["quiet", "as far as the feet reach", "moments in N mm", "moments in N dm"],
)
def test_sway_that_nobody_reaches_names_the_unit(amplitude_m: float, units: float, implausible: bool) -> None:
    found = outcome(_swaying(amplitude_m, units=units), profiles=[])
    row = found.row()
    if not implausible:
        assert row["centre_of_pressure_range_ml_m"] == pytest.approx(2.0 * amplitude_m, rel=0.05)
    said = found.quality.loc[found.quality["code"] == "implausible_value", "sentence"]
    assert said.str.contains("unit").any() == implausible


@pytest.mark.parametrize("mass_kg", [None, 110.0])
@pytest.mark.parametrize("plates", [1, 2])
def test_force_in_pounds_asks_for_the_mass_or_contradicts_it(plates: int, mass_kg: float | None) -> None:
    pounds = countermovement_jump(mass_kg=110.0).force / 4.4482216
    rows = noisy(np.tile(pounds / plates, (plates, 1)), noise_n=0.2)
    feet = ("both",) if plates == 1 else ("left", "right")
    found = outcome(force_trial(rows, feet=feet), mass_kg=mass_kg, profiles=[])
    sentences = " ".join(found.quality["sentence"].astype(str))
    assert ("light_person" in found.codes()) == (mass_kg is None)
    assert ("weight_disagrees_with_mass" in found.codes()) == (mass_kg is not None)
    assert "mass" in sentences
