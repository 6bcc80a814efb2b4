"""Markers on the virtual athlete: where they sit on its segments, and where they are during a motion."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.plan import Array, Motion
from legsci.vocabulary import MARKERS, SEGMENTS, SIDES_OF_BODY

#: Radius of a marker's centre above skin or bone [m].
_PROUD = 0.01
# Hip joint centre from the pelvic markers (Harrington et al. 2007, J Biomech 40:595), solved for the markers [m].
_DEPTH_PER_WIDTH = 0.62
#: Clusters: (share of the segment's length from the proximal joint, forward, outward), the last two in metres.
_CLUSTERS = {
    "thigh": ((0.42, 0.055, 0.065), (0.58, 0.055, 0.060), (0.60, -0.030, 0.070), (0.44, -0.030, 0.075)),
    "shank": ((0.38, 0.045, 0.030), (0.54, 0.040, 0.028), (0.56, -0.015, 0.045), (0.40, -0.020, 0.050)),
}


def marker_offsets(body: Body) -> dict[str, tuple[int, Array]]:
    """Segment and place of every marker.

    Parameters
    ----------
    body : the athlete.

    Returns
    -------
    standard label -> (row of SEGMENTS, (3,) in segment axes from the segment's origin [m]).

    Notes
    -----
    The pelvic markers lie such that Harrington's regressions give the true hip centres, with x = -0.24 PD - 9.9 mm,
    y = -0.30 PW - 10.9 mm and z = 0.33 PW + 7.3 mm from the middle of the anterior spines.
    """
    places = _pelvis(body) | _trunk(body)
    for side in range(2):
        places |= _leg(body, side)
    return {label: (SEGMENTS.index(segment), np.asarray(place)) for label, (segment, place) in places.items()}


def markers_of(body: Body, motion: Motion, *, step: int = 1) -> tuple[list[str], Array]:
    """Noiseless marker positions of a motion.

    Parameters
    ----------
    body : the athlete that moved.
    motion : a trial.
    step : samples of the motion from one frame to the next; a last frame that it does not fill is left out.

    Returns
    -------
    names : labels of MARKERS, in its order.
    position : (frame, marker, 3) in lab axes [m].
    """
    offsets = marker_offsets(body)
    names = [name for name in MARKERS if name in offsets]
    frames = slice(0, motion.time.size // step * step, step)
    position = np.empty((motion.time.size // step, len(names), 3))
    for segment in {carrier for carrier, _ in offsets.values()}:
        columns = [column for column, name in enumerate(names) if offsets[name][0] == segment]
        places = np.stack([offsets[names[column]][1] for column in columns], axis=1)
        # One product of all frames' rows with all places is three times as fast as a product per marker.
        turned = (motion.rotation[segment, frames].reshape(-1, 3) @ places).reshape(-1, 3, len(columns))
        position[:, columns] = motion.position[segment, frames][:, None] + turned.transpose(0, 2, 1)
    return names, position


def _pelvis(body: Body) -> dict[str, tuple[str, list[float]]]:
    """Pelvic markers, in the plane of the anterior and posterior spines."""
    width = (float(body.hip[1, 2]) - 0.0073) / 0.33
    depth = _DEPTH_PER_WIDTH * width
    front, up = 0.24 * depth + 0.0099, 0.30 * width + 0.0109
    places: dict[str, tuple[str, list[float]]] = {"sacrum": ("pelvis", [front - depth, up, 0.0])}
    for sign, side in ((-1.0, "left"), (1.0, "right")):
        places[f"{side}_anterior_superior_iliac_spine"] = ("pelvis", [front, up, sign * 0.5 * width])
        places[f"{side}_posterior_superior_iliac_spine"] = ("pelvis", [front - depth, up, sign * 0.18 * width])
    return places


def _trunk(body: Body) -> dict[str, tuple[str, list[float]]]:
    """Markers on the trunk."""
    top = body.trunk_length
    shoulder = 0.115 * body.athlete.height_m
    return {
        "c7": ("trunk", [-0.06, top, 0.0]),
        "sternum": ("trunk", [0.11, 0.72 * top, 0.0]),
        "left_acromion": ("trunk", [0.0, 0.98 * top, -shoulder]),
        "right_acromion": ("trunk", [0.0, 0.98 * top, shoulder]),
    }


def _leg(body: Body, side: int) -> dict[str, tuple[str, list[float]]]:
    """Markers on one leg: knee and ankle at the axes of the joints, clusters on the outer side, and the foot."""
    name, sign = SIDES_OF_BODY[side], 2.0 * side - 1.0
    thigh, shank = float(body.thigh_length[side]), float(body.shank_length[side])
    knee, ankle = 0.030 * body.athlete.height_m + _PROUD, 0.020 * body.athlete.height_m + _PROUD
    toe, heel, half = body.toe[side], body.heel[side], body.foot_half_width
    length = float(toe[0] - heel[0])
    places: dict[str, tuple[str, list[float]]] = {
        "lateral_epicondyle": ("thigh", [0.0, -thigh, sign * knee]),
        "medial_epicondyle": ("thigh", [0.0, -thigh, -sign * knee]),
        "lateral_malleolus": ("shank", [0.0, -shank, sign * ankle]),
        "medial_malleolus": ("shank", [0.0, -shank, -sign * ankle]),
        "heel": ("foot", [float(heel[0]) - _PROUD, float(heel[1]) + 0.035, 0.0]),
        "toe": ("foot", [float(toe[0]) - 0.20 * length, float(toe[1]) + 0.03, 0.0]),
        "first_metatarsal": ("foot", [float(toe[0]) - 0.28 * length, float(toe[1]) + 0.025, -sign * (half + _PROUD)]),
        "fifth_metatarsal": ("foot", [float(toe[0]) - 0.38 * length, float(toe[1]) + 0.02, sign * (half + _PROUD)]),
    }
    for segment, reach in (("thigh", thigh), ("shank", shank)):
        for number, (share, forward, outward) in enumerate(_CLUSTERS[segment], start=1):
            places[f"{segment}_{number}"] = (segment, [forward, -share * reach, sign * outward])
    # On the instep, so that the markers of a foot do not lie in one plane.
    for number, (along, up, outward) in enumerate(((0.45, 0.055, 0.5), (0.60, 0.045, -0.4)), start=1):
        place = [float(heel[0]) + along * length, float(heel[1]) + up, sign * outward * half]
        places[f"foot_{number}"] = ("foot", place)
    return {f"{name}_{label}": (f"{name}_{segment}", place) for label, (segment, place) in places.items()}
