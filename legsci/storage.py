"""Files are written whole or not at all; decimals and compression of stored signals."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Decimals of stored signals by their unit, finer than recorders resolve. What lies beyond is noise, which does not
#: compress: it would make a file a third larger.
DECIMALS = {"N": 2, "N m": 3, "m": 5, "deg": 3, "1": 5, "N m/kg": 5, "W/kg": 4, "J/kg": 5}
#: Decimals of direction cosines: levers of a metre multiply them.
ROTATION_DECIMALS = 6


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary name in the folder of `path`; the file written there takes the place of `path` when complete.

    Parameters
    ----------
    path : its folder is made where it is missing. The temporary name keeps the suffix.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.unfinished{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def compressed(*, decimals: int) -> dict[str, object]:
    """NetCDF encoding of a signal that is stored as float32 with so many decimals."""
    return {"dtype": "float32", "zlib": True, "complevel": 1, "shuffle": True, "least_significant_digit": decimals}
