"""Running steps: contacts with the plates between two flights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from legsci.kernels.jumps import flight_edges
from legsci.mechanics.force.events import Score, contact_limits
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.windows import Window
from legsci.quality import QualityFlag
from legsci.tasks import Task
from legsci.vocabulary import STANDARD_GRAVITY

#: Longest contact of a running step [s]; walking and standing last longer.
LONGEST_STEP_S = 0.5


def steps(under: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per contact between two stretches off the plates, in order of time.

    Contacts that the recording begins or ends with are left out and counted in a flag.
    """
    flights, samples = under.unloaded, under.force.shape[1]
    windows = [
        Window(int(before[0]), int(after[1]), touchdown=int(before[1]), middle=int(after.sum()) // 2)
        for before, after in pairwise(flights)
        if after[0] - before[1] <= LONGEST_STEP_S * under.rate
    ]
    cut_off = 0 if not len(flights) else int(flights[0, 0] > 0) + int(flights[-1, 1] < samples)
    flags = [QualityFlag("contact_cut_off", value=float(cut_off))] if cut_off else []
    return windows, flags + ([] if windows else [QualityFlag("no_contact", limit=LONGEST_STEP_S)])


def score_step(reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float) -> Score:
    """Touchdown, take-off and next touchdown of a step; body weight is the session's mass, since nobody stands still.

    Parameters
    ----------
    reaction, window, task, profile, mass_kg : as `legsci.mechanics.force.events.score_repetition`.
    """
    limits = contact_limits(reaction, window, profile)
    offset = profile.offset_shift * reaction.offset
    force = reaction.force[0] - offset
    touchdown = flight_edges(force, (window.first + window.touchdown) // 2, limits)[1]
    takeoff, following = flight_edges(force, window.middle, limits)
    events = {"touchdown": touchdown, "movement_start": touchdown, "takeoff": takeoff, "landing": following}
    return Score(
        events=profile.shifted(events),
        body_weight=np.array([mass_kg * STANDARD_GRAVITY, np.nan, np.nan]),
        weighing_sd=float("nan"),
        body_weight_uncertainty=float("nan"),
        rest=float("nan"),
        offset=offset,
    )
