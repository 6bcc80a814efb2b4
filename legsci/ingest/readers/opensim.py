"""OpenSim's text formats: .trc (markers), .mot and .sto (ground forces or coordinates), with tabs, commas or blanks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import shown
from legsci.ingest.readers.pressure import known_points
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
    with_remarks,
)
from legsci.ingest.readers.text import (
    TextTable,
    check_filled,
    ends_with_line,
    number_table,
    read_lines,
    split_cells,
    whole_number,
)
from legsci.ingest.recording import Recording

# ground_force1_vx, ground_force_1_px, R_ground_force_vy, ground_torque1_z, 1_ground_torque_x, ground_force_1_mz, ...
FORCE_COLUMN = re.compile(
    r"^(?:(?P<before>.+)_)?ground_(?P<what>force|torque|moment)_?(?P<after>.*?)_(?P<kind>[vpm]?)(?P<axis>[xyz])$"
)
#: Points of application and torques, which are undefined while nothing stands on the plate.
UNDEFINED_IN_FLIGHT = re.compile(r"^(.+_)?ground_(force_?.*_p[xyz]|(torque|moment)_?.*_[xyz]|force_?.*_m[xyz])$")
#: Columns that are forces by their names, although OpenSim does not name them so ("1_Force_X", "grf_vy").
FORCE_LIKE = re.compile(r"force|torque|grf|fp[0-9]", re.IGNORECASE)
NAMES_SHOWN = 20
LONGEST_NAME = 200
#: No joint angle is larger; radians taken for degrees are, or degrees for radians.
LARGEST_ANGLE_DEG = 1080.0
TRANSLATION = re.compile(r"(_t[xyz]|trans[xyz])$", re.IGNORECASE)
_FORCES, _POINTS, _TORQUES = ("vx", "vy", "vz"), ("px", "py", "pz"), ("mx", "my", "mz")

#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = ("length_unit", "angle_unit", "moment_unit", "labels", "markers", "text.encoding", "text.decimal")
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


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
    lines = read_lines(path, encoding=device.text.get("encoding"))
    first = next(row for row, line in enumerate(lines) if line.strip())  # the title
    if lines[first].startswith("PathFileType"):
        return _read_trc(path, lines, first, device)
    return _read_storage(path, lines, first, device)


def _delimiter(line: str, decimal: str) -> str:
    """Return the delimiter of a header line."""
    return "\t" if "\t" in line else "," if "," in line and decimal != "," else " "


def _read_trc(path: Path, lines: list[str], title: int, device: Device) -> Recording:
    """Read markers; `title` is the row of the title, counted from 0."""
    if len(lines) < title + 6:
        raise refuse(path, ("", "five header rows and frames", f"{len(lines)} rows"))
    decimal = str(device.text.get("decimal", "."))
    delimiter = _delimiter(lines[title], decimal)
    names, values, labels = (split_cells(lines[title + row], delimiter) for row in (1, 2, 3))
    header = dict(zip(names, values, strict=False))
    labels = [label for label in labels[2:] if label]
    first = next((row for row in range(title + 5, len(lines)) if lines[row].strip(" ,\t")), len(lines))
    rows = lines[first:]
    assumptions, remarks, faults = [], list[str](), []
    recorded = whole_number(header.get("NumMarkers", ""))
    computed = [] if recorded is None else labels[recorded:]
    if computed and all(label.startswith("V_") for label in computed):  # Cortex counts measured markers only
        assumptions.append(
            f"{len(computed)} points V_... beyond NumMarkers, computed by the recorder, are treated as markers."
        )
        recorded = len(labels)
    scale = _length_factor(header.get("Units", ""), device, remarks)
    if scale is None:
        expected = f"one of {', '.join(LENGTH_UNITS)} (or length_unit of the device where the file names none)"
        faults.append((f"row {title + 3}, Units", expected, header.get("Units") or "none"))
    if recorded is not None and recorded != len(labels):
        expected = f"{recorded} labels, as the header says"
        faults.append((f"row {title + 3}, NumMarkers", expected, f"{len(labels)}"))
    if not labels:
        faults.append((f"row {title + 4}", "marker labels", "none"))
    if faults:
        raise refuse(path, *faults)
    promised, width = whole_number(header.get("NumFrames", "")), 2 + 3 * len(labels)
    if promised is not None and promised != len(rows):
        if promised > len(rows) and (not rows or not ends_with_line(path)):
            found = f"{len(rows)}, the last without an end: the file is cut short"
            raise refuse(path, (f"row {title + 3}, NumFrames", f"{promised} frames, as the header says", found))
        remarks.append(f"NumFrames is {promised}, but the file has {len(rows)} frames; these were read.")
    rows = _filled_rows(rows, delimiter, width, remarks)
    table = TextTable(path, rows, first_row=first + 1, delimiter=delimiter, width=width, decimal=decimal)
    numbers = number_table(table, columns=range(width), gaps=True)
    declared = device.rate_hz or _number(header.get("DataRate", ""), decimal)
    rate = sampling_rate(path, numbers[:, 1], declared)
    plain, sentences, repeated = plain_labels(labels)
    remarks += repeated
    position = numbers[:, 2:].reshape(len(numbers), -1, 3) * (scale or 1.0)
    signal = marker_signal(position, rate_hz=rate, labels=plain)
    signals = with_remarks({"markers": signal}, remarks)
    return Recording(signals, (*assumptions, *sentences, *remarks), float(numbers[0, 1]))


def _length_factor(unit: str, device: Device, remarks: list[str]) -> float | None:
    """Return the factor to metres of the file's unit; that of the study counts where the file names none."""
    if unit and device.length_unit and unit != device.length_unit:
        remarks.append(
            f"The file names the unit {unit}; length_unit {device.length_unit} of the study is for files without one."
        )
    return unit_factor(unit or device.length_unit or "", LENGTH_UNITS)


