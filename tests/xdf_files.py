"""Small XDF files, written chunk by chunk from the specification (XDF 1.0), with the faults of real ones.

A stream runs on its own clock: time of the recorder = time of the stream + offset + drift x time of the stream.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SAMPLES_A_CHUNK = 50
#: Content of a boundary chunk, by which readers find their way after damage.
BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")


@dataclass(frozen=True)
class XdfStream:
    """A stream to write.

    Parameters
    ----------
    name : of the stream.
    values : (sample, channel) numbers, or a list of words.
    stamps : (sample,) on the stream's clock [s].
    nominal_hz : stated rate [Hz]; 0: irregular.
    labels, units : of the channels; empty: not described.
    clock_times, clock_offsets : of the measured offsets, both [s], times on the stream's clock.
    counted : samples that the footer states; None: as many as there are.
    """

    name: str
    values: np.ndarray | list[str]
    stamps: np.ndarray
    nominal_hz: float = 0.0
    labels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    clock_times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    clock_offsets: np.ndarray = field(default_factory=lambda: np.zeros(0))
    counted: int | None = None


def write_xdf(path: Path, streams: list[XdfStream], *, damaged_chunk: bool = False) -> Path:
    """Write streams with their headers, samples, clock offsets and footers; `damaged_chunk`: one chunk is garbled."""
    content = [b"XDF:", _chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')]
    for number, stream in enumerate(streams, start=1):
        content.append(_chunk(2, struct.pack("<I", number) + _header(stream)))
    for number, stream in enumerate(streams, start=1):
        for first in range(0, len(stream.stamps), SAMPLES_A_CHUNK):
            part = slice(first, first + SAMPLES_A_CHUNK)
            samples = _samples(stream.values[part], stream.stamps[part])
            if damaged_chunk and number == 1 and first == 2 * SAMPLES_A_CHUNK:
                samples = b"\x03" + samples[1:]  # a length of lengths that the format does not have
            content.append(_chunk(3, struct.pack("<I", number) + samples))
            content.append(_chunk(5, BOUNDARY))
        for time, offset in zip(stream.clock_times, stream.clock_offsets, strict=True):
            content.append(_chunk(4, struct.pack("<Idd", number, time, offset)))
    for number, stream in enumerate(streams, start=1):
        count = len(stream.stamps) if stream.counted is None else stream.counted
        footer = f'<?xml version="1.0"?><info><sample_count>{count}</sample_count></info>'
        content.append(_chunk(6, struct.pack("<I", number) + footer.encode()))
    path.write_bytes(b"".join(content))
    return path


def _chunk(tag: int, content: bytes) -> bytes:
    """Length, tag and content of a chunk."""
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def _header(stream: XdfStream) -> bytes:
    """Description of a stream."""
    words = isinstance(stream.values, list)
    width = 1 if words else stream.values.shape[1]
    units = stream.units or ("",) * len(stream.labels)
    channels = "".join(
        f"<channel><label>{label}</label>" + (f"<unit>{unit}</unit>" if unit else "") + "</channel>"
        for label, unit in zip(stream.labels, units, strict=True)
    )
    desc = f"<desc><channels>{channels}</channels></desc>" if channels else "<desc />"
    return (
        f'<?xml version="1.0"?><info><name>{stream.name}</name><type>{"Markers" if words else "EMG"}</type>'
        f"<channel_count>{width}</channel_count><nominal_srate>{stream.nominal_hz:g}</nominal_srate>"
        f"<channel_format>{'string' if words else 'double64'}</channel_format><created_at>1</created_at>{desc}</info>"
    ).encode()


def _samples(values: np.ndarray | list[str], stamps: np.ndarray) -> bytes:
    """Samples with a stamp each."""
    answer = [b"\x04", struct.pack("<I", len(stamps))]
    for row, stamp in zip(values, stamps, strict=True):
        answer.append(b"\x08" + struct.pack("<d", stamp))
        if isinstance(row, str):
            answer.append(b"\x04" + struct.pack("<I", len(row.encode())) + row.encode())
        else:
            answer.append(struct.pack(f"<{len(row)}d", *row))
    return b"".join(answer)


def offsets_of(
    seconds: float, *, offset: float, drift: float, begin: float = 0.0, noise_s: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Times on the stream's clock and offsets to the recorder, one each 5 s; noise of the network, a tenth delayed."""
    rng = np.random.default_rng(seed)
    times = begin + np.arange(0.0, seconds, 5.0)
    delayed = rng.random(times.size) < 0.1
    return times, offset + drift * (times - begin) + noise_s * (rng.normal(size=times.size) + 20.0 * delayed)
