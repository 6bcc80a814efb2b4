"""Inverse dynamics of two legs beside numpy over all frames and, where it is installed, pinocchio frame by frame."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.newton_euler import inverse_dynamics
from legsci.vocabulary import STANDARD_GRAVITY

FRAMES = 2000
#: Foot, shank and thigh of two legs; the thighs end at a pelvis that stays out of it.
PARENT = np.array([1, 2, -1, 4, 5, -1])
MASS = np.array([1.0, 3.5, 10.0] * 2)
INERTIA = np.array([np.diag([0.001, 0.005, 0.005]), np.diag([0.04, 0.006, 0.04]), np.diag([0.15, 0.03, 0.15])] * 2)
GRAVITY = np.array([0.0, -STANDARD_GRAVITY, 0.0])


def measure() -> list[Measurement]:
    """Return the comparisons."""
    return [_against_numpy(), *_against_pinocchio()]


def _motion() -> tuple[np.ndarray, ...]:
    """Rotation (segment, time, 3, 3) and seven vectors (segment, time, 3) that look like the motion of two legs."""
    rng = np.random.default_rng(1)
    quaternion = rng.normal(size=(len(PARENT), FRAMES, 4))
    w, x, y, z = np.moveaxis(quaternion / np.linalg.norm(quaternion, axis=2, keepdims=True), 2, 0)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    vectors = [rng.normal(size=(len(PARENT), FRAMES, 3)) for _ in range(7)]
    return np.ascontiguousarray(rotation.transpose(2, 3, 0, 1)), *vectors


def _with_numpy(motion: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The same equations, each over all frames at once."""
    rotation, joint, centre, acceleration, spin, turn, ground, about_origin = motion
    needed = MASS[:, None, None] * (acceleration - GRAVITY)
    local_spin = np.einsum("stji,stj->sti", rotation, spin)
    local_turn = np.einsum("stji,stj->sti", rotation, turn)
    momentum = np.einsum("sij,stj->sti", INERTIA, local_spin)
    change = np.einsum("sij,stj->sti", INERTIA, local_turn) + np.cross(local_spin, momentum)
    force = needed - ground
    moment = np.einsum("stij,stj->sti", rotation, change) + np.cross(centre - joint, needed)
    moment -= about_origin - np.cross(joint, ground)
    for row, carrier in enumerate(PARENT):
        if carrier >= 0:
            force[carrier] += force[row]
            moment[carrier] += moment[row] + np.cross(joint[row] - joint[carrier], force[row])
    return force, moment


def _ours(motion: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    rotation, joint, centre, acceleration, spin, turn, ground, about_origin = motion
    moved = (rotation, centre, acceleration, acceleration, spin, turn)  # the velocity is not used
    return inverse_dynamics(PARENT, (MASS, INERTIA), moved, joint, ground, about_origin, GRAVITY)


def _against_numpy() -> Measurement:
    motion = _motion()
    for ours, theirs in zip(_ours(motion), _with_numpy(motion), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
    ours_ms, numpy_ms = medians_ms(lambda: _ours(motion), lambda: _with_numpy(motion))
    return Measurement(f"inverse dynamics, 6 segments, {FRAMES} frames", "numpy, vectorised", ours_ms, numpy_ms, 5.0)


def _against_pinocchio() -> list[Measurement]:
    """Recursive Newton-Euler of two legs of three spherical joints each, one call per frame.

    pinocchio starts from joint coordinates and derives the segments' motion from them; legsci is given that motion.
    """
    if importlib.util.find_spec("pinocchio") is None:
        print("inverse dynamics against pinocchio: skipped, since the package `pin` is not installed")
        return []
    pinocchio = importlib.import_module("pinocchio")
    model = _two_legs(pinocchio)
    data = model.createData()
    rng = np.random.default_rng(2)
    coordinates = [pinocchio.integrate(model, pinocchio.neutral(model), v) for v in rng.normal(size=(FRAMES, model.nv))]
    velocity, acceleration = rng.normal(size=(2, FRAMES, model.nv))
    pushes = [pinocchio.StdVec_Force() for _ in range(FRAMES)]
    for push in pushes:
        push.extend([pinocchio.Force.Random() for _ in range(model.njoints)])

    def frame_by_frame() -> None:
        for frame in range(FRAMES):
            pinocchio.rnea(model, data, coordinates[frame], velocity[frame], acceleration[frame], pushes[frame])

    motion = _motion()
    ours_ms, theirs_ms = medians_ms(lambda: _ours(motion), frame_by_frame)
    job = f"inverse dynamics, 6 segments, {FRAMES} frames"
    return [Measurement(job, "pinocchio rnea, a call a frame", ours_ms, theirs_ms, 10.0)]


def _two_legs(pinocchio: Any) -> Any:
    """Two chains of thigh, shank and foot, hung on a fixed pelvis by spherical joints."""
    model = pinocchio.Model()
    model.gravity.linear = GRAVITY
    for side in (-1.0, 1.0):
        carrier, place = 0, np.array([0.0, 0.9, 0.1 * side])
        for segment in (2, 1, 0):
            here = pinocchio.SE3(np.eye(3), place)
            carrier = model.addJoint(carrier, pinocchio.JointModelSpherical(), here, f"{side}_{segment}")
            inertia = pinocchio.Inertia(MASS[segment], np.array([0.0, -0.2, 0.0]), INERTIA[segment])
            model.appendBodyToJoint(carrier, inertia, pinocchio.SE3.Identity())
            place = np.array([0.0, -0.42, 0.0])
    return model
