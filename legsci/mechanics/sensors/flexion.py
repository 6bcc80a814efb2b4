"""Flexion of hip, knee and ankle from sensors, with its uncertainty. No other angle: see `JOINTS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from legsci.mechanics.sensors.alignment import LEVEL_DEG, Alignment, sagittal_rotation
from legsci.mechanics.sensors.orientation import Array
from legsci.mechanics.sensors.worn import WornSensor
from legsci.vocabulary import SIDES_OF_BODY, STANDARD_GRAVITY

#: Joint -> segments whose difference of sagittal rotation is its flexion. Abduction and rotation are not given: even
#: without soft tissue artefact their errors are as large as the angles, since they rest on the heading of the sensors
#: and on their alignment to the segment.
JOINTS = {"hip": ("thigh", "pelvis"), "knee": ("thigh", "shank"), "ankle": ("foot", "shank")}
#: Standard uncertainty of the vertical of a sensor in movement [deg]: 1.0 in BROAD (Laidig & Seel 2023).
VERTICAL_DEG = 0.7
#: It is worse by this much per g by which specific force departs from gravity (root mean square over IMPACT_S) [deg]:
#: impacts make the sensor on the skin swing, and the filter takes acceleration for gravity; ours, from virtual jumps.
IMPACT_DEG_PER_G, IMPACT_S = 1.2, 1.0
#: A misaligned mediolateral axis scales the rotation of a segment by up to this part.
AXIS_PART = 0.022
#: Turn of the skin about the flexion axis when the joint flexes by 90 deg (standard uncertainty) [deg]; ours, of the
#: order of the 2.2 deg that soft tissue adds in Teufl et al. 2018 (Sensors 18:1980): largest on the thigh.
SKIN_DEG = {"pelvis": 1.0, "thigh": 2.7, "shank": 0.8, "foot": 0.4}
#: Joint -> attribute of a session that states its flexion in quiet standing [deg].
STATED = {
    "hip": "standing_hip_flexion_deg",
    "knee": "standing_knee_flexion_deg",
    "ankle": "standing_ankle_dorsiflexion_deg",
}
#: Standard uncertainty of a reference that was read with a goniometer [deg].
REFERENCE_DEG = 3.0


class StandingReference(NamedTuple):
    """Flexion of the joints in quiet standing.

    Parameters
    ----------
    flexion_deg, uncertainty_deg : by side and joint, "left_knee"; a joint that is not there is not known.
    source : in words.
    """

    flexion_deg: dict[str, float]
    uncertainty_deg: dict[str, float]
    source: str


class Flexion(NamedTuple):
    """Flexion of a joint.

    Parameters
    ----------
    change_deg : (time,) since standing.
    u_change_deg : (time,) its standard uncertainty.
    drift_deg : between two rests of the trial, quiet standing before and after; NaN without.
    skin_deg : largest part of skin motion in the uncertainty.
    """

    change_deg: Array
    u_change_deg: Array
    drift_deg: float
    skin_deg: float


def stated_reference(attrs: Mapping[Any, Any]) -> StandingReference | None:
    """Flexion in standing that the study states for a session, from its attributes; None where it states none."""
    flexion = {
        f"{side}_{joint}": float(attrs[name])
        for joint, name in STATED.items()
        if name in attrs
        for side in SIDES_OF_BODY
    }
    if not flexion:
        return None
    return StandingReference(flexion, dict.fromkeys(flexion, REFERENCE_DEG), "sessions.tsv")


def measured_reference(labels: Sequence[str], angle: Array, uncertainty: Array) -> StandingReference | None:
    """Flexion in a standing trial that another system measured; None where it shows no joint.

    Parameters
    ----------
    labels : of the joint angles.
    angle, uncertainty : (joint_angle, frame) [deg].
    """
    flexion, doubt = {}, {}
    for side in SIDES_OF_BODY:
        for joint in JOINTS:
            row = labels.index(f"{side}_{joint}_{'dorsiflexion' if joint == 'ankle' else 'flexion'}")
            known = np.isfinite(angle[row])
            if known.any():
                flexion[f"{side}_{joint}"] = float(np.median(angle[row][known]))
                stated = uncertainty[row][np.isfinite(uncertainty[row])]
                doubt[f"{side}_{joint}"] = float(np.median(stated)) if stated.size else REFERENCE_DEG
    return StandingReference(flexion, doubt, "cameras") if flexion else None


def joint_flexion(
    sensors: Mapping[str, WornSensor], alignments: Mapping[str, Alignment], time: Array
) -> dict[str, Flexion]:
    """Flexion of each joint whose two segments carry aligned sensors.

    Parameters
    ----------
    sensors, alignments : by segment.
    time : (time,) at which it is wanted [s].

    Returns
    -------
    By side and joint, "left_knee". Flexion, of the ankle dorsiflexion, is positive.

    Notes
    -----
    With the rotations p and d of the proximal and the distal segment about their mediolateral axes since standing
    (`alignment.inclination`), flexion changes by p - d. Its uncertainty adds in quadrature the verticals of both
    sensors (`vertical_uncertainty`), the axes (`AXIS_PART` of each rotation) and the skin (`SKIN_DEG`, in proportion to
    the change).
    """
    rotations = {
        segment: _at(sensor.time, sagittal_rotation(sensor, alignments[segment]), time)
        for segment, sensor in sensors.items()
        if segment in alignments
    }
    doubts = {
        segment: _at(sensors[segment].time, vertical_uncertainty(sensors[segment]), time) for segment in rotations
    }
    answer = {}
    for side in SIDES_OF_BODY:
        for joint, parts in JOINTS.items():
            first, second = (part if part == "pelvis" else f"{side}_{part}" for part in parts)
            if first in rotations and second in rotations:
                verticals = np.hypot(doubts[first], doubts[second])
                answer[f"{side}_{joint}"] = _flexion(rotations[first], rotations[second], verticals, parts, time)
    return answer


def vertical_uncertainty(sensor: WornSensor) -> Array:
    """Standard uncertainty of the vertical of a sensor (time,) [deg], larger about impacts."""
    beyond = np.nan_to_num(np.linalg.norm(sensor.acceleration, axis=1) / STANDARD_GRAVITY - 1.0)
    length = max(1, round(IMPACT_S * sensor.rate_hz))
    mean_square = np.convolve(beyond**2, np.full(length, 1.0 / length), mode="full")[length // 2 :][: beyond.size]
    return np.asarray(np.sqrt(VERTICAL_DEG**2 + IMPACT_DEG_PER_G**2 * np.maximum(mean_square, 0.0)))


def _flexion(proximal: Array, distal: Array, verticals: Array, parts: tuple[str, str], time: Array) -> Flexion:
    """Flexion from the rotations of two segments, with the uncertainty of both verticals."""
    change = proximal - distal
    skin = np.hypot(SKIN_DEG[parts[0]], SKIN_DEG[parts[1]]) * np.abs(change) / 90.0
    axes = AXIS_PART * np.hypot(proximal, distal)
    doubt = np.sqrt(verticals**2 + axes**2 + skin**2)
    largest = float(np.nanmax(skin)) if np.isfinite(skin).any() else np.nan
    return Flexion(change, doubt, _drift(change, time), largest)


def _drift(change: Array, time: Array) -> float:
    """Change of flexion from the first to the last half second, if both are at standing [deg]; else NaN."""
    first, last = change[time < time[0] + 0.5], change[time > time[-1] - 0.5]
    if not (np.isfinite(first).any() and np.isfinite(last).any()):
        return float("nan")
    ends = float(np.nanmedian(first)), float(np.nanmedian(last))
    return ends[1] - ends[0] if max(map(abs, ends)) < 3.0 * LEVEL_DEG else float("nan")


def _at(times: Array, values: Array, wanted: Array) -> Array:
    """Values at wanted times, straight between samples; NaN outside and within gaps."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(wanted.size, np.nan)
    answer = np.interp(wanted, times[known], values[known], left=np.nan, right=np.nan)
    gaps = np.interp(wanted, times, (~known).astype(float)) > 0.5
    answer[gaps] = np.nan
    return answer
