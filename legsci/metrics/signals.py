"""Curves of repetitions: velocity, and values, peaks and integrals between events, for the metrics to read.

All take the variables of a reps file (dims rep, scoring, side, sample; ARCHITECTURE.md) and times (rep, scoring) in
seconds on the trial's clock, and hand whole stacks to the kernels. Variables know their dimensions and not
their labels: comparing the labels of both sides of every operation would take several times longer than the operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from legsci.kernels import curves as kernel
from legsci.kernels.jumps import velocity_from_rest
from legsci.tasks import TASKS, Task
from legsci.vocabulary import SIDES

#: Signals and events of a session's repetitions by name, as `prepare` in measure.py makes them of a reps file.
Reps = Mapping[Any, xr.Variable]
_CLOCK = ("window_start", "sampling_rate_hz")


def position(reps: Reps, seconds: xr.Variable) -> xr.Variable:
    """Position of a time (rep, scoring) in the repetition's window [samples]; NaN where the event was not detected."""
    start, rate = (reps[name].data.reshape(reps[name].shape[0], -1) for name in _CLOCK)
    times = seconds if seconds.dims == ("rep", "scoring") else seconds.transpose("rep", "scoring")
    return xr.Variable(times.dims, (times.data - start) * rate)


def recorded_samples(signals: Mapping[str, xr.Variable], names: Iterable[str]) -> xr.Variable:
    """Number of samples of each repetition (rep,) up to the last at which any of the named signals was recorded."""
    recorded = [np.isfinite(signals[name].transpose("rep", ..., "sample").data) for name in names]
    any_recorded = np.any([each.reshape(len(each), -1, each.shape[-1]).any(axis=1) for each in recorded], axis=0)
    last = any_recorded.shape[1] - np.argmax(any_recorded[:, ::-1], axis=1)
    return xr.Variable("rep", np.where(any_recorded.any(axis=1), last, 0))


def of_tasks(reps: Reps, chosen: Callable[[Task], bool]) -> xr.Variable:
    """Whether the task of each repetition (rep,) is chosen."""
    return xr.Variable("rep", np.array([chosen(TASKS[str(name)]) for name in reps["task"].data], dtype=bool))


def of_both(signal: xr.Variable) -> xr.Variable:
    """Signal of both sides together, without the dimension side."""
    return signal.isel(side=SIDES.index("both"))


def velocity(reps: Reps) -> xr.Variable:
    """Vertical velocity of the centre of mass (rep, scoring, sample) [m/s], upward; NaN without an instant of rest.

    A squat starts and ends at rest, so that mean force between equals weight; without force over the whole of it there
    is no velocity. A zero error of the plate that a scoring subtracts (`offset`) cancels in force minus body weight and
    changes the mass only.
    """
    force = of_both(reps["force"]).transpose("rep", "sample").data
    weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data
    reading = weight + reps["offset"].transpose("rep", "scoring").data
    rest, end = (position(reps, reps[name]).transpose("rep", "scoring").data for name in ("rest", "movement_end"))
    result = np.full((*weight.shape, force.shape[1]), np.nan)
    for rep, rate in enumerate(reps["sampling_rate_hz"].data.astype(float)):
        last = int(np.isfinite(force[rep]).sum()) - 1
        for scoring in range(weight.shape[1]):
            if np.isfinite(rest[rep, scoring]) and weight[rep, scoring] > 0.0:
                start, level = round(rest[rep, scoring]), reading[rep, scoring]
                if np.isfinite(end[rep, scoring]):
                    stop = round(end[rep, scoring])
                    if start < 0 or stop > last:
                        continue
                    level = float(np.trapezoid(force[rep, start : stop + 1])) / (stop - start)
                speed = velocity_from_rest(force[rep], rate, start, 0, last, level)
                result[rep, scoring] = speed * (level / weight[rep, scoring])
    return xr.Variable(("rep", "scoring", "sample"), result)


def _call(function: Callable[..., Any], signal: xr.Variable, *positions: xr.Variable) -> list[xr.Variable]:
    """Call a kernel with rows of the signal and columns of the positions."""
    row_sizes = {str(dim): signal.sizes[dim] for dim in signal.dims if dim != "sample"}
    sizes = row_sizes | {str(dim): size for where in positions for dim, size in where.sizes.items()}
    rows = math.prod(row_sizes.values())
    samples = signal.transpose(*row_sizes, "sample").data.reshape(rows, -1)
    whole = tuple(sizes.values())
    columns = [np.broadcast_to(_in_order(where, sizes), whole).reshape(rows, -1) for where in positions]
    results = function(*(np.ascontiguousarray(array, dtype=float) for array in (samples, *columns)))
    arrays = results if isinstance(results, tuple) else (results,)
    return [xr.Variable(tuple(sizes), values.reshape(whole)) for values in arrays]


def _in_order(where: xr.Variable, sizes: Mapping[str, int]) -> np.ndarray:
    """Values with one axis per dimension of `sizes`, of length 1 where they do not have it."""
    ordered = where.transpose(*(dim for dim in sizes if dim in where.dims)).data
    return np.asarray(ordered.reshape([size if dim in where.dims else 1 for dim, size in sizes.items()]))


def at(reps: Reps, signal: xr.Variable, seconds: xr.Variable) -> xr.Variable:
    """Value of a signal (..., sample) at a time, linearly interpolated [unit of the signal]."""
    return _call(kernel.value_at, signal, position(reps, seconds))[0]


def peak(reps: Reps, signal: xr.Variable, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Largest value of a signal (..., sample) between two times [unit of the signal].

    NaN where the signal has a gap between them, which may hold the peak; the end of the recording is not a gap.
    """
    return _peak(reps, signal, start, end)[0]


def peak_time(reps: Reps, signal: xr.Variable, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """When a signal (..., sample) is largest between two times [s on the trial's clock]; NaN where `peak` is."""
    return _peak(reps, signal, start, end)[1] / reps["sampling_rate_hz"] + reps["window_start"]


def _peak(reps: Reps, signal: xr.Variable, start: xr.Variable, end: xr.Variable) -> list[xr.Variable]:
    """Largest value of a signal between two times, and its position in the repetition's window [samples]."""
    until = position(reps, end)
    until.data = np.minimum(until.data, reps["sample_count"].data[:, None] - 1.0)
    return _call(kernel.peak_between, signal, position(reps, start), until)


def uncertain_peak(
    reps: Reps, signal: xr.Variable, uncertainty: xr.Variable, start: xr.Variable, end: xr.Variable
) -> tuple[xr.Variable, xr.Variable]:
    """Largest value of a signal (..., sample) that is uncertain, and its standard uncertainty [unit of the signal].

    Where samples are uncertain, the true peak may lie at another time than the one that was read. With a signal within
    its expanded uncertainty (k = 2) throughout, its peak lies between the peaks of the two bounds; half the distance of
    the further one is stated.
    """
    doubt = uncertainty.transpose(*signal.dims).data
    within = xr.Variable(("bound", *signal.dims), [signal.data + factor * doubt for factor in (0.0, -2.0, 2.0)])
    value, lower, upper = peak(reps, within, start, end).transpose("bound", ...)
    above, below = upper - value, value - lower
    return value, 0.5 * above.where(above > below, below)


def integral(reps: Reps, signal: xr.Variable, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Integral of a signal (..., sample) between two times, trapezoid rule [unit of the signal x s]."""
    total = _call(kernel.integral_between, signal, position(reps, start), position(reps, end))[0]
    return total / reps["sampling_rate_hz"]
