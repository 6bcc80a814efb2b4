"""Motion of the body's segments by differentiation, and the balance of their mechanical power."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from legsci.kernels.newton_euler import SegmentMotion, angular_motion, derivatives
from legsci.mechanics.kinetics.inertia import BodySegments
from legsci.mechanics.motion.kinematics import Array, Kinematics


def segment_motion(kinematics: Kinematics, body: BodySegments, rate: float) -> SegmentMotion:
    """Velocities and accelerations of the segments by differences; see `kernels.newton_euler.derivatives`."""
    rotation = np.stack([kinematics.rotation[name] for name in body.segment])
    origin = np.stack([kinematics.position[name] for name in body.segment])
    # One product of all frames' rows per segment is four times as fast as one per frame.
    turned = rotation.reshape(len(rotation), -1, 3) @ body.centre_of_mass[:, :, None]
    centre = origin + turned.reshape(origin.shape)
    return SegmentMotion(rotation, centre, *derivatives(centre, rate), *angular_motion(rotation, rate))


def ground_power(force: Array, moment: Array, joints: Array, velocity: Array, spin: Array) -> Array:
    """Power of the ground on rigid segments (segment, time) [W]: F . v_a + (M - a x F) . omega.

    Parameters
    ----------
    force, moment : (segment, time, 3) load of the ground, moment about the origin of the laboratory [N], [N m].
    joints, velocity : (segment, time, 3) a point a of the segment, its proximal joint centre, and v_a [m], [m/s].
    spin : (segment, time, 3) angular velocity omega [rad/s].
    """
    return _power(force, velocity) + _power(moment - np.cross(joints, force), spin)


def power_residual(
    change: Array,
    spin: Array,
    parent: NDArray[np.int64],
    velocity: Array,
    on_segment: tuple[Array, Array],
    from_ground: Array,
) -> Array:
    """Rate of change of each segment's energy less the power of all that acts on it (segment, time) [W].

    The balance of Robertson & Winter 1980 (J Biomech 13:845), with the ground as one more load::

        dE/dt = sum over joints (F . v_joint + M . omega) + power of the ground

    What is left comes from joint centres that do not move with both of their segments.

    Parameters
    ----------
    change : (segment, time) rate of change of the segments' energy dE/dt [W].
    spin : (segment, time, 3) angular velocity omega [rad/s].
    parent : (segment,) row that carries the segment, -1 for a root, with its remainder among its loads.
    velocity : (segment, time, 3) of the centre of the joint to the parent, as measured [m/s].
    on_segment : force F and moment M (segment, time, 3) of the parent on the segment [N], [N m].
    from_ground : (segment, time), see `ground_power` [W].
    """
    force, moment = on_segment
    power = from_ground + _power(force, velocity) + _power(moment, spin)
    for row, carrier in enumerate(parent):
        if carrier >= 0:
            power[carrier] -= _power(force[row], velocity[row]) + _power(moment[row], spin[carrier])
    return np.asarray(change - power)


def _power(load: Array, motion: Array) -> Array:
    """Scalar product over the last dimension: F . v or M . omega [W]."""
    return np.asarray(np.einsum("...i,...i->...", load, motion))
