"""Tables of results that are kept in the repository, with the day on which they were made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd


def write_dated(path: Path, said: str, table: pd.DataFrame, **layout: Any) -> None:
    """Write a table as CSV below a line with today's date and a sentence on what it holds.

    Parameters
    ----------
    path : of the file.
    said : words after the date; empty: the date alone.
    table : to be written.
    layout : of `DataFrame.to_csv`.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"# {datetime.now(UTC):%Y-%m-%d}{f'; {said}' if said else ''}\n")
        table.to_csv(file, **layout)
