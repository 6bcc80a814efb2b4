"""What goes wrong in practice, in other formats and quantities than the recordings that first showed it.

Kind: letters of a code page in units; a pressure in another unit of length; markers in another unit of length; a
pressure missing in flight; rows cut at their ends. Labels in a code page, unsigned samples and decimal commas have
theirs in test_c3d_files.py and test_text_files.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from legsci.ingest.devices import Channel, Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from tests import foreign_exports as exports
from tests import foreign_files as foreign
from tests.c3d_bytes import plate_groups, standing, write_c3d_bytes

JUMP = foreign.plate_jump(200.0)
POINTS, ANALOGS = standing(100, points=3)
NAMES = {f"{side[0].upper()}ASI": f"{side}_anterior_superior_iliac_spine" for side in ("left", "right")}
NAMES |= {f"{side[0].upper()}PSI": f"{side}_posterior_superior_iliac_spine" for side in ("left", "right")}
PELVIS = {"LASI": (0.1, 0.12, 1.0), "RASI": (0.1, -0.12, 1.0), "LPSI": (-0.1, 0.05, 1.02), "RPSI": (-0.1, -0.05, 1.02)}


def read(path: Path, device: Device) -> Recording:
    return map_names(READERS[device.reader](path, device=device), device, path.name)


def refusal(path: Path, device: Device) -> str:
    with pytest.raises(RecordingError) as refused:
        read(path, device)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_angles_in_degrees_with_the_sign_of_a_code_page(tmp_path: Path, encoding: str) -> None:
    points = POINTS.copy()
    points[:, 2, :3] = 30.0
    groups = {"POINT": {"LABELS": ["M1", "M2", "LKneeAngles"], "ANGLE_UNITS": ["°"]}}
    path = write_c3d_bytes(tmp_path / "a.c3d", points, ANALOGS[..., :0], groups=groups, encoding=encoding)
    np.testing.assert_allclose(read(path, Device("d", "c3d", forward="x")).signals["angles"]["angle"], 30.0)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_emg_in_microvolts_with_the_letter_of_a_code_page(tmp_path: Path, encoding: str) -> None:
    analogs = np.concatenate([ANALOGS, ANALOGS[..., :1]], axis=2)
    groups = plate_groups(ANALOGS) | {
        "ANALOG": {"LABELS": [*"ABCDEF", "GMED"], "UNITS": [*["N"] * 3, *["Nm"] * 3, "µV"]}
    }
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, analogs, groups=groups, encoding=encoding)
    device = Device("d", "c3d", forward="x", channels={"GMED": Channel("emg", muscle="gluteus_medius", side="left")})
    emg = read(path, device).signals["emg"]
    assert emg["unit"].item() == "V"
    np.testing.assert_allclose(emg["value"].squeeze(), 1e-6 * analogs[..., -1].ravel(), rtol=1e-5)
    assert "remarks" not in emg.attrs


@pytest.mark.parametrize("sign", ["·", "\N{DOT OPERATOR}", "*", "-", " "])
def test_moments_of_text_with_the_sign_of_a_product(tmp_path: Path, sign: str) -> None:
    path = exports.write_bertec(tmp_path / "a.txt", JUMP)
    path.write_text(path.read_text(encoding="utf-8").replace("N.m", f"N{sign}m"), encoding="utf-8")
    six = {name.lower(): name for name in exports.SIX}
    text = {"header_rows": 2, "names_row": 1, "units_row": 2, "delimiter": "\t", "time_column": "Time"}
    device = Device("d", "delimited", plates={"1": PlateSetup("both", six)}, text=text)
    assert np.isfinite(read(path, device).signals["force"]["moment"]).all()


def trc(path: Path, markers: dict[str, np.ndarray]) -> tuple[Path, str]:
    return foreign.write_trc(path.with_suffix(".trc"), markers, rate_hz=100.0), "opensim"


def nexus(path: Path, markers: dict[str, np.ndarray]) -> tuple[Path, str]:
    frames = len(next(iter(markers.values())))
    jump = foreign.plate_jump(100.0 * frames / 100)
    return foreign.write_nexus(path.with_suffix(".csv"), jump, markers, np.zeros(frames)), "nexus"


def qualisys(path: Path, markers: dict[str, np.ndarray]) -> tuple[Path, str]:
    return exports.write_qualisys_markers(path.with_suffix(".tsv"), markers, rate_hz=100.0, times=True), "qualisys"


@pytest.mark.parametrize("factor", [1.0, 0.001, 0.1, 10.0, 1000.0])
@pytest.mark.parametrize("write", [trc, nexus, qualisys])
def test_markers_in_another_unit_of_length_are_refused_by_any_reader(
    tmp_path: Path, write: Callable[[Path, dict[str, np.ndarray]], tuple[Path, str]], factor: float
) -> None:
    """Metres said to be millimetres, centimetres, and the other way round."""
    sway = 0.002 * np.sin(np.arange(100.0) / 10.0)[:, None]
    markers = {name: factor * (np.array(place) + sway) for name, place in PELVIS.items()}
    path, reader = write(tmp_path / "a", markers)
    device = Device("d", reader, up="z", forward="x", markers=NAMES)
    if factor == 1.0:
        assert read(path, device).signals["markers"].sizes["marker"] == 4
    else:
        assert "markers, unit: expected markers as far apart as on a body: see the unit of length" in refusal(
            path, device
        )


@pytest.mark.parametrize(("factor", "unit"), [(1000.0, "mm"), (100.0, "cm")])
def test_a_pressure_in_another_unit_of_length_is_refused_in_storage_files_too(
    tmp_path: Path, factor: float, unit: str
) -> None:
    path = foreign.write_ground_forces(tmp_path / "a.mot", JUMP, padded=False)
    lines = path.read_text().splitlines()
    rows = [line.split("\t") for line in lines[7:]]
    walk = 0.03 * np.sin(np.arange(len(rows)) / 40.0)
    for row, away in zip(rows, walk.tolist(), strict=True):
        row[4:7] = [f"{factor * (float(row[4]) + away):.6f}", "0", f"{factor * float(row[6]):.6f}"]
    path.write_text("\n".join([*lines[:7], *("\t".join(row) for row in rows)]) + "\n")
    device = {"up": "y", "forward": "x"}
    assert "see the unit of length (length_unit of the device)" in refusal(path, Device("d", "opensim", **device))
    cured = read(path, Device("d", "opensim", length_unit=unit, **device)).signals["force"]
    assert np.isfinite(cured["moment"]).all()


def test_a_sheet_without_a_pressure_in_flight_reads(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["fx", "fy", "fz", "px", "py", "tz"])
    for force in JUMP.jump.force.tolist():
        book.active.append([0.0, 0.0, force, *([0.1, 0.2, 0.0] if force > 20.0 else [None] * 3)])
    book.save(tmp_path / "a.xlsx")
    columns = {name: name for name in ("fx", "fy", "fz", "px", "py", "tz")}
    device = Device(
        "d", "spreadsheet", rate_hz=200.0, plates={"1": PlateSetup("both", columns)}, text={"header_rows": 1}
    )
    force = read(tmp_path / "a.xlsx", device).signals["force"]
    np.testing.assert_allclose(force["moment"][0], np.cross([0.1, 0.2, 0.0], force["force"][0]), atol=1e-9)


def without_pressure(path: Path, rows: list[int], delimiter: str) -> Path:
    """Empty the last three cells of some rows, those of the centre of pressure."""
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    for row in rows:
        lines[row] = delimiter.join([*lines[row].split(delimiter)[:-3], "", "", ""])
    path.write_bytes("\r\n".join(lines).encode())
    return path


@pytest.mark.parametrize("reader", ["nexus", "qualisys"])
def test_exports_of_makers_without_a_pressure_in_flight_read(tmp_path: Path, reader: str) -> None:
    def export() -> tuple[Path, int, str]:
        if reader == "qualisys":
            return exports.write_qualisys_force(tmp_path / "a.tsv", JUMP, name="1", local=False), 23, "\t"
        frames = len(JUMP.force) // 10
        markers = {"LASI": np.ones((frames, 3))}
        return foreign.write_nexus(tmp_path / "a.csv", JUMP, markers, np.zeros(frames)), 5, ","

    path, first, delimiter = export()
    device = Device("d", reader, forward="x")
    whole = read(path, device).signals["force"]
    rows = np.flatnonzero(~JUMP.loaded)
    flight = (first + rows[rows < whole.sizes["time"]]).tolist()
    assert flight
    force = read(without_pressure(path, flight, delimiter), device).signals["force"]
    np.testing.assert_allclose(force["moment"], whole["moment"], atol=1e-6)
    path, first, delimiter = export()
    said = refusal(without_pressure(path, [first + 2], delimiter), device)
    assert "where the plate carries 50 N; found none there" in said


@pytest.mark.parametrize("cut", [3, 6])
def test_rows_of_qualisys_that_end_before_the_last_markers_are_gaps(tmp_path: Path, cut: int) -> None:
    markers = {name: np.tile(np.array(place), (50, 1)) for name, place in PELVIS.items()}
    path = exports.write_qualisys_markers(tmp_path / "a.tsv", markers, rate_hz=100.0, times=True)
    lines = path.read_bytes().decode().split("\r\n")
    for row in (-3, -8):
        lines[row] = "\t".join(lines[row].split("\t")[:-cut])
    path.write_bytes("\r\n".join(lines).encode())
    position = read(path, Device("d", "qualisys", forward="x", markers=NAMES)).signals["markers"]["position"]
    assert int(np.isnan(position).all("axis").sum()) == 2 * cut // 3
