"""Reference values: what moved, and what differs behind it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.reproduction.comparison import differences, moved_values, report, values_of, write_reference
from legsci.reproduction.manifest import MANIFEST, source_checksums

MADE_FROM = {
    "commit": "abc",
    "edited": False,
    "made": "2026-01-01T00:00:00+00:00",
    "raw_folder": "data/raw/two",
    "raw_files": {"jump.txt": "a" * 64},
    "sources": {"legsci/tasks.py": "b" * 16},
    "options": {"profile": "harry", "motion": {"cutoff_hz": {"squat": 6.0}}},
    "environment": {"python": "3.11.7", "packages": {"numpy": "2.4.6"}},
    "rules": {"metrics.csv": "study_tables"},
    "results": {},
}


def metrics(rows: int = 2) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant_id": [f"P{row:02d}" for row in range(rows)],
            "session_id": "01",
            "trial_id": "jump_1",
            "rep": 1,
            "side": "both",
            "task": "countermovement_jump",
            "peak_force_n": 1500.0 + np.arange(rows),
            "u_peak_force_n": 3.0,
            "jump_height_impulse_m": [0.3, *[np.nan] * (rows - 1)],
        }
    )


def written(folder: Path, table: pd.DataFrame, made_from: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "metrics.csv", index=False)
    (folder / MANIFEST).write_text(json.dumps(made_from), encoding="utf-8")
    return folder


def test_each_value_of_few_rows_is_kept_and_the_median_of_many(tmp_path: Path) -> None:
    few = values_of(written(tmp_path / "few", metrics(2), MADE_FROM))
    assert few[few["column"] == "peak_force_n"]["value"].tolist() == [1500.0, 1501.0]
    assert (few["column"] == "jump_height_impulse_m").sum() == 1
    many = values_of(written(tmp_path / "many", metrics(101), MADE_FROM)).set_index(["row", "column"])["value"]
    assert many["countermovement_jump both", "peak_force_n"] == 1550.0
    assert many["countermovement_jump both", "rows"] == 101
    assert ("countermovement_jump both", "u_peak_force_n") not in many


def test_a_number_moves_beyond_its_tolerance_only(tmp_path: Path) -> None:
    reference = values_of(written(tmp_path / "two", metrics(), MADE_FROM))
    changed = metrics()
    changed.loc[0, "peak_force_n"] *= 1.0 + 0.9e-6
    assert moved_values(reference, values_of(written(tmp_path / "two", changed, MADE_FROM))).empty
    changed.loc[0, "peak_force_n"] += 0.5
    changed["jump_height_impulse_m"] = [np.nan, 0.4]
    moved = moved_values(reference, values_of(written(tmp_path / "two", changed, MADE_FROM)))
    moved = moved.set_index(["row", "column"])
    assert len(moved) == 3
    assert moved["difference"].dropna().tolist() == [pytest.approx(0.5, abs=0.002)]
    gone, new = "P00 01 jump_1 1 both", "P01 01 jump_1 1 both"
    assert np.isnan(moved.loc[(gone, "jump_height_impulse_m"), "value"])
    assert np.isnan(moved.loc[(new, "jump_height_impulse_m"), "value_reference"])


def test_what_differs_is_named_by_file_source_option_and_environment() -> None:
    assert differences(MADE_FROM, MADE_FROM | {"commit": "other", "made": "later", "edited": True}) == []
    changed = MADE_FROM | {
        "raw_files": {"jump.txt": "c" * 64, "new.txt": "d" * 64},
        "sources": {},
        "options": {"profile": "harry", "motion": {"cutoff_hz": {"squat": 8.0}}},
        "environment": {"python": "3.11.7", "packages": {"numpy": "2.5.0"}},
    }
    assert differences(MADE_FROM, changed) == [
        "raw file jump.txt: aaaaaaaaaaaa -> cccccccccccc",
        "raw file new.txt: new (dddddddddddd)",
        "source legsci/tasks.py: no longer there",
        "option motion.cutoff_hz.squat: 6.0 -> 8.0",
        "environment packages.numpy: 2.4.6 -> 2.5.0",
    ]


def test_many_raw_files_are_compared_by_folder(tmp_path: Path) -> None:
    many = {
        f"P{person:02d}/jump_{trial}.c3d": f"{person:032d}{trial:032d}" for person in range(5) for trial in range(99)
    }
    made_from = MADE_FROM | {"raw_files": many}
    results = written(tmp_path / "two", metrics(), made_from)
    write_reference(results, tmp_path / "kept")
    assert report(results, tmp_path / "kept")[1]
    written(results, metrics(), made_from | {"raw_files": many | {"P03/jump_7.c3d": "e" * 64}})
    text, agrees = report(results, tmp_path / "kept")
    assert agrees
    assert "raw file P03/:" in text
    assert "P02/" not in text


def test_the_report_says_what_moved_and_why(tmp_path: Path) -> None:
    results = written(tmp_path / "two", metrics(), MADE_FROM)
    write_reference(results, tmp_path / "kept")
    assert report(results, tmp_path / "kept") == (
        "two: 5 reference values, 0 moved beyond their tolerance\n0 differences to the reference run",
        True,
    )
    changed = metrics()
    changed.loc[1, "peak_force_n"] = 1601.0
    written(results, changed, MADE_FROM | {"sources": {"legsci/tasks.py": "f" * 16}})
    text, agrees = report(results, tmp_path / "kept")
    assert not agrees
    assert "metrics, P01 01 jump_1 1 both, peak_force_n: 1501 -> 1601 (tolerance 0.0015)" in text
    assert "source legsci/tasks.py: bbbbbbbbbbbb -> ffffffffffff" in text


def test_comments_and_docstrings_are_no_difference_but_a_constant_is(tmp_path: Path) -> None:
    folder = tmp_path / "legsci"
    folder.mkdir()
    module = folder / "a.py"
    module.write_text('"""Words."""\nLIMIT = 1\n', encoding="utf-8")
    (folder / "table.csv").write_text("a\n1\n", encoding="utf-8")
    before = source_checksums(tmp_path)
    assert set(before) == {"legsci/a.py", "legsci/table.csv"}
    module.write_text('"""Other words."""\n\nLIMIT = 1  # why\n', encoding="utf-8")
    assert source_checksums(tmp_path) == before
    module.write_text('"""Words."""\nLIMIT = 2\n', encoding="utf-8")
    assert source_checksums(tmp_path)["legsci/a.py"] != before["legsci/a.py"]
