"""Joint forces, moments and power, and the mechanical energy of the body, from kinematics and ground reaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.joint_errors import JointLoads
from legsci.kernels.newton_euler import (
    SegmentMotion,
    derivatives,
    inverse_dynamics,
    mechanical_energy,
)
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.consistency import WholeBody, dynamic_consistency
from legsci.mechanics.kinetics.ground_contacts import GroundLoads, ground_loads
from legsci.mechanics.kinetics.inertia import BodySegments, body_segments
from legsci.mechanics.kinetics.joint_components import PLANES, POSITIVE, by_plane, component_axes
from legsci.mechanics.kinetics.segment_motion import ground_power, power_residual, segment_motion
from legsci.mechanics.motion.angles import JOINTS
from legsci.mechanics.motion.kinematics import Array, Kinematics
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MOMENT_AXES, MotionOptions
from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, LEGS, STANDARD_GRAVITY

#: Variables of a Dataset: name -> dims, values, attrs. Set one by one in a Dataset they take longer than to compute.
_Variables = dict[str, tuple[tuple[str, ...], Array, dict[str, str]]]

_GRAVITY = np.array([0.0, -STANDARD_GRAVITY, 0.0])


@dataclass(frozen=True)
class Loads:
    """Joint loads, power and energy of a trial: variables of `dynamics`, its joints and segments, and flags.

    `joint_loads`, `axes` (joint, time, 3, 3) and `removed` (side, time, 6), the ground's loads that the low-pass took,
    are what uncertainties are propagated from; None without joints.
    """

    variables: _Variables
    joints: tuple[str, ...]
    segments: tuple[str, ...]
    flags: list[QualityFlag]
    joint_loads: JointLoads | None = None
    axes: Array | None = None
    removed: Array | None = None


SOLVED_SEGMENTS = ("pelvis", "trunk", *(f"{side}_{part}" for side in LEGS for part in ("thigh", "shank", "foot")))


class _Link(NamedTuple):
    """A joint: the segment below it, and the segment that carries it.

    The load is found foot up, so below the lumbar joint it is the pelvis that hangs on the trunk.
    """

    segment: str
    carrier: str


@dataclass(frozen=True)
class _Tree:
    """Solved loads, with the rows of `names`, which are the first of the body."""

    body: BodySegments
    motion: SegmentMotion
    chain: tuple[str, ...]
    names: tuple[str, ...]
    parent: NDArray[np.int64]
    joints: Array
    ground: Array
    force: Array
    moment: Array
    rate: float

    def rotations(self) -> dict[str, Array]:
        """Axes of the segments, segment -> (time, 3, 3)."""
        return dict(zip(self.body.segment, self.motion.rotation, strict=True))


#: Order from the feet up.
JOINT_CHAIN = {
    **{f"{side}_ankle": _Link(f"{side}_foot", f"{side}_shank") for side in LEGS},
    **{f"{side}_knee": _Link(f"{side}_shank", f"{side}_thigh") for side in LEGS},
    **{f"{side}_hip": _Link(f"{side}_thigh", "pelvis") for side in LEGS},
    "lumbar": _Link("pelvis", "trunk"),
}


def dynamics(
    kinematics: xr.Dataset,
    force: xr.Dataset,
    *,
    person: Person,
    load_kg: float = 0.0,
    segments: BodySegments | None = None,
    threshold_n: float = 20.0,
    options: MotionOptions = DEFAULT_OPTIONS,
) -> xr.Dataset:
    """Inverse dynamics of a trial from the feet up, at the rate of the markers.

    Parameters
    ----------
    kinematics : rotation (time, segment, axis, direction), position (time, segment, axis) [m] and joint_centre (time,
        joint, axis) [m]; attrs `sampling_rate_hz`. Smooth their markers before: accelerations amplify noise.
    force : the force group of the trial.
    person : mass without load, and sex, by which the table of segment inertia is selected.
    load_kg : mass of a bar across the shoulders [kg].
    segments : inertia that is known otherwise; then body mass only scales the moments.
    threshold_n : vertical force from which a plate is loaded [N].
    options : cutoff_hz, low-pass of the ground's loads [Hz], None: not filtered. Give those by which the kinematics
    were
        made: force that is smoothed less than acceleration makes impacts look like moments (Bisseling & Hof 2006).
        moment_axes: see `joint_components.component_axes`.

    Returns
    -------
    Dataset with, for what the recorded segments allow (what they do not is absent and named in attrs `notes`, a JSON
    list of [code, sentence]):

    - joint_force (time, joint, axis) [N], joint_moment (time, joint, axis) [N m]: load on the distal segment (lumbar:
      the trunk) in lab axes, at the joint centre; muscles and ligaments together.
    - joint_moment_in_plane, joint_moment_per_mass (time, joint, plane) [N m], [N m/kg]: net internal moment about the
      axes of the joint's angles (`component_axes`; attrs axes and positive name them), positive when it drives the
      angle of that plane upward: flexion (ankle: dorsiflexion), hip adduction, knee abduction, ankle inversion,
      internal rotation, on both sides alike; lumbar: flexion, right, left.
    - joint_power (time, joint) [W]: M . (omega_distal - omega_proximal), generation positive; joint_power_in_plane
      (time, joint, plane) [W], moment about each axis times the rate of its angle, adds up to it.
    - ground_force (time, side, axis) [N], ground_moment (time, side, axis) about the lab's origin [N m].
    - segment_energy (time, segment) [J], segment_power_residual (time, segment) [W]: see
      `segment_motion.power_residual`.
    - ground_power (time, side) [W]: of the ground on the rigid foot; not zero where a foot rolls or deforms.
    - body_centre_of_mass (time, axis) [m], body_velocity (time, axis) [m/s]: with all eight segments only.
    - residual_force (time, axis) [N], residual_moment (time, axis) [N m], about the lumbar joint: what the trunk's
      motion needs beyond the loads that come up from the ground; 0 when all measurements and the model agree.

    Frames in which the load of a foot is not known are NaN in all that rests on it.

    Raises
    ------
    ValueError : values out of range; no thigh or shank to scale a body to.

    References
    ----------
    Winter DA 2009, Biomechanics and Motor Control of Human Movement, 4th ed., ch. 5 and 7.
    Bisseling RW, Hof AL 2006, J Biomech 39:2438. Kristianslund E et al. 2012, J Biomech 45:666.
    """
    moved, body_mass_kg = Kinematics.of(kinematics), person.body_mass_kg
    body = segments or body_segments(moved, body_mass_kg=body_mass_kg, sex=person.sex, load_kg=load_kg)
    loads = trial_loads(moved, force, body, body_mass_kg=body_mass_kg, threshold_n=threshold_n, options=options)
    attrs = {
        "sampling_rate_hz": moved.rate_hz,
        "body_mass_kg": body_mass_kg,
        "total_mass_kg": body_mass_kg + load_kg,
        "force_cutoff_hz": float("nan") if options.cutoff_hz is None else options.cutoff_hz,
        "moment_axes": options.moment_axes,
        "notes": json.dumps([[flag.code, flag.sentence] for flag in loads.flags]),
    }
    return xr.Dataset(loads.variables, coords=_labels(loads.joints, loads.segments), attrs=attrs)


def trial_loads(
    kinematics: Kinematics,
    force: xr.Dataset,
    body: BodySegments,
    *,
    body_mass_kg: float,
    threshold_n: float = 20.0,
    options: MotionOptions = DEFAULT_OPTIONS,
) -> Loads:
    """Loads of `dynamics` as plain arrays, for many trials; parameters as there."""
    cutoff_hz = options.cutoff_hz
    ground = ground_loads(kinematics, force, body.sole, threshold_n=threshold_n, cutoff_hz=cutoff_hz)
    chain, missing = _chain(kinematics)
    flags = [
        *ground.flags,
        *([QualityFlag("segment_missing", "markers", detail=", ".join(missing).replace("_", " "))] if missing else []),
    ]
    answer: _Variables = {"time": (("time",), kinematics.time, {})}
    _put(answer, "ground_force", ("time", "side", "axis"), ground.force.transpose(1, 0, 2), "N")
    _put(answer, "ground_moment", ("time", "side", "axis"), ground.moment.transpose(1, 0, 2), "N m")
    if not chain:
        return Loads(answer, (), (), flags)
    whole = len(chain) == len(JOINT_CHAIN) and "trunk" in kinematics.rotation
    solved = [JOINT_CHAIN[joint].segment for joint in chain] + ["trunk"] * whole
    body = body.rows(solved + [name for name in SOLVED_SEGMENTS if name in kinematics.rotation and name not in solved])
    tree = _solve(kinematics, body, ground, chain, solved)
    of_joints = _joint_loads(tree, ground)
    axes = component_axes(tree.rotations(), chain, moment_axes=options.moment_axes)
    _put_joints(answer, of_joints, axes, body_mass_kg, options.moment_axes)
    _put_energy(answer, tree)
    if set(SOLVED_SEGMENTS) <= set(body.segment):
        _put_centre_of_mass(answer, tree)
    if whole:
        _put_remainder(answer, tree)
        flags += dynamic_consistency(
            ground.total, _whole_body(tree), body_mass_kg=body_mass_kg, rate_hz=tree.rate, cutoff_hz=cutoff_hz
        )
    return Loads(answer, tree.chain, tree.names, flags, of_joints, axes, ground.removed)


@cache
def _labels(joints: tuple[str, ...] = (), segments: tuple[str, ...] = ()) -> xr.Coordinates:
    """Coordinates that the trials of a marker set share; making them takes longer than most kernels."""
    names = {"axis": AXES, "side": LEGS} | ({"joint": joints, "plane": PLANES, "segment": segments} if joints else {})
    return xr.Coordinates({name: list(labels) for name, labels in names.items()})


def _row(names: Sequence[str], name: str) -> int:
    """Row of a segment, -1 when it is not among them."""
    return names.index(name) if name in names else -1


def _chain(kinematics: Kinematics) -> tuple[list[str], list[str]]:
    """Joints with a known load, from the feet up, and the segments and joint centres that are missing."""
    known, centres = set(kinematics.rotation), set(kinematics.joint_centre)
    if "trunk" in known:
        centres |= {"lumbar"}
    missing = [name for name in SOLVED_SEGMENTS if name not in known]
    missing += [f"centre of {joint}" for joint in JOINT_CHAIN if joint not in centres]
    chain: list[str] = []
    for joint, link in JOINT_CHAIN.items():
        below = [lower for lower, other in JOINT_CHAIN.items() if other.carrier == link.segment]
        if link.segment in known and joint in centres and set(below) <= set(chain):
            chain.append(joint)
    return chain, missing


def _centres(kinematics: Kinematics, joints: list[str]) -> Array:
    """Joint centres (joint, time, 3) [m]; without a lumbar joint, the trunk's origin."""
    known = kinematics.joint_centre
    if set(joints) - set(known):
        known = {**known, "lumbar": kinematics.position["trunk"]}
    return np.stack([known[joint] for joint in joints])


