"""Quiet standing, squats with their depth and tempo, and isometric pulls at a bar that does not move."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.curves import Change, Path, Target, find_path, move_changes, rest_at
from legsci.simulate.athlete.plan import Array, Plan, Technique, Timeline, Truth
from legsci.simulate.athlete.stance import STANDING_PRESSURE_M, Curves, plan_both_legs, standing_height, trial_time
from legsci.vocabulary import STANDARD_GRAVITY

#: Largest acceleration of a move from rest to rest (`move_changes`), per way and per square of its time.
LARGEST_ACCELERATION = 10.99
#: Part of gravity that slows a lift at most: with more the person would leave the ground.
MOST_SLOWING_PART = 0.9
#: Time to the peak of a critically damped twitch (Milner-Brown et al. 1973, J Physiol 228:285), and time over which the
#: motor units are recruited in a sudden effort [s]; our choice for the whole leg.
TWITCH_S, RECRUITMENT_S = 0.04, 0.03
#: How much lower than standing the centre of mass is held [m]; standing before the pull in parts of `quiet_s`.
HELD_M, BEFORE = 0.10, 2.0


def shortest_concentric_s(depth_m: float) -> float:
    """Return the time in which the centre of mass can be lifted by a depth [m] with the feet on the ground [s]."""
    return math.sqrt(LARGEST_ACCELERATION * depth_m / (MOST_SLOWING_PART * STANDARD_GRAVITY))


def plan_standing(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Quiet standing for three times `quiet_s`."""
    time = trial_time(3.0 * technique.quiet_s, rate_hz)
    path = Path(0.0, standing_height(body, technique), 0.0, 0.0, ())
    timeline = Timeline("standing", time, rate_hz, [], {})
    curves = _curves(time, technique, path)
    return plan_both_legs(body, technique, timeline, height=path, curves=curves, flights=[], truth={})


def plan_squat(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """A set of squats, one per entry of `depth_scale_per_rep`: lower, hold, lift, rest.

    The concentric phase takes from `concentric_s` in the first squat to (1 + `slowing_per_rep`) times that in the last,
    growing with the square of the rep's number, as the last squats slow most.
    """
    standing = standing_height(body, technique)
    depths = np.asarray(technique.depth_scale_per_rep, dtype=float) * technique.depth_m
    progress = np.linspace(0.0, 1.0, depths.size) if depths.size > 1 else np.zeros(1)
    concentric = technique.concentric_s * (1.0 + technique.slowing_per_rep * progress**2)
    changes: list[Change] = []
    targets: list[Target] = []
    events: dict[str, list[float]] = {name: [] for name in ("rep_start", "bottom_start", "bottom_end", "rep_end")}
    start = technique.quiet_s
    for depth, lift in zip(depths, concentric, strict=True):
        down = start + technique.eccentric_s
        up = down + technique.pause_s
        end = up + float(lift)
        changes += [*move_changes(start, technique.eccentric_s), *move_changes(up, float(lift))]
        targets += [rest_at(down, standing - float(depth)), rest_at(end, standing)]
        for name, moment in zip(events, (start, down, up, end), strict=True):
            events[name].append(moment)
        start = end + technique.rest_between_s
    path = find_path(Path(0.0, standing, 0.0, 0.0, tuple(changes)), targets)
    time = trial_time(events["rep_end"][-1] + technique.quiet_s, rate_hz)
    movements = list(zip(events["rep_start"], events["rep_end"], strict=True))
    timeline = Timeline("squat", time, rate_hz, movements, events)
    truth: Truth = {
        "depth_m": [float(depth) for depth in depths],
        "eccentric_time_s": [technique.eccentric_s] * depths.size,
        "pause_time_s": [technique.pause_s] * depths.size,
        "concentric_time_s": [float(lift) for lift in concentric],
    }
    curves = _curves(time, technique, path)
    return plan_both_legs(body, technique, timeline, height=path, curves=curves, flights=[], truth=truth)


def rise_of_force(since: Array) -> Array:
    """Part of the force of a sudden effort at times since its onset (n,) [s]: 0 before, 1 at last.

    The step response of a critically damped twitch, 1 - (1 + t/T) exp(-t/T), averaged over motor units that are
    recruited evenly over RECRUITMENT_S.
    """
    return (_area(since) - _area(since - RECRUITMENT_S)) / RECRUITMENT_S


def _area(since: Array) -> Array:
    """Integral of the step response from its beginning (n,) [s]."""
    after = np.maximum(since, 0.0)
    return after - 2.0 * TWITCH_S + (after + 2.0 * TWITCH_S) * np.exp(-after / TWITCH_S)


def plan_isometric_pull(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Hold the posture, pull by `pull_n` for `pull_s`, let go, hold: `pretension_n` is pulled all the time."""
    onset = BEFORE * technique.quiet_s
    release = onset + technique.pull_s
    time = trial_time(release + technique.quiet_s, rate_hz)
    path = Path(0.0, standing_height(body, technique) - HELD_M, 0.0, 0.0, ())
    timeline = Timeline("isometric_pull", time, rate_hz, [], {"movement_start": [onset], "release": [release]})
    truth: Truth = {"pull_n": technique.pull_n, "pretension_n": technique.pretension_n}
    curves = _curves(time, technique, path)
    plan = plan_both_legs(body, technique, timeline, height=path, curves=curves, flights=[], truth=truth)
    pulled = technique.pull_n * (rise_of_force(time - onset) - rise_of_force(time - release))
    return replace(plan, bar=technique.pretension_n + pulled)


def _curves(time: Array, technique: Technique, path: Path) -> Curves:
    """Valgus and pelvic drop grow with depth, the lumbar spine bends near the bottom; the feet stay flat."""
    nothing = np.zeros(time.size)
    deep = (path.position - path.at(time)[0]) / technique.depth_m
    return Curves(
        lumbar=technique.lumbar_flexion_deg * deep**2,
        drop=technique.pelvic_drop_deg * deep,
        effort=deep,
        heel_rise=nothing,
        lift=nothing,
        forward=nothing,
        ground=nothing,
        pressure=np.full(time.size, STANDING_PRESSURE_M),
    )
