"""Body of the virtual athlete: lengths, inertia and joint centres from sex, height and mass, left and right apart."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from legsci.simulate.athlete.plan import Array
from legsci.vocabulary import SEGMENTS

# Proportions that de Leva 1996 does not give; per body height unless said otherwise. They are options of this model,
# and everything that is measured on the virtual athlete knows them exactly.
_HIP_HALF_WIDTH = 0.0485
_ANKLE_HEIGHT = 0.039  # Drillis & Contini 1966, as in Winter 2009, Biomechanics and Motor Control, figure 4.1
_ANKLE_FROM_HEEL = 0.24  # of foot length
_FOOT_HALF_WIDTH = 0.17  # of foot length
_SHOULDER_BELOW_NECK = 0.035
_SHOULDER_HALF_WIDTH = 0.105
#: Hands on the hips: direction of the right upper arm and forearm in trunk axes.
_UPPER_ARM = np.array([-0.10, -0.80, 0.59])
_FOREARM = np.array([0.30, -0.70, -0.65])
#: Where a barbell lies on the trunk: behind the neck joint, per height.
_BARBELL = np.array([-0.035, -0.03, 0.0])


@dataclass(frozen=True)
class Athlete:
    """A person.

    Parameters
    ----------
    height_m, mass_kg : [m], [kg].
    sex : "female" or "male": which inertia table applies.
    dominant_leg : "left" or "right".
    leg_length_scale : length of the left and right leg against the table, 1 = as in the table.
    hip_width_scale : distance of the hip joints against the model's.
    toe_out_deg : how far the left and right foot point outward in standing [deg].
    """

    height_m: float = 1.75
    mass_kg: float = 72.0
    sex: str = "male"
    dominant_leg: str = "right"
    leg_length_scale: tuple[float, float] = (1.0, 1.0)
    hip_width_scale: float = 1.0
    toe_out_deg: tuple[float, float] = (7.0, 7.0)


@dataclass(frozen=True)
class Body:
    """Rigid segments of an athlete; sided arrays are (left, right), others follow SEGMENTS.

    Parameters
    ----------
    mass : (segment,) [kg].
    centre_of_mass : (segment, 3) in segment axes from the segment's origin (proximal joint) [m].
    inertia : (segment, 3, 3) about the centre of mass, in segment axes [kg m^2].
    hip : (2, 3) hip joints in pelvis axes [m].
    lumbar : (3,) lumbar joint in pelvis axes [m].
    thigh_length, shank_length : (2,) [m].
    toe, heel : (2, 3) ends of the sole in foot axes [m].
    foot_half_width : [m].
    trunk_length : lumbar joint to the seventh cervical vertebra [m].
    """

    athlete: Athlete
    mass: Array
    centre_of_mass: Array
    inertia: Array
    hip: Array
    lumbar: Array
    thigh_length: Array
    shank_length: Array
    toe: Array
    heel: Array
    foot_half_width: float
    trunk_length: float

    @property
    def total_mass(self) -> float:
        """Mass of the athlete with the barbell [kg]."""
        return float(self.mass.sum())


@dataclass(frozen=True)
class _Part:
    """A rigid part: mass [kg], centre of mass [m] and inertia about it [kg m^2], in the axes of its segment."""

    mass: float
    centre: Array
    inertia: Array


@cache
def _table() -> dict[tuple[str, str], dict[str, float]]:
    """Rows of segment_inertia.csv by (sex, segment)."""
    text = files("legsci.simulate.athlete").joinpath("segment_inertia.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        (row["sex"], row["segment"]): {name: float(value) for name, value in row.items() if "_per_" in name}
        for row in rows
    }


def _rod(row: dict[str, float], mass: float, length: float, start: Array, direction: Array) -> tuple[_Part, Array]:
    """A limb part from `start` along `direction`, and its far end; longitudinal gyration along the direction."""
    axis = direction / np.linalg.norm(direction)
    along = np.outer(axis, axis)
    across = 0.5 * (row["gyration_sagittal_per_length"] ** 2 + row["gyration_transverse_per_length"] ** 2)
    inertia = mass * length**2 * (row["gyration_longitudinal_per_length"] ** 2 * along + across * (np.eye(3) - along))
    return _Part(mass, start + row["centre_of_mass_per_length"] * length * axis, inertia), start + length * axis


def _upright(row: dict[str, float], mass: float, length: float, top: Array) -> _Part:
    """A part whose longitudinal axis is the segment's y, hanging from `top`."""
    gyration = [row[f"gyration_{axis}_per_length"] for axis in ("sagittal", "longitudinal", "transverse")]
    inertia = np.diag(mass * (length * np.array(gyration)) ** 2)
    return _Part(mass, top - np.array([0.0, row["centre_of_mass_per_length"] * length, 0.0]), inertia)


