"""Wrong labels: left and right or medial and lateral swapped, coordinates with a wrong sign, displaced markers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from legsci.kernels.rigid_body import FOUND, cluster_pose, largest_strays
from legsci.mechanics.motion.kinematics import Array, Points
from legsci.mechanics.motion.markers import CLUSTERS, Markers
from legsci.quality import QualityFlag
from legsci.vocabulary import LEGS, OUTWARD

#: How far a marker may leave the shape of its segment [m]: five times the soft tissue motion of about 2 cm that is seen
#: on the thigh (Leardini et al. 2005, Gait Posture 21:212), so that nothing but a wrong coordinate exceeds it.
MOST_STRAY_M = 0.1
#: A segment whose markers lie further than this from their shape in standing [m], root mean square over the markers in
#: half of the frames, is examined for wrong labels: soft tissue moves less.
LOOSE_M = 0.02
#: A marker that lies further than this from where the others of its segment put it, in the frames that are most like
#: standing, was put elsewhere or labelled otherwise there [m]: skin slides as far in deep flexion only (Leardini).
MOST_DISPLACED_M = 0.02
#: Those are the frames with the smallest such distance: it is taken from this part of them.
LIKE_STANDING_PART = 0.1
#: Segments with no marker further than this from its place are not examined further [m].
SUSPICIOUS_M = 0.005
#: Segments whose markers spread more or less than in standing by more than this part are another person's: skin moves a
#: marker by some millimetres in a decimetre, in either direction.
MOST_OTHER_SIZE = 0.03
#: Other labels are the right ones where they bring the markers this many times nearer to their shape.
TIMES_NEARER = 3.0
#: Misfits that differ by less are alike: less than soft tissue and noise leave [m].
ALIKE_M = 0.003
#: Misfit of a segment whose markers have no pose, such as those of a flat one with two exchanged [m].
NO_POSE_M = 1.0
#: Frames of a trial in which labels are tried.
FRAMES_TRIED = 40
SIGNS = {"x": (-1, 1, 1), "y": (1, -1, 1), "z": (1, 1, -1), "every coordinate": (-1, -1, -1)}
INNER_OUTER = (("medial_epicondyle", "lateral_epicondyle"), ("medial_malleolus", "lateral_malleolus"))


def swapped_labels(static: Points) -> list[tuple[tuple[str, str], QualityFlag]]:
    """Find pairs of labels that stand on each other's side in a static trial.

    Parameters
    ----------
    static : label -> (3,) mean position in the static trial [m], ISB axes up to a turn about the vertical.

    Returns
    -------
    Each pair with its flag `labels_swapped`.

    Notes
    -----
    The person's right is forward x up, with forward from the posterior to the anterior markers of the pelvis, else from
    heel to toe. With r that direction, (right - left) . r and, on the right leg, (lateral - medial) . r are positive
    while standing, and so is (toe - heel) . forward; a pair with the other sign is swapped.
    """
    right = _rightward(static)
    if right is None:
        return []
    swapped, known = [], set(static)
    for label in sorted(known):
        partner = label.replace("right_", "left_", 1)
        if label.startswith("right_") and partner in static and (static[label] - static[partner]) @ right < 0.0:
            swapped.append((label, partner))
    for side, (inner, outer) in product(LEGS, INNER_OUTER):
        pair = f"{side}_{outer}", f"{side}_{inner}"
        if known.issuperset(pair) and (static[pair[0]] - static[pair[1]]) @ right * OUTWARD[side] < 0.0:
            swapped.append(pair)
    if _pelvis_shows_forward(static):
        forward = np.cross([0.0, 1.0, 0.0], right)
        feet = ((f"{side}_heel", f"{side}_toe") for side in LEGS)
        swapped += [p for p in feet if known.issuperset(p) and (static[p[1]] - static[p[0]]) @ forward < 0.0]
    return [(pair, QualityFlag("labels_swapped", signal="markers", detail=" and ".join(pair))) for pair in swapped]


def _pelvis_shows_forward(static: Points) -> bool:
    """Whether forward is known from the pelvis, and not from the feet."""
    sides = [
        {name for name in static if name.endswith(f"{part}_superior_iliac_spine")} for part in ("anterior", "posterior")
    ]
    return bool(sides[0]) and bool(sides[1] or "sacrum" in static)


def wrong_labels(markers: Markers, static: Points) -> list[tuple[tuple[str, ...], QualityFlag]]:
    """Find markers of a trial whose labels do not fit the shape that their segments have in standing.

    Parameters
    ----------
    markers : of the trial.
    static : label -> (3,) [m] in the static trial.

    Returns
    -------
    Labels that are not to be used in the trial, with their flag: labels_swapped where exchanging two labels, or left
    and right of the segments that do not fit, explains the misfit; marker_astray where it is one marker's, of five or
    more.
    """
    labels = _Labels(markers, static)
    loose = [segment for segment in labels.present if labels.misfit([segment]) > LOOSE_M]
    mirrored = {label: other for label in labels.tracks if (other := other_side(label)) in labels.tracks}
    if len(loose) > 1 and labels.misfit(loose, mirrored) * TIMES_NEARER < labels.misfit(loose):
        of_loose = {name for segment in loose for name in labels.present[segment]} & set(mirrored)
        detail = f"left and right of {', '.join(loose)}"
        return [(tuple(sorted(of_loose)), QualityFlag("labels_swapped", "markers", detail=detail))]
    found: dict[tuple[str, ...], QualityFlag] = {}
    for segment in loose:
        names = labels.present[segment]
        across = [(name, mirrored[name]) for name in names if name in mirrored and mirrored[name] not in names]
        pairs = [*combinations(names, 2), *across]
        misfits = {pair: labels.exchanged(pair) for pair in pairs}
        nearer = {pair: after for pair, (before, after) in misfits.items() if after * TIMES_NEARER < before}
        # Flat clusters look much alike with this or that pair exchanged: then no label of either is trusted.
        explain = [pair for pair, after in nearer.items() if after <= max(2.0 * min(nearer.values()), ALIKE_M)]
        alone = min(((name,) for name in names), key=lambda one: labels.misfit([segment], without=one))
        if explain:
            doubtful = tuple(sorted({label for pair in explain for label in pair}))
            detail = " or ".join(" and ".join(pair) for pair in explain)
            found.setdefault(doubtful, QualityFlag("labels_swapped", "markers", detail=detail))
        elif len(names) > 4 and labels.misfit([segment], without=alone) * TIMES_NEARER < labels.misfit([segment]):
            away = labels.away(segment, alone[0])
            found.setdefault(alone, QualityFlag("marker_astray", signal=alone[0], value=away, limit=LOOSE_M))
    return list(found.items())


class _Labels:
    """Markers of a trial compared with the shape of their segments, with labels exchanged or left out."""

    def __init__(self, markers: Markers, static: Points) -> None:
        step = max(1, len(markers.position) // FRAMES_TRIED)
        self.tracks = dict(zip(markers.labels, markers.position[::step].transpose(1, 0, 2), strict=True))
        self.static = static
        known = {
            segment: [name for name in names if name in static and name in self.tracks]
            for segment, names in CLUSTERS.items()
        }
        self.present = {segment: names for segment, names in known.items() if len(names) > 3}

    def misfit(
        self, segments: Iterable[str], other: Mapping[str, str] | None = None, without: Iterable[str] = ()
    ) -> float:
        """Sum over segments of the median distance of the markers from their shape [m]."""
        total = 0.0
        for segment in segments:
            names = [name for name in self.present[segment] if name not in without]
            shape = np.stack([self.static[name] for name in names])
            tracks = np.stack([self.tracks[(other or {}).get(name, name)] for name in names], axis=1)
            residual = cluster_pose(shape, tracks)[2]
            known = residual[np.isfinite(residual)]
            total += float(np.median(known)) if known.size else NO_POSE_M
        return total

    def exchanged(self, pair: tuple[str, str]) -> tuple[float, float]:
        """Misfit of the segments of two labels as they are, and once these are exchanged [m]."""
        segments = [segment for segment, names in self.present.items() if set(pair) & set(names)]
        return self.misfit(segments), self.misfit(segments, {pair[0]: pair[1], pair[1]: pair[0]})

    def away(self, segment: str, name: str) -> float:
        """Median distance of a marker from where the others of its segment put it [m]."""
        others = [other for other in self.present[segment] if other != name]
        shape, tracks = np.stack([self.static[n] for n in others]), np.stack([self.tracks[n] for n in others], axis=1)
        turn, shift, _, _ = cluster_pose(shape, tracks)
        return float(np.nanmedian(np.linalg.norm(turn @ self.static[name] + shift - self.tracks[name], axis=1)))


def other_side(label: str) -> str:
    """Return the label of the other side; empty for a label of the middle."""
    here, there = ("right_", "left_") if label.startswith("right_") else ("left_", "right_")
    return there + label.removeprefix(here) if label.startswith(here) else ""


def _rightward(static: Points) -> Array | None:
    """Horizontal direction to the person's right (3,), None where the markers do not determine it."""
    steps = [
        ("posterior_superior_iliac_spine", "anterior_superior_iliac_spine"),
        ("heel", "toe"),
        ("heel", "second_metatarsal"),
    ]
    for behind, ahead in steps:
        back, front = (
            [static[f"{side}_{name}"] for side in LEGS if f"{side}_{name}" in static] for name in (behind, ahead)
        )
        if not back and behind.startswith("posterior") and "sacrum" in static:
            back = [static["sacrum"]]
        if back and front and len(front) >= min(2, len(back)):
            forward = np.mean(front, axis=0) - np.mean(back, axis=0)
            return np.cross(forward, [0.0, 1.0, 0.0])
    return None


