"""Metrics of muscles: when each begins to fire, how far detectors differ, and how strongly it fires.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, has the same entries for each of
MUSCLES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.muscles.conditioning import band_passed, envelope
from legsci.mechanics.reps.muscle_onsets import ONSET_WINDOWS
from legsci.metrics.metric import NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps
from legsci.tasks import MOVEMENTS, TASKS
from legsci.vocabulary import MUSCLES, SIDES

#: An envelope needs so much EMG [s].
SHORTEST_S = 0.1
HOGAN = "defined here; Gaussian signal of changing variance: Hogan & Mann 1980, IEEE Trans Biomed Eng 27:382"
EMG: tuple[str, ...] = ("emg",)
_SPREAD = "it is itself a measure of disagreement"
PERCENT = "placement of electrodes and the effort of the reference contraction are not known to legsci"


def reference_event_of(task: str) -> str:
    """Event of a task to which onsets refer; movement_start of one without onsets."""
    return ONSET_WINDOWS.get(TASKS[task].cut, ("movement_start",))[0]


def reference_event(reps: Reps) -> xr.Variable:
    """Event of the task to which onsets refer (rep, scoring) [s]: start of movement, or touchdown."""
    events = [reference_event_of(task) for task in reps["task"].data.astype(str)]
    at_touchdown = xr.Variable("rep", np.array(events) == "touchdown")
    return reps["touchdown"].where(at_touchdown, reps["movement_start"])


def onset(muscle: str) -> Callable[[Reps], tuple[xr.Variable, xr.Variable]]:
    """Onset of a muscle after the event of the task, and its uncertainty: (rep, scoring, side) [s] each."""

    def measure(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
        """Onset less event; the uncertainty of both."""
        event = reference_event(reps)
        found, lower, upper = (
            reps[name].isel(muscle=MUSCLES.index(muscle))
            for name in ("muscle_onset", "muscle_onset_lower", "muscle_onset_upper")
        )
        moved = reps["perturbation"].data.astype(str) != "none"
        shifts = (event.transpose("rep", "scoring").data - event.isel(scoring=0).data[:, None])[:, moved]
        of_event = xr.Variable(("rep",), np.sqrt(np.nansum(np.square(shifts), axis=1)))
        after = found - event
        variance = ((upper - lower) / 4.0) ** 2 + of_event**2
        return after, variance**0.5 + 0.0 * after

    return measure


def onset_spread(muscle: str) -> Callable[[Reps], xr.Variable]:
    """Range of the onset over detectors (rep, scoring, side) [s]."""
    return lambda reps: reps["muscle_onset_spread"].isel(muscle=MUSCLES.index(muscle)) + 0.0 * reference_event(reps)


@dataclass(frozen=True)
class Activity:
    """EMG of one muscle in one repetition.

    Parameters
    ----------
    rep, muscle, side : places along the dims of the same names.
    emg, envelope : (sample,) in the band of surface EMG, and its linear envelope [unit of the channel].
    start_s, rate_hz : time of the first sample on the trial's clock [s], sampling rate [Hz].
    """

    rep: int
    muscle: int
    side: int
    emg: NDArray[np.float64]
    envelope: NDArray[np.float64]
    start_s: float
    rate_hz: float

    def in_movement(self, reps: Reps, signal: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield the part of a signal (sample,) that lies in the movement, with the scoring that limits it."""
        limits = np.stack(
            [reps[name].transpose("rep", "scoring").data[self.rep] for name in ("span_start", "span_end")]
        )
        edges = (limits - self.start_s) * self.rate_hz
        for scoring in np.flatnonzero(np.isfinite(edges).all(axis=0)).tolist():
            first, last = np.clip(np.round(edges[:, scoring]).astype(int), 0, signal.size)
            if last > first:
                yield scoring, signal[first:last]


def activities(reps: Reps) -> list[Activity]:
    """EMG of the muscles of working legs in each repetition; not of channels that hold none, or that have a gap."""
    labels, legs = reps["emg_channel"].data.astype(str).tolist(), reps["leg"].data.astype(str)
    emg, usable = reps["emg"].transpose("rep", "emg_channel", ...).data, reps["emg_usable"].data
    starts, rates = reps["emg_start"].data, reps["emg_rate_hz"].data
    found = []
    for muscle, side in np.ndindex(len(MUSCLES), len(SIDES)):
        label = MUSCLES[muscle] if SIDES[side] == "both" else f"{SIDES[side]}_{MUSCLES[muscle]}"
        if label not in labels:
            continue
        channel = labels.index(label)
        withheld = reps["muscle_withheld"].data[:, muscle, side]
        works = np.isin(legs, ("", "both", SIDES[side])) | (SIDES[side] == "both")
        for rep in np.flatnonzero(works & usable[:, channel] & ~withheld).tolist():
            row, rate = emg[rep, channel], float(rates[rep, channel])
            row = row[: int(np.isfinite(row).cumsum().argmax()) + 1]
            if np.isfinite(row).all() and row.size > SHORTEST_S * rate:
                band = band_passed(row, rate)
                clock = float(starts[rep, channel]), rate
                found.append(Activity(rep, muscle, side, band, envelope(band, rate), *clock))
    return found


