"""Tasks on one leg at a time: running steps, and the lateral jump from one leg to the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.curves import Change, Path, Target, bump, find_path, move_changes, ramp, rest_at
from legsci.simulate.athlete.plan import Array, Plan, Technique, Timeline, Truth
from legsci.simulate.athlete.stance import (
    STANDING_PRESSURE_M,
    STRETCH_M,
    STRETCHED_HEEL_DEG,
    STRETCHED_KNEE_DEG,
    ZERO_FORCE_CORNER_S,
    com_height,
    eccentric_changes,
    lift,
    plan_push_off,
    sole_start,
    standing_height,
    trial_time,
)
from legsci.simulate.athlete.sway import standing_window, sway
from legsci.vocabulary import STANDARD_GRAVITY as G

#: Half the distance between the lines on which the feet of a runner fall [m].
_RUNNING_HALF_WIDTH_M = 0.05
#: Pitch of the foot when it leaves the ground, and in the middle of the swing [deg]; lift of the toes then [m].
_TOE_OFF_DEG, _SWING_DEG, _SWING_LIFT_M = 55.0, 85.0, 0.18
#: Time in which the foot of a heel striker comes down flat [s]; most of a leg's length that is used at contact.
_FLATTEN_S, _REACH = 0.05, 0.96
#: How long before contact the foot of a heel striker begins to be led by its heel [s].
_ONTO_HEEL_S = 0.12
#: How far the ankle lies behind the middle of the centre of pressure at contact, less what late swing needs [m].
_HEEL_BACK_M = 0.04
#: How much lower the centre of mass leaves the ground when the legs slant sideways [m].
_ASIDE_M = 0.05
#: Knee flexion on one leg [m lower than on two], lift of the free foot, how far behind it hangs [m], toes down [deg].
_ONE_LEG_M, _FREE_LIFT_M, _FREE_BACK_M, _FREE_PITCH_DEG = 0.03, 0.08, 0.30, 45.0
_RELEASE_S, _SETTLE_S = 0.07, 0.9
#: Where the contact area ends before the foot does [m].
_EDGE_M = 0.01


@dataclass(frozen=True)
class _Contact:
    """A foot on the ground: side 0 left, 1 right; from, to [s]; place of the ankle when flat: x, z [m]."""

    side: int
    on: float
    off: float
    x: float
    z: float


@dataclass(frozen=True)
class _LegCurves:
    """What changes during a task with one foot at most on the ground; sides are (left, right).

    Parameters
    ----------
    toe : (2, n, 3) tip of the foot [m].
    heel_rise : (2, n) pitch of the foot, toes down [deg].
    stance : (2, n) 0 to 1, scales valgus and pelvic drop.
    lean : (n,) forward lean of pelvis and trunk [deg].
    pressure : (n,) wanted centre of pressure ahead of the ankle of the nearest contact [m].
    ends : ((x, z), (x, z)) of the centre of mass in the first and last frame [m]; None: over the centre of pressure.
    """

    toe: Array
    heel_rise: Array
    stance: Array
    lean: Array
    pressure: Array
    ends: tuple[tuple[float, float], tuple[float, float]] | None = None


def _plan_single_leg(
    body: Body,
    technique: Technique,
    timeline: Timeline,
    *,
    height: Path,
    contacts: list[_Contact],
    curves: _LegCurves,
    truth: Truth,
) -> Plan:
    """Plan of a task with one foot at most on the ground."""
    time = timeline.time
    count = time.size
    loaded = np.zeros((2, count), dtype=bool)
    pressure, low, high = np.zeros((3, count, 2))
    yaw = np.array([1.0, -1.0]) * np.radians(np.asarray(body.athlete.toe_out_deg))
    middle = np.array([0.5 * (a.off + b.on) for a, b in pairwise(contacts)])
    nearest = np.searchsorted(middle, time)
    for number, contact in enumerate(contacts):
        frames = nearest == number
        loaded[contact.side] |= frames & (time > contact.on) & (time < contact.off)
        heel, tip = contact.x + np.cos(yaw[contact.side]) * np.array(
            [body.heel[contact.side, 0], body.toe[contact.side, 0]]
        )
        low[frames, 0] = sole_start(tip - _EDGE_M, heel + _EDGE_M, curves.heel_rise[contact.side, frames])
        high[frames, 0] = tip - _EDGE_M
        wanted = np.clip(contact.x + curves.pressure[frames], low[frames, 0] + _EDGE_M, high[frames, 0] - _EDGE_M)
        pressure[frames, 0] = wanted
        pressure[frames, 1] = contact.z - np.tan(yaw[contact.side]) * (wanted - contact.x)
        low[frames, 1] = pressure[frames, 1] - 0.7 * body.foot_half_width
        high[frames, 1] = pressure[frames, 1] + 0.7 * body.foot_half_width
    swaying, rising = sway(technique, time, standing_window(time, timeline.movements), timeline.rate_hz)
    pressure += swaying
    drop = np.radians(technique.pelvic_drop_deg) * (curves.stance[1] - curves.stance[0])
    valgus = np.radians(np.asarray(technique.knee_abduction_peak_deg))
    nothing = np.zeros(count)
    lean = np.radians(curves.lean)
    return Plan(
        task=timeline.task, time=time, rate_hz=timeline.rate_hz, height=tuple(np.stack(height.at(time)) + rising),
        ground=nothing, pressure=pressure, pressure_low=low, pressure_high=high,
        ends=curves.ends or (tuple(pressure[0]), tuple(pressure[-1])),
        pelvis=np.stack([nothing, -drop, lean], axis=1), trunk=np.stack([nothing, -0.3 * drop, lean], axis=1),
        toe=curves.toe, heel_rise=np.radians(curves.heel_rise), yaw=np.tile(yaw[:, None], (1, count)),
        abduction=valgus[:, None] * curves.stance, loaded=loaded, foot_z=curves.toe[:, :, 2], events=timeline.events,
        truth=truth,
    )  # fmt: skip


def plan_sprint(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Running steps over plates, from the middle of one flight to the middle of another.

    Vertical force rises and falls alike, so that the centre of mass leaves the ground as fast as it came; braking and
    propulsion follow from the touchdown distance, see Technique.touchdown_distance_m.
    """
    contact_s, flight_s, speed = technique.contact_time_s, technique.flight_time_s, technique.speed_m_per_s
    cycle = contact_s + flight_s
    first = 0.5 * flight_s
    duration = technique.steps * cycle
    time = trial_time(duration, rate_hz)
    # The centre of pressure runs from under the heel, or of a forefoot striker from the middle of the foot, to the tip.
    front = float(body.toe[0, 0]) - 0.04
    back = -0.02 if technique.foot_strike_angle_deg > 0.0 else 0.5 * (float(body.toe[0, 0]) + STANDING_PRESSURE_M)
    ahead_of_body = 0.5 * speed * contact_s + technique.touchdown_distance_m
    lead = 0 if technique.leg == "left" else 1
    contacts = [
        _Contact(
            (number + lead) % 2, first + number * cycle, first + number * cycle + contact_s,
            speed * (first + number * cycle) + ahead_of_body - 0.5 * (back + front),
            _RUNNING_HALF_WIDTH_M * (2.0 * ((number + lead) % 2) - 1.0),
        )
        for number in range(-3, technique.steps + 3)
    ]  # fmt: skip
    toe, heel_rise = np.empty((2, time.size, 3)), np.empty((2, time.size))
    for side in range(2):
        own = [contact for contact in contacts if contact.side == side]
        toe[side], heel_rise[side] = _running_foot(body, technique, time, own)
    seen = [contact for contact in contacts if contact.on >= 0.0 and contact.off <= duration]
    height = _bouncing(body, technique, seen)
    progress = np.zeros(time.size)
    stance = np.zeros((2, time.size))
    for contact in contacts:
        stance[contact.side] += bump(time, contact.on - 0.03, 0.5 * contact_s + 0.03, 0.0, 0.5 * contact_s + 0.05)
        inside = (time > contact.on - 0.5 * flight_s) & (time <= contact.off + 0.5 * flight_s)
        progress[inside] = ramp(time[inside], contact.on, contact_s, 0.2 * contact_s)
    curves = _LegCurves(
        toe,
        heel_rise,
        stance,
        lean=np.full(time.size, technique.running_lean_deg),
        pressure=back + (front - back) * progress,
        ends=((speed * time[0], 0.0), (speed * time[-1], 0.0)),
    )
    events = {"touchdown": [contact.on for contact in seen], "takeoff": [contact.off for contact in seen]}
    truth: Truth = {
        "contact_time_s": [contact_s] * len(seen),
        "foot_strike_angle_deg": [technique.foot_strike_angle_deg] * len(seen),
    }
    timeline = Timeline("sprint", time, rate_hz, [(time[0], time[-1])], events)
    return _plan_single_leg(body, technique, timeline, height=height, contacts=seen, curves=curves, truth=truth)


