"""CSV files of x-io Technologies: NGIMU, x-IMU and x-IMU3, a file per kind of packet."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Measured
from legsci.ingest.readers.sensor_text import SensorText, open_sensor_text, sensor_recording
from legsci.ingest.readers.signals import TIME_UNITS, Floats, refuse
from legsci.ingest.readers.text import read_lines
from legsci.ingest.readers.timing import Timing, from_stamps
from legsci.ingest.recording import Recording

PACKETS = "Packet number"
STAMPS = ("Time (s)", "Timestamp (us)")
_UNIT = re.compile(r"^(?P<name>.*?)\s*(\((?P<unit>[^()]*)\))?$")
_QUANTITIES = {
    "Gyroscope": "angular_velocity",
    "Accelerometer": "acceleration",
    "Magnetometer": "magnetic_field",
}
_QUATERNION = {"Element 1": "w", "Element 2": "x", "Element 3": "y", "Element 4": "z"} | {
    f"{axis.upper()}{word}": axis for axis in "wxyz" for word in ("", " Element")
}
#: Registers of the x-IMU (its user manual, version 5): data rates are 2**(value - 1) Hz, 0 is off.
REGISTERS = "Registers"
_RATE_REGISTERS = {"CalInertialAndMag": "InertialAndMagneticDataRate", "Quaternion": "QuaternionDataRate"}
_RANGE_REGISTERS = {
    "angular_velocity": ("GyroscopeFullScale", (250.0, 500.0, 1000.0, 2000.0)),  # deg/s
    "acceleration": ("AccelerometerFullScale", (2.0, 4.0, 8.0)),  # g
}

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("sensors", "resample_hz", "text.encoding")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read sensors.csv or quaternion.csv of an NGIMU, CalInertialAndMag or Quaternion of an x-IMU or x-IMU3.

    Signal: `imu`. The sensor is known by the name of its folder, or by what precedes _ in the name of the file
    ("00033_Quaternion.csv": 00033). Samples lie where their time stamps say. Files of the x-IMU have none, only the
    numbers of all its packets: their rate, and the ranges of the sensors, are those of the registers in the file
    "00033_Registers.csv" beside it, else `rate_hz` of the device.

    Raises
    ------
    RecordingError : another file, no rate, no sensor mapped, uneven time stamps.
    """
    file = open_sensor_text(path, device, part=part, first=(*STAMPS, PACKETS), delimiter=",")
    registers = _registers(path) if file.names[0] == PACKETS else {}
    ranges = {
        quantity: limits[registers[name]]
        for quantity, (name, limits) in _RANGE_REGISTERS.items()
        if registers.get(name, len(limits)) < len(limits)
    }
    known = path.stem.rpartition("_")[0], path.parent.name, path.stem
    alone = [name for name in dict.fromkeys(known) if name]

    def timing(clocks: dict[str, Floats]) -> Timing:
        """Time axis by the clocks of the file."""
        return _timing(file, clocks, device, registers)

    return sensor_recording(file, device, _columns(file), alone=alone, timing=timing, ranges=ranges)


def _columns(file: SensorText) -> list[Measured]:
    """What each column measures, by its name and unit."""
    answer = []
    for name in file.names[1:]:
        match = _UNIT.match(name)
        bare, unit = (match["name"], match["unit"] or "") if match else (name, "")
        word, _, axis = bare.partition(" ")
        quantity = _QUANTITIES.get(word, "")
        if bare in _QUATERNION:
            quantity, axis, unit = "orientation", _QUATERNION[bare], "1"
        elif axis == "Axis" and file.path.stem.endswith("Magnetometer"):
            quantity, axis = "magnetic_field", word
        answer.append(Measured(name, "sensor", quantity, axis.lower(), unit))
    return [Measured("", "sensor", "", "", ""), *answer]


def _timing(file: SensorText, clocks: dict[str, Floats], device: Device, registers: dict[str, int]) -> Timing:
    """Time axis by the stamps, or by the rate of the registers."""
    if file.names[0] != PACKETS:
        scale = TIME_UNITS["us" if "us" in file.names[0] else "s"]
        stamps = clocks[file.names[0]] * scale
        return from_stamps(file.path, stamps, declared_hz=device.rate_hz, resample_hz=device.resample_hz)
    kind = file.path.stem.rpartition("_")[2]
    setting = registers.get(_RATE_REGISTERS.get(kind, ""), 0)
    rate = float(2 ** (setting - 1)) if 0 < setting < 16 else device.rate_hz
    if rate is None:
        expected = f"a rate: {_RATE_REGISTERS.get(kind, 'that of this kind of packet')} in Registers.csv, or rate_hz"
        raise refuse(file.path, ("rate_hz", expected, "neither"))
    return Timing(rate)


def _registers(path: Path) -> dict[str, int]:
    """Values of the registers in the file beside a file of an x-IMU, by name; empty where there is none."""
    beside = path.with_name(f"{path.stem.rpartition('_')[0]}_{REGISTERS}.csv")
    if beside.is_symlink() or not beside.is_file():
        return {}
    rows = csv.DictReader(read_lines(beside))
    return {row["Name"]: int(row["Value"]) for row in rows if row.get("Name") and (row.get("Value") or "").isdigit()}
