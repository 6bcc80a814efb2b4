"""Qualisys Track Manager TSV: the trajectories of a measurement, or the force of one plate (_f_1.tsv, _f_2.tsv, ...).

The files: QTM manual, "Motion data (.tsv)" and "Force data (.tsv)", docs.qualisys.com. Positions are in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import shown
from legsci.ingest.readers.pressure import check_on_plate
from legsci.ingest.readers.signals import (
    LENGTH_UNITS,
    LOADED_N,
    Floats,
    force_signal,
    marker_signal,
    plain_labels,
    refuse,
    sampling_rate,
    with_remarks,
)
from legsci.ingest.readers.text import TextTable, check_filled, number_table, read_lines, split_cells, whole_number
from legsci.ingest.recording import Recording

MM = LENGTH_UNITS["mm"]
_FORCE_COLUMNS = [f"{what}_{axis}" for what in ("Force", "Moment", "COP") for axis in "XYZ"]
_TIME_COLUMNS = ("Frame", "Time", "SAMPLE", "TIME")
#: Corners in the header, in the order of the quadrants of the plate's own axes.
_CORNERS = ("POSX_POSY", "NEGX_POSY", "NEGX_NEGY", "POSX_NEGY")
LARGEST_SKEW_M = 0.005  # between opposite sides of a plate
LARGEST_COP_MISMATCH_M = 0.002  # between the file's CoP and what its forces and moments give


@dataclass(frozen=True)
class _Export:
    """A TSV file: its header, the names of its columns and its rows of numbers."""

    path: Path
    header: dict[str, list[str]]
    names: list[str]
    numbers: Floats

    def value(self, key: str) -> str:
        """Return the first value of a key of the header, empty where there is none."""
        return (self.header.get(key) or [""])[0]

    def columns(self, wanted: list[str]) -> Floats:
        """Return columns by name (row, column)."""
        return self.numbers[:, [self.names.index(name) for name in wanted]]


#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = ("labels", "markers", "text.encoding", "text.decimal")
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read markers, or the force of one plate.

    Signals: `markers` [m], an empty cell or a marker at the origin is a gap (NaN); or `force` (reaction on the body
    [N], moment about the laboratory's origin [N m]) of one plate, named as FORCE_PLATE_NAME names it. Several files
    that hold a plate each are several recordings of a trial.

    A force file is in the coordinates of the plate or of the laboratory, as its DESCRIPTION says. Whether its moments
    are about the plate's centre or the laboratory's origin, and in N m or N mm, follows from the centre of pressure in
    the file. Loaded plates that read downward hold the force on the plate, which is negated; `device.force_sign` has
    precedence.

    Raises
    ------
    RecordingError : neither kind of file, exported without its header, cut short, a centre of pressure that contradicts
        forces and moments, a rate that contradicts the time stamps.
    """
    if part is not None:
        raise refuse(path, ("part", "none: a Qualisys file holds one recording", shown(part)))
    export = _open(path, device)
    assumptions: list[str] = []
    rate, start = _clock(export, device)
    if "MARKER_NAMES" in export.header:
        return Recording({"markers": _markers(export, rate, assumptions)}, tuple(assumptions), start)
    return Recording({"force": _force(export, device, rate, assumptions)}, tuple(assumptions), start)


