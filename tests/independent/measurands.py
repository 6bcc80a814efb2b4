"""True values of legsci's metrics, by the definitions of its dictionary, from the truth of a trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.independent.bodies import OUTWARD, SIDES, Array
from tests.independent.dynamics import RATE_HZ
from tests.independent.engine import GRAVITY
from tests.independent.truth import Truth

#: A value by metric and side.
Values = dict[tuple[str, str], float]
LANDING_S = 0.5
#: The frontal projection angle is defined up to this inclination of the thigh [deg]; and propulsion starts above this
#: velocity upward [m/s].
HANGING_DEG, RISING_M_PER_S = 70.0, 0.01


@dataclass(frozen=True)
class Span:
    """Events of a repetition [sample, with fractions]: NaN where it has none."""

    start: float
    last: float
    eccentric_end: float = np.nan
    concentric_start: float = np.nan
    touchdown: float = np.nan
    takeoff: float = np.nan
    landing: float = np.nan

    def inside(self, first: float, last: float) -> slice:
        """Samples between two events."""
        return slice(int(np.ceil(first)), int(np.floor(last)) + 1)


def spans_of(truth: Truth) -> list[Span]:
    """Repetitions of a trial."""
    trial, way = truth.trial, truth.trial.technique
    if trial.task == "squat":
        return _squats(truth)
    if trial.task == "standing":
        return []
    loaded = np.concatenate([[0], (_total(truth) > 0.0).astype(int), [0]])
    flights = [
        (a - 0.5, b - 0.5)
        for a, b in zip(np.flatnonzero(np.diff(loaded) < 0), np.flatnonzero(np.diff(loaded) > 0)[1:], strict=False)
    ]
    # The forefoot may leave the floor for a moment as it touches down.
    longest = max(flights, key=lambda flight: flight[1] - flight[0])
    touchdown = np.nan
    if trial.task == "drop_jump":
        touchdown = float(np.flatnonzero(np.diff(loaded) > 0)[0]) - 0.5
    start = touchdown if trial.task == "drop_jump" else way.quiet_s * RATE_HZ
    return [Span(start, longest[0], touchdown=touchdown, takeoff=longest[0], landing=longest[1])]


def _squats(truth: Truth) -> list[Span]:
    """Squats as they are planned; the joints follow within some hundredths of a second and creep on for tenths."""
    way, spans = truth.trial.technique, []
    start = way.quiet_s
    for _ in range(2):
        ends = np.cumsum([start, way.down_s, way.pause_s, way.up_s]) * RATE_HZ
        spans.append(Span(ends[0], ends[3], ends[1], ends[2]))
        start = ends[3] / RATE_HZ + 0.8
    return spans


def _total(truth: Truth) -> Array:
    return truth.trial.force["right"][:, 1] + truth.trial.force["left"][:, 1]


def _at(curve: Array, position: float) -> float:
    return float(np.interp(position, np.arange(len(curve)), curve))


def _crossing(curve: Array, level: float, first: int) -> float:
    """Where a curve first reaches a level from a sample on, between samples."""
    after = first + int(np.argmax(curve[first:] >= level))
    before = curve[after - 1]
    return after - float((curve[after] - level) / (curve[after] - before)) if before < level else float(after)


def _integral(curve: Array, first: float, last: float) -> float:
    whole = np.concatenate([[0.0], np.cumsum(0.5 * (curve[1:] + curve[:-1]))]) / RATE_HZ
    return _at(whole, last) - _at(whole, first)


def values_of(truth: Truth, span: Span) -> Values:
    """True values of a repetition."""
    values: Values = {}
    for family in (_force, _jump, _joints, _alignment, _kinetics):
        values |= family(truth, span)
    return values


def _forces(truth: Truth) -> dict[str, Array]:
    own = {side: truth.trial.force[side][:, 1] for side in SIDES}
    return own | {"both": own["right"] + own["left"]}


def _asymmetry(values: Values) -> Values:
    answer = {}
    for name, side in list(values):
        if side == "both" and (name, "right") in values:
            right, left = values[name, "right"], values[name, "left"]
            stem = name.rsplit("_n", 1)[0] if not name.endswith("_n_s") else name.removesuffix("_n_s")
            answer[f"asymmetry_{stem}_percent", "both"] = 100.0 * (right - left) / (right + left)
    return answer


def _force(truth: Truth, span: Span) -> Values:
    body, values = truth.trial.body, {}
    weight = body.mass_kg * GRAVITY
    name = "system_weight_n" if truth.trial.task == "squat" else "body_weight_n"
    values[name, "both"] = weight
    sided: Values = {}
    for side, force in _forces(truth).items():
        sided["peak_force_n", side] = float(force[span.inside(span.start, span.last)].max())
        sided["mean_force_n", side] = _integral(force, span.start, span.last) / (span.last - span.start) * RATE_HZ
        if np.isfinite(span.landing):
            end = span.landing + LANDING_S * RATE_HZ
            sided["landing_peak_force_n", side] = float(force[span.inside(span.landing, end)].max())
            sided["landing_impulse_n_s", side] = _integral(force, span.landing, end)
    if np.isfinite(span.landing):
        part = span.inside(span.landing, span.landing + LANDING_S * RATE_HZ)
        values["landing_peak_anterior_force_n", "both"] = float(truth.forward_force[part].max())
        values["landing_peak_posterior_force_n", "both"] = float((-truth.forward_force[part]).max())
    values |= sided | _asymmetry(sided)
    depth = truth.trial.centre[:, 1]
    low = depth[span.inside(span.start, span.last)].min()
    values["countermovement_depth_m", "both"] = _at(depth, span.start) - float(low)
    return values


def _jump(truth: Truth, span: Span) -> Values:
    if not np.isfinite(span.takeoff):
        return {}
    trial, start, takeoff = truth.trial, span.start, span.takeoff
    force, speed, mass = _total(truth), trial.velocity[:, 1], trial.body.mass_kg
    rise = speed[int(np.ceil(takeoff))] + (np.ceil(takeoff) - takeoff) / RATE_HZ * GRAVITY
    part = span.inside(start, takeoff)
    lowest = part.start + int(np.argmin(speed[part]))
    after = lowest + int(np.argmax(speed[lowest:] >= 0.0))
    bottom, rising = _crossing(speed, 0.0, lowest), _crossing(speed, RISING_M_PER_S, after - 1)
    # Between samples, where the force passes weight; a drop jump has no such instant.
    fastest_down = _crossing(force, mass * GRAVITY, lowest - 2) if part.start + 1 < lowest else float(lowest)
    flight, height = (span.landing - takeoff) / RATE_HZ, rise**2 / (2.0 * GRAVITY)
    drop = np.isfinite(span.touchdown)
    braking = start if drop else fastest_down
    before = _at(speed, start) if drop else 0.0
    found = {
        "jump_height_impulse_m": height,
        "jump_height_flight_time_m": height,
        "jump_height_pelvis_m": height,
        "takeoff_velocity_m_per_s": rise,
        "flight_time_s": flight,
        "peak_power_w": float((force * speed)[part].max()),
        "net_impulse_n_s": mass * (rise - before),
        "braking_impulse_n_s": mass * (0.0 - (before if drop else speed[lowest])),
        "propulsion_impulse_n_s": mass * (rise - RISING_M_PER_S),
        "braking_time_s": (bottom - braking) / RATE_HZ,
        "propulsion_time_s": (takeoff - rising) / RATE_HZ,
    }
    if drop:
        contact = (takeoff - start) / RATE_HZ
        found |= {
            "contact_time_s": contact,
            "fall_height_m": before**2 / (2.0 * GRAVITY),
            "rsi_m_per_s": GRAVITY * flight**2 / 8.0 / contact,
            "flight_contact_ratio": flight / contact,
        }
    else:
        span_s = (takeoff - start) / RATE_HZ
        found |= {
            "time_to_takeoff_s": span_s,
            "unweighting_time_s": (braking - start) / RATE_HZ,
            "rsi_modified_m_per_s": height / span_s,
            "rate_of_force_development_n_per_s": (_at(force, bottom) - _at(force, fastest_down))
            / (bottom - fastest_down)
            * RATE_HZ,
        }
    return {(name, "both"): float(value) for name, value in found.items()}


def _largest(curve: Array, span: Span) -> float:
    return float(np.nanmax(curve[span.inside(span.start, span.last)]))


def _joints(truth: Truth, span: Span) -> Values:
    values: Values = {}
    part = span.inside(span.start, span.last)
    strongest = part.start + int(np.argmax(_total(truth)[part]))
    pushing, landing = legs_of(truth)
    for side in pushing:
        for joint, name in (("hip", "flexion"), ("knee", "flexion"), ("ankle", "dorsiflexion")):
            curve = truth.angle[f"{side}_{joint}_{name}"]
            values[f"{joint}_{name}_max_deg", side] = _largest(curve, span)
            values[f"{joint}_{name}_at_peak_force_deg", side] = float(curve[strongest])
    values["trunk_lean_max_deg", "both"] = _largest(truth.angle["trunk_lean"], span)
    values["lumbar_flexion_max_deg", "both"] = _largest(truth.angle["lumbar_flexion"], span) - truth.upright_lumbar_deg
    if np.isfinite(span.takeoff):
        bent = np.mean([values["knee_flexion_max_deg", side] for side in pushing])
        height = _jump(truth, span)["jump_height_impulse_m", "both"]
        values["jump_height_per_knee_flexion_m_per_deg", "both"] = float(height / bent)
        for side in landing:
            values["landing_knee_flexion_max_deg", side] = _largest(truth.angle[f"{side}_knee_flexion"], _after(span))
    if len(landing) == 1:
        values["lateral_velocity_m_per_s", "both"] = _lateral_velocity(truth, span)
    if truth.trial.task != "squat":
        return values
    hips = 0.5 * (truth.point["right_hip"] + truth.point["left_hip"])[:, 1]
    for side in pushing:
        values["thigh_angle_max_deg", side] = _largest(_inclination(truth, side), span)
    rise = _at(hips, span.last) - _at(hips, span.concentric_start)
    times = np.diff([span.start, span.eccentric_end, span.concentric_start, span.last]) / RATE_HZ
    values["squat_depth_m", "both"] = _at(hips, span.start) - float(hips[span.inside(span.start, span.last)].min())
    for name, seconds in zip(("eccentric", "pause", "concentric"), times, strict=True):
        values[f"{name}_time_s", "both"] = float(seconds)
    values["mean_concentric_velocity_m_per_s", "both"] = rise / float(times[2])
    return values


def legs_of(truth: Truth) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Legs that push off, and legs that land: of a lateral jump one, and the other."""
    leg = truth.trial.technique.leg
    return ((leg,), tuple(side for side in SIDES if side != leg)) if leg else (SIDES, SIDES)


