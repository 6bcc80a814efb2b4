"""Alignment of the legs: the separate measures that are loosely called knee valgus, each with its uncertainty.

The three-dimensional knee abduction angle comes from `angles.py`. What is added here is measured between
joint centres: the frontal-plane projection angle, the separation of the knees relative to that of the ankles, the
medial displacement of the knee, and what explains them (hip-knee-ankle angle, pelvic drop, knee medial to toe, foot
progression). None of them replaces another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.mechanics.motion.kinematics import Array, Kinematics, Paths
from legsci.vocabulary import OUTWARD, SIDES

#: Sign of outward as a column (leg, 1), and the joints of a leg.
OUT = np.array(list(OUTWARD.values()))[:, None]
LEG_JOINTS = ("hip", "knee", "ankle")
X, Y, Z = range(3)

#: Up to this angle between thigh and shank a leg has a hip-knee-ankle angle [deg].
STRAIGHT_DEG = 30.0
#: Up to this inclination of the thigh, of which a third of the length is seen from the front then, a leg has a frontal
#: projection angle [deg].
HANGING_DEG = 70.0
#: Curves that are measured, with their unit; `both` holds what belongs to no side.
CURVES = {
    "knee_frontal_projection": "deg",
    "knee_fixed_camera_projection": "deg",
    "knee_ankle_separation": "1",
    "knee_medial_offset": "m",
    "hip_knee_ankle": "deg",
    "pelvic_drop": "deg",
    "knee_medial_to_toe": "m",
    "foot_progression": "deg",
    "foot_pitch": "deg",
    "thigh_inclination": "deg",
}
#: Curves whose standard uncertainty is found.
UNCERTAIN_CURVES = (
    "knee_abduction",
    "knee_frontal_projection",
    "knee_fixed_camera_projection",
    "knee_ankle_separation",
    "knee_medial_offset",
    "hip_knee_ankle",
    "pelvic_drop",
    "knee_medial_to_toe",
    "foot_progression",
    "foot_pitch",
    "thigh_inclination",
)

#: Hip centre of Harrington's equations: a distance of 12 mm from the imaged centre (Mantovani et al. 2016), spread over
#: three axes [m per axis].
HIP_CENTRE_M = 0.012 / 3.0**0.5
#: Putting a marker on a landmark again: two marks on the side of the knee lie 8 mm apart on average (Simmonds & Kumar
#: 1993, Int J Ind Ergon 11:145), which two normal errors of this size per axis give [m per axis].
LANDMARK_M = 0.0045
#: The centre about which a knee or an ankle turns does not lie exactly midway between its landmarks [m per axis]; our
#: choice. With the two landmarks it makes the error of such a centre.
MIDWAY_M = 0.003
CENTRE_M = (0.5 * LANDMARK_M**2 + MIDWAY_M**2) ** 0.5
#: Distance of two markers on a knee, on a pelvis (anterior spines), along a foot, of a person of ordinary size [m].
KNEE_WIDTH_M, PELVIS_WIDTH_M, FOOT_LENGTH_M = 0.12, 0.24, 0.20
#: By how much the line between the anterior spines is turned when these are missed [rad].
SPINE_LINE_RAD = 2.0**0.5 * LANDMARK_M / PELVIS_WIDTH_M


class SoftTissueArtefact(NamedTuple):
    """Standard uncertainty per axis of a segment's distal end [m] and turn [deg] when it is turned by 90 deg."""

    shift_m: float
    turn_deg: float


#: The skin strays in proportion to the turn. Sizes are our reading of the review of Leardini et al. 2005 (Gait Posture
#: 21:212), of the order of 10 mm on the thigh and less elsewhere. Of pelvis and trunk per 90 deg between them and the
#: thighs, since the skin of both follows the bending of the hips: markers on them stray by some millimetres to
#: centimetres (Fiorentino et al. 2017, Gait Posture 55:184; Zemp et al. 2014, PLoS ONE 9:e95426), all of a segment
#: together by less; our choice.
SOFT_TISSUE_ARTEFACT = {
    "thigh": SoftTissueArtefact(0.008, 1.4),
    "shank": SoftTissueArtefact(0.0035, 0.8),
    "foot": SoftTissueArtefact(0.0015, 0.6),
    "pelvis": SoftTissueArtefact(0.004, 1.0),
    "trunk": SoftTissueArtefact(0.003, 0.7),
}


