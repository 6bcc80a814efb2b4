"""Rotation of pelvis and trunk that absorbs what the feet cannot: planned ahead, then tracked with feedback."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline
from scipy.linalg import solveh_banded

from legsci.simulate.athlete.plan import Array

#: Stiffness of the return of the trunk to its plan: angular frequency [rad/s] and damping ratio.
_RETURN_FREQUENCY, _RETURN_DAMPING = 12.0, 0.9
#: Rotation of the trunk that costs as much as a centre of pressure at the edge of the foot [rad].
_TURN_SCALE = 0.15
#: Frames over which the turn is planned as one [s], and the moment that the planned flight may be off by [N m].
_PLAN_INTERVAL_S, _PLAN_SLACK = 0.008, 0.3
#: How sharply a moment saturates at its limit.
_SHARPNESS = 6.0


class GroundMoment(NamedTuple):
    """Moment of the ground reaction about the body's centre of mass.

    Parameters
    ----------
    middle : (n, 3) with the centre of pressure where it is wanted [N m].
    low, high : (n, 3) limits around `middle`; 0 in flight [N m].
    """

    middle: Array
    low: Array
    high: Array


@njit(cache=True)
def _limited(moment, low, high):  # type: ignore[no-untyped-def]
    """Moment within low < 0 < high, smoothly and nearly unchanged until close to a limit."""
    limit = high if moment > 0.0 else -low
    if limit <= 0.0:
        return 0.0
    return moment / (1.0 + (abs(moment) / limit) ** _SHARPNESS) ** (1.0 / _SHARPNESS)


def trunk_plan(deviation: Array, capacity: Array, inertia: Array, interval: float) -> Array:
    """Additional rotation of pelvis and trunk about one axis that demands least of the feet over the whole trial.

    Parameters
    ----------
    deviation : (n,) moment that the motion requires beyond the wanted moment of the ground reaction [N m].
    capacity : (n,) by how much the moment of the ground may differ from the wanted one; small in flight [N m].
    inertia : (n,) about the axis [kg m^2].
    interval : between frames [s].

    Returns
    -------
    (n,) angle p [rad] that minimises the sum of ((I p'' + deviation) / capacity)^2 + (p / _TURN_SCALE)^2.
    """
    count = deviation.size
    weight = 1.0 / capacity[1:-1]
    stretch = weight * inertia[1:-1] / interval**2
    # rows I p'' / capacity with p'' by second differences; normal equations are banded, two diagonals above
    bands = np.zeros((3, count))
    bands[2] = _TURN_SCALE**-2
    bands[2, :-2] += stretch**2
    bands[2, 1:-1] += 4.0 * stretch**2
    bands[2, 2:] += stretch**2
    bands[1, 1 : count - 1] += -2.0 * stretch**2
    bands[1, 2:count] += -2.0 * stretch**2
    bands[0, 2:] += stretch**2
    right = np.zeros(count)
    push = -stretch * weight * deviation[1:-1]
    right[:-2] += push
    right[1:-1] -= 2.0 * push
    right[2:] += push
    return np.asarray(solveh_banded(bands, right))


@njit(cache=True)
def trunk_turns(needed, ahead, wanted, ground, inertia, rate):  # type: ignore[no-untyped-def]
    """Additional rotation of pelvis and trunk that absorbs the moment which the feet cannot.

    Parameters
    ----------
    needed : (n, 3) moment that the motion requires without additional rotation [N m].
    ahead : (n, 3) by how much the ground's moment is planned to differ from `ground.middle` [N m].
    wanted : (n, 3) planned rotation, to which feedback returns [rad].
    ground : GroundMoment.
    inertia : (n, 3) about each axis [kg m^2].
    rate : [Hz].

    Returns
    -------
    vector : (n, 3) rotation [rad]; acceleration : (n, 3) [rad/s^2].
    """
    vector, acceleration = np.zeros(needed.shape), np.zeros(needed.shape)
    vector[:2] = wanted[:2]
    for frame in range(1, needed.shape[0] - 1):
        for axis in range(3):
            now, before = vector[frame, axis], vector[frame - 1, axis]
            off = now - wanted[frame, axis]
            speed = (off - before + wanted[frame - 1, axis]) * rate
            back = _RETURN_FREQUENCY**2 * off + 2.0 * _RETURN_DAMPING * _RETURN_FREQUENCY * speed
            wish = ahead[frame, axis] - inertia[frame, axis] * back
            taken = ground.middle[frame, axis] + _limited(wish, ground.low[frame, axis], ground.high[frame, axis])
            acceleration[frame, axis] = (taken - needed[frame, axis]) / inertia[frame, axis]
            vector[frame + 1, axis] = 2.0 * now - before + acceleration[frame, axis] / rate**2
    return vector, acceleration


def planned_turn(deviation: Array, capacity: Array, inertia: Array, rate_hz: float) -> tuple[Array, Array]:
    """Planned additional rotation [rad] and ground moment beyond the wanted one [N m], (n, 3), by trunk_plan()."""
    step = max(round(_PLAN_INTERVAL_S * rate_hz), 1)
    interval, count = step / rate_hz, deviation.shape[0] // step
    need, room, against = (
        values[: count * step].reshape(count, step, 3).mean(axis=1) for values in (deviation, capacity, inertia)
    )
    room = room + _PLAN_SLACK
    turns = np.stack([trunk_plan(need[:, k], room[:, k], against[:, k], interval) for k in range(3)], axis=1)
    ground = need + against * np.gradient(np.gradient(turns, interval, axis=0), interval, axis=0)
    frames, middles = np.arange(deviation.shape[0]), np.arange(count) * step + 0.5 * (step - 1)
    ahead = np.stack([np.interp(frames, middles, moment) for moment in ground.T], axis=1)
    return CubicSpline(middles, turns)(frames), ahead
