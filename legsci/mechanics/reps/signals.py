"""Signals of repetitions: sliced by time from the motion file of their session, and from its further streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import PARTS, channel_labels, kinds_of, streams
from legsci.mechanics.kinetics.movement import FRAME_COORDS, FRAME_SIGNALS
from legsci.mechanics.kinetics.session_motion import DIRECTIONS, SessionMotion, TrialMotion
from legsci.mechanics.muscles.channels import without_emg
from legsci.mechanics.muscles.contractions import voluntary_maxima
from legsci.mechanics.reps.repetition import CLOCK
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES

#: Samples of a channel in a repetition, time of the first [s], rate [Hz], unit.
Channel = tuple[NDArray[np.float64], float, float, str]
DataVariable = tuple[tuple[str, ...], NDArray[Any], dict[str, str]]

#: Signals at the samples of the plates: name -> dimensions other than the sample, and unit.
SAMPLE_SIGNALS: dict[str, tuple[tuple[str, ...], str]] = {
    "force": (("side",), "N"),
    "horizontal_force": (("direction",), "N"),
    "centre_of_pressure": (("direction",), "m"),
    "pelvis_height": ((), "m"),
}
#: Signals at the frames of the cameras.
SLICED_FRAME_SIGNALS = {name: of for name, of in FRAME_SIGNALS.items() if name not in SAMPLE_SIGNALS}
_COORDS = {**FRAME_COORDS, "direction": DIRECTIONS}


def with_signals(
    reps: xr.Dataset,
    motion: SessionMotion,
    *,
    session: xr.DataTree | None = None,
    names: Iterable[str] = (*SAMPLE_SIGNALS, *SLICED_FRAME_SIGNALS),
) -> xr.Dataset:
    """Put signals beside the events of a session's repetitions, as the metrics read them.

    Parameters
    ----------
    reps : Dataset of a reps file, dims rep, profile, perturbation.
    motion : of the session.
    session : session file, opened, for streams of channels (EMG, sensors, analog inputs); None: these are left out.
    names : which of SAMPLE_SIGNALS and SLICED_FRAME_SIGNALS.

    Returns
    -------
    Dataset with dims rep, scoring, side, sample, frame: a scoring is a profile, or the default profile with one input
    moved by its standard uncertainty (coordinates profile and perturbation; the first is the default as it is). Signals
    (rep, ..., sample) and (rep, ..., frame) are NaN after the end of each repetition and where nothing was recorded.
    Sample 0 is at window_start, frame 0 at frame_start (rep,) [s on the trial's clock], in a scoring that moves the
    clock of the cameras earlier by frame_lag (rep, scoring) [s]; cutoff_hz (rep,) is the
    low-pass of markers and ground reaction, moment_axes (rep,) names the axes of moments and powers. Streams of
    channels: `<kind>` (rep, <kind>_channel, <kind>_sample), with `<kind>_start` [s], `<kind>_rate_hz` and `<kind>_unit`
    (rep, <kind>_channel), channels named as `legsci.ingest.streams.channel_labels` does; without those whose clock is
    not known. `emg_usable` (rep, emg_channel): whether no flag says that a channel holds no EMG; `emg_mvc`
    (emg_channel): its largest envelope in the session's maximal voluntary contractions, NaN without any.
    """
    scored = flat(reps)
    wanted = list(names)
    sliced = _samples(scored, motion, [name for name in wanted if name in SAMPLE_SIGNALS])
    sliced |= _frames(scored, motion, [name for name in wanted if name in SLICED_FRAME_SIGNALS])
    upright = np.full(reps.sizes["rep"], motion.standing_lumbar_flexion_deg)
    if session is not None:
        scored = scored.assign(_channels(scored, session))
        if "emg" in scored:
            scored = scored.assign(emg_usable=_usable(scored, motion), emg_mvc=_contractions(scored, motion, session))
    sliced["standing_lumbar_flexion"] = (("rep",), upright, {"units": "deg"})
    return scored.assign(sliced).assign_coords(
        {name: list(labels) for name, labels in _COORDS.items() if name not in scored.coords}
    )


def flat(reps: xr.Dataset) -> xr.Dataset:
    """Lay the scorings that a reps file holds along one dimension `scoring`, the default profile as it is first."""
    profiles, perturbations = (reps.variables[name].data.astype(str) for name in ("profile", "perturbation"))
    place = np.array([(k, 0) for k in range(profiles.size)] + [(0, k) for k in range(1, perturbations.size)], dtype=int)
    answer = {
        name: xr.Variable(("rep", "scoring", *variable.dims[3:]), variable.data[:, place[:, 0], place[:, 1]])
        if variable.dims[1:3] == ("profile", "perturbation")
        else variable
        for name, variable in reps.variables.items()
        if name not in ("profile", "perturbation")
    }
    coords = [name for name in reps.coords if name not in ("profile", "perturbation")]
    laid = xr.Dataset(answer, attrs=reps.attrs).set_coords(coords)
    return laid.assign_coords(
        profile=("scoring", profiles[place[:, 0]]), perturbation=("scoring", perturbations[place[:, 1]])
    )


def scoring_of(reps: xr.Dataset, profile: str) -> int:
    """Place of a profile, nothing perturbed, along the dimension `scoring` of what `with_signals` returns."""
    of_profile, moved = (reps.variables[name].data.astype(str) for name in ("profile", "perturbation"))
    return int(np.flatnonzero((of_profile == profile) & (moved == "none"))[0])


def _samples(reps: xr.Dataset, motion: SessionMotion, names: list[str]) -> dict[str, DataVariable]:
    """Slice signals of the plates: (rep, ..., sample)."""
    rates = reps.variables["sampling_rate_hz"].data
    first, stop = (np.round(reps.variables[f"window_{end}"].data * rates).astype(int) for end in ("start", "stop"))
    stop = np.maximum(first, stop)  # plates may have ended before the movement
    answer = _empty(SAMPLE_SIGNALS, names, stop - first, "sample")
    legs, tasks = (reps.variables[name].data.astype(str) for name in ("leg", "task"))
    for rep, trial in enumerate(_trials(reps, motion)):
        of_plates = _of_plates(trial)
        for name in names:
            row = answer[name][1][rep, ..., : stop[rep] - first[rep]]
            if name == "pelvis_height":
                row[...] = _pelvis_height(trial, np.arange(first[rep], stop[rep]) / rates[rep])
            elif name in of_plates:
                recorded = of_plates[name][..., first[rep] : stop[rep]]
                row[..., : recorded.shape[-1]] = recorded
        if "force" in names and TASKS[tasks[rep]].legs == "alternating" and legs[rep] in SIDES:
            # In running the foot on the ground exerts all of the force.
            force = answer["force"][1][rep]
            force[SIDES.index(legs[rep])] = force[SIDES.index("both")]
    return answer


def _frames(reps: xr.Dataset, motion: SessionMotion, names: list[str]) -> dict[str, DataVariable]:
    """Slice signals of the cameras: (rep, ..., frame), with the clock of each repetition and its speed over ground."""
    count = reps.sizes["rep"]
    starts, rates, speeds, cutoffs = np.full((4, count), np.nan)
    doubts = np.zeros(count)
    axes = np.full(count, "", dtype=object)
    movements = [trial.movement for trial in _trials(reps, motion)]
    limits = np.zeros((count, 2), dtype=int)
    edges = np.column_stack([reps.variables[f"frame_window_{end}"].data for end in ("start", "stop")])
    for rep, movement in enumerate(movements):
        if movement is None:
            continue
        cutoffs[rep], axes[rep] = movement.cutoff_hz, movement.moment_axes
        doubts[rep] = np.nan_to_num(movement.clock_uncertainty_s)
        limits[rep] = np.searchsorted(movement.time, edges[rep])
        if limits[rep, 1] > limits[rep, 0]:
            starts[rep], rates[rep] = movement.time[limits[rep, 0]], movement.rate_hz
            speeds[rep] = movement.mean_speed_m_per_s
    answer = _empty(SLICED_FRAME_SIGNALS, names, limits[:, 1] - limits[:, 0], "frame")
    for rep, movement in enumerate(movements):
        if movement is not None:
            for name in names:
                piece = movement.signals[name][..., slice(*limits[rep])]
                answer[name][1][rep, ..., : piece.shape[-1]] = piece
    later = np.outer(doubts, reps.variables["perturbation"].data.astype(str) == CLOCK)
    return answer | {
        "frame_lag": (("rep", "scoring"), later, {"units": "s"}),
        "frame_start": (("rep",), starts, {"units": "s"}),
        "frame_rate_hz": (("rep",), rates, {"units": "Hz"}),
        "mean_speed": (("rep",), speeds, {"units": "m/s"}),
        "cutoff_hz": (("rep",), cutoffs, {"units": "Hz"}),
        "moment_axes": (("rep",), axes.astype(str), {}),
    }


def _channels(reps: xr.Dataset, session: xr.DataTree) -> dict[str, xr.DataArray]:
    """Slice streams of channels, whatever kinds the session holds."""
    edges = np.column_stack([reps.variables[f"window_{end}"].data for end in ("start", "stop")])
    trials = [session.children[name] for name in reps.variables["trial_id"].data.astype(str)]
    answer: dict[str, xr.DataArray] = {}
    for kind in sorted({kind for trial in trials for kind in kinds_of(trial)} - set(PARTS)):
        pieces: list[dict[str, Channel]] = []
        for trial, (start, stop) in zip(trials, edges, strict=True):
            pieces.append({})
            for signal in streams(trial, kind).values():
                if np.isnan(signal.attrs["clock_offset_s"]):
                    continue
                times = signal["time"].to_numpy()
                first, last = np.searchsorted(times, [start, stop])
                if last > first:
                    rows = signal["value"].transpose("channel", "time").to_numpy()[:, first:last]
                    slow = 1.0 + float(signal.attrs["clock_drift"])
                    clock = float(times[first]), float(signal.attrs["sampling_rate_hz"]) / slow
                    units = signal["unit"].to_numpy().astype(str).tolist()
                    named = zip(channel_labels(signal), rows, units, strict=True)
                    pieces[-1] |= {label: (row, *clock, unit) for label, row, unit in named}
        if any(pieces):
            answer |= _padded_channels(kind, pieces)
    return answer


def _usable(reps: xr.Dataset, motion: SessionMotion) -> xr.DataArray:
    """Whether a channel holds EMG (rep, emg_channel)."""
    labels = reps.get_index("emg_channel").astype(str)
    refused = [without_emg(trial.flags) for trial in _trials(reps, motion)]
    usable = np.array([[label not in of_trial for label in labels] for of_trial in refused])
    return xr.DataArray(usable, dims=("rep", "emg_channel"))


def _contractions(reps: xr.Dataset, motion: SessionMotion, session: xr.DataTree) -> xr.DataArray:
    """Largest envelope of each channel in maximal voluntary contractions (emg_channel,); NaN without any."""
    maxima = voluntary_maxima(session, {name: without_emg(trial.flags) for name, trial in motion.trials.items()})
    labels = reps.get_index("emg_channel").astype(str)
    return xr.DataArray(np.array([maxima.get(label, np.nan) for label in labels]), dims=("emg_channel",))


def _padded_channels(kind: str, pieces: list[dict[str, Channel]]) -> dict[str, xr.DataArray]:
    """Lay channels of repetitions side by side, NaN after the end of each; see `with_signals`."""
    labels = list(dict.fromkeys(label for piece in pieces for label in piece))
    longest = max((row.size for piece in pieces for row, *_ in piece.values()), default=0)
    values = np.full((len(pieces), len(labels), longest), np.nan)
    clocks = np.full((2, len(pieces), len(labels)), np.nan)
    units = np.full((len(pieces), len(labels)), "", dtype=object)
    for rep, piece in enumerate(pieces):
        for label, (row, start, rate, unit) in piece.items():
            place = rep, labels.index(label)
            values[place][: row.size] = row
            clocks[(slice(None), *place)] = start, rate
            units[place] = unit
    dims = ("rep", f"{kind}_channel")
    coords = {f"{kind}_channel": labels}
    return {
        kind: xr.DataArray(values, dims=(*dims, f"{kind}_sample"), coords=coords),
        f"{kind}_start": xr.DataArray(clocks[0], dims=dims, coords=coords, attrs={"units": "s"}),
        f"{kind}_rate_hz": xr.DataArray(clocks[1], dims=dims, coords=coords, attrs={"units": "Hz"}),
        f"{kind}_unit": xr.DataArray(units.astype(str), dims=dims, coords=coords),
    }


def _empty(
    signals: dict[str, tuple[tuple[str, ...], str]], names: list[str], lengths: NDArray[np.int_], dim: str
) -> dict[str, DataVariable]:
    """Variables (rep, ..., dim) without values."""
    shape = max(1, int(lengths.max(initial=0)))
    answer: dict[str, DataVariable] = {}
    for name in names:
        dims, unit = signals[name]
        values = np.full((lengths.size, *(len(_COORDS[other]) for other in dims), shape), np.nan)
        answer[name] = (("rep", *dims, dim), values, {"units": unit})
    return answer


def _trials(reps: xr.Dataset, motion: SessionMotion) -> list[TrialMotion]:
    """Motion of the trial of each repetition."""
    return [motion.trials[name] for name in reps.variables["trial_id"].data.astype(str)]


def _of_plates(trial: TrialMotion) -> dict[str, NDArray[np.float64]]:
    """Signals at the samples of the plates; none without plates."""
    if trial.reaction is None or trial.pressure is None:
        return {}
    return {
        "force": trial.reaction.force,
        "horizontal_force": trial.pressure.horizontal_force,
        "centre_of_pressure": trial.pressure.centre_of_pressure,
    }


def _pelvis_height(trial: TrialMotion, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the pelvis at given times, straight between frames [m]; NaN outside, and without markers."""
    if trial.movement is None:
        return np.full(times.size, np.nan)
    height = trial.movement.signals["pelvis_height"]
    return np.interp(times, trial.movement.time, height, left=np.nan, right=np.nan)
