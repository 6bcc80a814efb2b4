"""What a study's models say beside the claims: alignment and jump height, reliability of each metric, injury rates.

A model that cannot be estimated leaves its reasons in `refusals`, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from legsci.models.analysis_tables import complete_rows, session_table
from legsci.models.athlete_slopes import personal_coefficients
from legsci.models.claim_registry import Registry
from legsci.models.design import split_within_between
from legsci.models.injury_rates import incidence
from legsci.models.longitudinal import SERIES
from legsci.models.mixed import MixedFit, fit_mixed_model
from legsci.models.person_weeks import PROBLEMS, person_weeks, problem_prevalence
from legsci.models.reliability import reliability
from legsci.models.result import ModelRefusal

Answer = TypeVar("Answer")

RELIABILITY_COLUMNS = [
    *SERIES,
    "form",
    *(f"{name}{limit}" for name in ("icc", "sem", "mdc95", "cv_percent") for limit in ("", "_low", "_high")),
    "mean",
    "participants",
    "sessions",
]
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
ESTIMATE_COLUMNS = [
    "model",
    "term",
    "estimate",
    "standard_error",
    "df",
    "p_value",
    "ci_low",
    "ci_high",
    "kind",
    "se_kind",
]
ATHLETE_COLUMNS = [
    "participant_id",
    "term",
    "expected",
    "deviation",
    "coefficient",
    "standard_error",
    "ci_low",
    "ci_high",
]
POINT_COLUMNS = ["participant_id", "abduction_within", "abduction_between", "height_within", "height_between"]
REFUSAL_COLUMNS = ["model", "sentence"]
EXCLUSION_COLUMNS = ["reason", "sentence", "weeks", "weeks_with_problem", "onsets_left_out"]
#: Consistency between visits: what all athletes gained by the same visit is training, not error. What an athlete gained
#: beyond that still is, so that changes are called so with caution.
FORM = "ICC(C,1)"
ALIGNMENT_TERMS = ("time", "abduction_within", "abduction_between", "load", "female")


def study_findings(
    tables: Mapping[str, pd.DataFrame],
    longitudinal: pd.DataFrame,
    registry: Registry,
    *,
    resamples: int = 500,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Fit the models of a study.

    Parameters
    ----------
    tables : tables of the study folder by name.
    longitudinal : rows of longitudinal.csv.
    registry : for the names of variables.
    resamples, seed : of every cluster bootstrap.

    Returns
    -------
    alignment : coefficients of 100 ln jump height on alignment within and between athletes.
    points : per session, alignment and jump height without what the model gives to time, load and sex, in their parts
        within and between athletes [deg, 100 ln].
    athletes : each athlete's own slope in it, with interval.
    reliability : per task, side both, metric: ICC, SEM, MDC95, CV with 95 % intervals [unit of the metric]; no CV where
        values are at or below 0.
    incidence : per definition of a problem: onsets, hours at risk, rate per 1000 h with exact and cluster interval,
        prevalence [share of answered weeks].
    weeks_left_out : how many weeks were not at risk of any problem, and why.
    refusals : model, sentence; what cannot be estimated, and why.
    """
    refusals: list[tuple[str, str]] = []
    fit = _attempt("alignment", refusals, alignment_model, longitudinal, registry)
    answers = {
        "alignment": _coefficients(fit) if fit else pd.DataFrame(columns=ESTIMATE_COLUMNS),
        "points": _points(fit) if fit else pd.DataFrame(columns=POINT_COLUMNS),
        "athletes": personal_coefficients(fit).reset_index() if fit else pd.DataFrame(columns=ATHLETE_COLUMNS),
        "reliability": reliabilities(longitudinal, refusals, resamples=resamples, seed=seed),
        "incidence": incidences(tables, refusals),
        "weeks_left_out": pd.DataFrame(columns=EXCLUSION_COLUMNS),
    }
    if _weekly(tables):
        found = _attempt("weeks at risk", refusals, person_weeks, tables["exposure"], tables["health"])
        answers["weeks_left_out"] = found.exclusions.reset_index() if found else answers["weeks_left_out"]
    return answers | {"refusals": pd.DataFrame(refusals, columns=REFUSAL_COLUMNS)}


