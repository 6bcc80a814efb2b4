"""Text files: decoding, and rows of numbers -> arrays, with every invalid row named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import pandas as pd
import pyarrow
from pyarrow import csv as arrow_csv

from legsci.ingest.faults import shown
from legsci.ingest.readers.signals import Floats, read_bytes, refuse

#: First bytes of spreadsheet files: .xlsx and .ods (both ZIP), and .xls.
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: Cells that hold no number.
_MISSING = ["", "nan", "NaN", "NA", "n/a", "N/A", "null", "None"]
_WHOLE = re.compile(r"([0-9]{1,9})(\.[0-9]*)?$")
_DECIMAL = re.compile(r"[+-]?[0-9]+[.,][0-9]+([eE][+-]?[0-9]+)?$")
#: Header and first rows lie within so many bytes of a file.
HEAD_BYTES = 20_000
BLOCK_BYTES = 100_000  # stays in the cache of the processor
#: Signs at the end of the last line of a file, if that line is not blank.
_LAST = tuple(sign.encode() for sign in "0123456789.,;\t")
LONGEST_LINE_END = 8  # bytes, in any code page
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
    of_file : whether the lines are rows of the text file as they stand there, from which Arrow then reads them.
    """

    path: Path
    lines: Sequence[str]
    first_row: int
    delimiter: str
    width: int
    decimal: str = "."
    of_file: bool = False


def read_lines(path: Path, *, encoding: str | None = None) -> list[str]:
    """Return the lines of a text file without line ends; blank lines at its end are dropped.

    Without `encoding`: UTF-8 with or without byte order mark, UTF-16 with one, else Windows-1252 (what recorders on
    Windows write).

    Raises
    ------
    RecordingError : the file is missing, empty, a spreadsheet, not text, or not of that code page.
    """
    # Not splitlines(): form feeds and the like are no line ends in a table.
    return _split(path, _decoded(path, read_bytes(path), encoding))


def _split(path: Path, content: str) -> list[str]:
    """Split a text into its lines; an empty one is refused."""
    if "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    lines = content.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise refuse(path, ("", "a recording", "an empty file"))
    return lines


class FileRows(Sequence[str]):
    """Lines of a text file as `read_lines` returns them, of which those beyond the first are split when asked for.

    Arrow reads numbers from `content`, the file in UTF-8, so that most files are never split.
    """

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        self._path, self.content = path, _in_utf8(path, read_bytes(path), encoding)
        self._whole: list[str] | None = None
        head, tail = self.content[:HEAD_BYTES], self.content[-HEAD_BYTES:]
        lines = head.split(b"\n")[:-1]
        if b"\r" in head:
            lines = [line.removesuffix(b"\r") for line in lines]
        self._head = [line.decode() for line in lines]
        lone = any(b"\r" in line for line in lines) or not lines
        last = tail.rstrip(b"\r\n")
        if lone or not last.endswith(_LAST):
            self._count = len(self._lines())
        else:
            self._count = _line_ends(self.content) - tail[len(last) :].count(b"\n") + 1
        self._range = range(self._count)

    def _lines(self) -> list[str]:
        if self._whole is None:
            self._whole = _split(self._path, self.content.decode())
        return self._whole

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._range)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> FileRows: ...
    def __getitem__(self, place: int | slice) -> str | FileRows:
        """Return a line, or some of them."""
        if isinstance(place, slice):
            part = copy(self)
            part._range = self._range[place]
            return part
        row = self._range[place]
        return self._head[row] if row < len(self._head) else self._lines()[row]


def _line_ends(content: bytes) -> int:
    """Count line ends; short lines make bytes.count slow."""
    signs = np.frombuffer(content, dtype=np.uint8)
    starts = range(0, signs.size, BLOCK_BYTES)
    return sum(int(np.count_nonzero(signs[start : start + BLOCK_BYTES] == ord("\n"))) for start in starts)


