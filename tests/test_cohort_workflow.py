"""`make cohort` on a few athletes, in a copy of the checkout: simulated, analysed and compared with the truth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from legsci.models.plans import TRUTHS
from tests.checkout import copy_checkout, edited, planned, snakemake

#: The two commands of `make cohort`; the first one reads no study.
SIMULATE = ("simulate_cohort_tables", "--configfile", "small.yaml")
ANALYSE = ("cohort_ledger", "results/cohort/reference_scores.csv", "--config", "study=data/raw/cohort")
NORM = "metric\ttask\tmean\tsd\tn\tsource\njump_height_impulse_m\tcountermovement_jump\t0.33\t0.06\t50\tA 2020\n"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout after both commands."""
    checkout = tmp_path_factory.mktemp("cohort")
    copy_checkout(checkout)
    (checkout / "small.yaml").write_text("studies: [data/raw/virtual]\n", encoding="utf-8")
    plans = checkout / "workflow/planning.yaml"
    text = plans.read_text(encoding="utf-8")
    assert "athletes: 400\n    visits: 8\n" in text
    plans.write_text(text.replace("athletes: 400\n    visits: 8\n", "athletes: 24\n    visits: 4\n"), encoding="utf-8")
    (checkout / "workflow/validation/cohort_ledger.csv").unlink()
    for command in (SIMULATE, ANALYSE):
        answer = snakemake(checkout, *command)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return checkout


def test_verdicts_stand_beside_what_was_drawn(compared: Path) -> None:
    ledger = pd.read_csv(compared / "workflow/validation/cohort_ledger.csv", keep_default_na=False, na_values=[""])
    drawn = pd.read_csv(compared / "data/raw/cohort/truth/claims.tsv", sep="\t", keep_default_na=False)
    known = ledger.dropna(subset=["truth"])
    assert known.set_index("id")["truth"].to_dict() == drawn.set_index("id")["truth"].to_dict()
    assert set(drawn["truth"]) == set(TRUTHS)
    assert set(ledger["athletes"]) == {24}
    right = known[known["agreement"] == "agrees"]
    assert (right["verdict"] == right["true_verdict"]).all()
    assert (known["agreement"] != "not tested").sum() >= 6
    claims = pd.read_csv(compared / "results/cohort/claims.csv")
    assert set(claims["simulated"]) == {True}


def test_nothing_is_left_to_do_and_the_study_is_not_simulated_in_its_own_run(compared: Path) -> None:
    assert planned(compared, *SIMULATE) == {}
    assert planned(compared, *ANALYSE) == {}


def test_edited_norms_remake_the_scores_alone(compared: Path) -> None:
    with edited(compared / "data/raw/cohort/reference.tsv", NORM):
        assert planned(compared, *ANALYSE) == {"reference_scores": 1}
        answer = snakemake(compared, "--dry-run", *ANALYSE)
        assert answer.returncode == 0
    with edited(compared / "data/raw/cohort/reference.tsv", NORM.replace("impulse_m", "impuls_m")):
        answer = snakemake(compared, "--dry-run", *ANALYSE)
        assert answer.returncode == 1
        assert "jump_height_impuls_m (did you mean jump_height_impulse_m?)" in answer.stderr
