"""Check of the tables that are given to the models from Python: one error lists everything that is wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from legsci.ingest.faults import Fault, InputFaults, shown
from legsci.ingest.tables import suggestion
from legsci.metrics.registry import KEYS, METRICS
from legsci.models.tables.summaries import REP, SESSION, metric_names
from legsci.vocabulary import OSTRC_QUESTIONS, new_name

#: Table -> columns that it must have, and the key that no two rows share; tables but the first three may be absent.
COLUMNS: dict[str, tuple[list[str], list[str]]] = {
    "metrics": ([*REP, "side"], [*REP, "side"]),
    "participants": (["participant_id"], ["participant_id"]),
    "sessions": (SESSION, SESSION),
    "exposure": (["participant_id", "week", "training_hours", "load"], ["participant_id", "week"]),
    "health": (["participant_id", "week", *OSTRC_QUESTIONS], []),
    "injuries": (["participant_id"], []),
    "reliability": ([*REP, "side"], [*REP, "side"]),
}
NEEDED = ("metrics", "participants", "sessions")
IDENTIFIERS = ("participant_id", "session_id", "trial_id")
SIDES = ("both", "left", "right")
#: Column -> lowest and highest value that is possible: hours of a week [h], points of a question, mass [kg], days.
LIMITS = {
    "training_hours": (0.0, 168.0),
    "load": (0.0, np.inf),
    **dict.fromkeys(OSTRC_QUESTIONS, (0.0, 25.0)),
    "body_mass_kg": (20.0, 300.0),
    "height_m": (1.0, 2.5),
    "beighton_score": (0.0, 9.0),
    "day": (0.0, 36500.0),
    "time_loss_days": (0.0, 3650.0),
}


class TablesError(InputFaults):
    """Tables that the models cannot use."""


def check_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    """Check the tables of a study, as the public functions of the models take them.

    Parameters
    ----------
    tables : by name: metrics, participants and sessions, and where there are such exposure, health, injuries,
        reliability and declared (column metric: metrics that the study declares beside those of legsci).

    Raises
    ------
    TablesError
        With all faults: tables and columns that are missing, identifiers that are numbers, rows that are there twice,
        repetitions that are not counted from 1, sides and values that are not possible, numeric columns of metrics that
        are no metric.
    """
    faults = [Fault(name, "", "a table", "none") for name in NEEDED if name not in tables]
    for name, (columns, key) in COLUMNS.items():
        table = tables.get(name)
        if table is None or (name not in NEEDED and table.empty):
            continue
        missing = [column for column in columns if column not in table]
        faults += [Fault(name, column, "a column of this name", _instead(column, table)) for column in missing]
        faults += _identifier_faults(name, table)
        if key and not missing:
            faults += _rows(name, table, " and ".join(key), "each row once", table.duplicated(key), found="twice")
        faults += _value_faults(name, table)
        if "rep" in columns and not missing:
            faults += _repetition_faults(name, table)
    faults += _unknown_keys(tables)
    if "metrics" in tables:
        faults += _metric_faults(tables["metrics"], tables.get("declared", pd.DataFrame()))
    if faults:
        raise TablesError("tables of a study", faults)


def check_longitudinal(longitudinal: pd.DataFrame, columns: list[str]) -> None:
    """Check that a table given as longitudinal.csv is one.

    Raises
    ------
    TablesError
        With all columns that are missing, and identifiers that are numbers.
    """
    faults = [
        Fault("longitudinal", column, "a column of this name", _instead(column, longitudinal))
        for column in columns
        if column not in longitudinal
    ]
    faults += _identifier_faults("longitudinal", longitudinal)
    if faults:
        raise TablesError("longitudinal table", faults)


def _instead(column: str, table: pd.DataFrame) -> str:
    return f"none{suggestion(column, [str(name) for name in table.columns])}"


def _identifier_faults(name: str, table: pd.DataFrame) -> list[Fault]:
    """Faults of identifiers that are numbers, which cannot be matched with text, or that are missing."""
    faults = []
    for column in IDENTIFIERS:
        if column not in table:
            continue
        if pd.api.types.is_numeric_dtype(table[column]) and len(table):
            cure = "text (read the table with dtype=str for identifiers: 01 and 1 are different names)"
            faults.append(Fault(name, column, cure, f"numbers such as {table[column].iloc[0]}"))
        faults += _rows(name, table, column, "an identifier", table[column].isna(), found="none")
    return faults


def _unknown_keys(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Faults of sessions and participants in metrics that their own tables do not have."""
    faults, metrics = [], tables.get("metrics", pd.DataFrame())
    for name, key in (("sessions", SESSION), ("participants", ["participant_id"])):
        table = tables.get(name, pd.DataFrame())
        if set(key) <= set(metrics) and set(key) <= set(table):
            used, known = (pd.MultiIndex.from_frame(each[key].astype(str)) for each in (metrics, table))
            wrong = pd.Series(~used.isin(known), index=metrics.index)
            faults += _rows("metrics", metrics, " and ".join(key), f"as in {name}", wrong, found=f"none of {name}")
    return faults


