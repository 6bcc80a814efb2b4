"""Windows: where in a recording of force each repetition of a task lies.

Each function takes the ground reaction of a trial and returns its windows in order of time, and quality flags: what was
found wrong, or why there are none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from legsci.mechanics.force.plates import GroundReaction
from legsci.quality import QualityFlag
from legsci.vocabulary import STANDARD_GRAVITY

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


#: A landing that is left again sooner than this is a rebound, whatever its push-off [s].
SURE_REBOUND_S = 0.6
#: Upward velocity with which a person leaves the plates for good in a jump [m/s], of 5 cm; who steps off has less.
LEAST_TAKEOFF_M_PER_S = 1.0
#: A flight shorter than this part of the trial's longest, without standing still before, is a hop.
HOP_PART = 0.5
#: Standing still between a landing and the next jump lasts at least this long [s].
BETWEEN_JUMPS_S = 0.5


@dataclass(frozen=True)
class Window:
    """One repetition in samples of its trial.

    Parameters
    ----------
    first, last : the samples that may belong to it; `last` is excluded.
    touchdown : first sample of the contact after a fall; -1 where the repetition starts from standing.
    middle : a sample in flight; -1 where there is no flight.
    lands : whether the flight ends on the plates.
    """

    first: int
    last: int
    touchdown: int = -1
    middle: int = -1
    lands: bool = True


def _lands(reaction: GroundReaction, stretch: np.ndarray) -> bool:
    """Whether a stretch off the plates ends on them, and as soon as a jump does."""
    first, last = int(stretch[0]), int(stretch[1])
    return last < reaction.force.shape[1] and last - first <= LONGEST_FLIGHT_S * reaction.rate


def _is_flight(reaction: GroundReaction, stretch: np.ndarray) -> bool:
    """Distinguish a flight from stepping off by a push-off before it, and by its length or the speed of leaving."""
    first, last = int(stretch[0]), int(stretch[1])
    lands = _lands(reaction, stretch)
    if first == 0 or (lands and last - first < SHORTEST_FLIGHT_S * reaction.rate):
        return False
    push_off = reaction.force[0, max(first - int(PUSH_OFF_S * reaction.rate), 0) : first]
    pushes = bool(push_off.max() > PUSH_OFF_PART * reaction.standing_load)
    return pushes and (lands or _speed_gained(reaction, first) > LEAST_TAKEOFF_M_PER_S)


def _speed_gained(reaction: GroundReaction, takeoff: int) -> float:
    """Largest gain of upward velocity until a sample within the push-off before it [m/s]."""
    before = reaction.force[0, max(takeoff - int(2.0 * PUSH_OFF_S * reaction.rate), 0) : takeoff]
    weight = reaction.standing_load
    gained = np.cumsum((before - weight)[::-1]) * STANDARD_GRAVITY / (weight * reaction.rate)
    return float(gained.max(initial=0.0))


def _middle(reaction: GroundReaction, stretch: np.ndarray) -> int:
    """Sample in flight: halfway to the landing, or soon after the take-off where there is none."""
    first, last = int(stretch[0]), int(stretch[1])
    return (first + last) // 2 if _lands(reaction, stretch) else min((first + last) // 2, first + _soon(reaction))


def _soon(reaction: GroundReaction) -> int:
    """Half of the shortest flight [samples]."""
    return max(int(0.5 * SHORTEST_FLIGHT_S * reaction.rate), 1)


def flights(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per jump, from the last landing to the next time off the plates; hops belong to the landing."""
    stretches, samples = reaction.unloaded, reaction.force.shape[1]
    off = [index for index in range(len(stretches)) if _is_flight(reaction, stretches[index])]
    hops = [index for index in off if _is_hop(reaction, index, off)]
    jumps = [index for index in off if index not in hops]
    windows, flags = [], []
    for number, index in enumerate(jumps, start=1):
        following = index + 1
        while following in hops and _lands(reaction, stretches[following]):
            following += 1
        first = int(stretches[index - 1][1]) if index else 0
        last = int(stretches[following][0]) if following < len(stretches) else samples
        stretch = stretches[index]
        windows.append(Window(first, last, middle=_middle(reaction, stretch), lands=_lands(reaction, stretch)))
        flags += [
            QualityFlag("hop_after_landing", value=float(stretches[hop][0] - stretch[1]) / reaction.rate, rep=number)
            for hop in range(index + 1, following)
        ]
    missing = [] if windows else [QualityFlag("no_flight", limit=SHORTEST_FLIGHT_S, detail=_why_no_flight(reaction))]
    return windows, flags + missing


