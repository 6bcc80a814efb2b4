"""Parameter recovery: metrics of simulated trials compared with their true values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from legsci.metrics.registry import METRICS
from legsci.models.result import ModelRefusal
from legsci.models.statistics.agreement import agreement

#: Metric -> name of its true value in the truth of a trial.
TRUE_VALUES = {
    "body_weight_n": "system_weight_n",
    "system_weight_n": "system_weight_n",
    "jump_height_impulse_m": "jump_height_m",
    "jump_height_flight_time_m": "jump_height_m",
    "jump_height_pelvis_m": "jump_height_m",
    "takeoff_velocity_m_per_s": "takeoff_velocity_m_per_s",
    "flight_time_s": "flight_time_s",
    "contact_time_s": "contact_time_s",
    "time_to_takeoff_s": "time_to_takeoff_s",
    "unweighting_time_s": "unweighting_time_s",
    "braking_time_s": "braking_time_s",
    "propulsion_time_s": "propulsion_time_s",
    "countermovement_depth_m": "depth_m",
    "fall_height_m": "fall_height_m",
}
#: Status of the repetitions that are compared; the others are counted.
MEASURED = ("accepted", "flagged")
#: Coverage factor of the expanded uncertainty (GUM), about 95 %.
COVERAGE_FACTOR = 2.0
TRIAL = ["participant_id", "session_id", "trial_id"]
AGREEMENT = ("bias", "bias_low", "bias_high", "sd", "lower_limit", "upper_limit")
PAIR_COLUMNS = (*TRIAL, "task", "rep", "status", "metric", "measured", "true", "uncertainty")


def truth_pairs(metrics: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Pair each metric with its true value.

    Parameters
    ----------
    metrics : rows of metrics.csv; those of side both are used.
    truth : participant_id, session_id, trial_id, name, value (JSON: a number, or a list with one number per
        repetition).

    Returns
    -------
    One row per repetition and metric: PAIR_COLUMNS, values in the unit that the metric's name ends in. A trial without
    repetition is listed as repetition 0 without measured values; `uncertainty` is missing for metrics that
    state none.
    """
    known = truth[truth["name"].isin(set(TRUE_VALUES.values()))]
    values = known.set_index([*TRIAL, "name"])["value"].map(json.loads).unstack("name")  # noqa: PD010
    rows = metrics[metrics["side"] == "both"].join(values.add_prefix("true "), on=TRIAL)
    pairs = []
    for metric, name in TRUE_VALUES.items():
        if f"true {name}" in rows:
            true = [_of_repetition(value, rep) for value, rep in zip(rows[f"true {name}"], rows["rep"], strict=True)]
            stated = rows[f"u_{metric}"] if METRICS[metric].uncertainty == "rescored" else np.nan
            pairs.append(rows.assign(metric=metric, measured=rows[metric], true=true, uncertainty=stated))
    table = pd.concat(pairs)[list(PAIR_COLUMNS)]
    tasks, metrics_of = table["task"], table["metric"]
    applies = np.array(
        [task in METRICS[metric].tasks for task, metric in zip(tasks, metrics_of, strict=True)], dtype=bool
    )
    return table[applies & table["true"].notna()].reset_index(drop=True)


def parameter_recovery(pairs: pd.DataFrame) -> pd.DataFrame:
    """Summarise how well each metric of each task agrees with the truth.

    Parameters
    ----------
    pairs : as `truth_pairs` returns them.

    Returns
    -------
    One row per task and metric, differences in the unit that the metric's name ends in:

    unit; n, repetitions that were compared; left_out, excluded repetitions: without a value, or neither accepted nor
    flagged; bias, mean of measured minus true, with its 95 % interval bias_low to bias_high; sd, standard deviation of
    a single difference; lower_limit, upper_limit, 95 % limits of agreement (all as `agreement` of legsci.models defines
    them; missing where too few athletes were measured, and `refusal` says so); largest absolute difference; coverage,
    share of the values with a stated standard uncertainty that lie within twice that uncertainty of the truth.
    """
    rows = []
    for (task, metric), group in pairs.groupby(["task", "metric"], sort=False):
        used = group[group["status"].isin(MEASURED) & group["measured"].notna()]
        counts = {"n": len(used), "left_out": len(group) - len(used)}
        rows.append({"task": task, "metric": metric, "unit": METRICS[str(metric)].unit} | counts | _summary(used))
    return pd.DataFrame(rows)


def _summary(used: pd.DataFrame) -> dict[str, object]:
    """Agreement with the truth, and coverage of the stated uncertainty."""
    difference = (used["measured"] - used["true"]).abs().to_numpy(float)
    uncertainty = used["uncertainty"].to_numpy(float)
    covered = (difference <= COVERAGE_FACTOR * uncertainty)[np.isfinite(uncertainty)]
    spread = {
        "largest": difference.max() if difference.size else np.nan,
        "coverage": covered.mean() if covered.size else np.nan,
    }
    try:
        found = agreement(used, first="measured", second="true")
    except ModelRefusal as refusal:
        return dict.fromkeys(AGREEMENT, np.nan) | spread | {"refusal": str(refusal)}
    numbers = (found.bias.value, found.bias.ci_low, found.bias.ci_high, found.standard_deviation)
    limits = (found.lower_limit.value, found.upper_limit.value)
    return dict(zip(AGREEMENT, numbers + limits, strict=True)) | spread | {"refusal": ""}


def _of_repetition(value: object, rep: int) -> float:
    """True value of a repetition, counted from 1; of a trial without repetitions the first."""
    if isinstance(value, list):
        place = max(rep - 1, 0)
        return float(value[place]) if place < len(value) else np.nan
    return float(value)  # type: ignore[arg-type]
