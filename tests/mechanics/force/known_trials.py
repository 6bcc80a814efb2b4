"""Trials of force whose every metric is known: analytic jumps, and virtual athletes in all tasks, on drawn plates.

What a laboratory does not choose is drawn anew for each: mass, technique, sway, how force leaves and reaches zero,
sampling rate, noise, steps of the converter, and what the plates read when nobody is on them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import xarray as xr

from legsci.simulate.athlete.body import Athlete, build_body
from legsci.simulate.athlete.motion import simulate_motion
from legsci.simulate.athlete.plan import Motion, Technique, default_technique
from legsci.simulate.athlete.squats import rise_of_force
from legsci.simulate.sensors.converter import converted
from legsci.simulate.sensors.marker_placement import markers_of
from legsci.simulate.sensors.plates import PlateSettings, plates_under, record_plates, surface_wrench
from tests.analytic_jump import GRAVITY, countermovement_jump
from tests.mechanics.athlete import marker_dataset
from tests.mechanics.trials import force_trial

RATES_HZ = (500.0, 1000.0, 2000.0)
#: Noise of the sum of the plates, standard deviation [N]; drawn on a logarithmic scale.
NOISE_N = (0.5, 10.0)
#: That of two usual plates together.
USUAL_NOISE_N = 1.2
#: Resolution and range of converters [bit], [N].
CONVERTERS = ((12, 5000.0), (16, 10_000.0))
#: What plates read when nobody is on them [N].
ZEROS_N = (-800.0, 100.0)
#: Force below which the end of a push-off and the begin of a landing are rounded, at most [N]: on record, straight
#: lines go on to between 5 and 12 N.
CORNER_N = 12.0
#: Change of the zero of a plate from trial to trial, standard deviation [N]; drawn on a logarithmic scale.
WANDER_N = (0.3, 4.0)
#: Drift of the amplifier of a plate, standard deviation [N/s]: charge amplifiers keep within a few hundredths.
DRIFT_N_PER_S = 0.05
#: Powers of time with which force leaves body weight, and the time after which it goes on along a straight line [s]:
#: one to three processes of first order, excitation, contraction and tendon (Zajac 1989, Crit Rev Biomed Eng 17:359).
ONSET_POWERS, ONSET_S = (1.0, 3.0), (0.02, 0.08)
#: How much lower the centre of mass is at the landing than at the take-off, on average [m]: flight time then reads
#: 1.7 cm high (Baumgart et al. 2017, Asian J Sports Med 8:e12921). Of a quantity that is not negative and known by its
#: mean alone, the distribution is exponential (JCGM 101:2008, 6.4).
LANDING_DROP_M = 0.034
#: The virtual athlete lands no lower than this [m].
LARGEST_DROP_M = 0.15
LANDING_S = 0.5
FINE_HZ = 20_000.0
#: Velocity upward with which propulsion starts [m/s] (McMahon et al. 2018).
RISING_M_PER_S = 0.01
CAMERA_HZ, MARKER_NOISE_M = 100.0, 0.0003


@dataclass(frozen=True)
class Known:
    """A trial, and what is true of it.

    Parameters
    ----------
    tree : as ingest would give it, forces alone.
    truth : name of the metric -> value of each repetition.
    events : name of the event -> time in each repetition [s].
    """

    tree: xr.DataTree
    truth: dict[str, list[float]]
    events: dict[str, list[float]]


@dataclass(frozen=True)
class Course:
    """Clean vertical force and velocity of the centre of mass (sample,) [N], [m/s] over time [s], and the weight
    [N]."""

    time: np.ndarray
    force: np.ndarray
    velocity: np.ndarray
    weight: float

    def speed(self, moment: float) -> float:
        """Velocity at a time [m/s]."""
        return float(np.interp(moment, self.time, self.velocity))

    def impulse(self, start: float, end: float) -> float:
        """Net impulse between two times [N s]."""
        return self.weight / GRAVITY * (self.speed(end) - self.speed(start))

    def fell(self, start: float, end: float) -> float:
        """How far the centre of mass sinks between two times [m]."""
        inside = np.concatenate([[start], self.time[(self.time > start) & (self.time < end)], [end]])
        return -float(np.trapezoid(np.interp(inside, self.time, self.velocity), inside))

    def within(self, signal: np.ndarray, start: float, end: float) -> np.ndarray:
        """Samples of a signal between two times."""
        return np.asarray(signal[(self.time >= start) & (self.time <= end)])


def _truth_of_push_off(course: Course, start: float, takeoff: float) -> dict[str, float]:
    """Metrics from the start of movement, or touchdown, to take-off."""
    speed, net = course.speed(takeoff), course.impulse(start, takeoff)
    return {
        "body_weight_n": course.weight,
        "peak_force_n": float(course.within(course.force, start, takeoff).max()),
        "mean_force_n": course.weight + net / (takeoff - start),
        "net_impulse_n_s": net,
        "takeoff_velocity_m_per_s": speed,
        "jump_height_impulse_m": speed**2 / (2.0 * GRAVITY),
        "peak_power_w": float(course.within(course.force * course.velocity, start, takeoff).max()),
    }


def _truth_of_landing(course: Course, takeoff: float, landing: float) -> dict[str, float]:
    """Metrics of flight and landing; that of the height is the rise above the take-off."""
    end = landing + LANDING_S
    return {
        "flight_time_s": landing - takeoff,
        "jump_height_flight_time_m": course.speed(takeoff) ** 2 / (2.0 * GRAVITY),
        "landing_peak_force_n": float(course.within(course.force, landing, end).max()),
        "landing_impulse_n_s": course.impulse(landing, end) + course.weight * LANDING_S,
    }


def _rate_of_force_development(course: Course, start: float, bottom: float | None, takeoff: float) -> float:
    """Mean slope of force over braking, or without a countermovement to the peak [N/s]."""
    if bottom is None:
        inside = (course.time >= start) & (course.time <= takeoff)
        highest = int(np.argmax(course.force[inside]))
        gained = course.force[inside][highest] - np.interp(start, course.time, course.force)
        return float(gained / (course.time[inside][highest] - start))
    inside = (course.time >= start) & (course.time <= bottom)
    fastest = course.time[inside][int(np.argmin(course.velocity[inside]))]
    slope = np.diff(np.interp([fastest, bottom], course.time, course.force)) / (bottom - fastest)
    return float(slope[0])


def truth_of_jump(course: Course, events: dict[str, list[float]], *, countermovement: bool = True) -> dict[str, float]:
    """All metrics of a jump: from standing, from a held squat (no countermovement) or after a fall (touchdown)."""
    (takeoff,), (landing,) = events["takeoff"], events["landing"]
    falls = "touchdown" in events
    (start,) = events["touchdown"] if falls else events["movement_start"]
    truth = _truth_of_push_off(course, start, takeoff) | _truth_of_landing(course, takeoff, landing)
    bottom = events["bottom"][0] if countermovement else None
    if bottom is not None:
        truth["countermovement_depth_m"] = course.fell(start, bottom)
    if falls:
        truth |= {"contact_time_s": takeoff - start, "fall_height_m": course.speed(start) ** 2 / (2.0 * GRAVITY)}
        truth["rsi_m_per_s"] = truth["jump_height_flight_time_m"] / (takeoff - start)
        return truth
    truth["time_to_takeoff_s"] = takeoff - start
    truth["rsi_modified_m_per_s"] = truth["jump_height_impulse_m"] / (takeoff - start)
    truth["rate_of_force_development_n_per_s"] = _rate_of_force_development(course, start, bottom, takeoff)
    return truth


def truth_of_phases(course: Course, events: dict[str, list[float]]) -> dict[str, float]:
    """Metrics of the phases of a countermovement jump, and its stiffness in braking and landing.

    Braking starts where the centre of mass sinks fastest, propulsion where it rises by `RISING_M_PER_S`, and a landing
    ends where it stops sinking.
    """
    fine = np.arange(course.time[0], course.time[-1], 1.0 / FINE_HZ)  # where velocity crosses a value between samples
    signals = (np.interp(fine, course.time, signal) for signal in (course.force, course.velocity))
    course = Course(fine, *signals, course.weight)
    (start,), (bottom,), (takeoff,), (landing,) = (
        events[name] for name in ("movement_start", "bottom", "takeoff", "landing")
    )
    sinking = (course.time >= start) & (course.time <= bottom)
    fastest = float(course.time[sinking][int(np.argmin(course.velocity[sinking]))])
    rising = (course.time >= bottom) & (course.velocity >= RISING_M_PER_S)
    spans = {
        "unweighting": (start, fastest),
        "braking": (fastest, bottom),
        "propulsion": (float(course.time[rising][0]), takeoff),
    }
    stopped = (course.time > landing) & (course.velocity >= 0.0)
    if stopped.any():  # an analytic jump comes to rest without a rise
        spans["landing"] = (landing, float(course.time[stopped][0]))
    truth = {"push_off_distance_m": -course.fell(*spans["propulsion"])}
    for phase, span in spans.items():
        truth |= _truth_of_phase(course, phase, *span)
        if phase in ("braking", "landing"):
            depth = course.fell(*span)
            truth[f"{phase}_stiffness_n_per_m"] = float(course.within(course.force, *span).max()) / depth
    for name in ("landing_peak_force_n", "landing_impulse_n_s"):
        truth.pop(name, None)  # metrics of 0.5 s have these names
    return truth


def _truth_of_phase(course: Course, phase: str, start: float, end: float) -> dict[str, float]:
    """Metrics of a phase between two times."""
    length, impulse = end - start, course.impulse(start, end)
    power, way = course.force * course.velocity, 1.0 if phase == "propulsion" else -1.0
    inside = np.concatenate([[start], course.time[(course.time > start) & (course.time < end)], [end]])
    return {
        f"{phase}_time_s": length,
        f"{phase}_impulse_n_s": impulse,
        f"{phase}_total_impulse_n_s": impulse + course.weight * length,
        f"{phase}_mean_force_n": course.weight + impulse / length,
        f"{phase}_peak_force_n": float(course.within(course.force, start, end).max()),
        f"{phase}_mean_velocity_m_per_s": -course.fell(start, end) / length,
        f"{phase}_peak_velocity_m_per_s": way * float((way * course.within(course.velocity, start, end)).max()),
        f"{phase}_mean_power_w": float(np.trapezoid(np.interp(inside, course.time, power), inside)) / length,
        f"{phase}_peak_power_w": way * float((way * course.within(power, start, end)).max()),
    }


def analytic_phases(seed: int) -> Known:
    """Draw a countermovement jump of which the phases are known."""
    tree, course, events, _ = drawn_jump(seed)
    return Known(tree, {name: [value] for name, value in truth_of_phases(course, events).items()}, events)


def _drift(plates: int, duration_s: float, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Drift (plate, sample) of each plate along a straight line [N]."""
    return rng.normal(0.0, DRIFT_N_PER_S, (plates, 1)) * np.arange(round(duration_s * rate_hz)) / rate_hz


