"""Norms of a laboratory: what is wrong with them is said with place and cure, what is right is in legsci's units."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import legsci
from legsci.ingest.faults import StudyError
from legsci.ingest.study import Study, read_study
from legsci.metrics.reference import EVERYBODY, reference_faults, reference_norms

HEADER = "metric\ttask\tgroup\tmean\tsd\tn\tunit\tsource\n"
JUMP = "jump_height_impulse_m\tcountermovement_jump"
PRESS = {"metrics": {"press_kg": {"label": "press", "unit": "kg"}}, "tasks": {"leg_press": "Leg press."}}


def study_of(folder: Path, rows: str, *, header: str = HEADER) -> Study:
    """Write a study of one jump with norms, and read it."""
    (folder / "study.yaml").write_text(yaml.safe_dump({"name": "s", "tables": {"measurements": PRESS}}))
    text = "participant_id\tday\ttask\tjump_height_impulse_m\nP1\t0\tcountermovement_jump\t0.3\n"
    (folder / "measurements.tsv").write_text(text)
    (folder / "reference.tsv").write_text(header + rows)
    return read_study(folder)


def test_norms_are_in_the_units_of_the_registry(tmp_path: Path) -> None:
    rows = f"{JUMP}\tn/a\t30\t5\t40\tcm\tA 2020\npress_kg\tleg_press\tfemale, elite\t100\t20\t12\tn/a\town\n"
    study = study_of(tmp_path, rows)
    assert reference_faults(study) == []
    jump, press = reference_norms(study).to_dict("records")
    assert (jump["mean"], jump["sd"], jump["n"], jump["unit"]) == (pytest.approx(0.3), pytest.approx(0.05), 40, "m")
    assert (jump["group"], press["group"], press["unit"]) == (EVERYBODY, "female, elite", "kg")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{JUMP}\tn/a\t0.3\t0\t40\tn/a\tA\n", "row 2, sd: expected standard deviation between the persons, above 0"),
        (f"{JUMP}\tn/a\t0.3\t0.1\t1\tn/a\tA\n", "row 2, n: expected number of persons, whole number from 2; found '1'"),
        (f"{JUMP}\tn/a\t0.3\t0.1\t9\tn/a\tn/a\n", "row 2, source: expected where the norm comes from"),
        (2 * f"{JUMP}\tfemale\t0.3\t0.1\t9\tn/a\tA\n", "row 3, metric, task, group: expected a key that no other row"),
    ],
)
def test_values_that_no_norm_has_are_refused(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(StudyError) as caught:
        study_of(tmp_path, row)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("jump_height_impuls_m", "countermovement_jump", "0.3", "n/a"), "(did you mean jump_height_impulse_m?)"),
        (("jump_height_impulse_m", "countermovment_jump", "0.3", "n/a"), "(did you mean countermovement_jump?)"),
        (("squat_depth_m", "drop_jump", "0.3", "n/a"), "row 2, task: expected a task that has squat_depth_m: one of s"),
        ((*JUMP.split("\t"), "30", "kg"), "row 2, unit: expected a unit of jump_height_impulse_m, which legsci states"),
        ((*JUMP.split("\t"), "30", "n/a"), "row 2, mean: expected between 0.01 and 1 m, or the unit in the column"),
    ],
)  # fmt: skip
def test_norms_that_cannot_be_used_are_refused_with_the_cure(tmp_path: Path, row: tuple[str, ...], said: str) -> None:
    metric, task, mean, unit = row
    (fault,) = map(str, reference_faults(study_of(tmp_path, f"{metric}\t{task}\tn/a\t{mean}\t0.1\t9\t{unit}\tA\n")))
    assert said in fault


@pytest.mark.parametrize(
    ("metric", "side", "mean", "unit", "allowed"),
    [
        ("jump_height_impulse_m", "n/a", "0.0003", "n/a", False),
        ("jump_height_impulse_m", "n/a", "-0.3", "n/a", False),
        ("peak_force_n", "n/a", "2.1", "n/a", False),  # kN taken as N
        ("peak_force_n", "n/a", "2.1", "kN", True),
        ("peak_force_n", "left", "1050", "n/a", True),
    ],
)
def test_means_below_what_anybody_reaches_are_refused(
    tmp_path: Path, metric: str, side: str, mean: str, unit: str, *, allowed: bool
) -> None:
    header = "metric\ttask\tside\tmean\tsd\tn\tunit\tsource\n"
    row = f"{metric}\tcountermovement_jump\t{side}\t{mean}\t0.1\t9\t{unit}\tA\n"
    study = study_of(tmp_path, row, header=header)
    assert [fault.where for fault in reference_faults(study)] == ([] if allowed else ["row 2, mean"])


def test_one_fault_of_a_row_does_not_hide_the_others(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(StudyError):
        study_of(tmp_path, "jump_height_impuls_m\tcountermovment_jump\tn/a\tmany\t0\t40\tstone\tA\n")
    with pytest.raises(StudyError) as caught:
        legsci.analyse_measurements(tmp_path, claims=repository / "workflow/claims.yaml")
    for place in ("row 2, metric:", "row 2, task:", "row 2, mean:", "row 2, sd:"):
        assert str(caught.value).count(place) == 1, place
    with pytest.raises(StudyError) as caught:
        study_of(tmp_path, f"{JUMP}\tn/a\t30\t0\t40\tkg\tA\n")
    assert "row 2, unit" not in str(caught.value)
    with pytest.raises(StudyError, match=r"row 2, sd(.|\n)*row 2, unit"):
        legsci.analyse_measurements(tmp_path, claims=repository / "workflow/claims.yaml")


def test_words_of_a_group_have_no_order(tmp_path: Path) -> None:
    rows = f"{JUMP}\tfemale, elite\t0.3\t0.1\t9\tn/a\tA\n{JUMP}\tElite,female\t0.3\t0.1\t9\tn/a\tB\n"
    (fault,) = map(str, reference_faults(study_of(tmp_path, rows)))
    assert (
        "row 3, group: expected one norm for each metric, task, side and group; found Elite,female, as in row 2"
        in fault
    )


def test_a_metric_that_another_system_measured_in_the_task_may_have_a_norm(tmp_path: Path) -> None:
    study = study_of(tmp_path, "squat_depth_m\tcountermovement_jump\tn/a\t0.3\t0.1\t9\tn/a\tA\n")
    assert len(reference_faults(study)) == 1
    study.measurements["metric"] = "squat_depth_m"
    assert reference_faults(study) == []


def test_norms_are_an_argument_too(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "study").mkdir()
    study_of(tmp_path / "study", f"{JUMP}\tn/a\t0.3\t0.1\t40\tn/a\tA\n")
    claims = repository / "workflow/claims.yaml"
    own = tmp_path / "norms.tsv"
    own.write_text(f"{HEADER}{JUMP}\tn/a\t25\t5\t40\tcm\tB\n")
    scores = legsci.analyse_measurements(tmp_path / "study", claims=claims)["reference_scores"]
    assert scores["z"].tolist() == pytest.approx([0.0])
    scores = legsci.analyse_measurements(tmp_path / "study", claims=claims, reference=own)["reference_scores"]
    assert scores[["z", "source"]].to_numpy().tolist() == [[pytest.approx(1.0), "B"]]
    own.write_text(f"{HEADER}{JUMP}\tn/a\t25\t0\t40\tcm\tB\n")
    with pytest.raises(StudyError, match=r"norms\.tsv: row 2, sd"):
        legsci.analyse_measurements(tmp_path / "study", claims=claims, reference=own)
    with pytest.raises(StudyError, match=r"nope\.tsv: expected a table of norms; found no such file"):
        legsci.analyse_measurements(tmp_path / "study", claims=claims, reference=tmp_path / "nope.tsv")
