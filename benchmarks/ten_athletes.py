"""The workflow on a study folder of ten athletes, now and at the commit in before-moves.txt: time and jobs.

Recordings of plates and markers that the earlier commit simulated, without the truth, as a laboratory would bring them.
Both commits run `snakemake --config study=FOLDER` on them, from fresh checkouts, so that kernels are compiled too: all
tables, models, figures and notebooks. They run at the same time, so that what else the machine does falls on both;
compare processor time. `python -m benchmarks.ten_athletes` runs the commit that is checked out, not what is edited and
not committed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pandas as pd

from benchmarks.dated import write_dated

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".csv")
BEFORE = Path(__file__).with_name("before-moves.txt")
ATHLETES = 10
STUDY = "data/raw/virtual"


def git(*arguments: str) -> bytes:
    """What git answers about this repository."""
    return subprocess.run(
        [shutil.which("git") or "git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True
    ).stdout


def checkout(commit: str, folder: Path) -> None:
    """Write the files of a commit."""
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(git("archive", commit))) as files:
        files.extractall(folder, filter="data")


def run(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Wall time and processor time of the workflow in a checkout [s], and what it said."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    start, path = time.perf_counter(), folder / "said.txt"
    environment = os.environ | {"PYTHONPATH": str(folder)}
    with path.open("w") as file:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = status
    wall, said = time.perf_counter() - start, path.read_text()
    if status:
        raise RuntimeError(f"{' '.join(command)} in {folder} failed:\n{said[-5000:]}")
    return wall, used.ru_utime + used.ru_stime, said


def bring_study(folder: Path, study: Path) -> None:
    """Simulate the athletes in a checkout, and copy their study folder without the truth."""
    (folder / "athletes.yaml").write_text(f"studies: [{STUDY}]\nvirtual:\n  athletes: {ATHLETES}\n")
    options = ("--configfile", "athletes.yaml", "--cores", "2")
    run(folder, *options, f"{STUDY}/participants.tsv")
    people = pd.read_csv(folder / STUDY / "participants.tsv", sep="\t", dtype=str)["participant_id"]
    run(folder, *options, *(f"{STUDY}/truth/trials/{person}.tsv" for person in people))
    shutil.copytree(folder / STUDY, study, ignore=shutil.ignore_patterns("truth"))
    settings = study / "study.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("name: virtual", f"name: {study.name}", 1), encoding="utf-8")


def measured(name: str, commit: str, folder: Path, study: Path) -> dict[str, object]:
    """One row of the table: the run of a checkout on the study."""
    wall, processor, said = run(folder, "--config", f"study={study}")
    done = re.findall(r"(\d+) of \1 (?:steps \(100%\) done|jobs, )", said)
    results = folder / "results" / study.name
    pictures = [path for path in results.rglob("*") if path.suffix in (".svg", ".png", ".pdf", ".html")]
    row = {"checkout": name, "commit": commit[:7], "run_s": round(wall), "processor_s": round(processor)}
    return row | {"jobs": int(done[-1]), "figures_and_pages": len(pictures)}


def main() -> None:
    """Print the table and write it with its date."""
    commits = {
        "before the moves": BEFORE.read_text(encoding="utf-8").strip(),
        "now": git("rev-parse", "HEAD").decode().strip(),
    }
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor() as threads:
        folders, study = [Path(place, name.replace(" ", "_")) for name in commits], Path(place, "lab")
        for commit, folder in zip(commits.values(), folders, strict=True):
            checkout(commit, folder)
        bring_study(folders[0], study)
        rows = list(threads.map(measured, commits, commits.values(), folders, [study, study]))
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    said = f"a study of {ATHLETES} athletes with up to six sessions, both at the same time; {os.cpu_count()} cores"
    write_dated(TABLE, f"{said}, load average {os.getloadavg()[2]:.1f}", table, index=False)


if __name__ == "__main__":
    main()
