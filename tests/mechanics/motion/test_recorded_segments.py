"""Systems that record segments or their own labels: the map of a study's device, and what is made of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.names import map_names
from legsci.ingest.readers import READERS
from legsci.ingest.settings import devices_of
from legsci.ingest.tables import load_schema
from legsci.marker_sets import MARKER_SETS, SEGMENT_SETS
from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.movement import trial_kinematics, trial_movement
from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.motion.angles import JOINTS, kinematics_of_segments
from legsci.mechanics.motion.options import MotionOptions, task_options
from legsci.present.figures.skeleton_scene import scene
from legsci.tasks import TASKS
from tests.mechanics.athlete import squat
from tests.mechanics.trials import outcome, session_of, trial

THEIA = Device(name="theia", reader="c3d", up="z", forward="y", labels="theia")


@pytest.fixture(scope="module")
def walker(shared_data) -> xr.Dataset:
    """A person who stands and walks, as Theia3D wrote the poses of the segments."""
    recording = READERS["c3d"](shared_data / "ezc3d-testfiles" / "C3DRotationExample.c3d", device=THEIA)
    named = map_names(recording, THEIA, "example.c3d").signals["segments"]
    return to_isb(named, up="z", forward="y")


def test_theia_poses_are_isb_segments(walker: xr.Dataset) -> None:
    rotation = walker["rotation"].sel(segment="pelvis").transpose("time", "axis", "direction").to_numpy()
    known = rotation[np.isfinite(rotation).all(axis=(1, 2))]
    assert len(known) > 300
    np.testing.assert_allclose(known @ known.transpose(0, 2, 1), np.broadcast_to(np.eye(3), known.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(known), 1.0, atol=1e-5)
    # Upright and facing forward: each own axis lies nearest to that of the laboratory.
    assert (np.abs(known[100]).argmax(axis=0) == [0, 1, 2]).all()
    assert (np.diag(known[100]) > 0.9).all()
    hips, pelvis = (walker["position"].sel(segment=name) for name in (["left_thigh", "right_thigh"], "pelvis"))
    assert float(np.abs(hips.mean("segment") - pelvis).max()) < 0.002
    assert float(hips.sel(segment="right_thigh", axis="z")[100]) > float(hips.sel(segment="left_thigh", axis="z")[100])


def test_theia_angles_are_those_of_a_walker(walker: xr.Dataset) -> None:
    moved = kinematics_of_segments(walker).dataset()
    assert [str(name) for name in moved["joint_angle"].to_numpy()] == [
        name for joint in JOINTS.values() for name in joint.names
    ]
    for side in ("left", "right"):
        knee = moved["angle"].sel(joint_angle=f"{side}_knee_flexion")
        assert -10.0 < float(knee.min()) < 20.0
        assert 30.0 < float(knee.max()) < 90.0
        assert float(np.abs(moved["angle"].sel(joint_angle=f"{side}_knee_abduction")).max()) < 15.0
        thigh, shank = (moved["joint_centre"].sel(joint=f"{side}_{joint}") for joint in ("hip", "knee"))
        length = np.sqrt(((thigh - shank) ** 2).sum("axis", skipna=False))
        assert 0.35 < float(length.mean()) < 0.5
        assert float(length.std()) < 0.002
    assert "of the recording system" in json.loads(moved.attrs["notes"])[-1][1]


def test_segments_reach_the_movement_and_the_picture(walker: xr.Dataset) -> None:
    movement, found = trial_movement(trial({"segments": walker}, task="standing"), None)
    assert movement is not None
    assert {flag.code for flag in found} == {"joint_definition"}
    for name in ("angle", "pelvis_position", "foot_height", "knee_frontal_projection", "foot_progression"):
        assert bool(np.isfinite(movement.signals[name]).any()), name
    session = session_of({"stand": trial({"segments": walker}, task="standing")})
    shown = scene(session, session_motion(session), "stand")
    assert shown is not None
    assert len(shown.lines) == 4  # two legs, the line of the hips, the trunk
    nameless = walker.assign_coords(segment=[f"S{number}" for number in range(walker.sizes["segment"])])
    assert [flag.code for flag in trial_movement(trial({"segments": nameless}, task="squat"), None)[1]] == [
        "markers_unknown"
    ]


def test_a_thigh_that_was_not_recorded_takes_the_frontal_plane_with_it(walker: xr.Dataset) -> None:
    known = [name for name in walker["segment"].to_numpy() if name != "left_thigh"]
    movement, found = trial_movement(trial({"segments": walker.sel(segment=known)}, task="standing"), None)
    assert movement is not None
    assert not np.isfinite(movement.signals["knee_frontal_projection"]).any()
    words = next(flag.sentence for flag in found if flag.code == "angle_absent")
    assert "frontal plane of the legs is absent" in words
    assert "only the right hip is known" in words


def test_segments_of_the_athlete_give_the_angles_of_its_markers() -> None:
    motion, _ = squat()
    signal = xr.Dataset(
        {
            "rotation": (("segment", "time", "axis", "direction"), motion.rotation),
            "position": (("segment", "time", "axis"), motion.position),
        },
        coords={"segment": list(motion.segments), "time": motion.time, "axis": list("xyz"), "direction": list("xyz")},
        attrs={"sampling_rate_hz": motion.rate_hz},
    )
    moved = kinematics_of_segments(signal).dataset()
    for name in ("right_knee_flexion", "left_knee_abduction", "right_hip_flexion", "left_ankle_dorsiflexion"):
        np.testing.assert_allclose(moved["angle"].sel(joint_angle=name), motion.angles[name], atol=1e-6)
    for joint in ("right_hip", "left_knee", "right_ankle"):
        np.testing.assert_allclose(moved["joint_centre"].sel(joint=joint), motion.joint_centre[joint], atol=1e-9)


def test_a_device_names_its_set_of_labels() -> None:
    settings = {
        "lab": {"up": "y", "forward": "x"},
        "devices": {"video": {"reader": "opensim", "labels": "opencap_video", "markers": {"Extra": "sacrum"}}},
    }
    devices, faults = devices_of(settings)
    assert faults == []
    assert devices["video"].standard_labels == MARKER_SETS["opencap_video"] | {"Extra": "sacrum"}
    named = load_schema("study")["$defs"]["device"]["properties"]["labels"]["enum"]
    assert set(named) == set(MARKER_SETS) | set(SEGMENT_SETS)


def test_widths_of_a_person_stand_in_for_medial_markers() -> None:
    _, markers = squat()
    lateral = markers.sel(marker=[m for m in markers["marker"].to_numpy() if "medial" not in str(m)])
    bare = trial({"markers": lateral}, task="squat")
    person = Person(widths_m={f"{side}_{joint}": 0.1 for side in ("left", "right") for joint in ("knee", "ankle")})
    alone, known = (trial_kinematics(bare, None, person=who) for who in (Person(), person))
    assert alone is not None
    assert "right_knee_abduction" not in alone.angle
    assert known is not None
    assert "right_knee_abduction" in known.angle


def test_choices_of_a_run_change_how_joints_are_found() -> None:
    _, markers = squat()
    tree = trial({"markers": markers}, task="squat")
    usual, bell = (
        trial_kinematics(tree, None, options=MotionOptions(hip_centre=name)) for name in ("harrington", "bell")
    )
    assert usual is not None
    assert bell is not None
    hips = [moved.joint_centre["right_hip"] for moved in (usual, bell)]
    assert 0.002 < float(np.linalg.norm(hips[0] - hips[1], axis=1).mean()) < 0.04
    raw, smooth = (
        outcome(tree, options=task_options(cutoff_hz=dict.fromkeys(TASKS, cutoff_hz)))
        .rows("T", "right")["knee_flexion_max_deg"]
        .to_numpy()
        for cutoff_hz in (None, 4.0)
    )
    assert (np.abs(raw - smooth) > 0.001).all()
    assert raw == pytest.approx(smooth, abs=1.0)