def analytic_jump(seed: int) -> Known:
    """Draw a countermovement jump on one plate or two, each with its zero."""
    tree, course, events, height = drawn_jump(seed)
    truth = truth_of_jump(course, events) | {"jump_height_impulse_m": height}
    return Known(tree, {name: [value] for name, value in truth.items()}, events)


def drawn_jump(seed: int) -> tuple[xr.DataTree, Course, dict[str, list[float]], float]:
    """Draw a countermovement jump: as recorded, its clean course, its events [s], and its height [m]."""
    rng = np.random.default_rng([15, seed])
    options = {
        "mass_kg": rng.uniform(45.0, 110.0), "quiet_s": rng.uniform(1.5, 3.5), "movement_s": rng.uniform(0.7, 0.95),
        "down": rng.uniform(0.4, 0.6), "up": rng.uniform(1.3, 1.7),
        "rise_s": np.exp(rng.uniform(*np.log([2e-3, 15e-3]))),
        "corner_n": tuple(rng.uniform(0.0, CORNER_N, 2)), "seed": seed,
        "onset": (rng.uniform(*ONSET_POWERS), rng.uniform(*ONSET_S)),
        "landing_drop_m": rng.exponential(LANDING_DROP_M),
    }  # fmt: skip
    rate, noise_n = float(rng.choice(RATES_HZ)), float(np.exp(rng.uniform(*np.log(NOISE_N))))
    bits, range_n = CONVERTERS[rng.integers(len(CONVERTERS))]
    jump = countermovement_jump(rate_hz=rate, sway_n=rng.uniform(0.0, 3.0), **options)
    shares = np.array([[1.0], [0.47, 0.53]][rng.integers(2)][:])[:, None]
    plates = len(shares)
    reading = shares * jump.force + rng.uniform(*ZEROS_N, (plates, 1))
    reading = reading + rng.normal(0.0, noise_n / plates**0.5, reading.shape)
    reading = reading + _drift(plates, reading.shape[1] / rate, rate, rng)
    clean = countermovement_jump(rate_hz=FINE_HZ, **options)
    net = (clean.force - clean.body_weight) / (clean.body_weight / GRAVITY)
    speed = np.concatenate([[0.0], np.cumsum(0.5 * (net[1:] + net[:-1]))]) / FINE_HZ
    course = Course(np.arange(clean.force.size) / FINE_HZ, clean.force, speed, clean.body_weight)
    (down,) = (course.time[int(np.argmin(np.cumsum(np.where(course.time < clean.takeoff, speed, 1e9))))],)
    events = {"movement_start": [clean.movement_start], "bottom": [float(down)], "takeoff": [clean.takeoff]}
    events["landing"] = [clean.landing]
    tree = force_trial(
        converted(reading, range_n, bits), rate_hz=rate, feet=("both",) if plates == 1 else ("left", "right")
    )
    return tree, course, events, clean.height


