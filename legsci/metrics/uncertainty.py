"""Standard uncertainty of the metrics that are scored again with each source of uncertainty moved."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.reps.repetition import UNPERTURBED
from legsci.metrics.measure import measure
from legsci.metrics.registry import METRICS
from legsci.vocabulary import SIDES

#: Cut-off of the low-pass filter whose effect on a metric enters its uncertainty [Hz].
FILTER_HZ = 50.0
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


def _rest_depth(reps: xr.Dataset) -> NDArray[np.float64]:
    """Standard uncertainty of the depth of each squat (rep,) due to its velocity at rest [m]; 0 for other tasks."""
    start, bottom, end = (reps.variables[name].transpose("rep", "scoring").data[:, 0] for name in SQUAT_EVENTS)
    return np.where(np.isfinite(end), REST_SPEED_M_PER_S * np.nan_to_num(bottom - start), 0.0)


def _filtered(reps: xr.Dataset) -> xr.Dataset:
    """Low-pass vertical and forward force at `FILTER_HZ`, default scoring only; events stay."""
    default = reps.isel(scoring=[0])
    smooth = default.variables["force"].transpose("rep", "side", "sample").data.astype(float)
    forward = default.variables["forward_force"].transpose("rep", "sample").data.astype(float)
    for rep, rate in enumerate(reps.variables["sampling_rate_hz"].data.astype(float)):
        if rate > 4.0 * FILTER_HZ:
            rows = np.concatenate([smooth[rep], forward[[rep]]])
            *smooth[rep], forward[rep] = butterworth_lowpass(rows, sampling_rate_hz=rate, cutoff_hz=FILTER_HZ)
    return default.assign(force=(("rep", "side", "sample"), smooth), forward_force=(("rep", "sample"), forward))


def uncertainty(reps: xr.Dataset, measured: xr.Dataset) -> xr.Dataset:
    """Standard uncertainty of the rescored metrics under the default profile: u_<metric> (rep,), side both.

    Each source is moved by one standard uncertainty (weighing, offset, timing) or by the width of the choice (movement
    start, contact limit, low-pass filter), the trial is measured again, and the changes add in quadrature (JCGM
    100:2008, 5.1.3, numerically). Heights that depend on posture carry `POSTURE_M` as well, depths of squats the
    displacement that a velocity of `REST_SPEED_M_PER_S` at rest gives until the lowest point; a metric that states an
    uncertainty too has that as well.
    """
    moved = np.flatnonzero(reps.variables["perturbation"].data != UNPERTURBED)
    rescored = [name for name, metric in METRICS.items() if metric.uncertainty in ("rescored", "both")]
    filtered = measure(_filtered(reps), names=rescored)
    both = SIDES.index("both")
    result = {}
    for name in rescored:
        values = measured.variables[name].data[:, :, both]
        nominal = values[:, 0]
        changes = np.column_stack([values[:, moved], filtered.variables[name].data[:, 0, both]]) - nominal[:, None]
        additional = POSTURE_M if name in POSTURE_METRICS else _rest_depth(reps) if name == SQUAT_DEPTH else 0.0
        if f"u_{name}" in measured.variables:
            additional = np.nan_to_num(measured.variables[f"u_{name}"].data[:, 0, both])
        total = np.sqrt(np.nansum(changes**2, axis=1) + additional**2)
        result[f"u_{name}"] = ("rep", np.where(np.isfinite(nominal), total, np.nan))
    return xr.Dataset(result)
