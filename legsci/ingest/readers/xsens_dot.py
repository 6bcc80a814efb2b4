"""CSV files of Xsens DOT (Movella DOT): a file per sensor, packets counted and stamped."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Measured
from legsci.ingest.readers.sensor_text import SensorText, open_sensor_text, sensor_recording
from legsci.ingest.readers.signals import Floats, refuse
from legsci.ingest.readers.timing import StreamFlag, Timing, from_counter
from legsci.ingest.recording import Recording

#: Columns by their first word -> quantity and unit (Xsens DOT user manual: angular velocity in deg/s).
QUANTITIES = {
    "Acc": ("acceleration", "m/s^2"),
    "FreeAcc": ("free_acceleration", "m/s^2"),
    "Gyr": ("angular_velocity", "deg/s"),
    "Mag": ("magnetic_field", "a.u."),
    "Quat": ("orientation", "1"),
}
COUNTER, STAMPS = "PacketCounter", "SampleTimeFine"
#: Both count in 32 bits; stamps are in microseconds.
WRAPS_AT, STAMPS_PER_S = 2**32, 1e6
#: Stamps that leave the count of packets for longer contradict it [s].
LARGEST_SHIFT_S = 0.05

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("sensors", "text.encoding", "text.delimiter")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True
#: Files are lines of text; one cut short may end in a number that lacks digits.
LINES = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read one sensor: orientation, acceleration and what else the chosen mode recorded.

    Signal: `imu`. The sensor is known by its DeviceTag, or by the first word of the file name ("LTibia_2021...csv":
    LTibia). Samples lie at OutputRate by the count of packets; packets that it lacks are missing samples. Stamps that
    jump against that count are flagged.

    Raises
    ------
    RecordingError : no row of names, no rate, no sensor mapped, more than half of the packets lost.
    """
    delimiter = str(device.text.get("delimiter", ","))
    file = open_sensor_text(path, device, part=part, first=(COUNTER,), delimiter=delimiter)
    rate = file.stated_rate("outputrate") or device.rate_hz
    if rate is None:
        raise refuse(path, ("rate_hz", "an OutputRate in the file, or rate_hz of the device", "neither"))
    alone = [name for name in (file.stated("devicetag"), path.stem.split("_", 1)[0], path.stem) if name]

    def timing(clocks: dict[str, Floats]) -> Timing:
        """Time axis by packet counter and stamps."""
        return _timing(path, clocks[COUNTER], clocks.get(STAMPS), rate)

    recording = sensor_recording(file, device, _columns(file), alone=list(dict.fromkeys(alone)), timing=timing)
    return replace(recording, recorded_on=_date(file.stated("starttime")))


def _columns(file: SensorText) -> list[Measured]:
    """What each column measures."""
    answer = []
    for name in file.names:
        word, _, axis = name.partition("_")
        quantity, unit = QUANTITIES.get(word, ("", ""))
        label = "" if name in (COUNTER, STAMPS) else name
        answer.append(Measured(label, "sensor", quantity, axis.lower(), unit))
    return answer


def _timing(path: Path, counter: Floats, stamps: Floats | None, rate_hz: float) -> Timing:
    """Time axis by the count of packets; a shift of the stamps against it is a jump of the clock."""
    timing = from_counter(path, counter, rate_hz=rate_hz, wraps_at=WRAPS_AT)
    if stamps is None:
        return timing
    packets = np.diff(counter)
    elapsed = np.diff(stamps)
    elapsed = np.where(elapsed < -WRAPS_AT / 2, elapsed + WRAPS_AT, elapsed) / STAMPS_PER_S
    beyond = elapsed - packets / rate_hz
    row = int(np.abs(beyond).argmax()) if beyond.size else 0
    if beyond.size and abs(beyond[row]) > LARGEST_SHIFT_S:
        flag = StreamFlag("clock_jumped", float(beyond[row]), (counter.size - 1) / rate_hz, f"in row {row + 2} of data")
        return replace(timing, flags=(*timing.flags, flag))
    return timing


def _date(stated: str) -> str:
    """Date of "2021-08-20_20:21:13_804 GMT+8", empty where there is none."""
    try:
        return date.fromisoformat(stated[:10]).isoformat()
    except ValueError:
        return ""
