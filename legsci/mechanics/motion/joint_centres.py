"""Joint centres and axes that no marker shows: hips by regression or by motion, knee axes by motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from legsci.kernels.functional_joints import functional_joint
from legsci.kernels.rigid_body import frames_from_vectors
from legsci.mechanics.motion.kinematics import Array

Pose = tuple[Array, Array, Array]

#: Smallest spread (see FunctionalJoint) across the two main directions of a joint that gives an axis, and across all
#: three for a centre: turns of about 20 and 10 deg. Our choice.
LEAST_SPREAD_FOR_AXIS, LEAST_SPREAD_FOR_CENTRE = 0.15, 0.08
#: Diameter of the markers of Plug-in Gait unless it is told another [m].
MARKER_DIAMETER_M = 0.014
#: A wand closer than this to the line from the proximal joint centre to the lateral marker shows no plane [m]: marker
#: errors of 4.5 mm would turn it by more than 12 deg. Our choice.
LEAST_WAND_LEVER_M = 0.02


def hip_centre_harrington(*, pelvis_width_m: float, pelvis_depth_m: float, leg_length_m: float = np.nan) -> Array:
    """Right hip joint centre in pelvis axes, from the middle of the anterior superior iliac spines.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : distance of the midpoints of anterior and posterior superior iliac spines PD [m].
    leg_length_m : not used; there so that all equations are called alike.

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


#: Lumbosacral joint (L5/S1) from the middle of the anterior superior iliac spines, anterior and up, per pelvis width.
_LUMBAR_PER_WIDTH = {"female": (-0.340, 0.049), "male": (-0.335, -0.032)}


def lumbar_centre(*, pelvis_width_m: float, sex: str) -> Array:
    """Lumbosacral joint centre in pelvis axes, from the middle of the anterior superior iliac spines.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines [m].
    sex : "female" or "male"; of anything else the mean of both is taken.

    Returns
    -------
    (3,) anterior, up, right [m].

    References
    ----------
    Dumas R, Wojtusch J (2018) Estimation of the body segment inertial parameters for the rigid body biomechanical
    models used in motion analysis. In: Handbook of Human Motion. Springer.
    """
    known = [_LUMBAR_PER_WIDTH[sex]] if sex in _LUMBAR_PER_WIDTH else list(_LUMBAR_PER_WIDTH.values())
    return pelvis_width_m * np.append(np.mean(known, axis=0), 0.0)


def hip_centre_bell(*, pelvis_width_m: float, pelvis_depth_m: float = np.nan, leg_length_m: float = np.nan) -> Array:
    """Right hip joint centre as `hip_centre_harrington`, by shares of the pelvis width alone.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m, leg_length_m : not used; there so that all equations are called alike.

    Returns
    -------
    (3,) anterior -0.19 PW, up -0.30 PW, right 0.36 PW [m].

    References
    ----------
    Bell AL, Pedersen DR, Brand RA (1990) A comparison of the accuracy of several hip center location prediction
    methods. J Biomech 23:617-621.
    """
    return pelvis_width_m * np.array([-0.19, -0.30, 0.36])


def hip_centre_davis(*, pelvis_width_m: float, pelvis_depth_m: float = np.nan, leg_length_m: float) -> Array:
    """Right hip joint centre as `hip_centre_harrington`, by pelvis width and leg length, as Plug-in Gait finds it.

    Parameters
    ----------
    pelvis_width_m : distance of the anterior superior iliac spines PW [m].
    pelvis_depth_m : not used; there so that all equations are called alike.
    leg_length_m : from the anterior superior iliac spine to the medial malleolus L [m].

    Returns
    -------
    (3,) anterior C cos 0.5 sin 0.314 - d cos 0.314, up -C cos 0.5 cos 0.314 - d sin 0.314, right PW/2 - C sin 0.5 [m],
    with C = 0.115 L - 0.0153 and d the distance from spine to trochanter along the pelvis, 0.1288 L - 0.04856, with
    the radius of a marker.

    References
    ----------
    Davis RB, Ounpuu S, Tyburski D, Gage JR (1991) A gait analysis data collection and reduction technique. Hum Mov Sci
    10:575-587. The equation for d is that of Plug-in Gait.
    """
    inward, backward = 0.5, 0.314  # angles of the publication [rad]
    reach = 0.115 * leg_length_m - 0.0153
    depth = 0.1288 * leg_length_m - 0.04856 + 0.5 * MARKER_DIAMETER_M
    return np.array(
        [
            reach * np.cos(inward) * np.sin(backward) - depth * np.cos(backward),
            -reach * np.cos(inward) * np.cos(backward) - depth * np.sin(backward),
            0.5 * pelvis_width_m - reach * np.sin(inward),
        ]
    )


HIP_CENTRES: dict[str, Callable[..., Array]] = {
    "harrington": hip_centre_harrington,
    "bell": hip_centre_bell,
    "davis": hip_centre_davis,
}


def wand_joint(proximal: Array, wand: Array, lateral: Array, width_m: float) -> tuple[Array, Array]:
    """Joint centre and outward axis (3,) from the plane of proximal joint centre, wand and lateral marker.

    Parameters
    ----------
    proximal, wand, lateral : (3,) in the static trial [m]: hip centre, thigh wand and lateral epicondyle, or knee
        centre, shank wand and lateral malleolus. The wand was aligned so that its plane holds the flexion axis.
    width_m : of the joint between the skin on either side [m]; NaN where it is not known.

    Returns
    -------
    centre : half the width and half a marker from the lateral marker, in that plane, away from the wand, where the
        lines to proximal centre and lateral marker are at right angles; NaN without a width.
    axis : unit vector from the centre to the lateral marker; without a width normal to the line from the proximal
        centre to the lateral marker. NaN where the wand lies within LEAST_WAND_LEVER_M of that line.

    References
    ----------
    Kadaba MP, Ramakrishnan HK, Wootten ME (1990) Measurement of lower extremity kinematics during level walking. J
    Orthop Res 8:383-392. Davis et al. (1991).
    """
    line = lateral - proximal
    # Columns: from the proximal centre to the lateral marker, and across it toward the wand.
    along, across = frames_from_vectors(line[None], (wand - proximal)[None], 0, 1)[0, :, :2].T
    if not (wand - proximal) @ across >= LEAST_WAND_LEVER_M:
        return np.full(3, np.nan), np.full(3, np.nan)
    length, offset = float(np.linalg.norm(line)), 0.5 * (width_m + MARKER_DIAMETER_M)
    if np.isnan(offset):
        return np.full(3, np.nan), across
    centre = lateral - offset / length * (offset * along + np.sqrt(length**2 - offset**2) * across)
    return centre, (lateral - centre) / offset


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
