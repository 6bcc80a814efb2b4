"""Curves: values, peaks and integrals of sampled signals between positions that may lie between samples.

Signals are rows (row, sample); positions are (row, column) in samples, so that one signal is read at many places. A NaN
position, or one outside the row, gives NaN; so does a NaN sample in between, since a gap may hold the peak.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def _interpolated(signal, position):  # type: ignore[no-untyped-def]
    """Signal at one position, linearly interpolated."""
    if not (position >= 0.0 and position <= signal.size - 1):
        return np.nan
    lower = int(position)
    part = position - lower
    if part == 0.0:
        return signal[lower]
    return signal[lower] * (1.0 - part) + signal[lower + 1] * part


@njit(cache=True)
def value_at(signals, positions):  # type: ignore[no-untyped-def]
    """Value of each row at its positions, linearly interpolated.

    Parameters
    ----------
    signals : (row, sample), any unit.
    positions : (row, column) [samples].

    Returns
    -------
    (row, column), unit of the signals.
    """
    values = np.empty(positions.shape)
    for row in range(positions.shape[0]):
        for column in range(positions.shape[1]):
            values[row, column] = _interpolated(signals[row], positions[row, column])
    return values


@njit(cache=True)
def peak_between(signals, starts, ends):  # type: ignore[no-untyped-def]
    """Largest sample of each row from start to end, both included, and where it is.

    Parameters
    ----------
    signals : (row, sample), any unit.
    starts, ends : (row, column) [samples].

    Returns
    -------
    peaks : (row, column), unit of the signals.
    positions : (row, column) [samples]; the first of equal peaks.
    """
    peaks = np.full(starts.shape, np.nan)
    positions = np.full(starts.shape, np.nan)
    for row in range(starts.shape[0]):
        for column in range(starts.shape[1]):
            start, end = starts[row, column], ends[row, column]
            if np.isnan(start) or np.isnan(end):
                continue
            highest, where = -np.inf, np.nan
            for index in range(max(int(np.ceil(start)), 0), min(int(np.floor(end)), signals.shape[1] - 1) + 1):
                value = signals[row, index]
                if np.isnan(value):
                    where = np.nan
                    break
                if value > highest:
                    highest, where = value, float(index)
            if not np.isnan(where):
                peaks[row, column], positions[row, column] = highest, where
    return peaks, positions


@njit(cache=True)
def integral_between(signals, starts, ends):  # type: ignore[no-untyped-def]
    """Integral of each row from start to end by the trapezoid rule, with the parts of a sample at either end.

    Parameters
    ----------
    signals : (row, sample), any unit.
    starts, ends : (row, column) [samples]; an end before its start gives the negative of the integral.

    Returns
    -------
    (row, column), unit of the signals x samples.
    """
    integrals = np.full(starts.shape, np.nan)
    for row in range(starts.shape[0]):
        signal = signals[row]
        for column in range(starts.shape[1]):
            start, end = starts[row, column], ends[row, column]
            sign = 1.0
            if end < start:
                start, end, sign = end, start, -1.0
            first, last = _interpolated(signal, start), _interpolated(signal, end)
            if np.isnan(first) or np.isnan(last):
                continue
            total, here, value = 0.0, start, first
            for index in range(int(np.floor(start)) + 1, int(np.ceil(end))):
                total += 0.5 * (value + signal[index]) * (index - here)
                here, value = float(index), signal[index]
            integrals[row, column] = sign * (total + 0.5 * (value + last) * (end - here))
    return integrals
