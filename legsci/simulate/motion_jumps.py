"""Jumps from both feet: countermovement jump, squat jump, drop jump."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.optimize import brentq

from legsci.simulate.body import Body
from legsci.simulate.motion_balance import Plan
from legsci.simulate.motion_curves import Change, Path, Target, bump, find_path, ramp
from legsci.simulate.motion_plan import Array, Technique
from legsci.simulate.motion_stance import (
    FOREFOOT_M,
    STANDING_KNEE_DEG,
    STANDING_LEAN_DEG,
    STANDING_PRESSURE_M,
    Curves,
    com_height,
    plan_on_both_feet,
    trial_time,
)
from legsci.vocabulary import STANDARD_GRAVITY as G

#: Fall of the force to zero before take-off, and its rise after landing [s]; rounding of the corner at zero force [s].
_RELEASE_S, _IMPACT_S, _CORNER_S = 0.085, 0.05, 0.005
#: How much the legs stretch after take-off while the feet take up the speed of the flight, and before landing [m].
_STRETCH_M = 0.055
#: Posture of the legs in flight.
_STRETCHED_KNEE_DEG, _HEEL_DEG = 26.0, 66.0
#: Rise to standing after a landing [s].
_RISE_S = 1.0


@dataclass(frozen=True)
class _Flight:
    """Times of take-off and landing [s], and heights of the centre of mass above the ground then [m]."""

    takeoff: float
    landing: float
    takeoff_height: float
    landing_height: float
    landing_velocity: float


def _release(takeoff: float, duration: float, amount: float | None = None) -> Change:
    return Change(takeoff - duration, duration, amount, _CORNER_S)


def _push_time(rise: float, velocity: float, start_level: bool) -> float:
    """Time of a push-off with one level of force that gains `rise` [m] and `velocity` [m/s] from rest [s].

    `start_level`: the push begins at that level (after a countermovement); else force grows to it first.
    """

    def excess(duration: float) -> float:
        changes = (Change(0.0, 1e-6 if start_level else 0.4 * duration), Change(duration - _RELEASE_S, _RELEASE_S, None, _CORNER_S))
        path = find_path(
            Path(0.0, 0.0, 0.0, 0.0, changes),
            [Target(duration, velocity=velocity, acceleration=-G)],
        )
        return float(path.at(np.array([duration]))[0][0]) - rise

    return float(brentq(excess, 0.12, 3.0, xtol=1e-6))


def _flight(body: Body, technique: Technique, takeoff: float) -> _Flight:
    """Ballistic flight from a take-off posture to a landing posture `landing_drop_m` lower."""
    stretched = com_height(body, technique, knee_deg=_STRETCHED_KNEE_DEG, lean_deg=STANDING_LEAN_DEG, heel_rise_deg=_HEEL_DEG)
    height = stretched - _STRETCH_M
    velocity = technique.takeoff_velocity_m_per_s
    landing_velocity = -sqrt(velocity**2 + 2.0 * G * technique.landing_drop_m)
    landing = takeoff + (velocity - landing_velocity) / G
    return _Flight(takeoff, landing, height, height - technique.landing_drop_m, landing_velocity)


def _landed(path: Path, flight: _Flight, technique: Technique, standing: float) -> tuple[Path, float, float]:
    """Let a path that ends in flight land, sink by the landing depth and rise to standing; lowest and end times [s]."""
    absorb = max(-2.5 * technique.landing_depth_m / flight.landing_velocity, 2.0 * _IMPACT_S)
    lowest = flight.landing + absorb
    end = lowest + _RISE_S
    depth = flight.landing_height - technique.landing_depth_m
    changes = (
        Change(flight.landing, _IMPACT_S, None, _CORNER_S),
        Change(flight.landing + 0.7 * _IMPACT_S, 0.6 * absorb),
        Change(lowest - 0.5 * absorb, 0.5 * absorb),
        Change(lowest, 0.4 * _RISE_S),
        Change(lowest + 0.3 * _RISE_S, 0.4 * _RISE_S),
        Change(lowest + 0.6 * _RISE_S, 0.4 * _RISE_S),
    )
    extended = Path(path.start, path.position, path.velocity, path.acceleration, path.changes + changes)
    targets = [
        Target(lowest, position=depth, velocity=0.0, acceleration=8.0 * (standing - depth) / _RISE_S**2),
        Target(end, position=standing, velocity=0.0, acceleration=0.0),
    ]
    return find_path(extended, targets), lowest, end


def _lift(time: Array, takeoff: float, landing: float, speed: float, fall: float) -> Array:
    """Height of the toes above where they leave the ground; they come to rest `fall` lower at landing (n,) [m].

    In between the toes fly as the centre of mass does.
    """
    half = min(_STRETCH_M / speed, 0.2 * (landing - takeoff))
    changes = tuple(Change(start, half) for start in (takeoff, takeoff + half, landing - 2.0 * half, landing - half))
    targets = [
        Target(takeoff + 2.0 * half, acceleration=-G),
        Target(landing, position=-fall, velocity=0.0, acceleration=0.0),
    ]
    return find_path(Path(takeoff, 0.0, 0.0, 0.0, changes), targets).at(time)[0] * (time > takeoff)


def _standing(body: Body, technique: Technique) -> float:
    return com_height(body, technique, knee_deg=STANDING_KNEE_DEG, lean_deg=STANDING_LEAN_DEG, heel_rise_deg=0.0)


def _heel_rise(time: Array, takeoff: float, landing: float) -> Array:
    """Pitch of the feet through take-off, flight and landing toes first [deg]."""
    return _HEEL_DEG * (ramp(time, takeoff - 0.18, 0.24) - ramp(time, landing - 0.06, 0.21))


def _jump(
    body: Body,
    technique: Technique,
    rate_hz: float,
    *,
    task: str,
    path: Path,
    standing: float,
    flight: _Flight,
    down: tuple[float, float],
    lowest: float,
    events: dict[str, list[float]],
    truth: dict[str, float | list[float]],
) -> Plan:
    """Countermovement or squat jump: a path from standing to take-off, then flight, landing and standing.

    `down`: when the trunk starts to lean, and when it is down and starts to come up again at the earliest [s].
    """
    path, landing_bottom, end = _landed(path, flight, technique, standing)
    time = trial_time(end + technique.quiet_s, rate_hz)
    takeoff, landing = flight.takeoff, flight.landing
    up = takeoff - lowest
    deep = ramp(time, down[0], down[1] - down[0]) - ramp(time, lowest - 0.1 * up, 1.1 * up + 0.05)
    soft = ramp(time, landing - 0.05, landing_bottom - landing + 0.15) - ramp(time, landing_bottom + 0.1, 0.85 * _RISE_S)
    forefoot = body.toe[0, 0] - FOREFOOT_M - STANDING_PRESSURE_M
    pressure = STANDING_PRESSURE_M + forefoot * (
        ramp(time, takeoff - 0.25, 0.2) - ramp(time, landing, 0.12)
    )
    curves = Curves(
        lumbar=technique.lumbar_flexion_deg * (deep + 0.5 * soft),
        drop=technique.pelvic_drop_deg * (deep + soft),
        effort=0.9 * deep + soft,
        heel_rise=_heel_rise(time, takeoff, landing),
        lift=_lift(time, takeoff, landing, technique.takeoff_velocity_m_per_s, 0.0),
        forward=np.zeros(time.size),
        ground=np.zeros(time.size),
        pressure=pressure,
    )
    known: dict[str, float | list[float]] = {
        "takeoff_velocity_m_per_s": technique.takeoff_velocity_m_per_s,
        "jump_height_m": technique.takeoff_velocity_m_per_s**2 / (2.0 * G),
        "flight_time_s": landing - takeoff,
        "landing_depth_m": technique.landing_depth_m,
    }
    return plan_on_both_feet(
        body, technique, task=task, time=time, rate_hz=rate_hz, height=path, curves=curves, aloft=[(takeoff, landing)],
        events=events | {"takeoff": [takeoff], "landing": [landing], "landing_bottom": [landing_bottom]},
        truth=known | truth,
    )  # fmt: skip


def plan_countermovement_jump(body: Body, technique: Technique, rate_hz: float) -> Plan:
    """Countermovement jump: stand, lower by `depth_m` in `lowering_s`, jump, land, stand.

    The push-off keeps one level of force from the lowest point until force falls before take-off.
    """
    start, lower = technique.quiet_s, technique.lowering_s
    bottom = start + lower
    standing = _standing(body, technique)
    rise = _flight(body, technique, 0.0).takeoff_height - standing + technique.depth_m
    push = _push_time(rise, technique.takeoff_velocity_m_per_s, True)
    flight = _flight(body, technique, bottom + push)
    level = _push_level(push, technique.takeoff_velocity_m_per_s, True)
    changes = (
        Change(start, 0.35 * lower),
        Change(start + 0.3 * lower, 0.5 * lower),
        Change(bottom - 0.3 * lower, 0.3 * lower),
        _release(flight.takeoff, _RELEASE_S, -G - level),
    )
    targets = [Target(bottom, position=standing - technique.depth_m, velocity=0.0, acceleration=level)]
    path = find_path(Path(0.0, standing, 0.0, 0.0, changes), targets)
    return _jump(
        body, technique, rate_hz, task="countermovement_jump", path=path, standing=standing, flight=flight,
        down=(start, bottom), lowest=bottom,
        events={"movement_start": [start], "bottom": [bottom]},
        truth={"depth_m": technique.depth_m, "time_to_takeoff_s": flight.takeoff - start},
    )  # fmt: skip


def _push_level(push: float, velocity: float, start_level: bool) -> float:
    """Acceleration of the level part of a push-off [m/s^2]; see _push_time()."""
    changes = (Change(0.0, 1e-6 if start_level else 0.4 * push), Change(push - _RELEASE_S, _RELEASE_S, None, _CORNER_S))
    path = find_path(Path(0.0, 0.0, 0.0, 0.0, changes), [Target(push, velocity=velocity, acceleration=-G)])
    return float(path.changes[0].amount or 0.0)
