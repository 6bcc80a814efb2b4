"""Readers on files written as their makers write them, with known answers: these run on every checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ezc3d
import numpy as np
import pytest
import xarray as xr

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.kernels.plates import centre_of_pressure
from tests import foreign_files as foreign
from tests.mechanics.recordings import recorded_trial, text_columns
from tests.mechanics.trials import outcome

JUMP = foreign.plate_jump()
SUB = 10  # samples of the plate in a frame
FRAMES = len(JUMP.force) // SUB
KNEE_DEG = 60.0 + 50.0 * np.sin(np.arange(FRAMES) / 40.0)
SEEN = np.arange(FRAMES)[:, None] / FRAMES
MARKERS = {
    "LASI": np.array([0.1, 0.2, 1.0]) + SEEN * np.array([0.05, -0.02, 0.1]),
    "RASI": np.where((SEEN > 0.4) & (SEEN < 0.45), np.nan, np.array([0.3, 0.2, 1.0]) + SEEN),
}
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
HALF_TURN = np.diag([1.0, -1.0, -1.0])
CENTRE = foreign.CENTRE


def read(path: Path, reader: str, up: str = "z", forward: str = "x", **rest: object) -> dict[str, xr.Dataset]:
    device = Device(name="device", reader=reader, up=up, forward=forward, **rest)  # type: ignore[arg-type]
    return READERS[reader](path, device=device, part=None).signals


def assert_reaction(signal: xr.Dataset, *, turn: np.ndarray, origin: np.ndarray, digits: float) -> None:
    """Force and moment of the one plate are those of the jump, in axes that are turned and moved to another origin."""
    force, moment = (signal[name].to_numpy()[0] for name in ("force", "moment"))
    count = len(force)
    about_origin = JUMP.moment - np.cross(origin, JUMP.force)
    np.testing.assert_allclose(force, (JUMP.force @ turn.T)[:count], atol=digits)
    np.testing.assert_allclose(moment, (about_origin @ turn.T)[:count], atol=digits)
    vertical = int(np.argmax(np.abs(turn[:, 2])))
    sign = turn[vertical, 2]
    point, free_moment = centre_of_pressure(
        np.ascontiguousarray(sign * force), np.ascontiguousarray(sign * moment), 0.0, vertical, 20.0
    )
    heavy = JUMP.force[:count, 2] > 300.0
    np.testing.assert_allclose(point[heavy], ((JUMP.point - origin) @ turn.T)[:count][heavy], atol=2e-5)
    np.testing.assert_allclose(free_moment[heavy], JUMP.free_moment[:count][heavy], atol=0.02)


def test_bioware_text_holds_the_reaction_about_the_centre_of_its_plate(tmp_path: Path) -> None:
    path = foreign.write_bioware(tmp_path / "jump.txt", JUMP)
    force = read(path, "bioware", "-z")["force"]
    assert force.attrs["sampling_rate_hz"] == 1000.0
    assert_reaction(force, turn=HALF_TURN, origin=CENTRE, digits=2e-6)


@pytest.mark.parametrize("plate_type", [1, 2, 3, 4])
def test_c3d_of_every_type_of_plate_holds_the_reaction_about_the_laboratorys_origin(
    tmp_path: Path, plate_type: int
) -> None:
    signals = read(foreign.write_c3d(tmp_path / "jump.c3d", JUMP, MARKERS, plate_type=plate_type), "c3d")
    assert_reaction(signals["force"], turn=np.eye(3), origin=np.zeros(3), digits=1e-3)
    for label, position in MARKERS.items():
        np.testing.assert_allclose(signals["markers"]["position"].sel(marker=label), position, atol=1e-6)


@pytest.mark.parametrize("plate_type", [2, 3, 4])
def test_c3d_forces_are_those_that_ezc3d_extracts(tmp_path: Path, plate_type: int) -> None:
    path = foreign.write_c3d(tmp_path / "jump.c3d", JUMP, MARKERS, plate_type=plate_type)
    signal = read(path, "c3d")["force"]
    (platform,) = ezc3d.c3d(str(path), extract_forceplat_data=True)["data"]["platform"]
    sign = -1.0 if plate_type == 3 else 1.0  # ezc3d leaves the force on the plate as it is
    np.testing.assert_allclose(sign * signal["force"][0].to_numpy().T, platform["force"], atol=1e-3)


def test_nexus_text_holds_force_markers_and_angles(tmp_path: Path) -> None:
    signals = read(foreign.write_nexus(tmp_path / "jump.csv", JUMP, MARKERS, KNEE_DEG), "nexus")
    assert_reaction(signals["force"], turn=np.eye(3), origin=np.zeros(3), digits=0.006)
    for label, position in MARKERS.items():
        np.testing.assert_allclose(signals["markers"]["position"].sel(marker=label), position, atol=1e-8)
    angle = signals["angles"]["angle"].sel(joint_angle="RKneeAngles.x")
    np.testing.assert_allclose(angle, KNEE_DEG, rtol=1e-5)


@pytest.mark.parametrize("padded", [False, True])
def test_opensim_ground_forces_are_about_the_origin(tmp_path: Path, padded: bool) -> None:
    path = foreign.write_ground_forces(tmp_path / "grf.mot", JUMP, padded=padded)
    force = read(path, "opensim", "y")["force"]
    assert list(force["plate"].to_numpy()) == ["R" if padded else "1"]
    assert_reaction(force, turn=Y_UP, origin=np.zeros(3), digits=1e-4)


@pytest.mark.parametrize("unit", ["mm", "m"])
def test_opensim_markers_are_in_metres_with_gaps(tmp_path: Path, unit: str) -> None:
    path = foreign.write_trc(tmp_path / "jump.trc", MARKERS, rate_hz=100.0, unit=unit)
    signal = read(path, "opensim", "y")["markers"]
    assert signal.attrs["sampling_rate_hz"] == pytest.approx(100.0)
    for label, position in MARKERS.items():
        np.testing.assert_allclose(signal["position"].sel(marker=label), position, atol=1e-5)


def test_opensim_coordinates_are_degrees(tmp_path: Path) -> None:
    path = foreign.write_coordinates(tmp_path / "ik.mot", KNEE_DEG, rate_hz=100.0)
    angle = read(path, "opensim", "y")["angles"]["angle"]
    np.testing.assert_allclose(angle.sel(joint_angle="knee_angle_r"), KNEE_DEG, atol=1e-7)


@pytest.mark.parametrize("comma", [False, True])
def test_delimited_text_holds_both_plates(tmp_path: Path, comma: bool) -> None:
    left, right = 0.6 * JUMP.jump.force, 0.4 * JUMP.jump.force
    path = foreign.write_two_plates(tmp_path / "jump.txt", left, right, comma=comma)
    text = {"header_rows": 1, "delimiter": ";" if comma else "\t", "decimal": "," if comma else "."}
    plates = {"left": PlateSetup(columns={"up": "FP1"}), "right": PlateSetup(columns={"up": "FP2"})}
    force = read(path, "delimited", rate_hz=1000.0, plates=plates, text=text)["force"]["force"]
    np.testing.assert_allclose(force.sel(plate="left").squeeze("axis"), left, atol=6e-4)
    np.testing.assert_allclose(force.sel(plate="right").squeeze("axis"), right, atol=6e-4)


def two_plates(path: Path) -> Path:
    return foreign.write_two_plates(path, 0.6 * JUMP.jump.force, 0.4 * JUMP.jump.force)


COLUMNS = {"rate_hz": 1000.0} | text_columns("FP1", "FP2", header_rows=1, delimiter="\t")
# Name -> how the file is written, its reader, the axis that points up, and what else the study says of it.
WRITTEN: dict[str, tuple[Callable[[Path], Path], str, str, dict[str, object]]] = {
    "jump.txt": (lambda path: foreign.write_bioware(path, JUMP), "bioware", "-z", {}),
    "type1.c3d": (lambda path: foreign.write_c3d(path, JUMP, MARKERS, plate_type=1), "c3d", "z", {}),
    "type2.c3d": (lambda path: foreign.write_c3d(path, JUMP, MARKERS, plate_type=2), "c3d", "z", {}),
    "type3.c3d": (lambda path: foreign.write_c3d(path, JUMP, MARKERS, plate_type=3), "c3d", "z", {}),
    "type4.c3d": (lambda path: foreign.write_c3d(path, JUMP, MARKERS, plate_type=4), "c3d", "z", {}),
    "nexus.csv": (lambda path: foreign.write_nexus(path, JUMP, MARKERS, KNEE_DEG), "nexus", "z", {}),
    "markers.trc": (lambda path: foreign.write_trc(path, MARKERS, rate_hz=100.0), "opensim", "y", {}),
    "grf.mot": (lambda path: foreign.write_ground_forces(path, JUMP, padded=False), "opensim", "y", {}),
    "simm.mot": (lambda path: foreign.write_ground_forces(path, JUMP, padded=True), "opensim", "y", {}),
    "two.txt": (two_plates, "delimited", "z", COLUMNS),
}


@pytest.mark.parametrize("name", [name for name in WRITTEN if name != "markers.trc"])
def test_height_of_the_jump_is_known_whatever_wrote_it(tmp_path: Path, name: str) -> None:
    write, reader, up, described = WRITTEN[name]
    path = write(tmp_path / name)
    feet = ("left", "right") if name == "two.txt" else ("both",)
    trial = recorded_trial(path, reader=reader, up=up, task="countermovement_jump", feet=feet, **described)
    row = outcome(trial.drop_nodes("markers", errors="ignore")).row("T")
    assert row["body_weight_n"] == pytest.approx(JUMP.jump.body_weight, abs=1.0)
    assert row["jump_height_impulse_m"] == pytest.approx(JUMP.jump.height, abs=0.003)
    assert row["jump_height_flight_time_m"] == pytest.approx(JUMP.jump.height, abs=0.003)
    assert row["status"] == "accepted"


@pytest.mark.parametrize("name", [name for name in WRITTEN if name != "two.txt"])
def test_recordings_that_are_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    """Delimited text has no header that says how many rows there are; all other formats tell."""
    write, reader, up, described = WRITTEN[name]
    whole = write(tmp_path / f"whole_{name}").read_bytes()
    for share in (0.002, 0.03, 0.2, 0.5, 0.9):
        path = tmp_path / name
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(RecordingError, match=name):
            read(path, reader, up, **described)
