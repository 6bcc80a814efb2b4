"""Figures of studies with more repetitions than a page has rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from legsci.present.figures.data_quality import data_quality_figure
from legsci.present.figures.jump_height_agreement import jump_height_agreement_figure
from legsci.present.figures.style import HEIGHT_COLOURS
from legsci.quality import CODES

ATHLETES = 100
#: Every fourth athlete's flight-time height is far from the one by impulse.
DISAGREE = np.arange(ATHLETES) % 4 == 0


@pytest.fixture
def metrics() -> pd.DataFrame:
    height = np.linspace(0.2, 0.4, ATHLETES)
    table = pd.DataFrame(
        {
            "participant_id": [f"V{number:04}" for number in range(ATHLETES)],
            "session_id": "S01",
            "trial_id": "jump",
            "rep": 1,
            "side": "both",
            "task": ["countermovement_jump", "squat_jump"] * (ATHLETES // 2),
            "profile": "owen_mcmahon",
            "status": np.where(DISAGREE, "flagged", "accepted"),
        }
    )
    for name in HEIGHT_COLOURS:
        table[name], table[f"u_{name}"] = height, 0.01
    table["jump_height_flight_time_m"] += np.where(DISAGREE, 0.1, 0.0)
    return table


def test_many_heights_are_points_with_their_mean_and_those_that_disagree(metrics: pd.DataFrame) -> None:
    figure = jump_height_agreement_figure(metrics, simulated=True)
    flight, pelvis = figure.axes
    assert figure.get_figheight() < 5.0
    assert "mean +2.5 cm, 25 of 100 repetitions disagree" in flight.get_title(loc="left")
    assert "mean +0.0 cm, 0 of 100 repetitions disagree" in pelvis.get_title(loc="left")
    agreeing, disagreeing = flight.lines[:2]
    np.testing.assert_allclose(np.asarray(agreeing.get_ydata(), float), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.asarray(disagreeing.get_ydata(), float), 10.0)
    assert "SIMULATED" in figure.get_suptitle()


def test_many_trials_are_gathered_by_task(metrics: pd.DataFrame) -> None:
    code = "heights_disagree"
    quality = metrics.loc[DISAGREE, ["participant_id", "session_id", "trial_id", "rep", "task"]].assign(
        code=code, severity=CODES[code].severity
    )
    figure = data_quality_figure(metrics, quality, simulated=True)
    _, cells = figure.axes
    names = [label.get_text() for label in cells.get_yticklabels()]
    assert names == ["countermovement jump (25 flagged, 25 accepted)", "squat jump (50 accepted)"]
    assert [text.get_text() for text in cells.texts] == ["25"]
    assert "25 flags about 100 trials" in figure.get_suptitle()
