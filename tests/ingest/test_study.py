"""Study folders: what is read, and that everything wrong with one is said at once."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from legsci.ingest import check
from legsci.ingest.check import check_recordings, check_study, quiet_force
from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError, StudyError
from legsci.ingest.readers import READERS, SETTINGS
from legsci.ingest.recording import Recording
from legsci.ingest.session import build_session
from legsci.ingest.study import STUDY_TABLES, absent_tasks, read_study
from legsci.ingest.tables import load_schema
from legsci.mechanics.reps.curation import EVENT_ORDER
from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.mechanics.reps.squats import BORDERS
from legsci.vocabulary import new_name

GRAVITY = 9.80665

STUDY_YAML = """\
name: small
title: A small study
simulated: true
lab: {up: z, forward: y}
devices:
  mocap:
    reader: c3d
    markers: {LASI: left_anterior_superior_iliac_spine, RASI: right_anterior_superior_iliac_spine}
    plates:
      1: {foot: left}
      2: {foot: right}
  plate:
    reader: delimited
    up: y
    forward: -x
    rate_hz: 1000
    plates:
      1: {foot: both, columns: {up: Fz}}
"""
TABLE_TEXT = {
    "participants": """\
participant_id	sex	age_years	body_mass_kg	beighton_score	note
P01	female	24	61.5	3	n/a
P02	male	31.5	n/a	n/a	plays "handball"
P03	n/a	n/a	n/a	n/a	n/a
""",
    "sessions": """\
participant_id	session_id	date	day	body_mass_kg
P01	S01	2025-01-06	n/a	61.2
P01	S02	2025-01-13	n/a	61.0
P02	S01	n/a	0	80
P03	S01	n/a	0	n/a
""",
    "trials": """\
participant_id	session_id	trial_id	task	leg	load_kg	drop_height_m	set
P01	S01	cmj_1	countermovement_jump	both	0	n/a	1
P01	S01	cmj_2	countermovement_jump	both	20	n/a	1
P01	S02	cmj_1	countermovement_jump	both	0	n/a	1
P01	S02	dj_1	drop_jump	both	n/a	0.3	2
P02	S01	cmj_1	countermovement_jump	left	0	n/a	1
P03	S01	sj_1	squat_jump	both	0	n/a	1
""",
    "recordings": """\
