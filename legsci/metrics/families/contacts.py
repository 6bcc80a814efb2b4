"""Metrics of landings and running steps: impulse, horizontal force, stabilisation, foot strike and speed.

Each takes what `prepare` in measure.py makes of a reps file; METRICS and STABILISATION, at the end, define each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.kinetics.session_motion import DIRECTIONS
from legsci.metrics.families.force import LANDING_S, impact
from legsci.metrics.families.joints import of_frames, working
from legsci.metrics.metric import FORCE, MOTION, NOT_SIGNED, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, integral, of_both, peak, position
from legsci.quality import QualityFlag
from legsci.tasks import LANDED, LANDINGS, RUNNING
from legsci.vocabulary import AXES, SIDES

_SPEED = "errors of the pelvis markers cancel in its displacement; the scale of the cameras is not known to legsci"
_HUNTER = "Hunter et al. 2005, J Appl Biomech 21:31"
#: Force is that of standing while it stays within this part of body weight for so long [s] (Flanagan et al. 2008).
STEADY_PART, STEADY_S = 0.05, 1.0
#: The sequential average is stable within this part of the standard deviation of the series (Colby et al. 1999).
SEQUENTIAL_SDS = 0.25
#: Length of the series from the landing [s]; our choice. Times by sequential averaging depend on it more than on
#: sampling rate or filter (Fransz et al. 2015, Gait Posture 41:63).
SERIES_S = 3.0

Settling = Callable[[NDArray[np.float64], float, float, float], float]


def landing_impulse(reps: Reps) -> xr.Variable:
    """Vertical impulse of the first 0.5 s of the landing (rep, scoring, side) [N s]."""
    start, end = impact(reps), impact(reps) + LANDING_S
    whole = position(reps, end) <= reps["sample_count"] - 1.0
    return (integral(reps, reps["force"], start, end) - reps["offset"] * LANDING_S).where(whole)


def _along(reps: Reps, direction: str) -> xr.Variable:
    """Horizontal force in a direction (rep, sample) [N]."""
    return reps["horizontal_force"].isel(direction=DIRECTIONS.index(direction))


def landing_peak_anterior_force(reps: Reps) -> xr.Variable:
    """Largest forward force of the landing (rep, scoring) [N]."""
    return peak(reps, _along(reps, "anterior"), impact(reps), impact(reps) + LANDING_S) - reps["offset"]


def landing_peak_posterior_force(reps: Reps) -> xr.Variable:
    """Largest backward force of the landing (rep, scoring) [N]."""
    return peak(reps, -_along(reps, "anterior"), impact(reps), impact(reps) + LANDING_S) + reps["offset"]


def landing_peak_rightward_force(reps: Reps) -> xr.Variable:
    """Largest force to the right of the landing (rep, scoring) [N]."""
    return peak(reps, _along(reps, "right"), impact(reps), impact(reps) + LANDING_S) - reps["offset"]


def landing_peak_leftward_force(reps: Reps) -> xr.Variable:
    """Largest force to the left of the landing (rep, scoring) [N]."""
    return peak(reps, -_along(reps, "right"), impact(reps), impact(reps) + LANDING_S) + reps["offset"]


def _horizontal(reps: Reps, sign: float) -> xr.Variable:
    """Impulse of the forward (1) or backward (-1) force of a contact (rep, scoring, side) [N s], at the foot's side."""
    force, contact = sign * _along(reps, "anterior"), (reps["touchdown"], reps["takeoff"])
    # A zero error of the plate, the same along each axis, acts for as long as force points this way.
    lasting = integral(reps, (force > 0.0).astype(float), *contact)
    impulse = integral(reps, force.clip(min=0.0), *contact) - sign * reps["offset"] * lasting
    legs = reps["leg"].data.astype(str)
    own = xr.Variable(("rep", "side"), [[side in ("both", leg) for side in SIDES] for leg in legs])
    return impulse.where(own)


def horizontal_braking_impulse(reps: Reps) -> xr.Variable:
    """Impulse of the backward ground force of a contact (rep, scoring, side) [N s]."""
    return _horizontal(reps, -1.0)


def horizontal_propulsion_impulse(reps: Reps) -> xr.Variable:
    """Impulse of the forward ground force of a contact (rep, scoring, side) [N s]."""
    return _horizontal(reps, 1.0)