def _bouncing(body: Body, technique: Technique, contacts: list[_Contact]) -> Path:
    """Height of a runner's centre of mass."""
    contact_s, flight_s = technique.contact_time_s, technique.flight_time_s
    legs = float(body.thigh_length.min() + body.shank_length.min())
    away = 0.5 * technique.speed_m_per_s * contact_s + max(technique.touchdown_distance_m, 0.0) - _HEEL_BACK_M
    hips_to_com = standing_height(body, technique) - legs + body.heel[0, 1]
    touch = sqrt((_REACH * legs) ** 2 - away**2) - body.heel[0, 1] + hips_to_com
    changes = []
    for contact in contacts:
        changes += [
            Change(contact.on, 0.45 * contact_s, None, ZERO_FORCE_CORNER_S),
            Change(contact.off - 0.45 * contact_s, 0.45 * contact_s, None, ZERO_FORCE_CORNER_S),
        ]
    targets = [Target(contact.off, velocity=0.5 * G * flight_s, acceleration=-G) for contact in contacts]
    start = Path(0.0, touch + G * flight_s**2 / 8.0, 0.0, -G, tuple(changes))
    return find_path(start, targets)


def _running_foot(body: Body, technique: Technique, time: Array, contacts: list[_Contact]) -> tuple[Array, Array]:
    """Tip of a runner's foot (n, 3) [m] and its pitch (n,), toes down [deg]: contacts, and swings between them."""
    strike = technique.foot_strike_angle_deg
    side = contacts[0].side
    yaw = (1.0 - 2.0 * side) * np.radians(body.athlete.toe_out_deg[side])
    tip = body.toe[side, 0] * np.array([np.cos(yaw), -np.sin(yaw)])
    toe = np.zeros((time.size, 3))
    pitch = np.full(time.size, -strike)
    onto_heel = np.zeros(time.size)
    toe[:, 0], toe[:, 2] = contacts[0].x + tip[0], contacts[0].z + tip[1]
    for number, contact in enumerate(contacts):
        stay = contact.off - contact.on
        flatten = min(_FLATTEN_S, 0.4 * stay)
        pitch += strike * ramp(time, contact.on, flatten)
        pitch += _TOE_OFF_DEG * ramp(time, contact.off - 0.5 * stay, 0.6 * stay)
        early = contact.on - _ONTO_HEEL_S
        onto_heel += ramp(time, early, 0.9 * _ONTO_HEEL_S) * (time < contact.on + flatten)
        if number + 1 == len(contacts):
            break
        following = contacts[number + 1]
        swing = following.on - contact.off
        toe[:, 0] += (following.x - contact.x) * ramp(time, contact.off, swing, 0.20 * swing)
        toe[:, 1] += _SWING_LIFT_M * bump(time, contact.off, 0.5 * swing, 0.22 * swing, 0.28 * swing)
        pitch += (_SWING_DEG - _TOE_OFF_DEG) * ramp(time, contact.off, 0.4 * swing)
        pitch -= (_SWING_DEG + strike) * ramp(time, contact.off + 0.35 * swing, 0.6 * swing)
    if strike > 0.0:
        # toes up, the foot turns about its heel; the tip of the foot moves accordingly
        length = body.toe[side, 0] - body.heel[side, 0]
        angle = np.radians(pitch)
        toe[:, 0] += onto_heel * length * np.cos(yaw) * (np.cos(angle) - 1.0)
        toe[:, 1] -= onto_heel * length * np.sin(angle)
        toe[:, 2] -= onto_heel * length * np.sin(yaw) * (np.cos(angle) - 1.0)
    return toe, pitch


