"""The device settings of a study, compared with its recordings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError, StudyError
from legsci.ingest.paths import is_file, stays_inside
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.streams import PARTS, channel_labels
from legsci.ingest.study import Study, absent_tasks, collect_study
from legsci.ingest.tables import suggestion
from legsci.tasks import TASKS
from legsci.vocabulary import PLAUSIBLE_MASS_KG, STANDARD_GRAVITY

QUIET_S = 1.0
LOADED_FRACTION = 0.25
#: Who stands varies by a smaller part of the weight; what varies more and is noise alone is an empty plate.
STEADY_PART = 0.05
#: Differences between samples are 1.4 times the spread of noise, and a small part of that of a movement.
ROUGH = 0.5
RATE_TOLERANCE = 0.01
NAMES_SHOWN = 40
#: A standing force of 1 to within this may be in body weights.
BODY_WEIGHTS = 0.05
_SETTINGS = {setting.name for setting in fields(Device)} - {"name"} | {"column", "columns"}


@dataclass
class _Readings:
    """What the recordings of one device hold, as far as they were read."""

    labels: set[str] = field(default_factory=set)
    plates: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)
    rates_hz: set[float] = field(default_factory=set)
    masses_kg: dict[tuple[str, ...], tuple[float, str]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    refusals: list[Fault] = field(default_factory=list)


def check_study(folder: str | Path, further: Callable[[Study], list[Fault]] | None = None) -> Study:
    """Read a study folder and compare its device settings with its recordings.

    Parameters
    ----------
    folder : of the study.
    further : returns faults that a higher layer sees in a study, which is read as far as it can be.

    Raises
    ------
    StudyError
        With every fault of the tables and of the recordings (see `check_recordings`), and those that `further` returns.
    """
    study, faults = collect_study(Path(folder), require_recordings=True)
    faults += check_recordings(study)
    faults += further(study) if further else []
    if faults:
        raise StudyError(f"study {folder}", faults)
    return study


def check_recordings(study: Study) -> list[Fault]:
    """Compare the settings of each device of a study with its recordings.

    A setting is wrong if it agrees with no recording of the device: a marker label, a plate or a sensor that no file
    has, a sampling rate that differs from every file, a standing weight outside 20 to 250 kg in every file. If one
    recording of a device can be read, those that cannot are bad trials and not faults of the study. If none can, they
    are faults of the study where there are several, or where the error of a single one names a setting of the device.
    The files of a device are opened one after the other until every setting has been confirmed.

    Parameters
    ----------
    study : study; recordings of unknown devices or trials and missing files are reported by `read_study`, and those of
        tasks that legsci does not have are not read.

    Returns
    -------
    One fault per wrong setting.
    """
    key = ["participant_id", "session_id", "trial_id"]
    trials = study.trials.set_index(key)[["task", "load_kg"]]
    rows = study.recordings.join(trials[~trials.index.duplicated()], on=key)
    root, left_out, folders = study.folder.resolve(), set(absent_tasks(study.trials).values()), dict[str, Path]()
    usable = [
        row
        for row in rows.itertuples()
        if row.device in study.devices
        and row.task not in left_out
        and isinstance(row.path, str)
        and stays_inside(root, row.path, folders)
        and is_file(root / row.path)
    ]
    faults = []
    for name, device in study.devices.items():
        recordings = [row for row in usable if row.device == name]
        if recordings:
            faults += _device_faults(device, _find(study, device, recordings))
            faults += _repeated_signals(study, device, recordings)
    return faults


def quiet_force(force: xr.Dataset, device: Device) -> float:
    """Return the mean vertical force of the quietest loaded second, summed over the plates.

    Parameters
    ----------
    force : reader's force signal, variable `force` (plate, time, axis) [N], in the file's axes.
    device : the device, for the axis that points up.

    Returns
    -------
    Mean of the second with the smallest standard deviation among those with a mean of at least a quarter of the largest
    mean [N], upward positive on the body; NaN where the recording is shorter, has gaps throughout, or is noise alone,
    as of empty plates.
    """
    if list(force["axis"].values) == ["up"]:
        vertical = force["force"].sel(axis="up")
    elif device.up[-1] in force["axis"].values:
        vertical = force["force"].sel(axis=device.up[-1]) * (-1.0 if device.up.startswith("-") else 1.0)
    else:
        return np.nan
    total = vertical.sum("plate", skipna=False).values.astype(np.float64)
    samples = round(QUIET_S * float(force.attrs["sampling_rate_hz"]))
    count = len(total) // max(samples, 1)
    if count == 0:
        return np.nan
    seconds = total[: count * samples].reshape(count, samples)
    means, deviations = seconds.mean(axis=1), seconds.std(axis=1)
    whole = np.isfinite(means)
    if not whole.any():
        return np.nan
    loaded = whole & (np.abs(means) >= LOADED_FRACTION * np.abs(means[whole]).max())
    quietest = int(np.argmin(np.where(loaded, deviations, np.inf)))
    rough = np.nanstd(np.diff(total)) >= ROUGH * np.nanstd(total)
    if rough and deviations[quietest] >= STEADY_PART * abs(means[quietest]):
        return np.nan
    return float(means[quietest])


def _read(study: Study, device: Device, row: Any) -> Recording:
    """Read the recording of a row of recordings.tsv."""
    part = row.part if isinstance(row.part, str) else None
    return READERS[device.reader](study.folder / row.path, device=device, part=part)


def _repeated_signals(study: Study, device: Device, rows: list[Any]) -> list[Fault]:
    """Faults of trials for which the device has two recordings of the same kind of signal.

    Trials with several files of one format are opened one after the other until the files of one trial complement each
    other: this is then taken as how the device records.
    """
    together: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        key = (row.participant_id, row.session_id, row.trial_id, Path(row.path).suffix.lower())
        together.setdefault(key, []).append(row)
    faults = []
    for several in (group for group in together.values() if len({(row.path, str(row.part)) for row in group}) > 1):
        first: dict[tuple[str, str], int] = {}
        repeated = []
        try:
            for row in several:
                for kind in _kinds(_read(study, device, row)):
                    if first.setdefault(kind, row.Index) != row.Index:
                        repeated.append((row, kind))
        except RecordingError:
            continue
        if not repeated:
            break
        expected = f"one recording of {device.name} for each trial"
        faults += [
            Fault(
                "recordings.tsv",
                f"row {row.Index}, trial_id",
                f"{expected} that holds {kind[0] if kind[0] in PARTS else ' '.join(kind)}",
                f"another in row {first[kind]}",
            )
            for row, kind in repeated
        ]
    return faults


def _kinds(recording: Recording) -> list[tuple[str, str]]:
    """Return (kind of signal, plate or channel) of a recording: files may hold one plate or sensor each."""
    kinds = [(kind, "") for kind in recording.signals if kind in PARTS and kind != "force"]
    kinds += [
        (str(signal.attrs["kind"]), label)
        for name, signal in recording.signals.items()
        if name not in PARTS
        for label in channel_labels(signal)
    ]
    plates = list(recording.signals["force"]["plate"].values) if "force" in recording.signals else []
    return kinds + [("force", str(plate)) for plate in plates]


def _find(study: Study, device: Device, rows: list[Any]) -> _Readings:
    """Open the recordings of a device until all of its settings are confirmed."""
    readings = _Readings()
    for row in rows:
        try:
            recording = _read(study, device, row)
        except RecordingError as error:
            readings.refusals += [Fault(row.path, fault.where, fault.expected, fault.found) for fault in error.faults]
            continue
        _note(readings, recording, device, row)
        if not _device_faults(device, readings):
            break
    return readings


def _note(readings: _Readings, recording: Recording, device: Device, row: Any) -> None:
    """Add labels, plates, rates and the standing weight of the recording of a row."""
    readings.paths.append(str(row.path))
    task, load_kg = row.task, row.load_kg
    readings.rates_hz |= {float(signal.attrs["sampling_rate_hz"]) for signal in recording.signals.values()}
    for signal in (signal for name, signal in recording.signals.items() if name not in PARTS):
        readings.places |= _places(signal)
    if "markers" in recording.signals:
        readings.labels |= set(map(str, recording.signals["markers"]["marker"].values))
    if "force" in recording.signals:
        force = recording.signals["force"]
        plates = list(map(str, force["plate"].values))
        # A study may name a plate by its number as well as by its name (see names.map_names).
        readings.plates |= {*plates, *map(str, range(1, len(plates) + 1))}
        if isinstance(task, str) and task in TASKS and TASKS[task].start != "running":
            load_n = (0.0 if np.isnan(load_kg) else load_kg) * STANDARD_GRAVITY
            weight_n = quiet_force(force, device)
            if np.isfinite(weight_n):
                # Files of one trial that each hold a plate share its weight; the load is carried once.
                trial = (row.participant_id, row.session_id, row.trial_id)
                other_kg, path = readings.masses_kg.get(
                    trial, (-np.sign(weight_n) * load_n / STANDARD_GRAVITY, row.path)
                )
                readings.masses_kg[trial] = (float(weight_n) / STANDARD_GRAVITY + other_kg, str(path))


def _places(channels: xr.Dataset) -> set[tuple[str, str]]:
    """Segments and muscles of a stream of channels, each with its side."""
    none = [""] * channels.sizes["channel"]
    sides, *places = (
        channels[word].values.tolist() if word in channels.coords else none for word in ("side", "segment", "muscle")
    )
    return {place for named in places for place in zip(named, sides, strict=True) if place[0]}


def _device_faults(device: Device, readings: _Readings) -> list[Fault]:
    """Faults of a device: settings that none of its recordings confirms."""
    where = f"devices.{device.name}"
    if not readings.paths:
        several = len({fault.file for fault in readings.refusals}) > 1
        return [fault for fault in readings.refusals if several or _names_a_setting(fault)]
    faults = []
    placed = {n for n, s in device.sensors.items() if {(s.segment, s.side), (s.muscle, s.side)} & readings.places}
    for kind, described, found in (
        ("markers", device.markers, readings.labels),
        ("plates", device.plates, readings.plates),
        ("sensors", device.sensors, placed),
    ):
        names = sorted(found)
        for name in set(described) - found:
            held = f"{name} in none of {_few(readings.paths)}{suggestion(name, names)}; they hold {_few(names)}"
            expected = f"one of the {kind} of the device's recordings"
            faults.append(Fault(SETTINGS, f"{where}.{kind}.{name}", expected, held))
    rate = device.rate_hz
    if rate is not None and not any(abs(found - rate) <= RATE_TOLERANCE * found for found in readings.rates_hz):
        rates = ", ".join(f"{found:g}" for found in sorted(readings.rates_hz))
        stated = f"{rate:g}; read {_few(readings.paths)}"
        faults.append(Fault(SETTINGS, f"{where}.rate_hz", f"the rate of the recordings [Hz], {rates}", stated))
    low, high = PLAUSIBLE_MASS_KG
    if readings.masses_kg and not any(low <= mass <= high for mass, _ in readings.masses_kg.values()):
        faults.append(_weight_fault(device, *next(iter(readings.masses_kg.values()))))
    return faults


def _few(names: list[str]) -> str:
    """Return some names, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more if names else "none"


