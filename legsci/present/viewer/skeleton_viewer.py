"""The skeleton viewer: skeleton and ground reaction of a trial in JupyterLab, rotated by hand, without a network."""

from __future__ import annotations

import base64
import json
from html import escape
from importlib.resources import files

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex

from legsci.mechanics.kinetics.session_motion import SessionMotion, TrialMotion
from legsci.mechanics.reps.curation import EVENT_ORDER
from legsci.present.figures import style
from legsci.present.figures.skeleton import FORCE_COLOUR, NEWTONS_PER_METRE
from legsci.present.figures.skeleton_scene import LEAST_FORCE_N, Scene, scene
from legsci.vocabulary import SIDES, SIDES_OF_BODY

#: Frames a second that are kept: as many as a screen shows.
SHOWN_HZ = 60.0
#: Force is shown as the highest of each of so many intervals a second: peaks of impacts stay.
FORCE_HZ = 50.0
#: Joint angles that are shown, those of both sides together.
OF_SIDES = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "knee_abduction")
OF_TRUNK = ("lumbar_flexion", "trunk_lean")
#: Steps in which 16-bit numbers state angles [deg] and force [N]; positions are in millimetres.
ANGLE_STEP_DEG, FORCE_STEP_N = 0.01, 1.0
#: Value of a gap.
GAP = -32768


