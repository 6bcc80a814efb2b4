"""Smooth curves in closed form: rounded ramps, and paths whose acceleration is a sum of rounded ramps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import factorial

import numpy as np
from numba import njit

from legsci.simulate.athlete.plan import Array

# Antiderivatives of the smooth step u^4 (35 - 84 u + 70 u^2 - 20 u^3), highest power first, for 0 <= u <= 1; and what
# they go on as, in powers of u - 1: the integrals of 1. A row per number of integrals, filled up with zeros in front.
_STEPS = [np.poly1d([-20.0, 70.0, -84.0, 35.0, 0.0, 0.0, 0.0, 0.0])]
for _ in range(3):
    _STEPS.append(_STEPS[-1].integ())
_WITHIN = np.array([np.pad(step.coeffs, (11 - step.coeffs.size, 0)) for step in _STEPS])
_AFTER = np.array(
    [
        [0.0] * (3 - integrals)
        + [float(_STEPS[integrals - order](1.0)) / factorial(order) for order in range(integrals, -1, -1)]
        for integrals in range(len(_STEPS))
    ]
)


@njit(cache=True)
def _step_value(u, within, after):  # type: ignore[no-untyped-def]
    """0 below 0, `within` in powers of u up to 1, `after` in powers of u - 1 beyond; NaN is 0."""
    value = 0.0
    if u > 1.0:
        for coefficient in after:
            value = value * (u - 1.0) + coefficient
    elif u > 0.0:
        for coefficient in within:
            value = value * u + coefficient
    return value


@njit(cache=True)
def _step_values(position, within, after):  # type: ignore[no-untyped-def]
    """_step_value() of each of (n,)."""
    values = np.empty(position.size)
    for place in range(position.size):
        values[place] = _step_value(position[place], within, after)
    return values


@njit(cache=True)
def _ramp_values(since, duration, rounding, within, after, answer):  # type: ignore[no-untyped-def]
    """Write a ramp, its first and its second integral (3,) at `since` its start [s]."""
    rising, falling = since / rounding, (since - duration + rounding) / rounding
    scale = rounding / (duration - rounding)
    for integrals in range(3):
        row = integrals + 1
        rise = _step_value(rising, within[row], after[row])
        answer[integrals] = scale * (rise - _step_value(falling, within[row], after[row]))
        scale *= rounding


@njit(cache=True)
def _sum_of_ramps(time, changes, within, after):  # type: ignore[no-untyped-def]
    """Sum of ramps and of their first and second integrals (3, n).

    Parameters
    ----------
    time : (n,) [s].
    changes : (change, 4) start, duration, length of the rounded ends [s], amount.
    within, after : coefficients of the smooth step's integrals.
    """
    sums, shape = np.zeros((3, time.size)), np.empty(3)
    for start, duration, rounding, amount in changes:
        # a ramp that is over goes on as 1, whose integrals are those from its middle on, and what its rounding adds
        middle = start + 0.5 * duration
        _ramp_values(duration, duration, rounding, within, after, shape)
        lasting = shape[2] - 0.5 * (0.5 * duration) ** 2
        for place in range(time.size):
            since = time[place] - middle
            if since >= 0.5 * duration:
                sums[0, place] += amount
                sums[1, place] += amount * since
                sums[2, place] += amount * (0.5 * since * since + lasting)
            elif since > -0.5 * duration:
                _ramp_values(time[place] - start, duration, rounding, within, after, shape)
                for integrals in range(3):
                    sums[integrals, place] += amount * shape[integrals]
    return sums


def smooth_step(position: Array, *, integrals: int = 0) -> Array:
    """Step from 0 to 1 with three continuous derivatives, or its first, second or third integral from -infinity.

    Parameters
    ----------
    position : any shape; the step rises between 0 and 1.
    integrals : 0 to 3.

    Returns
    -------
    s(u) = u^4 (35 - 84 u + 70 u^2 - 20 u^3) within, 0 before and 1 after; or its integrals.
    """
    flat = np.ascontiguousarray(position, dtype=float).ravel()
    return np.asarray(_step_values(flat, _WITHIN[integrals], _AFTER[integrals])).reshape(np.shape(position))


def ramp(time: Array, start: float, duration: float, rounding: float | None = None, *, integrals: int = 0) -> Array:
    """Ramp from 0 to 1 that is straight except for rounded ends, or its first or second time integral.

    Parameters
    ----------
    time : (n,) [s].
    start, duration : [s].
    rounding : length of each rounded end [s], at most half of `duration`, which is also the default (an S curve).
    integrals : 0 to 2.

    Returns
    -------
    (n,) with four continuous derivatives; times s or s^2 when integrated.
    """
    rounding = 0.5 * duration if rounding is None else rounding
    scale = rounding ** (1 + integrals) / (duration - rounding)
    rising = smooth_step((time - start) / rounding, integrals=1 + integrals)
    falling = smooth_step((time - start - duration + rounding) / rounding, integrals=1 + integrals)
    return scale * (rising - falling)


def bump(time: Array, start: float, rise: float, hold: float, fall: float) -> Array:
    """Rise from 0 to 1, hold, and fall back to 0; times in seconds."""
    return ramp(time, start, rise) - ramp(time, start + rise + hold, fall)


@dataclass(frozen=True)
class Change:
    """A change of acceleration along a rounded ramp.

    Parameters
    ----------
    start, duration : [s].
    amount : [m/s^2]; None: to be found from the targets of the path.
    rounding : see ramp().
    """

    start: float
    duration: float
    amount: float | None = None
    rounding: float | None = None

    @property
    def ends(self) -> float:
        """Length of each rounded end [s]."""
        return 0.5 * self.duration if self.rounding is None else self.rounding


@dataclass(frozen=True)
class Target:
    """What a path must reach at a time; None: free. SI units."""

    time: float
    position: float | None = None
    velocity: float | None = None
    acceleration: float | None = None


@dataclass(frozen=True)
class Path:
    """A coordinate of which the acceleration is a sum of rounded ramps, so that all of it is known in closed form.

    Parameters
    ----------
    start : time at which position and velocity are given [s].
    position, velocity, acceleration : there [m], [m/s], [m/s^2]; all changes lie after it.
    changes : with amounts.
    """

    start: float
    position: float
    velocity: float
    acceleration: float
    changes: tuple[Change, ...]

    def at(self, time: Array) -> tuple[Array, Array, Array]:
        """Position [m], velocity [m/s] and acceleration [m/s^2] at times (n,) [s]."""
        time = np.asarray(time, dtype=float)
        since = time - self.start
        rows = [(change.start, change.duration, change.ends, change.amount or 0.0) for change in self.changes]
        changed = _sum_of_ramps(time, np.array(rows).reshape(-1, 4), _WITHIN, _AFTER)
        position = self.position + self.velocity * since + 0.5 * self.acceleration * since**2 + changed[2]
        return position, self.velocity + self.acceleration * since + changed[1], self.acceleration + changed[0]


def find_path(path: Path, targets: list[Target]) -> Path:
    """Find the free amounts of a path so that it meets its targets.

    Parameters
    ----------
    path : with as many changes of unknown amount as the targets hold numbers.
    targets : what to reach, and when.

    Returns
    -------
    Path with all amounts known.

    Raises
    ------
    ValueError : the number of unknowns differs from the number of targets, or they contradict each other.

    Notes
    -----
    Position, velocity and acceleration are linear in the amounts, so this is one system of linear equations.
    """
    unknown = [index for index, change in enumerate(path.changes) if change.amount is None]
    rows, wanted = [], []
    for target in targets:
        time = np.array([target.time])
        known = path.at(time)
        for order, value in enumerate((target.position, target.velocity, target.acceleration)):
            if value is None:
                continue
            changes = [path.changes[index] for index in unknown]
            rows.append([ramp(time, c.start, c.duration, c.rounding, integrals=2 - order)[0] for c in changes])
            wanted.append(value - known[order][0])
    if len(rows) != len(unknown):
        raise ValueError(f"path: {len(unknown)} unknown amounts but {len(rows)} targets")
    amounts = np.linalg.solve(np.array(rows), np.array(wanted))
    found = dict(zip(unknown, amounts, strict=True))
    known_now = tuple(
        replace(change, amount=float(found[i])) if i in found else change for i, change in enumerate(path.changes)
    )
    return replace(path, changes=known_now)


def move_changes(start: float, duration: float) -> tuple[Change, Change, Change]:
    """Three changes of acceleration with which a path moves from rest to rest; times in seconds."""
    part = 0.4 * duration
    return Change(start, part), Change(start + 0.3 * duration, part), Change(start + 0.6 * duration, part)


def rest_at(time: float, position: float) -> Target:
    """Target of standing still at `position` [m] from `time` [s] on."""
    return Target(time, position=position, velocity=0.0, acceleration=0.0)
