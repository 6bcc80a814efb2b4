"""Linear mixed models of repeated measures: random intercepts and slopes of athletes.

The optimum is found by the profiled-likelihood kernel and confirmed by statsmodels' MixedLM, which shares no code with
it. MixedLM is started there, since from other values it can stop short of the optimum when columns are badly scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.kernels.models.mixed_model import (
    ClusterProducts,
    ProfiledFit,
    cluster_products,
    fit_profiled,
    marginal_products,
)
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table
from legsci.models.statistics.confirmation import SMALLEST_VARIANCE, confirm_with_mixedlm, is_singular
from legsci.models.statistics.design import FEW_PARTICIPANTS, INTERCEPT, Design, build_design

STANDARD_ERRORS = ("by kind", "model", "cluster")
#: Share of the information on a term that the other athletes must contribute, else it rests on one athlete.
SMALLEST_REST = 1e-8
#: Share of a term's variance between athletes, given the between-athlete terms, from which its effect is a mixture.
MIXED_SHARE = 0.1


@dataclass(frozen=True)
class MixedModel:
    """A linear mixed model of repeated measures of athletes.

    Parameters
    ----------
    outcome : column of the response.
    fixed : terms with fixed effects, columns or products `a:b`; see `build_design`. Moderators of a slope are such
        products.
    random : terms with a random slope by athlete, from those of `fixed`; the intercept is always random.
    participant : column that names the athlete.
    correlated : whether an athlete's random intercept and slopes may be correlated.
    """

    outcome: str
    fixed: Sequence[str]
    random: Sequence[str] = ()
    participant: str = "participant_id"
    correlated: bool = True


@dataclass(frozen=True)
class MixedFit:
    """A fitted mixed model: its result, and the quantities for predictions, tests and resampling.

    Parameters
    ----------
    result : the estimates.
    design : design matrix.
    random : terms with random effects, the intercept first.
    data : sums of products per athlete.
    optimum : of the likelihood.
    reml : restricted (True) or full likelihood.
    """

    result: ModelResult
    design: Design
    random: tuple[str, ...]
    data: ClusterProducts
    optimum: ProfiledFit
    reml: bool

    def covariance(self, kind: str) -> Array:
        """Return the covariance of the coefficients, (term, term): `model` or `cluster` (sandwich over athletes)."""
        if kind == "model":
            return self.optimum.coefficient_covariance
        return _sandwich(self.data, self.optimum)[0]


def fit_mixed_model(
    table: pd.DataFrame,
    model: MixedModel,
    *,
    reml: bool = True,
    standard_errors: str = "by kind",
    confirm: bool = True,
) -> MixedFit:
    """Fit y = X beta + Z b + e, b and e normal, with random intercepts and slopes b of athletes.

    Standard errors "by kind": terms that vary within athletes get the bias-reduced sandwich over athletes with
    t(G - 1), which holds when an athlete's residuals are correlated in time; terms that are constant within athletes
    get the model's standard error with t(G - number of such terms), so t(G - 2) for one of them and the intercept;
    a product of both kinds gets the sandwich and one degree of freedom less per constant factor.

    Parameters
    ----------
    table : long table, one row per occasion. Rows with missing values are excluded and counted in a warning.
    model : outcome, fixed and random effects.
    reml : restricted (default) or full likelihood.
    standard_errors : `by kind`, `model` or `cluster` for all terms alike (with the same degrees of freedom).
    confirm : repeat the fit by MixedLM from the optimum, which takes seconds from 20,000 rows on.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    if standard_errors not in STANDARD_ERRORS:
        raise ValueError(f"standard_errors is one of {', '.join(STANDARD_ERRORS)}; found {standard_errors}")
    subject = f"the mixed model of {model.outcome}"
    design = build_design(
        table,
        outcome=model.outcome,
        fixed=model.fixed,
        random=model.random,
        participant=model.participant,
        subject=subject,
    )
    terms = (INTERCEPT, *model.random)
    try:
        data = cluster_products(
            design.outcome, design.fixed, design.columns(terms), design.participant, correlated=model.correlated
        )
        optimum = fit_profiled(data, reml=reml)
    except np.linalg.LinAlgError as reason:
        raise ModelRefusal(subject, [str(reason)]) from reason
    notes, messages = [_formula(model, design, terms, reml)], _warnings(design, terms, data, optimum)
    if confirm:
        optimum, note = confirm_with_mixedlm(design, terms, data, optimum, reml)
        notes.append(note)
    if not optimum.converged:
        messages.append(("not_converged", "the optimiser did not converge: do not use the estimates"))
    result = ModelResult(
        outcome=model.outcome,
        formula=notes[0],
        estimates=_estimates(design, data, optimum, standard_errors),
        log_likelihood=optimum.log_likelihood,
        variance_components=_components(terms, optimum),
        n={"rows": len(design.outcome), "participants": len(design.participants)},
        warnings=tuple(messages),
        notes=tuple(notes[1:]),
    )
    return MixedFit(result, design, terms, data, optimum, reml)


def _formula(model: MixedModel, design: Design, random: Sequence[str], reml: bool) -> str:
    joint = "" if model.correlated or len(random) == 1 else ", uncorrelated"
    likelihood = "REML" if reml else "ML"
    return f"{model.outcome} ~ {' + '.join(design.terms)}; by athlete: {' + '.join(random)}{joint} ({likelihood})"


