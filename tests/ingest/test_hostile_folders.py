"""Study folders that no laboratory means to write: links, names, numbers and sizes that must end as sentences."""

from __future__ import annotations

import time
from pathlib import Path

import jsonschema  # noqa: F401 - its grammars take two seconds, which are not those of the folder
import numpy as np
import pandas as pd
import pytest

from legsci.ingest.check import check_study
from legsci.ingest.faults import StudyError
from legsci.ingest.session import build_session
from legsci.ingest.settings import read_settings
from legsci.ingest.study import Study
from legsci.ingest.tables import read_table
from legsci.storage import harmless
from tests.analytic_jump import countermovement_jump

STUDY = """\
name: hostile
lab: {up: z, forward: y}
devices:
  plate:
    reader: delimited
    rate_hz: 1000
    plates: {"1": {foot: both, columns: {up: 1}}}
"""
TABLES = {
    "participants": "participant_id\nP01\n",
    "sessions": "participant_id\tsession_id\tday\nP01\tA\t0\n",
    "trials": "participant_id\tsession_id\ttrial_id\ttask\nP01\tA\tt1\tcountermovement_jump\n",
    "recordings": "participant_id\tsession_id\ttrial_id\tdevice\tpath\nP01\tA\tt1\tplate\ta.csv\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study folder without a fault."""
    root = tmp_path / "study"
    root.mkdir()
    (root / "study.yaml").write_text(STUDY)
    for name, text in TABLES.items():
        (root / f"{name}.tsv").write_text(text)
    force = countermovement_jump(rate_hz=1000.0, noise_n=0.5, sway_n=1.0).force
    (root / "a.csv").write_text("\n".join(f"{value:.2f}" for value in force.tolist()) + "\n")
    return root


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def faults_of(folder: Path) -> str:
    with pytest.raises(StudyError) as caught:
        check_study(folder)
    return str(caught.value)


def test_the_folder_itself_is_sound(folder: Path) -> None:
    assert isinstance(check_study(folder), Study)


@pytest.mark.parametrize(
    "rate", [".nan", ".inf", "-.inf", "01000", "0o1750", "1_000", "16:40", "1e400", "٣", "²", "9" * 5000, "0x3e8"]
)
def test_rates_that_are_no_decimal_numbers_are_refused(folder: Path, rate: str) -> None:
    rewrite(folder / "study.yaml", "rate_hz: 1000", f"rate_hz: {rate}")
    assert "study.yaml: devices.plate.rate_hz: expected sampling rate" in faults_of(folder)


@pytest.mark.parametrize("name", ['"two\\nlines"', '"trailing\\n"', "-x", '""', '"a b"', "x" * 65])
def test_names_of_studies(folder: Path, name: str) -> None:
    rewrite(folder / "study.yaml", "name: hostile", f"name: {name}")
    assert "study.yaml: name: expected short name of the study" in faults_of(folder)


@pytest.mark.parametrize("person", ["NA", "null", "NaN", "None", "nan", "-P01", "P 01", "P{01}", "<P01>", "=P01"])
def test_names_of_participants(folder: Path, person: str) -> None:
    for path in folder.glob("*.tsv"):
        path.write_text(path.read_text().replace("P01", person))
    assert "participants.tsv: row 2, participant_id: expected letters, digits and -" in faults_of(folder)


@pytest.mark.parametrize(
    ("reader", "extra", "said"),
    [
        ("bioware", "length_unit: m", "devices.other.length_unit: expected a setting that the reader bioware uses"),
        ("c3d", "text: {delimiter: ';'}", "devices.other.text.delimiter: expected a setting that the reader c3d uses"),
        ("c3d", "text: {decimal: ','}", "devices.other.text.decimal"),
        (
            "nexus",
            "plates: {'1': {columns: {fx: 1}}}",
            "devices.other.plates.1.columns: expected columns for the readers",
        ),
        ("delimited", "markers: {A: sacrum}, plates: {'1': {columns: {up: 1}}}", "devices.other.markers"),
        (
            "delimited",
            "text: {names_row: 3}, plates: {'1': {columns: {up: 1}}}",
            "names_row: expected a row of the header",
        ),
        (
            "delimited",
            "text: {trial_column: n}, plates: {'1': {columns: {up: 1}}}",
            "trial_column: expected text.layout long",
        ),
        ("delimited", "text: {sheet: A}, plates: {'1': {columns: {up: 1}}}", "devices.other.text.sheet"),
        ("c3d", "text: {encoding: klingon}", "text.encoding: expected code page of the text"),
    ],
)
def test_settings_without_effect_are_faults(folder: Path, reader: str, extra: str, said: str) -> None:
    with (folder / "study.yaml").open("a") as stream:
        stream.write(f"  other: {{reader: {reader}, {extra}}}\n")
    assert said in faults_of(folder)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("x" * 300, "no file xxx"),
        ("d/" * 150 + "a.csv", "no file"),
        ("loop/a.csv", "links that lead to each other"),
        ("../a.csv", "a path inside the study folder"),
        ("{a}.csv", "which the workflow takes for placeholders: rename the file; found {a}.csv"),
        ("<a>.csv", "which the workflow takes for placeholders: rename the file; found <a>.csv"),
        ("-a.csv", "no file -a.csv"),
    ],
)
def test_paths_that_lead_nowhere_are_sentences(folder: Path, path: str, said: str) -> None:
    (folder / "loop").symlink_to(folder / "pool")
    (folder / "pool").symlink_to(folder / "loop")
    rewrite(folder / "recordings.tsv", "a.csv", path)
    assert said in faults_of(folder)


