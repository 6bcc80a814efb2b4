"""Joint centres and axes that no marker shows: hips by regression or by motion, knee axes by motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from legsci.kernels.functional_joints import functional_joint
from legsci.mechanics.motion.kinematics import Array

Pose = tuple[Array, Array, Array]

#: Smallest spread (see FunctionalJoint) across the two main directions of a joint that gives an axis, and across all
#: three for a centre: turns of about 20 and 10 deg. Our choice.
LEAST_SPREAD_FOR_AXIS, LEAST_SPREAD_FOR_CENTRE = 0.15, 0.08


def hip_centre_harrington(*, pelvis_width_m: float, pelvis_depth_m: float) -> Array:
    """Right hip joint centre in pelvis axes, from the middle of the anterior superior iliac spines.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : distance of the midpoints of anterior and posterior superior iliac spines PD [m].

    Returns
    -------
    (3,) anterior, up, right [m]; negate the last for the left.

    Notes
    -----
    In mm: anterior -0.24 PD - 9.9, up -0.30 PW - 10.9, right 0.33 PW + 7.3; of the published equations those of one
    variable each, which need no leg length.

    References
    ----------
    Harrington ME, Zavatsky AB, Lawson SEM, Yuan Z, Theologis TN (2007) Prediction of the hip joint centre in adults,
    children, and patients with cerebral palsy based on magnetic resonance imaging. J Biomech 40:595-602.
    """
    width, depth = 1000.0 * pelvis_width_m, 1000.0 * pelvis_depth_m
    return np.array([-0.24 * depth - 9.9, -0.30 * width - 10.9, 0.33 * width + 7.3]) / 1000.0


def hip_centre_bell(*, pelvis_width_m: float, pelvis_depth_m: float = np.nan) -> Array:
    """Right hip joint centre as `hip_centre_harrington`, by shares of the pelvis width alone.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : not used; there so that both equations are called alike.

    Returns
    -------
    (3,) anterior -0.19 PW, up -0.30 PW, right 0.36 PW [m].

    References
    ----------
    Bell AL, Pedersen DR, Brand RA (1990) A comparison of the accuracy of several hip center location prediction
    methods. J Biomech 23:617-621.
    """
    return pelvis_width_m * np.array([-0.19, -0.30, 0.36])


HIP_CENTRES: dict[str, Callable[..., Array]] = {"harrington": hip_centre_harrington, "bell": hip_centre_bell}


def functional_centre(proximal: Pose | None, distal: Pose | None) -> Array | None:
    """Point (3,) of the static trial about which two segments turn [m]; None where they turn too little about any axis.

    Parameters
    ----------
    proximal, distal : turn (time, 3, 3) and shift (time, 3) [m] from the static trial; None without markers.
    """
    joint = None if proximal is None or distal is None else functional_joint(*proximal[:2], *distal[:2])
    return joint.proximal_centre if joint is not None and joint.spread[0] >= LEAST_SPREAD_FOR_CENTRE else None


def functional_axis(proximal: Pose | None, distal: Pose | None, rightward: Array) -> Array | None:
    """Direction (3,) in the static trial of the axis about which two segments turn; None where they turn too little.

    Parameters
    ----------
    proximal, distal : as in `functional_centre`.
    rightward : (3,) chooses the sign: the axis points this way.
    """
    joint = None if proximal is None or distal is None else functional_joint(*proximal[:2], *distal[:2])
    if joint is None or joint.spread[1] < LEAST_SPREAD_FOR_AXIS:
        return None
    return joint.proximal_axis * np.sign(joint.proximal_axis @ rightward)
