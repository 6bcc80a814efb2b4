"""Metrics of isometric efforts: force, impulse and rate of force development after the onset.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.metrics.families.force import peak_force
from legsci.metrics.metric import FORCE, NOT_SIGNED, Metric
from legsci.metrics.signals import Reps, at, integral, of_both, peak_time, position
from legsci.tasks import ISOMETRIC
from legsci.vocabulary import STANDARD_GRAVITY

Measure = Callable[[Reps], xr.Variable]

#: Times after the onset at which force is read, and until which it is integrated [ms].
TIMES_MS = (50, 100, 150, 200, 250)
#: Strength grows with this power of body mass in bodies of one shape.
ALLOMETRIC_POWER = 2.0 / 3.0

_COMFORT = "Comfort et al. 2019, Strength Cond J 41(2):57"
_MAFFIULETTI = "Maffiuletti et al. 2016, Eur J Appl Physiol 116:1091"
_JARIC = "Jaric 2002, Sports Med 32:615"


def mass(reps: Reps) -> xr.Variable:
    """Mass of the person (rep, scoring) [kg]."""
    return of_both(reps["body_weight"]) / STANDARD_GRAVITY


def force_after(ms: float) -> Measure:
    """Measure: force a time after the onset (rep, scoring, side) [N]."""
    return lambda reps: at(reps, reps["force"], reps["movement_start"] + ms / 1000.0) - reps["offset"]


def impulse_until(ms: float) -> Measure:
    """Measure: integral of force from the onset for a time (rep, scoring, side) [N s]."""

    def measure(reps: Reps) -> xr.Variable:
        """Integrate what the plates read, less the error of their zero."""
        start = reps["movement_start"]
        return integral(reps, reps["force"], start, start + ms / 1000.0) - reps["offset"] * (ms / 1000.0)

    return measure


def rise_until(ms: float) -> Measure:
    """Measure: mean slope of force from the onset for a time (rep, scoring, side) [N/s]."""
    return lambda reps: (force_after(ms)(reps) - force_after(0.0)(reps)) / (ms / 1000.0)


def net(measure: Measure, seconds: float = 1.0) -> Measure:
    """Measure: force, or its integral over a time, above body weight, of both legs together (rep, scoring)."""
    return lambda reps: of_both(measure(reps)) - of_both(reps["body_weight"]) * seconds


def per_weight(measure: Measure) -> Measure:
    """Measure: force of both legs together as a percentage of body weight (rep, scoring) [%]."""
    return lambda reps: 100.0 * of_both(measure(reps)) / of_both(reps["body_weight"])


def per_mass(measure: Measure, power: float = 1.0) -> Measure:
    """Measure: force of both legs together per body mass, or a power of it (rep, scoring)."""
    return lambda reps: of_both(measure(reps)) / mass(reps) ** power


def time_to_peak(reps: Reps) -> xr.Variable:
    """Time from onset to peak force (rep, scoring, side) [s]."""
    return peak_time(reps, reps["force"], reps["movement_start"], reps["movement_end"]) - reps["movement_start"]


def effort_time(reps: Reps) -> xr.Variable:
    """Time from onset to the end of the effort (rep, scoring) [s]; NaN where the recording ends before."""
    ends = position(reps, reps["movement_end"]) < reps["sample_count"] - 1.5
    return (reps["movement_end"] - reps["movement_start"]).where(ends)


def noise(sd: NDArray[np.float64], rate: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Standard uncertainty (rep,) by the noise of the plates, by metric, in its unit.

    Parameters
    ----------
    sd : noise of a sample of force (rep,) [N].
    rate : of the plates (rep,) [Hz].
    """
    answer = {"force_at_onset_n": sd, "net_force_at_onset_n": sd}
    for ms in TIMES_MS:
        seconds = ms / 1000.0
        answer |= dict.fromkeys((f"force_at_{ms}_ms_n", f"net_force_at_{ms}_ms_n"), sd)
        answer |= dict.fromkeys(
            (f"impulse_to_{ms}_ms_n_s", f"net_impulse_to_{ms}_ms_n_s"), sd * np.sqrt(seconds / rate)
        )
        answer[f"rate_of_force_development_to_{ms}_ms_n_per_s"] = 2.0**0.5 * sd / seconds
    return answer


def _entry(measure: Measure, label: str, unit: str, meaning: str, equation: str) -> Metric:
    """Entry of a metric of isometric efforts that is scored again for its uncertainty."""
    return Metric(
        measure,
        label=label,
        unit=unit,
        sign={"s": NOT_SIGNED, "N/s": "rising force"}.get(unit, "upward"),
        meaning=meaning,
        equation=equation,
        source=_MAFFIULETTI if unit == "N/s" else _COMFORT,
        tasks=ISOMETRIC,
        streams=FORCE,
        uncertainty="rescored",
    )


