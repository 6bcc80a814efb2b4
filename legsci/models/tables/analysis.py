"""The rows that models are fitted to: one per session, per repetition or per week at risk, with named variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.models.result import ModelRefusal
from legsci.models.tables.longitudinal import session_weeks
from legsci.models.tables.person_weeks import PROBLEMS, acute_weeks, person_weeks
from legsci.models.tables.summaries import REP, SERIES, SESSION, VARIANCE_COLUMNS, usable

#: Word of participants.tsv, column previous_injury, that says there was none, in small or capital letters.
NO_INJURY = "none"
#: Columns that terms of models may name, beside variables and codes: see `person_covariates`, and `session_table`,
#: `repetition_table` and `week_table`.
PERSON_TERMS = ("female", "left_dominant", "previously_injured", "beighton_score", "body_mass_kg", "log_hours")
#: Term -> column of longitudinal.csv: loads less the athlete's usual.
LOADS = {
    "load": "previous_week_load_within",
    "load_same_week": "week_load_within",
    "load_four_weeks": "four_week_load_within",
}
SESSION_TERMS = ("time", "week", *LOADS, "mean_weekly_hours", *PERSON_TERMS)
REPETITION_TERMS = ("rep", "position", "last", "time", *PERSON_TERMS)
WEEK_TERMS = ("week", "load", "female", "beighton_score", "previously_injured", "log_hours")
#: Column of longitudinal.csv -> the term that is made of it.
OF_COLUMN = {
    "sex": "female",
    "dominant_leg": "left_dominant",
    "previous_injury": "previously_injured",
    "previous_week_load": "load",
    **{column: term for term, column in LOADS.items()},
}
#: Fewest athletes from whom it is estimated how much athletes differ.
FEWEST_MEASURED = 3
#: Columns of longitudinal.csv from which a variable and its error variance are made.
_OF_SERIES = ("mean", "repetitions", "replicate_variance", *VARIANCE_COLUMNS)


@dataclass(frozen=True)
class Variable:
    """A quantity of a session that models name.

    Parameters
    ----------
    task, metric, side : which rows of longitudinal.csv.
    factor : by which the metric's unit is multiplied, 100 for metres to centimetres.
    log : whether its natural logarithm is taken; a value at or below 0, which has none, is missing.
    placement_sd : lowest and highest standard deviation between sessions by placement of markers that is assumed, each
        in between as likely, where the study has no retests [unit of the variable].
    """

    task: str
    metric: str
    side: str = "both"
    factor: float = 1.0
    log: bool = False
    placement_sd: Sequence[float] = (0.0, 0.0)

    def assumed_variance(self) -> tuple[float, float]:
        """Return mean and standard deviation of the variance whose root is uniform between the two limits."""
        low, high = self.placement_sd
        if high <= low:
            return float(low) ** 2, 0.0
        second, fourth = ((high**power - low**power) / (power * (high - low)) for power in (3, 5))
        return float(second), float(np.sqrt(fourth - second**2))


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
    included, from a test-retest study or as the variable assumes; `<name>_shared_error`, standard error of the part
    between sessions; the columns of `person_covariates`; time [weeks, less the mean of the sessions]; LOADS [1000
    arbitrary units], less the athlete's usual, 0 where they are not recorded though others are (`<load>_imputed`).
    """
    keys = [*SESSION, "week", *LOADS.values(), "mean_weekly_hours"]
    table = longitudinal[keys].drop_duplicates(SESSION).reset_index(drop=True)
    places = longitudinal.groupby(SERIES, sort=False).indices
    for name, variable in variables.items():
        own = places.get((variable.task, variable.side, variable.metric), [])
        rows = longitudinal[[*SESSION, *_OF_SERIES]].iloc[own].set_index(SESSION)
        table = table.join(_measured(name, variable, rows), on=SESSION)
    for term, column in LOADS.items():
        recorded = table[column].groupby(table["participant_id"]).transform("count") > 0
        table[term] = table[column].where(table[column].notna() | ~recorded, 0.0) / 1000.0
        table[f"{term}_imputed"] = table[column].isna() & recorded
    people = person_covariates(longitudinal, codes or {})
    table = table.assign(time=table["week"] - table["week"].mean())
    return table.drop(columns=list(LOADS.values())).join(people, on="participant_id")


