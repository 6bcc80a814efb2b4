"""Estimators of the effects of claims, one per kind of model, in ESTIMATORS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from legsci.kernels.models.mixed_model import fit_profiled
from legsci.models.claims.evidence import (
    Evidence,
    athlete_means,
    complete_sessions,
    contrast_difference,
    error_note,
    excluded_note,
    imputed_load_notes,
    split_sessions,
    to_model_scale,
    weeks_at_risk,
)
from legsci.models.claims.registry import Claim
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.discrimination import area_under_curve, concordance
from legsci.models.injury.frailty import fit_frailty_hazard
from legsci.models.result import ModelRefusal, ModelResult
from legsci.models.statistics.athlete_slopes import slope_heterogeneity
from legsci.models.statistics.effects import (
    EQUIVALENCE_LEVEL,
    LEVEL,
    Effect,
    e_values,
    e_values_of_difference,
    fieller_interval,
    intervals,
    to_scale,
)
from legsci.models.statistics.learning import half_time
from legsci.models.statistics.measurement_error import LEAST_RELIABILITY, Attenuation, fit_regression_calibration
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.resampling import percentile_interval
from legsci.models.tables.analysis import person_covariates, repetition_table


def linear_effect(
    claim: Claim, result: ModelResult, difference: float, notes: Sequence[str] = (), *, spread: float | None = None
) -> Effect:
    """Return the effect of a difference of a term, from a coefficient with its standard error.

    Parameters
    ----------
    claim, result : with the term of the contrast.
    difference : of the term.
    notes : added to the warnings of the model.
    spread : standard deviation of the outcome at given terms, for E-values; None where there are none.
    """
    row = result.estimates.loc[claim.contrast["term"]]
    factor = difference * scale_factor(claim)
    limits = intervals(row["estimate"] * factor, row["standard_error"] * abs(factor), row["df"], claim.scale)
    moved = abs(difference)
    return Effect(
        float(to_scale(row["estimate"] * factor, claim.scale)),
        *limits,
        e_values=e_values_of_difference(row["estimate"] * moved / spread, row["standard_error"] * moved / spread)
        if spread
        else None,
        p_value=float(row["p_value"]),
        difference=difference,
        participants=int(result.n["participants"]),
        rows=int(result.n["rows"]),
        events=int(result.n["events"]) if "events" in result.n else None,
        notes=(*(sentence for _, sentence in result.warnings), *notes),
    )


def scale_factor(claim: Claim) -> float:
    """Return by what coefficients are multiplied so that `to_scale` applies: models of 100 ln have ratios of ln."""
    return 0.01 if claim.scale == "ratio" and claim.model.get("log") else 1.0


def mixed_model(claim: Claim) -> MixedModel:
    """Return the mixed model that a claim names."""
    model = claim.model
    return MixedModel(
        model["outcome"], model["terms"], model.get("random", []), correlated=model.get("correlated", True)
    )


def _spread(result: ModelResult, term: str) -> float:
    """Return the standard deviation of the outcome at given terms: within athletes for effects within them."""
    own = result.variance_components
    between = own.get("intercept", 0.0) if result.estimates.loc[term, "kind"] == "between" else 0.0
    return float(np.sqrt(own["residual"] + between))


def mixed_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Effect of a term of a mixed model of sessions, corrected for measurement error where the claim says so."""
    table = evidence.sessions(claim)
    if "calibrated" not in claim.model:
        split = split_sessions(table, claim)
        fit = fit_mixed_model(split, mixed_model(claim), confirm=evidence.confirm)
        difference = contrast_difference(claim, athlete_means(split, claim.contrast["term"]))
        said = [*excluded_note(table, split, "sessions"), *imputed_load_notes(split, claim)]
        notes = [*said, *_loss_notes(claim, fit, fit.result)]
        return linear_effect(claim, fit.result, difference, notes, spread=_spread(fit.result, claim.contrast["term"]))
    measured, complete = claim.model["calibrated"], complete_sessions(table, claim)
    calibrated = fit_regression_calibration(
        complete,
        mixed_model(claim),
        measured=measured,
        error_variance=f"{measured}_error_variance",
        shared_error=float(complete[f"{measured}_shared_error"].mean()),
        confirm=evidence.confirm,
    )
    low, high = calibrated.reliability_interval
    note = f"reliability of {measured} within athletes {calibrated.reliability:.2f} ({low:.2f} to {high:.2f})"
    notes = [
        *excluded_note(table, complete, "sessions"),
        *imputed_load_notes(complete, claim),
        note,
        error_note(evidence, measured),
        *_loss_notes(claim, calibrated.naive, calibrated.result),
    ]
    difference = contrast_difference(claim, athlete_means(complete, measured))
    spread = _spread(calibrated.naive.result, claim.contrast["term"])
    return linear_effect(claim, calibrated.result, difference, notes, spread=spread)


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
    fit = fit_mixed_model(split, mixed_model(claim), confirm=evidence.confirm)
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
    notes += imputed_load_notes(split, claim)
    if not np.isfinite(wide[0]):
        notes.append(f"the slope of {slope} does not differ from 0, so that the ratio to it is unbounded")
    elif usual <= 0.0:
        notes.append(f"the slope of {slope} is below 0: there is no gain that a ratio could be taken to")
        wide = narrow = (-np.inf, np.inf)
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
    fit = fit_mixed_model(to_model_scale(table, claim), mixed_model(claim), confirm=evidence.confirm)
    spread = _spread(fit.result, claim.contrast["term"])
    return linear_effect(claim, fit.result, float(claim.contrast["difference"]), spread=spread)


