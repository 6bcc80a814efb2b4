"""Inverse kinematics: legs in closed form, and a pelvis that keeps the centre of mass on its path.

Vectors are tuples here: numba keeps them in registers, while views into arrays cost more than the arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from legsci.simulate.athlete.plan import Array

#: First row of a side's thigh, shank and foot in SEGMENTS, by side (left, right).
FIRST_OF_SIDE = (5, 2)
_TOLERANCE = 1e-12  # [m]; twice differentiated at 1000 Hz it is 1e-6 m/s^2
_MOST_STEPS = 30
#: Displacement of the pelvis for the Jacobian of the centre of mass [m].
_LITTLE = 1e-6

_Vector = tuple[float, float, float]


class SegmentGeometry(NamedTuple):
    """Geometry and masses of the segments.

    Parameters
    ----------
    hip : (2, 3) hip joints in pelvis axes [m].
    lumbar : (3,) lumbar joint in pelvis axes [m].
    lengths : (2, 2) of thigh and shank by side [m].
    mass : (segment,) [kg].
    centre_of_mass : (segment, 3) in segment axes; those of thighs and shanks lie on the lines between their joints [m].
    """

    hip: Array
    lumbar: Array
    lengths: Array
    mass: Array
    centre_of_mass: Array


class LimbPlan(NamedTuple):
    """Planned orientation of pelvis and trunk and planned pose of the feet, frame by frame; sides are (left, right).

    Parameters
    ----------
    pelvis, trunk : (n, 3, 3) rotations.
    ankle : (2, n, 3) ankle centres [m].
    foot : (2, n, 3, 3) rotations of the feet.
    tilt : (2, n) of the shanks about the thighs' x: minus valgus on the right leg, valgus on the left [rad].
    """

    pelvis: Array
    trunk: Array
    ankle: Array
    foot: Array
    tilt: Array


class _Leg(NamedTuple):
    """A leg in one frame, before the position of the pelvis is known.

    Parameters
    ----------
    way : from the middle of the hips to the hip [m].
    ankle : centre of the ankle [m].
    lateral, lengths, tilt : see _span().
    shares : how far along thigh and shank their centres of mass lie.
    weights : masses of thigh and shank over that of the body.
    """

    way: _Vector
    ankle: _Vector
    lateral: _Vector
    lengths: tuple[float, float]
    tilt: tuple[float, float]
    shares: tuple[float, float]
    weights: tuple[float, float]


class _Span(NamedTuple):
    """How a leg spans the line from hip to ankle; see _span()."""

    reach: float
    place: _Vector
    along: _Vector
    outward: _Vector
    across: _Vector


@njit(cache=True)
def _dot(a, b):  # type: ignore[no-untyped-def]
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
def _cross(a, b):  # type: ignore[no-untyped-def]
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True)
def _sum(a, b, scale):  # type: ignore[no-untyped-def]
    """Return a + scale b."""
    return a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]


@njit(cache=True)
def _times(turn, row, frame, vector):  # type: ignore[no-untyped-def]
    """turn[row, frame] @ vector."""
    return (
        turn[row, frame, 0, 0] * vector[0] + turn[row, frame, 0, 1] * vector[1] + turn[row, frame, 0, 2] * vector[2],
        turn[row, frame, 1, 0] * vector[0] + turn[row, frame, 1, 1] * vector[1] + turn[row, frame, 1, 2] * vector[2],
        turn[row, frame, 2, 0] * vector[0] + turn[row, frame, 2, 1] * vector[1] + turn[row, frame, 2, 2] * vector[2],
    )


@njit(cache=True)
def _rotate_by_vector(vector, turn, answer, row, frame):  # type: ignore[no-untyped-def]
    """Write turn[frame] rotated about vector[frame] by its length [rad] to answer[row, frame] (Rodrigues)."""
    axis = vector[frame, 0], vector[frame, 1], vector[frame, 2]
    square = _dot(axis, axis)
    sine, versine = 1.0 - square / 6.0, 0.5 - square / 24.0
    if square > 1e-8:
        angle = np.sqrt(square)
        sine, versine = np.sin(angle) / angle, (1.0 - np.cos(angle)) / square
    for column in range(3):
        before = turn[frame, 0, column], turn[frame, 1, column], turn[frame, 2, column]
        across = _cross(axis, before)
        after = _sum(_sum(before, across, sine), _cross(axis, across), versine)
        answer[row, frame, 0, column], answer[row, frame, 1, column], answer[row, frame, 2, column] = after


@njit(cache=True)
def _span(line, lateral, lengths, tilt):  # type: ignore[no-untyped-def]
    """How a leg spans the way from hip to ankle.

    Parameters
    ----------
    line : from the hip's to the ankle's centre [m].
    lateral : direction to the right that the flexion axis of the knee follows as far as it can.
    lengths : of thigh and shank [m].
    tilt : cosine and sine of the rotation of the shank about the thigh's x: minus valgus on the right leg, valgus on
        the left.

    Returns
    -------
    _Span, of
    reach : cosine of knee flexion; above 1 the leg is too short, and is drawn straight.
    place : unit vector of the line in thigh axes, where it is q = -l1 y + Rz(-flexion) Rx(tilt) (-l2 y), so that
        |q|^2 = l1^2 + l2^2 + 2 l1 l2 cos(flexion) cos(tilt) gives the flexion.
    along, outward, across : right-handed unit vectors: the line, `lateral` made perpendicular to it, and the third.
    """
    square = _dot(line, line)
    reach = (square - lengths[0] ** 2 - lengths[1] ** 2) / (2.0 * lengths[0] * lengths[1] * tilt[0])
    cosine = min(max(reach, -1.0), 1.0)
    x = -lengths[1] * np.sqrt(1.0 - cosine * cosine) * tilt[0]
    y = -lengths[0] - lengths[1] * cosine * tilt[0]
    z = -lengths[1] * tilt[1]
    one = 1.0 / np.sqrt(x * x + y * y + z * z)
    length = np.sqrt(square)
    along = line[0] / length, line[1] / length, line[2] / length
    outward = _sum(lateral, along, -_dot(along, lateral))
    width = np.sqrt(_dot(outward, outward))
    outward = outward[0] / width, outward[1] / width, outward[2] / width
    return _Span(reach, (x * one, y * one, z * one), along, outward, _cross(along, outward))


@njit(cache=True)
def _thigh_axis(span):  # type: ignore[no-untyped-def]
    """The y axis of the thigh of a leg with this _Span."""
    x, y, z = span.place
    aside = np.sqrt(1.0 - z * z)
    axis = _sum((0.0, 0.0, 0.0), span.along, y)
    return _sum(_sum(axis, span.outward, -y * z / aside), span.across, -x / aside)


@njit(cache=True)
def _write_leg(span, tilt, rotation, thigh, frame):  # type: ignore[no-untyped-def]
    """Write the rotations of thigh and, one row on, shank, with the tilt as knee abduction and no knee rotation.

    The thigh turns the line as it lies in thigh axes onto the line, and about it so that its z axis follows `outward`.
    """
    place, along, outward, across = span.place, span.along, span.outward, span.across
    cosine, shank = min(max(span.reach, -1.0), 1.0), thigh + 1
    sine, aside = np.sqrt(1.0 - cosine * cosine), np.sqrt(1.0 - place[2] * place[2])
    thigh_y = _thigh_axis(span)
    for row in range(3):
        thigh_z = place[2] * along[row] + aside * outward[row]
        thigh_x = place[0] * along[row] - (place[2] * place[0] * outward[row] - place[1] * across[row]) / aside
        bent = sine * thigh_x + cosine * thigh_y[row]
        rotation[thigh, frame, row, 0] = thigh_x
        rotation[thigh, frame, row, 1] = thigh_y[row]
        rotation[thigh, frame, row, 2] = thigh_z
        rotation[shank, frame, row, 0] = cosine * thigh_x - sine * thigh_y[row]
        rotation[shank, frame, row, 1] = tilt[0] * bent + tilt[1] * thigh_z
        rotation[shank, frame, row, 2] = tilt[0] * thigh_z - tilt[1] * bent


@njit(cache=True)
def _leg_part(pelvis, leg):  # type: ignore[no-untyped-def]
    """Part of the body's centre of mass that thigh and shank give [m], and their reach, with the pelvis at [m]."""
    hip = _sum(pelvis, leg.way, 1.0)
    span = _span(_sum(leg.ankle, hip, -1.0), leg.lateral, leg.lengths, leg.tilt)
    knee = _sum(hip, _thigh_axis(span), -leg.lengths[0])
    # both centres lie on the lines between the joints
    shares, weights = leg.shares, leg.weights
    part = _sum((0.0, 0.0, 0.0), hip, weights[0] * (1.0 - shares[0]))
    part = _sum(part, knee, weights[0] * shares[0] + weights[1] * (1.0 - shares[1]))
    return _sum(part, leg.ankle, weights[1] * shares[1]), span.reach


