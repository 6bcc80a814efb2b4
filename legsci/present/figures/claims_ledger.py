"""The ledger: what is claimed, what was published and what was estimated, each claim on one axis of its own scale."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "models"

_ROW_HEIGHT = 0.98
_CLAIMED, _PUBLISHED, _ESTIMATED = style.SIDE_COLOURS["right"], (0.45, 0.45, 0.45), style.SIDE_COLOURS["left"]
_BAND = (0.88, 0.88, 0.88)
#: An interval wider than this many times the rest of a row is cut at the row's end, with an arrow.
_WIDEST = 3.0


def draw(study: Results) -> Figure:
    """Draw the ledger of claims."""
    return claims_ledger_figure(study.model_table("claims"), simulated=study.simulated)


def claims_ledger_figure(ledger: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw the ledger, a row per claim.

    Parameters
    ----------
    ledger : rows of claims.csv.
    simulated : whether the study is; its verdicts then say nothing about people.
    """
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + _ROW_HEIGHT * len(ledger)), layout="constrained")
        panels = figure.subplots(len(ledger), 2, width_ratios=[1.15, 1.0], squeeze=False)
        for (words, axes), row in zip(panels, ledger.to_dict("records"), strict=True):
            words.set_axis_off()
            _write(words, row)
            _draw(axes, row)
        subtitle = "verdicts on simulated athletes say nothing about people" if simulated else "one verdict per claim"
        style.title(figure, f"Ledger of claims: {subtitle}", simulated=simulated)
        marks = [
            Line2D([], [], color=_CLAIMED, marker="D", markersize=4, label="claimed"),
            Line2D([], [], color=_PUBLISHED, marker="s", markersize=4, label="published"),
            Line2D([], [], color=_ESTIMATED, marker="o", markersize=4, label="estimated, 95 % interval"),
            Patch(color=_BAND, label="practical equivalence"),
        ]
        figure.legend(handles=marks, loc="outside lower center", ncols=len(marks))
    return figure


def _write(words: Axes, row: Mapping[Hashable, Any]) -> None:
    """Write claim, verdict, sample size and the reason of the verdict."""
    sentence = textwrap.fill(f"{row['id']}  {row['sentence']}", 62)
    reason = textwrap.fill(str(row["reason"]).removeprefix(f"{row['verdict']} here: "), 78, max_lines=3)
    words.text(0.0, 1.08, sentence, va="top", fontsize=6.5, transform=words.transAxes)
    words.text(0.0, 0.4, row["verdict"], va="center", fontweight="bold", fontsize=7, transform=words.transAxes)
    words.text(1.0, 0.4, _sample_size(row), va="center", ha="right", fontsize=6, transform=words.transAxes)
    words.text(0.0, 0.24, reason, va="top", fontsize=5.5, transform=words.transAxes)


def _sample_size(row: Mapping[Hashable, Any]) -> str:
    """Number of athletes, rows and events of an estimate; empty where there is none."""
    counted = [(row["participants"], "athlete"), (row["rows"], "row"), (row["events"], "event")]
    return ", ".join(style.counted(int(number), noun) for number, noun in counted if np.isfinite(float(number)))


def _draw(axes: Axes, row: Mapping[Hashable, Any]) -> None:
    """Draw one claim on its own scale."""
    number = {name: float(row[name]) for name in ("low", "estimate", "high", "claimed_low", "claimed_high", "null")}
    band = float(row["equivalence_low"]), float(row["equivalence_high"])
    published = [entry["effect"] for entry in json.loads(str(row["literature"])) if "effect" in entry]
    fixed = [
        *band,
        number["null"],
        number["claimed_low"],
        number["claimed_high"],
        number["estimate"],
        *np.ravel(published),
    ]
    low, high = np.nanmin(fixed), np.nanmax(fixed)
    room = _WIDEST * (high - low)
    shown = [value for value in (number["low"], number["high"]) if np.isfinite(value)]
    low, high = max(min([low, *shown]), low - room), min(max([high, *shown]), high + room)
    margin = 0.05 * (high - low)
    axes.set(xlim=(low - margin, high + margin), ylim=(-0.6, 2.6))
    axes.axvspan(*band, color=_BAND, linewidth=0)
    axes.axvline(number["null"], color="black", linewidth=0.6)
    for limits in published:
        axes.plot(limits, [1.0, 1.0], "s-", color=_PUBLISHED, markersize=3.5)
    if np.isfinite(number["claimed_low"]):
        axes.plot([number["claimed_low"], number["claimed_high"]], [2.0, 2.0], "D-", color=_CLAIMED, markersize=4)
    if np.isfinite(number["estimate"]):
        ends = np.clip([number["low"], number["high"]], low - margin, high + margin)
        axes.plot(ends, [0.0, 0.0], color=_ESTIMATED, linewidth=1.6)
        axes.plot(number["estimate"], 0.0, "o", color=_ESTIMATED, markersize=4.5)
        for end, limit, mark in zip(ends, (number["low"], number["high"]), "<>", strict=True):
            if end != limit:
                axes.plot(end, 0.0, mark, color=_ESTIMATED, markersize=5, clip_on=False)
    axes.set_yticks([])
    axes.set_xlabel(str(row["unit"]), fontsize=6.5, labelpad=1)
    axes.tick_params(labelsize=6, pad=1)
    axes.spines[["top", "right", "left"]].set_visible(False)
