"""Delimited force text of any maker: the study assigns its columns, which such files seldom describe."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import RecordingError, shown
from legsci.ingest.readers.channels import Block, channel_signals
from legsci.ingest.readers.layout import TABLE_SETTINGS, Table, check_inside, column_number, lay_out, select_part
from legsci.ingest.readers.pressure import known_points
from legsci.ingest.readers.signals import (
    FORCE_UNITS,
    LENGTH_UNITS,
    MOMENT_UNITS,
    TIME_UNITS,
    Floats,
    force_signal,
    in_seconds,
    moment_from_point,
    refuse,
    sampling_rate,
    unit_factor,
    with_remarks,
)
from legsci.ingest.readers.text import FileRows, name_rows, number_table, split_cells
from legsci.ingest.readers.timing import Timing, from_stamps
from legsci.ingest.recording import Recording

_KINDS = {"f": "force", "u": "force", "m": "moment", "t": "moment", "p": "length"}
_UNITS: dict[str, tuple[dict[str, float], str]] = {
    "force": (FORCE_UNITS, "force_unit"),
    "moment": (MOMENT_UNITS, "moment_unit"),
    "length": (LENGTH_UNITS, "length_unit"),
    "time": (TIME_UNITS, ""),
}
#: A number of a column has fewer digits.
LONGEST_NUMBER = 6
#: Columns that count the rows or tell their time, by their names.
TIME_NAMES = re.compile(r"[#\s]*(abs )?(time|zeit)\s*([\[(] *(s|sec|seconds|ms) *[\])])?", re.IGNORECASE)
COUNT_NAMES = re.compile(r"[#\s]*(samples?|frames?)[#\s]*([\[(].*[\])])?", re.IGNORECASE)
#: Largest difference between rate_hz and the rate of a column of times, as a part of it.
RATE_TOLERANCE = 0.01
_DEFAULT_UNITS = {"force": "N", "moment": "Nm", "length": "m", "time": "s"}
_FORCES, _MOMENTS, _POINTS, _TORQUES = ("fx", "fy", "fz"), ("mx", "my", "mz"), ("px", "py", "pz"), ("tx", "ty", "tz")

#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = (*TABLE_SETTINGS, "text.encoding", "text.decimal", "text.delimiter")
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read plate forces from delimited text as `device.text` and the `columns` of `device.plates` describe them.

    Signal: `force` (reaction on the body [N]) along the axes that are mapped, or along "up"; with all of fx fy fz and
    mx my mz (about the plate's centre), or px py (pz) and tz for a centre of pressure, also `moment` [N m].

    `device.text`: delimiter (default ","; " " is any white space), decimal (default "."), header_rows (lines before
    the data, default 0; the last of them holds the column names unless names_row is another), units_row, footer_rows
    (lines after the data), encoding (code page), time_column (name or number), and where a file holds several trials,
    layout. Layout "wide": trials side by side; columns are numbers within a trial's block of columns, which reaches
    to the highest number mapped, and `part` counts the trials from 1. Layout "long": trials below each other; `part` is
    the value of trial_column, or "rows a:b" (rows of data counted from 1, both included).

    A centre of pressure may be missing where the plate carries less than a tenth of its largest load: it is undefined
    in flight, and the moments there are those of a point between its neighbours.

    Raises
    ------
    RecordingError : columns that the file does not have or that are not the same for all plates, rows that are not
        numbers or have gaps, no rate, a rate that contradicts the time column, a part that the file does not have, a
        centre of pressure metres off its plate.
    """
    lines = FileRows(path, encoding=device.text.get("encoding"))
    return read_rows(path, lines, device=device, part=part)


