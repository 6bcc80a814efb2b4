"""Mixed models whose only random effect is the intercept, for many weights of the same clusters.

With V_g = I + t 1 1', V_g^-1 = I - t / (1 + n t) 1 1' depends on a cluster by its number of rows n alone. Clusters of
one size therefore enter the likelihood together, by sums of their products, and t is the only parameter that is
searched: the work of a resample does not grow with the number of clusters. Balanced data have one size; the estimates
are then those of the analysis of variance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from legsci.kernels.models.mixed_model import SMALLEST_RESIDUAL, ClusterProducts
from legsci.kernels.models.mixed_model_deviance import SMALLEST_PIVOT, cholesky, inverse_of_factor

Array = NDArray[np.float64]

#: The search ends at a step below this share of t.
SMALLEST_STEP = 1e-10
#: Relative variances of the intercept below this are zero.
SMALLEST_VARIANCE = 1e-12
MOST_STEPS = 200
#: Factor by which the search first moves to find an interval around the optimum; it is squared with each step.
FIRST_STRIDE = 1.3
#: Numbers of the sums of one block of resamples that are held in memory together.
LARGEST_BLOCK = 4e6


@njit(cache=True)
def profiled_deviance(
    total: Array, between: Array, sizes: Array, clusters: Array, variance: float, work: Array
) -> tuple[float, float, float]:
    """Minus twice the profiled restricted log-likelihood of a random intercept, up to a constant.

    With A = sum [X y]'V^-1 [X y] = T - sum_n t / (1 + n t) S_n over the sizes n, m = rows - columns of X, r'V^-1 r from
    A: value = sum_n c_n log(1 + n t) + m log(r'V^-1 r) + log det X'V^-1 X. Its derivative by t takes
    dA / dt = -sum_n S_n / (1 + n t)^2.

    Parameters
    ----------
    total : (column, column) T, weighted sum of the products of the columns [X y].
    between : (size, column, column) S_n, weighted sum of the products of the clusters' sums of [X y], by size.
    sizes : (size,) rows n of a cluster.
    clusters : (size,) weighted number c_n of clusters.
    variance : t, variance of the intercept relative to that of the residuals, at least 0.
    work : (2, column, column) is overwritten; work[0] holds the Cholesky factor of A.

    Returns
    -------
    value : NaN where X'V^-1 X is singular or y is explained without residual.
    derivative : by t.
    squares : r'V^-1 r.
    """
    width = total.shape[0]
    fixed = width - 1
    factor, change = work[0], work[1]
    factor[:], change[:] = total, 0.0
    value, derivative, rows = 0.0, 0.0, 0.0
    for n in range(len(sizes)):
        inner = 1.0 + sizes[n] * variance
        value += clusters[n] * np.log(inner)
        derivative += clusters[n] * sizes[n] / inner
        rows += clusters[n] * sizes[n]
        for i in range(width):
            for j in range(i + 1):
                factor[i, j] -= variance / inner * between[n, i, j]
                change[i, j] -= between[n, i, j] / inner**2
    log_determinant = cholesky(factor[:fixed, :fixed], SMALLEST_PIVOT)
    squares = factor[fixed, fixed]
    if np.isnan(log_determinant):
        return np.nan, np.nan, np.nan
    for i in range(fixed):
        solved = factor[fixed, i]
        for k in range(i):
            solved -= factor[fixed, k] * factor[i, k]
        factor[fixed, i] = solved / factor[i, i]
        squares -= factor[fixed, i] ** 2
    if not squares > 0.0:
        return np.nan, np.nan, squares
    # change becomes K^-1 change K^-T with K K' = X'V^-1 X in the columns of X; its trace is d log det X'V^-1 X / dt.
    freedom = rows - fixed
    traced, squared = _traces(factor, change, fixed)
    value += freedom * np.log(squares) + log_determinant
    derivative += freedom * squared / squares + traced
    return value, derivative, squares


@njit(cache=True)
def _traces(factor: Array, change: Array, fixed: int) -> tuple[float, float]:
    """Return tr (X'V^-1 X)^-1 d(X'V^-1 X) and d(r'V^-1 r), from the Cholesky factor and dA (lower triangles)."""
    coefficients = np.empty(fixed)
    for i in range(fixed - 1, -1, -1):
        value = factor[fixed, i]
        for k in range(i + 1, fixed):
            value -= factor[k, i] * coefficients[k]
        coefficients[i] = value / factor[i, i]
    squared = change[fixed, fixed]
    for i in range(fixed):
        squared += coefficients[i] * (change[i, i] * coefficients[i] - 2.0 * change[fixed, i])
        for j in range(i):
            squared += 2.0 * coefficients[i] * coefficients[j] * change[i, j]
    # With K^-1: tr = sum over i, j of (K^-T K^-1)[i, j] change[i, j].
    traced, half = 0.0, inverse_of_factor(factor, fixed)
    for i in range(fixed):
        for j in range(i + 1):
            value = 0.0
            for k in range(i, fixed):
                value += half[k, i] * half[k, j]
            traced += value * change[i, j] * (1.0 if i == j else 2.0)
    return traced, squared


@njit(cache=True)
def minimise_intercept(total: Array, between: Array, sizes: Array, clusters: Array, start: float) -> float:
    """Find the variance of the intercept at which the deviance is least, downhill from a start.

    Parameters
    ----------
    total, between, sizes, clusters : see `profiled_deviance`.
    start : variance from which the search goes downhill.

    Returns
    -------
    variance relative to that of the residuals; 0 on the boundary; NaN where X'V^-1 X is singular.
    """
    work = np.empty((2, total.shape[0], total.shape[0]))
    low = high = max(start, SMALLEST_VARIANCE)
    slope = profiled_deviance(total, between, sizes, clusters, low, work)[1]
    if np.isnan(slope):
        return np.nan
    # Bracket: the derivative is negative at low, positive at high.
    low_slope = high_slope = slope
    stride = FIRST_STRIDE
    while low_slope > 0.0 and low > 0.0:
        high, high_slope = low, low_slope
        low = low / stride if low > SMALLEST_VARIANCE else 0.0
        stride *= stride
        low_slope = profiled_deviance(total, between, sizes, clusters, low, work)[1]
    if low == 0.0 and low_slope >= 0.0:
        return 0.0
    while high_slope < 0.0:
        low, low_slope = high, high_slope
        high *= stride
        stride *= stride
        high_slope = profiled_deviance(total, between, sizes, clusters, high, work)[1]
        if np.isnan(high_slope):
            return np.nan
    # False position, with the slope of an end that stays halved (Illinois; Dowell & Jarratt 1971, BIT 11:168-174).
    side, middle = 0, high
    for _ in range(MOST_STEPS):
        last, middle = middle, (low * high_slope - high * low_slope) / (high_slope - low_slope)
        slope = profiled_deviance(total, between, sizes, clusters, middle, work)[1]
        if slope == 0.0 or abs(middle - last) <= SMALLEST_STEP * middle:
            break
        if slope < 0.0:
            low, low_slope = middle, slope
            high_slope = high_slope / 2.0 if side < 0 else high_slope
            side = -1
        else:
            high, high_slope = middle, slope
            low_slope = low_slope / 2.0 if side > 0 else low_slope
            side = 1
    return middle


@njit(cache=True)
def minimise_intercepts(total: Array, between: Array, sizes: Array, clusters: Array, start: float) -> Array:
    """Find `minimise_intercept` of each resample.

    Parameters
    ----------
    total, between, sizes, clusters : see `profiled_deviance`, resamples along the first axis but for sizes.
    start : variance from which each search goes downhill.
    """
    found = np.empty(total.shape[0])
    for number in range(total.shape[0]):
        found[number] = minimise_intercept(total[number], between[number], sizes, clusters[number], start)
    return found


class InterceptFits(NamedTuple):
    """Optima of the restricted likelihood, one per resample; NaN where a resample is not estimable.

    Parameters
    ----------
    coefficients : (resample, fixed) beta.
    coefficient_covariance : (resample, fixed, fixed).
    intercept_variance, residual_variance : (resample,).
    """

    coefficients: Array
    coefficient_covariance: Array
    intercept_variance: Array
    residual_variance: Array


def fit_random_intercepts(data: ClusterProducts, weights: Array, *, start: float) -> InterceptFits:
    """Fit the random intercept by REML to each resample of the clusters.

    Parameters
    ----------
    data : products per cluster of a model whose only random effect is the intercept.
    weights : (resample, cluster) how often each cluster counts, each count as a cluster of its own.
    start : variance of the intercept relative to that of the residuals from which the search goes downhill.
    """
    width = data.products.shape[1] - 1
    sums, products = data.products[:, 0, 1:], data.products[:, 1:, 1:].reshape(-1, width**2)
    squares = (sums[:, :, None] * sums[:, None, :]).reshape(-1, width**2)
    sizes = np.unique(data.rows)
    per_block = max(1, int(LARGEST_BLOCK / (len(sizes) * width**2)))
    parts = []
    for first in range(0, len(weights), per_block):
        drawn = weights[first : first + per_block]
        groups = [data.rows == size for size in sizes]
        between = np.stack([drawn[:, group] @ squares[group] for group in groups], axis=1)
        clusters = np.stack([drawn[:, group].sum(axis=1) for group in groups], axis=1)
        total = (drawn @ products).reshape(-1, width, width)
        between = between.reshape(len(drawn), len(sizes), width, width)
        parts.append(_fit_block(data, (total, between, sizes, clusters), start))
    return InterceptFits(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _fit_block(data: ClusterProducts, sums: tuple[Array, Array, Array, Array], start: float) -> InterceptFits:
    """Fit a block of resamples, from T, S, sizes and clusters of `profiled_deviance`, with the resample before."""
    total, between, sizes, clusters = sums
    found = minimise_intercepts(total, between, sizes, clusters, start)
    shrunk = found[:, None] / (1.0 + sizes * found[:, None])
    whole = np.where(
        np.isnan(found)[:, None, None], np.eye(total.shape[1]), total - np.einsum("rn,rnij->rij", shrunk, between)
    )
    inverse = np.linalg.inv(whole[:, :-1, :-1])
    coefficients = np.einsum("rij,rj->ri", inverse, whole[:, :-1, -1])
    squares = whole[:, -1, -1] - np.einsum("ri,ri->r", coefficients, whole[:, :-1, -1])
    relative = squares / (clusters @ sizes - (total.shape[1] - 1.0))
    # As in `fit_profiled`: below this the random effects explain y without residual.
    lost = np.isnan(found) | ~(relative >= SMALLEST_RESIDUAL)
    residual = np.where(lost, np.nan, relative * data.outcome_scale**2)
    return InterceptFits(
        data.centre + coefficients @ data.fixed_scale.T * data.outcome_scale,
        data.fixed_scale @ inverse @ data.fixed_scale.T * residual[:, None, None],
        found * residual * data.random_scale[0, 0] ** 2,
        residual,
    )
