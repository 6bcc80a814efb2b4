"""Channels that belong to no plate: EMG, sensors and other inputs in SI units, one stream per kind and rate."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.ingest.devices import Channel, Device, Sensor
from legsci.ingest.readers.signals import Floats, refuse, unit_factor
from legsci.ingest.readers.timing import StreamFlag, Timing
from legsci.vocabulary import STANDARD_GRAVITY

_VOLTAGE = {"V": 1.0, "volts": 1.0, "mV": 1e-3, "millivolts": 1e-3}
_VOLTAGE |= dict.fromkeys(("uV", "µV", "μV", "microvolts"), 1e-6)
_ACCELERATION = dict.fromkeys(("m/s^2", "m/s2", "m/s²", "m/s/s"), 1.0) | {
    "g": STANDARD_GRAVITY,
    "mg": STANDARD_GRAVITY / 1000.0,
    "mG": STANDARD_GRAVITY / 1000.0,
}
_ANGULAR_VELOCITY = {"rad/s": 1.0} | dict.fromkeys(("deg/s", "°/s", "dps", "degrees/s"), np.pi / 180.0)
_MAGNETIC = {"uT": 1.0, "µT": 1.0, "μT": 1.0, "T": 1e6, "mT": 1e3, "nT": 1e-3, "G": 100.0, "Gauss": 100.0, "mG": 0.1}
#: What a channel measures -> its unit in session files, and units of files with their factors to it.
UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "emg": ("V", _VOLTAGE),
    "acceleration": ("m/s^2", _ACCELERATION),
    "free_acceleration": ("m/s^2", _ACCELERATION),
    "angular_velocity": ("rad/s", _ANGULAR_VELOCITY),
    "magnetic_field": ("uT", _MAGNETIC),
    "orientation": ("1", {"1": 1.0}),
}
#: Units that makers give to normalised fields; they are kept.
_ARBITRARY = ("a.u.",)
#: Quantities whose sensors have a range that movement can exceed.
_CLIPS = ("emg", "acceleration", "angular_velocity")
#: A sensor at the end of its range repeats its largest value at least so often in a row, and more often than others.
SATURATED_SAMPLES, SATURATED_TIMES = 4, 2
#: A sensor that still measures never repeats its value for so long [s].
STOPPED_S = 0.5


class Measured(NamedTuple):
    """What a column of a file measures, as its format states it.

    Parameters
    ----------
    name : of the channel.
    sensor : by the file's name.
    quantity : "emg" or one of QUANTITIES; empty where the format has none of them.
    axis, unit : of the file.
    """

    name: str
    sensor: str
    quantity: str
    axis: str
    unit: str


@dataclass(frozen=True)
class Block:
    """Channels of one clock and rate.

    Parameters
    ----------
    values : (channel, row of the file).
    names, units : of the channels in the file.
    timing : where the rows lie in time.
    ranges : (channel,) largest value that each can measure, in the unit of the file; NaN: unknown.
    label : of the block in its file, where several have one rate.
    clock : attributes of a clock that the file relates to that of its recorder.
    """

    values: Floats
    names: Sequence[str]
    units: Sequence[str]
    timing: Timing
    ranges: Sequence[float] = ()
    label: str = ""
    clock: dict[str, float | str] = field(default_factory=dict)


def channel_signals(blocks: Sequence[Block], device: Device) -> tuple[dict[str, xr.Dataset], list[str]]:
    """Label channels as the device maps them, a stream for each kind and block.

    Parameters
    ----------
    blocks : channels that the device maps.
    device : for `channels`.

    Returns
    -------
    streams : name -> Dataset with `value` (channel, time), coordinate `unit` (channel): V, m/s^2, rad/s, uT or 1 (of a
        quaternion); that of the file for other inputs and units that are not known. `range` (channel) is the largest
        value that a sensor can measure, where the file states it; further coordinates are what the study says
        of each channel. The name is the kind ("emg", "imu", "analog"), with the rate where there are several; attr
        `kind` is the kind, attr `flags` (JSON list of [code, value, limit, detail]) holds the faults of the stream.
    sentences : on units that are missing or not those of the quantity, and on uneven time stamps.
    """
    parts: list[tuple[str, Block, xr.Dataset]] = []
    sentences: list[str] = []
    for block in blocks:
        sentences += block.timing.sentences
        for kind in dict.fromkeys(device.channels[name].kind for name in block.names):
            parts.append((kind, block, _stream(kind, block, device, sentences)))
    count = Counter(kind for kind, *_ in parts)
    streams: dict[str, xr.Dataset] = {}
    for kind, block, signal in parts:
        rate = f"{block.timing.rate_hz:.0f}hz"
        alike = [other for of, other, _ in parts if of == kind and f"{other.timing.rate_hz:.0f}hz" == rate]
        name = kind if count[kind] == 1 else f"{kind}_{rate}"
        if len(alike) > 1:
            name = f"{kind}_{_plain(block.label) or rate}"
        number = sum(other == name or other.startswith(f"{name}_part_") for other in streams)
        streams[f"{name}_part_{number + 1}" if number else name] = signal
    return streams, list(dict.fromkeys(sentences))


def _stream(kind: str, block: Block, device: Device, sentences: list[str]) -> xr.Dataset:
    """Channels of one kind of a block, on its time axis and in SI units."""
    rows = [row for row, name in enumerate(block.names) if device.channels[name].kind == kind]
    names = [block.names[row] for row in rows]
    mapped = [device.channels[name] for name in names]
    whole = len(rows) == len(block.names)
    values = block.timing.lay(block.values if whole else block.values[rows])
    factors, units = _in_si(names, [block.units[row] for row in rows], mapped, sentences)
    ranges = np.array([block.ranges[row] if block.ranges else np.nan for row in rows]) * factors
    if (factors != 1.0).any():
        values = values * factors[:, None]
    rate = block.timing.rate_hz
    flags = [*block.timing.flags, *_sensor_flags(values, names, mapped, ranges, rate)]
    meaning = {
        of: ("channel", [getattr(channel, of) for channel in mapped])
        for of in ("muscle", "segment", "side", "quantity", "axis", "mounting")
        if any(getattr(channel, of) for channel in mapped)
    }
    further: dict[str, tuple[str, list[str] | Floats]] = {"unit": ("channel", units), **meaning}
    if np.isfinite(ranges).any():
        further["range"] = ("channel", ranges)
    time = xr.Variable("time", block.timing.start_s + np.arange(values.shape[1]) / rate, {"units": "s"})
    attrs = {"sampling_rate_hz": rate, "kind": kind, **block.clock}
    if flags:
        attrs["flags"] = json.dumps([_plain_numbers(flag) for flag in flags], ensure_ascii=False)
    return xr.Dataset(
        {"value": (("channel", "time"), values)}, coords={"channel": names, "time": time, **further}, attrs=attrs
    )


def _in_si(
    names: Sequence[str], of_file: Sequence[str], mapped: Sequence[Channel], sentences: list[str]
) -> tuple[Floats, list[str]]:
    """Factor of each channel to its unit in session files, and that unit; 1 and the file's where it is not known."""
    factors, units, odd = np.ones(len(names)), [], []
    for row, (name, unit, channel) in enumerate(zip(names, of_file, mapped, strict=True)):
        stated = unit.strip("[]() ") or channel.unit
        known = UNITS.get("emg" if channel.kind == "emg" else channel.quantity)
        factor = unit_factor(stated, known[1]) if known else None
        if known and factor is not None:
            factors[row] = factor
            units.append(known[0])
            continue
        units.append(stated)
        if known and stated not in _ARBITRARY:
            odd.append(f"{name} in {stated or 'no unit'} ({', '.join(dict.fromkeys(list(known[1])[:3]))})")
    if odd:
        sentences.append(
            f"Units that are missing or not those of the quantity; values are as in the file: {'; '.join(odd)}."
        )
    return factors, units


