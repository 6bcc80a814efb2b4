"""Effects of a variable that is measured with error: regression calibration, with standard errors by the jackknife.

A session's mean of a few repetitions is its true value plus error, which attenuates effects. The error variance has two
parts: that of the repetitions, estimated in each athlete, and that of placement, which all sessions share and whose own
uncertainty enters the standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.kernels.models.mixed_model import marginal_products
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table
from legsci.models.statistics.design import split_within_between
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model

#: Below this reliability the correction adds more variance than it removes bias.
LEAST_RELIABILITY = 0.3
#: Half width of a 95 % interval in standard errors.
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class RegressionCalibrationFit:
    """A mixed model whose effects are corrected for measurement error.

    Parameters
    ----------
    result : corrected estimates.
    naive : the same model without correction.
    reliability : share of the variance within athletes, given the other terms, that is not measurement error [1]: the
        factor by which the uncorrected effect within athletes is too small.
    reliability_interval : its 95 % interval.
    """

    result: ModelResult
    naive: MixedFit
    reliability: float
    reliability_interval: tuple[float, float]


def fit_regression_calibration(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    measured: str,
    error_variance: str,
    shared_error: float = 0.0,
    confirm: bool = True,
) -> RegressionCalibrationFit:
    """Fit a mixed model on a variable's within and between part, corrected for the error of its measurement.

    The uncorrected coefficients are b = (X'V^-1 X)^-1 X'V^-1 y with X = truth + error, so that on average
    b = (X'V^-1 X)^-1 (X'V^-1 X - W) beta, where W holds the error's share of X'V^-1 X; regression calibration solves
    for beta (Carroll et al. 2006, Measurement Error in Nonlinear Models, chapters 3 and 4). With error variance s of
    an athlete's n sessions, W is s (tr V^-1 - 1'V^-1 1 / n) for the deviations from the athlete's mean and
    s 1'V^-1 1 / n for the mean, summed over athletes. V is the fitted covariance without the slope on the variable
    itself, since that slope multiplies the error too.

    Standard errors are those of the jackknife over athletes at the estimated V (Efron & Tibshirani 1993, chapter 11),
    and hold the uncertainty of the error variance of repetitions; to their square is added the derivative of beta with
    respect to the shared error variance, times its standard error, squared.

    Parameters
    ----------
    table : long table, one row per athlete and session.
    model : with the two terms below among its fixed effects; products with them are not corrected and therefore
        refused.
    measured : column with the session's mean of the variable; terms `<measured>_within` and `<measured>_between` are
        made from it.
    error_variance : column with the variance of that mean's error [unit of measured, squared].
    shared_error : standard error of the part of the error variance that all sessions share [unit of measured, squared].
    confirm : see `fit_mixed_model`.

    Raises
    ------
    ModelRefusal
        The model or the correction cannot be estimated.
    """
    participant = model.participant
    subject = f"the effect of {measured} on {model.outcome}"
    faults = _unusable(table, model, measured, error_variance)
    if faults:
        raise ModelRefusal(subject, faults)
    # Rows with missing factors are excluded before centring: they would shift the athlete's mean.
    factors = (part for term in model.fixed for part in term.split(":"))
    used = {measured, error_variance, model.outcome, participant, *factors}
    complete = table.dropna(subset=sorted(used & set(table.columns)))
    split = split_within_between(complete, [measured], participant=participant)
    naive = fit_mixed_model(split, model, confirm=confirm)
    errors = split[error_variance].groupby(split[participant]).mean().reindex(naive.design.participants).to_numpy()
    terms = {part: f"{measured}_{part}" for part in ("within", "between") if f"{measured}_{part}" in model.fixed}
    attenuation = Attenuation(naive, terms, errors)
    reliability = attenuation.reliability()
    if not reliability >= LEAST_RELIABILITY:
        raise ModelRefusal(
            subject,
            [
                f"the reliability of {measured} within athletes is {reliability:.2f}: sessions vary little more than "
                f"by error of measurement; at least {LEAST_RELIABILITY} is needed"
            ],
        )
    result = _result(naive, attenuation, measured, shared_error, len(table) - len(complete))
    half = NORMAL_95 * attenuation.reliability_error(shared_error)
    interval = (max(reliability - half, 0.0), min(reliability + half, 1.0))
    return RegressionCalibrationFit(result, naive, reliability, interval)


def _unusable(table: pd.DataFrame, model: MixedModel, measured: str, error_variance: str) -> list[str]:
    columns, fixed = (measured, error_variance, model.participant), model.fixed
    faults = [f"there is no column {column}" for column in columns if column not in table]
    if faults:
        return faults
    negative = int((table[error_variance] < 0).sum())
    if negative:
        faults.append(f"{error_variance} is negative in {negative} rows")
    parts = {f"{measured}_within", f"{measured}_between"}
    if f"{measured}_within" not in fixed:
        faults.append(f"{measured}_within is not among the terms {', '.join(fixed)}")
    products = [term for term in fixed if ":" in term and parts & set(term.split(":"))]
    faults += [f"{term} is a product with the variable; products are not corrected" for term in products]
    return faults


class Attenuation:
    """How much of X'V^-1 X is measurement error.

    Parameters
    ----------
    naive : the model without correction.
    terms : `within` and `between` -> term of the model.
    errors : (athlete,) error variance of a session's mean [unit of measured, squared].
    """

    def __init__(self, naive: MixedFit, terms: dict[str, str], errors: Array) -> None:
        self.naive, optimum, data = naive, naive.optimum, naive.data
        self.columns = {part: naive.design.terms.index(term) for part, term in terms.items()}
        kept = np.array([term not in terms.values() for term in naive.random])
        relative = np.where(np.outer(kept, kept), optimum.random_covariance, 0.0) / optimum.residual_variance
        products = marginal_products(data, optimum, factor=_factor(relative, data.random_scale))
        self.own = products.fixed_fixed
        # tr V^-1 = n - tr(P Z'V^-1 Z); 1'V^-1 1 is the intercept's element of Z'V^-1 Z.
        trace = data.rows - np.einsum("ij,gji->g", relative, products.random_random)
        mean = products.random_random[:, 0, 0] / data.rows
        share = {"within": trace - mean, "between": mean}
        #: (athlete, term, term) error's part of X'V^-1 X per unit of the error variance, and altogether.
        self.per_variance = np.zeros_like(self.own)
        for part, column in self.columns.items():
            self.per_variance[:, column, column] = share[part]
        self.error = errors[:, None, None] * self.per_variance

    @property
    def truth(self) -> Array:
        """X'V^-1 X without measurement error (term, term)."""
        return np.asarray((self.own - self.error).sum(axis=0), np.float64)

    def reliability(self) -> float:
        """Return the share of the within part's variance, given the other terms, that is no measurement error."""
        return float(self._reliabilities((self.own - self.error).sum(axis=0), self.own.sum(axis=0)))

    def _reliabilities(self, truth: Array, whole: Array) -> Array:
        """Return 1 / [M^-1]_kk of the truth as a share of that of the whole; not positive where there is none."""
        at = self.columns["within"]
        definite = np.linalg.eigvalsh(truth)[..., 0] > 0.0
        safe = np.where(definite[..., None, None], truth, np.eye(truth.shape[-1]))
        given = 1.0 / np.linalg.inv(safe)[..., at, at]
        return np.asarray(np.where(definite, given * np.linalg.inv(whole)[..., at, at], 0.0), np.float64)

    def reliability_error(self, shared_error: float) -> float:
        """Return the standard error of the reliability: jackknife over athletes, and that of the shared variance."""
        whole, error = self.own.sum(axis=0), self.error.sum(axis=0)
        left = self._reliabilities(whole - error - (self.own - self.error), whole - self.own)
        count = len(self.own)
        jackknife = (count - 1.0) / count * np.sum((left - left.mean()) ** 2)
        per_unit = self.per_variance.sum(axis=0)
        size = max(shared_error, 1e-12) * 1e-3
        slope = (self._reliabilities(whole - error - size * per_unit, whole) - self.reliability()) / size
        return float(np.sqrt(jackknife + (slope * shared_error) ** 2))

    def correct(self) -> Array:
        """Return the coefficients without attenuation (term,)."""
        truth = self.truth
        if np.linalg.eigvalsh(truth)[0] <= 0.0:
            raise np.linalg.LinAlgError("the error variance exceeds the observed variance")
        return np.asarray(np.linalg.solve(truth, self.own.sum(axis=0) @ self.naive.optimum.coefficients), np.float64)

    def covariance(self, shared_error: float) -> Array:
        """Return the covariance of the corrected coefficients (term, term)."""
        optimum, corrected, whole = self.naive.optimum, self.correct(), self.own.sum(axis=0)
        scores = marginal_products(self.naive.data, optimum).fixed_residual / optimum.residual_variance
        # What an athlete adds to the uncorrected coefficients, and to the two matrices of the correction.
        fitted = scores @ optimum.coefficient_covariance @ whole
        own = self.own - self.error
        parts = fitted + self.own @ optimum.coefficients - own @ corrected
        without = self.truth - own
        definite = np.linalg.eigvalsh(without)[:, 0] > 0.0
        if not definite.all():
            raise np.linalg.LinAlgError(
                f"the effect rests on {self.naive.design.participants[int(np.argmin(definite))]} alone"
            )
        left = np.linalg.solve(without, parts[:, :, None])[:, :, 0]
        of_shared = shared_error * np.linalg.solve(self.truth, self.per_variance.sum(axis=0) @ corrected)
        return np.asarray(left.T @ left + np.outer(of_shared, of_shared), np.float64)