def alignment(kinematics: xr.Dataset) -> xr.Dataset:
    """Measure the alignment of the legs in every frame.

    Parameters
    ----------
    kinematics : answer of `legsci.mechanics.motion.angles.kinematics`.

    Returns
    -------
    Dataset of curves (time, side), NaN where a joint centre or segment is absent. The frontal plane is upright and
    holds the line between the hip centres, so that it turns with the person and not with the laboratory.

    - knee_frontal_projection [deg]: 180 less the angle hip-knee-ankle in the frontal plane, valgus (knee inward)
      positive: the FPPA (Willson & Davis 2008) of a camera that turns with the pelvis; only while the thigh hangs to
      within `HANGING_DEG`, since of a level thigh the camera sees no more than an end.
    - knee_fixed_camera_projection [deg]: the same in the upright plane across the forward axis of the laboratory, as a
      camera in front sees it that does not turn with the person.
    - knee_ankle_separation [1], side both: distance of the knee centres over that of the ankle centres, along the line
      of the hips (Noyes et al. 2005, with the markers of a video); below 1 the knees are closer, below 0 they cross.
    - knee_medial_offset [m]: how far the knee centre lies inward of the ankle centre.
    - hip_knee_ankle [deg]: angle between the lines hip-knee and knee-ankle in the plane across the thigh, 180 straight,
      more is valgus; only while the leg is straight to within `STRAIGHT_DEG`.
    - pelvic_drop [deg]: obliquity of the pelvis with the other side down, as in stance on this leg.
    - knee_medial_to_toe [m]: how far the knee centre lies inward of the upright plane through ankle and foot axis.
    - foot_progression [deg]: direction of the foot relative to that of the person, toes out positive.
    - foot_pitch [deg]: long axis of the foot to the floor, toes up positive; 0 in the static trial.
    - thigh_inclination [deg]: line hip-knee from hanging straight down (0); 90 is level.
    """
    return _dataset(alignment_curves(Kinematics.of(kinematics), uncertainty=False), kinematics)


def alignment_uncertainty(kinematics: xr.Dataset) -> xr.Dataset:
    """Standard uncertainty of knee abduction and of the curves of `alignment` in every frame.

    Parameters
    ----------
    kinematics : answer of `legsci.mechanics.motion.angles.kinematics`.

    Returns
    -------
    Dataset of u_<curve> (time, side) of UNCERTAIN_CURVES, in the unit of the curve.

    Notes
    -----
    Analytic, by propagation of independent errors (JCGM 100:2008, 5.1.2): hip centre (`HIP_CENTRE_M`), placement of
    markers on landmarks (`LANDMARK_M`), and soft tissue (`SOFT_TISSUE_ARTEFACT`, in proportion to the tilt of the
    segment). With h, k, a the frontal errors of hip, knee and ankle, f knee flexion, L the lengths of thigh and shank,
    and r the error of the thigh's rotation about its long axis, knee abduction changes by

        (h - k) cos f / L_thigh + r sin f - (k - a) / L_shank,

    where errors of soft tissue move the knee of the thigh alone and turn the shank as a whole. The frontal plane turns
    with the line between the hip centres, each of which is missed, by which a knee ahead of the ankle appears medial or
    lateral of it. A displacement from the start has only this and the soft tissue part. Markers that were filled add
    the uncertainty of their segment (`checked_skeleton.segment_filling`) in the frames of their gaps. Noise of the
    cameras (some 0.1 mm) is left out.
    """
    curves = alignment_curves(Kinematics.of(kinematics))
    return _dataset({f"u_{name}": curves[f"u_{name}"] for name in UNCERTAIN_CURVES}, kinematics)


def alignment_curves(kinematics: Kinematics, *, uncertainty: bool = True) -> dict[str, Array]:
    """Curves of `alignment`, and the standard uncertainties u_<curve> of `alignment_uncertainty`, (side, time)."""
    body = _Body(kinematics)
    of_legs, of_both = _legs(body), {"knee_ankle_separation": _separation(body)}
    if uncertainty:
        skin = _skin(body)
        of_legs |= {f"u_{name}": curves for name, curves in _leg_uncertainties(body, skin).items()}
        of_both["u_knee_ankle_separation"] = _separation_uncertainty(body, skin)
    answer = {}
    for name in (*CURVES, *(f"u_{name}" for name in UNCERTAIN_CURVES if uncertainty)):
        answer[name] = np.full((len(SIDES), body.frames), np.nan)
        if name in of_both:
            answer[name][SIDES.index("both")] = of_both[name]
        else:
            answer[name][[SIDES.index(side) for side in OUTWARD]] = of_legs[name]
    return answer


