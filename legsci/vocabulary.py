"""Vocabulary: every metric and marker name once, with unit, sign, meaning and source."""

from __future__ import annotations

from dataclasses import dataclass

#: Standard acceleration of gravity [m/s^2] (CGPM 1901); local gravity differs by up to 0.3 %.
STANDARD_GRAVITY = 9.80665

#: ISB laboratory axes: name -> meaning (Wu & Cavanagh 1995, J Biomech 28:1257).
AXES = {"x": "anterior, the way the person faces", "y": "up", "z": "to the person's right"}
SIDES = ("both", "left", "right")

_SIDES_OF_BODY = ("left", "right")
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
    *(f"{segment}_{number}" for segment in ("thigh", "shank", "foot") for number in range(1, 5)),
)
#: Standard marker labels that mechanics looks for; other labels pass through under their own name.
MARKERS = (*(f"{side}_{name}" for name in _PAIRED_MARKERS for side in _SIDES_OF_BODY), "sacrum", "c7", "sternum")
PELVIS_MARKERS = tuple(
    f"{side}_{place}_superior_iliac_spine" for place in ("anterior", "posterior") for side in _SIDES_OF_BODY
)


@dataclass(frozen=True)
class Term:
    """What a column of the metrics table means.

    Parameters
    ----------
    meaning : one sentence, with the equation where there is one.
    unit : SI unit as written on axes.
    sign : what a positive value means, where that is a choice.
    source : who defined it so.
    label : short words for axes and tables.
    """

    label: str
    unit: str
    meaning: str
    source: str
    sign: str = ""


_LINTHORNE = "Linthorne 2001, Am J Phys 69:1198"
_MCMAHON = "McMahon et al. 2018, Strength Cond J 40(4):96"

#: Columns of metrics.csv, unit in the name.
METRIC_TERMS: dict[str, Term] = {
    "body_weight_n": Term("body weight", "N", "Mean vertical force of the weighing window.", "Owen et al. 2014"),
    "peak_force_n": Term("peak force", "N", "Highest vertical force from movement start to take-off.", _MCMAHON),
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
        "How far the centre of mass sinks from movement start (drop jump: touchdown) to the lowest point.",
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
        "COP range, forward",
        "m",
        "Range of the centre of pressure along x in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
    "centre_of_pressure_range_ml_m": Term(
        "COP range, sideways",
        "m",
        "Range of the centre of pressure along z in the weighing window.",
        "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956",
    ),
}
#: Metrics that are also compared between sides, as asymmetry_<metric>_percent = 100 (right - left) / (right + left).
ASYMMETRIES = ("body_weight_n", "peak_force_n", "landing_peak_force_n", "braking_impulse_n_s", "propulsion_impulse_n_s")
for _metric in ASYMMETRIES:
    _name = _metric.rpartition("_n")[0] if _metric.endswith("_n") else _metric.removesuffix("_n_s")
    METRIC_TERMS[f"asymmetry_{_name}_percent"] = Term(
        f"asymmetry of {METRIC_TERMS[_metric].label}",
        "%",
        f"100 (R - L) / (R + L) of {_metric}.",
        "Bishop et al. 2016, Strength Cond J 38(6):34 (of nine in use, the signed bilateral form)",
        "right above left",
    )
