"""Jumps: where a repetition starts, turns, leaves the ground and lands, from vertical ground reaction force alone.

Positions are in samples from the first sample of `force` and may be fractional; NaN means that the event was not found.
Force is the vertical ground reaction on the body [N], upward positive.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from legsci.kernels.contact_edges import crossing, flight_edges
from legsci.kernels.events import (
    BLOCK,
    LARGEST_ORDER,
    LEAST_BLOCKS,
    STEPS_OF_BLOCK,
    Array,
    _explained,
    _means,
    _noise_of_means,
    _onset_of_means,
    _whitened,
    _whitening,
    onset_of_departure,
)

#: Events of a repetition, in the order of the arrays that the kernels return.
EVENTS = (
    "movement_start",
    "minimum_force",
    "peak_negative_velocity",
    "bottom",
    "propulsion_start",
    "takeoff",
    "landing",
)
#: Vertical speed that sway does not exceed [m/s], as in a squat; our choice.
SWAY_M_PER_S = 0.02
#: A slow first stage of a countermovement is looked for in means over this time, so long before the second [s]. It
#: explains so much of their sum of squares, in variances of their noise: 10 standard deviations, since sway is smoother
#: than the process that it is taken for. Its onset is found from so many means.
STAGE_MEAN_S, LONGEST_STAGE_S, STAGE_EVIDENCE, BLOCKS_OF_STAGE = 0.01, 0.4, 100.0, 20
#: It lasts until the second: the mean of so many last means is at least half of its largest.
LAST_OF_STAGE = 3
#: Standard acceleration of free fall [m/s^2]; kernels import nothing from legsci.vocabulary.
_STANDARD_GRAVITY = 9.80665
_MOVEMENT_START, _MINIMUM_FORCE, _PEAK_NEGATIVE_VELOCITY, _BOTTOM, _PROPULSION_START, _TAKEOFF, _LANDING = range(7)


class DetectionRules(NamedTuple):
    """Rules by which the events of a jump are detected: those of a definition profile, in the units of a recording.

    Kernels take them as a plain tuple, `tuple(rules)`: numba takes 1 us to look at a named one.

    Parameters
    ----------
    band : departure from body weight that is treated as movement [N]; negative: only the first sample within body
        weight +- that much, searched backward from the movement.
    still : shortest stretch within the band that is treated as standing still [samples].
    lead : time by which the onset of movement precedes the departure from the band [samples].
    to_onset : the onset is where the course of the departure begins (`onset_of_departure`), not `lead` before it.
    start_shift : the onset lies earlier by so many of its standard uncertainties (`lead` where there is none).
    contact, loaded : forces of `flight_edges` [N].
    propulsion_velocity : upward velocity at which propulsion starts [m/s].
    to_zero : take-off and landing are where force reaches zero, not where it passes `contact` (`flight_edges`).
    countermovement : the movement starts with unweighting, so that least force precedes peak force; False: from a held
        squat, in which a dip of force is sway where stillness follows and the dip has left no more speed than
        `SWAY_M_PER_S`.
    """

    band: float
    still: int
    lead: int
    to_onset: bool
    start_shift: float
    contact: float
    loaded: float
    propulsion_velocity: float
    to_zero: bool
    countermovement: bool


#: Members of `DetectionRules` in a plain tuple.
Rules = tuple[Any, ...]


@njit(cache=True)
def last_stillness(force: Array, first: int, last: int, body_weight: float, band: float, still: int) -> int:
    """Sample after the last stretch of `still` samples before `last` in which force stays within body weight +- band.

    Searching backward from the movement, rather than forward from the weighing window, keeps sway between weighing and
    movement from being taken for the movement; a stretch shorter than `still` is a passage through body weight.

    Parameters
    ----------
    force : (sample,) [N].
    first, last : limits of the search [samples].
    body_weight, band : [N].
    still : shortest stretch [samples].

    Returns
    -------
    sample, or -1 where force never stayed in the band.
    """
    run = 0
    for index in range(last, first - 1, -1):
        if abs(force[index] - body_weight) <= band:
            run += 1
            if run == still:
                return index + still
        else:
            run = 0
    return -1


@njit(cache=True)
def velocity_from_rest(force: Array, rate: float, rest: int, first: int, last: int, body_weight: float) -> Array:
    """Velocity of the centre of mass, by the trapezoid rule, from a sample at which the person is at rest.

    v(t) = g / BW * integral of (F - BW) from rest to t; samples before `rest` are integrated backward in time.

    Parameters
    ----------
    force : (sample,) [N].
    rate : [Hz].
    rest : sample at which velocity is zero.
    first, last : limits of the integration, `last` included [samples]; `rest` lies anywhere, also outside them.
    body_weight : [N].

    Returns
    -------
    (sample,) [m/s], upward positive; NaN outside the limits and beyond a NaN of force.
    """
    velocity = np.full(force.size, np.nan)
    scale = 0.5 * _STANDARD_GRAVITY / (body_weight * rate)
    total = 0.0
    if rest <= last:
        if first <= rest:
            velocity[rest] = 0.0
        for index in range(rest + 1, last + 1):
            total += scale * (force[index - 1] + force[index] - 2.0 * body_weight)
            if index >= first:
                velocity[index] = total
    total = 0.0
    if rest >= first:
        if rest <= last:
            velocity[rest] = 0.0
        for index in range(rest - 1, first - 1, -1):
            total -= scale * (force[index + 1] + force[index] - 2.0 * body_weight)
            if index <= last:
                velocity[index] = total
    return velocity


@njit(cache=True)
def _turning_points(
    velocity: Array,
    force: Array,
    body_weight: float,
    first: int,
    takeoff: float,
    propulsion_velocity: float,
    events: Array,
) -> None:
    """Fill in peak negative velocity (F = BW), bottom (v = 0) and propulsion start between `first` and take-off."""
    stop = int(takeoff)
    lowest = first
    for index in range(first, stop + 1):
        if velocity[index] < velocity[lowest]:
            lowest = index
    events[_PEAK_NEGATIVE_VELOCITY] = lowest
    if first < lowest < stop:
        before = lowest if force[lowest] < body_weight else lowest - 1
        events[_PEAK_NEGATIVE_VELOCITY] = crossing(force, before + 1, before, body_weight)
    bottom = lowest
    while bottom < stop and velocity[bottom] < 0.0:
        bottom += 1
    if not velocity[bottom] >= 0.0:
        return
    rise = velocity[bottom] - velocity[bottom - 1] if bottom > lowest else 0.0
    events[_BOTTOM] = bottom - velocity[bottom] / rise if rise > 0.0 else float(bottom)
    start = bottom
    while start < stop and not velocity[start] > propulsion_velocity:
        start += 1
    if velocity[start] > propulsion_velocity:
        step = velocity[start] - velocity[start - 1] if start > bottom else 0.0
        events[_PROPULSION_START] = start - (velocity[start] - propulsion_velocity) / step if step > 0.0 else start


@njit(cache=True)
def standing_jump_events(
    force: Array, rate: float, weighing_end: int, middle: int, body_weight: float, rules: Rules
) -> tuple[Array, float]:
    """Events of a jump that starts from quiet standing.

    Parameters
    ----------
    force : (sample,) [N].
    rate : [Hz].
    weighing_end : sample after the weighing window; the movement starts no earlier.
    middle : a sample in flight.
    body_weight : [N].
    rules : members of `DetectionRules`.

    Returns
    -------
    events : (EVENTS,) positions [samples].
    takeoff_velocity : [m/s], upward positive; NaN where the movement's start or the take-off was not found.
    """
    events = np.full(len(EVENTS), np.nan)
    band, still, lead, to_onset, start_shift, contact, loaded, propulsion_velocity, to_zero, countermovement = rules
    takeoff, landing = flight_edges(force, middle, contact, loaded, to_zero)
    events[_TAKEOFF], events[_LANDING] = takeoff, landing
    if np.isnan(takeoff) or takeoff <= weighing_end + 1:
        return events, np.nan
    stop = int(takeoff)
    lowest, peak = _lowest_before_peak(force, weighing_end, stop)
    lowers = force[lowest] < body_weight - abs(band)
    if band >= 0.0:
        leaves = last_stillness(force, weighing_end - still, lowest if lowers else peak, body_weight, band, still)
        if lowers and not countermovement:
            later = last_stillness(force, lowest, peak, body_weight, band, still)
            sinks = (
                np.sum(force[max(leaves, 0) : max(later, 0)] - body_weight) / (body_weight * rate) * _STANDARD_GRAVITY
            )
            if later >= 0 and (leaves < 0 or abs(sinks) <= SWAY_M_PER_S):
                leaves = later
    else:
        leaves = lowest if lowers else peak
        while leaves > weighing_end and abs(force[leaves] - body_weight) > -band:
            leaves -= 1
    if leaves < 0:
        return events, np.nan
    onset, doubt, earliest = leaves - lead, float(lead), max(weighing_end - int(rate), 0)
    if to_onset:
        modelled, sd = onset_of_departure(force, earliest, leaves, stop, body_weight, abs(band))
        if not np.isnan(modelled):
            onset, doubt = round(modelled), sd
            if countermovement:
                side = 1.0 if force[leaves] > body_weight else -1.0
                modelled, sd = _onset_of_first_stage(force, earliest, onset, side, body_weight, rate)
                onset, doubt = (onset, doubt) if np.isnan(modelled) else (round(modelled), sd)
    # The quietest second may hold the first moments of a smooth movement, which its scatter hides.
    start = max(onset - round(start_shift * doubt), earliest)
    events[_MOVEMENT_START] = start
    if lowers and lowest >= leaves:
        events[_MINIMUM_FORCE] = lowest
    movement = force[start : stop + 2]
    velocity = velocity_from_rest(movement, rate, 0, 0, movement.size - 1, body_weight)
    _turning_points(velocity, movement, body_weight, 0, takeoff - start, propulsion_velocity, events)
    for event in (_PEAK_NEGATIVE_VELOCITY, _BOTTOM, _PROPULSION_START):
        events[event] += start
    return events, _between(velocity, takeoff - start)


@njit(cache=True)
def _onset_of_first_stage(
    force: Array, first: int, stop: int, side: float, body_weight: float, rate: float
) -> tuple[float, float]:
    """Onset of a movement that begins slowly, before `stop`, and its standard uncertainty [samples]; NaN for none.

    Where a shift of weight precedes the countermovement, force leaves body weight in two stages, of which the course of
    the second tells nothing about the first. A step of the means of force before the second stage shows the first, if
    it explains `STAGE_EVIDENCE` more of their sum of squares than the noise of the standing before it; its onset is
    found as that of the second.
    """
    length = max(round(STAGE_MEAN_S * rate), 1)
    count = min((stop - first) // (2 * length), round(LONGEST_STAGE_S * rate) // length)
    if count < LEAST_BLOCKS:
        return np.nan, np.nan
    begin = stop - count * length
    means = _means(force[begin:stop], length) - body_weight
    noise = _noise_of_means(force[first:begin], length)
    whitening = _whitening(count, noise)
    seen = _whitened(side * means, *whitening, noise[2])
    steps = np.ones((STEPS_OF_BLOCK * (count + 1), 1))
    explained = np.array([_explained(steps, block, 0, seen, whitening, noise[2])[0] for block in range(count - 1)])
    step = int(explained.argmax())
    # Sway comes back before the countermovement.
    if explained[step] < STAGE_EVIDENCE or (side * means)[step:].max() > 2.0 * (side * means)[-LAST_OF_STAGE:].mean():
        return np.nan, np.nan
    # The step lies in the middle of a rise, whose course is looked for as long before it as the stage lasts after it.
    middle = begin + (step + 1) * length
    span = min(stop - middle, middle - first)
    length = max(span // BLOCKS_OF_STAGE, 1)
    if span // length < LEAST_BLOCKS:
        return np.nan, np.nan
    stop, begin = middle, middle - span // length * length
    means = side * (_means(force[begin:stop], length) - body_weight)
    onset, sd = _onset_of_means(means, _noise_of_means(force[first:begin], length), LARGEST_ORDER)
    return begin + length * onset, length * sd


@njit(cache=True)
def _lowest_before_peak(force: Array, first: int, last: int) -> tuple[int, int]:
    """Sample of least force before the sample of peak force, and that sample; of equal samples the first.

    Records are rare: a block of samples without one is passed by in a single comparison of all its samples.
    """
    peak = lowest = least = first
    highest_force = least_force = force[first]
    for block in range(first, last + 1, BLOCK):
        samples = force[block : min(block + BLOCK, last + 1)]
        records = 0
        for offset in range(samples.size):
            records += (samples[offset] < least_force) + (samples[offset] > highest_force)
        if records == 0:
            continue
        for offset, value in enumerate(samples):
            index = block + offset
            if value < least_force:
                least, least_force = index, value
            if value > highest_force:
                peak, highest_force, lowest = index, value, least
    return lowest, peak


@njit(cache=True)
def _between(signal: Array, position: float) -> float:
    """Signal at a position between two samples, by linear interpolation; the last sample beyond the end."""
    lower = min(int(position), signal.size - 1)
    upper = min(lower + 1, signal.size - 1)
    return signal[lower] + (position - lower) * (signal[upper] - signal[lower])


@njit(cache=True)
def contact_events(
    force: Array, rate: float, rest: int, first: int, middle: int, body_weight: float, rules: Rules
) -> tuple[Array, float]:
    """Events of a jump whose velocity is integrated from quiet standing at another time (a rebound, or no quiet start).

    Parameters
    ----------
    force : (sample,) [N].
    rate : [Hz].
    rest : sample at which the person stands still, before or after the contact.
    first : a sample at or after which the contact begins.
    middle : a sample in flight.
    body_weight : [N].
    rules : members of `DetectionRules`; those of the movement's onset are not used.

    Returns
    -------
    events : (EVENTS,) positions [samples]; movement_start is the sample `first`.
    takeoff_velocity : [m/s], upward positive; NaN where the take-off was not found.
    """
    events = np.full(len(EVENTS), np.nan)
    _, _, _, _, _, contact, loaded, propulsion_velocity, to_zero, _ = rules
    takeoff, landing = flight_edges(force, middle, contact, loaded, to_zero)
    events[_TAKEOFF], events[_LANDING] = takeoff, landing
    if np.isnan(takeoff) or takeoff <= first:
        return events, np.nan
    events[_MOVEMENT_START] = first
    velocity = velocity_from_rest(force, rate, rest, first, min(int(takeoff) + 1, force.size - 1), body_weight)
    _turning_points(velocity, force, body_weight, first, takeoff, propulsion_velocity, events)
    return events, _between(velocity, takeoff)
