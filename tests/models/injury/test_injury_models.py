"""Injury models: hand answers, slow twins, R's results, recovery of what was simulated, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from legsci.models.injury.counts import fit_injury_rate, fit_shared_gamma
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.discrimination import area_under_curve, concordance
from legsci.models.injury.shared_gamma import maximise_shared_gamma
from legsci.models.injury.times import TimeScale, fit_recurrent_injuries, risk_intervals, score_residuals
from legsci.models.result import ModelRefusal
from legsci.models.statistics.resampling import Bootstrap

QUICK = 200


def cohort(
    *, athletes: int = 60, weeks: int = 24, ratio: float = 1.5, variance: float = 0.0, seed: int = 0, rate: float = 0.02
) -> pd.DataFrame:
    """Weeks at risk of athletes of whom half are poorly aligned; counts are Poisson given each one's frailty."""
    generator = np.random.default_rng(seed)
    poor = np.repeat(np.arange(athletes) % 2, weeks)
    frailty = generator.gamma(1.0 / variance, variance, athletes) if variance else np.ones(athletes)
    hours = generator.uniform(3.0, 9.0, athletes * weeks).round(1)
    mean = rate * hours * np.exp(np.log(ratio) * poor) * np.repeat(frailty, weeks)
    return pd.DataFrame(
        {
            "participant_id": np.repeat([f"P{number:03d}" for number in range(athletes)], weeks),
            "week": np.tile(np.arange(weeks), athletes),
            "training_hours": hours,
            "poor": poor,
            "load": generator.normal(size=athletes * weeks),
            "onset": generator.poisson(mean),
        }
    )


@pytest.fixture(scope="module")
def oracles(repository: Path) -> tuple[Path, dict[str, Any]]:
    folder = repository.parent / "shared" / "oracles"
    if not folder.is_dir():
        pytest.skip("R's results of ../shared/oracles are not beside this checkout")
    return folder, json.loads((folder / "oracles.json").read_text())


def test_two_groups_by_hand() -> None:
    """ln ratio of rates; Mancl-DeRouen: variance of a group's ln rate is sum (e_i / (1 - h_i / H))^2 / n^2."""
    table = cohort(athletes=12, weeks=20, rate=0.05, seed=2)
    totals = table.groupby(["poor", "participant_id"])[["onset", "training_hours"]].sum().reset_index()
    variance, log_rate = [], []
    for _, group in totals.groupby("poor"):
        count, hours = group["onset"].sum(), group["training_hours"].sum()
        residual = group["onset"] - count * group["training_hours"] / hours
        variance.append(np.sum((residual / (1.0 - group["training_hours"] / hours)) ** 2) / count**2)
        log_rate.append(np.log(count / hours))
    row = fit_injury_rate(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK)).result.estimates.loc["poor"]
    assert row["estimate"] == pytest.approx(log_rate[1] - log_rate[0], rel=1e-8)
    assert row["standard_error"] == pytest.approx(np.sqrt(sum(variance)), rel=1e-7)
    assert row["df"] == 11.0
    assert row["ci_high"] - row["estimate"] == pytest.approx(stats.t.ppf(0.975, 11) * row["standard_error"])
    assert row["kind"] == "between"


def test_discrete_time_sees_the_same_rate() -> None:
    """Rare onsets of rows of at most one: chance and count are the same, and the two links agree."""
    table = cohort(athletes=100, rate=0.002, ratio=2.0, seed=3)
    table["onset"] = table["onset"].clip(upper=1)
    log, cloglog = (
        fit_injury_rate(table, InjuryModel(terms=["poor"]), link=link, bootstrap=Bootstrap(QUICK))
        for link in ("log", "cloglog")
    )
    assert cloglog.ratios.loc["poor", "ratio"] == pytest.approx(log.ratios.loc["poor", "ratio"], rel=0.02)
    chance = table.groupby("poor").apply(lambda rows: _cloglog_rate(rows), include_groups=False)
    assert cloglog.ratios.loc["poor", "ratio"] == pytest.approx(chance[1] / chance[0], rel=1e-6)


