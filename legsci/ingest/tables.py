"""Tables of a study folder: tab-separated text and its schema -> a typed frame and its faults."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from legsci.ingest.faults import Fault, shown
from legsci.vocabulary import new_name

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MISSING = "n/a"
HEADER_ROW = 1
ROWS_NAMED = 8  # of rows with the same fault
#: First bytes of spreadsheet files: .xlsx and .ods (both ZIP), and .xls.
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
#: No table of a study has more; each unknown one is compared with those that are known.
LARGEST_COLUMNS = 500
#: Longer words are not compared with known ones: similarity takes quadratic time.
LONGEST_COMPARED = 100
_DTYPES = {"string": "str", "number": "float64", "integer": "Int64"}
_ROW_RULES = ("anyOf", "if", "then")


@functools.cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the schema of a table ("trials") or of study.yaml ("study")."""
    text = files("legsci.ingest").joinpath("schemas", f"{name}.schema.yaml").read_text(encoding="utf-8")
    # The C parser, where PyYAML has it, saves 0.1 s each time a workflow is parsed.
    schema: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return schema


class _AcceptAll:
    """Validator of what has been checked before: accepts everything."""

    def is_valid(self, value: object) -> bool:
        """Accept the value."""
        return True

    def iter_errors(self, value: object) -> Iterator[Any]:
        """Return no errors."""
        return iter(())


