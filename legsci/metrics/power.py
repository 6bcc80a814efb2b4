"""Metrics of velocity, height and power.

Each takes what `prepare` in measure.py makes of a reps file; definitions.py says what each means.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.metrics.force import contact_time, flight_time, time_to_takeoff
from legsci.metrics.signals import Reps, at, integral, of_both, peak, position
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
    height = reps["pelvis_height"]
    return peak(reps, height, reps["takeoff"], reps["landing"]) - at(reps, height, reps["takeoff"])


def countermovement_depth(reps: Reps) -> xr.Variable:
    """Descent of the centre of mass to the lowest point (rep, scoring) [m]."""
    return -integral(reps, reps["velocity"], reps["movement_start"], reps["bottom"])


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
    speed = at(reps, reps["velocity"], reps["touchdown"])
    return speed.where(speed < 0.0) ** 2 / (2.0 * STANDARD_GRAVITY)


def rsi_modified(reps: Reps) -> xr.Variable:
    """Jump height (impulse) per time to take-off (rep, scoring) [m/s]."""
    return jump_height_impulse(reps) / time_to_takeoff(reps)


def rsi(reps: Reps) -> xr.Variable:
    """Jump height (flight time) per contact time (rep, scoring) [m/s]."""
    return jump_height_flight_time(reps) / contact_time(reps)


def flight_contact_ratio(reps: Reps) -> xr.Variable:
    """Flight time per contact time (rep, scoring) [1]."""
    return flight_time(reps) / contact_time(reps)
