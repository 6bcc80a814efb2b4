"""Recordings of a session -> one tree of trials in ISB axes, each on one clock; reading and writing session files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.clocks.declared import SHARED_CLOCK, clocks_of
from legsci.ingest.clocks.measured import STATED
from legsci.ingest.clocks.session_clocks import OF_RECORDER, UNKNOWN, relate_clocks
from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import CHANNELS_ALONE, READERS
from legsci.ingest.recording import Recording
from legsci.ingest.streams import PARTS, channel_labels, flag_copies, flag_foreign
from legsci.ingest.study import Study, absent_task
from legsci.storage import DECIMALS, ROTATION_DECIMALS, read_tree, write_tree
from legsci.tasks import TASKS

TRIAL_ATTRIBUTES = ("task", "leg", "load_kg", "drop_height_m", "set", "note")
#: Columns of participants.tsv that a session file keeps for mechanics.
BUILD = ("sex", "knee_width_m", "ankle_width_m", "leg_length_m")
#: Columns of sessions.tsv that a session file keeps: flexion of the joints in quiet standing.
STANDING = ("standing_hip_flexion_deg", "standing_knee_flexion_deg", "standing_ankle_dorsiflexion_deg")
#: What a session file says of the clock of a stream, beside the method.
CLOCK_COLUMNS = ("clock_offset_s", "clock_offset_uncertainty_s", "clock_drift", "clock_drift_uncertainty")
#: How files that are no set of plates or markers become one.
AGAIN = " of what is laid side by side (export the files at one rate, from the same start to the same end)"
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
    no booleans) and, where known, body_mass_kg, sex and the measures of BUILD and STANDING at its root: a child per
    trial, in it a child per stream. A trial with a recording that cannot be used has no signals; its attribute
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
    found: dict[str, dict[str, xr.Dataset]] = {}
    date = _date_of(study, participant_id, session_id)
    about = _body_mass(study, participant_id, session_id) | _standing(study, participant_id, session_id)
    nodes = {"/": xr.Dataset(attrs=who | about | _build(study, participant_id))}
    for trial in trials.to_dict("records"):
        name = str(trial["trial_id"])
        attrs = {key: _plain(trial[key]) for key in TRIAL_ATTRIBUTES if not pd.isna(trial.get(key))}
        if trial["task"] in TASKS:
            of_trial = recordings.get(trial["trial_id"], [])
            found[name], measured = build_trial(
                study.folder, study.devices, of_trial, settings=study.settings, date=date
            )
        else:
            measured = {"faults": json.dumps([["unknown_task", absent_task(str(trial["task"]))]])}
        nodes[name] = xr.Dataset(attrs=attrs | measured)
    starts = {name: float(nodes[name].attrs.get("start_time_s", 0.0)) for name in found}
    relate_clocks(found, starts, clocks_of(study.settings))
    flag_copies(found)
    for name, streams in found.items():
        nodes |= {f"{name}/{stream}": signal for stream, signal in streams.items()}
    return xr.DataTree.from_dict(nodes, name=f"{participant_id}_{session_id}")


@dataclass(frozen=True)
class _Read:
    """A recording that was read: its device, its signals, its path in the study folder and the SHA-256 of the file."""

    device: Device
    recording: Recording
    path: str
    sha256: str


def build_trial(
    folder: Path,
    devices: Mapping[str, Device],
    rows: Iterable[dict[str, Any]],
    *,
    settings: Mapping[str, Any],
    date: str,
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Read the recordings of one trial and put them on one clock.

    Parameters
    ----------
    folder, devices, settings : of the study; of the settings `synchronisation` is read.
    rows : of its recordings table (device, path, and part where a file holds several trials).
    date : of the session, YYYY-MM-DD; empty where it is not known.

    Returns
    -------
    streams : name -> Dataset in ISB axes; time 0 is the first sample of the plates, else of the trial. The name is the
        kind of signal, with the device where there are several of a kind. Empty where there are faults.
    attrs : start_time_s [s] on the recorder's clock, `unmapped`, a JSON list of [path, channel, unit], and `left_out`,
        a JSON list of the faults of recordings without which the others were used; or faults.
    """
    read: list[_Read] = []
    faults: list[tuple[str, Fault]] = []
    refused: set[tuple[str, str]] = set()
    for row in rows:
        device, part, path = devices[row["device"]], row.get("part"), str(row["path"])
        file = folder / path
        try:
            recording = READERS[device.reader](file, device=device, part=None if pd.isna(part) else str(part))
            read.append(_Read(device, map_names(recording, device, path), path, _sha256(file)))
        except RecordingError as error:
            faults += [("unreadable_recording", replace(fault, file=path)) for fault in error.faults]
            refused.add(_kind_of_file(device, path))
    whole = [one for one in read if _kind_of_file(one.device, one.path) not in refused]
    left_out = [str(fault) for _, fault in faults] if whole else []
    if left_out:  # what the refused files would have held is not missed by the others
        read, faults = whole, []
    if not read and not faults:
        faults.append(("no_recording", Fault("recordings.tsv", "", "a recording of this trial", "none")))
    faults += [("signal_twice", fault) for fault in _contradictions(read)]
    numbers = _clock_numbers(read, settings)
    apart = _recorders_of_motion(read)
    unrelated = [name for name in apart if numbers[name] is None]
    if len(apart) > 1 and unrelated:
        expected = f"{SHARED_CLOCK} for several devices, or the clock of each"
        faults.append(
            ("no_shared_clock", Fault("study.yaml", "synchronisation", expected, f"{', '.join(unrelated)} without"))
        )
    if faults:
        return {}, {"faults": json.dumps([[code, str(fault)] for code, fault in faults], ensure_ascii=False)}
    of_trial = _of_trial(read, numbers)
    with_plates = [one for one in of_trial if "force" in one.recording.signals]
    start = min(one.recording.start_time_s for one in with_plates or of_trial)
    named = _named([(kind, one) for one in read for kind in one.recording.signals])
    found_streams = {
        name: _stream(one, kind, start=start, known_clock=one in of_trial) for name, (kind, one) in named.items()
    }
    flag_foreign(found_streams, {one.path: one.recording.recorded_on for one in read}, date)
    unmapped = [[one.path, name, unit] for one in read for name, unit in one.recording.unmapped.items()]
    attrs: dict[str, Any] = {"start_time_s": start}
    if left_out:
        attrs["left_out"] = json.dumps(left_out, ensure_ascii=False)
    if unmapped:
        attrs["unmapped"] = json.dumps(unmapped, ensure_ascii=False)
    return found_streams, attrs


