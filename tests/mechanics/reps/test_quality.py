"""Every reason code arises from a recording that deserves it, and a sound recording gives none."""

from __future__ import annotations

import inspect
import json
from functools import partial

import numpy as np
import pytest
import xarray as xr

from legsci.ingest.readers.signals import clock, marker_signal
from legsci.ingest.study import absent_task
from legsci.mechanics.force import events as scoring
from legsci.mechanics.force import jump_checks, plates, session_reference, trial_flags, windows
from legsci.mechanics.reps import curation, cutting, session, steps, working_leg
from legsci.mechanics.reps import trial as trials
from legsci.metrics import status
from legsci.quality import CODES, QualityFlag
from tests.analytic_jump import GRAVITY, countermovement_jump
from tests.mechanics.athlete import ATHLETE, recording, standing
from tests.mechanics.trials import Outcome, decisions, force_trial, outcome, trial, vertical_force

RATE_HZ = 1000.0
WEIGHT_N = 75.0 * GRAVITY


def jump(**options: object) -> np.ndarray:
    """Vertical force of an ordinary jump with a little noise [N]."""
    return countermovement_jump(**({"noise_n": 1.0} | options)).force  # type: ignore[arg-type]


def wandering(force: np.ndarray, amplitude_n: float, stop: int) -> np.ndarray:
    """Force with a strong sway until a sample."""
    sway = amplitude_n * np.sin(2 * np.pi * 3.0 * np.arange(stop) / RATE_HZ)
    return np.concatenate([force[:stop] + sway, force[stop:]])


#: Somebody stands on a plate with the noise of an amplifier [N].
STILL = WEIGHT_N + np.random.default_rng(2).normal(0.0, 0.5, 3000)


def drop_jump_force(*, standing_s: float = 2.5) -> np.ndarray:
    """Fall onto the plate, rebound, fly, land and stand."""
    fall, contact, landing = np.zeros(500), 350, 250
    speed = 2.5
    push = WEIGHT_N + 2 * speed * 75.0 / 0.35 * np.sin(np.pi * np.arange(contact) / contact) ** 2
    flight = np.zeros(round(2 * speed / GRAVITY * RATE_HZ))
    impact = WEIGHT_N + speed * 75.0 / 0.125 * np.sin(np.pi * np.arange(landing) / landing) ** 2
    standing = np.full(round(standing_s * RATE_HZ), WEIGHT_N)
    force = np.concatenate([fall, push, flight, impact, standing])
    return force + np.random.default_rng(3).normal(0.0, 0.5, force.size)


def squat_jump_force(dip: float = 0.0) -> np.ndarray:
    """Hold a squat, push off, fly, land and stand; `dip` is a lowering lobe in parts of body weight."""
    push, dipping = 350, 250
    lobe = -dip * WEIGHT_N * np.sin(np.pi * np.arange(dipping) / dipping) if dip else np.empty(0)
    drive = 1.4 * WEIGHT_N * np.sin(np.pi * np.arange(push) / push)
    speed = (lobe.sum() + drive.sum()) / RATE_HZ / 75.0
    flight = np.zeros(round(2 * speed / GRAVITY * RATE_HZ))
    impact = WEIGHT_N + speed * 75.0 / 0.125 * np.sin(np.pi * np.arange(250) / 250) ** 2
    moving = np.concatenate([np.full(2000, WEIGHT_N), WEIGHT_N + lobe, WEIGHT_N + drive])
    force = np.concatenate([moving, flight, impact, np.full(2000, WEIGHT_N)])
    return force + np.random.default_rng(5).normal(0.0, 0.5, force.size)