def _dataset(curves: dict[str, Array], kinematics: xr.Dataset) -> xr.Dataset:
    """Label curves (side, time)."""
    units = {name: {"units": CURVES.get(name.removeprefix("u_"), "deg")} for name in curves}
    return xr.Dataset(
        {name: (("time", "side"), curve.T, units[name]) for name, curve in curves.items()},
        coords={"time": kinematics.variables["time"], "side": list(SIDES)},
    )


def hip_bend(rotation: Paths, segment: str, frames: int) -> Array:
    """Angle between the long axes of pelvis or trunk and of the thighs, mean of both legs (time,) [rad].

    0 where it is not known.
    """
    thighs = [rotation[f"{side}_thigh"] for side in OUTWARD if f"{side}_thigh" in rotation]
    if segment not in rotation or not thighs:
        return np.zeros(frames)
    own = rotation[segment][..., Y]
    return np.mean([np.arccos(np.clip(_along(own, thigh[..., Y]), -1.0, 1.0)) for thigh in thighs], axis=0)


class _Body:
    """Kinematics of both legs, in the order of OUTWARD; NaN for what is absent."""

    def __init__(self, kinematics: Kinematics) -> None:
        self.frames, self._known = kinematics.time.size, kinematics
        self.bent = hip_bend(kinematics.rotation, "pelvis", self.frames)
        #: Paths of joint centres (leg, time, 3) [m].
        self.hip, self.knee, self.ankle = (self._both(kinematics.joint_centre, name) for name in LEG_JOINTS)
        self.thigh, self.shank = self.hip - self.knee, self.ankle - self.knee
        self.thigh_m, self.shank_m = _length(self.thigh), _length(self.shank)
        #: Level direction to the person's right (time, 3): from the left to the right hip centre; that ahead; and from
        #: the middle to either leg (leg, time, 3).
        self.right = _level(self.hip[1] - self.hip[0])
        self.ahead = _turned_left(self.right)
        self.outward = OUT[:, :, None] * self.right
        #: The same of a person who faces along the forward axis of the laboratory.
        self.outward_of_lab = OUT[:, :, None] * np.tile([0.0, 0.0, 1.0], (self.frames, 1))

    def _both(self, paths: dict[str, Array], name: str, shape: tuple[int, ...] = (3,)) -> Array:
        """Values of both legs (leg, time, ...)."""
        unknown = np.full((self.frames, *shape), np.nan)
        return np.stack([paths.get(f"{side}_{name}", unknown) for side in OUTWARD])

    def rotation(self, segment: str) -> Array:
        """Axes of a segment (leg, time, 3, 3)."""
        return self._both(self._known.rotation, segment, (3, 3))

    def knee_axis_rad(self) -> Array:
        """Uncertainty of the turn of the knee axis by the placement of the two markers that show it (leg, 1) [rad]."""
        base_m = [self._known.axis_base_m.get(f"{side}_knee", KNEE_WIDTH_M) for side in OUTWARD]
        return np.sqrt(2.0) * LANDMARK_M / np.array(base_m)[:, None]

    def filling(self, segment: str) -> Array:
        """Uncertainty of a segment from filled markers (2, leg, time): place per axis [m], turn [rad]."""
        nothing = np.zeros((self.frames, 2))
        shares = [self._known.filling.get(name, nothing) for name in (f"{side}_{segment}" for side in OUTWARD)]
        return np.moveaxis(np.stack(shares), -1, 0)

    def pelvis_filling_rad(self) -> Array:
        """Uncertainty of the turn of the pelvis from filled markers (time,) [rad]."""
        return np.asarray(self._known.filling.get("pelvis", np.zeros((self.frames, 2)))[:, 1])

    def knee_flexion(self) -> Array:
        """Flexion of the knees (leg, time) [rad]."""
        return np.radians(self._both(self._known.angle, "knee_flexion", ()))

    def obliquity(self) -> Array:
        """Obliquity of the pelvis (time,) [deg]."""
        return self._known.angle.get("pelvis_obliquity", np.full(self.frames, np.nan))


def _level(vectors: Array) -> Array:
    """Unit vectors (..., 3) along the level part of vectors."""
    level = vectors * [1.0, 0.0, 1.0]
    length = _length(level)
    return np.asarray(level / np.where(length > 0.0, length, np.nan)[..., None])


