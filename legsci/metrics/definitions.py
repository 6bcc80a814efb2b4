"""Definition of each column of metrics.csv: label, unit, meaning, sign and source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """Definition of a column of the metrics table.

    Parameters
    ----------
    meaning : one sentence, with the equation where there is one.
    unit : SI unit as written on axes.
    sign : meaning of a positive value, where that is a convention.
    source : of the definition.
    label : short name for axes and tables.
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
    "body_weight_n": Term("body weight", "N", "Mean vertical force over the weighing window.", "Owen et al. 2014"),
    "system_weight_n": Term(
        "system weight",
        "N",
        "Mean vertical force over the weighing window: weight of the person and the barbell together.",
        "Owen et al. 2014",
    ),
    "peak_force_n": Term(
        "peak force", "N", "Maximum vertical force from movement start to take-off (squat: to the end).", _MCMAHON
    ),
    "landing_peak_force_n": Term(
        "landing peak force",
        "N",
        "Maximum vertical force in the 0.5 s after landing (task landing: after touchdown).",
        _MCMAHON,
    ),
    "jump_height_impulse_m": Term(
        "jump height (impulse)", "m", "v^2 / (2 g), with v the take-off velocity by integration of force.", _LINTHORNE
    ),
    "jump_height_flight_time_m": Term(
        "jump height (flight time)",
        "m",
        "g t^2 / 8, with t the flight time; overestimates the height if landing is with flexed legs.",
        _LINTHORNE,
    ),
    "jump_height_pelvis_m": Term(
        "jump height (pelvis)",
        "m",
        "Maximum mean height of the pelvis markers in flight minus their mean height at take-off.",
        "Eythorsdottir et al. 2024 (comparison of jump height equations)",
    ),
    "takeoff_velocity_m_per_s": Term(
        "take-off velocity", "m/s", "Velocity of the centre of mass at take-off.", _LINTHORNE, "upward"
    ),
    "flight_time_s": Term("flight time", "s", "Time from take-off to landing.", _LINTHORNE),
    "contact_time_s": Term(
        "contact time", "s", "Time from touchdown to take-off.", "Flanagan & Comyns 2008, Strength Cond J 30(5):32"
    ),
    "time_to_takeoff_s": Term(
        "time to take-off", "s", "Movement start to take-off.", "Ebben & Petushek 2010, J Strength Cond Res 24:1983"
    ),
    "unweighting_time_s": Term("unweighting time", "s", "Time from movement start to braking start.", _MCMAHON),
    "braking_time_s": Term(
        "braking time", "s", "Time from braking start (as the profile defines it) to the lowest point, v = 0.", _MCMAHON
    ),
    "propulsion_time_s": Term(
        "propulsion time", "s", "Time from propulsion start (as the profile defines it) to take-off.", _MCMAHON
    ),
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
        "Integral of force minus body weight from movement start to take-off.",
        _LINTHORNE,
        "upward",
    ),
    "braking_impulse_n_s": Term(
        "braking impulse", "N s", "Integral of force minus body weight over braking.", _MCMAHON, "upward"
    ),
    "propulsion_impulse_n_s": Term(
        "propulsion impulse", "N s", "Integral of force minus body weight over propulsion.", _MCMAHON, "upward"
    ),
    "rate_of_force_development_n_per_s": Term(
        "rate of force development",
        "N/s",
        "Mean slope of force over the braking phase; without a braking phase, from movement start to peak force.",
        _MCMAHON,
        "rising force",
    ),
    "peak_power_w": Term(
        "peak power",
        "W",
        "Maximum product of force and velocity from movement start to take-off.",
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
        "v^2 / (2 g), with v the velocity at touchdown by backward integration from quiet standing.",
        "Baca 1999, Med Sci Sports Exerc 31:437",
    ),
    "time_to_peak_force_s": Term("time to peak force", "s", "Time from touchdown to the landing peak force.", _MCMAHON),
    "loading_rate_n_per_s": Term("loading rate", "N/s", "Landing peak force / time to peak force.", _MCMAHON),
    "centre_of_pressure_range_ap_m": Term(
        "COP range, anteroposterior",
        "m",
        "Range of the centre of pressure along x (anteroposterior) in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
    "centre_of_pressure_range_ml_m": Term(
        "COP range, mediolateral",
        "m",
        "Range of the centre of pressure along z (mediolateral) in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
    "knee_flexion_max_deg": Term("knee flexion", "deg", "Maximum knee flexion during the movement.", _GROOD, "flexion"),
    "hip_flexion_max_deg": Term("hip flexion", "deg", "Maximum hip flexion during the movement.", _GROOD, "flexion"),
    "ankle_dorsiflexion_max_deg": Term(
        "ankle dorsiflexion", "deg", "Maximum ankle dorsiflexion during the movement.", _GROOD, "dorsiflexion"
    ),
    "lumbar_flexion_max_deg": Term(
        "lumbar flexion",
        "deg",
        "Maximum flexion of the trunk relative to the pelvis minus that in standing; without a standing trial, minus "
        "that at the start of the movement.",
        _GROOD,
        "flexion",
    ),
    "trunk_lean_max_deg": Term("trunk lean", "deg", "Maximum angle of the trunk from the vertical.", _OURS, "forward"),
    "squat_depth_m": Term(
        "squat depth",
        "m",
        "Descent of the mid-hip point from the start of the eccentric phase to the lowest point.",
        _OURS,
        "downward",
    ),
    "thigh_angle_max_deg": Term(
        "thigh angle", "deg", "Maximum angle of the hip-knee line from the vertical; 90 is a horizontal thigh.", _OURS
    ),
    "eccentric_time_s": Term(
        "eccentric time",
        "s",
        "Duration of the eccentric phase: from the start of the descent to the pause (mechanics/reps/squats.py).",
        _OURS,
    ),
    "pause_time_s": Term(
        "pause time", "s", "Time from the end of the eccentric phase to the start of the concentric phase.", _OURS
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
        "velocity loss", "%", "100 (1 - mean concentric velocity / the highest in the set so far).", _SANCHEZ, "slower"
    ),
    "knee_abduction_peak_deg": Term(
        "knee abduction",
        "deg",
        "Maximum three-dimensional knee abduction angle during the movement; not interchangeable with other measures "
        "of valgus.",
        _GROOD,
        "valgus",
    ),
    "landing_knee_abduction_peak_deg": Term(
        "knee abduction in landing",
        "deg",
        "Maximum three-dimensional knee abduction angle in the 0.5 s after landing.",
        _GROOD,
        "valgus",
    ),
    "knee_fppa_peak_deg": Term(
        "frontal-plane projection angle",
        "deg",
        "Maximum of 180 deg minus the hip-knee-ankle angle, projected onto the vertical plane through the hip joint "
        "centres, while the thigh is within 70 deg of the vertical.",
        "Willson & Davis 2008, J Orthop Sports Phys Ther 38:606",
        "valgus",
    ),
    "knee_ankle_separation_ratio_min": Term(
        "knee-to-ankle separation",
        "1",
        "Minimum ratio of the distance between the knee joint centres to that between the ankle joint centres, along "
        "the line through the hip joint centres.",
        "Noyes et al. 2005, Am J Sports Med 33:197",
        "knees apart",
    ),
    "medial_knee_displacement_max_m": Term(
        "medial knee displacement",
        "m",
        "Maximum medial displacement of the knee joint centre relative to the ankle joint centre from the start of the "
        "movement.",
        _OURS,
        "inward",
    ),
    "pelvic_drop_max_deg": Term(
        "pelvic drop",
        "deg",
        "Maximum pelvic obliquity during stance on this leg.",
        _BAKER,
        "contralateral side down",
    ),
    "hip_knee_ankle_angle_deg": Term(
        "hip-knee-ankle angle",
        "deg",
        "Angle between the hip-knee and knee-ankle lines in the frontal plane of the thigh at the start of the "
        "movement, with the leg extended.",
        _OURS,
        "180 is straight, more is valgus",
    ),
    "knee_medial_to_toe_max_m": Term(
        "knee medial to toe",
        "m",
        "Maximum medial distance of the knee joint centre from the vertical plane through the ankle joint centre and "
        "the long axis of the foot.",
        _OURS,
        "inward",
    ),
    "foot_progression_angle_deg": Term(
        "foot progression",
        "deg",
        "Angle of the long axis of the foot to the forward direction of the hips, at the start of the movement.",
        _OURS,
        "toes out",
    ),
    "knee_cross_talk_r2": Term(
        "knee cross-talk",
        "1",
        "Squared correlation of knee flexion and abduction over the movement. Near 1, flexion may appear as abduction "
        "through a misaligned flexion axis; true abduction that increases with flexion also raises it.",
        _BAUDET,
    ),
    "knee_abduction_corrected_peak_deg": Term(
        "knee abduction, axes corrected",
        "deg",
        "Maximum knee abduction about axes rotated so that flexion and abduction are uncorrelated over the trial. True "
        "abduction that increases with flexion is also removed: compare with the uncorrected value.",
        _BAUDET,
        "valgus",
    ),
    **{
        f"{joint}_moment_peak_n_m_per_kg": Term(
            f"{joint} moment",
            "N m/kg",
            f"Maximum net internal {'plantarflexion' if joint == 'ankle' else 'extension'} moment of the {joint}, per "
            f"body mass.",
            _WINTER,
            "plantarflexion" if joint == "ankle" else "extension",
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    "knee_abduction_moment_peak_n_m_per_kg": Term(
        "knee abduction moment",
        "N m/kg",
        "Maximum net internal abduction moment of the knee (into valgus), per body mass.",
        _WINTER,
        "valgus",
    ),
    **{
        f"{joint}_power_peak_w_per_kg": Term(
            f"{joint} power", "W/kg", f"Maximum net power of the {joint}, per body mass.", _WINTER, "generated"
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    **{
        f"{joint}_work_{kind}_j_per_kg": Term(
            f"{joint} work, {kind}",
            "J/kg",
            f"Time integral of {sign} net power of the {joint} over the movement, per body mass.",
            _WINTER,
            kind,
        )
        for joint in ("hip", "knee", "ankle", "lumbar")
        for kind, sign in (("generated", "positive"), ("absorbed", "negative"))
    },
    "power_residual_peak_w_per_kg": Term(
        "power residual",
        "W/kg",
        "Maximum rate of change of the energy of a thigh, shank or foot that is not accounted for by joint powers and "
        "the power of the ground reaction, per body mass.",
        "Robertson & Winter 1980, J Biomech 13:845",
    ),
    "force_transmission_ratio": Term(
        "force transmission ratio",
        "1",
        "Gain in mechanical energy of the centre of mass / positive work of hips, knees, ankles and lumbar joint, from "
        "the lowest point to take-off (squat: concentric phase).",
        _OURS,
    ),
    "frontal_plane_work_percent": Term(
        "frontal-plane work",
        "%",
        "Frontal-plane share of the work of hip, knee and ankle, generated plus absorbed.",
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
        "Pitch of the foot at touchdown minus that in standing.",
        "Altman & Davis 2012, Gait Posture 35:298",
        "toes up",
    ),
    "running_speed_m_per_s": Term(
        "running speed", "m/s", "Mean horizontal speed of the pelvis over the recording.", _OURS
    ),
    "step_speed_m_per_s": Term(
        "step speed",
        "m/s",
        "Mean horizontal speed of the pelvis between touchdowns; not given for the last step.",
        _OURS,
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


def asymmetry_name(metric: str) -> str:
    """Return the name of the asymmetry of a metric of ASYMMETRIES."""
    return f"asymmetry_{metric.removesuffix('_s').removesuffix('_n')}_percent"


for _metric in ASYMMETRIES:
    METRIC_TERMS[asymmetry_name(_metric)] = Term(
        f"asymmetry of {METRIC_TERMS[_metric].label}",
        "%",
        f"100 (R - L) / (R + L) of {_metric}.",
        "Bishop et al. 2016, Strength Cond J 38(6):34 (the signed bilateral index among nine)",
        "right above left",
    )
