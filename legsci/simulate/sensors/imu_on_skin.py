"""Soft tissue under inertial sensors: it turns with the flexion of the joint, and rings after an impact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import bilinear, lfilter

from legsci.simulate.athlete.plan import Array, Motion
from legsci.vocabulary import SIDES_OF_BODY

#: Flexion of the knee at which the turn of the skin is stated [deg].
REFERENCE_FLEXION_DEG = 90.0
#: Distance over which a sensor that is displaced also tilts [m].
TILT_LENGTH_M = 0.3


@dataclass(frozen=True)
class SkinSize:
    """(least, largest) of what is drawn for the sensor of a segment.

    Parameters
    ----------
    turn_deg : rotation of the skin against the bone when the knee is flexed by REFERENCE_FLEXION_DEG [deg].
    ringing_share : share of the acceleration of the bone that excites the oscillation of the sensor on the skin.
    """

    turn_deg: tuple[float, float]
    ringing_share: tuple[float, float]


#: Sizes are ours: largest on the thigh, whose muscles bulge and swing (Leardini et al. 2005, Gait Posture 21:212).
SKIN = {
    "pelvis": SkinSize((1.0, 3.0), (0.1, 0.3)),
    "thigh": SkinSize((6.0, 10.0), (0.2, 0.5)),
    "shank": SkinSize((1.0, 3.0), (0.1, 0.3)),
    "foot": SkinSize((0.0, 1.0), (0.0, 0.1)),
}
#: Natural frequency of a sensor on the skin [Hz] and its damping as a share of critical damping.
RINGING_HZ, DAMPING = (10.0, 20.0), (0.08, 0.2)


@dataclass(frozen=True)
class Skin:
    """The soft tissue under one sensor in a session.

    Parameters
    ----------
    turn_deg : see SkinSize; turn_axis : (3,) its axis, in segment axes.
    ringing_share : see SkinSize; ringing_hz, damping : natural frequency [Hz] and share of critical damping.
    along : (3,) direction in which the sensor rings, in segment axes; tilt_axis : (3,) about which it tilts then.
    """

    turn_deg: float
    turn_axis: Array
    ringing_share: float
    ringing_hz: float
    damping: float
    along: Array
    tilt_axis: Array


def draw_skin(segment: str, along: Array, outward: Array, scale: float, rng: np.random.Generator) -> Skin:
    """Draw the soft tissue under a sensor.

    Parameters
    ----------
    segment : that carries it.
    along, outward : (3,) directions along the segment and away from the skin, in segment axes.
    scale : times the sizes of SKIN; 0 for a sensor on bone.
    rng : random numbers.
    """
    size = SKIN[segment.rpartition("_")[2]]
    axis = along + 0.4 * rng.normal(size=3)
    return Skin(
        turn_deg=scale * rng.uniform(*size.turn_deg),
        turn_axis=axis / np.linalg.norm(axis),
        ringing_share=scale * rng.uniform(*size.ringing_share),
        ringing_hz=float(rng.uniform(*RINGING_HZ)),
        damping=float(rng.uniform(*DAMPING)),
        along=along,
        tilt_axis=np.cross(along, outward),
    )


def skin_turn(motion: Motion, segment: str, skin: Skin) -> tuple[Array, Array]:
    """Turn of the skin against the bone about `turn_axis` (n,) [rad], and its rate (n,) [rad/s].

    It is in proportion to the change of knee flexion since the first sample, of both knees on the pelvis.
    """
    if skin.turn_deg == 0.0:
        return np.zeros(motion.time.size), np.zeros(motion.time.size)
    side = segment.partition("_")[0]
    sides = (side,) if side in SIDES_OF_BODY else SIDES_OF_BODY
    flexion = np.mean([motion.angles[f"{each}_knee_flexion"] for each in sides], axis=0)
    turn = np.radians(skin.turn_deg) * (flexion - flexion[0]) / REFERENCE_FLEXION_DEG
    return np.asarray(turn), np.gradient(turn, 1.0 / motion.rate_hz)


def ringing(acceleration: Array, rate_hz: float, skin: Skin) -> tuple[Array, Array]:
    """Acceleration [m/s^2] and velocity [m/s] of a sensor relative to the bone, along `skin.along` (n,).

    The sensor is a mass on a spring with a damper between it and the bone, whose acceleration a excites it::

        x'' + 2 damping w x' + w^2 x = -share a,    w = 2 pi ringing_hz

    Parameters
    ----------
    acceleration : (n,) of the bone along `skin.along` [m/s^2]; before the first sample as at it.
    rate_hz : [Hz].
    skin : the soft tissue.
    """
    if skin.ringing_share == 0.0:
        return np.zeros(acceleration.size), np.zeros(acceleration.size)
    natural = 2.0 * np.pi * skin.ringing_hz
    below = [1.0, 2.0 * skin.damping * natural, natural**2]
    excitation = -skin.ringing_share * (acceleration - acceleration[0])
    relative = lfilter(*bilinear([1.0, 0.0, 0.0], below, rate_hz), excitation)
    velocity = lfilter(*bilinear([1.0, 0.0], below, rate_hz), excitation)
    return np.asarray(relative), np.asarray(velocity)
