"""When the feet leave the plates and come back, from vertical ground reaction force alone, and how uncertain that is.

Positions are in samples from the first sample of `force` and may be fractional; NaN means that the event was not found.
Force is the vertical ground reaction on the body [N], upward positive.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from legsci.kernels.events import Array

#: The edge of a contact is a straight line up to this many times the contact limit, and over at most so many samples.
STEEP, LONGEST_EDGE = 4.0, 20
#: On record, the straight line along which force falls to zero before a take-off goes on to below this [N].
ROUNDED_N = 10.0
#: Root mean square of a position anywhere within a sample, counted from one of its ends [samples].
WITHIN_SAMPLE = 3.0**-0.5
#: A sample below this part of the contact limit, which is five times the noise, is of the empty plate.
EMPTY_PART = 0.25


@njit(cache=True)
def crossing(force: Array, inside: int, outside: int, limit: float) -> float:
    """Position at which force passes `limit` between two neighbouring samples, by linear interpolation.

    Parameters
    ----------
    force : (sample,) [N].
    inside, outside : neighbouring sample numbers on either side of the limit.
    limit : [N].

    Returns
    -------
    position [samples]; `outside` where the two forces do not differ.
    """
    difference = force[inside] - force[outside]
    if difference == 0.0 or outside < 0:
        return float(outside)
    return outside + (inside - outside) * (limit - force[outside]) / difference


@njit(cache=True)
def flight_edges(
    force: Array, middle: int, contact: float, loaded: float, to_zero: bool = False
) -> tuple[float, float]:
    """Take-off and landing around `middle`, told apart from the ringing of the platform.

    A platform that rings may pass `contact` again tens of milliseconds after the feet have left. The search goes
    from `middle` to where force reaches `loaded`, and from there back towards the flight to the first passage of
    `contact`: take-off is the first moment without contact, landing the last.

    Parameters
    ----------
    force : (sample,) [N].
    middle : a sample in flight.
    contact : force from which the feet are in contact [N].
    loaded : force that only feet exert and no ringing of the platform, at least `contact` [N].
    to_zero : follow force from the limit on to zero (`_reaches_zero`): the limit is passed some tenths of a millisecond
        before the feet leave and after they touch down, which makes a flight too long.

    Returns
    -------
    takeoff, landing : positions [samples], interpolated; NaN where the recording begins or ends in flight.
    """
    first, last = _loaded_samples(force, middle, contact, loaded)
    takeoff = np.nan if first < 0 else crossing(force, first + 1, first, contact)
    landing = np.nan if last >= force.size else crossing(force, last - 1, last, contact)
    if to_zero and not np.isnan(takeoff):
        takeoff = _reaches_zero(force, first, -1, takeoff, contact)
    if to_zero and not np.isnan(landing):
        landing = _reaches_zero(force, last, 1, landing, contact)
    return takeoff, landing


@njit(cache=True)
def _loaded_samples(force: Array, middle: int, contact: float, loaded: float) -> tuple[int, int]:
    """Last sample in contact before `middle` and first after it; -1 and the number of samples where there is none."""
    first = middle
    while first >= 0 and not (force[first] >= loaded and not _swings_back(force, first, loaded)):
        first -= 1
    while 0 <= first < middle - 1 and force[first + 1] >= contact:
        first += 1
    last = middle
    while last < force.size and not force[last] >= loaded:
        last += 1
    while middle + 1 < last < force.size and force[last - 1] >= contact:
        last -= 1
    return first, last


@njit(cache=True)
def _swings_back(force: Array, inside: int, loaded: float) -> bool:
    """Whether the force at a sample is the swing of an empty platform: a pull as large as a load comes before it."""
    index = inside
    while index >= 0 and force[index] > 0.0:
        index -= 1
    while index >= 0 and force[index] <= 0.0:
        if force[index] <= -loaded:
            return True
        index -= 1
    return False


@njit(cache=True)
def edge_uncertainties(
    force: Array, middle: int, contact: float, loaded: float, noise: float, swing: float = 0.0
) -> Array:
    """Standard uncertainties of the take-off and the landing that `flight_edges` finds where force reaches zero.

    Parameters
    ----------
    force, middle, contact, loaded : as `flight_edges`.
    noise : standard deviation of the force of the empty plates [N].
    swing : quarter of the period in which the platform swings on its supports [samples]; 0 where it is not seen to.

    Returns
    -------
    (take-off or landing, scatter or corner) [samples]; NaN where the recording begins or ends in flight.
    Scatter: of the line through the first loaded samples, by the noise, or their departures from it where these are
    larger, as it is extended to zero; `WITHIN_SAMPLE` at most, and where force does not fall towards the flight, since
    the edge of a contact may lie between two samples. Corner: of a rectangular distribution as long as `_corner`, at
    the beginning of which the event is set. It makes contacts too short at both ends. To that of the landing is added
    the delay of a platform that swings, `_delay`.
    """
    answer = np.full((2, 2), np.nan)
    first, last = _loaded_samples(force, middle, contact, loaded)
    if first >= 0:
        answer[0] = _edge_uncertainty(force, first, -1, contact, noise)
    if last < force.size:
        answer[1] = _edge_uncertainty(force, last, 1, contact, noise)
        answer[1, 1] = np.hypot(answer[1, 1], _delay(force, last, contact, swing) / np.sqrt(3.0))
    return answer


@njit(cache=True)
def _delay(force: Array, nearest: int, contact: float, swing: float) -> float:
    """How late a platform that swings shows the beginning of a contact, at most [samples].

    A resonance of second order follows a force of slope s as s (t - sin(wt) / w): with the third power of time at
    first, whose tangent at a force F and slope a reaches zero 2 F / a too late, and later by up to a quarter of the
    period. The end of a contact it follows all along.
    """
    count, total, squares, sum_force, products, _ = _edge_sums(force, nearest, 1, contact, 3)
    slope = (count * products - total * sum_force) / (count * squares - total * total) if count >= 3 else 0.0
    return min(2.0 * sum_force / count / slope, swing) if slope > 0.0 else swing


@njit(cache=True)
def _edge_sums(
    force: Array, nearest: int, away: int, contact: float, least: int
) -> tuple[int, float, float, float, float, float]:
    """Sums of a straight line through the first loaded samples of an edge, those up to `STEEP` times the limit.

    Returns
    -------
    count of the samples, `least` or more where the recording has them; sums of step, step^2, force, step times force,
    and force^2, with the steps counted from `nearest`.
    """
    count, total, squares, sum_force, products, sum_squares = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    index = nearest
    while 0 <= index < force.size and (count < least or (count < LONGEST_EDGE and force[index] <= STEEP * contact)):
        step = float(abs(index - nearest))
        count += 1
        total += step
        squares += step * step
        sum_force += force[index]
        products += step * force[index]
        sum_squares += force[index] * force[index]
        index += away
    return count, total, squares, sum_force, products, sum_squares


@njit(cache=True)
def _edge_uncertainty(force: Array, nearest: int, away: int, contact: float, noise: float) -> tuple[float, float]:
    """Scatter and corner of one edge [samples], by the line through its first loaded samples, at least three."""
    count, total, squares, sum_force, products, sum_squares = _edge_sums(force, nearest, away, contact, 3)
    if count < 3:
        return WITHIN_SAMPLE, 0.0
    spread = squares - total * total / count
    slope = (products - total * sum_force / count) / spread
    if not slope > 0.0:
        return WITHIN_SAMPLE, 0.0
    residual = max(sum_squares - sum_force * sum_force / count - slope * slope * spread, 0.0) / (count - 2)
    away_from_mean = sum_force / count / slope
    scatter = np.sqrt(max(noise * noise, residual) * (1.0 / count + away_from_mean * away_from_mean / spread)) / slope
    empty = float(_first_empty(force, nearest, away, contact))
    return min(scatter, WITHIN_SAMPLE), _corner(slope, away_from_mean - total / count, empty) / np.sqrt(3.0)


@njit(cache=True)
def _corner(slope: float, beyond: float, empty: float) -> float:
    """How much longer than the line through its edge a contact lasts, at most [samples].

    How force reaches zero below `ROUNDED_N` is not seen. It may go on straight or turn into a parabola; the line then
    ends early by up to the time that it takes from there to zero, but not beyond the sample after the first empty one.

    Parameters
    ----------
    slope : of the line [N/sample].
    beyond, empty : where the line reaches zero, and the first empty sample, from the first loaded one [samples].
    """
    return min(ROUNDED_N / slope, empty + 1.0 - min(max(beyond, 0.0), empty))


@njit(cache=True)
def _first_empty(force: Array, nearest: int, away: int, contact: float) -> int:
    """How many samples from a loaded one to the first in flight that reads no more than `EMPTY_PART` of the limit."""
    empty = 1
    while 0 <= nearest - away * empty < force.size and force[nearest - away * empty] > EMPTY_PART * contact:
        empty += 1
    return empty


@njit(cache=True)
def _reaches_zero(force: Array, nearest: int, away: int, at_limit: float, contact: float) -> float:
    """Position at which the line through the first loaded samples reaches zero, seen from the flight.

    The line is fitted to the samples between `contact` and `STEEP` times that, but at least two. Samples of the flight
    do not enter: the force between the last of them and the first loaded one is not known.

    Parameters
    ----------
    force : (sample,) [N].
    nearest : loaded sample next to the flight.
    away : direction in which it is loaded, -1 before the flight and 1 after it.
    at_limit : position at which force passes `contact`, by interpolation [samples].
    contact : [N].

    Returns
    -------
    position [samples], the line's no further into the flight than the first sample that reads no more than `EMPTY_PART`
    of the limit; `at_limit` where force does not fall towards the flight.
    """
    count, total, squares, sum_force, products, _ = _edge_sums(force, nearest, away, contact, 2)
    if count < 2:
        return at_limit
    slope = (count * products - total * sum_force) / (count * squares - total * total)
    if not slope > 0.0:
        return at_limit
    beyond = (sum_force - slope * total) / count / slope
    empty = float(_first_empty(force, nearest, away, contact))
    return nearest - away * min(beyond, empty) if beyond >= 0.0 else at_limit
