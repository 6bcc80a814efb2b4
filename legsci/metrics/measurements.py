"""Measurements of other systems under the names of the registry -> rows of metrics.csv."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from legsci.ingest.exports.mapping import columns_of
from legsci.ingest.exports.measurements import RETEST, TABLE
from legsci.ingest.exports.units import conversion
from legsci.ingest.faults import Fault
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.study import Study
from legsci.ingest.tables import suggestion
from legsci.mechanics.reps.files import QUALITY_COLUMNS
from legsci.metrics.registry import COLUMNS, METRICS
from legsci.metrics.status import LIMITS, plausibility_flags

#: Definition profile of what another system measured by its own definitions.
PROFILE = "measured"
_ROW = ["participant_id", "session_id", "trial_id", "rep", "side", "task"]
_STATED = ("code", "severity", "signal", "value", "limit", "sentence")
_UNCERTAINTY = "u_"
#: Unit in brackets at the end of a heading: "Jump Height (Imp-Mom) [cm]", "Peak Force(N)".
_HEADING_UNIT = re.compile(r"[\[(]([^\[\]()]{1,12})[\])]\s*$")


def declared_metrics(study: Study) -> dict[str, dict[str, str]]:
    """Return the metrics that a study declares beside those of the registry: name -> label, unit, sign, meaning."""
    declared: dict[str, dict[str, str]] = study.layout(RETEST).get("metrics", {})
    return declared | study.layout(TABLE).get("metrics", {})


def measurement_faults(study: Study) -> list[Fault]:
    """Faults of the measurements of a study that the registry shows: unknown metrics and units, names that are taken.

    Parameters
    ----------
    study : its folder, read.
    """
    declared = declared_metrics(study)
    faults = [
        Fault(SETTINGS, f"tables.{TABLE}.metrics.{name}", "a name that legsci does not have", f"{name}, a column of it")
        for name in declared
        if name in COLUMNS or name.startswith(_UNCERTAINTY)
    ]
    for table in (TABLE, RETEST):
        faults += _name_faults(study, table, declared) + _unit_faults(study, table, declared)
    return faults


def _unit_faults(study: Study, table: str, declared: dict[str, dict[str, str]]) -> list[Fault]:
    """Faults of columns whose heading names another unit than that of their metric, which study.yaml does not state."""
    faults = []
    for heading, column in columns_of(study.layout(table)).items():
        own = None if column.unit else unit_of(column.name, declared)
        named = _HEADING_UNIT.search(heading)
        factor = conversion(named[1], own) if named and own else None
        if named and factor not in (None, 1.0):
            expected = f"the unit, {named[1]}, as in {{name: {column.name}, unit: {named[1]}}}"
            found = f"none, and {column.name} is in {own}"
            faults.append(Fault(SETTINGS, f"tables.{table}.columns.{heading}", expected, found))
    return faults


def _name_faults(study: Study, table: str, declared: dict[str, dict[str, str]]) -> list[Fault]:
    """Faults of the metrics and units of one table."""
    file = study.file(table)
    values: pd.DataFrame = getattr(study, table)
    rows = values.drop_duplicates(["metric", "unit"])
    expected = f"a metric of docs/metrics.md, one of tables.{table}.metrics in {SETTINGS}, or a column under leave_out"
    faults = []
    for row, name, unit in zip(rows.index, rows["metric"], rows["unit"], strict=True):
        own = unit_of(str(name), declared)
        if own is None:
            hint = suggestion(str(name), [*METRICS, *declared])
            faults.append(Fault(file, f"row {row}, metric", expected, f"{name}{hint}"))
        elif unit and conversion(str(unit), own) is None:
            faults.append(Fault(file, f"row {row}, unit", f"a unit of {name}, which legsci states in {own}", str(unit)))
    return faults


def measured_rows(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out the measurements of a study as metrics of repetitions.

    Parameters
    ----------
    study : without `measurement_faults`.

    Returns
    -------
    metrics : rows of metrics.csv, profile "measured", in the units of the registry; metrics that the study declares
        follow those of the registry.
    quality : flags of values that nobody reaches, columns QUALITY_COLUMNS.
    """
    wide = _wide(study, TABLE)
    known = wide.assign(profile=PROFILE).reindex(columns=[*COLUMNS, *(name for name in wide if name not in COLUMNS)])
    flagged = known[_beyond_limits(known)]
    flags = [
        {name: row[name] for name in (*_ROW, "profile")} | {name: getattr(flag, name) for name in _STATED}
        for row in flagged.to_dict("records")
        for flag in plausibility_flags(row)
    ]
    quality = pd.DataFrame(flags, columns=list(QUALITY_COLUMNS))
    status, reason = ("flagged", "implausible_value") if flags else ("", "")
    beyond = known.index.isin(flagged.index)
    return known.assign(status=np.where(beyond, status, "accepted"), reason=np.where(beyond, reason, "")), quality


def retest_rows(study: Study) -> pd.DataFrame:
    """Rows of a test-retest study in the layout of metrics.csv: keys and the metrics that it has."""
    return _wide(study, RETEST)


def _wide(study: Study, table: str) -> pd.DataFrame:
    """Return one row per repetition and side, a column per metric in the unit of the registry."""
    declared = declared_metrics(study)
    values: pd.DataFrame = getattr(study, table)
    pairs = values[["metric", "unit"]].drop_duplicates().itertuples(index=False, name=None)
    factors = {pair: conversion(pair[1], unit_of(pair[0], declared) or "") if pair[1] else 1.0 for pair in pairs}
    factor = [factors[pair] for pair in zip(values["metric"], values["unit"], strict=True)]
    scaled = values.assign(value=values["value"] * np.array(factor, float))
    return scaled.set_index([*_ROW, "metric"])["value"].unstack().rename_axis(columns=None).reset_index()  # noqa: PD010


def _beyond_limits(metrics: pd.DataFrame) -> np.ndarray:
    """Whether a row has a value that nobody reaches, (row,)."""
    per = {limit.per: metrics[limit.per] for limit in LIMITS.values() if limit.per}
    over = [metrics[name] / per.get(limit.per, 1.0) > limit.highest for name, limit in LIMITS.items()]
    return np.any(np.array(over, bool), axis=0)


def measured_dictionary(study: Study) -> pd.DataFrame:
    """Rows of the data dictionary for the metrics that a study declares."""
    rows = {
        name: {"sign": "", "meaning": "", **stated, "family": "Measured by another system", "source": "study.yaml"}
        for name, stated in declared_metrics(study).items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("column")


def unit_of(name: str, declared: dict[str, dict[str, str]]) -> str | None:
    """Return the unit of a metric or of its uncertainty; None of a name that nobody knows."""
    metric = name if name in declared or name in METRICS else name.removeprefix(_UNCERTAINTY)
    if metric in declared:
        return declared[metric]["unit"]
    return METRICS[metric].unit if metric in METRICS else None
