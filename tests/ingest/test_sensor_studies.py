"""Study folders of each maker of sensors, written as the guide says, and flags of files of other trials."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.session import build_session, open_session, session_readings, write_session
from legsci.ingest.streams import streams
from legsci.ingest.study import read_study
from tests import sensor_files as files
from tests.analytic_jump import countermovement_jump
from tests.ingest.test_guide_examples import GUIDE, example
from tests.ingest.test_streams import plate, scored, write_channels
from tests.xdf_files import XdfStream, offsets_of, write_xdf

JUMP = countermovement_jump()
SECONDS = len(JUMP.force) / JUMP.rate
MOTION = files.sensor_motion(round(SECONDS * 100))
EMG = np.random.default_rng(5).normal(scale=1e-4, size=(round(SECONDS * 2000), 2))
KEYS = {"participant_id": "P1", "session_id": "S1"}


def described(name: str) -> dict[str, object]:
    """A device as the guide describes it."""
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return next(shown[name] for shown in map(yaml.safe_load, blocks) if name in shown)


def session_of(
    folder: Path, devices: dict[str, object], recordings: list[tuple[str, str, str]], *, day: str = "2024-05-06"
) -> xr.DataTree:
    """Session of jumps; recordings are (trial, device, path)."""
    settings = {"name": "made", "lab": {"up": "z", "forward": "x"}, "devices": devices}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    trials = dict.fromkeys(trial for trial, *_ in recordings)
    tables = {
        "participants": [{"participant_id": "P1", "body_mass_kg": 75.0}],
        "sessions": [KEYS | {"date": day}],
        "trials": [KEYS | {"trial_id": trial, "task": "countermovement_jump"} for trial in trials],
        "recordings": [KEYS | dict(zip(("trial_id", "device", "path"), row, strict=True)) for row in recordings],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return build_session(read_study(folder), "P1", "S1")


def of_two(write: Callable[..., Path], *names: str) -> Callable[[Path], list[Path]]:
    """Write a file for each of the sensors of a device."""
    return lambda folder: [write(folder / name) for name in names]


def mtw(path: Path) -> Path:
    return files.write_mtw(path, MOTION, np.arange(len(MOTION["acc"])))


def dot(path: Path) -> Path:
    return files.write_dot(path, MOTION, np.arange(len(MOTION["acc"])))


def mvnx(path: Path) -> Path:
    labels = ("Pelvis", "RightUpperLeg", "LeftUpperLeg")
    count = round(SECONDS * 60)
    moved = {label: files.sensor_motion(count, seed=n) for n, label in enumerate(labels)}
    return files.write_mvnx(path, moved, np.zeros((count, 3)), np.arange(count))


def ngimu(folder: Path) -> list[Path]:
    (folder / "ngimu").mkdir()
    stamps = np.arange(len(MOTION["acc"])) / 100.0
    return [files.write_ngimu(folder / "ngimu" / "sensors.csv", MOTION, stamps)]


def isen(path: Path) -> Path:
    path = files.write_isen(path, files.sensor_motion(2 * len(MOTION["acc"])))
    lines = path.read_text().splitlines()
    filler = ",".join(f"Tiempo,B{block}::Y" for block in range(2, 6))
    cells = [",".join(f"{row / 200.06:.6g},1" for _ in range(4)) for row in range(len(lines) - 1)]
    rows = [
        f"{slow},{more},{fast}" for (slow, fast), more in zip(map(two_blocks, lines), [filler, *cells], strict=True)
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def two_blocks(line: str) -> tuple[str, str]:
    cells = line.split(",")
    return ",".join(cells[:2]), ",".join(cells[2:])


def apdm(path: Path) -> Path:
    stamps = np.round(1_714_990_830_000_000 + np.arange(len(MOTION["acc"])) * 10_000.0)
    return files.write_apdm(path, {"Lumbar": MOTION, "Left Shank": MOTION}, stamps)


def xdf(path: Path) -> Path:
    times, offsets = offsets_of(SECONDS + 20.0, offset=100.0, drift=2e-5, noise_s=1e-4)
    clock = {"clock_times": times, "clock_offsets": offsets}
    emg = XdfStream("EMG", EMG, np.arange(len(EMG)) / 2000.0, 2000.0, ("VL left", "VL right"), ("V", "V"), **clock)
    imu = XdfStream("IMU", MOTION["acc"], np.arange(len(MOTION["acc"])) / 100.0, 100.0, **clock)
    return write_xdf(path, [emg, imu])


#: Device of the guide -> how its files are written, and the streams that they give with the rate of each.
MAKERS: dict[str, tuple[Callable[[Path], list[Path]], dict[str, float]]] = {
    "trigno": (
        of_two(
            lambda path: files.write_trigno(
                path, EMG[: round(SECONDS * 1259)], files.sensor_motion(round(SECONDS * 148))
            ),
            "a.csv",
        ),
        {"emg": 34000 / 27, "imu": 4000 / 27},
    ),
    "noraxon": (of_two(lambda path: files.write_noraxon(path, EMG), "a.csv"), {"emg": 2000.0}),
    "cometa": (of_two(lambda path: files.write_cometa(path, EMG), "a.txt"), {"emg": 2000.0}),
    "mtw": (
        of_two(mtw, "MT_1_00B421E6.txt", "MT_1_00B421ED.txt"),
        {"imu_mtw_file_1": 100.0, "imu_mtw_file_2": 100.0},
    ),
    "dot": (of_two(dot, "Pelvis_1.csv", "LTibia_1.csv"), {"imu_dot_file_1": 60.0, "imu_dot_file_2": 60.0}),
    "mvn": (of_two(mvnx, "a.mvnx"), {"imu": 60.0, "angles": 60.0}),
    "ngimu": (ngimu, {"imu": 100.0}),
    "isen": (of_two(isen, "a.csv"), {"imu": 200.06}),
    "opal": (of_two(apdm, "a.h5"), {"imu_lumbar": 100.0, "imu_left_shank": 100.0}),
    "lsl": (of_two(xdf, "a.xdf"), {"emg": 2000.0 / (1 + 2e-5), "imu": 100.0 / (1 + 2e-5)}),
}


@pytest.mark.parametrize("name", MAKERS)
def test_study_folder_of_each_maker(tmp_path: Path, name: str) -> None:
    write, rates = MAKERS[name]
    force = write_channels(tmp_path / "plate.csv", {"Fz": JUMP.force})
    recordings = [("jump", "plate", force)]
    recordings += [("jump", name, path.relative_to(tmp_path).as_posix()) for path in write(tmp_path)]
    session = session_of(tmp_path, {"plate": plate("1", "both"), name: described(name)}, recordings)
    write_session(session, tmp_path / "session.nc")
    trial = open_session(tmp_path / "session.nc").children["jump"]
    found = {key: group.attrs["sampling_rate_hz"] for key, group in trial.children.items() if key != "force"}
    assert found == {key: pytest.approx(rate, rel=1e-5) for key, rate in rates.items()}
    assert all(
        group.attrs["clock_method"] == "unknown" for key, group in trial.children.items() if key in ("imu", "emg")
    )
    readings = pd.DataFrame(session_readings(tmp_path / "session.nc"))
    assert set(rates) <= set(readings["signal"])
    row, quality = scored(session)
    assert row["jump_height_impulse_m"] == pytest.approx(JUMP.height, abs=0.002)
    assert row["status"] == "accepted"
    # These people walk: no movement turns the sensors to the segments, and there is no flight.
    of_walking = {"sensor_not_aligned", "sensor_flight_missing"}
    assert set(quality["code"]) <= {"clock_unknown", "channels_not_mapped", *of_walking}


def test_a_broken_file_of_one_sensor_costs_that_sensor_alone(tmp_path: Path) -> None:
    mtw(tmp_path / "MT_1_00B421E6.txt")
    (tmp_path / "MT_1_00B421ED.txt").write_text("// Update Rate: 100.0Hz\nnothing\n")
    recordings = [("jump", "mtw", path.name) for path in sorted(tmp_path.glob("MT*.txt"))]
    recordings.append(("jump", "plate", write_channels(tmp_path / "plate.csv", {"Fz": JUMP.force})))
    session = session_of(tmp_path, {"plate": plate("1", "both"), "mtw": described("mtw")}, recordings)
    trial = session.children["jump"]
    assert {*trial.children} == {"force", "imu"}
    assert "MT_1_00B421ED.txt" in trial.attrs["left_out"]
    _, quality = scored(session)
    assert "recording_left_out" in set(quality["code"])


def test_files_that_belong_elsewhere_are_flagged(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    short = {key: values[:100] for key, values in MOTION.items()}
    dot(tmp_path / "a" / "Pelvis_1.csv")
    (tmp_path / "b" / "Pelvis_2.csv").write_bytes((tmp_path / "a" / "Pelvis_1.csv").read_bytes())
    files.write_dot(tmp_path / "a" / "LTibia_1.csv", short, np.arange(100), start="2024-05-09_10:20:30_123 GMT+8")
    force = [write_channels(tmp_path / f"{trial}.csv", {"Fz": JUMP.force}) for trial in ("one", "two")]
    recordings = [("one", "plate", force[0]), ("one", "dot", "a/Pelvis_1.csv"), ("one", "dot", "a/LTibia_1.csv")]
    recordings += [("two", "plate", force[1]), ("two", "dot", "b/Pelvis_2.csv")]
    session = session_of(tmp_path, {"plate": plate("1", "both"), "dot": described("dot")}, recordings)
    assert {*streams(session.children["one"], "imu")} == {"imu_dot_file_1", "imu_dot_file_2"}
    _, quality = scored(session)
    sentences = {
        (trial, signal, code): sentence
        for trial, signal, code, sentence in quality[["trial_id", "signal", "code", "sentence"]].itertuples(index=False)
    }
    assert (
        "was recorded 3 days from the date of the session (2024-05-09, 2024-05-06)"
        in (sentences["one", "imu_dot_file_2", "file_of_other_day"])
    )
    lasts = sentences["one", "imu_dot_file_2", "shorter_than_trial"]
    assert f"lasts 1.67 s of the {SECONDS:.2f} s" in lasts
    assert "a/Pelvis_1.csv of trial one" in sentences["two", "imu", "file_of_other_trial"]
    assert "b/Pelvis_2.csv of trial two" in sentences["one", "imu_dot_file_1", "file_of_other_trial"]
    assert ("one", "imu_dot_file_1", "file_of_other_day") not in sentences
    assert ("one", "imu_dot_file_1", "shorter_than_trial") not in sentences


def test_xdf_streams_keep_the_clock_that_their_offsets_give_where_the_recorder_is_that_of_the_trial(
    tmp_path: Path,
) -> None:
    session = session_of(tmp_path, {"lsl": described("lsl")}, [("jump", "lsl", xdf(tmp_path / "a.xdf").name)])
    emg = session.children["jump"].children["emg"]
    assert emg.attrs["clock_method"] == "XDF offsets"
    assert emg.attrs["clock_offset_s"] == pytest.approx(100.0, abs=1e-3)
    assert emg.attrs["clock_drift"] == pytest.approx(2e-5, abs=3 * emg.attrs["clock_drift_uncertainty"])
    assert float(emg["time"][0]) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("name", MAKERS)
def test_files_cut_or_garbled_anywhere_read_or_are_refused(tmp_path: Path, name: str) -> None:
    """A byte changed may leave a file as good as it was; a file that is cut never is."""
    path = MAKERS[name][0](tmp_path)[0]
    device = example(name)
    whole = READERS[device.reader](path, device=device)
    content, dice = path.read_bytes(), random.Random(3)
    refused = 0
    for number in range(30):
        broken = bytearray(content)
        if number % 3 == 0:
            broken = broken[: dice.randrange(len(broken) - 2)]
        else:
            for _ in range(dice.randrange(1, 4)):
                broken[dice.randrange(min(len(broken), 4000))] = dice.choice(b"\t\n,.x9-\xff")
        path.write_bytes(bytes(broken))
        try:
            recording = READERS[device.reader](path, device=device)
        except RecordingError:
            refused += 1
            continue
        for signal in recording.signals.values():
            assert signal.sizes["time"] <= 2 * max(other.sizes["time"] for other in whole.signals.values())
        if number % 3 == 0:
            assert [s.sizes["time"] for s in recording.signals.values()] != [
                s.sizes["time"] for s in whole.signals.values()
            ] or "may have been cut" in " ".join(recording.assumptions)
    assert refused
