"""Curation: what people decided about trials and repetitions, and decisions that cannot be followed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from legsci.mechanics.force.events import Score
from legsci.mechanics.force.windows import Window
from legsci.quality import QualityFlag

#: Code of a human decision about a repetition, by the word that curation.tsv has for it.
CODE_OF_DECISION = {"exclude": "excluded", "keep": "kept", "move_event": "curated"}
#: Events in the order in which they happen.
EVENT_ORDER = (
    "touchdown", "movement_start", "minimum_force", "peak_negative_velocity",
    "bottom", "propulsion_start", "takeoff", "landing",
)  # fmt: skip
#: Standard uncertainty of an event that a person placed [s]: it lies within 10 ms of the chosen time, half the interval
#: of a video at 50 Hz, anywhere with the same probability (type B, JCGM 100:2008, 4.3.7). Our choice, not a study of
#: raters. Where the detection of the event is more uncertain than this, so is the person, who sees the same signal.
CHOSEN_EVENT_S = 0.010 / 3.0**0.5


def choice_of(event: str) -> str:
    """Name of the source of uncertainty of an event that a person placed."""
    return f"choice of {event}"


def chosen_events(curation: pd.DataFrame) -> list[str]:
    """Events that rows of curation.tsv move, each once, by name."""
    if curation.empty:
        return []
    return sorted(map(str, curation.loc[curation["what"] == "move_event", "event"].unique()))


def decision_in_words(row: pd.Series) -> str:
    """Put a row of curation.tsv in words, with its reason."""
    moved = f"{str(row['event']).replace('_', ' ')} moved to {row['value']} s"
    words = {"exclude": "repetition excluded", "keep": "repetition kept", "swap_sides": "left and right exchanged"}
    return f"{words.get(str(row['what']), moved)}: {reason_of(row)}"


def decision_flag(row: pd.Series) -> QualityFlag:
    """Quality flag of a decision about a repetition that was followed; `row` of curation.tsv."""
    code = CODE_OF_DECISION[str(row["what"])]
    return QualityFlag(code, detail=decision_in_words(row) if code == "curated" else reason_of(row))


def reason_of(row: pd.Series) -> str:
    """Reason of a row of curation.tsv, and who gave it."""
    return f"{row['reason']} ({row['initials']})"


def trial_decisions(curation: pd.DataFrame, *, sides: bool) -> list[QualityFlag]:
    """Report the decisions that concern a trial as a whole: its sides swapped.

    Parameters
    ----------
    curation : rows of curation.tsv about the trial.
    sides : whether the plates of the trial separate left and right.
    """
    if curation.empty:
        return []
    swaps = curation[curation["what"] == "swap_sides"]
    words = [decision_in_words(row) for _, row in swaps.iterrows()]
    if sides:
        return [QualityFlag("curated", detail=detail) for detail in words]
    return [
        QualityFlag("decision_without_effect", detail=f"{detail}; left and right were not recorded separately")
        for detail in words
    ]


def decisions_without_effect(curation: pd.DataFrame, *, repetitions: int) -> list[QualityFlag]:
    """Report the decisions about repetitions that a trial with so many of them does not have.

    Parameters
    ----------
    curation : rows of curation.tsv about the trial.
    repetitions : how many repetitions the trial was cut into.
    """
    if curation.empty:
        return []
    rows = curation[curation["what"] != "swap_sides"]
    return [
        QualityFlag("decision_without_effect", detail=f"{decision_in_words(row)}; no such repetition was found")
        for _, row in rows.iterrows()
        if repetitions == 0 or row["rep"] > repetitions
    ]


def apply_decisions(
    scores: dict[tuple[str, str], Score], decisions: pd.DataFrame, window: Window, *, rate: float
) -> list[QualityFlag]:
    """Follow the decisions about one repetition.

    Events that would leave the repetition, or the order in which they happen, are not moved: what rests on them would
    not be a measurement.

    Parameters
    ----------
    scores : scoring -> Score, the default one first; events [samples] are replaced in place, and lie later by their
        standard uncertainty in the scoring of `choice_of` each.
    decisions : rows of curation.tsv about the repetition; times in seconds on the trial's clock.
    window : where the repetition lies.
    rate : [Hz].
    """
    if decisions.empty:
        return []
    rows = decisions[decisions["what"] != "swap_sides"]
    moved = rows[rows["what"] == "move_event"]
    moves = {str(event): float(value) * rate for event, value in zip(moved["event"], moved["value"], strict=True)}
    possible = _in_order(next(iter(scores.values())), moves, window)
    if possible:
        reach = _uncertainty_of_choice(scores, moves, rate=rate)
        for (_, source), score in scores.items():
            _move_events(
                score, {event: at + reach[event] * (source == choice_of(event)) for event, at in moves.items()}
            )
    flags = []
    for _, row in rows.iterrows():
        if row["what"] == "move_event" and not possible:
            detail = f"{decision_in_words(row)}; the events would leave the repetition or their order"
            flags.append(QualityFlag("decision_without_effect", detail=detail))
        else:
            flags.append(decision_flag(row))
    return flags


def _in_order(score: Score, moves: dict[str, float], window: Window) -> bool:
    """Whether events stay in the repetition and in order once they are moved."""
    events = score.events | moves
    times = np.array([events[name] for name in EVENT_ORDER if np.isfinite(events.get(name, np.nan))])
    inside = all(window.first <= position < window.last for position in moves.values())
    return inside and (not moves or bool(np.all(np.diff(times) >= 0.0)))


def _uncertainty_of_choice(
    scores: dict[tuple[str, str], Score], moves: dict[str, float], *, rate: float
) -> dict[str, float]:
    """Standard uncertainty of each moved event [samples]: `CHOSEN_EVENT_S`, or that of its detection if larger."""
    default, _ = next(iter(scores))
    of_default = [score.events for (profile, _), score in scores.items() if profile == default]
    reach = {}
    for event in moves:
        detected = np.array([events.get(event, np.nan) for events in of_default])
        apart = np.abs(detected - detected[0])
        reach[event] = max(CHOSEN_EVENT_S * rate, float(np.max(apart[np.isfinite(apart)], initial=0.0)))
    return reach


def _move_events(score: Score, moves: dict[str, float]) -> None:
    """Replace events by a person's [samples]; velocity starts from rest where the movement does."""
    score.events |= moves
    if "movement_start" in moves and np.isfinite(score.rest):
        score.rest = float(round(moves["movement_start"]))
