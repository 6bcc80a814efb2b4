"""Motion files: the motion of a session in one netCDF file.

The trials of a session lie one after the other along `sample` (plates) and `frame` (cameras): contiguous ragged arrays
of the CF conventions 1.11, 9.3.3. One variable for all trials is written and read in a tenth of the time of one each.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.force.weighing import KnownWeight
from legsci.mechanics.kinetics.joint_components import POSITIVE
from legsci.mechanics.kinetics.movement import FRAME_COORDS, FRAME_SIGNALS, Movement
from legsci.mechanics.kinetics.session_motion import DIRECTIONS, Pressure, SessionMotion, TrialMotion
from legsci.mechanics.motion.options import MOMENT_AXES, MotionOptions
from legsci.mechanics.sensors.contacts import Flight
from legsci.mechanics.sensors.session_sensors import SENSOR_JOINTS, SENSOR_SIGNALS, SensorMotion
from legsci.quality import QualityFlag
from legsci.storage import DECIMALS, read_tree, write_tree
from legsci.vocabulary import AXES, SIDES

#: Signals of the plates: name -> dimensions other than the sample, and unit.
_SAMPLED: dict[str, tuple[tuple[str, ...], str]] = {
    "force": (("side",), "N"),
    "box": ((), "N"),
    "horizontal_force": (("direction",), "N"),
    "centre_of_pressure": (("direction",), "m"),
}
_STORED_DECIMALS = {
    **{name: DECIMALS[unit] for name, (_, unit) in (FRAME_SIGNALS | _SAMPLED | SENSOR_SIGNALS).items()},
    "point_position": DECIMALS["m"],
    # Signals from which events are detected are stored finer than recorders resolve, so that the file moves no event.
    **{"force": 4, "box": 4, "pelvis_position": 7, "pelvis_height": 7, "foot_height": 7, "sensor_hip_height": 7},
}
#: What the numbers of a signal of several axes mean, beside its unit.
_MEANINGS = {"moment": {"positive": POSITIVE}, "power": {"positive": "generated"}}
_COORDS: dict[str, tuple[str, ...]] = {
    **FRAME_COORDS,
    "direction": DIRECTIONS,
    "side": SIDES,
    "sensor_joint": SENSOR_JOINTS,
}


def write_motion(motion: SessionMotion, path: str | Path, *, sources: str | None = None) -> None:
    """Write a motion file, whole or not at all; the same motion and digest of sources give the same bytes each time."""
    attrs = {
        **motion.attrs,
        "options": json.dumps({task: asdict(options) for task, options in motion.options.items()}),
        "standing_lumbar_flexion_deg": motion.standing_lumbar_flexion_deg,
        "trials": json.dumps({name: _described(trial) for name, trial in motion.trials.items()}, ensure_ascii=False),
    }
    groups = {"ground_reaction": _plates(motion), "kinematics": _cameras(motion), "sensors": _sensors(motion)}
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=attrs), **groups})
    write_tree(tree, Path(path), decimals=_STORED_DECIMALS, sources=sources)


def open_motion(path: str | Path) -> SessionMotion:
    """Read a motion file into memory.

    Raises
    ------
    ValueError : the file was written by another version of legsci.
    """
    try:
        return _motion(read_tree(path))
    except KeyError as error:
        raise ValueError(f"{path} was written by another version of legsci: run the workflow again") from error


def _motion(tree: xr.DataTree) -> SessionMotion:
    """Motion of a session from the groups of its file."""
    groups = {name: group.to_dataset(inherit=False) for name, group in tree.children.items()}
    attrs = {str(name): value for name, value in tree.attrs.items()}
    described = json.loads(attrs.pop("trials"))
    options = {task: MotionOptions(**of_task) for task, of_task in json.loads(attrs.pop("options")).items()}
    upright = attrs.pop("standing_lumbar_flexion_deg")
    samples, frames, readings = (_rows(groups[name]) for name in ("ground_reaction", "kinematics", "sensors"))
    points = groups["kinematics"].variables["point"].data.astype(str).tolist()
    arrays = {
        group: {str(name): variable.data.astype(float) for name, variable in dataset.data_vars.items()}
        for group, dataset in groups.items()
    }
    trials = {
        name: _trial(
            words,
            {key: values[..., samples[name]] for key, values in arrays["ground_reaction"].items()}
            if name in samples
            else {},
            {key: values[..., frames[name]] for key, values in arrays["kinematics"].items()} if name in frames else {},
            points,
            {key: values[..., readings[name]] for key, values in arrays["sensors"].items()} if name in readings else {},
        )
        for name, words in described.items()
    }
    return SessionMotion(attrs, options, float(upright), trials)


def _described(trial: TrialMotion) -> dict[str, Any]:
    """What a trial has beside its signals."""
    words: dict[str, Any] = {
        "attrs": trial.attrs,
        "streams": list(trial.streams),
        "force_flags": [_stated(flag) for flag in trial.force_flags],
        "flags": [_stated(flag) for flag in trial.flags],
    }
    if trial.reaction is not None:
        reaction = trial.reaction
        words["reaction"] = {
            "rate": reaction.rate,
            "unloaded": reaction.unloaded.tolist(),
            "unloaded_limit": reaction.unloaded_limit,
            "plates": list(reaction.plates),
            "zero_uncertainty": reaction.zero_uncertainty,
            "known_weight": None if reaction.known_weight is None else asdict(reaction.known_weight),
            "flags": [_stated(flag) for flag in reaction.flags],
        }
    if trial.movement is not None:
        moved = trial.movement
        words["movement"] = {
            "rate_hz": moved.rate_hz,
            "cutoff_hz": moved.cutoff_hz,
            "moment_axes": moved.moment_axes,
            "mean_speed_m_per_s": moved.mean_speed_m_per_s,
            "travel_deg": moved.travel_deg,
            "clock_uncertainty_s": moved.clock_uncertainty_s,
            "points": list(moved.points),
        }
    if trial.sensors is not None:
        words["sensors"] = {
            "rate_hz": trial.sensors.rate_hz,
            "flights": [list(flight) for flight in trial.sensors.flights],
            "related": trial.sensors.related,
        }
    return words


def _trial(
    words: dict[str, Any],
    sampled: dict[str, np.ndarray],
    framed: dict[str, np.ndarray],
    points: list[str],
    sensed: dict[str, np.ndarray],
) -> TrialMotion:
    """Motion of a trial from what the file holds of it; empty signals of what it did not record."""
    return TrialMotion(
        words["attrs"],
        tuple(words["streams"]),
        _reaction(words["reaction"], sampled) if sampled else None,
        Pressure(sampled["horizontal_force"], sampled["centre_of_pressure"]) if sampled else None,
        _movement(words["movement"], framed, points) if framed else None,
        _sensor_motion(words["sensors"], sensed) if sensed else None,
        _flags(words["force_flags"]),
        _flags(words["flags"]),
    )


def _reaction(stated: dict[str, Any], sampled: dict[str, np.ndarray]) -> GroundReaction:
    """Ground reaction of a trial."""
    box = sampled["box"]
    return GroundReaction(
        force=sampled["force"],
        rate=stated["rate"],
        unloaded=np.array(stated["unloaded"], dtype=np.int64).reshape(-1, 2),
        unloaded_limit=stated["unloaded_limit"],
        plates=tuple(stated["plates"]),
        zero_uncertainty=stated["zero_uncertainty"],
        known_weight=None if stated["known_weight"] is None else KnownWeight(**stated["known_weight"]),
        box=box if np.isfinite(box).any() else None,
        flags=_flags(stated["flags"]),
    )


def _movement(stated: dict[str, Any], framed: dict[str, np.ndarray], points: list[str]) -> Movement:
    """Movement of a trial that cameras recorded."""
    place = framed["point_position"]
    return Movement(
        time=framed["time"],
        rate_hz=stated["rate_hz"],
        cutoff_hz=stated["cutoff_hz"],
        moment_axes=stated["moment_axes"],
        mean_speed_m_per_s=stated["mean_speed_m_per_s"],
        travel_deg=stated["travel_deg"],
        signals={name: framed[name] for name in FRAME_SIGNALS},
        clock_uncertainty_s=stated["clock_uncertainty_s"],
        points={name: place[points.index(name)].T for name in stated["points"]},
    )


def _sensor_motion(stated: dict[str, Any], sensed: dict[str, np.ndarray]) -> SensorMotion:
    """Motion of the sensors of a trial."""
    return SensorMotion(
        time=sensed["sensor_time"],
        rate_hz=stated["rate_hz"],
        signals={name: sensed[name] for name in SENSOR_SIGNALS},
        flights=tuple(Flight(*flight) for flight in stated["flights"]),
        related=stated["related"],
    )


def _stated(flag: QualityFlag) -> dict[str, object]:
    """Fields of a flag, without numbers that it does not have."""
    return {name: value for name, value in asdict(flag).items() if value == value}


def _flags(stated: list[dict[str, Any]]) -> list[QualityFlag]:
    """Flags from their fields."""
    return [QualityFlag(**fields) for fields in stated]


def _rows(group: xr.Dataset) -> dict[str, slice]:
    """Rows of each trial along the long dimension of a group."""
    edges = np.concatenate([[0], np.cumsum(group.variables["row_size"].data)]).tolist()
    names = group.variables["trial_id"].data.astype(str).tolist()
    return {name: slice(*edge) for name, edge in zip(names, pairwise(edges), strict=True)}


def _group(
    rows: dict[str, dict[str, np.ndarray]],
    signals: dict[str, tuple[tuple[str, ...], str]],
    dim: str,
    coords: dict[str, tuple[str, ...]],
) -> xr.Dataset:
    """Lay the signals (..., dim) of trials one after the other."""
    lengths = [next(iter(trial.values())).shape[-1] for trial in rows.values()]
    variables = {}
    for name, (dims, unit) in signals.items():
        values = np.empty((*(len(coords[other]) for other in dims), sum(lengths)), dtype=np.float64)
        stop = 0
        for trial, length in zip(rows.values(), lengths, strict=True):
            values[..., stop : stop + length] = trial[name]
            stop += length
        variables[name] = ((*dims, dim), values, {"units": unit})
    used = sorted({other for dims, _ in signals.values() for other in dims})
    return xr.Dataset(
        {**variables, "row_size": ("trial_id", np.array(lengths, dtype=np.int64), {"sample_dimension": dim})},
        coords={"trial_id": np.array(list(rows), dtype=str), **{other: list(coords[other]) for other in used}},
    )


def _plates(motion: SessionMotion) -> xr.Dataset:
    """Group of the signals of the plates (..., sample); sample 0 of a trial is at 0 s, `rate` apart."""
    rows = {}
    for name, trial in motion.trials.items():
        if trial.reaction is None or trial.pressure is None:
            continue
        nothing = np.full(trial.reaction.force.shape[1], np.nan)
        rows[name] = {
            "force": trial.reaction.force,
            "box": nothing if trial.reaction.box is None else trial.reaction.box,
            "horizontal_force": trial.pressure.horizontal_force,
            "centre_of_pressure": trial.pressure.centre_of_pressure,
        }
    return _group(rows, _SAMPLED, "sample", _COORDS)


def _cameras(motion: SessionMotion) -> xr.Dataset:
    """Group of the signals of the cameras (..., frame), with the time of each frame on the clock of its trial [s]."""
    moved = {name: trial.movement for name, trial in motion.trials.items() if trial.movement is not None}
    points = tuple(dict.fromkeys(point for movement in moved.values() for point in movement.points))
    rows = {}
    for name, movement in moved.items():
        place = np.full((len(points), len(AXES), movement.time.size), np.nan)
        for point, path in movement.points.items():
            place[points.index(point)] = path.T
        rows[name] = {**movement.signals, "point_position": place, "time": movement.time}
    signals = {**FRAME_SIGNALS, "point_position": (("point", "axis"), "m"), "time": ((), "s")}
    group = _group(rows, signals, "frame", {**_COORDS, "point": points})
    axes = {MOMENT_AXES[options.moment_axes] for options in motion.options.values()}
    for name, meaning in _MEANINGS.items():
        group[name].attrs.update(meaning, axes=", ".join(sorted(axes)))
    return group


def _sensors(motion: SessionMotion) -> xr.Dataset:
    """Group of the signals of inertial sensors (..., sensor_sample), with the time of each sample [s]."""
    rows = {
        name: {**trial.sensors.signals, "sensor_time": trial.sensors.time}
        for name, trial in motion.trials.items()
        if trial.sensors is not None
    }
    return _group(rows, {**SENSOR_SIGNALS, "sensor_time": ((), "s")}, "sensor_sample", _COORDS)
