"""Every real file of muscles and sensors reads at its true rates, or is refused by name and reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from legsci.ingest.devices import Channel, Device, Sensor
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from tests.ingest.test_readers_real import DATA, NO_DATA, description_of

FOLDERS = ("broad-imu", "emg-trigno", "imu-vendor-specimens", "opensense-xsens", "xsens-dot")
NO_RECORDINGS = ("*LICENSE*", "*.md", "*/Settings.txt")
MUSCLE = {"muscle": "soleus", "side": "left"}


@dataclass(frozen=True)
class Expected:
    """How a file is described, and what it gives.

    Parameters
    ----------
    device : of the study.
    rates : stream -> rate [Hz], to one part in a hundred thousand.
    samples : of the first stream.
    weighs : whether an accelerometer is in it, whose median is near gravity whatever the movement.
    refused : words of the refusal instead.
    """

    device: Device
    rates: dict[str, float] = field(default_factory=dict)
    samples: int = 0
    weighs: bool = False
    refused: str = ""


def one_sensor(reader: str, name: str) -> Device:
    return Device("d", reader, sensors={name: Sensor(segment="shank", side="left")})


def axes(key: str, quantity: str, unit: str = "") -> dict[str, Channel]:
    """Three channels whose names are a pattern of the axis."""
    return {key.format(a): Channel("imu", "", "shank", "left", quantity, a, unit=unit) for a in "xyz"}


def numbered(first: int, quantity: str, unit: str) -> dict[str, Channel]:
    named = axes("{}", quantity, unit)
    return {str(first + n): channel for n, channel in enumerate(named.values())}


BROAD = axes("imu_acc.{}", "acceleration", "m/s^2") | axes("imu_gyr.{}", "angular_velocity", "rad/s")
BROAD |= axes("imu_mag.{}", "magnetic_field", "uT")
YEI = Device(
    "d",
    "delimited",
    channels=numbered(2, "angular_velocity", "rad/s") | numbered(8, "acceleration", "g"),
    text={"header_rows": 1, "time_column": 1, "time_unit": "us"},
)
COUNTS = Device("d", "delimited", channels=numbered(1, "acceleration", ""), text={"delimiter": " "})
TRIGNO = {"Mini sensor 10": Sensor("thigh", **MUSCLE), "Mini sensor 11": Sensor(muscle="biceps_femoris", side="left")}
ISEN = axes("6.LEO {}", "acceleration", "m/s^2")
ISEN = {name[:-1] + name[-1].upper(): channel for name, channel in ISEN.items()}
ISEN |= {"1.LEO X": Channel("analog"), "3.LEO": Channel("analog"), "4.LEO": Channel("analog")}
ISEN_ANGLES = {"5.Flexo-extensión rodilla derecha": Channel("analog")}

FILES = {
    "broad-imu/*.hdf5": Expected(Device("d", "hdf5", channels=BROAD), {"imu": 2000 / 7}, 52518, True),
    "emg-trigno/*.csv": Expected(Device("d", "trigno", sensors=TRIGNO), {"emg": 34000 / 27, "imu": 4000 / 27}, 2519),
    "imu-vendor-specimens/data_polulu.txt": Expected(COUNTS, refused="rate_hz: expected a sampling rate or a time"),
    "imu-vendor-specimens/data_xsens.txt": Expected(one_sensor("xsens_mt", "xsens"), {"imu": 50.0}, 953, True),
    "imu-vendor-specimens/data_yei.txt": Expected(YEI, {"imu": 109.98780}, 2715, True),
    "imu-vendor-specimens/walking_xsens_lowerLeg.txt": Expected(
        one_sensor("xsens_mt", "lowerLeg"), {"imu": 120.0}, 3511, True
    ),
    "imu-vendor-specimens/walking_xsens_upperLeg.txt": Expected(
        one_sensor("xsens_mt", "upperLeg"), {"imu": 120.0}, 3511, True
    ),
    "imu-vendor-specimens/ngimu/sensors.csv": Expected(one_sensor("xio", "ngimu"), {"imu": 49.91327}, 499, True),
    "imu-vendor-specimens/ngimu/quaternion.csv": Expected(one_sensor("xio", "ngimu"), {"imu": 49.91688}, 499),
    "imu-vendor-specimens/xio/00033_CalInertialAndMag.csv": Expected(
        one_sensor("xio", "00033"), {"imu": 256.0}, 12626, True
    ),
    "imu-vendor-specimens/xio/00033_Quaternion.csv": Expected(one_sensor("xio", "00033"), {"imu": 128.0}, 6313),
    "imu-vendor-specimens/xio/00033_Registers.csv": Expected(
        one_sensor("xio", "00033"), refused="expected columns of a sensor; found Packet number, Address"
    ),
    "imu-vendor-specimens/xio3/Inertial.csv": Expected(one_sensor("xio", "xio3"), {"imu": 49.914782}, 500, True),
    "imu-vendor-specimens/xio3/Magnetometer.csv": Expected(one_sensor("xio", "xio3"), {"imu": 19.708616}, 198),
    "imu-vendor-specimens/xio3/Quaternion.csv": Expected(one_sensor("xio", "xio3"), {"imu": 49.914782}, 500),
    "opensense-xsens/MT_*_*.txt": Expected(Device("d", "xsens_mt"), {"imu": 100.0}, weighs=True),
    "xsens-dot/LTibia*.csv": Expected(one_sensor("xsens_dot", "LTibia"), {"imu": 60.0}, 381),
    "xsens-dot/RTibia*.csv": Expected(one_sensor("xsens_dot", "yxt"), {"imu": 60.0}, 382),
    "xsens-dot/Pelvis*.csv": Expected(one_sensor("xsens_dot", "Pelvis"), {"imu": 60.0}, 382),
    "biomdp-cmj-dj/iSen_sensors.csv": Expected(
        Device("d", "isen", channels=ISEN),
        {"imu": 200.02749, "analog_100hz": 100.02749, "analog_200hz": 200.02749, "analog_10hz": 10.02755},
        7278,
        True,
    ),
    "biomdp-cmj-dj/iSen_angles.csv": Expected(Device("d", "isen", channels=ISEN_ANGLES), {"analog": 100.02749}, 3639),
    "biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.csv": Expected(
        Device("d", "nexus", channels={f"Ultium EMG - EMG{n}": Channel("emg", f"muscle_{n}") for n in range(1, 17)}),
        {"emg": 2000.0, "force": 2000.0, "markers": 200.0, "angles": 200.0},
    ),
    "pyomeca-tests/analogs.csv": Expected(
        Device(
            "d",
            "nexus",
            channels={
                f"Imported Delsys Trigno EMG 2.0 - Sensor {n}": Channel("emg", f"muscle_{n}") for n in range(1, 17)
            },
        ),
        {"emg": 2000.0},
        11600,
    ),
    "bmclab/emg.csv": Expected(
        Device("d", "delimited", channels={"2": Channel("emg", **MUSCLE, unit="mV")}, text={"time_column": 1}),
        {"emg": 1000.0},
        3360,
    ),
}


def sensor_files() -> list[str]:
    """Every file of the folders of sensors, and those elsewhere that are described here."""
    found = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()}
    recordings = {n for n in found if n.startswith(FOLDERS) and not any(fnmatch(n, skip) for skip in NO_RECORDINGS)}
    return sorted(recordings | {name for name in found for pattern in FILES if fnmatch(name, pattern)})


@pytest.mark.parametrize("name", sensor_files() or NO_DATA)
def test_every_file_of_sensors_reads_at_its_rates_or_is_refused(name: str) -> None:
    patterns = [pattern for pattern in FILES if fnmatch(name, pattern)]
    assert len(patterns) == 1, f"{name} is described by {patterns or 'nothing'}"
    expected = FILES[patterns[0]]
    device, path = expected.device, DATA / name
    if device.reader == "xsens_mt" and not device.sensors:
        device = one_sensor("xsens_mt", path.stem.rpartition("_")[2])
    if expected.refused:
        with pytest.raises(RecordingError, match=expected.refused) as refusal:
            READERS[device.reader](path, device=device)
        assert path.name in str(refusal.value)
        return
    signals = READERS[device.reader](path, device=device).signals
    rates = {name: signal.attrs["sampling_rate_hz"] for name, signal in signals.items()}
    assert rates == {stream: pytest.approx(rate, rel=1e-5) for stream, rate in expected.rates.items()}
    first = signals[next(iter(expected.rates))]
    assert expected.samples in (0, first.sizes["time"])
    assert np.isfinite(first["value"]).all()
    if expected.weighs:
        acceleration = first["value"].isel(channel=np.flatnonzero(first["quantity"] == "acceleration"))
        assert acceleration.sizes["channel"] == 3
        assert float(np.sqrt((acceleration**2).sum("channel")).median()) == pytest.approx(9.81, rel=0.15)


def c3d_files() -> list[str]:
    """C3D files of laboratories; those of the field cases hold no such channels."""
    names = (path.relative_to(DATA).as_posix() for path in DATA.rglob("*.c3d"))
    return sorted(name for name in names if not name.startswith("field-cases/"))


@pytest.mark.parametrize("name", c3d_files() or NO_DATA)
def test_channels_of_every_c3d_file_are_those_of_ezc3d(name: str) -> None:
    """EMG at 1000, 1500 and 2000 Hz, and what else lies beside plates."""
    described, _, kinds = description_of(name)
    if isinstance(kinds, str):
        pytest.skip("refused, as test_readers_real.py expects it")
    unmapped = READERS["c3d"](DATA / name, device=described).unmapped
    opened = ezc3d.c3d(str(DATA / name))
    labels = [label.strip() for label in opened["parameters"]["ANALOG"]["LABELS"]["value"]] if unmapped else []
    chosen = [label for label in unmapped if labels.count(label) == 1]
    if not chosen:
        pytest.skip("no channels beside plates")
    device = replace(described, channels={label: Channel("analog") for label in chosen})
    signal = READERS["c3d"](DATA / name, device=device).signals["analog"]
    assert signal.attrs["sampling_rate_hz"] == pytest.approx(opened["header"]["analogs"]["frame_rate"], rel=1e-6)
    values = opened["data"]["analogs"][0]
    for label in chosen:
        theirs = values[labels.index(label)]
        np.testing.assert_allclose(signal["value"].sel(channel=label), theirs, rtol=1e-5, atol=1e-9)


def test_emg_of_c3d_and_csv_of_one_trial_agree(shared_data: Path) -> None:
    folder = shared_data / "biomdp-cmj-dj"
    c3d = Device("d", "c3d", channels={"EMG3.v": Channel("emg", **MUSCLE)})
    nexus = Device("d", "nexus", channels={"Ultium EMG - EMG3": Channel("emg", **MUSCLE)})
    one = READERS["c3d"](folder / "vicon_CMJ_kinem_kinet_emg.c3d", device=c3d).signals["emg"]
    other = READERS["nexus"](folder / "vicon_CMJ_kinem_kinet_emg.csv", device=nexus).signals["emg"]
    assert set(one["unit"].to_numpy()) == set(other["unit"].to_numpy()) == {"V"}
    np.testing.assert_allclose(one["value"], other["value"], rtol=1e-4, atol=1e-10)
    assert float(np.abs(one["value"]).max()) > 1e-4
