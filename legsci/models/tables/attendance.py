"""Planned visits, those of them that were missed, and the chance that a visit takes place."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import statsmodels.api as sm

from legsci.models.result import Array, ModelRefusal
from legsci.models.tables.longitudinal import session_weeks
from legsci.models.tables.summaries import SESSION
from legsci.vocabulary import DAYS_PER_WEEK

#: A session whose name at least this share of athletes have is a planned visit.
PLANNED_SHARE = 0.5
#: Fewest missed visits from which the chance of attendance is estimated: ten, for each of its predictors four.
FEWEST_MISSED = 10
#: Weights above this are cut off, since single visits would decide.
LARGEST_WEIGHT = 10.0
PREDICTORS = ("severity", "unanswered", "untrained", "load_same_week")


def planned_visits(sessions: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per athlete and planned visit, and one for each further visit.

    A visit is planned for every athlete if at least half of the athletes have a session of its name; the week of a
    missed one is the median week of the others.

    Parameters
    ----------
    sessions : participant_id, session_id, week: the visits of a model.
    tables : of the study, for its weekly tables.

    Returns
    -------
    participant_id, session_id, week, attended, planned, load_same_week and other loads as `session_weeks` returns them,
    severity [points / 100; 0 where unanswered], unanswered and untrained (0 or 1: no answer, no training that week).

    Raises
    ------
    ModelRefusal
        Sessions of athletes share no names, or no planned visit was missed.
    """
    subject, own = "the visits that were missed", sessions[[*SESSION, "week"]]
    share = own["session_id"].value_counts() / own["participant_id"].nunique()
    names = share.index[share >= PLANNED_SHARE]
    if not len(names):
        sentence = f"no name of a session is that of at least {PLANNED_SHARE:.0%} of the athletes"
        raise ModelRefusal(subject, [f"{sentence}: visits of athletes cannot be matched"])
    weeks = own.groupby("session_id")["week"].median()
    whole = pd.MultiIndex.from_product([own["participant_id"].unique(), names], names=SESSION)
    missed = whole.difference(pd.MultiIndex.from_frame(own[SESSION]), sort=False).to_frame(index=False)
    if missed.empty:
        raise ModelRefusal(subject, ["no planned visit was missed"])
    missed["week"] = missed["session_id"].map(weeks).round()
    visits = pd.concat([own.assign(attended=True), missed.assign(attended=False)], ignore_index=True)
    visits["planned"] = visits["session_id"].isin(names)
    return visits.merge(_weekly(visits, tables), on=SESSION, how="left", validate="one_to_one")


def _weekly(visits: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return loads and health of the weeks of visits."""
    days = visits[SESSION].assign(day=visits["week"] * DAYS_PER_WEEK)
    found = session_weeks(dict(tables) | {"sessions": days})
    hours = tables.get("exposure", pd.DataFrame()).reindex(columns=["participant_id", "week", "training_hours"])
    away = hours[hours["training_hours"] == 0.0].astype({"participant_id": str, "week": float})
    idle = pd.MultiIndex.from_frame(found[["participant_id", "week"]].astype({"week": float})).isin(
        pd.MultiIndex.from_frame(away[["participant_id", "week"]])
    )
    return found.drop(columns="week").assign(
        severity=found["severity"].fillna(0.0) / 100.0,
        unanswered=found["severity"].isna().astype(float),
        untrained=idle.astype(float),
        load_same_week=found["week_load_within"].fillna(0.0) / 1000.0,
    )


def attendance_weights(visits: pd.DataFrame) -> Array:
    """Return the weight of each visit: chance that it took place given its week, over that given PREDICTORS too.

    Logistic regressions of attendance (stabilised weights; Robins, Hernan & Brumback 2000, Epidemiology 11:550-560).
    Visits that nobody missed, and those that were not planned, have the weight 1; no weight is above LARGEST_WEIGHT.

    Parameters
    ----------
    visits : as `planned_visits` returns them.

    Returns
    -------
    (row,) [1].

    Raises
    ------
    ModelRefusal
        Too few visits were missed, or attendance is fully predicted.
    """
    subject = "the chance of attendance"
    some = visits["planned"] & ~visits.groupby("session_id")["attended"].transform("all")
    rows = visits[some]
    missed = int((~rows["attended"]).sum())
    if missed < FEWEST_MISSED:
        raise ModelRefusal(subject, [f"{missed} planned visits were missed; at least {FEWEST_MISSED} are needed"])
    predictors = [name for name in PREDICTORS if np.ptp(rows[name].to_numpy(float)) > 0.0]
    marginal, chance = (_chances(rows, columns, subject) for columns in (["week"], ["week", *predictors]))
    weights = np.ones(len(visits))
    weights[some.to_numpy()] = np.minimum(marginal / chance, LARGEST_WEIGHT)
    return weights


def _chances(rows: pd.DataFrame, columns: list[str], subject: str) -> Array:
    """Return the fitted chance of attendance of each row."""
    spread = rows[columns] - rows[columns].mean()
    spread = spread / spread.std().where(spread.std() > 0.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sm.GLM(
            rows["attended"].to_numpy(float),
            sm.add_constant(spread.to_numpy(float), has_constant="add"),
            family=sm.families.Binomial(),
        ).fit()
    if not found.converged or np.abs(found.params[1:]).max(initial=0.0) > 10.0:
        raise ModelRefusal(subject, ["attendance is predicted completely, so that missed visits have no counterpart"])
    return np.asarray(found.fittedvalues, np.float64)