participant_id	session_id	trial_id	device	path
P01	S01	cmj_1	mocap	raw/a.c3d
P01	S01	cmj_2	mocap	raw/b.c3d
P01	S02	cmj_1	mocap	raw/c.c3d
P01	S02	dj_1	plate	raw/d.txt
P02	S01	cmj_1	plate	raw/e.txt
P03	S01	sj_1	plate	raw/f.txt
""",
    "exposure": "participant_id\tweek\ttraining_hours\tsessions\tload\nP01\t1\t6.5\t4\t2100\n",
    "curation": (
        "participant_id\tsession_id\ttrial_id\trep\twhat\tevent\tvalue\treason\tinitials\n"
        "P01\tS01\tcmj_2\tn/a\texclude\tn/a\tn/a\tfell\tAB\n"
        "P01\tS01\tcmj_1\t1\tmove_event\ttakeoff\t2.5\tnoise\tAB\n"
    ),
}


def saying(**said: object) -> str:
    """Text of a recording for the reader below: what it shall answer."""
    return json.dumps({"mass_kg": 61.2, "rate_hz": 1000.0, "plates": ["1", "2"], "labels": ["LASI", "RASI"], **said})


def saying_reader(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Answer what the file says: two seconds of standing."""
    said = json.loads(path.read_text())
    if "refused" in said:
        raise RecordingError(str(path), [Fault(path.name, said.get("where", ""), "a recording", said["refused"])])
    count, plates, rate = int(2 * said["rate_hz"]), said["plates"], {"sampling_rate_hz": said["rate_hz"]}
    force = np.full((len(plates), count, 1), said["mass_kg"] * GRAVITY / len(plates))
    marker = np.zeros((count, len(said["labels"]), 3))
    return Recording(
        {
            "force": xr.Dataset(
                {"force": (("plate", "time", "axis"), force)}, {"plate": plates, "axis": [device.up[-1]]}, attrs=rate
            ),
            "markers": xr.Dataset(
                {"position": (("time", "marker", "axis"), marker)}, {"marker": said["labels"]}, attrs=rate
            ),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study folder without a fault."""
    monkeypatch.setattr(check, "READERS", dict.fromkeys(READERS, saying_reader))
    root = tmp_path / "small"
    (root / "raw").mkdir(parents=True)
    (root / "study.yaml").write_text(STUDY_YAML)
    for name, text in TABLE_TEXT.items():
        (root / f"{name}.tsv").write_text(text)
    for name, mass_kg in {
        "a.c3d": 61.2,
        "b.c3d": 81.2,
        "c.c3d": 61.2,
        "d.txt": 61.0,
        "e.txt": 80.0,
        "f.txt": 70.0,
    }.items():
        plates = ["1", "2"] if name.endswith("c3d") else ["1"]
        (root / "raw" / name).write_text(saying(mass_kg=mass_kg, plates=plates))
    (tmp_path / "elsewhere.c3d").write_text(saying())
    return root


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return an action that replaces a text that stands once in a file of the study."""

    def action(root: Path) -> None:
        text = (root / file).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (root / file).write_text(text.replace(old, new))

    return action


def add(file: str, text: str) -> Callable[[Path], None]:
    """Return an action that appends to a file of the study."""

    def action(root: Path) -> None:
        with (root / file).open("a") as stream:
            stream.write(text)

    return action


def link_out(root: Path) -> None:
    """Let a recording be a link to a file outside the study folder."""
    (root / "raw" / "f.txt").unlink()
    (root / "raw" / "f.txt").symlink_to(root.parent / "elsewhere.c3d")


def decompose(root: Path) -> None:
    """Name a recording with an accent in one piece, its file with the accent apart."""
    (root / "raw" / "e.txt").rename(root / "raw" / "e\u0301.txt")
    edit("recordings.tsv", "raw/e.txt", "raw/\u00e9.txt")(root)


def record_twice(root: Path) -> None:
    """Give a trial a second file of its device, which holds the same signals."""
    (root / "raw" / "h.txt").write_text(saying(plates=["1"], mass_kg=70.0))
    add("recordings.tsv", "P03\tS01\tsj_1\tplate\traw/h.txt\n")(root)


def give_part(text: str, part: str) -> Callable[[Path], None]:
    """Return an action that describes the text of a device of its own and names a part of its file."""

    def action(root: Path) -> None:
        (root / "raw" / "k.txt").write_text(saying(plates=["1"]))
        columns = "plates: {1: {columns: {up: Fz}}}"
        add("study.yaml", f"  lists: {{reader: delimited, rate_hz: 1000, {columns}, text: {text}}}\n")(root)
        add("trials.tsv", "P03\tS01\tsj_k\tsquat_jump\tboth\t0\tn/a\t1\n")(root)
        lines = (root / "recordings.tsv").read_text().splitlines()
        rows = [f"{lines[0]}\tpart", *(f"{line}\tn/a" for line in lines[1:])]
        rows.append(f"P03\tS01\tsj_k\tlists\traw/k.txt\t{part}")
        (root / "recordings.tsv").write_text("\n".join(rows) + "\n")

    return action


def record_nothing(root: Path) -> None:
    """Add a recording of a trial that no table has."""
    (root / "raw" / "y.txt").write_text(saying(plates=["1"]))
    add("recordings.tsv", "P03\tS01\tsj_9\tplate\traw/y.txt\n")(root)


# What is planted -> how, and what the message says of it: file and place, what was expected, what was found.
PLANTED: dict[str, tuple[Callable[[Path], None], tuple[str, str, str]]] = {
    "repeated YAML key": (
        edit("study.yaml", "title: A small study\n", "title: A small study\ntitle: Another\n"),
        ("study.yaml: line 3, title", "each key once", "the key again"),
    ),
    "unknown YAML key": (
        edit("study.yaml", "simulated: true", "simulated: true\nlicense: MIT"),
        ("study.yaml: license", "a known key", "did you mean licence?"),
    ),
    "unknown reader": (
        add("study.yaml", "  insole: {reader: cd3}\n"),
        ("study.yaml: devices.insole.reader", "one of bioware, c3d", "'cd3' (did you mean c3d?)"),
    ),
    "up is forward": (
        add("study.yaml", "  tilted: {reader: c3d, up: y}\n"),
        ("study.yaml: devices.tilted", "different axes", "up y and forward y"),
    ),
    "plate without channels": (
        add("study.yaml", "  bare: {reader: delimited, plates: {1: {foot: left}}}\n"),
        ("study.yaml: devices.bare.plates.1", "the channels of the plate", "a plate without channels"),
    ),
    "rate out of bounds": (
        add("study.yaml", "  slow: {reader: c3d, rate_hz: 0}\n"),
        ("study.yaml: devices.slow.rate_hz", "[Hz], above 0", "found 0"),
    ),
    "age out of bounds": (
        edit("participants.tsv", "P01\tfemale\t24", "P01\tfemale\t240"),
        ("participants.tsv: row 2, age_years", "3 to 110", "'240'"),
    ),
    "choice that is none": (
        edit("participants.tsv", "P02\tmale", "P02\tmales"),
        ("participants.tsv: row 3, sex", "one of female, male, other", "did you mean male?"),
    ),
    "key twice": (
        add("participants.tsv", "P03\tn/a\tn/a\tn/a\tn/a\tn/a\n"),
        ("participants.tsv: row 5, participant_id", "a key that no other row has", "P03 again, as in row 4"),
    ),
    "misspelt column": (
        edit("sessions.tsv", "body_mass_kg", "body_mas_kg"),
        ("sessions.tsv: row 1", "known columns", "body_mas_kg (did you mean body_mass_kg?)"),
    ),
    "bad date": (
        edit("sessions.tsv", "2025-01-13", "2025-02-30"),
        ("sessions.tsv: row 3, date", "YYYY-MM-DD", "'2025-02-30'"),
    ),
    "neither date nor day": (
        edit("sessions.tsv", "P03\tS01\tn/a\t0", "P03\tS01\tn/a\tn/a"),
        ("sessions.tsv: row 5", "date or day", "n/a there"),
    ),
    "session of nobody": (
        add("sessions.tsv", "P09\tS01\tn/a\t0\tn/a\n"),
        ("sessions.tsv: row 6, participant_id", "a row of participants.tsv", "P09, which is in none"),
    ),
    "unknown task": (
        edit("trials.tsv", "squat_jump", "squatjump"),
        ("trials.tsv: row 7, task", "a task: one of standing", "squatjump (did you mean squat_jump?)"),
    ),
    "decimal comma": (
        edit("trials.tsv", "drop_jump\tboth\tn/a\t0.3", "drop_jump\tboth\tn/a\t0,3"),
        ("trials.tsv: row 5, drop_height_m", "height of the box [m]", "'0,3'"),
    ),
    "ragged row": (
        add("trials.tsv", "P03\tS01\tsj_2\tsquat_jump\tboth\n"),
        ("trials.tsv: row 8", "8 cells, as in the header", "5 cells"),
    ),
    "trial without recording": (
        add("trials.tsv", "P03\tS01\tsj_3\tsquat_jump\tboth\t0\tn/a\t1\n"),
        ("trials.tsv: row", "a row of recordings.tsv", "P03, S01, sj_3, which is in none"),
    ),
    "unknown device": (
        edit("recordings.tsv", "mocap\traw/c.c3d", "mocab\traw/c.c3d"),
        ("recordings.tsv: row 4, device", "a device of study.yaml", "mocab (did you mean mocap?)"),
    ),
    "path upwards": (
        edit("recordings.tsv", "raw/e.txt", "../elsewhere.c3d"),
        ("recordings.tsv: row 6, path", "inside the study folder", "../elsewhere.c3d"),
    ),
    "link out": (
        link_out,
        ("recordings.tsv: row 7, path", "inside the study folder", "raw/f.txt, a link that leaves the study folder"),
    ),
    "no such file": (
        edit("recordings.tsv", "raw/b.c3d", "raw/z.c3d"),
        ("recordings.tsv: row 3, path", "a file", "no file raw/z.c3d"),
    ),
    "recording of no trial": (
        record_nothing,
        ("recordings.tsv: row 8, trial_id", "a row of trials.tsv", "P03, S01, sj_9, which is in none"),
    ),
    "commas": (
        edit("exposure.tsv", "participant_id\tweek\ttraining_hours\tsessions\tload", "participant_id,week,load"),
        ("exposure.tsv: row 1", "separated by tabs", "separated by commas"),
    ),
    "curation without a value": (
        edit("curation.tsv", "takeoff\t2.5", "takeoff\tn/a"),
        ("curation.tsv: row 3", "event and value with move_event", "n/a there"),
    ),
    "curation under an old name of an event": (
        edit("curation.tsv", "move_event\ttakeoff", "move_event\tlowering_end"),
        (
            "curation.tsv: row 3, event",
            "event that can be moved: one of touchdown, movement_start",
            "'lowering_end' (now called eccentric_end, which cannot be moved)",
        ),
    ),
    "curation of no trial": (
        edit("curation.tsv", "cmj_2", "cmj_7"),
        ("curation.tsv: row 2, trial_id", "a row of trials.tsv", "P01, S01, cmj_7"),
    ),
    "marker label in no file": (
        edit("study.yaml", "{LASI: left", "{LPSI: left_posterior_superior_iliac_spine, LASI: left"),
        ("study.yaml: devices.mocap.markers.LPSI", "one of the markers", "they hold LASI, RASI"),
    ),
    "plate in no file": (
        edit("study.yaml", "      2: {foot: right}", "      2: {foot: right}\n      3: {foot: box}"),
        ("study.yaml: devices.mocap.plates.3", "one of the plates", "they hold 1, 2"),
    ),
    "rate against the recordings": (
        edit("study.yaml", "rate_hz: 1000", "rate_hz: 500"),
        ("study.yaml: devices.plate.rate_hz", "the rate of the recordings [Hz], 1000", "found 500"),
    ),
}


def faults_of(folder: Path) -> list[str]:
    """Return the lines of what check_study complains of."""
    with pytest.raises(StudyError) as caught:
        check_study(folder)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith(f"small: {len(lines) - 1} fault" + ("s" if len(lines) > 2 else ""))
    return lines[1:]


def test_dates_in_another_form_are_one_line(folder: Path) -> None:
    for old, new in (("2025-01-06", "6/1/25"), ("2025-01-13", "13/1/25")):
        edit("sessions.tsv", old, new)(folder)
    (line,) = faults_of(folder)
    assert line.strip().startswith("sessions.tsv: row 2 and below, date: expected")
    assert line.endswith("found '6/1/25', '13/1/25' in 2 rows")


@pytest.mark.parametrize("name", PLANTED)
def test_one_planted_fault_is_one_line(folder: Path, name: str) -> None:
    """Each fault alone gives one line that says where, what was expected and what was found."""
    plant, (where, expected, found) = PLANTED[name]
    plant(folder)
    (line,) = faults_of(folder)
    assert line.strip().startswith(where)
    before, _, after = line.partition("; found ")
    assert expected in before
    assert found.removeprefix("found ") in after


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (
            decompose,
            "recordings.tsv: row 6, path: expected a file; found no file raw/\u00e9.txt, but one of the same name ",
        ),
        (
            add("injurys.tsv", "participant_id\n"),
            "injurys.tsv: expected a table: one of participants, sessions, trials, recordings, exposure, health, "
            "injuries, curation, reference, measurements, reliability; found injurys (did you mean injuries?)",
        ),
        (
            record_twice,
            "recordings.tsv: row 8, trial_id: expected one recording of plate for each trial that holds force; "
            "found another in row 7",
        ),
        (give_part("{layout: long}", "jump 3"), "recordings.tsv: row 8, part: expected rows a:b, or text.trial_column"),
        (
            give_part("{layout: long}", "rows 9:2"),
            "recordings.tsv: row 8, part: expected rows a:b, or text.trial_column",
        ),
        (give_part("{layout: wide}", "n/a"), "recordings.tsv: row 8, part: expected the number of a trial, from 1"),
        (give_part("{header_rows: 1}", "2"), "recordings.tsv: row 8, part: expected n/a, since a file of lists is one"),
    ],
)
def test_faults_that_only_the_recordings_would_show_are_listed_before(
    folder: Path, plant: Callable[[Path], None], said: str
) -> None:
    """Each says itself once for each signal concerned, and nothing else."""
    plant(folder)
    assert {line.strip().replace("markers", "force")[: len(said)] for line in faults_of(folder)} == {said}


