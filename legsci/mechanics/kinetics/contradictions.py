"""What the study states and its recordings contradict: the way the person faces, stamps of markers, feet, body mass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import xarray as xr

from legsci.ingest.streams import stream, streams
from legsci.kernels.filters import butterworth_lowpass
from legsci.mechanics.force.jump_checks import MASS_DISAGREEMENT_PERCENT
from legsci.mechanics.force.plates import GroundReaction
from legsci.mechanics.kinetics.movement import FRAME_COORDS, Movement
from legsci.mechanics.kinetics.plate_places import PressedPlate, pressed_plates
from legsci.mechanics.motion.kinematics import Array
from legsci.quality import QualityFlag
from legsci.tasks import TASKS
from legsci.vocabulary import AXES, SIDES_OF_BODY, STANDARD_GRAVITY

#: Mean heading of the pelvis up to which a person faces forward [deg]: a part of cos 30 deg = 0.87 of a force along the
#: way the person faces is then read as such. Our choice.
FACING_DEG = 30.0
#: The pressure of the plate of the left foot may lie this far to the right of that of the right foot [m].
CROSSED_M = 0.05
#: Times as fast as stamped that markers are tried.
TIME_SCALES = {2.0: "twice", 0.5: "half"}
#: Vertical force follows the acceleration of the pelvis: at least this correlation with the right stamps, at most that
#: with wrong ones. Virtual squats and jumps read 0.99 with the right ones, at most 0.32 with wrong ones.
FOLLOWS_CORRELATION, CONTRADICTS_CORRELATION = 0.8, 0.5
#: Low-pass of both before they are compared [Hz].
COMPARED_HZ = 5.0
#: Shortest time in which they are compared [s]; part of body weight by which force has to vary in it.
COMPARED_S, VARYING_PART = 1.0, 0.1
#: Flags of plates and markers that contradict each other so that joint kinetics are wrong.
WRONG_KINETICS = ("clocks_apart", "force_axis_reversed", "pressure_beside_body")
#: Comparisons of the plates with the motion of the whole body, for tasks in which nothing else bears it.
OF_WHOLE_BODY = ("force_disagrees_with_motion", "moment_disagrees_with_motion", *WRONG_KINETICS)
KINETICS = ("moment", "u_moment", "power", "u_power", "u_power_passing", "energy", "power_residual")
#: Curves that rest on the forward axis of the laboratory.
SEEN_FROM_AHEAD = ("knee_fixed_camera_projection", "u_knee_fixed_camera_projection")


def facing_deg(movement: Movement | None) -> float:
    """Mean direction of the pelvis to the left of the laboratory's forward axis [deg]; NaN where it is not known."""
    if movement is None:
        return float("nan")
    heading = np.radians(movement.signals["angle"][FRAME_COORDS["joint_angle"].index("pelvis_rotation")])
    seen = heading[np.isfinite(heading)]
    return float(np.degrees(np.arctan2(np.sin(seen).mean(), np.cos(seen).mean()))) if seen.size else float("nan")


def facing_flags(movement: Movement | None) -> list[QualityFlag]:
    """Flag of a person who faces elsewhere than along the forward axis of the laboratory."""
    facing = facing_deg(movement)
    return [QualityFlag("faces_elsewhere", "pelvis", facing, FACING_DEG)] if abs(facing) > FACING_DEG else []


def stamp_flags(movement: Movement | None, reaction: GroundReaction | None) -> list[QualityFlag]:
    """Flag of markers whose stamps run at half or twice the speed, by vertical force and acceleration of the pelvis."""
    if movement is None or reaction is None or not reaction.plates:
        return []
    height, time = movement.signals["pelvis_height"], movement.time
    if not np.isfinite(height).all() or not movement.rate_hz > 2.0 * COMPARED_HZ / min(TIME_SCALES):
        return []
    acceleration = np.gradient(np.gradient(_lowpass(height, movement.rate_hz), time), time)
    force = _lowpass(np.nan_to_num(reaction.force[0]), reaction.rate)
    follows = {scale: _correlation(force, reaction, acceleration, time / scale) for scale in (1.0, *TIME_SCALES)}
    best = max(TIME_SCALES, key=lambda scale: np.nan_to_num(follows[scale], nan=-1.0))
    if not (follows[best] >= FOLLOWS_CORRELATION and follows[1.0] <= CONTRADICTS_CORRELATION):
        return []
    return [QualityFlag("stamps_contradicted", "markers", follows[best], follows[1.0], TIME_SCALES[best])]


