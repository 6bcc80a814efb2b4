"""Phases of a repetition: from which event to which, under each definition profile."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.mechanics.force.profiles import load_profiles
from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.mechanics.reps.signals import scoring_of
from legsci.metrics.families.force import LANDING_S, braking_start
from legsci.tasks import TASKS

#: First and last event of each phase that a profile names; `braking_start` is the event that the profile defines.
EDGES = {
    "weighing": ("weighing_start", "weighing_end"),
    "unweighting": ("movement_start", "braking_start"),
    "unloading": ("movement_start", "minimum_force"),
    "yielding": ("minimum_force", "peak_negative_velocity"),
    "downward": ("movement_start", "bottom"),
    "braking": ("braking_start", "bottom"),
    "deceleration": ("peak_negative_velocity", "bottom"),
    "propulsion": ("propulsion_start", "takeoff"),
    "concentric": ("propulsion_start", "takeoff"),
    "upward": ("propulsion_start", "takeoff"),
    "flight": ("takeoff", "landing"),
    "landing": ("impact", "impact_end"),
}
#: Phases of a squat, the same under every profile.
SQUAT_PHASES = {
    "eccentric": ("movement_start", "eccentric_end"),
    "pause": ("eccentric_end", "propulsion_start"),
    "concentric": ("propulsion_start", "movement_end"),
}
#: Events that figures mark: the weighing window is shaded instead.
MARKED = tuple(name for name in STORED_EVENTS if not name.startswith("weighing"))


class Phase(NamedTuple):
    """A phase of one repetition, start and end in seconds on the trial's clock."""

    name: str
    start: float
    end: float


def event_times(rep: xr.Dataset, names: tuple[str, ...]) -> dict[str, float]:
    """Times of the events of one repetition under one scoring, without those not detected [s on the trial's clock]."""
    times = {name: float(rep[name]) for name in names}
    return dict(sorted(((name, time) for name, time in times.items() if np.isfinite(time)), key=lambda item: item[1]))


def phases(reps: xr.Dataset, *, rep: int, profile: str) -> list[Phase]:
    """Phases of one repetition, in order of time, without those that the task does not have or that were not detected.

    Parameters
    ----------
    reps : answer of `legsci.mechanics.reps.signals.with_signals`, or of `flat` alone.
    rep : its place along `rep`, from 0.
    profile : name of a definition profile. The landing phase is the search window of its peak.
    """
    scoring = scoring_of(reps, profile)
    chosen = reps.isel(rep=rep, scoring=scoring)
    task = TASKS[str(chosen["task"].item())]
    edges, names = EDGES, load_profiles()[profile].phases
    if task.cut == "descent":
        edges, names = EDGES | SQUAT_PHASES, ("weighing", *SQUAT_PHASES)
    times = {name: float(chosen[name]) for pair in edges.values() for name in pair if name in chosen}
    times["braking_start"] = float(braking_start(reps.isel(rep=[rep], scoring=[scoring]).variables).data.item())
    times["impact"] = times["landing"] if np.isfinite(times["takeoff"]) else float(chosen["touchdown"])
    # The landing of a running step belongs to the next step.
    times["impact_end"] = float("nan") if task.start == "running" else times["impact"] + LANDING_S
    listed = [Phase(name, *(times.get(edge, np.nan) for edge in edges[name])) for name in names]
    return sorted((phase for phase in listed if phase.end > phase.start), key=lambda phase: phase.start)
