"""The lag between two recordings by events: pulses in a channel of each, or impacts felt by plates and sensors."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.clocks.lag import Lag
from legsci.kernels.filters import butterworth_lowpass
from legsci.vocabulary import STANDARD_GRAVITY

Array = NDArray[np.float64]

#: Events of both recordings belong together if they agree to this time under one lag [s].
TOGETHER_S = 0.04
#: Impacts are sought below this frequency [Hz], and lie at least so far apart [s].
IMPACT_HZ, APART_S = 50.0, 0.4
#: An impact rises at least this part as fast as the fastest one.
LEAST_RISE = 0.3
#: Full width of a normal density at half its height, in standard deviations.
WIDTHS_PER_SD = 2.3548
#: Least range of a pulse, as a part of which it switches.
SWITCH_PART = 0.5
NO_EVENTS = "no event is seen by both: the study has to name a stomp, a jump or a pulse that both recorded"


def pulse_times(values: Array, rate_hz: float) -> tuple[Array, float]:
    """Instants at which a channel (time,) rises through the middle of its range [s], and their uncertainty [s].

    A sample tells an edge to its interval: the standard uncertainty is that over the root of 12 (JCGM 100:2008, 4.3.7).
    """
    known = np.where(np.isfinite(values), values, np.nanmin(values))
    low, high = np.quantile(known, [0.001, 0.999]) if known.size else (0.0, 0.0)
    low, high = min(low, known.min()), max(high, known.max())
    if not high > low:
        return np.zeros(0), np.nan
    on = known > low + SWITCH_PART * (high - low)
    edges = np.flatnonzero(on[1:] & ~on[:-1]) + 0.5
    return np.asarray(edges / rate_hz, dtype=np.float64), float(1.0 / (rate_hz * 12.0**0.5))


def impact_times(load: Array, rate_hz: float) -> tuple[Array, float]:
    """Instants of fastest rise of a load (time,), one for each impact [s], and their standard uncertainty [s].

    The width of the rise, taken as a normal density, is the uncertainty of each.
    """
    if not rate_hz > 4.0 or load.size < rate_hz or not np.isfinite(load).any():
        return np.zeros(0), np.nan
    filled = np.interp(np.arange(load.size), np.flatnonzero(np.isfinite(load)), load[np.isfinite(load)])
    if rate_hz > 2.5 * IMPACT_HZ:
        filled = butterworth_lowpass(filled[None], sampling_rate_hz=rate_hz, cutoff_hz=IMPACT_HZ)[0]
    rise = np.gradient(filled) * rate_hz
    found: list[int] = []
    for place in np.argsort(-rise):
        if rise[place] < LEAST_RISE * rise.max() or not rise[place] > 0.0:
            break
        if all(abs(place - other) > APART_S * rate_hz for other in found):
            found.append(int(place))
    if not found:
        return np.zeros(0), np.nan
    widths = [_width(rise, place) for place in found]
    return np.sort(np.array(found, dtype=float)) / rate_hz, float(np.mean(widths)) / rate_hz / WIDTHS_PER_SD


def _width(rise: Array, place: int) -> float:
    """Samples over which a peak exceeds half its height."""
    above = rise > 0.5 * rise[place]
    before = np.argmin(above[place::-1]) if not above[: place + 1].all() else place
    after = np.argmin(above[place:]) if not above[place:].all() else rise.size - place
    return float(max(before + after - 1, 1))


def load_of_plates(force: xr.Dataset) -> tuple[Array, float]:
    """Vertical force of all plates (time,) [N], and its rate [Hz]."""
    axes = force.get_index("axis").tolist()
    vertical = force.variables["force"].transpose("plate", "axis", "time").data[:, axes.index("y")]
    return vertical.astype(float).sum(axis=0), float(force.attrs["sampling_rate_hz"])


def load_of_sensor(sensor: xr.Dataset) -> tuple[Array, float]:
    """Size of the specific force beyond that of rest (time,) [m/s^2], largest of the sensors of a stream, and rate."""
    rate, place = float(sensor.attrs["sampling_rate_hz"]), ("segment", "side", "quantity")
    words = [sensor[name].to_numpy().astype(str) if name in sensor.coords else None for name in place]
    values = sensor["value"].transpose("channel", "time").to_numpy().astype(float)
    if words[2] is None:
        return np.zeros(0), rate
    rows: dict[tuple[str, str], list[int]] = {}
    for row in np.flatnonzero(words[2] == "acceleration"):
        key = tuple("" if word is None else str(word[row]) for word in words[:2])
        rows.setdefault((key[0], key[1]), []).append(int(row))
    sizes = [np.abs(np.linalg.norm(values[of], axis=0) - STANDARD_GRAVITY) for of in rows.values() if len(of) == 3]
    return (np.max(sizes, axis=0), rate) if sizes else (np.zeros(0), rate)


def lag_of_events(
    reference: tuple[Array, float], followers: tuple[Array, float], *, searched_s: float, common_error: bool
) -> Lag:
    """Lag at which most events of two recordings come together.

    Parameters
    ----------
    reference, followers : times of the events (event,) on either clock [s], and the standard uncertainty of one [s].
    searched_s : largest lag [s].
    common_error : whether all events have the same error, such as the time that an impact takes to reach a sensor;
        else their errors are independent.
    """
    (here, u_here), (there, u_there) = reference, followers
    lags = (here[:, None] - there[None]).ravel()
    lags = lags[np.abs(lags) <= searched_s]
    if not lags.size:
        return Lag(np.nan, np.nan, np.nan, NO_EVENTS)
    counts = [int((np.abs(here[:, None] - there[None] - lag) < TOGETHER_S).any(axis=1).sum()) for lag in lags]
    most = max(counts)
    best = lags[np.array(counts) == most]
    if np.ptp(best) > 2.0 * TOGETHER_S:
        return Lag(np.nan, np.nan, np.nan, "several lags bring as many events together: one more event is needed")
    distances = here[:, None] - there[None] - float(np.median(best))
    nearest = np.abs(distances).argmin(axis=1)
    close = np.abs(distances[np.arange(here.size), nearest]) < TOGETHER_S
    differences = (here - there[nearest])[close]
    one = float(np.hypot(u_here, u_there))
    scatter = float(differences.std(ddof=1)) if differences.size > 2 else 0.0
    independent = max(scatter, 0.0 if common_error else one) / differences.size**0.5
    return Lag(float(differences.mean()), float(np.hypot(independent, one if common_error else 0.0)), np.nan)
