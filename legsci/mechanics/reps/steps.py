"""Running steps and hops: contacts with the plates between two flights, and the foot of each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from legsci.kernels.contact_edges import flight_edges
from legsci.mechanics.force.events import Score, contact_limits, contact_uncertainties
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.windows import Window
from legsci.mechanics.kinetics.ground_contacts import SWINGING_HEIGHT_M
from legsci.mechanics.kinetics.movement import Movement
from legsci.quality import QualityFlag
from legsci.tasks import Task
from legsci.vocabulary import SIDES, SIDES_OF_BODY, STANDARD_GRAVITY

#: Running is not forward when its direction lies further than this from the laboratory's forward axis [deg], as it lets
#: a tenth of the sideways force in; slower than this the pelvis does not travel over ground, as on a treadmill [m/s].
MOST_ACROSS_DEG, RUNNING_M_PER_S = 6.0, 1.0
#: Longest contact of a running step [s]; walking and standing last longer.
LONGEST_STEP_S = 0.5


def steps(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per contact between two stretches off the plates, in order of time.

    Contacts that the recording begins or ends with are left out and counted in a flag.
    """
    flights, samples = reaction.unloaded, reaction.force.shape[1]
    windows = [
        Window(int(before[0]), int(after[1]), touchdown=int(before[1]), middle=int(after.sum()) // 2)
        for before, after in pairwise(flights)
        if after[0] - before[1] <= LONGEST_STEP_S * reaction.rate
    ]
    cut_off = 0 if not len(flights) else int(flights[0, 0] > 0) + int(flights[-1, 1] < samples)
    flags = [QualityFlag("contact_cut_off", value=float(cut_off))] if cut_off else []
    return windows, flags + ([] if windows else [QualityFlag("no_contact", limit=LONGEST_STEP_S)])


def running_direction_flags(task: Task, movement: Movement | None) -> list[QualityFlag]:
    """Report running that is not along the laboratory's forward axis, by the path of the pelvis.

    Parameters
    ----------
    task : entry of TASKS.
    movement : answer of `legsci.mechanics.kinetics.movement.trial_movement`.
    """
    if task.direction != "forward" or movement is None or not movement.mean_speed_m_per_s > RUNNING_M_PER_S:
        return []
    if not movement.travel_deg > MOST_ACROSS_DEG:
        return []
    return [QualityFlag("travels_across", "markers", movement.travel_deg, MOST_ACROSS_DEG)]


def _weight(reaction: GroundReaction, mass_kg: float) -> float:
    """Body weight by the stated mass, else as other trials of the session tell it [N]; NaN where nothing does."""
    known = reaction.known_weight
    return known.newtons if np.isnan(mass_kg) and known is not None else mass_kg * STANDARD_GRAVITY


def score_step(reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float) -> Score:
    """Touchdown, take-off and next touchdown of a step or hop; body weight is that of the session.

    Parameters
    ----------
    reaction, window, task, profile, mass_kg : as `legsci.mechanics.force.events.score_repetition`.
    """
    limits = contact_limits(reaction, window, profile)
    offset = profile.offset_shift * reaction.zero_uncertainty
    force = reaction.force[0] - offset
    touchdown = flight_edges(force, (window.first + window.touchdown) // 2, *limits)[1]
    takeoff, following = flight_edges(force, window.middle, *limits)
    events = profile.shifted(
        {"touchdown": touchdown, "takeoff": takeoff, "landing": following},
        contact_uncertainties(reaction, window, profile),
    )
    return Score(
        events=events | {"movement_start": events["touchdown"]},
        body_weight=np.array([_weight(reaction, mass_kg), np.nan, np.nan]),
        weighing_sd=float("nan"),
        body_weight_uncertainty=float("nan"),
        rest=float("nan"),
        offset=offset,
    )


def step_side(left_m: float, right_m: float, movement: Movement) -> tuple[str, list[QualityFlag]]:
    """Foot of a running step: the lower one in the middle of the contact.

    Where one foot alone has markers, the step is its own while it is about as low as it ever gets, else the other's.

    Parameters
    ----------
    left_m, right_m : heights of the feet in the middle of the contact [m]; NaN without markers.
    movement : of the trial.

    Returns
    -------
    side : "left" or "right"; empty where neither foot has markers.
    flags : which foot has none.
    """
    unseen = [side for side, height in zip(SIDES_OF_BODY, (left_m, right_m), strict=True) if not np.isfinite(height)]
    if len(unseen) == len(SIDES_OF_BODY):
        return "", [QualityFlag("step_of_unknown_foot")]
    side = "left" if left_m < right_m else "right"
    if unseen:
        seen, height = ("right", right_m) if unseen == ["left"] else ("left", left_m)
        lowest = float(np.nanmin(movement.signals["foot_height"][SIDES.index(seen)]))
        side = seen if height < lowest + SWINGING_HEIGHT_M else unseen[0]
    return side, [QualityFlag("step_by_one_foot", detail=foot) for foot in unseen]
