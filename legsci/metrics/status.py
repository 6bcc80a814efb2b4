"""Status and reason of a row of metrics.csv, and the quality flags that its values give."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.metrics.registry import METRICS
from legsci.quality import CODES, QualityFlag
from legsci.vocabulary import PLAUSIBLE_MASS_KG, STANDARD_GRAVITY

#: Jump heights by different equations.
HEIGHTS = ("jump_height_impulse_m", "jump_height_flight_time_m", "jump_height_pelvis_m")
#: Jump heights of one repetition disagree where they differ by more than this many standard uncertainties.
AGREEMENT_FACTOR = 2.0
#: A height by impulse whose standard uncertainty exceeds this is flagged [m].
UNCERTAIN_HEIGHT_M = 0.010
#: Severities that a status can have, the worst first; without any of them a row is accepted.
SEVERITIES = ("rejected", "incomplete", "flagged")


@dataclass(frozen=True)
class Limit:
    """Between what a metric lies.

    Parameters
    ----------
    highest : in the unit of the column, or as a multiple of the column `per`.
    cause : what most likely gives more.
    per : column by which the metric is divided first; empty: none.
    lowest : as highest, of both legs together; nothing of one leg, which may bear no load.
    """

    highest: float
    cause: str
    per: str = ""
    lowest: float = -np.inf

    def parts(self, value: Any, per: Any) -> tuple[Any, Any]:
        """Return the least and the most that values may be, as multiples of `per`, or as they are without it.

        They differ where `per`, the weight of the body, is not known: it may be that of any person.
        """
        if not self.per:
            return value, value
        lightest, heaviest = (STANDARD_GRAVITY * mass for mass in PLAUSIBLE_MASS_KG)
        least, most = (value / np.where(np.isnan(per), weight, per) for weight in (heaviest, lightest))
        return least, most


_RATE = "a wrong sampling rate or zero of the plates, or a trial of another task"
_WEIGHT = "a wrong sampling rate, zero of the plates or body weight"
_LENGTHS = "moments in N mm, or lengths in mm, taken in the wrong unit"
_TIMES = "times in another unit, or a trial of another task"
#: Column of metrics.csv -> its limits, well beyond what people reach; our choice.
LIMITS: dict[str, Limit] = {
    "jump_height_impulse_m": Limit(1.0, _RATE, lowest=0.01),
    "jump_height_flight_time_m": Limit(1.0, _RATE, lowest=0.01),
    "flight_time_s": Limit(0.95, _RATE, lowest=0.05),
    "takeoff_velocity_m_per_s": Limit(4.5, _RATE, lowest=0.4),
    "fall_height_m": Limit(1.5, _WEIGHT, lowest=0.01),
    "countermovement_depth_m": Limit(1.0, _WEIGHT, lowest=-0.05),  # of squat jumps about 0
    "squat_depth_m": Limit(1.5, _WEIGHT, lowest=0.01),
    "centre_of_pressure_range_ap_m": Limit(0.3, _LENGTHS, lowest=1e-4),
    "centre_of_pressure_range_ml_m": Limit(0.3, _LENGTHS, lowest=1e-4),
    "time_to_takeoff_s": Limit(10.0, _TIMES, lowest=0.05),
    "contact_time_s": Limit(5.0, _TIMES, lowest=0.03),
    "rsi_modified_m_per_s": Limit(4.0, _TIMES, lowest=0.005),
    "rsi_m_per_s": Limit(8.0, _TIMES, lowest=0.005),
    "body_weight_n": Limit(2500.0, "a wrong unit of force, or mass instead of weight", lowest=150.0),
    "peak_force_n": Limit(12.0, "a wrong unit or zero of the plates, or a spike", "body_weight_n", 0.3),
    "landing_peak_force_n": Limit(25.0, "a wrong unit or zero of the plates, or a spike", "body_weight_n", 0.3),
    "peak_power_w": Limit(15.0, "a wrong sampling rate, unit or zero of the plates", "body_weight_n", 0.1),
}
#: What is this many times beyond a limit is impossible: no person comes near, the number or its unit is wrong.
IMPOSSIBLE = 3.0
#: Column of metrics.csv -> the limit beyond which a value is not given, and why it is wrong there.
WITHHELD: dict[str, Limit] = {
    "force_transmission_ratio": Limit(
        1.0,
        "the centre of mass gains more energy than the modelled joints generate; work of arms, and of joints within "
        "trunk and feet, is not modelled",
    )
}


def withhold(measured: dict[str, NDArray[np.float64]]) -> dict[int, list[QualityFlag]]:
    """Leave out values that are known to be wrong, beyond their limit in WITHHELD, with their uncertainty.

    Parameters
    ----------
    measured : column -> (rep, scoring, side), the default profile as it is first; changed in place.

    Returns
    -------
    Place of a repetition -> quality flags of the values that it lacks under the default profile.
    """
    flags: dict[int, list[QualityFlag]] = {}
    for name, limit in WITHHELD.items():
        values = measured[name]
        beyond = values > limit.highest
        for rep, side in np.argwhere(beyond[:, 0]).tolist():
            value = float(values[rep, 0, side])
            flag = QualityFlag("value_withheld", METRICS[name].label, value, limit.highest, limit.cause)
            flags.setdefault(rep, []).append(flag)
        for column in {name, f"u_{name}"} & set(measured):
            measured[column][beyond] = np.nan
    return flags


def height_flags(values: Mapping[Hashable, Any]) -> list[QualityFlag]:
    """Quality flags of one repetition whose jump heights disagree, or whose height by impulse is uncertain.

    Two heights disagree where they differ by more than `AGREEMENT_FACTOR` standard uncertainties of their difference.

    Parameters
    ----------
    values : rep, jump heights and their standard uncertainties [m], by column of metrics.csv.
    """
    names = [name for name in HEIGHTS if np.isfinite(values[name])]
    flags = []
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            difference = abs(values[first] - values[second])
            limit = AGREEMENT_FACTOR * float(np.hypot(values[f"u_{first}"], values[f"u_{second}"]))
            if difference > limit:
                words = " and ".join(METRICS[name].label.partition("(")[2].rstrip(")") for name in (first, second))
                flags.append(
                    QualityFlag(
                        "heights_disagree", "jump height", difference, limit, f"by {words}", rep=int(values["rep"])
                    )
                )
    height = values["u_jump_height_impulse_m"]
    if height > UNCERTAIN_HEIGHT_M:
        flags.append(QualityFlag("uncertain_height", "jump height", height, UNCERTAIN_HEIGHT_M, rep=int(values["rep"])))
    return flags


def plausibility_flags(values: Mapping[Hashable, Any]) -> list[QualityFlag]:
    """Quality flags of the values of one repetition that are beyond their limits.

    Parameters
    ----------
    values : rep, and metrics by column of metrics.csv; `side`, where they may be of one leg.
    """
    flags = []
    for name, limit in LIMITS.items():
        least, most = limit.parts(values[name], values.get(limit.per))
        low = values.get("side", "both") == "both" and most < limit.lowest
        if low or least > limit.highest:
            label = METRICS[name].label + (
                f" per {METRICS[limit.per].label}" if limit.per else f" [{METRICS[name].unit}]"
            )
            value, passed = (most, limit.lowest) if low else (least, limit.highest)
            said = (float(value), passed, limit.cause, int(values["rep"]))
            flags.append(QualityFlag("implausible_value", label, *said))
    return flags


def beyond_limits(metrics: pd.DataFrame, name: str, times: float = 1.0) -> NDArray[np.bool_]:
    """Whether a metric of LIMITS is a number of times beyond its limits, (row,).

    Parameters
    ----------
    metrics : columns side, the metric, and that by which it is divided.
    name, times : the metric, and how many times; a lower limit above 0 is divided by it.
    """
    limit = LIMITS[name]
    per = metrics[limit.per].to_numpy(float) if limit.per else None
    least, most = limit.parts(metrics[name].to_numpy(float), per)
    both = (metrics["side"] == "both").to_numpy(bool)
    lowest = limit.lowest / times if limit.lowest > 0.0 else limit.lowest * times
    return np.asarray((least > times * limit.highest) | (both & (most < lowest)), bool)


def row_status(metrics: pd.DataFrame, quality: pd.DataFrame) -> list[tuple[str, str]]:
    """Status and reason of each row of metrics, from the flags of its repetition and of its whole trial.

    Parameters
    ----------
    metrics : columns trial_id, rep, profile.
    quality : flags of the session, columns trial_id, rep (0: the whole trial), profile (empty: every profile), code.

    Returns
    -------
    (worst severity, codes of all flags that are not only noted) of each row.
    """
    codes: dict[tuple[str, int, str], set[str]] = {}
    flags = quality[["trial_id", "rep", "profile", "code"]]
    for trial_id, rep, profile, code in flags.itertuples(index=False, name=None):
        codes.setdefault((str(trial_id), int(rep), str(profile)), set()).add(str(code))
    statuses = []
    rows = metrics[["trial_id", "rep", "profile"]]
    for trial_id, rep, profile in rows.itertuples(index=False, name=None):
        about = [(str(trial_id), number, name) for number in (0, int(rep)) for name in ("", str(profile))]
        statuses.append(status_of(set().union(*(codes.get(key, set()) for key in about))))
    return statuses


def status_of(found: set[str]) -> tuple[str, str]:
    """Worst severity of codes, and those that are not only noted, in the order of CODES."""
    severities = {CODES[code].severity for code in found} - ({"rejected"} if "kept" in found else set())
    worst = next((severity for severity in SEVERITIES if severity in severities), "accepted")
    return worst, " ".join(code for code in CODES if code in found and CODES[code].severity != "noted")
