"""Tasks of a strength laboratory's battery: how each is cut, weighed and checked, on analytic traces."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.tasks import TASKS
from tests.analytic_jump import GRAVITY, countermovement_jump
from tests.mechanics.force.field_jumps import drop_jump, squat_force
from tests.mechanics.trials import Outcome, force_trial, outcome

MASS_KG = 70.0
WEIGHT_N = MASS_KG * GRAVITY
#: Contact and flight of the rebound, and flight of the jump before it [s].
CONTACT_S, REBOUND_FLIGHT_S = 0.25, 0.5


def jump_and_rebound(noise_n: float = 1.0) -> tuple[np.ndarray, float, float]:
    """Force of a countermovement jump, a rebound at its landing and standing; height and flight time of the jump."""
    jump = countermovement_jump(mass_kg=MASS_KG)
    until = round(jump.landing * 1000.0)
    time = np.arange(round(CONTACT_S * 1000.0)) / 1000.0
    gained = CONTACT_S + 0.5 * (jump.flight_time + REBOUND_FLIGHT_S)
    contact = 0.5 * np.pi * WEIGHT_N * gained / CONTACT_S * np.sin(np.pi * time / CONTACT_S)
    stop = np.full(200, WEIGHT_N * (1.0 + 0.5 * REBOUND_FLIGHT_S / 0.2))
    flight, stand = np.zeros(round(REBOUND_FLIGHT_S * 1000.0)), np.full(3500, WEIGHT_N)
    whole = np.concatenate([jump.force[:until], contact, flight, stop, stand])
    noise = noise_n * np.random.default_rng(3).standard_normal(whole.size)
    return whole + noise, jump.height, jump.flight_time


@pytest.fixture(scope="module")
def rebound() -> Outcome:
    return outcome(force_trial(jump_and_rebound()[0], task="countermovement_rebound"), mass_kg=MASS_KG, profiles=[])


def test_a_trial_of_jump_and_rebound_gives_both(rebound: Outcome) -> None:
    _, height, flight_s = jump_and_rebound()
    rows = rebound.rows()
    assert rows["task"].tolist() == ["countermovement_rebound", "rebound_jump"]
    first, second = (rows.iloc[place] for place in (0, 1))
    assert first["jump_height_impulse_m"] == pytest.approx(height, abs=0.005)
    assert first["flight_time_s"] == pytest.approx(flight_s, abs=0.002)
    assert second["contact_time_s"] == pytest.approx(CONTACT_S, abs=0.003)
    assert second["flight_time_s"] == pytest.approx(REBOUND_FLIGHT_S, abs=0.002)
    assert second["takeoff_velocity_m_per_s"] == pytest.approx(0.5 * REBOUND_FLIGHT_S * GRAVITY, abs=0.03)
    assert second["fall_height_m"] == pytest.approx(height, abs=0.02)
    assert second["time_to_stabilisation_s"] == pytest.approx(0.2, abs=0.01)


def test_the_landing_of_a_jump_with_a_rebound_is_that_of_the_rebound(rebound: Outcome) -> None:
    rows = rebound.rows()
    assert rows["landing_peak_force_n"].isna().tolist() == [True, False]
    assert rows["contact_time_s"].isna().tolist() == [True, False]
    assert rebound.codes().isdisjoint({"step_off", "hop_after_landing", "no_rebound", "clipped_start"})


def test_a_jump_without_a_rebound_is_flagged() -> None:
    jump = countermovement_jump(mass_kg=MASS_KG, noise_n=1.0)
    found = outcome(force_trial(jump.force, task="countermovement_rebound"), mass_kg=MASS_KG, profiles=[])
    assert found.rows()["task"].tolist() == ["countermovement_rebound"]
    assert "no_rebound" in found.codes()
    assert found.row()["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.005)


@pytest.mark.parametrize("task", ["arm_swing_jump", "loaded_countermovement_jump", "single_leg_countermovement_jump"])
def test_jumps_from_standing_by_their_own_names(task: str) -> None:
    loaded, leg = task.startswith("loaded"), "left" if TASKS[task].legs == "one" else "both"
    jump = countermovement_jump(mass_kg=MASS_KG + 20.0 * loaded, noise_n=1.0)
    more = {"load_kg": 20.0} if loaded else {}
    found = outcome(force_trial(jump.force, task=task, leg=leg, **more), mass_kg=MASS_KG, profiles=[])
    row = found.row()
    assert row["task"] == task
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.005)
    assert row["body_weight_n"] == pytest.approx(jump.body_weight, abs=1.0)
    assert row["unweighting_time_s"] > 0.0
    assert "weight_disagrees_with_mass" not in found.codes()


def test_a_load_that_is_not_stated_is_found() -> None:
    jump = countermovement_jump(mass_kg=MASS_KG + 20.0, noise_n=1.0)
    found = outcome(force_trial(jump.force, task="loaded_countermovement_jump"), mass_kg=MASS_KG, profiles=[])
    assert "weight_disagrees_with_mass" in found.codes()


def test_a_countermovement_in_a_loaded_squat_jump_is_flagged() -> None:
    jump = countermovement_jump(mass_kg=MASS_KG, noise_n=1.0)
    found = outcome(force_trial(jump.force, task="loaded_squat_jump"), mass_kg=MASS_KG, profiles=[])
    assert "countermovement_in_squat_jump" in found.codes()


def test_drop_jump_and_landing_on_one_leg() -> None:
    force, *_ = drop_jump()
    both = outcome(force_trial(force, task="drop_jump"), profiles=[]).row()
    one = outcome(force_trial(force, task="single_leg_drop_jump", leg="right"), profiles=[]).row()
    for name in ("contact_time_s", "flight_time_s", "rsi_m_per_s", "fall_height_m"):
        assert one[name] == both[name], name
    time = np.arange(300) / 1000.0
    impact = np.concatenate([np.linspace(0.0, 2400.0, 60), np.linspace(2400.0, WEIGHT_N, 240)])
    whole = np.concatenate([np.full(600, 0.0), impact, np.full(3500, WEIGHT_N)])
    whole += np.random.default_rng(2).standard_normal(whole.size)
    hop = outcome(force_trial(whole, task="hop_and_stick", leg="left"), mass_kg=MASS_KG, profiles=[]).row()
    assert hop["landing_peak_force_n"] == pytest.approx(2400.0, abs=5.0)
    assert hop["time_to_peak_force_s"] == pytest.approx(0.06, abs=0.003)
    assert hop["time_to_stabilisation_s"] == pytest.approx(time[-1], abs=0.02)


@pytest.mark.parametrize("task", ["single_leg_squat", "split_squat"])
def test_squats_on_one_leg(task: str) -> None:
    force = squat_force()
    both = outcome(force_trial(force, task="squat"), profiles=[]).rows()
    one = outcome(force_trial(force, task=task, leg="left"), profiles=[]).rows()
    assert len(one) == len(both) >= 1
    for name in ("system_weight_n", "eccentric_time_s", "concentric_time_s", "countermovement_depth_m"):
        assert one[name].to_numpy() == pytest.approx(both[name].to_numpy()), name


def test_balance_on_one_leg_is_standing() -> None:
    force = WEIGHT_N + np.random.default_rng(1).standard_normal(5000)
    found = outcome(force_trial(force, task="single_leg_balance", leg="right"), mass_kg=MASS_KG, profiles=[])
    assert found.row()["body_weight_n"] == pytest.approx(WEIGHT_N, abs=1.0)


@pytest.mark.parametrize("task", sorted(name for name, task in TASKS.items() if task.legs == "one"))
def test_a_test_on_one_leg_needs_its_leg(task: str) -> None:
    force = np.concatenate([np.zeros(800), countermovement_jump(mass_kg=MASS_KG, noise_n=1.0).force])
    codes = outcome(force_trial(force, task=task), mass_kg=MASS_KG, profiles=[]).codes()
    assert codes & {"leg_not_named", "no_descent", "no_landing", "no_flight", "clipped_start"}


def push_off(dip_n: float) -> np.ndarray:
    """Stand, sink, and push off with two equal peaks of 1500 N that a dip parts; fly, stand."""
    part = np.concatenate([np.full(180, 1500.0), np.full(80, 1500.0 - dip_n), np.full(180, 1500.0)])
    still, sink = np.full(2500, WEIGHT_N), np.full(200, 0.5 * WEIGHT_N)
    gained = float((part - WEIGHT_N).sum() + (sink - WEIGHT_N).sum()) / 1000.0 / MASS_KG
    flight = np.zeros(round(2000.0 * gained / GRAVITY))
    stop = np.full(200, WEIGHT_N * (1.0 + gained / GRAVITY / 0.2))
    whole = np.concatenate([still, sink, part, flight, stop, np.full(2500, WEIGHT_N)])
    return whole + 0.5 * np.random.default_rng(6).standard_normal(whole.size)


@pytest.mark.parametrize("dip_n", [0.0, 200.0])
def test_dip_between_two_peaks_and_push_off_distance(dip_n: float) -> None:
    force = push_off(dip_n)
    row = outcome(force_trial(force), mass_kg=MASS_KG, profiles=[]).row()
    assert row["force_dip_percent"] == pytest.approx(100.0 * dip_n / WEIGHT_N, abs=0.15)
    assert 0.0 < row["u_force_dip_percent"] < 0.3
    speed = np.concatenate([[0.0], np.cumsum(force[2500:3140] - WEIGHT_N) / 1000.0 / MASS_KG])
    rise = speed[int(np.argmin(speed)) :].clip(0.0).sum() / 1000.0
    assert row["push_off_distance_m"] == pytest.approx(rise, abs=0.004)
