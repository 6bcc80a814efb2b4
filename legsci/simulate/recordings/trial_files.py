"""The recordings of one trial of a virtual athlete: raw files as a laboratory exports them, and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from legsci.simulate.athlete.body import build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.muscles import muscle_bursts
from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan
from legsci.simulate.recordings.truth import trial_truth
from legsci.simulate.recordings.writers import write_bioware, write_c3d, write_xsens
from legsci.simulate.sensors.clock import ClockSettings, RecorderClock, draw_clock, draw_drift, motion_at
from legsci.simulate.sensors.converter import converter_step
from legsci.simulate.sensors.emg import CHANNELS, Electrodes, EmgSettings, draw_electrodes, record_emg
from legsci.simulate.sensors.imu import Imu, ImuSettings, record_imu, worn_imus
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.simulate.sensors.markers import MarkerSettings, Trajectories, every_nth, record_markers
from legsci.simulate.sensors.plates import (
    Plate,
    PlateSettings,
    converter_steps,
    plates_under,
    record_plates,
    surface_wrench,
)

#: A sprint is filmed at the rate of the cameras' settings, the other tasks at this rate [Hz]. A second of 41 markers
#: and two plates then takes 57 kB (73 kB with EMG), so that a session of eleven trials stays within some 5 MB.
SLOW_MARKER_RATE_HZ = 100.0
#: Rate of the plates and of EMG [Hz]; it holds the band of EMG.
ANALOG_RATE_HZ = 1000.0
#: Key of the random numbers of a session; those of its trials have the keys 0, 1, ...
SESSION_KEY = 2**31
#: Cameras with a recorder of their own start after the plates, while the athlete stands.
CAMERA_CLOCK = ClockSettings(late_s=(0.1, 0.5), late_share=1.0)


@dataclass(frozen=True)
class Instruments:
    """The instruments of the laboratory and their errors."""

    plate_type: int = 2
    plates: PlateSettings = field(default_factory=PlateSettings)
    markers: MarkerSettings = field(default_factory=MarkerSettings)
    imus: ImuSettings = field(default_factory=ImuSettings)
    emg: EmgSettings = field(default_factory=EmgSettings)
    imu_clock: ClockSettings = field(default_factory=ClockSettings)
    camera_clock: ClockSettings = CAMERA_CLOCK


@dataclass(frozen=True)
class Setup:
    """What is put on the athlete, or switched on, once per session.

    Parameters
    ----------
    electrodes, imus : on the skin.
    imu_drift, camera_drift : of the clocks of the recorders, see RecorderClock.
    """

    electrodes: Electrodes
    imus: tuple[Imu, ...]
    imu_drift: float
    camera_drift: float


def draw_setup(plan: SessionPlan, instruments: Instruments) -> Setup:
    """Draw what is the same in all trials of a session; the same plan gives the same."""
    seeds = np.random.SeedSequence(plan.seed, spawn_key=(SESSION_KEY,))
    # One random stream per instrument, so that switching one off does not change the others.
    for_electrodes, for_imus, for_clocks = np.random.default_rng(seeds).spawn(3)
    return Setup(
        draw_electrodes(instruments.emg, for_electrodes),
        worn_imus(instruments.imus, for_imus),
        draw_drift(instruments.imu_clock, for_clocks),
        draw_drift(instruments.camera_clock, for_clocks),
    )


def record_trial(
    paths: Mapping[str, Path],
    plan: SessionPlan,
    trial: TrialPlan,
    *,
    instruments: Instruments,
    setup: Setup,
    rng: np.random.Generator,
) -> dict[str, object]:
    """Simulate one trial and write its recordings; return the truth.

    Parameters
    ----------
    paths : file of each recording: "motion_capture" (.c3d; markers and EMG, and the plates unless they have a file of
        their own), "plates" (.txt, or .c3d of a recorder of their own), and the segments that carry a sensor.
    plan, trial : what to simulate.
    instruments, setup : of the laboratory, and of the session.
    rng : random numbers of the trial.

    Returns
    -------
    name -> value, see SessionRows.
    """
    motion = simulate_motion(trial.task, plan.athlete, trial.technique, rate_hz=ANALOG_RATE_HZ)
    plates = list(plates_under(motion, plate_type=instruments.plate_type))
    # One random stream per instrument, so that switching one off does not change the others.
    for_plates, for_markers, for_emg, for_clocks, *for_imus = rng.spawn(4 + len(setup.imus))
    channels, plate_truth = record_plates(motion, plates, instruments.plates, for_plates)
    mass_kg = plan.athlete.mass_kg + trial.technique.barbell_kg
    truth: dict[str, object] = {**trial_truth(motion, mass_kg=mass_kg), **plate_truth}
    camera_clock = RecorderClock()
    if trial.plates_apart:
        camera_clock = draw_clock(instruments.camera_clock, setup.camera_drift, for_clocks)
        truth |= _clock_truth("camera", camera_clock)
    if "plates" in paths:
        _write_plates(paths["plates"], instruments, plates, channels)
        plates, channels = [], []
    if "motion_capture" in paths:
        seen = motion_at(motion, camera_clock) if trial.plates_apart else motion
        markers, marker_truth = _film(plan, trial, seen, instruments.markers, for_markers)
        emg, emg_truth = _record_emg(trial, (motion, seen), instruments.emg, setup.electrodes, for_emg)
        truth |= marker_truth | emg_truth
        path = paths["motion_capture"]
        _write_motion_capture(path, instruments, plates=plates, channels=channels, markers=markers, emg=emg)
    if trial.wearables:
        clock = draw_clock(instruments.imu_clock, setup.imu_drift, for_clocks)
        truth |= _record_imus(paths, motion, clock, instruments.imus, setup.imus, for_imus)
    return truth


def _record_imus(
    paths: Mapping[str, Path],
    motion: Motion,
    clock: RecorderClock,
    settings: ImuSettings,
    worn: Sequence[Imu],
    streams: Sequence[np.random.Generator],
) -> dict[str, object]:
    """Record the inertial sensors, which share one recorder, and write a file for each; return the truth."""
    # A packet is the mean over an interval, and so is true of the middle of it.
    truth = _clock_truth("imu", replace(clock, offset_s=float(clock.true_time(np.array(0.5 / settings.rate_hz)))))
    first_packet = int(streams[0].integers(65536))
    for imu, stream in zip(worn, streams, strict=True):
        recording, imu_truth = record_imu(motion, imu, clock, settings, stream)
        write_xsens(paths[imu.segment], recording, first_packet=first_packet)
        truth |= {f"imu_{imu.segment}_{name}": value for name, value in imu_truth.items()}
    return truth


def _clock_truth(recorder: str, clock: RecorderClock) -> dict[str, object]:
    """What is true of the clock of a recorder: sample k is of the time offset + (1 + drift) k / rate of the trial."""
    return {f"{recorder}_clock_offset_s": clock.offset_s, f"{recorder}_clock_drift": clock.drift}


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
    trial: TrialPlan,
    motions: tuple[Motion, Motion],
    settings: EmgSettings,
    electrodes: Electrodes,
    rng: np.random.Generator,
) -> tuple[dict[str, Array], dict[str, object]]:
    """Record the EMG of a trial, channel -> (n,) [V], where it is wanted; return the truth about it too.

    `motions` are that of the trial, and the same as sampled by the recorder.
    """
    if not trial.emg:
        return {}, {}
    motion, seen = motions
    planned, sd = dict(trial.emg_onset_s), settings.onset_sd_s
    bursts = muscle_bursts(motion, rng, onset_sd_s=sd, later_s=electrodes.later_s, planned_s=planned)
    signals, truth = record_emg(seen, bursts, electrodes, settings, rng)
    return dict(zip(CHANNELS, signals, strict=True)), {f"emg_{name}": value for name, value in truth.items()}


def _write_plates(path: Path, instruments: Instruments, plates: Sequence[Plate], channels: Sequence[Array]) -> None:
    """Write the file of the plates' own software, or the C3D file of their own recorder."""
    if path.suffix == ".txt":
        wrenches = [surface_wrench(plate, signal) for plate, signal in zip(plates, channels, strict=True)]
        write_bioware(path, rate_hz=ANALOG_RATE_HZ, wrenches=wrenches)
        return
    frames = len(channels[0][0]) // every_nth(ANALOG_RATE_HZ, SLOW_MARKER_RATE_HZ)
    nothing = Trajectories([], np.empty((frames, 0, 3)), SLOW_MARKER_RATE_HZ)
    _write_motion_capture(path, instruments, plates=plates, channels=channels, markers=nothing, emg={})


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
