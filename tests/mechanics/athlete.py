"""The virtual athlete's squat and standing trial as marker data, and what kinematics say of them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import xarray as xr

from legsci.mechanics.motion.options import MotionOptions
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.simulate.sensors.marker_placement import markers_of
from tests.mechanics.trials import trial

RATE_HZ, PLATE_HZ = 200.0, 1000.0
ATHLETE = Athlete()
UNFILTERED = MotionOptions(cutoff_hz=None)


def marker_dataset(labels: np.ndarray | list[str], position: np.ndarray, rate_hz: float = RATE_HZ) -> xr.Dataset:
    """Make a markers group of positions (time, marker, 3) [m]."""
    return xr.Dataset(
        {"position": (("time", "marker", "axis"), position)},
        coords={"time": np.arange(len(position)) / rate_hz, "marker": list(labels), "axis": ["x", "y", "z"]},
        attrs={"sampling_rate_hz": rate_hz},
    )


@cache
def _trial(task: str) -> tuple[Motion, xr.Dataset]:
    technique = replace(default_technique(task), sway=0.0)
    motion = simulate_motion(task, ATHLETE, technique, rate_hz=RATE_HZ)
    labels, position = markers_of(build_body(ATHLETE, barbell_kg=technique.barbell_kg), motion)
    return motion, marker_dataset(labels, position)


def squat() -> tuple[Motion, xr.Dataset]:
    """Three squats: what happened, and the clean markers."""
    return _trial("squat")


def standing() -> xr.Dataset:
    """Clean markers of quiet standing."""
    return _trial("standing")[1]


def plates_of(motion: Motion) -> xr.Dataset:
    """Clean force group of a motion, a plate under each foot, left and right."""
    moment = np.cross(np.nan_to_num(motion.centre_of_pressure), motion.force)
    moment[..., 1] += motion.free_moment
    return xr.Dataset(
        {
            "force": (("plate", "time", "axis"), motion.force),
            "moment": (("plate", "time", "axis"), moment),
            "surface_height": ("plate", np.zeros(2)),
        },
        coords={"plate": ["1", "2"], "time": motion.time, "axis": list("xyz"), "foot": ("plate", ["left", "right"])},
        attrs={"sampling_rate_hz": motion.rate_hz},
    )


@cache
def recording(task: str) -> tuple[Motion, xr.DataTree]:
    """Clean markers at 200 Hz and plates at 1000 Hz, one under each foot, of one trial."""
    motion = simulate_motion(task, ATHLETE, default_technique(task), rate_hz=PLATE_HZ)
    labels, position = markers_of(build_body(ATHLETE), motion)
    force = plates_of(motion)
    return motion, trial(
        {"markers": marker_dataset(labels, position[:: round(PLATE_HZ / RATE_HZ)]), "force": force}, task=task
    )


def angle(result: xr.Dataset, name: str) -> np.ndarray:
    """Angle of a kinematics Dataset (time,) [deg]."""
    return result["angle"].sel(joint_angle=name).to_numpy()


def names_of(result: xr.Dataset) -> list[str]:
    """Names of its angles."""
    return [str(name) for name in result["joint_angle"].to_numpy()]


def codes(result: xr.Dataset) -> list[str]:
    """Reason codes among its notes."""
    return [code for code, _ in json.loads(result.attrs["notes"])]
