"""Inertia of a person's segments: a table of proportions scaled to body mass and to measured lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from legsci.mechanics.kinetics.anthropometry import PAIRED_SEGMENTS, Proportions, segment_proportions
from legsci.mechanics.motion.kinematics import Array, Kinematics, median_distance
from legsci.vocabulary import PLAUSIBLE_MASS_KG

#: Shoulder joints below the seventh cervical vertebra, per height: length CERV-MIDH less MIDS-MIDH (de Leva 1996,
#: table 4), which the two centres of mass of the trunk given there confirm.
SHOULDER_BELOW_NECK_PER_HEIGHT = {"female": 0.0674, "male": 0.0504}
#: Height of the ankle joint above the sole per height (Drillis & Contini 1966, in Winter 2009, figure 4.1).
ANKLE_HEIGHT_PER_HEIGHT = 0.039
#: Ankle joint ahead of the heel per foot length: a choice, since the table measures the foot from its heel; 1 % more
#: moves the foot's centre of mass by 3 mm, or its weight's moment about the ankle by 0.03 N m.
ANKLE_FROM_HEEL_PER_LENGTH = 0.24
#: A bar across the back lies this much behind and below the upper end of the trunk, per height: on the muscles below
#: the seventh cervical vertebra, 6 and 5 cm of a person of 1.75 m. Our choice.
BAR_BEHIND_PER_HEIGHT, BAR_BELOW_PER_HEIGHT = 0.035, 0.03
#: Heaviest barbell that is carried [kg].
MOST_LOAD_KG = 500.0


@dataclass(frozen=True)
class BodySegments:
    """Rigid segments of a person, each in its own axes (x forward, y up, z right) from its own origin.

    Parameters
    ----------
    segment : names; rows of the arrays.
    mass : (segment,) [kg].
    centre_of_mass : (segment, 3) [m].
    inertia : (segment, 3, 3) about the centre of mass [kg m^2].
    sole : (2, 3) heel and toe on the sole, in foot axes [m].
    """

    segment: tuple[str, ...]
    mass: Array
    centre_of_mass: Array
    inertia: Array
    sole: Array

    def rows(self, names: list[str]) -> BodySegments:
        """Return these segments only, in this order."""
        index = [self.segment.index(name) for name in names]
        return BodySegments(tuple(names), self.mass[index], self.centre_of_mass[index], self.inertia[index], self.sole)


@dataclass(frozen=True)
class _Part:
    """A rigid part: mass [kg], centre of mass [m] and inertia about it [kg m^2] in the axes of its segment."""

    mass: float
    centre: Array
    inertia: Array


def body_segments(kinematics: Kinematics, *, body_mass_kg: float, sex: str, load_kg: float = 0.0) -> BodySegments:
    """Scale the table of a sex to a person.

    Thigh and shank have the median distance of their joint centres; what no pair of joint centres measures (foot,
    pelvis, trunk) is scaled by the ratio of the measured thighs and shanks to those of the table.

    Parameters
    ----------
    kinematics : a trial's kinematics.
    body_mass_kg : mass of the person without load [kg].
    sex : "female" or "male".
    load_kg : mass of a bar across the back, a point behind the upper end of the trunk (`BAR_BEHIND_PER_HEIGHT`) [kg].

    Returns
    -------
    BodySegments of the segments that `kinematics` has. The pelvis is de Leva's lower trunk, its lower end at the middle
    of the hips. The trunk joins middle and upper trunk, head, and arms hanging along it: arms held otherwise move the
    body's centre of mass by up to some centimetres. The trunk's own origin is found from its median distance to the
    pelvis' origin.

    Raises
    ------
    ValueError : lists every value that is out of range, or no thigh or shank could be measured.

    References
    ----------
    de Leva P 1996, J Biomech 29:1223, table 4.
    """
    faults = []
    lightest, heaviest = PLAUSIBLE_MASS_KG
    if not lightest <= body_mass_kg <= heaviest:
        faults.append(f"body_mass_kg is {body_mass_kg:g}, expected {lightest:g} to {heaviest:g}")
    if not 0.0 <= load_kg <= MOST_LOAD_KG:
        faults.append(f"load_kg is {load_kg:g}, expected 0 to {MOST_LOAD_KG:g}")
    if sex not in SHOULDER_BELOW_NECK_PER_HEIGHT:
        faults.append(f"sex is {sex!r}, expected 'female' or 'male'")
    if faults:
        raise ValueError("body segments: " + "; ".join(faults))
    table = segment_proportions(sex)
    lengths = kinematics.lengths
    if not lengths:
        raise ValueError("body segments: no thigh or shank has both its joint centres, so that lengths are not known")
    height = sum(lengths.values()) / sum(table[name.split("_")[1]].length_per_height for name in lengths)
    whole = sum(row.mass_per_body_mass * (2 if name in PAIRED_SEGMENTS else 1) for name, row in table.items())
    scale = body_mass_kg / whole
    ankle = np.array(
        [
            ANKLE_FROM_HEEL_PER_LENGTH * table["foot"].length_per_height * height,
            ANKLE_HEIGHT_PER_HEIGHT * height,
            0.0,
        ]
    )
    parts: dict[str, _Part] = {}
    for name in kinematics.rotation:
        kind = name.split("_")[-1]
        if kind in ("thigh", "shank"):
            length = lengths.get(name, table[kind].length_per_height * height)
            parts[name] = _upright(table[kind], scale, length, 0.0)
        elif kind == "foot":
            parts[name] = _foot(table["foot"], scale, table["foot"].length_per_height * height, ankle)
        elif name == "pelvis":
            length = table["lower_trunk"].length_per_height * height
            parts[name] = _upright(table["lower_trunk"], scale, length, length)
        elif name == "trunk":
            parts[name] = _trunk(table, scale, height, sex, load_kg, _trunk_origin(kinematics))
    foot_length = table["foot"].length_per_height * height
    return BodySegments(
        segment=tuple(parts),
        mass=np.array([part.mass for part in parts.values()]),
        centre_of_mass=np.array([part.centre for part in parts.values()]),
        inertia=np.array([part.inertia for part in parts.values()]),
        sole=np.array([-ankle, [foot_length - ankle[0], -ankle[1], 0.0]]),
    )


def _trunk_origin(kinematics: Kinematics) -> float:
    """How far the trunk's origin lies above the pelvis' origin (middle of the hips), median [m]; 0 without pelvis."""
    origin = kinematics.position
    if "pelvis" not in origin:
        return 0.0
    return float(np.nan_to_num(median_distance(origin["trunk"], origin["pelvis"])))


def _upright(row: Proportions, scale: float, length: float, top: float) -> _Part:
    """A part along y that hangs from `top` [m]; `scale` is the mass of a body of mass fraction 1 [kg]."""
    mass = row.mass_per_body_mass * scale
    gyration = np.array(
        [row.gyration_sagittal_per_length, row.gyration_longitudinal_per_length, row.gyration_transverse_per_length]
    )
    centre = np.array([0.0, top - row.centre_of_mass_per_length * length, 0.0])
    return _Part(mass, centre, np.diag(mass * (length * gyration) ** 2))


def _foot(row: Proportions, scale: float, length: float, ankle: Array) -> _Part:
    """The foot along x, its centre of mass half as high above the sole as the ankle; `ankle` from the heel's sole."""
    mass = row.mass_per_body_mass * scale
    gyration = np.array(
        [row.gyration_longitudinal_per_length, row.gyration_sagittal_per_length, row.gyration_transverse_per_length]
    )
    centre = np.array([row.centre_of_mass_per_length * length - ankle[0], -0.5 * ankle[1], 0.0])
    return _Part(mass, centre, np.diag(mass * (length * gyration) ** 2))