def _sensor_flags(
    values: Floats, names: Sequence[str], mapped: Sequence[Channel], ranges: Floats, rate_hz: float
) -> list[StreamFlag]:
    """Flags of channels that stop before the end, and of those that reach the end of their range."""
    flags = []
    for name, channel, row, limit in zip(names, mapped, values, ranges, strict=True):
        if (channel.quantity or channel.kind) not in _CLIPS or row.size < SATURATED_SAMPLES:
            continue
        end = row[-round(STOPPED_S * rate_hz) - 1 :]
        stopped = bool((end == row[-1]).all())
        moves = np.flatnonzero(row != row[-1]) if stopped else end
        held = row.size - (int(moves[-1]) + 1 if moves.size else 0)
        stopped = stopped and held > STOPPED_S * rate_hz
        if stopped:
            where = "throughout" if held == row.size else f"from {(row.size - held) / rate_hz:.2f} s on"
            flags.append(StreamFlag("sensor_stopped", held / rate_hz, STOPPED_S, f"{name}, {where}"))
        count = 0 if stopped else _saturated(row, float(limit))
        if count:
            flags.append(StreamFlag("sensor_saturated", count, detail=f"{name} at {np.nanmax(np.abs(row)):.4g}"))
    return flags


def _saturated(row: Floats, limit: float) -> int:
    """Count samples at the end of the range: at the stated limit, else at an extreme that repeats as no other value."""
    largest = max(float(np.fmax.reduce(row)), -float(np.fmin.reduce(row)))
    if np.isfinite(limit):
        return int(np.count_nonzero(np.abs(row) >= 0.999 * limit)) if largest >= 0.999 * limit else 0
    if not np.count_nonzero(row == largest) + np.count_nonzero(row == -largest) >= SATURATED_SAMPLES:
        return 0
    size = np.abs(row)
    edges = np.flatnonzero(np.diff(row) != 0.0) + 1
    lengths = np.diff(np.concatenate([[0], edges, [row.size]]))
    at_end = size[np.concatenate([[0], edges])] == largest
    longest = int(lengths[at_end].max(initial=0))
    others = int(lengths[~at_end].max(initial=1))
    if longest < SATURATED_SAMPLES or longest <= SATURATED_TIMES * others:
        return 0
    return int(lengths[at_end & (lengths >= SATURATED_SAMPLES)].sum())


