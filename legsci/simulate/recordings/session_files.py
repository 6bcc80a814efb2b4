"""A recorded session of a virtual athlete: raw files as a laboratory exports them, rows of the tables, the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from legsci.simulate.athlete.muscles import TIMING
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.trial_files import Instruments, draw_setup, record_trial
from legsci.simulate.recordings.writers import write_table
from legsci.simulate.sensors.imu import CARRIERS
from legsci.simulate.sensors.plates import SPREAD_TASKS
from legsci.storage import atomic_write

#: Devices of study.yaml. A sprint has its own, since the foot on each plate differs between trials; so have files with
#: EMG, whose channels are mapped, and those of plates and cameras with a recorder each.
CAMERAS, RUNWAY, PLATES_ALONE = "vicon", "vicon_runway", "kistler"
WITH_EMG, CAMERAS_ALONE, PLATES_APART = "_emg", "vicon_cameras", "plate_recorder"
#: Device of the inertial sensors.
SENSORS = "mtw"
#: Number of the first sensor, as printed on it, hexadecimal.
FIRST_SENSOR = 0x00B42101
#: Columns of the tables that a session adds rows to.
TABLE_COLUMNS = {
    "trials": ("participant_id", "session_id", "trial_id", "task", "leg", "load_kg", "drop_height_m", "set"),
    "recordings": ("participant_id", "session_id", "trial_id", "device", "path"),
    "truth": ("participant_id", "session_id", "trial_id", "name", "value"),
}

TableRow = dict[str, object]


@dataclass(frozen=True)
class SessionRows:
    """Rows that a session adds to the tables of its study.

    Parameters
    ----------
    trials, recordings : of trials.tsv and recordings.tsv.
    truth : name and value (JSON) of the true quantities of each trial; times are on the trial's clock.
    """

    trials: list[TableRow]
    recordings: list[TableRow]
    truth: list[TableRow]


def session_rows(plan: SessionPlan) -> SessionRows:
    """Return the rows of a session without simulating it, and so without those of the truth.

    Raises
    ------
    ValueError : lists trials with incompatible instruments, and names that occur twice.
    """
    faults = _faults(plan)
    if faults:
        raise ValueError(f"session {plan.participant_id} {plan.session_id}: " + "; ".join(faults))
    rows = SessionRows([], [], [])
    for trial in plan.trials:
        key = _key(plan, trial)
        technique = trial.technique
        rows.trials.append(
            key
            | {
                "task": trial.task,
                "leg": technique.leg if trial.task == "lateral_jump" else "both",
                "load_kg": technique.barbell_kg if technique.barbell_kg > 0.0 else None,
                "drop_height_m": technique.drop_height_m if trial.task == "drop_jump" else None,
                "set": trial.set,
            }
        )
        rows.recordings.extend(key | {"device": name, "path": path} for name, path, _ in _recordings(plan, trial))
    return rows


def record_session(folder: str | Path, plan: SessionPlan, *, instruments: Instruments | None = None) -> SessionRows:
    """Simulate the trials of a session and write their raw files.

    Parameters
    ----------
    folder : of the study; files go to <participant>/<session>/ in it.
    plan : what to simulate. The same plan gives the same bytes.
    instruments : the laboratory's; by default with ordinary errors.

    Returns
    -------
    Rows for the tables, the truth among them.

    Raises
    ------
    ValueError : a trial that cannot be simulated or recorded.
    """
    rows, instruments = session_rows(plan), instruments or Instruments()
    setup = draw_setup(plan, instruments)
    for number, trial in enumerate(plan.trials):
        truth = record_trial(
            {part: Path(folder, path) for _, path, part in _recordings(plan, trial)},
            plan,
            trial,
            instruments=instruments,
            setup=setup,
            rng=np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(number,))),
        )
        key = _key(plan, trial)
        rows.truth.extend(key | {"name": name, "value": json.dumps(value)} for name, value in truth.items())
    return rows


def write_study_settings(folder: str | Path) -> None:
    """Write study.yaml of the study `virtual`."""
    text = files("legsci.simulate.recordings").joinpath("study.yaml").read_text(encoding="utf-8")
    with atomic_write(Path(folder) / "study.yaml") as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def write_session_tables(folder: str | Path, sessions: list[SessionRows]) -> None:
    """Write trials.tsv, recordings.tsv and, where it is known, truth/trials.tsv of a study."""
    for name, columns in TABLE_COLUMNS.items():
        rows = [row for session in sessions for row in getattr(session, name)]
        file = "truth/trials.tsv" if name == "truth" else f"{name}.tsv"
        if rows or name != "truth":
            write_table(Path(folder, file), columns, rows)


def _key(plan: SessionPlan, trial: TrialPlan) -> TableRow:
    """Key of a trial in the tables."""
    return {"participant_id": plan.participant_id, "session_id": plan.session_id, "trial_id": trial.trial_id}


def _stem(plan: SessionPlan, trial: TrialPlan) -> str:
    """Path of a trial's files in the study folder, without their endings."""
    return f"{plan.participant_id}/{plan.session_id}/{trial.trial_id}"


def _recordings(plan: SessionPlan, trial: TrialPlan) -> list[tuple[str, str, str]]:
    """Device, path and part (see `record_trial`) of the files of a trial."""
    stem = _stem(plan, trial)
    emg = WITH_EMG if trial.emg else ""
    if not trial.markers:
        found = [(PLATES_ALONE, f"{stem}.txt", "plates")]
    elif trial.plates_apart:
        found = [(PLATES_APART, f"{stem}_plates.c3d", "plates")]
        found.append((f"{CAMERAS_ALONE}{emg}", f"{stem}.c3d", "motion_capture"))
    else:
        device = RUNWAY if trial.task == "sprint" else f"{CAMERAS}{emg}"
        found = [(device, f"{stem}.c3d", "motion_capture")]
    if trial.wearables:
        for number, segment in enumerate(CARRIERS):
            path = f"{stem}_imu/MT_{FIRST_SENSOR + number:08X}.txt"
            found.append((SENSORS, path, segment))
    return found


def _faults(plan: SessionPlan) -> list[str]:
    """Faults of a plan that can be found before anything is simulated."""
    names = [trial.trial_id for trial in plan.trials]
    faults = [f"trial {name} occurs {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]
    for trial in plan.trials:
        if trial.emg and not trial.markers:
            faults.append(f"trial {trial.trial_id}: EMG is recorded with the markers, which are off")
        if trial.emg and trial.task not in TIMING:
            faults.append(f"trial {trial.trial_id}: there is no timing of muscles in a {trial.task}, which EMG needs")
        if trial.task in SPREAD_TASKS and not trial.markers:
            faults.append(f"trial {trial.trial_id}: the plates of a {trial.task} need the markers' file, which is off")
        if trial.plates_apart and (trial.task == "sprint" or not trial.markers):
            expected = "plates with a recorder of their own need cameras, and the same foot on a plate in all trials"
            faults.append(f"trial {trial.trial_id}: {expected}")
    return faults
