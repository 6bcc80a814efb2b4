"""`make study` of ten virtual athletes, now and at the commit in before-moves.txt: time and jobs.

Plates and markers as in `virtual`, all tables, models, figures and notebooks; one run after the other on one machine.
Both checkouts are made anew and first run two athletes, so that no kernel is compiled in what is timed.
`python -m benchmarks.ten_athletes` runs the commit that is checked out, not what is edited and not committed.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
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


def run(folder: Path, athletes: int) -> tuple[float, float, str]:
    """Wall time and processor time of the workflow in a checkout [s], and what it said."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "athletes.yaml"]
    (folder / "athletes.yaml").write_text(f"studies: [{STUDY}]\nvirtual:\n  athletes: {athletes}\n")
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    said = answer.stdout + answer.stderr
    if answer.returncode:
        sys.exit(f"{' '.join(command)} in {folder} failed:\n{said[-5000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def measured(name: str, folder: Path) -> dict[str, object]:
    """One row of the table: a run of ten athletes in a checkout."""
    wall, processor, said = run(folder, ATHLETES)
    done = re.findall(r"(\d+) of \1 steps \(100%\) done", said)
    pictures = [path for path in (folder / "results").rglob("*") if path.suffix in (".svg", ".png", ".pdf", ".html")]
    row = {"checkout": name, "run_s": round(wall), "processor_s": round(processor), "jobs": int(done[-1])}
    return row | {"figures_and_pages": len(pictures)}


def main() -> None:
    """Print the table and write it with its date."""
    commits = {
        "before the moves": BEFORE.read_text(encoding="utf-8").strip(),
        "now": git("rev-parse", "HEAD").decode().strip(),
    }
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folders = {name: Path(place, name.replace(" ", "_")) for name in commits}
        for name, folder in folders.items():
            checkout(commits[name], folder)
            run(folder, 2)
        for name, folder in folders.items():
            rows.append({"commit": commits[name][:7]} | measured(name, folder))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    said = f"make study with virtual alone, {ATHLETES} athletes, in turn; {os.cpu_count()} cores, load average"
    write_dated(TABLE, f"{said} {os.getloadavg()[2]:.1f}", table, index=False)


if __name__ == "__main__":
    main()
