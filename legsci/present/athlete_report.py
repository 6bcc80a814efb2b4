"""A page for an athlete: alignment, jump and timing over the sessions, what changed, and what is the athlete's own."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from legsci.present import style

#: Panels: (words, task, metric, factor to the unit shown, unit, words for more and for less of it).
PANELS = (
    ("Jump height", "countermovement_jump", "jump_height_impulse_m", 100.0, "cm", ("higher", "lower")),
    ("Knee, inward positive", "countermovement_jump", "knee_abduction_peak_deg", 1.0, "deg", ("inward", "outward")),
    ("Time to take-off", "countermovement_jump", "time_to_takeoff_s", 1000.0, "ms", ("slower", "faster")),
    ("Ground contact of drop jumps", "drop_jump", "contact_time_s", 1000.0, "ms", ("longer", "shorter")),
)  # fmt: skip
ALPHA = 0.05
_LEGEND = (
    "Points: mean of the session's repetitions, with its standard error. Grey: differences from the first session that "
    "also show where nothing changed (minimal detectable change, 95 %)."
)
_WIDTH = 100


@dataclass(frozen=True)
class AthleteEvidence:
    """What a study says that a report on its athletes needs.

    Parameters
    ----------
    longitudinal : rows of longitudinal.csv.
    reliability : rows of models/reliability.csv.
    athletes : rows of models/athletes.csv.
    ledger : rows of claims.csv.
    simulated : whether the study is.
    """

    longitudinal: pd.DataFrame
    reliability: pd.DataFrame
    athletes: pd.DataFrame
    ledger: pd.DataFrame
    simulated: bool

    def participants(self) -> list[str]:
        """Names of the athletes with sessions."""
        return sorted(self.longitudinal["participant_id"].unique())


def athlete_report(evidence: AthleteEvidence, participant_id: str) -> Figure:
    """Draw the page of an athlete.

    A change is only called one where it exceeds the minimal detectable change (MDC95) of the study's own sessions, a
    band about the first session. The athlete's own slope is only stated where athletes' slopes differ (claim C9) and
    its interval excludes none.

    Parameters
    ----------
    evidence : of the study.
    participant_id : name of the athlete.

    Raises
    ------
    ValueError
        The study has no sessions of that athlete.
    """
    own = evidence.longitudinal[evidence.longitudinal["participant_id"] == participant_id]
    if own.empty:
        raise ValueError(
            f"there are no sessions of {participant_id}; there are of {', '.join(evidence.participants())}"
        )
    sentences = []
    with style.house_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 5.6), layout="constrained")
        grid = figure.add_gridspec(3, 2, height_ratios=[1.0, 1.0, 0.75])
        for place, panel in enumerate(PANELS):
            axes = figure.add_subplot(grid[place // 2, place % 2])
            sentences.append(_panel(axes, own, evidence.reliability, panel))
        words = figure.add_subplot(grid[2, :])
        words.set_axis_off()
        sentences.append(personal_slope(evidence, participant_id))
        sentences.append(_LEGEND)
        lines = [line for text in sentences for line in textwrap.wrap(text, _WIDTH, subsequent_indent="  ")]
        words.text(0.0, 1.0, "\n".join(lines), va="top", fontsize=8, transform=words.transAxes)
        sessions = style.counted(own["session_id"].nunique(), "session")
        style.title(figure, f"Report for {participant_id}: {sessions}", simulated=evidence.simulated)
    return figure


def _panel(axes: Axes, own: pd.DataFrame, reliability: pd.DataFrame, panel: tuple) -> str:
    """Draw one quantity over the weeks and return what is said about its change."""
    name, task, metric, factor, unit, directions = panel
    series = _series(own, task, metric).sort_values("week")
    axes.set_title(name)
    axes.spines[["top", "right"]].set_visible(False)
    if series.empty:
        axes.text(0.5, 0.5, "not measured", ha="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return f"{name}: not measured in this study's sessions."
    values, weeks = factor * series["mean"].to_numpy(float), series["week"].to_numpy(float)
    spread = factor * np.sqrt(series["replicate_variance"].to_numpy(float) / series["repetitions"].to_numpy(float))
    axes.errorbar(weeks, values, yerr=np.nan_to_num(spread), fmt="o-", color=style.SIDE_COLOURS["left"], markersize=4)
    axes.set_xlabel("week")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(f"[{unit}]")
    mdc = factor * float(_series(reliability, task, metric)["mdc95"].sum())
    if mdc:
        axes.axhspan(values[0] - mdc, values[0] + mdc, color="0.9", zorder=0)
    return change_sentence(name, values, mdc or None, unit, directions)


def _series(table: pd.DataFrame, task: str, metric: str) -> pd.DataFrame:
    return table[(table["task"] == task) & (table["metric"] == metric) & (table["side"] == "both")]


def change_sentence(name: str, values: np.ndarray, mdc: float | None, unit: str, directions: tuple[str, str]) -> str:
    """Say how the last session differs from the first, and whether that is more than measurement and days explain.

    Parameters
    ----------
    name : of the quantity.
    values : (session,) in order [unit].
    mdc : minimal detectable change, MDC95 [unit]; None where it is not known.
    unit : of the values.
    directions : words for more and for less.
    """
    if len(values) < 2:
        return f"{name}: {values[0]:.3g} {unit} in one session; nothing can be said about change."
    change = float(values[-1] - values[0])
    told = f"{name}: {values[-1]:.3g} {unit} in the last session, {values[0]:.3g} in the first."
    if mdc is None:
        return f"{told} How much is needed for a real change is not known for this study."
    if abs(change) <= mdc:
        return f"{told} The difference is within what athletes show from session to session ({mdc:.3g} {unit})."
    word = directions[0] if change > 0 else directions[1]
    return f"{told} That is {word} by {abs(change):.3g} {unit}, more than sessions differ otherwise ({mdc:.3g} {unit})."


def personal_slope(evidence: AthleteEvidence, participant_id: str) -> str:
    """Say what the athlete's own alignment does to the athlete's own jump, where the data support a statement."""
    name = "Own alignment and own jump"
    own = evidence.athletes[
        (evidence.athletes["participant_id"] == participant_id) & (evidence.athletes["term"] == "abduction_within")
    ]
    if own.empty:
        return f"{name}: the study does not hold what a personal relation needs."
    differ = evidence.ledger.loc[evidence.ledger["id"] == "C9", "adjusted_p"]
    if not (differ < ALPHA).any():
        return f"{name}: the athletes of this study cannot be told apart in it, so that no personal figure is given."
    slope, low, high = (float(own[column].iloc[0]) for column in ("coefficient", "ci_low", "ci_high"))
    interval = f"{slope:.2g} % per degree inward (95 % interval {low:.2g} to {high:.2g})"
    if low <= 0.0 <= high:
        return f"{name}: {interval}: no relation can be told from none."
    return f"{name}: jumps are {'higher' if slope > 0 else 'lower'} on days with knees further inward, {interval}."
