from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from legsci.models.result import ESTIMATE_COLUMNS, ModelRefusal
from legsci.models.statistics.athlete_slopes import athlete_coefficients, slope_heterogeneity
from legsci.models.statistics.design import percent_change, split_within_between, to_log_percent
from legsci.models.statistics.measurement_error import fit_regression_calibration
from legsci.models.statistics.mixed import MixedModel, fit_mixed_model

# Name of R's fit -> how the same model is asked for here.
R_FITS = {
    ("sleepstudy", "ri_reml"): MixedModel("Reaction", ["Days"], participant="Subject"),
    ("sleepstudy", "rs_reml"): MixedModel("Reaction", ["Days"], random=["Days"], participant="Subject"),
    ("sleepstudy", "rs_ml"): MixedModel("Reaction", ["Days"], random=["Days"], participant="Subject"),
    ("sleepstudy", "rs_uncorr_reml"): MixedModel(
        "Reaction", ["Days"], random=["Days"], participant="Subject", correlated=False
    ),
    ("Orthodont", "rs_reml"): MixedModel("distance", ["age"], random=["age"], participant="Subject"),
    ("Orthodont", "ri_sex_reml"): MixedModel("distance", ["age", "female", "age:female"], participant="Subject"),
    ("Orthodont", "rs_cage_sex_reml"): MixedModel(
        "distance", ["cage", "female", "cage:female"], random=["cage"], participant="Subject"
    ),
    ("Oxboys", "rs_reml"): MixedModel("height", ["age"], random=["age"], participant="Subject"),
    ("Oxboys", "ri_reml"): MixedModel("height", ["age"], participant="Subject"),
    ("ergoStool", "ri"): MixedModel("effort", ["Type"], participant="Subject"),
}


@pytest.fixture(scope="module")
def oracles(repository):
    folder = repository.parent / "shared" / "oracles"
    if not (folder / "oracles.json").is_file():
        pytest.skip("the results of R in ../shared/oracles are not beside this checkout")
    return folder


def table_of(folder, name):
    table = pd.read_csv(folder / f"{name}.csv", dtype={"Subject": str})
    if name == "Orthodont":
        # R's relevel makes Male the reference.
        table["female"] = (table["Sex"] == "Female").astype(float)
        table["cage"] = table["age"] - 11.0
    return table


