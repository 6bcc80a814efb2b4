"""Person-weeks at risk from weekly exposure and questionnaires, with the excluded weeks by reason.

The answers are those of the OSTRC-O2 questionnaire (Clarsen et al. 2020, Br J Sports Med 54:390), 0 to 25 points each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.result import ModelRefusal
from legsci.vocabulary import DAYS_PER_WEEK, OSTRC_QUESTIONS

MOST_POINTS = 25.0
#: Both questionnaires call reductions of training or performance moderate from here on: categories are 0, 8, 17, 25
#: points in OSTRC-O2 and 0, 6, 13, 19, 25 in its forerunner (Clarsen et al. 2013, Br J Sports Med 47:495).
MODERATE_POINTS = 13.0
#: Injuries that do not end reach no further than this day, some 20 years.
LAST_DAY = 7000
PROBLEMS = ("any_problem", "substantial_problem", "time_loss")

EXCLUSIONS = {
    "no_exposure": "training hours are unknown",
    "away": "no training: not at risk",
    "acute": "the week lay within an acute injury: not at risk",
    "no_answer": "the questionnaire is incomplete, or the type of problem is missing",
    "unknown_before": "the previous weeks were not answered, so that a problem could be an old one",
    "ongoing": "a problem of the previous weeks was ongoing",
}


@dataclass(frozen=True)
class PersonWeeks:
    """Weeks of athletes, with those at risk of a new problem.

    Parameters
    ----------
    weeks : one row per athlete and week from the first to the last that either table names: participant_id, week, the
        columns of exposure, severity [points, 0 to 100], any_problem, substantial_problem, time_loss (missing where
        nobody answered), excluded (key of EXCLUSIONS, missing where at risk), onset (whether a new problem began).
    exclusions : index reason; sentence, weeks, weeks_with_problem (those of them in which the problem was reported),
        onsets_left_out (those in which it was reported anew, with clear weeks before).
    problem : one of PROBLEMS.
    """

    weeks: pd.DataFrame
    exclusions: pd.DataFrame
    problem: str

    @property
    def at_risk(self) -> pd.DataFrame:
        """The weeks in which a new problem could begin, with `onset` as 0 or 1."""
        return self.weeks[self.weeks["excluded"].isna()].drop(columns="excluded").reset_index(drop=True)


def person_weeks(
    exposure: pd.DataFrame,
    health: pd.DataFrame,
    *,
    problem: str = "any_problem",
    problem_type: str | None = None,
    clear_weeks: int = 1,
    censored: pd.DataFrame | None = None,
) -> PersonWeeks:
    """Determine the weeks at risk and the onsets in them.

    A problem is any answer above 0 (any_problem), moderate or greater reduction of training or performance or no
    participation (substantial_problem), or no participation (time_loss). Its onset is the first week with it after
    `clear_weeks` answered weeks without it. A week is at risk where hours were trained, it was answered, and so were
    those clear weeks. An onset that kept the athlete away all week counts in the week before, whose training led to it,
    provided that week was at risk.

    Parameters
    ----------
    exposure : participant_id, week, training_hours [h] and what else belongs to a week.
    health : participant_id, week, the four OSTRC_QUESTIONS [points]; several rows per week for several problems, of
        which the one with the highest score counts. `participation` of 0 or 25 alone is a complete answer: 0 or 25 in
        each.
    problem : one of PROBLEMS.
    problem_type : count only rows of health with this problem_type, however it is capitalised; rows of others are weeks
        without the problem, and a problem without a type makes its week unknown.
    clear_weeks : answered weeks without the problem before an onset, at least 1.
    censored : participant_id, week of weeks that are not at risk because of a competing event: see `acute_weeks`.

    Raises
    ------
    ModelRefusal
        With all contradictions in the tables.
    """
    faults = [*_faults_of_exposure(exposure), *_faults_of_health(health, problem_type)]
    if problem not in PROBLEMS:
        faults.append(f"problem is one of {', '.join(PROBLEMS)}; found {problem}")
    if clear_weeks < 1:
        faults.append(f"clear_weeks is at least 1; found {clear_weeks}")
    if faults:
        raise ModelRefusal("the table of person-weeks", faults)
    weeks = _every_week(exposure, _answers_of_weeks(health, problem_type))
    present, answered = weeks[problem].fillna(False).astype(bool), weeks[problem].notna()
    athlete = weeks["participant_id"]
    known_before = pd.Series(True, index=weeks.index)
    problem_before = pd.Series(False, index=weeks.index)
    for back in range(1, clear_weeks + 1):
        known_before &= answered.groupby(athlete).shift(back, fill_value=False)
        problem_before |= present.groupby(athlete).shift(back, fill_value=False)
    hours = weeks["training_hours"]
    competing = pd.Series(False, index=weeks.index)
    if censored is not None:
        keys = [pd.MultiIndex.from_frame(table[["participant_id", "week"]]) for table in (weeks, censored)]
        competing = pd.Series(keys[0].isin(keys[1]), index=weeks.index)
    reasons = [hours.isna(), hours == 0, competing, ~answered, problem_before, ~known_before]
    names = ["no_exposure", "away", "acute", "no_answer", "ongoing", "unknown_before"]
    weeks["excluded"] = pd.Series(np.select(reasons, names, ""), index=weeks.index, dtype=object).replace("", None)
    at_risk, new = weeks["excluded"].isna(), present & known_before & ~problem_before
    kept_away = new & (hours == 0) & weeks["time_loss"].fillna(False).astype(bool)
    carried = kept_away.groupby(athlete).shift(-1, fill_value=False) & at_risk
    weeks["onset"] = ((new & at_risk) | carried).astype(np.int64)
    left_out = new & ~at_risk & ~carried.groupby(athlete).shift(1, fill_value=False)
    return PersonWeeks(weeks, _count_exclusions(weeks["excluded"], present, left_out), problem)


def acute_weeks(injuries: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks that lie wholly within an acute injury, in which no overuse problem is counted.

    An acute injury is a competing event: the hazard of overuse is cause-specific, and time is censored while the injury
    lasts (Putter, Fiocco & Geskus 2007, Stat Med 26:2389-2430). Hours trained before it in the week of its onset, and
    after it in the week of the return, are at risk.

    Parameters
    ----------
    injuries : rows of injuries.tsv; may be empty. An injury lasts from the day after its onset to the return, else for
        time_loss_days, else for good.
    sessions : rows of sessions.tsv, for the date of the first visit.

    Returns
    -------
    participant_id, week.
    """
    columns = ["participant_id", "mode", "onset", "onset_day", "return", "return_day", "time_loss_days"]
    acute = injuries.reindex(columns=columns)
    acute = acute[acute["mode"] == "acute"].astype({"participant_id": str})
    dates = sessions.reindex(columns=["participant_id", "date"]).astype({"participant_id": str})
    origin = acute["participant_id"].map(pd.to_datetime(dates["date"]).groupby(dates["participant_id"]).min())
    first, back = (
        acute[f"{name}_day"].astype(float).fillna((pd.to_datetime(acute[name]) - origin).dt.days.astype(float))
        for name in ("onset", "return")
    )
    back = back.fillna(first + 1.0 + acute["time_loss_days"].astype(float)).fillna(np.inf)
    rows = [
        (name, week)
        for name, start, end in zip(acute["participant_id"], first, back, strict=True)
        if np.isfinite(start)
        for week in range(int(start) // DAYS_PER_WEEK + 1, int(min(end, LAST_DAY)) // DAYS_PER_WEEK)
    ]
    return pd.DataFrame(rows, columns=["participant_id", "week"])


def problem_prevalence(weeks: pd.DataFrame) -> pd.Series:
    """Return the share of answered weeks with each of PROBLEMS [1].

    Parameters
    ----------
    weeks : `PersonWeeks.weeks`.
    """
    answered = weeks[list(PROBLEMS)].dropna()
    if answered.empty:
        raise ModelRefusal("the prevalence of problems", ["no week was answered"])
    return answered.astype(float).mean().rename("prevalence")


def _count_exclusions(excluded: pd.Series, present: pd.Series, left_out: pd.Series) -> pd.DataFrame:
    rows = {
        reason: (
            sentence,
            *(int((where & (excluded == reason)).sum()) for where in (excluded.notna(), present, left_out)),
        )
        for reason, sentence in EXCLUSIONS.items()
    }
    columns = ["sentence", "weeks", "weeks_with_problem", "onsets_left_out"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("reason")


def _faults_of_exposure(exposure: pd.DataFrame) -> list[str]:
    faults = [
        f"exposure: there is no column {column}"
        for column in ("participant_id", "week", "training_hours")
        if column not in exposure
    ]
    if faults:
        return faults
    faults = _faults_of_weeks("exposure", exposure)
    twice = int(exposure.duplicated(["participant_id", "week"]).sum())
    if twice:
        faults.append(f"exposure: {twice} rows repeat an athlete's week")
    hours = pd.to_numeric(exposure["training_hours"], errors="coerce")
    wrong = int(((hours < 0) | np.isinf(hours) | (hours.isna() & exposure["training_hours"].notna())).sum())
    if wrong:
        faults.append(f"exposure: training_hours of {wrong} rows is not a number of at least 0")
    return faults


def _faults_of_health(health: pd.DataFrame, problem_type: str | None) -> list[str]:
    columns = ["participant_id", "week", *OSTRC_QUESTIONS, *(["problem_type"] if problem_type is not None else [])]
    faults = [f"health: there is no column {column}" for column in columns if column not in health]
    if faults:
        return faults
    faults = _faults_of_weeks("health", health)
    for question in OSTRC_QUESTIONS:
        points = pd.to_numeric(health[question], errors="coerce")
        wrong = int(((points < 0) | (points > MOST_POINTS) | (points.isna() & health[question].notna())).sum())
        if wrong:
            faults.append(f"health: {question} of {wrong} rows is not within 0 to 25 points")
    return faults


def _faults_of_weeks(name: str, table: pd.DataFrame) -> list[str]:
    if table.empty:
        return [f"{name}: there are no rows"]
    faults = []
    if table["participant_id"].isna().any():
        faults.append(f"{name}: {int(table['participant_id'].isna().sum())} rows have no participant_id")
    week = pd.to_numeric(table["week"], errors="coerce")
    wrong = int((~(week % 1 == 0)).sum())
    if wrong:
        faults.append(f"{name}: week of {wrong} rows is not a whole number")
    return faults


def _answers_of_weeks(health: pd.DataFrame, problem_type: str | None) -> pd.DataFrame:
    """Return severity and PROBLEMS per athlete and week; missing where some row of the week is incomplete."""
    health = health.reset_index(drop=True)
    points = health[list(OSTRC_QUESTIONS)].astype(float)
    alone = points[list(OSTRC_QUESTIONS[1:])].isna().all(axis=1) & points["participation"].isin([0.0, MOST_POINTS])
    points = points.mask(alone, points["participation"], axis=0)
    whole = points.notna().all(axis=1)
    if problem_type is not None:
        said = health["problem_type"].astype("string").str.strip().str.casefold()
        # A problem of unknown type may be of this type: its week is missing, not clear.
        whole &= said.notna() | (points.max(axis=1) == 0.0)
        points[(said != problem_type.casefold()).fillna(True).astype(bool) & whole] = 0.0
    reduced = points[["modified_training", "performance"]].max(axis=1) >= MODERATE_POINTS
    rows = pd.DataFrame(
        {
            "participant_id": health["participant_id"].astype(object),
            "week": health["week"].astype(np.int64),
            "whole": whole,
            "severity": points.sum(axis=1),
            "any_problem": points.max(axis=1) > 0.0,
            "substantial_problem": reduced | (points["participation"] == MOST_POINTS),
            "time_loss": points["participation"] == MOST_POINTS,
        }
    )
    found = rows.groupby(["participant_id", "week"]).agg(
        {"whole": "all", "severity": "max"} | dict.fromkeys(PROBLEMS, "any")
    )
    found[list(PROBLEMS)] = found[list(PROBLEMS)].astype("boolean")
    return found.drop(columns="whole").mask(~found["whole"])


def _every_week(exposure: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per athlete and week without gaps, from the first to the last that either table names."""
    known = exposure.astype({"participant_id": object, "week": np.int64, "training_hours": float}).set_index(
        ["participant_id", "week"]
    )
    together = known.join(answers, how="outer")
    span = together.reset_index().groupby("participant_id")["week"].agg(["min", "max"])
    every = [(athlete, week) for athlete, first, last in span.itertuples() for week in range(first, last + 1)]
    index = pd.MultiIndex.from_tuples(every, names=["participant_id", "week"])
    return together.reindex(index).reset_index()
