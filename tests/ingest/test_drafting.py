"""legsci init: a draft of a study from raw files, which runs once what only a person knows has been filled in."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

import legsci
from legsci.cli import main
from legsci.ingest.drafting.raw_file import RawFile, raw_file
from legsci.ingest.drafting.yaml_text import yaml_text
from legsci.ingest.faults import InputFaults, StudyError
from tests.foreign_files import plate_jump, write_bioware, write_trc, write_two_plates


def told(folder: Path, name: str) -> RawFile:
    """What a file tells."""
    found = raw_file(folder, Path(name))
    assert isinstance(found, RawFile), found
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of raw files of two people: a plate of BioWare, two plates as text, and notes."""
    jump = plate_jump()
    write_bioware(tmp_path / "P01_cmj_1.txt", jump)
    half = 0.5 * jump.jump.force
    (tmp_path / "P02" / "before").mkdir(parents=True)
    write_two_plates(tmp_path / "P02" / "before" / "jump_1.csv", half, half, comma=True)
    (tmp_path / "notes.md").write_text("not a recording\n", encoding="utf-8")
    (tmp_path / "readme.txt").write_text("words\n" * 200, encoding="utf-8")
    return tmp_path


def fill_in(folder: Path, **values: object) -> None:
    """Enter values in the lines of study.yaml that are empty."""
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^( *{key}:)  # TO FILL IN.*$", rf"\g<1> {value}", text)
        assert count
    (folder / "study.yaml").write_text(text, encoding="utf-8")


