"""Metrics of joint angles, and the view of the frames that all metrics of markers share.

Each takes what `prepare` in measure.py makes of a reps file; METRICS, at the end, defines each. A metric of
a leg is given for the legs that work: both, or the one that pushes off or touches down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from legsci.mechanics.kinetics.movement import FRAME_COORDS, JOINT_ANGLES
from legsci.mechanics.motion.alignment import SOFT_TISSUE_ARTEFACT
from legsci.mechanics.reps.working_leg import RAISED_FOOT_M
from legsci.metrics.families.force import LANDING_S
from legsci.metrics.metric import FORCE_AND_MOTION, GROOD, MOTION, OWN_DEFINITION, Metric
from legsci.metrics.signals import Reps, at, of_tasks, peak, peak_time, uncertain_peak
from legsci.tasks import JUMPS, LATERAL_JUMPS, MOVEMENTS
from legsci.vocabulary import AXES, SIDES, SIDES_OF_BODY

Measure = Callable[[Reps], xr.Variable]
#: Value and standard uncertainty.
UncertainValue = tuple[xr.Variable, xr.Variable]
UncertainMeasure = Callable[[Reps], UncertainValue]
#: Rows of the sides of the body among SIDES.
_BODY = [SIDES.index(side) for side in SIDES_OF_BODY]


def of_frames(reps: Reps) -> Reps:
    """Clock of the markers, on which `legsci.metrics.signals` reads signals of frames."""
    names = {"sampling_rate_hz": "frame_rate_hz", "sample_count": "frame_count"}
    clock = {name: reps[of_frame] for name, of_frame in names.items()}
    return {**clock, "window_start": reps["frame_start"] - reps["frame_lag"]}


def movement_span(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """First and last instant of a movement (rep, scoring) [s]: the search window of peaks.

    From the start of movement or touchdown to take-off; of a squat to the end of the concentric phase, of a landing for
    `LANDING_S`, of standing the weighing window.
    """
    start = reps["movement_start"].fillna(reps["touchdown"])
    last = reps["takeoff"].fillna(reps["movement_end"])
    last = last.fillna(start + LANDING_S)
    still = ~np.isfinite(start) & of_tasks(reps, lambda task: task.cut == "quiet")
    return start.where(~still, reps["weighing_start"]), last.where(~still, reps["weighing_end"])


def span_of(reps: Reps) -> tuple[xr.Variable, xr.Variable]:
    """First and last instant of a movement, as `prepare` keeps them (rep, scoring) [s]."""
    return reps["span_start"], reps["span_end"]


def of_sides(signal: xr.Variable, side: str) -> xr.Variable:
    """Signal of one side, without the dimension side."""
    return signal.isel(side=SIDES.index(side))


def working(reps: Reps, values: xr.Variable) -> xr.Variable:
    """Values (rep, scoring, side) of the legs that work; NaN for the other and for both together."""
    kept = reps["works"].data
    laid = values.transpose("rep", "scoring", "side")
    return xr.Variable(laid.dims, np.where(kept[:, None, :], laid.data, np.nan))


def working_legs(legs: np.ndarray) -> np.ndarray:
    """Whether each side works (rep, side), from the leg that each repetition names (rep,)."""
    return np.array([[leg in ("both", side) and side != "both" for side in SIDES] for leg in legs.astype(str)])


def landing_legs(reps: Reps, values: xr.Variable) -> xr.Variable:
    """Values (rep, scoring, side) of the legs that land; NaN for the other and for both together.

    After a lateral jump those whose foot is no more than RAISED_FOOT_M above the other at landing; otherwise the legs
    that work.
    """
    height = at(of_frames(reps), reps["foot_height"], reps["landing"]).transpose("rep", "scoring", "side")
    with np.errstate(invalid="ignore"):
        lands = height.data <= np.min(height.data[..., _BODY], axis=-1, keepdims=True) + RAISED_FOOT_M
    lateral = of_tasks(reps, lambda task: task.direction == "lateral").data[:, None, None]
    kept = np.where(lateral, lands, reps["works"].data[:, None, :])
    laid = values.transpose("rep", "scoring", "side")
    return xr.Variable(laid.dims, np.where(kept, laid.data, np.nan))


def on_both(values: xr.Variable) -> xr.Variable:
    """Values (rep, scoring) as (rep, scoring, side), at side both."""
    return values.where(xr.Variable("side", [side == "both" for side in SIDES]))


def angle(reps: Reps, name: str) -> xr.Variable:
    """Joint angle (rep, frame) [deg]."""
    return reps["angle"].isel(joint_angle=JOINT_ANGLES.index(name))


def by_side(signal: xr.Variable, dim: str, name: str) -> xr.Variable:
    """Take a joint or an angle of each side, and of the trunk at side both, as dimension `side` in place of `dim`.

    NaN where there is none.
    """
    labels = FRAME_COORDS[dim]
    names = [name if side == "both" else f"{side}_{name}" for side in SIDES]
    axis = signal.get_axis_num(dim)
    taken = signal.data.take([labels.index(label) if label in labels else 0 for label in names], axis=axis)
    taken[(slice(None),) * axis + ([label not in labels for label in names],)] = np.nan
    return xr.Variable(["side" if other == dim else other for other in signal.dims], taken)


def leg_angle(reps: Reps, name: str, *, signal: str = "angle") -> xr.Variable:
    """Joint angle of each leg (rep, side, frame) [deg], or its standard uncertainty "u_angle"; NaN at side both."""
    return by_side(reps[signal], "joint_angle", name)


def hip_flexion(reps: Reps) -> xr.Variable:
    """Hip flexion, mean of the legs of which it is known (rep, frame) [deg]."""
    both = leg_angle(reps, "hip_flexion").isel(side=_BODY)
    return both.mean("side", skipna=True)


def of_legs(reps: Reps, pair: UncertainValue) -> UncertainValue:
    """Value and uncertainty of the legs that work."""
    return working(reps, pair[0]), working(reps, pair[1])


def _leg_peak(name: str) -> UncertainMeasure:
    """Measure: largest value of an angle of each leg in the movement, and its uncertainty."""

    def measure(reps: Reps) -> UncertainValue:
        """Read the largest value of the angle."""
        curves = leg_angle(reps, name), leg_angle(reps, name, signal="u_angle")
        return of_legs(reps, uncertain_peak(of_frames(reps), *curves, *span_of(reps)))

    return measure


knee_flexion_max = _leg_peak("knee_flexion")
hip_flexion_max = _leg_peak("hip_flexion")
ankle_dorsiflexion_max = _leg_peak("ankle_dorsiflexion")


def _trunk_angle(reps: Reps, name: str) -> tuple[xr.Variable, xr.Variable]:
    """Angle and its standard uncertainty (rep, frame) [deg]."""
    place = JOINT_ANGLES.index(name)
    return reps["angle"].isel(joint_angle=place), reps["u_angle"].isel(joint_angle=place)


def landing_knee_flexion_max(reps: Reps) -> UncertainValue:
    """Largest knee flexion after landing (rep, scoring, side) [deg], and its uncertainty."""
    landing = reps["landing"]
    curves = leg_angle(reps, "knee_flexion"), leg_angle(reps, "knee_flexion", signal="u_angle")
    value, uncertainty = uncertain_peak(of_frames(reps), *curves, landing, landing + LANDING_S)
    return landing_legs(reps, value), landing_legs(reps, uncertainty)


def lateral_velocity(reps: Reps) -> UncertainValue:
    """Mean velocity of the pelvis in flight, away from the leg that pushes off (rep, scoring) [m/s].

    Sideways is the person's own right at the start of the movement, whatever way the laboratory faces. The uncertainty
    is soft tissue artefact: the markers of the pelvis move relative to the bone as the hips flex in flight.
    """
    frames, pelvis = of_frames(reps), reps["pelvis_position"]
    takeoff, landing = reps["takeoff"], reps["landing"]
    forward, right = (
        at(frames, path, landing) - at(frames, path, takeoff)
        for path in (pelvis.isel(axis=list(AXES).index(name)) for name in ("x", "z"))
    )
    heading = np.radians(at(frames, angle(reps, "pelvis_rotation"), reps["span_start"]))
    away = xr.Variable("rep", [{"left": 1.0, "right": -1.0}.get(str(leg), np.nan) for leg in reps["leg"].data])
    bends = [angle(reps, f"{side}_hip_flexion") for side in SIDES_OF_BODY]
    bent = sum(abs(at(frames, bend, landing) - at(frames, bend, takeoff)) for bend in bends) / (90.0 * len(bends))
    seconds = landing - takeoff
    velocity = away * (right * np.cos(heading) + forward * np.sin(heading)) / seconds
    return velocity, SOFT_TISSUE_ARTEFACT["pelvis"].shift_m * bent / seconds


def lumbar_flexion_max(reps: Reps) -> UncertainValue:
    """Largest lumbar flexion of the movement relative to that of the static trial (rep, scoring) [deg].

    Markers that are placed beside their landmarks change both angles alike. What remains uncertain is the skin, by
    which pelvis and trunk turn in proportion to the flexion of the hips.
    """
    frames, flexion = of_frames(reps), angle(reps, "lumbar_flexion")
    start, last = span_of(reps)
    instant = peak_time(frames, flexion, start, last)
    skin = float(np.hypot(SOFT_TISSUE_ARTEFACT["pelvis"].turn_deg, SOFT_TISSUE_ARTEFACT["trunk"].turn_deg))
    value = peak(frames, flexion, start, last) - reps["standing_lumbar_flexion"]
    return value, skin * abs(at(frames, hip_flexion(reps), instant)) / 90.0


def trunk_lean_max(reps: Reps) -> UncertainValue:
    """Largest forward lean of the trunk (rep, scoring) [deg], and its uncertainty."""
    return uncertain_peak(of_frames(reps), *_trunk_angle(reps, "trunk_lean"), *span_of(reps))


METRICS: dict[str, Metric] = {
    "knee_flexion_max_deg": Metric(
        knee_flexion_max,
        label="knee flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum knee flexion during the movement.",
        equation="max knee_flexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "hip_flexion_max_deg": Metric(
        hip_flexion_max,
        label="hip flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum hip flexion during the movement.",
        equation="max hip_flexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "ankle_dorsiflexion_max_deg": Metric(
        ankle_dorsiflexion_max,
        label="ankle dorsiflexion",
        unit="deg",
        sign="dorsiflexion",
        meaning="Maximum ankle dorsiflexion during the movement.",
        equation="max ankle_dorsiflexion over the movement",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "landing_knee_flexion_max_deg": Metric(
        landing_knee_flexion_max,
        label="knee flexion in landing",
        unit="deg",
        sign="flexion",
        meaning="Maximum knee flexion in the 0.5 s after landing; of the leg that lands, after a lateral jump.",
        equation="max knee_flexion, t_landing to t_landing + 0.5 s",
        source=GROOD,
        tasks=JUMPS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "lateral_velocity_m_per_s": Metric(
        lateral_velocity,
        label="lateral velocity",
        unit="m/s",
        sign="away from the push-off leg",
        meaning="Mean velocity of the pelvis in flight along the person's mediolateral axis at the start of movement; "
        "without horizontal force it is that of take-off.",
        equation="sideways path of the pelvis from t_takeoff to t_landing / (t_landing - t_takeoff)",
        source=OWN_DEFINITION,
        tasks=LATERAL_JUMPS,
        streams=FORCE_AND_MOTION,
        uncertainty="both",
    ),
    "lumbar_flexion_max_deg": Metric(
        lumbar_flexion_max,
        label="lumbar flexion",
        unit="deg",
        sign="flexion",
        meaning="Maximum flexion of the trunk relative to the pelvis minus that in standing; without a standing trial, "
        "minus that at the start of the movement.",
        equation="max lumbar_flexion over the movement - lumbar_flexion in standing",
        source=GROOD,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
    "trunk_lean_max_deg": Metric(
        trunk_lean_max,
        label="trunk lean",
        unit="deg",
        sign="forward",
        meaning="Maximum angle of the trunk from the vertical.",
        equation="max trunk_lean over the movement",
        source=OWN_DEFINITION,
        tasks=MOVEMENTS,
        streams=MOTION,
        uncertainty="stated",
    ),
}
