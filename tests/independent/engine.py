"""A body in the rigid-body engine mujoco: its model, and poses that stand on given places of the feet."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numba import njit
from scipy.spatial.transform import Rotation

from tests.independent.bodies import OUTWARD, PARENT, SIDES, Array, Body

GRAVITY = 9.80665
#: Step of the engine [s]. Truth and plates take every second one.
STEP_S = 0.0005
#: Servo of each joint: stiffness [N m/rad] and damping [N m s/rad].
SERVO = {"lumbar": (4000.0, 250.0), "hip": (4000.0, 200.0), "knee": (4000.0, 150.0), "ankle": (2500.0, 60.0)}
#: Sole of a foot, per point: stiffness [N/m], damping per penetration [s/m] (Hunt & Crossley 1975, J Appl Mech 42:440),
#: stiffness [N/m] and damping [N s/m] against sliding, and the coefficient of friction.
STIFFNESS, DAMPING, SHEAR, SHEAR_DAMPING, FRICTION = 35e3, 0.9, 25e3, 60.0, 1.0

#: Angles of a leg that is raised [rad].
RAISED = {"hip_flexion": 0.7, "hip_adduction": 0.0, "hip_rotation": 0.0, "knee_flexion": 2.0}
RAISED |= {"knee_abduction": 0.0, "knee_rotation": 0.0, "ankle_dorsiflexion": 0.0, "ankle_inversion": 0.0}
#: How deep the soles sink into the floor in standing, roughly [m].
SUNK_M = 0.002


def _text(values: Array) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


def model_of(body: Body) -> mujoco.MjModel:
    """Model of a body; the floor is not part of it (`Soles`)."""

    def segment(name: str, place: Array) -> str:
        joints = "<freejoint name='root'/>"
        if name != "pelvis":
            joints = "".join(
                f"<joint name='{hinge.name}' type='hinge' axis='{_text(hinge.axis)}'/>" for hinge in body.hinges[name]
            )
        tensor = body.inertia[name]
        entries = np.array([tensor[0, 0], tensor[1, 1], tensor[2, 2], tensor[0, 1], tensor[0, 2], tensor[1, 2]])
        below = "".join(segment(child, body.joint[child]) for child, parent in PARENT.items() if parent == name)
        return (
            f"<body name='{name}' pos='{_text(place)}'>{joints}<inertial pos='{_text(body.centre[name])}' "
            f"mass='{float(body.mass[name])!r}' fullinertia='{_text(entries)}'/>{below}</body>"
        )

    servos = "".join(
        f"<position joint='{hinge.name}' kp='{kp}' kv='{kv}'/>"
        for hinges in body.hinges.values()
        for hinge in hinges
        for joint, (kp, kv) in SERVO.items()
        if joint in hinge.name
    )
    return mujoco.MjModel.from_xml_string(
        f"<mujoco><compiler inertiafromgeom='false' balanceinertia='false' angle='degree'/>"
        f"<option gravity='0 {-GRAVITY} 0' timestep='{STEP_S}' integrator='implicitfast'/>"
        f"<worldbody>{segment('pelvis', np.zeros(3))}</worldbody><actuator>{servos}</actuator></mujoco>"
    )


class Soles:
    """Contact of the points of both soles with a floor: visco-elastic, with friction.

    Parameters
    ----------
    points : (side, point, 3) in the axes of the feet [m].
    firm : stiffness and damping against sliding, as parts of `STIFFNESS`, `SHEAR` and `SHEAR_DAMPING`.
    """

    def __init__(self, points: Array, firm: float = 1.0) -> None:
        self.points, self.firm, self.slip = points, firm, np.zeros((len(points), points.shape[1], 2))

    def loads(self, data: mujoco.MjData, feet: list[int], floor: float) -> Array:
        """Loads on each foot (side, 9); moves the slip on by a step.

        Force, moment about the centre of mass of the body, and moment about that of the foot [N], [N m].

        Parameters
        ----------
        data : of the engine, after its first half step.
        feet : numbers of the bodies.
        floor : height of the floor [m].
        """
        turn = data.xmat[feet].reshape(-1, 3, 3)
        arms = data.xpos[feet] - data.subtree_com[1]
        own = data.xipos[feet] - data.subtree_com[1]
        height = floor - data.subtree_com[1, 1]
        return _sole_loads((self.points, self.firm), self.slip, turn, arms, own, data.cvel[feet], height)


@njit(cache=True)
def _sole_loads(
    soles: tuple[Array, float], slip: Array, turn: Array, arms: Array, own: Array, speed: Array, floor: float
) -> Array:
    """Loads of `Soles.loads`; places, velocities (spin, level) and the floor from the centre of mass of the body."""
    points, firm = soles
    shear, shear_damping = firm * SHEAR, firm * SHEAR_DAMPING
    answer = np.zeros((len(points), 9))
    for side in range(len(points)):
        for point in range(points.shape[1]):
            arm = arms[side] + turn[side] @ points[side, point]
            deep = floor - arm[1]
            if deep <= 0.0:
                slip[side, point] = 0.0
                continue
            velocity = speed[side, 3:] + np.cross(speed[side, :3], arm)
            normal = firm * STIFFNESS * deep * max(1.0 - DAMPING * velocity[1], 0.0)
            slip[side, point, 0] += STEP_S * velocity[0]
            slip[side, point, 1] += STEP_S * velocity[2]
            ahead = -shear * slip[side, point, 0] - shear_damping * velocity[0]
            aside = -shear * slip[side, point, 1] - shear_damping * velocity[2]
            size, most = np.hypot(ahead, aside), FRICTION * normal
            if size > most:
                ahead, aside = ahead * most / size, aside * most / size
                slip[side, point, 0], slip[side, point, 1] = -ahead / shear, -aside / shear
            force = np.array([ahead, normal, aside])
            answer[side, :3] += force
            answer[side, 3:6] += np.cross(arm, force)
            answer[side, 6:] += np.cross(arm - own[side], force)
    return answer


@dataclass
class Figure:
    """A body in the engine.

    Parameters
    ----------
    body : drawn.
    model, data : of the engine.
    names : of the hinges, in the order of the servos.
    """

    body: Body
    model: mujoco.MjModel
    data: mujoco.MjData
    names: tuple[str, ...]

    @classmethod
    def of(cls, body: Body) -> Figure:
        """Build the figure of a body."""
        model = model_of(body)
        names = tuple(hinge.name for name in PARENT for hinge in body.hinges[name])
        order = [model.joint(model.actuator_trnid[n, 0]).name for n in range(model.nu)]
        return cls(body, model, mujoco.MjData(model), tuple(order) if set(order) == set(names) else names)

    def coordinates(self, names: list[str]) -> Array:
        """Places of hinges in the velocity; that in the position is one further, after the quaternion."""
        return np.array([self.model.joint(name).dofadr[0] for name in names])

    def servo_coordinates(self) -> Array:
        """Places of all hinges in the velocity, in the order of the servos."""
        return self.coordinates(list(self.names))


@dataclass(frozen=True)
class Stance:
    """Where the feet stand: half their distance, toes outward, and the aim of the centre of mass.

    Units [m] and [deg]; `aim` (2,) forward and to the right of the middle of the ankles that bear; `legs` which bear,
    the other is raised (`RAISED`).
    """

    half_width: float
    toe_out: float
    aim: Array
    legs: tuple[str, ...] = SIDES


def crouch(
    figure: Figure, stance: Stance, depth: float, lean: tuple[float, float], start: Array | None = None
) -> Array:
    """Position (qpos) in which the soles that bear are flat on the floor and the centre of mass is above its aim.

    Parameters
    ----------
    figure, stance : who, and where the feet are.
    depth : of the hips below their height with legs that are 99.5 % straight [m].
    lean : forward tilt of the pelvis and flexion of the lumbar joint [rad].
    start : position from which the search starts.
    """
    data, body = figure.data, figure.body
    legs = {side: _leg(figure, side) for side in stance.legs}
    data.qpos[:] = _guess(figure, stance, depth, lean) if start is None else start
    for side in set(SIDES) - set(stance.legs):
        for name, value in RAISED.items():
            data.qpos[1 + figure.coordinates([f"{side}_{name}"])] = value
    rows = np.concatenate([[0, 2], *(own[0] for own in legs.values())])
    for _ in range(60):
        data.qpos[1] = _hip_height(body, stance) - depth
        data.qpos[3:7] = Rotation.from_rotvec([0.0, 0.0, -lean[0]]).as_quat()[[3, 0, 1, 2]]
        data.qpos[1 + figure.coordinates(["lumbar_flexion"])] = lean[1]
        for side in stance.legs:
            knee, others = legs[side][0][3], legs[side][1]
            data.qpos[others + 1] = data.qpos[knee + 1] * legs[side][2]
        error, slope = _stance_error(figure, stance, legs)
        if np.abs(error).max() < 1e-9:
            return data.qpos.copy()
        move = np.linalg.solve(slope, error)
        move *= min(1.0, 0.3 / np.abs(move).max())
        places = np.where(rows < 6, rows, rows + 1)
        data.qpos[places] -= move
    raise RuntimeError("no such crouch")


def _leg(figure: Figure, side: str) -> tuple[Array, Array, Array]:
    """Velocity places of the six free hinges of a leg, those of its two bound ones, and how these follow the knee."""
    free = [f"{side}_{name}" for name in ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion")]
    free += [f"{side}_{name}" for name in ("ankle_dorsiflexion", "ankle_inversion")]
    bound = [f"{side}_{name}" for name in ("knee_abduction", "knee_rotation")]
    parts = np.array([figure.body.knee_abduction_part[side], figure.body.knee_rotation_part[side]])
    return figure.coordinates(free), figure.coordinates(bound), parts


def _hip_height(body: Body, stance: Stance) -> float:
    """Height of the hips with legs that are nearly straight [m]."""
    heights = []
    for side in stance.legs:
        length = -(body.joint[f"{side}_shank"][1] + body.joint[f"{side}_foot"][1]) * 0.995
        aside = stance.half_width - abs(body.joint[f"{side}_thigh"][2])
        if len(stance.legs) == 1:
            aside = stance.aim[1] + body.joint[f"{side}_thigh"][2]
        heights.append(np.sqrt(length**2 - aside**2 - stance.aim[0] ** 2) - body.sole[side][0, 1] - SUNK_M)
    return float(min(heights))


def _guess(figure: Figure, stance: Stance, depth: float, lean: tuple[float, float]) -> Array:
    qpos = np.zeros(figure.model.nq)
    beside = np.mean([OUTWARD[side] * stance.half_width for side in stance.legs]) + stance.aim[1]
    qpos[:3], qpos[3] = [stance.aim[0], _hip_height(figure.body, stance) - depth, beside], 1.0
    bend = 0.1 + 2.0 * np.sqrt(max(depth, 0.0) / 0.85)
    for side in stance.legs:
        for name, value in (
            ("hip_flexion", 0.5 * bend + lean[0]),
            ("knee_flexion", bend),
            ("ankle_dorsiflexion", 0.5 * bend),
        ):
            qpos[1 + figure.coordinates([f"{side}_{name}"])] = value
    return qpos


def _stance_error(figure: Figure, stance: Stance, legs: dict[str, tuple[Array, Array, Array]]) -> tuple[Array, Array]:
    """Departure of the feet that bear (6 each) and of the centre of mass (2) from their aims, and its square slope."""
    model, data = figure.model, figure.data
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    free = np.concatenate([[0, 2], *(own[0] for own in legs.values())])
    error, slope = np.zeros(len(free)), np.zeros((len(free), len(free)))
    level, turning = np.zeros((2, 3, model.nv))
    ankles = np.zeros(3)
    for number, side in enumerate(stance.legs):
        foot = model.body(f"{side}_foot").id
        mujoco.mj_jacBody(model, data, level, turning, foot)
        whole = np.vstack([level, turning])
        whole[:, legs[side][0][3]] += whole[:, legs[side][1]] @ legs[side][2]
        aim = np.array([0.0, -figure.body.sole[side][0, 1] - SUNK_M, OUTWARD[side] * stance.half_width])
        ankles += aim / len(stance.legs)
        wanted = Rotation.from_rotvec([0.0, -OUTWARD[side] * np.radians(stance.toe_out), 0.0])
        off = Rotation.from_matrix(data.xmat[foot].reshape(3, 3)) * wanted.inv()
        part = slice(6 * number, 6 * number + 6)
        error[part] = np.concatenate([data.xpos[foot] - aim, off.as_rotvec()])
        slope[part] = whole[:, free]
    mujoco.mj_jacSubtreeCom(model, data, level, 1)
    for own in legs.values():
        level[:, own[0][3]] += level[:, own[1]] @ own[2]
    error[-2:] = data.subtree_com[1][[0, 2]] - ankles[[0, 2]] - stance.aim
    slope[-2:] = level[[0, 2]][:, free]
    return error, slope