def _value_faults(name: str, table: pd.DataFrame) -> list[Fault]:
    """Faults of values that are infinite, beyond what is possible, no number, or no side."""
    faults = []
    for column in table.select_dtypes("number"):
        infinite = pd.Series(np.isinf(table[column].to_numpy(float, na_value=np.nan)), index=table.index)
        faults += _rows(name, table, str(column), "a finite number or none", infinite)
    for column, (low, high) in LIMITS.items():
        if column in table:
            value = pd.to_numeric(table[column], errors="coerce").astype("Float64").astype(float)
            wrong = (value.isna() & table[column].notna()) | (value < low) | ((value > high) & np.isfinite(value))
            expected = f"a number of at least {low:g}" if np.isinf(high) else f"a number within {low:g} to {high:g}"
            faults += _rows(name, table, column, expected, wrong)
    if "week" in table:
        week = pd.to_numeric(table["week"], errors="coerce")
        faults += _rows(name, table, "week", "a whole number", ~(week % 1 == 0))
    if "side" in table:
        wrong = ~table["side"].isin(SIDES)
        faults += _rows(name, table, "side", f"one of {', '.join(SIDES)}", wrong)
    return faults


def _repetition_faults(name: str, table: pd.DataFrame) -> list[Fault]:
    """Faults of numbers of repetitions; 0 stands for a rejected trial without repetition."""
    rep = pd.to_numeric(table["rep"], errors="coerce")
    rejected = table["status"] == "rejected" if "status" in table else pd.Series(False, index=table.index)
    wrong = ~(rep % 1 == 0) | (rep < 0) | ((rep == 0) & ~rejected)
    expected = "repetitions counted from 1 (0 is a rejected trial without repetition)"
    return _rows(name, table, "rep", expected, wrong)


def _metric_faults(metrics: pd.DataFrame, declared: pd.DataFrame) -> list[Fault]:
    """Faults of numeric columns that are no metric, and of metrics that are no numbers."""
    own = set(declared["metric"]) if "metric" in declared else set()
    known, expected = [*METRICS, *sorted(own)], "a metric, its uncertainty (u_) or a key; others are to be removed"
    faults = []
    for column in metric_names(metrics):
        if column not in METRICS and column not in own:
            new = new_name(column)
            hint = f" (now called {new})" if new else suggestion(column, known)
            faults.append(Fault("metrics", column, expected, f"a numeric column{hint}"))
    text = [str(name) for name in metrics.columns if name in METRICS and name not in KEYS]
    text = [name for name in text if not pd.api.types.is_numeric_dtype(metrics[name]) and metrics[name].notna().any()]
    return faults + [
        Fault("metrics", name, "numbers", f"text such as {shown(metrics[name].dropna().iloc[0])}") for name in text
    ]


def _rows(
    name: str, table: pd.DataFrame, where: str, expected: str, wrong: pd.Series, *, found: str | None = None
) -> list[Fault]:
    """Return one fault for all rows that share it, with the first of them; `found` in words, else the first value."""
    places = np.flatnonzero(wrong.to_numpy(bool, na_value=True))
    if not len(places):
        return []
    rows = f"row {places[0] + 1}" if len(places) == 1 else f"{len(places)} rows, the first row {places[0] + 1}"
    value = None if found else table[where].iloc[places[0]]
    # A number as it is written, without the name of its type.
    plain = value.item() if isinstance(value, np.generic) else value
    return [Fault(name, f"{rows}, {where}", expected, found or shown(plain))]