def _cloglog_rate(rows: pd.DataFrame) -> float:
    """Slow twin: the rate at which sum of events h / (1 - exp(-rate h)) equals the hours."""
    hours, struck = rows["training_hours"].to_numpy(), rows["onset"].to_numpy() > 0
    return float(
        optimize.brentq(lambda rate: np.sum(hours[struck] / -np.expm1(-rate * hours[struck])) - hours.sum(), 1e-6, 1.0)
    )


def test_intervals_cover_the_ratio_that_was_simulated() -> None:
    """60 cohorts of athletes of different frailty: 95 % intervals of 1.5 miss it in 3, at most 10 by chance."""
    missed = 0
    for seed in range(60):
        table = cohort(athletes=30, weeks=12, variance=0.5, seed=seed)
        row = fit_injury_rate(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(10)).ratios.loc["poor"]
        missed += not row["ci_low"] <= 1.5 <= row["ci_high"]
    assert missed <= 10


def test_totals_with_shared_gamma_are_negative_binomial() -> None:
    table = cohort(variance=0.6, seed=5)
    found = fit_shared_gamma(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK)).result
    variance = found.variance_components["frailty"]
    assert 0.3 < variance < 1.1

    def log_likelihood(intercept: float, slope: float, variance: float) -> float:
        """Totals are negative binomial; weeks share them out in proportion to their means."""
        mean = table["training_hours"] * np.exp(intercept + slope * table["poor"])
        sums = pd.DataFrame({"mean": mean, "onset": table["onset"]}).groupby(table["participant_id"]).sum()
        size = 1.0 / variance
        value = stats.nbinom.logpmf(sums["onset"], size, size / (size + sums["mean"])).sum()
        for name, weeks in table.groupby("participant_id"):
            share = mean[weeks.index] / sums.loc[name, "mean"]
            value += stats.multinomial.logpmf(weeks["onset"].to_numpy(), weeks["onset"].sum(), share.to_numpy())
        return float(value)

    best = found.estimates["estimate"].to_numpy()
    assert found.log_likelihood == pytest.approx(log_likelihood(best[0], best[1], variance), abs=1e-7)
    for step in np.eye(3) * 1e-3:
        for sign in (1.0, -1.0):
            moved = np.array([*best, variance]) + sign * step
            assert log_likelihood(*moved) < found.log_likelihood


def test_athletes_alike_leave_a_poisson_fit() -> None:
    table = cohort(seed=6)
    table["onset"] = 0
    table.loc[table["week"] == 3, "onset"] = 1
    found = fit_shared_gamma(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK)).result
    assert found.variance_components["frailty"] == 0.0
    assert "no_overdispersion" in dict(found.warnings)
    rates = table.groupby("poor")[["onset", "training_hours"]].sum()
    rate = rates["onset"] / rates["training_hours"]
    assert found.estimates.loc["poor", "estimate"] == pytest.approx(np.log(rate[1] / rate[0]), rel=1e-8)


