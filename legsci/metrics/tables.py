"""METRICS, and the tables made of them: metrics, the same under every profile, repetitions, and quality."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.reps.files import FLAG_COLUMNS, QUALITY_COLUMNS
from legsci.mechanics.reps.repetition import STORED_EVENTS
from legsci.metrics import alignment, force, joints, kinetics, power
from legsci.metrics.signals import Reps, velocity
from legsci.quality import CODES, QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import ASYMMETRIES, METRIC_TERMS, SIDES

#: Cut-off of the low-pass filter whose effect on a metric enters its uncertainty [Hz].
FILTER_HZ = 50.0
#: What posture does to a flight-time or pelvis height [m]: landing lower than at take-off lengthens the flight, and
#: limbs move against the pelvis. Flight time exceeds impulse by 1.7 cm on average (Baumgart 2017); the definition does
#: not correct it, so that it counts as an uncertainty.
POSTURE_M = 0.017
#: Vertical speed of the centre of mass in the rests between squats, where it is set to zero (standard deviation) [m/s]:
#: what is left of sway and of when the pelvis rests; chosen so that of simulated squats, lowered for 3 s or held at the
#: bottom for as long, 96 % of the depths lie within twice their uncertainty.
REST_SPEED_M_PER_S = 0.0015
DEPTH, SQUAT_EVENTS = "countermovement_depth_m", ("movement_start", "bottom", "movement_end")
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
    measure : answer of `prepare` -> (rep, scoring) or (rep, scoring, side), in the unit that the name ends in; of a
        stated metric the pair of value and standard uncertainty.
    headline : whether its standard uncertainty is found by scoring again, and reported as u_<name>.
    stated : whether the measure states its standard uncertainty itself, which is reported as u_<name>.
    """

    measure: Callable[[Reps], Any]
    headline: bool = False
    stated: bool = False


