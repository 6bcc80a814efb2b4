"""CSV export of Delsys EMGworks (Trigno sensors): a pair of columns, times and values, for each channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, Measured, channel_signals, mapped_sensors
from legsci.ingest.readers.signals import Floats, refuse, with_remarks
from legsci.ingest.readers.text import FileRows, TextTable, number_table, split_cells
from legsci.ingest.readers.timing import StreamFlag, Timing
from legsci.ingest.recording import Recording

_LABEL = re.compile(
    r"^Label: (?P<name>.+?) Sampling frequency: (?P<rate>\S+) Number of points: (?P<points>[0-9]+) "
    r"start: (?P<start>\S+) Unit: (?P<unit>.*?) Domain Unit: (?P<domain>\S+)\s*$"
)
#: Channels by the first word of their name -> quantity.
QUANTITIES = {"EMG": "emg", "ACC": "acceleration", "GYRO": "angular_velocity", "MAG": "magnetic_field"}
_AXIS = re.compile(r"^(?P<word>[A-Z]+)(\.(?P<axis>[XYZ]))?\b")
#: The row of names stands among the first.
LONGEST_HEAD = 1000
#: Largest difference between the rate in the header and that of the times, as a part of it.
RATE_TOLERANCE = 1e-3

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("sensors", "text.encoding", "text.decimal", "text.delimiter")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


@dataclass(frozen=True)
class _Channel:
    """A channel as the head of the file describes it."""

    name: str
    rate_hz: float
    points: int
    start_s: float
    unit: str


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read EMG, acceleration and angular velocity, each at its own rate.

    Signals: `emg` and `imu`, one stream for each rate. Sensors are known by what precedes the colon in the names of
    their channels ("Mini sensor 10: ACC.X 10": Mini sensor 10). Columns of slower channels end earlier. A channel with
    fewer samples than the head says is flagged.

    Raises
    ------
    RecordingError : no head of an export, columns that are not those of the head, times that contradict the rate, no
        sensor mapped.
    """
    if part is not None:
        raise refuse(path, ("part", "none: an export holds one recording", part))
    lines = FileRows(path, encoding=device.text.get("encoding"))
    delimiter = str(device.text.get("delimiter", ","))
    channels, row = _head(path, lines, delimiter)
    measured = [_measured(channel) for channel in channels]
    chosen, meant, unmapped = mapped_sensors(path, device, measured)
    table = TextTable(
        path, lines[row + 1 :], row + 2, delimiter, 2 * len(channels), str(device.text.get("decimal", ".")), True
    )
    wanted = [column for n in chosen for column in (2 * n, 2 * n + 1)]
    numbers = number_table(table, columns=wanted, gaps=True)
    groups: dict[tuple[float, float, int], list[tuple[int, Floats]]] = {}
    for place, n in enumerate(chosen):
        times, values = numbers[:, 2 * place], numbers[:, 2 * place + 1]
        count = int(np.flatnonzero(np.isfinite(values)).max(initial=-1)) + 1
        _check_rate(path, channels[n], times[:count])
        groups.setdefault((channels[n].rate_hz, channels[n].start_s, count), []).append((n, values[:count]))
    first = min((channels[n].start_s for n in chosen), default=0.0)
    blocks = []
    for (rate, start, count), held in groups.items():
        stated = max(channels[n].points for n, _ in held)
        flags = (StreamFlag("shorter_than_stated", count / rate, stated / rate),) if count < stated else ()
        names, units = [measured[n].name for n, _ in held], [measured[n].unit for n, _ in held]
        blocks.append(Block(np.stack([v for _, v in held]), names, units, Timing(rate, start - first, flags=flags)))
    signals, sentences = channel_signals(blocks, meant)
    return Recording(with_remarks(signals, sentences), tuple(sentences), first, unmapped)


def _head(path: Path, lines: Sequence[str], delimiter: str) -> tuple[list[_Channel], int]:
    """Channels of the head, and the number of the row of column names, from 0."""
    channels = []
    for line in lines[:LONGEST_HEAD]:
        match = _LABEL.match(line)
        if match is None:
            break
        try:
            rate, start = float(match["rate"]), float(match["start"])
        except ValueError:
            rate, start = float("nan"), 0.0
        if not 0 < rate < np.inf or match["domain"] != "s":
            raise refuse(path, (match["name"], "a sampling frequency in Hz and times in s", line[-80:]))
        channels.append(_Channel(match["name"], rate, int(match["points"]), start, match["unit"]))
    if not channels:
        raise refuse(path, ("row 1", "Label: ... Sampling frequency: ... as EMGworks writes it", repr(lines[0][:60])))
    row = next((n for n, line in enumerate(lines[:LONGEST_HEAD]) if line.startswith(("X[s]", '"X[s]'))), None)
    if row is None:
        raise refuse(path, ("", "a row of names X[s] and of channels", "none"))
    names = [name for name in split_cells(lines[row], delimiter) if name]
    if names[1::2] != [channel.name for channel in channels]:
        raise refuse(path, (f"row {row + 1}", "times and values of the channels of the head", f"{len(names)} others"))
    return channels, row


def _measured(channel: _Channel) -> Measured:
    """What a channel measures, by its name."""
    sensor, _, rest = channel.name.partition(": ")
    match = _AXIS.match(rest)
    quantity = QUANTITIES.get(match["word"], "") if match else ""
    axis = (match["axis"] or "").lower() if match else ""
    return Measured(channel.name, sensor, quantity, axis, channel.unit)


def _check_rate(path: Path, channel: _Channel, times: Floats) -> None:
    """Refuse times that contradict the sampling frequency of the head."""
    if times.size < 2:
        raise refuse(path, (channel.name, "at least two samples", f"{times.size}"))
    span = float(times[-1] - times[0])
    measured = (times.size - 1) / span if span > 0 else np.nan
    if not abs(measured / channel.rate_hz - 1.0) <= RATE_TOLERANCE:
        raise refuse(path, (channel.name, f"times at {channel.rate_hz:g} Hz, as the head says", f"{measured:.6g} Hz"))
