"""Moments and power by plane: conjugate to the angles as they are reported, on the virtual athlete and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.kernels.joint_angles import joint_angles, joint_axes, turns_about
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.inertia import body_segments
from legsci.mechanics.kinetics.inverse_dynamics import JOINT_CHAIN, dynamics
from legsci.mechanics.kinetics.joint_components import PLANES, by_plane, component_axes
from legsci.mechanics.kinetics.segment_motion import segment_motion
from legsci.mechanics.motion.angles import JOINTS, kinematics
from legsci.mechanics.motion.kinematics import Kinematics
from legsci.mechanics.motion.options import MOMENT_AXES
from legsci.simulate.athlete.motion import TASK_PLANS
from tests.mechanics.athlete import ATHLETE, UNFILTERED, recording, standing
from tests.mechanics.kinetics.test_clean_athlete import INNER, measured

MOVED = [task for task in sorted(TASK_PLANS) if task not in ("standing", "isometric_pull")]


def relative_velocity(moved: Kinematics, joint: str) -> np.ndarray:
    """Angular velocity of the distal relative to the proximal segment of a joint (time, 3) [rad/s]."""
    body = body_segments(moved, body_mass_kg=ATHLETE.mass_kg, sex=ATHLETE.sex)
    velocity = segment_motion(moved, body, moved.rate_hz).angular_velocity
    distal, proximal = (body.segment.index(name) for name in (JOINTS[joint].distal, JOINTS[joint].proximal))
    return velocity[distal] - velocity[proximal]


@pytest.mark.parametrize("axes", MOMENT_AXES)
@pytest.mark.parametrize("task", MOVED)
def test_power_of_the_planes_adds_up_to_moment_times_angular_velocity(task: str, axes: str) -> None:
    _, tree = recording(task)
    moved = kinematics(tree.children["markers"].to_dataset(), standing(), options=UNFILTERED)
    person, options = Person(ATHLETE.mass_kg, ATHLETE.sex), replace(UNFILTERED, moment_axes=axes)
    solved = dynamics(moved, tree.children["force"].to_dataset(), person=person, options=options)
    assert solved["joint"].to_numpy().tolist() == list(JOINT_CHAIN)
    assert solved["joint_moment_in_plane"].attrs["axes"] == MOMENT_AXES[axes]
    for joint in JOINT_CHAIN:
        of_joint = solved.sel(joint=joint)
        moment = of_joint["joint_moment"].transpose("time", "axis").to_numpy()
        power = (moment * relative_velocity(Kinematics.of(moved), joint)).sum(axis=1)
        known = np.isfinite(power)
        assert known.sum() > 100
        planes = of_joint["joint_power_in_plane"].transpose("time", "plane").to_numpy()
        np.testing.assert_allclose(planes[known].sum(axis=1), power[known], rtol=1e-9, atol=1e-9, err_msg=joint)
        assert np.abs(power[known]).max() > 1.0, joint


@pytest.mark.parametrize("task", MOVED)
def test_power_of_a_plane_is_moment_times_rate_of_the_reported_angle(task: str) -> None:
    """Rates by differences of the angles themselves, which know nothing of angular velocity, name axes and signs."""
    _, _, moved, solved = measured(task)
    rate = float(moved.attrs["sampling_rate_hz"])
    for joint in JOINT_CHAIN:
        for name, plane in zip(JOINTS[joint].names, PLANES, strict=True):
            turn = np.radians(moved["angle"].sel(joint_angle=name).to_numpy())
            speed = np.gradient(turn, 1.0 / rate)[INNER]
            of_plane = solved.sel(joint=joint, plane=plane)
            moment, power = (of_plane[f"joint_{what}_in_plane"].to_numpy()[INNER] for what in ("moment", "power"))
            known = np.isfinite(moment) & np.isfinite(power)
            # Second-order differences at 1000 Hz: a turn of 20 rad/s that reverses in 50 ms is read to 0.02 rad/s.
            np.testing.assert_allclose(
                power[known], (moment * speed)[known], atol=0.02 * np.abs(moment[known]).max() + 0.01
            )


def test_abduction_moment_of_a_bent_knee_stands_about_the_floating_axis() -> None:
    """At 90 deg of flexion the floating axis is the thigh's long axis, and the thigh's x axis runs along the shank."""
    thigh = np.eye(3)[None]
    shank = Rotation.from_euler("z", -90.0, degrees=True).as_matrix()[None]
    moment, still = np.array([[[0.0, 10.0, 0.0]]]), np.zeros((1, 1, 3))
    found = {}
    for axes in MOMENT_AXES:
        rotation = {"right_thigh": thigh, "right_shank": shank}
        found[axes] = by_plane(component_axes(rotation, ["right_knee"], moment_axes=axes), moment, still)[0][0, :, 0]
    # The floating axis, of the shank's y (to +x of the thigh) times the thigh's z, is -y of the thigh; abduction of a
    # right knee turns the other way.
    np.testing.assert_allclose(found["joint"], [0.0, 10.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found["distal"], [0.0, 10.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found["proximal"], [0.0, 0.0, 10.0], atol=1e-12)
    np.testing.assert_allclose(found["laboratory"], [0.0, 0.0, 10.0], atol=1e-12)


def test_axes_mirror_between_the_sides() -> None:
    thigh, shank = Rotation.from_euler("zxy", [[70, 20, -10], [10, -15, 25]], degrees=True).as_matrix()[:, None]
    mirror = np.diag([1.0, 1.0, -1.0])
    right = component_axes({"right_thigh": thigh, "right_shank": shank}, ["right_knee"], moment_axes="joint")
    turned = {f"left_{name}": mirror @ of @ mirror for name, of in (("thigh", thigh), ("shank", shank))}
    left = component_axes(turned, ["left_knee"], moment_axes="joint")
    # A moment is an axial vector: mirrored it keeps its component across the mirror.
    np.testing.assert_allclose(left, -right @ mirror, atol=1e-12)


def test_a_joint_without_one_of_its_segments_has_no_axes() -> None:
    axes = component_axes({"right_thigh": np.eye(3)[None]}, ["right_knee"], moment_axes="joint")
    assert axes.shape == (1, 1, 3, 3)
    assert np.isnan(axes).all()


def test_parts_of_a_small_turn_are_the_changes_of_the_angles() -> None:
    rng = np.random.default_rng(3)
    rotation = Rotation.random(40, random_state=5).as_matrix().reshape(2, 20, 3, 3)
    pair = np.array([[0, 1]])
    turn = 1e-6 * rng.standard_normal((20, 3))
    moved = np.stack([rotation[0], Rotation.from_rotvec(turn).as_matrix() @ rotation[1]])
    change = joint_angles(moved, pair)[0] - joint_angles(rotation, pair)[0]
    change = (change + np.pi) % (2.0 * np.pi) - np.pi
    parts = turns_about(joint_axes(rotation, pair), turn[None])[0]
    slope = np.abs(np.cos(joint_angles(rotation, pair)[0, 1])).min()
    assert slope > 0.05
    np.testing.assert_allclose(parts, change, atol=1e-6 * 0.01)


def test_axes_are_not_known_at_gimbal_lock_and_in_gaps() -> None:
    upright, lying = np.eye(3), Rotation.from_euler("x", 90.0, degrees=True).as_matrix()
    rotation = np.stack([np.stack([upright] * 3), np.stack([upright, lying, np.full((3, 3), np.nan)])])
    axes = joint_axes(rotation, np.array([[0, 1]]))[0]
    np.testing.assert_allclose(axes[0], [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-12)
    assert np.isnan(axes[1:]).all()
