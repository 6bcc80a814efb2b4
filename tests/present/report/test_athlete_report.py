"""The page of an athlete shows what was measured, and says truly why the rest is not there."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure

from legsci.present.report.athlete_report import AthleteEvidence, athlete_report, missing_reason

COLUMNS = ["participant_id", "session_id", "task", "side", "metric", "mean", "week"]
ROWS = [
    ("A", "01", "countermovement_jump", "both", "jump_height_impulse_m", 0.52, 0.0),
    ("A", "01", "countermovement_jump", "right", "knee_abduction_peak_deg", 0.3, 0.0),
    ("B", "01", "drop_jump", "both", "jump_height_impulse_m", 0.32, 0.0),
]


@pytest.fixture
def evidence() -> AthleteEvidence:
    longitudinal = pd.DataFrame(ROWS, columns=COLUMNS).assign(replicate_variance=float("nan"), repetitions=1)
    return AthleteEvidence(
        longitudinal=longitudinal,
        reliability=pd.DataFrame(columns=["task", "metric", "side", "mdc95"]),
        athletes=pd.DataFrame(columns=["participant_id", "term", "coefficient"]),
        ledger=pd.DataFrame({"id": ["C9"], "adjusted_p": [float("nan")]}),
        simulated=False,
    )


def words(figure: Figure) -> str:
    return " ".join(" ".join(text.get_text() for axes in figure.axes for text in axes.texts).split())


def test_one_session_has_one_tick_and_only_its_panels(evidence: AthleteEvidence) -> None:
    figure = athlete_report(evidence, "A")
    (panel,) = [axes for axes in figure.axes if axes.axison]
    assert "Height of countermovement jumps" in (panel.get_title(), panel.get_title(loc="left"))
    assert panel.get_xticks().tolist() == [0.0]
    said = words(figure)
    assert "52 cm in one session" in said
    assert "measured on the right leg only; the mean of both legs is shown here" in said


def test_a_task_not_done_differs_from_a_metric_not_measured(evidence: AthleteEvidence) -> None:
    figure = athlete_report(evidence, "B")
    assert not [axes for axes in figure.axes if axes.axison]
    said = words(figure)
    assert "Height of countermovement jumps: no countermovement jump that was not rejected; there is drop jump." in said
    assert "Ground contact of drop jumps: not measured in the drop jumps" in said


def test_both_legs_that_were_never_seen_together_are_said() -> None:
    own = pd.DataFrame([("squat", "left", "m"), ("squat", "right", "m")], columns=["task", "side", "metric"])
    assert missing_reason(own, "squat", "m").startswith("measured on the left and right leg only")
