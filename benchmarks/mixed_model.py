"""Mixed models beside statsmodels' MixedLM: one large fit, and a cluster bootstrap beside refits."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM

from benchmarks.timing import Measurement, medians_ms
from legsci.kernels.models.mixed_model import cluster_products, fit_profiled
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.resampling import Bootstrap

ATHLETES = 60
RESAMPLES = 2000
REFITS = 8
FIXED = ["time", "alignment"]
MODEL = MixedModel("jump", FIXED, random=["time"])


def measure() -> list[Measurement]:
    """Return the comparisons of the mixed model."""
    return [_large_fit(), _bootstrap()]


def _cohort(sessions: int) -> pd.DataFrame:
    """Draw athletes who differ in level and in progress over centred weeks."""
    rng = np.random.default_rng(0)
    athlete = np.repeat(np.arange(ATHLETES), sessions)
    weeks = np.tile(np.linspace(-1.0, 1.0, sessions), ATHLETES)
    alignment = rng.normal(size=len(athlete))
    level, progress = rng.normal(size=(2, ATHLETES)) * [[5.0], [2.0]]
    jump = level[athlete] + (4.0 + progress[athlete]) * weeks - alignment + 3.0 * rng.normal(size=len(athlete))
    return pd.DataFrame({"participant_id": athlete, "time": weeks, "alignment": alignment, "jump": jump})


def _fit(table: pd.DataFrame) -> MixedFit:
    return fit_mixed_model(table, MODEL, confirm=False)


def _mixedlm(table: pd.DataFrame) -> float:
    """Fit by MixedLM alone, as a user would; return its log-likelihood."""
    fixed = np.column_stack([np.ones(len(table)), table[FIXED]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the time is the matter here; the log-likelihood tells whether it arrived
        model = MixedLM(
            table["jump"].to_numpy(), fixed, groups=table["participant_id"].to_numpy(), exog_re=fixed[:, :2]
        )
        return float(model.fit(reml=True).llf)


def _large_fit() -> Measurement:
    """Compare the whole fit, from table to estimates, at 60 athletes x 2400 rows; MixedLM runs once."""
    table = _cohort(2400)
    (ours,) = medians_ms(lambda: _fit(table), rounds=5)
    start = time.perf_counter()
    log_likelihood = _mixedlm(table)
    theirs = (time.perf_counter() - start) * 1000.0
    found = _fit(table).optimum.log_likelihood
    if found < log_likelihood - 1e-6:
        raise RuntimeError(f"legsci stopped at log-likelihood {found:.6f}, below MixedLM's {log_likelihood:.6f}")
    print(f"log-likelihood at {len(table)} rows: legsci {found:.6f}, MixedLM {log_likelihood:.6f}")
    job = f"random slope, {len(table)} rows, without confirmation by MixedLM"
    return Measurement(job, "MixedLM alone", ours, theirs, 20.0)


def _bootstrap() -> Measurement:
    """Compare resampled products with refits of resampled rows by MixedLM, of which a few are timed and scaled up."""
    table = _cohort(24)
    fit = _fit(table)
    weights = Bootstrap(RESAMPLES).weights(ATHLETES)

    def legsci() -> None:
        data = cluster_products(
            fit.design.outcome, fit.design.fixed, fit.design.columns(fit.random), fit.design.participant
        )
        for drawn in weights:
            fit_profiled(data, weights=drawn, start=fit.optimum)

    (ours,) = medians_ms(legsci, rounds=3)
    rows = dict(list(table.groupby("participant_id")))
    times = []
    for drawn in weights[:REFITS]:
        athletes = np.repeat(np.arange(ATHLETES), drawn.astype(int))
        resample = pd.concat([rows[name].assign(participant_id=place) for place, name in enumerate(athletes)])
        start = time.perf_counter()
        _mixedlm(resample)
        times.append((time.perf_counter() - start) * 1000.0)
    theirs = float(np.mean(times)) * RESAMPLES
    print(f"refits: {REFITS} timed, their mean taken {RESAMPLES} times")
    return Measurement(f"{RESAMPLES} resamples of {ATHLETES} x 24", "MixedLM refits, scaled up", ours, theirs, 30.0)