def _factor(relative: Array, scale: Array) -> Array:
    """Return the scaled triangular factor of a covariance of random effects."""
    variances, directions = np.linalg.eigh(relative)
    root = directions * np.sqrt(np.clip(variances, 0.0, None))
    return np.linalg.qr(np.linalg.solve(scale, root).T)[1].T.astype(np.float64, order="C")


def _result(
    naive: MixedFit, attenuation: Attenuation, measured: str, shared_error: float, left_out: int
) -> ModelResult:
    table = naive.result.estimates
    try:
        corrected, covariance = attenuation.correct(), attenuation.covariance(shared_error)
    except np.linalg.LinAlgError as reason:
        raise ModelRefusal(f"the correction for the error of {measured}", [str(reason)]) from reason
    estimates = estimate_table(
        naive.design.terms,
        corrected,
        np.sqrt(np.diag(covariance)),
        table["df"].to_numpy(),
        kind=table["kind"],
        se_method=["jackknife"] * len(table),
    )
    messages = list(naive.result.warnings)
    if left_out:
        messages.append(("rows_left_out", f"{left_out} rows with missing values were excluded"))
    reliability = attenuation.reliability()
    note = f"corrected for measurement error: reliability of {measured} within athletes {reliability:.2f}"
    return ModelResult(
        outcome=naive.result.outcome,
        formula=naive.result.formula,
        estimates=estimates,
        log_likelihood=None,
        variance_components=naive.result.variance_components,
        n=dict(naive.result.n),
        warnings=tuple(messages),
        notes=(*naive.result.notes, note),
    )
