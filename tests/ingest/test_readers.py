"""Readers on small files of our own with hand answers, and on files that are broken in every way we could think of."""

from __future__ import annotations

import random
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.readers.signals import moment_from_point, plain_labels, sampling_rate
from legsci.ingest.recording import Recording

BIOWARE = """\
BioWare Version 5.6.1.0 Export
Device:\t 9286AA\t 9286AA
Samples (#):\t3\t3\t3\t3\t3\t3
Rate (Hz):\t1000.000000\t1000.000000
abs time (s)\tFx\tFy\tFz\tMx\tMy\tMz
s\tN\tN\tN\tN m\tN m\tN m
0.000000\t1\t2\t100\t5\t-10\t0.5
0.001000\t1\t2\t200\t10\t-20\t0.5
0.002000\t1\t2\t300\t15\t-30\t0.5
"""
NEXUS = """\
\ufeffDevices,,,,
200
,,Left plate - Force,,,Left plate - Moment,,,Left plate - CoP,,,EMG - v
Frame,Sub Frame,Fx,Fy,Fz,Mx,My,Mz,Cx,Cy,Cz,v
,,N,N,N,N.mm,N.mm,N.mm,mm,mm,mm,V
1,0,0,0,-500,-10000,25000,0,350,420,0,0.1
1,1,0,0,-600,-12000,30000,0,350,420,0,0.1
2,0,0,0,-500,-10000,25000,0,350,420,0,0.1
2,1,0,0,-600,-12000,30000,0,350,420,0,0.1

Model Outputs
100
,,A:Knee,,,A:Power,,
Frame,Sub Frame,x,y,z,x,y,z
,,deg,deg,deg,W,W,W
1,0,10,1,2,0,0,0
2,0,20,1,2,0,0,0

Trajectories
100
,,A:LASI,,,A:RASI,,
Frame,Sub Frame,X,Y,Z,X,Y,Z
,,mm,mm,mm,mm,mm,mm
1,0,100,200,1000,300,200,1000
2,0,,,,300,200,1000
"""
TRC = """\
PathFileType\t4\t(X/Y/Z)\tfile.trc
DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames
100\t100\t2\t2\tmm\t100\t1\t2
Frame#\tTime\tHIP\t\t\tKNEE\t\t
\t\tX1\tY1\tZ1\tX2\tY2\tZ2

1\t0.50\t1000\t2000\t3000\t\t\t
2\t0.51\t1000\t2000\t3000\t4\t5\t6
"""
MOT = """\
grf
version=1
nRows=2
nColumns=10
inDegrees=yes
endheader
time\tground_force_vx\tground_force_vy\tground_force_vz\tground_force_px\tground_force_py\tground_force_pz\
\tground_torque_x\tground_torque_y\tground_torque_z
0\t0\t100\t0\t0.5\t0\t0.25\t0\t2\t0
0.01\t0\t0\t0\t0.5\t0\t0.25\t0\t0\t0
"""
COORDINATES = """\
Coordinates
version=1
nRows=2
nColumns=3
inDegrees=no

endheader
time\tknee_angle_r\tpelvis_tx
0\t1\t5
0.01\t2\t5
"""
AMTI = "\n".join(",".join(map(str, (1, 2, 100, 3, 4, 5, 6, 7, 200, 8, 9, 10))) for _ in range(4))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, device: Device, part: str | None = None) -> Recording:
    return READERS[device.reader](path, device=device, part=part)


def device(reader: str, **rest: object) -> Device:
    return Device(name="device", reader=reader, **rest)  # type: ignore[arg-type]


def vertical(**rest: object) -> Device:
    plates = {"left": PlateSetup(columns={"up": 1}), "right": PlateSetup(columns={"up": 2})}
    return device("delimited", **({"plates": plates, "rate_hz": 100.0} | rest))


