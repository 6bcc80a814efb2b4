"""Muscles of the virtual athlete: onsets follow the kinematics of the movement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from legsci.simulate.athlete.body import Athlete
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.muscles import MUSCLES, SIDED_MUSCLES, TIMING, Burst, muscle_bursts
from legsci.simulate.athlete.plan import Motion, default_technique
from tests.simulate.hand_motion import hand_motion

NO_DELAY = np.zeros(len(SIDED_MUSCLES))


def bursts_of(motion: Motion, **planned: float) -> dict[str, list[Burst]]:
    """Bursts without variation."""
    rng = np.random.default_rng(1)
    return muscle_bursts(motion, rng, onset_sd_s=0.0, later_s=NO_DELAY, planned_s=planned)


def onsets(bursts: dict[str, list[Burst]], name: str) -> list[float]:
    return [burst.onset_s for burst in bursts[name] if burst.event]


@pytest.fixture(scope="module")
def motions() -> dict[str, Motion]:
    return {task: simulate_motion(task, Athlete(), default_technique(task)) for task in TIMING}


def test_each_muscle_has_one_onset_per_repetition_and_none_in_standing(motions: dict[str, Motion]) -> None:
    reps = {"standing": 0, "squat": 3}
    for task, motion in motions.items():
        bursts = bursts_of(motion)
        for name in SIDED_MUSCLES:
            assert len(onsets(bursts, name)) == reps.get(task, 1), (task, name)


def test_onsets_refer_to_events_of_the_trial(motions: dict[str, Motion]) -> None:
    for task, motion in motions.items():
        for name, bursts in bursts_of(motion).items():
            for number, burst in enumerate(each for each in bursts if each.event):
                event = motion.events[burst.event][number]
                assert burst.onset_s - event == pytest.approx(burst.onset_after_event_s, abs=1e-12), (task, name)


def test_a_countermovement_jump_begins_with_the_hip_extensors_and_before_braking(motions: dict[str, Motion]) -> None:
    """Force regains body weight where the centre of mass stops accelerating downward."""
    motion = motions["countermovement_jump"]
    first, last = (round(motion.events[name][0] * 1000.0) for name in ("movement_start", "bottom"))
    regained = motion.time[first + np.argmin(motion.body_com_velocity[first:last, 1])]
    found = {muscle: onsets(bursts_of(motion), f"left_{muscle}")[0] for muscle in MUSCLES}
    assert found["biceps_femoris"] < found["vastus_lateralis"]
    assert found["gluteus_maximus"] < found["vastus_lateralis"]
    assert all(motion.events["movement_start"][0] < onset < regained for onset in found.values())


def test_a_slower_descent_delays_the_knee_extensors_of_a_squat(motions: dict[str, Motion]) -> None:
    slow = simulate_motion("squat", Athlete(), replace(default_technique("squat"), eccentric_s=2.8))
    usual = motions["squat"]
    delay = {}
    for name, motion in (("usual", usual), ("slow", slow)):
        (onset, *_) = onsets(bursts_of(motion), "right_vastus_lateralis")
        delay[name] = onset - motion.events["rep_start"][0]
        flexion = motion.angles["right_knee_flexion"]
        bent = flexion[round(onset * 1000.0)] - flexion[round(motion.events["rep_start"][0] * 1000.0)]
        assert 5.0 < bent < 15.0
    assert delay["slow"] > 1.2 * delay["usual"]


def test_muscles_are_active_before_contact(motions: dict[str, Motion]) -> None:
    motion = motions["drop_jump"]
    touchdown = motion.events["touchdown"][0]
    for name in SIDED_MUSCLES:
        assert touchdown - 0.2 < onsets(bursts_of(motion), name)[0] < touchdown
    landing = motion.events["landing"][0]
    before = [burst.onset_s for burst in bursts_of(motion)["left_vastus_lateralis"] if not burst.event]
    assert landing - 0.2 < before[0] < landing


def test_the_leg_that_pushes_is_active_at_the_start_of_a_lateral_jump_and_the_other_at_landing() -> None:
    for leg, other in (("left", "right"), ("right", "left")):
        motion = simulate_motion("lateral_jump", Athlete(), replace(default_technique("lateral_jump"), leg=leg))
        bursts = bursts_of(motion, gluteus_medius=0.031)
        (pushing,) = (burst for burst in bursts[f"{leg}_gluteus_medius"] if burst.event)
        (landing,) = (burst for burst in bursts[f"{other}_gluteus_medius"] if burst.event)
        assert pushing.event == "movement_start"
        assert pushing.onset_after_event_s == pytest.approx(0.031)
        assert landing.event == "landing"
        assert -0.2 < landing.onset_after_event_s < 0.0


def test_onsets_vary_between_bursts_and_between_sessions_as_they_are_told(motions: dict[str, Motion]) -> None:
    motion, rng = motions["squat"], np.random.default_rng(4)
    usual = {name: np.array(onsets(bursts_of(motion), name)) for name in SIDED_MUSCLES}
    later = np.linspace(-0.03, 0.04, len(SIDED_MUSCLES))
    shifts = []
    for _ in range(100):
        bursts = muscle_bursts(motion, rng, onset_sd_s=0.01, later_s=later, planned_s={})
        shifts.append([np.array(onsets(bursts, name)) - usual[name] for name in SIDED_MUSCLES])
    assert np.mean(shifts, axis=(0, 2)) == pytest.approx(later, abs=0.003)
    assert np.std(shifts, axis=(0, 2)) == pytest.approx(0.01, rel=0.15)


def test_what_is_not_known_is_refused_with_all_that_is_wrong() -> None:
    motion = replace(hand_motion(), events={"takeoff": [2.0]})
    with pytest.raises(ValueError, match=r"absent: landing, movement_start.*unknown muscles: soleus"):
        bursts_of(motion, soleus=0.1)
    with pytest.raises(ValueError, match="no timing of muscles in sprint"):
        bursts_of(replace(motion, task="sprint"))
