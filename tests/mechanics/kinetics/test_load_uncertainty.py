"""Uncertainties of angles, moments and power against errors that are really made."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.mechanics.kinetics import load_uncertainty as stated
from legsci.mechanics.kinetics.inertia import body_segments
from legsci.mechanics.kinetics.inverse_dynamics import trial_loads
from legsci.mechanics.kinetics.joint_components import component_axes
from legsci.mechanics.kinetics.load_uncertainty import GroundErrors, load_uncertainty
from legsci.mechanics.motion.angle_uncertainty import ENDS, POINTS, angle_uncertainty, error_model, filter_effect
from legsci.mechanics.motion.angles import JOINTS, kinematics
from legsci.mechanics.motion.kinematics import Kinematics
from legsci.mechanics.motion.options import MOMENT_AXES
from legsci.vocabulary import LEGS
from tests.mechanics.athlete import ATHLETE, UNFILTERED, recording, standing

FRAMES = slice(60, 200, 20)
DRAWS = 4000
JOINT_NAMES = ("right_ankle", "left_knee", "right_knee", "left_hip", "lumbar")


@pytest.fixture(scope="module")
def solved():
    _, tree = recording("countermovement_jump")
    markers, force = (tree.children[name].to_dataset() for name in ("markers", "force"))
    moved = Kinematics.of(kinematics(markers, standing(), options=UNFILTERED))
    body = body_segments(moved, body_mass_kg=ATHLETE.mass_kg, sex=ATHLETE.sex)
    return moved, trial_loads(moved, force, body, body_mass_kg=ATHLETE.mass_kg, options=UNFILTERED)


def drawn_errors(moved, model, rng):
    """Shift of each point (3,), skin shifts, turns of segments and of their skin alone (time, 3), drawn as stated."""
    errors, frames = model.errors, moved.time.size
    points = {name: size * rng.standard_normal(3) for name, size in POINTS.items()}
    skin, turns, strayed = {}, {}, {}
    for row, name in enumerate(model.segments):
        rotation = errors.rotation[row]
        turn = rotation @ (errors.own[row] * rng.standard_normal(3))
        strayed[name] = errors.skin_turn[row][:, None] * rng.standard_normal(3)
        turn = turn + strayed[name]
        skin[name] = errors.skin_shift[row][:, None] * rng.standard_normal(3)
        by_shift = -float(errors.anchored[row]) * np.cross(rotation[:, :, 1], skin[name]) / errors.length[row]
        strayed[name] = strayed[name] + by_shift
        if errors.ends[row, 0] >= 0:
            upper, lower = (points[end] for end in ENDS[name])
            moves = np.broadcast_to(upper - lower, (frames, 3)) - errors.anchored[row] * skin[name]
            turn = turn + np.cross(rotation[:, :, 1], moves) / errors.length[row]
        turns[name] = turn
    return points, skin, turns, strayed


def spread_of(draw, count=DRAWS, seed=0):
    """Standard deviation of what is drawn."""
    rng = np.random.default_rng(seed)
    return np.std([draw(rng) for _ in range(count)], axis=0)


def test_angles_spread_as_stated_when_segments_are_really_turned(solved):
    moved, _ = solved
    model = error_model(moved, anchored=True)
    spread = angle_uncertainty(moved, model, cutoff_hz=np.nan)
    short = {name: rotation[FRAMES] for name, rotation in moved.rotation.items()}

    def draw(rng):
        _, _, turns, _ = drawn_errors(moved, model, rng)
        turned = {
            name: Rotation.from_rotvec(turns[name][FRAMES]).as_matrix() @ rotation for name, rotation in short.items()
        }
        return np.array([_angle(turned, name) - _angle(short, name) for name in JOINT_NAMES])

    found = np.degrees(spread_of(draw, 1500))
    for row, joint in zip(found, JOINT_NAMES, strict=True):
        for plane, name in enumerate(JOINTS[joint].names):
            np.testing.assert_allclose(spread[name][FRAMES], row[plane], rtol=0.12, err_msg=name)


def _angle(rotation, joint):
    """Angles of a joint (3, time) [rad] by scipy."""
    of = JOINTS[joint]
    relative = rotation[of.proximal].swapaxes(1, 2) @ rotation[of.distal]
    return Rotation.from_matrix(relative).as_euler("ZXY").T


@pytest.mark.parametrize("axes", MOMENT_AXES)
def test_moments_and_power_spread_as_stated_when_errors_are_really_made(solved, axes, monkeypatch):
    """Segments turned, joint centres and plates shifted, inertial parts scaled; the parts that rest on them follow."""
    moved, loads = solved
    monkeypatch.setattr(stated, "PLATE_ZERO_N", 0.0)
    monkeypatch.setattr(stated, "PLATE_ZERO_N_M", 0.0)
    model, of = error_model(moved, anchored=True), loads.joint_loads
    joints = list(loads.joints)
    about = component_axes(moved.rotation, joints, moment_axes=axes)
    in_plane = np.einsum("jtpi,jti->jpt", about, of.moment)
    rate = moved.rate_hz
    found = load_uncertainty(of, in_plane, model, axes=(axes, about), joints=joints, low_pass=(rate, np.nan))
    power = np.einsum("jti,jti->jt", of.moment, of.spin)

    def draw(rng):
        points, skin, turns, strayed = drawn_errors(moved, model, rng)
        turned = {
            name: Rotation.from_rotvec(turns[name][FRAMES]).as_matrix() @ rotation[FRAMES]
            for name, rotation in moved.rotation.items()
        }
        plate = stated.CENTRE_OF_PRESSURE_M * rng.standard_normal((2, 3)) * [1.0, 0.0, 1.0]
        scale = stated.INERTIA_SHARE * rng.standard_normal()
        changed = component_axes(turned, joints, moment_axes=axes)
        answer = []
        for row, joint in enumerate(joints):
            shift = points[joint] + skin[JOINTS[joint].proximal][FRAMES]
            moment = of.moment[row, FRAMES] - np.cross(shift, of.force[row, FRAMES])
            inertial = of.turned[row] * of.moment[row, FRAMES]
            for side in range(len(LEGS)):
                force = of.below[row, side] * of.ground_force[side, FRAMES]
                inertial = inertial - np.cross(of.centre[row, FRAMES], force)
                inertial = inertial + of.below[row, side] * of.ground_moment[side, FRAMES]
                moment = moment - of.turned[row] * np.cross(plate[side], force)
            moment = moment + of.turned[row] * scale * inertial
            planes = np.einsum("tpi,ti->pt", changed[row], moment) - in_plane[row][:, FRAMES]
            apart = strayed[JOINTS[joint].distal] - strayed[JOINTS[joint].proximal]
            spin = of.spin[row] + np.gradient(apart, axis=0) * moved.rate_hz
            work = np.einsum("ti,ti->t", moment, spin[FRAMES]) - power[row, FRAMES]
            answer.append(np.concatenate([planes, work[None]]))
        return np.array(answer)

    spread = spread_of(draw, 1500)
    np.testing.assert_allclose(found.moment[:, :, FRAMES], spread[:, :3], rtol=0.15, atol=0.02)
    np.testing.assert_allclose(found.power[:, FRAMES], spread[:, 3], rtol=0.15, atol=0.02)


def test_filter_effect_of_a_sine_is_what_the_filter_takes():
    time = np.arange(2000) / 200.0
    sine = np.sin(2.0 * np.pi * 6.0 * time)
    taken = filter_effect(sine[None], 200.0, 6.0)[0]
    # Half the power passes at the cut-off, 0.71 of the amplitude.
    np.testing.assert_allclose(taken[400:1600], (1.0 - 0.5**0.5) * sine[400:1600], atol=2e-3)
    assert not filter_effect(sine[None], 200.0, np.nan).any()


def test_what_the_low_pass_took_of_the_ground_enters_the_moment(solved):
    """A force of 100 N that was taken, 0.2 m from the ankle, is 20 N m of its moment."""
    moved, loads = solved
    model, of = error_model(moved, anchored=True), loads.joint_loads
    joints = list(loads.joints)
    about = component_axes(moved.rotation, joints, moment_axes="laboratory")
    in_plane = np.einsum("jtpi,jti->jpt", about, of.moment)
    removed = np.zeros((2, moved.time.size, 6))
    ankle = joints.index("right_ankle")
    arm = np.array([0.2, 0.0, 0.0])
    force = np.array([0.0, 100.0, 0.0])
    removed[LEGS.index("right"), :, :3] = force
    removed[LEGS.index("right"), :, 3:] = np.cross(of.centre[ankle] + arm, force)
    without, with_it = (
        load_uncertainty(
            of,
            in_plane,
            model,
            axes=("laboratory", about),
            joints=joints,
            low_pass=(moved.rate_hz, np.nan),
            ground=GroundErrors(removed=taken),
        ).moment
        for taken in (None, removed)
    )
    added = np.sqrt(with_it**2 - without**2)[:, :, FRAMES]
    np.testing.assert_allclose(added[ankle], np.abs(about[ankle, FRAMES] @ [0.0, 0.0, 20.0]).T, atol=1e-6)
    assert not added[joints.index("left_ankle")].any()
