"""Small files of muscles and sensors in the form in which their makers write them, with known content.

Written from the makers' formats. Each function takes signals (time, axis) in the maker's units.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from tests.foreign_files import rows_of, write_lines


def sensor_motion(samples: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Signals of one sensor that never repeat a value: acc [m/s^2], gyr [rad/s], mag [uT], quat (w, x, y, z)."""
    rng = np.random.default_rng(seed)
    quaternion = np.array([1.0, 0.2, -0.3, 0.1]) + 0.05 * rng.normal(size=(samples, 4))
    return {
        "acc": np.array([0.0, 0.0, 9.81]) + rng.normal(size=(samples, 3)),
        "gyr": rng.normal(size=(samples, 3)),
        "mag": np.array([20.0, 0.0, -40.0]) + rng.normal(size=(samples, 3)),
        "quat": quaternion / np.linalg.norm(quaternion, axis=1)[:, None],
    }


def rotation_of(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrices (time, 3, 3) of unit quaternions w, x, y, z (time, 4)."""
    w, v = quaternion[:, 0], quaternion[:, 1:]
    cross = np.zeros((len(w), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -v[:, 2], v[:, 1], -v[:, 0]
    cross -= cross.transpose(0, 2, 1)
    outer = v[:, :, None] * v[:, None, :]
    scalar = (w**2 - (v**2).sum(axis=1))[:, None, None] * np.eye(3)
    return scalar + 2 * outer + 2 * w[:, None, None] * cross


def write_mtw(
    path: Path, motion: dict[str, np.ndarray], counter: Sequence[int] | np.ndarray, *, rate_hz: float = 100.0
) -> Path:
    """Write a file of MT Manager: empty columns, a rotation matrix by columns, counters of five digits."""
    matrix = rotation_of(motion["quat"])
    names = ["PacketCounter", "SampleTimeFine", "UTC_Valid", *(f"Acc_{a}" for a in "XYZ"), *(f"Gyr_{a}" for a in "XYZ")]
    names += [f"Mat[{row}][{column}]" for column in (1, 2, 3) for row in (1, 2, 3)]
    flat = matrix.transpose(0, 2, 1).reshape(-1, 9)
    rows = rows_of(np.column_stack([motion["acc"], motion["gyr"], flat]), "%.6f", "\t")
    head = [
        "// Start Time: Unknown",
        f"// Update Rate: {rate_hz:.1f}Hz",
        "// Firmware Version: 4.0.2",
        "\t".join(names),
    ]
    return write_lines(
        path, head + [f"{n:05d}\t\t\t{row}" for n, row in zip(counter, rows, strict=True)], ending="\r\n"
    )


def write_dot(
    path: Path,
    motion: dict[str, np.ndarray],
    counter: np.ndarray,
    *,
    stamps_us: np.ndarray | None = None,
    start: str = "2024-05-06_10:20:30_123 GMT+8",
) -> Path:
    """Write a file of Xsens DOT at 60 Hz."""
    stamps = np.asarray(3_343_427_885 + counter * 16667 if stamps_us is None else stamps_us) % 2**32
    head = ["sep=,", "DeviceTag:,Ana", "OutputRate:,60Hz", f"StartTime: ,{start}", "\N{COPYRIGHT SIGN} Xsens", ""]
    names = ["PacketCounter", "SampleTimeFine", *(f"Quat_{a}" for a in "WXYZ"), *(f"Acc_{a}" for a in "XYZ")]
    names += [*(f"Gyr_{a}" for a in "XYZ"), "Status"]
    table = np.column_stack([motion["quat"], motion["acc"], np.degrees(motion["gyr"])])
    rows = rows_of(table, "%.6f", ",")
    body = [f"{int(c)},{int(t)},{row},0" for c, t, row in zip(counter, stamps, rows, strict=True)]
    return write_lines(path, [*head, ",".join(names), *body])


def write_mvnx(
    path: Path, sensors: dict[str, dict[str, np.ndarray]], knee_deg: np.ndarray, index: np.ndarray, *, head: str = ""
) -> Path:
    """Write a file of Xsens MVN at 60 Hz, one pose of calibration before the movement."""

    def text(values: np.ndarray) -> str:
        return " ".join(f"{value:.6f}" for value in values.ravel())

    labels = "".join(f'<sensor label="{label}"/>' for label in sensors)
    frames = ['<frame time="0" index="" type="identity"><orientation>1 0 0 0</orientation></frame>']
    for row, number in enumerate(index):
        elements = {
            "orientation": np.array([1.0, 0, 0, 0]),
            "sensorFreeAcceleration": np.stack([m["acc"][row] for m in sensors.values()]),
            "sensorMagneticField": np.stack([m["mag"][row] for m in sensors.values()]),
            "sensorOrientation": np.stack([m["quat"][row] for m in sensors.values()]),
            "jointAngle": knee_deg[row],
        }
        inside = "".join(f"<{name}>{text(values)}</{name}>" for name, values in elements.items())
        frames.append(f'<frame time="{row}" index="{number}" type="normal">{inside}</frame>')
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<mvnx version="4"><subject label="P" frameRate="60" '
        f'recDateMSecsSinceEpoch="1714990830000"><segments><segment label="Pelvis" id="1"/></segments>'
        f'<sensors>{labels}</sensors><joints><joint label="jRightKnee"/></joints>'
        f"<frames>{''.join(frames)}</frames></subject></mvnx>"
    )
    path.write_text(content, encoding="utf-8")
    return path


def write_ngimu(path: Path, motion: dict[str, np.ndarray], stamps: np.ndarray) -> Path:
    """Write sensors.csv of an NGIMU: deg/s, g, uT."""
    names = [f"{what} {a} ({unit})" for what, unit in (("Gyroscope", "deg/s"), ("Accelerometer", "g")) for a in "XYZ"]
    names += [f"Magnetometer {a} (uT)" for a in "XYZ"] + ["Barometer (hPa)"]
    table = np.column_stack([np.degrees(motion["gyr"]), motion["acc"] / 9.80665, motion["mag"], 0 * stamps + 984.7])
    body = [f"{t:.9f},{row}" for t, row in zip(stamps, rows_of(table, "%.7g", ","), strict=True)]
    return write_lines(path, [",".join(["Time (s)", *names]), *body])


def write_ximu(folder: Path, motion: dict[str, np.ndarray], *, gyroscope_scale: int = 3) -> Path:
    """Write CalInertialAndMag.csv of an x-IMU at 256 Hz, with its registers; magnetic field in gauss."""
    names = [f"Gyroscope {a} (deg/s)" for a in "XYZ"] + [f"Accelerometer {a} (g)" for a in "XYZ"]
    names += [f"Magnetometer {a} (G)" for a in "XYZ"]
    table = np.column_stack([np.degrees(motion["gyr"]), motion["acc"] / 9.80665, motion["mag"] / 100.0])
    packets = 115 + 3 * np.arange(len(table)) // 2
    body = [f"{p},{row}" for p, row in zip(packets, rows_of(table, "%.7g", ","), strict=True)]
    registers = [("GyroscopeFullScale", gyroscope_scale), ("AccelerometerFullScale", 2)]
    registers += [("InertialAndMagneticDataRate", 9), ("QuaternionDataRate", 8)]
    lines = [f"{n},{n},{value},NaN,{name}" for n, (name, value) in enumerate(registers)]
    write_lines(folder / "00033_Registers.csv", ["Packet number,Address,Value,Fixed-point value,Name", *lines])
    return write_lines(folder / "00033_CalInertialAndMag.csv", [",".join(["Packet number", *names]), *body])


def write_trigno(path: Path, emg_v: np.ndarray, motion: dict[str, np.ndarray], *, points: int | None = None) -> Path:
    """Write an export of EMGworks: EMG of two sensors at 1259.259 Hz, acceleration [g] of the first at 148.148 Hz."""
    rates = {"EMG": 34000.0 / 27.0, "ACC": 4000.0 / 27.0}
    named = [("Mini sensor 10: EMG 10", emg_v[:, 0], "V", rates["EMG"])]
    named += [
        (f"Mini sensor 10: ACC.{a} 10", motion["acc"][:, n] / 9.80665, "g", rates["ACC"]) for n, a in enumerate("XYZ")
    ]
    named += [("Mini sensor 11: EMG 11", emg_v[:, 1], "V", rates["EMG"])]
    head = [
        f"Label: {name} Sampling frequency: {rate:e} Number of points: {points or len(values)} start: 0.000000e+000 "
        f"Unit: {unit} Domain Unit: s"
        for name, values, unit, rate in named
    ]
    names = ",".join(f'X[s],"{name}"' for name, *_ in named)
    body = []
    for row in range(max(len(values) for _, values, *_ in named)):
        cells = [f"{row / rate:.7g},{values[row]:.7g}" if row < len(values) else "," for _, values, _, rate in named]
        body.append(",".join(cells))
    return write_lines(path, [*head, "Start Trigger Method: None", "Stop Trigger Method: None", "", names, *body])


def write_isen(path: Path, motion: dict[str, np.ndarray]) -> Path:
    """Write an export of iSen: a block of angles at 100 Hz beside one of accelerations at 200 Hz, times going on."""
    samples = len(motion["acc"])
    names = ["Tiempo", "LEO Eje X::Y", "Tiempo", "LEO X::Y", "LEO Y::Y", "LEO Z::Y"]
    body = []
    for row in range(samples):
        slow = f"{row / 100.03:.6g}," + (f"{motion['gyr'][row, 0]:.6g}" if row < samples // 2 else "")
        body.append(f"{slow},{row / 200.06:.6g}," + ",".join(f"{v:.6g}" for v in motion["acc"][row]))
    return write_lines(path, [",".join(names), *body])


def write_apdm(path: Path, sensors: dict[str, dict[str, np.ndarray]], stamps_us: np.ndarray) -> Path:
    """Write an HDF5 file of APDM with the sensors by their labels; times are whole microseconds since 1970."""
    with h5py.File(path, "w") as file:
        file.attrs["FileFormatVersion"] = 5
        for number, (label, motion) in enumerate(sensors.items(), start=3142):
            group = file.create_group(f"Sensors/{number}")
            group.create_group("Configuration").attrs["Label 0"] = np.bytes_(label.ljust(20, "\0"))
            for name, key in (("Accelerometer", "acc"), ("Gyroscope", "gyr"), ("Magnetometer", "mag")):
                group[name] = motion[key]
            group["Time"] = stamps_us.astype(np.uint64)
            file[f"Processed/{number}/Orientation"] = motion["quat"]
    return path


def write_noraxon(path: Path, emg_v: np.ndarray, *, rate_hz: float = 2000.0) -> Path:
    """Write an export of MyoResearch: right and left vastus lateralis in microvolts, the unit in the name."""
    head = [
        "Name,squat",
        "Date,2024-05-06",
        "Frequency,2000",
        '"time,s","RT VASTUS LAT.,uV","LT VASTUS LAT.,uV","Marker"',
    ]
    table = np.column_stack([np.arange(len(emg_v)) / rate_hz, emg_v * 1e6])
    return write_lines(path, head + [f"{t:.4f},{a:.4f},{b:.4f},0" for t, a, b in table], ending="\r\n")


def write_cometa(path: Path, emg_v: np.ndarray) -> Path:
    """Write a text export of EMG and Motion Tools: names and units above columns in millivolts, no times."""
    head = ["EMG and Motion Tools", "Frequency\t2000 Hz", "", "EMG 1\tEMG 2", "[mV]\t[mV]"]
    return write_lines(path, head + rows_of(emg_v * 1e3, "%.7f", "\t"))
