"""Time and memory of the models of a large study of tables, and the largest difference from another version of legsci.

`python -m benchmarks.models_at_size` simulates a study of tables, 1,000 athletes x 20 sessions x 3 repetitions x 30
metrics, with weekly training, health and injuries. It makes the longitudinal table, all results and the ledger, prints
time and peak memory of each step, and writes models_at_size.csv beside this file.

`--athletes N` makes it smaller; `--read` writes a study folder, measurements in long form, and reads it first.
`--against CHECKOUT` reads that folder with the legsci of another checkout too, and prints the largest relative
difference of each table.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.dated import write_dated
from benchmarks.timing import Measurement
from legsci.ingest.study import read_study
from legsci.metrics.measurements import measured_rows
from legsci.models.claims.evidence import Evidence
from legsci.models.claims.ledger import claims_ledger
from legsci.models.claims.registry import load_claims
from legsci.models.injury_results import injury_results
from legsci.models.plans import with_changes
from legsci.models.statistics.resampling import Bootstrap
from legsci.models.study_results import reliabilities, study_results
from legsci.models.tables.longitudinal import longitudinal_table, study_flow, tables_of
from legsci.simulate.cohort.truth import simulate_tables_with_parameters

REPOSITORY = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("models_at_size.csv")
ATHLETES, SESSIONS, SEED = 1000, 20, 20261130
#: Of the options of the virtual athletes: everyone comes to all sessions and does three repetitions of each task.
CHANGES = {
    "visits": SESSIONS,
    "weeks_between_visits": 2,
    "attendance.missed_share": 0.0,
    "attendance.drop_out_share": 0.0,
    "squat.repetitions": 3,
    "trials.countermovement_jump": 3,
    "trials.drop_jump": 3,
    "trials.squat_jump": 0,
    "trials.lateral_jump": 3,
    "trials.sprint": 3,
}
#: Metrics beside those of the simulator, to make 30: name -> (tasks, by leg, mean, SD between athletes, sessions and
#: repetitions).
_JUMPS = ("countermovement_jump", "drop_jump")
MORE_METRICS: dict[str, tuple[tuple[str, ...], bool, tuple[float, float, float, float]]] = {
    "jump_height_flight_time_m": (("countermovement_jump",), False, (0.35, 0.05, 0.01, 0.01)),
    "jump_height_pelvis_m": (("countermovement_jump",), False, (0.4, 0.05, 0.01, 0.01)),
    "force_transmission_ratio": (("drop_jump",), False, (0.7, 0.05, 0.02, 0.02)),
    "peak_force_n": (_JUMPS, True, (900.0, 150.0, 40.0, 40.0)),
    "landing_peak_force_n": (("countermovement_jump",), True, (1500.0, 300.0, 100.0, 150.0)),
    "peak_power_w": (("countermovement_jump",), False, (3500.0, 600.0, 100.0, 100.0)),
    "rsi_m_per_s": (("drop_jump",), False, (1.2, 0.2, 0.05, 0.08)),
    "braking_time_s": (("countermovement_jump",), False, (0.2, 0.03, 0.01, 0.015)),
    "propulsion_time_s": (("countermovement_jump",), False, (0.25, 0.03, 0.01, 0.01)),
    "countermovement_depth_m": (("countermovement_jump",), False, (0.3, 0.05, 0.02, 0.02)),
    "knee_flexion_max_deg": (_JUMPS, True, (95.0, 10.0, 3.0, 3.0)),
    "hip_flexion_max_deg": (_JUMPS, True, (90.0, 12.0, 4.0, 4.0)),
    "hip_moment_peak_n_m_per_kg": (_JUMPS, True, (2.2, 0.4, 0.1, 0.15)),
    "knee_moment_peak_n_m_per_kg": (_JUMPS, True, (2.0, 0.3, 0.1, 0.15)),
    "ankle_moment_peak_n_m_per_kg": (_JUMPS, True, (1.8, 0.3, 0.1, 0.1)),
}
#: Share of the values that are missing, at random.
MISSING_SHARE = 0.02
KEYS = ["participant_id", "session_id", "trial_id", "task", "rep", "side"]
#: What the steps may take together: time [s] and memory [MB].
LIMIT_S, LIMIT_MB = 300.0, 2000.0


def simulated_tables(athletes: int) -> dict[str, pd.DataFrame]:
    """Draw the tables of a study; metrics as in metrics.csv, with 30 metrics.

    Parameters
    ----------
    athletes : number of them.
    """
    config = yaml.safe_load((REPOSITORY / "workflow/config.yaml").read_text(encoding="utf-8"))["virtual"]
    tables = simulate_tables_with_parameters(with_changes(config, CHANGES | {"athletes": athletes}), SEED)
    metrics = tables["metrics"].astype(dict.fromkeys(["participant_id", "session_id", "trial_id", "task", "side"], str))
    generator = np.random.default_rng(SEED)
    athlete = pd.factorize(metrics["participant_id"])[0]
    session = pd.factorize(metrics["participant_id"] + metrics["session_id"])[0]
    both = (metrics["side"] == "both").to_numpy()
    for name, (tasks, by_leg, (mean, *spread)) in MORE_METRICS.items():
        between, within, repeated = spread
        values = mean + between * generator.normal(size=athletes)[athlete]
        values += within * generator.normal(size=session.max() + 1)[session]
        values += repeated * generator.normal(size=len(metrics))
        metrics[name] = np.where(metrics["task"].isin(tasks) & (both != by_leg), values, np.nan)
    names = [name for name in metrics if name not in KEYS]
    metrics[names] = metrics[names].mask(generator.random((len(metrics), len(names))) < MISSING_SHARE)
    return tables | {"metrics": metrics}


def write_study(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write a study of tables, its measurements in long form.

    Parameters
    ----------
    folder : of the study, made here.
    tables : as of `simulated_tables`.
    """
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text("name: at_size\nsimulated: true\n", encoding="utf-8")
    for name in ("participants", "sessions", "exposure", "health", "injuries"):
        tables[name].to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    metrics = tables["metrics"]
    with (folder / "measurements.tsv").open("w", encoding="utf-8", newline="\n") as file:
        for place, name in enumerate(column for column in metrics if column not in KEYS):
            rows = metrics.loc[metrics[name].notna(), [*KEYS, name]].rename(columns={name: "value"})
            rows.assign(metric=name).to_csv(file, sep="\t", index=False, header=place == 0, lineterminator="\n")


