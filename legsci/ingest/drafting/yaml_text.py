"""Settings as YAML with a comment behind a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

#: Mark of a line that a person has to fill in.
TO_FILL_IN = "TO FILL IN"


def yaml_text(settings: Mapping[str, Any], comments: Mapping[str, str], head: Sequence[str]) -> str:
    """Write nested settings as YAML.

    Parameters
    ----------
    settings : mappings within each other, texts and numbers; None is left empty.
    comments : dotted key -> the comment behind its line.
    head : lines of a comment at the top.
    """
    return "\n".join([*(f"# {line}" for line in head), *_lines(settings, comments, "", 0)]) + "\n"


def _lines(settings: Mapping[str, Any], comments: Mapping[str, str], prefix: str, depth: int) -> list[str]:
    """Lines of a mapping, those within it further in."""
    lines = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        comment = f"  # {comments[name]}" if name in comments else ""
        start = f"{'  ' * depth}{_scalar(key)}:"
        if isinstance(value, Mapping):
            lines += [start + comment, *_lines(value, comments, f"{name}.", depth + 1)]
        else:
            lines.append(start + (f" {_scalar(value)}" if value is not None else "") + comment)
    return lines


def _scalar(value: object) -> str:
    """A text or number as YAML writes it, in quotes where it would be read as something else."""
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10_000).strip()[1:-1]
