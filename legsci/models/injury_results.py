"""Incidence, prevalence, burden and rate ratios of overuse problems and injuries in a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from legsci.models.claims.evidence import Evidence, athlete_means, contrast_difference, weeks_at_risk
from legsci.models.claims.registry import Claim
from legsci.models.injury.counts import fit_frailty_injuries, fit_injury_rate, fit_shared_gamma
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.fit import InjuryFit
from legsci.models.injury.rates import Rate, burden, incidence
from legsci.models.injury.times import TimeScale, fit_recurrent_injuries, risk_intervals
from legsci.models.result import Refusals, attempt
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.person_weeks import PROBLEMS, person_weeks, problem_prevalence

INCIDENCE_COLUMNS = [
    "problem",
    "onsets",
    "hours_at_risk",
    "per_1000_h",
    "exact_low",
    "exact_high",
    "cluster_low",
    "cluster_high",
    "participants",
    "weeks_at_risk",
    "prevalence",
]
BURDEN_COLUMNS = ["burden", "total", "exposure_h", "per_1000_h", "low", "high", "participants", "left_out"]
EXCLUSION_COLUMNS = ["reason", "sentence", "weeks", "weeks_with_problem", "onsets_left_out"]
MODEL_COLUMNS = [
    "claim",
    "model",
    "term",
    "difference",
    "unit",
    "ratio",
    "low",
    "high",
    "p_value",
    "auc",
    "auc_low",
    "auc_high",
    "calibration_slope",
    "calibration_low",
    "calibration_high",
    "events",
    "participants",
    "rows",
]
#: Model -> fit to the weeks at risk; the first gives the verdict, the others are sensitivity analyses.
INJURY_MODELS: dict[str, Callable[[pd.DataFrame, InjuryModel, Bootstrap], InjuryFit]] = {
    "chance per week (cloglog), frailty": lambda weeks, model, draws: fit_frailty_injuries(
        weeks, model, bootstrap=draws
    ),
    "rate per hour, GEE": lambda weeks, model, draws: fit_injury_rate(weeks, model, bootstrap=draws),
    "chance per week (cloglog), GEE": lambda weeks, model, draws: fit_injury_rate(
        weeks, model, link="cloglog", bootstrap=draws
    ),
    "counts with shared gamma": lambda weeks, model, draws: fit_shared_gamma(weeks, model, bootstrap=draws),
    "Andersen-Gill": lambda weeks, model, draws: _hazard(weeks, model, TimeScale("stop", "start"), draws),
    "PWP, total time": lambda weeks, model, draws: _hazard(weeks, model, TimeScale("stop", "start", "stratum"), draws),
    "PWP, gap time": lambda weeks, model, draws: _hazard(
        weeks, model, TimeScale("gap_stop", "gap_start", "stratum", spell="event_number"), draws
    ),
}


def _hazard(weeks: pd.DataFrame, model: InjuryModel, time_scale: TimeScale, bootstrap: Bootstrap) -> InjuryFit:
    """Fit hazards per hour of training: the time scale is cumulative hours at risk."""
    return fit_recurrent_injuries(risk_intervals(weeks, clock="hours"), model, time_scale, bootstrap=bootstrap)


def injury_results(
    tables: Mapping[str, pd.DataFrame], evidence: Evidence, refusals: Refusals
) -> dict[str, pd.DataFrame]:
    """Count problems and injuries, and fit each injury model.

    Parameters
    ----------
    tables : tables of the study folder by name.
    evidence : of the study, with the claims.
    refusals : reasons of failures are appended.

    Returns
    -------
    incidence, burden, weeks_left_out, injury_models: see `study_results`.
    """
    answers = {
        "incidence": pd.DataFrame(columns=INCIDENCE_COLUMNS),
        "burden": pd.DataFrame(columns=BURDEN_COLUMNS),
        "weeks_left_out": pd.DataFrame(columns=EXCLUSION_COLUMNS),
        "injury_models": _injury_models(evidence, refusals),
    }
    if not all(len(tables.get(name, ())) for name in ("exposure", "health")):
        refusals.append(("incidence", "exposure.tsv or health.tsv is missing: weeks at risk are unknown"))
        return answers
    rates = [attempt(f"incidence of {problem}", refusals, _incidence, tables, problem) for problem in PROBLEMS]
    answers["incidence"] = pd.DataFrame([row for row in rates if row], columns=INCIDENCE_COLUMNS)
    answers["burden"] = _burdens(tables, refusals)
    found = attempt("weeks at risk", refusals, person_weeks, tables["exposure"], tables["health"])
    if found:
        answers["weeks_left_out"] = found.exclusions.reset_index()
    return answers


def _incidence(tables: Mapping[str, pd.DataFrame], problem: str) -> dict[str, object]:
    found = person_weeks(tables["exposure"], tables["health"], problem=problem)
    rate = incidence(found.at_risk)
    exact, cluster = rate.exact_interval or (None, None), rate.cluster_interval or (None, None)
    return {
        "problem": problem,
        "onsets": int(rate.total),
        "hours_at_risk": rate.exposure_h,
        "per_1000_h": rate.per_1000_h,
        "exact_low": exact[0],
        "exact_high": exact[1],
        "cluster_low": cluster[0],
        "cluster_high": cluster[1],
        "participants": rate.participants,
        "weeks_at_risk": len(found.at_risk),
        "prevalence": float(problem_prevalence(found.weeks)[problem]),
    }


def _burdens(tables: Mapping[str, pd.DataFrame], refusals: Refusals) -> pd.DataFrame:
    """Return severity of problems [points] and days lost to injuries per 1000 h."""
    columns = ["participant_id", "training_hours"]
    hours = tables["exposure"].dropna(subset=["training_hours"]).astype({"participant_id": str})[columns]
    rows = []
    weeks = attempt("burden of problems", refusals, person_weeks, tables["exposure"], tables["health"])
    if weeks:
        answered = weeks.weeks.dropna(subset=["severity", "training_hours"])
        rate = attempt("burden of problems", refusals, burden, answered, lost="severity")
        rows.append(_burden("points of severity (OSTRC-O2)", rate, len(weeks.weeks) - len(answered)))
    injuries = tables.get("injuries", pd.DataFrame())
    for mode in ("overuse", "acute"):
        own = (
            injuries[injuries["mode"] == mode] if "mode" in injuries and "time_loss_days" in injuries else injuries[:0]
        )
        if own.empty:
            continue
        known = own.dropna(subset=["time_loss_days"]).astype({"participant_id": str})
        lost = known[["participant_id"]].assign(training_hours=0.0, lost=known["time_loss_days"].astype(float))
        table = pd.concat([hours.assign(lost=0.0), lost], ignore_index=True)
        rate = attempt(f"burden of {mode} injuries", refusals, burden, table, lost="lost")
        rows.append(_burden(f"days lost, {mode} injuries", rate, len(own) - len(known)))
    return pd.DataFrame([row for row in rows if row], columns=BURDEN_COLUMNS)


def _burden(name: str, rate: Rate | None, left_out: int) -> dict[str, object] | None:
    if rate is None:
        return None
    low, high = rate.cluster_interval or (None, None)
    numbers = (name, rate.total, rate.exposure_h, rate.per_1000_h, low, high, rate.participants, left_out)
    return dict(zip(BURDEN_COLUMNS, numbers, strict=True))


def _injury_models(evidence: Evidence, refusals: Refusals) -> pd.DataFrame:
    """Fit every injury model to the weeks at risk of each claim on a rate."""
    rows = []
    for claim in evidence.registry.claims:
        if claim.model["kind"] != "rate_ratio":
            continue
        answer = attempt(f"injury models of {claim.id}", refusals, weeks_at_risk, claim, evidence)
        if answer is None:
            continue
        weeks, model = answer[0], InjuryModel(claim.model["terms"])
        for name, fit in INJURY_MODELS.items():
            found = attempt(f"{name}, {claim.id}", refusals, fit, weeks, model, evidence.bootstrap)
            if found:
                rows.append({"claim": claim.id, "model": name} | _ratio(claim, found, weeks))
    return pd.DataFrame(rows, columns=MODEL_COLUMNS)


def _ratio(claim: Claim, fit: InjuryFit, weeks: pd.DataFrame) -> dict[str, object]:
    """Return the rate ratio of the claim's contrast, with the area under the curve of its term."""
    term = claim.contrast["term"]
    difference = contrast_difference(claim, athlete_means(weeks, term))
    row, own = fit.result.estimates.loc[term], fit.ratios.loc[term]
    slope = fit.calibration
    return {
        "term": term,
        "difference": difference,
        "unit": claim.contrast["unit"],
        "ratio": float(np.exp(row["estimate"] * difference)),
        "low": float(np.exp(row["ci_low"] * difference)),
        "high": float(np.exp(row["ci_high"] * difference)),
        "p_value": float(row["p_value"]),
        **{name: own[name] for name in ("auc", "auc_low", "auc_high")},
        "calibration_slope": slope.slope if slope else None,
        "calibration_low": slope.slope_interval[0] if slope else None,
        "calibration_high": slope.slope_interval[1] if slope else None,
        **{name: int(fit.result.n[name]) for name in ("events", "participants", "rows")},
    }