def _in_utf8(path: Path, raw: bytes, encoding: str | None) -> bytes:
    """Return the text of a file in UTF-8; that of most is so already."""
    if encoding is None and raw.isascii() and b"\x00" not in raw and not raw.startswith(SPREADSHEETS):
        return raw
    return _decoded(path, raw, encoding).encode()


def _decoded(path: Path, raw: bytes, encoding: str | None) -> str:
    """Decode the bytes of a text file."""
    if raw.startswith(SPREADSHEETS):
        raise refuse(path, ("", "a text file", "a spreadsheet: reader spreadsheet reads .xlsx"))
    if encoding:
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
        except UnicodeError:
            raise refuse(path, ("text.encoding", "the code page of the file", f"{encoding}, which it is not")) from None
    for mark, codec in _MARKS.items():
        if raw.startswith(mark):
            try:
                return raw.decode(codec)
            except UnicodeError:
                raise refuse(path, ("", f"text in {codec}, as its mark says", "binary data")) from None
    if b"\x00" not in raw:
        for codec in ("utf-8", "cp1252"):
            try:
                return raw.decode(codec)
            except UnicodeDecodeError:
                continue
    expected = "a text file in UTF-8, UTF-16 with its mark or Windows-1252, or another code page set as text.encoding"
    raise refuse(path, ("", expected, "bytes that are none of these"))


