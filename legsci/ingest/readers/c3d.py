"""C3D files of any maker: markers, force plates of TYPE 1 to 4, and angles that the maker's model wrote.

The format: The C3D file format user guide, www.c3d.org. Decoding is ezc3d's; what the numbers mean is settled here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.signals import (
    ANGLE_UNITS,
    FORCE_UNITS,
    LENGTH_UNITS,
    MOMENT_UNITS,
    Floats,
    angle_signal,
    force_signal,
    marker_signal,
    plain_labels,
    refuse,
    unit_factor,
)
from legsci.ingest.recording import Recording
from legsci.kernels.plates import CHANNELS_OF_PLATE_TYPE, plate_force_and_moment

BLOCK_BYTES = 512
C3D_MARK = 80
MIPS = b"\x56"  # processor whose numbers are big-endian
LOADED_N = 50.0  # vertical force beyond the noise of any plate: what the sign of the forces is told by
QUANTITIES_OF_PLATE_TYPE = {1: "FFFLLM", 2: "FFFMMM", 3: "FFFFFFFF", 4: "FFFMMM"}  # force, length, moment
AXIS_NUMBER = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class _File:
    """An open C3D file: parameters by group and name, and what is needed to say what is wrong with it."""

    path: Path
    device: Device
    groups: Mapping[str, Any]
    data: Mapping[str, Any]
    length: float  # POINT:UNITS in metres

    def values(self, group: str, name: str) -> list[Any]:
        """Return a parameter as a flat list, empty where the file does not have it."""
        parameter = self.groups.get(group, {}).get(name)
        return [] if parameter is None else list(np.ravel(parameter["value"]))

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


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read markers, plate forces and vendor angles of one C3D file.

    Signals: `force` (reaction on the body [N], moment about the laboratory's origin [N m], plates named "1", "2", ... in
    file order; only those of `device.plates` where it names any), `markers` [m] (negative residual: a gap, NaN) and
    `angles` [deg] (points of the group POINT:ANGLES, one name per component: "LKneeAngles.x"). Axes are the file's.

    C3D puts the reaction into the channels of plates whose z points down. Some makers store the force on the plate, or
    list the corners the other way round; both are told from the direction of the vertical force and of the plate's
    normal relative to `device.up`, and are said in the assumptions. `device.force_sign` overrules the former.

    Raises
    ------
    RecordingError : not a C3D file, cut short, plates that contradict themselves, unknown units, or neither forces nor
        markers nor angles in it.
    """
    if part is not None:
        raise refuse(path, ("part", "none: a C3D file holds one recording", part))
    file = _open(path, device)
    assumptions: list[str] = []
    notes: dict[str, str] = {}
    signals = _points(file, assumptions, notes)
    force = _forces(file, assumptions)
    if force is not None:
        signals["force"] = force
    if not signals:
        raise refuse(path, ("", "markers, angles or a force plate", _what_else(file)))
    rate = float((file.values("POINT", "RATE") or [0.0])[0]) or float((file.values("ANALOG", "RATE") or [0.0])[0])
    first_frame = _first_frame(file)
    if file.values("FORCE_PLATFORM", "ZERO") and any(int(v) > 1 for v in file.values("FORCE_PLATFORM", "ZERO")[1:]):
        notes["FORCE_PLATFORM:ZERO"] = "names a baseline window; it was not applied, offsets are removed later and reported"
    return Recording(signals, tuple(assumptions), first_frame / rate, notes)


def _first_frame(file: _File) -> int:
    """Return the number of the first frame, counted from 0: TRIAL:ACTUAL_START_FIELD, else the header's."""
    start = file.values("TRIAL", "ACTUAL_START_FIELD")
    if len(start) == 2:  # two 16-bit words, low word first; counted from 1
        return max(int(start[0]) % 65536 + 65536 * int(start[1]) - 1, 0)
    return int(file.data["first_frame"])


