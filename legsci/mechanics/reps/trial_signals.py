"""Signals that repetitions keep with vertical force: pelvis height, forward force, centre of pressure."""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.force.plates import GroundReaction, centre_of_pressure, vertical_of_plates
from legsci.mechanics.motion.markers import whole_paths
from legsci.tasks import TASKS
from legsci.vocabulary import PELVIS_MARKERS


class TrialSignals:
    """Signals at the samples of the plates.

    Parameters
    ----------
    trial : group of a session file.
    trial_id : its name.
    reaction : ground reaction of the trial.

    Attributes
    ----------
    pelvis_height : (sample,) [m], NaN without pelvis markers.
    forward_force : (sample,) of all plates that carry the person [N], NaN where only vertical force was recorded.
    centre_of_pressure : (2, sample) forward and to the right [m]; NaN without moments and in tasks other than standing,
        where sway is not measured.
    """

    def __init__(self, trial: xr.DataTree, trial_id: str, reaction: GroundReaction) -> None:
        self.trial_id, self.task, self.reaction = trial_id, str(trial.attrs["task"]), reaction
        self.pelvis_height = _pelvis_height(trial, np.arange(reaction.force.shape[1]) / reaction.rate)
        self.forward_force = _forward_force(trial, reaction)
        sought = TASKS[self.task].cut == "quiet"
        self.centre_of_pressure = _total_centre_of_pressure(trial, reaction, sought=sought)


def _pelvis_height(trial: xr.DataTree, times: np.ndarray) -> np.ndarray:
    """Mean height of the pelvis markers, else of the recorded pelvis, at given times [m]; NaN where one is missing."""
    if "segments" in trial.children and "pelvis" in trial.children["segments"].to_dataset(inherit=False).get_index(
        "segment"
    ):
        place = trial["segments"]["position"].sel(segment="pelvis", axis="y")
        return np.interp(times, place["time"].to_numpy(), place.to_numpy(), left=np.nan, right=np.nan)
    if "markers" not in trial.children:
        return np.full(times.size, np.nan)
    recorded = trial.children["markers"].to_dataset(inherit=False)
    paths = whole_paths(recorded, sorted(PELVIS_MARKERS))
    if not paths:
        return np.full(times.size, np.nan)
    height = np.mean([path[:, 1] for path in paths.values()], axis=0)
    return np.interp(times, recorded.get_index("time").to_numpy(), height, left=np.nan, right=np.nan)


def _total_centre_of_pressure(trial: xr.DataTree, reaction: GroundReaction, *, sought: bool) -> np.ndarray:
    """Centre of pressure of all plates that carry the person, forward and to the right (2, sample) [m]."""
    if not sought or not reaction.plates or "moment" not in trial["force"]:
        return np.full((2, reaction.force.shape[1]), np.nan)
    force = trial.children["force"].to_dataset(inherit=False).sel(plate=list(reaction.plates))
    axes = force.get_index("axis").tolist()
    position = centre_of_pressure(force).variables["centre_of_pressure"].transpose("axis", "plate", "time").data
    level = position[[axes.index("x"), axes.index("z")]]
    pressed = np.where(np.isfinite(level[0]), vertical_of_plates(force), 0.0)
    total = pressed.sum(axis=0)
    return np.asarray(np.nansum(level * pressed, axis=1) / np.where(total > 0.0, total, np.nan))


def _forward_force(trial: xr.DataTree, reaction: GroundReaction) -> np.ndarray:
    """Forward force of all plates that carry the person, less its mean while they are unloaded (sample,) [N]."""
    force = trial.children["force"].to_dataset(inherit=False) if reaction.plates else xr.Dataset()
    axes = force.get_index("axis").tolist() if reaction.plates else []
    if "x" not in axes:
        return np.full(reaction.force.shape[1], np.nan)
    plates = force.get_index("plate").tolist()
    forward = force.variables["force"].transpose("plate", "time", "axis").data[..., axes.index("x")]
    total = forward[[plates.index(plate) for plate in reaction.plates]].astype(float).sum(axis=0)
    empty = [total[first + (stop - first) // 4 : stop - (stop - first) // 4] for first, stop in reaction.unloaded]
    return total - (float(np.mean(np.concatenate(empty))) if empty else 0.0)
