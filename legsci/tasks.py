"""TASKS: one entry per movement task: how it starts, with which legs, and how a recording of it is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Task:
    """A movement task.

    Parameters
    ----------
    meaning : one sentence.
    start : what precedes the movement. "standing" and "held_squat": the person is still, is weighed there, and velocity
        is integrated from there (isometric efforts: the posture of the test is held, and the person is weighed
        elsewhere). "fall" and "running": the person is not; body weight is that of quiet standing after the last
        landing, else the session's body mass.
    legs : "both"; "one", which trials.tsv names; "either": both, or the one that trials.tsv names; "alternating": each
        repetition is a step on the other leg.
    direction : of the movement of the body: "vertical", "lateral", "forward", or None for standing.
    cut : how repetitions are found in a recording.
        "quiet": one repetition, the quietest stretch of standing.
        "flight": one repetition per flight that starts from standing (weighing before, landing after).
        "rebound": one repetition per ground contact between a fall and a flight.
        "flight_rebound": as "flight", and the ground contact after each such flight is a repetition of rebound_jump.
        "impact": one repetition per landing from a fall, without a flight afterwards.
        "descent": one repetition per squat, by the height of the pelvis, or of the centre of mass without markers.
        "contact": one repetition per contact between two flights: a running step, or a hop.
        "effort": one repetition per isometric effort, by force above the level before it.
        "reference": none: the trial is a reference for others.
    cut_by : streams (STREAMS of vocabulary.py) that show where the repetitions lie, the preferred first.
    cutoff_hz : low-pass of markers and ground reaction alike [Hz], unless the options of a run say otherwise. That with
        which four peak joint moments of virtual athletes have the least error on average (root mean square, 0.3 mm of
        noise; `benchmarks/cutoffs.csv`); in sprints 30 Hz, since the residual analysis (Winter 2009, ch. 3) of the
        recorded sprint gives 28 to 35 Hz. In drop jumps and landings soft tissue vibrates, which those athletes do not
        show: in a rigid-body engine, with bodies whose skin wobbles, hip power and work err less at 20 Hz, loads of
        knee and ankle at 30 Hz (`benchmarks/cutoffs_impacts.csv`), which also keeps the narrow peak of the knee
        abduction moment. Published choices for impacts are lower: 20 Hz (Bisseling & Hof 2006), 15 Hz (Kristianslund
        et al. 2012).

    References
    ----------
    Bisseling RW, Hof AL 2006, J Biomech 39:2438. Kristianslund E et al. 2012, J Biomech 45:666.
    Winter DA 2009, Biomechanics and Motor Control of Human Movement, 4th ed.
    """

    meaning: str
    start: Literal["standing", "held_squat", "fall", "running"]
    legs: Literal["both", "one", "either", "alternating"]
    direction: Literal["vertical", "lateral", "forward"] | None
    cut: Literal["quiet", "flight", "rebound", "flight_rebound", "impact", "descent", "contact", "effort", "reference"]
    cut_by: tuple[str, ...]
    cutoff_hz: float

    @property
    def starts_still(self) -> bool:
        """Whether the person is still before the movement."""
        return self.start in ("standing", "held_squat")


TASKS: dict[str, Task] = {
    "standing": Task(
        "Quiet standing.",
        start="standing",
        legs="either",
        direction=None,
        cut="quiet",
        cut_by=("force",),
        cutoff_hz=6.0,
    ),
    "countermovement_jump": Task(
        "Vertical jump from standing, with a countermovement.",
        start="standing",
        legs="either",
        direction="vertical",
        cut="flight",
        cut_by=("force", "imu"),
        cutoff_hz=15.0,
    ),
    "squat_jump": Task(
        "Vertical jump from a held squat, without a countermovement.",
        start="held_squat",
        legs="either",
        direction="vertical",
        cut="flight",
        cut_by=("force", "imu"),
        cutoff_hz=15.0,
    ),
    "drop_jump": Task(
        "Step off a box, land, jump at once.",
        start="fall",
        legs="either",
        direction="vertical",
        cut="rebound",
        cut_by=("force", "imu"),
        cutoff_hz=30.0,
    ),
    "landing": Task(
        "Land from a height and stand.",
        start="fall",
        legs="either",
        direction="vertical",
        cut="impact",
        cut_by=("force",),
        cutoff_hz=30.0,
    ),
    "squat": Task(
        "Squats, one or many.",
        start="standing",
        legs="either",
        direction="vertical",
        cut="descent",
        cut_by=("markers", "segments", "force", "imu"),
        cutoff_hz=6.0,
    ),
    "lateral_jump": Task(
        "Sideways jump from one leg.",
        start="standing",
        legs="one",
        direction="lateral",
        cut="flight",
        cut_by=("force",),
        cutoff_hz=20.0,
    ),
    "sprint": Task(
        "Running steps over plates.",
        start="running",
        legs="alternating",
        direction="forward",
        cut="contact",
        cut_by=("force",),
        cutoff_hz=30.0,
    ),
    "repeated_hops": Task(
        "Hops on the spot, one after the other (10/5 test): each contact between two flights is a repetition.",
        start="running",
        legs="either",
        direction="vertical",
        cut="contact",
        cut_by=("force",),
        cutoff_hz=30.0,
    ),
    "isometric_pull": Task(
        "Pull at a bar that does not move, at the height of the middle of the thighs.",
        start="held_squat",
        legs="either",
        direction=None,
        cut="effort",
        cut_by=("force",),
        cutoff_hz=6.0,
    ),
    "isometric_squat": Task(
        "Push upward in a squat against a bar that does not move.",
        start="held_squat",
        legs="either",
        direction=None,
        cut="effort",
        cut_by=("force",),
        cutoff_hz=6.0,
    ),
}


def _like(name: str, meaning: str, **changes: Any) -> Task:
    """Task that is cut as another one is, by plates (squats: by cameras or plates)."""
    cut_by = tuple(stream for stream in TASKS[name].cut_by if stream != "imu")
    return replace(TASKS[name], meaning=meaning, cut_by=cut_by, **changes)


TASKS |= {
    "arm_swing_jump": _like("countermovement_jump", "Countermovement jump with a swing of the arms.", legs="both"),
    "loaded_countermovement_jump": _like(
        "countermovement_jump",
        "Countermovement jump with a load on the shoulders or in the hands (load_kg in trials.tsv).",
        legs="both",
    ),
    "loaded_squat_jump": _like(
        "squat_jump", "Squat jump with a load on the shoulders or in the hands (load_kg in trials.tsv).", legs="both"
    ),
    "single_leg_countermovement_jump": _like("countermovement_jump", "Countermovement jump from one leg.", legs="one"),
    "single_leg_drop_jump": _like("drop_jump", "Step off a box, land on one leg, jump from it at once.", legs="one"),
    "countermovement_rebound": _like(
        "countermovement_jump",
        "Countermovement jump with a jump at its landing: the first jump; the second is a repetition of rebound_jump.",
        cut="flight_rebound",
    ),
    "rebound_jump": _like("drop_jump", "Jump at the landing of another jump, without a pause."),
    "hop_and_stick": _like("landing", "Hop forward, land on one leg and hold still.", legs="one", direction="forward"),
    "single_leg_squat": _like("squat", "Squats on one leg, one or many.", legs="one"),
    "split_squat": _like(
        "squat",
        "Squats with one foot ahead of the other, one or many; the leg of trials.tsv is the front leg.",
        legs="one",
    ),
    "single_leg_balance": _like("standing", "Quiet standing on one leg.", legs="one"),
    "maximal_voluntary_contraction": Task(
        "Contract a muscle as strongly as possible: its EMG is 100 % in the other trials of the session.",
        start="held_squat",
        legs="either",
        direction=None,
        cut="reference",
        cut_by=("emg",),
        cutoff_hz=6.0,
    ),
}


def _tasks(chosen: Callable[[Task], bool]) -> tuple[str, ...]:
    """Names of the tasks that are chosen."""
    return tuple(name for name, task in TASKS.items() if chosen(task))


#: Tasks to which the same metrics apply.
STANDING = _tasks(lambda task: task.cut == "quiet")
MOVEMENTS = _tasks(lambda task: task.cut not in ("quiet", "effort", "reference"))
ISOMETRIC = _tasks(lambda task: task.cut == "effort")
JUMPS = _tasks(lambda task: task.cut in ("flight", "rebound", "flight_rebound"))
VERTICAL_JUMPS = tuple(name for name in JUMPS if TASKS[name].direction == "vertical")
LATERAL_JUMPS = _tasks(lambda task: task.cut == "flight" and task.direction == "lateral")
JUMPS_FROM_REST = _tasks(lambda task: task.cut in ("flight", "flight_rebound"))
COUNTERMOVEMENT_JUMPS = tuple(name for name in JUMPS_FROM_REST if TASKS[name].start == "standing")
REBOUND_JUMPS = _tasks(lambda task: task.cut == "rebound")
LANDINGS = _tasks(lambda task: task.cut == "impact")
#: Tasks that end with a landing after which the person stands.
LANDED = _tasks(lambda task: task.cut in ("flight", "rebound", "impact"))
SQUATS = _tasks(lambda task: task.cut == "descent")
RUNNING = _tasks(lambda task: task.cut == "contact" and task.direction == "forward")
HOPS = _tasks(lambda task: task.cut == "contact" and task.direction == "vertical")
#: Tasks that start with straight legs below the hips: not those that push off to one side.
STRAIGHT_LEGGED = _tasks(lambda task: task.start == "standing" and task.direction != "lateral")
