"""What plates, sensors and cameras each say of the vertical acceleration of the body, on one time step."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from legsci.kernels.clocks.strapdown import carried_vertical
from legsci.kernels.events import long_runs
from legsci.kernels.filters import butterworth_lowpass
from legsci.vocabulary import STANDARD_GRAVITY

Array = NDArray[np.float64]

#: Force and acceleration are compared up to the first of these frequencies [Hz]: sensors on the skin ring from 10 Hz
#: on, and an impact reaches the pelvis late. The others, an octave apart, show how far the lag depends on that choice.
COMPARED_HZ = (6.0, 4.0, 8.0)
#: Samples per second at which they are compared.
RATE_HZ = 100.0
#: Plates that bear less than this part of their usual load are unloaded; for longer than a flight lasts, the person
#: stands where no plate is, such as on a box.
UNLOADED_PART, LONGEST_FLIGHT_S = 0.1, 0.9
#: Force has to vary by this part of its usual load (standard deviation).
VARYING_PART = 0.03
#: A sensor shows the vertical in its stillest stretch of this length [s].
STILL_S = 0.5
#: Lost packets are bridged for so long [s]: a pelvis turns by less than a degree from its course in it.
LONGEST_GAP_S = 0.1
#: A turn of 1 rad/s disturbs the reading of gravity as much as an acceleration of this size [m/s^2].
TURN_WEIGHT = 10.0
#: Angular acceleration is that of angular velocity up to this frequency [Hz].
TURN_HZ = 20.0
#: Segments whose sensor follows the force on the whole body.
CENTRAL = ("pelvis", "trunk")
#: Parts of the markers by their mean height.
HEIGHT_PARTS = 3


def force_reference(force: xr.Dataset) -> Array | None:
    """Vertical force of all plates (cutoff, time), low-passed at each of `COMPARED_HZ`, `RATE_HZ` samples a second.

    NaN where the person stands on no plate. None where force hardly varies, or the plates are never loaded.
    """
    axes = force.get_index("axis").tolist()
    vertical = force.variables["force"].transpose("plate", "axis", "time").data[:, axes.index("y")].astype(float).sum(0)
    rate = float(force.attrs["sampling_rate_hz"])
    vertical -= min(float(np.quantile(vertical, 0.01)), 0.0)
    highest = float(np.quantile(vertical, 0.99))
    weight = float(np.median(vertical[vertical > UNLOADED_PART * highest])) if highest > 0.0 else 0.0
    answer = _even(vertical[None], rate)
    if answer is None or not weight > 0.0:
        return None
    answer = answer[:, 0]
    loaded = np.interp(np.arange(answer.shape[1]) / RATE_HZ, np.arange(vertical.size) / rate, vertical)
    absent = long_runs(loaded < UNLOADED_PART * weight, round(LONGEST_FLIGHT_S * RATE_HZ))
    for row, cutoff in zip(answer, COMPARED_HZ, strict=True):
        row[_within_reach(absent, RATE_HZ, cutoff)] = np.nan
    return answer if np.nanstd(answer[0]) > VARYING_PART * weight else None


def sensor_followers(sensor: xr.Dataset, segment: str) -> tuple[Array | None, str]:
    """What a sensor with accelerometer and gyroscope says of the vertical acceleration of the body.

    Parameters
    ----------
    sensor : stream of channels of one clock.
    segment : whose sensor is used.

    Returns
    -------
    followers : (cutoff, 4, time), low-passed at each of `COMPARED_HZ`, `RATE_HZ` samples a second from the first one
        on; None where the sensor does not have them.
    why : it has not.

    Notes
    -----
    With u the vertical in sensor axes, f the specific force and w the angular velocity, the first is u . f. A point at
    r from the sensor, fixed to the same segment, accelerates by u . (w' x r + w x (w x r)) more: a weighted sum of the
    other three, whose weights are r. That point is free, since the centre of mass is not where the sensor is.
    """
    values = {}
    for quantity in ("acceleration", "angular_velocity"):
        found = [_channel(sensor, segment, quantity, axis) for axis in "xyz"]
        rows = [row for row in found if row is not None]
        if len(rows) < len(found):
            return None, f"the sensor of the {segment} has no {quantity.replace('_', ' ')} along x, y and z"
        values[quantity] = sensor["value"].transpose("time", "channel").to_numpy()[:, rows].astype(float)
    rate = float(sensor.attrs["sampling_rate_hz"])
    force, spin = (_bridged(values[quantity], round(LONGEST_GAP_S * rate)) for quantity in values)
    length = round(STILL_S * rate)
    if not rate > 2.0 * max(COMPARED_HZ) or len(force) < 2 * length:
        return None, f"the sensor of the {segment} records too slowly or too briefly"
    unrest = (np.linalg.norm(force, axis=1) - STANDARD_GRAVITY) ** 2 + (TURN_WEIGHT**2) * (spin**2).sum(axis=1)
    means = np.convolve(np.nan_to_num(unrest, nan=np.inf), np.ones(length), mode="valid")
    first = int(np.argmin(means))
    if not np.isfinite(means[first]):
        return None, f"the sensor of the {segment} has gaps throughout"
    still = slice(first, first + length)
    spin = spin - spin[still].mean(axis=0)
    upward = force[still].mean(axis=0)
    vertical = carried_vertical(upward / np.linalg.norm(upward), spin, first + length // 2, 1.0 / rate)
    slow = spin.T
    if rate > 2.0 * TURN_HZ:
        slow = butterworth_lowpass(np.ascontiguousarray(spin.T), sampling_rate_hz=rate, cutoff_hz=TURN_HZ)
    turn = np.gradient(slow, 1.0 / rate, axis=1).T
    slow = slow.T
    lever = np.cross(vertical, turn) + (vertical * slow).sum(axis=1)[:, None] * slow
    lever -= (slow**2).sum(axis=1)[:, None] * vertical
    return _even(np.vstack([(vertical * force).sum(axis=1), lever.T]), rate), ""


def marker_followers(markers: xr.Dataset) -> tuple[Array | None, str]:
    """What markers say of the vertical acceleration of the body.

    The centre of mass is at a weighted mean of the heights of its parts; here of the lower, middle and upper third of
    the markers that are seen throughout, whose weights are free.

    Returns
    -------
    followers : (cutoff, HEIGHT_PARTS, time) second derivatives of the mean heights, as `sensor_followers`; None without
        markers that are seen throughout.
    why : there are none.
    """
    axes = markers.get_index("axis").tolist()
    heights = markers.variables["position"].transpose("marker", "axis", "time").data[:, axes.index("y")].astype(float)
    seen = heights[np.isfinite(heights).all(axis=1)]
    rate = float(markers.attrs["sampling_rate_hz"])
    if len(seen) < HEIGHT_PARTS or not rate > 2.0 * max(COMPARED_HZ):
        return None, f"fewer than {HEIGHT_PARTS} markers are seen throughout"
    order = np.argsort(seen.mean(axis=1), kind="stable")
    means = np.array([seen[rows].mean(axis=0) for rows in np.array_split(order, HEIGHT_PARTS)])
    # Low-passed once, as force is: an impact that is smoothed more on one side than on the other shifts the lag.
    smooth = _lowpassed(means, rate)
    return _sampled(np.gradient(np.gradient(smooth, 1.0 / rate, axis=-1), 1.0 / rate, axis=-1), rate), ""


def _channel(sensor: xr.Dataset, segment: str, quantity: str, axis: str) -> int | None:
    """Row of a channel of a sensor."""
    wanted = {"segment": segment, "quantity": quantity, "axis": axis}
    for row in range(sensor.sizes["channel"]):
        if all(name in sensor.coords and str(sensor[name].to_numpy()[row]) == word for name, word in wanted.items()):
            return row
    return None


def _even(signals: Array, rate_hz: float) -> Array | None:
    """Signals (signal, time) low-passed and `RATE_HZ` times a second (cutoff, signal, time); None if too short.

    Unknown samples, and those within half a period of the low-pass, stay unknown.
    """
    if not rate_hz > 2.0 * max(COMPARED_HZ) or signals.shape[1] < rate_hz:
        return None
    unknown = np.asarray(~np.isfinite(signals).all(axis=0))
    places = np.arange(signals.shape[1])
    filled = (
        signals if not unknown.any() else np.array([np.interp(places, places[~unknown], r[~unknown]) for r in signals])
    )
    answer = _sampled(_lowpassed(filled, rate_hz), rate_hz)
    if unknown.any():
        nearest = np.minimum(np.round(np.arange(answer.shape[-1]) / RATE_HZ * rate_hz).astype(int), places[-1])
        for each, cutoff in zip(answer, COMPARED_HZ, strict=True):
            each[:, _within_reach(unknown, rate_hz, cutoff)[nearest]] = np.nan
    return answer


def _lowpassed(signals: Array, rate_hz: float) -> Array:
    """Signals (signal, time) low-passed at each of `COMPARED_HZ` (cutoff, signal, time)."""
    signals = np.ascontiguousarray(signals)
    return np.array([butterworth_lowpass(signals, sampling_rate_hz=rate_hz, cutoff_hz=hz) for hz in COMPARED_HZ])


def _sampled(smooth: Array, rate_hz: float) -> Array:
    """Smooth signals (..., time) `RATE_HZ` times a second, by cubic splines."""
    times = np.arange(int((smooth.shape[-1] - 1) / rate_hz * RATE_HZ) + 1) / RATE_HZ
    return np.ascontiguousarray(CubicSpline(np.arange(smooth.shape[-1]) / rate_hz, smooth, axis=-1)(times))


def _within_reach(unknown: NDArray[np.bool_], rate_hz: float, cutoff_hz: float) -> NDArray[np.bool_]:
    """Samples that are unknown, or within half a period of the low-pass of one that is."""
    reach = round(0.5 / cutoff_hz * rate_hz)
    return np.asarray(np.convolve(unknown, np.ones(2 * reach + 1), mode="full")[reach : reach + unknown.size] > 0.0)


def _bridged(values: Array, longest: int) -> Array:
    """Values (time, axis) with gaps of up to so many samples interpolated linearly."""
    gaps = np.asarray(~np.isfinite(values).all(axis=1))
    short = gaps & ~long_runs(gaps, longest)
    if not short.any() or gaps.all():
        return values
    places, known = np.flatnonzero(short), np.flatnonzero(~gaps)
    answer = values.copy()
    answer[places] = np.column_stack([np.interp(places, known, column[known]) for column in values.T])
    return answer
