"""Measured values beside a known truth, by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from legsci.metrics.registry import METRICS
from legsci.models.parameter_recovery import PAIR_COLUMNS, parameter_recovery, truth_pairs

TRIAL = {"participant_id": "P01", "session_id": "A"}


def metrics(**values: list[object]) -> pd.DataFrame:
    """Rows of metrics.csv with the columns that a comparison reads."""
    columns = [name for metric in METRICS for name in (metric, f"u_{metric}")]
    table = pd.DataFrame(TRIAL | values)
    return table.reindex(columns=[*table.columns, *(name for name in columns if name not in table)])


def truth(trial_id: str, **values: object) -> pd.DataFrame:
    rows = [TRIAL | {"trial_id": trial_id, "name": name, "value": json.dumps(value)} for name, value in values.items()]
    return pd.DataFrame(rows)


def pairs(differences: dict[str, list[float]], *, uncertainty: float = 0.01, status: str = "accepted") -> pd.DataFrame:
    """Heights of 0.3 m measured with the given errors, by athlete."""
    rows = [
        (
            who,
            "A",
            f"jump_{place}",
            "countermovement_jump",
            1,
            status,
            "jump_height_impulse_m",
            0.3 + error,
            0.3,
            uncertainty,
        )
        for who, errors in differences.items()
        for place, error in enumerate(errors)
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def test_a_metric_stands_beside_the_truth_of_its_repetition_and_task() -> None:
    table = metrics(
        trial_id=["jump", "jump", "drop", "lost"],
        task=["countermovement_jump", "countermovement_jump", "drop_jump", "squat_jump"],
        rep=[1, 2, 1, 0],
        side=["both", "both", "both", "both"],
        status=["accepted", "flagged", "accepted", "rejected"],
        jump_height_impulse_m=[0.31, 0.32, 0.25, np.nan],
        u_jump_height_impulse_m=[0.01, 0.01, 0.02, np.nan],
        contact_time_s=[9.0, 9.0, 0.25, 9.0],
    )
    known = pd.concat(
        [
            truth("jump", jump_height_m=[0.30, 0.33], contact_time_s=1.0),
            truth("drop", jump_height_m=0.26, contact_time_s=0.24, marker_gaps=[[1, 2]]),
            truth("lost", jump_height_m=0.20),
        ]
    )
    found = truth_pairs(table, known)
    heights = found[found["metric"] == "jump_height_impulse_m"]
    assert heights["true"].tolist() == [0.30, 0.33, 0.26, 0.20]
    assert heights["measured"].tolist()[:3] == [0.31, 0.32, 0.25]
    assert heights["rep"].tolist() == [1, 2, 1, 0]
    contacts = found[found["metric"] == "contact_time_s"]
    assert contacts["trial_id"].tolist() == ["drop"]
    assert contacts[["measured", "true"]].to_numpy().tolist() == [[0.25, 0.24]]


def test_bias_limits_and_coverage_by_hand() -> None:
    table = pairs({"P01": [0.01], "P02": [0.02], "P03": [0.03]}, uncertainty=0.011)
    (row,) = parameter_recovery(table).to_dict("records")
    assert row["n"] == 3
    assert row["left_out"] == 0
    assert row["bias"] == pytest.approx(0.02)
    assert row["sd"] == pytest.approx(0.01)
    assert (row["lower_limit"], row["upper_limit"]) == pytest.approx((0.02 - 0.0196, 0.02 + 0.0196))
    assert row["largest"] == pytest.approx(0.03)
    assert row["coverage"] == pytest.approx(2.0 / 3.0)


def test_what_was_not_measured_is_counted() -> None:
    good, bad = pairs({"P01": [0.0], "P02": [0.0], "P03": [0.0]}), pairs({"P04": [0.5]}, status="rejected")
    lost = pairs({"P05": [np.nan]})
    (row,) = parameter_recovery(pd.concat([good, bad, lost])).to_dict("records")
    assert (row["n"], row["left_out"], row["bias"]) == (3, 2, 0.0)


def test_too_few_athletes_are_refused_with_a_sentence_and_no_number() -> None:
    (row,) = parameter_recovery(pairs({"P01": [0.01, 0.02]})).to_dict("records")
    assert np.isnan(row["bias"])
    assert "athletes with pairs: 1" in row["refusal"]
    assert row["largest"] == pytest.approx(0.02)
