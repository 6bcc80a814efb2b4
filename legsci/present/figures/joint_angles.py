"""Joint angles over the movement: mean and standard deviation of all repetitions, by task and side."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "study"

#: Height of a row of panels [inch].
ROW_HEIGHT = 1.5
#: Line style of each side.
DASHES: dict[str, Literal["-", "--"]] = {"left": "-", "right": "--", "both": "-"}

#: Opacity of a band, and the colour of those of both sides where they lie over one another.
BAND_ALPHA = 0.2
_RED, _GREEN, _BLUE = (
    (1.0 - BAND_ALPHA) * (1.0 - BAND_ALPHA + BAND_ALPHA * left) + BAND_ALPHA * right
    for left, right in zip(to_rgb(style.SIDE_COLOURS["left"]), to_rgb(style.SIDE_COLOURS["right"]), strict=True)
)
OVERLAP = (_RED, _GREEN, _BLUE)


class PanelRow(NamedTuple):
    """One row of panels: label of its axis, signal of curves.nc, selection for each side, and factor."""

    label: str
    signal: str
    chosen: dict[str, dict[str, str]]
    factor: float = 1.0


def _sided(dim: str, name: str, **more: str) -> dict[str, dict[str, str]]:
    """Choice of a joint's curve for the left and the right leg."""
    return {side: {dim: f"{side}_{name}", **more} for side in ("left", "right")}


ANGLE_ROWS = (
    PanelRow("hip flexion [deg]", "angle", _sided("joint_angle", "hip_flexion")),
    PanelRow("knee flexion [deg]", "angle", _sided("joint_angle", "knee_flexion")),
    PanelRow("dorsiflexion [deg]", "angle", _sided("joint_angle", "ankle_dorsiflexion")),
    PanelRow("knee abduction [deg]", "angle", _sided("joint_angle", "knee_abduction")),
    PanelRow("lumbar flexion [deg]", "angle", {"both": {"joint_angle": "lumbar_flexion"}}),
)


def draw(study: Results) -> Figure:
    """Draw the joint angles of a study."""
    return joint_angles_figure(open_curves(study), simulated=study.simulated)


def open_curves(study: Results) -> xr.Dataset:
    """Curves of a study over normalised time (curves.nc), in memory."""
    with xr.open_dataset(study.folder / "curves.nc", engine="netcdf4") as curves:
        return curves.load()


def joint_angles_figure(curves: xr.Dataset, *, simulated: bool) -> Figure:
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
    return bands(curves, ANGLE_ROWS, "Joint angles", simulated=simulated)


def bands(curves: xr.Dataset, rows: tuple[PanelRow, ...], title: str, *, simulated: bool) -> Figure:
    """Draw bands of curves: a column per task that has any, a row per quantity.

    Parameters
    ----------
    curves : curves.nc of a study.
    rows : what to draw.
    title : words at the head.
    simulated : whether the recordings are simulated.
    """
    rows = tuple(row for row in rows if _tasks(curves, (row,)))
    tasks = _tasks(curves, rows)
    if not tasks:
        return style.words_only(f"{title}: no repetition of this study has them.", simulated=simulated)
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 1.0 + ROW_HEIGHT * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), len(tasks), sharex=True, sharey="row", squeeze=False)
        participants: set[str] = set()
        sides: set[str] = set()
        most = 0
        for column, task in enumerate(tasks):
            chosen = _of_task(curves, rows, task)
            participants |= set(chosen["participant_id"].to_numpy().tolist())
            most = max(most, chosen.sizes["rep"])
            heading = style.task_heading(task, f"n = {chosen.sizes['rep']}", columns=len(tasks))
            panels[0, column].set_title(**heading)
            for row, quantity in enumerate(rows):
                sides |= _draw(panels[row, column], chosen, quantity)
            panels[-1, column].set_xlabel("movement [%]")
        for row, quantity in enumerate(rows):
            panels[row, 0].set_ylabel(quantity.label)
        what = "mean and standard deviation of n repetitions of" if most > 1 else "one repetition per task,"
        words = f"{title}: {what} {style.counted(len(participants), 'participant')}"
        style.title(figure, words, simulated=simulated)
        keys = [
            Line2D([], [], color=style.SIDE_COLOURS[side], linestyle=dash, label=side)
            for side, dash in DASHES.items()
            if side in sides
        ]
        handles: list[Line2D | Patch] = [*keys]
        if most > 1 and {"left", "right"} <= sides:
            # the colour that the bands of both sides have where they lie over one another
            handles.append(Patch(color=OVERLAP, label="both bands"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _of_task(curves: xr.Dataset, rows: tuple[PanelRow, ...], task: str) -> xr.Dataset:
    """Repetitions of a task that have at least one of the drawn curves."""
    complete = np.zeros(curves.sizes["rep"], bool)
    for row in rows:
        for choice in row.chosen.values():
            complete |= np.isfinite(curves[row.signal].sel(choice).transpose("rep", "point").to_numpy()).all(axis=1)
    return curves.isel(rep=np.flatnonzero(complete & (curves["task"].to_numpy() == task)))


def _tasks(curves: xr.Dataset, rows: tuple[PanelRow, ...]) -> list[str]:
    """Tasks that move, with at least one curve."""
    if "task" not in curves:
        return []
    names = dict.fromkeys(curves["task"].to_numpy().astype(str).tolist())
    return [task for task in names if task != "standing" and _of_task(curves, rows, task).sizes["rep"]]


def _draw(axes: Axes, curves: xr.Dataset, row: PanelRow) -> set[str]:
    """Draw the band of each side and return the sides drawn; of repetitions on one leg only that leg."""
    sides = set()
    legs = curves["leg"].to_numpy().astype(str)
    for side, choice in row.chosen.items():
        own = curves[row.signal].sel(choice).transpose("rep", "point").to_numpy().astype(float) * row.factor
        own = own[(legs == "both") | (legs == side) | (side == "both")]
        own = own[np.isfinite(own).all(axis=1)]
        if not len(own):
            continue
        sides.add(side)
        mean, spread = own.mean(axis=0), own.std(axis=0, ddof=1) if len(own) > 1 else np.zeros(own.shape[1])
        colour = style.SIDE_COLOURS[side]
        axes.fill_between(curves["point"], mean - spread, mean + spread, color=colour, alpha=BAND_ALPHA, linewidth=0.0)
        axes.plot(curves["point"], mean, color=colour, linestyle=DASHES[side])
    axes.axhline(0.0, color="black", linewidth=0.4, zorder=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0.0, 100.0)
    return sides
