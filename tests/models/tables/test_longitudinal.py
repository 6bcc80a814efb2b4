"""Sessions summarised by hand, joined with weeks and persons, and every exclusion counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.tables.longitudinal import longitudinal_table, session_days, session_weeks, study_flow
from legsci.models.tables.summaries import (
    REP,
    SERIES,
    SESSION,
    SUMMARY_COLUMNS,
    metric_names,
    session_summaries,
    usable,
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
    # the leg that lands has a row of its own, without this metric
    landed = [("A", "1", "lateral_1", 1, "left", None, 3.0), ("A", "1", "lateral_1", 1, "right", 0.3, None)]
    landed += [("A", "1", "lateral_2", 1, "right", None, 5.0), ("A", "1", "lateral_2", 1, "left", 0.3, None)]
    for task, means in (("lateral_jump", [4.0]), ("squat", [])):
        found = series(session_summaries(rows(*landed, task=task)), "knee_abduction_peak_deg")
        assert found["mean"].tolist() == means


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


def melted_summaries(metrics: pd.DataFrame) -> pd.DataFrame:
    """The twin that lays out every value in a row with its keys as text."""
    kept = usable(metrics)
    names = [name for name in kept.select_dtypes("number") if name != "rep" and not name.startswith("u_")]
    keyed = kept.astype(dict.fromkeys([*REP[:-1], "side"], str))[[*REP, "side", *names]]
    legs = keyed[keyed["side"] != "both"].groupby(REP)["side"].nunique()
    values = keyed.melt([*REP, "side"], names, var_name="metric").dropna(subset=["value"])
    by_leg = values[values["side"] != "both"].groupby([*REP, "metric"])["value"].agg(["mean", "count"])
    whole = by_leg["count"].to_numpy() == legs.reindex(by_leg.reset_index("metric").index).to_numpy()
    stated = pd.MultiIndex.from_frame(values.loc[values["side"] == "both", [*REP, "metric"]])
    made = by_leg[whole & ~by_leg.index.isin(stated)]["mean"].rename("value").reset_index().assign(side="both")
    grouped = pd.concat([values, made], ignore_index=True).groupby([*SESSION, *SERIES])["value"]
    statistics = {"repetitions": "count", "median": "median", "mean": "mean", "replicate_variance": "var"}
    return grouped.agg(**statistics).reset_index()[SUMMARY_COLUMNS]


@pytest.mark.parametrize("seed", range(6))
def test_sessions_are_summarised_as_from_a_row_per_value(seed: int) -> None:
    """Random sessions with single rows, missing values, rejected repetitions, one leg, and both legs stated or not."""
    generator = np.random.default_rng(seed)
    keys = pd.DataFrame(
        [
            (f"P{athlete}", session, f"{task}_{trial}", task, rep, side)
            for athlete in (3, 10, 2)
            for session in ("S2", "S10")
            for task in ("sprint", "squat")
            for trial in (1, 2)
            for rep in (0, 1, 2)
            for side in ("left", "right", "both")
        ],
        columns=["participant_id", "session_id", "trial_id", "task", "rep", "side"],
    )
    values = generator.normal(size=(len(keys), 3)).round(2)
    values[generator.random(values.shape) < 0.4] = np.nan
    metrics = keys.assign(
        status=generator.choice(["accepted", "flagged", "rejected"], len(keys)),
        **dict(zip(["b_deg", "a_n", "u_a_n"], values.T, strict=True)),
    )
    metrics = metrics[generator.random(len(keys)) < 0.8].sample(frac=1.0, random_state=seed)
    for table in (metrics, metrics.drop(columns="status"), metrics[:1], metrics[:0]):
        found, expected = session_summaries(table), melted_summaries(table)
        pd.testing.assert_frame_equal(found, expected, check_dtype=len(table) > 0, rtol=1e-13)


def test_settings_in_metrics_are_no_metrics() -> None:
    """The cut-off of the low-pass is a number in metrics.csv, and says how the others were computed."""
    metrics = pd.DataFrame({
        "participant_id": ["A"], "session_id": "1", "trial_id": "t", "rep": 1, "side": "both", "task": "drop_jump",
        "cutoff_hz": 30.0, "contact_time_s": 0.2, "u_contact_time_s": 0.001, "stiffness": 3.0,
    })  # fmt: skip
    assert metric_names(metrics) == ["contact_time_s", "stiffness"]
    assert session_summaries(metrics)["metric"].tolist() == ["contact_time_s", "stiffness"]
