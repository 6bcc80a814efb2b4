"""Metrics of joint moments, power and work, and of the horizontal force of running steps.

Each takes what `prepare` in measure.py makes of a reps file; definitions.py says what each means.
"""

from __future__ import annotations

import xarray as xr

from legsci.mechanics.kinetics.inverse_dynamics import PLANES
from legsci.mechanics.kinetics.movement import LOADED_JOINTS
from legsci.metrics.joints import Measure, by_side, of_frames, on_both, pelvis_height, span_of, working
from legsci.metrics.signals import Reps, at, integral, of_tasks, peak, peak_time
from legsci.vocabulary import SIDES

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


def _horizontal(reps: Reps, sign: float) -> xr.Variable:
    """Impulse of the forward (1) or backward (-1) force of a contact (rep, scoring, side) [N s], at the foot's side."""
    part = (sign * reps["forward_force"]).clip(min=0.0)
    impulse = integral(reps, part, reps["touchdown"], reps["takeoff"])
    legs = reps["leg"].data.astype(str)
    own = xr.Variable(("rep", "side"), [[side in ("both", leg) for side in SIDES] for leg in legs])
    return impulse.where(own)


def horizontal_braking_impulse(reps: Reps) -> xr.Variable:
    """Impulse of the backward ground force of a contact (rep, scoring, side) [N s]."""
    return _horizontal(reps, -1.0)


def horizontal_propulsion_impulse(reps: Reps) -> xr.Variable:
    """Impulse of the forward ground force of a contact (rep, scoring, side) [N s]."""
    return _horizontal(reps, 1.0)
