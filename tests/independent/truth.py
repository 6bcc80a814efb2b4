"""Truth of a trial from the engine: angles, moments and points of the bones, at every sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.independent.anatomy import Anatomy, ankle_of, knee_of
from tests.independent.bodies import OUTWARD, SEGMENTS, SIDES, Array
from tests.independent.dynamics import RATE_HZ, Trial

#: Joint -> upper segment, lower segment, names of its angles.
PARTS = {
    "hip": ("pelvis", "{}_thigh", ("flexion", "adduction", "internal_rotation")),
    "knee": ("{}_thigh", "{}_shank", ("flexion", "abduction", "internal_rotation")),
    "ankle": ("{}_shank", "{}_foot", ("dorsiflexion", "inversion", "internal_rotation")),
}
#: Turns about the axes of a right joint that are positive: flexion of the knee turns backward, valgus outward.
SIGNS = {"hip": (1, 1, 1), "knee": (-1, -1, 1), "ankle": (1, 1, 1), "lumbar": (-1, 1, 1)}


@dataclass(frozen=True)
class Truth:
    """Truth of a trial, at the samples of the plates.

    Parameters
    ----------
    trial, anatomy : whose.
    axes : segment -> (sample, 3, 3), columns x, y, z.
    angle : name as legsci's -> (sample,) [deg].
    joint_axes : joint -> (sample, 3, 3), rows e1, floating axis, e3, each turned so that it drives its angle upward.
    moment : joint -> (sample, 3) net internal moment on the lower segment (lumbar: the trunk), laboratory [N m].
    component : joint -> (sample, 3) its scalar products with the joint axes [N m].
    power : joint -> (sample,) [W]; plane_power -> (sample, 3), components times the rates of their angles [W].
    point : name -> (sample, 3): centres of hip, knee, ankle by their definitions [m].
    forward_force : (sample,) of both feet along the laboratory's forward axis [N].
    upright_lumbar_deg : lumbar flexion in quiet standing [deg].
    """

    trial: Trial
    anatomy: Anatomy
    axes: dict[str, Array]
    angle: dict[str, Array]
    joint_axes: dict[str, Array]
    moment: dict[str, Array]
    component: dict[str, Array]
    power: dict[str, Array]
    plane_power: dict[str, Array]
    point: dict[str, Array]
    forward_force: Array
    upright_lumbar_deg: float


def joint_coordinate_system(upper: Array, lower: Array) -> tuple[Array, Array]:
    """Axes (sample, 3, 3), rows e1, e2, e3, and right-handed turns about them (sample, 3) [rad].

    e1 is the z of the upper segment, e3 the y of the lower one, e2 = e3 x e1 (Grood & Suntay 1983).
    """
    first, third = upper[:, :, 2], lower[:, :, 1]
    floating = np.cross(third, first)
    floating /= np.linalg.norm(floating, axis=1, keepdims=True)

    def along(a: Array, b: Array) -> Array:
        return np.asarray(np.einsum("ti,ti->t", a, b))

    turns = (
        np.arctan2(along(floating, upper[:, :, 1]), along(floating, upper[:, :, 0])),
        np.arcsin(np.clip(along(first, third), -1.0, 1.0)),
        np.arctan2(along(lower[:, :, 0], np.cross(third, floating)), along(lower[:, :, 0], floating)),
    )
    return np.stack([first, floating, third], axis=1), np.stack(turns, axis=1)


def truth_of(trial: Trial, anatomy: Anatomy, standing: Trial, heading_deg: float = 0.0) -> Truth:
    """Work out the truth; by the heading a person faces to the left of the laboratory's forward axis."""
    axes = {name: trial.rotation[name] @ anatomy.axes[name] for name in SEGMENTS}
    angle: dict[str, Array] = {}
    joint_axes, moment, component, power, plane_power = ({} for _ in range(5))
    joints = {f"{side}_{joint}": (joint, side) for side in SIDES for joint in PARTS} | {"lumbar": ("lumbar", "")}
    for name, (joint, side) in joints.items():
        upper, lower, names = PARTS.get(joint, ("pelvis", "trunk", ("flexion", "bending", "rotation")))
        upper, lower = upper.format(side), lower.format(side)
        rows, turns = joint_coordinate_system(axes[upper], axes[lower])
        signs = np.array(SIGNS[joint]) * [1.0, OUTWARD.get(side, 1.0), OUTWARD.get(side, 1.0)]
        joint_axes[name] = rows * signs[:, None]
        angle |= {f"{name}_{part}": np.degrees(turn) for part, turn in zip(names, (turns * signs).T, strict=True)}
        moment[name] = trial.joint_moment[lower]
        component[name] = np.einsum("tki,ti->tk", joint_axes[name], moment[name])
        power[name] = trial.joint_power[lower]
        plane_power[name] = component[name] * np.gradient(np.unwrap(turns * signs, axis=0), axis=0) * RATE_HZ
    still = np.broadcast_to(np.eye(3), axes["trunk"].shape)
    for segment, names in (
        ("trunk", ("trunk_lean", "trunk_side_lean")),
        ("pelvis", ("pelvis_tilt", "pelvis_obliquity")),
    ):
        turns = joint_coordinate_system(axes[segment], still)[1]
        angle |= {names[0]: np.degrees(turns[:, 0]), names[1]: -np.degrees(turns[:, 1])}
    heading = np.radians(heading_deg)
    force = trial.force["right"] + trial.force["left"]
    forward = force @ [np.cos(heading), 0.0, np.sin(heading)]
    axes_of_standing = (standing.rotation[name] @ anatomy.axes[name] for name in ("pelvis", "trunk"))
    upright = -np.degrees(np.median(joint_coordinate_system(*axes_of_standing)[1][:, 0]))
    return Truth(
        trial, anatomy, axes, angle, joint_axes, moment, component, power, plane_power,
        _points(trial, anatomy), forward, float(upright),
    )  # fmt: skip


def _points(trial: Trial, anatomy: Anatomy) -> dict[str, Array]:
    points = {}
    for side in SIDES:
        thigh, shank = f"{side}_thigh", f"{side}_shank"
        points[f"{side}_hip"] = trial.position[thigh]
        for name, segment, place in (
            ("knee", thigh, knee_of(anatomy.bones, side)),
            ("ankle", shank, ankle_of(anatomy.bones, side)),
        ):
            points[f"{side}_{name}"] = trial.position[segment] + trial.rotation[segment] @ place
    return points
