"""Reliability of repeated measurements: intraclass correlation, standard error, minimal detectable change, CV.

All follow from three variance components: between athletes, between occasions, and residual, estimated by REML, so
that incomplete tables can be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.kernels.models.mixed_model import ProfiledFit, cluster_products, fit_profiled
from legsci.kernels.models.random_intercept import InterceptFits, fit_random_intercepts
from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import FEWEST_PARTICIPANTS
from legsci.models.statistics.resampling import DEFAULT_BOOTSTRAP, Bootstrap, percentile_interval

#: Form of the intraclass correlation -> (occasions have a variance of their own, which is part of the error, average
#: of k). Names after Shrout & Fleiss 1979, Psychological Bulletin 86:420-428, and McGraw & Wong 1996, Psychological
#: Methods 1:30-46, who write A (agreement) for 2 and C (consistency) for 3.
ICC_FORMS: dict[str, tuple[bool, bool, bool]] = {
    "ICC(1,1)": (False, False, False),
    "ICC(1,k)": (False, False, True),
    "ICC(2,1)": (True, True, False),
    "ICC(2,k)": (True, True, True),
    "ICC(3,1)": (True, False, False),
    "ICC(3,k)": (True, False, True),
    "ICC(A,1)": (True, True, False),
    "ICC(A,k)": (True, True, True),
    "ICC(C,1)": (True, False, False),
    "ICC(C,k)": (True, False, True),
}
#: Minimal detectable change (95 %) in standard errors of measurement.
DETECTABLE_CHANGE_FACTOR = 1.96 * np.sqrt(2.0)


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % percentile interval over resampled athletes."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Reliability:
    """Reliability of one measurement.

    Parameters
    ----------
    form : of the intraclass correlation, key of ICC_FORMS.
    icc : intraclass correlation [1].
    sem : standard error of measurement [unit of the value].
    mdc95 : minimal detectable change, 1.96 sqrt(2) SEM [unit of the value].
    cv_percent : coefficient of variation, 100 SEM / mean [%]; None where values are at or below 0: without a
        ratio scale it has no meaning.
    mean : mean of the occasions' means [unit of the value].
    variances : participant, occasion (where the form has them) and residual [unit of the value, squared].
    n : rows, participants, occasions per participant (k), excluded rows, resamples.
    """

    form: str
    icc: Estimate
    sem: Estimate
    mdc95: Estimate
    cv_percent: Estimate | None
    mean: float
    variances: Mapping[str, float]
    n: Mapping[str, float]


def reliability(
    table: pd.DataFrame,
    *,
    value: str,
    occasion: str,
    participant: str = "participant_id",
    form: str = "ICC(A,1)",
    bootstrap: Bootstrap = DEFAULT_BOOTSTRAP,
) -> Reliability:
    """Estimate the reliability of a measurement that was repeated on the same athletes.

    With variance components P of athletes, O of occasions and residual E: ICC(2,1) = P / (P + O + E) with
    SEM^2 = O + E; ICC(3,1) = P / (P + E) with SEM^2 = E; ICC(1,1) = P / (P + E) with occasions left in E; for the
    average of k occasions O and E are divided by k, in SEM too. Occasions enter the mixed model as fixed effects o_j,
    which on complete tables gives the estimates of the analysis of variance wherever these are not negative;
    O = var(o) - mean variance of the estimates' differences / 2, at least 0. Intervals are over resampled athletes:
    occasions are fixed, so that the uncertainty of O from few occasions is not included.

    Parameters
    ----------
    table : long table, one row per athlete and occasion; rows with missing values are excluded and counted.
    value : column that was measured.
    occasion : column that names the occasion (trial, day, rater).
    participant : column that names the athlete.
    form : key of ICC_FORMS.
    bootstrap : over athletes.

    Raises
    ------
    ModelRefusal
        With all reasons: fewer than 3 athletes, no athlete measured twice, an occasion repeated, constant values, ...
    """
    subject = f"the reliability of {value}"
    complete = _checked(table, value, occasion, participant, form, subject)
    apart, counts, average = ICC_FORMS[form]
    codes = pd.factorize(complete[participant], sort=True)[0].astype(np.int64)
    occasions = pd.factorize(complete[occasion], sort=True)[0] if apart else np.zeros(len(complete), np.int64)
    # Each occasion has its own mean, so that the fixed effects are the means themselves.
    fixed = np.eye(occasions.max() + 1)[occasions]
    try:
        data = cluster_products(complete[value].to_numpy(float), fixed, np.ones((len(complete), 1)), codes)
        whole = fit_profiled(data)
    except np.linalg.LinAlgError:
        sentence = f"{value} differs between occasions by the same amount in every athlete: the residual variance is 0"
        raise ModelRefusal(subject, [sentence]) from None
    k = float(1.0 / np.mean(1.0 / data.rows)) if average else 1.0
    everyone = _variances(_as_resample(whole))
    resampled = fit_random_intercepts(data, bootstrap.weights(len(data.rows)), start=float(whole.factor[0, 0] ** 2))
    # A resample without any athlete of some occasion is not estimable; n reports how many were.
    drawn = _summarise(_variances(resampled), counts=counts, k=k)
    drawn = drawn[:, ~np.isnan(resampled.residual_variance)]
    lost = bootstrap.resamples - drawn.shape[1]
    if drawn.shape[1] < bootstrap.resamples / 2:
        raise ModelRefusal(subject, [f"{lost} of {bootstrap.resamples} resamples of athletes lack an occasion"])
    estimates = [
        Estimate(point, *percentile_interval(column))
        for point, column in zip(_summarise(everyone, counts=counts, k=k)[:, 0], drawn, strict=True)
    ]
    participants, occasions_apart, residual, mean = everyone[:, 0]
    variances = {"participant": participants, "residual": residual} | ({"occasion": occasions_apart} if apart else {})
    n = {
        "rows": len(complete),
        "participants": len(data.rows),
        "k": k,
        "left_out": len(table) - len(complete),
        "resamples": drawn.shape[1],
    }
    icc, sem, mdc95, cv_percent = estimates
    positive = bool((complete[value] > 0.0).all())
    return Reliability(form, icc, sem, mdc95, cv_percent if positive else None, float(mean), variances, n)


def _as_resample(fit: ProfiledFit) -> InterceptFits:
    """Return a fit as that of one resample."""
    return InterceptFits(
        fit.coefficients[None],
        fit.coefficient_covariance[None],
        fit.random_covariance[:, 0],
        np.array([fit.residual_variance]),
    )


def _variances(fits: InterceptFits) -> Array:
    """Return variances between athletes, between occasions and residual, and the mean of the occasions' means.

    (4, resample).
    """
    means, covariance = fits.coefficients, fits.coefficient_covariance
    count = means.shape[1]
    between = np.zeros(len(means))
    if count > 1:
        # Mean over pairs of var(o_i - o_j) / 2 is what their estimates differ by from error alone.
        error = (np.trace(covariance, axis1=1, axis2=2) - covariance.sum(axis=(1, 2)) / count) / (count - 1)
        between = np.maximum(0.0, means.var(axis=1, ddof=1) - error)
    return np.stack([fits.intercept_variance, between, fits.residual_variance, means.mean(axis=1)])


def _summarise(variances: Array, *, counts: bool, k: float) -> Array:
    """Return ICC, SEM, MDC95 and CV [%] from `_variances`, (4, resample)."""
    participant, occasion, residual, mean = variances
    error = (residual + (occasion if counts else 0.0)) / k
    sem = np.sqrt(error)
    return np.stack([participant / (participant + error), sem, DETECTABLE_CHANGE_FACTOR * sem, 100.0 * sem / mean])


def _checked(table: pd.DataFrame, value: str, occasion: str, participant: str, form: str, subject: str) -> pd.DataFrame:
    """Return the complete rows, or refuse with all faults."""
    faults = [f"there is no form {form}; forms are {', '.join(ICC_FORMS)}"] if form not in ICC_FORMS else []
    columns = [value, occasion, participant]
    missing = [f"there is no column {column}" for column in columns if column not in table]
    if missing:
        raise ModelRefusal(subject, faults + missing)
    if not pd.api.types.is_numeric_dtype(table[value]):
        raise ModelRefusal(subject, [*faults, f"{value} is not numeric"])
    complete = table[columns].dropna()
    infinite = int(np.isinf(complete[value].to_numpy(float)).sum())
    if infinite:
        raise ModelRefusal(subject, [*faults, f"{value} is infinite in {infinite} rows"])
    counts = complete.groupby(participant, observed=True).size()
    if len(counts) < FEWEST_PARTICIPANTS:
        faults.append(f"athletes with values: {len(counts)}; at least {FEWEST_PARTICIPANTS} are needed")
    elif counts.max() < 2:
        faults.append("no athlete was measured more than once")
    elif np.ptp(complete[value].to_numpy(float)) == 0.0:
        faults.append(f"{value} is the same in every row")
    if complete.duplicated([participant, occasion]).any():
        repeated = int(complete.duplicated([participant, occasion]).sum())
        faults.append(f"{repeated} rows repeat an occasion of the same athlete")
    if faults:
        raise ModelRefusal(subject, faults)
    return complete