def _solve(kinematics: Kinematics, body: BodySegments, loads: GroundLoads, chain: list[str], names: list[str]) -> _Tree:
    """Run the kernel over the first segments of the body, `names`: those below the joints, and the trunk as root."""
    motion = segment_motion(kinematics, body, kinematics.rate_hz)
    count, roots = len(names), len(names) - len(chain)
    parent = np.array([_row(names, JOINT_CHAIN[joint].carrier) for joint in chain] + [-1] * roots)
    joints = _centres(kinematics, chain + ["lumbar"] * roots)
    ground = np.zeros((2, *joints.shape))
    for side, force, moment in zip(LEGS, loads.force, loads.moment, strict=True):
        if f"{side}_foot" in names:
            ground[:, names.index(f"{side}_foot")] = force, moment
    force, moment = inverse_dynamics(
        parent, _inertia(body, count), _first_rows(motion, count), joints, ground[0], ground[1], _GRAVITY
    )
    return _Tree(body, motion, tuple(chain), tuple(names), parent, joints, ground, force, moment, kinematics.rate_hz)


def _inertia(body: BodySegments, count: int) -> tuple[Array, Array]:
    """Mass and inertia tensor of the first segments of a body."""
    return body.mass[:count], body.inertia[:count]


def _first_rows(motion: SegmentMotion, count: int) -> tuple[Array, ...]:
    """Motion of the first segments."""
    return tuple(values[:count] for values in motion)


