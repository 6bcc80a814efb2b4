"""From a plan to a dynamically consistent motion: horizontal path, trunk and ground reaction that balance the moments.

Rate of change of angular momentum about the centre of mass equals the moment of the ground reaction. Three unknowns
satisfy it: the horizontal path of the centre of mass is found from the wanted centre of pressure (a two-point boundary
value problem); pelvis and trunk rotate by what the feet cannot absorb, above all in flight, where there is no external
moment; and the centre of pressure follows from both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.kinetics import (
    MARGIN,
    SEARCH_RATE_HZ,
    angular_kinematics,
    central_differences,
    edge_frames,
    inertial_moment,
)
from legsci.simulate.athlete.legs import LimbPlan, SegmentGeometry, segment_poses
from legsci.simulate.athlete.plan import Array, Plan
from legsci.simulate.athlete.trunk import GroundMoment, planned_turn, trunk_turns
from legsci.vocabulary import STANDARD_GRAVITY

#: Largest free moment per vertical force: half a foot's width times friction, about [N m / N].
_FREE_MOMENT_ARM = 0.03
#: Interval of frames at which the inertia about each axis is found, the rotation used for it [rad], and its least value
#: [kg m^2].
_INERTIA_STEP, _LITTLE_TURN, _LEAST_INERTIA = 3, 1e-5, 0.5
#: Most iterations of the search, and the first of them in which the horizontal path changes too.
_MOST_ROUNDS, _PATH_ROUNDS = 24, 5
#: The search ends when the centre of pressure is as planned within [m], and the moment of an unloaded body within
#: [N m]; more than the last in flight is a failure [N m].
_PRESSURE_ERROR_M, _MOMENT_ERROR, _FLIGHT_MOMENT_LIMIT = 0.005, 0.2, 0.4
#: How far the centre of mass may be off its path where the legs reach [m].
_MISS_M = 1e-10
#: Load below which the foot's moment is left out of the horizontal path, over body weight.
_LIGHT = 0.4


@dataclass(frozen=True)
class Balanced:
    """Motion of the segments, the moment about the centre of mass that it requires, the legs' reach; see balance()."""

    rotation: Array
    position: Array
    angular_velocity: Array
    angular_acceleration: Array
    centre_of_mass: Array
    centre_of_mass_acceleration: Array
    reach: Array
    com: Array
    com_velocity: Array
    com_acceleration: Array
    moment: Array


