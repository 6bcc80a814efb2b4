"""Squats: a set cut into repetitions by the height of the pelvis, or without markers of the centre of mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from legsci.kernels.events import intervals_below
from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.force.events import Score, weight_uncertainty
from legsci.mechanics.force.jump_checks import check_weight
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.profiles import Profile
from legsci.mechanics.force.weighing import Weighing
from legsci.mechanics.force.windows import Window
from legsci.mechanics.kinetics.movement import FRAME_COORDS, Movement
from legsci.mechanics.motion.kinematics import Array
from legsci.quality import QualityFlag
from legsci.tasks import Task
from legsci.vocabulary import STANDARD_GRAVITY

#: A squat sinks at least this far [m], and this part of the deepest of its set; less is sway or a shift of the feet.
LEAST_DEPTH_M = 0.10
DEPTH_PART = 0.4
#: Percentile of the height that is taken for standing [%].
STANDING_PERCENTILE = 90.0
#: A phase is seen while it is faster than this part of its highest speed, and than sway and noise [m/s]; what is slower
#: before or after it is the end of a smooth movement, or settling and sway, which are no part of it.
SEEN_PART, SLOW_M_PER_S = 0.04, 0.02
#: Cut-off of the low-pass filter of the height before its speed is taken [Hz]: a squat lasts a second, and noise of
#: 1 mm at 200 Hz is a speed of 0.14 m/s.
SPEED_HZ = 10.0
#: A border lies at most so many times as far from where a phase is first seen as from there to four times that speed.
TAIL_FACTOR = 4.0
#: Power of time with which speed rises from rest and falls to it: what is expected, and its standard deviation (2: at
#: constant jerk; a cosine has 1, the smoothest phases of virtual squats about 5); error of fitted speed, in its part.
#: The records decide: what is expected only keeps the fit from running away.
EXPECTED_POWER, POWER_SD, SPEED_PART = 3.0, 14.0, 0.05
#: Standard uncertainty of that power at a border; ours, from squats of both simulators.
BORDER_POWER = 0.65
#: Borders of a squat, in order of time.
BORDERS = ("eccentric_start", "eccentric_end", "bottom", "concentric_start", "concentric_end")
#: A gap in the height up to this long is bridged [s].
LONGEST_GAP_S = 0.5


@dataclass(frozen=True)
class Descent(Window):
    """A squat; positions in samples of the reaction.

    Parameters
    ----------
    eccentric_start, eccentric_end, bottom, concentric_start, concentric_end : of the eccentric phase, the lowest point
        and the concentric phase.
    set_start : start of the first eccentric phase of the set; before it the person is weighed.
    uncertainty : standard uncertainty of the first five; 0 of the lowest point.
    """

    eccentric_start: float = np.nan
    eccentric_end: float = np.nan
    bottom: float = np.nan
    concentric_start: float = np.nan
    concentric_end: float = np.nan
    set_start: float = np.nan
    uncertainty: tuple[float, ...] = (0.0,) * 5

    def borders(self, start_shift: float, end_shift: float) -> dict[str, float]:
        """Borders by name [samples], starts of phases earlier and ends later by so many standard uncertainties."""
        shifts = (-start_shift, end_shift, 0.0, -start_shift, end_shift)
        return {
            name: getattr(self, name) + shift * doubt
            for name, shift, doubt in zip(BORDERS, shifts, self.uncertainty, strict=True)
        }


def unloaded_ground_reaction(movement: Movement) -> GroundReaction:
    """Ground reaction of a trial without plates, at the rate of the markers: all NaN."""
    nothing = np.full((3, movement.time.size), np.nan)
    return GroundReaction(
        nothing, movement.rate_hz, np.empty((0, 2), dtype=np.int64), float("nan"), plates=(), zero_uncertainty=0.0
    )


def squats(reaction: GroundReaction, movement: Movement | None) -> tuple[list[Window], list[QualityFlag]]:
    """Cut a recording into squats.

    Parameters
    ----------
    reaction : ground reaction of the trial, at whose samples the positions lie; its recording starts at 0 s.
    movement : movement of the trial, for the height of its pelvis; None or without a pelvis: the height of the centre
        of mass, by integrating force less weight twice between two rests at one height.

    Returns
    -------
    windows : one Descent per squat, in order of time.
    flags : what was assumed, or that there is no squat.
    """
    flags: list[QualityFlag] = []
    height, rate, start_s = _pelvis_height(movement), reaction.rate, 0.0
    if height is not None and movement is not None:
        rate, start_s = movement.rate_hz, float(movement.time[0])
    else:
        flags.append(QualityFlag("height_from_force"))
        height = _height_from_force(reaction)
    found, doubt = (np.empty((0, 5)),) * 2 if height is None else descents(height, rate)
    if not len(found):
        return [], [*flags, QualityFlag("no_descent", signal="pelvis", limit=LEAST_DEPTH_M)]
    moments, doubt = (found / rate + start_s) * reaction.rate, doubt / rate * reaction.rate
    set_start = float(moments[0, 0])
    ends = [0.0, *(0.5 * (moments[:-1, 4] + moments[1:, 0])), float(reaction.force.shape[1])]
    windows: list[Window] = [
        Descent(
            int(ends[k]),
            int(ends[k + 1]),
            **dict(zip(BORDERS, borders.tolist(), strict=True)),
            set_start=set_start,
            uncertainty=tuple(doubt[k].tolist()),
        )
        for k, borders in enumerate(moments)
    ]
    return windows, flags


def descents(height: Array, rate: float) -> tuple[Array, Array]:
    """Find squats in a height.

    Parameters
    ----------
    height : (sample,) of pelvis or centre of mass, without gaps [m].
    rate : [Hz].

    Returns
    -------
    borders : (squat, 5) start and end of the eccentric phase, lowest point, start and end of the concentric phase
        [samples], found from the speed, see `_phase`. The lowest point is midway between the two phases, where they end
        and start if there is no pause. A squat that the recording cuts off is left out.
    uncertainty : (squat, 5) their standard uncertainties [samples]; 0 of the lowest point.
    """
    if rate > 4.0 * SPEED_HZ:
        height = butterworth_lowpass(height[None], sampling_rate_hz=rate, cutoff_hz=SPEED_HZ)[0]
    speed = np.gradient(height) * rate
    standing = float(np.percentile(height, STANDING_PERCENTILE))
    limit = standing - max(LEAST_DEPTH_M, DEPTH_PART * (standing - float(height.min())))
    runs = intervals_below(height, limit)
    bounds = [0, *(int(run[1]) for run in runs[:-1])], [*(int(run[0]) for run in runs[1:]), height.size]
    borders, doubts = [], []
    for (first, stop), before, after in zip(runs, *bounds, strict=False):
        lowest = int(first) + int(np.argmin(height[first:stop]))
        if lowest in (0, height.size - 1):
            continue
        down = before + int(np.argmin(speed[before : lowest + 1]))
        up = lowest + int(np.argmax(speed[lowest:after]))
        (start, end), of_lowering = _phase(-speed, down, (before, up))
        (rises, stands), of_lifting = _phase(speed, up, (down, after))
        bottom = 0.5 * (end + rises)
        moments = (start, min(end, bottom), bottom, max(rises, bottom), stands)
        if np.isfinite(moments).all():
            borders.append(moments)
            doubts.append((*of_lowering, 0.0, *of_lifting))
    return np.array(borders).reshape(-1, 5), np.array(doubts).reshape(-1, 5)


def _phase(speed: Array, fastest: int, limits: tuple[int, int]) -> tuple[Array, Array]:
    """Rest before and after a phase of a squat (2,) [samples]; NaN where the recording begins or ends within it.

    The course of speed from rest to rest is a density of the beta family over the time between, fitted where the phase
    is seen (`SEEN_PART`) to the logarithm of speed::

        v(t) ~ (t - start)^p (end - t)^q

    A start may be as smooth as it likes, and noise averages out over the phase; creeping before and after it has no
    part in it. Movements from rest to rest at least jerk have p = q = 2 (Flash & Hogan 1985, J Neurosci 5:1688).

    Parameters
    ----------
    speed : (sample,) in the direction of the phase [m/s].
    fastest : sample of highest speed.
    limits : of the search, first and last [samples].

    Returns
    -------
    borders : (2,) [samples].
    uncertainty : (2,) their standard uncertainties [samples]: with v ~ (t - start)^p the start lies p v / (dv/dt)
        before a point of the curve, which `BORDER_POWER` makes uncertain: the slower speed rises, the more.
    """
    limit = max(SEEN_PART * speed[fastest], SLOW_M_PER_S)
    seen, faster = (np.array([_falls_to(speed, fastest, way, part * limit) for way in (-1, 1)]) for part in (1.0, 4.0))
    if not np.isfinite(seen).all():
        return np.full(2, np.nan), np.full(2, np.nan)
    beyond, power = _beta_ends(speed, seen)
    found = seen + beyond
    furthest = seen + TAIL_FACTOR * (seen - np.where(np.isfinite(faster), faster, float(fastest)))
    first, last = max(furthest[0], float(limits[0])), min(furthest[1], float(limits[1]))
    return np.array([max(found[0], first), min(found[1], last)]), BORDER_POWER * np.abs(beyond) / power


def _beta_ends(speed: Array, seen: Array) -> tuple[Array, Array]:
    """How far before and after the stretch `seen` (2,) [samples] speed is 0, (2,) [samples], and its powers p, q."""
    inside = np.arange(np.ceil(seen[0]), np.floor(seen[1]) + 1.0)
    length = seen[1] - seen[0]
    after, before = (inside - seen[0]) / length, (seen[1] - inside) / length
    curve = np.log(np.maximum(speed[inside.astype(int)], 1e-9))
    weight = 1.0 / (SPEED_PART * inside.size**0.5)

    def departures(x: Array) -> Array:
        """Of fitted from recorded speed, and of the powers from those that are expected."""
        margins = np.exp(x[:2])
        fitted = x[2] + x[3] * np.log(after + margins[0]) + x[4] * np.log(before + margins[1])
        return np.concatenate([weight * (curve - fitted), (x[3:] - EXPECTED_POWER) / POWER_SD])

    def slopes(x: Array) -> Array:
        """Derivatives of the departures by x."""
        margins, answer = np.exp(x[:2]), np.zeros((inside.size + 2, x.size))
        for column, (distance, margin) in enumerate(zip((after, before), margins, strict=True)):
            answer[:-2, column] = -weight * x[3 + column] * margin / (distance + margin)
            answer[:-2, 3 + column] = -weight * np.log(distance + margin)
        answer[:-2, 2] = -weight
        answer[[-2, -1], [3, 4]] = 1.0 / POWER_SD
        return answer

    start = np.array([np.log(0.1), np.log(0.1), curve.max() + 2.0 * np.log(4.0), 2.0, 2.0])
    fitted = least_squares(departures, start, slopes, method="trf", max_nfev=100).x
    return np.array([-1.0, 1.0]) * length * np.exp(fitted[:2]), np.maximum(fitted[3:], 1.0)


def _falls_to(speed: Array, fastest: int, step: int, limit: float) -> float:
    """Position at which speed falls to a limit, walking from the fastest sample; NaN where it never does."""
    index = fastest
    while 0 <= index + step < speed.size and speed[index] > limit:
        index += step
    if speed[index] > limit or index == fastest:
        return float("nan")
    here, before = speed[index], speed[index - step]
    return index - step * float((limit - here) / (before - here))


def _pelvis_height(movement: Movement | None) -> Array | None:
    """Height of the pelvis (frame,) [m], short gaps bridged; None where it is not known throughout."""
    if movement is None:
        return None
    height = movement.signals["pelvis_position"][FRAME_COORDS["axis"].index("y")]
    missing = np.isnan(height)
    gaps = intervals_below(-missing.astype(float), -0.5)
    # At its ends a recording may lack the pelvis for longer: only standing is bridged there.
    inside = [stop - first for first, stop in gaps if first > 0 and stop < height.size]
    if missing.all() or max(inside, default=0) > LONGEST_GAP_S * movement.rate_hz:
        return None
    frames = np.arange(height.size)
    return np.interp(frames, frames[~missing], height[~missing])


def _height_from_force(reaction: GroundReaction) -> Array | None:
    """Height of the centre of mass (sample,) above its start [m]; None without quiet standing at both ends."""
    total, half = reaction.force[0], reaction.force.shape[1] // 2
    if not reaction.plates:
        return None
    rests = [reaction.weigh(first=first, last=last, length_s=0.5) for first, last in ((0, half), (half, total.size))]
    before, after = rests
    if before is None or after is None or not (before.still and after.still):
        return None
    weight = 0.5 * float(before.body_weight[0] + after.body_weight[0])
    ends = 0.5 * (before.first + before.last), 0.5 * (after.first + after.last)
    speed = _settled(_integrated((total - weight) * STANDARD_GRAVITY / weight, reaction.rate), ends)
    return _settled(_integrated(speed, reaction.rate), ends)


def _integrated(samples: Array, rate: float) -> Array:
    """Integral from the first sample by the trapezoid rule."""
    return np.concatenate([[0.0], np.cumsum(0.5 * (samples[1:] + samples[:-1]))]) / rate


def _settled(samples: Array, ends: tuple[float, float]) -> Array:
    """Samples less the straight line through their values at two rests, held outside of them."""
    position = np.arange(samples.size)
    values = np.interp(ends, position, samples)
    return np.asarray(samples - np.interp(position, ends, values))


def score_squat(reaction: GroundReaction, window: Window, *, task: Task, profile: Profile, mass_kg: float) -> Score:
    """Events and body weight of a squat; profiles differ in how they weigh only.

    Parameters
    ----------
    reaction, window, task, profile, mass_kg : as `events.score_repetition`; the window is a Descent.
    """
    assert isinstance(window, Descent), "squats are cut by `squats`"
    weighing, flags = _weighing(reaction, window, profile)
    uncertainty = weight_uncertainty(reaction, weighing) if reaction.plates else float("nan")
    offset = profile.offset_shift * reaction.zero_uncertainty
    weight = np.full(3, np.nan) if weighing is None else weighing.body_weight
    if weighing is None and reaction.plates and reaction.known_weight is not None:
        weight = np.array([reaction.known_weight.newtons, np.nan, np.nan])
        flags = [QualityFlag("weighed_elsewhere", detail=reaction.known_weight.source)]
    if weighing is not None and window.eccentric_start == window.set_start:
        flags += check_weight(float(weight[0]), reaction, mass_kg)
    borders = window.borders(profile.start_shift, profile.end_shift)
    length = window.concentric_end - window.eccentric_start
    recorded = min(window.concentric_end, reaction.force.shape[1] - 1.0) - max(window.eccentric_start, 0.0)
    if reaction.plates and recorded < length:
        flags.append(QualityFlag("force_ends_early", value=100.0 * max(recorded, 0.0) / length))
    events = {
        "movement_start": borders["eccentric_start"],
        "eccentric_end": borders["eccentric_end"],
        "bottom": borders["bottom"],
        "propulsion_start": borders["concentric_start"],
        "movement_end": borders["concentric_end"],
    }
    if weighing is not None and window.eccentric_start == window.set_start:
        events |= {"weighing_start": float(weighing.first), "weighing_end": float(weighing.last)}
    return Score(
        events=events,
        body_weight=weight - offset * (weighing is not None) + profile.body_weight_shift * uncertainty,
        weighing_sd=weighing.sd if weighing is not None else float("nan"),
        body_weight_uncertainty=uncertainty,
        rest=float(round(window.eccentric_start)) if np.isfinite(weight[0]) else float("nan"),
        offset=offset,
        flags=flags,
    )


def _weighing(reaction: GroundReaction, window: Descent, profile: Profile) -> tuple[Weighing | None, list[QualityFlag]]:
    """Weigh before the first squat of the set."""
    if not reaction.plates:
        return None, []
    quietest = profile.weighing != "first"
    found = reaction.weigh(first=0, last=int(window.set_start), length_s=profile.weighing_length_s, quietest=quietest)
    if found is not None and found.still:
        return found, []
    return None, [QualityFlag("never_stood_still", detail="before the first squat")]
