"""Labels that cannot be right, markers out of place, segments out of shape: each is said, and costs no sound angle."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.markers import CLUSTERS
from tests.mechanics.athlete import UNFILTERED, angle, codes, names_of, squat, standing


def relabelled(markers: xr.Dataset, first: str, second: str) -> xr.Dataset:
    names = {first: second, second: first}
    labels = [names.get(str(label), str(label)) for label in markers["marker"].to_numpy()]
    return markers.assign_coords(marker=labels)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("right_anterior_superior_iliac_spine", "left_anterior_superior_iliac_spine"),
        ("right_posterior_superior_iliac_spine", "left_posterior_superior_iliac_spine"),
        ("right_lateral_epicondyle", "left_lateral_epicondyle"),
        ("right_heel", "left_heel"),
        ("right_lateral_malleolus", "right_medial_malleolus"),
    ],
)
def test_swapped_labels_are_caught(first, second):
    _, markers = squat()
    for standing_trial in (standing(), None):
        swapped = relabelled(markers, first, second)
        anatomy = None if standing_trial is None else relabelled(standing_trial, first, second)
        result = kinematics(swapped, anatomy)
        notes = json.loads(result.attrs["notes"])
        assert any(code == "labels_swapped" and first in text and second in text for code, text in notes)
        assert not any(code == "labels_swapped" and first not in text and second not in text for code, text in notes)


@pytest.mark.parametrize(
    "pair",
    [
        ("right_medial_epicondyle", "right_lateral_epicondyle"),
        ("right_medial_epicondyle", "left_medial_epicondyle"),
        ("right_medial_malleolus", "right_lateral_malleolus"),
        ("left_first_metatarsal", "left_fifth_metatarsal"),
        ("left_thigh_1", "left_thigh_3"),
    ],
)
def test_labels_swapped_in_one_trial_are_caught_and_cost_no_angle(pair):
    motion, markers = squat()
    result = kinematics(relabelled(markers, *pair), standing(), options=UNFILTERED)
    notes = [text for code, text in json.loads(result.attrs["notes"]) if code == "labels_swapped"]
    assert len(notes) == 1
    assert all(label in notes[0] for label in pair)
    for name in ("right_knee_flexion", "right_knee_abduction", "left_hip_flexion", "left_ankle_dorsiflexion"):
        assert np.abs(angle(result, name) - motion.angles[name]).max() < 0.5


def test_legs_and_pelvis_of_which_left_and_right_are_exchanged_in_one_trial_are_not_used():
    _, markers = squat()
    sides = {"right_": "left_", "left_": "right_"}
    exchanged = [
        next((there + label.removeprefix(here) for here, there in sides.items() if label.startswith(here)), label)
        for label in map(str, markers["marker"].to_numpy())
    ]
    result = kinematics(markers.assign_coords(marker=exchanged), standing())
    assert "labels_swapped" in codes(result)
    assert {"right_knee_flexion", "left_hip_flexion"}.isdisjoint(names_of(result))


@pytest.mark.parametrize("kinds", [("thigh",), ("shank",), ("foot",), ("thigh", "shank"), ("thigh", "shank", "foot")])
def test_segments_with_the_labels_of_the_other_leg_are_caught_without_medial_markers(kinds):
    """Mirrored, the markers of a leg have much the same shape: that its segments do not meet at the joints tells."""
    motion, markers = squat()
    worn = markers.sel(marker=[label for label in map(str, markers["marker"].to_numpy()) if "_medial_" not in label])
    concerned = {label for kind in kinds for side in ("left", "right") for label in CLUSTERS[f"{side}_{kind}"]}
    other = {"left": "right", "right": "left"}
    old = list(map(str, worn["marker"].to_numpy()))
    halves = [label.partition("_") for label in old]
    labels = [
        f"{other[side]}_{name}" if label in concerned else label
        for label, (side, _, name) in zip(old, halves, strict=True)
    ]
    assert sorted(labels) == sorted(old)
    result = kinematics(worn.assign_coords(marker=labels), standing(), options=UNFILTERED)
    notes = " ".join(text for code, text in json.loads(result.attrs["notes"]) if code == "labels_swapped")
    assert all(kind in notes for kind in kinds)
    gone = {f"{side}_{kind}" for kind in kinds for side in ("left", "right")}
    assert gone.isdisjoint(result["segment"].to_numpy())
    for name in names_of(result):
        if name in motion.angles and not name.startswith(("lumbar", "trunk")):
            assert np.abs(angle(result, name) - motion.angles[name]).max() < 0.1, name
    assert codes(kinematics(worn, standing(), options=UNFILTERED)) == []


def test_segments_that_belong_to_no_leg_are_flagged():
    _, markers = squat()
    moved = markers.copy(deep=True)
    foot = [label for label in map(str, markers["marker"].to_numpy()) if label in CLUSTERS["left_foot"]]
    moved["position"].loc[{"marker": foot, "axis": "x"}] += 0.3
    (note,) = [
        text for code, text in json.loads(kinematics(moved, standing()).attrs["notes"]) if code == "joint_parted"
    ]
    assert "left_ankle estimated from the two adjacent segments are 0.300 m apart" in note


def test_a_marker_that_is_never_seen_is_as_good_as_none():
    """c7 and no marker on the chest: the trunk turns with the acromia; a leg without any marker is absent."""
    _, markers = squat()
    few = markers.sel(marker=[label for label in map(str, markers["marker"].to_numpy()) if label != "sternum"])
    still = standing().sel(marker=few["marker"])
    fallen = few.where(few["marker"] != "c7")
    without = few.sel(marker=[label for label in map(str, few["marker"].to_numpy()) if label != "c7"])
    leans = [angle(kinematics(trial, still), "trunk_lean") for trial in (fallen, without)]
    assert np.isfinite(leans[0]).all()
    np.testing.assert_array_equal(*leans)
    said = dict(json.loads(kinematics(fallen, still).attrs["notes"]))
    assert said["marker_never_seen"].endswith("treated as absent: c7.")
    unseen = markers.where(
        ~markers["marker"].str.startswith("left_") | markers["marker"].str.contains("iliac|acromion")
    )
    result = kinematics(unseen, standing())
    assert set(codes(result)) == {"marker_never_seen", "segment_absent"}
    assert "right_knee_flexion" in names_of(result)


def test_one_acromion_alone_and_no_marker_on_the_chest_cost_the_trunk_only():
    _, markers = squat()
    lacking = ("sternum", "right_acromion")
    few = markers.sel(marker=[label for label in map(str, markers["marker"].to_numpy()) if label not in lacking])
    result = kinematics(few, standing())
    assert codes(result) == ["segment_absent"]
    assert "trunk_lean" not in names_of(result)
    assert "left_hip_flexion" in names_of(result)


def test_a_spine_flipped_across_the_middle_of_the_laboratory_is_caught():
    motion, markers = squat()
    position = markers["position"].copy(deep=True)
    position.loc[{"marker": "right_anterior_superior_iliac_spine", "axis": "z"}] *= -1.0
    result = kinematics(markers.assign(position=position), standing(), options=UNFILTERED)
    assert codes(result) == ["marker_astray"]
    assert np.abs(angle(result, "right_hip_flexion") - motion.angles["right_hip_flexion"]).max() < 0.5


def test_a_foot_that_points_back_in_standing_is_caught():
    _, markers = squat()
    turned = relabelled(markers, "right_heel", "right_toe")
    result = kinematics(turned, relabelled(standing(), "right_heel", "right_toe"))
    assert any("right_heel and right_toe" in text for _, text in json.loads(result.attrs["notes"]))


@pytest.mark.parametrize("label", ["right_thigh_2", "left_posterior_superior_iliac_spine", "left_shank_4"])
@pytest.mark.parametrize(("axis", "sign_of"), [("x", "x"), ("y", "y"), (None, "every coordinate")])
@pytest.mark.parametrize("frames", [slice(None), slice(700, 900)])
def test_a_marker_flipped_in_sign_is_caught_and_left_out(label, axis, sign_of, frames):
    motion, markers = squat()
    far = markers.assign(position=markers["position"] + [0.8, 0.0, 0.6])
    position = far["position"].copy(deep=True)
    column = [str(name) for name in far["marker"].to_numpy()].index(label)
    axes = slice(None) if axis is None else "xyz".index(axis)
    position.to_numpy()[frames, column, axes] *= -1.0
    result = kinematics(far.assign(position=position), standing(), options=UNFILTERED)
    notes = json.loads(result.attrs["notes"])
    assert [code for code, _ in notes] == ["marker_flipped"]
    assert label in notes[0][1]
    assert f"unless {sign_of} changes sign" in notes[0][1]
    assert np.abs(angle(result, "right_knee_flexion") - motion.angles["right_knee_flexion"]).max() < 0.01


def test_a_marker_that_strays_is_caught():
    _, markers = squat()
    position = markers["position"].copy(deep=True)
    position.loc[{"marker": "right_thigh_1"}][500:600] += 0.4
    result = kinematics(markers.assign(position=position), standing())
    assert codes(result) == ["marker_astray"]


def test_a_clean_trial_raises_no_alarm_with_soft_tissue_and_noise():
    _, markers = squat()
    noise = np.random.default_rng(0).normal(size=markers["position"].shape) * 0.003
    result = kinematics(markers.assign(position=markers["position"] + noise))
    assert codes(result) == []


def shifted(markers: xr.Dataset, label: str, shift: list[float], frames: slice = slice(None)) -> xr.Dataset:
    """The markers with one of them moved [m] in some frames."""
    position = markers["position"].copy(deep=True)
    position.loc[{"marker": label}][frames] += shift
    return markers.assign(position=position)


def flags(result: xr.Dataset, code: str) -> list[str]:
    """Sentences of a code among the notes."""
    return [text for found, text in json.loads(result.attrs["notes"]) if found == code]


@pytest.mark.parametrize(
    ("label", "shift"),
    [
        ("right_lateral_epicondyle", [0.04, 0.0, 0.0]),
        ("left_anterior_superior_iliac_spine", [0.0, 0.05, 0.0]),
        ("left_shank_2", [0.0, 0.03, 0.0]),
    ],
)
@pytest.mark.parametrize("in_standing", [True, False])
def test_a_marker_put_elsewhere_in_one_of_the_trials_is_named(label, shift, in_standing):
    """By 4 or 5 cm, the shape of a segment in its own pose hardly changes: each marker is held against the others."""
    _, markers = squat()
    if in_standing:
        result = kinematics(markers, shifted(standing(), label, shift))
    else:
        result = kinematics(shifted(markers, label, shift), standing())
    (text,) = flags(result, "marker_displaced")
    assert text.startswith(label)
    assert f"{np.linalg.norm(shift):.2f}" in text


def test_standing_of_a_smaller_person_is_caught():
    _, markers = squat()
    smaller = standing().assign(position=standing()["position"] * 0.94)
    (text,) = flags(kinematics(markers, smaller), "standing_of_other_size")
    assert "+6.4 %" in text
    assert "standing_of_other_size" not in codes(kinematics(markers, standing()))


@pytest.mark.parametrize("frames", [slice(500, 600), slice(500, 505)])
def test_labels_exchanged_for_a_while_show_as_a_segment_out_of_shape(frames):
    """In half of the frames all is well, so that nothing is left out; the stretch is named."""
    _, markers = squat()
    exchanged = relabelled(markers, "right_medial_epicondyle", "right_lateral_epicondyle")["position"]
    position = markers["position"].copy(deep=True)
    position[frames] = exchanged.sel(marker=position["marker"])[frames]
    result = kinematics(markers.assign(position=position), standing())
    (text,) = flags(result, "segment_deformed")
    assert text.startswith("Markers of right_thigh")
    began = float(text.partition(" s from ")[2].partition(" s on")[0])
    assert began == pytest.approx(frames.start / 200.0, abs=0.02)


def test_feet_exchanged_for_a_while_show_as_angles_that_no_joint_reaches():
    _, markers = squat()
    position = markers["position"].copy(deep=True)
    feet = [str(label) for label in markers["marker"].to_numpy() if "heel" in str(label) or "toe" in str(label)]
    feet += [
        str(label) for label in markers["marker"].to_numpy() if "metatarsal" in str(label) or "_foot_" in str(label)
    ]
    others = [f"right_{name[5:]}" if name.startswith("left_") else f"left_{name[6:]}" for name in feet]
    at = {"time": markers["time"][500:600], "marker": feet}
    position.loc[at] = markers["position"].sel(marker=others)[500:600].to_numpy()
    result = kinematics(markers.assign(position=position), standing())
    assert any("ankle" in text for text in flags(result, "angle_implausible"))


@pytest.mark.parametrize("parts", [("shank", "malleolus"), ("thigh", "epicondyle")])
def test_clusters_exchanged_between_the_legs_cost_these_segments_alone(parts):
    _, markers = squat()
    names = [str(label) for label in markers["marker"].to_numpy()]
    side = {"right_": "left_", "left_": "right_"}
    exchanged = [
        next(there + name.removeprefix(here) for here, there in side.items() if name.startswith(here))
        if any(part in name for part in parts)
        else name
        for name in names
    ]
    result = kinematics(markers.assign_coords(marker=exchanged), standing(), options=UNFILTERED)
    (text,) = flags(result, "labels_swapped")
    assert f"right_{parts[0]}, left_{parts[0]}" in text
    assert "all" not in text.split(":")[0]
    untouched = kinematics(markers, standing(), options=UNFILTERED)
    assert np.abs(angle(result, "pelvis_tilt") - angle(untouched, "pelvis_tilt")).max() < 1e-9


@pytest.mark.parametrize("axis", ["x", "z"])
def test_a_landmark_flipped_in_the_trial_still_shows_in_standing_where_the_joint_is(axis):
    motion, markers = squat()
    far = markers.assign(position=markers["position"] + [0.8, 0.0, 0.6])
    position = far["position"].copy(deep=True)
    position.loc[{"marker": "right_lateral_epicondyle", "axis": axis}] *= -1.0
    result = kinematics(far.assign(position=position), standing(), options=UNFILTERED)
    assert codes(result) == ["marker_flipped"]
    assert f"unless {axis} changes sign" in flags(result, "marker_flipped")[0]
    assert np.abs(angle(result, "right_knee_abduction") - motion.angles["right_knee_abduction"]).max() < 0.01


def test_markers_too_slow_for_the_filter_are_read_as_they_are():
    motion, markers = squat()
    slow = markers.isel(time=slice(None, None, 10)).assign_attrs(sampling_rate_hz=20.0)
    result = kinematics(slow, standing())
    assert codes(result) == ["not_smoothed"]
    assert np.abs(angle(result, "right_knee_flexion") - motion.angles["right_knee_flexion"][::10]).max() < 0.01
