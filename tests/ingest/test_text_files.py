"""Text as laboratories have it: decimal commas, code pages, rows of names and units, gaps in flight, rows cut short."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import Fault, RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from legsci.ingest.settings import devices_of
from tests import foreign_files as foreign

JUMP = foreign.plate_jump()
FRAMES = len(JUMP.force) // 10
SEEN = np.arange(FRAMES)[:, None] / FRAMES
MARKERS = {name: np.array([0.2 * n, 0.2, 1.0]) + 0.1 * SEEN for n, name in enumerate(("A", "B", "C"))}
UP = {"1": PlateSetup(columns={"up": "F"})}
POINT = PlateSetup(columns={name: name for name in ("fx", "fy", "fz", "px", "py", "tz")})


def device(reader: str, **rest: object) -> Device:
    return Device("d", reader, **{"forward": "x", **rest})  # type: ignore[arg-type]


def read(path: Path, described: Device) -> Recording:
    return READERS[described.reader](path, device=described)


def refusal(path: Path, described: Device) -> str:
    with pytest.raises(RecordingError) as refused:
        read(path, described)
    assert path.name in str(refused.value)
    return str(refused.value)


def write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def with_commas(path: Path) -> Path:
    """Turn the numbers of a file to decimal commas."""
    path.write_text("\n".join(line.replace(".", ",") for line in path.read_text().splitlines()) + "\n")
    return path


@pytest.mark.parametrize("reader", ["bioware", "trc", "mot"])
def test_a_decimal_comma_reads_where_it_is_declared_and_the_refusal_names_the_key(tmp_path: Path, reader: str) -> None:
    if reader == "bioware":
        plain, described = foreign.write_bioware(tmp_path / "a.txt", JUMP), device("bioware", up="-z")
    elif reader == "trc":
        plain, described = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0), device("opensim", up="y")
    else:
        plain, described = (
            foreign.write_ground_forces(tmp_path / "a.mot", JUMP, padded=False),
            device("opensim", up="y"),
        )
    point = read(plain, described).signals
    comma = with_commas(plain)
    assert "text.decimal" in refusal(comma, described)
    declared = device(described.reader, up=described.up, text={"decimal": ","})
    for kind, signal in read(comma, declared).signals.items():
        name = {"force": "force", "markers": "position"}[kind]
        np.testing.assert_array_equal(signal[name], point[kind][name])


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        ("\n\nF\n1.5\n2.5\n", "utf-8", {"header_rows": 3}),
        ("\n\n1.5\n2.5\n", "utf-8", {}),
        ("F;G\nN;N\nday;1\n1.5;0\n2.5;0\n", "utf-8", {"header_rows": 3, "names_row": 1, "delimiter": ";"}),
        ("F\n1.5\n2.5\n\nend\nof test\n", "utf-8", {"header_rows": 1, "footer_rows": 3}),
        ("F\n1.5\n2.5\n", "utf-16", {"header_rows": 1}),
        ("F\n1.5\n2.5\n", "utf-16-le", {"header_rows": 1, "encoding": "utf-16-le"}),
        ("力\nF\n1.5\n2.5\n", "shift_jis", {"header_rows": 2, "encoding": "shift_jis"}),
        ("сила\nF\n1.5\n2.5\n", "cp1251", {"header_rows": 2, "encoding": "cp1251"}),
        ('"F","G, left"\n"1,5","0,0"\n"2,5","0,0"\n', "utf-8", {"header_rows": 1, "decimal": ","}),
        ("F\r1.5\r2.5\r", "utf-8", {"header_rows": 1}),
    ],
)
def test_delimited_text_of_many_layouts(tmp_path: Path, content: str, encoding: str, text: dict[str, object]) -> None:
    plates = UP if text.get("header_rows") else {"1": PlateSetup(columns={"up": 1})}
    described = device("delimited", rate_hz=100.0, plates=plates, text=text)
    force = read(write(tmp_path / "a.csv", content, encoding), described).signals["force"]
    np.testing.assert_array_equal(force["force"][0, :, 0], [1.5, 2.5])


def test_a_row_of_units_is_used_and_the_unit_of_the_study_where_there_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "t,F\nms,kN\n0,0.7\n10,0.8\n")
    text = {"header_rows": 2, "names_row": 1, "units_row": 2, "time_column": "t"}
    recording = read(path, device("delimited", plates=UP, text=text, force_unit="N"))
    np.testing.assert_allclose(recording.signals["force"]["force"][0, :, 0], [700.0, 800.0])
    assert recording.signals["force"].attrs["sampling_rate_hz"] == pytest.approx(100.0)
    assert any("The file names the unit kN; force_unit N" in sentence for sentence in recording.assumptions)
    bad = write(tmp_path / "b.csv", "t,F\nms,lbf\n0,0.7\n10,0.8\n")
    assert "units of columns 2: expected one of N, kN (force_unit" in refusal(
        bad, device("delimited", plates=UP, text=text)
    )


def test_columns_that_are_not_there_are_named_with_the_key_that_cures(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Frame,1_Force_X,1_Force_Z\n,N,N\n1,2,3\n2,2,3\n")
    said = refusal(path, device("delimited", rate_hz=100.0, plates=UP, text={"header_rows": 2}))
    assert "found columns , N, N" in said
    assert "text.names_row, now 2" in said
    storage = "Coordinates\nnRows=2\nnColumns=3\nendheader\ntime\t1_Force_X\t1_Force_Y\n0\t1\t2\n0.01\t1\t2\n"
    assert "columns 1_Force_X, 1_Force_Y" in refusal(write(tmp_path / "a.mot", storage), device("opensim", up="y"))


def test_more_columns_than_names_are_refused(tmp_path: Path) -> None:
    """Commas that are decimal marks make two columns of one."""
    path = write(tmp_path / "a.csv", "F,G\n1,5,2,5\n1,6,2,6\n")
    assert "expected 2 columns, as there are names in row 1; found 4 columns" in refusal(
        path, device("delimited", rate_hz=100.0, plates=UP, text={"header_rows": 1})
    )


@pytest.mark.parametrize("blank", ["", "NaN", "nan", "NA"])
def test_a_centre_of_pressure_may_be_missing_in_flight_and_nowhere_else(tmp_path: Path, blank: str) -> None:
    rows = [[0.0, 0.0, force, 0.1, 0.2, 0.0] for force in JUMP.jump.force.tolist()]
    lines = [
        ",".join([f"{v:.3f}" for v in row[:3]] + ([blank] * 3 if row[2] < 20 else ["0.1", "0.2", "0"])) for row in rows
    ]
    described = device("delimited", rate_hz=1000.0, plates={"1": POINT}, text={"header_rows": 1})
    path = write(tmp_path / "a.csv", "\n".join(["fx,fy,fz,px,py,tz", *lines]) + "\n")
    force = read(path, described).signals["force"]
    np.testing.assert_allclose(force["moment"][0], np.cross([0.1, 0.2, 0.0], force["force"][0]), atol=1e-9)
    lines[5] = f"0,0,700,{blank},{blank},0"
    path = write(tmp_path / "b.csv", "\n".join(["fx,fy,fz,px,py,tz", *lines]) + "\n")
    assert "plate 1, sample 6: expected a centre of pressure and a torque where the plate carries" in refusal(
        path, described
    )


def test_ground_forces_without_a_point_in_flight(tmp_path: Path) -> None:
    path = foreign.write_ground_forces(tmp_path / "a.mot", JUMP, padded=False)
    whole = read(path, device("opensim", up="y")).signals["force"]
    lines = path.read_text().splitlines()
    flight = np.flatnonzero(~JUMP.loaded) + 7
    for row in flight.tolist():
        cells = lines[row].split("\t")
        lines[row] = "\t".join(cells[:4] + [""] * 6)
    path.write_text("\n".join(lines) + "\n")
    force = read(path, device("opensim", up="y")).signals["force"]
    loaded = JUMP.loaded
    np.testing.assert_array_equal(force["moment"][0][loaded], whole["moment"][0][loaded])
    assert np.isfinite(force["moment"]).all()


@pytest.mark.parametrize("factor", [1000.0, 100.0])
def test_a_centre_of_pressure_metres_off_is_refused_and_its_unit_named(tmp_path: Path, factor: float) -> None:
    rng = np.random.default_rng(5)
    sway = np.cumsum(rng.normal(0.0, 0.0004, (3000, 2)), axis=0)
    rows = [f"0,0,700,{factor * x:.6f},{factor * y:.6f},0" for x, y in sway.tolist()]
    path = write(tmp_path / "a.csv", "\n".join(["fx,fy,fz,px,py,tz", *rows]) + "\n")
    described = device("delimited", rate_hz=1000.0, plates={"1": POINT}, text={"header_rows": 1})
    assert "see the unit of length (length_unit of the device)" in refusal(path, described)
    cured = device("delimited", rate_hz=1000.0, plates={"1": POINT}, text={"header_rows": 1}, length_unit="mm")
    if factor == 1000.0:
        assert np.isfinite(read(path, cured).signals["force"]["moment"]).all()


def test_rows_of_a_trc_that_end_before_the_last_marker_are_gaps(tmp_path: Path) -> None:
    path = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0)
    lines = path.read_text().splitlines()
    for row in (20, 21, len(lines) - 1):
        lines[row] = "\t".join(lines[row].split("\t")[:-3])
    path.write_text("\n".join(lines) + "\n")
    recording = read(path, device("opensim", up="y"))
    position = recording.signals["markers"]["position"]
    assert np.isnan(position.sel(marker="C")).all("axis").sum() == 3
    assert np.isfinite(position.sel(marker=["A", "B"])).all()
    assert any("3 frames end before the last marker" in sentence for sentence in recording.assumptions)
    lines[20] = "\t".join(lines[20].split("\t")[:-1])
    path.write_text("\n".join(lines) + "\n")
    assert "row 21: expected 11 columns; found 7 columns" in refusal(path, device("opensim", up="y"))


@pytest.mark.parametrize("promised", [10, 100000])
def test_a_wrong_number_of_frames_costs_nothing(tmp_path: Path, promised: int) -> None:
    path = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0)
    path.write_text(path.read_text().replace(f"\t{FRAMES}\t", f"\t{promised}\t", 1))
    recording = read(path, device("opensim", up="y"))
    assert recording.signals["markers"].sizes["time"] == FRAMES
    assert f"NumFrames is {promised}" in recording.signals["markers"].attrs["remarks"]


def test_empty_rows_before_the_first_frame_are_left_out(tmp_path: Path) -> None:
    path = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(["", *lines[:6], "", "\t\t", *lines[6:]]) + "\n")
    assert read(path, device("opensim", up="y")).signals["markers"].sizes["time"] == FRAMES


def test_the_unit_of_a_trc_is_its_own(tmp_path: Path) -> None:
    path = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0)
    recording = read(path, device("opensim", up="y", length_unit="m"))
    assert float(recording.signals["markers"]["position"].max()) < 2.0
    path.write_text(path.read_text().replace("\tmm\t", "\t\t", 1))
    assert "length_unit of the device" in refusal(path, device("opensim", up="y"))
    bare = read(path, device("opensim", up="y", length_unit="mm"))
    np.testing.assert_array_equal(bare.signals["markers"]["position"], recording.signals["markers"]["position"])


@pytest.mark.parametrize("count", ["²", "٣", "9" * 5000, "1e400", "-3", "nan"])
def test_counts_and_rates_that_are_no_numbers_are_no_crash(tmp_path: Path, count: str) -> None:
    path = foreign.write_trc(tmp_path / "a.trc", MARKERS, rate_hz=100.0)
    text = path.read_text()
    for old, new in ((f"\t{FRAMES}\t", f"\t{count}\t"), ("\n100\t", f"\n{count}\t")):
        path.write_text(text.replace(old, new, 1))
        assert read(path, device("opensim", up="y")).signals["markers"].attrs["sampling_rate_hz"] == pytest.approx(
            100.0
        )


@pytest.mark.parametrize(
    "content",
    [
        "F\n" + "7" * 100_000 + "\n1\n",
        "x" * 60_000 + "\n1\n2\n",
        "F\n" + "[" * 50_000 + "\n1\n",
        "F" + "," * 60_000 + "\nx\n",
    ],
)
def test_nothing_takes_quadratic_time(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "a.csv", content)
    began = time.process_time()
    said = refusal(path, device("delimited", rate_hz=100.0, plates=UP, text={"header_rows": 1}))
    assert time.process_time() - began < 1.0
    assert len(said) < 2000


@pytest.mark.parametrize("name", ["ground_force_" * 5000 + "vx", "ground_force_" * 5000 + "x", "_" * 60_000])
def test_a_column_name_of_a_storage_file_that_is_too_long_is_refused_at_once(tmp_path: Path, name: str) -> None:
    content = f"x\nnRows=2\nnColumns=2\nendheader\ntime\t{name}\n0\t1\n0.01\t1\n"
    path = write(tmp_path / "a.mot", content)
    began = time.process_time()
    said = refusal(path, device("opensim", up="y"))
    assert time.process_time() - began < 0.5
    assert "column names of at most 200 characters" in said
    assert len(said) < 500


def test_a_block_of_nexus_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """One of the two would be lost in silence."""
    block = "Trajectories\n100\n,,A,,\nFrame,Sub Frame,X,Y,Z\n,,mm,mm,mm\n1,0,{0},2,3\n2,0,{0},2,3\n\n"
    single, double = (write(tmp_path / f"{n}.csv", block.format(1) + block.format(9) * n) for n in (0, 1))
    assert read(single, device("nexus")).signals["markers"].sizes["time"] == 2
    assert "each block of an export once; found Trajectories more than once" in refusal(double, device("nexus"))


@pytest.mark.parametrize(
    ("name", "step", "rate_hz", "refused"),
    [
        ("Time [s]", 0.002, 500.0, False),
        ("Time [s]", 0.002, 1000.0, True),
        ("#Time(ms)", 2.0, 1000.0, True),
        ("time (ms)", 1.0, 500.0, True),
        ("abs time (s)", 0.002, 505.0, False),
        ("Zeit", 0.002, 510.0, True),
        ("Time", 1.0, 500.0, False),
        ("Timer", 0.002, 1000.0, False),
        ("Time (min)", 0.002, 1000.0, False),
    ],
)
def test_a_rate_that_a_column_of_times_contradicts_is_refused(
    tmp_path: Path, name: str, step: float, rate_hz: float, refused: bool
) -> None:
    """Also where the study does not say that the column holds times; a count of rows is no time."""
    rows = [f"{number * step:.3f},{700 + number % 3}" for number in range(200)]
    path = write(tmp_path / "a.csv", "\n".join([f"{name},F", *rows]) + "\n")
    described = device("delimited", rate_hz=rate_hz, plates=UP, text={"header_rows": 1})
    if refused:
        assert f"rate_hz: expected the rate of the column '{name}', " in refusal(path, described)
        assert "text.time_column" in refusal(path, described)
    else:
        assert read(path, described).signals["force"].attrs["sampling_rate_hz"] == rate_hz


def test_columns_that_count_rows_are_no_channels_that_nobody_mapped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "#Sample,F,Frame#,Time [s],Frame acc\n1,700,1,0.001,3\n2,701,2,0.002,4\n")
    described = device("delimited", rate_hz=1000.0, plates=UP, text={"header_rows": 1})
    assert read(path, described).unmapped == {"Frame acc": ""}


def counted(name: str) -> str:
    return "\n".join([f"{name},F", *(f"{row},700" for row in range(500))])


def test_a_count_of_rows_is_no_time(tmp_path: Path) -> None:
    text = {"header_rows": 1, "time_column": "Sample"}
    path = write(tmp_path / "a.csv", counted("Sample"))
    assert "times in seconds or, with their unit, milliseconds" in refusal(
        path, device("delimited", plates=UP, text=text)
    )
    # a rate of the study says what the steps are, and so does a unit in the name
    stated = read(path, device("delimited", plates=UP, text=text, rate_hz=1000))
    named = {"header_rows": 1, "time_column": "t_ms"}
    timed = read(write(tmp_path / "b.csv", counted("t_ms")), device("delimited", plates=UP, text=named))
    for recording in (stated, timed):
        assert recording.signals["force"].attrs["sampling_rate_hz"] == 1000.0


def test_forces_without_the_vertical_one_are_refused(tmp_path: Path) -> None:
    level = {"1": PlateSetup(columns={"fx": "a", "fy": "b"})}
    path = write(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 50)
    described = device("delimited", plates=level, rate_hz=1000, up="z", text={"header_rows": 1})
    assert "expected a column fz of vertical force, as up is z; found fx, fy" in refusal(path, described)


def test_bytes_of_a_damaged_file_are_written_as_escapes() -> None:
    said = str(RecordingError("a.c3d", [Fault("a.c3d", "parameter RATE\t\0\x04", "a name", "none")]))
    assert "parameter RATE\\t\\x00\\x04: expected a name" in said


def test_a_column_belongs_to_one_channel() -> None:
    plates = {side: {"foot": side, "columns": {"up": "F"}} for side in ("left", "right")}
    described = {"reader": "delimited", "rate_hz": 1000, "plates": plates}
    settings = {"name": "s", "lab": {"up": "z", "forward": "x"}, "devices": {"d": described}}
    _, faults = devices_of(settings)
    assert [fault.where for fault in faults] == ["devices.d.plates.right.columns.up"]
    assert faults[0].found == "F, as plates.left.columns.up"
