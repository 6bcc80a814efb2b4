"""Parameter recovery: differences between measured and true values of the virtual athletes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.metrics.registry import METRICS
from legsci.models.parameter_recovery import MEASURED
from legsci.present.figures import style
from legsci.present.results import Results

#: Unit of a metric -> factor and unit of the differences on the axis.
_READABLE = {"m": (100.0, "cm"), "s": (1000.0, "ms"), "m/s": (100.0, "cm/s")}
_COLUMNS = 3
_ROW_HEIGHT, _PANEL_HEAD = 0.21, 0.62
_REPETITION = ["participant_id", "session_id", "trial_id", "rep"]
#: Points of a row are spread over this part of its height.
_SPREAD = 0.5


def draw(study: Results) -> Figure:
    """Draw the differences between measured and true values of a simulated study."""
    return parameter_recovery_figure(
        study.model_table("parameter_recovery_pairs"), study.model_table("parameter_recovery")
    )


def parameter_recovery_figure(pairs: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Draw the differences from the true values, a panel per metric and in it a row per task.

    Parameters
    ----------
    pairs : rows of parameter_recovery_pairs.csv.
    summary : rows of parameter_recovery.csv.

    Returns
    -------
    A figure of simulated recordings, the only ones with true values.
    """
    metrics = list(dict.fromkeys(summary["metric"]))
    tallest = int(summary.groupby("metric").size().max()) if metrics else 1
    lines = max(-(-len(metrics) // _COLUMNS), 1)
    height = 0.8 + lines * (_PANEL_HEAD + _ROW_HEIGHT * tallest)
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, height), layout="constrained")
        panels = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
        for panel, metric in zip(panels, metrics, strict=False):
            _draw(panel, pairs[pairs["metric"] == metric], summary[summary["metric"] == metric])
        for panel in panels[len(metrics) :]:
            panel.set_axis_off()
        compared = pairs[pairs["status"].isin(MEASURED)].drop_duplicates(_REPETITION)
        words = (
            f"Measured minus true: n = {style.counted(len(compared), 'repetition')}, bias and 95 % limits of agreement;"
            " right of each row, the share within twice the standard uncertainty"
        )
        style.title(figure, words, simulated=True)
    return figure


def _draw(axes: Axes, pairs: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Draw one metric."""
    term = METRICS[str(rows["metric"].iloc[0])]
    factor, unit = _READABLE.get(term.unit, (1.0, term.unit))
    for place, row in enumerate(rows.to_dict("records")):
        used = pairs[(pairs["task"] == row["task"]) & pairs["status"].isin(MEASURED) & pairs["measured"].notna()]
        difference = factor * (used["measured"] - used["true"]).to_numpy(float)
        apart = place + _SPREAD * (np.arange(len(used)) / max(len(used) - 1, 1) - 0.5)
        axes.plot(difference, apart, ".", color="0.6", markersize=3, markeredgewidth=0, rasterized=True)
        axes.plot(
            [factor * row["lower_limit"], factor * row["upper_limit"]], [place, place], color="black", linewidth=1.4
        )
        axes.plot(
            factor * row["bias"], place, "|", color=style.SIDE_COLOURS["right"], markersize=9, markeredgewidth=1.8
        )
        covered = "" if np.isnan(row["coverage"]) else f"\n{100.0 * row['coverage']:.0f} %"
        axes.annotate(
            f"n {row['n']}{covered}",
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=6,
            annotation_clip=False,
        )
    axes.axvline(0.0, color="black", linewidth=0.5, zorder=0.5)
    axes.set_yticks(range(len(rows)), [style.readable(task).replace(" jump", "\njump") for task in rows["task"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"{term.label} [{unit}]")
    axes.grid(visible=True, axis="x")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(left=False)
