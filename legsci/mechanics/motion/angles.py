"""Joint angles: markers of a trial -> segments, joint centres and angles of every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from legsci.kernels.joint_angles import joint_angles
from legsci.marker_sets import MARKER_SETS
from legsci.mechanics.motion.checked_skeleton import checked_skeleton, segment_filling, without_labels
from legsci.mechanics.motion.joint_centres import HIP_CENTRES
from legsci.mechanics.motion.kinematics import Array, Booleans, Kinematics, Paths
from legsci.mechanics.motion.marker_checks import LOOSE_M
from legsci.mechanics.motion.markers import (
    CLUSTERS,
    Markers,
    fill_gaps,
    smooth_markers,
    smoothable,
)
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MOMENT_AXES, MotionOptions
from legsci.mechanics.motion.skeleton import Segment, Skeleton
from legsci.mechanics.motion.static_trial import StaticTrial, static_trial
from legsci.quality import QualityFlag

LABORATORY = "laboratory"
#: Why a joint lacks one plane, two, or all three.
ABSENT_BECAUSE = (
    "two markers do not show how a segment turns about the line between them",
    "its axes rest on lateral markers or joint centres alone",
    "no quiet upright standing shows its neutral position",
)


@dataclass(frozen=True)
class Joint:
    """How the three angles between two segments are named and signed.

    Parameters
    ----------
    proximal, distal : segments.
    names : of the turns about the proximal z, the floating axis and the distal y.
    signs : 1 or -1 each, for the right side; the turn is positive by the right-hand rule.
    """

    proximal: str
    distal: str
    names: tuple[str, str, str]
    signs: tuple[int, int, int]


def _leg_joints(side: str) -> dict[str, Joint]:
    """Joints of a leg; what turns inward on the right turns outward on the left, so that the signs mean the same."""
    inward = 1 if side == "right" else -1
    thigh, shank, foot = (f"{side}_{name}" for name in ("thigh", "shank", "foot"))
    names = {
        "hip": ("flexion", "adduction", "internal_rotation"),
        "knee": ("flexion", "abduction", "internal_rotation"),
        "ankle": ("dorsiflexion", "inversion", "internal_rotation"),
    }
    parts = {"hip": ("pelvis", thigh), "knee": (thigh, shank), "ankle": (shank, foot)}
    signs = {"hip": (1, inward, inward), "knee": (-1, -inward, inward), "ankle": (1, inward, inward)}
    joints = {}
    for joint, (first, second, third) in names.items():
        prefix = f"{side}_{joint}"
        named = f"{prefix}_{first}", f"{prefix}_{second}", f"{prefix}_{third}"
        joints[prefix] = Joint(*parts[joint], named, signs[joint])
    return joints


#: Pelvis and trunk relative to the laboratory are turned about the vertical first, then tilted sideways, then forward:
#: seen from the segment, that is the laboratory's turn about the segment's z, the floating axis and the vertical.
JOINTS: dict[str, Joint] = {
    **_leg_joints("right"),
    **_leg_joints("left"),
    "lumbar": Joint("pelvis", "trunk", ("lumbar_flexion", "lumbar_bending", "lumbar_rotation"), (-1, 1, 1)),
    "pelvis": Joint("pelvis", LABORATORY, ("pelvis_tilt", "pelvis_obliquity", "pelvis_rotation"), (1, -1, -1)),
    "trunk": Joint("trunk", LABORATORY, ("trunk_lean", "trunk_side_lean", "trunk_heading"), (1, -1, -1)),
}
#: Range of the joint angles of athletes, whatever the marker set [deg]: the ranges of adults (American Academy of
#: Orthopaedic Surgeons 1965, Joint Motion: Method of Measuring and Recording) widened by 45 deg or more, since neutral
#: positions and axes differ between sets; for the turns of knee and ankle that are not listed there, our choice.
PLAUSIBLE_DEG: dict[str, tuple[float, float]] = {
    "hip_flexion": (-75.0, 165.0),
    "hip_adduction": (-90.0, 75.0),
    "hip_internal_rotation": (-90.0, 90.0),
    "knee_flexion": (-45.0, 180.0),
    "knee_abduction": (-45.0, 45.0),
    "knee_internal_rotation": (-75.0, 75.0),
    "ankle_dorsiflexion": (-95.0, 75.0),
    "ankle_inversion": (-80.0, 80.0),
    "ankle_internal_rotation": (-75.0, 75.0),
}


def kinematics(
    trial_markers: xr.Dataset,
    standing: xr.Dataset | StaticTrial | None = None,
    *,
    options: MotionOptions = DEFAULT_OPTIONS,
    measures_m: Mapping[str, float] | None = None,
    sex: str = "",
    marker_set: str | None = None,
) -> xr.Dataset:
    """Segments, joint centres and joint angles of a trial.

    Parameters
    ----------
    trial_markers : position (time, marker, axis) [m], ISB axes (x forward, y up, z right; a laboratory turned about the
        vertical changes only pelvis_rotation and trunk_heading), standard labels; attrs sampling_rate_hz.
    standing : the same of a static trial, which defines the anatomy, or its answer of `static_trial`, where it is used
        for many trials; None: the quietest upright part of the trial itself.
    options : definition of joint centres and axes, see `build_skeleton`; cut-off, see `smooth_markers`; gaps, see
        `fill_gaps`.
    measures_m, sex : see `build_skeleton`.
    marker_set : key of MARKER_SETS where the labels are the system's own; None: standard labels.

    Returns
    -------
    Dataset at the markers' rate

    - rotation (time, segment, axis, direction): columns `direction` are the segment's x, y, z in laboratory axes;
    - position (time, segment, axis) [m] of the segment's origin, its proximal joint centre, carried by its own markers;
    - residual (time, segment) [m]: root mean square distance of the markers from the rigid segment;
    - filling (time, segment, share): standard uncertainty of the segment's place per axis [m] and of its turn [rad] by
      markers that were reconstructed or interpolated; 0 where none was;
    - joint_centre (time, joint, axis) [m], carried by the proximal segment (knee: thigh, ankle: shank);
    - angle (time, joint_angle) [deg].

    What the markers do not give is absent. attrs: sampling_rate_hz, notes, a JSON list of [code, sentence], and
    axis_base_m, JSON, see `Skeleton.axis_base_m`.
    Signs: flexion, dorsiflexion, lumbar_flexion, pelvis_tilt and trunk_lean forward; knee abduction (valgus), hip
    adduction, inversion, internal rotation positive on both sides; lumbar_bending and trunk_side_lean to the right;
    pelvis_obliquity with the right side down (the drop of the free side in stance on the left leg; negate it for stance
    on the right); lumbar_rotation, pelvis_rotation and trunk_heading to the left. Headings lie within half a turn.

    Raises
    ------
    ValueError : lists every unknown option.

    Notes
    -----
    Joints: Grood and Suntay's sequence (see `legsci.kernels.joint_angles`). Pelvis and trunk in the laboratory:
    rotation, obliquity, tilt (Baker 2001).

    References
    ----------
    Grood ES, Suntay WJ (1983) J Biomech Eng 105:136-144.
    Baker R (2001) Pelvic angles: a mathematically rigorous definition which is consistent with a conventional clinical
    understanding of the terms. Gait Posture 13:1-6.
    """
    return kinematics_of_markers(
        trial_markers,
        standing,
        options=options,
        measures_m=measures_m,
        sex=sex,
        marker_set=marker_set,
    ).dataset()


def kinematics_of_markers(
    trial_markers: xr.Dataset,
    standing: xr.Dataset | StaticTrial | None = None,
    *,
    options: MotionOptions = DEFAULT_OPTIONS,
    measures_m: Mapping[str, float] | None = None,
    sex: str = "",
    marker_set: str | None = None,
) -> Kinematics:
    """Kinematics of a trial as plain arrays by name, for many trials; parameters and errors as `kinematics`."""
    _check_options(options, marker_set)
    names = MARKER_SETS[marker_set] if marker_set is not None else None
    recorded = Markers.recorded(trial_markers, names)
    unseen = recorded.never_seen()
    recorded, _ = without_labels(unseen, recorded, np.zeros((len(recorded.position), len(recorded.labels))))
    whole, filling_m, flags = fill_gaps(recorded, options=options)
    if unseen:
        flags.append(QualityFlag("marker_never_seen", "markers", detail=", ".join(sorted(unseen))))
    markers = smooth_markers(whole, cutoff_hz=options.cutoff_hz)
    if options.cutoff_hz is not None and not smoothable(markers.rate_hz, options.cutoff_hz):
        flags.append(QualityFlag("not_smoothed", "markers", markers.rate_hz, 2.0 * options.cutoff_hz))
    if not isinstance(standing, StaticTrial):
        standing = static_trial(markers if standing is None else Markers.recorded(standing, names))
    flags += standing.flags
    checked = checked_skeleton(markers, filling_m, standing, options=options, measures_m=measures_m, sex=sex)
    flags += checked.flags
    skeleton, markers = checked.skeleton, checked.markers
    filling = segment_filling(markers, checked.filling_m, list(skeleton.segments))
    return _answer(skeleton, trial_markers.get_index("time").to_numpy(), markers.rate_hz, filling, flags)


def kinematics_of_segments(recorded: xr.Dataset) -> Kinematics:
    """Joint centres and joint angles of a trial with segments recorded as such, by a markerless system.

    Parameters
    ----------
    recorded : rotation (time, segment, axis, direction) and position (time, segment, axis) [m] in ISB axes, under the
        names of this module's segments; attrs sampling_rate_hz.

    Returns
    -------
    As `kinematics_of_markers`. Segments and joint centres are the system's own, as it smoothed them: the hip is the
    origin of the thigh, the knee that of the shank, the ankle that of the foot, the middle of the hips that of the
    pelvis. residual is NaN.
    """
    known = [str(label) for label in recorded.variables["segment"].data]
    rotation = recorded.variables["rotation"].transpose("segment", "time", "axis", "direction").data.astype(float)
    position = recorded.variables["position"].transpose("segment", "time", "axis").data.astype(float)
    skeleton, unknown = Skeleton(), np.full(rotation.shape[1], np.nan)
    for name in (name for name in CLUSTERS if name in known):
        row = known.index(name)
        own = np.ascontiguousarray(rotation[row])
        skeleton.segments[name] = Segment(np.eye(3), np.zeros(3), own, np.ascontiguousarray(position[row]), unknown)
        joints = {"pelvis": "lumbar", "thigh": "hip", "shank": "knee", "foot": "ankle"}
        side, _, part = name.rpartition("_")
        if part in joints:
            joint = f"{side}_{joints[part]}" if side else joints[part]
            skeleton.joints[joint] = (name, np.zeros(3))
    flags = [
        QualityFlag("segment_absent", signal=name, detail="not recorded") for name in CLUSTERS if name not in known
    ]
    detail = "segments and joint centres are those of the recording system"
    flags.append(QualityFlag("joint_definition", signal="every joint", detail=detail))
    time, rate_hz = recorded.get_index("time").to_numpy(), float(recorded.attrs["sampling_rate_hz"])
    return _answer(skeleton, time, rate_hz, {}, flags)


def _answer(skeleton: Skeleton, time: Array, rate_hz: float, filling: Paths, flags: list[QualityFlag]) -> Kinematics:
    """Put together what the skeleton shows."""
    segments, angle = skeleton.segments, _angles(skeleton, flags)
    return Kinematics(
        time=time,
        rate_hz=rate_hz,
        rotation={name: segment.rotation for name, segment in segments.items()},
        position={name: segment.carry(segment.origin) for name, segment in segments.items()},
        joint_centre={name: segments[carrier].carry(point) for name, (carrier, point) in skeleton.joints.items()},
        angle=angle,
        residual={name: segment.residual for name, segment in segments.items()},
        filling=filling,
        axis_base_m=skeleton.axis_base_m,
        flags=[*flags, *_deformed(skeleton, rate_hz), *_implausible(angle, rate_hz), *skeleton.flags],
    )


def _deformed(skeleton: Skeleton, rate_hz: float) -> list[QualityFlag]:
    """Report segments that do not keep their shape in some frames."""
    flags = []
    for name, segment in skeleton.segments.items():
        loose = segment.residual > LOOSE_M
        if loose.any():
            largest = float(segment.residual[loose].max())
            flags.append(QualityFlag("segment_deformed", name, largest, LOOSE_M, _when(loose, rate_hz)))
    return flags


def _implausible(angles: Paths, rate_hz: float) -> list[QualityFlag]:
    """Report angles (time,) [deg] outside the range of the joints."""
    flags = []
    for name, angle in angles.items():
        limits = PLAUSIBLE_DEG.get(name.removeprefix("left_").removeprefix("right_"))
        if limits is None:
            continue
        lowest, highest = limits
        for beyond, limit, sign in ((angle < lowest, lowest, -1.0), (angle > highest, highest, 1.0)):
            if beyond.any():
                worst = sign * float((sign * angle[beyond]).max())
                flags.append(QualityFlag("angle_implausible", name, worst, limit, _when(beyond, rate_hz)))
    return flags


def _when(frames: Booleans, rate_hz: float) -> str:
    """Duration and start of the frames (time,) that are true, in words."""
    return f"for {frames.sum() / rate_hz:.2f} s from {int(np.argmax(frames)) / rate_hz:.2f} s on"


def _check_options(options: MotionOptions, marker_set: str | None) -> None:
    """Raise ValueError that lists unknown options."""
    choices = (
        ("marker_set", marker_set, (None, *MARKER_SETS)),
        ("hip_centre", options.hip_centre, (*HIP_CENTRES, "functional")),
        ("knee_axis", options.knee_axis, ("epicondyles", "functional")),
        ("thigh", options.thigh, ("anchored", "cluster")),
        ("moment_axes", options.moment_axes, tuple(MOMENT_AXES)),
    )
    faults = [f"{name} is {value!r}, expected one of {known}" for name, value, known in choices if value not in known]
    if faults:
        raise ValueError("kinematics: " + "; ".join(faults))


def _angles(skeleton: Skeleton, flags: list[QualityFlag]) -> Paths:
    """Return angles (time,) [deg] of joints of known segments by name; the rest is a flag each."""
    frames = {name: segment.rotation for name, segment in skeleton.segments.items()}
    if frames:
        frames[LABORATORY] = np.broadcast_to(np.eye(3), next(iter(frames.values())).shape)
    known = {name: joint for name, joint in JOINTS.items() if {joint.proximal, joint.distal} <= set(frames)}
    angles: Paths = {}
    if known:
        order = list(frames)
        pairs = np.array([[order.index(joint.proximal), order.index(joint.distal)] for joint in known.values()])
        turns = np.rad2deg(joint_angles(np.stack([frames[name] for name in order]), pairs))
        for (name, joint), turn in zip(known.items(), turns, strict=True):
            absent = skeleton.absent_planes.get(name, set())
            named = list(zip(joint.names, joint.signs, turn, strict=True))
            angles |= {angle: sign * row for plane, (angle, sign, row) in enumerate(named) if plane not in absent}
            if absent:
                signal = " and ".join(joint.names[plane] for plane in sorted(absent))
                flags.append(QualityFlag("angle_absent", signal=signal, detail=ABSENT_BECAUSE[len(absent) - 1]))
    return angles