def envelopes(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """Largest and mean envelope of each muscle in the movement (rep, scoring, muscle, side) [unit of the channel]."""
    shape = (*reps["span_start"].transpose("rep", "scoring").shape, len(MUSCLES), len(SIDES))
    peaks, means = np.full(shape, np.nan), np.full(shape, np.nan)
    for activity in reps["muscle_activity"]:
        for scoring, part in activity.in_movement(reps, activity.envelope):
            place = activity.rep, scoring, activity.muscle, activity.side
            peaks[place], means[place] = part.max(), part.mean()
    dims = ("rep", "scoring", "muscle", "side")
    return xr.Variable(dims, peaks), xr.Variable(dims, means)


def references(reps: Reps) -> xr.Variable:
    """Envelope that is 100 % of each muscle (muscle, side) [unit of the channel].

    The largest of the session's maximal voluntary contractions, or of its repetitions under the default profile where
    no contraction of the muscle was recorded.
    """
    largest = np.fmax.reduce(reps["muscle_envelopes"][0].data[:, 0], axis=0)
    labels = reps["emg_channel"].data.astype(str).tolist()
    for label, contraction in zip(labels, reps["emg_mvc"].data, strict=True):
        muscle, side = muscle_and_side(label)
        if muscle in MUSCLES and np.isfinite(contraction):
            largest[MUSCLES.index(muscle), SIDES.index(side)] = contraction
    return xr.Variable(("muscle", "side"), largest)


def muscle_and_side(label: str) -> tuple[str, str]:
    """Muscle and side of a channel by its label, as `channel_labels` makes it."""
    side, _, muscle = label.partition("_")
    return (muscle, side) if side in SIDES else (label, "both")


def references_in_words(reps: xr.Dataset) -> list[str]:
    """State what 100 % of EMG is at each side (side,): "MVC", "session maximum", or which muscles have which."""
    if "emg_channel" not in reps.sizes:
        return [""] * len(SIDES)
    contractions = dict(zip(reps["emg_channel"].data.astype(str).tolist(), reps["emg_mvc"].data, strict=True))
    words = []
    for side in SIDES:
        own = {
            muscle_and_side(label)[0]: value
            for label, value in contractions.items()
            if muscle_and_side(label)[1] == side
        }
        without = [muscle for muscle, value in own.items() if not np.isfinite(value)]
        if not own:
            words.append("")
        elif len(without) in (0, len(own)):
            words.append("session maximum" if without else "MVC")
        else:
            words.append(f"MVC; session maximum of {', '.join(without)}")
    return words


def amplitude(muscle: str, which: int) -> Callable[[Reps], xr.Variable]:
    """Largest (0) or mean (1) envelope of a muscle (rep, scoring, side) [%]."""

    def measure(reps: Reps) -> xr.Variable:
        """Envelope relative to the reference of its channel."""
        relative = reps["muscle_envelopes"][which] / reps["emg_reference"]
        return 100.0 * relative.isel(muscle=MUSCLES.index(muscle))

    return measure


#: Metric of the EMG of a muscle in a movement.
of_muscle = partial(Metric, tasks=MOVEMENTS, streams=EMG)


def _amplitude_entry(muscle: str, which: int, words: tuple[str, str, str]) -> Metric:
    """Entry of the largest or the mean envelope of a muscle; adjective, its name as a function, source."""
    kind, function, source = words
    name = muscle.replace("_", " ")
    return of_muscle(
        amplitude(muscle, which),
        label=f"{function} EMG of {name}".replace("max", "peak"),
        unit="%",
        sign=NOT_SIGNED,
        meaning=f"{kind} envelope of EMG of {name} in the movement, relative to the largest of the session's "
        "maximal voluntary contractions (MVC), or of its repetitions where none was recorded (emg_reference). Sides "
        "and muscles can be compared in percent of the MVC only.",
        equation=f"100 {function}(envelope) / max(envelope of the reference), 20 to 450 Hz, rectified, 6 Hz low-pass",
        source=source,
        no_uncertainty=PERCENT,
        asymmetry=f"asymmetry_{muscle}_peak_percent" if which == 0 else None,
    )


def _onset_entry(muscle: str) -> Metric:
    """Entry of the onset of a muscle."""
    return of_muscle(
        onset(muscle),
        label=f"onset of {muscle.replace('_', ' ')}",
        unit="s",
        sign="after the event",
        meaning=f"Instant at which the EMG amplitude of {muscle.replace('_', ' ')} has completed 5 % of its rise from "
        "rest to the plateau of the burst, relative to the start of movement (jumps from standing, squats) or "
        "touchdown (drop jumps, landings, running steps).",
        equation="t(a = a_rest + 0.05 (a_burst - a_rest)) - t_movement_start, or - t_touchdown",
        source=HOGAN,
        uncertainty="stated",
    )


def _spread_entry(muscle: str) -> Metric:
    """Entry of the range of the onset over detectors."""
    return of_muscle(
        onset_spread(muscle),
        label=f"spread of the onset of {muscle.replace('_', ' ')}",
        unit="s",
        sign=NOT_SIGNED,
        meaning=f"Range of the onset of {muscle.replace('_', ' ')} over four detectors: that of {muscle}_onset_s, a "
        "threshold of rectified EMG, a threshold of its Teager-Kaiser energy, and a change point of the variance.",
        equation="max - min over detectors",
        source="Hodges & Bui 1996, Electroencephalogr Clin Neurophysiol 101:511; Solnik et al. 2010, Eur J Appl "
        "Physiol 110:489; Chen & Gupta 1997, J Am Stat Assoc 92:739",
        no_uncertainty=_SPREAD,
    )


_PEAK = ("Largest", "max", "defined here; Besomi et al. 2020, J Electromyogr Kinesiol 53:102438 (normalisation)")
_MEAN = ("Mean", "mean", OWN_DEFINITION)
METRICS = {
    name: entry
    for muscle in MUSCLES
    for name, entry in {
        f"{muscle}_onset_s": _onset_entry(muscle),
        f"{muscle}_onset_spread_s": _spread_entry(muscle),
        f"{muscle}_peak_percent": _amplitude_entry(muscle, 0, _PEAK),
        f"{muscle}_mean_percent": _amplitude_entry(muscle, 1, _MEAN),
    }.items()
}
