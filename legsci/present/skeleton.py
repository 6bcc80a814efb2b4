"""Skeleton with the ground reaction: a still of each repetition, and a trial to scrub through in JupyterLab."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from legsci.mechanics.markers import Markers
from legsci.mechanics.movement import trial_kinematics
from legsci.mechanics.plates import centre_of_pressure
from legsci.mechanics.posture import Posture, quiet_posture
from legsci.present import style

#: A force as large as this is drawn 1 m long [N].
NEWTONS_PER_METRE = 2000.0
#: Force that is drawn at least [N], and without a centre of pressure not at all.
LEAST_FORCE_N = 20.0
#: Drawn length of a foot of which only the ankle is known [m].
FOOT_M = 0.18
#: Length that is drawn as a scale, and its place below the floor [m].
SCALE_M, SCALE_DEPTH_M = 0.5, -0.12
FORCE_COLOUR = style.PHASE_COLOURS["propulsion"]
PANEL_HEIGHT = 2.6
VIEWS = {"from the side": ("x", "y"), "from the front": ("z", "y")}
_LAB = {"x": 0, "y": 1, "z": 2}


class Scene(NamedTuple):
    """What is drawn of a trial at the frames of its markers.

    Parameters
    ----------
    time : (frame,) [s].
    lines : colour's side -> paths (frame, point, 3) that are joined by lines [m].
    pressure, force : (plate, frame, 3) point of application [m] and ground reaction [N], NaN where nobody stands.
    """

    time: np.ndarray
    lines: list[tuple[str, np.ndarray]]
    pressure: np.ndarray
    force: np.ndarray


def scene(trial: xr.DataTree, standing: Posture | None) -> Scene | None:
    """Lay out joint centres, feet, trunk and ground reaction of a trial.

    Parameters
    ----------
    trial : group of a session file.
    standing : posture of the standing trial, which defines the anatomy.

    Returns
    -------
    What is drawn; None without a leg.
    """
    moved = trial_kinematics(trial, standing)
    if moved is None:
        return None
    known = {str(name): moved["joint_centre"].sel(joint=name).to_numpy() for name in moved["joint"].to_numpy()}
    if "markers" in trial.children:
        markers = Markers.recorded(trial["markers"].to_dataset())
        known |= {label: markers.path(label) for label in markers.labels}
    else:
        known |= _tips(moved)
    chains = []
    for side in ("left", "right"):
        tips = (f"{side}_toe", f"{side}_second_metatarsal", f"{side}_foot_tip")
        tip = next((name for name in tips if name in known), tips[0])
        leg = [f"{side}_{joint}" for joint in ("hip", "knee", "ankle")]
        chains.append((side, [*leg, f"{side}_heel", tip, f"{side}_ankle"]))
    chains += [
        ("both", names)
        for names in (
            ["left_hip", "right_hip"],
            ["lumbar", "c7" if "c7" in known else "trunk_top"],
            ["left_acromion", "c7", "right_acromion"],
        )
    ]
    found = [(side, [known[name] for name in names if name in known]) for side, names in chains]
    lines = [(side, np.stack(paths, axis=1)) for side, paths in found if len(paths) > 1]
    if not any(side != "both" for side, _ in lines):
        return None
    time = moved["time"].to_numpy()
    return Scene(time, lines, *_ground(trial, time))


def _tips(moved: xr.Dataset) -> dict[str, np.ndarray]:
    """Ends of recorded segments: the tip of a foot, straight ahead of the ankle, and the origin of the trunk."""
    ends = {"left_foot": ("x", FOOT_M), "right_foot": ("x", FOOT_M), "trunk": ("y", 0.0)}
    names = {"left_foot": "left_foot_tip", "right_foot": "right_foot_tip", "trunk": "trunk_top"}
    answer = {}
    for segment in set(ends) & {str(name) for name in moved["segment"].to_numpy()}:
        direction, length = ends[segment]
        own = moved.sel(segment=segment)
        along = own["rotation"].sel(direction=direction).transpose("time", "axis").to_numpy()
        answer[names[segment]] = own["position"].transpose("time", "axis").to_numpy() + length * along
    return answer


def _ground(trial: xr.DataTree, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of pressure and force of each plate (plate, frame, 3) at the markers' times."""
    if "force" not in trial.children or "moment" not in trial["force"] or trial["force"].sizes["axis"] < 3:
        nothing = np.full((0, time.size, 3), np.nan)
        return nothing, nothing
    force = trial["force"].to_dataset()
    place = centre_of_pressure(force, threshold_n=LEAST_FORCE_N)["centre_of_pressure"]
    nearest = np.clip(np.searchsorted(force["time"].to_numpy(), time), 0, force.sizes["time"] - 1)
    return tuple(  # type: ignore[return-value]
        array.isel(time=nearest).transpose("plate", "time", "axis").to_numpy() for array in (place, force["force"])
    )


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


