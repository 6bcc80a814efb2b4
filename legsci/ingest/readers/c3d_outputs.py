"""Points of a C3D file that are no markers: outputs of the maker's model (angles, moments, powers, centre of mass)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from legsci.ingest.readers.signals import Floats

#: Words that models of Vicon, Cortex, Qualisys and Visual3D put at the end of the name of an output, or before a suffix
#: that begins with a capital, a digit or "_" (LHipMomentFEM).
_WORDS = (
    "Angles?|AngVel|AngularVelocity|Moments?|Torques?|Powers?|Forces?|CentreOfMass|CenterOfMass|CentreOfPressure|"
    "CenterOfPressure|CofM|CofP|Vector|Energy|Impulse|ArchHeight"
)
_OUTPUT = re.compile(rf"(?:^|[a-z0-9_]|(?<=[LR]))(?P<word>{_WORDS})(?=[A-Z0-9_]|$)")
_SHORT = re.compile(r"^(?:[LR]_?|Body_?|Total_?|Whole_?body_?)?(?:COM|CoM|COG|CoG|COP|CoP|GRF)_?\d*$")
#: A point as far as this from the middle of all others [m] is not on the body of the person they are on.
FARTHEST_M = 10.0
#: A joint angle beyond two turns is none [deg].
LARGEST_ANGLE_DEG = 720.0


def kind_by_name(label: str) -> str:
    """Return "ANGLES", "OUTPUTS" for another output of a model, or "markers", by the label of a point."""
    bare = label.rsplit(":", 1)[-1]
    match = _OUTPUT.search(bare)
    if match:
        return "ANGLES" if match["word"].startswith("Angle") else "OUTPUTS"
    return "OUTPUTS" if _SHORT.match(bare) else "markers"


def far_points(position: Floats, labels: Sequence[str], mapped: frozenset[str]) -> list[str]:
    """Return labels of points that are too far from all others to be on the same body.

    Parameters
    ----------
    position : (time, point, 3) [m], NaN where a point was not seen.
    labels : of the points.
    mapped : labels that the study names as markers; these are never doubted.
    """
    if len(labels) < 4:
        return []
    middle = np.array([_median(position[:, point]) for point in range(len(labels))])
    whole = np.isfinite(middle).all(axis=1)
    if whole.sum() < 4:
        return []
    distance = np.linalg.norm(middle - np.median(middle[whole], axis=0), axis=1)
    # Where most points are spread as widely, the unit is wrong and not the points.
    if np.median(distance[whole]) > FARTHEST_M / 2.0:
        return []
    return [label for label, far in zip(labels, distance, strict=True) if far > FARTHEST_M and label not in mapped]


def _median(track: Floats) -> Floats:
    """Return the median position of a point over at most some hundred of its frames, NaN where it was never seen."""
    track = track[:: max(len(track) // 200, 1)]
    track = track[np.isfinite(track).all(axis=1)]
    return np.median(track, axis=0) if len(track) else np.full(3, np.nan)
