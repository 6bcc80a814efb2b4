"""An open C3D file, checked to be complete, with its unit of length, parameters, points and analog channels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from legsci.ingest.devices import Device
from legsci.ingest.readers.c3d_parameters import BLOCK_BYTES, Groups, Header, Numbers, check_names, read_parameters
from legsci.ingest.readers.signals import LENGTH_UNITS, Floats, read_bytes, refuse, unit_factor

#: Largest difference between two statements of the same rate, as a part of it: the resolution of their numbers.
RATE_TOLERANCE = 1e-6
LARGEST_RATE_HZ = 1e6
WORDS_OF_POINT = 4
WORDS_OF_ROTATION = 17
LAST_FRAME_OF_HEADER = 65535


@dataclass(frozen=True)
class Layout:
    """Where the data of a file are.

    Parameters
    ----------
    start : byte of the first frame.
    points, analog_words, frames : of which a frame and the file consist.
    real : whether the data are floating point (4 bytes) or whole numbers (2 bytes).
    """

    start: int
    points: int
    analog_words: int
    frames: int
    real: bool

    @property
    def words(self) -> int:
        """Number of values of a frame."""
        return WORDS_OF_POINT * self.points + self.analog_words

    @property
    def size(self) -> int:
        """Bytes of all frames."""
        return self.frames * self.words * (4 if self.real else 2)


@dataclass(frozen=True)
class C3dFile:
    """An open C3D file: parameters by group and name, with path and device for error messages."""

    path: Path
    device: Device
    header: Header
    groups: Mapping[str, Mapping[str, Any]]
    numbers: Numbers
    content: bytes
    layout: Layout
    length: float  # POINT:UNITS in metres
    assumptions: list[str]
    remarks: list[str]

    def values(self, group: str, name: str) -> list[Any]:
        """Return a parameter as a flat list, empty where the file does not have it."""
        return _values(self.groups, group, name)

    def array(self, group: str, name: str) -> Floats:
        """Return a numeric parameter in its own shape, empty where the file does not have it."""
        value = self.groups.get(group, {}).get(name)
        return value if isinstance(value, np.ndarray) else np.empty(0)

    def count(self, group: str, name: str) -> int:
        """Return a count, 0 where the file does not have it; what is no whole number is refused."""
        return _count(self.path, self.groups, group, name)

    def long_list(self, name: str) -> list[str]:
        """Return a list of POINT or ANALOG text that continues in NAME2, NAME3 beyond 255 entries."""
        group, name = name.split(":")
        entries: list[str] = []
        for suffix in ("", *map(str, range(2, 10))):
            entries += [str(entry).strip() for entry in self.values(group, name + suffix)]
        return entries

    def rate(self, group: str) -> float:
        """Return the rate of POINT, ANALOG or ROTATION [Hz]; one that is not a positive number is refused."""
        rate = _rate(self.groups, group)
        if group == "POINT" and rate == 0.0:
            rate = self.header.rate_hz
        if not 0.0 < rate <= LARGEST_RATE_HZ:
            raise refuse(self.path, (f"{group}:RATE", "more than 0 Hz", f"{rate:g} Hz"))
        return rate

    def states_rate(self, group: str) -> bool:
        """Whether the file states a rate of POINT, ANALOG or ROTATION."""
        return _rate(self.groups, group) != 0.0

    def points(self, chosen: Sequence[int]) -> Floats:
        """Return points (time, point, 3) in the file's unit, NaN where their residual is negative."""
        frames = self._frames[:, : WORDS_OF_POINT * self.layout.points]
        values = frames.reshape(self.layout.frames, self.layout.points, WORDS_OF_POINT)[:, list(chosen)]
        with np.errstate(invalid="ignore"):  # damaged numbers; what is not finite is a gap
            position = values[..., :3].astype(np.float64)
        if not self.layout.real:
            position *= abs(self._point_scale())
        position[values[..., 3] < 0] = np.nan
        return position

    def analogs(self, channels: Sequence[int]) -> Floats:
        """Return analog channels, counted from 0 (channel, time), in the units of the file.

        Raises
        ------
        RecordingError : a channel without SCALE or OFFSET, or no GEN_SCALE: its values are then in no unit.
        """
        count, stated = self.analog_channels, _words(self.values("ANALOG", "OFFSET"))
        scales, general = (_words(self.values("ANALOG", name)) for name in ("SCALE", "GEN_SCALE"))
        form = (self.values("ANALOG", "FORMAT") or [""])[0]
        faults = [
            (f"ANALOG:{name}", f"a number for each of {wanted} channels", f"{len(values)}")
            for name, values, wanted in (("OFFSET", stated, max(channels) + 1), ("SCALE", scales, max(channels) + 1))
            if len(values) < wanted
        ]
        if not general:
            faults.append(("ANALOG:GEN_SCALE", "a number", "none"))
        if form not in ("", "SIGNED", "UNSIGNED"):
            faults.append(("ANALOG:FORMAT", "SIGNED or UNSIGNED", repr(form)))
        if faults:
            raise refuse(self.path, *faults)
        words = self._frames[:, WORDS_OF_POINT * self.layout.points :].reshape(-1, count)[:, list(channels)]
        unsigned = self.unsigned
        offsets = np.array([stated[c] for c in channels])
        if unsigned:
            words, offsets = words.view(words.dtype.str.replace("i", "u")), offsets % 65536.0
        factors = np.array([scales[c] for c in channels]) * general[0]
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused by the reader of plates
            return np.ascontiguousarray(((words.astype(np.float64) - offsets) * factors).T)

    @property
    def unsigned(self) -> bool:
        """Whether the analog channels are whole numbers without a sign."""
        return self.values("ANALOG", "FORMAT")[:1] == ["UNSIGNED"] and not self.layout.real

    @property
    def analog_channels(self) -> int:
        """Number of analog channels."""
        return self.layout.analog_words // max(self.header.samples, 1)

    def rotations(self) -> Floats:
        """Return the matrices of the group ROTATION (time, segment, 4, 4), NaN where their reliability is negative."""
        count, ratio = (_count(self.path, self.groups, "ROTATION", name) for name in ("USED", "RATIO"))
        block = _count(self.path, self.groups, "ROTATION", "DATA_START")
        if not count or not block:
            return np.empty((0, 0, 4, 4))
        frames, start = self.layout.frames * max(ratio, 1), BLOCK_BYTES * (block - 1)
        size = frames * count * WORDS_OF_ROTATION * 4
        if start < 0 or start + size > len(self.content):
            held = max(len(self.content) - start, 0) // (count * WORDS_OF_ROTATION * 4)
            raise refuse(
                self.path, ("ROTATION", f"{frames} frames, as the header says", f"{held}: the file is cut short")
            )
        values = self.numbers.floats(self.content[start : start + size]).reshape(frames, count, WORDS_OF_ROTATION)
        with np.errstate(invalid="ignore"):
            matrices = values[..., :16].astype(np.float64).reshape(frames, count, 4, 4).swapaxes(2, 3)
        matrices[values[..., 16] < 0] = np.nan
        return matrices

    @property
    def _frames(self) -> NDArray[Any]:
        """The values of each frame (frame, word)."""
        content = self.content[self.layout.start : self.layout.start + self.layout.size]
        values = self.numbers.floats(content) if self.layout.real else np.frombuffer(content, self.numbers.order + "i2")
        return values.reshape(self.layout.frames, self.layout.words)

    def _point_scale(self) -> float:
        """Return the factor from whole numbers to the unit of length, which header and parameters must agree on."""
        stated = float((self.values("POINT", "SCALE") or [self.header.scale])[0])
        if not math.isclose(stated, self.header.scale, rel_tol=1e-3) or stated == 0.0:
            raise refuse(self.path, ("POINT:SCALE", f"{self.header.scale:g}, as in the header", f"{stated:g}"))
        return stated


