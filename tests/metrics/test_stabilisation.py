"""Time to stabilisation by two definitions: hand answers, and the flags of landings that have none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analytic_jump import GRAVITY
from tests.mechanics.trials import Outcome, force_trial, outcome

WEIGHT_N, STOP_S, SERIES_S = 700.0, 0.3, 3.0


def jump(standing_s: float, *, wobble_n: float = 0.0) -> Outcome:
    """Stand, sink and push off by steps of force, fly 0.4 s, be stopped in 0.3 s by a constant force, stand."""
    stopping = WEIGHT_N * (1.0 + 0.2 / STOP_S)  # takes off and lands at 0.2 g
    time = np.arange(round(standing_s * 1000.0)) / 1000.0
    after = WEIGHT_N + wobble_n * np.sin(2.0 * np.pi * 2.0 * time)
    steps = [(0.5, 200), (2.0, 300), (0.0, 400)]
    force = [np.full(2000, WEIGHT_N), *(np.full(count, part * WEIGHT_N) for part, count in steps)]
    whole = np.concatenate([*force, np.full(300, stopping), after])
    return outcome(force_trial(whole * (1.0 + 1e-9 * np.arange(whole.size))), profiles=[])


def landing(standing_s: float) -> Outcome:
    """Fall 0.5 s, be stopped in 0.3 s by a constant force, stand."""
    stand = np.full(round(standing_s * 1000.0), WEIGHT_N)
    whole = np.concatenate([np.zeros(500), np.full(300, 2.0 * WEIGHT_N), stand])
    return outcome(
        force_trial(whole * (1.0 + 1e-9 * np.arange(whole.size)), task="landing"),
        mass_kg=WEIGHT_N / GRAVITY,
        profiles=[],
    )


def test_time_until_force_stays_about_body_weight() -> None:
    found = jump(4.0)
    row = found.row()
    assert row["time_to_stabilisation_s"] == pytest.approx(STOP_S, abs=0.003)
    assert row["u_time_to_stabilisation_s"] < 0.01
    assert row["flight_time_s"] == pytest.approx(0.4, abs=0.002)
    assert row["takeoff_velocity_m_per_s"] == pytest.approx(0.2 * GRAVITY, abs=0.02)
    assert found.codes().isdisjoint({"not_settled", "series_short"})


def test_both_definitions_of_a_landing_by_hand() -> None:
    """The mean since the landing is W + (F - W) t1 / t, its overall mean and SD those of a step of t1 in 3 s."""
    row = landing(4.0).row()
    part = STOP_S / SERIES_S
    expected = STOP_S / (part + 0.25 * np.sqrt(part * (1.0 - part)))
    assert row["sequential_stabilisation_s"] == pytest.approx(expected, abs=0.01)
    assert row["time_to_stabilisation_s"] == pytest.approx(STOP_S, abs=0.003)
    # 0.3 s of g upward stop a fall of 0.3 g, whose whole landing it is
    assert row["touchdown_velocity_m_per_s"] == pytest.approx(-STOP_S * GRAVITY, abs=0.02)
    assert row["landing_time_percent"] == pytest.approx(100.0, abs=1.0)


def test_standing_that_never_settles_is_flagged_with_the_time_that_was_seen() -> None:
    found = jump(4.0, wobble_n=100.0)
    assert np.isnan(found.row()["time_to_stabilisation_s"])
    flags = found.quality[found.quality["code"] == "not_settled"]
    assert flags["rep"].tolist() == [1]
    assert flags["value"].item() == pytest.approx(SERIES_S, abs=0.01)
    assert "within 5 % of body weight for 1 s in the 3.0 s" in flags["sentence"].item()


def test_a_recording_that_ends_early_has_neither() -> None:
    found = landing(0.9)
    assert found.codes() >= {"not_settled", "series_short"}
    assert found.row()[["time_to_stabilisation_s", "sequential_stabilisation_s"]].isna().all()


def test_neither_flag_stands_at_a_jump_without_a_landing() -> None:
    push = [np.full(2000, WEIGHT_N), np.full(200, 0.5 * WEIGHT_N), np.full(400, 2.0 * WEIGHT_N)]
    whole = np.concatenate([*push, np.zeros(1500)]) + 0.5 * np.random.default_rng(0).standard_normal(4100)
    found = outcome(force_trial(whole), profiles=[])
    assert found.codes() >= {"second_landing_missing"}
    assert found.codes().isdisjoint({"not_settled", "series_short"})
