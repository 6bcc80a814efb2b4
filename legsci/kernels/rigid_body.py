"""Rigid bodies: pose of a marker cluster, markers that leave it, and segment axes."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Why a frame has no pose.
FOUND, TOO_FEW_MARKERS, COLLINEAR = 0, 1, 2
#: Least share of the spread across a cluster in the spread along it, squared (as spreads enter the covariance): markers
#: within 5 % of a line turn marker noise into twenty times as much turn about that line. Our choice.
LEAST_RELATIVE_SPREAD = 0.05**2
_MOST_STEPS = 50


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def cluster_pose(reference: Array, position: Array) -> tuple[Array, Array, Array, NDArray[np.int8]]:
    """Pose of a rigid cluster of markers in each frame, by least squares.

    Parameters
    ----------
    reference : (marker, 3) markers in the axes of the body [m]; NaN where a marker's place in it is not known.
    position : (time, marker, 3) the same markers in laboratory axes [m]; NaN where one is not seen.

    Returns
    -------
    rotation : (time, 3, 3), columns are the axes of the body in laboratory axes.
    origin : (time, 3) of the body's axes in the laboratory [m]: position = origin + rotation @ reference.
    residual : (time,) root mean square distance of the markers used from where the pose puts them [m]; rounding leaves
        about 1e-7 of the cluster's size.
    state : (time,) FOUND, TOO_FEW_MARKERS (fewer than 3 seen) or COLLINEAR; pose and residual are NaN but for FOUND.

    Notes
    -----
    Minimises sum |position - origin - R reference|^2 over the markers seen. The best R belongs to the largest
    eigenvalue of a symmetric 4 x 4 matrix made of the covariance of the two clusters (Horn 1987); Newton's method from
    above finds it as a root of the characteristic polynomial (Theobald 2005), whose slope there,
    8 (s1 + s2)(s1 + s3)(s2 + s3) with the singular values s of the covariance (s3 signed), vanishes where the markers
    lie on a line. Deviation from Theobald: where the quaternion's scalar part is small, the reference is first turned
    half a turn about one of its axes, instead of taking other cofactors.

    References
    ----------
    Horn BKP (1987) Closed-form solution of absolute orientation using unit quaternions. J Opt Soc Am A 4:629-642.
    Theobald DL (2005) Rapid calculation of RMSDs using a quaternion-based characteristic polynomial. Acta Cryst A
    61:478-480.
    """
    frames, markers = position.shape[0], position.shape[1]
    rotation = np.full((frames, 3, 3), np.nan)
    origin = np.full((frames, 3), np.nan)
    residual = np.full(frames, np.nan)
    state = np.full(frames, TOO_FEW_MARKERS, dtype=np.int8)
    for time in range(frames):
        seen = 0
        px = py = pz = rx = ry = rz = 0.0
        for m in range(markers):
            x, y, z = position[time, m, 0], position[time, m, 1], position[time, m, 2]
            if not math.isnan(x + y + z + reference[m, 0] + reference[m, 1] + reference[m, 2]):
                seen += 1
                px, py, pz = px + x, py + y, pz + z
                rx, ry, rz = rx + reference[m, 0], ry + reference[m, 1], rz + reference[m, 2]
        if seen < 3:
            continue
        share = 1.0 / seen
        px, py, pz, rx, ry, rz = px * share, py * share, pz * share, rx * share, ry * share, rz * share
        xx = xy = xz = yx = yy = yz = zx = zy = zz = spread = 0.0
        for m in range(markers):
            x, y, z = position[time, m, 0] - px, position[time, m, 1] - py, position[time, m, 2] - pz
            a, b, c = reference[m, 0] - rx, reference[m, 1] - ry, reference[m, 2] - rz
            if not math.isnan(x + y + z + a + b + c):
                xx, xy, xz = xx + a * x, xy + a * y, xz + a * z
                yx, yy, yz = yx + b * x, yy + b * y, yz + b * z
                zx, zy, zz = zx + c * x, zy + c * y, zz + c * z
                spread += a * a + b * b + c * c + x * x + y * y + z * z
        covariance = (xx, xy, xz, yx, yy, yz, zx, zy, zz)
        largest, slope = _largest_eigenvalue(covariance, 0.5 * spread)
        if slope == 0.0:
            state[time] = COLLINEAR
            continue
        state[time] = FOUND
        turn = rotation[time]
        _rotation_of_eigenvalue(covariance, largest, slope, turn)
        origin[time, 0] = px - turn[0, 0] * rx - turn[0, 1] * ry - turn[0, 2] * rz
        origin[time, 1] = py - turn[1, 0] * rx - turn[1, 1] * ry - turn[1, 2] * rz
        origin[time, 2] = pz - turn[2, 0] * rx - turn[2, 1] * ry - turn[2, 2] * rz
        residual[time] = math.sqrt(max(0.0, spread - 2.0 * largest) * share)
    return rotation, origin, residual, state


@njit(cache=True)
def _distance(one: Array, other: Array) -> float:
    """Distance of two points (3,)."""
    return math.sqrt((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2)


@njit(cache=True)
def largest_strays(reference: Array, position: Array) -> Array:
    """Find how far each marker of a cluster leaves its place among the others.

    Parameters
    ----------
    reference : (marker, 3) the cluster at rest [m].
    position : (time, marker, 3) the same markers [m]; NaN where one is not seen.

    Returns
    -------
    (marker,) the largest over the frames of the median, over the other markers seen, of the change of their distance
    [m]; 0 for a marker that is never seen with another. A median, so that one stray marker does not affect the others.
    """
    frames, markers = position.shape[0], position.shape[1]
    strays = np.zeros(markers)
    rest, change = np.empty((markers, markers)), np.empty((markers, markers))
    others = np.empty(markers)
    for i in range(markers):
        for j in range(i):
            rest[i, j] = _distance(reference[i], reference[j])
    for time in range(frames):
        for i in range(markers):
            for j in range(i):
                distance = _distance(position[time, i], position[time, j])
                change[i, j] = change[j, i] = abs(distance - rest[i, j])
        for i in range(markers):
            seen = further = 0
            for j in range(markers):
                if i != j and not math.isnan(change[i, j]):
                    seen += 1
                    further += change[i, j] > strays[i]
            if 2 * further < seen:  # the median is no larger than what was found before
                continue
            seen = 0
            for j in range(markers):
                if i == j or math.isnan(change[i, j]):
                    continue
                place = seen
                while place > 0 and others[place - 1] > change[i, j]:
                    others[place] = others[place - 1]
                    place -= 1
                others[place] = change[i, j]
                seen += 1
            if seen:
                strays[i] = max(strays[i], 0.5 * (others[(seen - 1) // 2] + others[seen // 2]))
    return strays


@njit(cache=True)
def frames_from_vectors(main: Array, second: Array, main_axis: int, second_axis: int) -> Array:
    """Right-handed axes, one along a vector, a second as near as possible to another.

    Parameters
    ----------
    main : (time, 3) any unit, the direction of axis `main_axis` (0 x, 1 y, 2 z).
    second : (time, 3) any unit; axis `second_axis` is its part at right angles to `main`.

    Returns
    -------
    (time, 3, 3), columns x, y, z; NaN where the vectors are NaN, zero or along one line.

    Raises
    ------
    ValueError : the two axes are the same or not 0, 1 or 2.
    """
    if main_axis == second_axis or min(main_axis, second_axis) < 0 or max(main_axis, second_axis) > 2:
        raise ValueError("main_axis and second_axis must be two of 0, 1, 2")
    third_axis = 3 - main_axis - second_axis
    sign = 1.0 if (main_axis + 1) % 3 == second_axis else -1.0
    frames = np.full((main.shape[0], 3, 3), np.nan)
    for time in range(main.shape[0]):
        a, b, c = main[time]
        length = math.sqrt(a * a + b * b + c * c)
        if not length > 0.0:
            continue
        a, b, c = a / length, b / length, c / length
        x, y, z = second[time]
        along = a * x + b * y + c * z
        x, y, z = x - along * a, y - along * b, z - along * c
        across = math.sqrt(x * x + y * y + z * z)
        if not across > 1e-9 * abs(along):
            continue
        x, y, z = x / across, y / across, z / across
        frames[time, :, main_axis] = (a, b, c)
        frames[time, :, second_axis] = (x, y, z)
        frames[time, :, third_axis] = (sign * (b * z - c * y), sign * (c * x - a * z), sign * (a * y - b * x))
    return frames


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _largest_eigenvalue(covariance: tuple[float, ...], start: float) -> tuple[float, float]:
    """Largest root of Theobald's polynomial l^4 + c2 l^2 + c1 l + c0, from a start above it, and the slope there.

    The slope falls on the way down; 0 stands for one so small that the markers lie on a line.
    """
    xx, xy, xz, yx, yy, yz, zx, zy, zz = covariance
    determinant = xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx)
    # S^T S, whose trace and second invariant give the other two coefficients.
    aa, bb, cc = xx * xx + yx * yx + zx * zx, xy * xy + yy * yy + zy * zy, xz * xz + yz * yz + zz * zz
    ab, ac, bc = xx * xy + yx * yy + zx * zy, xx * xz + yx * yz + zx * zz, xy * xz + yy * yz + zy * zz
    trace = aa + bb + cc
    minors = aa * bb - ab * ab + aa * cc - ac * ac + bb * cc - bc * bc
    c2, c1, c0 = -2.0 * trace, -8.0 * determinant, trace * trace - 4.0 * minors
    root = start
    slope = 0.0
    for _ in range(_MOST_STEPS):
        square = root * root
        value = (square + c2) * square + c1 * root + c0
        slope = 4.0 * square * root + 2.0 * c2 * root + c1
        if not slope > 8.0 * LEAST_RELATIVE_SPREAD * square * root:
            return root, 0.0
        step = value / slope
        root -= step
        # From above, Newton's steps lead down, each about as large as the square of the one before.
        if not step > 1e-8 * root:
            break
    return root, slope


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _rotation_of_eigenvalue(covariance: tuple[float, ...], largest: float, slope: float, turn: Array) -> None:
    """Write the rotation (3, 3) that belongs to the largest eigenvalue; its quaternion is a row of cofactors."""
    for half_turn in range(4):
        # Half a turn of the reference about x, y or z changes the sign of the other two of its coordinates.
        x = -1.0 if half_turn > 1 else 1.0
        y = -1.0 if half_turn == 1 or half_turn == 3 else 1.0
        z = x * y
        xx, xy, xz = x * covariance[0], x * covariance[1], x * covariance[2]
        yx, yy, yz = y * covariance[3], y * covariance[4], y * covariance[5]
        zx, zy, zz = z * covariance[6], z * covariance[7], z * covariance[8]
        k01, k02, k03 = yz - zy, zx - xz, xy - yx
        k12, k13, k23 = xy + yx, zx + xz, yz + zy
        k11, k22, k33 = xx - yy - zz - largest, yy - xx - zz - largest, zz - xx - yy - largest
        a, b, c = k22 * k33 - k23 * k23, k12 * k33 - k23 * k13, k12 * k23 - k22 * k13
        d, e, f = k11 * k33 - k13 * k13, k11 * k23 - k12 * k13, k11 * k22 - k12 * k12
        q0 = -(k11 * a - k12 * b + k13 * c)
        q1 = k01 * a - k02 * b + k03 * c
        q2 = k02 * d - k01 * b - k03 * e
        q3 = k01 * c - k02 * e + k03 * f
        # q0 / slope is the square of the scalar part; among the four, one is at least a quarter.
        if q0 > 0.2 * slope:
            break
    scale = 2.0 / (q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3)
    turn[0, 0] = x * (1.0 - scale * (q2 * q2 + q3 * q3))
    turn[0, 1] = y * scale * (q1 * q2 - q0 * q3)
    turn[0, 2] = z * scale * (q1 * q3 + q0 * q2)
    turn[1, 0] = x * scale * (q1 * q2 + q0 * q3)
    turn[1, 1] = y * (1.0 - scale * (q1 * q1 + q3 * q3))
    turn[1, 2] = z * scale * (q2 * q3 - q0 * q1)
    turn[2, 0] = x * scale * (q1 * q3 - q0 * q2)
    turn[2, 1] = y * scale * (q2 * q3 + q0 * q1)
    turn[2, 2] = z * (1.0 - scale * (q1 * q1 + q2 * q2))
