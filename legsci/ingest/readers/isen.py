"""CSV export of STT iSen: blocks of columns side by side, each after a column of times and at its own rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, channel_signals
from legsci.ingest.readers.signals import refuse, with_remarks
from legsci.ingest.readers.text import FileRows, TextTable, number_table, split_cells
from legsci.ingest.readers.timing import from_stamps
from legsci.ingest.recording import Recording

#: First column of a block, in the languages of the program.
TIMES = ("Tiempo", "Time")
_SUFFIX = "::Y"
NAMES_SHOWN = 40

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("channels", "resample_hz", "text.encoding", "text.decimal", "text.delimiter")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read the channels that the device maps, a stream for each rate.

    The export names sensors and axes, neither quantities nor units, and the same names in several blocks. A channel is
    known by the number of its block, from 1, and its name: "6.LEO X" is the column "LEO X::Y" of the sixth block.
    A block ends with its last value; times go on beyond it.

    Raises
    ------
    RecordingError : no column of times first, channels that the file does not have, uneven times.
    """
    if part is not None:
        raise refuse(path, ("part", "none: an export holds one recording", part))
    delimiter = str(device.text.get("delimiter", ","))
    lines = FileRows(path, encoding=device.text.get("encoding"))
    names = split_cells(lines[0], delimiter)
    while names and not names[-1]:
        names.pop()
    if not names or names[0] not in TIMES:
        raise refuse(path, ("row 1", f"names of columns, {' or '.join(TIMES)} first", repr(lines[0][:60])))
    times = [column for column, name in enumerate(names) if name in TIMES]
    block_of = np.searchsorted(times, np.arange(len(names)), side="right")
    labels = [f"{block_of[c]}.{name.removesuffix(_SUFFIX)}" for c, name in enumerate(names)]
    if not device.channels:
        raise refuse(path, ("channels", "a meaning for channels of the file", "none in study.yaml"))
    here = [label for column, label in enumerate(labels) if column not in times]
    absent = [name for name in device.channels if here.count(name) != 1]
    if absent:
        shown = ", ".join(here[:NAMES_SHOWN]) + (
            f" and {len(here) - NAMES_SHOWN} more" if len(here) > NAMES_SHOWN else ""
        )
        raise refuse(path, *((f"channels.{name}", f"one of {shown}", "no such channel") for name in absent))
    table = TextTable(path, lines[1:], 2, delimiter, len(names), str(device.text.get("decimal", ".")), True)
    mapped = [labels.index(name) for name in device.channels]
    wanted = sorted({*mapped, *(times[int(block_of[column]) - 1] for column in mapped)})
    whole = number_table(table, columns=wanted, gaps=True)
    starts, blocks = [], []
    for number in dict.fromkeys(int(block_of[labels.index(name)]) for name in device.channels):
        columns = [labels.index(name) for name in device.channels if block_of[labels.index(name)] == number]
        numbers = whole[:, [wanted.index(column) for column in (times[number - 1], *columns)]]
        stop = int(np.flatnonzero(np.isfinite(numbers[:, 1:]).any(axis=1)).max(initial=-1)) + 1
        what = f"block {number}"
        timing = from_stamps(path, numbers[:stop, 0], resample_hz=device.resample_hz, what=what)
        starts.append(timing.start_s)
        held, units = [labels[c] for c in columns], [""] * len(columns)
        blocks.append(Block(numbers[:stop, 1:].T, held, units, timing, label=what))
    first = min(starts)
    blocks = [replace(block, timing=replace(block.timing, start_s=block.timing.start_s - first)) for block in blocks]
    signals, sentences = channel_signals(blocks, device)
    unmapped = {label: "" for label in here if label not in device.channels}
    return Recording(with_remarks(signals, sentences), tuple(sentences), first, unmapped)
