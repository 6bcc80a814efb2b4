"""Centre and axis of a joint from the motion of the two segments that meet in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class FunctionalJoint(NamedTuple):
    """Centre and axis of the joint between two moving segments.

    Parameters
    ----------
    proximal_centre, distal_centre : (3,) the centre in the axes of either segment [m]; along an axis about which alone
        the joint turns, the point nearest to the origins.
    proximal_axis, distal_axis : (3,) direction of the main axis in the axes of either segment, length 1; which of
        its two ends comes first is arbitrary, the same for both.
    spread : (3,) root mean square motion that the joint shows across three directions, ascending, between 0 and 1:
        a hinge has a first value near 0, a joint that does not move three near 0.
    residual : root mean square distance between the two centres in the laboratory [m].
    """

    proximal_centre: Array
    distal_centre: Array
    proximal_axis: Array
    distal_axis: Array
    spread: Array
    residual: float


#: Below this spread the centre is undetermined in a direction: turns of less than about 3 deg. Our choice.
LEAST_SPREAD = 0.04


def functional_joint(
    proximal_rotation: Array, proximal_origin: Array, distal_rotation: Array, distal_origin: Array
) -> FunctionalJoint | None:
    """Find the point and the line that both segments carry along (SCoRE and SARA).

    Parameters
    ----------
    proximal_rotation, distal_rotation : (time, 3, 3), columns are the segments' axes in laboratory axes.
    proximal_origin, distal_origin : (time, 3) [m]. Frames with NaN are left out.

    Returns
    -------
    FunctionalJoint; None with fewer than two complete frames or where the joint does not turn.

    Notes
    -----
    Least squares of R_p c_p + o_p = R_d c_d + o_d over the frames for c_p and c_d. Eliminating c_d leaves, with
    R = R_p^T R_d and its mean M, the matrix I - M M^T for c_p: a direction u with u^T M = full length turns with both
    segments alike, which is the axis; its eigenvalues are the squares of `spread`. Directions with spread below
    LEAST_SPREAD are left undetermined by the motion, and the centre's part along them is 0.

    References
    ----------
    Ehrig RM, Taylor WR, Duda GN, Heller MO (2006) A survey of formal methods for determining the centre of rotation of
    ball joints. J Biomech 39:2798-2809.
    Ehrig RM, Taylor WR, Duda GN, Heller MO (2007) A survey of formal methods for determining functional joint axes.
    J Biomech 40:2150-2157.
    """
    arrays = (proximal_rotation, proximal_origin, distal_rotation, distal_origin)
    complete = np.logical_and.reduce([np.isfinite(a.reshape(len(a), -1)).all(axis=1) for a in arrays])
    if complete.sum() < 2:
        return None
    to_proximal = proximal_rotation[complete].transpose(0, 2, 1)
    relative = to_proximal @ distal_rotation[complete]
    offset = (to_proximal @ (distal_origin - proximal_origin)[complete][:, :, None])[:, :, 0]
    mean_relative, mean_offset = relative.mean(axis=0), offset.mean(axis=0)
    # c_p = M c_d + mean offset; then (I - M^T M) c_d = M^T mean offset - mean of R^T offset.
    turned_offset = (relative.transpose(0, 2, 1) @ offset[:, :, None])[:, :, 0].mean(axis=0)
    squares, directions = np.linalg.eigh(np.eye(3) - mean_relative.T @ mean_relative)
    spread = np.sqrt(np.clip(squares, 0.0, None))
    moving = spread > LEAST_SPREAD
    if not moving.any():
        return None
    towards = directions.T @ (mean_relative.T @ mean_offset - turned_offset)
    distal_centre = directions @ np.where(moving, towards / np.where(moving, squares, 1.0), 0.0)
    proximal_centre = mean_relative @ distal_centre + mean_offset
    gap = offset + (relative @ distal_centre) - proximal_centre
    proximal_axis = mean_relative @ directions[:, 0]
    return FunctionalJoint(
        proximal_centre=proximal_centre,
        distal_centre=distal_centre,
        proximal_axis=proximal_axis / np.linalg.norm(proximal_axis),
        distal_axis=directions[:, 0],
        spread=spread,
        residual=float(np.sqrt((gap * gap).sum(axis=1).mean())),
    )
