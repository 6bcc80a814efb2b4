"""From recordings to a session file: axes, names, clocks, faults, and files written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device, PlateSetup
from legsci.ingest.faults import RecordingError
from legsci.ingest.names import map_names
from legsci.ingest.readers.signals import force_signal, marker_signal
from legsci.ingest.recording import Recording
from legsci.ingest.session import build_session, open_session, write_session

AXES = ("x", "y", "z", "-x", "-y", "-z")
UNIT = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}
TRC = """\
PathFileType\t4\t(X/Y/Z)\tfile.trc
DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits
100\t100\t3\t1\tm
Frame#\tTime\tHIP\t\t
\t\tX1\tY1\tZ1

1\t{0:.2f}\t1\t2\t3
2\t{1:.2f}\t1\t2\t3
3\t{2:.2f}\t1\t2\t3
"""


@dataclass
class SmallStudy:
    """What build_session needs of a study."""

    folder: Path
    devices: dict[str, Device]
    trials: pd.DataFrame
    recordings: pd.DataFrame
    participants: pd.DataFrame
    sessions: pd.DataFrame
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = "small"
    simulated: bool = False


def small_study(folder: Path, rows: list[tuple[str, str, str]], **settings: object) -> SmallStudy:
    """Study of one session; rows are trial, device, path."""
    key = {"participant_id": "P01", "session_id": "S01"}
    trials = pd.DataFrame(
        [
            key | {"trial_id": trial, "task": "squat", "leg": "both", "load_kg": np.nan}
            for trial in dict.fromkeys(r[0] for r in rows)
        ]
    )
    recordings = pd.DataFrame([key | dict(zip(("trial_id", "device", "path"), row, strict=True)) for row in rows])
    devices = {
        "mocap": Device("mocap", "opensim", up="y", forward="x", markers={"HIP": "right_hip"}),
        "plate": Device(
            "plate",
            "delimited",
            rate_hz=100.0,
            plates={"left": PlateSetup("left", {"up": 1}), "right": PlateSetup("right", {"up": 2})},
        ),
    }
    people = pd.DataFrame([{"participant_id": "P01", "body_mass_kg": 70.0}])
    sessions = pd.DataFrame([key | {"body_mass_kg": np.nan}])
    return SmallStudy(folder, devices, trials, recordings, people, sessions, settings)


def write_files(folder: Path, start: float = 0.0) -> None:
    (folder / "a.trc").write_text(TRC.format(start, start + 0.01, start + 0.02))
    (folder / "b.trc").write_text(TRC.format(0.0, 0.01, 0.02))
    (folder / "a.csv").write_text("1,2\n3,4\n5,6\n")
    (folder / "bad.csv").write_text("1,2\nx,4\n")


def direction(name: str) -> np.ndarray:
    return np.array(UNIT[name[-1]], dtype=float) * (-1 if name.startswith("-") else 1)


def test_a_marker_at_the_origin_to_the_last_digit_was_not_seen() -> None:
    position = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 1e-9]], [[0.1, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    seen = np.isfinite(marker_signal(position, rate_hz=1.0, labels=["a", "b"])["position"].to_numpy()).all(axis=2)
    assert seen.tolist() == [[False, True], [True, False]]


@given(
    st.sampled_from(AXES),
    st.sampled_from(AXES),
    st.tuples(*[st.floats(-1e3, 1e3)] * 3).filter(any),
    st.tuples(*[st.floats(-1e3, 1e3)] * 3),
)
def test_axes_are_turned_never_mirrored(
    up: str, forward: str, point: tuple[float, ...], force: tuple[float, ...]
) -> None:
    if up[-1] == forward[-1]:
        with pytest.raises(ValueError, match="right angles"):
            to_isb(marker_signal(np.zeros((2, 1, 3)), rate_hz=1.0, labels=["a"]), up=up, forward=forward)
        return
    moment = np.cross(point, force)
    signal = force_signal(
        np.array(force).reshape(1, 1, 3),
        rate_hz=1.0,
        plates=["1"],
        axes="xyz",
        moment=moment.reshape(1, 1, 3),
        corner=np.array(point).reshape(1, 1, 3),
    )
    position = marker_signal(np.array(point).reshape(1, 1, 3), rate_hz=1.0, labels=["a"])
    turned, place = to_isb(signal, up=up, forward=forward), to_isb(position, up=up, forward=forward)
    assert list(turned["axis"].to_numpy()) == ["x", "y", "z"]
    answer = place["position"].to_numpy()[0, 0]
    assert answer[0] == pytest.approx(direction(forward) @ point)
    assert answer[1] == pytest.approx(direction(up) @ point)
    np.testing.assert_allclose(turned["corner"].to_numpy()[0, 0], answer)
    # Moments are the product of point and force in the new axes too: a mirrored frame would change their sign.
    np.testing.assert_allclose(
        turned["moment"].to_numpy()[0, 0], np.cross(answer, turned["force"].to_numpy()[0, 0]), atol=1e-6
    )


def test_axes_that_were_not_recorded_stay_away() -> None:
    signal = force_signal(np.array([[[-3.0, -100.0]]]), rate_hz=1.0, plates=["1"], axes="yz")
    turned = to_isb(signal, up="-z", forward="-y")
    assert list(turned["axis"].to_numpy()) == ["x", "y"]
    np.testing.assert_array_equal(turned["force"][0, 0], [3, 100])
    alone = to_isb(force_signal(np.array([[[100.0]]]), rate_hz=1.0, plates=["1"], axes=["up"]), up="z", forward="y")
    assert list(alone["axis"].to_numpy()) == ["y"]
    assert alone["force"].item() == 100.0


def test_plates_are_found_by_name_or_number_and_the_others_left_out() -> None:
    force = force_signal(np.ones((3, 2, 3)), rate_hz=1.0, plates=["A", "B", "C"], axes="xyz")
    device = Device("d", "nexus", plates={"C": PlateSetup("right"), "1": PlateSetup("left")})
    mapped = map_names(Recording({"force": force}), device, "a.csv")
    assert list(mapped.signals["force"]["plate"].to_numpy()) == ["A", "C"]
    assert list(mapped.signals["force"]["foot"].to_numpy()) == ["left", "right"]
    assert "left out: B." in mapped.assumptions[0]
    with pytest.raises(RecordingError, match=r"a\.csv: plate 4: expected one of A, B, C, 1, 2, 3"):
        map_names(Recording({"force": force}), Device("d", "nexus", plates={"4": PlateSetup()}), "a.csv")


def test_labels_are_mapped_missing_ones_said_and_doubles_refused() -> None:
    markers = marker_signal(np.ones((2, 2, 3)), rate_hz=1.0, labels=["LASI", "T7"])
    device = Device("d", "c3d", markers={"LASI": "left_hip", "RASI": "right_hip"})
    mapped = map_names(Recording({"markers": markers}), device, "a.c3d")
    assert list(mapped.signals["markers"]["marker"].to_numpy()) == ["left_hip", "T7"]
    assert "RASI" in mapped.assumptions[0]
    with pytest.raises(RecordingError, match="one marker of that label"):
        map_names(Recording({"markers": markers}), Device("d", "c3d", markers={"LASI": "T7"}), "a.c3d")


def test_session_holds_trials_with_their_signals(tmp_path: Path) -> None:
    write_files(tmp_path)
    tree = build_session(small_study(tmp_path, [("one", "mocap", "a.trc"), ("two", "plate", "a.csv")]), "P01", "S01")
    who = {"study": "small", "participant_id": "P01", "session_id": "S01"}
    assert tree.attrs == {**who, "simulated": 0, "body_mass_kg": 70.0}
    assert tree["one"].attrs == {"task": "squat", "leg": "both", "start_time_s": 0.0}
    assert list(tree["one/markers"]["marker"].to_numpy()) == ["right_hip"]
    assert list(tree["two/force"]["foot"].to_numpy()) == ["left", "right"]
    assert tree["two/force"].attrs["source"] == "a.csv"
    assert tree["two/force"].attrs["reader"] == "delimited"
    assert len(json.loads(tree["two/force"].attrs["assumptions"])) == 2
    with pytest.raises(KeyError, match="P02"):
        build_session(small_study(tmp_path, [("one", "mocap", "a.trc")]), "P02", "S01")


def test_bad_recording_leaves_a_trial_with_faults_among_good_ones(tmp_path: Path) -> None:
    write_files(tmp_path)
    rows = [("good", "plate", "a.csv"), ("bad", "plate", "bad.csv"), ("gone", "plate", "absent.csv")]
    tree = build_session(small_study(tmp_path, rows), "P01", "S01")
    assert "force" in tree["good"].children
    for trial, words in (("bad", "bad.csv: column 1, row 2"), ("gone", "absent.csv: expected a readable file")):
        assert not tree[trial].children
        ((code, sentence),) = json.loads(tree[trial].attrs["faults"])
        assert code == "unreadable_recording"
        assert words in sentence


def test_one_bad_file_of_a_trial_leaves_what_is_whole(tmp_path: Path) -> None:
    write_files(tmp_path)
    rows = [("one", "mocap", "a.trc"), ("one", "plate", "bad.csv")]
    tree = build_session(small_study(tmp_path, rows), "P01", "S01")
    assert list(tree["one"].children) == ["markers"]
    (sentence,) = json.loads(tree["one"].attrs["left_out"])
    assert sentence.startswith("bad.csv: column 1, row 2")
    assert "faults" not in tree["one"].attrs


def test_a_bad_file_among_several_of_a_kind_costs_the_kind(tmp_path: Path) -> None:
    """Files of one device and format may each hold a plate: the weight is not known without one of them."""
    write_files(tmp_path)
    rows = [("one", "plate", "a.csv"), ("one", "plate", "bad.csv")]
    tree = build_session(small_study(tmp_path, rows), "P01", "S01")
    assert not tree["one"].children
    ((code, sentence),) = json.loads(tree["one"].attrs["faults"])
    assert (code, sentence[:7]) == ("unreadable_recording", "bad.csv")


def test_two_devices_need_a_shared_clock_and_keep_their_offset(tmp_path: Path) -> None:
    write_files(tmp_path, start=0.05)
    rows = [("one", "mocap", "a.trc"), ("one", "plate", "a.csv")]
    alone = build_session(small_study(tmp_path, rows), "P01", "S01")
    assert json.loads(alone["one"].attrs["faults"])[0][0] == "no_shared_clock"
    tree = build_session(small_study(tmp_path, rows, synchronisation="shared_clock"), "P01", "S01")
    np.testing.assert_allclose(tree["one/force"]["time"], [0.0, 0.01, 0.02])
    np.testing.assert_allclose(tree["one/markers"]["time"], [0.05, 0.06, 0.07])


def test_one_kind_of_signal_twice_is_a_fault(tmp_path: Path) -> None:
    write_files(tmp_path)
    tree = build_session(small_study(tmp_path, [("one", "mocap", "a.trc"), ("one", "mocap", "b.trc")]), "P01", "S01")
    ((code, sentence),) = json.loads(tree["one"].attrs["faults"])
    assert code == "signal_twice"
    assert "a.trc, b.trc: markers" in sentence


def test_session_file_is_the_same_each_time_and_comes_back_whole(tmp_path: Path) -> None:
    write_files(tmp_path)
    study = small_study(tmp_path, [("one", "mocap", "a.trc"), ("two", "plate", "a.csv"), ("bad", "plate", "bad.csv")])
    tree = build_session(study, "P01", "S01")
    digests = set()
    for name in ("deep/first.nc", "second.nc"):
        write_session(tree, tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    back = open_session(tmp_path / "second.nc")
    assert back["bad"].attrs == tree["bad"].attrs
    xr.testing.assert_identical(back["two/force"].to_dataset(), tree["two/force"].to_dataset())
    xr.testing.assert_allclose(back["one/markers"].to_dataset(), tree["one/markers"].to_dataset(), rtol=1e-6)


def test_write_that_fails_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "session.nc"
    path.write_bytes(b"what stood there")
    unwritable = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"what": {"netCDF": "keeps no mappings"}})})
    with pytest.raises(TypeError):
        write_session(unwritable, path)
    assert path.read_bytes() == b"what stood there"
    assert list(tmp_path.iterdir()) == [path]