def foot_strike_angle(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """Pitch of the foot at touchdown, relative to standing, and its uncertainty (rep, scoring, side) [deg]."""
    curves = reps["foot_pitch"], reps["u_foot_pitch"]
    value, uncertainty = (working(reps, at(of_frames(reps), curve, reps["touchdown"])) for curve in curves)
    return value, uncertainty


def running_speed(reps: Reps) -> xr.Variable:
    """Mean horizontal speed of the pelvis over the recording (rep, scoring) [m/s]."""
    return reps["mean_speed"].set_dims(reps["takeoff"].sizes)


def step_speed(reps: Reps) -> xr.Variable:
    """Mean horizontal speed of the pelvis from a touchdown to the next (rep, scoring) [m/s]."""
    frames = of_frames(reps)
    horizontal = reps["pelvis_position"].isel(axis=[list(AXES).index(axis) for axis in "xz"])
    displacement = at(frames, horizontal, reps["landing"]) - at(frames, horizontal, reps["touchdown"])
    return (displacement**2).sum("axis", skipna=False) ** 0.5 / (reps["landing"] - reps["touchdown"])


def _within_band(after: NDArray[np.float64], level: float, weight: float, rate: float) -> float:
    """First sample from which force (sample,) stays about its level in standing; NaN where it does not for so long."""
    # samples after the end of the recording are NaN: not known to be steady
    away = np.isnan(after) | (np.abs(after - level) > STEADY_PART * weight)
    edges = np.flatnonzero(np.concatenate([away, [True]]))
    starts = np.concatenate([[0], edges[:-1] + 1])
    steady = np.flatnonzero(edges - starts >= STEADY_S * rate)
    return float(starts[steady[0]]) if steady.size else np.nan


def _by_sequence(after: NDArray[np.float64], level: float, weight: float, rate: float) -> float:
    """First sample from which the mean of force (sample,) since the landing stays about that of the whole series."""
    series = after[: round(SERIES_S * rate)]
    if series.size < round(SERIES_S * rate) or np.isnan(series).any():
        return np.nan
    sequential = np.cumsum(series) / np.arange(1, series.size + 1)
    away = np.flatnonzero(np.abs(sequential - series.mean()) > SEQUENTIAL_SDS * series.std(ddof=1))
    return float(away[-1] + 1) if away.size else 0.0


def settling_time(rule: Settling) -> Callable[[Reps], xr.Variable]:
    """Measure: time from landing until force is settled by a rule (rep, scoring) [s]; NaN where it is not."""

    def measure(reps: Reps) -> xr.Variable:
        """Apply the rule to the force after each landing."""
        force = of_both(reps["force"]).transpose("rep", "sample").data
        weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data
        reading = weight + reps["offset"].transpose("rep", "scoring").data
        first = position(reps, impact(reps)).transpose("rep", "scoring").data
        found = np.full(first.shape, np.nan)
        for place in zip(*np.nonzero(np.isfinite(first) & (weight > 0.0)), strict=True):
            rate, begin = float(reps["sampling_rate_hz"].data[place[0]]), int(np.ceil(first[place]))
            settled = rule(force[place[0], begin:], float(reading[place]), float(weight[place]), rate)
            found[place] = (begin + settled - first[place]) / rate
        return xr.Variable(("rep", "scoring"), found)

    return measure


def stabilisation_flags(reps: Reps) -> dict[int, list[QualityFlag]]:
    """Quality flags of landings without a time to stabilisation under the default profile, by place of the repetition.

    Parameters
    ----------
    reps : answer of `prepare`.
    """
    first = position(reps, impact(reps)).transpose("rep", "scoring").data[:, 0]
    weight = of_both(reps["body_weight"]).transpose("rep", "scoring").data[:, 0]
    recorded = (reps["sample_count"].data - first) / reps["sampling_rate_hz"].data
    flags: dict[int, list[QualityFlag]] = {}
    for name, code, limit in (
        ("time_to_stabilisation_s", "not_settled", STEADY_S),
        ("sequential_stabilisation_s", "series_short", SERIES_S),
    ):
        landed = np.isfinite(first) & (weight > 0.0) & np.isin(reps["task"].data.astype(str), STABILISATION[name].tasks)
        missing = np.isnan(reps[name].transpose("rep", "scoring").data[:, 0])
        for rep in np.flatnonzero(landed & missing).tolist():
            flags.setdefault(rep, []).append(QualityFlag(code, value=float(recorded[rep]), limit=limit))
    return flags


METRICS: dict[str, Metric] = {
    "landing_impulse_n_s": Metric(
        landing_impulse,
        label="landing impulse",
        unit="N s",
        sign="upward",
        meaning="Integral of vertical force over the 0.5 s after landing (task landing: after touchdown).",
        equation="∫ F dt, t_landing to t_landing + 0.5 s",
        source=OWN_DEFINITION,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
        asymmetry="asymmetry_landing_impulse_percent",
    ),
    "landing_peak_anterior_force_n": Metric(
        landing_peak_anterior_force,
        label="landing peak anterior force",
        unit="N",
        sign="forward",
        meaning="Maximum anterior force on the body in the 0.5 s after landing (task landing: after touchdown).",
        equation="max F_x, t_landing to t_landing + 0.5 s",
        source=OWN_DEFINITION,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "landing_peak_posterior_force_n": Metric(
        landing_peak_posterior_force,
        label="landing peak posterior force",
        unit="N",
        sign="backward",
        meaning="Maximum posterior force on the body in the 0.5 s after landing (task landing: after touchdown).",
        equation="max -F_x, t_landing to t_landing + 0.5 s",
        source=OWN_DEFINITION,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "landing_peak_rightward_force_n": Metric(
        landing_peak_rightward_force,
        label="landing peak rightward force",
        unit="N",
        sign="to the right",
        meaning="Maximum mediolateral force on the body to the right in the 0.5 s after landing (task landing: after "
        "touchdown), of all plates together: forces of the feet against each other cancel.",
        equation="max F_z, t_landing to t_landing + 0.5 s",
        source=OWN_DEFINITION,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "landing_peak_leftward_force_n": Metric(
        landing_peak_leftward_force,
        label="landing peak leftward force",
        unit="N",
        sign="to the left",
        meaning="Maximum mediolateral force on the body to the left in the 0.5 s after landing (task landing: after "
        "touchdown), of all plates together: forces of the feet against each other cancel.",
        equation="max -F_z, t_landing to t_landing + 0.5 s",
        source=OWN_DEFINITION,
        tasks=LANDED,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "horizontal_braking_impulse_n_s": Metric(
        horizontal_braking_impulse,
        label="horizontal braking impulse",
        unit="N s",
        sign="backward",
        meaning="Integral of the posterior ground reaction force over the contact.",
        equation="∫ max(-F_x, 0) dt, t_touchdown to t_takeoff",
        source=_HUNTER,
        tasks=RUNNING,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "horizontal_propulsion_impulse_n_s": Metric(
        horizontal_propulsion_impulse,
        label="horizontal propulsion impulse",
        unit="N s",
        sign="forward",
        meaning="Integral of the anterior ground reaction force over the contact.",
        equation="∫ max(F_x, 0) dt, t_touchdown to t_takeoff",
        source=_HUNTER,
        tasks=RUNNING,
        streams=FORCE,
        uncertainty="rescored",
    ),
    "foot_strike_angle_deg": Metric(
        foot_strike_angle,
        label="foot strike angle",
        unit="deg",
        sign="toes up",
        meaning="Pitch of the foot at touchdown minus that in standing.",
        equation="foot_pitch(t_touchdown), zero in standing",
        source="Altman & Davis 2012, Gait Posture 35:298",
        tasks=RUNNING,
        streams=MOTION,
        uncertainty="stated",
    ),
    "running_speed_m_per_s": Metric(
        running_speed,
        label="running speed",
        unit="m/s",
        sign=NOT_SIGNED,
        meaning="Mean horizontal speed of the pelvis over the recording.",
        equation="horizontal displacement of the pelvis / duration of the recording",
        source=OWN_DEFINITION,
        tasks=RUNNING,
        streams=MOTION,
        no_uncertainty=_SPEED,
    ),
    "step_speed_m_per_s": Metric(
        step_speed,
        label="step speed",
        unit="m/s",
        sign=NOT_SIGNED,
        meaning="Mean horizontal speed of the pelvis between touchdowns; not given for the last step.",
        equation="horizontal displacement of the pelvis / (t_landing - t_touchdown)",
        source=OWN_DEFINITION,
        tasks=RUNNING,
        streams=MOTION,
        no_uncertainty=_SPEED,
    ),
}
_settling = partial(Metric, unit="s", sign=NOT_SIGNED, streams=FORCE, uncertainty="rescored")
#: Time to stabilisation after a landing, by two definitions.
STABILISATION: dict[str, Metric] = {
    "time_to_stabilisation_s": _settling(
        settling_time(_within_band),
        label="time to stabilisation",
        meaning="Time from landing (task landing: touchdown) until force stays within 5 % of body weight for 1 s; "
        "missing where it does not within 3 s, or the recording ends before.",
        equation="least t - t_landing with |F - W| ≤ 0.05 W from t to t + 1 s",
        source="Flanagan et al. 2008, J Strength Cond Res 22:1677",
        tasks=LANDED,
    ),
    "sequential_stabilisation_s": _settling(
        settling_time(_by_sequence),
        label="time to stabilisation (sequential average)",
        meaning="Time from touchdown until the mean of force since then stays within 0.25 standard deviations of its "
        "mean over 3 s; missing where fewer were recorded.",
        equation="least t - t_touchdown with |mean F(t_touchdown..t') - mean F| ≤ 0.25 SD F for all t' ≥ t, over 3 s",
        source="Colby et al. 1999, J Orthop Sports Phys Ther 29:444",
        tasks=LANDINGS,
    ),
}
