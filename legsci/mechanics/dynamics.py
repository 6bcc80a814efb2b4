"""Joint forces, moments and power, and the mechanical energy of the body, from kinematics and ground reaction."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.newton_euler import angular_motion, inverse_dynamics, mechanical_energy
from legsci.mechanics.contacts import ground_loads
from legsci.mechanics.inertia import SIDES, BodySegments, body_segments
from legsci.mechanics.quality import Finding
from legsci.mechanics.segment_motion import SegmentMotion, ground_power, power_residual, segment_motion
from legsci.vocabulary import STANDARD_GRAVITY

Array = NDArray[np.float64]

GRAVITY = np.array([0.0, -STANDARD_GRAVITY, 0.0])
PLANES = ("sagittal", "frontal", "transverse")
#: Whole-body force and motion may differ by this part of body weight (root mean square).
DISAGREEMENT_PART = 0.1


class _Link(NamedTuple):
    """A joint: the segment whose load is found through it, the segment that carries it, and the signs of its angles.

    The load is found foot up, so below the lumbar joint it is the pelvis that hangs on the trunk. `signs` turn moments
    about the proximal z, x and y axes of a right joint into those that drive flexion, the frontal and the axial angle.
    """

    segment: str
    carrier: str
    signs: tuple[int, int, int]


#: Order from the feet up. Signs as those of the angles: hip flexion, adduction, internal rotation; knee flexion,
#: abduction, internal rotation; ankle dorsiflexion, inversion, internal rotation; lumbar flexion, bending to the right,
#: rotation to the left.
LINKS = {
    **{f"{side}_ankle": _Link(f"{side}_foot", f"{side}_shank", (1, 1, 1)) for side in SIDES},
    **{f"{side}_knee": _Link(f"{side}_shank", f"{side}_thigh", (-1, -1, 1)) for side in SIDES},
    **{f"{side}_hip": _Link(f"{side}_thigh", "pelvis", (1, 1, 1)) for side in SIDES},
    "lumbar": _Link("pelvis", "trunk", (-1, 1, 1)),
}


def dynamics(
    kinematics: xr.Dataset,
    force: xr.Dataset,
    *,
    body_mass_kg: float,
    sex: str,
    load_kg: float = 0.0,
    segments: BodySegments | None = None,
    threshold_n: float = 20.0,
    cutoff_hz: float | None = None,
) -> xr.Dataset:
    """Inverse dynamics of a trial from the feet up, at the rate of the markers.

    Parameters
    ----------
    kinematics : rotation (time, segment, axis, direction), position (time, segment, axis) [m] and joint_centre (time,
        joint, axis) [m], smoothed before; attrs `sampling_rate_hz`, and `cutoff_hz` of their low-pass where there was
        one.
    force : the force group of the trial.
    body_mass_kg : mass of the person without load [kg].
    sex : "female" or "male": which table of segment inertia applies.
    load_kg : mass of a bar across the shoulders [kg].
    segments : inertia that is known otherwise; then body mass only scales the moments.
    threshold_n : vertical force from which a plate is loaded [N].
    cutoff_hz : low-pass of the ground's loads [Hz]. None: as the kinematics say of themselves, since force that is
        smoothed less than acceleration makes impacts look like moments (Bisseling & Hof 2006); not filtered where
        they say nothing.

    Returns
    -------
    Dataset with, for what the recorded segments allow (what they do not is absent and named in attrs `notes`, a JSON
    list of [code, sentence]):

    - joint_force (time, joint, axis) [N], joint_moment (time, joint, axis) [N m]: load on the distal segment (lumbar:
      the trunk) in lab axes, at the joint centre; muscles and ligaments together.
    - joint_moment_proximal (time, joint, axis) [N m]: the same in the proximal segment's axes.
    - joint_moment_in_plane, joint_moment_per_mass (time, joint, plane) [N m], [N m/kg]: about the proximal segment's z,
      x and y, positive when it drives the angle of that plane upward: flexion (ankle: dorsiflexion), hip adduction,
      knee abduction, ankle inversion, internal rotation, on both sides alike; lumbar: flexion, right, left.
    - joint_power (time, joint) [W]: M . (omega_distal - omega_proximal), generation positive; joint_power_in_plane
      (time, joint, plane) [W] are its three products in the proximal segment's axes.
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
    body = segments or body_segments(kinematics, body_mass_kg=body_mass_kg, sex=sex, load_kg=load_kg)
    if cutoff_hz is None and kinematics.attrs.get("cutoff_hz"):
        cutoff_hz = float(kinematics.attrs["cutoff_hz"])
    loads = ground_loads(kinematics, force, body.sole, threshold_n=threshold_n, cutoff_hz=cutoff_hz)
    chain, missing = _chain(kinematics)
    findings = [
        *loads.findings,
        *([Finding("segment_missing", "markers", detail=", ".join(missing))] if missing else []),
    ]
    names = [LINKS[joint].segment for joint in chain]
    whole = {link.carrier for link in LINKS.values()} <= {*names, *_segments(kinematics)} and len(chain) == len(LINKS)
    if whole:
        names.append("trunk")
    time = kinematics["time"].to_numpy()
    answer = xr.Dataset(coords={"time": time, "axis": ["x", "y", "z"]})
    _put(answer, "ground_force", ("time", "side", "axis"), loads.force.transpose(1, 0, 2), "N")
    _put(answer, "ground_moment", ("time", "side", "axis"), loads.moment.transpose(1, 0, 2), "N m")
    answer = answer.assign_coords(side=list(SIDES))
    if names:
        rate = float(kinematics.attrs["sampling_rate_hz"])
        body = body.rows(names)
        motion = segment_motion(kinematics, body, rate)
        joints = _centres(kinematics, [*chain, *(["lumbar"] if whole else [])])
        ground = _on_feet(names, loads.force), _on_feet(names, loads.moment)
        parent = np.array([_row(names, LINKS[joint].carrier) for joint in chain] + [-1] * whole)
        on_segment = inverse_dynamics(
            parent,
            body.mass,
            body.inertia,
            motion.rotation,
            joints,
            motion.centre_of_mass,
            motion.acceleration,
            motion.angular_velocity,
            motion.angular_acceleration,
            *ground,
            GRAVITY,
        )
        answer = _put_joints(answer, kinematics, chain, (on_segment[0], on_segment[1]), body_mass_kg, rate)
        _put_energy(answer, body, motion, parent, joints, on_segment, ground, rate)
        if whole:
            findings += _put_whole_body(answer, body, motion, on_segment)
    answer.attrs = {
        "sampling_rate_hz": kinematics.attrs["sampling_rate_hz"],
        "body_mass_kg": body_mass_kg,
        "total_mass_kg": body_mass_kg + load_kg,
        "force_cutoff_hz": float("nan") if cutoff_hz is None else cutoff_hz,
        "notes": json.dumps([[finding.code, finding.sentence] for finding in findings]),
    }
    return answer


