"""An effect on the scale of a claim: estimate, intervals, p value, and its transformation from a coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from legsci.models.result import Array
from legsci.models.statistics.design import percent_change

Interval = tuple[float, float]

#: Equivalence is tested by two one-sided tests of 5 %, which is the 90 % interval (Schuirmann 1987, J Pharmacokinet
#: Biopharm 15:657-680).
LEVEL, EQUIVALENCE_LEVEL = 0.95, 0.90


@dataclass(frozen=True)
class Effect:
    """An effect on a claim's own scale.

    Parameters
    ----------
    estimate : the effect.
    interval, equivalence_interval : 95 % and 90 % interval; an unbounded limit is infinite.
    p_value : two-sided, of no effect.
    difference : of the predictor that the effect belongs to, in the unit of the contrast.
    participants, rows : number in the model.
    events : number in the model; None where the outcome is no count.
    notes : warnings of the model and secondary results, as sentences.
    e_values : E-value of the estimate, and of the limit of the 95 % interval nearer to none; None where there is none.
    """

    estimate: float
    interval: Interval
    equivalence_interval: Interval
    p_value: float
    difference: float
    participants: int
    rows: int
    events: int | None = None
    notes: tuple[str, ...] = ()
    e_values: tuple[float, float] | None = None


def to_scale(values: Array | float, scale: str) -> Array:
    """Return values of a linear scale on a claim's scale.

    Parameters
    ----------
    values : on the linear scale.
    scale : `identity`; `percent`, from 100 ln to percent; `ratio`, from ln to ratio.
    """
    linear = np.asarray(values, float)
    if scale == "identity":
        return linear
    return np.asarray(percent_change(linear)) if scale == "percent" else np.exp(linear)


def intervals(estimate: float, standard_error: float, df: float, scale: str) -> tuple[Interval, Interval]:
    """Return the 95 % and the 90 % interval of a t-distributed estimate, on a claim's scale.

    Parameters
    ----------
    estimate, standard_error : on the linear scale.
    df : degrees of freedom.
    scale : see `to_scale`.
    """
    quantiles = stats.t.ppf([0.5 + level / 2.0 for level in (LEVEL, EQUIVALENCE_LEVEL)], df)
    wide, narrow = (to_scale(estimate + np.array([-q, q]) * standard_error, scale) for q in quantiles)
    return (float(wide[0]), float(wide[1])), (float(narrow[0]), float(narrow[1]))


def fieller_interval(
    numerator: float, denominator: float, covariance: Array, df: float, level: float
) -> tuple[float, float]:
    """Return the interval of a ratio of two estimates (Fieller 1954, J R Stat Soc B 16:175-185).

    It holds the ratios r for which numerator - r denominator does not differ from 0. Where the denominator itself does
    not, the interval is unbounded.

    Parameters
    ----------
    numerator, denominator : estimates.
    covariance : (2, 2) of the two, in this order.
    df : degrees of freedom of t.
    level : coverage.
    """
    square = float(stats.t.ppf(0.5 + level / 2.0, df)) ** 2
    a = denominator**2 - square * covariance[1, 1]
    b = numerator * denominator - square * covariance[0, 1]
    c = numerator**2 - square * covariance[0, 0]
    if a <= 0.0:
        return -np.inf, np.inf
    root = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return (b - root) / a, (b + root) / a


def e_values(ratio: float, interval: Interval) -> tuple[float, float]:
    """Return how strong an unmeasured confounder must be to explain a ratio away (E-value).

    The least ratio that it would need with both exposure and outcome, r + sqrt(r (r - 1)) with r at or above 1
    (VanderWeele & Ding 2017, Ann Intern Med 167:268-274).

    Parameters
    ----------
    ratio, interval : of risks or rates, with the 95 % interval.

    Returns
    -------
    Of the ratio, and of the limit nearer to 1; 1 where the interval holds 1.
    """
    low, high = interval
    values = []
    for each in (ratio, low if low > 1.0 else min(high, 1.0)):
        away = max(each, 1.0 / each)
        values.append(float(away + np.sqrt(away * (away - 1.0))))
    return values[0], values[1]


def e_values_of_difference(difference: float, standard_error: float) -> tuple[float, float]:
    """Return the E-values of a mean difference, by its approximate risk ratio.

    exp(0.91 d), with the 95 % interval exp(0.91 d -+ 1.78 standard errors) (VanderWeele & Ding 2017, table 2).

    Parameters
    ----------
    difference, standard_error : in standard deviations of the outcome.
    """
    ratio, low, high = (float(np.exp(0.91 * difference + sign * 1.78 * standard_error)) for sign in (0.0, -1.0, 1.0))
    return e_values(ratio, (low, high))
