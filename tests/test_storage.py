"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from legsci.storage import atomic_write


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