def _recorders_of_motion(read: list[_Read]) -> list[str]:
    """Devices of plates, cameras and the like, without those of sensors alone, by the alphabet."""
    recorders = [one for one in read if one.device.reader not in CHANNELS_ALONE]
    return sorted({one.device.name for one in recorders if set(PARTS) & set(one.recording.signals)})


def _clock_numbers(read: list[_Read], settings: Mapping[str, Any]) -> dict[str, int | None]:
    """Number of the clock of each device among those that the study relates to each other; None: not related."""
    declared, clocks = settings.get("synchronisation"), clocks_of(settings)
    devices = {one.device.name: one.device for one in read}
    if declared == SHARED_CLOCK:
        return {name: None if device.own_clock else 0 for name, device in devices.items()}
    if clocks:
        of_device = {name: number for number, clock in enumerate(clocks) for name in clock.devices}
        return {name: of_device.get(name) for name in devices}
    main = _recorders_of_motion(read)
    return {name: 0 if name in main[:1] else None for name in devices}


def _of_trial(read: list[_Read], numbers: dict[str, int | None]) -> list[_Read]:
    """Recordings on the clock of the trial: the first clock of the study that recorded it; without any, all."""
    known = [number for number in numbers.values() if number is not None]
    return [one for one in read if not known or numbers[one.device.name] == min(known)]


def _kind_of_file(device: Device, path: str) -> tuple[str, str]:
    """Device and kind of a file; files of one kind may each hold a plate, so that none is whole without the others.

    Each file of sensors stands for itself.
    """
    return device.name, path if device.sensors else Path(path).suffix.lower()


def _date_of(study: Study, participant_id: str, session_id: str) -> str:
    """Date of a session, empty where sessions.tsv has none."""
    sessions = _of_session(study.sessions, participant_id, session_id)
    dates = sessions["date"].dropna() if "date" in sessions else sessions[:0]
    return str(dates.iloc[0])[:10] if len(dates) else ""