def turn(yaw: Array, list_: Array, tilt: Array) -> Array:
    """Rotation Ry(yaw) Rx(list) Rz(-tilt), (..., 3, 3), of angles [rad] of equal shape."""
    cy, sy, cx, sx, cz, sz = (f(a) for a in (yaw, list_, -tilt) for f in (np.cos, np.sin))
    rows = [
        [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def feet(body: Body, plan: Plan) -> tuple[Array, Array]:
    """Ankle centres (2, n, 3) [m] and rotations (2, n, 3, 3) of the feet of a plan."""
    rotation = turn(plan.yaw, np.zeros_like(plan.yaw), plan.heel_rise)
    return plan.toe - np.einsum("snij,sj->sni", rotation, body.toe), rotation


def horizontal_path(plan: Plan, moment: Array, mass: float) -> Array:
    """Horizontal path of the centre of mass that keeps the centre of pressure where it is wanted.

    Parameters
    ----------
    plan : heights, wanted centre of pressure and ends.
    moment : (n, 3) rate of change of angular momentum that the motion requires [N m].
    mass : [kg].

    Returns
    -------
    (n, 2) x and z of the centre of mass [m].

    Notes
    -----
    With h the height above the ground, f = y'' + g, p the centre of pressure and M the moment::

        h x'' - f x = M_z / m - f p_x,    h z'' - f z = -M_x / m - f p_z

    as an inverted pendulum: unstable forward in time, but well posed between two ends (second differences, one banded
    system). The share of M that the light foot near take-off cannot carry is left to the trunk. The same
    relation places the zero moment point of walking machines (Kajita et al. 2003, IEEE Int Conf Robotics Automation).
    """
    weight = np.maximum(plan.height[2] + STANDARD_GRAVITY, 0.0)
    height = plan.height[0] - plan.ground
    bend = height * plan.rate_hz**2
    carried = weight**4 / (weight**4 + (_LIGHT * STANDARD_GRAVITY) ** 4)
    wanted = (
        np.stack([moment[:, 2], -moment[:, 0]], axis=1) * (carried / mass)[:, None] - weight[:, None] * plan.pressure
    )
    bands = np.zeros((3, weight.size))
    bands[0, 1:], bands[2, :-1] = bend[:-1], bend[1:]
    bands[1] = -2.0 * bend - weight
    for end, place in ((0, plan.ends[0]), (-1, plan.ends[1])):
        bands[1, end] = 1.0
        wanted[end] = place
    bands[0, 1] = bands[2, -2] = 0.0
    return np.asarray(solve_banded((1, 1), bands, wanted))


def _turning_inertia(limbs: _Limbs, motion: Balanced) -> Array:
    """Inertia (n, 3) against a rotation of pelvis and trunk with feet and centre of mass fixed [kg m^2].

    Angular momentum per angular velocity, from poses rotated a little further; every few frames, as it changes slowly.
    Hips that move with the pelvis flex the legs, which makes up a third of it.
    """
    body, count = limbs.body, motion.com.shape[0]
    frames = np.arange(0, count, _INERTIA_STEP)
    answer = np.empty((count, 3))
    com, rotation, centres = motion.com[frames], motion.rotation[:, frames], motion.centre_of_mass[:, frames]
    turned_so_far = limbs.at(frames, pelvis=rotation[0], trunk=rotation[1])
    for axis in range(3):
        little = np.zeros((frames.size, 3))
        little[:, axis] = _LITTLE_TURN
        turned, moved, _, _ = turned_so_far.poses(com, little)
        shift = (_centres(turned, moved, body.centre_of_mass) - centres) / _LITTLE_TURN
        product = turned @ np.swapaxes(rotation, -1, -2)
        skew = (product - np.swapaxes(product, -1, -2)) / (2.0 * _LITTLE_TURN)
        spin = np.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], axis=-1)
        local = np.einsum("snji,snj->sni", rotation, spin)
        own = np.einsum("snij,sjk,snk->sni", rotation, body.inertia, local)
        orbital = body.mass[:, None, None] * np.cross(centres - com, shift)
        answer[:, axis] = np.interp(np.arange(count), frames, (own + orbital).sum(axis=0)[:, axis])
    return np.maximum(answer, _LEAST_INERTIA)


def _com_acceleration(plan: Plan, com: Array) -> Array:
    """Acceleration (n, 3) of the centre of mass [m/s^2].

    Upward as planned; horizontally by the differences with which horizontal_path() placed it, since those of higher
    order would smear it over the instants at which force begins and ends.
    """
    acceleration = np.zeros_like(com)
    acceleration[1:-1] = (com[2:] - 2.0 * com[1:-1] + com[:-2]) * plan.rate_hz**2
    acceleration[:, 1] = plan.height[2]
    return acceleration


def _ground_moment(plan: Plan, com: Array, acceleration: Array, mass: float) -> GroundMoment:
    """Moment of the ground reaction about the centre of mass as wanted, and the limits around it [N m]."""
    force = mass * (acceleration + np.array([0.0, STANDARD_GRAVITY, 0.0]))
    force[~plan.loaded.any(axis=0)] = 0.0
    up = np.maximum(force[:, 1], 0.0)
    arm = np.stack([plan.pressure[:, 0] - com[:, 0], plan.ground - com[:, 1], plan.pressure[:, 1] - com[:, 2]], axis=1)
    middle = np.cross(arm, force)
    back, ahead = (plan.pressure_low - plan.pressure), (plan.pressure_high - plan.pressure)
    twist = _FREE_MOMENT_ARM * up
    low = np.stack([-ahead[:, 1] * up, -twist, back[:, 0] * up], axis=1)
    high = np.stack([-back[:, 1] * up, twist, ahead[:, 0] * up], axis=1)
    return GroundMoment(middle, low, high)


