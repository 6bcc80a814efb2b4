"""Virtual sessions, written as a laboratory's files: the clocks that legsci finds are those that were put in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from legsci.ingest.session import build_session
from legsci.ingest.study import read_study
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.plan import Technique, default_technique
from legsci.simulate.recordings.session_files import record_session, write_session_tables, write_study_settings
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.trial_files import Instruments
from legsci.simulate.recordings.writers import write_table


@pytest.mark.parametrize("seed", [1, 2])
def test_sensors_and_cameras_with_recorders_of_their_own(seed: int, tmp_path: Path) -> None:
    squat = default_technique("squat")
    trials = (
        TrialPlan("standing", "standing", default_technique("standing"), wearables=True),
        TrialPlan("jump", "countermovement_jump", Technique(), wearables=True),
        TrialPlan("squat", "squat", squat, wearables=True),
        TrialPlan("apart", "countermovement_jump", replace(Technique(), depth_m=0.25), plates_apart=True),
    )
    rows = record_session(tmp_path, SessionPlan("P01", "S01", Athlete(), trials, (seed,)), instruments=Instruments())
    write_study_settings(tmp_path)
    write_session_tables(tmp_path, [rows])
    write_table(
        tmp_path / "participants.tsv",
        ["participant_id", "sex", "body_mass_kg"],
        [{"participant_id": "P01", "sex": "female", "body_mass_kg": Athlete().mass_kg}],
    )
    visit = {"participant_id": "P01", "session_id": "S01", "day": 0}
    write_table(tmp_path / "sessions.tsv", list(visit), [visit])
    truth = {(row["trial_id"], row["name"]): json.loads(str(row["value"])) for row in rows.truth}
    session = build_session(read_study(tmp_path), "P01", "S01")
    for trial, limit_s in (("jump", 0.004), ("squat", 0.015)):
        sensors = [group for name, group in session[trial].children.items() if name.startswith("imu")]
        for sensor in sensors:  # all sensors have the clock of their recorder, that of the pelvis relates it
            if sensor.attrs["clock_method"] == "unknown":
                assert trial == "squat"
                assert "clock_not_related" in sensor.attrs["flags"]
                continue
            true = truth[trial, "imu_clock_offset_s"]
            assert sensor.attrs["clock_offset_s"] == pytest.approx(true, abs=limit_s), trial
            assert sensor.attrs["clock_offset_uncertainty_s"] < limit_s
    motion = session_motion(session)
    sensors = [name for name in session["standing"].children if name.startswith("imu")]
    (flag,) = (flag for flag in motion.trials["standing"].flags if flag.code == "clock_not_related")
    assert flag.signal == ", ".join(sensors)
    cameras = session["apart"]["markers"]
    assert cameras.attrs["clock_offset_s"] == pytest.approx(truth["apart", "camera_clock_offset_s"], abs=0.003)
    apart = motion.trials["apart"]
    assert "clocks_apart" not in {flag.code for flag in apart.flags}
    assert apart.movement is not None
    assert 0.0 < apart.movement.clock_uncertainty_s < 0.003