def _names_a_setting(fault: Fault) -> bool:
    """Whether a reader's fault is about a setting of the device ("rate_hz", "column 'Fz'", ...)."""
    return not _SETTINGS.isdisjoint(re.findall(r"\w+", fault.where))


def _weight_fault(device: Device, mass_kg: float, path: str) -> Fault:
    """Name the setting that would make the standing weight in a recording that of a person."""
    low, high = PLAUSIBLE_MASS_KG
    now = f"a standing weight of {mass_kg:.4g} kg in the first of its recordings, {path}"
    where, expected = f"devices.{device.name}", f"a standing weight of {low:g} to {high:g} kg"
    if low <= -mass_kg <= high:
        sign = "action" if device.force_sign == "reaction" else "reaction"
        other = f"force_sign {sign if device.force_sign else 'action or reaction'}, or up"
        return Fault(
            SETTINGS, f"{where}.force_sign", f"upward force on the body: set {other}", f"{now}: the wrong sign"
        )
    # Other formats fix the unit or state it; in C3D files a unit in the study's settings has precedence.
    unit_is_ours = device.reader in ("delimited", "spreadsheet") or (
        device.reader == "c3d" and device.force_unit is not None
    )
    up_is_ours = not any("up" in setup.columns for setup in device.plates.values())
    for unit, factor in (("kN", 1000.0), ("N", 0.001)):
        if unit_is_ours and low <= mass_kg * factor <= high:
            other = ", or see up" if up_is_ours and unit == "kN" else ""
            if abs(abs(mass_kg) * STANDARD_GRAVITY - 1.0) < BODY_WEIGHTS and unit == "kN":
                other += "; forces in body weights are not read: export them in N"
            return Fault(SETTINGS, f"{where}.force_unit", f"{expected}: set force_unit {unit}{other}", now)
    settings = ["up"] * up_is_ours + ["force_sign"] + ["force_unit"] * unit_is_ours
    # a force in kgf, or twice as much in lbf, read as N
    other = "; forces in kgf or lbf are not read: export them in N" if low <= mass_kg * STANDARD_GRAVITY <= high else ""
    return Fault(SETTINGS, where, f"{expected}: see {', '.join(settings)}{other}", now)
