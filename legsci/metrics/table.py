"""METRICS, and the tables made of them: metrics, the same under every profile, repetitions, and quality."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.quality import CODES, Finding
from legsci.mechanics.reps import QUALITY_COLUMNS, STORED_EVENTS
from legsci.metrics import force, power
from legsci.tasks import TASKS
from legsci.vocabulary import ASYMMETRIES, METRIC_TERMS

#: Cut-off of the low-pass filter whose effect on a metric enters its uncertainty [Hz].
FILTER_HZ = 50.0
#: What posture does to a flight-time or pelvis height [m]: landing lower than at take-off lengthens the flight, and limbs move
#: against the pelvis. Flight time exceeds impulse by 1.7 cm on average (Baumgart 2017); the definition does not correct
#: it, so that it counts as an uncertainty.
POSTURE_M = 0.017
#: Heights of one jump disagree when they differ by more than this many standard uncertainties.
AGREEMENT_FACTOR = 2.0
#: Standard uncertainty of an impulse height that is flagged [m].
UNCERTAIN_HEIGHT_M = 0.010
SEVERITIES = ("rejected", "incomplete", "flagged")
KEYS = ("participant_id", "session_id", "trial_id", "rep", "side", "task", "profile", "status", "reason")


@dataclass(frozen=True)
class Metric:
    """One column of metrics.csv.

    Parameters
    ----------
    measure : reps Dataset -> (rep, scoring) or (rep, scoring, side), in the unit that the name ends in.
    headline : whether its standard uncertainty is found and reported as u_<name>.
    """

    measure: Callable[[xr.Dataset], xr.DataArray]
    headline: bool = False


METRICS: dict[str, Metric] = {
    "body_weight_n": Metric(force.body_weight, headline=True),
    "peak_force_n": Metric(force.peak_force, headline=True),
    "landing_peak_force_n": Metric(force.landing_peak_force, headline=True),
    "jump_height_impulse_m": Metric(power.jump_height_impulse, headline=True),
    "jump_height_flight_time_m": Metric(power.jump_height_flight_time, headline=True),
    "jump_height_pelvis_m": Metric(power.jump_height_pelvis, headline=True),
    "takeoff_velocity_m_per_s": Metric(power.takeoff_velocity, headline=True),
    "flight_time_s": Metric(force.flight_time, headline=True),
    "contact_time_s": Metric(force.contact_time, headline=True),
    "time_to_takeoff_s": Metric(force.time_to_takeoff, headline=True),
    "unweighting_time_s": Metric(force.unweighting_time),
    "braking_time_s": Metric(force.braking_time),
    "propulsion_time_s": Metric(force.propulsion_time),
    "countermovement_depth_m": Metric(power.countermovement_depth, headline=True),
    "net_impulse_n_s": Metric(force.net_impulse, headline=True),
    "braking_impulse_n_s": Metric(force.braking_impulse),
    "propulsion_impulse_n_s": Metric(force.propulsion_impulse),
    "rate_of_force_development_n_per_s": Metric(force.rate_of_force_development, headline=True),
    "peak_power_w": Metric(power.peak_power, headline=True),
    "rsi_modified_m_per_s": Metric(power.rsi_modified, headline=True),
    "rsi_m_per_s": Metric(power.rsi, headline=True),
    "flight_contact_ratio": Metric(power.flight_contact_ratio),
    "fall_height_m": Metric(power.fall_height, headline=True),
    "time_to_peak_force_s": Metric(force.time_to_peak_force),
    "loading_rate_n_per_s": Metric(force.loading_rate),
    "centre_of_pressure_range_ap_m": Metric(force.centre_of_pressure_range_ap),
    "centre_of_pressure_range_ml_m": Metric(force.centre_of_pressure_range_ml),
}
#: Kind of uncertainty that no re-scoring shows, added in quadrature [unit of the metric].
POSTURE_METRICS = ("jump_height_flight_time_m", "jump_height_pelvis_m")


def _applies(reps: xr.Dataset, name: str) -> xr.DataArray:
    """Whether the task of each repetition has this metric (rep,)."""
    return xr.DataArray([name in TASKS[str(task)].metrics for task in reps["task"].to_numpy()], dims="rep")


def measure(reps: xr.Dataset) -> xr.Dataset:
    """All metrics of a session's repetitions: variables (rep, scoring, side), NaN where the task has no such metric.

    A metric without sides stands at side both.
    """
    both = xr.DataArray([True, False, False], coords={"side": reps["side"]}, dims="side")
    values = {}
    for name, metric in METRICS.items():
        array = metric.measure(reps)
        array = array.where(both) if "side" not in array.dims else array
        array = array.where(_applies(reps, name)).transpose("rep", "scoring", "side")
        values[name] = array.drop_vars([coord for coord in array.coords if coord not in array.dims])
    result = xr.Dataset(values)
    for name in ASYMMETRIES:
        left, right = (result[name].sel(side=side, drop=True) for side in ("left", "right"))
        short = name.removesuffix("_n_s").removesuffix("_n")
        result[f"asymmetry_{short}_percent"] = (100.0 * (right - left) / (right + left)).where(both)
    return result


def _filtered(reps: xr.Dataset) -> xr.Dataset:
    """The repetitions with force low-passed at `FILTER_HZ`, default scoring only; events stay."""
    default = reps.isel(scoring=[0])
    smooth = default["force"].copy(deep=True)
    for rep, rate in enumerate(reps["sampling_rate_hz"].to_numpy().astype(float)):
        if rate > 4.0 * FILTER_HZ:
            rows = np.ascontiguousarray(smooth.isel(rep=rep).to_numpy(), dtype=float)
            smooth[rep] = butterworth_lowpass(rows, sampling_rate_hz=rate, cutoff_hz=FILTER_HZ)
    return default.assign(force=smooth)


def uncertainty(reps: xr.Dataset, measured: xr.Dataset) -> xr.Dataset:
    """Standard uncertainty of the headline metrics under the default profile: variables u_<metric> (rep,), side both.

    Each source is moved by one standard uncertainty (weighing, offset) or by the width of the choice (movement start, contact
    limit, low-pass filter), the trial is measured again, and the changes add in quadrature (JCGM 100:2008, 5.1.3, numerically).
    Heights that rest on the body's posture carry `POSTURE_M` as well. One sample of timing resolution (rectangular) is in the
    flight and contact times through the contact limit's sub-sample crossing and is not added again.
    """
    default = str(reps["scoring"].to_numpy()[0])
    moved = [index for index, name in enumerate(reps["scoring"].to_numpy()) if str(name).startswith(f"{default}|")]
    both = measured.sel(side="both", drop=True)
    nominal = both.isel(scoring=0, drop=True)
    filtered = measure(_filtered(reps)).sel(side="both", drop=True).isel(scoring=0, drop=True)
    result = {}
    for name, metric in METRICS.items():
        if not metric.headline:
            continue
        changes = (both[name].isel(scoring=moved) - nominal[name]).fillna(0.0)
        smoothing = (filtered[name] - nominal[name]).fillna(0.0)
        posture = POSTURE_M if name in POSTURE_METRICS else 0.0
        variance = (changes**2).sum("scoring") + smoothing**2 + posture**2
        result[f"u_{name}"] = (variance**0.5).where(nominal[name].notnull())
    return xr.Dataset(result)


def _agreement(values: pd.Series) -> list[Finding]:
    """Compare the jump heights of one repetition within their uncertainties."""
    names = [name for name in METRICS if name.startswith("jump_height_") and np.isfinite(values[name])]
    findings = []
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            difference = abs(values[first] - values[second])
            limit = AGREEMENT_FACTOR * float(np.hypot(values[f"u_{first}"], values[f"u_{second}"]))
            if difference > limit:
                words = " and ".join(METRIC_TERMS[name].label.partition("(")[2].rstrip(")") for name in (first, second))
                findings.append(
                    Finding("heights_disagree", "jump height", difference, limit, f"by {words}", rep=int(values["rep"]))
                )
    height = values["u_jump_height_impulse_m"]
    if height > UNCERTAIN_HEIGHT_M:
        findings.append(Finding("uncertain_height", "jump height", height, UNCERTAIN_HEIGHT_M, rep=int(values["rep"])))
    return findings


def _frame(measured: xr.Dataset, reps: xr.Dataset) -> pd.DataFrame:
    """Metrics as rows of rep x scoring x side, sides that were not recorded left out; `index` numbers the repetitions."""
    scorings, sides = (reps[name].to_numpy().astype(str) for name in ("scoring", "side"))
    shape = (reps.sizes["rep"], scorings.size, sides.size)
    index, scoring, side = (axis.ravel() for axis in np.indices(shape))
    keys = {
        "participant_id": reps.attrs["participant_id"],
        "session_id": reps.attrs["session_id"],
        "trial_id": reps["trial_id"].to_numpy().astype(str)[index],
        "rep": reps["number"].to_numpy()[index],
        "side": sides[side],
        "task": reps["task"].to_numpy().astype(str)[index],
        "profile": scorings[scoring],
        "index": index,
    }
    values = {
        str(name): array.transpose("rep", "scoring", "side").to_numpy().ravel() for name, array in measured.items()
    }
    recorded = reps["force"].notnull().any("sample").transpose("rep", "side").to_numpy()
    return pd.DataFrame(keys | values)[recorded[index, side]]


def _status(findings: pd.DataFrame) -> tuple[str, str]:
    """The worst severity among findings, and the codes that led to it and to anything less."""
    severities = set(findings["severity"])
    if "kept" in set(findings["code"]):
        severities.discard("rejected")
    worst = next((severity for severity in SEVERITIES if severity in severities), "accepted")
    codes = [code for code in CODES if code in set(findings["code"]) and CODES[code].severity != "noted"]
    return worst, " ".join(codes)


def session_metrics(reps: xr.Dataset | None, quality: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure one session.

    Parameters
    ----------
    reps : Dataset of its reps file, None where no trial holds a repetition.
    quality : its findings so far.

    Returns
    -------
    metrics : rows of rep x side x profile, with status and reason; a trial without repetitions has one row, rep 0.
    quality : the findings, with those that rest on metrics added.
    """
    frames = []
    if reps is not None:
        measured = measure(reps)
        frame = _frame(measured, reps)
        sure = uncertainty(reps, measured).to_dataframe().reset_index(drop=True)
        default = str(reps["scoring"].to_numpy()[0])
        chosen = (frame["profile"] == default) & (frame["side"] == "both")
        frame = frame.join(sure, on="index")
        frame.loc[~chosen, list(sure.columns)] = np.nan
        for _, values in frame[chosen].iterrows():
            rows = [_quality_row(values, finding) for finding in _agreement(values)]
            quality = pd.concat([quality, pd.DataFrame(rows, columns=list(QUALITY_COLUMNS))]) if rows else quality
        frames.append(frame[~frame["profile"].str.contains("|", regex=False)].drop(columns="index"))
    for (trial_id, task), found in quality.groupby(["trial_id", "task"], sort=False):
        if reps is None or trial_id not in set(reps["trial_id"].to_numpy()):
            first = found.iloc[0]
            row = {"trial_id": trial_id, "task": task, "rep": 0, "side": "both"}
            frames.append(pd.DataFrame([{**row, **first[["participant_id", "session_id"]].to_dict()}]))
    metrics = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(KEYS))
    judged = [_status(_of(quality, row)) for _, row in metrics.iterrows()]
    metrics["status"], metrics["reason"] = [worst for worst, _ in judged], [codes for _, codes in judged]
    return _ordered(metrics), quality.reset_index(drop=True)


