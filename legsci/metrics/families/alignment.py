"""Metrics of leg alignment: four measures of knee valgus, reported separately, and measures that explain them.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each. Those whose
uncertainty is "stated" return it too; for that of a peak see `legsci.metrics.signals.uncertain_peak`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.motion.alignment import HANGING_DEG
from legsci.metrics.families.force import LANDING_S
from legsci.metrics.families.joints import (
    UncertainValue,
    landing_legs,
    leg_angle,
    of_frames,
    of_legs,
    of_sides,
    on_both,
    span_of,
    working,
)
from legsci.metrics.metric import GROOD, MOTION, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, integral, uncertain_peak
from legsci.tasks import JUMPS, MOVEMENTS, STRAIGHT_LEGGED

_BAUDET = "Baudet et al. 2014, PLoS ONE 9:e102098"


def _curve(reps: Reps, name: str) -> xr.Variable:
    """Curve (rep, side, frame)."""
    if name == "knee_abduction":
        return leg_angle(reps, name)
    return reps[name]


def _largest(reps: Reps, name: str, sign: float = 1.0, span: UncertainValue | None = None) -> UncertainValue:
    """Largest value of a curve in the movement or a span, and its standard uncertainty, (rep, scoring, side)."""
    frames, curve, between = of_frames(reps), sign * _curve(reps, name), span or span_of(reps)
    value, uncertainty = uncertain_peak(frames, curve, reps[f"u_{name}"], *between)
    return sign * value, uncertainty


def _knee_abduction(reps: Reps) -> UncertainValue:
    return of_legs(reps, _largest(reps, "knee_abduction"))


def _landing_knee_abduction(reps: Reps) -> UncertainValue:
    pair = _largest(reps, "knee_abduction", span=(reps["landing"], reps["landing"] + LANDING_S))
    return landing_legs(reps, pair[0]), landing_legs(reps, pair[1])


def _landing_knee_fppa(reps: Reps) -> UncertainValue:
    pair = _projection(reps, "knee_frontal_projection", (reps["landing"], reps["landing"] + LANDING_S))
    return landing_legs(reps, pair[0]), landing_legs(reps, pair[1])


def _projection(reps: Reps, name: str, span: UncertainValue) -> UncertainValue:
    """Over the part of a span in which the angle is defined; a gap of the markers makes it NaN as any other."""
    level = reps["thigh_inclination"] > HANGING_DEG
    curve, uncertainty = reps[name].where(~level, -np.inf), reps[f"u_{name}"].where(~level, 0.0)
    return uncertain_peak(of_frames(reps), curve, uncertainty, *span)


def _knee_fppa(reps: Reps) -> UncertainValue:
    return of_legs(reps, _projection(reps, "knee_frontal_projection", span_of(reps)))


def _knee_fppa_fixed_camera(reps: Reps) -> UncertainValue:
    return of_legs(reps, _projection(reps, "knee_fixed_camera_projection", span_of(reps)))


def _separation(reps: Reps) -> UncertainValue:
    value, uncertainty = _largest(reps, "knee_ankle_separation", -1.0)
    stands = reps["leg"] == "both"
    return tuple(on_both(of_sides(part, "both").where(stands)) for part in (value, uncertainty))  # type: ignore[return-value]


def _medial_displacement(reps: Reps) -> UncertainValue:
    value, uncertainty = _largest(reps, "knee_medial_offset")
    start = at(of_frames(reps), _curve(reps, "knee_medial_offset"), reps["span_start"])
    return of_legs(reps, (value - start, uncertainty))


def _pelvic_drop(reps: Reps) -> UncertainValue:
    return of_legs(reps, _largest(reps, "pelvic_drop"))


def _hip_knee_ankle(reps: Reps) -> UncertainValue:
    frames, start = of_frames(reps), reps["span_start"]
    value = at(frames, _curve(reps, "hip_knee_ankle"), start)
    return of_legs(reps, (value, at(frames, reps["u_hip_knee_ankle"], start)))


def _knee_medial_to_toe(reps: Reps) -> UncertainValue:
    return of_legs(reps, _largest(reps, "knee_medial_to_toe"))


def knee_cross_talk(reps: Reps) -> xr.Variable:
    """Squared correlation of flexion and abduction of the knee over the movement (rep, scoring, side) [1]."""
    frames, (start, last) = of_frames(reps), span_of(reps)
    flexion, abduction = leg_angle(reps, "knee_flexion"), leg_angle(reps, "knee_abduction")

    products = xr.Variable.concat([flexion, abduction, flexion**2, abduction**2, flexion * abduction], dim="product")
    means = integral(frames, products, start, last) / (last - start)
    of_flexion, of_abduction, *of_products = means.transpose("product", ...)
    squares = of_flexion**2, of_abduction**2, of_flexion * of_abduction
    flexing, abducting, together = (mean - square for mean, square in zip(of_products, squares, strict=True))
    variances = flexing * abducting
    return working(reps, together**2 / variances.where(variances > 0.0))


def foot_progression_angle(reps: Reps) -> UncertainValue:
    """Direction of the foot at the start of the movement (rep, scoring, side) [deg], and its uncertainty."""
    curves = reps["foot_progression"], reps["u_foot_progression"]
    value, uncertainty = (at(of_frames(reps), curve, reps["span_start"]) for curve in curves)
    return of_legs(reps, (value, uncertainty))


METRICS: dict[str, Metric] = {
    "knee_abduction_peak_deg": Metric(
        _knee_abduction,
        label="knee abduction",
        unit="deg",
        sign="valgus",
        meaning="Maximum three-dimensional knee abduction angle during the movement; not interchangeable with other "
        "measures of valgus.",
        equation="max knee_abduction over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "landing_knee_abduction_peak_deg": Metric(
        _landing_knee_abduction,
        label="knee abduction in landing",
        unit="deg",
        sign="valgus",
        meaning="Maximum three-dimensional knee abduction angle in the 0.5 s after landing; of the leg that lands, "
        "after a lateral jump.",
        equation="max knee_abduction, t_landing to t_landing + 0.5 s",
        source=GROOD,
        tasks=JUMPS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "landing_knee_fppa_peak_deg": Metric(
        _landing_knee_fppa,
        label="frontal-plane projection angle in landing, plane of the hips",
        unit="deg",
        sign="valgus",
        meaning="Maximum of knee_fppa_peak_deg's angle in the 0.5 s after landing; of the leg that lands, after a "
        "lateral jump.",
        equation="max (180° - angle hip-knee-ankle in the frontal plane), t_landing to t_landing + 0.5 s",
        source="Willson & Davis 2008, J Orthop Sports Phys Ther 38:606",
        tasks=JUMPS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "knee_fppa_peak_deg": Metric(
        _knee_fppa,
        label="frontal-plane projection angle, plane of the hips",
        unit="deg",
        sign="valgus",
        meaning="Maximum of 180 deg minus the hip-knee-ankle angle, projected onto the vertical plane through the hip "
        "joint centres, which turns with the pelvis, while the thigh is within 70 deg of the vertical.",
        equation="max (180° - angle hip-knee-ankle in the frontal plane) over the movement",
        source="Willson & Davis 2008, J Orthop Sports Phys Ther 38:606",
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "knee_fppa_fixed_camera_peak_deg": Metric(
        _knee_fppa_fixed_camera,
        label="frontal-plane projection angle, fixed camera",
        unit="deg",
        sign="valgus",
        meaning="As knee_fppa_peak_deg, projected onto the vertical plane across the forward axis of the laboratory, "
        "as a stationary camera in front of the person records it.",
        equation="max (180° - angle hip-knee-ankle in the plane across the forward axis) over the movement",
        source="Willson & Davis 2008, J Orthop Sports Phys Ther 38:606",
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "knee_ankle_separation_ratio_min": Metric(
        _separation,
        label="knee-to-ankle separation",
        unit="1",
        sign="knees apart",
        meaning="Minimum ratio of the distance between the knee joint centres to that between the ankle joint centres, "
        "along the line through the hip joint centres.",
        equation="min (distance of the knees / distance of the ankles) over the movement",
        source="Noyes et al. 2005, Am J Sports Med 33:197",
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "medial_knee_displacement_max_m": Metric(
        _medial_displacement,
        label="medial knee displacement",
        unit="m",
        sign="inward",
        meaning="Maximum medial displacement of the knee joint centre relative to the ankle joint centre from the "
        "start of the movement.",
        equation="max knee_medial_offset over the movement - knee_medial_offset at its start",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "pelvic_drop_max_deg": Metric(
        _pelvic_drop,
        label="pelvic drop",
        unit="deg",
        sign="contralateral side down",
        meaning="Maximum pelvic obliquity during stance on this leg.",
        equation="max pelvic_drop over the movement",
        source="Baker 2001, Gait Posture 13:1",
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "hip_knee_ankle_angle_deg": Metric(
        _hip_knee_ankle,
        label="hip-knee-ankle angle",
        unit="deg",
        sign="180 is straight, more is valgus",
        meaning="Angle between the hip-knee and knee-ankle lines in the frontal plane of the thigh at the start of the "
        "movement, with the leg extended.",
        equation="hip_knee_ankle at the start of the movement",
        source=OWN_DEFINITION,
        tasks=STRAIGHT_LEGGED,
        streams=MOTION,
        uncertainty="stated",
    ),
    "knee_medial_to_toe_max_m": Metric(
        _knee_medial_to_toe,
        label="knee medial to toe",
        unit="m",
        sign="inward",
        meaning="Maximum medial distance of the knee joint centre from the vertical plane through the ankle joint "
        "centre and the long axis of the foot.",
        equation="max knee_medial_to_toe over the movement",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "foot_progression_angle_deg": Metric(
        foot_progression_angle,
        label="foot progression",
        unit="deg",
        sign="toes out",
        meaning="Angle of the long axis of the foot to the forward direction of the hips at the start of the movement.",
        equation="foot_progression at the start of the movement",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "knee_cross_talk_r2": Metric(
        knee_cross_talk,
        label="knee cross-talk",
        unit="1",
        sign=NOT_SIGNED,
        meaning="Squared correlation of knee flexion and abduction over the movement. Near 1, flexion may appear as "
        "abduction through a misaligned flexion axis; true abduction that increases with flexion also raises it.",
        equation="r² of knee_flexion and knee_abduction over the movement",
        source=_BAUDET,
        tasks=MOVEMENTS,
        streams=MOTION,
        no_uncertainty="it is itself a measure of error",
    ),
}
