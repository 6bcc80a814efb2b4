"""YAML files: content that a schema allows, and a fault for each thing that it does not allow."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from legsci.ingest.faults import Fault, shown
from legsci.ingest.tables import expectation, suggestion, validator

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def read_yaml(path: Path, package: str, schema: str) -> tuple[Any, list[Fault]]:
    """Read a YAML file and check it against a schema.

    Parameters
    ----------
    path : the file, UTF-8.
    package, schema : package of legsci that holds the schema, and its file.

    Returns
    -------
    content : None where the file cannot be read.
    faults : no such file, malformed YAML, everything that the schema does not allow.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        return None, [Fault(path.name, "", "a file", f"no {path}")]
    except (yaml.YAMLError, ValueError) as error:
        return None, [Fault(path.name, line_of(error), "YAML", problem_of(error))]
    rules = yaml.safe_load(files(package).joinpath(schema).read_text(encoding="utf-8"))
    return content, [
        fault for error in validator(rules).iter_errors(content) for fault in schema_faults(path.name, error)
    ]


def schema_faults(file: str, error: ValidationError) -> list[Fault]:
    """Return one schema error as faults: one per unknown or missing key, one per value that is not allowed."""
    where = ".".join(map(str, error.absolute_path))
    rule = error.schema if isinstance(error.schema, dict) else {}
    value = error.instance
    prefix = f"{where}." if where else ""
    if error.validator == "required" and isinstance(value, dict):
        known = rule.get("properties", {})
        absent = [key for key in rule["required"] if key not in value]
        return [
            Fault(file, prefix + key, expectation(known[key]) if key in known else f"the key {key}", "no such key")
            for key in absent
        ]
    if error.validator == "additionalProperties" and isinstance(value, dict):
        known = list(rule["properties"])
        unknown = [key for key in value if key not in known]
        return [Fault(file, prefix + key, "a known key", key + suggestion(key, known)) for key in unknown]
    hint = suggestion(str(value), rule["enum"]) if "enum" in rule else ""
    return [Fault(file, where, expectation(rule), f"{shown(value)}{hint}")]


def line_of(error: Exception) -> str:
    """Return "line n" where a YAML error has a line."""
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}" if mark is not None else ""


def problem_of(error: Exception) -> str:
    """Return the first line of the problem that a YAML error reports."""
    return str(getattr(error, "problem", None) or error).splitlines()[0]
