"""Streams of a trial: the signals of its recordings, any number of each kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

import xarray as xr

#: Kinds whose streams are laid side by side, as one recorder would give them: dimension that names their parts.
PARTS = {"force": "plate", "markers": "marker", "segments": "segment", "angles": "joint_angle"}
#: A clock that was set to another time zone shows the day before or after.
DAYS_TOLERATED = 1
#: Streams shorter than plates and cameras by more than this part, and this time [s], do not cover the trial.
SHORTER_BY, SHORTER_BY_S = 0.1, 0.5


def streams(trial: xr.DataTree, kind: str) -> dict[str, xr.Dataset]:
    """Streams of one kind of a trial, by name.

    Parameters
    ----------
    trial : group of a session file.
    kind : one of STREAMS of the vocabulary.
    """
    return {
        str(name): group.to_dataset(inherit=False)
        for name, group in trial.children.items()
        if str(group.attrs.get("kind", name)) == kind
    }


def stream(trial: xr.DataTree, kind: str) -> xr.Dataset | None:
    """Signals of one kind of a trial: all plates, all markers, whether one file holds them or several.

    Parameters
    ----------
    trial : group of a session file.
    kind : key of PARTS.

    Returns
    -------
    The Dataset of ARCHITECTURE.md, None where the trial has none. Of several streams the samples that all have, with
    the variables and axes that all have.
    """
    found = list(streams(trial, kind).values())
    if len(found) < 2:
        return found[0] if found else None
    return side_by_side(found, PARTS[kind])


def kinds_of(trial: xr.DataTree) -> tuple[str, ...]:
    """Kinds of signal of a trial, by the alphabet."""
    return tuple(sorted({str(group.attrs.get("kind", name)) for name, group in trial.children.items()}))


def channel_labels(signal: xr.Dataset) -> list[str]:
    """What each channel of a stream of channels measures: left_gluteus_medius, left_shank_acceleration_x.

    Parameters
    ----------
    signal : a stream with the dimension `channel`; channels of other analog inputs keep the name of the file.
    """
    words = [
        signal[of].to_numpy().astype(str).tolist()
        for of in ("side", "muscle", "segment", "quantity", "axis")
        if of in signal.coords
    ]
    names = signal["channel"].to_numpy().astype(str).tolist()
    return ["_".join(filter(None, each[:-1])) or each[-1] for each in zip(*words, names, strict=True)]


def add_flag(signal: xr.Dataset, code: str, value: float | None, limit: float | None, detail: str) -> None:
    """Add a fault to the attribute `flags` of a stream: a key of CODES, numbers in its unit or None, and words."""
    flags = json.loads(str(signal.attrs.get("flags", "[]")))
    signal.attrs["flags"] = json.dumps([*flags, [code, value, limit, detail]], ensure_ascii=False)


def flag_foreign(found: Mapping[str, xr.Dataset], recorded_on: Mapping[str, str], visit: str) -> None:
    """Flag streams of channels that may belong to another trial: of another day, or too short for this one.

    Parameters
    ----------
    found : streams of a trial by name.
    recorded_on : path of a file -> date that it states (YYYY-MM-DD).
    visit : date of the session; empty where sessions.tsv has none.
    """
    lengths = [_duration(signal) for signal in found.values() if signal.attrs["kind"] in PARTS]
    for signal in found.values():
        stated = recorded_on.get(str(signal.attrs["source"]), "")
        days = (date.fromisoformat(stated) - date.fromisoformat(visit)).days if stated and visit else 0
        if abs(days) > DAYS_TOLERATED:
            add_flag(signal, "file_of_other_day", float(abs(days)), float(DAYS_TOLERATED), f"{stated}, {visit}")
        lasts, trial = _duration(signal), max(lengths, default=0.0)
        if signal.attrs["kind"] not in PARTS and trial - lasts > max(SHORTER_BY * trial, SHORTER_BY_S):
            add_flag(signal, "shorter_than_trial", lasts, trial, "")


def flag_copies(trials: Mapping[str, Mapping[str, xr.Dataset]]) -> None:
    """Flag streams of channels whose files have the same content under another name in another trial."""
    files: dict[str, dict[str, str]] = {}
    for trial, found in trials.items():
        for signal in found.values():
            files.setdefault(str(signal.attrs["sha256"]), {}).setdefault(str(signal.attrs["source"]), trial)
    for trial, found in trials.items():
        for signal in found.values():
            others = [
                f"{source} of trial {other}"
                for source, other in files[str(signal.attrs["sha256"])].items()
                if source != signal.attrs["source"] and other != trial
            ]
            if others and signal.attrs["kind"] not in PARTS:
                add_flag(signal, "file_of_other_trial", None, None, ", ".join(others))


def _duration(signal: xr.Dataset) -> float:
    """Duration of a stream [s]."""
    return signal.sizes["time"] / float(signal.attrs["sampling_rate_hz"])


def side_by_side(found: Sequence[xr.Dataset], part: str) -> xr.Dataset:
    """Lay streams of one rate and clock side by side along `part`."""
    length = min(each.sizes["time"] for each in found)
    shared = set.intersection(*({str(name) for name in each.variables} for each in found))
    cut = [each.isel(time=slice(length))[sorted(shared)] for each in found]
    if "axis" in shared:
        axes = [axis for axis in cut[0].get_index("axis") if all(axis in each.get_index("axis") for each in cut)]
        cut = [each.sel(axis=axes) for each in cut]
    # The clocks agree to a sample, or the trial would have been refused.
    aligned = [each.assign_coords(time=cut[0].coords["time"]) for each in cut]
    return xr.concat(
        aligned, dim=part, data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
    )
