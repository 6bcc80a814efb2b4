"""The second simulator obeys the laws of motion, and its truth is consistent with itself."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("mujoco", reason="the rigid-body engine mujoco is not installed")

from tests.independent.anatomy import CLEAN, draw_anatomy
from tests.independent.bodies import SIDES, draw_body
from tests.independent.dynamics import RATE_HZ, Trial
from tests.independent.engine import GRAVITY
from tests.independent.truth import joint_coordinate_system, truth_of


def integral(values: np.ndarray) -> np.ndarray:
    """Integral from the first sample on, trapezoid rule."""
    steps = 0.5 * (values[1:] + values[:-1]) / RATE_HZ
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(steps, axis=0)])


def on_plates(trial: Trial) -> slice:
    """Samples in which nobody stands on the box."""
    return slice(round(trial.events.get("fall", -0.002) * RATE_HZ) + 2, None)


def test_no_code_of_the_first_simulator() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not any(str(module).startswith(("legsci.simulate", "tests.simulate")) for module in imported), path


def test_bodies_differ_and_are_possible() -> None:
    bodies = [draw_body(seed) for seed in range(20)]
    for body in bodies:
        assert sum(body.mass.values()) == pytest.approx(body.mass_kg)
        for tensor in body.inertia.values():
            principal = np.linalg.eigvalsh(tensor)
            assert principal[0] > 0.0
            assert principal[2] <= principal[0] + principal[1] + 1e-12
    shares = [body.mass["right_thigh"] / body.mass_kg for body in bodies]
    assert np.std(shares) > 0.005
    hinge = [body.hinges["right_shank"][0].axis for body in bodies]
    assert np.degrees(np.arccos(-np.array(hinge)[:, 2])).mean() > 2.0


def test_motion_needs_no_load_but_that_of_the_ground(trials: dict[str, Trial]) -> None:
    for trial in trials.values():
        assert np.abs(trial.residual).max() < 1e-6


def test_force_changes_momentum(trials: dict[str, Trial]) -> None:
    for trial in trials.values():
        mass, part = trial.body.mass_kg, on_plates(trial)
        force = (trial.force["right"] + trial.force["left"])[part] - [0.0, mass * GRAVITY, 0.0]
        gained = mass * (trial.velocity[part] - trial.velocity[part][0])
        np.testing.assert_allclose(integral(force), gained, atol=0.3)  # N s, of some 150 of a jump


def test_moment_changes_angular_momentum(trials: dict[str, Trial]) -> None:
    for trial in trials.values():
        part = on_plates(trial)
        force, moment = ((load["right"] + load["left"])[part] for load in (trial.force, trial.moment))
        about_centre = moment - np.cross(trial.centre[part], force)
        gained = trial.angular_momentum[part] - trial.angular_momentum[part][0]
        np.testing.assert_allclose(integral(about_centre), gained, atol=0.2)  # kg m^2/s, of some 8


def test_joints_and_ground_deliver_the_energy(trials: dict[str, Trial]) -> None:
    for trial in trials.values():
        part, power = on_plates(trial), sum(trial.joint_power.values())
        for side in SIDES:
            place, spin = trial.position[f"{side}_foot"], trial.spin[f"{side}_foot"]
            force = trial.force[side]
            about_ankle = trial.moment[side] - np.cross(place, force)
            speed = np.gradient(place, axis=0) * RATE_HZ
            power = power + np.einsum("ti,ti->t", force, speed) + np.einsum("ti,ti->t", about_ankle, spin)
        work, gained = integral(power[part]), trial.energy[part] - trial.energy[part][0]
        done = float(np.abs(power[part]).sum() / RATE_HZ)
        assert np.abs(work - gained).max() < 0.015 * done + 0.05


def test_flight_is_ballistic(trials: dict[str, Trial]) -> None:
    trial = trials["countermovement_jump"]
    total = trial.force["right"][:, 1] + trial.force["left"][:, 1]
    aloft = np.flatnonzero(total == 0.0)
    assert aloft.size > 0.25 * RATE_HZ
    inside = slice(aloft[0] + 2, aloft[0] + 200)
    fall = np.gradient(trial.velocity[inside], axis=0) * RATE_HZ
    # Limbs that move against each other leave an error of the engine's step.
    np.testing.assert_allclose(fall, np.broadcast_to([0.0, -GRAVITY, 0.0], fall.shape), atol=0.1)
    np.testing.assert_allclose(fall.mean(axis=0), [0.0, -GRAVITY, 0.0], atol=0.03)
    assert np.ptp(trial.angular_momentum[inside], axis=0).max() < 0.05


def test_pressure_is_under_the_soles(trials: dict[str, Trial]) -> None:
    for trial in trials.values():
        for side in SIDES:
            force, foot = trial.force[side], f"{side}_foot"
            loaded = force[:, 1] > 50.0
            place = np.stack([trial.moment[side][:, 2], np.zeros(len(force)), -trial.moment[side][:, 0]], axis=1)[
                loaded
            ]
            place /= force[loaded, 1:2]
            local = np.einsum("tij,ti->tj", trial.rotation[foot][loaded], place - trial.position[foot][loaded])
            sole = trial.body.sole[side]
            for axis in (0, 2):
                assert local[:, axis].min() > sole[:, axis].min() - 0.01
                assert local[:, axis].max() < sole[:, axis].max() + 0.01


def test_joint_coordinate_system_is_that_of_a_sequence_of_turns() -> None:
    rng = np.random.default_rng(4)
    upper = Rotation.random(50, rng=rng).as_matrix()
    turns = rng.uniform(-1.2, 1.2, (50, 3))
    lower = upper @ Rotation.from_euler("ZXY", turns).as_matrix()
    np.testing.assert_allclose(joint_coordinate_system(upper, lower)[1], turns, atol=1e-12)


def test_components_times_rates_are_the_power(trials: dict[str, Trial]) -> None:
    standing = trials["standing"]
    anatomy = draw_anatomy(standing.body, CLEAN, standing, np.random.default_rng(0))
    truth = truth_of(trials["countermovement_jump"], anatomy, standing)
    for joint, power in truth.power.items():
        # The engine's velocities lie half of its step beside its poses.
        difference = truth.plane_power[joint].sum(axis=1) - power
        assert np.sqrt((difference**2).mean()) < 0.03 * np.sqrt((power**2).mean()), joint
