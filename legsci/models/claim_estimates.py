"""How each kind of claim gets its effect from a study's tables; one function per kind, in ESTIMATORS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from legsci.kernels.mixed_model import fit_profiled
from legsci.models.analysis_tables import (
    complete_rows,
    person_covariates,
    repetition_table,
    session_table,
    week_table,
)
from legsci.models.athlete_slopes import slope_spread
from legsci.models.claim_registry import Claim, Registry
from legsci.models.design import split_within_between, to_log_percent
from legsci.models.effects import EQUIVALENCE_LEVEL, LEVEL, Effect, fieller_interval, intervals, to_scale
from legsci.models.injury_counts import fit_injury_rate
from legsci.models.learning import half_time
from legsci.models.measurement_error import fit_calibrated_model
from legsci.models.mixed import MixedFit, fit_mixed_model
from legsci.models.resampling import cluster_weights, percentile_interval
from legsci.models.result import ModelRefusal, ModelResult

Array = NDArray[np.float64]

P90_LESS_P10 = "p90_less_p10"
PARTS = ("within", "between")


@dataclass(frozen=True)
class Evidence:
    """What a study has to say about claims.

    Parameters
    ----------
    tables : tables of the study folder by name, and `metrics`.
    longitudinal : rows of longitudinal.csv.
    registry : the claims and the quantities that they name.
    resamples, seed : of every cluster bootstrap.
    """

    tables: Mapping[str, pd.DataFrame]
    longitudinal: pd.DataFrame
    registry: Registry
    resamples: int
    seed: int

    @cached_property
    def every_session(self) -> pd.DataFrame:
        """The sessions with every variable that some claim names."""
        named = dict.fromkeys(name for claim in self.registry.claims for name in variables_of(claim, self.registry))
        variables = {name: self.registry.variables[name] for name in named}
        return session_table(self.longitudinal, variables, self.registry.codes)

    def sessions(self, claim: Claim) -> pd.DataFrame:
        """Return the sessions, with what a claim's model makes of its variables."""
        table = self.every_session.copy()
        for name, (variable, limit) in claim.model.get("indicators", {}).items():
            table[name] = (table[variable] >= limit).astype(float).where(table[variable].notna())
        return _outcome_to_scale(table, claim)


def variables_of(claim: Claim, registry: Registry) -> list[str]:
    """Return the names of the session variables that a claim's model uses."""
    model = claim.model
    named = [
        model.get("outcome", ""),
        model.get("exposed", ""),
        *(pair[0] for pair in model.get("indicators", {}).values()),
    ]
    named += [_base(part) for term in model.get("terms", []) for part in term.split(":")]
    return [name for name in dict.fromkeys(named) if name in registry.variables]


def _base(term: str) -> str:
    """Return the variable of a within or between part."""
    return term.removesuffix("_within").removesuffix("_between")


