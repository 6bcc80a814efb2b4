"""Curves of repetitions: velocity, and values, peaks and integrals between events, for the metrics to read.

All functions take the Dataset of a reps file (dims rep, scoring, side, sample; ARCHITECTURE.md) and times (rep, scoring) in seconds
on the trial's clock. They hand whole stacks to the kernels and put the labels back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from legsci.kernels import curves as kernel
from legsci.kernels.jumps import velocity_from_rest


def position(reps: xr.Dataset, seconds: xr.DataArray) -> xr.DataArray:
    """Position of a time in the repetition's window [samples]; NaN where the time is not known."""
    return (seconds - reps["window_start"]) * reps["sampling_rate_hz"]


def velocity(reps: xr.Dataset) -> xr.DataArray:
    """Vertical velocity of the centre of mass (rep, scoring, sample) [m/s], upward, from rest; NaN where rest is unknown.

    A zero error of the plate that a scoring takes off (`offset`) drops out of force less body weight and changes the mass only.
    """
    force = reps["force"].sel(side="both").transpose("rep", "sample").to_numpy()
    weight = reps["body_weight"].sel(side="both").transpose("rep", "scoring").to_numpy()
    reading = weight + reps["offset"].transpose("rep", "scoring").to_numpy()
    rest = position(reps, reps["rest"]).transpose("rep", "scoring").to_numpy()
    result = np.full((*weight.shape, force.shape[1]), np.nan)
    for rep, rate in enumerate(reps["sampling_rate_hz"].to_numpy().astype(float)):
        last = int(np.isfinite(force[rep]).sum()) - 1
        for scoring in range(weight.shape[1]):
            if np.isfinite(rest[rep, scoring]) and weight[rep, scoring] > 0.0:
                speed = velocity_from_rest(force[rep], rate, round(rest[rep, scoring]), 0, last, reading[rep, scoring])
                result[rep, scoring] = speed * (reading[rep, scoring] / weight[rep, scoring])
    return xr.DataArray(
        result,
        dims=("rep", "scoring", "sample"),
        coords={name: reps[name] for name in ("rep", "scoring")},
        attrs={"units": "m/s", "long_name": "velocity of the centre of mass"},
    )


def _call(
    function: Callable[..., Any], signal: xr.DataArray, *positions: xr.DataArray
) -> tuple[list[np.ndarray], Callable[[np.ndarray], xr.DataArray]]:
    """Call a kernel with rows of the signal and columns of the positions; return its arrays and what labels one of them."""
    row_dims = [str(dim) for dim in signal.dims if dim != "sample"]
    shape = xr.broadcast(signal.isel(sample=0, drop=True), *positions)[0]
    column_dims = [str(dim) for dim in shape.dims if dim not in row_dims]
    shape = shape.transpose(*row_dims, *column_dims)
    rows = int(np.prod([shape.sizes[dim] for dim in row_dims]))
    samples = np.ascontiguousarray(signal.transpose(*row_dims, "sample").to_numpy().reshape(rows, -1), dtype=float)
    columns = [
        np.ascontiguousarray(
            where.broadcast_like(shape).transpose(*shape.dims).to_numpy().reshape(rows, -1), dtype=float
        )
        for where in positions
    ]
    results = function(samples, *columns)
    arrays = list(results) if isinstance(results, tuple) else [results]
    return arrays, lambda values: shape.copy(data=values.reshape(shape.shape))


def at(reps: xr.Dataset, signal: xr.DataArray, seconds: xr.DataArray) -> xr.DataArray:
    """Value of a signal (..., sample) at a time, linearly interpolated [unit of the signal]."""
    arrays, label = _call(kernel.value_at, signal, position(reps, seconds))
    return label(arrays[0])


def peak(
    reps: xr.Dataset, signal: xr.DataArray, start: xr.DataArray, end: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    """Largest value of a signal (..., sample) between two times [unit of the signal], and when it is reached [s]."""
    arrays, label = _call(kernel.peak_between, signal, position(reps, start), position(reps, end))
    return label(arrays[0]), label(arrays[1]) / reps["sampling_rate_hz"] + reps["window_start"]


def integral(reps: xr.Dataset, signal: xr.DataArray, start: xr.DataArray, end: xr.DataArray) -> xr.DataArray:
    """Integral of a signal (..., sample) between two times, trapezoid rule [unit of the signal x s]."""
    arrays, label = _call(kernel.integral_between, signal, position(reps, start), position(reps, end))
    return label(arrays[0]) / reps["sampling_rate_hz"]
