"""Errors of legsci's metrics against the second simulator: bodies drawn at random in a rigid-body engine.

`python -m benchmarks.independent_errors` writes workflow/validation/metric_errors.csv, which the report shows; its
first line bears the date and the seeds. The simulator shares no code with `legsci.simulate` (tests/independent).
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import pandas as pd

from benchmarks.dated import write_dated
from legsci.mechanics.motion.options import task_options
from tests.independent.anatomy import CLEAN, NOISY
from tests.independent.bodies import draw_body
from tests.independent.comparison import errors_of, summary
from tests.independent.dynamics import TASKS, Trial, perform
from tests.independent.engine import Figure
from tests.independent.study import measure, record

TABLE = Path(__file__).parents[1] / "workflow" / "validation" / "metric_errors.csv"
#: Bodies of the table, and seeds among which they are looked for.
BODIES, MOST_SEEDS = 101, 200
LABORATORIES = {"clean": CLEAN, "noisy": NOISY}
#: Clean recordings are computed once more without a low-pass: what is left is the error of the formulas.
UNFILTERED = "clean, no low-pass"
#: Significant digits of the table.
DIGITS = 4


def errors_of_body(seed: int) -> pd.DataFrame | None:
    """Let a body do each task, record it in each laboratory, and compare what legsci measures with the truth.

    None of a body that falls again and again at a task: another is drawn in its place. One that falls in lateral jumps
    alone does without them.
    """
    figure, trials = Figure.of(draw_body(seed)), {}
    for task in TASKS:
        try:
            trials[task] = perform(figure, seed, task)
        except RuntimeError:
            if task != "lateral_jump":
                return None
    return errors_of_trials(trials, seed)


def errors_of_trials(trials: dict[str, Trial], seed: int) -> pd.DataFrame:
    """Errors of the metrics of a body's trials in each laboratory; of moments without a low-pass too."""
    rows = []
    for name, errors in LABORATORIES.items():
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder, "study")
            recorded = record(study, trials, seed, errors)
            rows.append(errors_of(recorded, measure(study)).assign(recording=name, body=seed))
            if errors is CLEAN:
                options = task_options(cutoff_hz=dict.fromkeys(TASKS))
                of_formula = errors_of(recorded, measure(study, options))
                moments = of_formula["metric"].str.contains("_moment_")
                rows.append(of_formula[moments].assign(recording=UNFILTERED, body=seed))
    return pd.concat(rows, ignore_index=True)


def table_of(errors: pd.DataFrame) -> pd.DataFrame:
    """Sum up the errors of clean and noisy recordings."""
    parts = [summary(group).assign(recording=name) for name, group in errors.groupby("recording", sort=False)]
    table = pd.concat(parts, ignore_index=True)
    return table[["recording", *table.columns.drop("recording")]]


def ranges(seeds: list[int]) -> str:
    """Put seeds in words: "0 to 4, 7"."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def write(errors: pd.DataFrame) -> pd.DataFrame:
    """Write the table."""
    table, seeds = table_of(errors), errors["body"].unique().tolist()
    said = f"{len(seeds)} bodies, seeds {ranges(seeds)}"
    write_dated(TABLE, said, table, index=False, float_format=f"%.{DIGITS}g")
    return table


def main() -> None:
    """Write and print the table."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = (rows for rows in pool.map(errors_of_body, range(MOST_SEEDS)) if rows is not None)
        errors = pd.concat(islice(found, BODIES), ignore_index=True)
        pool.shutdown(cancel_futures=True)
    print(write(errors).to_string(index=False, float_format=f"%.{DIGITS}g"))


if __name__ == "__main__":
    main()
