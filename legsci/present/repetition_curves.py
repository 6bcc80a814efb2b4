"""Curves of repetitions on a common axis: seconds or percent of the movement, from an event of each."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.mechanics.reps.signals import SAMPLE_SIGNALS, SLICED_FRAME_SIGNALS
from legsci.metrics.families.joints import movement_span
from legsci.metrics.signals import velocity
from legsci.present.selection import ResultsError, check_names

#: Signals of `repetition_curves`; the velocity of the centre of mass is integrated from force.
CURVES = {**{name: unit for name, (_, unit) in (SAMPLE_SIGNALS | SLICED_FRAME_SIGNALS).items()}, "velocity": "m/s"}
#: Unit of the axis -> name of its dimension.
AXES_OF_CURVES = {"s": "time", "%": "percent"}
KEYS_OF_CURVES = ("participant_id", "session_id", "trial_id", "number")
#: Share of a step of the axis by which floating point may miss a point.
ROUNDING = 1e-6


class Curve(NamedTuple):
    """A signal of one repetition.

    Parameters
    ----------
    names : values of KEYS_OF_CURVES.
    axis : positions of the samples (sample,) [unit of the axis].
    samples : (..., sample).
    ends : first and last position that is shown.
    """

    names: dict[str, str]
    axis: NDArray[np.float64]
    samples: xr.DataArray
    ends: tuple[float, float]


def repetition_curves(
    sessions: list[xr.Dataset], signal: str, *, align: str | None, unit: str, rows: pd.DataFrame
) -> xr.DataArray:
    """Resample a signal of repetitions on a common axis, straight between its samples.

    Parameters
    ----------
    sessions : repetitions of sessions with their signals, answers of `legsci.mechanics.reps.signals.with_signals`.
    signal : one of CURVES.
    align : event that is 0 of the axis; None: the start of the movement.
    unit : of the axis: "s", or "%" of the movement (from its start, or touchdown, to take-off; of a squat to the end of
        the concentric phase, see `movement_span`).
    rows : rows of metrics.csv, one per repetition, whose status is taken over.

    Returns
    -------
    (rep, ..., time) or (rep, ..., percent) [unit of the signal], NaN where nothing was recorded and, in percent,
    outside the movement; coordinates rep (their names), participant_id, session_id, trial_id, number and status.

    Raises
    ------
    ResultsError : no such signal or event, or no repetition has them.
    """
    check_axis(signal, align, unit)
    curves: list[Curve] = []
    missing: list[str] = []
    for reps in sessions:
        found, without = _curves(reps, signal, align, unit)
        curves += found
        missing += without
    event = f"the event {align}" if align else "a start of the movement"
    if not curves:
        raise ResultsError(f"no repetition of the selection has {signal} and {event}; study.quality gives the reasons")
    if missing:
        warnings.warn(f"left out, since they lack {signal} or {event}: {', '.join(missing)}", stacklevel=3)
    return _gridded(curves, unit, rows).rename(signal).assign_attrs(units=CURVES[signal])


def check_axis(signal: str, align: str | None, unit: str) -> None:
    """Raise ResultsError on a signal, event or unit that there is not."""
    check_names("signal", [signal], CURVES)
    check_names("event", [] if align is None else [align], STORED_EVENTS)
    check_names("unit", [unit], AXES_OF_CURVES)


def _signal(reps: xr.Dataset, signal: str) -> tuple[xr.DataArray, list[NDArray[np.float64]]]:
    """Values (rep, ..., sample) and the times of the samples of each repetition [s on the trial's clock]."""
    integrated = signal == "velocity"
    values = xr.DataArray(velocity(reps.variables).isel(scoring=0)) if integrated else reps[signal]
    sampled = values.dims[-1] == "sample"
    starts = reps["window_start" if sampled else "frame_start"].to_numpy()
    rates = reps["sampling_rate_hz" if sampled else "frame_rate_hz"].to_numpy()
    return values, [start + np.arange(values.shape[-1]) / rate for start, rate in zip(starts, rates, strict=True)]


def _curves(reps: xr.Dataset, signal: str, align: str | None, unit: str) -> tuple[list[Curve], list[str]]:
    """Curves of the repetitions of a session, and the names of those without signal, event or movement."""
    values, times = _signal(reps, signal)
    start, end = (moment.isel(scoring=0).to_numpy() for moment in movement_span(reps.variables))
    zero = start if align is None else reps[align].isel(scoring=0).to_numpy()
    length = (end - start) / 100.0 if unit == "%" else np.ones(start.size)
    curves, missing = [], []
    for rep, moments in enumerate(times):
        names = {
            key: str(reps.attrs[key] if key in reps.attrs else reps[key].to_numpy()[rep]) for key in KEYS_OF_CURVES
        }
        samples = values.isel(rep=rep)
        recorded = samples.notnull().any([dim for dim in samples.dims if dim not in ("sample", "frame")]).to_numpy()
        axis = (moments - zero[rep]) / length[rep]
        if not (recorded.any() and np.isfinite(axis).any()):
            missing.append("/".join(names.values()))
            continue
        first, last = np.flatnonzero(recorded)[[0, -1]]
        kept = slice(first, last + 1)
        ends = ((start[rep] - zero[rep]) / length[rep], (end[rep] - zero[rep]) / length[rep])
        curves.append(Curve(names, axis[kept], samples[..., kept], ends if unit == "%" else (axis[first], axis[last])))
    return curves, missing


def _gridded(curves: list[Curve], unit: str, rows: pd.DataFrame) -> xr.DataArray:
    """Lay curves over one axis: each percent, or the sampling interval of the fastest curve."""
    step = 1.0 if unit == "%" else min(float(np.diff(curve.axis).min(initial=np.inf)) for curve in curves)
    first = np.floor(min(curve.ends[0] for curve in curves) / step + ROUNDING)
    last = np.ceil(max(curve.ends[1] for curve in curves) / step - ROUNDING)
    grid = step * np.arange(first, last + 1.0)
    dim = AXES_OF_CURVES[unit]
    names = pd.DataFrame([curve.names for curve in curves]).astype({"number": int})
    stated = rows.rename(columns={"rep": "number"})[[*KEYS_OF_CURVES, "status"]]
    status = names.merge(stated, how="left")["status"].fillna("").to_numpy().astype(str)
    inner = curves[0].samples.isel({curves[0].samples.dims[-1]: 0}, drop=True)
    return xr.DataArray(
        np.stack([_resampled(curve, grid, ROUNDING * step) for curve in curves]),
        dims=("rep", *inner.dims, dim),
        coords={
            "rep": ["/".join(curve.names.values()) for curve in curves],
            **{name: inner[name].to_numpy() for name in map(str, inner.dims)},
            dim: (dim, grid, {"units": unit}),
            **{key: ("rep", names[key].to_numpy()) for key in KEYS_OF_CURVES},
            "status": ("rep", status),
        },
    )


def _resampled(curve: Curve, grid: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Samples (..., sample) at the points of the grid, NaN beyond the ends of the curve."""
    samples = curve.samples.to_numpy()
    rows = [np.interp(grid, curve.axis, row, left=np.nan, right=np.nan) for row in samples.reshape(-1, curve.axis.size)]
    outside = (grid < curve.ends[0] - tolerance) | (grid > curve.ends[1] + tolerance)
    return np.where(outside, np.nan, np.stack(rows).reshape(*samples.shape[:-1], grid.size))
