"""Discrimination and calibration of injury models: concordance of every term, calibration on held-out athletes.

An association, however certain, is no screening test (Bahr 2016).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.kernels.models.risk_sets import count_wins
from legsci.models.result import Array
from legsci.models.statistics.resampling import Bootstrap, percentile_interval

Rows = NDArray[np.bool_]

FOLDS = 5
CALIBRATION_GROUPS = 5
#: Share of resamples with events and comparison rows below which no interval is given.
FEWEST_RESAMPLES = 0.9


@dataclass(frozen=True)
class Calibration:
    """Agreement of the rates predicted for held-out athletes with the observed events.

    Parameters
    ----------
    slope : of the log rate on the predicted log rate [1]; 1 is perfect calibration, below 1 the predictions are too
        extreme.
    slope_interval : 95 % interval, standard error by athlete, t(G - 1).
    groups : one row per fifth of the predicted rate: rows, observed, expected [events].
    """

    slope: float
    slope_interval: tuple[float, float]
    groups: pd.DataFrame


def concordance(predictor: Array, events: Rows, participant: NDArray[np.int64], weight: Array) -> tuple[Array, Array]:
    """Count by pair of athletes how often a row with an event has a higher predictor than rows without.

    Parameters
    ----------
    predictor : (row,) any unit.
    events : (row,) whether an event is in the row.
    participant : (row,) number of the athlete, from 0; all occur.
    weight : (row,) of a row without event: its hours, where rates per hour are modelled, so that a term unrelated to
        the rate has 0.5 although weeks with more hours have more events.

    Returns
    -------
    wins, pairs : (athlete with the event, athlete compared), sums of weights; a tie is half a win.
    """
    return count_wins(np.argsort(predictor, kind="stable"), events, predictor, participant, weight)


def area_under_curve(
    wins: Array, pairs: Array, *, bootstrap: Bootstrap
) -> tuple[float | None, tuple[float, float] | None]:
    """Area under the ROC curve: the probability that an event has a higher predictor than time at risk without event.

    Parameters
    ----------
    wins, pairs : see `concordance`.
    bootstrap : over athletes.

    Returns
    -------
    area [1] and its 95 % percentile interval; None where no pairs can be compared, or in too many resamples.
    """
    if pairs.sum() == 0:
        return None, None
    weights = bootstrap.weights(len(pairs))
    won, compared = (np.einsum("ra,ab,rb->r", weights, counts, weights, optimize=True) for counts in (wins, pairs))
    usable = compared > 0
    area = float(wins.sum() / pairs.sum())
    if usable.mean() < FEWEST_RESAMPLES:
        return area, None
    return area, percentile_interval(won[usable] / compared[usable])


def cross_validated_predictor(
    events: Array,
    fixed: Array,
    participant: NDArray[np.int64],
    refit: Callable[[Rows], Array],
    *,
    seed: int,
) -> Array | None:
    """Predict each athlete's log rate by cross-validation, in folds of athletes balanced for their number of events.

    Parameters
    ----------
    events : (row,) events.
    fixed : (row, term) columns that the coefficients belong to.
    participant : (row,) number of the athlete.
    refit : from the rows (row,) kept to the coefficients (term,).
    seed : of the random order among athletes with equal numbers of events.

    Returns
    -------
    (row,); None where some fold leaves no event at a level of a binary term.
    """
    athletes = int(participant.max()) + 1
    count = np.bincount(participant, weights=events, minlength=athletes)
    order = np.lexsort((np.random.default_rng(seed).permutation(athletes), count))
    fold = np.empty(athletes, dtype=np.int64)
    fold[order] = np.arange(athletes) % FOLDS
    predictor = np.empty(len(events))
    for number in range(FOLDS):
        left_out = fold[participant] == number
        if not left_out.any():
            continue
        if not _can_be_fitted(events[~left_out], fixed[~left_out], fixed):
            return None
        coefficients = refit(~left_out)
        if not np.isfinite(coefficients).all():
            return None
        predictor[left_out] = fixed[left_out] @ coefficients
    return predictor


def group_by_prediction(predictor: Array, expected: Array, events: Array) -> pd.DataFrame:
    """Sum rows, observed and expected events by fifths of the predicted rate, the lowest first."""
    # Tied predictions, as of rows of one athlete, stay in one group; groups may then differ in size.
    edges = np.quantile(predictor, np.arange(1, CALIBRATION_GROUPS) / CALIBRATION_GROUPS)
    group = np.searchsorted(edges, predictor, side="right") + 1
    table = pd.DataFrame({"group": group, "rows": 1, "observed": events, "expected": expected})
    return table.groupby("group").sum()


def _can_be_fitted(events: Array, kept: Array, every: Array) -> bool:
    for column, whole in zip(kept.T, every.T, strict=True):
        states = np.unique(whole)
        if len(states) == 2 and any(events[column == state].sum() == 0 for state in states):
            return False
        if len(states) > 1 and np.ptp(column) == 0:
            return False
    return bool(events.sum() > 0)
