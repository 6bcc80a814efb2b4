"""Tables given to the models from Python: every fault is a sentence, and all are told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from legsci.models.claims.ledger import claims_ledger, claims_tables
from legsci.models.claims.registry import load_claims
from legsci.models.study_results import study_results
from legsci.models.tables.inputs import TablesError, check_tables
from legsci.models.tables.longitudinal import longitudinal_table
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def whole(repository: Path) -> Tables:
    config = yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    return simulate_tables_with_parameters(config | {"athletes": 6}, 3)


def spoiled(tables: Tables, name: str, **columns: object) -> Tables:
    return tables | {name: tables[name].assign(**columns)}


def first(tables: Tables, name: str, column: str, value: object) -> Tables:
    """Return the tables with another value in the first row."""
    table = tables[name].astype({column: object})
    table.iloc[0, table.columns.get_loc(column)] = value
    kept = tables[name][column].dtype
    return tables | {name: table.astype({column: kept if pd.api.types.is_numeric_dtype(kept) else object})}


def twice(tables: Tables, name: str) -> Tables:
    return tables | {name: pd.concat([tables[name], tables[name].iloc[[0]]], ignore_index=True)}


FAULTS: dict[str, tuple[Callable[[Tables], Tables], str]] = {
    "missing table": (lambda t: {n: v for n, v in t.items() if n != "sessions"}, "sessions: expected a table"),
    "missing column": (
        lambda t: t | {"metrics": t["metrics"].rename(columns={"trial_id": "trail_id"})},
        r"metrics: trial_id: expected a column of this name; found none \(did you mean trail_id\?\)",
    ),
    "integer identifiers": (
        lambda t: spoiled(t, "exposure", participant_id=np.arange(len(t["exposure"]))),
        "exposure: participant_id: expected text .*01 and 1 are different names.*numbers such as 0",
    ),
    "repetition twice": (
        lambda t: twice(t, "metrics"),
        "metrics: row .*rep and side: expected each row once; found twice",
    ),
    "person twice": (lambda t: twice(t, "participants"), "participants: row 7, participant_id: expected each row once"),
    "week twice": (lambda t: twice(t, "exposure"), "exposure: row .*participant_id and week: expected each row once"),
    "counted from 0": (
        lambda t: spoiled(t, "metrics", rep=t["metrics"]["rep"] - 1),
        r"metrics: \d+ rows, the first row 1, rep: expected repetitions counted from 1",
    ),
    "hours of a week": (
        lambda t: first(t, "exposure", "training_hours", 700.0),
        "exposure: row 1, training_hours: expected a number within 0 to 168; found .*700",
    ),
    "negative load": (lambda t: first(t, "exposure", "load", -5.0), "load: expected a number of at least 0"),
    "half a week": (lambda t: spoiled(t, "health", week=t["health"]["week"] + 0.5), "week: expected a whole number"),
    "points": (lambda t: first(t, "health", "symptoms", 26.0), "symptoms: expected a number within 0 to 25"),
    "infinite height": (
        lambda t: first(t, "metrics", "jump_height_impulse_m", np.inf),
        "jump_height_impulse_m: expected a finite number or none; found inf",
    ),
    "side": (lambda t: spoiled(t, "metrics", side="Left"), "side: expected one of both, left, right; found 'Left'"),
    "no metric": (
        lambda t: spoiled(t, "metrics", shoe_size=42.0),
        "metrics: shoe_size: expected a metric, .*; found a numeric column",
    ),
    "misspelt metric": (
        lambda t: spoiled(t, "metrics", jump_hight_impulse_m=0.3),
        r"jump_hight_impulse_m: .*did you mean jump_height_impulse_m\?",
    ),
    "text": (
        lambda t: spoiled(t, "metrics", squat_depth_m="0,5"),
        "metrics: squat_depth_m: expected numbers; found text such as '0,5'",
    ),
    "unknown session": (
        lambda t: t | {"sessions": t["sessions"].iloc[1:]},
        "metrics: .*participant_id and session_id: expected as in sessions; found none of sessions",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_table_is_a_sentence(whole: Tables, name: str) -> None:
    spoil, words = FAULTS[name]
    with pytest.raises(TablesError, match=words):
        check_tables(spoil(whole))


def test_whole_tables_and_declared_metrics_are_accepted(whole: Tables) -> None:
    check_tables(whole)
    declared = whole | {"declared": pd.DataFrame({"metric": ["shoe_size"]})}
    check_tables(spoiled(declared, "metrics", shoe_size=42.0))
    rejected = whole["metrics"].iloc[[0]].assign(rep=0, trial_id="refused", status="rejected")
    check_tables(whole | {"metrics": pd.concat([whole["metrics"].assign(status="accepted"), rejected])})


def test_every_public_function_tells_all_faults_at_once(whole: Tables, repository: Path) -> None:
    registry = load_claims(repository / "workflow/claims.yaml")
    longitudinal = longitudinal_table(whole)
    wrong = twice(spoiled(first(whole, "exposure", "load", -5.0), "metrics", shoe_size=1.0), "participants")
    functions = {
        "longitudinal_table": lambda: longitudinal_table(wrong),
        "claims_ledger": lambda: claims_ledger(wrong, registry, simulated=True, longitudinal=longitudinal),
        "claims_tables": lambda: claims_tables(wrong, registry, simulated=True),
        "study_results": lambda: study_results(wrong, longitudinal, registry),
    }
    for name, function in functions.items():
        with pytest.raises(TablesError, match="3 faults") as told:
            function()
        lines = str(told.value)
        assert all(word in lines for word in ("load", "shoe_size", "participants")), (name, lines)
    with pytest.raises(TablesError, match="previous_week_load: expected a column of this name"):
        claims_ledger(whole, registry, simulated=True, longitudinal=longitudinal.drop(columns="previous_week_load"))
