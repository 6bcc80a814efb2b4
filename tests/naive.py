"""Slow, obvious twins of the kernels, written from the definitions with plain Python and numpy."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np


def plate_force_and_moment(channels, plate_type, corners, origin, calibration):
    """One sample at a time, with cross products."""
    centre = corners.mean(axis=0)
    x = (corners[0] - corners[1]) / np.linalg.norm(corners[0] - corners[1])
    z = np.cross(corners[0] - corners[1], corners[0] - corners[3])
    z = z / np.linalg.norm(z)
    y = np.cross(z, x)
    forces, moments = [], []
    for sample in channels.T:
        force, moment_at_centre = _at_surface_centre(sample, plate_type, origin, calibration)
        force_lab = force[0] * x + force[1] * y + force[2] * z
        moment_lab = moment_at_centre[0] * x + moment_at_centre[1] * y + moment_at_centre[2] * z
        forces.append(force_lab)
        moments.append(moment_lab + np.cross(centre, force_lab))
    forces, moments = np.array(forces), np.array(moments)
    gap = np.isnan(channels).any(axis=0)
    forces[gap] = moments[gap] = np.nan
    return forces, moments


def _at_surface_centre(sample, plate_type, origin, calibration):
    if plate_type == 1:
        force, point = sample[:3], np.array([sample[3], sample[4], 0.0])
        return force, np.cross(point, force) + np.array([0.0, 0.0, sample[5]])
    if plate_type == 3:
        fx12, fx34, fy14, fy23, *verticals = sample
        a, b = abs(origin[0]), abs(origin[1])
        force = np.array([fx12 + fx34, fy14 + fy23, sum(verticals)])
        moment = np.zeros(3)
        # Each transducer stands in its own quadrant; those of a side share their horizontal channel.
        for vertical, position in zip(verticals, [(a, b), (-a, b), (-a, -b), (a, -b)], strict=True):
            moment += np.cross([*position, 0.0], [0.0, 0.0, vertical])
        moment += np.cross([0.0, b, 0.0], [fx12, 0.0, 0.0]) + np.cross([0.0, -b, 0.0], [fx34, 0.0, 0.0])
        moment += np.cross([a, 0.0, 0.0], [0.0, fy14, 0.0]) + np.cross([-a, 0.0, 0.0], [0.0, fy23, 0.0])
        return force, moment - np.cross([0.0, 0.0, -abs(origin[2])], force)
    if plate_type == 4:
        sample = calibration @ sample
    to_surface = -origin if origin[2] > 0 else origin
    return sample[:3], sample[3:] - np.cross(to_surface, sample[:3])


def centre_of_pressure(force, moment, surface_height, vertical_axis, threshold):
    """Solve M = p x F + T v for the two free coordinates of p and for T, one sample at a time."""
    points, free_moments = [], []
    up = np.eye(3)[vertical_axis]
    free = [axis for axis in range(3) if axis != vertical_axis]
    for f, m in zip(force, moment, strict=True):
        point, free_moment = np.full(3, np.nan), np.nan
        if f[vertical_axis] >= threshold and f[vertical_axis] > 0 and not np.isnan([f, m]).any():
            columns = [np.cross(np.eye(3)[axis], f) for axis in free] + [up]
            known = m - np.cross(surface_height * up, f)
            point[free[0]], point[free[1]], free_moment = np.linalg.solve(np.column_stack(columns), known)
            point[vertical_axis] = surface_height
        points.append(point)
        free_moments.append(free_moment)
    return np.array(points), np.array(free_moments)


def butterworth(samples, *, sampling_rate_hz, cutoff_hz, order, both=False):
    """The difference equation of the whole filter over each gap-free stretch, forward and backward."""
    numerator, denominator = _butterworth_polynomials(sampling_rate_hz, cutoff_hz, order, both)
    filtered = np.full(samples.shape, np.nan)
    for row, channel in zip(filtered, samples, strict=True):
        for start, stop in runs(~np.isnan(channel)):
            if stop - start > 3 * (order + 1):
                row[start:stop] = _both_passes(channel[start:stop], numerator, denominator, 3 * (order + 1))
    return filtered


def _butterworth_polynomials(rate, cutoff, order, both):
    """Poles of the analogue prototype on the left half circle, through the bilinear transform z = (1 + s) / (1 - s)."""
    warped = math.tan(math.pi * cutoff / rate)
    if both:
        warped /= (math.sqrt(2) - 1) ** (1 / (2 * order))
    poles = np.exp(1j * np.pi * (2 * np.arange(order) + order + 1) / (2 * order))
    poles = poles * warped
    denominator = np.poly((1 + poles) / (1 - poles)).real
    numerator = np.poly(np.full(order, -1.0))
    gain = np.polyval(denominator, 1.0) / np.polyval(numerator, 1.0)
    return numerator * gain, denominator


def _both_passes(stretch, numerator, denominator, padding):
    head = 2 * stretch[0] - stretch[padding:0:-1]
    tail = 2 * stretch[-1] - stretch[-2 : -padding - 2 : -1]
    extended = np.concatenate([head, stretch, tail])
    for _ in range(2):
        extended = _one_pass(extended, numerator, denominator)[::-1]
    return extended[padding:-padding]


def _one_pass(samples, numerator, denominator):
    """Difference equation with a past that has been at the first sample for ever."""
    order = len(denominator) - 1
    x = np.concatenate([np.full(order, samples[0]), samples])
    rest = samples[0] * numerator.sum() / denominator.sum()
    y = np.concatenate([np.full(order, rest), np.zeros(len(samples))])
    for i in range(order, len(x)):
        y[i] = sum(numerator[k] * x[i - k] for k in range(order + 1))
        y[i] -= sum(denominator[k] * y[i - k] for k in range(1, order + 1))
    return y[order:]


def runs(inside):
    """[start, stop) of every run of True."""
    found, start = [], None
    for i, value in enumerate([*inside, False]):
        if value and start is None:
            start = i
        if not value and start is not None:
            found.append((start, i))
            start = None
    return found


def intervals(samples, limit, below, shortest, longest):
    """Runs of samples below (or at and above) the limit with an admitted length."""
    inside = samples < limit if below else samples >= limit
    return [(start, stop) for start, stop in runs(inside) if shortest <= stop - start <= longest]


def quietest_window(samples, length, start, stop):
    """Standard deviation of every window, then the least."""
    windows = [(np.std(samples[i : i + length], ddof=1), i) for i in range(start, stop - length + 1)]
    windows = [window for window in windows if not np.isnan(window[0])]
    if not windows:
        return None
    deviation, first = min(windows)
    return first, samples[first : first + length].mean(), deviation


def integrate_forward(samples, interval, initial):
    """Sum of the trapezoids up to each sample."""
    trapezoids = [(a + b) / 2 * interval for a, b in pairwise(samples)]
    return np.array([initial + sum(trapezoids[:i]) for i in range(len(samples))])


def rise_evidence(power, freedom, rest, amplitudes, tonic, courses, lengths):
    """The likelihood of each course, amplitude and start, one mean at a time."""
    answer = np.empty((len(lengths), len(power)))
    for course, length in enumerate(lengths):
        for start in range(len(power)):
            likelihoods = []
            for amplitude in amplitudes[course]:
                total = 0.0
                for place, value in enumerate(power):
                    part = 0.0 if place < start else 1.0
                    if start <= place < start + length:
                        part = courses[course, place - start]
                    added = amplitude * part
                    variance = rest + 2.0 * tonic[course] * math.sqrt(rest) * added + added**2
                    total += math.log(variance) + value / variance
                likelihoods.append(-0.5 * freedom * total)
            best = max(likelihoods)
            mean = sum(math.exp(each - best) for each in likelihoods) / len(likelihoods)
            answer[course, start] = best + math.log(mean)
    return answer


def variance_change(power, shortest):
    """Every split, by numpy's means."""
    costs = {
        stop: stop * math.log(power[:stop].mean()) + (len(power) - stop) * math.log(power[stop:].mean())
        for stop in range(shortest, len(power) - shortest + 1)
    }
    return min(costs, key=costs.__getitem__) if costs else -1
