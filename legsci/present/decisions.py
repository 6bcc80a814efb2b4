"""What decisions about repetitions would change, before they are written into curation.tsv."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import xarray as xr

from legsci.ingest.tables import load_schema
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics
from legsci.present.repetition_table import repetition_table
from legsci.present.selection import ResultsError

#: Decisions that leave the motion of a trial as it is.
FOLLOWED = ("exclude", "keep", "move_event")
AS_IT_IS, DECIDED = "none", "followed"


class MeasuredTrials(NamedTuple):
    """Trials that were measured again.

    Parameters
    ----------
    repetitions : as in the reps file, without signals; None where there is none.
    metrics : rows of metrics.csv of repetitions, under the default profile.
    flags : quality flags, rows of quality.csv.
    """

    repetitions: xr.Dataset | None
    metrics: pd.DataFrame
    flags: pd.DataFrame


def measure_trials(
    reps: xr.Dataset, motion: SessionMotion, decisions: pd.DataFrame, *, trials: Collection[str]
) -> MeasuredTrials:
    """Cut and measure trials of a session again, following decisions.

    Parameters
    ----------
    reps : repetitions of the session, which name the definition profiles.
    motion : of the session.
    decisions : rows in the form of curation.tsv about this session, with its columns; none: no row.
    trials : their names.
    """
    chosen = replace(motion, trials={name: trial for name, trial in motion.trials.items() if name in trials})
    default, profiles = str(reps.attrs["default_profile"]), list(map(str, reps["profile"].to_numpy()))
    cut, found = session_repetitions(chosen, default=default, profiles=profiles, curation=decisions)
    metrics, flags = session_metrics(None if cut is None else with_signals(cut, chosen), found)
    kept = (metrics["profile"] == default) & (metrics["rep"] > 0)
    return MeasuredTrials(cut, metrics[kept], flags)


def session_with_decisions(reps: xr.Dataset, motion: SessionMotion, decisions: pd.DataFrame) -> pd.DataFrame:
    """Measure trials again without decisions and with them.

    Parameters
    ----------
    reps : repetitions of the session, which name the definition profiles.
    motion : of the session.
    decisions : rows in the form of curation.tsv about this session; further columns are not read.

    Returns
    -------
    Rows of `repetition_table` of the trials that the decisions are about, under the default profile, first without
    decisions and then with them; column `decisions` tells which.

    Raises
    ------
    ResultsError : a decision that changes the motion, or columns that are missing.
    """
    columns = list(load_schema("curation")["properties"])
    absent = [column for column in columns if column not in decisions]
    if absent:
        raise ResultsError(f"decisions have the columns of curation.tsv; missing: {', '.join(absent)}")
    other = sorted(set(decisions["what"]) - set(FOLLOWED))
    if other:
        raise ResultsError(f"expected decisions {', '.join(FOLLOWED)}; {', '.join(other)} takes a run of the workflow")
    trials, tables = set(decisions["trial_id"]), []
    for name, rows in ((AS_IT_IS, decisions.iloc[:0]), (DECIDED, decisions)):
        measured = measure_trials(reps, motion, rows[columns], trials=trials)
        tables.append(repetition_table(measured.metrics, ()).assign(decisions=name))
    return pd.concat(tables, ignore_index=True)
