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


@njit(cache=True, error_model="numpy")
def _cross(a: tuple, b: tuple) -> tuple:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True, error_model="numpy")
def _dot(a: tuple, b: tuple) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, error_model="numpy")
def _plus(a: tuple, factor: float, b: tuple) -> tuple:
    return a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]


@njit(cache=True, error_model="numpy")
def _turn_variance(segments: tuple, segment: int, time: int, by_turn: tuple) -> float:
    """Variance from errors of a segment's own axes and of its skin; `by_turn`: change per turn."""
    rotation, _, _, _, own, skin_turn, _, _ = segments
    total = _dot(by_turn, by_turn) * skin_turn[segment, time] ** 2
    for axis in range(3):
        r = rotation[segment, time]
        total += (_dot(by_turn, (r[0, axis], r[1, axis], r[2, axis])) * own[segment, axis]) ** 2
    return total


@njit(cache=True, error_model="numpy")
def _by_ends(segments: tuple, segment: int, time: int, by_turn: tuple) -> tuple:
    """Change per shift of the upper end, from the change per turn: y x (upper - lower) / length is the turn."""
    rotation, ends, length = segments[0], segments[1], segments[2]
    if ends[segment, 0] < 0:
        return 0.0, 0.0, 0.0
    r = rotation[segment, time]
    across = _cross(by_turn, (r[0, 1], r[1, 1], r[2, 1]))
    return across[0] / length[segment], across[1] / length[segment], across[2] / length[segment]


@njit(cache=True, error_model="numpy")
def _variance(segments: tuple, joint: tuple, time: int, by_proximal: tuple, by_distal: tuple, by_centre: tuple) -> float:
    """Variance of a quantity that changes in proportion to turns of two segments and to a shift of the joint centre.

    A point may be an end of both segments and the joint centre: its effects add up before they are squared.
    """
    _, ends, _, point, _, _, skin_shift, anchored = segments
    proximal, distal, centre = joint
    total = _turn_variance(segments, proximal, time, by_proximal)
    of_proximal = _by_ends(segments, proximal, time, by_proximal)
    of_distal = (0.0, 0.0, 0.0)
    upper, lower = -1, -1
    if distal >= 0:
        total += _turn_variance(segments, distal, time, by_distal)
        of_distal = _by_ends(segments, distal, time, by_distal)
        upper, lower = ends[distal, 0], ends[distal, 1]
    points = (ends[proximal, 0], ends[proximal, 1], upper, lower, centre)
    for first in range(5):
        if points[first] < 0:
            continue
        seen_before = False
        change = (0.0, 0.0, 0.0)
        for other in range(5):
            if points[other] != points[first]:
                continue
            seen_before |= other < first
            if other < 2:
                change = _plus(change, 1.0 - 2.0 * other, of_proximal)
            elif other < 4:
                change = _plus(change, 5.0 - 2.0 * other, of_distal)
            else:
                change = _plus(change, 1.0, by_centre)
        if not seen_before:
            total += _dot(change, change) * point[points[first]] ** 2
    shifted = by_centre
    if anchored[proximal]:
        shifted = _plus(shifted, -1.0, of_proximal)
    total += _dot(shifted, shifted) * skin_shift[proximal, time] ** 2
    if distal >= 0 and anchored[distal]:
        total += _dot(of_distal, of_distal) * skin_shift[distal, time] ** 2
    return total


@njit(cache=True, error_model="numpy")
def _reciprocal(e1: tuple, e3: tuple) -> tuple:
    """Vectors r1, r3 with a turn's part about e1, e3 as its product with them (see `joint_angles.turns_about`)."""
    shared = _dot(e1, e3)
    apart = 1.0 - shared * shared
    first, third = _plus(e1, -shared, e3), _plus(e3, -shared, e1)
    return (
        (first[0] / apart, first[1] / apart, first[2] / apart),
        (third[0] / apart, third[1] / apart, third[2] / apart),
    )


@njit(cache=True, error_model="numpy")
def _row(axes: Array, row: int) -> tuple:
    return axes[row, 0], axes[row, 1], axes[row, 2]


