"""Motion of the virtual athlete: mechanics holds in every task, and the trial shows what the technique asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.kinetics import inertial_moment
from legsci.simulate.athlete.motion import TASK_PLANS, simulate_motion
from legsci.simulate.athlete.plan import Motion, default_technique
from legsci.simulate.athlete.sway import PRESSURE_SD_M, VERTICAL_SD
from legsci.tasks import TASKS as ALL_TASKS
from legsci.vocabulary import SEGMENTS, SIDES_OF_BODY, STANDARD_GRAVITY
from tests.simulate.joint_loads import joint_loads

TASKS = sorted(TASK_PLANS)
#: Tasks in which nothing but the ground bears the body: no bar.
#: Tasks without a bar; hops last, so that the bodies that are drawn for the others stay.
UNAIDED = [task for task in TASKS if task not in ("isometric_pull", "repeated_hops")] + ["repeated_hops"]
JUMPS = ("countermovement_jump", "squat_jump", "drop_jump", "lateral_jump", "repeated_hops")
ATHLETE = Athlete(leg_length_scale=(1.0, 1.003))
BODY = build_body(ATHLETE)


@pytest.fixture(scope="module")
def motions() -> dict[str, Motion]:
    technique = {"asymmetry": 0.53, "knee_abduction_peak_deg": (4.0, 9.0)}
    return {task: simulate_motion(task, ATHLETE, replace(default_technique(task), **technique)) for task in TASKS}


def flights(motion: Motion) -> list[tuple[float, float]]:
    """Pairs of leaving and reaching the ground [s]."""
    leaves = sorted(motion.events.get("takeoff", []) + motion.events.get("box_left", []))
    reaches = sorted(motion.events.get("touchdown", []) + motion.events.get("landing", []))
    return [(leave, next(t for t in reaches if t > leave)) for leave in leaves if leave < max(reaches)]


def com_velocity(motion: Motion, sample: int) -> np.ndarray:
    """Velocity of the body's centre of mass from the positions of its segments."""
    com = np.einsum("s,sni->ni", BODY.mass, motion.centre_of_mass[:, sample - 2 : sample + 3]) / BODY.total_mass
    return (com[0] - 8 * com[1] + 8 * com[3] - com[4]) * motion.rate_hz / 12.0


