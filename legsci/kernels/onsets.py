"""Evidence on where the power of a signal begins to rise, and the thresholds of published onset detectors."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: A term of e to this power below the largest is lost in its rounding.
NEGLIGIBLE = 40.0


@njit(cache=True)
def rise_evidence(
    power: Array,
    freedom: float,
    rest: float,
    amplitudes: Array,
    tonic: Array,
    courses: Array,
    lengths: NDArray[np.int64],
) -> Array:
    """Logarithm of the evidence that the amplitude of a noise-like signal begins to rise at each place.

    Parameters
    ----------
    power : (mean,) means of squares over equal stretches of the signal, [unit^2].
    freedom : independent squares behind each mean.
    rest : variance of the signal before the rise [unit^2].
    amplitudes : (course, amplitude) candidates of the amplitude that is reached [unit].
    tonic : (course,) 1 where the rise adds to the amplitude at rest, 0 where it adds to its variance.
    courses : (course, mean) part of the rise that is reached in each mean after its start, 0 to 1.
    lengths : (course,) means until the rise is complete.

    Returns
    -------
    (course, start) logarithm of the likelihood of all means, less the part that no candidate changes, averaged over
    the amplitudes, for a rise that starts with mean 0, 1, ...

    Notes
    -----
    The signal is Gaussian with a variance that follows the rise (Hogan & Mann 1980, IEEE Trans Biomed Eng 27:382), so
    that a mean of `freedom` squares has the logarithm of likelihood -freedom / 2 (log v + power / v) about v.
    """
    size = len(power)
    cumulated = np.zeros(size + 1)
    for place in range(size):
        cumulated[place + 1] = cumulated[place] + power[place]
    evidence = np.empty((len(lengths), size))
    candidates = np.empty((amplitudes.shape[1], size))
    for course in range(len(lengths)):
        for number in range(amplitudes.shape[1]):
            course_reached = courses[course, : lengths[course]]
            _rise(power, cumulated, rest, amplitudes[course, number], tonic[course], course_reached, candidates[number])
        for start in range(size):
            best = candidates[0, start]
            for number in range(1, len(candidates)):
                best = min(best, candidates[number, start])
            total = 0.0
            for number in range(len(candidates)):
                exponent = 0.5 * freedom * (candidates[number, start] - best)
                if exponent < NEGLIGIBLE:
                    total += np.exp(-exponent)
            evidence[course, start] = -0.5 * freedom * best + np.log(total / len(candidates))
    return evidence


@njit(cache=True)
def _rise(
    power: Array, cumulated: Array, rest: float, amplitude: float, tonic: float, course: Array, out: Array
) -> None:
    """Sum of log v + power / v for a rise of one course and amplitude that starts at each place, into `out`."""
    size, length = len(power), len(course)
    inverse, logarithm = np.empty(length), np.zeros(length + 1)
    for step in range(length):
        variance = _variance(rest, amplitude * course[step], tonic)
        inverse[step] = 1.0 / variance
        logarithm[step + 1] = logarithm[step] + np.log(variance)
    risen = _variance(rest, amplitude, tonic)
    log_rest, log_risen = np.log(rest), np.log(risen)
    for start in range(size):
        within = min(length, size - start)
        out[start] = cumulated[start] / rest + (cumulated[size] - cumulated[start + within]) / risen
        out[start] += start * log_rest + logarithm[within] + (size - start - within) * log_risen
    # Starts side by side: their sums do not depend on each other, as the terms of one sum do.
    for step in range(min(length, size)):
        weight = inverse[step]
        for start in range(size - step):
            out[start] += power[start + step] * weight


@njit(cache=True)
def _variance(rest: float, added: float, tonic: float) -> float:
    """Variance where an amplitude is added to the amplitude (tonic 1) or to the variance (tonic 0) at rest."""
    return rest + 2.0 * tonic * np.sqrt(rest) * added + added * added


@njit(cache=True)
def variance_change(power: Array, shortest: int) -> int:
    """Place at which the variance of a signal changes most likely.

    Parameters
    ----------
    power : (sample,) squares of the signal.
    shortest : samples on either side of the change, at least 1.

    Returns
    -------
    First sample after the change; -1 where the signal is too short.

    References
    ----------
    Chen J, Gupta AK (1997) Testing and locating variance changepoints. J Am Stat Assoc 92:739-747.
    """
    size = len(power)
    whole = power.sum()
    place, least, before = -1, np.inf, 0.0
    for stop in range(1, size):
        before += power[stop - 1]
        if stop < shortest or size - stop < shortest:
            continue
        cost = stop * np.log(max(before, 1e-300) / stop) + (size - stop) * np.log(
            max(whole - before, 1e-300) / (size - stop)
        )
        if cost < least:
            place, least = stop, cost
    return place


@njit(cache=True)
def first_above(signal: Array, limit: float, length: int) -> int:
    """First sample from which a signal (sample,) is above a limit for `length` samples; -1 where it never is."""
    count = 0
    for sample in range(len(signal)):
        count = count + 1 if signal[sample] > limit else 0
        if count == length:
            return sample - length + 1
    return -1


@njit(cache=True)
def teager_kaiser(signal: Array) -> Array:
    """Energy operator x(n)^2 - x(n - 1) x(n + 1) of a signal (sample,); its first and last sample are repeated.

    References
    ----------
    Li X, Zhou P, Aruin AS (2007) Teager-Kaiser energy operation of surface EMG improves muscle activity onset
    detection. Ann Biomed Eng 35:1532-1538.
    """
    energy = np.empty(len(signal))
    for sample in range(1, len(signal) - 1):
        energy[sample] = signal[sample] * signal[sample] - signal[sample - 1] * signal[sample + 1]
    energy[0], energy[-1] = energy[1], energy[-2]
    return energy
