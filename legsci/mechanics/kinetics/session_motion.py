"""Motion of a session: kinematics and kinetics of each trial once, for repetitions, metrics, curves and figures."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from legsci.ingest.clocks.session_clocks import UNKNOWN
from legsci.ingest.streams import kinds_of, stream, streams
from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.force.plates import GroundReaction, centre_of_pressure, ground_reaction, vertical_of_plates
from legsci.mechanics.force.session_reference import TrialReference, session_reference, with_known_zero
from legsci.mechanics.force.trial_flags import force_flags
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.contradictions import (
    OF_WHOLE_BODY,
    WRONG_KINETICS,
    crossed_plate_flags,
    facing_flags,
    mass_flags,
    stamp_flags,
    without_directions,
    without_feet,
    without_kinetics,
)
from legsci.mechanics.kinetics.movement import FRAME_COORDS, Movement, person_of, trial_movement
from legsci.mechanics.kinetics.plate_places import distances_by_quarter, turned_corners, with_sound_places
from legsci.mechanics.motion.kinematics import Array
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions, task_options
from legsci.mechanics.motion.static_trial import StaticTrial, session_static_trial
from legsci.mechanics.muscles.channels import channel_flags
from legsci.mechanics.sensors.flexion import StandingReference, measured_reference, stated_reference
from legsci.mechanics.sensors.session_sensors import SensorMotion, session_sensors
from legsci.quality import QualityFlag
from legsci.tasks import TASKS

#: Directions of the centre of pressure, ISB x and z.
DIRECTIONS = ("anterior", "right")
#: Low-pass of the centre of pressure in standing [Hz], as recommended by Ruhe et al. (2010, Gait Posture 32:436).
SWAY_HZ = 10.0
#: Channels that the flag of unmapped channels names; study.readings lists all.
CHANNELS_SHOWN = 8


@dataclass(frozen=True)
class Pressure:
    """Further signals of the plates that carry the person, at the samples of their ground reaction.

    Parameters
    ----------
    horizontal_force : (direction, sample) of all plates, less its mean while they are unloaded [N]; NaN where only
        vertical force was recorded.
    centre_of_pressure : (direction, sample) of all plates [m]; NaN without moments, and in tasks other than standing,
        where sway is not measured.
    """

    horizontal_force: Array
    centre_of_pressure: Array


@dataclass(frozen=True)
class TrialMotion:
    """Kinematics and kinetics of a trial.

    Parameters
    ----------
    attrs : of the trial in the session file: task, leg, load_kg, faults, ...
    streams : kinds of signal that were recorded.
    reaction, pressure : of its plates; None without plates.
    movement : from its markers or recorded segments; None where it has neither under known labels.
    sensors : of its inertial sensors; None without any on a known segment.
    force_flags, flags : what was assumed, and why something is absent: of the plates, of the rest.
    """

    attrs: dict[str, Any]
    streams: tuple[str, ...] = ()
    reaction: GroundReaction | None = None
    pressure: Pressure | None = None
    movement: Movement | None = None
    sensors: SensorMotion | None = None
    force_flags: list[QualityFlag] = field(default_factory=list)
    flags: list[QualityFlag] = field(default_factory=list)


@dataclass(frozen=True)
class SessionMotion:
    """Motion of a session, as a motion file holds it.

    Parameters
    ----------
    attrs : of the session: participant_id, session_id, and study, simulated, body_mass_kg where known.
    options : task -> how the motion of its trials was computed.
    standing_lumbar_flexion_deg : median lumbar flexion of the standing trial; NaN without one.
    trials : name -> TrialMotion, in the order of the session.
    """

    attrs: dict[str, Any]
    options: dict[str, MotionOptions]
    standing_lumbar_flexion_deg: float
    trials: dict[str, TrialMotion]

    @property
    def kinds(self) -> set[str]:
        """Kinds of signal that any of its trials holds."""
        return {kind for trial in self.trials.values() for kind in trial.streams}

    def kinematics(self, trial_id: str) -> xr.Dataset:
        """Kinematics of a trial as a labelled Dataset; see `legsci.mechanics.kinetics.movement.Movement.dataset`.

        Raises
        ------
        KeyError : no such trial, or it has neither markers nor segments under known labels.
        """
        movement = self.trials[trial_id].movement if trial_id in self.trials else None
        if movement is None:
            known = ", ".join(name for name, trial in self.trials.items() if trial.movement is not None) or "none"
            raise KeyError(f"trial {trial_id} has no kinematics in this session; trials with kinematics: {known}")
        return movement.dataset()


def session_motion(
    session: xr.DataTree, *, options: Mapping[str, MotionOptions] | None = None, swapped: Iterable[str] = ()
) -> SessionMotion:
    """Compute the motion of every trial of a session.

    Parameters
    ----------
    session : a session file, opened.
    options : task -> how the motion of its trials is computed; None: `legsci.mechanics.motion.options.task_options()`.
    swapped : trials whose plates are exchanged between left and right, as people decided.

    Returns
    -------
    The motion. A trial that fails has neither plates nor markers, and a flag that says why.
    """
    options = task_options() if options is None else options
    standing, static = session_static_trial(session)
    exchange, known = set(swapped), session_reference(session)
    person, contradicted = person_of(session), mass_flags(known.body_weight_n, person_of(session).body_mass_kg)
    zeroed, distances, trials = {}, {}, {}
    for name, trial in session.children.items():
        try:
            as_recorded = with_known_zero(trial, known.trials.get(name, TrialReference()))
            zeroed[name] = with_exchanged_plates(as_recorded) if name in exchange else as_recorded
            distances[name] = distances_by_quarter(zeroed[name])
        except Exception as error:  # one trial that fails does not keep the others from being computed
            trials[name] = _failed(trial, name, error)
    turned = turned_corners(distances)
    for name, trial in zeroed.items():
        reference = known.trials.get(name, TrialReference())
        try:
            sound, misplaced = with_sound_places(trial, turned.get(name, {}))
            chosen = options.get(str(trial.attrs["task"]), DEFAULT_OPTIONS)
            found = _trial_motion(sound, static, reference, person=person, options=chosen)
            trials[name] = _without_contradicted(found, [*misplaced, *contradicted], sound, reference)
        except Exception as error:
            trials[name] = _failed(trial, name, error)
    trials = {name: trials[name] for name in session.children}
    upright = _standing_lumbar_flexion(trials[standing].movement) if standing is not None else float("nan")
    if np.isnan(upright):
        trials = {name: _without_upright(trial) for name, trial in trials.items()}
    unread = [] if static is not None else _unread_static_trials(session)
    trials = {
        name: replace(trial, flags=[*trial.flags, *unread]) if trial.movement is not None else trial
        for name, trial in trials.items()
    }
    trials = _with_sensors(session, trials, standing)
    return SessionMotion(_attributes(session), dict(options), upright, trials)


def _with_sensors(session: xr.DataTree, trials: dict[str, TrialMotion], standing: str | None) -> dict[str, TrialMotion]:
    """Trials with what their sensors tell; flexion in standing is that which is stated, else that of the cameras."""
    reference = stated_reference(session.attrs) or _seen_reference(trials[standing] if standing is not None else None)
    found = session_sensors(session, reference)
    return {
        name: replace(trial, sensors=found[name].motion, flags=[*trial.flags, *found[name].flags])
        if name in found
        else trial
        for name, trial in trials.items()
    }


def _seen_reference(standing: TrialMotion | None) -> StandingReference | None:
    """Flexion of the joints in the standing trial that cameras recorded; None without one."""
    if standing is None or standing.movement is None:
        return None
    signals = standing.movement.signals
    return measured_reference(FRAME_COORDS["joint_angle"], signals["angle"], signals["u_angle"])


def _failed(trial: xr.DataTree, name: str, error: Exception) -> TrialMotion:
    """Trial whose motion could not be computed."""
    logging.getLogger(__name__).error("trial %s", name, exc_info=error)
    flag = QualityFlag("not_computed", signal="trial", detail=f"{type(error).__name__}: {error}")
    return TrialMotion(_attributes(trial), kinds_of(trial), flags=[flag])


def _without_contradicted(
    motion: TrialMotion, found: list[QualityFlag], trial: xr.DataTree, reference: TrialReference
) -> TrialMotion:
    """Leave out what the recordings contradict: metrics that rest on a wrong declaration are missing, not wrong.

    `found` is known already: of the plates' places and of body mass.
    """
    movement, reaction, pressure = motion.movement, motion.reaction, motion.pressure
    codes = {flag.code for flag in motion.flags}
    stamps = stamp_flags(movement, reaction)
    movement = None if stamps else movement
    facing, crossed = facing_flags(movement), crossed_plate_flags(trial, movement)
    feet = [QualityFlag("feet_of_plates_exchanged", detail="The feet stand on the plates of each other")]
    feet = feet if "plate_label_contradicted" in codes and not crossed else []
    flags = [*found, *stamps, *facing, *crossed, *feet]
    if reaction is not None and (crossed or feet):
        reaction = _reaction(without_feet(trial), reference)
    movement = without_directions(movement) if facing else movement
    if pressure is not None and (facing or {"force_axis_reversed"} & codes):
        pressure = Pressure(
            *(np.full_like(values, np.nan) for values in (pressure.horizontal_force, pressure.centre_of_pressure))
        )
    named = [code.replace("_", " ") for code in WRONG_KINETICS if code in codes]
    movement, withheld = without_kinetics(
        movement, [*named, *(flag.code.replace("_", " ") for flag in (*crossed, *found))]
    )
    return replace(
        motion, movement=movement, reaction=reaction, pressure=pressure, flags=[*motion.flags, *flags, *withheld]
    )


def with_exchanged_plates(trial: xr.DataTree) -> xr.DataTree:
    """A trial whose plates of the left and the right foot are exchanged."""
    force = stream(trial, "force")
    if force is None:
        return trial
    other = {"left": "right", "right": "left"}
    feet = [other.get(foot, foot) for foot in force.variables["foot"].data.astype(str).tolist()]
    kept = {name: group for name, group in trial.children.items() if name not in streams(trial, "force")}
    turned = xr.DataTree(force.assign_coords(foot=("plate", feet)))
    changed = xr.DataTree(children={**kept, "force": turned})
    changed.attrs.update(trial.attrs)
    return changed


def _attributes(tree: xr.DataTree) -> dict[str, Any]:
    """Attributes of a group of a session file as plain values."""
    return {str(name): value.item() if isinstance(value, np.generic) else value for name, value in tree.attrs.items()}


def _trial_motion(
    trial: xr.DataTree,
    static: StaticTrial | None,
    reference: TrialReference,
    *,
    person: Person,
    options: MotionOptions,
) -> TrialMotion:
    """Motion of a trial, less the zeros of its plates."""
    movement, flags = trial_movement(trial, static, person=person, options=options)
    task = TASKS.get(str(trial.attrs["task"]))
    if task is not None and task.cut == "effort":
        flags = [flag for flag in flags if flag.code not in OF_WHOLE_BODY]  # the bar bears part of the body
    flags = [*_remarks(trial), *_stream_flags(trial), *channel_flags(trial), *flags]
    force = stream(trial, "force")
    if force is None:
        return TrialMotion(_attributes(trial), kinds_of(trial), movement=movement, flags=flags)
    standing = TASKS[str(trial.attrs["task"])].cut == "quiet"
    if movement is not None and np.isnan(movement.clock_uncertainty_s) and not standing:
        movement = None  # events of the plates would be read at other instants of the movement
    reaction = _reaction(trial, reference)
    return TrialMotion(
        _attributes(trial),
        kinds_of(trial),
        reaction,
        Pressure(
            _horizontal_force(force, reaction),
            _total_centre_of_pressure(force, reaction, sought=standing),
        ),
        movement,
        force_flags=[*reference.flags, *force_flags(trial, reaction)],
        flags=flags,
    )


def _reaction(trial: xr.DataTree, reference: TrialReference) -> GroundReaction:
    """Ground reaction of a trial with plates."""
    force = stream(trial, "force")
    assert force is not None, "a trial with plates has a ground reaction"
    return ground_reaction(
        force,
        stepped_from_box=TASKS[str(trial.attrs["task"])].cut == "rebound",
        zero_uncertainty=reference.zero_uncertainty,
        known_weight=reference.weight,
    )


def _remarks(trial: xr.DataTree) -> list[QualityFlag]:
    """Recordings that were left out, and what a reader found in a file and did not take as it stands there."""
    remarks = {
        sentence: kind
        for kind, signal in reversed(list(trial.children.items()))
        for sentence in json.loads(str(signal.attrs.get("remarks", "[]")))
    }
    left_out = json.loads(str(trial.attrs.get("left_out", "[]")))
    said = [(sentence.removesuffix("."), kind) for sentence, kind in remarks.items()]
    return [
        *(QualityFlag("recording_left_out", signal="trial", detail=sentence) for sentence in left_out),
        *(QualityFlag("read_with_remark", signal=kind, detail=sentence) for sentence, kind in said),
    ]


def _stream_flags(trial: xr.DataTree) -> list[QualityFlag]:
    """Channels that the study does not map, streams whose clock is not known, and what readers found wrong."""
    flags = []
    unmapped: dict[str, list[str]] = {}
    for path, channel, _ in json.loads(str(trial.attrs.get("unmapped", "[]"))):
        unmapped.setdefault(path, []).append(channel)
    for path, channels in unmapped.items():
        shown = ", ".join(channels[:CHANNELS_SHOWN]) + (", ..." if len(channels) > CHANNELS_SHOWN else "")
        flags.append(QualityFlag("channels_not_mapped", path, float(len(channels)), detail=shown))
    # What is said of several streams in the same words, the clock of their recorder above all, is one flag.
    said: dict[tuple[str, float | None, float | None, str], list[str]] = {}
    for name, group in trial.children.items():
        stated = [tuple(flag) for flag in json.loads(str(group.attrs.get("flags", "[]")))]
        if group.attrs.get("clock_method") == UNKNOWN and "clock_not_related" not in {code for code, *_ in stated}:
            stated.append(("clock_unknown", None, None, ""))
        for flag in stated:
            said.setdefault(flag, []).append(str(name))
    for (code, value, limit, detail), names in said.items():
        measured, allowed = (np.nan if number is None else float(number) for number in (value, limit))
        flags.append(QualityFlag(code, ", ".join(names), measured, allowed, detail))
    return flags


def _total_centre_of_pressure(force: xr.Dataset, reaction: GroundReaction, *, sought: bool) -> Array:
    """Centre of pressure of all plates that carry the person, forward and to the right (2, sample) [m].

    Low-passed at `SWAY_HZ`: the range of raw samples of a thousand a second is mostly that of the plates' noise.
    """
    if not sought or not reaction.plates or "moment" not in force:
        return np.full((2, reaction.force.shape[1]), np.nan)
    force = force.sel(plate=list(reaction.plates))
    axes = force.get_index("axis").tolist()
    position = centre_of_pressure(force).variables["centre_of_pressure"].transpose("axis", "plate", "time").data
    level = position[[axes.index("x"), axes.index("z")]]
    pressed = np.where(np.isfinite(level[0]), vertical_of_plates(force), 0.0)
    total = pressed.sum(axis=0)
    path = np.nansum(level * pressed, axis=1) / np.where(total > 0.0, total, np.nan)
    if reaction.rate <= 2.0 * SWAY_HZ:
        return np.asarray(path)
    return butterworth_lowpass(path, sampling_rate_hz=reaction.rate, cutoff_hz=SWAY_HZ)


def _horizontal_force(force: xr.Dataset, reaction: GroundReaction) -> Array:
    """Force of all plates that carry the person, forward and to the right, less its mean while unloaded (2, sample)."""
    answer = np.full((len(DIRECTIONS), reaction.force.shape[1]), np.nan)
    axes, plates = force.get_index("axis").tolist(), force.get_index("plate").tolist()
    recorded = force.variables["force"].transpose("axis", "plate", "time").data
    middles = [slice(first + (stop - first) // 4, stop - (stop - first) // 4) for first, stop in reaction.unloaded]
    for row, axis in enumerate("xz"):
        if not reaction.plates or axis not in axes:
            continue
        total = recorded[axes.index(axis), [plates.index(plate) for plate in reaction.plates]].astype(float).sum(axis=0)
        empty = np.concatenate([total[middle] for middle in middles]) if middles else np.zeros(1)
        answer[row] = total - empty.mean()
    return answer


def _unread_static_trials(session: xr.DataTree) -> list[QualityFlag]:
    """Flag of static trials that could not be read."""
    return [
        QualityFlag("static_trial_not_used", "trial", detail=f"trial {name} could not be read")
        for name, trial in session.children.items()
        if trial.attrs["task"] == "standing" and json.loads(str(trial.attrs.get("faults", "[]")))
    ]


def _without_upright(motion: TrialMotion) -> TrialMotion:
    """Trial of a session that does not show the lumbar flexion of standing: a flag says what is missing."""
    if motion.movement is None or np.isnan(_standing_lumbar_flexion(motion.movement)):
        return motion
    detail = "no static trial of the session shows that of standing"
    flag = QualityFlag("angle_absent", signal="lumbar flexion from standing", detail=detail)
    return replace(motion, flags=[*motion.flags, flag])


def _standing_lumbar_flexion(movement: Movement | None) -> float:
    """Median lumbar flexion of a trial [deg]."""
    if movement is None:
        return float("nan")
    flexion = movement.signals["angle"][FRAME_COORDS["joint_angle"].index("lumbar_flexion")]
    known = flexion[np.isfinite(flexion)]
    return float(np.median(known)) if known.size else float("nan")
