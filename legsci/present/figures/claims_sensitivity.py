"""Sensitivity of the ledger: the estimate of each registered analysis of a claim, on the claim's own scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "models"

_ROW_HEIGHT, _PANEL_HEIGHT = 0.17, 0.45
_PRIMARY, _OTHER = style.SIDE_COLOURS["left"], (0.45, 0.45, 0.45)
_BAND = (0.88, 0.88, 0.88)
#: An interval wider than this many times the range of the estimates and the band is cut at the edge of the panel.
_WIDEST = 3.0


def draw(study: Results) -> Figure:
    """Draw the alternative analyses of the claims that were tested."""
    return claims_sensitivity_figure(
        study.model_table("sensitivity"), study.model_table("claims"), simulated=study.simulated
    )


def claims_sensitivity_figure(sensitivity: pd.DataFrame, ledger: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw a panel per claim with a row per analysis, the primary one on top.

    Parameters
    ----------
    sensitivity : rows of models/sensitivity.csv.
    ledger : rows of claims.csv.
    simulated : whether the study is.
    """
    estimated = sensitivity.dropna(subset=["estimate"])
    shown = [str(name) for name in ledger["id"] if (estimated["id"] == name).any()]
    with style.figure_style():
        if not shown:
            figure = Figure(figsize=(style.PAGE_WIDTH, 1.5), layout="constrained")
            figure.text(0.5, 0.4, "no claim could be tested", ha="center")
        else:
            sizes = [_PANEL_HEIGHT + _ROW_HEIGHT * int((estimated["id"] == name).sum()) for name in shown]
            figure = Figure(figsize=(style.PAGE_WIDTH, 0.8 + sum(sizes)), layout="constrained")
            panels = figure.subplots(len(shown), 1, height_ratios=sizes, squeeze=False)[:, 0]
            for axes, name in zip(panels, shown, strict=True):
                row = ledger[ledger["id"] == name].iloc[0]
                _draw(axes, estimated[estimated["id"] == name], row)
        style.title(figure, "Registered analyses of each claim, 95 % intervals", simulated=simulated)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, claim: pd.Series) -> None:
    """Draw the analyses of one claim."""
    band = float(claim["equivalence_low"]), float(claim["equivalence_high"])
    fixed = np.array([*band, float(claim["null"]), *rows["estimate"].astype(float)])
    room = _WIDEST * float(np.ptp(fixed[np.isfinite(fixed)]))
    limits = rows[["low", "high"]].to_numpy(float)
    ends = np.concatenate([fixed, limits.ravel()])
    ends = ends[np.isfinite(ends)]
    low, high = max(ends.min(), np.nanmin(fixed) - room), min(ends.max(), np.nanmax(fixed[np.isfinite(fixed)]) + room)
    axes.axvspan(*band, color=_BAND, linewidth=0)
    axes.axvline(float(claim["null"]), color="black", linewidth=0.6)
    places = np.arange(len(rows))
    for place, (estimate, interval, name) in enumerate(
        zip(rows["estimate"].astype(float), limits, rows["analysis"], strict=True)
    ):
        colour = _PRIMARY if name == "primary" else _OTHER
        axes.plot(np.clip(interval, low, high), [place, place], color=colour, linewidth=1.4)
        if low <= estimate <= high:
            axes.plot(estimate, place, "o", color=colour, markersize=3.5)
    margin = 0.05 * (high - low)
    axes.set(xlim=(low - margin, high + margin), ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(places, labels=[str(name) for name in rows["analysis"]], fontsize=6)
    axes.set_title(f"{rows['id'].iloc[0]}: {claim['verdict']}", fontsize=7, loc="left", pad=2)
    axes.set_xlabel(str(claim["unit"]), fontsize=6.5, labelpad=1)
    axes.tick_params(labelsize=6, pad=1)
    axes.spines[["top", "right"]].set_visible(False)
