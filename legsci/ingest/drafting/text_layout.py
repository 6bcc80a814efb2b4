"""How a table of numbers lies in a text file: delimiter, decimal mark, header, and its columns of vertical force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from legsci.ingest.faults import RecordingError
from legsci.ingest.readers.delimited import COUNT_NAMES, TIME_NAMES
from legsci.ingest.readers.layout import Table, lay_out
from legsci.ingest.readers.text import number_table, read_lines, split_cells

#: Code pages that are tried where a text is in none of those that need no name.
CODE_PAGES = ("cp932", "gb18030", "euc_kr")
DELIMITERS = (",", "\t", ";", " ")
#: What two plates without names leave to a person.
WHICH_FOOT = "which foot stands on which plate (left, right, both, box)"
NO_TABLE = (
    "no table of numbers with a vertical force (recordings of sensors and EMG are declared by hand: "
    "docs/study-folder.md)"
)
#: More columns without names are not all plates.
MOST_UNNAMED = 4
#: Words of columns that are no force, although a name may have an f.
_NO_FORCE = re.compile("torque|mom|_p[xyz]|acc|gyr|mag|quat|euler|roll|pitch|yaw", re.IGNORECASE)
#: A recording has more rows; a table of people or norms has words in it or fewer.
FEWEST_ROWS = 100
#: Header rows that are looked through.
LONGEST_HEADER = 60
#: Rows that have to have the width of the first.
ROWS_COMPARED = 20
#: Vertical force reaches the weight of a light person [N]; its columns are those that do where names tell nothing.
LIGHTEST_N = 150.0
#: Names of vertical force, and of forces whose axis the name ends with.
_VERTICAL = re.compile(
    r"(fz|grf|grfv|vgrf|grfz|vertical|left|right|l|r|force|normal force|(fp|plate|platform)[ _]?\d*)(\W*n)?\W*",
    re.IGNORECASE,
)
_BY_AXIS = re.compile(r"(?P<plate>.*?)(f|force|v)?[ _]*(?P<axis>[xyz])(?P<rest>[ _]*\d*)(\W*n\W*)?", re.IGNORECASE)
#: Cells of a row of units.
_UNITS = re.compile(r"\W*(s|sec|ms|k?n|k?n ?m|n ?mm|m|cm|mm|m?v|g|deg|%|)\W*", re.IGNORECASE)
_SIDES = {
    "left": re.compile(r"\b(left|l)\b|^l[ _]", re.IGNORECASE),
    "right": re.compile(r"\b(right|r)\b|^r[ _]", re.IGNORECASE),
}


def text_settings(path: Path) -> tuple[dict[str, Any], list[str]] | str:
    """Describe a text file to the reader of delimited text.

    Parameters
    ----------
    path : of the file.

    Returns
    -------
    Settings of a device (`text`, and `plates` with the column of vertical force of each), and what they assume; or why
    the file cannot be described so.
    """
    lines, encoding = _lines(path)
    found = [
        layout for layout in (_layout(lines, delimiter, mark) for delimiter in DELIMITERS for mark in ".,") if layout
    ]
    if not found:
        return NO_TABLE
    width, text = max(found, key=lambda layout: layout[0])
    try:
        table = lay_out(path, lines, text)
        numbers = number_table(table, columns=range(width), gaps=True)
    except RecordingError as error:
        return str(error.faults[0])
    if len(table.names) > 2 and len(set(table.names)) == 1:
        return f"{len(table.names)} columns {table.names[0]}: trials side by side (text.layout, docs/study-folder.md)"
    plates, assumed = _plates(table, numbers)
    if not plates:
        return NO_TABLE
    if encoding:
        text["encoding"] = encoding
        assumed.append(f"the text is taken as {encoding}")
    times = [name for name in table.names if TIME_NAMES.fullmatch(name)]
    if len(times) == 1:
        text["time_column"] = times[0]
    shown = {key: value for key, value in text.items() if (key, value) not in (("decimal", "."), ("header_rows", 0))}
    return {"plates": plates, **({"text": shown} if shown else {})}, assumed


def _lines(path: Path) -> tuple[list[str], str]:
    """Lines of a file, and the code page where it has to be named; no lines of a file that is no text."""
    for encoding in ("", *CODE_PAGES):
        try:
            return read_lines(path, encoding=encoding or None), encoding
        except RecordingError:
            continue
    return [], ""


def _layout(lines: Sequence[str], delimiter: str, decimal: str) -> tuple[int, dict[str, Any]] | None:
    """Width and settings of a table with this delimiter and decimal mark, or None where the lines are none."""
    if delimiter == decimal and not any('"' in line for line in lines[:LONGEST_HEADER]):
        return None
    rows = [split_cells(line, delimiter) for line in lines[: LONGEST_HEADER + ROWS_COMPARED]]
    numeric = [_is_numeric(cells, decimal) for cells in rows]
    if len(lines) < FEWEST_ROWS or not any(numeric):
        return None
    # the data begin after the last row that is no number, among those that a header may have
    words = [place for place, is_number in enumerate(numeric) if not is_number]
    first = words[-1] + 1 if words else 0
    body = rows[first : first + ROWS_COMPARED]
    if first > LONGEST_HEADER or not body or any(len(cells) != len(body[0]) for cells in body):
        return None
    settings: dict[str, Any] = {"delimiter": delimiter, "decimal": decimal, "header_rows": first}
    named = [place for place in range(first) if len(rows[place]) == len(body[0]) and all(rows[place])]
    units = [place for place in named if all(_UNITS.fullmatch(cell) for cell in rows[place])]
    names = [place for place in named if place not in units]
    if names and names[-1] != first - 1:
        settings["names_row"] = names[-1] + 1
    if names and units and units[-1] > names[-1]:
        settings["units_row"] = units[-1] + 1
    return len(body[0]), settings


def _is_numeric(cells: Sequence[str], decimal: str) -> bool:
    """Whether all cells that are filled are numbers, and some are filled."""
    filled = [cell for cell in cells if cell]
    number = re.compile(rf"[+-]?(\d+[{decimal}]?\d*|[{decimal}]\d+)([eE][+-]?\d+)?")
    return bool(filled) and all(number.fullmatch(cell) for cell in filled)


def _plates(table: Table, numbers: np.ndarray) -> tuple[dict[str, Any], list[str]]:
    """Columns of vertical force of each plate, and what they assume."""
    names = list(table.names) or [""] * numbers.shape[1]
    kept = [n for n, name in enumerate(names) if not (TIME_NAMES.fullmatch(name) or COUNT_NAMES.fullmatch(name))]
    largest = np.nanmax(np.abs(numbers), axis=0, initial=0.0)
    vertical = [n for n in kept if _VERTICAL.fullmatch(names[n])]
    assumed = []
    if not vertical:
        vertical = _by_axis(names, kept, numbers)
        assumed += ["the axis with the largest force is taken as vertical; other axes are not mapped"] * bool(vertical)
    if not vertical and not any(names):
        loaded = [n for n in kept if largest[n] >= LIGHTEST_N]
        vertical = loaded if len(loaded) <= MOST_UNNAMED else []
        assumed += ["columns without names are taken as vertical forces"] * bool(vertical)
    if not vertical:
        return {}, []
    columns = {n: names[n] if names[n] and names.count(names[n]) == 1 else n + 1 for n in vertical}
    named = {n: next((side for side, words in _SIDES.items() if words.search(names[n])), None) for n in vertical}
    if len(vertical) == 1:
        return {"1": {"foot": "both", "columns": {"up": columns[vertical[0]]}}}, assumed
    if len(vertical) > 2:
        assumed.append(
            "more than two columns of force: trials side by side, or several plates; see docs/study-folder.md"
        )
    feet = ["left", "right"] if len(vertical) == 2 else ["both"] * len(vertical)
    if not all(named.values()):
        assumed.append(WHICH_FOOT)
    return {
        str(place + 1): {"foot": named[n] or feet[place], "columns": {"up": columns[n]}}
        for place, n in enumerate(vertical)
    }, assumed


def _by_axis(names: Sequence[str], kept: Sequence[int], numbers: np.ndarray) -> list[int]:
    """Columns of the axis with the largest mean force, among names that end with an axis and speak of force."""
    groups: dict[str, list[int]] = {}
    for n in kept:
        match = _BY_AXIS.fullmatch(names[n])
        if match and re.search(r"f|force|grf", names[n], re.IGNORECASE) and not _NO_FORCE.search(names[n]):
            groups.setdefault(match["axis"].lower(), []).append(n)
    if not groups:
        return []
    means = {axis: float(np.abs(np.nanmean(numbers[:, columns].sum(axis=1)))) for axis, columns in groups.items()}
    return groups[max(means, key=lambda axis: means[axis])]
