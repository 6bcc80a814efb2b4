"""The second generator of cohorts: it shares no code with legsci, and its tables hold what it says is true."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.independent import cohorts
from tests.independent.cohorts import LAGS, TRUTHS, simulate_independent

MANY = 3000
QUIET = {
    "placement_sd": 0.0,
    "replicate_sd": 0.01,
    "missed": 0.0,
    "drop_out": 0.0,
    "exposure_missing": 0.0,
    "answered": 1.0,
    "minor_share": 0.0,
    "frailty": "none",
}


def of_sessions(cohort: cohorts.IndependentCohort, task: str, *metrics: str) -> pd.DataFrame:
    """Return means of the sessions of a task with the study week, each less its athlete's mean."""
    own = cohort.tables["metrics"].query("task == @task")
    means = own.groupby(["participant_id", "session_id"])[list(metrics)].mean().reset_index()
    days = cohort.tables["sessions"]
    return means.merge(days.assign(week=days["day"] // 7), on=["participant_id", "session_id"])


def test_the_generator_has_no_code_of_legsci() -> None:
    tree = ast.parse(Path(cohorts.__file__).read_text(encoding="utf-8"))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names] + [
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    ]
    assert not [name for name in imported if name.split(".")[0] == "legsci"]


def test_a_seed_gives_a_cohort_and_cohorts_differ_in_what_is_true() -> None:
    first, again = simulate_independent(12, 5), simulate_independent(12, 5)
    assert first.truths == again.truths
    pd.testing.assert_frame_equal(first.tables["metrics"], again.tables["metrics"])
    many = [simulate_independent(3, seed) for seed in range(60)]
    assert {str(cohort.world["lag"]) for cohort in many} == set(LAGS)
    for claim, words in TRUTHS.items():
        assert {cohort.truths[claim] for cohort in many} == set(words)


@pytest.mark.parametrize("lag", LAGS)
def test_load_acts_when_the_cohort_says_it_does(lag: str) -> None:
    cohort = simulate_independent(
        MANY, 1, truths={"C1": "none", "C9": "none", "C3": "none"}, world=QUIET | {"lag": lag, "hours_correlation": 0.0}
    )
    table = of_sessions(cohort, "countermovement_jump", "jump_height_impulse_m")
    load = cohort.tables["exposure"].set_index(["participant_id", "week"])["load"]
    known = table[table["week"] >= 4].copy()
    known["y"] = 100.0 * np.log(known["jump_height_impulse_m"])
    weeks = [pd.MultiIndex.from_arrays([known["participant_id"], known["week"] - back]) for back in range(5)]
    back = np.column_stack([load.reindex(week) for week in weeks])
    columns = np.column_stack([back / 1000.0, known["week"]])
    athlete = known["participant_id"].to_numpy()
    within = pd.DataFrame(columns).sub(pd.DataFrame(columns).groupby(athlete).transform("mean"))
    y = known["y"].reset_index(drop=True)
    y = y - y.groupby(athlete).transform("mean")
    slopes = np.linalg.lstsq(within.to_numpy(), y.to_numpy(), rcond=None)[0][:5]
    size = float(cohort.world["load_on_jump"])  # type: ignore[arg-type]
    expected = {
        "same week": [1, 0, 0, 0, 0],
        "week before": [0, 1, 0, 0, 0],
        "four weeks": [0.25, 0.25, 0.25, 0.25, 0],
        "four weeks before": [0, 0.25, 0.25, 0.25, 0.25],
    }[lag]
    np.testing.assert_allclose(slopes, size * np.array(expected), atol=0.3)


def test_the_effect_of_alignment_is_the_one_that_is_stated() -> None:
    cohort = simulate_independent(
        MANY, 2, truths={"C1": "claimed", "C9": "none"}, world=QUIET | {"load_on_alignment": 0.0}
    )
    table = of_sessions(cohort, "countermovement_jump", "jump_height_impulse_m", "knee_abduction_peak_deg")
    table["y"] = 100.0 * np.log(table["jump_height_impulse_m"])
    own = table.groupby("participant_id")[["y", "knee_abduction_peak_deg", "week"]]
    within = table[["y", "knee_abduction_peak_deg", "week"]] - own.transform("mean")
    slope = np.linalg.lstsq(within[["knee_abduction_peak_deg", "week"]].to_numpy(), within["y"].to_numpy(), rcond=None)
    assert slope[0][0] == pytest.approx(TRUTHS["C1"]["claimed"], abs=0.1)


def test_problems_per_hour_rise_with_alignment_as_stated() -> None:
    world = QUIET | {"load_on_risk": 0.0, "fluctuation_sd": 0.01, "load_on_alignment": 0.0, "excess_sd": 0.0}
    cohort = simulate_independent(MANY, 3, truths={"C5": "claimed"}, world=world)
    health = cohort.tables["health"].sort_values(["participant_id", "week"])
    hurt = health["participation"] > 0
    new = hurt & ~hurt.groupby(health["participant_id"]).shift(1, fill_value=True)
    free = ~hurt.groupby(health["participant_id"]).shift(1, fill_value=True)
    exposure = cohort.tables["exposure"].set_index(["participant_id", "week"])["training_hours"]
    hours = exposure.reindex(pd.MultiIndex.from_frame(health[["participant_id", "week"]])).to_numpy()
    people = cohort.tables["participants"].set_index("participant_id")
    rows = pd.DataFrame({"p": health["participant_id"], "new": new & free, "h": np.where(free, hours, 0.0)})
    total = rows.groupby("p")[["new", "h"]].sum()
    alignment = of_sessions(cohort, "countermovement_jump", "knee_abduction_peak_deg")
    x = alignment.groupby("participant_id")["knee_abduction_peak_deg"].mean().reindex(total.index)
    women = (people["sex"] == "female").reindex(total.index).to_numpy()
    before = (people["previous_injury"] != "none").reindex(total.index).to_numpy()
    design = np.column_stack([np.ones(len(total)), x - x.mean(), women, before])
    beta = np.array([np.log(total["new"].sum() / total["h"].sum()), 0.0, 0.0, 0.0])
    for _ in range(20):
        mean = total["h"].to_numpy() * np.exp(design @ beta)
        beta += np.linalg.solve((design * mean[:, None]).T @ design, design.T @ (total["new"].to_numpy() - mean))
    # One event a week at most: the ratio of chances is a little nearer to 1 than that of rates.
    assert beta[1] == pytest.approx(cohort.sizes["C5"], abs=0.006)


def test_last_repetitions_of_elite_athletes_take_as_much_longer_as_stated() -> None:
    cohort = simulate_independent(MANY, 4, truths={"C6a": "claimed", "C6b": "none"})
    squats = cohort.tables["metrics"].query("task == 'squat'").merge(cohort.tables["participants"])
    last = squats["rep"] > cohort.world["set_length"] - 2  # type: ignore[operator]
    for metric, truth in (("eccentric_time_s", 1.35), ("concentric_time_s", 1.0)):
        log = np.log(squats[metric]).groupby([squats["level"], last]).mean()
        slower = {level: log[level, True] - log[level, False] for level in ("elite", "novice")}
        assert np.exp(slower["elite"] - slower["novice"]) == pytest.approx(truth, rel=0.02)
