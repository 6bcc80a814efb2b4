"""What is wrong with the sensors of a session: exchanged, on another segment, upside down, loosened, saturated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from legsci.mechanics.sensors.alignment import Alignment, functional_axis, standing_upward, tilt
from legsci.mechanics.sensors.worn import WornSensor
from legsci.quality import QualityFlag
from legsci.tasks import SQUATS, TASKS
from legsci.vocabulary import SIDES_OF_BODY

#: Standing at the start of a trial shows the vertical of a sensor within this of that of the alignment [deg]: nobody
#: stands twice alike. Beyond UPSIDE_DOWN_DEG it was turned round.
LOOSENED_DEG, UPSIDE_DOWN_DEG = 15.0, 120.0
#: Standing before and after a movement shows it within this [deg].
SLIPPED_DEG = 12.0
#: A sensor that turned about the long axis of its segment shows another mediolateral axis [deg].
TURNED_DEG = 30.0
#: Sensors on the outside of a segment: the part of the mediolateral axis that lies along their z, away from the skin.
OUTSIDE_PART = 0.6
#: In a squat each of these segments tilts by more than this factor times the next of its leg.
MORE_BY = 1.2
#: A squat in which the thigh tilts by less shows too little [deg].
DEEP_DEG = 30.0
#: How tasks start in which the person stands before the movement, if only on a box.
FROM_STANDING = ("standing", "fall")
#: First and last part of a trial in which the person stands [s].
ENDS_S = 1.5


def exchanged_sides(alignments: Mapping[str, Alignment]) -> list[QualityFlag]:
    """Flags of sensors on the outside of thighs or shanks whose sides are exchanged.

    The mediolateral axis points to the right: on the right leg away from the skin, on the left leg into it. Sensors'
    own z points away from the skin. Sensors on the front or back of a segment do not show their side.
    """
    flags = []
    for part in ("thigh", "shank"):
        axes = [alignments[name].axis for side in SIDES_OF_BODY if (name := f"{side}_{part}") in alignments]
        outward = [float(axis[2]) for axis in axes if axis is not None]
        if len(outward) == 2 and outward[0] > OUTSIDE_PART and outward[1] < -OUTSIDE_PART:
            flags.append(QualityFlag("sensor_sides_exchanged", f"left_{part}, right_{part}"))
    return flags


def other_segments(worn: Mapping[str, WornSensor], alignments: Mapping[str, Alignment], task: str) -> list[QualityFlag]:
    """Flags of sensors that tilt in a squat as another segment does.

    A thigh tilts more than its shank and than the pelvis, a shank more than its foot.

    Parameters
    ----------
    worn, alignments : of a trial, by segment.
    task : of the trial; only squats tell.
    """
    if task not in SQUATS:
        return []
    reach = {
        name: float(np.nanmax(tilt(sensor.upward, alignments[name].upward)))
        for name, sensor in worn.items()
        if name in alignments and np.isfinite(sensor.upward).any()
    }
    if max(reach.values(), default=0.0) < DEEP_DEG:
        return []
    pairs = [(f"{side}_thigh", other) for side in SIDES_OF_BODY for other in (f"{side}_shank", "pelvis")]
    pairs += [(f"{side}_shank", f"{side}_foot") for side in SIDES_OF_BODY]
    return [
        QualityFlag("sensor_on_other_segment", f"{more}, {less}", reach[more], reach[less], f"{reach[less]:.0f} deg")
        for more, less in pairs
        if more in reach and less in reach and reach[more] < MORE_BY * reach[less]
    ]


def upside_down_pairs(alignments: Mapping[str, Alignment]) -> list[QualityFlag]:
    """Flags of sensors that are worn the other way up than that of the other leg; the alignment allows for it."""
    flags = []
    for part in ("thigh", "shank", "foot"):
        pair = [alignments[name].upward for side in SIDES_OF_BODY if (name := f"{side}_{part}") in alignments]
        if len(pair) == 2 and (angle := _between(*pair)) > UPSIDE_DOWN_DEG:
            detail = "than that of the other leg; which is allowed for"
            flags.append(
                QualityFlag("sensor_upside_down", f"left_{part}, right_{part}", angle, UPSIDE_DOWN_DEG, detail)
            )
    return flags


def moved_sensors(worn: Mapping[str, WornSensor], alignments: Mapping[str, Alignment], task: str) -> list[QualityFlag]:
    """Flags of sensors that no longer lie on their segment as in the alignment.

    Parameters
    ----------
    worn, alignments : of a trial, by segment.
    task : of the trial; standing is compared where it starts with it.
    """
    flags = []
    for name, sensor in worn.items():
        if name not in alignments or TASKS[task].start not in FROM_STANDING:
            continue
        lasts = float(sensor.time[-1] - sensor.time[0])
        before = standing_upward(sensor, last_s=ENDS_S)
        after = standing_upward(sensor, first_s=lasts - ENDS_S)
        away = _between(before, alignments[name].upward)
        slipped = _between(before, after)
        if away > UPSIDE_DOWN_DEG:
            flags.append(QualityFlag("sensor_upside_down", name, away, UPSIDE_DOWN_DEG, "than in the alignment"))
        elif away > LOOSENED_DEG:
            flags.append(QualityFlag("sensor_loosened", name, away, LOOSENED_DEG, "since the alignment"))
        elif slipped > SLIPPED_DEG:
            flags.append(QualityFlag("sensor_loosened", name, slipped, SLIPPED_DEG, "within the trial"))
        elif (turned := _axis_moved(sensor, alignments[name], name, task)) > TURNED_DEG:
            flags.append(QualityFlag("sensor_loosened", name, turned, TURNED_DEG, "about the long axis of the segment"))
    return flags


def saturated_sensors(worn: Mapping[str, WornSensor]) -> list[QualityFlag]:
    """Flags of sensors that came to the end of their range."""
    return [
        QualityFlag(
            "sensor_range_reached",
            name,
            float(sensor.range_reached.sum()),
            detail="gyroscope: no flexion of its joints is given"
            if sensor.gyroscope_saturated
            else "accelerometer: impacts are larger than recorded",
        )
        for name, sensor in worn.items()
        if sensor.range_reached.any()
    ]


def _axis_moved(sensor: WornSensor, alignment: Alignment, name: str, task: str) -> float:
    """Angle between the axis of this trial and that of the alignment [deg]; 0 where either does not show it."""
    if alignment.axis is None or task not in SQUATS:
        return 0.0
    axis, _ = functional_axis(sensor, alignment.upward, name.rpartition("_")[2])
    return 0.0 if axis is None else _between(axis, alignment.axis)


def _between(first: np.ndarray | None, second: np.ndarray | None) -> float:
    """Angle between two directions [deg]; 0 where one is not known."""
    if first is None or second is None:
        return 0.0
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second)), first @ second)))
