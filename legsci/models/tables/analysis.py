"""The rows that models are fitted to: one per session, per repetition or per week at risk, with named variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from legsci.models.result import ModelRefusal
from legsci.models.tables.longitudinal import session_weeks
from legsci.models.tables.person_weeks import person_weeks
from legsci.models.tables.summaries import REP, SERIES, SESSION, usable

#: Word of participants.tsv, column previous_injury, that says there was none, in small or capital letters.
NO_INJURY = "none"
#: Columns that terms of models may name, beside variables and codes: see `person_covariates`, and `session_table`,
#: `repetition_table` and `week_table`.
PERSON_TERMS = ("female", "left_dominant", "previously_injured", "beighton_score", "body_mass_kg", "log_hours")
SESSION_TERMS = ("time", "week", "load", "mean_weekly_hours", *PERSON_TERMS)
REPETITION_TERMS = ("rep", "position", "last", "time", *PERSON_TERMS)
WEEK_TERMS = ("week", "load", "female", "beighton_score", "previously_injured", "log_hours")
#: Column of longitudinal.csv -> the term that is made of it.
OF_COLUMN = {
    "sex": "female",
    "dominant_leg": "left_dominant",
    "previous_injury": "previously_injured",
    "previous_week_load": "load",
    "previous_week_load_within": "load",
}


#: Columns of longitudinal.csv from which a variable and its error variance are made.
_OF_SERIES = ("mean", "repetitions", "replicate_variance", "session_variance")


@dataclass(frozen=True)
class Variable:
    """A quantity of a session that models name.

    Parameters
    ----------
    task, metric, side : which rows of longitudinal.csv.
    factor : by which the metric's unit is multiplied, 100 for metres to centimetres.
    log : whether its natural logarithm is taken; a value at or below 0, which has none, is missing.
    """

    task: str
    metric: str
    side: str = "both"
    factor: float = 1.0
    log: bool = False


@dataclass(frozen=True)
class Codes:
    """Words of a column of participants.tsv as numbers.

    Parameters
    ----------
    column : of participants.tsv.
    numbers : word -> number; other words are missing.
    """

    column: str
    numbers: Mapping[str, float] = field(default_factory=dict)


def session_table(
    longitudinal: pd.DataFrame, variables: Mapping[str, Variable], codes: Mapping[str, Codes] | None = None
) -> pd.DataFrame:
    """Lay out sessions as rows and variables as columns.

    Parameters
    ----------
    longitudinal : rows of longitudinal.csv.
    variables : name -> which of its series.
    codes : name -> words of participants.tsv as numbers.

    Returns
    -------
    One row per session: participant_id, session_id; per variable `<name>`, mean of the session's repetitions [unit of
    the metric times factor], and `<name>_error_variance`, the variance of that mean [its square], that between sessions
    included where a test-retest study gives it; the columns of `person_covariates`; time [weeks, less the mean of the
    sessions]; load [1000 arbitrary units], of the week before, less the athlete's usual, 0 where the week before is not
    recorded though others are (load_imputed).
    """
    keys = [*SESSION, "week", "previous_week_load_within", "mean_weekly_hours"]
    table = longitudinal[keys].drop_duplicates(SESSION).reset_index(drop=True)
    places = longitudinal.groupby(SERIES, sort=False).indices
    for name, variable in variables.items():
        own = places.get((variable.task, variable.side, variable.metric), [])
        rows = longitudinal[[*SESSION, *_OF_SERIES]].iloc[own].set_index(SESSION)
        of_mean = rows["replicate_variance"] / rows["repetitions"] + rows["session_variance"].fillna(0.0)
        value, error = rows["mean"] * variable.factor, of_mean * variable.factor**2
        if variable.log:
            # The variance of a logarithm is that of the value over its square, to first order.
            value = value.where(value > 0.0)
            value, error = np.log(value), error / value**2
        series = pd.DataFrame({name: value, f"{name}_error_variance": error})
        table = table.join(series, on=SESSION)
    recorded = table["previous_week_load_within"].groupby(table["participant_id"]).transform("count") > 0
    load = (
        table["previous_week_load_within"].where(table["previous_week_load_within"].notna() | ~recorded, 0.0) / 1000.0
    )
    people = person_covariates(longitudinal, codes or {})
    assumed = table["previous_week_load_within"].isna() & recorded
    table = table.assign(time=table["week"] - table["week"].mean(), load=load, load_imputed=assumed)
    return table.drop(columns="previous_week_load_within").join(people, on="participant_id")


def complete_rows(table: pd.DataFrame, columns: Sequence[str], subject: str) -> pd.DataFrame:
    """Return the rows without missing values in some columns.

    Parameters
    ----------
    table : any rows.
    columns : that a model uses; columns that the table lacks are reported by the model.
    subject : what cannot be estimated, for the message.

    Raises
    ------
    ModelRefusal
        No row is complete; names the columns that are missing in every row.
    """
    used = [column for column in dict.fromkeys(columns) if column in table]
    complete = table.dropna(subset=used)
    if complete.empty:
        everywhere = [column for column in used if table[column].isna().all()]
        lacking = f"; missing in every row: {', '.join(everywhere)}" if everywhere else ""
        raise ModelRefusal(subject, [f"no row is complete in {', '.join(used)}{lacking}"])
    return complete


def person_covariates(longitudinal: pd.DataFrame, codes: Mapping[str, Codes]) -> pd.DataFrame:
    """Return the covariates that are constant within athletes, as numbers where possible.

    Returns
    -------
    Index participant_id: sex, female, left_dominant, previously_injured (0 or 1), beighton_score, body_mass_kg,
    log_hours (natural logarithm of usual weekly training [h], less the athletes' mean), and the codes by name; missing
    where unknown.
    """
    people = longitudinal[~longitudinal["participant_id"].duplicated()].set_index("participant_id")
    hours = np.log(people["mean_weekly_hours"].where(people["mean_weekly_hours"] > 0.0))
    injured = people["previous_injury"]
    table = people[["sex", "beighton_score", "body_mass_kg"]].assign(
        beighton_score=people["beighton_score"].astype(float),
        female=(people["sex"] == "female").astype(float).where(people["sex"].notna()),
        left_dominant=(people["dominant_leg"] == "left").astype(float).where(people["dominant_leg"].notna()),
        previously_injured=(injured.astype("str").str.casefold() != NO_INJURY).astype(float).where(injured.notna()),
        log_hours=hours - hours.mean(),
    )
    for name, code in codes.items():
        table[name] = people[code.column].map(dict(code.numbers)).astype(float)
    return table


def repetition_table(
    tables: Mapping[str, pd.DataFrame], people: pd.DataFrame, *, task: str, columns: Sequence[str], last: int
) -> pd.DataFrame:
    """Lay out the repetitions of sets as rows.

    Parameters
    ----------
    tables : tables of the study, metrics among them.
    people : as `person_covariates` returns them.
    task : whose sets are taken.
    columns : metrics of side both that are kept.
    last : number of repetitions at the end of a set that are treated as its last ones.

    Returns
    -------
    One row per repetition: REP, the columns, position (number in the set, less the mean), last (1 for the last ones of
    a set of more than that many, else 0), time [weeks, less the mean], and the columns of `people`.
    """
    metrics = usable(tables["metrics"])
    rows = metrics[(metrics["task"] == task) & (metrics["side"] == "both")]
    rows = rows[[*REP, *columns]].assign(**{name: rows[name].astype(str) for name in REP[:-1]})
    length = rows.groupby([*SESSION, "trial_id"])["rep"].transform("max")
    rows, length = rows[length > last], length[length > last]
    weeks = session_weeks(tables).set_index(SESSION)["week"]
    week = weeks.reindex(pd.MultiIndex.from_frame(rows[SESSION])).to_numpy()
    return rows.assign(
        position=rows["rep"] - rows["rep"].mean(),
        last=(rows["rep"] > length - last).astype(float),
        time=week - week.mean(),
    ).join(people, on="participant_id")


def week_table(
    tables: Mapping[str, pd.DataFrame], sessions: pd.DataFrame, *, exposed: str, problem_type: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out the weeks at risk of a new problem as rows, and count those that are not.

    Parameters
    ----------
    tables : tables of the study, exposure and health among them.
    sessions : as `session_table` returns them.
    exposed : variable of `sessions` whose mean over an athlete's sessions is the exposure.
    problem_type : see `person_weeks`.

    Returns
    -------
    weeks : one row per athlete and week at risk: participant_id, week, training_hours [h], onset (0 or 1), load (of the
        week before less the athlete's mean [1000 arbitrary units], 0 where not recorded), `<exposed>_between` (the
        athlete's mean less the mean of the athletes, missing for athletes without) and the person's covariates.
    exclusions : see `PersonWeeks`.

    Raises
    ------
    ModelRefusal
        A table is missing or contradicts itself, or no week is at risk.
    """
    faults = [f"{name}.tsv is missing or empty" for name in ("exposure", "health") if not len(tables.get(name, ()))]
    if faults:
        raise ModelRefusal("the table of weeks at risk", faults)
    exposure, health = (
        tables[name].assign(participant_id=tables[name]["participant_id"].astype(str))
        for name in ("exposure", "health")
    )
    exposure = exposure.sort_values(["participant_id", "week"])
    by_athlete = exposure.groupby("participant_id")["load"]
    # After a gap there is no previous week.
    follows = exposure["week"].astype(float).groupby(exposure["participant_id"]).diff() == 1.0
    before = (by_athlete.shift(1) - by_athlete.transform("mean")).where(follows, 0.0) / 1000.0
    kept = exposure[["participant_id", "week", "training_hours"]].assign(load=before.fillna(0.0))
    found = person_weeks(kept, health, problem_type=problem_type)
    if found.at_risk.empty:
        lost = found.exclusions[found.exclusions["weeks"] > 0]
        reasons = [f"{row.weeks} weeks: {row.sentence}" for row in lost.itertuples()]
        raise ModelRefusal("the table of weeks at risk", [f"no week is at risk; {'; '.join(reasons)}"])
    own = sessions.groupby("participant_id")[exposed].mean()
    people = sessions.drop_duplicates("participant_id").set_index("participant_id")
    covariates = people[["female", "beighton_score", "previously_injured", "log_hours"]]
    between = (own - own.mean()).rename(f"{exposed}_between")
    return found.at_risk.join(between, on="participant_id").join(covariates, on="participant_id"), found.exclusions
