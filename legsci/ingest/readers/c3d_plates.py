"""Force plates of a C3D file: channels, corners and calibration -> reactions and moments in the laboratory's axes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.c3d_file import C3dFile
from legsci.ingest.readers.c3d_plate_checks import (
    check_channels,
    check_corners,
    check_factors,
    check_origin,
    check_size,
    label_remarks,
)
from legsci.ingest.readers.pressure import check_on_plate
from legsci.ingest.readers.signals import (
    FORCE_UNITS,
    LENGTH_UNITS,
    LOADED_N,
    MOMENT_UNITS,
    Floats,
    force_signal,
    refuse,
    unit_factor,
)
from legsci.kernels.plates import CHANNELS_OF_PLATE_TYPE, plate_force_and_moment

QUANTITIES_OF_PLATE_TYPE = {1: "FFFLLM", 2: "FFFMMM", 3: "FFFFFFFF", 4: "FFFMMM"}  # force, length, moment
#: Loads of a person reach so many times further from the level of an empty plate than it rings to the other side.
UPWARD_FACTOR = 2.0
AXIS_NUMBER = {"x": 0, "y": 1, "z": 2}


def read_plates(file: C3dFile, assumptions: list[str]) -> xr.Dataset | None:
    """Return ground reactions and moments, or None where the file uses no plate."""
    used = file.count("FORCE_PLATFORM", "USED")
    if not used:
        return None
    chosen = [n for n in range(used) if not file.device.plates or str(n + 1) in file.device.plates]
    faults = [] if file.analog_channels else [("ANALOG", f"channels of {used} force plates", "none")]
    unknown = sorted(set(file.device.plates) - {str(n + 1) for n in range(used)})
    faults += [(f"plate {name}", f"a plate number from 1 to {used}", name) for name in unknown]
    if faults:
        raise refuse(file.path, *faults)
    check_channels(file, used)
    rate = file.rate("ANALOG")
    force, moment, outline = [], [], []
    for number in chosen:
        one_force, one_moment, corners = _plate(file, number, assumptions)
        force.append(one_force)
        moment.append(one_moment)
        outline.append(corners)
    up = AXIS_NUMBER[file.device.up[-1]]
    forces, moments, corner = np.stack(force), np.stack(moment), np.stack(outline)
    sign = _reaction_sign(file.device, forces[:, :, up], assumptions)
    for loads in (forces, moments):
        loads *= sign
    for n, *plate in zip(chosen, forces, moments, corner, strict=True):
        check_on_plate(file.path, f"force plate {n + 1}", *plate)
    signal = force_signal(
        forces,
        rate_hz=rate,
        plates=[str(n + 1) for n in chosen],
        axes="xyz",
        moment=moments,
        surface_height=corner[:, :, up].mean(axis=1) * (-1.0 if file.device.up.startswith("-") else 1.0),
        corner=corner,
    )
    return signal.assign_attrs(_zero_frames(file))


def _zero_frames(file: C3dFile) -> dict[str, float]:
    """When the plates were empty as FORCE_PLATFORM:ZERO says: zero_start_s, zero_stop_s [s]; empty where it does not.

    It holds the first and the last frame (of markers, counted from 1); 0 as one of them stands for none.
    """
    frames, rate = file.values("FORCE_PLATFORM", "ZERO"), float((file.values("POINT", "RATE") or [0.0])[0])
    if len(frames) < 2 or rate <= 0.0 or not 1 <= int(frames[0]) < int(frames[1]):
        return {}
    return {"zero_start_s": (int(frames[0]) - 1) / rate, "zero_stop_s": int(frames[1]) / rate}


def _reaction_sign(device: Device, vertical: Floats, assumptions: list[str]) -> float:
    """Return -1 where the file has the force on the plate: as set for the device, else by the vertical force.

    A plate zeroed with the athlete on it reads minus body weight when empty, and then its loads lie above that level.
    """
    if device.force_sign:
        return -1.0 if device.force_sign == "action" else 1.0
    upward = vertical * (-1.0 if device.up.startswith("-") else 1.0)
    level = np.median(upward, axis=-1, keepdims=True)
    loads = upward.max(axis=-1) - level[..., 0], level[..., 0] - upward.min(axis=-1)
    zeroed_under_load = np.any((upward.max(axis=-1) > LOADED_N) & (loads[0] > UPWARD_FACTOR * loads[1]))
    if np.count_nonzero(upward < -LOADED_N) > np.count_nonzero(upward > LOADED_N) and not zeroed_under_load:
        assumptions.append("The loaded plates read downward: the file has the force on the plate; it was negated.")
        return -1.0
    return 1.0


def _plate(file: C3dFile, number: int, assumptions: list[str]) -> tuple[Floats, Floats, Floats]:
    """Return force (time, 3), moment (time, 3) and corners (4, 3) of one plate, with the sign of the channels."""
    where = f"force plate {number + 1}"
    types, channel_numbers = file.values("FORCE_PLATFORM", "TYPE"), file.array("FORCE_PLATFORM", "CHANNEL")
    plate_type = int(types[number]) if number < len(types) and np.isfinite(types[number]) else 0
    if plate_type not in CHANNELS_OF_PLATE_TYPE:
        raise refuse(file.path, (where, "TYPE 1 to 4", f"TYPE {plate_type}"))
    try:
        numbers = channel_numbers[: CHANNELS_OF_PLATE_TYPE[plate_type], number]
        corners = file.array("FORCE_PLATFORM", "CORNERS")[:, :, number].T * file.length
        origin = file.array("FORCE_PLATFORM", "ORIGIN")[:, number] * file.length
    except IndexError:
        raise refuse(file.path, (where, "CHANNEL, CORNERS and ORIGIN of each plate", "fewer than USED")) from None
    channels = _channels(file, where, numbers, plate_type)
    signal = file.analogs(channels)
    check_factors(file, where, channels, QUANTITIES_OF_PLATE_TYPE[plate_type])
    file.remarks.extend(label_remarks(file, where, channels))
    if not np.isfinite(signal).all():
        raise refuse(file.path, (where, "numbers in all of its channels", "values that are none, or infinite"))
    scale = _channel_scale(file, where, plate_type, channels)
    calibration = np.empty(0)
    if plate_type == 4:
        calibration = _calibration(file, number, where) * scale[:, None]
        assumptions.append(f"The calibration matrix of plate {number + 1} is taken to give the units of its channels.")
    else:
        signal = signal * scale[:, None]
    corners = _corners_with_z_down(file, where, corners, assumptions)
    check_origin(file, where, plate_type, origin, corners)
    try:
        force, moment = plate_force_and_moment(signal, plate_type, corners, origin, calibration)
    except ValueError as error:
        raise refuse(file.path, (where, "a plate that can be computed", str(error))) from None
    check_size(file, where, force)
    return force, moment, corners


def _channels(file: C3dFile, where: str, numbers: Floats, plate_type: int) -> list[int]:
    """Return the channels of a plate, counted from 0; FORCE_PLATFORM:CHANNEL counts them from 1 in 16-bit words."""
    wanted = CHANNELS_OF_PLATE_TYPE[plate_type]
    if len(numbers) < wanted:
        expected = f"{wanted} channels of a plate of TYPE {plate_type}"
        raise refuse(file.path, (f"{where}, FORCE_PLATFORM:CHANNEL", expected, f"{len(numbers)}"))
    counted = [int(n) % 65536 if np.isfinite(n) else 0 for n in numbers]
    absent = [n for n in counted if not 1 <= n <= file.analog_channels]
    if absent:
        expected = f"channels from 1 to {file.analog_channels}"
        raise refuse(file.path, (f"{where}, FORCE_PLATFORM:CHANNEL", expected, ", ".join(map(str, absent))))
    return [n - 1 for n in counted]


def _channel_scale(file: C3dFile, where: str, plate_type: int, channels: list[int]) -> Floats:
    """Return the factor to SI of each channel."""
    units, device = file.long_list("ANALOG:UNITS"), file.device
    tables = {
        "F": (FORCE_UNITS, device.force_unit, "force_unit"),
        "M": (MOMENT_UNITS, device.moment_unit, "moment_unit"),
        "L": (LENGTH_UNITS, None, "length_unit"),
    }
    scale, faults = [], []
    for channel, quantity in zip(channels, QUANTITIES_OF_PLATE_TYPE[plate_type], strict=True):
        table, declared, key = tables[quantity]
        unit = declared or (units[channel] if channel < len(units) else "")
        factor = unit_factor(unit or (device.length_unit or "" if quantity == "L" else ""), table)
        if factor is None:
            expected = f"unit {', '.join(table)} (or {key} of the device in study.yaml)"
            faults.append((f"{where}, channel {channel + 1}", expected, unit or "no unit"))
        scale.append(factor or 0.0)
    for quantity in dict.fromkeys(QUANTITIES_OF_PLATE_TYPE[plate_type]) if not faults else ():
        places = [n for n, of in enumerate(QUANTITIES_OF_PLATE_TYPE[plate_type]) if of == quantity]
        if len({scale[n] for n in places}) > 1:
            expected = f"one unit for channels of one quantity (or {tables[quantity][2]} of the device)"
            faults.append((f"{where}, ANALOG:UNITS", expected, ", ".join(units[channels[n]] for n in places)))
    if faults:
        raise refuse(file.path, *faults)
    return np.array(scale)


def _calibration(file: C3dFile, number: int, where: str) -> Floats:
    """Return the (6, 6) matrix of a TYPE 4 plate: rows are outputs, columns are channels."""
    matrices = file.array("FORCE_PLATFORM", "CAL_MATRIX")
    if matrices.ndim != 3 or matrices.shape[:2] != (6, 6) or number >= matrices.shape[2]:
        raise refuse(
            file.path, (where, "a CAL_MATRIX of 6 x 6", f"one of {' x '.join(map(str, matrices.shape)) or 'nothing'}")
        )
    return matrices[:, :, number]


def _corners_with_z_down(file: C3dFile, where: str, corners: Floats, assumptions: list[str]) -> Floats:
    """Return the corners in the order for which the plate's z points down, as C3D defines it.

    BioWare lists them in the opposite order, which mirrors the plate. The axis to reverse is x: in a real drop jump
    from plate 2 to plate 1 (kistler_DJ_2plates.c3d) only then are the horizontal impulses directed from one to the
    other.
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
    check_corners(file, where, corners)
    tilt = float(normal @ up) / size
    if abs(tilt) < 0.5:
        raise refuse(
            file.path,
            (where, f"a surface that faces {file.device.up}, which the study sets as up", "one that stands on edge"),
        )
    if tilt < 0:
        return corners
    assumptions.append(
        f"The corners of {where} make its z point up; its y was kept and its x turned, so that z points down."
    )
    return corners[[1, 0, 3, 2]]