def write_c3d(path: Path, *, unit: str = "mm", turned: bool = False) -> Path:
    """One plate (TYPE 2) of 0.4 x 0.6 m that carries 500 N at its centre, and two markers, one with a gap."""
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["Ana:LASI", "Ana:RASI"]
    file["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    points = np.ones((4, 2, 3))
    points[0] = 1000.0 * np.arange(1, 3)[:, None]
    points[:3, 1, 1] = np.nan
    file["data"]["points"] = points
    file["parameters"]["ANALOG"]["RATE"]["value"] = [1000.0]
    file["parameters"]["ANALOG"]["LABELS"]["value"] = ["Fx", "Fy", "Fz", "Mx", "My", "Mz"]
    file["parameters"]["ANALOG"]["UNITS"]["value"] = ["N", "N", "N", "Nmm", "Nmm", "Nmm"]
    analogs = np.zeros((1, 6, 30))
    analogs[0, 2] = -500.0
    file["data"]["analogs"] = analogs
    corners = np.array([[0.0, 600, 0], [400, 600, 0], [400, 0, 0], [0, 0, 0]])
    corners = corners[[1, 0, 3, 2]] if turned else corners
    for name, value in (
        ("USED", [1.0]),
        ("TYPE", [2.0]),
        ("CHANNEL", np.arange(1.0, 7.0)[:, None]),
        ("CORNERS", corners.T[:, :, None]),
        ("ORIGIN", np.array([[0.0], [0.0], [-40.0]])),
    ):
        file.add_parameter("FORCE_PLATFORM", name, value)
    file.write(str(path))
    return path


def test_c3d_has_forces_about_the_laboratorys_origin_and_gaps(tmp_path: Path) -> None:
    recording = read(write_c3d(tmp_path / "a.c3d"), device("c3d"))
    force = recording.signals["force"]
    np.testing.assert_allclose(force["force"][0, 0], [0, 0, 500])
    np.testing.assert_allclose(force["moment"][0, 0], [150, -100, 0], atol=1e-9)  # 500 N at (0.2, 0.3)
    assert float(force["surface_height"][0]) == 0.0
    position = recording.signals["markers"]["position"]
    assert list(position["marker"].to_numpy()) == ["LASI", "RASI"]
    np.testing.assert_allclose(position.sel(axis="x"), [[1, 2], [1, np.nan], [1, 2]])


def test_c3d_tells_action_from_reaction_and_mends_mirrored_corners(tmp_path: Path) -> None:
    recording = read(write_c3d(tmp_path / "a.c3d", turned=True), device("c3d"))
    assert any("make its z point up" in sentence for sentence in recording.assumptions)
    np.testing.assert_allclose(recording.signals["force"]["force"][0, 0], [0, 0, 500])
    other = read(write_c3d(tmp_path / "b.c3d"), device("c3d", force_sign="action"))
    np.testing.assert_allclose(other.signals["force"]["force"][0, 0], [0, 0, -500])


def test_c3d_refuses_an_upright_plate_an_unknown_unit_and_an_unknown_plate(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="a surface that faces y"):
        read(write_c3d(tmp_path / "a.c3d"), device("c3d", up="y", forward="x"))
    with pytest.raises(RecordingError, match=r"POINT:UNITS.*furlong"):
        read(write_c3d(tmp_path / "b.c3d", unit="furlong"), device("c3d"))
    with pytest.raises(RecordingError, match="plate 3: expected a plate number from 1 to 1"):
        read(tmp_path / "a.c3d", device("c3d", plates={"3": PlateSetup()}))


def test_bioware_reaction_is_upward_in_either_of_its_axes(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", BIOWARE)
    down = read(path, device("bioware", up="-z")).signals["force"]
    np.testing.assert_allclose(down["force"][0, 0], [-1, -2, -100])
    np.testing.assert_allclose(down["moment"][0, 0], [-5, 10, -0.5])
    up = read(path, device("bioware", up="z")).signals["force"]
    np.testing.assert_allclose(up["force"][0, 0], [1, 2, 100])
    assert down.attrs["sampling_rate_hz"] == 1000.0


def test_bioware_with_plates_side_by_side_numbers_them(tmp_path: Path) -> None:
    content = BIOWARE.replace("Mx\tMy\tMz", "Fx\tFy\tFz").replace("N m", "N")
    force = read(write(tmp_path, "a.txt", content), device("bioware")).signals["force"]
    assert list(force["plate"].to_numpy()) == ["1", "2"]
    np.testing.assert_allclose(force["force"][1, 0], [5, -10, 0.5])
    assert "moment" not in force


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("0.001000\t1", "0.001000\tone", "column 2, row 8: expected a number; found 'one'"),
        ("0.001000\t1\t2", "0.001000\t1", "row 8: expected 7 columns; found 6 columns"),
        ("0.002000\t1\t2\t300\t15\t-30\t0.5\n", "", "3 rows of samples, as the header says; found 2"),
        ("s\tN\tN\tN\t", "s\tlbf\tN\tN\t", "found 'lbf'"),
        (
            "0.002000\t1\t2\t300",
            "0.002000\t1\t2\t",
            "row 9: expected a finite number in each of 7 columns; found none there",
        ),
    ],
)
def test_bioware_faults_are_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(RecordingError) as refusal:
        read(write(tmp_path, "a.txt", BIOWARE.replace(old, new, 1)), device("bioware"))
    assert sentence in str(refusal.value)


