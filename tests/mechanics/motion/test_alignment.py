"""Alignment of the legs: hand-made legs, the virtual athlete, and whether the stated uncertainty covers the truth."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.motion.alignment import CENTRE_M, HIP_CENTRE_M, alignment, alignment_uncertainty
from legsci.mechanics.motion.angles import kinematics
from tests.mechanics.athlete import UNFILTERED, squat, standing
from tests.mechanics.marker_errors import clean, recorded

JOINTS = ("right_hip", "left_hip", "right_knee", "left_knee", "right_ankle", "left_ankle")


def legs(
    centres: dict[str, tuple[float, float, float]], *, obliquity_deg: float = 0.0, toe_out_deg: float = 0.0
) -> xr.Dataset:
    """Kinematics of one frame: joint centres [m] and feet turned outward, thighs hanging straight."""
    turn = np.radians(toe_out_deg)
    rotations = [np.eye(3), np.eye(3)]
    for angle in (-turn, turn):  # right foot outward is a turn to the right, about -y
        cosine, sine = np.cos(angle), np.sin(angle)
        rotations.append(np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]]))
    return xr.Dataset(
        {
            "joint_centre": (("time", "joint", "axis"), np.array([[centres[name] for name in JOINTS]])),
            "rotation": (("time", "segment", "axis", "direction"), np.array([rotations])),
            "angle": (("time", "joint_angle"), [[obliquity_deg]]),
        },
        coords={
            "time": [0.0],
            "joint": list(JOINTS),
            "segment": ["right_thigh", "left_thigh", "right_foot", "left_foot"],
            "joint_angle": ["pelvis_obliquity"],
            "axis": ["x", "y", "z"],
        },
        attrs={"sampling_rate_hz": 200.0},
    )


STRAIGHT = {
    "right_hip": (0.0, 0.9, 0.09), "left_hip": (0.0, 0.9, -0.09),
    "right_knee": (0.0, 0.5, 0.09), "left_knee": (0.0, 0.5, -0.09),
    "right_ankle": (0.0, 0.1, 0.09), "left_ankle": (0.0, 0.1, -0.09),
}  # fmt: skip


def of(dataset: xr.Dataset, name: str, side: str) -> float:
    return float(dataset[name].sel(side=side).isel(time=0))


@pytest.mark.parametrize(("inclination_deg", "defined"), [(69.0, True), (71.0, False), (95.0, False)])
def test_of_a_level_thigh_there_is_no_frontal_projection(inclination_deg: float, defined: bool) -> None:
    """The thigh points forward, the knee 2 cm inward of the line from hip to ankle."""
    ahead, down = (0.4 * turn(np.radians(inclination_deg)) for turn in (np.sin, np.cos))
    bent = STRAIGHT | {"right_knee": (ahead, 0.9 - down, 0.07), "right_ankle": (ahead, 0.5 - down, 0.09)}
    found = alignment(legs(bent))
    assert of(found, "thigh_inclination", "right") == pytest.approx(inclination_deg, abs=1.0)
    assert np.isfinite(of(found, "knee_frontal_projection", "right")) == defined
    assert np.isfinite(of(found, "knee_medial_offset", "right"))


def test_a_fixed_camera_sees_a_bent_knee_of_a_turned_person_as_valgus() -> None:
    """The knee lies 0.2 m ahead of hip and ankle, 0.4 m below and above; the person turns 20 deg to the left."""
    bent = STRAIGHT | {"right_knee": (0.2, 0.5, 0.09), "left_knee": (0.2, 0.5, -0.09)}
    cosine, sine = np.cos(np.radians(20.0)), np.sin(np.radians(20.0))
    turned = {name: (x * cosine + z * sine, y, z * cosine - x * sine) for name, (x, y, z) in bent.items()}
    facing, aside = alignment(legs(bent)), alignment(legs(turned))
    valgus = float(2.0 * np.degrees(np.arctan(0.2 * sine / 0.4)))
    for side, sign in (("right", 1.0), ("left", -1.0)):
        for name in ("knee_frontal_projection", "knee_fixed_camera_projection"):
            assert of(facing, name, side) == pytest.approx(0.0, abs=1e-9)
        assert of(aside, "knee_frontal_projection", side) == pytest.approx(0.0, abs=1e-9)
        assert of(aside, "knee_fixed_camera_projection", side) == pytest.approx(sign * valgus)


def test_straight_legs_are_neutral() -> None:
    found = alignment(legs(STRAIGHT))
    for side in ("left", "right"):
        for name in (
            "knee_frontal_projection",
            "knee_fixed_camera_projection",
            "knee_medial_offset",
            "knee_medial_to_toe",
            "foot_progression",
            "foot_pitch",
        ):
            assert of(found, name, side) == pytest.approx(0.0, abs=1e-12)
        assert of(found, "hip_knee_ankle", side) == pytest.approx(180.0)
        assert of(found, "thigh_inclination", side) == pytest.approx(0.0, abs=1e-5)
    assert of(found, "knee_ankle_separation", "both") == pytest.approx(1.0)


def test_a_knee_inward_by_hand() -> None:
    """The right knee 40 mm inward of hip and ankle, each 400 mm away: two angles of arctan 0.1."""
    found = alignment(legs(STRAIGHT | {"right_knee": (0.0, 0.5, 0.05)}))
    bend = 2.0 * np.degrees(np.arctan(0.1))
    assert of(found, "knee_frontal_projection", "right") == pytest.approx(bend)
    assert of(found, "knee_frontal_projection", "left") == pytest.approx(0.0, abs=1e-12)
    assert of(found, "knee_medial_offset", "right") == pytest.approx(0.04)
    assert of(found, "knee_medial_to_toe", "right") == pytest.approx(0.04)
    assert of(found, "knee_ankle_separation", "both") == pytest.approx(0.14 / 0.18)
    # The thigh's axes hang straight here, so that only the shank's slope shows: valgus beyond 180.
    assert of(found, "hip_knee_ankle", "right") == pytest.approx(180.0 + np.degrees(np.arctan(0.1)))


def test_feet_and_pelvis_by_hand() -> None:
    found = alignment(legs(STRAIGHT | {"right_knee": (0.2, 0.5, 0.09)}, obliquity_deg=5.0, toe_out_deg=30.0))
    assert of(found, "foot_progression", "right") == pytest.approx(30.0)
    assert of(found, "foot_progression", "left") == pytest.approx(30.0)
    # A knee 0.2 m straight ahead lies 0.2 sin 30 inward of a foot that points 30 deg outward.
    assert of(found, "knee_medial_to_toe", "right") == pytest.approx(0.1)
    # The right side is down: that is the drop of stance on the left leg.
    assert of(found, "pelvic_drop", "left") == pytest.approx(5.0)
    assert of(found, "pelvic_drop", "right") == pytest.approx(-5.0)
    assert of(found, "thigh_inclination", "right") == pytest.approx(np.degrees(np.arctan2(0.2, 0.4)))


def test_a_turned_person_is_measured_alike_and_a_mirrored_one_swaps_sides() -> None:
    knees = STRAIGHT | {"right_knee": (0.1, 0.5, 0.05), "left_knee": (0.1, 0.48, -0.10)}
    here = alignment(legs(knees))
    turned = alignment(legs({name: (z, y, -x) for name, (x, y, z) in knees.items()}))
    mirrored = {
        ("left" if name.startswith("right") else "right") + name[name.index("_") :]: (x, y, -z)
        for name, (x, y, z) in knees.items()
    }
    there = alignment(legs(mirrored))
    for name in ("knee_frontal_projection", "knee_medial_offset"):
        for side, other in (("left", "right"), ("right", "left")):
            assert of(turned, name, side) == pytest.approx(of(here, name, side))
            assert of(there, name, other) == pytest.approx(of(here, name, side))


def test_what_is_not_recorded_is_absent() -> None:
    one_leg = legs(STRAIGHT).sel(joint=["right_hip", "left_hip", "right_knee", "right_ankle"], segment=["right_thigh"])
    found, stated = alignment(one_leg), alignment_uncertainty(one_leg)
    assert np.isfinite(of(found, "knee_frontal_projection", "right"))
    for name in ("knee_frontal_projection", "knee_medial_offset", "foot_pitch"):
        assert np.isnan(of(found, name, "left"))
    assert np.isnan(of(found, "knee_ankle_separation", "both"))
    assert np.isnan(of(stated, "u_knee_frontal_projection", "left"))


def test_uncertainty_of_the_projection_angle_is_that_of_drawn_errors() -> None:
    """Of upright legs, where skin does not stray: joint centres are drawn, and the angle is measured each time."""
    rng = np.random.default_rng(3)
    knee = STRAIGHT | {"right_knee": (0.0, 0.5, 0.05)}
    errors = {"hip": HIP_CENTRE_M, "knee": CENTRE_M, "ankle": CENTRE_M}
    drawn = []
    for _ in range(1500):
        moved = dict(knee)
        for joint, size in errors.items():
            moved[f"right_{joint}"] = tuple(np.array(knee[f"right_{joint}"]) + size * rng.normal(size=3))
        drawn.append(of(alignment(legs(moved)), "knee_frontal_projection", "right"))
    stated = alignment_uncertainty(with_shanks(legs(knee)))
    assert of(stated, "u_knee_frontal_projection", "right") == pytest.approx(np.std(drawn), rel=0.06)


def with_shanks(kinematics_of_frame: xr.Dataset) -> xr.Dataset:
    """Add upright shanks, whose tilt the soft tissue goes with."""
    shanks = kinematics_of_frame.sel(segment=["right_thigh", "left_thigh"])["rotation"]
    shanks = shanks.assign_coords(segment=["right_shank", "left_shank"])
    rotation = xr.concat([kinematics_of_frame["rotation"], shanks], dim="segment")
    return kinematics_of_frame.drop_dims("segment").assign(rotation=rotation)


def test_clean_squat_of_the_virtual_athlete() -> None:
    motion, markers = squat()
    found = alignment(kinematics(markers, standing(), options=UNFILTERED))
    for side in ("left", "right"):
        pitch, drop = (found[name].sel(side=side).to_numpy() for name in ("foot_pitch", "pelvic_drop"))
        np.testing.assert_allclose(pitch, motion.angles[f"{side}_foot_pitch"], atol=0.01)
        np.testing.assert_allclose(drop, motion.angles[f"{side}_pelvic_drop"], atol=0.01)


def test_peak_valgus_with_the_errors_of_a_laboratory() -> None:
    """Bias below 0.5 deg, and the stated uncertainty, doubled, covers the truth in 90 to 98 % of legs."""
    trial = clean("squat")
    errors, stated = [], []
    for seed in range(60):
        found = recorded(trial, np.random.default_rng(seed))
        uncertainty = alignment_uncertainty(found)["u_knee_abduction"]
        for side in ("left", "right"):
            name = f"{side}_knee_abduction"
            curve = found["angle"].sel(joint_angle=name).to_numpy()
            errors.append(curve.max() - trial.motion.angles[name].max())
            stated.append(float(uncertainty.sel(side=side).isel(time=int(curve.argmax()))))
    assert abs(np.mean(errors)) < 0.5
    assert 0.90 <= np.mean(np.abs(errors) <= 2.0 * np.array(stated)) <= 0.98
