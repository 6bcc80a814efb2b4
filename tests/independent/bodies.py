"""Bodies drawn at random: lengths, masses, inertia, axes of the joints and landmarks of the bones.

Axes of every segment: x forward, y up, z to the right, origin at its upper joint centre (pelvis: between the hips).
The means of masses, centres of mass and inertia are those of Dumas R, Cheze L, Verriest JP (2007) J Biomech 40:543, not
those that legsci uses; each body departs from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

Array = np.ndarray

SIDES = ("right", "left")
OUTWARD = {"right": 1.0, "left": -1.0}
SEGMENTS = ("pelvis", "trunk", *(f"{side}_{part}" for side in SIDES for part in ("thigh", "shank", "foot")))
PARENT = {"trunk": "pelvis"} | {
    f"{side}_{part}": upper.format(side)
    for side in SIDES
    for part, upper in (("thigh", "pelvis"), ("shank", "{}_thigh"), ("foot", "{}_shank"))
}
#: Mass per body mass (Dumas 2007, table 2): female, male. The trunk carries head and arms, hands on the hips.
MASS = {
    "pelvis": (0.146, 0.142),
    "thigh": (0.146, 0.123),
    "shank": (0.045, 0.048),
    "foot": (0.010, 0.012),
}
#: Standard deviation between bodies: of masses and inertia (part), of centres of mass along and across a segment [m],
#: of the axes of the joints from those of the segments [deg].
MASS_SD, INERTIA_SD, CENTRE_SD_M, CENTRE_ASIDE_SD_M, AXIS_SD_DEG = 0.08, 0.15, 0.012, 0.006, 5.0
#: Centre of mass below the upper end and radii of gyration about x, y, z per length of thigh and shank; ours, rounded.
CENTRE_PART, GYRATION_PART = {"thigh": 0.42, "shank": 0.41}, {"thigh": (0.29, 0.15, 0.30), "shank": (0.28, 0.10, 0.28)}


@dataclass(frozen=True)
class Hinge:
    """One axis of a joint: its name, and its direction (3,) in the axes of the lower segment in the neutral pose."""

    name: str
    axis: Array


@dataclass(frozen=True)
class Body:
    """A body.

    Parameters
    ----------
    sex, mass_kg, height_m : as a study states them.
    mass, centre, inertia : segment -> [kg], (3,) [m], (3, 3) about the centre of mass [kg m^2].
    joint : segment other than the pelvis -> place (3,) of its upper joint in the axes of its parent [m].
    hinges : segment -> axes of that joint, in the order in which they turn.
    sole : side -> (point, 3) lowest points of a foot [m].
    landmarks : segment -> name -> (3,) [m], where they define the joint centres: the hips lie where Harrington et al.
        (2007) put them, knee and ankle midway between their landmarks.
    knee_abduction_part, knee_rotation_part : abduction and internal rotation of a knee per flexion.
    """

    sex: str
    mass_kg: float
    height_m: float
    mass: dict[str, float]
    centre: dict[str, Array]
    inertia: dict[str, Array]
    joint: dict[str, Array]
    hinges: dict[str, tuple[Hinge, ...]]
    sole: dict[str, Array]
    landmarks: dict[str, dict[str, Array]]
    knee_abduction_part: dict[str, float]
    knee_rotation_part: dict[str, float]


def draw_body(seed: int) -> Body:
    """Draw a body; a seed names it."""
    rng = np.random.default_rng([seed, 0])
    sex = ("female", "male")[int(rng.integers(2))]
    height = float(rng.normal(1.67 if sex == "female" else 1.79, 0.06))
    mass = float(height**2 * rng.uniform(19.5, 27.0))
    width, depth = rng.normal(0.238, 0.014), rng.normal(0.150, 0.012)
    lengths = {part: {side: height * rng.normal(0.245, 0.008) for side in SIDES} for part in ("thigh", "shank")}
    ankle_height = height * rng.normal(0.042, 0.002)
    joint = {"trunk": np.array([rng.normal(-0.02, 0.01), rng.normal(0.10, 0.012), rng.normal(0.0, 0.003)])}
    for side in SIDES:
        # Hip centres as Harrington's equations have them, mm: 0.33 PW + 7.3 from the middle.
        joint[f"{side}_thigh"] = np.array([0.0, 0.0, OUTWARD[side] * (0.33 * width + 0.0073)])
        joint[f"{side}_shank"] = np.array([0.0, -lengths["thigh"][side], 0.0])
        joint[f"{side}_foot"] = np.array([0.0, -lengths["shank"][side], 0.0])
    foot_length = height * rng.normal(0.150, 0.005)
    sole = {side: _sole(side, foot_length, ankle_height, rng) for side in SIDES}
    masses = _masses(sex, mass, rng)
    centre, inertia = _inertia(masses, lengths, height, foot_length, ankle_height, rng)
    return Body(
        sex, mass, height, masses, centre, inertia, joint,
        hinges=_hinges(rng),
        sole=sole,
        landmarks=_landmarks(joint, sole, height, (width, depth), np.random.default_rng([seed, 1])),
        knee_abduction_part={side: float(rng.normal(0.03, 0.05)) for side in SIDES},
        knee_rotation_part={side: float(rng.normal(0.08, 0.06)) for side in SIDES},
    )  # fmt: skip


def _masses(sex: str, mass: float, rng: np.random.Generator) -> dict[str, float]:
    """Masses of the segments, which add up to the body's; both legs are alike to within a few per cent."""
    column = ("female", "male").index(sex)
    part = {name: values[column] * np.exp(rng.normal(0.0, MASS_SD)) for name, values in MASS.items()}
    masses = {"pelvis": part["pelvis"] * mass}
    for side in SIDES:
        for name in ("thigh", "shank", "foot"):
            masses[f"{side}_{name}"] = part[name] * mass * np.exp(rng.normal(0.0, 0.2 * MASS_SD))
    return masses | {"trunk": mass - sum(masses.values())}