def peak_memory_mb(*, anew: bool = False) -> float:
    """Return the largest memory of this process since it was last counted anew [MB].

    Parameters
    ----------
    anew : count from now on.
    """
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return float(found[1]) / 1024.0 if found else float("nan")


class Steps:
    """Runs the steps of an analysis; keeps the time on the clock and of the processor [s], and the peak memory [MB]."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float, float]] = []

    def run(self, name: str, step: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        """Return the answer of a step."""
        peak_memory_mb(anew=True)
        start, used = time.perf_counter(), time.process_time()
        answer = step(*arguments, **settings)
        self.rows.append((name, time.perf_counter() - start, time.process_time() - used, peak_memory_mb()))
        print("{:40s} {:8.1f} s {:8.1f} s of a processor {:8.0f} MB".format(*self.rows[-1]), flush=True)
        return answer

    def table(self) -> pd.DataFrame:
        """Return a row per step."""
        return pd.DataFrame(self.rows, columns=["step", "time_s", "processor_s", "peak_memory_mb"])


def analyse(tables: dict[str, pd.DataFrame], steps: Steps) -> dict[str, pd.DataFrame]:
    """Analyse a study of tables as `analyse_measurements` does; return the tables of results by name.

    Parameters
    ----------
    tables : of the study, metrics among them.
    steps : that are measured.
    """
    registry = load_claims(REPOSITORY / "workflow/claims.yaml")
    longitudinal = steps.run("longitudinal table", longitudinal_table, tables)
    answers = {"longitudinal": longitudinal, "study_flow": steps.run("study flow", study_flow, tables)}
    answers |= steps.run("results of models", study_results, tables, longitudinal, registry)
    answers["claims"] = steps.run(
        "ledger of claims", claims_ledger, tables, registry, simulated=True, longitudinal=longitudinal
    )
    return answers


def analyse_parts(tables: dict[str, pd.DataFrame], longitudinal: pd.DataFrame, steps: Steps) -> None:
    """Repeat the longest parts of the results alone.

    Parameters
    ----------
    tables, steps : see `analyse`.
    longitudinal : the longitudinal table.
    """
    bootstrap = Bootstrap(500)
    steps.run("reliability, alone", reliabilities, longitudinal, [], bootstrap)
    evidence = Evidence(tables, longitudinal, load_claims(REPOSITORY / "workflow/claims.yaml"), bootstrap)
    steps.run("injury results, alone", injury_results, tables, evidence, [])


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a study folder."""
    study = read_study(folder, require_recordings=False)
    return tables_of(study, measured_rows(study)[0])


