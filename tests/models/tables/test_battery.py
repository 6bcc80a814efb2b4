"""Quantities of a test day: ratios of two tests, the best hops of a set, and force-velocity profiles of a study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.force_velocity_results import force_velocity_profiles
from legsci.models.result import Refusals
from legsci.models.tables.battery import battery_table, hop_sets
from tests.models.statistics.test_force_velocity import LOADS_KG, MASS_KG, PUSH_OFF_M, G, heights_on_line

KEY = {"participant_id": "A", "session_id": "1", "side": "both"}


def summary(task: str, metric: str, mean: float, variance: float, count: int) -> dict[str, object]:
    return KEY | {
        "task": task, "metric": metric, "mean": mean, "replicate_variance": variance, "repetitions": count,
    }  # fmt: skip


def test_ratios_by_hand() -> None:
    table = pd.DataFrame(
        [
            summary("countermovement_jump", "jump_height_impulse_m", 0.33, 0.0004, 4),
            summary("squat_jump", "jump_height_impulse_m", 0.30, 0.0009, 9),
            summary("countermovement_jump", "propulsion_peak_force_n", 1800.0, np.nan, 1),
            summary("isometric_pull", "peak_force_n", 2400.0, 100.0, 2),
        ]
    )
    found = battery_table(table).set_index("quantity")
    relative = np.hypot(0.01 / 0.33, 0.01 / 0.30)
    assert found.loc["eccentric_utilisation_ratio", "value"] == pytest.approx(1.1)
    assert found.loc["eccentric_utilisation_ratio", "standard_uncertainty"] == pytest.approx(1.1 * relative)
    assert found.loc["prestretch_augmentation_percent", "value"] == pytest.approx(10.0)
    assert found.loc["prestretch_augmentation_percent", "standard_uncertainty"] == pytest.approx(110.0 * relative)
    assert found.loc["dynamic_strength_index", "value"] == pytest.approx(0.75)
    # a single jump has no scatter
    assert np.isnan(found.loc["dynamic_strength_index", "standard_uncertainty"])
    assert battery_table(table[table["task"] != "squat_jump"])["quantity"].tolist() == ["dynamic_strength_index"]


def hops(contacts: list[float], indices: list[float], trial: str) -> pd.DataFrame:
    numbers = range(1, len(contacts) + 1)
    return pd.DataFrame({"trial_id": trial, "rep": numbers, "contact_time_s": contacts, "rsi_m_per_s": indices}).assign(
        **KEY, task="repeated_hops", status="accepted"
    )


def test_the_best_hops_are_those_of_fast_contacts() -> None:
    contacts = [0.30, 0.20, 0.21, 0.19, 0.22, 0.18, 0.249, 0.25]
    indices = [9.0, 1.0, 2.0, 3.0, 1.5, 2.5, 0.5, 8.0]
    refusals: Refusals = []
    table = pd.concat([hops(contacts, indices, "T1"), hops([0.2, 0.2, 0.2, 0.3], [1.0, 2.0, 3.0, 4.0], "T2")])
    found = hop_sets(table, refusals).set_index(["trial_id", "selection", "metric"])
    # 3.0, 2.5, 2.0, 1.5, 1.0: slow hops have higher indices and do not count
    assert found.loc[("T1", "best_5", "rsi_m_per_s"), "mean"] == pytest.approx(2.0)
    assert found.loc[("T1", "best_3", "rsi_m_per_s"), "mean"] == pytest.approx(2.5)
    assert found.loc[("T1", "best_3", "contact_time_s"), "mean"] == pytest.approx((0.19 + 0.18 + 0.21) / 3.0)
    assert found.loc[("T1", "all", "rsi_m_per_s"), ["hops", "peak"]].tolist() == [8, 9.0]
    assert found.loc[("T1", "all", "contact_time_s"), "total"] == pytest.approx(sum(contacts))
    assert ("T2", "best_3", "rsi_m_per_s") in found.index
    assert refusals == [
        ("hop set", "A/1/T2: 3 of 4 hops have contacts below 0.25 s; the best 5 are not given"),
    ]


def loaded_jumps() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Jumps with five loads on a known line, as rows of metrics.csv and of trials.tsv; the first is unloaded."""
    names = [f"T{number}" for number in range(LOADS_KG.size)]
    heights = heights_on_line(33.0, -11.0)
    weights = (MASS_KG + LOADS_KG) * G
    metrics = pd.DataFrame(
        {
            "trial_id": names,
            "rep": 1,
            "task": ["squat_jump", *["loaded_squat_jump"] * 4],
            "jump_height_impulse_m": heights,
            "push_off_distance_m": PUSH_OFF_M,
            "body_weight_n": weights,
            "status": "accepted",
        }
    ).assign(**KEY)
    trials = pd.DataFrame({"trial_id": names, "load_kg": [np.nan, *LOADS_KG[1:]]})
    return metrics, trials.assign(participant_id="A", session_id="1")


def test_profile_of_a_session() -> None:
    metrics, trials = loaded_jumps()
    refusals: Refusals = []
    found = force_velocity_profiles(metrics, trials, refusals).set_index("quantity")
    expected = {"force": 33.0, "velocity": 3.0, "power": 24.75, "slope": -11.0}
    assert found.loc[list(expected), "value"].to_dict() == pytest.approx(expected, rel=1e-6)
    assert found.loc["power", "value"] == pytest.approx(
        found.loc["force", "value"] * found.loc["velocity", "value"] / 4.0
    )
    assert (found["loads"] == 5).all()
    assert (found["jump"] == "squat_jump").all()
    assert refusals == []


def test_a_session_without_loads_has_no_profile_and_a_rising_line_is_refused() -> None:
    metrics, trials = loaded_jumps()
    refusals: Refusals = []
    assert force_velocity_profiles(metrics.iloc[:2], trials, refusals).empty
    assert force_velocity_profiles(metrics, pd.DataFrame(), refusals).empty
    assert refusals == []
    wrong = metrics.assign(jump_height_impulse_m=[0.2, 0.25, 0.3, 0.35, 0.4])
    assert force_velocity_profiles(wrong, trials, refusals).empty
    assert [sentence for _, sentence in refusals] == ["force does not fall with velocity"]
