"""Surface EMG of the virtual athlete: amplitude-modulated noise with true onsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.sensors.converter import converted
from legsci.vocabulary import SIDES_OF_BODY

MUSCLES = ("gluteus_medius", "vastus_lateralis", "biceps_femoris", "gastrocnemius")
CHANNELS = tuple(f"{side}_{muscle}" for side in SIDES_OF_BODY for muscle in MUSCLES)
#: Event to which onsets refer, and the event at which the bursts end; a burst ends `burst_s` later where there is none.
EVENTS_OF_TASK: dict[str, tuple[str, str]] = {
    "squat": ("rep_start", "rep_end"),
    "countermovement_jump": ("movement_start", "takeoff"),
    "squat_jump": ("movement_start", "takeoff"),
    "drop_jump": ("touchdown", "takeoff"),
    "lateral_jump": ("movement_start", "takeoff"),
    "sprint": ("touchdown", "takeoff"),
}
#: Surface EMG lies between these frequencies [Hz].
BAND = (20.0, 450.0)
FILTER_ORDER = 6


@dataclass(frozen=True)
class EmgSettings:
    """Muscles and electrodes.

    Parameters
    ----------
    onset_s : muscle -> onset after the event of the task; negative before it [s].
    onset_sd_s : standard deviation of the onset between channels and bursts [s].
    rise_s : time in which the amplitude rises after the onset and falls after the end [s].
    burst_s : length of a burst whose end is marked by no event [s].
    amplitude_v : standard deviation of the signal in a burst [V].
    amplitude_sd : standard deviation between channels of the logarithm of the amplitude.
    baseline_v : standard deviation of the noise of electrodes and amplifier [V].
    mains_v, mains_hz : amplitude and frequency of the hum [V], [Hz].
    range_v, bits : readings beyond this stay there [V]; resolution of the converter over twice the range, None for no
        steps.
    """

    onset_s: Mapping[str, float] = field(
        default_factory=lambda: {
            "gluteus_medius": 0.02,
            "vastus_lateralis": 0.05,
            "biceps_femoris": 0.08,
            "gastrocnemius": 0.12,
        }
    )
    onset_sd_s: float = 0.01
    rise_s: float = 0.02
    burst_s: float = 0.3
    amplitude_v: float = 2e-4
    amplitude_sd: float = 0.2
    baseline_v: float = 4e-6
    mains_v: float = 2e-6
    mains_hz: float = 50.0
    range_v: float = 0.005
    bits: int | None = 16


def record_emg(motion: Motion, settings: EmgSettings, rng: np.random.Generator) -> tuple[Array, dict[str, object]]:
    """Record the EMG of CHANNELS.

    Parameters
    ----------
    motion : at the rate at which EMG is sampled, more than twice BAND; with the events of its task (EVENTS_OF_TASK). A
        task without such events (standing) has no bursts.
    settings, rng : muscles, electrodes and random numbers.

    Returns
    -------
    emg : (channel, n) [V].
    truth : per channel the onsets on the trial's clock, `<channel>_onset_s`, and relative to the event of the task,
        `<channel>_onset_after_event_s` [s], one per burst.

    Raises
    ------
    ValueError : a sampling rate that cannot hold the band, onsets of muscles that are not among MUSCLES or absent.

    Notes
    -----
    Gaussian noise in BAND (Butterworth) with standard deviation 1, times an envelope, plus noise and hum. The envelope
    is 0 before the onset and rises as (1 - cos) / 2; bursts that overlap have the larger of their envelopes.

    References
    ----------
    Hogan & Mann 1980, IEEE Trans Biomed Eng 27:382 (EMG as Gaussian noise modulated in amplitude).
    """
    _check(motion, settings)
    starts, ends = _bursts(motion, settings)
    shape = (len(CHANNELS), motion.time.size)
    amplitude = settings.amplitude_v * np.exp(settings.amplitude_sd * rng.normal(size=len(CHANNELS)))
    after = np.array([settings.onset_s[name.partition("_")[2]] for name in CHANNELS])
    after = after[:, None] + settings.onset_sd_s * rng.normal(size=(len(CHANNELS), starts.size))
    onset = starts + after
    envelope = np.zeros(shape)
    for begin, end in zip(onset.T, ends, strict=True):
        end = np.maximum(end, begin + settings.rise_s)[:, None]
        rising = np.clip((motion.time - begin[:, None]) / settings.rise_s, 0.0, 1.0)
        falling = np.clip((motion.time - end) / settings.rise_s, 0.0, 1.0)
        envelope = np.maximum(envelope, 0.5 * (np.cos(np.pi * falling) - np.cos(np.pi * rising)))
    emg = amplitude[:, None] * envelope * _band_noise(shape, motion.rate_hz, rng)
    emg += settings.baseline_v * rng.normal(size=shape)
    phase = 2.0 * np.pi * rng.random(size=(len(CHANNELS), 1))
    emg += settings.mains_v * np.sin(2.0 * np.pi * settings.mains_hz * motion.time + phase)
    truth: dict[str, object] = {}
    for number, name in enumerate(CHANNELS):
        truth[f"{name}_onset_s"] = onset[number].tolist()
        truth[f"{name}_onset_after_event_s"] = after[number].tolist()
    return converted(emg, settings.range_v, settings.bits), truth


def _bursts(motion: Motion, settings: EmgSettings) -> tuple[Array, Array]:
    """Times of the events to which onsets refer, and of the ends of the bursts [s]."""
    if motion.task not in EVENTS_OF_TASK:
        return np.empty(0), np.empty(0)
    first, last = (np.sort(motion.events.get(name, [])) for name in EVENTS_OF_TASK[motion.task])
    ends = [next((end for end in last if end > start), start + settings.burst_s) for start in first]
    return first, np.array(ends)


def _band_noise(shape: tuple[int, int], rate_hz: float, rng: np.random.Generator) -> Array:
    """Gaussian noise (channel, n) in BAND with standard deviation 1."""
    frequency = np.fft.rfftfreq(shape[1], 1.0 / rate_hz)[1:]
    away = (frequency - BAND[0] * BAND[1] / frequency) / (BAND[1] - BAND[0])
    gain = np.concatenate([[0.0], 1.0 / np.sqrt(1.0 + away ** (2 * FILTER_ORDER))])
    # the stationary response of such a filter to white noise, without a transient
    noise = np.fft.irfft(gain * np.fft.rfft(rng.normal(size=shape), axis=1), n=shape[1], axis=1)
    return np.asarray(noise / np.sqrt((gain**2).mean()))


def _check(motion: Motion, settings: EmgSettings) -> None:
    """Raise ValueError that lists what cannot be recorded."""
    faults = []
    if motion.rate_hz <= 2 * BAND[1]:
        faults.append(f"a sampling rate above {2 * BAND[1]:g} Hz is needed, found {motion.rate_hz:g} Hz")
    unknown = sorted(set(settings.onset_s) - set(MUSCLES))
    absent = sorted(set(MUSCLES) - set(settings.onset_s))
    if unknown:
        faults.append(f"onsets of unknown muscles: {', '.join(unknown)}")
    if absent:
        faults.append(f"no onset of {', '.join(absent)}")
    wanted = EVENTS_OF_TASK.get(motion.task, (None,))[0]
    if wanted is not None and not motion.events.get(wanted):
        faults.append(f"the event {wanted} of {motion.task} is not among {', '.join(motion.events) or 'no events'}")
    if faults:
        raise ValueError("emg: " + "; ".join(faults))
