"""Poses, axes, angles and functional joints against naive twins, scipy and hand answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from legsci.kernels.functional_joints import functional_joint
from legsci.kernels.joint_angles import joint_angles
from legsci.kernels.rigid_body import (
    COLLINEAR,
    FOUND,
    TOO_FEW_MARKERS,
    cluster_pose,
    frames_from_vectors,
    largest_strays,
)


def naive_pose(reference, position):
    """Pose of one frame by the singular value decomposition of the covariance (Kabsch)."""
    seen = ~np.isnan(position).any(axis=1)
    a, b = reference[seen], position[seen]
    u, _, v = np.linalg.svd((a - a.mean(axis=0)).T @ (b - b.mean(axis=0)))
    rotation = v.T @ np.diag([1.0, 1.0, np.linalg.det(v.T @ u.T)]) @ u.T
    origin = b.mean(axis=0) - rotation @ a.mean(axis=0)
    return rotation, origin, np.sqrt(((a @ rotation.T + origin - b) ** 2).sum(axis=1).mean())


def naive_strays(reference, position):
    """Largest median change of distance of each marker to the others seen, frame by frame."""
    at_rest = np.linalg.norm(reference[:, None] - reference, axis=2)
    strays = np.zeros(len(reference))
    for frame in position:
        changes = np.abs(np.linalg.norm(frame[:, None] - frame, axis=2) - at_rest)
        for marker, row in enumerate(changes):
            known = np.delete(row, marker)[~np.isnan(np.delete(row, marker))]
            strays[marker] = max([strays[marker], *([np.median(known)] if known.size else [])])
    return strays


def naive_angles(proximal, distal):
    """Grood and Suntay's angles of one frame from their three axes, without a matrix product of the segments."""
    e1, e3 = proximal[:, 2], distal[:, 1]
    floating = np.cross(e3, e1) / np.linalg.norm(np.cross(e3, e1))
    first = np.arctan2(floating @ proximal[:, 1], floating @ proximal[:, 0])
    third = np.arctan2(-floating @ distal[:, 2], floating @ distal[:, 0])
    return np.array([first, np.arcsin(e1 @ e3), -third])


def random_rotations(count, seed):
    return Rotation.random(count, random_state=seed).as_matrix()


@pytest.mark.parametrize("markers", [2, 4, 7])
def test_strays_equal_the_naive_twin_with_markers_missing(markers):
    rng = np.random.default_rng(markers)
    reference = rng.normal(size=(markers, 3)) * 0.1
    position = reference + rng.normal(size=(50, markers, 3)) * 0.01
    position[rng.random((50, markers)) < 0.3] = np.nan
    np.testing.assert_allclose(largest_strays(reference, position), naive_strays(reference, position), atol=1e-12)
    position[:] = np.nan
    assert largest_strays(reference, position).tolist() == [0.0] * markers


@pytest.mark.parametrize("markers", [3, 4, 7])
@pytest.mark.parametrize("noise_m", [0.0, 0.005])
def test_pose_equals_the_naive_twin_with_markers_missing(markers, noise_m):
    rng = np.random.default_rng(markers)
    reference = rng.normal(size=(markers, 3)) * 0.1 + [1.0, 0.5, -2.0]
    turns, shifts = random_rotations(300, 1), rng.normal(size=(300, 3))
    position = (
        np.einsum("tij,mj->tmi", turns, reference) + shifts[:, None] + noise_m * rng.normal(size=(300, markers, 3))
    )
    if markers == 7:
        position[::2, :3] = np.nan
    rotation, origin, residual, state = cluster_pose(reference, position)
    assert (state == FOUND).all()
    for time in range(300):
        twin_rotation, twin_origin, twin_residual = naive_pose(reference, position[time])
        np.testing.assert_allclose(rotation[time], twin_rotation, atol=1e-11)
        np.testing.assert_allclose(origin[time], twin_origin, atol=1e-11)
        np.testing.assert_allclose(residual[time], twin_residual, atol=5e-8)


def test_pose_of_half_turns_and_of_a_plane():
    reference = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [0.1, 0.2, 0.0]])
    turns = np.stack([np.diag(signs) for signs in ([1.0, 1, 1], [1.0, -1, -1], [-1.0, 1, -1], [-1.0, -1, 1])])
    rotation, origin, _, state = cluster_pose(reference, np.einsum("tij,mj->tmi", turns, reference) + 1.0)
    np.testing.assert_allclose(rotation, turns, atol=1e-14)
    np.testing.assert_allclose(origin, 1.0, atol=1e-14)
    assert (state == FOUND).all()


def test_a_pose_that_cannot_be_is_refused_with_its_reason():
    reference = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.1, 0.0, 0.0]])
    position = np.stack([reference, reference, reference])
    position[0, 3] = np.nan  # the rest lie on one line
    position[1, 2:] = np.nan
    rotation, origin, residual, state = cluster_pose(reference, position)
    assert state.tolist() == [COLLINEAR, TOO_FEW_MARKERS, FOUND]
    assert np.isnan(rotation[:2]).all()
    assert np.isnan(origin[:2]).all()
    assert np.isnan(residual[:2]).all()
    np.testing.assert_allclose(rotation[2], np.eye(3), atol=1e-14)


