"""Agreement of two methods: bias and limits of agreement with repeated measures per athlete (Bland & Altman)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from legsci.models.result import Array, ModelRefusal
from legsci.models.statistics.design import FEWEST_PARTICIPANTS
from legsci.models.statistics.reliability import Estimate, reliability
from legsci.models.statistics.resampling import DEFAULT_BOOTSTRAP, Bootstrap, percentile_interval

#: Standard deviations on either side of the bias between which 95 % of normal differences lie.
LIMITS_OF_AGREEMENT_SD = 1.96


@dataclass(frozen=True)
class Agreement:
    """Differences between two methods, first minus second [unit of the values].

    Parameters
    ----------
    bias : mean difference.
    lower_limit, upper_limit : 95 % of single differences lie between.
    standard_deviation : of a single difference of any athlete.
    between_variance, within_variance : of athletes' mean differences, and of differences of one athlete; with one pair
        per athlete the two are not identifiable, and `within_variance` is the total.
    n : pairs, participants, excluded pairs.
    """

    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate
    standard_deviation: float
    between_variance: float
    within_variance: float
    n: dict[str, int]


def agreement(
    table: pd.DataFrame,
    *,
    first: str,
    second: str,
    participant: str = "participant_id",
    bootstrap: Bootstrap = DEFAULT_BOOTSTRAP,
) -> Agreement:
    """Compare two methods by their differences.

    Limits are bias -+ 1.96 sqrt(between + within), the variances of differences from a one-way analysis of variance
    over athletes, where the true value varies from pair to pair (Bland & Altman 2007, Journal of Biopharmaceutical
    Statistics 17:571-582). Pairs of one athlete are correlated, so that limits from all pairs as if independent would
    be biased. With one pair per athlete the limits are the common ones. Intervals: percentiles over resampled athletes.

    Parameters
    ----------
    table : long table, one row per pair; rows with missing values are excluded and counted.
    first, second : columns of the two methods, same unit.
    participant : column that names the athlete.
    bootstrap : over athletes.

    Raises
    ------
    ModelRefusal
        Columns are missing, or fewer than 3 athletes have pairs.
    """
    subject = f"the agreement of {first} and {second}"
    faults = [f"there is no column {column}" for column in (first, second, participant) if column not in table]
    if faults:
        raise ModelRefusal(subject, faults)
    complete = table[[first, second, participant]].dropna()
    difference = (complete[first] - complete[second]).to_numpy(float)
    codes, names = pd.factorize(complete[participant], sort=True)
    if len(names) < FEWEST_PARTICIPANTS:
        faults.append(f"athletes with pairs: {len(names)}; at least {FEWEST_PARTICIPANTS} are needed")
    if not np.isfinite(difference).all():
        faults.append("differences are infinite")
    if faults:
        raise ModelRefusal(subject, faults)
    count = np.bincount(codes).astype(float)
    total = np.bincount(codes, weights=difference).astype(float)
    within = np.bincount(codes, weights=(difference - (total / count)[codes]) ** 2).astype(float)
    bias, between_variance, within_variance = _one_way(count, total, within, np.ones((1, len(count))))
    drawn = _one_way(count, total, within, bootstrap.weights(len(count)))
    deviation, spread = float(np.sqrt(between_variance + within_variance)[0]), np.sqrt(drawn[1] + drawn[2])
    centre = float(bias[0])
    return Agreement(
        bias=Estimate(centre, *percentile_interval(drawn[0])),
        lower_limit=Estimate(
            centre - LIMITS_OF_AGREEMENT_SD * deviation,
            *percentile_interval(drawn[0] - LIMITS_OF_AGREEMENT_SD * spread),
        ),
        upper_limit=Estimate(
            centre + LIMITS_OF_AGREEMENT_SD * deviation,
            *percentile_interval(drawn[0] + LIMITS_OF_AGREEMENT_SD * spread),
        ),
        standard_deviation=deviation,
        between_variance=float(between_variance[0]),
        within_variance=float(within_variance[0]),
        n={"pairs": len(complete), "participants": len(names), "left_out": len(table) - len(complete)},
    )


def pair_icc(table: pd.DataFrame, *, first: str, second: str, bootstrap: Bootstrap = DEFAULT_BOOTSTRAP) -> Estimate:
    """ICC(A,1) of two methods that measure the same repetitions, each repetition a target (`reliability`) [1].

    Its interval resamples repetitions: those of one athlete are taken as independent, so that it is too narrow where
    they are alike.

    Parameters
    ----------
    table : one row per pair.
    first, second : columns of the two methods, same unit.
    bootstrap : over pairs.

    Raises
    ------
    ModelRefusal
        As `reliability`: fewer than 3 pairs, constant values.
    """
    complete = table[[first, second]].dropna().reset_index(drop=True)
    long = (
        complete.rename_axis("pair").reset_index().melt("pair", var_name="method", value_name=first + " and " + second)
    )
    return reliability(
        long, value=first + " and " + second, occasion="method", participant="pair", bootstrap=bootstrap
    ).icc


def _one_way(count: Array, total: Array, within: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Analyse variance over athletes, for each resample.

    Parameters
    ----------
    count, total, within : (athlete,) number and sum of differences, and sum of squares around the athlete's mean.
    weights : (resample, athlete).

    Returns
    -------
    mean, variance between athletes (at least 0), variance within athletes, each (resample,).
    """
    rows, clusters = weights @ count, weights.sum(axis=1)
    mean = weights @ total / rows
    squares_between = weights @ (total**2 / count) - rows * mean**2
    mean_between = squares_between / (clusters - 1.0)
    repeats = rows - clusters
    typical = (rows - weights @ count**2 / rows) / (clusters - 1.0)
    # Without repeats the variance between athletes is the total; it is reported as within, and between is 0.
    single = repeats <= 0.0
    mean_within = np.where(single, mean_between, weights @ within / np.where(single, 1.0, repeats))
    return mean, np.maximum(0.0, (mean_between - mean_within) / typical), mean_within