def _technique(task: str, rng: np.random.Generator) -> Technique:
    """Draw what a trial of the virtual athlete shows."""
    usual = default_technique(task)
    drawn = {
        "quiet_s": rng.uniform(1.3, 2.5), "sway": rng.uniform(0.3, 1.5), "asymmetry": rng.uniform(0.46, 0.54),
        "sway_seed": (int(rng.integers(2**31)),),
    }  # fmt: skip
    if task in ("countermovement_jump", "squat_jump", "drop_jump"):
        drawn["takeoff_velocity_m_per_s"] = rng.uniform(2.0, 2.8)
    if task.endswith("jump"):
        drawn["landing_drop_m"] = min(rng.exponential(LANDING_DROP_M), LARGEST_DROP_M)
    if task == "drop_jump":
        drawn |= {"contact_time_s": rng.uniform(0.17, 0.28), "drop_height_m": rng.uniform(0.2, 0.4)}
    if task == "repeated_hops":
        drawn |= {"contact_time_s": rng.uniform(0.17, 0.24), "takeoff_velocity_m_per_s": rng.uniform(1.7, 2.3)}
    if task == "isometric_pull":
        drawn |= {"pull_n": rng.uniform(800.0, 2400.0), "pretension_n": rng.uniform(0.0, 40.0)}
    if task == "squat":
        drawn |= {"eccentric_s": rng.uniform(1.0, 2.2), "concentric_s": rng.uniform(1.1, 1.6)}
        drawn |= {"pause_s": rng.uniform(0.1, 0.8), "rest_between_s": rng.uniform(0.8, 1.5)}
    if task == "sprint":
        drawn["speed_m_per_s"] = rng.uniform(2.8, 3.3)
    return replace(usual, **drawn)


