"""Places and axes of the plates against what stands on them: pressure off a plate, corners in another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import stream, streams
from legsci.mechanics.motion.kinematics import Array, Booleans
from legsci.mechanics.motion.markers import whole_paths
from legsci.quality import QualityFlag
from legsci.vocabulary import AXES, LEGS

#: Vertical force from which a centre of pressure is precise enough to be placed [N].
PLACED_LOAD_N = 100.0
#: The centre of pressure may lie this far outside the corners of its plate [m], by errors of both, for this part of the
#: load [%].
PLATE_EDGE_M, OFF_PLATE_PERCENT = 0.02, 10.0
#: Below this range (5th to 95th percentile) [m] during this much load [s] the centre of pressure does not move: sway in
#: quiet standing moves it by some millimetres, a step along the foot by centimetres. Our choice.
STILL_PRESSURE_M, STILL_FOR_S = 0.0005, 0.5
#: A foot whose ankle is lower than this above its lowest place stands [m].
FOOT_DOWN_M = 0.05
#: The corners of a plate are in another order where its pressure, turned about its centre, comes to the foot, nearer by
#: this and to less than half the distance [m]: our choice. It is 1 to 11 mm from the foot in virtual recordings.
TO_FOOT_M, TURNED_NEARER_M = 0.015, 0.015
#: Part of the load of a plate that one foot alone has to bear for its axes to be judged.
LEAST_ONE_FOOT_PART = 0.25
#: A quarter turn of (forward, right) to the right about the vertical.
QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
#: Forefoot markers, the preferred first.
FOREFOOT = ("second_metatarsal", "toe", "fifth_metatarsal", "first_metatarsal")
_X, _Y, _Z = range(3)
_LEVEL = [_X, _Z]


def with_sound_places(trial: xr.DataTree, turned: Mapping[str, QualityFlag]) -> tuple[xr.DataTree, list[QualityFlag]]:
    """Trial without the moments of plates that are elsewhere than stated, and horizontal forces of turned ones.

    Parameters
    ----------
    trial : group of a session file, the zero of its plates taken off; it is not changed.
    turned : plate -> flag of `turned_corners`.

    Returns
    -------
    trial : moments (and horizontal forces of a turned plate) NaN where they are known to be wrong.
    flags : those of turned plates; pressure_off_plate: the centre of pressure lies outside the corners of its plate,
        where nobody can press; pressure_still: it does not move under a person.
    """
    force = stream(trial, "force")
    if force is None or not _measures_pressure(force):
        return trial, []
    plates = [plate for plate in pressed_plates(force) if plate.name not in turned]
    fewest = STILL_FOR_S * float(force.attrs["sampling_rate_hz"])
    judged = ((plate.name, _pressure_off_plate(plate) or _pressure_still(plate, fewest)) for plate in plates)
    off = {name: flag for name, flag in judged if flag is not None}
    if not off and not turned:
        return trial, []
    wrong, level = force["plate"].isin([*off, *turned]), force["axis"].isin(["x", "z"])
    sound = force.assign(
        moment=force["moment"].where(~wrong),
        force=force["force"].where(~(force["plate"].isin(list(turned)) & level)),
    )
    kept = {name: group for name, group in trial.children.items() if name not in streams(trial, "force")}
    changed = xr.DataTree(children={**kept, "force": xr.DataTree(sound.assign_attrs(force.attrs))})
    changed.attrs.update(trial.attrs)
    return changed, [*off.values(), *turned.values()]


def turned_corners(distances: Mapping[str, Mapping[str, Array]]) -> dict[str, dict[str, QualityFlag]]:
    """Find plates whose corners begin at another one than stated.

    Parameters
    ----------
    distances : trial -> plate -> answer of `distances_by_quarter`.

    Returns
    -------
    trial -> plate -> corners_turned. A trial that does not decide, since the pressure stays near the centre of the
        plate, follows the trials that do, where these agree.
    """
    decided = {
        (trial, plate): int(np.argmin(row))
        for trial, plates in distances.items()
        for plate, row in plates.items()
        if np.min(row) < min(TO_FOOT_M, 0.5 * np.sort(row)[1], np.sort(row)[1] - TURNED_NEARER_M)
    }
    answer: dict[str, dict[str, QualityFlag]] = {trial: {} for trial in distances}
    for trial, plates in distances.items():
        for plate, row in plates.items():
            others = {quarters for (_, other), quarters in decided.items() if other == plate}
            quarters = decided.get((trial, plate), others.pop() if len(others) == 1 else 0)
            if quarters:
                answer[trial][plate] = QualityFlag(
                    "corners_turned", f"plate {plate}", float(row[0]), float(row[quarters]), f"{90 * quarters}"
                )
    return answer


def distances_by_quarter(trial: xr.DataTree) -> dict[str, Array]:
    """Distance of the centre of pressure from the foot on a plate if its axes were turned by 0, 90, 180, 270 deg.

    Parameters
    ----------
    trial : group of a session file.

    Returns
    -------
    plate -> (4,) mean over the load [m], the turns about the centre of its corners; none for a plate under both feet,
    or without corners, moments or markers of heel and forefoot.
    """
    force, markers = stream(trial, "force"), stream(trial, "markers")
    if force is None or markers is None or "corner" not in force.variables or not _measures_pressure(force):
        return {}
    feet = [foot for side in LEGS if (foot := _foot(markers, side)) is not None]
    times, frames = (signal.get_index("time").to_numpy() for signal in (force, markers))
    plates = pressed_plates(force) if feet else []
    found = {plate.name: _distances(plate, times, frames, feet) for plate in plates}
    return {name: row for name, row in found.items() if row is not None}


def _measures_pressure(force: xr.Dataset) -> bool:
    """Whether plates measure all of force and moment."""
    return "moment" in force.variables and set(force.get_index("axis")) == set(AXES)


class PressedPlate(NamedTuple):
    """A plate, the foot that the study gives it, and what presses it.

    Parameters
    ----------
    load : (sample,) vertical force [N]; 0 below PLACED_LOAD_N.
    pressure : (sample, 2) centre of pressure, forward and right [m]; NaN where there is no load.
    corner : (corner, 2) likewise; NaN where they are not known.
    """

    name: str
    foot: str
    load: Array
    pressure: Array
    corner: Array


def pressed_plates(force: xr.Dataset) -> list[PressedPlate]:
    """Plates of a force group with moments along all three axes, as plain arrays."""
    axes = force.get_index("axis").tolist()
    order = [axes.index(axis) for axis in AXES]
    loads, moments = (
        force.variables[name].transpose("plate", "time", "axis").data[..., order] for name in ("force", "moment")
    )
    names, feet = force.get_index("plate").tolist(), force.variables["foot"].data.astype(str).tolist()
    heights = force.variables["surface_height"].data.astype(float)
    corners = np.full((len(names), 1, len(axes)), np.nan)
    if "corner" in force.variables:
        corners = force.variables["corner"].transpose("plate", "corner", "axis").data[..., order].astype(float)
    answer = []
    for name, foot, load, moment, height, corner in zip(names, feet, loads, moments, heights, corners, strict=True):
        upward = np.where(load[:, _Y] >= PLACED_LOAD_N, load[:, _Y], np.nan).astype(float)
        forward = (moment[:, _Z] + height * load[:, _X]) / upward
        right = (height * load[:, _Z] - moment[:, _X]) / upward
        pressure = np.stack([forward, right], axis=1)
        known = np.isfinite(pressure).all(axis=1)
        answer.append(PressedPlate(name, foot, np.where(known, upward, 0.0), pressure, corner[:, _LEVEL]))
    return answer


def _pressure_off_plate(plate: PressedPlate) -> QualityFlag | None:
    """Flag of a plate whose centre of pressure lies outside its corners for more than OFF_PLATE_PERCENT of its load."""
    load, pressure, corner = plate.load, plate.pressure, plate.corner
    if not load.sum() > 0.0 or not np.isfinite(corner).all():
        return None
    with np.errstate(invalid="ignore"):
        inside = (pressure >= corner.min(axis=0) - PLATE_EDGE_M) & (pressure <= corner.max(axis=0) + PLATE_EDGE_M)
    percent = 100.0 * float(load[~inside.all(axis=1)].sum() / load.sum())
    if percent <= OFF_PLATE_PERCENT:
        return None
    return QualityFlag("pressure_off_plate", f"plate {plate.name}", percent, OFF_PLATE_PERCENT)


def _pressure_still(plate: PressedPlate, fewest: float) -> QualityFlag | None:
    """Flag of a plate whose centre of pressure does not move in at least `fewest` samples under load."""
    pressure = plate.pressure[plate.load > 0.0]
    if len(pressure) < fewest:
        return None
    low, high = np.percentile(pressure, [5.0, 95.0], axis=0)
    largest = float((high - low).max())
    if largest >= STILL_PRESSURE_M:
        return None
    return QualityFlag("pressure_still", f"plate {plate.name}", 1000.0 * largest, 1000.0 * STILL_PRESSURE_M)


def _distances(plate: PressedPlate, times: Array, frames: Array, feet: list[tuple[Array, Array]]) -> Array | None:
    """Mean distance of the pressure on a plate from the nearer foot for each quarter turn of its axes (4,) [m].

    `times` (sample,) and `frames` (frame,) are those of plates and markers [s].
    """
    corner = plate.corner
    if not np.isfinite(corner).all():
        return None
    nearest = np.clip(np.searchsorted(times, frames), 0, times.size - 1)
    together = np.where((frames >= times[0]) & (frames <= times[-1]), plate.load[nearest], 0.0)
    weight = np.where(np.sum([_stands_on(foot, corner) for foot in feet], axis=0) == 1, together, 0.0)
    if not weight.sum() > LEAST_ONE_FOOT_PART * together.sum():
        return None
    from_centre = plate.pressure[nearest] - corner.mean(axis=0)
    answer = np.full(4, np.inf)
    for quarters in range(4):
        point = corner.mean(axis=0) + from_centre @ np.linalg.matrix_power(QUARTER_TURN, quarters).T
        nearer = np.min([_distance(point, *foot) for foot in feet], axis=0)
        known = np.isfinite(nearer) & (weight > 0.0)
        if known.any():
            answer[quarters] = np.average(nearer[known], weights=weight[known])
    return answer if np.isfinite(answer).all() else None


def _foot(markers: xr.Dataset, side: str) -> tuple[Array, Array] | None:
    """Paths of heel and forefoot (frame, 3) [m]; None for a foot that has not both."""
    paths = whole_paths(markers, [f"{side}_{name}" for name in ("heel", *FOREFOOT)])
    front = next((paths[f"{side}_{name}"] for name in FOREFOOT if f"{side}_{name}" in paths), None)
    heel = paths.get(f"{side}_heel")
    return None if heel is None or front is None else (heel, front)


def _stands_on(foot: tuple[Array, Array], corner: Array) -> Booleans:
    """Frames in which a foot is down with its middle within the corners of a plate."""
    middle = 0.5 * (foot[0] + foot[1])
    height = middle[:, _Y]
    known = height[np.isfinite(height)]
    if not known.size:
        return np.zeros(height.size, dtype=bool)
    level = middle[:, _LEVEL]
    with np.errstate(invalid="ignore"):
        inside = ((level >= corner.min(axis=0)) & (level <= corner.max(axis=0))).all(axis=1)
        return np.asarray(inside & (height <= np.percentile(known, 1.0) + FOOT_DOWN_M))


def _distance(point: Array, heel: Array, front: Array) -> NDArray[np.float64]:
    """Level distance of points (frame, 2) from the line heel to forefoot (frame, 3) [m]."""
    start, line = heel[:, _LEVEL], (front - heel)[:, _LEVEL]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.einsum("fi,fi->f", point - start, line) / np.einsum("fi,fi->f", line, line)
    away = point - start - np.clip(part, 0.0, 1.0)[:, None] * line
    return np.asarray(np.hypot(away[:, 0], away[:, 1]))
