"""Text files: decoding, and rows of numbers -> arrays, with every invalid row named."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from legsci.ingest.readers.signals import Floats, read_bytes, refuse

ROWS_NAMED = 8  # a fault lists this many rows and counts the others


@dataclass(frozen=True)
class TextTable:
    """Rows of numbers in a text file.

    Parameters
    ----------
    path : the file.
    lines : the rows of data, without headers.
    first_row : number of the first of them in the file, counted from 1 (for messages).
    delimiter : between cells; " " means any white space.
    width : number of cells of each row (empty ones at a row's end may be more).
    decimal : decimal mark.
    """

    path: Path
    lines: Sequence[str]
    first_row: int
    delimiter: str
    width: int
    decimal: str = "."


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file without line ends; blank lines at its end are dropped.

    UTF-8 with or without byte order mark, else Windows-1252 (what recorders on Windows write).

    Raises
    ------
    RecordingError : the file is missing, empty, or not text.
    """
    raw = read_bytes(path)
    if b"\x00" in raw:
        raise refuse(path, ("", "a text file", "binary data"))
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            content = raw.decode("cp1252")
        except UnicodeDecodeError:
            raise refuse(path, ("", "a text file in UTF-8 or Windows-1252", "binary data")) from None
    # Not splitlines(): form feeds and the like are no line ends in a table.
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise refuse(path, ("", "a recording", "an empty file"))
    return lines


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a header line, without blanks and quotes around them; delimiter " " is any white space."""
    cells = line.split() if delimiter == " " else line.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def name_rows(rows: Sequence[int]) -> str:
    """Return "row 3, row 4 and 17 more"."""
    named = ", ".join(f"row {row}" for row in rows[:ROWS_NAMED])
    return named if len(rows) <= ROWS_NAMED else f"{named} and {len(rows) - ROWS_NAMED} more"


def number_table(table: TextTable, *, columns: Sequence[int], gaps: bool = False) -> Floats:
    """Read rows of numbers.

    Parameters
    ----------
    table : the rows.
    columns : which of their cells to return, counted from 0.
    gaps : whether an empty cell, or "nan", is a gap (NaN) rather than a fault.

    Returns
    -------
    (row, column) numbers, in the order of `columns`.

    Raises
    ------
    RecordingError : no rows, rows of another width, cells that are not numbers; every such row is counted.
    """
    if not table.lines:
        raise refuse(table.path, ("", "rows of data", "none"))
    if table.delimiter == " ":
        table = replace(table, lines=["\t".join(line.split()) for line in table.lines], delimiter="\t")
    # Where the decimal mark is also the delimiter, cells are quoted and only the parser can count them.
    if table.delimiter != table.decimal:
        table = replace(table, lines=_rows_of_width(table))
    wanted = sorted(set(columns))
    options: dict[str, Any] = {"sep": table.delimiter, "header": None, "names": range(table.width), "usecols": wanted}
    options["index_col"] = False
    content = "\n".join(table.lines)
    try:
        parsed = pd.read_csv(
            io.StringIO(content),
            decimal=table.decimal,
            dtype=np.float64,
            skipinitialspace=True,
            skip_blank_lines=False,
            **options,
        )
    except (ValueError, pd.errors.ParserError):
        raise _bad_cells(table, content, options) from None
    numbers = parsed.loc[:, list(columns)].to_numpy(np.float64)
    if not gaps and not np.isfinite(numbers).all():
        empty = np.flatnonzero(~np.isfinite(numbers).all(axis=1)) + table.first_row
        expected = f"a finite number in each of {len(columns)} columns"
        raise refuse(table.path, (name_rows(empty.tolist()), expected, "none there"))
    return numbers


def _rows_of_width(table: TextTable) -> list[str]:
    """Return the rows cut to the width of the table; cells beyond it must be empty, cells within it must be there."""
    delimiter, width = table.delimiter, table.width
    kept, wrong, found = [], [], set()
    for row, line in enumerate(table.lines, start=table.first_row):
        cells = line.count(delimiter) + 1
        if cells > width:
            head, tail = delimiter.join(line.split(delimiter)[:width]), line.split(delimiter)[width:]
            if not any(cell.strip() for cell in tail):
                line, cells = head, width
        if cells != width:
            wrong.append(row)
            found.add(cells)
        kept.append(line)
    if wrong:
        widths = ", ".join(str(cells) for cells in sorted(found)[:ROWS_NAMED])
        raise refuse(table.path, (name_rows(wrong), f"{width} columns", f"{widths} columns"))
    return kept


def _bad_cells(table: TextTable, content: str, options: dict[str, Any]) -> Exception:
    """Return the error that lists, column by column, the rows whose cells are not numbers."""
    try:
        words = pd.read_csv(io.StringIO(content), dtype=str, skip_blank_lines=False, **options)
    except (ValueError, pd.errors.ParserError) as error:
        return refuse(table.path, ("", "a table of numbers", str(error).strip().splitlines()[0]))
    faults = []
    for column in words.columns:
        cells = words[column].str.strip()
        bad = cells.notna() & pd.to_numeric(cells.str.replace(table.decimal, ".", regex=False), errors="coerce").isna()
        bad &= ~cells.str.lower().isin(["", "nan"])
        if bad.any():
            rows = (np.flatnonzero(bad.to_numpy()) + table.first_row).tolist()
            faults.append((f"column {column + 1}, {name_rows(rows)}", "a number", repr(cells[bad].iloc[0])))
    return refuse(table.path, *(faults or [("", "a table of numbers", "cells that are none")]))
