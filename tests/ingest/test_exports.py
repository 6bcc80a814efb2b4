"""Tables that other systems exported: read in the study folder's words and units, or refused with place and cure."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import legsci
from legsci.ingest.exports.measurements import COLUMNS
from legsci.ingest.exports.reading import read_export
from legsci.ingest.exports.units import conversion
from legsci.ingest.faults import StudyError
from legsci.ingest.study import Study, read_study
from legsci.metrics.measurements import measured_rows, measurement_faults
from legsci.models.tables.summaries import session_summaries

JUMPS = """Name;Date;Test Type;Jump Height [cm];Peak Force (L);Peak Force (R);Comment
"Doe, Jane";03/02/2025;CMJ;31,2;970;1010;good
"Doe, Jane";03/02/2025;CMJ;29,9;950;-;
"Roe, Ann";04/02/2025;SJ;27,0;801;799;
"""
LAYOUT = {
    "file": "jumps.csv",
    "delimiter": ";",
    "decimal": ",",
    "date_format": "DD/MM/YYYY",
    "columns": {
        "Name": "participant_id",
        "Date": "date",
        "Test Type": "task",
        "Jump Height [cm]": {"name": "jump_height_impulse_m", "unit": "cm"},
        "Peak Force (L)": {"name": "peak_force_n", "side": "left"},
        "Peak Force (R)": {"name": "peak_force_n", "side": "right"},
    },
    "words": {
        "participant_id": {"Doe, Jane": "P01", "Roe, Ann": "P02"},
        "task": {"CMJ": "countermovement_jump", "SJ": "squat_jump"},
    },
    "leave_out": "others",
}
SHORT = "participant_id\tday\ttask\tjump_height_impulse_m\n"


def study_of(folder: Path, *, tables: object = None, **files: str | bytes) -> Study:
    """Write a study folder, with `_` for the dot in the names of its files, and read it."""
    settings = {"name": "squad"} | ({"tables": tables} if tables else {})
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_study(folder)


def values_of(metrics: pd.DataFrame, metric: str) -> dict[tuple[object, ...], float]:
    """Return the values of a metric by participant, session, repetition and side."""
    rows = metrics.dropna(subset=[metric])
    keys = rows[["participant_id", "session_id", "rep", "side"]].itertuples(index=False, name=None)
    return dict(zip(keys, rows[metric], strict=True))


def faults_of(folder: Path, **files: object) -> str:
    """Return what is wrong with a study."""
    with pytest.raises(StudyError) as caught:
        study_of(folder, **files)  # type: ignore[arg-type]
    return str(caught.value)


def test_export_is_read_in_the_words_and_units_of_the_study_folder(tmp_path: Path) -> None:
    study = study_of(tmp_path, tables={"measurements": LAYOUT}, jumps__csv=JUMPS)
    assert list(study.measurements.columns) == list(COLUMNS)
    assert measurement_faults(study) == []
    metrics, quality = measured_rows(study)
    heights = {("P01", "2025-02-03", 1, "both"): 0.312, ("P01", "2025-02-03", 2, "both"): 0.299}
    heights[("P02", "2025-02-04", 1, "both")] = 0.27
    assert values_of(metrics, "jump_height_impulse_m") == pytest.approx(heights)
    assert values_of(metrics, "peak_force_n")[("P01", "2025-02-03", 2, "left")] == 950
    assert ("P01", "2025-02-03", 2, "right") not in values_of(metrics, "peak_force_n")
    assert set(metrics["status"]) == {"accepted"}
    assert set(metrics["profile"]) == {"measured"}
    assert quality.empty
    assert study.participants["participant_id"].tolist() == ["P01", "P02"]
    assert study.sessions["date"].dt.strftime("%Y-%m-%d").tolist() == ["2025-02-03", "2025-02-04"]


def test_decisions_about_measurements_are_followed(tmp_path: Path) -> None:
    keys = "participant_id\tsession_id\ttrial_id\trep\twhat\tevent\tvalue\treason\tinitials\n"
    rows = [
        "P01\tday0\tsquat_jump\t1\texclude\tn/a\tn/a\ttyping error\tAB",
        "P02\tday0\tsquat_jump\tn/a\tkeep\tn/a\tn/a\tseen on video\tAB",
        "P02\tday7\tsquat_jump\t1\texclude\tn/a\tn/a\tno such visit\tAB",
        "P01\tday0\tsquat_jump\t2\tswap_sides\tn/a\tn/a\tturned\tAB",
    ]
    study = study_of(
        tmp_path,
        measurements__tsv=SHORT + "".join(f"{who}\t0\tsquat_jump\t0.3\n" for who in ("P01", "P01", "P02")),
        curation__tsv=keys + "".join(f"{row}\n" for row in rows),
    )
    metrics, quality = measured_rows(study)
    status = metrics.set_index(["participant_id", "rep"])[["status", "reason"]]
    assert status.loc[("P01", 1)].tolist() == ["rejected", "excluded"]
    assert status.loc[("P01", 2)].tolist() == ["flagged", "decision_without_effect"]
    assert status.loc[("P02", 1), "status"] == "accepted"
    assert quality["code"].tolist() == ["excluded", "kept", "decision_without_effect", "decision_without_effect"]
    assert "no such repetition was measured" in quality["sentence"].iloc[2]


def test_another_form_of_date_format_is_a_fault(tmp_path: Path) -> None:
    said = faults_of(tmp_path, tables={"measurements": LAYOUT | {"date_format": "dd/mm/yyyy"}}, jumps__csv=JUMPS)
    assert "date_format: expected" in said
    assert "found 'dd/mm/yyyy' (did you mean DD/MM/YYYY?)" in said


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "tsv"])
def test_same_table_in_other_formats(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(
        {
            "participant_id": [1, 2, 2],
            "date": pd.to_datetime(["2025-02-03", "2025-02-04", "2025-02-11"]),
            "task": "squat_jump",
            "jump_height_flight_time_m": [0.3, np.nan, 0.25],
            "u_jump_height_flight_time_m": [0.01, np.nan, 0.01],
        }
    )
    path = tmp_path / f"measurements.{suffix}"
    if suffix == "xlsx":
        frame.to_excel(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep="\t", index=False, na_rep="n/a")
    study = study_of(tmp_path, tables={"measurements": {"file": path.name}})
    metrics, _ = measured_rows(study)
    assert values_of(metrics, "jump_height_flight_time_m") == {
        ("1", "2025-02-03", 1, "both"): 0.3,
        ("2", "2025-02-11", 1, "both"): 0.25,
    }
    assert set(metrics["u_jump_height_flight_time_m"]) == {0.01}


def test_long_table_and_declared_metric(tmp_path: Path) -> None:
    layout = {"tasks": {"leg_press": "Leg press."}, "metrics": {"press_1rm_kg": {"label": "1RM", "unit": "kg"}}}
    text = "participant_id\tday\ttask\tmetric\tunit\tvalue\nP01\t0\tleg_press\tpress_1rm_kg\tlb\t100\n"
    text += "P01\t0\tcountermovement_jump\tpeak_force_n\tkN\t1.9\n"
    study = study_of(tmp_path, tables={"measurements": layout}, measurements__tsv=text)
    assert measurement_faults(study) == []
    metrics, _ = measured_rows(study)
    assert values_of(metrics, "press_1rm_kg") == pytest.approx({("P01", "day0", 1, "both"): 45.359237})
    assert values_of(metrics, "peak_force_n") == pytest.approx({("P01", "day0", 1, "both"): 1900.0})


def test_what_is_implausible_is_flagged_and_what_is_impossible_is_withheld(tmp_path: Path) -> None:
    heights = {"P01": 31.2, "P02": 0.3, "P03": 1.2, "P04": 0.0003, "P05": -0.3, "P06": 0.005}
    text = "".join(f"{name}\t0\tsquat_jump\t{height}\t0.01\n" for name, height in heights.items())
    study = study_of(tmp_path, measurements__tsv=f"{SHORT[:-1]}\tu_jump_height_impulse_m\n{text}")
    metrics, quality = measured_rows(study)
    by_person = metrics.set_index("participant_id")
    statuses = dict.fromkeys(heights, "flagged") | {"P02": "accepted"}
    assert by_person["status"].to_dict() == statuses
    # Twice the record stays, as a mistake that a person may judge; metres that are centimetres do not.
    assert by_person["jump_height_impulse_m"].dropna().to_dict() == {"P02": 0.3, "P03": 1.2, "P06": 0.005}
    assert by_person["u_jump_height_impulse_m"].notna().equals(by_person["jump_height_impulse_m"].notna())
    codes = quality.groupby("participant_id")["code"].agg(list).to_dict()
    both = ["implausible_value", "value_withheld"]
    assert codes == {"P01": both, "P03": both[:1], "P04": both, "P05": both, "P06": both[:1]}
    sentences = quality.loc[quality["code"] == "value_withheld"].set_index("participant_id")["sentence"]
    assert "31.2 m is not given: it is more than 3 times beyond what people reach" in sentences["P01"]
    assert "-0.3 m is not given: it is never negative" in sentences["P05"]
    assert session_summaries(metrics)["mean"].tolist() == [0.3, 1.2, 0.005]


@pytest.mark.parametrize(
    ("mass", "force", "status", "given"),
    [
        ("70", 2000.0, "accepted", True),
        ("n/a", 2000.0, "accepted", True),  # of a person of unknown weight
        ("70", 2.0, "flagged", False),  # kN taken as N
        ("n/a", 2.0, "flagged", False),
        ("70", 9000.0, "flagged", True),
        ("n/a", 9000.0, "accepted", True),  # three times the weight of the heaviest
        ("n/a", 2e6, "flagged", False),
    ],
)
def test_forces_are_compared_with_the_weight_of_the_body(
    tmp_path: Path, mass: str, force: float, status: str, *, given: bool
) -> None:
    study = study_of(
        tmp_path,
        participants__tsv=f"participant_id\tbody_mass_kg\nP01\t{mass}\n",
        measurements__tsv=f"participant_id\tday\ttask\tpeak_force_n\nP01\t0\tsquat_jump\t{force}\n",
    )
    metrics, _ = measured_rows(study)
    assert (metrics["status"].tolist(), metrics["peak_force_n"].notna().tolist()) == ([status], [given])
    assert metrics["body_weight_n"].isna().all()


def test_depths_of_the_other_sign_are_withheld(tmp_path: Path) -> None:
    """Some systems state depth upward; a squat jump has none, whatever its last digits."""
    depths = {"P01": -0.31, "P02": 0.31, "P03": -3e-6}
    rows = "".join(f"{name}\t0\tsquat_jump\t{depth}\n" for name, depth in depths.items())
    text = f"participant_id\tday\ttask\tcountermovement_depth_m\n{rows}"
    metrics, quality = measured_rows(study_of(tmp_path, measurements__tsv=text))
    kept = metrics.set_index("participant_id")["countermovement_depth_m"].dropna().to_dict()
    assert kept == {"P02": 0.31, "P03": -3e-6}
    assert set(quality["participant_id"]) == {"P01"}


def test_limits_of_both_legs_are_not_those_of_one_and_declared_signs_hold(tmp_path: Path) -> None:
    rows = "P01\t0\tsquat_jump\tright\t1500\t12\nP01\t0\tsquat_jump\tleft\t20\t-3\n"
    declared = {"metrics": {"stiffness_n_per_m": {"label": "stiffness", "unit": "N/m", "sign": "≥ 0"}}}
    study = study_of(
        tmp_path,
        tables={"measurements": declared},
        measurements__tsv=f"participant_id\tday\ttask\tside\tpeak_force_n\tstiffness_n_per_m\n{rows}",
    )
    metrics, quality = measured_rows(study)
    assert values_of(metrics, "peak_force_n") == {("P01", "day0", 1, "left"): 20.0, ("P01", "day0", 1, "right"): 1500.0}
    assert values_of(metrics, "stiffness_n_per_m") == {("P01", "day0", 1, "right"): 12.0}
    assert quality["code"].tolist() == ["value_withheld"]
    assert quality["sentence"].iloc[0].startswith("The stiffness of -3 N/m (left) is not given: it is never negative")


# The peak that the kernel keeps of this process; that of `resource` holds the parent's.
MEMORY_OF_READING = """
import re, sys
from pathlib import Path
from legsci.ingest.exports.measurements import read_measurements
def peak_kb():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
read_measurements(Path(sys.argv[1]) / "small", {})
before = peak_kb()
frame, faults = read_measurements(Path(sys.argv[1]) / "large", {})
print(len(frame), len(faults), peak_kb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="peak memory is read from Linux's /proc")
def test_memory_of_a_long_table_is_that_of_its_columns(tmp_path: Path) -> None:
    """Lists of cells as text would take 1.1 kB a row, of which a table of 20,000 sessions has 600,000 or more."""
    rows = 150_000
    for name, count in (("small", 10), ("large", rows)):
        (tmp_path / name).mkdir()
        cells = (f"P{n // 1000:03d}\t{n % 1000}\tsquat_jump\tpeak_force_n\t{1000 + n % 7}.5" for n in range(count))
        text = "\n".join(["participant_id\tday\ttask\tmetric\tvalue", *cells])
        (tmp_path / name / "measurements.tsv").write_text(f"{text}\n", encoding="utf-8")
    command = [sys.executable, "-c", MEMORY_OF_READING, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said[:2] == [str(rows), "0"]
    assert 1000 * int(said[2]) < 850 * rows


def test_rows_keep_their_numbers_where_a_table_is_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty rows count, and cells may hold line ends."""
    monkeypatch.setattr("legsci.ingest.exports.reading.ROWS_HELD", 2)
    lines = ["id,note", "1,a", "", '2,"b', 'c"', "3,d", "", "", "4,e"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    frame, faults = read_export(tmp_path, "t", {"file": "t.csv"})
    assert faults == []
    assert frame["id"].to_dict() == {2: "1", 4: "2", 5: "3", 8: "4"}
    assert frame["note"].tolist() == ["a", "b\nc", "d", "e"]
    (tmp_path / "t.csv").write_text("\n".join([*lines, "5", "6,f", "7,g,h"]) + "\n", encoding="utf-8")
    _, faults = read_export(tmp_path, "t", {"file": "t.csv"})
    assert [fault.where for fault in faults] == ["row 9", "row 11"]


def test_tables_of_people_are_mapped(tmp_path: Path) -> None:
    layout = {
        "file": "squad.csv",
        "columns": {"Name": "participant_id", "Gender": "sex", "Height": {"name": "height_m", "unit": "cm"}},
        "words": {"sex": {"F": "female"}},
    }
    study = study_of(
        tmp_path,
        tables={"participants": layout},
        squad__csv="Name,Gender,Height\nP01,F,170\n",
        measurements__tsv=f"{SHORT}P01\t0\tsquat_jump\t0.3\n",
    )
    row = study.participants.iloc[0]
    assert (row["participant_id"], row["sex"], row["height_m"]) == ("P01", "female", 1.7)


GUIDE = Path(__file__).resolve().parents[2] / "docs" / "study-folder.md"
FORCEDECKS = """Name,ExternalId,Test Type,Date,Time,Reps,Jump Height (Imp-Mom) [cm],Peak Power [W],\
Concentric Peak Force [N] (L),Concentric Peak Force [N] (R),Concentric Peak Force [N] (Asym)(%),\
Eccentric Deceleration RFD [N/s]
"Doe, Jane",7,CMJ,03/02/2025,10:01 AM,1,31.2,3300,970,1010,4.0 R,5200
"Doe, Jane",7,CMJ,03/02/2025,10:02 AM,2,30.1,3250,960,1000,4.0 R,5100
"""
HAWKIN = """Athlete,Date,Time,Test Type,Jump Height(m),Time To Takeoff(s),Peak Propulsive Power(W),\
Left Avg. Propulsive Force(N),Right Avg. Propulsive Force(N),mRSI
Jane Doe,02/13/2025,10:01,Countermovement Jump,0.312,0.71,3300,600,640,0.44
"""
SQUAD = 'Name;Gender;Height [cm];Injured before\n"Doe, Jane";F;171,5;no\nP02;M;180;yes\n'


def guide_example(name: str) -> dict[str, object]:
    """The tables of an example of the guide."""
    blocks = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
    (found,) = [block["tables"] for block in blocks if block.get("name") == name]
    return dict(found)


@pytest.mark.parametrize(
    ("name", "file", "text", "expected"),
    [
        (
            "forcedecks_squad",
            "forcedecks__csv",
            FORCEDECKS,
            {"jump_height_impulse_m": 0.301, "peak_force_n": 1000.0, "eccentric_deceleration_rfd_n_per_s": 5100.0},
        ),
        (
            "hawkin_squad",
            "hawkin__csv",
            HAWKIN,
            {"jump_height_impulse_m": 0.312, "time_to_takeoff_s": 0.71, "propulsive_force_n": 640.0},
        ),
    ],
)
def test_exports_of_force_plates_are_read_as_the_guide_describes_them(
    tmp_path: Path, name: str, file: str, text: str, expected: dict[str, float]
) -> None:
    study = study_of(tmp_path, tables=guide_example(name), **{file: text})
    assert measurement_faults(study) == []
    metrics, _ = measured_rows(study)
    assert set(metrics["participant_id"]) == {"P01"}
    assert set(metrics["task"]) == {"countermovement_jump"}
    assert set(metrics["side"]) == {"both", "left", "right"}
    for metric, last in expected.items():
        assert metrics[metric].dropna().iloc[-1] == pytest.approx(last)


def test_people_and_answers_are_recoded_as_the_guide_describes_them(tmp_path: Path) -> None:
    tables = guide_example("squad")
    answers = pd.DataFrame(
        {"Name": ["Doe, Jane"], "Week": [3], "ostrc_q1": ["Reduced participation"], "ostrc_q2": [8], "ostrc_q3": [0]}
    )
    answers.assign(ostrc_q4=17).to_excel(tmp_path / "questionnaire.xlsx", index=False)
    jumps = "participant_id,day,task,jump_height_impulse_m\nP01,0,squat_jump,0.3\nP02,0,squat_jump,0.3\n"
    study = study_of(tmp_path, tables=tables, squad__csv=SQUAD, jumps__csv=jumps)
    people = study.participants[["participant_id", "sex", "height_m", "previous_injury"]]
    assert people.to_numpy().tolist() == [["P01", "female", 1.715, "none"], ["P02", "male", 1.8, "leg"]]
    row = study.health.iloc[0]
    assert (row["participant_id"], row["week"], row["participation"], row["symptoms"]) == ("P01", 3, 17.0, 17.0)


PEOPLE = {"file": "jumps.csv", "columns": {"Name": "participant_id", "Sex": "sex"}, "leave_out": "others"}
SETS = {
    "file": "jumps.csv",
    "columns": {"Name": "participant_id", "Day": "day", "SJ": {"name": "jump_height_impulse_m"}},
    "fixed": {"task": "squat_jump"},
    "leave_out": "others",
}


def test_one_export_is_several_tables_where_its_rows_agree(tmp_path: Path) -> None:
    tables = {"participants": PEOPLE | {"words": {"sex": {"F": "female"}}}, "measurements": SETS}
    rows = "Name,Sex,Day,SJ\nP1,F,0,0.3\nP1,,0,0.31\nP2,F,0,0.28\n"
    study = study_of(tmp_path, tables=tables, jumps__csv=rows)
    assert study.participants["sex"].tolist() == ["female", "female"]
    said = faults_of(tmp_path, tables=tables, jumps__csv=f"{rows}P2,female,7,0.29\nP2,M,7,0.28\n")
    assert "row 6, participant_id: expected a key that no other row has; found P2 again, as in row 4" in said
    assert (
        "one of female, male, other, or what it means under tables.participants.words.sex in study.yaml; found 'M'"
        in said
    )


def test_words_that_yaml_reads_as_true_are_quoted(tmp_path: Path) -> None:
    people = PEOPLE | {"columns": {"Name": "participant_id", "Sex": "previous_injury"}}
    tables = {
        "participants": people | {"words": {"previous_injury": {"yes": True, "no": "none"}}},
        "measurements": SETS,
    }
    rows = "Name,Sex,Day,SJ\nP1,yes,0,0.3\nP2,no,0,0.28\n"
    said = faults_of(tmp_path, tables=tables, jumps__csv=rows)
    assert "words.previous_injury.yes: expected a word; yes, no, on, off, true and false in quotes; found True" in said
    tables["participants"]["words"]["previous_injury"]["yes"] = "knee"
    study = study_of(tmp_path, tables=tables, jumps__csv=rows)
    assert study.participants["previous_injury"].tolist() == ["knee", "none"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": LAYOUT["columns"] | {"Nme": "trial_id"}}, "tables.measurements.columns.Nme: expected a column of"),
        ({"delimiter": ","}, "set delimiter ';'"),
        ({"decimal": "."}, "row 2, jump_height_impulse_m: expected a number; see decimal"),
        ({"words": {}}, "what it means under tables.measurements.words.task in study.yaml"),
        ({"date_format": "MM/DD/YYYY", "words": LAYOUT["words"]}, None),
        (
            {"date_format": "DD.MM.YYYY"},
            "tables.measurements.date_format: expected dates written DD.MM.YYYY; found '03/02/2025'",
        ),
        ({"fixed": {"task": "squat_jump"}}, "fixed.task: expected a key that the file does not state"),
        ({"file": "../jumps.csv"}, "expected a path inside the study folder"),
        ({"file": "jump.csv"}, "expected a file; found no file jump.csv"),
        (
            {"words": LAYOUT["words"] | {"task": {"CMJ": "pogo", "SJ": "squat_jump"}}},
            "expected a task: one of standing",
        ),
        ({"colums": {}}, "tables.measurements.colums: expected a known key; found colums (did you mean columns?)"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, change: dict[str, object], said: str | None) -> None:
    tables = {"measurements": LAYOUT | change}
    if said is None:
        assert study_of(tmp_path, tables=tables, jumps__csv=JUMPS).sessions["date"].dt.month.tolist() == [3, 4]
    else:
        assert said in faults_of(tmp_path, tables=tables, jumps__csv=JUMPS)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("P01\t0\tsquat_jump\thigh\n", "expected a number; found 'high'"),
        ("P01\t0\tsquat_jump\tinf\n", "expected a number; found 'inf'"),
        ("Jane Doe\t0\tsquat_jump\t0.3\n", "row 2, participant_id: expected letters, digits and -"),
        ("P01\t0\tsquat_jum\t0.3\n", "(did you mean squat_jump?)"),
        ("P01\tn/a\tsquat_jump\t0.3\n", "expected a column session_id, date or day"),
        ("P01\t0\tsquat_jump\n", "row 2: expected 4 cells, as in the header; found 3 cells"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, rows: str, said: str) -> None:
    assert said in faults_of(tmp_path, measurements__tsv=SHORT + rows)


def test_repeated_values_are_refused(tmp_path: Path) -> None:
    header = "participant_id\tday\ttask\trep\tjump_height_impulse_m\n"
    row = "P01\t0\tsquat_jump\t1\t0.3\n"
    said = faults_of(tmp_path, measurements__tsv=header + 2 * row)
    assert "expected one value for each participant" in said


def test_measurements_stand_beside_recordings(tmp_path: Path) -> None:
    plate = {"reader": "delimited", "rate_hz": 1000, "plates": {"1": {"foot": "both", "columns": {"up": 1}}}}
    settings = {"name": "both", "lab": {"up": "z", "forward": "x"}, "devices": {"plate": plate}}
    key = "participant_id\tsession_id\t"
    files = {
        "study.yaml": yaml.safe_dump(settings),
        "participants.tsv": "participant_id\nP01\n",
        "sessions.tsv": f"{key}day\nP01\tA\t0\n",
        "trials.tsv": f"{key}trial_id\ttask\nP01\tA\tjump\tcountermovement_jump\n",
        "recordings.tsv": f"{key}trial_id\tdevice\tpath\nP01\tA\tjump\tplate\ta.csv\n",
        "measurements.tsv": f"{key}trial_id\ttask\tsquat_depth_m\nP01\tA\tsets\tsquat\t0.4\n",
        "a.csv": "800\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    study = read_study(tmp_path)
    assert measured_rows(study)[0][["trial_id", "squat_depth_m"]].to_numpy().tolist() == [["sets", 0.4]]
    other = "P02\tA\tjump\tsquat\t0.4\nP01\tA\tjump\tsquat\t0.4\n"
    (tmp_path / "measurements.tsv").write_text(f"{key}trial_id\ttask\tsquat_depth_m\n{other}", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(tmp_path)
    assert "row 3, trial_id: expected a trial of its own, not one of trials.tsv; found P01, A, jump" in str(
        caught.value
    )
    assert "row 2, session_id: expected a row of sessions.tsv; found P02, A" in str(caught.value)
    (tmp_path / "study.yaml").write_text("name: both\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"study\.yaml: devices: expected recording systems"):
        read_study(tmp_path)


def test_names_and_units_of_metrics_are_checked(tmp_path: Path) -> None:
    layout = {
        "columns": {"height": {"name": "jump_height_impuls_m"}, "force": {"name": "peak_force_n", "unit": "kg"}},
        "metrics": {"peak_power_w": {"label": "power", "unit": "W"}},
    }
    text = "participant_id\tday\ttask\theight\tforce\nP01\t0\tsquat_jump\t0.3\t200\n"
    study = study_of(tmp_path, tables={"measurements": layout}, measurements__tsv=text)
    said = "\n".join(map(str, measurement_faults(study)))
    assert "jump_height_impuls_m (did you mean jump_height_impulse_m?)" in said
    assert "expected a unit of peak_force_n, which legsci states in N; found kg" in said
    assert "tables.measurements.metrics.peak_power_w: expected a name that legsci does not have" in said
    with pytest.raises(StudyError, match="3 faults"):
        legsci.analyse_measurements(tmp_path)


@pytest.mark.parametrize(
    ("heading", "metric", "unit"),
    [("Jump Height (Imp-Mom) [cm]", "jump_height_impulse_m", "cm"), ("Peak Force(kN)", "peak_force_n", "kN")],
)
def test_unit_of_a_heading_is_stated_or_asked_for(tmp_path: Path, heading: str, metric: str, unit: str) -> None:
    text = f"participant_id\tday\ttask\t{heading}\nP01\t0\tsquat_jump\t2\n"
    silent = study_of(tmp_path, tables={"measurements": {"columns": {heading: metric}}}, measurements__tsv=text)
    said = "\n".join(map(str, measurement_faults(silent)))
    assert f"tables.measurements.columns.{heading}: expected the unit, {unit}" in said
    layout = {"columns": {heading: {"name": metric, "unit": unit}}}
    assert measurement_faults(study_of(tmp_path, tables={"measurements": layout}, measurements__tsv=text)) == []


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [("cm", "m", 0.01), ("N·s", "N s", 1.0), ("kN", "N", 1e3), ("%", "%", 1.0), ("ms", "s", 1e-3), ("rad", "m", None)],
)
def test_units(unit: str, to: str, factor: float | None) -> None:
    assert conversion(unit, to) == (factor if factor is None else pytest.approx(factor))
