"""Samples on an even time axis: from time stamps or packet counters, with what is lost, repeated or out of order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from legsci.ingest.readers.signals import Floats, refuse

Ints = NDArray[np.int64]

#: Longer gaps of stamps or counters are no lost packets: the clock jumped, or the sensor was started again [s].
LONGEST_GAP_S = 5.0
#: Largest distance of a stamp from an even time axis [s]; beyond it, and beyond half a sample, intervals are uneven.
LARGEST_JITTER_S = 0.02
#: The same of samples that a computer stamped as they arrived over a network [s].
LARGEST_DELAY_S = 0.25
#: Steps of the stamps farther from the period are events or jitter: by this part of it, or these standard deviations.
STEP_TOLERANCE = 0.5
STEP_DEVIATIONS = 6.0
#: Where all steps are between these parts of their mean, none is an event.
SHORTEST_STEP, LONGEST_STEP = 0.7, 1.4
#: Stamps by which their printed decimals are recognised, and their error as binary numbers [s].
STAMPS_TRIED, ROUNDING_S = 1000, 1e-11
#: Stamps on either side by which a lasting shift of the clock is told from one late stamp: so many, for so long [s].
WINDOW_SAMPLES, WINDOW_S = 8, 0.05
#: A packet that was overtaken by more others than this did not come late: the clock went back.
FARTHEST_ROW = 32
#: More events than this part of the stamps: the intervals are uneven.
MOST_EVENTS = 0.1
#: A stream of which more than this part is lost is refused.
LARGEST_LOSS = 0.5
#: Resampling bridges intervals up to this length [s]; longer ones are missing.
LONGEST_BRIDGE_S = 0.1
#: A clock that jumps by years would fill the memory.
MOST_SAMPLES_A_STAMP = 100
RATE_TOLERANCE = 0.01
#: Standard deviation of a normal distribution in units of its median absolute deviation.
DEVIATIONS_PER_MAD = 1.4826


class StreamFlag(NamedTuple):
    """A fault that a reader found in a stream: key of CODES, value and limit in its unit, and words."""

    code: str
    value: float
    limit: float = float("nan")
    detail: str = ""


@dataclass(frozen=True)
class Timing:
    """Where the rows of a file lie on an even time axis.

    Parameters
    ----------
    rate_hz : of the axis [Hz].
    start_s : time of its first sample on the clock of the file [s].
    rows : (sample,) row of the file of each sample, -1 where it was lost; None: every row in its place.
    flags : of what was lost, repeated or out of order.
    jitter_s : largest distance of a stamp from the axis [s].
    stamps : (row,) from the first sample on [s], for resampling to `samples` samples; None: not resampled.
    """

    rate_hz: float
    start_s: float = 0.0
    rows: Ints | None = None
    flags: tuple[StreamFlag, ...] = ()
    jitter_s: float = 0.0
    stamps: Floats | None = None
    samples: int = 0

    def lay(self, values: Floats) -> Floats:
        """Values (channel, row) of the file on the time axis: (channel, sample), lost ones NaN."""
        if self.stamps is not None:
            return self._resampled(values)
        if self.rows is None:
            return values
        laid = values[:, self.rows]
        laid[:, self.rows < 0] = np.nan
        return laid

    def _resampled(self, values: Floats) -> Floats:
        """Interpolate linearly between stamps that are close enough."""
        assert self.stamps is not None
        assert self.rows is not None
        times = np.arange(self.samples) / self.rate_hz
        stamps, held = self.stamps[self.rows], values[:, self.rows]
        laid = np.stack([np.interp(times, stamps, row) for row in held])
        after = np.clip(np.searchsorted(stamps, times), 1, stamps.size - 1)
        laid[:, (stamps[after] - stamps[after - 1] > LONGEST_BRIDGE_S) & (times != stamps[after])] = np.nan
        return laid

    @property
    def sentences(self) -> list[str]:
        """What was assumed of the time axis."""
        if self.stamps is not None:
            return [f"Interpolated linearly to {self.rate_hz:g} Hz (resample_hz): its time stamps are uneven."]
        if self.jitter_s * self.rate_hz > STEP_TOLERANCE:
            return [f"Time stamps lie up to {1000 * self.jitter_s:.1f} ms from an even axis of {self.rate_hz:.6g} Hz."]
        return []


def from_stamps(
    path: Path,
    stamps: Floats,
    *,
    declared_hz: float | None = None,
    resample_hz: float | None = None,
    nominal_hz: float | None = None,
    what: str = "",
) -> Timing:
    """Time axis of rows with time stamps [s].

    A step to which the later stamps keep is a loss (longer) or a repeated row (none); one that the next stamps make up
    for is a late stamp. Rows out of order are sorted. Beyond `LONGEST_GAP_S`, and where the clock goes back, the
    longest part without a jump is used.

    Parameters
    ----------
    path, what : for messages: the file, and the stream in it.
    stamps : (row,) [s].
    declared_hz : rate that the study or the file states [Hz].
    resample_hz : rate to which uneven intervals are interpolated [Hz]; None: they are refused.
    nominal_hz : rate of samples that were stamped as they arrived [Hz], so that their stamps are later by up to
        `LARGEST_DELAY_S`, and alike for those that arrived together; None: stamped where they were sampled.

    Raises
    ------
    RecordingError : fewer than two different stamps, uneven intervals, a declared rate that the stamps contradict, or
        more than half of the samples lost.
    """
    place = f"time stamps of {what}" if what else "time stamps"
    if stamps.size < 2 or not np.isfinite(stamps).all() or not (np.diff(stamps) > 0).any():
        raise refuse(path, (place, "at least two increasing times", f"{stamps.size} rows, or gaps"))
    rows, index, flags = _placed(stamps, nominal_hz)
    began = float(stamps[rows[0]])
    elapsed = stamps[rows] - began
    slope, first = _line(index, elapsed)
    jitter = _farthest(elapsed, index, slope, first)
    largest = LARGEST_JITTER_S if nominal_hz is None else LARGEST_DELAY_S
    if not slope > 0 or jitter > max(largest, STEP_TOLERANCE * slope):
        if resample_hz is not None:
            return _to_resample(path, stamps, resample_hz, flags)
        steps = np.diff(stamps)
        found = f"steps from {steps.min():.6g} to {steps.max():.6g} s (largest at data row {int(steps.argmax()) + 2})"
        raise refuse(path, (place, "even intervals, or resample_hz of the device", found))
    rate = _rate(path, elapsed, index, 1.0 / float(slope), declared_hz, place)
    # Jitter delays stamps at random; the line through them all is nearer to the truth than the first of them.
    start = began + first if jitter * rate > 1e-3 else began
    return _on_axis(path, rows, index, Timing(rate, start, flags=tuple(flags), jitter_s=jitter), stamps.size)


def _placed(stamps: Floats, nominal_hz: float | None) -> tuple[Ints, Ints, list[StreamFlag]]:
    """Rows that have a place on an even axis, their places, and flags of the others."""
    steps = np.diff(stamps)
    mean = float(steps.mean())
    if steps.min() > SHORTEST_STEP * mean and steps.max() < LONGEST_STEP * mean:  # nothing is lost or disturbed
        every = np.arange(stamps.size)
        return every, every, []
    rows, flags = _in_order(stamps)
    kept, index, jumped = _indexed(stamps[rows], period_s=None if nominal_hz is None else 1.0 / nominal_hz)
    return rows[kept], index, flags + jumped


def _line(index: Ints, times: Floats) -> tuple[float, float]:
    """Slope and intercept of the least squares line through times (index,); NaN of a single one."""
    away = index - index.mean()
    # Neither @, which wakes the threads of BLAS for a thousandth of the work, nor products that have to be stored.
    squares = float(np.einsum("i,i->", away, away))
    slope = float(np.einsum("i,i->", away, times)) / squares if squares else float("nan")
    return slope, float(times.mean() - slope * index.mean()) if squares else 0.0


def _farthest(elapsed: Floats, index: Ints, period: float, first: float = 0.0) -> float:
    """Largest distance of stamps from an even axis that begins at `first`."""
    away = index * period
    away += first
    away -= elapsed
    return float(max(away.max(), -away.min()))


def from_counter(path: Path, counter: Floats, *, rate_hz: float, wraps_at: int = 65536) -> Timing:
    """Time axis of rows with a packet counter.

    Parameters
    ----------
    path : for messages.
    counter : (row,) number of each packet, which begins again at 0 after `wraps_at`.
    rate_hz : of the packets [Hz].

    Raises
    ------
    RecordingError : counters that are not numbers, or more than half of the packets lost.
    """
    if counter.size < 2 or not np.isfinite(counter).all():
        raise refuse(path, ("packet counter", "a number in each of at least two rows", f"{counter.size} rows, or gaps"))
    steps = np.diff(counter)
    steps = np.where(np.abs(steps) > wraps_at / 2, steps - wraps_at * np.sign(steps), steps)
    if steps[0] > 0 and (steps == steps[0]).all():
        return Timing(rate_hz)
    forward = steps[steps > 0]
    each = float(np.median(forward)) if forward.size else 1.0
    position = np.concatenate([[0.0], np.cumsum(steps)]) / each
    rows, flags = _in_order(position)
    kept, index, jumped = _indexed(position[rows], rate_hz)
    timing = Timing(rate_hz, flags=tuple(flags + jumped))
    return _on_axis(path, rows[kept], index, timing, counter.size)


def _in_order(stamps: Floats) -> tuple[Ints, list[StreamFlag]]:
    """Rows in the order of their stamps, if sorting alone makes the stamps even."""
    rows = np.arange(stamps.size)
    steps = np.diff(stamps)
    disturbed = int((steps <= 0).sum())
    flags = [StreamFlag("stamps_out_of_order", disturbed)] if disturbed else []
    if (steps < 0).any():
        order = np.argsort(stamps, kind="stable")
        between = np.diff(stamps[order])
        period = float(np.median(steps[steps > 0]))
        near = np.abs(order - rows).max() <= FARTHEST_ROW
        if near and ((between >= STEP_TOLERANCE * period) | (between == 0)).all():
            return order, flags
    return rows, flags


def _indexed(
    stamps: Floats, rate_hz: float | None = None, *, period_s: float | None = None
) -> tuple[Ints, Ints, list[StreamFlag]]:
    """Places of stamps on an even axis.

    Parameters
    ----------
    stamps : (row,) in time [s], or in samples at `rate_hz`.
    period_s : between samples [s]; None: that of the steps (`_period`).

    Returns
    -------
    kept : which of the stamps have a place; repeated ones have none, nor have those beyond a jump of the clock.
    index : (kept,) place of each, from 0.
    flags : clock_jumped, with the length of the part that was used [s].
    """
    steps = np.diff(stamps)
    period = 1.0 if rate_hz is not None else period_s or _period(steps)
    rate = 1.0 / period if rate_hz is None else rate_hz
    off = np.abs(steps - np.median(steps))
    tolerance = max(STEP_TOLERANCE * period, STEP_DEVIATIONS * DEVIATIONS_PER_MAD * float(np.median(off)))
    events = np.flatnonzero(np.abs(steps - period) > tolerance)
    advance = np.ones(steps.size, dtype=np.int64)
    if events.size <= MOST_EVENTS * steps.size or rate_hz is not None:
        jumps = _advance(stamps / period, events, advance, rate)
    else:
        jumps = []
    starts, stops = np.array([0, *(j + 1 for j in jumps)]), np.array([*(j + 1 for j in jumps), stamps.size])
    longest = int(np.argmax(stops - starts))
    flags = []
    if jumps:
        biggest = max((steps[j] for j in jumps), key=abs) * (1.0 if rate_hz is None else 1.0 / rate)
        used = (stops - starts)[longest] / rate
        flags = [StreamFlag("clock_jumped", float(biggest), used, f"after {jumps[0] / rate:.2f} s")]
    part = slice(int(starts[longest]), int(stops[longest]))
    index = np.concatenate([[0], np.cumsum(advance[part.start : part.stop - 1])])
    own = np.concatenate([[True], advance[part.start : part.stop - 1] > 0])
    return np.flatnonzero(own) + part.start, index[own], flags


def _period(steps: Floats) -> float:
    """Time between samples by steps of stamps, few of which are losses or late.

    The median of the steps errs by their jitter. Counted in samples, what a stamp is late cancels with the next step.
    """
    median = float(np.median(steps[steps > 0]))
    counted = steps[(steps > 0) & (steps < WINDOW_SAMPLES * median)]
    return float(counted.sum() / np.rint(counted / median).sum())


def _advance(places: Floats, events: Ints, advance: Ints, rate_hz: float) -> list[int]:
    """Write by how many places each step advances where a shift lasts; return the steps at which the clock jumped."""
    window = max(WINDOW_SAMPLES, round(WINDOW_S * rate_hz))
    beyond = places - np.arange(places.size)
    jumps: list[int] = []
    clusters = np.split(events, np.flatnonzero(np.diff(events) > window) + 1) if events.size else []
    for cluster in clusters:
        first, last = int(cluster[0]), int(cluster[-1])
        before = np.median(beyond[max(first + 1 - window, 0) : first + 1])
        after = np.median(beyond[last + 1 : last + 1 + window])
        shift = int(np.rint(after - before))
        steps = np.diff(places[first : last + 2])
        if abs(shift) > LONGEST_GAP_S * rate_hz or -shift > int((steps <= STEP_TOLERANCE).sum()):
            jumps.append(first + int(np.abs(steps - 1.0).argmax()))
            continue
        longer = np.argsort(-steps)
        for step in longer if shift > 0 else longer[::-1]:
            change = min(max(int(np.rint(steps[step])) - 1, 0), shift) if shift > 0 else max(-1, shift)
            advance[first + step] += change
            shift -= change
            if not shift:
                break
    return jumps


def _rate(path: Path, elapsed: Floats, index: Ints, measured_hz: float, declared_hz: float | None, place: str) -> float:
    """Rate [Hz] of stamps: the declared one or a whole number where the stamps agree with it, else the measured one."""
    if declared_hz is not None and abs(declared_hz - measured_hz) > RATE_TOLERANCE * measured_hz:
        raise refuse(path, (place, f"the rate that is declared, {declared_hz:g} Hz", f"{measured_hz:.6g} Hz"))
    some = elapsed[:: max(elapsed.size // STAMPS_TRIED, 1)]
    printed = next((10.0**-d for d in range(10) if np.abs(some - np.round(some, d)).max() <= ROUNDING_S), 0.0)
    for candidate in (declared_hz, float(round(measured_hz))):
        if candidate and _farthest(elapsed, index, 1.0 / candidate) <= max(1.001 * printed, 1e-9):
            return candidate
    return measured_hz


def _on_axis(path: Path, rows: Ints, index: Ints, timing: Timing, count: int) -> Timing:
    """Put rows in their places, and flag how many places are empty."""
    length = int(index[-1]) + 1
    lost = length - index.size
    if lost > LARGEST_LOSS * length:
        raise refuse(path, ("time stamps, counters", "at least half of the samples", f"{index.size} of {length}"))
    if not lost and rows.size == count and (rows == index).all():
        return timing
    places = np.full(length, -1, dtype=np.int64)
    places[index] = rows
    gap = int(np.diff(index).max(initial=1)) - 1
    detail = f"{100.0 * lost / length:.1f} %, at most {gap} in a row"
    flags = (*timing.flags, StreamFlag("samples_lost", float(lost), detail=detail)) if lost else timing.flags
    return replace(timing, rows=places, flags=flags)


def _to_resample(path: Path, stamps: Floats, rate_hz: float, flags: list[StreamFlag]) -> Timing:
    """Time axis between the first and the last stamp for linear interpolation."""
    rows = np.unique(stamps, return_index=True)[1]
    first, last = float(stamps[rows[0]]), float(stamps[rows[-1]])
    samples = int((last - first) * rate_hz * (1 + 1e-12)) + 1
    if samples > MOST_SAMPLES_A_STAMP * rows.size:
        expected = f"at most {MOST_SAMPLES_A_STAMP} samples for each of {rows.size} stamps"
        raise refuse(path, ("resample_hz", expected, f"{samples} samples in {last - first:.6g} s"))
    return Timing(rate_hz, first, rows, tuple(flags), stamps=stamps - first, samples=samples)
