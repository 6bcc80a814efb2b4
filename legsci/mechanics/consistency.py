"""Whether ground force and the motion of the whole body agree: in size, in time, in direction and in place."""

from __future__ import annotations

import numpy as np

from legsci.mechanics.kinematics import Floats as Array
from legsci.mechanics.quality import Finding
from legsci.vocabulary import STANDARD_GRAVITY

#: Force and motion may differ by this part of body weight along each axis (root mean square), their moments by that
#: weight at this lever [m].
DISAGREEMENT_PART = 0.1
DISAGREEMENT_LEVER_M = 0.6
#: Force may come this much before or after the motion, beside twice the uncertainty of that time [s]; our choice: in
#: 10 ms the force of a landing changes by as much as a body weight.
MOST_APART_S = 0.01
#: Further apart is not looked for [s]: half of a running step or less, after which force and motion resemble each other
#: again.
SEARCHED_S = 0.1
#: Part of body weight by which force has to vary (standard deviation) for its time to be told, and a horizontal force
#: (root mean square) for its direction.
TELLING_PART, TELLING_HORIZONTAL_PART = 0.1, 0.03
#: Correlation of a horizontal force with the motion below which it runs the other way. The recorded sprint's sideways
#: force, of a body whose arms are not measured, reads -0.2.
REVERSED_CORRELATION = -0.5
#: A body stands still while force and motion differ from its weight by no more than this part.
STILL_PART = 0.05
SHORTEST_STILL_S = 0.5
#: In quiet standing the centre of mass lies above the centre of pressure to within this [m]; our choice, twice what a
#: table of segments and arms held otherwise may miss it by.
MOST_BESIDE_M = 0.04
_X, _Y, _Z = range(3)


def dynamic_consistency(
    force: Array,
    residual_force: Array,
    residual_moment: Array,
    *,
    mass_kg: float,
    body_mass_kg: float,
    rate_hz: float,
    cutoff_hz: float | None,
) -> list[Finding]:
    """Compare the force of the ground with what the motion of all segments needs.

    Parameters
    ----------
    force : (time, 3) of the ground on both feet [N]; NaN where the load of a foot is not known.
    residual_force, residual_moment : (time, 3) what the motion needs beyond the loads of the ground [N], [N m].
    mass_kg, body_mass_kg : of all segments, with and without what the person carries [kg].
    rate_hz : frames per second [Hz].
    cutoff_hz : low-pass of both [Hz]; None: not filtered.

    Returns
    -------
    One finding per disagreement. `clocks_apart`: the time by which force comes later than motion (negative: earlier),
    which makes their vertical parts differ least. `force_axis_reversed`: a horizontal force that runs against the
    motion. `pressure_beside_body`: level distance of centre of mass and centre of pressure in quiet standing, of a
    person without load, since nobody says where a load is held.
    """
    weight = mass_kg * STANDARD_GRAVITY
    needed = force + residual_force
    # A person may stand where no plate is, such as on a box: there is nothing to compare while the plates are unloaded.
    loaded = np.isfinite(needed).all(axis=1) & (force[:, _Y] > DISAGREEMENT_PART * weight)
    findings = _size(residual_force[loaded], residual_moment[loaded], weight)
    findings += _time(force[:, _Y], needed[:, _Y], weight, rate_hz, cutoff_hz)
    findings += _direction(force[loaded], needed[loaded], weight)
    if mass_kg - body_mass_kg < STILL_PART * body_mass_kg:
        findings += _place(force[loaded], needed[loaded], residual_moment[loaded], weight, rate_hz)
    return findings


