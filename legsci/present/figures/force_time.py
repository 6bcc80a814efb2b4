"""Force over time: a panel per repetition of a session, and per trial without repetitions."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from legsci.ingest.streams import stream
from legsci.mechanics.force.profiles import load_profiles
from legsci.metrics.registry import METRICS
from legsci.metrics.signals import velocity
from legsci.metrics.tables import session_metrics
from legsci.present.figures import style
from legsci.present.figures.phases import MARKED, Phase, event_times, phases
from legsci.present.results import Results

CONFIG_LIST = "session"

#: Signal shown before the first and after the last event of a repetition [s].
_MARGIN_S = 0.75
#: Height of the panel of one repetition, and of the text in place of one [inch]; of a panel in two columns.
_PANEL_HEIGHT, _WORDS_HEIGHT, _SMALL_HEIGHT = 3.4, 1.0, 2.5
#: More panels than these stand in two columns.
_IN_ONE_COLUMN = 4
#: Height of a line of a heading [inch], lines that _PANEL_HEIGHT holds, and lines about flags at most.
LINE_HEIGHT, USUAL_LINES, MOST_LINES = 0.15, 3, 8
#: Letters of the line about flags of one code.
LONGEST_WORDS = 2 * style.LINE_LENGTH - 40
#: A gap of a marker as worded in `legsci.quality.CODES`: marker and length [s].
GAP_SENTENCE = re.compile(r"(\S+) was lost for ([\d.]+) s")
#: Events closer than this share of the time shown are drawn as simultaneous.
SIMULTANEOUS_SHARE = 0.002
#: Signal shown before the first sample that is kept, so that a mark on it is not cut [s].
EDGE_S = 0.03
TITLE_COLOURS = {"rejected": style.SEVERITY_COLOURS["rejected"]}
#: Name of the dashed line: weight of the athlete, and in squats of athlete and bar.
WEIGHTS = {False: "body weight", True: "system weight\n(athlete and bar)"}
LINES = {"both": "both feet", "left": "left foot", "right": "right foot"}


def draw(study: Results, participant_id: str, session_id: str, *, align: str | None = None) -> Figure:
    """Draw each repetition of a session, with an event at 0 of its time axis where one is named."""
    key = (participant_id, session_id)
    return force_time_figure(study.session(*key), study.signals(*key), study.quality_flags(*key), align=align)


def force_time_figure(
    session: xr.DataTree, reps: xr.Dataset | None, flags: pd.DataFrame, *, align: str | None = None
) -> Figure:
    """Draw each repetition of a session: force with phases and events, and beneath it velocity; rejected trials too.

    Parameters
    ----------
    session : a session file, opened.
    reps : its repetitions with their signals, None where there is none.
    flags : quality flags of the session from cutting, columns FLAG_COLUMNS.
    align : event that is 0 of the time axis; None, and where a repetition does not have it: time of the trial.

    Returns
    -------
    A figure with one panel per repetition, in the order of the session's trials: vertical force [N] of both feet, and
    of each foot where plates belong to feet, under the default profile; velocity of the centre of mass [m/s], upward.
    """
    metrics, quality = session_metrics(reps, flags)
    shown = [(trial, rep) for trial in session.children for rep in _places(reps, trial)]
    drawable = [rep >= 0 or stream(session.children[trial], "force") is not None for trial, rep in shown]
    columns, high = (1, _PANEL_HEIGHT) if len(shown) <= _IN_ONE_COLUMN else (2, _SMALL_HEIGHT)
    headings = [
        _heading(
            metrics,
            quality,
            trial,
            _number(reps, rep),
            task=str(session[trial].attrs["task"]),
            length=style.LINE_LENGTH // columns,
        )
        for trial, rep in shown
    ]
    further = [LINE_HEIGHT * max(words.count("\n") + 1 - USUAL_LINES, 0) for words, _ in headings]
    needed = [(high if each else _WORDS_HEIGHT) + more for each, more in zip(drawable, further, strict=True)]
    heights = [max(needed[place : place + columns]) for place in range(0, len(needed), columns)]
    with style.figure_style():
        figure = Figure(
            figsize=(style.PAGE_WIDTH, sum(heights) + 0.8),
            layout=ConstrainedLayoutEngine(hspace=0.0, h_pad=0.05),
        )
        drawn: dict[str, None] = {}
        panels = figure.subfigures(len(heights), columns, squeeze=False, height_ratios=heights).ravel()
        for panel, (trial, rep), (words, status) in zip(panels, shown, headings, strict=False):
            panel.suptitle(words, x=0.01, ha="left", fontsize=8, color=TITLE_COLOURS.get(status, "black"))
            if reps is not None and rep >= 0:
                drawn |= dict.fromkeys([*_draw_repetition(panel, reps, rep, align), _weight(reps, rep)])
            else:
                _draw_recording(panel, session.children[trial])
        counted = sum(rep >= 0 for _, rep in shown)
        profile = load_profiles()[str(reps.attrs["default_profile"])].title if reps is not None else "none"
        session_name = f"Study {session.attrs['study']}, participant {session.attrs['participant_id']}"
        style.title(
            figure,
            f"{session_name}, session {session.attrs['session_id']}: n = {style.counted(counted, 'repetition')} of "
            f"{style.counted(len(session.children), 'trial')}; profile {profile}",
            simulated=bool(session.attrs["simulated"]),
        )
        figure.legend(handles=_keys(list(drawn)), loc="outside lower center", ncols=5)
    return figure


def _places(reps: xr.Dataset | None, trial: str) -> list[int]:
    """Places of a trial's repetitions along `rep`; -1 alone for a trial without any."""
    if reps is None:
        return [-1]
    return [int(place) for place in np.flatnonzero(reps["trial_id"].to_numpy() == trial)] or [-1]


