"""Motion of rigid segments and the loads that cause it: time derivatives, inverse dynamics, mechanical energy.

All vectors are in the axes of the laboratory; rotations hold a segment's axes as columns (R @ local = lab).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Central differences with 1 to 4 samples on either side, of order 2, 4, 6 and 8 (Fornberg 1988, Math Comput 51:699):
#: weights of the samples 1 to 4 away in the first derivative, and of the middle and those in the second.
_FIRST = np.array(
    [
        [1.0 / 2.0, 0.0, 0.0, 0.0],
        [2.0 / 3.0, -1.0 / 12.0, 0.0, 0.0],
        [3.0 / 4.0, -3.0 / 20.0, 1.0 / 60.0, 0.0],
        [4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0],
    ]
)
_SECOND = np.array(
    [
        [-2.0, 1.0, 0.0, 0.0, 0.0],
        [-5.0 / 2.0, 4.0 / 3.0, -1.0 / 12.0, 0.0, 0.0],
        [-49.0 / 18.0, 3.0 / 2.0, -3.0 / 20.0, 1.0 / 90.0, 0.0],
        [-205.0 / 72.0, 8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0],
    ]
)
_LONGEST_REACH = 4
_SHORTEST_STRETCH = 4


class SegmentMotion(NamedTuple):
    """Motion of rigid segments in the axes of the laboratory.

    Kernels take it as a plain tuple, `tuple(motion)`: numba takes 2 us to look at a named one.

    Parameters
    ----------
    rotation : (segment, time, 3, 3), R @ local = lab.
    centre_of_mass, velocity, acceleration : (segment, time, 3) [m], [m/s], [m/s^2].
    angular_velocity, angular_acceleration : (segment, time, 3) [rad/s], [rad/s^2].
    """

    rotation: Array
    centre_of_mass: Array
    velocity: Array
    acceleration: Array
    angular_velocity: Array
    angular_acceleration: Array


@njit(cache=True)
def derivatives(values: Array, rate: float) -> tuple[Array, Array]:
    """First and second time derivative by central differences.

    Parameters
    ----------
    values : (body, time, component), any unit; a frame with a NaN is a gap of that body. Low-pass noisy signals before:
        differences amplify noise.
    rate : [Hz].

    Returns
    -------
    first, second : (body, time, component), per s and per s^2. Order 8 where four samples lie on either side, order 6,
        4 and 2 toward a gap or an end; the outermost sample of a stretch by one-sided differences of order 2. Stretches
        of fewer than four samples, and gaps, are NaN.

    Notes
    -----
    A sine of f cycles per sample is read with a relative error of (2 pi f)^8 / 630 (first) and (2 pi f)^8 / 3150
    (second derivative): below 1e-5 for 12 Hz at 200 Hz.

    References
    ----------
    Fornberg 1988, Math Comput 51:699, tables 1 and 3.
    """
    bodies, frames, components = values.shape
    first, second = np.empty(values.shape), np.empty(values.shape)
    flat = np.ascontiguousarray(values).reshape(-1)
    for body in range(bodies):
        start = 0
        while start < frames:
            stop = start
            while stop < frames and not np.isnan(values[body, stop].sum()):
                stop += 1
            if stop - start >= _SHORTEST_STRETCH:
                known = slice((body * frames + start) * components, (body * frames + stop) * components)
                _differentiate(flat[known], components, rate, first.reshape(-1)[known], second.reshape(-1)[known])
            else:
                first[body, start:stop] = second[body, start:stop] = np.nan
            if stop < frames:
                first[body, stop] = second[body, stop] = np.nan
            start = stop + 1
    return first, second


@njit(cache=True)
def _differentiate(values: Array, step: int, rate: float, first: Array, second: Array) -> None:
    """Fill first and second (time x component,) from a stretch without gaps, whose frames lie `step` values apart."""
    last = len(values) // step - 1
    for frame in range(1, last):
        reach = min(_LONGEST_REACH, frame, last - frame)
        if reach == _LONGEST_REACH:
            continue
        for i in range(frame * step, (frame + 1) * step):
            slope, bend = 0.0, _SECOND[reach - 1, 0] * values[i]
            for away in range(1, reach + 1):
                ahead, behind = values[i + away * step], values[i - away * step]
                slope += _FIRST[reach - 1, away - 1] * (ahead - behind)
                bend += _SECOND[reach - 1, away] * (ahead + behind)
            first[i] = slope * rate
            second[i] = bend * rate**2
    # The same with every step written out, which runs several values at a time.
    a1, a2, a3, a4 = _FIRST[_LONGEST_REACH - 1]
    b0, b1, b2, b3, b4 = _SECOND[_LONGEST_REACH - 1]
    square = rate**2
    for i in range(_LONGEST_REACH * step, len(values) - _LONGEST_REACH * step):
        p1, p2, p3, p4 = values[i + step], values[i + 2 * step], values[i + 3 * step], values[i + 4 * step]
        m1, m2, m3, m4 = values[i - step], values[i - 2 * step], values[i - 3 * step], values[i - 4 * step]
        first[i] = (a1 * (p1 - m1) + a2 * (p2 - m2) + a3 * (p3 - m3) + a4 * (p4 - m4)) * rate
        second[i] = (b0 * values[i] + b1 * (p1 + m1) + b2 * (p2 + m2) + b3 * (p3 + m3) + b4 * (p4 + m4)) * square
    for component in range(step):
        for end, inward in ((component, step), (last * step + component, -step)):
            sign = 1.0 if inward > 0 else -1.0
            a, b, c, d = values[end], values[end + inward], values[end + 2 * inward], values[end + 3 * inward]
            first[end] = sign * (-1.5 * a + 2.0 * b - 0.5 * c) * rate
            second[end] = (2.0 * a - 5.0 * b + 4.0 * c - d) * square


@njit(cache=True)
def _vector_of_skew_part(derivative: Array, rotation: Array) -> Array:
    """Vector of the skew part of derivative @ rotation.T, both (segment, time, 3, 3), as (segment, time, 3)."""
    vector = np.empty(rotation.shape[:3])
    for segment in range(rotation.shape[0]):
        for frame in range(rotation.shape[1]):
            d, r = derivative[segment, frame], rotation[segment, frame]
            for i in range(3):
                j, k = (i + 1) % 3, (i + 2) % 3
                total = 0.0
                for column in range(3):
                    total += d[k, column] * r[j, column] - d[j, column] * r[k, column]
                vector[segment, frame, i] = 0.5 * total
    return vector


def angular_motion(rotation: Array, rate: float) -> tuple[Array, Array]:
    """Angular velocity and acceleration from rotations.

    Parameters
    ----------
    rotation : (segment, time, 3, 3), R @ local = lab; gaps are NaN.
    rate : [Hz].

    Returns
    -------
    angular_velocity : (segment, time, 3) [rad/s], the vector of the skew part of R' R^T.
    angular_acceleration : (segment, time, 3) [rad/s^2], that of R'' R^T, whose symmetric part is centripetal.
        Both in lab axes, from `derivatives` of the nine elements of R.
    """
    ordered = np.ascontiguousarray(rotation)
    first, second = derivatives(ordered.reshape(*rotation.shape[:2], 9), rate)
    velocity, acceleration = (
        _vector_of_skew_part(change.reshape(rotation.shape), ordered) for change in (first, second)
    )
    return velocity, acceleration


@njit(cache=True, fastmath={"contract"})
def _cross(a: tuple, b: tuple) -> tuple:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True, fastmath={"contract"})
def _times(matrix: Array, v: tuple) -> tuple:
    return (
        matrix[0, 0] * v[0] + matrix[0, 1] * v[1] + matrix[0, 2] * v[2],
        matrix[1, 0] * v[0] + matrix[1, 1] * v[1] + matrix[1, 2] * v[2],
        matrix[2, 0] * v[0] + matrix[2, 1] * v[1] + matrix[2, 2] * v[2],
    )


@njit(cache=True, fastmath={"contract"})
def _transposed_times(matrix: Array, v: tuple) -> tuple:
    return (
        matrix[0, 0] * v[0] + matrix[1, 0] * v[1] + matrix[2, 0] * v[2],
        matrix[0, 1] * v[0] + matrix[1, 1] * v[1] + matrix[2, 1] * v[2],
        matrix[0, 2] * v[0] + matrix[1, 2] * v[1] + matrix[2, 2] * v[2],
    )


@njit(cache=True, fastmath={"contract"})
def inverse_dynamics(
    parent: NDArray[np.int64],
    inertia: tuple[Array, Array],
    motion: tuple[Array, ...],
    joint: Array,
    ground_force: Array,
    ground_moment: Array,
    gravity: Array,
) -> tuple[Array, Array]:
    """Load that each segment receives through the joint to its parent, from the free ends of a tree to its root.

    Parameters
    ----------
    parent : (segment,) row of the segment that carries this one; always a later row, so that loads are known when they
        are needed; -1 for a root.
    inertia : mass (segment,) [kg] and tensor (segment, 3, 3) about the centre of mass, in segment axes [kg m^2].
    motion : members of `SegmentMotion`; the velocity is not used.
    joint : (segment, time, 3) the joint to the parent; of a root, the point that its remainder is taken about [m].
    ground_force : (segment, time, 3) force of the ground on the segment [N].
    ground_moment : (segment, time, 3) its moment about the origin of the laboratory [N m]. Taken so, no centre of
        pressure is needed, which is lost in noise where the force is small.
    gravity : (3,) acceleration of free fall, downward [m/s^2].

    Returns
    -------
    force, moment : (segment, time, 3) that the parent exerts on the segment, moment about the joint [N], [N m]; of a
        root, what its motion needs beyond all known loads. A NaN in any input of a frame reaches all that rests on it.

    Raises
    ------
    ValueError : a parent does not come after its child.

    Notes
    -----
    With c the centre of mass, p the joint, F_g and M_g the ground's load, sums over the segments that hang on this one,
    and M_o moments about the origin of the laboratory::

        F = m (a - g) - F_g + sum F
        M_o = R (I R^T alpha + R^T omega x I R^T omega) + c x m (a - g) - M_g + sum M_o
        M = M_o - p x F

    References
    ----------
    Winter DA 2009, Biomechanics and Motor Control of Human Movement, 4th ed., ch. 7.
    """
    for segment in range(len(parent)):
        if parent[segment] >= len(parent) or -1 < parent[segment] <= segment or parent[segment] < -1:
            raise ValueError("inverse dynamics: a segment's parent must be a later row, or -1")
    force, moment = np.zeros(joint.shape), np.zeros(joint.shape)
    gx, gy, gz = gravity
    masses, tensors = inertia
    rotation, centre, _, acceleration, angular_velocity, angular_acceleration = motion
    for segment in range(len(parent)):
        tensor, mass, carrier = tensors[segment], masses[segment], parent[segment]
        for frame in range(joint.shape[1]):
            turn = rotation[segment, frame]
            w, b = angular_velocity[segment, frame], angular_acceleration[segment, frame]
            p, c, a = joint[segment, frame], centre[segment, frame], acceleration[segment, frame]
            f, m = force[segment, frame], moment[segment, frame]
            needed = (mass * (a[0] - gx), mass * (a[1] - gy), mass * (a[2] - gz))
            spin = _transposed_times(turn, (w[0], w[1], w[2]))
            own = _times(tensor, _transposed_times(turn, (b[0], b[1], b[2])))
            gyroscopic = _cross(spin, _times(tensor, spin))
            turning = _times(turn, (own[0] + gyroscopic[0], own[1] + gyroscopic[1], own[2] + gyroscopic[2]))
            lever = _cross((c[0], c[1], c[2]), needed)
            for axis in range(3):
                f[axis] += needed[axis] - ground_force[segment, frame, axis]
                m[axis] += turning[axis] + lever[axis] - ground_moment[segment, frame, axis]
                if carrier >= 0:
                    force[carrier, frame, axis] += f[axis]
                    moment[carrier, frame, axis] += m[axis]
            # Moments add up about the laboratory's origin; only the answer is about the joint.
            shift = _cross((p[0], p[1], p[2]), (f[0], f[1], f[2]))
            for axis in range(3):
                m[axis] -= shift[axis]
    return force, moment


@njit(cache=True, fastmath={"contract"})
def mechanical_energy(inertia: tuple[Array, Array], motion: tuple[Array, ...], gravity: Array) -> tuple[Array, Array]:
    """Kinetic and potential energy of each segment, and its rate of change.

    Parameters
    ----------
    inertia, motion : of the segments, as in `inverse_dynamics`.
    gravity : (3,) acceleration of free fall, downward [m/s^2].

    Returns
    -------
    energy : (segment, time) [J]: m v.v / 2 + w.I w / 2 - m g.c, zero at rest in the origin of the laboratory.
    rate : (segment, time) [W]: m v.(a - g) + w.I alpha, since w.(w x I w) = 0. Differences of the energy would miss
        most of what happens between two frames of an impact.
    """
    masses, tensors = inertia
    rotation, centre, velocity, acceleration, angular_velocity, angular_acceleration = motion
    energy, rate = np.empty(rotation.shape[:2]), np.empty(rotation.shape[:2])
    for segment in range(rotation.shape[0]):
        mass, tensor = masses[segment], tensors[segment]
        for frame in range(rotation.shape[1]):
            turn = rotation[segment, frame]
            w, b = angular_velocity[segment, frame], angular_acceleration[segment, frame]
            c, v, a = centre[segment, frame], velocity[segment, frame], acceleration[segment, frame]
            spin = _transposed_times(turn, (w[0], w[1], w[2]))
            momentum = _times(tensor, spin)
            change = _times(tensor, _transposed_times(turn, (b[0], b[1], b[2])))
            total = power = 0.0
            for axis in range(3):
                total += mass * (0.5 * v[axis] ** 2 - gravity[axis] * c[axis])
                total += 0.5 * momentum[axis] * spin[axis]
                power += mass * v[axis] * (a[axis] - gravity[axis])
                power += change[axis] * spin[axis]
            energy[segment, frame], rate[segment, frame] = total, power
    return energy, rate
