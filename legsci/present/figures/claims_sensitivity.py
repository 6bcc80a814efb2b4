"""Sensitivity of the ledger: the estimate of each registered analysis of a claim, on the claim's own scale."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "models"

_ROW_HEIGHT, _PANEL_HEIGHT = 0.17, 0.45
_OTHER = (0.45, 0.45, 0.45)
_COLOURS = {"primary": style.SIDE_COLOURS["left"], "positive control": "black", "negative control": "black"}
_LONGEST_LABEL = 72
_BAND = (0.88, 0.88, 0.88)
#: An interval wider than this many times the range of the estimates and the band is cut at the edge of the panel.
_WIDEST = 3.0


def draw(study: Results) -> Figure:
    """Draw the alternative analyses of the claims that were tested."""
    return claims_sensitivity_figure(
        study.model_table("sensitivity"), study.model_table("claims"), simulated=study.simulated
    )


def claims_sensitivity_figure(sensitivity: pd.DataFrame, ledger: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw a panel per claim with a row per analysis, the primary one on top, and a panel per control outcome.

    Parameters
    ----------
    sensitivity : rows of models/sensitivity.csv.
    ledger : rows of claims.csv.
    simulated : whether the study is.
    """
    estimated = sensitivity.dropna(subset=["estimate"])
    control = estimated["role"].str.endswith(" control")
    own = dict(tuple(estimated[~control].groupby("id")))
    panels: list[tuple[pd.DataFrame, pd.Series | None]]
    panels = [(own[str(name)], row) for name, row in ledger.set_index("id").iterrows() if str(name) in own]
    panels += [(estimated.loc[[place]], None) for place in estimated.index[control]]
    with style.figure_style():
        if not panels:
            figure = Figure(figsize=(style.PAGE_WIDTH, 1.5), layout="constrained")
            figure.text(0.5, 0.4, "no claim could be tested", ha="center")
        else:
            sizes = [_PANEL_HEIGHT + _ROW_HEIGHT * len(rows) for rows, _ in panels]
            figure = Figure(figsize=(style.PAGE_WIDTH, 1.1 + sum(sizes)), layout="constrained")
            drawn = figure.subplots(len(panels), 1, height_ratios=sizes, squeeze=False)[:, 0]
            for axes, (rows, claim) in zip(drawn, panels, strict=True):
                _draw(axes, rows, claim)
            figure.legend(handles=_keys(), loc="outside lower center", ncols=2)
        style.title(figure, "Registered analyses of each claim and controls, 95 % intervals", simulated=simulated)
    return figure


def _keys() -> list[Line2D | Patch]:
    """Legend entries for the roles of analyses and for the band."""
    roles = [
        ("primary analysis", _COLOURS["primary"], _COLOURS["primary"]),
        ("registered alternative, can take a verdict away", _OTHER, _OTHER),
        ("check, changes no verdict", _OTHER, "white"),
    ]
    marks = [
        Line2D([], [], color=colour, marker="o", markersize=3.5, markerfacecolor=filled, linewidth=1.4, label=name)
        for name, colour, filled in roles
    ]
    return [*marks, Patch(color=_BAND, label="practical equivalence")]


def _draw(axes: Axes, rows: pd.DataFrame, claim: pd.Series | None) -> None:
    """Draw the analyses of one claim, or a control outcome, which has no band of equivalence."""
    marks = [] if claim is None else [float(claim["equivalence_low"]), float(claim["equivalence_high"])]
    if claim is not None:
        axes.axvspan(*marks, color=_BAND, linewidth=0)
    null = 0.0 if claim is None else float(claim["null"])
    axes.axvline(null, color="black", linewidth=0.6)
    low, high = _limits(rows, [*marks, null])
    places = np.arange(len(rows))
    limits, estimates = rows[["low", "high"]].to_numpy(float), rows["estimate"].to_numpy(float)
    for place, estimate, interval, role in zip(places, estimates, limits, rows["role"], strict=True):
        colour = _COLOURS.get(role, _OTHER)
        axes.plot(np.clip(interval, low, high), [place, place], color=colour, linewidth=1.4)
        if low <= estimate <= high:
            filled = "white" if role == "check" else colour
            axes.plot(estimate, place, "o", color=colour, markersize=3.5, markerfacecolor=filled)
    margin = 0.05 * (high - low)
    axes.set(xlim=(low - margin, high + margin), ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(
        places, labels=[textwrap.shorten(str(name), _LONGEST_LABEL) for name in rows["analysis"]], fontsize=6
    )
    first = rows.iloc[0]
    heading = f"{first['role']}, model of {first['id']}" if claim is None else f"{first['id']}: {claim['verdict']}"
    axes.set_title(heading, fontsize=7, loc="left", pad=2)
    axes.set_xlabel(str(first["unit"]), fontsize=6.5, labelpad=1)
    axes.tick_params(labelsize=6, pad=1)
    axes.spines[["top", "right"]].set_visible(False)


def _limits(rows: pd.DataFrame, marks: list[float]) -> tuple[float, float]:
    """Return the range of a panel: that of its intervals, cut where they are very wide."""
    fixed = np.array([*marks, *rows["estimate"].astype(float)])
    fixed = fixed[np.isfinite(fixed)]
    room = _WIDEST * float(np.ptp(fixed))
    ends = np.concatenate([fixed, rows[["low", "high"]].to_numpy(float).ravel()])
    ends = ends[np.isfinite(ends)]
    return float(max(ends.min(), fixed.min() - room)), float(min(ends.max(), fixed.max() + room))