def test_bioware_header_rate_that_contradicts_the_time_stamps_is_refused(tmp_path: Path) -> None:
    header = BIOWARE[: BIOWARE.index("\n0.000000\t") + 1].replace("Samples (#):\t3\t3\t3\t3\t3\t3", "Samples (#):\t50")
    rows = "".join(f"{sample / 1000:.6f}\t1\t2\t100\t5\t-10\t0.5\n" for sample in range(50))
    path = write(tmp_path, "a.txt", header.replace("1000.000000", "500.000000") + rows)
    with pytest.raises(RecordingError, match="the rate of the time stamps, 1000 Hz; found 500 Hz"):
        read(path, device("bioware"))


def test_nexus_blocks_become_signals(tmp_path: Path) -> None:
    recording = read(write(tmp_path, "a.csv", NEXUS), device("nexus"))
    force = recording.signals["force"]
    assert list(force["plate"].to_numpy()) == ["Left plate"]
    np.testing.assert_allclose(force["force"][0, 0], [0, 0, 500])
    # 500 N at (0.35, 0.42): M = p x F = (0.42 * 500, -0.35 * 500, 0)
    np.testing.assert_allclose(force["moment"][0, 0], [210, -175, 0], atol=1e-9)
    assert list(recording.signals["angles"]["joint_angle"].to_numpy()) == ["Knee.x", "Knee.y", "Knee.z"]
    np.testing.assert_allclose(recording.signals["angles"]["angle"][:, 0], [10, 20])
    position = recording.signals["markers"]["position"]
    np.testing.assert_allclose(position.sel(marker="LASI"), [[0.1, 0.2, 1.0], [np.nan] * 3])
    assert "A:Power" in recording.notes["Model Outputs"]
    assert "EMG - v" in recording.unmapped


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("2,0,0,0,-500", "3,0,0,0,-500", "a missing one"),
        ("350,420", "360,420", "a CoP that agrees"),
        ("Trajectories\n100", "Trajectories\nfast", "the rate in Hz; found 'fast'"),
        ("mm,mm,mm,mm,mm,mm\n", "mm,mm,mm,mm,mm,in\n", "found 'in'"),
        ("2,0,20,1,2,0,0,0", "2,0,20,1,x,0,0,0", "a number; found 'x'"),
        ("2,0,,,,300,200,1000\n", "", "the same frames in every block"),
    ],
)
def test_nexus_faults_are_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(RecordingError) as refusal:
        read(write(tmp_path, "a.csv", NEXUS.replace(old, new, 1)), device("nexus"))
    assert sentence in str(refusal.value)


def test_trc_has_positions_gaps_and_the_recorders_time(tmp_path: Path) -> None:
    recording = read(write(tmp_path, "a.trc", TRC), device("opensim"))
    position = recording.signals["markers"]["position"]
    np.testing.assert_allclose(position.sel(marker="HIP")[0], [1, 2, 3])
    np.testing.assert_allclose(position.sel(marker="KNEE"), [[np.nan] * 3, [0.004, 0.005, 0.006]])
    assert recording.start_time_s == 0.5


def test_mot_has_forces_and_moments_about_the_origin(tmp_path: Path) -> None:
    force = read(write(tmp_path, "a.mot", MOT), device("opensim", up="y", forward="x")).signals["force"]
    assert list(force["plate"].to_numpy()) == ["ground_force"]
    # p x F + T = (0.5, 0, 0.25) x (0, 100, 0) + (0, 2, 0)
    np.testing.assert_allclose(force["moment"][0], [[-25, 2, 50], [0, 0, 0]])


