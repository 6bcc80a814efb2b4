"""Bones and markers: true landmarks, the axes that they define, and markers beside them by the errors of palpation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.independent.bodies import OUTWARD, SIDES, Array, Body
from tests.independent.dynamics import Trial

Places = dict[str, dict[str, Array]]
FRONT, BACK = "anterior_superior_iliac_spine", "posterior_superior_iliac_spine"


@dataclass(frozen=True)
class Errors:
    """Standard deviations of the errors of a laboratory.

    Parameters
    ----------
    landmark_m : of a marker from its landmark, per axis [m].
    hip_m, joint_m : of a hip centre from where Harrington's equations put it, of a knee or ankle centre from the middle
        of its landmarks, per axis [m].
    skin : part of the soft-tissue motion (`recording.SKIN`) that there is.
    marker_noise_m : of each coordinate [m].
    plate_noise_n, plate_noise_n_m : of each channel [N], [N m].
    zero_n, zero_n_m : of the zeros of the channels, the same in all trials of a session [N], [N m].
    drift_n : of a zero from trial to trial [N].
    plate_place_m : of the place of a plate from where the file says it is, per axis [m].
    """

    landmark_m: float = 0.0
    hip_m: float = 0.0
    joint_m: float = 0.0
    skin: float = 0.0
    marker_noise_m: float = 0.0
    plate_noise_n: float = 0.0
    plate_noise_n_m: float = 0.0
    zero_n: float = 0.0
    zero_n_m: float = 0.0
    drift_n: float = 0.0
    plate_place_m: float = 0.0


CLEAN = Errors()
#: Landmarks: Della Croce U et al. (2005) Gait Posture 21:226, 5 mm and more between examiners; hip centres: Harrington
#: et al. (2007), residuals of 5 to 8 mm per axis; plates and cameras as makers state them.
NOISY = Errors(
    landmark_m=0.005,
    hip_m=0.007,
    joint_m=0.003,
    skin=1.0,
    marker_noise_m=0.0004,
    plate_noise_n=1.0,
    plate_noise_n_m=0.2,
    zero_n=12.0,
    zero_n_m=3.0,
    drift_n=0.2,
    plate_place_m=0.002,
)


@dataclass(frozen=True)
class Anatomy:
    """Bones and markers of a body.

    Parameters
    ----------
    bones : segment -> landmark -> true place (3,) in the axes of the segment [m].
    worn : segment -> label -> place of the marker (3,) [m].
    axes : segment -> (3, 3) anatomical axes x, y, z as columns, in the axes of the segment.
    """

    bones: Places
    worn: Places
    axes: dict[str, Array]


def draw_anatomy(body: Body, errors: Errors, standing: Trial, rng: np.random.Generator) -> Anatomy:
    """Draw bones and markers; the axes of foot and trunk also rest on the true pose of quiet standing."""
    bones = {segment: dict(marks) for segment, marks in body.landmarks.items()}
    _misplace_hips(bones["pelvis"], errors, rng)
    for side in SIDES:
        for segment, pair in ((f"{side}_thigh", "epicondyle"), (f"{side}_shank", "malleolus")):
            shift = rng.normal(0.0, errors.joint_m, 3)
            for label in bones[segment]:
                if label.endswith(pair):
                    bones[segment][label] = bones[segment][label] + shift
    worn = {
        segment: {label: place + rng.normal(0.0, errors.landmark_m, 3) for label, place in marks.items()}
        for segment, marks in bones.items()
    }
    return Anatomy(bones, worn, _axes(bones, standing))


def _misplace_hips(pelvis: dict[str, Array], errors: Errors, rng: np.random.Generator) -> None:
    """Move the spines of the pelvis against the hips, together and either side."""
    together, apart = rng.normal(0.0, errors.hip_m / np.sqrt(2.0), (2, 3))
    for label in pelvis:
        pelvis[label] = pelvis[label] + together + apart * (1.0 if label.startswith("right") else -1.0)


def axes_of(main: Array, second: Array, main_axis: int, second_axis: int) -> Array:
    """Axes (3, 3): one along `main`, one as near to `second` as may be, columns x, y, z."""
    columns = np.zeros((3, 3))
    columns[:, main_axis] = main / np.linalg.norm(main)
    rest = second - (second @ columns[:, main_axis]) * columns[:, main_axis]
    columns[:, second_axis] = rest / np.linalg.norm(rest)
    third = 3 - main_axis - second_axis
    columns[:, third] = np.cross(columns[:, (third + 1) % 3], columns[:, (third + 2) % 3])
    return columns


def middle(marks: dict[str, Array], *labels: str) -> Array:
    """Middle of some landmarks (3,)."""
    return np.mean([marks[label] for label in labels], axis=0)


def knee_of(bones: Places, side: str) -> Array:
    """Middle of the epicondyles, in the axes of the thigh (3,) [m]."""
    return middle(bones[f"{side}_thigh"], f"{side}_lateral_epicondyle", f"{side}_medial_epicondyle")


def ankle_of(bones: Places, side: str) -> Array:
    """Middle of the malleoli, in the axes of the shank (3,) [m]."""
    return middle(bones[f"{side}_shank"], f"{side}_lateral_malleolus", f"{side}_medial_malleolus")


def _axes(bones: Places, standing: Trial) -> dict[str, Array]:
    """Anatomical axes, see `legsci`'s study guide: ISB (Wu et al. 2002), feet flat in quiet standing."""
    now = len(standing.time) // 2
    turn = {name: rotation[now] for name, rotation in standing.rotation.items()}
    place = {name: position[now] for name, position in standing.position.items()}

    def carried(point: Array, segment: str, other: str) -> Array:
        return turn[other].T @ (place[segment] + turn[segment] @ point - place[other])

    pelvis = bones["pelvis"]
    across = pelvis[f"right_{FRONT}"] - pelvis[f"left_{FRONT}"]
    front, behind = (middle(pelvis, *(f"{side}_{mark}" for side in SIDES)) for mark in (FRONT, BACK))
    axes = {"pelvis": axes_of(across, front - behind, 2, 0)}
    shoulders = [bones["trunk"][f"{side}_acromion"] for side in SIDES]
    axes["trunk"] = axes_of(
        0.5 * (shoulders[0] + shoulders[1]) - carried(np.zeros(3), "pelvis", "trunk"), shoulders[0] - shoulders[1], 1, 2
    )
    for side in SIDES:
        thigh, shank, foot = (f"{side}_{part}" for part in ("thigh", "shank", "foot"))
        knee, ankle, out = knee_of(bones, side), ankle_of(bones, side), OUTWARD[side]
        between = {
            part: (bones[part][f"{side}_lateral_{mark}"] - bones[part][f"{side}_medial_{mark}"]) * out
            for part, mark in ((thigh, "epicondyle"), (shank, "malleolus"))
        }
        axes[thigh] = axes_of(-knee, between[thigh], 1, 2)
        axes[shank] = axes_of(carried(knee, thigh, shank) - ankle, between[shank], 1, 2)
        tip = middle(bones[foot], f"{side}_first_metatarsal", f"{side}_fifth_metatarsal")
        axes[foot] = axes_of(turn[foot].T @ [0.0, 1.0, 0.0], tip - bones[foot][f"{side}_heel"], 1, 0)
    return axes


def without(errors: Errors, **changes: float) -> Errors:
    """The same laboratory with some errors changed."""
    return replace(errors, **changes)
