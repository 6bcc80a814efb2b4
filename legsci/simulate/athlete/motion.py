"""Motion of the virtual athlete: one trial of a task without measurement error."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.balance import Balanced, balance
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.jumps import plan_countermovement_jump, plan_drop_jump, plan_repeated_hops, plan_squat_jump
from legsci.simulate.athlete.kinetics import edge_frames
from legsci.simulate.athlete.plan import Array, Motion, Plan, Technique
from legsci.simulate.athlete.single_leg import plan_lateral_jump, plan_sprint
from legsci.simulate.athlete.squats import plan_isometric_pull, plan_squat, plan_standing
from legsci.vocabulary import SEGMENTS, SIDES_OF_BODY, STANDARD_GRAVITY

#: How each task is planned: (body, technique, rate_hz) -> Plan.
TASK_PLANS = {
    "standing": plan_standing,
    "squat": plan_squat,
    "countermovement_jump": plan_countermovement_jump,
    "squat_jump": plan_squat_jump,
    "drop_jump": plan_drop_jump,
    "lateral_jump": plan_lateral_jump,
    "sprint": plan_sprint,
    "repeated_hops": plan_repeated_hops,
    "isometric_pull": plan_isometric_pull,
}
#: Inclination of each foot's reaction toward the midline, as a share of the line from foot to centre of mass.
_INWARD = 0.4
#: How far the centre of pressure may lie outside the area that is planned with; still under the foot [m].
_SOLE_EDGE_M = 0.006


def simulate_motion(task: str, athlete: Athlete, technique: Technique, *, rate_hz: float = 1000.0) -> Motion:
    """Simulate one trial without measurement error.

    Parameters
    ----------
    task : key of TASK_PLANS.
    athlete : the person.
    technique : what the trial should show.
    rate_hz : sampling rate [Hz].

    Returns
    -------
    Motion : kinematics and ground reaction are dynamically consistent.

    Raises
    ------
    ValueError : unknown task, or a technique that this body cannot carry out.
    """
    if task not in TASK_PLANS:
        raise ValueError(f"task is {task!r}, expected one of {', '.join(sorted(TASK_PLANS))}")
    body = build_body(athlete, barbell_kg=technique.barbell_kg)
    plan = TASK_PLANS[task](body, technique, rate_hz)
    balanced = balance(body, plan)
    force, pressure, free_moment = _ground_reaction(plan, balanced, body.total_mass, technique)
    inner = slice(edge_frames(rate_hz), -edge_frames(rate_hz))
    position = balanced.position[:, inner]
    rotation = balanced.rotation[:, inner]
    angles = _body_angles(rotation)
    joints = {"mid_hip": position[0], "lumbar": position[1]}
    for side in ("left", "right"):
        for joint, segment in (("hip", "thigh"), ("knee", "shank"), ("ankle", "foot")):
            joints[f"{side}_{joint}"] = position[SEGMENTS.index(f"{side}_{segment}")]
    return Motion(
        task=task,
        time=plan.time[inner],
        rate_hz=rate_hz,
        segments=SEGMENTS,
        rotation=rotation,
        position=position,
        angular_velocity=balanced.angular_velocity[:, inner],
        angular_acceleration=balanced.angular_acceleration[:, inner],
        centre_of_mass=balanced.centre_of_mass[:, inner],
        centre_of_mass_acceleration=balanced.centre_of_mass_acceleration[:, inner],
        body_com=balanced.com[inner],
        body_com_velocity=balanced.com_velocity[inner],
        body_com_acceleration=balanced.com_acceleration[inner],
        force=force[:, inner],
        centre_of_pressure=pressure[:, inner],
        free_moment=free_moment[:, inner],
        joint_centre=joints,
        angles=angles,
        events=plan.events,
        truth=plan.truth | _shown(plan, angles, force),
    )


def _grood_suntay(proximal: Array, distal: Array, side: float) -> tuple[Array, Array, Array]:
    """Extension, adduction and internal rotation (n,) [rad]: about proximal z, floating axis and distal y.

    R_proximal^T R_distal = Rz(a) Rx(b) Ry(c); b and c are turned so that they mean the same on both sides (-1: left).
    """
    relative = np.swapaxes(proximal, -1, -2) @ distal
    about_z = np.arctan2(-relative[..., 0, 1], relative[..., 1, 1])
    about_x = np.arcsin(np.clip(relative[..., 2, 1], -1.0, 1.0))
    about_y = np.arctan2(-relative[..., 2, 0], relative[..., 2, 2])
    return about_z, side * about_x, side * about_y


def _body_angles(rotation: Array) -> dict[str, Array]:
    """Joint and segment angles of all frames, after Grood & Suntay 1983 and the ISB recommendation (Wu et al. 2002).

    Parameters
    ----------
    rotation : (segment, n, 3, 3), in the order of SEGMENTS.

    Returns
    -------
    name -> (n,) [deg], per side `left_`/`right_`: hip_flexion, hip_adduction, hip_rotation (internal), knee_flexion,
    knee_abduction (valgus), knee_rotation (internal), ankle_dorsiflexion, ankle_inversion, ankle_rotation (internal),
    pelvic_drop (other side down, from the line between the hips), foot_pitch (toes up); and lumbar_flexion,
    lumbar_bend (to the right), lumbar_rotation (to the left), trunk_lean (forward), pelvic_tilt (forward).
    """
    turn = dict(zip(SEGMENTS, rotation, strict=True))
    angles: dict[str, Array] = {}
    for name, side in (("left", -1.0), ("right", 1.0)):
        thigh, shank, foot = (turn[f"{name}_{segment}"] for segment in ("thigh", "shank", "foot"))
        hip = _grood_suntay(turn["pelvis"], thigh, side)
        angles |= {f"{name}_hip_flexion": hip[0], f"{name}_hip_adduction": hip[1], f"{name}_hip_rotation": hip[2]}
        knee = _grood_suntay(thigh, shank, side)
        angles |= {
            f"{name}_knee_flexion": -knee[0],
            f"{name}_knee_abduction": -knee[1],
            f"{name}_knee_rotation": knee[2],
        }
        ankle = _grood_suntay(shank, foot, side)
        angles |= {
            f"{name}_ankle_dorsiflexion": ankle[0],
            f"{name}_ankle_inversion": ankle[1],
            f"{name}_ankle_rotation": ankle[2],
            f"{name}_pelvic_drop": side * np.arcsin(turn["pelvis"][:, 1, 2]),
            f"{name}_foot_pitch": np.arcsin(np.clip(foot[:, 1, 0], -1.0, 1.0)),
        }
    lumbar = _grood_suntay(turn["pelvis"], turn["trunk"], 1.0)
    angles |= {"lumbar_flexion": -lumbar[0], "lumbar_bend": lumbar[1], "lumbar_rotation": lumbar[2]}
    for name, segment in (("trunk_lean", "trunk"), ("pelvic_tilt", "pelvis")):
        angles[name] = np.arctan2(turn[segment][:, 0, 1], turn[segment][:, 1, 1])
    return {name: np.degrees(values) for name, values in angles.items()}


def _shown(plan: Plan, angles: dict[str, Array], force: Array) -> dict[str, float | list[float]]:
    """Extremes of the trial's angles [deg], and impulses of running steps against and with the run [N s]."""
    shown: dict[str, float | list[float]] = {
        f"{name}_max_deg": float(angles[name].max()) for name in ("lumbar_flexion", "trunk_lean")
    }
    for side in SIDES_OF_BODY:
        for name in ("knee_flexion", "knee_abduction", "pelvic_drop", "hip_flexion", "ankle_dorsiflexion"):
            shown[f"{side}_{name}_max_deg"] = float(angles[f"{side}_{name}"].max())
    if plan.task == "sprint":
        forward = force[:, :, 0].sum(axis=0) / plan.rate_hz
        contacts = zip(plan.events["touchdown"], plan.events["takeoff"], strict=True)
        steps = [forward[(plan.time >= on) & (plan.time <= off)] for on, off in contacts]
        shown["horizontal_braking_impulse_n_s"] = [float(-step[step < 0.0].sum()) for step in steps]
        shown["horizontal_propulsion_impulse_n_s"] = [float(step[step > 0.0].sum()) for step in steps]
    return shown


