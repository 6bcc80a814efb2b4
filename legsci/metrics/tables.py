"""The tables of a study: metrics under the default profile and under each profile, repetitions, and quality flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.study import Study
from legsci.mechanics.reps.files import FLAG_COLUMNS, QUALITY_COLUMNS
from legsci.mechanics.reps.repetition import CLOCK, STORED_EVENTS, UNPERTURBED
from legsci.metrics.families.contacts import stabilisation_flags
from legsci.metrics.families.muscles import references_in_words
from legsci.metrics.measure import measure, prepare
from legsci.metrics.measurements import PROFILE as MEASURED
from legsci.metrics.measurements import declared_metrics, measured_dictionary, measured_rows
from legsci.metrics.registry import COLUMNS, METRICS, dictionary
from legsci.metrics.status import HEIGHTS, LIMITS, height_flags, plausibility_flags, row_status, withhold
from legsci.metrics.uncertainty import uncertainty
from legsci.vocabulary import SIDES

#: Values of a metric (rep, scoring, side).
Values = NDArray[np.float64]
_REP = ("participant_id", "session_id", "trial_id", "rep", "task", "profile")
#: Columns of reps.csv.
EVENT_COLUMNS = (*_REP, *(f"{event}_s" for event in STORED_EVENTS))


def _frame(measured: Mapping[str, Values], reps: xr.Dataset) -> pd.DataFrame:
    """Metrics as rows of rep x scoring x side, only sides that were recorded; `index` numbers the repetitions."""
    named = reps.variables
    profiles, moved, sides = (named[name].data.astype(str) for name in ("profile", "perturbation", "side"))
    shape = (reps.sizes["rep"], profiles.size, sides.size)
    index, scoring, side = (axis.ravel() for axis in np.indices(shape))
    keys = {
        "participant_id": reps.attrs["participant_id"],
        "session_id": reps.attrs["session_id"],
        "trial_id": named["trial_id"].data.astype(str)[index],
        "rep": named["number"].data[index],
        "side": sides[side],
        "task": named["task"].data.astype(str)[index],
        "profile": profiles[scoring],
        "cutoff_hz": named["cutoff_hz"].data[index],
        "moment_axes": named["moment_axes"].data.astype(str)[index],
        "emg_reference": np.array(references_in_words(reps))[side],
        "perturbation": moved[scoring],
        "index": index,
    }
    values = {name: each.ravel() for name, each in measured.items()}
    recorded = np.isfinite(named["force"].transpose("rep", "side", "sample").data).any(axis=2)[index, side]
    recorded |= np.isfinite(np.array(list(values.values()))).any(axis=0)
    return pd.DataFrame(keys | values)[recorded]


def session_metrics(reps: xr.Dataset | None, quality: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure one session.

    Parameters
    ----------
    reps : answer of `legsci.mechanics.reps.signals.with_signals`, None where no trial holds a repetition.
    quality : its flags so far, columns FLAG_COLUMNS.

    Returns
    -------
    metrics : rows of rep x side x profile, with status and reason under that profile; a trial without repetitions has
        one row, rep 0.
    quality : the flags under the default profile, with those that metrics give added, columns QUALITY_COLUMNS.
    """
    frames = []
    if reps is not None:
        frame, flags = _measured_rows(reps)
        frames.append(frame)
        if flags:
            added = pd.DataFrame(flags, columns=list(FLAG_COLUMNS))
            quality = pd.concat([quality, added], ignore_index=True) if len(quality) else added
    cut = set() if reps is None else set(reps.variables["trial_id"].data.astype(str))
    uncut = quality[~quality["trial_id"].isin(cut)].drop_duplicates("trial_id")
    frames.append(uncut[["participant_id", "session_id", "trial_id", "task"]].assign(rep=0, side="both"))
    metrics = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if "profile" not in metrics:
        metrics["profile"] = np.nan
    statuses = row_status(metrics, quality)
    metrics["status"], metrics["reason"] = [worst for worst, _ in statuses], [reasons for _, reasons in statuses]
    shown = {""} if reps is None else {"", str(reps.attrs["default_profile"])}
    quality = quality.loc[quality["profile"].isin(shown), list(QUALITY_COLUMNS)]
    return _ordered(metrics), quality.reset_index(drop=True)