def test_intervals_of_weeks_by_hand() -> None:
    weeks = pd.DataFrame(
        {"participant_id": "A", "week": [1, 2, 5, 6], "training_hours": [2.0, 3.0, 4.0, 5.0], "onset": [0, 1, 0, 1]}
    )
    calendar, trained = risk_intervals(weeks), risk_intervals(weeks, clock="hours")
    assert calendar["start"].tolist() == [1.0, 2.0, 5.0, 6.0]
    assert calendar["event_number"].tolist() == [1, 1, 2, 2]
    assert calendar["gap_start"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert trained["stop"].tolist() == [2.0, 5.0, 9.0, 14.0]
    assert trained["gap_stop"].tolist() == [2.0, 5.0, 4.0, 9.0]
    assert calendar["stratum"].tolist() == [1, 1, 2, 2]
    assert risk_intervals(weeks, pooled_from=1)["stratum"].tolist() == [1, 1, 1, 1]
    with pytest.raises(ValueError, match="pooled_from is at least 1"):
        risk_intervals(weeks, pooled_from=0)


def test_gap_times_begin_anew_in_a_pooled_stratum() -> None:
    """Without the number of the spell, times that begin anew are those of intervals that overlap."""
    table = risk_intervals(cohort(seed=10).assign(onset=lambda rows: rows["onset"].clip(upper=1)), pooled_from=2)
    assert table["event_number"].max() > 2
    scale = TimeScale("gap_stop", "gap_start", "stratum", spell="event_number")
    fit_recurrent_injuries(table, InjuryModel(terms=["poor"]), scale)
    with pytest.raises(ModelRefusal, match="begin before"):
        fit_recurrent_injuries(table, InjuryModel(terms=["poor"]), TimeScale("gap_stop", "gap_start", "stratum"))


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_score_residuals_sum_to_the_slope_of_the_partial_likelihood(ties: str) -> None:
    generator = np.random.default_rng(7)
    start = generator.integers(0, 5, 40).astype(float)
    stop = start + generator.integers(1, 5, 40)
    event, strata = generator.random(40) < 0.6, generator.integers(0, 2, 40)
    covariates, beta = generator.normal(size=(40, 2)), np.array([0.4, -0.3])

    def log_likelihood(coefficients: np.ndarray) -> float:
        value, risk = 0.0, np.exp(covariates @ coefficients)
        for stratum, time in {(strata[row], stop[row]) for row in np.flatnonzero(event)}:
            at_risk = (strata == stratum) & (start < time) & (time <= stop)
            ending = at_risk & event & (stop == time)
            for place, row in enumerate(np.flatnonzero(ending)):
                removed = place / ending.sum() * risk[ending].sum() if ties == "efron" else 0.0
                value += covariates[row] @ coefficients - np.log(risk[at_risk].sum() - removed)
        return float(value)

    residuals = score_residuals(start, stop, event, covariates, beta, strata=strata, ties=ties)
    slope = optimize.approx_fprime(beta, log_likelihood, 1e-6)
    np.testing.assert_allclose(residuals.sum(axis=0), slope, atol=1e-4)
    never = ~np.array(
        [(event & (strata == strata[row]) & (start[row] < stop) & (stop <= stop[row])).any() for row in range(40)]
    )
    assert (residuals[never] == 0.0).all()


def test_clocks_recover_the_ratio_per_hour() -> None:
    intervals = risk_intervals(cohort(athletes=200, weeks=24, rate=0.01, ratio=2.0, seed=8).assign(
        onset=lambda table: table["onset"].clip(upper=1)
    ), clock="hours")  # fmt: skip
    found = fit_recurrent_injuries(
        intervals, InjuryModel(terms=["poor"]), TimeScale(start="start", stop="stop"), bootstrap=Bootstrap(QUICK)
    )
    row = found.ratios.loc["poor"]
    assert row["ci_low"] < 2.0 < row["ci_high"]
    assert row["ratio"] == pytest.approx(2.0, rel=0.2)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize(
    ("name", "time_scale"),
    [
        ("AG", TimeScale("stop", "start")),
        ("PWP_total", TimeScale("stop", "start", "enum")),
        ("PWP_gap", TimeScale("gap", stratum="enum")),
    ],
)
def test_bladder_tumours_as_in_r(
    oracles: tuple[Path, dict[str, Any]], name: str, time_scale: TimeScale, ties: str
) -> None:
    folder, expected = oracles
    table = pd.read_csv(folder / "bladder2.csv").assign(gap=lambda rows: rows["stop"] - rows["start"])
    terms = ["rx", "number", "size"]
    found = fit_recurrent_injuries(
        table,
        InjuryModel(events="event", terms=terms, participant="id"),
        time_scale,
        ties=ties,
        bootstrap=Bootstrap(QUICK),
    )
    _same_as_r(found.result, expected["bladder2"]["fits"][f"{name}_{ties}"], terms)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize(
    ("name", "terms", "stratum"),
    [("AG", ["trt", "inherit", "age", "steroids"], None), ("AG_trt", ["trt"], None), ("PWP_total", ["trt"], "enum")],
)
def test_granulomatous_disease_as_in_r(
    oracles: tuple[Path, dict[str, Any]], name: str, terms: list[str], stratum: str | None, ties: str
) -> None:
    folder, expected = oracles
    table = pd.read_csv(folder / "cgd.csv")
    table = table.assign(trt=table["treat"].eq("rIFN-g") * 1, inherit=table["inherit"].eq("autosomal") * 1)
    found = fit_recurrent_injuries(
        table,
        InjuryModel(events="status", terms=terms, participant="id", fewest_events=1),
        TimeScale(start="tstart", stop="tstop", stratum=stratum),
        ties=ties,
        bootstrap=Bootstrap(QUICK),
    )
    _same_as_r(found.result, expected["cgd"]["fits"][f"{name}_{ties}"], terms)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_kidney_infections_as_in_r(oracles: tuple[Path, dict[str, Any]], ties: str) -> None:
    folder, expected = oracles
    found = fit_recurrent_injuries(
        pd.read_csv(folder / "kidney.csv"),
        InjuryModel(events="status", terms=["age", "sex"], participant="id"),
        TimeScale(stop="time"),
        ties=ties,
        bootstrap=Bootstrap(QUICK),
    )
    _same_as_r(found.result, expected["kidney"]["fits"][f"marginal_{ties}"], ["age", "sex"])


def _same_as_r(result: Any, expected: dict[str, Any], terms: list[str]) -> None:
    rows = result.estimates.loc[terms]
    np.testing.assert_allclose(rows["estimate"], list(expected["coef"].values()), rtol=0, atol=1e-8)
    np.testing.assert_allclose(rows["standard_error"], list(expected["se_robust"].values()), rtol=0, atol=1e-8)
    assert result.log_likelihood == pytest.approx(expected["logLik"][1], abs=1e-8)
    assert result.n["events"] == expected["nevent"]


@pytest.mark.parametrize(("structure", "name"), [("independence", "gee_ind"), ("exchangeable", "gee_exch")])
def test_seizures_as_in_geepack(oracles: tuple[Path, dict[str, Any]], structure: str, name: str) -> None:
    folder, expected = oracles
    table = pd.read_csv(folder / "epil.csv").assign(fortnights=1.0)
    found = fit_injury_rate(
        table,
        InjuryModel(events="y", terms=["trt", "base", "age", "V4"], participant="subject"),
        exposure="fortnights",
        working_correlation=structure,
        covariance="robust",
        bootstrap=Bootstrap(QUICK),
    ).result
    # geepack stops its search for the working correlation a little earlier.
    for column, known in (("estimate", "fixef"), ("standard_error", "se")):
        reference = list(expected["epil"]["fits"][name][known].values())
        np.testing.assert_allclose(found.estimates[column], reference, rtol=0, atol=1e-7)
    if structure == "exchangeable":
        alpha = expected["epil"]["fits"][name]["alpha"]
        assert found.variance_components["working correlation"] == pytest.approx(alpha, abs=1e-7)


def test_negative_binomial_counts_as_in_mass(oracles: tuple[Path, dict[str, Any]]) -> None:
    folder, expected = oracles
    table, reference = pd.read_csv(folder / "epil.csv"), expected["epil"]["fits"]["nb"]
    columns = [np.ones(len(table)), table["trt"].eq("progabide"), table["base"], table["age"], table["V4"]]
    start = np.array([0.6, -0.15, 0.023, 0.022, -0.16])
    found = maximise_shared_gamma(
        table["y"].to_numpy(float), np.ones(len(table)), np.column_stack(columns).astype(float), np.arange(len(table)),
        start=start,
    )  # fmt: skip
    np.testing.assert_allclose(found.coefficients, list(reference["fixef"].values()), atol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), list(reference["se"].values()), rtol=1e-8)
    assert 1.0 / found.variance == pytest.approx(reference["theta"], abs=1e-7)
    assert found.log_likelihood == pytest.approx(reference["logLik"], abs=1e-8)

    reference = expected["cgd"]["nb"]
    infections = pd.read_csv(folder / "cgd.csv")
    infections = infections.assign(
        trt=infections["treat"].eq("rIFN-g") * 1, days=infections["tstop"] - infections["tstart"]
    )
    result = fit_shared_gamma(
        infections,
        InjuryModel(events="status", terms=["trt"], participant="id"),
        exposure="days",
        bootstrap=Bootstrap(QUICK),
    ).result
    np.testing.assert_allclose(result.estimates["estimate"], list(reference["coef"].values()), atol=1e-8)
    np.testing.assert_allclose(result.estimates["standard_error"], list(reference["se"].values()), rtol=1e-8)
    assert 1.0 / result.variance_components["frailty"] == pytest.approx(reference["theta"], abs=1e-7)


