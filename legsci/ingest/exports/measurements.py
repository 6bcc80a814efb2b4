"""Measurements of other systems: a value per repetition, side and metric, instead of recordings or beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from legsci.ingest.exports.mapping import OTHERS, Column, absent_columns, columns_of, translate
from legsci.ingest.exports.reading import read_export
from legsci.ingest.faults import Fault, shown
from legsci.ingest.tables import ROWS_NAMED, expectation, load_schema, validator
from legsci.vocabulary import SIDES

#: Tables of measurements: those of the study itself, and those of a test-retest study of how they are taken.
TABLE, RETEST = "measurements", "reliability"
#: What a value belongs to; `date` and `day` stand for the session where there is no sessions.tsv.
KEYS = ("participant_id", "session_id", "date", "day", "task", "trial_id", "rep", "side")
#: Columns of the long layout, which has a metric in each row.
LONG = ("metric", "unit", "value")
NAMES = ("participant_id", "session_id", "task", "trial_id", "side", "metric")
COLUMNS = (*KEYS, *LONG)


def no_measurements() -> pd.DataFrame:
    """Return the measurements of a study that has none."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype({"rep": "int64", "value": "float64"})


def read_measurements(folder: Path, layout: Mapping[str, Any], table: str = TABLE) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the measurements of a study.

    Parameters
    ----------
    folder : of the study.
    layout : of the table in study.yaml, empty where it is in the study folder's own words.
    table : TABLE or RETEST.

    Returns
    -------
    frame : one row per value, columns COLUMNS, index `row` of the file: keys as text (date and day missing where the
        file has none), rep, metric, unit ("" where it is that of the metric), value. Without a column of trials a trial
        is named after its task; without one of repetitions they are numbered in the order of the file; without one of
        sides a value belongs to both.
    faults : everything wrong with the table, but for the names and units of metrics, which legsci.metrics knows.
    """
    cells, faults = read_export(folder, table, layout)
    if faults or cells.columns.empty:
        return no_measurements(), faults
    file = str(layout.get("file", f"{table}.tsv"))
    columns = columns_of(layout)
    faults = absent_columns(table, cells, layout)
    keys = {name: column.name for name, column in columns.items() if column.name in (*KEYS, *LONG)}
    cells, found = translate(table, cells.rename(columns=keys), layout)
    faults += found
    fixed = {key: str(value) for key, value in layout.get("fixed", {}).items()}
    cells = cells.assign(**{key: value for key, value in fixed.items() if key not in cells})
    faults += [
        Fault("study.yaml", f"tables.{table}.fixed.{key}", "a key that the file does not state", f"the column {key}")
        for key in fixed
        if key in cells and key in keys.values()
    ]
    long = _melted(cells, columns, layout) if "metric" not in cells else cells
    if "value" not in long:
        return no_measurements(), [*faults, Fault(file, "row 1", "a column value beside the column metric", "none")]
    days = {session: str(day) for session, day in layout.get("days", {}).items()}
    long = long.reindex(columns=list(COLUMNS)).astype("str").dropna(subset=["value"])
    long["day"] = long["day"].fillna(long["session_id"].map(days).astype("str"))
    long["unit"] = long["unit"].fillna("")
    typed, found = _typed(table, file, long)
    return typed, faults + found


def _melted(cells: pd.DataFrame, columns: Mapping[str, Column], layout: Mapping[str, Any]) -> pd.DataFrame:
    """Return a wide table with a row per value; columns that study.yaml leaves out are gone."""
    left_out = layout.get("leave_out", [])
    named = {name: column for name, column in columns.items() if name in cells}
    free = (*named, *KEYS, *(() if left_out == OTHERS else left_out))
    others = [] if left_out == OTHERS else [n for n in map(str, cells) if n not in free and not n.startswith("note")]
    parts = []
    for name, column in (named | {name: Column(name) for name in others}).items():
        values = cells[[key for key in KEYS if key in cells and key not in column.fixed]]
        parts.append(values.assign(**column.fixed, metric=column.name, unit=column.unit, value=cells[name]))
    return pd.concat(parts) if parts else cells.iloc[:0]


def _typed(table: str, file: str, long: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Give the keys and values of a long table their types, and what it leaves open its default."""
    faults = [
        Fault(file, "row 1", f"the column {key}, or {key} under tables.{table}.columns or .fixed in study.yaml", "none")
        for key in ("participant_id", "task")
        if long[key].isna().all() and len(long)
    ]
    if long[["session_id", "date", "day"]].isna().all(axis=None) and len(long):
        faults.append(Fault(file, "row 1", "a column session_id, date or day", "none"))
    # A date that is written otherwise has a fault of its own: that of the session named after it would only follow.
    by_date = long["session_id"].isna() & long["date"].notna()
    misread = by_date & pd.to_datetime(long["date"], format="%Y-%m-%d", errors="coerce").isna()
    long["session_id"] = long["session_id"].fillna(long["date"]).fillna("day" + long["day"])
    long["trial_id"] = long["trial_id"].fillna(long["task"])
    long["side"] = long["side"].fillna("both")
    rules = load_schema("trials")["properties"]
    for key in ("participant_id", "session_id", "trial_id", "task"):
        judged = long[key][~misread] if key == "session_id" else long[key]
        faults += _refused(table, file, judged, rules[key])
    faults += _refused(table, file, long["side"], {"description": "a side", "enum": ["both", *SIDES]})
    value = pd.to_numeric(long["value"], errors="coerce")
    wrong = long[value.isna() | (value.abs() == float("inf"))]
    comma = "; see decimal" if wrong["value"].str.contains(",", regex=False).any() else ""
    faults += _some(file, wrong["metric"], wrong["value"], f"a number{comma}")
    rep = pd.to_numeric(long["rep"], errors="coerce")
    counted = long["rep"].isna()
    whole = counted | ((rep >= 1) & (rep % 1 == 0))
    faults += _some(file, "rep", long["rep"][~whole], "a whole number from 1")
    order = long.groupby([long[key] for key in NAMES], sort=False, dropna=False).cumcount() + 1
    long = long.assign(rep=rep.where(whole & ~counted, order).astype("int64"), value=value)
    repeated = long[long.duplicated([*NAMES, "rep"], keep=False)]
    keys = repeated[[*NAMES, "rep"]].astype(str).itertuples(index=False, name=None)
    again = pd.Series([", ".join(key) for key in keys], index=repeated.index, dtype="str")
    expected = "one value for each participant, session, task, trial, repetition, side and metric"
    return long, faults + _some(file, repeated["metric"], again, expected)


