"""A study of twelve files of which three are damaged: nine trials as without them, and three refusals by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.ingest.check import check_study
from legsci.ingest.devices import Device
from legsci.ingest.readers import delimited
from legsci.ingest.recording import Recording
from legsci.ingest.session import build_session
from legsci.mechanics.force.profiles import load_profiles
from legsci.metrics.tables import study_tables
from tests.analytic_jump import countermovement_jump
from tests.c3d_bytes import plate_groups, standing, write_c3d_bytes
from tests.ingest.test_c3d_files import changed, ezc3d_dies_of, theia
from tests.mechanics.trials import cut_session

STUDY = """\
name: twelve
lab: {up: z, forward: x}
devices:
  c3d: {reader: c3d}
  csv:
    reader: delimited
    rate_hz: 1000
    plates: {"1": {foot: both, columns: {up: 1}}}
"""
GOOD = [f"good_{number}" for number in range(1, 10)]
BAD = {"aborts": "theia.c3d", "segfaults": "flipped.c3d", "raises": "raises.csv"}


def write_study(folder: Path, trials: list[str]) -> Path:
    """Nine jumps in two formats, and the damaged files that are among the trials."""
    (folder / "raw").mkdir(parents=True)
    rows = []
    for trial in trials:
        path = folder / "raw" / (BAD[trial] if trial in BAD else f"{trial}.{'csv' if int(trial[-1]) % 2 else 'c3d'}")
        write_recording(path, trial)
        rows.append(f"P01\tA\t{trial}\t{path.suffix[1:]}\traw/{path.name}")
    (folder / "study.yaml").write_text(STUDY)
    (folder / "participants.tsv").write_text("participant_id\nP01\n")
    (folder / "sessions.tsv").write_text("participant_id\tsession_id\tday\nP01\tA\t0\n")
    lines = [f"P01\tA\t{trial}\tcountermovement_jump" for trial in trials]
    (folder / "trials.tsv").write_text("\n".join(["participant_id\tsession_id\ttrial_id\ttask", *lines]) + "\n")
    header = "participant_id\tsession_id\ttrial_id\tdevice\tpath"
    (folder / "recordings.tsv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def write_recording(path: Path, trial: str) -> None:
    """A jump, or a damaged file."""
    if trial == "aborts":
        theia(path)
        path.write_bytes(path.read_bytes()[:12000])
    elif trial == "segfaults":
        points, analogs = standing(60)
        changed(write_c3d_bytes(path, points, analogs, groups=plate_groups(analogs)), (702, 193), (3031, 128))
    else:
        force = countermovement_jump(rate_hz=1000.0, noise_n=0.5, sway_n=1.0).force
        if path.suffix == ".csv":
            path.write_text("\n".join(f"{value:.3f}" for value in force.tolist()) + "\n")
        else:
            frames = len(force) // 10
            analogs = np.zeros((frames, 10, 6), np.float32)
            analogs[..., 2] = -force[: frames * 10].reshape(frames, 10)
            points = np.zeros((frames, 0, 4), np.float32)
            write_c3d_bytes(path, points, analogs, groups=plate_groups(analogs))


def tables_of(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    study = check_study(folder)
    session = cut_session(build_session(study, "P01", "A"), profiles=list(load_profiles()), curation=study.curation)
    tables = study_tables([session])
    return tables["metrics"], tables["quality"]


def test_three_bad_files_cost_nothing_but_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = delimited.read

    def failing(path: Path, *, device: Device, part: str | None = None) -> Recording:
        if path.name == BAD["raises"]:
            raise ZeroDivisionError("division by zero")
        return reading(path, device=device, part=part)

    monkeypatch.setattr(delimited, "read", failing)
    bad_first = ["aborts", *GOOD[:4], "segfaults", *GOOD[4:], "raises"]
    folder = write_study(tmp_path / "twelve", bad_first)
    assert ezc3d_dies_of(folder / "raw" / BAD["aborts"]) < 0
    assert ezc3d_dies_of(folder / "raw" / BAD["segfaults"]) < 0
    metrics, quality = tables_of(folder)
    alone, _ = tables_of(write_study(tmp_path / "nine", GOOD))
    pd.testing.assert_frame_equal(
        metrics[metrics["trial_id"].isin(GOOD)].reset_index(drop=True), alone.reset_index(drop=True)
    )
    assert len(alone["trial_id"].unique()) == 9
    refused = quality[quality["code"] == "recording_unreadable"].set_index("trial_id")["sentence"]
    assert set(refused.index) == set(BAD)
    for trial, cause in (
        ("aborts", "ROTATION: expected 200 frames"),
        ("segfaults", "expected the name SCALE"),
        ("raises", "ZeroDivisionError: division by zero"),
    ):
        assert f"raw/{BAD[trial]}" in refused[trial]
        assert cause in refused[trial]