def _stream(one: _Read, kind: str, *, start: float, known_clock: bool) -> xr.Dataset:
    """A signal of a recording in ISB axes on the clock of its trial, with its origin in its attributes.

    Sensors keep axes of their own. Without a known clock time 0 is the first sample of the recording.
    """
    signal, device = one.recording.signals[kind], one.device
    notes = [f"{place}: {what}." for place, what in one.recording.notes.items()]
    turned = to_isb(signal, up=device.up, forward=device.forward) if "axis" in signal.dims else signal
    # Streams of one file that its recorder cannot relate to each other are not related to the trial either.
    known_clock = known_clock and signal.attrs.get("clock_method") != UNKNOWN
    offset = one.recording.start_time_s - start if known_clock else 0.0
    measured = {name: value for name, value in signal.attrs.items() if name.startswith("clock_")}
    if offset != 0.0:
        turned = turned.assign_coords(time=("time", turned.variables["time"].data + offset, {"units": "s"}))
    turned.attrs |= {
        "kind": signal.attrs.get("kind", kind),
        "device": device.name,
        "source": one.path,
        "sha256": one.sha256,
        "reader": device.reader,
        "assumptions": json.dumps([*one.recording.assumptions, *notes], ensure_ascii=False),
        "start_time_s": one.recording.start_time_s,
        "clock_offset_s": offset if known_clock else float("nan"),
        "clock_drift": 0.0 if known_clock else float("nan"),
        "clock_offset_uncertainty_s": 0.0 if known_clock else float("nan"),
        "clock_drift_uncertainty": 0.0 if known_clock else float("nan"),
        "clock_method": OF_RECORDER if known_clock else UNKNOWN,
    }
    if known_clock:
        turned.attrs |= measured
    elif np.isfinite(measured.get("clock_offset_uncertainty_s", np.nan)):
        turned.attrs[STATED] = measured["clock_offset_uncertainty_s"]
    return turned


def _named(found: list[tuple[str, _Read]]) -> dict[str, tuple[str, _Read]]:
    """Name each stream: its kind, with the device where a trial has several, and a number if the device has several."""
    kinds = Counter(kind for kind, _ in found)
    names = [kind if kinds[kind] == 1 else f"{kind}_{one.device.name}" for kind, one in found]
    answer: dict[str, tuple[str, _Read]] = {}
    for name, stream in zip(names, found, strict=True):
        number = sum(other == name or other.startswith(f"{name}_file_") for other in answer) + 1
        answer[name if names.count(name) == 1 else f"{name}_file_{number}"] = stream
    return answer


def _sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_session(tree: xr.DataTree, path: str | Path, *, sources: str | None = None) -> None:
    """Write a session file, whole or not at all: beside its place first, then moved there.

    The same tree and digest of sources give the same bytes each time.
    """
    write_tree(tree, Path(path), decimals=_STORED_DECIMALS, sources=sources)


def open_session(path: str | Path) -> xr.DataTree:
    """Read a session file into memory."""
    return read_tree(path)


def session_readings(path: str | Path) -> list[dict[str, Any]]:
    """How each stream of a session file was read, without reading the signals.

    Returns
    -------
    A row per stream: trial_id, signal (name of the stream), kind, device, rate_hz, reader, channels (names of its
    plates, markers, segments, angles or channels), assumptions, clock (how it is related to that of the trial) with
    its CLOCK_COLUMNS [s, 1], source, sha256; a row "not mapped" per file with channels that the study
    does not map; and a row "not read" per trial whose recordings could not be used, with the reason under assumptions.
    """
    rows: list[dict[str, Any]] = []
    with netCDF4.Dataset(str(path)) as file:
        for trial, group in file.groups.items():
            devices = {}
            for name, stream in group.groups.items():
                attrs = {key: stream.getncattr(key) for key in stream.ncattrs()}
                part = PARTS.get(attrs["kind"], "channel")
                devices[attrs["source"]] = {key: attrs[key] for key in ("device", "reader", "sha256")}
                rows.append(
                    {"trial_id": trial, "signal": name, "kind": attrs["kind"], "rate_hz": attrs["sampling_rate_hz"]}
                    | {"clock": attrs["clock_method"], "channels": ", ".join(map(str, stream.variables[part][:]))}
                    | {name: attrs[name] for name in CLOCK_COLUMNS}
                    | {"assumptions": " ".join(json.loads(attrs["assumptions"])), "source": attrs["source"]}
                    | devices[attrs["source"]]
                )
            unmapped: dict[str, list[str]] = {}
            for source, channel, _ in json.loads(getattr(group, "unmapped", "[]")):
                unmapped.setdefault(source, []).append(channel)
            rows += [
                _no_stream(trial, "not mapped") | {"channels": ", ".join(names), "source": source} | devices[source]
                for source, names in unmapped.items()
            ]
            faults = [sentence for _, sentence in json.loads(getattr(group, "faults", "[]"))]
            if faults:
                rows.append(_no_stream(trial, "not read") | {"assumptions": " ".join(faults)})
    return rows


