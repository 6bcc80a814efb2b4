"""How many participants, sessions, trials and repetitions a study holds, and what was excluded at each level."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "models"

_LEVELS = ("participants", "sessions", "trials", "repetitions")
_WIDTH = 46
_ARROW = {"arrowstyle": "->", "linewidth": 0.8, "color": "black"}


#: Reasons that their code alone does not give.
_REASONS = {"excluded": "excluded manually, by a decision in curation.tsv"}


def draw(study: Results) -> Figure:
    """Draw the flow of the study: used and excluded."""
    return study_flow_figure(study.model_table("study_flow"), simulated=study.simulated)


def study_flow_figure(flow: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw the flow of a study: counted and used on the left, excluded with its reasons on the right.

    Parameters
    ----------
    flow : rows of study_flow.csv.
    simulated : whether the recordings are simulated.
    """
    texts = {level: _words(flow[flow["level"] == level]) for level in _LEVELS}
    heights = [max(2, right.count("\n") + 1) for _, right in texts.values()]
    with style.figure_style():
        figure = Figure(
            figsize=(style.PAGE_WIDTH, 0.8 + 0.16 * sum(heights) + 0.35 * len(heights)), layout="constrained"
        )
        panels = figure.subplots(len(_LEVELS), 1, height_ratios=[height + 1.5 for height in heights])
        for place, (panel, (left, right)) in enumerate(zip(panels, texts.values(), strict=True)):
            panel.set_axis_off()
            panel.set(xlim=(0, 1), ylim=(0, 1))
            box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "black", "linewidth": 0.8}
            panel.text(0.2, 0.5, left, ha="center", va="center", fontweight="bold", bbox=box)
            panel.text(0.46, 0.5, right, ha="left", va="center")
            panel.annotate("", (0.44, 0.5), (0.34, 0.5), arrowprops=_ARROW)
            if place < len(_LEVELS) - 1:
                panel.annotate("", (0.2, -0.12), (0.2, 0.18), arrowprops=_ARROW)
        style.title(figure, "Flow of the study: used and excluded, with reasons", simulated=simulated)
    return figure


def _words(rows: pd.DataFrame) -> tuple[str, str]:
    """Text of a level's box, and text to its right."""
    total = {step: int(rows.loc[rows["step"] == step, "count"].sum()) for step in ("counted", "used", "excluded")}
    level = rows["level"].iloc[0]
    left = f"{level}\n{total['used']} of {total['counted']} used"
    lines = [f"excluded: {total['excluded']}"]
    reasons = rows[rows["step"].isin(["excluded", "noted"]) & (rows["count"] > 0)]
    for step, reason, count in reasons[["step", "reason", "count"]].itertuples(index=False):
        words = f"{count}: {'used, but ' if step == 'noted' else ''}{_REASONS.get(reason, style.readable(reason))}"
        lines += textwrap.wrap(words, _WIDTH, subsequent_indent="    ")
    return left, "\n".join(lines)