def _turned_left(level: Array) -> Array:
    """Level vectors (..., 3) a quarter turn to the left: the vertical unit vector times them."""
    return np.stack([level[..., Z], np.zeros(level.shape[:-1]), -level[..., X]], axis=-1)


def _along(vectors: Array, direction: Array) -> Array:
    """Scalar products (...) of vectors (..., 3)."""
    return np.asarray(np.einsum("...i,...i->...", vectors, direction))


def _length(vectors: Array) -> Array:
    """Lengths (...) of vectors (..., 3)."""
    return np.asarray(np.sqrt(_along(vectors, vectors)))


def _separation(body: _Body) -> Array:
    knees, ankles = (_along(path[1] - path[0], body.right) for path in (body.knee, body.ankle))
    return np.asarray(knees / np.where(np.abs(ankles) > 0.0, ankles, np.nan))


def _legs(body: _Body) -> dict[str, Array]:
    """Curves of both legs (leg, time)."""
    thigh, shank, outward = body.thigh, body.shank, body.outward
    aside = _along(shank, outward)
    across = np.einsum("ltij,lti->ltj", body.rotation("thigh"), shank)
    bent = -across[..., Y] < np.cos(np.radians(STRAIGHT_DEG)) * body.shank_m
    foot = body.rotation("foot")[..., X]
    ahead = _level(foot)
    inclination = np.degrees(np.arccos(np.clip(thigh[..., Y] / body.thigh_m, -1.0, 1.0)))
    hangs = inclination <= HANGING_DEG
    return {
        "knee_frontal_projection": np.where(hangs, _projection(body, outward), np.nan),
        "knee_fixed_camera_projection": np.where(hangs, _projection(body, body.outward_of_lab), np.nan),
        "knee_medial_offset": aside,
        "hip_knee_ankle": np.where(bent, np.nan, 180.0 + np.degrees(np.arctan2(OUT * across[..., Z], -across[..., Y]))),
        "pelvic_drop": -OUT * body.obliquity(),
        "knee_medial_to_toe": -OUT * _along(shank, _turned_left(ahead)),
        "foot_progression": np.degrees(np.arctan2(_along(ahead, outward), _along(ahead, body.ahead))),
        "foot_pitch": np.degrees(np.arcsin(np.clip(foot[..., Y], -1.0, 1.0))),
        "thigh_inclination": inclination,
    }


def _projection(body: _Body, outward: Array) -> Array:
    """180 deg less the angle hip-knee-ankle in the upright plane of an outward direction (leg, time) [deg]."""
    above = np.arctan2(_along(body.thigh, outward), body.thigh[..., Y])
    return np.asarray(np.degrees(above + np.arctan2(_along(body.shank, outward), -body.shank[..., Y])))


class _Skin(NamedTuple):
    """Uncertainty from soft tissue (leg, time): knee and ankle centre per axis [m], segments' turn [rad]."""

    knee_m: Array
    ankle_m: Array
    thigh_rad: Array
    shank_rad: Array
    foot_rad: Array

    def joints_m(self) -> tuple[Array, Array]:
        """Uncertainty per axis of knee and ankle centre (leg, time) [m]: by their landmarks, and the skin."""
        return np.hypot(CENTRE_M, self.knee_m), np.hypot(CENTRE_M, self.ankle_m)


def _skin(body: _Body) -> _Skin:
    """Soft tissue of both legs; the ankle centre moves as its shank is shifted and turned."""
    shift, turn = {}, {}
    for segment in ("thigh", "shank", "foot"):
        tissue = SOFT_TISSUE_ARTEFACT[segment]
        part = np.arccos(np.clip(body.rotation(segment)[..., Y, Y], -1.0, 1.0)) / (np.pi / 2)
        place_m, turn_rad = body.filling(segment)
        shift[segment] = np.hypot(tissue.shift_m * part, place_m)
        turn[segment] = np.hypot(np.radians(tissue.turn_deg) * part, turn_rad)
    knee = np.hypot(shift["thigh"], 0.5 * body.thigh_m * body.filling("thigh")[1])
    ankle = np.hypot(shift["shank"], 0.5 * body.shank_m * turn["shank"])
    return _Skin(knee, ankle, turn["thigh"], turn["shank"], turn["foot"])


def _separation_uncertainty(body: _Body, skin: _Skin) -> Array:
    ratio = _separation(body)
    separation_m = _along(body.ankle[1] - body.ankle[0], body.right)
    knees, ankles = (np.hypot(*errors) for errors in skin.joints_m())
    return np.asarray(np.hypot(knees, ratio * ankles) / np.abs(separation_m))