def open_c3d(path: Path, device: Device) -> C3dFile:
    """Open a file after checking that it is a complete C3D file whose header and parameters agree."""
    content = read_bytes(path)
    header, groups, numbers, guessed = read_parameters(path, content, device.text.get("encoding"))
    assumptions: list[str] = []
    if guessed:
        assumptions.append(
            "Text in the file is not UTF-8; it was read as Windows-1252 (text.encoding of the device names another)."
        )
    remarks: list[str] = []
    check_names(path, groups)
    layout = _layout(path, header, groups, len(content), remarks)
    _check_end(path, groups, layout, len(content), remarks)
    if header.first > header.last:
        remarks.append(f"The header counts frames {header.first} to {header.last}; {layout.frames} frames were read.")
    _check_rates(path, header, groups, layout)
    length = _length(path, device, groups, assumptions, remarks)
    return C3dFile(path, device, header, groups, numbers, content, layout, length, assumptions, remarks)


def _layout(path: Path, header: Header, groups: Groups, size: int, remarks: list[str]) -> Layout:
    """Return where the data are; of statements that contradict each other the one that the file's size confirms."""
    stated = _statements(path, header, groups)
    layouts = [Layout(*choice) for choice in itertools.product(*(values for _, values in stated))]
    held = size - np.array([layout.start for layout in layouts])
    sizes = np.array([layout.size for layout in layouts])
    whole = [n for n in range(len(layouts)) if held[n] - sizes[n] >= 0]
    if len(layouts) == 1 and whole:
        return layouts[0]
    twice = [
        f"{name}: {first} in the header and {second} in the parameters" for name, (first, second) in _twice(stated)
    ]
    exact = [n for n in whole if held[n] - sizes[n] < BLOCK_BYTES]
    if len(exact) == 1:
        chosen = layouts[exact[0]]
        found = f"{chosen.points} points, {chosen.analog_words} analog values a frame and {chosen.frames} frames"
        remarks.append(f"{'; '.join(twice)}. The size of the file agrees with {found} only.")
        return chosen
    if twice:
        raise refuse(path, ("header", "what the parameters say too", "; ".join(twice)))
    layout = layouts[0]
    frames = max(int(held[0]), 0) * layout.frames // max(layout.size, 1)
    raise refuse(path, ("", f"{layout.frames} frames, as the header says", f"{frames}: the file is cut short"))