@njit(cache=True, error_model="numpy")
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
        for time in range(axes.shape[1]):
            e = axes[j, time]
            first, third = _reciprocal(_row(e, 0), _row(e, 2))
            parts = (first, _row(e, 1), third)
            for k in range(3):
                back = _plus(nothing, -1.0, parts[k])
                answer[j, k, time] = _variance(segments, joint, time, back, parts[k], nothing)
    return answer


@njit(cache=True, error_model="numpy")
def _by_turns(axes: Array, plane: int, moment: tuple, moves_with: int) -> tuple:
    """Change of M . e_i per turn of the proximal and of the distal segment, which carry the axis."""
    nothing = (0.0, 0.0, 0.0)
    if moves_with == LABORATORY:
        return nothing, nothing
    own = _cross(_row(axes, plane), moment)
    if moves_with == PROXIMAL:
        return own, nothing
    if moves_with == DISTAL:
        return nothing, own
    if plane == 0:
        return own, nothing
    if plane == 2:
        return nothing, own
    # The floating axis stays at right angles to the other two.
    e1, e2, e3 = _row(axes, 0), _row(axes, 1), _row(axes, 2)
    first, third = _reciprocal(e1, e3)
    by_proximal = _plus(nothing, -_dot(moment, first), _cross(e1, e2))
    by_distal = _plus(nothing, -_dot(moment, third), _cross(e3, e2))
    return by_proximal, by_distal


@njit(cache=True, error_model="numpy")
def _ground_variance(loads: tuple, j: int, time: int, along: tuple, plate: tuple) -> float:
    """Variance of M . along from the place and the zero of the plates and from the inertia of the segments below.

    `plate`: standard uncertainty of the centre of pressure per level axis [m], of the zero of force [N] and moment [N m]
    per axis, and of the inertial part of a moment as a share of it.
    """
    _, moment, _, centre, ground_force, ground_moment, below, turned = loads
    place, zero_n, zero_n_m, share = plate
    p = _row(centre[j], time)
    inertial, total = turned[j] * _dot(_row(moment[j], time), along), 0.0
    for side in range(2):
        if below[j, side] == 0.0:
            continue
        f = _row(ground_force[side], time)
        g = _plus(_row(ground_moment[side], time), -1.0, _cross(p, f))
        inertial += _dot(g, along)
        if f[1] > 0.0:
            shift = _cross(f, along)
            total += place**2 * (shift[0] ** 2 + shift[2] ** 2)
            total += (zero_n * p[1]) ** 2 * (along[0] ** 2 + along[2] ** 2) + zero_n_m**2 * _dot(along, along)
    return total + (share * inertial) ** 2


@njit(cache=True, error_model="numpy")
def load_variances(
    segments: tuple, joints: Integers, axes: Array, loads: tuple, spin_share: Array, plate: tuple, moves_with: int
) -> tuple[Array, Array]:
    """Variance of the components of joint moments and of joint power.

    Parameters
    ----------
    segments, joints : as in `angle_variances`.
    axes : (joint, time, 3, 3), a row per plane, about which components are taken; NaN gives NaN.
    loads : members of JointLoads.
    spin_share : (joint,) standard uncertainty of the relative angular velocity per axis, as a share of its size.
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
        for time in range(frames):
            f, m, w = _row(force[j], time), _row(moment[j], time), _row(spin[j], time)
            for plane in range(3):
                e = _row(axes[j, time], plane)
                by_proximal, by_distal = _by_turns(axes[j, time], plane, m, moves_with)
                by_centre = _cross(e, f)
                total = _variance(segments, joint, time, by_proximal, by_distal, by_centre)
                of_moment[j, plane, time] = total + _ground_variance(loads, j, time, e, plate)
            total = _variance(segments, joint, time, nothing, nothing, _cross(w, f))
            total += _dot(m, m) * _dot(w, w) * spin_share[j] ** 2
            of_power[j, time] = total + _ground_variance(loads, j, time, w, plate)
    return of_moment, of_power
