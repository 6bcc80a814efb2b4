"""Noise of force: its standard deviation, force without most of it, excess of the highest sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

Array = NDArray[np.float64]

#: Means over this time show how flat a peak is without most of the noise [s]; those within so many standard deviations
#: of their own noise of the highest may be as high as that but for noise.
COURSE_S, NEAR_SDS = 0.01, 4.0
#: Part of the second differences of force, the smallest, by which the noise of a plate is found, and the variance of
#: that part of standard normal samples; the others may be of impacts.
NOISE_PART, NOISE_PART_VARIANCE = 0.8, 0.4377
#: Part of errors within twice a standard uncertainty.
COVERED = 0.9545
#: Steps by which a quantile is found, to a thousandth of the noise.
BISECTIONS = 14


def force_noise(force: Array) -> Array:
    """Standard deviation of the white noise of force (rep, sample), NaN after its end: (rep,) [N].

    From the smaller ones of its second differences, in which the movement all but vanishes.
    """
    squares = np.sort(np.diff(force, n=2, axis=1) ** 2, axis=1)
    counts = (NOISE_PART * np.isfinite(squares).sum(axis=1)).astype(int)
    means = [float(row[:count].mean()) if count else 0.0 for row, count in zip(squares, counts, strict=True)]
    return np.sqrt(np.array(means) / NOISE_PART_VARIANCE / 6.0)


def course_length(rate: float) -> int:
    """Samples in a mean over `COURSE_S`, an odd number."""
    return 2 * int(0.5 * COURSE_S * rate) + 1


def course_of(force: Array, rates: Array) -> Array:
    """Force (rep, sample) averaged over `COURSE_S`: little of its noise is left, and no overshoot."""
    course, recorded = np.full_like(force, np.nan), np.isfinite(force)
    for rep, rate in enumerate(rates):
        window = np.ones(course_length(rate))
        inside = force[rep, recorded[rep]]
        if inside.size >= window.size:
            counts = np.convolve(np.ones(inside.size), window, mode="same")
            course[rep, recorded[rep]] = np.convolve(inside, window, mode="same") / counts
    return course


def excess_of_highest(course: Array, sd: Array, length: int) -> float:
    """How much too high the highest of means of `length` samples is by noise, in standard deviations of a sample.

    It is the expected largest of as many normal variables as there are independent means near the highest (Blom 1958,
    Statistical Estimates and Transformed Beta-Variables): none in a pointed peak, two in a level push-off.
    """
    own = sd / length**0.5
    near = max(float((course >= course.max() - NEAR_SDS * own).sum()) / length, 1.0)
    return float(ndtri((near - 0.375) / (near + 0.25))) / length**0.5


def limit_of_largest(course: Array, sd: Array, flat: float) -> float:
    """Error of the largest of normal samples (sample,) about a course (sample,) that `COVERED` do not exceed.

    Samples below the top of the course by no more than `flat` of their standard deviations are as high as that.
    """
    below, sd = np.maximum(course.max() - course - flat * sd, 0.0), np.maximum(sd, 1e-6 * sd.max())
    least, most = 0.0, 8.0 * float(sd.max())
    for _ in range(BISECTIONS):
        limit = 0.5 * (least + most)
        within = np.exp(log_ndtr((below + limit) / sd).sum()) - np.exp(log_ndtr((below - limit) / sd).sum())
        least, most = (limit, most) if within < COVERED else (least, limit)
    return limit
