"""The tables of a study in parts: each is measured by itself, and all are joined in the order of the study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from legsci.ingest.study import Study
from legsci.metrics.tables import study_tables
from legsci.storage import SOURCES, atomic_write, harmless

#: Tables of a part and of a study.
TABLES = ("metrics", "metrics_by_profile", "reps", "quality")
#: Columns that hold text; `rep` holds whole numbers, all others measured values. Stated, since a part may lack any.
TEXT = frozenset({
    "participant_id", "session_id", "trial_id", "side", "task", "profile", "moment_axes", "emg_reference",
    "status", "reason", "code", "severity", "signal", "sentence",
})  # fmt: skip
#: Rows of a table that are held at a time, and memory in which DuckDB sorts; what is beyond goes to the disk.
ROWS_HELD, SORTING_MEMORY = 10_000, "500MB"
_IN_ORDER = """
    SELECT part.* EXCLUDE (file_row_number)
    FROM read_parquet(?, file_row_number = true) AS part JOIN people USING (participant_id)
    ORDER BY people.position, part.file_row_number
"""


def write_part(
    sessions: Iterable[tuple[xr.Dataset | None, pd.DataFrame]],
    folder: Path,
    *,
    study: Study | None = None,
    sources: str | None = None,
) -> None:
    """Measure sessions and write TABLES as parquet files of a folder.

    Parameters
    ----------
    sessions, study : as for `legsci.metrics.tables.study_tables`; the sessions of a participant follow one another.
    folder : of the part.
    sources : digest of the sources that made the tables, kept in the metadata of the files and of the joined ones.
    """
    tables = study_tables(sessions, study)
    for name in TABLES:
        with atomic_write(folder / f"{name}.parquet") as unfinished:
            table = pa.Table.from_pandas(tables[name], schema=_schema(tables[name]), preserve_index=False)
            table = table.replace_schema_metadata(
                (table.schema.metadata or {}) | ({SOURCES: sources} if sources else {})
            )
            pq.write_table(table, unfinished)


def join_parts(
    parts: Sequence[Path], target: Path, *, participants: Sequence[str], measurements: Path | None = None
) -> None:
    """Join a table of all parts, as parquet and as CSV, in memory that does not grow with the study.

    Parameters
    ----------
    parts : parquet files of the table, all rows of a participant in one of them, in their order.
    target : path of the table without suffix; .parquet and .csv are written.
    participants : all of them, in the order of the study.
    measurements : the part of what other systems measured; its rows come first, as they are, and its columns are those
        of the table.
    """
    schema = pq.read_schema(measurements or parts[0])
    parquet, csv = (target.with_name(f"{target.name}.{suffix}") for suffix in ("parquet", "csv"))
    with (
        atomic_write(parquet) as columnar,
        atomic_write(csv) as text,
        pq.ParquetWriter(columnar, schema) as writer,
        text.open("w", encoding="utf-8", newline="") as file,
    ):
        schema.empty_table().to_pandas().to_csv(file, index=False)
        for batch in _batches(parts, parquet.parent, participants, measurements):
            rows = batch.select([name for name in schema.names if name in batch.schema.names])
            for name in set(schema.names) - set(rows.schema.names):
                rows = rows.append_column(name, pa.nulls(len(rows), schema.field(name).type))
            rows = rows.select(schema.names).cast(schema)
            writer.write_batch(rows)
            harmless(rows.to_pandas()).to_csv(file, index=False, header=False)


def _batches(
    parts: Sequence[Path], folder: Path, participants: Sequence[str], measurements: Path | None
) -> Iterator[pa.RecordBatch]:
    """Rows of a table, those of measurements first and the others in the order of the participants."""
    if measurements is not None:
        yield from pq.ParquetFile(measurements).iter_batches(ROWS_HELD)
    if not parts:
        return
    people = pa.table({"participant_id": list(participants), "position": range(len(participants))})
    with TemporaryDirectory(dir=folder) as beyond, duckdb.connect() as database:
        database.execute(f"SET memory_limit = '{SORTING_MEMORY}'")
        database.execute("SET temp_directory = $folder", {"folder": beyond})
        database.execute("SET threads = 1")  # the same batches each time
        database.register("people", people)
        yield from database.sql(_IN_ORDER, params=[[str(part) for part in parts]]).to_arrow_reader(ROWS_HELD)


def _schema(table: pd.DataFrame) -> pa.Schema:
    """Types of the columns of a table."""
    types = {"rep": pa.int64()} | dict.fromkeys(TEXT, pa.string())
    return pa.schema([(str(name), types.get(str(name), pa.float64())) for name in table.columns])
