"""A draft of study.yaml and its tables from a folder of raw files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.drafting.raw_file import READERS_BY_ENDING, TASK_WORDS, RawFile, raw_file
from legsci.ingest.drafting.yaml_text import TO_FILL_IN, yaml_text
from legsci.ingest.faults import Fault, StudyError
from legsci.ingest.study import OWN_TABLES
from legsci.storage import atomic_write
from legsci.tasks import TASKS

#: Files that a draft consists of.
TABLES = ("participants", "sessions", "trials", "recordings")
#: What a trial without a task asks.
WHICH_TASK = f"the task: {', '.join(TASKS)}"
#: What no file states; study.yaml says where it goes.
ALSO_ASKED = (
    "participants.tsv: sex, body mass and height, without which there are no joint moments",
    "sessions.tsv: the date of each session (now day 0)",
    "trials.tsv: leg, load_kg and drop_height_m where they apply",
)
#: Words before a number that name a trial, beside those of the tasks.
TRIAL_WORDS = frozenset({"jump", "trial", "test", "walk", "rep", "set", "take", "run", "example", "file", "rec"})
#: A name of a participant: letters and then digits.
_PERSON = re.compile(r"[A-Za-z]{1,8}-?\d{1,6}")


@dataclass
class StudyDraft:
    """What was drafted, and what is left to a person.

    Parameters
    ----------
    folder : of the study.
    trials, recordings : tables, one row per trial and per file.
    to_fill_in : what has to be entered before the study can run, with its place.
    assumed : what was found or assumed and should be looked at, with its place.
    left_out : file -> why it is not in the draft.
    """

    folder: Path
    trials: pd.DataFrame
    recordings: pd.DataFrame
    to_fill_in: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """What was found, what has to be filled in, what was assumed, what was left out."""
        parts = {
            "To fill in": self.to_fill_in,
            "Assumed, marked in study.yaml": self.assumed,
            "Only a person knows": list(ALSO_ASKED),
            "Not used": [f"{path}: {why}" for path, why in self.left_out.items()],
        }
        people = self.trials["participant_id"].nunique()
        lines = [f"{self.folder}: {len(self.recordings)} files, {len(self.trials)} trials, {people} participants"]
        for title, entries in parts.items():
            lines += [f"{title}:", *(f"  {entry}" for entry in entries)] if entries else []
        return "\n".join([*lines, f"Then: legsci check {self.folder}"])


def init_study(folder: str | Path) -> StudyDraft:
    """Draft study.yaml, participants.tsv, sessions.tsv, trials.tsv and recordings.tsv from the raw files of a folder.

    Readers are tried on each file; axes, plates, labels and rates are those that the files tell. The folders of a file
    name participant and session, or the first part of its name does (P01_jump_2.c3d). What was assumed is marked in the
    files, what has to be filled in is left empty, so that no run starts from a guess. Raw files are only read.

    Parameters
    ----------
    folder : holds the raw files, in subfolders or not.

    Raises
    ------
    StudyError : no such folder, a study that is there already, or no file that a reader can read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudyError(f"study {folder}", [Fault(str(folder), "", "a folder with raw files", "no such folder")])
    there = [name for name in ("study.yaml", *(f"{table}.tsv" for table in OWN_TABLES)) if (folder / name).exists()]
    if there:
        faults = [Fault(name, "", "no such file: a draft overwrites nothing", "the file") for name in there]
        raise StudyError(f"study {folder}", faults)
    left_out: dict[str, str] = {}
    files: list[RawFile] = []
    for path in sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()):
        found = raw_file(folder, path) if path.suffix.lower() in READERS_BY_ENDING else "no reader for this ending"
        if isinstance(found, str):
            left_out[path.as_posix()] = found
        else:
            files.append(found)
    if not files:
        faults = [Fault(path, "", "a recording", why) for path, why in left_out.items()]
        raise StudyError(f"study {folder}", faults or [Fault(str(folder), "", "raw files", "none")])
    _share_axes(files)
    devices, rows = _devices(files), _rows(files, left_out)
    draft = _tables(folder, rows, devices, left_out)
    text = _settings_text(folder, devices, draft)
    _write(draft, text)
    return draft


