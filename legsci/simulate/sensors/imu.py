"""Inertial sensors on the virtual athlete: accelerometers and gyroscopes with a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.sensors.clock import RecorderClock
from legsci.simulate.sensors.imu_on_skin import TILT_LENGTH_M, Skin, draw_skin, ringing, skin_turn
from legsci.vocabulary import SEGMENTS, STANDARD_GRAVITY

#: Segments that carry a sensor.
CARRIERS = ("pelvis", "left_thigh", "left_shank", "left_foot", "right_thigh", "right_shank", "right_foot")
_GRAVITY = np.array([0.0, -STANDARD_GRAVITY, 0.0])
_X, _Y, _Z = np.eye(3)
#: Accelerometer, gyroscope: which of them each of the six readings belongs to.
_KINDS = np.repeat([0, 1], 3)


@dataclass(frozen=True)
class ImuSettings:
    """Imperfections of inertial sensors; standard deviations between sensors unless said otherwise.

    Parameters
    ----------
    rate_hz : samples per second of the sensors' own clock.
    misalignment_deg : angle by which a sensor is turned on the segment about a random axis, when it is put on [deg].
    skin_scale : times the sizes of SKIN; 0 for sensors on bone.
    accelerometer_bias, gyroscope_bias : constant error per axis [m/s^2], [rad/s].
    accelerometer_noise, gyroscope_noise : standard deviation of white noise per sample [m/s^2], [rad/s].
    accelerometer_ranges, gyroscope_ranges : one of these is set for a session; readings beyond it stay there [m/s^2],
        [rad/s].
    lost_share : (least, largest) share of the packets of a sensor that are lost in a session.
    lost_in_a_row : mean number of packets that are lost one after the other.
    """

    rate_hz: float = 100.0
    misalignment_deg: float = 5.0
    skin_scale: float = 1.0
    accelerometer_bias: float = 0.05
    gyroscope_bias: float = 0.005
    accelerometer_noise: float = 0.02
    gyroscope_noise: float = 0.003
    accelerometer_ranges: tuple[float, ...] = (8.0 * STANDARD_GRAVITY, 16.0 * STANDARD_GRAVITY)
    gyroscope_ranges: tuple[float, ...] = (float(np.radians(500.0)), float(np.radians(2000.0)))
    lost_share: tuple[float, float] = (0.0, 0.03)
    lost_in_a_row: float = 3.0


@dataclass(frozen=True)
class Imu:
    """A sensor as it is worn for a session.

    Parameters
    ----------
    segment : which segment it is strapped to.
    place : (3,) from the segment's origin, segment axes [m].
    mounting : (3, 3) sensor axes as columns, in segment axes; z points away from the skin.
    bias : (6,) of accelerometer and gyroscope [m/s^2], [rad/s].
    limit : (2,) largest readings of accelerometer and gyroscope [m/s^2], [rad/s].
    skin : the soft tissue under it.
    lost_share : share of its packets that are lost.
    """

    segment: str
    place: Array
    mounting: Array
    bias: Array
    limit: Array
    skin: Skin
    lost_share: float


@dataclass(frozen=True)
class ImuRecording:
    """What one sensor recorded.

    Parameters
    ----------
    rate_hz : samples per second of its clock.
    packet : (n,) number of each packet that arrived, counted from 0 at the start of the recorder.
    acceleration : (n, 3) specific force, sensor axes [m/s^2]; at rest it is g upward.
    angular_velocity : (n, 3) sensor axes [rad/s].
    """

    rate_hz: float
    packet: NDArray[np.int64]
    acceleration: Array
    angular_velocity: Array


def worn_imus(settings: ImuSettings, rng: np.random.Generator) -> tuple[Imu, ...]:
    """Strap on the seven sensors of a session, as gait laboratories do: sacrum, outer thighs, shins and insteps."""
    limit = np.array([float(rng.choice(settings.accelerometer_ranges)), float(rng.choice(settings.gyroscope_ranges))])
    worn = []
    for segment in CARRIERS:
        side = -1.0 if segment.startswith("left") else 1.0
        place, along, outward = {
            "pelvis": (np.array([-0.10, 0.02, 0.0]), _Y, -_X),
            "thigh": (np.array([0.02, -0.20, 0.08 * side]), _Y, side * _Z),
            "shank": (np.array([0.05, -0.15, 0.0]), _Y, _X),
            "foot": (np.array([0.07, 0.0, 0.0]), _X, _Y),
        }[segment.rpartition("_")[2]]
        axes = np.column_stack([along, np.cross(outward, along), outward])
        worn.append(
            Imu(
                segment=segment,
                place=place,
                mounting=_turn(rng, settings.misalignment_deg) @ axes,
                bias=np.array([settings.accelerometer_bias, settings.gyroscope_bias])[_KINDS] * rng.normal(size=6),
                limit=limit,
                # The weight of the body strikes along its long axis, on the foot along the instep's normal.
                skin=draw_skin(segment, _Y, outward if outward is not _Y else _X, settings.skin_scale, rng),
                lost_share=float(rng.uniform(*settings.lost_share)),
            )
        )
    return tuple(worn)


def record_imu(
    motion: Motion, imu: Imu, clock: RecorderClock, settings: ImuSettings, rng: np.random.Generator
) -> tuple[ImuRecording, dict[str, object]]:
    """Read one inertial sensor.

    Parameters
    ----------
    motion : at a rate well above the sensor's.
    imu : the sensor as it is worn.
    clock : of the recorder; before the motion the athlete stands still as in its first sample.
    settings, rng : errors of the sensor, and random numbers.

    Returns
    -------
    recording : packet k is the mean over the k-th sampling interval of the recorder's clock, as strapdown integration
        inside the sensor gives it: readings times interval add up to the whole change, whatever the rate. The k-th
        interval, counted from 0, ends at clock.true_time((k + 1) / rate_hz) on the trial's clock.
    truth : sensor_to_segment (3 x 3, on the bone of the first sample), biases, ranges, packets (sent), lost_packets as
        (first, last + 1), saturated_packets, skin_turn_max_deg, skin_ringing_hz.

    Raises
    ------
    ValueError : the motion is over before the sensor starts.

    Notes
    -----
    With R the segment's rotation, E that of the skin on it, M the sensor's axes, r the way from the segment's centre of
    mass to the sensor, w the angular velocity, e that of the skin, a the acceleration of the centre of mass and x''
    that of the sensor on the skin::

        gyroscope = (E M)^T (R^T w + e),    accelerometer = (E M)^T (R^T (a + w' x r + w x (w x r) - g) + x'')
    """
    felt, still, turn = _felt(motion, imu)
    interval = (1.0 + clock.drift) / settings.rate_hz
    count = int(np.floor((motion.time[-1] - clock.offset_s) / interval + 1e-9))
    if count < 1:
        raise ValueError(f"{imu.segment}: the motion is over before the sensor starts, {clock.offset_s:.3f} s into it")
    times = clock.true_time(np.arange(count + 1) / settings.rate_hz)
    means = np.diff(_integral(felt, still, motion.rate_hz, times), axis=0) / interval
    noise = np.array([settings.accelerometer_noise, settings.gyroscope_noise])[_KINDS] * rng.normal(size=means.shape)
    limit = imu.limit[_KINDS]
    readings = np.clip(means + imu.bias + noise, -limit, limit)
    lost = _lost(count, imu.lost_share, settings.lost_in_a_row, rng)
    arrived = np.ones(count, dtype=bool)
    for first, stop in lost:
        arrived[first:stop] = False
    truth: dict[str, object] = {
        "sensor_to_segment": imu.mounting.tolist(),
        "accelerometer_bias": imu.bias[:3].tolist(),
        "gyroscope_bias": imu.bias[3:].tolist(),
        "accelerometer_range": float(imu.limit[0]),
        "gyroscope_range": float(imu.limit[1]),
        "packets": count,
        "lost_packets": lost,
        "saturated_packets": int((np.abs(readings) >= limit).any(axis=1).sum()),
        "skin_turn_max_deg": float(np.degrees(np.abs(turn).max())),
        "skin_ringing_hz": imu.skin.ringing_hz,
    }
    kept = readings[arrived]
    return ImuRecording(settings.rate_hz, np.flatnonzero(arrived), kept[:, :3], kept[:, 3:]), truth


def _felt(motion: Motion, imu: Imu) -> tuple[Array, Array, Array]:
    """What a sensor without errors feels.

    Returns
    -------
    felt : (n, 6) specific force [m/s^2] and angular velocity [rad/s], sensor axes.
    still : (6,) the same while the athlete stands still as in the first sample.
    turn : (n,) of the skin against the bone [rad].
    """
    number = SEGMENTS.index(imu.segment)
    rotation, velocity, turning = (
        each[number] for each in (motion.rotation, motion.angular_velocity, motion.angular_acceleration)
    )
    to_segment = np.ascontiguousarray(rotation.transpose(0, 2, 1))
    lever = motion.position[number] + rotation @ imu.place - motion.centre_of_mass[number]
    acceleration = motion.centre_of_mass_acceleration[number] + np.cross(turning, lever)
    acceleration += np.cross(velocity, np.cross(velocity, lever))
    on_bone = (to_segment @ acceleration[..., None])[..., 0]
    rung, swaying = ringing(on_bone @ imu.skin.along, motion.rate_hz, imu.skin)
    turn, turn_rate = skin_turn(motion, imu.segment, imu.skin)
    force = on_bone + rung[:, None] * imu.skin.along - to_segment @ _GRAVITY
    spin = (to_segment @ velocity[..., None])[..., 0] + turn_rate[:, None] * imu.skin.turn_axis
    spin += (swaying / TILT_LENGTH_M)[:, None] * imu.skin.tilt_axis
    to_sensor = np.ascontiguousarray((_about(imu.skin.turn_axis, turn) @ imu.mounting).transpose(0, 2, 1))
    felt = np.concatenate([to_sensor @ force[..., None], to_sensor @ spin[..., None]], axis=1)[..., 0]
    still = np.concatenate([-to_sensor[0] @ to_segment[0] @ _GRAVITY, np.zeros(3)])
    return felt, still, turn


def _lost(count: int, share: float, in_a_row: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Draw the packets that are lost, as (first, last + 1): runs of geometric length after a random packet each."""
    runs: list[tuple[int, int]] = []
    begins = rng.random(count) < share / in_a_row
    begins[0] = False  # the first packet that arrives is the start of the file
    for first in np.flatnonzero(begins).tolist():
        stop = min(first + int(rng.geometric(1.0 / in_a_row)), count)
        if runs and first <= runs[-1][1]:
            first, stop = runs[-1][0], max(stop, runs.pop()[1])
        runs.append((first, stop))
    return runs


def _integral(signal: Array, still: Array, rate_hz: float, times: Array) -> Array:
    """Integral of a signal (n, channel), straight between samples, from 0 to each time (time, channel).

    Before time 0 the signal is `still` (channel,).
    """
    whole = np.zeros_like(signal)
    whole[1:] = np.cumsum(signal[1:] + signal[:-1], axis=0) / (2.0 * rate_hz)
    index = np.clip((times * rate_hz).astype(int), 0, len(signal) - 2)
    since = (times - index / rate_hz)[:, None]
    slope = (signal[index + 1] - signal[index]) * rate_hz
    inside = whole[index] + since * (signal[index] + 0.5 * since * slope)
    return np.where(times[:, None] < 0.0, times[:, None] * still, inside)


def _about(axis: Array, angle: Array) -> Array:
    """Rotations (n, 3, 3) about an axis (3,) by angles (n,) [rad] (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + (1.0 - cosine) * cross @ cross)


def _turn(rng: np.random.Generator, size_deg: float) -> Array:
    """Rotation (3, 3) about a random axis by a normally distributed angle."""
    axis = (vector := rng.normal(size=3)) / np.linalg.norm(vector)
    return np.asarray(_about(axis, np.radians([size_deg * rng.normal()]))[0])
