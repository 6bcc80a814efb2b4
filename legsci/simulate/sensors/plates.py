"""Force plates under the virtual athlete: where they lie, and what their channels read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion
from legsci.simulate.sensors.converter import converted, converter_step
from legsci.vocabulary import SIDES_OF_BODY

#: Plate size across and along the way the person faces, a usual one; gap between two plates [m].
PLATE_WIDTH_M, PLATE_LENGTH_M, PLATE_GAP_M = 0.4, 0.6, 0.005
#: Transducers lie this far below the surface, and for TYPE 3 this far from its centre along plate x and y [m].
TRANSDUCER_DEPTH_M, TRANSDUCER_X_M, TRANSDUCER_Y_M = 0.04, 0.12, 0.20
#: Centres of pressure higher than this above the ground are not on a plate but, for instance, on a drop box [m].
HIGHEST_CONTACT_M = 0.05
#: Contacts of a foot closer than this share a plate [m].
SAME_PLATE_M = 0.3
#: Tasks whose contacts lie apart: a plate under each. All others stand on one pair of plates, left foot on plate 1.
SPREAD_TASKS = ("lateral_jump", "sprint")
#: Plates are laid to this grid [m].
PLATE_GRID_M = 0.05
_UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Plate:
    """A force plate that lies level on the floor, its y the way the person faces, its z down, its x to the left.

    Parameters
    ----------
    centre : (3,) centre of the surface, ISB axes of the laboratory [m].
    plate_type : FORCE_PLATFORM:TYPE, 2 (force and moment) or 3 (eight piezo channels).
    """

    centre: tuple[float, float, float]
    plate_type: int = 2

    @property
    def axes(self) -> Array:
        """(3, 3) plate axes as columns, in ISB axes."""
        return np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])

    @property
    def corners(self) -> Array:
        """(4, 3) in the order of the plate's quadrants +x+y, -x+y, -x-y, +x-y, ISB axes [m]."""
        x, y = PLATE_WIDTH_M / 2, PLATE_LENGTH_M / 2
        return np.asarray(self.centre) + np.array([[x, y, 0], [-x, y, 0], [-x, -y, 0], [x, -y, 0]]) @ self.axes.T

    @property
    def origin(self) -> Array:
        """(3,) FORCE_PLATFORM:ORIGIN in plate axes [m]."""
        return (
            np.array([TRANSDUCER_X_M, TRANSDUCER_Y_M, -TRANSDUCER_DEPTH_M])
            if self.plate_type == 3
            else np.array([0.0, 0.0, -TRANSDUCER_DEPTH_M])
        )

    def carries(self, point: Array) -> np.ndarray:
        """Whether each point (n, 3) [m] lies on the surface; NaN lies nowhere."""
        distance = np.abs(point - np.asarray(self.centre))
        # A point exactly between two plates belongs to one of them: the gap is half each one's.
        inside = (distance[:, 0] < (PLATE_LENGTH_M + PLATE_GAP_M) / 2) & (
            distance[:, 2] < (PLATE_WIDTH_M + PLATE_GAP_M) / 2
        )
        return np.asarray(inside & (distance[:, 1] < HIGHEST_CONTACT_M))


@dataclass(frozen=True)
class PlateSettings:
    """Imperfections of force plates. Channels in N (TYPE 2: Fx, Fy, Fz; all of TYPE 3) and in N m (Mx, My, Mz).

    Parameters
    ----------
    noise_n, noise_n_m : standard deviation of white noise.
    offset_n, offset_n_m : standard deviation, between channels, of a constant error.
    drift_n_per_s, drift_n_m_per_s : standard deviation, between channels, of a constant slope.
    range_n, range_n_m : readings beyond this stay there.
    bits : resolution of the converter over twice the range, at most 16; None for no steps.
    """

    noise_n: float = 0.8
    noise_n_m: float = 0.15
    offset_n: float = 1.0
    offset_n_m: float = 0.3
    drift_n_per_s: float = 0.05
    drift_n_m_per_s: float = 0.01
    range_n: float = 10_000.0
    range_n_m: float = 3_000.0
    bits: int | None = 16


