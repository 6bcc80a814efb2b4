"""Muscles of the virtual athlete: when each becomes active in a movement, how strongly, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion
from legsci.vocabulary import SIDES_OF_BODY

MUSCLES = ("gluteus_medius", "gluteus_maximus", "vastus_lateralis", "biceps_femoris")
#: A muscle of a side, in the order of all arrays.
SIDED_MUSCLES = tuple(f"{side}_{muscle}" for side in SIDES_OF_BODY for muscle in MUSCLES)
#: Flexion of the knees from standing at which the knee extensors have begun to carry the athlete downward [deg].
KNEE_BENT_DEG = 15.0
#: Instants that are no events of a trial -> the event of the trial to which an onset near them refers.
EVENT_OF_INSTANT = {"knee_bent": "rep_start", "braking_start": "movement_start"}


@dataclass(frozen=True)
class Timing:
    """A burst of a muscle in a movement.

    Parameters
    ----------
    start : instant to which its onset refers; None for activity that began before the trial.
    latency_s : from that instant to the onset; negative before it [s].
    end : instant to which its end refers; None for activity that lasts as long as the trial.
    end_latency_s : from that instant to the end [s].
    level : amplitude as a share of that in full activity; bursts that overlap add up.
    onset : whether this burst is the one whose onset is the muscle's in the movement.
    """

    start: str | None
    latency_s: float
    end: str | None
    end_latency_s: float
    level: float
    onset: bool = True


def _landing(latency_s: float) -> Timing:
    """Activity before and after a landing that follows a jump."""
    return Timing("landing", latency_s, "landing", 0.35, 0.6, onset=False)


def _held(until_s: float) -> Timing:
    """Activity of the knee and hip extensors in a held squat, which lasts until take-off."""
    return Timing("sinking", 0.20, "takeoff", until_s, 0.25, onset=False)


#: Task -> leg -> muscle -> bursts. The leg is "both", or "pushing" and "landing" in a jump from one leg to the other.
#: Latencies and levels are ours. What they follow: in squats the vasti work in both phases, the hip extensors mainly in
#: the ascent (Robertson et al. 2008, J Appl Biomech 24:333); in jumps the hip extensors precede the knee extensors
#: (Bobbert & van Ingen Schenau 1988, J Biomech 21:249), and force follows activity after some 50 to 100 ms; before a
#: landing muscles become active some 100 ms before contact (Santello 2005, Gait Posture 21:85).
TIMING: dict[str, dict[str, dict[str, tuple[Timing, ...]]]] = {
    "standing": {"both": dict.fromkeys(MUSCLES, ())},
    "squat": {
        "both": {
            "gluteus_medius": (Timing("knee_bent", 0.10, "rep_end", -0.10, 1.0),),
            "gluteus_maximus": (Timing("bottom_start", -0.20, "rep_end", -0.20, 1.0),),
            "vastus_lateralis": (
                Timing("knee_bent", -0.06, "rep_end", -0.10, 0.6),
                Timing("bottom_start", -0.05, "rep_end", -0.30, 0.4, onset=False),
            ),
            "biceps_femoris": (Timing("bottom_start", -0.12, "rep_end", -0.15, 1.0),),
        }
    },
    "countermovement_jump": {
        "both": {
            "gluteus_medius": (Timing("braking_start", -0.10, "takeoff", -0.03, 1.0), _landing(-0.12)),
            "gluteus_maximus": (Timing("braking_start", -0.14, "takeoff", -0.05, 1.0), _landing(-0.10)),
            "vastus_lateralis": (Timing("braking_start", -0.09, "takeoff", -0.03, 1.0), _landing(-0.09)),
            "biceps_femoris": (Timing("braking_start", -0.16, "takeoff", -0.06, 1.0), _landing(-0.11)),
        }
    },
    "squat_jump": {
        "both": {
            "gluteus_medius": (_held(-0.03), Timing("movement_start", -0.06, "takeoff", -0.03, 0.75), _landing(-0.12)),
            "gluteus_maximus": (_held(-0.05), Timing("movement_start", -0.09, "takeoff", -0.05, 0.75), _landing(-0.10)),
            "vastus_lateralis": (
                _held(-0.03), Timing("movement_start", -0.05, "takeoff", -0.03, 0.75), _landing(-0.09),
            ),
            "biceps_femoris": (_held(-0.06), Timing("movement_start", -0.10, "takeoff", -0.06, 0.75), _landing(-0.11)),
        }
    },
    "drop_jump": {
        "both": {
            "gluteus_medius": (Timing("touchdown", -0.11, "takeoff", -0.04, 1.0), _landing(-0.12)),
            "gluteus_maximus": (Timing("touchdown", -0.10, "takeoff", -0.05, 1.0), _landing(-0.10)),
            "vastus_lateralis": (Timing("touchdown", -0.08, "takeoff", -0.04, 1.0), _landing(-0.09)),
            "biceps_femoris": (Timing("touchdown", -0.12, "takeoff", -0.06, 1.0), _landing(-0.11)),
        }
    },
    "lateral_jump": {
        "pushing": {
            # One leg carries the pelvis: its abductor is active before the movement.
            "gluteus_medius": (
                Timing(None, 0.0, "takeoff", -0.03, 0.2, onset=False),
                Timing("movement_start", -0.08, "takeoff", -0.03, 0.8),
            ),
            "gluteus_maximus": (Timing("braking_start", -0.13, "takeoff", -0.05, 1.0),),
            "vastus_lateralis": (Timing("braking_start", -0.10, "takeoff", -0.03, 1.0),),
            "biceps_femoris": (Timing("braking_start", -0.15, "takeoff", -0.06, 1.0),),
        },
        "landing": {
            "gluteus_medius": (
                Timing("landing", -0.14, "landing_bottom", 0.30, 0.8),
                Timing("landing_bottom", 0.30, None, 0.0, 0.2, onset=False),
            ),
            "gluteus_maximus": (Timing("landing", -0.11, "landing_bottom", 0.25, 0.9),),
            "vastus_lateralis": (Timing("landing", -0.10, "landing_bottom", 0.30, 1.0),),
            "biceps_femoris": (Timing("landing", -0.13, "landing_bottom", 0.20, 0.7),),
        },
    },
}  # fmt: skip


@dataclass(frozen=True)
class Burst:
    """A burst of a sided muscle in a trial.

    Parameters
    ----------
    onset_s, end_s : on the trial's clock; -inf and inf for activity that exceeds the trial [s].
    level : amplitude as a share of that in full activity.
    event : name of the event to which the onset refers; "" for a burst whose onset is not the muscle's.
    onset_after_event_s : from that event to the onset [s].
    """

    onset_s: float
    end_s: float
    level: float
    event: str = ""
    onset_after_event_s: float = np.nan


def muscle_bursts(
    motion: Motion, rng: np.random.Generator, *, onset_sd_s: float, later_s: Array, planned_s: Mapping[str, float]
) -> dict[str, list[Burst]]:
    """Return the bursts of each sided muscle in a trial, ordered as the repetitions.

    Parameters
    ----------
    motion : with the events of its task.
    rng : random numbers.
    onset_sd_s : standard deviation between the bursts of a muscle of their onset, and of their end [s].
    later_s : (sided muscle,) by how much each is later than TIMING throughout the session [s].
    planned_s : muscle -> onset after the event in the leg that pushes, in place of TIMING and `later_s` [s].

    Raises
    ------
    ValueError : a task without TIMING, unknown muscles, events that the motion does not have.
    """
    _check(motion, planned_s)
    found: dict[str, list[Burst]] = {name: [] for name in SIDED_MUSCLES}
    for instants in _instants(motion):
        for number, name in enumerate(SIDED_MUSCLES):
            side, _, muscle = name.partition("_")
            leg = _leg(motion, side)
            bursts = TIMING[motion.task][leg][muscle]
            early, late = onset_sd_s * rng.normal(size=2)
            for timing in bursts:
                shift = later_s[number] + early
                if timing.onset and leg != "landing" and muscle in planned_s:
                    event = _event(timing)
                    onset = motion.events[event][0] + planned_s[muscle] + early
                else:
                    onset = -np.inf if timing.start is None else instants[timing.start] + timing.latency_s + shift
                end = np.inf if timing.end is None else instants[timing.end] + timing.end_latency_s + late
                found[name].append(_burst(timing, onset, end, instants))
    return found


def _burst(timing: Timing, onset: float, end: float, instants: Mapping[str, float]) -> Burst:
    """Return a burst with the event to which its onset refers."""
    if not timing.onset:
        return Burst(float(onset), float(end), timing.level)
    event = _event(timing)
    return Burst(float(onset), float(end), timing.level, event, float(onset - instants[event]))


def _event(timing: Timing) -> str:
    """Name of the event of the trial to which an onset refers."""
    start = timing.start or ""
    return EVENT_OF_INSTANT.get(start, start)


def _leg(motion: Motion, side: str) -> str:
    """Which leg of TIMING a side is: in a jump from leg to leg the one that carries at the start pushes."""
    if "both" in TIMING[motion.task]:
        return "both"
    return "pushing" if motion.force[SIDES_OF_BODY.index(side), 0, 1] > 0.0 else "landing"


def _instants(motion: Motion) -> list[dict[str, float]]:
    """Return the instants of each repetition: events, and what the kinematics add to them."""
    if motion.task == "standing":
        return []
    if motion.task == "squat":
        names = ("rep_start", "bottom_start", "bottom_end", "rep_end")
        reps = [
            dict(zip(names, each, strict=True)) for each in zip(*(motion.events[name] for name in names), strict=True)
        ]
        return [rep | {"knee_bent": _knee_bent(motion, rep["rep_start"], rep["bottom_start"])} for rep in reps]
    instants = {name: times[0] for name, times in motion.events.items()}
    if "bottom" in instants and "touchdown" not in instants:
        instants["braking_start"] = _fastest_descent(motion, instants["movement_start"], instants["bottom"])
    return [instants]


def _knee_bent(motion: Motion, start: float, end: float) -> float:
    """Time at which the knees are bent by KNEE_BENT_DEG more than at the start of a descent [s]."""
    first, last = (round(time * motion.rate_hz) for time in (start, end))
    flexion = 0.5 * (motion.angles["left_knee_flexion"] + motion.angles["right_knee_flexion"])[first : last + 1]
    return float(motion.time[first + int(np.argmax(flexion >= flexion[0] + KNEE_BENT_DEG))])


def _fastest_descent(motion: Motion, start: float, end: float) -> float:
    """Time of the greatest downward velocity of the centre of mass, where braking starts, to a sample [s]."""
    first, last = (round(time * motion.rate_hz) for time in (start, end))
    return float(motion.time[first + int(np.argmin(motion.body_com_velocity[first : last + 1, 1]))])


def _needed(task: str) -> Sequence[str]:
    """Events of a trial that TIMING of its task refers to."""
    timings = [timing for leg in TIMING[task].values() for bursts in leg.values() for timing in bursts]
    named = [name for timing in timings for name in (timing.start, timing.end) if name]
    return sorted({EVENT_OF_INSTANT.get(name, name) for name in named})


def _check(motion: Motion, planned_s: Mapping[str, float]) -> None:
    """Raise ValueError that lists what is not known."""
    faults = []
    if motion.task not in TIMING:
        faults.append(f"no timing of muscles in {motion.task}; there is that of {', '.join(TIMING)}")
    else:
        absent = [name for name in _needed(motion.task) if not motion.events.get(name)]
        if absent:
            there = ", ".join(motion.events) or "none"
            faults.append(f"events of a {motion.task} that are absent: {', '.join(absent)}; there are {there}")
    unknown = sorted(set(planned_s) - set(MUSCLES))
    if unknown:
        faults.append(f"onsets of unknown muscles: {', '.join(unknown)}")
    if faults:
        raise ValueError("muscles: " + "; ".join(faults))