def _open(path: Path, device: Device) -> _File:
    """Open a file after making sure that it is a whole C3D file."""
    promised = _promised_frames(path)
    try:
        content = ezc3d.c3d(str(path))
    except Exception as error:  # ezc3d turns every C++ failure into its own kind of exception
        raise refuse(path, ("", "a C3D file", f"one that cannot be decoded: {str(error).strip() or type(error).__name__}")) from None
    frames = content["data"]["points"].shape[2]
    if frames < promised:  # ezc3d stops at the end of the file without a word
        raise refuse(path, ("", f"{promised} frames, as the header says", f"{frames}: the file is cut short"))
    groups = content["parameters"]
    units = {str(unit).strip() for unit in np.ravel(groups["POINT"].get("UNITS", {"value": []})["value"])} - {""}
    if device.length_unit:
        units = {device.length_unit}
    factors = {unit_factor(unit, LENGTH_UNITS) for unit in units or {"mm"}}
    if len(factors) > 1 or None in factors:
        raise refuse(path, ("POINT:UNITS", f"one of {', '.join(LENGTH_UNITS)}, the same for all", ", ".join(sorted(units))))
    data = {**content["data"], "first_frame": content["header"]["points"]["first_frame"]}
    return _File(path, device, groups, data, float(factors.pop() or 0.001))


def _promised_frames(path: Path) -> int:
    """Return the number of frames that the header promises; refuse what does not begin as a C3D file does."""
    try:
        with path.open("rb") as stream:
            head = stream.read(BLOCK_BYTES)
            stream.seek(max(BLOCK_BYTES * (head[0] - 1) + 3, 0) if head else 0)
            processor = stream.read(1)
    except OSError as error:
        raise refuse(path, ("", "a readable file", error.strerror or type(error).__name__)) from None
    if len(head) < BLOCK_BYTES or head[1] != C3D_MARK:
        raise refuse(path, ("header", f"the mark of a C3D file (second byte {C3D_MARK})", "another file" if head else "an empty file"))
    first, last = struct.unpack(">2H" if processor == MIPS else "<2H", head[6:10])
    return int(last - first + 1)


def _points(file: _File, assumptions: list[str], notes: dict[str, str]) -> dict[str, xr.Dataset]:
    """Return markers and angles; name what else is stored as points."""
    points, labels = file.data["points"], file.long_list("POINT:LABELS")
    used, frames = points.shape[1], points.shape[2]
    if not used or not frames:
        return {}
    labels = (labels + [f"point_{number + 1}" for number in range(len(labels), used)])[:used]
    rate = float(file.values("POINT", "RATE")[0])
    if rate <= 0:
        raise refuse(file.path, ("POINT:RATE", "more than 0 Hz", f"{rate:g} Hz"))
    groups = [str(g).strip() for g in file.values("POINT", "TYPE_GROUPS")[::2]]
    computed = {label: g for g in groups if g and g != "MODELED_MARKERS" for label in file.long_list(f"POINT:{g}") if label}
    kinds = [computed.get(label, computed.get(label.rsplit(":", 1)[-1], "markers")) for label in labels]
    kinds = ["unlabelled" if label.startswith("*") else kind for label, kind in zip(labels, kinds, strict=True)]
    for kind in sorted(set(kinds) - {"markers", "ANGLES"}):
        notes[kind] = "points left out: " + ", ".join(label for label, k in zip(labels, kinds, strict=True) if k == kind)
    modelled = sorted(set(file.long_list("POINT:MODELED_MARKERS")) & set(labels))
    if modelled:
        assumptions.append(f"Points that the maker's model computed count as markers: {', '.join(modelled)}.")
    residuals = file.data["meta_points"]["residuals"][0]
    xyz = np.where(residuals < 0, np.nan, points[:3])  # (3, point, time)
    signals = {}
    if "markers" in kinds:
        chosen = [index for index, kind in enumerate(kinds) if kind == "markers"]
        names, sentences = plain_labels([labels[index] for index in chosen])
        assumptions += sentences
        position = np.ascontiguousarray(xyz[:, chosen].transpose(2, 1, 0)) * file.length
        signals["markers"] = marker_signal(position, rate_hz=rate, labels=names)
    if "ANGLES" in kinds:
        signals["angles"] = _angles(file, xyz, labels, kinds, rate)
    return signals


