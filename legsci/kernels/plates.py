"""Force-plate channels to ground reaction force, moment, centre of pressure and free moment."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHANNELS_OF_PLATE_TYPE = {1: 6, 2: 6, 3: 8, 4: 6}


def plate_force_and_moment(
    channels: Array, plate_type: int, corners: Array, origin: Array, calibration: Array
) -> tuple[Array, Array]:
    """Force and moment about the laboratory's origin, in laboratory axes, from the channels of one C3D force plate.

    Parameters
    ----------
    channels : (channel, time), in the order of FORCE_PLATFORM:CHANNEL
        TYPE 1: Fx, Fy, Fz [N], centre of pressure x, y from the centre of the surface [m], free moment [N m].
        TYPE 2: Fx, Fy, Fz [N], Mx, My, Mz [N m] about the transducer origin.
        TYPE 3: Fx12, Fx34, Fy14, Fy23, Fz1, Fz2, Fz3, Fz4 [N].
        TYPE 4: six channels in the unit that `calibration` expects.
    plate_type : FORCE_PLATFORM:TYPE, 1 to 4.
    corners : (4, 3) [m], FORCE_PLATFORM:CORNERS in laboratory axes, in the plate's quadrants +x+y, -x+y, -x-y, +x-y.
    origin : (3,) [m], FORCE_PLATFORM:ORIGIN. TYPE 2 and 4: from the transducer origin to the centre of the surface, in
        plate axes. TYPE 3: half the distance of the transducers along x and along y, then the depth as for TYPE 2.
        TYPE 1 measures at the surface and ignores it.
    calibration : (6, 6) for TYPE 4: channels to (Fx, Fy, Fz [N], Mx, My, Mz [N m]); an empty array for other types.

    Returns
    -------
    force : (time, 3) [N] and moment : (time, 3) [N m] about the laboratory's origin. A sample with NaN in any channel
        is NaN throughout.

    Raises
    ------
    ValueError : lists everything that is wrong with the description of the plate.

    Notes
    -----
    With R the plate's axes as columns, c the centre of the corners and o the origin::

        F_lab = R F,    M_lab = R (M - o x F) + c x F_lab

    Signs: the C3D convention has z pointing down into the plate and the *reaction* in the channels, so a loaded plate
    reads Fz < 0 and F_lab is the reaction on the body. BioWare exports hold the force *on* the plate (Fz > 0): negate
    both answers for those, and see to it that the corners they give make z point down.

    Transducers lie below the surface, so origin z is negative in plate axes. Several makers write the opposite vector.
    As Visual3D and ezc3d do, an origin with positive z is negated; of a TYPE 3 origin only z is, since its x and y are
    distances (ezc3d negates these too, which turns the centre of pressure around).

    References
    ----------
    The C3D file format user guide, FORCE_PLATFORM:TYPE, :CORNERS, :ORIGIN, www.c3d.org.
    HAS-Motion, Visual3D documentation, "FP_ORIGIN".
    """
    channels, corners, origin, calibration = (
        np.ascontiguousarray(array, dtype=np.float64) for array in (channels, corners, origin, calibration)
    )
    faults = _faults(channels, plate_type, corners, origin, calibration)
    if faults:
        raise ValueError("force plate: " + "; ".join(faults))
    if plate_type == 1:
        channels = _channels_of_pressure_point(channels)
    elif plate_type == 3:
        channels = _piezo_matrix(origin) @ channels
    to_surface = _transducer_to_surface(plate_type, origin)
    plate_to_lab = _wrench_matrix(_plate_axes(corners), corners.mean(axis=0), to_surface)
    if plate_type == 4:
        plate_to_lab = plate_to_lab @ calibration
    return _map_six_channels(plate_to_lab, channels)


@njit(cache=True)
def centre_of_pressure(
    force: Array, moment: Array, surface_height: float, vertical_axis: int, threshold: float
) -> tuple[Array, Array]:
    """Point of the surface through which the force acts, and the moment about the vertical that is left there.

    Parameters
    ----------
    force : (time, 3) [N], ground reaction on the body (upward positive).
    moment : (time, 3) [N m], moment of that reaction about the origin of the axes.
    surface_height : height of the horizontal plane in which the point is sought [m].
    vertical_axis : index of the axis that points up: 1 in ISB axes, 2 in many laboratories.
    threshold : vertical force below which the point is not defined [N].

    Returns
    -------
    centre_of_pressure : (time, 3) [m] and free_moment : (time,) [N m], positive about the upward axis. Both are NaN
        where the vertical force is below the threshold or where force or moment is NaN.

    Notes
    -----
    The point p in the plane and the free moment T along the upward unit vector v solve M = p x F + T v.
    """
    if vertical_axis < 0 or vertical_axis > 2:
        raise ValueError("vertical_axis must be 0, 1 or 2")
    first, second = (vertical_axis + 1) % 3, (vertical_axis + 2) % 3
    point = np.full(force.shape, np.nan)
    free_moment = np.full(force.shape[0], np.nan)
    for time in range(force.shape[0]):
        vertical = force[time, vertical_axis]
        total = force[time, 0] + force[time, 1] + force[time, 2] + moment[time, 0] + moment[time, 1] + moment[time, 2]
        if vertical >= threshold and vertical > 0.0 and not np.isnan(total):
            along_first = (surface_height * force[time, first] - moment[time, second]) / vertical
            along_second = (surface_height * force[time, second] + moment[time, first]) / vertical
            point[time, vertical_axis] = surface_height
            point[time, first] = along_first
            point[time, second] = along_second
            lever_moment = along_first * force[time, second] - along_second * force[time, first]
            free_moment[time] = moment[time, vertical_axis] - lever_moment
    return point, free_moment


@njit(cache=True)
def _map_six_channels(matrix: Array, channels: Array) -> tuple[Array, Array]:
    """Rows 0-2 of matrix @ channels as force (time, 3), rows 3-5 as moment (time, 3); NaN takes the whole sample."""
    force = np.empty((channels.shape[1], 3))
    moment = np.empty((channels.shape[1], 3))
    for time in range(channels.shape[1]):
        # Six scalars instead of a loop over channels: the compiler then works on several samples at once.
        c0, c1, c2 = channels[0, time], channels[1, time], channels[2, time]
        c3, c4, c5 = channels[3, time], channels[4, time], channels[5, time]
        for i in range(3):
            a, b = matrix[i], matrix[i + 3]
            force[time, i] = a[0] * c0 + a[1] * c1 + a[2] * c2 + a[3] * c3 + a[4] * c4 + a[5] * c5
            moment[time, i] = b[0] * c0 + b[1] * c1 + b[2] * c2 + b[3] * c3 + b[4] * c4 + b[5] * c5
    return force, moment


def _plate_axes(corners: Array) -> Array:
    """Return the plate's x, y, z as unit vectors in laboratory axes, columns of (3, 3)."""
    along_x = corners[0] - corners[1]
    normal = _normal(corners)
    axes = np.array([along_x, _cross_matrix(normal) @ along_x, normal]).T
    return axes / np.sqrt((axes * axes).sum(axis=0))


