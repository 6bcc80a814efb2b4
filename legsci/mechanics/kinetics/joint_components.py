"""Components of a joint's moment and angular velocity by plane: about the axes of its angles, or those of a segment."""

from __future__ import annotations

import numpy as np

from legsci.kernels.joint_angles import joint_axes, turns_about
from legsci.mechanics.motion.angles import JOINTS
from legsci.mechanics.motion.kinematics import Array

PLANES = ("sagittal", "frontal", "transverse")
#: What a positive component means, whatever the axes.
POSITIVE = (
    "net internal moment on the distal segment that increases the angle of the plane: hip and knee flexion, ankle "
    "dorsiflexion; hip adduction, knee abduction, ankle inversion; internal rotation; lumbar flexion, bending to the "
    "right, rotation to the left"
)
#: Right-hand axes in the order of the planes: mediolateral z, anterior x, long y.
_IN_ORDER = [2, 0, 1]


def component_axes(rotation: dict[str, Array], joints: list[str], *, moment_axes: str) -> Array:
    """Axes about which the components of joints are taken.

    Parameters
    ----------
    rotation : segment -> (time, 3, 3), its axes in the laboratory as columns.
    joints : names of JOINTS, at least one.
    moment_axes : "joint": those of the joint's angles, the proximal mediolateral, the floating and the distal long axis
        (Grood & Suntay 1983); "proximal", "distal": mediolateral, anterior and long axis of that segment; "laboratory":
        z (right), x (forward) and y (up).

    Returns
    -------
    (joint, time, 3, 3) unit vectors in the laboratory, a row per plane, each pointing so that a right-hand turn of the
    distal segment increases the angle of that plane: mirrored between left and right as the angles are. NaN for a joint
    without one of its two segments.

    Notes
    -----
    Net internal moment M of the proximal on the distal segment, relative angular velocity omega, angles phi_i::

        M_i = M . e_i,    omega = sum d(phi_i)/dt e_i,    P = M . omega = sum M_i d(phi_i)/dt

    whether or not the axes are at right angles: M_i is the moment that does work when angle i alone changes.

    References
    ----------
    Grood ES, Suntay WJ 1983, J Biomech Eng 105:136. Derrick TR et al. 2020, ISB recommendations on the reporting of
    intersegmental forces and moments during human motion analysis, J Biomech 99:109533.
    """
    frames = len(next(iter(rotation.values())))
    answer = np.full((len(joints), frames, 3, 3), np.nan)
    known = [row for row, name in enumerate(joints) if {JOINTS[name].proximal, JOINTS[name].distal} <= set(rotation)]
    if not known:
        return answer
    pairs = [(JOINTS[joints[row]].proximal, JOINTS[joints[row]].distal) for row in known]
    if moment_axes == "joint":
        names = list(dict.fromkeys(name for pair in pairs for name in pair))
        indices = np.array([[names.index(name) for name in pair] for pair in pairs])
        answer[known] = joint_axes(np.stack([rotation[name] for name in names]), indices)
    elif moment_axes == "laboratory":
        answer[known] = np.eye(3)[_IN_ORDER]
    else:
        of = ("proximal", "distal").index(moment_axes)
        answer[known] = np.stack([rotation[pair[of]] for pair in pairs]).swapaxes(2, 3)[:, :, _IN_ORDER]
    signs = np.array([JOINTS[name].signs for name in joints], dtype=float)
    return np.asarray(answer * signs[:, None, :, None])


def by_plane(axes: Array, moment: Array, spin: Array) -> tuple[Array, Array]:
    """Components of moments and power of joints.

    Parameters
    ----------
    axes : (joint, time, 3, 3), answer of `component_axes`.
    moment : (joint, time, 3) on the distal segment, laboratory axes [N m].
    spin : (joint, time, 3) angular velocity of the distal relative to the proximal segment [rad/s].

    Returns
    -------
    moment : (joint, plane, time) M . e_i [N m].
    power : (joint, plane, time) M . e_i times the part of the angular velocity about that axis [W]; the planes add up
        to M . omega.
    """
    components = np.einsum("jtpi,jti->jpt", axes, moment)
    return components, components * turns_about(axes, spin)
