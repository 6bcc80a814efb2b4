"""A trial of a session -> its scored repetitions and quality flags."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.session_reference import TrialReference
from legsci.mechanics.kinetics.movement import Movement
from legsci.mechanics.reps.curation import decisions_without_effect, trial_decisions
from legsci.mechanics.reps.cutting import trial_ground_reaction, trial_windows
from legsci.mechanics.reps.repetition import Repetition
from legsci.mechanics.reps.scoring import score_window
from legsci.mechanics.reps.trial_flags import running_direction_flags, trial_flags
from legsci.mechanics.reps.trial_signals import TrialSignals
from legsci.mechanics.reps.working_leg import with_working_leg
from legsci.quality import QualityFlag
from legsci.tasks import TASKS


def trial_repetitions(
    trial: xr.DataTree,
    *,
    trial_id: str,
    scorings: dict[str, Profile],
    mass_kg: float,
    curation: pd.DataFrame,
    movement: Movement | None = None,
    reference: TrialReference | None = None,
) -> tuple[list[Repetition], list[QualityFlag]]:
    """Cut one trial into repetitions and score each.

    Parameters
    ----------
    trial : group of a session file, less the zeros of its plates (`with_known_zero`).
    trial_id : its name.
    scorings : name -> rules; the first is the default, whose flags are reported.
    mass_kg : mass of the person and of what is carried [kg]; NaN where it is not known.
    curation : rows of curation.tsv about this trial.
    movement : answer of `legsci.mechanics.kinetics.movement.trial_movement`.
    reference : what the other trials of the session tell of this one.
    """
    faults = json.loads(str(trial.attrs.get("faults", "[]")))
    if faults:
        unreadable = [QualityFlag("recording_unreadable", detail=sentence) for _, sentence in faults]
        return [], unreadable + _idle_decisions(curation)
    task = TASKS[str(trial.attrs["task"])]
    reference = TrialReference() if reference is None else reference
    reaction = trial_ground_reaction(trial, task, movement, reference)
    if reaction is None:
        return [], [QualityFlag("no_force", signal="trial"), *_idle_decisions(curation)]
    sides = bool(np.isfinite(reaction.force[1:]).any())
    if not curation.empty and (curation["what"] == "swap_sides").any():
        reaction = replace(reaction, force=reaction.force[[0, 2, 1]])
    flags = [*reference.flags, *reaction.flags, *trial_flags(trial, reaction), *trial_decisions(curation, sides=sides)]
    flags += running_direction_flags(task, movement)
    if any(flag.severity == "rejected" for flag in flags):
        return [], flags + decisions_without_effect(curation, repetitions=0)
    windows, missing = trial_windows(reaction, task, movement)
    signals, leg = TrialSignals(trial, trial_id, reaction), str(trial.attrs.get("leg", "both"))
    repetitions = []
    for number, window in enumerate(windows, start=1):
        decisions = curation if curation.empty else curation[curation["rep"].isna() | (curation["rep"] == number)]
        repetition, found = score_window(
            signals, window, number=number, scorings=scorings, mass_kg=mass_kg, decisions=decisions
        )
        repetition, of_leg = with_working_leg(repetition, leg, movement)
        repetitions.append(repetition)
        flags += [replace(flag, rep=number) for flag in (*found, *of_leg)]
    return repetitions, flags + missing + decisions_without_effect(curation, repetitions=len(windows))


def _idle_decisions(curation: pd.DataFrame) -> list[QualityFlag]:
    """Report every decision about a trial of which nothing was read."""
    return trial_decisions(curation, sides=False) + decisions_without_effect(curation, repetitions=0)
