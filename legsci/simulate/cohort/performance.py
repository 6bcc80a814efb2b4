"""Kinematics, tempo and jump height of the virtual athletes in each rep of each session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.athletes import Athletes, beighton_mean
from legsci.simulate.cohort.draws import PERCENT, Streams, Variation, autocorrelated, varying
from legsci.simulate.cohort.injury import LOAD_UNIT, FollowUp
from legsci.simulate.cohort.training import Learning, Training, centre_of_alignment, weeks_of
from legsci.vocabulary import STANDARD_GRAVITY

#: Jumps whose height follows the athlete's capacity, as a share of the countermovement jump's height; assumed.
JUMP_SHARE = {"countermovement_jump": 1.0, "squat_jump": 0.92, "drop_jump": 0.95}
#: Eccentric time at which its effect on training gains is 0 [s]: the tempo up to which Amdi & King 2025 found better
#: gains.
REFERENCE_ECCENTRIC_TIME_S = 2.0
#: Deepest squat that an athlete makes a habit of, per body height: the centre of mass as low as knees that bend by 145
#: to 150 deg let it sink.
DEEPEST_PER_HEIGHT = 0.31
MILLISECOND = 1e-3
CENTIMETRE = 1e-2


@dataclass(frozen=True)
class PlannedRep:
    """A rep that every session holds; rep counts from 1 within its trial, leg is where one leg does the task."""

    task: str
    trial_id: str
    rep: int
    leg: str


@dataclass(frozen=True)
class Performance:
    """True values of each rep.

    Parameters
    ----------
    reps : the reps of a session.
    visit_weeks : (visit,) week of each session.
    both : metric -> (athlete, visit, rep), NaN where the task has no such metric.
    sided : metric -> (athlete, visit, rep, side), sides left and right.
    athlete : parameter of the athlete -> (athlete,).
    """

    reps: tuple[PlannedRep, ...]
    visit_weeks: NDArray[np.int64]
    both: dict[str, Array]
    sided: dict[str, Array]
    athlete: dict[str, Array]


@dataclass(frozen=True)
class _Schedule:
    """The reps of a session, and the week of each visit (visit,)."""

    reps: tuple[PlannedRep, ...]
    weeks: NDArray[np.int64]

    @property
    def tasks(self) -> NDArray[np.str_]:
        """Task of each rep (rep,)."""
        return np.array([rep.task for rep in self.reps])

    @property
    def size(self) -> dict[str, int]:
        """Numbers of visits and reps, as varying() takes them."""
        return {"visits": len(self.weeks), "reps": len(self.reps)}


@dataclass(frozen=True)
class _JumpAbility:
    """Random and fixed effects of the athlete on jump height; all (athlete,).

    Parameters
    ----------
    capacity : 100 log(height) of an athlete of typical alignment in week 0.
    level : capacity with the effect of the athlete's typical alignment.
    gain : by training [%/week].
    feedback : by the end of the study [%].
    slope : per degree of knee abduction about the athlete's typical alignment [%/deg].
    """

    capacity: Array
    level: Array
    gain: Array
    feedback: Array
    slope: Array


def planned_reps(config: Mapping[str, Any]) -> tuple[PlannedRep, ...]:
    """Return the reps of a session in order; lateral jumps are done with each leg, sprint trials alternate legs."""
    reps = []
    for task, trials in config["trials"].items():
        for trial in range(1, trials + 1):
            if task == "lateral_jump":
                reps += [PlannedRep(task, f"{task}_{leg}_{trial}", 1, leg) for leg in ("left", "right")]
            elif task == "sprint":
                reps.append(PlannedRep(task, f"{task}_{trial}", 1, ("left", "right")[trial % 2]))
            else:
                count = config["squat"]["repetitions"] if task == "squat" else 1
                reps += [PlannedRep(task, f"{task}_{trial}", rep, "both") for rep in range(1, count + 1)]
    return tuple(reps)


def perform(
    streams: Streams,
    athletes: Athletes,
    training: Training,
    learning: Learning,
    follow_up: FollowUp,
    config: Mapping[str, Any],
) -> Performance:
    """Draw every rep of every session, attended or not."""
    schedule = _Schedule(planned_reps(config), np.arange(config["visits"]) * config["weeks_between_visits"])
    tasks = schedule.tasks
    sided = _alignment(streams, athletes, follow_up.alignment[:, schedule.weeks], schedule, config)
    squat = _squat(streams, athletes, schedule, config)
    lateral = _lateral_jump(streams, sided["pelvic_drop_max_deg"], schedule, config)
    ability = _jump_ability(streams, athletes, training, learning, squat, config)
    shift = follow_up.alignment[:, schedule.weeks] - learning.typical[:, None]
    load = follow_up.load_before[:, schedule.weeks]
    jump = _jump_velocity(
        streams, ability, schedule, shift=shift, load=load, depth=_depth_effect(squat, config["jump"]), config=config
    )
    both = {name: np.where(tasks == "squat", value.value, np.nan) for name, value in squat.items()}
    both |= _tempo(both, athletes, schedule.reps, config)
    both["takeoff_velocity_m_per_s"] = np.where(tasks == "lateral_jump", lateral.pop("takeoff_velocity_m_per_s"), jump)
    both["jump_height_impulse_m"] = np.where(
        np.isin(tasks, list(JUMP_SHARE)), both["takeoff_velocity_m_per_s"] ** 2 / (2.0 * STANDARD_GRAVITY), np.nan
    )
    both |= lateral | _contacts(streams, athletes, schedule, config)
    athlete = {
        "capacity_log_percent": ability.capacity,
        "gain_percent_per_week": ability.gain,
        "abduction_slope_percent_per_deg": ability.slope,
    }
    return Performance(schedule.reps, schedule.weeks, both, sided, athlete)


def _alignment(
    streams: Streams, athletes: Athletes, session: Array, schedule: _Schedule, config: Mapping[str, Any]
) -> dict[str, Array]:
    """Draw knee abduction and pelvic drop of each rep and side [deg], about the session's mean of both knees."""
    settings = config["alignment"]
    side = settings["knee_abduction_side_sd_deg"] * streams.normal()
    # Half the difference of the knees on each, so that their mean stays what the athlete's effects act on.
    dominance = settings["knee_abduction_non_dominant_deg"] * np.where(athletes.right_dominant, 1.0, -1.0)
    half = 0.5 * (side + dominance)
    knees = session[:, :, None, None] + (half[:, None] * np.array([1.0, -1.0]))[:, None, None, :]
    noise = settings["knee_abduction_rep_sd_deg"] * streams.normal(len(schedule.weeks), len(schedule.reps), 2)
    drop = varying(streams, settings["pelvic_drop_deg"], **schedule.size).value[..., None]
    shared = settings["pelvic_drop_deg_per_knee_abduction_deg"] * (knees - centre_of_alignment(config))
    return {"knee_abduction_peak_deg": knees + noise, "pelvic_drop_max_deg": drop + shared}


