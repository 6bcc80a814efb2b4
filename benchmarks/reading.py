"""Reading files of muscles and sensors, against numpy or the library of the format reading the same numbers.

Five minutes of each (one of Trigno and XDF), written as its maker writes it. numpy reads the columns that are mapped
and nothing else: neither header nor units, rates, time axes or faults.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import ezc3d
import h5py
import numpy as np
import pyxdf

from benchmarks.timing import Measurement
from legsci.ingest.devices import Channel, Device, Sensor
from legsci.ingest.readers import READERS
from tests import sensor_files as files
from tests.foreign_files import plate_jump, write_c3d
from tests.xdf_files import XdfStream, offsets_of, write_xdf

SECONDS, ROUNDS = 300, 5
#: A reader is to take at most this many times as long as numpy or the library alone.
LONGEST = 1.3
THIGH = Sensor("thigh", "vastus_lateralis", "left")


def measure() -> list[Measurement]:
    """Return the time of each reader beside that of numpy or the library."""
    with tempfile.TemporaryDirectory() as folder:
        return [_beside(name, *make(Path(folder))) for name, make in JOBS.items()]


def _beside(name: str, path: Path, device: Device, rival: str, theirs: Callable[[], object]) -> Measurement:
    """Time of both readers."""
    ours_ms, rival_ms = (_median_ms(job) for job in (lambda: READERS[device.reader](path, device=device), theirs))
    return Measurement(f"{name}, {path.stat().st_size / 1e6:.1f} MB", rival, ours_ms, rival_ms, 1.0 / LONGEST)


def _median_ms(job: Callable[[], object]) -> float:
    """Median processor time of a run [ms], after one that is not counted."""
    taken = []
    for _ in range(1 + ROUNDS):
        start = time.process_time()
        job()
        taken.append(1000.0 * (time.process_time() - start))
    return statistics.median(taken[1:])


Job = tuple[Path, Device, str, Callable[[], object]]


def _mtw(folder: Path) -> Job:
    samples = 100 * SECONDS
    path = files.write_mtw(folder / "MT_1_A.txt", files.sensor_motion(samples), np.arange(samples))
    device = Device("d", "xsens_mt", sensors={"A": THIGH})
    columns = [0, *range(3, 18)]
    return path, device, "numpy.loadtxt", lambda: np.loadtxt(path, delimiter="\t", skiprows=4, usecols=columns)


def _dot(folder: Path) -> Job:
    samples = 60 * SECONDS
    path = files.write_dot(folder / "A_1.csv", files.sensor_motion(samples), np.arange(samples))
    device = Device("d", "xsens_dot", sensors={"A": THIGH})
    return path, device, "numpy.loadtxt", lambda: np.loadtxt(path, delimiter=",", skiprows=7, encoding="utf-8")


def _mvnx(folder: Path) -> Job:
    samples, labels = 60 * SECONDS, [f"Sensor{n}" for n in range(5)]
    sensors = {label: files.sensor_motion(samples, seed=n) for n, label in enumerate(labels)}
    path = files.write_mvnx(folder / "a.mvnx", sensors, np.zeros((samples, 3)), np.arange(samples))
    device = Device("d", "mvnx", sensors={"Sensor0": THIGH})
    read = ("sensorFreeAcceleration", "sensorMagneticField", "sensorOrientation", "jointAngle")

    def theirs() -> list[np.ndarray]:
        root = ElementTree.parse(path).getroot()  # noqa: S314 (a file that was just written)
        rows = [[element.text or "" for element in root.iter(name)] for name in read]
        return [np.array(" ".join(texts).split(), dtype=np.float64) for texts in rows]

    return path, device, "xml.etree and numpy", theirs


def _ngimu(folder: Path) -> Job:
    samples = 400 * SECONDS
    path = files.write_ngimu(folder / "sensors.csv", files.sensor_motion(samples), np.arange(samples) / 400.0)
    device = Device("d", "xio", sensors={folder.name: THIGH})
    return path, device, "numpy.loadtxt", lambda: np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(10))


def _trigno(folder: Path) -> Job:
    emg = 1e-4 * np.random.default_rng(1).normal(size=(1259 * 60, 2))
    path = files.write_trigno(folder / "trigno.csv", emg, files.sensor_motion(148 * 60))
    device = Device("d", "trigno", sensors={"Mini sensor 10": THIGH, "Mini sensor 11": Sensor(muscle="b", side="left")})
    return path, device, "numpy.genfromtxt", lambda: np.genfromtxt(path, delimiter=",", skip_header=9)


def _noraxon(folder: Path) -> Job:
    emg = 1e-4 * np.random.default_rng(1).normal(size=(2000 * SECONDS, 2))
    path = files.write_noraxon(folder / "noraxon.csv", emg)
    channels = {f"{side} VASTUS LAT.,uV": Channel("emg", side, unit="uV") for side in ("RT", "LT")}
    device = Device("d", "delimited", channels=channels, text={"header_rows": 4, "time_column": "time,s"})
    return path, device, "numpy.loadtxt", lambda: np.loadtxt(path, delimiter=",", skiprows=4, usecols=range(3))


def _isen(folder: Path) -> Job:
    path = files.write_isen(folder / "isen.csv", files.sensor_motion(200 * SECONDS))
    channels = {f"2.LEO {a.upper()}": Channel("imu", "", "pelvis", "", "acceleration", a, unit="g") for a in "xyz"}
    device = Device("d", "isen", channels=channels)
    return path, device, "numpy.loadtxt", lambda: np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(2, 6))


def _apdm(folder: Path) -> Job:
    samples = 128 * SECONDS
    sensors = {label: files.sensor_motion(samples) for label in ("Lumbar", "Left Shank")}
    path = files.write_apdm(folder / "a.h5", sensors, np.round(np.arange(samples) * 7812.5))
    device = Device("d", "hdf5", sensors={"Lumbar": Sensor("pelvis"), "Left Shank": Sensor("shank", side="left")})

    def theirs() -> list[np.ndarray]:
        with h5py.File(path) as file:
            groups = [*file["Sensors"].values(), *file["Processed"].values()]
            return [array[()] for group in groups for array in group.values() if isinstance(array, h5py.Dataset)]

    return path, device, "h5py", theirs


def _broad(folder: Path) -> Job:
    path, motion = folder / "b.h5", files.sensor_motion(286 * 180)
    with h5py.File(path, "w") as file:
        file.attrs["sampling_rate"] = 2000 / 7
        file["acc"], file["gyr"], file["mag"] = motion["acc"], motion["gyr"], motion["mag"]
    named = {"acc": ("acceleration", "m/s^2"), "gyr": ("angular_velocity", "rad/s"), "mag": ("magnetic_field", "uT")}
    channels = {
        f"{name}.{axis}": Channel("imu", "", "thigh", "left", quantity, axis, unit=unit)
        for name, (quantity, unit) in named.items()
        for axis in "xyz"
    }

    def theirs() -> list[np.ndarray]:
        with h5py.File(path) as file:
            return [array[()] for array in file.values()]

    return path, Device("d", "hdf5", channels=channels), "h5py", theirs


def _xdf(folder: Path) -> Job:
    rng = np.random.default_rng(1)
    times, offsets = offsets_of(60, offset=1.0, drift=1e-5, noise_s=1e-4)
    clock = {"clock_times": times, "clock_offsets": offsets}
    emg = XdfStream("EMG", rng.normal(size=(2000 * 60, 8)), np.arange(2000 * 60) / 2000.0, 2000.0, **clock)
    imu = XdfStream("IMU", rng.normal(size=(100 * 60, 9)), np.arange(100 * 60) / 100.0, 100.0, **clock)
    path = write_xdf(folder / "a.xdf", [emg, imu])
    channels = {f"EMG.{n}": Channel("emg", f"muscle_{n}", unit="uV") for n in range(1, 9)}
    channels |= {f"IMU.{n}": Channel("analog") for n in range(1, 10)}
    return path, Device("d", "xdf", channels=channels), "pyxdf.load_xdf", lambda: pyxdf.load_xdf(path)


def _c3d(folder: Path) -> Job:
    recorded = plate_jump()
    markers = {f"m{n}": np.tile([0.1, 0.2, 0.3 + n], (len(recorded.force) // 10, 1)) for n in range(3)}
    path = folder / "jump.c3d"
    write_c3d(path, recorded, markers, plate_type=2, further=16)
    channels = {f"Voltage.{n}": Channel("emg", f"muscle_{n}") for n in range(1, 17)}
    return path, Device("d", "c3d", channels=channels), "ezc3d", lambda: ezc3d.c3d(str(path))


#: What is read -> how its file is made.
JOBS: dict[str, Callable[[Path], Job]] = {
    "EMG in C3D": _c3d,
    "Delsys Trigno": _trigno,
    "Noraxon": _noraxon,
    "Xsens MTw": _mtw,
    "Xsens DOT": _dot,
    "Xsens MVNX": _mvnx,
    "x-io NGIMU": _ngimu,
    "STT iSen": _isen,
    "APDM HDF5": _apdm,
    "BROAD HDF5": _broad,
    "XDF": _xdf,
}
