"""Estimators of the effects of claims, one per kind of model, in ESTIMATORS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from legsci.kernels.models.mixed_model import fit_profiled
from legsci.models.claims.evidence import (
    Evidence,
    athlete_means,
    complete_sessions,
    contrast_difference,
    error_note,
    excluded_note,
    imputed_load_note,
    split_sessions,
    to_model_scale,
    weeks_at_risk,
)
from legsci.models.claims.registry import Claim
from legsci.models.injury.counts import fit_injury_rate
from legsci.models.injury.design import InjuryModel
from legsci.models.result import ModelRefusal, ModelResult
from legsci.models.statistics.athlete_slopes import slope_heterogeneity
from legsci.models.statistics.effects import EQUIVALENCE_LEVEL, LEVEL, Effect, fieller_interval, intervals, to_scale
from legsci.models.statistics.learning import half_time
from legsci.models.statistics.measurement_error import fit_regression_calibration
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.resampling import percentile_interval
from legsci.models.tables.analysis import person_covariates, repetition_table


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


def _mixed_model(claim: Claim) -> MixedModel:
    """Return the mixed model that a claim names."""
    return MixedModel(claim.model["outcome"], claim.model["terms"], claim.model.get("random", []))


def mixed_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Effect of a term of a mixed model of sessions, corrected for measurement error where the claim says so."""
    table = evidence.sessions(claim)
    if "calibrated" not in claim.model:
        split = split_sessions(table, claim)
        fit = fit_mixed_model(split, _mixed_model(claim), confirm=evidence.confirm)
        difference = contrast_difference(claim, athlete_means(split, claim.contrast["term"]))
        said = [*excluded_note(table, split, "sessions"), *imputed_load_note(split, claim)]
        notes = [*said, *_loss_notes(claim, fit, fit.result)]
        return _linear_effect(claim, fit.result, difference, notes)
    measured, complete = claim.model["calibrated"], complete_sessions(table, claim)
    calibrated = fit_regression_calibration(
        complete,
        _mixed_model(claim),
        measured=measured,
        error_variance=f"{measured}_error_variance",
        bootstrap=evidence.bootstrap,
        confirm=evidence.confirm,
    )
    low, high = calibrated.reliability_interval
    note = f"reliability of {measured} within athletes {calibrated.reliability:.2f} ({low:.2f} to {high:.2f})"
    notes = [
        *excluded_note(table, complete, "sessions"),
        *imputed_load_note(complete, claim),
        note,
        error_note(evidence, measured),
        *_loss_notes(claim, calibrated.naive, calibrated.result),
    ]
    return _linear_effect(
        claim, calibrated.result, contrast_difference(claim, athlete_means(complete, measured)), notes
    )


def _loss_notes(claim: Claim, fit: MixedFit, result: ModelResult) -> list[str]:
    """Return the share of athletes with the claimed loss, assuming normally distributed slopes."""
    term = claim.contrast["term"]
    if claim.loss is None or term not in fit.random:
        return []
    mean, difference = float(result.estimates.loc[term, "estimate"]), float(claim.contrast["difference"])
    spread = slope_heterogeneity(fit, term)
    needed = 100.0 * np.log1p(-claim.loss / 100.0) / difference
    if spread.standard_deviation == 0.0:
        share = float(mean <= needed)
    else:
        share = float(stats.norm.cdf((needed - mean) / spread.standard_deviation))
    return [
        f"athletes who would lose {claim.loss:g} % or more: {100.0 * share:.2g} %, assuming normally distributed slopes"
    ]


def mixed_ratio(claim: Claim, evidence: Evidence) -> Effect:
    """Ratio of slopes at two values of a moderator: 1 + difference x product / slope, with Fieller's interval."""
    table = evidence.sessions(claim)
    split = split_sessions(table, claim)
    fit = fit_mixed_model(split, _mixed_model(claim), confirm=evidence.confirm)
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
    notes = [*(sentence for _, sentence in fit.result.warnings), *excluded_note(table, split, "sessions")]
    if not np.isfinite(wide[0]):
        notes.append(f"the slope of {slope} does not differ from 0, so that the ratio to it is unbounded")
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
    fit = fit_mixed_model(to_model_scale(table, claim), _mixed_model(claim), confirm=evidence.confirm)
    return _linear_effect(claim, fit.result, float(claim.contrast["difference"]))


