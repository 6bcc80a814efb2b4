"""Cross-talk of the knee: a misplaced axis turns flexion into abduction, and principal components correct it."""

from __future__ import annotations

import numpy as np

from legsci.mechanics.motion.angles import JOINTS
from legsci.mechanics.motion.kinematics import Array, Kinematics
from legsci.vocabulary import LEGS

#: Frames below which three angles have no covariance to speak of.
LEAST_FRAMES = 10


def cross_talk_corrected_knees(kinematics_of_trial: Kinematics) -> dict[str, Array]:
    """Knee angles about axes turned so that flexion and abduction are no longer correlated.

    Parameters
    ----------
    kinematics_of_trial : with the three angles of a knee.

    Returns
    -------
    side -> flexion, abduction and rotation (time, 3) [deg], for the sides whose three knee angles are known in
    LEAST_FRAMES frames or more.

    Notes
    -----
    The eigenvectors of the covariance of the three angles, ordered and signed as near to the old axes as possible, turn
    the angle vectors: corrected = angles V. The mean is turned with them, as one turn of the knee's axes would do.
    Angles are no vectors, so this holds for axes that were misplaced by a few degrees.

    References
    ----------
    Baudet A et al. (2014) Cross-talk correction method for knee kinematics in gait analysis using principal component
    analysis (PCA): a new proposal. PLoS ONE 9:e102098.
    """
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