def mapped_sensors(
    path: Path, device: Device, columns: Sequence[Measured], *, alone: Sequence[str] = ()
) -> tuple[list[int], Device, dict[str, str]]:
    """Give the columns of sensors the meaning that the study gives their sensors.

    Parameters
    ----------
    path : for messages.
    device : for `sensors`.
    columns : of the file.
    alone : names by which the only sensor of the file is known; empty: the file holds several.

    Returns
    -------
    chosen : numbers of the columns that the device maps.
    device : the same with `channels` for those columns.
    unmapped : unit of each other channel, by name.

    Raises
    ------
    RecordingError : the device maps no sensor, or one that the file does not hold.
    """
    held = list(alone) or list(dict.fromkeys(column.sensor for column in columns))
    if not device.sensors:
        expected = f"the segment or muscle of each sensor: {' or '.join(held) if alone else ', '.join(held)}"
        raise refuse(path, ("sensors", expected, "none in study.yaml"))
    if alone:
        of_file = [device.sensors[name] for name in alone if name in device.sensors]
        known = {column.sensor: of_file[0] for column in columns if of_file}
    else:
        known = device.sensors
        absent = [name for name in device.sensors if name not in held]
        if absent:
            raise refuse(path, *((f"sensors.{name}", f"one of {', '.join(held)}", "no such sensor") for name in absent))
    channels: dict[str, Channel] = {}
    for column in columns:
        sensor = known.get(column.sensor)
        channel = _meaning(column, sensor) if sensor else None
        if channel:
            channels[column.name] = channel
    chosen = [number for number, column in enumerate(columns) if column.name in channels]
    unmapped = {column.name: column.unit for column in columns if column.name not in channels}
    return chosen, replace(device, channels=channels), unmapped


def _meaning(column: Measured, sensor: Sensor) -> Channel | None:
    """What a column of a mapped sensor measures; None where the study gives the sensor no place for that."""
    if column.quantity == "emg" and sensor.muscle:
        return Channel("emg", muscle=sensor.muscle, side=sensor.side)
    if column.quantity and column.quantity != "emg" and sensor.segment:
        placed = {"segment": sensor.segment, "side": sensor.side, "mounting": sensor.mounting}
        return Channel("imu", quantity=column.quantity, axis=column.axis, **placed)
    return None


def _plain(label: str) -> str:
    """Return a label in lower case letters, digits and _."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def _plain_numbers(flag: StreamFlag) -> list[str | float | None]:
    """Return a flag as JSON can hold it."""
    numbers = [None if np.isnan(number) else float(number) for number in (flag.value, flag.limit)]
    return [flag.code, *numbers, flag.detail]