@given(st.integers(0, 2**32 - 1), st.floats(1e-4, 1e3))
@settings(max_examples=60, deadline=None)
def test_pose_is_a_rotation_whatever_the_size_of_the_cluster(seed, size):
    rng = np.random.default_rng(seed)
    reference, position = rng.normal(size=(5, 3)) * size, rng.normal(size=(1, 5, 3)) * size
    rotation, _, _, state = cluster_pose(reference, position)
    if state[0] == FOUND:
        np.testing.assert_allclose(rotation[0] @ rotation[0].T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation[0]) == pytest.approx(1.0)


def test_axes_follow_their_vectors():
    main = np.array([[0.0, 0.0, 2.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    second = np.array([[5.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    frames = frames_from_vectors(main, second, 2, 0)
    np.testing.assert_allclose(frames[0], np.eye(3), atol=1e-15)
    np.testing.assert_allclose(frames[1], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]], atol=1e-15)
    assert np.isnan(frames[2:]).all()
    for main_axis, second_axis in ((0, 1), (1, 0), (1, 2), (2, 1)):
        frame = frames_from_vectors(main[:1], second[:1], main_axis, second_axis)[0]
        assert np.linalg.det(frame) == pytest.approx(1.0)
        np.testing.assert_allclose(frame[:, main_axis], [0.0, 0.0, 1.0])
        np.testing.assert_allclose(frame[:, second_axis], [1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="two of 0, 1, 2"):
        frames_from_vectors(main, second, 1, 1)


def test_angles_equal_the_naive_twin_and_scipy():
    rotation = random_rotations(4 * 250, 3).reshape(4, 250, 3, 3)
    joints = np.array([[0, 1], [1, 2], [3, 0]])
    angles = joint_angles(rotation, joints)
    for row, (proximal, distal) in enumerate(joints):
        relative = np.swapaxes(rotation[proximal], 1, 2) @ rotation[distal]
        np.testing.assert_allclose(angles[row].T, Rotation.from_matrix(relative).as_euler("ZXY"), atol=1e-9)
        for time in range(250):
            twin = naive_angles(rotation[proximal, time], rotation[distal, time])
            np.testing.assert_allclose(angles[row, :, time], twin, atol=1e-9)


@pytest.mark.parametrize("angle", [0.0, 1e-12, -1e-9, 0.3, -0.4142, 1.0, -1.5707, 1.6, 3.0, -3.1])
def test_single_turns_come_back(angle):
    for row, axis in ((0, "z"), (1, "x"), (2, "y")):
        turn = Rotation.from_euler(axis, angle).as_matrix()
        found = joint_angles(np.stack([np.eye(3), turn])[:, None], np.array([[0, 1]]))[0, :, 0]
        if row != 1 or abs(angle) < 1.57:
            expected = np.zeros(3)
            expected[row] = angle
            np.testing.assert_allclose(found, expected, atol=2e-15)


def test_angles_say_where_they_are_not_defined():
    locked = Rotation.from_euler("ZXY", [0.4, np.pi / 2, 0.1]).as_matrix()
    rotation = np.stack([np.stack([np.eye(3)] * 2), np.stack([locked, np.full((3, 3), np.nan)])])
    angles = joint_angles(rotation, np.array([[0, 1]]))[0]
    assert angles[1, 0] == pytest.approx(np.pi / 2)
    assert np.isnan(angles[[0, 2], 0]).all()
    assert np.isnan(angles[:, 1]).all()


def moving_pair(relative, centre_proximal, centre_distal, seed=0):
    """Two segments that share a point, the proximal one moving at random."""
    rng = np.random.default_rng(seed)
    proximal, origin = random_rotations(len(relative), seed), rng.normal(size=(len(relative), 3))
    distal = proximal @ relative
    return proximal, origin, distal, proximal @ centre_proximal + origin - distal @ centre_distal


def test_functional_centre_of_a_ball_joint():
    relative = Rotation.from_rotvec(np.random.default_rng(2).normal(size=(400, 3)) * 0.4).as_matrix()
    pair = moving_pair(relative, np.array([0.05, -0.4, 0.02]), np.array([0.0, 0.1, 0.03]))
    pair[0][7] = np.nan
    joint = functional_joint(*pair)
    np.testing.assert_allclose(joint.proximal_centre, [0.05, -0.4, 0.02], atol=1e-12)
    np.testing.assert_allclose(joint.distal_centre, [0.0, 0.1, 0.03], atol=1e-12)
    assert joint.spread[0] > 0.2
    assert joint.residual < 1e-12


def test_functional_axis_of_a_hinge():
    axis = np.array([0.1, -0.2, 1.0]) / np.sqrt(1.05)
    turns = Rotation.from_rotvec(np.outer(np.linspace(0.0, 1.5, 200), axis)).as_matrix()
    pair = moving_pair(turns, np.array([0.0, -0.4, 0.0]), np.array([0.01, 0.0, 0.0]))
    joint = functional_joint(*pair)
    assert abs(joint.proximal_axis @ axis) == pytest.approx(1.0)
    assert joint.spread[0] < 1e-6
    # The centre lies on the axis: what remains is along it.
    np.testing.assert_allclose(np.cross(joint.proximal_centre - [0.0, -0.4, 0.0], axis), 0.0, atol=1e-10)


def test_a_joint_that_does_not_turn_tells_nothing():
    still = np.stack([np.eye(3)] * 20)
    assert functional_joint(*moving_pair(still, np.zeros(3), np.zeros(3))) is None
    assert functional_joint(np.full((3, 3, 3), np.nan), np.zeros((3, 3)), still[:3], np.zeros((3, 3))) is None
