"""Vicon Nexus ASCII export (CSV): blocks of devices, model outputs and trajectories, each at its own rate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, channel_signals
from legsci.ingest.readers.signals import (
    ANGLE_UNITS,
    FORCE_UNITS,
    LENGTH_UNITS,
    LOADED_N,
    MOMENT_UNITS,
    Floats,
    angle_signal,
    force_signal,
    marker_signal,
    plain_labels,
    refuse,
    unit_factor,
    with_remarks,
)
from legsci.ingest.readers.text import TextTable, check_filled, number_table, read_lines, split_cells
from legsci.ingest.readers.timing import Timing
from legsci.ingest.recording import Recording

TITLES = ("Devices", "Joints", "Model Outputs", "Segments", "Trajectories")
RATE_TOLERANCE = 0.01  # between the frames per second of two blocks
HEADER_ROWS = 5  # title, rate, names, components, units
LARGEST_COP_MISMATCH_M = 0.001  # between the file's CoP and what its forces and moments give
UNIT_TABLES = {"Force": FORCE_UNITS, "Moment": MOMENT_UNITS, "CoP": LENGTH_UNITS}


@dataclass(frozen=True)
class _Block:
    """One block of the export: its header rows, and the lines of its data."""

    title: str
    first_row: int  # of the title in the file, counted from 1
    rate_hz: float
    names: list[str]  # of the group of each column
    components: list[str]
    units: list[str]
    rows: list[str]

    def numbers(self, path: Path, columns: list[int], *, gaps: bool) -> Floats:
        """Return some columns of the block (row, column)."""
        first_row = self.first_row + HEADER_ROWS
        table = TextTable(path, self.rows, first_row=first_row, delimiter=",", width=len(self.components), of_file=True)
        return number_table(table, columns=columns, gaps=gaps)


#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = ("channels", "labels", "markers", "text.encoding")
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read force plates, model angles and trajectories of a Nexus export.

    Signals: `force` from the devices "<plate> - Force", "<plate> - Moment" and "<plate> - CoP" (reaction on the body
    [N], moment about the laboratory's origin [N m], plates with the file's names), `angles` [deg] from the model
    outputs in degrees or radians, `markers` [m] from the trajectories; an empty cell is a gap (NaN). Channels of other
    devices (EMG, sensors) are read where the study maps them: "Ultium EMG - EMG1" by the name above the column, and
    "Analog EMG - Voltage.2" with the component where several columns have one name.

    Nexus writes the force on the plate, in the laboratory's axes, and the moment about the centre of the plate's
    surface. Both are negated (unless `device.force_sign` is "reaction"), and the moment is transferred to the
    laboratory's origin from the plate's centre, which follows from the CoP in laboratory coordinates:
    c = CoP - (-My / Fz, Mx / Fz).

    Raises
    ------
    RecordingError : no block of an export, cut short, rows that are not numbers, unknown units, a CoP that contradicts
        forces and moments, or neither forces nor angles nor trajectories.
    """
    if part is not None:
        raise refuse(path, ("part", "none: a Nexus export holds one recording", part))
    blocks = _blocks(path, read_lines(path, encoding=device.text.get("encoding")))
    assumptions: list[str] = []
    notes: dict[str, str] = {}
    signals, unmapped, sentences = dict[str, xr.Dataset](), dict[str, str](), list[str]()
    frames: set[tuple[int, int]] = set()
    rates: dict[str, float] = {}
    for block in blocks:
        first, last, per_frame = _frames(path, block)
        frames.add((first, last))
        rates[block.title] = block.rate_hz / per_frame
        if block.title == "Trajectories":
            signals["markers"] = _trajectories(path, block, assumptions, notes)
        elif block.title == "Model Outputs":
            angles = _angles(path, block, assumptions, notes)
            signals |= {"angles": angles} if angles is not None else {}
        elif block.title == "Devices":
            force = _forces(path, block, device, assumptions)
            channels, unmapped, sentences = _channels(path, block, device)
            signals |= ({"force": force} if force is not None else {}) | channels
        else:
            notes[block.title] = "block left out"
    if len(frames) > 1:
        found = "; ".join(f"frames {first} to {last}" for first, last in sorted(frames))
        raise refuse(path, ("Frame", "the same frames in every block", found))
    if max(rates.values()) > (1.0 + RATE_TOLERANCE) * min(rates.values()):
        found = "; ".join(f"{title} {rate:g} Hz" for title, rate in rates.items())
        raise refuse(path, ("rates of the blocks", "the same number of frames per second in every block", found))
    if device.channels and not any(block.title == "Devices" for block in blocks):
        raise refuse(path, ("channels", "a block Devices", ", ".join(block.title for block in blocks)))
    if not signals:
        left_out = [f"{place}: {what}" for place, what in notes.items()]
        left_out += [f"channels that the study does not map: {', '.join(unmapped)}"] if unmapped else []
        raise refuse(path, ("", "force plates, model angles, trajectories or mapped channels", ", ".join(left_out)))
    frame_rates = [block.rate_hz for block in blocks if block.title != "Devices"]
    start = (min(frames)[0] - 1) / frame_rates[0] if frame_rates else 0.0
    return Recording(with_remarks(signals, sentences), (*assumptions, *sentences), start, unmapped, notes)


