"""The lag between two recordings of one movement, by correlation, with its standard uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from legsci.kernels.clocks.lag import at_lag, unexplained_shares

Array = NDArray[np.float64]

#: Correlation below which a lag is not used.
LEAST_CORRELATION = 0.9
#: At the lag, what is not explained is at most this part of that at any other local minimum: else several lags fit.
CLEARLY_LESS = 0.8
#: Shares that are not explained and differ by less are equal.
EQUAL = 1e-4
#: Lags that are tried are this far apart [s]: signals of up to 12 Hz resemble themselves for longer.
STEP_S = 0.02
#: Other minima are at least so far away [s]; so many of the lowest are compared.
APART_S, RIVALS = 0.1, 5
#: Residuals are correlated over this time [s]: that of a movement.
AUTOCORRELATED_S = 1.0
#: Least time in which both are known [s].
SHORTEST_S = 0.5
#: Steps by which the lag is refined, and the change at which they end [samples].
REFINEMENTS, REFINED = 12, 1e-4


@dataclass(frozen=True)
class Lag:
    """By how much one recording is later than another.

    Parameters
    ----------
    lag_s : the event at t on the clock of the followers is at t + lag_s on that of the reference [s]; NaN where none
        was found.
    uncertainty_s : standard uncertainty [s].
    correlation : of the reference with what the followers explain of it.
    refused : why the lag is not to be used, and what would help; empty if it is.
    """

    lag_s: float
    uncertainty_s: float
    correlation: float
    refused: str = ""


def lag_between(
    reference: Array,
    followers: Array,
    *,
    rate_hz: float,
    near_s: float = 0.0,
    searched_s: float = 10.0,
    least_correlation: float = LEAST_CORRELATION,
) -> Lag:
    """Lag at which a weighted sum of signals explains most of another.

    Parameters
    ----------
    reference : (time,) such as vertical force; NaN where it is not compared.
    followers : (follower, time) of the other clock, from its first sample; NaN where unknown.
    rate_hz : samples per second of both [Hz].
    near_s, searched_s : lags from near_s - searched_s to near_s + searched_s are tried [s].
    least_correlation : below which the lag is refused.

    Notes
    -----
    With x the reference, y_k the followers and L the lag, x(t) = a + sum of b_k y_k(t - L) + e(t) is solved by least
    squares: at whole steps first, then by Gauss and Newton. With d the derivative of the sum, less what a constant and
    the followers explain of it, the variance of L is d' V d / (d'd)^2, where V is the covariance of e over time and d'd
    the curvature of the peak. d'Vd is the sum of products of the autocovariances of d and of e up to
    `AUTOCORRELATED_S`, weighted by Bartlett's window (Newey & West 1987, Econometrica 55:703): e is taken as equally
    large throughout. What delays the followers alike at all instants is not in e, nor in this uncertainty.
    """
    near, most = near_s * rate_hz, searched_s * rate_hz
    step = max(round(STEP_S * rate_hz), 1)
    lags = np.arange(round(near - most), round(near + most) + 1, step, dtype=np.int64)
    shares, beside = unexplained_shares(reference, followers, lags)
    if not np.isfinite(shares).all() or np.isfinite(reference).sum() < SHORTEST_S * rate_hz:
        return Lag(np.nan, np.nan, np.nan, "there is no movement in common")
    lowest = int(np.argmin(shares))
    lag, correlation, uncertainty = refined(reference, followers, float(lags[lowest]), rate_hz)
    found = Lag(lag / rate_hz, uncertainty / rate_hz, correlation)
    if not np.isfinite(lag) or abs(lag - lags[lowest]) > 2.0 * step or lowest in (0, lags.size - 1):
        return _refused(found, f"no lag of up to {searched_s:g} s fits: these may be recordings of different trials")
    if not correlation >= least_correlation:
        why = "these may be recordings of different trials, or the movement is too slow"
        return _refused(found, f"the correlation is {correlation:.2f} (at least {least_correlation:.2f}): {why}")
    # What lies beside nothing shows no lag: ends of the recordings would speak for the longest overlap.
    troughs = 1 + np.flatnonzero((beside[1:-1] <= beside[:-2]) & (beside[1:-1] <= beside[2:]))
    others = troughs[np.abs(lags[troughs] - lags[lowest]) > APART_S * rate_hz]
    rivals = others[np.argsort(beside[others], kind="stable")[:RIVALS]]
    least, *least_of_others = (
        _least_share(reference, followers, int(lags[place]), step) for place in (lowest, *rivals)
    )
    if any(least + EQUAL > CLEARLY_LESS * (other + EQUAL) for other in least_of_others):
        return _refused(found, "several lags fit equally well: the movement repeats itself")
    return found


def _least_share(reference: Array, followers: Array, near: int, step: int) -> float:
    """Share that is not explained at a minimum between whole lags, by a parabola through the three lowest."""
    _, shares = unexplained_shares(reference, followers, np.arange(near - step, near + step + 1, dtype=np.int64))
    if not np.isfinite(shares).all():
        return float(np.nanmin(shares)) if np.isfinite(shares).any() else 1.0
    lowest = int(np.clip(np.argmin(shares), 1, shares.size - 2))
    before, there, after = shares[lowest - 1 : lowest + 2]
    bend = before + after - 2.0 * there
    return max(float(there - 0.125 * (before - after) ** 2 / bend), 0.0) if bend > 0.0 else float(shares.min())


def _refused(found: Lag, why: str) -> Lag:
    return Lag(found.lag_s, found.uncertainty_s, found.correlation, why)


def refined(reference: Array, followers: Array, lag: float, rate_hz: float) -> tuple[float, float, float]:
    """Lag [samples], correlation and standard uncertainty [samples] by least squares, from a lag near by."""
    for _ in range(REFINEMENTS):
        values, slopes = at_lag(followers, lag, reference.size)
        known = np.isfinite(reference) & np.isfinite(values).all(axis=0)
        if known.sum() < SHORTEST_S * rate_hz:
            return np.nan, np.nan, np.nan
        design = np.column_stack([np.ones(known.sum()), values[:, known].T])
        weights = np.linalg.lstsq(design, reference[known], rcond=None)[0]
        residual = reference[known] - design @ weights
        moved = -slopes[:, known].T @ weights[1:]
        moved -= design @ np.linalg.lstsq(design, moved, rcond=None)[0]
        bend = float(moved @ moved)
        if not bend > 0.0:
            return np.nan, np.nan, np.nan
        change = float(moved @ residual) / bend
        lag += float(np.clip(change, -1.0 * STEP_S * rate_hz, STEP_S * rate_hz))
        if abs(change) < REFINED:
            break
    free = 1.0 - (len(weights) + 1.0) / known.sum()
    variance = float(np.var(reference[known]))
    correlation = np.sqrt(max(1.0 - float(np.mean(residual**2)) / variance, 0.0)) if variance > 0.0 else np.nan
    return lag, float(correlation), np.sqrt(_variance_of_fit(moved, residual, known, rate_hz) / free) / bend


def _variance_of_fit(moved: Array, residual: Array, known: NDArray[np.bool_], rate_hz: float) -> float:
    """d'Vd; see `lag_between`."""
    d, e = np.zeros((2, known.size))
    d[known], e[known] = moved, residual
    most = round(AUTOCORRELATED_S * rate_hz)
    products = _covariances(d, most) * _covariances(e, most) / known.sum()
    return max(float(_bartlett(products.size) @ products), 0.0)


def _covariances(series: Array, most: int) -> Array:
    """Sums of products of a series (time,) with itself 0 to `most` samples later."""
    most = min(most, series.size - 1)
    return np.array([float(series[apart:] @ series[: series.size - apart]) for apart in range(most + 1)])


def _bartlett(count: int) -> Array:
    """Weights of autocovariances (count,) in the variance of a sum: that of lag 0 once, of others twice."""
    weights = 2.0 * (1.0 - np.arange(count) / count)
    weights[0] = 1.0
    return weights
