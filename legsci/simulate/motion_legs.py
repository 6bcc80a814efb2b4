"""Posture: legs between hips and feet in closed form, and the pelvis that puts the centre of mass where it belongs."""

from __future__ import annotations

import numpy as np
from numba import njit

#: First row of a side's thigh, shank and foot in SEGMENTS, by side (left, right).
FIRST_OF_SIDE = np.array([5, 2])
_TOLERANCE = 1e-12  # [m]; twice differentiated at 1000 Hz it is 1e-6 m/s^2
_MOST_STEPS = 30
#: By how much the pelvis is moved to see how the centre of mass follows [m].
_LITTLE = 1e-6


@njit(cache=True)
def rotate_by_vector(vector, turn, answer):  # type: ignore[no-untyped-def]
    """Write exp(vector) @ turn into answer (3, 3): `turn` rotated about `vector` by its length [rad] (Rodrigues)."""
    square = vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2
    sine, versine = 1.0 - square / 6.0, 0.5 - square / 24.0
    if square > 1e-8:
        angle = np.sqrt(square)
        sine, versine = np.sin(angle) / angle, (1.0 - np.cos(angle)) / square
    for column in range(3):
        x, y, z = turn[0, column], turn[1, column], turn[2, column]
        cross_x, cross_y, cross_z = (
            vector[1] * z - vector[2] * y,
            vector[2] * x - vector[0] * z,
            vector[0] * y - vector[1] * x,
        )
        answer[0, column] = x + sine * cross_x + versine * (vector[1] * cross_z - vector[2] * cross_y)
        answer[1, column] = y + sine * cross_y + versine * (vector[2] * cross_x - vector[0] * cross_z)
        answer[2, column] = z + sine * cross_z + versine * (vector[0] * cross_y - vector[1] * cross_x)


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
def _span(line, lateral, lengths, cos_tilt, sin_tilt, frame):  # type: ignore[no-untyped-def]
    """Write the frame of a line from hip to ankle; return the knee's flexion for it, and the line in thigh axes.

    Parameters
    ----------
    line, lateral, lengths : as of leg(); cos_tilt, sin_tilt : of its tilt; frame : (3, 3), see _frame().

    Returns
    -------
    reach : cosine of the knee flexion, not limited to 1.
    x, y, z : direction of the line in thigh axes, where it is q = -l1 y + Rz(-flexion) Rx(tilt) (-l2 y), so that
        |q|^2 = l1^2 + l2^2 + 2 l1 l2 cos(flexion) cos(tilt) gives the flexion.
    """
    square = line[0] ** 2 + line[1] ** 2 + line[2] ** 2
    reach = (square - lengths[0] ** 2 - lengths[1] ** 2) / (2.0 * lengths[0] * lengths[1] * cos_tilt)
    cosine = min(max(reach, -1.0), 1.0)
    x = -lengths[1] * np.sqrt(1.0 - cosine * cosine) * cos_tilt
    y = -lengths[0] - lengths[1] * cosine * cos_tilt
    z = -lengths[1] * sin_tilt
    length = np.sqrt(x * x + y * y + z * z)
    _frame(line, lateral, frame)
    return reach, x / length, y / length, z / length


@njit(cache=True)
def _knee(line, lateral, lengths, tilt, knee, frame):  # type: ignore[no-untyped-def]
    """Write the way from hip to knee (3,) that leg() gives; `tilt` as cosine and sine; return leg()'s answer."""
    reach, x, y, z = _span(line, lateral, lengths, tilt[0], tilt[1], frame)
    aside = np.sqrt(1.0 - z * z)
    for row in range(3):
        knee[row] = -lengths[0] * (y * frame[row, 0] - (y * z * frame[row, 1] + x * frame[row, 2]) / aside)
    return reach


