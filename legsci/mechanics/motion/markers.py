"""Marker trajectories: gaps filled from the rigid segment or by splines, and smoothed; all reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline

from legsci.kernels.filters import butterworth_lowpass
from legsci.kernels.rigid_body import cluster_pose
from legsci.mechanics.motion.kinematics import Array, Booleans
from legsci.mechanics.motion.options import DEFAULT_OPTIONS, MotionOptions
from legsci.quality import QualityFlag
from legsci.vocabulary import LEGS

PELVIS_CLUSTER = (
    "left_anterior_superior_iliac_spine",
    "right_anterior_superior_iliac_spine",
    "left_posterior_superior_iliac_spine",
    "right_posterior_superior_iliac_spine",
    "left_iliac_crest",
    "right_iliac_crest",
    "sacrum",
    *(f"pelvis_{number}" for number in range(1, 5)),
)
TRUNK_CLUSTER = ("c7", "t10", "sternum", "clavicle", "left_acromion", "right_acromion")
LEG_CLUSTERS = {
    "thigh": (*(f"thigh_{number}" for number in range(1, 6)), "thigh_wand", "lateral_epicondyle", "medial_epicondyle"),
    "shank": (*(f"shank_{number}" for number in range(1, 6)), "shank_wand", "lateral_malleolus", "medial_malleolus"),
    "foot": (
        "heel",
        "heel_upper",
        "toe",
        "first_metatarsal",
        "second_metatarsal",
        "fifth_metatarsal",
        *(f"foot_{number}" for number in range(1, 5)),
    ),
}
#: Segment of the body -> markers that move with it.
CLUSTERS: dict[str, tuple[str, ...]] = {
    "pelvis": PELVIS_CLUSTER,
    "trunk": TRUNK_CLUSTER,
    **{
        f"{side}_{segment}": tuple(f"{side}_{name}" for name in names)
        for side in LEGS
        for segment, names in LEG_CLUSTERS.items()
    },
}
#: Gaps of the same length that are tried elsewhere in the trial, to find how well they are filled.
TRIED_GAPS = 8
#: Standard uncertainty per axis of a filled marker that is nowhere seen for as long [m]: 10 mm, the order of soft
#: tissue motion (Leardini et al. 2005, Gait Posture 21:212), spread over three axes.
UNTRIED_M = 0.010 / 3.0**0.5
#: Frames on either side of a gap through which its spline is drawn.
SPLINE_SUPPORT = 10


@dataclass(frozen=True)
class Markers:
    """Marker trajectories as plain arrays: the label handling of xarray takes longer than the arithmetic here.

    Parameters
    ----------
    labels : standard labels.
    position : (time, marker, 3) [m], ISB axes; NaN in gaps.
    rate_hz : frames per second [Hz].
    """

    labels: list[str]
    position: Array
    rate_hz: float

    @classmethod
    def recorded(cls, signal: xr.Dataset, names: Mapping[str, str] | None = None) -> Markers:
        """Take the markers of a trial, in alphabetical order, so that their order in the file has no effect.

        Parameters
        ----------
        signal : position (time, marker, axis) [m]; attrs sampling_rate_hz.
        names : label of the file -> standard label; others keep theirs.
        """
        labels = signal.get_index("marker").tolist()
        labels = [names.get(label, label) for label in labels] if names else labels
        order = sorted(range(len(labels)), key=labels.__getitem__)
        position = signal.variables["position"].transpose("time", "marker", "axis").data.astype(np.float64, copy=False)
        rate_hz = float(signal.attrs["sampling_rate_hz"])
        return cls([labels[index] for index in order], position.take(order, axis=1), rate_hz)

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column of each label."""
        return {label: column for column, label in enumerate(self.labels)}

    def path(self, label: str) -> Array:
        """Position of one marker (time, 3) [m]."""
        return np.asarray(self.position[:, self.columns[label]])

    def paths(self, labels: Sequence[str]) -> Array:
        """Positions of some markers (time, marker, 3) [m]."""
        return self.position.take([self.columns[label] for label in labels], axis=1)

    def never_seen(self) -> set[str]:
        """Labels of markers that are not seen in any frame: a fallen marker is as good as none."""
        seen = np.asarray(np.isfinite(self.position[..., 0]).any(axis=0))
        return {label for label, known in zip(self.labels, seen, strict=True) if not known}

    def missing(self) -> Booleans:
        """Whether a marker is missing, or a coordinate of it, in a frame (time, marker)."""
        x, y, z = (np.isnan(self.position[..., axis]) for axis in range(3))
        return np.asarray(x | y | z)


