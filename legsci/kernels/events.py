"""When a signal stays beyond a limit, and where it is quietest.

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
#: Samples that are compared at once.
BLOCK = 128


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
    Each window is the tail of one stretch of `length` samples and the head of the next, which begins with the last
    sample of the first. Sums and sums of squares of the departures from that sample grow over tails and heads, one
    sample at a time, so that nothing outside a window, such as a landing, leaves a rounding error in it; and since the
    sample is one of the window's own, the departures are no larger than the window's range (Chan et al. 1983 on
    shifted data).

    References
    ----------
    Chan TF, Golub GH, LeVeque RJ (1983) Algorithms for computing the sample variance: analysis and recommendations.
    Am Stat 37:242-247.
    """
    if length < 2:
        raise ValueError("a window needs at least 2 samples")
    if start < 0 or stop > len(samples):
        raise ValueError("the range of the search leaves the samples")
    quietest, least, mean, share = -1, np.inf, np.nan, 1.0 / length
    sums, squares = np.empty(length), np.empty(length)
    for first in range(start, stop - length + 1, length):
        shared = samples[first + length - 1]
        head = samples[first + length - 1 : min(first + 2 * length - 1, stop)]
        sums[:] = squares[:] = 0.0
        _add_departures(samples[first : first + length][::-1], shared, sums[::-1], squares[::-1])
        _add_departures(head, shared, sums, squares)
        for block in range(0, len(head), BLOCK):
            windows = slice(block, min(block + BLOCK, len(head)))
            if _count_quieter(sums[windows], squares[windows], share, least) == 0:
                continue
            for offset in range(windows.start, windows.stop):
                spread = squares[offset] - sums[offset] * sums[offset] * share
                if spread < least:
                    quietest, least, mean = first + offset, spread, shared + sums[offset] * share
    if quietest < 0:
        return None
    return quietest, mean, np.sqrt(max(least, 0.0) / (length - 1))


@njit(cache=True)
def _add_departures(samples: Array, shared: float, sums: Array, squares: Array) -> None:
    """Add to sums, and sums of squares, the departures from `shared` of the samples up to each one."""
    total = square = 0.0
    for index in range(len(samples)):
        departure = samples[index] - shared
        total += departure
        square += departure * departure
        sums[index] += total
        squares[index] += square


@njit(cache=True)
def _count_quieter(sums: Array, squares: Array, share: float, least: float) -> int:
    """How many windows depart less than `least` from their mean; never one that holds NaN, whose sums are NaN."""
    count = 0
    for index in range(sums.size):
        count += squares[index] - sums[index] * sums[index] * share < least
    return count


@njit(cache=True)
def _count(samples: Array, limit: float, below: bool) -> int:
    """How many samples are on the wanted side of the limit; never those that are NaN."""
    count = 0
    if below:
        for index in range(samples.size):
            count += samples[index] < limit
    else:
        for index in range(samples.size):
            count += samples[index] >= limit
    return count


@njit(cache=True)
def _runs(samples: Array, limit: float, below: bool, shortest: int, longest: int) -> NDArray[np.int64]:
    """Runs of samples on the wanted side; a block in which no run begins or ends is passed by at once."""
    found = np.empty(((len(samples) + 1) // 2, 2), np.int64)
    count, start = 0, -1
    for block in range(0, len(samples), BLOCK):
        part = samples[block : block + BLOCK]
        if _count(part, limit, below) == (0 if start < 0 else part.size):
            continue
        for offset in range(part.size):
            inside = part[offset] < limit if below else part[offset] >= limit
            if inside == (start >= 0):
                continue
            if inside:
                start = block + offset
                continue
            if shortest <= block + offset - start <= longest:
                found[count, 0], found[count, 1] = start, block + offset
                count += 1
            start = -1
    if start >= 0 and shortest <= len(samples) - start <= longest:
        found[count, 0], found[count, 1] = start, len(samples)
        count += 1
    return found[:count].copy()
