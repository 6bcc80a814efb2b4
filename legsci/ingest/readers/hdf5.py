"""HDF5 files of sensors: APDM (Opal, a group per sensor), and plain arrays at one rate, as BROAD has them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from legsci.ingest.devices import Device
from legsci.ingest.readers.channels import Block, Measured, channel_signals, mapped_sensors
from legsci.ingest.readers.signals import Floats, read_bytes, refuse, with_remarks
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
    content = read_bytes(path)
    if not content.startswith(SIGNATURE):
        raise refuse(path, ("", "an HDF5 file", repr(content[:20])))
    with h5py.File(io.BytesIO(content), "r") as file:
        group = file.get("Sensors")
        return _apdm(path, file, device) if isinstance(group, h5py.Group) else _arrays(path, file, device)


def _apdm(path: Path, file: h5py.File, device: Device) -> Recording:
    """Read the sensors of an APDM file."""
    columns, arrays, owner = list[Measured](), list[Any](), list[tuple[str, int]]()
    stamps: dict[str, Floats] = {}
    for number, group in file["Sensors"].items():
        label = _label(group, number, device)
        stamps[label] = np.asarray(group["Time"], dtype=np.float64)
        processed = file.get(f"Processed/{number}/Orientation")
        found = {name: group[name] for name in APDM if name in group}
        found |= {"Orientation": processed} if processed is not None else {}
        for name, array in found.items():
            quantity, unit = APDM[name]
            for column, axis in enumerate(_axes(path, name, array)):
                columns.append(Measured(f"{label} {name}{axis}", label, quantity, axis.strip("."), unit))
                arrays.append(array)
                owner.append((label, column))
    chosen, meant, unmapped = mapped_sensors(path, device, columns)
    blocks = []
    start = min((times[0] for times in stamps.values() if times.size), default=0.0)
    for label in dict.fromkeys(owner[n][0] for n in chosen):
        # Differences of integers first: times since 1970 in microseconds have more digits than a float.
        times = (stamps[label] - start) * MICROSECONDS
        mine = [n for n in chosen if owner[n][0] == label]
        held = {id(arrays[n]): np.asarray(arrays[n], dtype=np.float64) for n in mine}
        values = np.stack([held[id(arrays[n])][:, owner[n][1]] for n in mine])
        timing = from_stamps(path, times, resample_hz=device.resample_hz, what=label)
        names, units = [columns[n].name for n in mine], [columns[n].unit for n in mine]
        blocks.append(Block(values, names, units, timing, label=label))
    signals, sentences = channel_signals(blocks, meant)
    day = datetime.fromtimestamp(start * MICROSECONDS, tz=UTC).date().isoformat() if start > 0 else ""
    return Recording(with_remarks(signals, sentences), tuple(sentences), unmapped=unmapped, recorded_on=day)


def _label(group: h5py.Group, number: str, device: Device) -> str:
    """Name of an APDM sensor: its label, or its number where the study knows it by that."""
    attrs = group["Configuration"].attrs if "Configuration" in group else group.attrs
    label = attrs.get("Label 0", b"")
    text = label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label)
    return number if number in device.sensors or not text.strip("\0 ") else text.strip("\0 ")


def _axes(path: Path, name: str, array: Any) -> Sequence[str]:
    """Names of the columns of an array."""
    width = 1 if array.ndim == 1 else int(array.shape[1])
    if array.ndim > 2 or width not in AXES:
        raise refuse(path, (name, "an array (time), (time, 3) or (time, 4)", str(array.shape)))
    return AXES[width]


def _arrays(path: Path, file: h5py.File, device: Device) -> Recording:
    """Read plain arrays of one rate."""
    arrays = dict(_numeric(file))
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
    held = {id(array): np.asarray(array, dtype=np.float64) for array, _ in chosen}
    values = np.stack([held[id(array)].reshape(array.shape[0], -1)[:, number] for array, number in chosen])
    units = [next((str(array.attrs[key]) for key in UNITS if key in array.attrs), "") for array, _ in chosen]
    block = Block(values, list(device.channels), units, Timing(rate))
    signals, sentences = channel_signals([block], device)
    unmapped = {name: "" for name in columns if name not in device.channels}
    return Recording(with_remarks(signals, sentences), tuple(sentences), unmapped=unmapped)


def _numeric(group: h5py.Group, above: str = "") -> Iterator[tuple[str, h5py.Dataset]]:
    """Arrays of numbers of a file by their paths; links to other files are not followed."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            continue
        member = group[name]
        if isinstance(member, h5py.Group):
            yield from _numeric(member, f"{above}{name}/")
        elif isinstance(member, h5py.Dataset) and _is_signal(member):
            yield f"{above}{name}", member


def _is_signal(array: h5py.Dataset) -> bool:
    """Whether an array holds numbers by time, in this file itself."""
    shaped = array.ndim == 1 or (array.ndim == 2 and array.shape[1] in AXES)
    return array.dtype.kind in "fiu" and shaped and not array.external and not array.is_virtual
