"""Metrics of joint moments, power and work.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.kinetics.joint_components import PLANES
from legsci.mechanics.kinetics.movement import JOINT_ANGLES, LOADED_JOINTS
from legsci.mechanics.motion.angles import JOINTS
from legsci.metrics.families.joints import (
    UncertainMeasure,
    UncertainValue,
    by_side,
    of_frames,
    of_legs,
    on_both,
    span_of,
)
from legsci.metrics.families.squats import pelvis_height
from legsci.metrics.metric import FORCE_AND_MOTION, GROOD, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, integral, of_tasks, peak, peak_time, uncertain_peak
from legsci.tasks import MOVEMENTS, SQUATS, VERTICAL_JUMPS

_FLEXION_AXIS = "proximal mediolateral axis, unless the column moment_axes names others"
_WINTER = "Winter 2009, Biomechanics and Motor Control of Human Movement, 4th ed."
#: Standard uncertainty of the energy that the centre of mass gains, as a share of it: its rise is that of segments
#: whose masses differ by some tenth between tables, and of arms that are taken to hang along the trunk; our choice.
ENERGY_SHARE = 0.02
#: Published cut-offs of a task differ by about this much: for impacts 15 Hz (Kristianslund et al. 2012, J Biomech
#: 45:666) where 30 Hz is used here. Shorter stretches than so many frames are not filtered.
CUTOFF_PART, LEAST_FRAMES = 0.5, 30
SAGITTAL, FRONTAL = PLANES.index("sagittal"), PLANES.index("frontal")


def joint_power(reps: Reps) -> xr.Variable:
    """Power of each joint in all planes together (rep, joint, frame) [W/kg]."""
    return reps["power"].sum("plane", skipna=False)


def slow_joint_power(reps: Reps) -> xr.Variable:
    """Power of each joint, low-passed again at `CUTOFF_PART` of the trial's cut-off (rep, joint, frame) [W/kg].

    As it is where the trial had no low-pass, and where it has a gap.
    """
    power = reps["joint_power"].transpose("rep", "joint", "sample").astype(float)
    slow = power.data.copy()
    for rep, (cutoff, rate) in enumerate(zip(reps["cutoff_hz"].data, reps["frame_rate_hz"].data, strict=True)):
        for row in slow[rep]:
            known = np.flatnonzero(np.isfinite(row))
            if np.isfinite(cutoff) and known.size > LEAST_FRAMES and np.ptp(known) + 1 == known.size:
                row[known] = butterworth_lowpass(
                    row[known][None],
                    sampling_rate_hz=float(rate),
                    cutoff_hz=CUTOFF_PART * float(cutoff),
                    cutoff_after_both_passes=True,
                )[0]
    return xr.Variable(power.dims, slow)


def joint_moment_peak(reps: Reps) -> UncertainValue:
    """Largest extending (ankle: plantarflexing) moment of each joint (rep, joint, scoring) [N m/kg]."""
    moment, doubt = (reps[name].isel(plane=SAGITTAL) for name in ("moment", "u_moment"))
    return uncertain_peak(of_frames(reps), -moment, doubt, *span_of(reps))


def joint_power_peak(reps: Reps) -> UncertainValue:
    """Largest power of each joint (rep, joint, scoring) [W/kg]."""
    doubt = (reps["u_power"] ** 2 + reps["u_power_passing"] ** 2) ** 0.5
    return uncertain_peak(of_frames(reps), reps["joint_power"], doubt, *span_of(reps))


def joint_work(sign: float) -> UncertainMeasure:
    """Measure: work that each joint generates (1) or absorbs (-1) in the movement (rep, joint, scoring) [J/kg].

    Errors of joint centres, plates and inertia last as long as the movement: those of power are integrated as one
    error, which is the most that they can add up to. Noise passes: it is independent after half a period of the
    cut-off. Soft tissue that vibrates adds to positive and to negative work alike instead of averaging out, since each
    is the integral of a part of the power: what it may add, and what the choice of the cut-off decides, is the work
    that a low-pass at `CUTOFF_PART` of the cut-off takes.
    """
    return lambda reps: _signed_work(reps, sign, *span_of(reps))


def _signed_work(reps: Reps, sign: float, start: xr.Variable, last: xr.Variable) -> UncertainValue:
    """Positive (1) or negative (-1) work of each joint between two times (rep, joint, scoring) [J/kg]."""
    frames, power = of_frames(reps), sign * reps["joint_power"]
    counted = power > 0.0
    doubt, passing = (reps[name].where(counted, 0.0 * power) for name in ("u_power", "u_power_passing"))
    slow = (sign * reps["slow_joint_power"]).clip(min=0.0)
    parts = (integral(frames, part, start, last) for part in (power.clip(min=0.0), doubt, passing**2, slow))
    work, lasting, square, slow_work = parts
    half_period = 0.5 / reps["cutoff_hz"].fillna(0.5 * reps["frame_rate_hz"])
    return work, (lasting**2 + square * half_period + (work - slow_work) ** 2) ** 0.5


def _of_joint(reps: Reps, joint: str, name: str) -> UncertainValue:
    """Take a joint of a shared value and uncertainty (rep, joint, scoring), of the legs that work, or the lumbar joint.

    Both are (rep, scoring, side).
    """
    pair: Any = reps[name]
    value, uncertainty = (by_side(part, "joint", joint) for part in pair)
    if joint in LOADED_JOINTS:
        return on_both(value), on_both(uncertainty)
    return of_legs(reps, (value, uncertainty))


def moment_peak(joint: str) -> UncertainMeasure:
    """Measure: largest extending (ankle: plantarflexing) moment of a joint (rep, scoring, side) [N m/kg]."""
    return lambda reps: _of_joint(reps, joint, "joint_moment_peak")


def abduction_moment_peak(reps: Reps) -> UncertainValue:
    """Largest moment that drives the knee into valgus (rep, scoring, side) [N m/kg]."""
    valgus, doubt = (by_side(reps[name].isel(plane=FRONTAL), "joint", "knee") for name in ("moment", "u_moment"))
    return of_legs(reps, uncertain_peak(of_frames(reps), valgus, doubt, *span_of(reps)))


def power_peak(joint: str) -> UncertainMeasure:
    """Measure: largest power that a joint generates (rep, scoring, side) [W/kg]."""
    return lambda reps: _of_joint(reps, joint, "joint_power_peak")


def work(joint: str, kind: str) -> UncertainMeasure:
    """Measure: work that a joint has "generated" or "absorbed" in the movement (rep, scoring, side) [J/kg]."""
    return lambda reps: _of_joint(reps, joint, f"joint_work_{kind}")


def power_residual_peak(reps: Reps) -> xr.Variable:
    """Largest part of a leg segment's rate of energy change that joint loads do not explain (rep, scoring) [W/kg]."""
    return peak(of_frames(reps), reps["power_residual"], *span_of(reps))


