"""The metrics of a session's repetitions, from its reps file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.metrics.definitions import ASYMMETRIES, asymmetry_name
from legsci.metrics.registry import METRICS, SHARED
from legsci.metrics.signals import Reps
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES


class _Prepared(dict[str, xr.Variable]):
    """Variables of repetitions, and those of SHARED, each computed when first used."""

    def __init__(self, stored: Mapping[Hashable, xr.Variable]) -> None:
        super().__init__()
        self._stored = stored

    def __missing__(self, name: str) -> xr.Variable:
        if name in SHARED:
            self[name] = SHARED[name](self)
        else:
            signal = self._stored[name]
            dims = ["sample" if dim == "frame" else dim for dim in signal.dims]
            self[name] = xr.Variable(dims, signal.data.astype(float) if signal.dtype.kind == "f" else signal.data)
        return self[name]


def prepare(reps: xr.Dataset) -> Reps:
    """Prepare repetitions for the metrics: their variables, with what several metrics share.

    The samples of markers, dimension `frame` of the file, are called `sample` as those of force are.
    """
    return _Prepared(reps.variables)


def measure(reps: xr.Dataset, *, names: Iterable[str] = tuple(METRICS)) -> xr.Dataset:
    """Measure a session's repetitions.

    Parameters
    ----------
    reps : Dataset of a reps file.
    names : which METRICS.

    Returns
    -------
    A variable (rep, scoring, side) per metric, in the unit that its name ends in, u_<metric> of those whose uncertainty
    is "stated", and asymmetries [%] of those of ASYMMETRIES among them. NaN where the task has no such metric; a metric
    without sides is at side both.
    """
    prepared = prepare(reps)
    tasks = [TASKS[str(task)].metrics for task in reps.variables["task"].data]
    sizes = {dim: reps.sizes[dim] for dim in ("rep", "scoring", "side")}
    result = {}
    for name in names:
        applies = np.array([name in metrics for metrics in tasks])
        if not applies.any():
            result[name] = np.full(tuple(sizes.values()), np.nan)
            continue
        answer = METRICS[name].measure(prepared)
        stated = METRICS[name].uncertainty == "stated"
        columns = {name: answer[0], f"u_{name}": answer[1]} if stated else {name: answer}
        result |= {column: _laid_out(values, sizes, applies) for column, values in columns.items()}
    for name in set(ASYMMETRIES) & set(result):
        left, right = (result[name][..., SIDES.index(side)] for side in ("left", "right"))
        total = right + left
        # forces that cancel have no larger side
        asymmetry = 100.0 * (right - left) / np.where(total > 0.0, total, np.nan)
        values = result[asymmetry_name(name)] = np.full(tuple(sizes.values()), np.nan)
        values[..., SIDES.index("both")] = asymmetry
    return xr.Dataset(
        {name: (tuple(sizes), values) for name, values in result.items()},
        coords={name: reps.get_index(name) for name in sizes},
    )


def _laid_out(values: xr.Variable, sizes: dict[str, int], applies: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Lay a metric out as (rep, scoring, side), NaN where it does not apply; without sides it is at side both."""
    answer = np.full(tuple(sizes.values()), np.nan)
    sides = slice(None) if "side" in values.dims else [SIDES.index("both")]
    answer[applies, :, sides] = values.set_dims(sizes).transpose(*sizes).data[applies, :, sides]
    return answer