def _put(variables: _Variables, name: str, dims: tuple[str, ...], values: Array, units: str) -> None:
    variables[name] = (dims, values, {"units": units})


def _joint_loads(tree: _Tree, ground: GroundLoads) -> JointLoads:
    """Loads of the joints on their distal segments."""
    chain = tree.chain
    # Of the lumbar joint, the distal segment is the one above: it receives the opposite.
    turned = np.array([-1.0 if joint == "lumbar" else 1.0 for joint in chain])
    force, moment = (loads[: len(chain)] * turned[:, None, None] for loads in (tree.force, tree.moment))
    below = np.array([[float(joint == "lumbar" or joint.startswith(side)) for side in LEGS] for joint in chain])
    centres = tree.joints[: len(chain)]
    return JointLoads(force, moment, _relative_velocity(tree), centres, ground.force, ground.moment, below, turned)


def _put_joints(answer: _Variables, loads: JointLoads, axes: Array, body_mass_kg: float, moment_axes: str) -> None:
    """Add loads and power of the joints."""
    force, moment, spin = loads.force, loads.moment, loads.spin
    _put(answer, "joint_force", ("time", "joint", "axis"), force.transpose(1, 0, 2), "N")
    _put(answer, "joint_moment", ("time", "joint", "axis"), moment.transpose(1, 0, 2), "N m")
    in_plane, power = (part.transpose(2, 0, 1) for part in by_plane(axes, moment, spin))
    named = {"axes": MOMENT_AXES[moment_axes], "positive": POSITIVE}
    for name, values, units in (
        ("joint_moment_in_plane", in_plane, "N m"),
        ("joint_moment_per_mass", in_plane / body_mass_kg, "N m/kg"),
    ):
        answer[name] = (("time", "joint", "plane"), values, {"units": units, **named})
    axes_of_power = {"units": "W", "axes": named["axes"], "positive": "generated"}
    answer["joint_power_in_plane"] = (("time", "joint", "plane"), power, axes_of_power)
    _put(answer, "joint_power", ("time", "joint"), np.einsum("jti,jti->tj", moment, spin), "W")


