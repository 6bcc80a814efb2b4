"""Sensor to segment, flexion and flights by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from legsci.mechanics.sensors.alignment import functional_axis, inclination, session_alignment, standing_upward
from legsci.mechanics.sensors.contacts import flights, specific_force
from legsci.mechanics.sensors.flexion import joint_flexion, measured_reference, stated_reference
from legsci.mechanics.sensors.worn import WornSensor
from legsci.vocabulary import STANDARD_GRAVITY

RATE_HZ = 100.0
TIME = np.arange(600) / RATE_HZ
#: Segment axes to those of the sensor, in whatever way it is worn.
MOUNTING = {
    "left_thigh": Rotation.from_euler("xyz", [80.0, -20.0, 130.0], degrees=True),
    "left_shank": Rotation.from_euler("xyz", [-35.0, 60.0, 10.0], degrees=True),
    "pelvis": Rotation.identity(),
}
#: Turn of each segment at the bottom of a squat, about the axis to the right [deg].
DEEPEST = {"left_thigh": 90.0, "left_shank": -30.0, "pelvis": -25.0}
#: Heading of each segment: it differs, drifts, and has no part in flexion.
HEADING = {"left_thigh": 40.0, "left_shank": -70.0, "pelvis": 0.0}


def turn_deg(segment: str) -> np.ndarray:
    """Turn of a segment in a squat between two rests (time,) [deg]."""
    return DEEPEST[segment] * np.where((TIME > 1.0) & (TIME < 5.0), 0.5 - 0.5 * np.cos(np.pi * (TIME - 1.0) / 2.0), 0.0)


def worn(segment: str, *, still: bool = False) -> WornSensor:
    """An ideal sensor on a segment that turns about its mediolateral axis z, y up in standing."""
    turn = np.zeros(TIME.size) if still else np.radians(turn_deg(segment))
    upright = np.column_stack([np.sin(turn), np.cos(turn), np.zeros(TIME.size)])
    mount = MOUNTING[segment].inv()
    upward = mount.apply(upright)
    spin = mount.apply(np.column_stack([np.zeros((TIME.size, 2)), np.gradient(turn, 1.0 / RATE_HZ)]))
    none = np.zeros(TIME.size, dtype=bool)
    return WornSensor(TIME, RATE_HZ, upward, spin, STANDARD_GRAVITY * upward, none, False, True)


def test_alignment_and_flexion_by_hand() -> None:
    trials = {
        "standing": {segment: worn(segment, still=True) for segment in MOUNTING},
        "squat": {segment: worn(segment) for segment in MOUNTING},
    }
    found = session_alignment(trials, ("standing",), ("squat",))
    for segment, mount in MOUNTING.items():
        axis = found[segment].axis
        assert axis is not None
        np.testing.assert_allclose(axis, mount.inv().apply([0.0, 0.0, 1.0]), atol=1e-6)
        np.testing.assert_allclose(found[segment].upward, mount.inv().apply([0.0, 1.0, 0.0]), atol=1e-6)
    flexion = joint_flexion(trials["squat"], found, TIME)
    assert set(flexion) == {"left_hip", "left_knee"}
    np.testing.assert_allclose(
        flexion["left_knee"].change_deg, turn_deg("left_thigh") - turn_deg("left_shank"), atol=1e-6
    )
    np.testing.assert_allclose(flexion["left_hip"].change_deg, turn_deg("left_thigh") - turn_deg("pelvis"), atol=1e-6)
    assert flexion["left_knee"].drift_deg == pytest.approx(0.0, abs=1e-6)


def test_flexion_beyond_a_right_angle_and_a_half_turn_is_continuous() -> None:
    turn = np.radians(np.linspace(0.0, 250.0, 500))
    upward = np.column_stack([np.sin(turn), np.cos(turn), np.zeros(500)])
    found = inclination(upward, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, np.degrees(turn), atol=1e-9)


def test_no_axis_of_a_segment_that_does_not_turn_or_turns_about_everything() -> None:
    assert functional_axis(worn("pelvis", still=True), np.array([0.0, 1.0, 0.0]), "pelvis") == (None, 0.0)
    rng = np.random.default_rng(1)
    sensor = worn("left_thigh")
    other = WornSensor(
        TIME, RATE_HZ, sensor.upward, rng.normal(size=(TIME.size, 3)), sensor.acceleration,
        sensor.range_reached, False, True,
    )  # fmt: skip
    assert functional_axis(other, sensor.upward[0], "thigh")[0] is None


def test_standing_is_not_found_in_movement() -> None:
    sensor = worn("left_thigh")
    assert standing_upward(sensor, first_s=2.0, last_s=2.8) is None
    np.testing.assert_allclose(standing_upward(sensor), sensor.upward[0], atol=1e-9)


def test_standing_reference_is_stated_or_measured() -> None:
    assert stated_reference({"study": "s"}) is None
    stated = stated_reference({"standing_knee_flexion_deg": 7.0})
    assert stated is not None
    assert stated.flexion_deg == {"left_knee": 7.0, "right_knee": 7.0}
    names = [f"{side}_{joint}" for side in ("left", "right") for joint in
             ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")]  # fmt: skip
    angle = np.full((6, 4), np.nan)
    angle[1] = [4.0, 6.0, 5.0, np.nan]
    measured = measured_reference(names, angle, np.full((6, 4), 1.5))
    assert measured is not None
    assert measured.flexion_deg == {"left_knee": 5.0}
    assert measured.uncertainty_deg == {"left_knee": 1.5}


def jumping(mass_sensor: float = 1.0) -> WornSensor:
    """A rigid body whose force falls to zero at 385 m/s^3 until 2.0 s and rises as fast from 2.5 s on."""
    force = np.full(TIME.size, STANDARD_GRAVITY)
    before, after = 2.0 - TIME, TIME - 2.5
    force = np.where((before > 0.0) & (before < 0.06), 385.0 * before, force)
    force = np.where((TIME >= 2.0) & (TIME <= 2.5), 0.0, force)
    force = np.where((after > 0.0) & (after < 0.06), 385.0 * after, force)
    push = (np.abs(before - 0.16) < 0.1) | (np.abs(after - 0.16) < 0.1)
    force = np.where(push, 385.0 * 0.06, force) * mass_sensor
    upward = np.tile([0.0, 1.0, 0.0], (TIME.size, 1))
    none = np.zeros(TIME.size, dtype=bool)
    return WornSensor(TIME, RATE_HZ, upward, 0.0 * upward, force[:, None] * upward, none, False, True)


def test_flight_by_hand() -> None:
    (flight,) = flights({"pelvis": jumping()})
    assert flight.takeoff_s == pytest.approx(2.0, abs=0.004)
    assert flight.landing_s == pytest.approx(2.5, abs=0.004)


def test_specific_force_is_the_mean_of_the_segments_by_mass() -> None:
    time, force = specific_force({"pelvis": jumping(), "left_thigh": jumping(2.0)}) or (np.zeros(0), np.zeros(0))
    np.testing.assert_allclose(force, (0.9 + 2.0 * 0.1) * jumping().acceleration[:, 1], atol=1e-9)
    assert time.size == TIME.size
    assert specific_force({"left_thigh": jumping()}) is None


def test_standing_and_a_squat_have_no_flight() -> None:
    assert flights({"pelvis": worn("pelvis")}) == []
