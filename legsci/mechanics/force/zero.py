"""Zero of a force plate: what it reads when nobody is on it, found where it is empty and subtracted.

The level of an empty plate says nothing: zeroed with the athlete on it, it reads minus body weight. An empty plate is
the lowest level of a recording, it is as still as its amplifier, and the feet leave it and come back within a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.force.plates import (
    LEAST_LOAD_N,
    SHORTEST_EMPTY_S,
    carries_load,
    unloaded_stretches,
    vertical_of_plates,
)
from legsci.mechanics.force.weighing import quantisation_uncertainty, resolution

Array = NDArray[np.float64]
Stretches = NDArray[np.int64]

#: From an empty plate force reaches `LEAST_LOAD_N` within this time of a touchdown or take-off [s]; the unweighting of
#: a slow squat takes longer.
EDGE_S = 0.1
#: Empty stretches of a trial agree within this part of the limit that bounds them; the turn of a movement that only
#: just falls below the limit lies higher than a deeper one.
LEVEL_PART = 0.25
#: A plate that reads more than this carries somebody [N], however still and low that is in its recording: on record,
#: empty plates read from -762 to +62 N. Downward there is no such bound: a plate may be zeroed with the person on it.
LARGEST_ZERO_N = 120.0
#: Means over this time vary on a plate that nobody touches by less than this much (half the range of 90 % of them).
#: Mean force in the outer quarters of an empty stretch exceeds that of its middle by no more than that and its noise.
BLOCK_S, CONSTANT_N = 0.05, 2.0
#: Blocks from which a variance is estimated, and the standard uncertainty that no reading goes below [N].
LEAST_BLOCKS, LEAST_RESOLVED_N = 4, 0.05
#: Drift of a plate [N/s], standard deviation: a piezoelectric amplifier keeps within a few hundredths.
DRIFT_N_PER_S = 0.05
#: Rows of exact zeros that many recorders write after the end of a trial: at least so many.
PADDING_SAMPLES = 10
#: A recording that breaks off changes by more than this many times its largest step in the time before.
BREAK_FACTOR, BREAK_S = 3.0, 0.1


@dataclass(frozen=True)
class PlateZero:
    """What a plate reads when nobody is on it.

    Parameters
    ----------
    force : (axis,) [N].
    moment : (axis,) about the origin of the laboratory [N m]; zeros where only forces were recorded.
    uncertainty : standard uncertainty of the vertical force [N].
    source : where it was read, in words; empty for the trial itself.
    """

    force: Array
    moment: Array
    uncertainty: float
    source: str = ""


def recorded_length(force: xr.Dataset) -> int:
    """Samples of a force group before the rows of exact zeros that a recorder wrote after the end of the trial.

    Zeros are padding where force breaks off in front of them, or where it is still but not zero. The zeros that some
    systems write for an unloaded plate follow a take-off, or occur earlier too, and are kept.
    """
    values = force.variables["force"].transpose("time", ...).data.reshape(force.sizes["time"], -1)
    nothing = (values == 0.0).all(axis=1)
    filled = np.flatnonzero(~nothing)
    length = int(filled[-1]) + 1 if filled.size else len(values)
    before = int(max(BREAK_S * float(force.attrs["sampling_rate_hz"]), 3))
    if len(values) - length < PADDING_SAMPLES or length < before or nothing[:length].sum() >= PADDING_SAMPLES:
        return len(values)
    tail = values[length - before : length]
    step, range_ = np.abs(np.diff(tail, axis=0)).max(axis=0), np.ptp(tail, axis=0)
    breaks = (np.abs(tail[-1]) > np.maximum(BREAK_FACTOR * step, LEAST_LOAD_N)) & (range_ > 0.0)
    still = (range_ > 0.0) & (range_ < LEAST_LOAD_N)
    return length if bool(np.any(breaks | still)) else len(values)


def empty_stretches(vertical_force: Array, *, rate: float) -> Stretches:
    """Stretches in which a plate is empty, whatever it reads then.

    Parameters
    ----------
    vertical_force : (sample,) of one plate [N].
    rate : [Hz].

    Returns
    -------
    (stretch, 2) first sample and last sample + 1; none where the plate is never loaded, or never empty.
    """
    length = max(round(SHORTEST_EMPTY_S * rate), 2)
    nothing = np.empty((0, 2), dtype=np.int64)
    if vertical_force.size < 2 * length or not np.isfinite(vertical_force).all():
        return nothing
    total = np.concatenate([[0.0], np.cumsum(vertical_force)])
    lowest = float((total[length:] - total[:-length]).min()) / length
    load = vertical_force - lowest
    if lowest > LARGEST_ZERO_N or not carries_load(load, rate=rate):
        return nothing
    stretches, limit = unloaded_stretches(load, rate=rate)
    levels = [float(load[middle_half(a, b)].mean()) for a, b in stretches.tolist()]
    highest, edge = min(levels, default=0.0) + LEVEL_PART * limit, round(EDGE_S * rate)
    kept = [
        (a, b)
        for (a, b), level in zip(stretches.tolist(), levels, strict=True)
        if level <= highest and _is_flat(load[a:b]) and _is_abrupt(load, a, b, edge)
    ]
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def middle_half(first: int, last: int) -> slice:
    """Middle half of a stretch of samples."""
    quarter = (last - first) // 4
    return slice(first + quarter, last - quarter)


def _is_flat(load: Array) -> bool:
    """Whether force in the outer quarters of a stretch (sample,) is that of its middle, beyond the turn of a movement.

    Noise is taken from the changes from sample to sample, so that a movement does not enter it.
    """
    quarter = max(load.size // 4, 1)
    outer, middle = np.concatenate([load[:quarter], load[-quarter:]]), load[quarter:-quarter]
    if not middle.size:
        return False
    noise = float(np.diff(load).std()) / 2.0**0.5
    uncertainty = noise * (1.0 / outer.size + 1.0 / middle.size) ** 0.5
    return bool(outer.mean() - middle.mean() <= CONSTANT_N + 1.0 * uncertainty)


def _is_abrupt(load: Array, first: int, last: int, edge: int) -> bool:
    """Whether the plate is loaded soon before or soon after a stretch."""
    before, after = load[max(first - edge, 0) : first], load[last : last + edge]
    return bool(max(before.max(initial=0.0), after.max(initial=0.0)) > LEAST_LOAD_N)


def is_constant(vertical_force: Array, *, rate: float) -> bool:
    """Whether nobody moves on a plate from the first to the last sample (sample,) [N], ringing for a moment apart."""
    blocks = block_means(vertical_force, rate=rate)
    low, high = np.percentile(blocks, [5.0, 95.0])
    away = vertical_force - np.median(vertical_force)
    moves = carries_load(away, rate=rate) or carries_load(-away, rate=rate)
    return bool(0.5 * (high - low) < CONSTANT_N and not moves)


def block_means(vertical_force: Array, *, rate: float) -> Array:
    """Means over `BLOCK_S` (block,) of force (sample,)."""
    length = max(int(BLOCK_S * rate), 1)
    count = max(vertical_force.size // length, 1)
    return np.asarray(vertical_force[: count * length].reshape(count, -1).mean(axis=1))


def zero_in_stretches(force: xr.Dataset, plate: int, stretches: Stretches) -> PlateZero:
    """Zero of a plate from stretches in which it is empty: the weighted mean over their middle halves.

    A stretch weighs by the inverse variance of its mean, which follows from means of 50 ms each: noise of an amplifier
    is not white, and a platform rings after a take-off. The standard uncertainty is that of the weighted mean, times
    the Birge ratio where stretches differ by more than their own, a drift of `DRIFT_N_PER_S` over the time from them to
    the samples of the trial (root mean square), and the rounding of the converter.

    Parameters
    ----------
    force : force group of a trial.
    plate : its number, from 0.
    stretches : (stretch, 2) [samples], at least one.

    References
    ----------
    Birge RT (1932) The calculation of errors by the method of least squares. Phys Rev 40:207-227.
    """
    rate = float(force.attrs["sampling_rate_hz"])
    middles = [middle_half(int(first), int(last)) for first, last in stretches]
    vertical = vertical_of_plates(force)[plate]
    variances = np.array([_variance_of_mean(vertical[middle], rate=rate) for middle in middles])
    weights = (1.0 / variances) / (1.0 / variances).sum()
    means = {
        name: np.einsum("i,ij->j", weights, [_mean_of(force, name, plate, middle) for middle in middles])
        for name in ("force", "moment")
    }
    levels = np.array([vertical[middle].mean() for middle in middles])
    departure = float(((levels - weights @ levels) ** 2 / variances).sum())
    birge = max(departure / (len(middles) - 1), 1.0) if len(middles) > 1 else 1.0
    own = birge / (1.0 / variances).sum()
    read = weights @ [0.5 * (middle.start + middle.stop) for middle in middles]
    drift = DRIFT_N_PER_S * float(np.sqrt(np.mean((np.arange(vertical.size) - read) ** 2))) / rate
    empty = np.concatenate([vertical[middle] for middle in middles])
    rounding = quantisation_uncertainty(empty, resolution(vertical))
    return PlateZero(means["force"], means["moment"], float(np.sqrt(own + drift**2 + rounding**2)))


def _variance_of_mean(samples: Array, *, rate: float) -> float:
    """Variance of the mean of samples [N^2] from means over `BLOCK_S`; of fewer than four blocks from all samples."""
    blocks = block_means(samples, rate=rate)
    variance = blocks.var(ddof=1) / blocks.size if blocks.size >= LEAST_BLOCKS else 0.0
    return float(max(variance, samples.var() / samples.size, LEAST_RESOLVED_N**2))


def _mean_of(force: xr.Dataset, name: str, plate: int, middle: slice) -> Array:
    """Mean (axis,) of the force or the moment of a plate over some samples; 0 where it was not recorded in them."""
    if name not in force:
        return np.zeros(force.sizes["axis"])
    inside = force.variables[name].transpose("plate", "time", "axis").data[plate, middle].astype(float)
    return np.where(np.isfinite(inside).all(axis=0), inside.mean(axis=0), 0.0)


def without_zero(force: xr.Dataset, zeros: dict[str, PlateZero]) -> xr.Dataset:
    """Force group of a trial less the zero of each plate (by its name), in force and moment."""
    plates = force.get_index("plate").tolist()
    if not plates:
        return force
    offsets = {
        "force": np.stack(
            [zeros[plate].force if plate in zeros else np.zeros(force.sizes["axis"]) for plate in plates]
        ),
        "moment": np.stack(
            [zeros[plate].moment if plate in zeros else np.zeros(force.sizes["axis"]) for plate in plates]
        ),
    }
    corrected = {}
    for name, offset in offsets.items():
        if name in force:
            variable = force.variables[name]
            less = (variable.astype(float) - xr.Variable(("plate", "axis"), offset)).transpose(*variable.dims)
            corrected[name] = (variable.dims, less.data, variable.attrs)
    return force.assign(corrected)
