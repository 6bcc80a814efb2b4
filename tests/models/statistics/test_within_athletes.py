"""Effects within athletes by a slow twin with an indicator for each athlete, and SIMEX on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.result import ModelRefusal
from legsci.models.statistics.measurement_error import fit_regression_calibration
from legsci.models.statistics.mixed import MixedModel
from legsci.models.statistics.simex import extrapolate_error
from legsci.models.statistics.within_athletes import AthleteRows, shifted_effects, within_effects


def visits(seed: int, *, athletes: int = 12, each: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two columns, outcome and athlete of each row: y = 2 x - z + athlete + noise."""
    rng = np.random.default_rng(seed)
    athlete = np.repeat(np.arange(athletes), each)
    columns = rng.normal(size=(len(athlete), 2)) + rng.normal(size=(athletes, 2))[athlete]
    outcome = columns @ [2.0, -1.0] + 5.0 * rng.normal(size=athletes)[athlete] + rng.normal(size=len(athlete))
    return columns, outcome, athlete


def with_indicators(columns: np.ndarray, outcome: np.ndarray, athlete: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least squares with an indicator for each athlete."""
    design = np.hstack([columns, athlete[:, None] == np.unique(athlete)])
    root = np.sqrt(weights)
    return np.linalg.lstsq(design * root[:, None], outcome * root, rcond=None)[0][: columns.shape[1]]


def test_effects_are_those_of_indicators_and_errors_those_of_leaving_athletes_out() -> None:
    columns, outcome, athlete = visits(1)
    weights = np.random.default_rng(2).uniform(0.5, 3.0, len(outcome))
    found = within_effects(AthleteRows(columns, athlete), outcome, weights=weights)
    whole = with_indicators(columns, outcome, athlete, weights)
    np.testing.assert_allclose(found.coefficients, whole, rtol=1e-10)
    left = [
        with_indicators(columns[rest], outcome[rest], athlete[rest], weights[rest])
        for rest in (athlete != one for one in range(12))
    ]
    apart = np.array(left) - whole
    np.testing.assert_allclose(found.covariance, 11.0 / 12.0 * apart.T @ apart, rtol=1e-8)
    assert found.df == 11.0


def test_error_of_measurement_does_not_attenuate_weighted_effects() -> None:
    """40 data sets of 60 athletes: without correction the effect is 1.4 of 2, with it 2."""
    plain, freed = [], []
    for seed in range(40):
        columns, outcome, athlete = visits(seed, athletes=60)
        rng = np.random.default_rng(1000 + seed)
        weights = rng.uniform(0.5, 2.0, len(outcome))
        noisy = columns + np.column_stack([rng.normal(0.0, 0.65, len(outcome)), np.zeros(len(outcome))])
        plain.append(within_effects(AthleteRows(noisy, athlete), outcome, weights=weights).coefficients[0])
        rows = AthleteRows(noisy, athlete, np.full(60, 0.65**2), 0)
        freed.append(within_effects(rows, outcome, weights=weights).coefficients[0])
    assert np.mean(plain) == pytest.approx(2.0 / (1.0 + 0.65**2), abs=0.05)
    assert np.mean(freed) == pytest.approx(2.0, abs=4.0 * np.std(freed) / np.sqrt(40))


def test_missed_visits_lie_beside_their_prediction() -> None:
    columns, outcome, athlete = visits(3)
    took_place = np.random.default_rng(4).random(len(outcome)) < 0.7
    every = AthleteRows(columns, athlete)
    own = with_indicators(columns[took_place], outcome[took_place], athlete[took_place], np.ones(took_place.sum()))
    # The slow twin: fill in what is predicted of the athlete at x, 3 lower, and fit all rows.
    level = np.array([(outcome - columns @ own)[took_place & (athlete == one)].mean() for one in range(12)])
    filled = np.where(took_place, outcome, level[athlete] + columns @ own - 3.0)
    expected = with_indicators(columns, filled, athlete, np.ones(len(outcome)))
    blank = np.where(took_place, outcome, np.nan)
    found = shifted_effects(every, blank, took_place=took_place, shift=-3.0)
    np.testing.assert_allclose(found.coefficients, expected, rtol=1e-9)
    same = shifted_effects(every, blank, took_place=took_place, shift=0.0)
    alone = within_effects(AthleteRows(columns[took_place], athlete[took_place]), outcome[took_place])
    np.testing.assert_allclose(same.coefficients, alone.coefficients, rtol=1e-10)
    np.testing.assert_allclose(same.covariance, alone.covariance, rtol=1e-8)


def test_columns_that_cannot_be_told_apart_are_refused() -> None:
    columns, outcome, athlete = visits(5)
    with pytest.raises(ModelRefusal, match="collinear within athletes"):
        within_effects(AthleteRows(columns[:, [0, 0]], athlete), outcome)
    with pytest.raises(ModelRefusal, match="measurement error alone"):
        within_effects(AthleteRows(columns, athlete, np.full(12, 4.0), 0), outcome)


def jumpers(seed: int, *, athletes: int = 60, error: float = 1.0) -> pd.DataFrame:
    """Sessions in which a degree of alignment costs 1; alignment is measured with a known error."""
    rng = np.random.default_rng(seed)
    athlete = np.repeat(np.arange(athletes), 8)
    alignment = rng.normal(0.0, 4.0, athletes)[athlete] + rng.normal(0.0, 2.0, len(athlete))
    height = 9.0 * rng.normal(size=athletes)[athlete] - alignment + rng.normal(0.0, 1.5, len(athlete))
    measured = alignment + rng.normal(0.0, error, len(athlete))
    names = np.char.add("p", athlete.astype(str))
    return pd.DataFrame({"participant_id": names, "height": height, "x": measured, "x_error": error**2})


def test_simex_agrees_with_regression_calibration_and_the_truth() -> None:
    """Reliability 0.8: the uncorrected effect is -0.8; a parabola leaves little of that at this reliability."""
    model = MixedModel("height", ["x_within", "x_between"])
    table = jumpers(1, athletes=150)
    found = extrapolate_error(table, model, term="x_within", measured="x", error_variance="x_error", replicates=12)
    calibrated = fit_regression_calibration(table, model, measured="x", error_variance="x_error", confirm=False)
    row = calibrated.result.estimates.loc["x_within"]
    assert found.estimates[0] == pytest.approx(-0.8, abs=0.05)
    assert (np.diff(found.estimates) > 0.0).all()
    assert found.estimate == pytest.approx(row["estimate"], abs=0.06)
    assert found.estimate == pytest.approx(-1.0, abs=0.1)
    assert found.standard_error == pytest.approx(row["standard_error"], rel=0.4)


def test_the_reliability_that_is_stated_is_the_one_that_is_applied() -> None:
    table = jumpers(2)
    model = MixedModel("height", ["x_within", "x_between"])
    fit = fit_regression_calibration(table, model, measured="x", error_variance="x_error", confirm=False)
    naive, corrected = (each.estimates.loc["x_within", "estimate"] for each in (fit.naive.result, fit.result))
    assert naive / corrected == pytest.approx(fit.reliability, rel=1e-6)
    assert f"{fit.reliability:.2f}" in fit.result.notes[-1]
