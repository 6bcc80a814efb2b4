"""Readers on real recordings: each file reads or is refused by name, and files of the same trial agree."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import ezc3d
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.signal import butter, sosfiltfilt

from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import READERS
from legsci.ingest.study import read_study
from legsci.kernels.plates import centre_of_pressure

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SUFFIXES = {".c3d", ".trc", ".mot", ".sto", ".txt", ".csv", ".forces"}


def described(reader: str, up: str = "z", **rest: object) -> Device:
    forward = "x" if up.endswith(("y", "z")) else "y"
    return Device(name="described", reader=reader, up=up, forward=forward, **rest)  # type: ignore[arg-type]


def columns(text: dict[str, object] | None = None, rate_hz: float | None = None, **plates: str | int) -> Device:
    setups = {name: PlateSetup(columns={"up": column}) for name, column in plates.items()}
    return described("delimited", rate_hz=rate_hz, plates=setups, text=text or {})


TAB = {"header_rows": 1, "delimiter": "\t"}
FORCES_FILE = {
    str(n): PlateSetup(
        columns={"fx": f"FX{n}", "fy": f"FY{n}", "fz": f"FZ{n}", "px": f"X{n}", "pz": f"Z{n}", "ty": f"MZ{n}"}
    )
    for n in range(1, 8)
}
SIX_NAMED = PlateSetup(columns={name.lower(): name for name in ("Fx", "Fy", "Fz", "Mx", "My", "Mz")})
# Pattern -> how the study would describe the file, the part of it, and the kinds of signal in it or the refusal.
FILES: dict[str, tuple[Device, str | None, set[str] | str]] = {
    "acl-squatjump/*.csv": (described("opensim", "y"), None, {"force"}),
    "biomdp-cmj-dj/vicon*.c3d": (described("c3d"), None, {"force", "markers"}),
    "biomdp-cmj-dj/kistler*.c3d": (described("c3d"), None, {"force"}),
    "biomdp-cmj-dj/kistler*.txt": (described("bioware", "-z"), None, {"force"}),
    "biomdp-cmj-dj/vicon*.csv": (described("nexus"), None, {"force", "markers", "angles"}),
    "bmclab/Gait.c3d": (described("c3d"), None, {"force", "markers"}),
    "bmclab/GRFZjump.txt": (columns(rate_hz=600.0, plate=1), None, {"force"}),
    "bmclab/GRFZjump_[mn].txt": (columns(text=TAB, rate_hz=1000.0, plate="GRFv"), None, {"force"}),
    "bmclab/jump[12].txt": (columns(text=TAB | {"time_column": "Time[s]"}, plate="GRF[N]"), None, {"force"}),
    "bmclab/kistler_fp_data.txt": (columns(text=TAB, rate_hz=100.0, plate="Fz"), None, "columns Time (s), Channel 0"),
    "bmclab/*.mot": (described("opensim", "y"), None, {"force"}),
    "bmclab/*.trc": (described("opensim", "y"), None, {"markers"}),
    "bmclab/walk1.forces": (
        described(
            "delimited",
            "y",
            rate_hz=450.0,
            length_unit="mm",
            moment_unit="N mm",
            plates=FORCES_FILE,
            text={"header_rows": 5, "delimiter": "\t"},
        ),
        None,
        {"force"},
    ),
    "ezc3d-testfiles/BTS.c3d": (described("c3d", "y"), None, {"force", "markers"}),
    "ezc3d-testfiles/C3DRotationExample.c3d": (described("c3d"), None, {"segments"}),
    "ezc3d-testfiles/FP_Type1.c3d": (described("c3d", "y", plates={"1": PlateSetup()}), None, {"force", "markers"}),
    "ezc3d-testfiles/FP_Type3.c3d": (described("c3d"), None, {"force", "markers"}),
    "ezc3d-testfiles/Kistler.c3d": (described("c3d", "y"), None, {"force"}),
    "ezc3d-testfiles/Optotrak.c3d": (described("c3d"), None, "expected 1149 frames, as the header says; found 29"),
    "ezc3d-testfiles/Qualisys.c3d": (described("c3d"), None, {"force", "markers"}),
    "ezc3d-testfiles/read_NOTworking2.c3d": (described("c3d"), None, {"markers"}),
    "fz-vertical-jumps/Dual-*.txt": (columns(text=TAB, rate_hz=1000.0, left="FP1", right="FP2"), None, {"force"}),
    "fz-vertical-jumps/Single-*.txt": (columns(rate_hz=1000.0, both=1), None, {"force"}),
    "gait-biomechzoo/*.c3d": (described("c3d"), None, {"force", "markers", "angles"}),
    "isometric-pull/example1_500hz.csv": (
        columns(text={"header_rows": 1, "time_column": "Time"}, plate="Fz"),
        None,
        {"force"},
    ),
    # The laboratory's angles, moments and powers stand among the points of the dynamic trial; their names tell them.
    "lasem-single-leg/FAILT01_SLDJ02.c3d": (described("c3d"), None, {"force", "markers", "angles"}),
    "lasem-single-leg/FAILT01_static02.c3d": (described("c3d"), None, {"markers"}),
    "opencap-unfiltered/ID/*.mot": (described("opensim", "y"), None, {"force"}),
    "opencap-unfiltered/IK/*.mot": (described("opensim", "y"), None, {"angles"}),
    "opencap-unfiltered/MarkerData/*.trc": (described("opensim", "y"), None, {"markers"}),
    "optitrack-optotrak/*.c3d": (described("c3d"), None, {"markers"}),
    "parkour-landings/txt/*.txt": (described("bioware", "-z"), None, {"force"}),
    "pyomeca-tests/markers_analogs.c3d": (described("c3d"), None, {"markers"}),
    "pyomeca-tests/markers.csv": (described("nexus"), None, {"markers"}),
    "pyomeca-tests/analogs.csv": (
        described("nexus"),
        None,
        "found channels that the study does not map: Imported Analog EMG",
    ),
    # Its header says 652 frames; the 93 in it are whole.
    "pyomeca-tests/markers.trc": (described("opensim"), None, {"markers"}),
    "pyomeca-tests/inverse_kin.mot": (described("opensim"), None, "expected 250 rows, as the header says; found 88"),
    "pyomeca-tests/inverse_dyn.sto": (described("opensim"), None, "expected 250 rows, as the header says; found 92"),
    "shiny-vertical-jump/comma_long.csv": (
        columns(text={"header_rows": 1, "decimal": ",", "layout": "long"}, rate_hz=1000.0, left="fp1", right="fp2"),
        "rows 3001:14000",
        {"force"},
    ),
    "shiny-vertical-jump/long_1.csv": (
        columns(text={"header_rows": 1, "layout": "long"}, rate_hz=1000.0, left="fp1", right="fp2"),
        "rows 3001:14000",
        {"force"},
    ),
    # Its text is sound; what is wrong with it is the movement.
    "shiny-vertical-jump/long_3 - error.csv": (
        columns(text={"header_rows": 1}, rate_hz=1000.0, left="Left", right="Right"),
        None,
        {"force"},
    ),
    "shiny-vertical-jump/single_trial.csv": (
        columns(text={"header_rows": 1}, rate_hz=1000.0, left="fp1", right="fp2"),
        None,
        {"force"},
    ),
    "shiny-vertical-jump/wide_data.csv": (
        columns(text={"header_rows": 1, "layout": "wide"}, rate_hz=1000.0, left=1, right=2),
        "4",
        {"force"},
    ),
    "sprint-ja1/*.c3d": (described("c3d"), None, {"force", "markers"}),
    "sprint-ja1/*.trc": (described("opensim", "y"), None, {"markers"}),
    "sprint-ja1/*_grf.mot": (described("opensim", "y"), None, {"force"}),
    "sprint-ja1/*_ik.mot": (described("opensim", "y"), None, {"angles"}),
    "squat-vicon-kinonly/*.c3d": (described("c3d", "y"), None, {"markers"}),
    "text-shift-jis/a05.csv": (
        described(
            "delimited",
            rate_hz=1000.0,
            plates={"1": SIX_NAMED},
            text={"header_rows": 6, "encoding": "shift_jis"},
            force_sign="action",
        ),
        None,
        {"force"},
    ),
}
NEITHER_FORCES_NOR_MARKERS = (
    "*/LICENSE*.txt",
    "*/README.txt",
    "biomdp-cmj-dj/iSen_*.csv",
    "bmclab/BSP*.txt",
    "bmclab/emg.csv",
    "dorem/*.csv",
    "emg-trigno/*.csv",
    "exscidata/*.csv",
    "field-cases/*",  # study folders: read as their own study.yaml describes them, below
    "imu-vendor-specimens/*",
    "jimenez-reyes-fv/*.csv",
    "opensense-xsens/*.txt",
    "parkour-landings/*.csv",
    "pyomeca-tests/is_expected_array_val.csv",
    "xsens-dot/*.csv",
)


NO_DATA = [pytest.param("", marks=pytest.mark.skip("no ../shared/data"))]


def real_files() -> list[str]:
    """Every file under ../shared/data of a kind that might carry forces or markers, relative to it."""
    found = sorted(path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.suffix in SUFFIXES)
    return [name for name in found if not any(fnmatch(name, pattern) for pattern in NEITHER_FORCES_NOR_MARKERS)]


def description_of(name: str) -> tuple[Device, str | None, set[str] | str]:
    patterns = [pattern for pattern in FILES if fnmatch(name, pattern)]
    assert len(patterns) == 1, f"{name} is described by {patterns or 'nothing'}"
    return FILES[patterns[0]]


def read(name: str, device: Device, part: str | None = None) -> dict[str, xr.Dataset]:
    return READERS[device.reader](DATA / name, device=device, part=part).signals


def check_signals(signals: dict[str, xr.Dataset]) -> None:
    for kind, signal in signals.items():
        named = {"force": "force", "markers": "position", "segments": "rotation", "angles": "angle"}
        assert np.isfinite(signal[named[kind]]).any()
        assert signal.sizes["time"] > 1
        assert signal.attrs["sampling_rate_hz"] > 0


def upward_force(signal: xr.Dataset, device: Device) -> xr.DataArray:
    axis = "up" if "up" in signal["axis"] else device.up[-1]
    return signal["force"].sel(axis=axis).sum("plate") * (-1 if device.up.startswith("-") else 1)


@pytest.mark.parametrize("name", real_files() or NO_DATA)
def test_every_real_recording_reads_or_is_refused_by_name(name: str) -> None:
    device, part, expected = description_of(name)
    if isinstance(expected, str):
        with pytest.raises(RecordingError) as refusal:
            read(name, device, part)
        assert expected in str(refusal.value)
        assert Path(name).name in str(refusal.value)
        return
    signals = read(name, device, part)
    assert set(signals) == expected
    check_signals(signals)
    if "force" in signals and not any(empty in name for empty in ("FP_Type1", "shift-jis")):  # plates without a load
        upward = upward_force(signals["force"], device)
        assert 300 < float(upward.max()) < 15000
        assert float(upward.min()) > -0.1 * float(upward.max())


#: Recordings of field-cases that no setting makes usable -> sentence of the refusal, with the unit that is wrong.
REFUSED_FIELD_CASES = {
    "pressure-in-mm/raw/stand_cop_mm.mot": "a centre of pressure on the plate: see the unit of length (length_unit",
    "zero-of-each-plate/raw/stand_mm_said_m.c3d": "on the plate: see the unit of its moments (moment_unit",
}
#: Files under raw/ of field-cases that no recordings.tsv names.
FIELD_CASES_WITHOUT_ROW: set[str] = set()


def field_cases() -> list[str]:
    """Every file under raw/ of a study folder of field-cases, relative to field-cases."""
    return sorted(path.relative_to(DATA / "field-cases").as_posix() for path in DATA.glob("field-cases/*/raw/**/*.*"))


@pytest.mark.parametrize("name", field_cases() or NO_DATA)
def test_every_field_case_reads_or_is_refused_as_its_study_describes_it(name: str) -> None:
    case, _, path = name.partition("/")
    study = read_study(DATA / "field-cases" / case)
    rows = study.recordings[study.recordings["path"] == path]
    assert rows.empty == (name in FIELD_CASES_WITHOUT_ROW)
    for row in rows.itertuples():
        device = study.devices[row.device]
        if name in REFUSED_FIELD_CASES:
            with pytest.raises(RecordingError) as refusal:
                read(f"field-cases/{name}", device)
            assert REFUSED_FIELD_CASES[name] in str(refusal.value)
            assert Path(name).name in str(refusal.value)
            continue
        signals = read(f"field-cases/{name}", device)
        assert "force" in signals or set(signals) == {"markers"}
        check_signals(signals)
        if "force" in signals:
            assert 300 < float(upward_force(signals["force"], device).max()) < 15000


@pytest.mark.parametrize(
    ("trial", "every"), [("kistler_CMJ_1plate", 1), ("kistler_DJ_2plates", 1), ("kistler_COP", 20)]
)
def test_bioware_text_and_c3d_of_one_trial_agree(shared_data: Path, trial: str, every: int) -> None:
    text = read(f"biomdp-cmj-dj/{trial}.txt", described("bioware", "-z"))["force"]
    c3d = read(f"biomdp-cmj-dj/{trial}.c3d", described("c3d"))["force"].isel(time=slice(None, None, every))
    turn = np.array([1.0, -1.0, -1.0])  # BioWare's axes to the laboratory's: half a turn about x
    for plate in range(text.sizes["plate"]):
        force, moment = (np.ascontiguousarray(text[v].to_numpy()[plate] * turn) for v in ("force", "moment"))
        other, other_moment = (np.ascontiguousarray(c3d[v].to_numpy()[plate]) for v in ("force", "moment"))
        # The C3D holds 16-bit integers of eight channels, 0.3 N a step; the text has BioWare's crosstalk correction.
        np.testing.assert_allclose(force, other, atol=1.0)
        point = centre_of_pressure(force, moment, 0.0, 2, 100.0)[0]
        centre = c3d["corner"].to_numpy()[plate].mean(axis=0)
        other_point = centre_of_pressure(other, other_moment, 0.0, 2, 100.0)[0] - centre
        assert np.sqrt(np.nanmean((point - other_point) ** 2)) < 0.0005


@pytest.mark.parametrize("trial", ["kistler_CMJ_1plate", "kistler_DJ_2plates", "kistler_COP"])
def test_centre_of_pressure_is_biowares_own(shared_data: Path, trial: str) -> None:
    signal = read(f"biomdp-cmj-dj/{trial}.txt", described("bioware", "-z"))["force"]
    table = pd.read_csv(shared_data / f"biomdp-cmj-dj/{trial}.txt", sep="\t", skiprows=17, header=[0])
    table = table.iloc[1:].astype(float)
    for plate, suffix in enumerate(("", ".1")[: signal.sizes["plate"]]):
        force, moment = signal["force"].to_numpy()[plate], signal["moment"].to_numpy()[plate]
        loaded = -force[:, 2] > 100.0
        np.testing.assert_allclose((-moment[:, 1] / force[:, 2])[loaded], table[f"Ax{suffix}"][loaded], atol=1e-6)
        np.testing.assert_allclose((moment[:, 0] / force[:, 2])[loaded], table[f"Ay{suffix}"][loaded], atol=1e-6)


@pytest.mark.parametrize("name", ["biomdp-cmj-dj/kistler_COP.txt", "biomdp-cmj-dj/kistler_COP.c3d"])
def test_sway_force_points_against_the_displacement_of_the_centre_of_pressure(shared_data: Path, name: str) -> None:
    """A standing body is accelerated away from where its centre of pressure goes: that tells action from reaction."""
    signal = read(name, description_of(name)[0])["force"]
    force, moment = signal["force"].to_numpy()[0], signal["moment"].to_numpy()[0]
    sway = butter(4, [0.5, 4.0], "band", fs=signal.attrs["sampling_rate_hz"], output="sos")
    for axis, point in ((0, -moment[:, 1] / force[:, 2]), (1, moment[:, 0] / force[:, 2])):
        assert np.corrcoef(sosfiltfilt(sway, force[:, axis]), sosfiltfilt(sway, point))[0, 1] < -0.4


def test_step_from_plate_two_to_plate_one_pushes_that_way(shared_data: Path) -> None:
    signal = read("biomdp-cmj-dj/kistler_DJ_2plates.c3d", described("c3d"))["force"]
    towards = signal["corner"].mean("corner").diff("plate").isel(plate=0) * -1.0  # from plate 2 to plate 1
    assert float(towards.sel(axis="y")) == pytest.approx(0.91)
    along = signal["force"].sel(axis="y") / signal.attrs["sampling_rate_hz"]
    pushed = float(along.sel(plate="2").isel(time=slice(2000, 3200)).sum())
    stopped = float(along.sel(plate="1").isel(time=slice(3451, 3857)).sum())
    assert pushed == pytest.approx(47.5, abs=1.0)
    assert stopped == pytest.approx(-46.5, abs=1.0)


def test_nexus_text_and_c3d_of_one_trial_agree(shared_data: Path) -> None:
    text = read("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.csv", described("nexus"))
    c3d = read("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.c3d", described("c3d"))
    # Four markers were worn in calibration only; the C3D has them from the maker's model, the text as empty columns.
    seen = text["markers"]["marker"][np.isfinite(text["markers"]["position"]).any(("time", "axis"))]
    shared = sorted(set(seen.to_numpy()) & set(c3d["markers"]["marker"].to_numpy()))
    assert len(shared) == 18
    positions = [signals["markers"]["position"].sel(marker=shared).to_numpy() for signals in (text, c3d)]
    np.testing.assert_allclose(*positions, atol=1e-5)
    forces = [signals["force"]["force"].to_numpy() for signals in (text, c3d)]
    np.testing.assert_allclose(*forces, atol=0.02)
    loaded = forces[1][0, :, 2] > 100.0
    points = [
        centre_of_pressure(
            *(np.ascontiguousarray(s["force"][v].to_numpy()[0]) for v in ("force", "moment")), 0.0, 2, 100.0
        )
        for s in (text, c3d)
    ]
    np.testing.assert_allclose(points[0][0][loaded], points[1][0][loaded], atol=2e-4)
    table = pd.read_csv(
        shared_data / "biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.csv",
        skiprows=5,
        nrows=16000,
        header=None,
        usecols=[8, 9],
    )
    np.testing.assert_allclose(points[0][0][loaded, :2], table.to_numpy()[loaded] / 1000.0, atol=2e-4)


def test_nexus_angles_are_the_vendors(shared_data: Path) -> None:
    knee = read("biomdp-cmj-dj/vicon_CMJ_kinem_kinet_emg.csv", described("nexus"))["angles"]["angle"]
    knee = knee.sel(joint_angle="AngArtKnee_R.x", time=slice(0.0, 4.25))
    assert float(knee.max()) == pytest.approx(103.36, abs=0.01)
    assert float(knee.idxmax("time")) == pytest.approx(4.01, abs=0.01)


def test_markers_have_the_values_that_pyomeca_expects(shared_data: Path) -> None:
    expected = pd.read_csv(shared_data / "pyomeca-tests/is_expected_array_val.csv", index_col="idx")
    for name, index in (("markers_analogs.c3d", 15), ("markers.csv", 58)):
        device = described("c3d" if name.endswith("c3d") else "nexus")
        position = read(f"pyomeca-tests/{name}", device)["markers"]["position"].to_numpy() * 1000.0
        assert position.shape == (580, 51, 3)
        ones = position.shape[0] * position.shape[1]  # pyomeca appends a row of ones
        assert np.isnan(position).sum() == expected["nans_val"][index]
        assert np.nansum(position) + ones == pytest.approx(expected["sum_val"][index], rel=1e-8)


PARKOUR = {
    ("Drop", "Precision"): "dropD",
    ("Drop", "Running"): "dropS",
    ("Step", "Precision"): "stepD",
    ("Step", "Running"): "stepS",
}


def test_parkour_landings_reach_the_published_peaks(shared_data: Path) -> None:
    published = pd.read_csv(shared_data / "parkour-landings/pkvs_all_reps.csv")
    compared = 0
    for row in published[published["measure"] == "VertPeak"].itertuples():
        name = f"parkour-landings/txt/{row.partID}_{PARKOUR.get((row.movement, row.leg))}_{row.rep}.txt"
        if (shared_data / name).is_file():
            peak = -float(read(name, described("bioware", "-z"))["force"]["force"].sel(axis="z").min())
            halved = 2.0 if row.leg == "Precision" else 1.0
            assert peak / halved == pytest.approx(row.result_n, abs=0.1)
            compared += 1
    assert compared == 18


# Plates that ezc3d computes the same way as C3D means them; it turns the x and y of TYPE 3 origins around as well,
# so of those only the forces are comparable.
@pytest.mark.parametrize(
    ("name", "with_moment"),
    [
        ("bmclab/Gait.c3d", True),
        ("ezc3d-testfiles/Qualisys.c3d", True),
        ("ezc3d-testfiles/BTS.c3d", True),
        ("ezc3d-testfiles/FP_Type1.c3d", True),
        ("ezc3d-testfiles/FP_Type3.c3d", False),
        ("sprint-ja1/JA1Gait35.c3d", True),
        ("gait-biomechzoo/HC030A05.c3d", True),
    ],
)
def test_forces_are_those_that_ezc3d_extracts(shared_data: Path, name: str, with_moment: bool) -> None:
    signal = read(name, description_of(name)[0])["force"]
    platforms = ezc3d.c3d(str(shared_data / name), extract_forceplat_data=True)["data"]["platform"]
    # ezc3d keeps the file's unit of length, and gives the moment of TYPE 1 the opposite sign of all other types.
    scale = -1.0 if "Type1" in name else 0.001
    for plate, platform in zip(signal["plate"].to_numpy(), platforms, strict=False):
        np.testing.assert_allclose(signal["force"].sel(plate=plate).to_numpy().T, platform["force"], atol=1e-3)
        if with_moment:
            moment = signal["moment"].sel(plate=plate).to_numpy()
            corner = signal["corner"].sel(plate=plate).to_numpy().mean(axis=0)
            about_centre = moment - np.cross(corner, signal["force"].sel(plate=plate).to_numpy())
            np.testing.assert_allclose(about_centre.T, platform["moment"] * scale, atol=0.01)


def test_trial_that_starts_late_keeps_the_recorders_time(shared_data: Path) -> None:
    recording = READERS["c3d"](shared_data / "sprint-ja1/JA1Gait35.c3d", device=described("c3d"))
    assert recording.start_time_s == pytest.approx(832 / 250.0)


def test_opensim_forces_are_those_of_the_c3d_they_came_from(shared_data: Path) -> None:
    c3d = read("sprint-ja1/JA1Gait35.c3d", described("c3d"))["force"]["force"].sel(axis="z")
    mot = read("sprint-ja1/JA1Gait35_grf.mot", described("opensim", "y"))["force"]["force"].sel(axis="y")
    for plate in ("2", "4", "7", "8"):
        assert float(mot.sel(plate=plate).max()) == pytest.approx(float(c3d.sel(plate=plate).max()), rel=0.01)


@pytest.mark.parametrize(
    "name",
    [
        "biomdp-cmj-dj/kistler_CMJ_1plate.c3d",
        "bmclab/Gait.c3d",
        "gait-biomechzoo/HC030A05.c3d",
        "biomdp-cmj-dj/kistler_COP.txt",
        "pyomeca-tests/markers.csv",
        "opencap-unfiltered/MarkerData/DJ1.trc",
        "opencap-unfiltered/ID/DJ1_grf.mot",
    ],
)
def test_real_recordings_that_are_cut_short_are_refused(shared_data: Path, tmp_path: Path, name: str) -> None:
    whole = (shared_data / name).read_bytes()
    device = description_of(name)[0]
    path = tmp_path / Path(name).name
    for share in (0.002, 0.03, 0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(RecordingError):
            READERS[device.reader](path, device=device, part=None)
