"""Movement of a trial: angles, alignment, moments and power of every frame, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import xarray as xr

from legsci.ingest.clocks.session_clocks import clock_uncertainty_s
from legsci.ingest.streams import stream
from legsci.mechanics.kinetics.anthropometry import UNKNOWN_PERSON, Person
from legsci.mechanics.kinetics.inertia import body_segments
from legsci.mechanics.kinetics.inverse_dynamics import JOINT_CHAIN, trial_loads
from legsci.mechanics.kinetics.joint_components import PLANES
from legsci.mechanics.kinetics.load_uncertainty import load_uncertainty
from legsci.mechanics.motion.alignment import CURVES, UNCERTAIN_CURVES, alignment_curves
from legsci.mechanics.motion.angle_uncertainty import ErrorModel, angle_uncertainty, error_model, filter_effect
from legsci.mechanics.motion.angles import JOINTS, kinematics_of_markers, kinematics_of_segments
from legsci.mechanics.motion.kinematics import Array, Kinematics, Paths
from legsci.mechanics.motion.markers import CLUSTERS, smoothable, whole_paths
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.mechanics.motion.static_trial import StaticTrial
from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, MARKERS, PELVIS_MARKERS, SIDES, SIDES_OF_BODY, STANDARD_GRAVITY

#: Kinds of stream from which a movement is computed.
MOVED = ("markers", "segments")
#: Signal of frames by name: values (..., time), and the labels of its first dimension.
Signals = dict[str, tuple[Array, Sequence[str]]]

JOINT_ANGLES = tuple(name for joint in JOINTS.values() for name in joint.names)
LOADED_JOINTS = tuple(JOINT_CHAIN)
#: Drawn length of a recorded foot in front of the ankle [m].
FOOT_M = 0.18
#: Signals of each frame: name -> dimensions other than the frame, and unit. Every study has all of them, so that
#: repetitions of different marker sets lie side by side; what a set does not give is NaN.
FRAME_SIGNALS: dict[str, tuple[tuple[str, ...], str]] = {
    "angle": (("joint_angle",), "deg"),
    "moment": (("joint", "plane"), "N m/kg"),
    "power": (("joint", "plane"), "W/kg"),
    "u_angle": (("joint_angle",), "deg"),
    "u_moment": (("joint", "plane"), "N m/kg"),
    "u_power": (("joint",), "W/kg"),
    "u_power_passing": (("joint",), "W/kg"),
    "energy": ((), "J/kg"),
    "power_residual": ((), "W/kg"),
    "pelvis_position": (("axis",), "m"),
    "pelvis_height": ((), "m"),
    "foot_height": (("side",), "m"),
    **{name: (("side",), unit) for name, unit in CURVES.items()},
    **{f"u_{name}": (("side",), CURVES.get(name, "deg")) for name in UNCERTAIN_CURVES},
}
#: Labels of those dimensions.
FRAME_COORDS = {
    "joint_angle": JOINT_ANGLES,
    "joint": LOADED_JOINTS,
    "plane": PLANES,
    "side": SIDES,
    "axis": tuple(AXES),
}


@dataclass(frozen=True)
class Movement:
    """Movement of a trial as plain arrays.

    Parameters
    ----------
    time : (frame,) on the trial's clock [s].
    rate_hz : frames per second [Hz].
    cutoff_hz : low-pass of markers and ground reaction [Hz]; NaN: none.
    moment_axes : axes of moments and powers, key of MOMENT_AXES (motion/options.py).
    mean_speed_m_per_s, travel_deg : horizontal speed of the pelvis from the first to the last frame in which it is
        seen, and the angle of its path to forward.
    signals : name of FRAME_SIGNALS -> values (..., frame) along its dimensions, FRAME_COORDS, in its unit. Moments and
        powers are those of `inverse_dynamics.dynamics` per body mass; energy is the mechanical energy of the body's
        centre of mass per body mass. NaN where it is not known.
    points : joint centre, or end of a recorded segment (foot tips, top of the trunk), by name -> (frame, 3) [m]: what
        is drawn as a skeleton.
    clock_uncertainty_s : standard uncertainty of its time against that of the plates [s]; NaN where their clocks are
        not related.
    """

    time: Array
    rate_hz: float
    cutoff_hz: float
    moment_axes: str
    mean_speed_m_per_s: float
    travel_deg: float
    signals: dict[str, Array]
    points: dict[str, Array]
    clock_uncertainty_s: float = 0.0

    def dataset(self) -> xr.Dataset:
        """Lay out (..., time) with labels, units and, for `point_position` (point, axis, time) [m], joint centres."""
        variables = {
            name: ((*dims, "time"), self.signals[name], {"units": unit}) for name, (dims, unit) in FRAME_SIGNALS.items()
        }
        points = np.array(list(self.points.values())).reshape(-1, self.time.size, len(AXES))
        return xr.Dataset(
            {**variables, "point_position": (("point", "axis", "time"), points.transpose(0, 2, 1), {"units": "m"})},
            coords={
                **{name: list(labels) for name, labels in FRAME_COORDS.items()},
                "point": list(self.points),
                "time": ("time", self.time, {"units": "s"}),
            },
            attrs={
                "sampling_rate_hz": self.rate_hz,
                "cutoff_hz": self.cutoff_hz,
                "mean_speed_m_per_s": self.mean_speed_m_per_s,
                "travel_deg": self.travel_deg,
            },
        )


def person_of(session: xr.DataTree) -> Person:
    """Person of a session file."""
    measures = {
        f"{side}_{joint}_width": float(session.attrs[f"{joint}_width_m"])
        for joint in ("knee", "ankle")
        for side in SIDES_OF_BODY
        if f"{joint}_width_m" in session.attrs
    }
    if "leg_length_m" in session.attrs:
        measures["leg_length"] = float(session.attrs["leg_length_m"])
    return Person(float(session.attrs.get("body_mass_kg", np.nan)), str(session.attrs.get("sex", "")), measures)


def trial_kinematics(
    trial: xr.DataTree,
    standing: StaticTrial | None,
    *,
    person: Person = UNKNOWN_PERSON,
    options: MotionOptions = DEFAULT_OPTIONS,
) -> Kinematics | None:
    """Segments, joint centres and angles of a trial from its markers, else from the segments that it recorded.

    None where it has neither under a standard label. Parameters as `trial_movement`.
    """
    markers, segments = stream(trial, "markers"), stream(trial, "segments")
    if markers is not None:
        if not set(MARKERS).isdisjoint(markers.get_index("marker")):
            return kinematics_of_markers(
                markers, standing, options=options, measures_m=person.measures_m, sex=person.sex
            )
    elif segments is not None and not set(CLUSTERS).isdisjoint(segments.get_index("segment")):
        return kinematics_of_segments(segments)
    return None


def trial_movement(
    trial: xr.DataTree,
    standing: StaticTrial | None,
    *,
    person: Person = UNKNOWN_PERSON,
    options: MotionOptions = DEFAULT_OPTIONS,
) -> tuple[Movement | None, list[QualityFlag]]:
    """Compute the signals of each frame from the markers of a trial, and its plates where they separate the feet.

    Parameters
    ----------
    trial : group of a session file.
    standing : the session's static trial, which defines the anatomy; None: the trial's own quiet standing.
    person : who moves.
    options : how the motion is computed.

    Returns
    -------
    movement : None without markers that legsci knows.
    flags : one per code; its sentence joins those of all flags with that code.
    """
    moved = trial_kinematics(trial, standing, person=person, options=options)
    if moved is None:
        kinds = [kind for kind in ("markers", "segments") if stream(trial, kind) is not None]
        return None, [QualityFlag("markers_unknown", signal=kind) for kind in kinds]
    frames, flags = moved.time.size, list(moved.flags)
    pelvis = moved.position.get("pelvis", np.full((frames, len(AXES)), np.nan))
    signals: Signals = {
        "angle": (np.array(list(moved.angle.values())).reshape(-1, frames), list(moved.angle)),
        "pelvis_position": (pelvis.T, tuple(AXES)),
        "pelvis_height": (_pelvis_height(trial, moved), ()),
        "foot_height": (_foot_height(trial, moved), SIDES),
    }
    signals |= {name: (curve, SIDES) for name, curve in alignment_curves(moved).items()}
    model, cutoff_hz = error_model(moved, anchored=options.thigh == "anchored"), _cutoff(moved.rate_hz, options)
    if model is not None:
        doubt = angle_uncertainty(moved, model, cutoff_hz=cutoff_hz)
        passed = filter_effect(signals["foot_pitch"][0], moved.rate_hz, cutoff_hz)
        signals["u_foot_pitch"] = (np.hypot(signals["u_foot_pitch"][0], passed), SIDES)
        signals["u_angle"] = (np.array(list(doubt.values())).reshape(-1, frames), list(doubt))
    hips = [name for name in moved.joint_centre if name.endswith("_hip")]
    if len(hips) == 1:
        detail = f"it holds both hip centres, and only the {hips[0].replace('_', ' ')} is known"
        flags.append(QualityFlag("angle_absent", signal="the frontal plane of the legs", detail=detail))
    if any(flag.code == "no_standing" for flag in flags):
        del signals["foot_pitch"]
        detail = "no quiet standing shows the foot flat"
        flags.append(QualityFlag("angle_absent", signal="foot pitch", detail=detail))
    force = stream(trial, "force")
    clock_s = clock_uncertainty_s(*(each for each in (force, *map(partial(stream, trial), MOVED)) if force is not None))
    if force is not None and np.isfinite(clock_s):
        loaded, reasons = _loads(moved, trial, person, options, model)
        signals |= loaded
        flags += reasons
    movement = Movement(
        time=moved.time,
        rate_hz=moved.rate_hz,
        cutoff_hz=cutoff_hz,
        moment_axes=options.moment_axes,
        mean_speed_m_per_s=_mean_speed(pelvis, moved.rate_hz),
        travel_deg=_travel(pelvis),
        signals={name: _complete(signals, name, frames) for name in FRAME_SIGNALS},
        points=moved.joint_centre | _segment_ends(trial, moved),
        clock_uncertainty_s=clock_s,
    )
    return movement, _joined(flags)


def _cutoff(rate_hz: float, options: MotionOptions) -> float:
    """Low-pass that a trial has [Hz]; NaN where it has none, or frames too rarely."""
    cutoff_hz = options.cutoff_hz
    return cutoff_hz if cutoff_hz is not None and smoothable(rate_hz, cutoff_hz) else float("nan")


def _complete(signals: Signals, name: str, frames: int) -> Array:
    """Lay a signal out over all labels of its dimensions, (..., frame); NaN where it has none."""
    dims, _ = FRAME_SIGNALS[name]
    answer = np.full((*(len(FRAME_COORDS[dim]) for dim in dims), frames), np.nan)
    if name in signals:
        values, labels = signals[name]
        rows = [FRAME_COORDS[dims[0]].index(label) for label in labels] if dims else ...
        answer[rows] = values
    return answer


def _way(pelvis: Array) -> tuple[Array, int]:
    """Level way of the pelvis (time, 3) from the first to the last known place (2,) forward, right [m], and its frames.

    NaN where fewer than two places are known.
    """
    seen = np.flatnonzero(np.isfinite(pelvis).all(axis=1))
    if seen.size < 2:
        return np.full(2, np.nan), 0
    return (pelvis[seen[-1]] - pelvis[seen[0]])[[0, 2]], int(seen[-1] - seen[0])


def _mean_speed(pelvis: Array, rate_hz: float) -> float:
    """Length of the way of the pelvis (time, 3) [m] per its time [m/s]."""
    way, frames = _way(pelvis)
    return float(np.linalg.norm(way) * rate_hz / frames) if frames else float("nan")


def _travel(pelvis: Array) -> float:
    """Angle of the way of the pelvis (time, 3) to forward, 0 to 180 [deg]."""
    forward, right = _way(pelvis)[0]
    return float(np.degrees(np.arctan2(abs(right), forward)))


def _segment_ends(trial: xr.DataTree, moved: Kinematics) -> Paths:
    """Ends of recorded segments (frame, 3) [m]: the tip of a foot, along its anterior axis, and the trunk's origin."""
    if stream(trial, "markers") is not None:
        return {}
    ends = {
        "left_foot": ("left_foot_tip", FOOT_M),
        "right_foot": ("right_foot_tip", FOOT_M),
        "trunk": ("trunk_top", 0.0),
    }
    return {
        name: moved.position[segment] + length * moved.rotation[segment][:, :, 0]
        for segment, (name, length) in ends.items()
        if segment in moved.position
    }