METRICS: dict[str, Metric] = {
    "body_weight_n": Metric(force.body_weight, headline=True),
    "system_weight_n": Metric(force.body_weight, headline=True),
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
    "knee_flexion_max_deg": Metric(joints.knee_flexion_max),
    "hip_flexion_max_deg": Metric(joints.hip_flexion_max),
    "ankle_dorsiflexion_max_deg": Metric(joints.ankle_dorsiflexion_max),
    "lumbar_flexion_max_deg": Metric(joints.lumbar_flexion_max),
    "trunk_lean_max_deg": Metric(joints.trunk_lean_max),
    "squat_depth_m": Metric(joints.squat_depth),
    "thigh_angle_max_deg": Metric(joints.thigh_angle_max),
    "eccentric_time_s": Metric(joints.eccentric_time),
    "pause_time_s": Metric(joints.pause_time),
    "concentric_time_s": Metric(joints.concentric_time),
    "mean_concentric_velocity_m_per_s": Metric(joints.mean_concentric_velocity),
    "velocity_loss_percent": Metric(joints.velocity_loss),
    **{name: Metric(measure, stated=True) for name, measure in alignment.STATED.items()},
    "foot_progression_angle_deg": Metric(alignment.foot_progression_angle),
    "knee_cross_talk_r2": Metric(alignment.knee_cross_talk),
    "knee_abduction_corrected_peak_deg": Metric(alignment.knee_abduction_corrected_peak),
    **{
        f"{joint}_moment_peak_n_m_per_kg": Metric(kinetics.moment_peak(joint))
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    "knee_abduction_moment_peak_n_m_per_kg": Metric(kinetics.abduction_moment_peak),
    **{
        f"{joint}_power_peak_w_per_kg": Metric(kinetics.power_peak(joint))
        for joint in ("hip", "knee", "ankle", "lumbar")
    },
    **{
        f"{joint}_work_{kind}_j_per_kg": Metric(kinetics.work(joint, kind))
        for joint in ("hip", "knee", "ankle", "lumbar")
        for kind in ("generated", "absorbed")
    },
    "power_residual_peak_w_per_kg": Metric(kinetics.power_residual_peak),
    "force_transmission_ratio": Metric(kinetics.force_transmission_ratio),
    "frontal_plane_work_percent": Metric(kinetics.frontal_plane_share),
    "horizontal_braking_impulse_n_s": Metric(kinetics.horizontal_braking_impulse),
    "horizontal_propulsion_impulse_n_s": Metric(kinetics.horizontal_propulsion_impulse),
    "foot_strike_angle_deg": Metric(joints.foot_strike_angle),
    "running_speed_m_per_s": Metric(joints.running_speed),
    "step_speed_m_per_s": Metric(joints.step_speed),
}
#: What several metrics share, found when the first of them asks for it.
SHARED: dict[str, Callable[[Reps], xr.Variable]] = {
    "works": lambda reps: xr.Variable(("rep", "side"), joints.working_legs(reps["leg"].data)),
    "sample_count": lambda reps: _recorded(reps, ("force",)),
    "frame_count": lambda reps: _recorded(reps, ("angle", "foot_height", "pelvis_position")),
    "velocity": velocity,
    "takeoff_velocity": power.takeoff_velocity,
    "braking_start": force.braking_start,
    "span_start": lambda reps: joints.movement_span(reps)[0],
    "span_end": lambda reps: joints.movement_span(reps)[1],
    "joint_power": kinetics.joint_power,
    "joint_moment_peak": kinetics.joint_moment_peak,
    "joint_power_peak": kinetics.joint_power_peak,
    "joint_work_generated": kinetics.joint_work(1.0),
    "joint_work_absorbed": kinetics.joint_work(-1.0),
}
#: Kind of uncertainty that no re-scoring shows, added in quadrature [unit of the metric].
POSTURE_METRICS = ("jump_height_flight_time_m", "jump_height_pelvis_m")


class _Prepared(dict[str, xr.Variable]):
    """Variables of repetitions, and those of SHARED, each made when it is first asked for."""

    def __init__(self, stored: Mapping[Hashable, xr.Variable]) -> None:
        super().__init__()
        self._stored = stored

    def __missing__(self, name: str) -> xr.Variable:
        if name in SHARED:
            self[name] = SHARED[name](self)
        else:
            signal = self._stored[name]
            dims = ["sample" if dim == "frame" else dim for dim in signal.dims]
            self[name] = xr.Variable(dims, signal.data.astype(float) if signal.dtype.kind == "f" else signal.data)
        return self[name]


def prepare(reps: xr.Dataset) -> Reps:
    """Prepare repetitions for the metrics: their variables, with what several metrics share.

    The samples of markers, dimension `frame` of the file, are called `sample` as those of force are.
    """
    return _Prepared(reps.variables)


def _recorded(signals: Mapping[str, xr.Variable], names: Iterable[str]) -> xr.Variable:
    """Samples of each repetition (rep,) up to the last in which one of some signals was recorded."""
    seen = [np.isfinite(signals[name].transpose("rep", ..., "sample").data) for name in names]
    either = np.any([known.reshape(len(known), -1, known.shape[-1]).any(axis=1) for known in seen], axis=0)
    last = either.shape[1] - np.argmax(either[:, ::-1], axis=1)
    return xr.Variable("rep", np.where(either.any(axis=1), last, 0))


def measure(reps: xr.Dataset, *, names: Iterable[str] = tuple(METRICS)) -> xr.Dataset:
    """Measure a session's repetitions.

    Parameters
    ----------
    reps : Dataset of a reps file.
    names : which METRICS.

    Returns
    -------
    A variable (rep, scoring, side) per metric, in the unit that its name ends in, u_<metric> where its uncertainty is
    known without scoring again, and asymmetries [%] of those of ASYMMETRIES among them. NaN where the task has no such
    metric; a metric without sides stands at side both.
    """
    prepared = prepare(reps)
    tasks = [TASKS[str(task)].metrics for task in reps.variables["task"].data]
    sizes = {dim: reps.sizes[dim] for dim in ("rep", "scoring", "side")}
    result = {}
    for name in names:
        applies = np.array([name in metrics for metrics in tasks])
        if not applies.any():
            result[name] = np.full(tuple(sizes.values()), np.nan)
            continue
        found = METRICS[name].measure(prepared)
        columns = {name: found[0], f"u_{name}": found[1]} if METRICS[name].stated else {name: found}
        result |= {column: _laid_out(values, sizes, applies) for column, values in columns.items()}
    for name in set(ASYMMETRIES) & set(result):
        left, right = (result[name][..., SIDES.index(side)] for side in ("left", "right"))
        total = right + left
        short = name.removesuffix("_n_s").removesuffix("_n")
        # forces that cancel have no larger side
        asymmetry = 100.0 * (right - left) / np.where(total > 0.0, total, np.nan)
        values = result[f"asymmetry_{short}_percent"] = np.full(tuple(sizes.values()), np.nan)
        values[..., SIDES.index("both")] = asymmetry
    return xr.Dataset(
        {name: (tuple(sizes), values) for name, values in result.items()},
        coords={name: reps.get_index(name) for name in sizes},
    )


def _laid_out(values: xr.Variable, sizes: dict[str, int], applies: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Lay a metric out as (rep, scoring, side), NaN where it does not apply; without sides it stands at side both."""
    answer = np.full(tuple(sizes.values()), np.nan)
    sides = slice(None) if "side" in values.dims else [SIDES.index("both")]
    answer[applies, :, sides] = values.set_dims(sizes).transpose(*sizes).data[applies, :, sides]
    return answer


def _unrest(reps: xr.Dataset) -> NDArray[np.float64]:
    """Standard uncertainty of the depth by force of each squat (rep,) from its speed at rest [m]; 0 for other tasks."""
    start, bottom, end = (reps.variables[name].transpose("rep", "scoring").data[:, 0] for name in SQUAT_EVENTS)
    return np.where(np.isfinite(end), REST_SPEED_M_PER_S * np.nan_to_num(bottom - start), 0.0)


def _filtered(reps: xr.Dataset) -> xr.Dataset:
    """Low-pass the force at `FILTER_HZ`, default scoring only; events stay."""
    default = reps.isel(scoring=[0])
    smooth = default.variables["force"].transpose("rep", "side", "sample").data.astype(float)
    for rep, rate in enumerate(reps.variables["sampling_rate_hz"].data.astype(float)):
        if rate > 4.0 * FILTER_HZ:
            smooth[rep] = butterworth_lowpass(smooth[rep], sampling_rate_hz=rate, cutoff_hz=FILTER_HZ)
    return default.assign(force=(("rep", "side", "sample"), smooth))


def uncertainty(reps: xr.Dataset, measured: xr.Dataset) -> xr.Dataset:
    """Find the standard uncertainty of the headline metrics under the default profile: u_<metric> (rep,), side both.

    Each source is moved by one standard uncertainty (weighing, offset, timing) or by the width of the choice (movement
    start, contact limit, low-pass filter), the trial is measured again, and the changes add in quadrature (JCGM
    100:2008, 5.1.3, numerically). Heights that rest on the body's posture carry `POSTURE_M` as well, depths of squats
    what a speed of `REST_SPEED_M_PER_S` at rest comes to until the lowest point.
    """
    scorings = [str(name) for name in reps.get_index("scoring")]
    moved = [index for index, name in enumerate(scorings) if name.startswith(f"{scorings[0]}|")]
    headline = [name for name, metric in METRICS.items() if metric.headline]
    filtered = measure(_filtered(reps), names=headline)
    both = SIDES.index("both")
    result = {}
    for name in headline:
        values = measured.variables[name].data[:, :, both]
        nominal = values[:, 0]
        changes = np.column_stack([values[:, moved], filtered.variables[name].data[:, 0, both]]) - nominal[:, None]
        unseen = POSTURE_M if name in POSTURE_METRICS else _unrest(reps) if name == DEPTH else 0.0
        total = np.sqrt(np.nansum(changes**2, axis=1) + unseen**2)
        result[f"u_{name}"] = ("rep", np.where(np.isfinite(nominal), total, np.nan))
    return xr.Dataset(result)


def _agreement(values: Mapping[Hashable, Any]) -> list[QualityFlag]:
    """Compare the jump heights of one repetition within their uncertainties."""
    names = [name for name in METRICS if name.startswith("jump_height_") and np.isfinite(values[name])]
    flags = []
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            difference = abs(values[first] - values[second])
            limit = AGREEMENT_FACTOR * float(np.hypot(values[f"u_{first}"], values[f"u_{second}"]))
            if difference > limit:
                words = " and ".join(METRIC_TERMS[name].label.partition("(")[2].rstrip(")") for name in (first, second))
                flags.append(
                    QualityFlag(
                        "heights_disagree", "jump height", difference, limit, f"by {words}", rep=int(values["rep"])
                    )
                )
    height = values["u_jump_height_impulse_m"]
    if height > UNCERTAIN_HEIGHT_M:
        flags.append(QualityFlag("uncertain_height", "jump height", height, UNCERTAIN_HEIGHT_M, rep=int(values["rep"])))
    return flags


def _frame(measured: xr.Dataset, reps: xr.Dataset) -> pd.DataFrame:
    """Metrics as rows of rep x scoring x side, only sides that were recorded; `index` numbers the repetitions."""
    named = reps.variables
    scorings, sides = (named[name].data.astype(str) for name in ("scoring", "side"))
    shape = (reps.sizes["rep"], scorings.size, sides.size)
    index, scoring, side = (axis.ravel() for axis in np.indices(shape))
    keys = {
        "participant_id": reps.attrs["participant_id"],
        "session_id": reps.attrs["session_id"],
        "trial_id": named["trial_id"].data.astype(str)[index],
        "rep": named["number"].data[index],
        "side": sides[side],
        "task": named["task"].data.astype(str)[index],
        "profile": scorings[scoring],
        "index": index,
    }
    values = {str(name): measured.variables[name].data.ravel() for name in measured.data_vars}
    recorded = np.isfinite(named["force"].transpose("rep", "side", "sample").data).any(axis=2)[index, side]
    recorded |= np.isfinite(np.array(list(values.values()))).any(axis=0)
    return pd.DataFrame(keys | values)[recorded]


def _judge(metrics: pd.DataFrame, quality: pd.DataFrame) -> list[tuple[str, str]]:
    """Judge each row of metrics by the flags about its repetition and its whole trial, under its profile or all.

    Returns
    -------
    (worst severity, codes of all flags but mere notes) of each row.
    """
    codes: dict[tuple[str, int, str], set[str]] = {}
    flags = quality[["trial_id", "rep", "profile", "code"]]
    for trial_id, rep, profile, code in flags.itertuples(index=False, name=None):
        codes.setdefault((str(trial_id), int(rep), str(profile)), set()).add(str(code))
    judged = []
    rows = metrics[["trial_id", "rep", "profile"]]
    for trial_id, rep, profile in rows.itertuples(index=False, name=None):
        about = [(str(trial_id), number, name) for number in (0, int(rep)) for name in ("", str(profile))]
        found = set().union(*(codes.get(key, set()) for key in about))
        severities = {CODES[code].severity for code in found} - ({"rejected"} if "kept" in found else set())
        worst = next((severity for severity in SEVERITIES if severity in severities), "accepted")
        reasons = [code for code in CODES if code in found and CODES[code].severity != "noted"]
        judged.append((worst, " ".join(reasons)))
    return judged


def session_metrics(reps: xr.Dataset | None, quality: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure one session.

    Parameters
    ----------
    reps : Dataset of its reps file, None where no trial holds a repetition.
    quality : its flags so far, columns FLAG_COLUMNS.

    Returns
    -------
    metrics : rows of rep x side x profile, with status and reason under that profile; a trial without repetitions has
        one row, rep 0.
    quality : the flags under the default profile, with those that rest on metrics added, columns QUALITY_COLUMNS.
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
    found = _judge(metrics, quality)
    metrics["status"], metrics["reason"] = [worst for worst, _ in found], [reasons for _, reasons in found]
    shown = {""} if reps is None else {"", str(reps.attrs["default_scoring"])}
    quality = quality.loc[quality["profile"].isin(shown), list(QUALITY_COLUMNS)]
    return _ordered(metrics), quality.reset_index(drop=True)


def _measured_rows(reps: xr.Dataset) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Rows of rep x side x profile, with uncertainties where the profile is the default; and flags about them."""
    measured = measure(reps)
    frame = _frame(measured, reps)
    default = str(reps.get_index("scoring")[0])
    chosen = ((frame["profile"] == default) & (frame["side"] == "both")).to_numpy()
    of_rep = frame["index"].to_numpy()
    sure = {
        str(name): np.where(chosen, values.data[of_rep], np.nan)
        for name, values in uncertainty(reps, measured).variables.items()
    }
    frame = pd.concat([frame, pd.DataFrame(sure, index=frame.index)], axis=1)
    about = ("participant_id", "session_id", "trial_id", "task")
    heights = [column for column in frame if str(column).removeprefix("u_").startswith("jump_height_")]
    stated = ("rep", "code", "severity", "signal", "value", "limit", "sentence")
    flags = [
        {name: values[name] for name in (*about, "profile")} | {name: getattr(flag, name) for name in stated}
        for values in frame.loc[chosen, [*about, "profile", "rep", *heights]].to_dict("records")
        for flag in _agreement(values)
    ]
    return frame[~frame["profile"].str.contains("|", regex=False)].drop(columns="index"), flags


def _ordered(metrics: pd.DataFrame) -> pd.DataFrame:
    """Keys first, then each metric followed by its uncertainty; every column present in every study."""
    values = [column for name in METRIC_TERMS for column in (name, f"u_{name}") if not _missing(column)]
    return metrics.reindex(columns=[*KEYS, *values])


def _missing(column: str) -> bool:
    """Tell an uncertainty that no metric has."""
    name = column.removeprefix("u_")
    stated = name in METRICS and (METRICS[name].headline or METRICS[name].stated)
    return column.startswith("u_") and not stated


def repetition_table(reps: xr.Dataset) -> pd.DataFrame:
    """Lay out the events of a session's repetitions under each profile, rows of reps.csv [s on the trial's clock]."""
    named = reps.variables
    profiles = named["scoring"].data.astype(str)
    published = ["|" not in name for name in profiles]
    rep, scoring = (axis.ravel() for axis in np.indices((reps.sizes["rep"], sum(published))))
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
    sessions: Iterable[tuple[xr.Dataset | None, pd.DataFrame]],
) -> dict[str, pd.DataFrame]:
    """Tables of a study from its sessions' repetitions and flags.

    Returns
    -------
    metrics (default profile), metrics_by_profile (all), reps, quality.
    """
    metrics, events, flags = [], [], []
    default = ""
    for reps, quality in sessions:
        measured, judged = session_metrics(reps, quality)
        metrics.append(measured)
        flags.append(judged)
        if reps is not None:
            default = str(reps.attrs["default_scoring"])
            events.append(repetition_table(reps))
    everything = pd.concat(metrics, ignore_index=True)
    return {
        "metrics": everything[everything["profile"].isin([default]) | everything["profile"].isna()],
        "metrics_by_profile": everything,
        "reps": pd.concat(events, ignore_index=True) if events else pd.DataFrame(),
        "quality": pd.concat(flags, ignore_index=True),
    }
