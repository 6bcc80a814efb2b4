"""Options of kinematics: how joint centres and axes are found, and how markers are low-passed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MotionOptions:
    """How joint centres and axes are found, and how fast a motion may be.

    Parameters
    ----------
    hip_centre, knee_axis, thigh : see `legsci.mechanics.motion.segments.build_skeleton`.
    cutoff_hz : low-pass of markers and of the ground reaction alike [Hz]; None: neither is filtered.
    """

    hip_centre: str = "harrington"
    knee_axis: str = "epicondyles"
    thigh: str = "anchored"
    cutoff_hz: float | None = 12.0


DEFAULT_OPTIONS = MotionOptions()
