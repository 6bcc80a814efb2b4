"""Energy flow of a push-off: which joints do the work, and how much of it the centre of mass receives."""

from __future__ import annotations

import textwrap

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from legsci.ingest.streams import stream
from legsci.mechanics.kinetics.movement import LOADED_JOINTS
from legsci.metrics.families.joints import of_frames
from legsci.metrics.families.kinetics import push_off_span
from legsci.metrics.measure import prepare
from legsci.metrics.registry import METRICS
from legsci.metrics.signals import at, integral
from legsci.metrics.status import WITHHELD
from legsci.present.figures import style
from legsci.present.results import Results

CONFIG_LIST = "session"

#: Order of the bars from the top; joints of a leg share its colour and are distinguished by name.
JOINTS_FROM_TOP = ("lumbar", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle")
#: Codes of quality flags that explain why joint powers are missing.
WITHOUT_POWERS = ("markers_unknown", "no_moments", "person_unknown", "segment_absent", "segment_missing", "no_standing")
_COLUMNS = 3
_PANEL_HEIGHT = 2.5
_BAR, _GAP = 0.12, 0.02
#: Words of the figure, explained below the panels.
_EXPLANATION = (
    "Left: positive work of the joints from the lowest point to take-off (squat: concentric phase). Right: energy "
    "gained by the centre of mass; gain / joint work is the force transmission ratio of metrics.csv, which is not "
    "given above 1: work that is not modelled (arms, joints within trunk and feet) was not negligible. Not gained: "
    "joint work that moved segments relative to each other or was absorbed by other joints."
)
_TAKEN, _REST = (0.25, 0.25, 0.25), (0.8, 0.8, 0.8)


def draw(study: Results, participant_id: str, session_id: str) -> Figure:
    """Draw the energy flow of each push-off of a session."""
    key = (participant_id, session_id)
    # `simulated` is read from the session file: the figure does not depend on the tables of the study.
    session = study.session(*key)
    return energy_flow_figure(
        study.signals(*key),
        simulated=bool(session.attrs["simulated"]),
        reason=_without_powers(study, session, key),
    )


def _without_powers(study: Results, session: xr.DataTree, key: tuple[str, str]) -> str:
    """Say why a session has no joint powers: no markers, or the reasons in its quality flags."""
    if not any(stream(trial, "markers") is not None for trial in session.children.values()):
        return "no trial has markers."
    flags = study.quality_flags(*key)
    sentences = [text for code in WITHOUT_POWERS for text in flags.loc[flags["code"] == code, "sentence"].unique()]
    return textwrap.shorten(" ".join(sentences), 3 * style.LINE_LENGTH, placeholder=" ...; see quality.csv")


def energy_flow_figure(reps: xr.Dataset | None, *, simulated: bool, reason: str = "") -> Figure:
    """Draw the energy flow of each repetition of a session.

    Parameters
    ----------
    reps : the session's repetitions with their signals, None where there is none.
    simulated : whether the recordings are simulated.
    reason : why joint powers are missing; empty where no reason was recorded.

    Returns
    -------
    A figure with one panel per two-legged push-off that has joint powers. Left: positive work of each joint
    in the push-off (squat: concentric phase) [J/kg]. Right: energy gain of the centre of mass, and the rest, which
    moved segments relative to each other or was absorbed by other joints.
    """
    works = [] if reps is None else _works(reps)
    if reps is None or not works:
        words = "No push-off of this session has joint powers"
        return style.words_only(f"{words}: {reason}" if reason else f"{words}.", simulated=simulated)
    with style.figure_style():
        lines = -(-len(works) // _COLUMNS)
        figure = Figure(figsize=(style.PAGE_WIDTH, 0.9 + _PANEL_HEIGHT * lines), layout="constrained")
        words = f"Positive joint work, gain of the centre of mass [J/kg]: n = {style.counted(len(works), 'push-off')}"
        words += f" of {reps.attrs['participant_id']}, session {reps.attrs['session_id']}"
        style.title(figure, words, simulated=simulated)
        panels = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
        for panel in panels:
            panel.set_axis_off()
        for panel, (name, work, gain) in zip(panels, works, strict=False):
            _draw(panel, work, gain)
            panel.set_title(f"{name}\ngain / joint work {_ratio(gain / sum(work.values()))}")
        figure.supxlabel(textwrap.fill(_EXPLANATION, style.LINE_LENGTH), x=0.01, ha="left", fontsize=7)
    return figure


def _ratio(ratio: float) -> str:
    """Ratio in words; one that metrics.csv does not give is not given here either."""
    highest = WITHHELD["force_transmission_ratio"].highest
    return f"{ratio:.2f}" if ratio <= highest else f"above {highest:g}: not given"


def _works(reps: xr.Dataset) -> list[tuple[str, dict[str, float], float]]:
    """Name, positive work of each joint and gain of the centre of mass [J/kg] of two-legged push-offs with powers."""
    prepared = prepare(reps.isel(scoring=[0]))
    frames, (start, last) = of_frames(prepared), push_off_span(prepared)
    power = prepared["power"].sum("plane", skipna=False).clip(min=0.0)
    work = integral(frames, power, start, last).transpose("rep", "joint", "scoring").to_numpy()[..., 0]
    energy = prepared["energy"]
    gain = (at(frames, energy, last) - at(frames, energy, start)).transpose("rep", "scoring").to_numpy()[:, 0]
    pushes = np.isin(reps["task"].to_numpy().astype(str), METRICS["force_transmission_ratio"].tasks)
    of_both = pushes & (reps["leg"].to_numpy() == "both")
    measured = np.isfinite(work).all(axis=1) & np.isfinite(gain) & (gain > 0.0) & (work.sum(axis=1) > 0.0)
    return [
        (
            f"{style.readable(str(reps['trial_id'].to_numpy()[rep]))}, {int(reps['number'][rep])}",
            {joint: float(work[rep, LOADED_JOINTS.index(joint)]) for joint in JOINTS_FROM_TOP},
            float(gain[rep]),
        )
        for rep in np.flatnonzero(measured & of_both)
    ]


def _draw(axes: Axes, work: dict[str, float], gain: float) -> None:
    """Draw the flow from the joints to the centre of mass."""
    total = sum(work.values())
    height = max(total, gain)
    top, target = height, height
    for joint, amount in work.items():
        side = joint.partition("_")[0] if joint != "lumbar" else "both"
        colour = style.SIDE_COLOURS[side]
        _flow(axes, (top - amount, top), (target - amount, target), colour)
        axes.add_patch(Rectangle((0.0, top - amount), _BAR, amount, facecolor=colour, edgecolor="white", linewidth=0.6))
        if amount > 0.04 * height:
            words = f"{style.readable(joint)} {amount:.2f}"
            axes.text(-_GAP, top - 0.5 * amount, words, ha="right", va="center", fontsize=6)
        top, target = top - amount, target - amount
    axes.add_patch(Rectangle((1.0 - _BAR, height - gain), _BAR, gain, facecolor=_TAKEN))
    axes.text(1.0 + _GAP, height - 0.5 * gain, f"centre of\nmass {gain:.2f}", va="center", fontsize=6)
    if total > gain:
        axes.add_patch(Rectangle((1.0 - _BAR, height - total), _BAR, total - gain, facecolor=_REST))
        axes.text(
            1.0 + _GAP, height - gain - 0.5 * (total - gain), f"not gained\n{total - gain:.2f}", va="center", fontsize=6
        )
    axes.set_xlim(-0.55, 1.45)
    axes.set_ylim(0.0, 1.02 * height)


def _flow(axes: Axes, left: tuple[float, float], right: tuple[float, float], colour: tuple[float, ...]) -> None:
    """Band from the left to the right bar."""
    start, end, middle = _BAR, 1.0 - _BAR, 0.5
    corners = [
        (start, left[0]), (middle, left[0]), (middle, right[0]), (end, right[0]),
        (end, right[1]), (middle, right[1]), (middle, left[1]), (start, left[1]), (start, left[0]),
    ]  # fmt: skip
    curve = [Outline.CURVE4] * 3
    codes = [Outline.MOVETO, *curve, Outline.LINETO, *curve, Outline.CLOSEPOLY]
    axes.add_patch(PathPatch(Outline(corners, codes), facecolor=colour, alpha=0.25, linewidth=0.0))