def _angles(file: _File, xyz: Floats, labels: list[str], kinds: list[str], rate: float) -> xr.Dataset:
    """Return the points of the group ANGLES, three components each [deg]."""
    chosen = [index for index, kind in enumerate(kinds) if kind == "ANGLES"]
    unit = str((file.values("POINT", "ANGLE_UNITS") or [file.device.angle_unit or "deg"])[0]).strip()
    factor = unit_factor(unit, ANGLE_UNITS)
    if factor is None:
        raise refuse(file.path, ("POINT:ANGLE_UNITS", f"one of {', '.join(ANGLE_UNITS)}", unit))
    names, _ = plain_labels([labels[index] for index in chosen])
    angle = xyz[:, chosen].transpose(2, 1, 0).reshape(xyz.shape[2], -1) * factor
    return angle_signal(angle, rate_hz=rate, names=[f"{name}.{axis}" for name in names for axis in "xyz"])


def _forces(file: _File, assumptions: list[str]) -> xr.Dataset | None:
    """Return the plates' reactions and moments, or None where the file uses no plate."""
    used = int((file.values("FORCE_PLATFORM", "USED") or [0])[0])
    if not used:
        return None
    chosen = [n for n in range(used) if not file.device.plates or str(n + 1) in file.device.plates]
    rate = float((file.values("ANALOG", "RATE") or [0.0])[0])
    samples = file.data["analogs"][0]
    faults = [] if rate > 0 else [("ANALOG:RATE", "more than 0 Hz", f"{rate:g} Hz")]
    if not samples.size:
        faults.append(("ANALOG", f"channels of {used} force plates", "none"))
    unknown = sorted(set(file.device.plates) - {str(n + 1) for n in range(used)})
    faults += [(f"plate {name}", f"a plate number from 1 to {used}", name) for name in unknown]
    if faults:
        raise refuse(file.path, *faults)
    force, moment, outline = [], [], []
    for number in chosen:
        one_force, one_moment, corners = _plate(file, number, samples, assumptions)
        force.append(one_force)
        moment.append(one_moment)
        outline.append(corners)
    up = AXIS_NUMBER[file.device.up[-1]]
    sign = _reaction_sign(file.device, np.stack(force)[:, :, up], assumptions)
    corner = np.stack(outline)
    return force_signal(
        sign * np.stack(force),
        rate_hz=rate,
        plates=[str(n + 1) for n in chosen],
        axes="xyz",
        moment=sign * np.stack(moment),
        surface_height=corner[:, :, up].mean(axis=1) * (-1.0 if file.device.up.startswith("-") else 1.0),
        corner=corner,
    )


def _reaction_sign(device: Device, vertical: Floats, assumptions: list[str]) -> float:
    """Return -1 where the file holds the force on the plate; told by the vertical force unless the device says it."""
    if device.force_sign:
        return -1.0 if device.force_sign == "action" else 1.0
    upward = vertical * (-1.0 if device.up.startswith("-") else 1.0)
    loaded = upward[np.abs(upward) > LOADED_N]
    if loaded.size and np.median(loaded) < 0:
        assumptions.append("The loaded plates read downward: the file holds the force on the plate, and was negated.")
        return -1.0
    return 1.0


def _plate(file: _File, number: int, samples: Floats, assumptions: list[str]) -> tuple[Floats, Floats, Floats]:
    """Return force (time, 3), moment (time, 3) and corners (4, 3) of one plate, as the channels sign them."""
    where = f"force plate {number + 1}"
    types, channel_numbers = file.values("FORCE_PLATFORM", "TYPE"), file.array("FORCE_PLATFORM", "CHANNEL")
    plate_type = int(types[number]) if number < len(types) else 0
    if plate_type not in CHANNELS_OF_PLATE_TYPE:
        raise refuse(file.path, (where, "TYPE 1 to 4", f"TYPE {plate_type}"))
    try:
        channels = [int(n) - 1 for n in channel_numbers[: CHANNELS_OF_PLATE_TYPE[plate_type], number]]
        corners = file.array("FORCE_PLATFORM", "CORNERS")[:, :, number].T * file.length
        origin = file.array("FORCE_PLATFORM", "ORIGIN")[:, number] * file.length
        signal = samples[channels]
    except IndexError:
        raise refuse(file.path, (where, "CHANNEL, CORNERS and ORIGIN that the file holds", "fewer than USED says")) from None
    scale = _channel_scale(file, where, plate_type, channels)
    calibration = np.empty(0)
    if plate_type == 4:
        calibration = _calibration(file, number, where) * scale[:, None]
        assumptions.append(f"The calibration matrix of plate {number + 1} gives the units that its channels name.")
    else:
        signal = signal * scale[:, None]
    corners = _corners_with_z_down(file, where, corners, assumptions)
    try:
        force, moment = plate_force_and_moment(signal, plate_type, corners, origin, calibration)
    except ValueError as error:
        raise refuse(file.path, (where, "a plate that can be computed", str(error))) from None
    return force, moment, corners


