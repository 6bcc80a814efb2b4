"""Angles of several joints, and the axes about which they are measured, over all frames at once."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Cosine of the middle angle below which the other two are not determined separately.
GIMBAL_LOCK = 1e-6
_TANGENT_OF_EIGHTH_TURN = math.tan(math.pi / 8.0)
# arctan(t) / t as a polynomial in t^2 for |t| <= tan(pi / 8): interpolated at Chebyshev points, right to 1e-15.
_ARCTAN = (
    1.0000000000000002,
    -0.3333333333329467,
    0.1999999998647968,
    -0.14285713018650445,
    0.11111056873805933,
    -0.0908963078261168,
    0.0767426110692613,
    -0.06508854136539335,
    0.05030155788624033,
    -0.025345761550124298,
)


# error_model="numpy": a division that may raise keeps the compiler from working on several frames at once.
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def joint_angles(rotation: Array, joints: NDArray[np.int64]) -> Array:
    """Angles of several joints in the joint coordinate system of Grood and Suntay.

    Parameters
    ----------
    rotation : (segment, time, 3, 3), columns are the segment's x (anterior), y (up), z (right) in laboratory axes.
    joints : (joint, 2) indices of the proximal and the distal segment.

    Returns
    -------
    (joint, 3, time) [rad]: turn of the distal segment about the proximal z (e1), about the floating axis at right
    angles to e1 and e3, and about the distal y (e3), each positive by the right-hand rule; first and third lie within
    half a turn, the second within a quarter. NaN where a rotation is; first and third are NaN where the cosine of the
    second is below GIMBAL_LOCK, since only their sum is defined there.

    Notes
    -----
    With R = proximal^T distal = Rz(first) Rx(second) Ry(third)::

        first = atan2(-R01, R11),    second = atan2(R21, |(R01, R11)|),    third = atan2(-R20, R22)

    References
    ----------
    Grood ES, Suntay WJ (1983) A joint coordinate system for the clinical description of three-dimensional motions:
    application to the knee. J Biomech Eng 105:136-144.
    """
    frames = rotation.shape[1]
    angles = np.empty((joints.shape[0], 3, frames))
    sines, cosines = np.empty((3, frames)), np.empty((3, frames))
    for joint in range(joints.shape[0]):
        proximal, distal = rotation[joints[joint, 0]], rotation[joints[joint, 1]]
        for time in range(frames):
            p, d = proximal[time], distal[time]
            sines[0, time] = -(p[0, 0] * d[0, 1] + p[1, 0] * d[1, 1] + p[2, 0] * d[2, 1])
            cosines[0, time] = p[0, 1] * d[0, 1] + p[1, 1] * d[1, 1] + p[2, 1] * d[2, 1]
            sines[1, time] = p[0, 2] * d[0, 1] + p[1, 2] * d[1, 1] + p[2, 2] * d[2, 1]
            cosines[1, time] = math.sqrt(sines[0, time] ** 2 + cosines[0, time] ** 2)
            sines[2, time] = -(p[0, 2] * d[0, 0] + p[1, 2] * d[1, 0] + p[2, 2] * d[2, 0])
            cosines[2, time] = p[0, 2] * d[0, 2] + p[1, 2] * d[1, 2] + p[2, 2] * d[2, 2]
        for k in range(3):
            _fill_arctan2(sines[k], cosines[k], angles[joint, k])
        for time in range(frames):
            if cosines[1, time] < GIMBAL_LOCK:
                angles[joint, 0, time] = angles[joint, 2, time] = np.nan
    return angles


@njit(cache=True, error_model="numpy")
def joint_axes(rotation: Array, joints: NDArray[np.int64]) -> Array:
    """Axes of the joint coordinate system, about which `joint_angles` measures.

    Parameters
    ----------
    rotation, joints : as in `joint_angles`.

    Returns
    -------
    (joint, time, 3, 3) in laboratory axes, rows of unit length: e1 the proximal z, e2 the floating axis
    e3 x e1 / |e3 x e1|, e3 the distal y. e1 and e3 are at right angles only where the second angle is 0. NaN where a
    rotation is, and where the cosine of the second angle is below GIMBAL_LOCK.

    References
    ----------
    Grood ES, Suntay WJ (1983) J Biomech Eng 105:136-144.
    """
    frames = rotation.shape[1]
    axes = np.full((joints.shape[0], frames, 3, 3), np.nan)
    for joint in range(joints.shape[0]):
        proximal, distal = rotation[joints[joint, 0]], rotation[joints[joint, 1]]
        for time in range(frames):
            a, b, c = proximal[time, 0, 2], proximal[time, 1, 2], proximal[time, 2, 2]
            d, e, f = distal[time, 0, 1], distal[time, 1, 1], distal[time, 2, 1]
            x, y, z = e * c - f * b, f * a - d * c, d * b - e * a
            cosine = math.sqrt(x * x + y * y + z * z)
            if not cosine >= GIMBAL_LOCK:
                continue
            axes[joint, time, 0] = (a, b, c)
            axes[joint, time, 1] = (x / cosine, y / cosine, z / cosine)
            axes[joint, time, 2] = (d, e, f)
    return axes


@njit(cache=True, error_model="numpy")
def turns_about(axes: Array, turn: Array) -> Array:
    """Parts of a turn about the axes of a joint, which need not be at right angles.

    Parameters
    ----------
    axes : (joint, time, 3, 3) as of `joint_axes`: the second axis is at right angles to the first and the third.
    turn : (joint, time, 3) in laboratory axes: the angular velocity of the distal segment relative to the proximal, or
        a small turn [rad/s] or [rad].

    Returns
    -------
    (joint, 3, time), turn = sum of parts times axes: of the angular velocity the rates of the angles of `joint_angles`.

    Notes
    -----
    With s = e1 . e3 and w_i = turn . e_i::

        first = (w_1 - s w_3) / (1 - s^2),    second = w_2,    third = (w_3 - s w_1) / (1 - s^2)
    """
    parts = np.empty((axes.shape[0], 3, axes.shape[1]))
    for joint in range(axes.shape[0]):
        for time in range(axes.shape[1]):
            e, w = axes[joint, time], turn[joint, time]
            first = e[0, 0] * w[0] + e[0, 1] * w[1] + e[0, 2] * w[2]
            third = e[2, 0] * w[0] + e[2, 1] * w[1] + e[2, 2] * w[2]
            shared = e[0, 0] * e[2, 0] + e[0, 1] * e[2, 1] + e[0, 2] * e[2, 2]
            apart = 1.0 - shared * shared
            parts[joint, 0, time] = (first - shared * third) / apart
            parts[joint, 1, time] = e[1, 0] * w[0] + e[1, 1] * w[1] + e[1, 2] * w[2]
            parts[joint, 2, time] = (third - shared * first) / apart
    return parts


@njit(cache=True, error_model="numpy")
def _fill_arctan2(sine: Array, cosine: Array, angle: Array) -> None:
    for i in range(len(angle)):
        angle[i] = _arctan2(sine[i], cosine[i])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _arctan2(sine: float, cosine: float) -> float:
    """Angle [rad] of the direction (cosine, sine) to 1e-15; NaN where both are 0.

    Without branches, so that the compiler works on several frames at once, which the C library's does not allow.
    """
    steep = abs(sine) > abs(cosine)
    longer = abs(sine) if steep else abs(cosine)
    shorter = abs(cosine) if steep else abs(sine)
    beyond = shorter > _TANGENT_OF_EIGHTH_TURN * longer
    tangent = (shorter - longer if beyond else shorter) / (shorter + longer if beyond else longer)
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 = _ARCTAN
    u = tangent * tangent
    v = u * u
    angle = tangent * (
        ((((c9 * u + c8) * v + (c7 * u + c6)) * v + (c5 * u + c4)) * v + (c3 * u + c2)) * v + (c1 * u + c0)
    )
    angle = angle + (0.25 * math.pi if beyond else 0.0)
    angle = 0.5 * math.pi - angle if steep else angle
    angle = math.pi - angle if cosine < 0.0 else angle
    return math.copysign(angle, sine)
