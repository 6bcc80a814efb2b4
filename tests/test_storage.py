"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from legsci import kernels, storage
from legsci.storage import atomic_write, place_sentence


def test_a_file_takes_its_place_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "table.csv"
    with atomic_write(path) as unfinished:
        unfinished.write_text("new", encoding="utf-8")
        assert not path.exists()
        assert unfinished.suffix == ".csv"
    assert [(file.name, file.read_text(encoding="utf-8")) for file in path.parent.iterdir()] == [("table.csv", "new")]


def _fail_halfway(path: Path) -> None:
    with atomic_write(path) as unfinished:
        unfinished.write_text("half", encoding="utf-8")
        raise OSError("disk full")


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="disk full"):
        _fail_halfway(path)
    assert [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()] == [("table.csv", "old")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "results/a.nc"),
            "results/a.nc cannot be written: the disk is full.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "results"),
            "results cannot be written: it may not be written.",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "results"),
            "results cannot be written: it is on a read-only file system.",
        ),
        (OSError(errno.EIO, "Input/output error", "results"), None),
        (RuntimeError("NetCDF: HDF error"), None),
    ],
)
def test_a_place_that_cannot_be_written_is_one_sentence(error: Exception, said: str | None) -> None:
    assert place_sentence(error) == said


def test_an_error_of_netcdf_on_a_full_disk_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda place: SimpleNamespace(free=0))
    assert place_sentence(RuntimeError("NetCDF: HDF error")) == "A file cannot be written: the disk is full."


def test_kernels_are_compiled_where_no_place_can_keep_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    (tmp_path / "file").write_text("no folder")
    nowhere = (tmp_path / "file" / "a", tmp_path / "file" / "b")
    kernels._cache_kernels((tmp_path / "kept", *nowhere))
    assert "NUMBA_CACHE_DIR" not in os.environ
    kernels._cache_kernels(nowhere)
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    (sentence,) = [record.getMessage() for record in caplog.records]
    assert sentence.startswith("No place to keep compiled kernels")
