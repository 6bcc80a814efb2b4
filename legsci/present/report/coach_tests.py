"""Tests of an athlete as a coach reads them: whether each counts, its value, what is usual, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from legsci.present.report.coach_words import Occasion, occasions, reason_in_words

#: Normal quantile of a 95 % interval.
_Z95 = 1.96
#: Fewest other sessions of an athlete from which a usual value is calculated.
FEWEST_OTHERS = 2
#: Fewest usable repetitions of a test.
FEWEST_USABLE = 1
#: Most things that are said about a test: how many repetitions count, warnings, reasons.
MOST_SAID = 4
#: Tables with rows of athletes.
_OF_ATHLETES = ("longitudinal", "metrics", "quality", "onset_monitor", "sessions")
USABLE, REPEAT = "usable", "repeat"


@dataclass(frozen=True)
class Quantity:
    """A number that a coach follows.

    Parameters
    ----------
    name : in a coach's words.
    task, metric : where it is measured.
    unit, factor, decimals : how it is shown.
    better : 1 where more is better, -1 where less is, 0 where neither is said to be.
    sides : whether the legs are measured apart.
    """

    name: str
    task: str
    metric: str
    unit: str
    factor: float = 1.0
    decimals: int = 0
    better: int = 0
    sides: bool = False


QUANTITIES = (
    Quantity("Jump height", "countermovement_jump", "jump_height_impulse_m", "cm", 100.0, 1, 1),
    Quantity("Time to take-off", "countermovement_jump", "time_to_takeoff_s", "ms", 1000.0, 0),
    Quantity("Knee inward (valgus)", "countermovement_jump", "knee_abduction_peak_deg", "degrees", 1.0, 0, 0, True),
    Quantity("Squat jump height", "squat_jump", "jump_height_impulse_m", "cm", 100.0, 1, 1),
    Quantity("Drop jump contact", "drop_jump", "contact_time_s", "ms", 1000.0, 0, -1),
    Quantity("Reactive strength index", "drop_jump", "rsi_m_per_s", "m/s", 1.0, 2, 1),
    Quantity("Squat depth", "squat", "squat_depth_m", "cm", 100.0, 0),
    Quantity("Lowering time of squats", "squat", "eccentric_time_s", "s", 1.0, 1),
    Quantity("Sideways take-off speed", "lateral_jump", "takeoff_velocity_m_per_s", "m/s", 1.0, 2, 1, True),
    Quantity("Peak force of the pull", "isometric_pull", "peak_force_n", "N", 1.0, 0, 1),
    Quantity("Hop contact", "repeated_hops", "contact_time_s", "ms", 1000.0, 0, -1),
    Quantity("Hop reactive strength", "repeated_hops", "rsi_m_per_s", "m/s", 1.0, 2, 1),
    Quantity("Rebound reactive strength", "rebound_jump", "rsi_m_per_s", "m/s", 1.0, 2, 1),
)


@dataclass(frozen=True)
class LastTest:
    """One quantity of an athlete on the last day of testing, and before.

    Attributes
    ----------
    name, unit : of the quantity.
    when : date of its last session, or week from the athlete's first visit, or name of the session.
    verdict : USABLE or REPEAT; `why` says how many repetitions count and what was wrong with the others.
    value, typical, low, high : value of the day, mean of the other sessions, and the band in which a further session
        lies by the error of measurement [unit as shown]; empty where they are not known.
    best : best session, where one direction is better.
    outside : every session that lies outside the band of the others.
    compared : how many sessions could be compared with the others.
    sides : what is said of the legs.
    advice : what to do.
    """

    name: str
    unit: str
    when: str
    verdict: str
    why: str
    value: str
    typical: str
    low: str
    high: str
    best: str
    outside: tuple[str, ...]
    compared: int
    sides: str
    advice: str


@dataclass(frozen=True)
class CoachTables:
    """Tables of a study that the pages need.

    Attributes
    ----------
    longitudinal, metrics, quality, reliability, onset_monitor : rows of the results of these names.
    sessions : rows of sessions.tsv.
    simulated, study : whether the recordings are simulated, and the name of the study.
    """

    longitudinal: pd.DataFrame
    metrics: pd.DataFrame
    quality: pd.DataFrame
    reliability: pd.DataFrame
    onset_monitor: pd.DataFrame
    sessions: pd.DataFrame
    simulated: bool
    study: str

    @cached_property
    def occasions(self) -> dict[tuple[str, str], Occasion]:
        """When each session was, by participant and session."""
        return occasions(self.sessions)

    @cached_property
    def measured(self) -> set[tuple[str, str]]:
        """Tasks and metrics of which a session of the study has a value."""
        pairs = self.longitudinal[["task", "metric"]].drop_duplicates()
        return set(zip(pairs["task"], pairs["metric"], strict=True))

    @cached_property
    def _places(self) -> dict[str, dict[str, np.ndarray]]:
        """Rows of each athlete in each table."""
        return {name: getattr(self, name).groupby("participant_id").indices for name in _OF_ATHLETES}

    def of(self, participant: str) -> CoachTables:
        """Return the tables with the rows of one athlete."""
        own = {name: getattr(self, name).iloc[rows.get(participant, [])] for name, rows in self._places.items()}
        return replace(self, **own)

    def last_session(self, participant: str, *, task: str | None = None) -> str:
        """Name of the athlete's last session (with trials of a task), by its day, else by its place in the table."""
        own = self.metrics[self.metrics["participant_id"] == participant]
        names = own["session_id"] if task is None else own.loc[own["task"] == task, "session_id"]
        days = {name: self.occasions[participant, name].day for name in names.unique()}
        return sorted(days, key=lambda name: np.nan_to_num(days[name], nan=-1.0))[-1]

    def participants(self) -> list[str]:
        """Names of the athletes."""
        return sorted({*self.longitudinal["participant_id"], *self.metrics["participant_id"]})


