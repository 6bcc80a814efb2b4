"""Metrics of joint angles and squats, and the view of the frames that all metrics of markers share.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each. A metric of
a leg is given for the legs that work: both, or the one that pushes off or touches down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from legsci.mechanics.kinetics.movement import FRAME_COORDS, JOINT_ANGLES
from legsci.mechanics.motion.angle_uncertainty import POINTS, TISSUE
from legsci.metrics.families.force import LANDING_S
from legsci.metrics.metric import GROOD, MOTION, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, of_tasks, peak, peak_time, uncertain_peak
from legsci.tasks import MOVEMENTS, SQUATS
from legsci.vocabulary import AXES, SIDES

Measure = Callable[[Reps], xr.Variable]
#: Value and standard uncertainty.
UncertainValue = tuple[xr.Variable, xr.Variable]
UncertainMeasure = Callable[[Reps], UncertainValue]

#: The phases of squats are found from the height of the pelvis, or without it from force.
_MOTION_OR_FORCE = ("markers or segments or force",)
_SANCHEZ = "Sanchez-Medina & Gonzalez-Badillo 2011, Med Sci Sports Exerc 43:1725"


def of_frames(reps: Reps) -> Reps:
    """Clock of the markers, on which `legsci.metrics.signals` reads signals of frames."""
    names = {"window_start": "frame_start", "sampling_rate_hz": "frame_rate_hz", "sample_count": "frame_count"}
    return {name: reps[of_frame] for name, of_frame in names.items()}


def movement_span(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """First and last instant of a movement (rep, scoring) [s]: the search window of peaks.

    From the start of movement or touchdown to take-off; of a squat to the end of the concentric phase, of a landing for
    `LANDING_S`, of standing the weighing window.
    """
    start = reps["movement_start"].fillna(reps["touchdown"])
    last = reps["takeoff"].fillna(reps["movement_end"])
    last = last.fillna(start + LANDING_S)
    still = ~np.isfinite(start) & of_tasks(reps, lambda task: task.cut == "quiet")
    return start.where(~still, reps["weighing_start"]), last.where(~still, reps["weighing_end"])


def span_of(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """First and last instant of a movement, as `prepare` keeps them (rep, scoring) [s]."""
    return reps["span_start"], reps["span_end"]


def of_sides(signal: xr.Variable, side: str) -> xr.Variable:
    """Signal of one side, without the dimension side."""
    return signal.isel(side=SIDES.index(side))


def working(reps: Reps, values: xr.Variable) -> xr.Variable:
    """Values (rep, scoring, side) of the legs that work; NaN for the other and for both together."""
    kept = reps["works"].data
    laid = values.transpose("rep", "scoring", "side")
    return xr.Variable(laid.dims, np.where(kept[:, None, :], laid.data, np.nan))


def working_legs(legs: np.ndarray) -> np.ndarray:
    """Whether each side works (rep, side), from the leg that each repetition names (rep,)."""
    return np.array([[leg in ("both", side) and side != "both" for side in SIDES] for leg in legs.astype(str)])


def on_both(values: xr.Variable) -> xr.Variable:
    """Values (rep, scoring) as (rep, scoring, side), at side both."""
    return values.where(xr.Variable("side", [side == "both" for side in SIDES]))


def angle(reps: Reps, name: str) -> xr.Variable:
    """Joint angle (rep, frame) [deg]."""
    return reps["angle"].isel(joint_angle=JOINT_ANGLES.index(name))


def by_side(signal: xr.Variable, dim: str, name: str) -> xr.Variable:
    """Take a joint or an angle of each side, and of the trunk at side both, as dimension `side` in place of `dim`.

    NaN where there is none.
    """
    labels = FRAME_COORDS[dim]
    names = [name if side == "both" else f"{side}_{name}" for side in SIDES]
    axis = signal.get_axis_num(dim)
    taken = signal.data.take([labels.index(label) if label in labels else 0 for label in names], axis=axis)
    taken[(slice(None),) * axis + ([label not in labels for label in names],)] = np.nan
    return xr.Variable(["side" if other == dim else other for other in signal.dims], taken)


def leg_angle(reps: Reps, name: str, *, signal: str = "angle") -> xr.Variable:
    """Joint angle of each leg (rep, side, frame) [deg], or its standard uncertainty "u_angle"; NaN at side both."""
    return by_side(reps[signal], "joint_angle", name)


def of_legs(reps: Reps, pair: UncertainValue) -> UncertainValue:
    """Value and uncertainty of the legs that work."""
    return working(reps, pair[0]), working(reps, pair[1])


def _leg_peak(name: str) -> UncertainMeasure:
    """Measure: largest value of an angle of each leg in the movement, and its uncertainty."""

    def measure(reps: Reps) -> UncertainValue:
        curves = leg_angle(reps, name), leg_angle(reps, name, signal="u_angle")
        return of_legs(reps, uncertain_peak(of_frames(reps), *curves, *span_of(reps)))

    return measure


knee_flexion_max = _leg_peak("knee_flexion")
hip_flexion_max = _leg_peak("hip_flexion")
ankle_dorsiflexion_max = _leg_peak("ankle_dorsiflexion")


def _trunk_angle(reps: Reps, name: str) -> tuple[xr.Variable, xr.Variable]:
    """Angle and its standard uncertainty (rep, frame) [deg]."""
    place = JOINT_ANGLES.index(name)
    return reps["angle"].isel(joint_angle=place), reps["u_angle"].isel(joint_angle=place)


def lumbar_flexion_max(reps: Reps) -> UncertainValue:
    """Largest lumbar flexion of the movement relative to standing, else to its start (rep, scoring) [deg].

    Markers that are placed beside their landmarks change both angles alike. What remains uncertain is the skin, by
    which pelvis and trunk turn in proportion to their tilt.
    """
    frames, flexion = of_frames(reps), angle(reps, "lumbar_flexion")
    start, last = span_of(reps)
    upright = reps["standing_lumbar_flexion"].fillna(at(frames, flexion, start))
    instant = peak_time(frames, flexion, start, last)
    turned = {"pelvis": "pelvis_tilt", "trunk": "trunk_lean"}
    skin = [at(frames, angle(reps, name), instant) * (TISSUE[part].turn_deg / 90.0) for part, name in turned.items()]
    return peak(frames, flexion, start, last) - upright, (skin[0] ** 2 + skin[1] ** 2) ** 0.5


def trunk_lean_max(reps: Reps) -> UncertainValue:
    """Largest forward lean of the trunk (rep, scoring) [deg], and its uncertainty."""
    return uncertain_peak(of_frames(reps), *_trunk_angle(reps, "trunk_lean"), *span_of(reps))


def pelvis_height(reps: Reps) -> xr.Variable:
    """Height of the midpoint of the hip joint centres (rep, frame) [m]."""
    return reps["pelvis_position"].isel(axis=list(AXES).index("y"))


def squat_depth(reps: Reps) -> UncertainValue:
    """Descent of the pelvis from the start of the eccentric phase to its lowest point (rep, scoring) [m].

    A hip centre that is missed is missed by the same vector of the pelvis: only the tilt since the start turns it. The
    skin of the pelvis shifts in proportion to that tilt.
    """
    frames, height = of_frames(reps), pelvis_height(reps)
    start, last = span_of(reps)
    lowest = peak_time(frames, -height, start, last)
    value = at(frames, height, start) - at(frames, height, lowest)
    tilt = angle(reps, "pelvis_tilt")
    turned = np.radians(abs(at(frames, tilt, lowest) - at(frames, tilt, start)))
    missed = POINTS["lumbar"] * 2.0 * np.sin(0.5 * turned)
    return value, (missed**2 + (TISSUE["pelvis"].shift_m * turned / (0.5 * np.pi)) ** 2) ** 0.5


def thigh_angle_max(reps: Reps) -> UncertainValue:
    """Largest inclination of the thigh (rep, scoring, side) [deg], and its uncertainty."""
    curves = reps["thigh_inclination"], reps["u_thigh_inclination"]
    return of_legs(reps, uncertain_peak(of_frames(reps), *curves, *span_of(reps)))


def eccentric_time(reps: Reps) -> xr.Variable:
    """Duration of the eccentric phase (rep, scoring) [s]."""
    return reps["eccentric_end"] - reps["movement_start"]


def pause_time(reps: Reps) -> xr.Variable:
    """Duration of the pause between eccentric and concentric phase (rep, scoring) [s]."""
    return reps["propulsion_start"] - reps["eccentric_end"]


def concentric_time(reps: Reps) -> xr.Variable:
    """Duration of the concentric phase (rep, scoring) [s]."""
    return reps["movement_end"] - reps["propulsion_start"]


def mean_concentric_velocity(reps: Reps) -> UncertainValue:
    """Mean upward velocity of the pelvis over the concentric phase (rep, scoring) [m/s].

    The uncertainty is that of the rise; that of the time is found by rescoring.
    """
    frames, height = of_frames(reps), pelvis_height(reps)
    rise = at(frames, height, reps["movement_end"]) - at(frames, height, reps["propulsion_start"])
    return rise / concentric_time(reps), reps["squat_depth_m"][1] / concentric_time(reps)


def velocity_loss(reps: Reps) -> xr.Variable:
    """Loss of mean concentric velocity relative to the fastest repetition of the set so far (rep, scoring) [%]."""
    velocity = reps["mean_concentric_velocity_m_per_s"][0]
    values = velocity.transpose("rep", "scoring").data
    trials = reps["trial_id"].data.astype(str)
    fastest = np.full(values.shape, np.nan)
    for trial in np.unique(trials):
        fastest[trials == trial] = np.fmax.accumulate(values[trials == trial], axis=0)
    return 100.0 * (1.0 - velocity / xr.Variable(("rep", "scoring"), fastest))


METRICS: dict[str, Metric] = {
    "knee_flexion_max_deg": Metric(
        knee_flexion_max,
        label="knee flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum knee flexion during the movement.",
        equation="max knee_flexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "hip_flexion_max_deg": Metric(
        hip_flexion_max,
        label="hip flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum hip flexion during the movement.",
        equation="max hip_flexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "ankle_dorsiflexion_max_deg": Metric(
        ankle_dorsiflexion_max,
        label="ankle dorsiflexion",
        unit="deg",
        sign="dorsiflexion",
        meaning="Maximum ankle dorsiflexion during the movement.",
        equation="max ankle_dorsiflexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "lumbar_flexion_max_deg": Metric(
        lumbar_flexion_max,
        label="lumbar flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum flexion of the trunk relative to the pelvis minus that in standing; without a standing trial, "
        "minus that at the start of the movement.",
        equation="max lumbar_flexion over the movement - lumbar_flexion in standing",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "trunk_lean_max_deg": Metric(
        trunk_lean_max,
        label="trunk lean",
        unit="deg",
        sign="forward",
        meaning="Maximum angle of the trunk from the vertical.",
        equation="max trunk_lean over the movement",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "squat_depth_m": Metric(
        squat_depth,
        label="squat depth",
        unit="m",
        sign="downward",
        meaning="Descent of the mid-hip point from the start of the eccentric phase to the lowest point.",
        equation="y_hips(t_movement_start) - min y_hips over the movement",
        source=OWN_DEFINITION,
        tasks=SQUATS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "thigh_angle_max_deg": Metric(
        thigh_angle_max,
        label="thigh angle",
        unit="deg",
        sign=NOT_SIGNED,
        meaning="Maximum angle of the hip-knee line from the vertical; 90 is a horizontal thigh.",
        equation="max thigh_inclination over the movement",
        source=OWN_DEFINITION,
        tasks=SQUATS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "eccentric_time_s": Metric(
        eccentric_time,
        label="eccentric time",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Duration of the eccentric phase: from the start of the descent to the start of the pause.",
        equation="t_eccentric_end - t_movement_start",
        source=OWN_DEFINITION,
        tasks=SQUATS,
        streams=_MOTION_OR_FORCE,
        uncertainty="rescored",
    ),
    "pause_time_s": Metric(
        pause_time,
        label="pause time",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from the end of the eccentric phase to the start of the concentric phase.",
        equation="t_propulsion_start - t_eccentric_end",
        source=OWN_DEFINITION,
        tasks=SQUATS,
        streams=_MOTION_OR_FORCE,
        uncertainty="rescored",
    ),
    "concentric_time_s": Metric(
        concentric_time,
        label="concentric time",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Duration of the concentric phase: from the start of the ascent to its end.",
        equation="t_movement_end - t_propulsion_start",
        source=OWN_DEFINITION,
        tasks=SQUATS,
        streams=_MOTION_OR_FORCE,
        uncertainty="rescored",
    ),
    "mean_concentric_velocity_m_per_s": Metric(
        mean_concentric_velocity,
        label="mean concentric velocity",
        unit="m/s",
        sign="upward",
        meaning="Rise of the mid-hip point in the concentric phase divided by the concentric time.",
        equation="(y_hips(t_movement_end) - y_hips(t_propulsion_start)) / concentric_time_s",
        source=_SANCHEZ,
        tasks=SQUATS,
        streams=MOTION,
        uncertainty="both",
    ),
    "velocity_loss_percent": Metric(
        velocity_loss,
        label="velocity loss",
        unit="%",
        sign="slower",
        meaning="Loss of mean concentric velocity relative to the highest in the set so far.",
        equation="100 (1 - mean_concentric_velocity_m_per_s / its maximum in the set so far)",
        source=_SANCHEZ,
        tasks=SQUATS,
        streams=MOTION,
        uncertainty="rescored",
    ),
}
