"""When a signal stays beyond a limit, where it crosses it, and where it is quietest.

Throughout, a sample is *below* a limit when it is less, *above* when it is equal or more, and neither when it is NaN:
a gap ends every run. Runs are half-open sample ranges [start, stop).
"""

from __future__ import annotations

import sys

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
ANY_LENGTH = sys.maxsize


@njit(cache=True)
def intervals_below(samples: Array, limit: float, shortest: int = 1, longest: int = ANY_LENGTH) -> NDArray[np.int64]:
    """Every run of samples below a limit that lasts from `shortest` to `longest` samples.

    Parameters
    ----------
    samples : (time,), any unit.
    limit : the same unit.
    shortest, longest : length of a run that counts, both included [samples].

    Returns
    -------
    (run, 2) start and stop of each run [samples], in order of time. A run that touches the first or last sample is
    listed with the length that was recorded.
    """
    return _runs(samples, limit, True, shortest, longest)


@njit(cache=True)
def intervals_above(samples: Array, limit: float, shortest: int = 1, longest: int = ANY_LENGTH) -> NDArray[np.int64]:
    """Every run of samples at or above a limit that lasts from `shortest` to `longest` samples; as `intervals_below`.

    Parameters
    ----------
    samples : (time,), any unit.
    limit : the same unit.
    shortest, longest : length of a run that counts, both included [samples].

    Returns
    -------
    (run, 2) start and stop of each run [samples], in order of time.
    """
    return _runs(samples, limit, False, shortest, longest)


@njit(cache=True)
def find_below(samples: Array, limit: float, start: int, count: int = 1, step: int = 1) -> int | None:
    """First sample, walking from `start`, at which the signal stays below a limit for `count` samples.

    Parameters
    ----------
    samples : (time,), any unit.
    limit : the same unit.
    start : sample at which the walk begins; it counts itself.
    count : how many samples in a row must lie below the limit.
    step : 1 walks forward, -1 backward in time.

    Returns
    -------
    The sample of the run that the walk meets first (walking backward: its last in time), or None.

    Raises
    ------
    ValueError : `start` lies outside the samples, `count` is below 1, or `step` is neither 1 nor -1.
    """
    return _find(samples, limit, True, start, count, step)


@njit(cache=True)
def find_above(samples: Array, limit: float, start: int, count: int = 1, step: int = 1) -> int | None:
    """First sample, walking from `start`, at which the signal stays at or above a limit; as `find_below`.

    Parameters
    ----------
    samples : (time,), any unit.
    limit : the same unit.
    start : sample at which the walk begins; it counts itself.
    count : how many samples in a row must lie at or above the limit.
    step : 1 walks forward, -1 backward in time.

    Returns
    -------
    The sample of the run that the walk meets first (walking backward: its last in time), or None.

    Raises
    ------
    ValueError : `start` lies outside the samples, `count` is below 1, or `step` is neither 1 nor -1.
    """
    return _find(samples, limit, False, start, count, step)


@njit(cache=True)
def crossing_position(samples: Array, index: int, limit: float) -> float:
    """Where the straight line between the samples index - 1 and index passes a limit.

    Parameters
    ----------
    samples : (time,), any unit.
    index : the later of the two samples, at least 1.
    limit : the same unit.

    Returns
    -------
    Position [samples], between index - 1 and index; NaN where the two samples lie on one side of the limit or one of
    them is NaN.

    Raises
    ------
    ValueError : `index` has no sample before it or lies outside the samples.
    """
    if index < 1 or index >= len(samples):
        raise ValueError("a crossing needs an index with a sample before it")
    before, after = samples[index - 1], samples[index]
    crosses = (before < limit and after >= limit) or (before >= limit and after < limit)
    if not crosses:
        return np.nan
    return index - 1 + (limit - before) / (after - before)


@njit(cache=True)
def quietest_window(samples: Array, length: int, start: int, stop: int) -> tuple[int, float, float] | None:
    """Window of a given length whose variance is least.

    Parameters
    ----------
    samples : (time,), any unit.
    length : samples in the window, at least 2.
    start, stop : sample range [start, stop) that the window may not leave.

    Returns
    -------
    First sample of the window (the earliest where several are equally quiet), mean and standard deviation (n - 1) in
    it, the same unit; None where no window without NaN fits.

    Raises
    ------
    ValueError : `length` is below 2 or the range leaves the samples.

    Notes
    -----
    Each window is the tail of one block of `length` samples and the head of the next. Means and sums of squared
    deviations of tails and heads grow sample by sample (Welford 1962) and are joined by the formula of Chan et al.
    (1983). Nothing is ever subtracted, so a landing just outside a window leaves no rounding in it.

    References
    ----------
    Welford BP (1962) Note on a method for calculating corrected sums of squares and products. Technometrics 4:419-420.
    Chan TF, Golub GH, LeVeque RJ (1983) Algorithms for computing the sample variance: analysis and recommendations.
    Am Stat 37:242-247.
    """
    if length < 2:
        raise ValueError("a window needs at least 2 samples")
    if start < 0 or stop > len(samples):
        raise ValueError("the range of the search leaves the samples")
    quietest, least = -1, np.inf
    tail_mean, tail_squares = np.empty(length), np.empty(length)
    for block in range(start, stop - length + 1, length):
        mean = squares = 0.0
        for count in range(1, length + 1):
            mean, squares = _with_one_more(samples[block + length - count], count, mean, squares)
            tail_mean[length - count], tail_squares[length - count] = mean, squares
        # A window that holds NaN has the sum NaN, which is never less.
        if squares < least:
            quietest, least = block, squares
        mean = squares = 0.0
        for count in range(1, min(length, stop - block - length + 1)):
            mean, squares = _with_one_more(samples[block + length + count - 1], count, mean, squares)
            apart = (mean - tail_mean[count]) ** 2 * (count * (length - count) / length)
            joined = squares + tail_squares[count] + apart
            if joined < least:
                quietest, least = block + count, joined
    if quietest < 0:
        return None
    return quietest, samples[quietest : quietest + length].mean(), np.sqrt(least / (length - 1))


@njit(cache=True)
def _with_one_more(sample: float, count: int, mean: float, squares: float) -> tuple[float, float]:
    """Mean and sum of squared deviations of `count` samples, from those of all but the last."""
    before = sample - mean
    mean += before / count
    return mean, squares + before * (sample - mean)


@njit(cache=True)
def _beyond(sample: float, limit: float, below: bool) -> bool:
    """Whether a sample is on the wanted side of the limit; False for NaN."""
    return sample < limit if below else sample >= limit


@njit(cache=True)
def _runs(samples: Array, limit: float, below: bool, shortest: int, longest: int) -> NDArray[np.int64]:
    found = np.empty(((len(samples) + 1) // 2, 2), np.int64)
    count = 0
    start = 0
    while start < len(samples):
        stop = start
        while stop < len(samples) and _beyond(samples[stop], limit, below):
            stop += 1
        if stop > start and shortest <= stop - start <= longest:
            found[count, 0], found[count, 1] = start, stop
            count += 1
        start = stop + 1
    return found[:count].copy()


@njit(cache=True)
def _find(samples: Array, limit: float, below: bool, start: int, count: int, step: int) -> int | None:
    if start < 0 or start >= len(samples):
        raise ValueError("the search must start at one of the samples")
    if count < 1 or (step != 1 and step != -1):
        raise ValueError("count must be at least 1 and step 1 or -1")
    length = 0
    index = start
    while 0 <= index < len(samples):
        length = length + 1 if _beyond(samples[index], limit, below) else 0
        if length == count:
            return index - step * (count - 1)
        index += step
    return None
