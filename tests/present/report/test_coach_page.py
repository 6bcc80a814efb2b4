"""Pages for coaches: what counts, the usual range by hand, sessions unlike the others, and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.present.report.coach_page import REPEAT, USABLE, CoachTables, last_tests, write_pages

HEIGHTS_CM = [40.0, 41.0, 39.0, 40.0, 33.0]
SEM_CM = 1.5


def tables(heights_cm: list[float], *, rejected_last: bool = False) -> CoachTables:
    """Jumps of one athlete, three a session, of which the last session's may all be rejected."""
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
    return CoachTables(longitudinal, metrics, quality if rejected_last else quality[1:], reliability, True, "squad")


def test_a_session_is_compared_with_the_others_and_the_error_of_measurement() -> None:
    (line,) = last_tests(tables(HEIGHTS_CM), "P01")
    half = 1.96 * SEM_CM * np.sqrt(1.0 + 1.0 / 4.0)
    assert (line.value, line.typical) == ("33.0", "40.0")
    assert (line.low, line.high) == (f"{40.0 - half:.1f}", f"{40.0 + half:.1f}")
    assert line.verdict == USABLE
    assert line.why == "3 of 3 repetitions count"
    assert line.best == "41.0 cm (week 1)"
    assert line.advice.startswith("Worse than usual")
    assert line.outside == "week 4: 33.0 cm, below usual"


def test_every_session_outside_the_band_is_named() -> None:
    (line,) = last_tests(tables([40.0, 47.0, 40.0, 33.0, 40.0]), "P01")
    assert line.outside == "week 1: 47.0 cm, above usual; week 3: 33.0 cm, below usual"
    assert line.advice == "As usual. Carry on."


def test_a_test_without_a_repetition_that_counts_is_repeated_and_says_why() -> None:
    (line,) = last_tests(tables(HEIGHTS_CM, rejected_last=True), "P01")
    assert line.verdict == REPEAT
    assert line.why == "0 of 3 repetitions count. No flight: the plate was not left"
    assert line.value == ""
    assert line.advice == "Test again before you draw a conclusion."


@pytest.mark.parametrize("heights", [[40.0], [40.0, 41.0]])
def test_too_few_sessions_have_no_usual_range(heights: list[float]) -> None:
    (line,) = last_tests(tables(heights), "P01")
    assert (line.typical, line.low, line.high, line.outside) == ("", "", "", "")
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
    for words in ("SIMULATED", "feedback, elite, left leg dominant", "33.0", "week 4: 33.0 cm, below usual"):
        assert words in page