@pytest.mark.parametrize(("name", "fit"), R_FITS, ids=lambda part: part)
def test_r_finds_the_same(oracles, name, fit):
    theirs = json.loads((oracles / "oracles.json").read_text(encoding="utf-8"))[name]["fits"][fit]
    ours = fit_mixed_model(table_of(oracles, name), R_FITS[name, fit], reml=fit != "rs_ml", standard_errors="model")
    table = ours.result.estimates
    np.testing.assert_allclose(table["estimate"], list(theirs["fixef"].values()), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(table["standard_error"], list(theirs["se"].values()), rtol=1e-3)
    assert ours.result.log_likelihood == pytest.approx(theirs["logLik"], abs=1e-6)
    assert ours.result.variance_components["residual"] == pytest.approx(theirs["sigma"] ** 2, rel=1e-4)
    assert any("MixedLM agrees" in note for note in ours.result.notes)
    own = athlete_coefficients(ours)["deviation"]
    for row in next(iter(theirs["blup"].values())):
        assert own[row["id"], "intercept"] == pytest.approx(row["(Intercept)"], rel=1e-3, abs=1e-3)
        if len(ours.random) == 2:
            assert own[row["id"], ours.random[1]] == pytest.approx(row[R_FITS[name, fit].random[0]], abs=1e-3)


def cohort(seed=0, athletes=30, sessions=12, slope_deviation=0.5, error=0.0):
    """Jump height on an athlete's alignment, which loses 1 per unit within and 2 per unit between athletes."""
    rng = np.random.default_rng(seed)
    athlete = np.repeat(np.arange(athletes), sessions)
    time = np.tile(np.linspace(-1.0, 1.0, sessions), athletes)
    usual, now = 2.0 * rng.normal(size=athletes)[athlete], rng.normal(size=len(athlete))
    slopes = 3.0 + slope_deviation * rng.normal(size=athletes)
    jump = 40.0 + 4.0 * rng.normal(size=athletes)[athlete] + slopes[athlete] * time - now - 2.0 * usual
    replicates = (usual + now)[:, None] + np.sqrt(4.0 * error) * rng.normal(size=(len(athlete), 4))
    return pd.DataFrame(
        {
            "participant_id": [f"P{number:02d}" for number in athlete],
            "time": time,
            "alignment": replicates.mean(axis=1),
            "alignment_error": replicates.var(axis=1, ddof=1) / 4.0,
            "level": np.where(athlete % 2, "elite", "club"),
            "jump": jump + rng.normal(size=len(athlete)),
        }
    )


SPLIT = MixedModel("jump", ["time", "alignment_within", "alignment_between"], random=["time"])


def test_means_and_deviations_by_hand():
    table = pd.DataFrame({"participant_id": ["a", "a", "b", "b", "c"], "x": [1.0, 3.0, 10.0, np.nan, np.nan]})
    split = split_within_between(table, ["x"])
    np.testing.assert_array_equal(split["x_within"], [-1.0, 1.0, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(split["x_between"], [-4.0, -4.0, 4.0, 4.0, np.nan])
    assert list(table.columns) == ["participant_id", "x"]


def test_percent_scale_there_and_back():
    logs = to_log_percent(pd.Series([40.0, 50.0], name="jump"))
    assert percent_change(logs[1] - logs[0]) == pytest.approx(25.0)
    assert percent_change(-1.0, 10.0) == pytest.approx(-9.5162582)
    with pytest.raises(ModelRefusal, match="1 of 2 values are not above 0, the least is -1"):
        to_log_percent(pd.Series([1.0, -1.0], name="jump"))


def test_within_and_between_effects_differ_and_each_has_its_own_standard_error():
    fit = fit_mixed_model(split_within_between(cohort(), ["alignment"]), SPLIT)
    table = fit.result.estimates
    assert tuple(table.columns) == ESTIMATE_COLUMNS
    assert list(table["kind"]) == ["between", "within", "within", "between"]
    assert list(table["se_method"]) == ["model", "cluster", "cluster", "model"]
    assert list(table["df"]) == [28.0, 29.0, 29.0, 28.0]
    for term, truth in {"time": 3.0, "alignment_within": -1.0, "alignment_between": -2.0}.items():
        assert abs(table["estimate"][term] - truth) < 3.0 * table["standard_error"][term]
    assert not fit.result.warnings
    assert fit.result.n == {"rows": 360, "participants": 30}


def test_cluster_standard_errors_equal_the_dense_sandwich():
    """Residuals of an athlete's rows are freed of what those rows took in the fit, by the dense hat matrix."""
    table = split_within_between(cohort(athletes=20, sessions=6), ["alignment"])
    fit = fit_mixed_model(table, SPLIT, standard_errors="cluster")
    design, optimum = fit.design, fit.optimum
    random = design.columns(fit.random)
    inverses = {}
    for g in range(20):
        rows = design.participant == g
        z = random[rows]
        inverses[g] = np.linalg.inv(
            z @ optimum.random_covariance @ z.T + optimum.residual_variance * np.eye(rows.sum())
        )
    bread = sum(
        design.fixed[design.participant == g].T @ inverses[g] @ design.fixed[design.participant == g] for g in inverses
    )
    meat = np.zeros((4, 4))
    for g, inverse in inverses.items():
        rows = design.participant == g
        x = design.fixed[rows]
        hat = x @ np.linalg.solve(bread, x.T @ inverse)
        residual = design.outcome[rows] - x @ optimum.coefficients
        score = x.T @ inverse @ np.linalg.solve(np.eye(rows.sum()) - hat, residual)
        meat += np.outer(score, score)
    sandwich = np.linalg.solve(bread, np.linalg.solve(bread, meat).T)
    np.testing.assert_allclose(fit.result.estimates["standard_error"], np.sqrt(np.diag(sandwich)), rtol=1e-6)


def test_a_term_that_one_athlete_carries_has_no_error_by_athlete():
    table = cohort().assign(level=lambda rows: np.where(rows["participant_id"] == "P07", "elite", "club"))
    terms = ["time", "level", "time:level"]
    with pytest.raises(ModelRefusal, match=r"time:level=elite rests on P07 alone"):
        fit_mixed_model(table, MixedModel(outcome="jump", fixed=terms, random=["time"]))
    # Of athletes' levels the model's own error stands.
    between = fit_mixed_model(table, MixedModel(outcome="jump", fixed=["time", "level"], random=["time"]))
    assert np.isfinite(between.result.estimates["standard_error"]).all()


def test_raw_weeks_give_the_same_optimum_as_centred_time():
    table = split_within_between(cohort(), ["alignment"])
    plain = fit_mixed_model(table, SPLIT).result
    raw = fit_mixed_model(table.assign(time=52.0 * table["time"] + 2000.0), SPLIT).result
    assert raw.estimates["estimate"]["time"] * 52.0 == pytest.approx(plain.estimates["estimate"]["time"], rel=1e-6)
    assert raw.estimates["statistic"]["time"] == pytest.approx(plain.estimates["statistic"]["time"], rel=1e-5)
    assert raw.log_likelihood + np.log(52.0) == pytest.approx(plain.log_likelihood, abs=1e-5)


def test_a_moderated_slope_reaches_the_athletes_it_belongs_to():
    table = cohort(slope_deviation=0.2)
    table["jump"] += 5.0 * table["time"] * (table["level"] == "elite")
    fit = fit_mixed_model(table, MixedModel(outcome="jump", fixed=["time", "level", "time:level"], random=["time"]))
    product = fit.result.estimates.loc["time:level=elite"]
    assert product["kind"] == "within"
    assert product["df"] == 28.0
    assert abs(product["estimate"] - 5.0) < 3.0 * product["standard_error"]
    own = athlete_coefficients(fit).xs("time", level="term")
    expected = fit.result.estimates["estimate"]["time"] + np.where(np.arange(30) % 2, product["estimate"], 0.0)
    np.testing.assert_allclose(own["expected"], expected, rtol=1e-9)
    np.testing.assert_allclose(own["coefficient"], own["expected"] + own["deviation"])


def test_intervals_of_athletes_own_slopes_hold_the_true_slopes():
    rng = np.random.default_rng(3)
    athlete, time = np.repeat(np.arange(200), 8), np.tile(np.linspace(-1.0, 1.0, 8), 200)
    slopes = 2.0 + rng.normal(size=200)
    jump = 3.0 * rng.normal(size=200)[athlete] + slopes[athlete] * time + rng.normal(size=1600)
    table = pd.DataFrame({"participant_id": athlete, "time": time, "jump": jump})
    fit = fit_mixed_model(table, MixedModel(outcome="jump", fixed=["time"], random=["time"]))
    own = athlete_coefficients(fit).xs("time", level="term")
    covered = np.mean((own["ci_low"] < slopes) & (slopes < own["ci_high"]))
    assert abs(covered - 0.95) < 3.0 * np.sqrt(0.95 * 0.05 / 200)
    spread = slope_heterogeneity(fit, "time")
    assert spread.standard_deviation == pytest.approx(1.0, abs=0.2)
    assert spread.p_value < 1e-6
    assert np.mean((spread.prediction_low < slopes) & (slopes < spread.prediction_high)) == pytest.approx(
        0.95, abs=0.05
    )


def test_slope_variance_is_tested_against_the_mixture(oracles):
    fit = fit_mixed_model(
        table_of(oracles, "sleepstudy"),
        MixedModel(participant="Subject", outcome="Reaction", fixed=["Days"], random=["Days"]),
    )
    spread = slope_heterogeneity(fit, "Days")
    # Twice the difference of R's log-likelihoods; the tails of chi-square with 1 and 2 degrees of freedom.
    assert spread.statistic == pytest.approx(2.0 * (893.23254269746 - 871.814135979246), abs=1e-5)
    assert spread.p_value == pytest.approx(0.5 * 5.9e-11 + 0.5 * np.exp(-spread.statistic / 2.0), rel=0.01)
    with pytest.raises(ValueError, match="intercept has no random slope in this model; terms with one: Days"):
        slope_heterogeneity(fit, "intercept")


def test_the_slope_test_rejects_seldom_where_all_slopes_are_alike():
    rejected = []
    for seed in range(200):
        fit = fit_mixed_model(
            cohort(seed, athletes=15, sessions=5, slope_deviation=0.0),
            MixedModel(outcome="jump", fixed=["time"], random=["time"]),
            confirm=False,
        )
        rejected.append(slope_heterogeneity(fit, "time").p_value < 0.05)
    assert np.mean(rejected) < 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 200)


def test_what_a_reader_must_know_is_told():
    rng = np.random.default_rng(1)
    table = cohort(athletes=8)
    table["jump"] = 30.0 + rng.normal(size=len(table))
    table.loc[[0, 5], "jump"] = np.nan
    fit = fit_mixed_model(table, MixedModel(outcome="jump", fixed=["time", "alignment"], random=["time"]))
    told = dict(fit.result.warnings)
    assert told["rows_left_out"] == "2 rows with missing values were excluded"
    assert "8 athletes" in told["few_participants"]
    assert told["singular"].startswith("athletes")
    assert "of the variance of alignment lies between athletes" in told["mixed_levels"]
    assert fit.result.estimates.notna().all().all()


FAULTS = {
    "one athlete": (lambda t: t[t["participant_id"] == "P00"], {}, "athletes with complete rows: 1; at least 3"),
    "one session": (lambda t: t.groupby("participant_id").head(1), {}, "no athlete has more than one occasion"),
    "constant predictor": (lambda t: t.assign(time=7.0), {}, "time is 7 in every row"),
    "collinear": (
        lambda t: t.assign(double=2.0 * t["time"] + 1.0),
        {"fixed": ["time", "double"]},
        "double is a linear combination of intercept and time: omit one of them",
    ),
    "one word": (lambda t: t.assign(level="club"), {"fixed": ["time", "level"]}, "level=club is 1 in every row"),
    "missing columns": (lambda t: t.drop(columns=["time", "jump"]), {}, "there is no column jump\n.*no column time"),
    "nothing there": (lambda t: t.assign(time=np.nan), {}, "time is missing in every row"),
    "infinite": (lambda t: t.assign(time=np.inf), {}, "time is infinite in 360 rows"),
    "words": (lambda t: t.assign(jump="high"), {}, "jump is not numeric"),
    "same outcome": (lambda t: t.assign(jump=30.0), {}, "jump has the same value in every row"),
    "explained": (lambda t: t.assign(jump=t["time"]), {}, "explain the outcome without residual"),
    "same in each athlete": (
        lambda t: t.assign(jump=t["participant_id"].str[1:].astype(float)),
        {},
        "of each cluster explain the outcome without residual",
    ),
    "no own slope": (
        lambda t: t,
        {"random": ["alignment"]},
        "alignment has a random slope, but is not among the terms intercept, time",
    ),
    "constant within": (
        lambda t: t,
        {"fixed": ["time", "level"], "random": ["level=elite"]},
        "level=elite does not vary within athletes",
    ),
    "too few rows": (
        lambda t: t[t["time"].abs() > 0.99],
        {"random": ["time"]},
        "60 complete rows are too few for 2 random effects of 30 athletes",
    ),
    "too many terms between": (
        lambda t: t[t["participant_id"] < "P03"].assign(a=t["participant_id"].str[-1].astype(float) ** 2),
        {"fixed": ["time", "level", "a"]},
        "3 athletes are too few for 3 between-athlete terms",
    ),
    "empty": (lambda t: t.head(0), {}, "is missing in every row"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_data_that_cannot_carry_the_model_get_a_sentence(name):
    spoil, arguments, sentence = FAULTS[name]
    with pytest.raises(ModelRefusal, match=f"(?s)cannot be estimated.*{sentence}") as refusal:
        fit_mixed_model(spoil(cohort()), replace(MixedModel("jump", ["time"]), **arguments))
    assert refusal.value.sentences


def test_calibration_undoes_what_measurement_error_takes():
    fits = [
        fit_regression_calibration(
            cohort(seed, athletes=60, error=0.3),
            SPLIT,
            measured="alignment",
            error_variance="alignment_error",
            confirm=False,
        )
        for seed in range(40)
    ]
    naive = np.array([fit.naive.result.estimates["estimate"]["alignment_within"] for fit in fits])
    corrected = np.array([fit.result.estimates["estimate"]["alignment_within"] for fit in fits])
    errors = np.array([fit.result.estimates["standard_error"]["alignment_within"] for fit in fits])
    # 1 of 1.3 parts of the variance within athletes is true.
    assert np.mean([fit.reliability for fit in fits]) == pytest.approx(1.0 / 1.3, abs=0.02)
    assert naive.mean() == pytest.approx(-1.0 / 1.3, abs=0.05)
    assert abs(corrected.mean() + 1.0) < 3.0 * errors.mean() / np.sqrt(40)
    # The standard deviation of 40 estimates is known to a ninth.
    assert errors.mean() == pytest.approx(corrected.std(ddof=1), rel=0.33)
    low, high = fits[0].reliability_interval
    assert low < fits[0].reliability < high
    assert set(fits[0].result.estimates["se_method"]) == {"jackknife"}


def test_an_error_variance_that_is_itself_uncertain_widens_the_interval_as_the_derivative_says():
    table = cohort(athletes=60, error=0.3)
    fits = {
        shared: fit_regression_calibration(
            table, SPLIT, measured="alignment", error_variance="alignment_error", shared_error=shared, confirm=False
        )
        for shared in (0.0, 0.1)
    }
    more = fit_regression_calibration(
        table.assign(alignment_error=table["alignment_error"] + 1e-4),
        SPLIT,
        measured="alignment",
        error_variance="alignment_error",
        confirm=False,
    )
    estimate = {name: fit.result.estimates["estimate"]["alignment_within"] for name, fit in fits.items()}
    error = {name: fit.result.estimates["standard_error"]["alignment_within"] for name, fit in fits.items()}
    slope = (more.result.estimates["estimate"]["alignment_within"] - estimate[0.0]) / 1e-4
    assert estimate[0.1] == estimate[0.0]
    assert np.sqrt(error[0.1] ** 2 - error[0.0] ** 2) == pytest.approx(abs(slope) * 0.1, rel=1e-3)
    widths = [np.ptp(fit.reliability_interval) for fit in fits.values()]
    assert widths[1] > widths[0] > 0.0


def test_without_error_calibration_changes_nothing():
    table = cohort().assign(alignment_error=0.0)
    fit = fit_regression_calibration(table, SPLIT, measured="alignment", error_variance="alignment_error")
    assert fit.reliability == 1.0
    np.testing.assert_allclose(fit.result.estimates["estimate"], fit.naive.result.estimates["estimate"], rtol=1e-9)


@pytest.mark.parametrize(
    ("error", "fixed", "sentence"),
    [
        (5.0, SPLIT.fixed, "sessions vary little more than by error of measurement"),
        (-1.0, SPLIT.fixed, "alignment_error is negative in 360 rows"),
        (0.1, ["time"], "alignment_within is not among the terms time"),
        (0.1, ["time", "alignment_within", "time:alignment_within"], "products are not corrected"),
    ],
)
def test_error_that_cannot_be_corrected_is_refused(error, fixed, sentence):
    with pytest.raises(ModelRefusal, match=sentence):
        fit_regression_calibration(
            cohort().assign(alignment_error=error),
            MixedModel(outcome="jump", fixed=fixed),
            measured="alignment",
            error_variance="alignment_error",
        )
