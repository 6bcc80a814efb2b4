"""A small form of `make fuzz`: no mutant crashes, raises anything but a refusal, or reads wrong in silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from legsci.ingest.check import check_study
from legsci.ingest.faults import StudyError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS, c3d_plates
from tests.ingest.test_bad_files_in_a_study import write_study
from tests.mutants import faulty_folder, mutate, outcome, specimens

MUTANTS = 40


@pytest.mark.parametrize("name", ["c3d", "bioware", "nexus", "opensim", "trc", "qualisys", "delimited", "spreadsheet"])
def test_mutants_of_a_recording(tmp_path: Path, name: str) -> None:
    specimen = specimens(tmp_path)[name]
    device, rng = specimen.device, np.random.default_rng(11)
    sound = map_names(READERS[device.reader](specimen.path, device=device), device, specimen.path.name)
    mutant = tmp_path / f"mutant{specimen.path.suffix}"
    refused = 0
    for number in range(MUTANTS):
        how, content = mutate(specimen, rng)
        mutant.write_bytes(content)
        found = outcome(mutant, specimen, sound)
        assert found.kind not in ("crash", "unforeseen"), (number, how, found)
        assert found.kind != "changed in silence" or how.startswith("value"), (number, how)
        refused += found.kind == "refused"
    assert refused > MUTANTS // 4


@pytest.mark.parametrize("checked", [True, False])
def test_a_reader_that_takes_what_contradicts_itself_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: bool
) -> None:
    """Without its check two plates share a channel in silence: a mutant of names and numbers, not of values."""
    specimen = specimens(tmp_path)["c3d"]
    device, content = specimen.device, bytearray(specimen.path.read_bytes())
    sound = map_names(READERS["c3d"](specimen.path, device=device), device, specimen.path.name)
    first = content.index(b"CHANNEL") + len(b"CHANNEL") + 2 + 4
    assert content[first : first + 4] == b"\1\0\2\0"
    assert not any(start <= first < stop for start, stop in specimen.values)
    content[first + 4] = 9  # the vertical force of plate 1 is that of plate 2
    mutant = tmp_path / "mutant.c3d"
    mutant.write_bytes(content)
    if not checked:
        monkeypatch.setattr(c3d_plates, "check_channels", lambda *_: None)
    assert outcome(mutant, specimen, sound).kind == ("refused" if checked else "changed in silence")


def test_faulty_study_folders(tmp_path: Path) -> None:
    whole = write_study(tmp_path / "whole", ["good_1", "good_3"])
    check_study(whole)
    rng, refused = np.random.default_rng(12), 0
    for number in range(MUTANTS):
        folder = tmp_path / f"folder_{number}"
        shutil.copytree(whole, folder)
        faulty_folder(folder, rng)
        try:
            check_study(folder)
        except StudyError:
            refused += 1
    assert refused > MUTANTS // 2