def _pelvis_height(trial: xr.DataTree, moved: Kinematics) -> Array:
    """Mean height of the pelvis markers, else of the recorded pelvis (frame,) [m]; NaN where one is missing."""
    markers = stream(trial, "markers")
    if markers is None:
        pelvis = moved.position.get("pelvis")
        return np.full(moved.time.size, np.nan) if pelvis is None else pelvis[:, 1]
    paths = whole_paths(markers, sorted(PELVIS_MARKERS))
    return np.mean([path[:, 1] for path in paths.values()], axis=0) if paths else np.full(moved.time.size, np.nan)


def _foot_height(trial: xr.DataTree, moved: Kinematics) -> Array:
    """Mean height of the heel and toe markers of each foot (side, time) [m]; NaN for a foot that has not both.

    Gaps are filled as those of all markers. Of recorded segments the height of the ankle centre.
    """
    answer = np.full((len(SIDES), moved.time.size), np.nan)
    markers = stream(trial, "markers")
    if markers is None:
        for row, side in enumerate(SIDES):
            if f"{side}_foot" in moved.position:
                answer[row] = moved.position[f"{side}_foot"][:, 1]
        return answer
    feet = {side: (f"{side}_heel", f"{side}_toe") for side in SIDES}
    paths = whole_paths(markers, [end for ends in feet.values() for end in ends])
    for row, side in enumerate(SIDES):
        if set(feet[side]) <= set(paths):
            heel, toe = (paths[end][:, 1] for end in feet[side])
            answer[row] = 0.5 * (heel + toe)
    return answer


