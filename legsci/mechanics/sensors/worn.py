"""Signals of the inertial sensor on each segment in a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import streams
from legsci.mechanics.sensors.orientation import Array, Orientation, orientation, upward
from legsci.vocabulary import STANDARD_GRAVITY

#: Segments whose sensors are used; their own words in a stream are segment and side.
WORN_ON = ("pelvis", *(f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shank", "foot")))
_RAW = ("acceleration", "angular_velocity")
#: Ranges that accelerometers [m/s^2] and gyroscopes [rad/s] are made with; after calibration they end within this part
#: of them.
ACCELEROMETER_RANGES = tuple(
    STANDARD_GRAVITY * g for g in (2.0, 4.0, 8.0, 10.0, 16.0, 24.0, 30.0, 32.0, 64.0, 100.0, 200.0)
)
GYROSCOPE_RANGES = tuple(np.pi / 180.0 * d for d in (250.0, 500.0, 1000.0, 2000.0, 4000.0))
RANGE_PART = 0.03


@dataclass(frozen=True)
class WornSensor:
    """What the sensor of a segment recorded in a trial; samples that were lost are NaN.

    Parameters
    ----------
    time : (time,) on the clock of the trial [s], where `related`.
    rate_hz : samples per second.
    upward : (time, 3) unit vector upward, sensor axes.
    angular_velocity : (time, 3) sensor axes, less the bias of the gyroscope [rad/s].
    acceleration : (time, 3) specific force, sensor axes [m/s^2]; NaN where the file holds orientation alone.
    range_reached : (time,) whether gyroscope or accelerometer is at the end of its range.
    gyroscope_saturated : whether the gyroscope is at the end of its range in any sample.
    related : whether its clock is related to that of the trial, or is that of the trial.
    """

    time: Array
    rate_hz: float
    upward: Array
    angular_velocity: Array
    acceleration: Array
    range_reached: NDArray[np.bool_]
    gyroscope_saturated: bool
    related: bool


def worn_sensors(trial: xr.DataTree) -> dict[str, WornSensor]:
    """Sensors of a trial by the segment that carries them, one of `WORN_ON`.

    Parameters
    ----------
    trial : group of a session file.

    Returns
    -------
    Those with accelerometer and gyroscope; else those whose file holds a quaternion of the sensor in the axes of the
    earth, z up, which is taken as recorded.
    """
    found = list(streams(trial, "imu").values())
    alone = len(found) == len(trial.children)
    answer: dict[str, WornSensor] = {}
    for quantities in (_RAW, ("orientation",)):
        for signal in found:
            related = alone or bool(np.isfinite(signal.attrs.get("clock_offset_s", np.nan)))
            for segment in (segment for segment in WORN_ON if segment not in answer):
                sensor = _sensor(signal, segment, quantities, related=related)
                if sensor is not None:
                    answer[segment] = sensor
    return answer


def _sensor(signal: xr.Dataset, segment: str, quantities: tuple[str, ...], *, related: bool) -> WornSensor | None:
    """Read the sensor of a segment from a stream, None where it does not have all quantities."""
    values = [_values(signal, segment, quantity) for quantity in quantities]
    known = [each for each in values if each is not None]
    if len(known) < len(quantities) or any(not np.isfinite(each).all(axis=1).any() for each in known):
        return None
    rate, time = float(signal.attrs["sampling_rate_hz"]), signal["time"].to_numpy().astype(float)
    if quantities == _RAW:
        force, spin = known
        found = orientation(force, spin, rate_hz=rate)
        spin = spin - found.bias
        reached, gyroscope = range_reached(force, known[1])
    else:
        norm = np.linalg.norm(known[0], axis=1, keepdims=True)
        found = Orientation(known[0] / norm, np.zeros((time.size, 3)), np.zeros(time.size, dtype=bool))
        spin, force = _spin(found.quaternion, rate), np.full((time.size, 3), np.nan)
        reached, gyroscope = np.zeros(time.size, dtype=bool), False
    return WornSensor(time, rate, upward(found), spin, force, reached, gyroscope, related)


def _values(signal: xr.Dataset, segment: str, quantity: str) -> Array | None:
    """Values (time, axis) of a quantity of a segment's sensor; None without all of its axes."""
    if not {"segment", "quantity", "axis"} <= set(map(str, signal.coords)):
        return None
    sides = signal["side"].to_numpy().astype(str) if "side" in signal.coords else np.full(signal.sizes["channel"], "")
    named = zip(sides, *(signal[name].to_numpy().astype(str) for name in ("segment", "quantity", "axis")), strict=True)
    rows = {
        axis: row
        for row, (side, of, what, axis) in enumerate(named)
        if what == quantity and _label(side, of) == segment
    }
    axes = "wxyz" if quantity == "orientation" else "xyz"
    if not set(axes) <= set(rows):
        return None
    return np.asarray(signal["value"].transpose("time", "channel").to_numpy()[:, [rows[axis] for axis in axes]], float)


def _label(side: str, segment: str) -> str:
    """Name of a segment with its side."""
    return f"{side}_{segment}" if side else segment


def _spin(quaternion: Array, rate_hz: float) -> Array:
    """Angular velocity (time, 3) of a sensor in its own axes [rad/s], from its orientation (time, 4)."""
    before, after = quaternion[:-1], quaternion[1:]
    # The rotation from one sample to the next, conj(q_k) q_(k+1); of a small one, twice the vector part.
    w, v = before[:, :1], -before[:, 1:]
    turn = w * after[:, 1:] + after[:, :1] * v + np.cross(v, after[:, 1:])
    scalar = before[:, :1] * after[:, :1] - (v * after[:, 1:]).sum(axis=1, keepdims=True)
    spin = 2.0 * rate_hz * np.where(scalar < 0.0, -turn, turn)
    return np.vstack([spin, spin[-1:]])


def range_reached(force: Array, spin: Array) -> tuple[NDArray[np.bool_], bool]:
    """Samples (time,) with accelerometer or gyroscope at the end of its range, and whether the gyroscope ever is.

    Parameters
    ----------
    force, spin : (time, 3) as recorded [m/s^2], [rad/s].
    """
    of_gyroscope = _at_end_of_range(spin, GYROSCOPE_RANGES)
    return _at_end_of_range(force, ACCELEROMETER_RANGES) | of_gyroscope, bool(of_gyroscope.any())


def _at_end_of_range(signal: Array, ranges: Sequence[float]) -> NDArray[np.bool_]:
    """Samples (time,) at which a sensor is at the end of its range.

    It repeats its largest value to the last digit, and that value is about one of the ranges that sensors are made
    with: a coarse converter may repeat a peak within its range.
    """
    size = np.abs(signal)
    largest = float(np.nanmax(size))
    if not any(abs(largest / each - 1.0) < RANGE_PART for each in ranges):
        return np.zeros(len(signal), dtype=bool)
    at_end = np.nan_to_num(size, nan=-1.0) >= largest * (1.0 - 1e-6)
    return np.asarray(at_end.any(axis=1) & (at_end.sum() > 1))
