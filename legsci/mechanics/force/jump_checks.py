"""Checks of a scored repetition: its weight against people and the session, its start against the task."""

from __future__ import annotations

import numpy as np

from legsci.kernels.events import intervals_below
from legsci.mechanics.force.plates import GroundReaction
from legsci.quality import QualityFlag
from legsci.vocabulary import PLAUSIBLE_MASS_KG, STANDARD_GRAVITY

#: Body weight may differ from the session's mass by this much [%].
MASS_DISAGREEMENT_PERCENT = 5.0
#: A person lighter than this, of whom no mass is stated, may be an adult whose force is in pounds [kg].
LIGHT_MASS_KG = 35.0
#: Unweighting from which a jump out of a held squat has a countermovement, as part of body weight.
UNWEIGHTING_PART = 0.1
#: Within that part of it, force of a countermovement passes through body weight in less than this [s].
PASSAGE_S = 0.3


def check_weight(weight_n: float, reaction: GroundReaction, mass_kg: float) -> list[QualityFlag]:
    """Compare a measured weight with that of people, with the stated mass, and with the other trials.

    Parameters
    ----------
    weight_n : as measured in the trial; NaN where it was not [N].
    reaction : of the trial.
    mass_kg : of the person and of what is carried, as stated; NaN where it is not [kg].
    """
    if not np.isfinite(weight_n):
        return []
    measured_kg = weight_n / STANDARD_GRAVITY
    if not PLAUSIBLE_MASS_KG[0] <= measured_kg <= PLAUSIBLE_MASS_KG[1]:
        return [QualityFlag("implausible_weight", value=weight_n)]
    known, limit = reaction.known_weight, MASS_DISAGREEMENT_PERCENT
    if np.isfinite(mass_kg):
        percent = 100.0 * abs(measured_kg / mass_kg - 1.0)
        return [QualityFlag("weight_disagrees_with_mass", value=percent, limit=limit)] if percent > limit else []
    if known is not None and 100.0 * abs(weight_n / known.newtons - 1.0) > limit:
        percent = 100.0 * abs(weight_n / known.newtons - 1.0)
        return [QualityFlag("weight_differs_in_session", value=percent, limit=limit, detail=known.source)]
    if measured_kg < LIGHT_MASS_KG:
        return [QualityFlag("light_person", value=measured_kg, limit=LIGHT_MASS_KG)]
    return []


def check_countermovement(events: dict[str, float], weight: float, reaction: GroundReaction) -> list[QualityFlag]:
    """Report unweighting in a jump that starts from a held squat."""
    lowest = events.get("minimum_force", np.nan)
    if not np.isfinite(lowest):
        return []
    drop, allowed = weight - float(reaction.force[0, int(lowest)]), UNWEIGHTING_PART * weight
    return [QualityFlag("countermovement_in_squat_jump", value=drop, limit=allowed)] if drop > allowed else []


def check_hold(events: dict[str, float], weight: float, reaction: GroundReaction) -> list[QualityFlag]:
    """Report a jump that should start with a countermovement but starts from a held squat.

    It does where force never falls below body weight by more than sway, or stays about body weight for a while between
    its least value and the take-off, where a countermovement passes through it.
    """
    start, takeoff = events.get("movement_start", np.nan), events.get("takeoff", np.nan)
    if not np.isfinite([start, takeoff, weight]).all():
        return []
    force = reaction.force[0, int(start) : int(takeoff)]
    peak = int(np.argmax(force)) if force.size else 0
    lowest = int(np.argmin(force[: peak + 1])) if force.size else 0
    if not force.size or weight - force[lowest] <= UNWEIGHTING_PART * weight:
        drop = weight - float(force[lowest]) if force.size else 0.0
        return [QualityFlag("no_countermovement", value=drop, limit=UNWEIGHTING_PART * weight)]
    still = intervals_below(np.abs(force[lowest:peak] - weight), UNWEIGHTING_PART * weight)
    longest = float((still[:, 1] - still[:, 0]).max() / reaction.rate) if len(still) else 0.0
    return [QualityFlag("held_before_jump", value=longest, limit=PASSAGE_S)] if longest > PASSAGE_S else []
