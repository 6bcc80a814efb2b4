"""The recorded single-leg drop jump of ../shared/data: its files, the person, and its markers under standard labels."""

from __future__ import annotations

from legsci.mechanics.kinetics.anthropometry import Person
from legsci.vocabulary import OUTWARD

FOLDER = "lasem-single-leg"
JUMP, STANDING = "FAILT01_SLDJ02.c3d", "FAILT01_static02.c3d"
#: Neither is in the file: the mass is that by impulse and momentum.
PERSON = Person(57.5, "female")
CENTRAL = {"SACR": "sacrum", "C7": "c7", **{f"P{number}": f"pelvis_{number}" for number in range(1, 5)}}
OF_SIDE = {
    "SH": "acromion", "ASI": "anterior_superior_iliac_spine", "LEPI": "lateral_epicondyle", "MEPI": "medial_epicondyle",
    "LMAL": "lateral_malleolus", "MMAL": "medial_malleolus", "HEEL": "heel", "TOE": "toe", "P1MT": "first_metatarsal",
    "P5MT": "fifth_metatarsal", "MFS": "foot_1", "MFL": "foot_2", "THLP": "thigh_1", "THLD": "thigh_2",
    "THAP": "thigh_3", "THAD": "thigh_4", "TIAP": "shank_1", "TIAD": "shank_2", "TILAT": "shank_3",
}  # fmt: skip
LABELS = CENTRAL | {
    f"{side[0].upper()}{short}": f"{side}_{name}" for side in OUTWARD for short, name in OF_SIDE.items()
}
