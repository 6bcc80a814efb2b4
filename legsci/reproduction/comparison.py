"""Reference values of the shipped studies: which numbers of a run moved, by how much, and what differs behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from legsci.provenance import content_digest
from legsci.reproduction.manifest import OF_THE_RUN, read_manifest, write_manifest
from legsci.storage import atomic_write

#: Tables whose numbers are compared, the columns that name a row, and the relative tolerance: rounding of sums in
#: another order for metrics, the stopping of an optimiser for models.
COMPARED: dict[str, tuple[tuple[str, ...], float]] = {
    "metrics": (("participant_id", "session_id", "trial_id", "rep", "side"), 1e-6),
    "claims": (("id",), 1e-3),
    "models/sensitivity": (("id", "analysis"), 1e-3),
}
#: Rows of a table of metrics up to which each value is kept; of more, the median by task and side.
ALL_ROWS = 50
#: Raw files up to which each has its checksum in the reference; of more, each folder of the study has one.
ALL_FILES = 200
#: A value that is smaller than this share of the typical size of its column is compared on that scale.
SMALL = 1e-3
COLUMNS = ["table", "row", "column", "value", "tolerance"]
#: Parts of a manifest in which two runs are compared, and what they are called.
PARTS = {"raw_files": "raw file", "sources": "source", "options": "option", "environment": "environment"}


def values_of(results: Path) -> pd.DataFrame:
    """Return the numbers of a run that are compared.

    Parameters
    ----------
    results : folder of the run.

    Returns
    -------
    A row per number with COLUMNS: value and absolute tolerance in the unit of the column. Of many
    repetitions it is the median of each metric by task and side, and the number of rows.
    """
    parts = [_values(results / f"{table}.csv", table, *how) for table, how in COMPARED.items()]
    return pd.concat([part for part in parts if part is not None], ignore_index=True)


def _values(path: Path, table: str, keys: tuple[str, ...], tolerance: float) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    rows = pd.read_csv(path, dtype=dict.fromkeys(keys, str))
    if len(rows) > ALL_ROWS and "task" in rows:
        groups = rows.drop(columns=[*keys[:-1]]).groupby(["task", "side"], sort=True)
        columns = map(str, rows.select_dtypes("number"))
        numbers = [name for name in columns if name not in keys and not name.startswith("u_")]
        wide = groups[numbers].median().copy().assign(rows=groups.size())
        wide.index = [" ".join(key) for key in wide.index]
    else:
        names = rows[list(keys)].fillna("").agg(" ".join, axis=1)
        wide = rows.select_dtypes("number").set_axis(names, axis=0)
    long = wide.rename_axis("row").melt(ignore_index=False, var_name="column").dropna().reset_index()
    typical = long["value"].abs().groupby(long["column"]).transform("median")
    allowed = tolerance * np.maximum(long["value"].abs(), SMALL * typical)
    return long.assign(table=table, tolerance=allowed)[COLUMNS]


def write_reference(results: Path, folder: Path) -> None:
    """Keep the numbers of a run, and its manifest without what is of that run alone, as reference.

    Parameters
    ----------
    results : folder of the run.
    folder : <folder>/<study>.csv and <folder>/<study>.json are written.
    """
    left_out = (*OF_THE_RUN, "results", "rules")
    kept = {name: part for name, part in read_manifest(results).items() if name not in left_out}
    kept["raw_files"] = _by_folder(kept["raw_files"])
    with atomic_write(folder / f"{results.name}.csv") as unfinished:
        values_of(results).to_csv(unfinished, index=False, float_format="%.12g")
    write_manifest(kept, folder / f"{results.name}.json")


def _by_folder(raw_files: Mapping[str, str]) -> dict[str, str]:
    """Checksums of raw files; of many, one for all files of a folder of the study."""
    if len(raw_files) <= ALL_FILES:
        return dict(raw_files)
    folders: dict[str, list[str]] = {}
    for path, digest in sorted(raw_files.items()):
        folder, below, _ = path.partition("/")
        folders.setdefault(folder + below, []).append(f"{path} {digest}")
    return {folder: content_digest(*lines) for folder, lines in folders.items()}


def moved_values(reference: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that differ by more than their tolerance, or that only one of two runs has.

    Parameters
    ----------
    reference, found : rows of `values_of`.

    Returns
    -------
    table, row, column, value_reference, value, difference and tolerance [unit of the column]; in the order of the
    reference. A number that one side lacks is missing there.
    """
    keys = COLUMNS[:3]
    both = reference.merge(found.drop(columns="tolerance"), on=keys, how="outer", suffixes=("_reference", ""))
    both["difference"] = both["value"] - both["value_reference"]
    moved = ~(both["difference"].abs() <= both["tolerance"])
    return both.loc[moved, [*keys, "value_reference", "value", "difference", "tolerance"]].reset_index(drop=True)


def differences(reference: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each raw file, source, option and part of the environment in which two manifests differ."""
    sentences = []
    for part, called in PARTS.items():
        before, now = _flat(reference.get(part, {})), _flat(found.get(part, {}))
        if part == "raw_files" and any(name.endswith("/") for name in before):
            now = dict(_by_folder(found[part]))
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                sentences.append(f"{called} {name}: {_change(before.get(name), now.get(name))}")
    return sentences


def _change(before: object, now: object) -> str:
    if before is None:
        return f"new ({_short(now)})"
    if now is None:
        return "no longer there"
    return f"{_short(before)} -> {_short(now)}"


def _short(value: object) -> str:
    """A value as text; of a checksum its first digits."""
    text = str(value)
    return text[:12] if len(text) in (16, 64) and set(text) <= set("0123456789abcdef") else text


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested values by dotted name."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def report(results: Path, folder: Path, *, shown: int = 20) -> tuple[str, bool]:
    """Compare a run with the reference of its study.

    Parameters
    ----------
    results : folder of the run.
    folder : of the references.
    shown : moved numbers that are listed; all are counted.

    Returns
    -------
    text : how many numbers agree; those that moved and by how much; what differs behind them.
    agrees : whether no number moved.

    Raises
    ------
    FileNotFoundError : there is no reference of this study, or the run has no manifest.
    """
    reference = pd.read_csv(folder / f"{results.name}.csv", dtype={"row": str}, keep_default_na=False)
    manifest = json.loads((folder / f"{results.name}.json").read_text(encoding="utf-8"))
    reference = reference.astype({"value": float, "tolerance": float})
    moved = moved_values(reference, values_of(results))
    behind = differences(manifest, read_manifest(results))
    lines = [f"{results.name}: {len(reference)} reference values, {len(moved)} moved beyond their tolerance"]
    for row in moved.head(shown).to_dict("records"):
        change = f"{row['value_reference']:.6g} -> {row['value']:.6g}"
        lines.append(f"  {row['table']}, {row['row']}, {row['column']}: {change} (tolerance {row['tolerance']:.2g})")
    if len(moved) > shown:
        lines.append(f"  and {len(moved) - shown} more")
    lines.append(f"{len(behind)} differences to the reference run" + (":" if behind else ""))
    return "\n".join([*lines, *(f"  {sentence}" for sentence in behind)]), moved.empty