def _segments(kinematics: xr.Dataset) -> set[str]:
    return {str(name) for name in kinematics["segment"].to_numpy()}


def _row(names: list[str], name: str) -> int:
    """Row of a segment, -1 when it is not among them."""
    return names.index(name) if name in names else -1


def _chain(kinematics: xr.Dataset) -> tuple[list[str], list[str]]:
    """Joints whose load can be found, from the feet up, and the segments and joint centres that are missing."""
    known, centres = _segments(kinematics), {str(name) for name in kinematics["joint"].to_numpy()}
    missing = sorted({part for link in LINKS.values() for part in (link.segment, link.carrier)} - known)
    missing += [f"centre of {joint}" for joint in LINKS if joint not in centres]
    chain: list[str] = []
    for joint, link in LINKS.items():
        below = [lower for lower, other in LINKS.items() if other.carrier == link.segment]
        if link.segment in known and joint in centres and set(below) <= set(chain):
            chain.append(joint)
    return chain, missing


def _centres(kinematics: xr.Dataset, joints: list[str]) -> Array:
    """Joint centres (joint, time, 3) [m]."""
    centres = kinematics["joint_centre"].sel(joint=joints).transpose("joint", "time", "axis")
    return np.ascontiguousarray(centres.to_numpy().astype(float))


def _on_feet(names: list[str], loads: Array) -> Array:
    """Loads (side, time, 3) on the rows of the feet, 0 on other segments."""
    spread = np.zeros((len(names), *loads.shape[1:]))
    for side, load in zip(SIDES, loads, strict=True):
        if f"{side}_foot" in names:
            spread[names.index(f"{side}_foot")] = load
    return spread


def _put(dataset: xr.Dataset, name: str, dims: tuple[str, ...], values: Array, units: str) -> None:
    dataset[name] = xr.DataArray(values, dims=dims, attrs={"units": units})