def step_with_markers(labels: tuple[str, ...]) -> Outcome:
    """A running step whose markers show no more than these of the left foot."""
    step = 1000.0 * np.sin(np.pi * np.arange(120) / 120)
    force = vertical_force(np.concatenate([np.zeros(300), step, np.zeros(300)]))
    foot = np.tile([[0.0, 0.05, 0.0], [0.2, 0.05, 0.0]], (72, 1, 1))
    markers = marker_signal(foot[:, : len(labels)], rate_hz=100.0, labels=labels)
    return outcome(trial({"force": force, "markers": markers}, task="sprint"))


def run_to_the_right() -> Outcome:
    """A running step while the pelvis moves along z, and not forward."""
    step = 1000.0 * np.sin(np.pi * np.arange(120) / 120)
    force = vertical_force(np.concatenate([np.zeros(300), step, np.zeros(300)]))
    place = {"right_anterior": (0.1, 0.12), "left_anterior": (0.1, -0.12), "right_posterior": (-0.1, 0.05)}
    place |= {"left_posterior": (-0.1, -0.05)}
    at_start = np.array([[forward, 1.0, right] for forward, right in place.values()])
    way = np.arange(72)[:, None, None] / 100.0 * np.array([0.0, 0.0, 5.0])
    labels = [f"{name}_superior_iliac_spine" for name in place]
    markers = marker_signal(at_start + way, rate_hz=100.0, labels=labels)
    return outcome(trial({"force": force, "markers": markers}, task="sprint"))


