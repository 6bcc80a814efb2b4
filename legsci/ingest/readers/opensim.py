"""OpenSim's text formats: .trc (markers), .mot and .sto (ground forces or coordinates), with tabs, commas or blanks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.signals import (
    ANGLE_UNITS,
    LENGTH_UNITS,
    LOADED_N,
    MOMENT_UNITS,
    Floats,
    angle_signal,
    declared_factor,
    force_signal,
    marker_signal,
    moment_from_point,
    plain_labels,
    refuse,
    sampling_rate,
    unit_factor,
)
from legsci.ingest.readers.text import TextTable, number_table, read_lines, split_cells
from legsci.ingest.recording import Recording

# ground_force1_vx, ground_force_1_px, R_ground_force_vy, ground_torque1_z, 1_ground_torque_x, ground_force_1_mz, ...
FORCE_COLUMN = re.compile(
    r"^(?:(?P<before>.+)_)?ground_(?P<what>force|torque|moment)_?(?P<after>.*?)_(?P<kind>[vpm]?)(?P<axis>[xyz])$"
)
TRANSLATION = re.compile(r"(_t[xyz]|trans[xyz])$", re.IGNORECASE)
_FORCES, _POINTS, _TORQUES = ("vx", "vy", "vz"), ("px", "py", "pz"), ("mx", "my", "mz")


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read one OpenSim file; the title "PathFileType" identifies a .trc, columns "ground_force..." forces.

    Signals: `markers` [m] of a .trc (an empty cell is a gap, NaN); `force` (reaction on the body [N]) of ground force
    columns, plates named by the part of the names that differs ("1", "R", ...), with `moment` about the origin
    of the axes, M = p x F + T [N m], where points and torques are given; `angles` [deg] of a file of coordinates
    (translations are left out and listed). OpenSim's axes: y up.

    Raises
    ------
    RecordingError : none of these, cut short, rows that are not numbers, unknown units, a rate that contradicts the
        time stamps.
    """
    if part is not None:
        raise refuse(path, ("part", "none: an OpenSim file holds one recording", part))
    lines = read_lines(path)
    if lines[0].startswith("PathFileType"):
        return _read_trc(path, lines, device)
    return _read_storage(path, lines, device)


def _delimiter(line: str) -> str:
    """Return the delimiter of a header line."""
    return "\t" if "\t" in line else "," if "," in line else " "


def _read_trc(path: Path, lines: list[str], device: Device) -> Recording:
    """Read markers."""
    if len(lines) < 6:
        raise refuse(path, ("", "five header rows and frames", f"{len(lines)} rows"))
    delimiter = _delimiter(lines[0])
    header = dict(zip(split_cells(lines[1], delimiter), split_cells(lines[2], delimiter), strict=False))
    labels = split_cells(lines[3], delimiter)
    while labels and not labels[-1]:
        labels.pop()
    labels = [label for label in labels[2:] if label]
    first = 5 if lines[5].strip(" ,\t") else 6
    rows = lines[first:]
    assumptions, faults = [], []
    recorded = header.get("NumMarkers", "")
    computed = labels[int(recorded) :] if recorded.isdigit() else []
    if computed and all(label.startswith("V_") for label in computed):  # Cortex counts measured markers only
        assumptions.append(
            f"{len(computed)} points V_... beyond NumMarkers, computed by the recorder, are treated as markers."
        )
        header["NumMarkers"] = str(len(labels))
    unit = device.length_unit or header.get("Units", "")
    scale = unit_factor(unit, LENGTH_UNITS)
    if scale is None:
        faults.append(("row 3, Units", f"one of {', '.join(LENGTH_UNITS)}", unit or "none"))
    for key, count, what in (("NumMarkers", len(labels), "labels"), ("NumFrames", len(rows), "frames")):
        promised = header.get(key, "").split(".")[0]
        if promised.isdigit() and int(promised) != count:
            faults.append((f"row 3, {key}", f"{promised} {what}, as the header says", f"{count}"))
    if not labels:
        faults.append(("row 4", "marker labels", "none"))
    if faults:
        raise refuse(path, *faults)
    width = 2 + 3 * len(labels)
    table = TextTable(path, rows, first_row=first + 1, delimiter=delimiter, width=width)
    numbers = number_table(table, columns=range(width), gaps=True)
    declared = device.rate_hz or _number(header.get("DataRate", ""))
    rate = sampling_rate(path, numbers[:, 1], declared)
    names, sentences = plain_labels(labels)
    position = numbers[:, 2:].reshape(len(numbers), -1, 3) * (scale or 1.0)
    signal = marker_signal(position, rate_hz=rate, labels=names)
    return Recording({"markers": signal}, (*assumptions, *sentences), float(numbers[0, 1]))


def _number(cell: str) -> float | None:
    """Return a header's value as a number, or None where it is not one."""
    try:
        return float(cell)
    except ValueError:
        return None


def _read_storage(path: Path, lines: list[str], device: Device) -> Recording:
    """Read a .mot or .sto file: forces or coordinates."""
    title = lines[0].strip(" ,\t")
    header, table = _storage_table(path, lines)
    rate = sampling_rate(path, table.to_numpy()[:, 0], device.rate_hz)
    start = float(table[0, 0])
    names = [str(name) for name in table["column"].to_numpy()]
    if any(FORCE_COLUMN.match(name) for name in names):
        signal, assumptions, notes = _forces(path, table, rate, device)
        return Recording({"force": signal}, assumptions, start, notes)
    if title.lower().removeprefix("name ").startswith("coordinates"):
        signal, notes = _coordinates(table, rate, header, device)
        return Recording({"angles": signal}, (), start, notes)
    found = f"the title {title!r}, columns {', '.join(names[1:4])}, ..."
    raise refuse(path, ("", "columns ground_force... or the title Coordinates", found))


