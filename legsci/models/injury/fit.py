"""A fitted injury model: estimates, and for every ratio how well its term discriminates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.models.injury.design import InjuryDesign
from legsci.models.injury.discrimination import Calibration, area_under_curve
from legsci.models.result import ModelRefusal, ModelResult
from legsci.models.statistics.design import FEW_PARTICIPANTS
from legsci.models.statistics.resampling import Bootstrap

#: Bootstrap of the areas under the curve where no other is given.
AREA_BOOTSTRAP = Bootstrap(resamples=1000)
#: Log ratio beyond which its exponential overflows.
LARGEST_LOG_RATIO = 700.0
Area = tuple[float | None, tuple[float, float] | None]
Concordance = Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]

#: Score at the estimates, in its standard errors, above which the search has not converged.
LARGEST_SCORE = 1e-6


@dataclass(frozen=True)
class InjuryFit:
    """A fitted injury model.

    Parameters
    ----------
    result : estimates on the log scale [ln ratio per unit of the term].
    ratios : index term: ratio, ci_low, ci_high [per unit of the term], auc, auc_low, auc_high: area under the ROC curve
        of the term alone, in the direction of its coefficient, in sample.
    auc, auc_interval : area of the linear predictor; None where it cannot be estimated, with a warning.
    calibration : on held-out athletes; None where it cannot be estimated, with a warning.
    """

    result: ModelResult
    ratios: pd.DataFrame
    auc: float | None
    auc_interval: tuple[float, float] | None
    calibration: Calibration | None


def injury_fit(
    built: InjuryDesign,
    result: ModelResult,
    *,
    concordance: Concordance,
    calibration: Calibration | None,
    bootstrap: Bootstrap,
) -> InjuryFit:
    """Complete the result of an injury model by counts, warnings, ratios and areas under the curve.

    Parameters
    ----------
    built : the rows.
    result : estimates of `built.terms`, with or without an intercept before them; `n` as far as it is not counted in
        `built`.
    concordance : from a predictor (row,) to wins and pairs, see `discrimination.concordance`.
    calibration : see InjuryFit.
    bootstrap : over athletes, for the areas under the curve.

    Raises
    ------
    ModelRefusal
        The interval of a ratio is unbounded.
    """
    messages = [*built.warnings, *result.warnings]
    if len(built.design.participants) < FEW_PARTICIPANTS:
        messages.append(("few_participants", f"{len(built.design.participants)} athletes: intervals may be too narrow"))
    if calibration is None:
        messages.append(("no_calibration", "too few events for cross-validation over athletes: no calibration"))
    kept = result.estimates.loc[list(built.terms)]
    unbounded = kept.index[kept[["ci_low", "ci_high"]].abs().max(axis=1) > LARGEST_LOG_RATIO]
    if len(unbounded):
        sentence = "the interval of the ratio is unbounded: too few events, or a unit far too large"
        raise ModelRefusal(result.formula, [f"{term}: {sentence}" for term in unbounded])
    areas = _areas(built, kept["estimate"].to_numpy(), concordance, bootstrap)
    area, interval = areas[-1]
    if interval is None:
        messages.append(
            ("no_auc", "too few events, or too few rows without events, for the area under the curve and its interval")
        )
    completed = replace(
        result,
        n=built.n() | dict(result.n),
        warnings=tuple(messages),
        notes=(*result.notes, "areas under the curve are in-sample estimates, hence slightly optimistic"),
    )
    return InjuryFit(completed, _ratios(kept, areas[:-1]), area, interval, calibration)


def _areas(
    built: InjuryDesign,
    coefficients: NDArray[np.float64],
    concordance: Concordance,
    bootstrap: Bootstrap,
) -> list[Area]:
    """Return the area of each term alone, then that of all together."""
    parts = built.covariates * coefficients
    areas = []
    for predictor in (*parts.T, parts.sum(axis=1)):
        areas.append(area_under_curve(*concordance(predictor), bootstrap=bootstrap))
    return areas


def _ratios(kept: pd.DataFrame, areas: list[Area]) -> pd.DataFrame:
    ratios = pd.DataFrame({"ratio": np.exp(kept["estimate"])})
    for column in ("ci_low", "ci_high"):
        ratios[column] = np.exp(kept[column])
    ratios["auc"] = [area for area, _ in areas]
    for side, column in enumerate(("auc_low", "auc_high")):
        ratios[column] = [None if interval is None else interval[side] for _, interval in areas]
    return ratios
