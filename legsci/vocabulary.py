"""Vocabulary: gravity, axes, sides, segments and landmarks once; names that were replaced."""

from __future__ import annotations

#: Standard acceleration of gravity [m/s^2] (CGPM 1901); local gravity differs by up to 0.3 %.
STANDARD_GRAVITY = 9.80665

#: ISB laboratory axes: name -> meaning (Wu & Cavanagh 1995, J Biomech 28:1257).
AXES = {"x": "anterior, the way the person faces", "y": "up", "z": "to the person's right"}
SIDES = ("both", "left", "right")
SIDES_OF_BODY = ("left", "right")
#: Rigid segments of the body.
SEGMENTS = ("pelvis", "trunk", *(f"{side}_{part}" for side in ("right", "left") for part in ("thigh", "shank", "foot")))
#: Kinds of signal that a trial of a session file can hold (ARCHITECTURE.md).
STREAMS = ("force", "markers", "segments", "angles", "emg", "imu", "analog")
#: Muscles of which onsets and amplitudes are metrics; EMG of others is kept in the session file.
MUSCLES = (
    "gluteus_medius",
    "gluteus_maximus",
    "adductor_magnus",
    "rectus_femoris",
    "vastus_lateralis",
    "vastus_medialis",
    "biceps_femoris",
    "semitendinosus",
    "gastrocnemius",
    "soleus",
    "tibialis_anterior",
)
DAYS_PER_WEEK = 7
#: Questions of the OSTRC-O2 questionnaire (Clarsen et al. 2020, Br J Sports Med 54:390), columns of health.tsv.
OSTRC_QUESTIONS = ("participation", "modified_training", "performance", "symptoms")
#: Legs in the order in which segments and joints are listed.
LEGS = ("right", "left")
#: Sign of the ISB axis z that points outward.
OUTWARD = {"left": -1.0, "right": 1.0}
#: Body mass of a person, with what is carried [kg].
PLAUSIBLE_MASS_KG = (20.0, 250.0)

_PAIRED_MARKERS = (
    "anterior_superior_iliac_spine",
    "posterior_superior_iliac_spine",
    "acromion",
    "lateral_epicondyle",
    "medial_epicondyle",
    "lateral_malleolus",
    "medial_malleolus",
    "heel",
    "toe",
    "first_metatarsal",
    "fifth_metatarsal",
    "thigh_wand",
    "shank_wand",
    *(f"{segment}_{number}" for segment in ("thigh", "shank", "foot") for number in range(1, 5)),
)
#: Standard marker labels that mechanics looks for; other labels pass through under their own name.
MARKERS = (*(f"{side}_{name}" for name in _PAIRED_MARKERS for side in SIDES_OF_BODY), "sacrum", "c7", "sternum")
PELVIS_MARKERS = tuple(
    f"{side}_{place}_superior_iliac_spine" for place in ("anterior", "posterior") for side in SIDES_OF_BODY
)

#: Names that were replaced -> their names now: metrics, columns, events, figures, keys of workflow/config.yaml. There
#: are no aliases: an old name in an input is refused, and the sentence names the new one.
RENAMED = {
    "lowering_time_s": "eccentric_time_s",
    "bottom_time_s": "pause_time_s",
    "lifting_time_s": "concentric_time_s",
    "lifting_velocity_m_per_s": "mean_concentric_velocity_m_per_s",
    "knee_over_toe_max_m": "knee_medial_to_toe_max_m",
    "knee_over_toe": "knee_medial_to_toe",
    "lowering_end": "eccentric_end",
    "lowering_end_s": "eccentric_end_s",
    "load_before": "previous_week_load",
    "load_before_within": "previous_week_load_within",
    "hours_usual": "mean_weekly_hours",
    "se_kind": "se_method",
    "recovery": "parameter_recovery",
    "recovered": "parameter_recovery_pairs",
    "findings": "models",
    "gain_share_per_log_lowering_time": "gain_share_per_log_eccentric_time",
    "elite_last_lifting_time_ratio": "elite_last_concentric_time_ratio",
    "elite_last_lowering_time_ratio": "elite_last_eccentric_time_ratio",
}
#: Metrics that were replaced in one task and kept their names in the others: old name -> task -> name now.
RENAMED_IN_TASK = {
    "body_weight_n": {"squat": "system_weight_n"},
    "asymmetry_body_weight_percent": {"squat": "asymmetry_system_weight_percent"},
    "braking_impulse_n_s": {"sprint": "horizontal_braking_impulse_n_s"},
    "propulsion_impulse_n_s": {"sprint": "horizontal_propulsion_impulse_n_s"},
}


#: Prefix of the column that holds the standard uncertainty of a metric.
UNCERTAINTY = "u_"


def new_name(name: str, *, task: str = "") -> str | None:
    """Return the name that replaced an old one; None for a name that was not replaced.

    Parameters
    ----------
    name : in small or capital letters; that of a standard uncertainty follows its metric.
    task : where the name is that of a metric of a task.
    """
    old = name.casefold()
    prefix = UNCERTAINTY if old.startswith(UNCERTAINTY) else ""
    old = old.removeprefix(prefix)
    new = RENAMED_IN_TASK.get(old, {}).get(task) or RENAMED.get(old)
    return f"{prefix}{new}" if new else None
