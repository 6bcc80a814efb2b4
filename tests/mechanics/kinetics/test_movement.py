"""From markers and plates to moments, powers and the metrics of repetitions, on the virtual athlete."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from legsci.mechanics.kinetics.anthropometry import Person
from legsci.mechanics.kinetics.inverse_dynamics import dynamics
from legsci.mechanics.kinetics.movement import FRAME_SIGNALS, trial_movement
from legsci.mechanics.motion.angles import kinematics
from legsci.mechanics.motion.markers import Markers
from legsci.mechanics.motion.static_trial import static_trial
from legsci.metrics.measure import measure
from legsci.metrics.normalised_curves import CURVE_POINTS, normalised_curves, write_curves
from legsci.metrics.tables import session_metrics
from legsci.vocabulary import SIDES
from tests.mechanics.athlete import ATHLETE, PLATE_HZ, recording, standing
from tests.mechanics.kinetics.joint_work import force_transmission_ratio, joint_work
from tests.mechanics.trials import DEFAULT, OTHERS, Outcome, cut_session, trial

MASS_KG = ATHLETE.mass_kg


def session(*tasks: str, **about: object) -> xr.DataTree:
    trials = {"standing": trial({"markers": standing()}, task="standing")} | {
        task: recording(task)[1] for task in tasks
    }
    tree = xr.DataTree(children=trials)
    tree.attrs.update(participant_id="P01", session_id="S01", **about)
    return tree


def measured(tree: xr.DataTree) -> Outcome:
    reps, quality = cut_session(tree, profiles=OTHERS)
    metrics, quality = session_metrics(reps, quality)
    return Outcome(reps, quality, metrics)


@pytest.fixture(scope="module")
def known() -> Outcome:
    return measured(session("squat", "countermovement_jump", body_mass_kg=MASS_KG, sex=ATHLETE.sex))


def test_a_movement_has_all_signals_whatever_is_recorded() -> None:
    _, tree = recording("squat")
    person = Person(MASS_KG, ATHLETE.sex)
    whole, found = trial_movement(tree, static_trial(Markers.recorded(standing())), person=person)
    assert found == []
    assert whole is not None
    assert set(whole.signals) == set(FRAME_SIGNALS)
    few = trial({"markers": tree["markers"].to_dataset().isel(marker=slice(0, 5))}, task="squat")
    part, found = trial_movement(few, None, person=person)
    assert part is not None
    shapes = [{name: values.shape for name, values in one.signals.items()} for one in (part, whole)]
    assert shapes[0] == shapes[1]
    assert bool(np.isnan(part.signals["moment"]).all())
    assert {flag.code for flag in found} == {"segment_absent"}
    assert "left_shank" in found[0].sentence


def test_findings_of_one_code_are_one_with_the_value_of_the_worst() -> None:
    _, tree = recording("squat")
    markers = tree["markers"].to_dataset().copy(deep=True)
    for label, frames in (("left_thigh_1", 10), ("right_thigh_1", 30), ("right_shank_1", 20)):
        markers["position"].loc[{"marker": label}][200 : 200 + frames] = np.nan
    _, (found,) = trial_movement(trial({"markers": markers}, task="squat"), static_trial(Markers.recorded(standing())))
    assert (found.code, found.signal) == ("gap_reconstructed", "right_thigh_1")
    assert found.value == pytest.approx(30 / markers.attrs["sampling_rate_hz"])
    assert all(label in found.sentence for label in ("left_thigh_1", "right_thigh_1", "right_shank_1"))


def test_labels_that_nobody_mapped_are_said() -> None:
    _, tree = recording("squat")
    markers = tree["markers"].to_dataset()
    strange = markers.assign_coords(marker=[f"M{number}" for number in range(markers.sizes["marker"])])
    movement, found = trial_movement(trial({"markers": strange}, task="squat"), None)
    assert movement is None
    assert [flag.code for flag in found] == ["markers_unknown"]


@pytest.mark.parametrize("task", ["squat", "countermovement_jump"])
def test_peaks_of_the_legs(known: Outcome, task: str) -> None:
    """Of a jump until take-off; what passes 12 Hz rounds its fast ends by some tenths of a degree."""
    motion, _ = recording(task)
    tolerance = 0.05 if task == "squat" else 0.5
    end = round(motion.events.get("takeoff", [motion.time[-1]])[0] * PLATE_HZ)
    for side in ("left", "right"):
        rows = known.rows(task, side)
        for metric, name in (
            ("knee_flexion_max_deg", "knee_flexion"),
            ("hip_flexion_max_deg", "hip_flexion"),
            ("ankle_dorsiflexion_max_deg", "ankle_dorsiflexion"),
            ("knee_abduction_peak_deg", "knee_abduction"),
            ("pelvic_drop_max_deg", "pelvic_drop"),
        ):
            assert rows[metric].to_numpy() == pytest.approx(
                motion.angles[f"{side}_{name}"][:end].max(), abs=tolerance
            ), metric
        assert (rows["knee_moment_peak_n_m_per_kg"] > 0.5).all()
        assert (rows["knee_power_peak_w_per_kg"] > 1.0).all()
        assert rows["hip_knee_ankle_angle_deg"].to_numpy() == pytest.approx(180.0, abs=0.5)
        assert rows["frontal_plane_work_percent"].between(0.0, 10.0).all()
    assert known.rows(task)["knee_flexion_max_deg"].isna().all()


def test_a_peak_is_not_known_where_a_gap_may_hold_it() -> None:
    """Four markers of the right thigh are lost for a second around the bottom of the second squat."""
    motion, tree = recording("squat")
    markers = tree["markers"].to_dataset().copy(deep=True)
    bottom = 0.5 * (motion.events["rep_start"][1] + motion.events["rep_end"][1])
    labels = [str(label) for label in markers["marker"].to_numpy() if str(label).startswith("right_thigh")]
    labels.append("right_lateral_epicondyle")
    lost = (np.abs(markers["time"] - bottom) < 0.5) & markers["marker"].isin(labels)
    gap = trial({"markers": markers.where(~lost), "force": tree["force"].to_dataset()}, task="squat")
    both = session(body_mass_kg=MASS_KG, sex=ATHLETE.sex).assign({"squat": gap})
    both.attrs.update(participant_id="P01", session_id="S01", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    result = measured(both)
    assert "gap_left" in result.codes("squat")
    for name in ("knee_flexion_max_deg", "knee_abduction_peak_deg", "knee_moment_peak_n_m_per_kg"):
        right, left = (result.rows("squat", side)[name].to_numpy() for side in ("right", "left"))
        assert np.flatnonzero(np.isnan(right)).tolist() == [1], name
        assert np.isfinite(left).all(), name


def test_the_standing_trial_that_shows_most_defines_the_anatomy(known: Outcome) -> None:
    """A first standing trial without any marker, and one without the pelvis, do not cost the angles."""
    blank, part = standing().copy(deep=True), standing().copy(deep=True)
    blank["position"][:] = np.nan
    part["position"].loc[{"marker": [str(m) for m in part["marker"].to_numpy() if "spine" in str(m)]}] = np.nan
    trials = {f"a_{name}": trial({"markers": markers}, task="standing") for name, markers in
              {"blank": blank, "empty": standing().isel(time=slice(0)), "part": part}.items()}  # fmt: skip
    whole = session("squat", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    several = xr.DataTree(children=trials | dict(whole.children))
    several.attrs.update(whole.attrs)
    result = measured(several)
    for side in ("left", "right"):
        ours, sound = (found.rows("squat", side)["knee_flexion_max_deg"].to_numpy() for found in (result, known))
        np.testing.assert_allclose(ours, sound)


@pytest.mark.parametrize(("inclination_deg", "known_peak"), [(90.0, True), (40.0, False)])
def test_frontal_projection_is_that_of_the_part_with_hanging_thighs(
    known: Outcome, inclination_deg: float, known_peak: bool
) -> None:
    """Frames of a level thigh have no angle and are passed over; the same frames of a hanging thigh are a gap."""
    assert known.reps is not None
    reps = known.reps.isel(rep=known.reps["task"].to_numpy() == "squat").copy(deep=True)
    before = measure(reps, names=["knee_fppa_peak_deg"])["knee_fppa_peak_deg"].isel(scoring=0)
    frame = slice(100, 140)  # within the movement: it begins a quarter of a second, 50 frames, after the first
    reps["thigh_inclination"][..., frame] = inclination_deg
    reps["knee_frontal_projection"][..., frame] = np.nan
    found = measure(reps, names=["knee_fppa_peak_deg"])["knee_fppa_peak_deg"].isel(scoring=0)
    for side in ("left", "right"):
        peaks = found.sel(side=side).to_numpy()
        assert np.isfinite(before.sel(side=side)).all()
        assert (np.isfinite(peaks) == known_peak).all()
        assert not (peaks > before.sel(side=side).to_numpy() + 1e-9).any()


def test_transmission_is_that_of_the_trial(known: Outcome) -> None:
    motion, tree = recording("countermovement_jump")
    row = known.row("countermovement_jump")
    solved = dynamics(
        kinematics(tree["markers"].to_dataset(), standing()),
        tree["force"].to_dataset(),
        person=Person(MASS_KG, ATHLETE.sex),
    )
    push = {"start_s": motion.events["bottom"][0], "stop_s": motion.events["takeoff"][0]}
    assert known.reps is not None
    jumps = known.reps.isel(rep=known.reps["task"].to_numpy() == "countermovement_jump")
    found = measure(jumps, names=["force_transmission_ratio"]).isel(rep=0, scoring=0, side=SIDES.index("both"))
    ratio = float(found["force_transmission_ratio"])
    assert ratio == pytest.approx(force_transmission_ratio(solved, **push), abs=0.02)
    assert 0.01 < float(found["u_force_transmission_ratio"]) < 0.1
    # The athlete's feet roll over the toes, whose work is not modelled.
    assert ratio > 1.0
    assert np.isnan([row["force_transmission_ratio"], row["u_force_transmission_ratio"]]).all()
    flags = known.quality[known.quality["code"] == "value_withheld"]
    [sentence] = flags.loc[flags["trial_id"] == "countermovement_jump", "sentence"]
    assert "arms" in sentence
    assert f"{ratio:.2f}" in sentence


def test_angles_at_peak_force_and_height_per_flexion(known: Outcome) -> None:
    motion, _ = recording("countermovement_jump")
    both = known.row("countermovement_jump")
    before = motion.time < motion.events["takeoff"][0]
    instant = int(np.argmax(np.where(before, motion.force[:, :, 1].sum(axis=0), 0.0)))
    flexions = []
    for side in ("left", "right"):
        row = known.row("countermovement_jump", side)
        for name in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
            column = f"{name}_at_peak_force_deg"
            assert row[column] == pytest.approx(motion.angles[f"{side}_{name}"][instant], abs=1.5), column
            # The drawn force is almost level for some 0.1 s before its peak.
            assert 2.0 < row[f"u_{column}"] < 20.0, column
        flexions.append(row["knee_flexion_max_deg"])
    height = both["jump_height_impulse_m"]
    assert both["jump_height_per_knee_flexion_m_per_deg"] == pytest.approx(height / np.mean(flexions))
    share = both["u_jump_height_per_knee_flexion_m_per_deg"] / both["jump_height_per_knee_flexion_m_per_deg"]
    assert share > both["u_jump_height_impulse_m"] / height


def test_work_residual_and_cross_talk_are_those_of_the_trial(known: Outcome) -> None:
    motion, tree = recording("squat")
    solved = dynamics(
        kinematics(tree["markers"].to_dataset(), standing()),
        tree["force"].to_dataset(),
        person=Person(MASS_KG, ATHLETE.sex),
    )
    first = {"start_s": motion.events["rep_start"][0], "stop_s": motion.events["rep_end"][0]}
    work = joint_work(solved, **first)
    for side in ("left", "right"):
        row = known.rows("squat", side).iloc[0]
        for joint in ("hip", "knee", "ankle"):
            of_joint = work.sel(joint=f"{side}_{joint}") / MASS_KG
            generated, absorbed = float(of_joint["positive_work"]), -float(of_joint["negative_work"])
            assert row[f"{joint}_work_generated_j_per_kg"] == pytest.approx(generated, rel=0.02, abs=0.002)
            assert row[f"{joint}_work_absorbed_j_per_kg"] == pytest.approx(absorbed, rel=0.02, abs=0.002)
        # In this athlete valgus grows with flexion, which no correction of axes can tell from cross-talk.
        frames = slice(*(int(first[name] * PLATE_HZ) for name in ("start_s", "stop_s")))
        angles = [motion.angles[f"{side}_knee_{name}"][frames] for name in ("flexion", "abduction")]
        assert row["knee_cross_talk_r2"] == pytest.approx(np.corrcoef(angles)[0, 1] ** 2, abs=0.01)
        assert row["knee_abduction_corrected_peak_deg"] < row["knee_abduction_peak_deg"] - 1.0
    assert 0.0 <= known.rows("squat").iloc[0]["power_residual_peak_w_per_kg"] < 0.02
    assert known.rows("squat").iloc[0]["lumbar_work_generated_j_per_kg"] > 0.1


def test_the_landing_has_its_own_valgus(known: Outcome) -> None:
    motion, _ = recording("countermovement_jump")
    for side in ("left", "right"):
        highest = motion.angles[f"{side}_knee_abduction"].max()
        row = known.row("countermovement_jump", side)
        assert row["landing_knee_abduction_peak_deg"] == pytest.approx(highest, abs=0.5)
        assert row["u_landing_knee_abduction_peak_deg"] > 0.0


def test_markers_leave_force_metrics_as_they_are(known: Outcome) -> None:
    _, tree = recording("countermovement_jump")
    bare = session(body_mass_kg=MASS_KG)
    bare["jump"] = trial({"force": tree["force"].to_dataset()}, task="countermovement_jump")
    alone, both = measured(bare).row("jump"), known.row("countermovement_jump")
    assert both["status"] == alone["status"] == "accepted"
    for name in ("takeoff_velocity_m_per_s", "jump_height_impulse_m", "braking_impulse_n_s", "peak_power_w"):
        assert both[name] == alone[name]


def test_without_mass_or_sex_moments_are_absent_and_said() -> None:
    found = measured(session("squat"))
    rows = found.rows("squat", "right")
    assert rows["knee_moment_peak_n_m_per_kg"].isna().all()
    assert rows["knee_flexion_max_deg"].notna().all()
    (sentence,) = found.quality.loc[found.quality["code"] == "person_unknown", "sentence"]
    assert "body mass" in sentence
    assert "sex" in sentence
    assert (rows["status"] == "accepted").all()


def test_normalised_curves_keep_peaks_and_ends(known: Outcome, tmp_path) -> None:
    assert known.reps is not None
    curves = normalised_curves(known.reps)
    assert curves.sizes["point"] == CURVE_POINTS
    squats = curves.isel(rep=np.flatnonzero(curves["task"].to_numpy() == "squat"))
    knee = squats["angle"].sel(joint_angle="right_knee_flexion")
    peaks = known.rows("squat", "right")["knee_flexion_max_deg"].to_numpy()
    assert knee.max("point").to_numpy() == pytest.approx(peaks, abs=0.1)
    # A squat ends as it began.
    assert float(np.abs(knee.isel(point=0) - knee.isel(point=-1)).max()) < 2.0
    assert squats["duration_s"].to_numpy() == pytest.approx(
        known.rows("squat")[["eccentric_time_s", "pause_time_s", "concentric_time_s"]].sum(axis=1).to_numpy()
    )
    write_curves([known.reps, None, known.reps], tmp_path / "curves.nc")
    with xr.open_dataset(tmp_path / "curves.nc") as stored:
        assert stored.sizes["rep"] == 2 * curves.sizes["rep"]
        assert set(stored["participant_id"].to_numpy()) == {"P01"}


def test_a_study_without_markers_has_curves_of_nobody(tmp_path) -> None:
    force = trial({"force": recording("countermovement_jump")[1]["force"].to_dataset()}, task="countermovement_jump")
    tree = xr.DataTree(children={"jump": force})
    tree.attrs.update(participant_id="P01", session_id="S01")
    reps, quality = cut_session(tree, profiles=[])
    assert isinstance(quality, pd.DataFrame)
    write_curves([reps], tmp_path / "curves.nc")
    with xr.open_dataset(tmp_path / "curves.nc") as stored:
        assert stored.sizes["rep"] == 0


def test_legs_without_joint_centres_have_flexion_and_no_moments() -> None:
    """A set without medial markers and widths, of somebody whose mass and sex are known: lengths are not."""
    made = session("countermovement_jump", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    for name in ("standing", "countermovement_jump"):
        markers = made[name]["markers"].to_dataset()
        lateral = [label for label in markers["marker"].to_numpy().tolist() if "medial" not in label]
        made[name]["markers"] = xr.DataTree(markers.sel(marker=lateral))
    reps, flags = cut_session(made, profiles=OTHERS)
    assert reps is not None
    metrics, _ = session_metrics(reps, flags)
    jump = metrics[(metrics["task"] == "countermovement_jump") & (metrics["profile"] == DEFAULT)]
    assert jump["jump_height_impulse_m"].notna().any()
    assert jump["knee_flexion_max_deg"].notna().any()
    assert jump["knee_moment_peak_n_m_per_kg"].isna().all()
    assert "segment_missing" in set(flags["code"])


def test_a_standing_trial_with_unknown_labels_leaves_the_others_their_own() -> None:
    made = session("countermovement_jump", body_mass_kg=MASS_KG, sex=ATHLETE.sex)
    markers = made["standing"]["markers"].to_dataset()
    unknown = [f"M{number}" for number in range(markers.sizes["marker"])]
    made["standing"]["markers"] = xr.DataTree(markers.assign_coords(marker=unknown))
    reps, flags = cut_session(made, profiles=OTHERS)
    assert reps is not None
    metrics, _ = session_metrics(reps, flags)
    jump = metrics[(metrics["task"] == "countermovement_jump") & (metrics["profile"] == DEFAULT)]
    assert jump["knee_flexion_max_deg"].between(60.0, 140.0).any()
    assert "markers_unknown" in set(flags.loc[flags["trial_id"] == "standing", "code"])
