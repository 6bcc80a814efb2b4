"""Compare two result folders of a study: `python -m benchmarks.compare_results BEFORE AFTER` (names: renamed.yaml).

legsci is not imported: what is compared must not compare itself.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import yaml

SUFFIXES, FOLDERS_LEFT_OUT = {".csv", ".parquet", ".nc"}, {"figures", "notebooks", "logs", "benchmarks", "runs"}
#: Columns that tell rows apart, and those of which a table takes as many, in this order, as its rows need to differ.
KEYS = ("participant_id", "session_id", "trial_id", "rep", "side", "task", "profile", "metric")
MORE_KEYS = (
    *("id", "claim", "model", "term", "form", "comparison", "angle", "percent", "start_percent", "first", "second"),
    *("burden", "problem", "moderator", "level", "step", "reason"),
)
#: quality.csv, and the attribute of reps files that holds such rows: what tells rows apart, and what is compared.
QUALITY_KEYS, QUALITY_VALUES = ("participant_id", "session_id", "trial_id", "rep", "code"), ("value", "limit")
#: Kinds of findings that are no failure.
TOLD = {"float32", "rows compared in order"}


@dataclass
class Renames:
    """The sections of renamed.yaml, and `met`: (old, new) -> the places where that was applied."""

    files: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    columns_by_task: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)
    met: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def name(self, names: dict[str, str], old: str, place: str) -> str:
        """Return the new name of one thing, by an entry for its place if there is one."""
        new = names.get(f"{place}:{old}", names.get(old, old))
        if new != old:
            self.met.setdefault((old, new), set()).add(place)
        return new

    def file(self, path: str) -> str:
        """Return the new path of a file, by its own entry or by that of the innermost folder around it."""
        around = [path, *(folder.as_posix() for folder in Path(path).parents)]
        old = next((old for old in around if old in self.files), path)
        return self.name(self.files, old, "file names") + path.removeprefix(old)

    def texts(self, column: str, texts: Iterable[str], place: str) -> list[str]:
        """Return texts of a column, variable or attribute, each renamed as a whole or else word by word."""
        names = self.values.get(f"{place}:{column}", self.values.get(column))
        texts = list(texts)
        if not names:
            return texts
        words = re.compile("|".join([*(rf"^{re.escape(text)}$" for text in names), r"\w+"]))
        new = {text: words.sub(lambda found: self.name(names, found[0], place), text) for text in set(texts)}
        return [new[text] for text in texts]

    def move(self, rows: pd.DataFrame, task: str, old: str, new: str, place: str) -> None:
        """Move what rows of a task have in a column to another, in place; likewise a `metric` that is that column."""
        of_task = rows["task"] == task
        if old in rows:
            there = rows[new] if new in rows else pd.Series("", rows.index, dtype=object)
            rows[new], rows[old] = there.mask(of_task, rows[old]), rows[old].mask(of_task, "")
        named = of_task & (rows["metric"] == old) if "metric" in rows else of_task & False
        if named.any():
            rows.loc[named, "metric"] = new
        if named.any() or (of_task.any() and old in rows):
            self.name({old: new}, old, place)

    def table(self, rows: pd.DataFrame, place: str) -> pd.DataFrame:
        """Return a table of texts as it is named now."""
        rows, named = rows.copy(), {}
        for old, tasks in self.columns_by_task.items() if "task" in rows else ():
            for task, new in tasks.items():
                self.move(rows, task, old, new, place)
        for old in rows:
            new = self.name(self.columns, old, place)
            texts = pd.Series(self.texts(old, rows[old], place), rows.index, dtype=object)
            named[new] = named[new].mask(named[new] == "", texts) if new in named else texts
        return pd.DataFrame(named, index=rows.index)


@dataclass
class Difference:
    """Where values first differ in one way, how many do, and their largest relative difference."""

    first: str
    count: int = 0
    largest: float = 0.0


@dataclass
class Comparison:
    """What was found so far. A place is a file, or the folder of netCDF files that are alike (`sessions/`)."""

    renames: Renames
    tolerance: float
    float32_tolerance: float
    #: (kind, place, name of the column, variable or file) -> what differs.
    found: dict[tuple[str, str, str], Difference] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    largest: float = 0.0

    def add(self, kind: str, place: str, name: str, first: str = "", count: int = 1, largest: float = 0.0) -> None:
        """Count differences of one kind."""
        one = self.found.setdefault((kind, place, name), Difference(first))
        one.count, one.largest = one.count + count, max(one.largest, largest)

    def shared(self, kind: str, place: str, before: Iterable[str], after: Iterable[str], where: str = "") -> list[str]:
        """Return the names that both sides have and that are compared, and count those that one side lacks."""
        sides = [{name: 0 for name in side if not self.left_out(place, name)} for side in (before, after)]
        for word, names, others in (("missing", *sides), ("new", *reversed(sides))):
            for name in sorted(names.keys() - others.keys()):
                # What lacks a group or variable lacks all that is in it, which need not be told.
                if re.sub("[>@]?[^>@]*$", "", name) in others or not {">", "@"} & set(name):
                    self.add(f"{word} {kind}", place, name.rpartition(">")[2], where and where + name)
        return [name for name in sides[0] if name in sides[1]]

    def left_out(self, place: str, name: str) -> bool:
        """Whether a column, variable or attribute is not compared."""
        parts = name.rpartition(">")[2].split("@")
        return any(one in self.renames.not_compared for part in parts for one in (part, f"{place}:{part}"))

    def values(self, place: str, name: str, sides: list[np.ndarray], where: str, rows: pd.Index | None = None) -> None:
        """Compare two arrays, before and after; `rows` names the rows of a column."""
        shape, name = sides[0].shape, name.rpartition(">")[2]
        if sides[1].shape != shape:
            self.add("changed shape", place, name, f"{where}: {shape} -> {sides[1].shape}")
            return
        before, after = (side.ravel() for side in sides)
        off = differences(before, after)
        numbers = np.where(np.isfinite(off), off, 0.0)
        largest = float(numbers.max(initial=0.0))
        number = "float32" if largest <= self.float32_tolerance else "changed value"
        for kind, cells in ((number, numbers > self.tolerance), ("changed text or gap", np.isinf(off))):
            if cells.any():
                at = int(cells.argmax())
                stands = [int(one) for one in np.unravel_index(at, shape)] if rows is None else rows[at]
                first, size = f"{where}{stands}: {before[at]} -> {after[at]}", float(numbers[cells].max())
                self.add(kind, place, name, first, int(cells.sum()), size)
        self.largest = max(self.largest, largest)
        self.counts.update({"columns, variables and attributes": bool(off.size), "values": off.size})

    def lines(self) -> list[str]:
        """Return the report."""
        lines = [f"renamed: {old} -> {new} in {', '.join(sorted(at))}" for (old, new), at in self.renames.met.items()]
        for what, one in self.found.items():
            largest = f", largest relative difference {one.largest:.3g}" if one.largest else ""
            first = f", first {one.first}" if one.first else ""
            lines.append(f"{': '.join(filter(None, what))}: {one.count}{largest}{first}")
        kinds = Counter(kind for kind, _, _ in self.found)
        counts = [f"{count} {what}" for what, count in self.counts.items()]
        found = [f"{count} x {kind}" for kind, count in kinds.items()] or ["no difference"]
        return [*lines, f"{', '.join(counts)}; {', '.join(found)}; largest relative difference {self.largest:.3g}"]


def differences(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Relative difference of each value, infinite where texts differ or only one side is a number.

    Numbers are scaled by the largest of their array; texts that are numbers, those of tables, each by its own size.
    """
    off, as_text = np.zeros(before.size), object in (before.dtype, after.dtype)
    if not as_text and np.array_equal(before, after, equal_nan=True):
        return off
    unlike = before != after if as_text else (before != after) & ~(np.isnan(before) & np.isnan(after))
    old, new = (pd.to_numeric(pd.Series(side[unlike]), errors="coerce").to_numpy(float) for side in (before, after))
    sizes = [np.abs(side) for side in ((old, new) if as_text else (before, after))]
    scale = np.maximum(*sizes) if as_text else max(size[np.isfinite(size)].max(initial=0.0) for size in sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        off[unlike] = np.where(old == new, 0.0, np.nan_to_num(np.abs(old - new) / scale, nan=np.inf, posinf=np.inf))
    return off


def as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of texts, empty where a value is missing."""
    return table.astype(object).where(table.notna(), "").map(str).astype(object)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as texts, so that equal cells are equal whatever they hold."""
    if path.suffix == ".parquet":
        return as_texts(pd.read_parquet(path))
    return pd.read_csv(path, dtype=str, keep_default_na=False).astype(object)


def keyed(tables: list[pd.DataFrame], keys: Iterable[str], place: str, so_far: Comparison) -> list[pd.DataFrame]:
    """Return both tables with their keys as index, numbered in order where these are not unique."""
    texts, used = [pd.Series("", table.index, dtype=object) for table in tables], []
    for old in (*keys, *MORE_KEYS):
        name = so_far.renames.columns.get(old, old)
        needed = old in keys or any(text.duplicated().any() for text in texts)
        if needed and all(name in table for table in tables):
            texts = [text + "/" * bool(used) + table[name] for text, table in zip(texts, tables, strict=True)]
            used.append(name)
    if any(text.duplicated().any() for text in texts):
        so_far.add("rows compared in order", place, f"where {', '.join(used) or 'nothing'} is equal")
    numbers = [text.groupby(text).cumcount().astype(str) for text in texts]
    texts = [text.mask(at != "0", text + "#" + at) for text, at in zip(texts, numbers, strict=True)]
    return [table.drop(columns=used).set_index(text) for table, text in zip(tables, texts, strict=True)]


def quality_rows(rows: pd.DataFrame, renames: Renames) -> pd.DataFrame:
    """Return what of the findings on quality is compared, in order of value and limit."""
    kept = [renames.columns.get(name, name) for name in (*QUALITY_KEYS, *QUALITY_VALUES)]
    rows = rows.reindex(columns=kept, fill_value="")
    return rows.loc[rows[kept[-2:]].apply(pd.to_numeric, errors="coerce").sort_values(kept[-2:], kind="stable").index]


def compare_tables(tables: list[pd.DataFrame], place: str, so_far: Comparison, where: str, *, quality: bool) -> None:
    """Compare two tables of texts, before and after."""
    tables = [so_far.renames.table(tables[0], place), tables[1]]
    if quality:
        tables = [quality_rows(table, so_far.renames) for table in tables]
    columns = so_far.shared("column", place, *tables, where)
    before, after = keyed(tables, QUALITY_KEYS if quality else KEYS, place, so_far)
    rows = before.index[before.index.isin(after.index)]
    for word, lacking in (("missing", before.index.difference(rows)), ("new", after.index.difference(rows))):
        if len(lacking):
            so_far.add(f"{word} row", place, "", f"{where}{lacking[0]}", len(lacking))
    before, after = before.loc[rows], after.loc[rows]
    for name in [name for name in columns if name in before]:
        so_far.values(place, name, [side[name].to_numpy(object) for side in (before, after)], where, rows)


def as_array(values: Any) -> np.ndarray:
    """Return an array, of objects where it holds texts."""
    values = np.atleast_1d(values)
    return values if values.dtype.kind in "biuf" else values.astype(object)


def attributes(of: Any, path: str, renames: Renames, place: str) -> dict[str, np.ndarray]:
    """Attributes of a netCDF group or variable: {path@name: numbers, or one text, or the texts of a list in JSON}."""
    found = {}
    for name in of.ncattrs():
        value = of.getncattr(name)
        if name == "coordinates":
            value = sorted(renames.name(renames.variables, word, place) for word in value.split())
        elif isinstance(value, str):
            items = json.loads(value) if re.fullmatch(r"\[.*\]", value, flags=re.DOTALL) else [value]
            texts = [item if isinstance(item, str) else json.dumps(item) for item in items]
            value = renames.texts(name, texts, place)
        # Findings on quality are compared as a table.
        found[f"{path}@{renames.name(renames.attributes, name, place)}"] = as_array([] if name == "quality" else value)
    return found


def contents(group: Any, renames: Renames, place: str, path: str = "") -> dict[str, np.ndarray]:
    """Everything in a netCDF group and those inside it, as {>group>group>variable: values, >group@attribute: value}."""
    found = {path: np.empty(0)} | attributes(group, path, renames, place)
    for old, variable in group.variables.items():
        inner, values = f"{path}>{renames.name(renames.variables, old, place)}", as_array(variable[...])
        if values.dtype == object:
            values = np.array(renames.texts(old, values.flat, place), dtype=object).reshape(values.shape)
        dimensions = [renames.name(renames.variables, dimension, place) for dimension in variable.dimensions]
        found |= {inner: values, f"{inner}@dimensions": as_array(dimensions)}
        found |= attributes(variable, inner, renames, place)
    for old, within in group.groups.items():
        found |= contents(within, renames, place, f"{path}>{renames.name(renames.groups, old, place)}")
    return found


def compare_netcdf(before: Path, after: Path, name: str, place: str, so_far: Comparison) -> None:
    """Compare two netCDF files."""
    with netCDF4.Dataset(before) as old, netCDF4.Dataset(after) as new:
        old.set_auto_maskandscale(False)
        new.set_auto_maskandscale(False)
        sides = [contents(old, so_far.renames, place), contents(new, Renames(), place)]
        rows = [json.loads(side.getncattr("quality")) for side in (old, new) if "quality" in side.ncattrs()]
    for one in so_far.shared("group, variable or attribute", place, *sides, name):
        so_far.values(place, one, [side[one] for side in sides], name + one)
    if len(rows) == len(sides):
        tables = [as_texts(pd.DataFrame(side)) for side in rows]
        compare_tables(tables, f"{place}@quality", so_far, f"{name}@quality ", quality=True)


def files_of(folder: Path, counts: Counter[str]) -> dict[str, Path]:
    """{relative path: path} of the tables and netCDF files of a study; other files are counted."""
    every = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    kept = [name for name in every if name.suffix in SUFFIXES and FOLDERS_LEFT_OUT.isdisjoint(name.parts)]
    counts[f"other files of {folder} not compared"] = len(every) - len(kept)
    return {name.as_posix(): every[name] for name in kept}


def compare_folders(before: Path, after: Path, so_far: Comparison) -> None:
    """Compare the results of a study."""
    old = {so_far.renames.file(name): path for name, path in files_of(before, so_far.counts).items()}
    new = files_of(after, so_far.counts)
    for name in so_far.shared("file", "", old, new):
        so_far.counts["files"] += 1
        if new[name].suffix == ".nc":
            compare_netcdf(old[name], new[name], name, f"{name.partition('/')[0]}/" if "/" in name else name, so_far)
        else:
            so_far.counts["tables"] += 1
            tables = [read_table(side[name]) for side in (old, new)]
            compare_tables(tables, name, so_far, "", quality=old[name].stem == "quality")


def main(arguments: list[str] | None = None) -> int:
    """Print what differs; 1 if anything does by more than the precision of float32, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-9)
    parser.add_argument("--float32-tolerance", type=float, default=1e-6)
    parser.add_argument("--renamed", type=Path, default=Path(__file__).with_name("renamed.yaml"))
    given = parser.parse_args(arguments)
    sections = yaml.safe_load(given.renamed.read_text(encoding="utf-8"))
    so_far = Comparison(
        Renames(**{name: section for name, section in sections.items() if section}),
        given.tolerance,
        given.float32_tolerance,
    )
    compare_folders(given.before, given.after, so_far)
    print("\n".join(so_far.lines()))
    return int(any(kind not in TOLD for kind, _, _ in so_far.found))


if __name__ == "__main__":
    sys.exit(main())
