"""Planning: summaries by hand, and a small form of the run over many cohorts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from legsci.models.claims.registry import Registry, load_claims
from legsci.models.planning import (
    COHORT_COLUMNS,
    athletes_needed,
    performance_measures,
    power_curve,
    simulate_ledgers,
)
from legsci.models.plans import PlanError, load_plans, with_changes
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

COHORTS = 24
#: Scenario -> claims that are tested, and changes of the options of the virtual athletes. In `within_effect` residuals
#: are autocorrelated (0.8 a week) and the sessions' mean knee abduction has a reliability of 0.77.
SCENARIOS: dict[str, tuple[list[str], dict[str, float]]] = {
    "within_effect": (
        ["C1"],
        {
            "athletes": 60,
            "visits": 12,
            "weeks_between_visits": 2,
            "jump.percent_per_abduction_deg_within": -1.0,
            "learning.start_excess_deg": 0.0,
            "learning.start_excess_sd_deg": 0.0,
        },
    ),
    "injury": (["C5"], {"athletes": 60, "overuse.rate_ratio_poor_against_good_alignment": 1.5}),
    "no_effect": (
        ["C1", "C2", "C3", "C4", "C5", "C6a", "C6b", "C7", "C9", "C10", "C11"],
        {
            "athletes": 24,
            "jump.percent_per_abduction_deg_within": 0.0,
            "jump.abduction_slope_sd_percent_per_deg": 0.0,
            "jump.abduction_slope_percent_per_deg_per_beighton": 0.0,
            "jump.abduction_slope_percent_per_deg_previous_injury": 0.0,
            "jump.percent_per_depth_cm": 0.0,
            "jump.gain_share_per_log_eccentric_time": 0.0,
            "sprint.braking_m_per_s_per_foot_strike_deg": 0.0,
            "learning.start_excess_deg": 0.0,
            "learning.start_excess_sd_deg": 0.0,
        },
    ),
}
#: Monte Carlo errors that a figure of a few cohorts may be off.
ERRORS = 3.0


@pytest.fixture(scope="module")
def registry(repository: Path) -> Registry:
    return load_claims(repository / "workflow/claims.yaml")


@pytest.fixture(scope="module")
def config(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]


def cohorts(**columns: object) -> pd.DataFrame:
    settings = {
        "id": "C1",
        "scale": "percent",
        "verdict": "inconclusive",
        "p_value": 0.5,
        "participants": 20,
        "seed": 0,
    }
    return pd.DataFrame(settings | columns)[COHORT_COLUMNS]


def test_choices_change_by_dotted_name_and_unknown_ones_are_named() -> None:
    options = {"athletes": 5, "jump": {"gain": 1.0}}
    assert with_changes(options, {"jump.gain": 2.0, "athletes": 6}) == {"athletes": 6, "jump": {"gain": 2.0}}
    assert options["jump"] == {"gain": 1.0}
    with pytest.raises(PlanError, match="3 faults") as refused:
        with_changes(options, {"jump.again": 1.0, "athletes.gain": 1.0, "sprint.gain": 1.0})
    lines = str(refused.value).splitlines()[1:]
    assert [line.partition(": expected")[0] for line in lines] == [
        "  options: athletes.gain",
        "  options: jump.again",
        "  options: sprint.gain",
    ]
    assert "found no again (did you mean gain?)" in lines[1]


def test_a_block_is_not_replaced_by_a_number_nor_a_number_by_words() -> None:
    options = {"athletes": 5, "jump": {"gain": 1.0}}
    with pytest.raises(PlanError, match=r"jump: expected a single option: one of jump.gain; found a block of options"):
        with_changes(options, {"jump": 1.0})
    for value in ({"gain": 1.0}, "many", True, None):
        with pytest.raises(PlanError, match="athletes: expected a number"):
            with_changes(options, {"athletes": value})


def test_the_plans_that_come_with_legsci_can_be_followed(
    registry: Registry, config: dict[str, Any], repository: Path
) -> None:
    claims = [claim.id for claim in registry.claims]
    path = repository / "workflow/planning.yaml"
    assert load_plans(path, config, claims=claims) == yaml.safe_load(path.read_text(encoding="utf-8"))


def test_all_faults_of_plans_are_listed_with_the_names_to_use(
    config: dict[str, Any], repository: Path, tmp_path: Path
) -> None:
    plans = yaml.safe_load((repository / "workflow/planning.yaml").read_text(encoding="utf-8"))
    plans["planning"] |= {"effect": "jump.gain_share_per_log_lowering_time", "claim": "C99", "effects": [1.0, 2.0]}
    plans["planning"]["changes"] = {"squat.Lowering_Time_s.median": 1.0, "jump": 1.0}
    plans["cohort"]["changes"] = {"sprnt.braking_m_per_s": 0.1}
    plans["cohort"]["truths"] = {"c1": {"none": {}, "claimed": {"jump": 1.0}}}
    path = tmp_path / "planning.yaml"
    path.write_text(yaml.safe_dump(plans), encoding="utf-8")
    with pytest.raises(PlanError) as refused:
        load_plans(path, config, claims=["C1", "C2"])
    said = {
        "cohort.changes.sprnt.braking_m_per_s": "no sprnt (did you mean sprint?)",
        "cohort.truths": "'c1' (did you mean C1?)",
        "cohort.truths.c1.claimed.jump": "a block of options",
        "planning.changes.jump": "a block of options",
        "planning.changes.squat.Lowering_Time_s.median": "no Lowering_Time_s (now called eccentric_time_s)",
        "planning.claim": "'C99'",
        "planning.effect, jump.gain_share_per_log_lowering_time": "(now called gain_share_per_log_eccentric_time)",
    }
    assert {fault.where for fault in refused.value.faults} == set(said)
    assert all(said[fault.where] in fault.found for fault in refused.value.faults)


def test_plans_that_the_schema_does_not_allow_are_refused(
    config: dict[str, Any], repository: Path, tmp_path: Path
) -> None:
    plans = yaml.safe_load((repository / "workflow/planning.yaml").read_text(encoding="utf-8"))
    plans["planning"]["atheltes"] = plans["planning"].pop("athletes")
    plans["planning"]["cohorts"] = 0
    path = tmp_path / "planning.yaml"
    path.write_text(yaml.safe_dump(plans), encoding="utf-8")
    with pytest.raises(PlanError, match="3 faults") as refused:
        load_plans(path, config, claims=None)
    assert "atheltes (did you mean athletes?)" in str(refused.value)


def test_a_recovery_is_summarised_by_hand() -> None:
    table = cohorts(
        estimate=[-11.0, -9.0, -10.0, np.nan],
        low=[-12.0, -9.5, -13.0, np.nan],
        high=[-10.5, -8.0, -7.0, np.nan],
        true_effect=[-10.0] * 4,
        verdict=["supported", "inconclusive", "inconclusive", "untestable"],
        p_value=[0.01, 0.2, 0.04, np.nan],
    )
    row = performance_measures(table).iloc[0]
    assert (row["cohorts"], row["tested"]) == (4, 3)
    assert row["bias_percent"] == pytest.approx(0.0)
    assert row["bias_error"] == pytest.approx(10.0 / np.sqrt(3.0))
    assert row["coverage"] == pytest.approx(1.0 / 3.0)
    assert row["coverage_error"] == pytest.approx(np.sqrt(2.0 / 27.0))
    assert row["supported"] == 0.25
    assert row["power"] == pytest.approx(2.0 / 3.0)


def test_a_verdict_on_any_claim_counts_once_a_cohort() -> None:
    two = {
        "id": ["C1", "C2"] * 2,
        "seed": [1, 1, 2, 2],
        "verdict": ["supported", "supported", "inconclusive", "contradicted"],
    }
    table = cohorts(estimate=1.0, low=0.0, high=2.0, true_effect=0.0, **two)
    assert performance_measures(table).set_index("id")["supported"].to_dict() == {"C1": 0.5, "C2": 0.5, "any": 0.5}


def test_ratios_are_compared_on_the_log_scale() -> None:
    table = cohorts(scale="ratio", estimate=[4.0, 1.0], low=[0.5, 0.5], high=[5.0, 5.0], true_effect=[2.0, 2.0])
    assert performance_measures(table).iloc[0]["bias_percent"] == pytest.approx(0.0)


def test_athletes_needed_are_read_off_the_curve() -> None:
    curve = pd.DataFrame({"athletes": [16, 36, 64], "power": [0.4, 0.6, 1.0]})
    assert athletes_needed(curve, power=0.8) == 49.0
    assert athletes_needed(curve, power=0.3) == 16.0
    assert athletes_needed(curve.head(2), power=0.8) is None


@pytest.mark.parametrize("scenario", ["within_effect", "injury"])
def test_effects_and_intervals_hold_in_a_few_cohorts(registry: Registry, config: dict[str, Any], scenario: str) -> None:
    claims, changes = SCENARIOS[scenario]
    tried = simulate_ledgers(
        simulate_tables_with_parameters,
        with_changes(config, changes),
        registry,
        claims=claims,
        seeds=range(COHORTS),
        resamples=50,
    )
    row = performance_measures(tried).iloc[0]
    assert row["tested"] == COHORTS
    assert abs(row["bias_percent"]) < 5.0 + ERRORS * row["bias_error"]
    assert row["coverage"] > 0.95 - ERRORS * np.sqrt(0.95 * 0.05 / COHORTS)


def test_no_effect_is_seldom_called_supported(registry: Registry, config: dict[str, Any]) -> None:
    claims, changes = SCENARIOS["no_effect"]
    tried = simulate_ledgers(
        simulate_tables_with_parameters,
        with_changes(config, changes),
        registry,
        claims=claims,
        seeds=range(8),
        resamples=40,
    )
    summary = performance_measures(tried).set_index("id")
    assert (summary["supported"] <= 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / 8)).all(), summary["supported"]


def test_more_athletes_make_intervals_narrower(registry: Registry, config: dict[str, Any]) -> None:
    curve = power_curve(
        simulate_tables_with_parameters,
        config,
        registry,
        claim="C7",
        athletes=[8, 32],
        seeds=range(1, 7),
        resamples=20,
    )
    assert curve["athletes"].tolist() == [8, 32]
    assert 0.3 < curve["half_width"].iloc[1] / curve["half_width"].iloc[0] < 0.8
