"""Planning curves: power and precision by the number of athletes, from simulated cohorts."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from legsci.models.planning import athletes_needed
from legsci.present.figures import style

_MARKS = ("o-", "s-", "^-", "D-", "v-")
POWER = 0.8


def planning_figure(curves: pd.DataFrame, *, effect: str) -> Figure:
    """Draw power and half width of the interval over the number of athletes, a line per effect.

    Parameters
    ----------
    curves : rows of `power_curve`, with a column effect.
    effect : what the effect is, in words, with its unit.
    """
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        colours = list(style.HEIGHT_COLOURS.values()) + list(style.SEVERITY_COLOURS.values())
        for (size, rows), mark, colour in zip(curves.groupby("effect", sort=False), _MARKS, colours, strict=False):
            needed = athletes_needed(rows, power=POWER)
            words = "more than were tried" if needed is None else f"{needed:.0f} athletes"
            left.errorbar(
                rows["athletes"], rows["power"], yerr=rows["power_error"], fmt=mark, color=colour, markersize=4,
                label=f"{size:g}: {words}",
            )  # fmt: skip
            right.plot(rows["athletes"], rows["half_width"], mark, color=colour, markersize=4)
        left.axhline(POWER, color="black", linewidth=0.6, linestyle="--")
        left.set(ylim=(0.0, 1.03), ylabel="power at p < 0.05 (± Monte Carlo error)")
        left.legend(title=f"{effect}\nneeded for a power of {POWER:g}", loc="lower right", title_fontsize=7)
        right.set(ylabel="half width of the 95 % interval, median", ylim=(0.0, None))
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xticks(
                sorted(set(curves["athletes"])), [str(number) for number in sorted(set(curves["athletes"]))]
            )
            axes.minorticks_off()
            axes.set_xlabel("athletes at the first session")
            axes.spines[["top", "right"]].set_visible(False)
        cohorts = int(curves["cohorts"].iloc[0])
        style.title(
            figure, f"How many athletes? {cohorts} cohorts for each point, claim {curves['id'].iloc[0]}", simulated=True
        )
    return figure