def _joined(parts: list[_Part]) -> _Part:
    """Several parts as one rigid part (parallel axis theorem)."""
    mass = sum(part.mass for part in parts)
    centre = np.sum([part.mass * part.centre for part in parts], axis=0) / mass
    inertia = np.zeros((3, 3))
    for part in parts:
        offset = part.centre - centre
        inertia += part.inertia + part.mass * (offset @ offset * np.eye(3) - np.outer(offset, offset))
    return _Part(mass, centre, inertia)


def build_body(athlete: Athlete, *, barbell_kg: float = 0.0) -> Body:
    """Scale the segment table to an athlete.

    Parameters
    ----------
    athlete : the person.
    barbell_kg : mass of a bar across the shoulders, a part of the trunk; a rod of 2.2 m [kg].

    Returns
    -------
    Body. The pelvis is de Leva's lower trunk; the lumbar joint lies at its upper end. The trunk joins middle and upper
    trunk, head, arms with the hands on the hips, and the bar.

    Raises
    ------
    ValueError : lists every value that is out of range.

    References
    ----------
    de Leva 1996, J Biomech 29:1223, table 4 (masses, centres of mass, radii of gyration, mean lengths per mean height).
    """
    _check(athlete, barbell_kg)
    row = {name: values for (sex, name), values in _table().items() if sex == athlete.sex}
    whole = sum(values["mass_per_body_mass"] * (2 if _paired(name) else 1) for name, values in row.items())
    mass = {name: values["mass_per_body_mass"] / whole * athlete.mass_kg for name, values in row.items()}
    length = {name: values["length_per_height"] * athlete.height_m for name, values in row.items()}
    trunk_length = length["middle_trunk"] + length["upper_trunk"]
    lumbar = np.array([0.0, length["lower_trunk"], 0.0])
    parts: dict[str, _Part] = {
        "pelvis": _upright(row["lower_trunk"], mass["lower_trunk"], length["lower_trunk"], lumbar),
        "trunk": _trunk(row, mass, length, athlete.height_m, barbell_kg),
    }
    legs = np.asarray(athlete.leg_length_scale, dtype=float)
    ankle = np.array([_ANKLE_FROM_HEEL * length["foot"], _ANKLE_HEIGHT * athlete.height_m, 0.0])
    for side, scale in zip(("left", "right"), legs, strict=True):
        for name in ("thigh", "shank"):
            parts[f"{side}_{name}"] = _upright(row[name], mass[name], length[name] * scale, np.zeros(3))
        parts[f"{side}_foot"] = _foot(row["foot"], mass["foot"], length["foot"], ankle)
    half_width = _HIP_HALF_WIDTH * athlete.height_m * athlete.hip_width_scale
    return Body(
        athlete=athlete,
        mass=np.array([parts[name].mass for name in SEGMENTS]),
        centre_of_mass=np.array([parts[name].centre for name in SEGMENTS]),
        inertia=np.array([parts[name].inertia for name in SEGMENTS]),
        hip=np.array([[0.0, 0.0, -half_width], [0.0, 0.0, half_width]]),
        lumbar=lumbar,
        thigh_length=length["thigh"] * legs,
        shank_length=length["shank"] * legs,
        toe=np.tile([length["foot"] - ankle[0], -ankle[1], 0.0], (2, 1)),
        heel=np.tile(-ankle, (2, 1)),
        foot_half_width=_FOOT_HALF_WIDTH * length["foot"],
        trunk_length=trunk_length,
    )


