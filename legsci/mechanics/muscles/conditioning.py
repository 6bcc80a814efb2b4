"""Surface EMG made ready for onsets and amplitudes: band, rest, envelope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]
#: Surface EMG lies between these frequencies [Hz] (De Luca CJ, Gilmore LD, Kuznetsov M, Roy SH (2010) Filtering the
#: surface EMG signal: movement artifact and baseline noise contamination. J Biomech 43:1573-1579); the upper one is at
#: most this part of the sampling rate.
BAND_HZ, PART_OF_RATE = (20.0, 450.0), 0.45
BAND_ORDER = 2
#: Cut-off of the envelope [Hz] and order of the low-pass in each direction.
ENVELOPE_HZ, ENVELOPE_ORDER = 6.0, 2
#: Rest is all stretches of this length [s] whose power is below so many times that of the quietest.
REST_STRETCH_S, REST_RATIO = 0.25, 1.5
#: Frequencies of mains [Hz], and what is left out on either side of their multiples where hum is not wanted [Hz].
MAINS_HZ, HUM_WIDTH_HZ = (50.0, 60.0), 3.0
#: Of white noise 47 % of the power in the band lie above this frequency [Hz], of a muscle's EMG a few per cent.
NOISE_ABOVE_HZ, NOISE_SHARE = 250.0, 0.2


def band_passed(emg: Array, rate_hz: float) -> Array:
    """Return EMG (..., sample) in the band of surface EMG, without delay, the same unit.

    Raises
    ------
    ValueError : a sampling rate that holds less than twice the lower end of the band.
    """
    highest = min(BAND_HZ[1], PART_OF_RATE * rate_hz)
    if highest < 2.0 * BAND_HZ[0]:
        raise ValueError(
            f"surface EMG needs a sampling rate above {2.0 * BAND_HZ[0] / PART_OF_RATE:.0f} Hz; found {rate_hz:g} Hz"
        )
    sections = signal.butter(BAND_ORDER, (BAND_HZ[0], highest), "bandpass", fs=rate_hz, output="sos")
    return np.asarray(signal.sosfiltfilt(sections, emg - emg.mean(axis=-1, keepdims=True)))


def envelope(emg: Array, rate_hz: float) -> Array:
    """Return the linear envelope of EMG (..., sample) in its band: rectified and low-passed, without delay."""
    sections = signal.butter(ENVELOPE_ORDER, ENVELOPE_HZ, fs=rate_hz, output="sos")
    return np.asarray(np.maximum(signal.sosfiltfilt(sections, np.abs(emg)), 0.0))


def median_frequency(emg: Array, rate_hz: float) -> float:
    """Return the frequency that halves the power of EMG (sample,) in its band [Hz]; NaN of a silent channel.

    References
    ----------
    Stulen FB, De Luca CJ (1981) Frequency parameters of the myoelectric signal as a measure of muscle conduction
    velocity. IEEE Trans Biomed Eng 28:515-523.
    """
    power = np.abs(np.fft.rfft(emg * np.hanning(emg.size))) ** 2
    frequency = np.fft.rfftfreq(emg.size, 1.0 / rate_hz)
    cumulated = np.cumsum(power * ((frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])))
    return float(np.interp(0.5 * cumulated[-1], cumulated, frequency)) if cumulated[-1] > 0.0 else np.nan


def rest_stretches(emg: Array, rate_hz: float) -> NDArray[np.bool_]:
    """Return where EMG (sample,) in its band is at rest: (sample,), true in every quiet stretch.

    Notes
    -----
    The power of the quietest stretch alone is too low, since it was chosen; a mean over all that are as quiet is not.
    """
    length = max(1, round(REST_STRETCH_S * rate_hz))
    count = len(emg) // length
    quiet = np.zeros(len(emg), dtype=bool)
    if count == 0:
        return quiet
    power = np.square(emg[: count * length]).reshape(count, length).mean(axis=1)
    quiet[: count * length] = np.repeat(power <= REST_RATIO * power.min(), length)
    return quiet


def muscle_at_rest(quiet: Array, rate_hz: float) -> bool:
    """Whether EMG at rest (sample,), in its band, is the activity of a muscle rather than noise of the amplifier.

    Notes
    -----
    Tissue takes high frequencies from EMG (Lindstrom & Magnusson 1977, Proc IEEE 65:653), and none from the noise of
    the amplifier. Hum of mains is left out of both.
    """
    if PART_OF_RATE * rate_hz < BAND_HZ[1]:
        return False  # the band is too narrow to tell
    power = np.abs(np.fft.rfft(quiet * np.hanning(quiet.size))) ** 2
    frequency = np.fft.rfftfreq(quiet.size, 1.0 / rate_hz)
    hum = np.any([np.abs(frequency - f * np.round(frequency / f)) <= HUM_WIDTH_HZ for f in MAINS_HZ], axis=0)
    within = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1]) & ~hum
    above = within & (frequency >= NOISE_ABOVE_HZ)
    total = float(power[within].sum())
    return total > 0.0 and float(power[above].sum()) / total < NOISE_SHARE


def independent_share(emg: Array) -> float:
    """Return how many independent squares stand behind each square of EMG (sample,) in its band, 0 to 1.

    Notes
    -----
    1 / (1 + 2 sum r(k)^2) over the autocorrelations r of the signal: for a Gaussian signal squares are correlated with
    r^2 (Isserlis 1918, Biometrika 12:134).
    """
    spectrum = np.abs(np.fft.rfft(emg - emg.mean(), 2 * len(emg))) ** 2
    correlation = np.fft.irfft(spectrum)[: min(len(emg), 64)]
    if correlation[0] <= 0.0:
        return 1.0
    return float(1.0 / (1.0 + 2.0 * np.square(correlation[1:] / correlation[0]).sum()))
