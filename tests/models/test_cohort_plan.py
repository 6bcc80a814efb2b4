"""The cohort of tables: what is true of each claim is drawn by lot, and the folder is a study like any other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import legsci
from legsci.ingest.study import read_study
from legsci.metrics.measurements import measured_rows, measurement_faults
from legsci.models.claims.against_truth import claims_against_truth
from legsci.models.claims.registry import load_claims
from legsci.models.plans import TRUTHS, PlanError, draw_truths, load_plans, with_changes
from legsci.simulate.cohort.process import simulate_cohort
from legsci.simulate.cohort.study_of_tables import write_study_of_tables
from legsci.simulate.cohort.tables import metrics_table

#: Claims whose truth the options of the virtual athletes do not hold.
WITHOUT_TRUTH = {"C1b", "C8"}


@pytest.fixture(scope="module")
def options(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]


@pytest.fixture(scope="module")
def plans(repository: Path) -> dict[str, Any]:
    return yaml.safe_load((repository / "workflow/planning.yaml").read_text(encoding="utf-8"))


def test_truths_are_drawn_equally_often_and_change_what_they_name(
    plans: dict[str, Any], options: dict[str, Any]
) -> None:
    plan = plans["cohort"]
    truths, changes = draw_truths(plan)
    counts = Counter(truths.values())
    assert set(counts) == set(TRUTHS)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert draw_truths(plan)[0] == truths
    assert any(draw_truths(plan | {"seed": seed})[0] != truths for seed in range(3))
    changed = with_changes(options, changes)
    for claim, word in truths.items():
        wanted = plan["truths"][claim].get(word, {})
        named = {name for each in plan["truths"][claim].values() for name in each}
        for name in named:
            block, _, key = name.partition(".")
            assert changed[block][key] == wanted.get(name, options[block][key]), name


def test_each_claim_has_options_of_its_own(plans: dict[str, Any], repository: Path) -> None:
    truths = plans["cohort"]["truths"]
    for words in truths.values():
        assert set(words["none"]) == set(words["claimed"])
    used = Counter(name for words in truths.values() for name in words["none"])
    assert set(used.values()) == {1}
    claims = {claim.id for claim in load_claims(repository / "workflow/claims.yaml").claims}
    assert claims - set(truths) == WITHOUT_TRUTH


def test_misspelt_options_and_claims_of_the_cohort_are_refused(
    plans: dict[str, Any], options: dict[str, Any], tmp_path: Path
) -> None:
    wrong = plans | {
        "cohort": {"seed": 1, "changes": {"athlets": 3}, "truths": {"C99": {"none": {}, "claimed": {"jump.x": 1}}}}
    }
    (tmp_path / "planning.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_plans(tmp_path / "planning.yaml", options, claims=["C1", "C5"])
    said = str(caught.value)
    assert "cohort.truths: expected a registered claim; found 'C99'" in said
    assert "cohort.changes.athlets: expected an option of the virtual athletes; found no athlets (did you mean" in said
    assert "cohort.truths.C99.claimed.jump.x" in said


def test_a_small_cohort_is_a_study_of_tables_whose_ledger_is_compared_with_the_truth(
    plans: dict[str, Any], options: dict[str, Any], tmp_path: Path, repository: Path
) -> None:
    truths, changes = draw_truths(plans["cohort"])
    cohort = simulate_cohort(with_changes(options, changes | {"athletes": 24, "visits": 4}), seed=5)
    write_study_of_tables(tmp_path, cohort, truths)
    study = read_study(tmp_path)
    assert study.simulated
    assert measurement_faults(study) == []
    key = ["participant_id", "session_id", "trial_id", "rep", "side"]
    written, simulated = (
        frame.astype({name: "str" for name in key if name != "rep"}).set_index(key).sort_index()
        for frame in (measured_rows(study)[0], metrics_table(cohort))
    )
    for metric in simulated.select_dtypes("number"):
        pd.testing.assert_series_equal(written[metric], simulated[metric].reindex(written.index), rtol=1e-5)
        assert written[metric].notna().sum() == simulated[metric].notna().sum()
    claims = repository / "workflow/claims.yaml"
    found = legsci.analyse_measurements(tmp_path, claims=claims)
    assert set(found["claims"]["simulated"]) == {True}
    parameters = pd.read_csv(tmp_path / "truth/parameters.tsv", sep="\t")
    tables = {"metrics": found["metrics"], "participants": study.participants}
    compared = claims_against_truth(found["claims"], load_claims(claims), parameters, tables).set_index("id")
    assert set(compared.index[compared["true_verdict"].isna()]) <= {
        *WITHOUT_TRUTH,
        *compared.index[compared["verdict"] == "untestable"],
    }
    # What was drawn is what is true.
    drawn = compared.loc[[name for name in truths if name in compared.index], "true_effect"]
    assert drawn["C6a"] == {"none": 1.0, "literature": 1.0, "claimed": 1.3}[truths["C6a"]]
    assert drawn["C11"] == {"none": 0.5, "literature": 4.0, "claimed": 8.0}[truths["C11"]]
    assert (compared["agreement"] != "not tested").sum() >= 6


RESULT = {"agrees": "hit", "differs": "miss", "undecided": "undecided"}


def shown(row: dict[str, Any]) -> str:
    """A claim as the README shows it."""
    estimate = f"{row['estimate']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
    cells = [row["id"], row["truth"], f"{row['true_effect'] + 0.0:.3g}", row["true_verdict"], estimate]
    return f"| {' | '.join([*cells, row['unit'], row['verdict'], RESULT[row['agreement']]])} |"


def test_the_readme_shows_the_ledger_of_the_cohort_as_it_was_measured(plans: dict[str, Any], repository: Path) -> None:
    """After `make cohort`, which writes the table anew, the README follows it."""
    ledger = pd.read_csv(repository / "workflow/validation/cohort_ledger.csv", keep_default_na=False, na_values=[""])
    truths, changes = draw_truths(plans["cohort"])
    assert dict(zip(ledger["id"], ledger["truth"], strict=True)) | truths == ledger.set_index("id")["truth"].to_dict()
    assert set(ledger["athletes"]) == {changes["athletes"]}
    assert set(ledger["seed"]) == {plans["cohort"]["seed"]}
    readme = (repository / "README.md").read_text(encoding="utf-8")
    tested = ledger[ledger["agreement"].isin(list(RESULT))]
    for row in tested.to_dict("records"):
        assert shown(row) in readme.splitlines()
    counts = tested["agreement"].map(RESULT).value_counts().reindex(["hit", "miss", "undecided"], fill_value=0)
    hits, misses, undecided = counts
    covered = f"The interval includes the true effect in {tested['covered'].astype(bool).sum()} of {len(tested)}."
    said = f"Simulated, {ledger['date'].iloc[0]}: {hits} hits, {misses} miss, {undecided} undecided;"
    assert said in readme
    assert covered in readme
