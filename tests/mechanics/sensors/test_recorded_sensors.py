"""Flexion of people who walk with sensors, from the files of OpenSense and of DOT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.devices import Device, Sensor
from legsci.ingest.readers import xsens_dot, xsens_mt
from legsci.mechanics.sensors.alignment import Alignment, functional_axis, inclination, standing_upward
from legsci.mechanics.sensors.flexion import joint_flexion
from legsci.mechanics.sensors.worn import WornSensor, worn_sensors

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
#: Which segment carries each sensor, as the example of OpenSense states it; its back carries a further one.
OPENSENSE = {
    "00B42279": ("pelvis", ""), "00B4227C": ("thigh", "right"), "00B4227D": ("shank", "right"),
    "00B421EF": ("foot", "right"), "00B421EE": ("thigh", "left"), "00B421ED": ("shank", "left"),
    "00B421E6": ("foot", "left"),
}  # fmt: skip
DOT = {"Pelvis": ("pelvis", ""), "LTibia": ("shank", "left"), "RTibia": ("shank", "right")}


def recorded(signals: dict[str, xr.Dataset]) -> dict[str, WornSensor]:
    """Sensors of one trial whose files share a clock."""
    related = {name: signal.assign_attrs(clock_offset_s=0.0) for name, signal in signals.items()}
    return worn_sensors(xr.DataTree.from_dict({"/": xr.Dataset(), **related}))


@pytest.fixture(scope="module")
def walking() -> dict[str, WornSensor]:
    """Sensors of somebody who stands for 5 s and then walks."""
    files = {path.stem.rpartition("_")[2]: path for path in (DATA / "opensense-xsens").glob("MT_*.txt")}
    if not set(OPENSENSE) <= set(files):
        pytest.skip("the recordings of OpenSense are not here")
    signals = {}
    for code, (segment, side) in OPENSENSE.items():
        device = Device("mtw", "xsens_mt", sensors={code: Sensor(segment=segment, side=side)})
        signals[code] = xsens_mt.read(files[code], device=device).signals["imu"]
    return recorded(signals)


def test_flexion_of_gait_is_that_of_people(walking: dict[str, WornSensor]) -> None:
    """Knees flex by 60 to 70 deg in swing, ankles from some 10 deg up to some 20 deg down (Winter 2009, ch. 4)."""
    alignments = {}
    for name, sensor in walking.items():
        standing = standing_upward(sensor, last_s=5.0)
        assert standing is not None
        axis, reach = functional_axis(sensor, standing, name.rpartition("_")[2])
        alignments[name] = Alignment(standing, axis, "start", "gait", reach)
        assert axis is not None or name == "pelvis", "the pelvis of gait hardly tilts"
    time = walking["left_thigh"].time
    flexion = joint_flexion(walking, alignments, time)
    for side in ("left", "right"):
        knee, ankle, hip = (flexion[f"{side}_{joint}"].change_deg for joint in ("knee", "ankle", "hip"))
        assert np.abs(knee[time < 4.0]).max() < 3.0
        assert 55.0 < np.percentile(knee[time > 9.0], 98.0) < 72.0
        assert -12.0 < np.percentile(knee[time > 9.0], 2.0) < 5.0
        assert 8.0 < np.nanpercentile(ankle[time > 9.0], 98.0) < 22.0
        assert -35.0 < np.nanpercentile(ankle[time > 9.0], 2.0) < -12.0
        assert 20.0 < np.nanpercentile(hip, 98.0) < 40.0
    # Both legs take turns: when one knee swings, the other bears.
    knees = [flexion[f"{side}_knee"].change_deg[(time > 9.0) & (time < 23.0)] for side in ("left", "right")]
    assert np.corrcoef(*knees)[0, 1] < -0.2


def test_shanks_of_dot_lean_forward_together() -> None:
    files = {path.stem.partition("_")[0]: path for path in (DATA / "xsens-dot").glob("*.csv")}
    if not set(DOT) <= set(files):
        pytest.skip("the recordings of DOT are not here")
    signals = {}
    for name, (segment, side) in DOT.items():
        device = Device("dot", "xsens_dot", sensors={name: Sensor(segment=segment, side=side)})
        signals[name] = xsens_dot.read(files[name], device=device).signals["imu"]
    turns = {}
    for name, sensor in recorded(signals).items():
        standing = standing_upward(sensor)
        assert standing is not None
        axis, _ = functional_axis(sensor, standing, name.rpartition("_")[2])
        assert axis is not None
        turns[name] = inclination(sensor.upward, standing, axis)
    assert set(turns) == {"pelvis", "left_shank", "right_shank"}
    for turn in turns.values():
        assert np.nanmax(np.abs(turn)) < 75.0
        assert np.nanmin(turn) < -10.0
        assert np.nanmax(turn) < 5.0
    count = min(turn.size for turn in turns.values())
    assert np.corrcoef(turns["left_shank"][:count], turns["right_shank"][:count])[0, 1] > 0.9
