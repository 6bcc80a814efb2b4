"""Inputs that a function finds, as the report of snakemake shows them: their files, in place of `<function>`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snakemake import report
from snakemake.io import is_callable

Found = Callable[[Any], Any]


def gives(files: str) -> Callable[[Found], Found]:
    """Mark an input function with the files that it gives, as a pattern with wildcards in braces."""

    def marked(function: Found) -> Found:
        function.files = files  # type: ignore[attr-defined]
        return function

    return marked


def rendered(item: Any) -> str:
    """Return an input or output as text; of a function what `gives` says.

    Raises
    ------
    AttributeError : the function is not marked.
    """
    return str(getattr(item, "callable", item).files) if is_callable(item) else str(item)


def show_inputs() -> None:
    """Let the report show inputs so."""
    report.render_iofile = rendered
