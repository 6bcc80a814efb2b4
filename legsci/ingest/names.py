"""From the names of a file to those of legsci: the feet on its plates, the labels of its markers and segments."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import xarray as xr

from legsci.ingest.devices import Device
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.readers.body_size import size_faults
from legsci.ingest.recording import Recording
from legsci.marker_sets import SEGMENT_SETS, SegmentSet

#: Readers of files that hold one plate each; the other plates of the device are in other files of the trial.
ONE_PLATE_A_FILE = ("qualisys",)


def map_names(recording: Recording, device: Device, path: str) -> Recording:
    """Assign feet to plates, and standard labels to markers and segments, as the device maps them.

    Plates are identified by the file's name or by their number; where the device lists plates, the others are left out
    and listed in the assumptions. Labels that the device does not map are kept. Segments of a known set are
    expressed in segment axes x forward, y up, z right.

    Raises
    ------
    RecordingError : a plate that the file does not have, one label for two markers, or markers at distances that no
        body has.
    """
    signals, assumptions = dict(recording.signals), list(recording.assumptions)
    faults = []
    if "force" in signals:
        force = signals["force"]
        names = [str(name) for name in force.variables["plate"].data]
        known = {name: name for name in names}
        if device.reader in ONE_PLATE_A_FILE:
            elsewhere = set(device.plates) - known.keys() if known.keys() & device.plates.keys() else set()
        else:
            known |= {str(n + 1): name for n, name in enumerate(names) if str(n + 1) not in names}
            elsewhere = set()
        faults += [
            Fault(path, f"plate {key}", f"one of {', '.join(known)}", "no such plate")
            for key in device.plates
            if key not in known and key not in elsewhere
        ]
        feet = {known[key]: setup.foot for key, setup in device.plates.items() if key in known}
        chosen = [name for name in names if name in feet or not device.plates]
        if len(chosen) < len(names):
            left_out = ", ".join(name for name in names if name not in chosen)
            assumptions.append(f"Plates that the study does not list were left out: {left_out}.")
            force = force.sel(plate=chosen)
        signals["force"] = force = force.copy()
        force.variables["foot"].data = np.array([feet.get(name, "both") for name in chosen])
    if "markers" in signals:
        labels = [str(label) for label in signals["markers"].variables["marker"].data]
        absent = [label for label in device.markers if label not in labels]
        if absent:
            assumptions.append(f"Markers that the study names and this file does not have: {', '.join(absent)}.")
        mapped = [device.standard_labels.get(label, label) for label in labels]
        twice = sorted(label for label, count in Counter(mapped).items() if count > 1)
        faults += [Fault(path, f"marker {label}", "one marker of that label", "several") for label in twice]
        if mapped != labels:
            signals["markers"] = signals["markers"].assign_coords(marker=mapped)
        faults += size_faults(path, signals["markers"])
    if "segments" in signals and device.labels in SEGMENT_SETS:
        signals["segments"] = _with_own_axes(signals["segments"], SEGMENT_SETS[device.labels])
    if faults:
        raise RecordingError(path, faults)
    return replace(recording, signals=signals, assumptions=tuple(assumptions))


def _with_own_axes(segments: xr.Dataset, known: SegmentSet) -> xr.Dataset:
    """Return segments under standard labels, the columns of their rotations being x forward, y up, z right."""
    labels = [known.names.get(str(label), str(label)) for label in segments.variables["segment"].data]
    forward, up = (segments["rotation"].sel(direction=axis).variable for axis in (known.forward, known.up))
    right = xr.Variable(forward.dims, np.cross(forward.data, up.data, axis=forward.get_axis_num("axis")))
    rotation = xr.Variable.concat([forward, up, right], dim="direction").transpose(*segments["rotation"].dims)
    rotation.attrs = segments["rotation"].attrs
    return segments.assign(rotation=rotation).assign_coords(segment=labels)