def _outcome_to_scale(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    outcome = claim.model.get("outcome")
    return table.assign(**{outcome: to_log_percent(table[outcome])}) if claim.model.get("log") and outcome else table


def _split(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Split the variables whose parts are terms, over the rows that the model can use."""
    parts = {part for term in claim.model["terms"] for part in term.split(":")}
    split = sorted({_base(part) for part in parts if part.endswith(PARTS)} & set(table.columns))
    return split_within_between(_complete(table, claim), split)


def _complete(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the rows that have all that a claim's model uses."""
    outcome, parts = claim.model["outcome"], [part for term in claim.model["terms"] for part in term.split(":")]
    return complete_rows(table, [outcome, *parts, *map(_base, parts)], f"the mixed model of {outcome}")


def _left_out(before: pd.DataFrame, after: pd.DataFrame, rows: str) -> list[str]:
    """Say how many rows lack a value."""
    lost = len(before) - len(after)
    return [f"{lost} of {len(before)} {rows} lack a value and were left out"] if lost else []


def _difference(claim: Claim, values: pd.Series) -> float:
    """Return the difference of the predictor that the effect belongs to."""
    wanted = claim.contrast["difference"]
    if wanted != P90_LESS_P10:
        return float(wanted)
    low, high = np.quantile(values.dropna(), [0.1, 0.9])
    return float(high - low)


def _of_athletes(table: pd.DataFrame, term: str) -> pd.Series:
    return table.groupby("participant_id")[term].mean() if term in table else pd.Series(dtype=float)


def _linear_effect(claim: Claim, result: ModelResult, difference: float, notes: Sequence[str] = ()) -> Effect:
    """Return the effect of a difference of a term, from a coefficient with its standard error."""
    row = result.estimates.loc[claim.contrast["term"]]
    per_log = 1.0 if not (claim.scale == "ratio" and claim.model.get("log")) else 0.01
    factor = difference * per_log
    limits = intervals(row["estimate"] * factor, row["standard_error"] * abs(factor), row["df"], claim.scale)
    return Effect(
        float(to_scale(row["estimate"] * factor, claim.scale)),
        *limits,
        p_value=float(row["p_value"]),
        difference=difference,
        participants=int(result.n["participants"]),
        rows=int(result.n["rows"]),
        events=int(result.n["events"]) if "events" in result.n else None,
        notes=(*(sentence for _, sentence in result.warnings), *notes),
    )


def mixed_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Effect of a term of a mixed model of sessions, corrected for measurement error where the claim says so."""
    table, model = evidence.sessions(claim), claim.model
    settings = {"outcome": model["outcome"], "fixed": model["terms"], "random": model.get("random", [])}
    if "calibrated" not in model:
        split = _split(table, claim)
        fit = fit_mixed_model(split, **settings)
        difference = _difference(claim, _of_athletes(split, claim.contrast["term"]))
        notes = [*_left_out(table, split, "sessions"), *_loss_notes(claim, fit, fit.result)]
        return _linear_effect(claim, fit.result, difference, notes)
    measured, complete = model["calibrated"], _complete(table, claim)
    calibrated = fit_calibrated_model(
        complete,
        measured=measured,
        error_variance=f"{measured}_error_variance",
        resamples=evidence.resamples,
        seed=evidence.seed,
        **settings,
    )
    low, high = calibrated.reliability_interval
    note = f"reliability of {measured} within athletes {calibrated.reliability:.2f} ({low:.2f} to {high:.2f})"
    notes = [
        *_left_out(table, complete, "sessions"),
        note,
        *_loss_notes(claim, calibrated.naive, calibrated.result),
    ]
    return _linear_effect(claim, calibrated.result, _difference(claim, _of_athletes(complete, measured)), notes)


def _loss_notes(claim: Claim, fit: MixedFit, result: ModelResult) -> list[str]:
    """Say how many athletes would lose what is claimed, their slopes taken as normal."""
    term = claim.contrast["term"]
    if claim.loss is None or term not in fit.random:
        return []
    mean, difference = float(result.estimates.loc[term, "estimate"]), float(claim.contrast["difference"])
    spread = slope_spread(fit, term)
    needed = 100.0 * np.log1p(-claim.loss / 100.0) / difference
    if spread.standard_deviation == 0.0:
        share = float(mean <= needed)
    else:
        share = float(stats.norm.cdf((needed - mean) / spread.standard_deviation))
    return [f"athletes who would lose {claim.loss:g} % or more: {100.0 * share:.2g} %, their slopes taken as normal"]


def mixed_ratio(claim: Claim, evidence: Evidence) -> Effect:
    """Ratio of slopes at two values of a moderator: 1 + difference x product / slope, with Fieller's interval."""
    table = evidence.sessions(claim)
    split = _split(table, claim)
    fit = fit_mixed_model(
        split, outcome=claim.model["outcome"], fixed=claim.model["terms"], random=claim.model.get("random", [])
    )
    product, slope = claim.contrast["term"], claim.contrast["per"]
    at = [fit.design.terms.index(product), fit.design.terms.index(slope)]
    row, difference = fit.result.estimates.loc[product], float(claim.contrast["difference"])
    # The two slopes as sums of coefficients: at the other value of the moderator, and at its mean.
    sums = np.array([[difference, 1.0], [0.0, 1.0]])
    covariance = sums @ fit.covariance("cluster")[np.ix_(at, at)] @ sums.T
    other, usual = sums @ fit.result.estimates.loc[[product, slope], "estimate"].to_numpy(float)
    wide, narrow = (
        fieller_interval(other, usual, covariance, row["df"], level) for level in (LEVEL, EQUIVALENCE_LEVEL)
    )
    notes = [*(sentence for _, sentence in fit.result.warnings), *_left_out(table, split, "sessions")]
    if not np.isfinite(wide[0]):
        notes.append(f"the slope of {slope} does not differ from 0, so that a ratio to it has no limits")
    return Effect(
        float(other / usual),
        wide,
        narrow,
        p_value=float(row["p_value"]),
        difference=difference,
        participants=int(fit.result.n["participants"]),
        rows=int(fit.result.n["rows"]),
        notes=tuple(notes),
    )


def repetition_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Effect of a term of a mixed model of the repetitions of sets."""
    model, people = claim.model, person_covariates(evidence.longitudinal, evidence.registry.codes)
    table = repetition_table(
        evidence.tables, people, task=model["set_task"], columns=[model["outcome"]], last=model["last"]
    )
    fit = fit_mixed_model(
        _outcome_to_scale(table, claim), outcome=model["outcome"], fixed=model["terms"], random=model.get("random", [])
    )
    return _linear_effect(claim, fit.result, float(claim.contrast["difference"]))


def spread_of_slopes(claim: Claim, evidence: Evidence) -> Effect:
    """Standard deviation of athletes' slopes, with the percentile interval of a cluster bootstrap."""
    table = evidence.sessions(claim)
    split = _split(table, claim)
    fit = fit_mixed_model(
        split, outcome=claim.model["outcome"], fixed=claim.model["terms"], random=claim.model["random"]
    )
    term, difference = claim.contrast["term"], float(claim.contrast["difference"])
    spread, place = slope_spread(fit, term), fit.random.index(term)
    drawn = []
    for weights in cluster_weights(len(fit.design.participants), resamples=evidence.resamples, seed=evidence.seed):
        try:
            optimum = fit_profiled(fit.data, weights=weights, reml=fit.reml, start=fit.optimum.factor)
        except np.linalg.LinAlgError:
            continue
        drawn.append(np.sqrt(optimum.random_covariance[place, place]) * difference)
    if not drawn:
        raise ModelRefusal(f"the spread of slopes of {term}", ["no resample of athletes can be estimated"])
    lost = evidence.resamples - len(drawn)
    return Effect(
        spread.standard_deviation * difference,
        percentile_interval(np.array(drawn), level=LEVEL),
        percentile_interval(np.array(drawn), level=EQUIVALENCE_LEVEL),
        p_value=spread.p_value,
        difference=difference,
        participants=int(fit.result.n["participants"]),
        rows=int(fit.result.n["rows"]),
        notes=(
            *(sentence for _, sentence in fit.result.warnings),
            *_left_out(table, split, "sessions"),
            f"95 % of athletes have slopes of {spread.prediction_low:.2g} to {spread.prediction_high:.2g} per unit",
            *([f"{lost} of {evidence.resamples} resamples cannot be estimated"] if lost else []),
        ),
    )


def half_time_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Half-time of the approach to a plateau, with the percentile interval of a cluster bootstrap."""
    table = evidence.sessions(claim)
    found = half_time(table, outcome=claim.model["outcome"], resamples=evidence.resamples, seed=evidence.seed)
    # Share of resamples at or below the limit of equivalence: a one-sided test, doubled.
    below = float(np.mean(found.drawn <= claim.edge))
    # A resample without end has no value to interpolate to.
    limits = np.quantile(found.drawn, [0.025, 0.975, 0.05, 0.95], method="nearest").tolist()
    return Effect(
        found.estimate,
        (limits[0], limits[1]),
        (limits[2], limits[3]),
        p_value=min(1.0, 2.0 * max(below, 1.0 / (len(found.drawn) + 1))),
        difference=float(claim.contrast["difference"]),
        participants=found.participants,
        rows=found.sessions,
        notes=(
            f"mean distance from the plateau at the first visit {found.excess:.2g} {claim.contrast['unit']}",
            f"{len(table) - found.sessions} of {len(table)} sessions are of athletes with too few, and were left out",
        ),
    )


def rate_ratio(claim: Claim, evidence: Evidence) -> Effect:
    """Rate ratio of new problems per difference of an athlete's mean, with the area under the curve as a note."""
    model = claim.model
    sessions = evidence.sessions(claim)
    at_risk = week_table(evidence.tables, sessions, exposed=model["exposed"], problem_type=model.get("problem_type"))
    weeks = complete_rows(at_risk, model["terms"], "the rate of overuse problems")
    fit = fit_injury_rate(weeks, terms=model["terms"], resamples=evidence.resamples, seed=evidence.seed)
    area = fit.ratios.loc[claim.contrast["term"]]
    note = (
        f"area under the curve {area['auc']:.2f} ({area['auc_low']:.2f} to {area['auc_high']:.2f}): "
        "an association is no screening test"
    )
    difference = _difference(claim, _of_athletes(weeks, claim.contrast["term"]))
    return _linear_effect(claim, fit.result, difference, [*_left_out(at_risk, weeks, "weeks at risk"), note])


#: Kind of model in the registry -> function that estimates its effect.
ESTIMATORS: dict[str, Callable[[Claim, Evidence], Effect]] = {
    "mixed": mixed_effect,
    "mixed_ratio": mixed_ratio,
    "repetitions": repetition_effect,
    "slope_spread": spread_of_slopes,
    "half_time": half_time_effect,
    "rate_ratio": rate_ratio,
}
