"""Skeleton of a trial from markers whose labels and static trial were checked; what they contradict is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from legsci.mechanics.motion.exchanged_segments import exchanged_legs, exchanged_pelvis_and_trunk
from legsci.mechanics.motion.kinematics import Array, Paths
from legsci.mechanics.motion.marker_checks import (
    LOOSE_M,
    displaced_markers,
    markers_off_segment,
    swapped_labels,
    wrong_labels,
)
from legsci.mechanics.motion.markers import CLUSTERS, Markers
from legsci.mechanics.motion.options import MotionOptions
from legsci.mechanics.motion.segments import build_skeleton
from legsci.mechanics.motion.skeleton import Skeleton
from legsci.mechanics.motion.static_trial import StaticTrial
from legsci.quality import QualityFlag


class CheckedSkeleton(NamedTuple):
    """A skeleton and its markers, the uncertainty of filled ones (time, marker) [m], and why others are not used."""

    skeleton: Skeleton
    markers: Markers
    filling_m: Array
    flags: list[QualityFlag]


def checked_skeleton(
    markers: Markers,
    filling_m: Array,
    static: StaticTrial,
    *,
    options: MotionOptions,
    measures_m: Mapping[str, float] | None,
    sex: str,
) -> CheckedSkeleton:
    """Build the skeleton of a trial without markers that cannot be what their labels say.

    Parameters
    ----------
    markers, filling_m : of the trial.
    static, options, measures_m, sex : see `build_skeleton`.

    Returns
    -------
    A static trial of a body of another size is another person's: the skeleton has no segments then.
    """
    static, omitted, flags = _checked_labels(markers, static)
    markers, filling_m = without_labels(omitted, markers, filling_m)
    skeleton = build_skeleton(markers, static, options=options, measures_m=measures_m, sex=sex)
    for check in (_wrong_labels, _exchanged_legs) if static.still else ():
        omitted, found = check(markers, static, skeleton)
        flags += found
        if omitted:
            markers, filling_m = without_labels(omitted, markers, filling_m)
            skeleton = build_skeleton(markers, static, options=options, measures_m=measures_m, sex=sex)
    displaced = displaced_markers(markers, static.points)
    if static.still and any(flag.code == "standing_of_other_size" for flag in displaced):
        absent = QualityFlag(
            "segment_absent", "every segment", detail="the static trial is that of a body of another size"
        )
        skeleton = Skeleton(flags=[absent])
    return CheckedSkeleton(skeleton, markers, filling_m, [*flags, *displaced])


def _checked_labels(markers: Markers, static: StaticTrial) -> tuple[StaticTrial, set[str], list[QualityFlag]]:
    """Static trial without markers that are misplaced in it, labels of the trial that are not used, and why."""
    # Legs that swing pass each other: left and right are distinguished in a person who stands.
    swaps = swapped_labels(static.points) if static.still else []
    doubtful = {label for pair, _ in swaps for label in pair}
    strays = markers_off_segment(
        markers, {label: point for label, point in static.points.items() if label not in doubtful}
    )
    # A marker that strays in the trial still shows in the static trial where its landmark is.
    misplaced = doubtful | {label for label, (_, sound) in strays.items() if not sound}
    points = {label: point for label, point in static.points.items() if label not in misplaced}
    flags = [*(flag for _, flag in swaps), *(flag for flag, _ in strays.values())]
    in_static, said = exchanged_pelvis_and_trunk({label: point[1:2] for label, point in points.items()})
    points = {label: point for label, point in points.items() if label not in in_static}
    in_trial, found = exchanged_pelvis_and_trunk(
        {label: markers.position[:, column, 1] for label, column in markers.columns.items() if label not in strays}
    )
    return static._replace(points=points), set(strays) | in_trial, [*flags, *(said or found)]


def _wrong_labels(markers: Markers, static: StaticTrial, skeleton: Skeleton) -> tuple[set[str], list[QualityFlag]]:
    """Labels that do not fit the shape of their segments, where a segment deforms, and why."""
    wrong = wrong_labels(markers, static.points) if _is_loose(skeleton) else []
    return {name for names, _ in wrong for name in names}, [flag for _, flag in wrong]


def _exchanged_legs(markers: Markers, static: StaticTrial, skeleton: Skeleton) -> tuple[set[str], list[QualityFlag]]:
    """Labels of segments that bear those of the other leg, and why; none where the joint is only parted."""
    centres = {joint: centre for joint, (_, centre) in skeleton.joints.items()}
    exchanged = exchanged_legs(markers, static.points, centres)
    return (set(), []) if exchanged is None else (set(exchanged[0]), [exchanged[1]])


def without_labels(labels: set[str], markers: Markers, filling_m: Array) -> tuple[Markers, Array]:
    """Leave markers out, and their columns of another array (time, marker)."""
    if not labels:
        return markers, filling_m
    kept = [label not in labels for label in markers.labels]
    names = [label for label in markers.labels if label not in labels]
    return replace(markers, labels=names, position=markers.position[:, kept]), filling_m[:, kept]


def _is_loose(skeleton: Skeleton) -> bool:
    """Whether the markers of a segment do not keep the shape that they have in standing, or give it no pose."""
    residuals = (segment.residual[np.isfinite(segment.residual)] for segment in skeleton.segments.values())
    # The largest is found sooner than the median.
    return any(not residual.size or (residual.max() > LOOSE_M < np.median(residual)) for residual in residuals)


def segment_filling(markers: Markers, filling_m: Array, segments: Sequence[str]) -> Paths:
    """Standard uncertainty of segments from markers that were filled.

    Parameters
    ----------
    markers : of the trial.
    filling_m : (time, marker), see `fill_gaps` [m].
    segments : their names.

    Returns
    -------
    segment -> (time, 2): of its place per axis [m] and of its turn [rad]; 0 where no marker of it was filled.

    Notes
    -----
    Of n markers at a root mean square distance r from their middle, an error u of one moves the least-squares pose by
    u / n and turns it by u / (n r); those of several are independent.
    """
    answer = {}
    for segment in segments:
        columns = [markers.columns[label] for label in CLUSTERS[segment] if label in markers.columns]
        share = np.zeros((len(filling_m), 2))
        own = np.nan_to_num(filling_m[:, columns])
        if own.any():
            away = markers.position[:, columns] - markers.position[:, columns].mean(axis=1, keepdims=True)
            known = away[np.isfinite(away).all(axis=(1, 2))]
            size_m = float(np.sqrt((known**2).sum(axis=2).mean())) if len(known) else np.nan
            moved = np.sqrt((own**2).sum(axis=1)) / len(columns)
            share = np.stack([moved, moved / size_m], axis=1)
        answer[segment] = share
    return answer