def _filled_rows(rows: list[str], delimiter: str, width: int, remarks: list[str]) -> list[str]:
    """Return rows with the cells that were cut at their ends: those of the last markers, where they were hidden."""
    if delimiter == " ":  # which cells are empty cannot be seen
        return rows
    counts = [row.count(delimiter) + 1 for row in rows]
    cut = sum(2 <= count < width and (count - 2) % 3 == 0 for count in counts)
    if cut:
        remarks.append(f"{cut} frames end before the last marker; the markers beyond are gaps there.")
    return [
        row + delimiter * (width - count) if 2 <= count < width and (count - 2) % 3 == 0 else row
        for row, count in zip(rows, counts, strict=True)
    ]


def _number(cell: str, decimal: str) -> float | None:
    """Return a header's value as a positive number, or None where it is not one."""
    try:
        value = float(cell.replace(decimal, ".")) if cell.isascii() else 0.0
    except ValueError:
        return None
    return value if 0.0 < value < np.inf else None


def _read_storage(path: Path, lines: list[str], first: int, device: Device) -> Recording:
    """Read a .mot or .sto file: forces or coordinates."""
    title = lines[first].strip(" ,\t")
    header, table = _storage_table(path, lines, str(device.text.get("decimal", ".")))
    rate = sampling_rate(path, table.to_numpy()[:, 0], device.rate_hz)
    start = float(table[0, 0])
    names = [str(name) for name in table["column"].to_numpy()]
    if any(FORCE_COLUMN.match(name) for name in names):
        signal, assumptions, notes = _forces(path, table, rate, device)
        return Recording({"force": signal}, assumptions, start, notes=notes)
    forces = [name for name in names[1:] if FORCE_LIKE.search(name)]
    if title.lower().removeprefix("name ").startswith("coordinates") and not forces:
        signal, notes = _coordinates(path, table, rate, header, device)
        return Recording({"angles": signal}, (), start, notes=notes)
    shown_names = ", ".join(forces or names[1:NAMES_SHOWN])
    found = f"the title {shown(title)}, columns {shown_names}"
    raise refuse(path, ("", "columns ground_force... or the title Coordinates", found))


