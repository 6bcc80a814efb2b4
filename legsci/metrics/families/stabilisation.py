"""Time to stabilisation after a landing, by two definitions, and why it is missing where it is.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.metrics.families.force import impact
from legsci.metrics.metric import FORCE, NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, of_both, position
from legsci.quality import QualityFlag
from legsci.tasks import LANDED, LANDINGS

#: Force is that of standing while it stays within this part of body weight for so long [s] (Flanagan et al. 2008).
STEADY_PART, STEADY_S = 0.05, 1.0
#: The sequential average is stable within this part of the standard deviation of the series (Colby et al. 1999).
SEQUENTIAL_SDS = 0.25
#: Length of the series from the landing [s]; our choice. Times by sequential averaging depend on it more than on
#: sampling rate or filter (Fransz et al. 2015, Gait Posture 41:63).
SERIES_S = 3.0

Settling = Callable[[NDArray[np.float64], float, float, float], float]


def _within_band(after: NDArray[np.float64], level: float, weight: float, rate: float) -> float:
    """First sample from which force (sample,) stays about its level in standing; NaN where it does not for so long."""
    # samples after the end of the recording are NaN: not known to be steady
    away = np.isnan(after) | (np.abs(after - level) > STEADY_PART * weight)
    edges = np.flatnonzero(np.concatenate([away, [True]]))
    starts = np.concatenate([[0], edges[:-1] + 1])
    steady = np.flatnonzero(edges - starts >= STEADY_S * rate)
    return float(starts[steady[0]]) if steady.size else np.nan


def _by_sequence(after: NDArray[np.float64], level: float, weight: float, rate: float) -> float:
    """First sample from which the mean of force (sample,) since the landing stays about that of the whole series."""
    series = after[: round(SERIES_S * rate)]
    if series.size < round(SERIES_S * rate) or np.isnan(series).any():
        return np.nan
    sequential = np.cumsum(series) / np.arange(1, series.size + 1)
    away = np.flatnonzero(np.abs(sequential - series.mean()) > SEQUENTIAL_SDS * series.std(ddof=1))
    return float(away[-1] + 1) if away.size else 0.0


def settling_time(rule: Settling) -> Callable[[Reps], xr.Variable]:
    """Measure: time from landing until force is settled by a rule (rep, scoring) [s]; NaN where it is not."""

    def measure(reps: Reps) -> xr.Variable:
        """Apply the rule to the force after each landing."""
        force = of_both(reps["force"]).transpose("rep", "sample").data
        weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data
        reading = weight + reps["offset"].transpose("rep", "scoring").data
        first = position(reps, impact(reps)).transpose("rep", "scoring").data
        found = np.full(first.shape, np.nan)
        for place in zip(*np.nonzero(np.isfinite(first) & (weight > 0.0)), strict=True):
            rate, begin = float(reps["sampling_rate_hz"].data[place[0]]), int(np.ceil(first[place]))
            settled = rule(force[place[0], begin:], float(reading[place]), float(weight[place]), rate)
            found[place] = (begin + settled - first[place]) / rate
        return xr.Variable(("rep", "scoring"), found)

    return measure


def stabilisation_flags(reps: Reps) -> dict[int, list[QualityFlag]]:
    """Quality flags of landings without a time to stabilisation under the default profile, by place of the repetition.

    Parameters
    ----------
    reps : answer of `prepare`.
    """
    first = position(reps, impact(reps)).transpose("rep", "scoring").data[:, 0]
    weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data[:, 0]
    recorded = (reps["sample_count"].data - first) / reps["sampling_rate_hz"].data
    flags: dict[int, list[QualityFlag]] = {}
    for name, code, limit in (
        ("time_to_stabilisation_s", "not_settled", STEADY_S),
        ("sequential_stabilisation_s", "series_short", SERIES_S),
    ):
        landed = np.isfinite(first) & (weight > 0.0) & np.isin(reps["task"].data.astype(str), METRICS[name].tasks)
        missing = np.isnan(reps[name].transpose("rep", "scoring").data[:, 0])
        for rep in np.flatnonzero(landed & missing).tolist():
            flags.setdefault(rep, []).append(QualityFlag(code, value=float(recorded[rep]), limit=limit))
    return flags


def _entry(rule: Settling, label: str, meaning: str, equation: str, source: str, tasks: tuple[str, ...]) -> Metric:
    """Entry of a time to stabilisation."""
    return Metric(
        settling_time(rule),
        label=label,
        unit="s",
        sign=NOT_SIGNED,
        meaning=meaning,
        equation=equation,
        source=source,
        tasks=tasks,
        streams=FORCE,
        uncertainty="rescored",
    )


METRICS: dict[str, Metric] = {
    "time_to_stabilisation_s": _entry(
        _within_band,
        "time to stabilisation",
        "Time from landing (task landing: touchdown) until force stays within 5 % of body weight for 1 s; missing "
        "where it does not within 3 s, or the recording ends before.",
        "least t - t_landing with |F - W| ≤ 0.05 W from t to t + 1 s",
        "Flanagan et al. 2008, J Strength Cond Res 22:1677",
        LANDED,
    ),
    "sequential_stabilisation_s": _entry(
        _by_sequence,
        "time to stabilisation (sequential average)",
        "Time from touchdown until the mean of force since then stays within 0.25 standard "
        "deviations of its mean over 3 s; missing where fewer were recorded.",
        "least t - t_touchdown with |mean F(t_touchdown..t') - mean F| ≤ 0.25 SD F for all t' ≥ t, over 3 s",
        "Colby et al. 1999, J Orthop Sports Phys Ther 29:444",
        LANDINGS,
    ),
}
