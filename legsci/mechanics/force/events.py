"""Scoring: the events of one repetition under one definition profile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from legsci.kernels.contact_edges import WITHIN_SAMPLE, edge_uncertainties, flight_edges
from legsci.kernels.jumps import EVENTS, DetectionRules, contact_events, standing_jump_events
from legsci.mechanics.force.jump_checks import check_countermovement, check_hold, check_weight
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.weighing import Weighing, instant_of_rest, standing_stretch, weigh
from legsci.mechanics.force.windows import LONGEST_FLIGHT_S, Window
from legsci.mechanics.force.zero import DRIFT_N_PER_S
from legsci.quality import QualityFlag
from legsci.tasks import Task

#: Shortest stretch within the band around body weight that is treated as standing still [s]; also Owen's 30 ms.
STILL_S = 0.030
#: Quiet standing is searched between these times after a landing [s].
SETTLING_S = (0.3, 5.0)
#: A squat jump starts from a squat that is held: quiet standing is searched first in this time before the take-off [s].
HOLD_S = 3.0
#: Quiet standing before and after a jump may differ by this part of body weight.
DRIFT_PART = 0.01
#: A platform that swings on its supports is seen to between these times after the take-off [s], in so many samples. A
#: part of the spectrum of white noise exceeds its median by this factor in one of ten thousand flights. Zeros are added
#: up to so many times its length, which places its maximum between. What is slower than SLOWEST_SWING_HZ is a course of
#: the zero, the low-pass of an amplifier or creep after the load, and no swing.
SWING_S, LEAST_SWING, SWING_RATIO, SPECTRUM_LENGTHS, SLOWEST_SWING_HZ = (0.005, 0.1), 32, 20.0, 4, 15.0
#: Standing after a landing that is long enough: until the person leaves the plates, until the recording ends [s].
SHORTEST_LANDING_S, SHORTEST_RECORDED_LANDING_S = 1.0, 0.5


@dataclass
class Score:
    """One repetition under one profile; positions in samples of the trial, NaN where an event was not found.

    Parameters
    ----------
    events : name -> position.
    body_weight : (both, left, right) [N], all NaN where it is not known.
    weighing_sd, body_weight_uncertainty : [N].
    rest : sample from which velocity is integrated, NaN where there is none.
    offset : error of the zero that this scoring supposes, and takes off the force [N].
    """

    events: dict[str, float]
    body_weight: np.ndarray
    weighing_sd: float
    body_weight_uncertainty: float
    rest: float
    offset: float
    flags: list[QualityFlag] = field(default_factory=list)


def flight_sd(reaction: GroundReaction, window: Window) -> float:
    """Return the standard deviation of force in mid-flight, or in the fall where there is no flight [N]."""
    inside = window.middle if window.middle >= 0 else window.touchdown - 1
    for (first, last), sd in zip(reaction.unloaded, reaction.unloaded_sd, strict=True):
        if first <= inside < last:
            return sd
    return 0.0


def swing_of_platform(reaction: GroundReaction, window: Window) -> float:
    """Quarter of the period in which the platform swings while it is empty [samples]; 0 where it is not seen to.

    It is that of the largest part of the spectrum of force soon after the take-off, `SWING_RATIO` times its median or
    more: a platform swings for a moment only.
    """
    since, until = (int(time * reaction.rate) for time in SWING_S)
    for first, last in reaction.unloaded:
        flight = reaction.force[0, first + since : min(last, first + until)]
        if first <= window.middle < last and flight.size >= LEAST_SWING:
            away = (flight - flight.mean()) * np.hanning(flight.size)
            power = np.abs(np.fft.rfft(away, SPECTRUM_LENGTHS * flight.size))[1:] ** 2
            highest = int(np.argmax(power))
            period = SPECTRUM_LENGTHS * flight.size / (highest + 1)
            if power[highest] > SWING_RATIO * np.median(power) and period * SLOWEST_SWING_HZ <= reaction.rate:
                return 0.25 * period
    return 0.0


def _stretch_start(reaction: GroundReaction, middle: int) -> int:
    """First sample of the unloaded stretch that holds `middle`."""
    return int(max(first for first, last in reaction.unloaded if first <= middle))


def _weigh_start(reaction: GroundReaction, window: Window, task: Task, profile: Profile) -> Weighing | None:
    """Weigh before the movement, as the profile says; before a squat jump in the squat that is held, if it is."""
    if window.middle < 0 or window.touchdown >= 0:
        return None
    quietest = profile.weighing != "first"
    last = _stretch_start(reaction, window.middle)
    starts = [window.first] if quietest else [0]
    if quietest and task.start == "held_squat":
        starts.insert(0, max(window.first, last - int(HOLD_S * reaction.rate)))
    for first in starts:
        weighing = reaction.weigh(first=first, last=last, length_s=profile.weighing_length_s, quietest=quietest)
        if weighing is not None and weighing.still:
            break
    return weighing


def _weigh_end(reaction: GroundReaction, window: Window, profile: Profile) -> Weighing | None:
    """Weigh in quiet standing after the last landing."""
    inside = max(window.middle, window.touchdown - 1)
    ends = [int(last) for first, last in reaction.unloaded if first <= inside < last]
    landing = ends[0] if ends else window.first
    first = landing + int(SETTLING_S[0] * reaction.rate)
    last = min(window.last, landing + int(SETTLING_S[1] * reaction.rate))
    return reaction.weigh(first=first, last=last, length_s=profile.weighing_length_s)


def _box_weight(reaction: GroundReaction, window: Window, profile: Profile) -> Weighing | None:
    """Weigh the person on the box, before the step."""
    if reaction.box is None:
        return None
    rows = np.vstack([reaction.box, np.full((2, reaction.box.size), np.nan)])
    last = int(window.touchdown if window.touchdown >= 0 else window.last)
    return weigh(rows, rate=reaction.rate, first=0, last=last, length_s=profile.weighing_length_s)


def _choose_weighing(
    reaction: GroundReaction, window: Window, task: Task, profile: Profile
) -> tuple[Weighing | None, Weighing | None, np.ndarray, list[QualityFlag]]:
    """Return (weighing to use, weighing at the end, body weight (side), flags)."""
    before, after = _weigh_start(reaction, window, task, profile), _weigh_end(reaction, window, profile)
    preferred, other = (before, after) if task.starts_still else (after, before)
    words = ("quiet standing after the landing", "quiet standing before the movement")
    flags: list[QualityFlag] = []
    if preferred is not None and preferred.still:
        return preferred, after, preferred.body_weight, flags
    box = _box_weight(reaction, window, profile)
    for weighing, where in ((other, words[not task.starts_still]), (box, "standing on the box")):
        if weighing is not None and weighing.still:
            flags.append(QualityFlag("weighed_elsewhere", detail=where))
            return weighing, after, weighing.body_weight, flags
    known = reaction.known_weight
    if known is not None:
        flags.append(QualityFlag("weighed_elsewhere", detail=known.source))
        return None, after, np.array([known.newtons, np.nan, np.nan]), flags
    return None, after, np.full(3, np.nan), [_never_still(preferred)]


def weight_uncertainty(reaction: GroundReaction, weighing: Weighing | None) -> float:
    """Standard uncertainty of the body weight [N]: of the weighing, its zero apart, else of the weight as known."""
    if weighing is not None:
        return weighing.uncertainty
    return float("nan") if reaction.known_weight is None else reaction.known_weight.uncertainty


def _never_still(weighing: Weighing | None) -> QualityFlag:
    """Flag of the quietest stretch, with its wander."""
    if weighing is None:
        return QualityFlag("never_stood_still", detail="there is no stretch of standing that long")
    if weighing.body_weight[0] <= 0.0:
        return QualityFlag("never_stood_still", detail="the quietest stretch is of empty plates")
    detail = f"force wanders by {weighing.wander:.1f} N, allowed {weighing.allowed_wander:.1f} N"
    return QualityFlag("never_stood_still", value=weighing.wander, limit=weighing.allowed_wander, detail=detail)


def contact_limits(reaction: GroundReaction, window: Window, profile: Profile) -> tuple[float, float, bool]:
    """Forces [N] by which a profile detects contact in a repetition, and whether on to zero, see `flight_edges`."""
    contact = profile.contact_limit(unloaded_sd_n=flight_sd(reaction, window))
    return contact, max(contact, reaction.loaded_limit), profile.contact_edge == "zero"


def contact_uncertainties(reaction: GroundReaction, window: Window, profile: Profile) -> dict[str, tuple[float, float]]:
    """Standard uncertainties of touchdown, take-off and landing [samples]: scatter, and that of the corner.

    Where a profile follows force to zero, those of `edge_uncertainties`; where it does not, `WITHIN_SAMPLE` and 0,
    since a straight line between two samples crosses a low limit next to the first of them.
    """
    contact, loaded, to_zero = contact_limits(reaction, window, profile)
    uncertainty = dict.fromkeys(("touchdown", "takeoff", "landing"), (WITHIN_SAMPLE, 0.0))
    if not to_zero:
        return uncertainty
    force, noise, swing = reaction.force[0], flight_sd(reaction, window), swing_of_platform(reaction, window)
    if window.touchdown >= 0:
        fall = (window.first + window.touchdown) // 2
        uncertainty["touchdown"] = tuple(edge_uncertainties(force, fall, contact, loaded, noise, swing)[1].tolist())
    if window.middle >= 0:
        edges = edge_uncertainties(force, window.middle, contact, loaded, noise, swing).tolist()
        uncertainty["takeoff"], uncertainty["landing"] = (tuple(edge) for edge in edges)
    return uncertainty


def _detection_rules(
    reaction: GroundReaction, window: Window, task: Task, profile: Profile, *, weighing_sd: float
) -> DetectionRules:
    """Rules of a profile for one repetition, given the SD of force in quiet standing [N]."""
    contact, loaded, to_zero = contact_limits(reaction, window, profile)
    return DetectionRules(
        band=profile.movement_band(weighing_sd_n=weighing_sd),
        still=max(int(STILL_S * reaction.rate), 1),
        lead=round(profile.start_lead_s * reaction.rate),
        to_onset=profile.start_edge == "onset",
        start_shift=profile.start_shift,
        contact=contact,
        loaded=loaded,
        propulsion_velocity=profile.propulsion_velocity_m_per_s,
        to_zero=to_zero,
        countermovement=task.start != "held_squat",
    )


def _over_standing(reaction: GroundReaction, window: Window, task: Task, profile: Profile, quiet: Weighing) -> Weighing:
    """Body weight over the whole of standing before the movement, where the profile weighs so."""
    if profile.weighing != "standing":
        return quiet
    found, _ = standing_jump_events(
        reaction.force[0],
        reaction.rate,
        quiet.last,
        window.middle,
        float(quiet.body_weight[0]),
        tuple(_detection_rules(reaction, window, task, profile, weighing_sd=quiet.sd)),
    )
    if np.isnan(found[0]):
        return quiet
    return standing_stretch(
        reaction.force, rate=reaction.rate, quiet=quiet, first=window.first, movement_start=int(found[0])
    )


def _drifted(weighing: Weighing, reaction: GroundReaction, window: Window) -> Weighing:
    """Weighing before a movement, with the drift of the plates until the flight: it does not cancel in net force."""
    apart_s = (window.middle - 0.5 * (weighing.first + weighing.last)) / reaction.rate
    drift = DRIFT_N_PER_S * apart_s * len(reaction.plates) ** 0.5
    return replace(weighing, uncertainty=float(np.hypot(weighing.uncertainty, drift)))


def _events(
    reaction: GroundReaction,
    window: Window,
    task: Task,
    profile: Profile,
    score: Score,
    *,
    quiet_end: int,
    rest: int,
) -> None:
    """Fill in the events and the resting sample of a score.

    `quiet_end` is the sample after the quietest standing before the movement, `rest` the first of quiet standing after
    it; -1 where there is none.
    """
    rules = _detection_rules(reaction, window, task, profile, weighing_sd=score.weighing_sd)
    force, weight, rate = reaction.force[0] - score.offset, float(score.body_weight[0]), reaction.rate
    if window.touchdown >= 0:
        fall = (window.first + window.touchdown) // 2
        score.events["touchdown"] = flight_edges(force, fall, rules.contact, rules.loaded, rules.to_zero)[1]
    if window.middle < 0:
        score.rest = float(rest) if rest >= 0 else np.nan
        return
    found = np.full(len(EVENTS), np.nan)
    if quiet_end >= 0:
        found, _ = standing_jump_events(force, rate, quiet_end, window.middle, weight, tuple(rules))
        score.rest = found[0]
    elif rest >= 0 and np.isfinite(weight):
        first = int(np.ceil(score.events.get("touchdown", window.first)))
        found, _ = contact_events(force, rate, rest, first, window.middle, weight, tuple(rules))
        score.rest = float(rest)
        if task.starts_still:
            # The onset of movement is not known, and without a countermovement neither is the lowest point.
            found[: -2 if task.start == "held_squat" else 1] = np.nan
    else:
        found[-2:] = flight_edges(force, window.middle, rules.contact, rules.loaded, rules.to_zero)
    if not window.lands:
        found[-1] = np.nan
    score.events.update(zip(EVENTS, (float(position) for position in found), strict=True))


def score_standing(reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float) -> Score:
    """Weigh quiet standing: its quietest stretch under one profile.

    Parameters
    ----------
    reaction, window, task, profile, mass_kg : as `score_repetition`.
    """
    weighing = reaction.weigh(first=window.first, last=window.last, length_s=profile.weighing_length_s)
    if weighing is not None and weighing.still:
        score = _weighed(reaction, profile, weighing, weighing.body_weight, [])
        score.flags += check_weight(float(score.body_weight[0]), reaction, mass_kg)
        return score
    return _weighed(reaction, profile, weighing, np.full(3, np.nan), [_never_still(weighing)])


def _weighed(
    reaction: GroundReaction, profile: Profile, weighing: Weighing | None, weight: np.ndarray, flags: list[QualityFlag]
) -> Score:
    """Score of a repetition that is weighed, without the events of its movement."""
    uncertainty = weight_uncertainty(reaction, weighing)
    offset = profile.offset_shift * reaction.zero_uncertainty
    events = {} if weighing is None else {"weighing_start": weighing.first, "weighing_end": weighing.last}
    return Score(
        events={name: float(position) for name, position in events.items()},
        body_weight=weight - offset * (weighing is not None) + profile.body_weight_shift * uncertainty,
        weighing_sd=weighing.sd if weighing is not None else float("nan"),
        body_weight_uncertainty=uncertainty,
        rest=float("nan"),
        offset=offset,
        flags=flags,
    )


def score_repetition(
    reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float
) -> Score:
    """Find the events of one repetition under one profile.

    Parameters
    ----------
    reaction : ground reaction of the trial.
    window : the repetition.
    task : entry of TASKS.
    profile : the rules.
    mass_kg : mass of the person and of what is carried, from the study; NaN where it is not known [kg].
    """
    weighing, after, weight, flags = _choose_weighing(reaction, window, task, profile)
    quiet_end = -1
    if task.starts_still and weighing is not None and weighing.last <= window.middle:
        quiet_end = weighing.last
        weighing = _drifted(_over_standing(reaction, window, task, profile, weighing), reaction, window)
        weight = weighing.body_weight
    score = _weighed(reaction, profile, weighing, weight, flags)
    if weighing is not None and weighing.still:
        score.flags += check_weight(float(score.body_weight[0]), reaction, mass_kg)
    rest = instant_of_rest(reaction.force[0], after) if after is not None and after.still else -1
    _events(reaction, window, task, profile, score, quiet_end=quiet_end, rest=rest)
    score.events = profile.shifted(score.events, contact_uncertainties(reaction, window, profile))
    if window.touchdown >= 0 and window.middle >= 0:
        score.events["movement_start"] = score.events["touchdown"]
    if window.middle >= 0:
        stood = task.starts_still and weighing is not None and weighing.last <= window.middle
        score.flags += _check_velocity(score, task, stood=stood, title=profile.title)
        score.flags += _check_flight(score, reaction, window)
        score.flags += _check_drift(score, task, weighing, after)
        if task.cut != "flight_rebound":
            score.flags += _check_landing(score, reaction, window)
    elif np.isnan(score.rest):
        score.flags.append(QualityFlag("no_velocity"))
    if task.start == "held_squat":
        score.flags += check_countermovement(score.events, float(score.body_weight[0]), reaction)
    elif task.cut in ("flight", "flight_rebound"):
        score.flags += check_hold(score.events, float(score.body_weight[0]), reaction)
    return score


def _check_flight(score: Score, reaction: GroundReaction, window: Window) -> list[QualityFlag]:
    """Report a flight without its contacts."""
    flags: list[QualityFlag] = []
    if np.isnan(score.events["landing"]):
        recorded_s = (reaction.force.shape[1] - score.events["takeoff"]) / reaction.rate
        beside = not window.lands and recorded_s > LONGEST_FLIGHT_S
        why = f"nobody lands on the plates within {LONGEST_FLIGHT_S:.1f} s of take-off"
        flags.append(
            QualityFlag("second_landing_missing", detail=why if beside else "the recording ends during flight")
        )
    if np.isnan(score.events["takeoff"]):
        flags.append(QualityFlag("clipped_start", detail="the flight has no take-off"))
    return flags


def _check_velocity(score: Score, task: Task, *, stood: bool, title: str) -> list[QualityFlag]:
    """Report a velocity that is not integrated from quiet standing before the movement."""
    flags: list[QualityFlag] = []
    if np.isnan(score.rest):
        missing = QualityFlag("movement_start_not_found", detail=f"the rules of {title}")
        flags.append(missing if stood else QualityFlag("no_velocity"))
    elif task.starts_still and np.isnan(score.events["movement_start"]):
        flags.append(QualityFlag("integrated_backward"))
    return flags


def _check_drift(score: Score, task: Task, before: Weighing | None, after: Weighing | None) -> list[QualityFlag]:
    """Compare body weight in quiet standing before the jump with that after it."""
    if not task.starts_still or before is None or after is None or not after.still:
        return []
    difference = abs(float(after.body_weight[0]) - float(before.body_weight[0]))
    uncertainty = 2.0 * float(np.hypot(after.uncertainty, before.uncertainty))
    allowed = DRIFT_PART * float(score.body_weight[0]) + uncertainty
    return [QualityFlag("drift", value=difference, limit=allowed)] if difference > allowed else []


def _check_landing(score: Score, reaction: GroundReaction, window: Window) -> list[QualityFlag]:
    """Report a landing soon after which the person leaves the plates or the recording ends."""
    after_s = (window.last - score.events["landing"]) / reaction.rate
    if window.last < reaction.force.shape[1]:
        return [QualityFlag("step_off", value=after_s)] if after_s < SHORTEST_LANDING_S else []
    if after_s < SHORTEST_RECORDED_LANDING_S:
        return [QualityFlag("clipped_end", value=after_s, limit=SHORTEST_RECORDED_LANDING_S)]
    return []
