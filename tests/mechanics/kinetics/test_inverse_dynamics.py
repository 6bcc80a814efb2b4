"""Inverse dynamics, contacts, inertia and work on the virtual athlete and on hand-made cases."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
import yaml
from scipy.spatial.transform import Rotation

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.mechanics.kinetics.anthropometry import Person, segment_proportions
from legsci.mechanics.kinetics.inertia import BodySegments, body_segments
from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.motion.angles import kinematics as find_kinematics
from legsci.mechanics.motion.kinematics import Kinematics
from legsci.mechanics.motion.options import MotionOptions
from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import default_technique
from legsci.vocabulary import LEGS, STANDARD_GRAVITY
from tests.mechanics.athlete import UNFILTERED, plates_of
from tests.mechanics.kinetics.joint_work import (
    external_work,
    force_transmission_ratio,
    frontal_plane_work_share,
    joint_work,
)
from tests.mechanics.recordings import read_signal

ATHLETE = Athlete()
EVERY = 5  # plate samples per marker frame
MIRROR = np.diag([1.0, 1.0, -1.0])


def _trial(task, technique):
    """Kinematics at 200 Hz and the force of one plate under each foot at 1000 Hz, without noise."""
    motion = simulate_motion(task, ATHLETE, technique)
    chosen = slice(None, None, EVERY)
    axes = list("xyz")
    kinematics = xr.Dataset(
        {
            "rotation": (("segment", "time", "axis", "direction"), motion.rotation[:, chosen]),
            "position": (("segment", "time", "axis"), motion.position[:, chosen]),
            "joint_centre": (("joint", "time", "axis"), np.array(list(motion.joint_centre.values()))[:, chosen]),
        },
        coords={
            "segment": list(motion.segments),
            "time": motion.time[chosen],
            "axis": axes,
            "direction": axes,
            "joint": list(motion.joint_centre),
        },
        attrs={"sampling_rate_hz": motion.rate_hz / EVERY},
    )
    force = plates_of(motion)
    return motion, kinematics, force


@pytest.fixture(scope="module")
def squat():
    shown = {"depth_scale_per_rep": (1.0,), "asymmetry": 0.53, "knee_abduction_peak_deg": (4.0, 9.0)}
    return _trial("squat", replace(default_technique("squat"), **shown))


@pytest.fixture(scope="module")
def jump():
    return _trial("countermovement_jump", default_technique("countermovement_jump"))


@pytest.fixture(scope="module")
def body():
    known = build_body(ATHLETE)
    names = ("pelvis", "trunk", "right_thigh", "right_shank", "right_foot", "left_thigh", "left_shank", "left_foot")
    return BodySegments(names, known.mass, known.centre_of_mass, known.inertia, np.array([known.heel[0], known.toe[0]]))


def _solved(trial, body, **changes):
    _, kinematics, force = trial
    arguments = {"person": Person(ATHLETE.mass_kg, ATHLETE.sex), "segments": body} | changes
    arguments = {"threshold_n": 5.0, "options": UNFILTERED} | arguments
    return dynamics(arguments.pop("kinematics", kinematics), arguments.pop("force", force), **arguments)


def _codes(dataset):
    return [code for code, _ in json.loads(dataset.attrs["notes"])]


def _labelled(force, *feet):
    return force.assign_coords(foot=("plate", list(feet)))


def _with_corners(force):
    """Outlines of two plates side by side that meet under the middle of the body."""
    corner = np.zeros((2, 4, 3))
    for plate, (low, high) in enumerate(((-0.5, 0.0), (0.0, 0.5))):
        corner[plate][:, 0] = [-0.4, 0.6, 0.6, -0.4]
        corner[plate][:, 2] = [low, low, high, high]
    return force.assign(corner=(("plate", "corner", "axis"), corner))


def test_clean_squat_closes(squat, body):
    solved = _solved(squat, body)
    assert _codes(solved) == []
    assert float(np.abs(solved["residual_force"]).max()) < 0.1
    assert float(np.abs(solved["residual_moment"]).max()) < 0.1
    assert float(np.abs(solved["segment_power_residual"]).max()) < 0.1
    np.testing.assert_allclose(solved["body_centre_of_mass"], squat[0].body_com[::EVERY], atol=1e-9)
    np.testing.assert_allclose(solved["ground_force"].sel(side="right"), squat[0].force[1, ::EVERY], atol=1e-9)


def test_energy_of_the_body_is_the_work_of_joints_and_ground(squat, body):
    solved = _solved(squat, body).isel(time=slice(10, -10))
    power = solved["joint_power"].sum("joint") + solved["ground_power"].sum("side")
    time = solved["time"].to_numpy()
    work = np.concatenate([[0.0], np.cumsum(0.5 * (power.to_numpy()[1:] + power.to_numpy()[:-1]) * np.diff(time))])
    energy = solved["segment_energy"].sum("segment").to_numpy()
    assert energy.max() - energy.min() > 150.0
    np.testing.assert_allclose(energy - energy[0], work, atol=0.1)


def test_power_is_the_sum_over_planes(squat, body):
    solved = _solved(squat, body)
    np.testing.assert_allclose(solved["joint_power"], solved["joint_power_in_plane"].sum("plane"), atol=1e-9)


def test_squatting_needs_extensors(squat, body):
    """At the bottom hips and knees are held by extensor moments: they work against flexion, which is positive."""
    motion, kinematics, _ = squat
    solved = _solved(squat, body)
    bottom = int(np.argmin(motion.body_com[::EVERY, 1]))
    sagittal = solved["joint_moment_in_plane"].sel(plane="sagittal").isel(time=bottom)
    assert float(sagittal.sel(joint="right_hip")) < -20.0
    assert float(sagittal.sel(joint="right_knee")) < -40.0
    assert float(sagittal.sel(joint="right_ankle")) < 0.0  # plantar flexors
    assert float(sagittal.sel(joint="lumbar")) < 0.0  # back extensors
    rising = bottom + 80
    assert float(solved["joint_power"].sel(joint="right_knee").isel(time=rising)) > 0.0
    assert kinematics.sizes["time"] > rising


def test_turning_and_moving_the_laboratory_turns_vectors_and_leaves_scalars(squat, body):
    _, kinematics, force = squat
    turn = Rotation.from_euler("y", 70, degrees=True).as_matrix()
    shift = np.array([3.0, 0.0, -2.0])
    moved = kinematics.copy(deep=True)
    for name in ("position", "joint_centre"):
        moved[name] = (kinematics[name].dims, kinematics[name].to_numpy() @ turn.T + shift)
    moved["rotation"] = (kinematics["rotation"].dims, turn @ kinematics["rotation"].to_numpy())
    turned_force = force["force"].to_numpy() @ turn.T
    loads = force.copy(deep=True)
    loads["force"] = (force["force"].dims, turned_force)
    loads["moment"] = (force["moment"].dims, force["moment"].to_numpy() @ turn.T + np.cross(shift, turned_force))
    here, there = _solved(squat, body), _solved(squat, body, kinematics=moved, force=loads)
    for name in ("joint_moment_in_plane", "joint_power", "joint_power_in_plane", "segment_energy"):
        np.testing.assert_allclose(there[name], here[name], atol=1e-6, err_msg=name)
    for name in ("joint_force", "joint_moment", "residual_force"):
        np.testing.assert_allclose(there[name], here[name].to_numpy() @ turn.T, atol=1e-6, err_msg=name)


def test_mirrored_legs_swap_their_moments(squat, body):
    _, kinematics, force = squat
    mirrored = kinematics.copy(deep=True)
    for name in ("position", "joint_centre"):
        mirrored[name] = (kinematics[name].dims, kinematics[name].to_numpy() @ MIRROR)
    mirrored["rotation"] = (kinematics["rotation"].dims, MIRROR @ kinematics["rotation"].to_numpy() @ MIRROR)
    for dim in ("segment", "joint"):
        mirrored = mirrored.assign_coords({dim: [_other_side(name) for name in kinematics[dim].to_numpy()]})
    loads = force.copy(deep=True)
    loads["force"] = (force["force"].dims, force["force"].to_numpy() @ MIRROR)
    # A moment is an axial vector: it keeps the component across the mirror and turns the others.
    loads["moment"] = (force["moment"].dims, -force["moment"].to_numpy() @ MIRROR)
    here = _solved(squat, body)
    there = _solved(squat, body, kinematics=mirrored, force=_labelled(loads, "right", "left"))
    for joint in ("ankle", "knee", "hip"):
        for name in ("joint_moment_in_plane", "joint_power_in_plane"):
            left, right = here[name].sel(joint=f"left_{joint}"), there[name].sel(joint=f"right_{joint}")
            np.testing.assert_allclose(right, left, atol=1e-8, err_msg=f"{joint} {name}")
    unequal = here["joint_moment_in_plane"].sel(joint="left_knee") - here["joint_moment_in_plane"].sel(
        joint="right_knee"
    )
    assert float(np.abs(unequal).max()) > 1.0


def _other_side(name):
    side, _, rest = str(name).partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, str(name))


def test_a_foot_in_the_air_is_loaded_by_its_own_weight_only(jump, body):
    motion, _, _ = jump
    solved = _solved(jump, body)
    takeoff, landing = motion.events["takeoff"][0], motion.events["landing"][0]
    flight = solved.sel(time=slice(takeoff + 0.05, landing - 0.05))
    assert float(np.abs(flight["ground_force"]).max()) == 0.0
    ankle = flight["joint_force"].sel(joint="right_ankle")
    assert bool(np.isfinite(ankle).all())
    assert float(np.abs(ankle).max()) < 40.0
    assert _codes(solved) == []


def test_what_is_not_recorded_is_absent_and_said(squat, body):
    _, kinematics, _ = squat
    one_leg = kinematics.sel(
        segment=["pelvis", "right_thigh", "right_shank", "right_foot"],
        joint=["right_hip", "right_knee", "right_ankle"],
    )
    whole, part = _solved(squat, body), _solved(squat, body, kinematics=one_leg)
    assert part["joint"].to_numpy().tolist() == ["right_ankle", "right_knee", "right_hip"]
    assert "body_centre_of_mass" not in part
    assert "residual_force" not in part
    [sentence] = [words for code, words in json.loads(part.attrs["notes"]) if code == "segment_missing"]
    assert "left shank" in sentence
    assert "trunk" in sentence
    for name in ("joint_moment_in_plane", "joint_power"):
        np.testing.assert_allclose(part[name], whole[name].sel(joint=part["joint"]), atol=1e-9)
    with pytest.raises(ValueError, match="segments of the body are missing"):
        external_work(part, start_s=2.0, stop_s=3.0)


def test_without_a_foot_its_leg_has_no_loads(squat, body):
    _, kinematics, _ = squat
    solved = _solved(squat, body, kinematics=kinematics.drop_sel(segment="right_foot"))
    assert solved["joint"].to_numpy().tolist() == ["left_ankle", "left_knee", "left_hip"]


def test_no_foot_at_all_leaves_the_ground_only(squat, body):
    _, kinematics, _ = squat
    solved = _solved(squat, body, kinematics=kinematics.sel(segment=["pelvis", "trunk"]))
    assert "joint_moment" not in solved
    assert "segment_missing" in _codes(solved)


@pytest.mark.parametrize("outlines", [False, True])
def test_plates_without_labels_find_their_feet(squat, body, outlines):
    force = _with_corners(squat[2]) if outlines else squat[2]
    free = _solved(squat, body, force=_labelled(force, "both", "both"))
    assert _codes(free) == []
    xr.testing.assert_allclose(free["joint_moment"], _solved(squat, body)["joint_moment"])


def test_one_plate_under_both_feet_is_refused(squat, body):
    force = squat[2]
    joined = force.isel(plate=[0]).assign(
        force=force["force"].sum("plate").expand_dims(plate=["1"]),
        moment=force["moment"].sum("plate").expand_dims(plate=["1"]),
    )
    solved = _solved(squat, body, force=_labelled(joined, "both"))
    assert _codes(solved) == ["sides_not_told_apart"]
    assert bool(np.isnan(solved["joint_moment"]).all())
    assert bool(np.isfinite(solved["body_centre_of_mass"]).all())


def test_both_feet_on_one_of_two_plates_are_refused(squat, body):
    """A long plate on which the other foot stands too, although the pressure is under one foot."""
    force = _with_corners(squat[2])
    force["corner"][1, :, 2] = np.array([-0.5, -0.5, 0.5, 0.5])
    solved = _solved(squat, body, force=_labelled(force, "both", "both"))
    assert _codes(solved) == ["sides_not_told_apart"]


def test_recorded_jump_with_both_feet_on_one_plate_is_refused(shared_data, repository):
    """The real jump: markers on one leg, both feet on the first plate, the second empty."""
    described = yaml.safe_load((repository / "data" / "raw" / "open" / "study.yaml").read_text(encoding="utf-8"))
    setup = described["devices"]["vicon"]
    device = Device(name="vicon", reader="c3d", up=setup["up"], forward=setup["forward"])
    signals = READERS["c3d"](shared_data / "biomdp-cmj-dj" / "vicon_CMJ_kinem_kinet_emg.c3d", device=device).signals
    force, markers = (to_isb(signals[kind], up=device.up, forward=device.forward) for kind in ("force", "markers"))
    labels = [setup["markers"].get(str(name), str(name)) for name in markers["marker"].to_numpy()]
    motion = find_kinematics(markers.assign_coords(marker=labels))
    plates = force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"]))
    solved = dynamics(motion, plates, person=Person(75.0, "male"))
    assert _codes(solved) == ["sides_not_told_apart", "segment_missing"]
    assert solved["joint"].to_numpy().tolist() == ["right_ankle", "right_knee", "right_hip"]
    standing = solved["joint_moment"].sel(time=slice(0.5, 1.0))
    assert bool(np.isnan(standing).all())


def test_a_foot_that_swings_past_bears_nothing(shared_data):
    """The recorded sprint: the other foot swings over the pressure, 0.4 to 0.6 m above the one that treads."""
    file = shared_data / "sprint-ja1" / "JA1Gait35.c3d"
    markers, force = (read_signal(file, "c3d", kind, up="z", forward="y") for kind in ("markers", "force"))
    widths = {f"{side}_{joint}": width for side in LEGS for joint, width in (("knee", 0.105), ("ankle", 0.075))}
    motion = find_kinematics(markers, marker_set="sprint_lateral", widths_m=widths)
    plates = force.assign_coords(foot=("plate", ["both"] * force.sizes["plate"]))
    solved = dynamics(motion, plates, person=Person(75.0, "male"))
    assert {"sides_not_told_apart", "force_without_foot"}.isdisjoint(_codes(solved))
    upward = solved["ground_force"].sel(axis="y")
    for side in LEGS:
        treads = np.diff((upward.sel(side=side) > 200.0).astype(int))
        assert (treads == 1).sum() == 2, side


def test_the_load_of_an_unseen_foot_is_not_known(squat, body):
    few = squat[1].sel(segment=[name for name in squat[1]["segment"].to_numpy() if name != "left_foot"])
    solved = _solved(squat, body, kinematics=few)
    assert bool(np.isnan(solved["ground_force"].sel(side="left")).all())
    assert bool(np.isfinite(solved["ground_force"].sel(side="right")).any())


def test_swapped_plate_labels_are_caught(squat, body):
    solved = _solved(squat, body, force=_labelled(squat[2], "right", "left"))
    assert set(_codes(solved)) == {"plate_label_contradicted"}
    assert bool(np.isnan(solved["joint_moment"]).all())


@pytest.mark.parametrize("wrong", ["place", "unit", "share"])
def test_a_load_beside_the_foot_that_the_study_names_is_refused(squat, body, wrong):
    """Plates 0.3 m off their stated place; moments of N mm taken for N m; two fifths of a load on the other plate."""
    force = _labelled(squat[2], "left", "right").copy(deep=True)
    loads, moments = force["force"].to_numpy(), force["moment"].to_numpy()
    if wrong == "place":
        moments += np.cross([0.3, 0.0, 0.0], loads)
    elif wrong == "unit":
        moments *= 1000.0
    else:
        for values in (loads, moments):
            values[0] += 0.4 * values[1]
            values[1] *= 0.6
    solved = _solved(squat, body, force=force)
    assert "pressure_beside_foot" in _codes(solved)
    assert bool(np.isnan(solved["joint_moment"].sel(joint="left_knee")).all())


def test_a_foot_that_is_not_seen_for_a_while_does_not_accuse_its_plate(squat, body):
    """Two fifths of the contact without the left foot: what is seen of it stands where the pressure is."""
    _, kinematics, force = squat
    lost = kinematics.copy(deep=True)
    early = lost["time"][: lost.sizes["time"] * 2 // 5]
    for name in ("rotation", "position"):
        lost[name].loc[{"time": early, "segment": "left_foot"}] = np.nan
    solved = _solved(squat, body, kinematics=lost, force=_labelled(force, "left", "right"))
    assert "pressure_beside_foot" not in _codes(solved)
    assert bool(np.isfinite(solved["joint_moment"].sel(joint="right_knee")).all())


def test_a_plate_that_rings_for_a_moment_is_pressed_nowhere(squat, body):
    """100 N for 20 ms beside the foot, after a second without load."""
    force = _labelled(squat[2], "left", "right").copy(deep=True)
    time = force["time"].to_numpy()
    unloaded, ringing = (time > 4.0) & (time < 5.0), (time > 4.5) & (time < 4.52)
    for name in ("force", "moment"):
        force[name][0, unloaded] = 0.0
    force["force"][0, ringing, 1] = 100.0
    force["moment"][0, ringing] = np.cross([2.0, 0.0, 0.0], [0.0, 100.0, 0.0])
    assert "pressure_beside_foot" not in _codes(_solved(squat, body, force=force))


def test_moments_that_the_motion_does_not_need_are_flagged(squat, body):
    """A free moment that no movement shows: the pressure stays under the feet, and the forces agree."""
    force = squat[2].copy(deep=True)
    force["moment"].loc[{"axis": "y"}] += 40.0
    assert _codes(_solved(squat, body, force=force)) == ["moment_disagrees_with_motion"]


def test_a_foot_beside_the_plates_is_not_taken_for_a_swinging_one(squat, body):
    solved = _solved(squat, body, force=squat[2].isel(plate=[0]))
    assert _codes(solved) == ["foot_beside_plates"]
    assert bool(np.isnan(solved["joint_moment"].sel(joint="right_knee")).any())
    assert bool(np.isfinite(solved["joint_moment"].sel(joint="left_knee")).all())


def test_the_plate_of_an_unseen_foot_is_left_to_it(squat, body):
    _, kinematics, force = squat
    right = kinematics.drop_sel(segment=["left_thigh", "left_shank", "left_foot"])
    solved = _solved(squat, body, kinematics=right, force=_labelled(force, "both", "both"))
    assert sorted(_codes(solved)) == ["force_of_unseen_foot", "segment_missing"]
    whole = _solved(squat, body)["joint_moment"].sel(joint=solved["joint"])
    np.testing.assert_allclose(solved["joint_moment"], whole, atol=1e-9)


def test_force_where_nobody_stands_is_refused(squat, body):
    force = squat[2].copy(deep=True)
    force["moment"] = force["moment"] + np.cross([2.0, 0.0, 0.0], force["force"])
    solved = _solved(squat, body, force=_labelled(force, "both", "both"))
    assert "force_without_foot" in _codes(solved)
    assert bool(np.isnan(solved["joint_moment"]).all())


def test_standing_on_a_box_is_not_flight(squat, body):
    force = squat[2].copy(deep=True)
    later = force["time"] > 4.0
    force["force"] = force["force"].where(~later, 0.0)
    solved = _solved(squat, body, force=_labelled(force.isel(plate=[1]), "box"))
    assert "foot_on_box" in _codes(solved)
    assert bool(np.isnan(solved["joint_moment"].sel(time=slice(1.0, 3.9))).all())


def test_plates_that_give_only_vertical_force_allow_no_joint_loads(squat, body):
    force = squat[2].drop_vars("moment").sel(axis=["y"])
    solved = _solved(squat, body, force=force)
    assert _codes(solved) == ["no_moments"]
    assert bool(np.isnan(solved["joint_moment"]).all())


def test_a_plate_that_reads_wrong_is_flagged(squat, body):
    force = squat[2].copy(deep=True)
    force["force"], force["moment"] = force["force"] * 1.3, force["moment"] * 1.3
    assert _codes(_solved(squat, body, force=force)) == ["force_disagrees_with_motion"]


def test_low_pass_of_force_keeps_hum_from_folding(squat, body):
    """A hum of 399 Hz folds to 1 Hz at 200 Hz of the markers, unless it is filtered before."""
    _, _, force = squat
    loud = force.copy(deep=True)
    hum = 20.0 * np.sin(2.0 * np.pi * 399.0 * force["time"].to_numpy())
    loud["force"] = force["force"] + xr.DataArray(hum, dims="time") * xr.DataArray([1.0, 0.0, 0.0], dims="axis")
    away = {}
    for cutoff in (None, 12.0):
        clean, hummed = (
            _solved(squat, body, force=one, options=MotionOptions(cutoff_hz=cutoff)) for one in (force, loud)
        )
        inner = slice(0.5, -0.5 + float(force["time"][-1]))  # the filter starts and ends somewhere in the hum
        away[cutoff] = float(np.abs(clean["ground_force"] - hummed["ground_force"]).sel(time=inner).max())
    assert away[None] > 15.0
    assert away[12.0] < 0.01


def test_a_gap_in_force_stays_a_gap(squat, body):
    force = squat[2].copy(deep=True)
    force["force"][1, 2000:2100, 1] = np.nan
    solved = _solved(squat, body, force=force)
    lost = np.flatnonzero(np.isnan(solved["joint_moment"].sel(joint="right_knee", axis="z")))
    assert lost.min() in (399, 400)
    assert lost.max() in (419, 420)


def test_segments_scale_with_mass_and_joint_distance(squat):
    _, kinematics, _ = squat
    found = body_segments(Kinematics.of(kinematics), body_mass_kg=80.0, sex="female", load_kg=40.0)
    assert found.mass.sum() == pytest.approx(120.0)
    row = found.segment.index("right_thigh")
    ends = kinematics["joint_centre"].sel(joint=["right_hip", "right_knee"]).isel(time=0).to_numpy()
    length = float(np.linalg.norm(ends[0] - ends[1]))
    # The published masses add up to 1.0002 of the body.
    mass = 80.0 * 0.1478 / (0.0668 + 0.4257 + 2 * (0.0255 + 0.0138 + 0.0056 + 0.1478 + 0.0481 + 0.0129))
    assert found.mass[row] == pytest.approx(mass, rel=1e-6)
    np.testing.assert_allclose(found.centre_of_mass[row], [0.0, -0.3612 * length, 0.0], atol=1e-9)
    np.testing.assert_allclose(
        found.inertia[row], np.diag(mass * (length * np.array([0.369, 0.162, 0.364])) ** 2), rtol=1e-6
    )


def test_segments_agree_with_the_virtual_athlete(squat, body):
    found = body_segments(Kinematics.of(squat[1]), body_mass_kg=ATHLETE.mass_kg, sex=ATHLETE.sex)
    found = found.rows(list(body.segment))
    np.testing.assert_allclose(found.mass, body.mass, rtol=1e-9)
    legs = slice(2, None)
    np.testing.assert_allclose(found.centre_of_mass[legs], body.centre_of_mass[legs], atol=1e-6)
    np.testing.assert_allclose(found.inertia[legs], body.inertia[legs], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.centre_of_mass[1], body.centre_of_mass[1], atol=0.05)  # arms are held otherwise


def test_segments_list_all_that_is_out_of_range(squat):
    with pytest.raises(ValueError, match=r"body_mass_kg is 7.*load_kg is -1.*sex is 'x'"):
        body_segments(Kinematics.of(squat[1]), body_mass_kg=7.0, sex="x", load_kg=-1.0)
    with pytest.raises(ValueError, match="no thigh or shank"):
        body_segments(Kinematics.of(squat[1].sel(joint=["lumbar"])), body_mass_kg=70.0, sex="male")


def test_proportions_are_those_of_the_published_table(shared_data):
    for sex in ("female", "male"):
        lines = (shared_data / "bmclab" / f"BSP{sex}_ZdeLeva.txt").read_text(encoding="utf-8").splitlines()
        published = [[float(value) for value in line.split("\t")[2:]] for line in lines[1:]]
        for name, row in segment_proportions(sex).items():
            numbers = [
                row.mass_per_body_mass,
                row.centre_of_mass_per_length,
                row.gyration_sagittal_per_length,
                row.gyration_transverse_per_length,
                row.gyration_longitudinal_per_length,
            ]
            assert numbers in published, name
    with pytest.raises(ValueError, match="expected 'female' or 'male'"):
        segment_proportions("")


def _power(values, *, speed=(0.0, 0.0), height=(0.0, 0.0), mass=10.0):
    """Dynamics with one joint's power (time, plane) at 10 Hz and the centre of mass at first and last instant."""
    values = np.asarray(values, dtype=float)
    frames = len(values)
    time = np.arange(frames) / 10.0
    velocity, centre = np.zeros((frames, 3)), np.zeros((frames, 3))
    velocity[:, 1], centre[:, 1] = np.linspace(*speed, frames), np.linspace(*height, frames)
    return xr.Dataset(
        {
            "joint_power": (("time", "joint"), values.sum(axis=1)[:, None]),
            "joint_power_in_plane": (("time", "joint", "plane"), values[:, None, :]),
            "body_velocity": (("time", "axis"), velocity),
            "body_centre_of_mass": (("time", "axis"), centre),
        },
        coords={
            "time": time,
            "joint": ["right_knee"],
            "plane": ["sagittal", "frontal", "transverse"],
            "axis": list("xyz"),
        },
        attrs={"total_mass_kg": mass},
    )


