"""A table of chosen metrics: one row per repetition, sides next to each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import pandas as pd

from legsci.metrics.registry import COLUMNS, KEYS
from legsci.present.selection import check_names
from legsci.vocabulary import SIDES

#: What tells repetitions apart; a repetition has a row per profile where several are asked for.
REP_KEYS = ["participant_id", "session_id", "trial_id", "rep", "task", "profile"]
STATED = ["status", "reason"]


def repetition_table(rows: pd.DataFrame, metrics: Iterable[str]) -> pd.DataFrame:
    """Lay the sides of each repetition next to each other.

    Parameters
    ----------
    rows : rows of metrics.csv.
    metrics : names of its columns; none: all that have a value.

    Returns
    -------
    One row per repetition, in the order of the rows: REP_KEYS, STATED, then each metric. What belongs to the whole body
    or to both legs has the name of the metric; values of a side have `_left` or `_right` after it. A metric without any
    value stays as an empty column, with a warning that gives the reason.

    Raises
    ------
    ResultsError : no column has that name.
    """
    named = list(metrics)
    known = [name for name in rows.columns if name not in KEYS]
    check_names("metric", named, known)
    values = rows.set_index([*REP_KEYS, "side"])[named or known].unstack("side")  # noqa: PD010 - sides stay labels
    answer = rows[[*REP_KEYS, *STATED]].drop_duplicates(REP_KEYS, ignore_index=True)
    values = values.reindex(pd.MultiIndex.from_frame(answer[REP_KEYS]))
    columns: dict[str, Any] = {}
    for name in named or known:
        of_side = {side: values[name, side] for side in SIDES if (name, side) in values}
        filled = {side: column for side, column in of_side.items() if column.notna().any()}
        if not filled and named:
            warnings.warn(f"{name} is empty: {why_empty(name, rows)}", stacklevel=3)
            columns[name] = pd.Series(float("nan"), index=values.index)
        columns |= {name if side == "both" else f"{name}_{side}": column for side, column in filled.items()}
    # in one piece: pandas warns of a table that hundreds of columns are added to one by one
    return pd.concat(
        [answer, pd.DataFrame({name: column.to_numpy() for name, column in columns.items()})], axis="columns"
    )


def with_units(table: pd.DataFrame, dictionary: pd.DataFrame) -> pd.DataFrame:
    """Put the unit of each column below its name, as a second header."""
    units = []
    for column in map(str, table.columns):
        name = next((column.removesuffix(f"_{side}") for side in SIDES if column.endswith(f"_{side}")), column)
        units.append(str(dictionary["unit"].get(column, dictionary["unit"].get(name, ""))))
    return table.set_axis(pd.MultiIndex.from_arrays([table.columns, units], names=["column", "unit"]), axis="columns")


def why_empty(name: str, rows: pd.DataFrame) -> str:
    """Why a metric has no value in some rows of metrics.csv: other tasks, or what it needs."""
    about = COLUMNS.get(name, {})
    tasks = [task for task in about.get("tasks", "").split(", ") if task]
    present = list(map(str, rows["task"].unique()))
    if tasks and not set(tasks) & set(present):
        return f"it is defined for {', '.join(tasks)}, and these repetitions are {', '.join(present) or 'none'}"
    needs = f"it needs {about['streams']}, and " if about.get("streams") else ""
    return f"{needs}study.quality gives the reasons for values that are missing"
