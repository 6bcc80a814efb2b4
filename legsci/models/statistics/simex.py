"""Simulation extrapolation (SIMEX): the effect as measurement error is added to a variable, extrapolated to none.

A check of regression calibration that shares no formula with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import split_within_between
from legsci.models.statistics.mixed import MixedModel, fit_mixed_model

#: Added error variance, in multiples of that of the measurement; at -1 there would be none.
MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
#: Simulated data sets for each multiple.
REPLICATES = 24


@dataclass(frozen=True)
class Extrapolation:
    """An effect without measurement error.

    Parameters
    ----------
    estimate, standard_error : [unit of the outcome per unit of the term].
    df : degrees of freedom of Student's t, those of the model.
    estimates : (multiple,) mean estimates, that of the data as measured first.
    """

    estimate: float
    standard_error: float
    df: float
    estimates: Array


def extrapolate_error(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    term: str,
    measured: str,
    error_variance: str,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> Extrapolation:
    """Add normal error to a variable, refit the mixed model, and extrapolate the effect to no error by a parabola.

    The variance is that of the model less the variance of the estimates between simulated data sets, extrapolated
    likewise (Stefanski & Cook 1995, JASA 90:1247-1256). A parabola leaves part of a strong attenuation uncorrected
    (Carroll et al. 2006, Measurement Error in Nonlinear Models, chapter 5).

    Parameters
    ----------
    table : long table, complete rows of athletes and sessions.
    model : with `<measured>_within` or `<measured>_between` among its terms.
    term : whose effect is extrapolated.
    measured, error_variance : columns of the variable and of its error variance [unit of measured, squared].
    seed : of the added errors.
    replicates : simulated data sets for each multiple.

    Raises
    ------
    ModelRefusal
        The model cannot be estimated with added error, or no variance is left.
    """
    generator = np.random.default_rng(seed)
    athlete = table[model.participant].to_numpy()
    deviation = np.sqrt(table[error_variance].groupby(athlete).transform("mean").to_numpy(float))
    estimates, variances = [], []
    for multiple in MULTIPLES:
        found = np.array(
            [
                _fit(table, model, term, measured, np.sqrt(multiple) * deviation * generator.normal(size=len(table)))
                for _ in range(replicates if multiple else 1)
            ]
        )
        spread = found[:, 0].var(ddof=1) if len(found) > 1 else 0.0
        estimates.append(found[:, 0].mean())
        variances.append((found[:, 1] ** 2).mean() - spread)
    without, variance = (_at_no_error(np.array(values)) for values in (estimates, variances))
    if not variance > 0.0:
        raise ModelRefusal(f"the effect of {measured} by SIMEX", ["the extrapolated variance is not above 0"])
    return Extrapolation(without, float(np.sqrt(variance)), float(found[0, 2]), np.array(estimates))


def _fit(table: pd.DataFrame, model: MixedModel, term: str, measured: str, error: Array) -> tuple[float, float, float]:
    """Return estimate, standard error and degrees of freedom with error added to the variable."""
    noisy = table.assign(**{measured: table[measured] + error})
    split = split_within_between(noisy, [measured], participant=model.participant)
    estimates = fit_mixed_model(split, model, confirm=False).result.estimates
    estimate, standard_error, df = estimates.loc[term, ["estimate", "standard_error", "df"]].to_numpy(float)
    return float(estimate), float(standard_error), float(df)


def _at_no_error(values: Array) -> float:
    """Return the parabola through values of MULTIPLES at -1."""
    return float(np.polynomial.Polynomial.fit(MULTIPLES, values, 2)(-1.0))
