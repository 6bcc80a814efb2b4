"""The page of an athlete shows what was measured, and says truly why the rest is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from legsci.models.tables.reference_scores import SCORE_COLUMNS
from legsci.present.figures.style import figure_style
from legsci.present.report.athlete_report import (
    PANELS,
    AthleteEvidence,
    athlete_report,
    change_sentence,
    missing_reason,
)

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
        scores=pd.DataFrame(columns=SCORE_COLUMNS),
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
    assert "52.0 cm in one session" in said
    assert "measured on the right leg only, which is not drawn here" in said


def test_a_task_not_done_differs_from_a_metric_not_measured(evidence: AthleteEvidence) -> None:
    figure = athlete_report(evidence, "B")
    assert not [axes for axes in figure.axes if axes.axison]
    said = words(figure)
    assert (
        "Height of countermovement jumps: no countermovement jump was recorded and counted; there is drop jump." in said
    )
    assert "Ground contact of drop jumps: not measured in the drop jumps" in said


def test_both_legs_that_were_never_seen_together_are_said() -> None:
    own = pd.DataFrame([("squat", "left", "m"), ("squat", "right", "m")], columns=["task", "side", "metric"])
    assert missing_reason(own, "squat", "m", own).startswith("measured on the left and right leg only")


def test_quality_is_named_only_where_it_can_hold_the_reason() -> None:
    """A metric that nobody of the study has was not among the measurements: no quality flag is about it."""
    study = pd.DataFrame([("squat", "both", "m"), ("squat", "both", "n")], columns=["task", "side", "metric"])
    own = study.iloc[:1]
    assert missing_reason(own, "squat", "n", study).endswith("for recordings, quality.csv gives the reason.")
    assert missing_reason(own, "squat", "o", study) == "not measured in the squats of this study."


def test_scores_against_norms_are_those_of_the_last_session(evidence: AthleteEvidence) -> None:
    rows = [("A", visit, "countermovement_jump", "both", "jump_height_impulse_m", 0.5, week) for visit, week in
            (("10", 0.0), ("9", 4.0))]  # fmt: skip
    longitudinal = pd.DataFrame(rows, columns=COLUMNS).assign(replicate_variance=float("nan"), repetitions=1)
    key = {"participant_id": "A", "task": "countermovement_jump", "side": "both"}
    norm = {"group": "female", "norm_n": 40, "source": "A 2020"}
    scores = [
        key | norm | {"session_id": "10", "metric": "jump_height_impulse_m", "z": 3.0, "u_z": 0.1},
        key | norm | {"session_id": "9", "metric": "jump_height_impulse_m", "z": 1.23, "u_z": 0.34, "percentile": 88.6},
        key | norm | {"session_id": "9", "metric": "peak_force_n", "side": "left", "z": 2.0, "u_z": 0.3},
        key | {"session_id": "9", "metric": "peak_power_w", "reason": "no norm for male; there is one of female"},
    ]
    told = replace(evidence, longitudinal=longitudinal, scores=pd.DataFrame(scores, columns=SCORE_COLUMNS))
    said = words(athlete_report(told, "A"))
    assert (
        "week 4: z = 1.2 (standard uncertainty 0.3), percentile 89, compared with the norm of female (n = 40;" in said
    )
    assert "z = 3.0" not in said
    assert "Peak force (left), countermovement jump, week 4: z = 2.0" in said
    assert "Peak power, countermovement jump, compared with a norm: no norm for male; there is one of female." in said


@pytest.mark.parametrize(
    ("first", "last", "mdc", "said"),
    [
        (
            241.31,
            223.4,
            17.8,
            "223 ms in week 4, 241 in week 0. That is shorter by 18 ms, barely more than the minimal",
        ),
        (
            241.31,
            211.4,
            17.8,
            "211 ms in week 4, 241 in week 0. That is shorter by 30 ms, more than the minimal detect",
        ),
        (241.31, 231.4, 17.8, "The difference is within the minimal detectable change (18 ms)."),
    ],
)
def test_times_are_given_to_the_millisecond(first: float, last: float, mdc: float, said: str) -> None:
    values, weeks = np.array([first, last]), np.array([0.0, 4.0])
    sentence = change_sentence("Ground contact", values, mdc, "ms", ("longer", "shorter"), weeks=weeks)
    assert said in sentence
    assert "." not in sentence.replace(". ", " ").rstrip(".")


def test_titles_of_panels_fit_and_angles_have_their_standard_name(evidence: AthleteEvidence) -> None:
    rows = [
        ("A", visit, task, "both", metric, 0.3, 4.0 * week)
        for _, task, metric, *_ in PANELS
        for week, visit in enumerate(("01", "02"))
    ]
    longitudinal = pd.DataFrame(rows, columns=COLUMNS).assign(replicate_variance=float("nan"), repetitions=1)
    figure = athlete_report(replace(evidence, longitudinal=longitudinal), "A")
    with figure_style():
        figure.draw_without_rendering()
    titles = [axes._left_title for axes in figure.axes if axes.get_title(loc="left")]
    assert len(titles) == len(PANELS)
    assert max(title.get_window_extent().x1 for title in titles) <= figure.bbox.width
    assert "Knee abduction in countermovement jumps" in [title.get_text() for title in titles]
    assert "[deg], valgus positive" in [axes.get_ylabel() for axes in figure.axes]
