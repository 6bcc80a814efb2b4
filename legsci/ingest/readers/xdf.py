"""XDF files of LabRecorder: streams of the Lab Streaming Layer, each with its own clock, read by pyxdf.

The clock of each stream is related to that of the recorder by offsets that were measured during the recording, some
seconds apart. They are fitted here, not by pyxdf, since the standard uncertainty of the fit is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.readers.channels import Block, channel_signals
from legsci.ingest.readers.signals import Floats, read_bytes, refuse, with_remarks
from legsci.ingest.readers.timing import DEVIATIONS_PER_MAD, StreamFlag, Timing, from_stamps
from legsci.ingest.recording import Recording

SIGNATURE = b"XDF:"
#: Offsets that differ by more are those of a clock that was set or started again [s].
LARGEST_OFFSET_STEP_S = 1.0
#: Fewer offsets, or a shorter time between them [s], do not show a drift; crystals drift by less than this.
FEWEST_OFFSETS, SHORTEST_SPAN_S, CRYSTAL_DRIFT = 4, 10.0, 5e-5
#: Offsets farther from the line than so many standard deviations were delayed on their way.
OUTLIER_DEVIATIONS, SHORTEST_DELAY_S = 3.0, 1e-6
#: Offsets of which each pair gives a slope.
MOST_PAIRED = 400
#: Stamps from here on are seconds since 1970, not of a computer's uptime [s].
EPOCH_S = 1e9
#: The nominal rate of a stream that the samples contradict by more is remarked upon.
RATE_TOLERANCE = 0.01
MARKERS_SHOWN, NAMES_SHOWN, COMPLAINTS_SHOWN = 50, 60, 5

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("channels", "resample_hz")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True


@dataclass(frozen=True)
class _Clock:
    """Line through the measured offsets: recorder time = t + offset + drift (t - middle), t on the stream's clock [s].

    Standard uncertainties are of the offset in the middle and of the drift; first, last and interval are of the times
    of the offsets.
    """

    middle: float
    offset: float
    drift: float
    u_offset: float
    u_drift: float
    first: float
    last: float
    interval: float = 0.0

    def corrected(self, stamps: Floats) -> Floats:
        """Return stamps on the clock of the recorder [s]."""
        return stamps + self.offset + self.drift * (stamps - self.middle)

    def attributes(self, at: float) -> dict[str, float | str]:
        """Clock attributes of a stream whose first sample is `at` on its own clock [s]."""
        away = at - self.middle
        return {
            "clock_offset_s": self.offset + self.drift * away,
            "clock_drift": self.drift,
            "clock_offset_uncertainty_s": float(np.hypot(self.u_offset, away * self.u_drift)),
            "clock_drift_uncertainty": self.u_drift,
            "clock_method": "XDF offsets",
        }


UNKNOWN: dict[str, float | str] = {
    "clock_offset_s": float("nan"),
    "clock_drift": float("nan"),
    "clock_offset_uncertainty_s": float("nan"),
    "clock_drift_uncertainty": float("nan"),
    "clock_method": "unknown",
}


@dataclass(frozen=True)
class _Stream:
    """A stream of the file: its name, the names and units of its channels, and what pyxdf read."""

    name: str
    labels: list[str]
    units: list[str]
    nominal_hz: float
    stamps: Floats
    content: dict[str, Any]

    @property
    def holds_words(self) -> bool:
        """Whether the stream holds markers rather than numbers."""
        return isinstance(self.content["time_series"], list)


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read the channels that the device maps, a stream of the session for each stream of the file.

    A channel is known by its stream and label, or number where it has none: "EMG.VL left", "IMU.3". Samples are stamped
    by the clock of their own computer; the offsets in the file put all streams on the clock of the recorder, and the
    attributes `clock_offset_s` and `clock_drift` of a stream, with their standard uncertainties, say how. A stream
    without offsets, among others, has the clock "unknown". Stamps of a stream with a nominal rate may be late by up to
    0.25 s; samples are laid evenly. A stream without one is refused, or interpolated to `resample_hz` of the device.
    Words of marker streams are listed among the notes, with their times.

    Raises
    ------
    RecordingError : not XDF, channels that the file does not have, streams that are empty or have uneven stamps.
    """
    if part is not None:
        raise refuse(path, ("part", "none: the file holds one recording", part))
    loaded, complaints = _loaded(path)
    streams = _streams(loaded)
    known = {f"{s.name}.{label}": (s, n) for s in streams if not s.holds_words for n, label in enumerate(s.labels)}
    absent = [name for name in device.channels if name not in known]
    if absent or not device.channels:
        shown = ", ".join(list(known)[:NAMES_SHOWN]) or "none"
        places = [f"channels.{name}" for name in absent] or ["channels"]
        raise refuse(path, *((place, f"one of {shown}", "no such channel") for place in places))
    wanted: dict[str, list[str]] = {}
    for name in device.channels:
        wanted.setdefault(known[name][0].name, []).append(name)
    blocks, remarks, faults = [], list(complaints), list[Fault]()
    for stream in streams:
        if stream.name in wanted:
            try:
                blocks.append(_block(path, stream, wanted[stream.name], device, alone=len(streams) == 1))
            except RecordingError as error:
                faults += error.faults
            remarks += _remarks(stream)
    if faults:
        raise RecordingError(path.name, faults)
    start, blocks = _together(blocks)
    signals, sentences = channel_signals(blocks, device)
    remarks += sentences
    notes = {f"markers of {s.name}": _words(s, start) for s in streams if s.holds_words and s.stamps.size}
    unmapped = {name: s.units[n] for name, (s, n) in known.items() if name not in device.channels}
    return Recording(with_remarks(signals, remarks), tuple(remarks), start, unmapped, notes)


