"""Recordings of other laboratories with one fault each: what metrics.csv must hold, and what quality.csv must say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.ingest.session import build_session
from legsci.ingest.study import read_study
from legsci.metrics.tables import session_metrics
from tests.mechanics.trials import DEFAULT, OTHERS, Outcome, cut_session

#: Cases of force plates, and lines of them that need more than force.
CASES = ("jump-habits", "lands-beside-plate", "zero-of-each-plate", "zeroed-with-the-athlete-on")
NOT_OF_FORCE = {("zero-of-each-plate", "stand_mm_said_m")}


@pytest.fixture(scope="module")
def field_cases(shared_data: Path) -> Path:
    """Folder of the cases."""
    folder = shared_data / "field-cases"
    if not folder.is_dir():
        pytest.skip("the field cases of ../shared/data are not beside this checkout")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_what_a_field_case_must_give(field_cases: Path, case: str) -> None:
    expected = pd.read_csv(field_cases / "expected.tsv", sep="\t", dtype=str, keep_default_na=False)
    lines = expected[expected["case"] == case]
    assert len(lines)
    found = _outcome(field_cases / case)
    wrong = [
        problem
        for line in lines.to_dict("records")
        if (case, line["trial_id"]) not in NOT_OF_FORCE
        for problem in _problems(found, line)
    ]
    assert not wrong, "\n".join(wrong)


def _outcome(folder: Path) -> Outcome:
    """Outcome of the only session of a case."""
    session = build_session(read_study(folder), "P01", "1")
    reps, quality = cut_session(session, profiles=OTHERS)
    metrics, quality = session_metrics(reps, quality)
    return Outcome(reps, quality, metrics)


def _problems(found: Outcome, line: dict[str, str]) -> list[str]:
    """What is wrong with one expected line."""
    where = " ".join(line[name] for name in ("trial_id", "rep", "side", "column"))
    table = found.metrics[found.metrics["profile"].isin([DEFAULT]) | found.metrics["profile"].isna()]
    rows = table[(table["trial_id"] == line["trial_id"]) & (table["rep"] == int(line["rep"]))]
    rows = rows[rows["side"] == line["side"]]
    value = float(rows[line["column"]].iloc[0]) if len(rows) and line["column"] != "rep" else np.nan
    problems = []
    if line["value"] == "absent":
        if len(rows) and (line["column"] == "rep" or np.isfinite(value)):
            problems.append(f"{where}: expected none, found {value}")
    elif not abs(value - float(line["value"])) <= float(line["tolerance"]):
        problems.append(f"{where}: expected {line['value']} within {line['tolerance']}, found {value}")
    said = " ".join(found.quality.loc[found.quality["trial_id"] == line["trial_id"], "sentence"]).lower()
    problems += [
        f"{where}: no quality flag says {word!r}" for word in line["words"].lower().split() if word not in said
    ]
    return problems
