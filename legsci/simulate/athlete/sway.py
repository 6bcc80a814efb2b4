"""Postural sway: the centre of pressure wanders between the feet, and the body moves up and down a little."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.curves import ramp
from legsci.simulate.athlete.kinetics import central_differences
from legsci.simulate.athlete.plan import Array, Technique

# Sizes are options of this model, of the order that force plates read under people who stand quietly: some millimetres
# of the centre of pressure, and one or two newtons of force.
#: Standard deviation of the centre of pressure, forward and sideways [m], in waves that shrink with frequency.
PRESSURE_SD_M = (0.004, 0.002)
PRESSURE_HZ = np.array([0.15, 0.25, 0.42, 0.7, 1.2])
#: Standard deviation of the vertical acceleration [m/s^2], in waves of equal acceleration.
VERTICAL_SD = 0.02
VERTICAL_HZ = np.array([0.8, 1.3, 2.6, 5.2])
#: Time in which sway dies away before a movement, and comes back after it [s].
FADE_S = 0.3


def standing_window(time: Array, movements: list[tuple[float, float]]) -> Array:
    """1 while the person stands and 0 during movements (start, end) [s], smoothly in between (n,)."""
    window = np.ones_like(time)
    for start, end in movements:
        window *= 1.0 - ramp(time, start - FADE_S, FADE_S) + ramp(time, end, FADE_S)
    return window


def sway(technique: Technique, time: Array, window: Array, rate_hz: float) -> tuple[Array, Array]:
    """Postural sway in quiet standing.

    Parameters
    ----------
    technique : `sway` and `sway_seed`.
    time, window, rate_hz : of the trial, (n,) [s], see standing_window(), [Hz].

    Returns
    -------
    pressure : (n, 2) of the wanted centre of pressure, forward and to the right [m].
    height : (3, n) of the centre of mass [m], its velocity [m/s] and acceleration [m/s^2].
    """
    rng = np.random.default_rng(technique.sway_seed)
    shape = 1.0 / PRESSURE_HZ / np.linalg.norm(1.0 / PRESSURE_HZ)
    pressure = [size * _waves(time, PRESSURE_HZ, shape, rng) for size in PRESSURE_SD_M]
    up = VERTICAL_SD * _waves(time, VERTICAL_HZ, VERTICAL_HZ.size**-0.5 / (2.0 * np.pi * VERTICAL_HZ) ** 2, rng)
    height = technique.sway * window * up
    changes = central_differences(height[None, :, None], rate_hz)
    return technique.sway * window[:, None] * np.stack(pressure, axis=1), np.stack(
        [height, *(change[0, :, 0] for change in changes)]
    )


def _waves(time: Array, frequency: Array, shares: Array, rng: np.random.Generator) -> Array:
    """Sum of sines (n,) of random phase, each with the standard deviation that its share says."""
    phase = 2.0 * np.pi * rng.random(frequency.size)
    return np.sqrt(2.0) * shares @ np.sin(2.0 * np.pi * frequency[:, None] * time + phase[:, None])