def _check_end(path: Path, groups: Groups, layout: Layout, size: int, remarks: list[str]) -> None:
    """Refuse a file whose frames neither end with it nor leave it filled up to whole blocks."""
    rest = size - layout.start - layout.size
    if "ROTATION" in groups or rest == 0:
        return
    if size % BLOCK_BYTES:
        expected = f"{size - rest} bytes, where the frames end, or whole blocks of {BLOCK_BYTES}"
        raise refuse(path, ("", expected, f"{size} bytes: some were lost or added"))
    if rest >= BLOCK_BYTES:
        remarks.append(f"{rest} bytes behind the frames that the header counts were left out.")


def _statements(path: Path, header: Header, groups: Groups) -> list[tuple[str, list[Any]]]:
    """Return what header and parameters say of each part of a Layout: one value where they agree, else two."""
    rotations = _count(path, groups, "ROTATION", "DATA_START")
    block = _count(path, groups, "POINT", "DATA_START") or header.data_block
    scale = float((_values(groups, "POINT", "SCALE") or [header.scale])[0])
    points = _count(path, groups, "POINT", "USED") if "USED" in groups.get("POINT", {}) else header.points
    words = _count(path, groups, "ANALOG", "USED") * header.samples
    analogs = words if "USED" in groups.get("ANALOG", {}) else header.analog_words
    if header.data_block == 0 or block == 0:
        raise refuse(path, ("header", "the block of the data", "0"))
    if rotations and not points and not analogs:
        block = header.data_block  # without points DATA_START may be anything
    both = [
        ("start", BLOCK_BYTES * (header.data_block - 1), BLOCK_BYTES * (block - 1)),
        ("points", header.points, points),
        ("analog values a frame", header.analog_words, analogs),
        ("frames", *_frame_counts(path, header, groups)),
        ("floating point", header.scale < 0, scale < 0),
    ]
    return [(name, list(dict.fromkeys((first, second)))) for name, first, second in both]


def _twice(stated: list[tuple[str, list[Any]]]) -> list[tuple[str, list[Any]]]:
    """Return the statements that contradict each other."""
    return [(name, values) for name, values in stated if len(values) > 1]


def _frame_counts(path: Path, header: Header, groups: Groups) -> tuple[int, int]:
    """Return the number of frames in the header and in the parameters; the header's words end at 65535."""
    counted = header.last - header.first + 1
    start, end = (_long(_values(groups, "TRIAL", f"ACTUAL_{word}_FIELD")) for word in ("START", "END"))
    stated = _count(path, groups, "POINT", "LONG_FRAMES") or _count(path, groups, "POINT", "FRAMES")
    if start is not None and end is not None and end - start + 1 > LAST_FRAME_OF_HEADER:
        stated = end - start + 1
    if header.last == LAST_FRAME_OF_HEADER and stated >= counted:
        counted = stated
    stated = stated or counted
    if counted < 1:
        counted = stated
    if min(counted, stated) < 1:
        raise refuse(path, ("header", "at least one frame", f"frames {header.first} to {header.last}"))
    return counted, stated


