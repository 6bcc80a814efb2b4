"""Recordings of a session -> one tree of trials in ISB axes, each on one clock; reading and writing session files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.study import Study
from legsci.storage import DECIMALS, ROTATION_DECIMALS, read_tree, write_tree

TRIAL_ATTRIBUTES = ("task", "leg", "load_kg", "drop_height_m", "set", "note")
SHARED_CLOCK = "shared_clock"
_STORED_DECIMALS = {
    "force": DECIMALS["N"],
    "moment": DECIMALS["N m"],
    "position": DECIMALS["m"],
    "rotation": ROTATION_DECIMALS,
    "angle": DECIMALS["deg"],
}


def build_session(study: Study, participant_id: str, session_id: str) -> xr.DataTree:
    """Read the recordings of a session.

    Parameters
    ----------
    study : a checked study.
    participant_id, session_id : key of the session in its tables.

    Returns
    -------
    The tree of ARCHITECTURE.md, with the attributes study, participant_id, session_id, simulated (0 or 1: netCDF has
    no booleans) and, where known, body_mass_kg, sex, knee_width_m and ankle_width_m at its root: a child per trial,
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
        attrs = {key: _plain(trial[key]) for key in TRIAL_ATTRIBUTES if not pd.isna(trial.get(key))}
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


def write_session(tree: xr.DataTree, path: str | Path) -> None:
    """Write a session file, whole or not at all: beside its place first, then moved there.

    The same tree gives the same bytes each time.
    """
    write_tree(tree, Path(path), decimals=_STORED_DECIMALS)


def open_session(path: str | Path) -> xr.DataTree:
    """Read a session file into memory."""
    return read_tree(path)


def read_attributes(path: str | Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Attributes of each signal of a session file, by trial and kind of signal, without reading the signals."""
    with netCDF4.Dataset(str(path)) as file:
        return {
            (trial, kind): {name: signal.getncattr(name) for name in signal.ncattrs()}
            for trial, group in file.groups.items()
            for kind, signal in group.groups.items()
        }


def _body_mass(study: Study, participant_id: str, session_id: str) -> dict[str, float]:
    """Return body_mass_kg [kg] of the session, else of the participant; empty where neither is known."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    for rows in (_of_session(study.sessions, participant_id, session_id), people):
        masses = rows["body_mass_kg"].dropna()
        if len(masses):
            return {"body_mass_kg": float(masses.iloc[0])}
    return {}


def _build(study: Study, participant_id: str) -> dict[str, Any]:
    """Return sex, knee_width_m and ankle_width_m where the participants table has them."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    columns = [name for name in ("sex", "knee_width_m", "ankle_width_m") if name in people]
    return {name: _plain(people[name].iloc[0]) for name in columns if len(people) and pd.notna(people[name].iloc[0])}


def _of_session(table: pd.DataFrame, participant_id: str, session_id: str) -> pd.DataFrame:
    """Return the rows of a session."""
    return table[(table["participant_id"] == participant_id) & (table["session_id"] == session_id)]


def _plain(value: Any) -> Any:
    """Return a table's value as text or number that netCDF can store."""
    return value.item() if isinstance(value, np.generic) else value


def _repeated(recordings: list[tuple[Device, Recording, str]]) -> list[Fault]:
    """Return a fault for each kind of signal that is in more than one recording of a trial."""
    sources: dict[str, list[str]] = {}
    for _, recording, path in recordings:
        for kind in recording.signals:
            sources.setdefault(kind, []).append(path)
    return [
        Fault(", ".join(p), kind, "one recording of a trial that holds it", f"{len(p)}")
        for kind, p in sources.items()
        if len(p) > 1
    ]
