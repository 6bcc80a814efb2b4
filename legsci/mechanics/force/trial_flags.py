"""Quality of the plates of a trial: missing force, plates that carry no person, rates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.ingest.streams import stream
from legsci.mechanics.force.plates import GroundReaction, carries_load, standing_load, vertical_of_plates
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES, SIDES_OF_BODY

#: Sampling rate below which a flight or contact time is uncertain by more than the profiles differ [Hz].
LOW_RATE_HZ = 200.0
#: A recording shorter than this holds no movement and no standing [s].
SHORTEST_RECORDING_S = 0.5


def force_flags(trial: xr.DataTree, reaction: GroundReaction) -> list[QualityFlag]:
    """Find what is wrong with the plates of a trial.

    Parameters
    ----------
    trial : group of a session file.
    reaction : its ground reaction.
    """
    flags = [*_load_flags(trial, reaction), *_side_without_load(trial, reaction)]
    if reaction.rate < LOW_RATE_HZ and TASKS[str(trial.attrs["task"])].cut != "quiet":
        flags.append(QualityFlag("low_rate", value=reaction.rate, limit=LOW_RATE_HZ))
    return flags


def _load_flags(trial: xr.DataTree, reaction: GroundReaction) -> list[QualityFlag]:
    """Report missing samples, a recording that is too short, and plates that carry no person."""
    force = stream(trial, "force")
    assert force is not None, "the plates of a trial with plates are judged"
    vertical = vertical_of_plates(force)
    missing = int((~np.isfinite(vertical)).any(axis=0).sum())
    if missing:
        return [QualityFlag("force_missing", value=float(missing))]
    length_s = vertical.shape[-1] / reaction.rate
    if length_s < SHORTEST_RECORDING_S:
        return [QualityFlag("too_short", value=length_s, limit=SHORTEST_RECORDING_S)]
    if reaction.plates:
        return []
    upside_down = [plate for plate in vertical if carries_load(-plate, rate=reaction.rate)]
    if upside_down:
        return [QualityFlag("implausible_weight", value=-standing_load(-np.sum(upside_down, axis=0)))]
    if reaction.box is not None:
        return []
    highest = f": force is at most {vertical.max():.1f} N; nobody stood there, or force_unit of the device is wrong"
    return [QualityFlag("no_force", value=float(vertical.max()), detail=highest)]


def _side_without_load(trial: xr.DataTree, reaction: GroundReaction) -> list[QualityFlag]:
    """Report a plate for one foot that is not loaded in a task of both legs."""
    task, force = TASKS[str(trial.attrs["task"])], stream(trial, "force")
    one_leg = task.legs == "alternating" or trial.attrs.get("leg", "both") != "both"
    if force is None or one_leg or not reaction.plates:
        return []
    names, feet = force.get_index("plate").tolist(), force.variables["foot"].data.astype(str).tolist()
    empty = [foot for foot in SIDES_OF_BODY if foot in feet and np.isnan(reaction.force[SIDES.index(foot)]).all()]
    plates = [(name, foot) for name, foot in zip(names, feet, strict=True) if foot in empty]
    return [QualityFlag("side_without_load", f"plate {name}", detail=foot) for name, foot in plates]
