"""Streams: several files and devices of a kind in one trial, and channels that belong to no plate."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from legsci.ingest.faults import StudyError
from legsci.ingest.session import build_session, session_readings, write_session
from legsci.ingest.streams import stream, streams
from legsci.ingest.study import read_study
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.measure import measure
from legsci.metrics.metric import Metric
from legsci.metrics.registry import METRICS
from legsci.metrics.signals import Reps
from legsci.metrics.tables import session_metrics
from legsci.vocabulary import SIDES
from tests.analytic_jump import countermovement_jump
from tests.foreign_files import PlateJump, plate_jump, write_c3d, write_lines
from tests.mechanics.trials import DEFAULT, cut_session, decisions

RATE_HZ = 1000.0
SENSORS = ("pelvis", "left_thigh", "right_thigh", "left_shank", "right_shank", "left_foot", "right_foot")


def plate(name: str, foot: str) -> dict[str, object]:
    """Device of delimited text that holds one plate."""
    return {
        "reader": "delimited",
        "rate_hz": RATE_HZ,
        "force_sign": "reaction",
        "force_unit": "N",
        "plates": {name: {"foot": foot, "columns": {"up": "Fz"}}},
        "text": {"header_rows": 1},
    }


def sensor(segment: str) -> dict[str, object]:
    """Device of delimited text that holds one sensor."""
    side, _, part = segment.rpartition("_")
    where = {"kind": "imu", "segment": part, **({"side": side} if side else {})}
    channels = {
        f"{short}_{axis}": where | {"quantity": quantity, "axis": axis}
        for short, quantity in (("acc", "acceleration"), ("gyr", "angular_velocity"))
        for axis in "xyz"
    }
    return {"reader": "delimited", "rate_hz": 100.0, "channels": channels, "text": {"header_rows": 1}}


def session_of(folder: Path, devices: dict[str, dict[str, object]], files: dict[str, str], **settings: object):
    """Session of a study of one trial, whose recordings are `files`: device -> name of the file."""
    described = {"name": "made", "lab": {"up": "z", "forward": "x"}, "devices": devices, **settings}
    (folder / "study.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")
    keys = {"participant_id": "P1", "session_id": "S1"}
    tables = {
        "participants": [{"participant_id": "P1", "body_mass_kg": 75.0}],
        "sessions": [keys | {"day": 1}],
        "trials": [keys | {"trial_id": "jump", "task": "countermovement_jump"}],
        "recordings": [keys | {"trial_id": "jump", "device": name, "path": path} for name, path in files.items()],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return build_session(read_study(folder), "P1", "S1")


def write_channels(path: Path, columns: dict[str, np.ndarray]) -> str:
    """Comma-separated text with a row of names; return its name."""
    rows = np.column_stack(list(columns.values()))
    write_lines(path, [",".join(columns), *(",".join(f"{value:.4f}" for value in row) for row in rows)])
    return path.name


def jump_with_channels(folder: Path, further: int) -> tuple[PlateJump, Path]:
    """A jump on one plate in a C3D file with further analog channels, "Voltage.1", ...; see `write_c3d`."""
    recorded, path = plate_jump(), folder / "jump.c3d"
    markers = {"c7": np.tile([0.1, 0.2, 1.4], (len(recorded.force) // 10, 1))}
    write_c3d(path, recorded, markers, plate_type=2, further=further)
    return recorded, path


def scored(session: xr.DataTree) -> tuple[pd.Series, pd.DataFrame]:
    """Metrics of the jump, both sides together, and the quality flags."""
    metrics, quality = session_metrics(*cut_session(session, profiles=[]))
    return metrics[metrics["side"] == "both"].iloc[0], quality


def test_three_files_of_one_plate_each_are_one_set_of_plates(tmp_path: Path) -> None:
    jump = countermovement_jump()
    parts = {"left": 0.4, "right": 0.35, "middle": 0.25}
    feet = {"left": "left", "right": "right", "middle": "both"}
    files = {name: write_channels(tmp_path / f"{name}.csv", {"Fz": part * jump.force}) for name, part in parts.items()}
    devices = {name: plate(name, feet[name]) for name in parts}
    session = session_of(tmp_path, devices, files, synchronisation="shared_clock")
    trial = session.children["jump"]
    assert list(trial.children) == ["force_left", "force_right", "force_middle"]
    whole = stream(trial, "force")
    assert whole is not None
    assert whole["plate"].to_numpy().tolist() == ["left", "right", "middle"]
    np.testing.assert_allclose(whole["force"].sel(axis="y").sum("plate"), jump.force, atol=1e-3)
    row, _ = scored(session)
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.002)
    write_session(session, tmp_path / "session.nc")
    readings = pd.DataFrame(session_readings(tmp_path / "session.nc"))
    assert readings["channels"].tolist() == ["left", "right", "middle"]
    digest = hashlib.sha256((tmp_path / "left.csv").read_bytes()).hexdigest()
    assert readings.loc[readings["signal"] == "force_left", "sha256"].item() == digest


def test_files_that_are_no_set_of_plates_are_refused(tmp_path: Path) -> None:
    force = countermovement_jump().force
    files = {name: write_channels(tmp_path / f"{name}.csv", {"Fz": 0.5 * force}) for name in ("left", "right")}
    devices = {"left": plate("left", "left"), "right": plate("right", "right") | {"rate_hz": 500.0}}
    session = session_of(tmp_path, devices, files, synchronisation="shared_clock")
    faults = session.children["jump"].attrs["faults"]
    for said in ("500 Hz, 1000 Hz", "left.csv, right.csv", "export the files at one rate, from the same start"):
        assert said in faults
    write_session(session, tmp_path / "session.nc")
    (reading,) = session_readings(tmp_path / "session.nc")
    assert (reading["signal"], reading["kind"]) == ("not read", "not read")
    assert "500 Hz, 1000 Hz" in reading["assumptions"]


def test_two_devices_with_a_plate_of_one_name_in_one_trial_are_a_fault_of_the_study(tmp_path: Path) -> None:
    force = countermovement_jump().force
    files = {name: write_channels(tmp_path / f"{name}.csv", {"Fz": 0.5 * force}) for name in ("left", "right")}
    devices = {"left": plate("1", "left"), "right": plate("1", "right")}
    with pytest.raises(StudyError) as refused:
        session_of(tmp_path, devices, files, synchronisation="shared_clock")
    (line,) = str(refused.value).splitlines()[1:]
    assert "recordings.tsv: row 3, device: expected plates of names of their own in each trial" in line
    assert line.endswith("found plate 1 of right, as of left in row 2")


def test_markers_of_one_name_in_two_files_are_refused_with_both_files(tmp_path: Path) -> None:
    """Which names C3D files hold is known only when they are read."""
    _, path = jump_with_channels(tmp_path, 0)
    (tmp_path / "other.c3d").write_bytes(path.read_bytes())
    devices = {"one": {"reader": "c3d"}, "two": {"reader": "c3d"}}
    session = session_of(tmp_path, devices, {"one": path.name, "two": "other.c3d"}, synchronisation="shared_clock")
    faults = session.children["jump"].attrs["faults"]
    assert "jump.c3d, other.c3d: force: expected a plate of its own name in each recording" in faults
    assert "names under plates of each device" in faults
    assert "markers: expected a marker of its own name in each recording" in faults


def test_seven_sensors_lie_beside_the_plates_with_clocks_of_their_own(tmp_path: Path) -> None:
    jump = countermovement_jump()
    rng = np.random.default_rng(3)
    files = {"plate": write_channels(tmp_path / "plate.csv", {"Fz": jump.force})}
    devices = {"plate": plate("1", "both")}
    written = {}
    for segment in SENSORS:
        devices[segment] = sensor(segment)
        columns = {f"{short}_{axis}": rng.normal(size=400) for short in ("acc", "gyr") for axis in "xyz"}
        written[segment] = columns
        files[segment] = write_channels(tmp_path / f"{segment}.csv", {"battery": np.ones(400), **columns})
    session = session_of(tmp_path, devices, files)
    trial = session.children["jump"]
    sensors = streams(trial, "imu")
    assert len(sensors) == len(SENSORS)
    shank = sensors["imu_left_shank"]
    assert shank.attrs["sampling_rate_hz"] == 100.0
    assert shank.attrs["clock_method"] == "unknown"
    turning = shank.sel(channel=(shank["quantity"] == "angular_velocity") & (shank["axis"] == "z"))
    np.testing.assert_allclose(turning["value"][0], written["left_shank"]["gyr_z"], atol=1e-4)
    assert set(shank["side"].to_numpy().tolist()) == {"left"}
    row, quality = scored(session)
    assert row["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.002)
    assert row["status"] == "accepted"
    (signal,) = quality.loc[quality["code"] == "clock_unknown", "signal"]
    assert len(signal.split(", ")) == len(SENSORS)
    unmapped = quality.loc[quality["code"] == "channels_not_mapped", "sentence"]
    assert len(unmapped) == len(SENSORS)
    assert unmapped.str.contains("battery").all()
    write_session(session, tmp_path / "session.nc")
    readings = pd.DataFrame(session_readings(tmp_path / "session.nc"))
    not_mapped = readings[readings["kind"] == "not mapped"]
    assert len(not_mapped) == len(SENSORS)
    assert (not_mapped["signal"] == "not mapped").all()
    assert not_mapped["device"].tolist() == list(SENSORS)
    assert readings.loc[readings["signal"] == "imu_pelvis", "channels"].item().startswith("acc_x, acc_y")


def test_analog_channels_that_nobody_mapped_are_listed_and_the_force_is_scored(tmp_path: Path) -> None:
    recorded, path = jump_with_channels(tmp_path, 16)
    session = session_of(tmp_path, {"lab": {"reader": "c3d"}}, {"lab": path.name})
    row, quality = scored(session)
    assert row["jump_height_impulse_m"] == pytest.approx(recorded.jump.height, abs=0.005)
    (sentence,) = quality.loc[quality["code"] == "channels_not_mapped", "sentence"]
    assert "jump.c3d holds channels that the study does not map and that were not read (16: Voltage.1" in sentence
    write_session(session, tmp_path / "session.nc")
    readings = pd.DataFrame(session_readings(tmp_path / "session.nc"))
    (channels,) = readings.loc[readings["kind"] == "not mapped", "channels"]
    assert channels == ", ".join(f"Voltage.{number}" for number in range(1, 17))


def test_mapped_channels_are_what_the_study_says(tmp_path: Path) -> None:
    _, path = jump_with_channels(tmp_path, 3)
    channels = {
        "Voltage.2": {"kind": "emg", "muscle": "gluteus_medius", "side": "left"},
        "Voltage.3": {"kind": "analog"},
    }
    session = session_of(tmp_path, {"lab": {"reader": "c3d", "channels": channels}}, {"lab": path.name})
    trial = session.children["jump"]
    emg = streams(trial, "emg")["emg"]
    assert emg["muscle"].item() == "gluteus_medius"
    assert emg["side"].item() in SIDES
    assert emg["unit"].item() == "V"
    np.testing.assert_allclose(emg["value"], 2.0, atol=1e-6)
    np.testing.assert_allclose(streams(trial, "analog")["analog"]["value"], 3.0, atol=1e-6)
    assert emg.attrs["clock_method"] == "clock of the recorder"
    (sentence,) = scored(session)[1].query("code == 'channels_not_mapped'")["sentence"]
    assert "(1: Voltage.1)" in sentence


def test_channels_are_sliced_with_the_repetition(tmp_path: Path) -> None:
    _, path = jump_with_channels(tmp_path, 2)
    channels = {
        f"Voltage.{n}": {"kind": "emg", "muscle": "soleus", "side": side} for n, side in ((1, "left"), (2, "right"))
    }
    session = session_of(tmp_path, {"lab": {"reader": "c3d", "channels": channels}}, {"lab": path.name})
    motion = session_motion(session)
    reps, _ = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions())
    assert reps is not None
    assert not {"emg", "force"} & set(reps.variables)
    sliced = with_signals(reps, motion, session=session)
    assert sliced["emg_channel"].to_numpy().tolist() == ["left_soleus", "right_soleus"]
    assert set(sliced["emg_unit"].to_numpy().ravel().tolist()) == {"V"}
    start, stop = float(reps["window_start"][0]), float(reps["window_stop"][0])
    assert sliced.sizes["emg_sample"] == pytest.approx((stop - start) * RATE_HZ, abs=1)
    assert float(sliced["emg_start"][0, 0]) == pytest.approx(start, abs=1.0 / RATE_HZ)
    np.testing.assert_allclose(sliced["emg"].sel(emg_channel="right_soleus"), 2.0, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({name: {"kind": "emg", "muscle": "soleus", "side": "left"} for name in "ab"}, "that of a"),
        ({"a": {"kind": "emg", "muscle": "soleus", "side": "left", "axis": "x"}}, "a key of emg channels"),
        ({"a": {"kind": "analog", "muscle": "soleus"}}, "a key of analog channels"),
        ({"a": {"kind": "imu", "segment": "shank", "quantity": "acceleration", "axis": "w"}}, "except of orientation"),
        ({"a": {"kind": "emg", "side": "left"}}, "the key muscle"),
    ],
)
def test_channels_without_a_meaning_of_their_own_are_listed_before_anything_runs(
    tmp_path: Path, channels: dict[str, object], said: str
) -> None:
    name = write_channels(tmp_path / "emg.csv", {"a": np.zeros(2000), "b": np.ones(2000)})
    device = {"reader": "delimited", "rate_hz": RATE_HZ, "channels": channels, "text": {"header_rows": 1}}
    with pytest.raises(StudyError, match=said):
        session_of(tmp_path, {"emg": device}, {"emg": name})


def test_two_devices_with_channels_of_one_meaning_are_refused(tmp_path: Path) -> None:
    soleus = {"kind": "emg", "muscle": "soleus", "side": "left"}
    device = {"reader": "delimited", "rate_hz": RATE_HZ, "channels": {"a": soleus}, "text": {"header_rows": 1}}
    files = {name: write_channels(tmp_path / f"{name}.csv", {"a": np.zeros(2000)}) for name in ("one", "other")}
    session = session_of(tmp_path, {name: deepcopy(device) for name in files}, files)
    assert "left_soleus more than once" in session.children["jump"].attrs["faults"]


def test_a_column_is_mapped_once(tmp_path: Path) -> None:
    name = write_channels(tmp_path / "lab.csv", {"Fz": countermovement_jump().force})
    device = plate("1", "both") | {"channels": {"1": {"kind": "analog"}}}
    session = session_of(tmp_path, {"lab": device}, {"lab": name})
    assert "columns that are mapped once; found Fz" in session.children["jump"].attrs["faults"]


def test_a_metric_of_a_stream_needs_nothing_but_its_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def amplitude(reps: Reps) -> xr.Variable:
        scorings = xr.Variable("scoring", np.ones(reps["takeoff"].sizes["scoring"]))
        return (reps["emg"] ** 2).mean(["emg_channel", "emg_sample"]) ** 0.5 * scorings

    entry = Metric(
        amplitude,
        label="amplitude",
        unit="V",
        sign="≥ 0",
        meaning="Root mean square of EMG.",
        equation="rms",
        source="test",
        tasks=("countermovement_jump",),
        streams=("emg",),
    )
    monkeypatch.setitem(METRICS, "emg_rms_v", entry)
    _, path = jump_with_channels(tmp_path, 2)
    mapped = {"channels": {"Voltage.2": {"kind": "emg", "muscle": "soleus", "side": "right"}}}
    for channels, expected in ((mapped, 2.0), ({}, np.nan)):
        session = session_of(tmp_path, {"lab": {"reader": "c3d", **channels}}, {"lab": path.name})
        motion = session_motion(session)
        reps, _ = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions())
        assert reps is not None
        found = measure(with_signals(reps, motion, session=session), names=["emg_rms_v"])["emg_rms_v"]
        np.testing.assert_allclose(found.sel(side="both").isel(scoring=0), expected, atol=1e-5)


def test_a_channel_may_have_gaps_and_the_force_beside_it_is_scored(tmp_path: Path) -> None:
    jump = countermovement_jump()
    emg = np.ones(jump.force.size)
    name = write_channels(tmp_path / "lab.csv", {"Fz": jump.force, "GMED": emg})
    rows = (tmp_path / name).read_text().splitlines()
    rows[100:300] = [row.partition(",")[0] + "," for row in rows[100:300]]
    (tmp_path / name).write_text("\n".join(rows) + "\n")
    device = plate("1", "both") | {"channels": {"GMED": {"kind": "emg", "muscle": "gluteus_medius", "side": "left"}}}
    session = session_of(tmp_path, {"lab": device}, {"lab": name})
    assert int(np.isnan(streams(session.children["jump"], "emg")["emg"]["value"]).sum()) == 200
    assert scored(session)[0]["jump_height_impulse_m"] == pytest.approx(jump.height, abs=0.002)


def test_plates_of_unequal_length_are_refused_with_both_lengths(tmp_path: Path) -> None:
    force = 0.5 * countermovement_jump().force
    files = {
        "left": write_channels(tmp_path / "left.csv", {"Fz": force}),
        "right": write_channels(tmp_path / "right.csv", {"Fz": force[:2600]}),
    }
    devices = {name: plate(name, name) for name in files}
    session = session_of(tmp_path, devices, files, synchronisation="shared_clock")
    assert f"2600 and {force.size} samples" in session.children["jump"].attrs["faults"]


def test_a_device_may_keep_its_own_clock_where_others_share_one(tmp_path: Path) -> None:
    jump = countermovement_jump()
    files = {name: write_channels(tmp_path / f"{name}.csv", {"Fz": 0.5 * jump.force}) for name in ("left", "right")}
    columns = {f"{short}_{axis}": np.zeros(400) for short in ("acc", "gyr") for axis in "xyz"}
    files["pelvis"] = write_channels(tmp_path / "pelvis.csv", columns)
    devices = {name: plate(name, name) for name in ("left", "right")} | {
        "pelvis": sensor("pelvis") | {"own_clock": True}
    }
    session = session_of(tmp_path, devices, files, synchronisation="shared_clock")
    (pelvis,) = streams(session.children["jump"], "imu").values()
    assert pelvis.attrs["clock_method"] == "unknown"
    assert streams(session.children["jump"], "force")["force_left"].attrs["clock_method"] == "clock of the recorder"
