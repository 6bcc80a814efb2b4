"""How fast technique approaches its plateau: one half-time for all athletes, a plateau and an excess for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from legsci.models.curves import compare_curves
from legsci.models.resampling import cluster_weights
from legsci.models.result import ModelRefusal

Array = NDArray[np.float64]

#: Half-times that are looked at [weeks].
SHORTEST, LONGEST = 0.25, 260.0
#: Steps per doubling of the half-time between which the least sum of squares is looked for.
STEPS = 4
#: Plateau, excess and something left to compare: sessions that an athlete needs.
FEWEST_SESSIONS = 3


@dataclass(frozen=True)
class HalfTime:
    """Half-time of learning.

    Parameters
    ----------
    estimate : [weeks]; infinite where a straight line fits as well as any approach to a plateau.
    drawn : (resample,) of resampled athletes [weeks].
    excess : mean distance from the plateau in week 0 [unit of the outcome].
    p_learning : of no approach to a plateau, whatever its half-time: the largest |t| of the athletes' excesses over all
        half-times, against that with the signs of athletes drawn at random. Without an approach there is no half-time.
    participants, sessions : that it rests on.
    """

    estimate: float
    drawn: Array
    excess: float
    p_learning: float
    participants: int
    sessions: int


def half_time(
    table: pd.DataFrame,
    *,
    outcome: str,
    week: str = "week",
    participant: str = "participant_id",
    resamples: int = 1000,
    seed: int = 0,
) -> HalfTime:
    """Fit y = plateau_i + excess_i 2^(-week / h) by least squares, h common to all athletes.

    For a given h the rest is linear (variable projection, Golub & Pereyra 1973, SIAM J Numer Anal 10:413-432): an
    athlete's sum of squares is a curve over h, and the cluster bootstrap adds up the curves of the athletes drawn.
    Learning curves of single learners are commonly exponential (Heathcote, Brown & Mewhort 2000, Psychon Bull Rev
    7:185-207).

    Parameters
    ----------
    table : one row per athlete and session.
    outcome : what is learned, falling or rising to its plateau.
    week : column of time [weeks].
    participant : column that names the athlete.
    resamples, seed : of the cluster bootstrap.

    Raises
    ------
    ModelRefusal
        Missing columns, fewer than three athletes with three sessions each, or an outcome that never changes.
    """
    subject = f"the half-time of {outcome}"
    faults = [f"there is no column {column}" for column in (outcome, week, participant) if column not in table]
    if faults:
        raise ModelRefusal(subject, faults)
    complete = table[[participant, week, outcome]].dropna()
    groups = [
        (rows[week].to_numpy(float), rows[outcome].to_numpy(float))
        for _, rows in complete.groupby(participant)
        if rows[week].nunique() >= FEWEST_SESSIONS
    ]
    if len(groups) < FEWEST_SESSIONS:
        sentence = (
            f"{len(groups)} athletes have {FEWEST_SESSIONS} sessions in different weeks; at least {FEWEST_SESSIONS} "
            "are needed"
        )
        raise ModelRefusal(subject, [sentence])
    if all(np.ptp(values) == 0.0 for _, values in groups):
        raise ModelRefusal(subject, [f"{outcome} is the same in all sessions of each athlete"])
    doublings = np.arange(np.log2(SHORTEST), np.log2(LONGEST) + 1.0 / STEPS, 1.0 / STEPS)
    curves = [_approach(*group, 2.0**doublings) for group in groups]
    squares, excesses = (np.array(part) for part in zip(*curves, strict=True))
    weights = cluster_weights(len(groups), resamples=resamples, seed=seed)
    estimate = _lowest(doublings, squares.sum(axis=0))
    return HalfTime(
        estimate=estimate,
        drawn=np.array([_lowest(doublings, curve) for curve in weights @ squares]),
        excess=float(np.mean([_approach(*group, np.array([min(estimate, LONGEST)]))[1][0] for group in groups])),
        p_learning=_no_learning(pd.DataFrame(excesses, columns=doublings), resamples, seed),
        participants=len(groups),
        sessions=sum(len(weeks) for weeks, _ in groups),
    )


def _approach(weeks: Array, values: Array, half_times: Array) -> tuple[Array, Array]:
    """Return an athlete's residual sum of squares and excess in week 0 for each half-time, (half-time,) each."""
    left = 2.0 ** (-weeks / half_times[:, None])
    apart = left - left.mean(axis=1, keepdims=True)
    excess = apart @ values / np.sum(apart**2, axis=1)
    return np.sum((values - values.mean() - excess[:, None] * apart) ** 2, axis=1), excess


def _no_learning(excesses: pd.DataFrame, resamples: int, seed: int) -> float:
    """Return the p value of no excess (athlete, half-time) at any half-time."""
    found = compare_curves(excesses, 0.0 * excesses, paired=True, resamples=resamples, seed=seed)
    # Rearrangements in another order may differ by rounding from the same one.
    return float(np.mean(found.largest_statistics >= np.abs(found.statistic).max() * (1.0 - 1e-9)))


def _lowest(doublings: Array, curve: Array) -> float:
    """Return the half-time at which a curve of sums of squares is lowest; infinite at the far end."""
    at = int(np.argmin(curve))
    if at == len(curve) - 1:
        return float(np.inf)
    if at == 0:
        return float(2.0 ** doublings[0])
    near = slice(at - 1, at + 2)
    parabola = np.polynomial.Polynomial.fit(doublings[near], curve[near], 2)
    found = minimize_scalar(parabola, bounds=(doublings[at - 1], doublings[at + 1]), method="bounded")
    return float(2.0**found.x)
