"""A small study of virtual athletes with inertial sensors, with or without the plates and cameras beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.session import build_session
from legsci.ingest.study import read_study
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.plan import default_technique
from legsci.simulate.recordings.session_files import (
    SENSORS,
    record_session,
    write_session_tables,
    write_study_settings,
)
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.trial_files import Instruments

#: Trials of the session: name -> task, and what differs from the usual technique.
TRIALS: dict[str, tuple[str, dict[str, Any]]] = {
    "standing": ("standing", {}),
    "squat": ("squat", {"slowing_per_rep": 0.5}),
    "jump": ("countermovement_jump", {}),
    "drop": ("drop_jump", {}),
}
#: Angles in standing as a goniometer reads them [deg].
STOOD = {"standing_hip_flexion_deg": 8.4, "standing_knee_flexion_deg": 13.5, "standing_ankle_dorsiflexion_deg": 8.0}
#: Settings of a study that has sensors and nothing else.
SENSORS_ALONE = """name: worn
title: Sensors alone
licence: MIT
simulated: true
lab: {up: z, forward: y}
devices:
  mtw:
    reader: xsens_mt
    sensors:
      00B42101: {segment: pelvis}
      00B42102: {segment: thigh, side: left}
      00B42103: {segment: shank, side: left}
      00B42104: {segment: foot, side: left}
      00B42105: {segment: thigh, side: right}
      00B42106: {segment: shank, side: right}
      00B42107: {segment: foot, side: right}
"""


def write_sensor_study(
    folder: Path,
    *,
    alone: bool = True,
    seed: int = 1,
    trials: dict[str, tuple[str, dict[str, Any]]] | None = None,
    stood: dict[str, float] | None = STOOD,
    instruments: Instruments | None = None,
) -> pd.DataFrame:
    """Write a study folder of one session; return the truth of its trials (columns trial_id, name, value).

    Parameters
    ----------
    folder : is made.
    alone : whether the study has the files of the sensors alone.
    seed : of everything random.
    trials : as TRIALS.
    stood : columns of sessions.tsv that state the angles in standing; None: none.
    instruments : the laboratory's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = TRIALS if trials is None else trials
    plans = tuple(
        TrialPlan(name, task, replace(default_technique(task), **changes), wearables=True)
        for name, (task, changes) in chosen.items()
    )
    plan = SessionPlan("p1", "s1", Athlete(), plans, (seed,))
    rows = record_session(folder, plan, instruments=instruments)
    recordings = [row for row in rows.recordings if not alone or row["device"] == SENSORS]
    write_session_tables(folder, [replace(rows, recordings=recordings)])
    if alone:
        (folder / "study.yaml").write_text(SENSORS_ALONE, encoding="utf-8")
    else:
        write_study_settings(folder)
    who = {"participant_id": ["p1"], "session_id": ["s1"], "day": [0]}
    session = pd.DataFrame(who | {name: [value] for name, value in (stood or {}).items()})
    session.to_csv(folder / "sessions.tsv", sep="\t", index=False)
    pd.DataFrame({"participant_id": ["p1"]}).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return pd.DataFrame(rows.truth)


def open_sensor_session(folder: Path) -> Any:
    """Session file of the study."""
    return build_session(read_study(folder), "p1", "s1")
