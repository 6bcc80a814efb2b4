"""C3D files as they come: any code page, unsigned samples, contradictions, several persons, damage of any kind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from legsci.ingest.devices import Channel, Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.recording import Recording
from tests.c3d_bytes import plate_groups, standing, write_c3d_bytes

POINTS, ANALOGS = standing()
GROUPS = plate_groups(ANALOGS)


def device(**rest: object) -> Device:
    return Device("d", "c3d", forward="x", **rest)  # type: ignore[arg-type]


def read(path: Path, **rest: object) -> Recording:
    return READERS["c3d"](path, device=device(**rest))


def refusal(path: Path, **rest: object) -> str:
    with pytest.raises(RecordingError) as refused:
        read(path, **rest)
    assert path.name in str(refused.value)
    return str(refused.value)


def weight(recording: Recording) -> float:
    return float(recording.signals["force"]["force"].sel(axis="z").mean())


def labelled(*labels: str) -> dict[str, dict[str, object]]:
    return GROUPS | {"POINT": {"LABELS": list(labels)}}


def ezc3d_dies_of(path: Path) -> int:
    """Return code of a process in which ezc3d reads the file; negative where a signal ended it."""
    code = f"import ezc3d; ezc3d.c3d({str(path)!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


def theia(path: Path) -> Path:
    """A file of segments alone, as markerless systems write it."""
    poses = np.zeros((200, 3, 17), np.float32)
    poses[..., [0, 5, 10, 15]] = 1.0
    labels = ["pelvis_4X4", "l_thigh_4X4", "r_thigh_4X4"]
    rotation = {"USED": np.int16(3), "RATE": np.float32(100.0), "RATIO": np.int16(1), "LABELS": labels}
    return write_c3d_bytes(path, POINTS[:, :0], ANALOGS[:, :, :0], groups={"ROTATION": rotation}, rotations=poses)


def changed(path: Path, *changes: tuple[int, int]) -> Path:
    """Write bytes over those of a file."""
    content = bytearray(path.read_bytes())
    for position, value in changes:
        content[position] = value
    path.write_bytes(content)
    return path


def test_numbers_are_those_that_ezc3d_decodes(tmp_path: Path) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS)
    decoded, signals = ezc3d.c3d(str(path))["data"], read(path).signals
    ours = signals["markers"]["position"].transpose("axis", "marker", "time")
    np.testing.assert_allclose(1000.0 * ours, decoded["points"][:3], rtol=1e-6)
    np.testing.assert_allclose(-signals["force"]["force"][0, :, 2], decoded["analogs"][0, 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("label", "encoding", "declared"),
    [
        ("Hüfte", "utf-8", None),
        ("Hüfte", "latin-1", None),
        ("Hüfte", "cp1252", "cp1252"),
        ("右膝", "shift_jis", "shift_jis"),
        ("колено", "cp1251", "cp1251"),
        ("膝盖", "gb18030", "gb18030"),
    ],
)
def test_labels_of_any_code_page(tmp_path: Path, label: str, encoding: str, declared: str | None) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=labelled(label, "RASI"), encoding=encoding)
    recording = read(path, text={} if declared is None else {"encoding": declared})
    assert list(recording.signals["markers"]["marker"].to_numpy()) == [label, "RASI"]
    guessed = [sentence for sentence in recording.assumptions if "text.encoding" in sentence]
    assert bool(guessed) == (declared is None and encoding != "utf-8")


def test_text_that_is_not_of_the_named_code_page_is_refused(tmp_path: Path) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=labelled("Hüfte"), encoding="latin-1")
    assert "text.encoding: expected text in utf-8" in refusal(path, text={"encoding": "utf-8"})


@pytest.mark.parametrize("unit", ["Nmm", "N.mm", "N mm", "N·mm"])
def test_units_with_letters_of_a_code_page(tmp_path: Path, unit: str) -> None:
    milli = ANALOGS * np.where(np.arange(6) < 3, 1.0, 1000.0).astype(np.float32)
    groups = GROUPS | {"ANALOG": {"UNITS": ["N"] * 3 + [unit] * 3}}
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, milli, groups=groups, encoding="latin-1")
    moment = read(path).signals["force"]["moment"]
    plain = read(write_c3d_bytes(tmp_path / "b.c3d", POINTS, ANALOGS, groups=GROUPS)).signals["force"]["moment"]
    np.testing.assert_allclose(moment, plain, atol=1e-3)


@pytest.mark.parametrize(
    ("dtype", "form", "offset"),
    [("<i2", "SIGNED", 0), ("<u2", "UNSIGNED", 32768), ("<u2", "UNSIGNED", 2048), ("<i2", "SIGNED", -100)],
)
def test_whole_numbers_with_and_without_a_sign(tmp_path: Path, dtype: str, form: str, offset: int) -> None:
    largest = 2047 if offset == 2048 else 32000
    scale = 700.0 / (0.9 * largest)
    counts = np.round(ANALOGS / scale) + offset
    layout = {
        "FORMAT": [form],
        "SCALE": np.full(6, scale, np.float32),
        "OFFSET": np.full(6, offset).astype(np.uint16 if offset > 0 else np.int16),
    }
    groups = GROUPS | {"ANALOG": {"UNITS": ["N"] * 3 + ["Nm"] * 3} | layout}
    recording = read(write_c3d_bytes(tmp_path / "a.c3d", POINTS, counts.astype(dtype), groups=groups))
    assert weight(recording) == pytest.approx(700.0, abs=scale)
    assert any("UNSIGNED" in sentence for sentence in recording.assumptions) == (form == "UNSIGNED")


@pytest.mark.parametrize("channel", [0, 65535, 7, 1000])
def test_a_channel_that_the_file_does_not_have_is_refused(tmp_path: Path, channel: int) -> None:
    channels = np.array([[1, 2, channel, 4, 5, 6]]).T.astype(np.uint16)
    groups = plate_groups(ANALOGS, CHANNEL=channels)
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=groups)
    assert f"force plate 1, FORCE_PLATFORM:CHANNEL: expected channels from 1 to 6; found {channel}" in refusal(path)


@pytest.mark.parametrize("header", [{"points": 1}, {"points": 9}, {"words": 30}, {"last": 150}, {"scale": 0.1}])
def test_of_a_header_that_contradicts_the_parameters_the_size_of_the_file_decides(
    tmp_path: Path, header: dict[str, float]
) -> None:
    recording = read(write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS, header=header))
    assert recording.signals["markers"].sizes == {"time": 200, "marker": 2, "axis": 3}
    assert weight(recording) == pytest.approx(700.0, abs=0.1)
    (sentence,) = [sentence for sentence in recording.assumptions if "in the header and" in sentence]
    assert "The size of the file agrees with 2 points, 60 analog values a frame and 200 frames only" in sentence
    assert sentence in recording.signals["force"].attrs["remarks"]


@pytest.mark.parametrize(
    ("header", "groups", "said"),
    [
        ({"rate": 120.0}, {}, "POINT:RATE: expected 120 Hz, as in the header; found 100 Hz"),
        ({"samples": 5}, {}, "expected"),
        ({}, {"ANALOG": {"RATE": np.float32(500.0)}}, "ANALOG:RATE: expected 10 times the rate of the frames, 1000 Hz"),
        ({"last": 5000}, {"POINT": {"FRAMES": np.int16(5000)}}, "expected 5000 frames, as the header says; found 20"),
        ({}, {"POINT": {"RATE": np.float32(np.nan)}}, "POINT:RATE: expected more than 0 Hz; found nan"),
        ({}, {"POINT": {"RATE": np.float32(np.inf)}}, "POINT:RATE: expected more than 0 Hz; found inf"),
        ({}, {"ANALOG": {"RATE": np.float32(-1.0)}}, "ANALOG:RATE: expected more than 0 Hz; found -1 Hz"),
        ({"rate": 0.0}, {"POINT": {"RATE": np.float32(0.0)}}, "POINT:RATE: expected more than 0 Hz; found 0 Hz"),
        ({}, {"POINT": {"USED": np.float32(np.nan)}}, "POINT:USED: expected a whole number; found nan"),
        ({}, {"POINT": {"UNITS": ["furlong"]}}, "POINT:UNITS: expected one of m, cm, mm"),
        ({}, {"ANALOG": {"UNITS": ["V"] * 6}}, "force_unit of the device"),
        ({}, {"ANALOG": {"UNITS": ["N"] * 6}}, "moment_unit of the device"),
    ],
)
def test_contradictions_and_numbers_that_are_none_are_refused(
    tmp_path: Path, header: dict[str, float], groups: dict[str, dict[str, object]], said: str
) -> None:
    merged = {name: GROUPS.get(name, {}) | groups.get(name, {}) for name in GROUPS.keys() | groups.keys()}
    assert said in refusal(write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=merged, header=header))


def test_labels_of_several_persons_keep_their_names(tmp_path: Path) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=labelled("Ana:LASI", "Ben:LASI"))
    recording = read(path)
    assert list(recording.signals["markers"]["marker"].to_numpy()) == ["Ana:LASI", "Ben:LASI"]
    assert any("Several persons" in sentence and "Ana, Ben" in sentence for sentence in recording.assumptions)


def test_outputs_of_a_model_are_no_markers_without_type_groups(tmp_path: Path) -> None:
    """By name: angles are read, the others left out and said once; a label that the study maps is a marker."""
    outputs = ["LKneeAngles", "LHipMomentFEM", "RAnklePower", "CentreOfMass", "CofP1", "GRF2", "Vector1"]
    labels = ["LASI", "RASI", *outputs, "MForce"]
    points = np.repeat(POINTS[:, :1], len(labels), axis=1) + 0.0
    points[..., :3] += 100.0 * np.arange(len(labels))[None, :, None]
    points[:, 2, :3] = 30.0
    path = write_c3d_bytes(tmp_path / "a.c3d", points, ANALOGS, groups=labelled(*labels))
    recording = read(path, markers={"MForce": "sternum"})
    assert list(recording.signals["markers"]["marker"].to_numpy()) == ["LASI", "RASI", "MForce"]
    assert list(recording.signals["angles"]["joint_angle"].to_numpy()) == [f"LKneeAngles.{axis}" for axis in "xyz"]
    assert [sentence for sentence in recording.assumptions if "outputs of a model" in sentence] == [
        "6 points are outputs of a model by their names; they were left out."
    ]
    assert recording.notes["OUTPUTS"] == f"points left out: {', '.join(outputs[1:])}"


def test_a_point_far_from_all_others_is_no_marker(tmp_path: Path) -> None:
    points, analogs = standing(points=6)
    points[:, 3, :3] *= 50.0  # a power in W among millimetres
    path = write_c3d_bytes(tmp_path / "a.c3d", points, analogs, groups=GROUPS)
    recording = read(path)
    assert "M4" not in recording.signals["markers"]["marker"]
    assert any("more than 10 m from all others" in s and "M4" in s for s in recording.assumptions)


@pytest.mark.parametrize(("factor", "reads"), [(1.0, True), (0.001, False), (1000.0, False), (0.1, False)])
def test_markers_at_distances_that_no_body_has_are_refused(tmp_path: Path, factor: float, reads: bool) -> None:
    points, analogs = standing(points=4)
    points[..., :3] *= factor
    names = ("left", "right")
    labels = [f"{side[0].upper()}{place}" for place in ("ASI", "PSI") for side in names]
    path = write_c3d_bytes(tmp_path / "a.c3d", points, analogs, groups=labelled(*labels))
    markers = {
        f"{side[0].upper()}{short}": f"{side}_{place}_superior_iliac_spine"
        for short, place in (("ASI", "anterior"), ("PSI", "posterior"))
        for side in names
    }
    described = device(markers=markers)
    recording = READERS["c3d"](path, device=described)
    if reads:
        assert map_names(recording, described, "a.c3d").signals["markers"].sizes["marker"] == 4
        return
    with pytest.raises(RecordingError, match=r"a\.c3d: markers, unit: expected markers as far apart as on a body"):
        map_names(recording, described, "a.c3d")


def test_moments_in_newton_millimetres_said_to_be_newton_metres_are_refused(tmp_path: Path) -> None:
    analogs = ANALOGS.copy()
    analogs[..., 3:5] += 50.0  # the centre of pressure stands 7 cm from the middle
    right = read(write_c3d_bytes(tmp_path / "a.c3d", POINTS, analogs, groups=GROUPS))
    assert right.signals["force"]["moment"].shape == (1, 2000, 3)
    analogs[..., 3:] *= 1000.0
    path = write_c3d_bytes(tmp_path / "b.c3d", POINTS, analogs, groups=GROUPS)
    assert "see the unit of its moments (moment_unit of the device)" in refusal(path)
    cured = read(path, moment_unit="N mm").signals["force"]["moment"]
    np.testing.assert_allclose(cured, right.signals["force"]["moment"], atol=1e-3)


def test_the_length_unit_of_the_study_is_for_files_without_one(tmp_path: Path) -> None:
    named = read(write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS), length_unit="m")
    assert float(named.signals["markers"]["position"].max()) < 2.0
    assert any("The file names the unit mm; length_unit m" in sentence for sentence in named.assumptions)
    centimetres = {"CORNERS": GROUPS["FORCE_PLATFORM"]["CORNERS"] / np.float32(10.0)}
    groups = plate_groups(ANALOGS, **centimetres) | {"POINT": {"UNITS": None}}
    bare = read(write_c3d_bytes(tmp_path / "b.c3d", POINTS / 10.0, ANALOGS, groups=groups), length_unit="cm")
    np.testing.assert_allclose(bare.signals["markers"]["position"], named.signals["markers"]["position"], rtol=1e-5)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.3, 0.6, 0.9, 0.99])
def test_files_that_are_cut_short_are_refused(tmp_path: Path, share: float) -> None:
    for path in (theia(tmp_path / "t.c3d"), write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS)):
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        assert re.search("cut short|the end of the file|the mark of a C3D file|an empty file", refusal(path))


def test_damage_that_ends_the_interpreter_in_ezc3d_is_a_refusal(tmp_path: Path) -> None:
    cut = theia(tmp_path / "theia.c3d")
    cut.write_bytes(cut.read_bytes()[:12000])
    assert ezc3d_dies_of(cut) < 0
    assert "ROTATION: expected 200 frames, as the header says" in refusal(cut)
    points, analogs = standing(60)
    whole = write_c3d_bytes(tmp_path / "flipped.c3d", points, analogs, groups=plate_groups(analogs))
    flipped = changed(whole, (702, 193), (3031, 128))
    assert ezc3d_dies_of(flipped) < 0
    refusal(flipped)


def test_an_exception_of_a_reader_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *, device: Device, part: str | None = None) -> Recording:
        raise KeyError("a key\nin two lines")

    monkeypatch.setattr("legsci.ingest.readers.delimited.read", fail)
    with pytest.raises(RecordingError) as refused:
        READERS["delimited"](tmp_path / "jump.csv", device=Device("d", "delimited", plates={"1": PlateSetup()}))
    assert str(refused.value).splitlines()[1:] == [
        "  jump.csv: expected a file that the reader delimited can read; found one at which it fails: KeyError: "
        "'a key\\nin two lines'"
    ]


TWICE = np.array([[1, 2, 3, 4, 5, 6], [1, 8, 9, 10, 11, 12]], np.int16).T
CORNERS = GROUPS["FORCE_PLATFORM"]["CORNERS"]


def two_plates(**changes: object) -> dict[str, dict[str, object]]:
    """Parameters of two plates beside each other, on channels 1 to 6 and 7 to 12."""
    beside = CORNERS + np.array([700.0, 0.0, 0.0], np.float32)[:, None, None]
    usual = {
        "USED": np.int16(2),
        "TYPE": np.array([2, 2], np.int16),
        "CHANNEL": np.arange(1, 13, dtype=np.int16).reshape(2, 6).T,
        "CORNERS": np.concatenate([CORNERS, beside], axis=2),
        "ORIGIN": np.zeros((3, 2), np.float32),
    }
    names = [f"{quantity}{plate}" for plate in (1, 2) for quantity in ("Fx", "Fy", "Fz", "Mx", "My", "Mz")]
    analog = {"UNITS": (["N"] * 3 + ["Nm"] * 3) * 2, "LABELS": names, "SCALE": np.ones(12, np.float32)}
    platform = {key: value for key, value in changes.items() if key in usual}
    return {
        "FORCE_PLATFORM": usual | platform,
        "ANALOG": analog | {key: value for key, value in changes.items() if key not in usual},
    }


def written(path: Path, **changes: object) -> Path:
    return write_c3d_bytes(path, POINTS, np.concatenate([ANALOGS, ANALOGS], axis=2), groups=two_plates(**changes))


def scaled(*places: tuple[int, float]) -> np.ndarray:
    """Factors of twelve channels, 1 but at some places."""
    scale = np.ones(12, np.float32)
    for place, value in places:
        scale[place] = value
    return scale


def moved(corner: int, by_mm: float) -> np.ndarray:
    """Corners of two plates, one corner of the first moved along x."""
    corners = np.concatenate([CORNERS, CORNERS], axis=2).copy()
    corners[0, corner, 0] += by_mm
    return corners


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"CHANNEL": TWICE},
            "FORCE_PLATFORM:CHANNEL: expected each channel once, in one plate; found 1 more than once",
        ),
        ({"TYPE": np.array([3, 2], np.int16)}, "expected 8 channels of a plate of TYPE 3; found 6"),
        ({"TYPE": np.array([1, 2], np.int16)}, "length_unit of the device"),
        ({"TYPE": np.array([4, 2], np.int16)}, "a CAL_MATRIX of 6 x 6"),
        ({"TYPE": np.array([2], np.int16)}, "TYPE 1 to 4"),
        ({"SCALE": scaled((2, 0.0))}, "ANALOG:SCALE of channels 3: expected a number other than 0"),
        ({"SCALE": scaled((8, np.nan))}, "force plate 2, channel"),
        ({"SCALE": scaled((2, 1e6))}, "factors of like size for channels of one quantity; found 1, 1, 1e+06"),
        ({"GEN_SCALE": np.float32(0.0)}, "ANALOG:GEN_SCALE: expected a number other than 0; found 0"),
        ({"GEN_SCALE": np.float32(1e4)}, "forces of at most 100000 N (see ANALOG:SCALE and ANALOG:UNITS)"),
        ({"UNITS": ["N"] * 3 + ["Nm", "Nmm", "Nm"] + ["N"] * 3 + ["Nm"] * 3}, "one unit for channels of one quantity"),
        ({"CORNERS": moved(0, 60.0)}, "force plate 1, CORNERS: expected a rectangle with sides of 0.1 to 5 m"),
        ({"CORNERS": moved(2, 1e9)}, "CORNERS: expected a rectangle"),
        ({"CORNERS": np.concatenate([CORNERS, CORNERS], axis=2) / 10.0}, "found sides of 0.02, 0.06, 0.02, 0.06 m"),
        (
            {"ORIGIN": np.array([[0, 0, 900.0], [0, 0, 0]], np.float32).T},
            "force plate 1, ORIGIN: expected a point below",
        ),
        (
            {"ORIGIN": np.array([[0, 0, 0], [450.0, 0, 0]], np.float32).T},
            "force plate 2, ORIGIN: expected a point below",
        ),
    ],
)
def test_what_no_plate_has_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    assert read(written(tmp_path / "a.c3d")).signals["force"].sizes["plate"] == 2
    refused = refusal(written(tmp_path / "b.c3d", **changes))
    assert said in refused or ("SCALE" in changes and "a number other than 0" in refused)


def test_corners_as_they_are_surveyed_and_an_origin_within_the_plate_read(tmp_path: Path) -> None:
    changes = {"CORNERS": moved(0, 6.0), "ORIGIN": np.array([[1.0, -2.0, -54.0]] * 2, np.float32).T}
    assert read(written(tmp_path / "a.c3d", **changes)).signals["force"].sizes["plate"] == 2


@pytest.mark.parametrize(
    ("changes", "rest", "said"),
    [
        ({"USED": np.int16(1)}, {}, "The file describes 2 force plates and uses 1 of them"),
        (
            {"LABELS": ["Fx1", "Fy1", "Gz1", "Mx1", "My1", "Mz1", *"abcdef"]},
            {},
            "Channel 3, read as Fz of force plate 1, is named 'Gz1' in the file",
        ),
        ({"USED": np.int16(0)}, {"plates": {"1": PlateSetup()}}, "The file names no force plate"),
    ],
)
def test_what_may_be_meant_is_said_in_the_quality_table(
    tmp_path: Path, changes: dict[str, object], rest: dict[str, object], said: str
) -> None:
    recording = read(written(tmp_path / "a.c3d", **changes), **rest)
    assert any(said in str(signal.attrs.get("remarks", "")) for signal in recording.signals.values())


@pytest.mark.parametrize(
    "labels",
    [
        ["F1X", "F1Y", "F1Z", "M1X", "M1Y", "M1Z"],
        ["FP1_FX", "FP1_FY", "FP1_FZ", "FP1_MX", "FP1_MY", "FP1_MZ"],
        ["Force.Fx1", "Force.Fy1", "Force.Fz1", "Moment.Mx1", "Moment.My1", "Moment.Mz1"],
        ["Fy1", "Fx1", "Fz1", "My1", "Mx1", "Mz1"],
        [f"Amti Gen 5 OR6-5-1000 3581_{n}" for n in range(1, 7)],
    ],
)
def test_names_that_makers_give_their_channels_are_no_remark(tmp_path: Path, labels: list[str]) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS | {"ANALOG": {"LABELS": labels, **UNITS}})
    assert "remarks" not in read(path).signals["force"].attrs


UNITS = {"UNITS": ["N"] * 3 + ["Nm"] * 3}


@pytest.mark.parametrize(("unit", "said"), [("V", False), ("mV", False), ("N", True), ("", True)])
def test_a_unit_that_is_none_of_emg_is_said(tmp_path: Path, unit: str, said: bool) -> None:
    analogs = np.concatenate([ANALOGS, ANALOGS[..., :1]], axis=2)
    names = ["Fx", "Fy", "Fz", "Mx", "My", "Mz", "GMED"]
    groups = GROUPS | {"ANALOG": {"LABELS": names, "UNITS": ["N"] * 3 + ["Nm"] * 3 + [unit]}}
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, analogs, groups=groups)
    recording = read(path, channels={"GMED": Channel("emg", muscle="gluteus_medius", side="left")})
    assert any("GMED in " in sentence for sentence in recording.assumptions) == said


def test_a_header_whose_first_frame_is_behind_the_last_is_said_and_shifts_no_time(tmp_path: Path) -> None:
    path = write_c3d_bytes(tmp_path / "a.c3d", POINTS, ANALOGS, groups=GROUPS, header={"first": 900})
    recording = read(path)
    assert recording.start_time_s == 0.0
    assert any("counts frames 900 to 200; 200 frames were read" in sentence for sentence in recording.assumptions)
