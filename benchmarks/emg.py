"""Envelope and onsets of surface EMG, eight channels of ten seconds, beside scipy, biosppy and neurokit2.

All rivals make a linear envelope and find onsets by a threshold, as in published detectors. Onsets with a 95 %
interval, which none of the packages states, are timed in a line of their own.
"""

from __future__ import annotations

import neurokit2
import numpy as np
from biosppy.signals import emg as biosppy
from scipy import signal

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.onsets import first_above
from legsci.mechanics.muscles.conditioning import (
    BAND_HZ,
    BAND_ORDER,
    ENVELOPE_HZ,
    ENVELOPE_ORDER,
    band_passed,
    envelope,
    rectified_lowpass,
)
from legsci.mechanics.muscles.onsets import HODGES_BUI_SD, LOW_PASS_HZ, SUSTAINED_S, onsets
from tests.mechanics.muscles.emg import RATE_HZ, SHAPES, bursts

CHANNELS, SECONDS = 8, 10.0
REST = slice(round(0.1 * RATE_HZ), round(0.7 * RATE_HZ))
SUSTAINED = round(SUSTAINED_S * RATE_HZ)


def measure() -> list[Measurement]:
    """Return the comparisons."""
    drawn = [bursts(np.random.default_rng(seed), SHAPES[seed % len(SHAPES)], rise_s=0.05) for seed in range(CHANNELS)]
    emg = np.array([each.emg[: round(SECONDS * RATE_HZ)] for each in drawn])
    windows = [each.windows[each.windows[:, 1] < SECONDS] for each in drawn]
    samples = [np.round(each * RATE_HZ).astype(int).tolist() for each in windows]

    def ours() -> object:
        band = band_passed(emg, RATE_HZ)
        smooth = rectified_lowpass(band, RATE_HZ, LOW_PASS_HZ)
        limits = _limits(smooth)
        found = [
            [first_above(row[start:stop], limit, SUSTAINED) for start, stop in of_row]
            for row, limit, of_row in zip(smooth, limits, samples, strict=True)
        ]
        return envelope(band, RATE_HZ), found

    def by_scipy() -> object:
        sections = signal.butter(BAND_ORDER, BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
        band = np.abs(signal.sosfiltfilt(sections, emg))
        smooth, slow = (
            signal.sosfiltfilt(signal.butter(ENVELOPE_ORDER, cutoff, fs=RATE_HZ, output="sos"), band)
            for cutoff in (LOW_PASS_HZ, ENVELOPE_HZ)
        )
        limits = _limits(smooth)
        return slow, [
            [_first_sustained(row[start:stop] > limit) for start, stop in of_row]
            for row, limit, of_row in zip(smooth, limits, samples, strict=True)
        ]

    def by_biosppy() -> object:
        return [biosppy.emg(signal=row, sampling_rate=RATE_HZ, show=False) for row in emg]

    def by_neurokit2() -> object:
        return [
            neurokit2.emg_activation(
                neurokit2.emg_amplitude(neurokit2.emg_clean(row, int(RATE_HZ))), sampling_rate=int(RATE_HZ)
            )
            for row in emg
        ]

    def with_intervals() -> object:
        return [onsets(row, RATE_HZ, of_row) for row, of_row in zip(emg, windows, strict=True)]

    kernel, *others = medians_ms(ours, by_scipy, by_biosppy, by_neurokit2, with_intervals, rounds=7)
    job = f"EMG envelope and threshold onsets, {CHANNELS} channels of {SECONDS:g} s at {RATE_HZ:g} Hz"
    interval = f"onsets with a 95 % interval, {sum(map(len, windows))} bursts of these channels"
    rivals = (("scipy", 3.0), ("biosppy.emg", 15.0), ("neurokit2", 15.0))
    return [
        *(Measurement(job, name, kernel, time, goal) for (name, goal), time in zip(rivals, others[:-1], strict=True)),
        Measurement(interval, "limit of 10 ms a burst", others[-1], 10.0 * sum(map(len, windows)), 1.0),
    ]


def _limits(smooth: np.ndarray) -> np.ndarray:
    """Mean of rest and HODGES_BUI_SD standard deviations above it, (channel,)."""
    rest = smooth[:, REST]
    return np.asarray(rest.mean(axis=1) + HODGES_BUI_SD * rest.std(axis=1))


def _first_sustained(above: np.ndarray) -> int:
    """First sample from which a limit is passed for SUSTAINED samples, as numpy's users write it; -1 for none."""
    sustained = np.convolve(above, np.ones(SUSTAINED), "valid") >= SUSTAINED
    return int(sustained.argmax()) if sustained.any() else -1
