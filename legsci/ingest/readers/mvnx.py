"""MVNX files of Xsens MVN: sensors on segments, and the joint angles of the maker's model, at the rate of the frames.

The file is XML. It is parsed without a document type, so that no entity is expanded and no other file is read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, Measured, channel_signals, mapped_sensors
from legsci.ingest.readers.signals import Floats, angle_signal, read_bytes, refuse, with_remarks
from legsci.ingest.readers.timing import from_counter
from legsci.ingest.recording import Recording

#: Elements of a frame that belong to sensors -> quantity, its axes and unit (MVN user manual).
QUANTITIES = {
    "sensorFreeAcceleration": ("free_acceleration", "xyz", "m/s^2"),
    "sensorAcceleration": ("acceleration", "xyz", "m/s^2"),
    "sensorAngularVelocity": ("angular_velocity", "xyz", "rad/s"),
    "sensorMagneticField": ("magnetic_field", "xyz", "a.u."),
    "sensorOrientation": ("orientation", "wxyz", "1"),
}
ANGLES = "jointAngle"
#: Elements that are not read: poses and motion of segments, as the maker's model estimates them.
LEFT_OUT = ("orientation", "position", "velocity", "acceleration", "angularVelocity", "angularAcceleration")
MOVING = ("normal", "")  # frames of other types are poses of calibration

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("sensors",)
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True


class _Content:
    """What the parser gathers."""

    def __init__(self) -> None:
        self.subject: dict[str, str] = {}
        self.sensors: list[str] = []
        self.joints: list[str] = []
        self.index: list[str] = []
        self.rows: dict[str, list[str]] = {}
        self.present: set[str] = set()
        self._text: list[str] | None = None
        self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take up an element."""
        if name == "frame":
            self._inside = attributes.get("type", "") in MOVING
            if self._inside:
                self.index.append(attributes.get("index", ""))
        elif self._inside:
            self.present.add(name)
            self._text = [] if name in QUANTITIES or name == ANGLES else None
        elif name == "sensor":
            self.sensors.append(attributes.get("label", ""))
        elif name == "joint":
            self.joints.append(attributes.get("label", ""))
        elif name == "subject":
            self.subject = attributes

    def text(self, words: str) -> None:
        """Take up text of an element that is read."""
        if self._text is not None:
            self._text.append(words)

    def end(self, name: str) -> None:
        """Close an element."""
        if self._text is not None:
            self.rows.setdefault(name, []).append("".join(self._text))
            self._text = None
        elif name == "frame":
            self._inside = False


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read the sensors that the device maps, and the joint angles.

    Signals: `imu`, sensors known by their labels ("RightUpperLeg"); `angles` [deg], names as "jRightKnee.z". Free
    acceleration is without gravity, in the axes of the earth; older files have the acceleration itself. Frames that
    the index lacks are missing samples.

    Raises
    ------
    RecordingError : not MVNX, a document type, damaged XML, no frames, frames with other numbers of values.
    """
    if part is not None:
        raise refuse(path, ("part", "none: the file holds one recording", part))
    content = _parsed(path)
    try:
        rate = float(content.subject.get("frameRate", ""))
        index = np.array(content.index, dtype=np.float64)
    except ValueError:
        raise refuse(path, ("subject", "a frameRate, and frames with an index", "none")) from None
    if index.size < 2 or not rate > 0:
        raise refuse(path, ("frames", "at least two frames of movement, and their rate", f"{index.size} frames"))
    timing = from_counter(path, index, rate_hz=rate, wraps_at=2**32)
    columns, rows = list[Measured](), list[Floats]()
    for element, (quantity, axes, unit) in QUANTITIES.items():
        if element in content.rows:
            table = _table(path, element, content.rows[element], index.size, len(axes) * len(content.sensors))
            columns += [
                Measured(f"{sensor} {element}.{axis}", sensor, quantity, axis, unit)
                for sensor in content.sensors
                for axis in axes
            ]
            rows += list(table.T)
    signals, sentences, unmapped = dict[str, xr.Dataset](), list[str](), dict[str, str]()
    if device.sensors:
        chosen, meant, unmapped = mapped_sensors(path, device, columns)
        names, units = [columns[n].name for n in chosen], [columns[n].unit for n in chosen]
        block = Block(np.stack([rows[n] for n in chosen]), names, units, timing)
        signals, sentences = channel_signals([block], meant)
    if ANGLES in content.rows:
        angle = _table(path, ANGLES, content.rows[ANGLES], index.size, 3 * len(content.joints))
        labels = [f"{joint}.{axis}" for joint in content.joints for axis in "xyz"]
        signals["angles"] = angle_signal(timing.lay(angle.T).T, rate_hz=rate, names=labels)
    if not signals:
        raise refuse(path, ("sensors", f"a segment for some of {', '.join(content.sensors)}", "none in study.yaml"))
    left_out = [name for name in LEFT_OUT if name in content.present]
    notes = {"frames": f"left out: {', '.join(left_out)} of segments, which the model of the maker estimates"}
    said = tuple(sentences)
    day = _date(content.subject)
    return Recording(with_remarks(signals, sentences), said, 0.0, unmapped, notes if left_out else {}, day)


def _parsed(path: Path) -> _Content:
    """Parse the file; a document type, in which entities are defined, is refused."""
    content = _Content()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 65536
    parser.StartElementHandler, parser.EndElementHandler = content.start, content.end
    parser.CharacterDataHandler = content.text

    def no_type(*_: Any) -> None:
        """Refuse a document type."""
        raise refuse(path, ("", "XML without a document type", "<!DOCTYPE"))

    parser.StartDoctypeDeclHandler = no_type
    try:
        parser.Parse(read_bytes(path), True)
    except expat.ExpatError as error:
        raise refuse(path, (f"line {error.lineno}", "XML", expat.ErrorString(error.code))) from None
    return content


def _table(path: Path, element: str, rows: list[str], count: int, width: int) -> Floats:
    """Numbers (frame, value) of an element."""
    numbers = np.array(" ".join(rows).split(), dtype=np.float64)
    if len(rows) != count or numbers.size != count * width:
        expected = f"{width} numbers in each of {count} frames"
        raise refuse(path, (element, expected, f"{numbers.size} numbers in {len(rows)} frames"))
    return numbers.reshape(count, width)


def _date(subject: dict[str, str]) -> str:
    """Date of the recording, empty where the file has none that can be read."""
    try:
        milliseconds = int(subject.get("recDateMSecsSinceEpoch", ""))
        return datetime.fromtimestamp(milliseconds / 1000.0).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
