"""Maximal voluntary contractions of a session: the EMG that is 100 % of each channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from legsci.ingest.streams import channel_labels, streams
from legsci.mechanics.muscles.conditioning import band_passed, envelope
from legsci.tasks import TASKS

#: A stretch without gaps holds a contraction if it lasts so long [s].
LEAST_S = 0.5


def voluntary_maxima(session: xr.DataTree, left_out: Mapping[str, Collection[str]]) -> dict[str, float]:
    """Largest envelope of each channel in the session's maximal voluntary contractions.

    Parameters
    ----------
    session : session file, opened.
    left_out : trial -> labels of channels that hold no EMG in it.

    Returns
    -------
    Label of the channel (`channel_labels`) -> largest envelope over all trials whose task is a reference [unit of the
    channel]; without channels of which no contraction was recorded.

    References
    ----------
    Besomi M et al. (2020) Consensus for experimental design in electromyography (CEDE) project: amplitude
    normalization matrix. J Electromyogr Kinesiol 53:102438.
    """
    found: dict[str, float] = {}
    for name, trial in session.children.items():
        task = str(trial.attrs["task"])
        if task not in TASKS or TASKS[task].cut != "reference":
            continue
        for signal in streams(trial, "emg").values():
            rate_hz = float(signal.attrs["sampling_rate_hz"])
            rows = signal["value"].transpose("channel", "time").to_numpy().astype(float)
            for label, row in zip(channel_labels(signal), rows, strict=True):
                if label not in left_out.get(str(name), ()):
                    peaks = [envelope(band_passed(part, rate_hz), rate_hz).max() for part in _stretches(row, rate_hz)]
                    found |= {label: max([found.get(label, 0.0), *map(float, peaks)])} if peaks else {}
    return found


def _stretches(row: NDArray[np.float64], rate_hz: float) -> list[NDArray[np.float64]]:
    """Parts of a channel (sample,) without gaps that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.isfinite(row), [False]]).astype(int)))
    return [row[first:last] for first, last in edges.reshape(-1, 2) if last - first >= LEAST_S * rate_hz]
