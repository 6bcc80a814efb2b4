"""Sessions of the virtual athlete: what is written is a study that legsci reads, and the truth about it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from legsci.ingest.check import check_study
from legsci.ingest.session import build_session
from legsci.kernels.plates import centre_of_pressure
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import TASK_PLANS, simulate_motion
from legsci.simulate.athlete.plan import Motion, Technique, default_technique
from legsci.simulate.recordings.session_files import (
    Instruments,
    SessionRows,
    record_session,
    session_rows,
    write_session_tables,
    write_study_settings,
)
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.writers import write_table
from legsci.simulate.sensors.emg import EmgSettings
from legsci.simulate.sensors.imu import imus, record_imu
from legsci.simulate.sensors.plates import SPREAD_TASKS
from legsci.vocabulary import SEGMENTS, SIDES_OF_BODY, STANDARD_GRAVITY
from tests.simulate.ideal_sensors import IDEAL_IMUS, IDEAL_MARKERS, IDEAL_PLATES

TASKS = sorted(TASK_PLANS)
CLEAN = Instruments(2, IDEAL_PLATES, IDEAL_MARKERS, IDEAL_IMUS, EmgSettings())
ATHLETE = Athlete()


@pytest.fixture(scope="module")
def motions() -> dict[str, Motion]:
    return {task: simulate_motion(task, ATHLETE, default_technique(task)) for task in TASKS}


def session(*trials: TrialPlan, seed: int = 1) -> SessionPlan:
    return SessionPlan("P01", "S01", ATHLETE, trials, (seed,))


def write_study(folder: Path, plan: SessionPlan, instruments: Instruments) -> SessionRows:
    rows = record_session(folder, plan, instruments=instruments)
    write_study_settings(folder)
    write_session_tables(folder, [rows])
    write_table(folder / "participants.tsv", ["participant_id"], [{"participant_id": "P01"}])
    visit = {"participant_id": "P01", "session_id": "S01", "day": 0}
    write_table(folder / "sessions.tsv", list(visit), [visit])
    return rows


@pytest.fixture(scope="module")
def clean_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    trials = [TrialPlan(task, task, default_technique(task)) for task in TASKS]
    trials.append(TrialPlan("plates_alone", "countermovement_jump", Technique(), markers=False))
    write_study(folder, session(*trials), CLEAN)
    return folder


def test_the_study_passes_its_own_check_and_says_that_it_is_simulated(clean_study: Path) -> None:
    study = check_study(clean_study)
    assert study.simulated
    assert study.name == "virtual"


@pytest.mark.parametrize("task", TASKS)
def test_session_file_holds_the_forces_of_the_motion(task: str, clean_study: Path, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    tree = build_session(check_study(clean_study), "P01", "S01")
    group = tree[f"{task}/force"].to_dataset()
    samples = group.sizes["time"]
    floor = np.nan_to_num(motion.centre_of_pressure[:, :samples, 1], nan=1.0) < 0.05
    by_foot = motion.force[:, :samples] * floor[..., None]
    np.testing.assert_allclose(group["force"].sum("plate"), by_foot.sum(axis=0), atol=1e-2)
    if task not in SPREAD_TASKS:
        assert list(group["foot"].to_numpy()) == list(SIDES_OF_BODY)
        for foot in range(2):
            plate = group.isel(plate=foot)
            np.testing.assert_allclose(plate["force"], by_foot[foot], atol=1e-2)
            point, _ = centre_of_pressure(plate["force"].to_numpy(), plate["moment"].to_numpy(), 0.0, 1, 20.0)
            loaded = np.isfinite(point[:, 0])
            assert loaded.any()
            np.testing.assert_allclose(point[loaded], motion.centre_of_pressure[foot, :samples][loaded], atol=1e-4)


def test_a_trial_without_markers_comes_from_the_plates_software(clean_study: Path, motions: dict[str, Motion]) -> None:
    tree = build_session(check_study(clean_study), "P01", "S01")
    force = tree["plates_alone/force"].to_dataset()
    assert force.attrs["reader"] == "bioware"
    np.testing.assert_allclose(force["force"], motions["countermovement_jump"].force, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_gyroscopes_add_up_to_the_rotation_of_their_segment(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    for imu in imus():
        recording, truth = record_imu(motion, imu, IDEAL_IMUS, np.random.default_rng(0))
        mounting, rotation = np.array(truth["sensor_to_segment"]), motion.rotation[SEGMENTS.index(imu.segment)]
        turned = Rotation.from_matrix(rotation[0] @ mounting)
        worst = 0.0
        for number, reading in enumerate(recording.angular_velocity, start=1):
            turned = turned * Rotation.from_rotvec(reading / recording.rate_hz)
            sample = round(number * motion.rate_hz / recording.rate_hz)
            error = Rotation.from_matrix(rotation[sample] @ mounting).inv() * turned
            worst = max(worst, float(np.degrees(error.magnitude())))
        assert worst < 0.1, imu.segment


def test_accelerometers_read_g_while_the_athlete_stands(motions: dict[str, Motion]) -> None:
    motion = motions["countermovement_jump"]
    for imu in imus():
        recording, _ = record_imu(motion, imu, IDEAL_IMUS, np.random.default_rng(0))
        assert np.linalg.norm(recording.acceleration[:50], axis=1) == pytest.approx(STANDARD_GRAVITY, abs=0.05)


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    trial = TrialPlan("jump", "countermovement_jump", Technique(), emg=True, wearables=True)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        record_session(tmp_path / name, session(trial, seed=seed))
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 8
    for file in files:
        first, again, other = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert first == again
        assert first != other


def test_trials_added_at_the_end_leave_the_others_as_they_are(tmp_path: Path) -> None:
    jump = TrialPlan("jump", "countermovement_jump", Technique())
    record_session(tmp_path / "one", session(jump))
    record_session(tmp_path / "two", session(jump, replace(jump, trial_id="again")))
    first, same, other = (
        tmp_path / name for name in ("one/P01/S01/jump.c3d", "two/P01/S01/jump.c3d", "two/P01/S01/again.c3d")
    )
    assert first.read_bytes() == same.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_truth_has_the_onset_that_was_planned_and_rows_match_the_files(tmp_path: Path) -> None:
    onset = (("gluteus_medius", 0.31),)
    trial = TrialPlan("jump", "countermovement_jump", Technique(), emg=True, emg_onset_s=onset, wearables=True)
    exact = replace(Instruments(), emg=EmgSettings(onset_sd_s=0.0))
    rows = write_study(tmp_path, session(trial), exact)
    truth = {row["name"]: json.loads(row["value"]) for row in rows.truth}
    assert truth["emg_left_gluteus_medius_onset_after_event_s"] == [0.31]
    assert truth["emg_left_gluteus_medius_onset_s"] == [truth["movement_start_time_s"][0] + 0.31]
    check_study(tmp_path)
    wearables = pd.read_csv(tmp_path / "wearables.tsv", sep="\t")
    assert wearables["segment"].tolist() == [imu.segment for imu in imus()]
    assert all((tmp_path / path).is_file() for path in wearables["path"])
    stored = pd.read_csv(tmp_path / "truth" / "trials.tsv", sep="\t", quoting=3)
    assert {name: json.loads(value) for name, value in zip(stored["name"], stored["value"], strict=True)} == truth


def test_rows_say_leg_load_and_height_of_the_box() -> None:
    plan = session(
        TrialPlan("a", "lateral_jump", Technique(leg="left")),
        TrialPlan("b", "squat", Technique(barbell_kg=40.0), set=2),
        TrialPlan("c", "drop_jump", Technique(drop_height_m=0.4)),
        TrialPlan("d", "sprint", Technique()),
    )
    rows = session_rows(plan)
    table = pd.DataFrame(rows.trials).set_index("trial_id")
    assert table["leg"].to_dict() == {"a": "left", "b": "both", "c": "both", "d": "both"}
    assert table.loc["b", ["load_kg", "set"]].tolist() == [40.0, 2]
    assert table["drop_height_m"].dropna().to_dict() == {"c": 0.4}
    assert [row["device"] for row in rows.recordings] == ["vicon", "vicon", "vicon", "vicon_runway"]


def test_plans_that_cannot_be_recorded_are_refused_with_all_that_is_wrong() -> None:
    plan = session(
        TrialPlan("a", "squat_jump", Technique(), markers=False, emg=True),
        TrialPlan("a", "sprint", Technique(), markers=False),
    )
    with pytest.raises(ValueError, match=r"trial a occurs 2 times; trial a: EMG .*; trial a: the plates of a sprint"):
        session_rows(plan)
