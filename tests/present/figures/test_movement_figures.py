"""Figures of joints, energy and skeleton_figure show what was measured, and say where there is nothing to show."""

from __future__ import annotations

import base64
import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from legsci.mechanics.kinetics.movement import person_of, trial_kinematics
from legsci.mechanics.kinetics.session_motion import SessionMotion, session_motion
from legsci.mechanics.motion.options import task_options
from legsci.mechanics.motion.static_trial import session_static_trial
from legsci.mechanics.reps.files import FLAG_COLUMNS
from legsci.mechanics.reps.session import session_repetitions
from legsci.metrics.normalised_curves import normalised_curves
from legsci.models.statistics.curves import ANGLES
from legsci.present.figures import energy_flow
from legsci.present.figures.curve_differences import LOOKS, curve_differences_figure
from legsci.present.figures.energy_flow import energy_flow_figure
from legsci.present.figures.force_time import force_time_figure
from legsci.present.figures.joint_angles import joint_angles_figure
from legsci.present.figures.joint_moments import joint_moments_figure
from legsci.present.figures.skeleton import NEWTONS_PER_METRE, skeleton_figure
from legsci.present.figures.skeleton_scene import scene
from legsci.present.figures.style import SIDE_COLOURS, figure_style
from legsci.present.viewer.skeleton_viewer import skeleton_viewer
from legsci.tasks import TASKS
from legsci.vocabulary import STANDARD_GRAVITY
from tests.mechanics.athlete import ATHLETE
from tests.mechanics.kinetics.test_movement import MASS_KG, recording, session
from tests.mechanics.trials import cut_session, trial


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    made = session("squat", "countermovement_jump", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    made.attrs["simulated"] = 1
    return made


@pytest.fixture(scope="module")
def motion(tree: xr.DataTree) -> SessionMotion:
    return session_motion(tree)


@pytest.fixture(scope="module")
def reps(tree: xr.DataTree) -> xr.Dataset:
    found, _ = cut_session(tree, profiles=[])
    assert found is not None
    return found


def words_of(figure) -> str:
    texts = [figure.get_suptitle()]
    for axes in figure.axes:
        texts += [axes.get_title(loc="left"), axes.get_ylabel(), *(text.get_text() for text in axes.texts)]
    return " | ".join(texts)


def test_joint_angles_have_a_column_per_task(reps: xr.Dataset) -> None:
    curves = normalised_curves(reps)
    figure = joint_angles_figure(curves, simulated=True)
    words = words_of(figure)
    assert words.startswith("SIMULATED. ")
    assert "squat\nn = 3" in words
    assert "countermovement\njump\nn = 1" in words
    assert "knee abduction [deg]" in words
    squats = curves.isel(rep=curves["task"].to_numpy() == "squat")["angle"].sel(joint_angle="right_knee_flexion")
    drawn = [line.get_ydata() for axes in figure.axes for line in axes.lines if len(line.get_ydata()) == 101]
    mean = squats.mean("rep").to_numpy()
    assert any(np.allclose(line, mean, atol=1e-4) for line in drawn)


def test_joint_angles_leave_out_what_is_not_there(reps: xr.Dataset) -> None:
    curves = normalised_curves(reps)
    curves = curves.isel(rep=np.flatnonzero(curves["task"].to_numpy() == "countermovement_jump"))
    names = curves["joint_angle"].to_numpy().astype(str)
    right = np.array([name.startswith("right_") for name in names])
    figure = joint_angles_figure(
        curves.assign(angle=curves["angle"].where(xr.DataArray(right, dims="joint_angle"))), simulated=False
    )
    words = words_of(figure)
    assert "one repetition per task, 1 participant" in words
    assert "standard deviation" not in words
    assert "lumbar" not in words
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["right"]
    assert len(figure.axes) == 4


def test_joint_moments_draw_extension_upward(reps: xr.Dataset) -> None:
    figure = joint_moments_figure(normalised_curves(reps), simulated=False)
    assert "knee extension\nmoment [N m/kg]" in words_of(figure)
    (knee,) = [axes for axes in figure.axes if axes.get_ylabel().startswith("knee extension")]
    highest = max(float(np.max(line.get_ydata())) for line in knee.lines if len(line.get_ydata()) == 101)
    assert highest > 1.0


def test_energy_flow_adds_up(reps: xr.Dataset) -> None:
    figure = energy_flow_figure(reps, simulated=True)
    words = words_of(figure)
    assert "n = 4 push-offs" in words
    assert "left knee" in words
    ratio = float(words.partition("gain / joint work ")[2][:4])
    assert 0.8 < ratio < 1.1
    explained = figure.get_supxlabel()
    assert "gain / joint work is the force transmission ratio" in explained.replace("\n", " ")
    assert "Not gained: joint work that moved" in explained.replace("\n", " ")
    assert "rest " not in words


@pytest.mark.parametrize(("gain", "shown"), [(0.98, "0.98"), (1.0, "1.00"), (1.02, "above 1: not given")])
def test_energy_flow_withholds_the_ratios_that_the_table_withholds(
    monkeypatch: pytest.MonkeyPatch, reps: xr.Dataset, gain: float, shown: str
) -> None:
    work = {"left_knee": 0.6, "right_hip": 0.4}
    monkeypatch.setattr(energy_flow, "_works", lambda _reps: [("repetition 1", work, gain)])
    assert f"gain / joint work {shown}" in words_of(energy_flow_figure(reps, simulated=True))


def test_skeletons_show_both_views_of_each_repetition(
    tree: xr.DataTree, motion: SessionMotion, reps: xr.Dataset
) -> None:
    figure = skeleton_figure(tree, motion, reps)
    assert "n = 4 repetitions" in words_of(figure)
    shown = [axes for axes in figure.axes if axes.lines]
    assert "from the side" in words_of(figure)
    assert "from the front" in words_of(figure)
    assert "scale: 0.5 m, force arrow\nof this length: 1000 N" in words_of(figure)
    assert len(shown) == 8
    assert all(len(axes.texts) >= 2 for axes in shown), "an arrow for each foot"


def laid_out(figure: Figure) -> None:
    """Place everything in a figure as it is when it is written."""
    with figure_style():
        figure.draw_without_rendering()


@pytest.mark.parametrize("count", [1, 2])
def test_legend_of_skeletons_lies_within_the_figure(
    tree: xr.DataTree, motion: SessionMotion, reps: xr.Dataset, count: int
) -> None:
    figure = skeleton_figure(tree, motion, reps.isel(rep=slice(count)))
    laid_out(figure)
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0.0
    assert box.x1 <= figure.bbox.width


def test_the_dashed_line_is_called_what_was_weighed(tree: xr.DataTree, reps: xr.Dataset) -> None:
    flags = pd.DataFrame(columns=FLAG_COLUMNS)
    squats, jumps = (
        reps.isel(rep=np.flatnonzero(reps["task"].to_numpy() == task)) for task in ("squat", "countermovement_jump")
    )
    said = {"squats": squats, "jumps": jumps, "all": reps}
    legends = {}
    named = tree.copy()
    named.attrs["study"] = "made"
    for name, drawn in said.items():
        figure = force_time_figure(named, drawn, flags)
        laid_out(figure)
        legend = figure.legends[0]
        assert legend.get_window_extent().x1 <= figure.bbox.width
        legends[name] = [text.get_text() for text in legend.get_texts() if " weight" in text.get_text()]
    assert legends == {
        "squats": ["system weight\n(athlete and bar)"],
        "jumps": ["body weight"],
        "all": ["body weight; in squats\nsystem weight\n(athlete and bar)"],
    }


def column_titles(figure: Figure) -> list[Bbox]:
    """Places of the titles above the columns of panels, from left to right."""
    laid_out(figure)
    titles = [axes._left_title for axes in figure.axes if axes.get_title(loc="left")]
    return sorted((title.get_window_extent() for title in titles), key=lambda box: box.x0)


def test_titles_of_neighbouring_columns_do_not_touch(reps: xr.Dataset) -> None:
    tasks = [task for task in TASKS if task not in ("standing", "landing")]
    curves = normalised_curves(reps.isel(rep=[0] * len(tasks)))
    curves["task"] = ("rep", tasks)
    rows = [
        {"task": task, "comparison": name, "angle": angle, "athletes": 100, "percent": point, "difference": 0.0}
        for task in tasks
        for name in LOOKS
        for angle in ANGLES
        for point in (0.0, 100.0)
    ]
    differences = pd.DataFrame(rows).assign(low=-1.0, high=1.0)
    clusters = pd.DataFrame(
        columns=["task", "angle", "comparison", "p_value", "adjusted_p", "start_percent", "end_percent"]
    )
    for figure in (
        joint_angles_figure(curves, simulated=False),
        joint_moments_figure(curves, simulated=False),
        curve_differences_figure(differences, clusters, simulated=False),
    ):
        boxes = column_titles(figure)
        assert len(boxes) == len(tasks)
        # At least the width of a letter between them.
        assert all(right.x0 - left.x1 > 5.0 for left, right in itertools.pairwise(boxes))


def test_hip_centres_are_drawn_as_the_tables_have_them(tree: xr.DataTree) -> None:
    """With markers of the pelvis alone the regression decides where the hips are; figures read it from the motion."""
    trial, hips = tree.children["squat"], {}
    for name in ("harrington", "bell"):
        options = task_options(hip_centre=name)
        computed = trial_kinematics(
            trial, session_static_trial(tree)[1], person=person_of(tree), options=options["squat"]
        )
        drawn = scene(tree, session_motion(tree, options=options), "squat")
        assert computed is not None
        assert drawn is not None
        for side, paths in drawn.lines[:2]:
            np.testing.assert_allclose(paths[:, 0], computed.joint_centre[f"{side}_hip"])
        hips[name] = drawn.lines[0][1][:, 0]
    assert np.linalg.norm(hips["bell"] - hips["harrington"], axis=1).min() > 0.002


def test_nothing_to_draw_is_said() -> None:
    force = trial({"force": recording("countermovement_jump")[1]["force"].to_dataset()}, task="countermovement_jump")
    bare = xr.DataTree(children={"jump": force})
    bare.attrs.update(participant_id="P01", session_id="S01", simulated=0)
    found, _ = cut_session(bare, profiles=[])
    assert found is not None
    assert "no repetition of this study has them" in words_of(
        joint_angles_figure(normalised_curves(found), simulated=False)
    )
    assert "no repetition of this study has them" in words_of(joint_moments_figure(xr.Dataset(), simulated=False))
    assert "No push-off of this session has joint powers." in words_of(energy_flow_figure(found, simulated=False))
    assert "joint powers: no trial has" in words_of(
        energy_flow_figure(None, simulated=False, reason="no trial has markers.")
    )
    said = skeleton_figure(bare, session_motion(bare), found)
    assert "No skeleton of participant P01, session S01: no trial has markers." in words_of(said)
    assert said.axes, "JupyterLab shows no figure without axes"


def test_a_trial_is_scrubbed_without_a_kernel(tree: xr.DataTree, motion: SessionMotion) -> None:
    page = skeleton_viewer(tree, motion, "squat")._repr_html_()
    assert "(simulated)" in page
    assert not re.search(r"https?://|src=", page)
    assert len(page) < 200_000
    shown = json.loads(re.search(r"const shown = (.*);\n", page)[1])
    assert [colour for colour, _, _ in shown["lines"]][:2] == [to_hex(SIDE_COLOURS[side]) for side in ("left", "right")]
    frames = len(shown["times"])
    knee = scene(tree, motion, "squat").lines[0][1][:, 1]
    _, points, text = shown["lines"][0]
    packed = np.frombuffer(base64.b64decode(text), dtype="<i2").reshape(frames, points, 3)
    np.testing.assert_allclose(packed[:, 1], 1000.0 * knee[::3], atol=0.51)
    # Both feet stand on their plates in the first frame: the arrows together are as long as the weight.
    arrows = [np.frombuffer(base64.b64decode(one), dtype="<i2").reshape(frames, 2, 3) for one in shown["arrows"]]
    length = sum(arrow[0, 1, 1] - arrow[0, 0, 1] for arrow in arrows) / 1000.0
    assert length * NEWTONS_PER_METRE == pytest.approx(MASS_KG * STANDARD_GRAVITY, rel=0.02)


def test_force_angles_and_events_are_linked_with_the_skeleton(tree: xr.DataTree, motion: SessionMotion) -> None:
    reps, _ = session_repetitions(motion, default="owen_mcmahon", profiles=[], curation=pd.DataFrame())
    assert reps is not None
    page = skeleton_viewer(tree, motion, "squat", reps=reps)._repr_html_()
    shown = json.loads(re.search(r"const shown = (.*);\n", page)[1])
    curves, trial = shown["curves"], motion.trials["squat"]
    assert trial.reaction is not None
    assert trial.movement is not None
    force = [np.frombuffer(base64.b64decode(text), dtype="<i2") for _, text in curves["force"]]
    assert force[0].max() == pytest.approx(np.nanmax(trial.reaction.force[0]), abs=0.51), "peaks stay"
    seconds = trial.reaction.force.shape[1] / trial.reaction.rate
    assert force[0].size / curves["rate"]["force"] == pytest.approx(seconds, abs=0.005)
    names = [name for name, _ in curves["angles"]]
    assert names == [
        "hip flexion",
        "knee flexion",
        "ankle dorsiflexion",
        "knee abduction",
        "lumbar flexion",
        "trunk lean",
    ]
    left = np.frombuffer(base64.b64decode(dict(curves["angles"])["knee flexion"][0][1]), dtype="<i2")
    computed = trial.movement.dataset()["angle"].sel(joint_angle="left_knee_flexion").to_numpy()
    np.testing.assert_allclose(left * curves["unit"]["angle"], computed[::6], atol=0.0051)
    bottoms = reps["bottom"].isel(profile=0, perturbation=0).to_numpy()[reps["trial_id"].to_numpy() == "squat"]
    assert [at for name, at in shown["events"] if name == "bottom"] == pytest.approx(bottoms, abs=1e-4)
    assert [part[0] for part in shown["parts"]] == [f"repetition {k + 1}" for k in range(bottoms.size)]
    assert (
        json.loads(re.search(r"const shown = (.*);\n", skeleton_viewer(tree, motion, "squat").html)[1])["events"] == []
    )


def test_the_viewer_says_what_there_is(tree: xr.DataTree, motion: SessionMotion) -> None:
    bare = xr.DataTree(children={"jump": trial({}, task="squat")})
    bare.attrs.update(participant_id="<P01>", session_id="S01", simulated=0)
    page = skeleton_viewer(bare, session_motion(bare), "jump")._repr_html_()
    assert "neither markers nor segments" in page
    assert "&lt;P01&gt;" in page
    with pytest.raises(ValueError, match="no trial hop in this session; it has standing, squat, countermovement_jump"):
        skeleton_viewer(tree, motion, "hop")
