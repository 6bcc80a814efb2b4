"""Fetching recordings: only the archive that the study names, only the files it names, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request

import pytest

from legsci.ingest import fetch
from legsci.ingest.faults import StudyError
from legsci.ingest.fetch import fetch_recordings
from legsci.ingest.study import Study, read_study

FILES = {"raw/a.c3d": b"first recording", "raw/b.c3d": b"second recording"}


def archive_of(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """Return a source distribution with these members below its first folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for name, content in members.items():
            member = tarfile.TarInfo(f"jumps-1.0/{name}")
            member.size = len(content)
            member.mode = 0o777
            bundle.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(f"jumps-1.0/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            bundle.addfile(member)
    return buffer.getvalue()


def make_study(root: Path, archive: bytes) -> Study:
    """Make a study whose recordings are in an archive."""
    root.mkdir()
    digest = hashlib.sha256(archive).hexdigest()
    (root / "study.yaml").write_text(
        "name: fetched\nlab: {up: z, forward: y}\ndevices: {mocap: {reader: c3d}}\n"
        f'source: {{package: jumps, version: "1.0", sha256: {digest}, folder: src/tests}}\n'
    )
    (root / "participants.tsv").write_text("participant_id\nP01\n")
    (root / "sessions.tsv").write_text("participant_id\tsession_id\tday\nP01\tS01\t0\n")
    trials = "".join(f"P01\tS01\tt{number}\tstanding\n" for number in range(len(FILES)))
    (root / "trials.tsv").write_text(f"participant_id\tsession_id\ttrial_id\ttask\n{trials}")
    rows = "".join(f"P01\tS01\tt{number}\tmocap\t{name}\n" for number, name in enumerate(FILES))
    (root / "recordings.tsv").write_text(f"participant_id\tsession_id\ttrial_id\tdevice\tpath\n{rows}")
    return read_study(root, require_recordings=False)


@pytest.fixture(autouse=True)
def index_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package index that pip is set to."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple/")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)


class Index:
    """Stands for the package index: a page of links and an archive, and keeps the addresses that were opened."""

    def __init__(self, archive: bytes | None, *, html: bool = False, digest: str | None = None) -> None:
        self.archive, self.html, self.digest = archive, html, digest
        self.opened: list[str] = []

    def __call__(self, request: Request) -> io.BytesIO:
        """Return the page, or the archive."""
        self.opened.append(request.full_url)
        if self.archive is None:
            raise URLError("Name or service not known")
        if request.full_url.endswith(".gz"):
            return io.BytesIO(self.archive)
        digest = self.digest or hashlib.sha256(self.archive).hexdigest()
        other = hashlib.sha256(b"another").hexdigest()
        if self.html:
            links = (
                f'<a href="../../x/jumps-0.9.tar.gz#sha256={other}">0.9</a><a href="../../x/jumps-1.0.tar.gz#sha256='
            )
            return io.BytesIO(f'<!DOCTYPE html><body>{links}{digest}">1.0</a></body>'.encode())
        urls = (("https://files.example/jumps-0.9.tar.gz", other), ("https://files.example/jumps-1.0.tar.gz", digest))
        files = [{"filename": url[22:], "url": url, "hashes": {"sha256": value}} for url, value in urls]
        return io.BytesIO(json.dumps({"name": "jumps", "files": files}).encode())


GOOD = archive_of({f"src/tests/{name}": content for name, content in FILES.items()} | {"setup.py": b"raise SystemExit"})


def left_in(root: Path) -> set[str]:
    """Return the files of a folder but for its tables, hidden ones too."""
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.endswith((".tsv", ".yaml"))}


@pytest.mark.parametrize("html", [False, True], ids=["json", "html"])
def test_the_named_recordings_are_put_in_place_read_only(tmp_path: Path, html: bool) -> None:
    """Only the files of recordings.tsv, byte for byte, without write bits; a second call downloads nothing."""
    study, index = make_study(tmp_path / "study", GOOD), Index(GOOD, html=html)
    paths = fetch_recordings(study, opener=index)
    assert [path.read_bytes() for path in paths] == list(FILES.values())
    assert left_in(study.folder) == set(FILES)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in paths)
    assert fetch_recordings(study, opener=index) == paths
    archive = "https://index.example/x/jumps-1.0.tar.gz" if html else "https://files.example/jumps-1.0.tar.gz"
    assert index.opened == ["https://index.example/simple/jumps/", archive]
    assert read_study(study.folder).name == "fetched"