def _after(span: Span) -> Span:
    """The time after a landing in which metrics of it are read."""
    return Span(span.landing, span.landing + LANDING_S * RATE_HZ)


def _lateral_velocity(truth: Truth, span: Span) -> float:
    """Mean velocity of the middle of the hips in flight toward the leg that lands, as faced at the start [m/s]."""
    hips = 0.5 * (truth.point["right_hip"] + truth.point["left_hip"])
    way = np.array([_at(path, span.landing) - _at(path, span.takeoff) for path in hips.T])
    right = truth.axes["pelvis"][round(span.start), :, 2] * [1.0, 0.0, 1.0]
    seconds = (span.landing - span.takeoff) / RATE_HZ
    return float(OUTWARD[legs_of(truth)[1][0]] * way @ right / np.linalg.norm(right) / seconds)


def _inclination(truth: Truth, side: str) -> Array:
    line = truth.point[f"{side}_hip"] - truth.point[f"{side}_knee"]
    return np.degrees(np.arccos(line[:, 1] / np.linalg.norm(line, axis=1)))


def _alignment(truth: Truth, span: Span) -> Values:
    values: Values = {}
    between = truth.point["right_hip"] - truth.point["left_hip"]
    level = between * [1.0, 0.0, 1.0]
    level /= np.linalg.norm(level, axis=1, keepdims=True)

    def aside(vector: Array, direction: Array = level) -> Array:
        return np.asarray(np.einsum("ti,ti->t", vector, direction))

    apart = {joint: aside(truth.point[f"right_{joint}"] - truth.point[f"left_{joint}"]) for joint in ("knee", "ankle")}
    pushing, landing = legs_of(truth)
    if len(pushing) == 2:
        values["knee_ankle_separation_ratio_min", "both"] = -_largest(-apart["knee"] / apart["ankle"], span)
    for side in SIDES:
        out = OUTWARD[side]
        hip, knee, ankle = (truth.point[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
        thigh, shank = hip - knee, ankle - knee
        abduction = truth.angle[f"{side}_knee_abduction"]
        # Seen from the front: hip and ankle outward of the knee is valgus.
        seen = np.arctan2(out * aside(thigh), thigh[:, 1]) + np.arctan2(out * aside(shank), -shank[:, 1])
        hangs = _inclination(truth, side) <= HANGING_DEG
        projection = np.where(hangs, np.degrees(seen), np.nan)
        if np.isfinite(span.landing) and side in landing:
            values["landing_knee_abduction_peak_deg", side] = _largest(abduction, _after(span))
            values["landing_knee_fppa_peak_deg", side] = _largest(projection, _after(span))
        if side not in pushing:
            continue
        values["knee_abduction_peak_deg", side] = _largest(abduction, span)
        values["knee_fppa_peak_deg", side] = _largest(projection, span)
        inward = out * aside(shank)
        values["medial_knee_displacement_max_m", side] = _largest(inward, span) - _at(inward, span.start)
        values["pelvic_drop_max_deg", side] = _largest(-out * truth.angle["pelvis_obliquity"], span)
        toes = truth.axes[f"{side}_foot"][:, :, 0] * [1.0, 0.0, 1.0]
        toes /= np.linalg.norm(toes, axis=1, keepdims=True)
        across = np.cross(toes, [0.0, 1.0, 0.0])
        values["knee_medial_to_toe_max_m", side] = _largest(out * aside(shank, across), span)
        ahead = np.cross([0.0, 1.0, 0.0], level)
        progression = np.degrees(np.arctan2(out * aside(toes), np.einsum("ti,ti->t", toes, ahead)))
        values["foot_progression_angle_deg", side] = _at(progression, span.start)
        if not np.isfinite(span.touchdown):
            local = np.einsum("tij,ti->tj", truth.axes[f"{side}_thigh"], shank)
            values["hip_knee_ankle_angle_deg", side] = _at(
                180.0 + np.degrees(np.arctan2(out * local[:, 2], -local[:, 1])), span.start
            )
    return values


def _kinetics(truth: Truth, span: Span) -> Values:
    mass, values = truth.trial.body.mass_kg, {}
    joints = [("lumbar", "both", "lumbar")] + [
        (f"{side}_{j}", side, j) for side in legs_of(truth)[0] for j in ("hip", "knee", "ankle")
    ]
    for name, side, joint in joints:
        power = truth.power[name] / mass
        values[f"{joint}_moment_peak_n_m_per_kg", side] = _largest(-truth.component[name][:, 0] / mass, span)
        values[f"{joint}_power_peak_w_per_kg", side] = _largest(power, span)
        for kind, sign in (("generated", 1.0), ("absorbed", -1.0)):
            values[f"{joint}_work_{kind}_j_per_kg", side] = _integral(
                np.maximum(sign * power, 0.0), span.start, span.last
            )
    for side in legs_of(truth)[0]:
        valgus = truth.component[f"{side}_knee"][:, 1] / mass
        values["knee_abduction_moment_peak_n_m_per_kg", side] = _largest(valgus, span)
        planes = np.sum(
            [
                [_integral(np.abs(p), span.start, span.last) for p in truth.plane_power[f"{side}_{j}"].T]
                for j in ("hip", "knee", "ankle")
            ],
            axis=0,
        )
        values["frontal_plane_work_percent", side] = float(100.0 * planes[1] / planes.sum())
    values["force_transmission_ratio", "both"] = _transmission(truth, span)
    return values


def _transmission(truth: Truth, span: Span) -> float:
    """Gain in energy of the centre of mass per positive work of the joints, from the lowest point on."""
    trial, low = truth.trial, span.concentric_start
    if not np.isfinite(low):
        part = span.inside(span.start, span.last)
        low = part.start + int(np.argmin(trial.centre[part, 1]))
    energy = 0.5 * (trial.velocity**2).sum(axis=1) + GRAVITY * trial.centre[:, 1]
    work = sum(_integral(np.maximum(power, 0.0), low, span.last) for power in truth.power.values())
    return float(trial.body.mass_kg * (_at(energy, span.last) - _at(energy, low)) / work)
