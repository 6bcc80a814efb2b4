"""The table of verdicts: counting of words, Monte Carlo limits, a run that is stopped and goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import verdicts
from benchmarks.verdicts import EVERY, in_turn, run, summary


def rows_of(words: list[str], true_words: list[str], **columns: object) -> pd.DataFrame:
    """Return verdicts on one claim, an estimate of 1 with an interval from 0 to 2 around a truth of 1."""
    table = pd.DataFrame({"verdict": words, "true_verdict": true_words, "seed": range(len(words))})
    fixed = {
        "generator": "second",
        "athletes": 12,
        "id": "C1",
        "truth": "none",
        "estimate": 1.0,
        "low": 0.0,
        "high": 2.0,
    }
    return table.assign(**(fixed | {"true_effect": 1.0} | columns))


def test_every_word_that_is_not_true_is_counted() -> None:
    words = [
        "supported",
        "same direction but smaller",
        "contradicted",
        "equivalent to none",
        "inconclusive",
        "untestable",
    ]
    table = summary(rows_of(words, ["equivalent to none"] * 6)).set_index(["id", "truth"])
    line = table.loc[("C1", "none")]
    assert line["false"] == pytest.approx(3 / 6)
    assert [line[word] for word in words] == pytest.approx([1 / 6] * 6)
    assert table.loc[(EVERY, EVERY), "false"] == pytest.approx(3 / 6)


def test_a_cell_fails_only_where_its_monte_carlo_interval_lies_outside() -> None:
    few = summary(rows_of(["supported"] * 3 + ["inconclusive"] * 27, ["equivalent to none"] * 30))
    assert not few["fails"].str.contains("false").any()
    many = summary(rows_of(["supported"] * 100 + ["inconclusive"] * 900, ["equivalent to none"] * 1000))
    assert many["fails"].str.contains("false").all()
    missed = rows_of(["inconclusive"] * 1000, ["equivalent to none"] * 1000, high=np.repeat([0.5, 2.0], [120, 880]))
    line = summary(missed).set_index(["id", "truth"]).loc[("C1", EVERY)]
    assert line["fails"] == "coverage"
    assert (line["coverage"], line["coverage_low"] < 0.88 < line["coverage_high"]) == (0.88, True)


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = [("second", 12, 0), ("second", 12, 5)]
    tmp_path.joinpath("second_12_0.csv").write_text(rows_of(["supported"], ["supported"]).to_csv(index=False))
    again = run(tmp_path, chunks, seconds=0.0)
    assert len(again) == 1
    monkeypatch.setattr(verdicts, "COHORTS", {12: 20})
    assert list(in_turn({12: 20, 24: 10}))[:2] == [("legsci", 12, 700_000), ("second", 12, 700_000)]
    assert {chunk[1] for chunk in in_turn({12: 20, 24: 10})} == {12, 24}
