"""Files of the virtual athlete: what is written is what the readers of legsci read."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pandas as pd
import pytest

from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.kernels.plates import centre_of_pressure
from legsci.simulate.recordings.writers import LAB_AXES, write_bioware, write_c3d, write_table, write_xsens
from legsci.simulate.sensors.imu import ImuRecording
from legsci.simulate.sensors.markers import Trajectories
from legsci.simulate.sensors.plates import PlateSettings, converter_steps, plates_under, record_plates, surface_wrench
from tests.simulate.hand_motion import hand_motion
from tests.simulate.ideal_sensors import IDEAL_PLATES

LABELS = ("right_anterior_superior_iliac_spine", "c7")


def read(path: Path, reader: str, **described: str) -> Recording:
    return READERS[reader](path, device=Device(name="device", reader=reader, **described))


def some_markers(frames: int) -> Trajectories:
    position = np.random.default_rng(0).normal(size=(frames, len(LABELS), 3))
    position[100:120, 1] = np.nan
    return Trajectories(LABELS, position, 200.0)


def write_hand_motion(path: Path, *, plate_type: int = 2) -> None:
    motion = hand_motion()
    plates = plates_under(motion, plate_type=plate_type)
    channels, _ = record_plates(motion, plates, IDEAL_PLATES, np.random.default_rng(0))
    write_c3d(
        path,
        analog_rate_hz=1000.0,
        plates=plates,
        plate_channels=channels,
        markers=some_markers(800),
        emg={"left_gastrocnemius": np.full(4000, 1e-4)},
    )


@pytest.mark.parametrize("plate_type", [2, 3])
def test_c3d_comes_back_through_the_reader(tmp_path: Path, plate_type: int) -> None:
    motion = hand_motion()
    write_hand_motion(tmp_path / "a.c3d", plate_type=plate_type)
    recording = read(tmp_path / "a.c3d", "c3d", up="z", forward="y")
    assert recording.assumptions == ()  # nothing had to be mended
    force = recording.signals["force"]
    assert force.attrs["sampling_rate_hz"] == 1000.0
    for foot in range(2):
        plate = force.isel(plate=foot)
        np.testing.assert_allclose(plate["force"], motion.force[foot][:, LAB_AXES], atol=1e-3)
        point, torque = centre_of_pressure(plate["force"].to_numpy(), plate["moment"].to_numpy(), 0.0, 2, 20.0)
        np.testing.assert_allclose(point, motion.centre_of_pressure[foot][:, LAB_AXES], atol=1e-6)
        loaded = np.isfinite(torque)
        assert loaded.sum() == 3700
        np.testing.assert_allclose(torque[loaded], motion.free_moment[foot, loaded], atol=1e-3)
    markers = recording.signals["markers"]
    assert tuple(markers["marker"].to_numpy()) == LABELS
    assert markers.attrs["sampling_rate_hz"] == 200.0
    np.testing.assert_allclose(
        markers["position"], some_markers(800).position[:, :, LAB_AXES], atol=1e-6
    )  # NaN in gaps


def test_c3d_holds_emg_and_residuals_that_mark_gaps(tmp_path: Path) -> None:
    write_hand_motion(tmp_path / "a.c3d")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    analog = file["parameters"]["ANALOG"]
    assert analog["LABELS"]["value"][-1] == "left_gastrocnemius"
    assert analog["UNITS"]["value"][-1] == "V"
    assert file["data"]["analogs"][0, -1] == pytest.approx(1e-4)
    residuals = file["data"]["meta_points"]["residuals"][0]
    np.testing.assert_array_equal(np.flatnonzero(residuals[1] < 0), np.arange(100, 120))
    assert (residuals[0] >= 0).all()
    plates = file["parameters"]["FORCE_PLATFORM"]
    assert [plates[name]["type"] for name in ("USED", "TYPE", "CHANNEL", "ZERO")] == [ezc3d.ezc3d.INT] * 4


def test_c3d_refuses_samples_that_do_not_fit(tmp_path: Path) -> None:
    motion = hand_motion()
    plates = plates_under(motion)
    channels, _ = record_plates(motion, plates, IDEAL_PLATES, np.random.default_rng(0))
    about = {"analog_rate_hz": 1000.0, "plates": plates}
    with pytest.raises(ValueError, match="4000 samples at 1000 Hz do not cover 799 frames"):
        write_c3d(tmp_path / "a.c3d", plate_channels=channels, markers=some_markers(799), **about)
    short = [channels[0], channels[1][:5]]
    with pytest.raises(ValueError, match="plate 2: TYPE 2 has 6 channels, not 5"):
        write_c3d(tmp_path / "a.c3d", plate_channels=short, markers=some_markers(800), **about)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("plate_type", [2, 3])
def test_integers_lose_nothing_of_the_converters_and_little_of_the_points(tmp_path: Path, plate_type: int) -> None:
    motion = hand_motion()
    plates, settings = plates_under(motion, plate_type=plate_type), PlateSettings()
    channels, _ = record_plates(motion, plates, settings, np.random.default_rng(0))
    markers = some_markers(800)
    about = {
        "analog_rate_hz": 1000.0,
        "plates": plates,
        "plate_channels": channels,
        "markers": markers,
    }
    write_c3d(tmp_path / "float.c3d", **about)
    steps = [step for plate in plates for step in converter_steps(plate, settings)]
    write_c3d(tmp_path / "integer.c3d", **about, steps=steps)
    size = {name: (tmp_path / f"{name}.c3d").stat().st_size for name in ("float", "integer")}
    assert size["integer"] < 0.55 * size["float"]
    full, half = (read(tmp_path / f"{name}.c3d", "c3d", up="z", forward="y") for name in ("float", "integer"))
    for name in ("force", "moment"):
        np.testing.assert_allclose(half.signals["force"][name], full.signals["force"][name], atol=2e-4)
    step = np.ceil(np.nanmax(np.abs(markers.position)) * 1000.0 / 32767.0 * 100.0) / 100.0 / 1000.0
    position = half.signals["markers"]["position"]
    np.testing.assert_allclose(position, markers.position[:, :, LAB_AXES], atol=0.501 * step)
    assert np.nanmax(np.abs(position - markers.position[:, :, LAB_AXES])) > 0.4 * step
    file = ezc3d.c3d(str(tmp_path / "integer.c3d"))
    counts = file["data"]["analogs"][0] / np.array(file["parameters"]["ANALOG"]["SCALE"]["value"])[:, None]
    np.testing.assert_allclose(counts, np.concatenate(channels) / np.array(steps)[:, None], atol=0.01)


def test_integers_refuse_what_does_not_fit(tmp_path: Path) -> None:
    motion = hand_motion()
    plates = plates_under(motion)
    channels, _ = record_plates(motion, plates, IDEAL_PLATES, np.random.default_rng(0))
    with pytest.raises(ValueError, match="do not fit into 16 bits"):
        write_c3d(
            tmp_path / "a.c3d",
            analog_rate_hz=1000.0,
            plates=plates,
            plate_channels=channels,
            markers=some_markers(800),
            steps=[0.001] * 12,
        )
    assert list(tmp_path.iterdir()) == []


def test_files_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.c3d", "b.c3d"):
        write_hand_motion(tmp_path / name)
    assert (tmp_path / "a.c3d").read_bytes() == (tmp_path / "b.c3d").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.c3d", "b.c3d"]


@pytest.mark.parametrize("plate_type", [2, 3])
def test_bioware_text_comes_back_through_the_reader(tmp_path: Path, plate_type: int) -> None:
    motion = hand_motion()
    plates = plates_under(motion, plate_type=plate_type)
    channels, _ = record_plates(motion, plates, IDEAL_PLATES, np.random.default_rng(0))
    wrenches = [surface_wrench(plate, signal) for plate, signal in zip(plates, channels, strict=True)]
    write_bioware(tmp_path / "a.txt", rate_hz=1000.0, wrenches=wrenches)
    # Plate axes: z down, y the way the participant faces.
    recording = read(tmp_path / "a.txt", "bioware", up="-z", forward="y")
    force = recording.signals["force"]
    assert force.attrs["sampling_rate_hz"] == 1000.0
    to_plate = plates[0].axes
    for foot in range(2):
        np.testing.assert_allclose(force["force"][foot], motion.force[foot] @ to_plate, atol=1e-6)
        np.testing.assert_allclose(force["moment"][foot], wrenches[foot][1], atol=1e-6)
    rows = pd.read_csv(tmp_path / "a.txt", sep="\t", skiprows=[*range(10), 11])
    lever = (motion.centre_of_pressure[0] - plates[0].centre) @ to_plate
    loaded = np.isfinite(lever[:, 0])
    np.testing.assert_allclose(rows.loc[loaded, ["Ax", "Ay"]], lever[loaded, :2], atol=1e-6)
    np.testing.assert_allclose(rows.loc[loaded, "Tz"], motion.free_moment[0, loaded], atol=1e-5)
    assert (rows.loc[loaded, "Fz"] > 0).all()
    assert (rows.loc[~loaded, ["Ax", "Ay", "Tz"]] == 0.0).all(axis=None)


def test_xsens_text_has_the_layout_of_real_exports(tmp_path: Path, shared_data: Path) -> None:
    readings = np.random.default_rng(0).normal(size=(30, 6))
    arrived = np.delete(np.arange(32), [10, 11])
    recording = ImuRecording(100.0, arrived, readings[:, :3], readings[:, 3:])
    write_xsens(tmp_path / "MT_00B42101.txt", recording, first_packet=65530)
    lines = (tmp_path / "MT_00B42101.txt").read_text().splitlines()
    real = next((shared_data / "opensense-xsens").glob("MT_*.txt")).read_text().splitlines()
    for ours, theirs in zip(lines[:3], real[:3], strict=True):
        assert ours.split(":")[0] == theirs.split(":")[0]
    row = next(number for number, line in enumerate(lines) if not line.startswith("//"))
    names, real_names = lines[row].split("\t"), real[5].split("\t")
    assert set(names) - {"Gyr_X", "Gyr_Y", "Gyr_Z"} < set(real_names)
    table = pd.read_csv(tmp_path / "MT_00B42101.txt", sep="\t", comment="/")
    np.testing.assert_allclose(table.iloc[:, 2:5], readings[:, :3], atol=1e-4)
    np.testing.assert_allclose(table.iloc[:, 5:], readings[:, 3:], atol=1e-5)
    assert table["PacketCounter"].tolist() == [*range(65530, 65536), *range(4), *range(6, 26)]
    assert table["SampleTimeFine"].tolist() == [100 * (1 + packet) for packet in arrived]


def test_tables_say_what_is_missing_and_refuse_unknown_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "trials.tsv", ["trial_id", "leg"], [{"trial_id": "a"}, {"trial_id": "b", "leg": "left"}])
    assert (tmp_path / "trials.tsv").read_text() == "trial_id\tleg\na\tn/a\nb\tleft\n"
    with pytest.raises(ValueError, match="does not have: foot"):
        write_table(tmp_path / "other.tsv", ["trial_id"], [{"foot": "left"}])
    assert not (tmp_path / "other.tsv").exists()