def test_area_under_the_curve_by_hand() -> None:
    """Events at 3 and 1, others at 0, 1, 2: 3 wins; 1 win, half a tie; 4.5 of 6."""
    predictor = np.array([3.0, 1.0, 0.0, 1.0, 2.0])
    events, athlete = np.array([True, True, False, False, False]), np.array([0, 1, 0, 1, 2])
    wins, pairs = concordance(predictor, events, athlete, np.ones(5))
    assert wins.sum() == 4.5
    assert pairs.sum() == 6.0
    area, _ = area_under_curve(wins, pairs, bootstrap=Bootstrap(400, seed=1))
    assert area == pytest.approx(0.75)
    wins, pairs = concordance(predictor, np.ones(5, dtype=bool), athlete, np.ones(5))
    assert area_under_curve(wins, pairs, bootstrap=Bootstrap(10, seed=1)) == (None, None)


def test_a_term_that_says_nothing_has_half_the_area_and_a_flat_calibration() -> None:
    found = fit_injury_rate(cohort(ratio=3.0, seed=9), InjuryModel(terms=["poor", "load"]), bootstrap=Bootstrap(QUICK))
    row = found.ratios.loc["load"]
    assert row["auc_low"] < 0.53
    assert found.ratios.loc["poor", "auc_low"] > 0.55
    assert found.auc is not None
    assert found.auc_interval is not None
    assert found.auc_interval[0] < found.auc < found.auc_interval[1]
    assert found.calibration is not None
    low, high = found.calibration.slope_interval
    assert low < 1.0 < high
    assert found.calibration.groups["observed"].sum() == found.result.n["events"]
    assert found.calibration.groups["expected"].sum() == pytest.approx(found.result.n["events"], rel=0.05)


