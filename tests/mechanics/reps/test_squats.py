"""Squats are cut by the height of the pelvis, or by force alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.axes import to_isb
from legsci.ingest.devices import Device
from legsci.ingest.readers import READERS
from legsci.marker_sets import MARKER_SETS
from legsci.mechanics.reps.squats import descents
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import default_technique
from tests.mechanics.athlete import ATHLETE, PLATE_HZ, recording, squat, standing
from tests.mechanics.trials import Outcome, force_trial, outcome, trial

RATE_HZ = 100.0


def dips(*depths_m: float, eccentric_s: float = 1.0, pause_s: float = 0.5, rest_s: float = 1.0) -> np.ndarray:
    """Height of squats: cosine down, rest, cosine up, with rests between [m]."""
    rest = np.zeros(round(rest_s * RATE_HZ))
    way = 0.5 * (1.0 - np.cos(np.pi * np.arange(round(eccentric_s * RATE_HZ)) / (eccentric_s * RATE_HZ)))
    pieces = [rest]
    for depth in depths_m:
        pieces += [-depth * way, np.full(round(pause_s * RATE_HZ), -depth), -depth * way[::-1], rest]
    return 1.0 + np.concatenate(pieces)


def test_borders_by_hand() -> None:
    found = descents(dips(0.4, 0.5), RATE_HZ)[0] / RATE_HZ
    assert found.shape == (2, 5)
    assert found[:, 0] == pytest.approx([1.0, 4.5], abs=0.06)
    assert found[:, 1] == pytest.approx([2.0, 5.5], abs=0.06)
    assert found[:, 3] == pytest.approx([2.5, 6.0], abs=0.06)
    assert found[:, 4] == pytest.approx([3.5, 7.0], abs=0.06)


def test_without_a_rest_lifting_starts_where_lowering_ends() -> None:
    (found,) = descents(dips(0.4, pause_s=0.0), RATE_HZ)[0]
    _, eccentric_end, bottom, concentric_start, _ = found
    assert eccentric_end == pytest.approx(bottom, abs=2.0)
    assert concentric_start == pytest.approx(bottom, abs=2.0)
    assert eccentric_end <= bottom <= concentric_start


def test_sway_and_small_dips_are_no_squats() -> None:
    height = dips(0.5, 0.12, 0.45)
    assert len(descents(height + 0.004 * np.sin(np.arange(height.size) / 40.0), RATE_HZ)[0]) == 2
    assert len(descents(dips(0.08), RATE_HZ)[0]) == 0


def test_a_squat_that_the_recording_cuts_off_is_left_out() -> None:
    height = dips(0.4, 0.4)
    assert len(descents(height[150:], RATE_HZ)[0]) == 1
    assert len(descents(height[:-200], RATE_HZ)[0]) == 1


@pytest.fixture(scope="module")
def by_markers() -> Outcome:
    _, markers = squat()
    return outcome(trial({"markers": markers}, task="squat"))


def test_squats_from_markers_alone(by_markers: Outcome) -> None:
    motion, _ = squat()
    rows = by_markers.rows()
    assert list(rows["rep"]) == [1, 2, 3]
    assert (rows["status"] == "accepted").all()
    assert rows["system_weight_n"].isna().all()
    pelvis = motion.position[0][:, 1]
    assert rows["squat_depth_m"].to_numpy() == pytest.approx(pelvis[0] - pelvis.min(), abs=0.002)
    for side in ("left", "right"):
        legs = by_markers.rows(side=side)
        assert legs["knee_flexion_max_deg"].to_numpy() == pytest.approx(
            motion.angles[f"{side}_knee_flexion"].max(), abs=0.05
        )
        assert legs["knee_abduction_peak_deg"].to_numpy() == pytest.approx(
            motion.angles[f"{side}_knee_abduction"].max(), abs=0.05
        )
        assert (legs["u_knee_abduction_peak_deg"] > 0.0).all()
    assert rows["velocity_loss_percent"].to_numpy() == pytest.approx(0.0, abs=0.5)


def test_lumbar_flexion_is_that_from_the_static_trial_and_absent_without_one(by_markers: Outcome) -> None:
    motion, markers = squat()
    assert by_markers.rows()["lumbar_flexion_max_deg"].isna().all()
    sentences = by_markers.quality["sentence"]
    assert sentences.str.contains("lumbar flexion from standing is absent").any()
    both = {"T": trial({"markers": markers}, task="squat"), "S": trial({"markers": standing()}, task="standing")}
    found, lumbar = outcome(both), motion.angles["lumbar_flexion"]
    assert found.rows()["lumbar_flexion_max_deg"].to_numpy() == pytest.approx(lumbar.max() - lumbar[0], abs=0.1)
    # A static trial without plates is no failure.
    assert found.codes("S") == {"static_trial_alone"}
    assert set(found.metrics.loc[found.metrics["trial_id"] == "S", "status"]) == {"accepted"}


def test_a_static_trial_that_cannot_be_read_is_named() -> None:
    _, markers = squat()
    unread = trial({}, task="standing", faults='[["standing.c3d", "standing.c3d: no frames"]]')
    found = outcome({"T": trial({"markers": markers}, task="squat"), "S": unread})
    assert "static_trial_not_used" in found.codes("T")
    assert "recording_unreadable" in found.codes("S")
    assert found.rows()["lumbar_flexion_max_deg"].isna().all()


def test_a_crouch_is_no_static_trial(by_markers: Outcome) -> None:
    """The person holds a squat where standing was asked for: what has its zero in standing is absent, the rest not."""
    motion, markers = squat()
    lowest = int(np.argmin(motion.position[0][:, 1]))
    held = markers.isel(time=[lowest] * 300).assign_coords(time=np.arange(300) / RATE_HZ)
    found = outcome({"T": trial({"markers": markers}, task="squat"), "S": trial({"markers": held}, task="standing")})
    assert "standing_crouched" in found.codes()
    rows = found.rows()
    assert rows[["lumbar_flexion_max_deg", "trunk_lean_max_deg"]].isna().all(axis=None)
    for side in ("left", "right"):
        assert found.rows(side=side)["ankle_dorsiflexion_max_deg"].isna().all()
        given = found.rows(side=side)["knee_flexion_max_deg"].to_numpy()
        assert given == pytest.approx(by_markers.rows(side=side)["knee_flexion_max_deg"].to_numpy(), abs=0.5)


def test_slowing_across_the_set() -> None:
    technique = replace(default_technique("squat"), slowing_per_rep=0.5)
    motion = simulate_motion("squat", ATHLETE, technique, rate_hz=RATE_HZ)
    borders, _ = descents(motion.position[0][:, 1], RATE_HZ)
    lifting = (borders[:, 4] - borders[:, 3]) / RATE_HZ
    assert lifting[2] / lifting[0] == pytest.approx(1.5, abs=0.05)


def test_force_alone_cuts_like_the_pelvis(by_markers: Outcome) -> None:
    motion, _ = squat()
    feet = motion.force[:, :, 1]
    found = outcome(force_trial(feet, task="squat", rate_hz=motion.rate_hz, feet=("left", "right")))
    rows = found.rows()
    assert list(rows["rep"]) == [1, 2, 3]
    assert "height_from_force" in found.codes()
    assert rows["squat_depth_m"].isna().all()
    assert rows["system_weight_n"].to_numpy() == pytest.approx(ATHLETE.mass_kg * 9.80665, abs=0.5)
    for name in ("eccentric_time_s", "concentric_time_s"):
        assert rows[name].to_numpy() == pytest.approx(by_markers.rows()[name].to_numpy(), abs=0.15)
    com = motion.body_com[:, 1]
    assert rows["countermovement_depth_m"].to_numpy() == pytest.approx(com[0] - com.min(), abs=0.01)


def test_a_squat_whose_force_ends_early_has_no_peak() -> None:
    tree = recording("squat")[1]
    force, markers = (tree[kind].to_dataset(inherit=False) for kind in ("force", "markers"))
    whole = outcome(trial({"force": force, "markers": markers}, task="squat"))
    assert whole.reps is not None
    start, end = (float(whole.reps[name].isel(rep=2, scoring=0)) for name in ("movement_start", "movement_end"))
    half = force.isel(time=slice(round(PLATE_HZ * 0.5 * (start + end))))
    found = outcome(trial({"force": half, "markers": markers}, task="squat"))
    ended = found.quality[found.quality["code"] == "force_ends_early"]
    assert ended["rep"].tolist() == [3]
    assert ended["value"].tolist() == pytest.approx([50.0], abs=0.2)
    rows, before = found.rows(), whole.rows()
    assert rows["status"].tolist()[2] == "incomplete"
    assert rows.loc[rows["rep"] == 3, ["peak_force_n", "countermovement_depth_m"]].isna().all(axis=None)
    np.testing.assert_allclose(rows["peak_force_n"].to_numpy()[:2], before["peak_force_n"].to_numpy()[:2])
    assert found.rows(side="left")["knee_flexion_max_deg"].notna().all()


def test_depth_by_force_does_not_rest_on_the_weighing() -> None:
    """Between two rests force is weight on average: 3 N more on the plates while weighing change no depth."""
    tree = recording("squat")[1]
    force = tree["force"].to_dataset(inherit=False).copy(deep=True)
    markers = tree["markers"].to_dataset(inherit=False)
    depths = []
    for more in (0.0, 3.0):
        loads = force["force"].to_numpy().copy()
        loads[0, : int(0.8 * PLATE_HZ), 1] += more
        changed = force.assign(force=(force["force"].dims, loads))
        rows = outcome(trial({"force": changed, "markers": markers}, task="squat")).rows()
        depths.append(rows["countermovement_depth_m"].to_numpy())
    np.testing.assert_allclose(depths[1], depths[0], atol=0.003)
    np.testing.assert_allclose(depths[0], recording("squat")[0].truth["depth_m"], atol=0.01)


def test_nobody_squats() -> None:
    found = outcome(force_trial(np.full(4000, 700.0) + np.random.default_rng(0).normal(0, 1, 4000), task="squat"))
    assert "no_descent" in found.codes()
    assert found.reps is None


def test_real_squats_without_plates(shared_data: Path) -> None:
    device = Device(name="cameras", reader="c3d")
    read = READERS["c3d"](shared_data / "squat-vicon-kinonly" / "squat.c3d", device=device).signals["markers"]
    names = MARKER_SETS["vicon_waist"]
    markers: xr.Dataset = to_isb(read, up="y", forward="z")
    markers = markers.assign_coords(marker=[names.get(str(label), str(label)) for label in read["marker"].to_numpy()])
    found = outcome(trial({"markers": markers}, task="squat"))
    rows = found.rows()
    assert found.reps is not None
    assert found.reps["bottom"].isel(scoring=0).to_numpy() == pytest.approx([3.65, 4.64], abs=0.05)
    # The source read 269 and 339 mm off one waist marker; the middle of the hips sinks less, as the pelvis tilts.
    assert rows["squat_depth_m"].to_numpy() == pytest.approx([0.269, 0.339], abs=0.04)
    assert rows["eccentric_time_s"].between(0.3, 1.0).all()
    assert rows["concentric_time_s"].between(0.3, 1.0).all()
    assert found.rows(side="right")["knee_flexion_max_deg"].between(80.0, 120.0).all()


def moves(course: str, *, eccentric_s: float, pause_s: float, concentric_s: float, rate_hz: float) -> np.ndarray:
    """Height of one squat whose phases follow a course from rest to rest: s(u) of 0 to 1 [m]."""
    steps = {
        "cosine": lambda u: 0.5 * (1.0 - np.cos(np.pi * u)),
        "least jerk": lambda u: u**3 * (10.0 - 15.0 * u + 6.0 * u**2),
        "least snap": lambda u: u**4 * (35.0 - 84.0 * u + 70.0 * u**2 - 20.0 * u**3),
    }
    quiet_s = 1.5
    time = np.arange(round((2.0 * quiet_s + eccentric_s + pause_s + concentric_s) * rate_hz)) / rate_hz
    down = steps[course](np.clip((time - quiet_s) / eccentric_s, 0.0, 1.0))
    up = steps[course](np.clip((time - quiet_s - eccentric_s - pause_s) / concentric_s, 0.0, 1.0))
    return 1.0 - 0.45 * (down - up)


@pytest.mark.parametrize("course", ["cosine", "least jerk", "least snap"])
@pytest.mark.parametrize("pause_s", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("rate_hz", [100.0, 1000.0])
def test_pause_of_clean_squats(course: str, pause_s: float, rate_hz: float) -> None:
    errors = []
    for eccentric_s, concentric_s in ((0.8, 0.7), (1.4, 0.9), (2.2, 1.1)):
        height = moves(course, eccentric_s=eccentric_s, pause_s=pause_s, concentric_s=concentric_s, rate_hz=rate_hz)
        ((start, end, bottom, rises, stands),) = descents(height, rate_hz)[0] / rate_hz
        errors.append(rises - end - pause_s)
        assert bottom == pytest.approx(1.5 + eccentric_s + 0.5 * pause_s, abs=0.01)
        assert start == pytest.approx(1.5, abs=0.025)
        assert stands == pytest.approx(1.5 + eccentric_s + pause_s + concentric_s, abs=0.025)
    # a cosine begins at once with an acceleration, which no person does
    assert abs(np.mean(errors)) < (0.025 if course == "cosine" else 0.010)


def test_lowest_point_and_pause_in_noise() -> None:
    clean = moves("least jerk", eccentric_s=1.4, pause_s=0.3, concentric_s=1.0, rate_hz=200.0)
    found = []
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0.0, 0.0005, clean.size)
        (borders,), _ = descents(clean + noise, 200.0)
        found.append(borders / 200.0)
    table = np.array(found)
    assert np.abs(table[:, 2] - 3.05).max() < 0.05
    assert abs((table[:, 3] - table[:, 1]).mean() - 0.3) < 0.03


def test_virtual_squats_keep_their_pause() -> None:
    for pause_s in (0.1, 0.4):
        technique = replace(default_technique("squat"), sway=0.0, pause_s=pause_s)
        motion = simulate_motion("squat", ATHLETE, technique, rate_hz=200.0)
        borders = descents(motion.position[0][:, 1], 200.0)[0] / 200.0
        assert (borders[:, 3] - borders[:, 1]).mean() == pytest.approx(pause_s, abs=0.010)


def test_the_slower_speed_rises_the_less_certain_is_the_start() -> None:
    """Uncertain by 0.65 of v / (dv/dt) where speed is first seen: of t^2, half the time since the start."""
    found = []
    for eccentric_s in (0.8, 1.6):
        height = moves("least jerk", eccentric_s=eccentric_s, pause_s=0.5, concentric_s=1.0, rate_hz=1000.0)
        _, doubt = descents(height, 1000.0)
        found.append(doubt[0, 0] / 1000.0)
        assert doubt[0, 2] == 0.0
    # 16 u^2 (1 - u)^2 is 0.04 at u = 0.053
    assert found[1] == pytest.approx(0.65 * 0.5 * 0.053 * 1.6, rel=0.15)
    assert found[1] / found[0] == pytest.approx(2.0, rel=0.2)


def test_settling_at_the_bottom_belongs_to_the_pause() -> None:
    """A body that settles by another 4 mm after its descent has come to rest as early as one that does not."""
    rate_hz, start = 200.0, round((1.5 + 1.2) * 200.0)
    height = moves("least jerk", eccentric_s=1.2, pause_s=0.8, concentric_s=0.9, rate_hz=rate_hz)
    since = np.maximum(np.arange(height.size) - start, 0.0) / rate_hz
    settled = height - 0.004 * (1.0 - np.exp(-since / 0.25)) * (since < 0.8 + 0.45)
    (still,), _ = descents(height, rate_hz)
    (settling,), _ = descents(settled, rate_hz)
    assert (settling[:2] - still[:2]) / rate_hz == pytest.approx(0.0, abs=0.03)
