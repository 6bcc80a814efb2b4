"""The manifest of a run: checksums of raw files, sources, options, environment and results."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from legsci.ingest.session import session_readings
from legsci.ingest.study import read_study
from legsci.provenance import ROOT, Sources
from legsci.storage import atomic_write, listed_files

MANIFEST = "manifest.json"
#: Files of a checkout, beside the package, on which results depend.
OUTSIDE_THE_PACKAGE = ("Snakefile", "workflow/*.yaml", "workflow/rules/*", "workflow/scripts/*")
#: Files that state the environment, and packages whose versions are listed.
LOCKS = ("requirements.lock", "environment.yml")
PACKAGES = ("numba", "numpy", "pandas", "scipy", "snakemake", "statsmodels", "xarray")
#: Kinds of results that hold numbers; figures and pages are made from them.
TABLES = ("*.csv", "models/*.csv", "*.parquet", "*.nc")
#: Keys of a manifest that differ between two runs of the same sources on the same files.
OF_THE_RUN = ("commit", "edited", "made")


def checksum(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_checksums(root: Path = ROOT) -> dict[str, str]:
    """Digest of each source of a checkout, by its path.

    Those of Python modules do not change with comments, docstrings and layout (`legsci.provenance.Sources`).
    """
    sources = Sources(root)
    found = {path: sources.module_digest(path) for path in root.glob("legsci/**/*.py")}
    kept = (path for pattern in OUTSIDE_THE_PACKAGE for path in root.glob(pattern) if path.is_file())
    data = (path for path in root.glob("legsci/**/*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    data = (path for path in data if path.suffix not in (".nbi", ".nbc"))
    found |= {path: checksum(path)[:16] for path in (*kept, *data)}
    return {path.relative_to(root).as_posix(): found[path] for path in sorted(found)}


def raw_checksums(study_folder: Path, sessions: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each raw file of a study, by its path in the study folder.

    Parameters
    ----------
    study_folder : holds study.yaml and the tables.
    sessions : session files, which hold the checksums of the recordings as they were read. Tables, and recordings that
        could not be read, are digested now.
    """
    study = read_study(study_folder, require_recordings=False, checked=True)
    found = {
        str(row["source"]): str(row["sha256"])
        for session in sessions
        for row in session_readings(session)
        if row.get("sha256")
    }
    tables = [path.name for path in study_folder.iterdir() if path.suffix in (".tsv", ".csv", ".parquet", ".yaml")]
    listed = [str(path) for path in study.recordings["path"].dropna().unique()]
    present = (name for name in (*tables, *listed) if name not in found and (study_folder / name).is_file())
    found |= {name: checksum(study_folder / name) for name in present}
    return dict(sorted(found.items()))


def environment(root: Path = ROOT) -> dict[str, Any]:
    """Python, platform, versions of PACKAGES, and checksums of the files that state the environment."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "stated": {name: checksum(root / name) for name in LOCKS if (root / name).is_file()},
    }


def run_manifest(
    results: Path, study_folder: Path, *, rules: Mapping[str, str] | None = None, root: Path = ROOT
) -> dict[str, Any]:
    """Describe from what the results of a run were made.

    Parameters
    ----------
    results : folder of the run, results/<study> or results/<study>/runs/<run>.
    study_folder : holds study.yaml and the raw files.
    rules : path of a result within `results` -> the rule of the workflow that made it.
    root : the checkout.

    Returns
    -------
    raw_folder and raw_files (path -> SHA-256); sources (path -> digest); options; environment; rules; results
    (path -> SHA-256 of each table). commit, edited (whether sources differ from the commit) and made (date and time)
    are of this run and stand nowhere else in the results.
    """
    listings = sorted((_study_results(results) / "sessions").glob("*.txt"))
    sessions = [path for listing in listings for path in listed_files(listing)]
    tables = sorted({path for pattern in TABLES for path in results.glob(pattern)})
    options = results / "options.yaml"
    return {
        "commit": _git(root, "rev-parse", "HEAD"),
        "edited": bool(_git(root, "status", "--porcelain", "--", "legsci", "workflow", "Snakefile")),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "raw_folder": study_folder.as_posix(),
        "raw_files": raw_checksums(study_folder, sessions),
        "sources": source_checksums(root),
        "options": yaml.safe_load(options.read_text(encoding="utf-8")) if options.is_file() else {},
        "environment": environment(root),
        "rules": dict(sorted((rules or {}).items())),
        "results": {path.relative_to(results).as_posix(): checksum(path) for path in tables},
    }


def write_manifest(manifest: Mapping[str, Any], path: Path) -> None:
    """Write a manifest as JSON, whole or not at all."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(results: Path) -> dict[str, Any]:
    """Return the manifest of a run.

    Raises
    ------
    FileNotFoundError : the run has none; the sentence says how to make it.
    """
    path = results / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run the workflow again, which writes it")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _study_results(results: Path) -> Path:
    """Folder of the study that a run belongs to; session files are shared by its runs."""
    return results.parent.parent if results.parent.name == "runs" else results


def _git(root: Path, *arguments: str) -> str | None:
    """What git says of a checkout; None where it is no checkout or there is no git."""
    program = shutil.which("git")
    if program is None:
        return None
    asked = subprocess.run([program, *arguments], cwd=root, capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else None
