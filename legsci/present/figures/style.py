"""One look for all figures: colours that colour-blind readers can distinguish, sizes for print, files written whole."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from legsci.storage import atomic_write

#: Width of a page without its margins [inch]; figures are as wide as this, so that text keeps its size in print.
PAGE_WIDTH = 7.2
#: Letters of a figure's title, and of text in its ordinary size, that fit into that width.
TITLE_LENGTH, LINE_LENGTH = 98, 116
#: Resolution of a bitmap [dots per inch].
RESOLUTION = 200

_BLUE, _ORANGE, _GREEN, _VERMILLION, _PURPLE, _BROWN, _PINK, _GREY, _YELLOW, _SKY = sns.color_palette("colorblind")

#: Colour of a phase; phases of nearly the same meaning in two profiles share one. Phases are named wherever coloured.
PHASE_COLOURS = {
    "weighing": _GREY,
    "unweighting": _SKY,
    "unloading": _SKY,
    "yielding": _BLUE,
    "downward": _BLUE,
    "braking": _ORANGE,
    "deceleration": _BROWN,
    "propulsion": _GREEN,
    "concentric": _GREEN,
    "eccentric": _SKY,
    "pause": _ORANGE,
    "upward": _GREEN,
    "flight": _YELLOW,
    "landing": _PINK,
}
#: Axes of a sensor, in colours that are not those of sides.
AXIS_COLOURS = {"x": _PURPLE, "y": _GREEN, "z": _ORANGE}
SIDE_COLOURS = {"both": (0.1, 0.1, 0.1), "left": _BLUE, "right": _VERMILLION}
HEIGHT_COLOURS = {
    "jump_height_impulse_m": _BLUE,
    "jump_height_flight_time_m": _VERMILLION,
    "jump_height_pelvis_m": _GREEN,
}
SEVERITY_COLOURS = {
    "rejected": _VERMILLION,
    "incomplete": _ORANGE,
    "flagged": _YELLOW,
    "corrected": _SKY,
    "noted": (0.85, 0.85, 0.85),
}
#: Marker of an event, a shape of its own so that no event is identified by colour alone.
EVENT_MARKERS = {
    "touchdown": "P",
    "movement_start": "o",
    "minimum_force": "v",
    "peak_negative_velocity": "s",
    "bottom": "D",
    "propulsion_start": ">",
    "eccentric_end": "<",
    "movement_end": "p",
    "takeoff": "^",
    "landing": "X",
}

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters, and the same bytes, on every machine
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.titlesize": 8.5,
    "figure.dpi": 100,
    "lines.linewidth": 1.0,
    "axes.linewidth": 0.6,
    "grid.linewidth": 0.4,
    "svg.hashsalt": "legsci",
    "svg.fonttype": "path",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the style of legsci inside the block; previous settings are restored after it."""
    looks: dict[Any, Any] = {**sns.axes_style("ticks"), **sns.plotting_context("paper"), **_SETTINGS}
    with mpl.rc_context(looks):
        yield


def title(figure: Figure, words: str, *, simulated: bool) -> None:
    """Title of a figure, marked SIMULATED where its recordings are."""
    length = int(TITLE_LENGTH * figure.get_figwidth() / PAGE_WIDTH)
    words = textwrap.fill(f"SIMULATED. {words}" if simulated else words, length)
    figure.suptitle(words, x=0.01, ha="left", fontweight="bold")


def words_only(words: str, *, simulated: bool) -> Figure:
    """Make a figure of text alone, which states why there is nothing to draw.

    The words stand in axes without lines and ticks, since JupyterLab shows a figure only where it has axes.
    """
    words = textwrap.fill(f"SIMULATED. {words}" if simulated else words, LINE_LENGTH)
    with figure_style():
        figure = Figure(figsize=(PAGE_WIDTH, 0.2 + 0.16 * (words.count("\n") + 1)))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.text(0.01, 0.5, words, va="center", transform=axes.transAxes)
    return figure


def counted(number: int, noun: str) -> str:
    """Write a number of things: "1 trial", "2 trials"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def readable(name: str) -> str:
    """Write a name of the program as words."""
    return name.replace("_", " ").replace("takeoff", "take-off")


#: Letters of a line of a column's title: those of the longest word of a task.
LONGEST_WORD = len("countermovement")


def task_heading(task: str, count: str, *, columns: int) -> dict[str, Any]:
    """Return the title of a column of panels, in letters that leave a space to its neighbour, for `Axes.set_title`.

    Parameters
    ----------
    task : key of TASKS.
    count : words on the number of repetitions or athletes.
    columns : of panels, side by side on a page.
    """
    words = textwrap.fill(readable(task), LONGEST_WORD)
    return {"label": f"{words}\n{count}", "fontsize": min(8.0, 36.0 / columns)}


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as .png or .svg, whole or not at all; the same figure gives the same bytes.

    The file holds a text in place of the picture (`alternative_text`), which readers of a screen speak.

    Parameters
    ----------
    figure : drawn by a module of `legsci.present.figures`.
    path : its ending chooses the format.

    Raises
    ------
    ValueError : another ending.
    """
    path = Path(path)
    # Neither the program's version nor the date belongs into a file whose checksum is compared.
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {"Software": None},
        ".svg": {"Date": None, "Creator": None},
    }
    if path.suffix not in metadata:
        raise ValueError(f"a figure is written as .png or .svg, not as {path.name}")
    with atomic_write(path) as unfinished, figure_style():
        figure.savefig(unfinished, dpi=RESOLUTION, metadata=metadata[path.suffix] | alternative_text(figure))


def alternative_text(figure: Figure) -> dict[str, str]:
    """Return the Title of a figure and, as its Description, what its panels show: their titles and axes."""
    panels = [axes for axes in figure.axes if axes.axison or axes.texts]
    words = [
        text
        for axes in panels
        for text in (axes.get_title(), axes.get_title("left"), axes.get_ylabel(), axes.get_xlabel())
    ]
    title = figure.get_suptitle() or " ".join(text.get_text() for axes in panels for text in axes.texts)
    described = {"Title": title, "Description": "; ".join(dict.fromkeys(filter(None, words)))}
    return {name: " ".join(text.split()) for name, text in described.items() if text}
