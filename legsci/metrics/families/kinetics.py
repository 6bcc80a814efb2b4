"""Metrics of joint moments, power and work.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

import xarray as xr

from legsci.mechanics.kinetics.joint_components import PLANES
from legsci.mechanics.kinetics.movement import LOADED_JOINTS
from legsci.metrics.families.joints import Measure, by_side, of_frames, on_both, pelvis_height, span_of, working
from legsci.metrics.metric import FORCE_AND_MOTION, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, integral, of_tasks, peak, peak_time
from legsci.tasks import MOVEMENTS, SQUATS, VERTICAL_JUMPS

_WINTER = "Winter 2009, Biomechanics and Motor Control of Human Movement, 4th ed."
SAGITTAL, FRONTAL = PLANES.index("sagittal"), PLANES.index("frontal")


def joint_power(reps: Reps) -> xr.Variable:
    """Power of each joint in all planes together (rep, joint, frame) [W/kg]."""
    return reps["power"].sum("plane", skipna=False)


def joint_moment_peak(reps: Reps) -> xr.Variable:
    """Largest extending (ankle: plantarflexing) moment of each joint (rep, joint, scoring) [N m/kg]."""
    return peak(of_frames(reps), -reps["moment"].isel(plane=SAGITTAL), *span_of(reps))


def joint_power_peak(reps: Reps) -> xr.Variable:
    """Largest power of each joint (rep, joint, scoring) [W/kg]."""
    return peak(of_frames(reps), reps["joint_power"], *span_of(reps))


def joint_work(sign: float) -> Measure:
    """Measure: work that each joint generates (1) or absorbs (-1) in the movement (rep, joint, scoring) [J/kg]."""
    return lambda reps: integral(of_frames(reps), (sign * reps["joint_power"]).clip(min=0.0), *span_of(reps))


def _of_joint(reps: Reps, joint: str, values: xr.Variable) -> xr.Variable:
    """Values (rep, joint, scoring) of a joint of the legs that work, or of the lumbar joint, (rep, scoring, side)."""
    sided = by_side(values, "joint", joint)
    return on_both(sided) if joint in LOADED_JOINTS else working(reps, sided)


def moment_peak(joint: str) -> Measure:
    """Measure: largest extending (ankle: plantarflexing) moment of a joint (rep, scoring, side) [N m/kg]."""
    return lambda reps: _of_joint(reps, joint, reps["joint_moment_peak"])


def abduction_moment_peak(reps: Reps) -> xr.Variable:
    """Largest moment that drives the knee into valgus (rep, scoring, side) [N m/kg]."""
    valgus = by_side(reps["moment"].isel(plane=FRONTAL), "joint", "knee")
    return working(reps, peak(of_frames(reps), valgus, *span_of(reps)))


def power_peak(joint: str) -> Measure:
    """Measure: largest power that a joint generates (rep, scoring, side) [W/kg]."""
    return lambda reps: _of_joint(reps, joint, reps["joint_power_peak"])


def work(joint: str, kind: str) -> Measure:
    """Measure: work that a joint has "generated" or "absorbed" in the movement (rep, scoring, side) [J/kg]."""
    return lambda reps: _of_joint(reps, joint, reps[f"joint_work_{kind}"])


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


def force_transmission_ratio(reps: Reps) -> xr.Variable:
    """Gain of mechanical energy of the centre of mass per positive joint work of the push-off (rep, scoring) [1].

    The borders of the push-off may lie between frames.
    """
    frames, (start, last) = of_frames(reps), push_off_span(reps)
    energy = reps["energy"]
    gain = at(frames, energy, last) - at(frames, energy, start)
    work = integral(frames, reps["joint_power"].clip(min=0.0), start, last).sum("joint", skipna=False)
    return (gain / work.where(work > 0.0)).where(reps["leg"] == "both")


def frontal_plane_work_share(reps: Reps) -> xr.Variable:
    """Share of the frontal plane in the work of a leg's joints, generated and absorbed (rep, scoring, side) [%]."""
    frames, span = of_frames(reps), span_of(reps)
    work = [integral(frames, abs(by_side(reps["power"], "joint", joint)), *span) for joint in ("hip", "knee", "ankle")]
    done = xr.Variable.concat(work, dim="leg_joint").sum("leg_joint", skipna=False)
    total = done.sum("plane", skipna=False)
    return working(reps, 100.0 * done.isel(plane=FRONTAL) / total.where(total > 0.0))


def _moment(joint: str, direction: str) -> Metric:
    """Entry of the peak moment of a joint."""
    return Metric(
        moment_peak(joint),
        label=f"{joint} moment",
        unit="N m/kg",
        sign=direction,
        meaning=f"Maximum net internal {direction} moment of the {joint}, per body mass.",
        equation=f"max M_{joint}, sagittal, over the movement / body mass",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
    )


def _power(joint: str) -> Metric:
    """Entry of the peak power of a joint."""
    return Metric(
        power_peak(joint),
        label=f"{joint} power",
        unit="W/kg",
        sign="generated",
        meaning=f"Maximum net power of the {joint}, per body mass.",
        equation=f"max P over the movement / body mass, P = M_{joint} · ω_{joint}",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
    )


def _work(joint: str, kind: str) -> Metric:
    """Entry of the work that a joint has "generated" or "absorbed"."""
    sign, part = {"generated": ("positive", "max(P, 0)"), "absorbed": ("negative", "max(-P, 0)")}[kind]
    return Metric(
        work(joint, kind),
        label=f"{joint} work, {kind}",
        unit="J/kg",
        sign=kind,
        meaning=f"Time integral of {sign} net power of the {joint} over the movement, per body mass.",
        equation=f"∫ {part} dt over the movement / body mass, P = M_{joint} · ω_{joint}",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
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
        meaning="Maximum net internal abduction moment of the knee (into valgus), per body mass.",
        equation="max M_knee, frontal, over the movement / body mass",
        source=_WINTER,
        tasks=MOVEMENTS,
        streams=FORCE_AND_MOTION,
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
    ),
}