def _number(reps: xr.Dataset | None, rep: int) -> int:
    """Number of a repetition in its trial, 0 for a trial without any."""
    return int(reps["number"][rep]) if reps is not None and rep >= 0 else 0


def _weight(reps: xr.Dataset, rep: int) -> str:
    """Name of the weight of a repetition."""
    return WEIGHTS[str(reps["task"].to_numpy()[rep]) in METRICS["system_weight_n"].tasks]


def _heading(
    metrics: pd.DataFrame, quality: pd.DataFrame, trial: str, number: int, *, task: str, length: int
) -> tuple[str, str]:
    """Trial, task, jump heights with uncertainty, status and the sentences that led to it; and the status alone.

    Lines have at most `length` letters.
    """
    name = f"{trial}, repetition {number}" if number else trial
    rows = metrics[(metrics["trial_id"] == trial) & (metrics["rep"] == number) & (metrics["side"] == "both")]
    values = rows.iloc[0] if len(rows) else pd.Series({"status": "rejected"})
    parts = [f"{name} ({style.readable(task)}): {values['status']}"]
    for column in style.HEIGHT_COLOURS:
        if np.isfinite(values.get(column, np.nan)):
            method = style.readable(column.removeprefix("jump_height_").removesuffix("_m"))
            parts.append(f"{values[column]:.3f} ± {values[f'u_{column}']:.3f} m by {method}")
    flags = quality[(quality["trial_id"] == trial) & quality["rep"].isin([0, number])]
    lines = [parts[0]] + (["jump height: " + ", ".join(parts[1:])] if len(parts) > 1 else [])
    flagged: list[str] = []
    kinds = [_wrapped([line], length) for line in flag_lines(flags)]
    while kinds and len(flagged) + len(kinds[0]) <= MOST_LINES:
        flagged += kinds.pop(0)
    if kinds:
        flagged.append(f"and {style.counted(len(kinds), 'further kind')} of flag; see quality.csv")
    return "\n".join([*_wrapped(lines, length), *flagged]), str(values["status"])


def _wrapped(lines: list[str], length: int) -> list[str]:
    """Lines of at most `length` letters."""
    return [part for line in lines for part in textwrap.wrap(line, length, subsequent_indent="    ")]


def flag_lines(flags: pd.DataFrame) -> list[str]:
    """Summarise quality flags in a line per code, the worst first; many of one code are counted, several notes named.

    Parameters
    ----------
    flags : rows of quality.csv.
    """
    lines = []
    noted = flags.loc[flags["severity"] == "noted", "code"].unique()
    if len(noted) > 1:
        flags = flags[flags["severity"] != "noted"]
    ranks = flags["severity"].map(list(style.SEVERITY_COLOURS).index)
    for (_, severity, code), rows in flags.assign(rank=ranks).groupby(["rank", "severity", "code"], sort=True):
        words = " ".join(rows["sentence"])
        gaps = GAP_SENTENCE.findall(words)
        if len(gaps) > 1:
            markers = style.counted(len({marker for marker, _ in gaps}), "marker")
            longest = max(float(seconds) for _, seconds in gaps)
            words = f"{len(gaps)} gaps of {markers}, the longest {longest:.1f} s; see quality.csv"
            words = f"{style.readable(str(code))}: {words}"
        elif len(words) > LONGEST_WORDS:
            words = textwrap.shorten(words, LONGEST_WORDS, placeholder=" ...; see quality.csv")
        lines.append(f"{severity}: {words}")
    if len(noted) > 1:
        lines.append(f"noted: {', '.join(style.readable(str(code)) for code in noted)}; see quality.csv")
    return lines


