"""Recordings of a session -> one tree of trials in ISB axes, on one clock, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.study import Study
from legsci.marker_sets import SEGMENT_SETS, SegmentSet

AXES = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}
TRIAL_COLUMNS = ("task", "leg", "load_kg", "drop_height_m", "set", "note")
SHARED_CLOCK = "shared_clock"
# Decimals of what is stored: 0.01 N, 0.001 N m, 0.01 mm, 0.001 deg, finer than recorders tell. What lies beyond is
# noise, which does not compress: it would make a file a third larger.
DECIMALS = {"force": 2, "moment": 3, "position": 5, "rotation": 6, "angle": 3}


def to_isb(signal: xr.Dataset, *, up: str, forward: str) -> xr.Dataset:
    """Turn a signal from the axes of its file to ISB axes: x forward, y up, z right.

    Parameters
    ----------
    signal : variables with the dimension `axis` are turned; it may hold some of x, y, z, or the single axis "up".
    up, forward : signed file axes ("z", "-y", ...) that point up and the way the participant faces; right is
        forward x up.

    Returns
    -------
    The signal with those of x, y, z that the file's axes give, in that order.

    Raises
    ------
    ValueError : up and forward are not at right angles.

    References
    ----------
    Wu & Cavanagh (1995), ISB recommendations for standardization in the reporting of kinematic data, J Biomech
    28:1257-61.
    """
    ahead, upward = (np.array(AXES[name[-1]]) * (-1 if name.startswith("-") else 1) for name in (forward, up))
    if ahead @ upward:
        raise ValueError(f"up and forward must be at right angles, not {up} and {forward}")
    held = [str(axis) for axis in signal.variables["axis"].data]
    names, rows = [], []
    for isb_axis, direction in zip("xyz", (ahead, upward, np.cross(ahead, upward)), strict=True):
        source = "up" if held == ["up"] else "xyz"[int(np.flatnonzero(direction)[0])]
        if source in held and (source != "up" or isb_axis == "y"):
            names.append(isb_axis)
            rows.append((held.index(source), 1.0 if source == "up" else float(direction.sum())))
    # A copy whose values are exchanged: building it anew takes longer than to turn them. Corners count as a coordinate,
    # since their name is that of a dimension; they are turned as everything else.
    answer = signal.copy()
    for name, variable in answer.variables.items():
        if "axis" in variable.dims and name != "axis":
            variable.data = _turned(variable, rows)
    return answer if names == held else answer.assign_coords(axis=names)


def _turned(variable: xr.Variable, rows: list[tuple[int, float]]) -> Any:
    """Take the given rows of the dimension `axis`, each with its sign."""
    source = np.moveaxis(variable.data, variable.get_axis_num("axis"), 0)
    # One axis after the other, laid out in memory as the file's reader left it: neighbours stay neighbours.
    turned = np.empty_like(source, shape=(len(rows), *source.shape[1:]))
    for axis, (row, sign) in enumerate(rows):
        np.multiply(source[row], sign, out=turned[axis])
    return np.moveaxis(turned, 0, variable.get_axis_num("axis"))


def build_session(study: Study, participant_id: str, session_id: str) -> xr.DataTree:
    """Read the recordings of a session.

    Parameters
    ----------
    study : a checked study.
    participant_id, session_id : key of the session in its tables.

    Returns
    -------
    The tree of ARCHITECTURE.md, with the attributes study, participant_id, session_id, simulated (0 or 1: netCDF keeps
    no truth values) and, where known, body_mass_kg, sex, knee_width_m and ankle_width_m at its root: a child per trial,
    in it a child per kind of signal. A trial with a recording that cannot be used has no signals; its attribute
    `faults` is a JSON list of [code, sentence].

    Raises
    ------
    KeyError : the study has no trials in that session.
    """
    trials = _of_session(study.trials, participant_id, session_id)
    if trials.empty:
        raise KeyError(f"study {study.name} has no trials of participant {participant_id}, session {session_id}")
    recordings: dict[str, list[dict[str, Any]]] = {}
    for row in _of_session(study.recordings, participant_id, session_id).to_dict("records"):
        recordings.setdefault(row["trial_id"], []).append({str(column): value for column, value in row.items()})
    who: dict[str, Any] = {"study": study.name, "participant_id": participant_id, "session_id": session_id}
    who["simulated"] = int(study.simulated)
    nodes = {"/": xr.Dataset(attrs=who | _body_mass(study, participant_id, session_id) | _build(study, participant_id))}
    for trial in trials.to_dict("records"):
        name = str(trial["trial_id"])
        attrs = {key: _plain(trial[key]) for key in TRIAL_COLUMNS if not pd.isna(trial.get(key))}
        signals, measured = build_trial(study, recordings.get(trial["trial_id"], []))
        nodes[name] = xr.Dataset(attrs=attrs | measured)
        nodes |= {f"{name}/{kind}": signal for kind, signal in signals.items()}
    return xr.DataTree.from_dict(nodes, name=f"{participant_id}_{session_id}")


def build_trial(study: Study, rows: Iterable[dict[str, Any]]) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Read the recordings of one trial and put them on one clock.

    Parameters
    ----------
    study : for its folder, devices and synchronisation.
    rows : of its recordings table (device, path, and part where the file holds several trials).

    Returns
    -------
    signals : kind -> Dataset in ISB axes; time 0 is the trial's first sample. Empty where there are faults.
    attrs : start_time_s [s] on the recorder's clock, or faults.
    """
    recordings: list[tuple[Device, Recording, str]] = []
    faults: list[tuple[str, Fault]] = []
    for row in rows:
        device, part = study.devices[row["device"]], row.get("part")
        path = str(row["path"])
        try:
            recording = READERS[device.reader](
                study.folder / path, device=device, part=None if pd.isna(part) else str(part)
            )
            recordings.append((device, map_names(recording, device, path), path))
        except RecordingError as error:
            faults += [("unreadable_recording", replace(fault, file=path)) for fault in error.faults]
    if not recordings and not faults:
        faults.append(("no_recording", Fault("recordings.tsv", "", "a recording of this trial", "none")))
    faults += [("signal_twice", fault) for fault in _repeated(recordings)]
    if len({device.name for device, _, _ in recordings}) > 1 and study.settings.get("synchronisation") != SHARED_CLOCK:
        found = ", ".join(sorted({device.name for device, _, _ in recordings})) + " without"
        faults.append(
            ("no_shared_clock", Fault("study.yaml", "synchronisation", f"{SHARED_CLOCK} for several devices", found))
        )
    if faults:
        return {}, {"faults": json.dumps([[code, str(fault)] for code, fault in faults], ensure_ascii=False)}
    start = min(recording.start_time_s for _, recording, _ in recordings)
    signals = {}
    for device, recording, path in recordings:
        for kind, signal in recording.signals.items():
            turned = to_isb(signal, up=device.up, forward=device.forward) if "axis" in signal.dims else signal
            if recording.start_time_s > start:
                later = turned.variables["time"].data + (recording.start_time_s - start)
                turned = turned.assign_coords(time=("time", later, {"units": "s"}))
            assumptions = json.dumps(list(recording.assumptions), ensure_ascii=False)
            turned.attrs |= {"source": path, "reader": device.reader, "assumptions": assumptions}
            signals[kind] = turned
    return signals, {"start_time_s": start}