def last_tests(tables: CoachTables, participant: str) -> list[LastTest]:
    """Return a line per quantity that the athlete was tested on.

    Parameters
    ----------
    tables : of the study.
    participant : name of the athlete.
    """
    own = tables.of(participant)
    tasks = set(own.metrics["task"])
    tested = [each for each in QUANTITIES if each.task in tasks and (each.task, each.metric) in tables.measured]
    lines = [_last_test(own, participant, quantity) for quantity in tested]
    return [line for line in lines if line is not None]


def _last_test(tables: CoachTables, participant: str, quantity: Quantity) -> LastTest | None:
    """One line; None of a quantity that was never measured on the athlete."""
    series = _series(tables, participant, quantity)
    session = tables.last_session(participant, task=quantity.task)
    verdict, why = _usable(tables, participant, quantity, session)
    band = Band.of(series, _error(tables.reliability, quantity))
    counted = tables.metrics[tables.metrics["task"] == quantity.task]["status"] != "rejected"
    if series.empty and counted.any():
        return None  # never measured: a plate alone has no knee angle
    today = series[series["session_id"] == session]
    value = float(today["value"].iloc[0]) if len(today) else np.nan
    others = band.of_others(int(today.index[0])) if len(today) else None
    outside, compared = _outside(series, band, quantity)
    return LastTest(
        name=quantity.name,
        unit=quantity.unit,
        when=tables.occasions[participant, session].words,
        verdict=verdict,
        why=why,
        value=_shown(value, quantity),
        typical=_shown(others[0], quantity) if others else "",
        low=_shown(others[0] - others[1], quantity) if others else "",
        high=_shown(others[0] + others[1], quantity) if others else "",
        best=_best(series, quantity),
        outside=outside,
        compared=compared,
        sides=_sides(tables, participant, quantity, session),
        advice=_advice(verdict, value, others, quantity),
    )


def _series(tables: CoachTables, participant: str, quantity: Quantity) -> pd.DataFrame:
    """Sessions of an athlete in order: session_id, day, when, value [unit as shown], the mean of single legs."""
    longitudinal = tables.longitudinal
    rows = longitudinal[
        (longitudinal["participant_id"] == participant)
        & (longitudinal["task"] == quantity.task)
        & (longitudinal["metric"] == quantity.metric)
    ]
    both = rows[rows["side"] == "both"]
    rows = both if len(both) else rows
    means = quantity.factor * rows.groupby("session_id", sort=False)["mean"].mean()
    found = [tables.occasions[participant, str(session)] for session in means.index]
    series = means.rename("value").reset_index()
    series = series.assign(day=[each.day for each in found], when=[each.words for each in found])
    return series.sort_values("day", kind="stable", ignore_index=True)


def _error(reliability: pd.DataFrame, quantity: Quantity) -> float:
    """Standard error of measurement of the study's own sessions [unit as shown]; missing where it was not estimated."""
    rows = reliability[(reliability["task"] == quantity.task) & (reliability["metric"] == quantity.metric)]
    both = rows[rows["side"] == "both"]
    found = (both if len(both) else rows)["sem"]
    return float(quantity.factor * found.mean()) if len(found) else np.nan


@dataclass(frozen=True)
class Band:
    """What a session of an athlete is expected to be from the athlete's other sessions.

    A further session lies within mean of the n others +/- 1.96 SEM sqrt(1 + 1/n) in 95 % of cases, if nothing changed.
    """

    values: np.ndarray
    error: float

    @classmethod
    def of(cls, series: pd.DataFrame, error: float) -> Band:
        """Return the band of the sessions of an athlete."""
        return cls(series["value"].to_numpy(float), error)

    def of_others(self, place: int) -> tuple[float, float] | None:
        """Mean and half width for a session from all others; None of too few, or without an error of measurement."""
        others = np.delete(self.values, place)
        others = others[np.isfinite(others)]
        if len(others) < FEWEST_OTHERS or not np.isfinite(self.error):
            return None
        return float(others.mean()), float(_Z95 * self.error * np.sqrt(1.0 + 1.0 / len(others)))


