"""Training done, overuse problems and acute injuries of the virtual athletes, week by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.athletes import Athletes, beighton_mean
from legsci.simulate.cohort.draws import Streams
from legsci.simulate.cohort.training import MINUTES_PER_HOUR, Learning, Training, centre_of_alignment
from legsci.vocabulary import DAYS_PER_WEEK, OSTRC_QUESTIONS

#: 90th less 10th percentile of a normal distribution, in standard deviations.
P90_LESS_P10_SD = 2.563103
LOAD_UNIT = 1000.0
#: Weeks of overuse-related absence never outlast this share of the problem; assumed.
_ABSENT_SHARE = 0.5
#: Cut-offs that turn a standard normal severity into the four answers; set so that about a third of the problem weeks
#: are substantial (Clarsen et al. 2013, Br J Sports Med 47:495: 13 of 39 %).
_SEVERITY_LIMITS = (-0.4, 0.8, 2.0)
#: Share of the variance of severity that belongs to the problem; the rest varies between weeks and questions. Assumed.
_SEVERITY_OF_PROBLEM = 0.64
#: Points of the four answer categories of every OSTRC-O2 question (Clarsen et al. 2020, Br J Sports Med 54:390); the
#: sum of the four questions is the severity score, 0 to 100.
ANSWER_POINTS = np.array([0.0, 8.0, 17.0, 25.0])


@dataclass(frozen=True)
class FollowUp:
    """What happened in each week; all (athlete, week).

    Parameters
    ----------
    hours : trained [h].
    load : rating of perceived exertion times minutes [arbitrary units].
    load_before : load of the week before, less the athlete's usual load [arbitrary units]; 0 in week 0.
    alignment : true knee abduction, mean of both knees [deg].
    lost_days : days of the week without training because of an injury [days].
    overuse_onset, acute_onset : whether a problem, an acute injury began.
    at_risk_overuse : whether a new problem could begin: trained, and no problem going on.
    problem : whether an overuse problem was there.
    absent : whether it kept the athlete from training all week.
    severity : of that problem, standard normal; NaN without one.
    overuse_days, acute_days : days that the injury which began in the week costs [days]; 0 where none began.
    """

    hours: Array
    load: Array
    load_before: Array
    alignment: Array
    lost_days: Array
    overuse_onset: NDArray[np.bool_]
    acute_onset: NDArray[np.bool_]
    at_risk_overuse: NDArray[np.bool_]
    problem: NDArray[np.bool_]
    absent: NDArray[np.bool_]
    severity: Array
    overuse_days: Array
    acute_days: Array


@dataclass(frozen=True)
class _PotentialInjuries:
    """What is drawn for each week whether or not an injury begins; all (athlete, week)."""

    overuse_chance: Array
    acute_chance: Array
    problem_weeks: Array
    absent_weeks: Array
    acute_days: Array
    severity: Array


def simulate_follow_up(
    streams: Streams, athletes: Athletes, training: Training, learning: Learning, config: Mapping[str, Any]
) -> FollowUp:
    """Simulate training, overuse problems and acute injuries week by week.

    In each week an athlete trains what is planned, cut by the share of days lost to injury. The training of the week
    before moves alignment and both injury rates. Onsets are Poisson in the hours trained, at most one of each kind a
    week and none of overuse while a problem lasts: P(onset) = 1 - exp(-hours / 1000 rate frailty ratios). Days are lost
    from the week after the onset, so that the hours of the week of onset are hours at risk.
    """
    count, length = training.hours.shape
    potential = _draw_potential_injuries(streams, length, config)
    rates = {kind: _base_rate(athletes, learning, config, kind) for kind in ("overuse", "acute")}
    problem_left, load_before, severity = np.zeros(count), np.zeros(count), np.full(count, np.nan)
    days_left = dict.fromkeys(rates, np.zeros(count))
    weeks = []
    for week in range(length):
        absent = days_left["overuse"] > 0.0
        lost = np.minimum(np.maximum(days_left["overuse"], days_left["acute"]), DAYS_PER_WEEK)
        hours = training.hours[:, week] * (1.0 - lost / DAYS_PER_WEEK)
        shift = config["alignment"]["knee_abduction_deg_per_1000_load"] * load_before / LOAD_UNIT
        within = learning.expected[:, week] + learning.residual[:, week] + shift - learning.typical
        chance = {
            kind: -np.expm1(-rate * hours * _week_ratio(config[kind], within, load_before))
            for kind, rate in rates.items()
        }
        at_risk = (problem_left <= 0.0) & (hours > 0.0)
        overuse = at_risk & (potential.overuse_chance[:, week] < chance["overuse"])
        acute = potential.acute_chance[:, week] < chance["acute"]
        problem_left = np.where(overuse, potential.problem_weeks[:, week], problem_left)
        severity = np.where(overuse, potential.severity[:, week], np.where(problem_left > 0.0, severity, np.nan))
        new_days = {
            "overuse": np.where(overuse, DAYS_PER_WEEK * potential.absent_weeks[:, week], 0.0),
            "acute": np.where(acute, potential.acute_days[:, week], 0.0),
        }
        load = hours * MINUTES_PER_HOUR * training.exertion[:, week]
        state = (hours, load, load_before, within + learning.typical, lost, overuse, acute, at_risk, problem_left > 0.0)
        weeks.append((*state, absent, severity, new_days["overuse"], new_days["acute"]))
        days_left = {kind: np.maximum(left - DAYS_PER_WEEK, new_days[kind]) for kind, left in days_left.items()}
        problem_left, load_before = problem_left - 1.0, load - training.usual_load
    return FollowUp(*(np.stack(column, axis=1) for column in zip(*weeks, strict=True)))


def answers(streams: Streams, follow_up: FollowUp, config: Mapping[str, Any]) -> Array:
    """Return the OSTRC-O2 answers of each week (athlete, week, question) [points]; NaN where nobody answered.

    Without a problem all four are 0, as the first question ends the questionnaire. With one, participation is at least
    "with problems" and there are symptoms; a week lost to it altogether scores 25 in every question.
    """
    shape = (follow_up.hours.shape[1], len(OSTRC_QUESTIONS))
    noise, chance = streams.normal(*shape), streams.uniform(shape[0])
    severity = (
        np.sqrt(_SEVERITY_OF_PROBLEM) * follow_up.severity[..., None] + np.sqrt(1.0 - _SEVERITY_OF_PROBLEM) * noise
    )
    category = np.searchsorted(_SEVERITY_LIMITS, severity)
    least = np.array([question in ("participation", "symptoms") for question in OSTRC_QUESTIONS], dtype=np.int64)
    most = np.where(np.array(OSTRC_QUESTIONS) == "participation", len(ANSWER_POINTS) - 2, len(ANSWER_POINTS) - 1)
    category = np.where(follow_up.problem[..., None], np.clip(category, least, most), 0)
    points = ANSWER_POINTS[np.where(follow_up.absent[..., None], len(ANSWER_POINTS) - 1, category)]
    return np.where((chance < config["attendance"]["answer_share"])[..., None], points, np.nan)


def _draw_potential_injuries(streams: Streams, weeks: int, config: Mapping[str, Any]) -> _PotentialInjuries:
    """Draw how long and how severe a problem would be if it began in a week."""
    chance, normal = streams.uniform(4, weeks), streams.normal(2, weeks)
    overuse, acute = config["overuse"], config["acute"]
    problem = np.ceil(np.log(chance[:, 2]) / np.log1p(-1.0 / overuse["duration_mean_weeks"]))
    absent = np.where(
        chance[:, 3] < overuse["time_loss_share"], np.maximum(np.floor(_ABSENT_SHARE * problem), 1.0), 0.0
    )
    return _PotentialInjuries(
        overuse_chance=chance[:, 0],
        acute_chance=chance[:, 1],
        # The week of onset is trained, so a problem that costs a week lasts two.
        problem_weeks=np.maximum(problem, 1.0 + absent),
        absent_weeks=absent,
        acute_days=np.ceil(acute["time_loss_median_days"] * np.exp(acute["time_loss_sd_log"] * normal[:, 0])),
        severity=normal[:, 1],
    )


def _base_rate(athletes: Athletes, learning: Learning, config: Mapping[str, Any], kind: str) -> Array:
    """Return each athlete's rate per hour before what the week adds (athlete,)."""
    settings = config[kind]
    between = learning.typical - centre_of_alignment(config)
    poor_less_good = P90_LESS_P10_SD * config["alignment"]["knee_abduction_between_sd_deg"]
    log_ratio = (
        np.log(settings["rate_ratio_poor_against_good_alignment"]) * between / poor_less_good
        + np.log(settings["rate_ratio_previous_injury"]) * athletes.previous_injury
        + np.log(settings["rate_ratio_per_beighton"]) * (athletes.beighton - beighton_mean(config))
    )
    return np.asarray(settings["rate_per_1000_hours"] / 1000.0 * athletes.frailty * np.exp(log_ratio), dtype=np.float64)


def _week_ratio(settings: Mapping[str, float], alignment_within: Array, load_before: Array) -> Array:
    """Return the factor that the week's own alignment [deg] and the load before put on a rate (athlete,)."""
    per_degree = np.log(settings["rate_ratio_per_abduction_deg_within"])
    per_load = np.log(settings["rate_ratio_per_1000_load"])
    return np.asarray(np.exp(per_degree * alignment_within + per_load * load_before / LOAD_UNIT), dtype=np.float64)