def _course(motion: Motion, weight: float) -> Course:
    """Clean course of a virtual trial."""
    return Course(motion.time, motion.force[:, :, 1].sum(axis=0), motion.body_com_velocity[:, 1], weight)


def _truth_of_motion(motion: Motion, weight: float) -> dict[str, list[float]]:
    """Metrics of each repetition of a virtual trial."""
    course = _course(motion, weight)
    if motion.task == "standing":
        return {"body_weight_n": [weight]}
    if motion.task == "sprint":
        contacts = list(zip(motion.events["touchdown"], motion.events["takeoff"], strict=True))
        return {
            "contact_time_s": [off - on for on, off in contacts],
            "flight_time_s": [on - off for (_, off), (on, _) in pairwise(contacts)] + [np.nan],
            "peak_force_n": [float(course.within(course.force, on, off).max()) for on, off in contacts],
        }
    if motion.task == "repeated_hops":
        return _truth_of_hops(motion, weight)
    if motion.task == "isometric_pull":
        return _truth_of_pull(motion, weight)
    if motion.task == "squat":
        sets = list(zip(*(motion.events[name] for name in ("rep_start", "bottom_start", "rep_end")), strict=True))
        return {
            "system_weight_n": [weight] * len(sets),
            "peak_force_n": [float(course.within(course.force, start, end).max()) for start, _, end in sets],
            "mean_force_n": [weight + course.impulse(start, end) / (end - start) for start, _, end in sets],
            "countermovement_depth_m": [course.fell(start, bottom) for start, bottom, _ in sets],
        }
    truth = truth_of_jump(course, motion.events, countermovement=motion.task != "squat_jump")
    for name in UNSEEN.get(motion.task, ()):
        truth.pop(name, None)
    return {name: [value] for name, value in truth.items()}


