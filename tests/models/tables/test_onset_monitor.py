"""The monitor of onsets: hand answers, false alarms, and repetitions that are late by a known time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.models.tables.onset_monitor import COLUMNS, late_onsets, onset_monitor
from legsci.present.figures.muscle_onsets import muscle_onsets_figure
from legsci.vocabulary import MUSCLES

EMPTY = {f"{prefix}{muscle}_onset_s": np.nan for muscle in MUSCLES for prefix in ("", "u_")}


def rows(onsets, *, doubt_s, athlete="P1"):
    """Rows of metrics.csv of the left gluteus medius in squats; onsets (session, rep) [s]."""
    return pd.DataFrame(
        [
            EMPTY
            | {"participant_id": athlete, "session_id": f"S{session}", "trial_id": "squat_1", "rep": rep + 1}
            | {"side": "left", "task": "squat", "status": "accepted"}
            | {"gluteus_medius_onset_s": onset, "u_gluteus_medius_onset_s": doubt_s}
            for session, of_session in enumerate(onsets)
            for rep, onset in enumerate(of_session)
        ]
    )


def drawn(rng, *, sessions, reps, typical_error_s, doubt_s, late_s=0.0):
    """Metrics of forty athletes, the first repetition of the last session of each late; and lateness beyond usual."""
    parts, true = [], []
    share = 0.5 if sessions > 1 else 0.0
    for athlete in range(40):
        about = typical_error_s * np.sqrt(share) * rng.normal(size=(sessions, 1))
        about = about + typical_error_s * np.sqrt(1.0 - share) * rng.normal(size=(sessions, reps))
        about[-1, 0] += late_s
        onsets = rng.normal(0.0, 0.05) + about + doubt_s * rng.normal(size=about.shape)
        parts.append(rows(onsets, doubt_s=doubt_s, athlete=f"P{athlete:02d}"))
        true.append(about.ravel())
    return pd.concat(parts, ignore_index=True), np.concatenate(true)


def test_many_repetitions_give_the_mean_and_their_scatter():
    rng = np.random.default_rng(0)
    onsets = 0.1 + 0.02 * rng.normal(size=(1, 60))
    onsets[0, 0] = 0.25
    monitor = onset_monitor(rows(onsets, doubt_s=1e-4))
    first = monitor.iloc[0]
    others = onsets[0, 1:]
    assert first["usual_onset_s"] == pytest.approx(others.mean(), abs=1e-4)
    assert first["later_ms"] == pytest.approx(1000.0 * (0.25 - others.mean()), abs=0.1)
    assert first["typical_error_ms"] == pytest.approx(1000.0 * others.std(ddof=1), rel=0.1)
    assert first["u_later_ms"] == pytest.approx(1000.0 * others.std(ddof=1) / others.size**0.5, rel=0.15)
    assert first["late"]
    assert first["probability_late"] > 0.999
    assert list(monitor.columns) == COLUMNS


@pytest.mark.parametrize(("sessions", "reps"), [(6, 3), (1, 8)])
@pytest.mark.parametrize("doubt_s", [0.005, 0.025])
def test_few_repetitions_within_the_typical_error_are_called_late(sessions, reps, doubt_s):
    metrics, true = drawn(
        np.random.default_rng(17), sessions=sessions, reps=reps, typical_error_s=0.015, doubt_s=doubt_s
    )
    monitor = onset_monitor(metrics)
    assert len(monitor) == true.size
    usual = true <= 0.015
    late = monitor["late"].to_numpy(bool)
    assert late[usual].mean() <= 0.05
    expected = "other sessions" if sessions > 1 else "other repetitions of the session"
    assert set(monitor["reference"]) == {expected}
    if sessions > 1:
        # the error of each onset is not counted as scatter of the athlete
        assert monitor["typical_error_ms"].median() == pytest.approx(15.0, abs=5.0)


def test_a_repetition_that_is_late_is_found_the_more_surely_the_better_onsets_are_known():
    found = []
    for doubt_s in (0.005, 0.04):
        metrics, _ = drawn(
            np.random.default_rng(23), sessions=6, reps=3, typical_error_s=0.015, doubt_s=doubt_s, late_s=0.1
        )
        monitor = onset_monitor(metrics)
        planted = monitor[(monitor["session_id"] == "S5") & (monitor["rep"] == 1)]
        assert planted["later_ms"].mean() == pytest.approx(100.0, abs=15.0)
        found.append(planted["late"].mean())
    assert found[0] > 0.9
    assert found[1] < found[0]


def test_too_few_repetitions_are_not_compared():
    monitor = onset_monitor(rows([[0.1, 0.11, 0.3]], doubt_s=0.01))
    assert set(monitor["reference"]) == {"too few repetitions"}
    assert monitor["probability_late"].isna().all()
    assert not monitor["late"].any()
    assert onset_monitor(rows([[0.1]], doubt_s=0.01).iloc[:0]).columns.tolist() == COLUMNS


def test_rejected_repetitions_are_neither_judged_nor_compared_with():
    metrics = rows([[0.1, 0.11, 0.1, 0.12, 0.1, 0.5]], doubt_s=0.005)
    metrics.loc[5, "status"] = "rejected"
    monitor = onset_monitor(metrics)
    assert monitor["rep"].tolist() == [1, 2, 3, 4, 5]
    assert monitor["usual_onset_s"].max() < 0.12


def test_late_onsets_of_a_session_come_with_the_latest_first():
    onsets = np.full((5, 4), 0.1) + 0.002 * np.arange(4)
    onsets[4, 1], onsets[4, 2] = 0.2, 0.3
    monitor = onset_monitor(rows(onsets, doubt_s=0.003))
    late = late_onsets(monitor, "P1", "S4")
    assert late["rep"].tolist() == [3, 2]
    assert late_onsets(monitor, "P1", "S0").empty
    assert late_onsets(monitor, "P1", "S4", muscles=("soleus",)).empty
    figure = muscle_onsets_figure(monitor, simulated=False)
    (crosses,) = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert sorted(crosses.get_xdata()) == pytest.approx([200.0, 300.0])
    assert "late for the athlete" in [text.get_text() for text in figure.legends[0].get_texts()]
