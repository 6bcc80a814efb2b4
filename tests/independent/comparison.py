"""legsci's metrics of recorded bodies beside the truth: errors, their bias, limits of agreement and coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd

from legsci.metrics.registry import METRICS
from tests.independent.measurands import RATE_HZ, spans_of, values_of
from tests.independent.study import Measured, Recorded
from tests.independent.truth import Truth, truth_of

#: 95 % limits of agreement are so many standard deviations from the bias (Bland & Altman 1986, Lancet 327:307).
LIMITS_SD = 1.96
#: Signals are stored with so many digits that values err by this part.
ROUNDING = 1e-5


def truths(recorded: Recorded) -> dict[str, Truth]:
    """Truth of each trial by task."""
    standing, heading = recorded.trials["standing"], recorded.laboratory.heading_deg
    return {task: truth_of(trial, recorded.anatomy, standing, heading) for task, trial in recorded.trials.items()}


def errors_of(recorded: Recorded, measured: Measured) -> pd.DataFrame:
    """Errors of the metrics of one body.

    Returns
    -------
    A row per task, repetition, metric and side: true, value, error (value less true), u (NaN where none is stated).
    """
    metrics = measured.tables["metrics"]
    found = {(row["trial_id"], row["rep"], row["side"]): row for row in metrics.to_dict("records")}
    rows = []
    for task, truth in truths(recorded).items():
        spans = enumerate(spans_of(truth), start=1)
        known = (
            {1: _standing(truth, measured)} if task == "standing" else {n: values_of(truth, span) for n, span in spans}
        )
        for rep, values in known.items():
            for (name, side), true in values.items():
                if name in metrics and task in METRICS[name].tasks:
                    row = found.get((task, rep, side), {})
                    value, u = (float(row.get(column, np.nan)) for column in (name, f"u_{name}"))
                    keys = {"task": task, "rep": rep, "metric": name, "side": side}
                    rows.append(keys | {"true": true, "value": value, "error": value - true, "u": u})
    return pd.DataFrame(rows)


def _standing(truth: Truth, measured: Measured) -> dict[tuple[str, str], float]:
    """True values of standing: weight, and the sway in the window that legsci weighs in."""
    trial = truth.trial
    values = {("body_weight_n", "both"): trial.body.mass_kg * 9.80665}
    events = measured.tables["reps"]
    events = events[events["trial_id"] == "standing"]
    if len(events):
        first, last = (round(float(events[f"weighing_{end}_s"].iloc[0]) * RATE_HZ) for end in ("start", "end"))
        force = trial.force["right"] + trial.force["left"]
        moment = trial.moment["right"] + trial.moment["left"]
        for axis, along in (("ap", moment[:, 2] / force[:, 1]), ("ml", -moment[:, 0] / force[:, 1])):
            values[f"centre_of_pressure_range_{axis}_m", "both"] = float(np.ptp(along[first:last]))
    return values


def wilson(part: float, count: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson EB 1927, J Am Stat Assoc 22:209); NaN of none."""
    if not count:
        return float("nan"), float("nan")
    square = LIMITS_SD**2 / count
    middle, half = part + 0.5 * square, LIMITS_SD * np.sqrt(part * (1.0 - part) / count + 0.25 * square / count)
    return float((middle - half) / (1.0 + square)), float((middle + half) / (1.0 + square))


def summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Sum errors up by task and metric, all sides and repetitions of all bodies together.

    Returns
    -------
    task, metric, bodies, values, absent (no value though there is a true one), true (mean), bias, lower and upper limit
    of agreement, u (median), within_2u (part of those with a stated u; NaN without), and its 95 % confidence interval,
    within_2u_lower to within_2u_upper (Wilson 1927), for as many trials as there are bodies, since the errors of a
    body's sides and repetitions go together.
    """
    rows = []
    for (task, metric), group in errors.groupby(["task", "metric"], sort=False):
        known = group[group["error"].notna()]
        bias, sd = known["error"].mean(), known["error"].std()
        stated = known[known["u"].notna()]
        covered = (stated["error"].abs() <= 2.0 * stated["u"] + ROUNDING * stated["true"].abs()).mean()
        lower, upper = wilson(covered, stated["body"].nunique())
        rows.append(
            {
                "task": task,
                "metric": metric,
                "bodies": known["body"].nunique(),
                "values": len(known),
                "absent": len(group) - len(known),
                "true": known["true"].mean(),
                "bias": bias,
                "lower": bias - LIMITS_SD * sd,
                "upper": bias + LIMITS_SD * sd,
                "u": stated["u"].median(),
                "within_2u": covered,
                "within_2u_lower": lower,
                "within_2u_upper": upper,
            }
        )
    return pd.DataFrame(rows)
