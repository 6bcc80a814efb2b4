"""Alignment and jump height: association within athletes, and between athletes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from legsci.present.figures import style
from legsci.present.figures.refusals import refused
from legsci.present.results import Results

CONFIG_LIST = "models"

_TITLES = {"within": "Within athletes: sessions", "between": "Between athletes: their means"}
_X = {
    "within": "knee abduction,\ndifference from the athlete's mean [deg]",
    "between": "athlete's mean knee abduction,\ndifference from the mean of the study [deg]",
}


def draw(study: Results) -> Figure:
    """Draw alignment against jump height."""
    points = study.model_table("points")
    if points.empty:
        return refused(study, "alignment", "Alignment and jump height")
    return alignment_within_between_figure(points, study.model_table("alignment"), simulated=study.simulated)


def alignment_within_between_figure(points: pd.DataFrame, coefficients: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw jump height over knee abduction, left sessions within athletes, right athletes' means.

    Parameters
    ----------
    points : rows of models/points.csv.
    coefficients : rows of models/alignment.csv.
    simulated : whether the recordings are simulated.
    """
    slopes = coefficients.set_index("term").to_dict("index")
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 3.2), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes, part in zip(panels, _TITLES, strict=True):
            rows = points if part == "within" else points.drop_duplicates("participant_id")
            _draw(axes, rows, slopes[f"abduction_{part}"], part)
        panels[0].set_ylabel("difference in jump height [%],\nadjusted for the other terms")
        athletes = points["participant_id"].nunique()
        words = (
            f"Alignment and jump height, n = {style.counted(athletes, 'athlete')}, "
            f"{style.counted(len(points), 'session')} (not corrected for measurement error)"
        )
        style.title(figure, words, simulated=simulated)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, slope: Mapping[Hashable, Any], part: str) -> None:
    """Draw one panel: points, the model's line and its 95 % band."""
    across = rows[f"abduction_{part}"].to_numpy(float)
    axes.plot(across, _percent(rows[f"height_{part}"].to_numpy(float)), "o", color="0.45", markersize=3, alpha=0.6)
    line = np.linspace(across.min(), across.max(), 60)
    half = stats.t.ppf(0.975, slope["df"]) * slope["standard_error"] * np.abs(line)
    colour = style.SIDE_COLOURS["right"]
    axes.plot(line, _percent(slope["estimate"] * line), color=colour, linewidth=1.6)
    axes.fill_between(
        line,
        _percent(slope["estimate"] * line - half),
        _percent(slope["estimate"] * line + half),
        color=colour,
        alpha=0.2,
    )
    axes.axhline(0.0, color="black", linewidth=0.5)
    axes.set_xlabel(_X[part])
    low, high = _percent(slope["ci_low"]), _percent(slope["ci_high"])
    axes.set_title(f"{_TITLES[part]}\n{_percent(slope['estimate']):.2f} % per degree (95 % {low:.2f} to {high:.2f})")
    axes.spines[["top", "right"]].set_visible(False)


def _percent(log_percent: np.ndarray | float) -> np.ndarray:
    return np.asarray(100.0 * np.expm1(np.asarray(log_percent, float) / 100.0))
