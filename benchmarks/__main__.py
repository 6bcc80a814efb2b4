"""Run the parts that are named on the command line, or all of them, and print one table each."""

from __future__ import annotations

import importlib
import sys

from benchmarks.timing import table

#: Part -> module with `measure() -> list[Measurement]`, imported only when it runs, since each part has its own rivals.
PARTS = {
    "force": "benchmarks.force",
    "mixed_model": "benchmarks.mixed_model",
    "jumps": "benchmarks.jumps",
    "simulate": "benchmarks.simulate",
    "angles": "benchmarks.angles",
    "dynamics": "benchmarks.dynamics",
    "session": "benchmarks.session",
    "models_at_size": "benchmarks.models_at_size",
}


def main(names: list[str]) -> None:
    """Print the table of each part."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        sys.exit(f"unknown parts {unknown}; known are {sorted(PARTS)}")
    for name in names or PARTS:
        print(f"\n{name}\n{table(importlib.import_module(PARTS[name]).measure())}")


if __name__ == "__main__":
    main(sys.argv[1:])
