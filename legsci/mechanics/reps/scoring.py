"""Scoring: one window of a trial -> one repetition, under every definition profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from legsci.mechanics.force.events import Score
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.windows import Window
from legsci.mechanics.reps.curation import apply_decisions
from legsci.mechanics.reps.cutting import CUTTING
from legsci.mechanics.reps.repetition import Repetition
from legsci.mechanics.reps.trial_signals import TrialSignals
from legsci.quality import QualityFlag
from legsci.tasks import TASKS

#: Signal kept after the last event of a repetition [s].
TAIL_S = 1.0


def score_window(
    signals: TrialSignals,
    window: Window,
    *,
    number: int,
    scorings: dict[str, Profile],
    mass_kg: float,
    decisions: pd.DataFrame,
) -> tuple[Repetition, list[QualityFlag]]:
    """Score one repetition under every scoring and keep its signals.

    Parameters
    ----------
    signals : of the trial.
    window : the repetition.
    number : of the repetition, from 1.
    scorings : name -> rules; the first is the default.
    mass_kg : mass of the person and of what is carried [kg]; NaN where it is not known.
    decisions : rows of curation.tsv about the repetition.
    """
    reaction, task = signals.reaction, TASKS[signals.task]
    scores = {
        name: CUTTING[task.cut].events(reaction, window, task=task, profile=profile, mass_kg=mass_kg)
        for name, profile in scorings.items()
    }
    flags = [replace(flag, profile=name) for name, score in scores.items() if "|" not in name for flag in score.flags]
    flags += apply_decisions(scores, decisions, window, rate=reaction.rate)
    kept = _kept_samples(window, scores, reaction.rate, reaction.force.shape[1])
    return (
        Repetition(
            trial_id=signals.trial_id,
            task=signals.task,
            number=number,
            first=kept.start,
            force=reaction.force[:, kept],
            rate=reaction.rate,
            scores=scores,
            pelvis_height=signals.pelvis_height[kept],
            centre_of_pressure=signals.centre_of_pressure[:, kept],
            forward_force=signals.forward_force[kept],
        ),
        flags,
    )


def _kept_samples(window: Window, scores: dict[str, Score], rate: float, count: int) -> slice:
    """Return the samples that hold every event and resting sample of a repetition, and a tail."""
    positions = [value for score in scores.values() for value in (*score.events.values(), score.rest)]
    finite = np.array([value for value in positions if np.isfinite(value)] or [window.first, window.last])
    last = max(int(finite.max() + TAIL_S * rate), window.touchdown + int(TAIL_S * rate))
    return slice(max(int(finite.min()), 0), min(last + 1, count))
