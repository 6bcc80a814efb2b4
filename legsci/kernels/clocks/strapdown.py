"""Direction of the vertical in the axes of an inertial sensor, carried along by its angular velocity."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def carried_vertical(upward: Array, angular_velocity: Array, start: int, interval_s: float) -> Array:
    """Unit vector upward in sensor axes over time, from where it points at one sample.

    Parameters
    ----------
    upward : (3,) unit vector at sample `start`, sensor axes.
    angular_velocity : (time, 3) of the sensor, sensor axes [rad/s]; where it is NaN, and beyond, the answer is NaN.
    start : sample at which `upward` holds.
    interval_s : between samples [s].

    Returns
    -------
    (time, 3). A direction that is fixed in space turns against the sensor, u' = -w x u; each step is a rotation by the
    mean angular velocity of its two samples (Rodrigues).
    """
    answer = np.full(angular_velocity.shape, np.nan)
    answer[start] = upward
    for way in (1, -1):
        i = start
        while 0 <= i + way < angular_velocity.shape[0]:
            turn = -0.5 * way * interval_s * (angular_velocity[i] + angular_velocity[i + way])
            angle = np.sqrt(turn[0] ** 2 + turn[1] ** 2 + turn[2] ** 2)
            if not np.isfinite(angle):
                break
            u = answer[i]
            across = np.array(
                [turn[1] * u[2] - turn[2] * u[1], turn[2] * u[0] - turn[0] * u[2], turn[0] * u[1] - turn[1] * u[0]]
            )
            along = turn[0] * u[0] + turn[1] * u[1] + turn[2] * u[2]
            sine = np.sin(angle) / angle if angle > 0.0 else 1.0
            rest = (1.0 - np.cos(angle)) / angle**2 if angle > 0.0 else 0.5
            answer[i + way] = np.cos(angle) * u + sine * across + rest * along * turn
            i += way
    return answer
