"""What a coach reads: one line per test of an athlete, and the team at a glance, as PDF and HTML pages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import typst

from legsci.present.figures.style import readable
from legsci.storage import atomic_write

TEMPLATE = Path(__file__).with_suffix(".typ")
#: Normal quantile of a 95 % interval.
_Z95 = 1.96
#: Fewest other sessions of an athlete from which a usual value is calculated.
FEWEST_OTHERS = 2
#: Fewest usable repetitions of a test.
FEWEST_USABLE = 1
#: Columns of longitudinal.csv that say who an athlete is.
_TRAITS = ("group", "level", "dominant_leg")
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
    Quantity("Knee inward (valgus)", "countermovement_jump", "knee_abduction_peak_deg", "deg", 1.0, 0, 0, True),
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
    session, week : of its last session.
    verdict : USABLE or REPEAT; `why` says how many repetitions count and what was wrong with the others.
    value, typical, low, high : value of the day, mean of the other sessions, and the band in which a further session
        lies by the error of measurement [unit as shown]; empty where they are not known.
    best : best session, where one direction is better.
    outside : every session that lies outside the band of the others.
    sides : what is said of the legs.
    advice : what to do.
    """

    name: str
    unit: str
    session: str
    week: str
    verdict: str
    why: str
    value: str
    typical: str
    low: str
    high: str
    best: str
    outside: str
    sides: str
    advice: str


@dataclass(frozen=True)
class CoachTables:
    """Tables of a study that the pages need: rows of longitudinal.csv, metrics.csv, quality.csv and reliability.csv."""

    longitudinal: pd.DataFrame
    metrics: pd.DataFrame
    quality: pd.DataFrame
    reliability: pd.DataFrame
    simulated: bool
    study: str

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
    own = tables.metrics[tables.metrics["participant_id"] == participant]
    tested = [quantity for quantity in QUANTITIES if (own["task"] == quantity.task).any()]
    lines = [_last_test(tables, participant, quantity) for quantity in tested]
    return [line for line in lines if line is not None]


def _last_test(tables: CoachTables, participant: str, quantity: Quantity) -> LastTest | None:
    """One line; None of a quantity that was never measured on the athlete."""
    ever = tables.longitudinal
    if not ((ever["task"] == quantity.task) & (ever["metric"] == quantity.metric)).any():
        return None
    series = _series(tables.longitudinal, participant, quantity)
    trials = tables.metrics[
        (tables.metrics["participant_id"] == participant) & (tables.metrics["task"] == quantity.task)
    ]
    session = str(trials["session_id"].iloc[-1])
    verdict, why = _usable(tables, participant, quantity, session)
    band = Band.of(series, _error(tables.reliability, quantity))
    if series.empty and verdict == USABLE:
        return None  # never measured: a plate alone has no knee angle
    today = series[series["session_id"] == session]
    if today.empty and verdict == USABLE:
        verdict, why = REPEAT, f"{why}; {quantity.name.lower()} could not be measured in them"
    weeks = series["week"].to_numpy(float)
    value = float(today["value"].iloc[0]) if len(today) else np.nan
    others = band.of_others(len(series) - 1) if len(today) else None
    return LastTest(
        name=quantity.name,
        unit=quantity.unit,
        session=session,
        week=f"{today['week'].iloc[0]:.0f}" if len(today) and np.isfinite(today["week"].iloc[0]) else "",
        verdict=verdict,
        why=why,
        value=_shown(value, quantity),
        typical=_shown(others[0], quantity) if others else "",
        low=_shown(others[0] - others[1], quantity) if others else "",
        high=_shown(others[0] + others[1], quantity) if others else "",
        best=_best(series, quantity, weeks),
        outside=_outside(series, band, quantity),
        sides=_sides(tables, participant, quantity, session),
        advice=_advice(verdict, why, value, others, quantity),
    )


