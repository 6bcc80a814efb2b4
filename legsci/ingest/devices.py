"""Devices: the recording systems of a study, as its settings describe them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from legsci.marker_sets import MARKER_SETS

#: How recordings.tsv names rows of a file with several trials as its `part`.
ROW_RANGE = re.compile(r"^rows (?P<first>[0-9]+):(?P<last>[0-9]+)$")

#: What an inertial sensor measures. Free acceleration is without gravity, along the axes of the earth.
QUANTITIES = ("acceleration", "free_acceleration", "angular_velocity", "magnetic_field", "orientation")


@dataclass(frozen=True)
class PlateSetup:
    """One force plate as the study describes it.

    Parameters
    ----------
    foot : "left", "right", "both", or "box" (a drop box stands on it).
    columns : delimited text only; quantity -> column name or 1-based number. Quantities: fx fy fz mx my mz px py pz
        (px.. centre of pressure, mx.. moments about the plate's centre, tx ty tz free torque), or `up` for vertical
        force alone.
    """

    foot: str = "both"
    columns: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """What a channel of a file measures, as the study describes it.

    Parameters
    ----------
    kind : "emg", "imu" or "analog".
    muscle, side : of EMG; side also of a sensor on a leg.
    segment : that carries the sensor.
    quantity : of a sensor, one of QUANTITIES.
    axis : of the sensor, "x", "y", "z", or "w" of a quaternion.
    mounting : where and how the sensor is fixed, in words.
    unit : of its values, where the file names none.
    """

    kind: str
    muscle: str = ""
    segment: str = ""
    side: str = ""
    quantity: str = ""
    axis: str = ""
    mounting: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Sensor:
    """What a sensor of a system that names its sensors is fixed to, as the study describes it.

    Parameters
    ----------
    segment : that carries an inertial sensor.
    muscle : under the electrodes of an EMG sensor.
    side : of the muscle or segment.
    mounting : where and how the sensor is fixed, in words.
    """

    segment: str = ""
    muscle: str = ""
    side: str = ""
    mounting: str = ""


@dataclass(frozen=True)
class Device:
    """A recording system of the study: the reader of its files, and what the names in them mean.

    Parameters
    ----------
    name : key under `devices` in study.yaml.
    reader : key of READERS.
    up, forward : signed file axes ("z", "-y", ...) that point up and the way the participant faces.
    rate_hz : sampling rate where the file carries none [Hz].
    force_sign : "reaction" (on the body) or "action" (on the plate); None: as the format defines it, or as the reader
        detects it.
    length_unit, angle_unit, force_unit, moment_unit : unit where the file names none (m, mm; deg, rad; N, kN; N m,
        N mm).
    plates : the file's plate name or number (as text) -> setup; empty: every plate, both feet.
    labels : key of MARKER_SETS or SEGMENT_SETS, a label map of legsci.
    markers : the file's label -> standard label, with precedence over the marker set; other labels are kept.
    channels : the file's name (or number, as text) of a channel that belongs to no plate -> what it measures.
    sensors : the file's name of a sensor that measures several quantities -> what it is fixed to.
    resample_hz : rate to which channels with time stamps at uneven intervals are interpolated [Hz]; None: refused.
    own_clock : whether the device keeps a clock that `synchronisation` does not relate to the others'.
    text : delimited text only: delimiter, decimal, header_rows (number of lines before the data), layout (wide, long),
        trial_column, time_column, time_unit.
    """

    name: str
    reader: str
    up: str = "z"
    forward: str = "y"
    rate_hz: float | None = None
    force_sign: str | None = None
    length_unit: str | None = None
    angle_unit: str | None = None
    force_unit: str | None = None
    moment_unit: str | None = None
    plates: dict[str, PlateSetup] = field(default_factory=dict)
    labels: str | None = None
    markers: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    resample_hz: float | None = None
    own_clock: bool = False
    text: dict[str, Any] = field(default_factory=dict)

    @property
    def standard_labels(self) -> dict[str, str]:
        """The file's label -> standard label, from the marker set and from what the study lists."""
        return MARKER_SETS.get(self.labels or "", {}) | self.markers
