"""Compiled loops over plain float64 arrays: numpy and numba only, units and signs in each docstring."""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path

# Where numba keeps compiled kernels: beside their source, else in the home folder.
_PLACES = (Path(__file__).parent / "__pycache__", Path("~/.cache/numba").expanduser())


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made in a folder, which is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _cache_kernels(places: tuple[Path, ...]) -> None:
    """Give numba a folder of this process where it can write to none of its places; else it would refuse to compile.

    The folder is private: numba reads back what it finds in its cache.
    """
    if "NUMBA_CACHE_DIR" in os.environ or any(_is_writable(place) for place in places):
        return
    folder = tempfile.mkdtemp(prefix="legsci-kernels-")
    os.environ["NUMBA_CACHE_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    logging.getLogger(__name__).warning(
        "No place to keep compiled kernels (%s): they are compiled again in each run; NUMBA_CACHE_DIR names a folder.",
        " and ".join(map(str, places)),
    )


_cache_kernels(_PLACES)
