"""EMG of a pool of motor units: recruited by size, fired at rates, summed at an electrode.

Nothing here modulates the amplitude of noise: the signal is a sum of action potentials (Fuglevand AJ, Winter DA, Patla
AE (1993) Models of recruitment and rate coding organization in motor-unit pools. J Neurophysiol 70:2470-2488).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
UNITS = 120
#: Largest over smallest recruitment threshold, and of the size of the action potential.
RANGE_OF_THRESHOLDS, RANGE_OF_SIZES = 30.0, 40.0
#: Firing rates on recruitment and at most [1/s], gain [1/s per unit of excitation], variation of intervals.
LEAST_RATE, LARGEST_RATE, GAIN, VARIATION = 8.0, 40.0, 1.5, 0.2
#: Half duration of an action potential at the electrode [s]: between these.
DURATIONS_S = (0.0012, 0.0028)
PART_OF_RISE = 0.05


@dataclass(frozen=True)
class Recording:
    """EMG (sample,), sampling rate [Hz], and the instants at which its amplitude has made 5 % of each rise [s]."""

    emg: Array
    rate_hz: float
    onset_s: Array


def courses(shape: str, time: Array, rise_s: float) -> Array:
    """Excitation from 0 to 1 over a time since the command (sample,)."""
    part = np.clip(time / rise_s, 0.0, 1.0)
    if shape == "minimum jerk":
        return part**3 * (10.0 - 15.0 * part + 6.0 * part**2)
    if shape == "first order":
        return np.where(time > 0.0, 1.0 - np.exp(-3.0 * np.maximum(time, 0.0) / rise_s), 0.0)
    if shape == "sine":
        return np.sin(0.5 * np.pi * part)
    raise ValueError(shape)


def record(
    rng: np.random.Generator,
    shape: str,
    rise_s: float,
    snr_db: float,
    tonic: float,
    bursts: int = 6,
    rate_hz: float = 2000.0,
) -> Recording:
    """Record bursts of excitation from a tonic level, 2 s apart, with white noise of the amplifier."""
    starts = 1.0 + 2.0 * np.arange(bursts) + rng.uniform(-0.2, 0.2, bursts)
    time = np.arange(round((2.0 * bursts + 1.0) * rate_hz)) / rate_hz
    excitation = np.zeros(time.size)
    for start in starts:
        falling = np.clip((time - start - rng.uniform(0.35, 0.6)) / 0.1, 0.0, 1.0)
        excitation = np.maximum(excitation, courses(shape, time - start, rise_s) * (1.0 - falling))
    thresholds = RANGE_OF_THRESHOLDS ** (np.arange(UNITS) / (UNITS - 1))
    sizes = RANGE_OF_SIZES ** (np.arange(UNITS) / (UNITS - 1)) * np.exp(0.3 * rng.normal(size=UNITS))
    drive = (tonic + (1.0 - tonic) * excitation) * 1.1 * RANGE_OF_THRESHOLDS
    emg, power = np.zeros(time.size), np.zeros(time.size)
    for threshold, size in zip(thresholds, sizes, strict=True):
        rate = np.where(drive >= threshold, np.clip(LEAST_RATE + GAIN * (drive - threshold), 0.0, LARGEST_RATE), 0.0)
        potential = size * _potential(rng.uniform(*DURATIONS_S), rate_hz)
        emg += np.convolve(_discharges(rate / rate_hz, rng), potential, "same")
        # Campbell's theorem: the variance of a sum of pulses is their rate, folded with the square of the pulse
        power += np.convolve(rate / rate_hz, np.square(potential), "same")
    amplitude = np.sqrt(np.maximum(power, 0.0))
    level = amplitude[time < starts[0] - 0.1].mean()
    top = np.quantile(amplitude, 0.95)
    onset = [
        time[(time >= start - 0.05)][(amplitude[time >= start - 0.05] >= level + PART_OF_RISE * (top - level)).argmax()]
        for start in starts
    ]
    emg += top * 10.0 ** (-snr_db / 20.0) * rng.normal(size=time.size)
    return Recording(emg, rate_hz, np.array(onset))


def _discharges(expected: Array, rng: np.random.Generator) -> Array:
    """Impulses of a unit whose expected count per sample is given: a renewal process in the time of its own rate."""
    elapsed = np.cumsum(expected)
    count = int(elapsed[-1] * 1.5) + 10
    intervals = np.maximum(1.0 + VARIATION * rng.normal(size=count), 0.2)
    intervals[0] *= rng.uniform()
    instants = np.searchsorted(elapsed, np.cumsum(intervals))
    impulses = np.zeros(expected.size)
    np.add.at(impulses, instants[instants < expected.size], 1.0)
    return impulses


def _potential(width_s: float, rate_hz: float) -> Array:
    """Action potential at the electrode: second derivative of a Gaussian (three phases)."""
    time = np.arange(-round(5.0 * width_s * rate_hz), round(5.0 * width_s * rate_hz) + 1) / rate_hz / width_s
    return (1.0 - time**2) * np.exp(-0.5 * time**2)
