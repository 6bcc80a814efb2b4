"""When a signal stays beyond a limit, where it is quietest, and when it departs from rest.

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
#: The onset of movement is found from the course of force up to so many times the band, but no further than this part
#: of its whole departure, where it bends, and at least to so many times the band.
BEYOND_BAND, PART_OF_DEPARTURE, LEAST_DEPARTURE = 3.0, 0.3, 1.2
#: That course is seen in means of a tenth of its time. At least so many means. The onset is sought at so many places
#: within each, and as long before as the smoothest course takes from it to the band, by this factor longer, since noise
#: moves where force leaves the band.
BLOCKS_OF_DEPARTURE, LEAST_BLOCKS, STEPS_OF_BLOCK, LONGER = 10, 5, 4, 1.5
#: Processes of first order between a command that grows along a straight line and force: excitation, contraction and
#: tendon (Zajac 1989, Crit Rev Biomed Eng 17:359), and one to spare. Force then departs with the first to the fifth
#: power of time, and goes on along a straight line. Their time constants are up to so many times the time of the
#: departure, the largest of which leave the power alone [means].
LARGEST_ORDER = 4
TIME_CONSTANTS = BLOCKS_OF_DEPARTURE * 2.0 ** np.arange(-2.0, 5.0)
#: No mean of force is known better than this [N^2].
LEAST_VARIANCE = 0.01


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


def long_runs(true: NDArray[np.bool_], longer: float) -> NDArray[np.bool_]:
    """Those of the values (time,) that are true for more than so many samples on end."""
    answer = np.zeros(true.size, dtype=np.bool_)
    for start, stop in intervals_above(true.astype(np.float64), 0.5, int(longer) + 1):
        answer[start:stop] = True
    return answer


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


@njit(cache=True)
def onset_of_departure(
    force: Array,
    first: int,
    leaves: int,
    stop: int,
    body_weight: float,
    band: float,
    largest_order: int = LARGEST_ORDER,
) -> tuple[float, float]:
    """Onset of movement by the course of force where it leaves body weight, and its standard uncertainty [samples].

    Force departs from body weight as `_ramp_response`, times a. Posterior mean and standard deviation of the onset t0,
    with t0, the order and the logarithm of the time constant uniform beforehand and a by least squares: the straighter
    the course, the later the onset. Noise is that of the standing before, `_noise_of_means`; larger where no course
    fits that well.

    Parameters
    ----------
    force : (sample,) [N].
    first : a sample of quiet standing, from which noise is taken.
    leaves : sample at which force leaves the band.
    stop : last sample before take-off.
    body_weight, band : [N].
    largest_order : of the response.

    Returns
    -------
    position, standard uncertainty [samples]; NaN where force comes back before it has gone far enough to tell.
    """
    side = 1.0 if force[leaves] > body_weight else -1.0
    highest, back = 0.0, leaves
    while back < stop and side * (force[back] - body_weight) > 0.0:
        highest = max(highest, side * (force[back] - body_weight))
        back += 1
    level, beyond, earliest = min(BEYOND_BAND * band, PART_OF_DEPARTURE * highest), leaves, leaves
    if level <= LEAST_DEPARTURE * band:
        return np.nan, np.nan
    while side * (force[beyond] - body_weight) <= level:
        beyond += 1
    slowest = 1.0 / ((level / band) ** (1.0 / (LARGEST_ORDER + 1.0)) - 1.0)
    limit = max(first, leaves - int(LONGER * slowest * (beyond - leaves)))
    while earliest > limit and abs(force[earliest - 1] - body_weight) <= band:
        earliest -= 1
    length = max((beyond - leaves) // BLOCKS_OF_DEPARTURE, 1)
    count = (beyond - earliest) // length
    if count < LEAST_BLOCKS:
        return np.nan, np.nan
    begin = beyond - count * length
    means = side * (_means(force[begin:beyond], length) - body_weight)
    onset, sd = _onset_of_means(means, _noise_of_means(force[first:earliest], length), largest_order)
    return begin + length * onset, length * sd


@njit(cache=True)
def _means(force: Array, length: int) -> Array:
    """Means over `length` samples each."""
    count = force.size // length
    means = np.empty(count)
    for block in range(count):
        means[block] = force[block * length : (block + 1) * length].mean()
    return means


@njit(cache=True)
def _noise_of_means(force: Array, length: int) -> tuple[float, float, float]:
    """Noise of means of standing: white variance, variance of sway [N^2], and its correlation from one to the next.

    From the covariances of a mean with itself and the next two, as white noise and a first-order process.
    """
    away = _means(force, length)
    if away.size < LEAST_BLOCKS:
        return LEAST_VARIANCE, 0.0, 0.0
    away -= away.mean()
    own, first = float(np.mean(away**2)), float(np.mean(away[1:] * away[:-1]))
    second = float(np.mean(away[2:] * away[:-2]))
    if not first > 0.0:
        return max(own, LEAST_VARIANCE), 0.0, 0.0
    correlation = min(max(second / first, first / own), 0.999)
    sway = min(first / correlation, own)
    return max(own - sway, LEAST_VARIANCE), sway, correlation


@njit(cache=True)
def _whitening(count: int, noise: tuple[float, float, float]) -> tuple[Array, Array]:
    """Gains of the Kalman filter of sway in such noise, and the inverse SD of its innovations, each (block,)."""
    white, sway, correlation = noise
    gains, inverse, variance = np.empty(count), np.empty(count), sway
    for block in range(count):
        total = variance + white
        gains[block], inverse[block] = variance / total, 1.0 / np.sqrt(total)
        variance = correlation**2 * variance * white / total + sway * (1.0 - correlation**2)
    return gains, inverse


@njit(cache=True)
def _whitened(signal: Array, gains: Array, inverse: Array, correlation: float) -> Array:
    """Innovations of a signal (block,), in standard deviations."""
    answer, expected = np.empty(signal.size), 0.0
    for block in range(signal.size):
        innovation = signal[block] - expected
        answer[block] = innovation * inverse[block]
        expected = correlation * (expected + gains[block] * innovation)
    return answer


@njit(cache=True)
def _explained(
    courses: Array, first: int, ahead: int, seen: Array, whitening: tuple[Array, Array], correlation: float
) -> Array:
    """Sum of squares of `seen` that each course (step, course) explains, which is 0 before block `first`.

    The filter runs over all courses at once: each step depends on the one before, one course does not on another.
    """
    gains, inverse = whitening
    expected, product, square = np.zeros((3, courses.shape[1]))
    for block in range(first, seen.size):
        course = courses[STEPS_OF_BLOCK * (block - first) + ahead]
        for number in range(expected.size):
            innovation = course[number] - expected[number]
            scaled = innovation * inverse[block]
            product[number] += scaled * seen[block]
            square[number] += scaled * scaled
            expected[number] = correlation * (expected[number] + gains[block] * innovation)
    return np.maximum(product, 0.0) ** 2 / square


@njit(cache=True)
def _ramp_response(scaled: float, order: int, none: float) -> float:
    """Response to a straight line from time 0 on of `order` processes of first order, in units of their time constant.

    With x = `scaled` = t / constant and the Poisson probabilities p_k = x^k e^-x / k!, it is x less the order, plus the
    sum over k < order of (order - k) p_k: x^(order + 1) at first, a straight line at last. `none` is p_0.
    """
    term, total, rank = none, 0.0, 0
    if scaled > order:
        for rank in range(order):
            total += (order - rank) * term
            term *= scaled / (rank + 1.0)
        return scaled - order + total
    # The sum from k = order + 1 on of (k - order) p_k is the same, without the loss of digits at small x.
    while rank <= order or (rank - order) * term > 1e-12 * total or rank < scaled:
        rank += 1
        term *= scaled / rank
        if rank > order:
            total += (rank - order) * term
    return total


@njit(cache=True)
def _ramp_responses(count: int, largest_order: int) -> Array:
    """Responses (step, course) over `count` blocks: of order 0, then of each higher order each time constant."""
    steps, constants = STEPS_OF_BLOCK * count, TIME_CONSTANTS.size
    answer = np.empty((steps, 1 + largest_order * constants))
    for step in range(steps):
        time = step / STEPS_OF_BLOCK
        answer[step, 0] = time
        for number, constant in enumerate(TIME_CONSTANTS):
            scaled = time / constant
            none = np.exp(-scaled)
            for order in range(1, largest_order + 1):
                column = 1 + (order - 1) * constants + number
                answer[step, column] = constant * _ramp_response(scaled, order, none)
    return answer


@njit(cache=True)
def _onset_of_means(means: Array, noise: tuple[float, float, float], largest_order: int) -> tuple[float, float]:
    """Posterior mean and SD of the onset in means of a departure (block,) [N]: [blocks] from the start of the first."""
    count = means.size
    whitening = _whitening(count, noise)
    seen = _whitened(means, *whitening, noise[2])
    # From an onset at a step to the middle of a block it is a number of steps, so that one course serves all onsets.
    courses = _ramp_responses(count, largest_order)
    misfit = np.full((STEPS_OF_BLOCK * (count - 1), courses.shape[1]), np.sum(seen**2))
    for step in range(misfit.shape[0]):
        first = max((step - STEPS_OF_BLOCK // 2) // STEPS_OF_BLOCK + 1, 0)
        ahead = STEPS_OF_BLOCK * first + STEPS_OF_BLOCK // 2 - step
        misfit[step] -= _explained(courses, first, ahead, seen, whitening, noise[2])
    least = misfit.min()
    likely = np.exp(-0.5 * (misfit - least) / max(least / (count - 3), 1.0))
    # Order 0 is as likely beforehand as each other one, whatever its time constant.
    weights = TIME_CONSTANTS.size * likely[:, 0] + likely[:, 1:].sum(axis=1)
    steps = np.arange(weights.size) / STEPS_OF_BLOCK
    mean = np.sum(weights * steps) / np.sum(weights)
    return mean, np.sqrt(np.sum(weights * (steps - mean) ** 2) / np.sum(weights))