def _squat(
    streams: Streams, athletes: Athletes, schedule: _Schedule, config: Mapping[str, Any]
) -> dict[str, Variation]:
    """Draw how each athlete squats; times as natural logarithms. Feedback on velocity shortens the concentric phase.

    Squat depth is limited by the range of motion of the joints.
    """
    settings = config["squat"]
    names = {
        "squat_depth_m": "depth_m",
        "lumbar_flexion_max_deg": "lumbar_flexion_deg",
        "trunk_lean_max_deg": "trunk_lean_deg",
        "eccentric_time_s": "eccentric_time_s",
        "pause_time_s": "pause_time_s",
        "concentric_time_s": "concentric_time_s",
    }
    drawn = {metric: varying(streams, settings[name], **schedule.size) for metric, name in names.items()}
    faster = np.log1p(settings["feedback_velocity_percent"] / PERCENT) * athletes.feedback[:, None, None]
    concentric, depth = drawn["concentric_time_s"], drawn["squat_depth_m"]
    deepest = DEEPEST_PER_HEIGHT * athletes.height_m[:, None, None]
    return drawn | {
        "squat_depth_m": replace(depth, person=np.minimum(depth.person, deepest)),
        "concentric_time_s": replace(concentric, person=concentric.person - faster),
    }


def _tempo(
    squat: Mapping[str, Array], athletes: Athletes, reps: tuple[PlannedRep, ...], config: Mapping[str, Any]
) -> dict[str, Array]:
    """Return eccentric, pause and concentric time of each rep [s] from their logarithms.

    Concentric time grows over the set by loss / (1 - loss), evenly from rep to rep, so that the last rep is slower by
    the velocity loss. In the last reps an elite athlete's times are longer by the two ratios, others' by their level's
    share of them.
    """
    settings = config["squat"]
    number = np.array([rep.rep for rep in reps])
    growth = settings["velocity_loss_share"] / (1.0 - settings["velocity_loss_share"])
    slowing = 1.0 + growth * (number - 1) / max(settings["repetitions"] - 1, 1)
    last = (number > settings["repetitions"] - settings["last_repetitions"]) * athletes.proficiency[:, None, None]
    return {
        "eccentric_time_s": np.exp(
            squat["eccentric_time_s"] + last * np.log(settings["elite_last_eccentric_time_ratio"])
        ),
        "pause_time_s": np.exp(squat["pause_time_s"]),
        "concentric_time_s": np.exp(
            squat["concentric_time_s"] + last * np.log(settings["elite_last_concentric_time_ratio"])
        )
        * slowing,
    }


