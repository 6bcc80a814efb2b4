"""Streams of a trial: the signals of its recordings, by kind."""

from __future__ import annotations

import xarray as xr


def stream(trial: xr.DataTree, kind: str) -> xr.Dataset | None:
    """Signals of one kind of a trial.

    Parameters
    ----------
    trial : group of a session file.
    kind : "force", "markers", "segments" or "angles".

    Returns
    -------
    The Dataset of ARCHITECTURE.md, None where the trial has none.
    """
    return trial.children[kind].to_dataset(inherit=False) if kind in trial.children else None
