"""curation.tsv of a study folder: the decisions that it holds, and new ones, which a person writes into it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.exports.study_tables import table_layouts
from legsci.ingest.faults import Fault, StudyError
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.settings import read_settings
from legsci.ingest.tables import MISSING, load_schema, read_table, typed_table
from legsci.storage import atomic_write

FILE = "curation.tsv"


def read_decisions(folder: Path) -> pd.DataFrame:
    """Decisions in the curation.tsv of a study folder, with the columns of its schema; no row where there is no file.

    Raises
    ------
    StudyError : with every fault of the table.
    """
    text, faults = _read(folder)
    typed, wrong = (text, []) if faults else typed_table("curation", text)
    if faults or wrong:
        raise StudyError(f"study {folder}", [*faults, *wrong])
    return typed[list(load_schema("curation")["properties"])]


def write_decisions(folder: Path, decisions: pd.DataFrame) -> Path:
    """Write decisions into the curation.tsv of a study folder, whole or not at all.

    A decision about the same trial, repetition and event takes the place of an earlier one; all other rows, their
    order and their notes stay.

    Parameters
    ----------
    folder : of the study.
    decisions : rows with columns of curation.tsv; what does not apply is missing.

    Raises
    ------
    StudyError : with every fault of the table as it would be; it is not written then.
    """
    before, faults = _read(folder)
    if faults:
        raise StudyError(f"study {folder}", faults)
    new = decisions.map(_cell)
    key = load_schema("curation")["key"]
    text = pd.concat([before, new], ignore_index=True)
    text = text[~text.reindex(columns=key).fillna(MISSING).duplicated(keep="last")].reset_index(drop=True)
    _, wrong = typed_table("curation", text.set_index(text.index + 2))
    if wrong:
        raise StudyError(f"study {folder}", wrong)
    path = folder / FILE
    with atomic_write(path) as unfinished:
        text.to_csv(unfinished, sep="\t", index=False, na_rep=MISSING, quoting=csv.QUOTE_NONE, lineterminator="\n")
    return path


def _read(folder: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the table as text, and faults of the text; without a file the columns alone."""
    settings, faults = read_settings(folder / SETTINGS, checked=True)
    if faults or "curation" in table_layouts(settings):
        exported = Fault(SETTINGS, "tables.curation", f"decisions in {FILE}", "a table that another system exports")
        return pd.DataFrame(), faults or [exported]
    path = folder / FILE
    if not path.is_file():
        return pd.DataFrame(columns=list(load_schema("curation")["properties"]), dtype="str"), []
    return read_table(path)


def _cell(value: Any) -> str | None:
    """Text of a cell, on one line; None where there is no value."""
    return None if pd.isna(value) else " ".join(str(value).split()) or None
