"""The header and the parameters of a C3D file, decoded with every length checked against the file.

The format: The C3D file format user guide, www.c3d.org. It is decoded here and not by a library in C++, because a
damaged file must end as a refusal and not as a crash of the interpreter, and because text may be of any code page.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from legsci.ingest.faults import shown
from legsci.ingest.readers.signals import Floats, refuse

BLOCK_BYTES = 512
C3D_MARK = 80
#: Fourth byte of the parameters -> byte order, and whether floating point numbers are those of DEC (VAX).
PROCESSORS: dict[int, tuple[Literal["<", ">"], bool]] = {84: ("<", False), 85: ("<", True), 86: (">", False)}
_TEXT, _BYTE, _INTEGER, _FLOAT = -1, 1, 2, 4
LARGEST_DIMENSIONS = 7
#: Groups and parameters that the reader uses.
STANDARD_NAMES = {
    "POINT": ("USED", "FRAMES", "SCALE", "RATE", "DATA_START", "UNITS", "LABELS"),
    "ANALOG": ("USED", "RATE", "GEN_SCALE", "SCALE", "OFFSET", "UNITS", "LABELS", "FORMAT"),
    "FORCE_PLATFORM": ("USED", "TYPE", "CHANNEL", "CORNERS", "ORIGIN", "CAL_MATRIX"),
    "ROTATION": ("USED", "RATIO", "DATA_START", "LABELS"),
}
#: A name that differs from a known one in no more characters is that name, damaged.
DAMAGED_CHARACTERS = 2


@dataclass(frozen=True)
class Header:
    """The first block of a file.

    Parameters
    ----------
    points : number of points in a frame.
    analog_words : number of analog values in a frame, all channels and sub-frames.
    first, last : numbers of the first and last frame, from 1.
    scale : factor from whole numbers to the unit of length; negative where the data are floating point.
    data_block : block in which the data begin, from 1.
    samples : analog samples of a channel in a frame.
    rate_hz : frames per second [Hz].
    """

    points: int
    analog_words: int
    first: int
    last: int
    scale: float
    data_block: int
    samples: int
    rate_hz: float


@dataclass(frozen=True)
class Numbers:
    """How the numbers of a file are written."""

    order: Literal["<", ">"]
    dec: bool

    def floats(self, content: bytes) -> NDArray[np.float32]:
        """Return 4-byte floating point numbers."""
        if not self.dec:
            return np.frombuffer(content, self.order + "f4")
        # The words of a DEC number are exchanged, and its exponent is larger by 2.
        words = np.frombuffer(content, "<u2").astype(np.uint32).reshape(-1, 2)
        return ((words[:, 0] << np.uint32(16)) | words[:, 1]).view(np.float32) / np.float32(4.0)

    def float(self, content: bytes) -> float:
        """Return one floating point number."""
        with np.errstate(invalid="ignore"):
            return float(self.floats(content)[0])


Groups = dict[str, dict[str, Any]]


def read_parameters(path: Path, content: bytes, encoding: str | None) -> tuple[Header, Groups, Numbers, bool]:
    """Decode the header and the parameters.

    Parameters
    ----------
    path : for messages.
    content : the whole file.
    encoding : code page of its text; None: UTF-8, else Windows-1252.

    Returns
    -------
    header : the header.
    groups : group -> parameter -> list of text, or array of numbers in the shape of the parameter.
    numbers : how numbers are written.
    guessed : whether text is neither UTF-8 nor of a code page that the study names.

    Raises
    ------
    RecordingError : another file, or parameters that leave the file.
    """
    if len(content) < BLOCK_BYTES or content[1] != C3D_MARK:
        mark = f"the mark of a C3D file (second byte {C3D_MARK})"
        raise refuse(path, ("header", mark, "another file" if content else "an empty file"))
    start = BLOCK_BYTES * (content[0] - 1)
    processor = content[start + 3] if content[0] and start + 4 <= len(content) else 0
    if processor not in PROCESSORS:
        known = "the parameters, with processor 84, 85 or 86 in their fourth byte"
        raise refuse(path, (f"block {content[0]}", known, f"{processor}" if processor else "the end of the file"))
    numbers = Numbers(*PROCESSORS[processor])
    records = _Records(path, content, start + 4, numbers, encoding)
    groups = records.read()
    return _header(content, numbers), groups, numbers, records.guessed


def check_names(path: Path, groups: Groups) -> None:
    """Refuse names of groups and parameters in which one or two characters of a known one are changed: damage."""
    pairs = [("group", name, known) for name in groups for known in STANDARD_NAMES if known not in groups]
    for group, standard in STANDARD_NAMES.items():
        held = groups.get(group, {})
        pairs += [(f"{group}:", name, known) for name in held for known in standard if known not in held]
    faults = [
        (f"{where} {name}".replace(": ", ":"), f"the name {known}", shown(name))
        for where, name, known in pairs
        if len(name) == len(known) and 0 < sum(a != b for a, b in zip(name, known, strict=True)) <= DAMAGED_CHARACTERS
    ]
    if faults:
        raise refuse(path, *faults)


def _header(content: bytes, numbers: Numbers) -> Header:
    """Decode the header block."""
    points, analog_words, first, last, _ = struct.unpack_from(numbers.order + "5H", content, 2)
    block, samples = struct.unpack_from(numbers.order + "2H", content, 16)
    scale, rate = numbers.float(content[12:16]), numbers.float(content[20:24])
    return Header(points, analog_words, first, last, scale, block, samples, rate)


class _Records:
    """The chain of groups and parameters: each has the length of its name, a number of group, a name and a link."""

    def __init__(self, path: Path, content: bytes, start: int, numbers: Numbers, encoding: str | None) -> None:
        self.path, self.content, self.start, self.numbers, self.encoding = path, content, start, numbers, encoding
        self.guessed = False

    def read(self) -> Groups:
        """Return the parameters by group; the chain ends at a record without a name, a group or a link."""
        names: dict[int, str] = {}
        found: list[tuple[int, str, Any]] = []
        at = self.start
        while True:
            length, group = struct.unpack("bb", self._bytes(at, 2, "parameters"))
            if length == 0 or group == 0:
                break
            name = self._text(self._bytes(at + 2, abs(length), "parameters")).upper()
            link = at + 2 + abs(length)
            (step,) = struct.unpack(self.numbers.order + "H", self._bytes(link, 2, name))
            if group < 0:
                names[-group] = name
            else:
                found.append((group, name, self._value(link + 2, link + step if step else len(self.content), name)))
            if step == 0:
                break
            at = link + max(step, 2)
        groups: Groups = {name: {} for name in names.values()}
        for group, name, value in found:
            groups.setdefault(names.get(group, f"group {group}"), {}).setdefault(name, value)
        return groups

    def _bytes(self, at: int, count: int, where: str) -> bytes:
        """Return some bytes; those beyond the end of the file are a fault."""
        if at + count > len(self.content):
            expected = "a chain of parameters that ends within the file"
            raise refuse(self.path, (where, expected, "the end of the file"))
        return self.content[at : at + count]

    def _value(self, at: int, end: int, name: str) -> list[str] | Floats:
        """Return the value of a parameter whose type is at `at` and whose record ends at `end`."""
        kind, count = struct.unpack("bB", self._bytes(at, 2, name))
        if abs(kind) not in (_BYTE, _INTEGER, _FLOAT) or kind < _TEXT or count > LARGEST_DIMENSIONS:
            expected = f"type -1, 1, 2 or 4 and at most {LARGEST_DIMENSIONS} dimensions"
            raise refuse(self.path, (f"parameter {name}", expected, f"type {kind}, {count} dimensions"))
        shape = tuple(self._bytes(at + 2, count, name))
        size = abs(kind)
        for length in shape:
            size *= length
        first = at + 2 + count
        if first + size > min(end, len(self.content)):
            raise refuse(
                self.path, (f"parameter {name}", f"{size} bytes, as its dimensions say", f"{max(end - first, 0)}")
            )
        content = self.content[first : first + size]
        if kind == _TEXT:
            width = shape[0] if shape else 1
            entries = [content[n : n + width] for n in range(0, len(content), width)] if width else []
            return [self._text(entry).strip(" \0") for entry in entries]
        if kind == _FLOAT:
            values = self.numbers.floats(content)
        else:
            values = np.frombuffer(content, "i1" if kind == _BYTE else self.numbers.order + "i2")
        with np.errstate(invalid="ignore"):  # damaged numbers
            return values.astype(np.float64).reshape(shape, order="F")

    def _text(self, content: bytes) -> str:
        """Decode text as the study says, else as UTF-8, else as Windows-1252 or Latin-1, which has every byte."""
        if self.encoding:
            try:
                return content.decode(self.encoding)
            except UnicodeDecodeError:
                raise refuse(
                    self.path, ("text.encoding", f"text in {self.encoding}, as set in the study", repr(content[:40]))
                ) from None
        if content.isascii():
            return content.decode("ascii")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            self.guessed = True
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError:
            return content.decode("latin-1")
