"""EMG of bursts with known onsets: Gaussian noise whose amplitude rises in shapes that legsci does not assume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

RATE_HZ = 2000.0
PART_OF_RISE = 0.05
#: Bursts fall to rest in a straight line within this time [s].
FALL_S = 0.08
SHAPES = ("cosine", "first order", "logistic")


@dataclass(frozen=True)
class Bursts:
    """EMG (sample,), onsets and offsets [s], and windows (burst, 2) in which each begins [s]."""

    emg: np.ndarray
    onset_s: np.ndarray
    offset_s: np.ndarray
    windows: np.ndarray


def rise(shape: str, time: np.ndarray, rise_s: float) -> tuple[np.ndarray, float]:
    """Part of the rise at a time after its start, most of which takes `rise_s`, and when 5 % of it are made."""
    if shape == "cosine":
        part = 0.5 - 0.5 * np.cos(np.pi * np.clip(time / rise_s, 0.0, 1.0))
        return part, rise_s * np.arccos(1.0 - 2.0 * PART_OF_RISE) / np.pi
    if shape == "first order":
        constant = rise_s / np.log(20.0)
        return -np.expm1(-np.maximum(time, 0.0) / constant), -constant * np.log1p(-PART_OF_RISE)
    scale = rise_s / (2.0 * np.log(19.0))
    return 1.0 / (1.0 + np.exp(np.clip(-(time - 0.5 * rise_s) / scale, -60.0, 60.0))), 0.0


def bursts(
    rng: np.random.Generator,
    shape: str,
    *,
    rise_s: float,
    snr_db: float = 15.0,
    tonic: float = 0.0,
    count: int = 6,
    highest_hz: float = 450.0,
) -> Bursts:
    """Make bursts of one muscle in one task, 2 s apart; the amplifier's noise is white, the muscle's up to a limit."""
    time = np.arange(round((2.0 * count + 1.0) * RATE_HZ)) / RATE_HZ
    starts = 1.0 + 2.0 * np.arange(count) + rng.uniform(-0.1, 0.1, count)
    activity, onset, offset = np.zeros(time.size), [], []
    for start in starts:
        part, delay = rise(shape, time - start, rise_s)
        end = start + rng.uniform(0.3, 0.6)
        activity = np.maximum(activity, part * (1.0 - np.clip((time - end) / FALL_S, 0.0, 1.0)))
        onset.append(start + delay)
        offset.append(end + (1.0 - PART_OF_RISE) * FALL_S)
    emg = (tonic + (1.0 - tonic) * activity) * band_noise(rng, time.size, highest_hz)
    emg += 10.0 ** (-snr_db / 20.0) * rng.normal(size=time.size)
    windows = np.array(onset)[:, None] + np.array([-0.5, 0.6]) + rng.uniform(-0.1, 0.1, (count, 1)) * [1.0, 0.0]
    return Bursts(emg, np.array(onset), np.array(offset), windows)


def band_noise(rng: np.random.Generator, count: int, highest_hz: float = 450.0) -> np.ndarray:
    """Gaussian noise between 20 Hz and a limit with standard deviation 1."""
    sections = signal.butter(3, (20.0, highest_hz), "bandpass", fs=RATE_HZ, output="sos")
    noise = signal.sosfilt(sections, rng.normal(size=count + 2000))[2000:]
    return noise / noise.std()
