"""Writers of the files of a laboratory: C3D, BioWare, Xsens and tables, written whole or not at all."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import ezc3d
import numpy as np

from legsci.simulate.athlete.plan import Array
from legsci.simulate.sensors.imu import ImuRecording
from legsci.simulate.sensors.markers import Trajectories
from legsci.simulate.sensors.plates import Plate
from legsci.storage import atomic_write

MILLIMETRES = 1000.0
#: ISB axes that become the laboratory's x (right), y (forward) and z (up).
LAB_AXES = [2, 0, 1]
#: Transducers of C3D: channel names of a plate, without its number.
CHANNEL_NAMES = {
    2: ("Force.Fx", "Force.Fy", "Force.Fz", "Moment.Mx", "Moment.My", "Moment.Mz"),
    3: ("Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"),
}
CHANNEL_UNITS = {2: ("N", "N", "N", "Nmm", "Nmm", "Nmm"), 3: ("N",) * 8}
C3D_BLOCK = 512
INT16_MAX = 32767
#: POINT:SCALE as ezc3d writes it: name, link, type 4 (float), one dimension of one, -1; no other scale is negative.
FLOATING_POINT_SCALE = b"(SCALE..\x04(?:\x00|\x01\x01))" + re.escape(struct.pack("<f", -1.0))
#: POINT:FRAMES of one frame: name, link, type 2 (integer), no dimension, 1.
ONE_FRAME = b"(FRAMES..\x02\x00)" + re.escape(struct.pack("<h", 1))
#: The sensors' sample time counts tenths of a millisecond.
FINE_TICKS_PER_S = 10_000


def write_c3d(
    path: Path,
    *,
    analog_rate_hz: float,
    plates: Sequence[Plate],
    plate_channels: Sequence[Array],
    markers: Trajectories,
    emg: Mapping[str, Array] | None = None,
    steps: Sequence[float] | None = None,
) -> None:
    """Write a C3D file as a laboratory with z up and y forward has it: mm, N, N mm and V.

    Parameters
    ----------
    path : ends in .c3d.
    analog_rate_hz : rate of the plates and EMG.
    plates, plate_channels : per plate its place and its channels (channel, n) [N, N m].
    markers : names, positions, rate; NaN is written as a point with residual -1, as C3D marks a missing point.
    emg : channel -> (n,) [V].
    steps : step of the converter of each channel, plates before EMG [N, N m, V]. With them the file holds 16-bit
        integers, half as large: analog channels lose nothing, positions are rounded to some 0.1 mm. None: 32-bit
        floating point.

    Raises
    ------
    ValueError : samples that do not cover the frames evenly, a plate without as many channels as its type has, a
        sample beyond 16 bits.
    """
    emg = emg or {}
    names: list[str] = []
    units: list[str] = []
    for number, (plate, channels) in enumerate(zip(plates, plate_channels, strict=True), start=1):
        names += [f"{name}{'.' if plate.plate_type == 3 else ''}{number}" for name in CHANNEL_NAMES[plate.plate_type]]
        units += CHANNEL_UNITS[plate.plate_type]
        count = len(CHANNEL_UNITS[plate.plate_type])
        if count != len(channels):
            raise ValueError(f"plate {number}: TYPE {plate.plate_type} has {count} channels, not {len(channels)}")
    names += emg
    units += ["V"] * len(emg)
    factors = [MILLIMETRES if unit == "Nmm" else 1.0 for unit in units]
    length = round(len(markers.position) * analog_rate_hz / markers.rate_hz)
    analog = [*plate_channels, *(channel[None] for channel in emg.values())]
    samples = np.concatenate(analog) if analog else np.empty((0, length))
    samples = samples * np.array(factors)[:, None]

    file, frames = ezc3d.c3d(), len(markers.position)
    if round(frames * analog_rate_hz / markers.rate_hz) != samples.shape[1]:
        raise ValueError(f"{samples.shape[1]} samples at {analog_rate_hz:g} Hz do not cover {frames} frames")
    # A file of integers needs ezc3d for its head only, which the first frame shows.
    shown = frames if steps is None else 1
    _put_points(file, markers, shown)
    file["data"]["analogs"] = samples[None, :, : shown * samples.shape[1] // frames]
    parameters = file["parameters"]["ANALOG"]
    parameters["RATE"]["value"] = [analog_rate_hz]
    parameters["LABELS"]["value"] = names
    parameters["UNITS"]["value"] = units
    scales = [1.0] * len(names) if steps is None else [s * f for s, f in zip(steps, factors, strict=True)]
    parameters["SCALE"]["value"] = scales
    if plates:
        _describe_plates(file, plates)
    file.add_parameter("MANUFACTURER", "COMPANY", ["legsci"])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["legsci.simulate: a simulated recording"])
    with atomic_write(path) as unfinished:
        file.write(str(unfinished))
        if steps is not None:
            counts = samples / np.array(scales)[:, None]
            unfinished.write_bytes(_with_integers(unfinished.read_bytes(), markers.position, counts))


def write_bioware(path: Path, *, rate_hz: float, wrenches: Sequence[tuple[Array, Array]]) -> None:
    """Write a text file as BioWare exports it: header, names, units, one row per sample, CRLF.

    Parameters
    ----------
    rate_hz : of the samples.
    wrenches : per plate the reaction on the body (n, 3) [N] and its moment about the centre of the surface (n, 3)
        [N m], in plate axes with z down. The file holds the force on the plate, so that a loaded plate reads Fz > 0;
        Ax and Ay are its centre of pressure [m], 0 where the plate carries nothing.
    """
    columns, names, units = [], [], []
    for force, moment in wrenches:
        columns.append(_bioware_columns(-force, -moment))
        names += ["Fx", "Fy", "Fz", "Mx", "My", "Mz", "Tz", "Ax", "Ay"]
        units += ["N"] * 3 + ["N m"] * 4 + ["m"] * 2
    rows = len(columns[0])
    table = np.column_stack([np.arange(rows) / rate_hz, *columns])

    def line(name: str, value: str) -> str:
        """Row of the header with the same value in each column."""
        return "\t".join([name, *[value] * len(names)])

    last = (rows - 1) / rate_hz
    header = [
        "BioWare Version 5.6.1.0 Export",
        line("Device:", "legsci simulated plate"),
        line("Samples (#):", str(rows)),
        line("Rate (Hz):", f"{rate_hz:.6f}"),
        line("Contact period start (sample #):", "0"),
        line("Contact period end (sample #):", str(rows - 1)),
        line("Contact period start time (s):", "0.000000"),
        line("Contact period end time (s):", f"{last:.6f}"),
        line("First sample time (s):", "0.000000"),
        line("Normalized length (m):", "1.000000"),
        "\t".join(["abs time", *names]),
        "\t".join(["s", *units]),
    ]
    _write_lines(path, header, table, "\t".join(["%.6f"] * table.shape[1]), "\r\n")


def write_xsens(path: Path, recording: ImuRecording, *, first_packet: int = 0) -> None:
    """Write a text file as MT Manager exports one MTw sensor: comment lines, names, one row per packet that arrived.

    Parameters
    ----------
    recording : specific force [m/s^2] and angular velocity [rad/s] in sensor axes, written to a fiftieth of the
        resolution of a 16-bit sensor.
    first_packet : what the packet counter reads at the first sample, 0 to 65535; it starts over at 65536.
    """
    packet = (first_packet + recording.packet) % 65536
    ticks = np.round((1 + recording.packet) / recording.rate_hz * FINE_TICKS_PER_S)
    table = np.column_stack([packet, ticks, recording.acceleration, recording.angular_velocity])
    names = ["PacketCounter", "SampleTimeFine", *(f"{kind}_{axis}" for kind in ("Acc", "Gyr") for axis in "XYZ")]
    header = [
        "// Start Time: Unknown",
        f"// Update Rate: {recording.rate_hz:.1f}Hz",
        "// Filter Profile: human (46.1)",
        "// Firmware Version: simulated by legsci",
        "\t".join(names),
    ]
    _write_lines(path, header, table, "%05d\t%d" + "\t%.4f" * 3 + "\t%.5f" * 3, "\n")


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a table of a study folder: tabs, UTF-8, n/a where a row has no value.

    Raises
    ------
    ValueError : a row with a column that is not named.
    """
    unknown = sorted({str(key) for row in rows for key in row} - set(columns))
    if unknown:
        raise ValueError(f"{path.name}: rows hold columns that the table does not have: {', '.join(unknown)}")
    lines = ["\t".join(columns)]
    lines += ["\t".join("n/a" if row.get(column) is None else str(row[column]) for column in columns) for row in rows]
    with atomic_write(path) as unfinished:
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")