def _events_of(motion: Motion) -> dict[str, list[float]]:
    """Events of each repetition [s]; a hop ends with the next touchdown."""
    if motion.task != "repeated_hops":
        return motion.events
    starts = motion.events["touchdown"]
    lands = [*starts[1:], *motion.events["landing"]]
    return {"touchdown": starts, "takeoff": motion.events["takeoff"][1:], "landing": lands}


def _truth_of_hops(motion: Motion, weight: float) -> dict[str, list[float]]:
    """Metrics of each hop; its landing is the next touchdown."""
    starts, ends = motion.events["touchdown"], motion.events["takeoff"][1:]
    lands = [*starts[1:], *motion.events["landing"]]
    contact = np.subtract(ends, starts)
    flight, whole = np.subtract(lands, ends), np.subtract(lands, starts)
    stiffness = weight / GRAVITY * np.pi * whole / (contact**2 * (whole / np.pi - contact / 4.0))
    return {
        "contact_time_s": contact.tolist(),
        "flight_time_s": flight.tolist(),
        "contact_stiffness_n_per_m": stiffness.tolist(),
    }


def _truth_of_pull(motion: Motion, weight: float) -> dict[str, list[float]]:
    """Metrics of a pull, of the bar's share without the sway of standing."""
    base = weight + float(motion.truth["pretension_n"])
    truth = {"force_at_onset_n": base}
    for ms in (50, 100, 200, 250):
        gained = float(motion.truth["pull_n"]) * float(rise_of_force(np.array([ms / 1000.0]))[0])
        truth[f"force_at_{ms}_ms_n"] = base + gained
        truth[f"rate_of_force_development_to_{ms}_ms_n_per_s"] = gained / (ms / 1000.0)
    return {name: [value] for name, value in truth.items()}


#: Metrics whose truth in virtual trials no plate shows: the sideways jump begins with 0.2 s in which force changes by
#: 1 or 2 N, less than sway does; the push-off of the squat jump has no peak but a level.
_FROM_START = (
    "time_to_takeoff_s", "mean_force_n", "rsi_modified_m_per_s", "countermovement_depth_m",
    "rate_of_force_development_n_per_s",
)  # fmt: skip
UNSEEN = {"lateral_jump": _FROM_START, "squat_jump": ("rate_of_force_development_n_per_s",)}
VIRTUAL_TASKS = ("standing", "countermovement_jump", "squat_jump", "drop_jump", "lateral_jump", "squat", "sprint")