@pytest.mark.parametrize(
    ("template", "plate"),
    [("R_ground_force_v{}", "R"), ("ground_force1_v{}", "1"), ("ground_force_2_v{}", "2"), ("1_ground_force_v{}", "1")],
)
def test_every_spelling_of_ground_forces_is_known(tmp_path: Path, template: str, plate: str) -> None:
    names = "\t".join(template.format(axis) for axis in "xyz")
    content = f"grf\nendheader\ntime\t{names}\n0\t1\t2\t3\n0.01\t1\t2\t3\n"
    force = read(write(tmp_path, "a.sto", content), device("opensim", up="y", forward="x")).signals["force"]
    assert list(force["plate"].to_numpy()) == [plate]
    assert "moment" not in force


def test_coordinates_become_degrees_without_translations(tmp_path: Path) -> None:
    recording = read(write(tmp_path, "a.mot", COORDINATES), device("opensim"))
    np.testing.assert_allclose(recording.signals["angles"]["angle"][:, 0], np.degrees([1, 2]))
    assert "pelvis_tx" in recording.notes["translations"]


def test_twelve_columns_of_two_plates(tmp_path: Path) -> None:
    quantities = ("fx", "fy", "fz", "mx", "my", "mz")
    plates = {str(p + 1): PlateSetup(columns={q: 6 * p + n + 1 for n, q in enumerate(quantities)}) for p in (0, 1)}
    described = device("delimited", plates=plates, rate_hz=100.0, moment_unit="N mm", force_sign="action")
    force = read(write(tmp_path, "a.csv", AMTI), described).signals["force"]
    np.testing.assert_allclose(force["force"][:, 0], [[-1, -2, -100], [-6, -7, -200]])
    np.testing.assert_allclose(force["moment"][:, 0], [[-0.003, -0.004, -0.005], [-0.008, -0.009, -0.010]])


def test_centre_of_pressure_columns_become_moments(tmp_path: Path) -> None:
    columns = {"fx": 1, "fy": 2, "fz": 3, "px": 4, "py": 5, "tz": 6}
    described = device("delimited", plates={"1": PlateSetup(columns=columns)}, rate_hz=100.0, length_unit="mm")
    force = read(write(tmp_path, "a.csv", "0,0,100,200,300,4\n0,0,0,0,0,0\n"), described).signals["force"]
    np.testing.assert_allclose(force["moment"][0], [[30, -20, 4], [0, 0, 0]])


def test_decimal_comma_and_semicolon_with_kilonewtons(tmp_path: Path) -> None:
    text = {"delimiter": ";", "decimal": ",", "header_rows": 1}
    path = write(tmp_path, "a.csv", "left;right\n0,5;1,5\n0,25;2\n")
    force = read(path, vertical(text=text, force_unit="kN")).signals["force"]["force"]
    np.testing.assert_allclose(force.squeeze("axis"), [[500, 250], [1500, 2000]])
    assert list(force["axis"].to_numpy()) == ["up"]


def test_wide_trials_end_where_their_columns_end(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "1,2,10,20\n3,4,30,40\n5,6,,\n")
    described = vertical(text={"layout": "wide"})
    np.testing.assert_allclose(
        read(path, described, "1").signals["force"]["force"].squeeze("axis"), [[1, 3, 5], [2, 4, 6]]
    )
    second = read(path, described, "2")
    np.testing.assert_allclose(second.signals["force"]["force"].squeeze("axis"), [[10, 30], [20, 40]])
    assert any("1 rows after it were left out" in sentence for sentence in second.assumptions)
    for part in (None, "0", "3", "x"):
        with pytest.raises(RecordingError, match="a trial from 1 to 2"):
            read(path, described, part)


