"""Repetitions by inertial sensors: trials without plates and markers cut by them, and events of all repetitions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.force.events import Score
from legsci.mechanics.kinetics.session_motion import SessionMotion, TrialMotion
from legsci.mechanics.reps.repetition import Repetition, Scoring
from legsci.mechanics.reps.squats import BORDERS, LEAST_DEPTH_M, descents
from legsci.mechanics.sensors.contacts import EDGE_S, FLIGHT_S
from legsci.mechanics.sensors.session_sensors import SensorMotion
from legsci.quality import QualityFlag
from legsci.tasks import TASKS, Task

#: Signal that belongs to a repetition before its first and after its last event [s].
BEFORE_S, AFTER_S = 1.0, 1.0
#: Variables of the events in a reps file: borders of a squat, and of the flight of a jump.
SQUAT_EVENTS = tuple(f"sensor_{name}" for name in BORDERS)
FLIGHT_EVENTS = ("sensor_takeoff", "sensor_landing")
#: Standard uncertainty of a border of a squat beside that of its own [s]: skin that slides over the thigh while it
#: bulges; ours, from virtual squats.
SKIN_BORDER_S = 0.008

#: Events of one repetition by name, and their standard uncertainties [s].
Events = dict[str, tuple[float, float]]


def trial_events(sensors: SensorMotion, task: Task) -> list[Events]:
    """Events of the repetitions that the sensors of a trial show, in order of time [s on the clock of the trial].

    Squats are found from the height of the hips above the ankles as those of markers are from the height of the pelvis
    (`legsci.mechanics.reps.squats.descents`), jumps by their flights.
    """
    if task.cut in ("flight", "rebound"):
        return [
            {name: (moment, EDGE_S) for name, moment in zip(FLIGHT_EVENTS, flight, strict=True)}
            for flight in sensors.flights
        ]
    height = sensors.signals["sensor_hip_height"]
    if task.cut != "descent" or not np.isfinite(height).all():
        return []
    borders, doubts = descents(height, sensors.rate_hz)
    first = float(sensors.time[0])
    return [
        {
            name: (first + place / sensors.rate_hz, float(np.hypot(doubt / sensors.rate_hz, SKIN_BORDER_S)))
            for name, place, doubt in zip(SQUAT_EVENTS, squat, doubt_of, strict=True)
        }
        for squat, doubt_of in zip(borders, doubts, strict=True)
    ]


def sensor_repetitions(
    motion: TrialMotion, *, trial_id: str, scorings: list[Scoring]
) -> tuple[list[Repetition], list[QualityFlag]]:
    """Cut a trial that has neither plates nor markers by its sensors.

    Parameters
    ----------
    motion : of the trial, with sensors.
    trial_id : its name.
    scorings : profiles and perturbations; all alike, since they are rules for plates.

    Returns
    -------
    repetitions : without events of plates; those of the sensors are found by `sensor_events`.
    flags : that the trial was cut by sensors, or why it shows no repetition.
    """
    sensors, task = motion.sensors, TASKS[str(motion.attrs["task"])]
    assert sensors is not None, "a trial cut by sensors has sensors"
    found = trial_events(sensors, task)
    if not found and task.cut == "descent":
        return [], [QualityFlag("no_descent", signal="thigh and shank sensors", limit=LEAST_DEPTH_M)]
    if not found:
        why = "the sensor on the pelvis shows no free fall between a push-off and a landing, or there is no such sensor"
        return [], [QualityFlag("no_flight_by_sensors", "sensors", limit=FLIGHT_S[0], detail=why)]
    moments = [[moment for moment, _ in events.values()] for events in found]
    middles = [0.5 * (before[-1] + after[0]) for before, after in pairwise(moments)]
    starts = [max(float(sensors.time[0]), moments[0][0] - BEFORE_S), *middles]
    stops = [*middles, min(float(sensors.time[-1]), moments[-1][-1] + AFTER_S)]
    rate = sensors.rate_hz
    repetitions = [
        Repetition(
            trial_id,
            str(motion.attrs["task"]),
            number,
            round(start * rate),
            round(stop * rate),
            rate,
            {scoring: _unscored() for scoring in scorings},
            str(motion.attrs.get("leg", "both")),
        )
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True), start=1)
    ]
    return repetitions, [QualityFlag("cut_by_sensors", "sensors")]


def _unscored() -> Score:
    """Score of a repetition that no plate recorded."""
    nan = float("nan")
    return Score({}, np.full(3, nan), nan, nan, nan, 0.0)


def sensor_events(reps: xr.Dataset, motion: SessionMotion) -> xr.Dataset:
    """Events that the sensors show in the repetitions of a session.

    Parameters
    ----------
    reps : repetitions of the session, whatever they were cut by.
    motion : of the session.

    Returns
    -------
    SQUAT_EVENTS and FLIGHT_EVENTS with their standard uncertainties u_<event>, (rep,) [s on the trial's clock]; NaN
    where the sensors show none within the repetition, or keep another clock than the trial's.
    """
    names = (*SQUAT_EVENTS, *FLIGHT_EVENTS)
    laid = {f"{prefix}{name}": np.full(reps.sizes["rep"], np.nan) for name in names for prefix in ("", "u_")}
    trials, starts, stops = (reps[name].to_numpy() for name in ("trial_id", "window_start", "window_stop"))
    for trial_id in dict.fromkeys(trials.astype(str).tolist()):
        trial = motion.trials[trial_id]
        if trial.sensors is None or not trial.sensors.related:
            continue
        for events in trial_events(trial.sensors, TASKS[str(trial.attrs["task"])]):
            middle = float(np.mean([moment for moment, _ in events.values()]))
            rows: NDArray[np.int64] = np.flatnonzero((trials == trial_id) & (starts <= middle) & (middle < stops))
            for row in rows[:1]:
                for name, (moment, doubt) in events.items():
                    laid[name][row], laid[f"u_{name}"][row] = moment, doubt
    return xr.Dataset({name: ("rep", values, {"units": "s"}) for name, values in laid.items()})