def read_rows(path: Path, lines: Sequence[str], *, device: Device, part: str | None) -> Recording:
    """Read plate forces from the rows of a file, which may be text or a spreadsheet (see `read`)."""
    quantities = _quantities(path, device) if device.plates or not device.channels else []
    table, plates = lay_out(path, lines, device.text), len(device.plates)
    columns = {q: [column_number(table, setup.columns[q]) for setup in device.plates.values()] for q in quantities}
    time = column_number(table, device.text["time_column"]) if "time_column" in device.text else None
    assumptions: list[str] = []
    channels = [column_number(table, _column_key(table, name)) for name in device.channels]
    used = [column for group in columns.values() for column in group]
    used += channels + ([] if time is None else [time])
    twice = sorted({table.names[c] if c < len(table.names) else str(c + 1) for c in channels if used.count(c) > 1})
    if twice:
        raise refuse(path, ("channels", "columns that are mapped once", ", ".join(twice)))
    unmapped = _unmapped(table, used, device)
    table, shift = select_part(table, device, part, used, assumptions)
    used = [column + shift for column in used]
    check_inside(table, used)
    undefined = [q for q in quantities if q in _POINTS + _TORQUES]  # without load
    points = {p for n, q in enumerate(quantities) if q in undefined for p in range(n * plates, (n + 1) * plates)}
    of_channels = range(len(quantities) * plates, len(quantities) * plates + len(channels))
    numbers = _without_tail(table, used, points | set(of_channels), assumptions)
    timing = _timing(table, None if time is None else used[-1], numbers, device, assumptions)
    values = {q: numbers[:, n * plates : (n + 1) * plates].T for n, q in enumerate(quantities)}
    for n, quantity in enumerate(quantities):
        kind = _KINDS[quantity[0]]
        scale = _scale(table, used[n * plates : (n + 1) * plates], kind, device, assumptions)
        values[quantity] = values[quantity] * scale[:, None]
    remarks = _unit_remarks(table, quantities, used[: len(quantities) * plates])
    first = len(quantities) * plates
    units = [table.units[column] if column < len(table.units) else "" for column in channels]
    block = Block(
        numbers[:, first : first + len(channels)].T, list(device.channels), units, replace(timing, start_s=0.0)
    )
    signals, sentences = channel_signals([block], device) if channels else ({}, [])
    if quantities:
        signals["force"] = _signal(path, device, values, timing.rate_hz, assumptions)
    remarks += sentences
    said = tuple(dict.fromkeys([*assumptions, *remarks]))
    return Recording(with_remarks(signals, remarks), said, timing.start_s, unmapped)


def _timing(table: Table, time: int | None, numbers: Floats, device: Device, assumptions: list[str]) -> Timing:
    """Time axis of the rows.

    From the column `time` of the file, which is the last of `numbers` (row, column); else the rate of the study. Rows
    of plates must be evenly spaced; of channels alone, lost ones are missing.
    """
    if time is not None:
        _check_times(table, time, numbers[:, -1], device)
        unit = device.text.get("time_unit", "") if time >= len(table.units) or not table.units[time] else ""
        scale = TIME_UNITS[unit] if unit else _scale(table, [time], "time", None, assumptions)[0]
        times = in_seconds(numbers[:, -1] * scale, assumptions)
        if not device.plates:
            return from_stamps(table.path, times, declared_hz=device.rate_hz, resample_hz=device.resample_hz)
        return Timing(sampling_rate(table.path, times, device.rate_hz), float(times[0]))
    if device.rate_hz is None:
        expected = "a sampling rate or a time column, which the study has to give"
        raise refuse(table.path, ("rate_hz", expected, "neither"))
    if device.text.get("layout") != "wide":
        _check_rate(table, float(device.rate_hz))
    return Timing(float(device.rate_hz))


def _check_times(table: Table, column: int, times: Floats, device: Device) -> None:
    """Refuse a column of times that counts rows: whole numbers a step of 1 apart, without a unit or a rate."""
    name, unit = (names[column] if column < len(names) else "" for names in (table.names, table.units))
    if (
        unit.strip("[]() ")
        or "ms" in name
        or "time_unit" in device.text
        or device.rate_hz is not None
        or not (np.diff(times) == 1.0).all()
    ):
        return
    if table.decimal in split_cells(table.lines[0], table.delimiter)[column]:  # milliseconds, written with decimals
        return
    expected = "times in seconds or, with their unit, milliseconds; of a count of rows rate_hz instead"
    raise refuse(table.path, ("text.time_column", expected, f"{shown(name or column + 1)}, whole numbers 1 apart"))


def _check_rate(table: Table, rate: float) -> None:
    """Refuse a rate of the study that a column of times contradicts, which the study does not name as such."""
    times = [name for name in table.names if TIME_NAMES.fullmatch(name)]
    if len(times) != 1:
        return
    try:
        stamps = number_table(table, columns=[table.names.index(times[0])], gaps=True)[:, 0]
    except RecordingError:  # times of day, or other words
        return
    stamps = stamps[np.isfinite(stamps)]
    steps = np.diff(stamps)
    if not steps.size or ((steps == 1.0).all() and "ms" not in times[0]):  # a count of rows
        return
    elapsed = float(np.ptp(in_seconds(stamps, [])))
    found = steps.size / elapsed if elapsed else 0.0
    if abs(found - rate) > RATE_TOLERANCE * found:
        expected = f"the rate of the column {shown(times[0])}, {found:.6g} Hz (text.time_column reads it)"
        raise refuse(table.path, ("rate_hz", expected, f"{rate:g} Hz"))


def _column_key(table: Table, name: str) -> str | int:
    """Name of a column as the file has it, else its number."""
    return int(name) if name.isdecimal() and len(name) < LONGEST_NUMBER and name not in table.names else name


def _unmapped(table: Table, used: list[int], device: Device) -> dict[str, str]:
    """Units of the columns with a name that neither plates nor channels use, by name; not of trials side by side."""
    if device.text.get("layout") == "wide":
        return {}
    trial = device.text.get("trial_column")
    return {
        name: table.units[column] if column < len(table.units) else ""
        for column, name in enumerate(table.names)
        if name
        and column not in used
        and name != trial
        and not (TIME_NAMES.fullmatch(name) or COUNT_NAMES.fullmatch(name))
    }


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