def test_long_trials_are_chosen_by_name_or_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "left,right,trial\n1,2,a\n3,4,a\n5,6,b\n7,8,b\n")
    described = vertical(text={"layout": "long", "header_rows": 1, "trial_column": "trial"})
    for part in ("b", "rows 3:4"):
        np.testing.assert_allclose(read(path, described, part).signals["force"]["force"][0, :, 0], [5, 7])
    with pytest.raises(RecordingError, match="one of the trials a, b; found 'c'"):
        read(path, described, "c")
    with pytest.raises(RecordingError, match="rows within 1:4"):
        read(path, described, "rows 3:9")
    mixed = write(tmp_path, "b.csv", "left,right,trial\n1,2,a\n3,4,b\n5,6,a\n")
    with pytest.raises(RecordingError, match="row 4: expected the rows of trial a below each other"):
        read(mixed, described, "a")


@pytest.mark.parametrize(
    ("content", "text", "sentence"),
    [
        ("1,2\nx,4\n5,y\n", {}, "column 1, row 2: expected a number; found 'x'"),
        ("1,2\nx,4\n5,y\n", {}, "column 2, row 3: expected a number; found 'y'"),
        ("1,2\n3\n5,6\n", {}, "row 2: expected 2 columns; found 1 columns"),
        ("1,2\n3,\n5,6\n", {}, "row 2: expected a finite number in each mapped column; found none there"),
        ("1\n2\n", {}, "numbers from 1 to 1; found 2"),
        ("t,1,2\n0,1,2\n", {"header_rows": 5}, "rows of data after 5 header rows; found 2 rows"),
    ],
)
def test_delimited_faults_are_named(tmp_path: Path, content: str, text: dict[str, object], sentence: str) -> None:
    with pytest.raises(RecordingError) as refusal:
        read(write(tmp_path, "a.csv", content), vertical(text=text))
    assert sentence in str(refusal.value)


HINT = ": see text.delimiter, now {}, and text.header_rows, now {}"
NAMED = {"1": PlateSetup(columns={"up": "FP1"})}
TWO = {"1": PlateSetup(columns={"up": 2})}
ONE = {"1": PlateSetup(columns={"up": 1})}


@pytest.mark.parametrize(
    ("content", "plates", "text", "sentence"),
    [
        ("FP1\tFP2\n1\t2\n", NAMED, {"header_rows": 1}, "found columns FP1\\tFP2" + HINT.format('","', 1)),
        ("FP1,FP2\n1,2\n", NAMED, {}, "found columns without names" + HINT.format('","', 0)),
        ("1;2\n3;4\n", TWO, {"delimiter": "\t"}, "from 1 to 1; found 2" + HINT.format('"\\t"', 0)),
        ("FP1,FP2\n1,2\n", ONE, {}, "found 'FP1'" + HINT.format('","', 0)),
        ("1\t2\n3\t4\n", ONE, {}, "found '1\\t2'" + HINT.format('","', 0)),
        ("a plate\n1,2\n3,4\n", ONE, {}, "row 2, row 3: expected 1 columns; found 2 columns" + HINT.format('","', 0)),
        ("0,5;1\n2,5;2\n", ONE, {"delimiter": ";"}, HINT.format('";"', 0) + ', and text.decimal, now "."'),
    ],
)
def test_text_of_another_shape_names_the_settings(
    tmp_path: Path, content: str, plates: dict[str, PlateSetup], text: dict[str, object], sentence: str
) -> None:
    described = device("delimited", plates=plates, rate_hz=100.0, text=text)
    with pytest.raises(RecordingError) as refusal:
        read(write(tmp_path, "a.csv", content), described)
    assert sentence in str(refusal.value)