def _share_axes(files: list[RawFile]) -> None:
    """Give files that do not tell their axes those of the others with the same reader, where these agree."""
    for axis in ("up", "forward"):
        for file in files:
            readers = {file.settings["reader"]}
            told = {other.settings[axis] for other in files if other.settings["reader"] in readers} - {None}
            if file.settings[axis] is None and len(told) == 1:
                file.settings[axis] = told.pop()
                file.assumed[axis] = "as in other files of the folder"


def _devices(files: list[RawFile]) -> dict[str, RawFile]:
    """Name of a device -> one of its files; files with the same settings are of one device."""
    devices: dict[str, RawFile] = {}
    known: dict[str, str] = {}
    for file in files:
        reader, key = file.settings["reader"], json.dumps(file.settings, sort_keys=True)
        if key not in known:
            number = sum(device.settings["reader"] == reader for device in devices.values()) + 1
            known[key] = reader if number == 1 else f"{reader}_{number}"
            devices[known[key]] = file
        file.assumed["device"] = known[key]
    return devices


def _rows(files: list[RawFile], left_out: dict[str, str]) -> list[tuple[tuple[str, str, str], RawFile]]:
    """Participant, session and trial of each file; one trial where names begin alike and signals differ."""
    rows: list[tuple[tuple[str, str, str], RawFile]] = []
    for file in files:
        person, session = _visit(file.path)
        stem = file.path.stem
        trial = re.sub(r"[^A-Za-z0-9_-]", "_", stem).lstrip("-") or "trial"
        for (other_person, other_session, other_trial), other in rows:
            alike = stem == other.path.stem or stem.startswith(f"{other.path.stem}_")
            if alike and (other_person, other_session) == (person, session):
                held = {kind for key, each in rows for kind in each.recording.signals if key[2] == other_trial}
                if held.isdisjoint(file.recording.signals):
                    trial = other_trial
                elif file.path.suffix != other.path.suffix:
                    left_out[file.path.as_posix()] = f"its signals are in {other.path.name}"
                    trial = ""
                break
        if trial:
            rows.append(((person, session, trial), file))
    return rows


def _visit(path: Path) -> tuple[str, str]:
    """Participant and session that folders, or the first part of the name, tell."""
    folders = [re.sub(r"[^A-Za-z0-9-]", "-", part).strip("-") or "x" for part in path.parts[:-1]]
    first = re.split(r"[_\s.]", path.stem)[0]
    people = [part for part in folders if _is_person(part)]
    if people:
        after = folders[folders.index(people[0]) + 1 :]
        return people[0], after[0] if after else "1"
    return (first if _is_person(first) else "P01"), "1"


def _is_person(name: str) -> bool:
    """Whether letters and digits may name a participant: not DJ1 or squat2, which name a trial."""
    letters = name.rstrip("0123456789-").lower()
    of_trial = TRIAL_WORDS.union(*TASK_WORDS.values())
    return bool(_PERSON.fullmatch(name)) and letters not in of_trial


def _tables(
    folder: Path,
    rows: list[tuple[tuple[str, str, str], RawFile]],
    devices: dict[str, RawFile],
    left_out: dict[str, str],
) -> StudyDraft:
    """Tables of trials and recordings, and what is left to say about them."""
    keys = ["participant_id", "session_id", "trial_id"]
    tasks: dict[tuple[str, str, str], str] = {}
    for key, file in rows:
        tasks[key] = tasks.get(key) or file.task
    draft = StudyDraft(
        folder,
        pd.DataFrame([(*key, task) for key, task in tasks.items()], columns=[*keys, "task"]),
        pd.DataFrame(
            [(*key, file.assumed["device"], file.path.as_posix()) for key, file in rows],
            columns=[*keys, "device", "path"],
        ),
        left_out=left_out,
    )
    used = set(draft.recordings["device"])
    for name in [name for name in devices if name not in used]:
        del devices[name]
    empty = draft.trials.index[draft.trials["task"] == ""]
    if len(empty):
        draft.to_fill_in.append(f"trials.tsv, row {', '.join(str(row + 2) for row in empty)}: {WHICH_TASK}")
    names = sum(file.assumed.get("task") == "from the name of the file" for _, file in rows)
    forces = sum(file.assumed.get("task") == "from the course of the force" for _, file in rows)
    if names + forces:
        draft.assumed.append(
            f"trials.tsv, task: {names} from the name of the file, {forces} from the course of the force"
        )
    draft.assumed.append("participant and session: from folders and file names, see recordings.tsv")
    return draft


