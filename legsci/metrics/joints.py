"""Metrics of joint angles, and the view of the frames that all metrics of markers share.

Each takes the Dataset that `prepare` in table.py makes of a reps file; vocabulary.py says what each means. A metric of
a leg is given for the legs that work: both, or the one that pushes off or touches down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from legsci.mechanics.movement import JOINT_ANGLES
from legsci.metrics.curves import at, peak
from legsci.metrics.force import LANDING_S
from legsci.vocabulary import AXES, SIDES

Measure = Callable[[xr.Dataset], xr.DataArray]


def of_frames(reps: xr.Dataset) -> xr.Dataset:
    """Clock of the markers, on which `legsci.metrics.curves` reads signals of frames."""
    return xr.Dataset({"window_start": reps["frame_start"], "sampling_rate_hz": reps["frame_rate_hz"]})


def movement_span(reps: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """First and last instant of a movement (rep, scoring) [s]: that in which peaks are sought.

    From the start of movement or touchdown to take-off; of a squat to the end of lifting, of a landing for `LANDING_S`,
    of standing the weighing window.
    """
    start = reps["movement_start"].fillna(reps["touchdown"])
    last = reps["takeoff"].fillna(reps["movement_end"])
    last = last.fillna(start + LANDING_S)
    still = ~np.isfinite(start) & (reps["task"] == "standing")
    return start.where(~still, reps["weighing_start"]), last.where(~still, reps["weighing_end"])


def span_of(reps: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """First and last instant of a movement, as `prepare` keeps them (rep, scoring) [s]."""
    return reps["span_start"], reps["span_end"]


def of_sides(signal: xr.DataArray, side: str) -> xr.DataArray:
    """Signal of one side, without the dimension side."""
    return signal.isel(side=SIDES.index(side), drop=True)


def working(reps: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    """Values (rep, scoring, side) of the legs that work; NaN for the other and for both together."""
    legs = reps["leg"].to_numpy().astype(str)
    kept = np.array([[leg in ("both", side) and side != "both" for side in SIDES] for leg in legs])
    return values.where(xr.DataArray(kept, dims=("rep", "side")))


def on_both(values: xr.DataArray) -> xr.DataArray:
    """Values (rep, scoring) as (rep, scoring, side), at side both."""
    return values.where(xr.DataArray([side == "both" for side in SIDES], dims="side"))


def angle(reps: xr.Dataset, name: str) -> xr.DataArray:
    """Joint angle (rep, frame) [deg]."""
    return reps["angle"].isel(joint_angle=JOINT_ANGLES.index(name), drop=True).rename(frame="sample")


def leg_angle(reps: xr.Dataset, name: str) -> xr.DataArray:
    """Joint angle of each leg (rep, side, frame) [deg], NaN at side both."""
    sides = [angle(reps, f"{side}_{name}") for side in SIDES if side != "both"]
    return xr.concat([xr.full_like(sides[0], np.nan), *sides], dim="side").transpose("rep", "side", "sample")


def _leg_peak(name: str) -> Measure:
    """Measure: largest value of an angle of each leg in the movement."""

    def measure(reps: xr.Dataset) -> xr.DataArray:
        return working(reps, peak(of_frames(reps), leg_angle(reps, name), *span_of(reps))[0])

    return measure


knee_flexion_max = _leg_peak("knee_flexion")
hip_flexion_max = _leg_peak("hip_flexion")
ankle_dorsiflexion_max = _leg_peak("ankle_dorsiflexion")


def lumbar_flexion_max(reps: xr.Dataset) -> xr.DataArray:
    """Largest lumbar flexion of the movement less that of standing, else at its start (rep, scoring) [deg]."""
    frames, flexion = of_frames(reps), angle(reps, "lumbar_flexion")
    start, last = span_of(reps)
    return peak(frames, flexion, start, last)[0] - reps["standing_lumbar_flexion"].fillna(at(frames, flexion, start))


def trunk_lean_max(reps: xr.Dataset) -> xr.DataArray:
    """Largest forward lean of the trunk (rep, scoring) [deg]."""
    return peak(of_frames(reps), angle(reps, "trunk_lean"), *span_of(reps))[0]


def pelvis_height(reps: xr.Dataset) -> xr.DataArray:
    """Height of the middle of the hips (rep, frame) [m]."""
    return reps["pelvis_position"].isel(axis=list(AXES).index("y"), drop=True).rename(frame="sample")


def squat_depth(reps: xr.Dataset) -> xr.DataArray:
    """How far the pelvis sinks from the start of lowering to its lowest point (rep, scoring) [m]."""
    frames, height = of_frames(reps), pelvis_height(reps)
    start, last = span_of(reps)
    return at(frames, height, start) + peak(frames, -height, start, last)[0]


def thigh_angle_max(reps: xr.Dataset) -> xr.DataArray:
    """Largest inclination of the thigh (rep, scoring, side) [deg]."""
    signal = reps["thigh_inclination"].rename(frame="sample")
    return working(reps, peak(of_frames(reps), signal, *span_of(reps))[0])


def lowering_time(reps: xr.Dataset) -> xr.DataArray:
    """Time of lowering (rep, scoring) [s]."""
    return reps["lowering_end"] - reps["movement_start"]


def bottom_time(reps: xr.Dataset) -> xr.DataArray:
    """Time of rest at the bottom (rep, scoring) [s]."""
    return reps["propulsion_start"] - reps["lowering_end"]


def lifting_time(reps: xr.Dataset) -> xr.DataArray:
    """Time of lifting (rep, scoring) [s]."""
    return reps["movement_end"] - reps["propulsion_start"]


def lifting_velocity(reps: xr.Dataset) -> xr.DataArray:
    """Mean upward velocity of the pelvis over lifting (rep, scoring) [m/s]."""
    frames, height = of_frames(reps), pelvis_height(reps)
    rise = at(frames, height, reps["movement_end"]) - at(frames, height, reps["propulsion_start"])
    return rise / lifting_time(reps)


def velocity_loss(reps: xr.Dataset) -> xr.DataArray:
    """How much slower a squat is lifted than the fastest of its set so far (rep, scoring) [%]."""
    velocity = lifting_velocity(reps)
    values = velocity.transpose("rep", "scoring").to_numpy()
    trials = reps["trial_id"].to_numpy().astype(str)
    fastest = np.full(values.shape, np.nan)
    for trial in np.unique(trials):
        fastest[trials == trial] = np.fmax.accumulate(values[trials == trial], axis=0)
    return 100.0 * (1.0 - velocity / xr.DataArray(fastest, dims=("rep", "scoring")))


def foot_strike_angle(reps: xr.Dataset) -> xr.DataArray:
    """Pitch of the foot at touchdown, against standing (rep, scoring, side) [deg]."""
    pitch = reps["foot_pitch"].rename(frame="sample")
    return working(reps, at(of_frames(reps), pitch, reps["touchdown"]))


def running_speed(reps: xr.Dataset) -> xr.DataArray:
    """Mean level speed of the pelvis over the recording (rep, scoring) [m/s]."""
    return reps["mean_speed"].broadcast_like(reps["takeoff"])


def step_speed(reps: xr.Dataset) -> xr.DataArray:
    """Mean level speed of the pelvis from a touchdown to the next (rep, scoring) [m/s]."""
    frames = of_frames(reps)
    level = reps["pelvis_position"].isel(axis=[list(AXES).index(axis) for axis in "xz"]).rename(frame="sample")
    way = at(frames, level, reps["landing"]) - at(frames, level, reps["touchdown"])
    return (way**2).sum("axis", skipna=False) ** 0.5 / (reps["landing"] - reps["touchdown"])
