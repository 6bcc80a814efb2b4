"""Derivatives, inverse dynamics against hand answers and an energy balance, and against an independent engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.simulate.athlete.body import Athlete, Body, build_body
from legsci.simulate.athlete.kinetics import MARGIN, angular_kinematics, central_differences, inertial_moment
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.vocabulary import SEGMENTS, SIDES_OF_BODY, STANDARD_GRAVITY
from tests.simulate.joint_loads import joint_loads

ATHLETE = Athlete(leg_length_scale=(1.0, 1.004))
BODY = build_body(ATHLETE)
INNER = slice(MARGIN, -MARGIN)
#: Segment nearer the pelvis that each one hangs on, pelvis first.
PARENTS = {"trunk": "pelvis"} | {
    f"{side}_{part}": above.format(side=side)
    for side in ("right", "left")
    for part, above in (("thigh", "pelvis"), ("shank", "{side}_thigh"), ("foot", "{side}_shank"))
}


@pytest.fixture(scope="module")
def jump() -> Motion:
    return simulate_motion("countermovement_jump", ATHLETE, default_technique("countermovement_jump"))


def test_derivatives_of_a_sine() -> None:
    time = np.arange(400) / 1000.0
    values = np.sin(2 * np.pi * 20.0 * time)[None, :, None]
    first, second = central_differences(values, 1000.0)
    rate = 2 * np.pi * 20.0
    np.testing.assert_allclose(first[0, INNER, 0], rate * np.cos(rate * time)[INNER], atol=1e-6 * rate)
    np.testing.assert_allclose(second[0, INNER, 0], -(rate**2) * np.sin(rate * time)[INNER], atol=1e-6 * rate**2)


def test_spin_about_a_turning_axis_by_hand() -> None:
    # R = Ry(a t) Rz(b t): angular velocity (b sin a t, a, b cos a t)
    time = np.arange(300) / 1000.0
    a, b = 3.0, 5.0
    about_y = Rotation.from_rotvec(np.outer(a * time, [0.0, 1.0, 0.0])).as_matrix()
    about_z = Rotation.from_rotvec(np.outer(b * time, [0.0, 0.0, 1.0])).as_matrix()
    velocity, acceleration = angular_kinematics((about_y @ about_z)[None], 1000.0)
    wanted = np.stack([b * np.sin(a * time), np.full(time.size, a), b * np.cos(a * time)], axis=1)
    change = np.stack([a * b * np.cos(a * time), np.zeros(time.size), -a * b * np.sin(a * time)], axis=1)
    np.testing.assert_allclose(velocity[0, INNER], wanted[INNER], atol=1e-8)
    np.testing.assert_allclose(acceleration[0, INNER], change[INNER], atol=1e-6)


def test_change_of_angular_momentum_of_a_spinning_body() -> None:
    rng = np.random.default_rng(2)
    time = np.arange(200) / 1000.0
    rotation = Rotation.from_rotvec(np.stack([np.sin(3 * time), 2 * time, np.cos(4 * time)], axis=1)).as_matrix()[None]
    inertia = np.diag(rng.uniform(0.5, 1.5, 3))[None]
    velocity, acceleration = angular_kinematics(rotation, 1000.0)
    tensor = rotation[0] @ inertia[0] @ np.swapaxes(rotation[0], 1, 2)
    momentum = np.einsum("nij,nj->ni", tensor, velocity[0])[None]
    change, _ = central_differences(momentum, 1000.0)
    inner = slice(2 * MARGIN, -2 * MARGIN)
    np.testing.assert_allclose(
        inertial_moment(rotation, inertia, velocity, acceleration)[0, inner], change[0, inner], atol=1e-6
    )


def test_standing_by_hand() -> None:
    motion = simulate_motion("standing", ATHLETE, replace(default_technique("standing"), sway=0.0))
    dynamics = joint_loads(motion, BODY)
    sample = motion.time.size // 2
    trunk = SEGMENTS.index("trunk")
    weight = np.array([0.0, BODY.mass[trunk] * STANDARD_GRAVITY, 0.0])
    np.testing.assert_allclose(dynamics.force["lumbar"][sample], weight, atol=1e-3)
    lever = motion.centre_of_mass[trunk, sample] - motion.position[trunk, sample]
    np.testing.assert_allclose(dynamics.moment["lumbar"][sample], np.cross(lever, weight), atol=1e-3)
    for foot, side in enumerate(SIDES_OF_BODY):
        row = SEGMENTS.index(f"{side}_foot")
        weight = np.array([0.0, -BODY.mass[row] * STANDARD_GRAVITY, 0.0])
        ankle = motion.joint_centre[f"{side}_ankle"][sample]
        reaction = np.cross(motion.centre_of_pressure[foot, sample] - ankle, motion.force[foot, sample])
        reaction[1] += motion.free_moment[foot, sample]
        own = np.cross(motion.centre_of_mass[row, sample] - ankle, weight)
        np.testing.assert_allclose(dynamics.moment[f"{side}_ankle"][sample], -(reaction + own), atol=1e-3)
        assert dynamics.moment[f"{side}_ankle"][sample, 2] < 0.0  # plantar flexion: the toes are pushed down


def test_joints_and_ground_deliver_the_energy(jump: Motion) -> None:
    dynamics = joint_loads(jump, BODY)
    velocities = central_differences(jump.centre_of_mass, jump.rate_hz)[0]
    local = np.einsum("snji,snj->sni", jump.rotation, jump.angular_velocity)
    energy = np.einsum("s,sni,sni->n", BODY.mass, velocities, velocities) / 2
    energy += np.einsum("sni,sij,snj->n", local, BODY.inertia, local) / 2
    energy += STANDARD_GRAVITY * np.einsum("s,sn->n", BODY.mass, jump.centre_of_mass[:, :, 1])
    power = sum(dynamics.power.values())
    for foot, side in enumerate(SIDES_OF_BODY):
        row = SEGMENTS.index(f"{side}_foot")
        loaded = jump.force[foot, :, 1] > 0.0
        arm = np.where(loaded[:, None], jump.centre_of_pressure[foot] - jump.centre_of_mass[row], 0.0)
        point = velocities[row] + np.cross(jump.angular_velocity[row], arm)
        power = power + np.einsum("ni,ni->n", jump.force[foot], point)
        power = power + jump.free_moment[foot] * jump.angular_velocity[row, :, 1]
    for first, last in ((0.5, 2.1), (2.1, 2.3), (2.3, 2.6), (2.6, 3.0), (3.0, 4.5)):
        start, stop = round(first * jump.rate_hz), round(last * jump.rate_hz)
        work = np.trapezoid(power[start : stop + 1], dx=1.0 / jump.rate_hz)
        assert work == pytest.approx(energy[stop] - energy[start], abs=0.3)  # J, of some 500 J of a jump


def consistent(motion: Motion, body: Body) -> tuple[Motion, np.ndarray]:
    """The motion with the accelerations that its joints and angular accelerations imply, and those of the origins."""
    spin, gain = motion.angular_velocity, motion.angular_acceleration

    def carried(segment: int, arm: np.ndarray) -> np.ndarray:
        return np.cross(gain[segment], arm) + np.cross(spin[segment], np.cross(spin[segment], arm))

    origins = np.empty_like(motion.position)
    _, second = central_differences(motion.position[:1], motion.rate_hz)
    origins[0] = second[0]
    for name, parent in PARENTS.items():
        row, above = SEGMENTS.index(name), SEGMENTS.index(parent)
        origins[row] = origins[above] + carried(above, motion.position[row] - motion.position[above])
    centres = np.array(
        [origins[row] + carried(row, motion.centre_of_mass[row] - motion.position[row]) for row in range(len(SEGMENTS))]
    )
    return replace(motion, centre_of_mass_acceleration=centres), origins


def engine_model(body: Body) -> str:
    """The body as a model for mujoco: a free pelvis, ball joints elsewhere."""

    def segment(name: str, place: np.ndarray) -> str:
        row = SEGMENTS.index(name)
        inertia = body.inertia[row]
        entries = [inertia[0, 0], inertia[1, 1], inertia[2, 2], inertia[0, 1], inertia[0, 2], inertia[1, 2]]
        text = " ".join(f"{value!r}" for value in map(float, entries))
        joint = "<freejoint/>" if name == "pelvis" else f'<joint name="{name}" type="ball"/>'
        children = "".join(segment(child, offset(child)) for child, parent in PARENTS.items() if parent == name)
        centre, where = (
            " ".join(repr(float(value)) for value in vector) for vector in (body.centre_of_mass[row], place)
        )
        return (
            f'<body name="{name}" pos="{where}">{joint}'
            f'<inertial pos="{centre}" mass="{float(body.mass[row])!r}" fullinertia="{text}"/>{children}</body>'
        )

    def offset(name: str) -> np.ndarray:
        if name == "trunk":
            return body.lumbar
        side, part = name.split("_")
        number = SIDES_OF_BODY.index(side)
        down = {"thigh": 0.0, "shank": body.thigh_length[number], "foot": body.shank_length[number]}[part]
        return body.hip[number] if part == "thigh" else np.array([0.0, -down, 0.0])

    return (
        f'<mujoco><compiler inertiafromgeom="false" balanceinertia="false"/>'
        f'<option gravity="0 {-STANDARD_GRAVITY} 0"/><worldbody>{segment("pelvis", np.zeros(3))}</worldbody></mujoco>'
    )


@pytest.mark.parametrize("task", ["countermovement_jump", "sprint"])
def test_inverse_dynamics_agree_with_a_rigid_body_engine(task: str) -> None:
    mujoco = pytest.importorskip("mujoco", reason="the rigid-body engine mujoco is not installed")
    motion, origins = consistent(simulate_motion(task, ATHLETE, default_technique(task)), BODY)
    ours = joint_loads(motion, BODY)
    joint_of = {
        f"{side}_{part}": f"{side}_{joint}"
        for side in SIDES_OF_BODY
        for part, joint in (("thigh", "hip"), ("shank", "knee"), ("foot", "ankle"))
    }
    model = mujoco.MjModel.from_xml_string(engine_model(BODY))
    data = mujoco.MjData(model)
    largest = max(np.abs(moment).max() for moment in ours.moment.values())
    quaternion = np.empty(4)
    for frame in np.linspace(MARGIN, motion.time.size - 1 - MARGIN, 60).astype(int):
        turn, spin, gain = (
            values[:, frame] for values in (motion.rotation, motion.angular_velocity, motion.angular_acceleration)
        )
        mujoco.mju_mat2Quat(quaternion, turn[0].ravel())
        data.qpos[:3], data.qpos[3:7] = motion.position[0, frame], quaternion
        velocity, _ = central_differences(motion.position[:1, frame - MARGIN : frame + MARGIN + 1], motion.rate_hz)
        data.qvel[:3], data.qvel[3:6] = velocity[0, MARGIN], turn[0].T @ spin[0]
        data.qacc[:3], data.qacc[3:6] = origins[0, frame], turn[0].T @ gain[0]
        for name, parent in PARENTS.items():
            row, above = SEGMENTS.index(name), SEGMENTS.index(parent)
            joint = model.joint(name)
            mujoco.mju_mat2Quat(quaternion, (turn[above].T @ turn[row]).ravel())
            data.qpos[joint.qposadr[0] : joint.qposadr[0] + 4] = quaternion
            place = slice(joint.dofadr[0], joint.dofadr[0] + 3)
            data.qvel[place] = turn[row].T @ (spin[row] - spin[above])
            data.qacc[place] = turn[row].T @ (gain[row] - gain[above] + np.cross(spin[row], spin[above]))
        mujoco.mj_inverse(model, data)
        # what acts from outside is part of the engine's answer
        ground = np.zeros(model.nv)
        for foot, side in enumerate(SIDES_OF_BODY):
            if motion.force[foot, frame].any():
                twist = np.array([0.0, motion.free_moment[foot, frame], 0.0])
                point = motion.centre_of_pressure[foot, frame]
                number = model.body(f"{side}_foot").id
                mujoco.mj_applyFT(model, data, motion.force[foot, frame], twist, point, number, ground)
        generalised = data.qfrc_inverse - ground
        for name, joint_name in joint_of.items():
            row = SEGMENTS.index(name)
            place = model.joint(name).dofadr[0]
            theirs = turn[row] @ generalised[place : place + 3]
            np.testing.assert_allclose(theirs, ours.moment[joint_name][frame], atol=1e-6 * largest)
