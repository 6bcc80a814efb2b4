"""Standard uncertainty of segments and joint angles from joint centres, marker placement and soft tissue artefact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from legsci.kernels.filters import butterworth_lowpass
from legsci.kernels.joint_angles import joint_axes
from legsci.kernels.joint_errors import SegmentErrors, angle_variances
from legsci.mechanics.motion.alignment import (
    CENTRE_M,
    FOOT_LENGTH_M,
    HIP_CENTRE_M,
    KNEE_WIDTH_M,
    LANDMARK_M,
    SOFT_TISSUE_ARTEFACT,
    SPINE_LINE_RAD,
    hip_bend,
)
from legsci.mechanics.motion.angles import JOINTS, LABORATORY
from legsci.mechanics.motion.kinematics import Array, Kinematics, Paths
from legsci.vocabulary import LEGS

#: Distance of the malleoli, of the acromia, of the anterior from the posterior iliac spines, and from between the hips
#: to between the acromia, of a person of ordinary size [m].
ANKLE_WIDTH_M, SHOULDER_WIDTH_M, PELVIS_DEPTH_M, TRUNK_LENGTH_M = 0.07, 0.36, 0.16, 0.50
#: Lumbosacral joint: no smaller an error than that of a hip centre by regression [m per axis]; our choice.
LUMBAR_M = 0.012
#: Points whose errors turn segments and shift joint centres -> standard uncertainty per axis [m].
POINTS = {
    **{f"{side}_hip": HIP_CENTRE_M for side in LEGS},
    **{f"{side}_knee": CENTRE_M for side in LEGS},
    **{f"{side}_ankle": CENTRE_M for side in LEGS},
    "lumbar": LUMBAR_M,
    # The regression may err alike on both sides; the two spines, as the acromia, are missed one by one.
    "mid_hip": (HIP_CENTRE_M**2 + 0.5 * LANDMARK_M**2) ** 0.5,
    "shoulders": LANDMARK_M / 2.0**0.5,
}
#: Ends of the long axis of a segment.
ENDS = {
    **{f"{side}_thigh": (f"{side}_hip", f"{side}_knee") for side in LEGS},
    **{f"{side}_shank": (f"{side}_knee", f"{side}_ankle") for side in LEGS},
    "trunk": ("shoulders", "mid_hip"),
}
#: Joint whose markers show the mediolateral axis of a segment.
AXIS_AT = {"thigh": "knee", "shank": "ankle"}
#: Error of a segment's axes besides, about its x, y and z [rad]: two marks define each turn. The foot is flat while
#: standing by definition.
OWN = {
    "thigh": (0.0, 2.0**0.5 * LANDMARK_M / KNEE_WIDTH_M, 0.0),
    "shank": (0.0, 2.0**0.5 * LANDMARK_M / ANKLE_WIDTH_M, 0.0),
    "foot": (0.0, 2.0**0.5 * LANDMARK_M / FOOT_LENGTH_M, 0.0),
    "pelvis": (SPINE_LINE_RAD, SPINE_LINE_RAD, LANDMARK_M / PELVIS_DEPTH_M),
    "trunk": (0.0, 2.0**0.5 * LANDMARK_M / SHOULDER_WIDTH_M, 0.0),
}


@dataclass(frozen=True)
class ErrorModel:
    """Errors of the segments of a trial.

    Parameters
    ----------
    segments : names, rows of `errors`.
    errors : what the kernels take.
    """

    segments: tuple[str, ...]
    errors: SegmentErrors

    def joints(self, names: list[str]) -> np.ndarray:
        """(joint, 3) rows of the proximal and the distal segment of joints, and of the point at their centre."""
        points = list(POINTS)
        rows = []
        for name in names:
            pair = [
                -1 if part == LABORATORY else self.segments.index(part)
                for part in (JOINTS[name].proximal, JOINTS[name].distal)
            ]
            rows.append([*pair, points.index(name) if name in POINTS else -1])
        return np.array(rows, dtype=np.int64).reshape(-1, 3)


def error_model(kinematics: Kinematics, *, anchored: bool) -> ErrorModel | None:
    """Errors of the segments that a trial has; None of a trial without any.

    Parameters
    ----------
    kinematics : of the trial.
    anchored : whether the long axis of a thigh runs to the hip of the pelvis (option thigh).

    Notes
    -----
    Sizes as in `alignment_uncertainty`: hip centre (Mantovani et al. 2016), placement of markers on landmarks (Simmonds
    & Kumar 1993), soft tissue artefact in proportion to the tilt of the segment (Leardini et al. 2005), of pelvis and
    trunk to the angle between them and the thighs.
    """
    names = tuple(kinematics.rotation)
    if not names:
        return None
    rotation = np.ascontiguousarray(np.stack([kinematics.rotation[name] for name in names]))
    kinds = [name.rpartition("_")[2] for name in names]
    points = list(POINTS)
    ends, lengths = np.full((len(names), 2), -1, dtype=np.int64), np.ones(len(names))
    for row, name in enumerate(names):
        length = _length(kinematics, name)
        if np.isfinite(length):
            ends[row], lengths[row] = [points.index(end) for end in ENDS[name]], length
    tissue = [SOFT_TISSUE_ARTEFACT[kind] for kind in kinds]
    tilted = np.arccos(np.clip(rotation[..., 1, 1], -1.0, 1.0)) / (0.5 * np.pi)
    for row, name in enumerate(names):
        if name in ("pelvis", "trunk"):
            tilted[row] = hip_bend(kinematics.rotation, name, rotation.shape[1]) / (0.5 * np.pi)
    # The skin of an anchored thigh turns it about its long axis only, its shift turns that axis.
    free = np.array([not (anchored and kind == "thigh") for kind in kinds])
    own = np.array([OWN[kind] for kind in kinds], dtype=float)
    for row, name in enumerate(names):
        side, _, kind = name.rpartition("_")
        base_m = kinematics.axis_base_m.get(f"{side}_{AXIS_AT.get(kind, '')}")
        if base_m is not None:
            own[row, 1] = 2.0**0.5 * LANDMARK_M / base_m
    turns = np.radians([each.turn_deg for each in tissue])[:, None] * tilted
    shifts = np.array([each.shift_m for each in tissue])[:, None] * tilted
    return ErrorModel(
        names,
        SegmentErrors(rotation, ends, lengths, np.array(list(POINTS.values())), own, turns, shifts, ~free),
    )


def _length(kinematics: Kinematics, segment: str) -> float:
    """Length of the long axis of a segment [m]; NaN where no two points define it."""
    if segment == "trunk" and "lumbar" in kinematics.joint_centre:
        return TRUNK_LENGTH_M
    return kinematics.lengths.get(segment, float("nan"))


def angle_uncertainty(kinematics: Kinematics, model: ErrorModel, *, cutoff_hz: float) -> Paths:
    """Standard uncertainty of the joint angles of a trial, by name (time,) [deg].

    Parameters
    ----------
    kinematics, model : of the trial.
    cutoff_hz : low-pass that the markers had [Hz]; NaN: none.

    Notes
    -----
    With r_i the reciprocal of the axes of the joint (`joint_angles.turns_about`) and small turns d of the distal and
    the proximal segment, angle i changes by r_i . (d_distal - d_proximal). A segment between two points turns by
    y x (shift of the upper - shift of the lower) / length; a point that ends two segments turns both. Independent
    errors add up in quadrature (JCGM 100:2008, 5.1.2), with the effect of the low-pass (`filter_effect`).
    """
    known = [name for name, joint in JOINTS.items() if joint.names[0] in kinematics.angle]
    if not known:
        return {}
    joints = model.joints(known)
    laboratory = np.broadcast_to(np.eye(3), (1, *model.errors.rotation.shape[1:]))
    frames = np.concatenate([model.errors.rotation, laboratory])
    axes = joint_axes(frames, joints[:, :2])
    variance = angle_variances(tuple(model.errors), joints, axes)
    names = [name for joint in known for name in JOINTS[joint].names]
    spread = np.degrees(np.sqrt(variance)).reshape(len(names), -1)
    given = [row for row, name in enumerate(names) if name in kinematics.angle]
    turns = np.stack([kinematics.angle[names[row]] for row in given])
    total = np.hypot(spread[given], filter_effect(turns, kinematics.rate_hz, cutoff_hz))
    return {names[row]: each for row, each in zip(given, total, strict=True)}


def filter_effect(values: Array, rate_hz: float, cutoff_hz: float) -> Array:
    """Estimate what the low-pass took from signals: what it takes when it runs over them once more.

    Twice the same filter is one of a neighbouring, lower cut-off (0.80 of it at half power, order 2). That the second
    run takes about as much as the first did is Tukey's twicing.

    Parameters
    ----------
    values : (..., time) that had the low-pass, or were computed from signals that had.
    rate_hz : samples per second [Hz].
    cutoff_hz : of the low-pass [Hz]; NaN: there was none.

    Returns
    -------
    (..., time) signals less the same filtered again; 0 without a low-pass.

    References
    ----------
    Tukey JW 1977, Exploratory Data Analysis, ch. 16.
    """
    if np.isnan(cutoff_hz):
        return np.zeros(values.shape)
    rows = np.ascontiguousarray(values).reshape(-1, values.shape[-1])
    again = butterworth_lowpass(rows, sampling_rate_hz=rate_hz, cutoff_hz=cutoff_hz, cutoff_after_both_passes=True)
    return np.asarray(values - again.reshape(values.shape))