def _size(force: Array, moment: Array, weight: float) -> list[Finding]:
    """Residual force and moment (frame, 3) that are too large."""
    findings = []
    for code, signal, left, allowed in (
        ("force_disagrees_with_motion", "force", force, DISAGREEMENT_PART * weight),
        ("moment_disagrees_with_motion", "moment", moment, DISAGREEMENT_PART * weight * DISAGREEMENT_LEVER_M),
    ):
        known = left[np.isfinite(left).all(axis=1)]
        disagreement = float(np.sqrt(np.mean(known**2, axis=0)).max()) if len(known) else 0.0
        if disagreement > allowed:
            findings.append(Finding(code, signal, disagreement, allowed))
    return findings


def _time(force: Array, needed: Array, weight: float, rate_hz: float, cutoff_hz: float | None) -> list[Finding]:
    """Vertical force (time,) that comes before or after the motion."""
    known = np.isfinite(needed)
    if not known.any() or np.std(needed[known]) < TELLING_PART * weight:
        return []
    least = int(0.5 * known.sum())

    def apart(frames: int) -> float:
        """Mean squared difference of the motion from force that many frames later [N^2]."""
        motion = needed[max(-frames, 0) : len(needed) - max(frames, 0)]
        difference = force[max(frames, 0) : len(force) - max(-frames, 0)] - motion
        seen = difference[np.isfinite(difference)]
        return float(np.mean(seen**2)) if seen.size >= max(least, 1) else np.inf

    if apart(0) <= min(apart(-1), apart(1)):
        return []
    most = round(SEARCHED_S * rate_hz)
    squares = np.array([apart(frames) for frames in range(-most, most + 1)])
    lowest = int(np.argmin(squares))
    if lowest in (0, 2 * most) or not np.isfinite(squares[lowest - 1 : lowest + 2]).all():
        return []
    before, there, after = squares[lowest - 1 : lowest + 2]
    bend = before + after - 2.0 * there
    frames = lowest - most + 0.5 * (before - after) / bend
    # Least squares: independent are as many values as the low-pass leaves.
    independent = known.sum() / rate_hz * 2.0 * min(cutoff_hz or np.inf, 0.5 * rate_hz)
    uncertainty = float(np.sqrt(2.0 * there / (bend * independent)))
    limit = MOST_APART_S + 2.0 * uncertainty / rate_hz
    if abs(frames) / rate_hz <= limit:
        return []
    return [Finding("clocks_apart", "force", 1000.0 * frames / rate_hz, 1000.0 * limit)]


def _direction(force: Array, needed: Array, weight: float) -> list[Finding]:
    """Horizontal force (frame, 3) that runs against the motion."""
    findings = []
    for axis, signal in ((_X, "forward"), (_Z, "sideways")):
        one, other = float(np.sum(force[:, axis] ** 2)), float(np.sum(needed[:, axis] ** 2))
        if min(one, other) <= len(force) * (TELLING_HORIZONTAL_PART * weight) ** 2:
            continue
        correlation = float(np.sum(force[:, axis] * needed[:, axis])) / np.sqrt(one * other)
        if correlation < REVERSED_CORRELATION:
            findings.append(Finding("force_axis_reversed", signal, correlation, REVERSED_CORRELATION))
    return findings


def _place(force: Array, needed: Array, moment: Array, weight: float, rate_hz: float) -> list[Finding]:
    """Centre of pressure away from under the body that stands still; loads (frame, 3)."""
    upright = np.array([0.0, weight, 0.0])
    still = np.all([np.linalg.norm(load - upright, axis=1) < STILL_PART * weight for load in (force, needed)], axis=0)
    if still.sum() < SHORTEST_STILL_S * rate_hz:
        return []
    upward = force[still, _Y].sum()
    forward, right = moment[still, _Z].sum() / upward, -moment[still, _X].sum() / upward
    beside = float(np.hypot(forward, right))
    if beside <= MOST_BESIDE_M:
        return []
    where = f"{abs(forward):.3f} m {'behind' if forward > 0.0 else 'ahead'} and {abs(right):.3f} m to the "
    where += "left" if right > 0.0 else "right"
    return [Finding("pressure_beside_body", "force", beside, MOST_BESIDE_M, where)]
