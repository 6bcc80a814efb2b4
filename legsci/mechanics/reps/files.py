"""Reps files: the repetitions of a session and its quality flags in one netCDF file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import xarray as xr

from legsci.ingest.session import open_session
from legsci.ingest.streams import PARTS
from legsci.mechanics.kinetics.motion_file import open_motion
from legsci.mechanics.reps.signals import with_signals
from legsci.storage import read_tree, write_tree

#: Columns of quality.csv.
QUALITY_COLUMNS = (
    "participant_id", "session_id", "trial_id", "task", "rep", "code",
    "severity", "signal", "value", "limit", "sentence",
)  # fmt: skip
#: Flags as a reps file keeps them: those under every profile, with its name where one holds under it alone.
FLAG_COLUMNS = (*QUALITY_COLUMNS, "profile")


def write_repetitions(
    reps: xr.Dataset | None, quality: pd.DataFrame, path: Path, *, sources: str | None = None
) -> None:
    """Write a reps file, whole or not at all; the flags travel as JSON in the attribute `quality`."""
    dataset = (xr.Dataset() if reps is None else reps).assign_attrs(quality=quality.to_json(orient="records"))
    write_tree(xr.DataTree(dataset), path, decimals={}, sources=sources)


def open_repetitions(path: Path) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Read a reps file: the repetitions, None where no trial holds one, and the flags."""
    reps = read_tree(path).to_dataset()
    rows = json.loads(str(reps.attrs.pop("quality")))
    quality = pd.DataFrame(rows, columns=list(FLAG_COLUMNS)).astype({"value": float, "limit": float})
    return (reps if "rep" in reps.sizes else None), quality


def measurable_sessions(
    reps_files: Iterable[Path], motion_files: Iterable[Path], session_files: Iterable[Path]
) -> Iterator[tuple[xr.Dataset | None, pd.DataFrame]]:
    """Repetitions with their signals, None where no trial holds one, and flags of sessions.

    Parameters
    ----------
    reps_files, motion_files, session_files : of each session, in the same order. Session files are opened where they
        hold streams of channels.
    """
    for reps_file, motion_file, session_file in zip(reps_files, motion_files, session_files, strict=True):
        reps, quality = open_repetitions(reps_file)
        if reps is not None:
            motion = open_motion(motion_file)
            further = motion.kinds - set(PARTS)
            reps = with_signals(reps, motion, session=open_session(session_file) if further else None)
        yield reps, quality
