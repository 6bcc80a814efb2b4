"""Agreement of inertial sensors with plates and cameras in the same repetitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from legsci.metrics.registry import METRICS
from legsci.models.statistics.agreement import LIMITS_OF_AGREEMENT_SD
from legsci.models.study_results import TWO_SYSTEMS
from legsci.models.tables.summaries import usable
from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "study"

_COLUMNS, _ROW_HEIGHT = 3, 2.2
#: Limits are drawn from so many pairs on.
_FEWEST_PAIRS = 3


def draw(study: Results) -> Figure:
    """Draw how far the sensors of a study differ from its plates and cameras."""
    return system_agreement_figure(study.metrics, simulated=study.simulated)


def system_agreement_figure(metrics: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw a Bland-Altman panel for each metric that sensors and another system measured in the same repetitions.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    simulated : whether the recordings are simulated.
    """
    used = usable(metrics)
    pairs = {name: used[[name, other]].dropna() for name, other in TWO_SYSTEMS.items()}
    pairs = {name: both for name, both in pairs.items() if len(both)}
    rows = max(1, -(-len(pairs) // _COLUMNS))
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 0.8 + _ROW_HEIGHT * rows), layout="constrained")
        axes = np.atleast_1d(figure.subplots(rows, _COLUMNS if pairs else 1, squeeze=False)).ravel()
        for panel, (name, both) in zip(axes, pairs.items(), strict=False):
            metric = METRICS[TWO_SYSTEMS[name]]
            first, second = (both[each].to_numpy(float) for each in (name, TWO_SYSTEMS[name]))
            difference = first - second
            panel.plot(0.5 * (first + second), difference, ".", color=style.SIDE_COLOURS["both"], markersize=4)
            panel.axhline(0.0, color="black", linewidth=0.5)
            bias, spread = float(difference.mean()), 0.0
            panel.axhline(bias, color="black", linewidth=1.0)
            if len(both) >= _FEWEST_PAIRS:
                spread = LIMITS_OF_AGREEMENT_SD * float(difference.std(ddof=1))
                for limit in (bias - spread, bias + spread):
                    panel.axhline(limit, color="black", linewidth=1.0, linestyle=(0, (6, 3)))
            limits = f" ± {spread:.3g}" if spread else ""
            panel.set_title(f"{metric.label}\n{bias:+.3g}{limits} {metric.unit}, n = {len(both)}", fontsize=8)
            panel.set_xlabel(f"mean of both [{metric.unit}]")
            panel.set_ylabel(f"difference [{metric.unit}]")
            panel.spines[["top", "right"]].set_visible(False)
        for panel in axes[len(pairs) :]:
            panel.set_axis_off()
        if not pairs:
            axes[0].text(0.5, 0.5, "no repetition was measured by sensors and another system", ha="center")
        words = "Sensors minus plates or cameras in the same repetitions: mean difference and 95 % limits of agreement"
        style.title(figure, words, simulated=simulated)
    return figure
