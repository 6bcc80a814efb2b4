"""When muscles begin to fire: onset of every repetition with its 95 % interval, by task, muscle and side."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from legsci.metrics.families.muscles import reference_event_of
from legsci.models.tables.onset_monitor import KEYS
from legsci.present.figures import style
from legsci.present.results import Results
from legsci.tasks import TASKS
from legsci.vocabulary import MUSCLES, SIDES

CONFIG_LIST = "models"

#: Height of a row of repetitions [inch], of a panel at least, and part of a muscle's row that its repetitions take.
ROW_HEIGHT, LEAST_HEIGHT, TAKEN = 0.05, 1.6, 0.8


def draw(study: Results) -> Figure:
    """Draw the onsets of a study."""
    return muscle_onsets_figure(study.model_table("onset_monitor"), simulated=study.simulated)


def muscle_onsets_figure(monitor: pd.DataFrame, *, simulated: bool) -> Figure:
    """Draw the onsets of muscles.

    Parameters
    ----------
    monitor : rows of onset_monitor.csv.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure with a panel per task: onset after the event of the task [ms], one row per repetition, sorted by athlete
    and session; a line is the 95 % interval, a cross a repetition that is late for the athlete. Rejected
        repetitions are left out.
    """
    onsets = monitor.sort_values(["task", "muscle", "side", *KEYS[:4]], kind="stable")
    if onsets.empty:
        return style.words_only("no repetition of this study has an onset of a muscle", simulated=simulated)
    tasks = [task for task in TASKS if task in set(onsets["task"])]
    muscles = [muscle for muscle in MUSCLES if muscle in set(onsets["muscle"])]
    densest = onsets.groupby(["task", "muscle", "side"]).size().max()
    with style.figure_style():
        height = max(LEAST_HEIGHT, len(muscles) * min(0.9, max(0.35, ROW_HEIGHT * densest))) + 0.9
        figure = Figure(figsize=(style.PAGE_WIDTH, height), layout="constrained")
        panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
        for axes, task in zip(panels, tasks, strict=True):
            rows = onsets[onsets["task"] == task]
            _panel(axes, rows, muscles)
            count = rows.groupby(["participant_id", "session_id", "trial_id", "rep"]).ngroups
            counts = (
                f"{style.counted(count, 'repetition')}\n{style.counted(rows['participant_id'].nunique(), 'athlete')}"
            )
            axes.set_title(**style.task_heading(task, counts, columns=len(tasks)))
            axes.set_xlabel(f"onset after\n{style.readable(reference_event_of(task))} [ms]")
        panels[0].set_yticks(range(len(muscles)), [style.readable(muscle) for muscle in muscles])
        panels[0].set_ylim(len(muscles) - 0.5, -0.5)
        sides = [side for side in SIDES if side in set(onsets["side"])]
        handles = [Line2D([], [], color=style.SIDE_COLOURS[side], marker=_MARKERS[side], label=side) for side in sides]
        if onsets["late"].astype(bool).any():
            handles.append(
                Line2D([], [], linestyle="none", color=LATE_COLOUR, marker="x", label="late for the athlete")
            )
        figure.legend(handles=handles, loc="outside lower right", ncols=len(handles))
        words = "Onset of muscles in each repetition; a line is its 95 % interval"
        style.title(figure, words, simulated=simulated)
    return figure


#: Colour of repetitions that are late.
LATE_COLOUR = "black"
#: Marker of each side.
_MARKERS = {"both": "o", "left": "<", "right": ">"}


def _panel(axes: Axes, rows: pd.DataFrame, muscles: list[str]) -> None:
    """Draw the onsets of one task."""
    axes.axvline(0.0, color="black", linewidth=0.6)
    for (muscle, side), own in rows.groupby(["muscle", "side"]):
        sides = sorted(set(rows.loc[rows["muscle"] == muscle, "side"]), key=SIDES.index)
        lane = TAKEN / len(sides)
        first = muscles.index(str(muscle)) - TAKEN / 2 + sides.index(str(side)) * lane
        places = [first + lane * (number + 0.5) / len(own) for number in range(len(own))]
        axes.errorbar(
            1000.0 * own["onset_s"],
            places,
            xerr=1000.0 * 1.96 * own["u_onset_s"],
            linestyle="none",
            elinewidth=0.5,
            marker=_MARKERS[str(side)],
            markersize=2.0,
            color=style.SIDE_COLOURS[str(side)],
        )
        late = own["late"].to_numpy(bool)
        axes.plot(
            1000.0 * own["onset_s"].to_numpy()[late],
            [place for place, of in zip(places, late, strict=True) if of],
            linestyle="none",
            marker="x",
            markersize=4.0,
            color=LATE_COLOUR,
        )
    for edge in range(1, len(muscles)):
        axes.axhline(edge - 0.5, color="0.85", linewidth=0.4)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
