"""Discrete-time hazard of injury with a frailty of the athlete: log-normal, integrated by adaptive quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from legsci.models.injury.design import InjuryDesign, InjuryModel, build_injury_design
from legsci.models.injury.fit import LARGEST_SCORE
from legsci.models.result import Array, ModelRefusal, ModelResult, estimate_table

#: Nodes of the Gauss-Hermite quadrature about each athlete's mode.
NODES = 15
#: A standard deviation of log frailty below this is on the boundary: 0.
SMALLEST_FRAILTY = 0.02
#: Step of the differences by which the score is differentiated, of standardised columns.
STEP = 1e-4
#: An absolute log hazard beyond this has diverged: complete separation.
LARGEST_LOG_HAZARD = 30.0
NO_FRAILTY = (
    "no_frailty",
    "athletes do not differ beyond the terms of the model: the variance of frailty is estimated as 0",
)


@dataclass(frozen=True)
class _Weeks:
    """Rows at risk: columns x (row, term), log hours, events, number of the athlete."""

    columns: Array
    offset: Array
    events: NDArray[np.bool_]
    athlete: NDArray[np.int64]
    athletes: int

    def by_athlete(self, values: Array) -> Array:
        """Return sums of (row, ...) over the rows of each athlete."""
        total = np.zeros((self.athletes, *values.shape[1:]))
        np.add.at(total, self.athlete, values)
        return total


def fit_frailty_hazard(
    table: pd.DataFrame, model: InjuryModel, *, exposure: str = "training_hours"
) -> tuple[ModelResult, InjuryDesign]:
    """Fit P(event in a week) = 1 - exp(-hours exp(x beta + u)), u ~ N(0, s^2) shared by the weeks of an athlete.

    The likelihood of an athlete, the integral over u, is found by Gauss-Hermite quadrature about the mode of u (Liu &
    Pierce 1994, Biometrika 81:624-629); with one node it would be Laplace's approximation. Coefficients are log rate
    ratios of athletes of equal frailty. Standard errors are those of the observed information, s among the parameters.
    Intervals are from Student's t with the effective degrees of freedom of each term (`effective_freedom`): an effect
    between athletes rests on far fewer of them than are in the study where some contribute most of the information.

    Parameters
    ----------
    table : rows at risk, at most one event in each.
    model : terms, events, athletes.
    exposure : column of hours at risk [h].

    Returns
    -------
    The result, with the standard deviation s as variance component `frailty` (its square), and the rows.

    Raises
    ------
    ModelRefusal
        With all reasons why the model cannot be estimated.
    """
    subject = f"the hazard of {model.events} with frailty"
    built = build_injury_design(table, model, subject=subject, exposure=exposure, single=True)
    if built.events.all():
        raise ModelRefusal(subject, [f"every row has {model.events}, so that its probability cannot be estimated"])
    scale = np.concatenate([[1.0], built.covariates.std(axis=0)])
    centre = np.concatenate([[0.0], built.covariates.mean(axis=0)])
    athletes = len(built.design.participants)
    weeks = _Weeks(
        (built.design.fixed - centre) / scale,
        np.log(built.table[exposure].to_numpy(float)),
        built.events > 0,
        built.design.participant,
        athletes,
    )
    found = _maximise(weeks, subject)
    size = len(scale)
    information = _information(weeks, found)
    covariance = _inverse(information.sum(axis=0), subject)[:size, :size]
    own = information[:, :size, :size]
    freedom = np.array([effective_freedom(own, term) for term in range(size)])
    # x = centre + scale z: coefficients are transformed back to the raw columns.
    back = np.diag(1.0 / scale)
    back[0, 1:] = -centre[1:] / scale[1:]
    estimates = estimate_table(
        built.design.terms,
        back @ found[:size],
        np.sqrt(np.diag(back @ covariance @ back.T)),
        freedom,
        kind=["other", *built.design.kinds[1:]],
        se_method=["observed information"] * size,
    )
    frailty = float(np.exp(2.0 * found[size])) if len(found) > size else 0.0
    result = ModelResult(
        outcome=model.events,
        formula=f"cloglog({model.events}) ~ {' + '.join(built.design.terms)} + offset ln({exposure}); by athlete: "
        "normal log frailty",
        estimates=estimates,
        log_likelihood=_likelihood(weeks, found)[0],
        variance_components={"frailty": frailty},
        n=built.n() | {"exposure_h": float(np.exp(weeks.offset).sum())},
        warnings=(*built.warnings, *([] if frailty else [NO_FRAILTY])),
    )
    return result, built


def effective_freedom(information: Array, term: int) -> float:
    """Return the degrees of freedom of the variance of a coefficient that is estimated between athletes.

    With an athlete's information J_i and C = (sum J_i)^-1, the sandwich variance of a coefficient is sum q_i^2 with
    q_i = c' C (1 - J_i C)^-1 (u_i - J_i C sum u). If the model holds, q has the covariance P, and the sum the
    approximate degrees of freedom (tr P)^2 / tr(P P) (Bell & McCaffrey 2002, Survey Methodology 28:169-181; Pan & Wall
    2002, Stat Med 21:1429-1441): few where a few athletes carry the information.

    Parameters
    ----------
    information : (athlete, parameter, parameter).
    term : number of the parameter.
    """
    count, size = information.shape[:2]
    bread = np.linalg.inv(information.sum(axis=0))
    rest = np.eye(size) - information @ bread
    # c' C (1 - J_i C)^-1 (athlete, parameter)
    target = np.broadcast_to(bread[term], (count, size))
    weights = np.linalg.solve(rest.transpose(0, 2, 1), target[:, :, None])[:, :, 0]
    carried = np.einsum("gi,gij->gj", weights, information)
    covariance = -carried @ bread @ carried.T
    covariance[np.diag_indices(count)] += np.einsum("gi,gi->g", carried, weights)
    freedom = float(np.trace(covariance) ** 2 / np.sum(covariance**2))
    return float(np.clip(freedom, 1.0, count - 1.0))


def _inverse(information: Array, subject: str) -> Array:
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0.0:
        raise ModelRefusal(subject, ["the likelihood has no maximum: some term separates rows with events from others"])
    return np.asarray(np.linalg.inv(information), np.float64)


def _maximise(weeks: _Weeks, subject: str) -> Array:
    """Return the coefficients, and the log of the standard deviation of log frailty where that is above 0."""
    start = np.zeros(weeks.columns.shape[1])
    start[0] = np.log(weeks.events.sum() / np.exp(weeks.offset).sum())
    plain = _climb(weeks, start, subject)
    frail = _climb(weeks, np.append(plain, np.log(0.5)), subject, bounded=True)
    if frail[-1] <= np.log(SMALLEST_FRAILTY):
        return plain
    better = _likelihood(weeks, frail)[0] > _likelihood(weeks, plain)[0]
    return frail if better else plain


def _climb(weeks: _Weeks, start: Array, subject: str, *, bounded: bool = False) -> Array:
    """Return the maximum of the likelihood, by Newton's method from where a quasi-Newton search ends."""

    def negative(parameters: Array) -> tuple[float, Array]:
        """Negative log-likelihood and its gradient."""
        value, scores = _likelihood(weeks, parameters)
        return -value, -scores.sum(axis=0)

    size = weeks.columns.shape[1]
    limits = [(-LARGEST_LOG_HAZARD, LARGEST_LOG_HAZARD)] * size + [(np.log(0.5 * SMALLEST_FRAILTY), 3.0)]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        best = optimize.minimize(
            negative, start, jac=True, method="L-BFGS-B", bounds=limits[: len(start)], options={"maxiter": 300}
        ).x
        if np.abs(best[:size]).max() >= 0.99 * LARGEST_LOG_HAZARD:
            raise ModelRefusal(subject, ["complete separation: some term separates rows with events from all others"])
        if bounded and best[-1] <= np.log(SMALLEST_FRAILTY):
            return np.asarray(best, np.float64)
        for _ in range(20):
            score, information = -negative(best)[1], _information(weeks, best).sum(axis=0)
            inverse = _inverse(information, subject)
            if (np.abs(score) < LARGEST_SCORE * np.sqrt(np.diag(information))).all():
                return np.asarray(best, np.float64)
            best = best + inverse @ score
    raise ModelRefusal(subject, ["the optimiser found no maximum of the likelihood"])


