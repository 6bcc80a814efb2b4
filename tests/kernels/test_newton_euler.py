"""Derivatives, inverse dynamics and energy against closed forms and a slow twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.kernels.newton_euler import (
    SegmentMotion,
    angular_motion,
    derivatives,
    inverse_dynamics,
    mechanical_energy,
)

GRAVITY = np.array([0.0, -9.80665, 0.0])
RATE = 200.0


def _random_tree(frames=7, seed=3):
    """Two legs, a pelvis and a trunk with random everything: the arguments of `_solved`."""
    rng = np.random.default_rng(seed)
    parent = np.array([2, 3, 4, 5, 6, 6, 7, -1])
    rows = len(parent)
    tensors = rng.normal(size=(rows, 3, 3))
    inertia = tensors @ tensors.transpose(0, 2, 1)
    rotation = Rotation.random(rows * frames, random_state=seed).as_matrix().reshape(rows, frames, 3, 3)
    vectors = [rng.normal(size=(rows, frames, 3)) for _ in range(7)]
    return [parent, rng.uniform(1.0, 9.0, rows), inertia, rotation, *vectors, GRAVITY]


def _solved(parent, mass, inertia, rotation, joint, centre, acceleration, spin, turn, force, moment, gravity):
    """Answer of the kernel, which takes no velocity into account."""
    motion = SegmentMotion(rotation, centre, np.full_like(centre, np.nan), acceleration, spin, turn)
    return inverse_dynamics(parent, (mass, inertia), tuple(motion), joint, force, moment, gravity)


def _naive(parent, mass, inertia, rotation, joint, centre, acceleration, spin, turn, force, moment, gravity):
    """Sum the whole branch beyond each joint at once: rate of change of momenta less the ground's load."""
    rows, frames = joint.shape[:2]
    forces, moments = np.zeros(joint.shape), np.zeros(joint.shape)
    for row in range(rows):
        branch = [other for other in range(rows) if row in _path_to_root(parent, other)]
        for frame in range(frames):
            p = joint[row, frame]
            for other in branch:
                r = rotation[other, frame]
                tensor = r @ inertia[other] @ r.T
                w = spin[other, frame]
                needed = mass[other] * (acceleration[other, frame] - gravity)
                forces[row, frame] += needed - force[other, frame]
                moments[row, frame] += tensor @ turn[other, frame] + np.cross(w, tensor @ w)
                moments[row, frame] += np.cross(centre[other, frame] - p, needed)
                moments[row, frame] -= moment[other, frame] - np.cross(p, force[other, frame])
    return forces, moments


def _path_to_root(parent, row):
    path = [row]
    while parent[path[-1]] >= 0:
        path.append(parent[path[-1]])
    return path


def test_inverse_dynamics_equals_its_naive_twin():
    tree = _random_tree()
    for ours, twin in zip(_solved(*tree), _naive(*tree), strict=True):
        np.testing.assert_allclose(ours, twin, rtol=1e-10, atol=1e-10)


def test_a_gap_reaches_only_what_rests_on_it():
    tree = _random_tree()
    tree[6][2, 3, 0] = np.nan  # acceleration of the right shank in one frame
    force, moment = _solved(*tree)
    bad = np.isnan(moment).any(axis=2)
    assert bad[:, 3].tolist() == [False, False, True, False, True, False, True, True]
    assert not np.delete(bad, 3, axis=1).any()
    assert np.isnan(force[4, 3, 0])
    assert np.isfinite(force[4, 3, 1])


def test_parents_must_come_later():
    tree = _random_tree()
    tree[0] = np.array([2, 3, 4, 5, 6, 6, 5, -1])
    with pytest.raises(ValueError, match="later row"):
        _solved(*tree)


def _single(angle, spin, turn, *, mass=3.0, length=0.4, moment_of_inertia=0.05):
    """A rod hinged at the origin, hanging at `angle` (time,) from straight down about z: the kernel's answer."""
    frames = len(angle)
    rotation = Rotation.from_euler("z", angle[:, None]).as_matrix()[None]
    centre = rotation @ np.array([0.0, -length, 0.0])
    w, b = np.zeros((1, frames, 3)), np.zeros((1, frames, 3))
    w[0, :, 2], b[0, :, 2] = spin, turn
    acceleration = np.cross(b, centre) + np.cross(w, np.cross(w, centre))
    nothing = np.zeros((1, frames, 3))
    tensor = np.diag([moment_of_inertia, 0.001, moment_of_inertia])[None]
    return _solved(
        np.array([-1]),
        np.array([mass]),
        tensor,
        rotation,
        nothing,
        centre,
        acceleration,
        w,
        b,
        nothing,
        nothing,
        GRAVITY,
    )