def _loads(
    moved: Kinematics, trial: xr.DataTree, person: Person, options: MotionOptions, model: ErrorModel | None
) -> tuple[Signals, list[QualityFlag]]:
    """Moments, powers and energy of a trial with their standard uncertainties, and flags."""
    if not any(name.endswith(("thigh", "shank")) for name in moved.rotation):
        return {}, []
    absent = _absent_for_loads(moved, person)
    if absent:
        return {}, absent
    load = float(np.nan_to_num(trial.attrs.get("load_kg", 0.0)))
    mass = person.body_mass_kg
    body = body_segments(moved, body_mass_kg=mass, sex=person.sex, load_kg=load)
    force = stream(trial, "force")
    assert force is not None, "loads are computed of trials with plates"
    solved = trial_loads(moved, force, body, body_mass_kg=mass, options=options)
    found = {name: values for name, (_, values, _) in solved.variables.items()}
    signals: Signals = {}
    if "joint_power_in_plane" in found:
        for name, of in (("moment", "joint_moment_in_plane"), ("power", "joint_power_in_plane")):
            signals[name] = (found[of].transpose(1, 2, 0) / mass, solved.joints)
    if model is not None and solved.joint_loads is not None and solved.axes is not None:
        doubt = load_uncertainty(
            solved.joint_loads,
            found["joint_moment_in_plane"].transpose(1, 2, 0),
            model,
            axes=(options.moment_axes, solved.axes),
            joints=list(solved.joints),
            low_pass=(moved.rate_hz, _cutoff(moved.rate_hz, options)),
            clock_s=clock_uncertainty_s(force, *map(partial(stream, trial), MOVED)),
        )
        names = ("u_moment", "u_power", "u_power_passing")
        signals |= {name: (each / mass, solved.joints) for name, each in zip(names, doubt, strict=True)}
    if "segment_power_residual" in found:
        of_legs = [row for row, name in enumerate(solved.segments) if name not in ("pelvis", "trunk")]
        residual = np.abs(found["segment_power_residual"][:, of_legs]).max(axis=1)
        signals["power_residual"] = (residual / mass, ())
    if "body_velocity" in found:
        speed, height = found["body_velocity"], found["body_centre_of_mass"][:, 1]
        energy = 0.5 * (speed**2).sum(axis=1) + STANDARD_GRAVITY * height
        signals["energy"] = (energy * ((mass + load) / mass), ())
    return signals, solved.flags