@njit(cache=True)
def _com(pelvis, upper, fixed, left, right):  # type: ignore[no-untyped-def]
    """Centre of mass of the body for a place of the pelvis, and the legs' greatest reach.

    `upper` : mass of pelvis and trunk over that of the body; `fixed` : see _fixed_part(); `left`, `right` : _Leg.
    """
    one, reach = _leg_part(pelvis, left)
    other, other_reach = _leg_part(pelvis, right)
    return _sum(_sum(_sum(fixed, pelvis, upper), one, 1.0), other, 1.0), max(reach, other_reach)


@njit(cache=True)
def _inverse_response(pelvis, com, upper, fixed, left, right):  # type: ignore[no-untyped-def]
    """Rows of the inverse Jacobian: displacement of the pelvis per displacement of the centre of mass."""
    east = _com((pelvis[0] + _LITTLE, pelvis[1], pelvis[2]), upper, fixed, left, right)[0]
    high = _com((pelvis[0], pelvis[1] + _LITTLE, pelvis[2]), upper, fixed, left, right)[0]
    side = _com((pelvis[0], pelvis[1], pelvis[2] + _LITTLE), upper, fixed, left, right)[0]
    a, b, c = _sum(east, com, -1.0), _sum(high, com, -1.0), _sum(side, com, -1.0)
    scale = _LITTLE / _dot(a, _cross(b, c))
    zero = (0.0, 0.0, 0.0)
    return _sum(zero, _cross(b, c), scale), _sum(zero, _cross(c, a), scale), _sum(zero, _cross(a, b), scale)


