"""Injury rates per hour: population-averaged (GEE) and with a shared gamma frailty of the athlete."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats
from statsmodels.tools.sm_exceptions import IterationLimitWarning, PerfectSeparationWarning

from legsci.models.injury.design import InjuryDesign, InjuryModel, build_injury_design
from legsci.models.injury.discrimination import (
    Calibration,
    concordance,
    cross_validated_predictor,
    group_by_prediction,
)
from legsci.models.injury.fit import AREA_BOOTSTRAP, InjuryFit, injury_fit
from legsci.models.injury.frailty import fit_frailty_hazard
from legsci.models.injury.shared_gamma import maximise_shared_gamma
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table
from legsci.models.statistics.resampling import Bootstrap

WORKING_CORRELATIONS = ("independence", "exchangeable")
COVARIANCES = {"bias_reduced": "Mancl-DeRouen by athlete", "robust": "sandwich by athlete"}
LINK_FUNCTIONS = ("log", "cloglog")
NO_OVERDISPERSION = (
    "no_overdispersion",
    "no overdispersion between athletes: the frailty variance is 0 and the fit is Poisson",
)


def fit_injury_rate(
    table: pd.DataFrame,
    model: InjuryModel,
    *,
    exposure: str = "training_hours",
    link: str = "log",
    working_correlation: str = "independence",
    covariance: str = "bias_reduced",
    bootstrap: Bootstrap = AREA_BOOTSTRAP,
) -> InjuryFit:
    """Fit the rate per hour by generalised estimating equations (Liang & Zeger 1986, Biometrika 73:13-22).

    With link `log`, events are Poisson-like counts: E(events) = hours exp(x beta). With link `cloglog`, a row has one
    event or none: P(event) = 1 - exp(-hours exp(x beta)), the same rate in discrete time. The covariance is the
    bias-reduced sandwich over athletes (Mancl & DeRouen 2001, Biometrics 57:126-134), intervals are from t(G - 1).

    Parameters
    ----------
    table : rows at risk, one athlete's in several.
    model : terms, events, athletes.
    exposure : column of hours at risk [h].
    link : `log` or `cloglog`.
    working_correlation : `independence` or `exchangeable` (between rows of one athlete).
    covariance : `bias_reduced`, or `robust` for the plain sandwich.
    bootstrap : over athletes, for the areas under the curve; its seed also assigns athletes to folds.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    for name, value, known in (
        ("link", link, LINK_FUNCTIONS),
        ("working_correlation", working_correlation, WORKING_CORRELATIONS),
        ("covariance", covariance, tuple(COVARIANCES)),
    ):
        if value not in known:
            raise ValueError(f"{name} is one of {', '.join(known)}; found {value}")
    events, subject = model.events, f"the rate of {model.events}"
    built = build_injury_design(table, model, subject=subject, exposure=exposure, single=link == "cloglog")
    hours = built.table[exposure].to_numpy(float)
    if link == "cloglog" and built.events.all():
        raise ModelRefusal(subject, [f"every row has {events}, so that its probability cannot be estimated"])
    coefficients, errors, dependence = _solve(built, hours, link, working_correlation, covariance, subject)
    count, clusters = len(coefficients), len(built.design.participants)
    estimates = estimate_table(
        built.design.terms, coefficients, errors, np.full(count, clusters - 1.0), kind=_kinds(built),
        se_method=[COVARIANCES[covariance]] * count,
    )  # fmt: skip
    result = ModelResult(
        outcome=events,
        formula=f"{link}({events}) ~ {' + '.join(built.design.terms)} + offset ln({exposure}), {working_correlation}",
        estimates=estimates,
        log_likelihood=None,
        variance_components={} if dependence is None else {"working correlation": dependence},
        n={"exposure_h": float(hours.sum())},
    )
    calibration = _calibrate(built, hours, link, lambda rows: _rate(built, hours, link, rows), bootstrap.seed)
    return injury_fit(
        built,
        result,
        concordance=lambda predictor: concordance(predictor, built.events > 0, built.design.participant, hours),
        calibration=calibration,
        bootstrap=bootstrap,
    )