def plates_under(motion: Motion, *, plate_type: int = 2) -> tuple[Plate, ...]:
    """Lay plates for a trial.

    Returns
    -------
    Tasks on two feet: plate 1 left and plate 2 right of the line between the feet, side by side. Tasks whose contacts
    lie apart: one plate per foot contact, those of a sprint in the order of the runway, those of a lateral
    jump from left to right. There is no plate under a box.

    Raises
    ------
    ValueError : no foot ever touches the floor.
    """
    places = _places(motion)
    if not places:
        raise ValueError(f"{motion.task}: no foot touches the floor, so there is nowhere to lay a plate")
    if motion.task in SPREAD_TASKS:
        along = 0 if motion.task == "sprint" else 2
        centres = sorted((_on_grid(place) for place in places), key=lambda centre: centre[along])
        return tuple(Plate((x, 0.0, z), plate_type) for x, _, z in centres)
    x, _, z = _on_grid(np.mean(places, axis=0))
    aside = (PLATE_WIDTH_M + PLATE_GAP_M) / 2
    return Plate((x, 0.0, z - aside), plate_type), Plate((x, 0.0, z + aside), plate_type)


def record_plates(
    motion: Motion, plates: Sequence[Plate], settings: PlateSettings, rng: np.random.Generator
) -> tuple[list[Array], dict[str, object]]:
    """Record the channels of force plates.

    Parameters
    ----------
    motion : with forces, centres of pressure and free moments of both feet.
    plates : a foot's whole force goes to the plate under its centre of pressure.
    settings, rng : imperfections.

    Returns
    -------
    channels : per plate (channel, n) at the motion's rate: the reaction in the convention of C3D, so that a loaded
        plate reads Fz < 0. TYPE 2: force [N] and moment about the transducers' centre [N m]. TYPE 3: the smallest
        eight forces [N] that give the same.
    truth : offsets and drifts as added, and per foot the vertical impulse that no plate recorded [N s].

    Notes
    -----
    With R the plate's axes as columns, c the centre of its surface, o its origin, and p, F, T the centre of pressure,
    force and free moment of a foot::

        F_plate = R^T F,    M_plate = R^T ((p - c) x F + T up) + o x F_plate

    References
    ----------
    The C3D file format user guide, FORCE_PLATFORM:TYPE and :ORIGIN, www.c3d.org.
    """
    channels, offsets, drifts = [], [], []
    recorded = np.zeros((len(SIDES_OF_BODY), motion.time.size), dtype=bool)
    for plate in plates:
        signal, on_plate = _clean_channels(motion, plate)
        recorded |= on_plate
        is_force = np.array([True] * 8 if plate.plate_type == 3 else [True] * 3 + [False] * 3)[:, None]
        offset = rng.normal(size=is_force.shape) * np.where(is_force, settings.offset_n, settings.offset_n_m)
        drift = rng.normal(size=is_force.shape) * np.where(is_force, settings.drift_n_per_s, settings.drift_n_m_per_s)
        noise = rng.normal(size=signal.shape) * np.where(is_force, settings.noise_n, settings.noise_n_m)
        reading = signal + offset + drift * motion.time + noise
        channels.append(converted(reading, np.where(is_force, settings.range_n, settings.range_n_m), settings.bits))
        offsets.append(offset.ravel().tolist())
        drifts.append(drift.ravel().tolist())
    missed = np.where(recorded, 0.0, motion.force[:, :, 1]).sum(axis=1) / motion.rate_hz
    truth: dict[str, object] = {
        f"{foot}_unrecorded_impulse_n_s": float(missed[n]) for n, foot in enumerate(SIDES_OF_BODY)
    }
    return channels, truth | {"plate_offset": offsets, "plate_drift_per_s": drifts}


def converter_steps(plate: Plate, settings: PlateSettings) -> list[float]:
    """Return the step of each channel's converter [N, N m]; empty where `settings` have none."""
    if settings.bits is None:
        return []
    ranges = [settings.range_n] * 8 if plate.plate_type == 3 else [settings.range_n] * 3 + [settings.range_n_m] * 3
    return [converter_step(limit, settings.bits) for limit in ranges]


