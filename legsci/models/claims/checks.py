"""Checks of claims on sessions: other assumptions on visits that were missed and on measurement error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from legsci.models.claims.estimates import mixed_model, scale_factor
from legsci.models.claims.evidence import (
    Evidence,
    athlete_means,
    contrast_difference,
    imputed_load_notes,
    split_sessions,
)
from legsci.models.claims.registry import Claim
from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import ROUNDING_SHARE
from legsci.models.statistics.effects import Effect, intervals, to_scale
from legsci.models.statistics.simex import extrapolate_error
from legsci.models.statistics.within_athletes import AthleteRows, WithinEffects, shifted_effects, within_effects
from legsci.models.tables.analysis import LOADS
from legsci.models.tables.attendance import attendance_weights, planned_visits

#: Factors of terms that are known of a week without a visit.
_KNOWN = ("time", "week", *LOADS)


@dataclass(frozen=True)
class _Visits:
    """Visits of a claim's model that took place.

    Parameters
    ----------
    table : the visits, with the parts of split variables.
    terms : those that vary within athletes.
    columns : (row, term).
    athlete : (row,) number of the athlete in `athletes`.
    error_variance : (athlete,) of the measured variable; None where it is not corrected.
    measured : number of the measured term.
    """

    table: pd.DataFrame
    terms: tuple[str, ...]
    columns: Array
    athlete: NDArray[np.int64]
    athletes: pd.Index
    error_variance: Array | None
    measured: int

    def rows(self, columns: Array, athlete: NDArray[np.int64]) -> AthleteRows:
        """Return rows with other columns and athletes."""
        return AthleteRows(columns, athlete, self.error_variance, self.measured)


def fixed_effects(claim: Claim, evidence: Evidence) -> Effect:
    """Effect within athletes, each with an intercept of its own: least squares without random effects."""
    visits = _visits(claim, evidence)
    found = within_effects(visits.rows(visits.columns, visits.athlete), _outcome(claim, visits))
    return _effect(claim, visits, found)


def attendance(claim: Claim, evidence: Evidence) -> Effect:
    """As `fixed_effects`, visits weighted by the inverse of their chance of taking place."""
    visits = _visits(claim, evidence)
    planned = planned_visits(visits.table, evidence.tables)
    weights = attendance_weights(planned)[: len(visits.table)]
    found = within_effects(visits.rows(visits.columns, visits.athlete), _outcome(claim, visits), weights=weights)
    return _effect(claim, visits, found, f"{_missed(planned)}; weights {weights.min():.2f} to {weights.max():.2f}")


def missed_visits(claim: Claim, evidence: Evidence) -> Effect:
    """As `fixed_effects`, with the visits that were missed, exposure and outcome shifted from what is predicted."""
    visits, shifts = _visits(claim, evidence), claim.model["missed"]
    planned = planned_visits(visits.table, evidence.tables)
    absent = planned[~planned["attended"]]
    athlete = visits.athletes.get_indexer(pd.Index(absent["participant_id"]))
    columns = _predicted(visits, absent, athlete)
    columns[:, visits.terms.index(claim.contrast["term"])] += shifts.get("exposure", 0.0)
    whole = visits.rows(np.concatenate([visits.columns, columns]), np.concatenate([visits.athlete, athlete]))
    outcome = np.concatenate([_outcome(claim, visits), np.zeros(len(absent))])
    found = shifted_effects(
        whole, outcome, took_place=np.arange(len(outcome)) < len(visits.table), shift=shifts["outcome"]
    )
    return _effect(claim, visits, found, _missed(planned))


def simex(claim: Claim, evidence: Evidence) -> Effect:
    """Effect of the mixed model without measurement error, by simulation extrapolation."""
    measured, term = claim.model["calibrated"], claim.contrast["term"]
    # The parts of the measured variable are split anew with each error that is added to it.
    rows = split_sessions(evidence.sessions(claim), claim).dropna(subset=[f"{measured}_error_variance"])
    imputed_load_notes(rows, claim)
    found = extrapolate_error(
        rows,
        mixed_model(claim),
        term=term,
        measured=measured,
        error_variance=f"{measured}_error_variance",
        seed=evidence.bootstrap.seed,
    )
    size = (rows["participant_id"].nunique(), len(rows))
    difference = contrast_difference(claim, athlete_means(rows, measured))
    note = "estimates with 0 to 2 times the error variance added: " + ", ".join(
        f"{to_scale(each * difference * scale_factor(claim), claim.scale):.3g}" for each in found.estimates
    )
    return _on_scale(claim, (found.estimate, found.standard_error, found.df), difference, size, (note,))


def _visits(claim: Claim, evidence: Evidence) -> _Visits:
    """Return the visits of a claim's model, of which the term of the contrast must vary within athletes."""
    table, measured = evidence.sessions(claim), claim.model.get("calibrated")
    if measured:
        table = table.dropna(subset=[f"{measured}_error_variance"])
    split = split_sessions(table, claim)
    imputed_load_notes(split, claim)
    number, athletes = pd.factorize(split["participant_id"])
    every = {term: _product(term, split) for term in claim.model["terms"]}
    means = {term: (np.bincount(number, column) / np.bincount(number))[number] for term, column in every.items()}
    varying = {
        term: column
        for term, column in every.items()
        if np.sum((column - means[term]) ** 2) > ROUNDING_SHARE * np.sum(column**2)
    }
    term = claim.contrast["term"]
    if term not in varying:
        raise ModelRefusal(f"the effect of {term} within athletes", [f"{term} does not vary within athletes"])
    errors = split[f"{measured}_error_variance"].groupby(number).mean().to_numpy(float) if measured else None
    at = list(varying).index(f"{measured}_within") if measured else 0
    return _Visits(
        split, tuple(varying), np.column_stack(list(varying.values())), number, pd.Index(athletes), errors, at
    )