@pytest.mark.parametrize(("text", "part"), [("{layout: long}", "rows 2:9"), ("{layout: wide}", "2")])
def test_parts_that_a_device_may_have_are_no_fault(folder: Path, text: str, part: str) -> None:
    """Rows of a long file need no column of names; a trial of a wide one is a number."""
    give_part(text, part)(folder)
    assert check_study(folder).recordings["part"].iloc[-1] == part


@pytest.mark.parametrize(
    ("word", "refused"),
    [
        ("No", True),
        ("0", True),
        ("-", True),
        ("no injury", True),
        ("none", False),
        ("None", False),
        ("noted: ACL", False),
    ],
)
def test_no_earlier_injury_is_the_word_none(folder: Path, word: str, refused: bool) -> None:
    """Any other word is read as an injury, so that another one for no is refused."""
    text = (folder / "participants.tsv").read_text().splitlines()
    cells = ["previous_injury", word, "knee", "n/a"]
    lines = [f"{line}\t{cell}" for line, cell in zip(text, cells, strict=True)]
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    if refused:
        (line,) = faults_of(folder)
        assert line.strip().startswith(
            "participants.tsv: row 2, previous_injury: expected previous leg injury in words"
        )
        assert line.endswith(f"found {word!r}")
    else:
        assert check_study(folder).participants["previous_injury"].iloc[0] == word


