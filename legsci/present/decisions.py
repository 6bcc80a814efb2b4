"""What decisions about repetitions would change, before they are written into curation.tsv."""

from __future__ import annotations

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


def session_with_decisions(reps: xr.Dataset, motion: SessionMotion, decisions: pd.DataFrame) -> pd.DataFrame:
    """Measure a session again without decisions and with them.

    Parameters
    ----------
    reps : its repetitions, which name the definition profiles.
    motion : of the session.
    decisions : rows in the form of curation.tsv about this session; further columns are not read.

    Returns
    -------
    Rows of `repetition_table` under the default profile, first without decisions and then with them; column `decisions`
    tells which.

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
    default, profiles = str(reps.attrs["default_profile"]), list(map(str, reps["profile"].to_numpy()))
    tables = []
    for name, rows in ((AS_IT_IS, decisions.iloc[:0]), (DECIDED, decisions)):
        cut, flags = session_repetitions(motion, default=default, profiles=profiles, curation=rows[columns])
        metrics, _ = session_metrics(None if cut is None else with_signals(cut, motion), flags)
        kept = metrics[(metrics["profile"] == default) & (metrics["rep"] > 0)]
        tables.append(repetition_table(kept, ()).assign(decisions=name))
    return pd.concat(tables, ignore_index=True)
