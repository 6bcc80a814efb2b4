"""Monitor of onsets: repetitions in which a muscle fires later than is usual for the athlete, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from legsci.models.tables.summaries import usable
from legsci.vocabulary import MUSCLES

Array = NDArray[np.float64]
#: Keys of metrics.csv that a row of the monitor has.
KEYS = ["participant_id", "session_id", "trial_id", "rep", "side", "task"]
#: Columns of onset_monitor.csv.
COLUMNS = [
    *KEYS, "muscle", "onset_s", "u_onset_s", "usual_onset_s", "typical_error_ms", "later_ms", "u_later_ms",
    "probability_late", "late", "reference", "reference_reps", "reference_sessions",
]  # fmt: skip
#: With what a repetition is compared.
OTHER_SESSIONS, SAME_SESSION, TOO_FEW = "other sessions", "other repetitions of the session", "too few repetitions"
#: A scatter between sessions needs so many other sessions, any scatter so many other repetitions.
LEAST_SESSIONS, LEAST_REPS = 3, 4
#: Values of the typical error [s], and of the share of its square that is between sessions, over which is integrated.
TYPICAL_ERRORS_S = np.geomspace(0.001, 0.3, 60)
SHARES: Array = np.linspace(0.05, 0.95, 10)
NONE_BETWEEN: Array = np.zeros(1)
#: A repetition is late with this probability or more.
LATE_PROBABILITY = 0.95
GLUTEI = ("gluteus_medius", "gluteus_maximus")


def onset_rows(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row per onset: KEYS, muscle, onset_s and u_onset_s [s]; without rejected repetitions.

    Parameters
    ----------
    metrics : rows of metrics.csv.
    """
    kept = usable(metrics)
    parts = [
        kept[KEYS].assign(muscle=muscle, onset_s=kept[f"{muscle}_onset_s"], u_onset_s=kept[f"u_{muscle}_onset_s"])
        for muscle in MUSCLES
        if {f"{muscle}_onset_s", f"u_{muscle}_onset_s"} <= set(kept)
    ]
    if not parts:
        return pd.DataFrame(columns=[*KEYS, "muscle", "onset_s", "u_onset_s"])
    rows = pd.concat(parts).dropna(subset=["onset_s", "u_onset_s"])
    return rows.sort_values(["task", "muscle", "side", *KEYS[:4]], kind="stable", ignore_index=True)


def onset_monitor(metrics: pd.DataFrame) -> pd.DataFrame:
    """Compare each onset with the athlete's other onsets of the muscle, side and task.

    Parameters
    ----------
    metrics : rows of metrics.csv.

    Returns
    -------
    COLUMNS, one row per onset. `usual_onset_s` is the mean of the athlete's other onsets [s], `typical_error_ms` the
    standard deviation of true onsets about it (posterior median, [ms]), `later_ms` the onset less the usual one with
    its standard uncertainty; `probability_late` that the true onset is later than usual by more than the typical error,
    `late` whether that is LATE_PROBABILITY or more. `reference` says with what the repetition is compared: the
    athlete's sessions other than its own, where there are LEAST_SESSIONS of them, else the other repetitions of its
    session; NaN with fewer than LEAST_REPS repetitions.

    Notes
    -----
    Onset j of session s is mu + b_s + e_j + error of its own standard uncertainty u_j, b_s ~ N(0, rho T^2), e_j ~
    N(0, (1 - rho) T^2); T is the typical error (within the athlete, of one repetition in another session). Priors of
    mu, T and rho are even, of the onset under test as well: it is not drawn towards the usual one. Of repetitions that
    are no later than the typical error, at most 5 in 100 are called late; in a session of many repetitions one may be.

    References
    ----------
    Hopkins WG (2000) Measures of reliability in sports medicine and science. Sports Med 30:1-15 (typical error).
    """
    rows = onset_rows(metrics)
    found = [
        _compared(own, place, row)
        for _, own in rows.groupby(["participant_id", "task", "muscle", "side"], sort=False)
        for place, row in _places(own)
    ]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    return pd.DataFrame(found)[COLUMNS].sort_values([*KEYS[:4], "muscle", "side"], kind="stable", ignore_index=True)


