"""TASKS: one entry per movement task: how it starts, with which legs, and how a recording of it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Task:
    """A movement task.

    Parameters
    ----------
    meaning : one sentence.
    start : what precedes the movement. "standing" and "held_squat": the person is still, is weighed there, and velocity
        is integrated from there. "fall" and "running": the person is not; body weight is that of quiet standing after
        the last landing, else the session's body mass.
    legs : "both"; "one", which trials.tsv names; "either": both, or the one that trials.tsv names; "alternating": each
        repetition is a step on the other leg.
    direction : of the movement of the body: "vertical", "lateral", "forward", or None for standing.
    cut : how repetitions are found in a recording.
        "quiet": one repetition, the quietest stretch of standing.
        "flight": one repetition per flight that starts from standing (weighing before, landing after).
        "rebound": one repetition per ground contact between a fall and a flight.
        "impact": one repetition per landing from a fall, without a flight afterwards.
        "descent": one repetition per squat, by the height of the pelvis, or of the centre of mass without markers.
        "contact": one repetition per running step on the plates.
    cut_by : streams (STREAMS of vocabulary.py) that show where the repetitions lie, the preferred first.
    metrics : names of the METRICS that apply.
    """

    meaning: str
    start: Literal["standing", "held_squat", "fall", "running"]
    legs: Literal["both", "one", "either", "alternating"]
    direction: Literal["vertical", "lateral", "forward"] | None
    cut: Literal["quiet", "flight", "rebound", "impact", "descent", "contact"]
    cut_by: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def starts_still(self) -> bool:
        """Whether the person is still before the movement."""
        return self.start in ("standing", "held_squat")


_FORCE = ("body_weight_n", "peak_force_n")
_FLIGHT = (
    "jump_height_impulse_m",
    "jump_height_flight_time_m",
    "jump_height_pelvis_m",
    "takeoff_velocity_m_per_s",
    "flight_time_s",
    "landing_peak_force_n",
)
_PUSH_OFF = (
    "propulsion_time_s",
    "propulsion_impulse_n_s",
    "net_impulse_n_s",
    "rate_of_force_development_n_per_s",
    "peak_power_w",
    "time_to_takeoff_s",
    "rsi_modified_m_per_s",
)
_ANGLES = (
    "knee_flexion_max_deg",
    "hip_flexion_max_deg",
    "ankle_dorsiflexion_max_deg",
    "lumbar_flexion_max_deg",
    "trunk_lean_max_deg",
)
_ALIGNMENT = (
    "knee_abduction_peak_deg",
    "knee_fppa_peak_deg",
    "knee_ankle_separation_ratio_min",
    "medial_knee_displacement_max_m",
    "pelvic_drop_max_deg",
    "knee_medial_to_toe_max_m",
    "foot_progression_angle_deg",
    "knee_cross_talk_r2",
    "knee_abduction_corrected_peak_deg",
)
_STRAIGHT = ("hip_knee_ankle_angle_deg",)
_LOADS = (
    *(f"{joint}_moment_peak_n_m_per_kg" for joint in ("hip", "knee", "ankle", "lumbar")),
    "knee_abduction_moment_peak_n_m_per_kg",
    *(f"{joint}_power_peak_w_per_kg" for joint in ("hip", "knee", "ankle", "lumbar")),
    *(
        f"{joint}_work_{kind}_j_per_kg"
        for joint in ("hip", "knee", "ankle", "lumbar")
        for kind in ("generated", "absorbed")
    ),
    "frontal_plane_work_percent",
    "power_residual_peak_w_per_kg",
)
_JUMP = ("force_transmission_ratio", "landing_knee_abduction_peak_deg")
_BODY = (*_ANGLES, *_ALIGNMENT, *_LOADS)
_COUNTERMOVEMENT = ("unweighting_time_s", "braking_time_s", "braking_impulse_n_s", "countermovement_depth_m")

TASKS: dict[str, Task] = {
    "standing": Task(
        "Quiet standing.",
        start="standing",
        legs="either",
        direction=None,
        cut="quiet",
        cut_by=("force",),
        metrics=("body_weight_n", "centre_of_pressure_range_ap_m", "centre_of_pressure_range_ml_m", *_STRAIGHT),
    ),
    "countermovement_jump": Task(
        "Vertical jump from standing, with a countermovement.",
        start="standing",
        legs="either",
        direction="vertical",
        cut="flight",
        cut_by=("force",),
        metrics=(*_FORCE, *_FLIGHT, *_PUSH_OFF, *_COUNTERMOVEMENT, *_BODY, *_STRAIGHT, *_JUMP),
    ),
    "squat_jump": Task(
        "Vertical jump from a held squat, without a countermovement.",
        start="held_squat",
        legs="either",
        direction="vertical",
        cut="flight",
        cut_by=("force",),
        metrics=(*_FORCE, *_FLIGHT, *_PUSH_OFF, *_BODY, *_JUMP),
    ),
    "drop_jump": Task(
        "Step off a box, land, jump at once.",
        start="fall",
        legs="either",
        direction="vertical",
        cut="rebound",
        cut_by=("force",),
        metrics=(
            *_FORCE,
            *_FLIGHT,
            "contact_time_s",
            "rsi_m_per_s",
            "flight_contact_ratio",
            "fall_height_m",
            "braking_time_s",
            "propulsion_time_s",
            "braking_impulse_n_s",
            "propulsion_impulse_n_s",
            "net_impulse_n_s",
            "countermovement_depth_m",
            "peak_power_w",
            *_BODY,
            *_JUMP,
        ),
    ),
    "landing": Task(
        "Land from a height and stand.",
        start="fall",
        legs="either",
        direction="vertical",
        cut="impact",
        cut_by=("force",),
        metrics=("body_weight_n", "landing_peak_force_n", "time_to_peak_force_s", "loading_rate_n_per_s", *_BODY),
    ),
    "squat": Task(
        "Squats, one or many.",
        start="standing",
        legs="either",
        direction="vertical",
        cut="descent",
        cut_by=("markers", "segments", "force"),
        metrics=(
            "system_weight_n",
            "peak_force_n",
            "countermovement_depth_m",
            "squat_depth_m",
            "thigh_angle_max_deg",
            "eccentric_time_s",
            "pause_time_s",
            "concentric_time_s",
            "mean_concentric_velocity_m_per_s",
            "velocity_loss_percent",
            *_BODY,
            *_STRAIGHT,
            "force_transmission_ratio",
        ),
    ),
    "lateral_jump": Task(
        "Sideways jump from one leg.",
        start="standing",
        legs="one",
        direction="lateral",
        cut="flight",
        cut_by=("force",),
        metrics=(*_FORCE, *_FLIGHT, *_PUSH_OFF, *_COUNTERMOVEMENT, *_BODY),
    ),
    "sprint": Task(
        "Running steps over plates.",
        start="running",
        legs="alternating",
        direction="forward",
        cut="contact",
        cut_by=("force",),
        metrics=(
            "peak_force_n",
            "contact_time_s",
            "horizontal_braking_impulse_n_s",
            "horizontal_propulsion_impulse_n_s",
            "foot_strike_angle_deg",
            "running_speed_m_per_s",
            "step_speed_m_per_s",
            "flight_time_s",
            *_BODY,
        ),
    ),
}
