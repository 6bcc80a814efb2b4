"""Surface EMG of the virtual athlete: muscles under electrodes that are worn for a session, with true onsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.muscles import SIDED_MUSCLES, Burst
from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.sensors.converter import converted

#: A channel per muscle and side, named after it.
CHANNELS = SIDED_MUSCLES
#: Whose activity reaches the electrodes of a muscle beside its own.
NEIGHBOURS = {
    "gluteus_medius": "gluteus_maximus",
    "gluteus_maximus": "gluteus_medius",
    "vastus_lateralis": "biceps_femoris",
    "biceps_femoris": "vastus_lateralis",
}
#: Pass band of the amplifier [Hz], and the order of its Butterworth filter.
BAND = (20.0, 450.0)
FILTER_ORDER = 6
#: Share of its rise at which a burst begins, by definition; it is complete at 1 - this.
ONSET_SHARE = 0.05
#: The amplitude of an active muscle wanders by this share (standard deviation), from knot to knot of this distance [s].
WANDERING_SHARE, WANDERING_S = 0.15, 0.4
#: What may be wrong with a channel for a whole session.
CHANNEL_FAULTS = ("dead", "clipped", "never_resting")
#: A clipped channel ends at this multiple of the standard deviation in full activity; a dead one reads this share of
#: its noise; a channel that never rests has tonic activity of this share of full activity.
CLIPPED_AT, DEAD_SHARE, NEVER_RESTING = 1.5, 0.2, (0.5, 0.8)
#: Frequencies of the landing artefact [Hz], and time in which it decays to 1/e [s].
ARTEFACT_HZ, ARTEFACT_S = (5.0, 20.0), (0.02, 0.06)


@dataclass(frozen=True)
class EmgSettings:
    """Electrodes and muscles; (lowest, highest) of what is drawn evenly for each channel of a session.

    Parameters
    ----------
    amplitude_v : standard deviation of the signal in full activity [V]; amplitude_sd_log : of its logarithm.
    snr_db : that amplitude against the noise at rest, hum included, without tonic activity [dB].
    hum_share : share of the power of the noise that is hum of the mains; mains_hz : its frequency [Hz].
    tonic_share : activity at rest as a share of full activity.
    crosstalk_share : share of the neighbour's signal that a channel holds.
    rise_s : time in which a burst rises from 5 to 95 % of its amplitude [s]; rise_sd_log : between bursts.
    artefact_share : height of the artefact at a landing as a share of the amplitude.
    onset_sd_s, session_sd_s : standard deviations of an onset between bursts and between sessions [s].
    fault_share : probability per session of each of CHANNEL_FAULTS in one of the channels.
    range_v, bits : readings beyond this stay there [V]; resolution of the converter over twice the range, None for no
        steps.
    """

    amplitude_v: float = 2e-4
    amplitude_sd_log: float = 0.2
    snr_db: tuple[float, float] = (5.0, 25.0)
    hum_share: tuple[float, float] = (0.0, 0.5)
    mains_hz: float = 50.0
    tonic_share: tuple[float, float] = (0.0, 0.25)
    crosstalk_share: tuple[float, float] = (0.0, 0.1)
    rise_s: tuple[float, float] = (0.02, 0.12)
    rise_sd_log: float = 0.15
    artefact_share: tuple[float, float] = (0.3, 3.0)
    onset_sd_s: float = 0.01
    session_sd_s: float = 0.015
    fault_share: float = 0.2
    range_v: float = 0.005
    bits: int | None = 16


@dataclass(frozen=True)
class Electrodes:
    """What is the same in all trials of a session; arrays are (channel,), see EmgSettings.

    Parameters
    ----------
    noise_v : standard deviation of the noise at rest, hum included [V].
    shape : name of the rise, key of SHAPES.
    fault : one of CHANNEL_FAULTS, or "".
    later_s : by how much the muscle's onsets are later than usual [s].
    spectrum_hz : (channel, 2) lower and upper corner of the spectrum of the muscle [Hz].
    artefact_hz, artefact_decay_s : of the artefact at a landing [Hz], [s].
    """

    amplitude_v: Array
    noise_v: Array
    hum_share: Array
    tonic_share: Array
    crosstalk_share: Array
    rise_s: Array
    shape: tuple[str, ...]
    artefact_share: Array
    artefact_hz: Array
    artefact_decay_s: Array
    later_s: Array
    spectrum_hz: Array
    fault: tuple[str, ...]

    @property
    def limit_v(self) -> Array:
        """Largest reading of each channel before the converter, inf where the amplifier does not clip [V]."""
        clipped = np.array([fault == "clipped" for fault in self.fault])
        return np.where(clipped, CLIPPED_AT * self.amplitude_v, np.inf)


def draw_electrodes(settings: EmgSettings, rng: np.random.Generator) -> Electrodes:
    """Draw the electrodes of a session."""
    count = len(CHANNELS)

    def drawn(limits: tuple[float, float]) -> Array:
        """Draw an even number for each channel."""
        return np.asarray(rng.uniform(*limits, size=count))

    amplitude = settings.amplitude_v * np.exp(settings.amplitude_sd_log * rng.normal(size=count))
    tonic, names = drawn(settings.tonic_share), tuple(SHAPES)
    fault = [""] * count
    for name in CHANNEL_FAULTS:
        happens, channel, level = rng.random(), int(rng.integers(count)), rng.uniform(*NEVER_RESTING)
        if happens < settings.fault_share and not fault[channel]:
            fault[channel] = name
            tonic[channel] = level if name == "never_resting" else tonic[channel]
    return Electrodes(
        amplitude_v=amplitude,
        noise_v=amplitude * 10.0 ** (-drawn(settings.snr_db) / 20.0),
        hum_share=drawn(settings.hum_share),
        tonic_share=tonic,
        crosstalk_share=drawn(settings.crosstalk_share),
        rise_s=drawn(settings.rise_s),
        shape=tuple(names[int(number)] for number in rng.integers(len(names), size=count)),
        artefact_share=drawn(settings.artefact_share),
        artefact_hz=drawn(ARTEFACT_HZ),
        artefact_decay_s=drawn(ARTEFACT_S),
        later_s=settings.session_sd_s * rng.normal(size=count),
        spectrum_hz=np.stack([drawn((40.0, 70.0)), drawn((90.0, 140.0))], axis=1),
        fault=tuple(fault),
    )


def record_emg(
    motion: Motion,
    bursts: Mapping[str, Sequence[Burst]],
    electrodes: Electrodes,
    settings: EmgSettings,
    rng: np.random.Generator,
) -> tuple[Array, dict[str, object]]:
    """Record the EMG of CHANNELS.

    Parameters
    ----------
    motion : at the rate at which EMG is sampled, more than twice the upper end of BAND.
    bursts : channel -> bursts of its muscle, of `muscle_bursts`.
    electrodes, settings, rng : of the session, and random numbers of the trial.

    Returns
    -------
    emg : (channel, n) [V].
    truth : per channel `<channel>_onset_s`, on the trial's clock, `<channel>_onset_after_event_s` [s], a value per
        repetition, and `<channel>_onset_event`, the event; `<channel>_snr_db`, `_tonic_share`, `_crosstalk_share`,
        `_rise_s` (of the session, from 5 to 95 %), `_rise_shape`; `<channel>_fault` where it has one.

    Raises
    ------
    ValueError : a sampling rate that cannot hold the band.

    Notes
    -----
    Gaussian noise with the spectrum of Shwedyk et al., times an envelope: tonic + (1 - tonic) sum of level rise(t)
    (1 - fall(t)) over the bursts, in shares of full activity. The onset of a burst is the time at which it has risen to
    5 % of its level. The neighbour's signal, noise, hum with its third harmonic and landing artefacts are added.

    References
    ----------
    Hogan & Mann 1980, IEEE Trans Biomed Eng 27:382 (EMG as Gaussian noise modulated in amplitude); Shwedyk et al. 1977,
    IEEE Trans Biomed Eng 24:417 (spectrum).
    """
    if motion.rate_hz <= 2 * BAND[1]:
        raise ValueError(f"emg: a sampling rate above {2 * BAND[1]:g} Hz is needed, found {motion.rate_hz:g} Hz")
    shape = (len(CHANNELS), motion.time.size)
    drive = np.stack(
        [_drive(motion.time, bursts[name], n, electrodes, settings, rng) for n, name in enumerate(CHANNELS)]
    )
    level = electrodes.tonic_share[:, None] * (1.0 - drive) + drive
    source = (
        electrodes.amplitude_v[:, None]
        * level
        * _wandering(motion, rng)
        * _muscle_noise(shape, motion, electrodes, rng)
    )
    neighbour = [CHANNELS.index(f"{name.partition('_')[0]}_{NEIGHBOURS[name.partition('_')[2]]}") for name in CHANNELS]
    emg = source + electrodes.crosstalk_share[:, None] * source[neighbour]
    emg += _artefacts(motion, electrodes, rng)
    dead = np.array([fault == "dead" for fault in electrodes.fault])[:, None]
    noise = _rest_noise(motion, electrodes, settings, rng)
    emg = np.where(dead, DEAD_SHARE * noise, emg + noise)
    emg = np.clip(emg, -electrodes.limit_v[:, None], electrodes.limit_v[:, None])
    return converted(emg, settings.range_v, settings.bits), _truth(bursts, electrodes)


def _truth(bursts: Mapping[str, Sequence[Burst]], electrodes: Electrodes) -> dict[str, object]:
    """What is true of each channel."""
    truth: dict[str, object] = {}
    for number, name in enumerate(CHANNELS):
        onsets = [burst for burst in bursts[name] if burst.event]
        if onsets:
            truth[f"{name}_onset_s"] = [burst.onset_s for burst in onsets]
            truth[f"{name}_onset_event"] = onsets[0].event
            truth[f"{name}_onset_after_event_s"] = [burst.onset_after_event_s for burst in onsets]
        snr = 20.0 * np.log10(electrodes.amplitude_v[number] / electrodes.noise_v[number])
        truth[f"{name}_snr_db"] = float(snr)
        truth[f"{name}_tonic_share"] = float(electrodes.tonic_share[number])
        truth[f"{name}_crosstalk_share"] = float(electrodes.crosstalk_share[number])
        truth[f"{name}_rise_s"] = float(electrodes.rise_s[number])
        truth[f"{name}_rise_shape"] = electrodes.shape[number]
        if electrodes.fault[number]:
            truth[f"{name}_fault"] = electrodes.fault[number]
    return truth


def _drive(
    time: Array,
    bursts: Sequence[Burst],
    channel: int,
    electrodes: Electrodes,
    settings: EmgSettings,
    rng: np.random.Generator,
) -> Array:
    """Activity of a muscle by its bursts (n,), as a share of full activity."""
    grow, total = SHAPES[electrodes.shape[channel]], np.zeros(time.size)
    for burst in bursts:
        rise = electrodes.rise_s[channel] * np.exp(settings.rise_sd_log * rng.normal())
        fall = electrodes.rise_s[channel] * np.exp(settings.rise_sd_log * rng.normal())
        risen = 1.0 if np.isneginf(burst.onset_s) else grow((time - burst.onset_s) / rise)
        left = 1.0 if np.isposinf(burst.end_s) else grow(1.0 - (time - burst.end_s) / fall)
        total += burst.level * risen * left
    return total


def _cosine(part: Array) -> Array:
    """Raised cosine."""
    first = np.arccos(1.0 - 2.0 * ONSET_SHARE) / np.pi
    return np.asarray(0.5 * (1.0 - np.cos(np.pi * np.clip(first + part * (1.0 - 2.0 * first), 0.0, 1.0))))


def _straight(part: Array) -> Array:
    """Rise in a straight line."""
    return np.clip(ONSET_SHARE + part * (1.0 - 2.0 * ONSET_SHARE), 0.0, 1.0)


def _exponential(part: Array) -> Array:
    """Sudden beginning, then an exponential approach to the full level."""
    first, last = -np.log(1.0 - ONSET_SHARE), -np.log(ONSET_SHARE)
    return np.asarray(1.0 - np.exp(-np.maximum(first + part * (last - first), 0.0)))


def _logistic(part: Array) -> Array:
    """Without a beginning: the logistic curve."""
    last = np.log(1.0 / ONSET_SHARE - 1.0)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(last * (2.0 * part - 1.0), -500.0, 500.0))))


def _parabola(part: Array) -> Array:
    """Ever steeper up to a sudden end of the rise."""
    first, last = np.sqrt(ONSET_SHARE), np.sqrt(1.0 - ONSET_SHARE)
    return np.asarray(np.clip(first + part * (last - first), 0.0, 1.0) ** 2)


#: Rise of the amplitude of a burst: 0.05 at 0, 0.95 at 1.
SHAPES: dict[str, Callable[[Array], Array]] = {
    "cosine": _cosine,
    "straight": _straight,
    "exponential": _exponential,
    "logistic": _logistic,
    "parabola": _parabola,
}


def _wandering(motion: Motion, rng: np.random.Generator) -> Array:
    """Slow change of the amplitude (channel, n) about 1."""
    knots = np.arange(motion.time[0], motion.time[-1] + 2.0 * WANDERING_S, WANDERING_S)
    at_knots = np.maximum(1.0 + WANDERING_SHARE * rng.normal(size=(len(CHANNELS), knots.size)), 0.0)
    return np.stack([np.interp(motion.time, knots, each) for each in at_knots])


def _muscle_noise(shape: tuple[int, int], motion: Motion, electrodes: Electrodes, rng: np.random.Generator) -> Array:
    """Gaussian noise (channel, n) with the spectrum of each muscle in BAND and standard deviation 1."""
    frequency = np.fft.rfftfreq(shape[1], 1.0 / motion.rate_hz)[1:]
    away = (frequency - BAND[0] * BAND[1] / frequency) / (BAND[1] - BAND[0])
    low, high = electrodes.spectrum_hz.T[..., None]
    gain = frequency * high**2 / (np.sqrt(frequency**2 + low**2) * (frequency**2 + high**2))
    gain = gain / np.sqrt(1.0 + away ** (2 * FILTER_ORDER))
    gain = np.concatenate([np.zeros((len(gain), 1)), gain], axis=1)
    # the stationary response of such a filter to white noise, without a transient
    noise = np.fft.irfft(gain * np.fft.rfft(rng.normal(size=shape), axis=1), n=shape[1], axis=1)
    return np.asarray(noise / np.sqrt((gain**2).mean(axis=1, keepdims=True)))


def _rest_noise(motion: Motion, electrodes: Electrodes, settings: EmgSettings, rng: np.random.Generator) -> Array:
    """Noise of electrodes and amplifier, and hum of the mains (channel, n) [V]."""
    shape = (len(CHANNELS), motion.time.size)
    first, third = 2.0 * np.pi * rng.random(size=(2, len(CHANNELS), 1))
    angle = 2.0 * np.pi * settings.mains_hz * motion.time
    # 0.9 and 0.1 of the power of the hum in its first and third harmonic
    hum = np.sqrt(1.8) * np.sin(angle + first) + np.sqrt(0.2) * np.sin(3.0 * angle + third)
    share = electrodes.hum_share[:, None]
    return np.asarray(
        electrodes.noise_v[:, None] * (np.sqrt(share) * hum + np.sqrt(1.0 - share) * rng.normal(size=shape))
    )


def _artefacts(motion: Motion, electrodes: Electrodes, rng: np.random.Generator) -> Array:
    """Movement of electrodes and cables when the feet strike the ground: a damped oscillation (channel, n) [V]."""
    artefact = np.zeros((len(CHANNELS), motion.time.size))
    for strike in sorted(motion.events.get("touchdown", []) + motion.events.get("landing", [])):
        since = np.maximum(motion.time - strike, 0.0)
        size = electrodes.amplitude_v * electrodes.artefact_share * np.exp(0.3 * rng.normal(size=len(CHANNELS)))
        swing = np.sin(2.0 * np.pi * electrodes.artefact_hz[:, None] * since)
        artefact += size[:, None] * np.exp(-since / electrodes.artefact_decay_s[:, None]) * swing
    return artefact
