"""Kernels of segments and angles beside numpy, scipy and, where it is installed, kineticstoolkit."""

from __future__ import annotations

import importlib.util
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.joint_angles import joint_angles
from legsci.kernels.rigid_body import cluster_pose

FRAMES = 2000
JOINTS = np.array([[0, 1], [1, 2], [2, 3]])
ANGLE_JOB = f"4 segments -> 3 joints' angles, {FRAMES} frames"
POSE_JOB = f"pose of 4 markers, {FRAMES} frames"


def measure() -> list[Measurement]:
    """Return all comparisons; kineticstoolkit, which is in no lock of ours, takes part where it can be imported."""
    measurements = [*_angles(), *_poses()]
    if importlib.util.find_spec("kineticstoolkit") is None:
        print("kineticstoolkit is not installed: its comparison (goal >= 200x) is left out")
        return measurements
    return [*measurements, _against_kineticstoolkit()]


def _segments() -> np.ndarray:
    """Make four segments that turn (segment, frame, 3, 3)."""
    turns = np.cumsum(np.random.default_rng(0).normal(size=(4, FRAMES, 3)) * 0.01, axis=1)
    return Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix().reshape(4, FRAMES, 3, 3)


def _numpy_angles(relative: np.ndarray) -> np.ndarray:
    first = np.arctan2(-relative[..., 0, 1], relative[..., 1, 1])
    second = np.arcsin(relative[..., 2, 1])
    return np.stack([first, second, np.arctan2(-relative[..., 2, 0], relative[..., 2, 2])], axis=1)


def _angles() -> list[Measurement]:
    segments = _segments()

    def by_matmul() -> np.ndarray:
        return _numpy_angles(np.swapaxes(segments[:-1], 2, 3) @ segments[1:])

    def by_einsum() -> np.ndarray:
        return _numpy_angles(np.einsum("jtki,jtkl->jtil", segments[:-1], segments[1:]))

    def ours() -> np.ndarray:
        return joint_angles(segments, JOINTS)

    np.testing.assert_allclose(ours(), by_matmul(), atol=1e-12)
    own, matmul, einsum = medians_ms(ours, by_matmul, by_einsum)
    return [
        Measurement(ANGLE_JOB, "numpy matmul", own, matmul, 5.0),
        Measurement(ANGLE_JOB, "numpy einsum", own, einsum, 5.0),
    ]


def _batched_svd(reference: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pose of all frames by one call of numpy's singular value decomposition."""
    middle, centre = reference.mean(axis=0), position.mean(axis=1)
    covariance = np.einsum("ma,tmb->tab", reference - middle, position - centre[:, None])
    u, _, v = np.linalg.svd(covariance)
    sign = np.linalg.det(u @ v)
    turned = np.swapaxes(v, 1, 2).copy()
    turned[:, :, 2] *= sign[:, None]
    rotation = turned @ np.swapaxes(u, 1, 2)
    return rotation, centre - rotation @ middle


def _scipy_pose(reference: np.ndarray, position: np.ndarray) -> list[Rotation]:
    centred = reference - reference.mean(axis=0)
    return [Rotation.align_vectors(frame - frame.mean(axis=0), centred)[0] for frame in position]


def _poses() -> list[Measurement]:
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(4, 3)) * 0.08
    position = np.einsum("tij,mj->tmi", _segments()[0], reference) + rng.normal(size=(FRAMES, 4, 3)) * 0.001
    np.testing.assert_allclose(cluster_pose(reference, position)[0], _batched_svd(reference, position)[0], atol=1e-10)
    own, svd = medians_ms(lambda: cluster_pose(reference, position), lambda: _batched_svd(reference, position))
    again, align = medians_ms(
        lambda: cluster_pose(reference, position), lambda: _scipy_pose(reference, position), rounds=3
    )
    return [
        Measurement(POSE_JOB, "numpy batched SVD", own, svd, 25.0),
        Measurement(POSE_JOB, "scipy align_vectors, frame by frame", again, align, 25.0),
    ]


def _against_kineticstoolkit() -> Measurement:
    import kineticstoolkit.lab as ktk

    segments = _segments()
    frames = np.zeros((4, FRAMES, 4, 4))
    frames[:, :, :3, :3], frames[:, :, 3, 3] = segments, 1.0

    def theirs() -> list[np.ndarray]:
        return [
            ktk.geometry.get_angles(ktk.geometry.get_local_coordinates(distal, proximal), "ZXY")
            for proximal, distal in pairwise(frames)
        ]

    own, other = medians_ms(lambda: joint_angles(segments, JOINTS), theirs, rounds=5)
    return Measurement(ANGLE_JOB, "kineticstoolkit", own, other, 200.0)
