"""Measurements of other systems under the names of the registry -> rows of metrics.csv."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from legsci.ingest.exports.mapping import columns_of
from legsci.ingest.exports.measurements import RETEST, TABLE
from legsci.ingest.exports.units import conversion
from legsci.ingest.faults import Fault
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.study import Study
from legsci.ingest.tables import suggestion
from legsci.mechanics.reps.curation import decision_flag, decision_in_words
from legsci.mechanics.reps.files import QUALITY_COLUMNS
from legsci.metrics.metric import NOT_SIGNED
from legsci.metrics.registry import COLUMNS, METRICS
from legsci.metrics.status import IMPOSSIBLE, LIMITS, beyond_limits, plausibility_flags, status_of
from legsci.quality import QualityFlag
from legsci.vocabulary import STANDARD_GRAVITY

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
    rows = values.dropna(subset=["metric"]).drop_duplicates(["metric", "unit"])
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
    quality : flags of values that nobody reaches and of decisions in curation.tsv, columns QUALITY_COLUMNS. What is
        implausible stays in metrics; what is impossible is missing, with its uncertainty: less than 0 of
        a quantity "≥ 0", or `IMPOSSIBLE` times beyond its limits.
    """
    wide = _wide(study, TABLE)
    known = wide.assign(profile=PROFILE).reindex(columns=[*COLUMNS, *(name for name in wide if name not in COLUMNS)])
    weighed = _with_body_weight(known, study)
    flagged = weighed[_beyond_limits(weighed)]
    flags: list[tuple[int, dict[Hashable, object], QualityFlag]] = [
        (index, {key: row[key] for key in _ROW}, flag)
        for index, row in zip(flagged.index, flagged.to_dict("records"), strict=True)
        for flag in plausibility_flags(row)
    ]
    known, withheld = _withheld(known, weighed, declared_metrics(study))
    flags += withheld
    codes: dict[int, set[str]] = {}
    for index, _, flag in flags:
        codes.setdefault(index, set()).add(flag.code)
    decided = _decisions(study, known)
    for rows, _, flag in decided:
        for index in rows:
            codes.setdefault(index, set()).add(flag.code)
    stated = [(keys, flag) for _, keys, flag in (*flags, *decided)]
    quality = pd.DataFrame(
        [keys | {"profile": PROFILE} | {name: getattr(flag, name) for name in _STATED} for keys, flag in stated],
        columns=list(QUALITY_COLUMNS),
    )
    statuses = [status_of(codes.get(index, set())) for index in known.index]
    return known.assign(status=[status for status, _ in statuses], reason=[reason for _, reason in statuses]), quality


def _decisions(study: Study, known: pd.DataFrame) -> list[tuple[list[int], dict[Hashable, object], QualityFlag]]:
    """Follow curation.tsv: rows of a measured trial or repetition, its keys, and the flag of the decision.

    Decisions about recorded trials are followed where those are cut into repetitions. Measurements have neither events
    that could be moved nor plates whose sides could be swapped.
    """
    key = ["participant_id", "session_id", "trial_id"]
    recorded = set(study.trials[key].itertuples(index=False, name=None))
    answer = []
    for _, row in study.curation.iterrows():
        trial = tuple(map(str, row[key]))
        if trial in recorded:
            continue
        rows = known[(known[key] == list(trial)).all(axis=1) & (pd.isna(row["rep"]) | (known["rep"] == row["rep"]))]
        if row["what"] in ("exclude", "keep") and len(rows):
            flag = replace(decision_flag(row), signal="trial")
        else:
            why = "no such repetition was measured" if rows.empty else "measurements have no events and no plates"
            flag = QualityFlag("decision_without_effect", signal="trial", detail=f"{decision_in_words(row)}; {why}")
        task = "" if rows.empty else str(rows["task"].iloc[0])
        rep = 0 if pd.isna(row["rep"]) else int(row["rep"])
        keys: dict[Hashable, object] = {**dict(zip(key, trial, strict=True)), "rep": rep, "side": "both", "task": task}
        answer.append((rows.index.tolist(), keys, flag))
    return answer


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


def _with_body_weight(metrics: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows with the weight of the body where it is measured, else that of the mass in participants.tsv."""
    masses = study.participants.set_index("participant_id")["body_mass_kg"]
    stated = STANDARD_GRAVITY * metrics["participant_id"].map(masses[~masses.index.duplicated()]).astype(float)
    return metrics.assign(body_weight_n=metrics["body_weight_n"].astype(float).fillna(stated))


def _beyond_limits(metrics: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a row has a value that nobody reaches, (row,)."""
    return np.any([beyond_limits(metrics, name) for name in LIMITS], axis=0)


def _impossible(
    metrics: pd.DataFrame, declared: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    """Yield metric, (row,) whether its value cannot be, and why."""
    signs = {name: metric.sign for name, metric in METRICS.items()}
    signs |= {name: stated.get("sign", "") for name, stated in declared.items()}
    for name in [name for name in signs if name in metrics and metrics[name].notna().any()]:
        negative = (metrics[name] < 0.0).to_numpy(bool) & (signs[name] == NOT_SIGNED)
        yield name, negative, "it is never negative; a wrong sign or column?"
        if name in LIMITS:
            beyond = beyond_limits(metrics, name, IMPOSSIBLE) & ~negative
            yield name, beyond, f"it is more than {IMPOSSIBLE:g} times beyond what people reach; {LIMITS[name].cause}?"


def _withheld(
    known: pd.DataFrame, weighed: pd.DataFrame, declared: dict[str, dict[str, str]]
) -> tuple[pd.DataFrame, list[tuple[int, dict[Hashable, object], QualityFlag]]]:
    """Leave out values that cannot be, with their uncertainty: the rows that remain, and row, keys and flag of each."""
    columns: dict[str, pd.Series] = {}
    flags: list[tuple[int, dict[Hashable, object], QualityFlag]] = []
    for name, wrong, why in _impossible(weighed, declared):
        label, unit = METRICS[name].label if name in METRICS else declared[name]["label"], unit_of(name, declared)
        # The weight of the body may be that of participants.tsv, which is not left out here.
        rows = known[wrong & known[name].notna().to_numpy()]
        for index, keys, value in zip(rows.index, rows[_ROW].to_dict("records"), rows[name], strict=True):
            leg = "" if keys["side"] == "both" else f" ({keys['side']})"
            words = f"The {label} of {value:.4g} {unit}{leg} is not given: {why}"
            flags.append((index, keys, QualityFlag("value_withheld", label, float(value), words=words)))
        for column in {name, f"{_UNCERTAINTY}{name}"} & set(known) if len(rows) else ():
            columns[column] = columns.get(column, known[column]).mask(wrong)
    return known.assign(**columns), flags


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