def _storage_table(path: Path, lines: list[str], decimal: str) -> tuple[dict[str, str], xr.DataArray]:
    """Return the header and the numbers (time, column) of a .mot or .sto file."""
    bare = [line.strip(" ,\t") for line in lines]
    end = next((row for row, line in enumerate(bare) if line.lower() == "endheader"), None)
    if end is None:
        raise refuse(path, ("", "a header that ends with 'endheader'", repr(lines[0][:60])))
    names_row = next((row for row in range(end + 1, len(lines)) if bare[row]), None)
    if names_row is None:
        raise refuse(path, (f"row {end + 2}", "column names", "the end of the file"))
    delimiter = _delimiter(lines[names_row], decimal)
    names = split_cells(lines[names_row].rstrip(" ,\t"), delimiter)
    rows = lines[names_row + 1 :]
    header = dict(re.split(r"\s*=\s*|\s+", line, maxsplit=1) for line in bare[:end] if re.search(r"[=\s]", line))
    faults = []
    counts = ((("nRows", "datarows"), len(rows), "rows"), (("nColumns", "datacolumns"), len(names), "columns"))
    for keys, count, what in counts:
        promised = whole_number(next((header[key] for key in keys if key in header), ""))
        if promised is not None and promised != count:
            faults.append((keys[0], f"{promised} {what}, as the header says", f"{count}"))
    if names[0].lower() != "time":
        faults.append((f"row {names_row + 1}", "'time' as the first column", repr(names[0])))
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    long = [name for name in names if len(name) > LONGEST_NAME]
    if long:
        faults.append((f"row {names_row + 1}", f"column names of at most {LONGEST_NAME} characters", shown(long[0])))
    elif repeated:
        faults.append((f"row {names_row + 1}", "distinct column names", f"more than one {', '.join(repeated)}"))
    if faults:
        raise refuse(path, *faults)
    table = TextTable(path, rows, names_row + 2, delimiter, len(names), decimal)
    numbers = number_table(table, columns=range(len(names)), gaps=True)
    strict = [n for n, name in enumerate(names) if not UNDEFINED_IN_FLIGHT.match(name)]
    check_filled(path, numbers[:, strict], names_row + 2)
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
        for n, plate in enumerate(plates):
            point[n], torque[n] = known_points(path, plate, force[n], point[n], torque[n])
        moment = np.stack([moment_from_point(f, p, t) for f, p, t in zip(force, point, torque, strict=True)])
        height = [_height(f, p, device.up) for f, p in zip(force, point, strict=True)]
    signal = force_signal(force, rate_hz=rate, plates=list(plates), axes="xyz", moment=moment, surface_height=height)
    if others:
        assumptions.append(f"Columns that are no ground forces were left out: {', '.join(others[:NAMES_SHOWN])}.")
    return signal, tuple(assumptions), {"columns left out": ", ".join(others)} if others else {}


def _height(force: Floats, point: Floats, up: str) -> float:
    """Return the height of a plate's surface [m]: that of the points of application while it is loaded, else 0."""
    vertical = "xyz".index(up[-1])
    loaded = np.abs(force[:, vertical]) > LOADED_N
    upward = -1.0 if up.startswith("-") else 1.0
    return upward * float(np.median(point[loaded, vertical])) if loaded.any() else 0.0


def _coordinates(
    path: Path, table: xr.DataArray, rate: float, header: dict[str, str], device: Device
) -> tuple[xr.Dataset, dict[str, str]]:
    """Return the rotational coordinates [deg]."""
    names = [str(name) for name in table["column"].to_numpy()[1:]]
    rotations = [name for name in names if not TRANSLATION.search(name)]
    translations = [name for name in names if TRANSLATION.search(name)]
    stated = header.get("inDegrees", "no").strip().lower()
    if device.angle_unit is None and stated not in ("yes", "no"):
        raise refuse(path, ("inDegrees", "yes or no (or angle_unit of the device)", shown(stated)))
    unit = device.angle_unit or ("deg" if stated == "yes" else "rad")
    largest = float(np.abs(table.sel(column=rotations).values).max(initial=0.0)) * ANGLE_UNITS[unit]
    if largest > LARGEST_ANGLE_DEG:
        expected = (
            f"angles of at most {LARGEST_ANGLE_DEG:g} deg: see inDegrees in the file, or angle_unit of the device"
        )
        raise refuse(path, ("", expected, f"{largest:.4g} deg"))
    angle = table.sel(column=rotations).values * ANGLE_UNITS[unit]
    notes = {"translations": "left out: " + ", ".join(translations)} if translations else {}
    return angle_signal(angle, rate_hz=rate, names=rotations), notes
