"""The comparison with OpenSim: its model and its table by hand, and OpenSim's inverse dynamics of a clean athlete."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import opensim_comparison as comparison
from benchmarks.opensim_model import local_places, write_own_motion
from legsci.mechanics.motion.angles import kinematics_of_markers
from legsci.mechanics.motion.markers import Markers
from tests.mechanics.athlete import ATHLETE, recording, squat, standing
from tests.mechanics.recordings import read_signal
from tests.mechanics.trials import session_of


def test_places_in_a_segment_do_not_depend_on_how_the_person_stands() -> None:
    upright = standing()
    places = []
    for markers in (upright, squat()[1]):
        moved = kinematics_of_markers(markers, upright)
        places.append(local_places(moved, Markers.recorded(markers)))
    (centres, markers_of), (moved_centres, moved_markers) = places
    assert set(centres) == {
        *(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")),
        "lumbar",
    }
    # The knee lies below the hip by the length of the thigh.
    knee = centres["right_knee"]
    assert knee[1] == pytest.approx(-np.linalg.norm(knee), abs=1e-3)
    for joint, centre in centres.items():
        np.testing.assert_allclose(moved_centres[joint], centre, atol=1e-3)
    for label, place in markers_of["right_shank"].items():
        np.testing.assert_allclose(moved_markers["right_shank"][label], place, atol=1e-3)


def test_own_motion_is_written_as_the_angles_it_has(tmp_path: Path) -> None:
    moved = kinematics_of_markers(squat()[1], standing())
    write_own_motion(moved, tmp_path / "own.mot")
    angles = read_signal(tmp_path / "own.mot", "opensim", "angles")["angle"]
    for name in ("right_knee_flexion", "left_knee_abduction", "right_ankle_dorsiflexion", "left_hip_internal_rotation"):
        np.testing.assert_allclose(angles.sel(joint_angle=name), moved.angle[name], atol=1e-5)


def test_a_line_of_the_table_by_hand() -> None:
    own, other, clean = np.array([0.0, 2.0, -12.0]), np.array([1.0, 1.0, -10.0]), np.array([0.0, 2.0, -9.0])
    line = comparison._agreement(own, other, clean)
    # Differences -1, 1 and -2: mean -2/3, standard deviation sqrt(14/9).
    assert line["mean_difference"] == -0.67
    assert line["rms_of_rest"] == 1.25
    assert (line["frames"], line["peak"], line["peak_difference_percent"]) == (3, 12.0, 20.0)
    # Errors of ours 0, 0, -3, of theirs 1, -1, -1.
    assert (line["rms_error"], line["rms_error_of_opensim"]) == (1.73, 1.0)
    assert "rms_error" not in comparison._agreement(own, other)


def test_without_opensim_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="not installed"):
        comparison.main()


def test_inverse_dynamics_of_opensim_are_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opensim = pytest.importorskip("opensim", reason="OpenSim is installed with the extra bench only")
    opensim.Logger.removeFileSink()  # no opensim.log in the working directory
    opensim.Logger.setLevelString("Off")
    trials = {"jump": recording("countermovement_jump")[1], "stand": recording("standing")[1]}
    session = session_of(trials)
    session.attrs |= {"body_mass_kg": ATHLETE.mass_kg, "sex": ATHLETE.sex}
    monkeypatch.setattr(comparison, "METHODS", {comparison.ALONE: comparison.METHODS[comparison.ALONE]})
    lines = comparison.compare(comparison.Case("clean", session, "jump"), opensim, tmp_path)
    assert [line["quantity"] for line in lines] == [f"moment {name}" for name in comparison.MOMENTS]
    for line in lines:
        assert abs(float(str(line["mean_difference"]))) < 0.1
        assert float(str(line["rms_of_rest"])) < 0.5
    assert float(str(lines[1]["peak"])) > 100.0
