"""The optimum of a mixed model, checked by statsmodels' MixedLM, an independent implementation.

MixedLM is started at the optimum (`MixedLMParams.from_components`) on scaled columns: from other starting values, or
on raw weeks, it can stop short of the optimum with no more than a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from legsci.kernels.models.mixed_model import ClusterProducts, ProfiledFit, fit_profiled, log_scale
from legsci.models.result import Array
from legsci.models.statistics.design import Design

#: Which fits of a study are confirmed: those on which a verdict of the ledger rests, those of the other results too, or
#: none. A fit of 20,000 rows takes seconds to confirm.
CONFIRMED = ("verdicts", "all", "none")
#: Log-likelihoods further apart than this differ.
LOG_LIKELIHOOD_TOLERANCE = 1e-6
#: Variance of a random effect, relative to the residual variance, that is treated as zero.
SMALLEST_VARIANCE = 1e-6


def is_confirmed(which: str, *, verdict: bool) -> bool:
    """Return whether MixedLM confirms a fit.

    Parameters
    ----------
    which : one of CONFIRMED.
    verdict : whether a verdict of the ledger rests on the fit.

    Raises
    ------
    ValueError : any other word.
    """
    if which not in CONFIRMED:
        raise ValueError(f"confirm is one of {', '.join(CONFIRMED)}; found {which}")
    return which == "all" or (verdict and which == "verdicts")


def is_singular(optimum: ProfiledFit) -> bool:
    """Return whether the covariance of the random effects is singular, relative to the residual variance."""
    relative = optimum.factor @ optimum.factor.T
    return bool(np.linalg.eigvalsh(relative)[0] < SMALLEST_VARIANCE)


def confirm_with_mixedlm(
    design: Design, random: Sequence[str], data: ClusterProducts, optimum: ProfiledFit, reml: bool
) -> tuple[ProfiledFit, str]:
    """Continue the optimisation with MixedLM; where it finds a higher likelihood, restart the kernel from there.

    Parameters
    ----------
    design, random, data, optimum, reml : see MixedFit.

    Returns
    -------
    The better optimum, and a sentence that compares the two.
    """
    if is_singular(optimum):
        return optimum, "MixedLM was not run: the fit is singular, where MixedLM does not converge"
    outcome = (design.outcome - design.fixed @ data.centre) / data.outcome_scale
    fixed, exog_random = design.fixed @ data.fixed_scale, design.columns(random) @ data.random_scale
    start = MixedLMParams.from_components(
        fe_params=np.linalg.solve(data.fixed_scale, optimum.coefficients - data.centre) / data.outcome_scale,
        cov_re=optimum.factor @ optimum.factor.T,
    )
    size = len(random)
    free = None if data.correlated else MixedLMParams.from_components(np.ones(fixed.shape[1]), np.eye(size))
    with warnings.catch_warnings():
        # Its warnings concern its own optimiser and absolute variances below 0.01; here the likelihood decides.
        warnings.simplefilter("ignore")
        other = MixedLM(outcome, fixed, groups=design.participant, exog_re=exog_random).fit(
            start_params=start, reml=reml, free=free, method="bfgs", gtol=1e-6
        )
    return _better(data, optimum, reml, np.asarray(other.cov_re_unscaled), float(other.llf))


def _better(
    data: ClusterProducts, optimum: ProfiledFit, reml: bool, covariance: Array, scaled_log_likelihood: float
) -> tuple[ProfiledFit, str]:
    """Compare log-likelihoods in the units of the data and return the better optimum with a sentence."""
    rows = float(data.rows.sum())
    found = scaled_log_likelihood - log_scale(data, rows, reml=reml)
    gain = found - optimum.log_likelihood
    if not np.isfinite(gain) or gain < -LOG_LIKELIHOOD_TOLERANCE:
        return optimum, f"MixedLM, started at the optimum, ended below it at log-likelihood {found:.6f}"
    if gain <= LOG_LIKELIHOOD_TOLERANCE:
        return optimum, f"MixedLM agrees: log-likelihood {found:.6f}, kernel {optimum.log_likelihood:.6f}"
    again = fit_profiled(data, reml=reml, start=np.linalg.cholesky(covariance).astype(float))
    note = f"MixedLM found log-likelihood {found:.6f}, above the kernel's {optimum.log_likelihood:.6f}"
    return again, f"{note}; the kernel, started there, found {again.log_likelihood:.6f}"
