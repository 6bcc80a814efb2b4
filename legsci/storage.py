"""Files are written whole or not at all; trees of Datasets in netCDF; tables that no spreadsheet executes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

#: Decimals of stored signals by their unit, finer than recorders resolve. What lies beyond is noise, which does not
#: compress: it would make a file a third larger.
DECIMALS = {"N": 2, "N m": 3, "m": 5, "deg": 3, "1": 5, "N m/kg": 5, "W/kg": 4, "J/kg": 5}
#: Decimals of direction cosines: levers of a metre multiply them.
ROTATION_DECIMALS = 6
#: Attribute of a file: digest of the sources that made it (legsci.provenance).
SOURCES = "legsci_sources"
#: Attributes that belong to the storage and not to what is stored.
_OF_STORAGE = ("least_significant_digit", SOURCES)


#: A cell that begins so is a formula to spreadsheets (OWASP, CSV injection).
_FORMULA = re.compile(r"[=+\-@\t\r]")
SMALLEST_FREE_BYTES = 1_000_000
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]inf")
_PLACES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "it is on a read-only file system",
    errno.EACCES: "it may not be written",
    errno.EPERM: "it may not be written",
}


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which an apostrophe stands before each text that a spreadsheet would execute."""
    changed = table.copy()
    for column in table.columns[[dtype.kind not in "biufcMm" for dtype in table.dtypes]]:
        cells = table[column].astype(object)
        formulas = cells.map(_is_formula).astype(bool)
        if formulas.any():
            changed[column] = cells.where(~formulas, "'" + cells.astype(str))
    return changed


def _is_formula(cell: object) -> bool:
    """Whether a cell is text that a spreadsheet would execute."""
    return isinstance(cell, str) and bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)


def place_sentence(error: Exception) -> str | None:
    """Return one sentence on a place that cannot be written, None where an error is of another kind."""
    if isinstance(error, OSError) and error.errno in _PLACES:
        return f"{error.filename or 'A file'} cannot be written: {_PLACES[error.errno]}."
    # The netCDF library says nothing of the cause.
    if isinstance(error, (OSError, RuntimeError)) and shutil.disk_usage(".").free < SMALLEST_FREE_BYTES:
        return f"A file cannot be written: {_PLACES[errno.ENOSPC]}."
    return None


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


def write_listing(path: Path, files: Iterable[Path]) -> None:
    """List files with their SHA-256, so that a small file says whether any of them changed.

    Parameters
    ----------
    path : of the list, lines of SHA-256 and file.
    files : in or below the folder of the list, which names them relative to it.
    """
    lines = []
    for name in files:
        with name.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {name.relative_to(path.parent).as_posix()}\n")
    with atomic_write(path) as unfinished:
        unfinished.write_text("".join(lines), encoding="utf-8")


def listed_files(path: str | Path) -> list[Path]:
    """Files that a list names, in its order."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [Path(path).parent / line.partition("  ")[2] for line in lines]


def write_tree(tree: xr.DataTree, path: Path, *, decimals: Mapping[str, int], sources: str | None = None) -> None:
    """Write a tree of Datasets as the groups of a netCDF file, whole or not at all.

    All variables are defined before the first is written: xarray writes each as it defines it, and the change between
    the two takes twice as long as the writing where variables are many and small. xarray opens the file all the same.

    Parameters
    ----------
    tree : attributes are text and numbers.
    path : of the file.
    decimals : name of a signal -> decimals that are kept of it, as float32; other variables are stored as they are.
        The same tree gives the same bytes each time.
    sources : digest of the sources that made the tree, kept as the attribute SOURCES of the file.
    """
    with atomic_write(path) as unfinished, netCDF4.Dataset(str(unfinished), "w") as file:
        file.set_fill_off()
        if sources:
            file.setncattr(SOURCES, sources)
        defined = [pair for node in tree.subtree for pair in _define(file, node, decimals)]
        for variable, values in defined:
            variable[...] = values


def _define(
    file: netCDF4.Dataset, node: xr.DataTree, decimals: Mapping[str, int]
) -> list[tuple[netCDF4.Variable, np.ndarray]]:
    """Define the group of a node; return its variables with their values."""
    dataset = node.to_dataset(inherit=False)
    group = file if node.path == "/" else file.createGroup(node.path)
    group.setncatts({str(name): value for name, value in dataset.attrs.items()})
    further = [str(name) for name in dataset.coords if name not in dataset.dims]
    if further:
        group.setncattr("coordinates", " ".join(further))
    for dim, size in dataset.sizes.items():
        group.createDimension(str(dim), size)
    defined = []
    for name, variable in dataset.variables.items():
        values = variable.data
        dims = [str(dim) for dim in variable.dims]
        if str(name) in decimals:
            digit = decimals[str(name)]
            stored = group.createVariable(str(name), "f4", dims, zlib=True, complevel=1, least_significant_digit=digit)
            values = values.astype(np.float32)
        elif values.dtype.kind == "b":
            # netCDF has no truth values; the attribute is xarray's mark of them.
            stored, values = group.createVariable(str(name), "i1", dims, zlib=bool(dims)), values.astype(np.int8)
            stored.setncattr("dtype", "bool")
        elif values.dtype.kind in "iuf":
            # Times of many samples compress well; a variable without dimensions cannot be compressed.
            stored = group.createVariable(str(name), values.dtype, dims, zlib=bool(dims), complevel=1)
        else:
            stored, values = group.createVariable(str(name), str, dims), np.asarray(values, dtype=object)
        stored.setncatts({str(key): value for key, value in variable.attrs.items()})
        defined.append((stored, values))
    return defined


def read_tree(path: str | Path) -> xr.DataTree:
    """Read a file of `write_tree` into memory."""
    with netCDF4.Dataset(str(path)) as file:
        file.set_auto_mask(False)
        return xr.DataTree.from_dict(dict(_groups(file, "/")))


def _groups(group: netCDF4.Dataset, path: str) -> Iterator[tuple[str, xr.Dataset]]:
    """Path and Dataset of a group and of all within it."""
    attrs = _attributes(group)
    further = str(attrs.pop("coordinates", "")).split()
    variables = {name: _variable(variable) for name, variable in group.variables.items()}
    yield path, xr.Dataset(variables, attrs=attrs).set_coords(further)
    for name, inner in group.groups.items():
        yield from _groups(inner, f"{path.rstrip('/')}/{name}")


def _variable(stored: netCDF4.Variable) -> xr.Variable:
    """A variable in memory, with truth values as such."""
    attrs, values = _attributes(stored), stored[...]
    is_truth = attrs.pop("dtype", None) == "bool"
    return xr.Variable(stored.dimensions, values.astype(bool) if is_truth else values, attrs)


def _attributes(of: netCDF4.Dataset | netCDF4.Variable) -> dict[str, Any]:
    """Attributes of a group or variable, without those of the storage."""
    return {name: of.getncattr(name) for name in of.ncattrs() if name not in _OF_STORAGE}