def _open(path: Path, device: Device) -> _Export:
    """Split a file into header, names and numbers, and check that it is whole."""
    lines = read_lines(path, encoding=device.text.get("encoding"))
    decimal = str(device.text.get("decimal", "."))
    header: dict[str, list[str]] = {}
    row = 0
    while row < len(lines) and (not lines[row].strip() or _is_key(split_cells(lines[row], "\t")[0])):
        cells = split_cells(lines[row], "\t")
        if cells[0] and cells[0] != "EVENT":
            header.setdefault(cells[0], cells[1:])
        row += 1
    markers = [name for name in header.get("MARKER_NAMES", []) if name]
    forces = "FORCE_PLATE_NAME" in header or header.get("DATA_INCLUDED", [""])[0].lower() == "force"
    if not markers and not forces:
        expected = "a header of QTM (Include TSV header), with MARKER_NAMES or FORCE_PLATE_NAME"
        raise refuse(path, ("row 1", expected, shown(lines[0])))
    columns = [f"{name} {axis}" for name in markers for axis in "XYZ"] if markers else _FORCE_COLUMNS
    named = split_cells(lines[row], "\t") if row < len(lines) else []
    if named and not _is_number(named[0], decimal):
        row += 1
    width = len(split_cells(lines[row].rstrip("\t"), "\t")) if row < len(lines) else 0
    if markers:  # the last markers of a row may be empty
        width = max(width, len(columns) + (2 if named[:1] == ["Frame"] else 0))
    before = width - len(columns)
    if before not in (0, 2):
        expected = f"{len(columns)} columns, and two of frame or sample and time where they were exported"
        raise refuse(path, (f"row {row + 1}", expected, f"{width} columns"))
    rows = [line + "\t" * max(width - 1 - line.count("\t"), 0) if markers else line for line in lines[row:]]
    table = TextTable(path, rows, row + 1, "\t", width, decimal)
    numbers = number_table(table, columns=range(width), gaps=True)
    if not markers:  # the centre of pressure is undefined while the plate is empty
        check_filled(path, numbers[:, : before + 6], row + 1)
    promised = whole_number((header.get("NO_OF_FRAMES") or header.get("NO_OF_SAMPLES") or [""])[0])
    if promised is not None and promised != len(numbers):
        raise refuse(path, ("", f"{promised} rows, as the header says", f"{len(numbers)}"))
    stated = whole_number((header.get("NO_OF_MARKERS") or [""])[0])
    if markers and stated is not None and stated != len(markers):
        raise refuse(path, ("NO_OF_MARKERS", f"{stated} names in MARKER_NAMES", f"{len(markers)}"))
    return _Export(path, header, [*_TIME_COLUMNS[:before], *columns], numbers)


def _is_key(cell: str) -> bool:
    """Whether a cell is a key of the header: capitals, digits and _, as NO_OF_FRAMES, but no name of a column."""
    return cell.replace("_", "").isalnum() and cell.isupper() and cell not in _TIME_COLUMNS


def _is_number(cell: str, decimal: str) -> bool:
    """Whether a cell is a number."""
    if not cell.isascii():
        return False
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _clock(export: _Export, device: Device) -> tuple[float, float]:
    """Return the rate [Hz] and the time of the first row [s]."""
    stated = export.value("FREQUENCY").replace(str(device.text.get("decimal", ".")), ".")
    rate = float(stated) if _is_number(stated, ".") else device.rate_hz
    if rate is None or not 0.0 < rate < np.inf:
        raise refuse(export.path, ("FREQUENCY", "a rate above 0 Hz (or rate_hz of the device)", shown(stated)))
    if export.names[1:2] != ["Time"]:
        return rate, 0.0
    times = export.columns(["Time"])[:, 0]
    return sampling_rate(export.path, times, rate), float(times[0])


def _markers(export: _Export, rate: float, assumptions: list[str]) -> xr.Dataset:
    """Return the positions of the markers [m]."""
    labels, sentences, repeated = plain_labels([name for name in export.header["MARKER_NAMES"] if name])
    assumptions += sentences
    first = len(export.names) - 3 * len(labels)
    position = MM * export.numbers[:, first:].reshape(len(export.numbers), -1, 3)
    signal = marker_signal(position, rate_hz=rate, labels=labels)
    return with_remarks({"markers": signal}, repeated)["markers"]


