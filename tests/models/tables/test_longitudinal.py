"""Sessions summarised by hand, joined with weeks and persons, and every exclusion counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.tables.longitudinal import (
    longitudinal_table,
    session_days,
    session_summaries,
    session_weeks,
    study_flow,
)

JUMP = {"task": "countermovement_jump", "status": "accepted", "reason": ""}


def rows(*values: tuple[str, str, str, int, str, float | None, float | None], **more: object) -> pd.DataFrame:
    """Rows of metrics.csv: participant, session, trial, rep, side, height [m], abduction [deg]."""
    keys = [
        "participant_id",
        "session_id",
        "trial_id",
        "rep",
        "side",
        "jump_height_impulse_m",
        "knee_abduction_peak_deg",
    ]
    return pd.DataFrame(values, columns=keys).assign(**(JUMP | more))


def study(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two athletes: A jumps twice in session 1 and once in 2, B once."""
    metrics = rows(
        ("A", "1", "jump_1", 1, "both", 0.30, None),
        ("A", "1", "jump_1", 1, "left", None, 2.0),
        ("A", "1", "jump_1", 1, "right", None, 4.0),
        ("A", "1", "jump_2", 1, "both", 0.34, None),
        ("A", "1", "jump_2", 1, "left", None, 6.0),
        ("A", "1", "jump_2", 1, "right", None, None),
        ("A", "2", "jump_1", 1, "both", 0.40, None),
        ("B", "1", "jump_1", 1, "both", 0.20, None),
    )
    answers = {"participation": 8.0, "modified_training": 8.0, "performance": 0.0, "symptoms": 17.0}
    tables = {
        "metrics": metrics,
        "participants": pd.DataFrame({"participant_id": ["A", "B"], "sex": ["female", "male"]}),
        "sessions": pd.DataFrame({"participant_id": ["A", "A", "B"], "session_id": ["1", "2", "1"], "day": [0, 15, 3]}),
        "exposure": pd.DataFrame(
            {
                "participant_id": "A",
                "week": [0, 1, 2],
                "training_hours": [4.0, 6.0, 5.0],
                "load": [900.0, 1500.0, 600.0],
            }
        ),
        "health": pd.DataFrame([{"participant_id": "A", "week": 2} | answers]),
        "injuries": pd.DataFrame(columns=["participant_id"]),
    }
    return tables | changes


def series(table: pd.DataFrame, metric: str, side: str = "both") -> pd.DataFrame:
    return table[(table["metric"] == metric) & (table["side"] == side)].set_index(["participant_id", "session_id"])


def test_a_session_is_summarised_by_hand() -> None:
    heights = series(session_summaries(study()["metrics"]), "jump_height_impulse_m")
    first = heights.loc[("A", "1")]
    assert first["repetitions"] == 2
    assert first["median"] == first["mean"] == pytest.approx(0.32)
    assert first["replicate_variance"] == pytest.approx(0.0008)
    assert np.isnan(heights.loc[("A", "2"), "replicate_variance"])


def test_both_legs_count_only_where_both_were_measured() -> None:
    summaries = session_summaries(study()["metrics"])
    both = series(summaries, "knee_abduction_peak_deg")
    assert both.loc[("A", "1"), "mean"] == 3.0
    assert both.loc[("A", "1"), "repetitions"] == 1
    assert series(summaries, "knee_abduction_peak_deg", "left").loc[("A", "1"), "mean"] == 4.0


def test_one_leg_stands_for_both_in_tasks_of_one_leg() -> None:
    step = rows(("A", "1", "sprint_1", 1, "right", None, 5.0), task="sprint")
    assert series(session_summaries(step), "knee_abduction_peak_deg")["mean"].tolist() == [5.0]


def test_parts_within_and_between_athletes_by_hand() -> None:
    heights = series(longitudinal_table(study()), "jump_height_impulse_m")
    assert heights["within"].tolist() == pytest.approx([-0.04, 0.04, 0.0])
    assert heights["between"].tolist() == pytest.approx([0.08, 0.08, -0.08])
    assert heights["sex"].tolist() == ["female", "female", "male"]


def test_weeks_bring_the_load_before_and_the_health_of_the_week() -> None:
    weeks = session_weeks(study()).set_index(["participant_id", "session_id"])
    second = weeks.loc[("A", "2")]
    assert second["week"] == 2
    assert second["previous_week_load"] == 1500.0
    assert second["previous_week_load_within"] == 500.0
    assert second["severity"] == 33.0
    assert second["mean_weekly_hours"] == 5.0
    assert weeks.loc[[("A", "1"), ("B", "1")], "previous_week_load"].isna().all()


def test_dates_count_from_the_first_visit() -> None:
    dates = pd.to_datetime(["2025-01-08", "2025-01-01", "2025-03-05"])
    sessions = pd.DataFrame({"participant_id": ["A", "A", "B"], "session_id": ["2", "1", "1"], "date": dates})
    assert session_days(sessions).tolist() == [7.0, 0.0, 0.0]


def test_rejected_repetitions_are_left_out_and_counted_with_their_reason() -> None:
    tables = study()
    extra = rows(
        ("A", "2", "jump_2", 1, "both", 0.99, None),
        ("B", "1", "jump_2", 0, "both", None, None),
        status="rejected",
        reason="no_quiet_standing",
    )
    tables["metrics"] = pd.concat([tables["metrics"], extra], ignore_index=True)
    assert series(session_summaries(tables["metrics"]), "jump_height_impulse_m").loc[("A", "2"), "mean"] == 0.40
    flow = study_flow(tables).set_index(["level", "step", "reason"])["count"]
    assert flow["trials", "counted", ""] == 6
    assert flow["trials", "excluded", "no_quiet_standing"] == 2
    assert flow["repetitions", "excluded", "no_quiet_standing"] == 1
    assert flow["participants", "noted", "one session only: no change within the athlete"] == 1
    for level in ("participants", "sessions", "trials", "repetitions"):
        steps = flow[level].groupby("step").sum()
        assert steps["counted"] == steps["used"] + steps.get("excluded", 0)


def test_a_participant_without_a_usable_repetition_is_counted() -> None:
    people = pd.DataFrame({"participant_id": ["A", "B", "C"]})
    flow = study_flow(study(participants=people)).set_index(["level", "step", "reason"])["count"]
    assert flow["participants", "excluded", "no repetition that can be used"] == 1


def test_a_study_without_weekly_tables_has_no_weekly_numbers() -> None:
    tables = {name: table for name, table in study().items() if name not in ("exposure", "health")}
    table = longitudinal_table(tables)
    assert table[["previous_week_load", "mean_weekly_hours", "severity"]].isna().all(axis=None)
