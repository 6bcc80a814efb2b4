"""Standard uncertainty of the metrics that are scored again with each source of uncertainty moved."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.reps.repetition import UNPERTURBED
from legsci.metrics.families import isometric
from legsci.metrics.families.force import LANDING_S, braking_is_defined, impact
from legsci.metrics.families.phases import ELSEWHERE, PHASES
from legsci.metrics.measure import measure, prepare
from legsci.metrics.noise import course_length, course_of, excess_of_highest, force_noise, limit_of_largest
from legsci.metrics.registry import METRICS
from legsci.metrics.signals import Reps, at, of_both, peak_time, position
from legsci.tasks import HOPS, REBOUND_JUMPS, RUNNING
from legsci.vocabulary import SIDES, STANDARD_GRAVITY

Array = NDArray[np.float64]

#: Cut-off of the low-pass filter whose effect on the peak of an impact enters its uncertainty where no flight shows how
#: much the platform rings, and on horizontal force [Hz].
FILTER_HZ = 50.0
#: Ringing is read in the flight between these times after the take-off [s], from at least so many samples.
RINGING_S, LEAST_FLIGHT = (0.005, 0.1), 10
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
    "peak_force_n": (*REBOUND_JUMPS, *RUNNING, *HOPS),
    "peak_power_w": (*REBOUND_JUMPS, *RUNNING),
    "braking_peak_force_n": REBOUND_JUMPS,
    "landing_peak_force_percent": None,
    "landing_force_at_peak_n": None,
}
#: Vertical peaks of impacts: the platform's ringing changes them in proportion.
PROPORTIONAL = (
    "landing_peak_force_n",
    "landing_peak_force_percent",
    "landing_force_at_peak_n",
    "peak_force_n",
    "peak_power_w",
    "braking_peak_force_n",
)
#: Variance of Chernoff's distribution (Groeneboom & Wellner 2001, J Comput Graph Stat 10:388).
CHERNOFF_VARIANCE = 0.2636
#: Height by flight time exceeds that by impulse by so much on average [m] (Baumgart et al. 2017, Asian J Sports Med
#: 8:e12921): people land with more flexed joints than they take off with, which lengthens the flight. Height by pelvis
#: markers differs by about as much, since limbs move relative to the pelvis.
POSTURE_M = 0.017
#: Its standard uncertainty about zero, since the definition does not correct it [m]: of an error that is not negative
#: and known by its mean alone, the distribution is exponential (JCGM 101:2008, 6.4), its root mean square 2^0.5
#: times the mean.
FLIGHT_POSTURE_M = 2.0**0.5 * POSTURE_M
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


def _of_both(reps: xr.Dataset) -> Array:
    """Vertical force of both sides (rep, sample) [N]."""
    force = reps.variables["force"].transpose("rep", "side", "sample")
    return np.asarray(force.data[:, SIDES.index("both")], dtype=float)


def _noise_of_peak(reps: Reps, signal: Array, noise: Array, start: xr.Variable, end: xr.Variable) -> Array:
    """Half of the error by noise that 95.45 % of peaks do not exceed (rep,), unit of the signal.

    The largest of noisy samples is on average too high, by the more, the flatter the top is: its error is not normal,
    and half of that limit takes the place of a standard deviation. The limit follows from the distribution of the
    largest of samples that scatter normally about their course.

    Parameters
    ----------
    signal : course without noise (rep, sample).
    noise : standard deviation of each sample (rep, sample), unit of the signal.
    start, end : between which the peak is sought (rep, scoring) [s].
    """
    first, last = (_default(position(reps, moment)) for moment in (start, end))
    rates, answer = reps["sampling_rate_hz"].data.astype(float), np.zeros(len(signal))
    for rep in np.flatnonzero(np.isfinite(first) & np.isfinite(last)):
        inside = slice(max(int(np.ceil(first[rep])), 0), max(int(last[rep]) + 1, 0))
        values = signal[rep, inside]
        known = np.isfinite(values)
        if known.any() and noise[rep, inside][known].max() > 0.0:
            course, sd, length = values[known], noise[rep, inside][known], course_length(rates[rep])
            answer[rep] = 0.5 * limit_of_largest(course, sd, excess_of_highest(course, sd, length))
    return answer


def _between_samples(reps: Reps, force: Array, moment: xr.Variable) -> Array:
    """Standard uncertainty (rep,) of force (rep, sample) interpolated at a time (rep, scoring) [N].

    A course that turns from the slope before two samples into the slope after them departs from the straight line
    between them by up to a quarter of the change per sample; that is the half-width of a rectangular distribution.
    """
    answer, where = np.zeros(len(force)), np.nan_to_num(_default(position(reps, moment)), nan=-1.0).astype(int)
    for rep in np.flatnonzero((where >= 1) & (where + 2 < force.shape[1])):
        before, after = np.diff(force[rep, where[rep] - 1 : where[rep] + 3])[[0, 2]]
        answer[rep] = abs(after - before) / 4.0 / 3.0**0.5
    return np.nan_to_num(answer)


def _of_mean_slope(reps: Reps, force: Array, sd: Array, of_peak: Array) -> Array:
    """Standard uncertainty (rep,) of the rate of force development by its two samples of force [N/s].

    `sd` is the noise of a sample, `of_peak` the uncertainty of peak force, which is the second where nobody brakes [N].
    """
    start, bottom = reps["braking_start"], reps["bottom"]
    ends = [np.hypot(sd, _between_samples(reps, force, moment)) for moment in (start, bottom)]
    highest = peak_time(reps, of_both(reps["force"]), reps["movement_start"], reps["takeoff"])
    with np.errstate(divide="ignore", invalid="ignore"):
        braking = np.hypot(*ends) / _default(bottom - start)
        push_off = np.hypot(sd, of_peak) / _default(highest - reps["movement_start"])
    slope = np.where(_default(braking_is_defined(reps)) == 1.0, braking, push_off)
    return np.nan_to_num(slope, posinf=0.0)


def _noise_of_samples(reps: Reps, force: Array, sd: Array) -> dict[str, Array]:
    """Standard uncertainty (rep,) by the noise of the plates of metrics that read single samples, in their unit.

    `force` is that of both sides (rep, sample), `sd` its noise [N].
    """
    course = course_of(force, reps["sampling_rate_hz"].data.astype(float))
    each = np.broadcast_to(sd[:, None], course.shape)
    end, landing = reps["takeoff"].fillna(reps["movement_end"]), impact(reps)
    speed = reps["velocity"].transpose("rep", "scoring", "sample").data[:, 0]
    of_peak = _noise_of_peak(reps, course, each, reps["movement_start"], end)
    return {
        "braking_time_s": _noise_of_lowest(reps, course, sd),
        "peak_force_n": of_peak,
        "landing_peak_force_n": _noise_of_peak(reps, course, each, landing, landing + LANDING_S),
        "peak_power_w": _noise_of_peak(
            reps, course * speed, each * np.abs(speed), reps["movement_start"], reps["takeoff"]
        ),
        "rate_of_force_development_n_per_s": _of_mean_slope(reps, force, sd, of_peak),
        "force_dip_percent": _noise_of_dip(reps, sd),
    }


def _noise_of_dip(reps: Reps, sd: Array) -> Array:
    """Standard uncertainty (rep,) by the noise of the plates of the difference of two means of force [% of weight]."""
    lengths = np.array([course_length(rate) for rate in reps["sampling_rate_hz"].data.astype(float)])
    weight = _default(of_both(reps["body_weight"]))
    return np.asarray(100.0 * 2.0**0.5 * sd / np.sqrt(lengths) / np.where(weight > 0.0, weight, np.inf))


def _noise_of_lowest(reps: Reps, course: Array, sd: Array) -> Array:
    """Standard uncertainty (rep,) by the noise of the plates of the instant of lowest velocity [s].

    There force passes body weight, with a slope of a per sample. White noise of standard deviation s makes a random
    walk of the velocity, whose lowest point lies (2 s / a)^(2/3) samples from its place, times a variable of Chernoff's
    distribution. Where force changes its slope between two samples, the straight line between them passes body weight
    up to a quarter of a sample off: a rectangular distribution. 0 where braking starts otherwise, as at a touchdown.
    """
    lowest = (reps["braking_start"] == reps["peak_negative_velocity"]).transpose("rep", "scoring").data[:, 0]
    at, rate = _default(position(reps, reps["braking_start"])), reps["sampling_rate_hz"].data.astype(float)
    answer = np.zeros(len(sd))
    for rep in np.flatnonzero(lowest & np.isfinite(at)):
        around = course[rep, max(int(at[rep]) - 1, 0) : int(at[rep]) + 3]
        slope = (around[-1] - around[0]) / (around.size - 1) if around.size > 1 else np.nan
        if slope > 0.0:
            by_noise = CHERNOFF_VARIANCE**0.5 * (2.0 * sd[rep] / slope) ** (2.0 / 3.0)
            answer[rep] = np.hypot(by_noise, 0.25 / 3.0**0.5) / rate[rep]
    return answer


def _noise_of_phases(reps: Reps, force: Array, sd: Array) -> dict[str, Array]:
    """Standard uncertainty (rep,) by the noise of the plates of the metrics of phases, in their unit.

    `force` is that of both sides (rep, sample), `sd` its noise [N].
    """
    course = course_of(force, reps["sampling_rate_hz"].data.astype(float))
    late = _noise_of_lowest(reps, course, sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        answer = {
            name: values for phase in PHASES for name, values in _noise_of_phase(reps, phase, course, sd, late).items()
        }
    return {
        name: np.where(np.isfinite(values), values, 0.0) for name, values in answer.items() if name not in ELSEWHERE
    }


def _noise_of_phase(reps: Reps, phase: str, course: Array, sd: Array, late: Array) -> dict[str, Array]:
    """The same of one phase; `course` is the force (rep, sample), `late` the uncertainty of the lowest velocity [s]."""
    of, rate = PHASES[phase], reps["sampling_rate_hz"].data.astype(float)
    weight, each = _default(of_both(reps["body_weight"])), np.broadcast_to(sd[:, None], course.shape)
    percent, specific = 100.0 / weight, STANDARD_GRAVITY / weight
    span = of.start(reps), of.end(reps)
    length = _default(span[1] - span[0])
    impulse = sd * np.sqrt(length / rate)
    of_speed = sd * np.sqrt(np.abs(_default(span[1]) - _default(reps["rest"])) / rate) * specific
    moved, edge, its_speed = _edge_of_phase(reps, phase, late, of_speed)
    mean, mean_speed, mean_power, highest = (
        _of_phase(reps, phase, name)
        for name in ("mean_force_n", "mean_velocity_m_per_s", "mean_power_w", "peak_force_n")
    )
    net, total = np.hypot(impulse, (edge - weight) * moved), np.hypot(impulse, edge * moved)
    of_mean = np.hypot(impulse, (mean - edge) * moved) / length
    largest = _noise_of_peak(reps, course, each, *span)
    to_peak = _default(peak_time(reps, of_both(reps["force"]), *span) - span[0])
    speed = reps["velocity"].transpose("rep", "scoring", "sample").data[:, 0] * (1.0 if of.upward else -1.0)
    of_power = _noise_of_peak(reps, course * speed, each * np.abs(speed), *span)
    found = {
        "impulse_n_s": net,
        "impulse_n_s_per_kg": net * specific,
        "total_impulse_n_s": total,
        "total_impulse_n_s_per_kg": total * specific,
        "mean_force_n": of_mean,
        "mean_force_percent": of_mean * percent,
        "peak_force_n": largest,
        "peak_force_percent": largest * percent,
        "force_at_peak_n": largest,
        "rate_of_force_development_n_per_s": np.hypot(sd, largest) / to_peak,
        "mean_velocity_m_per_s": np.hypot(of_speed, (mean_speed - its_speed) * moved / length),
        "mean_power_w": np.hypot(of_speed * mean, (mean_power - edge * its_speed) * moved / length),
        "peak_velocity_m_per_s": of_speed,
        "peak_power_w": of_power,
        "peak_power_w_per_kg": of_power * specific,
    }
    if phase == "propulsion":
        found["time_s"] = moved
    if phase in ("braking", "landing"):
        depth = -mean_speed * length
        found["stiffness_n_per_m"] = np.hypot(largest, highest * np.abs(its_speed) * moved / depth) / depth
    return {f"{phase}_{name}": values for name, values in found.items()}


def _of_phase(reps: Reps, phase: str, name: str) -> Array:
    """Metric of a phase, of both sides (rep,), under the default profile."""
    value = reps[f"{phase}_{name}"]
    return _default(of_both(value) if "side" in value.dims else value)


def _edge_of_phase(reps: Reps, phase: str, late: Array, of_speed: Array) -> tuple[Array, Array, Array]:
    """How uncertain the edge of a phase is that no rescoring moves (rep,) [s], with force [N] and velocity [m/s] there.

    Unweighting ends and braking starts where velocity is lowest, by `late`; propulsion starts at a velocity, whose
    noise `of_speed` [m/s] moves it by that over the acceleration.
    """
    if phase not in ("unweighting", "braking", "propulsion"):
        return np.zeros_like(late), np.zeros_like(late), np.zeros_like(late)
    moment = reps["propulsion_start" if phase == "propulsion" else "braking_start"]
    force, speed = (np.nan_to_num(_default(at(reps, of, moment))) for of in (of_both(reps["force"]), reps["velocity"]))
    if phase == "propulsion":
        push = (force / _default(of_both(reps["body_weight"])) - 1.0) * STANDARD_GRAVITY
        late = np.where(push > 0.0, of_speed / np.where(push > 0.0, push, 1.0), 0.0)
    return late, force, speed


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


def _additional(reps: Reps, force: Array, sd: Array) -> dict[str, Array]:
    """Standard uncertainties (rep,) that no rescoring shows, by metric: of noise, posture, and squats at rest."""
    count = len(sd)
    contact = _default(reps["takeoff"] - reps["touchdown"])
    integrals = _noise_of_integrals(reps, sd)
    return {
        **_noise_of_samples(reps, force, sd),
        **integrals,
        **_noise_of_phases(reps, force, sd),
        **isometric.noise(sd, reps["sampling_rate_hz"].data.astype(float)),
        "jump_height_flight_time_m": np.full(count, FLIGHT_POSTURE_M),
        "jump_height_pelvis_m": np.full(count, POSTURE_M),
        "rsi_m_per_s": np.where(contact > 0.0, FLIGHT_POSTURE_M / np.where(contact > 0.0, contact, 1.0), 0.0),
        SQUAT_DEPTH: np.hypot(integrals[SQUAT_DEPTH], _rest_depth(reps)),
    }


def _ringing_part(reps: Reps, force: Array, sd: Array) -> Array:
    """Amplitude of the platform's ringing after the take-off (rep,), as a part of the peak force before; NaN if unseen.

    A platform is linear: an impact makes it ring as the end of a push-off does, in proportion to the force. Of the
    force in the first moments of the flight, what exceeds the noise and its sampling error counts as ringing.
    """
    start, takeoff, landing = (
        _default(position(reps, moment))
        for moment in (reps["movement_start"].fillna(reps["touchdown"]), reps["takeoff"], reps["landing"])
    )
    rate, part = reps["sampling_rate_hz"].data.astype(float), np.full(len(sd), np.nan)
    for rep in np.flatnonzero(np.isfinite(takeoff)):
        first, last = (int(takeoff[rep] + since * rate[rep]) + 1 for since in RINGING_S)
        flight = force[rep, first : int(min(last, np.nan_to_num(landing[rep] - first + takeoff[rep], nan=last)))]
        push_off = force[rep, max(int(np.nan_to_num(start[rep])), 0) : first]
        if flight.size >= LEAST_FLIGHT and np.isfinite(flight).all() and push_off.size:
            excess = (flight**2).mean() - sd[rep] ** 2 * (1.0 + 2.0 * (2.0 / flight.size) ** 0.5)
            part[rep] = (2.0 * max(excess, 0.0)) ** 0.5 / np.nanmax(push_off)
    return part


def _ringing(smooth: xr.Dataset, tasks: NDArray[np.str_], measured: xr.Dataset, part: Array) -> dict[str, Array]:
    """Change (rep,) of the peaks of impacts by ringing: the given part of them, else that of a low-pass filter."""
    filtered, both = measure(smooth, names=list(IMPACT_PEAKS)), SIDES.index("both")
    changes = {}
    for name, chosen in IMPACT_PEAKS.items():
        value = measured.variables[name].data[:, 0, both]
        change = filtered.variables[name].data[:, 0, both] - value
        if name in PROPORTIONAL:
            change = np.where(np.isfinite(part), part * value, change)
        changes[name] = change * (np.isin(tasks, chosen) if chosen is not None else 1.0)
    return changes


def uncertainty(reps: xr.Dataset, measured: xr.Dataset) -> xr.Dataset:
    """Standard uncertainty of the rescored metrics under the default profile: u_<metric> (rep,), side both.

    Each source is moved by one standard uncertainty (weighing, offset, start of movement, take-off, landing) or by the
    width of the choice (contact limit, rest of a squat), the trial is measured again, and the changes add in quadrature
    (JCGM 100:2008, 5.1.3, numerically). To them are added the noise of the plates where a metric reads single samples,
    the ringing of the platform on the peaks of impacts, the effect of a low-pass filter on horizontal force, that of
    posture on heights that depend on it, for depths of squats the displacement that a velocity of `REST_SPEED_M_PER_S`
    at rest gives until the lowest point, and what a metric states itself.
    """
    moved = np.flatnonzero(reps.variables["perturbation"].data != UNPERTURBED)
    rescored = [name for name, metric in METRICS.items() if metric.uncertainty in ("rescored", "both")]
    both, none = SIDES.index("both"), np.zeros(reps.sizes["rep"])
    prepared, smooth = prepare(reps), _filtered(reps)
    force = _of_both(reps)
    sd = force_noise(force)
    additional = _additional(prepared, force, sd)
    ringing = _ringing(smooth, reps.variables["task"].data.astype(str), measured, _ringing_part(prepared, force, sd))
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