def _relative_velocity(tree: _Tree) -> Array:
    """Angular velocity of the distal relative to the proximal segment (joint, time, 3) [rad/s]; NaN without one."""
    known, velocity = tree.body.segment, tree.motion.angular_velocity
    answer = np.full((len(tree.chain), *velocity.shape[1:]), np.nan)
    for row, name in enumerate(tree.chain):
        joint = JOINTS[name]
        if {joint.proximal, joint.distal} <= set(known):
            answer[row] = velocity[known.index(joint.distal)] - velocity[known.index(joint.proximal)]
    return answer


def _put_energy(answer: _Variables, tree: _Tree) -> None:
    """Add energy of the segments, power of the ground and the residual of the power balance."""
    count = len(tree.names)
    spin = tree.motion.angular_velocity[:count]
    energy, change = mechanical_energy(_inertia(tree.body, count), _first_rows(tree.motion, count), _GRAVITY)
    velocity = derivatives(tree.joints, tree.rate)[0]
    from_ground = ground_power(tree.ground[0], tree.ground[1], tree.joints, velocity, spin)
    residual = power_residual(change, spin, tree.parent, velocity, (tree.force, tree.moment), from_ground)
    _put(answer, "segment_energy", ("time", "segment"), energy.T, "J")
    _put(answer, "segment_power_residual", ("time", "segment"), residual.T, "W")
    feet = [_row(tree.names, f"{side}_foot") for side in LEGS]
    on_feet = [from_ground[row] if row >= 0 else np.full(energy.shape[1], np.nan) for row in feet]
    _put(answer, "ground_power", ("time", "side"), np.array(on_feet).T, "W")


def _put_centre_of_mass(answer: _Variables, tree: _Tree) -> None:
    """Add path and velocity of the centre of mass of the whole body."""
    share = tree.body.mass / tree.body.mass.sum()
    for name, points, units in (
        ("body_centre_of_mass", tree.motion.centre_of_mass, "m"),
        ("body_velocity", tree.motion.velocity, "m/s"),
    ):
        _put(answer, name, ("time", "axis"), np.einsum("s,sti->ti", share, points), units)


def _whole_body(tree: _Tree) -> WholeBody:
    """Motion of all segments together, and what it requires of the ground."""
    mass, motion, total = tree.body.mass, tree.motion, float(tree.body.mass.sum())
    return WholeBody(
        force=np.einsum("s,sti->ti", mass, motion.acceleration) - total * _GRAVITY,
        residual_moment=tree.moment[-1],
        centre_of_mass=np.einsum("s,sti->ti", mass / total, motion.centre_of_mass),
        mass_kg=total,
    )


def _put_remainder(answer: _Variables, tree: _Tree) -> None:
    """Add the residual force and moment of the trunk."""
    _put(answer, "residual_force", ("time", "axis"), tree.force[-1], "N")
    _put(answer, "residual_moment", ("time", "axis"), tree.moment[-1], "N m")
