"""Cluster bootstrap: athletes, not rows, are drawn with replacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cluster_weights(clusters: int, *, resamples: int, seed: int) -> Array:
    """Draw how often each cluster occurs in each resample of as many clusters.

    Parameters
    ----------
    clusters : how many there are.
    resamples : how many resamples are drawn.
    seed : of the random numbers; the same seed draws the same resamples.

    Returns
    -------
    (resample, cluster); each row sums to `clusters`.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=resamples).astype(float)


def percentile_interval(values: Array, *, level: float = 0.95) -> tuple[float, float]:
    """Return the middle share of the resampled values (percentile interval, Efron & Tibshirani 1993, chapter 13).

    Parameters
    ----------
    values : (resample,) any unit.
    level : share of the values within the interval.
    """
    low, high = np.quantile(values, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)
