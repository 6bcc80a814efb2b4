"""Incidence and burden of injuries per 1000 hours, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from legsci.models.result import ModelRefusal

HOURS = 1000.0


@dataclass(frozen=True)
class Rate:
    """A rate per 1000 h.

    Parameters
    ----------
    total : onsets, days lost or points of severity.
    exposure_h : hours at risk [h].
    participants : athletes with exposure.
    per_1000_h : total / exposure x 1000.
    exact_interval : 95 % interval of a Poisson count after Garwood; None where the total is no count of events. It is
        too narrow where rates differ between athletes.
    cluster_interval : 95 % interval from the variance between athletes; None where it cannot be estimated.
    notes : why an interval is missing.
    """

    total: float
    exposure_h: float
    participants: int
    per_1000_h: float
    exact_interval: tuple[float, float] | None
    cluster_interval: tuple[float, float] | None
    notes: tuple[str, ...]


def incidence(
    table: pd.DataFrame,
    *,
    events: str = "onset",
    exposure: str = "training_hours",
    participant: str = "participant_id",
) -> Rate:
    """Injuries per 1000 h at risk, with Garwood's exact interval and one from the variance between athletes.

    Exact interval of n events: chi2(2n, 0.025) / 2 to chi2(2n + 2, 0.975) / 2 (Garwood 1936, Biometrika 28:437-442).
    Cluster interval: ln(rate) -+ t(G - 1) s / n with s2 = G / (G - 1) sum (n_i - rate hours_i)2 over the G athletes,
    the linearised variance of a ratio of sums.

    Parameters
    ----------
    table : rows at risk.
    events : column of counts per row.
    exposure : column of hours at risk [h].
    participant : column that names the athlete.

    Raises
    ------
    ModelRefusal
        Missing, negative or fractional counts, missing exposure, events without exposure, no exposure at all.
    """
    totals = _totals(table, events, exposure, participant, "the incidence", whole=True)
    count, hours = totals[events].sum(), totals[exposure].sum()
    limits = tuple(float(HOURS * limit / hours) for limit in _garwood(float(count)))
    return _rate(totals, events, exposure, (limits[0], limits[1]))


def burden(
    table: pd.DataFrame,
    *,
    lost: str,
    exposure: str = "training_hours",
    participant: str = "participant_id",
) -> Rate:
    """What injuries cost per 1000 h: days lost, points of severity, with a cluster-robust interval.

    Parameters
    ----------
    table : rows of exposure and loss, one athlete's in one or more rows. Loss in rows of 0 h counts, for an athlete
        loses days when away; over all their rows, each athlete with a loss needs exposure.
    lost : column of what was lost per row.
    exposure, participant : see `incidence`.

    Raises
    ------
    ModelRefusal
        Missing or negative numbers, no exposure, an athlete with loss and without exposure.
    """
    return _rate(_totals(table, lost, exposure, participant, "the burden", whole=False), lost, exposure, None)


def _rate(totals: pd.DataFrame, counted: str, exposure: str, exact: tuple[float, float] | None) -> Rate:
    total, hours, count = float(totals[counted].sum()), float(totals[exposure].sum()), len(totals)
    notes = [] if exact else [f"{counted} is no count of events: no exact interval"]
    cluster = None
    if total == 0 or count < 2:
        why = f"no {counted}" if total == 0 else "one athlete"
        notes.append(f"{why}: the variance between athletes cannot be estimated")
    else:
        residual = totals[counted].to_numpy(float) - total / hours * totals[exposure].to_numpy(float)
        error = np.sqrt(count / (count - 1) * np.sum(residual**2)) / total
        factor = np.exp(stats.t.ppf(0.975, count - 1) * error)
        cluster = (float(HOURS * total / hours / factor), float(HOURS * total / hours * factor))
    return Rate(total, hours, count, HOURS * total / hours, exact, cluster, tuple(notes))


def _garwood(count: float) -> tuple[float, float]:
    low = float(stats.chi2.ppf(0.025, 2.0 * count)) / 2.0 if count > 0 else 0.0
    return low, float(stats.chi2.ppf(0.975, 2.0 * count + 2.0)) / 2.0


def _totals(
    table: pd.DataFrame, counted: str, exposure: str, participant: str, subject: str, *, whole: bool
) -> pd.DataFrame:
    """Return the sums per athlete, or refuse with every reason."""
    used = [participant, counted, exposure]
    faults = [f"there is no column {column}" for column in used if column not in table]
    if faults:
        raise ModelRefusal(subject, faults)
    numbers = table[[counted, exposure]].astype(float)
    for column in (counted, exposure):
        wrong = int((~(np.isfinite(numbers[column]) & (numbers[column] >= 0))).sum())
        if wrong:
            faults.append(f"{column} is missing, infinite or negative in {wrong} of {len(table)} rows")
    if whole and not faults and (numbers[counted] % 1 != 0).any():
        faults.append(f"{counted} is no whole number in {int((numbers[counted] % 1 != 0).sum())} rows")
    if table[participant].isna().any():
        faults.append(f"{participant} is missing in {int(table[participant].isna().sum())} rows")
    totals = numbers.groupby(table[participant].astype(object)).sum()
    unexposed = totals[(totals[exposure] == 0) & (totals[counted] > 0)]
    faults += [f"{name}: {counted} {row[counted]:g} in 0 h of exposure" for name, row in unexposed.iterrows()]
    if whole:
        rows = int(((numbers[exposure] == 0) & (numbers[counted] > 0)).sum())
        faults += [f"{rows} rows have {counted} without exposure"] if rows and not len(unexposed) else []
    if not faults and totals[exposure].sum() == 0:
        faults.append(f"{exposure} is 0 h in total: there is no time at risk")
    if faults:
        raise ModelRefusal(subject, faults)
    return totals[totals[exposure] > 0]
