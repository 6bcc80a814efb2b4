"""Words for coaches: when a session was, why a test does not count, and which hip muscles fire late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.tables.longitudinal import DAYS_PER_WEEK, SESSION, session_days
from legsci.models.tables.onset_monitor import GLUTEI, TOO_FEW, late_onsets
from legsci.present.figures.style import counted, readable

#: What a quality flag that takes a test away means for a coach. Other flags are given in their own sentence.
REASONS = {
    "recording_unreadable": "the file could not be read",
    "unknown_task": "this test is not one that is scored",
    "force_missing": "part of the force signal is missing",
    "no_force": "nobody stood on the force plates",
    "too_short": "the recording is too short",
    "no_flight": "no jump was found: the athlete did not leave the plates, or landed beside them",
    "no_landing": "no landing was found: the athlete stood on the plates from the beginning",
    "no_descent": "no squat was found: the athlete hardly went down",
    "no_contact": "no running step was found",
    "no_effort": "the athlete hardly pulled or pushed",
    "never_stood_still": "the athlete did not stand still before the movement",
    "no_velocity": "the athlete did not stand still before the movement",
    "movement_start_not_found": "the start of the movement was not found",
    "second_landing_missing": "the second landing is not on the plates",
    "clipped_start": "the recording was started too late, during the movement",
    "plate_saturated": "the force plate was overloaded",
    "plate_constant": "the force plate did not respond",
    "implausible_weight": "the force plate shows no plausible body weight: it was set up wrongly",
    "implausible_force": "the force plate shows an impossible force: a knock or an electrical fault",
    "leg_not_named": "it was not noted which leg was tested",
    "leg_contradicted": "another leg was used than the one noted",
    "step_of_unknown_foot": "it is not known which foot was on the plate",
    "force_ends_early": "the force recording stops before the movement ends",
}
#: Where a gluteal muscle lies.
PLACES = {"gluteus_medius": "side of the hip", "gluteus_maximus": "buttock"}


@dataclass(frozen=True)
class Occasion:
    """When a session was: day since the athlete's first visit [days], NaN where it is not known, and words for it."""

    day: float
    words: str


def occasions(sessions: pd.DataFrame) -> dict[tuple[str, str], Occasion]:
    """When each session of a study was, by participant and session.

    The words are the date; the week from the first visit where there is none; else the name of the session.

    Parameters
    ----------
    sessions : rows of sessions.tsv.
    """
    names = (sessions[key].astype(str) for key in SESSION)
    dates = pd.to_datetime(sessions.get("date", pd.Series(pd.NaT, index=sessions.index)))
    found = {}
    for participant, session, date, day in zip(*names, dates, session_days(sessions), strict=True):
        if pd.notna(date):
            words = f"{date.day} {date:%b %Y}"
        elif day == 0:
            words = "first visit"
        else:
            words = f"week {day // DAYS_PER_WEEK:.0f}" if np.isfinite(day) else f"session {session}"
        found[participant, session] = Occasion(float(day), words)
    return found


def reason_in_words(code: str, sentence: str) -> str:
    """Why a repetition does not count, from the code and the sentence of its quality flag."""
    words = REASONS.get(code, readable(sentence).rstrip("."))
    return words[:1].upper() + words[1:]


def late_muscles(monitor: pd.DataFrame, participant: str, session: str) -> list[str]:
    """Sentences on the gluteal muscles of a session: which of them fired later than is usual for the athlete.

    Parameters
    ----------
    monitor : rows of onset_monitor.csv.
    participant, session : of the session.

    Returns
    -------
    A sentence per task, side and muscle that fired late; one sentence where none did or none could be compared; none
    where no onset of a gluteal muscle was found in the session.
    """
    of_session = (monitor["participant_id"] == participant) & (monitor["session_id"] == session)
    rows = monitor[of_session & monitor["muscle"].isin(GLUTEI)]
    compared = rows[rows["reference"] != TOO_FEW]
    if rows.empty:
        return []
    if compared.empty:
        return ["Too few repetitions so far to say what is usual for the gluteal muscles of this athlete."]
    late = late_onsets(monitor, participant, session)
    if late.empty:
        return [f"No gluteal muscle fired later than usual ({counted(len(compared), 'muscle signal')} compared)."]
    tests = ["task", "side", "muscle"]
    of_test = dict(compared.groupby(tests).size().items())
    advice = "See whether it happens again next session before you change anything."
    sentences = []
    for test, own in late.groupby(tests, sort=False):
        task, side, muscle = map(str, test)
        where = f"{readable(task).capitalize()}: the {side} {readable(muscle)} ({PLACES[muscle]})"
        often = f"{len(own)} of {counted(int(of_test[test]), 'repetition')}"
        sentences.append(
            f"{where} fired later than usual in {often}, by about {own['later_ms'].mean():.0f} ms. {advice}"
        )
    return sentences
