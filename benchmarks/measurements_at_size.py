"""Reading measurements of 1,000 athletes x 20 sessions x 30 metrics: time and peak memory of one process.

From the file to the rows of metrics.csv (`read_study`, checks included, `measured_rows`), by layout of the table and
repetitions a session. Metrics are drawn at random; none has limits, so that no value is flagged.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dated import write_dated

TABLE = Path(__file__).with_suffix(".csv")
ATHLETES, SESSIONS, METRICS_READ = 1000, 20, 30
#: Layout, file and repetitions.
FORMS = (("long", "csv", 1), ("long", "csv", 3), ("long", "parquet", 3), ("wide", "csv", 3))
TASK = "countermovement_jump"
LIMIT_MB = 2000.0


def write_study(folder: Path, layout: str, suffix: str, reps: int) -> int:
    """Write a study of measurements and return its number of values."""
    from legsci.metrics.registry import METRICS
    from legsci.metrics.status import LIMITS

    fit = [name for name, metric in METRICS.items() if TASK in metric.tasks and name not in LIMITS]
    names = fit[:METRICS_READ]
    keys = {
        "participant_id": [f"P{number:04d}" for number in range(ATHLETES)],
        "day": range(0, 7 * SESSIONS, 7),
        "rep": range(1, reps + 1),
    }
    index = pd.MultiIndex.from_product(keys.values(), names=list(keys))
    values = np.random.default_rng(1).normal(1000.0, 100.0, (len(index), len(names))).round(4)
    table = pd.DataFrame(values, index, names).reset_index().assign(task=TASK)
    if layout == "long":
        table = table.melt(id_vars=[*keys, "task"], var_name="metric")
    path = folder / f"measurements.{suffix}"
    (folder / "study.yaml").write_text(f"name: large\ntables: {{measurements: {{file: {path.name}}}}}\n")
    table.to_parquet(path) if suffix == "parquet" else table.to_csv(path, index=False)
    return values.size


def read(folder: str) -> None:
    """Read a study, in a process of its own, and print processor time [s], peak memory [MB], rows and flags."""
    from legsci.ingest.study import read_study
    from legsci.metrics.measurements import measured_rows, measurement_faults

    start = time.process_time()
    study = read_study(folder)
    faults = measurement_faults(study)
    metrics, quality = measured_rows(study)
    # Not `resource`: it counts the peak of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_mb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1000.0
    print(time.process_time() - start, peak_mb, len(metrics), len(faults) + len(quality))


def main() -> None:
    """Print the table and write it with its date."""
    rows = []
    for layout, suffix, reps in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            count = write_study(Path(folder), layout, suffix, reps)
            size = (Path(folder) / f"measurements.{suffix}").stat().st_size / 1e6
            command = [sys.executable, "-m", "benchmarks.measurements_at_size", folder]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        row = {"layout": layout, "format": suffix, "repetitions": reps, "values": count, "file_mb": size}
        rows.append(row | {"processor_s": float(said[0]), "peak_memory_mb": float(said[1]), "rows": int(said[2])})
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    said_of_it = (
        f"{ATHLETES} athletes x {SESSIONS} sessions x {METRICS_READ} metrics, from the file to rows of metrics.csv"
    )
    write_dated(TABLE, f"{said_of_it}; limit {LIMIT_MB:.0f} MB", table, index=False, float_format="%.4g")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        read(sys.argv[1])
    else:
        main()
