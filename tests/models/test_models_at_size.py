"""100 athletes of the benchmark's kind: results are equal to those of loops over rows, refits and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from benchmarks.models_at_size import largest_difference, simulated_tables
from legsci.kernels.models.mixed_model import cluster_products, fit_profiled
from legsci.models.injury.counts import fit_injury_rate
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.times import TimeScale, fit_recurrent_injuries, risk_intervals
from legsci.models.statistics.reliability import reliability
from legsci.models.statistics.resampling import Bootstrap, percentile_interval
from legsci.models.tables.analysis import Variable, session_table, week_table
from legsci.models.tables.longitudinal import longitudinal_table

ATHLETES = 100
TERMS = ["abduction_between", "load", "previously_injured"]
SCALES = {
    "Andersen-Gill": TimeScale("stop", "start"),
    "total time": TimeScale("stop", "start", "event_number"),
    "gap time": TimeScale("gap_stop", "gap_start", "event_number"),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return simulated_tables(ATHLETES)


@pytest.fixture(scope="module")
def longitudinal(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return longitudinal_table(tables)


@pytest.fixture(scope="module")
def weeks(tables: dict[str, pd.DataFrame], longitudinal: pd.DataFrame) -> pd.DataFrame:
    exposed = {"abduction": Variable("countermovement_jump", "knee_abduction_peak_deg")}
    sessions = session_table(longitudinal, exposed)
    found, _ = week_table(tables, sessions, exposed="abduction", problem_type="overuse")
    return found.dropna(subset=TERMS)


def test_the_study_has_what_its_benchmark_says(tables: dict[str, pd.DataFrame], longitudinal: pd.DataFrame) -> None:
    assert longitudinal["metric"].nunique() == 30
    assert len(longitudinal[["participant_id", "session_id"]].drop_duplicates()) == ATHLETES * 20
    # Lateral jumps: three of each leg.
    assert longitudinal.loc[longitudinal["task"] != "lateral_jump", "repetitions"].max() == 3
    assert set(longitudinal["side"]) == {"both", "left", "right"}
    missing = tables["metrics"].loc[tables["metrics"]["task"] == "squat", "squat_depth_m"].isna()
    assert 0.0 < missing.groupby(tables["metrics"]["side"]).mean()["both"] < 0.05


@pytest.mark.parametrize("name", SCALES)
def test_hazards_and_their_areas_are_those_of_every_row(weeks: pd.DataFrame, name: str) -> None:
    scale, table = SCALES[name], risk_intervals(weeks, clock="hours")
    bootstrap = Bootstrap(50)
    found = fit_recurrent_injuries(table, InjuryModel(TERMS), scale, bootstrap=bootstrap)
    start, stop = table[scale.start].to_numpy(), table[scale.stop].to_numpy()
    ranks = np.unique(np.concatenate([start, stop]), return_inverse=True)[1].astype(float)
    start, stop = ranks[: len(start)], ranks[len(start) :]
    event, covariates = table["onset"].to_numpy() > 0, table[TERMS].to_numpy(float)
    stratum = table["event_number"].to_numpy() if scale.stratum else np.zeros(len(table))
    model = PHReg(
        stop, (covariates - covariates.mean(axis=0)) / covariates.std(axis=0), status=event.astype(float),
        entry=start + 0.5, strata=stratum, ties="breslow",
    )  # fmt: skip
    expected = model.fit(maxiter=100, tol=1e-12)
    np.testing.assert_allclose(found.result.estimates["estimate"], expected.params / covariates.std(axis=0), rtol=1e-8)
    assert found.result.log_likelihood == pytest.approx(expected.llf, rel=1e-10)

    athlete = pd.factorize(table["participant_id"], sort=True)[0]
    predictor = covariates[:, 0] * found.result.estimates["estimate"].iloc[0]
    wins, pairs = np.zeros((ATHLETES, ATHLETES)), np.zeros((ATHLETES, ATHLETES))
    for row in np.flatnonzero(event):
        compared = (start < stop[row]) & (stop >= stop[row]) & (stratum == stratum[row])
        others = np.flatnonzero(compared & ~(event & (stop == stop[row])))
        won = (predictor[row] > predictor[others]) + 0.5 * (predictor[row] == predictor[others])
        np.add.at(wins[athlete[row]], athlete[others], won)
        np.add.at(pairs[athlete[row]], athlete[others], 1.0)
    area = found.ratios.loc[TERMS[0]]
    assert area["auc"] == pytest.approx(wins.sum() / pairs.sum(), rel=1e-12)
    drawn = [(own @ wins @ own) / (own @ pairs @ own) for own in bootstrap.weights(ATHLETES)]
    assert (area["auc_low"], area["auc_high"]) == pytest.approx(percentile_interval(np.array(drawn)), rel=1e-12)


def test_areas_of_rates_are_those_of_every_week_with_every_other(weeks: pd.DataFrame) -> None:
    found = fit_injury_rate(weeks, InjuryModel(TERMS), bootstrap=Bootstrap(50))
    event, hours = weeks["onset"].to_numpy() > 0, weeks["training_hours"].to_numpy()
    predictor = weeks["load"].to_numpy() * found.result.estimates.loc["load", "estimate"]
    won = (predictor[event][:, None] > predictor[~event]) + 0.5 * (predictor[event][:, None] == predictor[~event])
    assert found.ratios.loc["load", "auc"] == pytest.approx(
        (won @ hours[~event]).mean() / hours[~event].sum(), rel=1e-12
    )


@pytest.mark.parametrize("metric", ["jump_height_impulse_m", "peak_force_n"])
def test_reliability_is_that_of_refits(longitudinal: pd.DataFrame, metric: str) -> None:
    chosen = (longitudinal["metric"] == metric) & (longitudinal["task"] == "countermovement_jump")
    rows = longitudinal[chosen & (longitudinal["side"] == "both")]
    # Visits that are missing at random, and one athlete with a single one.
    rows = rows.sample(frac=0.9, random_state=1)
    rows = rows[(rows["participant_id"] != "V0001") | ~rows["participant_id"].duplicated()]
    bootstrap = Bootstrap(30)
    found = reliability(rows, value="mean", occasion="session_id", form="ICC(C,1)", bootstrap=bootstrap)
    athlete, visit = (pd.factorize(rows[name], sort=True)[0] for name in ("participant_id", "session_id"))
    data = cluster_products(rows["mean"].to_numpy(), np.eye(20)[visit], np.ones((len(rows), 1)), athlete)
    shares, errors = [], []
    for drawn in bootstrap.weights(ATHLETES):
        fit = fit_profiled(data, weights=drawn)
        variance = float(fit.random_covariance[0, 0])
        shares.append(variance / (variance + fit.residual_variance))
        errors.append(np.sqrt(fit.residual_variance))
    assert (found.icc.ci_low, found.icc.ci_high) == pytest.approx(percentile_interval(np.array(shares)), rel=1e-7)
    assert (found.sem.ci_low, found.sem.ci_high) == pytest.approx(percentile_interval(np.array(errors)), rel=1e-7)


def test_differences_of_tables_are_found() -> None:
    table = pd.DataFrame({"name": ["a", "b"], "value": [1.0, np.nan], "size": [1e-12, 1.0]})
    assert largest_difference(table, table) == 0.0
    assert largest_difference(table, table.assign(value=[1.1, np.nan])) == pytest.approx(0.1 / 1.1)
    assert largest_difference(table, table.assign(size=[2e-12, 1.0])) == pytest.approx(1e-3)
    for wrong in (table.assign(value=[1.0, 2.0]), table.assign(name=["a", "c"]), table[:1], table[["name", "value"]]):
        with pytest.raises(ValueError, match=r"differ|became|columns"):
            largest_difference(table, wrong)