def surface_wrench(plate: Plate, channels: Array) -> tuple[Array, Array]:
    """Return what channels say of the force (n, 3) [N] and its moment about the centre of the surface (n, 3) [N m].

    Both are the reaction on the body, in plate axes with z down.
    """
    wrench = _piezo_to_wrench() @ channels if plate.plate_type == 3 else channels
    force = np.ascontiguousarray(wrench[:3].T)
    return force, wrench[3:].T - np.cross([0.0, 0.0, -TRANSDUCER_DEPTH_M], force)


def _wrench_of_feet(motion: Motion, plate: Plate) -> tuple[Array, Array, np.ndarray]:
    """Return what a plate exerts on the feet, in plate axes with z down.

    Returns
    -------
    force : (n, 3) [N].
    moment : (n, 3) about the centre of the surface [N m].
    on_plate : (foot, n) which feet bear on it.
    """
    force, moment = np.zeros((motion.time.size, 3)), np.zeros((motion.time.size, 3))
    on_plate = np.zeros((len(SIDES_OF_BODY), motion.time.size), dtype=bool)
    for foot in range(len(SIDES_OF_BODY)):
        point = motion.centre_of_pressure[foot]
        on_plate[foot] = plate.carries(point)
        here = on_plate[foot]
        lever = point[here] - np.asarray(plate.centre)
        force[here] += motion.force[foot, here]
        moment[here] += np.cross(lever, motion.force[foot, here]) + motion.free_moment[foot, here, None] * _UP
    return force @ plate.axes, moment @ plate.axes, on_plate


def _clean_channels(motion: Motion, plate: Plate) -> tuple[Array, np.ndarray]:
    """Channels (channel, n) of one plate without errors, and which feet bear on it (foot, n)."""
    force, moment, on_plate = _wrench_of_feet(motion, plate)
    moment = moment + np.cross([0.0, 0.0, -TRANSDUCER_DEPTH_M], force)
    wrench = np.concatenate([force, moment], axis=1).T
    return (np.linalg.pinv(_piezo_to_wrench()) @ wrench if plate.plate_type == 3 else wrench), on_plate


def _piezo_to_wrench() -> Array:
    """(6, 8): force and moment about the transducers' centre from Fx12, Fx34, Fy14, Fy23, Fz1, Fz2, Fz3, Fz4.

    Transducers 1 to 4 stand in the plate's quadrants +x+y, -x+y, -x-y, +x-y.
    """
    ex, ey, ez = np.eye(3)
    # Each channel: direction of the force it senses, and a point of its line.
    sensed = [
        (ex, TRANSDUCER_Y_M * ey),
        (ex, -TRANSDUCER_Y_M * ey),
        (ey, TRANSDUCER_X_M * ex),
        (ey, -TRANSDUCER_X_M * ex),
    ]
    sensed += [(ez, x * TRANSDUCER_X_M * ex + y * TRANSDUCER_Y_M * ey) for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
    return np.array([np.concatenate([direction, np.cross(point, direction)]) for direction, point in sensed]).T


def _places(motion: Motion) -> list[Array]:
    """Mean centre of pressure (3,) of each place of the floor where a foot treads [m]."""
    places: list[Array] = []
    for point in motion.centre_of_pressure:
        with np.errstate(invalid="ignore"):
            down = np.concatenate([[False], point[:, 1] < HIGHEST_CONTACT_M, [False]])
        edges = np.flatnonzero(np.diff(down.astype(np.int8))).reshape(-1, 2)
        own: list[Array] = []
        for first, last in edges:
            place = point[first:last].mean(axis=0)
            if all(np.linalg.norm(place - other) > SAME_PLATE_M for other in own):
                own.append(place)
        places += own
    return places


def _on_grid(place: Array) -> tuple[float, ...]:
    """Nearest point of the grid to which plates are laid."""
    return tuple(float(value) for value in np.round(place / PLATE_GRID_M) * PLATE_GRID_M)