def _loaded(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Streams of a file as pyxdf reads them, and what it complained about."""
    import pyxdf

    if not read_bytes(path).startswith(SIGNATURE):
        raise refuse(path, ("", "an XDF file (unpack .xdfz)", "another"))
    with _complaints() as said:
        loaded, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
    more = [f"and {len(said) - COMPLAINTS_SHOWN} more"] if len(said) > COMPLAINTS_SHOWN else []
    words = "; ".join([*said[:COMPLAINTS_SHOWN], *more])
    return loaded, [f"The file is damaged, and what could be read was used ({words})."] if said else []


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Gather the errors that pyxdf writes to its log, which are chunks that it left out."""
    said: list[str] = []

    class Gather(logging.Handler):
        """Keeps what is said."""

        def emit(self, record: logging.LogRecord) -> None:
            """Keep the message of a record, on one line."""
            said.append(" ".join(record.getMessage().split())[:200])

    logger, gather = logging.getLogger("pyxdf"), Gather(logging.ERROR)
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(gather)
    try:
        yield said
    finally:
        logger.removeHandler(gather)
        logger.propagate = propagates


def _streams(loaded: Sequence[dict[str, Any]]) -> list[_Stream]:
    """Name streams and channels; a name that repeats is numbered."""
    answer: list[_Stream] = []
    for content in loaded:
        info = content["info"]
        name = str(_first(info.get("name")) or "stream")
        count = sum(other.name == name or other.name.startswith(f"{name}_") for other in answer)
        width = int(_first(info.get("channel_count")) or 0)
        described = _first(_first(info.get("desc"), {}).get("channels"), {}).get("channel", [])
        described = [channel if isinstance(channel, dict) else {} for channel in described][:width]
        described += [{}] * (width - len(described))
        labels = [str(_first(channel.get("label")) or number + 1) for number, channel in enumerate(described)]
        labels = [label if labels.count(label) == 1 else f"{label}_{number + 1}" for number, label in enumerate(labels)]
        units = [str(_first(channel.get("unit")) or "") for channel in described]
        nominal = float(_first(info.get("nominal_srate")) or 0.0)
        stamps = np.asarray(content["time_stamps"], dtype=np.float64)
        named = f"{name}_{count + 1}" if count else name
        answer.append(_Stream(named, labels, units, nominal, stamps, content))
    return answer


def _first(value: Any, otherwise: Any = None) -> Any:
    """First of the values of an XML element, as pyxdf gives them; `otherwise` where there is none."""
    found = value[0] if isinstance(value, list) and value else value
    return otherwise if found is None or (otherwise is not None and not isinstance(found, type(otherwise))) else found


def _block(path: Path, stream: _Stream, names: list[str], device: Device, *, alone: bool) -> Block:
    """Mapped channels of a stream, on the clock of the recorder where it is known."""
    if stream.stamps.size < 2:
        raise refuse(path, (stream.name, "at least two samples", str(stream.stamps.size)))
    clock, reset = _clock(stream)
    stamps, flags = stream.stamps, list[StreamFlag]()
    inside = np.ones(stamps.size, dtype=bool)
    if clock is not None and reset:
        inside = (stamps >= clock.first - clock.interval) & (stamps <= clock.last + clock.interval)
        used = float(clock.last - clock.first)
        flags.append(StreamFlag("clock_jumped", reset, used, "by its offsets to the recorder"))
        stamps = stamps[inside]
    first = float(stamps[0]) if stamps.size else 0.0
    times = clock.corrected(stamps) if clock is not None else stamps
    regular = stream.nominal_hz > 0
    if not regular and device.resample_hz is None:
        expected = "a stream with a nominal rate, or resample_hz of the device, to which it is interpolated"
        raise refuse(path, (stream.name, expected, "a stream of irregular rate"))
    origin = float(times[0]) if times.size else 0.0
    timing = from_stamps(
        path,
        times - origin,  # seconds since 1970 have too few digits for rates
        resample_hz=None if regular else device.resample_hz,
        nominal_hz=stream.nominal_hz if regular else None,
        what=stream.name,
    )
    timing = replace(timing, start_s=timing.start_s + origin, flags=(*flags, *timing.flags, *_cut(stream)))
    rows = [stream.labels.index(name.removeprefix(f"{stream.name}.")) for name in names]
    values = np.asarray(stream.content["time_series"], dtype=np.float64)[inside][:, rows].T
    attributes = clock.attributes(first) if clock is not None else {} if alone else UNKNOWN
    return Block(values, names, [stream.units[row] for row in rows], timing, label=stream.name, clock=attributes)


def _cut(stream: _Stream) -> tuple[StreamFlag, ...]:
    """Flag of a stream with fewer samples than its footer counts."""
    footer = _first(_first(stream.content.get("footer"), {}).get("info"), {}) or stream.content.get("footer", {})
    counted = _first(footer.get("sample_count")) if isinstance(footer, dict) else None
    count = int(counted) if counted is not None and str(counted).isdigit() else 0
    if count <= stream.stamps.size or stream.nominal_hz <= 0:
        return ()
    return (StreamFlag("shorter_than_stated", stream.stamps.size / stream.nominal_hz, count / stream.nominal_hz),)


def _clock(stream: _Stream) -> tuple[_Clock | None, float]:
    """Line through the offsets of a stream; None without any. Of a clock that was reset, the longest part.

    Returns
    -------
    clock, and the largest step of its offsets where it was set anew [s]; else 0.
    """
    times = np.asarray(stream.content["clock_times"], dtype=np.float64)
    offsets = np.asarray(stream.content["clock_values"], dtype=np.float64)
    finite = np.isfinite(times) & np.isfinite(offsets)
    times, offsets = times[finite], offsets[finite]
    if not times.size:
        return None, 0.0
    interval = float(np.median(np.abs(np.diff(times)))) if times.size > 1 else 0.0
    edges = np.flatnonzero((np.abs(np.diff(offsets)) > LARGEST_OFFSET_STEP_S) | (np.diff(times) < 0)) + 1
    pieces = np.split(np.arange(times.size), edges)
    longest = max(pieces, key=len)
    step = float(max(np.diff(offsets)[edges - 1], key=abs)) if len(pieces) > 1 else 0.0
    return replace(_line(times[longest], offsets[longest]), interval=interval), step


def _line(times: Floats, offsets: Floats) -> _Clock:
    """Least squares line through offsets, without those that were delayed on their way.

    These are far from the line of the median slope (Theil 1950; Sen 1968, J Am Stat Assoc 63:1379), which a delay of
    almost a third of the offsets does not move.
    """
    drifts = times.size >= FEWEST_OFFSETS and float(np.ptp(times)) >= SHORTEST_SPAN_S
    some = np.unique(np.linspace(0, times.size - 1, MOST_PAIRED).round().astype(np.int64))
    one, other = np.triu_indices(some.size, 1)
    apart = times[some][other] - times[some][one]
    paired = apart > 0
    rise = offsets[some][other] - offsets[some][one]
    slope = float(np.median(rise[paired] / apart[paired])) if drifts else 0.0
    beyond = offsets - slope * times
    beyond = np.abs(beyond - np.median(beyond))
    kept = beyond <= max(OUTLIER_DEVIATIONS * DEVIATIONS_PER_MAD * float(np.median(beyond)), SHORTEST_DELAY_S)
    middle, count = float(times[kept].mean()), int(kept.sum())
    away = times[kept] - middle
    squares = float((away**2).sum())
    offset = float(offsets[kept].mean())
    drift = float((away * offsets[kept]).sum() / squares) if drifts else 0.0
    spread = float(np.sqrt(((offsets[kept] - offset - drift * away) ** 2).sum() / max(count - 2, 1)))
    u_drift = spread / np.sqrt(squares) if drifts else CRYSTAL_DRIFT
    u_offset = spread / np.sqrt(count)
    return _Clock(middle, offset, drift, float(u_offset), float(u_drift), float(times.min()), float(times.max()))


def _together(blocks: list[Block]) -> tuple[float, list[Block]]:
    """Start of the recording on the recorder's clock [s], and blocks whose times count from there.

    A stream whose clock is not known counts from its own first sample.
    """
    known = [block.timing.start_s for block in blocks if block.clock != UNKNOWN]
    start = min(known, default=0.0)

    def shifted(block: Block) -> Timing:
        """Time axis of a block from the start of the recording on."""
        first = block.timing.start_s
        return replace(block.timing, start_s=0.0 if block.clock == UNKNOWN else first - start)

    return start, [replace(block, timing=shifted(block)) for block in blocks]


def _remarks(stream: _Stream) -> list[str]:
    """Sentences on a stream whose stamps or rate are not what its head says."""
    answer = []
    if stream.stamps.size and abs(float(stream.stamps[0])) >= EPOCH_S:
        how = "its offsets relate them" if len(stream.content["clock_times"]) else "no offset relates them"
        answer.append(f"Time stamps of {stream.name} are seconds since 1970; {how} to the clock of the recorder.")
    if stream.nominal_hz > 0 and stream.stamps.size > 2:
        steps = np.diff(stream.stamps)
        steps = steps[np.abs(steps) < LARGEST_OFFSET_STEP_S]
        measured = 1.0 / float(steps.mean()) if steps.size and steps.mean() > 0 else np.nan
        if abs(measured - stream.nominal_hz) > RATE_TOLERANCE * stream.nominal_hz:
            answer.append(f"{stream.name} states {stream.nominal_hz:g} Hz; its samples came at {measured:.4g} Hz.")
    return answer


def _words(stream: _Stream, start: float) -> str:
    """Markers of a stream with their times from the start of the recording [s]."""
    clock, _ = _clock(stream)
    times = (clock.corrected(stream.stamps) if clock is not None else stream.stamps) - start
    words = [", ".join(map(str, row)) for row in stream.content["time_series"]]
    shown = [f"{time:.3f} s {word}" for time, word in zip(times, words, strict=True)][:MARKERS_SHOWN]
    more = f" and {len(words) - MARKERS_SHOWN} more" if len(words) > MARKERS_SHOWN else ""
    return "; ".join(shown) + more
