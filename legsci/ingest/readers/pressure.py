"""Centres of pressure: gaps where a plate carries nothing, and points that no unit of length brings onto the plate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from legsci.ingest.readers.signals import LOADED_N, Floats, refuse
from legsci.ingest.readers.text import name_rows

#: Below this part of its largest load a plate's centre of pressure may be missing: makers blank it at 10 to 50 N.
BLANK_FRACTION = 0.1
#: No foot moves the centre of pressure as far as this during one contact [m].
LARGEST_TRAVEL_M = 2.0
#: No laboratory reaches as far as this from its origin [m].
FARTHEST_POINT_M = 50.0
#: A centre of pressure may lie this far outside the outline of its plate, through noise and errors of zero [m].
LARGEST_OVERHANG_M = 1.0
#: A heavy load: at least this part of the largest, at which noise and errors of zero move the point by little.
HEAVY_FRACTION = 0.5


def known_points(path: Path, plate: str, force: Floats, point: Floats, torque: Floats) -> tuple[Floats, Floats]:
    """Return centres of pressure and free torques (time, axis) without gaps, having checked their unit of length.

    Without load both are undefined, and makers leave them empty. The point is then interpolated between its neighbours,
    and the torque is zero.

    Parameters
    ----------
    path, plate : for messages.
    force, point, torque : (time, axis) [N], [m], [N m]; the latter two may be missing (NaN) where the plate carries
        little.

    Raises
    ------
    RecordingError : a point or a torque missing under load, or a point metres off.
    """
    size = np.linalg.norm(force, axis=1)
    unknown = ~np.isfinite(point).all(axis=1)
    blank = max(LOADED_N, BLANK_FRACTION * float(size.max(initial=0.0)))
    missing = np.flatnonzero((unknown | ~np.isfinite(torque).all(axis=1)) & (size >= blank))
    if missing.size:
        expected = f"a centre of pressure and a torque where the plate carries {blank:.0f} N or more"
        where = name_rows((missing + 1).tolist()).replace("row", "sample")
        raise refuse(path, (f"plate {plate}, {where}", expected, "none there"))
    if unknown.all():
        point = np.zeros_like(point)
    elif unknown.any():
        samples, known = np.arange(len(point)), np.flatnonzero(~unknown)
        point = np.column_stack([np.interp(samples, known, track[known]) for track in point.T])
    _check_travel(path, plate, size, point)
    return point, np.where(np.isfinite(torque), torque, 0.0)


def _check_travel(path: Path, plate: str, size: Floats, point: Floats) -> None:
    """Refuse points that travel metres in one contact, or that lie outside any laboratory."""
    heavy = size >= max(LOADED_N, HEAVY_FRACTION * float(size.max(initial=0.0)))
    if not heavy.any():
        return
    farthest = float(np.median(np.abs(point[heavy]).max(axis=1)))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], heavy.astype(np.int8), [0]])))
    travel = max(float(np.ptp(point[a:b], axis=0).max()) for a, b in zip(edges[::2], edges[1::2], strict=True))
    if farthest > FARTHEST_POINT_M or travel > LARGEST_TRAVEL_M:
        expected = "a centre of pressure on the plate: see the unit of length (length_unit of the device)"
        found = f"one {farthest:.3g} m from the origin that moves {travel:.3g} m in one contact"
        raise refuse(path, (f"plate {plate}", expected, found))


def check_on_plate(path: Path, where: str, force: Floats, moment: Floats, corners: Floats) -> None:
    """Refuse moments whose centre of pressure lies metres off the plate.

    Parameters
    ----------
    path, where : for messages.
    force, moment : (time, 3) reaction [N] and its moment about the origin of the axes [N m].
    corners : (4, 3) outline of the plate in the same axes [m].
    """
    size = np.linalg.norm(force, axis=1)
    heavy = size >= max(2.0 * LOADED_N, HEAVY_FRACTION * float(size.max(initial=0.0)))
    if not heavy.any() or not np.isfinite(corners).all():
        return
    centre, normal = corners.mean(axis=0), np.cross(corners[1] - corners[0], corners[3] - corners[0])
    normal = normal / np.linalg.norm(normal)
    loads, about = force[heavy], moment[heavy] - np.cross(centre, force[heavy])
    along = loads @ normal
    standing = np.abs(along) > HEAVY_FRACTION * np.linalg.norm(loads, axis=1)
    if not standing.any():
        return
    offset = np.cross(normal, about[standing]) / along[standing, None]
    reach = float(np.linalg.norm(corners - centre, axis=1).max())
    typical = float(np.median(np.linalg.norm(offset, axis=1)))
    if typical > reach + LARGEST_OVERHANG_M:
        expected = "a centre of pressure on the plate: see the unit of its moments (moment_unit of the device)"
        raise refuse(path, (where, expected, f"one {typical:.3g} m from the middle of the plate"))
