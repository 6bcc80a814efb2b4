"""What the virtual athletes plan to train, and how their alignment is learned over weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.athletes import Athletes, beighton_mean
from legsci.simulate.cohort.draws import Streams, autocorrelated

MINUTES_PER_HOUR = 60.0
#: Correlation of planned hours of neighbouring weeks; assumed.
HOURS_CORRELATION = 0.5
#: The scale of rating of perceived exertion, CR-10 (Foster et al. 2001, J Strength Cond Res 15:109).
EXERTION_RANGE = (1.0, 10.0)
#: Most hours anyone plans in a week [h]; assumed.
MOST_HOURS = 30.0


@dataclass(frozen=True)
class Training:
    """Planned training.

    Parameters
    ----------
    usual_hours : (athlete,) the athlete's usual week [h].
    hours : (athlete, week) planned [h].
    exertion : (athlete, week) mean session rating of perceived exertion, 1 to 10.
    usual_load : (athlete,) usual weekly load, rating times minutes [arbitrary units].
    """

    usual_hours: Array
    hours: Array
    exertion: Array
    usual_load: Array


@dataclass(frozen=True)
class Learning:
    """Alignment of each athlete, mean of both knees, as it is learned.

    Parameters
    ----------
    plateau : (athlete,) knee abduction that practice leads to [deg].
    excess : (athlete,) knee abduction above the plateau in week 0 [deg].
    half_time : (athlete,) time in which the excess halves [weeks].
    expected : (athlete, week) plateau + excess 2^(-week / half_time) [deg].
    residual : (athlete, week) autocorrelated departure of the week from it [deg].
    """

    plateau: Array
    excess: Array
    half_time: Array
    expected: Array
    residual: Array

    @property
    def typical(self) -> Array:
        """Mean over the follow-up (athlete,) [deg]: what between-athlete effects act on."""
        return self.expected.mean(axis=1)


def weeks_of(config: Mapping[str, Any]) -> int:
    """Return the weeks of follow-up."""
    return int(config["visits"] * config["weeks_between_visits"])


def centre_of_alignment(config: Mapping[str, Any]) -> float:
    """Return the knee abduction of a typical athlete over the follow-up [deg]; between-athlete effects are 0 there."""
    alignment, learning = config["alignment"], config["learning"]
    left = 2.0 ** (-np.arange(weeks_of(config)) / learning["half_time_weeks"])
    female = config["athlete"]["female_share"] * alignment["knee_abduction_female_deg"]
    return float(alignment["knee_abduction_mean_deg"] + female + learning["start_excess_deg"] * left.mean())


def plan_training(streams: Streams, athletes: Athletes, config: Mapping[str, Any]) -> Training:
    """Draw what each athlete plans to train: hours by level, log-normal between athletes and weeks."""
    settings, weeks = config["training"], weeks_of(config)
    elite_ratio = settings["hours_elite"] / settings["hours_novice"]
    person = np.exp(settings["hours_between_sd_log"] * streams.normal())
    usual = settings["hours_novice"] * elite_ratio**athletes.proficiency * person
    week = autocorrelated(streams.normal(weeks), sd=settings["hours_week_sd_log"], correlation=HOURS_CORRELATION)
    exertion = np.clip(
        settings["exertion_mean"] + settings["exertion_week_sd"] * streams.normal(weeks), *EXERTION_RANGE
    )
    return Training(
        usual_hours=usual,
        hours=np.minimum(usual[:, None] * np.exp(week), MOST_HOURS),
        exertion=exertion,
        usual_load=usual * MINUTES_PER_HOUR * settings["exertion_mean"],
    )


def learn_alignment(streams: Streams, athletes: Athletes, config: Mapping[str, Any]) -> Learning:
    """Draw how each athlete's alignment approaches its plateau: exponentially, with a half-time of the athlete's own.

    Learning curves of practice are commonly exponential for single learners (Heathcote, Brown & Mewhort 2000, Psychon
    Bull Rev 7:185). Feedback multiplies the half-time.
    """
    alignment, settings, weeks = config["alignment"], config["learning"], weeks_of(config)
    person, week = streams.normal(3), streams.normal(weeks)
    plateau = (
        alignment["knee_abduction_mean_deg"]
        + alignment["knee_abduction_between_sd_deg"] * person[:, 0]
        + alignment["knee_abduction_female_deg"] * athletes.female
        + alignment["knee_abduction_deg_per_beighton"] * (athletes.beighton - beighton_mean(config))
    )
    excess = settings["start_excess_deg"] + settings["start_excess_sd_deg"] * person[:, 1]
    half_time = settings["half_time_weeks"] * np.exp(settings["half_time_sd_log"] * person[:, 2])
    half_time = half_time * np.where(athletes.feedback, settings["feedback_half_time_ratio"], 1.0)
    return Learning(
        plateau=plateau,
        excess=excess,
        half_time=half_time,
        expected=plateau[:, None] + excess[:, None] * 2.0 ** (-np.arange(weeks) / half_time[:, None]),
        residual=autocorrelated(
            week, sd=alignment["knee_abduction_session_sd_deg"], correlation=alignment["autocorrelation_per_week"]
        ),
    )
