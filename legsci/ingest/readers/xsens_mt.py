"""Text export of Xsens MTw and MTi sensors by MT Manager: a file per sensor, packets counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Measured
from legsci.ingest.readers.sensor_text import CLOCKS, SensorText, open_sensor_text, sensor_recording
from legsci.ingest.readers.signals import Floats, refuse
from legsci.ingest.readers.timing import Timing, from_counter
from legsci.ingest.recording import Recording

COUNTERS = ("PacketCounter", "Counter")
#: Columns by their first word -> quantity and unit (MT Manager user manual).
QUANTITIES = {
    "Acc": ("acceleration", "m/s^2"),
    "FreeAcc": ("free_acceleration", "m/s^2"),
    "Gyr": ("angular_velocity", "rad/s"),
    "Mag": ("magnetic_field", "a.u."),
    "Quat": ("orientation", "1"),
}
_ELEMENTS = {"q0": "w", "q1": "x", "q2": "y", "q3": "z"}
_MATRIX = re.compile(r"Mat\[([1-3])\]\[([1-3])\]")

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("sensors", "text.encoding")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read one sensor: acceleration, angular velocity, magnetic field and orientation, at the rate of its packets.

    Signal: `imu`. The sensor is known by the last word of the file name ("MT_012005D6_009-001_00B421E6.txt": 00B421E6).
    A rotation matrix is given as unit quaternion w, x, y, z of the sensor in the axes of the earth. The magnetic field
    is in units of that of the place of calibration. Packets that the counter lacks are missing samples.

    Raises
    ------
    RecordingError : no row of names, no rate, no sensor mapped, more than half of the packets lost.
    """
    file = open_sensor_text(path, device, part=part, first=COUNTERS, delimiter="\t")
    rate = file.stated_rate("update rate", "sample rate") or device.rate_hz
    if rate is None:
        raise refuse(path, ("rate_hz", "an update rate in the file, or rate_hz of the device", "neither"))

    def timing(clocks: dict[str, Floats]) -> Timing:
        """Time axis by the packet counter."""
        return from_counter(path, clocks[file.names[0]], rate_hz=rate)

    alone = list(dict.fromkeys([path.stem.rsplit("_", 1)[-1], path.stem]))
    return sensor_recording(file, device, _columns(file), alone=alone, timing=timing, convert=_quaternion)


def _columns(file: SensorText) -> list[Measured]:
    """What each column measures."""
    first = file.table.lines[0].split("\t") if file.table.lines else []
    answer = []
    for number, name in enumerate(file.names):
        word, _, axis = name.partition("_")
        quantity, unit = QUANTITIES.get(word, ("", ""))
        if _MATRIX.fullmatch(name):
            quantity, unit, axis = "orientation", "1", name
        # MT Manager names what the sensor was not asked for, and leaves its cells empty.
        if number >= len(first) or not first[number].strip():
            name, quantity = "", ""
        label = "" if name in CLOCKS else name
        answer.append(Measured(label, "sensor", quantity, _ELEMENTS.get(axis, axis).lower(), unit))
    return answer


def _quaternion(values: Floats, columns: Sequence[Measured]) -> tuple[Floats, list[Measured]]:
    """Replace the nine elements of a rotation matrix by a unit quaternion with w >= 0 (Shepperd 1978)."""
    places = {m.groups(): n for n, c in enumerate(columns) if (m := _MATRIX.fullmatch(c.name))}
    if len(places) != 9:
        return values, list(columns)
    r = {(int(i) - 1, int(j) - 1): values[n] for (i, j), n in places.items()}
    squares = np.stack(
        [
            1 + r[0, 0] + r[1, 1] + r[2, 2],
            1 + r[0, 0] - r[1, 1] - r[2, 2],
            1 - r[0, 0] + r[1, 1] - r[2, 2],
            1 - r[0, 0] - r[1, 1] + r[2, 2],
        ]
    )
    largest = np.where(np.isnan(squares).any(axis=0), 0, np.argmax(np.nan_to_num(squares), axis=0))
    x, y, z = r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]
    xy, xz, yz = r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1]
    rows = np.array([[squares[0], x, y, z], [x, squares[1], xy, xz], [y, xy, squares[2], yz], [z, xz, yz, squares[3]]])
    quaternion = np.take_along_axis(rows, largest[None, None, :], axis=0)[0]
    quaternion /= np.linalg.norm(quaternion, axis=0)
    quaternion *= np.where(quaternion[0] < 0, -1.0, 1.0)
    kept = [n for n in range(len(columns)) if n not in places.values()]
    named = [columns[n] for n in kept]
    named += [Measured(f"Mat as quaternion {axis}", "sensor", "orientation", axis, "1") for axis in "wxyz"]
    return np.concatenate([values[kept], quaternion]), named
