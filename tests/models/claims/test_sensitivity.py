"""Checks and controls of claims, E-values, and what is said of loads, words and weeks that are not as registered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from legsci.models.claims.ledger import claims_ledger, claims_tables
from legsci.models.claims.registry import Claim, ClaimsError, Registry, load_claims
from legsci.models.claims.verdicts import UNTESTABLE
from legsci.models.statistics.effects import e_values, e_values_of_difference
from legsci.models.study_results import study_results
from legsci.models.tables.longitudinal import longitudinal_table, session_weeks, week_mismatch
from legsci.models.tables.person_weeks import acute_weeks, person_weeks
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

CLAIMS = Path("workflow/claims.yaml")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def registry(repository: Path) -> Registry:
    return load_claims(repository / CLAIMS)


@pytest.fixture(scope="module")
def cohort(repository: Path) -> Tables:
    config = yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    return simulate_tables_with_parameters(config | {"athletes": 40}, 7)


def only(registry: Registry, *names: str) -> Registry:
    return replace(registry, claims=tuple(claim for claim in registry.claims if claim.id in names))


def claim(registry: Registry, name: str) -> Claim:
    return next(claim for claim in registry.claims if claim.id == name)


def test_e_values_as_published() -> None:
    """VanderWeele & Ding 2017: relative risk 3.9 (1.8 to 8.7), and 0.80 (0.71 to 0.91)."""
    assert e_values(3.9, (1.8, 8.7)) == pytest.approx((7.26, 3.0), abs=0.01)
    assert e_values(0.80, (0.71, 0.91)) == pytest.approx((1.81, 1.43), abs=0.01)
    assert e_values(1.2, (0.9, 1.6))[1] == 1.0
    # exp(0.91 x 0.5) = 1.576; its lower limit exp(0.91 x 0.5 - 1.78 x 0.1) = 1.319
    assert e_values_of_difference(0.5, 0.1) == pytest.approx((2.529, 1.968), abs=0.001)
    assert e_values_of_difference(-0.5, 0.1) == pytest.approx((2.529, 1.968), abs=0.001)


def test_checks_say_what_they_assume_and_leave_the_verdict(cohort: Tables, registry: Registry) -> None:
    few = only(registry, "C1", "C3", "C10", "C11")
    ledger, sensitivity = claims_tables(cohort, few, simulated=True, resamples=20, confirm="none")
    plain = replace(few, claims=tuple(replace(each, checks=()) for each in few.claims), controls=())
    without, fewer = claims_tables(cohort, plain, simulated=True, resamples=20, confirm="none")
    pd.testing.assert_frame_equal(ledger, without)
    assert set(fewer["role"]) == {"primary", "alternative"}
    checks = sensitivity[sensitivity["role"] == "check"].set_index(["id", "analysis"])
    assert checks["refusal"].isna().all(), checks["refusal"].dropna().tolist()
    notes = checks.loc["C1", "notes"]
    assert "planned visits were missed; weights 0." in notes["visits weighted by inverse probability of attendance"]
    assert "error variance added" in notes["simulation extrapolation of measurement error (SIMEX)"]
    limits = checks.loc["C1", ["low", "high"]].astype(float)
    own = sensitivity.query("id == 'C1' and role == 'primary'").iloc[0]
    assert ((limits["low"] < own["estimate"]) & (own["estimate"] < limits["high"])).all()
    values = sensitivity.set_index(["id", "role"]).loc[
        [("C1", "primary"), ("C3", "primary")], ["e_value", "e_value_limit"]
    ]
    assert (values >= 1.0).all(axis=None)
    assert (values["e_value"] >= values["e_value_limit"]).all()


def test_missed_visits_move_the_effect_in_the_direction_that_is_stated(cohort: Tables, registry: Registry) -> None:
    """Missed visits with more abduction and less height make the effect of abduction lower, the opposite higher."""
    few = only(registry, "C1")
    first = claim(registry, "C1")
    shifts = {"none": (0, 0), "lower": (2, -5), "higher": (2, 5)}
    checks = tuple(
        {
            "name": name,
            "method": "missed_visits",
            "model": dict(first.model) | {"missed": {"exposure": x, "outcome": y}},
        }
        for name, (x, y) in shifts.items()
    )
    fixed = {"name": "fixed", "method": "fixed_effects", "model": first.model}
    one = replace(few, claims=(replace(first, checks=(*checks, fixed)),), controls=())
    found = claims_tables(cohort, one, simulated=True, resamples=20, confirm="none")[1].set_index("analysis")[
        "estimate"
    ]
    assert found["lower"] < found["none"] < found["higher"]
    assert found["none"] == pytest.approx(found["fixed"], rel=1e-9)


def test_control_outcomes_are_in_the_table_and_never_a_claim(cohort: Tables, registry: Registry) -> None:
    """Weight that does not depend on the jump, and knee flexion that follows depth by 1.5 degrees per cm."""
    rng, metrics = np.random.default_rng(5), cohort["metrics"].copy()
    jumps = (metrics["task"] == "countermovement_jump") & (metrics["side"] == "both")
    metrics.loc[jumps, "body_weight_n"] = rng.normal(700.0, 3.0, jumps.sum())
    squats = metrics["squat_depth_m"].notna()
    bend = 40.0 + 150.0 * metrics.loc[squats, "squat_depth_m"] + rng.normal(0.0, 2.0, squats.sum())
    metrics.loc[squats, "knee_flexion_max_deg"] = bend
    tables, few = cohort | {"metrics": metrics}, only(registry, "C1", "C3")
    few = replace(few, claims=tuple(replace(each, alternatives={}, checks=()) for each in few.claims))
    ledger, sensitivity = claims_tables(tables, few, simulated=True, resamples=20, confirm="none")
    assert ledger["id"].tolist() == ["C1", "C3"]
    controls = sensitivity[sensitivity["role"].str.endswith("control")].set_index("role")
    assert controls.index.tolist() == ["positive control", "negative control"]
    positive, negative = controls.loc["positive control"], controls.loc["negative control"]
    assert positive["low"] > 5.0
    assert positive["estimate"] == pytest.approx(1.5 * 6.35, rel=0.15)
    assert (positive["id"], positive["unit"]) == ("C3", "deg of knee flexion")
    assert negative["low"] < 0.0 < negative["high"]
    assert negative["notes"].startswith("expected: about 0, since")
    assert len(claims_tables(tables, only(registry, "C7"), simulated=True, resamples=20, confirm="none")[1]) == 3


def test_checks_and_controls_that_name_nothing_are_refused(repository: Path, tmp_path: Path) -> None:
    content = yaml.safe_load((repository / CLAIMS).read_text(encoding="utf-8"))
    claims = {settings["id"]: settings for settings in content["claims"]}
    claims["C1"]["checks"] = [{"name": "loads", "without": ["laod"]}]
    claims["C3"]["checks"] = [{"name": "error", "method": "simex"}]
    content["controls"][0]["of"] = "C33"
    content["controls"][1]["model"]["outcome"] = "body_wieght"
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ClaimsError, match="4 faults") as told:
        load_claims(path)
    for words in (
        "C1.checks, loads.without",
        "C3.checks, error.method",
        "knee flexion of the squat.of",
        "model.outcome",
    ):
        assert words in str(told.value)
    claims["C1"]["checks"] = [{"name": "missed", "method": "missed_visits"}, {"name": "other", "method": "magic"}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ClaimsError, match="2 faults"):
        load_claims(path)


def test_words_without_a_number_are_counted_and_named(cohort: Tables, registry: Registry) -> None:
    people = cohort["participants"].astype({"level": object})
    changed = people.assign(
        level=people["level"].where(people.index >= 3, ["world class", "world class", "pro", *[""] * 37])
    )
    ledger = claims_ledger(
        cohort | {"participants": changed}, only(registry, "C6a", "C7"), simulated=True, confirm="none"
    )
    notes = ledger.set_index("id")["notes"]
    assert "3 athletes were excluded, whose level is not registered: 'pro' (1), 'world class' (2)" in notes["C6a"]
    assert "registered" not in notes["C7"]


def test_imputed_loads_of_weeks_at_risk_are_counted_and_limited(cohort: Tables, registry: Registry) -> None:
    exposure, few = cohort["exposure"], only(registry, "C5")
    simple = replace(
        few,
        claims=(replace(few.claims[0], model=dict(few.claims[0].model) | {"terms": ["abduction_between", "load"]}),),
    )
    some = cohort | {"exposure": exposure[exposure["week"] != 7]}
    found = claims_ledger(some, simple, simulated=True, resamples=20, confirm="none").iloc[0]
    assert "weeks at risk have no training recorded for the previous week" in str(found["notes"]) + str(found["reason"])
    third = cohort | {"exposure": exposure[exposure["week"] % 3 != 1]}
    refused = claims_ledger(third, simple, simulated=True, resamples=20, confirm="none").iloc[0]
    assert refused["verdict"] == UNTESTABLE
    assert "have no training recorded for the previous week; at most 25% may" in refused["reason"]


def test_weekly_tables_of_another_origin_are_refused(cohort: Tables, registry: Registry) -> None:
    sessions, exposure = cohort["sessions"], cohort["exposure"]
    assert week_mismatch(cohort) == []
    dates = pd.Timestamp("2025-01-06") + pd.to_timedelta(sessions["day"].astype(int), unit="D")
    dated = sessions.drop(columns="day").assign(date=dates.dt.strftime("%Y-%m-%d"))
    assert week_mismatch(cohort | {"sessions": dated}) == []
    shifted = cohort | {"sessions": dated, "exposure": exposure.assign(week=exposure["week"] + 40)}
    (sentence,) = week_mismatch(shifted)
    assert "sessions lie outside the weeks that exposure.tsv has of their participants (40 to" in sentence
    assert "week 0" in sentence
    ledger = claims_ledger(shifted, only(registry, "C1", "C5", "C7"), simulated=True, confirm="none").set_index("id")
    assert ledger.loc[["C1", "C5"], "reason"].str.contains("lie outside the weeks that exposure.tsv has").all()
    assert ledger.loc["C7", "verdict"] != UNTESTABLE
    assert session_weeks(shifted)["week_load_within"].isna().all()
    results = study_results(shifted, longitudinal_table(shifted), only(registry, "C7"), resamples=20, confirm="none")
    assert results["refusals"].set_index("model").loc["weeks of sessions", "sentence"] == sentence
    assert results["alignment"].empty


def test_days_and_dates_that_contradict_each_other_are_named() -> None:
    sessions = pd.DataFrame(
        {
            "participant_id": ["A", "A", "B", "B", "C", "C"],
            "session_id": ["1", "2"] * 3,
            "day": [0, 14, 0, np.nan, 0, np.nan],
            "date": ["2025-01-06", "2025-01-13", "2025-01-06", "2025-01-20", None, "2025-01-20"],
        }
    )
    assert week_mismatch({"sessions": sessions}) == [
        "A: day and date of sessions differ by 7 days",
        "C: some sessions have a date only, and the first date is not that of day 0",
    ]


def test_weeks_within_an_acute_injury_are_not_at_risk() -> None:
    injuries = pd.DataFrame(
        {
            "participant_id": ["A", "A", "B", "C", "D"],
            "mode": ["acute", "overuse", "acute", "acute", "acute"],
            "onset_day": [20.0, 0.0, np.nan, 34.0, 7.0],
            "return_day": [30.0, 70.0, np.nan, np.nan, np.nan],
            "onset": [None, None, "2025-01-13", None, None],
            "time_loss_days": [np.nan, np.nan, 20.0, 3.0, np.nan],
        }
    )
    sessions = pd.DataFrame({"participant_id": ["B", "B"], "date": ["2025-01-06", "2025-01-20"]})
    found = acute_weeks(injuries, sessions)
    weeks = found.groupby("participant_id")["week"].apply(list)
    assert weeks["A"] == [3]  # days 21 to 27; the return on day 30 is within week 4
    assert weeks["B"] == [2, 3]  # from day 7, back on day 28
    assert "C" not in weeks
    assert weeks["D"][:2] == [2, 3]  # it does not end
    exposure = pd.DataFrame({"participant_id": "A", "week": range(6), "training_hours": 5.0})
    clear = dict.fromkeys(("participation", "modified_training", "performance", "symptoms"), 0.0)
    health = exposure[["participant_id", "week"]].assign(**clear)
    health.loc[3, ["performance", "symptoms"]] = 17.0
    censored = person_weeks(exposure, health, censored=found)
    assert censored.exclusions.loc["acute", ["weeks", "onsets_left_out"]].tolist() == [1, 1]
    assert censored.at_risk["week"].tolist() == [1, 2, 5]
    assert person_weeks(exposure, health).at_risk["week"].tolist() == [1, 2, 3, 5]
