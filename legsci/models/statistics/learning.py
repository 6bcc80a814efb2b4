"""Exponential approach of technique to a plateau: a common half-time, a plateau and an excess per athlete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize_scalar

from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import ROUNDING_SHARE, column_faults

#: Weeks (session,), outcome (session,) and covariates (session, covariate) of an athlete.
_Group = tuple[Array, Array, Array]
#: Range of half-times that is searched [weeks].
SHORTEST, LONGEST = 0.25, 260.0
#: Grid points per doubling of the half-time.
STEPS = 8
#: Sessions that an athlete needs: two parameters and one residual degree of freedom.
FEWEST_SESSIONS = 3


@dataclass(frozen=True)
class HalfTime:
    """Half-time of learning.

    Parameters
    ----------
    estimate : [weeks]; infinite where a straight line fits as well as any approach to a plateau.
    half_times : (half-time,) of the grid, ascending [weeks].
    statistic : (half-time,) Student's t over athletes of the slope of their sums of squares; it is negative below the
        half-time and positive above.
    excess : mean distance from the plateau in week 0 [unit of the outcome].
    excess_error : its standard error over athletes, same unit.
    participants, sessions : number in the model.
    coefficients : covariate -> its effect on the outcome at the estimate [unit of the outcome per unit].
    """

    estimate: float
    half_times: Array
    statistic: Array
    excess: float
    excess_error: float
    participants: int
    sessions: int
    coefficients: Mapping[str, float] = field(default_factory=dict)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the confidence interval: half-times at which the mean slope of the sums of squares may be 0 [weeks].

        By t(G - 1). From 0 to infinity where no approach to a plateau is detected, or where the mean distance from
        it in week 0 does not differ from 0: without learning there is no half-time.

        Parameters
        ----------
        level : coverage.
        """
        limit = float(stats.t.ppf(0.5 + level / 2.0, self.participants - 1))
        if not abs(self.excess) > limit * self.excess_error:
            return 0.0, np.inf
        steps = np.log2(self.half_times)
        first = int(np.argmax(self.statistic >= -limit))
        last = len(steps) - 1 - int(np.argmax(self.statistic[::-1] <= limit))
        low, high = 0.0, np.inf
        if first > 0:
            low = 2.0 ** float(np.interp(-limit, self.statistic[first - 1 : first + 1], steps[first - 1 : first + 1]))
        if last < len(steps) - 1:
            high = 2.0 ** float(np.interp(limit, self.statistic[last : last + 2], steps[last : last + 2]))
        return low, high

    def p_value(self, weeks: float) -> float:
        """Return the two-sided p value of a half-time.

        Parameters
        ----------
        weeks : the half-time [weeks].
        """
        at = float(np.interp(np.log2(weeks), np.log2(self.half_times), self.statistic))
        return float(2.0 * stats.t.sf(abs(at), self.participants - 1))


def half_time(
    table: pd.DataFrame,
    *,
    outcome: str,
    covariates: Sequence[str] = (),
    week: str = "week",
    participant: str = "participant_id",
) -> HalfTime:
    """Fit y = plateau_i + excess_i 2^(-week / h) + z gamma by least squares, h and gamma common to all athletes.

    For a given h the model is linear in the other parameters (variable projection, Golub & Pereyra 1973, SIAM J Numer
    Anal 10:413-432): an athlete's sum of squares is a curve over h, whose slope is 0 on average at the true h. The
    interval holds the h at which the athletes' slopes do not differ from 0 (an interval from estimating equations, as
    that of Fieller for a ratio): percentiles of a bootstrap are too narrow with few athletes. Along the curves gamma
    is that of each h, so that the slopes hold its uncertainty. Learning curves of single learners are commonly
    exponential (Heathcote, Brown & Mewhort 2000, Psychon Bull Rev 7:185-207).

    Parameters
    ----------
    table : one row per athlete and session.
    outcome : column of the response, falling or rising to its plateau.
    covariates : columns z that vary within athletes, such as training load.
    week : column of time [weeks].
    participant : column that names the athlete.

    Raises
    ------
    ModelRefusal
        Missing columns, fewer than three athletes with three sessions each, an outcome without change, or a covariate
        that is constant within athletes or depends linearly on others.
    """
    groups = _groups(table, outcome, covariates, week, participant)
    doublings = np.arange(np.log2(SHORTEST), np.log2(LONGEST) + 1.0 / STEPS, 1.0 / STEPS)
    squares = _approach(groups, 2.0**doublings)[0]
    slopes = np.gradient(squares, doublings, axis=1)
    error = slopes.std(axis=0, ddof=1) / np.sqrt(len(groups))
    # Far below the time between sessions the fit does not depend on the half-time: the slope is 0.
    level = error == 0.0
    estimate = _lowest(doublings, squares.sum(axis=0))
    _, at_estimate, gamma = _approach(groups, np.array([min(estimate, LONGEST)]))
    excess = at_estimate[:, 0]
    return HalfTime(
        estimate=estimate,
        half_times=2.0**doublings,
        statistic=np.where(level, 0.0, slopes.mean(axis=0) / np.where(level, 1.0, error)),
        excess=float(excess.mean()),
        excess_error=float(excess.std(ddof=1) / np.sqrt(len(groups))),
        participants=len(groups),
        sessions=sum(len(weeks) for weeks, _, _ in groups),
        coefficients=dict(zip(covariates, gamma[0].tolist(), strict=True)),
    )