def _is_hop(reaction: GroundReaction, index: int, flights: list[int]) -> bool:
    """Whether a flight follows the landing of another so soon, or so low and restlessly, that it is no new jump.

    Leaving the plates for good so soon after a landing is stepping off.
    """
    if index - 1 not in flights:
        return False
    stretches = reaction.unloaded
    landing, takeoff = int(stretches[index - 1][1]), int(stretches[index][0])
    if takeoff - landing <= LONGEST_REBOUND_S * reaction.rate:
        return True
    standing = reaction.weigh(first=landing, last=takeoff, length_s=BETWEEN_JUMPS_S)
    longest = max(int(stretches[flight][1] - stretches[flight][0]) for flight in flights)
    short = stretches[index][1] - stretches[index][0] < HOP_PART * longest
    return bool(short and not (standing is not None and standing.still))


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
    flags: list[QualityFlag] = []
    stretches, samples, landing = reaction.unloaded, reaction.force.shape[1], -1
    for index, stretch in enumerate(stretches):
        falls = index > 0 and stretch[0] - stretches[index - 1][1] <= LONGEST_REBOUND_S * reaction.rate
        if not falls:
            if _is_flight(reaction, stretch):
                why = "no fall onto the plates within the last 1.5 s before take-off"
                flags.append(QualityFlag("clipped_start", detail=why))
            continue
        touchdown = int(stretches[index - 1][1])
        if touchdown == landing or not _rebounds_into(reaction, touchdown, stretch):
            continue
        last = int(stretches[index + 1][0]) if index + 1 < len(stretches) else samples
        lands, landing = _lands(reaction, stretch), int(stretch[1])
        first = int(stretches[index - 1][0])
        windows.append(Window(first, last, touchdown=touchdown, middle=_middle(reaction, stretch), lands=lands))
    if not windows and not flags:
        flags.append(QualityFlag("no_flight", limit=SHORTEST_FLIGHT_S, detail=_why_no_flight(reaction)))
    return windows, flags


def jumps_and_rebounds(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """Two windows per jump from standing with a rebound at its landing: the jump up to the rebound, and the rebound."""
    jumps, flags = flights(reaction)
    flags = [flag for flag in flags if flag.code != "hop_after_landing"]
    contacts, _ = rebounds(reaction)
    windows: list[Window] = []
    for jump in jumps:
        own = [contact for contact in contacts if jump.middle < contact.touchdown < jump.last]
        last = next((int(first) for first, _ in reaction.unloaded if own and first > own[0].touchdown), jump.last)
        windows += [replace(jump, last=last), *own[:1]]
        if not own:
            flags.append(QualityFlag("no_rebound", limit=LONGEST_REBOUND_S, rep=len(windows)))
    return windows, flags


def _rebounds_into(reaction: GroundReaction, touchdown: int, stretch: np.ndarray) -> bool:
    """Whether a stretch off the plates soon after a touchdown is a flight, and not stepping off.

    It is where it ends on the plates after the time of a flight, where the contact is too short for anything else, or
    with a push-off in the second half of the contact.
    """
    first, last = int(stretch[0]), int(stretch[1])
    if _lands(reaction, stretch):
        return last - first >= SHORTEST_FLIGHT_S * reaction.rate
    if first - touchdown <= SURE_REBOUND_S * reaction.rate:
        return True
    push_off = reaction.force[0, (touchdown + first) // 2 : first]
    return bool(push_off.max(initial=0.0) > PUSH_OFF_PART * reaction.standing_load)


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
