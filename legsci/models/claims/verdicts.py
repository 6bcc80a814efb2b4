"""One verdict per claim, from the interval of its effect, and the adjustment of p values for multiplicity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from legsci.models.claims.registry import Claim
from legsci.models.result import ALPHA
from legsci.models.statistics.effects import Effect, Interval

SUPPORTED = "supported"
SMALLER = "same direction but smaller"
EQUIVALENT = "equivalent to none"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
UNTESTABLE = "untestable"


def adjusted_p_values(p_values: pd.Series, *, method: str, family: int | None = None) -> pd.Series:
    """Adjust p values for multiple testing.

    Parameters
    ----------
    p_values : (claim,) missing for claims that were not tested, which are excluded.
    method : `holm` controls the family-wise error rate (Holm 1979, Scand J Stat 6:65-70);
        `benjamini_hochberg` the false discovery rate (Benjamini & Hochberg 1995, J R Stat
        Soc B 57:289-300).
    family : number of registered tests, those without a p value among them, whose p value is taken as 1; by default
        those with a p value.

    Returns
    -------
    (claim,) adjusted p values, missing where the p value is.
    """
    tested = p_values.dropna().sort_values(kind="stable")
    rank, count = np.arange(1, len(tested) + 1), len(tested) if family is None else family
    if method == "holm":
        adjusted = np.maximum.accumulate(tested.to_numpy() * (count - rank + 1))
    elif method == "benjamini_hochberg":
        adjusted = np.minimum.accumulate((tested.to_numpy() * count / rank)[::-1])[::-1]
    else:
        raise ValueError(f"method is holm or benjamini_hochberg; found {method}")
    return pd.Series(np.minimum(adjusted, 1.0), index=tested.index).reindex(p_values.index)


def claim_verdict(
    claim: Claim, effect: Effect, adjusted_p: float, alternatives: Mapping[str, Interval] | None = None
) -> tuple[str, str]:
    """Return the verdict on a claim and the reason for it.

    Each word is a statement on an interval. In the direction of the claim: `equivalent to none`, the 90 % interval lies
    within the limits of practical equivalence. The others require an effect that differs from none (adjusted p < 0.05)
    and a 95 % interval that lies beyond practical equivalence: `contradicted`, in the opposite direction; `supported`,
    it includes or exceeds the claimed size; `same direction but smaller`, it does not reach it. Else `inconclusive`,
    always so where the 95 % interval has no end, or where a registered alternative analysis says otherwise.

    Parameters
    ----------
    claim : the claim.
    effect : its effect in the primary analysis.
    adjusted_p : p value adjusted over the registered claims of its status.
    alternatives : name of each alternative analysis -> its 95 % interval.
    """
    word, reason = _primary_verdict(claim, effect, adjusted_p)
    for name, interval in (alternatives or {}).items():
        if _disagrees(claim, word, interval):
            found = f"95 % interval {interval[0]:.3g} to {interval[1]:.3g} {claim.unit}"
            return INCONCLUSIVE, f"{word} in the primary analysis ({reason}), but not with {name}: {found}"
    return word, reason


def _disagrees(claim: Claim, word: str, interval: Interval) -> bool:
    """Return whether an interval contradicts a verdict: on the other side of none, or in another place of the band."""
    low, high = claim.equivalence
    inside = low <= interval[0] and interval[1] <= high
    if word == EQUIVALENT:
        return interval[0] > high or interval[1] < low
    if word == INCONCLUSIVE:
        return False
    side = -claim.direction if word == CONTRADICTED else claim.direction
    return inside or max(side * (limit - claim.null) for limit in interval) < 0.0


def _primary_verdict(claim: Claim, effect: Effect, adjusted_p: float) -> tuple[str, str]:
    low, high = claim.equivalence
    toward = [claim.direction * limit for limit in effect.interval]
    near, far = min(toward), max(toward)
    least, edge = claim.direction * claim.least, claim.direction * claim.edge
    other = -high if claim.direction < 0 else low
    found = f"95 % interval {effect.interval[0]:.3g} to {effect.interval[1]:.3g} {claim.unit}"
    if not np.isfinite([*effect.interval, *effect.equivalence_interval]).all():
        return INCONCLUSIVE, f"{found}: the interval has no end"
    if low <= effect.equivalence_interval[0] and effect.equivalence_interval[1] <= high:
        interval = " to ".join(f"{limit:.3g}" for limit in effect.equivalence_interval)
        return EQUIVALENT, f"the 90 % interval {interval} lies within {low:g} to {high:g} {claim.unit}"
    differs = adjusted_p < ALPHA
    if differs and far < other:
        limit = low if claim.direction > 0 else high
        return CONTRADICTED, f"the effect is in the opposite direction: {found} lies beyond {limit:g}"
    if differs and near > edge:
        if claim.size is None:
            return SUPPORTED, f"{found} lies beyond {claim.edge:g}, as claimed"
        if far < least:
            return SMALLER, f"{found} lies beyond {claim.edge:g} and does not reach {claim.least:g}"
        reach = "includes" if near <= least else "exceeds"
        return SUPPORTED, f"{found} lies beyond {claim.edge:g} and {reach} the claimed {claim.least:g}"
    if near > edge or far < other:
        return INCONCLUSIVE, f"{found} lies beyond practical equivalence, but the adjusted p value is {adjusted_p:.2g}"
    sizes = "excludes" if far < least else "does not exclude"
    claimed = (
        "effects beyond it in the direction of the claim" if claim.size is None else f"the claimed {claim.least:g}"
    )
    return INCONCLUSIVE, f"{found}: it includes values within practical equivalence and {sizes} {claimed}"


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