def _measured(name: str, variable: Variable, rows: pd.DataFrame) -> pd.DataFrame:
    """Return value, error variance and shared error of a variable from the rows of its series."""
    scale = variable.factor**2
    mean, deviation = variable.assumed_variance()
    between, unsure = (rows[column] * scale for column in VARIANCE_COLUMNS)
    value = rows["mean"] * variable.factor
    error = rows["replicate_variance"] / rows["repetitions"] * scale + between.fillna(mean)
    unsure = unsure.where(between.notna(), deviation)
    if variable.log:
        # The variance of a logarithm is that of the value over its square, to first order.
        value = value.where(value > 0.0)
        value, error, unsure = np.log(value), error / value**2, unsure / value**2
    return pd.DataFrame({name: value, f"{name}_error_variance": error, f"{name}_shared_error": unsure})


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
    tables: Mapping[str, pd.DataFrame],
    sessions: pd.DataFrame,
    *,
    exposed: str,
    problem_type: str | None,
    problem: str = PROBLEMS[0],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out the weeks at risk of a new problem as rows, and count those that are not; acute injuries compete.

    Parameters
    ----------
    tables : tables of the study, exposure and health among them.
    sessions : as `session_table` returns them.
    exposed : variable of `sessions` whose usual value in an athlete is the exposure.
    problem_type, problem : see `person_weeks`.

    Returns
    -------
    weeks : one row per athlete and week at risk: participant_id, week, training_hours [h], onset (0 or 1), load (of the
        week before less the athlete's mean [1000 arbitrary units], 0 where not recorded), load_imputed (whether it is),
        `<exposed>_between` (see `usual_before`, missing before the athlete's first visit) and the person's covariates.
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
    before = (by_athlete.shift(1) - by_athlete.transform("mean")).where(follows) / 1000.0
    kept = exposure[["participant_id", "week", "training_hours"]].assign(
        load=before.fillna(0.0), load_imputed=before.isna()
    )
    acute = acute_weeks(tables.get("injuries", pd.DataFrame()), tables["sessions"])
    found = person_weeks(kept, health, problem=problem, problem_type=problem_type, censored=acute)
    if found.at_risk.empty:
        lost = found.exclusions[found.exclusions["weeks"] > 0]
        reasons = [f"{row.weeks} weeks: {row.sentence}" for row in lost.itertuples()]
        raise ModelRefusal("the table of weeks at risk", [f"no week is at risk; {'; '.join(reasons)}"])
    people = sessions.drop_duplicates("participant_id").set_index("participant_id")
    covariates = people[["female", "beighton_score", "previously_injured", "log_hours"]]
    weeks = found.at_risk.assign(**{f"{exposed}_between": usual_before(sessions, exposed, found.at_risk)})
    return weeks.join(covariates, on="participant_id"), found.exclusions


def usual_before(sessions: pd.DataFrame, exposed: str, weeks: pd.DataFrame) -> NDArray[np.float64]:
    """Return what is usual in an athlete as far as the visits before a week tell.

    Visits are first freed of the course over the weeks that athletes share (linear and logarithmic in the weeks of
    practice). The mean of the n visits before the week, less the mean of the athletes, is shrunk by
    between / (between + within / n), the variances between athletes and between visits of one athlete: the best linear
    prediction, by which visits that vary and are measured with error do not attenuate the effect (regression
    calibration; Carroll et al. 2006, chapter 4).

    Parameters
    ----------
    sessions : as `session_table` returns them.
    exposed : its variable.
    weeks : rows with participant_id and week.

    Returns
    -------
    (row of weeks,) [unit of the variable]; missing before the first visit.

    Raises
    ------
    ModelRefusal
        Athletes do not differ in the variable more than their visits do, or have one visit each.
    """
    visits = sessions[["participant_id", "week", exposed]].dropna().sort_values("week", kind="stable")
    athlete = visits["participant_id"]
    course = np.column_stack([visits["week"], np.log1p(visits["week"])])
    apart = pd.DataFrame(course).sub(pd.DataFrame(course).groupby(athlete.to_numpy()).transform("mean")).to_numpy()
    deviations = (visits[exposed] - visits[exposed].groupby(athlete).transform("mean")).to_numpy()
    value = visits[exposed] - course @ np.linalg.lstsq(apart, deviations, rcond=None)[0]
    own = value.groupby(athlete).agg(["mean", "count", "var"])
    freedom = float((own["count"] - 1).sum())
    if len(own) < FEWEST_MEASURED:
        sentence = f"athletes with {exposed}: {len(own)}; at least {FEWEST_MEASURED} are needed"
        raise ModelRefusal(f"the usual {exposed} of athletes", [sentence])
    if freedom == 0.0:
        raise ModelRefusal(f"the usual {exposed} of athletes", ["no athlete was measured more than once"])
    within = float(((own["count"] - 1) * own["var"].fillna(0.0)).sum()) / freedom
    between = float(own["mean"].var()) - within * float((1.0 / own["count"]).mean())
    if not between > 0.0:
        raise ModelRefusal(f"the usual {exposed} of athletes", ["athletes do not differ more than their visits do"])
    sums = pd.DataFrame({"participant_id": athlete, "week": visits["week"].astype(float)})
    sums["total"] = (value - own["mean"].mean()).groupby(athlete).cumsum()
    sums["count"] = value.groupby(athlete).cumcount() + 1.0
    rows = weeks[["participant_id", "week"]].astype({"participant_id": str, "week": float}).reset_index(drop=True)
    rows = rows.assign(place=range(len(rows))).sort_values("week", kind="stable")
    sums = sums.astype({"participant_id": str})
    known = pd.merge_asof(rows, sums, on="week", by="participant_id", allow_exact_matches=False).sort_values("place")
    return (between * known["total"] / (between * known["count"] + within)).to_numpy(float)