def slope_standard_deviation(claim: Claim, evidence: Evidence) -> Effect:
    """Standard deviation of athletes' slopes, with the percentile interval of a cluster bootstrap.

    Resampled standard deviations are above 0; the lower limit is 0 where the test of zero variance does not reject.
    """
    table = evidence.sessions(claim)
    split = split_sessions(table, claim)
    fit = fit_mixed_model(split, mixed_model(claim), confirm=evidence.confirm)
    term, difference = claim.contrast["term"], float(claim.contrast["difference"])
    spread, place = slope_heterogeneity(fit, term), fit.random.index(term)
    attenuation, said = _slope_attenuation(claim, evidence, fit, split)
    drawn = []
    for weights in evidence.bootstrap.weights(len(fit.design.participants)):
        try:
            optimum = fit_profiled(fit.data, weights=weights, reml=fit.reml, start=fit.optimum)
        except np.linalg.LinAlgError:
            continue
        drawn.append(np.sqrt(optimum.random_covariance[place, place]) * difference / attenuation)
    if not drawn:
        raise ModelRefusal(f"the variance of slopes of {term}", ["no resample of athletes is estimable"])
    resamples = evidence.bootstrap.resamples
    lost = resamples - len(drawn)
    wide, narrow = (percentile_interval(np.array(drawn), level=level) for level in (LEVEL, EQUIVALENCE_LEVEL))
    return Effect(
        spread.standard_deviation * difference / attenuation,
        wide if spread.p_value < 1.0 - LEVEL else (0.0, wide[1]),
        narrow if spread.p_value < 1.0 - EQUIVALENCE_LEVEL else (0.0, narrow[1]),
        p_value=spread.p_value,
        difference=difference,
        participants=int(fit.result.n["participants"]),
        rows=int(fit.result.n["rows"]),
        notes=(
            *(sentence for _, sentence in fit.result.warnings),
            *excluded_note(table, split, "sessions"),
            *imputed_load_notes(split, claim),
            *said,
            f"95 % of athletes have slopes of {spread.prediction_low:.2g} to {spread.prediction_high:.2g} per unit",
            *([f"{lost} of {resamples} resamples are not estimable"] if lost else []),
        ),
    )


def _slope_attenuation(
    claim: Claim, evidence: Evidence, fit: MixedFit, sessions: pd.DataFrame
) -> tuple[float, list[str]]:
    """Return the reliability by which error of measurement shrinks slopes, and notes; 1 where none is corrected."""
    measured = claim.model.get("calibrated")
    if measured is None:
        return 1.0, []
    errors = sessions.groupby("participant_id")[f"{measured}_error_variance"].mean()
    within = {"within": f"{measured}_within"}
    reliability = Attenuation(fit, within, errors.reindex(fit.design.participants).to_numpy(float)).reliability()
    if not reliability >= LEAST_RELIABILITY:
        sentence = f"the reliability of {measured} within athletes is {reliability:.2f}; at least {LEAST_RELIABILITY}"
        raise ModelRefusal(f"the spread of slopes on {measured}", [f"{sentence} is needed"])
    note = f"corrected for measurement error: reliability of {measured} within athletes {reliability:.2f}"
    return reliability, [note, error_note(evidence, measured)]


def half_time_effect(claim: Claim, evidence: Evidence) -> Effect:
    """Half-time of the approach to a plateau; its p value is that of the limit of practical equivalence."""
    table = evidence.sessions(claim)
    covariates = claim.model.get("terms", [])
    found = half_time(table, outcome=claim.model["outcome"], covariates=covariates)
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
            *imputed_load_notes(table.dropna(subset=covariates), claim),
        ),
    )


def rate_ratio(claim: Claim, evidence: Evidence) -> Effect:
    """Rate ratio of new problems per difference of what is usual in an athlete, at equal frailty."""
    term = claim.contrast["term"]
    weeks, notes = weeks_at_risk(claim, evidence)
    result, built = fit_frailty_hazard(weeks, InjuryModel(claim.model["terms"]))
    difference = contrast_difference(claim, athlete_means(weeks, term))
    effect = linear_effect(claim, result, difference, notes)
    ratios = e_values(effect.estimate, effect.interval)
    column = built.design.columns([term])[:, 0] * np.sign(result.estimates.loc[term, "estimate"])
    hours = built.table["training_hours"].to_numpy(float)
    pairs = concordance(column, built.events > 0, built.design.participant, hours)
    area, interval = area_under_curve(*pairs, bootstrap=evidence.bootstrap)
    said = [f"effective degrees of freedom {result.estimates.loc[term, 'df']:.1f}", _e_value_note(ratios)]
    if area is not None and interval is not None:
        limits = f"{area:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"
        said.append(f"area under the curve {limits}: an association is no screening test")
    return replace(effect, notes=(*effect.notes, *said), e_values=ratios)


def _e_value_note(values: tuple[float, float]) -> str:
    return (
        f"E-value {values[0]:.2f}, of the limit nearer to 1 {values[1]:.2f}: a confounder that is not in the model "
        "would need rate ratios of that size with exposure and outcome to explain the estimate, or the interval, away"
    )


#: Kind of model in the registry -> function that estimates its effect.
ESTIMATORS: dict[str, Callable[[Claim, Evidence], Effect]] = {
    "mixed": mixed_effect,
    "mixed_ratio": mixed_ratio,
    "repetitions": repetition_effect,
    "slope_spread": slope_standard_deviation,
    "half_time": half_time_effect,
    "rate_ratio": rate_ratio,
}
