"""What the header of a recording says of a person does not get into session files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from legsci.ingest.session import build_session, session_readings, write_session
from legsci.ingest.study import read_study
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.session import session_repetitions
from tests.c3d_bytes import plate_groups, standing, write_c3d_bytes

NAME, BIRTH, FOLDER = "Dorothea-Quill", "1990-05-17", "recordings-of-dorothea"
STUDY = """\
name: private
lab: {up: z, forward: y}
devices:
  vicon:
    reader: c3d
    markers: {LASI: left_anterior_superior_iliac_spine, RASI: right_anterior_superior_iliac_spine}
    plates:
      "1": {foot: both}
"""
TABLES = {
    "participants": "participant_id\nP01\n",
    "sessions": "participant_id\tsession_id\tday\nP01\tA\t0\n",
    "trials": "participant_id\tsession_id\ttrial_id\ttask\nP01\tA\tstanding_1\tstanding\n",
    "recordings": "participant_id\tsession_id\ttrial_id\tdevice\tpath\nP01\tA\tstanding_1\tvicon\tP01_A.c3d\n",
}


def test_names_birth_dates_and_paths_of_a_header_stay_there(tmp_path: Path) -> None:
    points, analogs = standing(frames=300, points=3)
    groups = plate_groups(analogs)
    groups["POINT"] = {"LABELS": [f"{NAME}:{label}" for label in ("LASI", "RASI", "XTRA")]}
    groups["SUBJECTS"] = {"USED": np.int16(1), "NAMES": [NAME], "BIRTHDATE": [BIRTH], "LABEL_PREFIXES": [f"{NAME}:"]}
    groups["TRIAL"] = {"DESCRIPTION": [f"{NAME}, born {BIRTH}"], "PATH": [f"D:/{FOLDER}/x"]}
    write_c3d_bytes(tmp_path / "P01_A.c3d", points, analogs, groups=groups)
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    for table, text in TABLES.items():
        (tmp_path / f"{table}.tsv").write_text(text, encoding="utf-8")
    assert NAME.encode() in (tmp_path / "P01_A.c3d").read_bytes()
    study = read_study(tmp_path)
    session = build_session(study, "P01", "A")
    assert "left_anterior_superior_iliac_spine" in session["standing_1/markers"]["marker"].to_numpy()
    path = tmp_path / "results" / "A.nc"
    write_session(session, path)
    _, flags = session_repetitions(
        session_motion(session),
        default="owen_mcmahon",
        profiles=["owen_mcmahon"],
        curation=pd.DataFrame(study.curation),
    )
    written = [path.read_bytes(), str(session_readings(path)).encode(), flags.to_csv().encode()]
    for secret in (NAME, BIRTH, FOLDER, str(tmp_path)):
        for content in written:
            assert secret.lower().encode() not in content.lower(), secret
