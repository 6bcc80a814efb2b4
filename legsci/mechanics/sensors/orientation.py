"""Orientation of an inertial sensor in space, by the filter VQF."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from legsci.kernels.events import long_runs

Array = NDArray[np.float64]

#: Lost packets are bridged for so long [s]: a segment turns by little from its course in it. Within longer gaps the
#: orientation is not known; after them the filter finds the vertical again by gravity.
LONGEST_GAP_S = 0.1


class Orientation(NamedTuple):
    """Orientation of a sensor over time.

    Parameters
    ----------
    quaternion : (time, 4), w x y z, that turns sensor axes into those of the earth, z up. Without a magnetometer the
        heading is relative to that of the first sample, and drifts. NaN in gaps of more than `LONGEST_GAP_S`.
    bias : (time, 3) of the gyroscope, sensor axes [rad/s].
    rest : (time,) whether the sensor was found at rest, where the bias is read directly.
    """

    quaternion: Array
    bias: Array
    rest: NDArray[np.bool_]


def orientation(
    acceleration: Array,
    angular_velocity: Array,
    *,
    rate_hz: float,
    magnetic_field: Array | None = None,
    causal: bool = False,
) -> Orientation:
    """Orientation of a sensor from its accelerometer and gyroscope, and its magnetometer if there is one.

    Parameters
    ----------
    acceleration : (time, 3) specific force, sensor axes: at rest it is g upward [m/s^2]; lost samples are NaN.
    angular_velocity : (time, 3) sensor axes [rad/s].
    rate_hz : samples per second.
    magnetic_field : (time, 3) sensor axes, any unit; with it z is up and y magnetic north.
    causal : whether each sample rests on earlier ones alone, as it must while a movement goes on; else the filter runs
        forward and backward.

    Raises
    ------
    ValueError : shapes that differ, a rate that is not positive, or no sample of a signal that is known.

    References
    ----------
    Laidig D, Seel T 2023, VQF: highly accurate IMU orientation estimation with bias estimation and magnetic disturbance
    rejection, Inf Fusion 91:187. Its published parameters are used.
    """
    from vqf import VQF, offlineVQF  # compiled, for those only who have sensors

    named = {"acceleration": acceleration, "angular_velocity": angular_velocity}
    named |= {} if magnetic_field is None else {"magnetic_field": magnetic_field}
    _check(named, rate_hz)
    known = {name: _known(signal) for name, signal in named.items()}
    filled = {name: _filled(signal, known[name]) for name, signal in named.items()}
    spin, force, field = filled["angular_velocity"], filled["acceleration"], filled.get("magnetic_field")
    if causal:
        found = VQF(1.0 / rate_hz).updateBatch(spin, force, field)
    else:
        found = offlineVQF(spin, force, field, 1.0 / rate_hz)
    quaternion = np.asarray(found["quat6D" if field is None else "quat9D"])
    lost = ~(known["acceleration"] & known["angular_velocity"])
    quaternion[long_runs(lost, LONGEST_GAP_S * rate_hz)] = np.nan
    return Orientation(quaternion, np.asarray(found["bias"]), np.asarray(found["restDetected"], dtype=bool))


def upward(orientation: Orientation) -> Array:
    """Unit vector upward in sensor axes (time, 3): what remains of the orientation when its heading is not known."""
    w, x, y, z = orientation.quaternion.T
    return np.column_stack([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z])


def _check(signals: dict[str, Array], rate_hz: float) -> None:
    """Refuse signals of different shapes, without known samples, or of no rate."""
    shapes = {name: signal.shape for name, signal in signals.items()}
    faults = [f"{name}: expected (time, 3), found {shape}" for name, shape in shapes.items() if shape[1:] != (3,)]
    if len(set(shapes.values())) > 1:
        faults.append(f"signals of one shape are expected, found {shapes}")
    if not faults:
        faults = [f"{name}: no sample is known" for name, signal in signals.items() if not _known(signal).any()]
    if not rate_hz > 0.0:
        faults.append(f"rate_hz: expected more than 0, found {rate_hz}")
    if faults:
        raise ValueError("; ".join(faults))


def _known(signal: Array) -> NDArray[np.bool_]:
    """Samples (time,) of which every axis is known."""
    # The sum of a row is finite if its values are; this takes a fifth of the time of testing each.
    return np.asarray(np.isfinite(signal @ np.ones(signal.shape[1])))


def _filled(signal: Array, known: NDArray[np.bool_]) -> Array:
    """Signal (time, 3) with unknown samples on a straight line between those that are known."""
    if known.all():
        return np.ascontiguousarray(signal, dtype=np.float64)
    places = np.arange(len(signal))
    return np.column_stack([np.interp(places, places[known], column[known]) for column in signal.T])
