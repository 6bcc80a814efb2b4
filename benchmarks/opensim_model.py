"""A model of OpenSim with legsci's own segments, centres, axes and inertia, and its tools run on exported files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.spatial.transform import Rotation

from legsci.mechanics.kinetics.inertia import BodySegments
from legsci.mechanics.motion.angles import JOINTS
from legsci.mechanics.motion.kinematics import Array, Kinematics
from legsci.mechanics.motion.markers import CLUSTERS, Markers
from legsci.vocabulary import AXES, LEGS, STANDARD_GRAVITY

#: Axes of the turns of a joint in their order: proximal z, floating x, distal y.
TURNS = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
#: Joints of the legs and the trunk: the pelvis is the root.
MODEL_JOINTS = (*(f"{side}_{joint}" for side in LEGS for joint in ("hip", "knee", "ankle")), "lumbar")
#: Coordinates of the pelvis in the laboratory.
PELVIS_TURNS, PELVIS_PLACE = ("pelvis_z", "pelvis_x", "pelvis_y"), ("pelvis_tx", "pelvis_ty", "pelvis_tz")

#: Mass and inertia of a body that is only a place [kg], [kg m^2].
NOTHING = 1e-9


def local_places(standing: Kinematics, markers: Markers) -> tuple[dict[str, Array], dict[str, dict[str, Array]]]:
    """Where a person's joints and markers are in their segments, medians over a trial in which they stand still.

    Parameters
    ----------
    standing : kinematics of that trial.
    markers : of the same frames.

    Returns
    -------
    Joint -> (3,) of its centre from the origin of the proximal segment, and segment -> label -> (3,) of a marker, in
    the axes of the segment [m].
    """

    def local(segment: str, path: Array) -> Array:
        from_origin = path - standing.position[segment]
        return np.asarray(np.nanmedian(np.einsum("tji,tj->ti", standing.rotation[segment], from_origin), axis=0))

    centres = {
        name: local(JOINTS[name].proximal, _centre(standing, name))
        for name in MODEL_JOINTS
        if {JOINTS[name].proximal, JOINTS[name].distal} <= set(standing.rotation)
    }
    places = {
        segment: {label: local(segment, markers.path(label)) for label in CLUSTERS[segment] if label in markers.columns}
        for segment in standing.rotation
    }
    return centres, places


def _centre(moved: Kinematics, joint: str) -> Array:
    """Path (time, 3) of a joint centre; of the lumbar joint, the origin of the trunk."""
    return moved.joint_centre[joint] if joint in moved.joint_centre else moved.position[JOINTS[joint].distal]


def build_model(
    opensim: Any,
    body: BodySegments,
    centres: dict[str, Array],
    places: dict[str, dict[str, Array]],
    *,
    knees: Literal["turns", "hinge"] = "turns",
    play: bool = False,
) -> Any:
    """Build a model of the segments of a person.

    Coordinates are named and signed as legsci's joint angles; generalised forces are then moments about the same axes
    with the same signs. Each joint has three turns about its centre, which the proximal segment carries.

    Parameters
    ----------
    opensim : the package.
    body : inertia of the segments.
    centres, places : see `local_places`.
    knees : "hinge": they only bend; abduction and rotation stay at 0.
    play : whether segments may part at their joints, as they do where each follows its own markers.
    """
    model = opensim.Model()
    model.setName("legsci")
    model.setGravity(opensim.Vec3(0.0, -STANDARD_GRAVITY, 0.0))
    frames = {}
    for segment, mass, centre, inertia in zip(body.segment, body.mass, body.centre_of_mass, body.inertia, strict=True):
        six = (*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2])
        about = opensim.Inertia(*map(float, six))
        frames[segment] = opensim.Body(segment, float(mass), opensim.Vec3(*map(float, centre)), about)
        model.addBody(frames[segment])
    root = opensim.SpatialTransform()
    for number, (name, axis) in enumerate(zip(PELVIS_TURNS, TURNS, strict=True), start=1):
        _turn(opensim, root, f"rotation{number}", name, axis)
    for name, axis in zip(PELVIS_PLACE, np.eye(3), strict=True):
        _turn(opensim, root, f"translation{PELVIS_PLACE.index(name) + 1}", name, tuple(axis))
    model.addJoint(opensim.CustomJoint("ground_pelvis", model.getGround(), frames["pelvis"], root))
    for name, centre in centres.items():
        joint, zero = JOINTS[name], opensim.Vec3(0.0)
        transform = opensim.SpatialTransform()
        for number, (angle, sign, axis) in enumerate(zip(joint.names, joint.signs, TURNS, strict=True), start=1):
            _turn(opensim, transform, f"rotation{number}", angle, tuple(sign * part for part in axis))
        distal = frames[joint.distal]
        if play:
            distal = opensim.Body(f"{name}_centre", NOTHING, zero, opensim.Inertia(NOTHING, NOTHING, NOTHING))
            model.addBody(distal)
            apart = opensim.SpatialTransform()
            for number, (way, axis) in enumerate(zip(_ways(name), np.eye(3), strict=True), start=1):
                _turn(opensim, apart, f"translation{number}", way, tuple(axis))
            model.addJoint(opensim.CustomJoint(f"{name}_play", distal, frames[joint.distal], apart))
        at = opensim.Vec3(*map(float, centre))
        model.addJoint(opensim.CustomJoint(name, frames[joint.proximal], at, zero, distal, zero, zero, transform))
    for segment, markers in places.items():
        for label, place in markers.items():
            model.addMarker(opensim.Marker(label, frames[segment], opensim.Vec3(*map(float, place))))
    model.finalizeConnections()
    locked = [name for side in LEGS for name in JOINTS[f"{side}_knee"].names[1:]] if knees == "hinge" else []
    coordinates = model.getCoordinateSet()
    for row in range(coordinates.getSize()):
        coordinate = coordinates.get(row)
        coordinate.setDefaultLocked(coordinate.getName() in locked)
    return model


def _ways(joint: str) -> tuple[str, ...]:
    """Names of the coordinates by which the distal segment leaves its joint centre."""
    return tuple(f"{joint}_t{axis}" for axis in AXES)


def _turn(opensim: Any, transform: Any, place: str, name: str, axis: tuple[float, ...]) -> None:
    """Make a coordinate drive an axis of a joint, one for one."""
    names = opensim.ArrayStr()
    names.append(name)
    part = getattr(transform, f"upd_{place}")()
    part.setCoordinateNames(names)
    part.setAxis(opensim.Vec3(*axis))
    part.set_function(opensim.LinearFunction(1.0, 0.0))


def write_own_motion(moved: Kinematics, path: Path) -> None:
    """Write legsci's segments as coordinates of the model with play: the same motion of every segment [rad], [m]."""
    columns = {"time": moved.time}
    turns = Rotation.from_matrix(moved.rotation["pelvis"]).as_euler("ZXY")
    columns |= dict(zip(PELVIS_TURNS, np.unwrap(turns, axis=0).T, strict=True))
    columns |= dict(zip(PELVIS_PLACE, moved.position["pelvis"].T, strict=True))
    for name in MODEL_JOINTS:
        joint = JOINTS[name]
        if {joint.proximal, joint.distal} <= set(moved.rotation):
            proximal, distal = moved.rotation[joint.proximal], moved.rotation[joint.distal]
            relative = np.einsum("tji,tjk->tik", proximal, distal)
            turns = np.unwrap(Rotation.from_matrix(relative).as_euler("ZXY"), axis=0)
            columns |= {angle: sign * turn for angle, sign, turn in zip(joint.names, joint.signs, turns.T, strict=True)}
            apart = moved.position[joint.distal] - _centre(moved, name)
            columns |= dict(zip(_ways(name), np.einsum("tji,tj->it", distal, apart), strict=True))
    table = pd.DataFrame(columns).dropna()
    header = f"Coordinates\nversion=1\nnRows={len(table)}\nnColumns={len(columns)}\ninDegrees=no\nendheader\n"
    path.write_text(header + table.to_csv(sep="\t", index=False, float_format="%.9f"), encoding="utf-8", newline="\n")


