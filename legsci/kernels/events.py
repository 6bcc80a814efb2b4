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
    Each window is the tail of one block of `length` samples and the head of the next, and holds the last sample of the
    first. Sums and sums of squares of the departures from that sample grow over tails and heads, one sample at a time,
    so that nothing outside a window, such as a landing, leaves a rounding error in it; and since the sample is one of
    the window's own, the departures are no larger than the window's range (Chan et al. 1983 on shifted data).

    References
    ----------
    Chan TF, Golub GH, LeVeque RJ (1983) Algorithms for computing the sample variance: analysis and recommendations.
    Am Stat 37:242-247.
    """
    if length < 2:
        raise ValueError("a window needs at least 2 samples")
    if start < 0 or stop > len(samples):
        raise ValueError("the range of the search leaves the samples")
    quietest, least, share = -1, np.inf, 1.0 / length
    tail_sums, tail_squares = np.empty(length), np.empty(length)
    for block in range(start, stop - length + 1, length):
        shared = samples[block + length - 1]
        _sum_tails(samples[block : block + length], shared, tail_sums, tail_squares)
        head = samples[block + length : min(block + 2 * length - 1, stop)]
        total = squares = 0.0
        for offset in range(len(head) + 1):
            both = total + tail_sums[offset]
            # A window that holds NaN has the sum NaN, which is never less.
            spread = squares + tail_squares[offset] - both * both * share
            if spread < least:
                quietest, least = block + offset, spread
            if offset < len(head):
                departure = head[offset] - shared
                total += departure
                squares += departure * departure
    if quietest < 0:
        return None
    return quietest, samples[quietest : quietest + length].mean(), np.sqrt(max(least, 0.0) / (length - 1))


@njit(cache=True)
def _sum_tails(samples: Array, shared: float, sums: Array, squares: Array) -> None:
    """Fill in sums, and sums of squares, of the departures from `shared` of each sample and those after it.

    A sum waits for the one before it; taking two samples at a time halves the waiting.
    """
    total = square = 0.0
    for index in range(len(samples) - 1, 0, -2):
        later, earlier = samples[index] - shared, samples[index - 1] - shared
        sums[index], squares[index] = total + later, square + later * later
        total += later + earlier
        square += later * later + earlier * earlier
        sums[index - 1], squares[index - 1] = total, square
    if len(samples) % 2:
        first = samples[0] - shared
        sums[0], squares[0] = total + first, square + first * first


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
    # A run is tried from its far end: where that sample fails, no run that holds it is left to try.
    first = start
    while 0 <= first + step * (count - 1) < len(samples):
        index = first + step * (count - 1)
        while index != first - step and _beyond(samples[index], limit, below):
            index -= step
        if index == first - step:
            return first
        first = index + step
    return None
