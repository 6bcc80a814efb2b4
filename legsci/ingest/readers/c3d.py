"""C3D files of any maker: markers, poses of segments, force plates of TYPE 1 to 4, angles of the maker's model.

The format: The C3D file format user guide, www.c3d.org. ezc3d decodes; this module interprets.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.c3d_file import C3dFile, first_frame, open_c3d
from legsci.ingest.readers.c3d_plates import read_plates
from legsci.ingest.readers.signals import (
    ANGLE_UNITS,
    Floats,
    angle_signal,
    marker_signal,
    plain_labels,
    refuse,
    segment_signal,
    unit_factor,
)
from legsci.ingest.recording import Recording


def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
    """Read markers, poses of segments, plate forces and vendor angles of one C3D file.

    Signals: `force` (reaction on the body [N], moment about the laboratory's origin [N m], plates named "1", "2", ...
    in file order; only those of `device.plates` where it names any), `markers` [m] (negative residual: a gap, NaN),
    `segments` (group ROTATION, as markerless systems write it: a pose each, the suffix _4X4 of its name left out) and
    `angles` [deg] (points of the group POINT:ANGLES, one name per component: "LKneeAngles.x"). Axes are the file's.

    By definition the channels of a C3D plate have z down and give the reaction. Some makers store the force on the
    plate, or list the corners in the opposite order; both are detected from the direction of the vertical force and of
    the plate's normal relative to `device.up`, and stated in the assumptions. For the former `device.force_sign` has
    precedence.

    Raises
    ------
    RecordingError : not a C3D file, cut short, plates that contradict themselves, unknown units, or neither forces nor
        markers nor segments nor angles in it.
    """
    if part is not None:
        raise refuse(path, ("part", "none: a C3D file holds one recording", part))
    file = open_c3d(path, device)
    assumptions: list[str] = []
    notes: dict[str, str] = {}
    signals = _points(file, assumptions, notes) | _segments(file)
    force = read_plates(file, assumptions)
    if force is not None:
        signals["force"] = force
    if not signals:
        raise refuse(path, ("", "markers, segments, angles or a force plate", _what_else(file)))
    rate = float((file.values("POINT", "RATE") or [0.0])[0]) or float((file.values("ANALOG", "RATE") or [0.0])[0])
    start = first_frame(file)
    if file.values("FORCE_PLATFORM", "ZERO") and any(int(v) > 1 for v in file.values("FORCE_PLATFORM", "ZERO")[1:]):
        notes["FORCE_PLATFORM:ZERO"] = (
            "names a baseline window; it was not applied, offsets are removed later and reported"
        )
    return Recording(signals, tuple(assumptions), start / rate, notes)


def _points(file: C3dFile, assumptions: list[str], notes: dict[str, str]) -> dict[str, xr.Dataset]:
    """Return markers and angles; other kinds of points are listed in the notes."""
    points, labels = file.data["points"], file.long_list("POINT:LABELS")
    used, frames = points.shape[1], points.shape[2]
    if not used or not frames:
        return {}
    labels = (labels + [f"point_{number + 1}" for number in range(len(labels), used)])[:used]
    rate = float(file.values("POINT", "RATE")[0])
    if rate <= 0:
        raise refuse(file.path, ("POINT:RATE", "more than 0 Hz", f"{rate:g} Hz"))
    groups = [str(g).strip() for g in file.values("POINT", "TYPE_GROUPS")[::2]]
    computed = {
        label: g for g in groups if g and g != "MODELED_MARKERS" for label in file.long_list(f"POINT:{g}") if label
    }
    kinds = [computed.get(label, computed.get(label.rsplit(":", 1)[-1], "markers")) for label in labels]
    kinds = ["unlabelled" if label.startswith("*") else kind for label, kind in zip(labels, kinds, strict=True)]
    for kind in sorted(set(kinds) - {"markers", "ANGLES"}):
        notes[kind] = "points left out: " + ", ".join(
            label for label, k in zip(labels, kinds, strict=True) if k == kind
        )
    modelled = sorted(set(file.long_list("POINT:MODELED_MARKERS")) & set(labels))
    if modelled:
        assumptions.append(f"Points computed by the maker's model are treated as markers: {', '.join(modelled)}.")
    signals = {}
    if "markers" in kinds:
        chosen = [index for index, kind in enumerate(kinds) if kind == "markers"]
        names, sentences = plain_labels([labels[index] for index in chosen])
        assumptions += sentences
        position = _seen(file, chosen)
        position *= file.length
        signals["markers"] = marker_signal(position, rate_hz=rate, labels=names)
    if "ANGLES" in kinds:
        signals["angles"] = _angles(file, labels, kinds, rate)
    return signals


def _seen(file: C3dFile, chosen: list[int]) -> Floats:
    """Return the three values of points (time, point, 3) in the file's unit, NaN where their residual is negative."""
    values = file.data["points"][:3, chosen]  # (3, point, time)
    unseen = file.data["meta_points"]["residuals"][0, chosen] < 0
    if unseen.any():
        values[:, unseen] = np.nan
    return values.transpose(2, 1, 0)


def _angles(file: C3dFile, labels: list[str], kinds: list[str], rate: float) -> xr.Dataset:
    """Return the points of the group ANGLES, three components each [deg]."""
    chosen = [index for index, kind in enumerate(kinds) if kind == "ANGLES"]
    unit = str((file.values("POINT", "ANGLE_UNITS") or [file.device.angle_unit or "deg"])[0]).strip()
    factor = unit_factor(unit, ANGLE_UNITS)
    if factor is None:
        raise refuse(file.path, ("POINT:ANGLE_UNITS", f"one of {', '.join(ANGLE_UNITS)}", unit))
    names, _ = plain_labels([labels[index] for index in chosen])
    angle = _seen(file, chosen)
    angle = angle.reshape(len(angle), -1) * factor
    return angle_signal(angle, rate_hz=rate, names=[f"{name}.{axis}" for name in names for axis in "xyz"])


def _segments(file: C3dFile) -> dict[str, xr.Dataset]:
    """Return the poses of the group ROTATION: homogeneous matrices, rotation and origin."""
    poses = file.data.get("rotations")
    if "ROTATION" not in file.groups or poses is None or not poses.size:
        return {}
    rate = float((file.values("ROTATION", "RATE") or file.values("POINT", "RATE") or [0.0])[0])
    if rate <= 0:
        raise refuse(file.path, ("ROTATION:RATE", "more than 0 Hz", f"{rate:g} Hz"))
    count = poses.shape[2]
    labels = [label.removesuffix("_4X4") for label in file.long_list("ROTATION:LABELS")]
    labels = (labels + [f"segment_{number + 1}" for number in range(len(labels), count)])[:count]
    matrices = poses.transpose(3, 2, 0, 1)
    rotation, position = np.ascontiguousarray(matrices[..., :3, :3]), matrices[..., :3, 3] * file.length
    return {"segments": segment_signal(rotation, position, rate_hz=rate, labels=labels)}


def _what_else(file: C3dFile) -> str:
    """Describe a file without any of the signals."""
    analogs = file.data["analogs"].shape[1]
    return f"{analogs} analog channels and no force plate" if analogs else "none of them"
