"""HDF5 files of sensors: APDM (Opal, a group per sensor), and plain arrays at one rate, as BROAD has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, Measured, channel_signals, mapped_sensors
from legsci.ingest.readers.signals import Floats, refuse, with_remarks
from legsci.ingest.readers.timing import Timing, from_stamps
from legsci.ingest.recording import Recording

if TYPE_CHECKING:
    import h5py

#: First bytes of an HDF5 file.
SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: Arrays of an APDM sensor -> quantity and unit (APDM, HDF5 file format, version 5).
APDM = {
    "Accelerometer": ("acceleration", "m/s^2"),
    "Gyroscope": ("angular_velocity", "rad/s"),
    "Magnetometer": ("magnetic_field", "uT"),
    "Orientation": ("orientation", "1"),
}
MICROSECONDS = 1e-6
#: Attributes that hold the rate of plain arrays, and the unit of one.
RATES, UNITS = ("sampling_rate", "sampling_rate_hz", "fs", "Sample Rate"), ("units", "unit", "Units")
#: Names of the columns of an array by their number.
AXES = {1: ("",), 3: (".x", ".y", ".z"), 4: (".w", ".x", ".y", ".z")}
NAMES_SHOWN = 40

#: Settings of a device that this reader uses beside its axes.
SETTINGS = ("channels", "sensors", "resample_hz")
#: Files hold neither plates nor markers; their clock need not be related to those of other devices.
CHANNELS_ALONE = True


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read the arrays that the device maps.

    An APDM file has sensors, known by their label ("Left Shank") or number; their acceleration [m/s^2], angular
    velocity [rad/s], magnetic field [uT] and orientation lie where their times say. Arrays of other files are channels
    by path and column ("imu_acc.x", a quaternion's w first) at the rate of the attribute `sampling_rate`, else at
    `rate_hz` of the device; their units are those of the attribute `units`, else of the study.

    Raises
    ------
    RecordingError : not HDF5, damaged, no rate, uneven times, channels or sensors that the file does not have.
    """
    import h5py  # 0.1 s, for those only who read HDF5

    if part is not None:
        raise refuse(path, ("part", "none: the file holds one recording", part))
    try:
        with path.open("rb") as file:
            head = file.read(len(SIGNATURE))
    except OSError as error:
        raise refuse(path, ("", "a readable file", error.strerror or type(error).__name__)) from None
    if head != SIGNATURE:
        raise refuse(path, ("", "an HDF5 file", repr(head)))
    with h5py.File(path, "r") as file:
        arrays = dict(_numeric(file))
        apdm = any(name.startswith("Sensors/") for name in arrays)
        return _apdm(path, file, arrays, device) if apdm else _arrays(path, file, arrays, device)


def _apdm(path: Path, file: h5py.File, arrays: dict[str, h5py.Dataset], device: Device) -> Recording:
    """Read the sensors of an APDM file."""
    numbers = list(dict.fromkeys(name.split("/")[1] for name in arrays if name.startswith("Sensors/")))
    columns, owner = list[Measured](), list[tuple[str, str, int]]()
    for number in numbers:
        label = _label(file, number, device)
        found = {name: f"Sensors/{number}/{name}" for name in APDM} | {"Orientation": f"Processed/{number}/Orientation"}
        for name, place in found.items():
            quantity, unit = APDM[name]
            for column, axis in enumerate(_axes(path, name, arrays[place]) if place in arrays else ()):
                columns.append(Measured(f"{label} {name}{axis}", label, quantity, axis.strip("."), unit))
                owner.append((number, place, column))
    chosen, meant, unmapped = mapped_sensors(path, device, columns)
    stamps = {number: arrays[f"Sensors/{number}/Time"][()].astype(np.float64) for number in numbers}
    start = min((float(times[0]) for times in stamps.values() if times.size), default=0.0)
    blocks = []
    for number in dict.fromkeys(owner[n][0] for n in chosen):
        mine = [n for n in chosen if owner[n][0] == number]
        values = _rows([(arrays[owner[n][1]], owner[n][2]) for n in mine])
        # Differences of whole microseconds first: times since 1970 in seconds have too few digits.
        times = (stamps[number] - start) * MICROSECONDS
        label = columns[mine[0]].sensor
        timing = from_stamps(path, times, resample_hz=device.resample_hz, what=label)
        names, units = [columns[n].name for n in mine], [columns[n].unit for n in mine]
        blocks.append(Block(values, names, units, timing, label=label))
    signals, sentences = channel_signals(blocks, meant)
    day = datetime.fromtimestamp(start * MICROSECONDS, tz=UTC).date().isoformat() if start > 0 else ""
    return Recording(with_remarks(signals, sentences), tuple(sentences), unmapped=unmapped, recorded_on=day)


