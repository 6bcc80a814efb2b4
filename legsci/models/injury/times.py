"""Hazard models of recurrent injuries: Andersen-Gill and Prentice-Williams-Peterson, with cluster-robust errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from legsci.kernels.models.risk_sets import RiskSets, count_wins_at_risk, partial_likelihood, risk_sets
from legsci.models.injury.design import InjuryDesign, InjuryModel, build_injury_design
from legsci.models.injury.discrimination import Calibration, cross_validated_predictor, group_by_prediction
from legsci.models.injury.fit import AREA_BOOTSTRAP, LARGEST_SCORE, InjuryFit, injury_fit
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table
from legsci.models.statistics.design import ROUNDING_SHARE
from legsci.models.statistics.resampling import Bootstrap

TIES = ("breslow", "efron")
CLOCKS = ("weeks", "hours")
#: Events from this one on share a stratum, since few athletes have so many.
POOLED_FROM = 4
#: Newton's method stops at a step below this, in standard deviations of the terms; without a maximum it never does.
SMALLEST_STEP = 1e-9
MOST_ITERATIONS = 100
#: Mean variance of a term within the risk sets, relative to its variance, below which it is rounding.
SMALLEST_VARIANCE = 1e-12
#: Condition number of the information, of scaled terms, from which they cannot be told apart.
LARGEST_CONDITION = 1e12


def risk_intervals(
    at_risk: pd.DataFrame,
    *,
    clock: str = "weeks",
    exposure: str = "training_hours",
    participant: str = "participant_id",
    pooled_from: int = POOLED_FROM,
) -> pd.DataFrame:
    """Turn weeks at risk into intervals (start, stop] of recurrent-event models.

    Parameters
    ----------
    at_risk : `PersonWeeks.at_risk`: one row per athlete and week at risk, with onset.
    clock : `weeks` of the study, or cumulative `hours` of training at risk, so that the hazard is per hour.
    exposure, participant : columns.
    pooled_from : number of the event from which on strata are pooled.

    Returns
    -------
    The rows by athlete and week with start, stop [weeks or h], event_number (1 until the first onset, then 2, ...),
    stratum, the same up to pooled_from (Therneau & Grambsch 2000, Modeling Survival Data, section 8.5), and gap_start,
    gap_stop, the same times since the athlete's last onset (since their first row at risk before it).
    """
    if clock not in CLOCKS:
        raise ValueError(f"clock is one of {', '.join(CLOCKS)}; found {clock}")
    if pooled_from < 1:
        raise ValueError(f"pooled_from is at least 1; found {pooled_from}")
    table = at_risk.astype({participant: object}).sort_values([participant, "week"]).reset_index(drop=True)
    athlete = table[participant]
    if clock == "weeks":
        table["start"], table["stop"] = table["week"].astype(float), table["week"] + 1.0
    else:
        table["stop"] = table[exposure].groupby(athlete).cumsum()
        table["start"] = table["stop"].groupby(athlete).shift(fill_value=0.0)
    earlier = table["onset"].groupby(athlete).cumsum() - table["onset"]
    table["event_number"] = earlier + 1
    table["stratum"] = table["event_number"].clip(upper=pooled_from)
    origin = table["start"].groupby([athlete, earlier]).transform("first")
    ended = table["stop"].where(table["onset"] > 0).groupby(athlete).ffill().groupby(athlete).shift()
    origin = ended.fillna(origin)
    table["gap_start"], table["gap_stop"] = table["start"] - origin, table["stop"] - origin
    return table


@dataclass(frozen=True)
class TimeScale:
    """Time scale of a hazard model: columns of the intervals at risk (start, stop].

    Parameters
    ----------
    stop : end of the interval. An athlete is at risk after start, up to and at stop.
    start : beginning of the interval; 0 where no column is named.
    stratum : strata with baseline hazards of their own; one baseline hazard where no column is named.
    spell : number of the spell, where time begins anew with each: an athlete's intervals follow one another within a
        spell only. Needed for gap times whose strata are pooled; otherwise the spells are the strata.
    """

    stop: str
    start: str | None = None
    stratum: str | None = None
    spell: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that are named."""
        return [column for column in (self.stop, self.start, self.stratum, self.spell) if column]


