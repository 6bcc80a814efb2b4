"""Labels that cannot be right: left and right or inside and outside swapped, coordinates with a wrong sign."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from legsci.kernels.rigid_body import largest_strays
from legsci.mechanics.markers import CLUSTERS, Markers
from legsci.mechanics.quality import Finding

Floats = NDArray[np.float64]
Points = dict[str, Floats]

#: How far a marker may leave the shape of its segment [m]: five times the soft tissue motion of about 2 cm that is seen
#: on the thigh (Leardini et al. 2005, Gait Posture 21:212), so that nothing but a wrong coordinate exceeds it.
MOST_STRAY_M = 0.1
SIGNS = {"x": (-1, 1, 1), "y": (1, -1, 1), "z": (1, 1, -1), "every coordinate": (-1, -1, -1)}
INNER_OUTER = (("medial_epicondyle", "lateral_epicondyle"), ("medial_malleolus", "lateral_malleolus"))


def swapped_labels(posture: Points) -> list[tuple[tuple[str, str], Finding]]:
    """Find pairs of labels that stand on each other's side in an upright posture.

    Parameters
    ----------
    posture : label -> (3,) mean position while the person stands [m], ISB axes up to a turn about the vertical.

    Returns
    -------
    Each pair with its finding `labels_swapped`.

    Notes
    -----
    The person's right is forward x up, with forward from the posterior to the anterior markers of the pelvis, else from
    heel to toe. With r that direction, (right - left) . r and, on the right leg, (lateral - medial) . r are positive
    while standing; a pair with the other sign is swapped.
    """
    right = _rightward(posture)
    if right is None:
        return []
    swapped = []
    for label in sorted(posture):
        partner = label.replace("right_", "left_", 1)
        if label.startswith("right_") and partner in posture and (posture[label] - posture[partner]) @ right < 0.0:
            swapped.append((label, partner))
    for (side, outward), (inner, outer) in product((("right", 1.0), ("left", -1.0)), INNER_OUTER):
        pair = f"{side}_{outer}", f"{side}_{inner}"
        if set(pair) <= set(posture) and (posture[pair[0]] - posture[pair[1]]) @ right * outward < 0.0:
            swapped.append(pair)
    return [(pair, Finding("labels_swapped", signal="markers", detail=" and ".join(pair))) for pair in swapped]


def _rightward(posture: Points) -> Floats | None:
    """Return the horizontal direction to the person's right (3,), or None where no marker tells it."""
    steps = [
        ("posterior_superior_iliac_spine", "anterior_superior_iliac_spine"),
        ("heel", "toe"),
        ("heel", "second_metatarsal"),
    ]
    for behind, ahead in steps:
        back, front = (
            [posture[f"{side}_{name}"] for side in ("right", "left") if f"{side}_{name}" in posture]
            for name in (behind, ahead)
        )
        if not back and behind.startswith("posterior") and "sacrum" in posture:
            back = [posture["sacrum"]]
        if back and front and len(front) >= min(2, len(back)):
            forward = np.mean(front, axis=0) - np.mean(back, axis=0)
            return np.cross(forward, [0.0, 1.0, 0.0])
    return None


def stray_markers(markers: Markers, posture: Points) -> dict[str, Finding]:
    """Find markers that leave their segment, and say where a wrong sign explains it.

    Parameters
    ----------
    markers : of the trial.
    posture : label -> (3,) [m] of a standing trial or of this trial itself, which gives the shape of the segments.

    Returns
    -------
    Label -> marker_flipped where the marker fits its segment once a coordinate (or all) changes sign, marker_astray
    where none helps. Segments of fewer than four markers are not judged: nothing says there which one strays.

    Notes
    -----
    How far a marker strays is what `legsci.kernels.rigid_body.largest_strays` says. Only the worst marker of a segment
    is judged at a time, then the rest without it.
    """
    found = {}
    for names in CLUSTERS.values():
        present = [name for name in names if name in markers.labels and name in posture]
        while len(present) >= 4:
            tracks = np.stack([markers.path(name) for name in present], axis=1)
            shape = np.stack([posture[name] for name in present])
            strays = largest_strays(shape, tracks)
            worst = int(np.argmax(strays))
            if strays[worst] <= MOST_STRAY_M:
                break
            label = present.pop(worst)
            found[label] = _judge(label, tracks, shape, worst, float(strays[worst]))
    return found


def _judge(label: str, tracks: Floats, shape: Floats, worst: int, stray_m: float) -> Finding:
    """Return the finding about the marker that strays most: in its track, or in the shape, a sign may be wrong.

    tracks (time, marker, 3), shape (marker, 3) [m].
    """
    for name, sign in SIGNS.items():
        for in_track, in_shape in ((True, True), (True, False), (False, True)):
            turned, known = tracks.copy(), shape.copy()
            strayed = np.abs(tracks[:, worst] - np.nanmedian(tracks, axis=1)).max(axis=1) > MOST_STRAY_M
            if in_track:
                turned[strayed, worst] *= sign
            if in_shape:
                known[worst] *= sign
            if largest_strays(known, turned)[worst] <= MOST_STRAY_M:
                return Finding("marker_flipped", signal=label, value=stray_m, detail=name)
    return Finding("marker_astray", signal=label, value=stray_m, limit=MOST_STRAY_M)