def alignment_model(longitudinal: pd.DataFrame, registry: Registry) -> MixedFit:
    """Fit 100 ln(jump height) on knee abduction within and between athletes, weeks, load and sex.

    Athletes have their own level and slope on their own change of alignment. Coefficients are not corrected for
    measurement error; the ledger's are.

    Raises
    ------
    ModelRefusal
        Alignment or jump height is missing, or the model cannot be estimated.
    """
    names = ("jump_height", "abduction")
    table = session_table(longitudinal, {name: registry.variables[name] for name in names})
    parts = [part.rpartition("_")[0] if part.startswith("abduction") else part for part in ALIGNMENT_TERMS]
    complete = complete_rows(table, ["jump_height", *parts], "alignment and jump height")
    split = split_within_between(complete, ["abduction"])
    split["jump_height"] = 100.0 * np.log(split["jump_height"])
    return fit_mixed_model(split, outcome="jump_height", fixed=ALIGNMENT_TERMS, random=["abduction_within"])


def _points(fit: MixedFit) -> pd.DataFrame:
    """Return what is left of jump height when all terms but those of alignment are taken off."""
    design, others = fit.design, ("time", "load", "female")
    slopes = fit.result.estimates.loc[list(others), "estimate"].to_numpy(float)
    rest = pd.Series(design.outcome - design.columns(others) @ slopes)
    athlete = pd.Series(design.participants[design.participant])
    own = rest.groupby(athlete).transform("mean")
    centre = own.groupby(athlete).first().mean()
    parts = dict(zip(POINT_COLUMNS[1:3], design.columns(POINT_COLUMNS[1:3]).T, strict=True))
    return pd.DataFrame(
        {"participant_id": athlete, **parts, "height_within": rest - own, "height_between": own - centre}
    )


def _coefficients(fit: MixedFit) -> pd.DataFrame:
    return fit.result.estimates.reset_index().assign(model="alignment")[ESTIMATE_COLUMNS]


def reliabilities(
    longitudinal: pd.DataFrame, refusals: list[tuple[str, str]], *, resamples: int, seed: int
) -> pd.DataFrame:
    """Return the reliability between visits of each metric of side both; what cannot be had joins `refusals`."""
    rows = []
    both = longitudinal[longitudinal["side"] == "both"].sort_values(["participant_id", "week", "session_id"])
    for (task, side, metric), series in both.groupby(SERIES, sort=True):
        # Sessions are counted, since their names need not be the same in all athletes.
        visits = series.assign(visit=series.groupby("participant_id").cumcount() + 1)
        visits = visits.rename(columns={"mean": str(metric)})
        settings = {"value": metric, "occasion": "visit", "form": FORM, "resamples": resamples, "seed": seed}
        found = _attempt(f"reliability of {metric}, {task}", refusals, reliability, visits, **settings)
        if found:
            row = {"task": task, "side": side, "metric": metric, "form": found.form, "mean": found.mean}
            for part in ("icc", "sem", "mdc95", "cv_percent"):
                number = getattr(found, part)
                if number is not None:
                    row |= {part: number.value, f"{part}_low": number.ci_low, f"{part}_high": number.ci_high}
            rows.append(row | {"participants": found.n["participants"], "sessions": found.n["rows"]})
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def incidences(tables: Mapping[str, pd.DataFrame], refusals: list[tuple[str, str]]) -> pd.DataFrame:
    """Return the incidence of each definition of a problem; what cannot be had joins `refusals`."""
    if not _weekly(tables):
        refusals.append(("incidence", "exposure.tsv or health.tsv is not there: nothing is known of weeks at risk"))
        return pd.DataFrame(columns=INCIDENCE_COLUMNS)
    rows = [_attempt(f"incidence of {problem}", refusals, _incidence, tables, problem) for problem in PROBLEMS]
    return pd.DataFrame([row for row in rows if row], columns=INCIDENCE_COLUMNS)


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


def _weekly(tables: Mapping[str, pd.DataFrame]) -> bool:
    return all(len(tables.get(name, ())) for name in ("exposure", "health"))


def _attempt(
    model: str, refusals: list[tuple[str, str]], fit: Callable[..., Answer], *arguments: Any, **settings: Any
) -> Answer | None:
    """Return what a model answers, or None and its reasons in `refusals`."""
    try:
        return fit(*arguments, **settings)
    except ModelRefusal as refusal:
        refusals += [(model, sentence) for sentence in refusal.sentences]
        return None
