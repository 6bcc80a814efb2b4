"""Values that nobody reaches, and the fault of a recording that most likely gives them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from legsci.metrics.definitions import METRIC_TERMS
from legsci.quality import QualityFlag


@dataclass(frozen=True)
class Limit:
    """What a metric does not exceed.

    Parameters
    ----------
    highest : in the unit of the column, or as a multiple of the column `per`.
    cause : what most likely gives more.
    per : column by which the metric is divided first; empty: none.
    """

    highest: float
    cause: str
    per: str = ""


_RATE = "a wrong sampling rate or zero of the plates, or a trial of another task"
#: Column of metrics.csv -> its limit: beyond the highest on record for athletes by a third or more.
LIMITS: dict[str, Limit] = {
    "jump_height_impulse_m": Limit(1.0, _RATE),
    "jump_height_flight_time_m": Limit(1.0, _RATE),
    "flight_time_s": Limit(0.95, _RATE),
    "takeoff_velocity_m_per_s": Limit(4.5, _RATE),
    "fall_height_m": Limit(1.5, "a wrong sampling rate, zero of the plates or body weight"),
    "countermovement_depth_m": Limit(1.0, "a wrong sampling rate, zero of the plates or body weight"),
    "centre_of_pressure_range_ap_m": Limit(0.3, "moments in N mm, or lengths in mm, taken in the wrong unit"),
    "centre_of_pressure_range_ml_m": Limit(0.3, "moments in N mm, or lengths in mm, taken in the wrong unit"),
    "peak_force_n": Limit(12.0, "a wrong unit or zero of the plates, or a spike", per="body_weight_n"),
    "landing_peak_force_n": Limit(25.0, "a wrong unit or zero of the plates, or a spike", per="body_weight_n"),
    "peak_power_w": Limit(15.0, "a wrong sampling rate, unit or zero of the plates", per="body_weight_n"),
}


def plausibility_flags(values: Mapping[Hashable, Any]) -> list[QualityFlag]:
    """Quality flags of the values of one repetition that are beyond their limit.

    Parameters
    ----------
    values : rep, and metrics by column of metrics.csv.
    """
    flags = []
    for name, limit in LIMITS.items():
        value = float(values[name]) / (float(values[limit.per]) if limit.per else 1.0)
        if np.isfinite(value) and value > limit.highest:
            label = METRIC_TERMS[name].label + (f" per {METRIC_TERMS[limit.per].label}" if limit.per else "")
            flags.append(QualityFlag("implausible_value", label, value, limit.highest, limit.cause, int(values["rep"])))
    return flags
