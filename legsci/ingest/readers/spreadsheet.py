"""Sheets of a spreadsheet (.xlsx) with plate forces; the study names their columns, as in delimited text."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from legsci.ingest.devices import Device
from legsci.ingest.faults import RecordingError, shown
from legsci.ingest.readers.delimited import read_rows
from legsci.ingest.readers.layout import TABLE_SETTINGS
from legsci.ingest.readers.signals import read_bytes, refuse
from legsci.ingest.recording import Recording

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Unpacked, no recording is larger; an archive that is was made to fill the memory.
LARGEST_BYTES = 500_000_000
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?")

#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = (*TABLE_SETTINGS, "text.sheet")


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read plate forces from a sheet as `device.text` and the `columns` of `device.plates` describe them.

    `device.text`: sheet (default the only one), and header_rows, names_row, units_row, footer_rows, time_column,
    layout and trial_column as in delimited text. Rows are numbered as the spreadsheet numbers them. Of a formula the
    value is read that was stored with it; formulas are not calculated. Numbers that were stored as text may have the
    decimal mark of `device.text`.

    Signal, units and faults are those of delimited text (`delimited.read`).

    Raises
    ------
    RecordingError : not an .xlsx file, no sheet of that name, and everything that delimited text is refused for.
    """
    rows = sheet_rows(path, device.text.get("sheet"), str(device.text.get("decimal", ".")))
    while rows and not rows[-1].strip():
        rows.pop()
    if not rows:
        raise refuse(path, ("", "a recording", "an empty sheet"))
    text = {**device.text, "delimiter": "\t", "decimal": "."}
    return read_rows(path, rows, device=replace(device, text=text), part=part)


def sheet_rows(path: Path, sheet: str | None, decimal: str) -> list[str]:
    """Return the rows of a sheet as lines of cells between tabulators."""
    import openpyxl  # 0.2 s, for those only who read spreadsheets

    content = io.BytesIO(read_bytes(path))
    try:
        with zipfile.ZipFile(content) as archive:
            size = sum(member.file_size for member in archive.infolist())
            packed = {member.filename for member in archive.infolist()}
    except zipfile.BadZipFile as error:
        raise refuse(path, ("", "a spreadsheet (.xlsx; save an .xls or .ods as such)", str(error))) from None
    if size > LARGEST_BYTES or "xl/workbook.xml" not in packed:
        found = f"{size} bytes" if size > LARGEST_BYTES else "an archive without a workbook"
        raise refuse(path, ("", f"a spreadsheet (.xlsx) of at most {LARGEST_BYTES} bytes unpacked", found))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles that openpyxl does not know
        try:
            cells = _cells(path, openpyxl.load_workbook(content, read_only=True, data_only=True), sheet, decimal)
        except RecordingError:
            raise
        except Exception as error:  # openpyxl and the parsers below it raise what they happen to meet
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise refuse(path, ("", "a spreadsheet (.xlsx) that is whole", said)) from None
    width = max(map(len, cells), default=0)
    return ["\t".join(row + [""] * (width - len(row))) for row in cells]


def _cells(path: Path, book: Workbook, sheet: str | None, decimal: str) -> list[list[str]]:
    """Return the cells of a sheet as text."""
    try:
        names = list(book.sheetnames)
        if sheet is None and len(names) > 1:
            raise refuse(path, ("text.sheet", f"one of the sheets {', '.join(map(shown, names))}", "none"))
        if sheet is not None and sheet not in names:
            raise refuse(path, ("text.sheet", f"one of the sheets {', '.join(map(shown, names))}", shown(sheet)))
        chosen = book[sheet or names[0]]
        chosen.reset_dimensions()  # what a file says of its own size may be wrong
        return [[_text(cell, decimal) for cell in row] for row in chosen.iter_rows(values_only=True)]
    finally:
        book.close()


def _text(cell: object, decimal: str) -> str:
    """Return a cell as text."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        if decimal == "," and _COMMA.fullmatch(cell.strip()):
            return cell.strip().replace(",", ".")
        return " ".join(cell.split())
    return repr(cell) if isinstance(cell, float) else str(cell)
