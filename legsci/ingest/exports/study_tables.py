"""Each table of a study folder: tab-separated text in the study's own words, or an export that study.yaml describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.exports.mapping import FILE as SETTINGS
from legsci.ingest.exports.mapping import mapped_table
from legsci.ingest.exports.measurements import read_measurements
from legsci.ingest.exports.reading import read_export
from legsci.ingest.faults import Fault
from legsci.ingest.paths import is_file, link_faults
from legsci.ingest.tables import load_schema, read_table

#: Settings of `tables` in study.yaml that only measurements have.
_OF_MEASUREMENTS = ("fixed", "days", "tasks", "metrics")
#: Tables that can be made of an export with several rows about a person or a visit, as long as these agree.
_REPEATED = ("participants", "sessions")


def table_layouts(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what study.yaml says of tables that other systems exported; what breaks the schema is left out."""
    tables = settings.get("tables")
    stated = tables if isinstance(tables, dict) else {}
    return {name: layout for name, layout in stated.items() if isinstance(layout, dict)}


def table_file(layouts: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """Return the path of a table in the study folder: that of its export, else its name as tab-separated text."""
    return str(layouts.get(name, {}).get("file", f"{name}.tsv"))


def study_table(folder: Path, name: str, layouts: Mapping[str, Mapping[str, Any]]) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a table in the study folder's words, or one that study.yaml describes; no columns where there is none.

    Rows of an export about one person or visit are one row, as long as they do not contradict each other.
    """
    layout = layouts.get(name)
    if layout is not None:
        unused = [key for key in _OF_MEASUREMENTS if key in layout]
        faults = [Fault(SETTINGS, f"tables.{name}.{key}", "a setting of measurements", key) for key in unused]
        frame, found = read_export(folder, name, layout)
        if found or faults:
            return frame, [*faults, *found]
        mapped, found = mapped_table(name, frame, layout, list(load_schema(name)["properties"]))
        return _without_repetition(mapped, load_schema(name)["key"]) if name in _REPEATED else mapped, found
    path = folder / f"{name}.tsv"
    if not is_file(path):
        return pd.DataFrame(), []
    faults = link_faults(path)
    return (pd.DataFrame(), faults) if faults else read_table(path)


def _without_repetition(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return rows of one key as one row where they agree in what they state; contradictory ones remain."""
    if not set(key) <= set(frame):
        return frame
    stated = frame.groupby(key).transform("first")
    return frame.assign(**{str(name): frame[name].fillna(stated[name]) for name in stated}).drop_duplicates()


def study_measurements(
    folder: Path, layouts: Mapping[str, Mapping[str, Any]], table: str
) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read measurements of a study; None where it has none."""
    if table not in layouts and not is_file(folder / f"{table}.tsv"):
        return None, []
    return read_measurements(folder, layouts.get(table, {}), table)


def derived_table(name: str, measurements: pd.DataFrame | None) -> pd.DataFrame:
    """Participants or sessions of the measurements, where the study has no table of them; else no rows."""
    columns = list(load_schema(name)["properties"])
    if measurements is None or name not in ("participants", "sessions"):
        return pd.DataFrame(columns=columns, dtype="str")
    of_table = measurements.reindex(columns=[column for column in columns if column in measurements])
    return of_table.drop_duplicates(load_schema(name)["key"]).astype("str")