def test_a_bad_cell_further_down_blames_no_setting(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as refusal:
        read(write(tmp_path, "a.csv", "1,2\n3,4\n5,6\nx,8\n"), vertical())
    assert str(refusal.value).endswith("column 1, row 4: expected a number; found 'x'")


def test_delimited_text_needs_columns_a_rate_and_distinct_names(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "F,F\n1,2\n3,4\n")
    with pytest.raises(RecordingError, match="columns for each plate"):
        read(path, device("delimited", rate_hz=100.0))
    with pytest.raises(RecordingError, match="a sampling rate or a time column"):
        read(path, vertical(rate_hz=None, text={"header_rows": 1}))
    named = {"1": PlateSetup(columns={"up": "F"})}
    with pytest.raises(RecordingError, match="2 columns of that name; give its number"):
        read(path, device("delimited", plates=named, rate_hz=100.0, text={"header_rows": 1}))


@pytest.mark.parametrize(
    ("times", "declared", "answer"),
    [
        (np.round(np.arange(1000) / 150, 3), None, 150.0),  # a .trc prints milliseconds
        (np.arange(1000) / 450, None, 450.0),
        (np.round(np.arange(1000) / 333.3, 6), 333.3, 333.3),
        (np.arange(1000) / 99.7, None, 99.7),
    ],
)
def test_rates_of_time_stamps(times: np.ndarray, declared: float | None, answer: float) -> None:
    assert sampling_rate(Path("a"), times, declared) == pytest.approx(answer, rel=1e-9)


def test_time_stamps_with_a_gap_or_another_rate_are_refused() -> None:
    times = np.arange(1000) / 1000
    with pytest.raises(RecordingError, match="evenly spaced time stamps"):
        sampling_rate(Path("a"), np.delete(times, slice(500, 520)), None)
    with pytest.raises(RecordingError, match="the rate of the time stamps, 1000 Hz; found 1002 Hz"):
        sampling_rate(Path("a"), times, 1002.0)
    with pytest.raises(RecordingError, match="increasing time stamps"):
        sampling_rate(Path("a"), times[::-1], None)


def test_labels_lose_their_prefix_only_where_no_two_persons_share_them() -> None:
    assert plain_labels(["Ana:LASI", "Ana:RASI"])[0] == ["LASI", "RASI"]
    assert plain_labels(["box:corner", "Ana:RASI"])[0] == ["corner", "RASI"]
    labels, (sentence,), _ = plain_labels(["Ana:LASI", "Ben:LASI", "Ana:X"])
    assert labels == ["Ana:LASI", "Ben:LASI", "Ana:X"]
    assert "Several persons or objects have markers of the same name: Ana, Ben." in sentence
    labels, _, (remark,) = plain_labels(["A", "B", "A"])
    assert labels == ["A", "B", "A_2"]
    assert remark.endswith(": A.")


def test_moment_of_an_empty_plate_is_zero_whatever_its_point() -> None:
    moment = moment_from_point(np.zeros((1, 3)), np.full((1, 3), np.nan), np.zeros((1, 3)))
    np.testing.assert_array_equal(moment, np.zeros((1, 3)))


@pytest.mark.parametrize("reader", sorted(READERS))
@pytest.mark.parametrize(
    "content", [b"", b"\n\n", bytes(range(256)) * 8, b"\x80\x81\x8d" * 300, b"hello, world\n" * 50]
)
def test_no_reader_stumbles_over_what_is_no_recording(tmp_path: Path, reader: str, content: bytes) -> None:
    path = write(tmp_path, "a.bin", content)
    with pytest.raises(RecordingError, match=r"a\.bin"):
        read(path, vertical() if reader == "delimited" else device(reader))
    with pytest.raises(RecordingError, match="a readable file"):
        read(tmp_path / "absent", vertical() if reader == "delimited" else device(reader))


@pytest.mark.parametrize(
    ("reader", "content"),
    [("bioware", BIOWARE), ("nexus", NEXUS), ("opensim", TRC), ("opensim", MOT), ("opensim", COORDINATES)],
)
def test_text_cut_or_garbled_anywhere_reads_or_is_refused(tmp_path: Path, reader: str, content: str) -> None:
    whole = content.encode()
    answers = {True: 0, False: 0}
    dice = random.Random(1)
    for number in range(150):
        broken = bytearray(whole[: dice.randrange(len(whole))] if number % 2 else whole)
        for _ in range(dice.randrange(3)):
            if broken:
                broken[dice.randrange(len(broken))] = dice.choice(b"\t\n,.x9-\xff")
        path = write(tmp_path, "a.txt", bytes(broken))
        try:
            read(path, device(reader, up="y" if reader == "opensim" else "z", forward="x"))
            answers[True] += 1
        except RecordingError:
            answers[False] += 1
    assert answers[False] > 50


def test_c3d_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write_c3d(tmp_path / "whole.c3d").read_bytes()
    last = len(whole.rstrip(b"\x00"))
    for length in (0, 1, 100, 512, 700, 1024, 2000, last // 2, last - 600):
        with pytest.raises(RecordingError, match=r"cut\.c3d"):
            read(write(tmp_path, "cut.c3d", whole[:length]), device("c3d"))
