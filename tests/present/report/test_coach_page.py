"""Pages for coaches: what counts, the usual range by hand, sessions unlike the others, and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.models.tables.onset_monitor import COLUMNS, TOO_FEW
from legsci.present.report.coach_page import write_pages
from legsci.present.report.coach_tests import REPEAT, USABLE, CoachTables, last_tests
from legsci.present.report.coach_words import REASONS, late_muscles, occasions
from legsci.quality import CODES

HEIGHTS_CM = [40.0, 41.0, 39.0, 40.0, 33.0]
SEM_CM = 1.5


def tables(heights_cm: list[float], *, rejected_last: bool = False, dates: bool = False) -> CoachTables:
    """Jumps of one athlete, three a session, a week apart; those of the last session may all be rejected."""
    visits = [f"S{number}" for number in range(len(heights_cm))]
    kept = visits[:-1] if rejected_last else visits
    longitudinal = pd.DataFrame(
        {
            "participant_id": "P01",
            "session_id": kept,
            "task": "countermovement_jump",
            "side": "both",
            "metric": "jump_height_impulse_m",
            "mean": np.array(heights_cm[: len(kept)]) / 100.0,
            "week": np.arange(len(kept), dtype=float),
            "group": "feedback",
            "level": "elite",
            "dominant_leg": "left",
        }
    )
    metrics = pd.DataFrame(
        [
            {
                "participant_id": "P01",
                "session_id": visit,
                "trial_id": f"jump_{trial}",
                "task": "countermovement_jump",
                "rep": 1,
                "side": "both",
                "jump_height_impulse_m": 0.4,
                "status": "rejected" if rejected_last and visit == visits[-1] else "accepted",
            }
            for visit in visits
            for trial in (1, 2, 3)
        ]
    )
    quality = pd.DataFrame(
        {
            "participant_id": "P01",
            "session_id": visits[-1],
            "task": "countermovement_jump",
            "severity": ["rejected", "noted"],
            "code": ["no_flight", "samples_lost"],
            "sentence": ["No flight: the plate was not left.", "1 samples are missing."],
        }
    )
    reliability = pd.DataFrame(
        {
            "task": ["countermovement_jump"],
            "metric": ["jump_height_impulse_m"],
            "side": ["both"],
            "sem": [SEM_CM / 100.0],
        }
    )
    sessions = pd.DataFrame({"participant_id": "P01", "session_id": visits, "day": np.arange(len(visits)) * 7})
    if dates:
        sessions["date"] = pd.date_range("2026-03-01", periods=len(visits), freq="7D")
    return CoachTables(
        longitudinal,
        metrics,
        quality if rejected_last else quality[1:],
        reliability,
        onset_monitor=pd.DataFrame(columns=COLUMNS),
        sessions=sessions,
        simulated=True,
        study="squad",
    )


def onsets(**changed: object) -> pd.DataFrame:
    """Onsets of the left gluteus medius in three jumps of session S4, the second one late."""
    row = {
        "participant_id": "P01", "session_id": "S4", "task": "countermovement_jump", "rep": 1, "side": "left",
        "muscle": "gluteus_medius", "reference": "other sessions",
    } | changed  # fmt: skip
    trials = [("jump_1", 3.0, False), ("jump_2", 52.4, True), ("jump_3", -5.0, False)]
    return pd.DataFrame([row | {"trial_id": name, "later_ms": ms, "late": late} for name, ms, late in trials])


def test_a_session_is_compared_with_the_others_and_the_error_of_measurement() -> None:
    (line,) = last_tests(tables(HEIGHTS_CM), "P01")
    half = 1.96 * SEM_CM * np.sqrt(1.0 + 1.0 / 4.0)
    assert (line.value, line.typical) == ("33.0", "40.0")
    assert (line.low, line.high) == (f"{40.0 - half:.1f}", f"{40.0 + half:.1f}")
    assert line.verdict == USABLE
    assert line.why == "3 of 3 repetitions count"
    assert line.best == "41.0 cm (week 1)"
    assert line.advice.startswith("Worse than usual")
    half = 1.96 * SEM_CM * np.sqrt(1.0 + 1.0 / 4.0)
    assert line.outside == (f"week 4: 33.0 cm, below the usual {40.0 - half:.1f} to {40.0 + half:.1f}",)
    assert line.compared == 5


def test_every_session_outside_the_band_is_named() -> None:
    (line,) = last_tests(tables([40.0, 47.0, 40.0, 33.0, 40.0]), "P01")
    assert [said.split(" the usual")[0] for said in line.outside] == [
        "week 1: 47.0 cm, above",
        "week 3: 33.0 cm, below",
    ]
    assert line.advice == "As usual. Carry on."


def test_a_test_without_a_repetition_that_counts_is_repeated_and_says_why() -> None:
    (line,) = last_tests(tables(HEIGHTS_CM, rejected_last=True), "P01")
    assert line.verdict == REPEAT
    assert line.why == f"0 of 3 repetitions count. N{REASONS['no_flight'][1:]}"
    assert line.value == ""
    assert line.advice == "Test again before you draw a conclusion."


def test_a_warning_is_counted_and_a_usable_test_has_no_reason() -> None:
    given = tables(HEIGHTS_CM)
    given.metrics.loc[given.metrics.index[-1], "status"] = "flagged"
    (line,) = last_tests(given, "P01")
    assert line.why == "3 of 3 repetitions count, 1 with a warning"


def test_an_incomplete_repetition_counts_where_it_has_the_value() -> None:
    given = tables(HEIGHTS_CM)
    last = given.metrics["session_id"] == "S4"
    given.metrics.loc[last, "status"] = "incomplete"
    assert last_tests(given, "P01")[0].why == "3 of 3 repetitions count"
    given.metrics.loc[given.metrics.index[-2:], "jump_height_impulse_m"] = np.nan
    assert (
        last_tests(given, "P01")[0].why == "1 of 3 repetitions count. Jump height could not be measured in the others"
    )


def test_sessions_have_dates_where_they_are_known() -> None:
    (line,) = last_tests(tables(HEIGHTS_CM, dates=True), "P01")
    assert (line.when, line.best) == ("29 Mar 2026", "41.0 cm (8 Mar 2026)")
    days = pd.DataFrame({"participant_id": ["A", "A", "B"], "session_id": ["x", "y", "z"], "day": [0.0, np.nan, 22.0]})
    words = {key: occasion.words for key, occasion in occasions(days).items()}
    assert words == {("A", "x"): "first visit", ("A", "y"): "session y", ("B", "z"): "week 3"}


def test_the_last_session_is_the_latest_and_not_the_last_row() -> None:
    given = tables(HEIGHTS_CM)
    given.sessions["day"] = given.sessions["day"].to_numpy()[::-1]
    (line,) = last_tests(given, "P01")
    assert (line.value, line.when) == ("40.0", "week 4")


def test_every_reason_is_that_of_a_flag_that_takes_a_test_away() -> None:
    assert {CODES[code].severity for code in REASONS} == {"rejected", "incomplete"}


def test_late_gluteal_muscles_are_named_by_test_side_and_place() -> None:
    (sentence,) = late_muscles(onsets(), "P01", "S4")
    assert sentence.startswith(
        "Countermovement jump: the left gluteus medius (side of the hip) fired later than usual in 1 of 3 repetitions, "
        "by about 52 ms."
    )
    timely = onsets().assign(late=False)
    assert late_muscles(timely, "P01", "S4") == [
        "No gluteal muscle fired later than usual (3 muscle signals compared)."
    ]
    assert late_muscles(onsets(reference=TOO_FEW).assign(late=False), "P01", "S4") == [
        "Too few repetitions so far to say what is usual for the gluteal muscles of this athlete."
    ]
    assert late_muscles(onsets(muscle="vastus_medialis"), "P01", "S4") == []
    assert late_muscles(onsets(), "P01", "S3") == []


@pytest.mark.parametrize("heights", [[40.0], [40.0, 41.0]])
def test_too_few_sessions_have_no_usual_range(heights: list[float]) -> None:
    (line,) = last_tests(tables(heights), "P01")
    assert (line.typical, line.low, line.high, line.outside, line.compared) == ("", "", "", (), 0)
    assert line.advice == "Keep testing: a usual range needs three sessions."


def test_pages_open_offline_and_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_pages(tables(HEIGHTS_CM), tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == ["athletes.html", "athletes.pdf", "team.html", "team.pdf"]
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    page = (tmp_path / "first" / "athletes.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    for words in (
        "SIMULATED",
        "Group feedback, level elite, left leg dominant",
        "33.0",
        "week 4: 33.0 cm, below the usual",
    ):
        assert words in page