@dataclass(frozen=True)
class _Limbs:
    """A body, and the planned orientation of its pelvis and trunk and pose of its feet."""

    body: Body
    planned: LimbPlan

    def at(self, frames: NDArray[np.intp], *, pelvis: Array, trunk: Array) -> _Limbs:
        """The same at some frames, with other rotations of pelvis and trunk."""
        _, _, ankle, foot, tilt = self.planned
        return _Limbs(self.body, LimbPlan(pelvis, trunk, ankle[:, frames], foot[:, frames], tilt[:, frames]))

    def poses(self, com: Array, vector: Array) -> tuple[Array, Array, Array, Array]:
        """Return segment_poses() for a path of the centre of mass and a further rotation of pelvis and trunk (n, 3)."""
        body = self.body
        lengths = np.stack([body.thigh_length, body.shank_length], axis=1)
        geometry = SegmentGeometry(body.hip, body.lumbar, lengths, body.mass, body.centre_of_mass)
        answer: tuple[Array, Array, Array, Array] = segment_poses(com, vector, self.planned, geometry)
        return answer


def _limbs(body: Body, plan: Plan) -> _Limbs:
    """The planned limbs of a body."""
    ankle, foot = feet(body, plan)
    tilt = plan.abduction * np.array([[1.0], [-1.0]])
    return _Limbs(body, LimbPlan(turn(*plan.pelvis.T), turn(*plan.trunk.T), ankle, foot, tilt))


@njit(cache=True)
def _centres(rotation, position, place):  # type: ignore[no-untyped-def]
    """Where points (segment, 3) fixed in the segments are (segment, n, 3) [m]."""
    answer = position.copy()
    for row in range(rotation.shape[0]):
        for frame in range(rotation.shape[1]):
            for axis in range(3):
                for k in range(3):
                    answer[row, frame, axis] += rotation[row, frame, axis, k] * place[row, k]
    return answer


@njit(cache=True)
def _orbital_moment(mass, centres, com, acceleration):  # type: ignore[no-untyped-def]
    """Rate of change (n, 3) of the angular momentum of the segments' masses about the body's centre [N m]."""
    moment = np.zeros(com.shape)
    for row in range(mass.size):
        for frame in range(com.shape[0]):
            for axis in range(3):
                after, last = (axis + 1) % 3, (axis + 2) % 3
                moment[frame, axis] += mass[row] * (
                    (centres[row, frame, after] - com[frame, after]) * acceleration[row, frame, last]
                    - (centres[row, frame, last] - com[frame, last]) * acceleration[row, frame, after]
                )
    return moment


def _moved(limbs: _Limbs, plan: Plan, com: Array, vector: Array) -> Balanced:
    """Motion of a plan for a path of the centre of mass and an additional rotation of pelvis and trunk, both (n, 3)."""
    body = limbs.body
    rotation, position, reach, miss = limbs.poses(com, vector)
    reach = np.where(miss < _MISS_M, reach, np.inf)
    angular_velocity, angular_acceleration = angular_kinematics(rotation, plan.rate_hz)
    centres = _centres(rotation, position, body.centre_of_mass)
    _, accelerations = central_differences(centres, plan.rate_hz)
    velocity, acceleration = central_differences(com[None], plan.rate_hz)[0][0], _com_acceleration(plan, com)
    velocity[:, 1] = plan.height[1]
    # All segments share what differences miss of the body's acceleration where force reaches zero within a sample.
    accelerations += acceleration - np.einsum("s,sni->ni", body.mass / body.total_mass, accelerations)
    moment = inertial_moment(rotation, body.inertia, angular_velocity, angular_acceleration).sum(axis=0)
    moment += _orbital_moment(body.mass, centres, com, accelerations)
    return Balanced(
        rotation, position, angular_velocity, angular_acceleration, centres, accelerations, reach, com, velocity,
        acceleration, moment,
    )  # fmt: skip


@dataclass(frozen=True)
class _Guess:
    """What a search hands on to a finer one.

    Parameters
    ----------
    needed : (n, 3) moment that the motion requires without additional rotation [N m].
    for_path : (n, 3) moment for which the horizontal path was found [N m].
    inertia : (n, 3) about each axis [kg m^2]; 0 before it is computed.
    """

    needed: Array
    for_path: Array
    inertia: Array

    def at(self, count: int, step: int) -> _Guess:
        """The same at `step` times as many frames."""
        known, wanted = np.arange(len(self.needed)), np.arange(count) / step
        return _Guess(*(CubicSpline(known, value)(wanted) for value in (self.needed, self.for_path, self.inertia)))


