"""Cross-talk of the knee: how far a misplaced axis turns flexion into abduction, and a correction by its own name."""

from __future__ import annotations

import numpy as np
import xarray as xr

from legsci.mechanics.motion.angles import JOINTS
from legsci.mechanics.motion.kinematics import Array, Kinematics
from legsci.vocabulary import LEGS

#: Frames below which three angles have no covariance to speak of.
LEAST_FRAMES = 10


def cross_talk(kinematics_of_trial: xr.Dataset) -> xr.DataArray:
    """Share of the knee's abduction that its flexion explains.

    Parameters
    ----------
    kinematics_of_trial : with angle (time, joint_angle) [deg].

    Returns
    -------
    (side,) squared correlation r^2 of knee flexion and abduction, for the sides that have both; near 0 where the knee
    axis is well placed, and NaN where an angle does not change.

    References
    ----------
    Baudet A et al. (2014) Cross-talk correction method for knee kinematics in gait analysis using principal component
    analysis (PCA): a new proposal. PLoS ONE 9:e102098.
    """
    r2 = {}
    for side, angles in _knees(Kinematics.of(kinematics_of_trial)).items():
        covariance = np.cov(angles[np.isfinite(angles).all(axis=1), :2].T)
        variances = covariance[0, 0] * covariance[1, 1]
        r2[side] = covariance[0, 1] ** 2 / variances if variances > 0.0 else np.nan
    return xr.DataArray(
        list(r2.values()), dims="side", coords={"side": list(r2)}, name="cross_talk", attrs={"units": "1"}
    )


def pca_corrected_knee_angles(kinematics_of_trial: xr.Dataset) -> xr.DataArray:
    """Knee angles about axes turned so that flexion and abduction no longer go together.

    Parameters
    ----------
    kinematics_of_trial : with angle (time, joint_angle) [deg].

    Returns
    -------
    angle (time, joint_angle) [deg] under names of their own, right_knee_flexion_pca_corrected and so on, for the sides
    whose three knee angles are known in LEAST_FRAMES frames or more.

    Notes
    -----
    The eigenvectors of the covariance of the three angles, ordered and signed as near to the old axes as possible, turn
    the angle vectors: corrected = angles V. The mean is turned with them, as one turn of the knee's axes would do.
    Angles are no vectors, so this holds for axes that were misplaced by a few degrees.

    References
    ----------
    Baudet A et al. (2014) PLoS ONE 9:e102098.
    """
    corrected = corrected_knees(Kinematics.of(kinematics_of_trial))
    names = [f"{name}_pca_corrected" for side in corrected for name in JOINTS[f"{side}_knee"].names]
    time = kinematics_of_trial["time"]
    values = np.concatenate(list(corrected.values()), axis=1) if corrected else np.empty((len(time), 0))
    coords = {"time": time, "joint_angle": names}
    return xr.DataArray(values, dims=("time", "joint_angle"), coords=coords, name="angle", attrs={"units": "deg"})


def corrected_knees(kinematics_of_trial: Kinematics) -> dict[str, Array]:
    """Angles of `pca_corrected_knee_angles` by side, (time, 3) [deg]."""
    answer = {}
    for side, angles in _knees(kinematics_of_trial).items():
        complete = np.isfinite(angles).all(axis=1)
        if complete.sum() >= LEAST_FRAMES:
            _, vectors = np.linalg.eigh(np.cov(angles[complete].T))
            order = _nearest_axes(vectors)
            answer[side] = angles @ (vectors[:, order] * np.sign(np.diag(vectors[:, order])))
    return answer


def _nearest_axes(vectors: Array) -> list[int]:
    """Return which eigenvector (columns) goes with flexion, abduction and rotation: the most of the three first."""
    left, order = [0, 1, 2], []
    for row in range(3):
        order.append(max(left, key=lambda column: abs(vectors[row, column])))
        left.remove(order[-1])
    return order


def _knees(kinematics_of_trial: Kinematics) -> dict[str, Array]:
    """Return side -> knee angles (time, 3) [deg] of the sides that have all three."""
    angle = kinematics_of_trial.angle
    names = {side: JOINTS[f"{side}_knee"].names for side in LEGS}
    return {
        side: np.stack([angle[name] for name in own], axis=1) for side, own in names.items() if set(own) <= set(angle)
    }