def _groups(table: pd.DataFrame, outcome: str, covariates: Sequence[str], week: str, participant: str) -> list[_Group]:
    """Return weeks, outcome and covariates of each athlete with enough sessions, or refuse with all reasons."""
    subject = f"the half-time of {outcome}"
    used = [outcome, week, participant, *covariates]
    faults = [f"there is no column {column}" for column in used if column not in table]
    if not faults:
        faults = [sentence for name in (outcome, week, *covariates) for sentence in column_faults(table, name, [name])]
    if faults:
        raise ModelRefusal(subject, faults)
    groups = [
        (rows[week].to_numpy(float), rows[outcome].to_numpy(float), rows[list(covariates)].to_numpy(float))
        for _, rows in table[used].dropna().groupby(participant)
        if rows[week].nunique() >= FEWEST_SESSIONS
    ]
    if len(groups) < FEWEST_SESSIONS:
        sentence = f"{len(groups)} athletes have {FEWEST_SESSIONS} sessions in different weeks"
        raise ModelRefusal(subject, [f"{sentence}; at least {FEWEST_SESSIONS} are needed"])
    if all(np.ptp(values) == 0.0 for _, values, _ in groups):
        faults.append(f"{outcome} is the same in all sessions of each athlete")
    apart = np.concatenate([own - own.mean(axis=0) for _, _, own in groups])
    whole = np.concatenate([own for _, _, own in groups])
    level = np.sum(apart**2, axis=0) <= ROUNDING_SHARE * np.sum(whole**2, axis=0)
    constant = [name for name, same in zip(covariates, level, strict=True) if same]
    faults += [f"{name} does not vary within athletes" for name in constant]
    if not constant and np.linalg.matrix_rank(apart) < len(covariates):
        faults.append(f"{', '.join(covariates)} depend linearly on each other")
    if faults:
        raise ModelRefusal(subject, faults)
    return groups


def _approach(groups: Sequence[_Group], half_times: Array) -> tuple[Array, Array, Array]:
    """Return sums of squares and excess in week 0 of each athlete, (athlete, half-time), and gamma for each half-time.

    Parameters
    ----------
    groups : per athlete: weeks (session,), outcome (session,) and covariates (session, covariate).
    half_times : (half-time,) [weeks].
    """
    projected = [_without_approach(*group, half_times) for group in groups]
    # Sums of squares and products of outcome and covariates, for each half-time.
    products = np.sum([np.einsum("hsc,hsd->hcd", rest, rest) for rest, _ in projected], axis=0)
    gamma = np.linalg.solve(products[:, 1:, 1:], products[:, 1:, :1])[..., 0]
    sizes = np.concatenate([np.ones((len(gamma), 1)), -gamma], axis=1)
    residuals = [np.einsum("hsc,hc->hs", rest, sizes) for rest, _ in projected]
    excess = np.stack([np.einsum("hc,hc->h", own, sizes) for _, own in projected])
    return np.stack([np.sum(own**2, axis=1) for own in residuals]), excess, gamma


def _without_approach(weeks: Array, values: Array, covariates: Array, half_times: Array) -> tuple[Array, Array]:
    """Return outcome and covariates of an athlete without plateau and approach, and the excess of each.

    Returns
    -------
    rest : (half-time, session, 1 + covariate).
    excess : (half-time, 1 + covariate).
    """
    left = 2.0 ** (-weeks / half_times[:, None])
    apart = left - left.mean(axis=1, keepdims=True)
    columns = np.column_stack([values, covariates])
    columns = columns - columns.mean(axis=0)
    excess = apart @ columns / np.sum(apart**2, axis=1)[:, None]
    return columns - apart[..., None] * excess[:, None, :], excess


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
