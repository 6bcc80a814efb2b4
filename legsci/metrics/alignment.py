"""Metrics of leg alignment: four measures of knee valgus, reported separately, and measures that explain them.

Each takes what `prepare` in measure.py makes of a reps file; definitions.py says what each means. Metrics of
WITH_UNCERTAINTY return their standard uncertainty too; for that of a peak see `legsci.metrics.signals.uncertain_peak`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from legsci.mechanics.motion.alignment import HANGING_DEG
from legsci.metrics.force import LANDING_S
from legsci.metrics.joints import leg_angle, of_frames, of_sides, on_both, span_of, working
from legsci.metrics.signals import Reps, at, integral, peak, uncertain_peak

UncertainValue = tuple[xr.Variable, xr.Variable]


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


def _of_legs(reps: Reps, pair: UncertainValue) -> UncertainValue:
    return working(reps, pair[0]), working(reps, pair[1])


def _knee_abduction(reps: Reps) -> UncertainValue:
    return _of_legs(reps, _largest(reps, "knee_abduction"))


def _landing_knee_abduction(reps: Reps) -> UncertainValue:
    return _of_legs(reps, _largest(reps, "knee_abduction", span=(reps["landing"], reps["landing"] + LANDING_S)))


def _knee_fppa(reps: Reps) -> UncertainValue:
    """Over the part of the movement in which the angle is defined; a gap of the markers makes it NaN as any other."""
    level = reps["thigh_inclination"] > HANGING_DEG
    curve = reps["knee_frontal_projection"].where(~level, -np.inf)
    uncertainty = reps["u_knee_frontal_projection"].where(~level, 0.0)
    return _of_legs(reps, uncertain_peak(of_frames(reps), curve, uncertainty, *span_of(reps)))


def _separation(reps: Reps) -> UncertainValue:
    value, uncertainty = _largest(reps, "knee_ankle_separation", -1.0)
    stands = reps["leg"] == "both"
    return tuple(on_both(of_sides(part, "both").where(stands)) for part in (value, uncertainty))  # type: ignore[return-value]


def _medial_displacement(reps: Reps) -> UncertainValue:
    value, uncertainty = _largest(reps, "knee_medial_offset")
    start = at(of_frames(reps), _curve(reps, "knee_medial_offset"), reps["span_start"])
    return _of_legs(reps, (value - start, uncertainty))


def _pelvic_drop(reps: Reps) -> UncertainValue:
    return _of_legs(reps, _largest(reps, "pelvic_drop"))


def _hip_knee_ankle(reps: Reps) -> UncertainValue:
    frames, start = of_frames(reps), reps["span_start"]
    value = at(frames, _curve(reps, "hip_knee_ankle"), start)
    return _of_legs(reps, (value, at(frames, reps["u_hip_knee_ankle"], start)))


def _knee_medial_to_toe(reps: Reps) -> UncertainValue:
    return _of_legs(reps, _largest(reps, "knee_medial_to_toe"))


#: Metric -> (value, standard uncertainty), each (rep, scoring, side).
WITH_UNCERTAINTY: dict[str, Callable[[Reps], UncertainValue]] = {
    "knee_abduction_peak_deg": _knee_abduction,
    "landing_knee_abduction_peak_deg": _landing_knee_abduction,
    "knee_fppa_peak_deg": _knee_fppa,
    "knee_ankle_separation_ratio_min": _separation,
    "medial_knee_displacement_max_m": _medial_displacement,
    "pelvic_drop_max_deg": _pelvic_drop,
    "hip_knee_ankle_angle_deg": _hip_knee_ankle,
    "knee_medial_to_toe_max_m": _knee_medial_to_toe,
}


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


def knee_abduction_corrected_peak(reps: Reps) -> xr.Variable:
    """Largest knee abduction about axes without cross-talk (rep, scoring, side) [deg]."""
    return working(reps, peak(of_frames(reps), _curve(reps, "knee_abduction_corrected"), *span_of(reps)))


def foot_progression_angle(reps: Reps) -> xr.Variable:
    """Direction of the foot at the start of the movement (rep, scoring, side) [deg]."""
    return working(reps, at(of_frames(reps), _curve(reps, "foot_progression"), reps["span_start"]))
