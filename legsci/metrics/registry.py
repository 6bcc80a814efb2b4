"""METRICS: the columns of metrics.csv and the function that computes each; SHARED: what several of them use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import xarray as xr

from legsci.metrics import alignment, force, joints, kinetics, power
from legsci.metrics.signals import Reps, recorded_samples, velocity


@dataclass(frozen=True)
class Metric:
    """One column of metrics.csv.

    Parameters
    ----------
    measure : answer of `prepare` (measure.py) -> (rep, scoring) or (rep, scoring, side), in the unit that the name ends
        in; where uncertainty is "stated", the pair of value and standard uncertainty.
    uncertainty : how the standard uncertainty u_<name> is found. "rescored": the repetition is scored again with each
        source of uncertainty moved (uncertainty.py); "stated": `measure` returns it; None: none is reported.
    """

    measure: Callable[[Reps], Any]
    uncertainty: Literal["rescored", "stated"] | None = None


METRICS: dict[str, Metric] = {
    # vertical force: force.py
    "body_weight_n": Metric(force.body_weight, uncertainty="rescored"),
    "system_weight_n": Metric(force.body_weight, uncertainty="rescored"),
    "peak_force_n": Metric(force.peak_force, uncertainty="rescored"),
    "landing_peak_force_n": Metric(force.landing_peak_force, uncertainty="rescored"),
    "flight_time_s": Metric(force.flight_time, uncertainty="rescored"),
    "contact_time_s": Metric(force.contact_time, uncertainty="rescored"),
    "time_to_takeoff_s": Metric(force.time_to_takeoff, uncertainty="rescored"),
    "unweighting_time_s": Metric(force.unweighting_time),
    "braking_time_s": Metric(force.braking_time),
    "propulsion_time_s": Metric(force.propulsion_time),
    "net_impulse_n_s": Metric(force.net_impulse, uncertainty="rescored"),
    "braking_impulse_n_s": Metric(force.braking_impulse),
    "propulsion_impulse_n_s": Metric(force.propulsion_impulse),
    "rate_of_force_development_n_per_s": Metric(force.rate_of_force_development, uncertainty="rescored"),
    "time_to_peak_force_s": Metric(force.time_to_peak_force),
    "loading_rate_n_per_s": Metric(force.loading_rate),
    "centre_of_pressure_range_ap_m": Metric(force.centre_of_pressure_range_ap),
    "centre_of_pressure_range_ml_m": Metric(force.centre_of_pressure_range_ml),
    # velocity, height and power of the centre of mass: power.py
    "jump_height_impulse_m": Metric(power.jump_height_impulse, uncertainty="rescored"),
    "jump_height_flight_time_m": Metric(power.jump_height_flight_time, uncertainty="rescored"),
    "jump_height_pelvis_m": Metric(power.jump_height_pelvis, uncertainty="rescored"),
    "takeoff_velocity_m_per_s": Metric(power.takeoff_velocity, uncertainty="rescored"),
    "countermovement_depth_m": Metric(power.countermovement_depth, uncertainty="rescored"),
    "peak_power_w": Metric(power.peak_power, uncertainty="rescored"),
    "rsi_modified_m_per_s": Metric(power.rsi_modified, uncertainty="rescored"),
    "rsi_m_per_s": Metric(power.rsi, uncertainty="rescored"),
    "flight_contact_ratio": Metric(power.flight_contact_ratio),
    "fall_height_m": Metric(power.fall_height, uncertainty="rescored"),
    # joint angles and motion of the body: joints.py
    "knee_flexion_max_deg": Metric(joints.knee_flexion_max),
    "hip_flexion_max_deg": Metric(joints.hip_flexion_max),
    "ankle_dorsiflexion_max_deg": Metric(joints.ankle_dorsiflexion_max),
    "lumbar_flexion_max_deg": Metric(joints.lumbar_flexion_max),
    "trunk_lean_max_deg": Metric(joints.trunk_lean_max),
    "squat_depth_m": Metric(joints.squat_depth),
    "thigh_angle_max_deg": Metric(joints.thigh_angle_max),
    "eccentric_time_s": Metric(joints.eccentric_time),
    "pause_time_s": Metric(joints.pause_time),
    "concentric_time_s": Metric(joints.concentric_time),
    "mean_concentric_velocity_m_per_s": Metric(joints.mean_concentric_velocity),
    "velocity_loss_percent": Metric(joints.velocity_loss),
    "foot_strike_angle_deg": Metric(joints.foot_strike_angle),
    "running_speed_m_per_s": Metric(joints.running_speed),
    "step_speed_m_per_s": Metric(joints.step_speed),
    # alignment of the leg: alignment.py
    **{name: Metric(measure, uncertainty="stated") for name, measure in alignment.WITH_UNCERTAINTY.items()},
    "foot_progression_angle_deg": Metric(alignment.foot_progression_angle),
    "knee_cross_talk_r2": Metric(alignment.knee_cross_talk),
    "knee_abduction_corrected_peak_deg": Metric(alignment.knee_abduction_corrected_peak),
    # joint moments, power and work, horizontal force: kinetics.py
    **{
        f"{joint}_moment_peak_n_m_per_kg": Metric(kinetics.moment_peak(joint))
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    "knee_abduction_moment_peak_n_m_per_kg": Metric(kinetics.abduction_moment_peak),
    **{
        f"{joint}_power_peak_w_per_kg": Metric(kinetics.power_peak(joint))
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    **{
        f"{joint}_work_{kind}_j_per_kg": Metric(kinetics.work(joint, kind))
        for joint in ("hip", "knee", "ankle", "lumbar")
        for kind in ("generated", "absorbed")
    },
    "power_residual_peak_w_per_kg": Metric(kinetics.power_residual_peak),
    "force_transmission_ratio": Metric(kinetics.force_transmission_ratio),
    "frontal_plane_work_percent": Metric(kinetics.frontal_plane_work_share),
    "horizontal_braking_impulse_n_s": Metric(kinetics.horizontal_braking_impulse),
    "horizontal_propulsion_impulse_n_s": Metric(kinetics.horizontal_propulsion_impulse),
}
#: What several metrics share, computed when the first of them needs it.
SHARED: dict[str, Callable[[Reps], xr.Variable]] = {
    "works": lambda reps: xr.Variable(("rep", "side"), joints.working_legs(reps["leg"].data)),
    "sample_count": lambda reps: recorded_samples(reps, ("force",)),
    "frame_count": lambda reps: recorded_samples(reps, ("angle", "foot_height", "pelvis_position")),
    "velocity": velocity,
    "takeoff_velocity": power.takeoff_velocity,
    "braking_start": force.braking_start,
    "span_start": lambda reps: joints.movement_span(reps)[0],
    "span_end": lambda reps: joints.movement_span(reps)[1],
    "joint_power": kinetics.joint_power,
    "joint_moment_peak": kinetics.joint_moment_peak,
    "joint_power_peak": kinetics.joint_power_peak,
    "joint_work_generated": kinetics.joint_work(1.0),
    "joint_work_absorbed": kinetics.joint_work(-1.0),
}
