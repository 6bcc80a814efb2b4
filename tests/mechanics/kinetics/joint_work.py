"""Work of the joints over a stretch of time, from labelled dynamics: the slow twin of the metrics of work."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.vocabulary import STANDARD_GRAVITY

Array = NDArray[np.float64]


def joint_work(dynamics: xr.Dataset, *, start_s: float, stop_s: float) -> xr.Dataset:
    """Positive and negative work of each joint, as a whole and by plane.

    Parameters
    ----------
    dynamics : answer of `legsci.mechanics.kinetics.inverse_dynamics.dynamics`.
    start_s, stop_s : first and last instant on the trial's clock, such as those of a push-off [s].

    Returns
    -------
    Dataset of positive_work, negative_work (joint,) and positive_work_in_plane, negative_work_in_plane (joint, plane)
    [J]: integrals of power where it is above, respectively below, zero, by the trapezoid rule with the crossings of
    zero found between samples. Positive work of planes adds up to more than that of the joint where one plane absorbs
    what another generates. A gap in the stretch makes a joint NaN.

    Raises
    ------
    ValueError : the stretch is not inside the trial or holds fewer than two samples.
    """
    part = _between(dynamics, start_s, stop_s)
    time = part["time"].to_numpy()
    answer = xr.Dataset()
    for suffix, dims in (("", ("joint",)), ("_in_plane", ("joint", "plane"))):
        power = part[f"joint_power{suffix}"].transpose("time", *dims)
        for name, sign in (("positive", 1.0), ("negative", -1.0)):
            work = sign * _positive_area(sign * power.to_numpy(), time)
            answer[f"{name}_work{suffix}"] = (dims, work, {"units": "J"})
    return answer.assign_coords(joint=part["joint"], plane=part["plane"])


def external_work(dynamics: xr.Dataset, *, start_s: float, stop_s: float) -> float:
    """Change of the mechanical energy of the body's centre of mass [J]: m (v.v / 2 + g height) at the stop, less start.

    Parameters
    ----------
    dynamics : with body_centre_of_mass and body_velocity, which need all segments.
    start_s, stop_s : on the trial's clock [s].

    Raises
    ------
    ValueError : segments are missing, so that the centre of mass is not known; or as `joint_work`.
    """
    if "body_velocity" not in dynamics:
        raise ValueError("external work: the centre of mass is not known, since segments of the body are missing")
    part = _between(dynamics, start_s, stop_s)
    speed = part["body_velocity"].transpose("time", "axis").to_numpy()
    height = part["body_centre_of_mass"].sel(axis="y").to_numpy()
    energy = 0.5 * (speed**2).sum(axis=1) + STANDARD_GRAVITY * height
    return float(dynamics.attrs["total_mass_kg"] * (energy[-1] - energy[0]))


def force_transmission_ratio(dynamics: xr.Dataset, *, start_s: float, stop_s: float) -> float:
    """Share of the positive joint work of a push-off that arrives as mechanical energy of the centre of mass.

    Parameters
    ----------
    dynamics : of a trial with all segments; joints are both hips, knees and ankles and the lumbar joint.
    start_s, stop_s : push-off, from the lowest point to take-off [s].

    Returns
    -------
    External work / sum of positive joint work [-]. The rest moves segments against each other, is absorbed by other
    joints, or is error. Work of the arms, within the trunk and within the foot (`ground_power`) is not seen and raises
    the ratio, above 1 even. NaN where a joint has a gap or no joint works.

    Raises
    ------
    ValueError : as `external_work`.
    """
    external = external_work(dynamics, start_s=start_s, stop_s=stop_s)
    positive = float(joint_work(dynamics, start_s=start_s, stop_s=stop_s)["positive_work"].sum(skipna=False))
    return external / positive if positive > 0.0 else float("nan")


def frontal_plane_work_share(dynamics: xr.Dataset, *, start_s: float, stop_s: float, side: str | None = None) -> float:
    """Share of the legs' joint work, generated and absorbed, that is done in the frontal plane.

    Parameters
    ----------
    dynamics : of a trial.
    start_s, stop_s : on the trial's clock [s].
    side : "left" or "right"; None takes all joints that were recorded, the lumbar joint too.

    Returns
    -------
    Sum over joints of |frontal work| / sum over joints and planes of |work| [-], |work| being positive less negative
    work. NaN where a joint has a gap or nothing is done.

    Raises
    ------
    ValueError : as `joint_work`.
    """
    work = joint_work(dynamics, start_s=start_s, stop_s=stop_s)
    done = work["positive_work_in_plane"] - work["negative_work_in_plane"]
    if side is not None:
        done = done.sel(joint=[name for name in done["joint"].to_numpy() if str(name).startswith(f"{side}_")])
    total = float(done.sum(skipna=False))
    return float(done.sel(plane="frontal").sum(skipna=False)) / total if total > 0.0 else float("nan")


def _between(dynamics: xr.Dataset, start_s: float, stop_s: float) -> xr.Dataset:
    """Samples from start to stop; a part of a sample at either end is left out."""
    time = dynamics["time"].to_numpy()
    slack = 1e-6
    inside = (time >= start_s - slack) & (time <= stop_s + slack)
    if not time[0] - slack <= start_s <= stop_s <= time[-1] + slack or inside.sum() < 2:
        raise ValueError(
            f"work from {start_s:g} s to {stop_s:g} s: expected two samples or more of the trial's"
            f" {time[0]:g} to {time[-1]:g} s"
        )
    return dynamics.isel(time=np.flatnonzero(inside))


def _positive_area(power: Array, time: Array) -> Array:
    """Area (...) above zero of power (time, ...), straight between samples."""
    interval = np.diff(time).reshape(-1, *[1] * (power.ndim - 1))
    left, right = power[:-1], power[1:]
    above_left, above_right = np.maximum(left, 0.0), np.maximum(right, 0.0)
    crossing = left * right < 0.0
    # Between samples of opposite sign only the triangle beside the positive one lies above zero.
    part = np.where(crossing, np.maximum(left, right) / np.where(crossing, np.abs(left - right), 1.0), 1.0)
    return np.asarray((0.5 * (above_left + above_right) * part * interval).sum(axis=0))