def _net(measure: Measure, label: str, words: str, symbol: str) -> Metric:
    """Entry of a force above body weight."""
    meaning = f"{words} minus body weight, of both legs together."
    return _entry(net(measure), f"net {label}", "N", meaning, f"{symbol} - W")


def _percent(measure: Measure, label: str, words: str, symbol: str) -> Metric:
    """Entry of a force as a percentage of body weight."""
    meaning = f"{words} as a percentage of body weight, of both legs together."
    return _entry(per_weight(measure), f"{label} relative to body weight", "%", meaning, f"100 {symbol} / W")


def _specific(measure: Measure, label: str, words: str, symbol: str) -> Metric:
    """Entry of a force per body mass."""
    meaning = f"{words} per body mass, of both legs together."
    return _entry(per_mass(measure), f"{label} per body mass", "N/kg", meaning, f"{symbol} g / W")


def _after(ms: int) -> dict[str, Metric]:
    """Entries of force, impulse and rate of force development by the time after the onset."""
    force, impulse, label = force_after(ms), impulse_until(ms), f"force at {ms} ms"
    said = (force, label, f"Vertical force {ms} ms after the onset", f"F(t_movement_start + {ms} ms)")
    until, span = f"from the onset to {ms} ms after it", f"t_movement_start to t_movement_start + {ms} ms"
    slope, rise = f"(F(t_movement_start + {ms} ms) - F(t_movement_start)) / {ms} ms", f"RFD, onset to {ms} ms"
    above = net(impulse, ms / 1000.0)
    return {
        f"force_at_{ms}_ms_n": replace(
            _entry(force, label, "N", f"{said[2]}.", said[3]), asymmetry=f"asymmetry_force_at_{ms}_ms_percent"
        ),
        f"net_force_at_{ms}_ms_n": _net(*said),
        f"relative_force_at_{ms}_ms_percent": _percent(*said),
        f"force_at_{ms}_ms_n_per_kg": _specific(*said),
        f"impulse_to_{ms}_ms_n_s": _entry(
            impulse, f"impulse to {ms} ms", "N s", f"Integral of vertical force {until}.", f"∫ F dt, {span}"
        ),
        f"net_impulse_to_{ms}_ms_n_s": _entry(
            above,
            f"net impulse to {ms} ms",
            "N s",
            f"Integral of force minus body weight {until}, of both legs together.",
            f"∫ (F - W) dt, {span}",
        ),
        f"rate_of_force_development_to_{ms}_ms_n_per_s": _entry(
            rise_until(ms), rise, "N/s", f"Mean slope of vertical force {until}.", slope
        ),
    }


_ONSET = (force_after(0.0), "force at onset", "Vertical force at the onset of the effort", "F(t_movement_start)")
_PEAK = (
    peak_force,
    "peak force of the effort",
    "Maximum vertical force from the onset to the end of the effort",
    "max F",
)

METRICS: dict[str, Metric] = {
    "force_at_onset_n": _entry(_ONSET[0], _ONSET[1], "N", f"{_ONSET[2]}.", _ONSET[3]),
    "net_force_at_onset_n": replace(
        _net(*_ONSET),
        meaning=f"{_ONSET[2]} minus body weight, of both legs together: pre-tension, where body weight is known from "
        "other trials or from the stated mass.",
    ),
    "relative_force_at_onset_percent": _percent(*_ONSET),
    "force_at_onset_n_per_kg": _specific(*_ONSET),
    **{name: metric for ms in TIMES_MS for name, metric in _after(ms).items()},
    "net_peak_force_n": _net(*_PEAK),
    "relative_peak_force_percent": _percent(*_PEAK),
    "peak_force_n_per_kg": _specific(*_PEAK),
    "peak_force_n_per_kg_to_two_thirds": replace(
        _entry(
            per_mass(peak_force, ALLOMETRIC_POWER),
            "peak force, allometric",
            "N/kg^(2/3)",
            f"{_PEAK[2]} per body mass to the power 2/3, of both legs together: that of bodies of one shape and of "
            "muscle of the same quality does not depend on their size.",
            "max F / (W / g)^(2/3)",
        ),
        source=_JARIC,
    ),
    "time_from_onset_to_peak_force_s": _entry(
        time_to_peak,
        "time from onset to peak force",
        "s",
        "Time from the onset of the effort to its maximum vertical force.",
        "t_peak - t_movement_start",
    ),
    "effort_time_s": _entry(
        effort_time,
        "length of the effort",
        "s",
        "Time from the onset until force has fallen below a quarter of the trial's highest force above standing.",
        "t_movement_end - t_movement_start",
    ),
}