def _quality_row(values: pd.Series, finding: Finding) -> dict[str, object]:
    """A finding about a row of the metrics table as columns of the quality table."""
    return {str(name): getattr(finding, name, None) or values.get(name) for name in QUALITY_COLUMNS}


def _of(quality: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Findings about a repetition, its whole trial included."""
    return quality[(quality["trial_id"] == row["trial_id"]) & quality["rep"].isin([0, row["rep"]])]


def _ordered(metrics: pd.DataFrame) -> pd.DataFrame:
    """Keys first, then each metric followed by its uncertainty; every column present in every study."""
    values = [column for name in METRIC_TERMS for column in (name, f"u_{name}") if not _missing(column)]
    return metrics.reindex(columns=[*KEYS, *values])


def _missing(column: str) -> bool:
    """Tell an uncertainty that no metric has."""
    name = column.removeprefix("u_")
    return column.startswith("u_") and not (name in METRICS and METRICS[name].headline)


def repetition_table(reps: xr.Dataset) -> pd.DataFrame:
    """Events of a session's repetitions under each profile, rows of reps.csv [s on the trial's clock]."""
    published = [index for index, name in enumerate(reps["scoring"].to_numpy()) if "|" not in str(name)]
    chosen = reps[list(STORED_EVENTS)].isel(scoring=published)
    names = reps["scoring"].to_numpy()[published]
    rows = []
    for index in range(chosen.sizes["rep"]):
        for number, profile in enumerate(names):
            row: dict[str, object] = {
                "participant_id": reps.attrs["participant_id"],
                "session_id": reps.attrs["session_id"],
                "trial_id": str(reps["trial_id"].to_numpy()[index]),
                "rep": int(reps["number"].to_numpy()[index]),
                "task": str(reps["task"].to_numpy()[index]),
                "profile": str(profile),
            }
            row |= {f"{event}_s": float(chosen[event].to_numpy()[index, number]) for event in STORED_EVENTS}
            rows.append(row)
    return pd.DataFrame(rows)


def study_tables(
    sessions: Iterable[tuple[xr.Dataset | None, pd.DataFrame]],
) -> dict[str, pd.DataFrame]:
    """Tables of a study from its sessions' repetitions and findings.

    Returns
    -------
    metrics (default profile), metrics_by_profile (all), reps, quality.
    """
    metrics, events, findings = [], [], []
    default = ""
    for reps, quality in sessions:
        measured, judged = session_metrics(reps, quality)
        metrics.append(measured)
        findings.append(judged)
        if reps is not None:
            default = str(reps.attrs["default_scoring"])
            events.append(repetition_table(reps))
    everything = pd.concat(metrics, ignore_index=True)
    return {
        "metrics": everything[everything["profile"].isin([default]) | everything["profile"].isna()],
        "metrics_by_profile": everything,
        "reps": pd.concat(events, ignore_index=True) if events else pd.DataFrame(),
        "quality": pd.concat(findings, ignore_index=True),
    }
