"""Windows: where in a recording of force each repetition of a task lies.

Each function takes the ground reaction of a trial and returns its windows in order of time, and quality flags: what was
found wrong, or why there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from legsci.mechanics.force.plates import GroundReaction, standing_load
from legsci.quality import QualityFlag

#: Shortest and longest flight of a jump [s]; 1.0 s is a height of 1.23 m, above any standing jump on record.
SHORTEST_FLIGHT_S = 0.10
LONGEST_FLIGHT_S = 1.0
#: Within this time before a flight the push-off must exceed `PUSH_OFF_PART` of the standing load for a jump [s].
PUSH_OFF_S = 0.5
PUSH_OFF_PART = 1.1
#: Longest ground contact of a rebound [s]; longer ones are a landing and a new jump.
LONGEST_REBOUND_S = 1.5
#: A landing is an impact of at least this part of the recording's highest force.
IMPACT_PART = 0.5


@dataclass(frozen=True)
class Window:
    """One repetition in samples of its trial.

    Parameters
    ----------
    first, last : the samples that may belong to it; `last` is excluded.
    touchdown : first sample of the contact after a fall; -1 where the repetition starts from standing.
    middle : a sample in flight; -1 where there is no flight.
    """

    first: int
    last: int
    touchdown: int = -1
    middle: int = -1


def _is_flight(reaction: GroundReaction, stretch: np.ndarray) -> bool:
    """Distinguish a flight from stepping off by its length, and a push-off before it."""
    first, last = int(stretch[0]), int(stretch[1])
    duration = (last - first) / reaction.rate
    ends_in_air = last >= reaction.force.shape[1]
    if first == 0 or duration > LONGEST_FLIGHT_S or (duration < SHORTEST_FLIGHT_S and not ends_in_air):
        return False
    push_off = reaction.force[0, max(first - int(PUSH_OFF_S * reaction.rate), 0) : first]
    return bool(push_off.max() > PUSH_OFF_PART * standing_load(reaction.force[0]))


def flights(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per flight, from the last landing to the next time off the plates."""
    stretches, samples = reaction.unloaded, reaction.force.shape[1]
    windows = []
    for index, stretch in enumerate(stretches):
        if _is_flight(reaction, stretch):
            first = int(stretches[index - 1][1]) if index else 0
            last = int(stretches[index + 1][0]) if index + 1 < len(stretches) else samples
            windows.append(Window(first, last, middle=int(stretch.sum()) // 2))
    missing = [] if windows else [QualityFlag("no_flight", limit=SHORTEST_FLIGHT_S, detail=_why_no_flight(reaction))]
    return windows, missing


def _why_no_flight(reaction: GroundReaction) -> str:
    """Why no stretch of a recording is a flight."""
    if len(reaction.unloaded):
        moments = ", ".join(f"{first / reaction.rate:.2f} s" for first in reaction.unloaded[:, 0])
        return (
            f"the plates are empty from {moments}, but not for {SHORTEST_FLIGHT_S:.2f} to {LONGEST_FLIGHT_S:.2f} s "
            "after a push-off"
        )
    lowest = float(reaction.force[0].min())
    if lowest < reaction.unloaded_limit:
        return f"force falls below {reaction.unloaded_limit:.1f} N for an instant only"
    return (
        f"force never falls below {reaction.unloaded_limit:.1f} N (at least {lowest:.1f} N); there is no jump, or "
        "the zero of the plate is wrong"
    )


def rebounds(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per flight that follows a contact after a fall; a hop after a landing is not a new repetition."""
    windows: list[Window] = []
    jumps, flags = flights(reaction)
    ends = reaction.unloaded[:, 1] if len(reaction.unloaded) else np.empty(0, int)
    for jump in jumps:
        before = ends[ends < jump.middle]
        hop = (
            bool(windows) and bool(np.any(before[-1:] > windows[-1].middle)) and _follows(windows[-1], before, reaction)
        )
        if hop:
            continue
        if not before.size or jump.middle - before[-1] > LONGEST_REBOUND_S * reaction.rate:
            flags.append(
                QualityFlag("clipped_start", detail="no fall onto the plates within the last 1.5 s before take-off")
            )
            continue
        touchdown = int(before[-1])
        fall = reaction.unloaded[np.flatnonzero(ends == touchdown)[0]]
        windows.append(Window(max(int(fall[0]), 0), jump.last, touchdown=touchdown, middle=jump.middle))
    return windows, flags


def _follows(previous: Window, ends: np.ndarray, reaction: GroundReaction) -> bool:
    """Whether the contact that starts at the last of `ends` is the landing of the previous repetition."""
    first_landing = ends[ends > previous.middle][0]
    return bool(ends[-1] == first_landing)


def impacts(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per landing from an unloaded stretch with an impact among the highest of the recording."""
    stretches, samples, total = reaction.unloaded, reaction.force.shape[1], reaction.force[0]
    windows = []
    for index, (_, end) in enumerate(stretches):
        if end >= samples:
            continue
        last = int(stretches[index + 1][0]) if index + 1 < len(stretches) else samples
        if total[end : end + int(PUSH_OFF_S * reaction.rate)].max() >= IMPACT_PART * total.max():
            windows.append(Window(int(stretches[index][0]), last, touchdown=int(end)))
    return windows, [] if windows else [QualityFlag("no_landing")]


def whole_recording(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """Take the whole recording."""
    return [Window(0, reaction.force.shape[1])], []
