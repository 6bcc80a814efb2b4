"""Long table of sessions with training load, health and person covariates, and the flow of participants and data.

Weeks count from a participant's first visit, in the weekly tables too, so that the week of a session is day // 7.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from legsci.ingest.study import Study
from legsci.metrics.measurements import declared_metrics, retest_rows
from legsci.models.tables.inputs import check_tables
from legsci.models.tables.summaries import (
    REP,
    SERIES,
    SESSION,
    SUMMARY_COLUMNS,
    VARIANCE_COLUMNS,
    Summaries,
    session_variances,
    summarise,
    usable,
)
from legsci.vocabulary import DAYS_PER_WEEK, OSTRC_QUESTIONS

#: Tables of a study that the models use; the last four may be absent or empty.
ANALYSIS_TABLES = ("metrics", "participants", "sessions", "exposure", "health", "injuries", "reliability")
#: Text columns of metrics.csv and longitudinal.csv, so that session "01" is not read as the number 1.
NAMES = dict.fromkeys(
    ("participant_id", "session_id", "trial_id", "task", "side", "metric", "profile", "status", "reason"), "str"
)
PERSON_COLUMNS = [
    "sex",
    "age_years",
    "height_m",
    "body_mass_kg",
    "dominant_leg",
    "beighton_score",
    "previous_injury",
    "level",
    "group",
]
WEEK_COLUMNS = [
    "week",
    "previous_week_load",
    "previous_week_load_within",
    "week_load_within",
    "four_week_load_within",
    "mean_weekly_hours",
    "severity",
]
#: Columns of longitudinal.csv.
LONGITUDINAL_COLUMNS = [*SUMMARY_COLUMNS, "within", "between", *VARIANCE_COLUMNS, *WEEK_COLUMNS, *PERSON_COLUMNS]
#: Weeks over which chronic load is averaged, that of the session among them.
CHRONIC_WEEKS = 4
#: Largest share of sessions beyond the weeks of a weekly table that counts from the same day.
MOST_OUTSIDE = 0.5
FLOW_COLUMNS = ["level", "step", "reason", "count"]


def tables_of(study: Study, metrics: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of a study by name, with its metrics and the names of those that it declares.

    Parameters
    ----------
    study : its folder, read.
    metrics : rows of metrics.csv.
    """
    own = {name: getattr(study, name) for name in (*ANALYSIS_TABLES[1:-1], "trials")}
    declared = pd.DataFrame({"metric": list(declared_metrics(study))}, dtype=object)
    return {"metrics": metrics, **own, "reliability": retest_rows(study), "declared": declared}