def late_onsets(
    monitor: pd.DataFrame, participant: str, session: str, *, muscles: Sequence[str] = GLUTEI
) -> pd.DataFrame:
    """Rows of the monitor of a session whose muscle fires late, the latest first.

    Parameters
    ----------
    monitor : rows of onset_monitor.csv.
    participant, session : of the session.
    muscles : of MUSCLES.
    """
    of_session = (monitor["participant_id"] == participant) & (monitor["session_id"] == session)
    late = monitor[of_session & monitor["muscle"].isin(muscles) & monitor["late"].astype(bool)]
    return late.sort_values("later_ms", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Usual:
    """What other repetitions say, at each value (grid,) of the typical error and of its share between sessions.

    Weight of the value, typical error [s], mean of the onsets [s] and its variance [s^2].
    """

    weight: Array
    typical_error: Array
    mean: Array
    variance: Array


def _places(own: pd.DataFrame) -> Iterator[tuple[int, dict[str, object]]]:
    """Rows of one muscle, side and task of an athlete, each with its place."""
    yield from enumerate(own[[*KEYS, "muscle", "onset_s", "u_onset_s"]].to_dict("records"))


def _compared(own: pd.DataFrame, place: int, row: dict[str, object]) -> dict[str, object]:
    """Row of the monitor of one repetition among all of the athlete's of the muscle, side and task."""
    sessions = own["session_id"].to_numpy().astype(str)
    elsewhere = sessions != sessions[place]
    count = len(np.unique(sessions[elsewhere]))
    kept, reference = elsewhere, OTHER_SESSIONS
    if count < LEAST_SESSIONS or elsewhere.sum() < LEAST_REPS:
        kept, reference, count = ~elsewhere & (np.arange(len(own)) != place), SAME_SESSION, 1
    if kept.sum() < LEAST_REPS:
        names = ("usual_onset_s", "typical_error_ms", "later_ms", "u_later_ms", "probability_late")
        nothing = dict.fromkeys(names, np.nan)
        return row | nothing | {"late": False, "reference": TOO_FEW, "reference_reps": 0, "reference_sessions": 0}
    onset, doubt = own["onset_s"].to_numpy(float), own["u_onset_s"].to_numpy(float)
    shares: Array = SHARES if reference == OTHER_SESSIONS else NONE_BETWEEN
    usual = _usual(onset[kept], doubt[kept], sessions[kept], shares)
    later = onset[place] - usual.mean
    error = np.sqrt(doubt[place] ** 2 + usual.variance)
    probability = float(usual.weight @ norm.cdf((later - usual.typical_error) / error))
    mean_later = float(usual.weight @ later)
    scatter = float(usual.weight @ (usual.variance + (later - mean_later) ** 2))
    return row | {
        "usual_onset_s": float(usual.weight @ usual.mean),
        "typical_error_ms": 1000.0 * _median(usual.typical_error, usual.weight),
        "later_ms": 1000.0 * mean_later,
        "u_later_ms": 1000.0 * float(np.sqrt(doubt[place] ** 2 + scatter)),
        "probability_late": probability,
        "late": probability >= LATE_PROBABILITY,
        "reference": reference,
        "reference_reps": int(kept.sum()),
        "reference_sessions": count,
    }


def _usual(onset: Array, doubt: Array, sessions: NDArray[np.str_], shares: Array) -> _Usual:
    """Likelihood of the other onsets, the usual one integrated out.

    Parameters
    ----------
    onset, doubt, sessions : (rep,) onsets and standard uncertainties [s], names of sessions.
    shares : (share,) of the square of the typical error that is between sessions.
    """
    order = np.argsort(sessions, kind="stable")
    starts = np.unique(sessions[order], return_index=True)[1]
    total, share = (grid.ravel() for grid in np.meshgrid(TYPICAL_ERRORS_S, shares))
    between = share * total**2
    precision = 1.0 / ((1.0 - share)[:, None] * total[:, None] ** 2 + np.square(doubt[order]))
    about = onset[order] - onset.mean()
    # within a session the covariance is a diagonal and a constant: inverse and determinant by Sherman & Morrison
    ones, linear, square = (np.add.reduceat(precision * about**power, starts, axis=1) for power in (0, 1, 2))
    shrunk = 1.0 / (1.0 + between[:, None] * ones)
    weight_of_mean = (shrunk * ones).sum(axis=1)
    mean = (shrunk * linear).sum(axis=1) / weight_of_mean
    misfit = (square - between[:, None] * shrunk * linear**2).sum(axis=1) - weight_of_mean * mean**2
    log_determinant = np.log(shrunk).sum(axis=1) + np.log(precision).sum(axis=1) - np.log(weight_of_mean)
    log_likelihood = 0.5 * (log_determinant - misfit)
    # steps of the grid grow with the typical error, of which the prior is even
    weight = np.exp(log_likelihood - log_likelihood.max()) * total
    return _Usual(weight / weight.sum(), total, mean + onset.mean(), 1.0 / weight_of_mean)


def _median(values: Array, weight: Array) -> float:
    """Median of weighted values (grid,)."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(cumulated, 0.5)])
