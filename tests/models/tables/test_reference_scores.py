"""Scores against norms: answers by hand, and what the stated uncertainty is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from legsci.metrics.reference import EVERYBODY, NORM_COLUMNS
from legsci.models.study_results import RELIABILITY_COLUMNS
from legsci.models.tables.longitudinal import longitudinal_table
from legsci.models.tables.reference_scores import SCORE_COLUMNS, reference_scores

TASK, METRIC = "countermovement_jump", "jump_height_impulse_m"
NO_SEM = pd.DataFrame(columns=RELIABILITY_COLUMNS)


def norms(*rows: tuple[str, float, float, int], signed: bool = False, side: str = "both") -> pd.DataFrame:
    """Norms of jump height: group, mean, sd, n."""
    return pd.DataFrame([(METRIC, TASK, side, *row, "A 2020", "m", signed) for row in rows], columns=NORM_COLUMNS)


def scored(
    table: pd.DataFrame,
    values: dict[str, list[float]],
    *,
    people: dict[str, tuple[object, ...]] | None = None,
    u: float | None = None,
    sides: tuple[str, ...] = ("both",),
    reliability: pd.DataFrame = NO_SEM,
) -> pd.DataFrame:
    """Scores by participant: the repetitions of one session each; people: sex, level, group."""
    rows = [
        (name, "S1", TASK, "t", rep, side, height if place == 0 else np.nan)
        for name, of in values.items()
        for rep, height in enumerate(of, 1)
        for place, side in enumerate(sides)
    ]
    metrics = pd.DataFrame(rows, columns=["participant_id", "session_id", "task", "trial_id", "rep", "side", METRIC])
    if u is not None:
        metrics[f"u_{METRIC}"] = u
    named = people or dict.fromkeys(values, (None, None, None))
    participants = pd.DataFrame(
        [(name, *of) for name, of in named.items()], columns=["participant_id", "sex", "level", "group"]
    )
    sessions = pd.DataFrame({"participant_id": list(values), "session_id": "S1", "day": 0})
    longitudinal = longitudinal_table({"metrics": metrics, "participants": participants, "sessions": sessions})
    return reference_scores(metrics, longitudinal, table, reliability).set_index("participant_id")


def test_z_its_uncertainty_and_the_percentile_by_hand() -> None:
    """Two repetitions of 34 and 36 cm: mean 35 cm, variance of the mean 1 cm^2; norm 30 (5) cm of 25 persons."""
    row = scored(norms((EVERYBODY, 0.30, 0.05, 25)), {"P1": [0.34, 0.36]}).loc["P1"]
    assert row["z"] == pytest.approx(1.0)
    assert row["u_value"] == pytest.approx(0.01)
    assert row["u_z"] == pytest.approx(np.sqrt(0.04 + 1 / 25 + 1 / 48))
    assert row["percentile"] == pytest.approx(100.0 * stats.t.cdf(1.0 / np.sqrt(1.04), 24))
    assert (row["u_sources"], row["reason"], row["unit"]) == ("repetitions", "", "m")


def test_errors_of_measurement_and_of_placement_add_up() -> None:
    sem = pd.DataFrame({"task": [TASK], "side": "both", "metric": METRIC, "sem": 0.03})
    table = norms((EVERYBODY, 0.30, 0.05, 25))
    several = scored(table, {"P1": [0.34, 0.36]}, u=0.02, reliability=sem).loc["P1"]
    assert several["u_value"] == pytest.approx(np.hypot(0.01, 0.02))
    assert several["u_sources"] == "repetitions, u_<metric>"
    single = scored(table, {"P1": [0.35]}, u=0.04, reliability=sem).loc["P1"]
    assert single["u_value"] == pytest.approx(0.05)
    assert single["u_sources"] == "SEM between visits, u_<metric>"
    unknown = scored(table, {"P1": [0.35]}).loc["P1"]
    assert unknown["z"] == pytest.approx(1.0)
    assert np.isnan(unknown["u_z"])
    assert unknown["reason"].startswith("the error of the value is not known: one repetition")


def test_a_group_is_words_and_the_norm_with_the_most_of_them_applies() -> None:
    table = norms(("female", 0.28, 0.05, 30), ("Female, elite", 0.35, 0.05, 30), ("control", 0.3, 0.05, 30))
    people = {"A": ("female", "elite", None), "B": ("female", "novice", None), "C": ("male", "elite", None)}
    people |= {"D": ("female", "novice", "control"), "E": (None, None, None)}
    found = scored(table, {name: [0.33, 0.33] for name in people}, people=people)
    assert found["group"].fillna("").to_dict() == {"A": "Female, elite", "B": "female", "C": "", "D": "", "E": ""}
    assert found.loc["C", "reason"] == "no norm for elite, male; there is one of female; Female, elite; control"
    assert found.loc["D", "reason"].startswith("the norms of female and control apply alike")
    assert found.loc["E", "reason"].startswith("no norm for a person without sex, level and group")
    assert found[["z", "u_z", "percentile"]].isna().all(axis=1).to_dict() == {k: k in "CDE" for k in "ABCDE"}


def test_percentiles_need_a_fair_assumption_of_normality() -> None:
    heights = {"P1": [0.34, 0.36]}
    skewed = scored(norms((EVERYBODY, 0.30, 0.16, 25)), heights).loc["P1"]
    assert np.isnan(skewed["percentile"])
    assert "below 2 SD" in skewed["reason"]
    assert np.isfinite(scored(norms((EVERYBODY, 0.30, 0.16, 25), signed=True), heights).loc["P1", "percentile"])
    far = scored(norms((EVERYBODY, 0.30, 0.02, 25)), heights).loc["P1"]
    assert far["z"] == pytest.approx(2.5)
    assert np.isnan(far["percentile"])
    assert "fewer than one of the persons" in far["reason"]
    assert np.isfinite(scored(norms((EVERYBODY, 0.30, 0.02, 2500)), heights).loc["P1", "percentile"])


def test_one_leg_has_no_norm_and_without_norms_there_are_no_scores() -> None:
    row = scored(norms((EVERYBODY, 0.30, 0.05, 25)), {"P1": [0.34, 0.36]}, sides=("left", "right")).loc["P1"]
    assert np.isnan(row["z"])
    assert row["reason"].startswith("measured on the left leg only")
    none = scored(norms(), {"P1": [0.34, 0.36]})
    assert none.empty
    assert [none.index.name, *none] == SCORE_COLUMNS


@pytest.mark.parametrize("together", [True, False])
def test_sums_of_legs_are_not_compared_by_the_mean_of_the_legs(*, together: bool) -> None:
    """Legs of 800 and 1000 N push with 1800 N together: their mean, 900 N, is not what a norm of both legs is of."""
    forces = {"left": 800.0, "right": 1000.0} | ({"both": 1800.0} if together else {})
    rows = [("P1", "S1", TASK, "t", rep, side, force) for rep in (1, 2) for side, force in forces.items()]
    columns = ["participant_id", "session_id", "task", "trial_id", "rep", "side"]
    metrics = pd.DataFrame(rows, columns=[*columns, "peak_force_n"])
    participants = pd.DataFrame({"participant_id": ["P1"], "sex": None, "level": None, "group": None})
    sessions = pd.DataFrame({"participant_id": ["P1"], "session_id": "S1", "day": 0})
    longitudinal = longitudinal_table({"metrics": metrics, "participants": participants, "sessions": sessions})
    by_side = {"both": 1600.0, "left": 900.0}
    table = pd.DataFrame(
        [("peak_force_n", TASK, side, EVERYBODY, mean, 100.0, 50, "A", "N", True) for side, mean in by_side.items()],
        columns=NORM_COLUMNS,
    )
    found = reference_scores(metrics, longitudinal, table, NO_SEM).set_index("side")
    assert found.index.tolist() == ["both", "left"]
    assert found.loc["left", "z"] == pytest.approx(-1.0)
    if together:
        assert found.loc["both", "z"] == pytest.approx(2.0)
    else:
        assert np.isnan(found.loc["both", "z"])
        assert found.loc["both", "reason"].startswith("measured leg by leg; the norm is of both legs together")


def test_legs_that_do_not_add_up_are_compared_by_their_mean() -> None:
    """Heights of single legs: 0.2 and 0.3 m are 0.25 m on average, of which a norm of both may be."""
    metrics = pd.DataFrame(
        [("P1", "S1", TASK, "t", 1, side, height) for side, height in (("left", 0.2), ("right", 0.3))],
        columns=["participant_id", "session_id", "task", "trial_id", "rep", "side", METRIC],
    )
    participants = pd.DataFrame({"participant_id": ["P1"], "sex": None, "level": None, "group": None})
    sessions = pd.DataFrame({"participant_id": ["P1"], "session_id": "S1", "day": 0})
    longitudinal = longitudinal_table({"metrics": metrics, "participants": participants, "sessions": sessions})
    found = reference_scores(metrics, longitudinal, norms((EVERYBODY, 0.3, 0.05, 25)), NO_SEM)
    assert found[["side", "z"]].to_numpy().tolist() == [["both", pytest.approx(-1.0)]]
    (right,) = reference_scores(metrics, longitudinal, norms((EVERYBODY, 0.3, 0.05, 25), side="right"), NO_SEM).to_dict(
        "records"
    )
    assert (right["side"], right["value"], right["z"]) == ("right", 0.3, pytest.approx(0.0))


def test_stated_uncertainty_is_the_spread_of_z_about_the_true_one() -> None:
    """4000 norms of 20 persons, and a person of true z = 1.5 measured with an error of half an SD."""
    draw = np.random.default_rng(3)
    persons = draw.normal(0.30, 0.05, (4000, 20))
    heights = 0.375 + draw.normal(0.0, 0.025, 4000)
    z = (heights - persons.mean(axis=1)) / persons.std(axis=1, ddof=1)
    sem = pd.DataFrame({"task": [TASK], "side": "both", "metric": METRIC, "sem": 0.025})
    row = scored(norms((EVERYBODY, 0.30, 0.05, 20)), {"P1": [0.375]}, reliability=sem).loc["P1"]
    # To first order: the SD of 20 persons is known to 16 %, which makes z and its spread 5 to 10 % larger.
    assert z.std() == pytest.approx(row["u_z"], rel=0.12)


def test_the_percentile_is_the_share_of_persons_below() -> None:
    """Of norms of 8 persons, at the mean percentile p of new persons a share p of further persons lies below."""
    draw = np.random.default_rng(5)
    persons, new = draw.normal(0.0, 1.0, (20000, 8)), draw.normal(0.0, 1.0, 20000)
    z = (new - persons.mean(axis=1)) / persons.std(axis=1, ddof=1)
    share = stats.t.cdf(z / np.sqrt(1.0 + 1.0 / 8), 7)
    # A percentile that is right is uniform; one from the normal distribution would not be.
    assert stats.kstest(share, "uniform").pvalue > 0.01
    assert stats.kstest(stats.norm.cdf(z), "uniform").pvalue < 1e-6