def _ground_reaction(plan: Plan, motion: Balanced, mass: float, technique: Technique) -> tuple[Array, Array, Array]:
    """Force (2, n, 3), centre of pressure (2, n, 3) and free moment (2, n) of each foot.

    The whole reaction follows from the motion. Between two feet it is shared so that both centres of pressure lie
    equally far ahead and the shares are those of the lateral centre of pressure between the feet; a pair of opposite
    inward forces along the line that joins them, as people push outward against the ground, adds no moment. A pull at a
    bar over the centre of mass is borne by the ground as well.
    """
    loaded = plan.loaded.any(axis=0)
    force = mass * (motion.com_acceleration + np.array([0.0, STANDARD_GRAVITY, 0.0]))
    if plan.bar is not None:
        force[:, 1] += plan.bar
    force[~loaded] = 0.0
    up = np.where(force[:, 1] > 0.0, force[:, 1], np.inf)
    height = motion.com[:, 1] - plan.ground
    x = motion.com[:, 0] + (motion.moment[:, 2] - height * force[:, 0]) / up
    z = motion.com[:, 2] - (motion.moment[:, 0] + height * force[:, 2]) / up
    x = np.clip(x, plan.pressure_low[:, 0] - _SOLE_EDGE_M, plan.pressure_high[:, 0] + _SOLE_EDGE_M)
    z = np.clip(z, plan.pressure_low[:, 1] - _SOLE_EDGE_M, plan.pressure_high[:, 1] + _SOLE_EDGE_M)
    free_moment = motion.moment[:, 1] - ((z - motion.com[:, 2]) * force[:, 0] - (x - motion.com[:, 0]) * force[:, 2])
    free_moment[~loaded] = 0.0
    foot_z = plan.foot_z
    apart = foot_z[1] - foot_z[0]
    right = np.where(plan.loaded[1], 1.0, 0.0)
    both = plan.loaded.all(axis=0)
    right[both] = np.clip((z[both] - foot_z[0, both]) / apart[both], 0.0, 1.0)
    share = np.stack([1.0 - right, right]) * loaded
    pressure = np.full((2, plan.time.size, 3), np.nan)
    aside = z - share[0] * foot_z[0] - share[1] * foot_z[1]
    pressure[:, :, 0], pressure[:, :, 1], pressure[:, :, 2] = x, plan.ground, foot_z + aside
    forces = share[:, :, None] * force
    inward = _INWARD * 0.5 * apart / height * share[0] * share[1] * 2.0 * force[:, 1] * both
    forces[0, :, 2] += inward
    forces[1, :, 2] -= inward
    pressure[~(plan.loaded & (forces[:, :, 1] > 0.0))] = np.nan
    return forces, pressure, share * free_moment
