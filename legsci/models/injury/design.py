"""Design of injury models: complete rows, time at risk, and enough events at every level of an exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import FEWEST_PARTICIPANTS, Design, build_design

#: Fewest injuries at each level of an exposure (Nielsen et al. 2019).
FEWEST_EVENTS = 5
#: An effect between athletes cannot rest on one athlete.
FEWEST_PARTICIPANTS_PER_LEVEL = 2


@dataclass(frozen=True)
class InjuryModel:
    """A regression model of injuries.

    Parameters
    ----------
    terms : see `build_design`.
    events : column of counts per row, 0 or 1 in hazard models.
    participant : column that names the athlete.
    fewest_events : events needed at each level of a binary term, and in all per parameter (terms + 1).
    """

    terms: Sequence[str]
    events: str = "onset"
    participant: str = "participant_id"
    fewest_events: int = FEWEST_EVENTS


@dataclass(frozen=True)
class InjuryDesign:
    """Rows at risk of an injury model.

    Parameters
    ----------
    design : columns of the model, the intercept first, and which athlete a row belongs to.
    events : (row,) events.
    table : the rows themselves, in the same order.
    warnings : (code, sentence) about excluded rows.
    """

    design: Design
    events: Array
    table: pd.DataFrame
    warnings: tuple[tuple[str, str], ...]

    @property
    def covariates(self) -> Array:
        """Columns without the intercept, (row, term)."""
        return self.design.fixed[:, 1:]

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the covariates, (term,)."""
        return self.design.terms[1:]

    def n(self) -> dict[str, float]:
        """Rows, participants and events."""
        counts = len(self.events), len(self.design.participants), float(self.events.sum())
        return dict(zip(("rows", "participants", "events"), counts, strict=True))


def build_injury_design(
    table: pd.DataFrame,
    model: InjuryModel,
    *,
    subject: str,
    exposure: str | None = None,
    others: Sequence[str] = (),
    single: bool = False,
) -> InjuryDesign:
    """Make the columns of an injury model and check that it can be estimated.

    Parameters
    ----------
    table : rows at risk.
    model : terms, events, athletes.
    subject : what cannot be estimated, for the message.
    exposure : column of hours at risk [h], where the model counts events in them. Rows of 0 h without event carry no
        information and are excluded with a warning.
    others : further columns that may not be missing.
    single : a row holds at most one event.

    Raises
    ------
    ModelRefusal
        With all reasons.
    """
    events, terms, participant = model.events, model.terms, model.participant
    numbers = [events, *([exposure] if exposure else [])]
    used = list(dict.fromkeys([participant, *numbers, *others, *(part for term in terms for part in term.split(":"))]))
    faults = [f"there is no column {column}" for column in used if column not in table]
    faults += [] if len(terms) else ["the model names no term"]
    for column in [] if faults else numbers:
        if not pd.api.types.is_numeric_dtype(table[column]):
            faults.append(f"{column} is not numeric")
    if faults:
        raise ModelRefusal(subject, faults)
    whole = table.dropna(subset=used)
    messages = _missing_value_warnings(table, whole, used, events)
    faults = _invalid_counts(whole, events, exposure, participant, single)
    if faults:
        raise ModelRefusal(subject, faults)
    if exposure is not None and (whole[exposure] == 0).any():
        messages.append(("no_exposure", f"{int((whole[exposure] == 0).sum())} rows without exposure are not at risk"))
        whole = whole[whole[exposure] > 0]
    if whole[events].sum() == 0:
        raise ModelRefusal(subject, [f"there is no {events} in {len(whole)} complete rows"])
    people = whole[participant].nunique()
    if people < FEWEST_PARTICIPANTS:
        raise ModelRefusal(
            subject, [f"athletes with complete rows: {people}; at least {FEWEST_PARTICIPANTS} are needed"]
        )
    marked = whole.reset_index(drop=True).assign(**{_ROW_NUMBER: np.arange(len(whole), dtype=float)})
    design = build_design(marked, outcome=_ROW_NUMBER, fixed=terms, random=(), participant=participant, subject=subject)
    built = InjuryDesign(design, whole[events].to_numpy(float), whole.reset_index(drop=True), tuple(messages))
    faults = _too_few_events(built, model.fewest_events)
    if faults:
        raise ModelRefusal(subject, faults)
    return built


#: Number of the row, in place of the outcome that `build_design` requires to vary: events may be 1 in every row.
_ROW_NUMBER = "number of the row"


def _missing_value_warnings(
    table: pd.DataFrame, whole: pd.DataFrame, used: Sequence[str], events: str
) -> list[tuple[str, str]]:
    if len(table) == len(whole):
        return []
    left_out = (
        table.loc[~table.index.isin(whole.index)] if table.index.is_unique else table[table[used].isna().any(axis=1)]
    )
    columns = [column for column in used if left_out[column].isna().any()]
    sentence = f"{len(left_out)} of {len(table)} rows lack {', '.join(columns)} and are excluded"
    return [("missing_values", f"{sentence}, with {left_out[events].sum():g} {events}")]


def _invalid_counts(
    whole: pd.DataFrame, events: str, exposure: str | None, participant: str, single: bool
) -> list[str]:
    count = whole[events].to_numpy(float)
    faults = []
    wrong = int((~(np.isfinite(count) & (count >= 0) & (count % 1 == 0))).sum())
    if wrong:
        faults.append(f"{events} is no whole number of at least 0 in {wrong} rows")
    if single and (count > 1).any():
        faults.append(f"{events} is above 1 in {int((count > 1).sum())} rows: the model allows one event per row")
    if exposure is None:
        return faults
    hours = whole[exposure].to_numpy(float)
    wrong = int((~(np.isfinite(hours) & (hours >= 0))).sum())
    if wrong:
        faults.append(f"{exposure} is infinite or negative in {wrong} rows")
    unexposed = whole[(hours == 0) & (count > 0)]
    for name, rows in unexposed.groupby(participant, observed=True):
        faults.append(f"{name}: {rows[events].sum():g} {events} in rows with 0 {exposure}")
    return faults


def _too_few_events(built: InjuryDesign, fewest: int) -> list[str]:
    """Return a sentence for each level of a binary term, and for the model as a whole, with too few events."""
    faults = []
    for term, column in zip(built.terms, built.covariates.T, strict=True):
        values = np.unique(column)
        if len(values) > 2:
            continue
        for value in values:
            rows = column == value
            count, people = built.events[rows].sum(), len(np.unique(built.design.participant[rows]))
            if count < fewest:
                faults.append(f"{term} = {value:g}: {count:g} events, at least {fewest} per level are needed")
            if people < FEWEST_PARTICIPANTS_PER_LEVEL:
                faults.append(f"{term} = {value:g}: one athlete only, whose rate cannot stand for the level")
    needed = fewest * (len(built.terms) + 1)
    if built.events.sum() < needed and not faults:
        faults.append(
            f"{built.events.sum():g} events for {len(built.terms)} terms: at least {needed} are needed, "
            f"{fewest} for each term and for the reference"
        )
    return faults
