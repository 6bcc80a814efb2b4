"""A trial of a session -> its scored repetitions and quality flags."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from legsci.mechanics.force.events import Score
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.windows import Window
from legsci.mechanics.kinetics.session_motion import TrialMotion
from legsci.mechanics.reps.curation import apply_decisions, decisions_without_effect, trial_decisions
from legsci.mechanics.reps.cutting import CUTTING, no_signal_to_cut_by, reaction_to_cut, task_of
from legsci.mechanics.reps.repetition import UNPERTURBED, Repetition, Scoring
from legsci.mechanics.reps.sensor_reps import sensor_repetitions
from legsci.mechanics.reps.steps import running_direction_flags
from legsci.mechanics.reps.working_leg import with_working_leg
from legsci.quality import QualityFlag
from legsci.tasks import LANDED, TASKS

#: Signal that belongs to a repetition after its last event [s]; after a landing that in which force settles.
TAIL_S, LANDED_TAIL_S = 1.0, 3.0
#: Signal kept before the middle of a flight [s].
PUSH_OFF_S = 1.0


def trial_repetitions(
    motion: TrialMotion,
    *,
    trial_id: str,
    scorings: dict[Scoring, Profile],
    mass_kg: float,
    curation: pd.DataFrame,
) -> tuple[list[Repetition], list[QualityFlag]]:
    """Cut one trial into repetitions and score each.

    Parameters
    ----------
    motion : of the trial.
    trial_id : its name.
    scorings : profile and perturbation -> rules; the first is the default, whose flags are reported.
    mass_kg : mass of the person and of what is carried [kg]; NaN where it is not known.
    curation : rows of curation.tsv about this trial.
    """
    faults = json.loads(str(motion.attrs.get("faults", "[]")))
    if faults:
        unreadable = [
            QualityFlag("unknown_task" if code == "unknown_task" else "recording_unreadable", detail=sentence)
            for code, sentence in faults
        ]
        return [], unreadable + _idle_decisions(curation)
    task, movement = TASKS[str(motion.attrs["task"])], motion.movement
    if task.cut == "reference":
        return [], [QualityFlag("reference_contraction", signal="trial"), *_idle_decisions(curation)]
    reaction = reaction_to_cut(motion, task)
    if reaction is None and "imu" in task.cut_by and motion.sensors is not None:
        cut, said = sensor_repetitions(motion, trial_id=trial_id, scorings=list(scorings))
        decided = trial_decisions(curation, sides=False) + decisions_without_effect(curation, repetitions=len(cut))
        return cut, [*said, *decided]
    if reaction is None:
        return [], [no_signal_to_cut_by(motion, task), *_idle_decisions(curation)]
    sides = bool(np.isfinite(reaction.force[1:]).any())
    flags = [*reaction.flags, *motion.force_flags, *trial_decisions(curation, sides=sides)]
    flags += running_direction_flags(task, movement)
    if any(flag.severity == "rejected" for flag in flags):
        return [], flags + decisions_without_effect(curation, repetitions=0)
    windows, missing = CUTTING[task.cut].windows(reaction, movement)
    leg = str(motion.attrs.get("leg", "both"))
    repetitions = []
    for number, window in enumerate(windows, start=1):
        decisions = curation if curation.empty else curation[curation["rep"].isna() | (curation["rep"] == number)]
        repetition, found = score_window(
            reaction,
            window,
            task=task_of(window, str(motion.attrs["task"])),
            number=number,
            scorings=scorings,
            mass_kg=mass_kg,
            decisions=decisions,
        )
        repetition, of_leg = with_working_leg(replace(repetition, trial_id=trial_id), leg, movement)
        repetitions.append(repetition)
        flags += [replace(flag, rep=number) for flag in (*found, *of_leg)]
    return repetitions, flags + missing + decisions_without_effect(curation, repetitions=len(windows))


def _idle_decisions(curation: pd.DataFrame) -> list[QualityFlag]:
    """Report every decision about a trial of which nothing was read."""
    return trial_decisions(curation, sides=False) + decisions_without_effect(curation, repetitions=0)


def score_window(
    reaction: GroundReaction,
    window: Window,
    *,
    task: str,
    number: int,
    scorings: dict[Scoring, Profile],
    mass_kg: float,
    decisions: pd.DataFrame,
) -> tuple[Repetition, list[QualityFlag]]:
    """Score one repetition under every scoring.

    Parameters
    ----------
    reaction : ground reaction of the trial.
    window : the repetition.
    task : name of the task.
    number : of the repetition, from 1.
    scorings : profile and perturbation -> rules; the first is the default.
    mass_kg : mass of the person and of what is carried [kg]; NaN where it is not known.
    decisions : rows of curation.tsv about the repetition.
    """
    events = CUTTING[TASKS[task].cut].events
    scores = {
        scoring: events(reaction, window, task=TASKS[task], profile=profile, mass_kg=mass_kg)
        for scoring, profile in scorings.items()
    }
    flags = [
        replace(flag, profile=profile)
        for (profile, moved), score in scores.items()
        if moved == UNPERTURBED
        for flag in score.flags
    ]
    flags += apply_decisions(scores, decisions, window, rate=reaction.rate)
    tail = int((LANDED_TAIL_S if task in LANDED else TAIL_S) * reaction.rate)
    kept = _kept_samples(window, scores, tail=tail, rate=reaction.rate, count=reaction.force.shape[1])
    return Repetition("", task, number, kept.start, kept.stop, reaction.rate, scores), flags


def _kept_samples(window: Window, scores: dict[Scoring, Score], *, tail: int, rate: float, count: int) -> slice:
    """Return the samples that hold every event and resting sample of a repetition, its push-off, and a tail."""
    positions = [value for score in scores.values() for value in (*score.events.values(), score.rest)]
    finite = np.array([value for value in positions if np.isfinite(value)] or [window.first, window.last])
    last = max(int(finite.max()), window.touchdown) + tail
    first = int(finite.min())
    if window.middle >= 0:
        # A jump whose movement start was not found shows its push-off all the same.
        first = min(first, max(int(window.middle - PUSH_OFF_S * rate), window.first))
    return slice(max(first, 0), min(last + 1, count))
