"""Tables in parts: the same rows in the same order, however participants are divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from legsci.metrics import parts
from legsci.metrics.parts import join_parts
from legsci.provenance import batches

PEOPLE = [f"P{number:02d}" for number in range(9, 0, -1)]
#: More rows than are held at a time, so that pieces are joined.
ROWS_EACH = 30


@pytest.fixture
def table() -> pd.DataFrame:
    """Rows of each participant in the order of the study, with gaps, an empty text and a formula."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"participant_id": np.repeat(PEOPLE, ROWS_EACH)}).astype("str")
    rows["rep"] = np.tile(np.arange(ROWS_EACH), len(PEOPLE))
    rows["reason"] = pd.Series(rng.choice(["", "late", "=1+1"], len(rows)), dtype="str")
    rows["height_m"] = np.where(rng.random(len(rows)) < 0.2, np.nan, rng.normal(0.3, 0.1, len(rows)))
    rows["never_m"] = np.nan
    return rows


def written(table: pd.DataFrame, folder: Path, number: int | None) -> list[Path]:
    """Parts of a table by batches of participants."""
    paths = []
    for batch, people in batches(PEOPLE, number).items():
        rows = table[table["participant_id"].isin(people)]
        paths.append(folder / f"{batch}.parquet")
        folder.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pandas(rows, schema=parts._schema(rows), preserve_index=False), paths[-1])
    return paths


@pytest.mark.parametrize("number", [None, 1, 2, 4])
def test_the_joined_table_does_not_depend_on_the_batches(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    monkeypatch.setattr(parts, "ROWS_HELD", 50)
    join_parts(written(table, tmp_path / "parts", number), tmp_path / "metrics", participants=PEOPLE)
    expected = parts.harmless(table).to_csv(index=False)
    assert (tmp_path / "metrics.csv").read_text(encoding="utf-8") == expected
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "metrics.parquet"), table)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("tmp", "."))] == []


def test_measurements_come_first_and_bring_their_columns(table: pd.DataFrame, tmp_path: Path) -> None:
    measured = table.iloc[[40, 3]].assign(own_metric_n=1.5).reset_index(drop=True)
    path = tmp_path / "measured.parquet"
    pq.write_table(pa.Table.from_pandas(measured, schema=parts._schema(measured), preserve_index=False), path)
    files = written(table, tmp_path / "parts", 2)
    join_parts(files, tmp_path / "metrics", participants=PEOPLE, measurements=path)
    joined = pd.read_parquet(tmp_path / "metrics.parquet")
    pd.testing.assert_frame_equal(joined, pd.concat([measured, table], ignore_index=True))
    assert len(pd.read_csv(tmp_path / "metrics.csv")) == len(table) + 2


def test_a_table_without_rows_has_its_columns(table: pd.DataFrame, tmp_path: Path) -> None:
    files = written(table.iloc[:0], tmp_path / "parts", 1)
    join_parts(files, tmp_path / "reps", participants=PEOPLE)
    assert (tmp_path / "reps.csv").read_text(encoding="utf-8").strip() == ",".join(table.columns)
    assert list(pd.read_parquet(tmp_path / "reps.parquet").columns) == list(table.columns)