def toes_and_heels(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the soles (foot, n, 3)."""
    rows = [SEGMENTS.index(f"{side}_foot") for side in SIDES_OF_BODY]
    return tuple(
        np.array([motion.position[row] + motion.rotation[row] @ end[foot] for foot, row in enumerate(rows)])
        for end in (BODY.toe, BODY.heel)
    )


def test_tasks_are_those_of_the_table() -> None:
    assert set(TASKS) <= set(ALL_TASKS)


@pytest.mark.parametrize("task", UNAIDED)
def test_impulse_is_mass_times_velocity_change(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    net = motion.force.sum(axis=0) - [0.0, BODY.total_mass * STANDARD_GRAVITY, 0.0]
    scale = BODY.total_mass * np.abs(motion.body_com_velocity[:, 1]).max() + 1e-2
    first = 2
    for last in np.linspace(first, motion.time.size - 3, 40).astype(int)[1:]:
        impulse = np.trapezoid(net[first : last + 1], dx=1.0 / motion.rate_hz, axis=0)
        gained = BODY.total_mass * (com_velocity(motion, last) - com_velocity(motion, first))
        np.testing.assert_allclose(impulse, gained, atol=1e-3 * scale)


@pytest.mark.parametrize("task", [*JUMPS, "sprint"])
def test_flight_is_a_parabola(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    com = np.einsum("s,sni->ni", BODY.mass, motion.centre_of_mass) / BODY.total_mass
    assert flights(motion)
    for leave, reach in flights(motion):
        inside = (motion.time > leave) & (motion.time < reach)
        time = motion.time[inside] - motion.time[inside][0]
        assert not motion.force[:, inside].any()
        fit = np.polyfit(time, com[inside], 2)
        np.testing.assert_allclose(2.0 * fit[0], [0.0, -STANDARD_GRAVITY, 0.0], atol=2e-3)
        fitted = np.vander(time, 3) @ fit
        np.testing.assert_allclose(fitted, com[inside], atol=1e-6)


@pytest.mark.parametrize("task", [*JUMPS, "sprint"])
def test_angular_momentum_is_kept_in_flight(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    for leave, reach in flights(motion):
        inside = np.flatnonzero((motion.time > leave) & (motion.time < reach))
        offset = motion.centre_of_mass[:, inside] - motion.body_com[inside]
        acceleration = motion.centre_of_mass_acceleration[:, inside]
        spin = inertial_moment(
            motion.rotation[:, inside], BODY.inertia, motion.angular_velocity[:, inside],
            motion.angular_acceleration[:, inside],
        )  # fmt: skip
        change = spin.sum(axis=0) + np.einsum("s,sni->ni", BODY.mass, np.cross(offset, acceleration))
        assert np.abs(change).max() < 0.4  # N m
        # over the whole flight the angular momentum of some 1 to 10 kg m^2/s changes by less than
        assert np.abs(change.sum(axis=0) / motion.rate_hz).max() < 0.02


@pytest.mark.parametrize("task", UNAIDED)
def test_inverse_dynamics_closes_at_the_pelvis(task: str, motions: dict[str, Motion]) -> None:
    dynamics = joint_loads(motions[task], BODY)
    assert np.abs(dynamics.residual_force).max() < 1.0
    assert np.abs(dynamics.residual_moment).max() < 0.5


def test_the_ground_bears_the_pull_at_the_bar(motions: dict[str, Motion]) -> None:
    """What the plates bear beyond the weight and its sway is the pull: none before the onset, all of it after 0.5 s."""
    motion = motions["isometric_pull"]
    technique = default_technique("isometric_pull")
    own = BODY.total_mass * (motion.body_com_acceleration[:, 1] + STANDARD_GRAVITY)
    bar = motion.force[:, :, 1].sum(axis=0) - own
    (onset,), (release,) = motion.events["movement_start"], motion.events["release"]
    assert bar[motion.time < onset] == pytest.approx(technique.pretension_n, abs=1e-6)
    held = (motion.time > onset + 0.5) & (motion.time < release)
    assert bar[held] == pytest.approx(technique.pretension_n + technique.pull_n, rel=1e-3)
    assert (np.diff(bar[motion.time < release]) > -1e-6).all()


@pytest.mark.parametrize("task", TASKS)
def test_feet_stay_put_in_stance(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    toes, heels = toes_and_heels(motion)
    for foot, side in enumerate(SIDES_OF_BODY):
        loaded = motion.force[foot, :, 1] > 0.0
        toes_up = motion.angles[f"{side}_foot_pitch"] > 1e-9
        starts = np.flatnonzero(np.diff(np.concatenate([[False], loaded]).astype(int)) == 1)
        ends = np.flatnonzero(np.diff(np.concatenate([loaded, [False]]).astype(int)) == -1)
        for start, end in zip(starts, ends, strict=True):
            frames = np.arange(start, end + 1)
            for sole, turning in ((toes, ~toes_up[frames]), (heels, toes_up[frames])):
                held = sole[foot, frames[turning]]
                if held.size:
                    assert np.ptp(held, axis=0).max() < 1e-9


@pytest.mark.parametrize("task", TASKS)
def test_centre_of_pressure_lies_under_the_foot(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    toes, heels = toes_and_heels(motion)
    for foot in range(2):
        pressure = motion.centre_of_pressure[foot]
        loaded = ~np.isnan(pressure[:, 0])
        np.testing.assert_array_equal(loaded, motion.force[foot, :, 1] > 0.0)
        if not loaded.any():
            continue
        line = (toes[foot] - heels[foot])[loaded] * [1.0, 0.0, 1.0]
        length = np.linalg.norm(line, axis=1)[:, None]
        firm = motion.force[foot, loaded, 1] > 10.0
        along = np.einsum("ni,ni->n", pressure[loaded] - toes[foot, loaded], line / length)
        across = np.cross(pressure[loaded] - toes[foot, loaded], line / length)[:, 1]
        assert along.max() < 0.0
        heel_up = motion.angles[f"{SIDES_OF_BODY[foot]}_foot_pitch"][loaded] < -10.0
        assert along[heel_up & firm].min(initial=0.0) > -0.13
        assert along.min() > -np.linalg.norm(BODY.toe[foot] - BODY.heel[foot])
        assert np.abs(across[firm]).max() < BODY.foot_half_width
        # below 10 N the line of the foot's middle and the path of pressure may part a little further
        assert np.abs(across).max() < BODY.foot_half_width + 0.03


@pytest.mark.parametrize("task", TASKS)
def test_segments_are_rigid_and_joined(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    identity = np.swapaxes(motion.rotation, -1, -2) @ motion.rotation
    np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), identity.shape), atol=1e-12)
    com = np.einsum("s,sni->ni", BODY.mass, motion.centre_of_mass) / BODY.total_mass
    np.testing.assert_allclose(com, motion.body_com, atol=1e-9)
    for foot, side in enumerate(SIDES_OF_BODY):
        thigh, shank = SEGMENTS.index(f"{side}_thigh"), SEGMENTS.index(f"{side}_shank")
        knee = motion.position[thigh] - BODY.thigh_length[foot] * motion.rotation[thigh][:, :, 1]
        ankle = motion.position[shank] - BODY.shank_length[foot] * motion.rotation[shank][:, :, 1]
        hip = motion.position[0] + motion.rotation[0] @ BODY.hip[foot]
        np.testing.assert_allclose(hip, motion.joint_centre[f"{side}_hip"], atol=1e-10)
        np.testing.assert_allclose(knee, motion.joint_centre[f"{side}_knee"], atol=1e-10)
        np.testing.assert_allclose(ankle, motion.joint_centre[f"{side}_ankle"], atol=1e-10)


@pytest.mark.parametrize("task", TASKS)
def test_knees_bend_inward_as_asked_and_never_the_wrong_way(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    wanted = {"left": 4.0, "right": 9.0}
    for side in SIDES_OF_BODY:
        assert motion.angles[f"{side}_knee_flexion"].min() > 0.0
        assert np.abs(motion.angles[f"{side}_knee_rotation"]).max() < 1e-6
        if task not in ("standing", "isometric_pull"):
            assert motion.angles[f"{side}_knee_abduction"].max() == pytest.approx(wanted[side], abs=0.15)


def test_knees_are_as_far_inward_when_a_held_squat_ends_as_at_the_bottom_of_a_countermovement(
    motions: dict[str, Motion],
) -> None:
    inward = {}
    for task in ("squat_jump", "countermovement_jump"):
        motion = motions[task]
        moving = (motion.time >= motion.events["movement_start"][0]) & (motion.time <= motion.events["takeoff"][0])
        inward[task] = motion.angles["left_knee_abduction"][moving].max()
    assert inward["squat_jump"] == pytest.approx(inward["countermovement_jump"], rel=0.02)
    assert inward["squat_jump"] > 3.0


def test_valgus_brings_the_knee_inside_the_line_from_hip_to_ankle() -> None:
    def inside(degrees: float, side: str) -> float:
        technique = replace(default_technique("squat"), knee_abduction_peak_deg=(degrees, degrees))
        motion = simulate_motion("squat", ATHLETE, technique)
        sample = round(motion.events["bottom_start"][0] * motion.rate_hz)
        hip, knee, ankle = (motion.joint_centre[f"{side}_{joint}"][sample, 2] for joint in ("hip", "knee", "ankle"))
        return (0.5 * (hip + ankle) - knee) * (1.0 if side == "right" else -1.0)

    for side in SIDES_OF_BODY:
        assert inside(10.0, side) > inside(0.0, side) + 0.01


@pytest.mark.parametrize("task", ["countermovement_jump", "squat_jump", "drop_jump", "lateral_jump"])
def test_jump_truth_agrees_with_the_force(task: str, motions: dict[str, Motion]) -> None:
    motion = motions[task]
    takeoff = motion.events["takeoff"][0]
    sample = int(np.ceil(takeoff * motion.rate_hz))
    velocity = com_velocity(motion, sample + 3)[1] + STANDARD_GRAVITY * (motion.time[sample + 3] - takeoff)
    assert velocity == pytest.approx(motion.truth["takeoff_velocity_m_per_s"], abs=1e-4)
    assert motion.truth["jump_height_m"] == pytest.approx(velocity**2 / (2 * STANDARD_GRAVITY), abs=1e-4)
    assert motion.truth["flight_time_s"] == pytest.approx(motion.events["landing"][0] - takeoff)
    loaded = motion.force[:, :, 1].sum(axis=0) > 0.0
    assert loaded[sample - 1]
    assert not loaded[sample]


def test_countermovement_sinks_by_its_depth(motions: dict[str, Motion]) -> None:
    motion = motions["countermovement_jump"]
    before = motion.time < motion.events["takeoff"][0]
    height = motion.body_com[before, 1]
    start = height[round(motion.events["movement_start"][0] * motion.rate_hz)]
    assert start - height.min() == pytest.approx(motion.truth["depth_m"], abs=1e-5)
    assert motion.time[height.argmin()] == pytest.approx(motion.events["bottom"][0], abs=0.002)


def test_contact_of_a_drop_jump_lasts_as_long_as_asked(motions: dict[str, Motion]) -> None:
    motion = motions["drop_jump"]
    floor = (motion.force[:, :, 1].sum(axis=0) > 0.0) & (
        np.nan_to_num(motion.centre_of_pressure[0, :, 1], nan=1.0) == 0.0
    )
    contact = floor & (motion.time < motion.events["takeoff"][0] + 0.01)
    assert contact.sum() / motion.rate_hz == pytest.approx(motion.truth["contact_time_s"], abs=0.0015)


def test_squats_show_depth_tempo_and_slowing() -> None:
    technique = replace(
        default_technique("squat"), depth_scale_per_rep=(1.0, 0.9), slowing_per_rep=0.5, barbell_kg=50.0,
        eccentric_s=1.2, sway=0.0,
    )  # fmt: skip
    motion = simulate_motion("squat", ATHLETE, technique)
    starts, downs, ups, ends = (motion.events[name] for name in ("rep_start", "bottom_start", "bottom_end", "rep_end"))
    np.testing.assert_allclose(np.subtract(downs, starts), 1.2)
    np.testing.assert_allclose(np.subtract(ends, ups), [technique.concentric_s, 1.5 * technique.concentric_s])
    sunk = motion.body_com[0, 1] - np.interp(downs, motion.time, motion.body_com[:, 1])
    np.testing.assert_allclose(sunk, motion.truth["depth_m"], atol=1e-6)
    assert motion.force[:, 0, 1].sum() == pytest.approx((ATHLETE.mass_kg + 50.0) * STANDARD_GRAVITY, rel=1e-9)
    assert motion.angles["lumbar_flexion"].max() == pytest.approx(technique.lumbar_flexion_deg, abs=0.1)


def test_standing_sways_about_the_body_weight() -> None:
    def standing(**changes: object) -> tuple[np.ndarray, np.ndarray]:
        technique = replace(default_technique("standing"), quiet_s=10.0, **changes)
        motion = simulate_motion("standing", ATHLETE, technique)
        force = motion.force[:, :, 1]
        pressure = np.einsum("fn,fni->ni", force, motion.centre_of_pressure) / force.sum(axis=0)[:, None]
        return force.sum(axis=0), pressure

    force, pressure = standing(sway_seed=(4,))
    assert force.std() == pytest.approx(BODY.total_mass * VERTICAL_SD, rel=0.1)
    assert force.mean() == pytest.approx(BODY.total_mass * STANDARD_GRAVITY, abs=0.1)
    assert pressure[:, [0, 2]].std(axis=0) == pytest.approx(PRESSURE_SD_M, rel=0.25)
    other, _ = standing(sway_seed=(5,))
    assert not np.array_equal(force, other)
    still, pressure = standing(sway=0.0)
    assert np.ptp(still) < 1e-6
    assert np.ptp(pressure, axis=0).max() < 1e-6


def test_sway_rests_during_the_movement() -> None:
    technique = default_technique("countermovement_jump")
    swaying, still = (simulate_motion("countermovement_jump", ATHLETE, replace(technique, sway=s)) for s in (1.0, 0.0))
    start, end = (round(still.events[name][0] * still.rate_hz) for name in ("movement_start", "landing"))
    np.testing.assert_allclose(swaying.body_com[start:end, 1], still.body_com[start:end, 1], atol=1e-9)
    assert np.abs(swaying.body_com[:start, 1] - still.body_com[:start, 1]).max() > 1e-4


def test_the_wanted_side_carries_more() -> None:
    motion = simulate_motion("standing", ATHLETE, replace(default_technique("standing"), asymmetry=0.56, sway=0.0))
    left, right = motion.force[:, 0, 1]
    assert right / (left + right) == pytest.approx(0.56, abs=1e-6)


def test_setting_the_foot_down_further_ahead_brakes_more() -> None:
    def braking(ahead: float) -> float:
        technique = replace(default_technique("sprint"), touchdown_distance_m=ahead)
        return float(np.mean(simulate_motion("sprint", ATHLETE, technique).truth["horizontal_braking_impulse_n_s"]))

    assert braking(0.03) > braking(0.0) > braking(-0.03)


def test_foot_strikes_as_asked(motions: dict[str, Motion]) -> None:
    motion = motions["sprint"]
    for number, touchdown in enumerate(motion.events["touchdown"]):
        side = ("right", "left")[number % 2]
        pitch = np.interp(touchdown, motion.time, motion.angles[f"{side}_foot_pitch"])
        assert pitch == pytest.approx(default_technique("sprint").foot_strike_angle_deg, abs=0.1)


@pytest.mark.parametrize("task", ["countermovement_jump", "lateral_jump"])
def test_a_mirrored_technique_mirrors_the_motion(task: str) -> None:
    technique = replace(
        default_technique(task),
        asymmetry=0.54,
        knee_abduction_peak_deg=(3.0, 8.0),
        pelvic_drop_deg=0.0,
        leg="right",
        sway=0.0,
    )
    mirrored = replace(technique, asymmetry=0.46, knee_abduction_peak_deg=(8.0, 3.0), leg="left")
    one = simulate_motion(task, Athlete(leg_length_scale=(1.0, 1.004)), technique)
    other = simulate_motion(task, Athlete(leg_length_scale=(1.004, 1.0)), mirrored)
    mirror = np.array([1.0, 1.0, -1.0])
    np.testing.assert_allclose(other.force, one.force[::-1] * mirror, atol=0.05)
    np.testing.assert_allclose(other.body_com, one.body_com * mirror, atol=1e-7)
    for name, angle in one.angles.items():
        if name.startswith("left_"):
            np.testing.assert_allclose(other.angles[name.replace("left_", "right_")], angle, atol=1e-4)


def test_the_same_trial_comes_out_the_same(motions: dict[str, Motion]) -> None:
    technique = default_technique("sprint")
    once, again = (simulate_motion("sprint", ATHLETE, technique) for _ in range(2))
    np.testing.assert_array_equal(once.rotation, again.rotation)
    np.testing.assert_array_equal(once.force, again.force)


def test_unknown_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="task is 'hop', expected one of countermovement_jump, "):
        simulate_motion("hop", ATHLETE, default_technique("hop"))


def test_what_a_body_cannot_do_is_refused() -> None:
    technique = replace(default_technique("countermovement_jump"), eccentric_s=0.15)
    with pytest.raises(ValueError, match=r"countermovement: 0\.3 m in 0\.15 s"):
        simulate_motion("countermovement_jump", ATHLETE, technique)


def test_bodies_and_techniques_of_many_kinds_can_be_simulated() -> None:
    rng = np.random.default_rng(5)
    for number, task in enumerate(UNAIDED):
        sex = ("female", "male")[number % 2]
        height = rng.uniform(1.58, 1.92)
        athlete = Athlete(height_m=height, mass_kg=rng.uniform(20.0, 27.0) * height**2, sex=sex)
        usual = default_technique(task)
        technique = replace(
            usual,
            takeoff_velocity_m_per_s=usual.takeoff_velocity_m_per_s * rng.uniform(0.8, 1.15),
            knee_abduction_peak_deg=tuple(rng.uniform(-5.0, 18.0, 2)),
            trunk_lean_deg=rng.uniform(22.0, 44.0),
            pelvic_drop_deg=rng.uniform(-1.0, 9.0),
            asymmetry=rng.uniform(0.45, 0.55),
        )
        dynamics = joint_loads(simulate_motion(task, athlete, technique), build_body(athlete))
        assert np.abs(dynamics.residual_force).max() < 1.0, task
        assert np.abs(dynamics.residual_moment).max() < 0.5, task
