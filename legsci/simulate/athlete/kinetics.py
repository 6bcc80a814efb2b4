"""Kinetics of rigid segments: time derivatives, angular velocity, rate of change of angular momentum."""

from __future__ import annotations

import numpy as np
from numba import njit

# Central differences of eighth order (Fornberg 1988, Math Comput 51:699): weights of the samples 1 to 4 away; for a
# sine of f cycles per sample the relative error is below 1e-6 up to f = 0.05, i.e. 50 Hz at 1000 Hz.
_FIRST = np.array([4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0])
_SECOND = np.array([8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0])
_SECOND_MIDDLE = -205.0 / 72.0
#: Samples at each end that the differences cannot reach.
MARGIN = 4
#: Rate of the frames on which a motion is searched before it is carried out at its own rate [Hz].
SEARCH_RATE_HZ = 250.0


def edge_frames(rate_hz: float) -> int:
    """Frames before the start and after the end of a trial that its search needs, twice MARGIN, at a rate [Hz]."""
    return 2 * MARGIN * max(round(rate_hz / SEARCH_RATE_HZ), 1)


@njit(cache=True)
def central_differences(values, rate):  # type: ignore[no-untyped-def]
    """First and second time derivative by central differences of eighth order.

    Parameters
    ----------
    values : (series, time, component).
    rate : [Hz].

    Returns
    -------
    first, second : same shape, per s and per s^2; the first and last MARGIN samples are 0.
    """
    first, second = np.zeros_like(values), np.zeros_like(values)
    series, count, components = values.shape
    for row in range(series):
        for frame in range(MARGIN, count - MARGIN):
            for column in range(components):
                middle = values[row, frame, column]
                slope, bend = 0.0, _SECOND_MIDDLE * middle
                for step in range(1, MARGIN + 1):
                    after, before = values[row, frame + step, column], values[row, frame - step, column]
                    slope += _FIRST[step - 1] * (after - before)
                    bend += _SECOND[step - 1] * (after + before)
                first[row, frame, column] = slope * rate
                second[row, frame, column] = bend * rate * rate
    return first, second


@njit(cache=True)
def angular_kinematics(rotation, rate):  # type: ignore[no-untyped-def]
    """Angular velocity and acceleration in lab axes from rotations, by the differences of central_differences().

    Parameters
    ----------
    rotation : (segment, n, 3, 3), R @ local = lab.
    rate : [Hz].

    Returns
    -------
    angular_velocity : (segment, n, 3) [rad/s]: skew part of R' R^T.
    angular_acceleration : (segment, n, 3) [rad/s^2]: skew part of R'' R^T, whose symmetric part is centripetal.
        The first and last MARGIN samples are 0.
    """
    segments, count = rotation.shape[:2]
    velocity, acceleration = np.zeros((segments, count, 3)), np.zeros((segments, count, 3))
    slope, bend = np.empty(9), np.empty(9)
    for row in range(segments):
        flat = rotation[row].ravel()
        for frame in range(MARGIN, count - MARGIN):
            # nine samples of the nine elements; that they are one stretch of memory makes this three times as fast
            near = flat[9 * (frame - MARGIN) : 9 * (frame + MARGIN + 1)]
            now = near[36:45]
            for k in range(9):
                first, second = 0.0, _SECOND_MIDDLE * now[k]
                for step in range(1, MARGIN + 1):
                    after, before = near[36 + 9 * step + k], near[36 - 9 * step + k]
                    first += _FIRST[step - 1] * (after - before)
                    second += _SECOND[step - 1] * (after + before)
                slope[k], bend[k] = first, second
            for axis in range(3):
                second_row, third_row = 3 * ((axis + 1) % 3), 3 * ((axis + 2) % 3)
                turned, gained = 0.0, 0.0
                for k in range(3):
                    turned += slope[third_row + k] * now[second_row + k] - slope[second_row + k] * now[third_row + k]
                    gained += bend[third_row + k] * now[second_row + k] - bend[second_row + k] * now[third_row + k]
                velocity[row, frame, axis] = 0.5 * turned * rate
                acceleration[row, frame, axis] = 0.5 * gained * rate * rate
    return velocity, acceleration


@njit(cache=True)
def inertial_moment(rotation, inertia, velocity, acceleration):  # type: ignore[no-untyped-def]
    """Rate of change of a segment's angular momentum about its own centre of mass: I a + w x I w, in lab axes.

    Parameters
    ----------
    rotation : (segment, n, 3, 3); inertia : (segment, 3, 3) in segment axes [kg m^2].
    velocity, acceleration : (segment, n, 3) [rad/s], [rad/s^2].

    Returns
    -------
    (segment, n, 3) [N m].
    """
    moment = np.empty_like(velocity)
    spin, change, product, local = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for row in range(rotation.shape[0]):
        for frame in range(rotation.shape[1]):
            for axis in range(3):
                spin[axis], change[axis] = 0.0, 0.0
                for k in range(3):
                    spin[axis] += rotation[row, frame, k, axis] * velocity[row, frame, k]
                    change[axis] += rotation[row, frame, k, axis] * acceleration[row, frame, k]
            for axis in range(3):
                product[axis] = 0.0
                for k in range(3):
                    product[axis] += inertia[row, axis, k] * spin[k]
            for axis in range(3):
                after, last = (axis + 1) % 3, (axis + 2) % 3
                local[axis] = spin[after] * product[last] - spin[last] * product[after]
                for k in range(3):
                    local[axis] += inertia[row, axis, k] * change[k]
            for axis in range(3):
                moment[row, frame, axis] = 0.0
                for k in range(3):
                    moment[row, frame, axis] += rotation[row, frame, axis, k] * local[k]
    return moment