def _jump_ability(
    streams: Streams,
    athletes: Athletes,
    training: Training,
    learning: Learning,
    squat: Mapping[str, Variation],
    config: Mapping[str, Any],
) -> _JumpAbility:
    """Draw the effects of the athletes on jump height."""
    settings, person = config["jump"], streams.normal(3)
    capacity = (
        PERCENT * np.log(np.where(athletes.female, settings["height_female_m"], settings["height_male_m"]))
        + settings["elite_percent"] * (athletes.proficiency - 0.5)
        + settings["between_sd_percent"] * person[:, 0]
    )
    between = learning.typical - centre_of_alignment(config)
    return _JumpAbility(
        capacity=capacity,
        level=capacity + settings["percent_per_abduction_deg_between"] * between,
        gain=_gain(training, squat["eccentric_time_s"].person[:, 0, 0], between, person[:, 2], config),
        feedback=settings["feedback_effect_size"] * settings["between_sd_percent"] * athletes.feedback,
        slope=_abduction_slope(athletes, person[:, 1], config),
    )


def _jump_velocity(
    streams: Streams,
    ability: _JumpAbility,
    schedule: _Schedule,
    *,
    shift: Array,
    load: Array,
    depth: Array,
    config: Mapping[str, Any],
) -> Array:
    """Return take-off velocity of each rep (athlete, visit, rep) [m/s], NaN where no jump.

    100 log(height) = capacity + gain week + feedback + slope (alignment - typical) + between (typical - centre) + load
    + (depth, neutral spine) + autocorrelated residual of the session + residual of the rep.

    Parameters
    ----------
    shift : (athlete, visit) knee abduction less the athlete's typical one [deg].
    load : (athlete, visit) of the week before, less the usual one [arbitrary units].
    depth : (athlete, visit) effect of the session's squat depth [%].
    """
    settings, weeks = config["jump"], schedule.weeks
    rep = streams.normal(len(weeks), len(schedule.reps))
    residual = autocorrelated(
        streams.normal(weeks_of(config)),
        sd=settings["session_sd_percent"],
        correlation=settings["autocorrelation_per_week"],
    )
    session = (
        ability.level[:, None]
        + ability.gain[:, None] * weeks
        + ability.feedback[:, None] * weeks / max(weeks[-1], 1)
        + ability.slope[:, None] * shift
        + settings["percent_per_1000_load"] * load / LOAD_UNIT
        + depth
        + residual[:, weeks]
    )
    share = np.array([JUMP_SHARE.get(rep.task, np.nan) for rep in schedule.reps])
    height = share * np.exp((session[:, :, None] + settings["rep_sd_percent"] * rep) / PERCENT)
    return np.asarray(np.sqrt(2.0 * STANDARD_GRAVITY * height), dtype=np.float64)


def _abduction_slope(athletes: Athletes, normal: Array, config: Mapping[str, Any]) -> Array:
    """Return each athlete's change of jump height per degree of knee abduction [%/deg]."""
    settings = config["jump"]
    return np.asarray(
        settings["percent_per_abduction_deg_within"]
        + settings["abduction_slope_sd_percent_per_deg"] * normal
        + settings["abduction_slope_percent_per_deg_per_beighton"] * (athletes.beighton - beighton_mean(config))
        + settings["abduction_slope_percent_per_deg_previous_injury"]
        * (athletes.previous_injury - config["athlete"]["previous_injury_share"]),
        dtype=np.float64,
    )


