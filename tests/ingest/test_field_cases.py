"""What goes wrong in practice: the study folders of ../shared/data/field-cases against their expected.tsv."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from legsci.ingest.check import check_study
from legsci.ingest.session import build_session
from legsci.mechanics.force.profiles import load_profiles
from legsci.metrics.tables import study_tables
from tests.mechanics.trials import cut_session

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "field-cases"
NO_CASES = [pytest.param({}, marks=pytest.mark.skip("no ../shared/data/field-cases"))]
KEY = ["case", "trial_id", "rep", "side", "column"]


def expectations() -> list[object]:
    """The rows of expected.tsv, each a test of its own."""
    if not (CASES / "expected.tsv").is_file():
        return list(NO_CASES)
    table = pd.read_csv(CASES / "expected.tsv", sep="\t", dtype=str, keep_default_na=False)
    return [pytest.param(row, id="-".join(row[name] for name in KEY)) for row in table.to_dict("records")]


@cache
def tables_of(case: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Metrics and quality flags of a study folder."""
    study = check_study(CASES / case)
    reps = [
        cut_session(build_session(study, person, visit), profiles=list(load_profiles()), curation=study.curation)
        for person, visit in study.trials[["participant_id", "session_id"]].drop_duplicates().itertuples(index=False)
    ]
    tables = study_tables(reps)
    return tables["metrics"], tables["quality"]


@pytest.mark.parametrize("row", expectations())
def test_field_case_gives_the_expected_value(row: dict[str, str]) -> None:
    metrics, quality = tables_of(row["case"])
    flags = quality[quality["trial_id"] == row["trial_id"]]
    sentences = [str(sentence).lower() for sentence in flags["sentence"]]
    if row["words"]:
        assert any(all(word in sentence for word in row["words"].split()) for sentence in sentences), sentences
    chosen = metrics[(metrics["trial_id"] == row["trial_id"]) & (metrics["side"] == row["side"])]
    chosen = chosen[chosen["rep"].astype("string") == row["rep"]]
    values = chosen[row["column"]].dropna() if row["column"] in chosen else pd.Series(dtype=float)
    if row["value"] == "absent" or (values.empty and row["or_refused"] == "yes"):
        assert values.empty
        return
    assert len(values) == 1
    assert float(values.iloc[0]) == pytest.approx(float(row["value"]), abs=float(row["tolerance"]))