def _series(longitudinal: pd.DataFrame, participant: str, quantity: Quantity) -> pd.DataFrame:
    """Sessions of an athlete in order: session_id, week, value [unit as shown], the mean of legs measured apart."""
    rows = longitudinal[
        (longitudinal["participant_id"] == participant)
        & (longitudinal["task"] == quantity.task)
        & (longitudinal["metric"] == quantity.metric)
    ]
    both = rows[rows["side"] == "both"]
    rows = both if len(both) else rows
    means = rows.groupby("session_id", sort=False).agg(week=("week", "first"), value=("mean", "mean")).reset_index()
    return (
        means.assign(value=quantity.factor * means["value"]).sort_values("week", kind="stable").reset_index(drop=True)
    )


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
    """Whether a test counts, and why: how many repetitions, and the first sentence on each kind of fault."""
    rows = tables.metrics[
        (tables.metrics["participant_id"] == participant)
        & (tables.metrics["session_id"] == session)
        & (tables.metrics["task"] == quantity.task)
    ]
    repetitions = rows.drop_duplicates(["trial_id", "rep"])
    good = repetitions["status"].isin(["accepted", "flagged"]) & (repetitions["rep"] > 0)
    noun = "repetition counts" if len(repetitions) == 1 else "repetitions count"
    counted = f"{int(good.sum())} of {len(repetitions)} {noun}"
    flags = tables.quality[
        (tables.quality["participant_id"] == participant)
        & (tables.quality["session_id"] == session)
        & (tables.quality["task"] == quantity.task)
        & tables.quality["severity"].isin(["rejected", "incomplete", "flagged"])
    ]
    sentences = flags.drop_duplicates("code")["sentence"].astype(str).tolist()
    said = ". ".join(sentence.rstrip(".") for sentence in sentences[:2])
    return (USABLE if good.sum() >= FEWEST_USABLE else REPEAT), counted + (f". {said}" if said else "")


def _best(series: pd.DataFrame, quantity: Quantity, weeks: np.ndarray) -> str:
    """Best session of an athlete, with its week."""
    values = quantity.better * series["value"].to_numpy(float)
    if quantity.better == 0 or not np.isfinite(values).any():
        return ""
    place = int(np.nanargmax(values))
    when = f"week {weeks[place]:.0f}" if np.isfinite(weeks[place]) else str(series["session_id"].iloc[place])
    return f"{_shown(float(series['value'].iloc[place]), quantity)} {quantity.unit} ({when})"


def _outside(series: pd.DataFrame, band: Band, quantity: Quantity) -> str:
    """Every session that lies outside the band of the others."""
    found = []
    for place, row in series.iterrows():
        others = band.of_others(int(str(place)))
        if others is not None and abs(row["value"] - others[0]) > others[1]:
            word = "above" if row["value"] > others[0] else "below"
            when = f"week {row['week']:.0f}" if np.isfinite(row["week"]) else str(row["session_id"])
            found.append(f"{when}: {_shown(float(row['value']), quantity)} {quantity.unit}, {word} usual")
    return "; ".join(found)


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
        return said
    return f"{said}: {'more than' if abs(left - right) > error else 'within'} the error of measurement"


def _side_error(reliability: pd.DataFrame, quantity: Quantity) -> float:
    rows = reliability[
        (reliability["task"] == quantity.task)
        & (reliability["metric"] == quantity.metric)
        & reliability["side"].isin(["left", "right"])
    ]
    return float(quantity.factor * rows["sem"].mean()) if len(rows) else np.nan


def _advice(verdict: str, why: str, value: float, others: tuple[float, float] | None, quantity: Quantity) -> str:
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


def write_pages(tables: CoachTables, folder: Path) -> None:
    """Write a page per athlete and the page of the team, each as PDF and HTML.

    Parameters
    ----------
    tables : of the study.
    folder : athletes.pdf, athletes.html, team.pdf and team.html are written there. They open without a network, and the
        same results give the same bytes.
    """
    people = tables.participants()
    lines = {participant: [asdict(line) for line in last_tests(tables, participant)] for participant in people}
    groups = tables.longitudinal.drop_duplicates("participant_id").set_index("participant_id")
    about = {participant: _person(groups[groups.index == participant]) for participant in people}
    present = {line["name"] for each in lines.values() for line in each}
    names = [quantity.name for quantity in QUANTITIES if quantity.name in present]
    content: dict[str, object] = {
        "study": tables.study,
        "simulated": tables.simulated,
        "athletes": lines,
        "about": about,
        "names": names,
    }
    content["units"] = {quantity.name: quantity.unit for quantity in QUANTITIES}
    for page in ("athletes", "team"):
        given = {"content": json.dumps(content, ensure_ascii=False), "page": page}
        for form in ("pdf", "html"):
            made = typst.compile(TEMPLATE, root=TEMPLATE.parent, format=form, sys_inputs=given, timestamp=0)
            with atomic_write(folder / f"{page}.{form}") as unfinished:
                unfinished.write_bytes(made)


def _person(rows: pd.DataFrame) -> str:
    """Group, level and dominant leg of an athlete, as far as they are known."""
    known = {name: str(rows[name].iloc[0]) for name in _TRAITS if name in rows and rows[name].notna().any()}
    leg = [f"{known.pop('dominant_leg')} leg dominant"] if "dominant_leg" in known else []
    return ", ".join([*map(readable, known.values()), *leg])
