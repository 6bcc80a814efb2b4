"""Joint angles from segment rotations, after Grood & Suntay 1983 and the ISB recommendation (Wu et al. 2002)."""

from __future__ import annotations

import numpy as np

from legsci.simulate.athlete.plan import Array
from legsci.vocabulary import SEGMENTS


def _parts(proximal: Array, distal: Array, side: float) -> tuple[Array, Array, Array]:
    """Extension, adduction and internal rotation (n,) [rad]: about proximal z, floating axis and distal y.

    R_proximal^T R_distal = Rz(a) Rx(b) Ry(c); b and c are turned so that they mean the same on both sides (-1: left).
    """
    relative = np.swapaxes(proximal, -1, -2) @ distal
    about_z = np.arctan2(-relative[..., 0, 1], relative[..., 1, 1])
    about_x = np.arcsin(np.clip(relative[..., 2, 1], -1.0, 1.0))
    about_y = np.arctan2(-relative[..., 2, 0], relative[..., 2, 2])
    return about_z, side * about_x, side * about_y


def body_angles(rotation: Array) -> dict[str, Array]:
    """Joint angles of all frames.

    Parameters
    ----------
    rotation : (segment, n, 3, 3), in the order of SEGMENTS.

    Returns
    -------
    name -> (n,) [deg], per side `left_`/`right_`: hip_flexion, hip_adduction, hip_rotation (internal), knee_flexion,
    knee_abduction (valgus), knee_rotation (internal), ankle_dorsiflexion, ankle_inversion, ankle_rotation (internal),
    pelvic_drop (other side down, from the line between the hips), foot_pitch (toes up); and lumbar_flexion,
    lumbar_bend (to the right), lumbar_rotation (to the left), trunk_lean (forward), pelvic_tilt (forward).
    """
    turn = dict(zip(SEGMENTS, rotation, strict=True))
    angles: dict[str, Array] = {}
    for name, side in (("left", -1.0), ("right", 1.0)):
        thigh, shank, foot = (turn[f"{name}_{segment}"] for segment in ("thigh", "shank", "foot"))
        hip = _parts(turn["pelvis"], thigh, side)
        angles |= {f"{name}_hip_flexion": hip[0], f"{name}_hip_adduction": hip[1], f"{name}_hip_rotation": hip[2]}
        knee = _parts(thigh, shank, side)
        angles |= {
            f"{name}_knee_flexion": -knee[0],
            f"{name}_knee_abduction": -knee[1],
            f"{name}_knee_rotation": knee[2],
        }
        ankle = _parts(shank, foot, side)
        angles |= {
            f"{name}_ankle_dorsiflexion": ankle[0],
            f"{name}_ankle_inversion": ankle[1],
            f"{name}_ankle_rotation": ankle[2],
            f"{name}_pelvic_drop": side * np.arcsin(turn["pelvis"][:, 1, 2]),
            f"{name}_foot_pitch": np.arcsin(np.clip(foot[:, 1, 0], -1.0, 1.0)),
        }
    lumbar = _parts(turn["pelvis"], turn["trunk"], 1.0)
    angles |= {"lumbar_flexion": -lumbar[0], "lumbar_bend": lumbar[1], "lumbar_rotation": lumbar[2]}
    for name, segment in (("trunk_lean", "trunk"), ("pelvic_tilt", "pelvis")):
        angles[name] = np.arctan2(turn[segment][:, 0, 1], turn[segment][:, 1, 1])
    return {name: np.degrees(values) for name, values in angles.items()}
