"""Linear mixed models with one grouping, fitted by profiled likelihood on sums of products per cluster.

`mixed_model_deviance` states the model. Here the columns are scaled before their products are summed, the search is
restarted where it stands on a false optimum, and the answer is turned back to the units of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from legsci.kernels.models.mixed_model_deviance import (
    SMALLEST_PIVOT,
    deviance,
    minimise_deviance,
    sum_products,
)

Array = NDArray[np.float64]

#: Residual variance, as a share of what X alone leaves, below which the random effects explain everything; their
#: variance relative to it then grows without end.
SMALLEST_RESIDUAL = 1e-9
#: Clusters from which resamples are searched with the curvature of the whole sample, in half the time. With fewer, a
#: resample may have several optima, and the long first step may lead to another than short ones do.
MANY_CLUSTERS = 100


@dataclass(frozen=True)
class ClusterProducts:
    """Sums of products per cluster, of columns that were scaled so that the search is well conditioned.

    Parameters
    ----------
    products : (cluster, column, column) of the scaled [Z X y].
    rows : (cluster,) number of rows.
    random_scale : (random, random) T with scaled Z = Z T.
    fixed_scale : (fixed, fixed) T with scaled X = X T.
    outcome_scale : s with scaled y = (y - X centre) / s [unit of y].
    centre : (fixed,) least-squares coefficients [unit of y per unit of X].
    correlated : whether the random effects of a cluster may be correlated.
    """

    products: Array
    rows: Array
    random_scale: Array
    fixed_scale: Array
    outcome_scale: float
    centre: Array
    correlated: bool


@dataclass(frozen=True)
class ProfiledFit:
    """Optimum of the profiled likelihood, in the units of the data unless it says scaled.

    Parameters
    ----------
    coefficients : (fixed,) beta.
    coefficient_covariance : (fixed, fixed) sigma^2 (sum of X'V^-1 X)^-1.
    random_covariance : (random, random) sigma^2 L L'.
    residual_variance : sigma^2.
    log_likelihood : restricted or full, with all constants.
    factor : (random, random) L, scaled.
    largest_gradient : largest absolute element of the gradient of the deviance by L, scaled.
    smallest_ascent : least change of the deviance per variance that is added in any direction, scaled; negative where
        the point is no optimum although its gradient is zero.
    converged : both are what an optimum asks for.
    curvature_inverse : (random x random, random x random) approximate inverse of the Hessian of the deviance by L, row
        by row, with which the search ended.
    """

    coefficients: Array
    coefficient_covariance: Array
    random_covariance: Array
    residual_variance: float
    log_likelihood: float
    factor: Array
    largest_gradient: float
    smallest_ascent: float
    converged: bool
    curvature_inverse: Array


def cluster_products(
    outcome: Array, fixed: Array, random: Array, cluster: NDArray[np.int64], *, correlated: bool = True
) -> ClusterProducts:
    """Scale the columns and sum their products per cluster.

    X becomes orthonormal (QR), y the scaled residual of least squares. Z becomes orthonormal where random effects may
    be correlated; else each column has mean square 1, since a rotation would correlate what is meant independent.

    Parameters
    ----------
    outcome : (row,) y.
    fixed : (row, fixed) X.
    random : (row, random) Z.
    cluster : (row,) number of the row's cluster; all of 0 ... G - 1 occur.
    correlated : whether the random effects of a cluster may be correlated.

    Raises
    ------
    numpy.linalg.LinAlgError
        A column of X or Z is a combination of the others, or X explains y without residual.
    """
    rows = len(outcome)
    fixed_scaled, fixed_scale = _orthonormal(fixed)
    if correlated:
        # Any scale serves Z, since only the search depends on it; that from Z'Z is quick to make.
        random_scale = np.linalg.inv(np.linalg.cholesky(random.T @ random / rows)).T
    else:
        random_scale = np.diag(1.0 / np.sqrt(np.mean(random**2, axis=0)))
    scaled_coefficients = fixed_scaled.T @ outcome / rows
    residual = outcome - fixed_scaled @ scaled_coefficients
    outcome_scale = float(np.sqrt(np.mean(residual**2)))
    if not outcome_scale > 1e-12 * np.sqrt(np.mean(np.square(outcome))):
        raise np.linalg.LinAlgError("the columns of X explain the outcome without residual")
    columns = np.column_stack([random @ random_scale, fixed_scaled, residual / outcome_scale])
    counts = np.bincount(cluster).astype(float)
    products = sum_products(columns, cluster, len(counts))
    centre = fixed_scale @ scaled_coefficients
    return ClusterProducts(products, counts, random_scale, fixed_scale, outcome_scale, centre, correlated)


def _orthonormal(columns: Array) -> tuple[Array, Array]:
    """Return columns with unit mean square and no correlation, and the matrix that makes them."""
    squares = columns.T @ columns
    sizes = np.sqrt(np.diag(squares))
    if np.all(sizes > 0.0) and np.array_equal(squares, np.diag(np.diag(squares))):
        # Columns without common rows, as of occasions, are orthogonal as they are.
        orthogonal, triangle = columns / sizes, np.diag(sizes)
    else:
        orthogonal, triangle = np.linalg.qr(columns)
    pivots = np.abs(np.diag(triangle))
    if not np.all(pivots > SMALLEST_PIVOT * sizes):
        raise np.linalg.LinAlgError("a column is a combination of the others")
    root = np.sqrt(len(columns))
    return orthogonal * root, np.linalg.inv(triangle) * root


def _ascent(derivative: Array, correlated: bool) -> tuple[float, Array]:
    """Return the least change of the deviance per added variance, and the direction in which it is added."""
    if correlated:
        slopes, directions = np.linalg.eigh(derivative)
        return float(slopes[0]), directions[:, 0]
    least = int(np.argmin(np.diag(derivative)))
    return float(derivative[least, least]), np.eye(len(derivative))[least]


def _with_variance(factor: Array, direction: Array, variance: float, correlated: bool) -> Array:
    """Return the factor of L L' + variance x direction direction'."""
    columns = np.column_stack([factor, np.sqrt(variance) * direction])
    if not correlated:
        return np.diag(np.sqrt(np.sum(columns**2, axis=1)))
    return np.ascontiguousarray(np.linalg.qr(columns.T)[1].T)


def fit_profiled(
    data: ClusterProducts,
    *,
    weights: Array | None = None,
    reml: bool = True,
    start: ProfiledFit | Array | None = None,
) -> ProfiledFit:
    """Maximise the likelihood over L, restarting where a variance is zero that should not be.

    A column of zeros in L has a gradient of zero whether or not the data want variance there. The derivative D by the
    covariance itself tells: at an optimum no direction v has v'D v < 0. Where one has, variance is added along it.

    Parameters
    ----------
    data : products per cluster.
    weights : (cluster,) how often each cluster counts, each count as a cluster of its own; None: once.
    reml : restricted instead of full likelihood.
    start : another fit to the same products, or (random, random) L, scaled; None: identity, random and residual
        variance alike. From MANY_CLUSTERS on, the search begins with the curvature of that fit too.

    Raises
    ------
    numpy.linalg.LinAlgError
        X'V^-1 X is singular under these weights, or the random effects explain y without residual.
    """
    size = len(data.random_scale)
    weights = np.ones(len(data.rows)) if weights is None else np.asarray(weights, float)
    rows = float(weights @ data.rows)
    curvature, first = np.empty((0, 0)), start
    if isinstance(start, ProfiledFit):
        curvature, first = start.curvature_inverse if len(data.rows) >= MANY_CLUSTERS else curvature, start.factor
    factor = np.eye(size) if first is None else np.ascontiguousarray(first, float)
    tolerance = 1e-6 * max(1.0, float(weights.sum()))
    for _ in range(2 * size + 1):
        factor, value, largest, curvature = minimise_deviance(
            data.products, weights, rows, factor, curvature, not data.correlated, reml
        )
        if np.isnan(value):
            raise np.linalg.LinAlgError("the terms cannot be told apart in these rows")
        answer = deviance(data.products, weights, rows, factor, reml)
        least, direction = _ascent(answer[1], data.correlated)
        if least > -tolerance:
            break
        for variance in 10.0 ** np.arange(0.0, -9.0, -1.0):
            trial = _with_variance(factor, direction, variance, data.correlated)
            if deviance(data.products, weights, rows, trial, reml)[0] < value:
                factor, curvature = trial, np.empty((0, 0))
                break
    # The gradient's rounding grows with the number of rows that are summed.
    converged = bool(largest < 1e-4 + 1e-9 * rows and least > -tolerance)
    value, _, coefficients, inverse, variance = answer
    if variance < SMALLEST_RESIDUAL:
        raise np.linalg.LinAlgError("levels and slopes of each cluster explain the outcome without residual")
    residual_variance = variance * data.outcome_scale**2
    spread = data.random_scale @ factor
    return ProfiledFit(
        coefficients=data.centre + data.fixed_scale @ coefficients * data.outcome_scale,
        coefficient_covariance=data.fixed_scale @ inverse @ data.fixed_scale.T * residual_variance,
        random_covariance=spread @ spread.T * residual_variance,
        residual_variance=residual_variance,
        log_likelihood=-0.5 * value - log_scale(data, rows, reml=reml),
        factor=factor,
        largest_gradient=float(largest),
        smallest_ascent=least,
        converged=converged,
        curvature_inverse=curvature,
    )


def log_scale(data: ClusterProducts, rows: float, *, reml: bool) -> float:
    """Return what the scaling of y and X takes from the log-likelihood, for a weighted number of rows."""
    fixed = len(data.fixed_scale)
    if not reml:
        return float(rows * np.log(data.outcome_scale))
    return float((rows - fixed) * np.log(data.outcome_scale) - np.linalg.slogdet(data.fixed_scale)[1])


@dataclass(frozen=True)
class MarginalProducts:
    """Products per cluster in the metric of the fitted covariance, V = I + Z P Z' with P in units of sigma^2.

    Parameters
    ----------
    random_random, random_fixed, fixed_fixed : Z'V^-1 Z, Z'V^-1 X, X'V^-1 X; (cluster, columns, columns) in their units.
    random_residual, fixed_residual : Z'V^-1 r, X'V^-1 r with r = y - X beta; (cluster, columns).
    """

    random_random: Array
    random_fixed: Array
    fixed_fixed: Array
    random_residual: Array
    fixed_residual: Array


def marginal_products(data: ClusterProducts, fit: ProfiledFit, *, factor: Array | None = None) -> MarginalProducts:
    """Return the products from which predictions, robust standard errors and attenuation are made.

    Parameters
    ----------
    data : products per cluster.
    fit : the fitted model.
    factor : another scaled L in place of the fitted one.
    """
    factor = fit.factor if factor is None else factor
    size, width = len(factor), data.products.shape[1]
    halves = np.einsum("ki,gkj->gij", factor, data.products[:, :size])
    inner = np.eye(size) + halves[:, :, :size] @ factor
    inverse = data.products - halves.transpose(0, 2, 1) @ np.linalg.solve(inner, halves)
    # Columns of the data from the scaled ones: Z and X by the inverse scale, r = s (scaled y) - X (beta - centre).
    back = np.zeros((width, width))
    back[:size, :size] = np.linalg.inv(data.random_scale)
    back[size:-1, size:-1] = np.linalg.inv(data.fixed_scale)
    back[size:-1, -1] = -back[size:-1, size:-1] @ (fit.coefficients - data.centre)
    back[-1, -1] = data.outcome_scale
    products = back.T @ inverse @ back
    random, fixed = slice(0, size), slice(size, width - 1)
    return MarginalProducts(
        random_random=products[:, random, random],
        random_fixed=products[:, random, fixed],
        fixed_fixed=products[:, fixed, fixed],
        random_residual=products[:, random, -1],
        fixed_residual=products[:, fixed, -1],
    )