def test_work_by_hand():
    """Power 0, 10, -10, 0 W at 10 Hz: triangles of 10 W over 0.15 s, one up, one down."""
    work = joint_work(_power([[0, 0, 0], [10, 0, 0], [-10, 0, 0], [0, 0, 0]]), start_s=0.0, stop_s=0.3)
    assert float(work["positive_work"][0]) == pytest.approx(0.75)
    assert float(work["negative_work"][0]) == pytest.approx(-0.75)
    assert work["positive_work_in_plane"].to_numpy()[0].tolist() == pytest.approx([0.75, 0.0, 0.0])


def test_transmission_and_frontal_share_by_hand():
    """100 W sagittal and 25 W frontal for 1 s lift 10 kg by 0.5 m and give it 3 m/s."""
    steady = _power([[100.0, 25.0, 0.0]] * 11, speed=(0.0, 3.0), height=(0.0, 0.5))
    assert external_work(steady, start_s=0.0, stop_s=1.0) == pytest.approx(45.0 + 10.0 * 9.80665 * 0.5)
    ratio = force_transmission_ratio(steady, start_s=0.0, stop_s=1.0)
    assert ratio == pytest.approx((45.0 + 49.03325) / 125.0)
    assert frontal_plane_work_share(steady, start_s=0.0, stop_s=1.0) == pytest.approx(0.2)
    assert frontal_plane_work_share(steady, start_s=0.0, stop_s=1.0, side="right") == pytest.approx(0.2)
    assert np.isnan(frontal_plane_work_share(steady, start_s=0.0, stop_s=1.0, side="left"))


