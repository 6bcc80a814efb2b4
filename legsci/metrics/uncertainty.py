"""Standard uncertainty of the metrics that are scored again with each source of uncertainty moved."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.reps.repetition import UNPERTURBED
from legsci.metrics.families.force import LANDING_S, impact
from legsci.metrics.measure import measure, prepare
from legsci.metrics.registry import METRICS
from legsci.metrics.signals import Reps, of_both, position
from legsci.tasks import REBOUND_JUMPS, RUNNING
from legsci.vocabulary import SIDES, STANDARD_GRAVITY

Array = NDArray[np.float64]

#: Cut-off of the low-pass filter whose effect on the peak of an impact enters its uncertainty [Hz]: a platform rings.
FILTER_HZ = 50.0
#: Metrics that are the peak of an impact or of a horizontal force, or its impulse, and the tasks in which they are
#: (None: in all).
IMPACT_PEAKS: dict[str, tuple[str, ...] | None] = {
    "landing_peak_force_n": None,
    "landing_peak_anterior_force_n": None,
    "landing_peak_posterior_force_n": None,
    "landing_peak_rightward_force_n": None,
    "landing_peak_leftward_force_n": None,
    "horizontal_braking_impulse_n_s": None,
    "horizontal_propulsion_impulse_n_s": None,
    "peak_force_n": (*REBOUND_JUMPS, *RUNNING),
    "peak_power_w": (*REBOUND_JUMPS, *RUNNING),
}
#: Part of the second differences of force, the smallest, by which the noise of a plate is found, and the variance of
#: that part of standard normal samples; the others may be of impacts.
NOISE_PART, NOISE_PART_VARIANCE = 0.8, 0.4377
#: Samples within so many standard deviations of the noise below a peak may be the highest by noise alone.
ALIKE_SD = 2.0
#: Standard uncertainty of heights by flight time and by pelvis markers due to posture [m]: landing with more flexed
#: joints than at take-off lengthens the flight, and limbs move relative to the pelvis. Flight time exceeds impulse by
#: 1.7 cm on average (Baumgart 2017); the definition does not correct this bias: it is treated as an uncertainty.
POSTURE_M = 0.017
POSTURE_METRICS = ("jump_height_flight_time_m", "jump_height_pelvis_m")
#: Standard deviation of the vertical velocity of the centre of mass in the rests between squats, where it is set to
#: zero [m/s]: residual sway, and the uncertain instant of rest of the pelvis. Chosen so that of simulated squats,
#: lowered for 3 s or held at the bottom for as long, 96 % of the depths lie within twice their uncertainty.
REST_SPEED_M_PER_S = 0.0015
SQUAT_DEPTH, SQUAT_EVENTS = "countermovement_depth_m", ("movement_start", "bottom", "movement_end")


def _default(variable: xr.Variable) -> Array:
    """Values (rep,) of a variable (rep, scoring) under the default profile."""
    return np.asarray(variable.transpose("rep", "scoring").data[:, 0], dtype=float)


def _rest_depth(reps: Reps) -> Array:
    """Standard uncertainty of the depth of each squat (rep,) due to its velocity at rest [m]; 0 for other tasks."""
    start, bottom, end = (_default(reps[name]) for name in SQUAT_EVENTS)
    return np.where(np.isfinite(end), REST_SPEED_M_PER_S * np.nan_to_num(bottom - start), 0.0)


def _filtered(reps: xr.Dataset) -> xr.Dataset:
    """Low-pass vertical and horizontal force at `FILTER_HZ`, default scoring only; events stay."""
    default = reps.isel(scoring=[0])
    dims = {"force": ("rep", "side", "sample"), "horizontal_force": ("rep", "direction", "sample")}
    smooth = {name: default.variables[name].transpose(*of).data.astype(float) for name, of in dims.items()}
    for rep, rate in enumerate(reps.variables["sampling_rate_hz"].data.astype(float)):
        if rate > 4.0 * FILTER_HZ:
            rows = np.concatenate([signals[rep] for signals in smooth.values()])
            slow = butterworth_lowpass(rows, sampling_rate_hz=rate, cutoff_hz=FILTER_HZ)
            smooth["force"][rep], smooth["horizontal_force"][rep] = np.split(slow, [len(smooth["force"][rep])])
    return default.assign({name: (dims[name], signals) for name, signals in smooth.items()})


def force_noise(force: Array) -> Array:
    """Standard deviation of the white noise of force (rep, sample), NaN after its end: (rep,) [N].

    From the smaller ones of its second differences, in which the movement all but vanishes.
    """
    squares = np.sort(np.diff(force, n=2, axis=1) ** 2, axis=1)
    counts = (NOISE_PART * np.isfinite(squares).sum(axis=1)).astype(int)
    means = [float(row[:count].mean()) if count else 0.0 for row, count in zip(squares, counts, strict=True)]
    return np.sqrt(np.array(means) / NOISE_PART_VARIANCE / 6.0)


def _noise_of_peak(reps: Reps, signal: Array, noise: Array, start: xr.Variable, end: xr.Variable) -> Array:
    """Standard uncertainty (rep,) of the largest of noisy samples (rep, sample) between two times, unit of the signal.

    The largest of n samples of normal noise is about (2 ln n)^0.5 standard deviations above their mean (Cramér 1946,
    Mathematical Methods of Statistics, 28.6); n is the number of those within `ALIKE_SD` of the peak. `noise` is
    (rep, sample) in the unit of the signal.
    """
    first, last = (_default(position(reps, moment)) for moment in (start, end))
    answer = np.zeros(len(signal))
    for rep in np.flatnonzero(np.isfinite(first) & np.isfinite(last)):
        inside = slice(max(int(np.ceil(first[rep])), 0), max(int(last[rep]) + 1, 0))
        values = signal[rep, inside]
        if values.size == 0 or np.isnan(values).all():
            continue
        highest = int(np.nanargmax(values))
        sd = float(noise[rep, inside][highest])
        alike = max(int((values >= values[highest] - ALIKE_SD * sd).sum()), 1)
        answer[rep] = sd * (1.0 + 2.0 * np.log(alike)) ** 0.5
    return answer


def _noise_of_samples(reps: Reps, force: Array, sd: Array) -> dict[str, Array]:
    """Standard uncertainty (rep,) by the noise of the plates of metrics that read single samples, in their unit."""
    each = np.broadcast_to(sd[:, None], force.shape)
    end, landing = reps["takeoff"].fillna(reps["movement_end"]), impact(reps)
    speed = reps["velocity"].transpose("rep", "scoring", "sample").data[:, 0]
    start, stop = (_default(reps[name]) for name in ("braking_start", "bottom"))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.nan_to_num(2.0**0.5 * sd / (stop - start), posinf=0.0)
    return {
        "peak_force_n": _noise_of_peak(reps, force, each, reps["movement_start"], end),
        "landing_peak_force_n": _noise_of_peak(reps, force, each, landing, landing + LANDING_S),
        "peak_power_w": _noise_of_peak(
            reps, force * speed, each * np.abs(speed), reps["movement_start"], reps["takeoff"]
        ),
        "rate_of_force_development_n_per_s": slope,
    }


def _noise_of_integrals(reps: Reps, sd: Array) -> dict[str, Array]:
    """Standard uncertainty (rep,) by the noise of the plates of metrics that integrate force, in their unit.

    White noise of standard deviation s, sampled at f, integrates over a time T to s (T / f)^0.5, and twice to
    s (T^3 / 3f)^0.5.
    """
    start, rest, bottom, takeoff, touchdown = (
        _default(reps[name]) for name in ("movement_start", "rest", "bottom", "takeoff", "touchdown")
    )
    rate = reps["sampling_rate_hz"].data.astype(float)
    weight, speed, fall = (
        _default(each) for each in (of_both(reps["body_weight"]), reps["takeoff_velocity"], reps["fall_height_m"])
    )

    def integrated(length: Array) -> Array:
        """Noise of the integral of force over a time [N s]."""
        return sd * np.sqrt(np.abs(length) / rate)

    with np.errstate(divide="ignore", invalid="ignore"):
        per_mass, impulse = STANDARD_GRAVITY / weight, integrated(takeoff - start)
        of_speed = integrated(takeoff - rest) * per_mass
        height = of_speed * speed / STANDARD_GRAVITY
        noise = {
            "net_impulse_n_s": impulse,
            "mean_force_n": impulse / (takeoff - start),
            "landing_impulse_n_s": integrated(np.full_like(sd, LANDING_S)),
            "takeoff_velocity_m_per_s": of_speed,
            "jump_height_impulse_m": height,
            "rsi_modified_m_per_s": height / (takeoff - start),
            "fall_height_m": integrated(rest - touchdown) * per_mass * np.sqrt(2.0 * fall / STANDARD_GRAVITY),
            SQUAT_DEPTH: integrated(bottom - start) * per_mass * np.abs(bottom - start) / 3.0**0.5,
        }
    return {name: np.where(np.isfinite(values), values, 0.0) for name, values in noise.items()}


def _additional(reps: Reps) -> dict[str, Array]:
    """Standard uncertainties (rep,) that no rescoring shows, by metric: of noise, posture, and squats at rest."""
    count = len(reps["task"].data)
    contact = _default(reps["takeoff"] - reps["touchdown"])
    force = of_both(reps["force"]).transpose("rep", "sample").data.astype(float)
    sd = force_noise(force)
    integrals = _noise_of_integrals(reps, sd)
    return {
        **_noise_of_samples(reps, force, sd),
        **integrals,
        **{name: np.full(count, POSTURE_M) for name in POSTURE_METRICS},
        "rsi_m_per_s": np.where(contact > 0.0, POSTURE_M / np.where(contact > 0.0, contact, 1.0), 0.0),
        SQUAT_DEPTH: np.hypot(integrals[SQUAT_DEPTH], _rest_depth(reps)),
    }


def _ringing(reps: xr.Dataset, measured: xr.Dataset) -> dict[str, Array]:
    """Change (rep,) of the peaks of impacts by a low-pass filter."""
    filtered = measure(_filtered(reps), names=list(IMPACT_PEAKS))
    tasks, both = reps.variables["task"].data.astype(str), SIDES.index("both")
    return {
        name: (filtered.variables[name].data - measured.variables[name].data[:, :1])[:, 0, both]
        * (np.isin(tasks, chosen) if chosen is not None else 1.0)
        for name, chosen in IMPACT_PEAKS.items()
    }


def uncertainty(reps: xr.Dataset, measured: xr.Dataset) -> xr.Dataset:
    """Standard uncertainty of the rescored metrics under the default profile: u_<metric> (rep,), side both.

    Each source is moved by one standard uncertainty (weighing, offset, start of movement, take-off, landing) or by the
    width of the choice (contact limit, rest of a squat), the trial is measured again, and the changes add in quadrature
    (JCGM 100:2008, 5.1.3, numerically). To them are added the noise of the plates where a metric reads single samples,
    the effect of a low-pass filter on the peaks of impacts and on horizontal force, `POSTURE_M` for heights that depend
    on posture, for depths of squats the displacement that a velocity of `REST_SPEED_M_PER_S` at rest gives until the
    lowest point, and what a metric states itself.
    """
    moved = np.flatnonzero(reps.variables["perturbation"].data != UNPERTURBED)
    rescored = [name for name, metric in METRICS.items() if metric.uncertainty in ("rescored", "both")]
    both, none = SIDES.index("both"), np.zeros(reps.sizes["rep"])
    additional, ringing = _additional(prepare(reps)), _ringing(reps, measured)
    result = {}
    for name in rescored:
        values = measured.variables[name].data[:, :, both]
        nominal = values[:, 0]
        stated = {}
        if f"u_{name}" in measured.variables:
            stated = {name: np.nan_to_num(measured.variables[f"u_{name}"].data[:, 0, both])}
        others = (part.get(name, none)[:, None] for part in (additional, ringing, stated))
        changes = np.column_stack([values[:, moved] - nominal[:, None], *others])
        total = np.sqrt(np.nansum(changes**2, axis=1))
        result[f"u_{name}"] = ("rep", np.where(np.isfinite(nominal), total, np.nan))
    return xr.Dataset(result)
