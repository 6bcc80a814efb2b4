"""Sensors of a session: flexion, height of the hips and flights of each trial, and what is wrong with the sensors."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from legsci.mechanics.sensors.alignment import Alignment, sagittal_rotation, session_alignment
from legsci.mechanics.sensors.checks import (
    exchanged_sides,
    moved_sensors,
    other_segments,
    saturated_sensors,
    upside_down_pairs,
)
from legsci.mechanics.sensors.contacts import Flight, flights
from legsci.mechanics.sensors.flexion import JOINTS, Flexion, StandingReference, joint_flexion
from legsci.mechanics.sensors.orientation import Array
from legsci.mechanics.sensors.worn import WornSensor, worn_sensors
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES, SIDES_OF_BODY

#: Length of thigh and of shank by which segment rotations become a height [m]: that of a person of 1.72 m (0.245 of
#: stature, Winter 2009, fig. 4.1). Times and ratios of velocities do not depend on it; no height or
#: velocity itself is given.
NOMINAL_M = 0.42
#: Flexion in standing where it is not known, for that height alone [deg]; ours. A knee taken as straight would hide the
#: start of a squat, where the height of straight legs hardly changes.
USUAL_STANDING_DEG = {"knee": 10.0, "ankle": 5.0}
#: Lost packets are bridged for so long where squats are cut [s], as gaps of markers are.
LOST_S = 0.5
#: How the tasks are cut whose movement shows the mediolateral axis of the segments, the preferred first.
FUNCTIONAL = ("descent", "flight", "rebound")
#: Faults of a sensor that leave the joints of its segment without flexion.
WITHHELD = ("sensor_sides_exchanged", "sensor_on_other_segment", "sensor_loosened")


@dataclass(frozen=True)
class SensorMotion:
    """What the sensors of a trial tell.

    Parameters
    ----------
    time : (sample,) on the clock of the trial [s].
    rate_hz : samples per second.
    signals : name of SENSOR_SIGNALS -> values (..., sample): flexion and its standard uncertainty (sensor_joint, side)
        [deg], flexion since standing, and the height of the hips above the ankles of legs of nominal length [m].
    flights : of jumps.
    related : whether their clock is that of the trial; if not, they are compared with no other stream.
    """

    time: Array
    rate_hz: float
    signals: dict[str, Array]
    flights: tuple[Flight, ...] = ()
    related: bool = True


#: Signals: name -> dimensions other than the sample, and unit.
SENSOR_SIGNALS: dict[str, tuple[tuple[str, ...], str]] = {
    "sensor_flexion": (("sensor_joint", "side"), "deg"),
    "u_sensor_flexion": (("sensor_joint", "side"), "deg"),
    "sensor_flexion_change": (("sensor_joint", "side"), "deg"),
    "u_sensor_flexion_change": (("sensor_joint", "side"), "deg"),
    "sensor_hip_height": ((), "m"),
}
SENSOR_JOINTS = tuple(JOINTS)


@dataclass(frozen=True)
class TrialSensors:
    """Motion of the sensors of a trial, None where they tell nothing, and quality flags."""

    motion: SensorMotion | None = None
    flags: list[QualityFlag] = field(default_factory=list)


def session_sensors(session: xr.DataTree, reference: StandingReference | None) -> dict[str, TrialSensors]:
    """What the sensors of a session tell, trial by trial.

    Parameters
    ----------
    session : a session file, opened.
    reference : flexion of the joints in standing; None where it is not known: then flexion since standing is given and
        flexion itself is not.

    Returns
    -------
    Of each trial of a known task that holds sensors. A trial that fails has no motion, and a flag that says why.
    """
    worn: dict[str, dict[str, WornSensor]] = {}
    answer: dict[str, TrialSensors] = {}
    for name, trial in session.children.items():
        if str(trial.attrs["task"]) not in TASKS:
            continue
        try:
            sensors = worn_sensors(trial)
        except Exception as error:  # one trial that fails does not keep the others from being computed
            answer[name] = _failed(name, error)
            continue
        if sensors:
            worn[name] = sensors
    tasks = {name: str(session.children[name].attrs["task"]) for name in worn}
    alignments = session_alignment(worn, _standing(tasks), _functional(tasks))
    of_session = [*exchanged_sides(alignments), *upside_down_pairs(alignments)]
    of_session += [flag for name in worn for flag in other_segments(worn[name], alignments, tasks[name])]
    of_session = list({(flag.code, flag.signal): flag for flag in of_session}.values())
    for name, sensors in worn.items():
        try:
            answer[name] = _trial(sensors, alignments, reference, of_session, tasks[name])
        except Exception as error:
            answer[name] = _failed(name, error)
    return answer


def _failed(name: str, error: Exception) -> TrialSensors:
    """Trial whose sensors could not be used."""
    logging.getLogger(__name__).error("sensors of trial %s", name, exc_info=error)
    return TrialSensors(flags=[QualityFlag("sensors_not_used", "sensors", detail=f"{type(error).__name__}: {error}")])


def _standing(tasks: Mapping[str, str]) -> tuple[str, ...]:
    """Trials in which the person stands still: standing itself, then what starts with it."""
    quiet = [name for name, task in tasks.items() if TASKS[task].cut == "quiet"]
    return tuple(quiet) + tuple(
        name for name, task in tasks.items() if name not in quiet and TASKS[task].start == "standing"
    )


def _functional(tasks: Mapping[str, str]) -> tuple[str, ...]:
    """Trials that show the mediolateral axes, squats first: those of both legs up and down."""
    return tuple(
        name
        for cut in FUNCTIONAL
        for name, task in tasks.items()
        if TASKS[task].cut == cut and TASKS[task].direction in (None, "vertical") and TASKS[task].legs != "one"
    )


def _trial(
    sensors: dict[str, WornSensor],
    alignments: dict[str, Alignment],
    reference: StandingReference | None,
    of_session: list[QualityFlag],
    task: str,
) -> TrialSensors:
    """Motion of the sensors of a trial."""
    moved = moved_sensors(sensors, alignments, task)
    saturated = saturated_sensors(sensors)
    about = [flag for flag in of_session if set(flag.signal.split(", ")) & set(sensors)]
    flags = [*about, *moved, *saturated, *_alignment_flags(sensors, alignments)]
    left_out = {
        segment
        for flag in (*about, *moved)
        if flag.code in WITHHELD or (flag.code == "sensor_upside_down" and flag in moved)
        for segment in flag.signal.split(", ")
    }
    left_out |= {segment for segment, sensor in sensors.items() if sensor.gyroscope_saturated}
    used = {segment: sensor for segment, sensor in sensors.items() if segment not in left_out}
    first = max(sensors.values(), key=lambda sensor: sensor.rate_hz)
    found = joint_flexion(used, alignments, first.time)
    signals = _signals(found, reference, first.time)
    signals["sensor_hip_height"] = hip_height(used, alignments, reference, first.time)
    if found and reference is None:
        flags.append(QualityFlag("standing_reference_missing", "sensors"))
    flags += _budget(found, reference)
    related = all(sensor.related for sensor in sensors.values())
    has_flight = TASKS[task].cut in ("flight", "rebound")
    jumps = tuple(flights(sensors)) if has_flight else ()
    if has_flight and not jumps and "pelvis" in sensors:
        flags.append(QualityFlag("sensor_flight_missing", "pelvis"))
    return TrialSensors(SensorMotion(first.time, first.rate_hz, signals, jumps, related), flags)


def _alignment_flags(sensors: Mapping[str, WornSensor], alignments: Mapping[str, Alignment]) -> list[QualityFlag]:
    """Flags of sensors that could not be aligned to their segment."""
    unaligned = {
        "no quiet standing shows the vertical": [name for name in sensors if name not in alignments],
        "no squat or vertical jump shows the mediolateral axis": [
            name for name in sensors if name in alignments and alignments[name].axis is None
        ],
    }
    return [
        QualityFlag("sensor_not_aligned", ", ".join(names), detail=why) for why, names in unaligned.items() if names
    ]


def _signals(found: Mapping[str, Flexion], reference: StandingReference | None, time: Array) -> dict[str, Array]:
    """Lay flexion out along SENSOR_SIGNALS; NaN where it is not known."""
    signals = {
        name: np.full((len(SENSOR_JOINTS), len(SIDES), time.size), np.nan)
        for name, (dims, _) in SENSOR_SIGNALS.items()
        if dims
    }
    for label, flexion in found.items():
        side, _, joint = label.partition("_")
        place = SENSOR_JOINTS.index(joint), SIDES.index(side)
        signals["sensor_flexion_change"][place] = flexion.change_deg
        signals["u_sensor_flexion_change"][place] = flexion.u_change_deg
        if reference is not None and label in reference.flexion_deg:
            signals["sensor_flexion"][place] = reference.flexion_deg[label] + flexion.change_deg
            signals["u_sensor_flexion"][place] = np.hypot(reference.uncertainty_deg[label], flexion.u_change_deg)
    return signals


def _budget(found: Mapping[str, Flexion], reference: StandingReference | None) -> list[QualityFlag]:
    """Flags that state the uncertainty of flexion in this trial, and of what it consists."""
    flags = []
    for joint in SENSOR_JOINTS:
        labels = [f"{side}_{joint}" for side in SIDES_OF_BODY if f"{side}_{joint}" in found]
        sizes = [float(np.nanmax(found[label].u_change_deg)) for label in labels if _any_known(found[label])]
        if not sizes:
            continue
        drifts = [abs(found[label].drift_deg) for label in labels if np.isfinite(found[label].drift_deg)]
        drift = f"{max(drifts):.1f} deg" if drifts else "not seen, no standing at both ends"
        doubts = [] if reference is None else [reference.uncertainty_deg.get(label, np.nan) for label in labels]
        stood = f"{max(doubts):.1f} deg" if doubts and np.isfinite(doubts).all() else "not known"
        skin = max(found[label].skin_deg for label in labels)
        detail = f"drift between standing before and after {drift}, skin motion {skin:.1f} deg, standing {stood}"
        flags.append(QualityFlag("sensor_flexion_budget", joint, max(sizes), detail=detail))
    return flags


def _any_known(flexion: Flexion) -> bool:
    """Whether flexion is known in any sample."""
    return bool(np.isfinite(flexion.u_change_deg).any())


def hip_height(
    sensors: Mapping[str, WornSensor],
    alignments: Mapping[str, Alignment],
    reference: StandingReference | None,
    time: Array,
) -> Array:
    """Height of the hips above the ankles (time,) [m], of legs whose thighs and shanks are `NOMINAL_M` long.

    Mean of the legs whose thigh and shank carry sensors. NaN without such a leg.
    """
    stood = {} if reference is None else reference.flexion_deg
    legs: list[Array] = []
    for side in SIDES_OF_BODY:
        names = f"{side}_thigh", f"{side}_shank"
        if not all(name in sensors and name in alignments for name in names):
            continue
        knee, ankle = (stood.get(f"{side}_{joint}", USUAL_STANDING_DEG[joint]) for joint in ("knee", "ankle"))
        starts = knee - ankle, -ankle
        rotations = [
            _bridged(sensors[name].time, sagittal_rotation(sensors[name], alignments[name]), time) for name in names
        ]
        leaning = np.radians(np.array(rotations) + np.array(starts)[:, None])
        if np.isfinite(leaning).all():
            legs.append(NOMINAL_M * np.cos(leaning).sum(axis=0))
    return np.asarray(np.mean(legs, axis=0)) if legs else np.full(time.size, np.nan)


def _bridged(times: Array, rotation: Array, wanted: Array) -> Array:
    """Rotation of a segment at wanted times, linear over lost packets; NaN if it is unknown for longer than LOST_S."""
    known = np.isfinite(rotation)
    if not known.any() or np.diff(times[known], prepend=times[0], append=times[-1]).max() > LOST_S:
        return np.full(wanted.size, np.nan)
    return np.interp(wanted, times[known], rotation[known])