def largest_difference(before: pd.DataFrame, after: pd.DataFrame) -> float:
    """Return the largest difference of two tables, relative to the larger of the two numbers.

    Numbers below 1e-9 of the largest of their column are compared with that. Texts and missing values must be the same.

    Raises
    ------
    ValueError : the tables differ in columns, rows, texts or missing values.
    """
    if list(before) != list(after) or len(before) != len(after):
        raise ValueError(f"{before.shape} and {after.shape}, or other columns")
    largest = 0.0
    for name in before:
        old, new = before[name], after[name]
        if not pd.api.types.is_numeric_dtype(old):
            wrong = old.isna() != new.isna()
            wrong |= old.notna() & new.notna() & (old.astype(str) != new.astype(str))
            if wrong.any():
                raise ValueError(f"{name}: {old[wrong].iloc[0]!r} became {new[wrong].iloc[0]!r}")
            continue
        first, second = old.to_numpy(float), new.to_numpy(float)
        known = np.isfinite(first)
        if not np.array_equal(first[~known], second[~known], equal_nan=True):
            raise ValueError(f"{name}: missing or infinite values differ")
        size = np.maximum(np.abs(first[known]), np.abs(second[known]))
        if size.max(initial=0.0) > 0.0:
            apart = np.abs(first[known] - second[known]) / np.maximum(size, 1e-9 * size.max())
            largest = max(largest, float(apart.max()))
    return largest


def compare(folder: Path, checkout: Path) -> pd.Series:
    """Return the largest difference of each table of this legsci from that of another checkout, by table.

    Parameters
    ----------
    folder : of the study.
    checkout : of the other legsci.
    """
    answers = []
    for path in (checkout.resolve(), REPOSITORY):
        with tempfile.TemporaryDirectory() as target:
            environment = os.environ | {"PYTHONPATH": str(path)}
            command = [sys.executable, str(Path(__file__).resolve()), "--folder", str(folder), "--into", target]
            print(f"\nlegsci of {path}", flush=True)
            subprocess.run(command, check=True, cwd=path, env=environment)
            answers.append({file.stem: pd.read_parquet(file) for file in sorted(Path(target).glob("*.parquet"))})
    before, after = answers
    if set(before) != set(after):
        raise ValueError(f"tables {sorted(before)} became {sorted(after)}")
    return pd.Series({name: largest_difference(before[name], after[name]) for name in before}, name="difference")


def measure(athletes: int = ATHLETES, *, read: bool = False) -> list[Measurement]:
    """Analyse a large study and return its time against the limit.

    Parameters
    ----------
    athletes : number of them.
    read : from a study folder.
    """
    tables, steps = simulated_tables(athletes), Steps()
    if read:
        with tempfile.TemporaryDirectory() as place:
            write_study(Path(place) / "at_size", tables)
            tables = steps.run("study folder read, not a model", read_tables, Path(place) / "at_size")
    answers = analyse(tables, steps)
    taken = steps.table().tail(4)
    analyse_parts(tables, answers["longitudinal"], steps)
    size = f"{athletes} athletes x {SESSIONS} sessions x {len(answers['longitudinal']['metric'].unique())} metrics"
    total = ("longitudinal table to ledger", *taken[["time_s", "processor_s"]].sum(), taken["peak_memory_mb"].max())
    table = pd.concat([steps.table(), pd.DataFrame([total], columns=list(taken))], ignore_index=True)
    print(f"{size}\n{table.round(1).to_string(index=False)}")
    if athletes == ATHLETES:
        machine = f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}"
        said = f"{size} of 3 repetitions; {machine}; limits {LIMIT_S:g} s, {LIMIT_MB:g} MB"
        write_dated(TABLE, said, table.round(1), index=False)
    if total[-1] > LIMIT_MB:
        raise RuntimeError(f"the models took {total[-1]:.0f} MB, more than {LIMIT_MB:g}")
    return [Measurement(f"models, {size}", "limit", 1000.0 * total[1], 1000.0 * LIMIT_S, 1.0)]


def main() -> None:
    """Measure a study, or compare a smaller one with another checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--athletes", type=int, default=ATHLETES)
    parser.add_argument("--read", action="store_true", help="from a study folder")
    parser.add_argument("--against", type=Path, help="checkout of another version of legsci")
    parser.add_argument("--folder", type=Path, help="study folder that exists")
    parser.add_argument("--into", type=Path, help="folder for the results of --folder")
    chosen = parser.parse_args()
    if chosen.folder and chosen.into:
        for name, table in analyse(read_tables(chosen.folder), Steps()).items():
            plain(table).to_parquet(chosen.into / f"{name}.parquet")
    elif chosen.against:
        with tempfile.TemporaryDirectory() as place:
            write_study(Path(place) / "at_size", simulated_tables(chosen.athletes))
            print(compare(Path(place) / "at_size", chosen.against).to_string())
    else:
        measure(chosen.athletes, read=chosen.read)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of mixed contents are text, as parquet wants them."""
    mixed = [name for name in table if table[name].dtype == object]
    return table.assign(**{name: [None if cell is None else str(cell) for cell in table[name]] for name in mixed})


if __name__ == "__main__":
    main()
