"""Frames: what the movement of a trial shows around each of its repetitions, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from legsci.mechanics.kinetics.movement import FRAME_COORDS, FRAME_SIGNALS, Movement
from legsci.mechanics.motion.kinematics import Array

#: Frames kept before the first event of a movement and after its last [s].
BEFORE_S, AFTER_S = 0.25, 0.75

DataVariable = tuple[tuple[str, ...], Array, dict[str, str]]


class Span(NamedTuple):
    """Stretch of a trial in seconds on its clock."""

    trial_id: str
    start_s: float
    stop_s: float


def frame_variables(
    spans: Sequence[Span], movements: Mapping[str, Movement | None], *, standing: str | None
) -> dict[str, DataVariable]:
    """Cut the movement of trials at spans.

    Parameters
    ----------
    spans : one per repetition; its margins are added here.
    movements : trial_id -> answer of `legsci.mechanics.kinetics.movement.trial_movement`.
    standing : the standing trial, None where there is none.

    Returns
    -------
    Variables (rep, ..., frame) of FRAME_SIGNALS, NaN after the end of each repetition and where nothing was recorded;
    frame_start (rep,) [s on the trial's clock] and frame_rate_hz (rep,) [Hz], NaN without movement;
    mean_speed (rep,) [m/s] of the pelvis over the trial; standing_lumbar_flexion (rep,) [deg], the median of the
    session's standing trial, NaN without one.
    """
    pieces = [_frames(movements.get(span.trial_id), span) for span in spans]
    length = max([1, *(piece.stop - piece.start for piece in pieces)])
    starts, rates, speeds = np.full((3, len(spans)), np.nan)
    answer: dict[str, DataVariable] = {}
    for name, (dims, unit) in FRAME_SIGNALS.items():
        values = np.full((len(spans), *(len(FRAME_COORDS[dim]) for dim in dims), length), np.nan)
        answer[name] = (("rep", *dims, "frame"), values, {"units": unit})
    for rep, (span, piece) in enumerate(zip(spans, pieces, strict=True)):
        movement = movements.get(span.trial_id)
        if movement is None or piece.stop == piece.start:
            continue
        starts[rep], rates[rep] = movement.time[piece.start], movement.rate_hz
        speeds[rep] = movement.mean_speed_m_per_s
        for name in FRAME_SIGNALS:
            answer[name][1][rep, ..., : piece.stop - piece.start] = movement.signals[name][..., piece]
    upright = np.full(len(spans), _standing_lumbar_flexion(movements.get(standing or "")))
    return answer | {
        "frame_start": (("rep",), starts, {"units": "s"}),
        "frame_rate_hz": (("rep",), rates, {"units": "Hz"}),
        "mean_speed": (("rep",), speeds, {"units": "m/s"}),
        "standing_lumbar_flexion": (("rep",), upright, {"units": "deg"}),
    }


def _standing_lumbar_flexion(movement: Movement | None) -> float:
    """Median lumbar flexion of the standing trial [deg]."""
    if movement is None:
        return float("nan")
    flexion = movement.signals["angle"][FRAME_COORDS["joint_angle"].index("lumbar_flexion")]
    known = flexion[np.isfinite(flexion)]
    return float(np.median(known)) if known.size else float("nan")


def _frames(movement: Movement | None, span: Span) -> slice:
    """Frames of a span with its margins."""
    if movement is None:
        return slice(0, 0)
    first, stop = np.searchsorted(movement.time, [span.start_s - BEFORE_S, span.stop_s + AFTER_S])
    return slice(int(first), int(stop))
