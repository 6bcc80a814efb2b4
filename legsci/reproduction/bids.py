"""Signals of a study in the layout of the Brain Imaging Data Structure (BIDS, Gorgolewski 2016; motion: Jeung 2024).

Markers and inertial sensors travel as motion recordings, a tracking system each. BIDS has no modality for force plates
and takes EMG in EDF or BDF only: force, moment and EMG travel as continuous recordings (`_physio.tsv.gz`).
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from legsci.ingest.session import open_session
from legsci.storage import atomic_write

BIDS_VERSION = "1.10.0"
#: Quantity of a channel of a sensor -> type of a BIDS motion channel.
TYPES = {"acceleration": "ACCEL", "angular_velocity": "GYRO", "magnetic_field": "MAGN"}
#: Kinds of signals that travel as continuous recordings.
CONTINUOUS = ("force", "emg")
MISSING = "n/a"
_README = """# {name}

Signals of the study {name}, written by legsci from its session files: calibrated, in metres, newtons, newton metres,
volts, m/s^2 and rad/s; x points forward, y upward, z to the right. Markers and inertial sensors are in `motion/` as one
tracking system each (`tracksys`). BIDS has no modality for force plates: forces and moments of each plate, and EMG, are
continuous recordings (`recording-force_physio`, `recording-emg_physio`) in the same folder. `scans.tsv` of a session
names the trial of each file. Of the participants it holds nothing but their codes.
{simulated}"""


def export_bids(results: str | Path, folder: str | Path) -> Path:
    """Write the signals of a study as a BIDS dataset.

    Parameters
    ----------
    results : folder of results, results/<study>.
    folder : of the dataset, which must not exist or be empty.

    Returns
    -------
    The folder. Names lose what BIDS does not allow (`kistler-jump` becomes `sub-kistlerjump`).

    Raises
    ------
    FileExistsError : the folder holds something.
    FileNotFoundError : the study has no session files.
    ValueError : two participants or sessions would have the same label.
    """
    results, folder = Path(results), Path(folder)
    sessions = sorted((results / "sessions").glob("*/*.nc"))
    if not sessions:
        raise FileNotFoundError(f"{results / 'sessions'} has no session files: run the workflow first")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    people = _labels({path.parent.name for path in sessions})
    about = yaml.safe_load((results / "about.yaml").read_text(encoding="utf-8"))
    _write_description(folder, results.name, bool(about["simulated"]), people)
    for path in sessions:
        visits = _labels({other.stem for other in sessions if other.parent == path.parent})
        _write_session(folder, open_session(path), {"sub": people[path.parent.name], "ses": visits[path.stem]})
    return folder


def _labels(names: Iterable[str]) -> dict[str, str]:
    """Name -> letters and digits of it, by which BIDS calls it."""
    labels = {name: re.sub(r"[^A-Za-z0-9]", "", name) for name in sorted(names)}
    twice = sorted(name for name, label in labels.items() if list(labels.values()).count(label) > 1 or not label)
    if twice:
        raise ValueError(
            f"BIDS labels have letters and digits only, so that {', '.join(twice)} would have the same: rename them"
        )
    return labels


def _write_description(folder: Path, name: str, simulated: bool, people: Mapping[str, str]) -> None:
    """Write what describes the dataset as a whole."""
    description = {
        "Name": f"{name} (simulated)" if simulated else name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "legsci"}],
    }
    _write_json(folder / "dataset_description.json", description)
    said = "The study is simulated: no person stands behind it.\n" if simulated else ""
    _write(folder / "README", _README.format(name=name, simulated=said).encode())
    _write_table(
        folder / "participants.tsv", pd.DataFrame({"participant_id": [f"sub-{label}" for label in people.values()]})
    )


def _write_session(folder: Path, session: xr.DataTree, entities: Mapping[str, str]) -> None:
    """Write the trials of a session; trials of a task are numbered as runs."""
    place = folder / f"sub-{entities['sub']}" / f"ses-{entities['ses']}"
    scans, runs = [], dict[str, int]()
    for trial, node in session.children.items():
        task = _camel(str(node.attrs["task"]))
        runs[task] = runs.get(task, 0) + 1
        for file in _write_trial(place, node, dict(entities) | {"task": task}, runs[task]):
            scans.append({"filename": file.relative_to(place).as_posix(), "trial_id": trial})
    if scans:
        _write_table(place / f"sub-{entities['sub']}_ses-{entities['ses']}_scans.tsv", pd.DataFrame(scans))
        about = {"trial_id": {"Description": "name of the trial in the study folder"}}
        _write_json(place / f"sub-{entities['sub']}_ses-{entities['ses']}_scans.json", about)


def _write_trial(place: Path, trial: xr.DataTree, entities: Mapping[str, str], run: int) -> list[Path]:
    """Write the signals of a trial; return the files that hold them."""
    files = []
    for name, node in trial.children.items():
        stream, kind = node.to_dataset(), str(node.attrs["kind"])
        given = dict(entities)
        if kind in CONTINUOUS:
            given |= {"run": str(run), "recording": _camel(name)}
            files.append(_write_continuous(place, given, stream, kind))
        elif kind in ("markers", "imu"):
            given |= {"tracksys": _camel(name), "run": str(run)}
            files.append(_write_motion(place, given, stream, kind))
    return files


def _write_motion(place: Path, entities: Mapping[str, str], stream: xr.Dataset, kind: str) -> Path:
    """Write a motion recording with its channels."""
    channels, values = _marker_channels(stream) if kind == "markers" else _sensor_channels(stream)
    system = "optical" if kind == "markers" else "IMU"
    stem = "_".join(f"{key}-{value}" for key, value in entities.items())
    tracked = channels["tracked_point"].nunique()
    counts = channels["type"].value_counts()
    described = {
        "TaskName": entities["task"],
        "SamplingFrequency": float(stream.attrs["sampling_rate_hz"]),
        "TrackingSystemName": str(stream.attrs["device"]),
        "TrackedPointsCount": int(tracked),
        "MotionChannelCount": len(channels),
        "TrackingSystemType": system,
        **{f"{name}ChannelCount": int(count) for name, count in sorted(counts.items())},
        "SpatialAxes": "ASR",
        "MissingValues": MISSING,
    }
    _write_json(place / "motion" / f"{stem}_motion.json", described)
    _write_table(place / "motion" / f"{stem}_channels.tsv", channels)
    file = place / "motion" / f"{stem}_motion.tsv"
    _write(file, _columns(values))
    return file


def _marker_channels(stream: xr.Dataset) -> tuple[pd.DataFrame, np.ndarray]:
    """Channels of markers, and their values (time, channel) [m]."""
    position = stream["position"].transpose("time", "marker", "axis")
    pairs = [
        (str(marker), str(axis)) for marker in position["marker"].to_numpy() for axis in position["axis"].to_numpy()
    ]
    rows = [
        {"name": f"{marker}_{axis}", "component": axis, "type": "POS", "tracked_point": marker, "units": "m"}
        for marker, axis in pairs
    ]
    return pd.DataFrame(rows), position.to_numpy().reshape(position.sizes["time"], -1)


def _sensor_channels(stream: xr.Dataset) -> tuple[pd.DataFrame, np.ndarray]:
    """Channels of a sensor that BIDS has a type for, and their values (time, channel)."""
    rows, kept = [], []
    for place, name in enumerate(stream["channel"].to_numpy()):
        quantity = str(stream["quantity"].to_numpy()[place])
        if quantity in TYPES:
            kept.append(place)
            rows.append(
                {
                    "name": str(name),
                    "component": str(stream["axis"].to_numpy()[place]),
                    "type": TYPES[quantity],
                    "tracked_point": str(stream["segment"].to_numpy()[place]),
                    "units": str(stream["unit"].to_numpy()[place]),
                }
            )
    return pd.DataFrame(rows), stream["value"].transpose("time", "channel").to_numpy()[:, kept]


def _write_continuous(place: Path, entities: Mapping[str, str], stream: xr.Dataset, kind: str) -> Path:
    """Write a continuous recording: forces and moments of plates, or EMG."""
    columns, values = _plate_columns(stream) if kind == "force" else _emg_columns(stream)
    stem = "_".join(f"{key}-{value}" for key, value in entities.items())
    described = {
        "SamplingFrequency": float(stream.attrs["sampling_rate_hz"]),
        "StartTime": float(stream["time"].to_numpy()[0]),
        "Columns": list(columns),
        **{name: {"Units": unit} for name, unit in columns.items()},
    }
    _write_json(place / "motion" / f"{stem}_physio.json", described)
    file = place / "motion" / f"{stem}_physio.tsv.gz"
    # Without a time in its header, the same signals give the same bytes.
    _write(file, gzip.compress(_columns(values), mtime=0))
    return file


def _plate_columns(stream: xr.Dataset) -> tuple[dict[str, str], np.ndarray]:
    units = {name: unit for name, unit in (("force", "N"), ("moment", "N m")) if name in stream}
    columns, values = {}, []
    for plate in stream["plate"].to_numpy():
        for name, unit in units.items():
            for axis in stream["axis"].to_numpy():
                columns[f"plate_{plate}_{name}_{axis}"] = unit
                values.append(stream[name].sel(plate=plate, axis=axis).to_numpy())
    return columns, np.stack(values, axis=1)


def _emg_columns(stream: xr.Dataset) -> tuple[dict[str, str], np.ndarray]:
    names, units = stream["channel"].to_numpy(), stream["unit"].to_numpy()
    columns = {str(name): str(unit) for name, unit in zip(names, units, strict=True)}
    return columns, stream["value"].transpose("time", "channel").to_numpy()


def _columns(values: np.ndarray) -> bytes:
    """Rows of numbers without a header, as BIDS wants signals."""
    text = io.StringIO()
    pd.DataFrame(values).to_csv(text, sep="\t", header=False, index=False, na_rep=MISSING, float_format="%.7g")
    return text.getvalue().encode()


def _camel(name: str) -> str:
    """A name in letters and digits: countermovement_jump -> countermovementJump."""
    first, *others = re.split(r"[^A-Za-z0-9]+", name)
    return first + "".join(word.capitalize() for word in others)


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    _write(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def _write_table(path: Path, table: pd.DataFrame) -> None:
    _write(path, table.to_csv(sep="\t", index=False, na_rep=MISSING).encode())
