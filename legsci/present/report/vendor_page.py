"""docs/vendor-metrics.md: what a vendor's software calls a metric, and the column of metrics.csv that answers it.

`make dictionary` writes it; a test compares the page with the registry.
"""

from __future__ import annotations

import sys
from pathlib import Path

from legsci.metrics.registry import METRICS
from legsci.metrics.vendor_names import (
    HOP_FORCES,
    HOP_NAMES,
    HOP_SETS,
    JUMP_AND_REBOUND,
    NAMES,
    NAMES_OF_TEST,
    NO_TASK,
    PHASES_SAID,
    REASONS,
    TESTS,
    after_onset,
    of_phase,
)
from legsci.present.report.metrics_page import table

_INTRODUCTION = """# Metrics of a vendor's software

Names of the metric dictionary of Hawkin Dynamics (package hdforce 2.2.0), and the column of `metrics.csv` that answers
each. [metrics.md](metrics.md) defines the columns; the vendor may define its own otherwise, so that values of both
systems need not agree. A name that begins with *Left* or *Right* is the column at that side, one with *L|R* the
asymmetry of the column: 100 (R - L) / (R + L). The software names fewer metrics than the patterns below hold.

This page is generated; names are edited in `legsci/metrics/vendor_names.py`, and `make dictionary` writes it."""


_REBOUND = """A trial of countermovement_rebound has two repetitions in metrics.csv, the jump and the rebound. A name
with neither word belongs to the rebound if it is about the landing, else to the jump."""
_HOPS = """Summaries over the hops of a trial are in `models/hop_sets.csv`, a row per trial, selection and metric;
metrics.csv has a row for each hop. The best hops are those with the highest reactive strength among contacts below
0.25 s."""


def vendor_page() -> str:
    """Comparison of names in Markdown: tests, patterns of phases and of times after an onset, names, and reasons."""
    patterns = {**of_phase("<Phase>", "<phase>"), **after_onset("<t>")}
    single = {name: column for name, column in NAMES.items() if column not in _of_patterns()}
    named = [("any", name, column) for name, column in single.items()]
    named += [(test, name, column) for test, names in NAMES_OF_TEST.items() for name, column in names.items()]
    reasons = [(test, name, why) for test, names in REASONS.items() for name, why in names.items()]
    reasons += [(test, "all", why) for test, why in NO_TASK.items()]
    parts = [(f"`{word}...`", task, test) for word, (task, test) in JUMP_AND_REBOUND.items()]
    sets = [(f"`{start}{name}`", metric, *of) for start, of in HOP_SETS.items() for name, metric in HOP_NAMES.items()]
    sets += [(f"`{name}`", metric, "all", statistic) for name, (statistic, metric) in HOP_FORCES.items()]
    sections = {
        "Tests": table(("test", "task"), list(TESTS.items())),
        "Phases": table(("phase of the vendor", "phase"), list(PHASES_SAID.items())),
        "Patterns": table(("name", "column"), [(f"`{name}`", f"`{column}`") for name, column in patterns.items()]),
        "Single names": table(
            ("test", "name", "column", "what it is"),
            [(test, name, f"[{column}](metrics.md#{column})", METRICS[column].label) for test, name, column in named],
        ),
        "CMJ Rebound": f"{_REBOUND}\n\n{table(('name', 'task of the repetition', 'names as in'), parts)}",
        "Multi Rebound": f"{_HOPS}\n\n{table(('name', 'metric', 'selection', 'statistic'), sets)}",
        "Without a column": table(("test", "name", "why"), reasons),
    }
    return "\n\n".join([_INTRODUCTION, *(f"## {title}\n\n{text}" for title, text in sections.items())]) + "\n"


def _of_patterns() -> set[str]:
    """Columns that the patterns of phases and of times after an onset give."""
    return {column for said, phase in PHASES_SAID.items() for column in of_phase(said, phase).values()} | {
        column for column in NAMES.values() if "_ms_" in column
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(vendor_page(), encoding="utf-8")
