"""Recorded jumps through study folders: from tables and raw files to metrics, without anything set by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from legsci.ingest.check import check_study
from legsci.ingest.session import build_session
from legsci.metrics.tables import session_metrics
from legsci.simulate.recordings.writers import write_table
from tests.mechanics.trials import Outcome, cut_session

FZ = {"CMJ": "countermovement_jump", "SJ": "squat_jump", "DJ": "drop_jump"}


def study_of(name: str, left: str, right: str, text: str) -> str:
    """Return study.yaml of two plates in delimited text, by the columns of their vertical force and the layout."""
    return f"""
name: {name}
lab: {{up: z, forward: y}}
devices:
  plates:
    reader: delimited
    rate_hz: 1000
    plates:
      left: {{foot: left, columns: {{up: {left}}}}}
      right: {{foot: right, columns: {{up: {right}}}}}
    text: {text}
"""


FZ_STUDY = study_of("fz", "FP1", "FP2", '{header_rows: 1, delimiter: "\\t"}')
ACL_STUDY = study_of("acl", "ground_force2_vy", "ground_force1_vy", "{header_rows: 7}")
#: Flight times of the three jumps of each file [s], as read by hand (PROVENANCE.md), and body weight [N].
ACL = {"BFR003": ([0.290, 0.309, 0.304], 775.6), "BFR011": ([0.246, 0.382, 0.381], 757.9)}


def measured(folder: Path, settings: str, trials: list[dict[str, object]], files: list[tuple[Path, str]]) -> Outcome:
    """Write a study folder of one session with files and their trials, read it, and measure it."""
    (folder / "study.yaml").write_text(settings, encoding="utf-8")
    key = {"participant_id": "P01", "session_id": "S01"}
    write_table(folder / "participants.tsv", ["participant_id"], [{"participant_id": "P01"}])
    write_table(folder / "sessions.tsv", [*key, "day"], [{**key, "day": 0}])
    write_table(folder / "trials.tsv", [*key, *trials[0]], [{**key, **trial} for trial in trials])
    rows = []
    for (source, device), trial in zip(files, trials, strict=True):
        shutil.copy(source, folder / source.name)
        rows.append({**key, "trial_id": trial["trial_id"], "device": device, "path": source.name})
    write_table(folder / "recordings.tsv", list(rows[0]), rows)
    session = build_session(check_study(folder), "P01", "S01")
    reps, quality = cut_session(session, profiles=[])
    metrics, quality = session_metrics(reps, quality)
    return Outcome(reps, quality, metrics)


def test_jumps_of_three_kinds(shared_data: Path, tmp_path: Path) -> None:
    trials = [{"trial_id": name, "task": task} for name, task in FZ.items()]
    files = [(shared_data / "fz-vertical-jumps" / f"Dual-{name}-Fz.txt", "plates") for name in FZ]
    found = measured(tmp_path, FZ_STUDY, trials, files)
    flights = {"CMJ": 0.511, "SJ": 0.471, "DJ": 0.487}
    for name, flight_s in flights.items():
        row = found.row(name)
        # by hand where force passes a threshold, a few ms from where it reaches zero
        assert row["flight_time_s"] == pytest.approx(flight_s, abs=0.006), name
        assert row["status"] != "rejected", name
        assert {"left", "right"} <= set(found.metrics.loc[found.metrics["trial_id"] == name, "side"])
    assert found.row("CMJ")["landing_peak_force_n"] == pytest.approx(2330.0, abs=5.0)
    # the hand value is that above a threshold of force, which the foot passes some ms after the touchdown
    assert found.row("DJ")["contact_time_s"] == pytest.approx(0.246, abs=0.010)
    assert found.row("CMJ")["time_to_stabilisation_s"] > 0.0


@pytest.mark.parametrize("person", sorted(ACL))
def test_three_jumps_of_a_person_after_a_reconstruction(shared_data: Path, tmp_path: Path, person: str) -> None:
    flights, weight = ACL[person]
    file = shared_data / "acl-squatjump" / f"{person}_squat_jump.csv"
    found = measured(tmp_path, ACL_STUDY, [{"trial_id": "jumps", "task": "squat_jump"}], [(file, "plates")])
    rows = found.rows("jumps")
    assert rows["flight_time_s"].to_numpy() == pytest.approx(flights, abs=0.012)
    assert rows["body_weight_n"].median() == pytest.approx(weight, rel=0.01)
    if person == "BFR011":
        # the right leg pushes less; without a start of the movement there is no peak force, and a flag says why
        known = rows["asymmetry_peak_force_percent"].dropna()
        assert len(known) >= 1
        assert (known < -5.0).all()
        missing = rows.loc[rows["asymmetry_peak_force_percent"].isna(), "reason"]
        assert missing.str.contains("integrated_backward|no_velocity").all()
