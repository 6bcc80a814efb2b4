"""What a laboratory records of a trial: markers on skin that moves, plates with noise and a zero, in a C3D file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import cont2discrete, lfilter
from scipy.spatial.transform import Rotation

from tests.c3d_bytes import write_c3d_bytes
from tests.independent.anatomy import Anatomy, Errors
from tests.independent.bodies import SIDES, Array
from tests.independent.dynamics import RATE_HZ, Trial

#: Samples of the plates per frame of the cameras: 200 frames a second.
SAMPLES_PER_FRAME = 5
#: Soft tissue of each kind of segment: motion with the joint below or above it, common to its markers and each marker's
#: own, per axis and 90 deg [m]; frequency [Hz] at which it wobbles when the bone is accelerated. Sizes after Leardini
#: et al. (2005) Gait Posture 21:212: up to 20 mm on the thigh, half as much on the shank. Frequencies are ours: of
#: markers over bone above 20 Hz, as of the skin over vertebrae (Kitazaki & Griffin 1995, J Biomech 28:885), over muscle
#: of the order of 10 Hz.
SKIN = {
    "thigh": (0.006, 0.006, 12.0),
    "shank": (0.003, 0.004, 18.0),
    "pelvis": (0.004, 0.003, 22.0),
    "trunk": (0.003, 0.003, 24.0),
    "foot": (0.001, 0.001, 35.0),
}
WOBBLE_DAMPING = 0.3
#: Length and breadth of a plate, its breadth where people jump to the side, and the depth of its transducers [m].
PLATE_M, WIDE_M, DEPTH_M = (0.90, 0.60), 1.20, 0.04
VERTICAL = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Laboratory:
    """Where a person moves.

    Parameters
    ----------
    turn : (3, 3) from the person's axes (forward, up, right) to those of the file.
    origin : (3,) of the person's axes in the file [m].
    up, forward : axes of the file as study.yaml states them.
    heading_deg : by which the person faces to the left of `forward`.
    quarter : of each plate, by which its x is turned from the person's forward axis [quarter turns].
    plate_shift : (side, 3) of the plates from where the file says they are, person's axes [m].
    zero : (side, 6) of their channels, in the axes of the plates [N], [N m].
    """

    turn: Array
    origin: Array
    up: str
    forward: str
    heading_deg: float
    quarter: tuple[int, int]
    plate_shift: Array
    zero: Array


def draw_laboratory(errors: Errors, rng: np.random.Generator) -> Laboratory:
    """Draw a laboratory."""
    forward = ("x", "y", "-x", "-y")[int(rng.integers(4))]
    ahead = {"x": [1, 0, 0], "y": [0, 1, 0]}[forward[-1]] * np.array(-1 if "-" in forward else 1)
    up = np.array([0, 0, 1])
    axes = np.stack([ahead, up, np.cross(ahead, up)], axis=1).astype(float)
    heading = float(rng.normal(0.0, 4.0))
    turn = axes @ Rotation.from_rotvec(np.radians(heading) * VERTICAL).as_matrix()
    origin = np.append(rng.uniform(-1.0, 1.0, 2), 0.0)
    quarter = (int(rng.integers(4)), int(rng.integers(4)))
    shift = rng.normal(0.0, errors.plate_place_m, (2, 3)) * [1.0, 0.0, 1.0]
    zero = rng.normal(0.0, 1.0, (2, 6)) * np.repeat([errors.zero_n, errors.zero_n_m], 3)
    return Laboratory(turn, origin, "z", forward, heading, quarter, shift, zero)


def bend_of(trial: Trial, segment: str) -> Array:
    """Angle that moves the skin of a segment (sample,) [rad]: between it and its neighbour."""
    side = segment.split("_")[0] if "_" in segment else "right"
    pair = ("pelvis", f"{side}_thigh") if segment in ("pelvis", "trunk") else (f"{side}_thigh", f"{side}_shank")
    cosine = np.einsum("ti,ti->t", trial.rotation[pair[0]][:, :, 1], trial.rotation[pair[1]][:, :, 1])
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def markers(trial: Trial, anatomy: Anatomy, errors: Errors, standing: Trial, seed: tuple[int, ...]) -> dict[str, Array]:
    """Paths of the markers at the frames (frame, 3) in the person's axes [m].

    The skin of a body moves alike in all of its trials; it is at rest in quiet standing.

    Parameters
    ----------
    trial, standing : of one body.
    anatomy, errors : where the markers are, and what else is wrong.
    seed : of the body, its skin and this trial.
    """
    skin, noise = np.random.default_rng(seed[:2]), np.random.default_rng(seed)
    paths = {}
    for segment, worn in anatomy.worn.items():
        common, own, frequency = SKIN[segment.split("_")[-1]]
        bend = bend_of(trial, segment) - bend_of(standing, segment).mean()
        slide, wobble = skin.normal(0.0, common, 3), _wobble(trial, segment, frequency * np.exp(skin.normal(0.0, 0.1)))
        for label, place in worn.items():
            way = slide + skin.normal(0.0, own, 3)
            local = place + errors.skin * np.outer(bend / (np.pi / 2), way)
            path = trial.position[segment] + np.einsum("tij,tj->ti", trial.rotation[segment], local)
            path = (path + errors.skin * skin.uniform(0.5, 1.5) * wobble)[::SAMPLES_PER_FRAME]
            paths[label] = path + noise.normal(0.0, errors.marker_noise_m, path.shape)
    return paths


def _wobble(trial: Trial, segment: str, frequency: float) -> Array:
    """Motion of the soft tissue of a segment as a mass on a damped spring on its bone (sample, 3) [m]."""
    middle = trial.position[segment] + 0.1 * trial.rotation[segment][:, :, 1] * (1.0 if segment == "trunk" else -1.0)
    pull = np.gradient(np.gradient(middle, axis=0), axis=0) * RATE_HZ**2
    omega = 2.0 * np.pi * frequency
    system = ([-1.0], [1.0, 2.0 * WOBBLE_DAMPING * omega, omega**2])
    numerator, denominator, _ = cont2discrete(system, 1.0 / RATE_HZ, method="bilinear")
    return np.asarray(lfilter(numerator.ravel(), denominator, pull, axis=0))


def corners(side: str, quarter: int, laboratory: Laboratory, breadth_m: float = PLATE_M[1]) -> Array:
    """Corners of a plate (4, 3) in the axes of the file [m], in the order of the C3D format: its z points down."""
    outward = 1.0 if side == "right" else -1.0
    centre = np.array([0.1, 0.0, outward * (0.5 * breadth_m + 0.001)])
    length, breadth = np.array([PLATE_M[0], 0.0, 0.0]) / 2.0, np.array([0.0, 0.0, breadth_m]) / 2.0
    # Seen from above, x forward and y to the right make z point down.
    person = np.stack(
        [centre + length + breadth, centre - length + breadth, centre - length - breadth, centre + length - breadth]
    )
    return np.roll(person, quarter, axis=0) @ laboratory.turn.T + laboratory.origin


def channels(trial: Trial, errors: Errors, laboratory: Laboratory, rng: np.random.Generator) -> tuple[Array, Array]:
    """Channels of both plates (sample, 12) as C3D's type 2 has them, and their corners (plate, 4, 3) [m]."""
    rows, outlines = [], []
    for n, side in enumerate(SIDES):
        breadth_m = WIDE_M if trial.task == "lateral_jump" else PLATE_M[1]
        outline = corners(side, laboratory.quarter[n], laboratory, breadth_m)
        outlines.append(outline)
        force, shifted = trial.force[side], laboratory.plate_shift[n]
        # A plate that stands elsewhere than the file says feels the same load at another place of its own.
        moment = trial.moment[side] - np.cross(shifted, force)
        force, moment = force @ laboratory.turn.T, moment @ laboratory.turn.T
        moment = moment + np.cross(laboratory.origin, force)
        along, aside = outline[0] - outline[1], outline[0] - outline[3]
        axes = np.stack([along / np.linalg.norm(along), aside / np.linalg.norm(aside)])
        axes = np.vstack([axes, np.cross(*axes)])
        local = force @ axes.T
        about_centre = (moment - np.cross(outline.mean(axis=0), force)) @ axes.T
        about_sensor = about_centre + np.cross([0.0, 0.0, -DEPTH_M], local)
        loads = np.concatenate([local, about_sensor], axis=1) + laboratory.zero[n]
        loads += rng.normal(0.0, errors.drift_n, 6) * [1.0, 1.0, 1.0, 0.1, 0.1, 0.1]
        loads += rng.normal(0.0, 1.0, loads.shape) * np.repeat([errors.plate_noise_n, errors.plate_noise_n_m], 3)
        rows.append(loads)
    return np.concatenate(rows, axis=1), np.array(outlines)