def _information(weeks: _Weeks, parameters: Array) -> Array:
    """Return the observed information of each athlete (athlete, parameter, parameter), by differences of scores."""
    columns = []
    for place in range(len(parameters)):
        step = np.zeros(len(parameters))
        step[place] = STEP
        ahead, behind = (_likelihood(weeks, parameters + sign * step)[1] for sign in (1.0, -1.0))
        columns.append((behind - ahead) / (2.0 * STEP))
    information = np.stack(columns, axis=2)
    return np.asarray(0.5 * (information + information.transpose(0, 2, 1)), np.float64)


def _likelihood(weeks: _Weeks, parameters: Array) -> tuple[float, Array]:
    """Return the log likelihood and the score of each athlete (athlete, parameter)."""
    size = weeks.columns.shape[1]
    predictor = weeks.offset + weeks.columns @ parameters[:size]
    if len(parameters) == size:
        value, slope, _ = _rows(predictor, weeks.events)
        return float(value.sum()), weeks.by_athlete(weeks.columns * slope[:, None])
    deviation = float(np.exp(parameters[size]))
    mode, spread = _modes(weeks, predictor, deviation)
    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    frailty = mode[:, None] + np.sqrt(2.0) * spread[:, None] * nodes
    value, slope, _ = _rows(predictor[:, None] + frailty[weeks.athlete], weeks.events[:, None])
    prior = -0.5 * (frailty / deviation) ** 2 - np.log(deviation * np.sqrt(2.0 * np.pi))
    terms = weeks.by_athlete(value) + prior + nodes**2 + np.log(weights * np.sqrt(2.0)) + np.log(spread)[:, None]
    top = terms.max(axis=1, keepdims=True)
    likelihood = np.exp(terms - top)
    posterior = likelihood / likelihood.sum(axis=1, keepdims=True)
    expected = np.sum(slope * posterior[weeks.athlete], axis=1)
    of_deviation = np.sum(posterior * ((frailty / deviation) ** 2 - 1.0), axis=1)
    scores = np.column_stack([weeks.by_athlete(weeks.columns * expected[:, None]), of_deviation])
    return float(np.sum(np.log(likelihood.sum(axis=1)) + top[:, 0])), scores