def validator(schema: dict[str, Any], *, checked: bool = False) -> Validator | _AcceptAll:
    """Return a validator that knows dates (YYYY-MM-DD).

    Importing jsonschema takes 1.8 s, since it builds the grammars of all its formats; jobs whose input the run has
    checked at its start (`checked`) do not import it.
    """
    if checked:
        return _AcceptAll()
    import jsonschema

    kind = jsonschema.Draft202012Validator
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def suggestion(
    word: str, known: Collection[str], *, task: str = "", elsewhere: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return a hint at an unknown word: its new name, the closest known word; "" where there is neither.

    Parameters
    ----------
    word : that is not known, in small or capital letters.
    known : words that are allowed.
    task : of a metric.
    elsewhere : words that exist but are not allowed -> why; they are never mistaken for a misspelt known word.
    """
    new = new_name(word, task=task)
    current = new or word
    spelled = {name.casefold(): name for name in (*elsewhere, *known)}
    close = get_close_matches(current.casefold(), spelled, n=1) if len(word) <= LONGEST_COMPARED else []
    near = spelled[close[0]] if close else ""
    parts = [f"now called {new}"] if new else []
    if near in elsewhere and near not in known:
        parts.append(f"{'which' if near.casefold() == current.casefold() else near} {elsewhere[near]}")
    elif near and near != new:
        parts.append(f"did you mean {near}?")
    elif not near and new:
        parts.append("which is not allowed here")
    return f" ({', '.join(parts)})" if parts else ""


def expectation(schema: dict[str, Any]) -> str:
    """Return what a schema requires of a value: its description, and the allowed values if they are listed."""
    options = f": one of {', '.join(map(str, schema['enum']))}" if "enum" in schema else ""
    return f"{schema.get('description', 'a value that the schema allows')}{options}"


def read_table(path: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a tab-separated table as text.

    Parameters
    ----------
    path : table, UTF-8 (a byte order mark is allowed), `n/a` for a missing value, first row the column names.

    Returns
    -------
    frame : one row per line whose cells match the header; the index `row` is the line in the file (the header is
        row 1); every value a string, `n/a` missing.
    faults : a spreadsheet, not UTF-8, wrong delimiter, repeated or empty column names, ragged rows, empty cells.
    """
    content = path.read_bytes()
    if content.startswith(SPREADSHEETS):
        return pd.DataFrame(), [Fault(path.name, "", "text", "a spreadsheet: save it as tab-separated text (UTF-8)")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return pd.DataFrame(), [Fault(path.name, "", "UTF-8 text", f"byte {error.start} that is not UTF-8")]
    lines = text.replace("\r\n", "\n").split("\n")
    returns = [row for row, line in enumerate(lines, start=HEADER_ROW) if "\r" in line]
    if returns:
        expected = "line ends of Unix or Windows, and no carriage return within a row"
        found = "a lone carriage return (line ends of old Macs, or a break in a cell)"
        return pd.DataFrame(), [Fault(path.name, f"row {row}", expected, found) for row in returns[:ROWS_NAMED]]
    columns = lines[0].split("\t")
    faults = _header_faults(path.name, columns)
    if faults:
        return pd.DataFrame(), faults
    rows, kept = [], []
    for row, line in enumerate(lines[1:], start=HEADER_ROW + 1):
        cells = line.count("\t") + 1
        if not line.strip():
            continue
        if cells != len(columns):
            faults.append(Fault(path.name, f"row {row}", f"{len(columns)} cells, as in the header", f"{cells} cells"))
            continue
        rows.append(row)
        kept.append(line)
    frame = pd.read_csv(
        io.StringIO("\n".join([lines[0], *kept])),
        sep="\t",
        dtype=str,
        keep_default_na=False,
        na_values=[MISSING],
        quoting=csv.QUOTE_NONE,
    )
    frame.index = pd.Index(rows, name="row", dtype="int64")
    for column in columns:
        for row in frame.index[frame[column].eq("")]:
            faults.append(Fault(path.name, f"row {row}, {column}", f"a value, or {MISSING}", "an empty cell"))
        frame[column] = frame[column].mask(frame[column].eq(""))
    return frame, faults


def _header_faults(name: str, columns: list[str]) -> list[Fault]:
    """Faults of a header row that make the rest of the table unreadable."""
    where = f"row {HEADER_ROW}"
    for delimiter, word in ((",", "commas"), (";", "semicolons")):
        if len(columns) == 1 and delimiter in columns[0]:
            return [Fault(name, where, "columns separated by tabs", f"columns separated by {word}")]
    if len(columns) > LARGEST_COLUMNS:
        return [Fault(name, where, f"at most {LARGEST_COLUMNS} columns", f"{len(columns)}")]
    faults = []
    for column, count in Counter(columns).items():
        if not column.strip():
            faults.append(Fault(name, where, "a name for every column", "a column without a name"))
        elif count > 1:
            faults.append(Fault(name, where, "each column once", f"{_short(column)} {count} times"))
    return faults


def _short(word: str) -> str:
    """Return a name as it stands, its middle left out where it is long."""
    return word if len(word) <= LONGEST_COMPARED else shown(word)


def typed_table(
    name: str, frame: pd.DataFrame, *, file: str = "", checked: bool = False
) -> tuple[pd.DataFrame, list[Fault]]:
    """Check a table against its schema and give every column its type.

    Parameters
    ----------
    name : table, as in "trials" for trials.tsv and trials.schema.yaml.
    frame : strings, as `read_table` returns them.
    file : from which they come, for messages; default name.tsv.
    checked : whether the values have been checked against the schema before.

    Returns
    -------
    frame : every column of the schema in the schema's order (all missing where the file has no such column), then the
        notes; strings, float64, Int64 or datetime64. A value that is not allowed is missing here and named in `faults`.
    faults : unknown or absent columns, values that are missing, of the wrong type, out of bounds or not allowed, rows
        that break a rule of the schema, rows that repeat a key. Unknown columns are refused, since a misspelt column
        would be lost silently; `note` and `note_...` are free.
    """
    schema, file = load_schema(name), file or f"{name}.tsv"
    properties: dict[str, Any] = schema["properties"]
    notes = [column for column in frame.columns if any(re.search(p, column) for p in schema["patternProperties"])]
    unknown = [column for column in frame.columns if column not in properties and column not in notes]
    faults = [
        Fault(
            file,
            f"row {HEADER_ROW}",
            "known columns, note or note_...",
            _short(column) + suggestion(column, list(properties)),
        )
        for column in unknown
    ]
    faults += [
        Fault(file, f"row {HEADER_ROW}", f"the column {column}", "no such column")
        for column in schema["required"]
        if column not in frame.columns
    ]
    columns: dict[str, pd.Series] = {}
    for column, rule in properties.items():
        text = frame[column] if column in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
        words = f", or what it means under tables.{name}.words.{column} in study.yaml" * (file != f"{name}.tsv")
        columns[column], found = _typed_column(file, text.rename(column), rule, words=words, checked=checked)
        faults += found
        if column in schema["required"] and column in frame:
            gaps = frame.index[frame[column].isna()]
            faults += [Fault(file, f"row {row}, {column}", expectation(rule), MISSING) for row in gaps]
    typed = pd.DataFrame({**columns, **{note: frame[note] for note in notes}}, index=frame.index)
    if not checked:
        faults += _row_faults(file, schema, typed, frame) + _repeated_keys(file, schema, frame)
    return typed, faults


def _typed_column(
    file: str, text: pd.Series, rule: dict[str, Any], *, words: str, checked: bool
) -> tuple[pd.Series, list[Fault]]:
    """Convert one column; each distinct text is checked once. `words` says where those of an export are translated."""
    kind = "date" if rule.get("format") == "date" else rule.get("type", "string")
    check = validator(rule, checked=checked)
    values: dict[str, str | int | float] = {}
    wrong: dict[str, tuple[str, str]] = {}
    for word in map(str, text.dropna().unique()):
        value = _number(word) if kind in ("number", "integer") else word
        if value is None or next(check.iter_errors(value), None) is not None:
            hint = suggestion(word, rule["enum"], elsewhere=rule.get("elsewhere", {})) if "enum" in rule else ""
            found = f"{shown(word)}{hint}"
            wrong[word] = expectation(rule) + (words if "enum" in rule else ""), found
        else:
            values[word] = value
    found_in = text[text.isin(list(wrong))] if wrong else text.iloc[:0]
    faults = [Fault(file, f"row {row}, {text.name}", *wrong[str(word)]) for row, word in found_in.items()]
    if kind == "date" and len(found_in) > 1:
        # Dates are written alike in all rows, or none is: one cure for all of them.
        some = ", ".join(shown(word) for word in list(wrong)[:ROWS_NAMED])
        found = f"{some}{', ...' * (len(wrong) > ROWS_NAMED)} in {len(found_in)} rows"
        faults = [Fault(file, f"row {found_in.index[0]} and below, {text.name}", expectation(rule), found)]
    typed = text.map(values)
    if kind == "date":
        return pd.to_datetime(typed, format="%Y-%m-%d").dt.as_unit("s"), faults
    return typed.astype(pd.api.types.pandas_dtype(_DTYPES[kind])), faults


def _number(word: str) -> int | float | None:
    """Return a text as a number, or None where it is not one; a decimal comma is not accepted."""
    if not _NUMBER.fullmatch(word):
        return None
    number = float(word)
    return int(number) if number.is_integer() else number


def _row_faults(file: str, schema: dict[str, Any], typed: pd.DataFrame, frame: pd.DataFrame) -> list[Fault]:
    """Faults of rows whose cells contradict each other; `rule` in the schema states the rule in words."""
    rules = {key: schema[key] for key in _ROW_RULES if key in schema}
    if not rules:
        return []
    check, faults = validator(rules), []
    words = frame.reindex(columns=list(schema["properties"])).astype(object)
    for row, cells in zip(typed.index, words.to_dict("records"), strict=True):
        present: dict[str, Any] = {str(column): value for column, value in cells.items() if pd.notna(value)}
        if next(check.iter_errors(present), None) is not None:
            faults.append(Fault(file, f"row {row}", schema["rule"], f"{MISSING} there"))
    return faults


def _repeated_keys(file: str, schema: dict[str, Any], frame: pd.DataFrame) -> list[Fault]:
    """Faults of rows that repeat the key of an earlier row."""
    needed = [column for column in schema["key"] if column in schema["required"]]
    if not set(needed) <= set(frame.columns):
        return []
    key = [column for column in schema["key"] if column in frame.columns]
    words = frame[key][frame[needed].notna().all(axis=1)].fillna(MISSING)
    faults, first = [], dict[tuple[str, ...], int]()
    for row, cells in zip(words.index, words.itertuples(index=False, name=None), strict=True):
        if cells in first:
            found = f"{', '.join(cells)} again, as in row {first[cells]}"
            faults.append(Fault(file, f"row {row}, {', '.join(key)}", "a key that no other row has", found))
        first.setdefault(cells, row)
    return faults
