"""From the axes of a file to the laboratory axes of the ISB."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

_UNIT_VECTORS = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}


def to_isb(signal: xr.Dataset, *, up: str, forward: str) -> xr.Dataset:
    """Turn a signal from the axes of its file to ISB axes: x forward, y up, z right.

    Parameters
    ----------
    signal : variables with the dimension `axis` are turned; it may hold some of x, y, z, or the single axis "up".
    up, forward : signed file axes ("z", "-y", ...) that point up and the way the participant faces; right is
        forward x up.

    Returns
    -------
    The signal with those of x, y, z that were recorded, in that order.

    Raises
    ------
    ValueError : up and forward are not at right angles.

    References
    ----------
    Wu & Cavanagh (1995), ISB recommendations for standardization in the reporting of kinematic data, J Biomech
    28:1257-61.
    """
    ahead, upward = (np.array(_UNIT_VECTORS[name[-1]]) * (-1 if name.startswith("-") else 1) for name in (forward, up))
    if ahead @ upward:
        raise ValueError(f"up and forward must be at right angles, not {up} and {forward}")
    held = [str(axis) for axis in signal.variables["axis"].data]
    names, rows = [], []
    for isb_axis, direction in zip("xyz", (ahead, upward, np.cross(ahead, upward)), strict=True):
        source = "up" if held == ["up"] else "xyz"[int(np.flatnonzero(direction)[0])]
        if source in held and (source != "up" or isb_axis == "y"):
            names.append(isb_axis)
            rows.append((held.index(source), 1.0 if source == "up" else float(direction.sum())))
    # The values of a copy are replaced, which is faster than building a Dataset. Corners are a coordinate, since their
    # name is that of a dimension; they are turned like all other variables.
    answer = signal.copy()
    for name, variable in answer.variables.items():
        if "axis" in variable.dims and name != "axis":
            variable.data = _turned(variable, rows)
    return answer if names == held else answer.assign_coords(axis=names)


def _turned(variable: xr.Variable, rows: list[tuple[int, float]]) -> Any:
    """Take the given rows of the dimension `axis`, each with its sign."""
    source = np.moveaxis(variable.data, variable.get_axis_num("axis"), 0)
    # One axis after the other, in the memory layout of the source.
    turned = np.empty_like(source, shape=(len(rows), *source.shape[1:]))
    for axis, (row, sign) in enumerate(rows):
        np.multiply(source[row], sign, out=turned[axis])
    return np.moveaxis(turned, 0, variable.get_axis_num("axis"))