def _refused(table: str, file: str, words: pd.Series, rule: Mapping[str, Any]) -> list[Fault]:
    """Faults of keys that are missing or that the schema does not allow; each distinct word is checked once."""
    check = validator(dict(rule))
    bad = {word for word in words.dropna().unique() if not check.is_valid(word)}
    some = bool(words.notna().any())  # a column that is missing altogether is a fault of its own
    wrong = words[words.isin(bad) | (words.isna() & some)]
    hint = f", or what it means under tables.{table}.words.{words.name} in study.yaml"
    return _some(file, str(words.name), wrong, expectation(dict(rule)) + hint)


def _some(file: str, columns: pd.Series | str, found: pd.Series, expected: str) -> list[Fault]:
    """Faults of some rows, the first of each column and word, and how many more there are."""
    names = np.broadcast_to(np.asarray(columns, object), found.shape)
    rows = pd.DataFrame({"row": found.index, "column": names, "found": found.to_numpy(object)})
    rows = rows.drop_duplicates(["column", "found"])
    faults = [
        Fault(file, f"row {row}, {column}", expected, "nothing" if pd.isna(word) else shown(word))
        for row, column, word in rows.head(ROWS_NAMED).itertuples(index=False, name=None)
    ]
    if len(rows) > ROWS_NAMED:
        faults.append(Fault(file, f"{len(rows) - ROWS_NAMED} more values", expected, "others"))
    return faults
