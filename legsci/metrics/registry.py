"""METRICS: the metrics of all families, and the data dictionary that is made of them.

A metric is defined in one place: in METRICS of its family's module, beside the function that computes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import xarray as xr

from legsci.metrics.families import (
    alignment,
    angle_and_force,
    contacts,
    coordination,
    elasticity,
    force,
    isometric,
    joints,
    kinetics,
    muscles,
    phases,
    power,
    sensors,
    squats,
)
from legsci.metrics.metric import NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, recorded_samples, velocity
from legsci.tasks import TASKS
from legsci.vocabulary import SIDES

#: Columns of metrics.csv that say what a row is about -> their meaning.
KEYS = {
    "participant_id": "Participant, as in participants.tsv.",
    "session_id": "Session, as in sessions.tsv.",
    "trial_id": "Trial, as in trials.tsv.",
    "rep": "Number of the repetition in its trial, from 1; 0 for a trial without repetitions.",
    "side": "Side to which the metrics of the row belong: left, right, or both (both legs together, the whole body).",
    "task": "Movement task of the trial, as in trials.tsv; of the rebounds of countermovement_rebound rebound_jump.",
    "profile": "Definition profile under which the repetition was scored.",
    "cutoff_hz": "Cut-off frequency of the low-pass of markers and of the ground reaction, from which the metrics of "
    "angles and moments are computed [Hz]; empty: not filtered, or no markers.",
    "moment_axes": "Axes of joint moments and of power by plane: joint (joint coordinate system), proximal or distal "
    "(segment), or laboratory.",
    "emg_reference": "What 100 % of EMG is: MVC (largest envelope of the session's maximal voluntary contractions), or "
    "session maximum (of its repetitions).",
    "status": "Worst severity among the quality flags of the repetition and of its trial: accepted (none), flagged, "
    "incomplete or rejected.",
    "reason": "Codes of these flags; quality.csv states them in sentences.",
}
#: How a standard uncertainty is found (`Metric.uncertainty`), in words, and the source.
UNCERTAINTIES = {
    "rescored": (
        "root sum of squares of the changes when the repetition is scored again with each source of uncertainty moved "
        "by one standard uncertainty; at side both under the default profile",
        "JCGM 100:2008, 5.1.3",
    ),
    "stated": (
        "propagated from the uncertainties of joint centres, marker placement, soft tissue artefact and low-pass; of "
        "moments, powers and work also of the plates and of segment inertia",
        "JCGM 100:2008, 5.1.2",
    ),
    "both": (
        "rescored, and in quadrature what is propagated as of those stated; at side both under the default profile",
        "JCGM 100:2008, 5.1.2 and 5.1.3",
    ),
}


def _asymmetry(name: str, metric: Metric) -> Metric:
    """Entry of the asymmetry of a metric: the signed bilateral index, (rep, scoring) [%]."""

    def measure(reps: Reps) -> xr.Variable:
        """Right less left as a percentage of their sum."""
        left, right = (reps[name].isel(side=SIDES.index(side)) for side in ("left", "right"))
        total = right + left
        # forces that cancel have no larger side
        return 100.0 * (right - left) / total.where(total > 0.0)

    return replace(
        metric,
        measure=measure,
        label=f"asymmetry of {metric.label}",
        unit="%",
        sign="right above left",
        meaning=f"Difference of {metric.label} between right (R) and left (L), as a percentage of their sum.",
        equation=f"100 (R - L) / (R + L) of {name}",
        source="Bishop et al. 2016, Strength Cond J 38(6):34 (the signed bilateral index among nine)",
        uncertainty=None,
        no_uncertainty="the sides share most errors; compare it with its minimal detectable change",
        asymmetry=None,
    )


_MEASURED: dict[str, dict[str, Metric]] = {
    "Vertical force": force.METRICS,
    "Phases": phases.METRICS,
    "Velocity, height and power of the centre of mass": power.METRICS,
    "Stiffness and stabilisation": elasticity.METRICS | contacts.STABILISATION,
    "Joint angles and squats": joints.METRICS | squats.METRICS,
    "Joint angles, force and jump height": angle_and_force.METRICS,
    "Alignment of the leg": alignment.METRICS,
    "Joint moments, power and work": kinetics.METRICS,
    "Landings and running steps": contacts.METRICS,
    "Isometric efforts": isometric.METRICS,
    "Muscles": muscles.METRICS | coordination.METRICS,
    "Inertial sensors": sensors.METRICS,
}
#: Title of a family -> its metrics by name, in the order of the columns of metrics.csv.
FAMILIES: dict[str, dict[str, Metric]] = _MEASURED | {
    "Asymmetry": {
        metric.asymmetry: _asymmetry(name, metric)
        for family in _MEASURED.values()
        for name, metric in family.items()
        if metric.asymmetry is not None
    }
}
METRICS: dict[str, Metric] = {name: metric for family in FAMILIES.values() for name, metric in family.items()}
#: What several metrics share, computed when the first of them needs it.
SHARED: dict[str, Callable[[Reps], Any]] = {
    "works": lambda reps: xr.Variable(("rep", "side"), joints.working_legs(reps["leg"].data)),
    "sample_count": lambda reps: recorded_samples(reps, ("force",)),
    "frame_count": lambda reps: recorded_samples(reps, ("angle", "foot_height", "pelvis_position")),
    "velocity": velocity,
    "whole_body_power": phases.power,
    "takeoff_velocity": power.takeoff_velocity,
    "landing_end": phases.landing_end,
    "braking_start": force.braking_start,
    "span_start": lambda reps: joints.movement_span(reps)[0],
    "span_end": lambda reps: joints.movement_span(reps)[1],
    "near_peak_force": angle_and_force.near_peak_force,
    "angles_at_peak_force": angle_and_force.angles_at_peak_force,
    "muscle_activity": muscles.activities,
    "muscle_envelopes": muscles.envelopes,
    "emg_reference": muscles.references,
    "recruitment": coordination.recruitment,
    "median_frequency": coordination.median_frequencies,
    "joint_power": kinetics.joint_power,
    "slow_joint_power": kinetics.slow_joint_power,
    "joint_moment_peak": kinetics.joint_moment_peak,
    "joint_power_peak": kinetics.joint_power_peak,
    "joint_work_generated": kinetics.joint_work(1.0),
    "joint_work_absorbed": kinetics.joint_work(-1.0),
}


def _columns() -> dict[str, dict[str, str]]:
    """Define each column of metrics.csv in words: keys, then each metric followed by its standard uncertainty."""
    columns = {key: {"family": "Keys", "meaning": meaning} for key, meaning in KEYS.items()}
    texts = ("label", "unit", "sign", "meaning", "equation", "source")
    for family, metrics in FAMILIES.items():
        for name, metric in metrics.items():
            row = {text: str(getattr(metric, text)) for text in texts} | {"family": family}
            row |= {"tasks": ", ".join(task for task in TASKS if task in metric.tasks)}
            row |= {"streams": ", ".join(metric.streams), "uncertainty": metric.uncertainty or ""}
            columns[name] = row
            if metric.uncertainty is not None:
                how, source = UNCERTAINTIES[metric.uncertainty]
                columns[f"u_{name}"] = row | {
                    "label": f"standard uncertainty of {metric.label}",
                    "sign": NOT_SIGNED,
                    "meaning": f"Standard uncertainty (k = 1) of {name}: {how}.",
                    "equation": "",
                    "source": source,
                }
    return columns


#: Columns of metrics.csv in their order.
COLUMNS: dict[str, dict[str, str]] = _columns()


def dictionary() -> pd.DataFrame:
    """Data dictionary: one row per column of metrics.csv, in their order.

    Returns
    -------
    Index `column`; label, unit, sign (of a positive value), meaning, equation, uncertainty ("rescored" or "stated", see
    `Metric`), tasks, streams, source and family: texts, empty where there is nothing to say.
    """
    fields = ["label", "unit", "sign", "meaning", "equation", "uncertainty", "tasks", "streams", "source", "family"]
    return pd.DataFrame.from_dict(COLUMNS, orient="index").reindex(columns=fields).fillna("").rename_axis("column")
