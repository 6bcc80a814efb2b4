"""Copies of the checkout in which tests run the workflow; legsci is not installed from them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_checkout(folder: Path) -> None:
    """Copy what the workflow needs; what Python and numba compiled is shared with the checkout.

    Both know a source by its time and size, which the copies keep.
    """
    for name in ("legsci", "notebooks", "workflow", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "Snakefile", folder)
    for source in (ROOT / "legsci").rglob("*.py"):
        compiled = source.parent / "__pycache__"
        compiled.mkdir(exist_ok=True)
        link = folder / compiled.relative_to(ROOT)
        if not link.exists():
            link.symlink_to(compiled, target_is_directory=True)


TINY = ("--config", "study=data/raw/tiny")


def snakemake(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run snakemake in a checkout, on its small study unless told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "snakemake", *(arguments or TINY)]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def planned(checkout: Path, *arguments: str) -> dict[str, int]:
    """Rule -> number of jobs that a run would do now, the target rule left out."""
    answer = snakemake(checkout, "--dry-run", *(arguments or TINY))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    jobs = re.findall(r"^(\w+) +(\d+)$", answer.stdout + answer.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in jobs if rule not in ("all", "total")}


@contextmanager
def edited(path: Path, text: str) -> Iterator[None]:
    """Append to a file; afterwards it is as it was, its time too."""
    before, times = (path.read_bytes(), path.stat()) if path.exists() else (None, None)
    path.write_bytes((before or b"") + text.encode())
    try:
        yield
    finally:
        if before is None or times is None:
            path.unlink()
        else:
            path.write_bytes(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
