"""Jumps from both feet: countermovement jump, squat jump, drop jump, repeated hops."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.curves import Change, Path, Target, find_path, move_changes, ramp, rest_at
from legsci.simulate.athlete.plan import Array, Plan, Technique, Timeline, Truth
from legsci.simulate.athlete.stance import (
    FOREFOOT_M,
    STANDING_LEAN_DEG,
    STANDING_PRESSURE_M,
    STRETCH_M,
    STRETCHED_HEEL_DEG,
    STRETCHED_KNEE_DEG,
    ZERO_FORCE_CORNER_S,
    Curves,
    com_height,
    eccentric_changes,
    lift,
    plan_both_legs,
    plan_push_off,
    standing_height,
    trial_time,
)
from legsci.vocabulary import STANDARD_GRAVITY as G

#: Fall of the force to zero before take-off, and its rise after landing [s].
_RELEASE_S, _IMPACT_S = 0.06, 0.05
#: Rise of the force of a squat jump; from standing on a box to free fall [s]; distance of the landing from the box [m].
_GROW_S, _LET_GO_S, _FORWARD_M = 0.12, 0.12, 0.22
#: Dropping off a box: time of tilting forward [s], how far the knees lower the body meanwhile, and how much lower than
#: at take-off the centre of mass is at touchdown [m].
_TOPPLE_S, _BENT_M, _SOFT_M = 0.8, 0.07, 0.05
#: Rise to standing after a landing [s].
_RISE_S = 1.0

#: Take-off velocity and contact time of hop after hop, as parts of those of the technique: athletes vary them.
_VELOCITY_PARTS = (0.90, 0.95, 1.0, 1.04, 0.98, 1.02, 0.96, 1.05, 1.0, 0.93)
_CONTACT_PARTS = (1.10, 1.05, 0.98, 0.95, 1.0, 1.03, 0.96, 1.0, 0.94, 1.06)


@dataclass(frozen=True)
class _Flight:
    """Times of take-off and landing [s], and heights of the centre of mass above the ground then [m].

    `landing_velocity` is negative, `velocity` that of the take-off [m/s].
    """

    takeoff: float
    landing: float
    takeoff_height: float
    landing_height: float
    landing_velocity: float
    velocity: float


def _flight_of(body: Body, technique: Technique, takeoff: float) -> _Flight:
    """Ballistic flight from take-off to landing with the centre of mass `landing_drop_m` lower."""
    stretched = com_height(
        body, technique, knee_deg=STRETCHED_KNEE_DEG, lean_deg=STANDING_LEAN_DEG, heel_rise_deg=STRETCHED_HEEL_DEG
    )
    height = stretched - STRETCH_M
    velocity = technique.takeoff_velocity_m_per_s
    landing_velocity = -sqrt(velocity**2 + 2.0 * G * technique.landing_drop_m)
    landing = takeoff + (velocity - landing_velocity) / G
    return _Flight(takeoff, landing, height, height - technique.landing_drop_m, landing_velocity, velocity)


def _landing_path(path: Path, flight: _Flight, technique: Technique, standing: float) -> tuple[Path, float, float]:
    """Continue a path that ends in flight: landing, lowest point, standing; and the times of the last two [s]."""
    absorb = max(-2.5 * technique.landing_depth_m / flight.landing_velocity, 2.0 * _IMPACT_S)
    lowest = flight.landing + absorb
    end = lowest + _RISE_S
    depth = flight.landing_height - technique.landing_depth_m
    changes = (
        Change(flight.landing, _IMPACT_S, None, ZERO_FORCE_CORNER_S),
        Change(flight.landing + 0.7 * _IMPACT_S, 0.6 * absorb),
        Change(lowest - 0.5 * absorb, 0.5 * absorb),
        *move_changes(lowest, _RISE_S),
    )
    extended = Path(path.start, path.position, path.velocity, path.acceleration, path.changes + changes)
    targets = [
        Target(lowest, position=depth, velocity=0.0, acceleration=8.0 * (standing - depth) / _RISE_S**2),
        rest_at(end, standing),
    ]
    return find_path(extended, targets), lowest, end


def _heel_rise(time: Array, takeoff: float, landing: float) -> Array:
    """Pitch of the feet through take-off, flight and landing toes first [deg]."""
    return STRETCHED_HEEL_DEG * (ramp(time, takeoff - 0.18, 0.24) - ramp(time, landing - 0.06, 0.21))


@dataclass(frozen=True)
class _Preparation:
    """What happens before the push-off: the trunk sinks until the bottom; a fall from a box, if any.

    Parameters
    ----------
    sinks, bottom : when the trunk begins to sink, and when it is lowest [s].
    begins : end of standing for the jump [s].
    earlier : (start, end) of movements before that [s].
    left, touchdown : start and end of a fall from a box [s].
    box : its height [m].
    speed : of the fall at touchdown [m/s].
    forward : how far in front of the box one lands [m].
    held_until : end of a pause at the bottom, where there is one [s].
    """

    sinks: float
    bottom: float
    begins: float
    earlier: tuple[tuple[float, float], ...] = ()
    left: float = 0.0
    touchdown: float = 0.0
    box: float = 0.0
    speed: float = 0.0
    forward: float = 0.0
    held_until: float | None = None

    def feet(self, time: Array) -> tuple[Array, Array, Array, Array, list[tuple[float, float]]]:
        """Forward shift of the feet, ground, lift of the toes over it [m] and heel rise [deg] (n,), and the flights."""
        nothing = np.zeros(time.size)
        if self.box == 0.0:
            return nothing, nothing, nothing, nothing, []
        fall = self.touchdown - self.left
        forward = self.forward * ramp(time, self.left, fall)
        ground = np.where(time < 0.5 * (self.left + self.touchdown), self.box, 0.0)
        toes = self.box + lift(time, self.left, self.touchdown, self.speed, self.box) - ground
        heels = STRETCHED_HEEL_DEG * (ramp(time, self.left, fall - 0.03) - ramp(time, self.touchdown - 0.03, 0.15))
        return forward, ground, toes, heels, [(self.left, self.touchdown)]


@dataclass(frozen=True)
class _PushOff:
    """A jump up to its take-off.

    Parameters
    ----------
    task : key of TASKS.
    path : height of the centre of mass until take-off.
    preparation : what happens before the push-off.
    flight : what follows it.
    events, truth : name -> times [s], and values that were put in, as far as take-off.
    """

    task: str
    path: Path
    preparation: _Preparation
    flight: _Flight
    events: dict[str, list[float]]
    truth: Truth


def _complete_jump(body: Body, technique: Technique, rate_hz: float, jump: _PushOff) -> Plan:
    """Add flight, landing and standing to a jump up to its take-off, and the curves of the rest of the body."""
    before, flight = jump.preparation, jump.flight
    path, landing_bottom, end = _landing_path(jump.path, flight, technique, standing_height(body, technique))
    takeoff, landing = flight.takeoff, flight.landing
    time = trial_time(end + technique.quiet_s, rate_hz)
    forward, ground, toes, heels, falls = before.feet(time)
    sunk = ramp(time, before.sinks, before.bottom - before.sinks)
    rises = before.bottom if before.held_until is None else before.held_until
    deep = sunk - ramp(time, rises, 1.05 * (takeoff - rises))
    landed = ramp(time, landing - 0.05, landing_bottom - landing + 0.15)
    soft = landed - ramp(time, landing_bottom + 0.1, 0.85 * _RISE_S)
    forefoot = body.toe[0, 0] - FOREFOOT_M - STANDING_PRESSURE_M
    curves = Curves(
        lumbar=technique.lumbar_flexion_deg * (deep + 0.5 * soft),
        drop=technique.pelvic_drop_deg * (deep + soft),
        effort=0.9 * deep + soft,
        heel_rise=heels + _heel_rise(time, takeoff, landing),
        lift=toes + lift(time, takeoff, landing, technique.takeoff_velocity_m_per_s, 0.0),
        forward=forward,
        ground=ground,
        pressure=STANDING_PRESSURE_M + forefoot * (ramp(time, takeoff - 0.25, 0.2) - ramp(time, landing, 0.12)),
    )
    velocity = technique.takeoff_velocity_m_per_s
    truth: Truth = {
        "takeoff_velocity_m_per_s": velocity,
        "jump_height_m": velocity**2 / (2.0 * G),
        "flight_time_s": landing - takeoff,
        "landing_depth_m": technique.landing_depth_m,
    }
    events = jump.events | {"takeoff": [takeoff], "landing": [landing], "landing_bottom": [landing_bottom]}
    timeline = Timeline(jump.task, time, rate_hz, [*before.earlier, (before.begins, end)], events)
    flights = [*falls, (takeoff, landing)]
    return plan_both_legs(
        body, technique, timeline, height=path, curves=curves, flights=flights, truth=truth | jump.truth
    )


def plan_countermovement_jump(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Countermovement jump: stand, sink by `depth_m` in `eccentric_s`, jump, land, stand.

    Force is constant from the lowest point until it falls before take-off.
    """
    start, lower = technique.quiet_s, technique.eccentric_s
    bottom = start + lower
    standing = standing_height(body, technique)
    rise = _flight_of(body, technique, 0.0).takeoff_height - standing + technique.depth_m
    push, level = plan_push_off(rise, technique.takeoff_velocity_m_per_s, 1e-6, _RELEASE_S)
    flight = _flight_of(body, technique, bottom + push)
    changes = (
        *eccentric_changes(start, lower, standing, technique.depth_m, level),
        Change(flight.takeoff - _RELEASE_S, _RELEASE_S, -G - level, ZERO_FORCE_CORNER_S),
    )
    path = Path(0.0, standing, 0.0, 0.0, changes)
    events = {"movement_start": [start], "bottom": [bottom]}
    truth: Truth = {"depth_m": technique.depth_m, "time_to_takeoff_s": flight.takeoff - start}
    jump = _PushOff("countermovement_jump", path, _Preparation(start, bottom, start), flight, events, truth)
    return _complete_jump(body, technique, rate_hz, jump)


