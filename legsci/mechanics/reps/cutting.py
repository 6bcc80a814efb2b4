"""Cutting: where the repetitions of a trial lie, and how the events of each are found, by the task."""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from legsci.mechanics.force.events import Score, score_repetition
from legsci.mechanics.force.plates import GroundReaction, ground_reaction
from legsci.mechanics.force.session_reference import TrialReference
from legsci.mechanics.force.windows import Window, cut
from legsci.mechanics.kinetics.movement import Movement
from legsci.mechanics.reps.squats import score_squat, squats, unloaded_ground_reaction
from legsci.mechanics.reps.steps import score_step, steps
from legsci.quality import QualityFlag
from legsci.tasks import Task

#: How the events of a repetition are found where they are not those of a jump, by the word that `Task.cut` holds.
SCORERS: dict[str, Callable[..., Score]] = {"descent": score_squat, "contact": score_step}


def trial_ground_reaction(
    trial: xr.DataTree, task: Task, movement: Movement | None, reference: TrialReference
) -> GroundReaction | None:
    """Ground reaction of a trial; of squats without plates one without force; None of other trials without plates.

    Parameters
    ----------
    trial : group of a session file, less the zeros of its plates.
    task : entry of TASKS.
    movement : of the trial; None without markers.
    reference : what the session knows of the trial.
    """
    if "force" in trial.children:
        force = trial.children["force"].to_dataset(inherit=False)
        return ground_reaction(
            force,
            stepped_from_box=task.cut == "rebound",
            zero_uncertainty=reference.zero_uncertainty,
            known_weight=reference.weight,
        )
    return unloaded_ground_reaction(movement) if task.cut == "descent" and movement is not None else None


def trial_windows(
    reaction: GroundReaction, task: Task, movement: Movement | None
) -> tuple[list[Window], list[QualityFlag]]:
    """Find the repetitions of a trial.

    Parameters
    ----------
    reaction : ground reaction of the trial.
    task : entry of TASKS.
    movement : of the trial; None without markers.

    Returns
    -------
    windows : one per repetition, in order of time.
    flags : what was assumed, or why there are none.
    """
    if task.cut == "descent":
        return squats(reaction, movement)
    if task.cut == "contact":
        return steps(reaction)
    return cut(reaction, how=task.cut)


def event_scorer(task: Task) -> Callable[..., Score]:
    """Function that finds the events of a repetition of a task; called as `score_repetition`."""
    return SCORERS.get(task.cut, score_repetition)
