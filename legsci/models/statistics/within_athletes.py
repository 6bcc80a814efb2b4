"""Effects within athletes by least squares with an intercept for each, where visits were missed.

Rows may have weights, so that the visits that took place stand for those that were missed, and visits that were missed
may be added with an outcome that departs from its prediction by a stated amount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from legsci.models.result import Array, ModelRefusal

#: Smallest eigenvalue of the scaled normal equations at which terms are still told apart.
SMALLEST_EIGENVALUE = 1e-8
#: Fewest athletes for a jackknife.
FEWEST_ATHLETES = 3


@dataclass(frozen=True)
class WithinEffects:
    """Effects of terms within athletes.

    Parameters
    ----------
    coefficients : (term,) [outcome per unit of the term].
    covariance : (term, term), of the jackknife over athletes.
    df : degrees of freedom of Student's t: athletes in whom some term varies, less 1.
    """

    coefficients: Array
    covariance: Array
    df: float


@dataclass(frozen=True)
class AthleteRows:
    """Rows of athletes.

    Parameters
    ----------
    columns : (row, term) of terms that vary within athletes.
    athlete : (row,) number of the athlete.
    error_variance : (athlete,) error variance of the measured term [its unit, squared]; None where it is not corrected.
    measured : number of that term.
    """

    columns: Array
    athlete: NDArray[np.int64]
    error_variance: Array | None = None
    measured: int = 0

    def sums(self, values: Array) -> Array:
        """Return sums of (row, ...) over the rows of each athlete."""
        total = np.zeros((int(self.athlete.max()) + 1, *values.shape[1:]))
        np.add.at(total, self.athlete, values)
        return total

    def normal_equations(self, outcome: Array, weights: Array, erring: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Return X'WX without measurement error, and X'Wy, of each athlete, about weighted means.

        Parameters
        ----------
        outcome, weights : (row,).
        erring : (row,) whether the measured term has error in the row.
        """
        both, total = np.column_stack([self.columns, outcome]), self.sums(weights)
        inverse = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0)
        both = both - (self.sums(both * weights[:, None]) * inverse[:, None])[self.athlete]
        products = self.sums(both[:, :-1, None] * (weights[:, None] * both)[:, None, :])
        matrices = products[:, :, :-1].copy()
        if self.error_variance is not None:
            own = np.where(erring, weights, 0.0)
            # The expectation of sum w (e - mean e)^2 per unit of the error variance.
            part = self.sums(own) - self.sums(own**2) * inverse
            matrices[:, self.measured, self.measured] -= part * self.error_variance
        return matrices, products[:, :, -1]


def within_effects(rows: AthleteRows, outcome: Array, *, weights: Array | None = None) -> WithinEffects:
    """Fit y_it = a_i + x_it beta by weighted least squares, a an intercept of the athlete.

    What is constant in an athlete cannot confound beta. The part of X'WX that is expected from measurement error is
    subtracted (regression calibration). The covariance is that of the jackknife over athletes (Efron & Tibshirani 1993,
    chapter 11).

    Parameters
    ----------
    rows : visits that took place.
    outcome : (row,).
    weights : (row,) above 0; 1 where they are not given.

    Raises
    ------
    ModelRefusal
        Terms are collinear, vary by measurement error alone, or rest on one athlete.
    """
    given = np.ones(len(outcome)) if weights is None else weights
    matrices, products = rows.normal_equations(outcome, given, np.ones(len(outcome), bool))
    return _jackknife(matrices, *_solved(matrices, products))


def shifted_effects(rows: AthleteRows, outcome: Array, *, took_place: NDArray[np.bool_], shift: float) -> WithinEffects:
    """Fit y_it = a_i + x_it beta to all planned visits, the outcome of missed ones departing from its prediction.

    A missed visit lies `shift` beside the regression line, so that beta is that of the visits that took place plus
    `shift` times the coefficients of being missed regressed on x (delta adjustment; Carpenter & Kenward 2013, Multiple
    Imputation and its Application, chapter 10). Without shift it is that of the visits that took place.

    Parameters
    ----------
    rows : all planned visits.
    outcome : (row,); that of missed visits is not used.
    took_place : (row,).
    shift : outcome of missed visits less its prediction [unit of the outcome].

    Raises
    ------
    ModelRefusal
        See `within_effects`.
    """
    # An outcome and weight of 0 leave a row out.
    attended = took_place.astype(float)
    matrices, products = rows.normal_equations(np.where(took_place, outcome, 0.0), attended, took_place)
    whole, left = _solved(matrices, products)
    every = np.ones(len(attended))
    of_missed, without = _solved(*rows.normal_equations(every - attended, every, took_place))
    return _jackknife(matrices, whole + shift * of_missed, left + shift * without)


def _solved(matrices: Array, products: Array) -> tuple[Array, Array]:
    """Return the solution of all athletes, (term,), and those without each of them, (athlete, term)."""
    whole = matrices.sum(axis=0)
    rest, diagonal = whole - matrices, np.diagonal(whole)
    scale = np.sqrt(np.where(diagonal > 0.0, diagonal, np.inf))
    smallest = np.linalg.eigvalsh(np.concatenate([whole[None], rest]) / np.outer(scale, scale))[:, 0]
    varying = np.abs(matrices).sum(axis=(1, 2)) > 0.0
    if varying.sum() < FEWEST_ATHLETES or not (smallest > SMALLEST_EIGENVALUE).all():
        sentence = "terms are collinear within athletes, vary by measurement error alone, or rest on one athlete"
        raise ModelRefusal("effects within athletes", [sentence])
    left = np.linalg.solve(rest, (products.sum(axis=0) - products)[..., None])[..., 0]
    return np.linalg.solve(whole, products.sum(axis=0)), left


def _jackknife(matrices: Array, whole: Array, left: Array) -> WithinEffects:
    """Return effects with their covariance; an athlete without whom nothing changes is none of the jackknife."""
    count = float(np.sum(np.abs(matrices).sum(axis=(1, 2)) > 0.0))
    apart = left - whole
    return WithinEffects(whole, (count - 1.0) / count * apart.T @ apart, count - 1.0)
