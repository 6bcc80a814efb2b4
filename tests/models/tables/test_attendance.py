"""Visits that were missed, and weights by which those that took place stand for all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.result import ModelRefusal
from legsci.models.tables.attendance import LARGEST_WEIGHT, attendance_weights, planned_visits

NO_TABLES: dict[str, pd.DataFrame] = {}


def sessions(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant_id", "session_id", "week"])


def test_a_visit_is_planned_where_half_of_the_athletes_have_it() -> None:
    own = sessions(
        ("A", "1", 0), ("B", "1", 0), ("C", "1", 1), ("A", "2", 4), ("B", "2", 6), ("C", "extra", 3),
    )  # fmt: skip
    exposure = pd.DataFrame({"participant_id": "C", "week": [4, 5], "training_hours": [3.0, 0.0], "load": [900.0, 0.0]})
    found = planned_visits(own, {"exposure": exposure}).set_index(["participant_id", "session_id"])
    assert len(found) == 7
    missed = found[~found["attended"]]
    assert missed.index.tolist() == [("C", "2")]
    assert missed["week"].tolist() == [5.0]  # the median of weeks 4 and 6
    assert missed["untrained"].tolist() == [1.0]
    assert missed["load_same_week"].tolist() == [-0.45]
    assert missed["unanswered"].tolist() == [1.0]
    assert not found.loc[("C", "extra"), "planned"]


def test_visits_that_cannot_be_matched_are_refused() -> None:
    own = sessions(("A", "a", 0), ("B", "b", 0), ("C", "c", 0))
    with pytest.raises(ModelRefusal, match="no name of a session is that of at least 50%"):
        planned_visits(own, NO_TABLES)
    with pytest.raises(ModelRefusal, match="no planned visit was missed"):
        planned_visits(own.assign(session_id="1"), NO_TABLES)


def drawn(seed: int, athletes: int = 3000) -> tuple[pd.DataFrame, np.ndarray]:
    """Three planned visits; the hurt come in 30 %, others in 90 %, and the hurt have an effect of 1."""
    rng = np.random.default_rng(seed)
    names = np.char.add("p", np.arange(athletes).astype(str))
    table = pd.DataFrame({"participant_id": np.repeat(names, 3), "session_id": np.tile(["1", "2", "3"], athletes)})
    hurt = rng.random(len(table)) < 0.3
    table["week"] = table["session_id"].astype(float)
    table["attended"] = (rng.random(len(table)) < np.where(hurt, 0.3, 0.9)) | (table["session_id"] == "1")
    table = table.assign(planned=True, severity=0.5 * hurt, unanswered=0.0, untrained=0.0, load_same_week=0.0)
    return table, hurt.astype(float)


def test_weights_restore_what_selection_has_changed() -> None:
    table, effect = drawn(1)
    weights, came = attendance_weights(table), table["attended"].to_numpy()
    first = (table["session_id"] == "1").to_numpy()
    assert (weights[first] == 1.0).all()
    later = came & ~first
    assert effect[later].mean() == pytest.approx(0.3 * 0.3 / (0.3 * 0.3 + 0.7 * 0.9), abs=0.02)
    assert np.average(effect[later], weights=weights[later]) == pytest.approx(0.3, abs=0.02)
    assert weights[later].mean() == pytest.approx(1.0, abs=0.02)
    assert weights.max() <= LARGEST_WEIGHT


def test_few_missed_visits_and_complete_prediction_are_refused() -> None:
    table, _ = drawn(2, athletes=6)
    table["attended"] = table.index != 4
    with pytest.raises(ModelRefusal, match="1 planned visits were missed; at least 10"):
        attendance_weights(table)
    table, _ = drawn(2, athletes=60)
    with pytest.raises(ModelRefusal, match="predicted completely"):
        attendance_weights(table.assign(severity=np.where(table["attended"], 0.0, 0.5)))