def test_work_across_a_gap_is_not_known():
    gap = _power([[1.0, 0.0, 0.0], [np.nan, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert np.isnan(float(joint_work(gap, start_s=0.0, stop_s=0.2)["positive_work"][0]))
    assert np.isnan(force_transmission_ratio(gap, start_s=0.0, stop_s=0.2))


@pytest.mark.parametrize(("start", "stop"), [(0.2, 0.1), (-1.0, 0.2), (0.0, 9.0), (0.11, 0.12)])
def test_work_outside_the_trial_is_refused(start, stop):
    with pytest.raises(ValueError, match="expected two samples or more"):
        joint_work(_power([[1.0, 0.0, 0.0]] * 4), start_s=start, stop_s=stop)


def test_force_transmission_of_a_jump(jump, body):
    """What the joints do from the lowest point on arrives, but for the foot's own share, in the centre of mass."""
    motion, _, _ = jump
    solved = _solved(jump, body)
    push = {"start_s": motion.events["bottom"][0], "stop_s": motion.events["takeoff"][0] - 0.01}
    inside = (
        (motion.time >= push["start_s"]) & (motion.time <= push["stop_s"]) & (np.arange(motion.time.size) % EVERY == 0)
    )
    first, last = np.flatnonzero(inside)[[0, -1]]
    speed, height = np.linalg.norm(motion.body_com_velocity, axis=1), motion.body_com[:, 1]
    gained = 0.5 * (speed[last] ** 2 - speed[first] ** 2) + STANDARD_GRAVITY * (height[last] - height[first])
    assert external_work(solved, **push) == pytest.approx(ATHLETE.mass_kg * gained, rel=1e-3)
    assert 0.7 < force_transmission_ratio(solved, **push) < 1.1
    assert 0.0 < frontal_plane_work_share(solved, **push) < 0.1
