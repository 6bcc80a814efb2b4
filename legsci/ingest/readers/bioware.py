"""Kistler BioWare text export: a header, one row of names, one of units, then the samples of one or more plates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.faults import shown
from legsci.ingest.readers.signals import (
    FORCE_UNITS,
    MOMENT_UNITS,
    Floats,
    force_signal,
    refuse,
    sampling_rate,
    unit_factor,
)
from legsci.ingest.readers.text import ROWS_NAMED, TextTable, number_table, read_lines, split_cells, whole_number
from legsci.ingest.recording import Recording

_FORCES, _MOMENTS = ("Fx", "Fy", "Fz"), ("Mx", "My", "Mz")

#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = ("force_unit", "moment_unit", "text.encoding", "text.decimal")
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read the plate forces of a BioWare text export.

    Signals: `force` with the axes that were exported (all of Fx, Fy, Fz or some), and `moment` where Mx, My, Mz were
    exported with all three forces. Plates are named "1", "2", ... in the order of the columns; their columns have the
    same names, so a plate begins where a force name is repeated.

    Axes and signs: BioWare writes the vertical force of a loaded plate as positive. In Kistler's own axes z points down
    into the plate and the numbers are the force on the plate: `device.up` is "-z". Quiet standing confirms these axes:
    in sway the centre of pressure moves further than the centre of mass, and the horizontal reaction is directed
    opposite to its displacement, which in real recordings holds for the negated numbers only. An export turned so that
    z points up has the reaction: `device.up` is "z". In both cases the reaction is upward; `device.force_sign` has
    precedence.

    The moments are about the centre of the plate's surface (BioWare's Ax = -My / Fz, Ay = Mx / Fz); the
    position of the plates is not in the file, so the centre of each plate is taken as the origin.

    Raises
    ------
    RecordingError : not a BioWare export, cut short, no force columns, unknown units, rows that are not numbers, a rate
        that contradicts the time stamps.
    """
    if part is not None:
        raise refuse(path, ("part", "none: a BioWare export holds one recording", part))
    lines = read_lines(path, encoding=device.text.get("encoding"))
    decimal = str(device.text.get("decimal", "."))
    names_row, names, units, plates = _columns_of_plates(path, lines)
    header = {line.split("\t")[0].strip(): line.split("\t")[1:] for line in lines[:names_row]}
    rows = lines[names_row + 2 :]
    _check_count(path, header, len(rows))
    forces = [name for name in _FORCES if all(name in plate for plate in plates)]
    if device.up[-1] not in [name[-1] for name in forces]:
        expected = f"a column F{device.up[-1]} of vertical force for each plate, as up is {device.up}"
        raise refuse(path, (f"row {names_row + 1}", expected, ", ".join(forces) or "none"))
    moments = [name for name in _MOMENTS if all(name in plate for plate in plates)]
    whole = len(forces) == 3 and len(moments) == 3
    wanted = [*forces, *(moments if whole else [])]
    scale = _scales(path, names_row + 2, plates, wanted, units)
    columns = [0, *(plate[name] for plate in plates for name in wanted)]
    table = TextTable(path, rows, names_row + 3, "\t", len(names), decimal)
    numbers = number_table(table, columns=columns)
    rate = sampling_rate(path, numbers[:, 0], device.rate_hz or _header_rate(header, decimal))
    sign, assumption = _sign(device)
    values = sign * scale[:, None, :] * numbers[:, 1:].reshape(len(numbers), len(plates), -1).transpose(1, 0, 2)
    signal = force_signal(
        np.ascontiguousarray(values[:, :, : len(forces)]),
        rate_hz=rate,
        plates=[str(number + 1) for number in range(len(plates))],
        axes=[name[-1] for name in forces],
        moment=np.ascontiguousarray(values[:, :, 3:]) if whole else None,
    )
    assumptions = [assumption]
    used = {column for plate in plates for column in plate.values()}
    others = [name for column, name in enumerate(names) if column not in used and column and name]
    if others:
        assumptions.append(f"Columns that are no force or moment of a plate were left out: {', '.join(others)}.")
    if whole:
        assumptions.append(
            "The centre of each plate's surface is taken as the origin: the file has no positions of plates."
        )
    return Recording({"force": signal}, tuple(assumptions), float(numbers[0, 0]))


