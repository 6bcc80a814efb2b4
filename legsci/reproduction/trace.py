"""The way of a number back: rule, definition, options, signals, and the raw files with their checksums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from legsci.ingest.session import session_readings
from legsci.metrics.registry import METRICS
from legsci.reproduction.manifest import MANIFEST, checksum, read_manifest
from legsci.tasks import TASKS

#: Columns that say which row of a table is meant, in the order in which they are asked for.
KEYS = (
    "id", "analysis", "participant_id", "session_id", "task", "trial_id", "rep", "side", "profile", "metric",
    "model", "term", "outcome", "column", "trait", "level",
)  # fmt: skip
#: Values of a key that are named, of many that a number may mean; files that are shown, of many behind a number.
NAMED, SHOWN = 5, 12
UNCHANGED, CHANGED, MISSING = "unchanged", "changed since", "missing"


class TraceError(LookupError):
    """No single number is meant, or its results cannot be traced."""


@dataclass(frozen=True)
class RawFile:
    """A raw file behind a number.

    Attributes
    ----------
    path : in the study folder.
    sha256 : as read by the run.
    state : of the file now: UNCHANGED, CHANGED or MISSING.
    signals : what was read from it.
    """

    path: str
    sha256: str
    state: str
    signals: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line: path, signals, checksum and state."""
        signals = f" ({', '.join(self.signals)})" if self.signals else ""
        return f"{self.path}{signals}: SHA-256 {self.sha256}, {self.state}"


