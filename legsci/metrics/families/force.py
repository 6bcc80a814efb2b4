"""Metrics of vertical force: weights, peaks, times and impulses.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.force.profiles import load_profiles
from legsci.mechanics.kinetics.session_motion import DIRECTIONS, SWAY_HZ
from legsci.metrics.metric import FLANAGAN, FORCE, LINTHORNE, MCMAHON, NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, at, integral, of_tasks, peak, peak_time, position
from legsci.tasks import (
    HOPS,
    ISOMETRIC,
    JUMPS,
    JUMPS_FROM_REST,
    LANDED,
    LANDINGS,
    REBOUND_JUMPS,
    RUNNING,
    SQUATS,
    STANDING,
)

#: Search window of a landing's peak force [s].
LANDING_S = 0.5

_OWEN = "Owen et al. 2014, J Strength Cond Res 28:1552"
_PRIETO = "Prieto et al. 1996, IEEE Trans Biomed Eng 43:956"


def braking_start(reps: Reps) -> xr.Variable:
    """Start of braking (rep, scoring) [s on the trial's clock]: the event that the profile defines, or touchdown.

    NaN without a countermovement.
    """
    profiles = load_profiles()
    names = [profiles[str(name)].braking_start for name in reps["profile"].data]
    starts = [reps[name].isel(scoring=index) for index, name in enumerate(names)]
    start = reps["touchdown"].fillna(xr.Variable.concat(starts, dim="scoring"))
    return start.where(reps["bottom"] > reps["movement_start"])


def body_weight(reps: Reps) -> xr.Variable:
    """Body weight (rep, scoring, side) [N]."""
    return reps["body_weight"]


def peak_force(reps: Reps) -> xr.Variable:
    """Peak force (rep, scoring, side) [N]; NaN where the movement start was not found, or force ends early."""
    end = reps["takeoff"].fillna(reps["movement_end"])
    whole = position(reps, end) <= reps["sample_count"] - 1.0
    return (peak(reps, reps["force"], reps["movement_start"], end) - reps["offset"]).where(whole)


def mean_force(reps: Reps) -> xr.Variable:
    """Mean force over the movement (rep, scoring, side) [N]: to take-off, of a squat to its end, of a landing 0.5 s."""
    start = reps["movement_start"].fillna(reps["touchdown"])
    end = reps["takeoff"].fillna(reps["movement_end"]).fillna(reps["touchdown"] + LANDING_S)
    whole = position(reps, end) <= reps["sample_count"] - 1.0
    return (integral(reps, reps["force"], start, end) / (end - start) - reps["offset"]).where(whole)


def impact(reps: Reps) -> xr.Variable:
    """Start of the last impact (rep, scoring) [s]: the landing of a jump, else touchdown."""
    return reps["landing"].where(np.isfinite(reps["takeoff"]), reps["touchdown"])


def landing_peak_force(reps: Reps) -> xr.Variable:
    """Landing peak force (rep, scoring, side) [N]."""
    return peak(reps, reps["force"], impact(reps), impact(reps) + LANDING_S) - reps["offset"]


def time_to_peak_force(reps: Reps) -> xr.Variable:
    """Time from touchdown to the landing peak (rep, scoring, side) [s]."""
    return peak_time(reps, reps["force"], impact(reps), impact(reps) + LANDING_S) - impact(reps)


def loading_rate(reps: Reps) -> xr.Variable:
    """Mean loading rate of the landing (rep, scoring, side) [N/s]."""
    duration = time_to_peak_force(reps)
    return landing_peak_force(reps) / duration.where(duration > 0.0)


def flight_time(reps: Reps) -> xr.Variable:
    """Flight time (rep, scoring) [s]."""
    return reps["landing"] - reps["takeoff"]


def contact_time(reps: Reps) -> xr.Variable:
    """Ground contact time of a rebound (rep, scoring) [s]."""
    return reps["takeoff"] - reps["touchdown"]


def time_to_takeoff(reps: Reps) -> xr.Variable:
    """Time from movement start to take-off (rep, scoring) [s]."""
    return reps["takeoff"] - reps["movement_start"]


def _net_impulse(reps: Reps, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Integral of force minus body weight between two times (rep, scoring, side) [N s]."""
    reading = reps["body_weight"] + reps["offset"]
    return integral(reps, reps["force"], start, end) - reading * (end - start)


def net_impulse(reps: Reps) -> xr.Variable:
    """Net impulse from movement start to take-off (rep, scoring, side) [N s]."""
    return _net_impulse(reps, reps["movement_start"], reps["takeoff"])


def rate_of_force_development(reps: Reps) -> xr.Variable:
    """Mean slope of force (rep, scoring, side) [N/s] over braking, else from movement start to peak force."""
    force = reps["force"]
    start, end = reps["braking_start"], reps["bottom"]
    braking = (at(reps, force, end) - at(reps, force, start)) / (end - start).where(end > start)
    push = (reps["movement_start"], reps["takeoff"])
    highest, duration = peak(reps, force, *push), peak_time(reps, force, *push) - reps["movement_start"]
    concentric = (highest - at(reps, force, reps["movement_start"])) / duration.where(duration > 0.0)
    return braking.where(braking_is_defined(reps), concentric)


def braking_is_defined(reps: Reps) -> xr.Variable:
    """Whether the movement has a braking phase (rep, scoring)."""
    return of_tasks(reps, lambda task: task.start != "held_squat") & np.isfinite(reps["braking_start"])


def _sway_range(reps: Reps, direction: str) -> xr.Variable:
    """Range of the centre of pressure in the weighing window (rep, scoring) [m]."""
    signal = reps["centre_of_pressure"].isel(direction=DIRECTIONS.index(direction))
    window = (reps["weighing_start"], reps["weighing_end"] - 1.0 / reps["sampling_rate_hz"])
    return peak(reps, signal, *window) + peak(reps, -signal, *window)


def _centre_of_pressure_range(direction: str, axis: str, words: str) -> Metric:
    """Entry of the range of the centre of pressure in a direction (DIRECTIONS)."""
    return Metric(
        lambda reps: _sway_range(reps, direction),
        label=f"COP range, {words}",
        unit="m",
        sign=NOT_SIGNED,
        meaning=f"Range of the centre of pressure along {axis} ({words}) in the weighing window, low-passed at "
        f"{SWAY_HZ:g} Hz (Ruhe et al. 2010, Gait Posture 32:436).",
        equation=f"max {axis}_COP - min {axis}_COP over the weighing window",
        source=_PRIETO,
        tasks=STANDING,
        streams=FORCE,
        no_uncertainty="a constant error of the centre of pressure cancels in a range, and the low-pass takes most of "
        "the noise of the plates",
    )


METRICS: dict[str, Metric] = {
    "body_weight_n": Metric(
        body_weight,
        label="body weight",
        unit="N",
        sign="upward",
        meaning="Mean vertical force over the weighing window; in isometric efforts and hops the weight in other "
        "trials of the session, or by the stated mass.",
        equation="W = mean F over the weighing window",
        source=_OWEN,
        tasks=(*STANDING, *JUMPS, *LANDINGS, *HOPS, *ISOMETRIC),
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_body_weight_percent",
    ),
    "system_weight_n": Metric(
        body_weight,
        label="system weight",
        unit="N",
        sign="upward",
        meaning="Mean vertical force over the weighing window: weight of the person and the barbell together.",
        equation="W = mean F over the weighing window",
        source=_OWEN,
        tasks=SQUATS,
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_system_weight_percent",
    ),
    "peak_force_n": Metric(
        peak_force,
        label="peak force",
        unit="N",
        sign="upward",
        meaning="Maximum vertical force from movement start to take-off (squat, isometric effort: to the end).",
        equation="max F, t_movement_start to t_takeoff",
        source=MCMAHON,
        tasks=(*JUMPS, *SQUATS, *RUNNING, *HOPS, *ISOMETRIC),
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_peak_force_percent",
    ),
    "mean_force_n": Metric(
        mean_force,
        label="mean force",
        unit="N",
        sign="upward",
        meaning="Mean vertical force from movement start to take-off (squat: to the end; task landing: 0.5 s from "
        "touchdown).",
        equation="∫ F dt / (t_takeoff - t_movement_start), t_movement_start to t_takeoff",
        source=MCMAHON,
        tasks=(*JUMPS, *SQUATS, *LANDINGS, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_mean_force_percent",
    ),
    "landing_peak_force_n": Metric(
        landing_peak_force,
        label="landing peak force",
        unit="N",
        sign="upward",
        meaning="Maximum vertical force in the 0.5 s after landing (task landing: after touchdown).",
        equation="max F, t_landing to t_landing + 0.5 s",
        source=MCMAHON,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_landing_peak_force_percent",
    ),
    "flight_time_s": Metric(
        flight_time,
        label="flight time",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from take-off to landing; in running and hopping to the next touchdown.",
        equation="t_landing - t_takeoff",
        source=LINTHORNE,
        tasks=(*JUMPS, *RUNNING, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "contact_time_s": Metric(
        contact_time,
        label="contact time",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from touchdown to take-off.",
        equation="t_takeoff - t_touchdown",
        source=FLANAGAN,
        tasks=(*REBOUND_JUMPS, *RUNNING, *HOPS),
        streams=FORCE,
        uncertainty="rescored",
    ),
    "time_to_takeoff_s": Metric(
        time_to_takeoff,
        label="time to take-off",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from movement start to take-off.",
        equation="t_takeoff - t_movement_start",
        source="Ebben & Petushek 2010, J Strength Cond Res 24:1983",
        tasks=JUMPS_FROM_REST,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "net_impulse_n_s": Metric(
        net_impulse,
        label="net impulse",
        unit="N s",
        sign="upward",
        meaning="Integral of force minus body weight from movement start to take-off.",
        equation="∫ (F - W) dt, t_movement_start to t_takeoff",
        source=LINTHORNE,
        tasks=JUMPS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "rate_of_force_development_n_per_s": Metric(
        rate_of_force_development,
        label="rate of force development",
        unit="N/s",
        sign="rising force",
        meaning="Mean slope of force over braking; without a braking phase, from movement start to peak force.",
        equation="(F(t_bottom) - F(t_braking_start)) / (t_bottom - t_braking_start)",
        source=MCMAHON,
        tasks=JUMPS_FROM_REST,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "time_to_peak_force_s": Metric(
        time_to_peak_force,
        label="time to peak force",
        unit="s",
        sign=NOT_SIGNED,
        meaning="Time from touchdown to the landing peak force.",
        equation="t_peak - t_touchdown",
        source=MCMAHON,
        tasks=LANDINGS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "loading_rate_n_per_s": Metric(
        loading_rate,
        label="loading rate",
        unit="N/s",
        sign="rising force",
        meaning="Landing peak force divided by the time from touchdown to it.",
        equation="F(t_peak) / (t_peak - t_touchdown)",
        source=MCMAHON,
        tasks=LANDINGS,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "centre_of_pressure_range_ap_m": _centre_of_pressure_range("anterior", "x", "anteroposterior"),
    "centre_of_pressure_range_ml_m": _centre_of_pressure_range("right", "z", "mediolateral"),
}
