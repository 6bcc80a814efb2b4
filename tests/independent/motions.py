"""Motions of the second simulator: what the joints are driven to; all else follows from the engine's dynamics.

A figure crouches along a table of poses in which its soles are flat. The depth of the crouch over time makes a squat or
a jump; take-off, flight and landing are not prescribed, and a landing is answered when the feet touch the floor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import mujoco
import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline

from tests.independent.bodies import Array
from tests.independent.engine import Figure, Stance, crouch

#: Depths of the table of poses [m].
DEPTHS_M = np.linspace(0.0, 0.52, 14)
#: Balance: the crouch is moved against the centre of mass by these parts of its departure and of its velocity [s].
BALANCE, BALANCE_S = 0.5, 0.15
#: Move by which slopes are found [m].
SHIFT_M = 0.01
#: Legs that are nearly straight are interpolated over the root of depth plus this [m].
ROOT_M = 0.002
#: Largest such move [m].
LARGEST_MOVE_M = 0.08
#: In flight the feet are put ahead of the centre of mass by its velocity times this [s].
CAPTURE_S = 0.25


@dataclass(frozen=True)
class Technique:
    """How somebody moves.

    Parameters
    ----------
    stance : where the feet are.
    tilt : forward tilt of the pelvis per depth [rad/m]; 0: as much as keeps the body from turning while it sinks.
    bend : flexion of the lumbar joint per tilt.
    depth, landing_depth : of the crouch, and after a landing [m].
    down_s, up_s : of a squat, to the lowest point and back [s]; `down_s` of a countermovement too.
    speed : at which the legs of a jump are stretched in the end [m/s].
    pause_s : at the lowest point of a squat [s].
    plantar : plantarflexion at take-off [rad].
    quiet_s : standing before the movement [s].
    sway_m : standard deviation of the unrest in standing [m].
    box_m : height of the fall of a drop jump [m].
    trim : flexion of the hips at take-off [rad] and move of the centre of mass forward in the push-off [m], by which
        a jump goes straight up and does not turn; of a lateral jump adduction of the hip at take-off [rad] besides.
    leg : that pushes off in a lateral jump.
    aside : place of the centre of mass medial of its sole in the end [m], and its rate [m/s].
    """

    stance: Stance
    tilt: float
    bend: float
    depth: float
    landing_depth: float
    down_s: float
    up_s: float
    speed: float
    pause_s: float = 0.3
    plantar: float = 0.5
    quiet_s: float = 2.0
    sway_m: float = 0.0008
    box_m: float = 0.3
    trim: tuple[float, ...] = (0.0, 0.0)
    leg: str = ""
    aside: tuple[float, float] = (0.0, 0.0)

    @property
    def stretch_s(self) -> float:
        """Time in which the legs are stretched in a jump [s]."""
        return 2.0 * (self.depth - STRETCHED_M) / self.speed


def draw_technique(task: str, rng: np.random.Generator) -> Technique:
    """Draw how a body does a task."""
    squat, drop = task == "squat", task == "drop_jump"
    stance = Stance(
        half_width=float(rng.uniform(0.11, 0.16)),
        toe_out=float(rng.uniform(3.0, 18.0)),
        aim=np.array([rng.uniform(0.045, 0.06), rng.normal(0.0, 0.012 if squat else 0.006)]),
    )
    return Technique(
        stance,
        tilt=float(rng.uniform(0.9, 1.4) if squat else 0.0),
        bend=float(rng.uniform(0.1, 0.4)),
        depth=float(rng.uniform(0.33, 0.48) if squat else rng.uniform(0.20, 0.26) if drop else rng.uniform(0.27, 0.36)),
        landing_depth=float(rng.uniform(0.22, 0.32)),
        down_s=float(rng.uniform(1.0, 1.8) if squat else rng.uniform(0.45, 0.6)),
        up_s=float(rng.uniform(0.8, 1.4)),
        speed=float(rng.uniform(1.7, 2.15)),
        pause_s=float(rng.uniform(0.2, 0.8)),
        plantar=float(rng.uniform(0.4, 0.6)),
        quiet_s=float(rng.uniform(1.8, 2.4)),
        sway_m=float(rng.uniform(0.0004, 0.0012)),
        box_m=float(rng.uniform(0.2, 0.4)),
    )


@dataclass(frozen=True)
class PoseTable:
    """Angles of the hinges over depth, and their change per move of the centre of mass [1/m]."""

    roots: Array
    pieces: Array
    start: Array

    @classmethod
    def of(cls, figure: Figure, technique: Technique) -> PoseTable:
        """Solve the poses of a figure."""
        places = 1 + figure.servo_coordinates()
        poses, leans = [crouch(figure, technique.stance, 0.0, (0.0, 0.0))], [0.0]
        deepest = max(technique.depth, technique.landing_depth) + 0.06
        for above, below in pairwise(depth for depth in DEPTHS_M if depth < deepest):
            lean = technique.tilt * below
            if technique.tilt == 0.0:
                lean = _still_lean(figure, technique, (above, below), (poses[-1], leans[-1]))
            leans.append(lean)
            poses.append(crouch(figure, technique.stance, below, (lean, technique.bend * lean), poses[-1]))
        moved = []
        for depth, lean, pose in zip(DEPTHS_M, leans, poses, strict=False):
            # Legs that are straight cannot reach further: the slope at the top is that a little lower.
            low, way = max(depth, 0.02), (lean, technique.bend * lean)
            own = crouch(figure, technique.stance, low, way, pose)
            moved.append(
                [(crouch(figure, there, low, way, own) - own)[places] / SHIFT_M for there in _beside(technique)]
            )
        angles = np.array([pose[places] for pose in poses])
        # Of legs that are nearly straight the knee bends as the root of depth.
        roots = np.sqrt(DEPTHS_M[: len(poses)] + ROOT_M)
        spline = CubicSpline(roots, np.concatenate([angles[:, None], np.array(moved)], axis=1))
        return cls(spline.x, np.ascontiguousarray(spline.c), poses[0])

    def at(self, depth: float) -> tuple[Array, Array]:
        """Angles and their change per move forward and to the right (3, hinge); change of the angles per depth."""
        return _table_at(self.roots, self.pieces, np.sqrt(max(depth, 0.0) + ROOT_M))


@njit(cache=True)
def _table_at(roots: Array, pieces: Array, root: float) -> tuple[Array, Array]:
    """Value of the cubic pieces (4, piece, 3, hinge) at a root of depth, and slope of the first row per depth."""
    piece = min(max(np.searchsorted(roots, root) - 1, 0), pieces.shape[1] - 1)
    t = root - roots[piece]
    a, b, c, d = pieces[0, piece], pieces[1, piece], pieces[2, piece], pieces[3, piece]
    return ((a * t + b) * t + c) * t + d, ((3.0 * a[0] * t + 2.0 * b[0]) * t + c[0]) / (2.0 * root)


def _beside(technique: Technique) -> list[Stance]:
    """The stance with its aim moved forward, and to the right, by `SHIFT_M`."""
    own = technique.stance
    return [replace(own, aim=own.aim + aside) for aside in SHIFT_M * np.eye(2)]


def _still_lean(figure: Figure, technique: Technique, depths: tuple[float, float], above: tuple[Array, float]) -> float:
    """Lean [rad] with which the body, sinking from one depth to the next, has no angular momentum about the right."""
    pose, lean = above
    found = []
    for tried in (lean, lean + 0.1):
        there = crouch(figure, technique.stance, depths[1], (tried, technique.bend * tried), pose)
        mujoco.mj_differentiatePos(figure.model, figure.data.qvel, 1.0, pose, there)
        figure.data.qpos[:] = pose
        mujoco.mj_integratePos(figure.model, figure.data.qpos, figure.data.qvel, 0.5)
        mujoco.mj_fwdPosition(figure.model, figure.data)
        mujoco.mj_fwdVelocity(figure.model, figure.data)
        mujoco.mj_subtreeVel(figure.model, figure.data)
        found.append(figure.data.subtree_angmom[1][2])
    return lean - 0.1 * found[0] / (found[1] - found[0])


@dataclass
class Course:
    """A quantity over time by quintic pieces, each from where it is to a value, a rate and a change of rate.

    Parameters
    ----------
    pieces : (start [s], duration [s], six coefficients of time since the start).
    """

    pieces: list[tuple[float, float, Array]] = field(default_factory=list)

    def to(self, start_s: float, duration_s: float, first: tuple[float, ...], last: tuple[float, ...]) -> Course:
        """Add a piece between two states (value, rate, change of rate); what was planned after its start is dropped."""
        self.pieces = [piece for piece in self.pieces if piece[0] < start_s]
        t = duration_s
        low = np.array([first[0], first[1], 0.5 * first[2]])
        rest = np.array(last) - [
            low @ [1.0, t, t**2], low[1] + 2.0 * low[2] * t, 2.0 * low[2],
        ]  # fmt: skip
        rows = np.array([[t**3, t**4, t**5], [3 * t**2, 4 * t**3, 5 * t**4], [6 * t, 12 * t**2, 20 * t**3]])
        self.pieces.append((start_s, duration_s, np.concatenate([low, np.linalg.solve(rows, rest)])))
        return self

    def at(self, seconds: float) -> tuple[float, float]:
        """Value and rate."""
        piece = self.pieces[0]
        for one in self.pieces:
            if one[0] <= seconds:
                piece = one
        start, duration, c = piece
        t = min(max(seconds - start, 0.0), duration)
        value = ((((c[5] * t + c[4]) * t + c[3]) * t + c[2]) * t + c[1]) * t + c[0]
        rate = (((5 * c[5] * t + 4 * c[4]) * t + 3 * c[3]) * t + 2 * c[2]) * t + c[1]
        return value, (rate if 0.0 <= seconds - start <= duration else 0.0)

    @property
    def end(self) -> float:
        """End of the last piece [s]."""
        return self.pieces[-1][0] + self.pieces[-1][1]


#: Depth of standing and in flight before a landing, and the plantarflexion there [m], [rad].
STANDING_M, FLIGHT_M, FLIGHT_PLANTAR = 0.012, 0.05, 0.35
#: Depth at which the legs begin to slow down [m]; change of speed at the lowest point, per mean change.
STRETCHED_M, PULL = 0.07, 1.2
#: Legs slow down over this time at the end of a push-off [s].
STOP_S = 0.06
#: Time in which the legs start to give way at a touchdown [s].
GIVE_S = 0.015
#: Ankles are firm again so long after a touchdown [s].
FIRM_S = 0.12


class Driver:
    """Drives a figure through a task: depth of its crouch and plantarflexion over time, answering its landings.

    `firm` is the stiffness of soles and joints, as a part of that in tasks on two feet, `gives` the part of the speed
    of a fall at which the legs give way.
    """

    firm, gives = 1.0, 0.75

    def __init__(
        self, figure: Figure, technique: Technique, task: str, rng: np.random.Generator, table: Any = None
    ) -> None:
        self.figure, self.technique, self.task = figure, technique, task
        self.table = self.poses(figure, technique) if table is None else table
        self.pushing_s, self.touched_s = np.inf, -np.inf
        self.hip_axis = np.array([name.endswith("hip_flexion") for name in figure.names], dtype=float)
        self.hips, self.forward = (Course().to(0.0, 0.1, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) for _ in range(2))
        self.plantar_axis = np.array([name.endswith("ankle_dorsiflexion") for name in figure.names], dtype=float)
        rest = (STANDING_M, 0.0, 0.0)
        self.depth = Course().to(0.0, 0.1, rest, rest)
        self.plantar = Course().to(0.0, 0.1, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        self.sway, self.noise = np.zeros((2, 3)), rng
        self.move = np.zeros(2)
        self.airborne_s, self.landings = np.nan, 0
        self.end_s = {"standing": 4.0, "drop_jump": 9.0}.get(task, 12.0)
        self.start_s = technique.quiet_s
        self.events: dict[str, float] = {}
        if task == "squat":
            self._squats()
        elif task == "countermovement_jump":
            self._countermovement(self.start_s)

    @staticmethod
    def poses(figure: Figure, technique: Technique) -> Any:
        """Poses of the body, for all runs of a technique."""
        return PoseTable.of(figure, technique)

    def standing(self) -> tuple[Array, Array]:
        """Position (qpos) of standing upright, and angles of the hinges, in the order of the servos."""
        return self.table.start, self.table.at(STANDING_M)[0][0]

    def bearing(self) -> Array:
        """Shares (right, left) of the feet in the point that the body balances over."""
        return np.array([0.5, 0.5])

    def _squats(self) -> None:
        way, start = self.technique, self.start_s
        for _ in range(2):
            low, high = (way.depth, 0.0, 0.0), (STANDING_M, 0.0, 0.0)
            self.depth.to(start, way.down_s, high, low)
            self.depth.to(start + way.down_s + way.pause_s, way.up_s, low, high)
            start = self.depth.end + 0.8
        self.end_s = self.depth.end + 1.2

    def _countermovement(self, start: float) -> None:
        way = self.technique
        pull = -PULL * way.speed / way.stretch_s
        self.depth.to(start, way.down_s, (STANDING_M, 0.0, 0.0), (way.depth, 0.0, pull))
        self._push_off(start + way.down_s, pull)

    def _push_off(self, start: float, pull: float) -> None:
        """Stretch the legs from the lowest point on, and the ankles at the end."""
        way, self.pushing_s = self.technique, start
        speed, up_s = -way.speed, way.stretch_s
        self.depth.to(start, up_s, (way.depth, 0.0, pull), (STRETCHED_M, speed, 0.0))
        self.depth.to(start + up_s, STOP_S, (STRETCHED_M, speed, 0.0), (STRETCHED_M + 0.5 * speed * STOP_S, 0.0, 0.0))
        flat, up = (0.0, 0.0, 0.0), (way.plantar, 0.0, 0.0)
        stretched = start + up_s
        for course, trim, span in (
            (self.hips, way.trim[0], (0.12, STOP_S)),
            (self.forward, way.trim[1], (stretched - self.events.get("fall", self.start_s), 0.0)),
        ):
            course.to(stretched - span[0], sum(span), flat, (trim, 0.0, 0.0))
            course.to(stretched + span[1] + 0.02, 0.2, (trim, 0.0, 0.0), flat)
        self.plantar.to(start + up_s - 0.17, 0.17 + STOP_S, flat, up)
        stopped = STRETCHED_M + 0.5 * speed * STOP_S
        self.depth.to(self.depth.end + 0.02, 0.2, (stopped, 0.0, 0.0), (FLIGHT_M, 0.0, 0.0))
        self.plantar.to(self.plantar.end + 0.02, 0.2, up, (FLIGHT_PLANTAR, 0.0, 0.0))

    def fall(self, now: float) -> None:
        """Prepare for the landing of a fall that starts now."""
        self.events["fall"] = now
        self.depth.to(now, 0.12, (STANDING_M, 0.0, 0.0), (FLIGHT_M, 0.0, 0.0))
        self.plantar.to(now, 0.12, (0.0, 0.0, 0.0), (FLIGHT_PLANTAR, 0.0, 0.0))

    def touch(self, now: float, speed: float) -> None:
        """Answer a touchdown at a speed downward [m/s]."""
        way, (depth, _), (plantar, _) = self.technique, self.depth.at(now), self.plantar.at(now)
        self.landings, self.touched_s = self.landings + 1, now
        self.plantar.to(now, 0.10, (plantar, -3.0, 0.0), (0.0, 0.0, 0.0))
        # The legs give way to the fall within a moment.
        rate, own = self.gives * speed, self.depth.at(now)[1]
        given = depth + 0.5 * (rate + own) * GIVE_S
        self.depth.to(now, GIVE_S, (depth, own, 0.0), (given, rate, 0.0))
        now, depth = now + GIVE_S, given
        if self.task == "drop_jump" and self.landings == 1:
            low, pull = way.depth, -PULL * way.speed / way.stretch_s
            duration = 1.6 * (low - depth) / rate
            self.depth.to(now, duration, (depth, rate, 0.0), (low, 0.0, pull))
            self._push_off(now + duration, pull)
            return
        duration = 2.2 * (way.landing_depth - depth) / rate
        low = (way.landing_depth, 0.0, 0.0)
        self.depth.to(now, duration, (depth, rate, 0.0), low)
        self.depth.to(now + duration + 0.3, 1.0, low, (STANDING_M, 0.0, 0.0))
        self.end_s = self.depth.end + 1.7

    def yielding(self, now: float, grounded: bool) -> float:
        """How far the ankles yield: 1 in flight and at a touchdown, 0 from `FIRM_S` after it on."""
        if not grounded:
            return 1.0
        return float(np.clip(1.0 - (now - self.touched_s - 0.03) / FIRM_S, 0.0, 1.0))

    def servo(self, now: float, away: Array, speed: Array, grounded: bool) -> tuple[Array, Array]:
        """Angles that the hinges are driven to, and their rates, in the order of the servos.

        Parameters
        ----------
        now : [s].
        away, speed : departure of the centre of mass from its aim, forward and to the right, and velocity [m], [m/s].
        grounded : whether the feet are on the floor.
        """
        depth, rate = self.depth.at(now)
        plantar, plantar_rate = self.plantar.at(now)
        (hips, hips_rate), (ahead, _) = self.hips.at(now), self.forward.at(now)
        (angle, forward, rightward), slope = self.table.at(depth)
        wanted = -(BALANCE * away + BALANCE_S * speed) if grounded else -CAPTURE_S * speed
        wanted = np.clip(wanted, -LARGEST_MOVE_M, LARGEST_MOVE_M) + self._unrest()
        self.move += (wanted - self.move) * 0.02
        move = self.move + np.array([ahead, 0.0])
        reference = angle + forward * move[0] + rightward * move[1] + hips * self.hip_axis
        rates = slope * rate + hips_rate * self.hip_axis - plantar_rate * self.plantar_axis
        return reference - plantar * self.plantar_axis, rates

    def _unrest(self) -> Array:
        """Move of somebody who stands, forward and to the right [m]: filtered noise of about half a hertz."""
        drive = self.noise.normal(0.0, self.technique.sway_m * 25.0, 2)
        self.sway[:, 0] += 0.004 * (drive - self.sway[:, 0])
        self.sway[:, 1] += 0.004 * (self.sway[:, 0] - self.sway[:, 1])
        return self.sway[:, 1]