def _draw_repetition(panel: SubFigure, reps: xr.Dataset, rep: int, align: str | None) -> list[str]:
    """Draw force and velocity of one repetition; return the names of the phases, events and lines that need a key."""
    chosen = reps.isel(rep=rep, scoring=0)
    upper, lower = panel.subplots(2, 1, sharex=True, height_ratios=[2.2, 1.0])
    time = float(chosen["window_start"]) + np.arange(chosen.sizes["sample"]) / float(chosen["sampling_rate_hz"])
    listed, events = phases(reps, rep=rep, profile=str(reps.attrs["default_profile"])), event_times(chosen, MARKED)
    zero = event_times(chosen, (align,) if align else ()).get(str(align))
    if zero is not None:
        time = time - zero
        listed = [Phase(phase.name, phase.start - zero, phase.end - zero) for phase in listed]
        events = {name: when - zero for name, when in events.items()}
    left, right = _span(time, chosen, listed, events)
    sides = [side for side in ("left", "right", "both") if bool(chosen["force"].sel(side=side).notnull().any())]
    for side in sides:
        force = chosen["force"].sel(side=side).to_numpy()
        upper.plot(time, force, color=style.SIDE_COLOURS[side], linewidth=1.1 if side == "both" else 0.9)
    speed = velocity(reps.isel(rep=[rep]).variables)[0, 0].data
    upper.axhline(float(chosen["body_weight"].sel(side="both")), color="black", linewidth=0.7, linestyle=(0, (6, 3)))
    _shade((upper, lower), listed)
    size, before = 5.0, -np.inf
    for name, when in events.items():
        # Of simultaneous events the later mark is larger and drawn below the earlier, so that both are visible.
        size = size + 4.5 if when - before < SIMULTANEOUS_SHARE * (right - left) else 5.0
        before = when
        height = np.interp(when, time, chosen["force"].sel(side="both").to_numpy())
        marker = style.EVENT_MARKERS[name]
        upper.plot(
            when, height, marker, color="black", markerfacecolor="white", markersize=size, zorder=4 - 0.02 * size
        )
        for axes in (upper, lower):
            axes.axvline(when, color="black", linewidth=0.3, zorder=0.5)
    if np.isfinite(speed).any():
        lower.plot(time, speed, color=style.SIDE_COLOURS["both"])
        lower.axhline(0.0, color="black", linewidth=0.5)
    else:
        lower.text(0.5, 0.5, "velocity was not integrated", transform=lower.transAxes, ha="center", va="center")
        lower.set_yticks([])
    upper.set_xlim(left, right)
    _label(panel, upper, lower, "of the trial" if zero is None else f"from {style.readable(str(align))}")
    seen = [phase.name for phase in listed if phase.start < right and phase.end > left]
    return [*seen, *(f"{name} event" for name in events), *sides]


def _span(time: np.ndarray, chosen: xr.Dataset, listed: list[Phase], events: dict[str, float]) -> tuple[float, float]:
    """Times shown: the movement with a margin; the whole recording where no event was detected [s]."""
    last = time[int(chosen["force"].sel(side="both").notnull().sum()) - 1]
    if not events:
        return float(time[0]), float(last)
    ends = [phase.end for phase in listed if phase.name != "weighing"] + list(events.values())
    return max(min(events.values()) - _MARGIN_S, float(time[0]) - EDGE_S), min(max(ends) + _MARGIN_S, float(last))


def _shade(axes: tuple[Axes, Axes], listed: list[Phase]) -> None:
    """Shade phases; one that lies within another is shaded over it."""
    for phase in listed:
        for each in axes:
            each.axvspan(phase.start, phase.end, color=style.PHASE_COLOURS[phase.name], alpha=0.3, linewidth=0.0)


def _label(panel: SubFigure, upper: Axes, lower: Axes, clock: str) -> None:
    """Label the axes of a repetition with quantity and unit."""
    upper.set_ylabel("vertical\nforce [N]")
    lower.set_ylabel("velocity\n[m/s]")
    lower.set_xlabel(f"time {clock} [s]")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    panel.align_ylabels([upper, lower])


def _draw_recording(panel: SubFigure, trial: xr.DataTree) -> None:
    """Draw the force of a trial without repetitions as it was recorded, plate by plate."""
    axes = panel.subplots()
    force = stream(trial, "force")
    if force is not None:
        vertical = force["force"].sel(axis="y")
        for plate in vertical["plate"].to_numpy():
            axes.plot(vertical["time"], vertical.sel(plate=plate), label=f"plate {plate}, as recorded")
        axes.legend(loc="best")
        axes.set_ylabel("vertical force [N]")
        axes.set_xlabel("time of the trial [s]")
        axes.spines[["top", "right"]].set_visible(False)
    else:
        axes.text(0.5, 0.5, "no force to draw", transform=axes.transAxes, ha="center", va="center")
        axes.set_axis_off()


def _keys(drawn: list[str]) -> list[Patch | Line2D]:
    """Legend entries for what was drawn: phases, events, lines."""
    entries: list[Patch | Line2D] = [
        Patch(color=colour, alpha=0.3, linewidth=0.0, label=name)
        for name, colour in style.PHASE_COLOURS.items()
        if name in drawn
    ]
    for name, marker in style.EVENT_MARKERS.items():
        if f"{name} event" in drawn:
            mark = Line2D([], [], color="black", marker=marker, markerfacecolor="white", linestyle="none")
            mark.set_label(style.readable(name))
            entries.append(mark)
    for side, words in LINES.items():
        if side in drawn:
            entries.append(Line2D([], [], color=style.SIDE_COLOURS[side], label=words))
    weights = "; in squats\n".join(name for name in WEIGHTS.values() if name in drawn)
    if weights:
        entries.append(Line2D([], [], color="black", linewidth=0.7, linestyle=(0, (6, 3)), label=weights))
    return entries
