"""Errors of flexion, times of squats and flights by inertial sensors on virtual athletes with skin motion.

`python -m benchmarks.sensor_errors` writes sensor_errors.csv: errors against the motion that the sensors recorded. The
turn of the skin about the flexion axis is planted, and no sensor on the skin can tell it from flexion: errors less that
turn stand beside the whole errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from legsci.mechanics.reps.sensor_reps import trial_events
from legsci.mechanics.sensors.alignment import Alignment, session_alignment
from legsci.mechanics.sensors.contacts import EDGE_S, flights
from legsci.mechanics.sensors.flexion import JOINTS, REFERENCE_DEG, StandingReference, joint_flexion
from legsci.mechanics.sensors.orientation import orientation, upward
from legsci.mechanics.sensors.session_sensors import SensorMotion, hip_height
from legsci.mechanics.sensors.worn import WornSensor, range_reached
from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Array, Motion, default_technique
from legsci.simulate.sensors.clock import RecorderClock
from legsci.simulate.sensors.imu import Imu, ImuSettings, record_imu, worn_imus
from legsci.simulate.sensors.imu_on_skin import skin_turn
from legsci.tasks import TASKS
from legsci.vocabulary import STANDARD_GRAVITY

RESULT = Path(__file__).with_suffix(".csv")
SESSIONS = 12
#: Session -> trial -> task and what differs from the usual technique.
TRIALS: dict[str, tuple[str, dict[str, Any]]] = {
    "standing": ("standing", {}),
    "squat": ("squat", {}),
    "slow squat": (
        "squat",
        {"pause_s": 1.0, "eccentric_s": 2.5, "concentric_s": 1.8, "depth_m": 0.35, "stance_width_m": 0.5,
         "slowing_per_rep": 0.5},
    ),
    "30 squats": ("squat", {"depth_scale_per_rep": (1.0,) * 30}),
    "countermovement jump": ("countermovement_jump", {}),
    "low countermovement jump": ("countermovement_jump", {"takeoff_velocity_m_per_s": 2.0, "depth_m": 0.22}),
    "drop jump": ("drop_jump", {}),
}  # fmt: skip
ANGLES = {"hip": "hip_flexion", "knee": "knee_flexion", "ankle": "ankle_dorsiflexion"}


@dataclass(frozen=True)
class Session:
    """A session of a virtual athlete: the sensors as worn, their motions, and what they recorded."""

    imus: dict[str, Imu]
    motions: dict[str, Motion]
    worn: dict[str, dict[str, WornSensor]]
    alignments: dict[str, Alignment]


def motions() -> dict[str, Motion]:
    """Motion of each of TRIALS."""
    return {
        name: simulate_motion(task, Athlete(), replace(default_technique(task), **changes))
        for name, (task, changes) in TRIALS.items()
    }


def record(moved: dict[str, Motion], seed: int, settings: ImuSettings) -> Session:
    """Put the sensors on anew and record the trials."""
    rng = np.random.default_rng(seed)
    imus = worn_imus(settings, rng)
    worn = {}
    for name, motion in moved.items():
        clock = RecorderClock(float(rng.uniform(0.0, 1.0 / settings.rate_hz)), 0.0)
        worn[name] = {imu.segment: _sensor(motion, imu, clock, settings, rng) for imu in imus}
    functional = tuple(name for name in moved if name != "standing")
    return Session({imu.segment: imu for imu in imus}, moved, worn, session_alignment(worn, ("standing",), functional))


def _sensor(
    motion: Motion, imu: Imu, clock: RecorderClock, settings: ImuSettings, rng: np.random.Generator
) -> WornSensor:
    """One sensor in one trial, its samples in the middle of their intervals."""
    found, truth = record_imu(motion, imu, clock, settings, rng)
    count = int(str(truth["packets"]))
    force, spin = np.full((2, count, 3), np.nan)
    force[found.packet], spin[found.packet] = found.acceleration, found.angular_velocity
    turned = orientation(force, spin, rate_hz=settings.rate_hz)
    reached, gyroscope = range_reached(force, spin)
    time = clock.true_time((np.arange(count) + 0.5) / settings.rate_hz)
    return WornSensor(time, settings.rate_hz, upward(turned), spin - turned.bias, force, reached, gyroscope, True)


def planted(session: Session, trial: str, side: str, joint: str, time: Array) -> Array:
    """Flexion that the skin feigns (time,) [deg]: the part of its turn about the flexion axis, distal from proximal."""
    motion, total = session.motions[trial], np.zeros(time.size)
    for part, sign in zip(JOINTS[joint], (1.0, -1.0), strict=True):
        segment = part if part == "pelvis" else f"{side}_{part}"
        skin = session.imus[segment].skin
        turn, _ = skin_turn(motion, segment, skin)
        total += sign * np.interp(time, motion.time, np.degrees(turn)) * skin.turn_axis[2]
    return total


def flexion_errors(session: Session) -> Iterator[dict[str, Any]]:
    """Error of each joint of each leg over each trial [deg]."""
    standing = session.motions["standing"]
    for trial, motion in session.motions.items():
        if trial == "standing":
            continue
        usable = {name: each for name, each in session.worn[trial].items() if not each.gyroscope_saturated}
        time = session.worn[trial]["pelvis"].time
        for label, flexion in joint_flexion(usable, session.alignments, time).items():
            side, _, joint = label.partition("_")
            name = f"{side}_{ANGLES[joint]}"
            true = np.interp(time, motion.time, motion.angles[name]) - float(np.median(standing.angles[name]))
            error = flexion.change_deg - true
            known = np.isfinite(error)
            beyond = error - planted(session, trial, side, joint, time)
            yield {
                "trial": trial,
                "quantity": ANGLES[joint],
                "unit": "deg",
                "rms": float(np.sqrt(np.mean(error[known] ** 2))),
                "rms_beyond_skin": float(np.sqrt(np.mean(beyond[known] ** 2))),
                "drift": abs(float(np.mean(error[known][-50:]) - np.mean(error[known][:50]))),
                "covered": float(np.mean(np.abs(error[known]) <= 2.0 * flexion.u_change_deg[known])),
            }


def goniometer(session: Session, rng: np.random.Generator) -> StandingReference:
    """Flexion in standing as a goniometer reads it, with its error."""
    standing = session.motions["standing"].angles
    read = {
        f"{side}_{joint}": float(np.median(standing[f"{side}_{name}"])) + rng.normal(scale=REFERENCE_DEG)
        for joint, name in ANGLES.items()
        for side in ("left", "right")
    }
    return StandingReference(read, dict.fromkeys(read, REFERENCE_DEG), "goniometer")


def event_errors(session: Session, reference: StandingReference | None) -> Iterator[dict[str, Any]]:
    """Errors of the times of squats, of flight times and jump heights."""
    said = "" if reference is None else ", standing stated"
    for trial, motion in session.motions.items():
        worn, task = session.worn[trial], TASKS[motion.task]
        time = worn["left_thigh"].time
        if task.cut == "descent":
            height = hip_height(worn, session.alignments, reference, time)
            found = trial_events(SensorMotion(time, worn["left_thigh"].rate_hz, {"sensor_hip_height": height}), task)
            true = {
                "sensor_eccentric_start": "rep_start",
                "sensor_eccentric_end": "bottom_start",
                "sensor_concentric_start": "bottom_end",
                "sensor_concentric_end": "rep_end",
            }
            borders = {name: np.array([squat[name][0] for squat in found]) for name in true}
            doubts = {name: np.array([squat[name][1] for squat in found]) for name in true}
            truth = {name: np.array(motion.events[event]) for name, event in true.items()}
            for first, last, what in (
                ("sensor_eccentric_start", "sensor_eccentric_end", "eccentric_time"),
                ("sensor_eccentric_end", "sensor_concentric_start", "pause_time"),
                ("sensor_concentric_start", "sensor_concentric_end", "concentric_time"),
            ):
                errors = (borders[last] - borders[first]) - (truth[last] - truth[first])
                yield from _events(trial, f"{what}{said}", "s", errors, np.hypot(doubts[first], doubts[last]))
        elif task.cut in ("flight", "rebound") and reference is None:
            jumps = flights(worn)
            real = motion.events["landing"][-1] - motion.events["takeoff"][-1]
            seen = np.array([jump.landing_s - jump.takeoff_s for jump in jumps])
            heights = STANDARD_GRAVITY / 8.0 * (seen**2 - real**2)
            yield from _events(trial, "flight_time", "s", seen - real, np.full(seen.size, 2.0**0.5 * EDGE_S))
            yield from _events(trial, "jump_height", "m", heights, np.full(seen.size, np.nan))
            yield {"trial": trial, "quantity": "flights found", "unit": "1", "error": float(len(jumps) - 1)}


def _events(trial: str, what: str, unit: str, errors: Array, doubts: Array) -> Iterator[dict[str, Any]]:
    """A row for each error."""
    for error, doubt in zip(errors.tolist(), doubts.tolist(), strict=True):
        covered = float(abs(error) <= 2.0 * doubt) if np.isfinite(doubt) else np.nan
        yield {"trial": trial, "quantity": what, "unit": unit, "error": error, "covered": covered}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and largest errors by trial and quantity."""
    answer = []
    for (trial, quantity, unit), own in rows.groupby(["trial", "quantity", "unit"], sort=False):
        row = {"trial": trial, "quantity": quantity, "unit": unit, "n": len(own)}
        if own["rms"].notna().any():
            row |= {
                "rms": float(np.sqrt((own["rms"] ** 2).mean())),
                "rms_beyond_skin": float(np.sqrt((own["rms_beyond_skin"] ** 2).mean())),
                "largest_rms_beyond_skin": own["rms_beyond_skin"].max(),
                "drift": own["drift"].mean(),
                "largest_drift": own["drift"].max(),
            }
        else:
            spread = 1.96 * own["error"].std(ddof=1)
            row |= {
                "bias": own["error"].mean(),
                "lower_limit": own["error"].mean() - spread,
                "upper_limit": own["error"].mean() + spread,
                "within_95": float(np.quantile(own["error"].abs(), 0.95)),
            }
        answer.append(row | {"covered": own["covered"].mean()})
    return pd.DataFrame(answer)


def measured(sessions: int = SESSIONS, settings: ImuSettings | None = None) -> pd.DataFrame:
    """Summary of the errors of so many sessions."""
    moved, rows = motions(), list[dict[str, Any]]()
    for seed in range(sessions):
        session = record(moved, seed, settings or ImuSettings())
        stated = goniometer(session, np.random.default_rng([seed, 1]))
        rows += [*flexion_errors(session), *event_errors(session, None), *event_errors(session, stated)]
    return summary(pd.DataFrame(rows))


if __name__ == "__main__":
    table = measured()
    table.to_csv(RESULT, index=False, float_format="%.4g", lineterminator="\n")
    print(table.to_string(index=False, float_format="{:.3g}".format))