def skeletons(session: xr.DataTree, reps: xr.Dataset | None) -> Figure:
    """Draw the lowest point of each repetition of a session, or touchdown and standing where nothing is lowered.

    Parameters
    ----------
    session : a session file, opened.
    reps : its repetitions, None where there is none.

    Returns
    -------
    A figure with two pictures per repetition: skeleton and ground reaction from the side and from the front; left and
    right leg by colour, forces as arrows of 1 m per NEWTONS_PER_METRE.
    """
    standing = standing_posture(session)
    scenes = {trial_id: scene(trial, standing) for trial_id, trial in session.children.items()}
    shown = [] if reps is None else [(rep, _moment(reps, rep)) for rep in range(reps.sizes["rep"])]
    trials = [] if reps is None else [str(name) for name in reps["trial_id"].to_numpy()]
    drawn = [
        (rep, when, known) for rep, when in shown if (known := scenes[trials[rep]]) is not None and np.isfinite(when)
    ]
    who = f"participant {session.attrs['participant_id']}, session {session.attrs['session_id']}"
    simulated = bool(session.attrs["simulated"])
    if not drawn:
        marked = any("markers" in trial.children for trial in session.children.values())
        reason = "no repetition has markers of a leg" if marked else "no trial has markers"
        return style.words_only(f"No skeleton of {who}: {reason}.", simulated=simulated)
    columns = min(len(drawn), 2)
    lines = -(-len(drawn) // columns)
    with style.house_style():
        figure = Figure(figsize=(0.5 * style.PAGE_WIDTH * columns, 0.9 + PANEL_HEIGHT * lines), layout="constrained")
        panels = figure.subplots(lines, 2 * columns, squeeze=False).reshape(-1, 2)
        for pair in panels[len(drawn) :]:
            for panel in pair:
                panel.set_axis_off()
        for pair, (rep, when, known) in zip(panels, drawn, strict=False):
            for panel, view in zip(pair, VIEWS, strict=True):
                draw_frame(panel, known, int(np.argmin(np.abs(known.time - when))), view)
                panel.set_title(f"\n\n{view}")
                _scales(panel)
            lowest, highest = min(panel.get_ylim()[0] for panel in pair), max(panel.get_ylim()[1] for panel in pair)
            for panel in pair:
                panel.set_ylim(lowest, highest)
            assert reps is not None, "a repetition is drawn"
            pair[0].set_title(
                f"{style.readable(trials[rep])}, {int(reps['number'][rep])}\nat {when:.2f} s\n{next(iter(VIEWS))}"
            )
        words = f"Lowest point with ground reaction: {who}, n = {style.counted(len(drawn), 'repetition')}"
        style.title(figure, words, simulated=simulated)
    return figure


def _scales(axes: Axes) -> None:
    """Draw a length of SCALE_M beneath a skeleton, and say what force an arrow of that length is."""
    left = axes.get_xlim()[0]
    axes.plot([left, left + SCALE_M], [SCALE_DEPTH_M] * 2, color="black", linewidth=1.4, solid_capstyle="butt")
    words = f"{SCALE_M:g} m; as an arrow {SCALE_M * NEWTONS_PER_METRE:g} N"
    axes.text(left, SCALE_DEPTH_M - 0.04, words, va="top", fontsize=6)


def scrub(trial: xr.DataTree, standing: Posture | None = None, *, frames: int = 60) -> str:
    """Make a page to scrub through a trial: a picture per step under a slider, without any connection to a kernel.

    Parameters
    ----------
    trial : group of a session file with markers.
    standing : answer of `standing_posture`.
    frames : pictures, evenly spread over the trial.

    Returns
    -------
    HTML that holds everything; show it with `IPython.display.HTML`.

    Raises
    ------
    ValueError : the trial has no markers of a leg.
    """
    shown = scene(trial, standing)
    if shown is None:
        raise ValueError("there is no leg to draw: the trial has no markers of one")
    chosen = np.linspace(0, shown.time.size - 1, frames).astype(int)
    with style.house_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 4.0), layout="constrained")
        panels = figure.subplots(1, len(VIEWS))
        limits = [_limits(shown, view) for view in VIEWS]

        def draw(frame: int) -> list[Axes]:
            for panel, view, (low, high) in zip(panels, VIEWS, limits, strict=True):
                panel.clear()
                draw_frame(panel, shown, frame, view)
                panel.set_xlim(low, high)
                panel.set_ylim(-0.05, 2.2)
                panel.set_title(f"{view}, {shown.time[frame]:.2f} s")
            return list(panels)

        return str(FuncAnimation(figure, draw, frames=chosen, blit=False).to_jshtml(fps=20, default_mode="once"))


def standing_posture(session: xr.DataTree) -> Posture | None:
    """Posture of the first standing trial of a session that has markers."""
    for trial in session.children.values():
        if trial.attrs["task"] == "standing" and "markers" in trial.children:
            return quiet_posture(Markers.recorded(trial["markers"].to_dataset()))
    return None


def _limits(shown: Scene, view: str) -> tuple[float, float]:
    """Lowest and highest place of all frames across a view, with a margin [m]."""
    across = _LAB[VIEWS[view][0]]
    sign = -1.0 if view == "from the front" else 1.0
    places = np.concatenate([sign * paths[:, :, across].ravel() for _, paths in shown.lines])
    return float(np.nanmin(places)) - 0.2, float(np.nanmax(places)) + 0.2


def _moment(reps: xr.Dataset, rep: int) -> float:
    """When a repetition is drawn [s]: lowest point, else touchdown, else the middle of weighing."""
    events = reps.isel(rep=rep, scoring=0)
    middle = 0.5 * (float(events["weighing_start"]) + float(events["weighing_end"]))
    touchdown = float(events["touchdown"])
    contact = touchdown + 0.5 * (float(events["takeoff"]) - touchdown)
    options = (float(events["bottom"]), contact, touchdown, float(events["movement_start"]), middle)
    return next((moment for moment in options if np.isfinite(moment)), float("nan"))
