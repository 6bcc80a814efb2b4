"""One raw file: its reader, and the settings of its device as far as the file tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from legsci.ingest.check import quiet_force
from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.drafting.text_layout import WHICH_FOOT, text_settings
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.marker_sets import MARKER_SETS

#: Ending of a file -> readers that may read it, the first that can is taken. BioWare's axes point down.
READERS_BY_ENDING = {
    ".c3d": ("c3d",),
    ".trc": ("opensim",),
    ".mot": ("opensim",),
    ".sto": ("opensim",),
    ".txt": ("bioware", "nexus", "delimited"),
    ".csv": ("nexus", "delimited"),
    ".tsv": ("qualisys", "delimited"),
}
#: Axis up with which a reader is tried first, and those that follow where plates of the file stand on edge with it.
FIRST_UP = {"bioware": "-z", "opensim": "y"}
FURTHER_UP = {"c3d": ("y", "x")}
#: Labels of a marker set that a file has to have.
FEWEST_LABELS = 6
#: A plate is in use where its force reaches this [N].
LOADED_N = 50.0
#: A direction between markers belongs to an axis where it lies along it to this part.
ALONG = 0.8
#: Height that the markers of a person span [m].
LEAST_HEIGHT_M = 0.5
#: Markers that lie one ahead of the other.
AHEAD = (
    ("anterior_superior_iliac_spine", "posterior_superior_iliac_spine"),
    ("toe", "heel"),
    ("second_metatarsal", "heel"),
)
#: In flight the force is below this [N], for at least so long [s].
FLIGHT_N, FLIGHT_S = 25.0, 0.15
#: Force in standing varies by a smaller part of the weight.
STEADY = 0.1
#: Settings of a device that a person may have to say, and the question.
QUESTIONS = {
    "up": "which signed file axis points up (x, y, z, -x, -y or -z)",
    "forward": "which signed file axis the participant faces (x, y, z, -x, -y or -z)",
    "rate_hz": "the sampling rate [Hz], which the file does not state",
}
#: Task -> words of a file's name, as parts of it.
TASK_WORDS = {
    "countermovement_jump": ("cmj", "countermovement"),
    "squat_jump": ("sj", "squatjump", "squat_jump"),
    "drop_jump": ("dj", "dropjump", "drop_jump", "sldj"),
    "lateral_jump": ("lateral", "lj"),
    "squat": ("squat", "sq"),
    "standing": ("static", "standing", "stand", "cop", "balance", "calibration"),
    "sprint": ("sprint", "run", "running"),
    "landing": ("landing", "land"),
}


@dataclass
class RawFile:
    """What is known of a raw file.

    Parameters
    ----------
    path : relative to the study folder.
    settings : of its device in study.yaml.
    recording : as its reader returns it.
    task : found in its name or its force; empty where neither tells.
    assumed : key of a setting, or "task" -> what was assumed, and from what.
    """

    path: Path
    settings: dict[str, Any]
    recording: Recording
    task: str = ""
    assumed: dict[str, str] = field(default_factory=dict)

    def questions(self) -> dict[str, str]:
        """Settings that neither the file nor its name tells -> what a person has to say."""
        untold = {key for key in ("up", "forward") if self.settings[key] is None}
        if self.settings["reader"] == "delimited" and "time_column" not in self.settings.get("text", {}):
            untold.add("rate_hz")
        return {key: words for key, words in QUESTIONS.items() if key in untold}


def raw_file(folder: Path, path: Path, *, reader: str | None = None) -> RawFile | str:
    """Find reader and settings of a file.

    Parameters
    ----------
    folder : study folder.
    path : of the file, relative to it.
    reader : the one to use; None: those of the file's ending, one after the other.

    Returns
    -------
    What is known of it, or why no reader can read it.
    """
    reasons = []
    for name in (reader,) if reader else READERS_BY_ENDING.get(path.suffix.lower(), ()):
        settings: dict[str, Any] = {"reader": name}
        assumed: dict[str, str] = {}
        if name == "delimited":
            described = text_settings(folder / path)
            if isinstance(described, str):
                reasons.append(f"delimited: {described}")
                continue
            settings |= described[0]
            assumed |= {"plates": "; ".join(described[1])} if described[1] else {}
        try:
            recording = _read(folder / path, settings)
        except RecordingError as error:
            reasons.append(f"{name}: {error.faults[0].expected}, found {error.faults[0].found}")
            continue
        found = RawFile(path, settings, recording, assumed=assumed)
        _add_axes(found)
        _add_labels(found)
        _add_plates(found)
        _add_task(found)
        return found
    return "; ".join(reasons) or "no reader for this ending"


def _read(path: Path, settings: dict[str, Any]) -> Recording:
    """Read a file with the settings found so far; a rate that the study has to give is 1000 Hz meanwhile."""
    reader = settings["reader"]
    plates = {name: PlateSetup(**setup) for name, setup in settings.get("plates", {}).items()}
    rate = 1000.0 if reader == "delimited" and "time_column" not in settings.get("text", {}) else None
    known = settings.get("up")
    tried = [known] if known else [FIRST_UP.get(reader, "z"), *FURTHER_UP.get(reader, ())]
    refused: list[RecordingError] = []
    for up in tried:
        forward = "x" if up[-1] != "x" else "y"
        text = settings.get("text", {})
        device = Device("draft", reader, up=up, forward=forward, rate_hz=rate, plates=plates, text=text)
        try:
            return READERS[reader](path, device=device)
        except RecordingError as error:
            refused.append(error)
    raise refused[0]


def _add_axes(found: RawFile) -> None:
    """Axes up and forward, as far as forces and markers tell them; None where a person has to."""
    signals, settings = found.recording.signals, found.settings
    force, markers = signals.get("force"), signals.get("markers")
    settings["up"] = settings["forward"] = None
    if force is not None and list(force["axis"].to_numpy()) == ["up"]:
        settings["up"], settings["forward"] = "z", "x"
        found.assumed |= {"forward": "without effect: only vertical force is read", "up": "without effect, likewise"}
    elif force is not None:
        means = np.abs(force["force"].sum("plate").mean("time").to_numpy())
        axis = str(force["axis"].to_numpy()[int(np.argmax(means))])
        first = FIRST_UP.get(settings["reader"], "z")
        settings["up"] = first if first[-1] == axis else axis
        found.assumed["up"] = "the axis of the largest force"
    elif markers is not None:
        settings["up"] = _upright(markers["position"])
        found.assumed["up"] = "the axis along which the markers span the height of a person"
    if markers is not None and settings["up"]:
        labels = MARKER_SETS.get(_marker_set(markers) or "", {})
        settings["forward"] = _forward(markers["position"], labels, settings["up"][-1])
        if settings["forward"]:
            found.assumed["forward"] = "from markers at the front and the back of pelvis or feet"


def _upright(position: xr.DataArray) -> str | None:
    """Signed axis along which the markers span the height of a person, away from the floor."""
    heights = position.mean("time", skipna=True).transpose("marker", "axis").to_numpy()
    low, high = np.nanmin(heights, axis=0), np.nanmax(heights, axis=0)
    axis = int(np.argmax(high - low))
    if not high[axis] - low[axis] >= LEAST_HEIGHT_M:
        return None
    return f"{'' if abs(low[axis]) <= abs(high[axis]) else '-'}{position['axis'].to_numpy()[axis]}"


def _forward(position: xr.DataArray, labels: dict[str, str], up: str) -> str | None:
    """Signed axis from markers at the back to those ahead of them; None where they lie along none."""
    places = position.transpose("time", "marker", "axis").to_numpy()
    held = {labels.get(str(label), str(label)): n for n, label in enumerate(position["marker"].to_numpy())}
    level = [n for n, axis in enumerate(position["axis"].to_numpy()) if axis != up]
    for front, back in AHEAD:
        pairs = [(held.get(f"{side}_{front}"), held.get(f"{side}_{back}")) for side in ("left", "right")]
        ahead = [places[:, one] - places[:, other] for one, other in pairs if one is not None and other is not None]
        if not ahead:
            continue
        mean = np.nanmean(np.concatenate(ahead), axis=0)[level]
        largest = int(np.argmax(np.abs(mean)))
        if abs(mean[largest]) >= ALONG * np.hypot(*mean):
            return f"{'-' if mean[largest] < 0 else ''}{position['axis'].to_numpy()[level[largest]]}"
    return None


def _marker_set(markers: xr.Dataset) -> str | None:
    """Marker set that shares most labels with a file, at least FEWEST_LABELS."""
    held = set(map(str, markers["marker"].to_numpy()))
    shared = {name: len(held & labels.keys()) for name, labels in MARKER_SETS.items()}
    best = max(shared, key=lambda name: (shared[name], -len(MARKER_SETS[name])))
    return best if shared[best] >= FEWEST_LABELS else None


def _add_labels(found: RawFile) -> None:
    """Marker set of the file's labels."""
    markers = found.recording.signals.get("markers")
    if markers is None:
        return
    known = _marker_set(markers)
    names = ", ".join(map(str, markers["marker"].to_numpy()))
    if known is None:
        found.assumed["markers"] = f"map those that you know to standard labels (docs/marker-sets.md): {names}"
        return
    found.settings["labels"] = known
    rest = [str(label) for label in markers["marker"].to_numpy() if str(label) not in MARKER_SETS[known]]
    found.assumed["labels"] = f"the marker set with most labels of the file; not in it: {', '.join(rest) or 'none'}"


