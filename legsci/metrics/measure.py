"""The metrics of a session's repetitions, from its reps file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import PARTS
from legsci.metrics.registry import METRICS, SHARED
from legsci.metrics.signals import Reps
from legsci.vocabulary import SIDES, STREAMS

#: Streams of channels, which a session has or has not; all others, and what inertial sensors tell, are in every motion
#: file, NaN where not recorded.
CHANNEL_STREAMS = frozenset(STREAMS) - frozenset(PARTS) - {"imu"}


class _Prepared(dict[str, xr.Variable]):
    """Variables of repetitions, those of SHARED and METRICS, each computed when first used."""

    def __init__(self, stored: Mapping[Hashable, xr.Variable]) -> None:
        super().__init__()
        self._stored = stored

    def __missing__(self, name: str) -> xr.Variable:
        if name in SHARED:
            self[name] = SHARED[name](self)
        elif name in METRICS:
            self[name] = METRICS[name].measure(self)
        else:
            signal = self._stored[name]
            dims = ["sample" if dim in ("frame", "sensor_sample") else dim for dim in signal.dims]
            self[name] = xr.Variable(dims, signal.data.astype(float) if signal.dtype.kind == "f" else signal.data)
        return self[name]


def prepare(reps: xr.Dataset) -> Reps:
    """Prepare repetitions for the metrics: their variables, with what several metrics share.

    The samples of markers and sensors, dimensions `frame` and `sensor_sample` of the files, are called `sample` as
    those of force are.
    """
    return _Prepared(reps.variables)


def measure(reps: xr.Dataset, *, names: Iterable[str] = tuple(METRICS)) -> xr.Dataset:
    """Measure a session's repetitions.

    Parameters
    ----------
    reps : answer of `legsci.mechanics.reps.signals.with_signals`.
    names : which METRICS.

    Returns
    -------
    A variable (rep, scoring, side) per metric, in the unit that its name ends in, u_<metric> of those whose uncertainty
    is "stated" or "both". NaN where the task has no such metric, and of channels that the session does not hold; a
    metric without sides is at side both.
    """
    prepared = prepare(reps)
    tasks = reps.variables["task"].data.astype(str)
    sizes = {dim: reps.sizes[dim] for dim in ("rep", "scoring", "side")}
    result = {}
    for name in names:
        applies = np.isin(tasks, METRICS[name].tasks)
        recorded = CHANNEL_STREAMS.intersection(METRICS[name].streams) <= set(map(str, reps.variables))
        if not applies.any() or not recorded:
            result[name] = np.full(tuple(sizes.values()), np.nan)
            continue
        answer: Any = prepared[name]
        stated = METRICS[name].uncertainty in ("stated", "both")
        columns = {name: answer[0], f"u_{name}": answer[1]} if stated else {name: answer}
        result |= {column: _laid_out(values, sizes, applies) for column, values in columns.items()}
    return xr.Dataset(
        {name: (tuple(sizes), values) for name, values in result.items()},
        coords={name: reps.get_index(name) for name in ("rep", "side")},
    )


def _laid_out(values: xr.Variable, sizes: dict[str, int], applies: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Lay a metric out as (rep, scoring, side), NaN where it does not apply; without sides it is at side both."""
    answer = np.full(tuple(sizes.values()), np.nan)
    sides = slice(None) if "side" in values.dims else [SIDES.index("both")]
    answer[applies, :, sides] = values.set_dims(sizes).transpose(*sizes).data[applies, :, sides]
    return answer
