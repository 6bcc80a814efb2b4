"""The tables of a simulated study, with the columns of the study folder and of metrics.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.simulate.cohort.athletes import LEVELS, STUDY_ARMS
from legsci.simulate.cohort.process import Cohort, simulate_cohort
from legsci.vocabulary import DAYS_PER_WEEK, OSTRC_QUESTIONS, SIDES

#: Most sessions that exposure.tsv takes in a week.
_MOST_SESSIONS = 50


def simulate_tables(config: Mapping[str, Any], *, seed: int) -> dict[str, pd.DataFrame]:
    """Simulate a cohort without its recordings.

    Parameters
    ----------
    config : the block `virtual` of workflow/config.yaml.
    seed : of the cohort.

    Returns
    -------
    tables : participants, sessions, exposure, health, injuries with the columns of the study folder, and metrics with
        the columns of metrics.csv.
    """
    cohort = simulate_cohort(config, seed=seed)
    return study_folder_tables(cohort) | {"metrics": metrics_table(cohort)}


def study_folder_tables(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Return the tables of the study folder about persons, sessions, exposure and health."""
    return {
        "participants": participants_table(cohort),
        "sessions": sessions_table(cohort),
        "exposure": exposure_table(cohort),
        "health": health_table(cohort),
        "injuries": injuries_table(cohort),
    }


def participants_table(cohort: Cohort) -> pd.DataFrame:
    """Return participants.tsv."""
    athletes = cohort.athletes
    return pd.DataFrame(
        {
            "participant_id": cohort.participants,
            "sex": np.where(athletes.female, "female", "male"),
            "age_years": athletes.age_years,
            "height_m": athletes.height_m.round(3),
            "body_mass_kg": athletes.body_mass_kg.round(1),
            "dominant_leg": np.where(athletes.right_dominant, "right", "left"),
            "beighton_score": athletes.beighton,
            "previous_injury": np.where(athletes.previous_injury, "knee or ankle", "none"),
            "level": np.array(LEVELS)[athletes.level],
            "group": np.array(STUDY_ARMS)[athletes.feedback.astype(np.int64)],
        }
    )


def sessions_table(cohort: Cohort) -> pd.DataFrame:
    """Return sessions.tsv: the sessions that were attended."""
    athlete, visit = np.nonzero(cohort.attendance.attended)
    return pd.DataFrame(
        {
            "participant_id": _labels(athlete, cohort.participants),
            "session_id": _labels(visit, cohort.sessions),
            "day": DAYS_PER_WEEK * cohort.performance.visit_weeks[visit],
            "body_mass_kg": cohort.athletes.body_mass_kg[athlete].round(1),
        }
    )


def exposure_table(cohort: Cohort) -> pd.DataFrame:
    """Return exposure.tsv: the weeks in which the athlete was in the study; a week lost to injury has 0 hours."""
    athlete, week = np.nonzero(weeks_observed(cohort))
    hours = cohort.follow_up.hours[athlete, week]
    sessions = np.rint(hours / cohort.config["training"]["hours_per_session"])
    return pd.DataFrame(
        {
            "participant_id": _labels(athlete, cohort.participants),
            "week": week,
            "training_hours": hours.round(2),
            "sessions": np.clip(sessions, hours > 0.0, _MOST_SESSIONS).astype(np.int64),
            "load": cohort.follow_up.load[athlete, week].round(),
        }
    )


def health_table(cohort: Cohort) -> pd.DataFrame:
    """Return health.tsv: one row per week in the study, answers missing where the athlete did not answer."""
    athlete, week = np.nonzero(weeks_observed(cohort))
    points = cohort.answers[athlete, week]
    # A code of -1 is a missing label.
    reported = (points[:, 0] > 0.0).astype(np.int64)
    return pd.DataFrame(
        {
            "participant_id": _labels(athlete, cohort.participants),
            "week": week,
            **dict(zip(OSTRC_QUESTIONS, points.T, strict=True)),
            "problem_location": _labels(reported - 1, ["leg"]),
            "problem_type": _labels(reported - 1, ["overuse"]),
        }
    )