def recorded_paths(signal: xr.Dataset, labels: Sequence[str]) -> dict[str, Array]:
    """Recorded position of some markers of a trial (time, 3) [m], NaN in gaps; quicker than `Markers` for a few.

    Parameters
    ----------
    signal : position (time, marker, axis) [m].
    labels : those sought; what the trial does not have is left out.
    """
    known = signal.get_index("marker").tolist()
    position = signal.variables["position"].transpose("marker", "time", "axis").data
    return {label: position[known.index(label)].astype(np.float64) for label in labels if label in known}


def whole_paths(signal: xr.Dataset, labels: Sequence[str]) -> dict[str, Array]:
    """As `recorded_paths`, with gaps filled by the other markers of their segments; a gap that is left open is NaN."""
    paths = recorded_paths(signal, labels)
    if not any(np.isnan(path).any() for path in paths.values()):
        return paths
    mates = {mate for names in CLUSTERS.values() if set(names) & set(paths) for mate in names}
    recorded = recorded_paths(signal, sorted(mates | set(paths)))
    around = Markers(list(recorded), np.stack(list(recorded.values()), axis=1), float(signal.attrs["sampling_rate_hz"]))
    whole = fill_gaps(around)[0]
    return {label: whole.path(label) for label in paths}


def fill_gaps(
    markers: Markers, *, options: MotionOptions = DEFAULT_OPTIONS
) -> tuple[Markers, Array, list[QualityFlag]]:
    """Fill gaps: from three or more markers of the same segment, else by a cubic spline.

    Parameters
    ----------
    markers : with NaN in gaps.
    options : rigid_gap_s and spline_gap_s, the longest gaps that are filled either way.

    Returns
    -------
    whole : the markers without the gaps that were filled.
    filling_m : (time, marker) standard uncertainty per axis of filled positions [m]; NaN where nothing was filled.
    flags : one per stretch: gap_reconstructed, gap_interpolated, or gap_left where neither is allowed.

    Notes
    -----
    A gap from frame a to b is reconstructed twice: with the shape of the segment in frame a - 1 and with that in frame
    b, each carried by the pose of the other markers; the two answers are blended linearly over the gap, so that it
    joins both ends. At an end of the recording the one shape is used; a spline does not reach beyond the ends. The
    uncertainty is the root mean square error of the same method in gaps of the same length at up to TRIED_GAPS places
    of the trial where the marker was seen.
    """
    labels, columns, recorded, rate = markers.labels, markers.columns, markers.position, markers.rate_hz
    missing = markers.missing()
    position, filling_m = recorded.copy(), np.full(missing.shape, np.nan)
    flags = []
    mates = {
        label: [columns[mate] for mate in names if mate in columns] for names in CLUSTERS.values() for label in names
    }
    for column in np.flatnonzero(missing.any(axis=0)).tolist():
        label = labels[column]
        others = [mate for mate in mates.get(label, []) if mate != column]
        gap = _Gap(recorded, missing[:, column], column, others)
        for start, stop in stretches(missing[:, column]):
            length_s, code, method = (stop - start) / rate, "gap_left", None
            if length_s <= options.rigid_gap_s and len(others) >= 3:
                method, code = gap.from_segment, "gap_reconstructed"
            values = None if method is None else method(start, stop)
            if values is None and length_s <= options.spline_gap_s:
                method, code = gap.from_spline, "gap_interpolated"
                values = method(start, stop)
            detail, limit = f"from {start / rate:.3f} s", options.rigid_gap_s
            if method is None or values is None:
                code, limit = "gap_left", options.spline_gap_s
            else:
                position[start:stop, column] = values
                filling_m[start:stop, column] = gap.uncertainty_m(method, start, stop)
                detail += f", standard uncertainty {1000.0 * filling_m[start, column]:.1f} mm per axis"
            flags.append(QualityFlag(code, signal=label, value=length_s, limit=limit, detail=detail))
    return replace(markers, position=position), filling_m, flags