def test_free_pendulum_needs_no_moment_and_a_driven_one_the_known_moment():
    angle, spin = np.linspace(-1.0, 1.0, 9), np.linspace(0.0, 3.0, 9)
    whole = 0.05 + 3.0 * 0.4**2
    free = -3.0 * 9.80665 * 0.4 * np.sin(angle) / whole
    assert np.abs(_single(angle, spin, free)[1]).max() < 1e-12
    driven = _single(angle, spin, free + 2.0)[1]
    np.testing.assert_allclose(driven[0, :, 2], 2.0 * whole, rtol=1e-12)


def test_pendulum_pulls_with_weight_and_centripetal_force():
    force = _single(np.zeros(1), np.array([2.0]), np.zeros(1))[0]
    np.testing.assert_allclose(force[0, 0], [0.0, 3.0 * (9.80665 + 0.4 * 4.0), 0.0], atol=1e-12)


def test_static_leg_balances_weight_and_ground():
    """A shank and foot standing still, pushed by 400 N of ground force 0.1 m ahead of the ankle."""
    parent = np.array([1, -1])
    mass = np.array([1.0, 3.0])
    rotation = np.tile(np.eye(3), (2, 1, 1, 1))
    joint = np.array([[[0.0, 0.08, 0.1]], [[0.05, 0.45, 0.1]]])
    centre = np.array([[[0.05, 0.04, 0.1]], [[0.03, 0.28, 0.1]]])
    still = np.zeros((2, 1, 3))
    ground, about_origin = np.zeros((2, 1, 3)), np.zeros((2, 1, 3))
    ground[0, 0] = [0.0, 400.0, 0.0]
    about_origin[0, 0] = np.cross([0.1, 0.0, 0.1], ground[0, 0])
    tensor = np.tile(np.eye(3), (2, 1, 1))
    force, moment = _solved(
        parent, mass, tensor, rotation, joint, centre, still, still, still, ground, about_origin, GRAVITY
    )
    g = 9.80665
    np.testing.assert_allclose(force[:, 0, 1], [1.0 * g - 400.0, 4.0 * g - 400.0])
    # Plantar flexors (-z) hold the ankle against the force 0.1 m ahead, eased by the foot's weight.
    np.testing.assert_allclose(moment[0, 0], [0.0, 0.0, -40.0 + 0.05 * g], atol=1e-12)
    np.testing.assert_allclose(moment[1, 0, 2], -400.0 * 0.05 + 1.0 * g * 0.0 + 3.0 * g * (0.03 - 0.05), atol=1e-12)


def test_free_fall_loads_no_joint():
    tree = _random_tree()
    for row in (7, 8, 9, 10):  # no spin, no angular acceleration, no ground
        tree[row] = np.zeros_like(tree[row])
    tree[6] = np.broadcast_to(GRAVITY, tree[6].shape).copy()
    force, moment = _solved(*tree)
    assert np.abs(force).max() == 0.0
    assert np.abs(moment).max() == 0.0


def test_torque_free_spin_of_an_asymmetric_body_needs_no_moment():
    """Euler's equations solved by small steps: the gyroscopic term must be there, with its sign."""
    tensor = np.array([0.2, 0.5, 0.6])
    spin, turns, rates = np.array([1.0, 2.0, -0.5]), [], []
    for _ in range(5):
        change = -np.cross(spin, tensor * spin) / tensor
        turns.append(change)
        rates.append(spin)
        spin = spin + 1e-3 * change
    r = Rotation.from_rotvec([0.3, -0.8, 0.4]).as_matrix()
    w, b = (np.array([r @ v for v in vectors])[None] for vectors in (rates, turns))
    nothing = np.zeros((1, 5, 3))
    rotation = np.tile(r, (1, 5, 1, 1))
    still = np.broadcast_to(GRAVITY, nothing.shape).copy()
    _, moment = _solved(
        np.array([-1]),
        np.array([1.0]),
        np.diag(tensor)[None],
        rotation,
        nothing,
        nothing,
        still,
        w,
        b,
        nothing,
        nothing,
        GRAVITY,
    )
    assert np.abs(moment).max() < 1e-12


def test_derivatives_of_a_polynomial_are_exact():
    time = np.arange(40) / RATE
    parabola = 2.0 + 3.0 * time - 5.0 * time**2
    first, second = derivatives(np.stack([parabola, -2.0 * parabola], axis=1)[None], RATE)
    np.testing.assert_allclose(first[0], np.outer(3.0 - 10.0 * time, [1.0, -2.0]), atol=1e-9)
    np.testing.assert_allclose(second[0], np.full((40, 2), [-10.0, 20.0]), atol=1e-6)


@pytest.mark.parametrize("reach", [1, 2, 3, 4])
def test_derivatives_reach_their_order_near_an_end(reach):
    """A polynomial of degree 2 x reach is differentiated exactly `reach` samples from the end."""
    x = np.arange(20.0) - reach
    first, second = derivatives((x ** (2 * reach) + x)[None, :, None], 1.0)
    assert first[0, reach, 0] == pytest.approx(1.0, abs=1e-6)
    assert second[0, reach, 0] == pytest.approx(2.0 if reach == 1 else 0.0, abs=1e-5)