def fit_shared_gamma(
    table: pd.DataFrame,
    model: InjuryModel,
    *,
    exposure: str = "training_hours",
    bootstrap: Bootstrap = AREA_BOOTSTRAP,
) -> InjuryFit:
    """Fit a Poisson model with a gamma frailty of mean 1 shared by the rows of an athlete.

    The totals of athletes are then negative binomial. Standard errors are the model's, of the expected information at
    the estimated variance; intervals are from the normal distribution.

    Parameters
    ----------
    table, model, exposure, bootstrap : see `fit_injury_rate`.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    events, subject = model.events, f"the rate of {model.events} with shared gamma frailty"
    built = build_injury_design(table, model, subject=subject, exposure=exposure)
    hours, fixed, athlete = built.table[exposure].to_numpy(float), built.design.fixed, built.design.participant

    def refit(rows: NDArray[np.bool_]) -> Array:
        """Coefficients of the athletes outside a fold; NaN where the fit does not converge."""
        kept = np.unique(athlete[rows], return_inverse=True)[1]
        start = _rate(built, hours, "log", rows)
        fold = maximise_shared_gamma(built.events[rows], hours[rows], fixed[rows], kept, start=start)
        return fold.coefficients if fold.converged else np.full(fixed.shape[1], np.nan)

    every = np.ones(len(hours), dtype=bool)
    found = maximise_shared_gamma(built.events, hours, fixed, athlete, start=_rate(built, hours, "log", every))
    if not found.converged:
        raise ModelRefusal(subject, ["the optimiser found no maximum of the likelihood"])
    count = len(built.design.terms)
    estimates = estimate_table(
        built.design.terms, found.coefficients, np.sqrt(np.diag(found.covariance)), np.full(count, np.inf),
        kind=_kinds(built), se_method=["model"] * count,
    )  # fmt: skip
    result = ModelResult(
        outcome=events,
        formula=f"ln({events}) ~ {' + '.join(built.design.terms)} + offset ln({exposure}); by athlete: gamma frailty",
        estimates=estimates,
        log_likelihood=found.log_likelihood,
        variance_components={"frailty": found.variance},
        n={"exposure_h": float(hours.sum())},
        warnings=() if found.variance > 0.0 else (NO_OVERDISPERSION,),
    )
    return injury_fit(
        built,
        result,
        concordance=lambda predictor: concordance(predictor, built.events > 0, built.design.participant, hours),
        calibration=_calibrate(built, hours, "log", refit, bootstrap.seed),
        bootstrap=bootstrap,
    )


def fit_frailty_injuries(
    table: pd.DataFrame,
    model: InjuryModel,
    *,
    exposure: str = "training_hours",
    bootstrap: Bootstrap = AREA_BOOTSTRAP,
) -> InjuryFit:
    """Fit the hazard with log-normal frailty (see `fit_frailty_hazard`), with discrimination and calibration.

    Calibration is that of the chance averaged over athletes, since the frailty of a held-out athlete is unknown.

    Parameters
    ----------
    table, model, exposure, bootstrap : see `fit_injury_rate`.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    result, built = fit_frailty_hazard(table, model, exposure=exposure)
    hours = built.table[exposure].to_numpy(float)
    return injury_fit(
        built,
        result,
        concordance=lambda predictor: concordance(predictor, built.events > 0, built.design.participant, hours),
        calibration=_calibrate(
            built, hours, "cloglog", lambda rows: _rate(built, hours, "cloglog", rows), bootstrap.seed
        ),
        bootstrap=bootstrap,
    )


def _kinds(built: InjuryDesign) -> list[str]:
    return ["other", *built.design.kinds[1:]]


def _family(link: str) -> sm.families.Family:
    if link == "log":
        return sm.families.Poisson()
    return sm.families.Binomial(link=sm.families.links.CLogLog())