def map_names(recording: Recording, device: Device, path: str) -> Recording:
    """Give plates their feet, and markers and segments their standard labels, as the device describes them.

    Plates are found by the file's name or by their number; where the device lists plates, the others are left out and
    the assumptions say so. Labels that the device does not map keep their own name. Segments of a known set turn their
    own axes to x forward, y up, z right.

    Raises
    ------
    RecordingError : a plate that the file does not have, or one label for two markers.
    """
    signals, assumptions = dict(recording.signals), list(recording.assumptions)
    faults = []
    if "force" in signals:
        force = signals["force"]
        names = [str(name) for name in force.variables["plate"].data]
        known = {name: name for name in names} | {
            str(n + 1): name for n, name in enumerate(names) if str(n + 1) not in names
        }
        faults += [
            Fault(path, f"plate {key}", f"one of {', '.join(known)}", "no such plate")
            for key in device.plates
            if key not in known
        ]
        feet = {known[key]: setup.foot for key, setup in device.plates.items() if key in known}
        chosen = [name for name in names if name in feet or not device.plates]
        if len(chosen) < len(names):
            left_out = ", ".join(name for name in names if name not in chosen)
            assumptions.append(f"Plates that the study does not list were left out: {left_out}.")
            force = force.sel(plate=chosen)
        signals["force"] = force = force.copy()
        force.variables["foot"].data = np.array([feet.get(name, "both") for name in chosen])
    if "markers" in signals:
        labels = [str(label) for label in signals["markers"].variables["marker"].data]
        absent = [label for label in device.markers if label not in labels]
        if absent:
            assumptions.append(f"Markers that the study names and this file does not have: {', '.join(absent)}.")
        mapped = [device.standard_labels.get(label, label) for label in labels]
        twice = sorted(label for label, count in Counter(mapped).items() if count > 1)
        faults += [Fault(path, f"marker {label}", "one marker of that label", "several") for label in twice]
        if mapped != labels:
            signals["markers"] = signals["markers"].assign_coords(marker=mapped)
    if "segments" in signals and device.labels in SEGMENT_SETS:
        signals["segments"] = _with_own_axes(signals["segments"], SEGMENT_SETS[device.labels])
    if faults:
        raise RecordingError(path, faults)
    return replace(recording, signals=signals, assumptions=tuple(assumptions))


