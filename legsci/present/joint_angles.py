"""Joint angles over the movement: mean and standard deviation of all repetitions, by task and side."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from legsci.present import style

#: Height of a row of panels [inch].
ROW_HEIGHT = 1.5
#: Dash of each side, beside its colour.
DASHES: dict[str, Literal["-", "--"]] = {"left": "-", "right": "--", "both": "-"}


class Row(NamedTuple):
    """One row of panels: signal of curves.nc, what is chosen of it for a side, its factor, and words for its axis."""

    label: str
    signal: str
    chosen: dict[str, dict[str, str]]
    factor: float = 1.0


def _sided(dim: str, name: str, **more: str) -> dict[str, dict[str, str]]:
    """Choice of a joint's curve for the left and the right leg."""
    return {side: {dim: f"{side}_{name}", **more} for side in ("left", "right")}


ANGLES = (
    Row("hip flexion [deg]", "angle", _sided("joint_angle", "hip_flexion")),
    Row("knee flexion [deg]", "angle", _sided("joint_angle", "knee_flexion")),
    Row("dorsiflexion [deg]", "angle", _sided("joint_angle", "ankle_dorsiflexion")),
    Row("knee abduction [deg]", "angle", _sided("joint_angle", "knee_abduction")),
    Row("lumbar flexion [deg]", "angle", {"both": {"joint_angle": "lumbar_flexion"}}),
)


def joint_angles(curves: xr.Dataset, *, simulated: bool) -> Figure:
    """Draw joint angles of a study.

    Parameters
    ----------
    curves : curves.nc of the study, opened.
    simulated : whether the recordings are simulated.

    Returns
    -------
    A figure with a column per task and a row per angle [deg]: mean and one standard deviation over the repetitions of
    each side, against the time of the movement [%].
    """
    return bands(curves, ANGLES, "Joint angles", simulated=simulated)


def bands(curves: xr.Dataset, rows: tuple[Row, ...], title: str, *, simulated: bool) -> Figure:
    """Draw bands of curves: a column per task that has any, a row per quantity.

    Parameters
    ----------
    curves : curves.nc of a study.
    rows : what to draw.
    title : words at the head.
    simulated : whether the recordings are simulated.
    """
    tasks = _tasks(curves, rows)
    with style.house_style():
        if not tasks:
            figure = Figure(figsize=(style.PAGE_WIDTH, 1.0))
            style.title(figure, f"{title}: no repetition of this study has them", simulated=simulated)
            return figure
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + ROW_HEIGHT * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), len(tasks), sharex=True, sharey="row", squeeze=False)
        for column, task in enumerate(tasks):
            chosen = curves.isel(rep=np.flatnonzero(curves["task"].to_numpy() == task))
            name = style.readable(task).replace(" jump", "\njump")
            panels[0, column].set_title(f"{name}\nn = {chosen.sizes['rep']}")
            for row, quantity in enumerate(rows):
                _draw(panels[row, column], chosen, quantity)
            panels[-1, column].set_xlabel("movement [%]")
        for row, quantity in enumerate(rows):
            panels[row, 0].set_ylabel(quantity.label)
        people = len(set(curves["participant_id"].to_numpy().tolist()))
        words = f"{title}: mean and standard deviation of n repetitions of {style.counted(people, 'participant')}"
        style.title(figure, words, simulated=simulated)
        sides = [side for side in DASHES if any(side in row.chosen for row in rows)]
        keys = [Line2D([], [], color=style.SIDE_COLOURS[side], linestyle=DASHES[side], label=side) for side in sides]
        figure.legend(handles=keys, loc="outside lower center", ncols=len(keys))
    return figure


def _tasks(curves: xr.Dataset, rows: tuple[Row, ...]) -> list[str]:
    """Tasks that move, with at least one curve."""
    if "task" not in curves:
        return []
    signals = {row.signal for row in rows}
    names = curves["task"].to_numpy().astype(str)
    return [
        task
        for task in dict.fromkeys(names.tolist())
        if task != "standing" and any(np.isfinite(curves[signal].to_numpy()[names == task]).any() for signal in signals)
    ]


def _draw(axes: Axes, curves: xr.Dataset, row: Row) -> None:
    """Draw the band of each side; of repetitions on one leg only that leg."""
    legs = curves["leg"].to_numpy().astype(str)
    for side, choice in row.chosen.items():
        own = curves[row.signal].sel(choice).transpose("rep", "point").to_numpy().astype(float) * row.factor
        own = own[(legs == "both") | (legs == side) | (side == "both")]
        own = own[np.isfinite(own).all(axis=1)]
        if not len(own):
            continue
        mean, spread = own.mean(axis=0), own.std(axis=0, ddof=1) if len(own) > 1 else np.zeros(own.shape[1])
        colour = style.SIDE_COLOURS[side]
        axes.fill_between(curves["point"], mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0.0)
        axes.plot(curves["point"], mean, color=colour, linestyle=DASHES[side])
    axes.axhline(0.0, color="black", linewidth=0.4, zorder=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0.0, 100.0)