def _check_rates(path: Path, header: Header, groups: Groups, layout: Layout) -> None:
    """Refuse rates that contradict each other: of the header, of the points, of the analog channels."""
    points, analogs = _rate(groups, "POINT"), _rate(groups, "ANALOG")
    faults = []
    for name, rate in (("POINT:RATE", points), ("ANALOG:RATE", analogs), ("header, rate", header.rate_hz)):
        if not 0.0 <= rate <= LARGEST_RATE_HZ:
            faults.append((name, "more than 0 Hz", f"{rate:g} Hz"))
    if not faults and points > 0 and header.rate_hz > 0 and abs(points - header.rate_hz) > RATE_TOLERANCE * points:
        faults.append(("POINT:RATE", f"{header.rate_hz:g} Hz, as in the header", f"{points:g} Hz"))
    frames = points or header.rate_hz
    if not faults and layout.analog_words and frames > 0 and analogs > 0:
        expected = header.samples * frames
        if abs(expected - analogs) > RATE_TOLERANCE * analogs:
            what = f"{header.samples} times the rate of the frames, {expected:g} Hz"
            faults.append(("ANALOG:RATE", what, f"{analogs:g} Hz"))
    if layout.analog_words and (header.samples == 0 or layout.analog_words % header.samples):
        what = f"a part of the {layout.analog_words} analog values of a frame"
        faults.append(("header, analog samples a frame", what, f"{header.samples}"))
    if faults:
        raise refuse(path, *faults)


def _length(path: Path, device: Device, groups: Groups, assumptions: list[str], remarks: list[str]) -> float:
    """Return POINT:UNITS in metres; the study's unit where the file names none, else millimetres."""
    units = {str(unit).strip() for unit in _values(groups, "POINT", "UNITS")} - {""}
    if units and device.length_unit and units != {device.length_unit}:
        remarks.append(
            f"The file names the unit {', '.join(sorted(units))}; length_unit {device.length_unit} of the study is for "
            "files that name none."
        )
    if not units:
        units = {device.length_unit or "mm"}
        if not device.length_unit and _values(groups, "POINT", "LABELS"):
            assumptions.append("The file names no unit of length; mm was taken (length_unit names another).")
    factors = {unit_factor(unit, LENGTH_UNITS) for unit in units}
    if len(factors) > 1 or None in factors:
        raise refuse(
            path, ("POINT:UNITS", f"one of {', '.join(LENGTH_UNITS)}, the same for all", ", ".join(sorted(units)))
        )
    return float(factors.pop() or 0.001)


def _values(groups: Mapping[str, Mapping[str, Any]], group: str, name: str) -> list[Any]:
    """Return a parameter as a flat list, empty where the file does not have it."""
    value = groups.get(group, {}).get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else value.ravel(order="F").tolist()


def _words(values: list[Any]) -> list[float]:
    """Return those of a list that are numbers; text where numbers belong counts as none."""
    return [float(value) for value in values if isinstance(value, (int, float))]


def _rate(groups: Mapping[str, Mapping[str, Any]], group: str) -> float:
    """Return a rate, 0 where the file has none and NaN where it is no number."""
    values = _values(groups, group, "RATE")
    if not values:
        return 0.0
    return float(values[0]) if isinstance(values[0], float) else math.nan


def _count(path: Path, groups: Mapping[str, Mapping[str, Any]], group: str, name: str) -> int:
    """Return a count; 16-bit words are without a sign, and floating point may hold a larger one."""
    values = _values(groups, group, name)
    if not values:
        return 0
    value = values[0]
    if not isinstance(value, float) or not math.isfinite(value) or value != int(value) or abs(value) > 2**31:
        raise refuse(path, (f"{group}:{name}", "a whole number", repr(value)))
    return int(value) % 65536 if value < 0 else int(value)


def _long(values: list[Any]) -> int | None:
    """Return a number of two 16-bit words, low word first; None where there is none."""
    if len(values) != 2 or not all(isinstance(value, float) and math.isfinite(value) for value in values):
        return None
    return int(values[0]) % 65536 + 65536 * (int(values[1]) % 65536)


def first_frame(file: C3dFile) -> int:
    """Return the number of the first frame, counted from 0: TRIAL:ACTUAL_START_FIELD, else the header's."""
    start = _long(file.values("TRIAL", "ACTUAL_START_FIELD"))
    first = file.header.first if file.header.first <= file.header.last else 1
    return max((first if start is None else start) - 1, 0)
