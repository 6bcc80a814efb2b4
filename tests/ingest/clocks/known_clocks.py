"""Recordings of plates, sensors and cameras whose clocks are known, with errors that the estimator does not assume.

A sensor is on skin that yields: what it feels is the acceleration of the bone through a damped spring, which rings
after impacts. It is turned on the segment, has bias and noise, averages over its interval, and has a clock of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.signal import bilinear, lfilter, lfilter_zi
from scipy.spatial.transform import Rotation

from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.vocabulary import SEGMENTS, STANDARD_GRAVITY
from tests.mechanics.force.known_trials import _technique

FINE_HZ = 1000.0
#: Places of sensors from the origin of their segment, in its axes [m].
PLACES_M = {"pelvis": (-0.10, 0.02, 0.0), "right_shank": (0.05, -0.15, 0.0), "right_foot": (0.07, 0.0, 0.0)}
SENSOR_RATES_HZ, CAMERA_RATES_HZ = (100.0, 120.0, 200.0, 400.0), (100.0, 200.0, 250.0)
#: Resonance of a sensor on skin [Hz], and its damping ratio: 10 to 20 Hz, more where it is strapped tightly.
RINGING_HZ, DAMPING = (10.0, 20.0), (0.15, 0.5)
#: Standard deviation of the turn of a sensor on its segment [deg].
TILT_DEG = 25.0
ACCELEROMETER_BIAS, GYROSCOPE_BIAS = 0.05, 0.005
ACCELEROMETER_NOISE, GYROSCOPE_NOISE = (0.01, 0.1), (0.001, 0.01)
ACCELEROMETER_RANGE = 16.0 * STANDARD_GRAVITY
PLATE_NOISE_N = (0.5, 5.0)
OFFSET_S, LARGEST_DRIFT = (0.1, 2.0), 80e-6
MARKER_NOISE_M = 0.0004


@dataclass(frozen=True)
class Moved:
    """A movement at `FINE_HZ`: vertical force (time,) [N], and of segments rotation (time, 3, 3), specific force and
    angular velocity (time, 3) where their sensors are, laboratory axes [m/s^2], [rad/s]; heights (time, marker) [m]."""

    task: str
    force: np.ndarray
    segments: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    heights: np.ndarray | None = None


@dataclass(frozen=True)
class Worn:
    """How a sensor is worn in a session: its turn on the segment, resonance [Hz], damping, rate [Hz], biases, noise."""

    turn: np.ndarray
    ringing_hz: float
    damping: float
    rate_hz: float
    bias: np.ndarray
    noise: np.ndarray


def draw_worn(rng: np.random.Generator) -> Worn:
    """Draw how a sensor is worn."""
    return Worn(
        Rotation.from_rotvec(np.radians(TILT_DEG) * rng.normal(size=3)).as_matrix(),
        float(rng.uniform(*RINGING_HZ)), float(rng.uniform(*DAMPING)), float(rng.choice(SENSOR_RATES_HZ)),
        np.repeat([ACCELEROMETER_BIAS, GYROSCOPE_BIAS], 3) * rng.normal(size=6),
        np.repeat([rng.uniform(*ACCELEROMETER_NOISE), rng.uniform(*GYROSCOPE_NOISE)], 3),
    )  # fmt: skip


def virtual_movement(
    task: str, athlete: Athlete, rng: np.random.Generator, segments: tuple[str, ...] = ("pelvis",), **technique: float
) -> Moved:
    """Let a virtual athlete do a task."""
    drawn = _technique(task, rng)
    for name, value in technique.items():
        drawn = type(drawn)(**{**vars(drawn), name: value})
    motion = simulate_motion(task, athlete, drawn, rate_hz=FINE_HZ)
    of_segments = {}
    for segment in segments:
        row = SEGMENTS.index(segment)
        rotation, spin = motion.rotation[row], motion.angular_velocity[row]
        way = motion.position[row] + rotation @ np.array(PLACES_M[segment]) - motion.centre_of_mass[row]
        felt = motion.centre_of_mass_acceleration[row] + np.cross(motion.angular_acceleration[row], way)
        felt += np.cross(spin, np.cross(spin, way)) + np.array([0.0, STANDARD_GRAVITY, 0.0])
        of_segments[segment] = rotation, felt, spin
    markers = markers_of(build_body(athlete, barbell_kg=drawn.barbell_kg), motion)[1]
    return Moved(task, motion.force[..., 1].sum(axis=0), of_segments, markers[..., 1])


def plates(moved: Moved, rng: np.random.Generator) -> xr.Dataset:
    """Record the force of a movement on the trial's clock."""
    values = moved.force + rng.uniform(*PLATE_NOISE_N) * rng.normal(size=moved.force.size)
    return xr.Dataset(
        {"force": (("plate", "time", "axis"), values[None, :, None])},
        coords={"plate": ["1"], "axis": ["y"], "time": np.arange(values.size) / FINE_HZ},
        attrs={"sampling_rate_hz": FINE_HZ, "kind": "force", "device": "plates"},
    )


