"""C3D files of any maker: markers, poses of segments, force plates of TYPE 1 to 4, angles of the maker's model.

The format: The C3D file format user guide, www.c3d.org. c3d_file.py decodes; this module interprets.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.readers.c3d_file import C3dFile, first_frame, open_c3d
from legsci.ingest.readers.c3d_outputs import FARTHEST_M, LARGEST_ANGLE_DEG, far_points, kind_by_name
from legsci.ingest.readers.c3d_plates import read_plates
from legsci.ingest.readers.channels import Block, channel_signals
from legsci.ingest.readers.signals import (
    ANGLE_UNITS,
    angle_signal,
    marker_signal,
    plain_labels,
    refuse,
    segment_signal,
    unit_factor,
    with_remarks,
)
from legsci.ingest.readers.timing import Timing
from legsci.ingest.recording import Recording

CHANNELS_NAMED = 20

#: Settings of a device that this reader uses beside its axes, rate, sign of force and plates.
SETTINGS = ("length_unit", "angle_unit", "force_unit", "moment_unit", "channels", "labels", "markers", "text.encoding")


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
    assumptions = file.assumptions
    notes: dict[str, str] = {}
    signals = _points(file, assumptions, notes) | _segments(file)
    force = read_plates(file, assumptions)
    if force is not None:
        signals["force"] = force
    channels, unmapped = _channels(file)
    signals |= channels
    if not signals:
        raise refuse(path, ("", "markers, segments, angles or a force plate", _what_else(file)))
    start = first_frame(file) / file.rate("POINT" if file.states_rate("POINT") else "ANALOG")
    if file.values("FORCE_PLATFORM", "ZERO") and any(int(v) > 1 for v in file.values("FORCE_PLATFORM", "ZERO")[1:]):
        notes["FORCE_PLATFORM:ZERO"] = (
            "names a baseline window; it was not applied, offsets are removed later and reported"
        )
    remarks = file.remarks
    if force is None and file.analog_channels and (device.plates or not channels):
        left_out = ", ".join(list(unmapped)[:CHANNELS_NAMED]) or "none"
        remarks.append(f"The file names no force plate; analog channels that were left out: {left_out}.")
    if force is not None and file.unsigned:
        remarks.append("The analog samples are whole numbers without a sign (ANALOG:FORMAT UNSIGNED) and were read so.")
    return Recording(with_remarks(signals, remarks), (*assumptions, *remarks), start, unmapped, notes)


def _points(file: C3dFile, assumptions: list[str], notes: dict[str, str]) -> dict[str, xr.Dataset]:
    """Return markers and angles; other kinds of points are listed in the notes."""
    used, labels = file.layout.points, file.long_list("POINT:LABELS")
    if not used:
        return {}
    labels = (labels + [f"point_{number + 1}" for number in range(len(labels), used)])[:used]
    rate = file.rate("POINT")
    kinds = _kinds(file, labels)
    modelled = sorted(set(file.long_list("POINT:MODELED_MARKERS")) & set(labels))
    if modelled:
        assumptions.append(f"Points computed by the maker's model are treated as markers: {', '.join(modelled)}.")
    signals = {}
    if "markers" in kinds:
        signals["markers"] = _markers(file, labels, kinds, rate)
    if "ANGLES" in kinds:
        angles = _angles(file, labels, kinds, rate)
        signals |= {"angles": angles} if angles is not None else {}
    for kind in sorted(set(kinds) - {"markers", "ANGLES"}):
        left_out = [label for label, k in zip(labels, kinds, strict=True) if k == kind]
        notes[kind] = f"points left out: {', '.join(left_out)}"
    if "OUTPUTS" in kinds:
        assumptions.append(
            f"{kinds.count('OUTPUTS')} points are outputs of a model by their names; they were left out."
        )
    return signals


def _kinds(file: C3dFile, labels: list[str]) -> list[str]:
    """Return the kind of each point: that of its group in POINT:TYPE_GROUPS, else what its name tells.

    A label that the study maps is a marker, whatever its name.
    """
    groups = [str(g).strip() for g in file.values("POINT", "TYPE_GROUPS")[::2]]
    modelled = dict.fromkeys(file.long_list("POINT:MODELED_MARKERS"), "markers")
    computed = modelled | {
        label: g for g in groups if g and g != "MODELED_MARKERS" for label in file.long_list(f"POINT:{g}") if label
    }
    mapped = file.device.standard_labels
    kinds = []
    for label in labels:
        bare = label.rsplit(":", 1)[-1]
        by_name = "markers" if label in mapped or bare in mapped else kind_by_name(label)
        kinds.append("unlabelled" if label.startswith("*") else computed.get(label, computed.get(bare, by_name)))
    return kinds


def _markers(file: C3dFile, labels: list[str], kinds: list[str], rate: float) -> xr.Dataset:
    """Return the positions of the markers [m]; points too far from all others are left out and marked in `kinds`."""
    chosen = [index for index, kind in enumerate(kinds) if kind == "markers"]
    position = file.points(chosen)
    position *= file.length
    names, sentences, repeated = plain_labels([labels[index] for index in chosen])
    file.assumptions.extend(sentences)
    file.remarks.extend(repeated)
    far = set(far_points(position, names, frozenset(file.device.standard_labels)))
    if far:
        for index, name in zip(chosen, names, strict=True):
            kinds[index] = "far from all other points" if name in far else "markers"
        keep = [number for number, name in enumerate(names) if name not in far]
        position, names = np.ascontiguousarray(position[:, keep]), [names[number] for number in keep]
        file.assumptions.append(
            f"Points more than {FARTHEST_M:g} m from all others are no markers and were left out: "
            f"{', '.join(sorted(far))}."
        )
    return marker_signal(position, rate_hz=rate, labels=names)


def _angles(file: C3dFile, labels: list[str], kinds: list[str], rate: float) -> xr.Dataset | None:
    """Return the points that are angles, three components each [deg]; values beyond two turns are outputs instead."""
    chosen = [index for index, kind in enumerate(kinds) if kind == "ANGLES"]
    unit = str((file.values("POINT", "ANGLE_UNITS") or [file.device.angle_unit or "deg"])[0]).strip()
    factor = unit_factor(unit, ANGLE_UNITS)
    if factor is None:
        raise refuse(file.path, ("POINT:ANGLE_UNITS", f"one of {', '.join(ANGLE_UNITS)}", unit))
    angle = file.points(chosen) * factor
    beyond = np.asarray((np.abs(angle) > LARGEST_ANGLE_DEG).any(axis=(0, 2)))
    for index in (index for index, large in zip(chosen, beyond, strict=True) if large):
        kinds[index] = "OUTPUTS"
    chosen = [index for index, large in zip(chosen, beyond, strict=True) if not large]
    if not chosen:
        return None
    names, *_ = plain_labels([labels[index] for index in chosen])
    angle = angle[:, ~beyond].reshape(len(angle), -1)
    return angle_signal(angle, rate_hz=rate, names=[f"{name}.{axis}" for name in names for axis in "xyz"])


def _segments(file: C3dFile) -> dict[str, xr.Dataset]:
    """Return the poses of the group ROTATION: homogeneous matrices, rotation and origin."""
    matrices = file.rotations() if "ROTATION" in file.groups else np.empty(0)
    if not matrices.size:
        return {}
    rate, count = file.rate("ROTATION" if file.states_rate("ROTATION") else "POINT"), matrices.shape[1]
    labels = [label.removesuffix("_4X4") for label in file.long_list("ROTATION:LABELS")]
    labels = (labels + [f"segment_{number + 1}" for number in range(len(labels), count)])[:count]
    rotation, position = np.ascontiguousarray(matrices[..., :3, :3]), matrices[..., :3, 3] * file.length
    return {"segments": segment_signal(rotation, position, rate_hz=rate, labels=labels)}


def _channels(file: C3dFile) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Return the analog channels that the device maps, by kind, and the units of all others, by name."""
    of_plates = {int(channel) for channel in file.values("FORCE_PLATFORM", "CHANNEL")}
    count = file.analog_channels
    labels, units = file.long_list("ANALOG:LABELS"), file.long_list("ANALOG:UNITS")
    names = [labels[n] if n < len(labels) and labels[n] else str(n + 1) for n in range(count)]
    unit = [units[n] if n < len(units) else "" for n in range(count)]
    mapped = file.device.channels
    absent = sorted(set(mapped) - set(names))
    faults = [(f"channels.{name}", f"one of the channels {', '.join(names) or 'none'}", "no such") for name in absent]
    faults += [(f"channels.{name}", "one channel of that name", "several") for name in mapped if names.count(name) > 1]
    if faults:
        raise refuse(file.path, *faults)
    chosen = [n for n in range(count) if names[n] in mapped]
    others = {names[n]: unit[n] for n in range(count) if names[n] not in mapped and n + 1 not in of_plates}
    if not chosen:
        return {}, others
    labelled, of_unit = [names[n] for n in chosen], [unit[n] for n in chosen]
    block = Block(file.analogs(chosen), labelled, of_unit, Timing(file.rate("ANALOG")))
    signals, sentences = channel_signals([block], file.device)
    file.remarks.extend(sentences)
    return signals, others


def _what_else(file: C3dFile) -> str:
    """Describe a file without any of the signals."""
    analogs = file.analog_channels
    names = ", ".join(file.long_list("ANALOG:LABELS")[:CHANNELS_NAMED])
    return f"{analogs} analog channels and no force plate: {names}" if analogs else "none of them"
