"""The paper: every number is read from a table when it is built, and can be followed like any other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import typst
import yaml

from legsci.reproduction.manifest import MANIFEST
from legsci.reproduction.trace import TraceError, trace
from legsci.storage import atomic_write

#: Numbers of the paper by name, in its folder.
VALUES = "values.yaml"
SUMMARIES: dict[str, Callable[[np.ndarray], float]] = {
    "count": len,
    "median": np.median,
    "min": np.min,
    "max": np.max,
}


class Value(NamedTuple):
    """A number of the paper.

    Attributes
    ----------
    text : as it is written.
    number : as found in the table, before scaling and rounding.
    table : path of the table in the repository, with suffix.
    rows : how many rows it is made of.
    """

    text: str
    number: float
    table: str
    rows: int


def read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of values.yaml by name."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def paper_values(path: Path, root: Path) -> dict[str, Value]:
    """Find every number of the paper.

    Parameters
    ----------
    path : values.yaml.
    root : the checkout, in which the workflow has run.

    Raises
    ------
    TraceError
        With a sentence for each entry whose table, column or rows are not there.
    """
    values, faults = {}, []
    for name, entry in read_entries(path).items():
        try:
            values[name] = paper_value(entry, root)
        except TraceError as fault:
            faults.append(f"{name}: {fault}")
    if faults:
        raise TraceError("\n".join(["numbers of the paper are missing:", *faults]))
    return values


def paper_value(entry: Mapping[str, Any], root: Path) -> Value:
    """Find the number of an entry of values.yaml; raises TraceError."""
    file = f"{entry['table']}.csv"
    if not (root / file).is_file():
        raise TraceError(f"there is no {file}: run the workflow first")
    table = pd.read_csv(root / file, comment="#" if (root / file).read_bytes()[:1] == b"#" else None)
    wanted = entry.get("rows", {})
    absent = [name for name in (entry["column"], *wanted) if name not in table]
    if absent:
        raise TraceError(f"{file} has no column {', '.join(absent)}")
    chosen = (
        table[np.logical_and.reduce([_chosen(table[name], said) for name, said in wanted.items()], axis=0)]
        if wanted
        else table
    )
    numbers = chosen[entry["column"]].dropna().to_numpy(float)
    how = entry.get("how", "value")
    if how == "value" and len(numbers) != 1:
        raise TraceError(f"{file} has {len(numbers)} such numbers, one is needed")
    if how not in (*SUMMARIES, "value") or (not len(numbers) and how != "count"):
        raise TraceError(f"{file} has no number to summarise by {how}")
    number = float(numbers[0] if how == "value" else SUMMARIES[how](numbers))
    shown = entry.get("scale", 1) * number
    text = f"{shown:.{entry['digits']}f}"
    # A number that rounds to none has no sign.
    return Value(
        text.lstrip("-") if float(text) == 0.0 else text.replace("-", "\N{MINUS SIGN}"), number, file, len(numbers)
    )


def _chosen(cells: pd.Series, said: object) -> np.ndarray:
    """Whether each cell is what an entry asks for."""
    if isinstance(said, Mapping):
        return ((cells >= said["from"]) & (cells <= said["to"])).to_numpy(bool)
    return cells.astype(str).isin([str(one) for one in (said if isinstance(said, list) else [said])]).to_numpy(bool)


def trace_of_paper(name: str, path: Path, root: Path) -> str:
    """Follow a number of the paper: to its raw files, or to the table kept in the repository with its date and seeds.

    Parameters
    ----------
    name : of the entry.
    path, root : see `paper_values`.
    """
    entries = read_entries(path)
    if name not in entries:
        raise TraceError(f"the paper has no number {name}; it has {', '.join(entries)}")
    entry = entries[name]
    value = paper_value(entry, root)
    lines = [f"{name}: written {value.text}, {value.number!r} in {value.table} ({value.rows} rows)"]
    parts = Path(entry["table"]).parts
    if parts[0] != "results":
        with (root / value.table).open(encoding="utf-8") as file:
            first = file.readline().strip()
        return "\n".join(
            [*lines, f"kept in the repository: {first.removeprefix('# ')}" if first[:1] == "#" else lines.pop()]
        )
    results = root.joinpath(*parts[:2])
    single = {key: text for key, text in entry.get("rows", {}).items() if isinstance(text, str | int | float)}
    if not (results / MANIFEST).is_file():
        raise TraceError(f"{results} has no {MANIFEST}: run the workflow again")
    return "\n".join([*lines, str(trace(results, "/".join(parts[2:]), entry["column"], **single))])


def build_paper(folder: Path, root: Path, target: Path) -> None:
    """Write the paper as PDF and as an HTML page.

    Parameters
    ----------
    folder : holds paper.typ and values.yaml.
    root : the checkout, in which the workflow has run.
    target : paper.pdf; paper.html is written beside it. The same results give the same bytes.
    """
    values = {name: value.text for name, value in paper_values(folder / VALUES, root).items()}
    given = {"values": json.dumps(values, ensure_ascii=False)}
    for form in ("pdf", "html"):
        made = typst.compile(folder / "paper.typ", root=root, format=form, sys_inputs=given, timestamp=0)
        with atomic_write(target.with_suffix(f".{form}")) as unfinished:
            unfinished.write_bytes(made)
