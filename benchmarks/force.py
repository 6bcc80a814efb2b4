"""Force kernels beside scipy, numpy and ezc3d."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import ezc3d
import numpy as np
import scipy.integrate
import scipy.signal

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.events import intervals_below, quietest_window
from legsci.kernels.filters import butterworth_lowpass
from legsci.kernels.integrals import integrate_forward
from legsci.kernels.plates import centre_of_pressure, plate_force_and_moment

ROOT = Path(__file__).resolve().parents[1]
JUMP_FILE = ROOT.parent / "shared" / "data" / "biomdp-cmj-dj" / "vicon_CMJ_kinem_kinet_emg.c3d"
CORNERS = np.array([[0.0, 0.9, 0.0], [0.6, 0.9, 0.0], [0.6, 0.0, 0.0], [0.0, 0.0, 0.0]])
ORIGIN = np.array([0.0, 0.0, -0.058])
NO_CALIBRATION = np.empty((0, 0))
THRESHOLD_N = 20.0

# Kernels that a force session needs, each called once in a fresh process; prints two times in milliseconds. The first
# call of any compiled function, from whichever package, starts numba itself; that is timed apart, on the first kernel.
FIRST_CALLS = """
import time
import numpy as np
from legsci.kernels import events, filters, integrals, jumps, plates
channels = np.ones((6, 200))
corners = np.array([[0.6, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.9, 0.0], [0.6, 0.9, 0.0]])
begin = time.perf_counter()
events.intervals_below(channels[0], 0.5)
start = time.perf_counter()
force, moment = plates.plate_force_and_moment(channels, 2, corners, np.zeros(3), np.empty((0, 0)))
plates.centre_of_pressure(force, moment, 0.0, 2, 20.0)
filters.butterworth_lowpass(channels, sampling_rate_hz=1000.0, cutoff_hz=20.0)
events.quietest_window(channels[0], 50, 0, 200)
rules = (0.1, 5, 5, 0.1, 0.2, 0.1, True)
jumps.standing_jump_events(channels[0], 1000.0, 60, 100, 1.0, rules)
integrals.integrate_forward(channels[0], 0.001, 0.0)
print((time.perf_counter() - start) * 1000, (start - begin) * 1000)
"""


def measure() -> list[Measurement]:
    """Return all comparisons of the force kernels."""
    return [*_filters(), _plates_against_numpy(), *_plates_against_ezc3d(), *_events_and_integrals(), _first_calls()]


def _filters() -> list[Measurement]:
    samples = np.cumsum(np.random.default_rng(0).normal(size=(12, 10_000)), axis=1)
    measurements = []
    for order in (2, 4):
        sections = scipy.signal.butter(order, 20.0, fs=1000.0, output="sos")
        ours, theirs = medians_ms(
            lambda order=order: butterworth_lowpass(samples, sampling_rate_hz=1000.0, cutoff_hz=20.0, order=order),
            lambda sections=sections: scipy.signal.sosfiltfilt(sections, samples, axis=1),
        )
        job = f"zero-lag Butterworth, order {order}, 12 channels x 10 k"
        measurements.append(Measurement(job, "scipy sosfiltfilt", ours, theirs, 2.5))
    return measurements


def _legsci_plate(channels: np.ndarray, corners: np.ndarray, origin: np.ndarray) -> None:
    force, moment = plate_force_and_moment(channels, 2, corners, origin, NO_CALIBRATION)
    centre_of_pressure(force, moment, 0.0, 2, THRESHOLD_N)


def _numpy_plate(channels: np.ndarray, corners: np.ndarray, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Do the same with whole arrays of numpy, as one would write it in a notebook."""
    x, y = corners[0] - corners[1], corners[0] - corners[3]
    axes = np.column_stack([x, y, np.cross(x, y)])
    axes = axes / np.linalg.norm(axes, axis=0)
    raw_force, raw_moment = channels[:3].T, channels[3:].T
    force = raw_force @ axes.T
    moment = (raw_moment - np.cross(origin, raw_force)) @ axes.T + np.cross(corners.mean(axis=0), force)
    vertical = np.where(force[:, 2] >= THRESHOLD_N, force[:, 2], np.nan)
    point = np.stack([-moment[:, 1] / vertical, moment[:, 0] / vertical, 0.0 * vertical], axis=1)
    return point, moment[:, 2] - np.cross(point, force)[:, 2]


