"""Variance of joint angles, moments and power from independent errors of segments, joint centres and plates.

Small errors turn a segment and shift a joint centre; each quantity changes in proportion. Every error is a vector whose
three components are independent and equally large, so that it has no direction (JCGM 100:2008, 5.1.2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: How the axes of moments move with the segments: see `joint_components.component_axes`.
JOINT, PROXIMAL, DISTAL, LABORATORY = range(4)


class SegmentErrors(NamedTuple):
    """Standard uncertainties of segments and of the points between which they are defined.

    Kernels take it as a plain tuple.

    Parameters
    ----------
    rotation : (segment, time, 3, 3), axes as columns.
    ends : (segment, 2) points at the upper and the lower end of its long axis y; -1 where no points define it.
    length : (segment,) distance of these [m].
    point : (point,) error of each point per axis [m].
    own : (segment, 3) error of the axes about the segment's x, y and z besides [rad].
    skin_turn, skin_shift : (segment, time) soft tissue artefact per axis: turn of the segment [rad], shift of the joint
        centre that it carries [m].
    anchored : (segment,) whether that shift turns its long axis.
    """

    rotation: Array
    ends: Integers
    length: Array
    point: Array
    own: Array
    skin_turn: Array
    skin_shift: Array
    anchored: NDArray[np.bool_]


class JointLoads(NamedTuple):
    """Loads of joints, as inverse dynamics finds them; all in laboratory axes.

    Parameters
    ----------
    force, moment : (joint, time, 3) on the distal segment, at the joint centre [N], [N m].
    spin : (joint, time, 3) angular velocity of the distal relative to the proximal segment [rad/s].
    centre : (joint, time, 3) [m].
    ground_force, ground_moment : (side, time, 3) of the ground on each foot, moment about the origin [N], [N m].
    below : (joint, side) 1.0 where the load of that foot passes through the joint, else 0.0.
    turned : (joint,) 1.0, or -1.0 where the loads below act on the proximal segment.
    """

    force: Array
    moment: Array
    spin: Array
    centre: Array
    ground_force: Array
    ground_moment: Array
    below: Array
    turned: Array


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _cross(a: tuple, b: tuple) -> tuple:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _dot(a: tuple, b: tuple) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _times(factor: float, a: tuple) -> tuple:
    return factor * a[0], factor * a[1], factor * a[2]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _plus(a: tuple, factor: float, b: tuple) -> tuple:
    return a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]


# Elements are taken one by one: a view of an array takes as long as the arithmetic.
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _column(rotation: Array, segment: int, time: int, axis: int) -> tuple:
    return rotation[segment, time, 0, axis], rotation[segment, time, 1, axis], rotation[segment, time, 2, axis]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _axis(axes: Array, joint: int, time: int, row: int) -> tuple:
    return axes[joint, time, row, 0], axes[joint, time, row, 1], axes[joint, time, row, 2]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _vector(vectors: Array, row: int, time: int) -> tuple:
    return vectors[row, time, 0], vectors[row, time, 1], vectors[row, time, 2]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _shared_points(ends: Integers, point: Array, joint: tuple) -> tuple:
    """Products of the errors by which the long axes of two segments and a joint centre move together [m^2].

    A point may be an end of both segments and the joint centre: its effects add up before they are squared. Order:
    proximal, distal, centre with themselves; proximal with distal, proximal and distal with the centre.
    """
    proximal, distal, centre = joint
    pp = dd = cc = pd = pc = dc = 0.0
    for number in range(point.size):
        p = d = 0.0
        if ends[proximal, 0] == number or ends[proximal, 1] == number:
            p = 1.0 if ends[proximal, 0] == number else -1.0
        if distal >= 0 and (ends[distal, 0] == number or ends[distal, 1] == number):
            d = 1.0 if ends[distal, 0] == number else -1.0
        c = 1.0 if centre == number else 0.0
        square = point[number] ** 2
        pp, dd, cc = pp + square * p * p, dd + square * d * d, cc + square * c * c
        pd, pc, dc = pd + square * p * d, pc + square * p * c, dc + square * d * c
    return pp, dd, cc, pd, pc, dc


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _segment(segments: tuple, segment: int, time: int) -> tuple:
    """Axes of a segment, variances about them with that of the skin, and reciprocal length; all 0 of the laboratory."""
    rotation, _, length, _, own, skin_turn, _, _ = segments
    if segment < 0:
        nothing = (0.0, 0.0, 0.0)
        return nothing, nothing, nothing, nothing, 0.0, 0.0
    axes = (
        _column(rotation, segment, time, 0),
        _column(rotation, segment, time, 1),
        _column(rotation, segment, time, 2),
    )
    squares = (own[segment, 0] ** 2, own[segment, 1] ** 2, own[segment, 2] ** 2)
    return *axes, squares, skin_turn[segment, time] ** 2, 1.0 / length[segment]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _joint(segments: tuple, joint: tuple, shared: tuple, time: int) -> tuple:
    """Both segments of a joint at a time, and the products of `_shared_points` with those of the skin.

    The skin of the proximal segment shifts the joint centre, which it carries.
    """
    skin_shift, anchored = segments[6], segments[7]
    proximal, distal, _ = joint
    pp, dd, cc, pd, pc, dc = shared
    square = skin_shift[proximal, time] ** 2
    cc += square
    if anchored[proximal]:
        pp, pc = pp + square, pc - square
    if distal >= 0 and anchored[distal]:
        dd += skin_shift[distal, time] ** 2
    return _segment(segments, proximal, time), _segment(segments, distal, time), (pp, dd, cc, pd, pc, dc)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _of_segment(segment: tuple, by_turn: tuple) -> tuple:
    """Variance from errors of a segment's own axes and skin, and change per shift of the upper end of its long axis.

    `by_turn`: change per turn; y x (upper - lower) / length is the turn by shifts of the ends.
    """
    x, y, z, squares, skin, per_length = segment
    along = _dot(by_turn, x), _dot(by_turn, y), _dot(by_turn, z)
    total = _dot(by_turn, by_turn) * skin
    total += squares[0] * along[0] ** 2 + squares[1] * along[1] ** 2 + squares[2] * along[2] ** 2
    return total, _times(per_length, _cross(by_turn, y))


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _variance(joint: tuple, by_proximal: tuple, by_distal: tuple, by_centre: tuple) -> float:
    """Variance of a quantity that changes in proportion to turns of two segments and to a shift of the joint centre.

    `joint`: answer of `_joint`.
    """
    proximal, distal, (pp, dd, cc, pd, pc, dc) = joint
    of_proximal, p = _of_segment(proximal, by_proximal)
    of_distal, d = _of_segment(distal, by_distal)
    total = of_proximal + of_distal + pp * _dot(p, p) + dd * _dot(d, d) + cc * _dot(by_centre, by_centre)
    return total + 2.0 * (pd * _dot(p, d) + pc * _dot(p, by_centre) + dc * _dot(d, by_centre))


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _reciprocal(e1: tuple, e3: tuple) -> tuple:
    """Vectors r1, r3 with a turn's part about e1, e3 as its product with them (see `joint_angles.turns_about`)."""
    shared = _dot(e1, e3)
    apart = 1.0 - shared * shared
    first, third = _plus(e1, -shared, e3), _plus(e3, -shared, e1)
    return _times(1.0 / apart, first), _times(1.0 / apart, third)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def angle_variances(segments: tuple, joints: Integers, axes: Array) -> Array:
    """Variance of joint angles.

    Parameters
    ----------
    segments : members of SegmentErrors.
    joints : (joint, 3) proximal and distal segment, and the point at the joint centre; -1: the laboratory, no point.
    axes : (joint, time, 3, 3) rows e1, e2, e3 of the angles (see `joint_angles.joint_axes`).

    Returns
    -------
    (joint, 3, time) [rad^2].
    """
    answer = np.empty((axes.shape[0], 3, axes.shape[1]))
    nothing = (0.0, 0.0, 0.0)
    for j in range(axes.shape[0]):
        joint = (joints[j, 0], joints[j, 1], -1)
        shared = _shared_points(segments[1], segments[3], joint)
        for time in range(axes.shape[1]):
            first, third = _reciprocal(_axis(axes, j, time, 0), _axis(axes, j, time, 2))
            parts = (first, _axis(axes, j, time, 1), third)
            there = _joint(segments, joint, shared, time)
            for k in range(3):
                back = _times(-1.0, parts[k])
                answer[j, k, time] = _variance(there, back, parts[k], nothing)
    return answer


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _by_turns(axes: tuple, plane: int, moment: tuple, moves_with: int) -> tuple:
    """Change of M . e_i per turn of the proximal and of the distal segment, which carry the axis."""
    nothing = (0.0, 0.0, 0.0)
    if moves_with == LABORATORY:
        return nothing, nothing
    own = _cross(axes[plane], moment)
    if moves_with == PROXIMAL:
        return own, nothing
    if moves_with == DISTAL:
        return nothing, own
    if plane == 0:
        return own, nothing
    if plane == 2:
        return nothing, own
    # The floating axis stays at right angles to the other two.
    e1, e2, e3 = axes
    first, third = _reciprocal(e1, e3)
    return _times(-_dot(moment, first), _cross(e1, e2)), _times(-_dot(moment, third), _cross(e3, e2))


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _ground_variance(loads: tuple, j: int, time: int, along: tuple, plate: tuple) -> float:
    """Variance of M . along from the place and the zero of the plates and from the inertia of the segments below.

    `plate`: standard uncertainty of the centre of pressure per level axis [m], of the zero of force [N] and moment [N
    m] per axis, and of the inertial part of a moment as a share of it.
    """
    _, moment, _, centre, ground_force, ground_moment, below, turned = loads
    place, zero_n, zero_n_m, share = plate
    p = _vector(centre, j, time)
    inertial, total = turned[j] * _dot(_vector(moment, j, time), along), 0.0
    for side in range(2):
        if below[j, side] == 0.0:
            continue
        f = _vector(ground_force, side, time)
        g = _plus(_vector(ground_moment, side, time), -1.0, _cross(p, f))
        inertial += _dot(g, along)
        if f[1] > 0.0:
            shift = _cross(f, along)
            total += place**2 * (shift[0] ** 2 + shift[2] ** 2)
            total += (zero_n * p[1]) ** 2 * (along[0] ** 2 + along[2] ** 2) + zero_n_m**2 * _dot(along, along)
    return total + (share * inertial) ** 2


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def load_variances(
    segments: tuple, joints: Integers, axes: Array, loads: tuple, skin_spin: Array, plate: tuple, moves_with: int
) -> tuple[Array, Array]:
    """Variance of the components of joint moments and of joint power.

    Parameters
    ----------
    segments, joints : as in `angle_variances`.
    axes : (joint, time, 3, 3), a row per plane, about which components are taken; NaN gives NaN.
    loads : members of JointLoads.
    skin_spin : (joint, time) standard uncertainty of the relative angular velocity by soft tissue, per axis [rad/s].
    plate : see `_ground_variance`.
    moves_with : JOINT, PROXIMAL, DISTAL or LABORATORY: what carries the axes.

    Returns
    -------
    moment : (joint, 3, time) [(N m)^2] of M . e_i.
    power : (joint, time) [W^2] of M . omega; a constant error of the axes of a segment does not change omega.
    """
    count, frames = axes.shape[:2]
    of_moment, of_power = np.empty((count, 3, frames)), np.empty((count, frames))
    nothing = (0.0, 0.0, 0.0)
    force, moment, spin = loads[0], loads[1], loads[2]
    for j in range(count):
        joint = (joints[j, 0], joints[j, 1], joints[j, 2])
        shared = _shared_points(segments[1], segments[3], joint)
        for time in range(frames):
            f, m, w = _vector(force, j, time), _vector(moment, j, time), _vector(spin, j, time)
            about = (_axis(axes, j, time, 0), _axis(axes, j, time, 1), _axis(axes, j, time, 2))
            there = _joint(segments, joint, shared, time)
            for plane in range(3):
                e = about[plane]
                by_proximal, by_distal = _by_turns(about, plane, m, moves_with)
                by_centre = _cross(e, f)
                total = _variance(there, by_proximal, by_distal, by_centre)
                of_moment[j, plane, time] = total + _ground_variance(loads, j, time, e, plate)
            total = _variance(there, nothing, nothing, _cross(w, f))
            total += _dot(m, m) * skin_spin[j, time] ** 2
            of_power[j, time] = total + _ground_variance(loads, j, time, w, plate)
    return of_moment, of_power
