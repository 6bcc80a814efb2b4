"""Analysis sets of the claims: the rows that a model is fitted to, and the rows that were excluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from legsci.models.claims.registry import Claim, Registry
from legsci.models.result import ModelRefusal
from legsci.models.statistics.design import split_within_between, to_log_percent
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.tables.analysis import complete_rows, session_table, week_table
from legsci.models.tables.longitudinal import week_mismatch
from legsci.models.tables.person_weeks import PROBLEMS
from legsci.models.tables.summaries import SERIES

P90_LESS_P10 = "p90_less_p10"
PARTS = ("within", "between")
#: Load of sessions -> the weeks that it is of.
LOAD_WEEKS = {
    "load": "the previous week",
    "load_same_week": "the same week",
    "load_four_weeks": "four weeks",
}
#: Largest share of sessions after the first week whose load may be imputed.
MOST_IMPUTED = 0.25


@dataclass(frozen=True)
class Evidence:
    """Data of a study on its claims.

    Parameters
    ----------
    tables : tables of the study folder by name, and `metrics`.
    longitudinal : rows of longitudinal.csv.
    registry : the claims and the quantities that they name.
    bootstrap : of all cluster bootstraps.
    confirm : whether MixedLM confirms each mixed model.
    """

    tables: Mapping[str, pd.DataFrame]
    longitudinal: pd.DataFrame
    registry: Registry
    bootstrap: Bootstrap
    confirm: bool = True

    @cached_property
    def every_session(self) -> pd.DataFrame:
        """The sessions with every variable that some claim names."""
        claims = [*self.registry.claims, *(control.claim for control in self.registry.controls)]
        others = [
            replace(claim, model=model)
            for claim in claims
            for model in (*claim.alternatives.values(), *(check["model"] for check in claim.checks))
        ]
        named = dict.fromkeys(name for claim in [*claims, *others] for name in variables_of(claim, self.registry))
        variables = {name: self.registry.variables[name] for name in named}
        return session_table(self.longitudinal, variables, self.registry.codes)

    @cached_property
    def week_mismatch(self) -> list[str]:
        """Why the weeks of sessions are not those of the weekly tables."""
        return week_mismatch(self.tables)

    @cached_property
    def series(self) -> pd.DataFrame:
        """The series of the longitudinal table: task, side, metric; between, whether it has a session variance."""
        known = self.longitudinal["session_variance"].notna()
        columns = self.longitudinal[SERIES].assign(between=known)
        return columns.groupby(SERIES, sort=False)["between"].any().reset_index()

    def sessions(self, claim: Claim) -> pd.DataFrame:
        """Return the sessions with the indicators and the scale of a claim's model."""
        table = self.every_session.copy()
        for name, (variable, limit) in claim.model.get("indicators", {}).items():
            table[name] = (table[variable] >= limit).astype(float).where(table[variable].notna())
        return to_model_scale(table, claim)


def variables_of(claim: Claim, registry: Registry) -> list[str]:
    """Return the names of the session variables that a claim's model uses."""
    model = claim.model
    named = [
        model.get("calibrated", ""),
        model.get("outcome", ""),
        model.get("exposed", ""),
        *(pair[0] for pair in model.get("indicators", {}).values()),
    ]
    named += [_base(part) for term in model.get("terms", []) for part in term.split(":")]
    return [name for name in dict.fromkeys(named) if name in registry.variables]


def _base(term: str) -> str:
    """Return the variable of a within or between part."""
    return term.removesuffix("_within").removesuffix("_between")


