"""Isometric pulls and squats: where the efforts of a trial lie, and the onset and end of each."""

from __future__ import annotations

import numpy as np

from legsci.kernels.events import BEYOND_BAND, intervals_above, intervals_below, onset_of_departure
from legsci.mechanics.force.events import STILL_S, Score, weight_uncertainty
from legsci.mechanics.force.jump_checks import UNWEIGHTING_PART, check_weight
from legsci.mechanics.force.plates import LEAST_LOAD_N, GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.weighing import Weighing, standing_stretch
from legsci.mechanics.force.windows import Window
from legsci.quality import QualityFlag
from legsci.tasks import Task

#: An effort lasts while force is above the standing level by this part of the highest net force of the trial; our
#: choice. Efforts shorter than that are jerks at the bar, and closer together than that they are one [s].
EFFORT_PART, SHORTEST_EFFORT_S = 0.25, 0.5
#: Least net force of an effort, as a part of the standing level; our choice.
LEAST_EFFORT_PART = 0.2
#: Percentile of the loaded samples that is about the standing level: a tenth of a trial is spent standing.
STANDING_PERCENTILE = 10.0
#: The level before an effort is taken from the quietest stretch of so much time before it [s].
BEFORE_S = 3.0
#: A countermovement falls within so much time before the rise [s].
DIP_S = 0.5
#: Largest order of the course with which force departs in an effort, one less than in other movements
#: (`legsci.kernels.events.LARGEST_ORDER`): the command is sudden, a step and no ramp.
LARGEST_ORDER = 3
#: A rise beyond `BEYOND_BAND` times the band within so few samples has no course that could be followed: its onset is
#: the last sample within the band.
SUDDEN_SAMPLES = 3
#: Change of force by taking the slack out of bar and body that a trial may have before the effort [N] (Comfort et al.
#: 2019, Strength Cond J 41(2):57).
PRETENSION_N = 50.0


def _efforts(reaction: GroundReaction) -> tuple[np.ndarray, float]:
    """Return first sample and last + 1 of each effort (effort, 2), and the least net force that counts [N]."""
    force = reaction.force[0]
    loaded = force[force > LEAST_LOAD_N]
    if not loaded.size:
        return np.empty((0, 2), int), np.nan
    standing = float(np.percentile(loaded, STANDING_PERCENTILE))
    least, shortest = LEAST_EFFORT_PART * standing, max(int(SHORTEST_EFFORT_S * reaction.rate), 1)
    net = float(force.max()) - standing
    runs = intervals_above(force, standing + max(EFFORT_PART * net, least))
    parted = runs[1:, 0] - runs[:-1, 1] >= shortest
    first = runs[np.concatenate([[True], parted])[: len(runs)], 0]
    last = runs[np.concatenate([parted, [True]])[: len(runs)], 1]
    return np.column_stack([first, last])[last - first >= shortest], least


def pulls(reaction: GroundReaction) -> tuple[list[Window], list[QualityFlag]]:
    """One window per isometric effort, from the end of the effort before to its own end.

    An effort that the recording begins with has no onset and is no repetition.
    """
    efforts, least = _efforts(reaction)
    flags, windows, first = [], [], 0
    for start, last in efforts.tolist():
        if start == 0:
            flags.append(QualityFlag("clipped_start", detail="force is high at its first sample"))
        else:
            windows.append(Window(first, last))
        first = last
    if not windows and not flags:
        flags.append(QualityFlag("no_effort", value=SHORTEST_EFFORT_S, limit=least))
    return windows, flags


def _weight(reaction: GroundReaction, level: Weighing) -> tuple[np.ndarray, Weighing | None, list[QualityFlag]]:
    """Body weight (side) [N]: as known from elsewhere, else the level before the effort, which is then returned."""
    known = reaction.known_weight
    if known is None:
        detail = "the force before the effort, which includes any pre-tension"
        return level.body_weight, level, [QualityFlag("weighed_elsewhere", detail=detail)]
    above = float(level.body_weight[0]) - known.newtons
    allowed = PRETENSION_N + 2.0 * float(np.hypot(known.uncertainty, level.uncertainty))
    flags = [QualityFlag("pretension", value=above, limit=allowed)] if abs(above) > allowed else []
    return np.array([known.newtons, np.nan, np.nan]), None, flags