@njit(cache=True)
def _fixed_part(rotation, frame, ankle, geometry):  # type: ignore[no-untyped-def]
    """Part of the body's centre of mass that feet, and the rotations of pelvis and trunk, give [m]."""
    mass, centre = geometry.mass, geometry.centre_of_mass
    fixed = _sum((0.0, 0.0, 0.0), _times(rotation, 0, frame, centre[0]), mass[0])
    fixed = _sum(fixed, _times(rotation, 0, frame, geometry.lumbar), mass[1])
    fixed = _sum(fixed, _times(rotation, 1, frame, centre[1]), mass[1])
    for side in range(2):
        foot = FIRST_OF_SIDE[side] + 2
        fixed = _sum(fixed, (ankle[side, frame, 0], ankle[side, frame, 1], ankle[side, frame, 2]), mass[foot])
        fixed = _sum(fixed, _times(rotation, foot, frame, centre[foot]), mass[foot])
    return _sum((0.0, 0.0, 0.0), fixed, 1.0 / mass.sum())


@njit(cache=True)
def _leg(side, frame, rotation, limbs, geometry):  # type: ignore[no-untyped-def]
    """The _Leg of a side in a frame whose pelvis and feet are oriented."""
    thigh = FIRST_OF_SIDE[side]
    mass, centre, lengths = geometry.mass, geometry.centre_of_mass, geometry.lengths
    shank, foot, whole = thigh + 1, thigh + 2, mass.sum()
    return _Leg(
        _times(rotation, 0, frame, geometry.hip[side]),
        (limbs.ankle[side, frame, 0], limbs.ankle[side, frame, 1], limbs.ankle[side, frame, 2]),
        (
            rotation[foot, frame, 0, 2] + rotation[0, frame, 0, 2],
            rotation[foot, frame, 1, 2] + rotation[0, frame, 1, 2],
            rotation[foot, frame, 2, 2] + rotation[0, frame, 2, 2],
        ),
        (lengths[side, 0], lengths[side, 1]),
        (np.cos(limbs.tilt[side, frame]), np.sin(limbs.tilt[side, frame])),
        (-centre[thigh, 1] / lengths[side, 0], -centre[shank, 1] / lengths[side, 1]),
        (mass[thigh] / whole, mass[shank] / whole),
    )


