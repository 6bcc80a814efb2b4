"""Standard uncertainty of joint moments and power from joint centres, axes, plates, inertia and low-pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from legsci.kernels.joint_errors import DISTAL, JOINT, LABORATORY, PROXIMAL, JointLoads, load_variances
from legsci.mechanics.motion.angle_uncertainty import ErrorModel, filter_effect
from legsci.mechanics.motion.kinematics import Array

#: Place of the centre of pressure among the markers per level axis [m]: calibrated plates and cameras agree to a few
#: millimetres (Holden et al. 2003, Gait Posture 17:205); 5 to 10 mm change ankle and knee moments by 7 to 14 % (McCaw &
#: DeVita 1995, J Biomech 28:985).
CENTRE_OF_PRESSURE_M = 0.002
#: Zero of a plate that is known from its empty stretches, per axis, force [N] and moment [N m]; our choice.
PLATE_ZERO_N, PLATE_ZERO_N_M = 1.0, 0.3
#: Inertial part of a moment, as a share of it: masses of segments differ by about as much between the published tables
#: (Rao et al. 2006, J Biomech 39:1531).
INERTIA_SHARE = 0.10
#: White noise of a marker per axis, and distance of the four markers of a segment from their middle [m]: such a cluster
#: turns by the noise over that distance and the root of their number.
CAMERA_NOISE_M, CLUSTER_M, CLUSTER_MARKERS = 0.0003, 0.10, 4
#: What carries the axes of moments (MOMENT_AXES of motion/options.py).
_CARRIED = {"joint": JOINT, "proximal": PROXIMAL, "distal": DISTAL, "laboratory": LABORATORY}


class LoadUncertainty(NamedTuple):
    """Standard uncertainties of the loads of joints.

    Parameters
    ----------
    moment : (joint, plane, time) of the components of the moment [N m], low-pass included.
    power : (joint, time) of the joint's power [W] by errors that last a movement.
    power_passing : (joint, time) by those that pass: what the low-pass took, and the noise of the cameras [W].
    """

    moment: Array
    power: Array
    power_passing: Array


def load_uncertainty(
    loads: JointLoads,
    in_plane: Array,
    model: ErrorModel,
    *,
    axes: tuple[str, Array],
    joints: list[str],
    low_pass: tuple[float, float],
    clock_s: float = 0.0,
) -> LoadUncertainty:
    """Propagate independent errors to moments and power of joints.

    Parameters
    ----------
    loads : of the joints.
    in_plane : (joint, plane, time) components of the moments [N m].
    model : errors of segments and joint centres.
    axes : key of MOMENT_AXES, and the axes of the components (joint, time, 3, 3).
    joints : names.
    low_pass : frames per second and cut-off [Hz]; NaN: none.
    clock_s : standard uncertainty of the time of the plates against that of the cameras [s].

    Notes
    -----
    First-order propagation (JCGM 100:2008, 5.1.2). With F the joint force, F_g the ground reaction of a foot that the
    joint carries, d turns of segments, s shifts of the joint centre, and e_i the axis::

        change of M_i = d . (change of e_i) M - s . (F x e_i) - shift of the plate . (F_g x e_i)
        change of P   = - s . (F x omega) - shift of the plate . (F_g x omega) + M . (change of omega)

    A ground reaction that comes t later changes M_i by - t e_i . (change of its moment about the joint centre per
    second), and P likewise along omega.

    Inertial parts, M_i less that of the ground, change in proportion to the inertia. A soft tissue artefact that grows
    with the turn of a segment also changes its angular velocity, in proportion.
    """
    numbers = model.joints(joints)
    known = [row for row in range(len(joints)) if (numbers[row, :2] >= 0).all()]
    of_moment, of_power = np.full(in_plane.shape, np.nan), np.full(in_plane[:, 0].shape, np.nan)
    if known:
        of_joints = ("force", "moment", "spin", "centre", "below", "turned")
        part = loads._replace(**{name: getattr(loads, name)[known] for name in of_joints})
        spin_share = np.hypot(*model.skin_rate[numbers[known, :2]].T)
        plate = (CENTRE_OF_PRESSURE_M, PLATE_ZERO_N, PLATE_ZERO_N_M, INERTIA_SHARE)
        found = load_variances(
            tuple(model.errors), numbers[known], axes[1][known], tuple(part), spin_share, plate, _CARRIED[axes[0]]
        )
        of_moment[known], of_power[known] = found
        if clock_s > 0.0:
            late = clock_s * _ground_moment_rate(loads, low_pass[0])[known]
            of_moment[known] += np.einsum("jtik,jtk->jit", axes[1][known], late) ** 2
            of_power[known] += np.einsum("jtk,jtk->jt", part.spin, late) ** 2
    power = np.einsum("jti,jti->jt", loads.moment, loads.spin)
    moment = np.hypot(np.sqrt(of_moment), filter_effect(in_plane, *low_pass))
    noise = np.linalg.norm(loads.moment, axis=2) * _spin_noise(*low_pass)
    return LoadUncertainty(moment, np.sqrt(of_power), np.hypot(filter_effect(power, *low_pass), noise))


def _ground_moment_rate(loads: JointLoads, rate_hz: float) -> Array:
    """Change per second of the moment of the ground about the joint centres (joint, time, 3) [N m/s], loads alone.

    0 beside frames in which a load is unknown.
    """
    force, moment = (np.gradient(each, 1.0 / rate_hz, axis=1) for each in (loads.ground_force, loads.ground_moment))
    answer = np.zeros_like(loads.centre)
    for side in range(loads.below.shape[1]):
        own = np.nan_to_num(moment[side][None] - np.cross(loads.centre, force[side][None]))
        answer += loads.below[:, side, None, None] * own
    return answer


def _spin_noise(rate_hz: float, cutoff_hz: float) -> float:
    """Standard deviation of the relative angular velocity of two segments by the noise of the cameras [rad/s].

    White noise up to half the rate, of which the low-pass leaves what lies below its cut-off f: its derivative has the
    root mean square 2 pi f / sqrt(3) times its own.
    """
    highest = 0.5 * rate_hz if np.isnan(cutoff_hz) else cutoff_hz
    turn = CAMERA_NOISE_M / (CLUSTER_M * CLUSTER_MARKERS**0.5) * (highest / (0.5 * rate_hz)) ** 0.5
    return 2.0**0.5 * turn * 2.0 * np.pi * highest / 3.0**0.5
