"""Metrics of inertial sensors: flexion, times of squats, flights of jumps; no frontal or transverse angle.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each. They stand beside the
metrics of plates and cameras, so that both systems can be compared in the same repetitions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr

from legsci.mechanics.sensors.session_sensors import SENSOR_JOINTS
from legsci.metrics.metric import LINTHORNE, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps
from legsci.tasks import MOVEMENTS, SQUATS, VERTICAL_JUMPS
from legsci.vocabulary import STANDARD_GRAVITY

SENSORS: tuple[str, ...] = ("imu",)
#: Value and standard uncertainty.
UncertainValue = tuple[xr.Variable, xr.Variable]
#: The body is lower at landing than at take-off: flight time then gives too much by this [m] (standard uncertainty, as
#: of plates; `legsci.metrics.uncertainty.FLIGHT_POSTURE_M`).
POSTURE_M = 0.024
_VQF = "defined here; orientation: Laidig & Seel 2023, Inf Fusion 91:187; hinge: Seel et al. 2014, Sensors 14:6891"
_WORDS = {"hip": "hip flexion", "knee": "knee flexion", "ankle": "ankle dorsiflexion"}


def _span(reps: Reps) -> tuple[np.ndarray, np.ndarray]:
    """First and last instant of each movement (rep,) [s]: by plates or cameras, else by sensors, else the window."""
    ends = []
    last = reps["window_stop"].data - 1.5 / reps["sensor_rate_hz"].data  # the window ends before its stop
    for of_plates, of_sensors, window in (
        ("span_start", "sensor_eccentric_start", reps["window_start"].data),
        ("span_end", "sensor_concentric_end", last),
    ):
        moment = reps[of_plates].transpose("rep", "scoring").data[:, 0]
        for other in (reps[of_sensors].data, window):
            moment = np.where(np.isfinite(moment), moment, other)
        ends.append(moment)
    return ends[0], ends[1]


def _within(reps: Reps, row: int, first: float, last: float) -> slice:
    """Samples of a repetition between two times, at most those that were recorded."""
    start, rate = float(reps["sensor_start"].data[row]), float(reps["sensor_rate_hz"].data[row])
    if not np.isfinite([start, rate, first, last]).all():
        return slice(0, 0)
    return slice(max(int(np.ceil((first - start) * rate)), 0), max(int(np.floor((last - start) * rate)) + 1, 0))


def flexion_max(joint: str) -> Callable[[Reps], UncertainValue]:
    """Largest flexion of a joint in the movement (rep, side) [deg], and its uncertainty."""
    return lambda reps: _extreme(reps, joint, "sensor_flexion", ranged=False)


def flexion_range(joint: str) -> Callable[[Reps], UncertainValue]:
    """Range of flexion of a joint in the movement (rep, side) [deg], and its uncertainty."""
    return lambda reps: _extreme(reps, joint, "sensor_flexion_change", ranged=True)


def _extreme(reps: Reps, joint: str, signal: str, *, ranged: bool) -> UncertainValue:
    """Largest value of a signal of a joint in the movement, or its range, with the uncertainty where it is largest."""
    place = SENSOR_JOINTS.index(joint)
    curves, doubts = (
        reps[f"{prefix}{signal}"].transpose("rep", "sensor_joint", "side", "sample").data[:, place]
        for prefix in ("", "u_")
    )
    first, last = _span(reps)
    answer = np.full((2, *curves.shape[:2]), np.nan)
    for row, side in np.ndindex(curves.shape[:2]):
        inside = _within(reps, row, float(first[row]), float(last[row]))
        curve, doubt = curves[row, side, inside], doubts[row, side, inside]
        if curve.size and np.isfinite(curve).all():
            largest = int(np.argmax(curve))
            lowest = float(curve.min()) if ranged else 0.0
            answer[:, row, side] = curve[largest] - lowest, doubt[largest]
    works = np.broadcast_to(reps["works"].data, answer.shape[1:])
    answer = np.where(works, answer, np.nan)
    return xr.Variable(("rep", "side"), answer[0]), xr.Variable(("rep", "side"), answer[1])


def _time(first: str, last: str) -> Callable[[Reps], UncertainValue]:
    """Time between two events of the sensors (rep,) [s], and its uncertainty."""

    def measure(reps: Reps) -> UncertainValue:
        """Difference; its uncertainty takes the events as independent."""
        doubt = (reps[f"u_{first}"] ** 2 + reps[f"u_{last}"] ** 2) ** 0.5
        return reps[last] - reps[first], doubt

    return measure


eccentric_time = _time("sensor_eccentric_start", "sensor_eccentric_end")
pause_time = _time("sensor_eccentric_end", "sensor_concentric_start")
concentric_time = _time("sensor_concentric_start", "sensor_concentric_end")
flight_time = _time("sensor_takeoff", "sensor_landing")


def jump_height(reps: Reps) -> UncertainValue:
    """Height of a jump by flight time (rep,) [m], and its uncertainty: of the time, and of posture."""
    time, doubt = flight_time(reps)
    of_time = STANDARD_GRAVITY / 4.0 * time * doubt
    return STANDARD_GRAVITY / 8.0 * time**2, (of_time**2 + POSTURE_M**2) ** 0.5


def velocity_loss(reps: Reps) -> UncertainValue:
    """Loss of mean concentric velocity relative to the fastest repetition of the set so far (rep,) [%].

    Velocity is the rise of the hips over nominal legs by the concentric time: the length of the legs cancels. Its
    uncertainty is that of the two times.
    """
    heights = reps["sensor_hip_height"].transpose("rep", "sample").data
    begin, end = (reps[name].data for name in ("sensor_concentric_start", "sensor_concentric_end"))
    lasts, doubt = (each.data for each in concentric_time(reps))
    velocity, trials = np.full(len(heights), np.nan), reps["trial_id"].data.astype(str)
    for row, height in enumerate(heights):
        inside = height[_within(reps, row, float(begin[row]), float(end[row]))]
        if inside.size > 1 and np.isfinite(inside).all():
            velocity[row] = (inside[-1] - inside[0]) / lasts[row]
    loss, uncertain = np.full((2, len(heights)), np.nan)
    for trial in np.unique(trials):
        rows = np.flatnonzero((trials == trial) & np.isfinite(velocity))
        for count, row in enumerate(rows.tolist(), start=1):
            fastest = int(rows[int(np.argmax(velocity[rows[:count]]))])
            ratio = velocity[row] / velocity[fastest]
            loss[row] = 100.0 * (1.0 - ratio)
            parts = doubt[[row, fastest]] / lasts[[row, fastest]]
            uncertain[row] = 100.0 * ratio * float(np.hypot(*parts)) if row != fastest else 0.0
    return xr.Variable("rep", loss), xr.Variable("rep", uncertain)


#: Metric by inertial sensors.
by_sensors = partial(Metric, streams=SENSORS, uncertainty="stated")


def _flexion_entry(joint: str) -> Metric:
    """Entry of the largest flexion of a joint."""
    words = _WORDS[joint]
    return by_sensors(
        flexion_max(joint),
        label=f"peak {words} (sensors)",
        unit="deg",
        sign="flexion",
        meaning=f"Largest {words} in the movement by inertial sensors; needs the {words} of quiet standing.",
        equation="max of standing flexion + rotation of the proximal - rotation of the distal segment",
        source=_VQF,
        tasks=MOVEMENTS,
    )


def _range_entry(joint: str) -> Metric:
    """Entry of the range of flexion of a joint."""
    words = _WORDS[joint]
    return by_sensors(
        flexion_range(joint),
        label=f"range of {words} (sensors)",
        unit="deg",
        sign=NOT_SIGNED,
        meaning=f"Largest less least {words} in the movement by inertial sensors.",
        equation="max - min of rotation of the proximal - rotation of the distal segment",
        source=_VQF,
        tasks=MOVEMENTS,
    )


def _time_entry(measure: Callable[[Reps], UncertainValue], label: str, meaning: str, equation: str) -> Metric:
    """Entry of a time of a squat."""
    return by_sensors(
        measure,
        label=f"{label} (sensors)",
        unit="s",
        sign=NOT_SIGNED,
        meaning=f"{meaning}, by sensors on thighs and shanks.",
        equation=equation,
        source=OWN_DEFINITION,
        tasks=SQUATS,
    )


METRICS: dict[str, Metric] = {
    "sensor_hip_flexion_max_deg": _flexion_entry("hip"),
    "sensor_hip_flexion_range_deg": _range_entry("hip"),
    "sensor_knee_flexion_max_deg": _flexion_entry("knee"),
    "sensor_knee_flexion_range_deg": _range_entry("knee"),
    "sensor_ankle_dorsiflexion_max_deg": _flexion_entry("ankle"),
    "sensor_ankle_dorsiflexion_range_deg": _range_entry("ankle"),
    "sensor_eccentric_time_s": _time_entry(
        eccentric_time,
        "eccentric time",
        "Duration of the eccentric phase of a squat",
        "end - start of the eccentric phase of the height of the hips",
    ),
    "sensor_pause_time_s": _time_entry(
        pause_time,
        "pause time",
        "Time from the end of the eccentric to the start of the concentric phase of a squat",
        "start of the concentric - end of the eccentric phase of the height of the hips",
    ),
    "sensor_concentric_time_s": _time_entry(
        concentric_time,
        "concentric time",
        "Duration of the concentric phase of a squat",
        "end - start of the concentric phase of the height of the hips",
    ),
    "sensor_velocity_loss_percent": by_sensors(
        velocity_loss,
        label="velocity loss (sensors)",
        unit="%",
        sign="slower",
        meaning="Loss of mean concentric velocity of the hips over the ankles, relative to the highest in the set so "
        "far, by sensors on thighs and shanks.",
        equation="100 (1 - v / its maximum in the set so far), v = rise of the hips / sensor_concentric_time_s",
        source="Sanchez-Medina & Gonzalez-Badillo 2011, Med Sci Sports Exerc 43:1725",
        tasks=SQUATS,
    ),
    "sensor_flight_time_s": by_sensors(
        flight_time,
        label="flight time (sensors)",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from take-off to landing by sensors on pelvis and legs: where the specific force of the body "
        "extrapolates to zero.",
        equation="landing - take-off, where the root of the impulse to free fall extrapolates to zero",
        source=OWN_DEFINITION,
        tasks=VERTICAL_JUMPS,
    ),
    "sensor_jump_height_flight_time_m": by_sensors(
        jump_height,
        label="jump height by flight time (sensors)",
        unit="m",
        sign="upward",
        meaning="Jump height by flight time of sensors, as jump_height_flight_time_m of plates.",
        equation="g sensor_flight_time_s^2 / 8",
        source=LINTHORNE,
        tasks=VERTICAL_JUMPS,
    ),
}
