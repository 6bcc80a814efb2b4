"""Results of a study run locally, through Slurm on two nodes, and through Slurm with a node killed: are they the same.

`python -m benchmarks.slurm [ATHLETES]`, as root, with the Debian packages slurm-wlm and munge (`slurm_nodes.py`).
One session with one countermovement jump on plates per athlete, each simulated from a seed of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.dated import write_dated
from benchmarks.scale import ROOT, write_study
from benchmarks.slurm_nodes import Nodes, slurm

TABLE = Path(__file__).with_suffix(".csv")
ATHLETES = 240
#: Of some 60 athletes at 240: on a cluster a job starts Python twice.
BATCHES = 4
#: All tables of a study; figures and notebooks are left out.
TARGETS = (
    *("metrics.csv", "quality.csv", "curves.nc", "dictionary.csv", "options.yaml", "about.yaml"),
    *("longitudinal.csv", "claims.csv", "reference_scores.csv", "models/curve_differences.csv"),
)
TABLE_SUFFIXES, SIGNAL_SUFFIX = (".csv", ".parquet", ".yaml"), ".nc"
LOCALLY = ("--cores", "2")
#: No accounts of finished jobs are kept here; partition and account are those of the profile on a real cluster.
ON_NODES = (
    *("--profile", "profiles/slurm", "--slurm-no-account", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "5", "--seconds-between-status-checks", "5"),
)
#: The node that is killed, when this share of the jobs is done and it has a job.
KILLED, SHARE = "n2", 0.4


def run(folder: Path, study: Path, *arguments: str, watch: Callable[[str], None] | None = None) -> tuple[float, int]:
    """Run the workflow in a folder of its own, and return wall time [s] and number of jobs.

    Parameters
    ----------
    folder : is made; the workflow in it is that of this checkout.
    study : folder of the study.
    arguments : of snakemake.
    watch : called twice a second with what snakemake has said so far.
    """
    folder.mkdir()
    for name in ("Snakefile", "workflow", "legsci", "profiles", "notebooks"):
        (folder / name).symlink_to(ROOT / name)
    targets = [f"results/{study.name}/{table}" for table in TARGETS]
    command = [sys.executable, "-m", "snakemake", *targets, *arguments]
    said, start = folder / "said.txt", time.perf_counter()
    with said.open("w") as file:
        running = subprocess.Popen(
            [*command, "--config", f"study={study}", f"batches={BATCHES}"],
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(folder)},
        )
        while running.poll() is None:
            time.sleep(0.5)
            if watch:
                watch(said.read_text())
    if running.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{said.read_text()[-5000:]}")
    return time.perf_counter() - start, _progress(said.read_text())[1]


def _progress(said: str) -> tuple[int, int]:
    """Number of jobs that are done, and of all."""
    steps = re.findall(r"(\d+) of (\d+) steps", said)
    return (int(steps[-1][0]), int(steps[-1][1])) if steps else (0, 1)


def killer(nodes: Nodes) -> Callable[[str], None]:
    """Function that kills a node in the middle of a run."""

    def watch(said: str) -> None:
        done, jobs = _progress(said)
        if KILLED in nodes.daemons and done >= SHARE * jobs and nodes.running_jobs(KILLED):
            nodes.kill(KILLED)
            print(f"{KILLED} killed after {done} of {jobs} jobs", flush=True)

    return watch


def digests(results: Path) -> dict[str, str]:
    """SHA-256 of the tables and signals of a study by their paths; logs and times of jobs differ from run to run."""
    files = [path for path in sorted(results.rglob("*")) if path.suffix in (*TABLE_SUFFIXES, SIGNAL_SUFFIX)]
    return {str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def compared(name: str, run_s: float, jobs: int, requeued: int, sides: tuple[dict[str, str], dict[str, str]]) -> dict:
    """One row of the table: how many files of a run are those of the local run."""
    local, own = sides
    if local.keys() != own.keys():
        sys.exit(f"{name}: not the files of the local run: {sorted(local.keys() ^ own.keys())[:10]}")
    row: dict[str, object] = {"run": name, "jobs": jobs, "jobs_sent_again": requeued, "run_s": round(run_s)}
    for kind, is_kind in (("tables", True), ("signal_files", False)):
        files = [path for path in local if path.endswith(TABLE_SUFFIXES) == is_kind]
        row |= {kind: len(files), f"{kind}_equal": sum(local[path] == own[path] for path in files)}
    return row


def main(athletes: int = ATHLETES) -> None:
    """Print the table and write it with its date."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        study = folder / "athletes"
        write_study(study, athletes, recorded=athletes)
        print(f"{athletes} athletes simulated", flush=True)
        took = run(folder / "local", study, *LOCALLY)
        local = digests(folder / "local" / "results" / study.name)
        rows.append(compared("local", *took, 0, (local, local)))
        for word, kills in (("two nodes", False), ("one of two nodes killed", True)):
            print(rows[-1], flush=True)
            own = folder / word.replace(" ", "_")
            with slurm(folder / f"slurm_{len(rows)}") as nodes:
                took = run(own, study, *ON_NODES, watch=killer(nodes) if kills else None)
                requeued = nodes.requeued()
            if kills and not requeued:
                sys.exit("no job was sent again: nothing is shown about lost nodes")
            rows.append(compared(word, *took, requeued, (local, digests(own / "results" / study.name))))
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    said = f"one jump on plates of each of {athletes} athletes, all simulated, in {BATCHES} batches"
    write_dated(TABLE, f"{said}; two nodes on one machine with {os.cpu_count()} cores", table, index=False)
    if (table["tables"] != table["tables_equal"]).any() or (table["signal_files"] != table["signal_files_equal"]).any():
        sys.exit("results differ")


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:2]))