def _paired(name: str) -> bool:
    """Whether there are two of this segment."""
    return name in ("upper_arm", "forearm", "hand", "thigh", "shank", "foot")


def _check(athlete: Athlete, barbell_kg: float) -> None:
    """Raise ValueError that lists what is wrong with an athlete."""
    limits = {
        "height_m": (athlete.height_m, 1.2, 2.3),
        "mass_kg": (athlete.mass_kg, 25.0, 200.0),
        "left leg_length_scale": (athlete.leg_length_scale[0], 0.9, 1.1),
        "right leg_length_scale": (athlete.leg_length_scale[1], 0.9, 1.1),
        "hip_width_scale": (athlete.hip_width_scale, 0.6, 1.5),
        "barbell_kg": (barbell_kg, 0.0, 500.0),
    }
    faults = [
        f"{name} is {value:g}, expected {low:g} to {high:g}"
        for name, (value, low, high) in limits.items()
        if not low <= value <= high
    ]
    if athlete.sex not in ("female", "male"):
        faults.append(f"sex is {athlete.sex!r}, expected 'female' or 'male'")
    if athlete.dominant_leg not in ("left", "right"):
        faults.append(f"dominant_leg is {athlete.dominant_leg!r}, expected 'left' or 'right'")
    if faults:
        raise ValueError("athlete: " + "; ".join(faults))


def _trunk(
    row: dict[str, dict[str, float]], mass: dict[str, float], length: dict[str, float], height: float, barbell_kg: float
) -> _Part:
    """Middle and upper trunk, head, arms and bar as one part, from the lumbar joint."""
    waist = np.array([0.0, length["middle_trunk"], 0.0])
    neck = waist + np.array([0.0, length["upper_trunk"], 0.0])
    vertex = neck + np.array([0.0, length["head"], 0.0])
    parts = [
        _upright(row["middle_trunk"], mass["middle_trunk"], length["middle_trunk"], waist),
        _upright(row["upper_trunk"], mass["upper_trunk"], length["upper_trunk"], neck),
        _upright(row["head"], mass["head"], length["head"], vertex),
    ]
    for side in (-1.0, 1.0):
        mirror = np.array([1.0, 1.0, side])
        joint = neck + np.array([0.0, -_SHOULDER_BELOW_NECK, side * _SHOULDER_HALF_WIDTH]) * height
        for name, direction in (("upper_arm", _UPPER_ARM), ("forearm", _FOREARM), ("hand", _FOREARM)):
            part, joint = _rod(row[name], mass[name], length[name], joint, direction * mirror)
            parts.append(part)
    if barbell_kg > 0.0:
        about = barbell_kg * 2.2**2 / 12.0
        parts.append(_Part(barbell_kg, neck + _BARBELL * height, np.diag([about, about, 1e-3 * barbell_kg])))
    return _joined(parts)


def _foot(row: dict[str, float], mass: float, length: float, ankle: Array) -> _Part:
    """The foot, its longitudinal axis along x from heel to toe, half as high above the sole as the ankle."""
    gyration = [row[f"gyration_{axis}_per_length"] for axis in ("longitudinal", "sagittal", "transverse")]
    centre = np.array([row["centre_of_mass_per_length"] * length - ankle[0], -0.5 * ankle[1], 0.0])
    return _Part(mass, centre, np.diag(mass * (length * np.array(gyration)) ** 2))