def test_tables_of_other_names_are_the_folders_own(folder: Path) -> None:
    """What resembles no table that is lacking is left alone, and so is what macOS leaves behind."""
    for name in ("wearables.tsv", "trials_backup.tsv", "._injurys.tsv"):
        (folder / name).write_text("a\n1\n")
    assert len(check_study(folder).recordings) == 6


def test_tables_of_headers_alone_lack_a_row(folder: Path) -> None:
    """No trial yet: every needed table is named, none of the others."""
    for name in ("participants", "sessions", "trials", "recordings", "exposure", "curation"):
        (folder / f"{name}.tsv").write_text(TABLE_TEXT[name].splitlines()[0] + "\n")
    assert [line.strip() for line in faults_of(folder)] == [
        f"{name}.tsv: expected at least one row; found none"
        for name in ("participants", "recordings", "sessions", "trials")
    ]


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (edit("study.yaml", "name: small", "name: [small"), "study.yaml: line"),
        (
            edit("study.yaml", "  plate:\n    reader: delimited", "  plate:\n    reader: delimitd"),
            "devices.plate.reader",
        ),
        (edit("recordings.tsv", "mocap\traw/c.c3d", "mocab\traw/c.c3d"), "recordings.tsv: row 4, device"),
    ],
)
def test_a_device_that_cannot_be_used_has_no_second_fault_about_clocks(
    folder: Path, plant: Callable[[Path], None], said: str
) -> None:
    """A trial recorded by two devices, of which one is unknown, misspelt, or not described at all."""
    (folder / "raw" / "h.txt").write_text(saying(plates=["2"]))
    add("recordings.tsv", "P01\tS02\tcmj_1\tplate\traw/h.txt\n")(folder)
    plant(folder)
    (line,) = faults_of(folder)
    assert said in line