def _normal(corners: Array) -> Array:
    """Return a vector along the plate's z (3,), as long as the area that the corners 4, 1 and 2 span."""
    return _cross_matrix(corners[0] - corners[1]) @ (corners[0] - corners[3])


def _transducer_to_surface(plate_type: int, origin: Array) -> Array:
    """Vector from the point about which the channels give moments to the centre of the surface, plate axes (3,) [m]."""
    if plate_type == 1:
        return np.zeros(3)
    if plate_type == 3:
        return np.array([0.0, 0.0, -abs(origin[2])])
    return -origin if origin[2] > 0 else origin


def _wrench_matrix(axes: Array, centre: Array, transducer_to_surface: Array) -> Array:
    """(6, 6) that takes force and moment at the transducer, plate axes, to the laboratory's origin and axes."""
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = matrix[3:, 3:] = axes
    matrix[3:, :3] = _cross_matrix(centre) @ axes - axes @ _cross_matrix(transducer_to_surface)
    return matrix


def _cross_matrix(vector: Array) -> Array:
    """(3, 3) with _cross_matrix(a) @ b = a x b, without the set-up that numpy.cross spends on single vectors."""
    x, y, z = vector.tolist()
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _channels_of_pressure_point(channels: Array) -> Array:
    """TYPE 1 (force, centre of pressure x y, free moment) to force and moment about the centre of the surface."""
    fx, fy, fz, x, y, free_moment = channels
    return np.stack([fx, fy, fz, y * fz, -x * fz, x * fy - y * fx + free_moment])


def _piezo_matrix(origin: Array) -> Array:
    """(6, 8) from the eight channels of TYPE 3 to force and moment about the centre of the transducers' plane."""
    a, b = abs(origin[0]), abs(origin[1])
    return np.array(
        [
            # Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4
            [1, 1, 0, 0, 0, 0, 0, 0],
            [0, 0, 1, 1, 0, 0, 0, 0],
            [0, 0, 0, 0, 1, 1, 1, 1],
            [0, 0, 0, 0, b, b, -b, -b],
            [0, 0, 0, 0, -a, a, a, -a],
            [-b, b, a, -a, 0, 0, 0, 0],
        ]
    )


def _faults(channels: Array, plate_type: int, corners: Array, origin: Array, calibration: Array) -> list[str]:
    faults = []
    expected = CHANNELS_OF_PLATE_TYPE.get(plate_type)
    if expected is None:
        faults.append(f"TYPE {plate_type} is not read; known are {sorted(CHANNELS_OF_PLATE_TYPE)}")
    elif channels.ndim != 2 or channels.shape[0] != expected:
        faults.append(f"TYPE {plate_type} needs (channel, time) with {expected} channels, found shape {channels.shape}")
    if corners.shape != (4, 3) or not np.isfinite(corners).all():
        faults.append(f"corners must be four finite points (4, 3), found {corners.tolist()}")
    elif not _normal(corners).any():
        faults.append(f"corners span no surface: {corners.tolist()}")
    if origin.shape != (3,) or not np.isfinite(origin).all():
        faults.append(f"origin must be one finite point (3,), found {origin.tolist()}")
    if plate_type == 4 and (calibration.shape != (6, 6) or not np.isfinite(calibration).all()):
        faults.append(f"TYPE 4 needs a finite (6, 6) calibration matrix, found shape {calibration.shape}")
    return faults