def _modes(weeks: _Weeks, predictor: Array, deviation: float) -> tuple[Array, Array]:
    """Return each athlete's mode of log frailty given the weeks, and the inverse root of the curvature there."""
    mode = np.zeros(weeks.athletes)
    curvature = np.ones(weeks.athletes)
    for _ in range(50):
        _, slope, bend = _rows(predictor + mode[weeks.athlete], weeks.events)
        curvature = 1.0 / deviation**2 - weeks.by_athlete(bend)
        step = (weeks.by_athlete(slope) - mode / deviation**2) / curvature
        mode = mode + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    return mode, 1.0 / np.sqrt(curvature)


def _rows(predictor: Array, events: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Return the log likelihood of weeks with log expected number eta, and its two derivatives with respect to eta."""
    mean = np.exp(np.minimum(predictor, LARGEST_LOG_HAZARD))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        chance = -np.expm1(-mean)
        hit = np.where(mean < LARGEST_LOG_HAZARD, mean * np.exp(-mean) / chance, 0.0)
        bend = np.where(mean < LARGEST_LOG_HAZARD, hit - hit**2 * np.exp(np.minimum(mean, LARGEST_LOG_HAZARD)), 0.0)
        value = np.where(events, np.log(chance), -mean)
    return value, np.where(events, hit, -mean), np.where(events, bend, -mean)