def _lateral_height(body: Body, technique: Technique) -> tuple[Path, dict[str, float]]:
    """Height of the centre of mass in a sideways jump, and its instants [s]."""
    velocity, start, lower = technique.takeoff_velocity_m_per_s, technique.quiet_s, technique.eccentric_s
    standing = standing_height(body, technique) - _ONE_LEG_M
    stretched = com_height(body, technique, knee_deg=STRETCHED_KNEE_DEG, lean_deg=5.0, heel_rise_deg=STRETCHED_HEEL_DEG)
    leave = stretched - STRETCH_M - _ASIDE_M
    bottom = start + lower
    push, level = plan_push_off(leave - standing + technique.depth_m, velocity, 1e-6, _RELEASE_S)
    takeoff = bottom + push
    touch = leave - technique.landing_drop_m
    impact = -sqrt(velocity**2 + 2.0 * G * technique.landing_drop_m)
    landing = takeoff + (velocity - impact) / G
    lowest = landing - 2.5 * technique.landing_depth_m / impact
    end = lowest + _SETTLE_S
    changes = (
        *eccentric_changes(start, lower, standing, technique.depth_m, level),
        Change(takeoff - _RELEASE_S, _RELEASE_S, -G - level, ZERO_FORCE_CORNER_S),
        Change(landing, 0.06, None, ZERO_FORCE_CORNER_S),
        Change(landing + 0.04, 0.5 * (lowest - landing)),
        Change(0.5 * (landing + lowest), 0.5 * (lowest - landing)),
        *move_changes(lowest, _SETTLE_S),
    )
    targets = [
        Target(lowest, position=touch - technique.landing_depth_m, velocity=0.0, acceleration=1.0),
        rest_at(end, standing),
    ]
    instants = {
        "movement_start": start, "bottom": bottom, "takeoff": takeoff, "landing": landing, "landing_bottom": lowest,
        "end": end,
    }  # fmt: skip
    return find_path(Path(0.0, standing, 0.0, 0.0, changes), targets), instants


