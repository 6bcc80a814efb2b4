"""Posture: legs between hips and feet in closed form, and the pelvis that puts the centre of mass where it belongs."""

from __future__ import annotations

import numpy as np
from numba import njit

#: First row of a side's thigh, shank and foot in SEGMENTS, by side (left, right).
FIRST_OF_SIDE = np.array([5, 2])
_TOLERANCE = 1e-12  # [m]; twice differentiated at 1000 Hz it is 1e-6 m/s^2
_MOST_STEPS = 30


@njit(cache=True)
def _apply(turn, vector, answer):  # type: ignore[no-untyped-def]
    """Write turn @ vector into answer; spelled out, since a call to BLAS costs more than nine products."""
    for row in range(3):
        answer[row] = turn[row, 0] * vector[0] + turn[row, 1] * vector[1] + turn[row, 2] * vector[2]


@njit(cache=True)
def _frame(axis, lateral, frame):  # type: ignore[no-untyped-def]
    """Write the right-handed frame whose first axis is `axis` and whose second is `lateral` made perpendicular."""
    length = np.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2)
    along = (axis[0] * lateral[0] + axis[1] * lateral[1] + axis[2] * lateral[2]) / length
    square = 0.0
    for row in range(3):
        frame[row, 0] = axis[row] / length
        frame[row, 1] = lateral[row] - along * frame[row, 0]
        square += frame[row, 1] ** 2
    for row in range(3):
        frame[row, 1] /= np.sqrt(square)
    frame[0, 2] = frame[1, 0] * frame[2, 1] - frame[2, 0] * frame[1, 1]
    frame[1, 2] = frame[2, 0] * frame[0, 1] - frame[0, 0] * frame[2, 1]
    frame[2, 2] = frame[0, 0] * frame[1, 1] - frame[1, 0] * frame[0, 1]


@njit(cache=True)
def leg(line, lateral, lengths, tilt, thigh, shank, room):  # type: ignore[no-untyped-def]
    """Write the rotations of thigh and shank that span `line`, for a wanted knee abduction and no knee rotation.

    Parameters
    ----------
    line : (3,) from the hip's to the ankle's centre [m].
    lateral : (3,) direction to the right that the flexion axis of the knee follows as far as it can.
    lengths : (2,) of thigh and shank [m].
    tilt : rotation of the shank about the thigh's x: minus valgus on the right leg, valgus on the left [rad].
    thigh, shank : (3, 3), written.
    room : (2, 3, 3) scratch.

    Returns
    -------
    Cosine of knee flexion; above 1 the leg is too short, and is drawn straight.

    Notes
    -----
    In thigh axes the ankle lies at q = -l1 y + Rz(-flexion) Rx(tilt) (-l2 y), so
    |q|^2 = l1^2 + l2^2 + 2 l1 l2 cos(flexion) cos(tilt) gives flexion; the thigh turns q onto the line, and about the
    line so that its z axis follows `lateral`.
    """
    cos_tilt, sin_tilt = np.cos(tilt), np.sin(tilt)
    square = line[0] ** 2 + line[1] ** 2 + line[2] ** 2
    reach = (square - lengths[0] ** 2 - lengths[1] ** 2) / (2.0 * lengths[0] * lengths[1] * cos_tilt)
    cosine = min(max(reach, -1.0), 1.0)
    sine = np.sqrt(1.0 - cosine * cosine)
    knee = (
        (cosine, sine * cos_tilt, -sine * sin_tilt),
        (-sine, cosine * cos_tilt, -cosine * sin_tilt),
        (0.0, sin_tilt, cos_tilt),
    )
    local = (-lengths[1] * knee[0][1], -lengths[1] * knee[1][1] - lengths[0], -lengths[1] * knee[2][1])
    _frame(line, lateral, room[0])
    _frame(local, (0.0, 0.0, 1.0), room[1])
    for row in range(3):
        for column in range(3):
            thigh[row, column] = (
                room[0, row, 0] * room[1, column, 0]
                + room[0, row, 1] * room[1, column, 1]
                + room[0, row, 2] * room[1, column, 2]
            )
    for row in range(3):
        for column in range(3):
            shank[row, column] = (
                thigh[row, 0] * knee[0][column] + thigh[row, 1] * knee[1][column] + thigh[row, 2] * knee[2][column]
            )
    return reach