def _every_nth(plan: Plan, step: int) -> Plan:
    """Every n-th frame of a plan."""
    count = plan.time.size

    def thinned(value: object) -> object:
        """Every n-th frame of arrays along time; anything else as it is."""
        if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
            return tuple(part[::step] for part in value)
        if not isinstance(value, np.ndarray):
            return value
        return np.ascontiguousarray(value[tuple(slice(None, None, step if n == count else 1) for n in value.shape)])

    frames = {item.name: thinned(getattr(plan, item.name)) for item in fields(plan)}
    return replace(plan, **frames | {"rate_hz": plan.rate_hz / step})  # type: ignore[arg-type]


def _turned(plan: Plan, com: Array, guess: _Guess, mass: float) -> tuple[Array, Array]:
    """Rotation of pelvis and trunk [rad] and moment of the ground reaction [N m], (n, 3), for a path of the centre."""
    if not guess.inertia.any():
        return np.zeros_like(com), np.zeros_like(com)
    ground = _ground_moment(plan, com, _com_acceleration(plan, com), mass)
    capacity = np.minimum(-ground.low, ground.high)
    wanted, ahead = planned_turn(guess.needed - ground.middle, capacity, guess.inertia, plan.rate_hz)
    vector, gain = trunk_turns(guess.needed, ahead, wanted, ground, guess.inertia, plan.rate_hz)
    return vector, guess.needed + guess.inertia * gain


def _search(body: Body, plan: Plan, guess: _Guess, *, path_rounds: int) -> tuple[Balanced, _Guess]:
    """Iterate path, rotation and motion until the motion requires the moment that was assumed for it."""
    limbs = _limbs(body, plan)
    for round_ in range(_MOST_ROUNDS):
        if round_ <= path_rounds:
            x, z = horizontal_path(plan, guess.for_path, body.total_mass).T
            com = np.stack([x, plan.height[0], z], axis=1)
        vector, ground = _turned(plan, com, guess, body.total_mass)
        motion = _moved(limbs, plan, com, vector)
        change = motion.moment - ground
        carried = np.maximum(motion.com_acceleration[:, 1] + STANDARD_GRAVITY, 0.0) * body.total_mass
        excess = np.abs(change).max(axis=1) - _PRESSURE_ERROR_M * carried
        if guess.inertia.any() and excess[2 * MARGIN : -2 * MARGIN].max() < _MOMENT_ERROR:
            break
        inertia = guess.inertia if guess.inertia.any() else _turning_inertia(limbs, motion)
        # differences amplify fast changes of the moment more than trunk_turns() does: those would diverge
        change[:MARGIN], change[-MARGIN:] = 0.0, 0.0
        change[1:-1] = 0.15 * (change[:-2] + change[2:]) + 0.7 * change[1:-1]
        for_path = 0.5 * (guess.for_path + motion.moment) if round_ < path_rounds else guess.for_path
        guess = _Guess(guess.needed + change, for_path, inertia)
    return motion, guess


def balance(body: Body, plan: Plan) -> Balanced:
    """Find the motion of a plan in which the moments balance.

    Parameters
    ----------
    body : the athlete.
    plan : what to do.

    Returns
    -------
    Balanced : in flight its moment about the centre of mass is 0 within 0.1 N m, in stance the centre of pressure that
        it requires lies in the contact area.

    Raises
    ------
    ValueError : a leg is too short for the plan, or the flight could not be balanced.

    Notes
    -----
    The search runs on a coarse time grid first, since most iterations serve to find the slow part of the solution.
    """
    step = max(round(plan.rate_hz / SEARCH_RATE_HZ), 1)
    thin = _every_nth(plan, step)
    nothing = np.zeros((thin.time.size, 3))
    _, guess = _search(body, thin, _Guess(nothing, nothing, nothing), path_rounds=_PATH_ROUNDS)
    motion, _ = _search(body, plan, guess.at(plan.time.size, step), path_rounds=0)
    if motion.reach.max() > 1.0:
        late = plan.time[np.argmax(motion.reach)]
        raise ValueError(f"{plan.task}: a leg is too short for the posture at {late:.3f} s")
    aloft = np.logical_not(plan.loaded.any(axis=0))
    aloft[: edge_frames(plan.rate_hz)], aloft[-edge_frames(plan.rate_hz) :] = False, False
    worst = np.abs(motion.moment[aloft]).max(initial=0.0)
    if worst > _FLIGHT_MOMENT_LIMIT:
        raise ValueError(f"{plan.task}: angular momentum in flight changes by up to {worst:.2f} N m")
    return motion