@njit(cache=True)
def leg(line, lateral, lengths, tilt, thigh, shank, frame):  # type: ignore[no-untyped-def]
    """Write the rotations of thigh and shank that span `line`, for a wanted knee abduction and no knee rotation.

    Parameters
    ----------
    line : (3,) from the hip's to the ankle's centre [m].
    lateral : (3,) direction to the right that the flexion axis of the knee follows as far as it can.
    lengths : (2,) of thigh and shank [m].
    tilt : cosine and sine of the rotation of the shank about the thigh's x: minus valgus on the right leg, valgus on
        the left.
    thigh, shank : (3, 3), written.
    frame : (3, 3) scratch.

    Returns
    -------
    Cosine of knee flexion; above 1 the leg is too short, and is drawn straight.

    Notes
    -----
    The thigh turns the line as it lies in thigh axes, see _span(), onto the line, and about the line so that its z axis
    follows `lateral`.
    """
    cos_tilt, sin_tilt = tilt[0], tilt[1]
    reach, x, y, z = _span(line, lateral, lengths, cos_tilt, sin_tilt, frame)
    cosine = min(max(reach, -1.0), 1.0)
    sine, aside = np.sqrt(1.0 - cosine * cosine), np.sqrt(1.0 - z * z)
    for row in range(3):
        along, outward, across = frame[row, 0], frame[row, 1], frame[row, 2]
        thigh_x = x * along - (z * x * outward - y * across) / aside
        thigh_y = y * along - (y * z * outward + x * across) / aside
        thigh_z = z * along + aside * outward
        bent = sine * thigh_x + cosine * thigh_y
        thigh[row, 0], thigh[row, 1], thigh[row, 2] = thigh_x, thigh_y, thigh_z
        shank[row, 0] = cosine * thigh_x - sine * thigh_y
        shank[row, 1] = cos_tilt * bent + sin_tilt * thigh_z
        shank[row, 2] = cos_tilt * thigh_z - sin_tilt * bent
    return reach


@njit(cache=True)
def _apply(turn, vector, answer):  # type: ignore[no-untyped-def]
    """Write turn @ vector into answer; spelled out, since a call to BLAS costs more than nine products."""
    for row in range(3):
        answer[row] = turn[row, 0] * vector[0] + turn[row, 1] * vector[1] + turn[row, 2] * vector[2]


@njit(cache=True)
def _com(  # type: ignore[no-untyped-def]
    pelvis, ankles, tilts, ways, lateral, lengths, shares, weights, upper, fixed, room, com
):
    """Write the body's centre of mass (3,) for a place of the pelvis; return the legs' reach, see postures().

    Parameters
    ----------
    pelvis, ankles, lengths : (3,), (2, 3), (2, 2), by side where sided; tilts : (2, 2) cosine and sine by side.
    ways : (2, 3) from the pelvis to the hips, lateral : (2, 3) see leg().
    shares : (2, 2) how far along thigh and shank their centres of mass lie.
    weights : (2, 2) masses of thigh and shank over that of the body; the feet lie still.
    upper : mass of pelvis and trunk over that of the body.
    fixed : (3,) what does not change with the pelvis [m].
    """
    furthest = -1.0
    line, knee = room[3, 0], room[3, 1]
    for row in range(3):
        com[row] = fixed[row] + upper * pelvis[row]
    for side in range(2):
        for row in range(3):
            line[row] = ankles[side, row] - pelvis[row] - ways[side, row]
        furthest = max(furthest, _knee(line, lateral[side], lengths[side], tilts[side], knee, room[0]))
        for row in range(3):
            hip = pelvis[row] + ways[side, row]
            com[row] += weights[side, 0] * (hip + shares[side, 0] * knee[row])
            com[row] += weights[side, 1] * (hip + knee[row] + shares[side, 1] * (line[row] - knee[row]))
    return furthest


