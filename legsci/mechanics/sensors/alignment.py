"""Sensor to segment: the vertical from quiet standing, and the mediolateral axis from one functional movement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.sensors.orientation import Array
from legsci.mechanics.sensors.worn import WornSensor

#: Quiet standing is the stillest stretch of this length [s], if its angular velocity stays below this [deg/s].
STANDING_S, STILL_DEG_PER_S = 0.5, 10.0
#: A segment shows its mediolateral axis when it tilts by this much from standing [deg]; what tilts less than LEVEL_DEG
#: is taken as level where the axis is not known, as the foot of a squat.
TILTED_DEG, LEVEL_DEG = 15.0, 5.0
#: Angular velocity about that axis exceeds that about the others by this factor (root mean square).
AXIS_RATIO = 2.0
#: Low-pass of the angular velocity from which the axis is found [Hz]: sensors on skin ring from 10 Hz on.
AXIS_HZ = 6.0
#: Direction in which each segment rotates the furthest from standing in squats, jumps and gait, positive to the right
#: (ISB z): the thigh's knee forward, the shank's knee forward, the pelvis forward, the foot's toes down.
FURTHEST = {"thigh": 1.0, "shank": -1.0, "pelvis": -1.0, "foot": -1.0}


class Alignment(NamedTuple):
    """A sensor on its segment.

    Parameters
    ----------
    upward : (3,) the vertical of quiet standing, sensor axes.
    axis : (3,) mediolateral axis, positive to the right, sensor axes; None where no movement shows it.
    standing, movement : names of the trials that show them; empty without an axis.
    range_deg : range of rotation of the segment about its axis in that movement [deg].
    """

    upward: Array
    axis: Array | None
    standing: str
    movement: str
    range_deg: float


def standing_upward(sensor: WornSensor, *, first_s: float = 0.0, last_s: float = np.inf) -> Array | None:
    """Vertical in sensor axes (3,) in the stillest stretch between two times; None where the sensor never is still."""
    length = max(2, round(STANDING_S * sensor.rate_hz))
    since = sensor.time - sensor.time[0]
    spin = np.linalg.norm(sensor.angular_velocity, axis=1)
    spin = np.where((since >= first_s) & (since <= last_s), np.nan_to_num(spin, nan=np.inf), np.inf)
    if spin.size < length:
        return None
    means = np.convolve(np.minimum(spin, 1e6), np.full(length, 1.0 / length), mode="valid")
    start = int(np.argmin(means))
    if np.degrees(means[start]) > STILL_DEG_PER_S:
        return None
    return _unit(np.nanmean(sensor.upward[start : start + length], axis=0))


def inclination(upward: Array, standing: Array, axis: Array) -> Array:
    """Rotation of a segment about its mediolateral axis since standing (time,) [deg].

    With the axis z of the sensor and the vertical of standing across it as y, the segment has rotated by

        atan2(u . x, u . y),    x = y x z,

    where u is the vertical of each sample. Heading has no part in it: of two segments that share the axis of a hinge,
    the difference of their rotations is the flexion of the joint, whatever their headings, and gravity keeps it from
    drifting.
    """
    y = _unit(standing - (standing @ axis) * axis)
    angle = np.arctan2(upward @ np.cross(y, axis), upward @ y)
    known = np.isfinite(angle)
    angle[known] = np.unwrap(angle[known])
    return np.degrees(angle)


def tilt(upward: Array, standing: Array) -> Array:
    """Angle of a segment from how it stands (time,) [deg], in whatever direction."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(upward, standing), axis=1), upward @ standing))


def functional_axis(sensor: WornSensor, standing: Array, part: str) -> tuple[Array | None, float]:
    """Mediolateral axis of a segment (3,), and its range of rotation about it [deg], from a movement.

    It is the axis of most angular velocity (largest eigenvalue of the sum of w w^T; Seel et al. 2014, Sensors 14:6891,
    find it from two segments of a hinge), less the part about the vertical, about which the whole body turns; positive
    to the right by the direction in which such a segment rotates the furthest (`FURTHEST`).

    Parameters
    ----------
    sensor : in a squat, a vertical jump or gait.
    standing : (3,) its vertical in standing.
    part : "pelvis", "thigh", "shank" or "foot".
    """
    leaning = tilt(sensor.upward, standing)
    level = sensor.angular_velocity - (sensor.angular_velocity * sensor.upward).sum(axis=1)[:, None] * sensor.upward
    spin = _smooth(level, sensor.rate_hz)
    known = np.isfinite(spin).all(axis=1)
    if not np.nan_to_num(leaning).max() > TILTED_DEG or not known.any():
        return None, 0.0
    sizes, axes = np.linalg.eigh(spin[known].T @ spin[known])
    if sizes[2] < AXIS_RATIO**2 * sizes[1]:
        return None, 0.0
    turned = inclination(sensor.upward, standing, axes[:, 2])
    furthest = float(turned[int(np.nanargmax(np.abs(turned)))])
    axis = axes[:, 2] if furthest * FURTHEST[part] > 0.0 else -axes[:, 2]
    return axis, float(np.nanmax(turned) - np.nanmin(turned))


def session_alignment(
    worn: Mapping[str, Mapping[str, WornSensor]], standing: tuple[str, ...], movements: tuple[str, ...]
) -> dict[str, Alignment]:
    """Align the sensors of a session.

    Parameters
    ----------
    worn : trial -> segment -> sensor.
    standing : trials in which the person stands still, the preferred first.
    movements : functional movements, the preferred first: the first that shows the axis of a segment is used.

    Returns
    -------
    Segment -> alignment, of the segments that stand still in one of the trials.
    """
    answer: dict[str, Alignment] = {}
    segments = dict.fromkeys(segment for sensors in worn.values() for segment in sensors)
    for segment in segments:
        shown = ((name, standing_upward(worn[name][segment])) for name in standing if segment in worn[name])
        name, vertical = next(((name, each) for name, each in shown if each is not None), ("", None))
        if vertical is None:
            continue
        axis, movement, reach = None, "", 0.0
        for movement in (each for each in movements if segment in worn[each]):
            axis, reach = functional_axis(worn[movement][segment], vertical, segment.rpartition("_")[2])
            if axis is not None:
                break
        answer[segment] = Alignment(vertical, axis, name, movement if axis is not None else "", reach)
    return answer


def sagittal_rotation(sensor: WornSensor, alignment: Alignment) -> Array:
    """Rotation of a segment about its mediolateral axis since standing (time,) [deg].

    Without a known axis 0 where it stays level (`LEVEL_DEG`), else NaN.
    """
    if alignment.axis is not None:
        return inclination(sensor.upward, alignment.upward, alignment.axis)
    return np.where(tilt(sensor.upward, alignment.upward) < LEVEL_DEG, 0.0, np.nan)


def _smooth(spin: Array, rate_hz: float) -> Array:
    """Angular velocity (time, 3) below AXIS_HZ."""
    if rate_hz <= 2.0 * AXIS_HZ:
        return spin
    return butterworth_lowpass(np.ascontiguousarray(spin.T), sampling_rate_hz=rate_hz, cutoff_hz=AXIS_HZ).T


def _unit(vector: Array) -> Array:
    """Vector of length 1."""
    return np.asarray(vector / np.linalg.norm(vector))