FITS = {
    "rate": lambda table: fit_injury_rate(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK)),
    "chance": lambda table: fit_injury_rate(
        table.assign(onset=table["onset"].clip(upper=1)),
        InjuryModel(terms=["poor"]),
        link="cloglog",
        bootstrap=Bootstrap(QUICK),
    ),
    "frailty": lambda table: fit_shared_gamma(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK)),
    "times": lambda table: fit_recurrent_injuries(
        table.assign(onset=table["onset"].clip(upper=1), stop=table["week"] + 1.0),
        InjuryModel(terms=["poor"]),
        TimeScale(start="week", stop="stop"),
        bootstrap=Bootstrap(QUICK),
    ),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS.keys())
class TestEveryModel:
    def test_refuses_events_in_one_group_only(self, fit: Any) -> None:
        table = cohort(seed=10)
        with pytest.raises(ModelRefusal, match="poor = 0: 0 events, at least 5"):
            fit(table.assign(onset=table["onset"] * table["poor"]))

    def test_refuses_fewer_than_five_events_in_a_state(self, fit: Any) -> None:
        table = cohort(seed=10)
        few = (table["poor"] == 1) & (table["onset"] > 0)
        table.loc[table.index[few][4:], "onset"] = 0
        table["onset"] = table["onset"].clip(upper=1)
        with pytest.raises(ModelRefusal, match="poor = 1: 4 events, at least 5"):
            fit(table)

    def test_refuses_one_athlete(self, fit: Any) -> None:
        with pytest.raises(ModelRefusal, match="athletes"):
            fit(cohort(athletes=1, rate=0.2).assign(poor=lambda table: table["week"] % 2))

    def test_refuses_a_state_of_one_athlete(self, fit: Any) -> None:
        table = cohort(rate=0.2).assign(poor=lambda rows: (rows["participant_id"] == "P003") * 1)
        with pytest.raises(ModelRefusal, match="one athlete only"):
            fit(table)

    def test_refuses_no_event_at_all(self, fit: Any) -> None:
        with pytest.raises(ModelRefusal, match="there is no onset"):
            fit(cohort().assign(onset=0))

    def test_refuses_columns_that_are_not_there(self, fit: Any) -> None:
        with pytest.raises(ModelRefusal, match="no column poor"):
            fit(cohort().drop(columns="poor"))

    def test_counts_rows_with_missing_values(self, fit: Any) -> None:
        table = cohort(seed=10).astype({"poor": float})
        lost = table.index[table["week"] == 4]
        table.loc[lost, "poor"] = np.nan
        found = fit(table)
        assert found.result.n["rows"] == len(table) - len(lost)
        assert "60 of 1440 rows lack poor" in dict(found.result.warnings)["missing_values"]

    def test_gives_numbers_everywhere(self, fit: Any) -> None:
        found = fit(cohort(seed=10, variance=0.3))
        assert np.isfinite(found.ratios.to_numpy(float)).all()
        assert np.isfinite(found.result.estimates.drop(columns=["kind", "se_method", "df"]).to_numpy(float)).all()

    def test_says_the_same_in_any_order_of_rows(self, fit: Any) -> None:
        table = cohort(seed=10)
        there, back = fit(table), fit(table.sample(frac=1.0, random_state=1))
        pd.testing.assert_frame_equal(there.result.estimates, back.result.estimates, rtol=1e-6)