def _product(term: str, table: pd.DataFrame) -> Array:
    return np.asarray(table[term.split(":")].astype(float).prod(axis=1, skipna=False), np.float64)


def _predicted(visits: _Visits, absent: pd.DataFrame, athlete: NDArray[np.int64]) -> Array:
    """Return the terms at missed visits: of the week where it tells them, else predicted from those, (row, term)."""
    origin = float((visits.table["week"] - visits.table["time"]).iloc[0])
    loads = {term: absent[column].fillna(0.0) / 1000.0 for term, column in LOADS.items()}
    weekly = absent[["week"]].assign(time=absent["week"] - origin, **loads)
    people = visits.table.groupby(visits.athlete).first().reindex(athlete).reset_index(drop=True)
    constant = visits.table.groupby(visits.athlete).nunique().max() <= 1
    known = [
        all(factor in _KNOWN or bool(constant.get(factor, False)) for factor in term.split(":"))
        for term in visits.terms
    ]
    columns = np.zeros((len(absent), len(known)))
    combined = people.assign(**{name: weekly[name].to_numpy() for name in _KNOWN})
    for place, (term, given) in enumerate(zip(visits.terms, known, strict=True)):
        if given:
            columns[:, place] = _product(term, combined)
    chosen, count = np.array(known), np.bincount(visits.athlete)
    rows = visits.rows(visits.columns, visits.athlete)
    means = rows.sums(visits.columns) / count[:, None]
    apart = visits.columns - means[visits.athlete]
    slopes = np.linalg.lstsq(apart[:, chosen], apart[:, ~chosen], rcond=None)[0]
    moved = columns[:, chosen] - means[athlete][:, chosen]
    columns[:, ~chosen] = means[athlete][:, ~chosen] + moved @ slopes
    return columns


def _outcome(claim: Claim, visits: _Visits) -> Array:
    return visits.table[claim.model["outcome"]].to_numpy(float)


def _missed(planned: pd.DataFrame) -> str:
    return f"{int((~planned['attended']).sum())} of {int(planned['planned'].sum())} planned visits were missed"


def _effect(claim: Claim, visits: _Visits, found: WithinEffects, *notes: str) -> Effect:
    """Return the effect of the claim's contrast."""
    at = visits.terms.index(claim.contrast["term"])
    numbers = (found.coefficients[at], float(np.sqrt(found.covariance[at, at])), found.df)
    difference = contrast_difference(claim, athlete_means(visits.table, claim.contrast["term"]))
    return _on_scale(claim, numbers, difference, (len(visits.athletes), len(visits.table)), notes)


def _on_scale(
    claim: Claim, found: tuple[float, float, float], difference: float, size: tuple[int, int], notes: tuple[str, ...]
) -> Effect:
    """Return the effect from estimate, standard error and degrees of freedom, and numbers of athletes and rows."""
    estimate, error, df = found
    factor = difference * scale_factor(claim)
    return Effect(
        float(to_scale(estimate * factor, claim.scale)),
        *intervals(estimate * factor, error * abs(factor), df, claim.scale),
        p_value=float(2.0 * stats.t.sf(abs(estimate) / error, df)),
        difference=difference,
        participants=size[0],
        rows=size[1],
        notes=notes,
    )


#: Method of a check in the registry -> function that estimates the effect.
METHODS: Mapping[str, Callable[[Claim, Evidence], Effect]] = {
    "fixed_effects": fixed_effects,
    "attendance": attendance,
    "missed_visits": missed_visits,
    "simex": simex,
}