def test_a_draft_runs_once_it_is_filled_in(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    draft = legsci.init_study(folder)
    assert {path: path.read_bytes() for path in before} == before, "raw files are only read"
    assert list(draft.left_out) == ["notes.md", "readme.txt"]
    assert [entry.split(":")[0] for entry in draft.to_fill_in] == [
        "study.yaml, lab.forward",
        "study.yaml, devices.delimited.rate_hz",
    ]
    with pytest.raises(StudyError, match=r"(?s)2 faults.*devices\.delimited\.rate_hz.*lab\.forward"):
        legsci.check_study(folder)
    fill_in(folder, forward="x", rate_hz=1000)
    study = legsci.check_study(folder)
    trials = study.trials[["participant_id", "session_id", "trial_id", "task"]].to_numpy().tolist()
    assert trials == [
        ["P01", "1", "P01_cmj_1", "countermovement_jump"],
        ["P02", "before", "jump_1", "countermovement_jump"],
    ]
    assert study.devices["bioware"].up == "-z"
    assert study.devices["delimited"].text["decimal"] == ","
    assert {key: setup.columns for key, setup in study.devices["delimited"].plates.items()} == {
        "1": {"up": "FP1"},
        "2": {"up": "FP2"},
    }


def test_what_was_assumed_is_marked_beside_it(folder: Path) -> None:
    draft = legsci.init_study(folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    assert re.search(r"plates:  # assumed: which foot stands on which plate", text)
    assert re.search(r"up: -z  # assumed: the axis of the largest force", text)
    assert any("which foot" in entry for entry in draft.assumed)
    assert any("task: 1 from the name of the file, 1 from the course of the force" in entry for entry in draft.assumed)
    for known in ("sex", "date", "drop_height_m"):
        assert known in str(draft)


def test_nothing_is_overwritten(folder: Path) -> None:
    legsci.init_study(folder)
    before = (folder / "trials.tsv").read_bytes()
    with pytest.raises(StudyError, match=r"(?s)study\.yaml.*a draft overwrites nothing"):
        legsci.init_study(folder)
    assert (folder / "trials.tsv").read_bytes() == before


def test_a_folder_without_recordings_says_why(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name,age\nA,20\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"people\.csv.*no table of numbers with a vertical force"):
        legsci.init_study(tmp_path)
    assert not (tmp_path / "study.yaml").exists()
    with pytest.raises(StudyError, match="no such folder"):
        legsci.init_study(tmp_path / "absent")


def test_axes_and_labels_follow_from_markers(tmp_path: Path) -> None:
    """A person who stands facing -x of a file whose y is up, with labels of Plug-in Gait."""
    still = np.ones((20, 1))
    places = {
        "ASI": (-0.1, 1.0),
        "PSI": (0.1, 1.0),
        "KNE": (0.0, 0.5),
        "ANK": (0.0, 0.1),
        "TOE": (-0.2, 0.03),
        "HEE": (0.05, 0.03),
    }
    markers = {
        f"{side}{label}": still * np.array([x, y, z])
        for side, z in (("L", 0.1), ("R", -0.1))
        for label, (x, y) in places.items()
    }
    write_trc(tmp_path / "static.trc", markers | {"C7": still * np.array([0.05, 1.5, 0.0])}, rate_hz=100.0)
    found = told(tmp_path, "static.trc")
    assert (found.settings["up"], found.settings["forward"]) == ("y", "-x")
    assert found.settings["labels"] == "plug_in_gait"
    assert found.task == "standing"


@pytest.mark.parametrize(
    ("name", "header", "expected"),
    [
        ("time", "Time,Fz\n", {"delimiter": ",", "header_rows": 1, "time_column": "Time"}),
        ("none", "", {"delimiter": ","}),
        (
            "units",
            "Device 7\n\nTime;Fz\n[s];[N]\n",
            {"delimiter": ";", "header_rows": 4, "names_row": 3, "units_row": 4},
        ),
    ],
)
def test_the_layout_of_text_is_found(tmp_path: Path, name: str, header: str, expected: dict[str, object]) -> None:
    between = ";" if ";" in header else ","
    rows = (
        [f"{n / 1000:.3f}{between}{700 + n % 3}" for n in range(2000)]
        if header
        else [str(700 + n % 3) for n in range(2000)]
    )
    (tmp_path / f"{name}.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    found = told(tmp_path, f"{name}.csv")
    settings = found.settings["text"]
    assert {key: settings.get(key) for key in expected} == expected
    assert found.settings["plates"] == {"1": {"foot": "both", "columns": {"up": "Fz" if header else 1}}}
    assert ("rate_hz" in found.questions()) == ("time_column" not in settings)


def test_a_trial_side_by_side_with_others_is_left_to_a_person(tmp_path: Path) -> None:
    rows = [",".join(["Force"] * 4), *[",".join(["700.0"] * 4)] * 200]
    (tmp_path / "wide.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert "trials side by side" in str(raw_file(tmp_path, Path("wide.csv")))


def test_yaml_keeps_texts_that_look_like_numbers() -> None:
    settings = {"a": {"1": {"foot": "left"}, "note": "a: b # c", "empty": None, "decimal": ","}}
    text = yaml_text(settings, {"a.empty": "TO FILL IN"}, ["head"])
    assert yaml.safe_load(text) == settings
    assert text.startswith("# head\n")
    assert "empty:  # TO FILL IN" in text


def test_the_command_line_drafts_and_checks(folder: Path) -> None:
    runner = CliRunner()
    drafted = runner.invoke(main, ["init", str(folder)])
    assert drafted.exit_code == 0, drafted.output
    assert f"Then: legsci check {folder}" in drafted.output
    refused = runner.invoke(main, ["check", str(folder)])
    assert refused.exit_code == 1
    fill_in(folder, forward="x", rate_hz=1000)
    checked = runner.invoke(main, ["check", str(folder)])
    assert checked.exit_code == 0
    assert "no faults. 2 participants, 2 trials, 2 recordings" in checked.output
    assert runner.invoke(main, ["--version"]).output.strip() == f"legsci, version {legsci.__version__}"


#: Vendor -> files, what is edited in the draft as (file, old, new), and trials that can be processed.
VENDORS = {
    "bioware": (
        ("biomdp-cmj-dj/kistler_*.txt",),
        [
            ("study.yaml", r"  forward:.*", "  forward: x"),
            ("study.yaml", "foot: left", "foot: both"),
            ("study.yaml", "foot: right", "foot: box"),
        ],
        3,
    ),
    "vicon": (("biomdp-cmj-dj/vicon*.c3d",), [], 1),
    "nexus": (("biomdp-cmj-dj/vicon*.csv",), [], 1),
    "fz": (("fz-vertical-jumps/*Fz.txt",), [("study.yaml", r"rate_hz:.*", "rate_hz: 1000")], 6),
    "parkour": (("parkour-landings/txt/*_1.txt",), [("study.yaml", r"  forward:.*", "  forward: x")], 6),
    "opencap": (("opencap-unfiltered/*/DJ1*",), [], 1),
    "acl": (("acl-squatjump/BFR*.csv",), [], 2),
    "lasem": (("lasem-single-leg/*.c3d",), [], 2),
    "squat": (("squat-vicon-kinonly/*.c3d",), [], 1),
    "sprint": (("sprint-ja1/*",), [("trials.tsv", r"Gait35\t\t", "Gait35\tsprint\t")], 1),
    "shift_jis": (
        ("text-shift-jis/*.csv",),
        [("study.yaml", r"rate_hz:.*", "rate_hz: 1000"), ("trials.tsv", r"a05\t\t", "a05\tstanding\t")],
        1,
    ),
    "biomechzoo": (("gait-biomechzoo/*.c3d",), [], 2),
    "qualisys": (("ezc3d-testfiles/Qualisys.c3d",), [("trials.tsv", r"Qualisys\t\t", "Qualisys\tsquat\t")], 1),
    "bts": (
        ("ezc3d-testfiles/BTS.c3d",),
        [("study.yaml", r"  forward:.*", "  forward: x"), ("trials.tsv", r"BTS\t\t", "BTS\tsquat\t")],
        1,
    ),
    "kistler": (("ezc3d-testfiles/Kistler.c3d",), [("study.yaml", r"  forward:.*", "  forward: x")], 1),
    "optitrack": (
        ("optitrack-optotrak/*.c3d",),
        [
            ("study.yaml", r"  up:.*", "  up: z"),
            ("study.yaml", r"  forward:.*", "  forward: x"),
            ("trials.tsv", r"OptiTrack\t\t", "OptiTrack\tsquat\t"),
        ],
        1,
    ),
    "motion_analysis": (
        ("pyomeca-tests/*.c3d",),
        [
            ("study.yaml", r"  up:.*", "  up: z"),
            ("study.yaml", r"  forward:.*", "  forward: x"),
            ("trials.tsv", r"analogs\t\t", "analogs\tsquat\t"),
        ],
        1,
    ),
    "isometric": (("isometric-pull/*.csv",), [("trials.tsv", r"hz\t\t", "hz\tisometric_pull\t")], 1),
    "shiny": (("shiny-vertical-jump/comma_long.csv",), [("study.yaml", r"rate_hz:.*", "rate_hz: 1000")], 1),
    "bmclab": (("bmclab/GRFZjump.txt",), [("study.yaml", r"rate_hz:.*", "rate_hz: 600")], 1),
}
#: Recordings of sensors alone: what a sensor is attached to, only a person knows.
SENSORS = (
    "xsens-dot/Pelvis*.csv",
    "emg-trigno/*.csv",
    "imu-vendor-specimens/data_polulu.txt",
    "opensense-xsens/*E6.txt",
)


@pytest.mark.parametrize("files", SENSORS)
def test_sensors_are_not_taken_for_plates(shared_data: Path, tmp_path: Path, files: str) -> None:
    for path in shared_data.glob(files):
        shutil.copy2(path, tmp_path)
    with pytest.raises(StudyError, match=r"sensors and EMG are declared by hand: docs/study-folder\.md"):
        legsci.init_study(tmp_path)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_draft_of_real_files_runs_after_three_edits_at_most(shared_data: Path, tmp_path: Path, vendor: str) -> None:
    files, edits, trials = VENDORS[vendor]
    assert len(edits) <= 3
    for path in (path for pattern in files for path in shared_data.glob(pattern) if path.is_file()):
        shutil.copy2(path, tmp_path)
        (tmp_path / path.name).chmod(0o644)
    legsci.init_study(tmp_path)
    for name, old, new in edits:
        text, count = re.subn(old, new, (tmp_path / name).read_text(encoding="utf-8"))
        assert count
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(legsci.check_study(tmp_path).trials) == trials


def test_one_file_is_measured_without_a_folder(folder: Path) -> None:
    jump = plate_jump().jump
    measured = legsci.measure(folder / "P01_cmj_1.txt", task="countermovement_jump", forward="x")
    (height_m,) = measured.metrics["jump_height_impulse_m"]
    assert height_m == pytest.approx(jump.takeoff_velocity**2 / (2.0 * 9.80665), abs=0.005)
    assert any("up: the axis of the largest force" in words for words in measured.assumptions)
    assert list(measured.metrics["status"]) == ["accepted"]
    both = legsci.measure(
        folder / "P02" / "before" / "jump_1.csv",
        task="countermovement_jump",
        plates={"1": "left", "2": "right"},
        rate_hz=1000.0,
    )
    np.testing.assert_allclose(both.metrics["peak_force_n_left"], both.metrics["peak_force_n_right"], rtol=1e-6)
    assert both.metrics.loc[0, "jump_height_impulse_m"] == pytest.approx(height_m, abs=0.002)


def test_one_file_is_not_measured_from_a_guess(folder: Path) -> None:
    text = folder / "P02" / "before" / "jump_1.csv"
    for path, given, said in (
        (folder / "P01_cmj_1.txt", {}, "forward: expected which signed file axis the participant faces"),
        (text, {}, r"(?s)2 faults.*plates: expected which foot.*rate_hz: expected the sampling rate"),
        (text, {"rate_hz": 1000.0}, "1 fault\n.*plates: expected which foot"),
        (folder / "readme.txt", {}, "no table of numbers"),
        (folder / "absent.c3d", {}, "no such file"),
        (folder / "P01_cmj_1.txt", {"forward": "z"}, "up and forward on different axes"),
    ):
        with pytest.raises(InputFaults, match=said):
            legsci.measure(path, task="countermovement_jump", **given)
    with pytest.raises(InputFaults, match=r"task: .*drop_jumps \(did you mean drop_jump\?\)"):
        legsci.measure(folder / "P01_cmj_1.txt", task="drop_jumps", forward="x")


def test_a_file_without_a_repetition_has_flags_that_say_why(folder: Path) -> None:
    measured = legsci.measure(folder / "P01_cmj_1.txt", task="squat", forward="x")
    assert measured.metrics.empty
    assert "rejected" in set(measured.flags["severity"])
    assert isinstance(measured.flags, pd.DataFrame)
