"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from legsci import kernels, storage
from legsci.storage import atomic_write, place_sentence, read_tree, write_tree
from tests.checkout import ROOT


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, which is a full disk")
def test_a_job_says_in_one_sentence_that_the_disk_is_full_although_its_log_is_on_that_disk() -> None:
    code = "import errno, os\nfrom job_log import job_log\nwith job_log('/dev/full'):\n"
    code += "    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), 'results/a.nc')\n"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "workflow" / "scripts")])}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == "results/a.nc cannot be written: the disk is full.\n"


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_without_a_writable_home_make_gives_snakemake_a_cache_in_the_checkout() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    said = []
    for home in (os.environ.get("HOME", "/root"), "/dev/null"):
        answer = subprocess.run(
            ["make", "--dry-run", "--no-print-directory", "study"],
            cwd=ROOT,
            env=environment | {"HOME": home, "VIRTUAL_ENV": sys.prefix},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(answer.stdout.splitlines())
    assert said[1] == [
        "/dev/null/.cache cannot be written: snakemake keeps its cache in .snakemake/cache instead.",
        *said[0],
    ]


def test_truth_values_are_read_as_such(tmp_path: Path) -> None:
    truth = xr.Dataset({"withheld": ("rep", np.array([True, False, True])), "count": ("rep", np.arange(3))})
    write_tree(xr.DataTree(truth), tmp_path / "a.nc", decimals={})
    read = read_tree(tmp_path / "a.nc").to_dataset()
    xr.testing.assert_identical(read, truth)
    assert read["withheld"].dtype == bool
    with xr.open_dataset(tmp_path / "a.nc") as opened:
        assert opened["withheld"].dtype == bool
