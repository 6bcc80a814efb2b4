"""A motion of which every number is known by hand: all segments swing about z as one, both feet press on the floor."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.plan import Motion
from legsci.vocabulary import SEGMENTS

SWING_RAD = 0.8
SWING_RAD_PER_S = 2.0 * np.pi * 0.5
FLIGHT = (2.0, 2.3)


def swing(time: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angle, angular velocity and acceleration about z: at rest at the start and every two seconds."""
    phase = SWING_RAD_PER_S * time
    angle = SWING_RAD * (1.0 - np.cos(phase)) / 2.0
    return (
        angle,
        SWING_RAD * SWING_RAD_PER_S * np.sin(phase) / 2.0,
        SWING_RAD * SWING_RAD_PER_S**2 * np.cos(phase) / 2.0,
    )


def hand_motion(*, seconds: float = 4.0, rate_hz: float = 1000.0, task: str = "countermovement_jump") -> Motion:
    """Segments turn about z through their origins, 1 m above the floor; the feet stand at z = -0.14 m and 0.14 m."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    angle, velocity, acceleration = swing(time)
    shape = (len(SEGMENTS), time.size)
    rotation = np.zeros((*shape, 3, 3))
    rotation[..., 0, 0] = rotation[..., 1, 1] = np.cos(angle)
    rotation[..., 1, 0], rotation[..., 0, 1] = np.sin(angle), -np.sin(angle)
    rotation[..., 2, 2] = 1.0
    still, about_z = np.zeros((*shape, 3)), np.array([0.0, 0.0, 1.0])
    position = still + np.array([0.0, 1.0, 0.0])
    flight = (time >= FLIGHT[0]) & (time < FLIGHT[1])
    force = np.zeros((2, time.size, 3))
    force[:, :, 0] = 30.0 * np.cos(3.0 * time)
    force[:, :, 1] = np.array([[380.0], [350.0]]) + 60.0 * np.sin(5.0 * time)
    force[:, :, 2] = np.array([[-20.0], [15.0]])
    pressure = np.zeros((2, time.size, 3))
    pressure[:, :, 0] = 0.08 + 0.03 * np.sin(2.0 * time)
    pressure[:, :, 2] = np.array([[-0.14], [0.14]])
    torque = np.zeros((2, time.size)) + np.array([[2.0], [-1.5]])
    force[:, flight], pressure[:, flight], torque[:, flight] = 0.0, np.nan, 0.0
    body = np.zeros((time.size, 3))
    return Motion(
        task=task,
        time=time,
        rate_hz=rate_hz,
        segments=SEGMENTS,
        rotation=rotation,
        position=position,
        angular_velocity=still + velocity[:, None] * about_z,
        angular_acceleration=still + acceleration[:, None] * about_z,
        centre_of_mass=position.copy(),
        centre_of_mass_acceleration=still,
        body_com=body,
        body_com_velocity=body,
        body_com_acceleration=body,
        force=force,
        centre_of_pressure=pressure,
        free_moment=torque,
        joint_centre={},
        angles={},
        events={"movement_start": [1.0], "takeoff": [FLIGHT[0]], "landing": [FLIGHT[1]]},
    )
