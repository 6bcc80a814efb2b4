"""Squats: depth, times of the phases, and velocity.

Each function takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each. The phases of
squats are found from the height of the pelvis, or without it from force.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.motion.alignment import SOFT_TISSUE_ARTEFACT
from legsci.mechanics.motion.angle_uncertainty import POINTS
from legsci.mechanics.reps.squats import SEEN_PART
from legsci.metrics.families.joints import UncertainValue, angle, hip_flexion, of_frames, of_legs, span_of
from legsci.metrics.metric import MOTION, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, peak_time, uncertain_peak
from legsci.tasks import SQUATS
from legsci.vocabulary import AXES

_MOTION_OR_FORCE = ("markers or segments or force",)
_SANCHEZ = "Sanchez-Medina & Gonzalez-Badillo 2011, Med Sci Sports Exerc 43:1725"


def pelvis_height(reps: Reps) -> xr.Variable:
    """Height of the midpoint of the hip joint centres (rep, frame) [m]."""
    return reps["pelvis_position"].isel(axis=list(AXES).index("y"))


def squat_depth(reps: Reps) -> UncertainValue:
    """Descent of the pelvis from the start of the eccentric phase to its lowest point (rep, scoring) [m].

    A hip centre that is missed is missed by the same vector of the pelvis: only the tilt since the start turns it. The
    skin of the pelvis shifts in proportion to the flexion of the hips.
    """
    frames, height = of_frames(reps), pelvis_height(reps)
    start, last = span_of(reps)
    lowest = peak_time(frames, -height, start, last)
    value = at(frames, height, start) - at(frames, height, lowest)
    tilt = angle(reps, "pelvis_tilt")
    turned = np.radians(abs(at(frames, tilt, lowest) - at(frames, tilt, start)))
    missed = POINTS["mid_hip"] * 2.0 * np.sin(0.5 * turned)
    flexion = hip_flexion(reps)
    bent = abs(at(frames, flexion, lowest) - at(frames, flexion, start)) / 90.0
    return value, (missed**2 + (SOFT_TISSUE_ARTEFACT["pelvis"].shift_m * bent) ** 2) ** 0.5


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
        meaning="Duration of the eccentric phase: from the start of the descent to the start of the pause. Phases end "
        f"where the speed curve, fitted above {100 * SEEN_PART:g} % of its maximum, extrapolates to zero: slow "
        "settling at the bottom belongs to the pause.",
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