def write_trial(path: Path, paths: dict[str, Array], plates: tuple[Array, Array], laboratory: Laboratory) -> None:
    """Write markers and plates of a trial as C3D, lengths in mm."""
    frames = min(len(next(iter(paths.values()))), len(plates[0]) // SAMPLES_PER_FRAME)
    points = np.zeros((frames, len(paths), 4), np.float32)
    for column, track in enumerate(paths.values()):
        points[:, column, :3] = 1000.0 * (track[:frames] @ laboratory.turn.T + laboratory.origin)
    analogs = plates[0][: frames * SAMPLES_PER_FRAME].reshape(frames, SAMPLES_PER_FRAME, -1).astype(np.float32)
    rate = RATE_HZ / SAMPLES_PER_FRAME
    groups = {
        "POINT": {"RATE": np.float32(rate), "LABELS": list(paths)},
        "ANALOG": {"RATE": np.float32(RATE_HZ), "UNITS": (["N"] * 3 + ["Nm"] * 3) * 2},
        "FORCE_PLATFORM": {
            "USED": np.int16(2),
            "TYPE": np.array([2, 2], np.int16),
            "CHANNEL": np.arange(1, 13, dtype=np.int16).reshape(2, 6).T,
            "CORNERS": (1000.0 * plates[1]).transpose(2, 1, 0).astype(np.float32),
            "ORIGIN": np.array([[0.0, 0.0, -1000.0 * DEPTH_M]] * 2, np.float32).T,
        },
    }
    write_c3d_bytes(path, points, analogs, groups=groups, header={"rate": rate})