def displaced_markers(markers: Markers, static: Points) -> list[QualityFlag]:
    """Find markers that lie elsewhere on their segment than in the static trial, and a body of another size.

    Parameters
    ----------
    markers : of the trial.
    static : label -> (3,) [m] that gives the shape of the segments.

    Returns
    -------
    marker_displaced for the worst marker of a segment of four or more that lies further than MOST_DISPLACED_M from
    where the others put it (of four, another one may be to blame); standing_of_other_size where the segments of the
    trial are larger or smaller than those of the static trial by more than MOST_OTHER_SIZE, in the median over the
    segments and in the frames most like standing.
    """
    flags, sizes = [], []
    step = max(1, len(markers.position) // FRAMES_TRIED)
    tried = replace(markers, position=markers.position[::step])
    for segment, names in CLUSTERS.items():
        present = [name for name in names if name in markers.columns and name in static]
        if len(present) < 4:
            continue
        tracks = tried.paths(present)
        tracks = tracks[np.isfinite(tracks.sum(axis=(1, 2)))]
        if not len(tracks):
            continue
        shape = np.stack([static[name] for name in present])
        sizes.append(_size_difference(shape, tracks))
        if _apart(shape, tracks, list(range(len(present)))).max() <= SUSPICIOUS_M:
            continue
        others = [[other for other in range(len(present)) if other != one] for one in range(len(present))]
        away = [float(_apart(shape, tracks, posed)[one]) for one, posed in enumerate(others)]
        worst = int(np.argmax(away))
        if away[worst] > MOST_DISPLACED_M:
            flags.append(QualityFlag("marker_displaced", present[worst], away[worst], MOST_DISPLACED_M, segment))
    size = sorted(sizes, key=abs)[(len(sizes) - 1) // 2] if sizes else 0.0
    if abs(size) > MOST_OTHER_SIZE:
        flags.append(QualityFlag("standing_of_other_size", "markers", 100.0 * size, 100.0 * MOST_OTHER_SIZE))
    return flags


def _apart(shape: Array, tracks: Array, posed: list[int]) -> Array:
    """Distance of markers from their place in the pose of some of them, in the frames most like standing (marker,) [m].

    shape (marker, 3), tracks (time, marker, 3) [m].
    """
    turn, shift, _, state = cluster_pose(shape[posed], np.ascontiguousarray(tracks[:, posed]))
    if (state != FOUND).any():
        found = state == FOUND
        turn, shift, tracks = turn[found], shift[found], tracks[found]
    if not len(tracks):
        return np.zeros(len(shape))
    apart = shape @ turn.swapaxes(1, 2) + shift[:, None] - tracks
    return np.sort(np.sqrt(np.einsum("tmi,tmi->tm", apart, apart)), axis=0)[int(LIKE_STANDING_PART * len(tracks))]


def _size_difference(shape: Array, tracks: Array) -> float:
    """Part by which markers spread more than in their shape, in the frames most like standing.

    shape (marker, 3), tracks (time, marker, 3) [m]. In other frames soft tissue moves the markers of the pelvis apart
    by as much as a person of another size would.
    """
    parts = _spread(tracks) / _spread(shape[None])[0] - 1.0
    return float(parts[np.argsort(np.abs(parts))[int(LIKE_STANDING_PART * len(parts))]])


def _spread(tracks: Array) -> Array:
    """Root of the summed squared distances of markers (time, marker, 3) from their middle (time,) [m]."""
    around = tracks - tracks.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.einsum("tmi,tmi->t", around, around)))


