"""Each export that the guide describes by example, written by a generator and read as the example says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from legsci.ingest.check import check_study
from legsci.ingest.devices import Device
from legsci.ingest.faults import RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.session import build_session
from legsci.ingest.settings import devices_of
from legsci.ingest.streams import stream
from tests import foreign_exports as exports
from tests.foreign_files import CENTRE, plate_jump

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "study-folder.md"
JUMP = plate_jump()
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def example(name: str) -> Device:
    """A device of the guide."""
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (described,) = [shown[name] for shown in map(yaml.safe_load, blocks) if name in shown]
    devices, faults = devices_of({"lab": {"up": "z", "forward": "x"}, "devices": {name: described}})
    assert faults == []
    return devices[name]


def read(path: Path, device: Device) -> Recording:
    return map_names(READERS[device.reader](path, device=device), device, path.name)


VERTICAL: dict[str, tuple[Callable[..., Path], str]] = {
    "hawkin": (exports.write_hawkin, "jump.csv"),
    "forcedecks": (exports.write_forcedecks, "jump.csv"),
    "excel": (exports.write_spreadsheet, "jump.xlsx"),
}


@pytest.mark.parametrize("name", VERTICAL)
def test_vertical_force_of_each_foot(tmp_path: Path, name: str) -> None:
    write, file = VERTICAL[name]
    force = read(write(tmp_path / file, JUMP), example(name)).signals["force"]
    assert force.attrs["sampling_rate_hz"] == pytest.approx(1000.0)
    assert list(force["foot"].to_numpy()) == ["left", "right"]
    for share, plate in zip((0.6, 0.4), force["force"], strict=True):
        np.testing.assert_allclose(plate[:, 0], share * JUMP.jump.force, atol=6e-4)


SPATIAL: dict[str, tuple[Callable[..., Path], np.ndarray, np.ndarray]] = {
    "amti": (exports.write_netforce, np.eye(3), CENTRE),
    "bertec": (exports.write_bertec, np.eye(3), CENTRE),
    "visual3d": (exports.write_visual3d, np.eye(3), np.zeros(3)),
    "opensim_csv": (exports.write_opensim_csv, Y_UP, np.zeros(3)),
}


@pytest.mark.parametrize("name", SPATIAL)
def test_force_and_moment(tmp_path: Path, name: str) -> None:
    write, turn, origin = SPATIAL[name]
    force = read(write(tmp_path / "jump.txt", JUMP), example(name)).signals["force"]
    assert force.attrs["sampling_rate_hz"] == pytest.approx(1000.0)
    about = JUMP.moment - np.cross(origin, JUMP.force)
    loaded = JUMP.loaded
    np.testing.assert_allclose(force["force"][0], JUMP.force @ turn.T, atol=1e-3)
    np.testing.assert_allclose(force["moment"][0][loaded], (about @ turn.T)[loaded], atol=2e-3)
    assert np.isfinite(force["moment"]).all()


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("milli", [True, False])
def test_qualisys_force_is_about_the_origin_whatever_the_file_is_about(
    tmp_path: Path, local: bool, milli: bool
) -> None:
    path = exports.write_qualisys_force(tmp_path / "jump_f_1.tsv", JUMP, name="Force-plate 1", local=local, milli=milli)
    recording = read(path, example("qualisys"))
    force = recording.signals["force"]
    assert list(force["plate"].to_numpy()) == ["Force-plate 1"]
    assert list(force["foot"].to_numpy()) == ["left"]
    np.testing.assert_allclose(force["force"][0], JUMP.force, atol=1e-5)
    np.testing.assert_allclose(force["moment"][0], JUMP.moment, atol=1e-3)
    assert any(f"in N{' mm' if milli else ' m'} about the plate's centre" in s for s in recording.assumptions)


def test_an_empty_plate_of_qualisys_reads_and_a_strange_one_is_refused(tmp_path: Path) -> None:
    empty = exports.write_qualisys_force(tmp_path / "a_f_2.tsv", JUMP, name="Force-plate 2", local=True, share=0.0)
    assert float(np.abs(read(empty, example("qualisys")).signals["force"]["force"]).max()) == 0.0
    strange = exports.write_qualisys_force(tmp_path / "a_f_3.tsv", JUMP, name="Force-plate 3", local=True)
    with pytest.raises(RecordingError, match="plate Force-plate 1: expected one of Force-plate 3; found no such plate"):
        read(strange, example("qualisys"))


@pytest.mark.parametrize("times", [True, False])
def test_qualisys_markers(tmp_path: Path, times: bool) -> None:
    seen = np.arange(50)[:, None] / 50.0
    markers = {"L_IAS": np.array([0.1, 0.2, 1.0]) + 0.1 * seen}
    markers["R_IAS"] = np.where((seen > 0.4) & (seen < 0.5), np.nan, np.array([0.35, 0.2, 1.0]) + 0.1 * seen)
    path = exports.write_qualisys_markers(tmp_path / "jump.tsv", markers, rate_hz=200.0, times=times)
    signal = read(path, example("qualisys")).signals["markers"]
    assert signal.attrs["sampling_rate_hz"] == 200.0
    for label, position in zip(("left", "right"), markers.values(), strict=True):
        named = f"{label}_anterior_superior_iliac_spine"
        np.testing.assert_allclose(signal["position"].sel(marker=named), position, atol=1e-6)


def test_qualisys_files_without_a_header_or_cut_short_are_refused(tmp_path: Path) -> None:
    path = exports.write_qualisys_force(tmp_path / "a.tsv", JUMP, name="1", local=True)
    lines = path.read_text().splitlines()
    (tmp_path / "b.tsv").write_text("\n".join(lines[22:]))
    (tmp_path / "c.tsv").write_text("\n".join(lines[:500]))
    for name, said in (("b.tsv", "Include TSV header"), ("c.tsv", "rows, as the header says")):
        with pytest.raises(RecordingError, match=said):
            READERS["qualisys"](tmp_path / name, device=example("qualisys"))


def test_a_sheet_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    path = exports.write_spreadsheet(tmp_path / "jump.xlsx", JUMP)
    device = example("excel")
    for text, said in (
        ({**device.text, "sheet": "Raw"}, "text.sheet: expected one of the sheets 'Info', 'Raw data'; found 'Raw'"),
        ({key: value for key, value in device.text.items() if key != "sheet"}, "found none"),
        ({**device.text, "names_row": 2}, "text.names_row, now 2"),
    ):
        with pytest.raises(RecordingError) as refused:
            read(path, replace(device, text=text))
        assert said in str(refused.value)
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0 an old workbook")
    with pytest.raises(RecordingError, match=r"a spreadsheet \(\.xlsx"):
        read(tmp_path / "old.xls", device)
    with pytest.raises(RecordingError, match="a spreadsheet: reader spreadsheet reads"):
        READERS["delimited"](path, device=example("hawkin"))


def test_text_in_shift_jis_reads_with_its_code_page_and_the_refusal_names_the_key(shared_data: Path) -> None:
    path, device = shared_data / "text-shift-jis" / "a05.csv", example("tec_gihan")
    assert read(path, device).signals["force"].sizes["time"] == 4000
    with pytest.raises(RecordingError, match=r"another code page set as text\.encoding"):
        read(path, replace(device, text={"header_rows": 6}))


def test_files_that_each_hold_a_plate_are_one_set_of_plates(tmp_path: Path) -> None:
    """Two plates and the markers of a trial in three files: the second plate is empty and costs nothing."""
    device = yaml.safe_load(
        "{reader: qualisys, plates: {Force-plate 1: {foot: left}, Force-plate 2: {foot: right}},"
        " markers: {L_IAS: left_anterior_superior_iliac_spine, R_IAS: right_anterior_superior_iliac_spine}}"
    )
    study = {"name": "plates", "lab": {"up": "z", "forward": "x"}, "devices": {"qtm": device}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    exports.write_qualisys_force(tmp_path / "a_f_1.tsv", JUMP, name="Force-plate 1", local=True)
    exports.write_qualisys_force(tmp_path / "a_f_2.tsv", JUMP, name="Force-plate 2", local=True, share=0.0)
    seen = np.arange(len(JUMP.force) // 10)[:, None] / 100.0
    markers = {name: np.array([0.1, 0.2 + 0.25 * n, 1.0]) + 0.01 * seen for n, name in enumerate(("L_IAS", "R_IAS"))}
    exports.write_qualisys_markers(tmp_path / "a.tsv", markers, rate_hz=100.0, times=True)
    key = "participant_id\tsession_id\ttrial_id"
    tables = {
        "participants": "participant_id\nP01\n",
        "sessions": "participant_id\tsession_id\tday\nP01\tA\t0\n",
        "trials": f"{key}\ttask\nP01\tA\tt\tcountermovement_jump\n",
        "recordings": "\n".join(
            [f"{key}\tdevice\tpath", *(f"P01\tA\tt\tqtm\t{name}" for name in ("a_f_2.tsv", "a_f_1.tsv", "a.tsv")), ""]
        ),
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.tsv").write_text(text)
    trial = build_session(check_study(tmp_path), "P01", "A")["t"]
    assert "faults" not in trial.attrs
    force = stream(trial, "force")
    assert force is not None
    assert sorted(force["foot"].to_numpy()) == ["left", "right"]
    np.testing.assert_allclose(force["force"].sel(axis="y").sum("plate"), JUMP.jump.force, atol=1e-4)
    assert stream(trial, "markers") is not None