def _measured_rows(reps: xr.Dataset) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Rows of rep x side x profile, with uncertainties where the profile is the default; and flags about them."""
    measured = _with_uncertainties(measure(reps), reps)
    beyond, unsettled = withhold(measured), stabilisation_flags(prepare(reps))
    frame = _frame(measured, reps)
    published = (frame["perturbation"] == UNPERTURBED).to_numpy()
    default = (frame["profile"] == str(reps.attrs["default_profile"])).to_numpy()
    chosen = default & published & (frame["side"] == "both").to_numpy()
    keys = ("participant_id", "session_id", "trial_id", "task")
    heights = [f"{prefix}{name}" for name in HEIGHTS for prefix in ("", "u_")]
    checked = dict.fromkeys([*heights, *LIMITS, "body_weight_n"])
    stated = ("rep", "code", "severity", "signal", "value", "limit", "sentence")
    flags = [
        {name: values[name] for name in (*keys, "profile")}
        | {name: getattr(flag, name) for name in stated}
        | {"rep": values["rep"]}
        for values in frame.loc[chosen, [*keys, "profile", "rep", "index", *checked]].to_dict("records")
        for flag in (
            *height_flags(values),
            *plausibility_flags(values),
            *beyond.get(values["index"], ()),
            *unsettled.get(values["index"], ()),
        )
    ]
    return frame[published].drop(columns=["index", "perturbation"]), flags


def _with_uncertainties(measured: xr.Dataset, reps: xr.Dataset) -> dict[str, Values]:
    """Metrics with the uncertainty of those that are rescored, at side both under the default profile.

    Uncertainties that metrics state themselves take the clock of the cameras as certain: where it is not, what changes
    when they are read later by its uncertainty is added.
    """
    shape = tuple(reps.sizes[dim] for dim in ("rep", "scoring", "side"))
    values = {str(name): variable.data for name, variable in measured.variables.items() if variable.shape == shape}
    for name, variable in uncertainty(reps, measured).variables.items():
        laid = np.full(shape, np.nan)
        laid[:, 0, SIDES.index("both")] = variable.data
        values[str(name)] = laid
    moved = np.flatnonzero(reps.variables["perturbation"].data.astype(str) == CLOCK)
    for name in (name for name, metric in METRICS.items() if moved.size and metric.uncertainty == "stated"):
        if f"u_{name}" not in values:
            continue  # no task of the session has it
        change = np.nan_to_num(values[name][:, moved[0]] - values[name][:, 0])
        values[f"u_{name}"] = np.hypot(values[f"u_{name}"], change[:, None])
    return values


def _ordered(metrics: pd.DataFrame) -> pd.DataFrame:
    """Keys first, then each metric followed by its uncertainty; every column present in every study."""
    return metrics.reindex(columns=list(COLUMNS))


def event_table(reps: xr.Dataset) -> pd.DataFrame:
    """Lay out the events of a session's repetitions under each profile, rows of reps.csv [s on the trial's clock]."""
    named = reps.variables
    profiles = named["profile"].data.astype(str)
    published = named["perturbation"].data.astype(str) == UNPERTURBED
    rep, scoring = (axis.ravel() for axis in np.indices((reps.sizes["rep"], int(published.sum()))))
    keys = {
        "participant_id": reps.attrs["participant_id"],
        "session_id": reps.attrs["session_id"],
        "trial_id": named["trial_id"].data.astype(str)[rep],
        "rep": named["number"].data[rep],
        "task": named["task"].data.astype(str)[rep],
        "profile": profiles[published][scoring],
    }
    events = {
        f"{event}_s": named[event].transpose("rep", "scoring").data[:, published].ravel() for event in STORED_EVENTS
    }
    return pd.DataFrame(keys | events)


def study_tables(
    sessions: Iterable[tuple[xr.Dataset | None, pd.DataFrame]], study: Study | None = None
) -> dict[str, pd.DataFrame]:
    """Tables of a study from its sessions' repetitions and flags, and from what other systems measured.

    Parameters
    ----------
    sessions : repetitions with their signals, and flags.
    study : its folder, read; its measurements are rows of profile "measured".

    Returns
    -------
    metrics (default profile, and measurements), metrics_by_profile (every definition profile), reps, quality, and
    dictionary (of the columns of metrics).
    """
    metrics, events, flags = [], [], []
    default = ""
    if study is not None and len(study.measurements):
        measured, judged = measured_rows(study)
        metrics.append(measured)
        flags.append(judged)
    for reps, quality in sessions:
        measured, judged = session_metrics(reps, quality)
        metrics.append(measured)
        flags.append(judged)
        if reps is not None:
            default = str(reps.attrs["default_profile"])
            events.append(event_table(reps))
    everything = pd.concat(metrics, ignore_index=True)
    shown = everything["profile"].isin([default, MEASURED]) | everything["profile"].isna()
    return {
        "metrics": everything[shown],
        "metrics_by_profile": everything[everything["profile"] != MEASURED],
        "reps": pd.concat(events, ignore_index=True) if events else pd.DataFrame(columns=list(EVENT_COLUMNS)),
        "quality": pd.concat(flags, ignore_index=True),
        "dictionary": study_dictionary(study),
    }


def study_dictionary(study: Study | None = None) -> pd.DataFrame:
    """Data dictionary of the columns of metrics.csv: those of the registry, and those that a study declares."""
    definitions = dictionary()
    if study is not None and declared_metrics(study):
        definitions = pd.concat([definitions, measured_dictionary(study)]).fillna("")
    return definitions.rename_axis("column").reset_index()
