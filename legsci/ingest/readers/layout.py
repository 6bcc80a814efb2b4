"""The layout of delimited text and spreadsheets as the study describes it: header, names, units, one of its trials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from legsci.ingest.devices import ROW_RANGE, Device
from legsci.ingest.faults import shown
from legsci.ingest.readers.signals import refuse
from legsci.ingest.readers.text import TextTable, name_rows, split_cells, whole_number

#: Settings of a device that readers of tables use: what the columns hold, and where they lie.
TABLE_SETTINGS = (
    "length_unit",
    "force_unit",
    "moment_unit",
    "channels",
    "plates.columns",
    *(f"text.{key}" for key in ("header_rows", "names_row", "units_row", "footer_rows")),
    *(f"text.{key}" for key in ("layout", "trial_column", "time_column", "time_unit")),
    "resample_hz",
)
NAMES_SHOWN = 40
TAB, SHOWN_TAB = "\t", "\\t"


@dataclass(frozen=True)
class Table(TextTable):
    """The rows of one recording with the names and units of its columns.

    Parameters
    ----------
    names, units : of the columns, empty where the file has none.
    hint : the settings of the study that described the rows so, for messages.
    """

    names: Sequence[str] = ()
    units: Sequence[str] = ()
    hint: str = ""


def lay_out(path: Path, lines: Sequence[str], text: Mapping[str, Any]) -> Table:
    """Take a file apart as `text` of the device describes it.

    Parameters
    ----------
    path : for messages.
    lines : all rows of the file.
    text : delimiter (default ","), decimal (default "."), header_rows (rows before the data, default 0), names_row and
        units_row (numbers of rows in the file, from 1; names_row is by default the last of the header), footer_rows
        (rows after the data, default 0).

    Raises
    ------
    RecordingError : fewer rows than described, fewer names than columns.
    """
    header_rows, footer_rows = int(text.get("header_rows", 0)), int(text.get("footer_rows", 0))
    rows = lines[header_rows : len(lines) - footer_rows]
    while rows and not rows[0].strip():  # empty lines before the data
        rows, header_rows = rows[1:], header_rows + 1
    if not rows:
        described = f"{text.get('header_rows', 0)} header rows" + f" and {footer_rows} footer rows" * bool(footer_rows)
        raise refuse(path, ("", f"rows of data after {described}", f"{len(lines)} rows"))
    delimiter, decimal = str(text.get("delimiter", ",")), str(text.get("decimal", "."))
    names_row = int(text.get("names_row", text.get("header_rows", 0)))
    names, units = _header(path, lines, names_row, delimiter), _header(path, lines, text.get("units_row", 0), delimiter)
    width = max(len(split_cells(rows[0], delimiter)), 1)
    hint = f": see text.delimiter, now {json.dumps(delimiter)}, and text.header_rows, now {text.get('header_rows', 0)}"
    if names_row:
        hint += f", and text.names_row, now {names_row}"
    if not all(name.isascii() for name in names):
        hint += ", and text.encoding (names that are not ASCII)"
    filled = [cell for cell in split_cells(rows[0], delimiter)[len(names) :] if cell]
    if any(names) and filled:
        expected = f"{len(names)} columns, as there are names in row {names_row}"
        raise refuse(path, (f"row {header_rows + 1}", expected, f"{len(names) + len(filled)} columns{hint}"))
    of_file = path.suffix.lower() != ".xlsx"
    return Table(path, rows, header_rows + 1, delimiter, width, decimal, of_file, names, units, hint)


def _header(path: Path, lines: Sequence[str], row: int, delimiter: str) -> list[str]:
    """Return the cells of a row of the header, counted from 1; row 0 is none."""
    if row > len(lines):
        raise refuse(path, (f"row {row}", "a row of names or units (text.names_row, text.units_row)", f"{len(lines)}"))
    return split_cells(lines[row - 1], delimiter) if row else []


def column_number(table: Table, wanted: str | int) -> int:
    """Return the number (from 0) of a column given by its name or its number from 1."""
    names = list(table.names)
    if isinstance(wanted, int):
        return wanted - 1
    if names.count(wanted) == 1:
        return names.index(wanted)
    if wanted in names:
        held = f"{names.count(wanted)} columns of that name; give its number"
    else:
        printed = ", ".join(name if len(name) <= NAMES_SHOWN else shown(name) for name in names[:NAMES_SHOWN])
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        held = f"columns {printed.replace(TAB, SHOWN_TAB) or 'without names'}{more}{table.hint}"
    raise refuse(table.path, (f"column {shown(wanted)}", "one column of that name", held))


def check_inside(table: Table, columns: Sequence[int]) -> None:
    """Refuse columns beyond the last."""
    beyond = sorted({c + 1 for c in columns if not 0 <= c < table.width})
    if beyond:
        found = ", ".join(map(str, beyond)) + table.hint
        raise refuse(table.path, ("columns", f"numbers from 1 to {table.width}", found))


def select_part(
    table: Table, device: Device, part: str | None, used: Sequence[int], assumptions: list[str]
) -> tuple[Table, int]:
    """Return the rows of one trial, and by how many columns its block is shifted.

    Parameters
    ----------
    table : the file.
    device : for `text.layout` and `text.trial_column`.
    part : of recordings.tsv.
    used : numbers of the mapped columns, from 0.
    assumptions : of the reader, extended where the whole file is taken as one recording.
    """
    layout = device.text.get("layout")
    if layout is None:
        if part is not None:
            raise refuse(table.path, ("part", "a layout (wide or long) in the study, or no part", shown(part)))
        return table, 0
    if layout == "wide":
        return table, _wide_shift(table, part, used)
    if part is None:
        assumptions.append("The whole file is one recording.")
        return table, 0
    match = ROW_RANGE.match(part)
    if match:
        first, last = whole_number(match["first"]) or 0, whole_number(match["last"]) or 0
        if not 1 <= first <= last <= len(table.lines):
            raise refuse(table.path, ("part", f"rows within 1:{len(table.lines)}", shown(part)))
        chosen: Sequence[int] = range(first - 1, last)
    else:
        chosen = _rows_of_trial(table, part, device.text.get("trial_column"))
    rows = [table.lines[row] for row in chosen]
    return replace(table, lines=rows, first_row=table.first_row + chosen[0]), 0


def _wide_shift(table: Table, part: str | None, used: Sequence[int]) -> int:
    """Return the first column of a trial's block, which reaches to the highest column mapped."""
    block = max(used) + 1
    trials, number = table.width // block, whole_number(part or "")
    if number is None or not 1 <= number <= trials:
        expected = f"a trial from 1 to {trials} ({table.width} columns, {block} a trial)"
        raise refuse(table.path, ("part", expected, shown(part or "none")))
    return (number - 1) * block


def _rows_of_trial(table: Table, part: str, trial_column: str | int | None) -> Sequence[int]:
    """Return the rows of the trial of that name; they must be contiguous."""
    if trial_column is None:
        raise refuse(table.path, ("part", "'rows a:b', or a trial_column in the study", shown(part)))
    column = column_number(table, trial_column)
    cells = [split_cells(line, table.delimiter) for line in table.lines]
    values = [row[column] if column < len(row) else "" for row in cells]
    chosen = [row for row, value in enumerate(values) if value == part]
    if not chosen:
        held = ", ".join(list(dict.fromkeys(values))[:20])
        raise refuse(table.path, ("part", f"one of the trials {held}", shown(part)))
    apart = [row + table.first_row for before, row in pairwise(chosen) if row != before + 1]
    if apart:
        raise refuse(
            table.path, (name_rows(apart), f"the rows of trial {part} below each other", "another trial between")
        )
    return chosen