def smooth_markers(markers: Markers, *, cutoff_hz: float | None = 12.0) -> Markers:
    """Low-pass marker positions without delay.

    Parameters
    ----------
    markers : filtered between gaps.
    cutoff_hz : where both passes together pass half the power [Hz]. None, or a cut-off that the rate is too low for
        (`smoothable`), leaves the positions as they are. 12 Hz is our choice. Forces that are to meet these positions
        in inverse dynamics need the same cut-off (Kristianslund 2012).

    References
    ----------
    Kristianslund E, Krosshaug T, van den Bogert AJ (2012) Effect of low pass filtering on joint moments from inverse
    dynamics: implications for injury prevention. J Biomech 45:666-671.
    """
    if cutoff_hz is None or not smoothable(markers.rate_hz, cutoff_hz):
        return markers
    smooth = butterworth_lowpass(
        markers.position.reshape(len(markers.position), -1).T,
        sampling_rate_hz=markers.rate_hz,
        cutoff_hz=cutoff_hz,
        order=2,
        cutoff_after_both_passes=True,
    )
    return replace(markers, position=smooth.T.reshape(markers.position.shape))


def smoothable(rate_hz: float, cutoff_hz: float) -> bool:
    """Whether a cut-off lies below half the rate of a signal, so that it can be low-passed there."""
    return cutoff_hz < 0.5 * rate_hz


def stretches(true_samples: Booleans) -> list[tuple[int, int]]:
    """Return [start, stop) of each run of true values in true_samples (time,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true_samples, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(frozen=True)
class _Gap:
    """Gaps of one marker: all positions (time, marker, 3), where it is missing (time,), its column, its segment's."""

    recorded: Array
    missing: Booleans
    column: int
    others: list[int]

    def from_segment(self, start: int, stop: int) -> Array | None:
        """Return where the segment's other markers put the marker in frames [start, stop) (frame, 3), or None."""
        recorded, column, others = self.recorded, self.column, self.others
        frames = np.ascontiguousarray(recorded[start:stop, others])
        answers, weights = [], []
        away = np.arange(1, stop - start + 1) / (stop - start + 1)
        for shape_frame, weight in ((start - 1, 1.0 - away), (stop, away)):
            if not 0 <= shape_frame < len(recorded) or np.isnan(recorded[shape_frame, column]).any():
                continue
            shape = np.ascontiguousarray(recorded[shape_frame, others])
            rotation, origin, _, _ = cluster_pose(shape, frames)
            answer = origin + rotation @ recorded[shape_frame, column]
            if not np.isnan(answer).any():
                answers.append(answer)
                weights.append(weight)
        if not answers:
            return None
        if len(answers) == 1:
            return answers[0]
        return answers[0] * weights[0][:, None] + answers[1] * weights[1][:, None]

    def from_spline(self, start: int, stop: int) -> Array | None:
        """Return a cubic spline through the frames around a gap (frame, 3), or None."""
        track = self.recorded[:, self.column]
        before = np.arange(max(0, start - SPLINE_SUPPORT), start)
        after = np.arange(stop, min(len(track), stop + SPLINE_SUPPORT))
        before, after = before[~self.missing[before]], after[~self.missing[after]]
        if len(before) < 2 or len(after) < 2:
            return None
        known = np.concatenate([before, after])
        return CubicSpline(known, track[known], axis=0)(np.arange(start, stop))

    def uncertainty_m(self, method: Callable[[int, int], Array | None], start: int, stop: int) -> float:
        """Root mean square error per axis of a method in gaps as long where the marker was seen [m]."""
        length = stop - start
        places = [
            place
            for first, last in stretches(~self.missing)
            for place in range(first + 2, last - length - 1, length)  # two frames on either side carry a spline
        ]
        chosen = places[:: max(1, len(places) // TRIED_GAPS)]
        errors = [
            np.mean((values - self.recorded[place : place + length, self.column]) ** 2)
            for place in chosen
            if (values := method(place, place + length)) is not None
        ]
        return float(np.sqrt(np.mean(errors))) if errors else UNTRIED_M