def _lowpass(signal: Array, rate: float) -> Array:
    return np.asarray(butterworth_lowpass(signal[None], sampling_rate_hz=rate, cutoff_hz=COMPARED_HZ)[0])


def _correlation(force: Array, reaction: GroundReaction, acceleration: Array, times: Array) -> float:
    """Correlation of vertical force with acceleration at times of the plates, while loaded; NaN of standing."""
    index = np.round(times * reaction.rate).astype(int)
    inside = (index >= 0) & (index < force.size)
    loads, moved = force[index[inside]], acceleration[inside]
    loaded = loads > reaction.unloaded_limit
    loads, moved = loads[loaded], moved[loaded]
    rate = 1.0 / float(times[1] - times[0])
    if loads.size < COMPARED_S * rate or np.std(loads) < VARYING_PART * np.median(loads) or not np.std(moved) > 0.0:
        return float("nan")
    return float(np.corrcoef(loads, moved)[0, 1])


def crossed_plate_flags(trial: xr.DataTree, movement: Movement | None) -> list[QualityFlag]:
    """Flag of plates whose left foot presses to the right of their right foot, as the person faces.

    Without a pelvis the person faces along the forward axis of the laboratory. Tasks on one leg, and running steps,
    are not judged.
    """
    force = stream(trial, "force")
    if force is None or TASKS[str(trial.attrs["task"])].legs not in ("both", "either"):
        return []
    if trial.attrs.get("leg", "both") in SIDES_OF_BODY or "moment" not in force:
        return []
    if set(force.get_index("axis")) != set(AXES):
        return []
    places = [_mean_pressure(pressed_plates(force), side) for side in SIDES_OF_BODY]
    facing = np.radians(np.nan_to_num(facing_deg(movement)))
    # Forward turned to the left by the heading is (cos, -sin) of (x, z); the right is a quarter turn from there.
    rightward = np.array([np.sin(facing), np.cos(facing)])
    crossed = float((places[0] - places[1]) @ rightward)
    return [QualityFlag("plates_against_facing", "force", crossed, CROSSED_M)] if crossed > CROSSED_M else []


def _mean_pressure(plates: list[PressedPlate], side: str) -> Array:
    """Mean centre of pressure (2,), forward and right, of the plates of a foot by their load [m]; NaN without load."""
    own = [plate for plate in plates if plate.foot == side]
    total = sum(float(plate.load.sum()) for plate in own)
    if not total > 0.0:
        return np.full(2, np.nan)
    return np.asarray(sum(plate.load @ np.nan_to_num(plate.pressure) for plate in own) / total)


def mass_flags(body_weight_n: float, mass_kg: float) -> list[QualityFlag]:
    """Flag of a stated body mass that the weight of the person in the session contradicts; both NaN if not known."""
    percent = 100.0 * abs(body_weight_n / (mass_kg * STANDARD_GRAVITY) - 1.0)
    limit = MASS_DISAGREEMENT_PERCENT
    return [QualityFlag("mass_contradicted", "force", percent, limit)] if percent > limit else []


def without_feet(trial: xr.DataTree) -> xr.DataTree:
    """Trial whose plates are assigned to no single foot, since what the study states of them is wrong."""
    force = stream(trial, "force")
    if force is None:
        return trial
    feet = ["both" if foot in SIDES_OF_BODY else str(foot) for foot in force.variables["foot"].data.astype(str)]
    kept = {name: group for name, group in trial.children.items() if name not in streams(trial, "force")}
    changed = xr.DataTree(children={**kept, "force": xr.DataTree(force.assign_coords(foot=("plate", feet)))})
    changed.attrs.update(trial.attrs)
    return changed


def without_kinetics(movement: Movement | None, why: Iterable[str]) -> tuple[Movement | None, list[QualityFlag]]:
    """Movement without joint kinetics, where there are reasons; and the flag that says so."""
    reasons = [reason for reason in why if reason]
    if movement is None or not reasons or np.isnan(movement.signals["moment"]).all():
        return movement, []
    flag = QualityFlag("kinetics_withheld", "force", detail=", ".join(reasons))
    return _without(movement, KINETICS), [flag]


def without_directions(movement: Movement | None) -> Movement | None:
    """Movement without what a camera ahead would see, of a person who does not face it."""
    return None if movement is None else _without(movement, SEEN_FROM_AHEAD)


def _without(movement: Movement, names: Iterable[str]) -> Movement:
    unknown = {name: np.full_like(movement.signals[name], np.nan) for name in names}
    return replace(movement, signals={**movement.signals, **unknown})