def _put_joints(
    answer: xr.Dataset,
    kinematics: xr.Dataset,
    chain: list[str],
    on_segment: tuple[Array, Array],
    body_mass_kg: float,
    rate: float,
) -> xr.Dataset:
    """Add loads and power of the joints; `on_segment` holds force and moment on each joint's segment."""
    answer = answer.assign_coords(joint=chain, plane=list(PLANES))
    # Of the lumbar joint, the distal segment is the one above: it receives the opposite.
    turned = np.array([-1.0 if joint == "lumbar" else 1.0 for joint in chain])[:, None, None]
    force, moment = (loads[: len(chain)] * turned for loads in on_segment)
    _put(answer, "joint_force", ("time", "joint", "axis"), force.transpose(1, 0, 2), "N")
    _put(answer, "joint_moment", ("time", "joint", "axis"), moment.transpose(1, 0, 2), "N m")
    frames = answer.sizes["time"]
    local, local_rate = np.full((2, len(chain), frames, 3), np.nan)
    signs = np.ones((len(chain), 1, 3))
    known = _segments(kinematics)
    for row, joint in enumerate(chain):
        link = LINKS[joint]
        signs[row] = link.signs
        if joint.startswith("left"):
            signs[row, 0, 1:] *= -1.0
        distal, proximal = (link.carrier, link.segment) if joint == "lumbar" else (link.segment, link.carrier)
        if {distal, proximal} <= known:
            pair = kinematics["rotation"].sel(segment=[distal, proximal])
            rotation = pair.transpose("segment", "time", "axis", "direction").to_numpy().astype(float)
            spin = angular_motion(rotation, rate)[0]
            local[row] = np.einsum("tij,ti->tj", rotation[1], moment[row])
            local_rate[row] = np.einsum("tij,ti->tj", rotation[1], spin[0] - spin[1])
    _put(answer, "joint_moment_proximal", ("time", "joint", "axis"), local.transpose(1, 0, 2), "N m")
    # Planes are ordered as the angles: about z, x and y.
    in_plane = (local[..., [2, 0, 1]] * signs).transpose(1, 0, 2)
    power = (local * local_rate)[..., [2, 0, 1]].transpose(1, 0, 2)
    _put(answer, "joint_moment_in_plane", ("time", "joint", "plane"), in_plane, "N m")
    _put(answer, "joint_moment_per_mass", ("time", "joint", "plane"), in_plane / body_mass_kg, "N m/kg")
    _put(answer, "joint_power_in_plane", ("time", "joint", "plane"), power, "W")
    _put(answer, "joint_power", ("time", "joint"), power.sum(axis=2), "W")
    return answer


def _put_energy(
    answer: xr.Dataset,
    body: BodySegments,
    motion: SegmentMotion,
    parent: NDArray[np.int64],
    joints: Array,
    on_segment: tuple[Array, Array],
    ground: tuple[Array, Array],
    rate: float,
) -> None:
    """Add energy of the segments and the residual of their power balance."""
    energy = mechanical_energy(
        body.mass,
        body.inertia,
        motion.rotation,
        motion.centre_of_mass,
        motion.velocity,
        motion.angular_velocity,
        GRAVITY,
    )
    spin = motion.angular_velocity
    from_ground = ground_power(*ground, joints, spin, rate)
    residual = power_residual(energy, spin, parent, joints, on_segment, from_ground, rate)
    rows = [_row(list(body.segment), f"{side}_foot") for side in SIDES]
    on_feet = [from_ground[row] if row >= 0 else np.full(energy.shape[1], np.nan) for row in rows]
    _put(answer, "ground_power", ("time", "side"), np.array(on_feet).T, "W")
    answer.coords["segment"] = list(body.segment)
    _put(answer, "segment_energy", ("time", "segment"), energy.T, "J")
    _put(answer, "segment_power_residual", ("time", "segment"), residual.T, "W")


def _put_whole_body(
    answer: xr.Dataset, body: BodySegments, motion: SegmentMotion, on_segment: tuple[Array, Array]
) -> list[Finding]:
    """Add centre of mass and residual of the whole body; say when force and motion disagree."""
    share = body.mass / body.mass.sum()
    for name, points, units in (
        ("body_centre_of_mass", motion.centre_of_mass, "m"),
        ("body_velocity", motion.velocity, "m/s"),
    ):
        _put(answer, name, ("time", "axis"), np.einsum("s,sti->ti", share, points), units)
    _put(answer, "residual_force", ("time", "axis"), on_segment[0][-1], "N")
    _put(answer, "residual_moment", ("time", "axis"), on_segment[1][-1], "N m")
    vertical = on_segment[0][-1][:, 1]
    known = vertical[np.isfinite(vertical)]
    allowed = DISAGREEMENT_PART * float(body.mass.sum()) * STANDARD_GRAVITY
    disagreement = float(np.sqrt(np.mean(known**2))) if known.size else 0.0
    return [Finding("force_disagrees_with_motion", "force", disagreement, allowed)] if disagreement > allowed else []