def _solve(
    built: InjuryDesign, hours: Array, link: str, working_correlation: str, covariance: str, subject: str
) -> tuple[Array, Array, float | None]:
    """Return coefficients, standard errors and the working correlation."""
    structure = {"independence": sm.cov_struct.Independence, "exchangeable": sm.cov_struct.Exchangeable}
    dependence = structure[working_correlation]()
    # Standardised columns: weeks or loads next to indicators make the estimating equations ill-conditioned.
    scale = np.concatenate([[1.0], built.covariates.std(axis=0)])
    centre = np.concatenate([[0.0], built.covariates.mean(axis=0)])
    equations = sm.GEE(
        built.events, (built.design.fixed - centre) / scale, built.design.participant, family=_family(link),
        offset=np.log(hours), cov_struct=dependence,
    )  # fmt: skip
    try:
        with warnings.catch_warnings():
            # Other failures leave estimates that are not finite, which are checked below.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", IterationLimitWarning)
            warnings.simplefilter("error", PerfectSeparationWarning)
            # Moment estimators divide by the number of rows, as geepack does, not by rows less terms.
            found = equations.fit(maxiter=200, ctol=1e-8, ddof_scale=0, cov_type=covariance)
    except IterationLimitWarning as reason:
        raise ModelRefusal(subject, ["the estimating equations did not converge in 200 iterations"]) from reason
    except PerfectSeparationWarning as reason:
        raise ModelRefusal(
            subject, ["complete separation: some term separates rows with events from all others"]
        ) from reason
    except np.linalg.LinAlgError as reason:
        raise ModelRefusal(
            subject, ["some term rests on one athlete: the variance between athletes cannot be estimated"]
        ) from reason
    except ValueError as reason:
        raise ModelRefusal(subject, [f"the iterations diverged: {reason}"]) from reason
    # x = centre + scale z: coefficients are transformed back to the raw columns.
    back = np.diag(1.0 / scale)
    back[0, 1:] = -centre[1:] / scale[1:]
    coefficients = back @ np.asarray(found.params)
    variance = np.diag(back @ np.asarray(found.cov_params()) @ back.T)
    if not (np.isfinite(coefficients).all() and np.isfinite(variance).all() and (variance > 0.0).all()):
        raise ModelRefusal(subject, ["the standard errors are not finite: no variance between athletes in some term"])
    correlation = float(dependence.dep_params) if working_correlation == "exchangeable" else None
    return coefficients, np.sqrt(variance), correlation


def _rate(built: InjuryDesign, hours: Array, link: str, rows: NDArray[np.bool_]) -> Array:
    """Return the maximum-likelihood coefficients of independent rows."""
    model = sm.GLM(built.events[rows], built.design.fixed[rows], family=_family(link), offset=np.log(hours[rows]))
    with warnings.catch_warnings():
        # A fold that cannot be fitted has coefficients that are not finite, which the caller checks.
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(maxiter=100, tol=1e-10).params, dtype=np.float64)


def _calibrate(
    built: InjuryDesign, hours: Array, link: str, refit: Callable[[NDArray[np.bool_]], Array], seed: int
) -> Calibration | None:
    participant = built.design.participant
    predictor = cross_validated_predictor(built.events, built.design.fixed, participant, refit, seed=seed)
    if predictor is None or np.ptp(predictor) == 0.0:
        return None
    with np.errstate(over="ignore"):
        mean = hours * np.exp(predictor)
    if not np.isfinite(mean).all():
        return None
    columns = sm.add_constant(predictor - predictor.mean())
    line = sm.GLM(built.events, columns, family=_family(link), offset=np.log(hours))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = line.fit(cov_type="cluster", cov_kwds={"groups": participant})
    if not np.isfinite([found.params[1], found.bse[1]]).all():
        return None
    half = float(stats.t.ppf(0.975, len(built.design.participants) - 1) * found.bse[1])
    slope = float(found.params[1])
    expected = mean if link == "log" else -np.expm1(-mean)
    return Calibration(slope, (slope - half, slope + half), group_by_prediction(predictor, expected, built.events))
