"""Options of kinematics and kinetics, of a trial and of each task: joint centres, axes and low-pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legsci.tasks import TASKS

#: Axes about which joint moments and powers are given -> in words.
MOMENT_AXES = {
    "joint": "joint coordinate system: proximal mediolateral axis, floating axis, distal long axis",
    "proximal": "proximal segment: mediolateral, anterior and long axis",
    "distal": "distal segment: mediolateral, anterior and long axis",
    "laboratory": "laboratory: z (right), x (forward) and y (up)",
}


@dataclass(frozen=True)
class MotionOptions:
    """How joint centres and axes are found, how fast the motion of a trial may be, and about which axes moments are.

    Parameters
    ----------
    hip_centre, knee_axis, thigh : see `legsci.mechanics.motion.segments.build_skeleton`.
    cutoff_hz : low-pass of markers and of the ground reaction alike [Hz]; None: neither is filtered.
    moment_axes : key of MOMENT_AXES; see `legsci.mechanics.kinetics.joint_components.component_axes`.
    """

    hip_centre: str = "harrington"
    knee_axis: str = "epicondyles"
    thigh: str = "anchored"
    cutoff_hz: float | None = 12.0
    moment_axes: str = "joint"


DEFAULT_OPTIONS = MotionOptions()


def task_options(*, cutoff_hz: Mapping[str, float | None] | None = None, **others: Any) -> dict[str, MotionOptions]:
    """Options of the trials of each task.

    Parameters
    ----------
    cutoff_hz : task -> low-pass [Hz] or None; a task that is not named has that of TASKS.
    others : of all tasks alike, see MotionOptions.

    Raises
    ------
    ValueError : lists the names that are no task.
    """
    given = cutoff_hz or {}
    unknown = sorted(set(given) - set(TASKS))
    if unknown:
        raise ValueError(f"cutoff_hz: {', '.join(map(repr, unknown))}, expected tasks: {', '.join(TASKS)}")
    return {name: MotionOptions(cutoff_hz=given.get(name, task.cutoff_hz), **others) for name, task in TASKS.items()}
