"""One scored repetition, and how the repetitions of a session are laid side by side in a Dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.jumps import EVENTS
from legsci.mechanics.force.events import Score
from legsci.vocabulary import SIDES

#: Events stored per repetition, in seconds on the trial's clock.
STORED_EVENTS = ("weighing_start", "weighing_end", "touchdown", *EVENTS, "eccentric_end", "movement_end")
#: Signals of cameras belong to a repetition from so long before its first event of movement to so long after its last
#: [s].
BEFORE_S, AFTER_S = 0.25, 0.75
#: A profile, and the source of uncertainty by which one of its inputs is moved; "none" as it is.
Scoring = tuple[str, str]
UNPERTURBED = "none"
#: Source of uncertainty of sessions whose plates and cameras have clocks of their own: signals of the cameras are read
#: later by the standard uncertainty of their lag.
CLOCK = "clock"


@dataclass
class Repetition:
    """One scored repetition.

    Parameters
    ----------
    trial_id, task, number : which one; numbers start at 1 in each trial.
    first, stop : samples of the trial within which the signals of plates belong to it.
    rate : [Hz].
    scores : scoring -> Score, positions in samples of the trial.
    leg : "left", "right" or "both": the legs that do the work.
    """

    trial_id: str
    task: str
    number: int
    first: int
    stop: int
    rate: float
    scores: dict[Scoring, Score]
    leg: str = "both"


def _movement(repetition: Repetition) -> tuple[float, float]:
    """First and last event of the movement under any scoring [s on the trial's clock]; of standing all of it."""
    moments = [
        position / repetition.rate
        for score in repetition.scores.values()
        for name, position in score.events.items()
        if np.isfinite(position) and not name.startswith("weighing")
    ]
    moments = moments or [repetition.first / repetition.rate, repetition.stop / repetition.rate]
    return min(moments), max(moments)


def lay_out(repetitions: list[Repetition], profiles: list[str], perturbations: list[str]) -> xr.Dataset:
    """Lay repetitions side by side, as ARCHITECTURE.md describes.

    Parameters
    ----------
    repetitions : at least one.
    profiles : names, the default first.
    perturbations : sources of uncertainty, UNPERTURBED first; only the default profile is perturbed.
    """
    moved = np.array([_movement(rep) for rep in repetitions])
    rows = {
        "trial_id": np.array([rep.trial_id for rep in repetitions], dtype=str),
        "leg": np.array([rep.leg for rep in repetitions], dtype=str),
        "task": np.array([rep.task for rep in repetitions], dtype=str),
        "number": np.array([rep.number for rep in repetitions]),
        "window_start": np.array([rep.first / rep.rate for rep in repetitions]),
        "window_stop": np.array([rep.stop / rep.rate for rep in repetitions]),
        "frame_window_start": moved[:, 0] - BEFORE_S,
        "frame_window_stop": moved[:, 1] + AFTER_S,
        "sampling_rate_hz": np.array([rep.rate for rep in repetitions]),
    }
    return xr.Dataset(
        _scored(repetitions, profiles, perturbations),
        coords={
            "rep": [f"{rep.trial_id}/{rep.number}" for rep in repetitions],
            "profile": profiles,
            "perturbation": perturbations,
            "side": list(SIDES),
            **{name: ("rep", values) for name, values in rows.items()},
        },
    )


def _scored(
    repetitions: list[Repetition], profiles: list[str], perturbations: list[str]
) -> dict[str, tuple[tuple[str, ...], NDArray[np.float64], dict[str, str]]]:
    """Weight, zero error [N] and events [s on the trial's clock] of each repetition under each scoring."""
    dims = ("rep", "profile", "perturbation")
    rates = np.array([rep.rate for rep in repetitions])[:, None, None]
    places = {
        (profile, moved): (k, m)
        for k, profile in enumerate(profiles)
        for m, moved in enumerate(perturbations)
        if k == 0 or m == 0
    }

    def stored(name: str, *, event: bool = False, sides: bool = False) -> NDArray[np.float64]:
        """Lay a field of the scores, or one of their events, out over the scorings; NaN where there is none."""
        values = np.full(
            (len(repetitions), len(profiles), len(perturbations), *([len(SIDES)] if sides else [])), np.nan
        )
        for row, rep in enumerate(repetitions):
            for scoring, place in places.items():
                score = rep.scores[scoring]
                values[(row, *place)] = score.events.get(name, np.nan) if event else getattr(score, name)
        return values

    variables = {
        "body_weight": ((*dims, "side"), stored("body_weight", sides=True), {"units": "N"}),
        "weighing_sd": (dims, stored("weighing_sd"), {"units": "N"}),
        "body_weight_uncertainty": (dims, stored("body_weight_uncertainty"), {"units": "N"}),
        "offset": (dims, stored("offset"), {"units": "N"}),
        "rest": (dims, stored("rest") / rates, {"units": "s"}),
    }
    return variables | {event: (dims, stored(event, event=True) / rates, {"units": "s"}) for event in STORED_EVENTS}