def ends_with_line(path: Path) -> bool:
    """Whether a text file ends with the end of a line, as files that were written whole do."""
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - LONGEST_LINE_END, 0))
        return stream.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a header line, without blanks and quotes around them; delimiter " " is any white space."""
    if delimiter == " ":
        cells = line.split()
    elif '"' in line:  # a quoted name may hold the delimiter
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    else:
        cells = line.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def whole_number(text: str) -> int | None:
    """Return a text of at most nine digits (0 to 9, before a point) as a number, or None."""
    match = _WHOLE.match(text.strip())
    return int(match[1]) if match else None


def name_rows(rows: Sequence[int]) -> str:
    """Return "row 3, row 4 and 17 more"."""
    named = ", ".join(f"row {row}" for row in rows[:ROWS_NAMED])
    return named if len(rows) <= ROWS_NAMED else f"{named} and {len(rows) - ROWS_NAMED} more"


def _name_columns(columns: Sequence[int]) -> str:
    """Return "column 3" or "columns 3, 4, 5 and 17 more"."""
    named = ", ".join(map(str, columns[:ROWS_NAMED]))
    more = f" and {len(columns) - ROWS_NAMED} more" if len(columns) > ROWS_NAMED else ""
    return f"column{'s' if len(columns) > 1 else ''} {named}{more}"


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
    plain = _plain_numbers(table, columns, gaps) if table.of_file else None
    if plain is not None:
        return plain
    table = _plain(table)
    table = replace(table, lines=_rows_of_width(table))
    options: dict[str, Any] = {"sep": table.delimiter, "header": None, "names": range(table.width), "index_col": False}
    options |= {"usecols": sorted(set(columns)), "skip_blank_lines": False, "quoting": csv.QUOTE_NONE}
    content = "\n".join(table.lines)
    try:
        parsed = pd.read_csv(
            io.StringIO(content), decimal=table.decimal, dtype=np.float64, skipinitialspace=True, **options
        )
    except (ValueError, pd.errors.ParserError):
        raise _bad_cells(table, content, options) from None
    numbers = parsed.loc[:, list(columns)].to_numpy(np.float64)
    missing = np.isinf(numbers) if gaps else ~np.isfinite(numbers)
    if missing.any():
        empty = np.flatnonzero(missing.any(axis=1)) + table.first_row
        expected = f"a finite number in each of {len(columns)} columns"
        raise refuse(table.path, (name_rows(empty.tolist()), expected, "infinite ones" if gaps else "none there"))
    return numbers


def _plain_numbers(table: TextTable, columns: Sequence[int], gaps: bool) -> Floats | None:
    """Numbers of rows that are all as wide as the table, read by Arrow; None where any of them is odd.

    What is odd the slower way tells, row by row.
    """
    if table.delimiter in (" ", table.decimal):
        return None
    names = [str(column) for column in range(table.width)]
    wanted = [names[column] for column in dict.fromkeys(columns)]
    try:
        parsed = arrow_csv.read_csv(
            pyarrow.BufferReader(table.lines.content) if isinstance(table.lines, FileRows) else table.path,
            arrow_csv.ReadOptions(use_threads=False, skip_rows=table.first_row - 1, column_names=names),
            arrow_csv.ParseOptions(delimiter=table.delimiter, quote_char=False, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pyarrow.float64()),
                include_columns=wanted,
                decimal_point=table.decimal,
                null_values=_MISSING,
            ),
        )
    except (pyarrow.ArrowException, OSError, ValueError):
        return None
    count = len(table.lines)
    if parsed.num_rows < count:
        return None
    laid = np.empty((len(columns), parsed.num_rows))
    for row, column in zip(laid, columns, strict=True):
        np.concatenate([part.to_numpy(zero_copy_only=False) for part in parsed.column(names[column]).chunks], out=row)
    numbers = laid[:, :count].T
    return numbers if (not np.isinf(numbers).any() if gaps else np.isfinite(numbers).all()) else None


def check_filled(path: Path, numbers: Floats, first_row: int) -> None:
    """Refuse rows of numbers (row, column) of which one is missing; the first of them is row `first_row` of a file."""
    gaps = np.flatnonzero(~np.isfinite(numbers).all(axis=1)) + first_row
    if gaps.size:
        expected = f"a finite number in each of {numbers.shape[1]} columns"
        raise refuse(path, (name_rows(gaps.tolist()), expected, "none there"))


def _plain(table: TextTable) -> TextTable:
    """Return a table whose cells are not quoted and whose delimiter is one character other than the decimal mark.

    Each row is taken apart by itself, so that a stray quotation mark never joins two rows.
    """
    delimiter = table.delimiter
    if delimiter == " ":
        return replace(table, lines=["\t".join(line.split()) for line in table.lines], delimiter="\t")
    quoted = any('"' in line for line in table.lines)
    if delimiter == table.decimal and not quoted:
        expected = "quoted cells, since the delimiter is also the decimal mark (text.delimiter, text.decimal)"
        raise refuse(table.path, (f"row {table.first_row}", expected, shown(table.lines[0])))
    if not quoted:
        return table
    rows = [next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [""]) for line in table.lines]
    return replace(table, lines=["\t".join(cell.replace("\t", " ") for cell in row) for row in rows], delimiter="\t")


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
        words = pd.read_csv(io.StringIO(content), dtype=str, keep_default_na=False, **options)
    except (ValueError, pd.errors.ParserError) as error:
        return refuse(table.path, ("", "a table of numbers", str(error).strip().splitlines()[0]))
    mark = re.escape(table.decimal)
    number = rf"[+-]?([0-9]+{mark}?[0-9]*|{mark}[0-9]+)([eE][+-]?[0-9]+)?"
    wrong: dict[tuple[int, ...], dict[int, str]] = {}
    for column in words.columns:
        cells = words[column].fillna("").str.strip()
        bad = ~cells.str.fullmatch(number) & ~cells.str.lower().isin(["", "nan", "na", "n/a", "null", "none", "inf"])
        if bad.any():
            rows = tuple((np.flatnonzero(bad.to_numpy()) + table.first_row).tolist())
            wrong.setdefault(rows, {})[column + 1] = str(cells[bad].iloc[0])
    faults = []
    for rows, first in wrong.items():  # one fault of all columns that are wrong in the same rows
        example = next(iter(first.values()))
        cure = f": see text.decimal of the device, now {table.decimal!r}" if _DECIMAL.match(example) else ""
        faults.append((f"{_name_columns(list(first))}, {name_rows(rows)}", "a number", shown(example) + cure))
    return refuse(table.path, *(faults or [("", "a table of numbers", "cells that are none")]))
