"""Inertial sensors on the virtual athlete: accelerometers and gyroscopes with a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion
from legsci.vocabulary import SEGMENTS, STANDARD_GRAVITY

#: Segments that carry a sensor.
CARRIERS = ("pelvis", "left_thigh", "left_shank", "left_foot", "right_thigh", "right_shank", "right_foot")
_GRAVITY = np.array([0.0, -STANDARD_GRAVITY, 0.0])
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Imu:
    """Placement of a sensor.

    Parameters
    ----------
    segment : which segment it is strapped to.
    place : (3,) from the segment's origin, segment axes [m].
    mounting : (3, 3) sensor axes as columns, in segment axes, before misalignment; z points away from the skin.
    """

    segment: str
    place: Array
    mounting: Array


@dataclass(frozen=True)
class ImuSettings:
    """Imperfections of inertial sensors; standard deviations between sensors unless said otherwise.

    Parameters
    ----------
    rate_hz : samples per second of the sensor's own clock.
    misalignment_deg : angle by which the sensor is turned on the segment about a random axis [deg].
    accelerometer_bias, gyroscope_bias : constant error per axis [m/s^2], [rad/s].
    accelerometer_noise, gyroscope_noise : standard deviation of white noise per sample [m/s^2], [rad/s].
    accelerometer_range, gyroscope_range : readings beyond this stay there [m/s^2], [rad/s].
    clock_offset_s : largest delay of the recorder's start after the trial's first sample; evenly distributed [s].
    clock_drift : standard deviation of (true second per clock second) - 1.
    """

    rate_hz: float = 100.0
    misalignment_deg: float = 5.0
    accelerometer_bias: float = 0.05
    gyroscope_bias: float = 0.005
    accelerometer_noise: float = 0.02
    gyroscope_noise: float = 0.003
    accelerometer_range: float = 160.0
    gyroscope_range: float = float(np.radians(2000.0))
    clock_offset_s: float = 0.25
    clock_drift: float = 2e-5


@dataclass(frozen=True)
class ImuRecording:
    """What one sensor recorded.

    Parameters
    ----------
    segment : where it is strapped to.
    rate_hz : samples per second of its clock.
    acceleration : (n, 3) specific force, sensor axes [m/s^2]; at rest it is g upward.
    angular_velocity : (n, 3) sensor axes [rad/s].
    """

    segment: str
    rate_hz: float
    acceleration: Array
    angular_velocity: Array


def imus() -> tuple[Imu, ...]:
    """Seven sensors, as gait laboratories strap them: sacrum, outer thighs, shins and insteps."""
    placed = []
    for segment in CARRIERS:
        side = -1.0 if segment.startswith("left") else 1.0
        place, along, outward = {
            "pelvis": (np.array([-0.10, 0.02, 0.0]), _Y, -_X),
            "thigh": (np.array([0.02, -0.20, 0.08 * side]), _Y, side * _Z),
            "shank": (np.array([0.05, -0.15, 0.0]), _Y, _X),
            "foot": (np.array([0.07, 0.0, 0.0]), _X, _Y),
        }[segment.rpartition("_")[2]]
        placed.append(Imu(segment, place, np.column_stack([along, np.cross(outward, along), outward])))
    return tuple(placed)


def record_imu(
    motion: Motion, imu: Imu, settings: ImuSettings, rng: np.random.Generator
) -> tuple[ImuRecording, dict[str, object]]:
    """Read one inertial sensor.

    Parameters
    ----------
    motion : at a rate well above the sensor's.
    imu, settings, rng : its placement and errors.

    Returns
    -------
    recording : sample k is the mean over the k-th sampling interval of the sensor's clock, as strapdown integration
        inside the sensor gives it: readings times interval add up to the whole change, whatever the rate.
    truth : sensor_to_segment (3 x 3, misalignment included), biases, and the clock: the k-th interval, counted from 0,
        ends at clock_offset_s + (1 + clock_drift) (k + 1) / rate_hz on the trial's clock.

    Raises
    ------
    ValueError : the motion is over before the sensor starts.

    Notes
    -----
    With R the segment's rotation, M the sensor's axes in the segment, r the way from the segment's centre of mass to
    the sensor, w its angular velocity and a the acceleration of its centre of mass::

        gyroscope = (R M)^T w,    accelerometer = (R M)^T (a + w' x r + w x (w x r) - g)
    """
    number = SEGMENTS.index(imu.segment)
    mounting = _turn(rng, settings.misalignment_deg) @ imu.mounting
    rotation = motion.rotation[number]
    velocity, turning = motion.angular_velocity[number], motion.angular_acceleration[number]
    lever = motion.position[number] + rotation @ imu.place - motion.centre_of_mass[number]
    acceleration = motion.centre_of_mass_acceleration[number] + np.cross(turning, lever)
    acceleration += np.cross(velocity, np.cross(velocity, lever)) - _GRAVITY
    to_sensor = np.ascontiguousarray((rotation @ mounting).transpose(0, 2, 1))
    felt = np.concatenate([to_sensor @ acceleration[..., None], to_sensor @ velocity[..., None]], axis=1)[..., 0]

    offset, drift = settings.clock_offset_s * rng.random(), settings.clock_drift * rng.normal()
    interval = (1.0 + drift) / settings.rate_hz
    count = int(np.floor((motion.time[-1] - offset) / interval + 1e-9))
    if count < 1:
        raise ValueError(f"{imu.segment}: the motion is over before the sensor starts, {offset:.3f} s into it")
    times: Array = offset + interval * np.arange(count + 1, dtype=np.float64)
    means = np.diff(_integral(felt, motion.rate_hz, times), axis=0) / interval
    kinds = np.repeat([0, 1], 3)
    bias = np.array([settings.accelerometer_bias, settings.gyroscope_bias])[kinds] * rng.normal(size=6)
    noise = np.array([settings.accelerometer_noise, settings.gyroscope_noise])[kinds] * rng.normal(size=means.shape)
    limit = np.array([settings.accelerometer_range, settings.gyroscope_range])[kinds]
    readings = np.clip(means + bias + noise, -limit, limit)
    truth: dict[str, object] = {
        "sensor_to_segment": mounting.tolist(),
        "accelerometer_bias": bias[:3].tolist(),
        "gyroscope_bias": bias[3:].tolist(),
        "clock_offset_s": float(offset),
        "clock_drift": float(drift),
    }
    return ImuRecording(imu.segment, settings.rate_hz, readings[:, :3], readings[:, 3:]), truth


def _integral(signal: Array, rate_hz: float, times: Array) -> Array:
    """Integral of a signal (n, channel), straight between samples, from 0 to each time (time, channel)."""
    whole = np.zeros_like(signal)
    whole[1:] = np.cumsum(signal[1:] + signal[:-1], axis=0) / (2.0 * rate_hz)
    index = np.clip((times * rate_hz).astype(int), 0, len(signal) - 2)
    since = (times - index / rate_hz)[:, None]
    slope = (signal[index + 1] - signal[index]) * rate_hz
    return np.asarray(whole[index] + since * (signal[index] + 0.5 * since * slope))


def _turn(rng: np.random.Generator, size_deg: float) -> Array:
    """Rotation (3, 3) about a random axis by a normally distributed angle (Rodrigues' formula)."""
    x, y, z = (vector := rng.normal(size=3)) / np.linalg.norm(vector)
    angle = np.radians(size_deg) * rng.normal()
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross)
