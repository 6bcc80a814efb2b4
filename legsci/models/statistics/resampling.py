"""Cluster bootstrap: athletes, not rows, are drawn with replacement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from legsci.models.result import Array


@dataclass(frozen=True)
class Bootstrap:
    """Settings of a cluster bootstrap.

    Parameters
    ----------
    resamples : number of resamples.
    seed : of the random number generator; the same seed draws the same resamples.
    """

    resamples: int = 2000
    seed: int = 0

    def weights(self, clusters: int) -> Array:
        """Draw how often each cluster occurs in each resample, (resample, cluster); each row sums to `clusters`.

        Parameters
        ----------
        clusters : number of clusters in the sample, and in each resample.
        """
        generator = np.random.default_rng(self.seed)
        return generator.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=self.resamples).astype(float)


#: The bootstrap of a fit for which no other was asked.
DEFAULT_BOOTSTRAP = Bootstrap()


def percentile_interval(values: Array, *, level: float = 0.95) -> tuple[float, float]:
    """Return the middle share of the resampled values (percentile interval, Efron & Tibshirani 1993, chapter 13).

    Parameters
    ----------
    values : (resample,) any unit.
    level : share of the values within the interval.
    """
    low, high = np.quantile(values, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)