def slope_standard_deviation(claim: Claim, evidence: Evidence) -> Effect:
    """Standard deviation of athletes' slopes, with the percentile interval of a cluster bootstrap.

    Resampled standard deviations are above 0; the lower limit is 0 where the test of zero variance does not reject.
    """
    table = evidence.sessions(claim)
    split = split_sessions(table, claim)
    fit = fit_mixed_model(split, _mixed_model(claim), confirm=evidence.confirm)
    term, difference = claim.contrast["term"], float(claim.contrast["difference"])
    spread, place = slope_heterogeneity(fit, term), fit.random.index(term)
    drawn = []
    for weights in evidence.bootstrap.weights(len(fit.design.participants)):
        try:
            optimum = fit_profiled(fit.data, weights=weights, reml=fit.reml, start=fit.optimum)
        except np.linalg.LinAlgError:
            continue
        drawn.append(np.sqrt(optimum.random_covariance[place, place]) * difference)
    if not drawn:
        raise ModelRefusal(f"the variance of slopes of {term}", ["no resample of athletes is estimable"])
    resamples = evidence.bootstrap.resamples
    lost = resamples - len(drawn)
    wide, narrow = (percentile_interval(np.array(drawn), level=level) for level in (LEVEL, EQUIVALENCE_LEVEL))
    return Effect(
        spread.standard_deviation * difference,
        wide if spread.p_value < 1.0 - LEVEL else (0.0, wide[1]),
        narrow if spread.p_value < 1.0 - EQUIVALENCE_LEVEL else (0.0, narrow[1]),
        p_value=spread.p_value,
        difference=difference,
        participants=int(fit.result.n["participants"]),
        rows=int(fit.result.n["rows"]),
        notes=(
            *(sentence for _, sentence in fit.result.warnings),
            *excluded_note(table, split, "sessions"),
            f"95 % of athletes have slopes of {spread.prediction_low:.2g} to {spread.prediction_high:.2g} per unit",
            *([f"{lost} of {resamples} resamples are not estimable"] if lost else []),
        ),
    )


def half_time_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Half-time of the approach to a plateau; its p value is that of the limit of practical equivalence."""
    table = evidence.sessions(claim)
    found = half_time(table, outcome=claim.model["outcome"])
    return Effect(
        found.estimate,
        found.interval(LEVEL),
        found.interval(EQUIVALENCE_LEVEL),
        p_value=found.p_value(claim.edge),
        difference=float(claim.contrast["difference"]),
        participants=found.participants,
        rows=found.sessions,
        notes=(
            f"mean distance from the plateau at the first visit {found.excess:.2g} {claim.contrast['unit']}",
            f"{len(table) - found.sessions} of {len(table)} sessions, of athletes with fewer than three, were excluded",
        ),
    )


def rate_ratio(claim: Claim, evidence: Evidence) -> Effect:
    """Rate ratio of new problems per difference of an athlete's mean, with the area under the curve in a note."""
    term = claim.contrast["term"]
    weeks, notes = weeks_at_risk(claim, evidence)
    fit = fit_injury_rate(weeks, InjuryModel(claim.model["terms"]), bootstrap=evidence.bootstrap)
    area = fit.ratios.loc[term]
    note = (
        f"area under the curve {area['auc']:.2f} ({area['auc_low']:.2f} to {area['auc_high']:.2f}): "
        "an association is no screening test"
    )
    difference = contrast_difference(claim, athlete_means(weeks, term))
    return _linear_effect(claim, fit.result, difference, [*notes, note])


#: Kind of model in the registry -> function that estimates its effect.
ESTIMATORS: dict[str, Callable[[Claim, Evidence], Effect]] = {
    "mixed": mixed_effect,
    "mixed_ratio": mixed_ratio,
    "repetitions": repetition_effect,
    "slope_spread": slope_standard_deviation,
    "half_time": half_time_effect,
    "rate_ratio": rate_ratio,
}