def _inertia(
    masses: dict[str, float],
    lengths: dict[str, dict[str, float]],
    height: float,
    foot_length: float,
    ankle_height: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Centres of mass and inertia tensors, whose principal axes are not those of the segments."""
    centre = {
        "pelvis": np.array([-0.01, 0.055, 0.0]),
        "trunk": np.array([0.01, 0.165 * height, 0.0]),
    }
    gyration = {"pelvis": height * np.array([0.058, 0.060, 0.052]), "trunk": height * np.array([0.150, 0.080, 0.140])}
    for side in SIDES:
        for part in ("thigh", "shank"):
            length = lengths[part][side]
            centre[f"{side}_{part}"] = np.array([0.0, -CENTRE_PART[part] * length, 0.0])
            gyration[f"{side}_{part}"] = length * np.array(GYRATION_PART[part])
        centre[f"{side}_foot"] = np.array([0.21 * foot_length, -0.55 * ankle_height, 0.0])
        gyration[f"{side}_foot"] = foot_length * np.array([0.12, 0.26, 0.25])
    inertia = {}
    for name in SEGMENTS:
        centre[name] = centre[name] + rng.normal(0.0, [CENTRE_ASIDE_SD_M, CENTRE_SD_M, CENTRE_ASIDE_SD_M]) * (
            0.4 if name.endswith("foot") else 1.0
        )
        # Three moments from three masses along the axes: any such body exists (triangle inequality).
        spread = (gyration[name][[1, 0, 0]] ** 2 + gyration[name][[2, 2, 1]] ** 2 - gyration[name] ** 2) / 2.0
        spread = masses[name] * np.maximum(spread, 1e-6) * np.exp(rng.normal(0.0, INERTIA_SD, 3))
        turn = Rotation.from_rotvec(np.radians(rng.normal(0.0, 6.0, 3))).as_matrix()
        inertia[name] = turn @ np.diag(spread.sum() - spread) @ turn.T
    return centre, inertia


def _hinges(rng: np.random.Generator) -> dict[str, tuple[Hinge, ...]]:
    """Axes of the joints: none lies along an axis of its segments. Positive: flexion, adduction, internal rotation."""

    def askew(axis: tuple[float, float, float], sd_deg: float = AXIS_SD_DEG) -> Array:
        unit = np.array(axis) / np.linalg.norm(axis)
        return Rotation.from_rotvec(np.radians(rng.normal(0.0, sd_deg, 3))).apply(unit)

    hinges: dict[str, tuple[Hinge, ...]] = {
        "trunk": (
            Hinge("lumbar_flexion", askew((0, 0, -1))),
            Hinge("lumbar_bending", askew((1, 0, 0))),
            Hinge("lumbar_rotation", askew((0, 1, 0))),
        )
    }
    for side in SIDES:
        out = OUTWARD[side]
        hinges[f"{side}_thigh"] = (
            Hinge(f"{side}_hip_flexion", askew((0, 0, 1))),
            Hinge(f"{side}_hip_adduction", askew((out, 0, 0))),
            Hinge(f"{side}_hip_rotation", askew((0, out, 0))),
        )
        hinges[f"{side}_shank"] = (
            Hinge(f"{side}_knee_flexion", askew((0, 0, -1), 3.0)),
            Hinge(f"{side}_knee_abduction", askew((-out, 0, 0))),
            Hinge(f"{side}_knee_rotation", askew((0, out, 0))),
        )
        # Talocrural axis, down and back to the outside; subtalar axis, 42 deg upward and 23 deg inward (Inman 1976).
        hinges[f"{side}_foot"] = (
            Hinge(f"{side}_ankle_dorsiflexion", askew((-0.1, -0.14 * out * out, 1.0))),
            Hinge(f"{side}_ankle_inversion", askew((out * 0.68, out * 0.67, -0.29), 4.0)),
        )
    return hinges


def _sole(side: str, foot_length: float, ankle_height: float, rng: np.random.Generator) -> Array:
    """Points of a sole (9, 3): heel, outer edge, heads of metatarsals 1, 3 and 5, and three of the toes, higher up."""
    out = OUTWARD[side]
    # length from the heel, outward [m], height [m]
    rows = np.array(
        [
            [0.00, -0.020, 0.0],
            [0.00, 0.022, 0.0],
            [0.40, 0.034, 0.0],
            [0.70, -0.036, 0.0],
            [0.70, 0.005, 0.0],
            [0.64, 0.045, 0.0],
            [0.82, -0.030, 0.003],
            [0.80, 0.012, 0.004],
            [0.92, -0.020, 0.010],
        ]
    )
    rows[:, :2] += rng.normal(0.0, [0.012, 0.002], (len(rows), 2))
    forward = (rows[:, 0] - 0.22) * foot_length
    return np.stack([forward, rows[:, 2] - ankle_height, out * rows[:, 1]], axis=1)


def _landmarks(
    joint: dict[str, Array],
    sole: dict[str, Array],
    height: float,
    pelvis: tuple[float, float],
    rng: np.random.Generator,
) -> dict[str, dict[str, Array]]:
    """Landmarks of each segment, and places of further markers on it."""
    width, depth = pelvis
    tilt = Rotation.from_rotvec([0.0, 0.0, np.radians(rng.normal(-8.0, 4.0))])
    front = np.array([0.24 * depth + 0.0099, 0.30 * width + 0.0109, 0.0])
    marks: dict[str, dict[str, Array]] = {"pelvis": {}, "trunk": {}}
    for side in SIDES:
        aside = np.array([0.0, 0.0, OUTWARD[side]])
        marks["pelvis"][f"{side}_anterior_superior_iliac_spine"] = tilt.apply(front + 0.5 * width * aside)
        marks["pelvis"][f"{side}_posterior_superior_iliac_spine"] = tilt.apply(
            front - np.array([depth, 0.0, 0.0]) + rng.normal(0.045, 0.004) * aside
        )
        marks["trunk"][f"{side}_acromion"] = (
            np.array([rng.normal(-0.01, 0.01), 0.225 * height, 0.0]) + 0.105 * height * aside
        )
    marks["trunk"] |= {
        "c7": np.array([-0.07, 0.25 * height, 0.0]) + rng.normal(0.0, 0.008, 3),
        "sternum": np.array([0.10, 0.17 * height, 0.0]) + rng.normal(0.0, 0.008, 3),
        "t10": np.array([-0.11, 0.12 * height, 0.0]) + rng.normal(0.0, 0.008, 3),
    }
    for side in SIDES:
        out = OUTWARD[side]
        knee, ankle = joint[f"{side}_shank"], joint[f"{side}_foot"]
        across = Rotation.from_rotvec(np.radians(rng.normal([0.0, 0.0, 0.0], [2.0, 4.0, 0.0]))).apply([0.0, 0.0, out])
        marks[f"{side}_thigh"] = {
            f"{side}_lateral_epicondyle": knee + 0.5 * rng.normal(0.10, 0.006) * across,
            **_cluster(f"{side}_thigh", knee, 0.065, out, rng),
        }
        lateral = marks[f"{side}_thigh"][f"{side}_lateral_epicondyle"]
        marks[f"{side}_thigh"][f"{side}_medial_epicondyle"] = 2.0 * knee - lateral
        torsion = np.radians(-out * rng.normal(15.0, 5.0))
        across = Rotation.from_rotvec([np.radians(rng.normal(0.0, 3.0)), torsion, 0.0]).apply([0.0, 0.0, out])
        lateral = ankle + 0.5 * rng.normal(0.072, 0.004) * across
        marks[f"{side}_shank"] = {
            f"{side}_lateral_malleolus": lateral,
            f"{side}_medial_malleolus": 2.0 * ankle - lateral,
            **_cluster(f"{side}_shank", ankle, 0.05, out, rng),
        }
        points, up = sole[side], np.array([0.0, 0.02, 0.0])
        marks[f"{side}_foot"] = {
            f"{side}_heel": points[:2].mean(axis=0) + np.array([-0.008, 0.025, 0.0]),
            f"{side}_first_metatarsal": points[3] + up,
            f"{side}_fifth_metatarsal": points[5] + up,
            f"{side}_toe": points[8] + up,
        }
    return marks


def _cluster(segment: str, end: Array, radius: float, out: float, rng: np.random.Generator) -> dict[str, Array]:
    """Four markers on the front and the outside of a thigh or shank."""
    places = {}
    for number, (down, turn) in enumerate(((0.35, 10.0), (0.45, 80.0), (0.65, 25.0), (0.75, 95.0)), start=1):
        angle = np.radians(turn + rng.normal(0.0, 10.0))
        place = (down + rng.normal(0.0, 0.03)) * end
        places[f"{segment}_{number}"] = place + radius * np.array([np.cos(angle), 0.0, out * np.sin(angle)])
    return places