def _settings_text(folder: Path, devices: dict[str, RawFile], draft: StudyDraft) -> str:
    """Text of study.yaml, with comments; what has to be filled in is empty."""
    described, comments = {}, dict[str, str]()
    for name, file in devices.items():
        settings = {key: value for key, value in file.settings.items() if not isinstance(value, dict)}
        questions = file.questions()
        settings |= dict.fromkeys(questions)
        described[name] = settings | {key: value for key, value in file.settings.items() if isinstance(value, dict)}
        for key, words in file.assumed.items():
            if key in described[name] and described[name][key] is not None:
                comments[f"devices.{name}.{key}"] = f"assumed: {words}"
                draft.assumed.append(f"study.yaml, devices.{name}.{key}: {words}")
        if "markers" in file.assumed:
            comments[f"devices.{name}"] = file.assumed["markers"]
            draft.assumed.append(f"study.yaml, devices.{name}: {file.assumed['markers']}")
        comments |= {f"devices.{name}.{key}": f"{TO_FILL_IN}: {words}" for key, words in questions.items()}
        draft.to_fill_in += [f"study.yaml, devices.{name}.{key}: {words}" for key, words in questions.items()]
    first = next(iter(described.values()))
    axes = {axis: first[axis] for axis in ("up", "forward")}
    study: dict[str, Any] = {"name": re.sub(r"[^A-Za-z0-9_-]", "_", folder.resolve().name).lstrip("-")[:64] or "study"}
    # The axes of the first device are those of the laboratory; other devices name their own where they differ.
    study["lab"] = axes
    for axis in axes:
        place = f"devices.{next(iter(described))}.{axis}"
        if place in comments:
            comments[f"lab.{axis}"] = comments[place]
        draft.to_fill_in = [entry.replace(place, f"lab.{axis}") for entry in draft.to_fill_in]
        draft.assumed = [entry.replace(place, f"lab.{axis}") for entry in draft.assumed]
    for name, settings in described.items():
        for axis, value in axes.items():
            if settings[axis] == value:
                del settings[axis]
                other = f"study.yaml, devices.{name}.{axis}: "
                draft.to_fill_in = [entry for entry in draft.to_fill_in if not entry.startswith(other)]
                draft.assumed = [entry for entry in draft.assumed if not entry.startswith(other)]
    several = draft.recordings.groupby(["participant_id", "session_id", "trial_id"])["device"].nunique()
    if (several > 1).any():
        study["synchronisation"] = "shared_clock"
        comments["synchronisation"] = "assumed: the devices of a trial were started together"
        draft.assumed.append("study.yaml, synchronisation: the devices of a trial were started together")
    head = [f"Draft of legsci init. Look at each line with a comment; those marked {TO_FILL_IN} are empty and needed."]
    return yaml_text(study | {"devices": described}, comments, [*head, "Only a person knows:", *ALSO_ASKED])


def _write(draft: StudyDraft, settings: str) -> None:
    """Write the draft, each file whole."""
    people = draft.trials[["participant_id"]].drop_duplicates()
    tables = {
        "participants": people.assign(sex="n/a", height_m="n/a", body_mass_kg="n/a"),
        "sessions": draft.trials[["participant_id", "session_id"]].drop_duplicates().assign(date="n/a", day=0),
        "trials": draft.trials.assign(leg="both", load_kg=0, drop_height_m="n/a"),
        "recordings": draft.recordings,
    }
    for name in TABLES:
        with atomic_write(draft.folder / f"{name}.tsv") as unfinished:
            tables[name].to_csv(unfinished, sep="\t", index=False, lineterminator="\n")
    with atomic_write(draft.folder / "study.yaml") as unfinished:
        unfinished.write_text(settings, encoding="utf-8")
