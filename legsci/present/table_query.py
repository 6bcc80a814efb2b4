"""Tables of a run, queried by SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from legsci.present.selection import ResultsError

#: Tables that are read from parquet, the columns asked for alone.
QUERIED = ("metrics", "metrics_by_profile", "reps", "quality")


def query(folder: Path, sql: str, models: Mapping[str, Callable[[], pd.DataFrame]]) -> pd.DataFrame:
    """Answer a SELECT of DuckDB on the tables of a run.

    Parameters
    ----------
    folder : of the run, with QUERIED as parquet files.
    sql : the statement.
    models : other tables by name, read when they are named.

    Raises
    ------
    ResultsError : DuckDB cannot answer, with its reason; there is no such table yet; a statement that is no SELECT,
        or a file that is not of the run.
    """
    import duckdb  # 0.1 s, for those who ask

    quoted = str(folder.resolve()).replace("'", "''")
    with duckdb.connect() as database:
        try:
            database.execute(f"SET allowed_directories = ['{quoted}']; SET enable_external_access = false")
            if [statement.type for statement in duckdb.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
                raise ResultsError(f"expected one SELECT, found {sql}")
            for name in QUERIED:
                if (folder / f"{name}.parquet").is_file():
                    database.read_parquet(str(folder.resolve() / f"{name}.parquet")).create_view(name)
            for name in set(re.findall(r"\w+", sql)) & models.keys():
                database.register(name, models[name]())
            return database.sql(sql).df()
        except duckdb.Error as error:
            raise ResultsError(f"{error}; the tables are {', '.join([*QUERIED, *sorted(models)])}") from error
