"""Skeleton with the ground reaction: a still of each repetition of a session."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from legsci.ingest.streams import stream
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.present.figures import style
from legsci.present.figures.skeleton_scene import LEAST_FORCE_N, Scene, scene
from legsci.present.results import Results

CONFIG_LIST = "session"

#: A force as large as this is drawn 1 m long [N].
NEWTONS_PER_METRE = 2000.0
#: Length of the scale bar, and its position below the floor [m].
SCALE_M, SCALE_DEPTH_M = 0.5, -0.12
FORCE_COLOUR = style.PHASE_COLOURS["propulsion"]
_PANEL_HEIGHT = 2.6
VIEWS = {"from the side": ("x", "y"), "from the front": ("z", "y")}
_LAB = {"x": 0, "y": 1, "z": 2}


def draw_frame(axes: Axes, shown: Scene, frame: int, view: str) -> None:
    """Draw one frame of a scene.

    Parameters
    ----------
    axes : to draw into.
    shown : what there is.
    frame : its number.
    view : key of VIEWS; from the front the person's right is on the left, as one sees them.
    """
    across, up = (_LAB[axis] for axis in VIEWS[view])
    sign = -1.0 if view == "from the front" else 1.0
    for side, paths in shown.lines:
        axes.plot(
            sign * paths[frame, :, across], paths[frame, :, up], "o-", color=style.SIDE_COLOURS[side], markersize=2.5
        )
    for place, force in zip(shown.pressure[:, frame], shown.force[:, frame], strict=True):
        if np.isfinite(place).all() and force[1] >= LEAST_FORCE_N:
            tip = place + force / NEWTONS_PER_METRE
            start, end = (sign * place[across], place[up]), (sign * tip[across], tip[up])
            # An arrow does not widen the picture by itself.
            axes.plot(*zip(start, end, strict=True), linestyle="none")
            axes.annotate(
                "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": FORCE_COLOUR, "linewidth": 1.4}
            )
    axes.axhline(0.0, color="black", linewidth=0.6)
    axes.set_aspect("equal")
    axes.set_axis_off()


def draw(study: Results, participant_id: str, session_id: str) -> Figure:
    """Draw the lowest point of each repetition of a session."""
    key = (participant_id, session_id)
    return skeleton_figure(study.session(*key), study.motion(*key), study.signals(*key))


def skeleton_figure(session: xr.DataTree, motion: SessionMotion, reps: xr.Dataset | None) -> Figure:
    """Draw the lowest point of each repetition of a session; without one, mid-contact or touchdown, or standing.

    Parameters
    ----------
    session : a session file, opened.
    motion : of the session.
    reps : its repetitions with their signals, None where there is none.

    Returns
    -------
    A figure with two panels per repetition: skeleton and ground reaction from the side and from the front; left and
    right leg by colour, forces as arrows of 1 m per NEWTONS_PER_METRE.
    """
    shown = [] if reps is None else [(rep, _moment(reps, rep)) for rep in range(reps.sizes["rep"])]
    trials = [] if reps is None else [str(name) for name in reps["trial_id"].to_numpy()]
    scenes = {trial_id: scene(session, motion, trial_id) for trial_id in dict.fromkeys(trials)}
    drawn = [
        (rep, when, drawn_scene)
        for rep, when in shown
        if (drawn_scene := scenes[trials[rep]]) is not None and np.isfinite(when)
    ]
    session_name = f"participant {session.attrs['participant_id']}, session {session.attrs['session_id']}"
    simulated = bool(session.attrs["simulated"])
    if not drawn:
        marked = any(stream(trial, "markers") is not None for trial in session.children.values())
        reason = "no repetition has markers of a leg" if marked else "no trial has markers"
        return style.words_only(f"No skeleton of {session_name}: {reason}.", simulated=simulated)
    columns = min(len(drawn), 2)
    lines = -(-len(drawn) // columns)
    with style.figure_style():
        figure = Figure(figsize=(0.5 * style.PAGE_WIDTH * columns, 1.1 + _PANEL_HEIGHT * lines), layout="constrained")
        panels = figure.subplots(lines, 2 * columns, squeeze=False).reshape(-1, 2)
        for pair in panels[len(drawn) :]:
            for panel in pair:
                panel.set_axis_off()
        for pair, (rep, when, drawn_scene) in zip(panels, drawn, strict=False):
            for panel, view in zip(pair, VIEWS, strict=True):
                draw_frame(panel, drawn_scene, int(np.argmin(np.abs(drawn_scene.time - when))), view)
                panel.set_title(f"\n\n{view}")
                _scales(panel)
            lowest, highest = min(panel.get_ylim()[0] for panel in pair), max(panel.get_ylim()[1] for panel in pair)
            for panel in pair:
                panel.set_ylim(lowest, highest)
            assert reps is not None, "a repetition is drawn"
            pair[0].set_title(
                f"{style.readable(trials[rep])}, {int(reps['number'][rep])}\nat {when:.2f} s\n{next(iter(VIEWS))}"
            )
        words = f"Lowest point with ground reaction: {session_name}, n = {style.counted(len(drawn), 'repetition')}"
        style.title(figure, words, simulated=simulated)
        figure.legend(handles=_keys(), loc="outside lower center", ncols=2 * columns)
    return figure


def _keys() -> list[Line2D]:
    """Legend of the colours."""
    sides = {"left leg": "left", "right leg": "right", "pelvis, trunk": "both"}
    colours = {words: style.SIDE_COLOURS[side] for words, side in sides.items()} | {"ground reaction": FORCE_COLOUR}
    return [Line2D([], [], color=colour, label=words) for words, colour in colours.items()]


def _scales(axes: Axes) -> None:
    """Draw a scale bar of SCALE_M below a skeleton, with the force of an arrow of that length."""
    left = axes.get_xlim()[0]
    axes.plot([left, left + SCALE_M], [SCALE_DEPTH_M] * 2, color="black", linewidth=1.4, solid_capstyle="butt")
    words = f"scale: {SCALE_M:g} m, force arrow\nof this length: {SCALE_M * NEWTONS_PER_METRE:g} N"
    axes.text(left, SCALE_DEPTH_M - 0.04, words, va="top", fontsize=6)


def _moment(reps: xr.Dataset, rep: int) -> float:
    """When a repetition is drawn [s]: lowest point, else touchdown, else the middle of weighing."""
    events = reps.isel(rep=rep, scoring=0)
    middle = 0.5 * (float(events["weighing_start"]) + float(events["weighing_end"]))
    touchdown = float(events["touchdown"])
    contact = touchdown + 0.5 * (float(events["takeoff"]) - touchdown)
    options = (float(events["bottom"]), contact, touchdown, float(events["movement_start"]), middle)
    return next((moment for moment in options if np.isfinite(moment)), float("nan"))