def upper_median(values: Array) -> float:
    """Upper median of a few numbers, which numpy's own takes much longer to find."""
    return float(np.sort(values)[len(values) // 2])


def markers_off_segment(markers: Markers, static: Points) -> dict[str, tuple[QualityFlag, bool]]:
    """Find markers that leave their segment, and those of them that a wrong sign explains.

    Parameters
    ----------
    markers : of the trial.
    static : label -> (3,) [m] of a static trial or of this trial itself, which gives the shape of the segments.

    Returns
    -------
    Label -> flag, and whether the marker is in its place in the static trial: marker_flipped where it fits its segment
    once a coordinate (or all) changes sign, marker_astray where none helps. Segments of fewer than four markers are not
    examined: which one strays is undetermined there.

    Notes
    -----
    How far a marker strays is defined by `legsci.kernels.rigid_body.largest_strays`. Only the worst marker of a segment
    is examined at a time, then the rest without it.
    """
    found = {}
    for names in CLUSTERS.values():
        present = [name for name in names if name in markers.columns and name in static]
        while len(present) >= 4:
            tracks = markers.paths(present)
            shape = np.stack([static[name] for name in present])
            strays = largest_strays(shape, tracks)
            worst = int(np.argmax(strays))
            if strays[worst] <= MOST_STRAY_M:
                break
            label = present.pop(worst)
            found[label] = _judge(label, tracks, shape, worst, float(strays[worst]))
    return found


def _judge(label: str, tracks: Array, shape: Array, worst: int, stray_m: float) -> tuple[QualityFlag, bool]:
    """Return the flag about the marker that strays most, and whether its place in the shape is right.

    In its track, or in the shape, a sign may be wrong. tracks (time, marker, 3), shape (marker, 3) [m].
    """
    strayed = np.abs(tracks[:, worst] - np.nanmedian(tracks, axis=1)).max(axis=1) > MOST_STRAY_M
    left: dict[tuple[str, bool], float] = {}
    for name, sign in SIGNS.items():
        for in_track, in_shape in ((True, True), (True, False), (False, True)):
            turned, known = tracks.copy(), shape.copy()
            if in_track:
                turned[strayed, worst] *= sign
            if in_shape:
                known[worst] *= sign
            stray = float(largest_strays(known, turned)[worst])
            left[name, not in_shape] = min(stray, left.get((name, not in_shape), np.inf))
    (name, sound), least = min(left.items(), key=lambda item: item[1])
    if least <= MOST_STRAY_M:
        return QualityFlag("marker_flipped", signal=label, value=stray_m, detail=name), sound
    return QualityFlag("marker_astray", signal=label, value=stray_m, limit=MOST_STRAY_M), False
