"""Lateral jump of the second simulator: off one leg to the side, and onto the other leg."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline

from tests.independent.bodies import OUTWARD, SIDES, Array
from tests.independent.engine import Figure, Stance, crouch
from tests.independent.motions import (
    BALANCE,
    BALANCE_S,
    LARGEST_MOVE_M,
    ROOT_M,
    SHIFT_M,
    STANDING_M,
    STOP_S,
    Course,
    Driver,
    Technique,
)

#: Depths of the table of poses on one leg, and places of the centre of mass medial of the middle of the sole [m].
DEPTHS_M = np.linspace(0.01, 0.34, 10)
MEDIAL_M = np.array([-0.05, 0.04, 0.13, 0.22, 0.31])
#: Points of a sole that bear in standing: all but those of the toes.
BEARING = 6
#: Row of DEPTHS_M whose pose is found first.
BENT = 3
#: Tilt of the pelvis per depth [rad/m].
TILT = 0.9
#: Balance on one leg is that on two (`BALANCE`, `BALANCE_S`), times these: a sole is narrow, and soft against tilting.
ON_ONE_LEG = np.array([1.0, 5.0])
#: State of a course that rests at nought.
STILL = (0.0, 0.0, 0.0)
#: Time in which the legs change their parts from the end of the push-off on, and in which the body comes over its foot
#: after the landing [s].
CHANGE_S, OVER_FOOT_S = 0.16, 0.7
#: A landing is recorded for so long [s].
HELD_S = 1.2
#: From this part of the change on the body is over the foot that will land, its centre of mass medial of it by its
#: velocity times this [s].
CHANGED, CATCH_S = 0.8, 0.21


def draw_lateral_technique(rng: np.random.Generator) -> Technique:
    """Draw how a body jumps to the side."""
    stance = Stance(
        half_width=float(rng.uniform(0.07, 0.10)),
        toe_out=float(rng.uniform(3.0, 18.0)),
        aim=np.array([rng.uniform(0.045, 0.06), 0.0]),
    )
    return Technique(
        stance,
        tilt=TILT,
        bend=float(rng.uniform(0.1, 0.4)),
        depth=float(rng.uniform(0.13, 0.18)),
        landing_depth=float(rng.uniform(0.15, 0.20)),
        down_s=float(rng.uniform(0.45, 0.6)),
        up_s=1.0,
        speed=float(rng.uniform(1.0, 1.3)),
        plantar=float(rng.uniform(0.3, 0.5)),
        quiet_s=float(rng.uniform(1.8, 2.4)),
        sway_m=float(rng.uniform(0.0003, 0.0008)),
        leg=str(rng.choice(SIDES)),
        aside=(float(rng.uniform(0.20, 0.25)), float(rng.uniform(0.9, 1.15))),
    )


class LegTable:
    """Angles of the hinges in standing on one leg, over depth and the place of the centre of mass medial of the sole.

    `start` is the position (qpos) of upright standing, `middle` the place of the middle of the sole to the right of the
    ankle [m].
    """

    def __init__(self, figure: Figure, technique: Technique, side: str) -> None:
        sole = figure.body.sole[side][:BEARING].mean(axis=0)
        turn = OUTWARD[side] * np.radians(technique.stance.toe_out)
        self.middle = float(sole[2] * np.cos(turn) + sole[0] * np.sin(turn))
        aim = technique.stance.aim + np.array([0.0, self.middle])
        places, own = 1 + figure.servo_coordinates(), replace(technique.stance, legs=(side,), aim=aim)
        inward = np.array([0.0, -OUTWARD[side]])
        self.start = crouch(figure, own, 0.0, (0.0, 0.0))
        rows: list[Array] = []
        beside: Array | None = None
        for medial in MEDIAL_M:
            there = replace(own, aim=own.aim + medial * inward)
            ahead = replace(there, aim=there.aim + np.array([SHIFT_M, 0.0]))
            poses, moved = np.zeros((2, len(DEPTHS_M), figure.model.nq))
            # The first pose is a bent one, from that beside it; the others follow, downward and then upward.
            for number in (*range(BENT, len(DEPTHS_M)), *range(BENT - 1, -1, -1)):
                depth, first = DEPTHS_M[number], number == BENT
                near = beside if first else poses[number - 1 if number > BENT else number + 1]
                poses[number] = crouch(figure, there, depth, _way(technique, depth), near)
                beside = poses[number] if first else beside
                # Legs that are straight cannot reach further: the slope at the top is that a little lower.
                low = max(depth, 0.02)
                pose = crouch(figure, there, low, _way(technique, low), poses[number])
                moved[number] = (crouch(figure, ahead, low, _way(technique, low), pose) - pose) / SHIFT_M
            rows += [poses[:, places], moved[:, places]]
        spline = CubicSpline(np.sqrt(DEPTHS_M + ROOT_M), np.stack(rows, axis=1))
        self.roots, self.pieces = spline.x, np.ascontiguousarray(spline.c)

    def at(self, depth: float, medial: float = 0.0) -> tuple[Array, Array, Array]:
        """Angles and their change per move forward (2, hinge); change of the angles per depth, and per medial place."""
        return _leg_at(self.roots, self.pieces, max(depth, 0.0), medial)


def _way(technique: Technique, depth: float) -> tuple[float, float]:
    """Lean of pelvis and bend of the lumbar joint at a depth [rad]."""
    return technique.tilt * depth, technique.bend * technique.tilt * depth


@njit(cache=True)
def _leg_at(roots: Array, pieces: Array, depth: float, medial: float) -> tuple[Array, Array, Array]:
    """Answer of `LegTable.at`: cubic pieces (4, piece, 2 medial, hinge) over depth, a polynomial over medial places."""
    root = np.sqrt(depth + ROOT_M)
    piece = min(max(np.searchsorted(roots, root) - 1, 0), pieces.shape[1] - 1)
    t, c = root - roots[piece], pieces[:, piece]
    value = ((c[0] * t + c[1]) * t + c[2]) * t + c[3]
    per_depth = ((3.0 * c[0] * t + 2.0 * c[1]) * t + c[2]) / (2.0 * root)
    place = min(max(medial, MEDIAL_M[0]), MEDIAL_M[-1])
    both, rate, slope = np.zeros((2, value.shape[1])), np.zeros(value.shape[1]), np.zeros(value.shape[1])
    for node in range(len(MEDIAL_M)):
        weight, gradient = 1.0, 0.0
        for other in range(len(MEDIAL_M)):
            if other != node:
                gap = MEDIAL_M[node] - MEDIAL_M[other]
                gradient = (gradient * (place - MEDIAL_M[other]) + weight) / gap
                weight *= (place - MEDIAL_M[other]) / gap
        both += weight * value[2 * node : 2 * node + 2]
        rate += weight * per_depth[2 * node]
        slope += gradient * value[2 * node]
    return both, rate, slope


class LateralDriver(Driver):
    """Drives a figure through a lateral jump, in which one foot bears what else two do."""

    firm, gives = 2.0, 0.55

    def __init__(
        self, figure: Figure, technique: Technique, task: str, rng: np.random.Generator, table: Any = None
    ) -> None:
        super().__init__(figure, technique, task, rng, table)
        self.off = technique.leg
        self.onto = next(side for side in SIDES if side != self.off)
        self.hip_axis, self.roll_axis = (
            np.array([name == f"{self.off}_hip_{turn}" for name in figure.names], dtype=float)
            for turn in ("flexion", "adduction")
        )
        self.roll, self.medial, self.change = (Course().to(0.0, 0.1, STILL, STILL) for _ in range(3))
        self.caught, self.aloft = 0.0, False
        self._countermovement(self.start_s)

    @staticmethod
    def poses(figure: Figure, technique: Technique) -> dict[str, LegTable]:
        """Poses on either leg."""
        return {side: LegTable(figure, technique, side) for side in SIDES}

    def standing(self) -> tuple[Array, Array]:
        """Position and angles as `Driver.standing`, on the leg that will push off."""
        table: LegTable = self.table[self.off]
        return table.start, table.at(STANDING_M)[0][0]

    def bearing(self) -> Array:
        """Shares of the feet as `Driver.bearing`: of the one that pushes off, then of the one that lands."""
        return np.array([float(side == self.foot) for side in SIDES])

    @property
    def foot(self) -> str:
        """Side of the foot that the body is over, or was last."""
        return self.onto if self.aloft else self.off

    def _push_off(self, start: float, pull: float) -> None:
        """Push off as in a jump upward while the body falls to the side; in flight the legs change their parts."""
        way, stretched = self.technique, start + self.technique.stretch_s
        super()._push_off(start, pull)
        (place, rate), roll = way.aside, (*way.trim, 0.0)[2]
        self.medial.to(self.start_s, stretched - self.start_s, STILL, (place, rate, 0.0))
        self.medial.to(stretched, STOP_S, (place, rate, 0.0), (place + 0.5 * rate * STOP_S, 0.0, 0.0))
        self.roll.to(stretched - 0.2, 0.2 + STOP_S, STILL, (roll, 0.0, 0.0))
        self.roll.to(stretched + STOP_S + 0.02, 0.2, (roll, 0.0, 0.0), STILL)
        self.change.to(stretched + STOP_S, CHANGE_S, STILL, (1.0, 0.0, 0.0))

    def touch(self, now: float, speed: float) -> None:
        """Answer a touchdown at a speed downward [m/s]: the body comes over the foot that landed."""
        super().touch(now, speed)
        if self.landings == 1:
            self.move[1] = 0.0
            self.end_s = now + HELD_S
            self.medial.to(now, OVER_FOOT_S, (self.caught, -self.caught / CATCH_S, 0.0), STILL)

    def servo(self, now: float, away: Array, speed: Array, grounded: bool) -> tuple[Array, Array]:
        """Angles that the hinges are driven to, and their rates; parameters as `Driver.servo`."""
        (change, change_rate), (medial, medial_rate) = self.change.at(now), self.medial.at(now)
        self.aloft = self.aloft or (not grounded and change > CHANGED)
        inward, middle = -OUTWARD[self.foot], self.table[self.foot].middle
        strayed, drift = away - [0.0, middle + inward * medial], speed - [0.0, inward * medial_rate]
        if grounded:
            wanted = -ON_ONE_LEG * (BALANCE * strayed + BALANCE_S * drift)
            self.move += 0.02 * (np.clip(wanted, -LARGEST_MOVE_M, LARGEST_MOVE_M) + self._unrest() - self.move)
        elif self.aloft and not self.landings:
            # The foot that will land is put where the body will come to rest over it.
            ahead, aside = -CATCH_S * speed - [away[0], away[1] - middle]
            self.move = np.clip(self.move + np.array([0.02 * ahead, 0.0]), -LARGEST_MOVE_M, LARGEST_MOVE_M)
            self.caught += 0.02 * inward * aside
        own = (medial + inward * self.move[1], medial_rate)
        if change == 0.0:
            reference, rates = self._leg(now, self.off, own)
        elif change == 1.0:
            reference, rates = self._leg(now, self.onto, own if self.landings else (self.caught, 0.0))
        else:
            pushing, pushing_rates = self._leg(now, self.off, (medial, medial_rate))
            landing, landing_rates = self._leg(now, self.onto, (self.caught, 0.0))
            reference = pushing + change * (landing - pushing)
            rates = pushing_rates + change * (landing_rates - pushing_rates) + change_rate * (landing - pushing)
        for course, axis in (
            (self.hips, self.hip_axis), (self.roll, self.roll_axis), (self.plantar, -self.plantar_axis),
        ):  # fmt: skip
            angle, rate = course.at(now)
            reference, rates = reference + angle * axis, rates + rate * axis
        return reference, rates

    def _leg(self, now: float, side: str, medial: tuple[float, float]) -> tuple[Array, Array]:
        """Angles and rates of standing on a leg, with the centre of mass at a medial place and its rate."""
        depth, rate = self.depth.at(now)
        (angle, forward), per_depth, per_place = self.table[side].at(depth, medial[0])
        ahead = self.move[0] + self.forward.at(now)[0]
        return angle + forward * ahead, per_depth * rate + per_place * medial[1]
