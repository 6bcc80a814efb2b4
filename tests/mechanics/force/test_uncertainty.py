"""Bias of events and coverage of stated uncertainties on analytic jumps, whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.analytic_jump import countermovement_jump
from tests.mechanics.force.field_jumps import on_two_plates
from tests.mechanics.trials import force_trial, outcome

#: Metrics with a stated uncertainty, and the attribute of the analytic jump that is their truth.
TRUTH = {
    "body_weight_n": "body_weight",
    "takeoff_velocity_m_per_s": "takeoff_velocity",
    "jump_height_impulse_m": "height",
    "flight_time_s": "flight_time",
    "countermovement_depth_m": "depth",
}


@pytest.fixture(scope="module")
def errors() -> pd.DataFrame:
    """Error of events [ms] and of metrics in standard uncertainties: 40 jumps on two plates of any zero."""
    rows = []
    for seed in range(40):
        rng = np.random.default_rng([5, seed])
        quiet_s, movement_s, sway_n = rng.uniform(1.5, 3.5), rng.uniform(0.7, 0.95), rng.choice([0.0, 1.0, 2.0])
        jump = countermovement_jump(seed=seed, quiet_s=quiet_s, movement_s=movement_s, sway_n=sway_n)
        zeros = tuple(rng.uniform(-800.0, 100.0, 2))
        plates = on_two_plates(jump.force, zeros, seed=seed)  # type: ignore[arg-type]
        found = outcome(force_trial(plates, feet=("left", "right")), profiles=[])
        assert found.reps is not None
        events = found.reps.isel(rep=0, scoring=0)
        row = found.row()
        in_u = {name: (row[name] - getattr(jump, truth)) / row[f"u_{name}"] for name, truth in TRUTH.items()}
        at = {name: 1000.0 * (float(events[name]) - getattr(jump, name)) for name in ("takeoff", "landing")}
        rows.append(at | in_u)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("event", ["takeoff", "landing"])
def test_take_off_and_landing_have_no_bias(errors: pd.DataFrame, event: str) -> None:
    assert abs(errors[event].mean()) < 0.1
    assert errors[event].abs().max() < 0.5


@pytest.mark.parametrize("name", TRUTH)
def test_stated_uncertainty_covers_the_error(errors: pd.DataFrame, name: str) -> None:
    assert (errors[name].abs() <= 2.0).mean() >= 0.90
    # An uncertainty that is stated far too large would cover anything. That of flight time allows for a contact that
    # ends within a sample, softly; here it ends with a straight line.
    assert errors[name].std() > (0.05 if name == "flight_time_s" else 0.2)
