"""Run the parts that are named on the command line, or all of them, and print one table each."""

from __future__ import annotations

import argparse
import importlib

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
    "reading": "benchmarks.reading",
    "emg": "benchmarks.emg",
}


#: Modules that write a table each, of errors, agreement or size, and are run by their own name.
TABLES = (
    "alignment_errors",
    "battery_errors",
    "clock_errors",
    "cutoffs",
    "damaged_files",
    "force_errors",
    "independent_errors",
    "onset_errors",
    "measurements_at_size",
    "opensim_comparison",
    "recorded_angles",
    "scale",
    "slurm",
    "ten_athletes",
)


def main(names: list[str]) -> None:
    """Print the table of each part."""
    for name in names:
        print(f"\n{name}\n{table(importlib.import_module(PARTS[name]).measure())}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"Tables are written by python -m benchmarks.NAME with NAME one of {', '.join(TABLES)}.",
    )
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(PARTS)}")
    chosen = parser.parse_args().part or list(PARTS)
    if not set(chosen) <= set(PARTS):
        parser.error(f"unknown parts {sorted(set(chosen) - set(PARTS))}; known are {', '.join(PARTS)}")
    main(chosen)
