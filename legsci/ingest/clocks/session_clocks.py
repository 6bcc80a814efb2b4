"""Clocks of a session: every stream on the clock of its trial, with the standard uncertainty of its offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from legsci.ingest.clocks.declared import METHODS, RECORDER, Clock
from legsci.ingest.clocks.measured import as_measured, lags_of_trial
from legsci.ingest.clocks.relation import Measured, Relation, fit_relation
from legsci.ingest.streams import add_flag

#: `clock_method` of streams that share the recorder of the trial, and of those whose clock is not related.
OF_RECORDER, UNKNOWN = "clock of the recorder", "unknown"


@dataclass
class _Part:
    """Streams of another clock in a trial, and the first samples on the clocks of both recorders [s]."""

    trial: str
    names: list[str]
    reference_start_s: float
    start_s: float
    length_s: float
    measured: list[Measured]
    refused: str


def relate_clocks(
    trials: dict[str, dict[str, xr.Dataset]], starts_s: dict[str, float], clocks: Sequence[Clock]
) -> None:
    """Put the streams of all clocks of a session on the clocks of their trials.

    Parameters
    ----------
    trials : name -> streams by name, as each file has them; those of other clocks than the trial's are changed: time,
        and the attributes of the clock (ARCHITECTURE.md). What could not be related stays on its own time, with the
        flag that gives the reason.
    starts_s : first sample of each trial on the clock of its recorder [s].
    clocks : of the study, that of the trial first.

    Notes
    -----
    Recordings of a recorder that was not stopped (none of its trials overlap on its clock) share offset and drift.
    Offsets that the recorder measured hold for their own stream only: one without offsets has another clock.
    """
    for clock in clocks[1:]:
        parts = [
            part
            for trial, streams in trials.items()
            for part in _parts(trial, streams, starts_s.get(trial, 0.0), clock)
        ]
        if clock.method != RECORDER and _not_stopped(parts):
            _relate(trials, parts, clock)
        else:
            for part in parts:
                _relate(trials, [part], clock)


def _parts(trial: str, streams: dict[str, xr.Dataset], reference_start_s: float, clock: Clock) -> list[_Part]:
    """Streams of a clock in a trial, with the lags measured in it; none where they are the trial's own, or absent."""
    own = {name: signal for name, signal in streams.items() if str(signal.attrs["device"]) in clock.devices}
    own = {name: signal for name, signal in own.items() if signal.attrs["clock_method"] == UNKNOWN}
    reference = {name: signal for name, signal in streams.items() if signal.attrs["clock_method"] == OF_RECORDER}
    if not own or not reference:
        return []
    if clock.method != RECORDER:
        return [_part(trial, streams, reference, own, reference_start_s, clock)]
    return [_part(trial, streams, reference, {name: own[name]}, reference_start_s, clock) for name in own]


def _part(
    trial: str,
    streams: dict[str, xr.Dataset],
    reference: dict[str, xr.Dataset],
    own: dict[str, xr.Dataset],
    reference_start_s: float,
    clock: Clock,
) -> _Part:
    """Lags of streams of a clock, which are put on the time of the first of them."""
    start = min(float(signal.attrs["start_time_s"]) for signal in own.values())
    for name, signal in own.items():
        since = float(signal.attrs["start_time_s"]) - start
        own[name] = streams[name] = signal.assign_coords(
            time=("time", signal.variables["time"].data + since, {"units": "s"})
        )
    lags, refused = lags_of_trial(reference, own, clock)
    measured = as_measured(lags, reference_start_s=reference_start_s, start_s=start)
    length = max(float(signal["time"].to_numpy()[-1]) for signal in own.values())
    return _Part(trial, list(own), reference_start_s, start, length, measured, refused)


def _not_stopped(parts: list[_Part]) -> bool:
    """Whether both recorders counted on from trial to trial."""
    for name in ("reference_start_s", "start_s"):
        order = sorted(parts, key=lambda part: getattr(part, name))
        ends = [getattr(part, name) + part.length_s for part in order]
        if any(getattr(after, name) < end for after, end in zip(order[1:], ends[:-1], strict=True)):
            return False
    return True


def _relate(trials: dict[str, dict[str, xr.Dataset]], parts: list[_Part], clock: Clock) -> None:
    """Fit the relation of two clocks over trials without a stop, and put their streams on the trials' clocks."""
    measured = [(part, each) for part in parts for each in part.measured]
    relation = fit_relation([each for _, each in measured]) if measured else None
    for part in parts:
        flags: list[tuple[str, float | None, float | None, str]] = []
        own = relation
        departed = [
            each for number, (of, each) in enumerate(measured) if of is part and relation and number in relation.jumps
        ]
        if relation and departed:
            own = fit_relation(departed)
            by_ms = 1000.0 * (departed[0].offset_s - relation.at(departed[0].time_s)[0])
            flags.append(("clock_departs", by_ms, None, f"from the clock of {', '.join(clock.devices)}"))
        if own is None:
            flags.append(("clock_not_related", None, None, part.refused))
        for name in part.names:
            signal = trials[part.trial][name]
            trials[part.trial][name] = placed = _placed(signal, part, own, clock) if own else signal
            for flag in flags:
                add_flag(placed, *flag)


def _placed(signal: xr.Dataset, part: _Part, relation: Relation, clock: Clock) -> xr.Dataset:
    """A stream on the clock of its trial."""
    local = signal.variables["time"].data.astype(float)
    offset = part.start_s + relation.at(part.start_s)[0] - part.reference_start_s
    placed = signal.assign_coords(time=("time", offset + (1.0 + relation.drift) * local, {"units": "s"}))
    placed.attrs |= {
        "clock_offset_s": offset,
        "clock_drift": relation.drift,
        "clock_offset_uncertainty_s": relation.at(part.start_s + 0.5 * float(local[0] + local[-1]))[1],
        "clock_drift_uncertainty": relation.drift_uncertainty,
        "clock_method": METHODS[clock.method],
    }
    return placed


def clock_uncertainty_s(*streams: xr.Dataset | None) -> float:
    """Standard uncertainty of the time of one stream against another [s]; NaN where a clock is not related."""
    doubts = [float(signal.attrs.get("clock_offset_uncertainty_s", 0.0)) for signal in streams if signal is not None]
    return float(np.sqrt(np.sum(np.square(doubts))))
