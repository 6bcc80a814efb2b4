"""The hazard with frailty: likelihood by brute force, recovery of the truth, effective degrees of freedom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

from legsci.models.injury.counts import fit_injury_rate
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.frailty import effective_freedom, fit_frailty_hazard
from legsci.models.result import ModelRefusal

MODEL = InjuryModel(["x", "z"])


def weeks(
    seed: int, *, athletes: int = 60, length: int = 20, deviation: float = 0.8, slope: float = 0.4
) -> pd.DataFrame:
    """Weeks of athletes whose log rate rises by `slope` per unit of x, which is constant within them."""
    rng = np.random.default_rng(seed)
    athlete = np.repeat(np.arange(athletes), length)
    x, frailty = rng.normal(size=athletes)[athlete], deviation * rng.normal(size=athletes)[athlete]
    z, hours = rng.normal(size=len(athlete)), rng.uniform(4.0, 12.0, len(athlete))
    rate = 0.012 * hours * np.exp(slope * x + 0.2 * z + frailty)
    onset = (rng.random(len(athlete)) < -np.expm1(-rate)).astype(int)
    names = np.char.add("p", athlete.astype(str))
    return pd.DataFrame({"participant_id": names, "x": x, "z": z, "training_hours": hours, "onset": onset})


def by_brute_force(table: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Maximise the likelihood with each athlete's integral by adaptive integration over a fine range."""
    groups = [group for _, group in table.groupby("participant_id")]

    def negative(parameters: np.ndarray) -> float:
        deviation, total = np.exp(parameters[3]), 0.0
        for group in groups:
            eta = parameters[0] + parameters[1] * group["x"] + parameters[2] * group["z"]
            mean = group["training_hours"].to_numpy() * np.exp(eta.to_numpy())
            hit = group["onset"].to_numpy() > 0

            def likelihood(u: float, mean: np.ndarray = mean, hit: np.ndarray = hit) -> float:
                own = mean * np.exp(u)
                value = np.where(hit, -np.expm1(-own), np.exp(-own))
                return float(np.prod(value) * stats.norm.pdf(u, scale=deviation))

            total += np.log(
                integrate.quad(likelihood, -8 * deviation, 8 * deviation, epsabs=0, epsrel=1e-9, limit=200)[0]
            )
        return -total

    start = np.array([-4.0, 0.4, 0.2, np.log(0.8)])
    best = optimize.minimize(negative, start, method="BFGS", options={"gtol": 1e-4})
    return best.x, -best.fun


def test_the_likelihood_is_that_of_brute_force() -> None:
    table = weeks(1, athletes=12, length=24, deviation=1.5)
    result, _ = fit_frailty_hazard(table, InjuryModel(["x", "z"], fewest_events=1))
    expected, likelihood = by_brute_force(table)
    assert result.log_likelihood == pytest.approx(likelihood, abs=1e-4)
    np.testing.assert_allclose(result.estimates["estimate"], expected[:3], atol=2e-3)
    assert 0.5 * np.log(result.variance_components["frailty"]) == pytest.approx(expected[3], abs=5e-3)


def test_ratios_at_equal_frailty_are_not_attenuated_and_intervals_hold_them() -> None:
    """80 studies: the 95 % interval misses the truth in 4, at most 10 by chance."""
    fits = [fit_frailty_hazard(weeks(seed), MODEL)[0] for seed in range(80)]
    own = pd.DataFrame([fit.estimates.loc["x"] for fit in fits])
    error = own["estimate"].std() / np.sqrt(80)
    assert own["estimate"].mean() == pytest.approx(0.4, abs=3.0 * error)
    missed = ((own["ci_low"] > 0.4) | (own["ci_high"] < 0.4)).sum()
    assert missed <= 10
    assert own["standard_error"].mean() == pytest.approx(own["estimate"].std(), rel=0.25)
    assert np.mean([fit.variance_components["frailty"] for fit in fits]) == pytest.approx(0.64, abs=0.15)


def test_without_frailty_the_fit_is_that_of_independent_weeks() -> None:
    for seed in range(40):
        table = weeks(seed, deviation=0.0)
        result, _ = fit_frailty_hazard(table, MODEL)
        if result.variance_components["frailty"] == 0.0:
            break
    assert "athletes do not differ" in dict(result.warnings)["no_frailty"]
    marginal = fit_injury_rate(table, MODEL, link="cloglog").result.estimates["estimate"]
    np.testing.assert_allclose(result.estimates["estimate"], marginal, rtol=1e-5)


def test_effective_degrees_of_freedom_by_hand() -> None:
    # The mean of G values of equal information has G - 1 degrees of freedom.
    assert effective_freedom(np.ones((12, 1, 1)), 0) == pytest.approx(11.0)
    # One athlete with nearly all of the information leaves one.
    assert effective_freedom(np.array([1e6, *[1.0] * 11])[:, None, None], 0) < 1.5
    # Two groups that are compared, of 3 and 30: about those of the smaller one.
    groups = np.repeat([1.0, 0.0], [3, 30])
    rows = np.stack([np.ones(33), groups], axis=1)
    assert 1.5 < effective_freedom(rows[:, :, None] * rows[:, None, :], 1) < 3.5


def test_degrees_of_freedom_are_those_of_the_variance_that_they_belong_to() -> None:
    """The sandwich variance over simulated scores has the mean and variance of a scaled chi-square with them."""
    rng = np.random.default_rng(3)
    x = rng.exponential(size=24)
    rows = np.stack([np.ones(24), x], axis=1)
    information = rows[:, :, None] * rows[:, None, :]
    bread = np.linalg.inv(information.sum(axis=0))
    scores = rng.normal(size=(20_000, 24))[:, :, None] * rows
    left = scores - np.einsum("gij,jk,nk->ngi", information, bread, scores.sum(axis=1))
    freed = np.linalg.solve(np.eye(2) - information @ bread, left[..., None])[..., 0]
    variance = np.sum((freed @ bread[1]) ** 2, axis=1)
    expected = 2.0 * variance.mean() ** 2 / variance.var()
    assert effective_freedom(information, 1) == pytest.approx(expected, rel=0.06)


def test_rows_that_a_term_separates_are_refused() -> None:
    table = weeks(2)
    with pytest.raises(ModelRefusal, match=r"no maximum of the likelihood|separat"):
        fit_frailty_hazard(table.assign(z=table["onset"] * 1.0 + 1e-3 * table["z"]), MODEL)
    with pytest.raises(ModelRefusal, match="every row has onset"):
        fit_frailty_hazard(table.assign(onset=1), MODEL)
