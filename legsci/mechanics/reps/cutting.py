"""Cutting: where the repetitions of a trial lie, and how the events of each are found, by the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from legsci.mechanics.force.events import Score, score_repetition, score_standing
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.windows import Window, flights, impacts, jumps_and_rebounds, rebounds, whole_recording
from legsci.mechanics.kinetics.movement import Movement
from legsci.mechanics.kinetics.session_motion import TrialMotion
from legsci.mechanics.reps.pulls import pulls, score_pull
from legsci.mechanics.reps.squats import score_squat, squats, unloaded_ground_reaction
from legsci.mechanics.reps.steps import score_step, steps
from legsci.quality import QualityFlag
from legsci.tasks import TASKS, Task


class Cutting(NamedTuple):
    """How a trial is cut.

    Parameters
    ----------
    windows : (ground reaction, movement) -> one window per repetition in order of time, and quality flags.
    events : finds the events of a repetition; called as `score_repetition`.
    """

    windows: Callable[[GroundReaction, Movement | None], tuple[list[Window], list[QualityFlag]]]
    events: Callable[..., Score]


#: Task of the repetitions that follow a touchdown in trials that hold jumps and their rebounds.
REBOUND = "rebound_jump"
#: By the word that `Task.cut` holds.
CUTTING: dict[str, Cutting] = {
    "quiet": Cutting(lambda reaction, _: whole_recording(reaction), score_standing),
    "flight": Cutting(lambda reaction, _: flights(reaction), score_repetition),
    "rebound": Cutting(lambda reaction, _: rebounds(reaction), score_repetition),
    "flight_rebound": Cutting(lambda reaction, _: jumps_and_rebounds(reaction), score_repetition),
    "impact": Cutting(lambda reaction, _: impacts(reaction), score_repetition),
    "descent": Cutting(squats, score_squat),
    "contact": Cutting(lambda reaction, _: steps(reaction), score_step),
    "effort": Cutting(lambda reaction, _: pulls(reaction), score_pull),
}


def task_of(window: Window, trial_task: str) -> str:
    """Task of a repetition: that of its trial, or of a rebound in a trial of jumps and their rebounds."""
    rebounds_too = TASKS[trial_task].cut == "flight_rebound"
    return REBOUND if rebounds_too and window.touchdown >= 0 else trial_task


def reaction_to_cut(motion: TrialMotion, task: Task) -> GroundReaction | None:
    """Ground reaction of a trial; without plates one without force, if its task can be cut by motion, else None.

    Parameters
    ----------
    motion : of the trial.
    task : entry of TASKS.
    """
    if motion.reaction is not None:
        return motion.reaction
    if "markers" in task.cut_by and motion.movement is not None:
        return unloaded_ground_reaction(motion.movement)
    return None


def no_signal_to_cut_by(motion: TrialMotion, task: Task) -> QualityFlag:
    """Flag of a trial that holds none of the streams by which its task can be cut.

    Standing that cameras or sensors recorded without plates has no repetition and still serves as static trial.

    Parameters
    ----------
    motion : of the trial.
    task : entry of TASKS.
    """
    if task.cut == "quiet" and (motion.movement is not None or motion.sensors is not None):
        return QualityFlag("static_trial_alone", signal="trial")
    *others, last = task.cut_by
    needed = f"{', '.join(others)} or {last}" if others else last
    held = ", ".join(sorted(motion.streams)) or "nothing"
    unknown = "" if set(motion.streams).isdisjoint(task.cut_by) else " without known labels"
    detail = f"a {motion.attrs['task']} needs {needed}; recorded: {held}{unknown}"
    return QualityFlag("no_signal_to_cut_by", signal="trial", detail=detail)
