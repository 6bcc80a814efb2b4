"""Recordings of the Lab Streaming Layer: clocks related by offsets, and what its users find in their files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from legsci.ingest.devices import Channel, Device
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from tests.ingest.test_guide_examples import example
from tests.xdf_files import XdfStream, offsets_of, write_xdf

SECONDS, EMG_HZ, IMU_HZ = 60.0, 1000.0, 100.0
RNG = np.random.default_rng(8)
EMG_OFFSET, EMG_DRIFT = -1250.0, 40e-6
IMU_OFFSET, IMU_DRIFT = 3.5, -60e-6


def streams() -> tuple[XdfStream, XdfStream, XdfStream]:
    """EMG with labels, a sensor without, and words; each stamped by its own clock, 1 ms of noise between them."""
    emg_times = 5000.0 + np.arange(int(SECONDS * EMG_HZ)) / EMG_HZ
    imu_times = 80.0 + np.arange(int(SECONDS * IMU_HZ)) / IMU_HZ
    clocks = [
        dict(zip(("clock_times", "clock_offsets"), offsets_of(SECONDS, begin=begin, **of), strict=True))
        for begin, of in (
            (5000.0, {"offset": EMG_OFFSET, "drift": EMG_DRIFT, "noise_s": 2e-4, "seed": 1}),
            (80.0, {"offset": IMU_OFFSET, "drift": IMU_DRIFT, "noise_s": 2e-4, "seed": 2}),
        )
    ]
    emg = RNG.normal(scale=50.0, size=(emg_times.size, 2))
    imu = RNG.normal(size=(imu_times.size, 3))
    return (
        XdfStream("EMG", emg, emg_times, EMG_HZ, ("VL left", "VL right"), ("microvolts", "microvolts"), **clocks[0]),
        XdfStream("IMU", imu, imu_times, IMU_HZ, **clocks[1]),
        XdfStream("Tasks", ["squat", "jump"], np.array([5010.0, 5030.5]), **clocks[0]),
    )


EMG, IMU, TASKS = streams()


def read(path: Path, **changes: object) -> Recording:
    return READERS["xdf"](path, device=replace(example("lsl"), **changes))


def codes(recording: Recording, name: str) -> dict[str, list]:
    return {code: rest for code, *rest in json.loads(recording.signals[name].attrs.get("flags", "[]"))}


def test_streams_of_several_clocks_lie_on_that_of_the_recorder(tmp_path: Path) -> None:
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, IMU, TASKS]))
    emg, imu = recording.signals["emg"], recording.signals["imu"]
    np.testing.assert_allclose(emg["value"][0], 1e-6 * EMG.values[:, 0])
    np.testing.assert_allclose(imu["value"].T, IMU.values)
    assert set(emg["unit"].to_numpy().tolist()) == {"V"}
    for signal, rate, (offset, drift), first in (
        (emg, EMG_HZ, (EMG_OFFSET, EMG_DRIFT), 5000.0),
        (imu, IMU_HZ, (IMU_OFFSET, IMU_DRIFT), 80.0),
    ):
        attrs = signal.attrs
        assert attrs["clock_method"] == "XDF offsets"
        assert abs(attrs["clock_offset_s"] - offset) < 3 * attrs["clock_offset_uncertainty_s"] < 1e-3
        assert abs(attrs["clock_drift"] - drift) < 3 * attrs["clock_drift_uncertainty"] < 2e-5
        assert attrs["sampling_rate_hz"] == pytest.approx(rate / (1 + drift), rel=1e-5)
        true = first + offset - recording.start_time_s
        assert float(signal["time"][0]) == pytest.approx(true, abs=5e-4)
    assert recording.unmapped == {"EMG.VL right": "microvolts"}
    words = recording.notes["markers of Tasks"]
    assert words.endswith("s jump")
    assert float(words.split()[0]) == pytest.approx(5010.0 + EMG_OFFSET - recording.start_time_s, abs=2e-3)


def test_uncertainties_of_offset_and_drift_cover_their_errors(tmp_path: Path) -> None:
    inside = {"offset": 0, "drift": 0}
    for seed in range(40):
        times, offsets = offsets_of(300.0, offset=2.0, drift=3e-5, begin=0.0, noise_s=3e-4, seed=seed)
        short = replace(EMG, values=EMG.values[:200], stamps=np.arange(200) / EMG_HZ)
        path = write_xdf(tmp_path / "a.xdf", [replace(short, clock_times=times, clock_offsets=offsets)])
        attrs = read(path, channels={"EMG.VL left": Channel("emg", "soleus")}).signals["emg"].attrs
        inside["offset"] += abs(attrs["clock_offset_s"] - 2.0) < 2 * attrs["clock_offset_uncertainty_s"]
        inside["drift"] += abs(attrs["clock_drift"] - 3e-5) < 2 * attrs["clock_drift_uncertainty"]
    assert 34 <= inside["offset"] <= 40
    assert 34 <= inside["drift"] <= 40


def test_pyxdf_puts_samples_in_the_same_place(tmp_path: Path) -> None:
    path = write_xdf(tmp_path / "a.xdf", [EMG, IMU])
    loaded, _ = pyxdf.load_xdf(path)
    recording = read(path)
    for name, stream in zip(("emg", "imu"), loaded, strict=True):
        ours = recording.signals[name]["time"].to_numpy() + recording.start_time_s
        np.testing.assert_allclose(ours, stream["time_stamps"], atol=5e-4)


def test_stamps_since_1970_are_related_by_the_offsets(tmp_path: Path) -> None:
    epoch = 1_714_990_830.0
    moved = replace(IMU, stamps=IMU.stamps + epoch, clock_times=IMU.clock_times + epoch)
    moved = replace(moved, clock_offsets=IMU.clock_offsets - epoch)
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, moved]))
    plain = read(write_xdf(tmp_path / "b.xdf", [EMG, IMU]))
    for name in ("emg", "imu"):
        ours, theirs = (r.signals[name]["time"].to_numpy() + r.start_time_s for r in (recording, plain))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert any("Time stamps of IMU are seconds since 1970; its offsets relate" in s for s in recording.assumptions)


def test_without_offsets_a_stream_is_compared_with_none(tmp_path: Path) -> None:
    alone = replace(IMU, clock_times=np.zeros(0), clock_offsets=np.zeros(0), stamps=IMU.stamps + 1.7e9)
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, alone]))
    attrs = recording.signals["imu"].attrs
    assert attrs["clock_method"] == "unknown"
    assert np.isnan(attrs["clock_offset_s"])
    assert float(recording.signals["imu"]["time"][0]) == 0.0
    assert recording.signals["emg"].attrs["clock_method"] == "XDF offsets"
    assert any("no offset relates them" in sentence for sentence in recording.assumptions)


def test_offsets_that_end_early_leave_the_end_uncertain(tmp_path: Path) -> None:
    cut = replace(IMU, clock_times=IMU.clock_times[:4], clock_offsets=IMU.clock_offsets[:4])
    few = replace(IMU, clock_times=IMU.clock_times[:2], clock_offsets=IMU.clock_offsets[:2])
    whole, part, two = (
        read(write_xdf(tmp_path / "a.xdf", [EMG, stream])).signals["imu"].attrs for stream in (IMU, cut, few)
    )
    assert part["clock_drift_uncertainty"] > 3 * whole["clock_drift_uncertainty"]
    assert two["clock_drift"] == 0.0
    assert two["clock_drift_uncertainty"] == 5e-5


@pytest.mark.parametrize(("jump_s", "code"), [(0.5, "samples_lost"), (40.0, "clock_jumped"), (-2.0, "clock_jumped")])
def test_stamps_that_jump(tmp_path: Path, jump_s: float, code: str) -> None:
    stamps = IMU.stamps.copy()
    stamps[2000:] += jump_s
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, replace(IMU, stamps=stamps)]))
    imu = recording.signals["imu"]
    assert list(codes(recording, "imu")) == [*(["stamps_out_of_order"] if jump_s < 0 else []), code]
    if code == "samples_lost":
        assert codes(recording, "imu")[code][0] == 50.0
        np.testing.assert_allclose(imu["value"][:, 2050:].T, IMU.values[2000:])
    else:
        np.testing.assert_allclose(imu["value"].T, IMU.values[2000:])
        assert codes(recording, "imu")[code][:2] == pytest.approx([jump_s + 0.01, 40.0], rel=1e-2)


def test_a_clock_that_was_set_during_the_recording(tmp_path: Path) -> None:
    stamps, times, offsets = IMU.stamps.copy(), IMU.clock_times.copy(), IMU.clock_offsets.copy()
    stamps[2500:] -= 1000.0
    later = times >= 80.0 + 25.0
    times[later] -= 1000.0
    offsets[later] += 1000.0
    reset = replace(IMU, stamps=stamps, clock_times=times, clock_offsets=offsets)
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, reset]))
    imu = recording.signals["imu"]
    np.testing.assert_allclose(imu["value"].T, IMU.values[2500:])
    start = 80.0 + 25.0 + IMU_OFFSET + 25.0 * IMU_DRIFT
    assert float(imu["time"][0]) + recording.start_time_s == pytest.approx(start, abs=1e-3)
    assert codes(recording, "imu")["clock_jumped"][0] == pytest.approx(1000.0, abs=0.01)


def test_a_stream_of_irregular_rate_is_refused_or_interpolated(tmp_path: Path) -> None:
    stamps = np.sort(80.0 + RNG.uniform(0.0, 60.0, IMU.stamps.size))
    values = np.column_stack([np.sin(stamps), np.cos(stamps), stamps - 80.0])
    path = write_xdf(tmp_path / "a.xdf", [EMG, replace(IMU, values=values, stamps=stamps, nominal_hz=0.0)])
    with pytest.raises(
        RecordingError, match="IMU: expected a stream with a nominal rate, or resample_hz of the device"
    ):
        read(path)
    recording = read(path, resample_hz=200.0)
    imu = recording.signals["imu"]
    assert imu.attrs["sampling_rate_hz"] == 200.0
    assert any("Interpolated linearly to 200 Hz" in sentence for sentence in recording.assumptions)
    line = imu["value"][2].to_numpy()
    slope = np.polyfit(imu["time"].to_numpy()[np.isfinite(line)], line[np.isfinite(line)], 1)[0]
    assert slope == pytest.approx(1.0, abs=2e-4)


def test_a_damaged_chunk_costs_itself_and_is_named(tmp_path: Path) -> None:
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, IMU], damaged_chunk=True))
    emg = recording.signals["emg"]
    assert emg.sizes["time"] == EMG.stamps.size
    assert np.isnan(emg["value"][0, 100:150]).all()
    np.testing.assert_allclose(emg["value"][0, 150:], 1e-6 * EMG.values[150:, 0])
    assert codes(recording, "emg")["samples_lost"][0] == 50.0
    assert any(s.startswith("The file is damaged, and what could be read was used") for s in recording.assumptions)


def test_footers_that_count_more_and_rates_that_are_not_stated(tmp_path: Path) -> None:
    slow = replace(IMU, nominal_hz=128.0, counted=9000)
    recording = read(write_xdf(tmp_path / "a.xdf", [EMG, slow]))
    assert recording.signals["imu"].attrs["sampling_rate_hz"] == pytest.approx(IMU_HZ, rel=1e-4)
    assert any("IMU states 128 Hz; its samples came at 100 Hz" in sentence for sentence in recording.assumptions)
    assert codes(recording, "imu")["shorter_than_stated"][:2] == pytest.approx([6000 / 128, 9000 / 128])


def test_streams_of_one_name_are_numbered_and_what_is_absent_is_named(tmp_path: Path) -> None:
    path = write_xdf(tmp_path / "a.xdf", [IMU, replace(IMU, values=IMU.values + 1.0)])
    with pytest.raises(RecordingError, match=r"channels\.EMG\.VL left: expected one of IMU\.1, IMU\.2, .*IMU_2\.3"):
        read(path)
    second = {"IMU_2.1": Channel("imu", segment="pelvis", quantity="acceleration", axis="x", unit="g")}
    signal = read(path, channels=second).signals["imu"]
    np.testing.assert_allclose(signal["value"][0], 9.80665 * (IMU.values[:, 0] + 1.0))
    empty = write_xdf(tmp_path / "b.xdf", [replace(IMU, values=IMU.values[:0], stamps=IMU.stamps[:0])])
    with pytest.raises(RecordingError, match="expected at least two samples; found 0"):
        read(empty, channels={"IMU.1": second["IMU_2.1"]})


def test_a_device_without_channels_is_told_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"channels: expected one of EMG\.VL left, EMG\.VL right"):
        READERS["xdf"](write_xdf(tmp_path / "a.xdf", [EMG, TASKS]), device=Device("lsl", "xdf"))
