"""The virtual athlete without noise: every angle to 0.01 deg, moments to 0.1 % of their peak, power in balance.

Markers and plates are sampled as fast as the motion was made (1000 Hz) and nothing is filtered, so that what is left is
the analysis alone: at 200 Hz an impact's corners fall between two frames.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.inertia import BodySegments
from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.motion.angles import JOINTS, LABORATORY, kinematics
from legsci.simulate.athlete.body import Body, build_body
from legsci.simulate.athlete.motion import TASK_PLANS, simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.simulate.sensors.marker_placement import markers_of
from tests.mechanics.athlete import ATHLETE, UNFILTERED, marker_dataset, plates_of, standing
from tests.simulate.joint_loads import joint_loads

RATE_HZ = 1000.0
LEGS = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shank", "foot"))
#: Differences of the first and last frames are of lower order.
INNER = slice(10, -10)
#: Tasks in which plates alone bear the body; in a pull a bar bears part of it.
UNAIDED = sorted(set(TASK_PLANS) - {"isometric_pull"})


def own_segments(body: Body) -> BodySegments:
    """Inertia of the athlete as it is, not as a table has it; the trunk's in the axes of its markers."""
    names = (
        "pelvis",
        "trunk",
        *(f"{side}_{part}" for side in ("right", "left") for part in ("thigh", "shank", "foot")),
    )
    axes, origin = standing_trunk()
    centre, inertia, trunk = body.centre_of_mass.copy(), body.inertia.copy(), names.index("trunk")
    centre[trunk] = axes.T @ (centre[trunk] - origin)
    inertia[trunk] = axes.T @ inertia[trunk] @ axes
    return BodySegments(names, body.mass, centre, inertia, np.array([body.heel[0], body.toe[0]]))


@cache
def measured(task: str) -> tuple[Motion, Body, xr.Dataset, xr.Dataset]:
    """A clean trial, the athlete with the bar, and kinematics and dynamics of its markers and plates."""
    technique = default_technique(task)
    motion = simulate_motion(task, ATHLETE, technique, rate_hz=RATE_HZ)
    body = build_body(ATHLETE, barbell_kg=technique.barbell_kg)
    force = plates_of(motion)
    labels, position = markers_of(body, motion)
    moved = kinematics(marker_dataset(labels, position, RATE_HZ), standing(), options=UNFILTERED)
    # A clean plate reads nothing but load, however small.
    solved = dynamics(
        moved,
        force,
        person=Person(ATHLETE.mass_kg, ATHLETE.sex),
        segments=own_segments(body),
        threshold_n=0.01,
        options=UNFILTERED,
    )
    return motion, body, moved, solved


def naive_angles(proximal: np.ndarray, distal: np.ndarray) -> np.ndarray:
    """Grood and Suntay's angles of rotations (time, 3, 3) from their three axes, (3, time) [deg]."""
    first, last = proximal[:, :, 2], distal[:, :, 1]
    floating = np.cross(last, first)
    floating /= np.linalg.norm(floating, axis=1, keepdims=True)

    def along(axis: np.ndarray) -> np.ndarray:
        return (floating * axis).sum(axis=1)

    turns = (
        np.arctan2(along(proximal[:, :, 1]), along(proximal[:, :, 0])),
        np.arcsin((first * last).sum(axis=1)),
        np.arctan2(along(distal[:, :, 2]), along(distal[:, :, 0])),
    )
    return np.degrees(turns)


def trunk_of_markers(motion: Motion) -> np.ndarray:
    """Axes of the trunk as markers define them (`standing_trunk`), carried by the athlete's trunk (time, 3, 3)."""
    return motion.rotation[motion.segments.index("trunk")] @ standing_trunk()[0]


@cache
def standing_trunk() -> tuple[np.ndarray, np.ndarray]:
    """From between the hips to between the acromia while standing: axes (3, 3) and origin (3,) in the own trunk's."""
    still = simulate_motion("standing", ATHLETE, default_technique("standing"), rate_hz=RATE_HZ)
    labels, position = markers_of(build_body(ATHLETE), still)
    point = dict(zip(labels, position[0], strict=True))
    middle = 0.5 * (still.joint_centre["left_hip"][0] + still.joint_centre["right_hip"][0])
    up = 0.5 * (point["left_acromion"] + point["right_acromion"]) - middle
    right = point["right_acromion"] - point["left_acromion"]
    y = up / np.linalg.norm(up)
    z = right - (right @ y) * y
    z /= np.linalg.norm(z)
    row = still.segments.index("trunk")
    own = still.rotation[row][0].T
    return own @ np.stack([np.cross(y, z), y, z], axis=1), own @ (middle - still.position[row][0])


@pytest.mark.parametrize("task", sorted(TASK_PLANS))
def test_angles_to_a_hundredth_of_a_degree(task: str) -> None:
    motion, _, moved, _ = measured(task)
    frames = dict(zip(motion.segments, motion.rotation, strict=True)) | {"trunk": trunk_of_markers(motion)}
    frames[LABORATORY] = np.broadcast_to(np.eye(3), motion.rotation[0].shape)
    compared = 0
    for joint in JOINTS.values():
        for name, sign, truth in zip(
            joint.names, joint.signs, naive_angles(frames[joint.proximal], frames[joint.distal]), strict=True
        ):
            ours = moved["angle"].sel(joint_angle=name).to_numpy()
            difference = (ours - sign * truth + 180.0) % 360.0 - 180.0
            assert np.abs(difference).max() < 0.01, name
            compared += 1
    assert compared == moved.sizes["joint_angle"] == 27


@pytest.mark.parametrize("task", UNAIDED)
def test_moments_to_a_thousandth_of_their_peak(task: str) -> None:
    motion, body, _, solved = measured(task)
    truth = joint_loads(motion, body).moment
    for joint in (f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee", "ankle")):
        theirs = truth[joint][INNER]
        ours = solved["joint_moment"].sel(joint=joint).transpose("time", "axis").to_numpy()[INNER]
        assert np.linalg.norm(ours - theirs, axis=1).max() < 0.001 * np.linalg.norm(theirs, axis=1).max(), joint


@pytest.mark.parametrize("task", UNAIDED)
def test_motion_of_the_whole_body_needs_the_force_of_the_plates(task: str) -> None:
    """What is left over is the corner of a force that begins or ends: accelerations from frames miss its sharpness.

    At a corner where acceleration changes its slope by s, central differences of order 8 (Fornberg 1988) with a step h
    err by at most 0.0952 s h, by their weights on the integral of the corner; with a corner at a sample, s h is the
    second difference of the force that makes it. The arm of that force is at most 0.15 m.
    """
    motion, _, _, measures = measured(task)
    solved = measures.isel(time=INNER)
    corner = float(np.abs(np.diff(motion.force.sum(axis=0), n=2, axis=0)).max())
    assert float(np.abs(solved["residual_force"]).max()) < 0.1 * corner + 0.001
    assert float(np.abs(solved["residual_moment"]).max()) < 0.015 * corner + 0.0001


@pytest.mark.parametrize("task", sorted(TASK_PLANS))
def test_power_of_the_legs_balances_to_a_tenth_of_a_watt(task: str) -> None:
    """Pelvis and trunk are left out: markers do not show where between them the athlete's lumbar joint lies."""
    _, _, _, solved = measured(task)
    residual = solved["segment_power_residual"].sel(segment=list(LEGS)).isel(time=INNER)
    assert float(np.abs(residual).max()) < 0.1
    assert (
        float(np.abs(solved["joint_power"].sel(joint=["left_knee", "right_knee"])).max())
        > (task not in ("standing", "isometric_pull")) * 100
    )
