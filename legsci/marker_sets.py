"""Marker sets: the labels that systems give their markers -> standard labels (legsci.vocabulary.MARKERS).

A device of a study names one as its `labels`, or copies what fits into its `markers`. Markers that a set does not name
keep their label and are not used. Labels <side>_hip_centre, _knee_centre and _ankle_centre stand for joint centres that
the system itself estimates. Systems that record the pose of whole segments have a segment set instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def _both_sides(right: Mapping[str, str], prefixes: tuple[str, str]) -> dict[str, str]:
    """Return the map of both sides, from that of the right one and how labels of right and left begin."""
    here, there = prefixes
    return {
        f"{prefix}{label}": f"{side}_{name}"
        for prefix, side in ((here, "right"), (there, "left"))
        for label, name in right.items()
    }


_ILIAC = {"ASIS": "anterior_superior_iliac_spine", "PSIS": "posterior_superior_iliac_spine"}
_OPENCAP_LEG = {
    "_knee": "lateral_epicondyle",
    "_mknee": "medial_epicondyle",
    "_ankle": "lateral_malleolus",
    "_mankle": "medial_malleolus",
    "_calc": "heel",
    "_toe": "toe",
    "_5meta": "fifth_metatarsal",
    **{f"_thigh{number}": f"thigh_{number}" for number in range(1, 6)},
    **{f"_sh{number}": f"shank_{number}" for number in range(1, 5)},
}

#: Conventional gait model: one wand or marker on thigh and shank, aligned with the flexion axis below it.
_CONVENTIONAL_LEG = {
    "ASI": "anterior_superior_iliac_spine",
    "PSI": "posterior_superior_iliac_spine",
    "THI": "thigh_wand",
    "KNE": "lateral_epicondyle",
    "ANK": "lateral_malleolus",
    "HEE": "heel",
    "TOE": "toe",
    "SHO": "acromion",
}
_CONVENTIONAL_TRUNK = {"C7": "c7", "T10": "t10", "CLAV": "clavicle", "STRN": "sternum"}
#: Landmarks of the leg by their abbreviations (van Sint Jan 2007, Color Atlas of Skeletal Landmark Definitions).
_LANDMARKS = {
    "_IAS": "anterior_superior_iliac_spine",
    "_IPS": "posterior_superior_iliac_spine",
    "_FLE": "lateral_epicondyle",
    "_FME": "medial_epicondyle",
    "_FAL": "lateral_malleolus",
    "_TAM": "medial_malleolus",
    "_FCC": "heel",
    "_FM1": "first_metatarsal",
    "_FM2": "second_metatarsal",
    "_FM5": "fifth_metatarsal",
    "_SAE": "acromion",
}
_LANDMARKS_OF_TRUNK = {"CV7": "c7", "SJN": "clavicle", "SXS": "sternum"}

MARKER_SETS: dict[str, dict[str, str]] = {
    # Plug-in Gait. Medial markers are worn in the static trial, if at all.
    "plug_in_gait": {
        **_both_sides(_CONVENTIONAL_LEG, ("R", "L")),
        **_both_sides(
            {"TIB": "shank_wand", "KNM": "medial_epicondyle", "MED": "medial_malleolus"},
            ("R", "L"),
        ),
        "SACR": "sacrum",
        **_CONVENTIONAL_TRUNK,
    },
    # Helen Hayes, as Motion Analysis labels it: one marker on the sacrum, medial markers in the static trial.
    "helen_hayes": {
        **_both_sides(
            {
                "ASIS": "anterior_superior_iliac_spine",
                "Thigh": "thigh_wand",
                "Knee": "lateral_epicondyle",
                "Knee.Medial": "medial_epicondyle",
                "Shank": "shank_wand",
                "Ankle": "lateral_malleolus",
                "Ankle.Medial": "medial_malleolus",
                "Heel": "heel",
                "Toe": "toe",
                "Foot.Medial": "first_metatarsal",
                "Foot.Lateral": "fifth_metatarsal",
                "Shoulder": "acromion",
            },
            ("R.", "L."),
        ),
        "V.Sacral": "sacrum",
    },
    # The same in the four letters of older C3D files, where medial markers repeat the label of the lateral ones.
    "helen_hayes_short": {
        **_both_sides(
            {
                **{label: name for label, name in _CONVENTIONAL_LEG.items() if label != "PSI"},
                "SHA": "shank_wand",
                "KNE_2": "medial_epicondyle",
                "ANK_2": "medial_malleolus",
                "FOO": "first_metatarsal",
                "FOO_2": "fifth_metatarsal",
            },
            ("R", "L"),
        ),
        "VSAC": "sacrum",
        "C7": "c7",
    },
    # CAST: clusters of four on thigh and shank; the landmarks of knee and ankle may be worn in the static trial alone.
    "cast": {
        **_both_sides(_LANDMARKS, ("R", "L")),
        **_both_sides(
            {f"_{part}{n}": f"{name}_{n}" for part, name in (("TH", "thigh"), ("SK", "shank")) for n in range(1, 5)},
            ("R", "L"),
        ),
        **_LANDMARKS_OF_TRUNK,
    },
    # IOR (Leardini et al. 2007, Gait Posture 26:560): landmarks alone, the medial ones in the static trial.
    "ior": {
        **_both_sides(_LANDMARKS, ("R", "L")),
        **_both_sides({"_FTC": "thigh_1", "_FAX": "shank_1", "_TTC": "shank_2"}, ("R", "L")),
        **_LANDMARKS_OF_TRUNK,
    },
    # Markers of the laboratory recordings of OpenCap's validation: no medial markers outside the standing trial.
    "opencap_laboratory": {
        **_both_sides({f".{label}": name for label, name in _ILIAC.items()}, ("r", "L")),
        **_both_sides({**_OPENCAP_LEG, "_shank_antsup": "shank_5"}, ("r", "L")),
        "R_Shoulder": "right_acromion",
        "L_Shoulder": "left_acromion",
        "C7": "c7",
    },
    # Markers that OpenCap's video pipeline estimates.
    "opencap_video": {
        **_both_sides({f".{label}_study": name for label, name in _ILIAC.items()}, ("r", "L")),
        **_both_sides({f"{label}_study": name for label, name in _OPENCAP_LEG.items()}, ("r", "L")),
        "r_shoulder_study": "right_acromion",
        "L_shoulder_study": "left_acromion",
        "C7_study": "c7",
        "RHJC_study": "right_hip_centre",
        "LHJC_study": "left_hip_centre",
    },
    # Body points of Pose2Sim (HALPE_26 and BODY_25 share these labels).
    "pose2sim": {
        **_both_sides(
            {
                "Hip": "hip_centre",
                "Knee": "knee_centre",
                "Ankle": "ankle_centre",
                "Heel": "heel",
                "BigToe": "toe",
                "SmallToe": "fifth_metatarsal",
                "Shoulder": "acromion",
            },
            ("R", "L"),
        ),
        "Neck": "c7",
    },
    # Vicon Nexus, right leg and pelvis, four markers each on thigh and shank (Spanish labels).
    "vicon_right_leg": {
        "LASI": "left_anterior_superior_iliac_spine",
        "RASI": "right_anterior_superior_iliac_spine",
        "LPSI": "left_posterior_superior_iliac_spine",
        "RPSI": "right_posterior_superior_iliac_spine",
        "LASIMID": "left_iliac_crest",
        "RASIMID": "right_iliac_crest",
        "Right_Hombro": "right_acromion",
        "Right_KneeExt": "right_lateral_epicondyle",
        "Right_KneeInt": "right_medial_epicondyle",
        "Right_AnkleExt": "right_lateral_malleolus",
        "Right_AnkleInt": "right_medial_malleolus",
        "Right_TalonInf": "right_heel",
        "Right_TalonSup": "right_heel_upper",
        "Right_Meta": "right_second_metatarsal",
        **{f"Right_Muslo{place}": f"right_thigh_{n}" for n, place in enumerate(("PS", "AS", "AI", "PI"), start=1)},
        **{f"Right_Pierna{place}": f"right_shank_{n}" for n, place in enumerate(("PS", "AS", "AI", "PI"), start=1)},
    },
    # Full body with waist markers front, middle and back, and single markers on thigh and shank.
    "vicon_waist": {
        **_both_sides(
            {
                "FWT": "anterior_superior_iliac_spine",
                "MWT": "iliac_crest",
                "BWT": "posterior_superior_iliac_spine",
                "HIP": "thigh_1",
                "KNE": "lateral_epicondyle",
                "KNI": "medial_epicondyle",
                "SHN": "shank_1",
                "ANK": "lateral_malleolus",
                "HEL": "heel",
                "TOE": "toe",
                "MT1": "first_metatarsal",
                "MT5": "fifth_metatarsal",
                "FSH": "acromion",
            },
            ("R", "L"),
        ),
        "C7": "c7",
        "T10": "t10",
        "STRN": "sternum",
        "CLAV": "clavicle",
    },
    # Sprint recordings with three pelvis markers behind and lateral epicondyles and malleoli only.
    "sprint_lateral": {
        **_both_sides(
            {
                "ASI": "anterior_superior_iliac_spine",
                "THLP": "thigh_1",
                "THLD": "thigh_2",
                "THAP": "thigh_3",
                "THAD": "thigh_4",
                "LEPI": "lateral_epicondyle",
                "TIAP": "shank_1",
                "TIAD": "shank_2",
                "TILAT": "shank_3",
                "LMAL": "lateral_malleolus",
                "HEEL": "heel",
                "MFS": "foot_1",
                "MFL": "foot_2",
                "P1MT": "first_metatarsal",
                "P5MT": "fifth_metatarsal",
                "TOE": "toe",
                "SH": "acromion",
            },
            ("R", "L"),
        ),
        "SACR": "sacrum",
        "P1": "pelvis_1",
        "P2": "pelvis_2",
        "P3": "pelvis_3",
        "C7": "c7",
        "MAN": "sternum",
        "T7": "t10",
    },
}


@dataclass(frozen=True)
class SegmentSet:
    """Labels of the segments that a system records, and the directions of their axes.

    Parameters
    ----------
    names : the file's label -> segment.
    forward, up : which of a segment's own axes point forward and up while the person stands.
    """

    names: Mapping[str, str]
    forward: str
    up: str


SEGMENT_SETS: dict[str, SegmentSet] = {
    # Theia3D, without the suffix _4X4 of its labels: origins at the proximal joint, the pelvis' between the hips.
    "theia": SegmentSet(
        {
            "pelvis": "pelvis",
            "torso": "trunk",
            **_both_sides({f"_{part}": part for part in ("thigh", "shank", "foot")}, ("r", "l")),
        },
        forward="y",
        up="z",
    ),
}
