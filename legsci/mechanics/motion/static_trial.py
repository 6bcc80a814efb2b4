"""The static trial, which defines the anatomy: mean marker positions while a person stands still and upright."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.ingest.streams import stream, streams
from legsci.mechanics.motion.kinematics import Array, Booleans
from legsci.mechanics.motion.markers import Markers
from legsci.quality import QualityFlag
from legsci.vocabulary import LEGS, MARKERS

WINDOW_S = 0.5
#: Median speed of the markers below which a person stands still [m/s], over steps of STEP_S, long enough for noise.
STILL_M_PER_S, STEP_S = 0.05, 0.1
#: Still windows this much lower than the highest are a crouch or a lower step, not upright standing [m].
UPRIGHT_WITHIN_M = 0.02
#: A person whose straighter leg bends by more than this from anterior superior iliac spine over lateral epicondyle to
#: lateral malleolus does not stand upright [deg]: the spine lies ahead of the hip, which makes some 10 deg of a
#: straight leg. Our choice.
UPRIGHT_KNEE_DEG = 35.0


class StaticTrial(NamedTuple):
    """Mean position of each marker while the person stands still and upright.

    Parameters
    ----------
    points : label -> (3,) [m], for the markers that were seen.
    still : whether there is such a part. If not, the points are those of the one frame in which most markers were
        seen and moved least.
    flags : what was assumed.
    """

    points: dict[str, Array]
    still: bool
    flags: list[QualityFlag]


def static_trial(markers: Markers) -> StaticTrial:
    """Find quiet upright standing in a static trial, or in one in which the person stands for a while.

    Notes
    -----
    Of all windows of WINDOW_S in which the markers' median speed stays below STILL_M_PER_S on average, those whose
    median height lies within UPRIGHT_WITHIN_M of the highest are upright; the quietest of these is used.
    """
    position, labels, rate = markers.position, markers.labels, markers.rate_hz
    seen: Booleans = ~markers.missing()
    step, length = max(1, round(STEP_S * rate)), max(2, round(WINDOW_S * rate))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # frames without markers stay NaN
        speed = np.nanmedian(np.linalg.norm(position[step:] - position[:-step], axis=2), axis=1) * rate / step
        height = np.nanmedian(position[:, :, 1], axis=1)
    start = _upright_window(speed, height, length - step)
    if start is not None:
        frames, found = slice(start, start + length), []
    else:
        moved = np.concatenate([speed, np.full(len(position) - len(speed), np.nan)])
        candidates = np.flatnonzero(seen.sum(axis=1) == seen.sum(axis=1).max())
        frame = int(candidates[np.argmin(np.nan_to_num(moved[candidates], nan=np.inf))])
        frames, found = (
            slice(frame, frame + 1),
            [QualityFlag("no_standing", signal="markers", detail=f"{frame / rate:.3f} s")],
        )
    points = {
        label: position[frames, column][seen[frames, column]].mean(axis=0)
        for column, label in enumerate(labels)
        if seen[frames, column].any()
    }
    bent = _knee_bend(points)
    if start is not None and bent > UPRIGHT_KNEE_DEG:
        return StaticTrial(points, False, [QualityFlag("standing_crouched", "markers", bent, UPRIGHT_KNEE_DEG)])
    return StaticTrial(points, start is not None, found)


def _knee_bend(points: dict[str, Array]) -> float:
    """Least bend at the knee of left leg, right leg and the mean of both [deg]; NaN where their markers are not there.

    One leg bends in stance on the other; of legs with exchanged labels the mean of both is still straight.
    """
    landmarks = ("anterior_superior_iliac_spine", "lateral_epicondyle", "lateral_malleolus")
    legs = [[points.get(f"{side}_{name}", np.full(3, np.nan)) for name in landmarks] for side in LEGS]
    bends = []
    for spine, knee, ankle in (*legs, np.mean(legs, axis=0)):
        thigh, shank = knee - spine, ankle - knee
        bends.append(np.arccos(np.clip(thigh @ shank / np.sqrt((thigh @ thigh) * (shank @ shank)), -1.0, 1.0)))
    known = np.degrees(bends)[np.isfinite(bends)]
    return float(known.min()) if known.size else float("nan")


def _upright_window(speed: Array, height: Array, length: int) -> int | None:
    """Return the first frame of the quietest upright window of `length` speeds, None without quiet standing."""
    if length < 1 or len(speed) < length:
        return None
    weights = np.full(length, 1.0 / length)
    speeds, heights = (np.convolve(samples, weights, mode="valid") for samples in (speed, height[: len(speed)]))
    still = np.flatnonzero(speeds < STILL_M_PER_S)
    if not len(still):
        return None
    upright = still[heights[still] > heights[still].max() - UPRIGHT_WITHIN_M]
    return int(upright[np.argmin(speeds[upright])])


def session_static_trial(session: xr.DataTree) -> tuple[str | None, StaticTrial | None]:
    """Static trial of a session: the standing trial with most markers under standard labels, the first of equals.

    Parameters
    ----------
    session : a session file, opened.

    Returns
    -------
    name : of the trial; without such markers, of the first standing trial of recorded segments; None without one.
    static : None of recorded segments.
    """
    standing = {name: trial for name, trial in session.children.items() if trial.attrs["task"] == "standing"}
    best: tuple[str | None, StaticTrial | None] = (None, None)
    for name, trial in standing.items():
        recorded = stream(trial, "markers")
        if recorded is None:
            continue
        markers = Markers.recorded(recorded)
        if len(markers.position) < 2 or not np.isfinite(markers.rate_hz):
            continue
        static = static_trial(markers)
        shown = len(set(MARKERS) & set(static.points))
        if shown > (0 if best[1] is None else len(set(MARKERS) & set(best[1].points))):
            best = str(name), static
    if best[0] is None:
        best = next((str(name) for name, trial in standing.items() if streams(trial, "segments")), None), None
    return best
