"""Reps files: the repetitions of a session and its quality flags in one netCDF file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xarray as xr

from legsci.storage import DECIMALS, atomic_write, compressed

#: Columns of quality.csv.
QUALITY_COLUMNS = (
    "participant_id", "session_id", "trial_id", "task", "rep", "code",
    "severity", "signal", "value", "limit", "sentence",
)  # fmt: skip
#: Flags as a reps file keeps them: those under every profile, with its name where one holds under it alone.
FLAG_COLUMNS = (*QUALITY_COLUMNS, "profile")


def write_repetitions(reps: xr.Dataset | None, quality: pd.DataFrame, path: Path) -> None:
    """Write a reps file, whole or not at all; the flags travel as JSON in the attribute `quality`."""
    dataset = (xr.Dataset() if reps is None else reps).assign_attrs(quality=quality.to_json(orient="records"))
    signals = [name for name in dataset if {"sample", "frame"} & set(dataset[name].dims)]
    encoding = {name: compressed(decimals=DECIMALS[dataset[name].attrs["units"]]) for name in signals}
    with atomic_write(path) as unfinished:
        dataset.to_netcdf(unfinished, engine="netcdf4", encoding=encoding)


def reps_files(folders: Iterable[str | Path]) -> list[Path]:
    """Reps files in the folders of participants: one participant after the other, the sessions of each by name."""
    return [path for folder in folders for path in sorted(Path(folder).glob("*.nc"))]


def open_repetitions(path: Path) -> tuple[xr.Dataset | None, pd.DataFrame]:
    """Read a reps file: the repetitions, None where no trial holds one, and the flags."""
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        reps = dataset.load()
    rows = json.loads(str(reps.attrs.pop("quality")))
    quality = pd.DataFrame(rows, columns=list(FLAG_COLUMNS)).astype({"value": float, "limit": float})
    return (reps if "rep" in reps.sizes else None), quality
