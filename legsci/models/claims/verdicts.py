"""One verdict per claim, from the interval of its effect, and the adjustment of p values for multiplicity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from legsci.models.claims.registry import Claim
from legsci.models.result import ALPHA
from legsci.models.statistics.effects import Effect

SUPPORTED = "supported"
SMALLER = "same direction but smaller"
EQUIVALENT = "equivalent to none"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
UNTESTABLE = "untestable"


def adjusted_p_values(p_values: pd.Series, *, method: str) -> pd.Series:
    """Adjust p values for multiple testing.

    Parameters
    ----------
    p_values : (claim,) missing for claims that were not tested, which are excluded.
    method : `holm` controls the family-wise error rate (Holm 1979, Scand J Stat 6:65-70);
        `benjamini_hochberg` the false discovery rate (Benjamini & Hochberg 1995, J R Stat
        Soc B 57:289-300).

    Returns
    -------
    (claim,) adjusted p values, missing where the p value is.
    """
    tested = p_values.dropna().sort_values(kind="stable")
    rank = np.arange(1, len(tested) + 1)
    if method == "holm":
        adjusted = np.maximum.accumulate(tested.to_numpy() * (len(tested) - rank + 1))
    elif method == "benjamini_hochberg":
        adjusted = np.minimum.accumulate((tested.to_numpy() * len(tested) / rank)[::-1])[::-1]
    else:
        raise ValueError(f"method is holm or benjamini_hochberg; found {method}")
    return pd.Series(np.minimum(adjusted, 1.0), index=tested.index).reindex(p_values.index)


def claim_verdict(claim: Claim, effect: Effect, adjusted_p: float) -> tuple[str, str]:
    """Return the verdict on a claim and the reason for it.

    In the direction of the claim: `equivalent to none`, the 90 % interval lies within the limits of practical
    equivalence; `contradicted`, the effect differs from none (adjusted p < 0.05) in the opposite direction;
    `supported`, it differs from none, the 95 % interval lies beyond practical equivalence and includes or exceeds the
    claimed size; `same direction but smaller`, it differs from none and the interval does not reach the claimed size;
    else `inconclusive`.

    Parameters
    ----------
    claim : the claim.
    effect : its effect.
    adjusted_p : p value adjusted over the claims of its status.
    """
    low, high = claim.equivalence
    toward = [claim.direction * limit for limit in effect.interval]
    near, far = min(toward), max(toward)
    least, edge = claim.direction * claim.least, claim.direction * claim.edge
    found = f"95 % interval {effect.interval[0]:.3g} to {effect.interval[1]:.3g} {claim.unit}"
    if low <= effect.equivalence_interval[0] and effect.equivalence_interval[1] <= high:
        limits = f"{low:g} to {high:g}"
        interval = " to ".join(f"{limit:.3g}" for limit in effect.equivalence_interval)
        return EQUIVALENT, f"the 90 % interval {interval} lies within {limits} {claim.unit}"
    differs = adjusted_p < ALPHA
    if differs and claim.direction * (effect.estimate - claim.null) < 0:
        return CONTRADICTED, f"the effect is in the opposite direction: {found}"
    if differs and far < least:
        return SMALLER, f"{found} excludes no effect and does not reach {claim.least:g}"
    if differs and near > edge:
        if claim.size is None:
            return SUPPORTED, f"{found} lies beyond {claim.edge:g}, as claimed"
        reach = "includes" if near <= least else "exceeds"
        return SUPPORTED, f"{found} lies beyond {claim.edge:g} and {reach} the claimed {claim.least:g}"
    sizes = "excludes" if far < least else "does not exclude"
    claimed = "an effect beyond equivalence in this direction" if claim.size is None else f"the claimed {claim.least:g}"
    return INCONCLUSIVE, f"{found}, adjusted p {adjusted_p:.2g}: the interval {sizes} {claimed}"


def verdict_on_truth(claim: Claim, truth: float) -> str:
    """Return the verdict on the true effect.

    Parameters
    ----------
    claim : the claim.
    truth : its true effect, on the claim's scale.
    """
    low, high = claim.equivalence
    if low <= truth <= high:
        return EQUIVALENT
    if claim.direction * (truth - claim.null) < 0:
        return CONTRADICTED
    return SUPPORTED if claim.direction * (truth - claim.least) >= 0 else SMALLER
