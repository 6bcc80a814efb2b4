"""Metrics of stiffness and of the stretch-shortening cycle: force over displacement, spring models, shape of the force.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from legsci.metrics.families.force import contact_time, flight_time, landing_peak_force, time_to_takeoff
from legsci.metrics.families.phases import PHASES, Measure, peak_force, per_weight
from legsci.metrics.metric import FLANAGAN, FORCE, LINTHORNE, MCMAHON, NOT_SIGNED, Metric
from legsci.metrics.noise import course_of
from legsci.metrics.signals import Reps, at, integral, of_both, position
from legsci.tasks import COUNTERMOVEMENT_JUMPS, HOPS, JUMPS, JUMPS_FROM_REST, LANDED, REBOUND_JUMPS
from legsci.vocabulary import STANDARD_GRAVITY

_MCMAHON_CHENG = "McMahon & Cheng 1990, J Biomech 23(S1):65"
_DALLEAU = "Dalleau et al. 2004, Int J Sports Med 25:170"


def _descent(reps: Reps, phase: str) -> xr.Variable:
    """Descent of the centre of mass over a phase (rep, scoring) [m]."""
    of = PHASES[phase]
    down = -integral(reps, reps["velocity"], of.start(reps), of.end(reps))
    return down.where(down > 0.0)


def braking_stiffness(reps: Reps) -> xr.Variable:
    """Peak force over the descent in braking (rep, scoring) [N/m]."""
    return of_both(peak_force(PHASES["braking"])(reps)) / _descent(reps, "braking")


def landing_stiffness(reps: Reps) -> xr.Variable:
    """Landing peak force over the descent to the lowest point (rep, scoring) [N/m]."""
    return of_both(landing_peak_force(reps)) / _descent(reps, "landing")


def landing_depth(reps: Reps) -> xr.Variable:
    """Descent from landing to the lowest point (rep, scoring) [m]."""
    return _descent(reps, "landing")


def contact_stiffness(reps: Reps) -> xr.Variable:
    """Stiffness of a spring with the same mass, contact and flight time (rep, scoring) [N/m]."""
    mass = of_both(reps["body_weight"]) / STANDARD_GRAVITY
    contact, flight = contact_time(reps), flight_time(reps)
    return mass * np.pi * (flight + contact) / (contact**2 * ((flight + contact) / np.pi - contact / 4.0))


def spring_fit(reps: Reps) -> xr.Variable:
    """Squared correlation of force with the descent of the centre of mass in a contact (rep, scoring) [1].

    0 where force falls with the descent.
    """
    force = of_both(reps["force"]).transpose("rep", "sample").data
    speed = reps["velocity"].transpose("rep", "scoring", "sample").data
    first, last = (position(reps, reps[name]).transpose("rep", "scoring").data for name in ("touchdown", "takeoff"))
    answer = np.full(first.shape, np.nan)
    for rep, scoring in zip(*np.nonzero(np.isfinite(first + last)), strict=True):
        inside = slice(int(np.ceil(first[rep, scoring])), int(last[rep, scoring]) + 1)
        fallen, load = -np.cumsum(speed[rep, scoring, inside]), force[rep, inside]
        if load.size > 2 and np.isfinite(fallen).all():
            answer[rep, scoring] = max(float(np.corrcoef(fallen, load)[0, 1]), 0.0) ** 2
    return xr.Variable(("rep", "scoring"), answer)


def force_at_lowest_point(reps: Reps) -> xr.Variable:
    """Force when velocity is zero at the lowest point (rep, scoring, side) [N]."""
    return at(reps, reps["force"], reps["bottom"]) - reps["offset"]


def force_dip(reps: Reps) -> xr.Variable:
    """Depth of the dip between two peaks of force before take-off (rep, scoring) [% of body weight]."""
    course = course_of(
        of_both(reps["force"]).transpose("rep", "sample").data, reps["sampling_rate_hz"].data.astype(float)
    )
    weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data
    start, end = reps["braking_start"].fillna(reps["movement_start"]), reps["takeoff"]
    first, last = (position(reps, moment).transpose("rep", "scoring").data for moment in (start, end))
    answer = np.full(first.shape, np.nan)
    for rep, scoring in zip(*np.nonzero(np.isfinite(first + last) & (weight > 0.0)), strict=True):
        push = course[rep, int(np.ceil(first[rep, scoring])) : int(last[rep, scoring]) + 1]
        if push.size and np.isfinite(push).all():
            before, after = np.maximum.accumulate(push), np.maximum.accumulate(push[::-1])[::-1]
            answer[rep, scoring] = 100.0 * float((np.minimum(before, after) - push).max()) / weight[rep, scoring]
    return xr.Variable(("rep", "scoring"), answer)


def takeoff_momentum(reps: Reps) -> xr.Variable:
    """Momentum of the centre of mass at take-off (rep, scoring) [kg m/s]."""
    return reps["takeoff_velocity"] * of_both(reps["body_weight"]) / STANDARD_GRAVITY


def positive_impulse(reps: Reps) -> xr.Variable:
    """Net impulse of braking and propulsion, from braking start to take-off (rep, scoring, side) [N s]."""
    start, end = reps["braking_start"].fillna(reps["movement_start"]), reps["takeoff"]
    reading = reps["body_weight"] + reps["offset"]
    return integral(reps, reps["force"], start, end) - reading * (end - start)


def positive_total_impulse(reps: Reps) -> xr.Variable:
    """Impulse of braking and propulsion, body weight included (rep, scoring, side) [N s]."""
    start, end = reps["braking_start"].fillna(reps["movement_start"]), reps["takeoff"]
    return integral(reps, reps["force"], start, end) - reps["offset"] * (end - start)


def _entry(
    measure: Measure, label: str, unit: str, meaning: str, equation: str, source: str, tasks: tuple[str, ...]
) -> Metric:
    """Entry of a metric that is scored again for its uncertainty."""
    return Metric(
        measure,
        label=label,
        unit=unit,
        sign="upward" if unit in ("N", "N s", "kg m/s") else NOT_SIGNED,
        meaning=meaning,
        equation=equation,
        source=source,
        tasks=tasks,
        streams=FORCE,
        uncertainty="rescored",
    )


_BRAKED = (*COUNTERMOVEMENT_JUMPS, *REBOUND_JUMPS)

METRICS: dict[str, Metric] = {
    "braking_stiffness_n_per_m": _entry(
        braking_stiffness,
        "braking stiffness",
        "N/m",
        "Peak force in braking divided by the descent of the centre of mass in it.",
        "max F / -∫ v dt, t_braking_start to t_bottom",
        _MCMAHON_CHENG,
        _BRAKED,
    ),
    "landing_stiffness_n_per_m": _entry(
        landing_stiffness,
        "landing stiffness",
        "N/m",
        "Landing peak force divided by the descent of the centre of mass from landing to the lowest point.",
        "max F / -∫ v dt, from t_landing to v = 0",
        _MCMAHON_CHENG,
        LANDED,
    ),
    "landing_depth_m": _entry(
        landing_depth,
        "landing depth",
        "m",
        "Descent of the centre of mass from landing (task landing: touchdown) to the lowest point.",
        "-∫ v dt, from t_landing to v = 0",
        MCMAHON,
        LANDED,
    ),
    "contact_stiffness_n_per_m": _entry(
        contact_stiffness,
        "stiffness by contact and flight time",
        "N/m",
        "Stiffness of a spring that carries the body with the same contact and flight time: force is taken to be half "
        "a sine over the contact.",
        "m π (T + C) / (C² ((T + C) / π - C / 4)), C contact_time_s, T flight_time_s, m = W / g",
        _DALLEAU,
        (*REBOUND_JUMPS, *HOPS),
    ),
    "spring_model_r2": _entry(
        spring_fit,
        "fit of a spring",
        "1",
        "Squared correlation of force with the descent of the centre of mass over the contact: near 1 a spring is a "
        "fair model, and a stiffness describes the contact; 0 where force falls with the descent.",
        "r² of F and -∫ v dt, t_touchdown to t_takeoff",
        _MCMAHON_CHENG,
        REBOUND_JUMPS,
    ),
    "force_at_lowest_point_n": replace(
        _entry(
            force_at_lowest_point,
            "force at lowest point",
            "N",
            "Vertical force at the lowest point, where velocity is zero.",
            "F(t_bottom)",
            MCMAHON,
            _BRAKED,
        ),
        asymmetry="asymmetry_force_at_lowest_point_percent",
    ),
    "force_at_lowest_point_percent": _entry(
        per_weight(force_at_lowest_point),
        "force at lowest point relative to body weight",
        "%",
        "Vertical force at the lowest point as a percentage of body weight, of both legs together.",
        "100 F(t_bottom) / W",
        MCMAHON,
        _BRAKED,
    ),
    "force_dip_percent": _entry(
        force_dip,
        "dip between two force peaks",
        "%",
        "Depth of the dip between two peaks of force from braking start (without braking: movement start) to take-off, "
        "below the lower of them, as a percentage of body weight; force is averaged over 10 ms. 0 but for noise where "
        "force has a single peak (unimodal), larger the more it has two (bimodal).",
        "100 max over t of (min(max F before t, max F after t) - F(t)) / W",
        "Kennedy & Drake 2018, Sports 6:36 (two shapes of the curve); the depth is defined here",
        JUMPS_FROM_REST,
    ),
    "takeoff_momentum_kg_m_per_s": _entry(
        takeoff_momentum,
        "take-off momentum",
        "kg m/s",
        "Mass times velocity of the centre of mass at take-off.",
        "v(t_takeoff) W / g",
        LINTHORNE,
        JUMPS,
    ),
    "flight_to_takeoff_time_ratio": _entry(
        lambda reps: flight_time(reps) / time_to_takeoff(reps),
        "flight time to time to take-off ratio",
        "1",
        "Flight time divided by the time to take-off: a reactive strength index of jumps from rest.",
        "flight_time_s / time_to_takeoff_s",
        FLANAGAN,
        JUMPS_FROM_REST,
    ),
    "positive_impulse_n_s": _entry(
        positive_impulse,
        "positive impulse",
        "N s",
        "Integral of force minus body weight over braking and propulsion; without braking from movement start.",
        "∫ (F - W) dt, t_braking_start to t_takeoff",
        MCMAHON,
        JUMPS,
    ),
    "positive_total_impulse_n_s": _entry(
        positive_total_impulse,
        "positive total impulse",
        "N s",
        "Integral of vertical force over braking and propulsion, body weight included; without braking from movement "
        "start.",
        "∫ F dt, t_braking_start to t_takeoff",
        MCMAHON,
        JUMPS,
    ),
    "propulsion_to_braking_impulse_ratio": _entry(
        lambda reps: of_both(reps["propulsion_impulse_n_s"] / reps["braking_impulse_n_s"]),
        "propulsion to braking impulse ratio",
        "1",
        "Impulse of propulsion divided by that of braking, both above body weight and of both legs together.",
        "propulsion_impulse_n_s / braking_impulse_n_s",
        MCMAHON,
        _BRAKED,
    ),
}
