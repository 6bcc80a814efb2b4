"""A trial in the engine: forward dynamics of the figure under its servos, then what the engine says of each sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from tests.independent.bodies import OUTWARD, PARENT, SEGMENTS, SIDES, Array, Body
from tests.independent.engine import GRAVITY, SERVO, STEP_S, Figure, Soles
from tests.independent.lateral import LateralDriver, draw_lateral_technique
from tests.independent.motions import STANDING_M, Driver, Technique, draw_technique

#: Rate of the samples [Hz].
RATE_HZ = 1000.0
TASKS = ("standing", "squat", "countermovement_jump", "drop_jump", "lateral_jump")
#: The engine takes loads from outside about the centre of mass of a segment: which of `Soles.loads` these are.
LOADS_OF_ENGINE = [0, 1, 2, 6, 7, 8]
#: A run is ended after this time [s]; feet that were off the floor for more samples than AIRBORNE have landed.
LONGEST_S, AIRBORNE = 12.0, 60
#: A body that ends with its trunk less upright than this (cosine), or faster, has fallen; so often it tries again.
UPRIGHT, STILL_M_PER_S, ATTEMPTS = 0.95, 0.1, 10
#: A foot that bears this [N] is at least so far from the other foot's plate [m].
LOADED_N, EDGE_M = 30.0, 0.005
#: Servo of an ankle that yields to a touchdown: stiffness [N m/rad], damping [N m s/rad].
YIELDING = (1500.0, 20.0)


@dataclass(frozen=True)
class Trial:
    """What the engine says of a trial, in axes x forward, y up, z right, with the origin on the floor.

    Parameters
    ----------
    task, technique, body : what was done, how, by whom.
    time : (sample,) [s].
    position, rotation : segment -> (sample, 3) of its upper joint centre [m], (sample, 3, 3) of its axes.
    spin : segment -> (sample, 3) angular velocity [rad/s].
    force, moment : side -> (sample, 3) load of the floor on a foot, moment about the origin [N], [N m]; the box apart.
    joint_force, joint_moment : lower segment -> (sample, 3) load of its parent on it at the joint centre [N], [N m].
    centre, velocity : (sample, 3) of the centre of mass [m], [m/s].
    angular_momentum : (sample, 3) about the centre of mass [kg m^2/s].
    energy : (sample,) kinetic and potential [J].
    joint_power : lower segment -> (sample,) power that its moment delivers [W].
    residual : (sample, 6) force and moment that the motion needs beyond the loads of the ground [N], [N m].
    events : name -> [s].
    """

    task: str
    technique: Technique
    body: Body
    time: Array
    position: dict[str, Array]
    rotation: dict[str, Array]
    spin: dict[str, Array]
    force: dict[str, Array]
    moment: dict[str, Array]
    joint_force: dict[str, Array]
    joint_moment: dict[str, Array]
    centre: Array
    velocity: Array
    angular_momentum: Array
    energy: Array
    joint_power: dict[str, Array]
    residual: Array
    events: dict[str, float]


@dataclass
class _States:
    """States of a run, a row each: qpos, qvel, qacc, loads of both feet in it and half a sample later,
    centre of mass, whether on the box."""

    qpos: list[Array]
    qvel: list[Array]
    qacc: list[Array]
    loads: list[Array]
    loads_between: list[Array]
    centre: list[Array]
    on_box: list[bool]


def perform(figure: Figure, seed: int, task: str) -> Trial:
    """Let a body do a task; who falls, or steps on the other plate, draws another technique.

    Parameters
    ----------
    figure : the body.
    seed : its seed.
    task : of `TASKS`.

    Raises
    ------
    RuntimeError : the body fell each time.
    """
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, 2, TASKS.index(task), attempt])
        try:
            technique = draw_lateral_technique(rng) if task == "lateral_jump" else draw_technique(task, rng)
            trial = _run(figure, technique, task, rng)
        except (RuntimeError, np.linalg.LinAlgError):  # nobody takes off, or the body tumbles
            continue
        if _stands(trial) and all(_on_own_plate(trial, side) for side in SIDES):
            return trial
    raise RuntimeError(f"body {seed} fell in {ATTEMPTS} attempts at {task}")


def _stands(trial: Trial) -> bool:
    """Whether the body ends upright and still; after a lateral jump upright, on the leg that landed alone."""
    upright = bool(trial.rotation["trunk"][-1, 1, 1] > UPRIGHT)
    if trial.task == "lateral_jump":
        off = trial.force[trial.technique.leg][:, 1] > 0.0
        return upright and np.count_nonzero(np.diff(off)) == 1
    return upright and bool(np.abs(trial.velocity[-500:]).max() < STILL_M_PER_S)


def _on_own_plate(trial: Trial, side: str) -> bool:
    """Whether a foot presses on its own side of the line between the plates."""
    force, moment = trial.force[side], trial.moment[side]
    loaded = force[:, 1] > LOADED_N
    return bool((OUTWARD[side] * -moment[loaded, 0] / force[loaded, 1] > EDGE_M).all())


def _run(figure: Figure, technique: Technique, task: str, rng: np.random.Generator) -> Trial:
    """Simulate a trial; a jump is trimmed first."""
    if task in ("countermovement_jump", "drop_jump", "lateral_jump"):
        technique = _trimmed(figure, technique, task)
    driver = driver_of(task)(figure, technique, task, rng)
    states = _States([], [], [], [], [], [], [])
    for _ in _steps(figure, driver, task, settle=700, states=states):
        pass
    return _replay(figure, technique, task, states, driver.events)


def driver_of(task: str) -> type[Driver]:
    """Driver of a task."""
    return LateralDriver if task == "lateral_jump" else Driver


def _trimmed(figure: Figure, technique: Technique, task: str) -> Technique:
    """The technique with which the jump goes straight up without turning over: six secant steps."""

    lateral = task == "lateral_jump"

    def takeoff(trim: Array) -> Array:
        """Angular momentum about the right and velocity forward at take-off; if lateral, momentum forward too."""
        way = replace(technique, trim=tuple(trim.tolist()), quiet_s=0.2, sway_m=0.0)
        driver = driver_of(task)(figure, way, task, np.random.default_rng(0), table)
        loaded = 0
        for now, grounded in _steps(figure, driver, task, settle=500):
            loaded += grounded and now > driver.pushing_s
            if loaded and not grounded:
                spin, speed = figure.data.subtree_angmom[1], figure.data.subtree_linvel[1]
                return np.array([spin[2], speed[0], spin[0]][: 2 + lateral])
        raise RuntimeError("nobody takes off")

    table = driver_of(task).poses(figure, technique)
    most, weights = np.array([0.2, 0.12, 0.2][: 2 + lateral]), np.array([0.05, 1.0, 0.05][: 2 + lateral])
    trim, steps = np.zeros(2 + lateral), np.diag([0.1, 0.02, 0.1][: 2 + lateral])
    found = takeoff(trim)
    slope = np.array([(takeoff(trim + step) - found) / step.sum() for step in steps]).T
    for _ in range(6):
        move = np.clip(-np.linalg.solve(slope, found), -most, most)
        trim, before = trim + move, found
        found = takeoff(trim)
        if np.abs(found * weights).max() < 0.05:
            break
        slope += np.outer(found - before - slope @ move, move) / (move @ move)
    return replace(technique, trim=tuple(trim.tolist()))


def _steps(
    figure: Figure, driver: Driver, task: str, *, settle: int, states: _States | None = None
) -> Iterator[tuple[float, bool]]:
    """Run the engine: time and whether the feet are on the floor, after each sample; states are appended.

    The person settles onto the servos for so many samples before the recording starts.
    """
    model, data = figure.model, figure.data
    mujoco.mj_resetData(model, data)
    floor = driver.technique.box_m if task == "drop_jump" else 0.0
    places, ankles = figure.servo_coordinates(), [n for n, name in enumerate(figure.names) if "ankle" in name]
    start, angles = driver.standing()
    data.qpos[:] = start
    data.qpos[1 + places] = angles
    data.qpos[1] += floor - STANDING_M
    feet = [model.body(f"{side}_foot").id for side in SIDES]
    _tune(figure, driver.firm)
    soles = Soles(np.stack([figure.body.sole[side] for side in SIDES]), driver.firm)
    aim, airborne, yielded, aims = driver.technique.stance.aim, 0, -1.0, np.empty(0)
    mujoco.mj_step1(model, data)
    loads = soles.loads(data, feet, floor)
    for tick in range(-settle, round(LONGEST_S * RATE_HZ)):
        now = tick / RATE_HZ
        if now > driver.end_s:
            return
        if floor > 0.0 and now >= driver.start_s:
            floor = 0.0
            driver.fall(now)
        mujoco.mj_subtreeVel(model, data)
        velocity, grounded = data.subtree_linvel[1], bool(loads[:, 1].any())
        if grounded and airborne > AIRBORNE and now > 0.0:
            driver.touch(now, max(-velocity[1], 0.5))
        airborne = 0 if grounded else airborne + 1
        middle = driver.bearing() @ data.xpos[feet]
        angle, rate = driver.servo(now, (data.subtree_com[1] - middle)[[0, 2]] - aim, velocity[[0, 2]], grounded)
        if (yields := driver.yielding(now, grounded)) != yielded:
            firm, soft, yielded = np.array(SERVO["ankle"]), np.array(YIELDING), yields
            stiffness, damping = driver.firm * (firm + yields * (soft - firm))
            model.actuator_gainprm[ankles, 0] = stiffness
            model.actuator_biasprm[ankles, 1], model.actuator_biasprm[ankles, 2] = -stiffness, -damping
            lag = model.actuator_biasprm[:, 2] / model.actuator_biasprm[:, 1]
        before, aims = aims if aims.size else angle + lag * rate, angle + lag * rate
        for half in range(2):
            # On a straight line from one aim to the next, so that no step of the aims shakes the joints.
            data.ctrl[:] = aims if half else 0.5 * (before + aims)
            loads = soles.loads(data, feet, floor)
            qpos, qvel = data.qpos.copy(), data.qvel.copy()
            data.xfrc_applied[feet] = loads[:, LOADS_OF_ENGINE]
            centre = data.subtree_com[1].copy()
            mujoco.mj_step2(model, data)
            if tick >= 0 and states is not None and half == 1:
                states.loads_between.append(loads)
            if tick >= 0 and states is not None and half == 0:
                states.qpos.append(qpos)
                states.qvel.append(qvel)
                states.qacc.append((data.qvel - qvel) / STEP_S)
                states.loads.append(loads)
                states.centre.append(centre)
                states.on_box.append(floor > 0.0)
            mujoco.mj_step1(model, data)
        yield now, grounded


def _tune(figure: Figure, firm: float) -> None:
    """Set the servos to so many times their stiffness and damping in `SERVO`."""
    for number, name in enumerate(figure.names):
        stiffness, damping = next(gains for joint, gains in SERVO.items() if joint in name)
        figure.model.actuator_gainprm[number, 0] = firm * stiffness
        figure.model.actuator_biasprm[number, 1:3] = -firm * stiffness, -firm * damping


def _moved(force: Array, moment: Array, way: Array) -> Array:
    """Moment about a point that lies `way` from the one it is given about."""
    return moment - np.cross(way, force)


def _replay(figure: Figure, technique: Technique, task: str, states: _States, events: dict[str, float]) -> Trial:
    """Inverse dynamics of the engine in each sample, with the loads of the ground as loads from outside."""
    model, data = figure.model, figure.data
    flags = model.opt.disableflags
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ACTUATION
    model.opt.enableflags |= mujoco.mjtEnableBit.mjENBL_ENERGY
    feet = [model.body(f"{side}_foot").id for side in SIDES]
    loads, centre = np.array(states.loads), np.array(states.centre)
    names = ("xpos", "xipos", "xmat", "cvel", "cfrc_int", "subtree_linvel", "subtree_angmom", "energy")
    kept: dict[str, list[Array]] = {name: [] for name in names}
    for qpos, qvel, qacc, load in zip(states.qpos, states.qvel, states.qacc, loads, strict=True):
        data.qpos[:], data.qvel[:], data.qacc[:] = qpos, qvel, qacc
        mujoco.mj_fwdPosition(model, data)
        data.xfrc_applied[feet] = load[:, LOADS_OF_ENGINE]
        mujoco.mj_inverse(model, data)
        mujoco.mj_rnePostConstraint(model, data)
        mujoco.mj_subtreeVel(model, data)
        mujoco.mj_energyPos(model, data)
        mujoco.mj_energyVel(model, data)
        for name, values in kept.items():
            values.append(getattr(data, name).copy())
    model.opt.disableflags = flags
    data.xfrc_applied[:] = 0.0
    of = {name: np.array(values) for name, values in kept.items()}
    plates = _of_plates(states, centre)
    return _answer(figure, technique, task, events, (of, plates, centre, np.array(states.on_box)))


def _of_plates(states: _States, centre: Array) -> Array:
    """What plates feel (sample, side, 6), moment about the origin: the mean over a sample of the engine's steps."""
    both = np.empty((2 * len(centre), len(SIDES), 6))
    both[0::2], both[1::2] = (np.array(loads)[..., :6] for loads in (states.loads, states.loads_between))
    places = np.repeat(centre, 2, axis=0)
    places[1:-1:2] = 0.5 * (centre[1:] + centre[:-1])
    both[..., 3:] += np.cross(places[:, None], both[..., :3])
    both[np.repeat(states.on_box, 2)] = 0.0
    smooth = both[0::2].copy()
    smooth[1:] = 0.5 * both[2::2] + 0.25 * (both[1:-1:2] + both[3::2])
    return smooth


