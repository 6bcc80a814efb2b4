"""What each column of metrics.csv means: label, unit, meaning, sign and source, once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """Definition of a column of the metrics table.

    Parameters
    ----------
    meaning : one sentence, with the equation where there is one.
    unit : SI unit as written on axes.
    sign : what a positive value means, where that is a choice.
    source : of the definition.
    label : short words for axes and tables.
    """

    label: str
    unit: str
    meaning: str
    source: str
    sign: str = ""


_LINTHORNE = "Linthorne 2001, Am J Phys 69:1198"
_HUNTER = "Hunter et al. 2005, J Appl Biomech 21:31"
_GROOD = "Grood & Suntay 1983, J Biomech Eng 105:136; Wu et al. 2002, J Biomech 35:543"
_WINTER = "Winter 2009, Biomechanics and Motor Control of Human Movement, 4th ed."
_OURS = "defined here"
_BAUDET = "Baudet et al. 2014, PLoS ONE 9:e102098"
_BAKER = "Baker 2001, Gait Posture 13:1"
_SANCHEZ = "Sanchez-Medina & Gonzalez-Badillo 2011, Med Sci Sports Exerc 43:1725"
_MCMAHON = "McMahon et al. 2018, Strength Cond J 40(4):96"

#: Columns of metrics.csv, unit in the name.
METRIC_TERMS: dict[str, Term] = {
    "body_weight_n": Term("body weight", "N", "Mean vertical force of the weighing window.", "Owen et al. 2014"),
    "system_weight_n": Term(
        "system weight",
        "N",
        "Mean vertical force of the weighing window, of the person and the barbell together.",
        "Owen et al. 2014",
    ),
    "peak_force_n": Term(
        "peak force", "N", "Highest vertical force from movement start to take-off (squat: to the end).", _MCMAHON
    ),
    "landing_peak_force_n": Term(
        "landing peak force",
        "N",
        "Highest vertical force in the 0.5 s after landing (tasks landing: after touchdown).",
        _MCMAHON,
    ),
    "jump_height_impulse_m": Term(
        "jump height (impulse)", "m", "v^2 / 2g, with v the take-off velocity from integrated force.", _LINTHORNE
    ),
    "jump_height_flight_time_m": Term(
        "jump height (flight time)",
        "m",
        "g t^2 / 8, with t the flight time; reads high when landing with bent legs.",
        _LINTHORNE,
    ),
    "jump_height_pelvis_m": Term(
        "jump height (pelvis)",
        "m",
        "Highest mean height of the pelvis markers in flight, less their height at take-off.",
        "Eythorsdottir et al. 2024 (comparison of jump height equations)",
    ),
    "takeoff_velocity_m_per_s": Term(
        "take-off velocity", "m/s", "Velocity of the centre of mass at take-off.", _LINTHORNE, "upward"
    ),
    "flight_time_s": Term("flight time", "s", "Landing less take-off.", _LINTHORNE),
    "contact_time_s": Term(
        "contact time", "s", "Take-off less touchdown.", "Flanagan & Comyns 2008, Strength Cond J 30(5):32"
    ),
    "time_to_takeoff_s": Term(
        "time to take-off", "s", "Take-off less movement start.", "Ebben & Petushek 2010, J Strength Cond Res 24:1983"
    ),
    "unweighting_time_s": Term("unweighting time", "s", "Braking start less movement start.", _MCMAHON),
    "braking_time_s": Term(
        "braking time", "s", "From braking start (of the profile) to the lowest point, v = 0.", _MCMAHON
    ),
    "propulsion_time_s": Term("propulsion time", "s", "From propulsion start (of the profile) to take-off.", _MCMAHON),
    "countermovement_depth_m": Term(
        "countermovement depth",
        "m",
        "Descent of the centre of mass from movement start (drop jump: touchdown) to the lowest point.",
        _MCMAHON,
        "downward",
    ),
    "net_impulse_n_s": Term(
        "net impulse",
        "N s",
        "Integral of force less body weight from movement start to take-off.",
        _LINTHORNE,
        "upward",
    ),
    "braking_impulse_n_s": Term(
        "braking impulse", "N s", "Integral of force less body weight over braking.", _MCMAHON, "upward"
    ),
    "propulsion_impulse_n_s": Term(
        "propulsion impulse", "N s", "Integral of force less body weight over propulsion.", _MCMAHON, "upward"
    ),
    "rate_of_force_development_n_per_s": Term(
        "rate of force development",
        "N/s",
        "Mean slope of force over braking; where there is no braking, from movement start to peak force.",
        _MCMAHON,
        "rising force",
    ),
    "peak_power_w": Term(
        "peak power",
        "W",
        "Highest product of force and velocity from movement start to take-off.",
        _LINTHORNE,
        "upward",
    ),
    "rsi_modified_m_per_s": Term(
        "RSI modified",
        "m/s",
        "Jump height (impulse) / time to take-off.",
        "Ebben & Petushek 2010, J Strength Cond Res 24:1983",
    ),
    "rsi_m_per_s": Term(
        "RSI", "m/s", "Jump height (flight time) / contact time.", "Flanagan & Comyns 2008, Strength Cond J 30(5):32"
    ),
    "flight_contact_ratio": Term(
        "flight to contact ratio", "1", "Flight time / contact time.", "Flanagan & Comyns 2008"
    ),
    "fall_height_m": Term(
        "fall height",
        "m",
        "v^2 / 2g, with v the velocity at touchdown integrated backward from standing.",
        "Baca 1999, Med Sci Sports Exerc 31:437",
    ),
    "time_to_peak_force_s": Term("time to peak force", "s", "Landing peak less touchdown.", _MCMAHON),
    "loading_rate_n_per_s": Term("loading rate", "N/s", "Landing peak force / time to peak force.", _MCMAHON),
    "centre_of_pressure_range_ap_m": Term(
        "COP range, anteroposterior",
        "m",
        "Range of the centre of pressure along x in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
    "centre_of_pressure_range_ml_m": Term(
        "COP range, mediolateral",
        "m",
        "Range of the centre of pressure along z in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
    "knee_flexion_max_deg": Term("knee flexion", "deg", "Largest knee flexion of the movement.", _GROOD, "flexion"),
    "hip_flexion_max_deg": Term("hip flexion", "deg", "Largest hip flexion of the movement.", _GROOD, "flexion"),
    "ankle_dorsiflexion_max_deg": Term(
        "ankle dorsiflexion", "deg", "Largest dorsiflexion of the movement.", _GROOD, "dorsiflexion"
    ),
    "lumbar_flexion_max_deg": Term(
        "lumbar flexion",
        "deg",
        "Largest flexion of the trunk relative to the pelvis less that in standing, or without a standing trial at the "
        "start.",
        _GROOD,
        "flexion",
    ),
    "trunk_lean_max_deg": Term("trunk lean", "deg", "Largest angle of the trunk from the vertical.", _OURS, "forward"),
    "squat_depth_m": Term(
        "squat depth",
        "m",
        "Descent of the mid-hip point from the start of the eccentric phase to the lowest point.",
        _OURS,
        "downward",
    ),
    "thigh_angle_max_deg": Term(
        "thigh angle", "deg", "Largest angle of the line hip-knee from the vertical; 90 is a horizontal thigh.", _OURS
    ),
    "eccentric_time_s": Term(
        "eccentric time",
        "s",
        "Duration of the eccentric phase: from the start of the descent to the pause (mechanics/reps/squats.py).",
        _OURS,
    ),
    "pause_time_s": Term(
        "pause time", "s", "From the end of the eccentric to the start of the concentric phase.", _OURS
    ),
    "concentric_time_s": Term(
        "concentric time", "s", "Duration of the concentric phase: from the start of the ascent to its end.", _OURS
    ),
    "mean_concentric_velocity_m_per_s": Term(
        "mean concentric velocity",
        "m/s",
        "Rise of the mid-hip point in the concentric phase / concentric time.",
        _SANCHEZ,
        "upward",
    ),
    "velocity_loss_percent": Term(
        "velocity loss", "%", "100 (1 - mean concentric velocity / the highest of the set so far).", _SANCHEZ, "slower"
    ),
    "knee_abduction_peak_deg": Term(
        "knee abduction",
        "deg",
        "Largest three-dimensional knee abduction angle of the movement; not interchangeable with other measures of "
        "valgus.",
        _GROOD,
        "valgus",
    ),
    "landing_knee_abduction_peak_deg": Term(
        "knee abduction in landing",
        "deg",
        "Largest three-dimensional knee abduction angle in the 0.5 s after landing.",
        _GROOD,
        "valgus",
    ),
    "knee_fppa_peak_deg": Term(
        "frontal-plane projection angle",
        "deg",
        "Largest value of 180 less the angle hip-knee-ankle, projected on the vertical plane through the hip centres, "
        "while the thigh is within 70 deg of the vertical.",
        "Willson & Davis 2008, J Orthop Sports Phys Ther 38:606",
        "valgus",
    ),
    "knee_ankle_separation_ratio_min": Term(
        "knee-to-ankle separation",
        "1",
        "Smallest distance between the knee centres / that between the ankle centres, along the line of the hips.",
        "Noyes et al. 2005, Am J Sports Med 33:197",
        "knees apart",
    ),
    "medial_knee_displacement_max_m": Term(
        "medial knee displacement",
        "m",
        "Largest medial displacement of the knee centre relative to the ankle centre since the start of the movement.",
        _OURS,
        "inward",
    ),
    "pelvic_drop_max_deg": Term(
        "pelvic drop",
        "deg",
        "Largest obliquity of the pelvis in stance on this leg.",
        _BAKER,
        "contralateral side down",
    ),
    "hip_knee_ankle_angle_deg": Term(
        "hip-knee-ankle angle",
        "deg",
        "Angle of the lines hip-knee and knee-ankle in the frontal plane of the thigh at the start of the movement, "
        "with the leg straight.",
        _OURS,
        "180 is straight, more is valgus",
    ),
    "knee_medial_to_toe_max_m": Term(
        "knee medial to toe",
        "m",
        "Largest medial distance of the knee centre from the vertical plane through ankle centre and axis of the foot.",
        _OURS,
        "inward",
    ),
    "foot_progression_angle_deg": Term(
        "foot progression",
        "deg",
        "Direction of the foot relative to that of the hips, at the start.",
        _OURS,
        "toes out",
    ),
    "knee_cross_talk_r2": Term(
        "knee cross-talk",
        "1",
        "Squared correlation of flexion and abduction of the knee over the movement: near 1, a misplaced flexion axis "
        "may have turned flexion into abduction; true abduction that grows with flexion raises it as well.",
        _BAUDET,
    ),
    "knee_abduction_corrected_peak_deg": Term(
        "knee abduction, axes corrected",
        "deg",
        "Largest knee abduction about axes rotated so that flexion and abduction are uncorrelated over the trial. True "
        "abduction that grows with flexion is removed too: compare with the uncorrected value.",
        _BAUDET,
        "valgus",
    ),
    **{
        f"{joint}_moment_peak_n_m_per_kg": Term(
            f"{joint} moment",
            "N m/kg",
            f"Largest net moment that {'plantarflexes' if joint == 'ankle' else 'extends'} the {joint}, per body mass.",
            _WINTER,
            "plantarflexion" if joint == "ankle" else "extension",
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    "knee_abduction_moment_peak_n_m_per_kg": Term(
        "knee abduction moment", "N m/kg", "Largest net moment that abducts the knee (into valgus).", _WINTER, "valgus"
    ),
    **{
        f"{joint}_power_peak_w_per_kg": Term(
            f"{joint} power", "W/kg", f"Largest net power of the {joint}, per body mass.", _WINTER, "generated"
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    **{
        f"{joint}_work_{kind}_j_per_kg": Term(
            f"{joint} work, {kind}",
            "J/kg",
            f"Integral of the net power of the {joint} over the movement where it is {sign}, per body mass.",
            _WINTER,
            kind,
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
        for kind, sign in (("generated", "positive"), ("absorbed", "negative"))
    },
    "power_residual_peak_w_per_kg": Term(
        "power residual",
        "W/kg",
        "Largest rate of change of energy of a thigh, shank or foot that the power of its joints and of the ground "
        "does not explain, per body mass.",
        "Robertson & Winter 1980, J Biomech 13:845",
    ),
    "force_transmission_ratio": Term(
        "force transmission ratio",
        "1",
        "Gain of mechanical energy of the centre of mass / positive work of hips, knees, ankles and lumbar joint, from "
        "the lowest point to take-off (squat: concentric phase).",
        _OURS,
    ),
    "frontal_plane_work_percent": Term(
        "frontal-plane work",
        "%",
        "Share of the frontal plane in the work of hip, knee and ankle, generated and absorbed.",
        _OURS,
    ),
    "horizontal_braking_impulse_n_s": Term(
        "horizontal braking impulse",
        "N s",
        "Integral of the posterior ground reaction force over the contact.",
        _HUNTER,
        "backward",
    ),
    "horizontal_propulsion_impulse_n_s": Term(
        "horizontal propulsion impulse",
        "N s",
        "Integral of the anterior ground reaction force over the contact.",
        _HUNTER,
        "forward",
    ),
    "foot_strike_angle_deg": Term(
        "foot strike angle",
        "deg",
        "Pitch of the foot at touchdown less that of standing.",
        "Altman & Davis 2012, Gait Posture 35:298",
        "toes up",
    ),
    "running_speed_m_per_s": Term(
        "running speed", "m/s", "Mean horizontal speed of the pelvis over the recording.", _OURS
    ),
    "step_speed_m_per_s": Term(
        "step speed", "m/s", "Mean horizontal speed of the pelvis to the next touchdown; the last step has none.", _OURS
    ),
}
#: Metrics that are also compared between sides, as asymmetry_<metric>_percent = 100 (right - left) / (right + left).
ASYMMETRIES = (
    "body_weight_n",
    "system_weight_n",
    "peak_force_n",
    "landing_peak_force_n",
    "braking_impulse_n_s",
    "propulsion_impulse_n_s",
)
for _metric in ASYMMETRIES:
    _name = _metric.rpartition("_n")[0] if _metric.endswith("_n") else _metric.removesuffix("_n_s")
    METRIC_TERMS[f"asymmetry_{_name}_percent"] = Term(
        f"asymmetry of {METRIC_TERMS[_metric].label}",
        "%",
        f"100 (R - L) / (R + L) of {_metric}.",
        "Bishop et al. 2016, Strength Cond J 38(6):34 (of nine indices, the signed bilateral one)",
        "right above left",
    )
