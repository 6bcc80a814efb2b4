"""Anthropometry: a person, and mass, length, centre of mass and radii of gyration of body segments per sex."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files

#: Segments that the body has twice.
PAIRED_SEGMENTS = ("upper_arm", "forearm", "hand", "thigh", "shank", "foot")


@dataclass(frozen=True)
class Proportions:
    """One segment of a body of average build.

    Parameters
    ----------
    mass_per_body_mass : of one segment, left or right.
    length_per_height : distance of the end points per body height.
    centre_of_mass_per_length : from the first end point, per segment length; the first is the upper one, of the foot
        the heel.
    gyration_sagittal_per_length, gyration_transverse_per_length, gyration_longitudinal_per_length : radii of gyration
        about the axes through the centre of mass that run forward, sideways and along the segment.
    """

    mass_per_body_mass: float
    length_per_height: float
    centre_of_mass_per_length: float
    gyration_sagittal_per_length: float
    gyration_transverse_per_length: float
    gyration_longitudinal_per_length: float


@dataclass(frozen=True)
class Person:
    """Anthropometry of a person, as the study states it.

    Parameters
    ----------
    body_mass_kg : mass without load [kg]; NaN where it is not known.
    sex : "female" or "male"; anything else where it is not known.
    measures_m : "right_knee_width", "left_ankle_width", ... and "leg_length" as participants.tsv defines them [m].
    """

    body_mass_kg: float = float("nan")
    sex: str = ""
    measures_m: Mapping[str, float] = field(default_factory=dict)


UNKNOWN_PERSON = Person()


@cache
def segment_proportions(sex: str) -> dict[str, Proportions]:
    """Proportions of head, upper_trunk, middle_trunk, lower_trunk, upper_arm, forearm, hand, thigh, shank and foot.

    Parameters
    ----------
    sex : "female" or "male".

    Raises
    ------
    ValueError : there is no table for this sex.

    References
    ----------
    de Leva P 1996, J Biomech 29:1223, table 4; end points in the column `endpoints` of anthropometry.csv, lengths as
    means per mean height. The published masses add up to the body to within 0.1 %.
    """
    text = files("legsci.mechanics.kinetics").joinpath("anthropometry.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["sex"] == sex]
    if not rows:
        raise ValueError(f"segment proportions: sex is {sex!r}, expected 'female' or 'male'")
    names = [column.name for column in fields(Proportions)]
    return {row["segment"]: Proportions(*(float(row[name]) for name in names)) for row in rows}
