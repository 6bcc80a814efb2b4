"""Curves of repetitions: velocity, and values, peaks and integrals between events, for the metrics to read.

All functions take the Dataset of a reps file (dims rep, scoring, side, sample; ARCHITECTURE.md) and times (rep,
scoring) in seconds on the trial's clock. They hand whole stacks to the kernels and put the labels back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from legsci.kernels import curves as kernel
from legsci.kernels.jumps import velocity_from_rest
from legsci.vocabulary import SIDES


def position(reps: xr.Dataset, seconds: xr.DataArray) -> xr.DataArray:
    """Position of a time in the repetition's window [samples]; NaN where the time is not known."""
    return (seconds - reps["window_start"]) * reps["sampling_rate_hz"]


def of_both(signal: xr.DataArray) -> xr.DataArray:
    """Signal of both sides together, without the dimension side; by place, since metrics work without labels."""
    return signal.isel(side=SIDES.index("both"), drop=True)


def velocity(reps: xr.Dataset) -> xr.DataArray:
    """Vertical velocity of the centre of mass (rep, scoring, sample) [m/s], upward; NaN where rest is unknown.

    A zero error of the plate that a scoring takes off (`offset`) drops out of force less body weight and changes the
    mass only.
    """
    force = of_both(reps["force"]).transpose("rep", "sample").to_numpy()
    weight = of_both(reps["body_weight"]).transpose("rep", "scoring").to_numpy()
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
        coords={name: reps[name] for name in ("rep", "scoring") if name in reps.coords},
        attrs={"units": "m/s", "long_name": "velocity of the centre of mass"},
    )


def _call(
    function: Callable[..., Any], signal: xr.DataArray, *positions: xr.DataArray
) -> tuple[list[np.ndarray], Callable[[np.ndarray], xr.DataArray]]:
    """Call a kernel with rows of the signal and columns of the positions; return arrays and what labels one of them."""
    row_sizes = {str(dim): signal.sizes[dim] for dim in signal.dims if dim != "sample"}
    sizes = row_sizes | {str(dim): size for where in positions for dim, size in where.sizes.items()}
    rows = int(np.prod(list(row_sizes.values())))
    samples = signal.variable.transpose(*row_sizes, "sample").to_numpy().reshape(rows, -1)
    columns = [where.variable.set_dims(sizes).to_numpy().reshape(rows, -1) for where in positions]
    results = function(*(np.ascontiguousarray(array, dtype=float) for array in (samples, *columns)))
    arrays = list(results) if isinstance(results, tuple) else [results]
    known = {name: index for one in (signal, *positions) for name, index in one.coords.items() if name in sizes}
    return arrays, lambda values: xr.DataArray(values.reshape(tuple(sizes.values())), coords=known, dims=tuple(sizes))


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
