"""The study folder of a laboratory, read and checked; nothing in it is ever changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.clocks.declared import clock_faults
from legsci.ingest.devices import Device
from legsci.ingest.exports.measurements import RETEST, no_measurements
from legsci.ingest.exports.measurements import TABLE as MEASUREMENTS
from legsci.ingest.exports.study_tables import (
    derived_table,
    study_measurements,
    study_table,
    table_file,
    table_layouts,
)
from legsci.ingest.faults import Fault, StudyError, shown
from legsci.ingest.paths import is_file, path_fault
from legsci.ingest.readers import READERS
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.settings import LONGEST_PART, TABLES, devices_of, part_faults, read_settings, repeated_plates
from legsci.ingest.tables import expectation, load_schema, suggestion, typed_table
from legsci.tasks import TASKS

REQUIRED_TABLES = ("participants", "sessions", "trials", "recordings")
STUDY_TABLES = (*REQUIRED_TABLES, "exposure", "health", "injuries", "curation", "reference")
#: Every table of a study folder; the last two are open: their columns are metrics.
OWN_TABLES = (*STUDY_TABLES, MEASUREMENTS, RETEST)
#: Registry of claims of the study, instead of that of the workflow.
CLAIMS = "claims.yaml"
#: A word that resembles the name of a task as much as this (difflib's ratio, 0 to 1) is that task, misspelt.
MISSPELT = 0.85
PARENTS = {
    "sessions": "participants",
    "trials": "sessions",
    "recordings": "trials",
    "exposure": "participants",
    "health": "participants",
    "injuries": "participants",
    "curation": "trials",
    MEASUREMENTS: "sessions",
}


@dataclass(frozen=True)
class Study:
    """A study folder.

    Parameters
    ----------
    folder : its path.
    name : its short name.
    settings : the content of study.yaml.
    devices : name -> device.
    participants, sessions, trials, recordings, exposure, health, injuries, curation, reference : the tables, with the
        columns of their schemas and notes; empty where the folder has no such table. The index `row` is the row in
        the file (the header is row 1).
    measurements : values that another system measured, one per row (`legsci.ingest.exports.measurements`); participants
        and sessions are those of the measurements where they have no table of their own.
    reliability : values of a test-retest study, of any persons, in the same form.
    """

    folder: Path
    name: str
    settings: dict[str, Any]
    devices: dict[str, Device]
    participants: pd.DataFrame
    sessions: pd.DataFrame
    trials: pd.DataFrame
    recordings: pd.DataFrame
    exposure: pd.DataFrame
    health: pd.DataFrame
    injuries: pd.DataFrame
    curation: pd.DataFrame
    reference: pd.DataFrame
    measurements: pd.DataFrame = field(default_factory=no_measurements)
    reliability: pd.DataFrame = field(default_factory=no_measurements)

    @property
    def simulated(self) -> bool:
        """Whether the recordings or measurements are simulated."""
        return bool(self.settings.get("simulated", False))

    @property
    def claims(self) -> Path | None:
        """Registry of claims in the folder; None where the study has none of its own."""
        path = self.folder / CLAIMS
        return path if is_file(path) else None

    def layout(self, table: str) -> dict[str, Any]:
        """What study.yaml says of an exported table; empty where it is in the words of the study folder."""
        return table_layouts(self.settings).get(table, {})

    def file(self, table: str) -> str:
        """Path of a table in the folder."""
        return table_file(table_layouts(self.settings), table)


def read_study(
    folder: str | Path,
    *,
    require_recordings: bool = True,
    checked: bool = False,
    participants: Collection[str] | None = None,
) -> Study:
    """Read a study folder without opening its recordings.

    Parameters
    ----------
    folder : holds study.yaml, participants.tsv, sessions.tsv, trials.tsv, recordings.tsv, and where the study has them
        exposure.tsv, health.tsv, injuries.tsv, curation.tsv, reference.tsv; or measurements.tsv instead of trials and
        recordings.
    require_recordings : False for a study whose recordings are still to be fetched.
    checked : whether the run has checked the study at its start; then it is not checked again.
    participants : of a checked study only the rows of these, and no measurements; by default all.

    Raises
    ------
    StudyError
        With every fault of the folder, each with file, row, what was expected and what was found.
    """
    if checked:
        return _checked_study(Path(folder), participants)
    study, faults = collect_study(Path(folder), require_recordings=require_recordings)
    if faults:
        raise StudyError(f"study {folder}", faults)
    return study


def recorded_participants(folder: str | Path) -> list[str]:
    """Participants who have trials, in the order of the table, of a study that the run has checked at its start."""
    settings, _ = read_settings(Path(folder, SETTINGS), checked=True)
    trials, _ = study_table(Path(folder), "trials", table_layouts(settings))
    return [] if trials.columns.empty else [str(name) for name in trials["participant_id"].unique()]


def _checked_study(folder: Path, participants: Collection[str] | None) -> Study:
    """Read a study that the run has checked at its start; faults of reading alone can have come up since."""
    settings, faults = read_settings(folder / SETTINGS, checked=True)
    layouts = table_layouts(settings)
    measured = {}
    for name in (MEASUREMENTS, RETEST):
        found = study_measurements(folder, layouts, name) if participants is None else (None, [])
        measured[name] = no_measurements() if found[0] is None else found[0]
        faults += found[1]
    devices, found_faults = devices_of(settings, checked=True)
    given = None if measured[MEASUREMENTS].empty else measured[MEASUREMENTS]
    tables, _, wrong = _tables(folder, layouts, given, checked=True, participants=participants)
    if participants is None and (faults or found_faults or wrong):
        raise StudyError(f"study {folder}", [*faults, *found_faults, *wrong])
    return Study(folder, str(settings.get("name", folder.name)), settings, devices, **tables, **measured)


def collect_study(folder: Path, *, require_recordings: bool) -> tuple[Study, list[Fault]]:
    """Read a study folder as far as it can be read.

    Returns
    -------
    study : what could be read; values that are not allowed are missing.
    faults : everything wrong with it.
    """
    if not folder.is_dir():
        raise StudyError(f"study {folder}", [Fault(str(folder), "", "a study folder", "no such folder")])
    settings, faults = read_settings(folder / SETTINGS)
    layouts = table_layouts(settings)
    measurements, found = study_measurements(folder, layouts, MEASUREMENTS)
    faults += found
    retests, found = study_measurements(folder, layouts, RETEST)
    faults += found
    devices, found = devices_of(settings)
    faults += found
    tables, present, found = _tables(folder, layouts, measurements)
    faults += found
    tables[MEASUREMENTS] = no_measurements() if measurements is None else measurements
    tables[RETEST] = no_measurements() if retests is None else retests
    if "recordings" in present or not present:
        faults += [
            Fault(SETTINGS, key, expectation(load_schema("study")["properties"][key]), "no such key")
            for key in ("lab", "devices")
            if key not in settings and settings
        ]
    faults += _measured_faults(tables, present, layouts)
    for child, parent in PARENTS.items():
        if {child, parent} <= present:
            faults += _dangling(child, tables[child], parent, tables[parent])
    faults += _misnamed_tables(folder, {str(layout.get("file", "")) for layout in layouts.values()})
    faults += _task_faults(tables["trials"])
    faults += _device_faults(tables["recordings"], settings)
    faults += part_faults(tables["recordings"], devices)
    faults += _path_faults(folder, tables["recordings"], require_recordings=require_recordings)
    if {"trials", "recordings"} <= present:
        faults += _unrecorded(tables["trials"], tables["recordings"])
    return Study(folder, str(settings.get("name", folder.name)), settings, devices, **tables), faults


def _tables(
    folder: Path,
    layouts: Mapping[str, Mapping[str, Any]],
    measurements: pd.DataFrame | None,
    *,
    checked: bool = False,
    participants: Collection[str] | None = None,
) -> tuple[dict[str, pd.DataFrame], set[str], list[Fault]]:
    """Read STUDY_TABLES: all by name, the names of those that the study has, and their faults.

    A study of measurements needs none of them; its participants and sessions are then those of the measurements.
    """
    tables: dict[str, pd.DataFrame] = {}
    present, faults = (set[str]() if measurements is None else {MEASUREMENTS}), list[Fault]()
    required = () if present else REQUIRED_TABLES
    for name in STUDY_TABLES:
        frame, unread = study_table(folder, name, layouts)
        given = not frame.columns.empty
        if not given:
            unread += [Fault(f"{name}.tsv", "", "a table", "no such file")] * (name in required and not unread)
            frame = derived_table(name, measurements)
        if participants is not None and "participant_id" in frame:
            frame = frame[frame["participant_id"].isin(list(participants))]
        tables[name], wrong = typed_table(
            name, frame, file=table_file(layouts, name if given else MEASUREMENTS), checked=checked
        )
        if given:
            present.add(name)
            wrong += [Fault(f"{name}.tsv", "", "at least one row", "none")] * (frame.empty and name in required)
        elif name == "sessions" and tables[name][["date", "day"]].isna().all(axis=None):
            wrong = []  # told once, not for each session
        faults += unread + wrong
    return tables, present, faults


def _measured_faults(
    tables: Mapping[str, pd.DataFrame], present: set[str], layouts: Mapping[str, Mapping[str, Any]]
) -> list[Fault]:
    """Faults of measurements: an unknown task, a trial that has recordings, sessions without a day."""
    rows = tables[MEASUREMENTS]
    file = table_file(layouts, MEASUREMENTS)
    own = layouts.get(MEASUREMENTS, {}).get("tasks", {})
    expected = f"a task: one of {', '.join(TASKS)}, or one of tables.{MEASUREMENTS}.tasks in {SETTINGS}"
    faults = [
        Fault(file, f"row {row}, task", expected, _named(task, [*TASKS, *own]))
        for row, task in rows["task"].dropna().drop_duplicates().items()
        if task not in TASKS and task not in own
    ]
    key = load_schema("trials")["key"]
    recorded = set(_keys(tables["trials"], key))
    faults += [
        Fault(file, f"row {row}, trial_id", "a trial of its own, not one of trials.tsv", ", ".join(found))
        for row, found in _keys(rows.drop_duplicates(key), key).items()
        if found in recorded
    ]
    undated = tables["sessions"][["date", "day"]].isna().all(axis=None) and rows["date"].isna().all()
    if "sessions" not in present and len(rows) and undated:
        expected = f"a table, or a column date or day in {file}, or tables.{MEASUREMENTS}.days in {SETTINGS}"
        faults.append(Fault("sessions.tsv", "", expected, "none of these"))
    return faults


def _keys(frame: pd.DataFrame, key: list[str]) -> pd.Series:
    """Return the key of each row whose key is complete, as tuples."""
    whole = frame[key].dropna()
    return pd.Series(list(whole.itertuples(index=False, name=None)), index=whole.index, dtype=object)


def _dangling(child: str, rows: pd.DataFrame, parent: str, known: pd.DataFrame) -> list[Fault]:
    """Faults of rows whose parent row is missing."""
    key = load_schema(parent)["key"]
    names = set(_keys(known, key))
    # a measured session has many rows, a row of the other tables is named each
    found_keys = _keys(rows.drop_duplicates(key) if child == MEASUREMENTS else rows, key)
    return [
        Fault(
            f"{child}.tsv", f"row {row}, {key[-1]}", f"a row of {parent}.tsv", f"{', '.join(found)}, which is in none"
        )
        for row, found in found_keys.items()
        if found not in names
    ]


def _misnamed_tables(folder: Path, exports: set[str]) -> list[Fault]:
    """Faults of files whose name resembles that of a missing table; all other files are ignored."""
    lacking = [name for name in OWN_TABLES if not (folder / f"{name}.tsv").is_file()]
    hints = {path.name: suggestion(path.stem.lower(), lacking) for path in sorted(folder.glob("[!.]*.tsv"))}
    return [
        Fault(name, "", f"a table: one of {', '.join(OWN_TABLES)}", f"{Path(name).stem}{hint}")
        for name, hint in hints.items()
        if hint and Path(name).stem not in OWN_TABLES and name not in exports
    ]


def absent_tasks(trials: pd.DataFrame) -> dict[int, str]:
    """Row -> task of the trials whose task legsci does not have and that is no misspelt name of one.

    Such a trial is rejected in quality.csv, and the others run: a laboratory's table lists all that it recorded. A
    misspelt task is a fault of the table instead, since its trial was meant to be scored.

    Parameters
    ----------
    trials : table of the trials.
    """
    unknown = trials["task"].dropna()
    unknown = unknown[~unknown.isin(list(TASKS))]
    misspelt = {task: _is_misspelt(task) for task in unknown.unique()}
    return {int(row): task for row, task in unknown.items() if not misspelt[task]}  # type: ignore[call-overload]


def absent_task(task: str) -> str:
    """Return what is said of a task that legsci does not have: its name, a similar one, and the tasks there are."""
    return f"{_named(task, list(TASKS))}; its tasks are {', '.join(TASKS)}"


def _is_misspelt(task: str) -> bool:
    """Whether a word is the name of a task, with some letters wrong or other signs between its words."""
    plain = re.sub(r"[\s_-]+", "_", task.strip()).casefold()
    return len(task) <= LONGEST_PART and bool(get_close_matches(plain, TASKS, n=1, cutoff=MISSPELT))


def _task_faults(trials: pd.DataFrame) -> list[Fault]:
    """Faults of trials whose task is misspelt; of all unknown tasks where no trial has a task of legsci."""
    expected = f"a task: one of {', '.join(TASKS)}"
    tasks = trials["task"].dropna()
    left_out = absent_tasks(trials) if tasks.isin(list(TASKS)).any() else {}
    return [
        Fault("trials.tsv", f"row {row}, task", expected, _named(task, list(TASKS)))
        for row, task in tasks.items()
        if task not in TASKS and row not in left_out
    ]


def _device_faults(recordings: pd.DataFrame, settings: dict[str, Any]) -> list[Fault]:
    """Faults of recordings whose device is unknown, and of trials with several devices: clocks, plates of one name."""
    listed = settings.get("devices")
    described = listed if isinstance(listed, dict) else {}
    names = list(described)
    faults = [
        Fault("recordings.tsv", f"row {row}, device", f"a device of {SETTINGS}", _named(device, names))
        for row, device in recordings["device"].dropna().items()
        if names and device not in names
    ]
    # Of devices that cannot be used it is not known what they record; their faults are told elsewhere.
    known = {name: d for name, d in described.items() if isinstance(d, dict) and d.get("reader") in READERS}
    used = recordings[recordings["device"].isin(list(known))]
    # Sensors and analog channels may keep a clock of their own; what is compared with each other may not.
    compared = used[~used["device"].map(lambda name: _channels_alone(known[name])).astype(bool)]
    counts = compared.groupby(load_schema("trials")["key"])["device"].nunique()
    several = counts[counts > 1]
    if len(several) and "synchronisation" not in settings:
        found = f"no such key, but {len(several)} trials with several devices, first {', '.join(several.index[0])}"
        faults.append(Fault(SETTINGS, "synchronisation", "how the clocks of several devices are related", found))
    return faults + clock_faults(settings, names) + repeated_plates(compared, known)


def _channels_alone(described: dict[str, Any]) -> bool:
    """Whether a device holds channels of EMG, sensors or analog inputs alone: in a table, or as a system of sensors."""
    table_of_channels = described["reader"] in TABLES and "channels" in described
    return (table_of_channels or "sensors" in described) and "plates" not in described


def _named(word: str, known: list[str]) -> str:
    """Return a word as it stands, its middle left out where it is long, and a known word that is similar."""
    return (word if len(word) <= LONGEST_PART else shown(word)) + suggestion(word, known)


def _path_faults(folder: Path, recordings: pd.DataFrame, *, require_recordings: bool) -> list[Fault]:
    """Faults of paths that leave the study folder, and of missing files."""
    root, faults, folders = folder.resolve(), [], dict[str, Path]()
    for row, path in recordings["path"].dropna().items():
        wrong = path_fault(root, path, require_file=require_recordings, folders=folders)
        if wrong:
            faults.append(Fault("recordings.tsv", f"row {row}, path", *wrong))
    return faults


def _unrecorded(trials: pd.DataFrame, recordings: pd.DataFrame) -> list[Fault]:
    """Faults of trials without a recording."""
    key = load_schema("trials")["key"]
    recorded = set(_keys(recordings, key))
    return [
        Fault("trials.tsv", f"row {row}, trial_id", "a row of recordings.tsv", f"{', '.join(found)}, which is in none")
        for row, found in _keys(trials, key).items()
        if found not in recorded
    ]
