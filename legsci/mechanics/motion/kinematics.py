"""Kinematics of a trial: where its segments, joint centres and joint angles are in every frame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, LEGS

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
#: Name -> (time, ...), and name -> (3,) [m].
Paths = dict[str, Array]
Points = dict[str, Array]


@dataclass(frozen=True)
class Kinematics:
    """Kinematics of a trial as arrays by name: the label handling of xarray takes longer than the arithmetic here.

    `legsci.mechanics.motion.angles.kinematics` defines each.

    Parameters
    ----------
    time : (time,) on the trial's clock [s].
    rate_hz : frames per second [Hz].
    rotation : segment -> (time, 3, 3), its axes in the laboratory as columns.
    position : segment -> (time, 3) of its origin [m].
    joint_centre : joint -> (time, 3) [m].
    angle : name -> (time,) [deg].
    residual : segment -> (time,) [m].
    filling : segment -> (time, 2) standard uncertainty of its place per axis [m] and of its turn [rad] by markers that
        were filled.
    axis_base_m : joint -> see `Skeleton.axis_base_m` [m].
    flags : what was assumed, and why something is absent.
    """

    time: Array
    rate_hz: float
    rotation: Paths
    position: Paths
    joint_centre: Paths
    angle: Paths
    residual: Paths = field(default_factory=dict)
    filling: Paths = field(default_factory=dict)
    axis_base_m: Mapping[str, float] = field(default_factory=dict)
    flags: list[QualityFlag] = field(default_factory=list)

    @classmethod
    def of(cls, kinematics: xr.Dataset) -> Kinematics:
        """Take what alignment and kinetics need from a Dataset, as far as it has it.

        Parameters
        ----------
        kinematics : answer of `legsci.mechanics.motion.angles.kinematics`.
        """
        return cls(
            time=kinematics.get_index("time").to_numpy(),
            rate_hz=float(kinematics.attrs["sampling_rate_hz"]),
            rotation=_by_name(kinematics, "rotation", "segment"),
            position=_by_name(kinematics, "position", "segment"),
            joint_centre=_by_name(kinematics, "joint_centre", "joint"),
            angle=_by_name(kinematics, "angle", "joint_angle"),
            filling=_by_name(kinematics, "filling", "segment"),
            axis_base_m=json.loads(str(kinematics.attrs.get("axis_base_m", "{}"))),
        )

    @cached_property
    def lengths(self) -> dict[str, float]:
        """Median length of each thigh and shank with joint centres at both ends [m]."""
        lengths = {}
        for side in LEGS:
            for name, ends in (("thigh", ("hip", "knee")), ("shank", ("knee", "ankle"))):
                upper, lower = (self.joint_centre.get(f"{side}_{end}") for end in ends)
                length = median_distance(upper, lower) if upper is not None and lower is not None else np.nan
                if np.isfinite(length):
                    lengths[f"{side}_{name}"] = length
        return lengths

    def dataset(self) -> xr.Dataset:
        """Lay out as `legsci.mechanics.motion.angles.kinematics` describes it."""
        variables = {
            "time": ("time", self.time, {"units": "s"}),
            "rotation": self._laid(self.rotation, ("segment", "axis", "direction"), "1"),
            "position": self._laid(self.position, ("segment", "axis"), "m"),
            "residual": self._laid(self.residual, ("segment",), "m"),
            "joint_centre": self._laid(self.joint_centre, ("joint", "axis"), "m"),
            "filling": (("time", "segment", "share"), self._filling(), {"units": "m, rad"}),
            "angle": self._laid(self.angle, ("joint_angle",), "deg"),
        }
        notes = [[flag.code, flag.sentence] for flag in self.flags]
        attrs = {"sampling_rate_hz": self.rate_hz, "notes": json.dumps(notes, ensure_ascii=False)}
        attrs["axis_base_m"] = json.dumps(dict(self.axis_base_m))
        coords = _labels(tuple(self.rotation), tuple(self.joint_centre), tuple(self.angle))
        return xr.Dataset(variables, coords=coords, attrs=attrs)

    def _filling(self) -> Array:
        """Uncertainty from filled markers (time, segment, share) of the segments in their order."""
        nothing = np.zeros((self.time.size, 2))
        rows = [self.filling.get(name, nothing) for name in self.rotation]
        return np.array(rows).reshape(len(rows), self.time.size, 2).swapaxes(0, 1)

    def _laid(self, paths: Mapping[str, Array], dims: Sequence[str], units: str) -> tuple[Any, ...]:
        """Variable (time, ...) of the paths under the names of its first dimension."""
        shape = (len(paths), self.time.size, *(len(AXES) for _ in dims[1:]))
        values = np.array(list(paths.values()), dtype=float).reshape(shape).swapaxes(0, 1)
        return (("time", *dims), values, {"units": units})


def median_distance(one: Array, other: Array) -> float:
    """Median distance of two paths (time, 3) [m]; NaN where they are never seen together."""
    line = one - other
    distance = np.sqrt(np.einsum("ti,ti->t", line, line))
    seen = distance[np.isfinite(distance)]
    return float(np.median(seen)) if seen.size else float("nan")


def _by_name(kinematics: xr.Dataset, name: str, dim: str) -> Paths:
    """Values (time, ...) of a variable by the labels of one of its dimensions; none where it is absent."""
    if name not in kinematics.variables:
        return {}
    variable = kinematics.variables[name].transpose(dim, "time", ..., "axis", "direction", missing_dims="ignore")
    return dict(zip(kinematics.get_index(dim).tolist(), variable.data.astype(float), strict=True))


@cache
def _labels(segments: tuple[str, ...], joints: tuple[str, ...], angles: tuple[str, ...]) -> xr.Coordinates:
    """Coordinates that the trials of a marker set share; making them takes longer than most kernels."""
    names = {"segment": segments, "joint": joints, "joint_angle": angles, "axis": AXES, "direction": AXES}
    return xr.Coordinates({name: list(labels) for name, labels in names.items()})
