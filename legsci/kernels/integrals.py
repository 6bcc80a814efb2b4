"""Running integrals by the trapezoid rule, from a known first value or back from a known last value.

An integral across a gap is not known: from the first NaN on, in the direction of integration, the answer is NaN.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True)
def integrate_forward(samples: Array, interval: float, initial: float) -> Array:
    """Integrate from a known first value.

    Parameters
    ----------
    samples : (time,), any unit.
    interval : time between samples [s].
    initial : value of the integral at the first sample [unit of samples x s].

    Returns
    -------
    (time,) [unit of samples x s]: out[0] = initial, out[i] = out[i-1] + (samples[i-1] + samples[i]) / 2 x interval.
    """
    integral = np.empty(len(samples))
    total = initial
    for i in range(len(samples)):
        if i > 0:
            total += 0.5 * (samples[i - 1] + samples[i]) * interval
        integral[i] = total
    return integral


@njit(cache=True)
def integrate_backward(samples: Array, interval: float, final: float) -> Array:
    """Integrate back from a known last value, such as the velocity of a body that has come to rest.

    Parameters
    ----------
    samples : (time,), any unit.
    interval : time between samples [s].
    final : value of the integral at the last sample [unit of samples x s].

    Returns
    -------
    (time,) [unit of samples x s]: out[-1] = final, out[i] = out[i+1] - (samples[i] + samples[i+1]) / 2 x interval.
    """
    integral = np.empty(len(samples))
    total = final
    for i in range(len(samples) - 1, -1, -1):
        if i < len(samples) - 1:
            total -= 0.5 * (samples[i] + samples[i + 1]) * interval
        integral[i] = total
    return integral


@njit(cache=True)
def integrate_rows_forward(
    samples: Array, interval: float, starts: NDArray[np.int64], stops: NDArray[np.int64], initials: Array
) -> Array:
    """Integrate each row within its own range from a known first value; see `integrate_forward`.

    Parameters
    ----------
    samples : (row, time), any unit.
    interval : time between samples [s].
    starts, stops : (row,) sample range [start, stop) of each row.
    initials : (row,) value of the integral at the row's start [unit of samples x s].

    Returns
    -------
    (row, time) [unit of samples x s]; NaN outside the row's range.

    Raises
    ------
    ValueError : a range leaves the samples, or starts, stops and initials do not have one entry per row.
    """
    _check_ranges(samples, starts, stops, initials)
    integral = np.full(samples.shape, np.nan)
    for row in range(len(samples)):
        inside = slice(starts[row], stops[row])
        integral[row, inside] = integrate_forward(samples[row, inside], interval, initials[row])
    return integral


@njit(cache=True)
def integrate_rows_backward(
    samples: Array, interval: float, starts: NDArray[np.int64], stops: NDArray[np.int64], finals: Array
) -> Array:
    """Integrate each row within its own range back from a known last value; see `integrate_backward`.

    Parameters
    ----------
    samples : (row, time), any unit.
    interval : time between samples [s].
    starts, stops : (row,) sample range [start, stop) of each row.
    finals : (row,) value of the integral at the row's last sample, stop - 1 [unit of samples x s].

    Returns
    -------
    (row, time) [unit of samples x s]; NaN outside the row's range.

    Raises
    ------
    ValueError : a range leaves the samples, or starts, stops and finals do not have one entry per row.
    """
    _check_ranges(samples, starts, stops, finals)
    integral = np.full(samples.shape, np.nan)
    for row in range(len(samples)):
        inside = slice(starts[row], stops[row])
        integral[row, inside] = integrate_backward(samples[row, inside], interval, finals[row])
    return integral


@njit(cache=True)
def _check_ranges(samples: Array, starts: NDArray[np.int64], stops: NDArray[np.int64], values: Array) -> None:
    """Raise before an unchecked index reads outside an array."""
    if len(starts) != len(samples) or len(stops) != len(samples) or len(values) != len(samples):
        raise ValueError("starts, stops and known values need one entry per row")
    for row in range(len(samples)):
        if starts[row] < 0 or stops[row] > samples.shape[1] or starts[row] > stops[row]:
            raise ValueError("the range of a row leaves the samples")