def test_derivatives_of_a_sine_err_as_stated():
    time = np.arange(400) / RATE
    w = 2.0 * np.pi * 12.0
    first, second = derivatives(np.sin(w * time)[None, :, None], RATE)
    middle = slice(4, -4)
    assert np.abs(first[0, :, 0] - w * np.cos(w * time))[middle].max() / w < (w / RATE) ** 8 / 630 * 1.01
    assert np.abs(second[0, :, 0] + w**2 * np.sin(w * time))[middle].max() / w**2 < (w / RATE) ** 8 / 3150 * 1.01


def test_derivatives_stop_at_gaps():
    values = np.stack([np.arange(20.0), np.zeros(20)], axis=1)[None]
    values[0, [6, 10], [0, 1]] = np.nan
    first, _ = derivatives(values, RATE)
    # Samples 7 to 9 are a stretch of three: too short.
    gap = np.isnan(first[0])
    assert np.flatnonzero(gap.all(axis=1)).tolist() == [6, 7, 8, 9, 10] == np.flatnonzero(gap.any(axis=1)).tolist()
    np.testing.assert_allclose(first[0][~gap.any(axis=1)], np.full((15, 2), [RATE, 0.0]))


def test_angular_motion_of_a_known_spin():
    """A turn about z that speeds up, seen from a tilted frame: omega and alpha lie along the fixed axis."""
    time = np.arange(200) / RATE
    angle, spin, turn = 3.0 * time + 2.0 * time**2, 3.0 + 4.0 * time, 4.0
    axis = np.array([0.6, 0.0, 0.8])
    rotation = Rotation.from_rotvec(angle[:, None] * axis) * Rotation.from_euler("x", 0.4)
    velocity, acceleration = angular_motion(rotation.as_matrix()[None], RATE)
    inner = slice(4, -4)
    np.testing.assert_allclose(velocity[0, inner], spin[inner, None] * axis, atol=1e-8)
    np.testing.assert_allclose(acceleration[0, inner], np.tile(turn * axis, (192, 1)), atol=1e-6)


def test_energy_of_a_wheel():
    """2 kg at 3 m height, moving at 4 m/s and spinning at 5 rad/s about its own axis of 0.1 kg m^2."""
    rotation = Rotation.from_euler("x", math.pi / 2).as_matrix()[None, None]
    tensor = np.diag([0.3, 0.3, 0.1])[None]
    spin = rotation[0, 0] @ [0.0, 0.0, 5.0]
    energy, rate = mechanical_energy(
        (np.array([2.0]), tensor),
        tuple(
            SegmentMotion(
                rotation=rotation,
                centre_of_mass=np.array([[[1.0, 3.0, 0.0]]]),
                velocity=np.array([[[4.0, 0.0, 0.0]]]),
                acceleration=np.array([[[1.5, 7.0, 0.0]]]),
                angular_velocity=spin[None, None],
                angular_acceleration=2.0 * spin[None, None],
            )
        ),
        GRAVITY,
    )
    assert energy[0, 0] == pytest.approx(0.5 * 2.0 * 16.0 + 0.5 * 0.1 * 25.0 + 2.0 * 9.80665 * 3.0)
    # Speeding up at 1.5 m/s^2 along 4 m/s, and at 10 rad/s^2 about the axis of its spin of 5 rad/s; it does not rise.
    assert rate[0, 0] == pytest.approx(2.0 * 4.0 * 1.5 + 0.1 * 5.0 * 10.0)


def test_energy_of_a_tumbling_body_changes_as_its_rate_says():
    time = np.arange(400) / RATE
    turn = Rotation.from_euler("zxy", np.stack([np.sin(5 * time), 0.7 * np.cos(3 * time), 2 * time**2], axis=1))
    rotation = turn.as_matrix()[None]
    place = np.stack([np.sin(4 * time), time**3, np.cos(2 * time)], axis=1)
    velocity, acceleration = derivatives(place[None], RATE)
    spin, turning = angular_motion(rotation, RATE)
    inertia = np.array([[[0.3, 0.05, 0.0], [0.05, 0.4, 0.02], [0.0, 0.02, 0.1]]])
    motion = SegmentMotion(rotation, place[None], velocity, acceleration, spin, turning)
    energy, rate = mechanical_energy((np.array([2.0]), inertia), tuple(motion), GRAVITY)
    inner = slice(12, -12)
    change = derivatives(energy[..., None], RATE)[0][0, :, 0]
    np.testing.assert_allclose(rate[0, inner], change[inner], rtol=1e-6, atol=1e-5)