def _gain(training: Training, log_eccentric: Array, between: Array, normal: Array, config: Mapping[str, Any]) -> Array:
    """Return each athlete's gain in jump height by training [%/week]."""
    settings, hours = config["jump"], config["training"]
    log_hours = np.log(training.usual_hours) - 0.5 * np.log(hours["hours_novice"] * hours["hours_elite"])
    share = (
        1.0
        + settings["gain_share_per_log_eccentric_time"] * (log_eccentric - np.log(REFERENCE_ECCENTRIC_TIME_S))
        + settings["gain_share_per_log_hours"] * log_hours
    )
    undermined = settings["gain_percent_per_week_per_log_hours_per_abduction_deg"] * log_hours * between
    drawn = settings["gain_sd_percent_per_week"] * normal
    return np.asarray(settings["gain_percent_per_week"] * share + undermined + drawn, dtype=np.float64)


def _depth_effect(squat: Mapping[str, Variation], settings: Mapping[str, float]) -> Array:
    """Return what a session's squat depth adds to jump height (athlete, visit) [%]; a neutral spine changes it."""
    flexion = squat["lumbar_flexion_max_deg"]
    neutral = (flexion.person + flexion.session)[..., 0] < settings["neutral_spine_limit_deg"]
    per_cm = settings["percent_per_depth_cm"] + settings["neutral_spine_percent_per_depth_cm"] * neutral
    return np.asarray(per_cm * squat["squat_depth_m"].session[..., 0] / CENTIMETRE, dtype=np.float64)


def _lateral_jump(
    streams: Streams, pelvic_drop: Array, schedule: _Schedule, config: Mapping[str, Any]
) -> dict[str, Array]:
    """Draw gluteus medius onset [s] and peak [%] and take-off velocity [m/s] of lateral jumps; NaN in other tasks."""
    settings = config["lateral_jump"]
    velocity = varying(streams, settings["takeoff_velocity_m_per_s"], **schedule.size).value
    onset = varying(streams, settings["gluteus_medius_onset_s"], **schedule.size)
    peak = varying(streams, settings["gluteus_medius_peak_percent"], **schedule.size)
    push_off = np.array([int(rep.leg == "right") for rep in schedule.reps])
    drop = np.take_along_axis(pelvic_drop, push_off[None, None, :, None], axis=-1)[..., 0]
    late = settings["onset_s_per_pelvic_drop_deg"] * (drop - config["alignment"]["pelvic_drop_deg"]["mean"])
    effect = (
        settings["percent_per_onset_ms_within"] * onset.session
        + settings["percent_per_onset_ms_between"] * (onset.person - settings["gluteus_medius_onset_s"]["mean"])
    ) / MILLISECOND
    effect = effect + settings["percent_per_peak_percent_within"] * peak.session
    effect = effect + settings["percent_per_peak_percent_between"] * (
        peak.person - settings["gluteus_medius_peak_percent"]["mean"]
    )
    lateral = np.where(schedule.tasks == "lateral_jump", 1.0, np.nan)
    return {
        "takeoff_velocity_m_per_s": lateral * np.exp(velocity + effect / PERCENT),
        "gluteus_medius_onset_s": lateral * (onset.value + late),
        "gluteus_medius_peak_percent": lateral * peak.value,
    }


def _contacts(streams: Streams, athletes: Athletes, schedule: _Schedule, config: Mapping[str, Any]) -> dict[str, Array]:
    """Draw contact times of drop jumps and steps [s], foot strike angle [deg] and braking impulse [N s] of steps.

    Braking impulse = body mass (braking + change per degree (foot strike angle - mean)).
    """
    settings = config["sprint"]
    drop_jump, step = (
        np.exp(varying(streams, config[task]["contact_time_s"], **schedule.size).value)
        for task in ("drop_jump", "sprint")
    )
    angle = varying(streams, settings["foot_strike_angle_deg"], **schedule.size).value
    speed_lost = (
        settings["braking_m_per_s"]
        + settings["braking_sd_m_per_s"] * streams.normal(1, 1)
        + settings["braking_m_per_s_per_foot_strike_deg"] * (angle - settings["foot_strike_angle_deg"]["mean"])
    )
    tasks = schedule.tasks
    sprint = np.where(tasks == "sprint", 1.0, np.nan)
    return {
        "contact_time_s": np.where(tasks == "drop_jump", drop_jump, sprint * step),
        "foot_strike_angle_deg": sprint * angle,
        "horizontal_braking_impulse_n_s": sprint * speed_lost * athletes.body_mass_kg[:, None, None],
    }
