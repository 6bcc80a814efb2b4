"""Lag between signals of two clocks: how much of one the other explains at each lag, and values between samples."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Part of the variation of a signal that has to have others beside it.
LEAST_BESIDE = 0.5
#: Part of the largest diagonal element that is added to the diagonal, so that followers that are alike can be solved.
_RIDGE = 1e-9


@njit(cache=True)
def unexplained_shares(reference: Array, followers: Array, lags: NDArray[np.int64]) -> tuple[Array, Array]:
    """Share of the variation of a signal that a weighted sum of others, so many samples earlier, does not explain.

    Parameters
    ----------
    reference : (time,) any unit; NaN where it is not compared.
    followers : (follower, time) at the same sampling rate; NaN where unknown.
    lags : (lag,) sample i of the reference is compared with sample i - lag of the followers.

    Returns
    -------
    of_all : (lag,) residual sum of squares of the regression on the followers and a constant, as a part of the sum of
        squares of the reference about its mean. What has no follower beside it is not explained. NaN of a reference
        without variation.
    beside : (lag,) the same as a part of the sum of squares of what has followers beside it; NaN where that is less
        than `LEAST_BESIDE` of the variation.
    """
    known = np.isfinite(reference)
    count = known.sum()
    mean = reference[known].mean() if count else 0.0
    centred = reference - mean
    total = (centred[known] ** 2).sum()
    of_all, beside = np.full(lags.size, np.nan), np.full(lags.size, np.nan)
    if not total > 0.0:
        return of_all, beside
    terms, length = followers.shape[0] + 1, followers.shape[1]
    row = np.ones(terms)
    for place in range(lags.size):
        square, product, inside = np.zeros((terms, terms)), np.zeros(terms), 0.0
        for i in range(max(0, lags[place]), min(reference.size, length + lags[place])):
            value = centred[i]
            if not np.isfinite(value):
                continue
            finite = True
            for k in range(terms - 1):
                row[k + 1] = followers[k, i - lags[place]]
                finite = finite and np.isfinite(row[k + 1])
            if not finite:
                continue
            inside += value * value
            for k in range(terms):
                product[k] += row[k] * value
                for m in range(k + 1):
                    square[k, m] += row[k] * row[m]
        of_all[place] = 1.0
        if inside > 0.0:
            explained = _explained(square, product)
            of_all[place] = (total - explained) / total
            constant = product[0] ** 2 / square[0, 0]
            if inside - constant > LEAST_BESIDE * total:
                beside[place] = (inside - explained) / (inside - constant)
    return of_all, beside


@njit(cache=True)
def _explained(square: Array, product: Array) -> float:
    """Sum of squares that a regression explains, from the lower triangle of its normal equations."""
    for k in range(product.size):
        for m in range(k):
            square[m, k] = square[k, m]
    scale = np.sqrt(np.diag(square))
    scale = np.where(scale > 0.0, scale, 1.0)
    scaled = square / np.outer(scale, scale) + _RIDGE * np.eye(product.size)
    return float(product / scale @ np.linalg.solve(scaled, product / scale))


@njit(cache=True)
def at_lag(followers: Array, lag: float, count: int) -> tuple[Array, Array]:
    """Values and slopes of signals a lag earlier, between their samples.

    Parameters
    ----------
    followers : (follower, time).
    lag : [samples].
    count : samples of the answer.

    Returns
    -------
    values : (follower, count), value i is that of the signal at i - lag; cubic between samples, through four of them
        (Catmull & Rom 1974). NaN where one of the four is unknown.
    slopes : (follower, count) their derivatives [1/sample].
    """
    values = np.full((followers.shape[0], count), np.nan)
    slopes = np.full((followers.shape[0], count), np.nan)
    whole = int(np.floor(-lag))
    t = -lag - whole
    for k in range(followers.shape[0]):
        for i in range(count):
            j = i + whole
            if j < 1 or j + 2 >= followers.shape[1]:
                continue
            before, here, there, after = followers[k, j - 1], followers[k, j], followers[k, j + 1], followers[k, j + 2]
            linear = 0.5 * (there - before)
            square = before - 2.5 * here + 2.0 * there - 0.5 * after
            cube = 0.5 * (after - before) + 1.5 * (here - there)
            values[k, i] = here + t * (linear + t * (square + t * cube))
            slopes[k, i] = linear + t * (2.0 * square + 3.0 * t * cube)
    return values, slopes
