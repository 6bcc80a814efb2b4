"""A cohort of virtual athletes: the one latent process from which tables and raw recordings both come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.athletes import Athletes, draw_athletes
from legsci.simulate.cohort.attendance import Attendance, attend
from legsci.simulate.cohort.draws import Streams
from legsci.simulate.cohort.injury import FollowUp, answers, simulate_follow_up
from legsci.simulate.cohort.performance import Performance, perform
from legsci.simulate.cohort.training import Learning, Training, learn_alignment, plan_training
from legsci.vocabulary import STANDARD_GRAVITY

#: Ending of a metric's name -> its measurement error; the first that fits.
_ERRORS = {
    "_m_per_s": "velocity_sd_m_per_s",
    "_n_s": "impulse_sd_n_s",
    "_percent": "activation_sd_percent",
    "_deg": "angle_sd_deg",
    "_s": "time_sd_s",
    "_m": "length_sd_m",
}


@dataclass(frozen=True)
class Cohort:
    """A cohort of virtual athletes.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml that it was drawn from.
    seed : of the cohort.
    athletes, training, learning, follow_up, performance, attendance : persons, planned training, motor learning, weekly
        follow-up, performance in each rep, attended sessions.
    answers : (athlete, week, question) OSTRC-O2 answers [points], NaN where nobody answered.
    measured_both, measured_sided : the metrics of `performance` with measurement error.
    """

    config: Mapping[str, Any]
    seed: int
    athletes: Athletes
    training: Training
    learning: Learning
    follow_up: FollowUp
    performance: Performance
    attendance: Attendance
    answers: Array
    measured_both: Mapping[str, Array]
    measured_sided: Mapping[str, Array]

    @property
    def participants(self) -> list[str]:
        """The athletes' names in the tables."""
        return [f"V{number:04d}" for number in range(1, len(self.athletes) + 1)]

    @property
    def sessions(self) -> list[str]:
        """The visits' names in the tables."""
        return [f"S{number:02d}" for number in range(1, len(self.performance.visit_weeks) + 1)]


def simulate_cohort(config: Mapping[str, Any], *, seed: int) -> Cohort:
    """Draw a cohort.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml; what each key means, its unit, bounds and source are in
        workflow/schemas/config.schema.yaml.
    seed : of the cohort. A larger cohort of the same seed has the same first athletes.
    """
    streams = Streams(seed, config["athletes"])
    athletes = draw_athletes(streams, config)
    training = plan_training(streams, athletes, config)
    learning = learn_alignment(streams, athletes, config)
    follow_up = simulate_follow_up(streams, athletes, training, learning, config)
    answered = answers(streams, follow_up, config)
    performance = perform(streams, athletes, training, learning, follow_up, config)
    both, sided = _measure(streams, performance, config)
    jumps = np.array([rep.task == "countermovement_jump" for rep in performance.reps])
    attendance = attend(
        streams,
        lost_days=follow_up.lost_days,
        reported_severity=answered.sum(axis=-1),
        jump_height=both["jump_height_impulse_m"][:, :, jumps].mean(axis=-1),
        visit_weeks=performance.visit_weeks,
        config=config,
    )
    return Cohort(config, seed, athletes, training, learning, follow_up, performance, attendance, answered, both, sided)


def _measure(
    streams: Streams, performance: Performance, config: Mapping[str, Any]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Add measurement error; height follows from the measured velocity, as it does on a force plate."""
    measured = []
    for metrics in (performance.both, performance.sided):
        noise = streams.normal(len(metrics), *next(iter(metrics.values())).shape[1:])
        measured.append(
            {name: value + _error_sd(name, config) * noise[:, i] for i, (name, value) in enumerate(metrics.items())}
        )
    both, sided = measured
    jumped = np.isfinite(performance.both["jump_height_impulse_m"])
    height = both["takeoff_velocity_m_per_s"] ** 2 / (2.0 * STANDARD_GRAVITY)
    return both | {"jump_height_impulse_m": np.where(jumped, height, np.nan)}, sided


def _error_sd(metric: str, config: Mapping[str, Any]) -> float:
    """Return the standard deviation of a metric's measurement error in the metric's unit."""
    error = next(error for ending, error in _ERRORS.items() if metric.endswith(ending))
    return float(config["measurement"][error])
