"""Tasks on both legs: limb poses and centre of pressure from a few curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from legsci.simulate.athlete.body import Body
from legsci.simulate.athlete.curves import Change, Path, Target, find_path
from legsci.simulate.athlete.kinetics import edge_frames
from legsci.simulate.athlete.plan import Array, Plan, Technique, Timeline, Truth
from legsci.simulate.athlete.sway import standing_window, sway
from legsci.vocabulary import STANDARD_GRAVITY

#: Knee flexion and trunk lean in quiet standing.
STANDING_KNEE_DEG, STANDING_LEAN_DEG = 14.0, 3.0
#: Centre of pressure ahead of the ankles: in standing, and on the forefoot behind the tip of the toes [m].
STANDING_PRESSURE_M, FOREFOOT_M = 0.045, 0.05
_FOREFOOT_LENGTH_M = 0.10
#: Pitch of the foot at which only the forefoot is left on the ground [deg].
_HEEL_OFF_DEG = 6.0
#: Rounding of the corner where force reaches zero at take-off, and leaves it at landing [s]. It keeps the derivatives
#: of the path continuous and stands for nothing physical. It is much shorter than a sample: the straight part of the
#: ramp would reach zero half a corner inside the event, and a plate cannot tell the two apart. On record, force
#: exceeds 80 N within 1 ms of a landing, and falls along a straight line to zero at a take-off.
ZERO_FORCE_CORNER_S = 0.0002
#: Extension of the legs after take-off while the feet reach the speed of the flight, and before landing [m].
STRETCH_M = 0.055
#: Knee flexion and pitch of the feet in flight.
STRETCHED_KNEE_DEG, STRETCHED_HEEL_DEG = 34.0, 66.0
#: Where the contact area ends before the foot does [m].
_EDGE_M = 0.01


@dataclass(frozen=True)
class Curves:
    """What changes during a task on both feet, each (n,); angles in degrees.

    Parameters
    ----------
    lumbar : flexion of the trunk against the pelvis; drop : of the pelvis, left side down.
    effort : 0 to 1, scales the knees' valgus.
    heel_rise : of both feet [deg]; lift : of the toes above `ground`, forward : of the toes [m].
    ground : height of the surface [m]; pressure : wanted centre of pressure ahead of the ankles as at the start [m].
    """

    lumbar: Array
    drop: Array
    effort: Array
    heel_rise: Array
    lift: Array
    forward: Array
    ground: Array
    pressure: Array


def trial_time(duration_s: float, rate_hz: float) -> Array:
    """Times of a trial [s], from 0, with a margin at both ends for central differences, which is cut off later."""
    margin = edge_frames(rate_hz)
    return np.arange(-margin, round(duration_s * rate_hz) + margin) / rate_hz


def _heights(body: Body, technique: Technique) -> tuple[float, float, float, float, float]:
    """Constants of com_height(): leg length, sideways part of it, height of the trunk per mass, share of the legs."""
    thigh, shank = float(body.thigh_length.min()), float(body.shank_length.min())
    aside = 0.5 * technique.stance_width_m - float(body.hip[1, 2])
    mass = body.mass / body.total_mass
    trunk = mass[0] * body.centre_of_mass[0, 1] + mass[1] * (body.lumbar[1] + body.centre_of_mass[1, 1])
    thigh_centre, shank_centre = (float(body.centre_of_mass[rows, 1].mean()) for rows in ([2, 5], [3, 6]))
    of_thigh = 1.0 + thigh_centre / (thigh + shank)
    of_shank = (shank + shank_centre) / (thigh + shank)
    hip_share = mass[:2].sum() + 2.0 * (mass[2] * of_thigh + mass[3] * of_shank)
    return thigh, shank, aside, float(trunk), float(hip_share)


def _ankle_height(body: Body, heel_rise_deg: Array) -> Array:
    """Height of the ankles above the toes [m]."""
    rise = np.radians(heel_rise_deg)
    return np.asarray(body.toe[0, 0] * np.sin(rise) - body.toe[0, 1] * np.cos(rise))


def com_height(body: Body, technique: Technique, *, knee_deg: float, lean_deg: float, heel_rise_deg: float) -> float:
    """Height of the centre of mass above the toes with the hips above the ankles, both feet alike [m].

    Parameters
    ----------
    body, technique : the athlete, and the width of the stance.
    knee_deg, lean_deg, heel_rise_deg : knee flexion, forward lean of pelvis and trunk, pitch of the foot [deg].
    """
    thigh, shank, aside, trunk, hip_share = _heights(body, technique)
    chord = np.sqrt(thigh**2 + shank**2 + 2.0 * thigh * shank * np.cos(np.radians(knee_deg)) - aside**2)
    ankle = float(_ankle_height(body, np.array(heel_rise_deg)))
    foot = 2.0 * body.mass[4] / body.total_mass * body.centre_of_mass[4, 1]
    return float(ankle + foot + hip_share * chord + trunk * np.cos(np.radians(lean_deg)))


def standing_height(body: Body, technique: Technique) -> float:
    """Height of the centre of mass in quiet standing [m]."""
    return com_height(body, technique, knee_deg=STANDING_KNEE_DEG, lean_deg=STANDING_LEAN_DEG, heel_rise_deg=0.0)


def crouch(body: Body, technique: Technique, height: Array, heel_rise_deg: Array) -> tuple[Array, Array]:
    """Knee flexion and a forward lean in proportion to it for a height of the centre of mass.

    Parameters
    ----------
    body, technique : `trunk_lean_deg` is the lean at the deepest crouch of the jump or squat, `depth_m` below standing.
    height : (n,) of the centre of mass above the toes [m]; heel_rise_deg : (n,) pitch of the foot.

    Returns
    -------
    knee, lean : (n,) [deg]. The inverse of com_height(), found by iteration since the lean lowers the trunk.

    Notes
    -----
    Hips and knees that extend together keep angular momentum small; a trunk that rose before or after the legs would
    require more moment than the feet can exert, above all near take-off.
    """
    thigh, shank, aside, trunk, hip_share = _heights(body, technique)
    base = _ankle_height(body, heel_rise_deg) + 2.0 * body.mass[4] / body.total_mass * body.centre_of_mass[4, 1]

    def knee_of(lean_deg: Array) -> Array:
        """Knee flexion at which a trunk of this lean is at the height [deg]."""
        chord = (height - base - trunk * np.cos(np.radians(lean_deg))) / hip_share
        cosine = (chord**2 + aside**2 - thigh**2 - shank**2) / (2.0 * thigh * shank)
        return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))

    bottom = standing_height(body, technique) - technique.depth_m - float(base.min())
    deepest = (bottom - trunk * np.cos(np.radians(technique.trunk_lean_deg))) / hip_share
    cosine = (deepest**2 + aside**2 - thigh**2 - shank**2) / (2.0 * thigh * shank)
    flexed = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    gain = (technique.trunk_lean_deg - STANDING_LEAN_DEG) / (flexed - STANDING_KNEE_DEG)
    lean = np.full(height.shape, STANDING_LEAN_DEG)
    for _ in range(12):
        knee = knee_of(lean)
        lean = STANDING_LEAN_DEG + gain * (knee - STANDING_KNEE_DEG)
    return knee, lean


def _push_path(push: float, velocity: float, grow: float, release: float) -> Path:
    """Push-off from rest at 0 with one level of force, which grows and is released in the given times [s]."""
    changes = (Change(0.0, grow), Change(push - release, release, None, ZERO_FORCE_CORNER_S))
    return find_path(
        Path(0.0, 0.0, 0.0, 0.0, changes), [Target(push, velocity=velocity, acceleration=-STANDARD_GRAVITY)]
    )


def plan_push_off(rise: float, velocity: float, grow: float, release: float) -> tuple[float, float]:
    """Time [s] and level of acceleration [m/s^2] of a push-off that gains `rise` [m] and `velocity` [m/s] from rest."""

    def excess(push: float) -> float:
        """Rise beyond the wanted one of a push-off of this duration [m]."""
        return float(_push_path(push, velocity, grow, release).at(np.array([push]))[0][0]) - rise

    push = float(brentq(excess, 1.1 * (release + grow), 3.0, xtol=1e-9))
    return push, float(_push_path(push, velocity, grow, release).changes[0].amount or 0.0)


def eccentric_changes(start: float, lower: float, standing: float, depth: float, level: float) -> tuple[Change, ...]:
    """Countermovement: from standing to rest `depth` lower, where the body is already pushed up.

    Parameters
    ----------
    start, lower : start and duration of the eccentric phase [s].
    standing, depth : height of the centre of mass in standing, and how far it sinks [m].
    level : upward acceleration at the lowest point [m/s^2].

    Returns
    -------
    Changes of acceleration. Force rises to its level over as much of the eccentric phase as possible.

    Raises
    ------
    ValueError : no such countermovement keeps a tenth of the body weight on the ground.
    """
    bottom = start + lower
    fine = np.linspace(start, bottom, 201)
    for share in np.linspace(0.35, 0.05, 13):
        changes = (
            Change(start, 0.35 * lower),
            Change(start + 0.3 * lower, (0.8 - share) * lower),
            Change(bottom - share * lower, share * lower),
        )
        target = Target(bottom, position=standing - depth, velocity=0.0, acceleration=level)
        path = find_path(Path(0.0, standing, 0.0, 0.0, changes), [target])
        position, _, acceleration = path.at(fine)
        if acceleration.min() > -0.9 * STANDARD_GRAVITY and position.max() < standing + 1e-4:
            return path.changes
    raise ValueError(f"countermovement: {depth:g} m in {lower:g} s cannot end with {level:.1f} m/s^2")


def lift(time: Array, takeoff: float, landing: float, speed: float, fall: float) -> Array:
    """Height of the toes above where they leave the ground; they come to rest `fall` lower at landing (n,) [m].

    In between the toes fly as the centre of mass does. `speed` [m/s]: of the take-off; legs stretch by STRETCH_M until
    the toes have taken it up.
    """
    half = min(STRETCH_M / speed, 0.2 * (landing - takeoff))
    changes = tuple(Change(begin, half) for begin in (takeoff, takeoff + half, landing - 2.0 * half, landing - half))
    targets = [
        Target(takeoff + 2.0 * half, acceleration=-STANDARD_GRAVITY),
        Target(landing, position=-fall, velocity=0.0, acceleration=0.0),
    ]
    return find_path(Path(takeoff, 0.0, 0.0, 0.0, changes), targets).at(time)[0] * (time > takeoff)


def sole_start(tip: Array | float, heel: Array | float, heel_rise_deg: Array) -> Array:
    """Where the part of the sole on the ground begins (n,) [m], between heel and tip: the forefoot, heel up."""
    heel_off = np.clip(heel_rise_deg / _HEEL_OFF_DEG, 0.0, 1.0)
    heel_off = heel_off * heel_off * (3.0 - 2.0 * heel_off)
    return heel + heel_off * (tip - heel - _FOREFOOT_LENGTH_M)


def plan_both_legs(
    body: Body,
    technique: Technique,
    timeline: Timeline,
    *,
    height: Path,
    curves: Curves,
    flights: list[tuple[float, float]],
    truth: Truth,
) -> Plan:
    """Plan of a task in which both legs do the same at the same time.

    Parameters
    ----------
    body, technique, timeline : the athlete, what the trial should show, and when.
    height : of the centre of mass.
    curves : the rest of the movement.
    flights : (take-off, landing) [s].
    truth : of the trial.

    Returns
    -------
    Plan. The ankles stand at x = 0 at the start, the middle between them at z = 0.
    """
    time = timeline.time
    side = np.array([-1.0, 1.0])
    half = 0.5 * technique.stance_width_m
    yaw = -side * np.radians(np.asarray(body.athlete.toe_out_deg))
    reach = body.toe[:, 0]
    toe = np.empty((2, time.size, 3))
    toe[:, :, 0] = (reach * np.cos(yaw))[:, None] + curves.forward
    toe[:, :, 1] = curves.ground + curves.lift
    toe[:, :, 2] = (side * half - reach * np.sin(yaw))[:, None]
    loaded = np.ones((2, time.size), dtype=bool)
    for takeoff, landing in flights:
        loaded &= ~((time >= takeoff) & (time <= landing))
    area_z = half + 0.5 * body.foot_half_width
    tip = toe[:, :, 0].min(axis=0)
    heel = tip - (body.toe[0, 0] - body.heel[0, 0]) * np.cos(yaw).min()
    pressure_z = (2.0 * technique.asymmetry - 1.0) * half
    low = np.stack([sole_start(tip, heel + _EDGE_M, curves.heel_rise), np.full(time.size, -area_z)], axis=1)
    high = np.stack([tip - _EDGE_M, np.full(time.size, area_z)], axis=1)
    swaying, rising = sway(technique, time, standing_window(time, timeline.movements), timeline.rate_hz)
    pressure = np.stack([curves.pressure + curves.forward, np.full(time.size, pressure_z)], axis=1) + swaying
    pressure[:, 0] = np.clip(pressure[:, 0], low[:, 0] + _EDGE_M, high[:, 0] - _EDGE_M)
    valgus = np.radians(np.asarray(technique.knee_abduction_peak_deg))
    nothing = np.zeros(time.size)
    kinematics = np.stack(height.at(time))
    _, lean_deg = crouch(body, technique, kinematics[0] - curves.ground - curves.lift, curves.heel_rise)
    drop, lean, lumbar = (np.radians(curve) for curve in (curves.drop, lean_deg, curves.lumbar))
    return Plan(
        task=timeline.task, time=time, rate_hz=timeline.rate_hz, height=tuple(kinematics + rising),
        ground=curves.ground, pressure=pressure, pressure_low=low, pressure_high=high,
        ends=(tuple(pressure[0]), tuple(pressure[-1])),
        pelvis=np.stack([nothing, -drop, lean - lumbar], axis=1), trunk=np.stack([nothing, -0.3 * drop, lean], axis=1),
        toe=toe, heel_rise=np.tile(np.radians(curves.heel_rise), (2, 1)), yaw=np.tile(yaw[:, None], (1, time.size)),
        abduction=valgus[:, None] * curves.effort, loaded=loaded,
        foot_z=np.tile((side * half)[:, None], (1, time.size)), events=timeline.events, truth=truth,
    )  # fmt: skip
