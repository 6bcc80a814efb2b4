"""Movement of a trial: angles, alignment, moments and power of every frame, found once and cut into repetitions."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.mechanics.alignment import CURVES, SIDES, UNCERTAIN_CURVES, alignment, alignment_uncertainty
from legsci.mechanics.angles import JOINTS, kinematics
from legsci.mechanics.dynamics import LINKS, PLANES, dynamics
from legsci.mechanics.quality import Finding
from legsci.vocabulary import AXES, MARKERS, STANDARD_GRAVITY

Array = NDArray[np.float64]

JOINT_ANGLES = tuple(name for joint in JOINTS.values() for name in joint.names)
LOADED_JOINTS = tuple(LINKS)
#: What a repetition keeps of each frame: name -> dimensions beside the frame, and unit. Every study has all of them, so
#: that repetitions of different marker sets lie side by side; what a set does not give is NaN.
FRAME_SIGNALS: dict[str, tuple[tuple[str, ...], str]] = {
    "angle": (("joint_angle",), "deg"),
    "moment": (("joint", "plane"), "N m/kg"),
    "power": (("joint", "plane"), "W/kg"),
    "energy": ((), "J/kg"),
    "pelvis_position": (("axis",), "m"),
    "foot_height": (("side",), "m"),
    **{name: (("side",), unit) for name, unit in CURVES.items()},
    **{f"u_{name}": (("side",), CURVES.get(name, "deg")) for name in UNCERTAIN_CURVES},
}
#: Labels of those dimensions.
FRAME_COORDS = {
    "joint_angle": JOINT_ANGLES,
    "joint": LOADED_JOINTS,
    "plane": PLANES,
    "side": SIDES,
    "axis": tuple(AXES),
}


def trial_movement(
    trial: xr.DataTree, standing: xr.Dataset | None, *, body_mass_kg: float, sex: str
) -> tuple[xr.Dataset | None, list[Finding]]:
    """Compute what the markers of a trial, and its plates where they tell the feet apart, say of each frame.

    Parameters
    ----------
    trial : group of a session file.
    standing : markers of the session's standing trial, which defines the anatomy; None: the trial's own quiet part.
    body_mass_kg : mass of the person without load [kg]; NaN where it is not known.
    sex : "female" or "male"; anything else where it is not known.

    Returns
    -------
    movement : Dataset of FRAME_SIGNALS with the dimension time [s on the trial's clock]; attrs sampling_rate_hz and
        mean_speed_m_per_s, level speed of the pelvis from the first to the last frame that shows it.
        Moments and powers are those of `dynamics` per body mass; energy is the mechanical energy of the body's centre
        of mass per body mass. None without markers that legsci knows.
    findings : one per reason code, whose sentence joins what was found.
    """
    if "markers" not in trial.children:
        return None, []
    markers = trial["markers"].to_dataset()
    if not {str(label) for label in markers["marker"].to_numpy()} & set(MARKERS):
        return None, [Finding("markers_unknown", signal="markers")]
    moved = kinematics(markers, standing)
    signals: dict[str, xr.DataArray | None]
    notes = json.loads(moved.attrs["notes"])
    signals = {
        "angle": moved["angle"],
        "pelvis_position": _pelvis_position(moved),
        "foot_height": _foot_height(markers),
    }
    signals |= {str(name): curve for name, curve in alignment(moved).items()}
    if any(code == "no_standing" for code, _ in notes):
        signals["foot_pitch"] = None
        finding = Finding("angle_absent", signal="foot pitch", detail="nobody stands, which would show the foot flat")
        notes.append([finding.code, finding.sentence])
    signals |= {str(name): curve for name, curve in alignment_uncertainty(moved).items()}
    if "force" in trial.children:
        loaded, reasons = _loads(moved, trial, body_mass_kg=body_mass_kg, sex=sex)
        signals |= loaded
        notes += reasons
    movement = xr.Dataset(
        {name: _complete(signals.get(name), name, moved.sizes["time"]) for name in FRAME_SIGNALS},
        coords={"time": moved["time"], **{name: list(labels) for name, labels in FRAME_COORDS.items()}},
        attrs={"sampling_rate_hz": moved.attrs["sampling_rate_hz"]},
    )
    movement.attrs["mean_speed_m_per_s"] = _mean_speed(movement)
    return movement, _joined(notes)


def _complete(signal: xr.DataArray | None, name: str, frames: int) -> tuple[tuple[str, ...], Array, dict[str, str]]:
    """Lay a signal out over all labels of its dimensions, (..., time); NaN where it has none."""
    dims, unit = FRAME_SIGNALS[name]
    values = np.full((*(len(FRAME_COORDS[dim]) for dim in dims), frames), np.nan)
    if signal is not None:
        places = [[FRAME_COORDS[dim].index(str(label)) for label in signal[dim].to_numpy()] for dim in dims]
        values[np.ix_(*places, range(frames))] = signal.transpose(*dims, "time").to_numpy()
    return (*dims, "time"), values, {"units": unit}


def _pelvis_position(moved: xr.Dataset) -> xr.DataArray | None:
    """Middle of the hips (axis, time) [m]."""
    return moved["position"].sel(segment="pelvis") if "pelvis" in moved["segment"] else None


def _mean_speed(movement: xr.Dataset) -> float:
    """Level distance of the first and last known place of the pelvis per time between them [m/s]."""
    place = movement["pelvis_position"].sel(axis=["x", "z"]).to_numpy()
    seen = np.flatnonzero(np.isfinite(place).all(axis=0))
    if seen.size < 2:
        return float("nan")
    first, last = seen[0], seen[-1]
    time = movement["time"].to_numpy()
    return float(np.linalg.norm(place[:, last] - place[:, first]) / (time[last] - time[first]))


def _foot_height(markers: xr.Dataset) -> xr.DataArray | None:
    """Mean height of the heel and toe markers of each foot that has both (side, time) [m]."""
    known = {str(label) for label in markers["marker"].to_numpy()}
    sides = [side for side in SIDES if {f"{side}_heel", f"{side}_toe"} <= known]
    if not sides:
        return None
    height = markers["position"].sel(axis="y")
    feet = [height.sel(marker=[f"{side}_heel", f"{side}_toe"]).mean("marker", skipna=False) for side in sides]
    return xr.concat(feet, dim=xr.DataArray(sides, dims="side", name="side"))


def _loads(
    moved: xr.Dataset, trial: xr.DataTree, *, body_mass_kg: float, sex: str
) -> tuple[dict[str, xr.DataArray], list[list[str]]]:
    """Moments, powers and energy of a trial, and what was found on the way."""
    legs = [name for name in moved["segment"].to_numpy() if str(name).endswith(("thigh", "shank"))]
    if not legs:
        return {}, []
    unknown = [
        words
        for words, missing in (
            ("the body mass is not known", not np.isfinite(body_mass_kg)),
            ("the sex, by which the inertia of segments is chosen, is not known", sex not in ("female", "male")),
        )
        if missing
    ]
    if unknown:
        finding = Finding("person_unknown", signal="participant", detail=" and ".join(unknown))
        return {}, [[finding.code, finding.sentence]]
    load = float(trial.attrs.get("load_kg", 0.0))
    load = 0.0 if np.isnan(load) else load
    force = trial["force"].to_dataset()
    solved = dynamics(moved, force, body_mass_kg=body_mass_kg, sex=sex, load_kg=load)
    signals = {}
    if "joint_power_in_plane" in solved:
        signals["moment"] = solved["joint_moment_per_mass"]
        signals["power"] = solved["joint_power_in_plane"] / body_mass_kg
    if "body_velocity" in solved:
        speed, height = solved["body_velocity"], solved["body_centre_of_mass"].sel(axis="y", drop=True)
        energy = 0.5 * (speed**2).sum("axis", skipna=False) + STANDARD_GRAVITY * height
        signals["energy"] = energy * (solved.attrs["total_mass_kg"] / body_mass_kg)
    return signals, json.loads(solved.attrs["notes"])


def _joined(notes: list[list[str]]) -> list[Finding]:
    """One finding per code, with all its sentences."""
    sentences: dict[str, list[str]] = {}
    for code, sentence in notes:
        sentences.setdefault(code, []).append(sentence)
    return [
        Finding(code, signal="markers", value=float(len(words)), words=" ".join(words))
        for code, words in sentences.items()
    ]