class SkeletonViewer:
    """A page that JupyterLab shows as the answer of a cell: skeleton, force and joint angles with one cursor.

    Parameters
    ----------
    html : the page, some 130 kB for ten seconds; it is self-contained.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def skeleton_viewer(
    session: xr.DataTree, motion: SessionMotion, trial_id: str, *, reps: xr.Dataset | None = None
) -> SkeletonViewer:
    """Make a viewer of a trial.

    Parameters
    ----------
    session : a session file, opened.
    motion : of the session.
    trial_id : one of its trials. Where it has neither markers nor segments of a leg, the viewer says so.
    reps : repetitions of the session, whose events are marked and each of which can be played alone; None: no events.

    Raises
    ------
    ValueError : there is no such trial.
    """
    if trial_id not in session.children:
        raise ValueError(f"there is no trial {trial_id} in this session; it has {', '.join(session.children)}")
    session_name = f"participant {session.attrs['participant_id']}, session {session.attrs['session_id']}"
    title = f"<b>{escape(style.readable(trial_id))}, {escape(session_name)}</b>"
    title += " (simulated)" if session.attrs["simulated"] else ""
    shown = scene(session, motion, trial_id)
    if shown is None:
        return SkeletonViewer(f"<div>{title}: neither markers nor segments of a leg were recorded.</div>")
    page = files("legsci.present.viewer").joinpath("skeleton_viewer.html").read_text(encoding="utf-8")
    data = json.dumps(_packed(shown) | _curves(motion.trials[trial_id], shown) | _events(reps, trial_id))
    page = page.replace("__TITLE__", title).replace("__NEWTONS__", f"{NEWTONS_PER_METRE:.0f}")
    return SkeletonViewer(page.replace("__SCENE__", data))


def _packed(shown: Scene) -> dict[str, object]:
    """What the page draws: colours, and positions in millimetres."""
    frames = slice(None, None, _frame_step(shown))
    lines = [
        (to_hex(style.SIDE_COLOURS[side]), paths.shape[1], _millimetres(paths[frames])) for side, paths in shown.lines
    ]
    stands = np.isfinite(shown.pressure).all(axis=2) & (shown.force[:, :, 1] >= LEAST_FORCE_N)
    ends = np.stack([shown.pressure, shown.pressure + shown.force / NEWTONS_PER_METRE], axis=2)
    ends[~stands] = np.nan
    everything = np.concatenate([paths[frames] for _, paths in shown.lines], axis=1)
    middle = _bridged(np.nanmean(everything, axis=1)[:, [0, 2]])
    return {
        "times": [round(float(time), 4) for time in shown.time[frames]],
        "lines": lines,
        "arrows": [_millimetres(plate[frames]) for plate in ends],
        "centre": _millimetres(middle),
        "height": 1000.0 * max(1.2, float(np.nanmax(everything[:, :, 1]))),
        "force": to_hex(FORCE_COLOUR),
    }


def _curves(trial: TrialMotion, shown: Scene) -> dict[str, object]:
    """Force of each side and joint angles, each with its colour; start [s], rate [Hz] and unit of a step of both."""
    force, rate, start = [], FORCE_HZ, 0.0
    if trial.reaction is not None:
        block = max(int(trial.reaction.rate / FORCE_HZ), 1)
        rate = trial.reaction.rate / block
        for side, row in zip(SIDES, trial.reaction.force, strict=True):
            if np.isfinite(row).any():
                highest = np.fmax.reduceat(row, np.arange(0, row.size, block))
                force.append((to_hex(style.SIDE_COLOURS[side]), _steps(highest, FORCE_STEP_N)))
    step = 2 * _frame_step(shown)  # angles are smooth: every other frame shows them
    assert trial.movement is not None  # there is a scene
    angle = trial.movement.dataset()["angle"].transpose("joint_angle", "time")[:, ::step]
    chosen = [(name, [(side, f"{side}_{name}") for side in SIDES_OF_BODY]) for name in OF_SIDES]
    chosen += [(name, [("both", name)]) for name in OF_TRUNK]
    angles = []
    for name, rows in chosen:
        values = [(to_hex(style.SIDE_COLOURS[side]), angle.sel(joint_angle=row).to_numpy()) for side, row in rows]
        recorded = [(colour, _steps(row, ANGLE_STEP_DEG)) for colour, row in values if np.isfinite(row).any()]
        if recorded:
            angles.append((style.readable(name), recorded))
    frame_rate = (shown.time.size - 1) / (shown.time[-1] - shown.time[0]) / step
    return {
        "curves": {
            "force": force,
            "angles": angles,
            "start": {"force": start, "angle": float(shown.time[0])},
            "rate": {"force": rate, "angle": float(frame_rate)},
            "unit": {"force": FORCE_STEP_N, "angle": ANGLE_STEP_DEG},
        }
    }


def _events(reps: xr.Dataset | None, trial_id: str) -> dict[str, object]:
    """Events of the repetitions of a trial under the default profile, and from when to when each lasts [s]."""
    events: list[tuple[str, float]] = []
    parts: list[tuple[str, float, float]] = []
    if reps is not None:
        of_trial = reps.isel(rep=reps["trial_id"].to_numpy().astype(str) == trial_id, profile=0, perturbation=0)
        for place, number in enumerate(of_trial["number"].to_numpy()):
            rep = of_trial.isel(rep=place)
            found = [(event, float(rep[event])) for event in (*EVENT_ORDER, "movement_end") if np.isfinite(rep[event])]
            events += [(style.readable(event), round(seconds, 4)) for event, seconds in found]
            around = (float(rep["frame_window_start"]), float(rep["frame_window_stop"]))
            parts.append((f"repetition {number}", *around))
    return {"events": events, "parts": parts}


def _frame_step(shown: Scene) -> int:
    """Every so many frames are shown."""
    return max(int((shown.time.size - 1) / max(SHOWN_HZ * (shown.time[-1] - shown.time[0]), 1.0)), 1)


def _bridged(path: np.ndarray) -> np.ndarray:
    """Path (frame, 2) with gaps interpolated linearly, so that the view always has a centre."""
    frames = np.arange(len(path))
    known = np.isfinite(path).all(axis=1)
    return np.stack([np.interp(frames, frames[known], column[known]) for column in path.T], axis=1)


def _millimetres(places: np.ndarray) -> str:
    """Positions [m] as 16-bit millimetres, little-endian, base64; a position with one missing coordinate is a gap."""
    places = np.where(np.isnan(places).any(axis=-1, keepdims=True), np.nan, places)
    return _steps(places, 0.001)


def _steps(values: np.ndarray, step: float) -> str:
    """Values in 16-bit steps, little-endian, base64; NaN is a gap."""
    whole = np.where(np.isnan(values), GAP, np.clip(np.round(np.nan_to_num(values) / step), -32767, 32767))
    return base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")
