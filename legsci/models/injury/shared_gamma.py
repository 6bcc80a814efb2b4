"""Likelihood of counts with a gamma frailty shared by the rows of an athlete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from legsci.models.injury.fit import LARGEST_SCORE
from legsci.models.result import Array

#: A frailty variance below this is on the boundary: 0.
SMALLEST_FRAILTY_VARIANCE = 1e-8
#: A Poisson fit with an absolute log rate beyond this has diverged: complete separation.
LARGEST_LOG_RATE = 100.0
#: A refinement that moves further than this has left the maximum that the optimiser found.
LARGEST_STEP = 1e-3


@dataclass(frozen=True)
class SharedGamma:
    """Maximum-likelihood estimates.

    Parameters
    ----------
    coefficients : (term,) log rate per unit of the term.
    covariance : (term, term) inverse of the expected information at the estimated variance.
    variance : of the gamma frailty, whose mean is 1 [1]; 0 on the boundary, where counts are Poisson.
    log_likelihood : of the rows.
    converged : whether the score is 0 relative to its standard errors; the other fields are valid only then.
    """

    coefficients: Array
    covariance: Array
    variance: float
    log_likelihood: float
    converged: bool


def maximise_shared_gamma(
    events: Array, exposure: Array, fixed: Array, cluster: NDArray[np.int64], *, start: Array
) -> SharedGamma:
    """Maximise the likelihood of y_it ~ Poisson(u_i h_it exp(x_it beta)), u_i ~ gamma(mean 1, variance v).

    With k = 1 / v, Y_i and M_i the athlete's sums of y and of m_it = h_it exp(x_it beta), integrating u_i out gives
    ln L = sum_it (y ln m - ln y!) + sum_i (ln G(k + Y_i) - ln G(k) + k ln k - (k + Y_i) ln(k + M_i)).
    The expected information of beta is sum_it m x x' - sum_i s_i s_i' / (k + M_i) with s_i = sum_t m x.

    Parameters
    ----------
    events : (row,) counts y.
    exposure : (row,) h > 0 [h].
    fixed : (row, term) x, the intercept first.
    cluster : (row,) number of the athlete, 0 to G - 1, each with a row.
    start : (term,) the Poisson estimates, which are the maximum where v = 0.
    """
    totals = np.bincount(cluster, weights=events).astype(np.float64)
    scale = np.where(np.ptp(fixed, axis=0) > 0, fixed.std(axis=0), 1.0)
    scaled, offset = fixed / scale, np.log(exposure)

    def negative(parameters: Array) -> tuple[float, Array]:
        """Negative log likelihood and its gradient, which are minimised."""
        value, gradient = _log_likelihood(parameters, events, offset, scaled, cluster, totals)
        return -value, -gradient

    if np.abs(fixed @ start).max() > LARGEST_LOG_RATE:
        unknown = np.full((len(start), len(start)), np.nan)
        return SharedGamma(start, unknown, 0.0, float("-inf"), False)
    mean = exposure * np.exp(fixed @ start)
    expected = np.bincount(cluster, weights=mean)
    # Score of v at v = 0: where it is not positive, the maximum lies on the boundary, a Poisson model.
    if np.sum((totals - expected) ** 2 - totals) <= 0.0:
        poisson = float(np.sum(events * np.log(mean) - mean - special.gammaln(events + 1.0)))
        return SharedGamma(start, _covariance(fixed, mean, cluster, 0.0), 0.0, poisson, True)
    guess = np.concatenate([start * scale, [0.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        best = optimize.minimize(negative, guess, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
        # The line search stops where the likelihood is flat to rounding; the root of the gradient is more precise.
        polished = optimize.root(lambda parameters: negative(parameters)[1], best.x, tol=1e-12)
    found = polished.x if np.abs(polished.x - best.x).max() < LARGEST_STEP else best.x
    variance = float(np.exp(found[-1]))
    coefficients = found[:-1] / scale
    covariance = _covariance(fixed, exposure * np.exp(fixed @ coefficients), cluster, variance)
    value, gradient = negative(found)
    errors = np.sqrt(np.concatenate([np.diag(np.linalg.inv(covariance * np.outer(scale, scale))), [1.0]]))
    converged = bool((np.abs(gradient) / errors < LARGEST_SCORE).all()) and variance > SMALLEST_FRAILTY_VARIANCE
    return SharedGamma(coefficients, covariance, variance, -value, converged)


def _log_likelihood(
    parameters: Array, events: Array, offset: Array, fixed: Array, cluster: NDArray[np.int64], totals: Array
) -> tuple[float, Array]:
    """Return the log-likelihood and its gradient in (beta, ln v)."""
    predictor = offset + fixed @ parameters[:-1]
    shape = np.exp(-parameters[-1])
    mean = np.exp(predictor)
    expected = np.bincount(cluster, weights=mean)
    value = np.sum(events * predictor - special.gammaln(events + 1.0)) + np.sum(
        special.gammaln(shape + totals)
        - special.gammaln(shape)
        - totals * np.log(shape + expected)
        - shape * np.log1p(expected / shape)
    )
    frailty = (shape + totals) / (shape + expected)
    slope = fixed.T @ (events - mean * frailty[cluster])
    in_shape = np.sum(
        special.digamma(shape + totals)
        - special.digamma(shape)
        - np.log1p(expected / shape)
        + (expected - totals) / (shape + expected)
    )
    return float(value), np.concatenate([slope, [-shape * in_shape]])


def _covariance(fixed: Array, mean: Array, cluster: NDArray[np.int64], variance: float) -> Array:
    sums = np.zeros((int(cluster.max()) + 1, fixed.shape[1]))
    np.add.at(sums, cluster, mean[:, None] * fixed)
    # 1 / (k + M) = v / (1 + v M), which is 0 where v is.
    weight = variance / (1.0 + variance * np.bincount(cluster, weights=mean))
    information = (fixed * mean[:, None]).T @ fixed - (sums * weight[:, None]).T @ sums
    return np.asarray(np.linalg.inv(information), dtype=np.float64)
