"""Whether ground force and the motion of the whole body agree: in size, in time, in direction and in place."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from legsci.ingest.clocks.lag import lag_between
from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.motion.kinematics import Array, Booleans
from legsci.mechanics.motion.markers import smoothable
from legsci.quality import QualityFlag
from legsci.vocabulary import STANDARD_GRAVITY

#: Force and motion may differ by this part of body weight along each axis (root mean square), their moments by that
#: weight at this lever [m].
DISAGREEMENT_PART = 0.1
DISAGREEMENT_LEVER_M = 0.6
#: Force and motion are compared up to this frequency [Hz]: faster parts of the accelerations of all segments are noise
#: of the cameras.
COMPARED_HZ = 12.0
#: Force may come this much before or after the motion, plus three times the uncertainty of that lag [s]; our choice:
#: in 10 ms the force of the recorded drop jumps and sprint changes by 0.7 to 0.9 body weights.
LARGEST_LAG_S = 0.01
#: Longest lag that is searched [s]: a running step later force and motion resemble each other again.
SEARCHED_LAG_S = 0.2
#: Part of body weight by which force has to vary (standard deviation) for its lag to be estimated, and a horizontal
#: force (root mean square) for its direction.
VARYING_PART, HORIZONTAL_PART = 0.1, 0.03
#: Correlation of a horizontal force with the motion below which it has the opposite sign. The recorded sprint's
#: sideways force, of a body whose arms are not measured, reads -0.2.
REVERSED_CORRELATION = -0.5
#: Correlation of vertical force and motion from which their lag is estimated and their horizontal parts are compared:
#: 0.82 to 0.99 in the recorded drop jumps and sprint.
IN_TIME_CORRELATION = 0.7
#: A body stands still while force and motion differ from its weight by no more than this part.
STILL_PART = 0.05
SHORTEST_STILL_S = 0.5
#: In quiet standing the centre of mass lies above the centre of pressure to within this [m]; our choice. Virtual
#: athletes with errors of markers stay within 4 mm; the masses of a person differ more from those of the table.
LARGEST_OFFSET_M = 0.04
_X, _Y, _Z = range(3)


class WholeBody(NamedTuple):
    """Motion of the whole body, and what it requires.

    Parameters
    ----------
    force : (time, 3) force that the motion of all segments requires [N].
    residual_moment : (time, 3) moment that it requires beyond those of the ground [N m].
    centre_of_mass : (time, 3) of all segments [m].
    mass_kg : of all segments, with what the person carries [kg].
    """

    force: Array
    residual_moment: Array
    centre_of_mass: Array
    mass_kg: float


def dynamic_consistency(
    ground: Array, body: WholeBody, *, body_mass_kg: float, rate_hz: float, cutoff_hz: float | None
) -> list[QualityFlag]:
    """Compare the ground reaction with the motion of the whole body.

    Parameters
    ----------
    ground : (time, 6) force on both feet together and its moment about the origin of the laboratory [N], [N m]; NaN
        where it is not known.
    body : motion of all segments.
    body_mass_kg : mass of the person without load [kg].
    rate_hz : frames per second [Hz].
    cutoff_hz : low-pass of all [Hz]; None: not filtered. Above `COMPARED_HZ` all are filtered again there.

    Returns
    -------
    One flag per disagreement. `clocks_apart`: the lag of vertical force behind the motion (negative: ahead of it), see
    `legsci.ingest.clocks.lag`. `force_axis_reversed`: a horizontal force with the opposite sign
    to the motion, where the vertical one is in time. `pressure_beside_body`: level distance of centre of mass and
    centre of pressure in quiet standing, of a person without load, since the place of a load is not known.
    """
    force, moment, required, weight = ground[:, :3], ground[:, 3:], body.force, body.mass_kg * STANDARD_GRAVITY
    if cutoff_hz is not None and cutoff_hz > COMPARED_HZ and smoothable(rate_hz, COMPARED_HZ):
        unknown = ~np.isfinite(ground + np.concatenate([required, body.residual_moment], axis=1)).all(axis=1)
        ground, body = _slower(ground, body, unknown, rate_hz)
        force, moment, required, cutoff_hz = ground[:, :3], ground[:, 3:], body.force, COMPARED_HZ
    # A person may stand where no plate is, such as on a box: there is nothing to compare while the plates are unloaded.
    loaded = np.isfinite(force + required).all(axis=1) & (force[:, _Y] > DISAGREEMENT_PART * weight)
    flags = _size((required - force)[loaded], body.residual_moment[loaded], weight)
    lagging = _time(force[:, _Y], required[:, _Y], loaded, weight, rate_hz)
    flags += lagging or _direction(force[loaded], required[loaded], weight)
    if body.mass_kg - body_mass_kg < STILL_PART * body_mass_kg:
        loads = force[loaded], required[loaded]
        flags += _place(*loads, moment[loaded], body.centre_of_mass[loaded], weight, rate_hz)
    return flags


def _slower(ground: Array, body: WholeBody, unknown: Booleans, rate_hz: float) -> tuple[Array, WholeBody]:
    """Low-pass force and motion at `COMPARED_HZ` over the same stretches, those in which both are known."""
    signals = np.concatenate([ground, body.force, body.residual_moment], axis=1)
    signals[unknown] = np.nan
    slow = butterworth_lowpass(
        np.ascontiguousarray(signals.T), sampling_rate_hz=rate_hz, cutoff_hz=COMPARED_HZ, cutoff_after_both_passes=True
    ).T
    # Frames so near to an unknown one, or to an end of the recording, would need what lies there.
    reach = math.ceil(0.5 / COMPARED_HZ * rate_hz)
    beyond = np.pad(unknown, reach, constant_values=True)
    slow[np.convolve(beyond, np.ones(2 * reach + 1), mode="valid") > 0.5] = np.nan
    return slow[:, :6], body._replace(force=slow[:, 6:9], residual_moment=slow[:, 9:])


def _size(force: Array, moment: Array, weight: float) -> list[QualityFlag]:
    """Residual force and moment (frame, 3) that are too large."""
    flags = []
    for code, signal, left, allowed in (
        ("force_disagrees_with_motion", "force", force, DISAGREEMENT_PART * weight),
        ("moment_disagrees_with_motion", "moment", moment, DISAGREEMENT_PART * weight * DISAGREEMENT_LEVER_M),
    ):
        known = left[np.isfinite(left).all(axis=1)]
        disagreement = float(np.sqrt(np.mean(known**2, axis=0)).max()) if len(known) else 0.0
        if disagreement > allowed:
            flags.append(QualityFlag(code, signal, disagreement, allowed))
    return flags


def _time(force: Array, required: Array, loaded: Booleans, weight: float, rate_hz: float) -> list[QualityFlag]:
    """Lag of vertical force (time,) behind the motion, by the frames in which plates are loaded."""
    if not loaded.any() or np.std(force[loaded]) < VARYING_PART * weight:
        return []
    lag = lag_between(
        np.where(loaded, force, np.nan),
        required[None],
        rate_hz=rate_hz,
        searched_s=SEARCHED_LAG_S,
        least_correlation=IN_TIME_CORRELATION,
    )
    limit_s = LARGEST_LAG_S + 3.0 * lag.uncertainty_s
    if lag.refused or not abs(lag.lag_s) > limit_s:
        return []
    return [QualityFlag("clocks_apart", "force", 1000.0 * lag.lag_s, 1000.0 * limit_s)]


def _direction(force: Array, required: Array, weight: float) -> list[QualityFlag]:
    """Horizontal force (frame, 3) with the opposite sign to the motion."""
    flags: list[QualityFlag] = []
    if len(force) < 2 or not _in_time(force[:, _Y], required[:, _Y]):
        return flags
    for axis, signal in ((_X, "forward"), (_Z, "sideways")):
        one, other = float(np.sum(force[:, axis] ** 2)), float(np.sum(required[:, axis] ** 2))
        if min(one, other) <= len(force) * (HORIZONTAL_PART * weight) ** 2:
            continue
        correlation = float(np.sum(force[:, axis] * required[:, axis])) / np.sqrt(one * other)
        if correlation < REVERSED_CORRELATION:
            flags.append(QualityFlag("force_axis_reversed", signal, correlation, REVERSED_CORRELATION))
    return flags


def _in_time(force: Array, required: Array) -> bool:
    """Whether vertical force (frame,) follows the motion."""
    one, other = force - force.mean(), required - required.mean()
    return bool(one @ other > IN_TIME_CORRELATION * np.sqrt((one @ one) * (other @ other)))


def _place(
    force: Array, required: Array, moment: Array, centre_of_mass: Array, weight: float, rate_hz: float
) -> list[QualityFlag]:
    """Centre of pressure that is not below the centre of mass in quiet standing; all (frame, 3)."""
    upright = np.array([0.0, weight, 0.0])
    still = np.all([np.linalg.norm(load - upright, axis=1) < STILL_PART * weight for load in (force, required)], axis=0)
    if still.sum() < SHORTEST_STILL_S * rate_hz:
        return []
    upward, turning, body = force[still, _Y].sum(), moment[still].sum(axis=0), centre_of_mass[still].mean(axis=0)
    # The horizontal forces of standing are next to none, so that the height of the plates does not matter.
    forward, right = turning[_Z] / upward - body[_X], -turning[_X] / upward - body[_Z]
    offset = float(np.hypot(forward, right))
    if offset <= LARGEST_OFFSET_M:
        return []
    where = f"{abs(forward):.3f} m {'ahead' if forward > 0.0 else 'behind'} and {abs(right):.3f} m to the "
    where += "right" if right > 0.0 else "left"
    return [QualityFlag("pressure_beside_body", "force", offset, LARGEST_OFFSET_M, where)]