def sensor(moved: Moved, worn: Worn, offset_s: float, drift: float, rng: np.random.Generator, segment="pelvis"):
    """Record a sensor that starts at `offset_s` on the trial's clock; its first sample is half an interval later.

    Returns
    -------
    The stream on its own clock, and the time of its sample 0 on the trial's clock [s].
    """
    rotation, felt, spin = moved.segments[segment]
    felt = _on_skin(felt, worn)
    axes = rotation @ worn.turn
    own = np.concatenate([np.einsum("tji,tj->ti", axes, each) for each in (felt, spin)], axis=1)
    interval = (1.0 + drift) / worn.rate_hz
    count = int(((len(own) - 1) / FINE_HZ - max(offset_s, 0.0)) / interval)
    edges = offset_s + interval * np.arange(count + 1)
    total = np.vstack([np.zeros(6), np.cumsum(0.5 * (own[1:] + own[:-1]), axis=0) / FINE_HZ])
    times = np.arange(len(own)) / FINE_HZ
    # Before the trial's first sample the athlete stands as in it.
    integral = np.column_stack([np.interp(edges, times, row) for row in total.T])
    integral += np.minimum(edges, 0.0)[:, None] * own[0]
    means = np.diff(integral, axis=0) / interval
    values = means + worn.bias + worn.noise * rng.normal(size=means.shape)
    values[:, :3] = np.clip(values[:, :3], -ACCELEROMETER_RANGE, ACCELEROMETER_RANGE)
    quantity = ["acceleration"] * 3 + ["angular_velocity"] * 3
    stream = xr.Dataset(
        {"value": (("channel", "time"), values.T)},
        coords={
            "channel": [f"{name}_{axis}" for name, axis in zip(quantity, "xyzxyz", strict=True)],
            "quantity": ("channel", quantity),
            "axis": ("channel", list("xyzxyz")),
            "segment": ("channel", [segment.rpartition("_")[2]] * 6),
            "time": np.arange(count) / worn.rate_hz,
        },
        attrs={"sampling_rate_hz": worn.rate_hz, "kind": "imu", "device": f"imu_{segment}"},
    )
    return stream, offset_s + 0.5 * interval


def cameras(moved: Moved, offset_s: float, drift: float, rng: np.random.Generator) -> xr.Dataset:
    """Record the heights of the markers, each on skin of its own, by cameras that start at `offset_s`."""
    rate = float(rng.choice(CAMERA_RATES_HZ))
    times = offset_s + (1.0 + drift) / rate * np.arange(int((len(moved.heights) / FINE_HZ - offset_s) * rate) - 1)
    fine = np.arange(len(moved.heights)) / FINE_HZ
    on_skin = np.column_stack([_on_skin(row[:, None], draw_worn(rng)) for row in moved.heights.T])
    heights = np.column_stack([np.interp(times, fine, row) for row in on_skin.T])
    heights += MARKER_NOISE_M * rng.normal(size=heights.shape)
    position = np.zeros((*heights.shape, 3))
    position[..., 1] = heights
    return xr.Dataset(
        {"position": (("time", "marker", "axis"), position)},
        coords={
            "time": np.arange(times.size) / rate,
            "marker": [str(n) for n in range(heights.shape[1])],
            "axis": list("xyz"),
        },
        attrs={"sampling_rate_hz": rate, "kind": "markers", "device": "cameras"},
    )


def _on_skin(felt: np.ndarray, worn: Worn) -> np.ndarray:
    """Acceleration or place (time, axis) through a damped spring, at rest in the first sample."""
    pulse = 2.0 * np.pi * worn.ringing_hz
    b, a = bilinear([2.0 * worn.damping * pulse, pulse**2], [1.0, 2.0 * worn.damping * pulse, pulse**2], FINE_HZ)
    start = lfilter_zi(b, a)
    return np.column_stack([lfilter(b, a, row, zi=start * row[0])[0] for row in felt.T])