@pytest.mark.parametrize("name", ["-a.csv", "a b.csv", "é.csv", "a;rm.csv", "$(a).csv"])
def test_odd_names_of_files_are_read(folder: Path, name: str) -> None:
    (folder / "a.csv").rename(folder / name)
    rewrite(folder / "recordings.tsv", "a.csv", name)
    tree = build_session(check_study(folder), "P01", "A")
    assert "force" in tree["t1"].children
    assert tree["t1/force"].attrs["source"] == name


@pytest.mark.parametrize("name", ["study.yaml", "trials.tsv"])
def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / f"outside-{name}"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    assert f"{name}: expected a file of the study folder; found a link that leaves it" in faults_of(folder)
    (folder / name).unlink()
    (folder / name).symlink_to(folder / name)
    assert f"{name}: expected a" in faults_of(folder)


def test_a_lone_carriage_return_is_named(folder: Path) -> None:
    rewrite(folder / "trials.tsv", "t1\t", "t\r1\t")
    assert "trials.tsv: row 2: expected line ends of Unix or Windows" in faults_of(folder)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("study.yaml", "name: " + "[" * 50_000, "at most 50 brackets or dashes within each other; found 50000"),
        ("study.yaml", "name: " + "{a: " * 50_000, "within each other"),
        ("study.yaml", "- " * 50_000 + "a", "within each other"),
        ("study.yaml", "a: " + "x" * 2_000_000, "at most 1000000 bytes"),
        ("participants.tsv", "participant_id\theight_m\nP01\t" + "7" * 100_000 + "\n", "(100002 characters)"),
        ("participants.tsv", "participant_id\t" + "x" * 60_000 + "\nP01\tn/a\n", "(60002 characters)"),
        ("participants.tsv", "participant_id" + "\t" * 60_000 + "\nP01\n", "at most 500 columns; found 60001"),
        ("participants.tsv", "participant_id" + "\t" * 400 + "\nP01\n", "a column without a name"),
        ("trials.tsv", "\t".join(f"c{n}" for n in range(30_000)) + "\n1\n", "at most 500 columns; found 30000"),
        ("participants.tsv", "participant_id\nP01\n" + "P02\n" * 5_000, "a key that no other row has"),
        ("participants.tsv", "participant_id\n" + "\n".join(f"é{n}" for n in range(5_000)), "letters, digits"),
        (
            "recordings.tsv",
            TABLES["recordings"].replace("path\n", "path\tpart\n").replace("a.csv", "a.csv\trows 1:" + "9" * 5000),
            "part",
        ),
    ],
)
def test_nothing_takes_quadratic_time(folder: Path, file: str, text: str, said: str) -> None:
    (folder / file).write_text(text)
    began = time.process_time()
    if file == "study.yaml":
        _, faults = read_settings(folder / file)
        said_now = "\n".join(map(str, faults))
    else:
        said_now = faults_of(folder)
    assert time.process_time() - began < 1.0
    assert said in said_now


def test_text_that_a_spreadsheet_would_execute_is_written_harmlessly(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"sentence": ["=1+1", "@SUM(A1)", "+49", "-1.5", "\tx", "plain", None], "value": np.arange(7.0)}
    )
    table["signal"] = pd.Categorical(["-cmd|x", *["a"] * 6])
    harmless(table).to_csv(tmp_path / "quality.csv", index=False)
    back = pd.read_csv(tmp_path / "quality.csv")
    assert back["sentence"].fillna("").tolist() == ["'=1+1", "'@SUM(A1)", "+49", "-1.5", "'\tx", "plain", ""]
    assert back["signal"].tolist()[0] == "'-cmd|x"
    np.testing.assert_array_equal(back["value"], table["value"])


def test_a_table_that_is_a_spreadsheet_is_named(tmp_path: Path) -> None:
    (tmp_path / "trials.tsv").write_bytes(b"PK\x03\x04 and so on")
    (fault,) = read_table(tmp_path / "trials.tsv")[1]
    assert "a spreadsheet: save it as tab-separated text" in fault.found