def _answer(
    figure: Figure,
    technique: Technique,
    task: str,
    events: dict[str, float],
    found: tuple[dict[str, Array], Array, Array, Array],
) -> Trial:
    """Put the engine's arrays under the names of segments."""
    of, plates, centre, boxed = found
    ids = {name: figure.model.body(name).id for name in SEGMENTS}
    inner = of["cfrc_int"]
    joint_moment, power = {}, {}
    for name in PARENT:
        load = inner[:, ids[name]]
        joint_moment[name] = _moved(load[:, 3:], load[:, :3], of["xpos"][:, ids[name]] - centre)
        # All hinges of a joint meet in its centre: the force there does no work.
        turning = of["cvel"][:, ids[name], :3] - of["cvel"][:, ids[PARENT[name]], :3]
        power[name] = np.einsum("tj,tj->t", joint_moment[name], turning)
    # The engine's velocity is that between two steps.
    gained = plates[:, :, :3].sum(axis=1) / figure.body.mass_kg - [0.0, GRAVITY, 0.0]
    gained[boxed] = 0.0
    return Trial(
        task=task,
        technique=technique,
        body=figure.body,
        time=np.arange(len(centre)) / RATE_HZ,
        position={name: of["xpos"][:, number] for name, number in ids.items()},
        rotation={name: of["xmat"][:, number].reshape(-1, 3, 3) for name, number in ids.items()},
        spin={name: of["cvel"][:, number, :3] for name, number in ids.items()},
        force={side: plates[:, n, :3] for n, side in enumerate(SIDES)},
        moment={side: plates[:, n, 3:] for n, side in enumerate(SIDES)},
        joint_force={name: inner[:, ids[name], 3:] for name in PARENT},
        joint_moment=joint_moment,
        centre=centre,
        velocity=of["subtree_linvel"][:, 1] + 0.5 * STEP_S * gained,
        angular_momentum=of["subtree_angmom"][:, 1],
        energy=of["energy"].sum(axis=1),
        joint_power=power,
        residual=inner[:, ids["pelvis"]][:, [3, 4, 5, 0, 1, 2]],
        events=events,
    )
