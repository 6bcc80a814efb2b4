"""Recordings of muscles and sensors: each maker's example of the guide, the time axis, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from legsci.ingest.devices import Channel, Device, Sensor
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.settings import devices_of
from tests import sensor_files as files
from tests.ingest.test_guide_examples import example

MOTION = files.sensor_motion(600)
EMG = np.random.default_rng(5).normal(scale=1e-4, size=(1200, 2))
LEFT_SHANK = Sensor(segment="shank", side="left")


def read(path: Path, device: Device) -> Recording:
    return READERS[device.reader](path, device=device)


def flags(signal: xr.Dataset) -> dict[str, list]:
    return {code: rest for code, *rest in json.loads(signal.attrs.get("flags", "[]"))}


def measured(signal: xr.Dataset, quantity: str, *, segment: str = "") -> np.ndarray:
    """Values (time, axis) of a quantity, in the order of the file."""
    chosen = signal["quantity"] == quantity
    if segment:
        chosen &= signal["segment"] == segment
    return signal["value"].isel(channel=np.flatnonzero(chosen.to_numpy())).transpose("time", "channel").to_numpy()


def check_sensor(signal: xr.Dataset, motion: dict[str, np.ndarray], *, atol: float, segment: str = "") -> None:
    named = {"acceleration": ("acc", "m/s^2"), "angular_velocity": ("gyr", "rad/s"), "magnetic_field": ("mag", "uT")}
    for quantity in set(signal["quantity"].to_numpy().tolist()) & named.keys():
        key, unit = named[quantity]
        np.testing.assert_allclose(measured(signal, quantity, segment=segment), motion[key], atol=atol)
        assert set(signal["unit"].to_numpy()[signal["quantity"] == quantity]) == {unit}
    np.testing.assert_allclose(np.diff(signal["time"]), 1.0 / signal.attrs["sampling_rate_hz"], rtol=1e-9)


def test_mt_manager_text(tmp_path: Path) -> None:
    path = files.write_mtw(tmp_path / "MT_01_009-001_00B421ED.txt", MOTION, np.arange(472, 1072))
    recording = read(path, example("mtw"))
    imu = recording.signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == 100.0
    check_sensor(imu, MOTION, atol=1e-6)
    np.testing.assert_allclose(measured(imu, "orientation"), MOTION["quat"], atol=2e-6)
    assert set(imu["segment"].to_numpy().tolist()) == {"thigh"}
    assert set(imu["mounting"].to_numpy().tolist()) == {"lateral"}
    assert flags(imu) == {}


def test_a_file_of_a_sensor_that_is_not_mapped_is_listed_and_not_read(tmp_path: Path) -> None:
    path = files.write_mtw(tmp_path / "MT_01_009-001_00B42279.txt", MOTION, np.arange(600))
    recording = read(path, example("mtw"))
    assert recording.signals == {}
    assert "Acc_X" in recording.unmapped
    with pytest.raises(RecordingError, match="sensors: expected the segment or muscle of each sensor: 00B42279"):
        read(path, Device("d", "xsens_mt"))


def test_dot_csv(tmp_path: Path) -> None:
    path = files.write_dot(tmp_path / "LTibia_20240506_102030_811.csv", MOTION, np.arange(1, 601))
    recording = read(path, example("dot"))
    imu = recording.signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == 60.0
    assert recording.recorded_on == "2024-05-06"
    check_sensor(imu, MOTION, atol=2e-6)
    np.testing.assert_allclose(measured(imu, "orientation"), MOTION["quat"], atol=2e-6)
    by_tag = read(path, Device("d", "xsens_dot", sensors={"Ana": LEFT_SHANK})).signals["imu"]
    xr.testing.assert_equal(by_tag, imu)


def test_mvnx(tmp_path: Path) -> None:
    sensors = {
        label: files.sensor_motion(50, seed=n) for n, label in enumerate(("Pelvis", "RightUpperLeg", "LeftUpperLeg"))
    }
    sensors["Head"] = files.sensor_motion(50, seed=9)
    knee = np.random.default_rng(1).normal(size=(50, 3))
    index = np.delete(np.arange(51), 20)
    recording = read(files.write_mvnx(tmp_path / "a.mvnx", sensors, knee, index), example("mvn"))
    imu = recording.signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == 60.0
    assert recording.recorded_on == "2024-05-06"
    for label, segment in (("Pelvis", "pelvis"), ("RightUpperLeg", "thigh")):
        values = imu["value"].sel(channel=[f"{label} sensorFreeAcceleration.{axis}" for axis in "xyz"])
        np.testing.assert_allclose(np.delete(values.to_numpy(), 20, axis=1).T, sensors[label]["acc"], atol=1e-6)
        assert np.isnan(values[:, 20]).all()
        assert set(values["segment"].to_numpy().tolist()) == {segment}
    assert flags(imu)["samples_lost"][0] == 1.0
    angle = recording.signals["angles"]["angle"]
    assert angle["joint_angle"].to_numpy().tolist() == [f"jRightKnee.{axis}" for axis in "xyz"]
    np.testing.assert_allclose(angle[21:], knee[20:], atol=1e-6)
    assert "Head sensorFreeAcceleration.x" in recording.unmapped
    assert "orientation of segments" in recording.notes["frames"]


def test_mvnx_with_a_document_type_or_other_numbers_is_refused(tmp_path: Path) -> None:
    sensors = {"Pelvis": files.sensor_motion(5)}
    device = Device("d", "mvnx", sensors={"Pelvis": Sensor(segment="pelvis")})
    entity = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    path = files.write_mvnx(tmp_path / "a.mvnx", sensors, np.zeros((5, 3)), np.arange(5), head=entity)
    with pytest.raises(RecordingError, match="XML without a document type"):
        read(path, device)
    with pytest.raises(RecordingError, match="jointAngle: expected 3 numbers in each of 5 frames; found 10 numbers"):
        read(files.write_mvnx(tmp_path / "b.mvnx", sensors, np.zeros((5, 2)), np.arange(5)), device)


def test_ngimu_and_ximu(tmp_path: Path) -> None:
    (tmp_path / "ngimu").mkdir()
    rng = np.random.default_rng(2)
    stamps = np.arange(600) / 49.9 + rng.uniform(0, 2e-3, 600)
    imu = read(files.write_ngimu(tmp_path / "ngimu" / "sensors.csv", MOTION, stamps), example("ngimu")).signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == pytest.approx(49.9, rel=2e-5)
    check_sensor(imu, MOTION, atol=1e-4)
    path = files.write_ximu(tmp_path / "ngimu", MOTION)
    imu = read(path, example("ngimu")).signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == 256.0
    check_sensor(imu, MOTION, atol=1e-4)
    ranges = dict(zip(imu["quantity"].to_numpy().tolist(), imu["range"].to_numpy(), strict=True))
    assert ranges["angular_velocity"] == pytest.approx(np.radians(2000.0))
    assert ranges["acceleration"] == pytest.approx(8 * 9.80665)
    (tmp_path / "ngimu" / "00033_Registers.csv").unlink()
    with pytest.raises(RecordingError, match="rate_hz: expected a rate: InertialAndMagneticDataRate in"):
        read(path, example("ngimu"))


def test_trigno_has_a_stream_for_each_rate(tmp_path: Path) -> None:
    motion = files.sensor_motion(141)
    recording = read(files.write_trigno(tmp_path / "a.csv", EMG, motion), example("trigno"))
    emg, imu = recording.signals["emg"], recording.signals["imu"]
    assert emg.attrs["sampling_rate_hz"] == pytest.approx(34000 / 27, rel=1e-6)
    assert imu.attrs["sampling_rate_hz"] == pytest.approx(4000 / 27, rel=1e-6)
    np.testing.assert_allclose(emg["value"], EMG.T, rtol=1e-6)
    assert emg["muscle"].to_numpy().tolist() == ["vastus_lateralis", "biceps_femoris"]
    check_sensor(imu, motion, atol=1e-5)
    assert flags(emg) == {}
    cut = read(files.write_trigno(tmp_path / "b.csv", EMG, motion, points=5000), example("trigno"))
    assert flags(cut.signals["emg"])["shorter_than_stated"][:2] == pytest.approx([1200 * 27 / 34000, 5000 * 27 / 34000])


@pytest.mark.parametrize(("name", "write"), [("noraxon", files.write_noraxon), ("cometa", files.write_cometa)])
def test_emg_of_noraxon_and_cometa(tmp_path: Path, name: str, write: Callable[..., Path]) -> None:
    emg = read(write(tmp_path / "a.csv", EMG), example(name)).signals["emg"]
    assert emg.attrs["sampling_rate_hz"] == 2000.0
    np.testing.assert_allclose(emg["value"], EMG.T, atol=1e-10)
    assert set(emg["unit"].to_numpy().tolist()) == {"V"}


def test_isen_has_a_stream_for_each_block(tmp_path: Path) -> None:
    device = Device(
        "d",
        "isen",
        channels={
            f"2.LEO {a.upper()}": Channel("imu", "", "pelvis", "", "acceleration", a, unit="m/s^2") for a in "xyz"
        }
        | {"1.LEO Eje X": Channel("analog")},
    )
    signals = read(files.write_isen(tmp_path / "a.csv", MOTION), device).signals
    assert signals["imu"].attrs["sampling_rate_hz"] == pytest.approx(200.06, rel=1e-5)
    assert signals["analog"].attrs["sampling_rate_hz"] == pytest.approx(100.03, rel=1e-5)
    assert signals["analog"].sizes["time"] == 300
    check_sensor(signals["imu"], MOTION, atol=1e-4)
    with pytest.raises(RecordingError, match=r"channels\.6\.LEO X: expected one of 1\.LEO Eje X, 2\.LEO X"):
        read(tmp_path / "a.csv", example("isen"))


def test_apdm_and_plain_hdf5(tmp_path: Path) -> None:
    sensors = {"Lumbar": files.sensor_motion(640, seed=1), "Left Shank": files.sensor_motion(640, seed=2)}
    stamps = np.round(1_714_990_830_000_000 + np.arange(640) * 7812.5)
    recording = read(files.write_apdm(tmp_path / "a.h5", sensors, stamps), example("opal"))
    assert recording.recorded_on == "2024-05-06"
    assert len(recording.signals) == 2
    for signal, (label, segment) in zip(
        recording.signals.values(), (("Lumbar", "pelvis"), ("Left Shank", "shank")), strict=True
    ):
        assert signal.attrs["sampling_rate_hz"] == pytest.approx(128.0, rel=1e-6)
        check_sensor(signal, sensors[label], atol=1e-12)
        assert set(signal["segment"].to_numpy().tolist()) == {segment}
        np.testing.assert_allclose(measured(signal, "orientation"), sensors[label]["quat"])
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["acc"] = MOTION["acc"]
        file["linked"] = h5py.ExternalLink(str(tmp_path / "a.h5"), "/Sensors/3142/Accelerometer")
    with pytest.raises(RecordingError, match=r"channels\.imu_acc\.x: expected one of "):
        read(tmp_path / "b.h5", example("broad"))
    with h5py.File(tmp_path / "b.h5", "a") as file:
        file["imu_acc"] = MOTION["acc"]
    with pytest.raises(RecordingError, match="rate_hz: expected an attribute sampling_rate"):
        read(tmp_path / "b.h5", example("broad"))
    with h5py.File(tmp_path / "b.h5", "a") as file:
        file.attrs["sampling_rate"] = 2000 / 7
    recording = read(tmp_path / "b.h5", example("broad"))
    check_sensor(recording.signals["imu"], MOTION, atol=1e-12)
    assert "linked.x" not in recording.unmapped


def test_lost_packets_are_missing_in_their_places_also_where_the_counter_begins_again(tmp_path: Path) -> None:
    counter = 65_400 + np.arange(600)
    kept = np.delete(np.arange(600), [100, 101, 102, 300])
    part = {key: values[kept] for key, values in MOTION.items()}
    path = files.write_mtw(tmp_path / "MT_1_00B421E6.txt", part, (counter % 65536)[kept])
    imu = read(path, example("mtw")).signals["imu"]
    acceleration = measured(imu, "acceleration")
    np.testing.assert_allclose(acceleration[kept], MOTION["acc"][kept], atol=1e-6)
    assert np.isnan(np.delete(acceleration, kept, axis=0)).all()
    assert flags(imu)["samples_lost"] == [4.0, None, "0.7 %, at most 3 in a row"]


def test_packets_that_repeat_or_arrive_late_are_put_in_order(tmp_path: Path) -> None:
    order = np.arange(600)
    order[[200, 201]] = order[[201, 200]]
    order = np.insert(order, 400, order[399])
    part = {key: values[order] for key, values in MOTION.items()}
    imu = read(files.write_mtw(tmp_path / "MT_1_00B421E6.txt", part, order), example("mtw")).signals["imu"]
    check_sensor(imu, MOTION, atol=1e-6)
    assert flags(imu)["stamps_out_of_order"][0] == 2.0


def test_a_file_that_lacks_most_packets_is_refused(tmp_path: Path) -> None:
    kept = np.concatenate([np.arange(50), np.arange(350, 400)])
    part = {key: values[kept] for key, values in MOTION.items()}
    path = files.write_mtw(tmp_path / "MT_1_00B421E6.txt", part, kept)
    with pytest.raises(RecordingError, match="expected at least half of the samples; found 100 of 400"):
        read(path, example("mtw"))


def test_stamps_that_jump_against_the_count_of_packets_are_flagged(tmp_path: Path) -> None:
    counter = np.arange(1, 601)
    stamps = 4_294_000_000 + counter * 16667 + np.where(counter > 300, 2_500_000, 0)
    path = files.write_dot(tmp_path / "LTibia_1.csv", MOTION, counter, stamps_us=stamps)
    imu = read(path, example("dot")).signals["imu"]
    assert flags(imu)["clock_jumped"][0] == pytest.approx(2.5, abs=1e-3)
    check_sensor(imu, MOTION, atol=2e-6)


def test_a_sensor_that_stops_and_one_that_is_at_the_end_of_its_range(tmp_path: Path) -> None:
    motion = {key: values.copy() for key, values in MOTION.items()}
    motion["acc"][400:, 1] = motion["acc"][400, 1]
    motion["gyr"][:, 2] = np.clip(3.0 * np.sin(np.arange(600) / 40.0) + 0.1 * motion["gyr"][:, 2], -2.5, 2.5)
    imu = read(files.write_mtw(tmp_path / "MT_1_00B421E6.txt", motion, np.arange(600)), example("mtw")).signals["imu"]
    found = json.loads(imu.attrs["flags"])
    assert [flag[0] for flag in found] == ["sensor_stopped", "sensor_saturated"]
    assert found[0][1] == pytest.approx(2.0)
    assert found[0][3] == "Acc_Y, from 4.00 s on"
    clipped = int((np.abs(motion["gyr"][:, 2]) == 2.5).sum())
    assert clipped > 100
    assert found[1][1] == pytest.approx(clipped, abs=12)  # short runs at the limit may be noise
    assert found[1][3] == "Gyr_Z at 2.5"


def test_a_stated_range_is_known_to_be_reached(tmp_path: Path) -> None:
    motion = {key: values.copy() for key, values in MOTION.items()}
    motion["gyr"][[10, 50], 0] = np.radians(500.0), -np.radians(500.0)
    path = files.write_ximu(tmp_path, motion, gyroscope_scale=1)
    imu = read(path, Device("d", "xio", sensors={"00033": LEFT_SHANK})).signals["imu"]
    assert flags(imu)["sensor_saturated"][0] == 2.0


def test_sensors_of_one_place_or_of_no_place_are_faults_of_the_study() -> None:
    described = {"reader": "trigno", "sensors": {n: {"segment": "thigh", "side": "left"} for n in "ab"}}
    _, faults = devices_of({"lab": {"up": "z", "forward": "x"}, "devices": {"emg": described}})
    assert [str(fault) for fault in faults] == [
        "study.yaml: devices.emg.sensors.b: expected a segment and side of its own for each sensor (name the segment "
        "of one of them); found that of a"
    ]