def longitudinal_table(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Summarise each session and join the covariates of the week and the person.

    Parameters
    ----------
    tables : the tables of a study folder by name, and `metrics` (rows of metrics.csv). `exposure`, `health` and
        `reliability` may be absent or empty, as may `declared` (see `check_tables`).

    Returns
    -------
    One row per participant, session, task, side and metric: SUMMARY_COLUMNS (see `session_summaries`); `within`, the
    session's mean minus the athlete's mean over sessions, and `between`, that mean minus the mean of the athletes [unit
    of the metric]; VARIANCE_COLUMNS (see `session_variances`); WEEK_COLUMNS (see `session_weeks`); PERSON_COLUMNS as in
    participants.tsv.

    Raises
    ------
    TablesError
        See `check_tables`.
    """
    check_tables(tables)
    found = summarise(tables["metrics"])
    series = found.rows.groupby(SERIES).ngroup().to_numpy()
    own = found.rows.groupby(["participant_id", *SERIES])["mean"].transform("mean")
    athletes = ~found.rows.duplicated(["participant_id", *SERIES]).to_numpy()
    centre = own[athletes].groupby(series[athletes]).mean().to_numpy()[series]
    named = found.named(found.rows[SERIES].iloc[np.unique(series, return_index=True)[1]])
    placed = session_variances(tables.get("reliability", pd.DataFrame()))
    variances = placed.reindex(pd.MultiIndex.from_frame(named)).to_numpy(float)[series]
    rows = found.rows.assign(within=found.rows["mean"] - own, between=own - centre)
    rows[VARIANCE_COLUMNS] = variances
    return found.named(rows).assign(**_of_sessions(tables, found))


def _of_sessions(tables: Mapping[str, pd.DataFrame], found: Summaries) -> dict[str, pd.api.extensions.ExtensionArray]:
    """Return WEEK_COLUMNS and PERSON_COLUMNS for each row of the summaries."""
    people = tables["participants"].reindex(columns=["participant_id", *PERSON_COLUMNS])
    people = people.assign(participant_id=people["participant_id"].astype(str))
    session = found.rows.groupby(SESSION).ngroup().to_numpy()
    sessions = found.named(found.rows[SESSION].iloc[np.unique(session, return_index=True)[1]])
    joined = sessions.merge(session_weeks(tables), on=SESSION, how="left", validate="many_to_one")
    joined = joined.merge(people, on="participant_id", how="left", validate="many_to_one")
    return {name: joined[name].array.take(session) for name in (*WEEK_COLUMNS, *PERSON_COLUMNS)}


def session_weeks(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the week of each session with the previous training load and the health score.

    Parameters
    ----------
    tables : see `longitudinal_table`.

    Returns
    -------
    One row per session: participant_id, session_id, and WEEK_COLUMNS: week, from the first visit [weeks];
    previous_week_load, of the week before [arbitrary units]; loads less the athlete's mean weekly load:
    previous_week_load_within, that of the week before, week_load_within, of the session's own week, of which days after
    the session are a part, and four_week_load_within, mean of that week and the three before as far as they are
    recorded; mean_weekly_hours, the athlete's mean weekly training [h]; severity, OSTRC-O2 score of the week,
    the worst problem's [points, 0 to 100].
    """
    sessions = tables["sessions"]
    weeks = sessions[SESSION].astype(str).assign(week=session_days(sessions) // DAYS_PER_WEEK)
    if week_mismatch(tables):
        # Of which weeks the tables are is not known: loads and health of sessions are withheld.
        withheld = {"exposure": ["load"], "health": list(OSTRC_QUESTIONS)}
        tables = dict(tables) | {
            name: tables[name].assign(**dict.fromkeys(columns, np.nan))
            for name, columns in withheld.items()
            if name in tables
        }
    exposure = _weekly(tables, "exposure", ["training_hours", "load"])
    load = exposure.set_index(["participant_id", "week"])["load"]
    usual = exposure.groupby("participant_id")[["training_hours", "load"]].mean()
    back = [
        load.reindex(pd.MultiIndex.from_arrays([weeks["participant_id"], weeks["week"] - ago])).to_numpy(float)
        for ago in range(CHRONIC_WEEKS)
    ]
    own = weeks["participant_id"].map(usual["load"]).to_numpy(float)
    health = _weekly(tables, "health", list(OSTRC_QUESTIONS))
    scores = health.set_index(["participant_id", "week"])[list(OSTRC_QUESTIONS)].sum(axis=1, skipna=False)
    worst = scores.groupby(level=[0, 1]).max()
    return weeks.assign(
        previous_week_load=back[1],
        previous_week_load_within=back[1] - own,
        week_load_within=back[0] - own,
        four_week_load_within=pd.DataFrame(back).mean().to_numpy(float) - own,
        mean_weekly_hours=weeks["participant_id"].map(usual["training_hours"]).to_numpy(float),
        severity=worst.reindex(pd.MultiIndex.from_frame(weeks[["participant_id", "week"]])).to_numpy(float),
    )


def session_days(sessions: pd.DataFrame) -> pd.Series:
    """Return the day of each session since the participant's first visit [days], from `day`, else from `date`."""
    days = sessions["day"].astype(float) if "day" in sessions else pd.Series(np.nan, index=sessions.index)
    if "date" in sessions:
        dates = pd.to_datetime(sessions["date"])
        first = dates.groupby(sessions["participant_id"].astype(str)).transform("min")
        days = days.fillna((dates - first).dt.days.astype(float))
    return days


def week_mismatch(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return a sentence for each reason why weeks of sessions are not those of the weekly tables.

    Weeks count from a participant's first visit, in sessions and in weekly tables. Where `day` and `date` of a
    participant's sessions do not agree, or more than MOST_OUTSIDE of the sessions lie beyond the weeks that a table has
    of their participants, by more than a week, the tables count from another day.

    Parameters
    ----------
    tables : see `longitudinal_table`.
    """
    sessions = tables["sessions"]
    athlete = sessions["participant_id"].astype(str)
    sentences = _contradictory_days(sessions, athlete) if {"day", "date"} <= set(sessions) else []
    weeks = pd.DataFrame({"participant_id": athlete, "week": session_days(sessions) // DAYS_PER_WEEK}).dropna()
    for name, by_participant in (("exposure", True), ("health", False)):
        table = _weekly(tables, name, [])
        span = table.groupby("participant_id")["week"].agg(["min", "max"])
        first, last = span["min"].min(), span["max"].max()
        own = weeks.join(span, on="participant_id").dropna()
        # Training is recorded every week, but health by some only where there is a problem.
        begin, end = (own["min"], own["max"]) if by_participant else (first, last)
        outside = int(((own["week"] < begin - 1.0) | (own["week"] > end + 1.0)).sum())
        if outside > MOST_OUTSIDE * len(own):
            sentences.append(
                f"{outside} of {len(own)} sessions lie outside the weeks that {name}.tsv has of their participants "
                f"({first:g} to {last:g} in all): weeks count from the participant's first visit, which is in week 0"
            )
    return sentences


def _contradictory_days(sessions: pd.DataFrame, athlete: pd.Series) -> list[str]:
    """Return a sentence for each participant whose sessions have days and dates that do not agree."""
    dates, days = pd.to_datetime(sessions["date"]), sessions["day"].astype(float)
    # Days from the first dated session, less the day that is stated.
    later = ((dates - dates.groupby(athlete).transform("min")).dt.days - days).groupby(athlete)
    apart, shift = later.max() - later.min(), later.max()
    alone = (dates.notna() & days.isna()).groupby(athlete).any() & days.notna().groupby(athlete).any() & (shift != 0.0)
    sentences = [f"{name}: day and date of sessions differ by {n:g} days" for name, n in apart[apart > 0.0].items()]
    return sentences + [
        f"{name}: some sessions have a date only, and the first date is not that of day 0"
        for name in alone.index[alone]
    ]


def _weekly(tables: Mapping[str, pd.DataFrame], name: str, columns: list[str]) -> pd.DataFrame:
    """Return a weekly table with names as text and numbers as floats; empty where the study has none."""
    table = tables.get(name, pd.DataFrame()).reindex(columns=["participant_id", "week", *columns])
    return table.assign(participant_id=table["participant_id"].astype(str)).astype(
        dict.fromkeys(["week", *columns], float)
    )


def study_flow(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count participants, sessions, trials and repetitions, and at each level the exclusions by reason.

    Parameters
    ----------
    tables : see `longitudinal_table`.

    Returns
    -------
    FLOW_COLUMNS: level, step (`counted`, `excluded`, `used` or `noted`), reason, count. At each level counted =
    excluded + used. `noted` rows are used, but not in every analysis.
    """
    metrics = tables["metrics"]
    repetitions = metrics[metrics["rep"] > 0].drop_duplicates(REP)
    used = usable(metrics).drop_duplicates(REP)
    unknown = int(session_weeks(tables)["previous_week_load"].isna().sum())
    rows = [
        *_people(tables, used),
        *_level("sessions", tables["sessions"], SESSION, used, "no repetition that can be used"),
        ("sessions", "noted", "training load of the week before not recorded", unknown),
    ]
    reasons = metrics["reason"] if "reason" in metrics else pd.Series("", index=metrics.index)
    named = metrics.assign(reason=reasons.fillna("").replace("", "no reason stated"))
    trial = [*SESSION, "trial_id"]
    rows.append(("trials", "counted", "", len(metrics.drop_duplicates(trial))))
    without = named[~_keys(named, trial).isin(_keys(used, trial))].drop_duplicates(trial)
    rows += [("trials", "excluded", str(why), int(n)) for why, n in without["reason"].value_counts().items()]
    rows.append(("trials", "used", "", len(used.drop_duplicates(trial))))
    rows.append(("repetitions", "counted", "", len(repetitions)))
    rejected = named.loc[repetitions.index][~_keys(repetitions, REP).isin(_keys(used, REP))]
    rows += [("repetitions", "excluded", str(why), int(n)) for why, n in rejected["reason"].value_counts().items()]
    rows.append(("repetitions", "used", "", len(used)))
    return pd.DataFrame(rows, columns=FLOW_COLUMNS)


def _people(tables: Mapping[str, pd.DataFrame], used: pd.DataFrame) -> list[tuple[str, str, str, int]]:
    """Count participants, and note those with one session only or without weekly questionnaires."""
    person = ["participant_id"]
    rows = _level("participants", tables["participants"], person, used, "no repetition that can be used")
    visits = used.drop_duplicates(SESSION)["participant_id"].astype(str).value_counts()
    rows.append(("participants", "noted", "one session only: no change within the athlete", int((visits == 1).sum())))
    answered = (
        _weekly(tables, "health", list(OSTRC_QUESTIONS))
        .dropna(subset=list(OSTRC_QUESTIONS))["participant_id"]
        .nunique()
    )
    enrolled = tables["participants"]["participant_id"].nunique()
    return [*rows, ("participants", "noted", "no weekly answers on health", enrolled - answered)]


def _level(
    level: str, table: pd.DataFrame, key: list[str], used: pd.DataFrame, reason: str
) -> list[tuple[str, str, str, int]]:
    """Count the rows of a table of the study with and without usable repetitions."""
    found = _keys(table, key).isin(_keys(used, key).unique())
    lost = int((~found).sum())
    return [
        (level, "counted", "", len(table)),
        *([(level, "excluded", reason, lost)] if lost else []),
        (level, "used", "", int(found.sum())),
    ]


def _keys(table: pd.DataFrame, columns: list[str]) -> pd.Index:
    """Return the rows' keys as text."""
    texts = [table[column].astype(str) for column in columns]
    return pd.Index(texts[0]) if len(columns) == 1 else pd.MultiIndex.from_arrays(texts)