def test_an_injury_without_exposure_is_refused_by_name() -> None:
    table = cohort(seed=10)
    table.loc[table["participant_id"] == "P007", ["training_hours", "onset"]] = [0.0, 1]
    with pytest.raises(ModelRefusal, match="P007: 24 onset in rows with 0 training_hours"):
        fit_injury_rate(table, InjuryModel(terms=["poor"]))
    with pytest.raises(ModelRefusal, match="P007"):
        fit_shared_gamma(table, InjuryModel(terms=["poor"]))


def test_weeks_without_exposure_and_injury_are_told() -> None:
    table = cohort(seed=10)
    table.loc[table["week"] == 2, ["training_hours", "onset"]] = [0.0, 0]
    found = fit_injury_rate(table, InjuryModel(terms=["poor"]), bootstrap=Bootstrap(QUICK))
    assert "60 rows without exposure" in dict(found.result.warnings)["no_exposure"]


def test_collinear_constant_and_impossible_terms_are_refused() -> None:
    table = cohort(seed=10).assign(good=lambda rows: 1 - rows["poor"], one=1.0)
    with pytest.raises(ModelRefusal, match="combination"):
        fit_injury_rate(table, InjuryModel(terms=["poor", "good"]))
    with pytest.raises(ModelRefusal, match="in every row"):
        fit_injury_rate(table, InjuryModel(terms=["poor", "one"]))
    with pytest.raises(ModelRefusal, match="no whole number"):
        fit_injury_rate(table.assign(onset=table["onset"] * 0.5), InjuryModel(terms=["poor"]))
    with pytest.raises(ModelRefusal, match="above 1"):
        fit_injury_rate(table.assign(onset=table["onset"] * 2), InjuryModel(terms=["poor"]), link="cloglog")


def test_too_few_events_for_the_terms_are_refused() -> None:
    table = cohort(seed=10)
    struck = table.index[table["onset"] > 0]
    table["onset"] = 0
    table.loc[struck[:9], "onset"] = 1
    with pytest.raises(ModelRefusal, match="9 events for 1 terms: at least 10"):
        fit_injury_rate(table, InjuryModel(terms=["load"]))


def test_intervals_that_contradict_each_other_are_refused() -> None:
    table = cohort(seed=10).assign(onset=lambda rows: rows["onset"].clip(upper=1), stop=lambda rows: rows["week"] + 1.0)
    with pytest.raises(ModelRefusal, match="do not end after their start"):
        fit_recurrent_injuries(
            table.assign(stop=table["week"]), InjuryModel(terms=["poor"]), TimeScale(start="week", stop="stop")
        )
    with pytest.raises(ModelRefusal, match="begin before"):
        fit_recurrent_injuries(
            table.assign(stop=table["week"] + 2.0), InjuryModel(terms=["poor"]), TimeScale(start="week", stop="stop")
        )


def test_a_term_that_tells_events_without_exception_is_refused() -> None:
    table = cohort(seed=10).assign(onset=lambda rows: rows["onset"].clip(upper=1), stop=lambda rows: rows["week"] + 1.0)
    sure = table.assign(load=table["load"].clip(-1, 1).where(table["onset"] == 0, 2.0))
    with pytest.raises(ModelRefusal, match="no maximum"):
        fit_recurrent_injuries(sure, InjuryModel(terms=["load"]), TimeScale(start="week", stop="stop"))
    with pytest.raises(ModelRefusal):
        fit_injury_rate(sure, InjuryModel(terms=["load"]), link="cloglog")
