"""Onset of muscle activity with a 95 % interval, and the spread over published detectors.

The onset of a burst is the instant at which the amplitude of EMG has completed 5 % of its rise from rest to plateau. A
threshold is crossed later the more slowly a muscle rises; the likelihood of a rise needs none. Its course is unknown,
so many are weighed by their evidence: powers of time, rises of 8 to 250 ms, with rest that adds to the variance (noise)
or to the amplitude (tonic activity). The bursts of one muscle in one task share course and rise, up to some variation
from burst to burst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from legsci.kernels.onsets import rise_evidence, teager_kaiser, variance_change
from legsci.mechanics.muscles.conditioning import (
    REST_RATIO,
    band_passed,
    independent_share,
    muscle_at_rest,
    rest_stretches,
)

Array = NDArray[np.float64]
#: The onset is where so much of the rise of the amplitude is made.
PART_OF_RISE = 0.05
#: EMG is seen in means of squares over this time [s].
MEAN_S = 0.002
#: Rises that are weighed [s], and the powers of time with which the amplitude rises.
RISES_S = np.geomspace(0.008, 0.25, 14)
POWERS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
#: Standard deviation of the logarithm of the rise between bursts of a muscle in one task.
RISE_SPREAD = 0.15
#: Candidates of the amplitude reached: logarithm against that of the plateau.
AMPLITUDES = np.linspace(-0.25, 0.25, 5)
#: The change of variance has so much of the signal on either side [s]; EMG is seen from so long before it to so long
#: after it [s].
SHORTEST_S, BEFORE_S, AFTER_S = 0.05, 0.25, 0.3
#: The rise may begin up to so long before the end of what is seen [s].
LATEST_S = 0.06
#: What precedes the burst ends so long before the change [s].
RAMP_S = 0.08
#: Plateau after the change begins after so long [s].
TO_PLATEAU_S = 0.05
#: A burst is so much stronger than rest [dB], and its evidence so much larger than that of no burst.
LEAST_DB, LEAST_EVIDENCE = 5.0, 6.0
#: Why a burst has no onset -> why it has no offset, where the words differ.
NO_BURST = f"no burst {LEAST_DB:g} dB above what precedes it"
TONIC = f"the muscle is active throughout, and no burst is {LEAST_DB:g} dB above that"
BEGAN_EARLIER = "the burst begins before the analysed part of the recording"
REVERSED = {
    **dict.fromkeys((NO_BURST, TONIC), f"no burst {LEAST_DB:g} dB above what follows it"),
    BEGAN_EARLIER: "the burst ends after the analysed part of the recording",
}
#: A muscle is active throughout where no stretch of this length [s] of the trial is so much stronger than rest [dB]:
#: the least of a burst, and what the strongest of many stretches is above their mean.
STRONGEST_S, TONIC_DB = 0.1, 8.0
#: No more of the onset's probability than this lies at the first place that is seen.
AT_THE_EDGE = 0.025
#: Limits of the 95 % interval and the median.
QUANTILES = (0.025, 0.5, 0.975)
#: Standard uncertainties to either limit of a 95 % interval.
QUANTILE_OF_NORMAL = 1.96
#: Published detectors: standard deviations above the mean of rest, low-pass [Hz], time for which the limit is
#: passed [s].
HODGES_BUI_SD, TEAGER_KAISER_SD, LOW_PASS_HZ, SUSTAINED_S = 3.0, 8.0, 50.0, 0.025


@dataclass(frozen=True)
class Onset:
    """Onset of one burst.

    Parameters
    ----------
    time_s : on the clock of the windows [s]; NaN with a reason.
    lower_s, upper_s : 95 % interval [s]; NaN with a reason.
    spread_s : range over all detectors that found an onset, this one among them [s]; NaN where fewer than two did.
    reason : why there is no onset; empty where there is one.
    """

    time_s: float = np.nan
    lower_s: float = np.nan
    upper_s: float = np.nan
    spread_s: float = np.nan
    reason: str = ""

    def reversed_in(self, duration_s: float) -> Onset:
        """Return the onset as it lies in a signal of a duration [s], where this one is of the reversed signal."""
        limits = duration_s - self.upper_s, duration_s - self.lower_s
        reason = REVERSED.get(self.reason, self.reason)
        return replace(self, time_s=duration_s - self.time_s, lower_s=limits[0], upper_s=limits[1], reason=reason)

    def on_clock(self, start_s: float, uncertainty_s: float) -> Onset:
        """Return the onset on a clock that reads `start_s` at time 0 of this one, with its standard uncertainty [s]."""
        lower, upper = (
            float(np.hypot(limit, QUANTILE_OF_NORMAL * uncertainty_s))
            for limit in (self.time_s - self.lower_s, self.upper_s - self.time_s)
        )
        time = self.time_s + start_s
        return replace(self, time_s=time, lower_s=time - lower, upper_s=time + upper)


@dataclass(frozen=True)
class _Burst:
    """What is seen of one burst.

    Means of squares over `mean_s` from `start_s` on, of the plateau and of rest, the independent squares behind each
    mean, and onsets by other detectors.
    """

    start_s: float
    mean_s: float
    power: Array
    plateau: float
    freedom: float
    rest: float
    others_s: tuple[float, ...]


def onsets(emg: Array, rate_hz: float, windows: Array) -> list[Onset]:
    """Onset of each burst of one muscle in one task.

    Parameters
    ----------
    emg : (sample,) raw surface EMG of one trial, any unit, from time 0 on; NaN in gaps.
    rate_hz : sampling rate [Hz].
    windows : (burst, 2) start and stop in which each burst begins [s].

    Returns
    -------
    One Onset per window.

    References
    ----------
    Selvan SE, Allexandre D, Amato U, Yue GH (2018) Unsupervised stochastic strategies for robust detection of muscle
    activation onsets in surface electromyogram. IEEE Trans Neural Syst Rehabil Eng 26:1279-1291. Hodges PW, Bui BH
    (1996) Electroencephalogr Clin Neurophysiol 101:511-519. Solnik S, Rider P, Steinweg K, DeVita P, Hortobagyi T
    (2010) Eur J Appl Physiol 110:489-498.
    """
    return onsets_of_trials([(emg, rate_hz, windows)])[0]


def offsets_of_trials(trials: list[tuple[Array, float, Array]]) -> list[list[Onset]]:
    """Offsets of one muscle in several trials of one task: its onsets in reversed time; as `onsets`.

    The offset of a burst is the instant at which the amplitude has PART_OF_RISE of its fall from plateau to rest left.
    Windows are those in which each burst ends, from within the burst on.
    """
    durations = [len(emg) / rate_hz for emg, rate_hz, _ in trials]
    turned = [
        (emg[::-1], rate_hz, duration - windows[:, ::-1])
        for (emg, rate_hz, windows), duration in zip(trials, durations, strict=True)
    ]
    return [
        [onset.reversed_in(duration) for onset in of_trial]
        for of_trial, duration in zip(onsets_of_trials(turned), durations, strict=True)
    ]


def onsets_of_trials(trials: list[tuple[Array, float, Array]]) -> list[list[Onset]]:
    """Onsets of one muscle in several trials of one task, which share the course of the rise; as `onsets`."""
    found: list[list[Onset]] = []
    bursts: list[_Burst] = []
    places: list[tuple[int, int]] = []
    for number, (emg, rate_hz, windows) in enumerate(trials):
        found.append([Onset(reason="no EMG in the window")] * len(windows))
        for burst_number, burst in enumerate(_bursts(emg, rate_hz, windows)):
            if isinstance(burst, _Burst):
                bursts.append(burst)
                places.append((number, burst_number))
            else:
                found[number][burst_number] = Onset(reason=burst)
    for (number, burst_number), onset in zip(places, _weighed(bursts), strict=True):
        found[number][burst_number] = onset
    return found


def _bursts(emg: Array, rate_hz: float, windows: Array) -> list[_Burst | str]:
    """What is seen of each burst of a trial, or why nothing is."""
    gap = ~np.isfinite(emg)
    band = band_passed(np.where(gap, 0.0, emg), rate_hz)
    quiet = band[rest_stretches(band, rate_hz)]
    if len(quiet) == 0 or not np.square(quiet).mean() > 0.0:
        return ["the channel is silent, or the recording is too short to contain a resting baseline"] * len(windows)
    power = np.square(band)
    rest = float(np.square(quiet).mean())
    detectors = _published(band, quiet, rate_hz)
    found = [
        "the recording has a gap in the window"
        if gap[slice(*_samples(window, rate_hz, len(emg)))].any()
        else _burst(band, power, rest, rate_hz, window, detectors)
        for window in windows
    ]
    tonic = NO_BURST in found and _throughout(power, rest, rate_hz) and muscle_at_rest(quiet, rate_hz)
    return [TONIC if tonic and burst == NO_BURST else burst for burst in found]


def _throughout(power: Array, rest: float, rate_hz: float) -> bool:
    """Whether nothing in a trial, squares (sample,) of its EMG, is clearly stronger than its rest."""
    length = min(round(STRONGEST_S * rate_hz), power.size)
    strongest = np.convolve(power, np.full(length, 1.0 / length), "valid").max()
    return bool(strongest < 10.0 ** (TONIC_DB / 10.0) * rest)


def _samples(window: Array, rate_hz: float, count: int) -> tuple[int, int]:
    """First sample of a window and the one after its last, within what was recorded."""
    return max(0, round(window[0] * rate_hz)), min(count, round(window[1] * rate_hz))


def _burst(
    band: Array, power: Array, rest: float, rate_hz: float, window: Array, detectors: tuple[NDArray[np.bool_], ...]
) -> _Burst | str:
    """What is seen of the burst in one window, or why nothing is."""
    first, last = _samples(window, rate_hz, len(band))
    shortest = round(SHORTEST_S * rate_hz)
    if last - first < 4 * shortest:
        return "the recording does not hold the window"
    mean = np.convolve(power[first:last], np.full(shortest, 1.0 / shortest), "same")
    peak = max(int(mean.argmax()), 3 * shortest)
    change = first + variance_change(power[first : first + peak], shortest)
    start = max(change - round(BEFORE_S * rate_hz), 0)
    stop = min(change + round(AFTER_S * rate_hz), last)
    step = max(1, round(MEAN_S * rate_hz))
    count = (stop - start) // step
    seen = power[start : start + count * step].reshape(count, step).mean(axis=1)
    plateau = power[change + round(TO_PLATEAU_S * rate_hz) : stop]
    if len(plateau) < shortest:
        return "the recording does not hold the burst"
    freedom = step * independent_share(band[change:stop])
    before = power[start : max(start, change - round(RAMP_S * rate_hz))]
    if len(before) >= shortest and before.mean() > REST_RATIO * rest:
        rest = float(before.mean())  # held active before the burst, as in a squat
    if plateau.mean() - rest < 10.0 ** (LEAST_DB / 10.0) * rest:
        return NO_BURST
    others = [_first_sustained(above[first:last], round(SUSTAINED_S * rate_hz)) for above in detectors]
    times = [(first + sample) / rate_hz for sample in others if sample >= 0]
    return _Burst(
        start / rate_hz,
        step / rate_hz,
        seen,
        float(plateau.mean()),
        freedom,
        rest,
        (*times, change / rate_hz),
    )


def _published(band: Array, quiet: Array, rate_hz: float) -> tuple[NDArray[np.bool_], ...]:
    """Where the detectors of Hodges & Bui and of Solnik see activity: (sample,) each."""
    sections = signal.butter(2, LOW_PASS_HZ, fs=rate_hz, output="sos")
    above = []
    for whole, at_rest, limit in (
        (np.abs(band), np.abs(quiet), HODGES_BUI_SD),
        (np.abs(teager_kaiser(band)), np.abs(teager_kaiser(quiet)), TEAGER_KAISER_SD),
    ):
        smooth, smooth_rest = (signal.sosfiltfilt(sections, part) for part in (whole, at_rest))
        above.append(smooth > smooth_rest.mean() + limit * smooth_rest.std())
    return tuple(above)


def _first_sustained(above: NDArray[np.bool_], length: int) -> int:
    """First sample from which a limit is passed for a number of samples; -1 where it never is."""
    sustained = np.convolve(above, np.ones(length), "valid") >= length
    return int(sustained.argmax()) if sustained.any() else -1


def _weighed(bursts: list[_Burst]) -> list[Onset]:
    """Onsets from the evidence of every course, shared by all bursts."""
    if not bursts:
        return []
    evidence = [_evidence(burst) for burst in bursts]
    spread = np.exp(-0.5 * np.square((np.log(RISES_S)[:, None] - np.log(RISES_S)) / RISE_SPREAD))
    spread /= spread.sum(axis=1, keepdims=True)
    of_course = []
    for places in evidence:
        part = np.exp(places - places.max()).sum(axis=1).reshape(-1, len(RISES_S)) @ spread.T
        of_course.append(np.log(part + 1e-12))
    total = np.sum(of_course, axis=0)
    return [
        _onset(burst, places, np.exp(total - own - (total - own).max()) @ spread)
        for burst, places, own in zip(bursts, evidence, of_course, strict=True)
    ]


def _evidence(burst: _Burst) -> Array:
    """Logarithm of the evidence of each course and start of one burst: (course, start)."""
    courses, lengths, tonic, _ = _courses(burst.mean_s)
    rest, plateau = np.sqrt(burst.rest), np.sqrt(burst.plateau)
    added = np.where(tonic > 0.0, plateau - rest, np.sqrt(burst.plateau - burst.rest))
    amplitudes = added[:, None] * np.exp(AMPLITUDES)
    found = rise_evidence(burst.power, burst.freedom, burst.rest, amplitudes, tonic, courses, lengths)
    return np.asarray(found[:, : max(1, len(burst.power) - round(LATEST_S / burst.mean_s))])


def _onset(burst: _Burst, evidence: Array, prior: Array) -> Onset:
    """Onset of one burst from its evidence (course, start) and what the other bursts say of the courses."""
    delays = _courses(burst.mean_s)[3]
    weight = np.exp(evidence - evidence.max()) * prior.ravel()[:, None]
    weight /= weight.sum()
    if weight[:, 0].sum() > AT_THE_EDGE:
        return Onset(reason=BEGAN_EARLIER)
    times = burst.start_s + burst.mean_s * np.arange(weight.shape[1]) + delays[:, None]
    order = np.argsort(times, axis=None)
    cumulated = np.cumsum(weight.ravel()[order])
    lower, median, upper = np.interp(QUANTILES, cumulated, times.ravel()[order])
    detected = (*burst.others_s, median)
    return Onset(median, lower, upper, max(detected) - min(detected))


@cache
def _courses(mean_s: float) -> tuple[Array, NDArray[np.int64], Array, Array]:
    """Courses of the rise (course, mean), their lengths [means], tonic or not, and delay of the onset [s]."""
    longest = int(np.ceil(RISES_S[-1] / mean_s)) + 1
    courses, lengths, tonics, delays = [], [], [], []
    for tonic in (0.0, 1.0):
        for power in POWERS:
            for rise in RISES_S:
                length = max(1, round(rise / mean_s))
                course = np.ones(longest)
                course[:length] = ((np.arange(length) + 0.5) / length) ** power
                courses.append(course)
                lengths.append(length)
                tonics.append(tonic)
                delays.append(length * mean_s * PART_OF_RISE ** (1.0 / power))
    return np.array(courses), np.array(lengths), np.array(tonics), np.array(delays)