@dataclass(frozen=True)
class Trace:
    """Where a number comes from.

    Attributes
    ----------
    value, uncertainty : the number and its standard uncertainty, None where none is stated.
    where : table, row and column.
    rule : of the workflow, that made the table.
    definition : label, unit, equation, source and function of a metric; empty for other columns.
    options : of the run, by dotted name.
    raw_files : of the trial, or of all trials that the row is made of.
    of_session : further files of the same sessions: body weight, plate zeros and static trials may come from them.
    """

    value: Any
    uncertainty: float | None
    where: str
    rule: str
    definition: Mapping[str, str]
    options: Mapping[str, Any]
    raw_files: tuple[RawFile, ...]
    of_session: tuple[RawFile, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Return the whole way as text, from the number to the raw files."""
        value = f"{self.value}" + (f", standard uncertainty {self.uncertainty:.3g}" if self.uncertainty else "")
        lines = [f"{self.where}: {value}", f"made by the rule {self.rule}"]
        lines += [f"  {name}: {text}" for name, text in self.definition.items() if text]
        lines.append("options")
        lines += [f"  {name}: {value}" for name, value in self.options.items()]
        lines.append("read from" if self.raw_files else "read from no recording")
        lines += _first(self.raw_files)
        if self.of_session:
            lines.append("further files of these sessions (body weight, plate zeros, static trial)")
            lines += _first(self.of_session)
        commit, edited = self.manifest.get("commit"), self.manifest.get("edited")
        made = f"made {self.manifest.get('made')}" + (f", commit {commit}" if commit else "")
        return "\n".join([*lines, made + (" with edited sources" if edited else "")])


def _first(files: Sequence[RawFile]) -> list[str]:
    """Lines on the first of many files, on those that are not unchanged before others, and how many are left out."""
    ordered = sorted(files, key=lambda file: file.state == UNCHANGED)
    left = len(files) - SHOWN
    return [
        *(f"  {file}" for file in ordered[:SHOWN]),
        *([f"  and {left} more (raw_files of {MANIFEST})"] if left > 0 else []),
    ]


def trace(results: Path, table: str, column: str, **keys: object) -> Trace:
    """Follow a number of a table to its raw files.

    Parameters
    ----------
    results : folder of a run, results/<study> or results/<study>/runs/<run>.
    table : path of a CSV table in it without suffix, "metrics", "models/incidence".
    column : of the number.
    keys : columns and values that choose one row: participant_id="P01", rep=1. Numbers are compared as text.

    Raises
    ------
    TraceError
        There is no such table or column, or the keys choose no row or several; the sentence names what can be chosen.
    FileNotFoundError : the run has no manifest.
    """
    manifest = read_manifest(results)
    row = _row(results, table, column, keys)
    files = _Files(results, manifest)
    metric = str(row.get("metric")) if "metric" in row else column
    used, others = files.of_row(row, _signals(metric))
    options = dict(_dotted(manifest["options"]))
    rule = manifest["rules"].get(f"{table}.csv", "not known: the table was not made by the workflow")
    chosen = ", ".join(f"{key} {row[key]}" for key in KEYS if key in row and pd.notna(row[key]))
    uncertainty = row.get(f"u_{column}")
    return Trace(
        value=row[column],
        uncertainty=float(uncertainty) if uncertainty is not None and pd.notna(uncertainty) else None,
        where=f"{results.name}/{table}.csv, {chosen}, column {column}",
        rule=rule,
        definition=_definition(metric),
        options=options,
        raw_files=used,
        of_session=others,
        manifest=manifest,
    )


def _row(results: Path, table: str, column: str, keys: Mapping[str, object]) -> dict[str, Any]:
    """The one row that keys choose."""
    path = results / f"{table}.csv"
    known = sorted(found.relative_to(results).with_suffix("").as_posix() for found in _tables(results))
    if path not in _tables(results):
        raise TraceError(f"{results.name} has no table {table}: one of {', '.join(known)}")
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    absent = [name for name in (column, *keys) if name not in text]
    if absent:
        raise TraceError(f"{table}.csv has no column {', '.join(absent)}; it has {', '.join(map(str, text))}")
    chosen = text
    for name, value in keys.items():
        rows = chosen[chosen[name] == str(value)]
        if rows.empty:
            found = ", ".join(sorted(chosen[name].unique())[:20])
            raise TraceError(f"{table}.csv has no row with {name} {value}; it has {found}")
        chosen = rows
    if len(chosen) > 1:
        open_keys = {
            name: ", ".join(chosen[name].unique()[:NAMED])
            for name in KEYS
            if name in text and len(chosen[name].unique()) > 1
        }
        said = "; ".join(f"{name}: {values}" for name, values in open_keys.items()) or "its rows do not differ in a key"
        raise TraceError(f"{table}.csv has {len(chosen)} such rows; choose by {said}")
    numbers = pd.read_csv(path, usecols=[column])[column]
    row: dict[str, Any] = {str(name): value or None for name, value in chosen.iloc[0].items()}
    return row | {column: numbers.iloc[int(chosen.index[0])]}


def _tables(results: Path) -> set[Path]:
    return {*results.glob("*.csv"), *results.glob("models/*.csv")}


def _definition(metric: str) -> dict[str, str]:
    """How a metric is defined; empty of what is none, such as the estimate of a model."""
    if metric not in METRICS:
        return {}
    found = METRICS[metric]
    code = getattr(found.measure, "func", found.measure)
    return {
        "metric": f"{found.label} [{found.unit}]",
        "equation": found.equation,
        "source": found.source,
        "signals": ", ".join(found.streams),
        "function": f"{code.__module__}.{getattr(code, '__qualname__', type(code).__name__)}",
    }


def _signals(metric: str) -> set[str] | None:
    """Kinds of signals that a metric and the cutting of its repetitions may need; None of what is no metric."""
    if metric not in METRICS:
        return None
    needed = {kind for stream in METRICS[metric].streams for kind in stream.split(" or ")}
    return needed | {kind for task in METRICS[metric].tasks for kind in TASKS[task].cut_by}


def _dotted(options: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Names and values of nested options."""
    pairs: list[tuple[str, Any]] = []
    for name, value in options.items():
        pairs += _dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return pairs


class _Files:
    """The raw files of a run, as session files name them."""

    def __init__(self, results: Path, manifest: Mapping[str, Any]) -> None:
        shared = results.parent.parent if results.parent.name == "runs" else results
        self.results, self.sessions = results, shared / "sessions"
        # A relative folder is that of the checkout in which the workflow ran.
        self.folder = shared.resolve().parent.parent / str(manifest["raw_folder"])
        self.checksums: Mapping[str, str] = manifest["raw_files"]

    def of_row(
        self, row: Mapping[str, Any], signals: Set[str] | None
    ) -> tuple[tuple[RawFile, ...], tuple[RawFile, ...]]:
        """Files of the trials of a row that hold the signals of a metric, and the others of its sessions.

        A row without participant is one of the whole study: all its files.
        """
        trials = self._trials(row)
        used: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        for path in sorted(self.sessions.glob(f"{row.get('participant_id') or '*'}/{row.get('session_id') or '*'}.nc")):
            for reading in session_readings(path):
                if not reading.get("sha256") or reading["kind"] == "not mapped":
                    continue
                if signals is None or reading["kind"] in signals:
                    mine = trials is None or (path.parent.name, path.stem, reading["trial_id"]) in trials
                    read = (used if mine else others).setdefault(str(reading["source"]), [])
                    read.append(str(reading["signal"]))
        if not used and not others:
            # What other systems measured has no recordings: its numbers come from the tables of the study.
            used = {name: [] for name in self.checksums if "/" not in name}
        return self._listed(used), self._listed({name: of for name, of in others.items() if name not in used})

    def _trials(self, row: Mapping[str, Any]) -> set[tuple[str, str, str]] | None:
        """Participant, session and trial of each trial that a row is made of; None of a row on all trials."""
        if row.get("trial_id"):
            return {(row["participant_id"], row["session_id"], row["trial_id"])}
        if not row.get("task") or not row.get("participant_id"):
            return None
        names = ["participant_id", "session_id", "trial_id"]
        rows = pd.read_csv(self.results / "metrics.csv", usecols=[*names, "task"], dtype=str)
        rows = rows[(rows["task"] == row["task"]) & (rows["participant_id"] == row["participant_id"])]
        return set(rows[names].itertuples(index=False, name=None))

    def _listed(self, files: Mapping[str, list[str]]) -> tuple[RawFile, ...]:
        return tuple(
            RawFile(name, self.checksums.get(name, ""), self._state(name), tuple(dict.fromkeys(files[name])))
            for name in sorted(files)
        )

    def _state(self, name: str) -> str:
        path = self.folder / name
        if not path.is_file():
            return MISSING
        return UNCHANGED if checksum(path) == self.checksums.get(name) else CHANGED
