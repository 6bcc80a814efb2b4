"""Joint angles over the movement: mean differences between sessions and between legs, with simultaneous limits."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from legsci.models.statistics.curves import ALPHA, ANGLES, LEG_COMPARISON, SESSION_COMPARISON
from legsci.present.figures import style
from legsci.present.figures.joint_angles import DASHES, ROW_HEIGHT
from legsci.present.figures.refusals import refused
from legsci.present.results import Results

CONFIG_LIST = "models"

#: Comparison -> side with the same colour and line style.
LOOKS = {SESSION_COMPARISON: "left", LEG_COMPARISON: "right"}


def draw(study: Results) -> Figure:
    """Draw differences of joint angles between sessions and between legs."""
    rows = study.model_table("curve_differences")
    if rows.empty:
        return refused(study, "curves", "Joint angles within athletes", table="curve_refusals")
    return curve_differences_figure(rows, study.model_table("curve_clusters"), simulated=study.simulated)


def curve_differences_figure(differences: pd.DataFrame, clusters: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw mean differences of joint angles over the movement, a column per task and a row per angle.

    Parameters
    ----------
    differences : rows of models/curve_differences.csv.
    clusters : rows of models/curve_clusters.csv.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure of the differences with their simultaneous 95 % limits [deg]; bars at the bottom of a panel mark clusters
    that differ after adjustment for the number of comparisons.
    """
    tasks = list(dict.fromkeys(differences["task"]))
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + ROW_HEIGHT * len(ANGLES)), layout="constrained")
        panels = figure.subplots(len(ANGLES), len(tasks), sharex=True, sharey="row", squeeze=False)
        for column, task in enumerate(tasks):
            own = differences[differences["task"] == task]
            panels[0, column].set_title(**style.task_heading(task, _count(own), columns=len(tasks)))
            for row, angle in enumerate(ANGLES):
                tested = clusters[(clusters["task"] == task) & (clusters["angle"] == angle)]
                _draw(panels[row, column], own[own["angle"] == angle], tested)
            panels[-1, column].set_xlabel("movement [%]")
        for row, angle in enumerate(ANGLES):
            panels[row, 0].set_ylabel(f"{style.readable(angle)}\n[deg]")
        style.title(
            figure,
            "Differences of joint angles within athletes, with simultaneous 95 % limits; bars: p < 0.05, adjusted",
            simulated=simulated,
        )
        keys = [
            Line2D([], [], color=style.SIDE_COLOURS[side], linestyle=DASHES[side], label=name)
            for name, side in LOOKS.items()
        ]
        figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure


def _count(rows: pd.DataFrame) -> str:
    """Largest number of athletes in each comparison."""
    counts = rows.groupby("comparison", sort=False)["athletes"].max()
    return f"n = {' and '.join(str(counts[name]) for name in LOOKS if name in counts)}"


def _draw(axes: Axes, rows: pd.DataFrame, clusters: pd.DataFrame) -> None:
    """Draw the differences of one angle in one task."""
    for place, (name, side) in enumerate(LOOKS.items()):
        colour, own = style.SIDE_COLOURS[side], rows[rows["comparison"] == name]
        if own.empty:
            continue
        axes.fill_between(own["percent"], own["low"], own["high"], color=colour, alpha=0.2, linewidth=0.0)
        axes.plot(own["percent"], own["difference"], color=colour, linestyle=DASHES[side])
        significant = clusters[
            (clusters["comparison"] == name) & (clusters["p_value"] < ALPHA) & (clusters["adjusted_p"] < ALPHA)
        ]
        for start, end in significant[["start_percent", "end_percent"]].itertuples(index=False):
            axes.axvspan(start, end, 0.01 + 0.05 * place, 0.04 + 0.05 * place, color=colour, linewidth=0.0)
    axes.axhline(0.0, color="black", linewidth=0.5)
    axes.set_xlim(0.0, 100.0)
    axes.spines[["top", "right"]].set_visible(False)
