"""What a trial should show (Technique), its planned kinematics (Plan), and the resulting motion (Motion)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Values that were put into a trial, unit in the name.
Truth = dict[str, float | list[float]]


@dataclass(frozen=True)
class Technique:
    """How an athlete carries out one trial; each task uses what applies to it. Sided values are (left, right).

    Parameters
    ----------
    quiet_s : quiet standing before and after the movement [s].
    stance_width_m : distance of the ankles in standing [m].
    depth_m : how far the centre of mass sinks (jumps and squats) [m].
    depth_scale_per_rep : depth of each squat, times `depth_m`; its length is the number of squats.
    eccentric_s, pause_s, concentric_s : times of a squat; of a countermovement jump only the first [s].
    slowing_per_rep : concentric time grows by this fraction from the first to the last squat.
    rest_between_s : standing between two squats [s].
    barbell_kg : mass on the shoulders [kg].
    trunk_lean_deg : greatest forward lean of the trunk against the vertical [deg].
    lumbar_flexion_deg : greatest flexion of the trunk against the pelvis, more than in standing [deg].
    pelvic_drop_deg : greatest sinking of the pelvis on the side opposite to the loaded leg; in tasks on both legs the
        right side is treated as the loaded one [deg].
    knee_abduction_peak_deg : greatest valgus [deg].
    asymmetry : share of the load on the right foot, 0.5 = even.
    takeoff_velocity_m_per_s : vertical velocity of the centre of mass at take-off [m/s].
    landing_drop_m : how much lower the centre of mass is at landing than at take-off [m].
    landing_depth_m : how far it sinks from landing to its lowest point [m].
    drop_height_m : height of the box [m].
    contact_time_s : ground contact of a rebound, and of a running step [s].
    lateral_distance_m : sideways distance of a lateral jump, toward the landing leg [m].
    leg : leg that pushes off in a lateral jump; with which the first running step is made.
    speed_m_per_s : running speed [m/s].
    flight_time_s : flight between two sprint steps [s].
    steps : ground contacts of a sprint trial, hops of repeated hops.
    foot_strike_angle_deg : pitch of the foot at contact, toes up positive [deg].
    touchdown_distance_m : how much further ahead of the centre of mass the foot lands than at steady speed, where the
        middle of the path of the centre of pressure lies ahead by half of the distance travelled in contact; a larger
        distance brakes [m].
    running_lean_deg : forward lean of the trunk in running [deg].
    pull_n, pretension_n, pull_s : of an isometric pull, the force that the effort adds, the force before it [N], and
        how long the effort lasts [s].
    sway : size of the sway in standing, 1 = ordinary, 0 = none; sway_seed : entropy of its phases.
    """

    quiet_s: float = 1.5
    stance_width_m: float = 0.28
    depth_m: float = 0.30
    depth_scale_per_rep: tuple[float, ...] = (1.0, 1.0, 1.0)
    eccentric_s: float = 0.60
    pause_s: float = 0.10
    concentric_s: float = 0.90
    slowing_per_rep: float = 0.0
    rest_between_s: float = 0.8
    barbell_kg: float = 0.0
    trunk_lean_deg: float = 32.0
    lumbar_flexion_deg: float = 10.0
    pelvic_drop_deg: float = 2.0
    knee_abduction_peak_deg: tuple[float, float] = (6.0, 6.0)
    asymmetry: float = 0.5
    takeoff_velocity_m_per_s: float = 2.45
    landing_drop_m: float = 0.02
    landing_depth_m: float = 0.22
    drop_height_m: float = 0.30
    contact_time_s: float = 0.20
    lateral_distance_m: float = 0.9
    leg: str = "right"
    speed_m_per_s: float = 3.8
    flight_time_s: float = 0.12
    steps: int = 4
    foot_strike_angle_deg: float = 8.0
    touchdown_distance_m: float = 0.0
    running_lean_deg: float = 5.0
    pull_n: float = 1500.0
    pretension_n: float = 30.0
    pull_s: float = 3.0
    sway: float = 1.0
    sway_seed: tuple[int, ...] = (0,)


#: Values that differ from Technique's own, by task.
_TASK_VALUES: dict[str, dict[str, Any]] = {
    "squat": {
        "depth_m": 0.42, "eccentric_s": 1.4, "concentric_s": 1.2, "trunk_lean_deg": 38.0, "stance_width_m": 0.36,
        "lumbar_flexion_deg": 14.0,
    },
    "drop_jump": {"landing_depth_m": 0.20, "trunk_lean_deg": 28.0},
    "repeated_hops": {
        "depth_m": 0.20, "eccentric_s": 0.5, "takeoff_velocity_m_per_s": 2.0, "trunk_lean_deg": 20.0, "steps": 10,
        "contact_time_s": 0.20, "knee_abduction_peak_deg": (3.0, 3.0),
    },
    "lateral_jump": {
        "depth_m": 0.16, "eccentric_s": 0.6, "takeoff_velocity_m_per_s": 1.4, "landing_depth_m": 0.14,
        "trunk_lean_deg": 20.0,
    },
}  # fmt: skip


def default_technique(task: str) -> Technique:
    """Technique of a plausible athlete in a task."""
    return Technique(**_TASK_VALUES.get(task, {}))


@dataclass(frozen=True)
class Timeline:
    """Time course of a trial.

    Parameters
    ----------
    task : key of TASKS.
    time : (n,) [s]; rate_hz : [Hz].
    movements : (start, end) of everything that is not standing [s].
    events : name -> times [s].
    """

    task: str
    time: Array
    rate_hz: float
    movements: list[tuple[float, float]]
    events: dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """Planned kinematics, frame by frame; sided arrays are (left, right).

    Parameters
    ----------
    time : (n,) [s]; rate_hz : [Hz].
    height : position, velocity, acceleration (n,) of the body's centre of mass, in closed form but for the sway of
        standing [m], [m/s], [m/s^2].
    ground : (n,) height of the surface that carries the body [m].
    pressure : (n, 2) wanted centre of pressure, x and z [m].
    pressure_low, pressure_high : (n, 2) limits of the contact area [m].
    ends : ((x, z), (x, z)) of the centre of mass in the first and last frame [m].
    pelvis, trunk : (n, 3) yaw (to the left), list (right side down) and forward tilt [rad].
    toe : (2, n, 3) tip of the foot [m]; heel_rise : (2, n) pitch of the foot, toes down [rad]; yaw : (2, n) [rad].
    abduction : (2, n) valgus of the knees [rad].
    loaded : (2, n) whether the foot carries.
    bar : (n,) force with which the athlete pulls at a fixed bar on the vertical through the centre of mass [N]; None
        without a bar.
    foot_z : (2, n) where across the ground each foot's centre of pressure lies when both carry [m].
    events, truth : see Motion.
    """

    task: str
    time: Array
    rate_hz: float
    height: tuple[Array, Array, Array]
    ground: Array
    pressure: Array
    pressure_low: Array
    pressure_high: Array
    ends: tuple[tuple[float, float], tuple[float, float]]
    pelvis: Array
    trunk: Array
    toe: Array
    heel_rise: Array
    yaw: Array
    abduction: Array
    loaded: Array
    foot_z: Array
    bar: Array | None = None
    events: dict[str, list[float]] = field(default_factory=dict)
    truth: Truth = field(default_factory=dict)


@dataclass(frozen=True)
class Motion:
    """One trial without measurement error. ISB axes (x anterior, y up, z right), SI units.

    Rotations have the segment's axes as columns (R @ local = lab). Sided arrays are (left, right).

    Parameters
    ----------
    task : key of TASKS.
    time : (n,) [s], from 0.
    rate_hz : [Hz].
    segments : SEGMENTS.
    rotation : (segment, n, 3, 3).
    position : (segment, n, 3) proximal joint centre; pelvis: middle of the hips; trunk: lumbar joint [m].
    angular_velocity : (segment, n, 3) in lab axes [rad/s].
    angular_acceleration : (segment, n, 3) in lab axes [rad/s^2].
    centre_of_mass, centre_of_mass_acceleration : (segment, n, 3) [m], [m/s^2].
    body_com, body_com_velocity, body_com_acceleration : (n, 3) of the whole body with its barbell.
    force : (foot, n, 3) reaction on the foot [N]; 0 when unloaded.
    centre_of_pressure : (foot, n, 3) [m]; NaN when unloaded.
    free_moment : (foot, n) about the vertical [N m]; 0 when unloaded.
    joint_centre : name -> (n, 3) [m].
    angles : name -> (n,) [deg]; flexion, abduction (knee: valgus), internal rotation, pelvic drop positive.
    events : name -> times [s].
    truth : name -> value, unit in the name.
    """

    task: str
    time: Array
    rate_hz: float
    segments: tuple[str, ...]
    rotation: Array
    position: Array
    angular_velocity: Array
    angular_acceleration: Array
    centre_of_mass: Array
    centre_of_mass_acceleration: Array
    body_com: Array
    body_com_velocity: Array
    body_com_acceleration: Array
    force: Array
    centre_of_pressure: Array
    free_moment: Array
    joint_centre: dict[str, Array]
    angles: dict[str, Array]
    events: dict[str, list[float]]
    truth: Truth = field(default_factory=dict)
