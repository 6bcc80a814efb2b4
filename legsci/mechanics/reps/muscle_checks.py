"""What the movement tells of EMG channels: artefacts when a foot strikes the ground, sides that are exchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import signal as filters

from legsci.ingest.streams import channel_labels, streams
from legsci.mechanics.muscles.conditioning import BAND_HZ, band_passed
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES_OF_BODY

Array = NDArray[np.float64]
#: Time after touchdown in which an artefact is sought [s], and the share of power below the band of EMG that it may
#: have there [%]. In simulated drop jumps onsets err by 30 ms (95 %) up to that share, by more beyond; in the recorded
#: sprint the muscles of the leg that lands have 1 to 23 %.
ARTEFACT_S, ARTEFACT_PERCENT = 0.1, 50.0
#: A muscle is on the wrong side if its amplitude is so many times larger while the other leg works, in the median of
#: the repetitions of a task on either leg. In simulated lateral jumps, one on either leg, the ratio of sound channels
#: is 0.1 to 1.1; of channels whose sides are exchanged 96 % are found.
AGAINST_MOVEMENT = 1.5
#: Tasks (by their cut) whose onset refers to touchdown.
AT_TOUCHDOWN = ("rebound", "impact", "contact")


def movement_flags(
    reps: xr.Dataset, session: xr.DataTree, left_out: Mapping[str, Collection[str]]
) -> dict[int, list[QualityFlag]]:
    """Quality flags of EMG channels that contradict the movement, by the events of the default profile.

    Parameters
    ----------
    reps : repetitions with their events, dims rep, profile, perturbation.
    session : session file, opened.
    left_out : trial -> labels of channels that hold no EMG.

    Returns
    -------
    Place of a repetition -> flags emg_landing_artefact and emg_wrong_side of its channels, their labels as signal.
    """
    flags: dict[int, list[QualityFlag]] = {}
    seen: dict[tuple[str, str], list[tuple[int, bool, float]]] = {}
    for rep in range(reps.sizes["rep"]):
        trial_id = str(reps["trial_id"].to_numpy()[rep])
        leg, task = (str(reps[name].to_numpy()[rep]) for name in ("leg", "task"))
        for label, row, start_s, rate_hz in _channels(session.children[trial_id]):
            if label in left_out[trial_id]:
                continue
            flag = _landing_artefact(reps, rep, label, row, start_s, rate_hz) if _lands(task, leg, label) else None
            flags.setdefault(rep, []).extend([flag] if flag else [])
            side = label.partition("_")[0]
            if leg in SIDES_OF_BODY and side in SIDES_OF_BODY:
                amplitude = _amplitude(reps, rep, row, start_s, rate_hz)
                seen.setdefault((task, label), []).append((rep, side == leg, amplitude))
    for (_, label), found in seen.items():
        own, other = (np.array([size for _, works, size in found if works == of_leg]) for of_leg in (True, False))
        ratio = _against_movement(own, other)
        if ratio > AGAINST_MOVEMENT:
            flag = QualityFlag("emg_wrong_side", label, ratio, AGAINST_MOVEMENT)
            for rep, _, _ in found:
                flags.setdefault(rep, []).append(flag)
    numbers = reps["number"].to_numpy()
    return {rep: [replace(flag, rep=int(numbers[rep])) for flag in of_rep] for rep, of_rep in flags.items() if of_rep}


def _channels(trial: xr.DataTree) -> list[tuple[str, Array, float, float]]:
    """EMG channels of a trial: label, signal (sample,), trial's time at its first sample [s], rate [Hz]."""
    found = []
    for signal in streams(trial, "emg").values():
        if np.isnan(signal.attrs["clock_offset_s"]):
            continue
        clock = float(signal["time"][0]), float(signal.attrs["sampling_rate_hz"]) / (1.0 + signal.attrs["clock_drift"])
        rows = signal["value"].transpose("channel", "time").to_numpy().astype(float)
        found += [(label, row, *clock) for label, row in zip(channel_labels(signal), rows, strict=True)]
    return found


def _lands(task: str, leg: str, label: str) -> bool:
    """Whether a muscle belongs to a leg that lands at the event to which its onset refers."""
    side = label.partition("_")[0]
    return TASKS[task].cut in AT_TOUCHDOWN and (leg in ("", "both", side) or side not in SIDES_OF_BODY)


def _event(reps: xr.Dataset, rep: int, name: str) -> float:
    """Event of a repetition under the default profile [s]."""
    return float(reps[name].to_numpy()[rep, 0, 0])


def _landing_artefact(
    reps: xr.Dataset, rep: int, label: str, row: Array, start_s: float, rate_hz: float
) -> QualityFlag | None:
    """Flag of a channel that swings below the band of EMG after touchdown."""
    touchdown = _event(reps, rep, "touchdown") - start_s
    if not np.isfinite(touchdown):
        return None
    # the filter needs the time before and after as well
    first, last = (round((touchdown + edge) * rate_hz) for edge in (-ARTEFACT_S, 2.0 * ARTEFACT_S))
    part = row[max(first, 0) : max(last, 0)]
    if part.size < 2.0 * ARTEFACT_S * rate_hz or not np.isfinite(part).all():
        return None
    after = slice(round(touchdown * rate_hz) - max(first, 0), round((touchdown + ARTEFACT_S) * rate_hz) - max(first, 0))
    sections = filters.butter(2, BAND_HZ[0], fs=rate_hz, output="sos")
    below = np.square(filters.sosfiltfilt(sections, part - np.median(row[np.isfinite(row)]))[after]).sum()
    within = np.square(band_passed(part, rate_hz)[after]).sum()
    percent = 100.0 * float(below / (below + within)) if below + within > 0.0 else 0.0
    return QualityFlag("emg_landing_artefact", label, percent, ARTEFACT_PERCENT) if percent > ARTEFACT_PERCENT else None


def _amplitude(reps: xr.Dataset, rep: int, row: Array, start_s: float, rate_hz: float) -> float:
    """Root mean square of EMG while the leg of a repetition is on the ground and works; NaN where not recorded."""
    begin, take_off = _event(reps, rep, "movement_start"), _event(reps, rep, "takeoff")
    begin = begin if np.isfinite(begin) else _event(reps, rep, "touchdown")
    if not np.isfinite(take_off - begin):
        return np.nan
    first, last = (round((time - start_s) * rate_hz) for time in (begin, take_off))
    part = row[max(first, 0) : max(last, 0)]
    if first < 0 or part.size < 0.05 * rate_hz or not np.isfinite(part).all():
        return np.nan
    return float(band_passed(part, rate_hz).std())


def _against_movement(own: Array, other: Array) -> float:
    """Ratio of amplitudes while the other leg works and while the own one does; NaN where one of them never works."""
    own, other = own[np.isfinite(own)], other[np.isfinite(other)]
    if min(own.size, other.size) == 0:
        return np.nan
    return float(np.median(other) / max(np.median(own), np.finfo(float).tiny))