def inverse_kinematics(
    opensim: Any, model: Any, markers: Path, answer: Path, *, span: tuple[float, float]
) -> pd.DataFrame:
    """Run OpenSim's inverse kinematics, all markers with equal weight; coordinates [deg], translations [m].

    Parameters
    ----------
    opensim : the package.
    model : of the person.
    markers : .trc to read.
    answer : .mot to write.
    span : first and last time [s].
    """
    model.initSystem()
    tool = opensim.InverseKinematicsTool()
    tool.setMarkerDataFileName(str(markers))
    tool.setOutputMotionFileName(str(answer))
    return _run(tool, model, answer, span)


def inverse_dynamics(
    opensim: Any, model: Any, motion: Path, loads: Path, *, span: tuple[float, float], cutoff_hz: float | None
) -> pd.DataFrame:
    """Run OpenSim's inverse dynamics.

    Parameters
    ----------
    opensim : the package.
    model : of the person.
    motion : coordinates.
    loads : external loads.
    span : first and last time [s].
    cutoff_hz : low-pass of the coordinates [Hz]; None: not filtered.

    Returns
    -------
    Generalised forces, <coordinate>_moment [N m].
    """
    tool = opensim.InverseDynamicsTool()
    tool.setCoordinatesFileName(str(motion))
    tool.setExternalLoadsFileName(str(loads))
    tool.setLowpassCutoffFrequency(-1.0 if cutoff_hz is None else cutoff_hz)
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    tool.setExcludedForces(excluded)
    answer = motion.parent / "moments.sto"
    tool.setOutputGenForceFileName(answer.name)
    return _run(tool, model, answer, span)


def _run(tool: Any, model: Any, answer: Path, span: tuple[float, float]) -> pd.DataFrame:
    """Run a tool on a model from the first to the last time [s], and read its answer."""
    tool.setModel(model)
    tool.setStartTime(span[0])
    tool.setEndTime(span[1])
    tool.setResultsDir(str(answer.parent))
    if not tool.run():
        raise RuntimeError(f"{type(tool).__name__} failed: no {answer.name}")
    return _storage(answer)


def _storage(path: Path) -> pd.DataFrame:
    """Columns of a .mot or .sto file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return pd.read_csv(path, sep=r"\s+", skiprows=lines.index("endheader") + 1)