def _blocks(path: Path, lines: list[str]) -> list[_Block]:
    """Split an export into its blocks."""
    bare = [line.rstrip(", ") for line in lines]
    starts = [row for row, line in enumerate(bare) if line in TITLES]
    if not starts or starts[0] != 0:
        raise refuse(path, ("row 1", f"one of {', '.join(TITLES)}", repr(lines[0][:60])))
    repeated = [title for title, count in Counter(bare[row] for row in starts).items() if count > 1]
    if repeated:
        raise refuse(path, ("", "each block of an export once", f"{', '.join(repeated)} more than once"))
    blocks = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        rows = lines[start + HEADER_ROWS : stop]
        while rows and not rows[-1].rstrip(", "):
            rows.pop()
        try:
            rate = float(bare[start + 1])
        except (ValueError, IndexError):
            found = repr(bare[start + 1][:60]) if start + 1 < len(bare) else "the end of the file"
            raise refuse(path, (f"row {start + 2}", "the rate in Hz", found)) from None
        if not rows or rate <= 0:
            raise refuse(
                path,
                (f"row {start + 1}, {bare[start]}", "a rate above 0 Hz, names, components, units and data", "less"),
            )
        names, components, units = (split_cells(line, ",") for line in lines[start + 2 : start + HEADER_ROWS])
        while components and not components[-1]:
            components.pop()
        names = _carry_on((names + [""] * len(components))[: len(components)])
        units = (units + [""] * len(components))[: len(components)]
        blocks.append(_Block(bare[start], start + 1, rate, names, components, units, rows))
    return blocks


def _carry_on(names: list[str]) -> list[str]:
    """Return the name of each column's group, which stands above the group's first column only."""
    carried, current = [], ""
    for name in names:
        current = name or current
        carried.append(current)
    return carried


def _frames(path: Path, block: _Block) -> tuple[int, int, int]:
    """Return the first and the last frame of a block and its samples a frame, having checked that none is missing."""
    stamps = block.numbers(path, [0, 1], gaps=False).astype(np.int64)
    per_frame = int(stamps[:, 1].max()) + 1
    count = stamps[:, 0] * per_frame + stamps[:, 1]
    if len(count) % per_frame or (np.diff(count) != 1).any():
        jumps = np.flatnonzero(np.diff(count) != 1) + 1
        row = block.first_row + HEADER_ROWS + (int(jumps[0]) if jumps.size else len(count) - 1)
        raise refuse(
            path, (f"row {row}", f"every frame of {block.title} with its {per_frame} sub-frames", "a missing one")
        )
    return int(stamps[0, 0]), int(stamps[-1, 0]), per_frame