@njit(cache=True)
def _complete(frame, side, pelvis, leg, rotation, position):  # type: ignore[no-untyped-def]
    """Write thigh, shank and foot of a frame whose pelvis is known."""
    thigh = FIRST_OF_SIDE[side]
    hip = _sum(pelvis, leg.way, 1.0)
    span = _span(_sum(leg.ankle, hip, -1.0), leg.lateral, leg.lengths, leg.tilt)
    _write_leg(span, leg.tilt, rotation, thigh, frame)
    for row in range(3):
        position[thigh, frame, row] = hip[row]
        position[thigh + 1, frame, row] = hip[row] - leg.lengths[0] * rotation[thigh, frame, row, 1]
        position[thigh + 2, frame, row] = leg.ankle[row]


@njit(cache=True)
def segment_poses(com, vector, limbs, geometry):  # type: ignore[no-untyped-def]
    """Position and orientation of every segment in every frame, with the body's centre of mass on its path.

    Parameters
    ----------
    com : (n, 3) wanted centre of mass of the body [m].
    vector : (n, 3) rotation of pelvis and trunk on top of their planned orientation [rad].
    limbs : LimbPlan.
    geometry : SegmentGeometry.

    Returns
    -------
    rotation : (segment, n, 3, 3).
    position : (segment, n, 3) [m].
    reach : (n,) greatest cosine of knee flexion; above 1 a leg is too short.
    miss : (n,) distance that is left between the centre of mass and its path [m].

    Notes
    -----
    Newton's method on the position of the pelvis, from the last frames', with the Jacobian by differences where the
    last one no longer converges fast. It needs the knees only; the pose is completed at its end.
    """
    mass = geometry.mass
    count, upper = com.shape[0], (mass[0] + mass[1]) / mass.sum()
    rotation, position = np.empty((mass.size, count, 3, 3)), np.empty((mass.size, count, 3))
    reach, left_over = np.empty(count), np.empty(count)
    rows = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    pelvis = com[0, 0], com[0, 1] - 0.1, com[0, 2]
    for frame in range(count):
        _rotate_by_vector(vector, limbs.pelvis, rotation, 0, frame)
        _rotate_by_vector(vector, limbs.trunk, rotation, 1, frame)
        rotation[FIRST_OF_SIDE[0] + 2, frame] = limbs.foot[0, frame]
        rotation[FIRST_OF_SIDE[1] + 2, frame] = limbs.foot[1, frame]
        fixed = _fixed_part(rotation, frame, limbs.ankle, geometry)
        left = _leg(0, frame, rotation, limbs, geometry)
        right = _leg(1, frame, rotation, limbs, geometry)
        last_error = 1e-3 if frame > 0 else 0.0
        for _ in range(_MOST_STEPS):
            reached, reach[frame] = _com(pelvis, upper, fixed, left, right)
            miss = com[frame, 0] - reached[0], com[frame, 1] - reached[1], com[frame, 2] - reached[2]
            error = max(abs(miss[0]), abs(miss[1]), abs(miss[2]))
            left_over[frame] = error
            if error < _TOLERANCE:
                break
            if error > 0.05 * last_error:
                rows = _inverse_response(pelvis, reached, upper, fixed, left, right)
            last_error = error
            pelvis = _sum(pelvis, (_dot(rows[0], miss), _dot(rows[1], miss), _dot(rows[2], miss)), 1.0)
        arm = _times(rotation, 0, frame, geometry.lumbar)
        for row in range(3):
            position[0, frame, row], position[1, frame, row] = pelvis[row], pelvis[row] + arm[row]
        _complete(frame, 0, pelvis, left, rotation, position)
        _complete(frame, 1, pelvis, right, rotation, position)
        if frame > 1:
            before = position[0, frame - 1, 0], position[0, frame - 1, 1], position[0, frame - 1, 2]
            first = position[0, frame - 2, 0], position[0, frame - 2, 1], position[0, frame - 2, 2]
            pelvis = _sum(first, _sum(pelvis, before, -1.0), 3.0)
    return rotation, position, reach, left_over