def _usable(tables: CoachTables, participant: str, quantity: Quantity, session: str) -> tuple[str, str]:
    """Whether a test counts, and why: how many repetitions have the value, and the reasons of the others."""
    rows = tables.metrics[
        (tables.metrics["participant_id"] == participant)
        & (tables.metrics["session_id"] == session)
        & (tables.metrics["task"] == quantity.task)
    ]
    known = rows[quantity.metric].notna() & (rows["status"] != "rejected") & (rows["rep"] > 0)
    repetitions = (
        rows[["trial_id", "rep", "status"]]
        .assign(known=known)
        .groupby(["trial_id", "rep"])
        .agg(known=("known", "any"), status=("status", "first"))
    )
    good, warned = (
        int(repetitions["known"].sum()),
        int((repetitions["known"] & (repetitions["status"] == "flagged")).sum()),
    )
    noun = "repetition counts" if len(repetitions) == 1 else "repetitions count"
    said = [f"{good} of {len(repetitions)} {noun}"]
    if warned:
        said[0] += f", {warned} with a warning"
    if good < len(repetitions):
        flags = tables.quality[
            (tables.quality["participant_id"] == participant)
            & (tables.quality["session_id"] == session)
            & (tables.quality["task"] == quantity.task)
            & tables.quality["severity"].isin(["rejected", "incomplete"])
        ]
        reasons = dict.fromkeys(reason_in_words(*flag) for flag in zip(flags["code"], flags["sentence"], strict=True))
        said += reasons or [
            f"{quantity.name} could not be measured in {'it' if len(repetitions) == 1 else 'the others'}"
        ]
    return (USABLE if good >= FEWEST_USABLE else REPEAT), ". ".join(said[:MOST_SAID])


def _best(series: pd.DataFrame, quantity: Quantity) -> str:
    """Best session of an athlete, and when it was."""
    values = quantity.better * series["value"].to_numpy(float)
    if quantity.better == 0 or not np.isfinite(values).any():
        return ""
    best = series.iloc[int(np.nanargmax(values))]
    return f"{_shown(float(best['value']), quantity)} {quantity.unit} ({best['when']})"


def _outside(series: pd.DataFrame, band: Band, quantity: Quantity) -> tuple[tuple[str, ...], int]:
    """Every session that lies outside the band of the others, and how many could be compared."""
    found, compared = [], 0
    for place, (value, when) in enumerate(zip(series["value"], series["when"], strict=True)):
        others = band.of_others(place)
        if others is None or not np.isfinite(value):
            continue
        compared += 1
        if abs(value - others[0]) > others[1]:
            word = "above" if value > others[0] else "below"
            low, high = (_shown(others[0] + way * others[1], quantity) for way in (-1.0, 1.0))
            found.append(f"{when}: {_shown(value, quantity)} {quantity.unit}, {word} the usual {low} to {high}")
    return tuple(found), compared


def _sides(tables: CoachTables, participant: str, quantity: Quantity, session: str) -> str:
    """What the legs differ by on the day; empty where they are not measured apart."""
    if not quantity.sides:
        return ""
    rows = tables.longitudinal[
        (tables.longitudinal["participant_id"] == participant)
        & (tables.longitudinal["session_id"] == session)
        & (tables.longitudinal["task"] == quantity.task)
        & (tables.longitudinal["metric"] == quantity.metric)
    ].set_index("side")["mean"]
    if not {"left", "right"} <= set(rows.index):
        return ""
    left, right = (quantity.factor * float(rows[side]) for side in ("left", "right"))
    said = f"left {_shown(left, quantity)}, right {_shown(right, quantity)} {quantity.unit}"
    error = np.sqrt(2.0) * _Z95 * _side_error(tables.reliability, quantity)
    if not np.isfinite(error):
        return f"{said}; whether they differ cannot be said"
    return f"{said}: {'a clear difference' if abs(left - right) > error else 'no clear difference'}"


def _side_error(reliability: pd.DataFrame, quantity: Quantity) -> float:
    rows = reliability[
        (reliability["task"] == quantity.task)
        & (reliability["metric"] == quantity.metric)
        & reliability["side"].isin(["left", "right"])
    ]
    return float(quantity.factor * rows["sem"].mean()) if len(rows) else np.nan


def _advice(verdict: str, value: float, others: tuple[float, float] | None, quantity: Quantity) -> str:
    """What to do, in a coach's words."""
    if verdict == REPEAT:
        return "Test again before you draw a conclusion."
    if others is None:
        return "Keep testing: a usual range needs three sessions."
    usual, half = others
    if abs(value - usual) <= half:
        return "As usual. Carry on."
    improved = quantity.better * (value - usual) > 0.0
    if quantity.better == 0:
        return "Different from usual. Watch the next session before you change anything."
    return (
        "Better than usual. Confirm it next session."
        if improved
        else "Worse than usual. Ask about fatigue, pain and sleep; test again."
    )


def _shown(value: float, quantity: Quantity) -> str:
    """A value with the digits that mean something; empty where there is none."""
    return "" if not np.isfinite(value) else f"{value:.{quantity.decimals}f}".replace("-", "\N{MINUS SIGN}")
