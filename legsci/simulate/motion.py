"""Motion of the virtual athlete: one clean trial of a task, of which everything is known."""

from __future__ import annotations

from legsci.simulate.motion_plan import FEET, SEGMENTS, Motion, Technique

__all__ = ["FEET", "SEGMENTS", "Motion", "Technique"]
