"""Effects of a variable that is measured with error: regression calibration with a cluster bootstrap.

A session's mean of a few repetitions is its true value plus error, which attenuates effects. The error variance is
estimated from the replicate variance of the repetitions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.kernels.models.mixed_model import ProfiledFit, fit_profiled, marginal_sums
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table
from legsci.models.statistics.design import split_within_between
from legsci.models.statistics.mixed import MixedFit, MixedModel, fit_mixed_model
from legsci.models.statistics.resampling import DEFAULT_BOOTSTRAP, Bootstrap, percentile_interval

#: Below this reliability the correction adds more variance than it removes bias.
LEAST_RELIABILITY = 0.3
#: Largest share of resamples without estimate for which the bootstrap is used.
MOST_RESAMPLES_LOST = 0.05


@dataclass(frozen=True)
class RegressionCalibrationFit:
    """A mixed model whose effects are corrected for measurement error.

    Parameters
    ----------
    result : corrected estimates with bootstrap standard errors.
    naive : the same model without correction.
    reliability : share of the variance within athletes that is not measurement error [1].
    reliability_interval : 95 % percentile interval over resampled athletes.
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
    bootstrap: Bootstrap = DEFAULT_BOOTSTRAP,
    confirm: bool = True,
) -> RegressionCalibrationFit:
    """Fit a mixed model on a variable's within and between part, corrected for the error of its measurement.

    The uncorrected coefficients are b = (X'V^-1 X)^-1 X'V^-1 y with X = truth + error, so that on average
    b = (X'V^-1 X)^-1 (X'V^-1 X - W) beta, where W holds the error's share of X'V^-1 X; regression calibration solves
    for beta (Carroll et al. 2006, Measurement Error in Nonlinear Models, chapters 3 and 4). With error variance s of
    an athlete's n sessions, W is s (tr V^-1 - 1'V^-1 1 / n) for the deviations from the athlete's mean and
    s 1'V^-1 1 / n for the mean, summed over athletes. V is the fitted covariance without the slope on the variable
    itself, since that slope multiplies the error too. Each resample of athletes repeats fit, reliability and
    correction.

    Parameters
    ----------
    table : long table, one row per athlete and session.
    model : with the two terms below among its fixed effects; products with them are not corrected and therefore
        refused.
    measured : column with the session's mean of the variable; terms `<measured>_within` and `<measured>_between` are
        made from it.
    error_variance : column with the variance of that mean's error: the variance of the session's repetitions over
        their number [unit of measured, squared].
    bootstrap : over athletes.
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
    attenuation = _Attenuation(naive, terms, errors)
    everyone = np.ones(len(errors))
    reliability = attenuation.reliability(everyone)
    if not reliability >= LEAST_RELIABILITY:
        raise ModelRefusal(
            subject,
            [
                f"the reliability of {measured} within athletes is {reliability:.2f}: sessions vary little more than "
                f"the repetitions of a session; at least {LEAST_RELIABILITY} is needed"
            ],
        )
    drawn = _resample(naive, attenuation, bootstrap)
    resamples = bootstrap.resamples
    if len(drawn) < (1.0 - MOST_RESAMPLES_LOST) * resamples:
        raise ModelRefusal(
            subject, [f"{resamples - len(drawn)} of {resamples} resamples of athletes are not estimable"]
        )
    corrected = attenuation.correct(naive.optimum, everyone)
    result = _result(naive, corrected, drawn[:, 1:], measured, reliability, resamples, len(table) - len(complete))
    return RegressionCalibrationFit(result, naive, reliability, percentile_interval(drawn[:, 0]))


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


class _Attenuation:
    """How much of X'V^-1 X is measurement error, for any weights of the athletes."""

    def __init__(self, naive: MixedFit, terms: dict[str, str], errors: Array) -> None:
        self.naive = naive
        self.errors = errors
        self.columns = {part: naive.design.terms.index(term) for part, term in terms.items()}
        self.kept = np.array([term not in terms.values() for term in naive.random])
        deviations = naive.design.fixed[:, self.columns["within"]] ** 2
        self.squares = np.bincount(naive.design.participant, weights=deviations)

    def reliability(self, weights: Array) -> float:
        """Return 1 - error's share of the sum of squared deviations from athletes' means."""
        expected = weights @ (self.errors * (self.naive.data.rows - 1.0))
        return float(1.0 - expected / (weights @ self.squares))

    def correct(self, optimum: ProfiledFit, weights: Array) -> Array:
        """Return the coefficients without attenuation."""
        data = self.naive.data
        relative = np.where(np.outer(self.kept, self.kept), optimum.random_covariance, 0.0) / optimum.residual_variance
        variances, directions = np.linalg.eigh(relative)
        root = directions * np.sqrt(np.clip(variances, 0.0, None))
        # The triangular factor of the same covariance.
        factor = np.linalg.qr(np.linalg.solve(data.random_scale, root).T)[1].T.astype(np.float64, order="C")
        information, random = marginal_sums(data, weights, factor)
        # tr V^-1 = n - tr(P Z'V^-1 Z); 1'V^-1 1 is the intercept's element of Z'V^-1 Z.
        trace = data.rows - np.einsum("ij,gji->g", relative, random)
        mean = random[:, 0, 0] / data.rows
        share = {"within": self.errors * (trace - mean), "between": self.errors * mean}
        truth = information.copy()
        for part, column in self.columns.items():
            truth[column, column] -= weights @ share[part]
        if np.linalg.eigvalsh(truth)[0] <= 0.0:
            raise np.linalg.LinAlgError("the error variance exceeds the observed variance")
        return np.asarray(np.linalg.solve(truth, information @ optimum.coefficients), np.float64)


def _resample(naive: MixedFit, attenuation: _Attenuation, bootstrap: Bootstrap) -> Array:
    """Return (resample, 1 + term): reliability and corrected coefficients of the estimable resamples."""
    drawn = []
    for weights in bootstrap.weights(len(attenuation.errors)):
        try:
            optimum = fit_profiled(naive.data, weights=weights, reml=naive.reml, start=naive.optimum)
            corrected = attenuation.correct(optimum, weights)
        except np.linalg.LinAlgError:
            continue
        drawn.append(np.array([attenuation.reliability(weights), *corrected]))
    return np.array(drawn).reshape(-1, 1 + len(naive.design.terms))


def _result(
    naive: MixedFit, corrected: Array, drawn: Array, measured: str, reliability: float, resamples: int, left_out: int
) -> ModelResult:
    table = naive.result.estimates
    estimates = estimate_table(
        naive.design.terms,
        corrected,
        drawn.std(axis=0, ddof=1),
        table["df"].to_numpy(),
        kind=table["kind"],
        se_method=["cluster bootstrap"] * len(table),
    )
    messages = list(naive.result.warnings)
    if left_out:
        messages.append(("rows_left_out", f"{left_out} rows with missing values were excluded"))
    if len(drawn) < resamples:
        messages.append(("resamples_lost", f"{resamples - len(drawn)} of {resamples} resamples are not estimable"))
    note = f"corrected for measurement error: reliability of {measured} within athletes {reliability:.2f}"
    return ModelResult(
        outcome=naive.result.outcome,
        formula=naive.result.formula,
        estimates=estimates,
        log_likelihood=None,
        variance_components=naive.result.variance_components,
        n={**naive.result.n, "resamples": len(drawn)},
        warnings=tuple(messages),
        notes=(*naive.result.notes, note),
    )
