"""Columns and words of an exported table -> those of the study folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from legsci.ingest.exports.units import conversion, unit_of_column
from legsci.ingest.faults import Fault, shown
from legsci.ingest.tables import ROWS_NAMED, suggestion

FILE = "study.yaml"
#: Value of `leave_out` for every column that study.yaml does not name.
OTHERS = "others"
_ISO = "YYYY-MM-DD"
_DATES = {
    _ISO: "%Y-%m-%d",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD-MM-YYYY": "%d-%m-%Y",
}
_DATE_COLUMNS = ["date", "onset", "return"]


@dataclass(frozen=True)
class Column:
    """What a column of an exported table holds.

    Parameters
    ----------
    name : of the column of the study folder, or of the metric.
    unit : in which the file states it; "" where it is that of the name.
    fixed : keys of its values that the file does not state ({"side": "left"}).
    """

    name: str
    unit: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)


def columns_of(layout: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns that study.yaml names, the file's name -> what it holds."""
    columns = {}
    for name, meaning in layout.get("columns", {}).items():
        stated = {"name": meaning} if isinstance(meaning, str) else dict(meaning)
        fixed = {key: str(value) for key, value in stated.items() if key not in ("name", "unit")}
        columns[name] = Column(stated["name"], stated.get("unit", ""), fixed)
    return columns


def mapped_table(
    table: str, frame: pd.DataFrame, layout: Mapping[str, Any], own: Collection[str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Bring an exported table into the columns, words and units of the study folder.

    Parameters
    ----------
    table : its name, as in `tables` of study.yaml.
    frame : cells as text, as `read_export` returns them.
    layout : what study.yaml says of it: columns, words, leave_out, date_format.
    own : columns of the study folder's table.

    Returns
    -------
    frame : with the columns of the study folder; those that `leave_out` names are gone, others remain as they are.
    faults : columns that study.yaml names and the file does not have, words that do not occur, units that do not fit.
    """
    columns = columns_of(layout)
    faults = absent_columns(table, frame, layout)
    renamed = {name: column.name for name, column in columns.items() if name in frame}
    kept = [name for name in frame if name in renamed or not _left_out(str(name), layout, own)]
    converted = frame[kept].copy()
    for name, column in columns.items():
        to = unit_of_column(column.name)
        factor = conversion(column.unit, to) if column.unit else 1.0
        if factor is None:
            faults.append(
                Fault(FILE, f"tables.{table}.columns.{name}.unit", f"a unit of {to or 'nothing'}", column.unit)
            )
        elif factor != 1.0 and name in converted:
            numbers = pd.to_numeric(converted[name], errors="coerce")
            converted[name] = (numbers * factor).map("{:.12g}".format).where(numbers.notna(), converted[name])
    converted = converted.rename(columns=renamed)
    translated, found = translate(table, converted, layout)
    return translated, faults + found


def translate(table: str, frame: pd.DataFrame, layout: Mapping[str, Any]) -> tuple[pd.DataFrame, list[Fault]]:
    """Put the study's words and dates in the place of the file's.

    Returns
    -------
    frame : columns as they are named in the study folder.
    faults : columns of `words` that the table does not have.
    """
    faults, columns = [], {}
    words: Mapping[str, Mapping[str, Any]] = layout.get("words", {})
    for column, meanings in words.items():
        where = f"tables.{table}.words.{column}"
        if column not in frame:
            hint = suggestion(column, [str(name) for name in frame])
            faults.append(
                Fault(FILE, where, "a column of the table, by its name in the study folder", f"{column}{hint}")
            )
        else:
            columns[column] = frame[column].replace({word: str(meaning) for word, meaning in meanings.items()})
    written = str(layout.get("date_format", _ISO))
    for column in frame.columns.intersection(_DATE_COLUMNS) if written in _DATES else ():  # else a fault of study.yaml
        columns[column], found = _iso_dates(table, frame[column], written)
        faults += found
    return frame.assign(**columns), faults


def _iso_dates(table: str, cells: pd.Series, written: str) -> tuple[pd.Series, list[Fault]]:
    """Dates as YYYY-MM-DD; a cell that is not written so remains, and one fault names all of a column."""
    dates = pd.Series(pd.to_datetime(cells.to_list(), format=_DATES[written], errors="coerce"), cells.index)
    other = cells[dates.isna() & cells.notna()]
    answer = dates.dt.strftime("%Y-%m-%d").where(dates.notna(), cells)
    if other.empty:
        return answer, []
    some = other.unique()[:ROWS_NAMED]
    found = f"{', '.join(map(shown, some))} ({len(other)} rows of the column {cells.name})"
    return answer, [Fault(FILE, f"tables.{table}.date_format", f"dates written {written}", found)]


def absent_columns(table: str, frame: pd.DataFrame, layout: Mapping[str, Any]) -> list[Fault]:
    """Faults of columns that study.yaml names and the file does not have."""
    left_out = layout.get("leave_out", [])
    named = [("columns", name) for name in layout.get("columns", {})]
    named += [("leave_out", name) for name in (left_out if isinstance(left_out, list) else [])]
    known = [str(name) for name in frame]
    return [
        Fault(
            FILE,
            f"tables.{table}.{key}.{name}",
            "a column of the file",
            f"none of that name{suggestion(name, known)}; it has {', '.join(map(shown, known[: ROWS_NAMED * 5]))}",
        )
        for key, name in named
        if name not in known
    ]


def _left_out(name: str, layout: Mapping[str, Any], own: Collection[str]) -> bool:
    """Whether study.yaml leaves a column out."""
    left_out = layout.get("leave_out", [])
    return name not in own if left_out == OTHERS else name in left_out
