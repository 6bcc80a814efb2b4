"""Models on a simulated cohort as R fits them; oracles/oracles.R made the numbers, and no R is needed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from legsci.models.injury.counts import fit_injury_rate, fit_shared_gamma
from legsci.models.injury.times import fit_recurrent_injuries
from legsci.models.statistics.mixed import fit_mixed_model

FOLDER = Path(__file__).parent / "oracles"
QUICK = 20
FIXED = ["time", "abduction_within", "abduction_between", "load", "female"]
RISKS = ["abduction_between", "load", "previously_injured"]
MIXED: dict[str, dict[str, Any]] = {
    "intercept": {},
    "slope": {"random": ["time"]},
    "slope_ml": {"random": ["time"], "reml": False},
    "uncorrelated": {"random": ["time"], "correlated": False},
    # On the boundary: the three random effects are estimated as dependent on each other.
    "two_slopes": {"random": ["time", "abduction_within"]},
}
EQUATIONS: dict[str, dict[str, str]] = {
    "independence": {},
    "exchangeable": {"working_correlation": "exchangeable"},
    "cloglog": {"link": "cloglog"},
}
CLOCKS = {
    "andersen_gill": {"start": "start", "stop": "stop"},
    "pwp_total": {"start": "start", "stop": "stop", "stratum": "event_number"},
    "pwp_gap": {"start": "gap_start", "stop": "gap_stop", "stratum": "event_number"},
}


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
    fit = fit_mixed_model(sessions, outcome="jump_height", fixed=FIXED, standard_errors="model", **MIXED[name])
    holds(fit.result.estimates, expected, standard_error=1e-3)
    assert fit.result.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)
    components = fit.result.variance_components
    assert components["residual"] == pytest.approx(expected["residual_variance"], rel=1e-4)
    variances = np.atleast_1d(expected["random_variance"])
    np.testing.assert_allclose([components[term] for term in fit.random], variances, rtol=1e-3)


@pytest.mark.parametrize("name", EQUATIONS)
def test_rates_as_in_geepack(r: dict[str, Any], weeks: pd.DataFrame, name: str) -> None:
    found = fit_injury_rate(weeks, terms=RISKS, covariance="robust", resamples=QUICK, **EQUATIONS[name])
    holds(found.result.estimates, r["gee"][name], standard_error=1e-5)


def test_proneness_as_in_the_negative_binomial_of_totals(r: dict[str, Any], weeks: pd.DataFrame) -> None:
    """Where all terms are constant in an athlete, the weeks of an athlete say no more than their sum."""
    found = fit_shared_gamma(weeks, terms=["abduction_between", "previously_injured"], resamples=QUICK).result
    holds(found.estimates, r["shared_gamma"], standard_error=1e-3)
    assert found.variance_components["proneness"] == pytest.approx(r["shared_gamma"]["proneness"], rel=1e-4)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("name", CLOCKS)
def test_hazards_as_in_survival(r: dict[str, Any], weeks: pd.DataFrame, name: str, ties: str) -> None:
    expected = r["cox"][ties][name]
    found = fit_recurrent_injuries(weeks, terms=RISKS, ties=ties, resamples=QUICK, **CLOCKS[name]).result
    rows = found.estimates.loc[expected["terms"]]
    np.testing.assert_allclose(rows["estimate"], expected["estimate"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(rows["standard_error"], expected["standard_error"], rtol=0, atol=1e-8)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-8)
    assert found.n["events"] == expected["events"]