def _no_stream(trial: str, what: str) -> dict[str, Any]:
    """Row of what was recorded and is no stream."""
    return {"trial_id": trial, "signal": what, "kind": what}


def _body_mass(study: Study, participant_id: str, session_id: str) -> dict[str, float]:
    """Return body_mass_kg [kg] of the session, else of the participant; empty where neither is known."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    for rows in (_of_session(study.sessions, participant_id, session_id), people):
        masses = rows["body_mass_kg"].dropna()
        if len(masses):
            return {"body_mass_kg": float(masses.iloc[0])}
    return {}


def _build(study: Study, participant_id: str) -> dict[str, Any]:
    """Return sex and the measures that joint centres need, where the participants table has them."""
    people = study.participants[study.participants["participant_id"] == participant_id]
    columns = [name for name in BUILD if name in people]
    return {name: _plain(people[name].iloc[0]) for name in columns if len(people) and pd.notna(people[name].iloc[0])}


def _standing(study: Study, participant_id: str, session_id: str) -> dict[str, float]:
    """Return the flexion of the joints in standing [deg] that sessions.tsv states."""
    rows = _of_session(study.sessions, participant_id, session_id)
    columns = [name for name in STANDING if name in rows]
    return {name: float(rows[name].iloc[0]) for name in columns if len(rows) and pd.notna(rows[name].iloc[0])}


def _of_session(table: pd.DataFrame, participant_id: str, session_id: str) -> pd.DataFrame:
    """Return the rows of a session."""
    return table[(table["participant_id"] == participant_id) & (table["session_id"] == session_id)]


def _plain(value: Any) -> Any:
    """Return a table's value as text or number that netCDF can store."""
    return value.item() if isinstance(value, np.generic) else value


def _contradictions(read: list[_Read]) -> list[Fault]:
    """Faults of streams of a kind that cannot be laid side by side: parts of one name, other rates, other starts."""
    faults = []
    for kind, part in PARTS.items():
        holding = [one for one in read if kind in one.recording.signals]
        if len(holding) < 2:
            continue
        paths = ", ".join(one.path for one in holding)
        names = Counter(str(name) for one in holding for name in one.recording.signals[kind].get_index(part))
        twice = ", ".join(name for name, count in names.items() if count > 1)
        if twice:
            cure = " (names under plates of each device)" if part == "plate" else ""
            expected = f"a {part} of its own name in each recording of a trial{cure}"
            faults.append(Fault(paths, kind, expected, f"{twice} in several"))
        rates = sorted({float(one.recording.signals[kind].attrs["sampling_rate_hz"]) for one in holding})
        if len(rates) > 1:
            found = ", ".join(f"{rate:g} Hz" for rate in rates)
            faults.append(Fault(paths, kind, f"one sampling rate{AGAIN}", found))
        lengths = sorted({one.recording.signals[kind].sizes["time"] for one in holding})
        if lengths[-1] - lengths[0] > 1:
            found = " and ".join(str(length) for length in (lengths[0], lengths[-1]))
            faults.append(Fault(paths, kind, f"recordings of one length{AGAIN}", f"{found} samples"))
        starts = [one.recording.start_time_s for one in holding]
        if max(starts) - min(starts) > 0.5 / rates[0]:
            found = f"{min(starts):.4f} to {max(starts):.4f} s"
            faults.append(Fault(paths, kind, f"recordings that start together{AGAIN}", found))
    channels: dict[str, list[tuple[str, xr.Dataset]]] = {}
    for one in read:
        for name, signal in one.recording.signals.items():
            channels.setdefault(signal.attrs.get("kind", name), []).append((one.path, signal))
    for kind in sorted(channels.keys() - PARTS.keys()):
        meant = Counter(label for _, signal in channels[kind] for label in channel_labels(signal))
        twice = ", ".join(label for label, count in meant.items() if count > 1)
        if twice:
            paths = ", ".join(dict.fromkeys(path for path, _ in channels[kind]))
            faults.append(Fault(paths, kind, "one channel of a trial for each meaning", f"{twice} more than once"))
    return faults