@njit(cache=True)
def postures(  # type: ignore[no-untyped-def]
    com, vector, pelvis_turn, trunk_turn, ankles, foot_turns, tilts, hips, lumbar, lengths, mass, centre
):
    """Posture of every frame, with the body's centre of mass on its path.

    Parameters
    ----------
    com : (n, 3) wanted centre of mass of the body [m].
    vector : (n, 3) rotation of pelvis and trunk on top of pelvis_turn and trunk_turn, (n, 3, 3) [rad].
    ankles : (2, n, 3) [m] and foot_turns : (2, n, 3, 3), (left, right).
    tilts : (2, n) of the knees, see leg() [rad].
    hips : (2, 3), lumbar : (3,), lengths : (2, 2) of thigh and shank by side, mass, centre : of Body [m], [kg]; the
        centres of mass of thighs and shanks lie on the lines between their joints.

    Returns
    -------
    rotation : (segment, n, 3, 3).
    position : (segment, n, 3) [m].
    reach : (n,) greatest cosine of knee flexion; above 1 a leg is too short for what is asked.
    miss : (n,) distance that is left between the centre of mass and its path [m].

    Notes
    -----
    Newton's method on the position of the pelvis, from the last frames', with the Jacobian by differences where the
    last one no longer converges fast. It needs the knees only; the posture is completed at its end.
    """
    count = com.shape[0]
    rotation, position = np.empty((mass.size, count, 3, 3)), np.empty((mass.size, count, 3))
    reach, left_over = np.empty(count), np.empty(count)
    room, reached, moved, miss, fixed = np.empty((4, 3, 3)), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    ways, lateral, jacobian, inverse = np.empty((2, 3)), np.empty((2, 3)), np.empty((3, 3)), np.eye(3)
    tilt = np.empty((2, 2))
    pelvis, whole = com[0] - np.array([0.0, 0.1, 0.0]), mass.sum()
    upper = (mass[0] + mass[1]) / whole
    weights, shares = np.empty((2, 2)), np.empty((2, 2))
    for side in range(2):
        for part in range(2):
            segment = FIRST_OF_SIDE[side] + part
            weights[side, part] = mass[segment] / whole
            shares[side, part] = -centre[segment, 1] / lengths[side, part]
    for frame in range(count):
        rotate_by_vector(vector[frame], pelvis_turn[frame], rotation[0, frame])
        rotate_by_vector(vector[frame], trunk_turn[frame], rotation[1, frame])
        ankle = ankles[:, frame]
        _fixed_part(rotation[:2, frame], ankle, foot_turns[:, frame], lumbar, mass, centre, room[0], fixed)
        for side in range(2):
            _apply(rotation[0, frame], hips[side], ways[side])
            tilt[side, 0], tilt[side, 1] = np.cos(tilts[side, frame]), np.sin(tilts[side, frame])
            for row in range(3):
                lateral[side, row] = foot_turns[side, frame, row, 2] + rotation[0, frame, row, 2]
        last_error = 1e-3 if frame > 0 else 0.0
        for _ in range(_MOST_STEPS):
            reach[frame] = _com(
                pelvis, ankle, tilt, ways, lateral, lengths, shares, weights, upper, fixed, room, reached
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
                    moved[axis] += _LITTLE
                    _com(
                        moved, ankle, tilt, ways, lateral, lengths, shares, weights, upper, fixed, room, jacobian[axis]
                    )
                    for row in range(3):
                        jacobian[axis, row] = (jacobian[axis, row] - reached[row]) / _LITTLE
                inverse[:] = np.linalg.inv(jacobian)
            last_error = error
            # the Jacobian is stored transposed, one moved axis of the pelvis per row
            for row in range(3):
                pelvis[row] += inverse[0, row] * miss[0] + inverse[1, row] * miss[1] + inverse[2, row] * miss[2]
        position[0, frame] = pelvis
        _complete(frame, ankle, foot_turns, tilt, ways, lateral, lumbar, lengths, rotation, position, room)
        if frame > 1:
            pelvis = 3.0 * (position[0, frame] - position[0, frame - 1]) + position[0, frame - 2]
    return rotation, position, reach, left_over


@njit(cache=True)
def _fixed_part(turns, ankles, foot_turns, lumbar, mass, centre, room, fixed):  # type: ignore[no-untyped-def]
    """Write the part (3,) of the centre of mass that feet, and the turns (2, 3, 3) of pelvis and trunk give [m]."""
    fixed[:] = 0.0
    _apply(turns[0], centre[0], room[0])
    _apply(turns[0], lumbar, room[1])
    _apply(turns[1], centre[1], room[2])
    for row in range(3):
        fixed[row] = mass[0] * room[0, row] + mass[1] * (room[1, row] + room[2, row])
    for side in range(2):
        foot = FIRST_OF_SIDE[side] + 2
        _apply(foot_turns[side], centre[foot], room[0])
        for row in range(3):
            fixed[row] += mass[foot] * (ankles[side, row] + room[0, row])
    fixed /= mass.sum()


@njit(cache=True)
def _complete(  # type: ignore[no-untyped-def]
    frame, ankles, foot_turns, tilts, ways, lateral, lumbar, lengths, rotation, position, room
):
    """Fill trunk and legs of a frame whose pelvis is known."""
    line = room[3, 0]
    _apply(rotation[0, frame], lumbar, line)
    for row in range(3):
        position[1, frame, row] = position[0, frame, row] + line[row]
    for side in range(2):
        thigh = FIRST_OF_SIDE[side]
        shank, foot = thigh + 1, thigh + 2
        rotation[foot, frame] = foot_turns[side, frame]
        for row in range(3):
            position[thigh, frame, row] = position[0, frame, row] + ways[side, row]
            position[foot, frame, row] = ankles[side, row]
            line[row] = ankles[side, row] - position[thigh, frame, row]
        turns = rotation[thigh, frame], rotation[shank, frame]
        leg(line, lateral[side], lengths[side], tilts[side], turns[0], turns[1], room[0])
        for row in range(3):
            way = lengths[side, 0] * rotation[thigh, frame, row, 1]
            position[shank, frame, row] = position[thigh, frame, row] - way