def _columns_of_plates(path: Path, lines: list[str]) -> tuple[int, list[str], list[str], list[dict[str, int]]]:
    """Return the row of names (from 0), names and units of the columns, and the columns of each plate by quantity."""
    title = next(row for row, line in enumerate(lines) if line.strip())
    if "BioWare" not in lines[title]:
        raise refuse(path, (f"row {title + 1}", "the title of a BioWare export", shown(lines[title])))
    names_row = next((row for row, line in enumerate(lines) if line.lower().startswith("abs time")), None)
    if names_row is None or names_row + 2 >= len(lines):
        raise refuse(
            path, ("", "a row of names that begins with 'abs time', a row of units and samples", "a header alone")
        )
    names, units = split_cells(lines[names_row], "\t"), split_cells(lines[names_row + 1], "\t")
    units += [""] * (len(names) - len(units))
    plates = _plates(names)
    if not plates:
        raise refuse(path, (f"row {names_row + 1}", "columns Fx, Fy or Fz", ", ".join(names)))
    ragged = {frozenset(plate) for plate in plates}
    if len(ragged) > 1:
        found = "; ".join(", ".join(sorted(plate)) for plate in plates)
        raise refuse(path, (f"row {names_row + 1}", "the same forces and moments of every plate", found))
    return names_row, names, units, plates


def _plates(names: list[str]) -> list[dict[str, int]]:
    """Return, for each plate, the column of each of its force and moment names."""
    plates: list[dict[str, int]] = []
    for column, name in enumerate(names):
        if name in _FORCES + _MOMENTS:
            if not plates or name in plates[-1]:
                plates.append({})
            plates[-1][name] = column
    return plates


def _scales(path: Path, row: int, plates: list[dict[str, int]], wanted: list[str], units: list[str]) -> Floats:
    """Return the factor to SI of each wanted quantity of each plate (plate, quantity)."""
    factors = [
        [unit_factor(units[plate[name]], FORCE_UNITS if name in _FORCES else MOMENT_UNITS) for name in wanted]
        for plate in plates
    ]
    unknown = {
        units[plate[name]]
        for plate, of_plate in zip(plates, factors, strict=True)
        for name, f in zip(wanted, of_plate, strict=True)
        if f is None
    }
    if unknown:
        known = ", ".join([*FORCE_UNITS, *MOMENT_UNITS])
        raise refuse(path, (f"row {row}", f"units {known}", ", ".join(sorted(map(repr, unknown)))))
    for kind in (_FORCES, _MOMENTS):
        columns = [n for n, name in enumerate(wanted) if name in kind]
        if len({of_plate[n] for of_plate in factors for n in columns}) > 1:
            found = ", ".join(dict.fromkeys(units[plate[wanted[n]]] for plate in plates for n in columns))
            raise refuse(path, (f"row {row}", f"one unit for {', '.join(kind)}", found))
    return np.array(factors, dtype=np.float64)


def _check_count(path: Path, header: dict[str, list[str]], rows: int) -> None:
    """Refuse a file whose number of samples differs from its header."""
    counts = {cell.strip() for cell in header.get("Samples (#):", []) if cell.strip()}
    if counts and {whole_number(count) for count in counts} != {rows}:
        said = ", ".join(sorted(counts)[:ROWS_NAMED])
        raise refuse(path, ("Samples (#)", f"{said} rows of samples, as the header says", f"{rows}"))


def _header_rate(header: dict[str, list[str]], decimal: str) -> float | None:
    """Return the sampling rate in the header [Hz], None where it is no positive number."""
    cells = [cell for cell in header.get("Rate (Hz):", []) if cell.strip()]
    try:
        rate = float(cells[0].replace(decimal, ".")) if cells and cells[0].isascii() else 0.0
    except ValueError:
        return None
    return rate if 0.0 < rate < np.inf else None


def _sign(device: Device) -> tuple[float, str]:
    """Return the factor that makes the numbers the reaction on the body, and why."""
    if device.force_sign:
        return (
            -1.0 if device.force_sign == "action" else 1.0
        ), f"Forces are the {device.force_sign}, as set in the study."
    if device.up == "-z":
        return -1.0, "Kistler's axes: z points down and the numbers are the force on the plate; they were negated."
    return (
        1.0,
        "The export's z points up and its numbers are the reaction on the body, since a loaded plate reads positive.",
    )
