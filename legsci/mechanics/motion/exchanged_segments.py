"""Segments under the labels of others: left and right legs, the whole body mirrored, pelvis and trunk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from legsci.kernels.rigid_body import cluster_pose
from legsci.mechanics.motion.kinematics import Array, Points
from legsci.mechanics.motion.marker_checks import FRAMES_TRIED, other_side, upper_median
from legsci.mechanics.motion.markers import CLUSTERS, PELVIS_CLUSTER, TRUNK_CLUSTER, Markers
from legsci.quality import QualityFlag
from legsci.vocabulary import LEGS

#: A joint whose two segments put its centre further apart than this in half of the frames is not one joint [m]: our
#: choice between the 10 mm of recordings in order and the 0.3 m by which exchanged legs miss their joints.
MOST_PARTED_M = 0.08
#: Joint -> kind of the segments above and below it.
SEGMENTS_OF_JOINT = {"hip": ("pelvis", "thigh"), "knee": ("thigh", "shank"), "ankle": ("shank", "foot")}
#: Markers of the trunk that lie lower than those of the pelvis by more than this in half of the frames bear their
#: labels [m]; our choice: whoever bends forward has the pelvis as high as the shoulders at most.
TRUNK_BELOW_M = 0.1


def exchanged_legs(
    markers: Markers, static: Points, joints: Mapping[str, Array]
) -> tuple[tuple[str, ...], QualityFlag] | None:
    """Find segments of the legs labelled as those of the other leg, which have much the same shape mirrored.

    Parameters
    ----------
    markers : of the trial.
    static : label -> (3,) [m] in the static trial.
    joints : right_hip, left_knee, ... -> (3,) centre in the static trial [m].

    Returns
    -------
    None where the segments of each leg meet at its joints. Else the labels that are not to be used, with the flag:
    labels_swapped for left and right of the kinds of segments whose exchange brings the joints together, and for those
    of the trunk with those of the pelvis; joint_parted where none does, with the labels of the leg on the parted side,
    since which of its segments is the wrong one is not known.
    """
    legs = _Legs(markers, static, joints)
    before = legs.parted(())
    if not before or max(before.values()) <= MOST_PARTED_M:
        return None
    kinds = ("pelvis", "thigh", "shank", "foot")
    subsets = [subset for size in range(1, 1 + len(kinds)) for subset in combinations(kinds, size)]
    after = {subset: found for subset in subsets if (found := legs.parted(subset)).keys() == before.keys()}
    best = min(after, key=lambda subset: sum(after[subset].values()), default=())
    if best and max(after[best].values()) <= MOST_PARTED_M:
        exchanged = (*best, "trunk") if "pelvis" in best else best
        labels = tuple(label for kind in exchanged for label in legs.labels(kind))
        return labels, QualityFlag("labels_swapped", "markers", detail=f"left and right of {' and '.join(best)}")
    joint = max(before, key=lambda name: before[name])
    parted = {name.partition("_")[0] for name, apart in before.items() if apart > MOST_PARTED_M}
    labels = tuple(label for kind in kinds[1:] for label in legs.labels(kind) if label.partition("_")[0] in parted)
    return labels, QualityFlag("joint_parted", joint, before[joint], MOST_PARTED_M)


class _Legs:
    """Joints of the legs as the segments on either side of them carry their centres."""

    def __init__(self, markers: Markers, static: Points, joints: Mapping[str, Array]) -> None:
        step = max(1, len(markers.position) // FRAMES_TRIED)
        self.tried, self.joints, self.static = replace(markers, position=markers.position[::step]), joints, static
        self.poses: dict[tuple[str, bool], tuple[Array, Array] | None] = {}

    def labels(self, kind: str) -> list[str]:
        """Labels of a kind of segment in the trial, of both sides."""
        segments = [kind] if kind in CLUSTERS else [f"{side}_{kind}" for side in LEGS]
        return [name for segment in segments for name in CLUSTERS[segment] if name in self.tried.columns]

    def pose(self, segment: str, exchanged: bool) -> tuple[Array, Array] | None:
        """Turn and shift of a segment by its own markers, or by those of the other leg; None with fewer than three."""
        if (segment, exchanged) not in self.poses:
            shape, tracks = [], []
            for name in CLUSTERS[segment]:
                track = (other_side(name) or name) if exchanged else name
                if name in self.static and track in self.tried.columns:
                    shape.append(self.static[name])
                    tracks.append(track)
            found = cluster_pose(np.stack(shape), self.tried.paths(tracks)) if len(shape) > 2 else None
            self.poses[segment, exchanged] = None if found is None else found[:2]
        return self.poses[segment, exchanged]

    def parted(self, exchanged: Iterable[str]) -> dict[str, float]:
        """Median distance of the two places of each joint [m], with some kinds of segments exchanged."""
        answer = {}
        for name, centre in self.joints.items():
            side, _, joint = name.partition("_")
            if joint not in SEGMENTS_OF_JOINT or not np.isfinite(centre).all():
                continue
            ends = []
            for kind in SEGMENTS_OF_JOINT[joint]:
                pose = self.pose(kind if kind == "pelvis" else f"{side}_{kind}", kind in exchanged)
                ends.append(None if pose is None else pose[0] @ centre + pose[1])
            if ends[0] is not None and ends[1] is not None:
                apart = np.linalg.norm(ends[0] - ends[1], axis=1)
                seen = apart[np.isfinite(apart)]
                if seen.size:
                    answer[name] = upper_median(seen)
        return answer


def exchanged_pelvis_and_trunk(height: Mapping[str, Array]) -> tuple[set[str], list[QualityFlag]]:
    """Find markers of pelvis and trunk that bear each other's labels: the trunk would hang below the pelvis.

    Parameters
    ----------
    height : label -> (frame,) [m] in a trial, or of the static trial.

    Returns
    -------
    Labels of both segments, which are not to be used, with the flag labels_swapped; none where the trunk is above.
    """
    known = [[label for label in names if label in height] for names in (PELVIS_CLUSTER, TRUNK_CLUSTER)]
    if not all(known):
        return set(), []
    pelvis, trunk = (np.mean([height[label] for label in labels], axis=0) for labels in known)
    above = np.atleast_1d(trunk - pelvis)
    seen = above[np.isfinite(above)]
    if not seen.size or upper_median(seen) > -TRUNK_BELOW_M:
        return set(), []
    flag = QualityFlag("labels_swapped", "markers", detail="those of pelvis and trunk")
    return {label for labels in known for label in labels}, [flag]
