"""Metrics of velocity, height and power.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.metrics.families.force import contact_time, flight_time, time_to_takeoff
from legsci.metrics.metric import FLANAGAN, FORCE, FORCE_AND_MOTION, LINTHORNE, MCMAHON, NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, at, integral, of_both, peak, position
from legsci.tasks import COUNTERMOVEMENT_JUMPS, HOPS, JUMPS, JUMPS_FROM_REST, LANDINGS, REBOUND_JUMPS, SQUATS
from legsci.vocabulary import STANDARD_GRAVITY


def takeoff_velocity(reps: Reps) -> xr.Variable:
    """Velocity at take-off (rep, scoring) [m/s]."""
    return at(reps, reps["velocity"], reps["takeoff"])


def jump_height_impulse(reps: Reps) -> xr.Variable:
    """Jump height from take-off velocity (rep, scoring) [m]."""
    speed = reps["takeoff_velocity"]
    return speed.where(speed > 0.0) ** 2 / (2.0 * STANDARD_GRAVITY)


def jump_height_flight_time(reps: Reps) -> xr.Variable:
    """Jump height from flight time (rep, scoring) [m]."""
    return STANDARD_GRAVITY * flight_time(reps) ** 2 / 8.0


def jump_height_pelvis(reps: Reps) -> xr.Variable:
    """Rise of the pelvis from take-off to its highest point in flight (rep, scoring) [m]."""
    height, takeoff, landing = (
        reps["pelvis_height"],
        *(reps[name] + reps["frame_lag"] for name in ("takeoff", "landing")),
    )
    return peak(reps, height, takeoff, landing) - at(reps, height, takeoff)


def countermovement_depth(reps: Reps) -> xr.Variable:
    """Descent of the centre of mass to the lowest point (rep, scoring) [m]."""
    return -integral(reps, reps["velocity"], reps["movement_start"], reps["bottom"])


def push_off_distance(reps: Reps) -> xr.Variable:
    """Rise of the centre of mass in propulsion (rep, scoring) [m]."""
    return integral(reps, reps["velocity"], reps["propulsion_start"], reps["takeoff"])


def peak_power(reps: Reps) -> xr.Variable:
    """Highest product of force and velocity (rep, scoring) [W]."""
    # Only what is before take-off: squats and landings in the same file make the signals several times longer.
    positions = position(reps, reps["takeoff"]).data
    before = slice(int(positions[np.isfinite(positions)].max(initial=0.0)) + 2)
    velocity, force = (of.isel(sample=before) for of in (reps["velocity"], of_both(reps["force"])))
    # in the order of dimensions of the velocity throughout, so that nothing so large is transposed
    power = velocity * force - velocity * reps["offset"]
    return peak(reps, power, reps["movement_start"], reps["takeoff"])


def fall_height(reps: Reps) -> xr.Variable:
    """Height of the fall from the velocity at touchdown (rep, scoring) [m]."""
    return touchdown_velocity(reps) ** 2 / (2.0 * STANDARD_GRAVITY)


def touchdown_velocity(reps: Reps) -> xr.Variable:
    """Vertical velocity at touchdown after a fall (rep, scoring) [m/s]; negative."""
    speed = at(reps, reps["velocity"], reps["touchdown"])
    return speed.where(speed < 0.0)


def rsi_modified(reps: Reps) -> xr.Variable:
    """Jump height (impulse) per time to take-off (rep, scoring) [m/s]."""
    return jump_height_impulse(reps) / time_to_takeoff(reps)


def rsi(reps: Reps) -> xr.Variable:
    """Jump height (flight time) per contact time (rep, scoring) [m/s]."""
    return jump_height_flight_time(reps) / contact_time(reps)


def flight_contact_ratio(reps: Reps) -> xr.Variable:
    """Flight time per contact time (rep, scoring) [1]."""
    return flight_time(reps) / contact_time(reps)


METRICS: dict[str, Metric] = {
    "jump_height_impulse_m": Metric(
        jump_height_impulse,
        label="jump height (impulse)",
        unit="m",
        sign=NOT_SIGNED,
        meaning="Rise of the centre of mass from take-off to its highest point, by the take-off velocity from the "
        "integral of force.",
        equation="v(t_takeoff)² / (2 g)",
        source=LINTHORNE,
        tasks=JUMPS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "jump_height_flight_time_m": Metric(
        jump_height_flight_time,
        label="jump height (flight time)",
        unit="m",
        sign=NOT_SIGNED,
        meaning="Rise of the centre of mass in half the flight time; overestimates the height if landing is with "
        "flexed legs, which its uncertainty includes.",
        equation="g (t_landing - t_takeoff)² / 8",
        source=LINTHORNE,
        tasks=(*JUMPS, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "jump_height_pelvis_m": Metric(
        jump_height_pelvis,
        label="jump height (pelvis)",
        unit="m",
        sign=NOT_SIGNED,
        meaning="Maximum mean height of the pelvis markers in flight minus their mean height at take-off. Limbs move "
        "relative to the pelvis, which its uncertainty includes.",
        equation="max y_pelvis, t_takeoff to t_landing, - y_pelvis(t_takeoff)",
        source="Eythorsdottir et al. 2024, Sports Med 54:2771 (comparison of jump height equations)",
        tasks=JUMPS,
        streams=FORCE_AND_MOTION,
        uncertainty="rescored",
    ),
    "takeoff_velocity_m_per_s": Metric(
        takeoff_velocity,
        label="take-off velocity",
        unit="m/s",
        sign="upward",
        meaning="Velocity of the centre of mass at take-off.",
        equation="v(t_takeoff)",
        source=LINTHORNE,
        tasks=JUMPS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "countermovement_depth_m": Metric(
        countermovement_depth,
        label="countermovement depth",
        unit="m",
        sign="downward",
        meaning="Descent of the centre of mass from movement start (drop jump: touchdown) to the lowest point. In "
        "squats its uncertainty includes a small velocity at rest, where velocity is set to zero.",
        equation="-∫ v dt, t_movement_start to t_bottom",
        source=MCMAHON,
        tasks=(*COUNTERMOVEMENT_JUMPS, *REBOUND_JUMPS, *SQUATS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "push_off_distance_m": Metric(
        push_off_distance,
        label="push-off distance",
        unit="m",
        sign="upward",
        meaning="Rise of the centre of mass from propulsion start (as the profile defines it) to take-off.",
        equation="∫ v dt, t_propulsion_start to t_takeoff",
        source="Samozino et al. 2008, J Biomech 41:2940",
        tasks=JUMPS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "peak_power_w": Metric(
        peak_power,
        label="peak power",
        unit="W",
        sign="upward",
        meaning="Maximum product of force and velocity from movement start to take-off.",
        equation="max F v, t_movement_start to t_takeoff",
        source=LINTHORNE,
        tasks=JUMPS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "rsi_modified_m_per_s": Metric(
        rsi_modified,
        label="RSI modified",
        unit="m/s",
        sign=NOT_SIGNED,
        meaning="Modified reactive strength index: jump height (impulse) divided by the time to take-off.",
        equation="jump_height_impulse_m / time_to_takeoff_s",
        source="Ebben & Petushek 2010, J Strength Cond Res 24:1983",
        tasks=JUMPS_FROM_REST,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "rsi_m_per_s": Metric(
        rsi,
        label="RSI",
        unit="m/s",
        sign=NOT_SIGNED,
        meaning="Reactive strength index: jump height (flight time) divided by contact time.",
        equation="jump_height_flight_time_m / contact_time_s",
        source=FLANAGAN,
        tasks=(*REBOUND_JUMPS, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "flight_contact_ratio": Metric(
        flight_contact_ratio,
        label="flight to contact ratio",
        unit="1",
        sign=NOT_SIGNED,
        meaning="Flight time divided by contact time.",
        equation="flight_time_s / contact_time_s",
        source=FLANAGAN,
        tasks=(*REBOUND_JUMPS, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "touchdown_velocity_m_per_s": Metric(
        touchdown_velocity,
        label="touchdown velocity",
        unit="m/s",
        sign="upward",
        meaning="Vertical velocity of the centre of mass at touchdown, by integration from quiet standing after the "
        "last landing.",
        equation="v(t_touchdown)",
        source=LINTHORNE,
        tasks=(*REBOUND_JUMPS, *LANDINGS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "fall_height_m": Metric(
        fall_height,
        label="fall height",
        unit="m",
        sign=NOT_SIGNED,
        meaning="Height of the fall, by the velocity at touchdown from backward integration of force from quiet "
        "standing.",
        equation="v(t_touchdown)² / (2 g)",
        source="Baca 1999, Med Sci Sports Exerc 31:437",
        tasks=(*REBOUND_JUMPS, *LANDINGS),
        streams=FORCE,
        uncertainty="rescored",
    ),
}
