"""Curves over normalised time: each movement resampled at the same number of points, for figures and statistics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import xarray as xr

from legsci.mechanics.kinetics.movement import FRAME_COORDS, FRAME_SIGNALS
from legsci.metrics.families.joints import movement_span
from legsci.storage import SOURCES, atomic_write

#: Points of a curve: 0 to 100 % of the movement.
CURVE_POINTS = 101
#: Coordinates of a repetition that go with its curves.
REP_COORDS = ("trial_id", "task", "number", "leg")
#: Signals that cannot be averaged over movements: positions in the laboratory.
LEFT_OUT = ("pelvis_position", "pelvis_height", "foot_height", "ankle_height")


def normalised_curves(reps: xr.Dataset) -> xr.Dataset:
    """Resample the signals of frames of each repetition at CURVE_POINTS points.

    Parameters
    ----------
    reps : answer of `legsci.mechanics.reps.signals.with_signals`.

    Returns
    -------
    Signals of FRAME_SIGNALS (rep, ..., point), 0 to 100 % of the movement under the default scoring (from its start, or
    touchdown, to take-off; of a squat to the end of the concentric phase), interpolated linearly; units as there.
    Coordinates duration_s (rep,) and those that name the repetition. Repetitions without markers, and those without a
    start or an end, are left out.
    """
    start, last = (moment.isel(scoring=0).data for moment in movement_span(reps.variables))
    first, rate = reps["frame_start"].to_numpy(), reps["frame_rate_hz"].to_numpy()
    kept = np.flatnonzero(np.isfinite(rate) & np.isfinite(start) & np.isfinite(last))
    parts = np.linspace(0.0, 1.0, CURVE_POINTS)
    answer = {}
    for name, (dims, unit) in FRAME_SIGNALS.items():
        if name not in LEFT_OUT:
            signals = reps[name].transpose("rep", *dims, "frame").to_numpy()
            rows = [_at(signals[k], (start[k] + parts * (last[k] - start[k]) - first[k]) * rate[k]) for k in kept]
            shape = (0, *signals.shape[1:-1], CURVE_POINTS)
            values = np.stack(rows) if rows else np.empty(shape)
            answer[name] = (("rep", *dims, "point"), values.astype(np.float32), {"units": unit})
    person = {key: np.full(kept.size, str(reps.attrs[key])) for key in ("participant_id", "session_id")}
    named = {key: ("rep", reps[key].to_numpy()[kept]) for key in REP_COORDS}
    return xr.Dataset(
        answer,
        coords={
            "point": 100.0 * parts,
            **{name: list(labels) for name, labels in FRAME_COORDS.items() if name != "axis"},
            **{key: ("rep", values) for key, values in person.items()},
            **named,
            "duration_s": ("rep", (last - start)[kept], {"units": "s"}),
        },
    )


def _at(signals: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Values of signals (..., frame) at positions (point,) [frames], straight between frames; NaN outside."""
    inside = (position >= 0.0) & (position <= signals.shape[-1] - 1)
    lower = np.clip(np.floor(position).astype(int), 0, max(signals.shape[-1] - 2, 0))
    upper = np.minimum(lower + 1, signals.shape[-1] - 1)
    part = np.where(inside, position - lower, np.nan)
    return np.asarray(signals[..., lower] * (1.0 - part) + signals[..., upper] * part)


def write_curves(sessions: Iterable[xr.Dataset | None], path: Path, *, sources: str | None = None) -> None:
    """Write the normalised curves of a study's sessions one after the other, whole or not at all.

    Parameters
    ----------
    sessions : repetitions of each session with their signals, None where a session has no repetition.
    path : of the netCDF file. A study without markers gets one without repetitions.
    sources : digest of the sources that made them, kept as an attribute of the file.
    """
    stretched = [normalised_curves(reps) for reps in sessions if reps is not None]
    curves = xr.concat(stretched, dim="rep", combine_attrs="override") if stretched else xr.Dataset()
    encoding = {name: {"zlib": True, "complevel": 1} for name in curves.data_vars}
    with atomic_write(path) as unfinished:
        curves.assign_attrs({SOURCES: sources} if sources else {}).to_netcdf(
            unfinished, engine="netcdf4", encoding=encoding
        )