def _storage_table(path: Path, lines: list[str]) -> tuple[dict[str, str], xr.DataArray]:
    """Return the header and the numbers (time, column) of a .mot or .sto file."""
    bare = [line.strip(" ,\t") for line in lines]
    end = next((row for row, line in enumerate(bare) if line.lower() == "endheader"), None)
    if end is None:
        raise refuse(path, ("", "a header that ends with 'endheader'", repr(lines[0][:60])))
    names_row = next((row for row in range(end + 1, len(lines)) if bare[row]), None)
    if names_row is None:
        raise refuse(path, (f"row {end + 2}", "column names", "the end of the file"))
    delimiter = _delimiter(lines[names_row])
    names = split_cells(lines[names_row].rstrip(" ,\t"), delimiter)
    rows = lines[names_row + 1 :]
    header = dict(re.split(r"\s*=\s*|\s+", line, maxsplit=1) for line in bare[:end] if re.search(r"[=\s]", line))
    faults = []
    counts = ((("nRows", "datarows"), len(rows), "rows"), (("nColumns", "datacolumns"), len(names), "columns"))
    for keys, count, what in counts:
        promised = next((header[key] for key in keys if key in header), "")
        if promised.isdigit() and int(promised) != count:
            faults.append((keys[0], f"{promised} {what}, as the header says", f"{count}"))
    if names[0].lower() != "time":
        faults.append((f"row {names_row + 1}", "'time' as the first column", repr(names[0])))
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        faults.append((f"row {names_row + 1}", "distinct column names", f"more than one {', '.join(repeated)}"))
    if faults:
        raise refuse(path, *faults)
    table = TextTable(path, rows, first_row=names_row + 2, delimiter=delimiter, width=len(names))
    numbers = number_table(table, columns=range(len(names)))
    return header, xr.DataArray(numbers, dims=("time", "column"), coords={"column": names})


def _force_columns(path: Path, table: xr.DataArray) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return plate -> quantity ("vx", "py", "mz", ...) -> column name, and the names of other columns."""
    plates: dict[str, dict[str, str]] = {}
    others = []
    for name in map(str, table["column"].to_numpy()[1:]):
        match = FORCE_COLUMN.match(name)
        if match is None:
            others.append(name)
            continue
        quantity = match["kind"] if match["what"] == "force" else "m"
        plates.setdefault(match["before"] or match["after"] or "ground_force", {})[quantity + match["axis"]] = name
    ragged = [plate for plate, columns in plates.items() if not set(_FORCES) <= set(columns)]
    if ragged:
        raise refuse(path, (", ".join(ragged), "a force along x, y and z", "fewer columns"))
    return plates, others


def _forces(
    path: Path, table: xr.DataArray, rate: float, device: Device
) -> tuple[xr.Dataset, tuple[str, ...], dict[str, str]]:
    """Return ground forces, and moments about the origin where the file has points of application."""
    plates, others = _force_columns(path, table)
    length = declared_factor(path, device.length_unit or "m", LENGTH_UNITS)
    torque_unit = declared_factor(path, device.moment_unit or "N m", MOMENT_UNITS)
    sign = -1.0 if device.force_sign == "action" else 1.0
    assumptions = [
        "Ground forces in an OpenSim file act on the body, in N, m and N m unless the study states otherwise."
    ]
    with_points = all(set(_POINTS) <= set(columns) for columns in plates.values())
    with_torques = all(set(_TORQUES) <= set(columns) for columns in plates.values())
    if with_points and not with_torques:
        assumptions.append("The file has no torques: the free moment is taken as zero.")
    values = {
        quantity: np.stack([table.sel(column=[columns[q] for q in quantity]).to_numpy() for columns in plates.values()])
        for quantity, given in ((_FORCES, True), (_POINTS, with_points), (_TORQUES, with_torques))
        if given
    }
    force = sign * values[_FORCES]
    moment, height = None, None
    if with_points:
        point = length * values[_POINTS]
        torque = sign * torque_unit * values[_TORQUES] if with_torques else np.zeros_like(point)
        moment = np.stack([moment_from_point(f, p, t) for f, p, t in zip(force, point, torque, strict=True)])
        height = [_height(f, p, device.up) for f, p in zip(force, point, strict=True)]
    signal = force_signal(force, rate_hz=rate, plates=list(plates), axes="xyz", moment=moment, surface_height=height)
    return signal, tuple(assumptions), {"columns left out": ", ".join(others)} if others else {}


def _height(force: Floats, point: Floats, up: str) -> float:
    """Return the height of a plate's surface [m]: that of the points of application while it is loaded, else 0."""
    vertical = "xyz".index(up[-1])
    loaded = np.abs(force[:, vertical]) > LOADED_N
    upward = -1.0 if up.startswith("-") else 1.0
    return upward * float(np.median(point[loaded, vertical])) if loaded.any() else 0.0


def _coordinates(
    table: xr.DataArray, rate: float, header: dict[str, str], device: Device
) -> tuple[xr.Dataset, dict[str, str]]:
    """Return the rotational coordinates [deg]."""
    names = [str(name) for name in table["column"].to_numpy()[1:]]
    rotations = [name for name in names if not TRANSLATION.search(name)]
    translations = [name for name in names if TRANSLATION.search(name)]
    unit = device.angle_unit or ("deg" if header.get("inDegrees", "no").strip().lower() == "yes" else "rad")
    angle = table.sel(column=rotations).values * ANGLE_UNITS[unit]
    notes = {"translations": "left out: " + ", ".join(translations)} if translations else {}
    return angle_signal(angle, rate_hz=rate, names=rotations), notes
