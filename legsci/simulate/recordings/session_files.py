"""A recorded session of a virtual athlete: raw files as a laboratory exports them, rows of the tables, the truth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from legsci.simulate.athlete.body import build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.truth import trial_truth
from legsci.simulate.recordings.writers import write_bioware, write_c3d, write_table, write_xsens
from legsci.simulate.sensors.converter import converter_step
from legsci.simulate.sensors.emg import CHANNELS, EmgSettings, record_emg
from legsci.simulate.sensors.imu import ImuSettings, imus, record_imu
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.simulate.sensors.markers import MarkerSettings, Trajectories, every_nth, record_markers
from legsci.simulate.sensors.plates import (
    SPREAD_TASKS,
    Plate,
    PlateSettings,
    converter_steps,
    plates_under,
    record_plates,
    surface_wrench,
)
from legsci.storage import atomic_write

#: Devices of study.yaml. A sprint has its own, since the foot on each plate differs between trials.
CAMERAS, RUNWAY, PLATES_ALONE = "vicon", "vicon_runway", "kistler"
#: A sprint is filmed at the rate of the cameras' settings, the other tasks at this rate [Hz]. A second of 41 markers
#: and two plates then takes 57 kB (73 kB with EMG), so that a session of eleven trials stays within some 5 MB.
SLOW_MARKER_RATE_HZ = 100.0
#: Rate of the plates and of EMG [Hz]; it holds the band of EMG.
ANALOG_RATE_HZ = 1000.0
#: Number of the first sensor, as printed on it, hexadecimal.
FIRST_SENSOR = 0x00B42101
#: Columns of the tables that a session adds rows to.
TABLE_COLUMNS = {
    "trials": ("participant_id", "session_id", "trial_id", "task", "leg", "load_kg", "drop_height_m", "set"),
    "recordings": ("participant_id", "session_id", "trial_id", "device", "path"),
    "wearables": ("participant_id", "session_id", "trial_id", "sensor_id", "segment", "path"),
    "truth": ("participant_id", "session_id", "trial_id", "name", "value"),
}

TableRow = dict[str, object]


@dataclass(frozen=True)
class Instruments:
    """The instruments of the laboratory and their errors."""

    plate_type: int = 2
    plates: PlateSettings = field(default_factory=PlateSettings)
    markers: MarkerSettings = field(default_factory=MarkerSettings)
    imus: ImuSettings = field(default_factory=ImuSettings)
    emg: EmgSettings = field(default_factory=EmgSettings)


@dataclass(frozen=True)
class SessionRows:
    """Rows that a session adds to the tables of its study.

    Parameters
    ----------
    trials, recordings : of trials.tsv and recordings.tsv.
    wearables : of wearables.tsv, which lists the files of inertial sensors. legsci has no reader for them yet.
    truth : name and value (JSON) of the true quantities of each trial; times are on the trial's clock.
    """

    trials: list[TableRow]
    recordings: list[TableRow]
    wearables: list[TableRow]
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
    rows = SessionRows([], [], [], [])
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
        rows.recordings.append(key | _recording(plan, trial))
        if trial.wearables:
            for number, imu in enumerate(imus()):
                sensor = f"{FIRST_SENSOR + number:08X}"
                path = f"{_stem(plan, trial)}_imu/MT_{sensor}.txt"
                rows.wearables.append(key | {"sensor_id": sensor, "segment": imu.segment, "path": path})
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
    rows = session_rows(plan)
    paths = {str(row["trial_id"]): Path(folder, str(row["path"])) for row in rows.recordings}
    for number, trial in enumerate(plan.trials):
        wearables = [row for row in rows.wearables if row["trial_id"] == trial.trial_id]
        seeds = np.random.SeedSequence(plan.seed, spawn_key=(number,))
        truth = record_trial(
            paths[trial.trial_id],
            plan,
            trial,
            instruments=instruments or Instruments(),
            rng=np.random.default_rng(seeds),
            wearables={str(row["segment"]): Path(folder, str(row["path"])) for row in wearables},
        )
        key = _key(plan, trial)
        rows.truth.extend(key | {"name": name, "value": json.dumps(value)} for name, value in truth.items())
    return rows


def record_trial(
    path: Path,
    plan: SessionPlan,
    trial: TrialPlan,
    *,
    instruments: Instruments,
    rng: np.random.Generator,
    wearables: Mapping[str, Path],
) -> dict[str, object]:
    """Simulate one trial and write its recordings; return the truth.

    Parameters
    ----------
    path : of the file with the forces, .c3d or, of a trial without markers, .txt.
    wearables : segment -> file of the sensor on it.
    """
    motion = simulate_motion(trial.task, plan.athlete, trial.technique, rate_hz=ANALOG_RATE_HZ)
    plates = plates_under(motion, plate_type=instruments.plate_type)
    # One random stream per instrument, so that switching one off does not change the others.
    for_plates, for_markers, for_emg, *for_imus = rng.spawn(3 + len(wearables))
    channels, plate_truth = record_plates(motion, plates, instruments.plates, for_plates)
    mass_kg = plan.athlete.mass_kg + trial.technique.barbell_kg
    truth: dict[str, object] = {**trial_truth(motion, mass_kg=mass_kg), **plate_truth}
    if trial.markers:
        markers, marker_truth = _film(plan, trial, motion, instruments.markers, for_markers)
        emg, emg_truth = _record_emg(trial, motion, instruments.emg, for_emg)
        truth |= marker_truth | emg_truth
        _write_motion_capture(path, instruments, plates=plates, channels=channels, markers=markers, emg=emg)
    else:
        wrenches = [surface_wrench(plate, signal) for plate, signal in zip(plates, channels, strict=True)]
        write_bioware(path, rate_hz=ANALOG_RATE_HZ, wrenches=wrenches)
    for (segment, file), stream in zip(wearables.items(), for_imus, strict=True):
        imu = next(imu for imu in imus() if imu.segment == segment)
        recording, imu_truth = record_imu(motion, imu, instruments.imus, stream)
        write_xsens(file, recording, first_packet=int(stream.integers(65536)))
        truth |= {f"imu_{segment}_{name}": value for name, value in imu_truth.items()}
    return truth


def _film(
    plan: SessionPlan, trial: TrialPlan, motion: Motion, settings: MarkerSettings, rng: np.random.Generator
) -> tuple[Trajectories, dict[str, object]]:
    """Record the markers of a trial; return the truth about them too."""
    if trial.task != "sprint":
        settings = replace(settings, rate_hz=min(settings.rate_hz, SLOW_MARKER_RATE_HZ))
    body = build_body(plan.athlete, barbell_kg=trial.technique.barbell_kg)
    labels, clean = markers_of(body, motion, step=every_nth(motion.rate_hz, settings.rate_hz))
    if trial.task != "standing" and any(other.task == "standing" and other.markers for other in plan.trials):
        # Medial markers hinder the other leg; the static trial has located the joints.
        worn = [column for column, label in enumerate(labels) if "_medial_" not in label]
        labels, clean = [labels[column] for column in worn], clean[:, worn]
    position, truth = record_markers(motion, labels, clean, settings, rng)
    return Trajectories(labels, position, settings.rate_hz), {f"marker_{name}": value for name, value in truth.items()}


def _record_emg(
    trial: TrialPlan, motion: Motion, settings: EmgSettings, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, object]]:
    """Record the EMG of a trial, channel -> (n,) [V], where it is wanted; return the truth about it too."""
    if not trial.emg:
        return {}, {}
    muscles = replace(settings, onset_s={**settings.onset_s, **dict(trial.emg_onset_s)})
    signals, truth = record_emg(motion, muscles, rng)
    return dict(zip(CHANNELS, signals, strict=True)), {f"emg_{name}": value for name, value in truth.items()}


def _write_motion_capture(
    path: Path,
    instruments: Instruments,
    *,
    plates: Sequence[Plate],
    channels: Sequence[Array],
    markers: Trajectories,
    emg: Mapping[str, Array],
) -> None:
    """Write the C3D file of a trial with markers. C3D holds whole frames only: the file ends with the last of them."""
    samples = len(markers.position) * every_nth(ANALOG_RATE_HZ, markers.rate_hz)
    steps = [step for plate in plates for step in converter_steps(plate, instruments.plates)]
    if instruments.emg.bits is not None:
        steps += [converter_step(instruments.emg.range_v, instruments.emg.bits)] * len(emg)
    write_c3d(
        path,
        analog_rate_hz=ANALOG_RATE_HZ,
        plates=plates,
        plate_channels=[signal[:, :samples] for signal in channels],
        markers=markers,
        emg={name: signal[:samples] for name, signal in emg.items()},
        # A laboratory whose converters have no steps gets floating point.
        steps=steps if len(steps) == sum(map(len, channels)) + len(emg) else None,
    )


def write_study_settings(folder: str | Path) -> None:
    """Write study.yaml of the study `virtual`."""
    text = files("legsci.simulate.recordings").joinpath("study.yaml").read_text(encoding="utf-8")
    with atomic_write(Path(folder) / "study.yaml") as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")


def write_session_tables(folder: str | Path, sessions: list[SessionRows]) -> None:
    """Write trials.tsv, recordings.tsv, wearables.tsv and, where it is known, truth/trials.tsv of a study."""
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


def _recording(plan: SessionPlan, trial: TrialPlan) -> TableRow:
    """Device and path of a trial's forces."""
    if not trial.markers:
        return {"device": PLATES_ALONE, "path": f"{_stem(plan, trial)}.txt"}
    return {"device": RUNWAY if trial.task == "sprint" else CAMERAS, "path": f"{_stem(plan, trial)}.c3d"}


def _faults(plan: SessionPlan) -> list[str]:
    """Faults of a plan that can be found before anything is simulated."""
    names = [trial.trial_id for trial in plan.trials]
    faults = [f"trial {name} occurs {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]
    for trial in plan.trials:
        if trial.emg and not trial.markers:
            faults.append(f"trial {trial.trial_id}: EMG is recorded with the markers, which are off")
        if trial.task in SPREAD_TASKS and not trial.markers:
            faults.append(f"trial {trial.trial_id}: the plates of a {trial.task} need the markers' file, which is off")
    return faults