def _scale(table: Table, columns: Sequence[int], kind: str, device: Device | None, assumptions: list[str]) -> Floats:
    """Return the factor to SI of each column: from its unit in the file, else from the study's, else 1."""
    units, key = _UNITS[kind]
    declared = getattr(device, key, None) if device is not None and key else None
    named = [table.units[column] if column < len(table.units) else "" for column in columns]
    named = [unit.strip("[]() ") for unit in named]
    if declared and any(unit and unit_factor(unit, units) != unit_factor(declared, units) for unit in named):
        stated = ", ".join(sorted(set(named) - {""}))
        assumptions.append(f"The file names the unit {stated}; {key} {declared} of the study is for files without one.")
    if kind == "force" and not declared and not all(named):
        assumptions.append("Forces are taken as N: the study gives no unit.")
    words = [unit or declared or _DEFAULT_UNITS[kind] for unit in named]
    factors = [unit_factor(word, units) for word in words]
    if None in factors:
        unknown = ", ".join(sorted({shown(w) for w, f in zip(words, factors, strict=True) if f is None}))
        where = f"units of columns {', '.join(str(c + 1) for c in columns)}"
        cure = f" ({key} and no text.units_row where the file names another)" if key else ""
        raise refuse(table.path, (where, f"one of {', '.join(units)}{cure}", unknown))
    return np.array(factors, dtype=np.float64)


def _unit_remarks(table: Table, quantities: list[str], columns: Sequence[int]) -> list[str]:
    """Sentences on quantities of one kind whose columns the file gives in several units."""
    held: dict[str, list[str]] = {}
    for n, column in enumerate(columns):
        kind = _KINDS[quantities[n * len(quantities) // len(columns)][0]]
        held.setdefault(kind, []).append(table.units[column] if column < len(table.units) else "")
    several = {kind: list(dict.fromkeys(units)) for kind, units in held.items() if len(set(units)) > 1}
    return [
        f"Columns of {kind} are in several units: {', '.join(map(shown, units))}." for kind, units in several.items()
    ]


def _without_tail(table: Table, wanted: list[int], points: set[int], assumptions: list[str]) -> Floats:
    """Return the numbers (row, column), without the empty rows after the end of a trial shorter than its neighbours.

    `points` are the positions in `wanted` that may have gaps: centres of pressure, free torques, and channels that
    belong to no plate.
    """
    try:
        numbers = number_table(table, columns=wanted, gaps=True)
    except RecordingError as error:
        # A fault in the first rows is due to the study's description of the table; further down it is a bad cell.
        at_once = re.compile(rf"\brow ({table.first_row}|{table.first_row + 1})\b")
        hint = f"{table.hint}, and text.decimal, now {json.dumps(table.decimal)}"
        faults = [replace(f, found=f.found + hint) if at_once.search(f.where) else f for f in error.faults]
        raise RecordingError(error.subject, faults) from None
    strict = [n for n in range(len(wanted)) if n not in points]
    whole = np.asarray(np.isfinite(numbers[:, strict]).all(axis=1))
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
    sign = -1.0 if device.force_sign == "action" else 1.0
    if device.force_sign is None:
        assumptions.append("Forces are taken as the reaction on the body: the study gives no sign.")
    axes = ["up"] if "up" in values else [q[-1] for q in _FORCES if q in values]
    if axes != ["up"] and device.up[-1] not in axes:
        expected = f"a column f{device.up[-1]} of vertical force, as up is {device.up}"
        raise refuse(path, ("plates", expected, ", ".join(q for q in _FORCES if q in values)))
    quantities = ["up"] if "up" in values else [q for q in _FORCES if q in values]
    force = sign * np.stack([values[q] for q in quantities], axis=-1)
    moment = None
    if len(axes) == 3 and all(q in values for q in _MOMENTS):
        moment = sign * np.stack([values[q] for q in _MOMENTS], axis=-1)
        assumptions.append("Moments are about the centre of each plate's surface, which is taken as the origin.")
    elif len(axes) == 3 and sum(q in values for q in _POINTS) >= 2:
        zero = np.zeros_like(force[..., 0])
        point = np.stack([values.get(q, zero) for q in _POINTS], axis=-1)
        torque = sign * np.stack([values.get(q, zero) for q in _TORQUES], axis=-1)
        moment = np.empty_like(force)
        for n, plate in enumerate(device.plates):
            moment[n] = moment_from_point(force[n], *known_points(path, plate, force[n], point[n], torque[n]))
        absent = [q for q in (*_POINTS, *_TORQUES) if q not in values]
        if absent:
            assumptions.append(f"Not in the file, and taken as zero: {', '.join(absent)}.")
    return force_signal(force, rate_hz=rate, plates=list(device.plates), axes=axes, moment=moment)
