"""Norms that a laboratory brings: reference.tsv, checked against the registry and brought into its units."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from legsci.ingest.exports.measurements import TABLE as MEASUREMENTS
from legsci.ingest.exports.units import conversion
from legsci.ingest.faults import Fault
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.study import Study
from legsci.ingest.tables import suggestion
from legsci.metrics.measurements import declared_metrics, unit_of
from legsci.metrics.metric import NOT_SIGNED
from legsci.metrics.registry import METRICS
from legsci.metrics.status import LIMITS
from legsci.tasks import TASKS

TABLE = "reference"
#: Columns of participants.tsv whose words a group of reference.tsv names.
GROUP_COLUMNS = ("sex", "level", "group")
EVERYBODY = "everybody"
#: Side of a norm that names none.
BOTH = "both"
NORM_COLUMNS = ["metric", "task", "side", "group", "mean", "sd", "n", "source", "unit", "signed"]


def group_words(*words: object) -> frozenset[str]:
    """Return the words of a group, or of a person's sex, level and group, each once, in small letters.

    Parameters
    ----------
    words : texts, in which commas separate words; missing ones have none.
    """
    texts = ",".join(str(word) for word in words if not pd.isna(word))  # type: ignore[call-overload]
    return frozenset(word for part in texts.split(",") if (word := " ".join(part.split()).casefold()))


def reference_faults(study: Study, *, file: str = "") -> list[Fault]:
    """Faults of the norms of a study that the registry shows.

    Unknown metrics and tasks, a metric of another task, units, means that nobody reaches, and a group named twice. Of a
    row with a cell that the schema refuses (`legsci.ingest.study`), the other cells.

    Parameters
    ----------
    study : its folder, read.
    file : from which the norms come, for messages; default that of the study.
    """
    file = file or study.file(TABLE)
    return [Fault(file, f"row {row}, {column}", *said) for row, column, *said in _faults(study)]


def _faults(study: Study) -> Iterator[tuple[Hashable, str, str, str]]:
    """Return row, column, what was expected and what was found, of each fault."""
    declared = declared_metrics(study)
    tasks = [*TASKS, *study.layout(MEASUREMENTS).get("tasks", {})]
    measured = set(zip(study.measurements["metric"], study.measurements["task"], strict=True))
    first: dict[tuple[object, ...], tuple[Hashable, str]] = {}
    # A cell that its schema refuses is missing here; the others of its row are looked at all the same.
    norms = study.reference
    for row, norm in zip(norms.index, norms.to_dict("records"), strict=True):
        name, task = norm["metric"], norm["task"]
        side, group = norm["side"], norm["group"]
        key = (name, task, BOTH if pd.isna(side) else side, group_words(group))
        again, words = first.setdefault(key, (row, f"{side}, {group}"))
        # The same words again are a repeated key of the table, which `legsci.ingest.study` tells.
        if words != f"{side}, {group}":
            found = f"{EVERYBODY if pd.isna(group) else group}, as in row {again}"
            yield row, "group", "one norm for each metric, task, side and group", found
        if task not in tasks and not pd.isna(task):
            yield row, "task", f"a task: one of {', '.join(tasks)}", f"{task}{suggestion(task, tasks)}"
        if pd.isna(name):
            continue
        if name not in METRICS and name not in declared:
            expected = f"a metric of docs/metrics.md, or one of tables.{MEASUREMENTS}.metrics in {SETTINGS}"
            yield row, "metric", expected, f"{name}{suggestion(name, [*METRICS, *declared], task=task)}"
            continue
        known = METRICS[name].tasks if name in METRICS else tasks
        if task in TASKS and task not in known and (name, task) not in measured:
            yield row, "task", f"a task that has {name}: one of {', '.join(known)}", task
        yield from ((row, *said) for said in _size_faults(norm, str(unit_of(name, declared))))


def _size_faults(norm: Mapping[Hashable, Any], unit: str) -> Iterator[tuple[str, str, str]]:
    """Return column, what was expected and what was found, where a norm is not in a unit of its metric."""
    name, stated = norm["metric"], unit if pd.isna(norm["unit"]) else norm["unit"]
    factor = conversion(stated, unit)
    if factor is None:
        yield "unit", f"a unit of {name}, which legsci states in {unit}", stated
    elif name in LIMITS and not pd.isna(norm["mean"]):
        least, most = LIMITS[name].parts(factor * norm["mean"], np.nan)
        low = LIMITS[name].lowest if pd.isna(norm["side"]) or norm["side"] == BOTH else -np.inf
        if not (least <= LIMITS[name].highest and most >= low):
            per = f" times {LIMITS[name].per} of any person" if LIMITS[name].per else f" {unit}"
            expected = f"between {max(low, 0.0):g} and {LIMITS[name].highest:g}{per}, or the unit in the column unit"
            yield "mean", expected, f"{factor * norm['mean']:g} {unit}"


def reference_norms(study: Study) -> pd.DataFrame:
    """Return the norms of a study in the units of the registry.

    Parameters
    ----------
    study : without `reference_faults`.

    Returns
    -------
    NORM_COLUMNS, one row per norm: metric, task, side and group (BOTH and EVERYBODY where it names none), mean, sd
    [unit], n, source, unit, and signed, whether the metric has negative values.
    """
    declared = declared_metrics(study)
    norms = study.reference
    units = [str(unit_of(name, declared)) for name in norms["metric"]]
    own = norms["unit"].fillna(pd.Series(units, norms.index, dtype="str"))
    factor = [conversion(stated, unit) for stated, unit in zip(own, units, strict=True)]
    signs = [
        METRICS[name].sign if name in METRICS else declared[name].get("sign", NOT_SIGNED) for name in norms["metric"]
    ]
    return norms.assign(
        side=norms["side"].fillna(BOTH),
        group=norms["group"].fillna(EVERYBODY),
        mean=norms["mean"] * factor,
        sd=norms["sd"] * factor,
        unit=units,
        signed=[sign != NOT_SIGNED for sign in signs],
    )[NORM_COLUMNS].reset_index(drop=True)