def _plates_against_numpy() -> Measurement:
    rng = np.random.default_rng(0)
    plates = [rng.normal(size=(6, 16_000)) * 50.0 - np.array([0, 0, 800, 0, 0, 0])[:, None] for _ in range(2)]
    ours, theirs = medians_ms(
        lambda: [_legsci_plate(channels, CORNERS, ORIGIN) for channels in plates],
        lambda: [_numpy_plate(channels, CORNERS, ORIGIN) for channels in plates],
    )
    return Measurement("plates to GRF, COP, free moment, 2 x 16 k", "numpy, vectorised", ours, theirs, 5.0)


def _plates_against_ezc3d() -> list[Measurement]:
    """Compare extraction alone: the time ezc3d takes to read with it, less that without it."""
    if not JUMP_FILE.exists():
        print(f"left out: plates against ezc3d, which needs {JUMP_FILE.name} in shared/data beside the checkout")
        return []
    file = ezc3d.c3d(str(JUMP_FILE))
    group = file["parameters"]["FORCE_PLATFORM"]
    millimetre = 0.001
    to_si = np.array([1.0, 1.0, 1.0, millimetre, millimetre, millimetre])[:, None]

    def legsci() -> None:
        for plate in range(2):
            channels = file["data"]["analogs"][0][np.array(group["CHANNEL"]["value"], int)[:, plate] - 1] * to_si
            corners = group["CORNERS"]["value"][:, :, plate].T * millimetre
            _legsci_plate(channels, corners, group["ORIGIN"]["value"][:, plate] * millimetre)

    ours, with_plates, without = medians_ms(
        legsci,
        lambda: ezc3d.c3d(str(JUMP_FILE), extract_forceplat_data=True),
        lambda: ezc3d.c3d(str(JUMP_FILE)),
        rounds=7,
    )
    # "Much faster" in the design; a hundred times is what makes the step vanish beside reading the file.
    return [Measurement("plates of a recorded jump, 2 x 16 k", "ezc3d extraction", ours, with_plates - without, 100.0)]


def _events_and_integrals() -> list[Measurement]:
    rng = np.random.default_rng(0)
    force = 750.0 + 5.0 * rng.normal(size=10_000)
    force[4000:4500] = 2.0 * rng.normal(size=500)
    acceleration = rng.normal(size=300_000)

    def numpy_intervals() -> np.ndarray:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], force < THRESHOLD_N, [False]]).astype(np.int8)))
        runs = edges.reshape(-1, 2)
        return runs[runs[:, 1] - runs[:, 0] >= 50]

    def numpy_quietest() -> int:
        return int(np.lib.stride_tricks.sliding_window_view(force, 1000).var(axis=1).argmin())

    runs = medians_ms(lambda: intervals_below(force, THRESHOLD_N, 50), numpy_intervals)
    quiet = medians_ms(lambda: quietest_window(force, 1000, 0, len(force)), numpy_quietest, rounds=7)
    integral = medians_ms(
        lambda: integrate_forward(acceleration, 0.001, 0.0),
        lambda: scipy.integrate.cumulative_trapezoid(acceleration, dx=0.001, initial=0.0),
    )
    return [
        Measurement("flights in 10 s at 1 kHz", "numpy", *runs, 1.0),
        Measurement("quietest second of 10 s at 1 kHz", "numpy, sliding window", *quiet, 10.0),
        Measurement("running integral, 300 k", "scipy cumulative_trapezoid", *integral, 1.0),
    ]


def _first_calls() -> Measurement:
    """Time the first call of each kernel in fresh processes, of which the first fills the cache and is not counted."""
    times, starts = [], []
    for _ in range(6):
        answer = subprocess.run([sys.executable, "-c", FIRST_CALLS], cwd=ROOT, capture_output=True, check=True).stdout
        kernels, numba = answer.split()
        times.append(float(kernels))
        starts.append(float(numba))
    print(
        f"numba starts once per process, with the first compiled function of any package: {median(starts[1:]):.0f} ms"
    )
    return Measurement("first call of 6 kernels, cached, fresh process", "limit of 50 ms", median(times[1:]), 50.0, 1.0)