def _force(export: _Export, device: Device, rate: float, assumptions: list[str]) -> xr.Dataset:
    """Return the reaction of the plate and its moment about the laboratory's origin."""
    name = export.value("FORCE_PLATE_NAME") or "plate"
    if not export.value("FORCE_PLATE_NAME"):
        assumptions.append("The file does not name its plate (FORCE_PLATE_NAME); it is called plate.")
    corners = _corners(export, device)
    values = export.columns(_FORCE_COLUMNS)
    force, moment, point = values[:, :3], values[:, 3:6], MM * values[:, 6:]
    centre = corners.mean(axis=0)
    if "local" in export.value("DESCRIPTION").lower():
        axes = _plate_axes(export, corners)
        force, moment, point = force @ axes.T, moment @ axes.T, centre + point @ axes.T
    elif not any(word in export.value("DESCRIPTION").lower() for word in ("global", "world", "lab")):
        assumptions.append("The file does not say its coordinates; they are taken as those of the laboratory.")
    moment = _about_origin(export, (force, moment, point), centre, assumptions)
    up = "xyz".index(device.up[-1])
    upward = -1.0 if device.up.startswith("-") else 1.0
    loads = upward * force[:, up]
    sign = 1.0
    if device.force_sign == "action" or (
        device.force_sign is None and np.count_nonzero(loads < -LOADED_N) > np.count_nonzero(loads > LOADED_N)
    ):
        sign = -1.0
        assumptions.append("The file has the force on the plate; it was negated.")
    check_on_plate(export.path, name, sign * force, sign * moment, corners)
    return force_signal(
        sign * force[None],
        rate_hz=rate,
        plates=[name],
        axes="xyz",
        moment=sign * moment[None],
        surface_height=[upward * float(centre[up])],
        corner=corners[None],
    )


def _corners(export: _Export, device: Device) -> Floats:
    """Return the corners of the plate (4, 3) [m] in the laboratory."""
    decimal = str(device.text.get("decimal", "."))
    cells = [[export.value(f"FORCE_PLATE_CORNER_{corner}_{axis}") for axis in "XYZ"] for corner in _CORNERS]
    if not all(_is_number(cell, decimal) for row in cells for cell in row):
        raise refuse(export.path, ("FORCE_PLATE_CORNER_...", "three coordinates of four corners [mm]", "fewer"))
    corners = MM * np.array([[float(cell.replace(decimal, ".")) for cell in row] for row in cells])
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    skew = np.linalg.norm(corners[0] - corners[1] + corners[2] - corners[3])
    if not np.isfinite(corners).all() or sides.min() < MM or skew > LARGEST_SKEW_M:
        raise refuse(export.path, ("FORCE_PLATE_CORNER_...", "corners of a rectangular plate", "corners that are none"))
    return corners


def _plate_axes(export: _Export, corners: Floats) -> Floats:
    """Return the axes of the plate as columns in those of the laboratory."""
    x = corners[0] - corners[1]
    y = corners[0] - corners[3]
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    if abs(float(x @ y)) > 0.1:
        raise refuse(export.path, ("FORCE_PLATE_CORNER_...", "a rectangle", "corners of another shape"))
    return np.column_stack([x, y, np.cross(x, y)])


def _about_origin(
    export: _Export, loads: tuple[Floats, Floats, Floats], centre: Floats, assumptions: list[str]
) -> Floats:
    """Return the moment about the laboratory's origin [N m]; the centre of pressure tells what moments are given."""
    force, moment, point = loads
    size = np.linalg.norm(force, axis=1)
    loaded = size > LOADED_N
    if not np.isfinite(point[loaded]).all():
        raise refuse(export.path, ("COP", f"a centre of pressure where the plate carries {LOADED_N:g} N", "none there"))
    transfer = np.cross(centre, force)
    if not loaded.any():
        return moment + transfer
    vertical = int(np.argmax(np.abs(force[loaded]).sum(axis=0)))
    normal = np.eye(3)[vertical]
    found: dict[str, tuple[float, Floats]] = {}
    for unit, factor in (("N m", 1.0), ("N mm", 0.001)):
        for about, offset in (("the plate's centre", transfer), ("the laboratory's origin", np.zeros_like(force))):
            candidate = factor * moment + offset
            # What the force at the centre of pressure leaves of a moment is free torque about the vertical.
            rest = (candidate - np.cross(point, force))[loaded]
            rest -= np.outer(rest @ normal, normal)
            distance = np.median(np.linalg.norm(rest, axis=1) / np.maximum(np.abs(force[loaded, vertical]), LOADED_N))
            found[f"in {unit} about {about}"] = (float(distance), candidate)
    how = min(found, key=lambda name: found[name][0])
    distance, chosen = found[how]
    if distance > LARGEST_COP_MISMATCH_M:
        expected = "a centre of pressure that agrees with force and moment within 2 mm"
        raise refuse(export.path, ("COP", expected, f"{1000.0 * distance:.1f} mm at best"))
    assumptions.append(f"Moments are {how}, as the centre of pressure in the file shows.")
    return chosen