def push_off_span(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """Lowest point to take-off; squat: concentric phase; without a lowest point the whole movement (rep, scoring) [s].

    The lowest point is that of the centre of mass by force, else that of the pelvis.
    """
    start, last = span_of(reps)
    lowest = reps["propulsion_start"].where(of_tasks(reps, lambda task: task.cut == "descent"), reps["bottom"])
    lowest_pelvis = peak_time(of_frames(reps), -pelvis_height(reps), start, last)
    return lowest.fillna(lowest_pelvis).fillna(start), last


def force_transmission_ratio(reps: Reps) -> UncertainValue:
    """Gain of mechanical energy of the centre of mass per positive joint work of the push-off (rep, scoring) [1].

    The borders of the push-off may lie between frames. A ratio above 1 is withheld (`status.WITHHELD`).
    """
    frames, (start, last) = of_frames(reps), push_off_span(reps)
    energy = reps["energy"]
    gain = at(frames, energy, last) - at(frames, energy, start)
    work, doubt = _signed_work(reps, 1.0, start, last)
    total, of_total = work.sum("joint", skipna=False), (doubt**2).sum("joint", skipna=False) ** 0.5
    ratio = (gain / total.where(total > 0.0)).where(reps["leg"] == "both")
    return ratio, abs(ratio) * ((of_total / total) ** 2 + ENERGY_SHARE**2) ** 0.5


def frontal_plane_work_share(reps: Reps) -> UncertainValue:
    """Share of the frontal plane in the work of a leg's joints, generated and absorbed (rep, scoring, side) [%].

    Uncertain are the frontal moment and the rate of the frontal angle, to which a turned axis adds its part of the rate
    of flexion, and the power as a whole.
    """
    frames, span = of_frames(reps), span_of(reps)
    done = integral(frames, abs(reps["power"]), *span)
    moment, doubt = (reps[name].isel(plane=FRONTAL) for name in ("moment", "u_moment"))
    flexion, sideways = (np.radians(_rate(reps, _of_joints(reps, "angle", place))) for place in (0, 1))
    mixed = np.radians(_of_joints(reps, "u_angle", 1)) * flexion
    of_power = ((doubt * sideways) ** 2 + (moment * mixed) ** 2 + (doubt * mixed) ** 2) ** 0.5
    frontal, whole = (integral(frames, part, *span) for part in (of_power, reps["u_power"]))

    def of_leg(values: xr.Variable) -> xr.Variable:
        """Sum over the joints of each leg (..., side)."""
        parts = [by_side(values, "joint", joint) for joint in ("hip", "knee", "ankle")]
        return xr.Variable.concat(parts, dim="leg_joint").sum("leg_joint", skipna=False)

    planes, frontal, whole = of_leg(done), of_leg(frontal**2) ** 0.5, of_leg(whole**2) ** 0.5
    total = planes.sum("plane", skipna=False)
    total = total.where(total > 0.0)
    share = planes.isel(plane=FRONTAL) / total
    uncertainty = (((1.0 - share) * frontal) ** 2 + (share * whole) ** 2) ** 0.5 / total
    return of_legs(reps, (100.0 * share, 100.0 * uncertainty))


def _of_joints(reps: Reps, signal: str, plane: int) -> xr.Variable:
    """Angle of a plane, or its uncertainty "u_angle", of each loaded joint (rep, joint, frame) [deg]."""
    places = [JOINT_ANGLES.index(JOINTS[joint].names[plane]) for joint in LOADED_JOINTS]
    taken = reps[signal].isel(joint_angle=places)
    return xr.Variable(["joint" if dim == "joint_angle" else dim for dim in taken.dims], taken.data)


def _rate(reps: Reps, curve: xr.Variable) -> xr.Variable:
    """Rate of change of a curve of frames (rep, ..., frame) [unit per s]."""
    laid = curve.transpose("rep", ..., "sample")
    if laid.sizes["sample"] < 2:
        return xr.full_like(laid, np.nan)
    rates = reps["frame_rate_hz"].data.reshape(-1, *[1] * (laid.ndim - 1))
    return xr.Variable(laid.dims, np.gradient(laid.data, axis=-1) * rates)


def _named(joint: str) -> str:
    """A joint in a sentence."""
    return "lumbosacral joint" if joint == "lumbar" else joint


def _moment(joint: str, direction: str) -> Metric:
    """Entry of the peak moment of a joint."""
    return Metric(
        moment_peak(joint),
        label=f"{joint} moment",
        unit="N m/kg",
        sign=direction,
        meaning=f"Maximum net internal {direction} moment of the {_named(joint)} about its {_FLEXION_AXIS}, per body "
        "mass.",
        equation=f"max M_{joint} · e_1 over the movement / body mass",
        source=f"{_WINTER}; {GROOD}",
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    )


def _power(joint: str) -> Metric:
    """Entry of the peak power of a joint."""
    return Metric(
        power_peak(joint),
        label=f"{joint} power",
        unit="W/kg",
        sign="generated",
        meaning=f"Maximum net power of the {_named(joint)}, per body mass.",
        equation=f"max P over the movement / body mass, P = M_{joint} · ω_{joint}",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    )


def _work(joint: str, kind: str) -> Metric:
    """Entry of the work that a joint has "generated" or "absorbed"."""
    sign, part = {"generated": ("positive", "max(P, 0)"), "absorbed": ("negative", "max(-P, 0)")}[kind]
    return Metric(
        work(joint, kind),
        label=f"{joint} work, {kind}",
        unit="J/kg",
        sign=kind,
        meaning=f"Time integral of {sign} net power of the {_named(joint)} over the movement, per body mass.",
        equation=f"∫ {part} dt over the movement / body mass, P = M_{joint} · ω_{joint}",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    )


METRICS: dict[str, Metric] = {
    "hip_moment_peak_n_m_per_kg": _moment("hip", "extension"),
    "knee_moment_peak_n_m_per_kg": _moment("knee", "extension"),
    "ankle_moment_peak_n_m_per_kg": _moment("ankle", "plantarflexion"),
    "lumbar_moment_peak_n_m_per_kg": _moment("lumbar", "extension"),
    "knee_abduction_moment_peak_n_m_per_kg": Metric(
        abduction_moment_peak,
        label="knee abduction moment",
        unit="N m/kg",
        sign="valgus",
        meaning="Maximum net internal abduction moment of the knee (into valgus) about its floating axis, unless the "
        "column moment_axes names others, per body mass.",
        equation="max M_knee · e_2 over the movement / body mass",
        source=f"{_WINTER}; {GROOD}",
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    ),
    "hip_power_peak_w_per_kg": _power("hip"),
    "knee_power_peak_w_per_kg": _power("knee"),
    "ankle_power_peak_w_per_kg": _power("ankle"),
    "lumbar_power_peak_w_per_kg": _power("lumbar"),
    "hip_work_generated_j_per_kg": _work("hip", "generated"),
    "hip_work_absorbed_j_per_kg": _work("hip", "absorbed"),
    "knee_work_generated_j_per_kg": _work("knee", "generated"),
    "knee_work_absorbed_j_per_kg": _work("knee", "absorbed"),
    "ankle_work_generated_j_per_kg": _work("ankle", "generated"),
    "ankle_work_absorbed_j_per_kg": _work("ankle", "absorbed"),
    "lumbar_work_generated_j_per_kg": _work("lumbar", "generated"),
    "lumbar_work_absorbed_j_per_kg": _work("lumbar", "absorbed"),
    "power_residual_peak_w_per_kg": Metric(
        power_residual_peak,
        label="power residual",
        unit="W/kg",
        sign=NOT_SIGNED,
        meaning="Maximum rate of change of the energy of a thigh, shank or foot that is not accounted for by joint "
        "powers and the power of the ground reaction, per body mass.",
        equation="max |dE_segment/dt - power of joint forces, joint moments and ground reaction| / body mass",
        source="Robertson & Winter 1980, J Biomech 13:845",
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        no_uncertainty="it is itself a measure of error",
    ),
    "force_transmission_ratio": Metric(
        force_transmission_ratio,
        label="force transmission ratio",
        unit="1",
        sign="energy gained",
        meaning="Gain in mechanical energy of the centre of mass divided by the positive work of hips, knees, ankles "
        "and lumbar joint, from the lowest point to take-off (squat: concentric phase).",
        equation="(E(t_takeoff) - E(t_bottom)) / Σ ∫ max(P, 0) dt over the joints",
        source=OWN_DEFINITION,
        tasks=(*VERTICAL_JUMPS, *SQUATS),
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    ),
    "frontal_plane_work_percent": Metric(
        frontal_plane_work_share,
        label="frontal-plane work",
        unit="%",
        sign=NOT_SIGNED,
        meaning="Frontal-plane share of the work of hip, knee and ankle, generated plus absorbed.",
        equation="100 Σ ∫ |P_frontal| dt / Σ ∫ (|P_sagittal| + |P_frontal| + |P_transverse|) dt",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
        uncertainty="stated",
    ),
}
