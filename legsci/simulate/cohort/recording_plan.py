"""From a cohort to the sessions that are to be recorded: which trials, and what each of them should show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.plan import Technique
from legsci.simulate.athlete.squats import shortest_concentric_s
from legsci.simulate.cohort.process import Cohort, simulate_cohort
from legsci.simulate.cohort.tables import study_folder_tables
from legsci.simulate.recordings.session_plan import SessionPlan, TrialPlan

#: Braking of a running step at the touchdown distance of steady speed, on the heel and on the forefoot [m/s], and its
#: increase per metre of touchdown distance [m/s per m]: from simulated steps of 0.12 to 0.14 s at the usual speed.
STEADY_BRAKING_M_PER_S = {"heel": 0.19, "forefoot": 0.22}
BRAKING_PER_S = 0.53
#: Least and largest touchdown distance that every leg length reaches [m]; it limits one forefoot step in fifty.
TOUCHDOWN_REACH_M = (-0.08, 0.12)
#: Share of the load on the dominant leg beyond one half; assumed.
ASYMMETRY_OF_DOMINANCE = 0.01
#: Tasks in which the muscles are recorded in every session, and those in which they and inertial sensors are recorded
#: in one session of each athlete.
EMG_TASKS = ("lateral_jump",)
SENSOR_TASKS = ("standing", "squat", "countermovement_jump", "squat_jump", "drop_jump", "lateral_jump")

#: Tasks in which, in one session of every so many athletes, plates and cameras have a recorder each.
APART_TASKS = ("squat", "countermovement_jump", "squat_jump", "drop_jump")
ATHLETES_PER_APART = 4


@dataclass(frozen=True)
class RecordingPlan:
    """A cohort that is to be recorded.

    Parameters
    ----------
    cohort : the cohort with its truth.
    tables : name -> table of the study folder, all but trials and recordings, which the recordings bring.
    sessions : what each attended session consists of, in the order of the table of sessions.
    """

    cohort: Cohort
    tables: dict[str, pd.DataFrame]
    sessions: tuple[SessionPlan, ...]


def plan_recordings(config: Mapping[str, Any], *, seed: int) -> RecordingPlan:
    """Plan the raw recordings of a cohort.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml.
    seed : of the cohort; `simulate_tables` with the same seed has the same athletes doing the same.
    """
    cohort = simulate_cohort(config, seed=seed)
    sessions = tuple(
        SessionPlan(
            participant_id=cohort.participants[athlete],
            session_id=cohort.sessions[visit],
            athlete=_body(cohort, athlete),
            trials=_trials(cohort, athlete, visit),
            seed=(seed, int(athlete), int(visit)),
        )
        for athlete, visit in np.argwhere(cohort.attendance.attended)
    )
    return RecordingPlan(cohort, study_folder_tables(cohort), sessions)


def _body(cohort: Cohort, athlete: int) -> Athlete:
    """Return the body of an athlete."""
    athletes = cohort.athletes
    return Athlete(
        height_m=float(athletes.height_m[athlete].round(3)),
        mass_kg=float(athletes.body_mass_kg[athlete].round(1)),
        sex="female" if athletes.female[athlete] else "male",
        dominant_leg="right" if athletes.right_dominant[athlete] else "left",
    )


def _visit(cohort: Cohort, athlete: int, number: int) -> int:
    """Visit of an athlete by its number among those attended; after the last comes the first again."""
    attended = np.flatnonzero(cohort.attendance.attended[athlete])
    return int(attended[number % attended.size])


def _trials(cohort: Cohort, athlete: int, visit: int) -> tuple[TrialPlan, ...]:
    """Return the trials of a session."""
    sensors = visit == _visit(cohort, athlete, athlete)
    apart = athlete % ATHLETES_PER_APART == 1 and visit == _visit(cohort, athlete, athlete + 1)
    reps_of: dict[str, list[int]] = {}
    for number, rep in enumerate(cohort.performance.reps):
        reps_of.setdefault(rep.trial_id, []).append(number)
    trials = []
    for trial_id, numbers in reps_of.items():
        rep = cohort.performance.reps[numbers[0]]
        worn = sensors and rep.task in SENSOR_TASKS
        lateral = rep.task == "lateral_jump"
        onset = float(cohort.performance.both["gluteus_medius_onset_s"][athlete, visit, numbers[0]])
        trials.append(
            TrialPlan(
                trial_id=trial_id,
                task=rep.task,
                technique=_technique(cohort, athlete, visit, numbers),
                emg=worn or rep.task in EMG_TASKS,
                emg_onset_s=(("gluteus_medius", onset),) if lateral else (),
                wearables=worn,
                plates_apart=apart and rep.task in APART_TASKS,
            )
        )
    return tuple(trials)


def _technique(cohort: Cohort, athlete: int, visit: int, numbers: list[int]) -> Technique:
    """Return what a trial shows: per-rep values where the technique has them, the mean of the reps otherwise."""
    config, reps = cohort.config, cohort.performance.reps
    task, leg = reps[numbers[0]].task, reps[numbers[0]].leg
    both = {name: value[athlete, visit, numbers] for name, value in cohort.performance.both.items()}
    sided = {name: value[athlete, visit, numbers].mean(axis=0) for name, value in cohort.performance.sided.items()}
    shown: dict[str, Any] = {"sway_seed": (cohort.seed, int(athlete), int(visit), numbers[0])}
    if task != "standing":
        shown["knee_abduction_peak_deg"] = tuple(float(angle) for angle in sided["knee_abduction_peak_deg"])
        dominance = 1.0 if cohort.athletes.right_dominant[athlete] else -1.0
        shown["asymmetry"] = 0.5 + ASYMMETRY_OF_DOMINANCE * dominance
    if task in ("countermovement_jump", "squat_jump", "drop_jump", "lateral_jump"):
        shown["takeoff_velocity_m_per_s"] = float(both["takeoff_velocity_m_per_s"][0])
    if task == "drop_jump":
        shown["drop_height_m"] = config["drop_jump"]["drop_height_m"]
    if task in ("drop_jump", "sprint"):
        shown["contact_time_s"] = float(both["contact_time_s"][0])
    if task == "lateral_jump":
        shown["pelvic_drop_deg"] = float(sided["pelvic_drop_max_deg"][int(leg == "right")])
    if leg != "both":
        shown["leg"] = leg
    if task == "sprint":
        angle = float(both["foot_strike_angle_deg"][0])
        braking = float(both["horizontal_braking_impulse_n_s"][0] / cohort.athletes.body_mass_kg[athlete])
        ahead = (braking - STEADY_BRAKING_M_PER_S["heel" if angle > 0.0 else "forefoot"]) / BRAKING_PER_S
        shown |= {"foot_strike_angle_deg": angle, "touchdown_distance_m": float(np.clip(ahead, *TOUCHDOWN_REACH_M))}
    if task == "squat":
        shown |= _squat(cohort, athlete, both)
    return Technique(**shown)


def _squat(cohort: Cohort, athlete: int, both: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a set of squats shows; depth differs from rep to rep, concentric time grows over the set.

    The technique has one eccentric time for all reps, so a longer eccentric phase of the last ones is not simulated.
    The concentric phase is never so fast that the feet would leave the ground.
    """
    settings, depth = cohort.config["squat"], both["squat_depth_m"]
    growth = settings["velocity_loss_share"] / (1.0 - settings["velocity_loss_share"]) if len(depth) > 1 else 0.0
    longer = settings["elite_last_concentric_time_ratio"] ** cohort.athletes.proficiency[athlete]
    slowing = (1.0 + growth) * longer - 1.0
    return {
        "depth_m": float(depth[0]),
        "depth_scale_per_rep": tuple(float(share) for share in depth / depth[0]),
        "eccentric_s": float(both["eccentric_time_s"].mean()),
        "pause_s": float(both["pause_time_s"].mean()),
        "concentric_s": max(
            float(both["concentric_time_s"].mean() / (1.0 + 0.5 * slowing)), shortest_concentric_s(float(depth.max()))
        ),
        "slowing_per_rep": float(slowing),
        "barbell_kg": float((settings["load_share_of_mass"] * cohort.athletes.body_mass_kg[athlete]).round(1)),
        "lumbar_flexion_deg": float(both["lumbar_flexion_max_deg"].mean()),
        "trunk_lean_deg": float(both["trunk_lean_max_deg"].mean()),
    }
