"""Onsets of muscles in the repetitions of a session."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import channel_labels, streams
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.muscles.channels import NOT_EMG
from legsci.mechanics.muscles.onsets import Onset, onsets_of_trials
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
#: Variables of an onset in a reps file: name -> its field of Onset.
VARIABLES = {
    "muscle_onset": "time_s",
    "muscle_onset_lower": "lower_s",
    "muscle_onset_upper": "upper_s",
    "muscle_onset_spread": "spread_s",
}


@dataclass
class _Channel:
    """One muscle of one side in one task.

    Of each trial EMG, rate and windows; start of the stream and standard uncertainty of its clock [s]; repetitions.
    """

    trials: list[tuple[NDArray[np.float64], float, NDArray[np.float64]]] = field(default_factory=list)
    clocks: list[tuple[float, float]] = field(default_factory=list)
    reps: list[list[int]] = field(default_factory=list)


def muscle_onsets(
    reps: xr.Dataset, motion: SessionMotion, session: xr.DataTree
) -> tuple[xr.Dataset, dict[int, list[QualityFlag]]]:
    """Find when muscles begin to fire in the repetitions of a session.

    Parameters
    ----------
    reps : repetitions with their events, dims rep, profile, perturbation.
    motion : of the session, with the quality flags of its channels.
    session : session file, opened.

    Returns
    -------
    onsets : VARIABLES (rep, muscle, side) [s on the trial's clock]: the instant at which the amplitude of EMG has made
        5 % of its rise, its 95 % interval, and the range over all detectors. Windows in which bursts begin are those of
        ONSET_WINDOWS under the default profile. NaN where there is no channel, or with a flag.
    flags : place of a repetition -> flag `no_onset` of each channel without an onset in it.
    """
    channels = _channels(reps, motion, session)
    shape = (reps.sizes["rep"], len(MUSCLES), len(SIDES))
    laid = {name: np.full(shape, np.nan) for name in VARIABLES}
    flags: dict[int, list[QualityFlag]] = {}
    for (_, muscle, side), channel in channels.items():
        place = MUSCLES.index(muscle), SIDES.index(side)
        found = onsets_of_trials(channel.trials)
        for clock, numbers, of_trial in zip(channel.clocks, channel.reps, found, strict=True):
            for rep, onset in zip(numbers, of_trial, strict=True):
                if onset.reason:
                    flags.setdefault(rep, []).append(_no_onset(muscle, side, onset, int(reps["number"][rep])))
                on_trial = onset.on_clock(*clock)
                for name, of in VARIABLES.items():
                    laid[name][(rep, *place)] = getattr(on_trial, of)
    variables = {name: (("rep", "muscle", "side"), values, {"units": "s"}) for name, values in laid.items()}
    return xr.Dataset(variables, coords={"muscle": list(MUSCLES), "side": list(SIDES)}), flags


def _no_onset(muscle: str, side: str, onset: Onset, number: int) -> QualityFlag:
    """Flag of a burst without an onset."""
    label = f"{side} {muscle}".removeprefix("both ").replace("_", " ")
    return QualityFlag("no_onset", label, detail=onset.reason, rep=number)


def _channels(reps: xr.Dataset, motion: SessionMotion, session: xr.DataTree) -> dict[tuple[str, str, str], _Channel]:
    """EMG of each task, muscle and side, with the windows of its repetitions."""
    windows = _windows(reps)
    tasks, trials, legs = (reps[name].to_numpy().astype(str) for name in ("task", "trial_id", "leg"))
    channels: dict[tuple[str, str, str], _Channel] = {}
    for trial_id in dict.fromkeys(trials.tolist()):
        places = np.flatnonzero((trials == trial_id) & np.isfinite(windows).all(axis=1)).tolist()
        left_out = {flag.signal for flag in motion.trials[trial_id].flags if flag.code in NOT_EMG}
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
                own = [rep for rep in places if not side or legs[rep] in ("", "both", side)]
                if own and label not in left_out and muscle in MUSCLES:
                    channel = channels.setdefault((tasks[own[0]], muscle, side or "both"), _Channel())
                    channel.trials.append((row, rate, windows[own] - start))
                    channel.clocks.append(clock)
                    channel.reps.append(own)
    return channels


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