def to_model_scale(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the rows with the claim's outcome on the scale of its model."""
    outcome = claim.model.get("outcome")
    return table.assign(**{outcome: to_log_percent(table[outcome])}) if claim.model.get("log") and outcome else table


def split_sessions(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Split the variables whose parts are terms, over the complete rows."""
    parts = {part for term in claim.model["terms"] for part in term.split(":")}
    split = sorted({_base(part) for part in parts if part.endswith(PARTS)} & set(table.columns))
    return split_within_between(complete_sessions(table, claim), split)


def complete_sessions(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the complete rows of a claim's model."""
    outcome, parts = claim.model["outcome"], [part for term in claim.model["terms"] for part in term.split(":")]
    return complete_rows(table, [outcome, *parts, *map(_base, parts)], f"the mixed model of {outcome}")


def excluded_note(before: pd.DataFrame, after: pd.DataFrame, rows: str) -> list[str]:
    """Return the note on rows with missing values."""
    lost = len(before) - len(after)
    return [f"{lost} of {len(before)} {rows} with missing values were excluded"] if lost else []


def imputed_load_notes(rows: pd.DataFrame, claim: Claim) -> list[str]:
    """Return the notes on rows whose load is imputed by the athlete's mean.

    Raises
    ------
    ModelRefusal
        More than MOST_IMPUTED of the sessions after the first week have an imputed load.
    """
    notes = []
    for term, weeks in LOAD_WEEKS.items():
        if term not in claim.model.get("terms", []):
            continue
        assumed, later = rows[f"{term}_imputed"], rows["week"] > 0
        count = int((assumed & later).sum())
        if count > MOST_IMPUTED * later.sum():
            sentence = f"{count} of {later.sum()} sessions after the first week have no training recorded for {weeks}"
            raise ModelRefusal(
                f"the effect in {claim.id} at equal load", [f"{sentence}; at most {MOST_IMPUTED:.0%} may"]
            )
        words = f"have no training recorded for {weeks}; the athlete's mean load is imputed"
        notes += [f"{assumed.sum()} of {len(rows)} sessions {words}"] if assumed.any() else []
    return notes


def unregistered_words(claim: Claim, evidence: Evidence) -> list[str]:
    """Return a note for each code of the model with words that the registry gives no number: they are missing."""
    parts = {part for term in claim.model.get("terms", []) for part in term.split(":")}
    people = evidence.longitudinal.drop_duplicates("participant_id")
    notes = []
    for name in sorted(parts & set(evidence.registry.codes)):
        code = evidence.registry.codes[name]
        words = people[code.column].dropna().astype(str)
        counts = words[~words.isin(code.numbers)].value_counts()
        if len(counts):
            listed = ", ".join(f"{word!r} ({count})" for word, count in counts.sort_index().items())
            notes.append(f"{counts.sum()} athletes were excluded, whose {code.column} is not registered: {listed}")
    return notes


def error_note(evidence: Evidence, measured: str) -> str:
    """Return the note on where the error variance of a variable comes from."""
    variable, series = evidence.registry.variables[measured], evidence.series
    wanted = (series[SERIES] == [variable.task, variable.side, variable.metric]).all(axis=1)
    if series.loc[wanted, "between"].any():
        return f"error variance of {measured} from repetitions and, between sessions, from reliability.tsv"
    low, high = variable.placement_sd
    if high > 0.0:
        assumed = f"between sessions, an assumed placement error (SD) of {low:g} to {high:g}, as there are no retests"
        return f"error variance of {measured} from repetitions and, {assumed}"
    return f"error variance of {measured} from repetitions alone; without reliability.tsv marker placement is left out"


def contrast_difference(claim: Claim, values: pd.Series) -> float:
    """Return the difference of the predictor that the effect belongs to.

    Parameters
    ----------
    claim : with its contrast.
    values : (athlete,) of the predictor, for a contrast of percentiles.
    """
    wanted = claim.contrast["difference"]
    if wanted != P90_LESS_P10:
        return float(wanted)
    low, high = np.quantile(values.dropna(), [0.1, 0.9])
    # The within part of a predictor has the mean 0 in each athlete, up to rounding.
    if not high - low > 1e-9 * max(1.0, float(values.std())):
        raise ModelRefusal(f"the contrast of {claim.id}", [f"athletes do not differ in {claim.contrast['term']}"])
    return float(high - low)


def athlete_means(table: pd.DataFrame, term: str) -> pd.Series:
    """Return each athlete's mean of a column, (athlete,); empty where there is no such column."""
    return table.groupby("participant_id")[term].mean() if term in table else pd.Series(dtype=float)


def weeks_at_risk(claim: Claim, evidence: Evidence) -> tuple[pd.DataFrame, list[str]]:
    """Return the weeks that a model of rates is fitted to, and notes on the excluded ones.

    Raises
    ------
    ModelRefusal
        See `week_table`; or no week is complete.
    """
    model = claim.model
    weeks, exclusions = week_table(
        evidence.tables,
        evidence.sessions(claim),
        exposed=model["exposed"],
        problem_type=model.get("problem_type"),
        problem=model.get("problem", PROBLEMS[0]),
    )
    complete = complete_rows(weeks, model["terms"], "the rate of overuse problems")
    imputed = _imputed_weeks(claim, complete)
    lost = exclusions[exclusions["onsets_left_out"] > 0]
    uncounted = [f"new problems not counted: {row.onsets_left_out} ({row.sentence})" for row in lost.itertuples()]
    return complete, [*excluded_note(weeks, complete, "weeks at risk"), *imputed, *uncounted]


def _imputed_weeks(claim: Claim, weeks: pd.DataFrame) -> list[str]:
    """Return the note on weeks at risk whose load is imputed; refuse where they are more than MOST_IMPUTED."""
    if "load" not in claim.model["terms"]:
        return []
    count, later = int((weeks["load_imputed"] & (weeks["week"] > 0)).sum()), int((weeks["week"] > 0).sum())
    if count > MOST_IMPUTED * later:
        sentence = f"{count} of {later} weeks at risk after the first have no training recorded for the previous week"
        raise ModelRefusal(f"the effect in {claim.id} at equal load", [f"{sentence}; at most {MOST_IMPUTED:.0%} may"])
    total = int(weeks["load_imputed"].sum())
    words = "have no training recorded for the previous week; the athlete's mean load is imputed"
    return [f"{total} of {len(weeks)} weeks at risk {words}"] if total else []
