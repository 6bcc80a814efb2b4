"""A fitted injury model: estimates, and beside every ratio how well its term tells who gets injured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.models.injury.design import InjuryDesign
from legsci.models.injury.discrimination import Calibration, area_under_curve, concordance
from legsci.models.result import ModelRefusal, ModelResult

#: Logarithm of ratios beyond what numbers hold.
LARGEST_LOG_RATIO = 700.0
Area = tuple[float | None, tuple[float, float] | None]

#: Below this many athletes, sandwich standard errors tend to be too small and intervals too narrow.
FEW_PARTICIPANTS = 20


@dataclass(frozen=True)
class InjuryFit:
    """A fitted injury model.

    Parameters
    ----------
    result : estimates on the log scale [ln ratio per unit of the term].
    ratios : index term: ratio, ci_low, ci_high [per unit of the term], auc, auc_low, auc_high: area under the ROC curve
        of the term alone, in the direction of the fit, on the rows of the fit.
    auc, auc_interval : area of all terms together; None where it cannot be had, which a warning says.
    calibration : on athletes left out; None where it cannot be had, which a warning says.
    """

    result: ModelResult
    ratios: pd.DataFrame
    auc: float | None
    auc_interval: tuple[float, float] | None
    calibration: Calibration | None


def injury_fit(
    built: InjuryDesign,
    estimates: pd.DataFrame,
    *,
    model: str,
    outcome: str,
    formula: str,
    log_likelihood: float | None,
    compared: Callable[[int], NDArray[np.bool_]],
    weight: NDArray[np.float64],
    calibration: Calibration | None,
    resamples: int,
    seed: int,
    variance_components: Mapping[str, float] | None = None,
    n: Mapping[str, float] | None = None,
    warnings: tuple[tuple[str, str], ...] = (),
    notes: tuple[str, ...] = (),
) -> InjuryFit:
    """Put a fitted injury model together.

    Parameters
    ----------
    built : the rows.
    estimates : see ModelResult; `built.terms` with or without an intercept before them.
    compared, weight : see `concordance`.
    calibration : see InjuryFit.
    resamples, seed : of the bootstrap over athletes for the area under the curve.
    model, outcome, formula, log_likelihood, variance_components, n, warnings, notes : see ModelResult.

    Raises
    ------
    ModelRefusal
        An interval too wide to be a ratio.
    """
    told = [*built.warnings, *warnings]
    if len(built.design.participants) < FEW_PARTICIPANTS:
        told.append(("few_participants", f"{len(built.design.participants)} athletes: intervals may be too narrow"))
    if calibration is None:
        told.append(("no_calibration", "too few events to leave athletes out: no calibration"))
    kept = estimates.loc[list(built.terms)]
    endless = kept.index[kept[["ci_low", "ci_high"]].abs().max(axis=1) > LARGEST_LOG_RATIO]
    if len(endless):
        sentence = "the interval of the ratio has no bound: too few events, or a unit far too large"
        raise ModelRefusal(formula, [f"{term}: {sentence}" for term in endless])
    areas = _areas(built, kept["estimate"].to_numpy(), compared, weight, resamples, seed)
    area, interval = areas[-1]
    if interval is None:
        told.append(("no_auc", "too few events, or too few rows without, for an area under the curve with an interval"))
    result = ModelResult(
        model=model,
        outcome=outcome,
        formula=formula,
        estimates=estimates,
        log_likelihood=log_likelihood,
        variance_components=dict(variance_components or {}),
        n=built.n() | dict(n or {}),
        warnings=tuple(told),
        notes=(*notes, "areas under the curve are those of the rows that were fitted, hence a little too high"),
    )
    return InjuryFit(result, _ratios(kept, areas[:-1]), area, interval, calibration)


def _areas(
    built: InjuryDesign,
    coefficients: NDArray[np.float64],
    compared: Callable[[int], NDArray[np.bool_]],
    weight: NDArray[np.float64],
    resamples: int,
    seed: int,
) -> list[Area]:
    """Return the area of each term alone, then that of all together."""
    parts = built.covariates * coefficients
    areas = []
    for predictor in (*parts.T, parts.sum(axis=1)):
        wins, pairs = concordance(predictor, built.events > 0, compared, built.design.participant, weight)
        areas.append(area_under_curve(wins, pairs, resamples=resamples, seed=seed))
    return areas


def _ratios(kept: pd.DataFrame, areas: list[Area]) -> pd.DataFrame:
    ratios = pd.DataFrame({"ratio": np.exp(kept["estimate"])})
    for column in ("ci_low", "ci_high"):
        ratios[column] = np.exp(kept[column])
    ratios["auc"] = [area for area, _ in areas]
    for side, column in enumerate(("auc_low", "auc_high")):
        ratios[column] = [None if interval is None else interval[side] for _, interval in areas]
    return ratios
