"""Delimited force text of any maker: the study assigns its columns, which such files seldom describe."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from legsci.ingest.devices import ROW_RANGE, Device
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers.signals import (
    FORCE_UNITS,
    LENGTH_UNITS,
    MOMENT_UNITS,
    Floats,
    declared_factor,
    force_signal,
    in_seconds,
    moment_from_point,
    refuse,
    sampling_rate,
)
from legsci.ingest.readers.text import TextTable, name_rows, number_table, read_lines, split_cells
from legsci.ingest.recording import Recording

_FORCES, _MOMENTS, _POINTS, _TORQUES = ("fx", "fy", "fz"), ("mx", "my", "mz"), ("px", "py", "pz"), ("tx", "ty", "tz")


@dataclass(frozen=True)
class _Table(TextTable):
    """The rows of one recording, and the settings of the study that described them so (for messages)."""

    hint: str = ""


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read plate forces from delimited text as `device.text` and the `columns` of `device.plates` describe them.

    Signal: `force` (reaction on the body [N]) along the axes that are mapped, or along "up"; with all of fx fy fz and
    mx my mz (about the plate's centre), or px py (pz) and tz for a centre of pressure, also `moment` [N m].

    `device.text`: delimiter (default ","; " " is any white space), decimal (default "."), header_rows (lines before
    the data, default 0; the last of them holds the column names), time_column (name or number), and where a
    file holds several trials, layout. Layout "wide": trials side by side; columns are numbers within a trial's block
    of columns, which reaches to the highest number mapped, and `part` counts the trials from 1. Layout "long": trials
    below each other; `part` is the value of trial_column, or "rows a:b" (rows of data counted from 1, both included).

    Raises
    ------
    RecordingError : columns that the file does not have or that are not the same for all plates, rows that are not
        numbers or have gaps, no rate, a rate that contradicts the time column, a part that the file does not have.
    """
    text = device.text
    lines = read_lines(path)
    header_rows = int(text.get("header_rows", 0))
    if len(lines) <= header_rows:
        raise refuse(path, ("", f"rows of data after {header_rows} header rows", f"{len(lines)} rows"))
    delimiter = str(text.get("delimiter", ","))
    # Some systems begin an export with an empty line.
    first = next(row for row in range(header_rows, len(lines)) if lines[row].strip())
    first_data = lines[first]
    names = split_cells(lines[header_rows - 1], delimiter) if header_rows else []
    decimal = str(text.get("decimal", "."))
    hint = f": see text.delimiter, now {json.dumps(delimiter)}, and text.header_rows, now {header_rows}"
    # Where the decimal mark is also the delimiter, cells are quoted and only a parser can count them.
    quoted = pd.read_csv(io.StringIO(first_data), sep=delimiter, header=None).shape[1] if delimiter == decimal else 0
    width = quoted or max(len(split_cells(first_data, delimiter)), 1)
    table = _Table(path, lines[first:], first + 1, delimiter, width, decimal, hint)
    quantities = _quantities(path, device)
    columns = {q: [_column(table, setup.columns[q], names) for setup in device.plates.values()] for q in quantities}
    time = _column(table, text["time_column"], names) if "time_column" in text else None
    assumptions: list[str] = []
    table, shift = _part(table, device, part, columns, time, names, assumptions)
    wanted = [c + shift for q in quantities for c in columns[q]] + ([] if time is None else [time + shift])
    _inside(table, wanted)
    numbers = _without_tail(table, wanted, assumptions)
    rate, start = None if device.rate_hz is None else float(device.rate_hz), 0.0
    if time is not None:
        stamps = in_seconds(numbers[:, -1], assumptions)
        rate, start = sampling_rate(path, stamps, device.rate_hz), float(stamps[0])
    if rate is None:
        raise refuse(path, ("rate_hz", "a sampling rate or a time column, which the study has to give", "neither"))
    plates = len(device.plates)
    values = {q: numbers[:, n * plates : (n + 1) * plates].T for n, q in enumerate(quantities)}
    return Recording({"force": _signal(path, device, values, rate, assumptions)}, tuple(assumptions), start)


