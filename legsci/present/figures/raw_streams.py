"""Raw streams of a squat and a jump on one time axis: force, EMG, inertial sensors, knee flexion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from legsci.ingest.streams import channel_labels, stream, streams
from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.mechanics.reps.signals import flat
from legsci.present.figures import style
from legsci.present.figures.phases import MARKED, event_times
from legsci.present.results import Results
from legsci.tasks import JUMPS, SQUATS

CONFIG_LIST = "study"

#: Signal shown before the first and after the last event of a repetition [s].
MARGIN_S = 0.5
#: Height of a panel with one scale, of each trace where they lie one above the other, and of title and key [inch].
PANEL_HEIGHT, TRACE_HEIGHT, FURTHER_HEIGHT = 1.3, 0.27, 1.2
#: Distance of two traces that lie one above the other, where each is within -1 and 1.
APART = 2.2
#: Kinds that are drawn as traces, each a quantity: kind, quantity, title, unit, width of line.
TRACES = (
    ("emg", "", "EMG", "", 0.35),
    ("imu", "acceleration", "acceleration of sensors", "m/s²", 0.6),
    ("imu", "angular_velocity", "angular velocity of sensors", "rad/s", 0.6),
)
_SHORT = {"left": "L", "right": "R"}

Array = NDArray[np.float64]


class Trace(NamedTuple):
    """Channels that share a scale and a base line: one channel of EMG, or the axes of a sensor."""

    label: str
    lines: dict[str, tuple[Array, Array]]
    own_clock: bool
    unit: str


def draw(study: Results) -> Figure:
    """Draw a squat and a jump of the session that has the most kinds of streams."""
    chosen = _session(study.readings)
    if chosen is None:
        return style.words_only("Raw streams: no stream was read.", simulated=study.simulated)
    reps = study.reps(*chosen)
    return raw_streams_figure(study.session(*chosen), study.motion(*chosen), None if reps is None else flat(reps))


def raw_streams_figure(session: xr.DataTree, motion: SessionMotion, reps: xr.Dataset | None) -> Figure:
    """Draw the streams of the first repetition of a squat and of a jump as they were recorded, each at its own rate.

    Parameters
    ----------
    session : a session file, opened.
    motion : of the session, for knee flexion.
    reps : its repetitions (`legsci.mechanics.reps.signals.flat`), for the events under the default profile; None
        where there is none.

    Returns
    -------
    A figure with a column per movement, and a row for each of: vertical force [N], EMG, acceleration, angular velocity
    of sensors along their own axes, knee flexion [deg]. Traces one above the other are each scaled to their largest
    value, which is at their right. A stream on a clock of its own, not related to the plates', begins at time 0 without
    events, and says so.
    """
    places = _places(session, reps)
    if reps is None or not places:
        return style.words_only(
            "Raw streams: no repetition of a squat or jump.", simulated=bool(session.attrs["simulated"])
        )
    trials = [session.children[str(reps["trial_id"].to_numpy()[place])] for place in places]
    traces = [[_traces(trial, kind, quantity) for kind, quantity, *_ in TRACES] for trial in trials]
    rows = [max(len(of_trial[row]) for of_trial in traces) for row in range(len(TRACES))]
    shown = [row for row, count in enumerate(rows) if count]
    heights = [PANEL_HEIGHT, *(max(TRACE_HEIGHT * rows[row], PANEL_HEIGHT) for row in shown), PANEL_HEIGHT]
    with style.figure_style():
        size = (style.PAGE_WIDTH, sum(heights) + FURTHER_HEIGHT)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(heights), len(places), sharex="col", squeeze=False, height_ratios=heights)
        events: dict[str, None] = {}
        for column, (place, trial) in enumerate(zip(places, trials, strict=True)):
            found = _draw_column(grid[:, column], trial, motion, reps.isel(rep=place, scoring=0))
            events |= dict.fromkeys(found)
            for axes, row in zip(grid[1:-1, column], shown, strict=True):
                _draw_traces(axes, traces[column][row], TRACES[row])
                if not any(trace.own_clock for trace in traces[column][row]):
                    _mark(axes, found)
        words = (
            f"Raw streams of study {session.attrs['study']}, participant {session.attrs['participant_id']}, session "
            f"{session.attrs['session_id']}: first repetition of {style.counted(len(places), 'trial')}, each stream at "
            "its own rate"
        )
        style.title(figure, words, simulated=bool(session.attrs["simulated"]))
        sensors = any(row > 0 for row in shown)
        figure.legend(handles=_keys(list(events), sensors=sensors), loc="outside lower center", ncols=6)
    return figure


def _session(readings: pd.DataFrame) -> tuple[str, str] | None:
    """Session with the most kinds of streams in its trials, the first of equals; None where nothing was read."""
    read = readings[readings["device"].notna() & readings["rate_hz"].notna()]
    if read.empty:
        return None
    kinds = read.groupby(["participant_id", "session_id", "trial_id"], sort=False)["kind"].nunique()
    of_session = kinds.groupby(["participant_id", "session_id"], sort=False).sum()
    person, visit = of_session.index[int(np.argmax(of_session.to_numpy()))]
    return str(person), str(visit)


def _places(session: xr.DataTree, reps: xr.Dataset | None) -> list[int]:
    """Places along `rep` of the first repetition of a squat and of a jump, each of the trial with the most streams."""
    if reps is None:
        return []
    names, tasks = (reps[name].to_numpy().astype(str).tolist() for name in ("trial_id", "task"))
    chosen = []
    for group in (SQUATS, JUMPS):
        of_group = [place for place, task in enumerate(tasks) if task in group]
        if of_group:
            # `max` keeps the first of equals.
            chosen.append(max(of_group, key=lambda place: len(session.children[names[place]].children)))
    return chosen


def _draw_column(
    panels: NDArray[np.object_], trial: xr.DataTree, motion: SessionMotion, rep: xr.Dataset
) -> dict[str, float]:
    """Draw force, knee flexion and events of a repetition; return the times of the events [s]."""
    upper, lower = panels[0], panels[-1]
    events = event_times(rep, MARKED)
    start, stop = float(rep["window_start"]), float(rep["window_stop"])
    if events:
        start, stop = max(min(events.values()) - MARGIN_S, start), min(max(events.values()) + MARGIN_S, stop)
    name = str(rep["trial_id"].item())
    upper.set_title(f"{name}, repetition {int(rep['number'])}", pad=9.0)
    force = stream(trial, "force")
    if force is not None:
        for plate, foot in zip(force["plate"].to_numpy(), force["foot"].to_numpy().astype(str), strict=True):
            colour = style.SIDE_COLOURS.get(foot, style.SIDE_COLOURS["both"])
            upper.plot(
                force["time"], force["force"].sel(plate=plate, axis="y"), color=colour, linewidth=0.8, rasterized=True
            )
        upper.set_ylabel(f"vertical force [N]\n{force.attrs['sampling_rate_hz']:g} Hz")
    movement = motion.trials[name].movement if name in motion.trials else None
    if movement is not None:
        kinematics = motion.kinematics(name)
        for side in ("left", "right"):
            flexion = kinematics["angle"].sel(joint_angle=f"{side}_knee_flexion")
            lower.plot(kinematics["time"], flexion, color=style.SIDE_COLOURS[side], linewidth=0.8)
        lower.set_ylabel(f"knee flexion [deg]\n{movement.rate_hz:g} Hz")
    else:
        lower.text(0.5, 0.5, "no knee angle", transform=lower.transAxes, ha="center", va="center")
    for event, when in events.items():
        across = upper.get_xaxis_transform()
        look = {"color": "black", "markerfacecolor": "white", "markersize": 5.0, "clip_on": False}
        upper.plot(when, 1.0, style.EVENT_MARKERS[event], transform=across, **look)
    for axes in (upper, lower):
        _mark(axes, events)
    upper.set_xlim(start, stop)
    lower.set_xlabel("time of the trial [s]")
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return events


def _mark(axes: Axes, events: dict[str, float]) -> None:
    """Draw a line at each event."""
    for when in events.values():
        axes.axvline(when, color="black", linewidth=0.5, zorder=0.5)


def _traces(trial: xr.DataTree, kind: str, quantity: str) -> list[Trace]:
    """Traces of one kind and quantity of a trial."""
    found: dict[str, Trace] = {}
    for signal in streams(trial, kind).values():
        time = signal["time"].to_numpy()
        apart = bool(np.isnan(signal.attrs["clock_offset_s"]))
        values = signal["value"].transpose("channel", "time").to_numpy()
        units = signal["unit"].to_numpy().astype(str)
        for label, row, unit in zip(channel_labels(signal), values, units, strict=True):
            if quantity and f"_{quantity}_" not in f"_{label}_":
                continue
            carrier, axis = (label.replace(f"_{quantity}", "").rpartition("_")[::2]) if quantity else (label, "")
            trace = found.setdefault(carrier, Trace(_short(carrier), {}, apart, str(unit)))
            trace.lines[axis] = (time, row)
    return list(found.values())


def _short(label: str) -> str:
    """Name of a muscle or segment with L or R in place of its side."""
    side, _, rest = label.partition("_")
    return f"{_SHORT[side]} {style.readable(rest)}" if side in _SHORT else style.readable(label)


def _draw_traces(axes: Axes, traces: list[Trace], what: tuple[str, str, str, str, float]) -> None:
    """Draw traces one above the other, the first uppermost, each scaled to its largest value in the time shown."""
    _, _, title, unit, width = what
    start, stop = axes.get_xlim()
    rates = set()
    for number, trace in enumerate(traces):
        base = -APART * number
        shown = [row[(time >= start) & (time <= stop)] for time, row in trace.lines.values()]
        largest = max((float(np.nanmax(np.abs(row))) for row in shown if np.isfinite(row).any()), default=0.0)
        for axis, (time, row) in trace.lines.items():
            colour = style.AXIS_COLOURS.get(axis, style.SIDE_COLOURS["both"])
            axes.plot(time, base + row / (largest or 1.0), color=colour, linewidth=width, rasterized=True)
            rates.add(round((time.size - 1) / (time[-1] - time[0])))
        unit = unit or trace.unit
        small = unit == "V" and largest < 1.0
        scale = f"{1000.0 * largest:.3g} mV" if small else f"{largest:.3g} {unit}"
        axes.text(1.01, base, scale, transform=axes.get_yaxis_transform(), va="center", fontsize=6)
    axes.set_yticks([-APART * number for number in range(len(traces))], [trace.label for trace in traces])
    axes.tick_params(axis="y", length=0, labelsize=6)
    axes.set_ylim(-APART * (len(traces) - 0.5), 0.5 * APART)
    words = [title, *([" and ".join(f"{rate} Hz" for rate in sorted(rates))] if rates else ["not recorded"])]
    if any(trace.own_clock for trace in traces):
        words.append("own clock")
    axes.set_title(", ".join(words), fontsize=7)


def _keys(events: list[str], *, sensors: bool) -> list[Line2D]:
    """Legend entries for sides, axes of sensors (where any are drawn) and events."""
    entries = [Line2D([], [], color=style.SIDE_COLOURS[side], label=side) for side in ("left", "right")]
    entries += [
        Line2D([], [], color=colour, label=f"sensor axis {axis}")
        for axis, colour in style.AXIS_COLOURS.items()
        if sensors
    ]
    for name, marker in style.EVENT_MARKERS.items():
        if name in events:
            mark = Line2D([], [], color="black", marker=marker, markerfacecolor="white", linestyle="none")
            mark.set_label(style.readable(name))
            entries.append(mark)
    return entries
