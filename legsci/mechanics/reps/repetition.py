"""One scored repetition, and how the repetitions of a session are laid side by side in a Dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from legsci.kernels.jumps import EVENTS
from legsci.mechanics.force.events import Score
from legsci.mechanics.kinetics.movement import FRAME_COORDS, Movement
from legsci.mechanics.reps.frames import DataVariable, Span, frame_variables
from legsci.vocabulary import SIDES

#: Events stored per repetition, in seconds on the trial's clock.
STORED_EVENTS = ("weighing_start", "weighing_end", "touchdown", *EVENTS, "eccentric_end", "movement_end")
#: Directions of the centre of pressure, ISB x and z.
DIRECTIONS = ("anterior", "right")


@dataclass
class Repetition:
    """One scored repetition.

    Parameters
    ----------
    trial_id, task, number : which one; numbers start at 1 in each trial.
    first : sample of the trial at which its signals start.
    force : (side, sample) [N].
    rate : [Hz].
    scores : scoring name -> Score, positions in samples of the trial.
    pelvis_height : (sample,) [m], NaN without pelvis markers.
    centre_of_pressure : (2, sample) forward and to the right [m]; NaN without moments and in tasks other than standing.
    forward_force : (sample,) of all plates that carry the person [N], NaN where only vertical force was recorded.
    leg : "left", "right" or "both": the legs that do the work.
    """

    trial_id: str
    task: str
    number: int
    first: int
    force: np.ndarray
    rate: float
    scores: dict[str, Score]
    pelvis_height: np.ndarray
    centre_of_pressure: np.ndarray
    forward_force: np.ndarray
    leg: str = "both"


def _padded(rows: list[np.ndarray], length: int) -> np.ndarray:
    """Stack arrays (..., sample) of different lengths, NaN after the end of each."""
    stacked = np.full((len(rows), *rows[0].shape[:-1], length), np.nan)
    for index, row in enumerate(rows):
        stacked[index, ..., : row.shape[-1]] = row
    return stacked


def _span(repetition: Repetition) -> Span:
    """Stretch of the trial from the first to the last event of the movement under any scoring; of standing all."""
    moments = [
        position / repetition.rate
        for score in repetition.scores.values()
        for name, position in score.events.items()
        if np.isfinite(position) and not name.startswith("weighing")
    ]
    first = repetition.first / repetition.rate
    moments = moments or [first, first + repetition.force.shape[1] / repetition.rate]
    return Span(repetition.trial_id, min(moments), max(moments))


def lay_out(
    repetitions: list[Repetition],
    scorings: list[str],
    movements: dict[str, Movement | None],
    standing: str | None,
) -> xr.Dataset:
    """Lay repetitions side by side, as ARCHITECTURE.md describes.

    Parameters
    ----------
    repetitions : at least one.
    scorings : names, the default first.
    movements : trial_id -> answer of `legsci.mechanics.kinetics.movement.trial_movement`.
    standing : the standing trial, None where there is none.
    """
    variables = _signals(repetitions) | _scored(repetitions, scorings)
    variables |= frame_variables([_span(rep) for rep in repetitions], movements, standing=standing)
    rows = {
        "trial_id": np.array([rep.trial_id for rep in repetitions], dtype=str),
        "leg": np.array([rep.leg for rep in repetitions], dtype=str),
        "task": np.array([rep.task for rep in repetitions], dtype=str),
        "number": np.array([rep.number for rep in repetitions]),
        "window_start": np.array([rep.first / rep.rate for rep in repetitions]),
        "sampling_rate_hz": np.array([rep.rate for rep in repetitions]),
    }
    return xr.Dataset(
        variables,
        coords={
            "rep": [f"{rep.trial_id}/{rep.number}" for rep in repetitions],
            "scoring": scorings,
            "side": list(SIDES),
            "direction": list(DIRECTIONS),
            **{name: list(labels) for name, labels in FRAME_COORDS.items() if name != "side"},
            **{name: ("rep", values) for name, values in rows.items()},
        },
    )


def _signals(repetitions: list[Repetition]) -> dict[str, DataVariable]:
    """Signals at the samples of the plates (rep, ..., sample), NaN after the end of each repetition."""
    length = max((rep.force.shape[1] for rep in repetitions), default=0)
    dims = {
        "force": (("side",), "N"),
        "pelvis_height": ((), "m"),
        "centre_of_pressure": (("direction",), "m"),
        "forward_force": ((), "N"),
    }
    return {
        name: (("rep", *own, "sample"), _padded([getattr(r, name) for r in repetitions], length), {"units": unit})
        for name, (own, unit) in dims.items()
    }


def _scored(repetitions: list[Repetition], scorings: list[str]) -> dict[str, DataVariable]:
    """Weight, zero error [N] and events [s on the trial's clock] of each repetition under each scoring."""
    scores = [[rep.scores[name] for name in scorings] for rep in repetitions]

    def scored(name: str) -> np.ndarray:
        return np.array([[getattr(score, name) for score in row] for row in scores])

    rates = np.array([rep.rate for rep in repetitions])[:, None]
    variables: dict[str, DataVariable] = {
        "body_weight": (("rep", "scoring", "side"), scored("body_weight"), {"units": "N"}),
        "weighing_sd": (("rep", "scoring"), scored("weighing_sd"), {"units": "N"}),
        "body_weight_uncertainty": (("rep", "scoring"), scored("body_weight_uncertainty"), {"units": "N"}),
        "offset": (("rep", "scoring"), scored("offset"), {"units": "N"}),
        "rest": (("rep", "scoring"), scored("rest") / rates, {"units": "s"}),
    }
    for event in STORED_EVENTS:
        positions = np.array([[score.events.get(event, np.nan) for score in row] for row in scores])
        variables[event] = (("rep", "scoring"), positions / rates, {"units": "s"})
    return variables
