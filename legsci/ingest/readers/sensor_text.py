"""What text files of sensors have in common: a preamble, a row of names, columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, Measured, channel_signals, mapped_sensors
from legsci.ingest.readers.signals import Floats, refuse, with_remarks
from legsci.ingest.readers.text import FileRows, TextTable, number_table, split_cells
from legsci.ingest.readers.timing import Timing
from legsci.ingest.recording import Recording

#: Columns that count or stamp the rows.
CLOCKS = ("PacketCounter", "Counter", "SampleTimeFine", "Time (s)", "Timestamp (us)")
#: A row of names stands among the first lines of a file.
LONGEST_PREAMBLE = 200


@dataclass(frozen=True)
class SensorText:
    """A text file of sensors, taken apart.

    Parameters
    ----------
    path : the file.
    preamble : lines before the names.
    names : of the columns.
    table : rows of numbers.
    """

    path: Path
    preamble: Sequence[str]
    names: Sequence[str]
    table: TextTable

    def numbers(self, columns: Sequence[int]) -> Floats:
        """Return columns (row, column); an empty cell is NaN."""
        return number_table(self.table, columns=columns, gaps=True)

    def stated(self, *keys: str) -> str:
        """Return what the preamble says after one of the keys ("Update Rate: 100.0Hz"), empty where it does not."""
        for line in self.preamble:
            key, _, value = line.lstrip("/ ").partition(":")
            if key.strip().lower() in keys:
                return value.strip(' ,"\t')
        return ""

    def stated_rate(self, *keys: str) -> float | None:
        """Return the rate [Hz] that the preamble states."""
        try:
            rate = float(self.stated(*keys).lower().removesuffix("hz"))
        except ValueError:
            return None
        return rate if rate > 0 else None


def open_sensor_text(
    path: Path, device: Device, *, part: str | None, first: Sequence[str], delimiter: str
) -> SensorText:
    """Take a text file of sensors apart.

    Parameters
    ----------
    path, device, part : of the reader.
    first : names that the first column may have.
    delimiter : between cells.

    Raises
    ------
    RecordingError : a part, or no row of names.
    """
    if part is not None:
        raise refuse(path, ("part", "none: the file holds one recording", part))
    lines = FileRows(path, encoding=device.text.get("encoding"))
    for row, line in enumerate(lines[:LONGEST_PREAMBLE]):
        names = split_cells(line, delimiter)
        if names and names[0] in first:
            while names and not names[-1]:
                names.pop()
            rows, width = lines[row + 1 :], len(names)
            # Rows may end with a delimiter beyond the names.
            ends = bool(rows) and rows[0].endswith(delimiter) and rows[0].count(delimiter) == width
            table = TextTable(path, rows, row + 2, delimiter, width + ends, of_file=True)
            return SensorText(path, lines[:row], names, table)
    raise refuse(path, ("", f"a row of names that begins with {' or '.join(first)}", repr(lines[0][:60])))


def sensor_recording(
    file: SensorText,
    device: Device,
    columns: Sequence[Measured],
    *,
    alone: Sequence[str],
    timing: Callable[[dict[str, Floats]], Timing],
    convert: Callable[[Floats, Sequence[Measured]], tuple[Floats, list[Measured]]] | None = None,
    ranges: dict[str, float] | None = None,
) -> Recording:
    """Read the mapped channels of a file that holds one sensor.

    Parameters
    ----------
    file : taken apart.
    device : for `sensors`.
    columns : what the columns of the file measure; a column without quantity is not read.
    alone : names by which the study may know the sensor.
    timing : gives the time axis of the rows from the columns that count or stamp them, by name; those of
        `CLOCKS` that the file has.
    convert : of all columns that have a quantity (channel, row): to channels of session files.
    ranges : quantity -> largest value that the sensor can measure, in the unit of the file.

    Raises
    ------
    RecordingError : no sensor mapped, or cells that are not numbers.
    """
    measured = [(number, column) for number, column in enumerate(columns) if column.quantity]
    clocked = {name: number for number, name in enumerate(file.names) if name in CLOCKS}
    if not measured:
        raise refuse(file.path, ("", "columns of a sensor", ", ".join(file.names)))
    numbers = file.numbers([*clocked.values(), *(number for number, _ in measured)])
    axis = timing({name: numbers[:, place] for place, name in enumerate(clocked)})
    values = np.ascontiguousarray(numbers[:, len(clocked) :].T)
    named = [column for _, column in measured]
    if convert is not None:
        values, named = convert(values, named)
    others = {column.name: column.unit for column in columns if not column.quantity and column.name}
    chosen, meant, unmapped = mapped_sensors(file.path, device, named, alone=alone)
    if not chosen:
        return Recording({}, unmapped=unmapped | others)
    limits = [(ranges or {}).get(named[n].quantity, float("nan")) for n in chosen]
    held = values if len(chosen) == len(named) else values[chosen]
    block = Block(
        held, [named[n].name for n in chosen], [named[n].unit for n in chosen], replace(axis, start_s=0.0), limits
    )
    signals, sentences = channel_signals([block], meant)
    return Recording(with_remarks(signals, sentences), tuple(sentences), axis.start_s, unmapped | others)
