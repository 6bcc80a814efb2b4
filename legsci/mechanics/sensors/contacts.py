"""Flight phases of jumps from inertial sensors: in flight the specific force of the body is zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from legsci.kernels.events import intervals_below
from legsci.mechanics.sensors.orientation import Array
from legsci.mechanics.sensors.worn import WornSensor

#: Part of body mass that follows the sensor of a segment: that of thigh, shank and foot, and all else with the pelvis
#: (Winter 2009, table 4.1).
MASS_PART = {"thigh": 0.100, "shank": 0.0465, "foot": 0.0145}
PELVIS_PART = 1.0 - 2.0 * sum(MASS_PART.values())
#: In flight the specific force of the body stays below this [m/s^2], for at least so long [s].
FREE_FALL_M_PER_S2, FREE_FALL_S = 3.0, 0.06
#: Force near a take-off or landing is read where the impulse between it and the flight is within these limits [m/s]:
#: below, legs that are drawn up or put down disturb it.
IMPULSE_M_PER_S = (0.3, 1.0)
#: At a take-off or landing, specific force changes at least so fast [m/s^3]; slower changes come from legs that swing
#: or skin that vibrates in flight. Ours: correct edges of virtual jumps have 210 or more, wrong ones 20 to 120.
LEAST_RISE_M_PER_S3 = 160.0
#: Furthest from free fall that a take-off or landing is searched [s].
SEARCHED_S = 0.4
#: Shortest and longest flight of a jump [s].
FLIGHT_S = (0.15, 1.0)
#: Standard uncertainty of a take-off or landing [s]; ours, from virtual jumps with sensors on skin (root mean square
#: error). The body is not rigid: trunk and arms do not move as the pelvis does.
EDGE_S = 0.008


class Flight(NamedTuple):
    """Flight of a jump: take-off and landing on the clock of the trial [s]."""

    takeoff_s: float
    landing_s: float


def specific_force(sensors: Mapping[str, WornSensor]) -> tuple[Array, Array] | None:
    """Vertical ground reaction force per body mass from the accelerometers of pelvis and legs.

    Newton's second law summed over segments: F / m = sum of m_i (a_i + g) / m. Without sensors on both thighs, shanks
    and feet the pelvis stands for what has none.

    Returns
    -------
    time : (time,) of the sensor on the pelvis [s].
    force : (time,) [m/s^2], upward; None without a sensor on the pelvis that measures acceleration.
    """
    pelvis = sensors.get("pelvis")
    if pelvis is None or not np.isfinite(pelvis.acceleration).any():
        return None
    total, left = np.zeros(pelvis.time.size), 1.0
    for segment, sensor in sensors.items():
        part = MASS_PART.get(segment.rpartition("_")[2])
        if part is None or not np.isfinite(sensor.acceleration).any():
            continue
        total += part * np.interp(pelvis.time, *_known(sensor))
        left -= part
    return pelvis.time, total + left * np.interp(pelvis.time, *_known(pelvis))


def flights(sensors: Mapping[str, WornSensor]) -> list[Flight]:
    """Flights of a trial in order of time.

    Notes
    -----
    In free fall the force F is zero, and the impulse between a time t before the take-off T and the fall is

        I(t) = integral of F / m from t to T = s (T - t)^2 / 2

    where force falls to zero at a rate s. The root of I is straight; its line, through `IMPULSE_M_PER_S`, meets zero at
    the take-off. A landing is the same backward.
    """
    found = specific_force(sensors)
    if found is None:
        return []
    time, force = found
    rate = 1.0 / float(np.median(np.diff(time)))
    falls = intervals_below(np.abs(force), FREE_FALL_M_PER_S2, max(2, round(FREE_FALL_S * rate)))
    answer: list[Flight] = []
    for first, stop in falls:
        middle = (int(first) + int(stop)) // 2
        takeoff, landing = (_edge(time, force, middle, way) for way in (-1, 1))
        if not FLIGHT_S[0] <= landing - takeoff <= FLIGHT_S[1]:
            continue
        if not answer or takeoff > answer[-1].landing_s:
            answer.append(Flight(takeoff, landing))
    return answer


def _edge(time: Array, force: Array, middle: int, way: int) -> float:
    """Take-off (way -1) or landing (way 1) next to a sample in free fall [s]; NaN where force does not tell."""
    step = abs(float(time[1] - time[0]))
    count = int(SEARCHED_S / step)
    places = middle + way * np.arange(count)
    places = places[(places >= 0) & (places < time.size)]
    impulse = np.concatenate([[0.0], np.cumsum(0.5 * (force[places][1:] + force[places][:-1]))]) * step
    reached = np.flatnonzero(impulse > IMPULSE_M_PER_S[1])
    if not reached.size:
        return float("nan")
    low = np.flatnonzero(impulse[: reached[0]] < IMPULSE_M_PER_S[0])
    inside = np.arange(int(low[-1]) + 1, int(reached[0]) + 1)
    if inside.size < 2:
        return float("nan")
    slope, level = np.polyfit(time[places[inside]], np.sqrt(impulse[inside]), 1)
    return float(-level / slope) if 2.0 * slope**2 >= LEAST_RISE_M_PER_S3 else float("nan")


def _known(sensor: WornSensor) -> tuple[Array, Array]:
    """Times and vertical specific force of the samples of a sensor that are known."""
    vertical = (sensor.upward * sensor.acceleration).sum(axis=1)
    known = np.isfinite(vertical)
    return sensor.time[known], vertical[known]
