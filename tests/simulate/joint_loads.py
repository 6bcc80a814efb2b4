"""Joint forces and moments of a simulated trial by Newton-Euler recursion: a twin of inverse dynamics for tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.kinetics import inertial_moment
from legsci.simulate.athlete.plan import Motion
from legsci.vocabulary import SEGMENTS, STANDARD_GRAVITY


class JointLoads(NamedTuple):
    """Net joint forces and moments; they act on the distal segment, in lab axes.

    Parameters
    ----------
    force, moment : joint ("left_ankle", ..., "right_hip", "lumbar") -> (n, 3) [N], [N m].
    power : joint -> (n,) moment . (angular velocity of distal - proximal segment) [W].
    residual_force, residual_moment : (n, 3) what the trunk is left with at the lumbar joint when the loads that come up
        from the feet are subtracted from what its own motion needs [N], [N m].
    """

    force: dict[str, NDArray]
    moment: dict[str, NDArray]
    power: dict[str, NDArray]
    residual_force: NDArray
    residual_moment: NDArray


def joint_loads(motion: Motion, body: Body) -> JointLoads:
    """Joint forces and moments by Newton-Euler, from the ground reaction upward.

    Parameters
    ----------
    motion : a trial with ground reaction.
    body : the athlete that moved, with the trial's barbell.

    Returns
    -------
    JointLoads.

    Notes
    -----
    Per segment with mass m, centre c and loads F at points p (the joint below carries the opposite of its own load)::

        F_joint = m (a - g) - sum F
        M_joint = I w' + w x I w - sum M - sum (p - c) x F - (p_joint - c) x F_joint
    """
    spin = inertial_moment(motion.rotation, body.inertia, motion.angular_velocity, motion.angular_acceleration)
    gravity = np.array([0.0, -STANDARD_GRAVITY, 0.0])
    needs = body.mass[:, None, None] * (motion.centre_of_mass_acceleration - gravity)
    force: dict[str, NDArray] = {}
    moment: dict[str, NDArray] = {}
    power: dict[str, NDArray] = {}
    pelvis_force, pelvis_moment = needs[0].copy(), spin[0].copy()
    for foot, side in enumerate(("left", "right")):
        load = motion.force[foot]
        twist = np.zeros_like(load)
        twist[:, 1] = motion.free_moment[foot]
        point = np.where(np.isnan(motion.centre_of_pressure[foot]), 0.0, motion.centre_of_pressure[foot])
        proximal = ("shank", "thigh", "pelvis")
        for name, segment, above in zip(("ankle", "knee", "hip"), ("foot", "shank", "thigh"), proximal, strict=True):
            row = SEGMENTS.index(f"{side}_{segment}")
            upper = SEGMENTS.index(above if above == "pelvis" else f"{side}_{above}")
            centre, joint = motion.centre_of_mass[row], motion.position[row]
            joint_force = needs[row] - load
            joint_moment = spin[row] - twist - np.cross(point - centre, load) - np.cross(joint - centre, joint_force)
            key = f"{side}_{name}"
            force[key], moment[key] = joint_force, joint_moment
            relative = motion.angular_velocity[row] - motion.angular_velocity[upper]
            power[key] = np.einsum("ni,ni->n", joint_moment, relative)
            load, twist, point = -joint_force, -joint_moment, joint
        pelvis_force -= load
        pelvis_moment -= twist + np.cross(point - motion.centre_of_mass[0], load)
    lumbar = motion.position[1]
    force["lumbar"] = -pelvis_force
    moment["lumbar"] = -pelvis_moment + np.cross(lumbar - motion.centre_of_mass[0], pelvis_force)
    power["lumbar"] = np.einsum("ni,ni->n", moment["lumbar"], motion.angular_velocity[1] - motion.angular_velocity[0])
    trunk_moment = spin[1] - np.cross(lumbar - motion.centre_of_mass[1], needs[1])
    return JointLoads(force, moment, power, needs[1] - force["lumbar"], trunk_moment - moment["lumbar"])
