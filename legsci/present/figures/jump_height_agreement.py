"""Agreement of the jump heights that one jump gives, each with its uncertainty."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.mechanics.force.profiles import load_profiles
from legsci.metrics.measurements import PROFILE as MEASURED
from legsci.metrics.registry import METRICS
from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "study"

REFERENCE = "jump_height_impulse_m"
_ROW_HEIGHT = 0.42
#: More repetitions than this are drawn as points, without their names.
_MOST_ROWS = 40


def draw(study: Results) -> Figure:
    """Draw the heights of each jump side by side."""
    return jump_height_agreement_figure(study.metrics, simulated=study.simulated)


def jump_height_agreement_figure(metrics: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw the heights of each jump, and how far the others are from the height by impulse.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure with one row per repetition that has a height. Left: heights with their standard uncertainties [m]. Right:
    differences from the height by impulse [cm] with twice their standard uncertainty; heights agree where that reaches
    zero. Of more than 40 repetitions: the differences over the height by impulse, a panel per other method, with their
    mean; those that disagree are marked.
    """
    rows = metrics[(metrics["side"] == "both") & metrics[list(style.HEIGHT_COLOURS)].notna().any(axis=1)]
    many = len(rows) > _MOST_ROWS
    height = 3.2 if many else 1.5 + _ROW_HEIGHT * max(len(rows), 2)
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, height), layout="constrained")
        if many:
            _draw_points(figure, rows)
        else:
            _draw_rows(figure, rows.reset_index(drop=True))
        titles = {name: profile.title for name, profile in load_profiles().items()} | {MEASURED: "of another system"}
        profiles = " and ".join(titles[str(name)] for name in rows["profile"].unique())
        style.title(
            figure,
            f"Jump heights of n = {style.counted(len(rows), 'repetition')}; profile {profiles or 'none'}",
            simulated=simulated,
        )
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def _differences(rows: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series]:
    """Difference of the height by a method from that by impulse, and twice its standard uncertainty [cm]."""
    variance = rows[f"u_{name}"] ** 2 + rows[f"u_{REFERENCE}"] ** 2
    return 100.0 * (rows[name] - rows[REFERENCE]), 200.0 * variance**0.5


def _draw_rows(figure: Figure, rows: pd.DataFrame) -> None:
    """Draw a row per repetition."""
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, 1.0])
    for offset, (name, colour) in zip((-0.22, 0.0, 0.22), style.HEIGHT_COLOURS.items(), strict=True):
        place = np.arange(len(rows)) + offset
        looks = {"fmt": "o", "markersize": 4, "color": colour, "linewidth": 1.2}
        left.errorbar(rows[name], place, xerr=rows[f"u_{name}"], label=METRICS[name].label, **looks)
        if name != REFERENCE:
            difference, expanded = _differences(rows, name)
            right.errorbar(difference, place, xerr=expanded, **looks)
    _label(left, right, rows)


def _draw_points(figure: Figure, rows: pd.DataFrame) -> None:
    """Draw a point per repetition."""
    others = [name for name in style.HEIGHT_COLOURS if name != REFERENCE]
    for axes, name in zip(figure.subplots(1, len(others), sharey=True), others, strict=True):
        difference, expanded = _differences(rows, name)
        apart = difference.abs() > expanded
        colour, label = style.HEIGHT_COLOURS[name], METRICS[name].label
        for chosen, marker, words in ((~apart, ".", label), (apart, "x", f"{label}, disagrees")):
            axes.plot(rows[REFERENCE][chosen], difference[chosen], marker, color=colour, markersize=3.5, label=words)
        axes.axhline(difference.mean(), color="black", linewidth=1.0, linestyle=(0, (6, 3)))
        axes.axhline(0.0, color="black", linewidth=0.5)
        compared = style.counted(int(difference.notna().sum()), "repetition")
        axes.set_title(f"{label}:\nmean {difference.mean():+.1f} cm, {int(apart.sum())} of {compared} disagree")
        axes.set_xlabel(f"{METRICS[REFERENCE].label} [m]")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("difference from height by impulse [cm]")


def _label(left: Axes, right: Axes, rows: pd.DataFrame) -> None:
    """Name rows and quantities."""
    names = [
        f"{row.participant_id} {row.session_id}\n{row.trial_id}, rep {row.rep}: {row.status}"
        for row in rows.itertuples()
    ]
    left.set_yticks(range(len(rows)), names)
    left.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    left.set_xlabel("jump height ± standard uncertainty [m]")
    right.axvline(0.0, color="black", linewidth=0.6)
    right.set_xlabel("difference from height by impulse,\n± twice its standard uncertainty [cm]")
    right.tick_params(left=False)
    for axes in (left, right):
        axes.grid(visible=True, axis="x")
        axes.spines[["top", "right"]].set_visible(False)
    if rows.empty:
        left.text(0.5, 0.5, "no repetition has a jump height", transform=left.transAxes, ha="center")