def _with_own_axes(segments: xr.Dataset, known: SegmentSet) -> xr.Dataset:
    """Return segments under standard labels, the columns of their rotations being x forward, y up, z right."""
    labels = [known.names.get(str(label), str(label)) for label in segments.variables["segment"].data]
    forward, up = (segments["rotation"].sel(direction=axis).variable for axis in (known.forward, known.up))
    right = xr.Variable(forward.dims, np.cross(forward.data, up.data, axis=forward.get_axis_num("axis")))
    rotation = xr.Variable.concat([forward, up, right], dim="direction").transpose(*segments["rotation"].dims)
    rotation.attrs = segments["rotation"].attrs
    return segments.assign(rotation=rotation).assign_coords(segment=labels)


def write_session(tree: xr.DataTree, path: str | Path) -> None:
    """Write a session file, whole or not at all: beside its place first, then moved there.

    The same tree gives the same bytes each time.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    compressed = {"dtype": "float32", "zlib": True, "complevel": 1, "shuffle": True}
    encoding = {
        node.path: {
            name: {**compressed, "least_significant_digit": DECIMALS[str(name)]}
            for name in node.data_vars
            if name in DECIMALS
        }
        for node in tree.subtree
    }
    try:
        tree.to_netcdf(unfinished, engine="netcdf4", encoding=encoding)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def open_session(path: str | Path) -> xr.DataTree:
    """Read a session file into memory."""
    with xr.open_datatree(path, engine="netcdf4") as tree:
        return tree.load()


def read_attributes(path: str | Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Attributes of each signal of a session file, by trial and kind of signal, without reading the signals."""
    with netCDF4.Dataset(str(path)) as file:
        return {
            (trial, kind): {name: signal.getncattr(name) for name in signal.ncattrs()}
            for trial, group in file.groups.items()
            for kind, signal in group.groups.items()
        }


def _body_mass(study: Study, participant_id: str, session_id: str) -> dict[str, float]:
    """Return body_mass_kg [kg] as weighed at the session, else as the participants table says it; else nothing."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    for rows in (_of_session(study.sessions, participant_id, session_id), people):
        masses = rows["body_mass_kg"].dropna()
        if len(masses):
            return {"body_mass_kg": float(masses.iloc[0])}
    return {}


def _build(study: Study, participant_id: str) -> dict[str, Any]:
    """Return sex, knee_width_m and ankle_width_m as far as the participants table says them."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    columns = [name for name in ("sex", "knee_width_m", "ankle_width_m") if name in people]
    return {name: _plain(people[name].iloc[0]) for name in columns if len(people) and pd.notna(people[name].iloc[0])}


def _of_session(table: pd.DataFrame, participant_id: str, session_id: str) -> pd.DataFrame:
    """Return the rows of a session."""
    return table[(table["participant_id"] == participant_id) & (table["session_id"] == session_id)]


def _plain(value: Any) -> Any:
    """Return a table's value as text or number that netCDF can keep."""
    return value.item() if isinstance(value, np.generic) else value


def _repeated(recordings: list[tuple[Device, Recording, str]]) -> list[Fault]:
    """Return a fault for each kind of signal that more than one recording of a trial holds."""
    sources: dict[str, list[str]] = {}
    for _, recording, path in recordings:
        for kind in recording.signals:
            sources.setdefault(kind, []).append(path)
    return [
        Fault(", ".join(p), kind, "one recording of a trial that holds it", f"{len(p)}")
        for kind, p in sources.items()
        if len(p) > 1
    ]
