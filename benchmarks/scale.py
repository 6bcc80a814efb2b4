"""Studies of 24, 240 and 2,400 participants from recordings to tables: time, memory, disk, jobs, and how these grow.

One session with one countermovement jump on plates per participant. RECORDED virtual athletes are simulated; further
participants have hard links to their recordings, so that the work is that of recordings of their own and the table of
metrics repeats itself.
"""

from __future__ import annotations

import math
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import yaml

from benchmarks.dated import write_dated
from legsci.simulate.cohort.recording_plan import plan_recordings
from legsci.simulate.recordings import session_files as files

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".csv")
SIZES = (24, 240, 2400)
RECORDED = 24
TASK = "countermovement_jump"
#: Tables of a run without models.
TARGETS = ("metrics.csv", "quality.csv")
CORES = 2
MB = 1e6


def write_study(folder: Path, participants: int, *, recorded: int = RECORDED) -> str:
    """Write a study folder of virtual athletes on plates, and return its name.

    Parameters
    ----------
    folder : of the study; it must not exist.
    participants : P0001, P0002, ...
    recorded : of them are simulated; the others share their recordings.
    """
    options = yaml.safe_load((ROOT / "workflow" / "config.yaml").read_text(encoding="utf-8"))["virtual"]
    planned = plan_recordings(options | {"athletes": recorded, "visits": 1}, seed=options["seed"])
    folder.mkdir(parents=True)
    files.write_study_settings(folder)
    settings = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8")) | {"name": folder.name}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    first: dict[str, Path] = {}
    for plan in planned.sessions:
        if plan.participant_id not in first:
            jump = next(trial for trial in plan.trials if trial.task == TASK)
            made = replace(plan, trials=[replace(jump, markers=False, wearables=False)])
            (row,) = files.record_session(folder / "recorded", made).recordings
            first[plan.participant_id] = folder / "recorded" / str(row["path"])
    sources, device = list(first.values()), str(row["device"])
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("participants", "sessions", "trials", "recordings")
    }
    for number in range(participants):
        who = {"participant_id": f"P{number + 1:04d}"}
        visit = who | {"session_id": "S01"}
        trial = visit | {"trial_id": "jump"}
        path = f"{who['participant_id']}/jump.txt"
        (folder / path).parent.mkdir()
        os.link(sources[number % len(sources)], folder / path)
        rows["participants"].append(who)
        rows["sessions"].append(visit | {"day": 0})
        rows["trials"].append(trial | {"task": TASK})
        rows["recordings"].append(trial | {"device": device, "path": path})
    for name, table in rows.items():
        pd.DataFrame(table).to_csv(folder / f"{name}.tsv", sep="\t", index=False, lineterminator="\n")
    return folder.name


def run(study: Path, *arguments: str) -> tuple[float, float, str]:
    """Wall time and processor time of snakemake on the tables of a study [s], and what it printed."""
    targets = [f"results/{study.name}/{table}" for table in TARGETS]
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", str(CORES), *arguments]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        [*command, "--config", f"study={study}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if answer.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{answer.stdout[-3000:]}{answer.stderr[-3000:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used, answer.stdout + answer.stderr


def measured(participants: int) -> dict[str, float]:
    """Plan and run a study: numbers by column of the table."""
    study = ROOT / "data" / "raw" / f"scale_{participants}"
    results = ROOT / "results" / study.name
    for folder in (study, results):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        write_study(study, participants)
        plan_s, _, said = run(study, "--dry-run")
        jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", said, flags=re.MULTILINE)}
        run_s, cpu_s, _ = run(study)
        records = {path: pd.read_csv(path, sep="\t").iloc[0] for path in (results / "benchmarks").rglob("*.tsv")}
        memory = {path.relative_to(results / "benchmarks").parts[0]: 0.0 for path in records}
        for path, record in records.items():
            rule = path.relative_to(results / "benchmarks").parts[0]
            memory[rule] = max(memory[rule], float(record["max_rss"]))
        disk = {path: path.stat().st_size / MB for path in results.rglob("*") if path.is_file()}
        tables = sum(size for path, size in disk.items() if path.parent == results)
        return {
            "participants": participants,
            "batches": jobs["ingest"],
            "jobs": jobs["total"],
            "plan_s": plan_s,
            "run_s": run_s,
            "processor_s": cpu_s,
            "largest_batch_job_mb": max(size for rule, size in memory.items() if rule != "study_tables.tsv"),
            "table_job_mb": memory["study_tables.tsv"],
            "results_mb": sum(disk.values()),
            "tables_mb": tables,
        }
    finally:
        for folder in (study, results):
            shutil.rmtree(folder, ignore_errors=True)


def growth(rows: Sequence[dict[str, float]]) -> list[dict[str, float | str]]:
    """Exponent of participants by which each number grows from one size to the next; 1 is in proportion."""
    return [
        {
            name: f"{first['participants']:.0f} to {second['participants']:.0f}, exponent"
            if name == "participants"
            else math.log(second[name] / first[name]) / math.log(second["participants"] / first["participants"])
            for name in first
        }
        for first, second in pairwise(rows)
    ]


def written() -> dict[float, dict[str, float]]:
    """Rows of the table that is there, without the exponents, by participants."""
    if not TABLE.is_file():
        return {}
    table = pd.read_csv(TABLE, comment="#")
    sizes = pd.to_numeric(table["participants"], errors="coerce")
    rows = table[sizes.notna()].astype(float).to_dict("records")
    return {row["participants"]: {str(name): float(value) for name, value in row.items()} for row in rows}


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print the table and write it with its date; rows of sizes that are not measured now stay."""
    rows = written()
    for participants in sizes:
        rows[participants] = measured(participants)
        print(" ".join(f"{name}={value:.4g}" for name, value in rows[participants].items()), flush=True)
    ordered = [rows[participants] for participants in sorted(rows)]
    table = pd.DataFrame([*ordered, *growth(ordered)])
    print(table.to_string(index=False, float_format="%.3g"))
    said = f"one jump on plates per participant, {RECORDED} simulated and linked; {CORES} of {os.cpu_count()} cores"
    said += f"; load average {os.getloadavg()[2]:.1f} at the end of {', '.join(map(str, sizes))}"
    write_dated(TABLE, said, table, index=False, float_format="%.4g")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
