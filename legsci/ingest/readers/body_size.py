"""Distances between markers that no body has: a unit of length other than the file or the study says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.faults import Fault
from legsci.vocabulary import SIDES_OF_BODY

Floats = NDArray[np.float64]

#: Usual distances between markers of an adult [m]; Winter (2009), Biomechanics and motor control of human movement,
#: table 4.1, for a stature of 1.75 m (the iliac spines: Davis et al. 1991, Hum Mov Sci 10:575-587).
_ACROSS = {"anterior_superior_iliac_spine": 0.25, "posterior_superior_iliac_spine": 0.10, "acromion": 0.36}
_ALONG = {
    ("lateral_epicondyle", "lateral_malleolus"): 0.41,
    ("hip_centre", "knee_centre"): 0.43,
    ("knee_centre", "ankle_centre"): 0.43,
    ("anterior_superior_iliac_spine", "lateral_epicondyle"): 0.50,
    ("heel", "toe"): 0.22,
}
#: A child or a giant, and markers beside their place, lie within these ratios to the usual distances.
SMALLEST_RATIO, LARGEST_RATIO = 0.4, 2.5
#: Extent of all markers of a recording, whatever carries them [m].
SMALLEST_EXTENT_M, LARGEST_EXTENT_M = 0.02, 30.0
FRAMES_USED = 50


def size_faults(path: str, markers: xr.Dataset) -> list[Fault]:
    """Return a fault where markers are at distances that no body has.

    Parameters
    ----------
    path : of the recording, for the fault.
    markers : `position` (time, marker, axis) [m] under standard labels where the study maps them.
    """
    labels = [str(label) for label in markers.variables["marker"].data]
    position = markers["position"].transpose("time", "marker", "axis").data
    position = position[:: max(len(position) // FRAMES_USED, 1)]
    measured = _pairs(labels, position)
    expected = "markers as far apart as on a body: see the unit of length in the file (length_unit where it has none)"
    if measured:
        ratio = float(np.median([distance / usual for _, distance, usual in measured]))
        if SMALLEST_RATIO <= ratio <= LARGEST_RATIO:
            return []
        name, distance, usual = measured[0]
        return [Fault(path, "markers, unit", expected, f"{distance:.3g} m from {name}, which is about {usual:g} m")]
    extent = _extent(position)
    if np.isnan(extent) or SMALLEST_EXTENT_M <= extent <= LARGEST_EXTENT_M:
        return []
    return [Fault(path, "markers, unit", expected, f"{len(labels)} markers within {extent:.3g} m")]


def _pairs(labels: Sequence[str], position: Floats) -> list[tuple[str, float, float]]:
    """Return name, median distance and usual distance [m] of each pair of markers that were seen together."""
    known = [(f"left_{name}", f"right_{name}", usual) for name, usual in _ACROSS.items()]
    known += [(f"{side}_{a}", f"{side}_{b}", usual) for (a, b), usual in _ALONG.items() for side in SIDES_OF_BODY]
    found = []
    for first, second, usual in known:
        if first in labels and second in labels:
            apart = position[:, labels.index(first)] - position[:, labels.index(second)]
            distance = np.linalg.norm(apart[np.isfinite(apart).all(axis=1)], axis=1)
            if distance.size:
                found.append((f"{first} to {second}", float(np.median(distance)), usual))
    return found


def _extent(position: Floats) -> float:
    """Return the median diagonal of the box around the markers of a frame [m], NaN where none has three of them."""
    seen = np.isfinite(position).all(axis=2)
    frames = position[seen.sum(axis=1) >= 3]
    if not len(frames):
        return np.nan
    with np.errstate(invalid="ignore"):
        return float(np.median(np.linalg.norm(np.nanmax(frames, axis=1) - np.nanmin(frames, axis=1), axis=1)))
