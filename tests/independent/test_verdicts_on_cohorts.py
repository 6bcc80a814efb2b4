"""A small form of `benchmarks.verdicts`: verdicts on the effect of alignment where load confounds it, at every lag."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from legsci.models.claims.ledger import claims_tables
from legsci.models.claims.registry import load_claims
from legsci.models.claims.verdicts import EQUIVALENT, INCONCLUSIVE
from tests.independent.cohorts import LAGS, simulate_independent

#: First seed of each lag, and cohorts; the lags have cohorts of their own.
FIRST_SEED, COHORTS = 830_000, 3
#: Loads that act strongly on alignment and on jump height.
CONFOUNDED = {
    "load_on_alignment": 1.5,
    "load_on_jump": -2.5,
    "exposure_missing": 0.0,
    "missed": 0.05,
    "retests": 16,
    "replicate_sd": 1.0,
    "repetitions": 3,
    "placement_sd": 0.5,
    "fluctuation_sd": 2.0,
    "jump_sd": 2.5,
    "visits": 9,
    "weeks": 26,
}


def test_load_makes_no_effect_of_alignment_whichever_week_it_acts_in(repository: Path) -> None:
    """12 cohorts without effect, 3 for each lag: no word says there is one, and at most 2 intervals exclude none."""
    registry = load_claims(repository / "workflow/claims.yaml")
    own = replace(registry, claims=tuple(claim for claim in registry.claims if claim.id == "C1"))
    excluded, wrong_lag = 0, 0
    for place, lag in enumerate(LAGS):
        for seed in range(FIRST_SEED + 10 * place, FIRST_SEED + 10 * place + COHORTS):
            cohort = simulate_independent(
                50, seed, truths={"C1": "none", "C9": "none"}, world=CONFOUNDED | {"lag": lag}
            )
            ledger, sensitivity = claims_tables(cohort.tables, own, simulated=True, resamples=20, confirm="none")
            assert ledger.loc[0, "verdict"] in (INCONCLUSIVE, EQUIVALENT), ledger.loc[0, "reason"]
            limits = sensitivity.set_index("analysis")[["low", "high"]].astype(float)
            none = (limits["low"] <= 0.0) & (limits["high"] >= 0.0)
            excluded += not none["primary"]
            wrong_lag += lag == "same week" and not none["load of the week before alone"]
    assert excluded <= 2
    # The cohorts are hard: with the lag that most studies take, the same sessions show an effect that is not there.
    assert wrong_lag == COHORTS
