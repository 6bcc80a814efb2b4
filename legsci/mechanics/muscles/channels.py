"""What is wrong with a channel of surface EMG; a channel that does not hold EMG has neither onset nor amplitude."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from legsci.ingest.streams import channel_labels, streams
from legsci.mechanics.muscles.conditioning import BAND_HZ, MAINS_HZ, band_passed
from legsci.quality import QualityFlag

Array = NDArray[np.float64]
#: Fewer different values than this are no EMG.
LEAST_VALUES = 16
#: Around the median of the rectified signal, within this part of it, lies no more than this share of EMG (of Gaussian
#: noise 9 %); a square wave lies there whole.
AROUND_MEDIAN, LARGEST_SHARE_AROUND_MEDIAN = 0.1, 0.3
#: Runs of this length at the largest or smallest value are clipped, and so many samples of them [%].
CLIPPED_RUN, CLIPPED_PERCENT = 3, 0.1
#: Width on either side of mains [Hz], and the share of power in the band that they may hold [%].
MAINS_WIDTH_HZ, MAINS_PERCENT = 1.0, 50.0
#: Cross-talk arrives within this time [s], and is suspected where the correlation of two channels reaches this: a
#: quarter of the power is common. Recorded channels of different muscles reach 0.21 (a sprint, a jump), simulated ones
#: with hum 0.41.
CROSS_TALK_LAG_S, CROSS_TALK_R = 0.005, 0.5
#: Flags of channels that are not used.
NOT_EMG = frozenset({"emg_silent", "emg_square_wave", "emg_clipped", "emg_mains", "emg_cross_talk"})


def without_emg(flags: Iterable[QualityFlag]) -> set[str]:
    """Labels of the channels that hold no EMG, by the flags of a trial."""
    return {flag.signal for flag in flags if flag.code in NOT_EMG}


def channel_flags(trial: xr.DataTree) -> list[QualityFlag]:
    """Quality flags of the EMG channels of a trial.

    Parameters
    ----------
    trial : group of a session file.

    Returns
    -------
    At most one flag a channel, with its label as signal: emg_silent, emg_square_wave, emg_clipped, emg_mains,
    emg_cross_talk.
    """
    found = []
    for signal in streams(trial, "emg").values():
        values = signal["value"].transpose("channel", "time").to_numpy().astype(float)
        rate_hz = float(signal.attrs["sampling_rate_hz"])
        sound = {}
        for label, row in zip(channel_labels(signal), values, strict=True):
            faults = list(_faults(row[np.isfinite(row)], rate_hz, label))[:1]
            found += faults
            if not faults:
                sound[label] = band_passed(np.where(np.isfinite(row), row, np.nanmean(row)), rate_hz)
        found += _cross_talk(sound, rate_hz)
    return found


def _cross_talk(bands: Mapping[str, Array], rate_hz: float) -> Iterator[QualityFlag]:
    """Flag the weaker of two channels whose signals resemble each other.

    Parameters
    ----------
    bands : label -> EMG in its band (sample,).

    References
    ----------
    Winter DA, Fuglevand AJ, Archer SE (1994) Crosstalk in surface electromyography: theoretical and practical
    estimates. J Electromyogr Kinesiol 4:15-26.
    """
    lag = round(CROSS_TALK_LAG_S * rate_hz)
    power = {label: float(band @ band) for label, band in bands.items()}
    for label, band in bands.items():
        stronger = {other: bands[other] for other in bands if (power[other], other) > (power[label], label)}
        nearest = {
            other: correlation_within(band, of_other, lag) for other, of_other in stronger.items() if power[label] > 0.0
        }
        worst = max(nearest, key=nearest.__getitem__, default="")
        if worst and nearest[worst] >= CROSS_TALK_R:
            detail = worst.replace("_", " ")
            yield QualityFlag("emg_cross_talk", label, nearest[worst], CROSS_TALK_R, detail)


def correlation_within(first: Array, second: Array, lag: int) -> float:
    """Largest absolute correlation of two signals (sample,) without offset, shifted by at most `lag` samples."""
    size = next_fast_len(first.size + lag, real=True)
    common = np.fft.irfft(np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size)), size)
    nearby = np.concatenate([common[: lag + 1], common[size - lag :]])
    return float(np.abs(nearby).max() / np.sqrt((first @ first) * (second @ second)))


def _faults(emg: Array, rate_hz: float, label: str) -> Iterator[QualityFlag]:
    """Faults of one channel (sample,), the plainest first."""
    values = np.unique(emg)
    if len(values) < LEAST_VALUES:
        yield QualityFlag("emg_silent", label, float(len(values)), float(LEAST_VALUES))
        return
    level = np.abs(emg - 0.5 * (np.quantile(emg, 0.99) + np.quantile(emg, 0.01)))
    median = np.median(level)
    around = 100.0 * float(np.mean(np.abs(level - median) <= AROUND_MEDIAN * median))
    if around > 100.0 * LARGEST_SHARE_AROUND_MEDIAN:
        yield QualityFlag("emg_square_wave", label, around, 100.0 * LARGEST_SHARE_AROUND_MEDIAN)
    clipped = 100.0 * max(_in_runs(emg == values[0]), _in_runs(emg == values[-1])) / len(emg)
    if clipped > CLIPPED_PERCENT:
        yield QualityFlag("emg_clipped", label, clipped, CLIPPED_PERCENT)
    shares = {mains: _mains_percent(emg, rate_hz, mains) for mains in MAINS_HZ}
    worst = max(shares, key=shares.__getitem__)
    if shares[worst] > MAINS_PERCENT:
        yield QualityFlag("emg_mains", label, shares[worst], MAINS_PERCENT, f"{worst:g}")


def _in_runs(at: NDArray[np.bool_]) -> int:
    """Samples in runs of at least CLIPPED_RUN."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], at, [False]]).astype(int)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())


def _mains_percent(emg: Array, rate_hz: float, mains_hz: float) -> float:
    """Share of the power in the band of EMG that lies at a frequency of mains and its multiples [%]."""
    band = band_passed(emg, rate_hz)
    power = np.abs(np.fft.rfft(band * np.hanning(len(band)))) ** 2
    frequency = np.fft.rfftfreq(len(band), 1.0 / rate_hz)
    from_multiple = np.abs(frequency - mains_hz * np.maximum(np.round(frequency / mains_hz), 1.0))
    held = frequency >= BAND_HZ[0]
    return float(
        100.0 * power[held & (from_multiple <= MAINS_WIDTH_HZ)].sum() / max(power[held].sum(), np.finfo(float).tiny)
    )
