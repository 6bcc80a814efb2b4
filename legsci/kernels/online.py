"""Filters and detectors that see a recording piece by piece, as it arrives, and never what comes later."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Places in the state of `spans_above`: whether above, samples since that may have changed, samples seen.
ABOVE, WAITED, SEEN = 0, 1, 2
#: Places in the state of `turns`: phase (STANDING, DOWN, UP), highest and lowest since it began, samples seen, the last
#: height; and phases of a squat.
PHASE, HIGHEST, LOWEST, COUNTED, LAST = 0, 1, 2, 3, 4
STANDING, DOWN, UP = 0.0, 1.0, 2.0


@njit(cache=True)
def filter_piece(piece: Array, sections: Array, state: Array) -> Array:
    """Filter a piece of a recording in one pass, as if it followed the pieces before without a break.

    Parameters
    ----------
    piece : (channel, time), without gaps.
    sections : (section, 5) b0, b1, b2, a1, a2.
    state : (channel, section, 2) of transposed direct form II, 0 before the first piece; changed in place.

    Returns
    -------
    (channel, time), the same unit.
    """
    filtered = np.empty_like(piece)
    for channel in range(piece.shape[0]):
        for sample in range(piece.shape[1]):
            value = piece[channel, sample]
            for number in range(len(sections)):
                b0, b1, b2, a1, a2 = sections[number]
                out = b0 * value + state[channel, number, 0]
                state[channel, number, 0] = b1 * value - a1 * out + state[channel, number, 1]
                state[channel, number, 1] = b2 * value - a2 * out
                value = out
            filtered[channel, sample] = value
    return filtered


@njit(cache=True)
def spans_above(piece: Array, limit: float, rising: int, falling: int, state: NDArray[np.int64]) -> Array:
    """Starts and ends of the spans in which a signal is above a limit, as soon as they are sure.

    Parameters
    ----------
    piece : (time,).
    limit : in the unit of the signal.
    rising, falling : samples for which the signal is above before a span has begun, and not above before it has ended.
    state : (3,) integers, 0 before the first piece; changed in place.

    Returns
    -------
    (event, 3) 1 of a start or 0 of an end, first sample above (or no longer above), and sample by which it was known;
    samples are counted from the first piece on.
    """
    found = np.empty((len(piece), 3))
    count = 0
    for value in piece:
        changed = (value > limit) != (state[ABOVE] == 1)
        state[WAITED] = state[WAITED] + 1 if changed else 0
        needed = falling if state[ABOVE] == 1 else rising
        if state[WAITED] >= needed:
            state[ABOVE] = 1 - state[ABOVE]
            found[count, 0] = state[ABOVE]
            found[count, 1] = state[SEEN] - needed + 1
            found[count, 2] = state[SEEN]
            count += 1
            state[WAITED] = 0
        state[SEEN] += 1
    return found[:count]


@njit(cache=True)
def turns(piece: Array, least: float, step: float, state: Array) -> Array:
    """Lowest points and ends of movements down and up again, as soon as they are sure.

    Parameters
    ----------
    piece : (time,) height, low-passed [m].
    least : depth of a movement [m].
    step : rise above the lowest point that makes it sure [m].
    state : (5,), 0 before the first piece; changed in place.

    Returns
    -------
    (event, 3) 0 of the lowest point or 1 of the end, at which `least` is no longer below where the movement began; the
    sample of the lowest height, or of the end; and the sample by which it was known, counted from the first piece on.
    """
    found = np.empty((len(piece), 3))
    count, lowest_at = 0, state[LAST]
    for value in piece:
        if state[COUNTED] == 0.0:
            state[HIGHEST] = value
        if state[PHASE] == STANDING:
            state[HIGHEST] = max(state[HIGHEST], value)
            if value < state[HIGHEST] - least:
                state[PHASE], state[LOWEST] = DOWN, value
        if state[PHASE] == DOWN:
            if value <= state[LOWEST]:
                state[LOWEST], lowest_at = value, state[COUNTED]
            elif value > state[LOWEST] + step:
                state[PHASE] = UP
                found[count, 0], found[count, 1], found[count, 2] = 0.0, lowest_at, state[COUNTED]
                count += 1
        elif state[PHASE] == UP:
            if value < state[LOWEST]:
                state[PHASE], state[LOWEST], lowest_at = DOWN, value, state[COUNTED]
            elif value > state[HIGHEST] - least:
                state[PHASE], state[HIGHEST] = STANDING, value
                found[count, 0], found[count, 1], found[count, 2] = 1.0, state[COUNTED], state[COUNTED]
                count += 1
        state[COUNTED] += 1.0
    state[LAST] = lowest_at
    return found[:count]