def _rows(columns: Sequence[tuple[h5py.Dataset, int]]) -> Floats:
    """Columns of arrays (channel, time); each array is read once, into the same memory where they are of one shape."""
    values = np.empty((len(columns), columns[0][0].shape[0]))
    held = np.empty(0)
    for array, members in groupby(enumerate(columns), key=lambda member: member[1][0]):
        if held.shape != array.shape:
            held = np.empty(array.shape)
        if array.size:
            array.read_direct(held)
        for row, (_, number) in members:
            values[row] = held if array.ndim == 1 else held[:, number]
    return values


def _label(file: h5py.File, number: str, device: Device) -> str:
    """Name of an APDM sensor: its label, or its number where the study knows it by that."""
    import h5py

    group = file[f"Sensors/{number}"]
    own = isinstance(group.get("Configuration", getlink=True), h5py.HardLink)
    label = (group["Configuration"] if own else group).attrs.get("Label 0", b"")
    text = label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label)
    return number if number in device.sensors or not text.strip("\0 ") else text.strip("\0 ")


def _axes(path: Path, name: str, array: Any) -> Sequence[str]:
    """Names of the columns of an array."""
    width = 1 if array.ndim == 1 else int(array.shape[1])
    if array.ndim > 2 or width not in AXES:
        raise refuse(path, (name, "an array (time), (time, 3) or (time, 4)", str(array.shape)))
    return AXES[width]


def _arrays(path: Path, file: h5py.File, arrays: dict[str, h5py.Dataset], device: Device) -> Recording:
    """Read plain arrays of one rate."""
    columns = {
        f"{name}{axis}": (array, number)
        for name, array in arrays.items()
        for number, axis in enumerate(_axes(path, name, array))
    }
    absent = [name for name in device.channels if name not in columns]
    if absent or not device.channels:
        shown = ", ".join(list(columns)[:NAMES_SHOWN]) or "none"
        places = [f"channels.{name}" for name in absent] or ["channels"]
        raise refuse(path, *((place, f"one of {shown}", "no such channel") for place in places))
    chosen = [columns[name] for name in device.channels]
    lengths = {array.shape[0] for array, _ in chosen}
    if len(lengths) > 1:
        raise refuse(path, ("channels", "arrays of one length", ", ".join(map(str, sorted(lengths)))))
    stated = [float(file.attrs[name]) for name in RATES if name in file.attrs]
    rate = stated[0] if stated and stated[0] > 0 else device.rate_hz
    if rate is None:
        raise refuse(path, ("rate_hz", "an attribute sampling_rate, or rate_hz of the device", "neither"))
    units = [next((str(array.attrs[key]) for key in UNITS if key in array.attrs), "") for array, _ in chosen]
    block = Block(_rows(chosen), list(device.channels), units, Timing(rate))
    signals, sentences = channel_signals([block], device)
    unmapped = {name: "" for name in columns if name not in device.channels}
    return Recording(with_remarks(signals, sentences), tuple(sentences), unmapped=unmapped)


def _numeric(group: h5py.Group, above: str = "") -> Iterator[tuple[str, h5py.Dataset]]:
    """Arrays of numbers of a file by their paths; links to other files are not followed."""
    import h5py

    for name in group:
        if group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type != h5py.h5l.TYPE_HARD:
            continue
        member = group[name]
        if isinstance(member, h5py.Group):
            yield from _numeric(member, f"{above}{name}/")
        elif isinstance(member, h5py.Dataset) and _is_signal(member):
            yield f"{above}{name}", member


def _is_signal(array: h5py.Dataset) -> bool:
    """Whether an array holds numbers by time, in this file itself."""
    shape: tuple[int, ...] = array.shape or ()  # None of an empty array
    shaped = len(shape) == 1 or (len(shape) == 2 and shape[1] in AXES)
    return shaped and array.dtype.kind in "fiu" and not array.external and not array.is_virtual