def _trunk(
    table: dict[str, Proportions], scale: float, height: float, sex: str, load_kg: float, origin: float
) -> _Part:
    """Middle and upper trunk, head, hanging arms and bar as one part; `origin` is above the middle of the hips."""
    length = {name: row.length_per_height * height for name, row in table.items()}
    waist = length["lower_trunk"] - origin
    chest = waist + length["middle_trunk"]
    neck = chest + length["upper_trunk"]
    tops = {"middle_trunk": chest, "upper_trunk": neck, "head": neck + length["head"]}
    parts = [_upright(table[name], scale, length[name], top) for name, top in tops.items()]
    joint = neck - SHOULDER_BELOW_NECK_PER_HEIGHT[sex] * height
    for name in ("upper_arm", "forearm", "hand"):
        parts += 2 * [_upright(table[name], scale, length[name], joint)]
        joint -= length[name]
    if load_kg > 0.0:
        behind, below = BAR_BEHIND_PER_HEIGHT * height, BAR_BELOW_PER_HEIGHT * height
        parts.append(_Part(load_kg, np.array([-behind, neck - below, 0.0]), np.zeros((3, 3))))
    return _joined(parts)


def _joined(parts: list[_Part]) -> _Part:
    """Several parts as one rigid part: parallel axis theorem, I = sum I_i + m_i (d.d 1 - d d^T)."""
    mass = sum(part.mass for part in parts)
    centre = np.sum([part.mass * part.centre for part in parts], axis=0) / mass
    inertia = np.zeros((3, 3))
    for part in parts:
        offset = part.centre - centre
        inertia += part.inertia + part.mass * (offset @ offset * np.eye(3) - np.outer(offset, offset))
    return _Part(mass, centre, inertia)
