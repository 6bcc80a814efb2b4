"""True values of a recorded trial: parameters of its motion, and quantities that follow from it."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.plan import Motion
from legsci.vocabulary import STANDARD_GRAVITY


def trial_truth(motion: Motion, *, mass_kg: float) -> dict[str, float | list[float]]:
    """Return what is true of a trial, unit in each name.

    Parameters
    ----------
    motion : the clean trial.
    mass_kg : of the athlete and the barbell [kg].

    Returns
    -------
    What the motion says of itself; its events as <name>_time_s [s on the trial's clock]; system_weight_n [N] of the
    athlete and the barbell; and of a jump that sinks first its phases: unweighting_time_s from the start of movement to
    the greatest downward velocity of the centre of mass, braking_time_s from there (after a fall: from touchdown) to
    the lowest point, propulsion_time_s from there to take-off.
    """
    known: dict[str, float | list[float]] = {**motion.truth, "system_weight_n": mass_kg * STANDARD_GRAVITY}
    known |= {f"{name}_time_s": times for name, times in motion.events.items()}
    if {"bottom", "takeoff"} <= motion.events.keys():
        (bottom,), (takeoff,) = motion.events["bottom"], motion.events["takeoff"]
        known["propulsion_time_s"] = takeoff - bottom
        if "touchdown" in motion.events:
            known["braking_time_s"] = bottom - motion.events["touchdown"][0]
        else:
            (start,) = motion.events["movement_start"]
            fastest = _fastest_sinking(motion, start, bottom)
            known |= {"unweighting_time_s": fastest - start, "braking_time_s": bottom - fastest}
    return known


def _fastest_sinking(motion: Motion, start: float, end: float) -> float:
    """Time of the greatest downward velocity between two times [s], to a sample."""
    first, last = (round(time * motion.rate_hz) for time in (start, end))
    return float(motion.time[first + int(np.argmin(motion.body_com_velocity[first : last + 1, 1]))])