def test_nothing_of_the_package_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real index in a folder, and an archive whose build would leave a witness."""
    witness, index = tmp_path / "ran", tmp_path / "index" / "jumps"
    index.mkdir(parents=True)
    setup = f"open({str(witness)!r}, 'w').close()\n".encode()
    archive = archive_of({f"src/tests/{name}": content for name, content in FILES.items()} | {"setup.py": setup})
    (index / "jumps-1.0.tar.gz").write_bytes(archive)
    link = f'<a href="jumps-1.0.tar.gz#sha256={hashlib.sha256(archive).hexdigest()}">jumps</a>'
    (index / "index.html").write_text(link)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "empty").as_uri())
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (tmp_path / "index").as_uri())
    study = make_study(tmp_path / "study", archive)
    assert [path.read_bytes() for path in fetch_recordings(study)] == list(FILES.values())
    assert not witness.exists()


def test_an_index_without_that_archive_is_left_alone(tmp_path: Path) -> None:
    """The archive is found by its digest alone; another one is not downloaded, nor one at a plain http address."""
    study = make_study(tmp_path / "study", GOOD)
    index = Index(archive_of({"setup.py": b"raise SystemExit"}))
    with pytest.raises(StudyError, match="no file with SHA-256"):
        fetch_recordings(study, opener=index)
    assert index.opened == ["https://index.example/simple/jumps/"]
    assert left_in(study.folder) == set()


def test_without_a_network_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    """No download: the fault names the package, the reason and the place for an archive put there by hand."""
    study = make_study(tmp_path / "study", GOOD)
    with pytest.raises(StudyError) as caught:
        fetch_recordings(study, opener=Index(None))
    (fault,) = caught.value.faults
    assert "jumps==1.0" in fault.expected
    assert str(study.folder / "downloads" / "jumps-1.0.tar.gz") in fault.expected
    assert "Name or service not known" in fault.found
    assert left_in(study.folder) == set()


def test_an_archive_put_there_by_hand_is_used(tmp_path: Path) -> None:
    """With the archive in downloads/ nothing is downloaded."""
    study, index = make_study(tmp_path / "study", GOOD), Index(None)
    (study.folder / "downloads").mkdir()
    (study.folder / "downloads" / "jumps-1.0.tar.gz").write_bytes(GOOD)
    assert [path.read_bytes() for path in fetch_recordings(study, opener=index)] == list(FILES.values())
    assert index.opened == []


def test_another_archive_than_the_study_names_is_not_unpacked(tmp_path: Path) -> None:
    """The digest is checked whatever brought the archive."""
    study = make_study(tmp_path / "study", GOOD)
    other = archive_of({f"src/tests/{name}": b"changed" for name in FILES})
    with pytest.raises(StudyError, match="nothing was unpacked"):
        fetch_recordings(study, opener=Index(other, digest=hashlib.sha256(GOOD).hexdigest()))
    assert left_in(study.folder) == set()


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (archive_of({"src/tests/raw/a.c3d": b"first"}), "raw/b.c3d: expected a file in src/tests"),
        (archive_of({"src/tests/raw/a.c3d": b"1"}, {"src/tests/raw/b.c3d": "/etc/hostname"}), "found no such file"),
        (archive_of({"src/tests/raw/a.c3d": b"1", "../src/tests/raw/b.c3d": b"2"}), "raw/b.c3d: expected a file"),
        (GOOD[: len(GOOD) // 2], "expected an archive that can be unpacked"),
        (b"no archive", "expected an archive that can be unpacked"),
    ],
    ids=["absent", "link", "outside", "cut short", "not an archive"],
)
def test_an_archive_without_all_recordings_leaves_nothing(tmp_path: Path, archive: bytes, said: str) -> None:
    """All of the recordings or none, and no half-written file."""
    study = make_study(tmp_path / "study", archive)
    with pytest.raises(StudyError, match=said):
        fetch_recordings(study, opener=Index(archive))
    assert left_in(study.folder) == set()


def test_a_recording_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size that the archive states is held against a limit before anything is unpacked."""
    monkeypatch.setattr(fetch, "LARGEST_RECORDING_BYTES", 15)
    study = make_study(tmp_path / "study", GOOD)
    with pytest.raises(StudyError, match=r"raw/b.c3d: expected at most 15 bytes; found 16 bytes"):
        fetch_recordings(study, opener=Index(GOOD))
    assert left_in(study.folder) == set()


def test_a_different_file_that_stands_is_never_overwritten(tmp_path: Path) -> None:
    """A file of the same name with other content stays; the others are not written either."""
    study = make_study(tmp_path / "study", GOOD)
    (study.folder / "raw").mkdir()
    (study.folder / "raw" / "a.c3d").write_bytes(b"somebody's own")
    with pytest.raises(StudyError, match=r"raw/a.c3d: expected the file of jumps-1.0.tar.gz, or none yet"):
        fetch_recordings(study, opener=Index(GOOD))
    assert (study.folder / "raw" / "a.c3d").read_bytes() == b"somebody's own"
    assert left_in(study.folder) == {"raw/a.c3d"}


def test_the_same_file_that_stands_is_kept(tmp_path: Path) -> None:
    """After an interrupted fetch the rest is brought."""
    study = make_study(tmp_path / "study", GOOD)
    (study.folder / "raw").mkdir()
    (study.folder / "raw" / "a.c3d").write_bytes(FILES["raw/a.c3d"])
    before = (study.folder / "raw" / "a.c3d").stat().st_ino
    fetch_recordings(study, opener=Index(GOOD))
    assert (study.folder / "raw" / "a.c3d").stat().st_ino == before
    assert left_in(study.folder) == set(FILES)


def test_a_study_without_a_source_says_so(tmp_path: Path) -> None:
    """There is nothing to fetch from."""
    study = make_study(tmp_path / "study", GOOD)
    del study.settings["source"]
    with pytest.raises(StudyError, match=r"study.yaml: source: expected where the recordings are; found no such key"):
        fetch_recordings(study, opener=Index(None))