@pytest.mark.parametrize("task", ["gait", "walking", "lunge", "sit_to_stand", "CMJ"])
def test_a_trial_of_a_task_that_legsci_lacks_is_rejected_by_its_name_and_stops_nothing(folder: Path, task: str) -> None:
    """A laboratory's table lists all that it recorded; the recording is not even opened."""
    edit("trials.tsv", "P01\tS01\tcmj_2\tcountermovement_jump", f"P01\tS01\tcmj_2\t{task}")(folder)
    (folder / "raw" / "b.c3d").write_text("what no reader can read")
    study = check_study(folder)
    session = build_session(study, "P01", "S01")
    assert "unknown_task" not in session.children["cmj_1"].attrs["faults"]
    ((code, said),) = json.loads(session.children["cmj_2"].attrs["faults"])
    assert code == "unknown_task"
    assert said.startswith(task)
    assert "standing, countermovement_jump, squat_jump, drop_jump, landing, squat" in said
    assert not session.children["cmj_2"].children
    assert absent_tasks(study.trials) == {3: task}


@pytest.mark.parametrize("task", ["countermovment_jump", "Squat Jump", "squat-jump", "drop_jumps", "sprints"])
def test_a_misspelt_task_is_a_fault_of_the_table(folder: Path, task: str) -> None:
    """Its trial was meant to be scored."""
    edit("trials.tsv", "P01\tS01\tcmj_2\tcountermovement_jump", f"P01\tS01\tcmj_2\t{task}")(folder)
    (line,) = faults_of(folder)
    assert line.strip().startswith("trials.tsv: row 3, task: expected a task: one of standing")
    assert f"found {task} (did you mean" in line


def test_a_study_none_of_whose_tasks_legsci_has_is_refused(folder: Path) -> None:
    """There is nothing to run: every row is named."""
    table = folder / "trials.tsv"
    table.write_text(re.sub("countermovement_jump|drop_jump|squat_jump", "gait", table.read_text()))
    assert [line.strip().split(":")[1] for line in faults_of(folder)] == [f" row {row}, task" for row in range(2, 8)]


def test_two_files_that_complement_each_other_are_no_fault(folder: Path) -> None:
    """Markers in one file of a device and forces in another."""
    record_twice(folder)

    def half(path: Path, *, device: Device, part: str | None = None) -> Recording:
        recording = saying_reader(path, device=device, part=part)
        kind = "markers" if path.name == "h.txt" else "force"
        return Recording({kind: recording.signals[kind]})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "READERS", {**check.READERS, "delimited": half})
        assert check_recordings(read_study(folder)) == []


def test_all_planted_faults_are_listed_at_once(folder: Path) -> None:
    """Many faults in one folder: one message with a line for each and no others."""
    assert len(PLANTED) >= 20
    for plant, _ in PLANTED.values():
        plant(folder)
    lines = faults_of(folder)
    for name, (_, said) in PLANTED.items():
        assert sum(all(text in line for text in said) for line in lines) == 1, name
    assert len(lines) == len(PLANTED)


def test_a_folder_without_a_fault_is_read_with_its_types(folder: Path) -> None:
    """Values, types, row numbers, missing values and tables that the folder does not have."""
    study = check_study(folder)
    assert (study.name, study.simulated, study.folder) == ("small", True, folder)
    assert study.devices["mocap"].plates["2"].foot == "right"
    assert (study.devices["mocap"].up, study.devices["mocap"].forward) == ("z", "y")
    assert (study.devices["plate"].up, study.devices["plate"].forward) == ("y", "-x")
    assert study.devices["plate"].plates["1"].columns == {"up": "Fz"}
    assert study.participants.index.tolist() == [2, 3, 4]
    assert study.participants["age_years"].tolist()[:2] == [24.0, 31.5]
    assert study.participants["note"].tolist()[1] == 'plays "handball"'
    assert study.participants["beighton_score"].dtype == "Int64"
    assert study.sessions["date"].iloc[0] == pd.Timestamp(2025, 1, 6)
    assert study.sessions["date"].isna().tolist() == [False, False, True, True]
    assert study.trials["drop_height_m"].tolist()[3] == 0.3
    assert study.recordings["part"].isna().all()
    assert study.injuries.empty
    assert list(study.injuries.columns) == list(load_schema("injuries")["properties"])
    assert study.injuries["onset"].dtype == study.sessions["date"].dtype
    assert study.injuries["time_loss_days"].dtype == "float64"