def fit_recurrent_injuries(
    table: pd.DataFrame,
    model: InjuryModel,
    time_scale: TimeScale,
    *,
    ties: str = "breslow",
    bootstrap: Bootstrap = AREA_BOOTSTRAP,
) -> InjuryFit:
    """Fit hazard_i(t) = hazard_0s(t) exp(x_i(t) beta) to intervals (start, stop] of recurrent events.

    Without strata this is the model of Andersen and Gill (1982, Ann Stat 10:1100-1120); with the event number as
    stratum it is that of Prentice, Williams and Peterson (1981, Biometrika 68:373-379), in total time with times since
    the start and in gap time with times since the last event. Standard errors come from the score residuals summed by
    athlete (Lin & Wei 1989, JASA 84:1074-1078): B (sum u u') B with B the inverse information; intervals from t(G - 1).

    Parameters
    ----------
    table : intervals at risk.
    model : terms, events (1 where the interval ends with an event, else 0), athletes.
    time_scale : columns of the intervals and their strata.
    ties : handling of tied event times, `breslow` or `efron`.
    bootstrap : over athletes, for the concordance; its seed also assigns athletes to folds.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    if ties not in TIES:
        raise ValueError(f"ties is one of {', '.join(TIES)}; found {ties}")
    subject, stratum = f"the hazard of {model.events}", time_scale.stratum
    built = build_injury_design(table, model, subject=subject, others=time_scale.columns, single=True)
    begin, end, strata = _times(built.table, time_scale, model.participant, subject)
    event, athlete = built.events > 0, built.design.participant
    sets = risk_sets(begin, end, event, strata)
    coefficients, information, log_likelihood, residuals = _maximise(sets, built.covariates, ties, subject)
    clusters = len(built.design.participants)
    standard_error = np.sqrt(np.diag(_sandwich(information, residuals, athlete)))
    if (standard_error**2 < ROUNDING_SHARE * np.diag(np.linalg.inv(information))).any():
        raise ModelRefusal(subject, ["the score residuals do not vary between athletes"])
    count = len(coefficients)
    estimates = estimate_table(
        built.terms, coefficients, standard_error, np.full(count, clusters - 1.0), kind=built.design.kinds[1:],
        se_method=["score residuals by athlete"] * count,
    )  # fmt: skip
    result = ModelResult(
        outcome=model.events,
        formula=f"hazard of {model.events} ~ {' + '.join(built.terms)}" + (f", strata of {stratum}" if stratum else ""),
        estimates=estimates,
        log_likelihood=log_likelihood,
        variance_components={},
        n={},
    )
    return injury_fit(
        built,
        result,
        concordance=lambda predictor: count_wins_at_risk(sets, event, predictor, athlete, clusters),
        calibration=_calibrate(built, begin, end, strata, ties, bootstrap.seed),
        bootstrap=bootstrap,
    )


def score_residuals(
    start: Array,
    stop: Array,
    event: NDArray[np.bool_],
    covariates: Array,
    coefficients: Array,
    *,
    strata: NDArray[np.int64],
    ties: str,
) -> Array:
    """Score residuals of a proportional hazards model; they sum to the score.

    Their formula: `legsci.kernels.models.risk_sets.partial_likelihood`.

    Parameters
    ----------
    start, stop : (row,) at risk in (start, stop].
    event : (row,) whether an event is at stop.
    covariates : (row, term).
    coefficients : (term,).
    strata : (row,) number of the stratum.
    ties : `breslow` or `efron`.

    Returns
    -------
    (row, term) [unit of the term]; 0 in rows that are at risk at no event.
    """
    return partial_likelihood(risk_sets(start, stop, event, strata), covariates, coefficients, ties == "efron")[1]


def _sandwich(information: Array, residuals: Array, participant: NDArray[np.int64]) -> Array:
    """Return B (sum u u') B with u the sums of the residuals by athlete and B the inverse information."""
    by_athlete = np.zeros((int(participant.max()) + 1, residuals.shape[1]))
    np.add.at(by_athlete, participant, residuals)
    half = np.linalg.solve(information, by_athlete.T)
    return half @ half.T


def _calibrate(
    built: InjuryDesign, start: Array, stop: Array, strata: NDArray[np.int64], ties: str, seed: int
) -> Calibration | None:
    """Compare with the hazards predicted for held-out athletes; expected events are cumulative hazards (Breslow)."""
    event, participant = built.events > 0, built.design.participant

    def refit(rows: NDArray[np.bool_]) -> Array:
        """Coefficients of the athletes outside a fold."""
        sets = risk_sets(start[rows], stop[rows], event[rows], strata[rows])
        return _maximise(sets, built.covariates[rows], ties, "the hazard in a fold")[0]

    try:
        predictor = cross_validated_predictor(built.events, built.covariates, participant, refit, seed=seed)
        if predictor is None or np.ptp(predictor) == 0.0:
            return None
        column, sets = predictor[:, None], risk_sets(start, stop, event, strata)
        slope, information, _, residuals = _maximise(sets, column, ties, "the slope of calibration")
    except ModelRefusal:
        return None
    error = float(np.sqrt(_sandwich(information, residuals, participant)[0, 0]))
    half = float(stats.t.ppf(0.975, len(built.design.participants) - 1)) * error
    expected = partial_likelihood(sets, column - predictor.mean(), np.ones(1), False)[3]
    interval = (float(slope[0]) - half, float(slope[0]) + half)
    return Calibration(float(slope[0]), interval, group_by_prediction(predictor, expected, built.events))


def _times(
    table: pd.DataFrame, time_scale: TimeScale, participant: str, subject: str
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return start, stop and number of the stratum of each row."""
    start, stop, stratum = time_scale.start, time_scale.stop, time_scale.stratum
    end = table[stop].to_numpy(float)
    begin = table[start].to_numpy(float) if start else np.minimum(0.0, end - 1.0)
    faults = []
    if not (np.isfinite(begin).all() and np.isfinite(end).all()):
        faults.append(f"{start or 'start'} or {stop} is infinite")
    if (begin >= end).any():
        faults.append(f"{int((begin >= end).sum())} intervals do not end after their start")
    if start and not faults:
        spell = time_scale.spell or stratum
        spells = pd.factorize(table[spell])[0] if spell else np.zeros(len(table), dtype=np.int64)
        keys = np.column_stack([pd.factorize(table[participant])[0], spells])
        order = np.lexsort((end, begin, keys[:, 1], keys[:, 0]))
        same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
        overlap = same & (begin[order][1:] < end[order][:-1])
        if overlap.any():
            faults.append(f"{int(overlap.sum())} intervals begin before the previous interval of the athlete has ended")
    if faults:
        raise ModelRefusal(subject, faults)
    strata = pd.factorize(table[stratum])[0] if stratum else np.zeros(len(table), dtype=np.int64)
    return begin, end, strata.astype(np.int64)


def _maximise(sets: RiskSets, covariates: Array, ties: str, subject: str) -> tuple[Array, Array, float, Array]:
    """Return coefficients, information, log partial likelihood and score residuals, by Newton's method."""
    centre, scale, efron = covariates.mean(axis=0), covariates.std(axis=0), ties == "efron"
    scaled = (covariates - centre) / scale
    found, converged = np.zeros(len(scale)), False
    value, residuals, information, _ = partial_likelihood(sets, scaled, found, efron)
    if np.diag(information).min() < SMALLEST_VARIANCE * len(sets.events):
        raise ModelRefusal(subject, ["some term does not vary within the risk sets"])
    for _ in range(MOST_ITERATIONS):
        try:
            step = np.linalg.solve(information, residuals.sum(axis=0))
        except np.linalg.LinAlgError:
            break
        converged = bool(np.abs(step).max() < SMALLEST_STEP)
        last, half = value, 1.0
        value, residuals, information, _ = partial_likelihood(sets, scaled, found + step, efron)
        # The likelihood is concave: a step that lowers it by more than rounding is too long.
        while not value > last - 1e-12 * abs(last) and half > SMALLEST_STEP:
            half /= 2.0
            value, residuals, information, _ = partial_likelihood(sets, scaled, found + half * step, efron)
        found = found + half * step
        if converged:
            break
    with np.errstate(invalid="ignore", divide="ignore"):
        in_errors = np.abs(residuals.sum(axis=0)) / np.sqrt(np.diag(information))
    if not (converged and (in_errors < LARGEST_SCORE).all() and np.linalg.cond(information) < LARGEST_CONDITION):
        raise ModelRefusal(
            subject,
            ["the likelihood has no maximum: some term separates events completely from the other rows at risk"],
        )
    return found / scale, information * np.outer(scale, scale), float(value), residuals * scale
