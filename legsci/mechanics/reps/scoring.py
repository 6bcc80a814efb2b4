"""Scoring: one window of a trial -> one repetition, under every definition profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from legsci.mechanics.force.events import Score
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.windows import Window
from legsci.mechanics.reps.curation import apply_decisions
from legsci.mechanics.reps.cutting import CUTTING
from legsci.mechanics.reps.repetition import UNPERTURBED, Repetition, Scoring
from legsci.quality import QualityFlag
from legsci.tasks import LANDED, TASKS

#: Signal that belongs to a repetition after its last event [s]; after a landing that in which force settles.
TAIL_S, LANDED_TAIL_S = 1.0, 3.0
#: Signal kept before the middle of a flight [s].
PUSH_OFF_S = 1.0


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
