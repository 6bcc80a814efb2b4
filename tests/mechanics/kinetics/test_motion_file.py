"""Motion of a session: computed once, after sides are swapped as people decided, and kept in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.motion_file import open_motion, write_motion
from legsci.mechanics.kinetics.session_motion import session_motion, with_exchanged_plates
from legsci.mechanics.motion.options import task_options
from legsci.storage import DECIMALS, read_tree, write_tree
from legsci.tasks import TASKS
from tests.mechanics.athlete import ATHLETE
from tests.mechanics.kinetics.test_movement import MASS_KG, session


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    made = session("squat", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    made.attrs.update(study="made", simulated=1)
    return made


def test_plates_named_for_the_other_foot_are_put_right_before_moments_are_computed(tree: xr.DataTree) -> None:
    right = session_motion(tree)
    wrong = xr.DataTree(children={name: with_exchanged_plates(trial) for name, trial in tree.children.items()})
    wrong.attrs = tree.attrs
    mended = session_motion(wrong, swapped=["squat"])
    moments = [motion.trials["squat"].movement.signals["moment"] for motion in (right, mended)]
    assert np.isfinite(moments[0]).any()
    np.testing.assert_array_equal(*moments)
    left_as_it_is = session_motion(wrong).trials["squat"].movement.signals["moment"]
    assert not np.isfinite(left_as_it_is).any(), "the force of one foot is not that under the other"


def test_a_motion_file_holds_all_of_the_motion(tree: xr.DataTree, tmp_path: Path) -> None:
    options = task_options(hip_centre="bell", cutoff_hz=dict.fromkeys(TASKS), moment_axes="distal")
    motion = session_motion(tree, options=options)
    write_motion(motion, tmp_path / "motion.nc")
    stored = open_motion(tmp_path / "motion.nc")
    assert stored.options == options
    assert stored.attrs == motion.attrs
    assert stored.standing_lumbar_flexion_deg == motion.standing_lumbar_flexion_deg
    assert list(stored.trials) == list(motion.trials)
    for name, trial in motion.trials.items():
        there = stored.trials[name]
        assert (there.attrs, there.streams) == (trial.attrs, trial.streams)
        assert [flag.sentence for flag in there.flags] == [flag.sentence for flag in trial.flags]
        assert [flag.sentence for flag in there.force_flags] == [flag.sentence for flag in trial.force_flags]
        assert (there.reaction is None) == (trial.reaction is None) == (name == "standing")
        if trial.reaction is not None:
            np.testing.assert_allclose(there.reaction.force, trial.reaction.force, atol=1e-3)
            np.testing.assert_array_equal(there.reaction.unloaded, trial.reaction.unloaded)
            assert there.reaction.plates == trial.reaction.plates
        np.testing.assert_array_equal(there.movement.time, trial.movement.time)
        assert list(there.movement.points) == list(trial.movement.points)
        for signal, values in trial.movement.signals.items():
            np.testing.assert_allclose(there.movement.signals[signal], values, rtol=1e-6, atol=1e-3, err_msg=signal)
        for point, path in trial.movement.points.items():
            np.testing.assert_allclose(there.movement.points[point], path, atol=10.0 ** -DECIMALS["m"])


def test_kinematics_of_a_trial_have_labels_and_units(tree: xr.DataTree) -> None:
    motion = session_motion(tree)
    kinematics = motion.kinematics("squat")
    assert kinematics["angle"].sel(joint_angle="right_knee_flexion").max() > 80.0
    assert kinematics["angle"].attrs["units"] == "deg"
    assert set(kinematics["point"].to_numpy().tolist()) >= {"left_hip", "right_ankle"}
    with pytest.raises(
        KeyError, match="trial hop has no kinematics in this session; trials with kinematics: standing, squat"
    ):
        motion.kinematics("hop")


def test_a_trial_that_fails_costs_nothing_but_itself(tree: xr.DataTree) -> None:
    broken = xr.DataTree(children={"squat": tree.children["squat"].copy(), "lost": tree.children["squat"].copy()})
    broken.attrs = tree.attrs
    broken["lost"]["markers"] = xr.DataTree(xr.Dataset(attrs={"sampling_rate_hz": 100.0}))
    motion = session_motion(broken)
    assert [flag.code for flag in motion.trials["lost"].flags] == ["not_computed"]
    assert motion.trials["squat"].movement is not None


def test_a_tree_survives_the_file_and_xarray_opens_it(tmp_path: Path) -> None:
    values = np.array([[1.23456, np.nan], [0.0, -2.0]])
    inner = xr.Dataset(
        {"force": (("plate", "time"), values, {"units": "N"}), "count": ((), 3)},
        coords={"plate": ["a", "b"], "time": [0.0, 0.001], "foot": ("plate", ["left", "right"])},
        attrs={"reader": "c3d", "rate": 1000.0},
    )
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"study": "s"}), "/trial/force": inner})
    write_tree(tree, tmp_path / "tree.nc", decimals={"force": 2})
    stored = read_tree(tmp_path / "tree.nc")
    assert stored.attrs == tree.attrs
    within = stored["trial/force"].to_dataset(inherit=False)
    np.testing.assert_allclose(within["force"], values, atol=0.005)
    assert "foot" in within.coords
    assert within.attrs == inner.attrs
    with xr.open_datatree(tmp_path / "tree.nc") as opened:
        xr.testing.assert_allclose(opened["trial/force"].to_dataset(inherit=False).load(), within)