def _quantities(path: Path, device: Device) -> list[str]:
    """Return the quantities that each plate has a column for."""
    known = [*_FORCES, *_MOMENTS, *_POINTS, *_TORQUES, "up"]
    mapped = [frozenset(setup.columns) for setup in device.plates.values()]
    faults = []
    if not mapped or not all(mapped):
        faults.append(
            ("plates", "columns for each plate: the columns of delimited text are not identified by the file", "none")
        )
    elif len(set(mapped)) > 1:
        faults.append(
            (
                "plates",
                "the same quantities for every plate of a file",
                " and ".join(", ".join(sorted(m)) for m in set(mapped)),
            )
        )
    else:
        quantities = mapped[0]
        unknown = sorted(quantities - set(known))
        if unknown:
            faults.append(("plates", f"quantities {', '.join(known)}", ", ".join(unknown)))
        if not quantities & {*_FORCES, "up"} or ("up" in quantities and len(quantities) > 1):
            faults.append(("plates", "columns fx, fy, fz, or 'up' alone", ", ".join(sorted(quantities))))
    if faults:
        raise refuse(path, *faults)
    return [q for q in known if q in mapped[0]]


def _column(table: _Table, wanted: str | int, names: list[str]) -> int:
    """Return the number (from 0) of a column given by its name or its number from 1."""
    if isinstance(wanted, int):
        return wanted - 1
    if names.count(wanted) != 1:
        printed = ", ".join(names).replace("\t", "\\t")
        held = (
            f"{names.count(wanted)} columns of that name; give its number"
            if wanted in names
            else f"columns {printed or 'without names'}{table.hint}"
        )
        raise refuse(table.path, (f"column {wanted!r}", "one column of that name", held))
    return names.index(wanted)


def _inside(table: _Table, columns: Sequence[int]) -> None:
    """Refuse columns beyond the last."""
    beyond = sorted({c + 1 for c in columns if not 0 <= c < table.width})
    if beyond:
        found = ", ".join(map(str, beyond)) + table.hint
        raise refuse(table.path, ("columns", f"numbers from 1 to {table.width}", found))


def _part(
    table: _Table,
    device: Device,
    part: str | None,
    columns: dict[str, list[int]],
    time: int | None,
    names: list[str],
    assumptions: list[str],
) -> tuple[_Table, int]:
    """Return the rows of one trial, and by how many columns its block is shifted."""
    layout = device.text.get("layout")
    if layout is None:
        if part is not None:
            raise refuse(table.path, ("part", "a layout (wide or long) in the study, or no part", part))
        return table, 0
    if layout == "wide":
        return table, _wide_shift(table, part, columns, time)
    if part is None:
        assumptions.append("The whole file is one recording.")
        return table, 0
    match = ROW_RANGE.match(part)
    if match:
        first, last = int(match["first"]), int(match["last"])
        if not 1 <= first <= last <= len(table.lines):
            raise refuse(table.path, ("part", f"rows within 1:{len(table.lines)}", part))
        chosen: Sequence[int] = range(first - 1, last)
    else:
        chosen = _rows_of_trial(table, part, device.text.get("trial_column"), names)
    rows = [table.lines[row] for row in chosen]
    return replace(table, lines=rows, first_row=table.first_row + chosen[0]), 0


def _wide_shift(table: _Table, part: str | None, columns: dict[str, list[int]], time: int | None) -> int:
    """Return the first column of a trial's block."""
    block = max([c for cs in columns.values() for c in cs] + ([] if time is None else [time])) + 1
    trials = table.width // block
    if part is None or not part.isdecimal() or not 1 <= int(part) <= trials:
        raise refuse(
            table.path, ("part", f"a trial from 1 to {trials} ({table.width} columns, {block} a trial)", repr(part))
        )
    return (int(part) - 1) * block


