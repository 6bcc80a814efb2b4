"""Rates of overuse problems, with the number of events and hours at risk."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from legsci.present.figures import style
from legsci.present.figures.refusals import refused
from legsci.present.results import Results

CONFIG_LIST = "models"

_WIDTH = 54
_NAMES = {
    "any_problem": "any problem",
    "substantial_problem": "substantial problem\n(training or performance\nmoderately reduced or worse)",
    "time_loss": "time loss\n(no participation)",
}


def draw(study: Results) -> Figure:
    """Draw rates of overuse problems."""
    rates = study.model_table("incidence")
    if rates.empty:
        return refused(study, "incidence", "Incidence of overuse problems")
    return incidence_figure(
        rates, study.model_table("burden"), study.model_table("weeks_left_out"), simulated=study.simulated
    )


def incidence_figure(rates: pd.DataFrame, burdens: pd.DataFrame, left_out: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw new problems per 1000 h of training by each definition of a problem.

    Parameters
    ----------
    rates : rows of models/incidence.csv.
    burdens : rows of models/burden.csv.
    left_out : rows of models/weeks_left_out.csv.
    simulated : whether the recordings are simulated.
    """
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 3.3), layout="constrained")
        axes, words = figure.subplots(1, 2, width_ratios=[1.0, 0.9])
        for place, row in enumerate(rates.to_dict("records")):
            looks = {"color": style.SIDE_COLOURS["both"], "solid_capstyle": "butt"}
            axes.plot([row["exact_low"], row["exact_high"]], [place - 0.12] * 2, linewidth=1.6, **looks)
            axes.plot([row["cluster_low"], row["cluster_high"]], [place + 0.12] * 2, linewidth=1.6, alpha=0.45, **looks)
            axes.plot(row["per_1000_h"], place, "o", color=style.SIDE_COLOURS["right"], markersize=5)
        axes.set_yticks(range(len(rates)), [_NAMES[name] for name in rates["problem"]])
        axes.set_ylim(len(rates) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("new problems per 1000 h\n(dark: exact interval, light: interval by athlete)")
        axes.spines[["top", "right"]].set_visible(False)
        words.set_axis_off()
        words.text(
            0.0, 1.0, _words(rates, burdens, left_out), va="top", ha="left", fontsize=7, transform=words.transAxes
        )
        style.title(figure, "Incidence of overuse problems, by the definition of a problem", simulated=simulated)
    return figure


def _words(rates: pd.DataFrame, burdens: pd.DataFrame, left_out: pd.DataFrame) -> str:
    """Events and hours at risk, burden, and the weeks not at risk with their reasons."""
    lines = [
        f"{style.readable(row['problem'])}: {style.counted(row['onsets'], 'onset')} in {row['hours_at_risk']:,.0f} h,\n"
        f"    {row['weeks_at_risk']} weeks of {row['participants']} athletes; "
        f"prevalence {100 * row['prevalence']:.1f} %"
        for row in rates.to_dict("records")
    ]
    lines += ["", "burden per 1000 h (95 % interval by athlete):"] if len(burdens) else []
    for row in burdens.to_dict("records"):
        number, low, high = (_number(row[name]) for name in ("per_1000_h", "low", "high"))
        lines += _wrapped(f"{row['burden']}: {number} ({low} to {high})")
    lines += ["", "weeks not at risk of any problem:"]
    for row in left_out.to_dict("records"):
        lost = row["onsets_left_out"]
        uncounted = f"; {style.counted(lost, 'new problem')} not counted" if lost else ""
        lines += _wrapped(f"{row['weeks']}: {row['sentence']}{uncounted}")
    return "\n".join(lines)


def _number(value: float) -> str:
    """Write a number with three digits, more where it has more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent="    ", subsequent_indent="        ")