def _add_plates(found: RawFile) -> None:
    """Plates with a load, and the feet on them where there are two."""
    force = found.recording.signals.get("force")
    if force is None or "plates" in found.settings:
        return
    largest = np.nanmax(np.abs(force["force"].transpose("plate", ...).to_numpy()), axis=(1, 2), initial=0.0)
    names = [str(plate) for plate, most in zip(force["plate"].to_numpy(), largest, strict=True) if most >= LOADED_N]
    unloaded = [str(plate) for plate in force["plate"].to_numpy() if str(plate) not in names]
    feet = ["left", "right"] if len(names) == 2 else ["both"] * len(names)
    found.settings["plates"] = {name: {"foot": foot} for name, foot in zip(names, feet, strict=True)}
    said = [WHICH_FOOT] * (len(names) > 1)
    said += [f"plates without a load are not listed: {', '.join(unloaded)}"] * bool(unloaded)
    if said:
        found.assumed["plates"] = "; ".join(said)


def _add_task(found: RawFile) -> None:
    """Task by the file's name, else by the course of the force."""
    parts = re.findall(r"[a-z]+", found.path.stem.lower())
    named = [task for task, words in TASK_WORDS.items() if any(word in parts for word in words)]
    if {"drop", "jump"} <= set(parts):
        named = ["drop_jump"]
    elif {"squat", "jump"} <= set(parts) or {"squat", "jumps"} <= set(parts):
        named = ["squat_jump"]
    if named:
        found.task, found.assumed["task"] = named[0], "from the name of the file"
        return
    force = found.recording.signals.get("force")
    if force is not None:
        found.task = _task_of_force(force, found.settings)
        found.assumed["task"] = "from the course of the force" if found.task else ""


def _task_of_force(force: xr.Dataset, settings: dict[str, Any]) -> str:
    """Task that a vertical force looks like; empty where it looks like none."""
    device = Device("draft", settings["reader"], up=settings["up"] or "z")
    weight = quiet_force(force, device)
    axis = "up" if list(force["axis"].to_numpy()) == ["up"] else device.up[-1]
    total = np.abs(force["force"].sel(axis=axis).sum("plate").to_numpy())
    shortest = round(FLIGHT_S * float(force.attrs["sampling_rate_hz"]))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], total >= FLIGHT_N, [False]]).astype(int)))
    contacts = edges.reshape(-1, 2)
    flights = np.flatnonzero(contacts[1:, 0] - contacts[:-1, 1] >= shortest)
    # Contacts one after the other on several plates are steps.
    if not np.isfinite(weight) or not contacts.size or len(settings["plates"]) > 2:
        return ""
    stands_first = contacts[0, 0] < shortest
    if stands_first and flights.size:
        return "countermovement_jump"
    if not stands_first:
        return "drop_jump" if flights.size else "landing"
    return "standing" if total.std() < STEADY * abs(weight) else ""
