"""Virtual sessions as a laboratory records them, and wrong declarations about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.metrics.tables import session_metrics
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.plan import default_technique
from legsci.simulate.recordings.session_files import record_session
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from tests.mechanics.trials import DEFAULT, Outcome, cut_session, session_of, trial

#: Trials of a session: the name is the task.
TASKS = ("standing", "squat", "countermovement_jump", "drop_jump", "lateral_jump")
ATHLETES = {
    "tall man": Athlete(height_m=1.84, mass_kg=81.0),
    "woman": Athlete(height_m=1.66, mass_kg=60.0, sex="female", hip_width_scale=1.05),
    "small woman": Athlete(height_m=1.57, mass_kg=52.0, sex="female", dominant_leg="left", toe_out_deg=(12.0, 4.0)),
    "man": Athlete(),
}
Groups = dict[str, dict[str, xr.Dataset]]
Loads = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Force and moment (plate, time, 3) and corners (plate, corner, 3) as they are -> as they are declared.
Change = Callable[[np.ndarray, np.ndarray, np.ndarray], Loads]


@cache
def _read(who: str) -> Groups:
    """Signals of each trial of a virtual athlete, with the errors of instruments and skin."""
    trials = tuple(TrialPlan(task, task, default_technique(task)) for task in TASKS)
    plan = SessionPlan("P01", "S01", ATHLETES[who], trials, seed=(17, list(ATHLETES).index(who)))
    device = Device("vicon", "c3d", up="z", forward="y")
    groups: Groups = {}
    with TemporaryDirectory() as folder:
        for row in record_session(folder, plan).recordings:
            signals = READERS["c3d"](Path(folder, str(row["path"])), device=device).signals
            turned = {kind: to_isb(signals[kind], up="z", forward="y").load() for kind in ("force", "markers")}
            turned["force"] = turned["force"].assign_coords(foot=("plate", ["left", "right"]))
            groups[str(row["trial_id"])] = turned
    return groups


def recorded(who: str) -> Groups:
    """Signals of each trial of a virtual athlete, free to be changed."""
    return {
        name: {kind: signal.copy(deep=True) for kind, signal in kinds.items()} for name, kinds in _read(who).items()
    }


def judged(groups: Groups, who: str, *, mass_part: float = 1.0, sex: str = "", leg: str = "") -> Outcome:
    """Tables of a session: flags and metrics under the default profile.

    Parameters
    ----------
    groups : signals by trial, whose name is its task.
    who : the athlete.
    mass_part, sex, leg : of the body mass that is stated; other sex than the athlete's; other leg of the lateral jump.
    """
    athlete = ATHLETES[who]
    legs = {"lateral_jump": leg or default_technique("lateral_jump").leg}
    session = session_of({name: trial(kinds, task=name, leg=legs.get(name, "both")) for name, kinds in groups.items()})
    session.attrs |= {"body_mass_kg": athlete.mass_kg * mass_part, "sex": sex or athlete.sex}
    reps, quality = cut_session(session, default=DEFAULT, profiles=[])
    metrics, quality = session_metrics(reps, quality)
    return Outcome(reps, quality, metrics)


def turned(groups: Groups, degrees: float) -> Groups:
    """A laboratory whose forward axis is another than stated, by an angle about the vertical."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    return {
        name: {kind: _each(signal, lambda v: v @ turn.T) for kind, signal in kinds.items()}
        for name, kinds in groups.items()
    }


def _each(signal: xr.Dataset, change: Callable[[np.ndarray], np.ndarray]) -> xr.Dataset:
    """Change every vector of a signal (..., axis), whose axes are in the order x, y, z."""
    changed = {}
    for name, values in signal.variables.items():
        if "axis" in values.dims and name != "axis":
            ordered = values.transpose(..., "axis")
            changed[name] = ordered.copy(data=change(ordered.to_numpy()))
    vectors = {name: value for name, value in changed.items() if name in signal.data_vars}
    return signal.assign(vectors).assign_coords({name: changed[name] for name in changed.keys() - vectors.keys()})


def with_loads(groups: Groups, names: tuple[str, ...], change: Change) -> Groups:
    """Change force, moment about the laboratory's origin, and corners of some trials."""
    for name in names:
        force = groups[name]["force"].transpose("plate", "time", "corner", "axis", ...)
        loads = {kind: force[kind] for kind in ("force", "moment", "corner")}
        new = change(*(values.to_numpy() for values in loads.values()))
        changed = {kind: values.copy(data=data) for (kind, values), data in zip(loads.items(), new, strict=True)}
        corner = changed.pop("corner").variable
        groups[name]["force"] = force.assign(changed).assign_coords(corner=corner)
    return groups


def moved_plates(shift: tuple[float, float, float]) -> Change:
    """Plates elsewhere than stated."""

    def change(force: np.ndarray, moment: np.ndarray, corner: np.ndarray) -> Loads:
        return force, moment + np.cross(shift, force), corner + np.array(shift)

    return change


def turned_corners(force: np.ndarray, moment: np.ndarray, corner: np.ndarray) -> Loads:
    """Corners in an order that begins one place later: the axes of each plate are turned a quarter about its centre."""
    turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    centre = corner.mean(axis=1)[:, None]
    about = moment - np.cross(centre, force)
    return force @ turn.T, about @ turn.T + np.cross(centre, force @ turn.T), corner


def half_speed(groups: Groups, names: tuple[str, ...]) -> Groups:
    """Markers whose stamps run at half the speed."""
    for name in names:
        markers = groups[name]["markers"]
        rate = float(markers.attrs["sampling_rate_hz"])
        groups[name]["markers"] = markers.assign_coords(time=2.0 * markers["time"].to_numpy()).assign_attrs(
            markers.attrs | {"sampling_rate_hz": rate / 2.0}
        )
    return groups
