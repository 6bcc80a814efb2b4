"""A page per athlete: alignment, jump and timing over the sessions, changes, and the athlete's own slope."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from legsci.metrics.registry import METRICS
from legsci.models.claims.verdicts import ALPHA
from legsci.present.figures import style

_JUMP = "countermovement_jump"
#: Panels: (words, task, metric, factor to the unit shown, unit, words for more and for less of it).
PANELS = (
    ("Height of countermovement jumps", _JUMP, "jump_height_impulse_m", 100.0, "cm", ("higher", "lower")),
    (
        "Knee abduction in countermovement jumps",
        _JUMP,
        "knee_abduction_peak_deg",
        1.0,
        "deg",
        ("more valgus", "less valgus"),
    ),
    ("Time to take-off of countermovement jumps", _JUMP, "time_to_takeoff_s", 1000.0, "ms", ("slower", "faster")),
    ("Ground contact of drop jumps", "drop_jump", "contact_time_s", 1000.0, "ms", ("longer", "shorter")),
)  # fmt: skip
#: Sign of a quantity whose positive direction is a convention, for its axis.
_SIGN = {"knee_abduction_peak_deg": ", valgus positive"}
_LEGEND = (
    "Points: mean of the session's repetitions, with its standard error where there are several. Grey, where it could "
    "be estimated: minimal detectable change from the first session (MDC95), within which a change may be error alone."
)
#: Characters of a line, and its height [in].
_WIDTH, _LINE_HEIGHT_IN = 100, 0.15
#: Decimals of a value, by unit.
_DECIMALS = {"cm": 1, "deg": 1, "ms": 0}


@dataclass(frozen=True)
class AthleteEvidence:
    """The tables of a study that the reports on its athletes need.

    Parameters
    ----------
    longitudinal : rows of longitudinal.csv.
    reliability : rows of models/reliability.csv.
    athletes : rows of models/athletes.csv.
    ledger : rows of claims.csv.
    scores : rows of reference_scores.csv.
    simulated : whether the study is.
    """

    longitudinal: pd.DataFrame
    reliability: pd.DataFrame
    athletes: pd.DataFrame
    ledger: pd.DataFrame
    scores: pd.DataFrame
    simulated: bool

    def participants(self) -> list[str]:
        """Names of the athletes with sessions."""
        return sorted(self.longitudinal["participant_id"].unique())


def athlete_report(evidence: AthleteEvidence, participant_id: str) -> Figure:
    """Draw the page of an athlete.

    A difference is called a change only where it exceeds the minimal detectable change (MDC95) of the study's own
    sessions, a band about the first session. The athlete's own slope is stated only where athletes' slopes differ
    (claim C9) and its interval excludes zero.

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
    measured = [panel for panel in PANELS if not _series(own, *panel[1:3]).empty]
    sentences = [
        f"{panel[0]}: {missing_reason(own, *panel[1:3], evidence.longitudinal)}"
        for panel in PANELS
        if panel not in measured
    ]
    norms = norm_sentences(evidence, participant_id)
    norm_lines = [line for text in norms for line in _wrapped(text)]
    lines = -(-len(measured) // 2)
    heights = [*[1.9] * lines, 2.0 + _LINE_HEIGHT_IN * len(norm_lines)]
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights)), layout="constrained")
        grid = figure.add_gridspec(lines + 1, 2, height_ratios=heights)
        changes = []
        for place, panel in enumerate(measured):
            axes = figure.add_subplot(grid[place // 2, place % 2])
            changes.append(_panel(axes, own, evidence.reliability, panel))
        words = figure.add_subplot(grid[lines, :])
        words.set_axis_off()
        sentences = [*changes, *sentences, personal_slope(evidence, participant_id), *([_LEGEND] if measured else [])]
        wrapped = [*norm_lines, *(line for text in sentences for line in _wrapped(text))]
        words.text(0.0, 1.0, "\n".join(wrapped), va="top", fontsize=8, transform=words.transAxes)
        sessions = style.counted(own["session_id"].nunique(), "session")
        style.title(figure, f"Report for {participant_id}: {sessions}", simulated=evidence.simulated)
    return figure


def _wrapped(sentence: str) -> list[str]:
    """Return the lines of a sentence on the page."""
    return textwrap.wrap(sentence, _WIDTH, subsequent_indent="  ")


def norm_sentences(evidence: AthleteEvidence, participant_id: str) -> list[str]:
    """Say how the last session with each quantity compares with the norm that the study brings for it.

    Parameters
    ----------
    evidence : of the study.
    participant_id : name of the athlete.
    """
    weeks = evidence.longitudinal[["participant_id", "session_id", "week"]].drop_duplicates()
    own = evidence.scores[evidence.scores["participant_id"] == participant_id].merge(weeks)
    last = own.sort_values("week", kind="stable").drop_duplicates(["task", "metric", "side"], keep="last")
    return [_norm_sentence(row) for row in last.sort_values(["task", "metric", "side"]).to_dict("records")]


def _norm_sentence(row: dict) -> str:
    """Say how a session compares with a norm, or why it does not."""
    metric = row["metric"]
    label = METRICS[metric].label if metric in METRICS else style.readable(metric)
    leg = "" if row["side"] == "both" else f" ({row['side']})"
    name = f"{label[0].upper()}{label[1:]}{leg}, {style.readable(row['task'])}"
    if np.isnan(row["z"]):
        return f"{name}, compared with a norm: {row['reason']}."
    error = "uncertainty not known" if np.isnan(row["u_z"]) else f"standard uncertainty {row['u_z']:.1f}"
    rank = "" if np.isnan(row["percentile"]) else f", percentile {row['percentile']:.0f}"
    norm = f"norm of {row['group']} (n = {row['norm_n']:.0f}; {row['source']})"
    return f"{name}, week {row['week']:.0f}: z = {row['z']:.1f} ({error}){rank}, compared with the {norm}."


def missing_reason(own: pd.DataFrame, task: str, metric: str, study: pd.DataFrame) -> str:
    """Say why an athlete's page lacks a quantity.

    Parameters
    ----------
    own : the athlete's rows of longitudinal.csv.
    task, metric : the quantity.
    study : the rows of all athletes.
    """
    name = style.readable(task)
    done = own[own["task"] == task]
    if done.empty:
        others = ", ".join(sorted(style.readable(each) for each in own["task"].unique()))
        return f"no {name} was recorded and counted; there is {others}."
    legs = sorted(done.loc[done["metric"] == metric, "side"].unique())
    if legs:
        return f"measured on the {' and '.join(legs)} leg only, which is not drawn here: a panel needs both legs."
    if not ((study["task"] == task) & (study["metric"] == metric)).any():
        return f"not measured in the {name}s of this study."
    return f"not measured in the {name}s of this athlete; for recordings, quality.csv gives the reason."


def _panel(axes: Axes, own: pd.DataFrame, reliability: pd.DataFrame, panel: tuple) -> str:
    """Draw one quantity over the weeks and return the sentence about its change."""
    name, task, metric, factor, unit, directions = panel
    series = _series(own, task, metric).sort_values("week")
    axes.set_title(name)
    axes.spines[["top", "right"]].set_visible(False)
    values, weeks = factor * series["mean"].to_numpy(float), series["week"].to_numpy(float)
    spread = factor * np.sqrt(series["replicate_variance"].to_numpy(float) / series["repetitions"].to_numpy(float))
    axes.errorbar(weeks, values, yerr=np.nan_to_num(spread), fmt="o-", color=style.SIDE_COLOURS["left"], markersize=4)
    axes.set_xlabel("week")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(values) == 1:
        axes.set_xlim(weeks[0] - 1.0, weeks[0] + 1.0)
        axes.set_xticks(weeks)
    axes.set_ylabel(f"[{unit}]{_SIGN.get(metric, '')}")
    mdc = factor * float(_series(reliability, task, metric)["mdc95"].sum())
    if mdc:
        axes.axhspan(values[0] - mdc, values[0] + mdc, color="0.9", zorder=0)
    return change_sentence(name, values, mdc or None, unit, directions, weeks=weeks)


def _series(table: pd.DataFrame, task: str, metric: str) -> pd.DataFrame:
    return table[(table["task"] == task) & (table["metric"] == metric) & (table["side"] == "both")]


def change_sentence(
    name: str, values: np.ndarray, mdc: float | None, unit: str, directions: tuple[str, str], *, weeks: np.ndarray
) -> str:
    """Say how the last session with a quantity differs from the first, and whether by more than the MDC95.

    Parameters
    ----------
    name : of the quantity.
    values : (session,) in order [unit].
    mdc : minimal detectable change, MDC95 [unit]; None where it was not estimated.
    unit : of the values.
    directions : words for more and for less.
    weeks : (session,) of the study.
    """
    decimals = _DECIMALS[unit]
    first, last = (f"{values[place]:.{decimals}f}" for place in (0, -1))
    if len(values) < 2:
        return f"{name}: {last} {unit} in one session; a change needs two sessions."
    change = float(values[-1] - values[0])
    measured = f"{name}: {last} {unit} in week {weeks[-1]:.0f}, {first} in week {weeks[0]:.0f}."
    if mdc is None:
        return f"{measured} The minimal detectable change could not be estimated in this study."
    limit, size = f"{mdc:.{decimals}f} {unit}", f"{abs(change):.{decimals}f} {unit}"
    if abs(change) <= mdc:
        return f"{measured} The difference is within the minimal detectable change ({limit})."
    word = directions[0] if change > 0 else directions[1]
    # Both may be the same in the digits shown.
    more = "barely more" if size == limit else "more"
    return f"{measured} That is {word} by {size}, {more} than the minimal detectable change ({limit})."


def personal_slope(evidence: AthleteEvidence, participant_id: str) -> str:
    """Say how the athlete's own alignment is associated with the athlete's own jump height, where the data allow it."""
    name = "Own alignment and own jump"
    own = evidence.athletes[
        (evidence.athletes["participant_id"] == participant_id) & (evidence.athletes["term"] == "abduction_within")
    ]
    if own.empty:
        return f"{name}: this study has no data for an individual slope."
    differ = evidence.ledger.loc[evidence.ledger["id"] == "C9", "adjusted_p"]
    if not (differ < ALPHA).any():
        return f"{name}: athletes of this study do not differ in it significantly; no individual slope is given."
    slope, low, high = (float(own[column].iloc[0]) for column in ("coefficient", "ci_low", "ci_high"))
    interval = f"{slope:.2g} % per degree of knee abduction (95 % interval {low:.2g} to {high:.2g})"
    if low <= 0.0 <= high:
        return f"{name}: {interval}: not different from zero."
    return f"{name}: jumps are {'higher' if slope > 0 else 'lower'} on days with more knee abduction, {interval}."
