"""Sessions of the virtual athlete: what is written is a study that legsci reads, and the truth about it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from scipy.spatial.transform import Rotation

from legsci.ingest.check import check_study
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.ingest.session import build_session
from legsci.ingest.streams import channel_labels, streams
from legsci.kernels.plates import centre_of_pressure
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import TASK_PLANS, simulate_motion
from legsci.simulate.athlete.plan import Motion, Technique, default_technique
from legsci.simulate.recordings.session_files import (
    SessionRows,
    record_session,
    session_rows,
    write_session_tables,
    write_study_settings,
)
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.trial_files import Instruments
from legsci.simulate.recordings.writers import write_table
from legsci.simulate.sensors.clock import RecorderClock
from legsci.simulate.sensors.emg import CHANNELS, EmgSettings
from legsci.simulate.sensors.imu import CARRIERS, record_imu, worn_imus
from legsci.simulate.sensors.marker_placement import markers_of
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
    for imu in worn_imus(IDEAL_IMUS, np.random.default_rng(0)):
        recording, _ = record_imu(motion, imu, RecorderClock(), IDEAL_IMUS, np.random.default_rng(0))
        mounting, rotation = imu.mounting, motion.rotation[SEGMENTS.index(imu.segment)]
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
    for imu in worn_imus(IDEAL_IMUS, np.random.default_rng(0)):
        recording, _ = record_imu(motion, imu, RecorderClock(), IDEAL_IMUS, np.random.default_rng(0))
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
    truth = truth_of(rows, "jump")
    assert truth["emg_left_gluteus_medius_onset_after_event_s"] == [pytest.approx(0.31)]
    assert truth["emg_left_gluteus_medius_onset_s"] == [pytest.approx(truth["movement_start_time_s"][0] + 0.31)]
    check_study(tmp_path)
    stored = pd.read_csv(tmp_path / "truth" / "trials.tsv", sep="\t", quoting=3)
    assert {name: json.loads(value) for name, value in zip(stored["name"], stored["value"], strict=True)} == truth


def truth_of(rows: SessionRows, trial_id: str) -> dict[str, object]:
    """True values of a trial."""
    return {str(row["name"]): json.loads(str(row["value"])) for row in rows.truth if row["trial_id"] == trial_id}


@pytest.fixture(scope="module")
def worn_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SessionRows]:
    """Two jumps with EMG and inertial sensors, of instruments without errors but those of clocks and packets."""
    folder = tmp_path_factory.mktemp("worn")
    jump = TrialPlan("one", "countermovement_jump", Technique(), emg=True, wearables=True)
    lossy = replace(IDEAL_IMUS, misalignment_deg=5.0, lost_share=(0.05, 0.05))
    instruments = Instruments(2, IDEAL_PLATES, IDEAL_MARKERS, lossy, EmgSettings())
    return folder, write_study(folder, session(jump, replace(jump, trial_id="two")), instruments)


def test_sensors_stay_on_for_the_session_and_their_recorder_is_started_for_each_trial(
    worn_study: tuple[Path, SessionRows],
) -> None:
    one, two = (truth_of(worn_study[1], name) for name in ("one", "two"))
    for carrier in CARRIERS:
        for name in ("sensor_to_segment", "accelerometer_bias", "gyroscope_bias", "skin_ringing_hz"):
            assert one[f"imu_{carrier}_{name}"] == two[f"imu_{carrier}_{name}"]
    for name in ("snr_db", "tonic_share", "rise_s", "rise_shape"):
        assert one[f"emg_left_vastus_lateralis_{name}"] == two[f"emg_left_vastus_lateralis_{name}"]
    assert one["imu_clock_drift"] == two["imu_clock_drift"]
    assert one["imu_clock_offset_s"] != two["imu_clock_offset_s"]
    assert one["emg_left_vastus_lateralis_onset_s"] != two["emg_left_vastus_lateralis_onset_s"]


def test_session_file_holds_the_sensors_at_their_rate_with_lost_packets_missing(
    worn_study: tuple[Path, SessionRows], motions: dict[str, Motion]
) -> None:
    """On the clock of the truth the gyroscope of the pelvis reads its angular velocity."""
    folder, rows = worn_study
    trial, truth = build_session(check_study(folder), "P01", "S01")["one"], truth_of(rows, "one")
    by_label = {
        label: (stream, number)
        for stream in streams(trial, "imu").values()
        for number, label in enumerate(channel_labels(stream))
    }
    assert {label.removesuffix("_angular_velocity_x") for label in by_label if label.endswith("velocity_x")} == {
        *CARRIERS
    }
    motion = motions["countermovement_jump"]
    mounting = np.array(truth["imu_pelvis_sensor_to_segment"])
    pelvis = SEGMENTS.index("pelvis")
    spin = (motion.rotation[pelvis].transpose(0, 2, 1) @ motion.angular_velocity[pelvis][..., None])[..., 0] @ mounting
    for number, axis in enumerate("xyz"):
        stream, row = by_label[f"pelvis_angular_velocity_{axis}"]
        assert stream.attrs["sampling_rate_hz"] == 100.0
        read = stream["value"].to_numpy()[row]
        lost = np.zeros(read.size, dtype=bool)
        for first, stop in truth["imu_pelvis_lost_packets"]:
            lost[first:stop] = True
        np.testing.assert_array_equal(np.isnan(read), lost[: read.size])
        times = truth["imu_clock_offset_s"] + (1.0 + truth["imu_clock_drift"]) * np.arange(read.size) / 100.0
        # A packet is the mean over its interval.
        half = 0.5 * (1.0 + truth["imu_clock_drift"]) / 100.0
        turned = np.concatenate([[0.0], np.cumsum(spin[1:, number] + spin[:-1, number]) / 2000.0])
        before, after = (np.interp(times + sign * half, motion.time, turned) for sign in (-1.0, 1.0))
        moving = (times > half) & ~np.isnan(read)
        np.testing.assert_allclose(read[moving], (after - before)[moving] / (2.0 * half), atol=2e-3)
    assert np.abs(spin).max() > 1.0


def test_session_file_holds_emg_of_eight_muscles_that_rises_at_the_true_onsets(
    worn_study: tuple[Path, SessionRows],
) -> None:
    folder, rows = worn_study
    trial, truth = build_session(check_study(folder), "P01", "S01")["one"], truth_of(rows, "one")
    (emg,) = streams(trial, "emg").values()
    labels, time = channel_labels(emg), emg["time"].to_numpy()
    assert sorted(labels) == sorted(CHANNELS)
    assert emg.attrs["sampling_rate_hz"] == 1000.0
    assert emg.attrs["clock_method"] == "clock of the recorder"
    for label, signal in zip(labels, emg["value"].to_numpy(), strict=True):
        (onset,) = truth[f"emg_{label}_onset_s"]
        if f"emg_{label}_fault" not in truth and truth[f"emg_{label}_snr_db"] > 10.0:
            before = signal[(time > onset - 0.4) & (time < onset - 0.1)].std()
            assert signal[(time > onset + 0.15) & (time < truth["takeoff_time_s"][0] - 0.1)].std() > 1.5 * before


def test_cameras_with_a_recorder_of_their_own_start_late_and_run_at_their_own_rate(tmp_path: Path) -> None:
    """On the clock of the truth their markers are where the motion has them; the plates read as in any trial."""
    trial = TrialPlan("jump", "countermovement_jump", Technique(), plates_apart=True)
    rows = record_session(tmp_path, session(trial), instruments=CLEAN)
    assert [(row["device"], str(row["path"])) for row in rows.recordings] == [
        ("plate_recorder", "P01/S01/jump_plates.c3d"),
        ("vicon_cameras", "P01/S01/jump.c3d"),
    ]
    truth = truth_of(rows, "jump")
    assert 0.1 <= truth["camera_clock_offset_s"] <= 0.5
    assert 0.0 < abs(truth["camera_clock_drift"]) <= 80e-6
    study = yaml.safe_load((files("legsci.simulate.recordings") / "study.yaml").read_text())
    device = Device("cameras", study["devices"]["vicon_cameras"]["reader"])
    recording = READERS["c3d"](tmp_path / "P01/S01/jump.c3d", device=device)
    markers = recording.signals["markers"]["position"].sel(marker="c7").to_numpy()
    motion = simulate_motion("countermovement_jump", ATHLETE, Technique())
    labels, clean = markers_of(build_body(ATHLETE, barbell_kg=0.0), motion)
    times = truth["camera_clock_offset_s"] + (1.0 + truth["camera_clock_drift"]) * np.arange(len(markers)) / 100.0
    height = np.interp(times, motion.time, clean[:, labels.index("c7"), 1])
    np.testing.assert_allclose(markers[:, 2], height, atol=5e-5)
    assert not np.allclose(markers[:, 2], clean[: 10 * len(markers) : 10, labels.index("c7"), 1], atol=0.01)
    assert set(recording.signals) == {"markers"}
    record_session(tmp_path / "shared", session(replace(trial, plates_apart=False)), instruments=CLEAN)
    apart, shared = (
        READERS["c3d"](tmp_path / path, device=device).signals["force"]
        for path in ("P01/S01/jump_plates.c3d", "shared/P01/S01/jump.c3d")
    )
    xr.testing.assert_equal(apart, shared)


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
        TrialPlan("b", "squat", Technique(), markers=False, plates_apart=True),
        TrialPlan("c", "sprint", Technique(), emg=True),
    )
    expected = (
        r"trial a occurs 2 times; trial a: EMG .*; trial a: the plates of a sprint .*; "
        r"trial b: plates with a recorder of their own need cameras.*; "
        r"trial c: there is no timing of muscles in a sprint"
    )
    with pytest.raises(ValueError, match=expected):
        session_rows(plan)
