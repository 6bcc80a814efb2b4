"""Models on a simulated cohort as R fits them; oracles/oracles.R made the numbers, and no R is needed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from legsci.models.injury.counts import fit_injury_rate, fit_shared_gamma
from legsci.models.injury.design import InjuryModel
from legsci.models.injury.frailty import fit_frailty_hazard
from legsci.models.injury.times import TimeScale, fit_recurrent_injuries
from legsci.models.statistics.learning import half_time
from legsci.models.statistics.mixed import MixedModel, fit_mixed_model
from legsci.models.statistics.resampling import Bootstrap

FOLDER = Path(__file__).parent / "oracles"
QUICK = 20
FIXED = ["time", "abduction_within", "abduction_between", "load", "female"]
RISKS = ["abduction_between", "load", "previously_injured"]
MIXED = {
    "intercept": MixedModel("jump_height", FIXED),
    "slope": MixedModel("jump_height", FIXED, random=["time"]),
    "slope_ml": MixedModel("jump_height", FIXED, random=["time"]),
    "uncorrelated": MixedModel("jump_height", FIXED, random=["time"], correlated=False),
    # On the boundary: the three random effects are estimated as dependent on each other.
    "two_slopes": MixedModel("jump_height", FIXED, random=["time", "abduction_within"]),
    # The variance of the slope on alignment is estimated as 0.
    "uncorrelated_slopes": MixedModel("jump_height", FIXED, random=["time", "abduction_within"], correlated=False),
}
EQUATIONS: dict[str, dict[str, str]] = {
    "independence": {},
    "exchangeable": {"working_correlation": "exchangeable"},
    "cloglog": {"link": "cloglog"},
}
TIME_SCALES = {
    "andersen_gill": TimeScale("stop", "start"),
    "pwp_total": TimeScale("stop", "start", "event_number"),
    "pwp_gap": TimeScale("gap_stop", "gap_start", "event_number"),
}
#: Strata pooled from an event on: time scale, number of that event.
POOLED = {"total_2": ("", 2), "gap_2": ("gap_", 2), "gap_3": ("gap_", 3)}


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads((FOLDER / "oracles.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sessions() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "sessions.csv")


@pytest.fixture(scope="module")
def weeks() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "weeks.csv")


def holds(estimates: pd.DataFrame, expected: dict[str, Any], *, standard_error: float) -> None:
    """Estimates to 1e-6, standard errors to a relative difference; R writes the intercept in brackets."""
    names = [str(name).replace("(Intercept)", "intercept") for name in expected["terms"]]
    found = estimates.loc[names]
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found["standard_error"], expected["standard_error"], rtol=standard_error)


@pytest.mark.parametrize("name", MIXED)
def test_mixed_models_as_in_lme4(r: dict[str, Any], sessions: pd.DataFrame, name: str) -> None:
    expected = r["mixed"][name]
    fit = fit_mixed_model(sessions, MIXED[name], reml=name != "slope_ml", standard_errors="model")
    holds(fit.result.estimates, expected, standard_error=1e-3)
    assert fit.result.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)
    components = fit.result.variance_components
    assert components["residual"] == pytest.approx(expected["residual_variance"], rel=1e-4)
    variances = np.atleast_1d(expected["random_variance"])
    # A variance on the boundary is 0 in one program and rounding in the other.
    np.testing.assert_allclose([components[term] for term in fit.random], variances, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("name", EQUATIONS)
def test_rates_as_in_geepack(r: dict[str, Any], weeks: pd.DataFrame, name: str) -> None:
    found = fit_injury_rate(
        weeks, InjuryModel(terms=RISKS), covariance="robust", **EQUATIONS[name], bootstrap=Bootstrap(QUICK)
    )
    holds(found.result.estimates, r["gee"][name], standard_error=1e-5)


def test_proneness_as_in_the_negative_binomial_of_totals(r: dict[str, Any], weeks: pd.DataFrame) -> None:
    """Where all terms are constant in an athlete, the weeks of an athlete say no more than their sum."""
    found = fit_shared_gamma(
        weeks, InjuryModel(terms=["abduction_between", "previously_injured"]), bootstrap=Bootstrap(QUICK)
    ).result
    holds(found.estimates, r["shared_gamma"], standard_error=1e-3)
    assert found.variance_components["frailty"] == pytest.approx(r["shared_gamma"]["proneness"], rel=1e-4)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("name", TIME_SCALES)
def test_hazards_as_in_survival(r: dict[str, Any], weeks: pd.DataFrame, name: str, ties: str) -> None:
    expected = r["cox"][ties][name]
    found = fit_recurrent_injuries(
        weeks, InjuryModel(terms=RISKS), TIME_SCALES[name], ties=ties, bootstrap=Bootstrap(QUICK)
    ).result
    rows = found.estimates.loc[expected["terms"]]
    np.testing.assert_allclose(rows["estimate"], expected["estimate"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(rows["standard_error"], expected["standard_error"], rtol=0, atol=1e-8)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-8)
    assert found.n["events"] == expected["events"]


@pytest.mark.parametrize("name", POOLED)
def test_hazards_with_pooled_strata_as_in_survival(r: dict[str, Any], weeks: pd.DataFrame, name: str) -> None:
    prefix, number = POOLED[name]
    pooled = weeks.assign(stratum=weeks["event_number"].clip(upper=number))
    scale = TimeScale(f"{prefix}stop", f"{prefix}start", "stratum", spell="event_number")
    expected = r["pooled"][name]
    found = fit_recurrent_injuries(pooled, InjuryModel(terms=RISKS), scale, bootstrap=Bootstrap(QUICK)).result
    rows = found.estimates.loc[expected["terms"]]
    np.testing.assert_allclose(rows["estimate"], expected["estimate"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(rows["standard_error"], expected["standard_error"], rtol=0, atol=1e-8)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-8)


def test_hazard_with_frailty_as_in_lme4(r: dict[str, Any], weeks: pd.DataFrame) -> None:
    """glmer, complementary log-log link, 15 nodes; its standard errors come from a Hessian by differences."""
    expected = r["frailty"]
    found = fit_frailty_hazard(weeks, InjuryModel(terms=RISKS))[0]
    rows = found.estimates.loc[[str(name).replace("(Intercept)", "intercept") for name in expected["terms"]]]
    np.testing.assert_allclose(rows["estimate"], expected["estimate"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(rows["standard_error"], expected["standard_error"], rtol=1e-3)
    assert np.sqrt(found.variance_components["frailty"]) == pytest.approx(expected["deviation"], abs=1e-5)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)


def test_half_time_with_a_covariate_as_by_least_squares_in_r(r: dict[str, Any], sessions: pd.DataFrame) -> None:
    """The half-time is read off a grid of an eighth of a doubling, by a parabola; R minimises directly."""
    week = sessions["time"] - sessions["time"].min()
    table = sessions.assign(week=week, alignment=sessions["abduction_within"] + sessions["abduction_between"])
    found = half_time(table, outcome="alignment", covariates=["load"])
    assert found.estimate == pytest.approx(r["half_time"]["half_time"], rel=3e-3)
    assert found.coefficients["load"] == pytest.approx(r["half_time"]["load"], abs=1e-4)
    alone = half_time(table, outcome="alignment")
    assert alone.coefficients == {}
    assert alone.estimate != pytest.approx(found.estimate, rel=1e-3)
