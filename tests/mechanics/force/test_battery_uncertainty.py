"""Hops and pulls of virtual athletes against their truth (small form of benchmarks/battery_errors.py)."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.battery_errors import ONSET_MS
from benchmarks.force_errors import CONTACT_EVENTS, errors_of
from tests.mechanics.force.known_trials import virtual_session

TASKS = ("standing", "repeated_hops", "isometric_pull")


@pytest.fixture(scope="module")
def errors() -> pd.DataFrame:
    """Errors of three people on plates of usual noise."""
    return pd.concat(
        errors_of(
            virtual_session(seed, tasks=TASKS, zeros="none", usual=True), events=(*CONTACT_EVENTS, "movement_start")
        ).assign(seed=seed)
        for seed in (61_000, 61_001, 61_002)
    )


def of(errors: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Errors of a metric, none of them missing."""
    own = errors[errors["metric"] == metric]
    assert len(own)
    assert own["error"].notna().all()
    return own


@pytest.mark.parametrize("metric", ["contact_time_s", "flight_time_s"])
def test_contact_and_flight_of_each_hop_within_two_milliseconds(errors: pd.DataFrame, metric: str) -> None:
    own = of(errors, metric)
    assert len(own) == 30
    assert own["error"].abs().max() < 0.002
    assert (own["error"].abs() <= 2.0 * own["u"]).mean() >= 0.8


def test_onsets_of_pulls_within_ten_milliseconds(errors: pd.DataFrame) -> None:
    pulls = errors[errors["trial"] == "isometric_pull"]
    assert of(pulls, "movement_start_ms")["error"].abs().max() <= ONSET_MS


@pytest.mark.parametrize("ms", [100, 200])
def test_rate_of_force_development_of_pulls_is_within_its_uncertainty(errors: pd.DataFrame, ms: int) -> None:
    own = of(errors, f"rate_of_force_development_to_{ms}_ms_n_per_s")
    assert (own["error"].abs() <= 2.5 * own["u"]).all()
    assert (own["u"] < 1500.0).all()