def _sandwich(data: ClusterProducts, optimum: ProfiledFit) -> tuple[Array, NDArray[np.int64]]:
    """Return the sandwich over athletes, and which terms rest on one athlete alone.

    B (sum u u') B with B = (X'V^-1 X)^-1 and u = (1 - A B)^-1 X'V^-1 r of an athlete, A the athlete's part of X'V^-1 X:
    the scores of Liang & Zeger (1986, Biometrika 73:13-22) without the leverage of the athlete's own rows (Mancl &
    DeRouen 2001, Biometrics 57:126-134). With few athletes, the plain sandwich is far too small for terms that rest on
    a few of them.

    Returns
    -------
    covariance : (term, term).
    lone : (term,) number of the athlete without whom the term is not estimable; -1 where there is none.
    """
    products = marginal_products(data, optimum)
    half = np.linalg.cholesky(optimum.coefficient_covariance)
    own = half.T @ (products.fixed_fixed / optimum.residual_variance) @ half
    shares, directions = np.linalg.eigh(own)
    whole = shares > 1.0 - SMALLEST_REST
    # In a direction that one athlete determines, that athlete's residual is 0, and so is its part of the sum.
    factor = np.where(whole, 0.0, 1.0 / np.where(whole, 1.0, 1.0 - shares))
    scores = products.fixed_residual / optimum.residual_variance @ half
    freed = np.einsum("gij,gj,gkj,gk->gi", directions, factor, directions, scores)
    lone = np.full(len(half), -1)
    for athlete, direction in np.argwhere(whole):
        carried = np.abs(half @ directions[athlete, :, direction])
        lone[carried > SMALLEST_REST * np.linalg.norm(half, axis=1)] = athlete
    return half @ (freed.T @ freed) @ half.T, lone


def _estimates(design: Design, data: ClusterProducts, optimum: ProfiledFit, standard_errors: str) -> pd.DataFrame:
    count = len(design.participants)
    within = np.array(design.kinds) == "within"
    df = np.where(within, count - 1.0 - np.array(design.moderators), float(count - np.sum(~within)))
    by_cluster = {"by kind": within, "model": np.zeros_like(within), "cluster": np.ones_like(within)}[standard_errors]
    if np.any(df < 1):
        raise ModelRefusal(
            f"the standard errors of {', '.join(design.terms)}",
            [f"{count} athletes are too few for {np.sum(~within)} between-athlete terms"],
        )
    covariance, lone = _sandwich(data, optimum)
    alone = [
        f"{design.terms[term]} rests on {design.participants[lone[term]]} alone"
        for term in np.flatnonzero(by_cluster & (lone >= 0))
    ]
    if alone:
        raise ModelRefusal("the standard errors by athlete", alone)
    model, cluster = np.diag(optimum.coefficient_covariance), np.diag(covariance)
    return estimate_table(
        design.terms,
        optimum.coefficients,
        np.sqrt(np.where(by_cluster, cluster, model)),
        df,
        kind=design.kinds,
        se_method=np.where(by_cluster, "cluster", "model"),
    )


def _components(random: Sequence[str], optimum: ProfiledFit) -> dict[str, float]:
    """Return variances by term, correlations where both variances are above zero, and the residual variance."""
    covariance = optimum.random_covariance
    components = {term: float(variance) for term, variance in zip(random, np.diag(covariance), strict=True)}
    for i, first in enumerate(random):
        for j, second in enumerate(random[:i]):
            size = np.sqrt(covariance[i, i] * covariance[j, j])
            if size > 0.0:
                components[f"correlation {second}, {first}"] = float(covariance[i, j] / size)
    components["residual"] = optimum.residual_variance
    return components


def _warnings(
    design: Design, random: Sequence[str], data: ClusterProducts, optimum: ProfiledFit
) -> list[tuple[str, str]]:
    messages = []
    if design.left_out:
        messages.append(("rows_left_out", f"{design.left_out} rows with missing values were excluded"))
    if len(design.participants) < FEW_PARTICIPANTS:
        messages.append(
            ("few_participants", f"with {len(design.participants)} athletes, intervals tend to be too narrow")
        )
    if is_singular(optimum):
        messages.append(("singular", _singularity(random, data, optimum)))
    sums = np.stack([np.bincount(design.participant, weights=column) for column in design.fixed.T], axis=1)
    means = sums / data.rows[:, None]
    constant = means[:, np.array(design.kinds) == "between"]
    for index, term in enumerate(design.terms):
        if design.kinds[index] == "within":
            apart = means[:, index] - constant @ np.linalg.lstsq(constant, means[:, index], rcond=None)[0]
            share = data.rows @ apart**2 / data.rows.sum() / np.var(design.fixed[:, index])
            if share > MIXED_SHARE:
                sentence = (
                    f"{share:.0%} of the variance of {term} lies between athletes, so that its effect mixes change "
                    "within athletes with differences between them: split it"
                )
                messages.append(("mixed_levels", sentence))
    return messages


def _singularity(random: Sequence[str], data: ClusterProducts, optimum: ProfiledFit) -> str:
    # Variance that a term adds to an average row, relative to the residual variance.
    mean_squares = np.diag(np.linalg.inv(data.random_scale @ data.random_scale.T))
    shares = np.diag(optimum.random_covariance) / optimum.residual_variance * mean_squares
    zero = [term for term, share in zip(random, shares, strict=True) if share < SMALLEST_VARIANCE]
    if zero:
        return f"athletes do not differ in {' and '.join(zero)}: the variance is estimated as zero"
    return f"athletes' random effects of {' and '.join(random)} are estimated as perfectly correlated"