def virtual_session(
    seed: int,
    *,
    tasks: tuple[str, ...] = VIRTUAL_TASKS,
    zeros: Literal["drawn", "steady", "anew", "none"] = "drawn",
    usual: bool = False,
    coarse: bool = False,
    phases: bool = False,
) -> dict[str, Known]:
    """Draw a person and record a trial of each task.

    Parameters
    ----------
    seed : of all draws.
    tasks : the trials, in order.
    zeros : what plates read when empty: "steady", as in the rest of the session within `WANDER_N`; "anew" in each
        trial; one of the two ("drawn"); or nothing ("none"). All else is the same.
    usual : whether the plates have `USUAL_NOISE_N` and the finer converter; else both are drawn.
    coarse : whether they have the coarser converter, with noise that is drawn.
    phases : whether the truth of countermovement jumps is that of their phases.
    """
    rng = np.random.default_rng([16, seed])
    athlete = Athlete(height_m=rng.uniform(1.6, 1.9), mass_kg=rng.uniform(50.0, 95.0))
    rate, noise_n = float(rng.choice(RATES_HZ)), float(np.exp(rng.uniform(*np.log(NOISE_N))))
    bits, range_n = CONVERTERS[rng.integers(len(CONVERTERS))]
    if usual:
        noise_n, (bits, range_n) = USUAL_NOISE_N, CONVERTERS[-1]
    if coarse:
        bits, range_n = CONVERTERS[0]
    settings = PlateSettings(noise_n=noise_n / 2.0**0.5, noise_n_m=0.0, offset_n=0.0, offset_n_m=0.0, bits=None)
    coin = rng.uniform()
    anew = bool(coin < 0.5) if zeros == "drawn" else zeros == "anew"
    levels, wander_n = rng.uniform(*ZEROS_N, 2), float(np.exp(rng.uniform(*np.log(WANDER_N))))
    session = {}
    for task in tasks:
        technique = _technique(task, rng)
        motion = simulate_motion(task, athlete, technique, rate_hz=rate)
        plates = plates_under(motion)
        channels, _ = record_plates(motion, plates, settings, rng)
        up = np.array([-surface_wrench(plate, row)[0][:, 2] for plate, row in zip(plates, channels, strict=True)])
        pair = len(plates) == 2 and task not in ("sprint", "lateral_jump")
        fresh, kept = rng.uniform(*ZEROS_N, len(plates)), levels + rng.normal(0.0, wander_n, 2)
        own = fresh if anew or len(plates) != 2 else kept
        own = own if zeros != "none" else np.zeros(len(plates))
        up = up + _drift(len(plates), up.shape[1] / rate, rate, rng)
        weight = (athlete.mass_kg + technique.barbell_kg) * GRAVITY
        tree = force_trial(
            converted(up + own[:, None], range_n, bits), task=task, rate_hz=rate,
            feet=("left", "right") if pair else ("both",) * len(plates),
            leg=technique.leg if task == "lateral_jump" else "both",
        )  # fmt: skip
        if task == "squat":
            # cut by the pelvis, as a laboratory with cameras does
            labels, position = markers_of(build_body(athlete, barbell_kg=technique.barbell_kg), motion)
            seen = position[:: round(rate / CAMERA_HZ)]
            seen = seen + rng.normal(0.0, MARKER_NOISE_M, seen.shape)
            tree = xr.DataTree(
                children={"force": tree["force"], "markers": xr.DataTree(marker_dataset(labels, seen, CAMERA_HZ))}
            )
            tree.attrs["task"] = task
        truth = _truth_of_motion(motion, weight)
        if phases and task == "countermovement_jump":
            truth = {name: [value] for name, value in truth_of_phases(_course(motion, weight), motion.events).items()}
        session[task] = Known(tree, truth, _events_of(motion))
    return session
