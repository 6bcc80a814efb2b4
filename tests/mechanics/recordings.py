"""Real recordings of ../shared/data as trials, read by legsci's own readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.readers import READERS
from tests.mechanics.trials import trial

#: Attributes of a stream on the clock of its trial.
ON_CLOCK = {"clock_offset_s": 0.0, "clock_offset_uncertainty_s": 0.0, "clock_drift": 0.0}
PELVIS = {
    "LASI": "left_anterior_superior_iliac_spine",
    "RASI": "right_anterior_superior_iliac_spine",
    "LPSI": "left_posterior_superior_iliac_spine",
    "RPSI": "right_posterior_superior_iliac_spine",
}


def recorded_trial(
    path: Path,
    *,
    reader: str,
    up: str,
    task: str,
    feet: tuple[str, ...] = ("both",),
    part: str | None = None,
    forward: str | None = None,
    **device: object,
) -> xr.DataTree:
    """Read a recording and turn it to ISB axes; `feet` name the feet on the file's plates in their order."""
    forward = forward or ("x" if up.endswith(("y", "z")) else "y")
    described = Device(name="lab", reader=reader, up=up, forward=forward, **device)  # type: ignore[arg-type]
    signals = dict(READERS[reader](path, device=described, part=part).signals)
    force = signals["force"]
    count = force.sizes["plate"]
    signals["force"] = force.assign_coords(foot=("plate", list(feet) if len(feet) == count else ["both"] * count))
    if "markers" in signals:
        names = [PELVIS.get(str(name), str(name)) for name in signals["markers"]["marker"].to_numpy()]
        signals["markers"] = signals["markers"].assign_coords(marker=names)
    turned = {
        kind: to_isb(signal, up=up, forward=forward) if "axis" in signal.dims else signal.assign_attrs(ON_CLOCK)
        for kind, signal in signals.items()
        if kind != "angles"
    }
    return trial(turned, task=task)


def read_signal(path: Path, reader: str, kind: str, *, up: str = "y", forward: str = "x") -> xr.Dataset:
    """Read one kind of signal of a recording, in ISB axes."""
    device = Device(name="laboratory", reader=reader, up=up, forward=forward)
    signal = READERS[reader](path, device=device).signals[kind]
    return to_isb(signal, up=up, forward=forward) if "axis" in signal.dims else signal


def agreement(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Correlation, constant offset and root mean square of what is left [deg]."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    difference = ours[both] - theirs[both]
    return float(np.corrcoef(ours[both], theirs[both])[0, 1]), float(difference.mean()), float(difference.std())


def text_columns(*names: str | int, **text: object) -> dict[str, object]:
    """Describe a delimited file by the columns that hold vertical force, one per plate."""
    return {"plates": {str(n + 1): PlateSetup(columns={"up": name}) for n, name in enumerate(names)}, "text": text}
