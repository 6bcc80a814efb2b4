"""Agreement of the jump heights that one jump gives, each with its uncertainty."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.mechanics.profiles import load_profiles
from legsci.present import style
from legsci.vocabulary import METRIC_TERMS

REFERENCE = "jump_height_impulse_m"
_ROW_HEIGHT = 0.42


def jump_height_agreement(metrics: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw the heights of each jump, and how far the others are from the height by impulse.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure with one row per repetition that has a height. Left: heights with their standard uncertainties [m]. Right:
    differences from the height by impulse [cm] with twice their standard uncertainty; heights agree where that reaches
    zero.
    """
    heights = list(style.HEIGHT_COLOURS)
    rows = metrics[(metrics["side"] == "both") & metrics[heights].notna().any(axis=1)].reset_index(drop=True)
    with style.house_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.5 + _ROW_HEIGHT * max(len(rows), 2)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, 1.0])
        for offset, name in zip((-0.22, 0.0, 0.22), heights, strict=True):
            place = np.arange(len(rows)) + offset
            looks = {"fmt": "o", "markersize": 4, "color": style.HEIGHT_COLOURS[name], "linewidth": 1.2}
            left.errorbar(rows[name], place, xerr=rows[f"u_{name}"], label=METRIC_TERMS[name].label, **looks)
            if name != REFERENCE:
                difference = 100.0 * (rows[name] - rows[REFERENCE])
                expanded = 200.0 * np.hypot(rows[f"u_{name}"], rows[f"u_{REFERENCE}"])
                right.errorbar(difference, place, xerr=expanded, **looks)
        _label(left, right, rows)
        profiles = " and ".join(load_profiles()[str(name)].title for name in rows["profile"].unique())
        style.title(
            figure,
            f"Jump heights of n = {style.counted(len(rows), 'repetition')}; profile {profiles or 'none'}",
            simulated=simulated,
        )
        figure.legend(loc="outside lower center", ncols=3)
    return figure


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
    right.set_xlabel("less height by impulse,\n± twice its standard uncertainty [cm]")
    right.tick_params(left=False)
    for axes in (left, right):
        axes.grid(visible=True, axis="x")
        axes.spines[["top", "right"]].set_visible(False)
    if rows.empty:
        left.text(0.5, 0.5, "no repetition has a jump height", transform=left.transAxes, ha="center")