def jump_off_the_other_leg() -> Outcome:
    """A jump that is said to be off the left leg, whose foot is 0.3 m above the right one."""
    feet = {"left_heel": (0.0, 0.35), "left_toe": (0.2, 0.35), "right_heel": (0.0, 0.05), "right_toe": (0.2, 0.05)}
    force = jump()
    place = np.array([[forward, up, 0.0] for forward, up in feet.values()])
    markers = marker_signal(np.tile(place, (force.size // 10, 1, 1)), rate_hz=100.0, labels=list(feet))
    signals = {"force": vertical_force(force), "markers": markers}
    return outcome(trial(signals, task="lateral_jump", leg="left"))


def unreadable() -> Outcome:
    empty = xr.DataTree()
    empty.attrs.update(
        task="landing", faults=json.dumps([["rate_missing", "jump.txt: rate: expected one, found none"]])
    )
    return outcome(empty)


def uncomputable() -> Outcome:
    """A trial whose force has no sampling rate, beside a sound one."""
    broken = force_trial(jump())
    del broken["force"].attrs["sampling_rate_hz"]
    result = outcome({"T": broken, "other": force_trial(jump())})
    assert result.row("other")["jump_height_impulse_m"] > 0.2
    return result


def without_force() -> Outcome:
    markers = xr.Dataset(
        {"position": (("time", "marker", "axis"), np.zeros((5, 1, 3)))},
        coords={"time": clock(5, 100.0), "marker": ["c7"], "axis": ["x", "y", "z"]},
        attrs={"sampling_rate_hz": 100.0},
    )
    return outcome(trial({"markers": markers}))


def clipped(
    force: np.ndarray, *, first: int = 0, last: int | None = None, task: str = "countermovement_jump"
) -> Outcome:
    return outcome(force_trial(force[first:last], task=task))


def saturated() -> Outcome:
    force = jump(noise_n=0.5)
    return outcome(force_trial(np.minimum(force, 0.8 * force.max())))


def drifting() -> Outcome:
    force = jump(noise_n=0.5)
    landing = 4500
    return outcome(force_trial(np.concatenate([force[:landing], force[landing:] + 25.0])))


def with_gap() -> Outcome:
    force = jump()
    force[1000:1010] = np.nan
    return outcome(force_trial(force))


def restless(task: str = "countermovement_jump", **known: float) -> Outcome:
    """Never still before the movement, and off the plates soon after landing."""
    analytic = countermovement_jump(noise_n=1.0, stays=False)
    return outcome(force_trial(wandering(analytic.force, 80.0, 2500), task=task), **known)  # type: ignore[arg-type]


def pelvis(rise_m: float) -> Outcome:
    """A jump whose pelvis marker rises by more than the body can."""
    analytic = countermovement_jump(noise_n=1.0)
    times = np.arange(analytic.force.size) / RATE_HZ
    height = np.where((times > 3.6) & (times < 3.8), 1.0 + rise_m, 1.0)
    position = np.zeros((times.size, 1, 3))
    position[:, 0, 1] = height
    markers = xr.Dataset(
        {"position": (("time", "marker", "axis"), position)},
        coords={"time": times, "marker": ["left_anterior_superior_iliac_spine"], "axis": ["x", "y", "z"]},
        attrs={"sampling_rate_hz": RATE_HZ},
    )
    return outcome(trial({"force": vertical_force(analytic.force), "markers": markers}))


def held_jump_force() -> np.ndarray:
    """Sink into a squat, hold it for 1.5 s, push off without a countermovement, fly, land and stand."""
    sink = 0.25 * WEIGHT_N * np.sin(2.0 * np.pi * np.arange(800) / 800)
    jumped = squat_jump_force()
    sunk = np.concatenate([np.full(1500, WEIGHT_N), WEIGHT_N - sink])
    jumped[500:2000] += 40.0 * np.sin(4.0 * np.pi * np.arange(1500) / 1000)
    return np.concatenate([sunk + np.random.default_rng(6).normal(0.0, 0.5, sunk.size), jumped[500:]])


def stuck() -> Outcome:
    """A plate whose channel stands still in quiet standing."""
    force = jump()
    force[500:1500] = force[500]
    return outcome(force_trial(force))


def with_spike() -> Outcome:
    force = jump()
    force[1000:1003] = 60_000.0
    return outcome(force_trial(force))


def moving_at_once() -> Outcome:
    """A knock on the plate at the end of the only half second of standing."""
    force = jump(quiet_s=0.5)
    force[490] += 200.0
    return outcome(force_trial(force), default="s3d", profiles=[])


def box_plates() -> Outcome:
    force = drop_jump_force()
    box = np.concatenate([np.zeros(0), np.full(1500, WEIGHT_N), np.zeros(force.size)])
    return outcome(
        force_trial(np.vstack([np.concatenate([np.zeros(1500), force]), box]), task="drop_jump", feet=("both",) * 2)
    )


def hopping() -> np.ndarray:
    """A jump with a hop 0.3 s after the landing [N]."""
    jumped = countermovement_jump(noise_n=1.0)
    force, first = jumped.force.copy(), round((jumped.landing + 0.3) * RATE_HZ)
    force[first : first + 150] = np.random.default_rng(4).normal(0.0, 1.0, 150)
    return force


def session_of(zeros_n: tuple[float, ...], standing_n: float, *, task: str = "standing") -> Outcome:
    """Jumps on plates of different zeros, and trial T without an empty plate that reads `standing_n` more."""
    halves = np.array([[0.5], [0.5]])
    trials = {
        f"jump_{number}": force_trial(halves * jump(seed=number) + zero, feet=("left", "right"))
        for number, zero in enumerate(zeros_n)
    }
    noise = np.random.default_rng(1).normal(0.0, 1.0, (2, 3000))
    return outcome(
        trials | {"T": force_trial(0.5 * (WEIGHT_N + standing_n) + noise, task=task, feet=("left", "right"))}
    )


CURATED = ("T", 1.0, "move_event", "takeoff", 3.35, "toe drags", "AB")


# Code -> a recording that brings it about.
def with_rolling_feet() -> Outcome:
    """The virtual athlete's feet roll over their toes, which do work that the model of the foot does not have."""
    trials_of = {"S": trial({"markers": standing()}, task="standing"), "T": recording("countermovement_jump")[1]}
    return outcome(trials_of, mass_kg=ATHLETE.mass_kg, sex=ATHLETE.sex)


CASES = {
    "value_withheld": with_rolling_feet,
    "recording_unreadable": unreadable,
    "not_computed": uncomputable,
    "unknown_task": lambda: outcome(trial({}, task="gait", faults=json.dumps([["unknown_task", absent_task("gait")]]))),
    "no_signal_to_cut_by": lambda: outcome(trial({"sensors": xr.Dataset()})),
    "no_force": lambda: outcome(force_trial(np.zeros(3000))),
    "force_missing": with_gap,
    "too_short": lambda: outcome(force_trial(np.full(300, WEIGHT_N))),
    "implausible_force": with_spike,
    "decision_without_effect": lambda: outcome(
        force_trial(jump()), curation=decisions(("T", 2.0, "exclude", None, None, "fell", "AB"))
    ),
    "never_stood_still": restless,
    "no_flight": lambda: outcome(force_trial(np.full(3000, WEIGHT_N) + np.random.default_rng(0).normal(0, 1, 3000))),
    "no_landing": lambda: outcome(force_trial(STILL, task="landing")),
    "second_landing_missing": lambda: clipped(jump(), last=3600),
    "clipped_start": lambda: clipped(drop_jump_force(), first=700, task="drop_jump"),
    "clipped_end": lambda: clipped(jump(), last=4150),
    "plate_saturated": saturated,
    "implausible_weight": lambda: outcome(force_trial(-jump())),
    "weight_disagrees_with_mass": lambda: outcome(force_trial(jump()), mass_kg=90.0),
    "weighed_elsewhere": lambda: restless(mass_kg=75.0),
    "integrated_backward": lambda: outcome(force_trial(wandering(jump(), 80.0, 2500))),
    "no_velocity": restless,
    "movement_start_not_found": moving_at_once,
    "countermovement_in_squat_jump": lambda: outcome(force_trial(squat_jump_force(0.3), task="squat_jump")),
    "drift": drifting,
    "no_countermovement": lambda: outcome(force_trial(squat_jump_force())),
    "held_before_jump": lambda: outcome(force_trial(held_jump_force())),
    "implausible_value": lambda: outcome(force_trial(jump(up=2.6, down=0.6))),
    "plate_constant": stuck,
    "step_off": lambda: outcome(force_trial(jump(stays=False))),
    "heights_disagree": lambda: pelvis(0.9),
    "uncertain_height": lambda: outcome(force_trial(jump(mass_kg=40.0, noise_n=10.0, sway_n=16.0))),
    "low_rate": lambda: outcome(force_trial(jump(rate_hz=100.0), rate_hz=100.0)),
    "plate_offset": lambda: outcome(force_trial(jump() + 12.0)),
    "plate_zero_unknown": lambda: outcome(
        force_trial(WEIGHT_N + np.random.default_rng(0).normal(0.0, 1.0, 3000), task="standing")
    ),
    "zero_not_steady": lambda: session_of((-30.0, 10.0, 50.0), 0.0),
    "zero_by_weight": lambda: session_of((-30.0, 10.0, 50.0), -400.0),
    "hop_after_landing": lambda: outcome(force_trial(hopping())),
    "no_rebound": lambda: outcome(force_trial(jump(), task="countermovement_rebound")),
    "light_person": lambda: outcome(force_trial(0.2248 * jump(mass_kg=110.0))),
    "weight_differs_in_session": lambda: outcome(
        {"one": force_trial(jump()), "two": force_trial(jump(seed=1)), "T": force_trial(0.4 * jump(seed=2))}
    ),
    "plate_left_out": lambda: outcome(force_trial(np.vstack([jump(), 0.01 * jump()]), feet=("both", "both"))),
    "side_without_load": lambda: outcome(force_trial(np.vstack([jump(), 0.01 * jump()]), feet=("left", "right"))),
    "box_plate_assumed": box_plates,
    "curated": lambda: outcome(force_trial(jump()), curation=decisions(CURATED)),
    "kept": lambda: outcome(
        force_trial(jump()), curation=decisions(("T", 1.0, "keep", None, None, "seen on video", "AB"))
    ),
    "excluded": lambda: outcome(
        force_trial(jump()), curation=decisions(("T", 1.0, "exclude", None, None, "laughed", "AB"))
    ),
    "step_of_unknown_foot": partial(step_with_markers, ("left_heel",)),
    "step_by_one_foot": partial(step_with_markers, ("left_heel", "left_toe")),
    "travels_across": run_to_the_right,
    "leg_contradicted": jump_off_the_other_leg,
    "leg_not_named": lambda: outcome(force_trial(jump(), task="lateral_jump")),
    "reference_contraction": lambda: outcome(force_trial(jump(), task="maximal_voluntary_contraction")),
    "static_trial_alone": lambda: outcome(trial({"markers": standing()}, task="standing")),
}


def test_every_code_of_the_force_modules_has_a_case() -> None:
    of_steps = (steps.step_side, steps.running_direction_flags)
    of_trials = (session, session_reference, trials, cutting, trial_flags, working_leg, *of_steps)
    modules = (plates, windows, scoring, curation, *of_trials, status, jump_checks)
    sources = "".join(inspect.getsource(part) for part in modules)
    assert {code for code in CODES if f'"{code}"' in sources} == set(CASES)


@pytest.mark.parametrize("code", CASES)
def test_recording_brings_its_code_about(code: str) -> None:
    result = CASES[code]()
    assert code in result.codes()
    found = result.quality[result.quality["code"] == code].iloc[0]
    assert found["severity"] == CODES[code].severity
    assert "nan" not in found["sentence"]
    assert "{" not in found["sentence"]
    default = np.nan if result.reps is None else result.reps.attrs["default_profile"]
    rows = result.metrics[(result.metrics["trial_id"] == "T") & result.metrics["profile"].isin([default, np.nan])]
    assert len(rows), "a rejected repetition stays in the table"
    if CODES[code].severity not in ("noted",):
        assert rows["reason"].str.contains(code).all()
    if CODES[code].severity == "rejected":
        assert (rows["status"] == "rejected").all()


@pytest.mark.parametrize(
    ("streams", "task", "words"),
    [
        (
            ("sensors",),
            "countermovement_jump",
            "a countermovement_jump needs force or imu; recorded: sensors",
        ),
        (
            ("sensors", "angles"),
            "squat",
            "a squat needs markers, segments, force or imu; recorded: angles, sensors",
        ),
        ((), "sprint", "a sprint needs force; recorded: nothing"),
    ],
)
def test_trial_without_a_signal_to_cut_by_says_what_its_task_needs(
    streams: tuple[str, ...], task: str, words: str
) -> None:
    result = outcome(trial({name: xr.Dataset() for name in streams}, task=task))
    assert result.reps is None
    assert words in result.quality.loc[result.quality["code"] == "no_signal_to_cut_by", "sentence"].item()


def test_markers_that_no_label_maps_do_not_cut_a_squat() -> None:
    markers = marker_signal(np.ones((300, 2, 3)), rate_hz=100.0, labels=["M1", "M2"])
    result = outcome(trial({"markers": markers}, task="squat"))
    sentence = result.quality.loc[result.quality["code"] == "no_signal_to_cut_by", "sentence"].item()
    assert sentence.endswith("recorded: markers without known labels.")


@pytest.mark.parametrize("seconds", [0.1, 900.0])
def test_event_is_not_moved_out_of_order_or_out_of_the_repetition(seconds: float) -> None:
    trial = force_trial(jump())
    moved = outcome(trial, curation=decisions(("T", 1.0, "move_event", "takeoff", seconds, "slip", "AB")))
    assert moved.codes() == {"decision_without_effect"}
    assert moved.row()["flight_time_s"] == outcome(trial).row()["flight_time_s"]


@pytest.mark.parametrize(
    ("rows", "feet", "code"),
    [
        (np.vstack([0.5 * jump(), 0.5 * jump()]), ("left", "right"), "curated"),
        (jump(), ("both",), "decision_without_effect"),
    ],
    ids=["two sides", "one plate"],
)
def test_sides_are_swapped_only_where_there_are_some(rows: np.ndarray, feet: tuple[str, ...], code: str) -> None:
    swap = decisions(("T", None, "swap_sides", None, None, "cables", "AB"))
    assert outcome(force_trial(rows, feet=feet), curation=swap).codes() == {code}


def test_decisions_about_a_recording_that_cannot_be_read_find_nothing_to_act_on() -> None:
    rows = decisions(
        ("T", None, "swap_sides", None, None, "cables", "AB"), ("T", 1.0, "exclude", None, None, "fell", "AB")
    )
    tree = xr.DataTree()
    tree.attrs.update(task="landing", faults=json.dumps([["unreadable_recording", "a.txt: empty"]]))
    found = outcome(tree, curation=rows).quality
    assert found["code"].tolist().count("decision_without_effect") == 2


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        (
            QualityFlag("plate_offset", "plate 1", value=12.0),
            "plate 1 reads 12.00 N when empty; this zero error was subtracted.",
        ),
        (
            QualityFlag("contact_cut_off", value=1.0),
            "Ground contacts excluded because they were not recorded completely: 1.",
        ),
        (
            QualityFlag("weight_disagrees_with_mass", value=7.5, limit=5.0),
            "Measured body weight differs from the stated body mass by 7.5 % (limit 5.0 %).",
        ),
    ],
)
def test_sentence_holds_for_one_as_for_several(flag: QualityFlag, sentence: str) -> None:
    assert flag.sentence == sentence


@pytest.mark.parametrize(
    ("force", "words"),
    [
        (STILL, "never falls below"),
        (np.concatenate([np.full(2000, WEIGHT_N), np.zeros(1500)]), "empty from 2.00 s"),
    ],
    ids=["stays", "steps off"],
)
def test_missing_flight_says_what_the_force_does(force: np.ndarray, words: str) -> None:
    result = outcome(force_trial(force))
    assert words in result.quality.loc[result.quality["code"] == "no_flight", "sentence"].item()


def test_empty_plates_are_not_weighed() -> None:
    """Two seconds on the plate, longer beside it: the quietest second is of the empty plate."""
    steps = np.concatenate([np.zeros(3000), WEIGHT_N + 200.0 * np.sin(np.arange(2000) / 100.0), np.zeros(3000)])
    result = outcome(force_trial(steps, task="standing"))
    assert "empty plates" in result.quality.loc[result.quality["code"] == "never_stood_still", "sentence"].item()


def test_sound_jump_gives_no_finding() -> None:
    result = outcome(force_trial(jump()), mass_kg=75.0)
    assert result.codes() == set()
    assert set(result.metrics["status"]) == {"accepted"}


def test_sound_squat_jump_and_drop_jump_give_no_finding() -> None:
    result = outcome(
        {
            "squat": force_trial(squat_jump_force(), task="squat_jump"),
            "drop": force_trial(drop_jump_force(), task="drop_jump"),
            "off_centre": force_trial(jump() + 3.0),
        }
    )
    assert result.quality.empty


@pytest.mark.parametrize("code", CODES)
def test_sentence_fills_in(code: str) -> None:
    sentence = QualityFlag(code, "plate 2", 1.0, 2.0, "why").sentence
    assert sentence.endswith((".", "?"))
    assert "{" not in sentence


def test_a_jump_from_one_leg_lacks_no_side() -> None:
    one_leg = force_trial(np.vstack([jump(), 0.01 * jump()]), feet=("left", "right"), leg="left")
    assert "side_without_load" not in outcome(one_leg).codes()
