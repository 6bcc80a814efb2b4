"""One repetition under each definition profile: its phases, and the metrics that follow from them."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from legsci.mechanics.force.profiles import load_profiles
from legsci.mechanics.reps.signals import scoring_of
from legsci.metrics.families.force import LANDING_S
from legsci.metrics.registry import METRICS
from legsci.present.figures import style
from legsci.present.figures.phases import Phase, event_times, phases
from legsci.present.results import Results

CONFIG_LIST = "study"

#: Metrics in the table below the phases, and their decimals.
COMPARED = {
    "body_weight_n": 1,
    "time_to_takeoff_s": 3,
    "contact_time_s": 3,
    "flight_time_s": 4,
    "jump_height_impulse_m": 4,
    "jump_height_flight_time_m": 4,
    "braking_time_s": 3,
    "propulsion_time_s": 3,
    "landing_peak_force_n": 0,
}
#: Time shown before the movement and after the landing [s].
_MARGIN_S = 0.2
#: Height of a profile's lane, and width of a letter in it as a fraction of the time shown.
_LANE = 0.8
_LETTER = 0.007


def widest_repetition(metrics_by_profile: pd.DataFrame) -> pd.Series | None:
    """Choose the repetition whose braking times differ most between profiles (without braking: jump heights).

    Returns
    -------
    Its participant_id, session_id, trial_id and rep; None where no repetition has either under two profiles without
    being rejected.
    """
    keys = ["participant_id", "session_id", "trial_id", "rep"]
    rows = metrics_by_profile[(metrics_by_profile["side"] == "both") & (metrics_by_profile["status"] != "rejected")]
    for column in ("braking_time_s", "jump_height_impulse_m", "jump_height_flight_time_m"):
        values = rows.dropna(subset=column).groupby(keys)[column]
        spread = (values.max() - values.min())[values.count() > 1]
        if not spread.empty:
            return spread.sort_values(ascending=False, kind="stable").reset_index().iloc[0][keys]
    return None


def draw(study: Results) -> Figure:
    """Draw the repetition in which profiles differ most."""
    widest = widest_repetition(study.metrics_by_profile)
    if widest is None:
        return style.words_only(
            "no repetition of this study has a jump height under two profiles", simulated=study.simulated
        )
    rows = study.metrics_by_profile
    rows = rows[(rows[list(widest.index)] == widest).all(axis=1)]
    reps = study.signals(widest["participant_id"], widest["session_id"])
    assert reps is not None, "a repetition with metrics is in its reps file"
    same = (reps["trial_id"] == widest["trial_id"]) & (reps["number"] == widest["rep"])
    place = int(np.flatnonzero(same.to_numpy())[0])
    return profile_comparison_figure(reps, rows, rep=place, simulated=study.simulated)


def profile_comparison_figure(reps: xr.Dataset, rows: pd.DataFrame, *, rep: int, simulated: bool) -> Figure:
    """Draw one repetition's force, its phases under each profile, and the metrics that follow.

    Parameters
    ----------
    reps : answer of `legsci.mechanics.reps.signals.with_signals`.
    rows : of metrics_by_profile.csv, those of the repetition.
    rep : its place along `rep`, from 0.
    simulated : whether the recording is simulated.

    Returns
    -------
    A figure: vertical force [N] over time [s], one lane of phases per profile with a mark at each event, and a table.
    """
    rows = rows[rows["side"] == "both"].set_index("profile")
    names = list(rows.index)
    chosen = reps.isel(rep=rep)
    with style.figure_style():
        figure = Figure(figsize=(style.PAGE_WIDTH, 3.2 + 0.75 * len(names)), layout="constrained")
        trace, lanes, table = figure.subplots(3, 1, height_ratios=[2.0, 0.45 * len(names), 0.25 * (len(names) + 2.5)])
        lanes.sharex(trace)
        listed = {name: phases(reps, rep=rep, profile=name) for name in names}
        edges = [edge for each in listed.values() for phase in each if phase.name != "weighing" for edge in phase[1:]]
        time = float(chosen["window_start"]) + np.arange(chosen.sizes["sample"]) / float(chosen["sampling_rate_hz"])
        trace.plot(time, chosen["force"].sel(side="both"), color="black")
        trace.set_xlim(min(edges) - _MARGIN_S, max(edges) - LANDING_S + _MARGIN_S)
        trace.set_ylabel("vertical force [N]")
        trace.tick_params(labelbottom=False)
        for place, name in enumerate(names):
            _lane(lanes, place, listed[name], chosen.isel(scoring=scoring_of(reps, name)), trace.get_xlim())
        lanes.set_yticks(range(len(names)), [load_profiles()[name].title for name in names])
        lanes.set_ylim(len(names) - 0.5, -0.5)
        lanes.set_xlabel("time of the trial [s]")
        for axes in (trace, lanes):
            axes.spines[["top", "right"]].set_visible(False)
        _table(table, rows)
        trial, number = str(chosen["trial_id"].item()), int(chosen["number"])
        words = f"Participant {reps.attrs['participant_id']}, session {reps.attrs['session_id']}, {trial}"
        style.title(
            figure,
            f"{words}, repetition {number}: n = 1 repetition under {len(names)} profiles",
            simulated=simulated,
        )
    return figure


def _lane(axes: Axes, place: int, listed: list[Phase], chosen: xr.Dataset, shown: tuple[float, float]) -> None:
    """Draw the phases and events of one profile; a phase within another takes the lower half of the lane."""
    for phase in listed:
        inside = any(
            other is not phase and other.start <= phase.start and phase.end <= other.end and len(listed) > 1
            for other in listed
        )
        start, end = max(phase.start, shown[0]), min(phase.end, shown[1])
        if end <= start:
            continue
        bottom, height = (place, _LANE / 2) if inside else (place - _LANE / 2, _LANE)
        axes.broken_barh([(start, end - start)], (bottom, height), color=style.PHASE_COLOURS[phase.name], alpha=0.55)
        if (end - start) / (shown[1] - shown[0]) > _LETTER * len(phase.name):
            middle = place + _LANE / 4 if inside else place - 0.18
            axes.text((start + end) / 2, middle, phase.name, ha="center", va="center", fontsize=5.8)
    for when in event_times(chosen, tuple(style.EVENT_MARKERS)).values():
        if shown[0] <= when <= shown[1]:
            axes.plot([when, when], [place, place + _LANE / 2], color="black", linewidth=0.6)


def _table(axes: Axes, rows: pd.DataFrame) -> None:
    """Write the metrics of each profile."""
    columns = [name for name in COMPARED if rows[name].notna().any()]
    cells = [
        ["-" if pd.isna(row[name]) else f"{row[name]:.{COMPARED[name]}f}" for name in columns]
        for _, row in rows.iterrows()
    ]
    heads = [
        f"{textwrap.fill(METRICS[name].label, 13, break_on_hyphens=False)}\n[{METRICS[name].unit}]" for name in columns
    ]
    axes.set_axis_off()
    table = axes.table(
        cells,
        rowLabels=[load_profiles()[str(name)].title for name in rows.index],
        colLabels=heads,
        bbox=Bbox.unit(),
        cellLoc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(6.5)
    for (row, _), cell in table.get_celld().items():
        cell.set_linewidth(0.4)
        cell.set_height(2.0 if row == 0 else 1.0)
