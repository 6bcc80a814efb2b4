"""Missed sessions and drop-out of the virtual athletes; both depend on observed values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from legsci.simulate.athlete.plan import Array
from legsci.simulate.cohort.draws import PERCENT, Streams

SEVERITY_UNIT = 10.0


@dataclass(frozen=True)
class Attendance:
    """Who came.

    Parameters
    ----------
    attended : (athlete, visit) whether.
    stayed : (athlete, visit) whether the athlete was still in the study.
    drop_out_chance : (athlete, visit) probability with which the athlete left between the visit before and this one;
        NaN for the first visit and for those who had left.
    """

    attended: NDArray[np.bool_]
    stayed: NDArray[np.bool_]
    drop_out_chance: Array

    def weeks_observed(self, *, weeks_between_visits: int) -> NDArray[np.int64]:
        """Return how many weeks of each athlete are in the study's weekly tables (athlete,)."""
        return self.stayed.sum(axis=1) * weeks_between_visits


def attend(
    streams: Streams,
    *,
    lost_days: Array,
    reported_severity: Array,
    jump_height: Array,
    visit_weeks: NDArray[np.int64],
    config: Mapping[str, Any],
) -> Attendance:
    """Draw missed sessions and drop-out.

    Everyone comes to the first visit. The log odds of leaving before a visit are
    logit(share) + log(ratio) severity / 10 + log(ratio) decline, with the OSTRC-O2 score last reported and the loss of
    measured jump height from the first session to the last one attended [%]. Values that were never observed have no
    part in it, so what is missing is missing at random (Rubin 1976, Biometrika 63:581) given the tables.

    Parameters
    ----------
    streams : random numbers of the cohort.
    lost_days : (athlete, week) without training [days].
    reported_severity : (athlete, week) sum of the OSTRC-O2 answers, NaN where nobody answered.
    jump_height : (athlete, visit) measured mean height of the countermovement jumps [m].
    visit_weeks : (visit,) week of each visit.
    config : the block `virtual` of workflow/config.yaml.
    """
    settings = config["attendance"]
    chance = streams.uniform(len(visit_weeks), 2)
    attended, stayed = (np.ones(jump_height.shape, dtype=bool) for _ in range(2))
    drop_out_chance = np.full(jump_height.shape, np.nan)
    severity, last_height = _last_reported(reported_severity), jump_height[:, 0]
    for visit, week in enumerate(visit_weeks[1:], start=1):
        decline = PERCENT * np.log(jump_height[:, 0] / last_height)
        odds = (
            logit(settings["drop_out_share"])
            + np.log(settings["drop_out_odds_ratio_per_10_severity"]) * severity[:, week - 1] / SEVERITY_UNIT
            + np.log(settings["drop_out_odds_ratio_per_percent_decline"]) * decline
        )
        before = stayed[:, visit - 1]
        drop_out_chance[before, visit] = expit(odds[before])
        stayed[:, visit] = before & (chance[:, visit, 0] >= expit(odds))
        hurt = np.log(settings["missed_odds_ratio_time_loss"]) * (lost_days[:, week] > 0.0)
        attended[:, visit] = stayed[:, visit] & (chance[:, visit, 1] >= expit(logit(settings["missed_share"]) + hurt))
        last_height = np.where(attended[:, visit], jump_height[:, visit], last_height)
    return Attendance(attended, stayed, drop_out_chance)


def _last_reported(severity: Array) -> Array:
    """Return the last score reported up to each week (athlete, week); 0 before the first answer."""
    weeks = np.where(np.isnan(severity), -1, np.arange(severity.shape[1]))
    last = np.maximum.accumulate(weeks, axis=1)
    return np.where(last < 0, 0.0, np.take_along_axis(severity, np.maximum(last, 0), axis=1))
