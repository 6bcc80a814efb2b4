"""Metrics of vertical force: weights, peaks, times and impulses.

Each takes what `prepare` in measure.py makes of a reps file; definitions.py says what each means.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.force.profiles import load_profiles
from legsci.mechanics.reps.repetition import DIRECTIONS
from legsci.metrics.signals import Reps, at, integral, peak, peak_time, position

#: Search window of a landing's peak force [s].
LANDING_S = 0.5


def braking_start(reps: Reps) -> xr.Variable:
    """Start of braking (rep, scoring) [s on the trial's clock]: the event that the profile defines, or touchdown.

    NaN without a countermovement.
    """
    profiles = load_profiles()
    names = [profiles[str(name).partition("|")[0]].braking_start for name in reps["scoring"].data]
    starts = [reps[name].isel(scoring=index) for index, name in enumerate(names)]
    start = reps["touchdown"].fillna(xr.Variable.concat(starts, dim="scoring"))
    return start.where(reps["bottom"] > reps["movement_start"])


def body_weight(reps: Reps) -> xr.Variable:
    """Body weight (rep, scoring, side) [N]."""
    return reps["body_weight"]


def peak_force(reps: Reps) -> xr.Variable:
    """Peak force (rep, scoring, side) [N]; NaN where the movement start was not found, or force ends early."""
    end = reps["takeoff"].fillna(reps["movement_end"])
    whole = position(reps, end) <= reps["sample_count"] - 1.0
    return (peak(reps, reps["force"], reps["movement_start"], end) - reps["offset"]).where(whole)


def _impact(reps: Reps) -> xr.Variable:
    """Start of the last impact (rep, scoring) [s]: the landing of a jump, else touchdown."""
    return reps["landing"].where(np.isfinite(reps["takeoff"]), reps["touchdown"])


def landing_peak_force(reps: Reps) -> xr.Variable:
    """Landing peak force (rep, scoring, side) [N]."""
    return peak(reps, reps["force"], _impact(reps), _impact(reps) + LANDING_S) - reps["offset"]


def time_to_peak_force(reps: Reps) -> xr.Variable:
    """Time from touchdown to the landing peak (rep, scoring, side) [s]."""
    return peak_time(reps, reps["force"], _impact(reps), _impact(reps) + LANDING_S) - _impact(reps)


def loading_rate(reps: Reps) -> xr.Variable:
    """Mean loading rate of the landing (rep, scoring, side) [N/s]."""
    duration = time_to_peak_force(reps)
    return landing_peak_force(reps) / duration.where(duration > 0.0)


def flight_time(reps: Reps) -> xr.Variable:
    """Flight time (rep, scoring) [s]."""
    return reps["landing"] - reps["takeoff"]


def contact_time(reps: Reps) -> xr.Variable:
    """Ground contact time of a rebound (rep, scoring) [s]."""
    return reps["takeoff"] - reps["touchdown"]


def time_to_takeoff(reps: Reps) -> xr.Variable:
    """Time from movement start to take-off (rep, scoring) [s]."""
    return reps["takeoff"] - reps["movement_start"]


def unweighting_time(reps: Reps) -> xr.Variable:
    """Time from movement start to braking start (rep, scoring) [s]."""
    return reps["braking_start"] - reps["movement_start"]


def braking_time(reps: Reps) -> xr.Variable:
    """Time from braking start to the lowest point (rep, scoring) [s]."""
    return reps["bottom"] - reps["braking_start"]


def propulsion_time(reps: Reps) -> xr.Variable:
    """Time from propulsion start to take-off (rep, scoring) [s]."""
    return reps["takeoff"] - reps["propulsion_start"]


def _net_impulse(reps: Reps, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Integral of force minus body weight between two times (rep, scoring, side) [N s]."""
    reading = reps["body_weight"] + reps["offset"]
    return integral(reps, reps["force"], start, end) - reading * (end - start)


def net_impulse(reps: Reps) -> xr.Variable:
    """Net impulse from movement start to take-off (rep, scoring, side) [N s]."""
    return _net_impulse(reps, reps["movement_start"], reps["takeoff"])


def braking_impulse(reps: Reps) -> xr.Variable:
    """Net impulse over braking (rep, scoring, side) [N s]."""
    return _net_impulse(reps, reps["braking_start"], reps["bottom"])


def propulsion_impulse(reps: Reps) -> xr.Variable:
    """Net impulse over propulsion (rep, scoring, side) [N s]."""
    return _net_impulse(reps, reps["propulsion_start"], reps["takeoff"])


def rate_of_force_development(reps: Reps) -> xr.Variable:
    """Mean slope of force (rep, scoring, side) [N/s] over braking, else from movement start to peak force."""
    force = reps["force"]
    start, end = reps["braking_start"], reps["bottom"]
    braking = (at(reps, force, end) - at(reps, force, start)) / (end - start).where(end > start)
    push = (reps["movement_start"], reps["takeoff"])
    highest, duration = peak(reps, force, *push), peak_time(reps, force, *push) - reps["movement_start"]
    concentric = (highest - at(reps, force, reps["movement_start"])) / duration.where(duration > 0.0)
    return braking.where(braking_is_defined(reps), concentric)


def braking_is_defined(reps: Reps) -> xr.Variable:
    """Whether the movement has a braking phase (rep, scoring)."""
    return (reps["task"] != "squat_jump") & np.isfinite(reps["braking_start"])


def _sway_range(reps: Reps, direction: str) -> xr.Variable:
    """Range of the centre of pressure in the weighing window (rep, scoring) [m]."""
    signal = reps["centre_of_pressure"].isel(direction=DIRECTIONS.index(direction))
    window = (reps["weighing_start"], reps["weighing_end"] - 1.0 / reps["sampling_rate_hz"])
    return peak(reps, signal, *window) + peak(reps, -signal, *window)


def centre_of_pressure_range_ap(reps: Reps) -> xr.Variable:
    """Range of the centre of pressure along x (rep, scoring) [m]."""
    return _sway_range(reps, "anterior")


def centre_of_pressure_range_ml(reps: Reps) -> xr.Variable:
    """Range of the centre of pressure along z (rep, scoring) [m]."""
    return _sway_range(reps, "right")