def _channel_scale(file: _File, where: str, plate_type: int, channels: list[int]) -> Floats:
    """Return the factor to SI of each channel."""
    units, device = file.long_list("ANALOG:UNITS"), file.device
    tables = {"F": (FORCE_UNITS, device.force_unit), "M": (MOMENT_UNITS, device.moment_unit), "L": (LENGTH_UNITS, device.length_unit)}
    scale, faults = [], []
    for channel, quantity in zip(channels, QUANTITIES_OF_PLATE_TYPE[plate_type], strict=True):
        table, declared = tables[quantity]
        unit = declared or (units[channel] if channel < len(units) else "")
        factor = unit_factor(unit, table)
        if factor is None:
            faults.append((f"{where}, channel {channel + 1}", f"unit {', '.join(table)}", unit or "no unit"))
        scale.append(factor or 0.0)
    if faults:
        raise refuse(file.path, *faults)
    return np.array(scale)


def _calibration(file: _File, number: int, where: str) -> Floats:
    """Return the (6, 6) matrix of a TYPE 4 plate: rows are outputs, columns are channels."""
    matrices = file.array("FORCE_PLATFORM", "CAL_MATRIX")
    if matrices.ndim != 3 or matrices.shape[:2] != (6, 6) or number >= matrices.shape[2]:
        raise refuse(file.path, (where, "a CAL_MATRIX of 6 x 6", f"one of {' x '.join(map(str, matrices.shape)) or 'nothing'}"))
    return matrices[:, :, number]


def _corners_with_z_down(file: _File, where: str, corners: Floats, assumptions: list[str]) -> Floats:
    """Return the corners in the order for which the plate's z points down, as C3D wants it.

    BioWare lists them the other way round, which mirrors the plate. That x is the axis to turn shows in a real drop jump
    from plate 2 to plate 1 (kistler_DJ_2plates.c3d): only then do the horizontal impulses point from the one to the other.
    """
    if (corners[0] - corners[1]) @ (corners[3] - corners[2]) < 0:
        corners = corners[[0, 1, 3, 2]]
        assumptions.append(f"The corners of {where} cross over; the third and the fourth were exchanged.")
    up = np.zeros(3)
    up[AXIS_NUMBER[file.device.up[-1]]] = -1.0 if file.device.up.startswith("-") else 1.0
    normal = np.cross(corners[0] - corners[1], corners[0] - corners[3])
    size = float(np.linalg.norm(normal))
    if not np.isfinite(size) or size < 1e-4:
        raise refuse(file.path, (where, "corners that span a plate", "corners that do not"))
    tilt = float(normal @ up) / size
    if abs(tilt) < 0.5:
        raise refuse(file.path, (where, f"a surface that faces {file.device.up}, which the study says is up", "one that stands on edge"))
    if tilt < 0:
        return corners
    assumptions.append(f"The corners of {where} make its z point up; its y was kept and its x turned, so that z points down.")
    return corners[[1, 0, 3, 2]]


def _what_else(file: _File) -> str:
    """Say what a file holds that has no signal for us."""
    rotations = file.data.get("rotations")
    if "ROTATION" in file.groups and rotations is not None and rotations.size:
        return f"rotations of {rotations.shape[2]} segments (markerless capture such as Theia), which are not read"
    analogs = file.data["analogs"].shape[1]
    return f"{analogs} analog channels and no force plate" if analogs else "none of them"
