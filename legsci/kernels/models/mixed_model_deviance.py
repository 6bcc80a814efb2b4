"""Deviance of a linear mixed model with one grouping, its derivative, and the descent to where it is least.

Model, for cluster g: y_g = X_g beta + Z_g b_g + e_g, with b_g ~ N(0, sigma^2 L L') and e_g ~ N(0, sigma^2 I); L is
lower triangular. With V_g = I + Z_g L L' Z_g', beta and sigma^2 have closed forms given L, so that only L is searched
(Bates et al. 2015, Journal of Statistical Software 67(1)). All that the likelihood needs of a cluster is the matrix of
products of [Z X y]; a cluster bootstrap therefore weights these matrices and never touches the rows again.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A pivot of X'V^-1 X below this share of its own size means that the column is a combination of those before it.
SMALLEST_PIVOT = 1e-10
#: The descent stops where no element of the gradient of the deviance exceeds this.
GRADIENT_TOLERANCE = 1e-7
MOST_ITERATIONS = 300
SMALLEST_STEP = 1e-10


@njit(cache=True)
def sum_products(columns: Array, cluster: NDArray[np.int64], clusters: int) -> Array:
    """Sum the products of all pairs of columns within each cluster.

    Parameters
    ----------
    columns : (row, column).
    cluster : (row,) number of the row's cluster, from 0.
    clusters : how many there are.

    Returns
    -------
    (cluster, column, column). A NaN stays within its cluster and the pairs of its column.
    """
    width = columns.shape[1]
    products = np.zeros((clusters, width, width))
    for row in range(columns.shape[0]):
        g = cluster[row]
        for i in range(width):
            value = columns[row, i]
            for j in range(i + 1):
                products[g, i, j] += value * columns[row, j]
    for g in range(clusters):
        for i in range(width):
            for j in range(i):
                products[g, j, i] = products[g, i, j]
    return products


@njit(cache=True)
def cholesky(matrix: Array, least: float) -> float:
    """Replace the lower triangle of a symmetric matrix by its Cholesky factor.

    Parameters
    ----------
    matrix : (n, n), changed in place; the upper triangle is not read.
    least : a pivot below this share of its diagonal element counts as zero.

    Returns
    -------
    logarithm of the determinant; NaN where the matrix is not positive definite.
    """
    log_determinant = 0.0
    for i in range(matrix.shape[0]):
        size = matrix[i, i]
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = total / matrix[j, j]
            elif total > least * size:
                matrix[i, i] = np.sqrt(total)
                log_determinant += np.log(total)
            else:
                return np.nan
    return log_determinant


@njit(cache=True)
def inverse_of_factor(factor: Array, size: int) -> Array:
    """Inverse (size, size) of the leading rows and columns of a Cholesky factor; only the lower triangle is read."""
    inverse = np.zeros((size, size))
    for column in range(size):
        for i in range(column, size):
            value = 1.0 if i == column else 0.0
            for k in range(column, i):
                value -= factor[i, k] * inverse[k, column]
            inverse[i, column] = value / factor[i, i]
    return inverse


@njit(cache=True)
def _project(product: Array, factor: Array, inner: Array, halves: Array) -> float:
    """Fill `halves` with K^-1 L'Z'[Z X y], where K K' = I + L'Z'Z L; return log det V, which is log det K K'."""
    random, width = halves.shape
    for i in range(random):
        for j in range(width):
            total = 0.0
            for k in range(i, random):
                total += factor[k, i] * product[k, j]
            halves[i, j] = total
    for i in range(random):
        for j in range(i + 1):
            total = 1.0 if i == j else 0.0
            for k in range(j, random):
                total += halves[i, k] * factor[k, j]
            inner[i, j] = total
    log_determinant = cholesky(inner, 0.0)
    for j in range(width):
        for i in range(random):
            total = halves[i, j]
            for k in range(i):
                total -= inner[i, k] * halves[k, j]
            halves[i, j] = total / inner[i, i]
    return log_determinant


@njit(cache=True)
def _solve(total: Array, inverse: Array, coefficients: Array) -> tuple[float, float]:
    """From [X y]'V^-1 [X y] fill in (X'V^-1 X)^-1 and beta; return log det X'V^-1 X and r'V^-1 r."""
    fixed = len(coefficients)
    log_determinant = cholesky(total[:fixed, :fixed], SMALLEST_PIVOT)
    if np.isnan(log_determinant):
        return log_determinant, np.nan
    half = inverse_of_factor(total, fixed)
    for i in range(fixed):
        for j in range(fixed):
            value = 0.0
            for k in range(max(i, j), fixed):
                value += half[k, i] * half[k, j]
            inverse[i, j] = value
    squares = total[fixed, fixed]
    for i in range(fixed):
        value = 0.0
        for j in range(fixed):
            value += inverse[i, j] * total[fixed, j]
        coefficients[i] = value
        squares -= value * total[fixed, i]
    return log_determinant, squares


@njit(cache=True)
def sum_clusters(products: Array, weights: Array, factor: Array, total: Array, between: Array) -> float:
    """Fill in the weighted sum of [X y]'V^-1 [X y], and Z'V^-1 [Z X y] of each cluster.

    Parameters
    ----------
    products, weights, factor : see `deviance`.
    total : (fixed + 1, fixed + 1) of zeros, whose lower triangle is filled in.
    between : (cluster, random, column) of zeros; they remain where the weight is 0.

    Returns
    -------
    weighted sum of log det V.
    """
    random, width = between.shape[1:]
    inner, halves, value = np.zeros((random, random)), np.empty((random, width)), 0.0
    for g in range(len(weights)):
        if weights[g] == 0.0:
            continue
        value += weights[g] * _project(products[g], factor, inner, halves)
        for j in range(width):
            for i in range(random):
                reduced = products[g, i, j]
                for k in range(random):
                    reduced -= halves[k, i] * halves[k, j]
                between[g, i, j] = reduced
            for i in range(j if j >= random else width, width):
                reduced = products[g, i, j]
                for k in range(random):
                    reduced -= halves[k, i] * halves[k, j]
                total[i - random, j - random] += weights[g] * reduced
    return value


@njit(cache=True)
def _differentiate(
    between: Array, weights: Array, coefficients: Array, inverse: Array, variance: float, reml: bool
) -> Array:
    """Sum Z'V^-1 Z - Z'V^-1 r r'V^-1 Z / sigma^2 [- Z'V^-1 X (X'V^-1 X)^-1 X'V^-1 Z] over the clusters."""
    random, width = between.shape[1:]
    fixed = len(coefficients)
    derivative, score, carried = np.zeros((random, random)), np.empty(random), np.zeros((random, fixed))
    for g in range(len(weights)):
        if weights[g] == 0.0:
            continue
        for i in range(random):
            score[i] = between[g, i, width - 1]
            for k in range(fixed):
                score[i] -= between[g, i, random + k] * coefficients[k]
                if reml:
                    carried[i, k] = 0.0
                    for m in range(fixed):
                        carried[i, k] += between[g, i, random + m] * inverse[m, k]
        for i in range(random):
            for j in range(random):
                change = between[g, i, j] - score[i] * score[j] / variance
                for k in range(fixed):
                    change -= carried[i, k] * between[g, j, random + k]
                derivative[i, j] += weights[g] * change
    return derivative


@njit(cache=True)
def deviance(
    products: Array, weights: Array, rows: float, factor: Array, reml: bool
) -> tuple[float, Array, Array, Array, float]:
    """Minus twice the profiled log-likelihood, with its derivative by the relative covariance of the random effects.

    deviance = sum log det V_g + m (1 + log(2 pi r'V^-1 r / m)) [+ log det X'V^-1 X], m = rows [- columns of X]; what
    stands in brackets is there for REML only. Its derivative by the matrix P = L L' is
    D = sum Z'V^-1 Z - Z'V^-1 r r'V^-1 Z / sigma^2 [- Z'V^-1 X (X'V^-1 X)^-1 X'V^-1 Z], that by L is 2 D L.

    Parameters
    ----------
    products : (cluster, column, column) of [Z X y].
    weights : (cluster,) how often each cluster counts.
    rows : weighted number of rows.
    factor : (random, random) L.
    reml : restricted instead of full likelihood.

    Returns
    -------
    deviance : NaN where X'V^-1 X is singular.
    derivative : (random, random) D.
    coefficients : (fixed,) beta.
    inverse : (fixed, fixed) (X'V^-1 X)^-1.
    residual_variance : sigma^2 = r'V^-1 r / m.
    """
    clusters, width, _ = products.shape
    random = factor.shape[0]
    fixed = width - random - 1
    total, between = np.zeros((fixed + 1, fixed + 1)), np.zeros((clusters, random, width))
    inverse, coefficients = np.zeros((fixed, fixed)), np.zeros(fixed)
    value = sum_clusters(products, weights, factor, total, between)
    log_determinant, squares = _solve(total, inverse, coefficients)
    freedom = rows - fixed if reml else rows
    variance = squares / freedom
    if np.isnan(log_determinant) or not variance > 0.0:
        return np.nan, np.zeros((random, random)), coefficients, inverse, variance
    value += freedom * (1.0 + np.log(2.0 * np.pi * variance))
    if reml:
        value += log_determinant
    return (
        value,
        _differentiate(between, weights, coefficients, inverse, variance, reml),
        coefficients,
        inverse,
        variance,
    )


@njit(cache=True)
def _gradient(derivative: Array, factor: Array, diagonal: bool, gradient: Array) -> float:
    """Fill in the gradient by the free elements of L, 2 D L, row by row; return its largest absolute element."""
    size, largest = len(factor), 0.0
    for i in range(size):
        for j in range(size):
            value = 0.0
            if j == i or (j < i and not diagonal):
                for k in range(size):
                    value += 2.0 * derivative[i, k] * factor[k, j]
            gradient[i * size + j] = value
            largest = max(largest, abs(value))
    return largest


@njit(cache=True)
def _update(curvature_inverse: Array, move: Array, change: Array, first: bool) -> None:
    """Bring the inverse of the Hessian in line with a step and the change of the gradient along it (BFGS)."""
    size, product, square = len(move), 0.0, 0.0
    for i in range(size):
        product += move[i] * change[i]
        square += change[i] * change[i]
    if not product > 0.0:
        return
    if first:
        curvature_inverse[:] = 0.0
        for i in range(size):
            curvature_inverse[i, i] = product / square
    along, bend = np.zeros(size), 0.0
    for i in range(size):
        for j in range(size):
            along[i] += curvature_inverse[i, j] * change[j]
        bend += along[i] * change[i]
    for i in range(size):
        for j in range(size):
            curvature_inverse[i, j] += (1.0 + bend / product) * move[i] * move[j] / product
            curvature_inverse[i, j] -= (along[i] * move[j] + move[i] * along[j]) / product


@njit(cache=True)
def minimise_deviance(
    products: Array, weights: Array, rows: float, start: Array, curvature: Array, diagonal: bool, reml: bool
) -> tuple[Array, float, float, Array]:
    """Search the L with the least deviance from a start, along BFGS directions with steps that are halved as needed.

    Parameters
    ----------
    products, weights, rows, reml : see `deviance`.
    start : (random, random) L.
    curvature : (random x random, random x random) inverse of the Hessian by L, row by row, to begin with; empty where
        it is unknown.
    diagonal : only the diagonal of L is free.

    Returns
    -------
    factor : (random, random) L.
    deviance : at L; NaN where the fixed effects cannot be told apart.
    largest_gradient : largest absolute element of the gradient at L.
    curvature : as it is now.
    """
    size, known = len(start), len(curvature) > 0
    factor, gradient = start.copy(), np.zeros(size * size)
    value, derivative, _, _, _ = deviance(products, weights, rows, factor, reml)
    largest = _gradient(derivative, factor, diagonal, gradient)
    trial, trial_gradient, move = factor.copy(), gradient.copy(), np.zeros(size * size)
    curvature_inverse = curvature.copy() if known else np.eye(size * size) / max(1.0, 2.0 * largest)
    for iteration in range(MOST_ITERATIONS):
        if np.isnan(value) or largest < GRADIENT_TOLERANCE:
            break
        step, found, trial_value = 1.0, False, value
        while step > SMALLEST_STEP and not found:
            slope = 0.0
            for i in range(size * size):
                move[i] = 0.0
                for j in range(size * size):
                    move[i] -= step * curvature_inverse[i, j] * gradient[j]
                trial[i // size, i % size] = factor[i // size, i % size] + move[i]
                slope += move[i] * gradient[i]
            trial_value, derivative, _, _, _ = deviance(products, weights, rows, trial, reml)
            # The rounding of the deviance itself may not stop a step that the gradient asks for.
            found = trial_value <= value + 1e-4 * slope + 1e-13 * abs(value)
            step *= 0.5
        if not found:
            break
        largest = _gradient(derivative, trial, diagonal, trial_gradient)
        _update(curvature_inverse, move, trial_gradient - gradient, iteration == 0 and not known)
        value = trial_value
        factor[:], gradient[:] = trial, trial_gradient
    return factor, value, largest, curvature_inverse
