"""Overview of what was rejected, corrected, flagged or noted in a study."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from legsci.present.figures import style
from legsci.present.results import Results
from legsci.quality import CODES

CONFIG_LIST = "study"

_ROW_HEIGHT = 0.24
#: Above this number of trials, rows are tasks.
_MOST_ROWS = 60
_TRIAL = ["participant_id", "session_id", "trial_id"]


def draw(study: Results) -> Figure:
    """Draw what was rejected, corrected, flagged or noted."""
    return data_quality_figure(study.metrics, study.quality, simulated=study.simulated)


def data_quality_figure(metrics: pd.DataFrame, quality: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw how often each code occurs, and in which trials.

    Parameters
    ----------
    metrics : rows of metrics.csv, which has every trial.
    quality : rows of quality.csv.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure. Above: flags per code. Below: a row per trial (of more than 60 trials: per task), a cell per
    code with the number of flags; the colour is the severity, which the code's label gives too.
    """
    both = metrics[metrics["side"] == "both"]
    trials = both.groupby(_TRIAL, sort=False)
    by = _TRIAL if len(trials) <= _MOST_ROWS else ["task"]
    gathered = both.groupby(by, sort=False)
    codes = [code for code in CODES if code in set(quality["code"])]
    counts = quality.groupby([*by, "code"]).size().to_dict()
    with style.figure_style():
        size = (style.PAGE_WIDTH, 3.6 + _ROW_HEIGHT * len(gathered))
        figure = Figure(figsize=size, layout="constrained")
        bars, cells = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, 0.25 * len(gathered)])
        keys = [tuple(map(str, key)) for key, _ in gathered]
        totals = quality["code"].value_counts()
        for column, code in enumerate(codes):
            colour = style.SEVERITY_COLOURS[CODES[code].severity]
            bars.bar(column, totals[code], color=colour, edgecolor="black", linewidth=0.4)
            bars.annotate(str(totals[code]), (column, totals[code]), ha="center", va="bottom", fontsize=7)
            for row, key in enumerate(keys):
                count = counts.get((*key, code), 0)
                if count:
                    cells.add_patch(
                        Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, facecolor=colour, edgecolor="none")
                    )
                    cells.text(column, row, str(count), ha="center", va="center", fontsize=7)
        _label(
            bars,
            cells,
            codes,
            [f"{style.readable(' '.join(map(str, key)))} ({_statuses(rows)})" for key, rows in gathered],
        )
        repetitions = int((metrics["side"] == "both").sum() - (metrics["rep"] == 0).sum())
        style.title(
            figure,
            f"What the checks found: {style.counted(len(quality), 'flag')} about "
            f"{style.counted(len(trials), 'trial')} with {style.counted(repetitions, 'repetition')}",
            simulated=simulated,
        )
        severities = [Patch(color=colour, label=name) for name, colour in style.SEVERITY_COLOURS.items()]
        figure.legend(handles=severities, loc="outside lower center", ncols=len(severities))
    return figure


def _statuses(rows: pd.DataFrame) -> str:
    """Status of a trial's repetitions, in words."""
    return ", ".join(f"{count} {status}" for status, count in rows["status"].value_counts().items())


def _label(bars: Axes, cells: Axes, codes: list[str], trials: list[str]) -> None:
    """Label trials, codes and their severities."""
    cells.set_yticks(range(len(trials)), trials)
    cells.set_ylim(len(trials) - 0.5, -0.5)
    names = [f"{code.replace('_', ' ')} ({CODES[code].severity})" for code in codes]
    cells.set_xticks(range(len(codes)), names, rotation=35, ha="right", rotation_mode="anchor")
    cells.set_xlim(-0.5, max(len(codes), 1) - 0.5)
    cells.tick_params(length=0)
    bars.tick_params(bottom=False, labelbottom=False)
    bars.set_ylabel("flags [count]")
    bars.yaxis.set_major_locator(MaxNLocator(integer=True))
    bars.margins(y=0.2)
    for axes in (bars, cells):
        axes.spines[["top", "right"]].set_visible(False)
    if not codes:
        bars.set_yticks([])
        bars.text(0.5, 0.5, "no quality flags", transform=bars.transAxes, ha="center")
