"""Files of exported tables: delimited text, spreadsheets and Parquet -> cells as text."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.faults import Fault, RecordingError, shown
from legsci.ingest.paths import is_file, link_faults, path_fault
from legsci.ingest.readers.spreadsheet import sheet_rows
from legsci.ingest.readers.text import read_lines
from legsci.ingest.tables import MISSING, ROWS_NAMED

#: Cells that hold no value in exports; a study may name others.
NOTHING = ("", MISSING, "NA", "NaN", "nan", "-")
#: Rows of a text that are held as lists of cells at a time.
ROWS_HELD = 50_000
_COMMA = r"^([+-]?[0-9]+),([0-9]+(?:[eE][+-]?[0-9]+)?)$"


def read_export(folder: Path, name: str, layout: Mapping[str, Any]) -> tuple[pd.DataFrame, list[Fault]]:
    """Read an exported table as text.

    Parameters
    ----------
    folder : of the study.
    name : of the table, as in `tables` of study.yaml.
    layout : what study.yaml says of it: file, default `name`.tsv, .csv (comma), .tsv (tab), other text, .xlsx or
        .parquet; delimiter, decimal, encoding, sheet; names_row, the row of the column names, default 1; missing,
        further cells that hold no value.

    Returns
    -------
    frame : one row per row of the file, index `row` as the file numbers them; every cell text without blanks around
        it, decimal mark ".", missing where there is no value. Empty rows are left out.
    faults : why the file, a name or a row of it cannot be read.
    """
    file = str(layout.get("file", f"{name}.tsv"))
    wrong = path_fault(folder.resolve(), file, require_file=True)
    if wrong:
        return pd.DataFrame(), [
            Fault(f"{name}.tsv" if "file" not in layout else "study.yaml", f"tables.{name}", *wrong)
        ]
    path = folder / file
    if not is_file(path) or link_faults(path):
        return pd.DataFrame(), link_faults(path)
    try:
        frame, faults = _parquet(path) if path.suffix == ".parquet" else _rows(path, layout)
    except RecordingError as error:
        return pd.DataFrame(), [Fault(file, fault.where, fault.expected, fault.found) for fault in error.faults]
    missing = [*NOTHING, *map(str, layout.get("missing", ()))]
    frame = frame.apply(lambda cells: cells.str.strip())
    if path.suffix.lower() in (".xlsx", ".parquet"):  # what they hold as numbers and dates
        frame = frame.apply(
            lambda cells: cells.str.replace(r"^(-?[0-9]+)\.0$|^([0-9-]{10}) 00:00:00$", r"\1\2", regex=True)
        )
    frame = frame.mask(frame.isin(missing))
    if layout.get("decimal") == ",":
        frame = frame.apply(lambda cells: cells.str.replace(_COMMA, r"\1.\2", regex=True))
    return frame.dropna(how="all"), [Fault(file, fault.where, fault.expected, fault.found) for fault in faults]


def _rows(path: Path, layout: Mapping[str, Any]) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the rows of a text or of the sheet of a spreadsheet."""
    if path.suffix.lower() == ".xlsx":
        lines, delimiter = sheet_rows(path, layout.get("sheet"), "."), "\t"
    else:
        lines = read_lines(path, encoding=layout.get("encoding"))
        delimiter = str(layout.get("delimiter", "," if path.suffix.lower() == ".csv" else "\t"))
    first = int(layout.get("names_row", 1)) - 1
    if first >= len(lines):
        return pd.DataFrame(), [Fault("", "", f"a row {first + 1} of column names", f"{len(lines)} rows")]
    # Quoted cells may hold line ends, so that a row of the table may be several lines of the file.
    cells = csv.reader((f"{line}\n" for line in islice(lines, first, None)), delimiter=delimiter)
    try:
        names = [cell.strip() for cell in next(cells)]
        faults = _name_faults(f"row {first + 1}", names, delimiter)
        frames, ragged = _in_parts(cells, names, first + 2)
    except csv.Error as error:
        return pd.DataFrame(), [Fault("", "", "delimited text", str(error))]
    width = len(names)
    faults += [
        Fault("", f"row {at}", f"{width} cells, as in the header", f"{count} cells")
        for at, count in ragged[:ROWS_NAMED]
    ]
    if len(ragged) > ROWS_NAMED:
        faults.append(Fault("", f"{len(ragged) - ROWS_NAMED} more rows", f"{width} cells", "another number of cells"))
    return (pd.DataFrame(), faults) if faults else (pd.concat(frames), [])


def _in_parts(
    cells: Iterator[list[str]], names: list[str], first: int
) -> tuple[list[pd.DataFrame], list[tuple[int, int]]]:
    """Read rows, as text without blanks around it, some at a time: lists of them take ten times the memory of columns.

    Returns
    -------
    frames : the rows that hold something, as `read_export` numbers them from `first` on.
    ragged : number of each row with less or more cells than there are names, and how many it has.
    """
    frames, ragged, width = [], list[tuple[int, int]](), len(names)
    while True:
        rows = [[cell.strip() for cell in row] for row in islice(cells, ROWS_HELD)]
        numbered = [(row, at) for at, row in enumerate(rows, start=first) if any(row)]
        ragged += [(at, len(row)) for row, at in numbered if len(row) < width or any(row[width:])]
        if not ragged:
            index = pd.Index([at for _, at in numbered], name="row", dtype="int64")
            frames.append(pd.DataFrame([row[:width] for row, _ in numbered], columns=names, index=index, dtype="str"))
        first += len(rows)
        if len(rows) < ROWS_HELD:
            return frames, ragged


def _name_faults(where: str, names: list[str], delimiter: str) -> list[Fault]:
    """Faults of the row of column names."""
    if len(names) == 1:
        other = next((sign for sign in ";,\t|" if sign in names[0] and sign != delimiter), "")
        hint = f": set delimiter {other!r}" if other else ""
        return [Fault("", where, f"names of several columns{hint}", shown(names[0]))]
    while names and not names[-1]:  # columns that a spreadsheet holds without content
        names.pop()
    faults = [Fault("", where, "a name for every column", "a column without a name")] * ("" in names)
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    return faults + [
        Fault("", where, "each column once", f"{shown(name)} {names.count(name)} times") for name in repeated
    ]


def _parquet(path: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a Parquet file; rows are numbered from 1."""
    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises what it happens to meet
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return pd.DataFrame(), [Fault("", "", "a Parquet file that is whole", said)]
    frame = frame.rename(columns=str).map(str, na_action="ignore").astype("str")
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return frame, []
