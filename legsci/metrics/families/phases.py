"""Metrics of phases, from unweighting to stabilisation: the same quantities of each, named `<phase>_<quantity>`.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from legsci.metrics.families.force import impact
from legsci.metrics.metric import FORCE, MCMAHON, NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, at, integral, of_both, peak, peak_time, position
from legsci.tasks import COUNTERMOVEMENT_JUMPS, JUMPS, LANDED, LANDINGS, REBOUND_JUMPS
from legsci.vocabulary import STANDARD_GRAVITY

Measure = Callable[[Reps], xr.Variable]


@dataclass(frozen=True)
class Phase:
    """A phase of a movement.

    Parameters
    ----------
    start, end : its limits (rep, scoring) [s on the trial's clock].
    first, last : these in the symbols of docs/metrics.md.
    words : from when to when.
    upward : whether the centre of mass rises; peaks of velocity and power are the largest in that direction.
    tasks : those that have it.
    """

    start: Measure
    end: Measure
    first: str
    last: str
    words: str
    upward: bool
    tasks: tuple[str, ...]


def landing_end(reps: Reps) -> xr.Variable:
    """When the centre of mass stops sinking after an impact (rep, scoring) [s]; NaN without velocity."""
    speed = reps["velocity"].transpose("rep", "scoring", "sample").data
    first = position(reps, impact(reps)).transpose("rep", "scoring").data
    found = np.full(first.shape, np.nan)
    for place in zip(*np.nonzero(np.isfinite(first)), strict=True):
        begin = int(np.ceil(first[place]))
        after = speed[place][begin:]
        rises = np.flatnonzero(after >= 0.0)
        if rises.size and rises[0] > 0:
            before, at_rest = after[rises[0] - 1 : rises[0] + 1]
            found[place] = begin + rises[0] - at_rest / (at_rest - before)
    start, rate = (reps[name].data.reshape(len(found), 1) for name in ("window_start", "sampling_rate_hz"))
    return xr.Variable(("rep", "scoring"), found / rate + start)


#: In the order in which they follow one another.
PHASES = {
    "unweighting": Phase(
        lambda reps: reps["movement_start"],
        lambda reps: reps["braking_start"],
        "t_movement_start",
        "t_braking_start",
        "movement start to braking start (as the profile defines it)",
        upward=False,
        tasks=COUNTERMOVEMENT_JUMPS,
    ),
    "braking": Phase(
        lambda reps: reps["braking_start"],
        lambda reps: reps["bottom"],
        "t_braking_start",
        "t_bottom",
        "braking start (as the profile defines it; drop jump: touchdown) to the lowest point, v = 0",
        upward=False,
        tasks=(*COUNTERMOVEMENT_JUMPS, *REBOUND_JUMPS),
    ),
    "propulsion": Phase(
        lambda reps: reps["propulsion_start"],
        lambda reps: reps["takeoff"],
        "t_propulsion_start",
        "t_takeoff",
        "propulsion start (as the profile defines it) to take-off",
        upward=True,
        tasks=JUMPS,
    ),
    "landing": Phase(
        lambda reps: impact(reps),
        lambda reps: reps["landing_end"],
        "t_landing",
        "the lowest point after it",
        "landing (task landing: touchdown) to the lowest point after it, v = 0",
        upward=False,
        tasks=LANDED,
    ),
    "stabilisation": Phase(
        lambda reps: reps["landing_end"],
        lambda reps: impact(reps) + reps["time_to_stabilisation_s"],
        "the lowest point",
        "t_touchdown + time_to_stabilisation_s",
        "the lowest point after touchdown until force stays about body weight",
        upward=True,
        tasks=LANDINGS,
    ),
}
#: Phases whose share is one of the time to stabilisation.
OF_LANDINGS = ("landing", "stabilisation")
#: Metrics of another family under a name of this pattern: of the 0.5 s after a landing.
ELSEWHERE = ("landing_peak_force_n", "landing_impulse_n_s")


def duration(phase: Phase) -> Measure:
    """Measure: length of a phase (rep, scoring) [s]."""
    return lambda reps: phase.end(reps) - phase.start(reps)


def share(phase: Phase) -> Measure:
    """Measure: length of a phase in percent of the time to take-off, in a rebound of contact (rep, scoring) [%].

    In a landing, which has no take-off, in percent of the time to stabilisation.
    """

    def measure(reps: Reps) -> xr.Variable:
        """Divide the length of the phase by that of the movement."""
        whole = (reps["takeoff"] - reps["movement_start"]).fillna(reps["time_to_stabilisation_s"])
        return 100.0 * duration(phase)(reps) / whole.where(whole > 0.0)

    return measure


def total_impulse(phase: Phase) -> Measure:
    """Measure: integral of force over a phase (rep, scoring, side) [N s]."""

    def measure(reps: Reps) -> xr.Variable:
        """Integrate what the plates read, less the error of their zero."""
        start, end = phase.start(reps), phase.end(reps)
        return integral(reps, reps["force"], start, end) - reps["offset"] * (end - start)

    return measure


def net_impulse(phase: Phase) -> Measure:
    """Measure: integral of force minus body weight over a phase (rep, scoring, side) [N s]."""
    return lambda reps: total_impulse(phase)(reps) - reps["body_weight"] * duration(phase)(reps)


def mean_force(phase: Phase) -> Measure:
    """Measure: mean force of a phase (rep, scoring, side) [N]."""

    def measure(reps: Reps) -> xr.Variable:
        """Divide the impulse by the length of the phase."""
        length = duration(phase)(reps)
        return total_impulse(phase)(reps) / length.where(length > 0.0)

    return measure


def peak_force(phase: Phase) -> Measure:
    """Measure: largest force of a phase (rep, scoring, side) [N]."""
    return lambda reps: _largest(reps, reps["force"], phase) - reps["offset"]


def _largest(reps: Reps, signal: xr.Variable, phase: Phase) -> xr.Variable:
    """Largest value of a signal (..., sample) in a phase, whose ends lie between samples [unit of the signal]."""
    start, end = phase.start(reps), phase.end(reps)
    most = peak(reps, signal, start, end)
    for moment in (start, end):
        value = at(reps, signal, moment).transpose(*most.dims)
        most = value.where(value > most, most)
    return most


def force_at_peak(phase: Phase) -> Measure:
    """Measure: force when that of both legs together is largest in a phase (rep, scoring, side) [N]."""

    def measure(reps: Reps) -> xr.Variable:
        """Read the force of each side at one instant."""
        instant = peak_time(reps, of_both(reps["force"]), phase.start(reps), phase.end(reps))
        return at(reps, reps["force"], instant) - reps["offset"]

    return measure


def rate_of_force_development(phase: Phase) -> Measure:
    """Measure: mean slope of force from the start of a phase to its largest force (rep, scoring, side) [N/s]."""

    def measure(reps: Reps) -> xr.Variable:
        """Divide the rise by its time."""
        start, end, force = phase.start(reps), phase.end(reps), reps["force"]
        length = peak_time(reps, force, start, end) - start
        return (peak(reps, force, start, end) - at(reps, force, start)) / length.where(length > 0.0)

    return measure


def mean_of(signal: str, phase: Phase) -> Measure:
    """Measure: mean of velocity or power over a phase (rep, scoring)."""

    def measure(reps: Reps) -> xr.Variable:
        """Divide the integral by the length of the phase."""
        length = duration(phase)(reps)
        return integral(reps, reps[signal], phase.start(reps), phase.end(reps)) / length.where(length > 0.0)

    return measure


def peak_of(signal: str, phase: Phase) -> Measure:
    """Measure: velocity or power that is largest in the direction of a phase (rep, scoring); negative while sinking."""
    way = 1.0 if phase.upward else -1.0
    return lambda reps: _largest(reps, reps[signal] * way, phase) * way


def power(reps: Reps) -> xr.Variable:
    """Power of the ground reaction on the centre of mass (rep, scoring, sample) [W]."""
    return reps["velocity"] * of_both(reps["force"]) - reps["velocity"] * reps["offset"]


def per_mass(measure: Measure) -> Measure:
    """Measure: a quantity of both legs together per body mass (rep, scoring)."""

    def whole(reps: Reps) -> xr.Variable:
        """Divide by the mass that body weight tells."""
        value = measure(reps)
        both = of_both(value) if "side" in value.dims else value
        return both * STANDARD_GRAVITY / of_both(reps["body_weight"])

    return whole


def per_weight(measure: Measure) -> Measure:
    """Measure: a force of both legs together in percent of body weight (rep, scoring) [%]."""
    return lambda reps: 100.0 * of_both(measure(reps)) / of_both(reps["body_weight"])


class Quantity(NamedTuple):
    """A quantity that every phase has.

    Parameters
    ----------
    name : of the metric; {phase} stands for that of the phase.
    measure : of a phase.
    label, unit, equation : of the metric; {first}, {last}, {span}, {length} and {extreme} stand for those of the phase.
    what : beginning of its meaning.
    compared : name of the asymmetry of its sides; None where sides are not compared.
    """

    name: str
    measure: Callable[[Phase], Measure]
    label: str
    unit: str
    what: str
    equation: str
    compared: str | None = None


_WHOLE = "of both legs together,"
QUANTITIES = (
    Quantity("{phase}_time_s", duration, "time", "s", "Time", "{last} - {first}"),
    Quantity("{phase}_mean_force_n", mean_force, "mean force", "N",
             "Mean vertical force", "∫ F dt / {length}", compared="asymmetry_{phase}_mean_force_percent"),
    Quantity("{phase}_mean_force_percent", lambda of: per_weight(mean_force(of)),
             "mean force relative to body weight", "%",
             f"Mean vertical force as a percentage of body weight, {_WHOLE}", "100 ∫ F dt / W / {length}"),
    Quantity("{phase}_peak_force_n", peak_force, "peak force", "N",
             "Maximum vertical force", "max F, {span}", compared="asymmetry_{phase}_peak_force_percent"),
    Quantity("{phase}_peak_force_percent", lambda of: per_weight(peak_force(of)),
             "peak force relative to body weight", "%",
             f"Maximum vertical force as a percentage of body weight, {_WHOLE}", "100 max F / W, {span}"),
    Quantity("{phase}_force_at_peak_n", force_at_peak, "force at peak force of both legs", "N",
             "Vertical force at the instant at which that of both legs together is largest", "F(t_peak), {span}",
             compared="asymmetry_{phase}_force_at_peak_percent"),
    Quantity("{phase}_rate_of_force_development_n_per_s", rate_of_force_development, "RFD", "N/s",
             "Mean slope of vertical force from the start to its maximum",
             "(F(t_peak) - F({first})) / (t_peak - {first})",
             compared="asymmetry_{phase}_rate_of_force_development_percent"),
    Quantity("{phase}_impulse_n_s", net_impulse, "impulse", "N s",
             "Integral of force minus body weight", "∫ (F - W) dt, {span}",
             compared="asymmetry_{phase}_impulse_percent"),
    Quantity("{phase}_impulse_n_s_per_kg", lambda of: per_mass(net_impulse(of)), "impulse per body mass", "N s/kg",
             f"Integral of force minus body weight per body mass, {_WHOLE}", "g / W ∫ (F - W) dt, {span}"),
    Quantity("{phase}_total_impulse_n_s", total_impulse, "total impulse", "N s",
             "Integral of vertical force, body weight included", "∫ F dt, {span}",
             compared="asymmetry_{phase}_total_impulse_percent"),
    Quantity("{phase}_total_impulse_n_s_per_kg", lambda of: per_mass(total_impulse(of)), "total impulse per body mass",
             "N s/kg", f"Integral of vertical force, body weight included, per body mass, {_WHOLE}",
             "g / W ∫ F dt, {span}"),
    Quantity("{phase}_mean_velocity_m_per_s", lambda of: mean_of("velocity", of), "mean velocity", "m/s",
             "Mean velocity of the centre of mass", "∫ v dt / {length}"),
    Quantity("{phase}_peak_velocity_m_per_s", lambda of: peak_of("velocity", of), "peak velocity", "m/s",
             "Velocity of the centre of mass that is largest in the direction of the phase", "{extreme} v, {span}"),
    Quantity("{phase}_mean_power_w", lambda of: mean_of("whole_body_power", of), "mean power", "W",
             "Mean of force times velocity", "∫ F v dt / {length}"),
    Quantity("{phase}_mean_power_w_per_kg", lambda of: per_mass(mean_of("whole_body_power", of)),
             "mean power per body mass",
             "W/kg", "Mean of force times velocity per body mass", "g / W ∫ F v dt / {length}"),
    Quantity("{phase}_peak_power_w", lambda of: peak_of("whole_body_power", of), "peak power", "W",
             "Force times velocity that is largest in the direction of the phase", "{extreme} F v, {span}"),
    Quantity("{phase}_peak_power_w_per_kg", lambda of: per_mass(peak_of("whole_body_power", of)),
             "peak power per body mass",
             "W/kg", "Force times velocity per body mass that is largest in the direction of the phase",
             "{extreme} g F v / W, {span}"),
)  # fmt: skip
#: Sign of a quantity by its unit; of all others positive is upward.
_SIGNS = {"s": NOT_SIGNED, "%": NOT_SIGNED, "N/s": "rising force"}
#: Unweighting has no rise of force, and others are metrics of another family.
_ABSENT = ("unweighting_rate_of_force_development_n_per_s", *ELSEWHERE)
#: Of sides whose impulses are negative, or cancel, none is the larger.
_NOT_COMPARED = ("unweighting_impulse_n_s",)


def _metric(phase: str, quantity: Quantity) -> Metric:
    """Entry of a quantity of a phase."""
    of, compared = PHASES[phase], quantity.compared
    if quantity.name.format(phase=phase) in _NOT_COMPARED:
        compared = None
    return Metric(
        quantity.measure(of),
        label=f"{phase} {quantity.label}",
        unit=quantity.unit,
        sign=_SIGNS.get(quantity.unit, "upward"),
        meaning=f"{quantity.what} over {phase} ({of.words}).",
        equation=quantity.equation.format(
            first=of.first,
            last=of.last,
            span=f"{of.first} to {of.last}",
            length=f"({of.last} - {of.first})",
            extreme="max" if of.upward else "min",
        ),
        source=MCMAHON,
        tasks=of.tasks,
        streams=FORCE,
        uncertainty="rescored",
        asymmetry=compared.format(phase=phase) if compared else None,
    )


def _share(phase: str) -> Metric:
    """Entry of the length of a phase as part of the movement, or of a landing."""
    of = PHASES[phase]
    whole, words, tasks = (
        ("time_to_stabilisation_s", "time to stabilisation", LANDINGS)
        if phase in OF_LANDINGS
        else (
            "(t_takeoff - t_movement_start)",
            "time from movement start (drop jump: touchdown) to take-off",
            of.tasks,
        )
    )
    entry = _metric(phase, Quantity("", share, "share of time", "%", "Time", f"100 {{length}} / {whole}"))
    meaning = f"Time over {phase} ({of.words}), as a percentage of the {words}."
    return replace(entry, meaning=meaning, tasks=tasks)


def _metrics_of(phase: str) -> dict[str, Metric]:
    """Entries of a phase by name."""
    time, *others = ((quantity.name.format(phase=phase), _metric(phase, quantity)) for quantity in QUANTITIES)
    entries = dict([time, (f"{phase}_time_percent", _share(phase)), *others])
    return {name: metric for name, metric in entries.items() if name not in _ABSENT}


METRICS: dict[str, Metric] = {name: metric for phase in PHASES for name, metric in _metrics_of(phase).items()}
