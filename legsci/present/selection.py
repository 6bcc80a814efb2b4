"""Rows of a table chosen by names, and the error that lists the names that there are."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from legsci.ingest.tables import suggestion

#: Names that an error lists.
MOST_NAMES = 40
#: A name, several, or None for all.
Names = str | Iterable[str] | None


class ResultsError(ValueError):
    """The requested result does not exist; the message lists those that do, or how to make it."""


def chosen_rows(rows: pd.DataFrame, **wanted: Names) -> pd.DataFrame:
    """Rows with the wanted names in their columns.

    Parameters
    ----------
    rows : any table.
    wanted : column -> a name or several; None: all.

    Raises
    ------
    ResultsError : a name that does not occur among the rows that the columns before it leave.
    """
    for column, names in wanted.items():
        if names is None:
            continue
        listed = [names] if isinstance(names, str) else list(names)
        check_names(column, listed, rows[column].unique())
        rows = rows[rows[column].isin(listed)]
    return rows


def check_names(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise ResultsError on names that are not known, with the most similar one and those that are."""
    listed = list(map(str, known))
    unknown = [str(name) for name in names if str(name) not in listed]
    if unknown:
        near = [name for name in listed if unknown[0].casefold() in name.casefold()]
        shown = (near or listed) if len(listed) > MOST_NAMES else listed
        part = f" {len(listed)}, among them" if len(shown) < len(listed) or len(shown) > MOST_NAMES else ""
        sentence = f"there is no {kind} {', '.join(unknown)}{suggestion(unknown[0], listed)}"
        raise ResultsError(f"{sentence}; there are{part} {', '.join(shown[:MOST_NAMES]) or 'none'}")