@njit(cache=True)
def _posture(  # type: ignore[no-untyped-def]
    pelvis, ankles, tilts, hips, lumbar, lengths, mass, centre, rotation, position, room, com
):
    """Fill legs and positions of one frame, of which pelvis, trunk and feet are turned; write com; return reach."""
    vector, lateral, line = room[2, 0], room[2, 1], room[2, 2]
    furthest = -1.0
    position[0] = pelvis
    _apply(rotation[0], lumbar, vector)
    for row in range(3):
        position[1, row] = pelvis[row] + vector[row]
    for side in range(2):
        first = FIRST_OF_SIDE[side]
        _apply(rotation[0], hips[side], vector)
        for row in range(3):
            position[first, row] = pelvis[row] + vector[row]
            line[row] = ankles[side, row] - position[first, row]
            lateral[row] = rotation[first + 2, row, 2] + rotation[0, row, 2]
        reach = leg(line, lateral, lengths[side], tilts[side], rotation[first], rotation[first + 1], room)
        furthest = max(furthest, reach)
        for row in range(3):
            position[first + 1, row] = position[first, row] - lengths[side, 0] * rotation[first, row, 1]
            position[first + 2, row] = ankles[side, row]
    com[:] = 0.0
    whole = 0.0
    for segment in range(mass.size):
        _apply(rotation[segment], centre[segment], vector)
        whole += mass[segment]
        for row in range(3):
            com[row] += mass[segment] * (position[segment, row] + vector[row])
    for row in range(3):
        com[row] /= whole
    return furthest


@njit(cache=True)
def postures(  # type: ignore[no-untyped-def]
    com, pelvis_turn, trunk_turn, ankles, foot_turns, tilts, hips, lumbar, lengths, mass, centre
):
    """Posture of every frame, with the body's centre of mass on its path.

    Parameters
    ----------
    com : (n, 3) wanted centre of mass of the body [m].
    pelvis_turn, trunk_turn : (n, 3, 3) rotations.
    ankles : (2, n, 3) [m] and foot_turns : (2, n, 3, 3), (left, right).
    tilts : (2, n) of the knees, see leg() [rad].
    hips : (2, 3), lumbar : (3,), lengths : (2, 2) of thigh and shank by side, mass, centre : of Body [m], [kg].

    Returns
    -------
    rotation : (segment, n, 3, 3).
    position : (segment, n, 3) [m].
    reach : (n,) greatest cosine of knee flexion; above 1 a leg is too short for what is asked.
    miss : (n,) distance that is left between the centre of mass and its path [m].

    Notes
    -----
    Newton's method on the position of the pelvis, from the last frames', with the Jacobian by differences where the
    last one no longer converges fast.
    """
    count = com.shape[0]
    rotation = np.empty((mass.size, count, 3, 3))
    position = np.empty((mass.size, count, 3))
    reach, left_over = np.empty(count), np.empty(count)
    turns, origins = np.empty((mass.size, 3, 3)), np.empty((mass.size, 3))
    room, reached, moved, miss = np.empty((3, 3, 3)), np.empty(3), np.empty(3), np.empty(3)
    jacobian, inverse = np.empty((3, 3)), np.eye(3)
    pelvis = com[0] - np.array([0.0, 0.1, 0.0])
    for frame in range(count):
        turns[0], turns[1] = pelvis_turn[frame], trunk_turn[frame]
        turns[FIRST_OF_SIDE[0] + 2], turns[FIRST_OF_SIDE[1] + 2] = foot_turns[0, frame], foot_turns[1, frame]
        ankle, tilt = ankles[:, frame], tilts[:, frame]
        last_error = 1e-3 if frame > 0 else 0.0
        for _ in range(_MOST_STEPS):
            reach[frame] = _posture(
                pelvis, ankle, tilt, hips, lumbar, lengths, mass, centre, turns, origins, room, reached
            )
            error = 0.0
            for row in range(3):
                miss[row] = com[frame, row] - reached[row]
                error = max(error, abs(miss[row]))
            left_over[frame] = error
            if error < _TOLERANCE:
                break
            if error > 0.05 * last_error:
                for axis in range(3):
                    moved[:] = pelvis
                    moved[axis] += 1e-6
                    _posture(
                        moved, ankle, tilt, hips, lumbar, lengths, mass, centre, turns, origins, room, jacobian[axis]
                    )
                    for row in range(3):
                        jacobian[axis, row] = (jacobian[axis, row] - reached[row]) / 1e-6
                inverse[:] = np.linalg.inv(jacobian)
            last_error = error
            # the Jacobian is stored transposed, one moved axis of the pelvis per row
            for row in range(3):
                pelvis[row] += inverse[0, row] * miss[0] + inverse[1, row] * miss[1] + inverse[2, row] * miss[2]
        rotation[:, frame] = turns
        position[:, frame] = origins
        if frame > 1:
            pelvis = 3.0 * (origins[0] - position[0, frame - 1]) + position[0, frame - 2]
        else:
            pelvis = origins[0].copy()
    return rotation, position, reach, left_over
