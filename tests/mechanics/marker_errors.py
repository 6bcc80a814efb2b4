"""Markers of the virtual athlete with the errors of a real laboratory: palpation, hip centre, skin, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from legsci.mechanics.motion.alignment import HIP_CENTRE_M, LANDMARK_M
from legsci.mechanics.motion.angles import kinematics
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.simulate.sensors.markers import MarkerSettings, record_markers, segment_of
from legsci.vocabulary import SEGMENTS
from tests.mechanics.athlete import marker_dataset

RATE_HZ = 100.0
LANDMARKS = ("epicondyle", "malleolus", "heel", "toe", "metatarsal", "acromion")


@dataclass(frozen=True)
class Clean:
    """A motion and its standing trial, with markers on the bone."""

    motion: Motion
    standing: Motion
    labels: list[str]
    moving: np.ndarray
    still: np.ndarray


def clean(task: str) -> Clean:
    """Simulate a task and quiet standing of the ordinary athlete."""
    athlete = Athlete()
    body = build_body(athlete)
    motion, standing = (
        simulate_motion(name, athlete, default_technique(name), rate_hz=RATE_HZ) for name in (task, "standing")
    )
    labels, moving = markers_of(body, motion)
    return Clean(motion, standing, labels, moving, markers_of(body, standing)[1])


def misplaced(trial: Clean, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Markers of both trials put on the skin by a person (frame, marker, 3), once for both.

    Landmarks are missed by LANDMARK_M per axis. The pelvic markers are shifted together besides, as an error of the
    regression of the hip centres does it, so that with the missed anterior spines the hips are off by HIP_CENTRE_M.
    """
    hip = np.sqrt(HIP_CENTRE_M**2 - 0.5 * LANDMARK_M**2) * rng.normal(size=3)
    moving, still = trial.moving.copy(), trial.still.copy()
    for column, label in enumerate(trial.labels):
        segment = segment_of(label)
        if segment == "pelvis":
            error = hip + LANDMARK_M * rng.normal(size=3)
        elif any(name in label for name in LANDMARKS):
            error = LANDMARK_M * rng.normal(size=3)
        else:
            continue
        row = SEGMENTS.index(str(segment))
        moving[:, column] += trial.motion.rotation[row] @ error
        still[:, column] += trial.standing.rotation[row] @ error
    return moving, still


def recorded(trial: Clean, rng: np.random.Generator) -> xr.Dataset:
    """Kinematics of one recording with all errors; as in a laboratory, medial markers are worn in standing alone."""
    moving, still = misplaced(trial, rng)
    settings = MarkerSettings(rate_hz=RATE_HZ, gaps_per_s=0.0)
    seen, _ = record_markers(trial.motion, trial.labels, moving, settings, rng)
    stood, _ = record_markers(trial.standing, trial.labels, still, settings, rng)
    worn = [column for column, label in enumerate(trial.labels) if "_medial_" not in label]
    return kinematics(
        marker_dataset([trial.labels[column] for column in worn], seen[:, worn], RATE_HZ),
        marker_dataset(trial.labels, stood, RATE_HZ),
    )
