"""Gaps, labels, joint centres and segment axes: hand answers, planted faults, the virtual athlete."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.readers.signals import marker_signal
from legsci.mechanics.motion.alignment import alignment_uncertainty
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.joint_centres import (
    MARKER_DIAMETER_M,
    hip_centre_bell,
    hip_centre_harrington,
    lumbar_centre,
)
from legsci.mechanics.motion.markers import CLUSTERS, Markers, fill_gaps, smooth_markers, stretches
from legsci.mechanics.motion.options import MotionOptions
from legsci.mechanics.motion.segments import build_skeleton
from legsci.mechanics.motion.static_trial import session_static_trial, static_trial
from legsci.simulate.sensors.markers import MarkerSettings, record_markers
from tests.mechanics.athlete import ATHLETE, RATE_HZ, marker_dataset, squat, standing
from tests.mechanics.trials import trial


def test_hip_equations_by_hand():
    hip = hip_centre_harrington(pelvis_width_m=0.250, pelvis_depth_m=0.150)
    np.testing.assert_allclose(hip, [-0.0459, -0.0859, 0.0898], atol=1e-12)
    np.testing.assert_allclose(hip_centre_bell(pelvis_width_m=0.250), [-0.0475, -0.075, 0.09], atol=1e-12)


def test_stretches_of_flags():
    assert stretches(np.array([True, False, True, True, False, False, True])) == [(0, 1), (2, 4), (6, 7)]
    assert stretches(np.zeros(3, dtype=bool)) == []


def planted(markers: xr.Dataset, label: str, start: int, stop: int) -> xr.Dataset:
    """Lose a marker in frames [start, stop)."""
    position = markers["position"].copy(deep=True)
    position.loc[{"marker": label}][start:stop] = np.nan
    return markers.assign(position=position)


def test_a_gap_is_reconstructed_from_the_segment_and_reported():
    _, markers = squat()
    whole, filling_m, flags = fill_gaps(Markers.recorded(planted(markers, "right_thigh_2", 300, 370)))
    np.testing.assert_allclose(whole.position, Markers.recorded(markers).position, atol=1e-9)
    (flag,) = flags
    assert (flag.code, flag.signal) == ("gap_reconstructed", "right_thigh_2")
    assert flag.value == pytest.approx(70 / RATE_HZ)
    assert "0.350 s from 1.500 s" in flag.sentence
    filled = np.isfinite(filling_m)
    assert np.flatnonzero(filled[:, whole.labels.index("right_thigh_2")]).tolist() == list(range(300, 370))
    assert int(filled.sum()) == 70
    assert np.nanmax(filling_m) < 1e-9  # markers on bone


@pytest.mark.parametrize("edge", [(0, 60), (-60, None)])
def test_a_gap_at_an_end_is_reconstructed_from_one_shape(edge):
    _, markers = squat()
    whole, _, flags = fill_gaps(Markers.recorded(planted(markers, "right_shank_1", *edge)))
    np.testing.assert_allclose(whole.position, Markers.recorded(markers).position, atol=1e-9)
    assert [flag.code for flag in flags] == ["gap_reconstructed"]


def test_a_short_gap_is_bridged_and_a_long_one_is_left_where_the_segment_cannot_help():
    _, markers = squat()
    few = markers.sel(marker=["right_acromion", "c7"])
    whole, _, flags = fill_gaps(Markers.recorded(planted(few, "c7", 400, 415)))
    assert [flag.code for flag in flags] == ["gap_interpolated"]
    np.testing.assert_allclose(whole.position, Markers.recorded(few).position, atol=1e-4)
    left, filling_m, flags = fill_gaps(Markers.recorded(planted(few, "c7", 400, 450)))
    assert [flag.code for flag in flags] == ["gap_left"]
    assert np.isnan(left.path("c7")[400:450]).all()
    assert np.isnan(filling_m).all()
    whole, _, flags = fill_gaps(
        Markers.recorded(planted(few, "c7", 400, 450)), options=MotionOptions(spline_gap_s=0.25)
    )
    assert [flag.code for flag in flags] == ["gap_interpolated"]
    assert np.isfinite(whole.position).all()


@pytest.mark.parametrize(("length", "code"), [(15, "gap_interpolated"), (70, "gap_reconstructed")])
def test_the_stated_uncertainty_of_filled_gaps_covers_their_error(length, code):
    """Markers with soft tissue motion and noise, lost at places all over three squats; a spline where two are left."""
    motion, markers = squat()
    labels = [str(label) for label in markers["marker"].to_numpy()]
    settings = MarkerSettings(rate_hz=RATE_HZ, gaps_per_s=0.0)
    seen, _ = record_markers(motion, labels, markers["position"].to_numpy(), settings, np.random.default_rng(8))
    chosen = labels if code == "gap_reconstructed" else ["right_thigh_1", "right_thigh_2", "c7"]
    truth = marker_dataset(labels, seen).sel(marker=chosen)
    ratios = []
    for start in range(200, 2200, 100):
        whole, filling_m, flags = fill_gaps(Markers.recorded(planted(truth, "right_thigh_2", start, start + length)))
        assert [flag.code for flag in flags] == [code]
        assert "mm per axis" in flags[0].sentence
        gap = slice(start, start + length)
        error = whole.path("right_thigh_2")[gap] - truth["position"].sel(marker="right_thigh_2").to_numpy()[gap]
        ratios.append(np.sqrt(np.mean(error**2)) / filling_m[start, whole.columns["right_thigh_2"]])
    assert np.mean(np.array(ratios) < 2.0) >= 0.9
    assert 0.5 < np.sqrt(np.mean(np.square(ratios))) < 1.5


def test_a_filled_gap_has_its_share_in_the_uncertainty_of_alignment():
    motion, markers = squat()
    labels = [str(label) for label in markers["marker"].to_numpy()]
    settings = MarkerSettings(rate_hz=RATE_HZ, gaps_per_s=0.0)
    seen, _ = record_markers(motion, labels, markers["position"].to_numpy(), settings, np.random.default_rng(8))
    gapped = planted(marker_dataset(labels, seen), "right_lateral_epicondyle", 500, 590)
    filled = kinematics(gapped, standing())
    before, after = (alignment_uncertainty(k) for k in (filled.assign(filling=0.0 * filled["filling"]), filled))
    for name in ("u_knee_abduction", "u_knee_frontal_projection", "u_knee_medial_to_toe"):
        more = (after[name] - before[name]).sel(side="right").to_numpy()
        assert (more[500:590] > 0.0).all(), name
        assert not np.delete(more, np.s_[500:590]).any(), name


def test_filling_starts_from_what_was_recorded_whatever_the_order_of_markers():
    _, markers = squat()
    lost = planted(planted(markers, "right_thigh_1", 300, 340), "right_thigh_3", 320, 360)
    forward, _, _ = fill_gaps(Markers.recorded(lost))
    backward, _, _ = fill_gaps(Markers.recorded(lost.isel(marker=slice(None, None, -1))))
    assert forward.labels == backward.labels
    np.testing.assert_allclose(forward.position, backward.position)


def test_smoothing_takes_noise_and_leaves_movement():
    _, markers = squat()
    clean = Markers.recorded(markers)
    noise = np.random.default_rng(0).normal(size=clean.position.shape) * 0.001
    smooth = smooth_markers(replace(clean, position=clean.position + noise), cutoff_hz=12.0)
    assert (smooth.position - clean.position).std() < 0.0005
    assert smooth_markers(clean, cutoff_hz=None) is clean


def test_the_quiet_upright_part_is_found():
    _, markers = squat()
    points, still, flags = static_trial(Markers.recorded(markers))
    assert still
    assert flags == []
    assert points["c7"][1] == pytest.approx(float(markers["position"].sel(marker="c7", axis="y").max()), abs=0.01)
    moving = markers.isel(time=slice(300, 480))
    _, still, flags = static_trial(Markers.recorded(moving))
    assert not still
    assert [flag.code for flag in flags] == ["no_standing"]


def test_joint_centres_and_axes_are_those_of_the_athlete():
    motion, markers = squat()
    static = static_trial(Markers.recorded(standing()))
    skeleton = build_skeleton(Markers.recorded(markers), static)
    for joint, (carrier, centre) in skeleton.joints.items():
        if joint != "lumbar":
            path = skeleton.segments[carrier].carry(centre)
            np.testing.assert_allclose(path, motion.joint_centre[joint], atol=1e-6)
    for row, name in enumerate(motion.segments):
        if name != "trunk":
            np.testing.assert_allclose(skeleton.segments[name].rotation, motion.rotation[row], atol=1e-5)
            np.testing.assert_allclose(skeleton.segments[name].residual, 0.0, atol=1e-6)


def test_functional_knee_axis_and_refusal_of_a_functional_hip():
    motion, markers = squat()
    static = static_trial(Markers.recorded(standing()))
    skeleton = build_skeleton(
        Markers.recorded(markers), static, options=MotionOptions(knee_axis="functional", hip_centre="functional")
    )
    row = motion.segments.index("right_thigh")
    turned = np.einsum("ti,ti->t", skeleton.segments["right_thigh"].rotation[:, :, 2], motion.rotation[row][:, :, 2])
    assert np.rad2deg(np.arccos(turned.min())) < 8.0  # valgus and rotation go with flexion in this athlete
    refused = {flag.signal for flag in skeleton.flags if flag.code == "functional_joint_refused"}
    assert refused <= {"left_hip", "right_hip"}
    still = build_skeleton(Markers.recorded(standing()), static, options=MotionOptions(knee_axis="functional"))
    assert {f.signal for f in still.flags} == {"right_knee", "left_knee"}


def test_half_of_a_cluster_may_be_missing():
    motion, markers = squat()
    static = static_trial(Markers.recorded(standing()))
    lost = markers["position"].copy(deep=True)
    rng = np.random.default_rng(1)
    labels = [str(label) for label in markers["marker"].to_numpy()]
    for names in CLUSTERS.values():
        present = [name for name in names if name in labels]
        if len(present) >= 6:
            for frame in range(0, markers.sizes["time"], 3):
                gone = rng.choice(present, len(present) // 2, replace=False)
                lost.to_numpy()[frame, [labels.index(name) for name in gone]] = np.nan
    skeleton = build_skeleton(Markers.recorded(markers.assign(position=lost)), static)
    for name in ("right_thigh", "left_shank", "right_foot"):
        rotation = skeleton.segments[name].rotation
        refused = np.isnan(rotation).any(axis=(1, 2))  # what is left of the cluster lies on a line, now and then
        assert refused.mean() < 0.1
        truth = motion.rotation[motion.segments.index(name)]
        np.testing.assert_allclose(rotation[~refused], truth[~refused], atol=1e-5)


def test_what_markers_do_not_give_is_absent_and_said():
    _, markers = squat()
    right = [m for m in markers["marker"].to_numpy() if not str(m).startswith("left_") or "iliac" in str(m)]
    static = static_trial(Markers.recorded(standing().sel(marker=right)))
    skeleton = build_skeleton(Markers.recorded(markers.sel(marker=right)), static)
    assert set(skeleton.segments) == {"pelvis", "right_thigh", "right_shank", "right_foot"}
    absent = {flag.signal for flag in skeleton.flags if flag.code == "segment_absent"}
    assert absent == {"left_thigh", "left_shank", "left_foot", "trunk"}


def test_without_medial_markers_widths_stand_in_for_them():
    motion, markers = squat()
    lateral = [m for m in markers["marker"].to_numpy() if "medial" not in str(m)]
    static = static_trial(Markers.recorded(standing().sel(marker=lateral)))
    bare = build_skeleton(Markers.recorded(markers.sel(marker=lateral)), static)
    joints = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
    assert bare.absent_planes == {joint: {1, 2} for joint in joints}
    assert {"right_knee", "right_ankle"}.isdisjoint(bare.joints)
    assert np.isnan(bare.segments["right_shank"].origin).all()
    between = {
        f"{side}_{joint}_width": -MARKER_DIAMETER_M
        + float(
            np.linalg.norm(
                np.subtract(
                    *(standing()["position"].sel(marker=f"{side}_{place}_{bone}")[0] for place in ("lateral", "medial"))
                )
            )
        )
        for side in ("left", "right")
        for joint, bone in (("knee", "epicondyle"), ("ankle", "malleolus"))
    }
    known = build_skeleton(Markers.recorded(markers.sel(marker=lateral)), static, measures_m=between)
    assert known.absent_planes == {}
    path = known.segments["right_thigh"].carry(known.joints["right_knee"][1])
    assert np.abs(path - motion.joint_centre["right_knee"]).max() < 0.01


def test_the_athlete_has_a_hip_width_that_harrington_knows():
    static = static_trial(Markers.recorded(standing()))
    skeleton = build_skeleton(
        Markers.recorded(marker_dataset(*[standing()[name].to_numpy() for name in ("marker", "position")])), static
    )
    apart = np.linalg.norm(skeleton.joints["right_hip"][1] - skeleton.joints["left_hip"][1])
    assert apart == pytest.approx(2 * 0.0485 * ATHLETE.height_m, abs=1e-6)


def test_without_markers_on_chest_or_back_the_trunk_does_not_turn_with_the_shoulders():
    motion, markers = squat()
    few = markers.sel(marker=[m for m in markers["marker"].to_numpy() if m not in ("sternum", "t10", "clavicle")])
    raised = few["position"].copy(deep=True)
    for side in ("left", "right"):
        raised.loc[{"marker": f"{side}_acromion", "axis": "y"}][600:] += 0.06
    static = static_trial(Markers.recorded(standing()))
    points = {label: point for label, point in static.points.items() if label != "sternum"}
    static = static._replace(points=points)
    known, lifted = (
        build_skeleton(Markers.recorded(few.assign(position=position)), static).segments["trunk"].rotation
        for position in (few["position"], raised)
    )
    np.testing.assert_allclose(lifted, known, atol=1e-9)
    up = known[:, :, 1]
    line = Markers.recorded(few).path("c7") - 0.5 * (motion.joint_centre["left_hip"] + motion.joint_centre["right_hip"])
    # It keeps the angle that it has in standing with that line, of which c7 is the upper end.
    across = (up * line).sum(axis=1) / np.linalg.norm(line, axis=1)
    assert across[0] < np.cos(np.radians(5.0))
    np.testing.assert_allclose(across, across[0], atol=1e-6)


def test_the_markers_of_a_static_trial_may_lie_in_two_files() -> None:
    position = np.arange(12.0).reshape(1, 4, 3) + np.zeros((300, 1, 1))
    labels = [f"{side}_{name}" for side in ("left", "right") for name in ("heel", "toe")]
    halves = [marker_signal(position[:, n : n + 2], rate_hz=100.0, labels=labels[n : n + 2]) for n in (0, 2)]
    parts = {f"markers_{n}": half.assign_attrs(kind="markers") for n, half in enumerate(halves)}
    tree = xr.DataTree(children={"static": trial(parts, task="standing")})
    name, static = session_static_trial(tree)
    assert name == "static"
    assert static is not None
    assert set(static.points) == set(labels)


def test_lumbar_joint_by_hand() -> None:
    """Of a pelvis 0.24 m wide: behind the spines by a third of that; above their level in women, below in men."""
    female, male = (lumbar_centre(pelvis_width_m=0.24, sex=sex) for sex in ("female", "male"))
    assert female == pytest.approx([-0.0816, 0.01176, 0.0])
    assert male == pytest.approx([-0.0804, -0.00768, 0.0])
    assert lumbar_centre(pelvis_width_m=0.24, sex="") == pytest.approx(0.5 * (female + male))
