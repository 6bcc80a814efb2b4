"""Segments of the body in the static trial and on their path through a trial, and the joint centres they carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from legsci.kernels.rigid_body import frames_from_vectors
from legsci.mechanics.motion.kinematics import Array
from legsci.quality import QualityFlag

#: Rows of the angles of a joint: all, those other than flexion, that of ab/adduction.
EVERY_PLANE, OUT_OF_SAGITTAL, FRONTAL = (0, 1, 2), (1, 2), 1


@dataclass(frozen=True)
class Segment:
    """A segment in the static trial, and how it moves from there.

    Parameters
    ----------
    axes : (3, 3) columns x, y, z of the segment in the static trial, laboratory axes.
    origin : (3,) proximal joint centre in the static trial [m]; NaN where the markers do not determine it.
    turn, shift : (time, 3, 3), (time, 3) [m]: a point p of the static trial is at shift + turn @ p.
    residual : (time,) root mean square distance of the markers from the rigid segment [m].
    """

    axes: Array
    origin: Array
    turn: Array
    shift: Array
    residual: Array

    @cached_property
    def rotation(self) -> Array:
        """Segment axes in the laboratory (time, 3, 3)."""
        return np.asarray(self.turn.reshape(-1, 3) @ self.axes).reshape(-1, 3, 3)

    def carry(self, point: Array) -> Array:
        """Path (time, 3) of a point (3,) of the static trial [m]."""
        return self.shift + np.asarray(self.turn.reshape(-1, 3) @ point).reshape(-1, 3)


@dataclass
class Skeleton:
    """Segments and joint centres that the markers determine.

    Parameters
    ----------
    segments : name -> Segment, of those that the markers determine.
    joints : name -> (carrying segment, centre in the static trial (3,) [m]).
    absent_planes : joint (right_knee, ...) -> rows of its three angles that the markers do not give: 0 flexion, 1
        ab/adduction, 2 rotation.
    axis_base_m : joint -> length over which errors of markers turn its axis [m]: distance of its medial and lateral
        marker, or of a wand from the line between proximal centre and lateral marker.
    flags : what was assumed, and why something is absent.
    """

    segments: dict[str, Segment] = field(default_factory=dict)
    joints: dict[str, tuple[str, Array]] = field(default_factory=dict)
    absent_planes: dict[str, set[int]] = field(default_factory=dict)
    axis_base_m: dict[str, float] = field(default_factory=dict)
    flags: list[QualityFlag] = field(default_factory=list)

    def leave_out(self, joints: Iterable[str], planes: Iterable[int] = OUT_OF_SAGITTAL) -> None:
        """Note that the markers do not give these planes of these joints."""
        for joint in joints:
            self.absent_planes.setdefault(joint, set()).update(planes)

    def add_lines(
        self, side: str, lines: Mapping[str, tuple[Array, Array]], rightward: Array, *, unknown: Sequence[str] = ()
    ) -> None:
        """Add segments along lines from upper to lower end (time, 3), z as near as may be to the right.

        Parameters
        ----------
        side : of the leg.
        lines : thigh or shank -> paths of its ends [m].
        rightward : (time, 3) direction.
        unknown : segments whose upper end is not their joint centre.
        """
        for name, (top, bottom) in lines.items():
            turn = frames_from_vectors(top - bottom, rightward, 1, 2)
            origin = np.full(3, np.nan) if name in unknown else np.zeros(3)
            self.segments[f"{side}_{name}"] = Segment(np.eye(3), origin, turn, top, np.zeros(len(top)))