def _leaves(reaction: GroundReaction, profile: Profile, level: Weighing, stop: int) -> int:
    """Sample at which force leaves the profile's band above a level for good before its peak at `stop`."""
    still = max(int(STILL_S * reaction.rate), 1)
    band = abs(profile.movement_band(weighing_sd_n=level.sd))
    first = level.last - still
    within = intervals_below(reaction.force[0, first:stop], float(level.body_weight[0]) + band, still)
    return first + int(within[-1, 1])


def _level(reaction: GroundReaction, window: Window, profile: Profile, start: int) -> Weighing | None:
    """Level of force before an effort: its quietest stretch, and the stillness before that, as the profile weighs.

    None where there is no stretch of that length before the sample `start`, or where the person is not still.
    """
    first = max(window.first, start - int(BEFORE_S * reaction.rate))
    quiet = reaction.weigh(first=first, last=start, length_s=profile.weighing_length_s)
    if quiet is None or not quiet.still or profile.weighing != "standing":
        return quiet
    return standing_stretch(reaction.force, rate=reaction.rate, quiet=quiet, first=first, movement_start=quiet.last)


def _onset(reaction: GroundReaction, profile: Profile, level: Weighing, peak: int) -> tuple[float, list[QualityFlag]]:
    """Onset of the rise to an effort [samples], and a flag where force falls before it."""
    force, base = reaction.force[0], float(level.body_weight[0])
    leaves, onset, doubt = _leaves(reaction, profile, level, peak), np.nan, np.nan
    if profile.start_edge == "onset":
        band = abs(profile.movement_band(weighing_sd_n=level.sd))
        onset, doubt = onset_of_departure(force, level.first, leaves, peak, base, band, LARGEST_ORDER)
        if force[leaves : leaves + SUDDEN_SAMPLES].max() - base > BEYOND_BAND * band:
            onset, doubt = (leaves - 1.0, 1.0) if np.isnan(onset) else (onset, doubt)
    if np.isnan(onset):
        lead = profile.start_lead_s * reaction.rate
        onset, doubt = leaves - lead, lead
    before = force[max(leaves - int(DIP_S * reaction.rate), level.first) : leaves + 1]
    fall, allowed = base - float(before.min(initial=base)), UNWEIGHTING_PART * base
    flags = [QualityFlag("countermovement_before_effort", value=fall, limit=allowed)] if fall > allowed else []
    return max(float(onset - profile.start_shift * doubt), 0.0), flags


def score_pull(reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float) -> Score:
    """Level before an isometric effort, its onset and its end, under one profile.

    The onset is that of the start of a movement in the profile, upward from the level before the effort: where the
    course of force begins to leave it (`legsci.kernels.events.onset_of_departure`), or the profile's lead before the
    last sample within its band. Body weight is that of other trials or of the stated mass, since a person at the bar
    carries pre-tension.

    Parameters
    ----------
    reaction, window, task, profile, mass_kg : as `legsci.mechanics.force.events.score_repetition`.
    """
    total = reaction.force[0]
    start = next(int(first) for first, last in _efforts(reaction)[0] if last == window.last)
    peak = start + int(np.argmax(total[start : window.last]))
    level = _level(reaction, window, profile, start)
    offset = profile.offset_shift * reaction.zero_uncertainty
    if level is None or not level.still:
        detail = "none of that length before the effort" if level is None else f"force wanders by {level.wander:.1f} N"
        flag = QualityFlag("never_stood_still", detail=detail)
        return Score({}, np.full(3, np.nan), np.nan, np.nan, np.nan, offset, [flag])
    weight, weighed, flags = _weight(reaction, level)
    flags += check_weight(float(weight[0]), reaction, mass_kg)
    uncertainty = weight_uncertainty(reaction, weighed)
    onset, fell = _onset(reaction, profile, level, peak)
    if window.last == total.size:
        flags.append(QualityFlag("effort_cut_off"))
    return Score(
        events={
            "weighing_start": float(level.first),
            "weighing_end": float(level.last),
            "movement_start": onset,
            "movement_end": float(window.last - 1),
        },
        body_weight=weight - offset * (weighed is not None) + profile.body_weight_shift * uncertainty,
        weighing_sd=level.sd,
        body_weight_uncertainty=uncertainty,
        rest=float("nan"),
        offset=offset,
        flags=flags + fell,
    )