def plan_squat_jump(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Squat jump: stand, sink by `depth_m`, hold for `quiet_s`, jump without a countermovement, land, stand."""
    start = 0.5 * technique.quiet_s
    held = start + max(technique.eccentric_s, 0.8)
    begin = held + technique.quiet_s
    standing = standing_height(body, technique)
    bottom = standing - technique.depth_m
    rise = _flight_of(body, technique, 0.0).takeoff_height - bottom
    push, level = plan_push_off(rise, technique.takeoff_velocity_m_per_s, _GROW_S, _RELEASE_S)
    flight = _flight_of(body, technique, begin + push)
    changes = (
        *move_changes(start, held - start),
        Change(begin, _GROW_S, level),
        Change(flight.takeoff - _RELEASE_S, _RELEASE_S, -G - level, ZERO_FORCE_CORNER_S),
    )
    path = find_path(Path(0.0, standing, 0.0, 0.0, changes), [rest_at(held, bottom)])
    preparation = _Preparation(start, held, begin, ((start, held),), held_until=begin)
    events = {"sinking": [start], "held": [held], "movement_start": [begin]}
    truth: Truth = {"depth_m": technique.depth_m, "time_to_takeoff_s": flight.takeoff - begin}
    return _complete_jump(body, technique, rate_hz, _PushOff("squat_jump", path, preparation, flight, events, truth))


def plan_drop_jump(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Drop jump: stand on a box, drop off it forward with both feet, rebound within `contact_time_s`, land, stand."""
    box, velocity = technique.drop_height_m, technique.takeoff_velocity_m_per_s
    standing = standing_height(body, technique)
    begin = technique.quiet_s + _TOPPLE_S
    left = begin + _LET_GO_S
    touch_height = _flight_of(body, technique, 0.0).takeoff_height - _SOFT_M
    bent = find_path(
        Path(0.0, box + standing, 0.0, 0.0, move_changes(technique.quiet_s, _TOPPLE_S)),
        [rest_at(begin, box + standing - _BENT_M)],
    )
    fall = replace(bent, changes=(*bent.changes, Change(begin, _LET_GO_S, -G, ZERO_FORCE_CORNER_S)))
    height, speed, _ = (float(values[0]) for values in fall.at(np.array([left])))
    impact = -sqrt(speed**2 + 2.0 * G * (height - touch_height))
    touchdown = left + (speed - impact) / G
    flight = _flight_of(body, technique, touchdown + technique.contact_time_s)
    contact = technique.contact_time_s
    changes = (
        *fall.changes,
        Change(touchdown, 0.15 * contact, None, ZERO_FORCE_CORNER_S),
        Change(touchdown + 0.15 * contact, 0.85 * contact - _RELEASE_S),
        Change(flight.takeoff - _RELEASE_S, _RELEASE_S, None, ZERO_FORCE_CORNER_S),
    )
    target = Target(flight.takeoff, position=flight.takeoff_height, velocity=velocity, acceleration=-G)
    path = find_path(Path(0.0, box + standing, 0.0, 0.0, changes), [target])
    fine = np.linspace(touchdown, flight.takeoff, 2001)
    heights = path.at(fine)[0]
    bottom = float(fine[np.argmin(heights)])
    preparation = _Preparation(touchdown, bottom, technique.quiet_s, (), left, touchdown, box, -impact, _FORWARD_M)
    events = {
        "movement_start": [technique.quiet_s], "box_left": [left], "touchdown": [touchdown], "bottom": [bottom],
    }  # fmt: skip
    truth: Truth = {
        "contact_time_s": contact,
        "fall_height_m": impact**2 / (2.0 * G),
        "depth_m": touch_height - float(heights.min()),
    }
    return _complete_jump(body, technique, rate_hz, _PushOff("drop_jump", path, preparation, flight, events, truth))


def plan_repeated_hops(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Repeated hops: stand, countermovement, `steps` hops of about `contact_time_s`, land, stand.

    The n-th hop leaves the ground with the n-th of _VELOCITY_PARTS, which start again after the last, of
    `takeoff_velocity_m_per_s`; so do contact times. The centre of mass is _SOFT_M lower at each touchdown than at the
    take-off before.
    """
    start, bottom = technique.quiet_s, technique.quiet_s + technique.eccentric_s
    standing, count = standing_height(body, technique), technique.steps
    velocities = [technique.takeoff_velocity_m_per_s * _VELOCITY_PARTS[hop % 10] for hop in range(count)]
    contacts = [technique.contact_time_s * _CONTACT_PARTS[hop % 10] for hop in range(count)]
    soft = replace(technique, landing_drop_m=_SOFT_M)
    rise = _flight_of(body, technique, 0.0).takeoff_height - standing + technique.depth_m
    push, level = plan_push_off(rise, technique.takeoff_velocity_m_per_s, 1e-6, _RELEASE_S)
    flight = _flight_of(body, soft if count else technique, bottom + push)
    changes: tuple[Change, ...] = (
        *eccentric_changes(start, technique.eccentric_s, standing, technique.depth_m, level),
        Change(flight.takeoff - _RELEASE_S, _RELEASE_S, -G - level, ZERO_FORCE_CORNER_S),
    )
    path, flights = Path(0.0, standing, 0.0, 0.0, changes), [flight]
    for hop, (velocity, contact) in enumerate(zip(velocities, contacts, strict=True)):
        takeoff = flight.landing + contact
        after = replace(technique if hop + 1 == count else soft, takeoff_velocity_m_per_s=velocity)
        following = _flight_of(body, after, takeoff)
        changes = (
            *path.changes,
            Change(flight.landing, 0.3 * contact, None, ZERO_FORCE_CORNER_S),
            Change(flight.landing + 0.3 * contact, 0.7 * contact - _RELEASE_S),
            Change(takeoff - _RELEASE_S, _RELEASE_S, None, ZERO_FORCE_CORNER_S),
        )
        target = Target(takeoff, position=following.takeoff_height, velocity=velocity, acceleration=-G)
        path = find_path(replace(path, changes=changes), [target])
        flight = following
        flights.append(flight)
    path, landing_bottom, end = _landing_path(path, flight, technique, standing)
    time = trial_time(end + technique.quiet_s, rate_hz)
    timeline, truth = _hop_timeline(time, rate_hz, flights, start, end)
    curves = _hop_curves(body, technique, time, flights, (start, bottom, landing_bottom))
    spans = [(one.takeoff, one.landing) for one in flights]
    return plan_both_legs(body, technique, timeline, height=path, curves=curves, flights=spans, truth=truth)


def _hop_timeline(
    time: Array, rate_hz: float, flights: list[_Flight], start: float, end: float
) -> tuple[Timeline, Truth]:
    """Events of the hops [s], and contact and flight time of each."""
    touchdowns = [flight.landing for flight in flights[:-1]]
    takeoffs = [flight.takeoff for flight in flights]
    truth: Truth = {
        "contact_time_s": [takeoff - touchdown for touchdown, takeoff in zip(touchdowns, takeoffs[1:], strict=True)],
        "flight_time_s": [flight.landing - flight.takeoff for flight in flights[1:]],
    }
    events = {
        "movement_start": [start],
        "touchdown": touchdowns,
        "takeoff": takeoffs,
        "landing": [flights[-1].landing],
    }
    return Timeline("repeated_hops", time, rate_hz, [(start, end)], events), truth


def _hop_curves(
    body: Body,
    technique: Technique,
    time: Array,
    flights: list[_Flight],
    moments: tuple[float, float, float],
) -> Curves:
    """Course of the rest of the body: the trunk sinks before the push-off and at the landing, the heels stay up."""
    start, bottom, landing_bottom = moments
    first, last = flights[0].takeoff, flights[-1].landing
    deep = ramp(time, start, bottom - start) - ramp(time, bottom, 1.05 * (first - bottom))
    soft = ramp(time, last - 0.05, landing_bottom - last + 0.15) - ramp(time, landing_bottom + 0.1, 0.85 * _RISE_S)
    forefoot = body.toe[0, 0] - FOREFOOT_M - STANDING_PRESSURE_M
    nothing = np.zeros(time.size)
    return Curves(
        lumbar=technique.lumbar_flexion_deg * (deep + 0.5 * soft),
        drop=technique.pelvic_drop_deg * (deep + soft),
        effort=0.9 * deep + soft,
        heel_rise=_heel_rise(time, first, last),
        lift=sum((lift(time, one.takeoff, one.landing, one.velocity, 0.0) for one in flights), nothing),
        forward=nothing,
        ground=nothing,
        pressure=STANDING_PRESSURE_M + forefoot * (ramp(time, first - 0.25, 0.2) - ramp(time, last, 0.12)),
    )