def injuries_table(cohort: Cohort) -> pd.DataFrame:
    """Return injuries.tsv: time-loss injuries, which leave out most overuse problems.

    An overuse injury is dated to the first day of the week in which it was first reported, an acute one to the last,
    since that week's training is time at risk. Days are lost from the next week on. What had not ended when the
    athlete was last observed has no return and no time loss.
    """
    observed = weeks_observed(cohort)
    days = np.stack([cohort.follow_up.overuse_days, cohort.follow_up.acute_days], axis=-1)
    athlete, week, mode = np.nonzero(observed[..., None] & (days > 0.0))
    lost = days[athlete, week, mode]
    returned = DAYS_PER_WEEK * (week + 1) + lost
    ended = returned <= DAYS_PER_WEEK * observed.sum(axis=1)[athlete]
    return pd.DataFrame(
        {
            "participant_id": _labels(athlete, cohort.participants),
            "onset_day": DAYS_PER_WEEK * week + np.array([0, DAYS_PER_WEEK - 1])[mode],
            "return_day": pd.array(np.where(ended, returned, np.nan), dtype="Int64"),
            "mode": _labels(mode, ["overuse", "acute"]),
            "location": "leg",
            "time_loss_days": np.where(ended, lost, np.nan),
        }
    )


def metrics_table(cohort: Cohort) -> pd.DataFrame:
    """Return what metrics.csv would hold: one row per attended session, rep and side, with measurement error.

    Tasks on both legs have a row for both sides together and one for each side; tasks of one leg have the row of that
    leg.
    """
    reps = cohort.performance.reps
    rows = [
        (number, side)
        for number, rep in enumerate(reps)
        for side in SIDES
        if rep.task != "standing" and side in (SIDES if rep.leg == "both" else (rep.leg,))
    ]
    rep_of, side_of = np.array([number for number, _ in rows]), np.array([SIDES.index(side) for _, side in rows])
    athlete, visit = np.nonzero(cohort.attendance.attended)
    one_leg = np.array([rep.leg != "both" for rep in reps])[rep_of]
    table: dict[str, object] = {
        "participant_id": _labels(np.repeat(athlete, len(rows)), cohort.participants),
        "session_id": _labels(np.repeat(visit, len(rows)), cohort.sessions),
    }
    for column in ("trial_id", "task"):
        names = [getattr(reps[number], column) for number in rep_of]
        known = list(dict.fromkeys(names))
        table[column] = _labels(np.tile([known.index(name) for name in names], len(athlete)), known)
    table["rep"] = np.tile([reps[number].rep for number in rep_of], len(athlete))
    table["side"] = _labels(np.tile(side_of, len(athlete)), list(SIDES))
    for name, value in cohort.measured_both.items():
        table[name] = np.where((side_of == 0) | one_leg, value[athlete, visit][:, rep_of], np.nan).ravel()
    for name, value in cohort.measured_sided.items():
        picked = value[athlete, visit][:, rep_of, np.maximum(side_of - 1, 0)]
        wanted = (side_of > 0) & (one_leg if name == "pelvic_drop_max_deg" else True)
        table[name] = np.where(wanted, picked, np.nan).ravel()
    return pd.DataFrame(table)


def weeks_observed(cohort: Cohort) -> NDArray[np.bool_]:
    """Return whether the athlete was in the study in a week (athlete, week)."""
    weeks = np.arange(cohort.follow_up.hours.shape[1])
    length = cohort.attendance.weeks_observed(weeks_between_visits=cohort.config["weeks_between_visits"])
    return np.asarray(weeks < length[:, None])


def _labels(codes: NDArray[np.int64], names: list[str]) -> pd.Categorical[str]:
    """Return names by code, missing where the code is -1, without a Python string per row."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))