def _put_points(file: ezc3d.c3d, markers: Trajectories, frames: int) -> None:
    """Put the first frames of markers into a C3D file [mm]."""
    position = markers.position[:frames]
    lost = np.isnan(position).any(axis=2).T
    points = np.ones((4, position.shape[1], frames))
    points[:3] = np.where(lost, 0.0, position.transpose(2, 1, 0)[LAB_AXES] * MILLIMETRES)
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = np.where(lost, -1.0, 0.0)[None]
    parameters = file["parameters"]["POINT"]
    parameters["RATE"]["value"] = [markers.rate_hz]
    parameters["LABELS"]["value"] = list(markers.labels)
    parameters["UNITS"]["value"] = ["mm"]


def _with_integers(content: bytes, markers: Array, counts: Array) -> bytes:
    """Turn the C3D file of a first frame, from ezc3d, which knows floating point only, into one of 16-bit integers.

    Parameters
    ----------
    content : the file.
    markers : (frame, marker, 3) in ISB axes [m], NaN where not seen.
    counts : (channel, n) analog samples as multiples of their scales.

    Notes
    -----
    Points become multiples of POINT:SCALE, which is negative in files of floating point, and so is its twin in the
    header. The number of frames stands in the header and in POINT:FRAMES.

    References
    ----------
    The C3D file format user guide, header section and 3D data section, www.c3d.org.
    """
    (data_block,) = struct.unpack_from("<h", content, 16)
    frames = len(markers)
    places = markers[..., LAB_AXES] * MILLIMETRES
    lost = np.isnan(places).any(axis=2, keepdims=True)
    # Hundredths of a millimetre, as few as the largest coordinate allows.
    step = np.float32(max(np.ceil(100.0 * np.nanmax(np.abs(places), initial=0.0) / INT16_MAX), 1.0) / 100.0)
    body = np.empty((frames, 4 * markers.shape[1] + counts.size // frames))
    points = body[:, : 4 * markers.shape[1]].reshape(frames, -1, 4)
    points[..., :3] = np.where(lost, 0.0, places / step)
    points[..., 3:] = np.where(lost, -1.0, 0.0)
    body[:, 4 * markers.shape[1] :] = counts.T.reshape(frames, -1)
    body = np.round(body)
    if body.min() < -INT16_MAX - 1 or body.max() > INT16_MAX:
        raise ValueError(f"samples from {body.min():g} to {body.max():g} steps do not fit into 16 bits")
    scale, last = struct.pack("<f", step), struct.pack("<h", frames)
    head = content[: C3D_BLOCK * (data_block - 1)]
    for name, place, value in (("SCALE", FLOATING_POINT_SCALE, scale), ("FRAMES", ONE_FRAME, last)):
        before, *after = re.split(place, head, flags=re.DOTALL)
        if len(after) != 2:
            raise ValueError(f"POINT:{name} does not stand once in the parameters")
        head = before + after[0] + value + after[1]
    data = body.astype("<i2").tobytes()
    return head[:8] + last + head[10:12] + scale + head[16:] + data + bytes(-len(data) % C3D_BLOCK)


def _describe_plates(file: ezc3d.c3d, plates: Sequence[Plate]) -> None:
    """Add the group FORCE_PLATFORM. ezc3d makes numbers of Python floating point, which C3D wants as integers here."""
    width = max(len(CHANNEL_NAMES[plate.plate_type]) for plate in plates)
    channel, first = np.zeros((width, len(plates)), dtype=int), 1
    for number, plate in enumerate(plates):
        count = len(CHANNEL_NAMES[plate.plate_type])
        channel[:count, number] = np.arange(first, first + count)
        first += count
    corners = np.stack([plate.corners[:, LAB_AXES].T for plate in plates], axis=-1) * MILLIMETRES
    origin = np.stack([plate.origin for plate in plates], axis=-1) * MILLIMETRES
    whole_numbers: dict[str, object] = {
        "USED": np.array([len(plates)]),
        "TYPE": np.array([plate.plate_type for plate in plates]),
        "CHANNEL": channel,
        "ZERO": np.array([0, 0]),
    }
    for name, value in (whole_numbers | {"CORNERS": corners, "ORIGIN": origin}).items():
        file.add_parameter("FORCE_PLATFORM", name, np.asarray(value, dtype=np.float64))
    for name, value in whole_numbers.items():
        parameter = file["parameters"]["FORCE_PLATFORM"][name]
        parameter["type"], parameter["value"] = ezc3d.ezc3d.INT, value


def _bioware_columns(force: Array, moment: Array) -> Array:
    """Fx, Fy, Fz, Mx, My, Mz, Tz, Ax, Ay (n, 9) of the force on a plate."""
    vertical = force[:, 2]
    loaded = vertical > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        across = np.where(loaded, -moment[:, 1] / vertical, 0.0)
        along = np.where(loaded, moment[:, 0] / vertical, 0.0)
    torque = moment[:, 2] - force[:, 1] * across + force[:, 0] * along
    return np.column_stack([force, moment, torque, across, along])


def _write_lines(path: Path, header: Sequence[str], table: Array, row: str, ending: str) -> None:
    """Write lines of text and a table below them."""
    lines = [*header, *(row % tuple(values) for values in table.tolist())]
    with atomic_write(path) as unfinished:
        unfinished.write_text(ending.join(lines) + ending, encoding="utf-8", newline="")
