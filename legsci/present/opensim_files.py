"""OpenSim's files of a trial as text: markers (.trc), ground reaction (.mot) and external loads (.xml)."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import xarray as xr

from legsci.mechanics.force.plates import centre_of_pressure
from legsci.mechanics.motion.kinematics import Array
from legsci.vocabulary import AXES, LEGS

#: Number of each foot in the names of columns.
NUMBER = {"right": 1, "left": 2}
#: Vertical force below which a centre of pressure is not defined, and the force is written as zero [N]; that of
#: `inverse_dynamics.dynamics`.
THRESHOLD_N = 20.0
MM_PER_M = 1000.0
_UP = list(AXES).index("y")


def markers_text(name: str, labels: Sequence[str], position: Array, times: Array, rate_hz: float) -> str:
    """Text of a .trc with markers in mm; gaps are "nan".

    Parameters
    ----------
    name : of the trial.
    labels : of the markers.
    position : (time, marker, 3) [m], x forward, y up, z right; NaN in gaps.
    times : (time,) [s].
    rate_hz : frames per second [Hz].
    """
    frames, count = len(times), len(labels)
    numbers = np.column_stack([np.arange(1, frames + 1), times, MM_PER_M * position.reshape(frames, -1)])
    header = [
        f"PathFileType\t4\t(X/Y/Z)\t{name}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate_hz:.10g}\t{rate_hz:.10g}\t{frames}\t{count}\tmm\t{rate_hz:.10g}\t1\t{frames}",
        "Frame#\tTime\t" + "\t".join(f"{label}\t\t" for label in labels),
        "\t\t" + "\t".join(f"X{n}\tY{n}\tZ{n}" for n in range(1, count + 1)),
        "",
    ]
    return "\n".join(header) + "\n" + _rows(numbers, ["%d", "%.8f", *["%.4f"] * (3 * count)])


def _rows(numbers: Array, formats: list[str]) -> str:
    """Rows of numbers with tabs between them."""
    text = io.StringIO()
    np.savetxt(text, numbers, fmt=formats, delimiter="\t")
    return text.getvalue()


def ground_reaction_text(name: str, times: Array, wrench: Mapping[str, Array], height_m: float) -> str:
    """Text of a .mot with force [N], centre of pressure [m] and free moment [N m] of each foot.

    Parameters
    ----------
    name : of the trial.
    times : (sample,) [s].
    wrench : side -> (sample, 6) force [N] on the body and moment about the laboratory's origin [N m].
    height_m : of the plane in which the centre of pressure lies.
    """
    sides = [side for side in LEGS if side in wrench]
    values = np.array([wrench[side] for side in sides])
    force = xr.Dataset(
        {
            "force": (("plate", "time", "axis"), values[..., :3]),
            "moment": (("plate", "time", "axis"), values[..., 3:]),
            "surface_height": ("plate", np.full(len(sides), height_m)),
        },
        coords={"plate": sides, "time": times, "axis": list(AXES)},
    )
    pressure = centre_of_pressure(force, threshold_n=THRESHOLD_N)
    point, free = pressure["centre_of_pressure"].to_numpy(), pressure["free_moment"].to_numpy()
    pressed = np.isfinite(free)
    columns, names, formats = [times], ["time"], ["%.8f"]
    for row, side in enumerate(sides):
        number, torque = NUMBER[side], np.zeros_like(point[row])
        torque[:, _UP] = free[row]
        for what, part, fmt in (
            (f"ground_force_{number}_v", values[row, :, :3], "%.4f"),
            (f"ground_force_{number}_p", point[row], "%.6f"),
            (f"ground_torque_{number}_", torque, "%.5f"),
        ):
            columns += list(np.where(pressed[row][:, None], part, 0.0).T)
            names += [what + axis for axis in AXES]
            formats += [fmt] * len(AXES)
    header = [f"{name}_grf", "version=1", f"nRows={times.size}", f"nColumns={len(names)}", "inDegrees=no"]
    return "\n".join([*header, "endheader", "\t".join(names)]) + "\n" + _rows(np.column_stack(columns), formats)


def external_loads_text(name: str, file: str, sides: Collection[str], bodies: Mapping[str, str]) -> str:
    """Document of the external loads of a trial.

    Parameters
    ----------
    name : of the trial.
    file : that holds the forces, in the same folder.
    sides : feet that it holds.
    bodies : side -> body of the model on which the ground acts.
    """
    forces = []
    for side in (side for side in LEGS if side in sides):
        stated = {
            "applied_to_body": escape(bodies[side]),
            "force_expressed_in_body": "ground",
            "point_expressed_in_body": "ground",
            "force_identifier": f"ground_force_{NUMBER[side]}_v",
            "point_identifier": f"ground_force_{NUMBER[side]}_p",
            "torque_identifier": f"ground_torque_{NUMBER[side]}_",
        }
        lines = "".join(f"\t\t\t\t<{key}>{value}</{key}>\n" for key, value in stated.items())
        forces.append(f'\t\t\t<ExternalForce name="{side}_foot">\n{lines}\t\t\t</ExternalForce>\n')
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<OpenSimDocument Version="40000">\n'
        f"\t<ExternalLoads name={quoteattr(name)}>\n\t\t<objects>\n{''.join(forces)}\t\t</objects>\n\t\t<groups />\n"
        f"\t\t<datafile>{file}</datafile>\n\t</ExternalLoads>\n</OpenSimDocument>\n"
    )