def test_byte_order_mark_and_windows_line_ends_are_read(folder: Path) -> None:
    """What spreadsheets on Windows write is the same table."""
    plain = read_study(folder).trials
    text = (folder / "trials.tsv").read_text()
    (folder / "trials.tsv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    pd.testing.assert_frame_equal(read_study(folder).trials, plain)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("study.yaml", b"name: [", "study.yaml: line 1: expected YAML"),
        ("study.yaml", b"- a\n- b\n", "expected keys with values; found list"),
        ("study.yaml", b"a: &b 1\nname: *b\n", "expected no aliases"),
        ("study.yaml", b"a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
        ("study.yaml", b"name: \xff\n", "study.yaml: expected UTF-8 text"),
        ("trials.tsv", b"participant_id\t\xff\n", "trials.tsv: expected UTF-8 text"),
        (
            "trials.tsv",
            b"PK\x03\x04\x14\x00",
            "trials.tsv: expected text; found a spreadsheet: save it as tab-separated",
        ),
        ("trials.tsv", b"", "trials.tsv: row 1: expected a name for every column"),
        ("trials.tsv", b"task\ttask\n", "trials.tsv: row 1: expected each column once; found task 2 times"),
        ("trials.tsv", b"participant_id\tsession_id\ttrial_id\n", "trials.tsv: row 1: expected the column task"),
        ("sessions.tsv", b"participant_id\tsession_id\tday\nP01\t\t0\n", "row 2, session_id: expected a value, or n/a"),
        ("sessions.tsv", b"participant_id\tsession_id\tday\nP01\tn/a\t0\n", "row 2, session_id: expected letters"),
        ("sessions.tsv", b"participant_id\tsession_id\tday\nP 01\tS01\t0\n", "row 2, participant_id: expected letters"),
        ("sessions.tsv", b"participant_id\tsession_id\tday\nP01\tS01\t1.5\n", "whole number 0 to 36500; found '1.5'"),
        ("sessions.tsv", b"participant_id\tsession_id\tday\nP01\tS01\tnan\n", "whole number 0 to 36500; found 'nan'"),
        ("exposure.tsv", b"participant_id\tweek\nP77\t1\n", "exposure.tsv: row 2, participant_id: expected a row of"),
    ],
)
def test_broken_files_are_said_and_not_raised_raw(folder: Path, file: str, content: bytes, said: str) -> None:
    """Whatever stands in a file, the answer is a list of sentences."""
    (folder / file).write_bytes(content)
    assert any(said in line for line in faults_of(folder))


@pytest.mark.parametrize("file", ["study.yaml", "participants.tsv", "sessions.tsv", "trials.tsv", "recordings.tsv"])
def test_a_required_file_that_is_absent_is_a_fault(folder: Path, file: str) -> None:
    """An absent file is named."""
    (folder / file).unlink()
    assert any(line.strip().startswith(f"{file}: expected") and "no such file" in line for line in faults_of(folder))


def test_an_absent_folder_is_a_fault(tmp_path: Path) -> None:
    """A misspelt path is said as such."""
    with pytest.raises(StudyError, match="expected a study folder; found no such folder"):
        read_study(tmp_path / "nowhere")


@pytest.mark.parametrize("path", ["/etc/hostname", "C:/data/a.c3d", "raw\\a.c3d", "raw/../../elsewhere.c3d"])
def test_paths_that_leave_the_study_folder_are_refused(folder: Path, path: str) -> None:
    """Absolute paths, drives, backslashes and steps upwards never reach a reader."""
    edit("recordings.tsv", "raw/a.c3d", path)(folder)
    (line,) = faults_of(folder)
    assert "inside the study folder" in line


def test_recordings_may_still_be_fetched(folder: Path) -> None:
    """Without recordings the tables read; paths out of the folder remain faults."""
    shutil.rmtree(folder / "raw")
    assert len(read_study(folder, require_recordings=False).recordings) == 6
    with pytest.raises(StudyError, match="6 faults"):
        read_study(folder)
    edit("recordings.tsv", "raw/a.c3d", "../a.c3d")(folder)
    with pytest.raises(StudyError, match="1 fault\n"):
        read_study(folder, require_recordings=False)


def test_several_devices_in_one_trial_need_a_word_on_their_clocks(folder: Path) -> None:
    """Two devices in a trial: the study says how their clocks are related."""
    (folder / "raw" / "g.txt").write_text(saying(plates=["1"]))
    add("recordings.tsv", "P01\tS01\tcmj_1\tplate\traw/g.txt\n")(folder)
    (line,) = faults_of(folder)
    assert "study.yaml: synchronisation: expected how the clocks" in line
    add("study.yaml", "synchronisation: shared_clock\n")(folder)
    assert len(check_study(folder).recordings) == 7


def test_one_bad_recording_is_no_fault_of_the_study(folder: Path) -> None:
    """A recording that cannot be used stays a bad trial as long as another of the device can."""
    (folder / "raw" / "a.c3d").write_text(saying(refused="cut short", labels=[]))
    (folder / "raw" / "b.c3d").write_text(saying(labels=["LASI"], plates=["1"], mass_kg=-61.2))
    assert check_recordings(read_study(folder)) == []


def test_a_device_of_which_no_recording_can_be_read_is_a_fault(folder: Path) -> None:
    """Where every file of a device is refused, each refusal is listed under the recording's path."""
    for name in ("d.txt", "e.txt", "f.txt"):
        (folder / "raw" / name).write_text(saying(refused="rate against time stamps"))
    lines = faults_of(folder)
    assert [line.split(":")[0].strip() for line in lines] == ["raw/d.txt", "raw/e.txt", "raw/f.txt"]


def test_the_only_recording_of_a_device_may_be_bad_unless_a_setting_is(folder: Path) -> None:
    """One file, refused: a bad trial where the file is at fault, a fault of the study where its description is."""
    for name in ("e.txt", "f.txt"):
        edit("recordings.tsv", f"plate\traw/{name}", f"{name[0]}\traw/{name}")(folder)
        add("study.yaml", f"  {name[0]}: {{reader: c3d}}\n")(folder)
    (folder / "raw" / "e.txt").write_text(saying(refused="cut short"))
    (folder / "raw" / "f.txt").write_text(saying(refused="1000 Hz", where="rate_hz"))
    (line,) = faults_of(folder)
    assert line.strip() == "raw/f.txt: rate_hz: expected a recording; found 1000 Hz"


@pytest.mark.parametrize(
    ("mass_kg", "said"),
    [
        (-61.2, "devices.plate.force_sign: expected upward force on the body: set force_sign"),
        (0.0612, "devices.plate.force_unit: expected a standing weight of 20 to 250 kg: set force_unit kN"),
        (61200.0, "devices.plate.force_unit: expected a standing weight of 20 to 250 kg: set force_unit N"),
        (600.0, "devices.plate: expected a standing weight of 20 to 250 kg"),
        (5.0, "found a standing weight of 5 kg in the first of its recordings"),
        (7.0, "forces in kgf or lbf are not read: export them in N"),
        (0.102, "forces in body weights are not read: export them in N"),
    ],
)
def test_a_standing_weight_that_is_nobodys_names_the_setting(folder: Path, mass_kg: float, said: str) -> None:
    """Wrong sign and wrong unit in every recording of a device are faults of the study."""
    for name in ("d.txt", "e.txt", "f.txt"):
        (folder / "raw" / name).write_text(saying(mass_kg=mass_kg, plates=["1"]))
    (line,) = faults_of(folder)
    assert said in line


@pytest.mark.parametrize(
    ("reader", "more", "see"),
    [
        ("opensim", "", "see up, force_sign"),
        ("bioware", "", "see up, force_sign"),
        ("c3d", "", "see up, force_sign"),
        ("c3d", "    force_unit: N\n", "see up, force_sign, force_unit"),
    ],
)
@pytest.mark.parametrize("mass_kg", [-0.1805, 0.004, -0.0001])
def test_a_weight_along_the_wrong_axis_does_not_blame_the_unit(
    folder: Path, mass_kg: float, reader: str, more: str, see: str
) -> None:
    """Horizontal force taken for weight: the axes are wrong; the unit only where it is the study that gives it."""
    edit("study.yaml", "reader: delimited", f"reader: {reader}")(folder)
    edit("study.yaml", ", columns: {up: Fz}", "")(folder)
    add("study.yaml", more)(folder)
    for name in ("d.txt", "e.txt", "f.txt"):
        (folder / "raw" / name).write_text(saying(mass_kg=mass_kg, plates=["1"]))
    (line,) = faults_of(folder)
    assert f"devices.plate: expected a standing weight of 20 to 250 kg: {see}; found" in line


def test_the_bar_is_not_part_of_the_person(folder: Path) -> None:
    """A load of 20 kg is taken off the standing weight: 262 kg with it are 242 kg."""
    for name in ("a.c3d", "c.c3d"):
        (folder / "raw" / name).write_text(saying(refused="cut short"))
    (folder / "raw" / "b.c3d").write_text(saying(mass_kg=262.0))
    assert check_recordings(read_study(folder)) == []
    (folder / "raw" / "b.c3d").write_text(saying(mass_kg=271.0))
    assert len(check_recordings(read_study(folder))) == 1


def test_the_quietest_loaded_second_is_found_among_louder_and_empty_ones() -> None:
    """One second empty, one moving, one still on two plates (300 N + 400 N), one with a gap."""
    rate, generator = 100, np.random.default_rng(4)
    still = np.full(rate, 350.0) + generator.normal(0, 1, rate)
    total = np.concatenate([np.zeros(rate), generator.normal(700, 80, rate), 2 * still, np.full(rate, np.nan)])
    force = np.stack([total * 3 / 7, total * 4 / 7])[:, :, None]
    dataset = xr.Dataset(
        {"force": (("plate", "time", "axis"), -force)},
        {"plate": ["1", "2"], "axis": ["z"]},
        attrs={"sampling_rate_hz": rate},
    )
    assert quiet_force(dataset, Device("d", "c3d", up="-z")) == pytest.approx(2 * still.mean())
    assert quiet_force(dataset, Device("d", "c3d", up="z")) == pytest.approx(-2 * still.mean())
    assert np.isnan(quiet_force(dataset.isel(time=slice(50)), Device("d", "c3d")))
    assert np.isnan(quiet_force(dataset, Device("d", "c3d", up="y", forward="x")))


@pytest.mark.parametrize(
    ("weight", "noise", "drift", "empty"),
    [
        (0.0, 0.5, 0.0, True),
        (0.4, 0.5, 0.0, True),
        (0.0, 0.0, 0.0, True),
        (686.5, 1.0, 3.0, False),
        (0.6865, 0.001, 0.003, False),
        (0.69, 0.01, 0.01, False),
        (500.0, 1.0, 250.0, False),
    ],
)
def test_a_plate_that_nobody_stands_on_tells_nothing_of_sign_and_unit(
    weight: float, noise: float, drift: float, empty: bool
) -> None:
    """Noise about zero is no person of 23 g in kN; a person in kN, or one who never stands still, is one."""
    time_s = np.arange(3000) / 1000.0
    generator = np.random.default_rng(9)
    force = weight + noise * generator.normal(size=time_s.size) + drift * np.sin(2.0 * np.pi * 0.8 * time_s)
    dataset = xr.Dataset(
        {"force": (("plate", "time", "axis"), force[None, :, None])},
        {"plate": ["1"], "axis": ["z"]},
        attrs={"sampling_rate_hz": 1000.0},
    )
    assert np.isnan(quiet_force(dataset, Device("d", "c3d"))) == empty


def test_the_schemas_are_whole() -> None:
    """Every key of every schema is described, no schema takes unknown keys, and readers use settings that exist."""

    def undescribed(schema: dict[str, object], where: str) -> list[str]:
        found = [] if "description" in schema or "title" in schema else [where]
        for kind in ("properties", "patternProperties", "$defs"):
            for key, value in dict(schema.get(kind, {})).items():  # type: ignore[call-overload]
                found += undescribed(value, f"{where}.{key}") if key != "signed_axis" else []
        assert ("properties" in schema) <= (schema.get("additionalProperties") is False), where
        return found

    for name in ("study", *STUDY_TABLES):
        assert undescribed(load_schema(name), name) == []
    described = load_schema("study")["$defs"]["device"]["properties"]
    settings = {*described, *(f"text.{key}" for key in described["text"]["properties"]), "plates.columns"}
    assert {setting for used in SETTINGS.values() for setting in used} <= settings


def test_a_large_study_is_read_quickly(folder: Path) -> None:
    """150 sessions of 8 trials: fast enough to be read whenever a workflow is parsed (0.25 s here, 2 s allowed)."""
    people = [f"P{number:02d}" for number in range(15)]
    visits = [(person, f"S{number:02d}") for person in people for number in range(10)]
    trials = [(*visit, f"cmj_{number}") for visit in visits for number in range(8)]
    columns = "participant_id\tsession_id\ttrial_id"

    def write(name: str, header: str, rows: list[str]) -> None:
        (folder / f"{name}.tsv").write_text("\n".join([header, *rows]) + "\n")

    (folder / "curation.tsv").unlink()
    write("participants", "participant_id", people)
    write("sessions", "participant_id\tsession_id\tday", [f"{p}\t{s}\t{int(s[1:]) * 7}" for p, s in visits])
    write("trials", f"{columns}\ttask", ["\t".join(trial) + "\tcountermovement_jump" for trial in trials])
    write("recordings", f"{columns}\tdevice\tpath", ["\t".join(t) + f"\tmocap\traw/{'_'.join(t)}.c3d" for t in trials])
    read_study(folder, require_recordings=False)
    start = time.perf_counter()
    assert len(read_study(folder, require_recordings=False).trials) == 1200
    assert time.perf_counter() - start < 2.0


def test_the_open_study_holds_against_its_recordings(repository: Path, shared_data: Path, tmp_path: Path) -> None:
    """The study of the repository, with the real recordings: every device is described as its files are."""
    root = tmp_path / "open"
    shutil.copytree(repository / "data" / "raw" / "open", root, ignore=shutil.ignore_patterns("datasets", "downloads"))
    (root / "datasets").mkdir()
    for path in read_study(root, require_recordings=False).recordings["path"]:
        shutil.copy(shared_data / "biomdp-cmj-dj" / Path(path).name, root / path)
    study = check_study(root)
    assert not study.simulated
    assert len(study.recordings) == len(study.trials)


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ("Lowering_End", " (now called eccentric_end, which cannot be moved)"),
        ("lowering_end_s", " (now called eccentric_end_s, eccentric_end cannot be moved)"),
        ("movement_end", " (which cannot be moved)"),
        ("concentric_start", " (which is called propulsion_start)"),
        ("takeof", " (did you mean takeoff?)"),
        ("flight", ""),
    ],
)
def test_an_event_that_exists_is_not_taken_for_another_one(folder: Path, event: str, hint: str) -> None:
    edit("curation.tsv", "move_event\ttakeoff", f"move_event\t{event}")(folder)
    [line] = faults_of(folder)
    assert line.endswith(f"found {event!r}{hint}")


def test_events_that_can_and_cannot_be_moved_are_those_of_repetitions() -> None:
    rule = load_schema("curation")["properties"]["event"]
    assert rule["enum"] == list(EVENT_ORDER)
    assert set(STORED_EVENTS) <= {*rule["enum"], *rule["elsewhere"]}
    assert set(BORDERS) <= {*rule["enum"], *rule["elsewhere"]}


def test_names_that_were_replaced_are_all_recognised(repository: Path) -> None:
    """Every old name of a column, variable or file in the table of renamed things has its new name."""
    table = yaml.safe_load((repository / "benchmarks/renamed.yaml").read_text(encoding="utf-8"))
    for old, new in (table["columns"] | table["variables"]).items():
        assert new_name(old) == new_name(old.upper()) == new
    for old, new in table["files"].items():
        assert new_name(Path(old).stem) == Path(new).stem
    for old, tasks in table["columns_by_task"].items():
        assert {task: new_name(old, task=task) for task in tasks} == tasks
        assert new_name(old, task="countermovement_jump") is None
