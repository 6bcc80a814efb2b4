"""The zero of each plate: found whatever it is, removed from each side, with an honest uncertainty."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.force.session_reference import session_reference
from legsci.mechanics.force.zero import empty_stretches, recorded_length, zero_in_stretches
from tests.analytic_jump import countermovement_jump
from tests.mechanics.force.field_jumps import RATE_HZ, WEIGHT_N, drop_jump, noisy, on_two_plates, squat_force
from tests.mechanics.trials import force_trial, outcome, vertical_force

FEET = ("left", "right")
LIKE_WITHOUT = ("body_weight_n", "jump_height_impulse_m", "jump_height_flight_time_m")


def _zeros(seed: int) -> tuple[float, float]:
    left, right = np.random.default_rng(seed).uniform(-800.0, 100.0, 2)
    return float(left), float(right)


@pytest.mark.parametrize("seed", range(12))
def test_jump_on_plates_of_any_zero_reads_as_without_it(seed: int) -> None:
    total = countermovement_jump(mass_kg=70.0, sway_n=1.0, seed=seed).force
    clean, zeroed = (
        outcome(force_trial(on_two_plates(total, zeros, seed=seed), feet=FEET), profiles=[])
        for zeros in ((0.0, 0.0), _zeros(seed))
    )
    for name in LIKE_WITHOUT:
        one, other = clean.row()[name], zeroed.row()[name]
        assert other == pytest.approx(one, abs=2.0 if name.endswith("_n") else 0.002), name
        assert abs(other - one) <= 2.0 * zeroed.row()[f"u_{name}"], name
    assert zeroed.row()["asymmetry_body_weight_percent"] == pytest.approx(6.0, abs=0.2)
    for side in FEET:
        assert zeroed.row(side=side)["body_weight_n"] == pytest.approx(clean.row(side=side)["body_weight_n"], abs=2.0)
    assert zeroed.codes() == {"plate_offset"}


def test_uncertainty_of_a_zero_is_that_of_its_estimate() -> None:
    rows = []
    for seed in range(60):
        total = countermovement_jump(mass_kg=70.0, seed=seed).force
        force = vertical_force(noisy(total, seed=seed) + 37.0)
        stretches = empty_stretches(force["force"].to_numpy()[0, :, 0], rate=RATE_HZ)
        zero = zero_in_stretches(force, 0, stretches)
        rows.append((float(zero.force[0]) - 37.0, zero.uncertainty))
    errors, stated = np.array(rows).T
    assert np.abs(errors).max() < 0.5
    assert (np.abs(errors) <= 2.0 * stated).mean() >= 0.90
    assert stated.max() < 0.4


@pytest.mark.parametrize("zero_n", [-762.0, -8.0, 0.0, 62.0])
@pytest.mark.parametrize("kind", ["drop_jump", "landing"])
def test_falls_onto_a_plate_of_any_zero(kind: str, zero_n: float) -> None:
    force, contact_s, flight_s = drop_jump()
    found = outcome(force_trial(force + zero_n, task=kind))
    row = found.row()
    assert row["body_weight_n"] == pytest.approx(WEIGHT_N, abs=2.0)
    if kind == "drop_jump":
        assert row["contact_time_s"] == pytest.approx(contact_s, abs=0.004)
        assert row["flight_time_s"] == pytest.approx(flight_s, abs=0.004)
    assert ("plate_offset" in found.codes()) == (abs(zero_n) > 6.0)


def test_zeros_after_the_end_of_a_recording_are_padding() -> None:
    force, *_ = drop_jump()
    whole = vertical_force(np.concatenate([force - 762.0, np.zeros(700)]))
    assert recorded_length(whole) == force.size
    standing = vertical_force(np.concatenate([noisy(np.full(2000, WEIGHT_N)), np.zeros(300)]))
    assert recorded_length(standing) == 2000


@pytest.mark.parametrize("zeroed_below_n", [0.0, 20.0])
def test_zeros_of_an_empty_plate_are_no_padding(zeroed_below_n: float) -> None:
    """A system that writes 0 below a limit, and an athlete who lands beside the plate."""
    force = noisy(countermovement_jump().force[:3700])
    force[(force < zeroed_below_n) | (np.arange(force.size) > 3400)] = 0.0
    assert recorded_length(vertical_force(force)) == force.size


def test_unweighting_of_a_squat_is_no_empty_plate() -> None:
    for depth in (0.2, 0.5, 0.9):
        for slow_s in (0.6, 1.2, 2.5):
            force = noisy(squat_force(depth=depth, slow_s=slow_s))
            assert not len(empty_stretches(force, rate=RATE_HZ)), (depth, slow_s)


def test_plate_on_which_nobody_steps_is_left_out_whatever_it_reads() -> None:
    force = noisy(countermovement_jump().force)
    for level in (-300.0, 62.0, 400.0):
        empty = noisy(np.full(force.size, level), seed=1)
        found = outcome(force_trial(np.vstack([force, empty]), feet=("both", "both")))
        assert "plate_left_out" in found.codes(), level
        assert found.row()["body_weight_n"] == pytest.approx(75.0 * 9.80665, abs=1.0)


def test_zero_comes_from_another_trial_where_it_stays_the_same() -> None:
    trials = {
        f"jump_{seed}": force_trial(
            on_two_plates(countermovement_jump(mass_kg=70.0).force, (41.0, -23.0), seed=seed), feet=FEET
        )
        for seed in range(3)
    }
    trials["T"] = force_trial(on_two_plates(np.full(4000, WEIGHT_N), (41.5, -22.0), seed=9), task="standing", feet=FEET)
    found = outcome(trials)
    assert found.row()["body_weight_n"] == pytest.approx(WEIGHT_N, abs=2.0)
    assert found.row(side="left")["body_weight_n"] == pytest.approx(0.47 * WEIGHT_N, abs=1.0)
    assert "other trials" in found.quality.loc[found.quality["trial_id"] == "T", "sentence"].iloc[0]
    assert found.row()["status"] == "accepted"


def test_squats_on_plates_set_to_zero_anew_keep_their_weight_and_withhold_their_sides() -> None:
    trials = {
        f"jump_{seed}": force_trial(
            on_two_plates(countermovement_jump(mass_kg=70.0, seed=seed).force, _zeros(seed), seed=seed), feet=FEET
        )
        for seed in range(3)
    }
    trials["T"] = force_trial(on_two_plates(squat_force(), _zeros(7), seed=9), task="squat", feet=FEET)
    found = outcome(trials)
    rows = found.rows()
    assert len(rows) == 2
    assert rows["system_weight_n"].to_numpy() == pytest.approx(WEIGHT_N, abs=2.0)
    assert (rows["status"] == "flagged").all()
    assert "zero_by_weight" in found.codes()
    assert not len(found.rows(side="left"))


def test_trial_that_nothing_covers_says_so_with_its_uncertainty() -> None:
    found = outcome(force_trial(noisy(np.full(3000, WEIGHT_N)), task="standing"))
    assert "plate_zero_unknown" in found.codes()
    assert found.row()["u_body_weight_n"] == pytest.approx(6.0 / 3.0**0.5, abs=0.05)
    assert found.row()["status"] == "accepted"


def test_frames_that_the_file_names_give_the_zero() -> None:
    """The athlete steps on so slowly that no stretch is bounded sharply."""
    ramp = np.concatenate([np.zeros(150), WEIGHT_N * np.linspace(0.0, 1.0, 2000), np.full(2500, WEIGHT_N)])
    tree = force_trial(noisy(ramp) + 55.0, task="standing")
    unknown = outcome({"T": tree})
    tree["force"].attrs.update(zero_start_s=0.0, zero_stop_s=0.1)
    known = outcome({"T": tree})
    assert unknown.row()["body_weight_n"] == pytest.approx(WEIGHT_N + 55.0, abs=1.0)
    assert known.row()["body_weight_n"] == pytest.approx(WEIGHT_N, abs=1.0)


def test_frames_that_the_file_names_are_not_believed_where_the_athlete_stands_on_the_plate() -> None:
    tree = force_trial(noisy(countermovement_jump().force))
    tree["force"].attrs.update(zero_start_s=0.0, zero_stop_s=0.1)
    reference = session_reference(xr.DataTree(children={"T": tree})).trials["T"]
    assert abs(reference.zeros["1"].force[0]) < 0.5


def test_moments_and_side_loads_lose_the_zero_too() -> None:
    """A plate whose six channels are off: centre of pressure of the corrected trial is that of the clean one."""
    total = countermovement_jump(mass_kg=70.0).force
    clean = np.stack([0.0 * total, total, 0.0 * total], axis=1)
    arm = np.array([0.10, 0.0, 0.05])
    moment = np.cross(arm, clean)
    coordinates = {
        "plate": ["1"],
        "foot": ("plate", ["both"]),
        "time": np.arange(total.size) / RATE_HZ,
        "axis": list("xyz"),
    }
    offset, twist = np.array([12.0, -150.0, -7.0]), np.array([3.0, -2.0, 8.0])
    force = xr.Dataset(
        {
            "force": (("plate", "time", "axis"), noisy(clean + offset)[None]),
            "moment": (("plate", "time", "axis"), noisy(moment + twist, noise_n=0.1)[None]),
            "surface_height": ("plate", [0.0]),
        },
        coords=coordinates,
        attrs={"sampling_rate_hz": RATE_HZ},
    )
    zero = zero_in_stretches(force, 0, empty_stretches(force["force"].to_numpy()[0, :, 1], rate=RATE_HZ))
    assert zero.force == pytest.approx(offset, abs=0.3)
    assert zero.moment == pytest.approx(twist, abs=0.05)


def test_a_person_who_stands_still_and_then_moves_at_once_is_no_empty_plate() -> None:
    rng = np.random.default_rng(11)
    still = np.full(3000, 634.0) + rng.normal(0.0, 0.5, 3000)
    still[1500:1700] += 90.0
    assert len(empty_stretches(still, rate=1000.0)) == 0
    assert len(empty_stretches(still - 634.0 + 60.0, rate=1000.0)), "the same about +60 N is an empty plate and a touch"