def plan_lateral_jump(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Sideways jump: stand on `leg`, lower, push off `lateral_distance_m` to the other side, land on the other leg."""
    push_side = 0 if technique.leg == "left" else 1
    land_side = 1 - push_side
    height, instants = _lateral_height(body, technique)
    start, bottom, takeoff, landing, lowest, end = instants.values()
    time = trial_time(end + technique.quiet_s, rate_hz)
    away = -1.0 if push_side == 1 else 1.0
    contacts = [
        _Contact(push_side, -1.0, takeoff, 0.0, 0.0),
        _Contact(land_side, landing, time[-1] + 1.0, 0.0, away * technique.lateral_distance_m),
    ]
    toe, heel_rise = _jumping_feet(body, technique, time, contacts)
    stance = np.zeros((2, time.size))
    stance[push_side] = bump(time, start, bottom - start, 0.0, takeoff - bottom + 0.05)
    stance[land_side] = bump(time, landing - 0.05, lowest - landing + 0.1, 0.0, 0.8 * _SETTLE_S)
    deep = stance.sum(axis=0)
    ahead = STANDING_PRESSURE_M + (body.toe[0, 0] - 0.05 - STANDING_PRESSURE_M) * (
        ramp(time, takeoff - 0.2, 0.18) - ramp(time, landing, 0.1)
    )
    lean = 5.0 + (technique.trunk_lean_deg - 5.0) * deep
    events = {name: [instant] for name, instant in instants.items() if name != "end"}
    truth: Truth = {
        "takeoff_velocity_m_per_s": technique.takeoff_velocity_m_per_s,
        "jump_height_m": technique.takeoff_velocity_m_per_s**2 / (2.0 * G),
        "flight_time_s": landing - takeoff,
        "lateral_distance_m": technique.lateral_distance_m,
        "depth_m": technique.depth_m,
    }
    timeline = Timeline("lateral_jump", time, rate_hz, [(start, end)], events)
    curves = _LegCurves(toe, heel_rise, stance, lean, pressure=ahead)
    return _plan_single_leg(body, technique, timeline, height=height, contacts=contacts, curves=curves, truth=truth)


def _jumping_feet(body: Body, technique: Technique, time: Array, contacts: list[_Contact]) -> tuple[Array, Array]:
    """Tips of both feet (2, n, 3) [m] and their pitch (2, n) [deg] in a sideways jump."""
    push, land = contacts
    toe, pitch = np.zeros((2, time.size, 3)), np.zeros((2, time.size))
    yaw = np.array([1.0, -1.0]) * np.radians(np.asarray(body.athlete.toe_out_deg))
    toe[:, :, 0] = (body.toe[:, 0] * np.cos(yaw))[:, None]
    toe[:, :, 2] = (-body.toe[:, 0] * np.sin(yaw))[:, None]
    flight = land.on - push.off
    speed = technique.takeoff_velocity_m_per_s
    swing = ramp(time, push.off - 0.25, flight + 0.25, 0.3 * (flight + 0.25))
    hip_width = 2.0 * body.hip[1, 2] * np.sign(land.z)
    toe[land.side, :, 2] += hip_width + (land.z - hip_width) * swing
    toe[land.side, :, 0] -= _FREE_BACK_M * (1.0 - swing)
    toe[land.side, :, 1] += _FREE_LIFT_M + lift(time, push.off, land.on, speed, _FREE_LIFT_M)
    pitch[land.side] = _FREE_PITCH_DEG * (1.0 - ramp(time, land.on - 0.02, 0.13))
    pitch[push.side] = STRETCHED_HEEL_DEG * ramp(time, push.off - 0.18, 0.24) - 36.0 * ramp(time, land.on, 0.3)
    follow = ramp(time, push.off, flight + 0.25, 0.3 * (flight + 0.25))
    toe[push.side, :, 2] += (land.z - hip_width) * follow
    toe[push.side, :, 0] -= _FREE_BACK_M * follow
    toe[push.side, :, 1] += lift(time, push.off, land.on, speed, -_FREE_LIFT_M)
    return toe, pitch
