"""Lags between the streams of one trial, by the method that the study declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from legsci.ingest.clocks.declared import RECORDER, Clock
from legsci.ingest.clocks.impacts import impact_times, lag_of_events, load_of_plates, load_of_sensor, pulse_times
from legsci.ingest.clocks.lag import Array, Lag, lag_between, refined
from legsci.ingest.clocks.movement import CENTRAL, RATE_HZ, force_reference, marker_followers, sensor_followers
from legsci.ingest.clocks.relation import Measured
from legsci.ingest.streams import PARTS, side_by_side

Streams = Mapping[str, xr.Dataset]

#: Recorders are started within this time of each other [s].
SEARCHED_S = 10.0
#: A lag that is less certain is of no use: the slow squat [s].
LARGEST_UNCERTAINTY_S = 0.015
#: Of longer trials the lag is measured in pieces of this length, which show the drift [s]; in each near that of all.
PIECE_S, NEAR_S = 20.0, 0.2
#: A recorder that measures its offsets states them on the stream.
STATED = "recorder_offset_uncertainty_s"
NOT_CENTRAL = (
    "none of its devices has a sensor on pelvis or trunk, or markers; a sensor on thigh, shank or foot does not follow "
    "the force on the whole body: name a device with a pelvis sensor under the same clock, or use method event or pulse"
)


def lags_of_trial(reference: Streams, followers: Streams, clock: Clock) -> tuple[list[tuple[float, Lag]], str]:
    """Lags between the streams of two clocks in a trial.

    Parameters
    ----------
    reference : streams on the trial's clock, by name.
    followers : those of another clock; their time starts with the first of them.
    clock : how it is related.

    Returns
    -------
    lags : (time on the clock of the followers, lag) for each piece of the trial; empty where it was refused.
    refused : why, and what would help.
    """
    if clock.method == RECORDER:
        return _stated(followers)
    if clock.method == "pulse":
        lag = _by_pulse(reference, followers, clock)
        return _one(lag, followers)
    swapped = not _of_kind(reference, "force")
    plates, others = (followers, reference) if swapped else (reference, followers)
    force = _of_kind(plates, "force")
    if not force:
        return [], "no plate recorded this trial on either clock"
    joined = force[0] if len(force) == 1 else side_by_side(force, PARTS["force"])
    if clock.method == "event":
        lag = _by_event(joined, others)
        return _one(_turned(lag) if swapped else lag, followers)
    return _by_acceleration(joined, others, followers, swapped=swapped)


def _one(lag: Lag, followers: Streams) -> tuple[list[tuple[float, Lag]], str]:
    """The only lag of a trial, at its middle."""
    if lag.refused:
        return [], lag.refused
    if not lag.uncertainty_s <= LARGEST_UNCERTAINTY_S:
        return [], _too_uncertain(lag)
    return [(0.5 * _end(followers), lag)], ""


def _too_uncertain(lag: Lag) -> str:
    limit = 1000.0 * LARGEST_UNCERTAINTY_S
    return (
        f"the lag is uncertain by {1000.0 * lag.uncertainty_s:.0f} ms (at most {limit:.0f} ms): the movement is too "
        "slow; a jump or a stomp in the trial, or in another trial that was recorded without a stop, shows it better"
    )


def _by_acceleration(
    force: xr.Dataset, others: Streams, followers: Streams, *, swapped: bool
) -> tuple[list[tuple[float, Lag]], str]:
    """Lags of vertical force and vertical acceleration."""
    reference = force_reference(force)
    if reference is None:
        return [], "vertical force hardly varies in the trial: only movement shows the lag"
    moved, first, why = _acceleration(others)
    if moved is None:
        return [], why
    start = float(force["time"].to_numpy()[0])
    lag, refused = _lag(reference, moved)
    if refused:
        return [], refused
    pieces = [(0.5 * moved.shape[-1] / RATE_HZ, lag)]
    if reference.shape[-1] > 2.0 * PIECE_S * RATE_HZ:
        pieces = _pieces(reference, moved, lag) or pieces
    shift = start - first
    found = [(at + first, Lag(one.lag_s + shift, one.uncertainty_s, one.correlation)) for at, one in pieces]
    return [(at + one.lag_s, _turned(one)) if swapped else (at, one) for at, one in found], ""


def _lag(reference: Array, moved: Array, near_s: float | None = None) -> tuple[Lag, str]:
    """Lag of signals (cutoff, ..., time) at `RATE_HZ`, and why it is refused.

    Skin delays a sensor the more, the faster it moves, and an impact reaches the pelvis later than the plate: then the
    lag depends on the frequencies that are compared. Half of the range between the lowest and the highest cutoff bounds
    that error (rectangular distribution, JCGM 100:2008, 4.3.7).
    """
    searched = {"near_s": near_s or 0.0, "searched_s": NEAR_S}
    if near_s is None:
        longer = (moved.shape[-1] - reference.shape[-1]) / RATE_HZ
        least, most = -max(SEARCHED_S, longer + SEARCHED_S), max(SEARCHED_S, SEARCHED_S - longer)
        searched = {"near_s": 0.5 * (least + most), "searched_s": 0.5 * (most - least)}
    lag = lag_between(reference[0], moved[0], rate_hz=RATE_HZ, **searched)
    if lag.refused:
        return lag, lag.refused
    others = [refined(x, y, lag.lag_s * RATE_HZ, RATE_HZ)[0] / RATE_HZ for x, y in zip(reference, moved, strict=True)]
    if not np.isfinite(others).all():
        return lag, "too little of the movement was recorded on both clocks"
    depends = 0.5 * float(np.ptp(others)) / 3.0**0.5
    lag = replace(lag, uncertainty_s=float(np.hypot(lag.uncertainty_s, depends)))
    return lag, "" if lag.uncertainty_s <= LARGEST_UNCERTAINTY_S else _too_uncertain(lag)


def _pieces(reference: Array, moved: Array, lag: Lag) -> list[tuple[float, Lag]]:
    """Lags of pieces of a long trial, by their time on the clock of the followers."""
    found, length = [], round(PIECE_S * RATE_HZ)
    for first in range(0, reference.shape[-1] - length // 2, length):
        piece = reference[:, first : first + length]
        known = np.isfinite(piece[0])
        if not known.any() or np.std(piece[0, known]) < 0.25 * np.nanstd(reference[0]):
            continue
        near = lag.lag_s - first / RATE_HZ
        own, refused = _lag(piece, moved, near)
        if not refused:
            middle = first / RATE_HZ + 0.5 * PIECE_S - lag.lag_s
            found.append((middle, Lag(own.lag_s + first / RATE_HZ, own.uncertainty_s, own.correlation)))
    return found


def _acceleration(others: Streams) -> tuple[Array | None, float, str]:
    """Signals of vertical acceleration, the time of their first sample [s], and why there are none."""
    reasons = []
    for segment in CENTRAL:
        for sensor in _of_kind(others, "imu"):
            if "segment" in sensor.coords and segment in sensor["segment"].to_numpy().astype(str):
                signals, why = sensor_followers(sensor, segment)
                if signals is not None:
                    return signals, float(sensor["time"].to_numpy()[0]), ""
                reasons.append(why)
    for markers in _of_kind(others, "markers"):
        signals, why = marker_followers(markers)
        if signals is not None:
            return signals, float(markers["time"].to_numpy()[0]), ""
        reasons.append(why)
    return None, 0.0, "; ".join(reasons) or NOT_CENTRAL


def _by_event(force: xr.Dataset, others: Streams) -> Lag:
    """Lag of impacts on the plates and in any sensor."""
    plates, rate = load_of_plates(force)
    times, doubt = impact_times(plates, rate)
    here = times + float(force["time"].to_numpy()[0]), doubt
    for sensor in _of_kind(others, "imu"):
        load, rate = load_of_sensor(sensor)
        if load.size:
            times, doubt = impact_times(load, rate)
            there = times + float(sensor["time"].to_numpy()[0]), doubt
            return lag_of_events(here, there, searched_s=SEARCHED_S, common_error=True)
    return Lag(np.nan, np.nan, np.nan, "none of its devices has an accelerometer with the axes x, y and z")


def _by_pulse(reference: Streams, followers: Streams, clock: Clock) -> Lag:
    """Lag of the pulses that both recorded."""
    ends = []
    for streams in (reference, followers):
        found = [
            (signal, clock.channels[str(signal.attrs["device"])])
            for signal in streams.values()
            if "channel" in signal.dims and str(signal.attrs["device"]) in clock.channels
        ]
        named = [(signal, name) for signal, name in found if name in signal.get_index("channel")]
        if not named:
            wanted = ", ".join(f"{name} of {device}" for device, name in clock.channels.items())
            return Lag(
                np.nan, np.nan, np.nan, f"the channel of the pulse was not read: {wanted} (map it under channels)"
            )
        signal, name = named[0]
        values = signal["value"].sel(channel=name).to_numpy().astype(float)
        times, doubt = pulse_times(values, float(signal.attrs["sampling_rate_hz"]))
        ends.append((times + float(signal["time"].to_numpy()[0]), doubt))
    return lag_of_events(ends[0], ends[1], searched_s=SEARCHED_S, common_error=False)


def _stated(followers: Streams) -> tuple[list[tuple[float, Lag]], str]:
    """Lag of clocks whose offsets the recorder measured: its files have the times of one clock."""
    doubts = [float(signal.attrs.get(STATED, np.nan)) for signal in followers.values()]
    known = [doubt for doubt in doubts if np.isfinite(doubt)]
    if not known:
        return [], "the recorder states no offsets of this clock: record them, or use another method"
    return [(0.5 * _end(followers), Lag(np.nan, max(known), np.nan))], ""


def _turned(lag: Lag) -> Lag:
    return Lag(-lag.lag_s, lag.uncertainty_s, lag.correlation, lag.refused)


def _of_kind(streams: Streams, kind: str) -> list[xr.Dataset]:
    return [signal for name, signal in streams.items() if str(signal.attrs.get("kind", name)) == kind]


def _end(streams: Streams) -> float:
    """Time of the last sample of streams [s]."""
    return max(float(signal["time"].to_numpy()[-1]) for signal in streams.values())


def as_measured(lags: list[tuple[float, Lag]], *, reference_start_s: float, start_s: float) -> list[Measured]:
    """Lags of a trial on the clocks of both recorders.

    Parameters
    ----------
    lags : answer of `lags_of_trial`.
    reference_start_s, start_s : first sample of the trial, and of the followers, on the clocks of their recorders [s].
    """
    return [
        Measured(
            start_s + at,
            0.0 if np.isnan(lag.lag_s) else reference_start_s - start_s + lag.lag_s,
            lag.uncertainty_s,
        )
        for at, lag in lags
    ]