def _trajectories(path: Path, block: _Block, assumptions: list[str], notes: dict[str, str]) -> xr.Dataset:
    """Return the positions of the markers [m]."""
    columns = [c for c in range(2, len(block.components)) if block.names[c]]
    if [block.components[c] for c in columns] != ["X", "Y", "Z"] * (len(columns) // 3):
        raise refuse(path, (f"row {block.first_row + 3}", "X, Y, Z of each trajectory", "other components"))
    scale = _factors(path, block, columns, LENGTH_UNITS)
    labels, sentences, repeated = plain_labels([block.names[c] for c in columns[::3]])
    assumptions += [sentence for sentence in sentences if sentence not in assumptions]
    position = (block.numbers(path, columns, gaps=True) * scale).reshape(-1, len(labels), 3)
    empty = [label for number, label in enumerate(labels) if np.isnan(position[:, number]).all()]
    if empty:
        notes["Trajectories"] = "without any position: " + ", ".join(empty)
    signal = marker_signal(position, rate_hz=block.rate_hz, labels=labels)
    return with_remarks({"markers": signal}, repeated)["markers"]


def _angles(path: Path, block: _Block, assumptions: list[str], notes: dict[str, str]) -> xr.Dataset | None:
    """Return the model outputs that are angles [deg]; the others are listed in the notes."""
    named = [c for c in range(2, len(block.components)) if block.names[c]]
    columns = [c for c in named if unit_factor(block.units[c], ANGLE_UNITS) is not None]
    others = dict.fromkeys(block.names[c] for c in named if c not in columns)
    if others:
        notes["Model Outputs"] = "outputs other than angles, left out: " + ", ".join(others)
    if not columns:
        return None
    outputs = list(dict.fromkeys(block.names[c] for c in columns))
    labels, sentences, _ = plain_labels(outputs)
    plain = dict(zip(outputs, labels, strict=True))
    assumptions += [sentence for sentence in sentences if sentence not in assumptions]
    angle = block.numbers(path, columns, gaps=True) * _factors(path, block, columns, ANGLE_UNITS)
    names = [f"{plain[block.names[c]]}.{block.components[c].lower()}" for c in columns]
    return angle_signal(angle, rate_hz=block.rate_hz, names=names)


def _forces(path: Path, block: _Block, device: Device, assumptions: list[str]) -> xr.Dataset | None:
    """Return ground reactions and moments about the laboratory's origin, or None where no device is a plate."""
    columns: dict[str, dict[str, list[int]]] = {}
    for column in range(2, len(block.components)):
        plate, _, quantity = block.names[column].rpartition(" - ")
        if plate and quantity in UNIT_TABLES:
            columns.setdefault(plate, {}).setdefault(quantity, []).append(column)
    if not columns:
        return None
    ragged = [p for p, q in columns.items() if set(q) != set(UNIT_TABLES) or any(len(c) != 3 for c in q.values())]
    if ragged:
        raise refuse(path, (", ".join(ragged), "Force, Moment and CoP with three components each", "others"))
    action = device.force_sign != "reaction"
    if action:
        assumptions.append("Nexus writes the force on the plate; forces and moments were negated.")
    force, moment, height = [], [], []
    for plate, quantities in columns.items():
        wanted = [c for quantity in UNIT_TABLES for c in quantities[quantity]]
        scale = np.concatenate([_factors(path, block, quantities[q], table) for q, table in UNIT_TABLES.items()])
        values = block.numbers(path, wanted, gaps=True) * scale
        check_filled(path, values[:, :6], block.first_row + HEADER_ROWS)
        one_force, about_centre, point = values[:, :3], values[:, 3:6], values[:, 6:]
        centre = _centre(path, plate, one_force, about_centre, point)
        sign = -1.0 if action else 1.0
        force.append(sign * one_force)
        moment.append(sign * (about_centre + np.cross(centre, one_force)))
        height.append(float(centre[2]))
    signal_names = list(columns)
    return force_signal(
        np.stack(force),
        rate_hz=block.rate_hz,
        plates=signal_names,
        axes="xyz",
        moment=np.stack(moment),
        surface_height=height,
    )


def _channels(path: Path, block: _Block, device: Device) -> tuple[dict[str, xr.Dataset], dict[str, str], list[str]]:
    """Return the channels that the study maps, the units of all others that belong to no plate, and sentences."""
    count = Counter(block.names[2:])
    named: dict[str, int] = {}
    for column in range(2, len(block.components)):
        group = block.names[column]
        of_plate, _, quantity = group.rpartition(" - ")
        if group and not (of_plate and quantity in UNIT_TABLES):
            named[group if count[group] == 1 else f"{group}.{block.components[column]}"] = column
    absent = [name for name in device.channels if name not in named]
    if absent:
        expected = f"one of the channels {', '.join(named) or 'none'}"
        raise refuse(path, *((f"channels.{name}", expected, "no such channel") for name in absent))
    unmapped = {name: block.units[column] for name, column in named.items() if name not in device.channels}
    if not device.channels:
        return {}, unmapped, []
    columns = [named[name] for name in device.channels]
    values, units = block.numbers(path, columns, gaps=True).T, [block.units[column] for column in columns]
    signals, sentences = channel_signals([Block(values, list(device.channels), units, Timing(block.rate_hz))], device)
    return signals, unmapped, sentences


def _centre(path: Path, plate: str, force: Floats, moment: Floats, point: Floats) -> Floats:
    """Return the centre of a plate's surface [m], about which the moments are, estimated from the CoP while loaded."""
    loaded = np.abs(force[:, 2]) > LOADED_N
    known = np.asarray(np.isfinite(point).all(axis=1))
    if not loaded.any():  # Nexus puts the CoP of an empty plate at its centre, or leaves it out
        return np.asarray(point[known][0] if known.any() else np.zeros(3))
    if not known[loaded].all():
        raise refuse(path, (plate, f"a CoP where the plate carries {LOADED_N:g} N", "none there"))
    arm = np.column_stack([-moment[loaded, 1], moment[loaded, 0], np.zeros(loaded.sum())]) / force[loaded, 2:3]
    centre = np.median(point[loaded] - arm, axis=0)
    worst = float(np.abs(point[loaded] - arm - centre).max())
    if worst > LARGEST_COP_MISMATCH_M:
        expected = "a CoP that agrees with force and moment about the plate's centre within 1 mm (axis z vertical)"
        raise refuse(path, (plate, expected, f"{worst * 1000:.1f} mm"))
    return np.asarray(centre)


def _factors(path: Path, block: _Block, columns: list[int], table: dict[str, float]) -> Floats:
    """Return the factor to SI of each column."""
    factors = [unit_factor(block.units[c], table) for c in columns]
    if None in factors:
        unknown = sorted({block.units[c] for c, factor in zip(columns, factors, strict=True) if factor is None})
        raise refuse(path, (f"row {block.first_row + 4}", f"units {', '.join(table)}", ", ".join(map(repr, unknown))))
    if len(set(factors)) > 1:
        found = ", ".join(dict.fromkeys(block.units[c] for c in columns))
        raise refuse(path, (f"row {block.first_row + 4}", f"one unit for {block.names[columns[0]]} and others", found))
    return np.array(factors, dtype=np.float64)
