from __future__ import annotations

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from legsci.kernels.models.risk_sets import count_wins, count_wins_at_risk, partial_likelihood, risk_sets


def intervals(seed, rows=60, *, strata=3, ties=True):
    """Intervals, events and covariates; tied times where `ties`, some rows never at risk at an event."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 12, rows).astype(float) if ties else 12.0 * rng.random(rows)
    stop = start + (rng.integers(1, 6, rows) if ties else rng.random(rows) * 5.0 + 0.01)
    return start, stop, rng.random(rows) < 0.4, rng.integers(0, strata, rows), rng.normal(size=(rows, 2))


def naive_residuals(start, stop, event, strata, covariates, coefficients, efron):
    """The twin that visits every event time and every row: log-likelihood, residuals, information and hazards."""
    weight = np.exp(covariates @ coefficients)
    value, residuals, hazards = 0.0, np.zeros_like(covariates), np.zeros(len(start))
    information = np.zeros((covariates.shape[1],) * 2)
    for stratum, time in {(strata[row], stop[row]) for row in np.flatnonzero(event)}:
        at_risk = np.flatnonzero((strata == stratum) & (start < time) & (stop >= time))
        ending = event[at_risk] & (stop[at_risk] == time)
        for step in range(ending.sum()):
            share = weight[at_risk] * (1.0 - (step / ending.sum() if efron else 0.0) * ending)
            value -= np.log(share.sum())
            share /= share.sum()
            deviation = covariates[at_risk] - share @ covariates[at_risk]
            residuals[at_risk] += (ending / ending.sum() - share)[:, None] * deviation
            information += (deviation * share[:, None]).T @ deviation
            hazards[at_risk] += share
        value += np.sum((covariates @ coefficients)[at_risk[ending]])
    return value, residuals, information, hazards


@pytest.mark.parametrize("efron", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("seed", "rows", "strata"), [(1, 60, 3), (2, 400, 1), (3, 400, 4), (4, 2, 1)])
def test_the_likelihood_is_that_of_every_event_and_row(seed, rows, strata, ties, efron):
    start, stop, event, stratum, covariates = intervals(seed, rows, strata=strata, ties=ties)
    event[0] = True
    beta = np.array([0.7, -1.2])
    sets = risk_sets(start, stop, event, stratum)
    found = partial_likelihood(sets, covariates, beta, efron)
    for mine, naive in zip(found, naive_residuals(start, stop, event, stratum, covariates, beta, efron), strict=True):
        np.testing.assert_allclose(mine, naive, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_score_and_information_are_those_of_statsmodels(ties):
    start, stop, event, stratum, covariates = intervals(5, 300, strata=2)
    beta = np.array([0.2, 0.1])
    value, residuals, information, _ = partial_likelihood(
        risk_sets(start, stop, event, stratum), covariates, beta, ties == "efron"
    )
    # PHReg closes the risk sets at entry.
    model = PHReg(stop, covariates, status=event.astype(float), entry=start + 0.5, strata=stratum, ties=ties)
    assert value == pytest.approx(model.loglike(beta), rel=1e-12)
    np.testing.assert_allclose(residuals.sum(axis=0), model.score(beta), rtol=1e-10)
    np.testing.assert_allclose(information, -model.hessian(beta), rtol=1e-10)


def test_sums_leave_no_trace_of_rows_that_left():
    """A row with a weight of e^30 is at risk first; the residuals of later rows do not suffer from it."""
    rng = np.random.default_rng(6)
    start = np.concatenate([[0.0], np.arange(1.0, 200.0)])
    stop = np.concatenate([[1.0], start[1:] + rng.integers(1, 4, 199)])
    event, covariates = np.ones(200, bool), np.concatenate([[[30.0]], rng.normal(size=(199, 1))])
    stratum = np.zeros(200, np.int64)
    found = partial_likelihood(risk_sets(start, stop, event, stratum), covariates, np.ones(1), False)
    naive = naive_residuals(start, stop, event, stratum, covariates, np.ones(1), False)
    np.testing.assert_allclose(found[1][10:], naive[1][10:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_wins_are_those_of_every_event_with_every_row(seed):
    start, stop, event, stratum, covariates = intervals(seed, 150)
    rng = np.random.default_rng(seed)
    predictor, athlete, hours = covariates[:, 0].round(1), rng.permutation(np.arange(150) % 9), rng.random(150)
    sets = risk_sets(start, stop, event, stratum)
    for found, compared, weight in (
        (count_wins(np.argsort(predictor), event, predictor, athlete, hours), lambda row: ~event, hours),
        (
            count_wins_at_risk(sets, event, predictor, athlete, 9),
            lambda row: (
                (start < stop[row]) & (stop >= stop[row]) & (stratum == stratum[row])
                & ~(event & (stop == stop[row]))
            ),
            np.ones(150),
        ),
    ):  # fmt: skip
        wins, pairs = np.zeros((9, 9)), np.zeros((9, 9))
        for row in np.flatnonzero(event):
            others = np.flatnonzero(compared(row))
            won = (predictor[row] > predictor[others]) + 0.5 * (predictor[row] == predictor[others])
            np.add.at(wins[athlete[row]], athlete[others], won * weight[others])
            np.add.at(pairs[athlete[row]], athlete[others], weight[others])
        np.testing.assert_allclose(found[0], wins, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found[1], pairs, rtol=1e-12, atol=1e-12)
        assert 0.0 < wins.sum() < pairs.sum()


def test_a_missing_predictor_wins_nothing():
    start, stop, event = np.zeros(3), np.array([1.0, 2.0, 3.0]), np.array([True, False, False])
    sets = risk_sets(start, stop, event, np.zeros(3, np.int64))
    wins, pairs = count_wins_at_risk(sets, event, np.array([1.0, np.nan, 0.0]), np.arange(3), 3)
    assert wins.sum() == 1.0
    assert pairs.sum() == 2.0
