"""Metrics that relate joint angles to force and jump height: angles at peak force, height per degree of knee flexion.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from legsci.mechanics.kinetics.movement import JOINT_ANGLES
from legsci.metrics.families.joints import UncertainMeasure, UncertainValue, of_frames, of_legs, span_of
from legsci.metrics.metric import FORCE_AND_MOTION, GROOD, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, of_both, peak, peak_time
from legsci.tasks import MOVEMENTS, VERTICAL_JUMPS
from legsci.vocabulary import LEGS, SIDES

#: Angles that are given at peak force.
ANGLES = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
#: Forces within this share of the peak are almost equal to it; our choice.
PEAK_SHARE = 0.02


def angles_at_peak_force(reps: Reps) -> UncertainValue:
    """Angles of the legs when vertical force is largest in the movement (rep, joint_angle, scoring) [deg].

    Which of the instants of almost the same force is that of the peak depends on noise: the furthest angle among those
    within `PEAK_SHARE` of the peak is the half-width of a rectangular distribution (JCGM 100:2008, 4.3.7).
    """
    frames, span, near = of_frames(reps), span_of(reps), reps["near_peak_force"]
    instant = peak_time(reps, of_both(reps["force"]), *span)
    places = [JOINT_ANGLES.index(f"{side}_{name}") for name in ANGLES for side in LEGS]
    curves = [reps[signal].isel(joint_angle=places) for signal in ("angle", "u_angle")]
    value, uncertainty = at(frames, xr.Variable.concat(curves, dim="of"), instant).transpose("of", ...)
    bounds = xr.Variable.concat([curves[0], -curves[0]], dim="of").where(near, -np.inf)
    most, least = peak(frames, bounds, *span).transpose("of", ...)
    above, below = most - value, least + value
    furthest = above.where(above > below, below).clip(min=0.0)
    return value, (uncertainty**2 + furthest**2 / 3.0) ** 0.5


def at_peak_force(name: str) -> UncertainMeasure:
    """Measure: an angle of each leg when vertical force is largest in the movement (rep, scoring, side) [deg]."""

    def measure(reps: Reps) -> UncertainValue:
        """Read the angle of each leg at the instant of peak force."""
        angles: Any = reps["angles_at_peak_force"]
        first, unknown = ANGLES.index(name) * len(LEGS), xr.full_like(angles[0].isel(joint_angle=0), np.nan)
        value, uncertainty = (
            xr.Variable.concat(
                [part.isel(joint_angle=first + LEGS.index(side)) if side in LEGS else unknown for side in SIDES],
                dim="side",
            )
            for part in angles
        )
        return of_legs(reps, (value, uncertainty))

    return measure


def near_peak_force(reps: Reps) -> xr.Variable:
    """Whether vertical force is almost that of its peak in the movement, at each frame of the markers (rep, frame)."""
    force, count = of_both(reps["force"]), reps["angle"].sizes["sample"]
    start, rate = (reps[name].data[:, None] for name in ("frame_start", "frame_rate_hz"))
    times = xr.Variable(("rep", "scoring"), start + np.arange(count) / rate)
    at_frames = at(reps, force, times).transpose("rep", "scoring").data
    highest = peak(reps, force, *span_of(reps)).isel(scoring=0).data[:, None]
    return xr.Variable(("rep", "sample"), at_frames >= (1.0 - PEAK_SHARE) * highest)


def jump_height_per_knee_flexion(reps: Reps) -> UncertainValue:
    """Jump height by impulse per largest flexion of the knees, of jumps on both legs (rep, scoring) [m/deg].

    The uncertainty is that of the flexion; that of the height is found by rescoring.
    """
    flexion, doubt = (
        part.isel(side=[SIDES.index(side) for side in LEGS]).mean("side", skipna=False)
        for part in reps["knee_flexion_max_deg"]
    )
    ratio = (reps["jump_height_impulse_m"] / flexion.where(flexion > 0.0)).where(reps["leg"] == "both")
    return ratio, ratio * doubt / flexion


def _angle_at_peak_force(joint: str, direction: str) -> Metric:
    """Entry of the angle of a joint at the instant of peak force."""
    return Metric(
        at_peak_force(f"{joint}_{direction}"),
        label=f"{joint} {direction} at peak force",
        unit="deg",
        sign=direction,
        meaning=f"{joint.capitalize()} {direction} at the instant of the maximum vertical force of the movement.",
        equation=f"{joint}_{direction}(t of max F over the movement)",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    )


METRICS: dict[str, Metric] = {
    "hip_flexion_at_peak_force_deg": _angle_at_peak_force("hip", "flexion"),
    "knee_flexion_at_peak_force_deg": _angle_at_peak_force("knee", "flexion"),
    "ankle_dorsiflexion_at_peak_force_deg": _angle_at_peak_force("ankle", "dorsiflexion"),
    "jump_height_per_knee_flexion_m_per_deg": Metric(
        jump_height_per_knee_flexion,
        label="jump height per knee flexion",
        unit="m/deg",
        sign=NOT_SIGNED,
        meaning="Jump height by impulse divided by the maximum knee flexion before take-off, mean of both knees.",
        equation="jump_height_impulse_m / mean of knee_flexion_max_deg, left and right",
        source=OWN_DEFINITION,
        tasks=VERTICAL_JUMPS,
        streams=FORCE_AND_MOTION,
        uncertainty="both",
    ),
}
