"""An open C3D file, checked to be complete, with its unit of length and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ezc3d
import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.signals import LENGTH_UNITS, Floats, refuse, unit_factor

BLOCK_BYTES = 512
LARGEST_PARAMETER_BYTES = 257 * BLOCK_BYTES  # a header and at most 255 blocks of parameters
C3D_MARK = 80
MIPS = b"\x56"  # processor whose numbers are big-endian


@dataclass(frozen=True)
class C3dFile:
    """An open C3D file: parameters by group and name, with path and device for error messages."""

    path: Path
    device: Device
    groups: Mapping[str, Any]
    data: Mapping[str, Any]
    length: float  # POINT:UNITS in metres

    def values(self, group: str, name: str) -> list[Any]:
        """Return a parameter as a flat list, empty where the file does not have it."""
        parameter = self.groups.get(group, {}).get(name)
        if parameter is None:
            return []
        value = parameter["value"]
        return list(value) if isinstance(value, list) else list(np.ravel(value))

    def array(self, group: str, name: str) -> Floats:
        """Return a numeric parameter in its own shape, empty where the file does not have it."""
        parameter = self.groups.get(group, {}).get(name)
        return np.empty(0) if parameter is None else np.asarray(parameter["value"], dtype=np.float64)

    def long_list(self, name: str) -> list[str]:
        """Return a list of POINT or ANALOG text that continues in NAME2, NAME3 beyond 255 entries."""
        group, name = name.split(":")
        entries: list[str] = []
        for suffix in ("", *map(str, range(2, 10))):
            entries += [str(entry).strip() for entry in self.values(group, name + suffix)]
        return entries


def open_c3d(path: Path, device: Device) -> C3dFile:
    """Open a file after checking that it is a complete C3D file."""
    promised = _promised_frames(path)
    try:
        content = ezc3d.c3d(str(path))
    except Exception as error:  # ezc3d raises its own exception for every C++ failure
        raise refuse(
            path, ("", "a C3D file", f"one that cannot be decoded: {str(error).strip() or type(error).__name__}")
        ) from None
    frames = content["data"]["points"].shape[2]
    if frames < promised:  # ezc3d stops at the end of the file without an error
        raise refuse(path, ("", f"{promised} frames, as the header says", f"{frames}: the file is cut short"))
    groups = content["parameters"]
    units = {str(unit).strip() for unit in np.ravel(groups["POINT"].get("UNITS", {"value": []})["value"])} - {""}
    if device.length_unit:
        units = {device.length_unit}
    factors = {unit_factor(unit, LENGTH_UNITS) for unit in units or {"mm"}}
    if len(factors) > 1 or None in factors:
        raise refuse(
            path, ("POINT:UNITS", f"one of {', '.join(LENGTH_UNITS)}, the same for all", ", ".join(sorted(units)))
        )
    data = {**content["data"], "first_frame": content["header"]["points"]["first_frame"]}
    return C3dFile(path, device, groups, data, float(factors.pop() or 0.001))


def _promised_frames(path: Path) -> int:
    """Return the number of frames in the header.

    A file without the mark of C3D is refused, and so is one whose chain of parameters leaves the file: ezc3d may never
    reach the end of such a chain.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(LARGEST_PARAMETER_BYTES)
    except OSError as error:
        raise refuse(path, ("", "a readable file", error.strerror or type(error).__name__)) from None
    if len(head) < BLOCK_BYTES or head[1] != C3D_MARK:
        mark = f"the mark of a C3D file (second byte {C3D_MARK})"
        raise refuse(path, ("header", mark, "another file" if head else "an empty file"))
    start = BLOCK_BYTES * (head[0] - 1)
    order: Literal["big", "little"] = "big" if head[start + 3 : start + 4] == MIPS else "little"
    if head[0] == 0 or not _parameters_end(head, start + 4, order):
        raise refuse(path, ("parameters", "a chain of parameters that ends within the file", "the end of the file"))
    first, last = (int.from_bytes(head[at : at + 2], order) for at in (6, 8))
    return last - first + 1


def _parameters_end(head: bytes, position: int, order: Literal["big", "little"]) -> bool:
    """Return whether the chain of parameters ends; each has the length of its name, a group, a name and a link."""
    while position + 2 <= len(head):
        name_length = abs(int.from_bytes(head[position : position + 1], order, signed=True))
        if name_length == 0 or head[position + 1] == 0:
            return True
        link = position + 2 + name_length
        step = int.from_bytes(head[link : link + 2], order)
        if step == 0 and link + 2 <= len(head):
            return True
        position = link + max(step, 2)
    return False


def first_frame(file: C3dFile) -> int:
    """Return the number of the first frame, counted from 0: TRIAL:ACTUAL_START_FIELD, else the header's."""
    start = file.values("TRIAL", "ACTUAL_START_FIELD")
    if len(start) == 2:  # two 16-bit words, low word first; counted from 1
        return max(int(start[0]) % 65536 + 65536 * int(start[1]) - 1, 0)
    return int(file.data["first_frame"])
