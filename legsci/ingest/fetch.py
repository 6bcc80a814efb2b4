"""Recordings that are not part of a study folder: from a package index into the folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from legsci.ingest.faults import Fault, StudyError
from legsci.ingest.paths import stays_inside
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.study import Study

DOWNLOADS = "downloads"
LARGEST_RECORDING_BYTES = 500_000_000
_READ_ONLY = 0o444
_BLOCK_BYTES = 1 << 20

Runner = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def fetch_recordings(study: Study, *, run: Runner | None = None) -> list[Path]:
    """Fetch the recordings of a study.

    The archive is `downloads/<package>-<version>.tar.gz` in the study folder if it is there, else
    pip downloads it. pip runs the archive's own build step to learn its metadata; `--require-hashes` makes it refuse,
    before that step, any other archive than the one the study names. Only the files that recordings.tsv names are
    unpacked, each written whole or not at all and read-only afterwards.

    Parameters
    ----------
    study : study with a `source` block in study.yaml: package, version, sha256, folder (in the archive, below its first
        folder); a recording's path is relative to `folder` there and to the study folder here.
    run : runs a command and returns its result, without raising.

    Returns
    -------
    Paths of the recordings, in the order of recordings.tsv, each once. Nothing is fetched if all are there.

    Raises
    ------
    StudyError
        The study names no source; the archive cannot be downloaded, has another SHA-256, or lacks a recording; or
        another file has the path of a recording.
    """
    source = study.settings.get("source")
    if source is None:
        fault = Fault(SETTINGS, "source", "where the recordings are", "no such key")
        raise StudyError(f"study {study.folder}", [fault])
    root = study.folder.resolve()
    names = list(dict.fromkeys(study.recordings["path"].dropna()))
    outside = [name for name in names if not stays_inside(root, name)]
    if outside:
        faults = [Fault("recordings.tsv", "path", "a path inside the study folder", name) for name in outside]
        raise StudyError(f"study {study.folder}", faults)
    targets = {name: study.folder / name for name in names}
    if not all(target.is_file() for target in targets.values()):
        with tempfile.TemporaryDirectory() as scratch:
            archive = study.folder / DOWNLOADS / f"{source['package']}-{source['version']}.tar.gz"
            if not archive.is_file():
                archive = _download(study, source, Path(scratch), place=archive, run=run or _run)
            digest = _sha256(archive)
            if digest != source["sha256"]:
                fault = Fault(archive.name, "sha256", source["sha256"], f"{digest}; nothing was unpacked")
                raise StudyError(f"study {study.folder}", [fault])
            _unpack(archive, study, targets, inside=source["folder"])
    return list(targets.values())


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and capture its output."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _download(study: Study, source: dict[str, str], scratch: Path, *, place: Path, run: Runner) -> Path:
    """Download the source distribution with pip, which checks its hash before it looks inside."""
    requirement = scratch / "requirement.txt"
    name = f"{source['package']}=={source['version']}"
    requirement.write_text(f"{name} --hash=sha256:{source['sha256']}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--require-hashes", "--no-binary", source["package"]]
    command += ["--dest", str(scratch), "--requirement", str(requirement)]
    result = run(command)
    archives = sorted(scratch.glob("*.tar.gz"))
    if result.returncode != 0 or len(archives) != 1:
        said = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        errors = [line for line in said if "ERROR" in line or "No module" in line]
        reason = (errors or said or ["pip gave no reason"])[0]
        expected = f"{name} from the package index, or its source distribution placed by hand at {place}"
        raise StudyError(f"study {study.folder}", [Fault(SETTINGS, "source", expected, f"no download: {reason}")])
    return archives[0]


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpack(archive: Path, study: Study, targets: dict[str, Path], *, inside: str) -> None:
    """Unpack the named recordings, all of them or none.

    Members are opened as streams and written under names of our own, so that no path, link or mode of the archive is
    ever used; each is written to a temporary file in its folder and then renamed.
    """
    faults: list[Fault] = []
    parts: list[tuple[str, Path]] = []
    try:
        with tarfile.open(archive, "r:gz") as bundle:
            members = {member.name.partition("/")[2]: member for member in bundle.getmembers() if member.isfile()}
            for name, target in targets.items():
                member = members.get(f"{inside}/{name}")
                if member is None:
                    expected = f"a file in {inside} of {archive.name}"
                    faults.append(Fault("recordings.tsv", name, expected, "no such file"))
                elif member.size > LARGEST_RECORDING_BYTES:
                    limit = f"at most {LARGEST_RECORDING_BYTES} bytes"
                    faults.append(Fault("recordings.tsv", name, limit, f"{member.size} bytes"))
                else:
                    parts.append((name, _write_part(bundle, member, target)))
        for name, part in parts:
            if targets[name].exists() and _sha256(part) != _sha256(targets[name]):
                expected = f"the file of {archive.name}, or none yet"
                faults.append(Fault(name, "", expected, "another file, left as it is"))
        if not faults:
            for name, part in parts:
                if not targets[name].exists():
                    part.replace(targets[name])
    except (tarfile.TarError, EOFError, OSError) as error:
        faults.append(Fault(archive.name, "", "an archive that can be unpacked", str(error)))
    finally:
        for _, part in parts:
            part.unlink(missing_ok=True)
    if faults:
        raise StudyError(f"study {study.folder}", faults)


def _write_part(bundle: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> Path:
    """Write a member to a temporary file in its folder, read-only, and return its path."""
    stream = bundle.extractfile(member)
    if stream is None:
        raise tarfile.TarError(f"{member.name} is not a file")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with stream, os.fdopen(handle, "wb") as output:
            while block := stream.read(_BLOCK_BYTES):
                output.write(block)
        part.chmod(_READ_ONLY)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part
