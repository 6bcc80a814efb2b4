"""What counts as a repetition: hops after a landing, landings beside the plate, rebounds without standing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analytic_jump import GRAVITY, countermovement_jump
from tests.mechanics.force.field_jumps import RATE_HZ, WEIGHT_N, drop_jump, noisy
from tests.mechanics.trials import force_trial, outcome

NEEDS_LANDING = ("flight_time_s", "jump_height_flight_time_m", "landing_peak_force_n")


@pytest.mark.parametrize(("after_s", "hop_s"), [(0.3, 0.15), (0.5, 0.25), (1.1, 0.12)])
def test_hop_after_a_landing_belongs_to_it(after_s: float, hop_s: float) -> None:
    jump = countermovement_jump()
    first, samples = round((jump.landing + after_s) * RATE_HZ), round(hop_s * RATE_HZ)
    force = jump.force.copy()
    force[first - 120 : first] += 0.5 * jump.body_weight * np.sin(np.pi * np.arange(120) / 120)
    force[first : first + samples] = 0.0
    found = outcome(force_trial(noisy(force)))
    assert list(found.rows()["rep"]) == [1]
    assert found.codes() == {"hop_after_landing"}
    assert found.row()["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.003)


def test_jumps_with_standing_between_are_repetitions() -> None:
    force = countermovement_jump().force
    found = outcome(force_trial(noisy(np.concatenate([force, force, force]))))
    assert list(found.rows()["rep"]) == [1, 2, 3]
    assert not found.codes()


@pytest.mark.parametrize("after_s", [0.09, 0.3, 0.99, 1.4, 6.0])
def test_jump_without_a_landing_keeps_what_needs_none(after_s: float) -> None:
    jump = countermovement_jump(noise_n=0.0)
    takeoff = round(jump.takeoff * RATE_HZ)
    force = noisy(np.concatenate([jump.force[:takeoff], np.zeros(round(after_s * RATE_HZ))]))
    found = outcome(force_trial(force))
    row = found.row()
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.004)
    assert row["reason"] == "second_landing_missing"
    assert row["peak_force_n"] == pytest.approx(jump.force[:takeoff].max(), abs=5.0)
    assert np.isnan([row[name] for name in NEEDS_LANDING]).all()


def test_athlete_who_lands_beside_the_plate_and_steps_back_on_it() -> None:
    jump = countermovement_jump()
    takeoff = round(jump.takeoff * RATE_HZ)
    back = np.concatenate([np.linspace(0.0, jump.body_weight, 300), np.full(2500, jump.body_weight)])
    force = noisy(np.concatenate([jump.force[:takeoff], np.zeros(2500), back]))
    row = outcome(force_trial(force)).row()
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.004)
    assert np.isnan([row[name] for name in NEEDS_LANDING]).all()


@pytest.mark.parametrize("step_up", [0.0, 0.1])
def test_stepping_off_is_no_jump(step_up: float) -> None:
    weight = WEIGHT_N * (1.0 + step_up * np.sin(np.pi * np.arange(400) / 400))
    off = np.linspace(WEIGHT_N, 0.0, 200)
    force = noisy(np.concatenate([np.full(3000, WEIGHT_N), weight, off, np.zeros(4000)]))
    found = outcome(force_trial(force))
    assert "no_flight" in found.codes()


@pytest.mark.parametrize("second_hump", [1.05, 1.2, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("cut", ["soon after landing", "in flight", "never still"])
@pytest.mark.parametrize("duration_s", [0.18, 0.35, 0.6])
def test_drop_jump_without_standing_is_none_the_less_one(second_hump: float, cut: str, duration_s: float) -> None:
    if second_hump == 3.0 and duration_s == 0.6:
        pytest.skip("a contact of that length and height leaves the plate faster than the flight allows")
    standing = {"soon after landing": 0.1, "in flight": 0.0, "never still": 0.1}[cut]
    force, contact_s, flight_s = drop_jump(second_hump=second_hump, duration_s=duration_s, standing_s=standing)
    if cut == "in flight":
        force = force[: -round((0.25 + 0.5 * flight_s) * RATE_HZ)]
    trials = {"T": force_trial(force, task="drop_jump")}
    for session in (trials, trials | {"jump": force_trial(noisy(countermovement_jump(mass_kg=70.0).force))}):
        row = outcome(session).row()
        assert row["contact_time_s"] == pytest.approx(contact_s, abs=0.004)
        if cut != "in flight":
            assert row["flight_time_s"] == pytest.approx(flight_s, abs=0.004)


def test_landing_that_is_left_soon_is_no_rebound() -> None:
    """Land, stand for a second, and step off: no push-off, no flight."""
    impact = WEIGHT_N * (1.0 + 2.4 / GRAVITY / 0.125 * np.sin(np.pi * np.arange(250) / 250) ** 2)
    force = np.concatenate(
        [np.zeros(600), impact, np.full(800, WEIGHT_N), np.linspace(WEIGHT_N, 0.0, 150), np.zeros(3000)]
    )
    assert outcome(force_trial(noisy(force), task="drop_jump")).codes() & {"no_flight", "clipped_start"}


def test_weight_comes_from_another_trial_of_the_session() -> None:
    force, contact_s, _ = drop_jump(standing_s=0.1)
    session = {
        "T": force_trial(force, task="drop_jump"),
        "stand": force_trial(noisy(np.concatenate([np.zeros(800), np.full(3000, WEIGHT_N)])), task="standing"),
    }
    found = outcome(session)
    row = found.row()
    assert row["body_weight_n"] == pytest.approx(WEIGHT_N, abs=1.0)
    assert row["contact_time_s"] == pytest.approx(contact_s, abs=0.004)
    assert "stand" in found.quality.loc[found.quality["code"] == "weighed_elsewhere", "sentence"].iloc[0]


def test_push_off_without_a_movement_start_is_kept_but_not_measured() -> None:
    """Strong sway until the movement, and off the plates soon after landing: no standing, no movement start."""
    jump = countermovement_jump(stays=False)
    force = noisy(jump.force)
    force[:2500] += 80.0 * np.sin(6.0 * np.pi * np.arange(2500) / RATE_HZ)
    found = outcome(force_trial(force))
    row = found.row()
    assert np.isnan(row["peak_force_n"])
    assert np.isnan(row["mean_force_n"])
    assert found.reps is not None
    shown = found.reps["force"].isel(rep=0).sel(side="both").to_numpy()
    assert np.nanmax(shown[: round(0.7 * RATE_HZ)]) > 2.0 * jump.body_weight
