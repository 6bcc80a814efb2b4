"""The ledger: verdicts by hand, adjusted p values, what is missing, and verdicts on cohorts whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from legsci.ingest.faults import InputFaults
from legsci.metrics.registry import METRICS
from legsci.models.claims.against_truth import claims_against_truth
from legsci.models.claims.ledger import LEDGER_COLUMNS, claims_ledger, claims_tables
from legsci.models.claims.names import task_metrics
from legsci.models.claims.registry import Claim, ClaimsError, Registry, load_claims
from legsci.models.claims.verdicts import (
    CONTRADICTED,
    EQUIVALENT,
    INCONCLUSIVE,
    SMALLER,
    SUPPORTED,
    UNTESTABLE,
    adjusted_p_values,
    claim_verdict,
    verdict_on_truth,
)
from legsci.models.result import ModelRefusal
from legsci.models.statistics.confirmation import CONFIRMED, confirm_with_mixedlm
from legsci.models.statistics.effects import Effect, fieller_interval, intervals
from legsci.models.statistics.learning import half_time
from legsci.models.study_results import study_results
from legsci.models.tables.analysis import (
    PERSON_TERMS,
    REPETITION_TERMS,
    SESSION_TERMS,
    WEEK_TERMS,
    person_covariates,
    repetition_table,
    session_table,
    week_table,
)
from legsci.models.tables.longitudinal import longitudinal_table
from legsci.simulate.cohort.truth import simulate_tables_with_parameters
from legsci.tasks import TASKS

CLAIMS = Path("workflow/claims.yaml")


@pytest.fixture(scope="module")
def registry(repository: Path) -> Registry:
    return load_claims(repository / CLAIMS)


@pytest.fixture(scope="module")
def cohort(repository: Path) -> dict[str, pd.DataFrame]:
    config = yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    return simulate_tables_with_parameters(config | {"athletes": 40}, 7)


@pytest.fixture(scope="module")
def ledger(cohort: dict[str, pd.DataFrame], registry: Registry) -> pd.DataFrame:
    return claims_ledger(cohort, registry, simulated=True, resamples=200)


def claim(registry: Registry, name: str) -> Claim:
    return next(claim for claim in registry.claims if claim.id == name)


def effect(low: float, high: float) -> Effect:
    """An effect in the middle of its 95 % interval; the 90 % interval is 0.84 times as wide."""
    middle, half = 0.5 * (low + high), 0.42 * (high - low)
    return Effect(middle, (low, high), (middle - half, middle + half), 0.0, 1.0, 20, 100)


def test_holm_and_benjamini_hochberg_by_hand() -> None:
    raw = pd.Series({"a": 0.04, "b": 0.01, "c": np.nan, "d": 0.03})
    holm = adjusted_p_values(raw, method="holm")
    assert holm.dropna().to_dict() == pytest.approx({"a": 0.06, "b": 0.03, "d": 0.06})
    false_share = adjusted_p_values(raw, method="benjamini_hochberg")
    assert false_share.dropna().to_dict() == pytest.approx({"a": 0.04, "b": 0.03, "d": 0.04})
    assert np.isnan(holm["c"])
    with pytest.raises(ValueError, match="holm or benjamini_hochberg"):
        adjusted_p_values(raw, method="none")


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (-35.0, -20.0, 0.001, SUPPORTED),
        (-15.0, -5.0, 0.001, SMALLER),
        (-1.5, 1.2, 0.8, EQUIVALENT),
        (-1.8, -0.2, 0.01, EQUIVALENT),
        (4.0, 9.0, 0.001, CONTRADICTED),
        (-9.0, 6.0, 0.6, INCONCLUSIVE),
        (-35.0, -20.0, 0.06, INCONCLUSIVE),
        (-40.0, -1.0, 0.04, INCONCLUSIVE),
    ],
)
def test_verdicts_on_a_claimed_loss_of_30_percent(
    registry: Registry, low: float, high: float, p_value: float, verdict: str
) -> None:
    found, reason = claim_verdict(claim(registry, "C1"), effect(low, high), p_value)
    assert found == verdict
    assert "% of jump height" in reason


def test_no_word_but_inconclusive_comes_from_an_interval_without_end(registry: Registry) -> None:
    for low, high in ((2.0, np.inf), (-np.inf, -20.0), (-np.inf, np.inf)):
        for name in ("C1", "C11"):
            found, reason = claim_verdict(claim(registry, name), replace(effect(0.0, 1.0), interval=(low, high)), 0.001)
            assert (found, "no end" in reason) == (INCONCLUSIVE, True)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((-4.0, -1.9), INCONCLUSIVE), ((-4.0, -2.1), SMALLER), ((1.9, 6.0), INCONCLUSIVE), ((2.1, 6.0), CONTRADICTED)],
)
def test_a_word_about_an_effect_must_clear_practical_equivalence(
    registry: Registry, interval: tuple[float, float], verdict: str
) -> None:
    assert claim_verdict(claim(registry, "C1"), effect(*interval), 0.001)[0] == verdict


@pytest.mark.parametrize(
    ("primary", "other", "verdict"),
    [
        ((-35.0, -20.0), (-12.0, -1.0), SUPPORTED),  # on the same side of none
        ((-35.0, -20.0), (-12.0, 3.0), SUPPORTED),
        ((-35.0, -20.0), (0.5, 9.0), INCONCLUSIVE),  # wholly on the other side
        ((-35.0, -20.0), (-1.9, 1.0), INCONCLUSIVE),  # wholly within equivalence
        ((3.0, 9.0), (-9.0, -0.1), INCONCLUSIVE),
        ((3.0, 9.0), (0.1, 9.0), CONTRADICTED),
        ((-1.5, 1.2), (-9.0, -2.1), INCONCLUSIVE),  # wholly beyond equivalence
        ((-1.5, 1.2), (-9.0, -1.9), EQUIVALENT),
        ((-35.0, -20.0), (-np.inf, np.inf), SUPPORTED),
    ],
)
def test_an_alternative_analysis_that_says_otherwise_leaves_the_claim_open(
    registry: Registry, primary: tuple[float, float], other: tuple[float, float], verdict: str
) -> None:
    found, reason = claim_verdict(claim(registry, "C1"), effect(*primary), 0.001, {"another load": other})
    assert found == verdict
    assert ("but not with another load" in reason) == (verdict == INCONCLUSIVE)


def test_claims_without_data_belong_to_the_family_of_tests() -> None:
    raw = pd.Series({"a": 0.01, "b": 0.03, "c": np.nan})
    assert adjusted_p_values(raw, method="holm", family=5)[["a", "b"]].tolist() == pytest.approx([0.05, 0.12])
    assert adjusted_p_values(raw, method="benjamini_hochberg", family=5)[["a", "b"]].tolist() == pytest.approx(
        [0.05, 0.075]
    )


def test_a_missing_metric_lowers_no_adjusted_p_value(
    ledger: pd.DataFrame, cohort: dict[str, pd.DataFrame], registry: Registry
) -> None:
    poor = cohort | {"metrics": cohort["metrics"].drop(columns=["knee_abduction_peak_deg", "squat_depth_m"])}
    kept = replace(registry, claims=tuple(one for one in registry.claims if one.model["kind"] != "rate_ratio"))
    less = claims_ledger(poor, registry, simulated=True, resamples=20).set_index("id")
    whole = ledger.set_index("id")
    assert len(kept.claims) < len(registry.claims)
    assert less.loc["C3", "verdict"] == UNTESTABLE
    assert less.loc["C7", "adjusted_p"] == pytest.approx(whole.loc["C7", "p_value"] * 8)


def test_every_analysis_of_a_claim_is_in_the_table_of_sensitivity(
    cohort: dict[str, pd.DataFrame], registry: Registry
) -> None:
    few = replace(registry, claims=tuple(claim(registry, name) for name in ("C1", "C5", "C8")))
    ledger, sensitivity = claims_tables(cohort, few, simulated=True, resamples=20)
    own = sensitivity.groupby("id")["analysis"].apply(list)
    first, checks = claim(registry, "C1"), [check["name"] for check in claim(registry, "C1").checks]
    assert own["C1"] == ["primary", *first.alternatives, *checks, "body weight in quiet standing before the jump"]
    assert own["C8"] == ["primary"]
    roles = sensitivity.query("id == 'C1'")["role"].tolist()
    assert roles == ["primary", *["alternative"] * 4, *["check"] * 5, "negative control"]
    first = sensitivity.drop_duplicates("id").set_index("id")["estimate"]
    pd.testing.assert_series_equal(first, ledger.set_index("id")["estimate"])
    assert sensitivity.loc[sensitivity["estimate"].isna(), "refusal"].str.len().min() > 20
    # A load less in the model: another estimate from the same sessions.
    estimated = sensitivity.query("id == 'C1'").dropna(subset=["estimate"])
    assert estimated["estimate"].nunique() == len(estimated) == 10
    assert len(estimated["rows"].drop_duplicates()) == 1
    # The simulated tables have no weight in standing.
    assert "no body_weight_n of countermovement_jump" in sensitivity["refusal"].iloc[-1]


def test_alternatives_that_name_nothing_are_refused(content: dict, tmp_path: Path) -> None:
    claims = {settings["id"]: settings for settings in content["claims"]}
    claims["C1"]["alternatives"] = [
        {"name": "loads", "without": ["laod"]},
        {"name": "levels", "with": ["levle"]},
        {"name": "outcome", "model": {"outcome": "hight"}},
        {"name": "no contrast", "without": ["abduction_within"]},
    ]
    lines = refusal(content, tmp_path)
    for where in ("loads.without", "levels.model.terms", "outcome.model.outcome", "no contrast.contrast.term"):
        assert sum(f"C1.alternatives, {where}" in line for line in lines) == 1, lines


def test_a_supported_verdict_says_where_the_claimed_size_lies(registry: Registry) -> None:
    assert "includes the claimed -30" in claim_verdict(claim(registry, "C1"), effect(-35.0, -20.0), 0.001)[1]
    assert "exceeds the claimed -30" in claim_verdict(claim(registry, "C1"), effect(-70.0, -50.0), 0.001)[1]


def test_an_inconclusive_verdict_says_whether_the_claimed_size_is_excluded(registry: Registry) -> None:
    assert "excludes the claimed -30" in claim_verdict(claim(registry, "C1"), effect(-9.0, 6.0), 0.6)[1]
    assert "does not exclude the claimed -30" in claim_verdict(claim(registry, "C1"), effect(-40.0, 6.0), 0.6)[1]


def test_the_truth_has_a_verdict_too(registry: Registry) -> None:
    truths = {-31.0: SUPPORTED, -10.0: SMALLER, -1.0: EQUIVALENT, 5.0: CONTRADICTED}
    assert {truth: verdict_on_truth(claim(registry, "C1"), truth) for truth in truths} == truths
    # A claim without a size is borne out by any effect beyond practical equivalence.
    assert verdict_on_truth(claim(registry, "C7"), 0.2) == SUPPORTED


def test_all_claims_are_registered_with_what_they_rest_on(registry: Registry) -> None:
    numbers = {int(claim.id.strip("Cab")) for claim in registry.claims}
    assert numbers == set(range(1, 12))
    assert all(claim.literature and claim.assumes and claim.estimand for claim in registry.claims)


def test_all_faults_of_a_registry_are_told(tmp_path: Path, repository: Path) -> None:
    content = yaml.safe_load((repository / CLAIMS).read_text(encoding="utf-8"))
    content["claims"][0]["verdict"] = "supported"
    content["claims"][1]["status"] = "sure"
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ClaimsError, match=r"2 faults[\s\S]*verdict[\s\S]*sure"):
        load_claims(path)


def refusal(content: dict, folder: Path) -> list[str]:
    """The lines about faults of a registry."""
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ClaimsError) as refused:
        load_claims(path)
    # A job ends with these sentences and without a traceback.
    assert isinstance(refused.value, InputFaults)
    return [str(fault) for fault in refused.value.faults]


@pytest.fixture
def content(repository: Path) -> dict:
    return yaml.safe_load((repository / CLAIMS).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("variable", "old", "hint"),
    [
        ("log_eccentric", "lowering_time_s", "now called eccentric_time_s"),
        ("log_eccentric", "Lowering_Time_S", "now called eccentric_time_s"),
        ("depth_cm", "body_weight_n", "now called system_weight_n"),
        ("depth_cm", "u_body_weight_n", "now called u_system_weight_n, did you mean system_weight_n?"),
        ("depth_cm", "u_knee_over_toe_max_m", "now called u_knee_medial_to_toe_max_m, did you mean knee_medial_"),
        ("depth_cm", "lowering_end_s", "now called eccentric_end_s"),
        ("depth_cm", "load_before", "now called previous_week_load, which is not allowed here"),
        ("depth_cm", "jump_height_impulse_m", "which is no metric of squat"),
        ("depth_cm", "squat_deph_m", "did you mean squat_depth_m?"),
        ("braking", "braking_impulse_n_s", "now called horizontal_braking_impulse_n_s"),
        ("foot_strike", "asymmetry_body_weight_percent", "which is no metric of sprint"),
    ],
)
def test_old_and_unknown_metrics_are_refused_with_the_name_to_use(
    content: dict, tmp_path: Path, variable: str, old: str, hint: str
) -> None:
    content["variables"][variable]["metric"] = old
    [line] = refusal(content, tmp_path)
    assert line.startswith(f"claims.yaml: variables.{variable}.metric: expected a metric of ")
    assert f"found {old!r} ({hint}" in line


def test_metrics_that_kept_their_name_in_other_tasks_are_accepted(content: dict, tmp_path: Path) -> None:
    content["variables"]["jump_height"]["metric"] = "body_weight_n"
    content["variables"]["depth_cm"]["metric"] = "asymmetry_peak_force_percent"
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load_claims(path).variables["jump_height"].metric == "body_weight_n"


def test_every_name_of_a_model_exists(content: dict, tmp_path: Path) -> None:
    claims = {settings["id"]: settings for settings in content["claims"]}
    content["variables"]["braking"]["task"] = "cmj"
    claims["C1"]["model"] |= {"calibrated": "lowering_time_s", "random": ["time", "abduction_wihtin"]}
    claims["C1"]["model"]["terms"] = ["time", "abduction_within", "abduction_between", "load_before"]
    claims["C2"]["contrast"]["term"] = "onset_lead_ms"
    claims["C3"]["model"] |= {"outcome": "jump_hight_cm", "indicators": {"curved": ["lumbar_flexoin", 20]}}
    claims["C4"]["model"]["terms"].append("time:lowering_time_s")
    claims["C4"]["contrast"]["per"] = "week"
    claims["C5"]["model"] |= {"exposed": "knee_abduction_peak_deg"}
    claims["C6a"]["model"]["outcome"] = "lifting_time_s"
    claims["C6b"]["model"] |= {"set_task": "Squat"}
    claims["C7"]["model"]["terms"].append("previous_injury")
    claims["C9"]["contrast"]["term"] = "abduction_between"
    claims["C11"]["model"]["outcome"] = "Abduction"
    lines = refusal(content, tmp_path)
    said = {
        "C1.model.calibrated": "'lowering_time_s' (now called eccentric_time_s, named log_eccentric",
        "C1.model.random": "'abduction_wihtin' (did you mean abduction_within?)",
        "C1.model.terms": "'load_before' (now called previous_week_load, named load here)",
        "C2.contrast.term": "'onset_lead_ms' (did you mean onset_lead_ms_",
        "C3.model.indicators.curved": "'lumbar_flexoin' (did you mean lumbar_flexion?)",
        "C3.model.outcome": "'jump_hight_cm' (did you mean jump_height_cm?)",
        "C4.contrast.per": "one of time, log_eccentric_between",
        "C4.model.terms": "'lowering_time_s' (now called eccentric_time_s, named log_eccentric",
        "C5.model.exposed": "'knee_abduction_peak_deg' (named abduction or abduction_drop_jump here)",
        "C5.model.terms": "'abduction_between'",
        "C6a.model.outcome": "'lifting_time_s' (now called concentric_time_s)",
        "C6b.model.set_task": "'Squat' (did you mean squat?)",
        "C7.model.terms": "'previous_injury' (named previously_injured here)",
        "C9.contrast.term": "'abduction_between' (did you mean abduction_within?)",
        "C11.model.outcome": "'Abduction' (did you mean abduction?)",
        "variables.braking.task": "one of standing, countermovement_jump",
    }
    assert len(lines) == len(said)
    for where, words in said.items():
        assert sum(line.startswith(f"claims.yaml: {where}: ") and words in line for line in lines) == 1, (where, lines)


def test_terms_that_are_allowed_are_columns_of_the_tables(cohort: dict[str, pd.DataFrame], registry: Registry) -> None:
    longitudinal = longitudinal_table(cohort)
    sessions = session_table(longitudinal, {}, {})
    assert set(SESSION_TERMS) == set(sessions.select_dtypes("number").columns)
    people = person_covariates(longitudinal, {})
    assert set(PERSON_TERMS) == set(people.select_dtypes("number").columns)
    columns = ["concentric_time_s"]
    repetitions = repetition_table(cohort, people, task="squat", columns=columns, last=2)
    assert {*REPETITION_TERMS, *columns} == set(repetitions.select_dtypes("number").columns)
    exposed = {"abduction": registry.variables["abduction"]}
    weeks, _ = week_table(cohort, session_table(longitudinal, exposed), exposed="abduction", problem_type=None)
    offset_and_outcome = {"training_hours", "onset", "severity"}
    assert {*WEEK_TERMS, "abduction_between"} == set(weeks.select_dtypes("number").columns) - offset_and_outcome


def test_metrics_of_a_task_are_those_that_are_measured(repository: Path) -> None:
    """No metric of a task is refused, and none of its columns is missing among those that are allowed."""
    for task in TASKS:
        assert set(task_metrics(task)) <= set(METRICS)
    assert "asymmetry_system_weight_percent" in task_metrics("squat")
    assert "asymmetry_body_weight_percent" not in task_metrics("squat")


def test_a_registry_that_is_no_yaml_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text("variables: [1\nclaims: 2\n", encoding="utf-8")
    with pytest.raises(ClaimsError, match=r"claims.yaml: line 2: expected YAML"):
        load_claims(path)
    with pytest.raises(ClaimsError, match="expected a file"):
        load_claims(tmp_path / "none.yaml")


def test_models_without_what_they_need_and_contrasts_of_nothing_are_refused(tmp_path: Path, repository: Path) -> None:
    content = yaml.safe_load((repository / CLAIMS).read_text(encoding="utf-8"))
    claims = {settings["id"]: settings for settings in content["claims"]}
    del claims["C1"]["model"]["outcome"]
    del claims["C5"]["model"]["exposed"]
    del claims["C6a"]["model"]["set_task"]
    claims["C7"]["contrast"]["difference"] = 0
    claims["C1"]["loss"] = 150
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ClaimsError, match="5 faults"):
        load_claims(path)


def test_an_entry_that_names_nothing_costs_no_other_verdict(
    cohort: dict[str, pd.DataFrame], registry: Registry
) -> None:
    wrong = {
        "C1": {"contrast": {"term": "abduction_wihtin", "difference": 10, "unit": "deg"}},
        "C3": {"model": dict(claim(registry, "C3").model) | {"outcome": "hight"}},
        "C7": {"contrast": dict(claim(registry, "C7").contrast) | {"difference": "p90_less_p10"}},
    }
    claims = tuple(replace(one, **wrong.get(one.id, {})) for one in registry.claims)
    broken = claims_ledger(cohort, replace(registry, claims=claims), simulated=True, resamples=20).set_index("id")
    assert broken.loc[list(wrong), "verdict"].eq(UNTESTABLE).all()
    assert "abduction_wihtin" in broken.loc["C1", "reason"]
    assert "do not differ" in broken.loc["C7", "reason"]
    assert broken.loc["C6a", "verdict"] != UNTESTABLE


def test_load_that_nobody_recorded_is_told(cohort: dict[str, pd.DataFrame], registry: Registry) -> None:
    """Visits are in weeks 0, 4, ..., 20: week 7 is the week before one of five later visits, weeks 7 and 11 of two."""
    exposure, few = cohort["exposure"], replace(registry, claims=(claim(registry, "C1"),))
    some = cohort | {"exposure": exposure[exposure["week"] != 7]}
    found = claims_ledger(some, few, simulated=True, resamples=20).set_index("id").loc["C1"]
    assert "have no training recorded for the previous week; the athlete's mean load is imputed" in found["notes"]
    less = cohort | {"exposure": exposure[~exposure["week"].isin([7, 11])]}
    refused = claims_ledger(less, few, simulated=True, resamples=20).set_index("id").loc["C1"]
    assert refused["verdict"] == UNTESTABLE
    assert "no training recorded for the previous week; at most 25% may" in refused["reason"]


def test_limits_that_contradict_each_other_are_refused(tmp_path: Path, repository: Path) -> None:
    content = yaml.safe_load((repository / CLAIMS).read_text(encoding="utf-8"))
    claims = {settings["id"]: settings for settings in content["claims"]}
    claims["C1"]["equivalence"] = [1, 2]
    content["claims"].append(claims["C3"])
    claims["C5"]["claimed"]["size"] = [1.0, 1.5]
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(
        ClaimsError, match=r"C1.equivalence: .* null, 0; found 1 to 2\n.*C3: .*2 times\n.*C5.claimed.size: .* 1.11"
    ):
        load_claims(path)


def test_interval_of_a_ratio_by_hand() -> None:
    # Without error in the denominator the interval is that of the numerator, divided.
    low, high = fieller_interval(6.0, 3.0, np.diag([0.25, 0.0]), np.inf, 0.95)
    assert (low, high) == pytest.approx((2.0 - 1.959964 / 6.0, 2.0 + 1.959964 / 6.0), rel=1e-6)
    assert fieller_interval(6.0, 1.0, np.diag([0.25, 1.0]), np.inf, 0.95) == (-np.inf, np.inf)


def test_intervals_on_the_claims_scale_by_hand() -> None:
    wide, narrow = intervals(0.0, 1.0, np.inf, "ratio")
    assert wide == pytest.approx((np.exp(-1.959964), np.exp(1.959964)), rel=1e-6)
    assert narrow == pytest.approx((np.exp(-1.644854), np.exp(1.644854)), rel=1e-6)


def learners(seed: int, *, athletes: int = 24, excess: float = 4.0, half_time_weeks: float = 4.0) -> pd.DataFrame:
    """Athletes who approach a plateau of their own, with errors of 1."""
    generator = np.random.default_rng(seed)
    weeks = np.tile(np.arange(0.0, 24.0, 4.0), (athletes, 1))
    level, start = generator.normal(size=(2, athletes, 1))
    angle = 4.0 * level + (excess + start) * 2.0 ** (-weeks / half_time_weeks) + generator.normal(size=weeks.shape)
    names = np.repeat([f"P{number}" for number in range(athletes)], weeks.shape[1])
    return pd.DataFrame({"participant_id": names, "week": weeks.ravel(), "angle": angle.ravel()})


def test_half_time_of_exact_learning_curves_is_found() -> None:
    weeks = np.arange(0.0, 24.0, 4.0)
    rows = [
        {"participant_id": name, "week": week, "angle": plateau + excess * 2.0 ** (-week / 5.0)}
        for name, plateau, excess in (("A", 4.0, 3.0), ("B", 7.0, 5.0), ("C", 2.0, 1.0))
        for week in weeks
    ]
    found = half_time(pd.DataFrame(rows), outcome="angle")
    assert found.estimate == pytest.approx(5.0, rel=0.01)
    assert found.excess == pytest.approx(3.0, rel=0.01)
    with pytest.raises(ModelRefusal, match="2 athletes have 3 sessions"):
        half_time(pd.DataFrame(rows).query("participant_id != 'C'"), outcome="angle")


def test_a_half_time_holds_the_effect_of_a_covariate() -> None:
    """An angle that load raises by 2 per unit: exact curves are found again; columns of no use are refused."""
    table = learners(0)
    load = np.random.default_rng(8).normal(size=len(table))
    exact = 4.0 + 3.0 * 2.0 ** (-table["week"] / 5.0)
    table = table.assign(angle=exact + 2.0 * load, load=load, twice=2.0 * load)
    table["constant"] = table["load"].groupby(table["participant_id"]).transform("first")
    found = half_time(table, outcome="angle", covariates=["load"])
    assert found.estimate == pytest.approx(5.0, rel=0.01)
    assert found.coefficients["load"] == pytest.approx(2.0, rel=1e-3)
    with pytest.raises(ModelRefusal, match="constant does not vary within athletes"):
        half_time(table, outcome="angle", covariates=["constant", "load"])
    with pytest.raises(ModelRefusal, match="load, twice depend linearly on each other"):
        half_time(table, outcome="angle", covariates=["load", "twice"])
    with pytest.raises(ModelRefusal, match="2 reasons") as told:
        half_time(table.assign(week=table["week"].replace(4.0, np.inf), angle="a"), outcome="angle")
    assert told.value.sentences == ("angle is not numeric", "week is infinite in 24 rows")


def test_interval_of_a_half_time_holds_it() -> None:
    """60 studies: 95 % intervals miss the half-time in 3, at most 8 by chance; p values say the same as intervals."""
    missed = 0
    for seed in range(60):
        found = half_time(learners(seed), outcome="angle")
        low, high = found.interval(0.95)
        missed += not low <= 4.0 <= high
        assert (found.p_value(4.0) < 0.05) == (not low <= 4.0 <= high)
    assert missed <= 8
    assert half_time(learners(0, athletes=400), outcome="angle").interval(0.95) == pytest.approx((4.0, 4.0), rel=0.2)


def test_half_times_far_below_the_time_between_sessions_cannot_be_told_apart() -> None:
    table = learners(0)
    found = half_time(table.assign(week=10.0 * table["week"]), outcome="angle")
    assert np.isfinite(found.statistic).all()
    assert found.interval(0.95)[0] == 0.0 or found.estimate > 1.0


def test_without_learning_a_half_time_has_no_limits() -> None:
    """60 studies of athletes who scatter about a level each: weeks of practice are seen in 2, at most 6 by chance."""
    intervals = [half_time(learners(seed, excess=0.0), outcome="angle").interval(0.95) for seed in range(60)]
    level = [half_time(table.assign(angle=table["angle"].sample(frac=1.0, random_state=1).to_numpy()), outcome="angle")
             for table in (learners(seed) for seed in range(60))]  # fmt: skip
    assert sum(found.interval(0.95)[0] > 1.0 for found in level) <= 6
    assert np.mean([np.isinf(high) for _, high in intervals]) > 0.5
    own = learners(0).groupby("participant_id")["angle"].transform("first")
    with pytest.raises(ModelRefusal, match="angle is the same in all sessions"):
        half_time(learners(0).assign(angle=own), outcome="angle")


def test_a_ledger_has_a_verdict_and_a_reason_for_every_claim(ledger: pd.DataFrame, registry: Registry) -> None:
    assert list(ledger.columns) == LEDGER_COLUMNS
    assert ledger["id"].tolist() == [claim.id for claim in registry.claims]
    assert ledger["reason"].str.len().min() > 20
    assert ledger["simulated"].all()
    tested = ledger[ledger["verdict"] != UNTESTABLE]
    assert (tested["adjusted_p"] >= tested["p_value"]).all()
    assert tested[["estimate", "low", "high", "participants"]].notna().all(axis=None)


def test_verdicts_on_a_simulated_cohort_do_not_differ_from_the_truth(
    ledger: pd.DataFrame, registry: Registry, cohort: dict[str, pd.DataFrame]
) -> None:
    table = claims_against_truth(ledger, registry, cohort["parameters"], cohort).set_index("id")
    assert (table["agreement"] != "differs").all(), table[["verdict", "true_verdict", "estimate", "true_effect"]]
    assert table.loc["C7", "verdict"] == table.loc["C7", "true_verdict"] == SUPPORTED
    assert table.loc["C6a", "verdict"] == EQUIVALENT
    assert table.loc["C8", "agreement"] == "not tested"


def test_a_study_without_markers_or_weekly_tables_says_what_is_missing(
    cohort: dict[str, pd.DataFrame], registry: Registry
) -> None:
    poor = {name: table for name, table in cohort.items() if name not in ("exposure", "health", "parameters")}
    poor["metrics"] = cohort["metrics"].drop(columns="knee_abduction_peak_deg")
    reasons = claims_ledger(poor, registry, simulated=True, resamples=20).set_index("id")
    assert reasons.loc["C1", "verdict"] == UNTESTABLE
    assert "metrics.csv has no knee_abduction_peak_deg of countermovement_jump" in reasons.loc["C1", "reason"]
    assert "health.tsv" in reasons.loc["C5", "reason"]
    assert "reads no live stream" in reasons.loc["C8", "reason"]
    assert reasons.loc["C7", "verdict"] == SUPPORTED


def test_a_metric_of_one_leg_is_not_called_missing(cohort: dict[str, pd.DataFrame], registry: Registry) -> None:
    metrics = cohort["metrics"].drop_duplicates(["participant_id", "session_id", "trial_id", "rep", "task"])
    angles = {"knee_abduction_peak_deg": np.nan, "pelvic_drop_max_deg": 1.0}
    sides = [metrics.assign(side="both", **angles), metrics.assign(side="left", **angles)]
    sides.append(metrics.assign(side="right", knee_abduction_peak_deg=3.0, pelvic_drop_max_deg=1.0))
    tables = cohort | {"metrics": pd.concat(sides, ignore_index=True)}
    reasons = claims_ledger(tables, registry, simulated=True, resamples=20).set_index("id")["reason"]
    words = "knee_abduction_peak_deg of countermovement_jump of the right leg only; the mean of both legs is needed"
    assert words in reasons.loc["C1"]
    assert "metrics.csv has no knee_abduction" not in reasons.loc["C1"]


@pytest.mark.parametrize("athletes", [1, 2])
def test_too_few_athletes_get_sentences(cohort: dict[str, pd.DataFrame], registry: Registry, athletes: int) -> None:
    kept = cohort["participants"]["participant_id"].head(athletes)
    few = {
        name: table[table["participant_id"].isin(kept)] if "participant_id" in table else table
        for name, table in cohort.items()
    }
    ledger = claims_ledger(few, registry, simulated=True, resamples=20)
    assert set(ledger["verdict"]) == {UNTESTABLE}
    assert ledger["reason"].str.startswith("untestable here: ").all()


def test_one_session_each_gets_sentences(cohort: dict[str, pd.DataFrame], registry: Registry) -> None:
    once = {
        name: table[table["session_id"] == "S01"] if "session_id" in table else table for name, table in cohort.items()
    }
    ledger = claims_ledger(once, registry, simulated=True, resamples=20).set_index("id")
    assert ledger.loc[["C1", "C3", "C4", "C9", "C10", "C11"], "verdict"].eq(UNTESTABLE).all()


def test_a_claim_is_judged_by_what_was_registered(registry: Registry) -> None:
    strict = replace(claim(registry, "C1"), equivalence=(-0.5, 0.5))
    assert claim_verdict(strict, effect(-1.5, 1.2), 0.8)[0] == INCONCLUSIVE


def test_mixedlm_confirms_the_fits_that_are_named(
    cohort: dict[str, pd.DataFrame], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed: list[str] = []

    def confirm(*arguments: object) -> object:
        confirmed.append("fit")
        return confirm_with_mixedlm(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("legsci.models.statistics.mixed.confirm_with_mixedlm", confirm)
    few = replace(registry, claims=tuple(claim(registry, name) for name in ("C1", "C4")))
    longitudinal = longitudinal_table(cohort)
    counts, ledgers, slopes = {}, {}, {}
    for which in CONFIRMED:
        ledgers[which] = claims_ledger(
            cohort, few, simulated=True, longitudinal=longitudinal, resamples=20, confirm=which
        )
        verdicts = len(confirmed)
        slopes[which] = study_results(cohort, longitudinal, few, resamples=20, confirm=which)["alignment"]
        counts[which] = (verdicts, len(confirmed) - verdicts)
        confirmed.clear()
    # C1 and C4; the model of alignment and its three moderators.
    assert counts == {"verdicts": (2, 0), "all": (2, 4), "none": (0, 0)}
    for which in ("all", "none"):
        pd.testing.assert_frame_equal(ledgers[which], ledgers["verdicts"], rtol=1e-9)
        pd.testing.assert_frame_equal(slopes[which], slopes["verdicts"], rtol=1e-9)
    with pytest.raises(ValueError, match="confirm is one of verdicts, all, none; found some"):
        claims_ledger(cohort, few, simulated=True, longitudinal=longitudinal, confirm="some")


def test_a_registry_that_was_changed_after_registration_is_named(
    content: dict, tmp_path: Path, registry: Registry, cohort: dict[str, pd.DataFrame]
) -> None:
    assert registry.state == "as registered"
    path = tmp_path / "claims.yaml"
    # Comments, order and layout are no change; a limit is one.
    path.write_text(yaml.safe_dump(content, sort_keys=True), encoding="utf-8")
    assert load_claims(path).checksum == registry.checksum
    content["claims"][0]["equivalence"] = [-1, 2]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    changed = load_claims(path)
    ledger = claims_ledger(cohort, replace(changed, claims=changed.claims[-1:]), simulated=True, resamples=20)
    assert ledger.loc[0, "registry"] == "changed after registration"
    assert (ledger.loc[0, "registered"], ledger.loc[0, "registry_checksum"]) == ("2026-12-01", changed.checksum)
    del content["registered"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load_claims(path).state == "not registered"
