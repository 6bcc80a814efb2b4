"""Reliability between sessions: intraclass correlation and coefficient of variation of each metric."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from legsci.metrics.registry import METRICS
from legsci.present.figures import style
from legsci.present.figures.refusals import refused
from legsci.present.results import Results

CONFIG_LIST = "models"

_ROW_HEIGHT = 0.2
#: Metrics that are drawn where a study has more than MOST_ROWS series; the table has all.
MOST_ROWS = 60
DRAWN = (
    "jump_height_impulse_m",
    "takeoff_velocity_m_per_s",
    "time_to_takeoff_s",
    "contact_time_s",
    "peak_force_n",
    "peak_power_w",
    "rsi_modified_m_per_s",
    "rsi_m_per_s",
    "braking_impulse_n_s",
    "horizontal_braking_impulse_n_s",
    "force_transmission_ratio",
    "knee_abduction_peak_deg",
    "knee_fppa_peak_deg",
    "pelvic_drop_max_deg",
    "lumbar_flexion_max_deg",
    "squat_depth_m",
    "eccentric_time_s",
    "concentric_time_s",
    "foot_strike_angle_deg",
)


def draw(study: Results) -> Figure:
    """Draw reliability between sessions."""
    rows = study.model_table("reliability")
    if rows.empty:
        return refused(study, "reliability", "Reliability between sessions")
    return reliability_figure(rows, simulated=study.simulated)


def reliability_figure(rows: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw reliability and, in words, the minimal detectable change of metrics of both sides together.

    Of more than MOST_ROWS series those of DRAWN are shown.

    Parameters
    ----------
    rows : rows of models/reliability.csv.
    simulated : whether the recordings are simulated.
    """
    total = len(rows)
    rows = rows[rows["metric"].isin(DRAWN)] if total > MOST_ROWS else rows
    rows = rows.sort_values(["task", "icc"], ascending=[True, False]).reset_index(drop=True)
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.2 + _ROW_HEIGHT * len(rows)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, name, colour in ((left, "icc", "left"), (right, "cv_percent", "right")):
            for place, row in enumerate(rows.to_dict("records")):
                axes.plot([row[f"{name}_low"], row[f"{name}_high"]], [place] * 2, color="0.4", linewidth=1.2)
                axes.plot(row[name], place, "o", color=style.SIDE_COLOURS[colour], markersize=3.5)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(visible=True, axis="x")
        left.set_yticks(range(len(rows)), [_label(row) for row in rows.to_dict("records")], fontsize=6)
        left.set_ylim(len(rows) - 0.4, -0.6)
        left.set_xlim(right=1.03)  # a mark at 1 is drawn whole
        form = rows["form"].iloc[0]
        left.set_xlabel(f"{form} between sessions [1]")
        right.set_xlabel("coefficient of variation [%],\nof ratio-scale quantities")
        widest = float(rows["cv_percent_high"].max())
        right.set_xlim(0.0, min(widest * 1.05, 100.0) if widest > 0.0 else 100.0)
        for place, row in enumerate(rows.to_dict("records")):
            words = f"MDC95 {row['mdc95']:.3g} {_unit(row['metric'])}"
            right.annotate(
                words, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=6, annotation_clip=False
            )
        athletes = int(rows["participants"].max())
        words = f"Reliability between sessions, n = {style.counted(athletes, 'athlete')}, 95 % intervals by athlete"
        part = f" ({len(rows)} of {total} series; all are in models/reliability.csv)" if len(rows) < total else ""
        style.title(figure, f"{words}{part}", simulated=simulated)
    return figure


def _label(row: Mapping[Hashable, Any]) -> str:
    term = METRICS.get(row["metric"])
    return f"{style.readable(row['task'])}: {term.label if term else style.readable(row['metric'])}"


def _unit(metric: str) -> str:
    term = METRICS.get(metric)
    unit = term.unit if term else metric.rpartition("_")[2]
    return "" if unit == "1" else unit
