"""Random effects of athletes in a mixed model: predictions with intervals, their variance and its test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from legsci.kernels.models.mixed_model import cluster_products, fit_profiled, marginal_products
from legsci.models.result import Array
from legsci.models.statistics.design import INTERCEPT, Design
from legsci.models.statistics.mixed import MixedFit


def athlete_coefficients(fit: MixedFit, *, level: float = 0.95) -> pd.DataFrame:
    """Predict each athlete's intercept and slopes (best linear unbiased prediction) with intervals.

    b = P Z'V^-1 (y - X beta); the variance of the prediction error of an athlete's coefficient, A beta + b, is
    (P - P Z'V^-1 Z P) + (A - K) C (A - K)', K = P Z'V^-1 X, P and C the covariances of b and of beta (Henderson 1975,
    Biometrics 31:423-447). The uncertainty of the variance components is ignored.

    Parameters
    ----------
    fit : a fitted mixed model.
    level : coverage of the intervals, with t(G - 1).

    Returns
    -------
    One row per athlete and random term (index participant, term): `expected` (A beta: the fixed-effect part,
    moderators included), `deviation` (b), `coefficient` (their sum), `standard_error` (of its
    prediction error), `ci_low`, `ci_high` [unit of the outcome per unit of the term].
    """
    optimum, products = fit.optimum, marginal_products(fit.data, fit.optimum)
    # V is in units of the residual variance, so that P in the same units goes with it.
    relative = optimum.random_covariance / optimum.residual_variance
    deviation = products.random_residual @ relative
    carried = relative @ products.random_fixed
    remaining = optimum.random_covariance - relative @ products.random_random @ optimum.random_covariance
    weights = np.stack([_fixed_effect_weights(fit.design, term) for term in fit.random], axis=1)
    unsure = weights - carried
    variance = remaining + unsure @ optimum.coefficient_covariance @ unsure.transpose(0, 2, 1)
    standard_error = np.sqrt(np.diagonal(variance, axis1=1, axis2=2))
    expected = weights @ optimum.coefficients
    coefficient = expected + deviation
    half_width = stats.t.ppf(0.5 + level / 2.0, len(coefficient) - 1) * standard_error
    columns = {
        "expected": expected,
        "deviation": deviation,
        "coefficient": coefficient,
        "standard_error": standard_error,
        "ci_low": coefficient - half_width,
        "ci_high": coefficient + half_width,
    }
    index = pd.MultiIndex.from_product(
        [fit.design.participants, fit.random], names=[fit.design.participants.name, "term"]
    )
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)


def _fixed_effect_weights(design: Design, term: str) -> Array:
    """Return (athlete, term) the weight of each fixed coefficient in an athlete's coefficient of `term`.

    It is 1 for the term itself and the value of the moderator for a product of the term with what is constant within
    athletes; to the intercept belong all terms that are constant within athletes.
    """
    own = design.terms.index(term)
    factors = set() if term == INTERCEPT else set(term.split(":"))
    # A moderator is the product over the term, read where the term is furthest from zero.
    order = np.argsort(-np.abs(design.fixed[:, own]), kind="stable")
    first = np.array([order[design.participant[order] == g][0] for g in range(len(design.participants))])
    weights = np.zeros((len(first), len(design.terms)))
    for index, other in enumerate(design.terms):
        rest = set() if other == INTERCEPT else set(other.split(":")) - factors
        moderates = factors <= set(other.split(":")) and design.moderators[index] >= len(rest) > 0
        if index == own or moderates:
            weights[:, index] = design.fixed[first, index] / design.fixed[first, own]
    return weights


@dataclass(frozen=True)
class SlopeHeterogeneity:
    """Between-athlete variation of a slope.

    Parameters
    ----------
    term : the slope's term.
    mean : mean slope [unit of the outcome per unit of the term].
    standard_deviation : of the athletes' slopes, same unit.
    prediction_low, prediction_high : 95 % prediction interval of the slope of a new athlete, same unit.
    statistic : likelihood-ratio statistic of the random slope.
    p_value : of zero variance.
    """

    term: str
    mean: float
    standard_deviation: float
    prediction_low: float
    prediction_high: float
    statistic: float
    p_value: float


def slope_heterogeneity(fit: MixedFit, term: str, *, level: float = 0.95) -> SlopeHeterogeneity:
    """Estimate the between-athlete variation of a slope and test it against zero.

    Zero variance lies on the boundary of the parameter space, so that the likelihood-ratio statistic follows an equal
    mixture of chi-square with q and q + 1 degrees of freedom, q the number of other random effects; with
    uncorrelated effects 0 and 1 (Self & Liang 1987, JASA 82:605-610; Stram & Lee 1994, Biometrics 50:1171-1177). The
    prediction interval is mean -+ t(G - 2) sqrt(variance + SE^2) (Higgins et al. 2009, J R Stat Soc A 172:137-159).

    Parameters
    ----------
    fit : a fitted mixed model.
    term : one of its random terms, not the intercept.
    level : coverage of the prediction interval.

    Raises
    ------
    ValueError
        The term has no random slope in this model.
    """
    if term == INTERCEPT or term not in fit.random:
        raise ValueError(
            f"{term} has no random slope in this model; terms with one: {', '.join(fit.random[1:]) or 'none'}"
        )
    others = [other for other in fit.random if other != term]
    design = fit.design
    reduced = cluster_products(
        design.outcome, design.fixed, design.columns(others), design.participant, correlated=fit.data.correlated
    )
    without = fit_profiled(reduced, reml=fit.reml).log_likelihood
    statistic = max(0.0, 2.0 * (fit.optimum.log_likelihood - without))
    freedom = len(others) if fit.data.correlated else 0
    p_value = 0.5 * stats.chi2.sf(statistic, freedom + 1)
    # With no degrees of freedom all of the distribution lies at zero.
    p_value += 0.5 * (stats.chi2.sf(statistic, freedom) if freedom else float(statistic == 0.0))
    own, index = design.terms.index(term), fit.random.index(term)
    mean = float(fit.optimum.coefficients[own])
    standard_error = float(fit.result.estimates["standard_error"].iloc[own])
    variance = float(fit.optimum.random_covariance[index, index])
    quantile = float(stats.t.ppf(0.5 + level / 2.0, len(design.participants) - 2))
    half_width = quantile * float(np.sqrt(variance + standard_error**2))
    return SlopeHeterogeneity(
        term=term,
        mean=mean,
        standard_deviation=float(np.sqrt(variance)),
        prediction_low=mean - half_width,
        prediction_high=mean + half_width,
        statistic=float(statistic),
        p_value=float(p_value),
    )