def _rows_of_trial(table: _Table, part: str, trial_column: str | int | None, names: list[str]) -> Sequence[int]:
    """Return the rows of the trial of that name; they must be contiguous."""
    if trial_column is None:
        raise refuse(table.path, ("part", "'rows a:b', or a trial_column in the study", repr(part)))
    column = _column(table, trial_column, names)
    cells = [split_cells(line, table.delimiter) for line in table.lines]
    values = [row[column] if column < len(row) else "" for row in cells]
    chosen = [row for row, value in enumerate(values) if value == part]
    if not chosen:
        held = ", ".join(list(dict.fromkeys(values))[:20])
        raise refuse(table.path, ("part", f"one of the trials {held}", repr(part)))
    apart = [row + table.first_row for before, row in pairwise(chosen) if row != before + 1]
    if apart:
        raise refuse(
            table.path, (name_rows(apart), f"the rows of trial {part} below each other", "another trial between")
        )
    return chosen


def _without_tail(table: _Table, wanted: list[int], assumptions: list[str]) -> Floats:
    """Return the numbers (row, column), without the empty rows after the end of a trial shorter than its neighbours."""
    try:
        numbers = number_table(table, columns=wanted, gaps=True)
    except RecordingError as error:
        # A fault in the first rows is due to the study's description of the table; further down it is a bad cell.
        at_once = re.compile(rf"\brow ({table.first_row}|{table.first_row + 1})\b")
        hint = f"{table.hint}, and text.decimal, now {json.dumps(table.decimal)}"
        faults = [replace(f, found=f.found + hint) if at_once.search(f.where) else f for f in error.faults]
        raise RecordingError(error.subject, faults) from None
    whole = np.asarray(np.isfinite(numbers).all(axis=1))
    filled = np.flatnonzero(whole)
    if not filled.size:
        raise refuse(table.path, ("", "rows with a number in each mapped column", "none"))
    stop = int(filled[-1]) + 1
    gaps = np.flatnonzero(~whole[:stop]) + table.first_row
    if gaps.size:
        raise refuse(table.path, (name_rows(gaps.tolist()), "a finite number in each mapped column", "none there"))
    if stop < len(numbers):
        assumptions.append(
            f"The trial ends where the first of its columns ends; {len(numbers) - stop} rows after it were left out."
        )
    return numbers[:stop]


def _signal(path: Path, device: Device, values: dict[str, Floats], rate: float, assumptions: list[str]) -> xr.Dataset:
    """Turn columns, each (plate, time), into forces and moments in SI units."""
    scale = {
        "force": declared_factor(path, device.force_unit or "N", FORCE_UNITS),
        "moment": declared_factor(path, device.moment_unit or "N m", MOMENT_UNITS),
        "length": declared_factor(path, device.length_unit or "m", LENGTH_UNITS),
    }
    sign = -1.0 if device.force_sign == "action" else 1.0
    if device.force_sign is None:
        assumptions.append("Forces are taken as the reaction on the body: the study gives no sign.")
    if device.force_unit is None:
        assumptions.append("Forces are taken as N: the study gives no unit.")
    axes = ["up"] if "up" in values else [q[-1] for q in _FORCES if q in values]
    quantities = ["up"] if "up" in values else [q for q in _FORCES if q in values]
    force = sign * scale["force"] * np.stack([values[q] for q in quantities], axis=-1)
    moment = None
    if len(axes) == 3 and all(q in values for q in _MOMENTS):
        moment = sign * scale["moment"] * np.stack([values[q] for q in _MOMENTS], axis=-1)
        assumptions.append("Moments are about the centre of each plate's surface, which is taken as the origin.")
    elif len(axes) == 3 and sum(q in values for q in _POINTS) >= 2:
        zero = np.zeros_like(force[..., 0])
        point = scale["length"] * np.stack([values.get(q, zero) for q in _POINTS], axis=-1)
        torque = sign * scale["moment"] * np.stack([values.get(q, zero) for q in _TORQUES], axis=-1)
        moment = np.stack([moment_from_point(f, p, t) for f, p, t in zip(force, point, torque, strict=True)])
        absent = [q for q in (*_POINTS, *_TORQUES) if q not in values]
        if absent:
            assumptions.append(f"Not in the file, and taken as zero: {', '.join(absent)}.")
    return force_signal(force, rate_hz=rate, plates=list(device.plates), axes=axes, moment=moment)
