"""Working legs of a repetition: those that the study names, or the foot of a running step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from legsci.mechanics.kinetics.movement import Movement
from legsci.mechanics.reps.repetition import Repetition
from legsci.mechanics.reps.steps import step_side
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES, SIDES_OF_BODY

#: A foot that is higher than the other by more than this does not push off [m].
RAISED_FOOT_M = 0.05


def with_working_leg(
    repetition: Repetition, leg: str, movement: Movement | None
) -> tuple[Repetition, list[QualityFlag]]:
    """Name the working legs of a repetition.

    A leg that the study names is taken, unless the height of the feet contradicts it; then, and in a task on one leg
    that trials.tsv does not name, no leg works.

    Parameters
    ----------
    repetition : scored.
    leg : "left", "right" or "both", as the study says.
    movement : of the trial; None without markers.
    """
    named = leg if leg in SIDES else "both"
    if TASKS[repetition.task].legs == "one" and named not in SIDES_OF_BODY:
        return replace(repetition, leg=""), [QualityFlag("leg_not_named", "trial", detail=repetition.task)]
    alternating = TASKS[repetition.task].legs == "alternating"
    if movement is None or not (alternating or named in SIDES_OF_BODY):
        return replace(repetition, leg=named), []
    left_m, right_m = _foot_heights(repetition, movement)
    if alternating:
        side, flags = step_side(left_m, right_m, movement)
        return replace(repetition, leg=side), flags
    raised_m = (left_m - right_m) * (1.0 if named == "left" else -1.0)
    if raised_m > RAISED_FOOT_M:
        return replace(repetition, leg=""), [QualityFlag("leg_contradicted", "markers", raised_m, detail=named)]
    return replace(repetition, leg=named), []


def _foot_heights(repetition: Repetition, movement: Movement) -> tuple[float, float]:
    """Height of left and right foot in the middle of the push-off [m]; NaN where it is not known."""
    events = next(iter(repetition.scores.values())).events
    start = events["touchdown"] if "touchdown" in events else events.get("movement_start", np.nan)
    middle = 0.5 * (start + events.get("takeoff", np.nan)) / repetition.rate
    if not np.isfinite(middle):
        return np.nan, np.nan
    frame = int(np.argmin(np.abs(movement.time - middle)))
    heights = movement.signals["foot_height"]
    return float(heights[SIDES.index("left"), frame]), float(heights[SIDES.index("right"), frame])