def _leg_uncertainties(body: _Body, skin: _Skin) -> dict[str, Array]:
    """Standard uncertainties of both legs (leg, time)."""
    knee_m, ankle_m = skin.joints_m()
    foot_axis = np.hypot(np.sqrt(2.0) * LANDMARK_M / FOOT_LENGTH_M, skin.foot_rad)
    reach = _length(body.shank * [1.0, 0.0, 1.0])
    hip_line = 2.0**0.5 * HIP_CENTRE_M / _length(body.hip[1] - body.hip[0])
    turned = hip_line * _along(body.shank, body.ahead)
    bent = np.radians(SOFT_TISSUE_ARTEFACT["pelvis"].turn_deg) * body.bent / (0.5 * np.pi)
    return {
        **_angle_uncertainties(body, skin),
        "knee_frontal_projection": _projection_uncertainty(body, body.outward, knee_m, ankle_m, hip_line),
        "knee_fixed_camera_projection": _projection_uncertainty(body, body.outward_of_lab, knee_m, ankle_m, None),
        "knee_medial_offset": np.sqrt(skin.knee_m**2 + skin.ankle_m**2 + turned**2),
        "pelvic_drop": np.tile(
            np.degrees(np.sqrt(SPINE_LINE_RAD**2 + bent**2 + body.pelvis_filling_rad() ** 2)), (len(OUTWARD), 1)
        ),
        "knee_medial_to_toe": np.sqrt(knee_m**2 + ankle_m**2 + (reach * foot_axis) ** 2),
        # Of a foot on its toes little is seen from above, and an error of its heading counts more.
        "foot_progression": np.degrees(
            np.hypot(foot_axis / _length(body.rotation("foot")[..., X] * [1.0, 0.0, 1.0]), hip_line)
        ),
        # The sole is level while standing by definition: only its skin strays from there.
        "foot_pitch": np.degrees(skin.foot_rad),
        "thigh_inclination": np.degrees(np.hypot(HIP_CENTRE_M, knee_m) / body.thigh_m),
    }


def _angle_uncertainties(body: _Body, skin: _Skin) -> dict[str, Array]:
    """Standard uncertainty of knee abduction and hip-knee-ankle angle (leg, time) [deg]."""
    flexion, thigh_m, shank_m = body.knee_flexion(), body.thigh_m, body.shank_m
    across, along = np.cos(flexion) / thigh_m, np.sin(flexion)
    put = (
        (across * HIP_CENTRE_M) ** 2
        + ((across + 1.0 / shank_m) * CENTRE_M) ** 2
        + (CENTRE_M / shank_m) ** 2
        + (along * body.knee_axis_rad()) ** 2
    )
    strayed = (along * skin.thigh_rad) ** 2 + (across * skin.knee_m) ** 2 + skin.shank_rad**2
    return {"knee_abduction": np.degrees(np.sqrt(put + strayed)), "hip_knee_ankle": np.degrees(np.sqrt(put))}


def _projection_slope(vector: Array, outward: Array) -> tuple[Array, Array]:
    """Change of the direction of a vector in the frontal plane per move of its end outward and upward [rad/m]."""
    aside, up = _along(vector, outward), vector[..., Y]
    square = aside**2 + up**2
    return up / square, -aside / square


def _projection_uncertainty(
    body: _Body, outward: Array, knee_m: Array, ankle_m: Array, turn_rad: Array | None
) -> Array:
    """Standard uncertainty of a projection angle (leg, time) [deg]; large where a line is normal to the plane.

    `turn_rad` (time,) is that of the direction of the plane; None of a plane that is fixed.
    """
    thigh, shank, ahead = body.thigh, body.shank, body.ahead
    above = _projection_slope(thigh, outward)
    below = _projection_slope(shank * [1.0, -1.0, 1.0], outward)
    # Moving the knee moves both lines; up counts the other way for the shank, which is looked at from above.
    at_knee = np.hypot(above[0] + below[0], above[1] - below[1])
    turned = (0.0 if turn_rad is None else turn_rad) * (
        _along(thigh, ahead) * above[0] + _along(shank, ahead) * below[0]
    )
    moved = HIP_CENTRE_M * np.hypot(*above), knee_m * at_knee, ankle_m * np.hypot(*below), turned
    return np.asarray(np.degrees(np.sqrt(sum(part**2 for part in moved))))
