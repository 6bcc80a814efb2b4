"""Optical markers of the virtual athlete: noise, motion of the soft tissue under them, and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion
from legsci.vocabulary import SEGMENTS

#: Beginning of a marker's name, without the side -> segment that carries it.
SEGMENT_OF_MARKER = {
    "thigh": "thigh",
    "thigh_wand": "thigh",
    "lateral_epicondyle": "thigh",
    "medial_epicondyle": "thigh",
    "shank": "shank",
    "shank_wand": "shank",
    "lateral_malleolus": "shank",
    "medial_malleolus": "shank",
    "foot": "foot",
    "heel": "foot",
    "toe": "foot",
    "first_metatarsal": "foot",
    "fifth_metatarsal": "foot",
    "anterior_superior_iliac_spine": "pelvis",
    "posterior_superior_iliac_spine": "pelvis",
    "sacrum": "pelvis",
    "acromion": "trunk",
    "c7": "trunk",
    "sternum": "trunk",
    "clavicle": "trunk",
    "t10": "trunk",
}
RIGHT_ANGLE = np.pi / 2


@dataclass(frozen=True)
class SkinMotion:
    """Displacement of the markers of a segment from the bone after a rotation by 90 deg from the first frame.

    The artefact grows in proportion to the angle, so that it correlates with the motion, as that of skin does, and
    filters cannot remove it. All markers of the segment share shift and rotation; the rest is each marker's own.

    Parameters
    ----------
    shift_m : length of the shared shift [m].
    turn_deg : shared rotation about the segment's origin [deg].
    own_m : length of each marker's own shift [m].
    """

    shift_m: float
    turn_deg: float
    own_m: float


#: Sizes are ours, within the range of the reviewed bone-pin and fluoroscopy studies: largest on the thigh, of the
#: order of 10 mm (Leardini et al. 2005, Gait Posture 21:212).
SKIN_MOTION = {
    "pelvis": SkinMotion(0.004, 1.0, 0.001),
    "trunk": SkinMotion(0.006, 1.0, 0.002),
    "thigh": SkinMotion(0.010, 2.0, 0.003),
    "shank": SkinMotion(0.006, 1.0, 0.002),
    "foot": SkinMotion(0.002, 0.5, 0.0005),
}


@dataclass(frozen=True)
class MarkerSettings:
    """Cameras and skin.

    Parameters
    ----------
    rate_hz : frames per second; divides the motion's rate.
    noise_m : standard deviation of white noise per axis [m].
    soft_tissue_scale : times the sizes of SKIN_MOTION; 0 for markers on bone.
    gaps_per_s : mean number of times per second that a marker is lost.
    gap_s : mean duration of a loss [s].
    """

    rate_hz: float = 200.0
    noise_m: float = 0.0002
    soft_tissue_scale: float = 1.0
    gaps_per_s: float = 0.01
    gap_s: float = 0.06


@dataclass(frozen=True)
class Trajectories:
    """Markers as a file holds them.

    Parameters
    ----------
    labels : names of the markers.
    position : (frame, marker, 3) in ISB axes [m]; NaN where a marker was not seen.
    rate_hz : frames per second.
    """

    labels: Sequence[str]
    position: Array
    rate_hz: float


def record_markers(
    motion: Motion, labels: Sequence[str], position: Array, settings: MarkerSettings, rng: np.random.Generator
) -> tuple[Array, dict[str, object]]:
    """Record markers with cameras.

    Parameters
    ----------
    motion : whose segments carry the markers.
    labels : standard labels (legsci.vocabulary.MARKERS), which name the segments.
    position : (frame, marker, 3) markers on the bone, at the cameras' rate [m].
    settings, rng : imperfections.

    Returns
    -------
    position : (frame, marker, 3) [m]; NaN in gaps.
    truth : gaps as (label, first frame, last frame + 1), and the largest soft tissue artefact per segment [m].

    Raises
    ------
    ValueError : labels that no segment carries; a rate that does not divide the motion's.
    """
    carriers = [segment_of(label) for label in labels]
    unknown = [label for label, carrier in zip(labels, carriers, strict=True) if carrier is None]
    if unknown:
        raise ValueError(f"no segment carries these markers: {', '.join(unknown)}")
    step = every_nth(motion.rate_hz, settings.rate_hz)
    whole = slice(0, len(position) * step, step)
    seen = np.array(position, dtype=np.float64)
    largest: dict[str, float] = {}
    for number, segment in enumerate(SEGMENTS):
        chosen = [index for index, carrier in enumerate(carriers) if carrier == segment]
        if not chosen:
            continue
        rotation, origin = motion.rotation[number, whole], motion.position[number, whole]
        tissue = SKIN_MOTION[segment.rpartition("_")[2]]
        shift = (
            _soft_tissue_artefact(rotation, seen[:, chosen] - origin[:, None], tissue, rng) * settings.soft_tissue_scale
        )
        seen[:, chosen] += shift
        largest[f"{segment}_largest_stray_m"] = float(np.linalg.norm(shift, axis=2).max())
    seen += settings.noise_m * rng.normal(size=seen.shape)
    gaps = _gaps(len(seen), labels, settings, rng)
    for label, first, last in gaps:
        seen[first:last, list(labels).index(label)] = np.nan
    return seen, {"gaps": gaps, **largest}


def segment_of(label: str) -> str | None:
    """Segment that carries a marker; None for an unknown label."""
    side, _, name = label.partition("_")
    if side not in ("left", "right"):
        side, name = "", label
    numbered = name.rpartition("_")[0] if name[-1:].isdigit() and "_" in name else name
    segment = SEGMENT_OF_MARKER.get(numbered)
    if segment in ("pelvis", "trunk", None):
        return segment
    return f"{side}_{segment}" if side else None


def every_nth(rate_hz: float, wanted_hz: float) -> int:
    """Decimation factor from one rate to another; ValueError where the rates do not divide."""
    step = round(rate_hz / wanted_hz)
    if step < 1 or abs(step * wanted_hz - rate_hz) > 1e-9 * rate_hz:
        raise ValueError(f"a rate of {wanted_hz:g} Hz does not divide the motion's {rate_hz:g} Hz")
    return step


def _soft_tissue_artefact(rotation: Array, lever: Array, tissue: SkinMotion, rng: np.random.Generator) -> Array:
    """Soft tissue artefact of a segment's markers (frame, marker, 3), laboratory axes [m].

    Parameters
    ----------
    rotation : (frame, 3, 3) of the segment.
    lever : (frame, marker, 3) from the segment's origin to each marker, laboratory axes [m].
    """
    shift, axis, *own = (_directions(2 + lever.shape[1], rng)).tolist()
    turned = np.einsum("nij,ij->n", rotation, rotation[0])  # trace of R0^T R = 1 + 2 cos(angle)
    amount = np.arccos(np.clip((turned - 1.0) / 2.0, -1.0, 1.0)) / RIGHT_ANGLE
    turn = np.cross((rotation @ np.array(axis))[:, None], lever) * np.radians(tissue.turn_deg)
    constant = tissue.shift_m * np.array(shift) + tissue.own_m * np.array(own)
    return np.asarray(amount[:, None, None] * (constant @ rotation.transpose(0, 2, 1) + turn))


def _directions(count: int, rng: np.random.Generator) -> Array:
    """Unit vectors (count, 3), evenly spread over all directions."""
    vectors = rng.normal(size=(count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _gaps(
    frames: int, labels: Sequence[str], settings: MarkerSettings, rng: np.random.Generator
) -> list[tuple[str, int, int]]:
    """Losses of markers: they come at random (Poisson), their durations are exponential, at least one frame."""
    counts = rng.poisson(settings.gaps_per_s * frames / settings.rate_hz, size=len(labels))
    gaps = []
    for label, count in zip(labels, counts, strict=True):
        firsts = rng.integers(0, frames, size=count)
        lengths = np.maximum(1, np.round(rng.exponential(settings.gap_s * settings.rate_hz, size=count))).astype(int)
        gaps += [
            (str(label), int(first), int(min(first + length, frames)))
            for first, length in zip(firsts, lengths, strict=True)
        ]
    return sorted(gaps)
