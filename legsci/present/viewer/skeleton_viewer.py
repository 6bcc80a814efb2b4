"""The skeleton viewer: skeleton and ground reaction of a trial in JupyterLab, rotated by hand, without a network."""

from __future__ import annotations

import base64
import json
from html import escape
from importlib.resources import files

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex

from legsci.mechanics.kinetics.session_motion import SessionMotion
from legsci.present.figures import style
from legsci.present.figures.skeleton import FORCE_COLOUR, NEWTONS_PER_METRE
from legsci.present.figures.skeleton_scene import LEAST_FORCE_N, Scene, scene

#: Frames a second that are kept: as many as a screen shows.
SHOWN_HZ = 60.0
#: Value of a gap in 16-bit millimetres.
GAP_MM = -32768


class SkeletonViewer:
    """A page that JupyterLab shows as the answer of a cell: slider, play, views from the side and the front.

    Parameters
    ----------
    html : the page, some 100 kB for ten seconds; it is self-contained.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html


def skeleton_viewer(session: xr.DataTree, motion: SessionMotion, trial_id: str) -> SkeletonViewer:
    """Make a viewer of a trial.

    Parameters
    ----------
    session : a session file, opened.
    motion : of the session.
    trial_id : one of its trials. Where it has neither markers nor segments of a leg, the viewer says so.

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
    data = json.dumps(_packed(shown))
    page = page.replace("__TITLE__", title).replace("__NEWTONS__", f"{NEWTONS_PER_METRE:.0f}")
    return SkeletonViewer(page.replace("__SCENE__", data))


def _packed(shown: Scene) -> dict[str, object]:
    """What the page draws: colours, and positions in millimetres."""
    step = max(int((shown.time.size - 1) / max(SHOWN_HZ * (shown.time[-1] - shown.time[0]), 1.0)), 1)
    frames = slice(None, None, step)
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


def _bridged(path: np.ndarray) -> np.ndarray:
    """Path (frame, 2) with gaps interpolated linearly, so that the view always has a centre."""
    frames = np.arange(len(path))
    known = np.isfinite(path).all(axis=1)
    return np.stack([np.interp(frames, frames[known], column[known]) for column in path.T], axis=1)


def _millimetres(places: np.ndarray) -> str:
    """Positions [m] as 16-bit millimetres, little-endian, base64; a position with one missing coordinate is a gap."""
    places = np.where(np.isnan(places).any(axis=-1, keepdims=True), np.nan, places)
    whole = np.where(np.isnan(places), GAP_MM, np.clip(np.round(1000.0 * np.nan_to_num(places)), -32767, 32767))
    return base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")
