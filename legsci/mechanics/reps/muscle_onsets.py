"""Onsets of muscles in the repetitions of a session."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import channel_labels, streams
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.muscles.channels import without_emg
from legsci.mechanics.muscles.onsets import TONIC, Onset, offsets_of_trials, onsets_of_trials
from legsci.mechanics.reps.muscle_checks import movement_flags
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import MUSCLES, SIDES

#: How a task is cut -> event to which onsets refer, time before it from which the burst may begin [s], and the event,
#: or the time after it [s], until which.
ONSET_WINDOWS: dict[str, tuple[str, float, str | float]] = {
    "flight": ("movement_start", 0.3, "takeoff"),
    "flight_rebound": ("movement_start", 0.3, "takeoff"),
    "descent": ("movement_start", 0.5, "eccentric_end"),
    "rebound": ("touchdown", 0.3, 0.15),
    "impact": ("touchdown", 0.3, 0.15),
    "contact": ("touchdown", 0.15, 0.1),
}
#: How a task is cut -> event and time after it [s] until which a burst may end.
OFFSET_WINDOWS: dict[str, tuple[str, float]] = {
    "flight": ("takeoff", 0.2),
    "flight_rebound": ("takeoff", 0.2),
    "descent": ("movement_end", 0.5),
    "rebound": ("takeoff", 0.2),
    "impact": ("touchdown", 1.0),
    "contact": ("takeoff", 0.15),
}
#: Variables of an onset and an offset in a reps file: name -> field of Onset.
VARIABLES = {
    "muscle_onset": "time_s",
    "muscle_onset_lower": "lower_s",
    "muscle_onset_upper": "upper_s",
    "muscle_onset_spread": "spread_s",
}
OFFSET_VARIABLES = {
    "muscle_offset": "time_s",
    "muscle_offset_lower": "lower_s",
    "muscle_offset_upper": "upper_s",
}


@dataclass
class _Channel:
    """One muscle of one side in one task.

    Of each trial EMG, rate and windows; start of the stream and standard uncertainty of its clock [s]; repetitions.
    """

    trials: list[tuple[NDArray[np.float64], float, NDArray[np.float64]]] = field(default_factory=list)
    clocks: list[tuple[float, float]] = field(default_factory=list)
    reps: list[list[int]] = field(default_factory=list)

    def without(self, found: list[list[Onset]]) -> list[tuple[int, str]]:
        """Return the repetitions without an instant, each with the reason."""
        return [
            (rep, instant.reason)
            for numbers, of_trial in zip(self.reps, found, strict=True)
            for rep, instant in zip(numbers, of_trial, strict=True)
            if instant.reason
        ]

    def ending(self, onsets: list[list[Onset]], until: NDArray[np.float64]) -> _Channel:
        """Return the channel with windows in which the bursts that have an onset end.

        Parameters
        ----------
        onsets : of each trial, on the clock of its stream.
        until : (rep,) on the clock of each trial [s].
        """
        ending = _Channel()
        for (row, rate, _), clock, numbers, found in zip(self.trials, self.clocks, self.reps, onsets, strict=True):
            begun = [
                (rep, onset.time_s)
                for rep, onset in zip(numbers, found, strict=True)
                if not onset.reason and np.isfinite(until[rep])
            ]
            windows = np.array([(start, until[rep] - clock[0]) for rep, start in begun]).reshape(-1, 2)
            ending.trials.append((row, rate, windows))
            ending.clocks.append(clock)
            ending.reps.append([rep for rep, _ in begun])
        return ending


def muscle_onsets(
    reps: xr.Dataset, motion: SessionMotion, session: xr.DataTree
) -> tuple[xr.Dataset, dict[int, list[QualityFlag]]]:
    """Find when muscles begin and cease to fire in the repetitions of a session.

    Parameters
    ----------
    reps : repetitions with their events, dims rep, profile, perturbation.
    motion : of the session, with the quality flags of its channels.
    session : session file, opened.

    Returns
    -------
    onsets : VARIABLES and OFFSET_VARIABLES (rep, muscle, side) [s on the trial's clock]: the instant at which the
        amplitude of EMG has made 5 % of its rise, its 95 % interval, and the range over all detectors; and the instant
        at which 5 % of its fall are left. Windows in which bursts begin and end are those of ONSET_WINDOWS and
        OFFSET_WINDOWS under the default profile. NaN where there is no channel, or with a flag.
        `muscle_withheld`: whether a channel contradicts the movement in a repetition, so that it has no amplitude.
    flags : place of a repetition -> those of `movement_flags`, and `no_onset`, `no_offset` or `emg_tonic` of each
        channel without an onset or offset in it.
    """
    shape = (reps.sizes["rep"], len(MUSCLES), len(SIDES))
    laid = {name: np.full(shape, np.nan) for name in (*VARIABLES, *OFFSET_VARIABLES)}
    left_out = {name: without_emg(trial.flags) for name, trial in motion.trials.items()}
    flags = movement_flags(reps, session, left_out)
    withheld = {(rep, flag.signal) for rep, of_rep in flags.items() for flag in of_rep}
    until = _ends(reps)
    for (_, muscle, side), channel in _channels(reps, session, left_out, withheld).items():
        place = MUSCLES.index(muscle), SIDES.index(side)
        found = onsets_of_trials(channel.trials)
        _lay(channel, found, VARIABLES, place, laid)
        ending = channel.ending(found, until)
        ceased = offsets_of_trials(ending.trials)
        _lay(ending, ceased, OFFSET_VARIABLES, place, laid)
        for code, of, times in (("no_onset", channel, found), ("no_offset", ending, ceased)):
            for rep, reason in of.without(times):
                named = "emg_tonic" if reason == TONIC else code
                flag = QualityFlag(named, _label(muscle, side), detail=reason, rep=int(reps["number"][rep]))
                flags.setdefault(rep, []).append(flag)
    dims = ("rep", "muscle", "side")
    variables: dict[str, object] = {name: (dims, values, {"units": "s"}) for name, values in laid.items()}
    variables["muscle_withheld"] = (dims, _laid_out(withheld, shape))
    return xr.Dataset(variables, coords={"muscle": list(MUSCLES), "side": list(SIDES)}), flags


def _laid_out(withheld: set[tuple[int, str]], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Whether the channel of a muscle is withheld in a repetition (rep, muscle, side), from places and labels."""
    answer = np.zeros(shape, dtype=bool)
    for rep, label in withheld:
        side, _, muscle = label.partition("_") if label.partition("_")[0] in SIDES else ("both", "", label)
        if muscle in MUSCLES:
            answer[rep, MUSCLES.index(muscle), SIDES.index(side)] = True
    return answer


def _lay(
    channel: _Channel,
    found: list[list[Onset]],
    variables: dict[str, str],
    place: tuple[int, int],
    laid: dict[str, NDArray[np.float64]],
) -> None:
    """Lay instants of a channel, on the clock of each trial, into variables (rep, muscle, side)."""
    for clock, numbers, of_trial in zip(channel.clocks, channel.reps, found, strict=True):
        for rep, instant in zip(numbers, of_trial, strict=True):
            on_trial = instant.on_clock(*clock)
            for name, of in variables.items():
                laid[name][(rep, *place)] = getattr(on_trial, of)


def _label(muscle: str, side: str) -> str:
    """Name of a channel as flags state it."""
    return f"{side} {muscle}".removeprefix("both ").replace("_", " ")


def _channels(
    reps: xr.Dataset,
    session: xr.DataTree,
    left_out: Mapping[str, Collection[str]],
    withheld: Collection[tuple[int, str]],
) -> dict[tuple[str, str, str], _Channel]:
    """EMG of each task, muscle and side, with the windows of its repetitions.

    Parameters
    ----------
    left_out : trial -> labels of channels that hold no EMG.
    withheld : places of repetitions with labels of channels that have no onset in them.
    """
    windows = _windows(reps)
    tasks, trials, legs = (reps[name].to_numpy().astype(str) for name in ("task", "trial_id", "leg"))
    channels: dict[tuple[str, str, str], _Channel] = {}
    for trial_id in dict.fromkeys(trials.tolist()):
        places = np.flatnonzero((trials == trial_id) & np.isfinite(windows).all(axis=1)).tolist()
        for signal in streams(session.children[trial_id], "emg").values():
            if np.isnan(signal.attrs["clock_offset_s"]) or not places:
                continue
            start = float(signal["time"][0])
            clock = start, float(signal.attrs["clock_offset_uncertainty_s"])
            rate = float(signal.attrs["sampling_rate_hz"]) / (1.0 + float(signal.attrs["clock_drift"]))
            rows = signal["value"].transpose("channel", "time").to_numpy().astype(float)
            muscles, sides = (signal[name].to_numpy().astype(str) for name in ("muscle", "side"))
            for label, muscle, side, row in zip(channel_labels(signal), muscles, sides, rows, strict=True):
                # of a task on one leg, and of a running step, the muscles of that leg are asked for
                own = [
                    rep
                    for rep in places
                    if (rep, label) not in withheld and (not side or legs[rep] in ("", "both", side))
                ]
                if own and label not in left_out[trial_id] and muscle in MUSCLES:
                    channel = channels.setdefault((tasks[own[0]], muscle, side or "both"), _Channel())
                    channel.trials.append((row, rate, windows[own] - start))
                    channel.clocks.append(clock)
                    channel.reps.append(own)
    return channels


def _ends(reps: xr.Dataset) -> NDArray[np.float64]:
    """Until when the burst of each repetition may end, under the default profile: (rep,) [s]; NaN where not known."""
    answer = np.full(reps.sizes["rep"], np.nan)
    for rep, task in enumerate(reps["task"].to_numpy().astype(str)):
        if TASKS[task].cut in OFFSET_WINDOWS:
            event, after = OFFSET_WINDOWS[TASKS[task].cut]
            answer[rep] = reps[event].to_numpy()[rep, 0, 0] + after
    return answer


def _windows(reps: xr.Dataset) -> NDArray[np.float64]:
    """Start and stop of the window in which bursts begin, under the default profile: (rep, 2) [s]; NaN without."""
    answer = np.full((reps.sizes["rep"], 2), np.nan)
    tasks = reps["task"].to_numpy().astype(str)
    events = {
        name: reps[name].to_numpy()[:, 0, 0] for name in ("movement_start", "touchdown", "takeoff", "eccentric_end")
    }
    for cut, (event, before, until) in ONSET_WINDOWS.items():
        rows = np.array([TASKS[task].cut == cut for task in tasks])
        stop = events[until] if isinstance(until, str) else events[event] + until
        answer[rows] = np.column_stack([events[event] - before, stop])[rows]
    return answer
