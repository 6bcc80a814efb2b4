"""What is drawn of a trial: paths of joint centres, feet and trunk, and the ground reaction, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.ingest.streams import stream
from legsci.mechanics.force.plates import centre_of_pressure
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.motion.markers import Markers

#: Force that is drawn at least [N], and without a centre of pressure not at all.
LEAST_FORCE_N = 20.0
#: Marker drawn in place of a joint centre that could not be estimated.
SUBSTITUTE_MARKERS = {"knee": "lateral_epicondyle", "ankle": "lateral_malleolus"}


class Scene(NamedTuple):
    """What is drawn of a trial at the frames of its markers.

    Parameters
    ----------
    time : (frame,) [s].
    lines : side, which sets the colour, and path (frame, point, 3) whose points a line joins [m].
    pressure, force : (plate, frame, 3) point of application [m] and ground reaction [N], NaN without load.
    """

    time: np.ndarray
    lines: list[tuple[str, np.ndarray]]
    pressure: np.ndarray
    force: np.ndarray


def scene(session: xr.DataTree, motion: SessionMotion, trial_id: str) -> Scene | None:
    """Lay out joint centres, feet, trunk and ground reaction of a trial.

    Parameters
    ----------
    session : a session file, opened, for markers and plates as recorded.
    motion : of the session, for the joint centres.
    trial_id : one of its trials.

    Returns
    -------
    The scene; None without markers or segments of a leg.

    Raises
    ------
    ValueError : the motion is that of another session.
    """
    keys = ("participant_id", "session_id")
    if any(session.attrs.get(key) != motion.attrs.get(key) for key in keys):
        whose = [" ".join(str(of.attrs.get(key)) for key in keys) for of in (session, motion)]
        raise ValueError(f"the session is {whose[0]}, the motion that of {whose[1]}")
    trial, moved = session.children[trial_id], motion.trials[trial_id].movement
    if moved is None:
        return None
    points = _markers(trial) | moved.points
    lines = [(side, np.stack([points[name] for name in names], axis=1)) for side, names in _chains(points)]
    if not any(side != "both" for side, _ in lines):
        return None
    return Scene(moved.time, lines, *_ground(trial, moved.time))


def _chains(points: dict[str, np.ndarray]) -> list[tuple[str, list[str]]]:
    """Points to join, of those available: legs, the line of the hips, trunk and shoulders."""
    chains = []
    for side in ("left", "right"):
        tips = (f"{side}_toe", f"{side}_second_metatarsal", f"{side}_foot_tip")
        tip = next((name for name in tips if name in points), tips[0])
        leg = [f"{side}_{joint}" for joint in ("hip", "knee", "ankle")]
        chains.append((side, [*leg, f"{side}_heel", tip, f"{side}_ankle"]))
    top = "c7" if "c7" in points else "trunk_top"
    body = (["left_hip", "right_hip"], ["lumbar", top], ["left_acromion", "c7", "right_acromion"])
    chains += [("both", names) for names in body]
    present = [(side, [name for name in names if name in points]) for side, names in chains]
    return [(side, names) for side, names in present if len(names) > 1]


def _markers(trial: xr.DataTree) -> dict[str, np.ndarray]:
    """Paths of the markers (frame, 3), and those drawn in place of joint centres; none of recorded segments."""
    recorded = stream(trial, "markers")
    if recorded is None:
        return {}
    markers = Markers.recorded(recorded)
    paths = {label: markers.path(label) for label in markers.labels}
    substitutes = {
        f"{side}_{joint}": paths[f"{side}_{marker}"]
        for side in ("left", "right")
        for joint, marker in SUBSTITUTE_MARKERS.items()
        if f"{side}_{marker}" in paths
    }
    return paths | substitutes


def _ground(trial: xr.DataTree, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of pressure and force of each plate (plate, frame, 3) at the markers' times."""
    force = stream(trial, "force")
    if force is None or "moment" not in force or force.sizes["axis"] < 3:
        nothing = np.full((0, time.size, 3), np.nan)
        return nothing, nothing
    place = centre_of_pressure(force, threshold_n=LEAST_FORCE_N)["centre_of_pressure"]
    nearest = np.clip(np.searchsorted(force["time"].to_numpy(), time), 0, force.sizes["time"] - 1)
    return tuple(  # type: ignore[return-value]
        array.isel(time=nearest).transpose("plate", "time", "axis").to_numpy() for array in (place, force["force"])
    )
