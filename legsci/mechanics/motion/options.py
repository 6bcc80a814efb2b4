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
    rigid_gap_s, spline_gap_s : longest gap of a marker that is reconstructed from the other markers of its segment, and
        that is bridged by a spline where these cannot [s]; longer gaps are left (`fill_gaps`). The defaults are our
        choice: a tenth of a second is a quarter of the shortest leg movement that is measured here.
    """

    hip_centre: str = "harrington"
    knee_axis: str = "epicondyles"
    thigh: str = "anchored"
    cutoff_hz: float | None = 12.0
    rigid_gap_s: float = 0.5
    spline_gap_s: float = 0.1


DEFAULT_OPTIONS = MotionOptions()