def _absent_for_loads(moved: Kinematics, person: Person) -> list[QualityFlag]:
    """Flag of what joint loads need and the study or the markers do not give."""
    unknown = [
        words
        for words, missing in (
            ("the body mass is not known", not np.isfinite(person.body_mass_kg)),
            ("the sex, by which the inertia of segments is chosen, is not known", person.sex not in ("female", "male")),
        )
        if missing
    ]
    if unknown:
        return [QualityFlag("person_unknown", signal="participant", detail=" and ".join(unknown))]
    if not moved.lengths:
        detail = "a thigh or shank with both its joint centres, from which length and mass of the segments are scaled"
        return [QualityFlag("segment_missing", signal="legs", detail=detail)]
    return []


def _beyond(flag: QualityFlag) -> float:
    """Value as a part of its limit, where there is one; in size."""
    return abs(flag.value / flag.limit) if flag.limit and np.isfinite(flag.limit) else abs(flag.value)


def _joined(flags: list[QualityFlag]) -> list[QualityFlag]:
    """One flag per code, with all its sentences; signal, value and limit are those furthest beyond the limit."""
    of_code: dict[str, list[QualityFlag]] = {}
    for flag in flags:
        of_code.setdefault(flag.code, []).append(flag)
    joined = []
    for alike in of_code.values():
        worst = max(alike, key=lambda flag: np.nan_to_num(_beyond(flag), nan=-1.0))
        joined.append(replace(worst, words=" ".join(flag.sentence for flag in alike)))
    return joined
