"""Person-weeks: each rule on a table small enough to count by hand; incidence and burden by hand."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from legsci.models.injury.rates import burden, incidence
from legsci.models.result import ModelRefusal
from legsci.models.tables.person_weeks import PROBLEMS, person_weeks, problem_prevalence
from legsci.simulate.cohort.tables import simulate_tables
from legsci.vocabulary import OSTRC_QUESTIONS

N = np.nan
CLEAR = (0.0, N, N, N)
MILD = (8.0, 8.0, 0.0, 8.0)
MODERATE = (17.0, 17.0, 8.0, 8.0)
AWAY = (25.0, N, N, N)
SILENT = (N, N, N, N)


def tables(hours: list[float], answers: list[tuple[float, ...]], name: str = "A") -> tuple[pd.DataFrame, pd.DataFrame]:
    weeks = {"participant_id": name, "week": range(len(hours))}
    health = pd.DataFrame(weeks).join(pd.DataFrame(answers, columns=list(OSTRC_QUESTIONS)))
    return pd.DataFrame({**weeks, "training_hours": hours}), health


def test_each_week_has_its_reason() -> None:
    exposure, health = tables(
        [5.0, 5.0, 5.0, 5.0, 0.0, 5.0, 5.0, N, 5.0, 5.0],
        [CLEAR, CLEAR, MILD, CLEAR, CLEAR, CLEAR, SILENT, CLEAR, MILD, MILD],
    )
    found = person_weeks(exposure, health)
    assert found.weeks["excluded"].fillna("at risk").tolist() == [
        "unknown_before", "at risk", "at risk", "ongoing", "away", "at risk", "no_answer", "no_exposure", "at risk",
        "ongoing",
    ]  # fmt: skip
    assert found.weeks.loc[found.weeks["onset"] == 1, "week"].tolist() == [2, 8]
    assert found.exclusions["weeks"].to_dict() == {
        "no_exposure": 1, "away": 1, "acute": 0, "no_answer": 1, "unknown_before": 1, "ongoing": 2,
    }  # fmt: skip
    assert found.exclusions["weeks"].sum() + len(found.at_risk) == len(found.weeks)
    assert found.weeks["severity"].tolist()[:3] == [0.0, 0.0, 24.0]


@pytest.mark.parametrize(("problem", "weeks"), [("any_problem", [1]), ("substantial_problem", [2]), ("time_loss", [3])])
def test_problems_of_three_kinds(problem: str, weeks: list[int]) -> None:
    exposure, health = tables([5.0] * 5, [CLEAR, MILD, MODERATE, AWAY, CLEAR])
    found = person_weeks(exposure, health, problem=problem)
    assert found.weeks.loc[found.weeks["onset"] == 1, "week"].tolist() == weeks
    assert found.weeks["severity"].tolist() == [0.0, 24.0, 50.0, 100.0, 0.0]
    prevalence = problem_prevalence(found.weeks)
    assert [prevalence[name] for name in PROBLEMS] == [0.6, 0.4, 0.2]


def test_a_problem_without_a_type_makes_its_week_unknown_and_spelling_does_not_matter() -> None:
    exposure, health = tables([5.0] * 6, [CLEAR, MILD, MILD, MILD, CLEAR, MILD])
    typed = health.assign(problem_type=[None, "Overuse", None, "overuse ", None, "illness"])
    found = person_weeks(exposure, typed, problem_type="overuse")
    assert found.weeks.loc[found.weeks["onset"] == 1, "week"].tolist() == [1]
    assert found.weeks["excluded"].fillna("at risk").tolist() == [
        "unknown_before", "at risk", "no_answer", "unknown_before", "ongoing", "at risk",
    ]  # fmt: skip


def test_time_lost_from_a_week_without_training_on_counts_in_the_week_before() -> None:
    exposure, health = tables([5.0, 5.0, 0.0, 0.0, 5.0], [CLEAR, CLEAR, AWAY, AWAY, CLEAR])
    found = person_weeks(exposure, health, problem="time_loss")
    assert found.at_risk["week"].tolist() == [1]
    assert found.at_risk["onset"].tolist() == [1]
    assert found.exclusions["onsets_left_out"].sum() == 0


def test_an_onset_without_training_before_is_left_out_and_counted() -> None:
    exposure, health = tables([5.0, 0.0, 0.0, 5.0], [CLEAR, CLEAR, MILD, CLEAR])
    found = person_weeks(exposure, health)
    assert found.weeks["onset"].sum() == 0
    assert found.exclusions.loc["away", "onsets_left_out"] == 1
    assert found.exclusions.loc["away", "weeks_with_problem"] == 1


def test_missing_weeks_are_rows_that_say_so() -> None:
    exposure, health = tables([5.0] * 6, [CLEAR] * 5 + [MILD])
    gap = ~exposure["week"].isin([2, 3])
    found = person_weeks(exposure[gap], health[gap])
    assert found.weeks["week"].tolist() == list(range(6))
    assert found.exclusions.loc["no_exposure", "weeks"] == 2
    assert found.exclusions.loc["unknown_before", "weeks"] == 2


def test_two_clear_weeks_can_be_asked_for() -> None:
    exposure, health = tables([5.0] * 6, [CLEAR, CLEAR, MILD, CLEAR, MILD, CLEAR])
    assert person_weeks(exposure, health).weeks["onset"].sum() == 2
    assert person_weeks(exposure, health, clear_weeks=2).weeks["onset"].sum() == 1


def test_the_worst_of_several_problems_counts_and_others_can_be_left_aside() -> None:
    exposure, health = tables([5.0] * 2, [CLEAR, MILD])
    second = health.iloc[[1]].assign(**dict(zip(OSTRC_QUESTIONS, MODERATE, strict=True)))
    both = pd.concat([health, second]).assign(problem_type=[None, "overuse", "illness"])
    assert person_weeks(exposure, both).weeks["severity"].tolist() == [0.0, 50.0]
    assert person_weeks(exposure, both, problem_type="overuse").weeks["severity"].tolist() == [0.0, 24.0]


def test_every_contradiction_is_told_at_once() -> None:
    exposure, health = tables([5.0, -1.0], [CLEAR, (30.0, 0.0, 0.0, 0.0)])
    with pytest.raises(ModelRefusal) as refusal:
        person_weeks(pd.concat([exposure, exposure.iloc[[0]]]), health.assign(week=[0.0, 0.5]), problem="ache")
    said = " | ".join(refusal.value.sentences)
    assert len(refusal.value.sentences) == 5
    for words in ("repeat", "training_hours of 1", "participation of 1", "whole number", "found ache"):
        assert words in said
    with pytest.raises(ModelRefusal, match="no column symptoms"):
        person_weeks(exposure, health.drop(columns="symptoms"))


def test_the_simulated_cohort_is_counted_whole(repository: Path) -> None:
    config = copy.deepcopy(yaml.safe_load((repository / "workflow" / "config.yaml").read_text())["virtual"])
    config["athletes"] = 40
    drawn = simulate_tables(config, seed=11)
    onsets = {}
    for problem in PROBLEMS:
        found = person_weeks(drawn["exposure"], drawn["health"], problem=problem)
        assert found.exclusions["weeks"].sum() + len(found.at_risk) == len(found.weeks) == len(drawn["exposure"])
        assert (found.at_risk["training_hours"] > 0).all()
        onsets[problem] = found.at_risk["onset"].sum()
    assert onsets["any_problem"] > onsets["substantial_problem"] > onsets["time_loss"] > 0


def test_garwood_interval_of_ten_and_of_no_events() -> None:
    """Table values of the Poisson mean: 10 events 4.795 to 18.390, none 0 to 3.689."""
    ten = incidence(pd.DataFrame({"participant_id": ["A", "B"], "onset": [4, 6], "training_hours": [400.0, 600.0]}))
    assert ten.per_1000_h == pytest.approx(10.0)
    assert ten.exact_interval == pytest.approx((4.7954, 18.3904), abs=1e-4)
    none = incidence(pd.DataFrame({"participant_id": ["A"], "onset": [0], "training_hours": [1000.0]}))
    assert none.exact_interval == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert none.cluster_interval is None
    assert "no onset" in none.notes[0]


def test_cluster_interval_by_hand() -> None:
    """Residuals -1 and 1 of 2 athletes: s2 = 2 x 2, s / n = 2 / 4, t(1) = 12.7062."""
    found = incidence(pd.DataFrame({"participant_id": ["A", "B"], "onset": [1, 3], "training_hours": [100.0, 100.0]}))
    assert found.cluster_interval == pytest.approx((20.0 / np.exp(6.3531), 20.0 * np.exp(6.3531)), rel=1e-4)


def test_burden_counts_days_of_weeks_away() -> None:
    table = pd.DataFrame({"participant_id": ["A", "A", "B"], "days": [0, 7, 3], "training_hours": [50.0, 0.0, 50.0]})
    found = burden(table, lost="days")
    assert found.per_1000_h == pytest.approx(100.0)
    assert found.exact_interval is None


def test_injuries_without_exposure_are_refused_by_name() -> None:
    table = pd.DataFrame({"participant_id": ["A", "B"], "onset": [1, 2], "training_hours": [100.0, 0.0]})
    with pytest.raises(ModelRefusal, match="B: onset 2 in 0 h"):
        incidence(table)
    with pytest.raises(ModelRefusal, match="negative in 1 of 2 rows"):
        incidence(table.assign(training_hours=[N, 1.0]))
    with pytest.raises(ModelRefusal, match="no time at risk"):
        incidence(table.assign(onset=0, training_hours=0.0))
