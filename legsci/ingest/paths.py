"""Paths of a study folder: none leaves it, whatever its name or the links on it."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from legsci.ingest.faults import Fault


def stays_inside(root: Path, path: str, folders: dict[str, Path] | None = None) -> bool:
    """Whether a relative path, links followed, stays inside a folder whose own links are resolved.

    Parameters
    ----------
    root : the folder.
    path : relative to it.
    folders : of one check of many paths, folder -> where its links lead, to which that of `path` is added: following
        the links of each of a hundred thousand recordings anew takes a large part of the time of their check.
    """
    folders = {} if folders is None else folders
    try:
        if not is_written_inside(path):
            return False
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = (root / folder).resolve()
        file = folders[folder] / name
        return (file.resolve() if _is_link(file) else file).is_relative_to(root)
    except (OSError, RuntimeError):  # too long a name, links that lead to each other
        return False


def _is_link(path: Path) -> bool:
    """Whether a file is a link; a name that is too long is none."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def is_written_inside(path: str) -> bool:
    """Whether a path, links aside, is relative and has no `..`."""
    parts = PurePosixPath(path)
    absolute = parts.is_absolute() or PureWindowsPath(path).drive
    return not (absolute or "\\" in path or "\0" in path or ".." in parts.parts)


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that is too long, or a loop of links, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def link_faults(path: Path) -> list[Fault]:
    """Faults of study.yaml or a table that is a link out of the study folder."""
    try:
        inside = path.resolve().is_relative_to(path.parent.resolve())
    except (OSError, RuntimeError):
        return [Fault(path.name, "", "a file", "links that lead to each other")]
    return [] if inside else [Fault(path.name, "", "a file of the study folder", "a link that leaves it")]


def path_fault(
    root: Path, path: str, *, require_file: bool, folders: dict[str, Path] | None = None
) -> tuple[str, str] | None:
    """Return (expected, found) for a path that leaves the study folder `root`, or at which there is no file.

    `folders` is that of `stays_inside`.
    """
    if not stays_inside(root, path, folders):
        link = ", a link that leaves the study folder" if is_written_inside(path) else ""
        if is_written_inside(path) and not _can_be_resolved(root / path):
            link = ", a name that is too long, or links that lead to each other"
        return "a path inside the study folder, with /", f"{path}{link}"
    if any(sign in path for sign in "{}<>"):
        return "a path without {, }, < and >, which the workflow takes for placeholders: rename the file", path
    if require_file and not is_file(root / path):
        return "a file", f"no file {path}{_composed_otherwise(root, path)}"
    return None


def _can_be_resolved(path: Path) -> bool:
    """Whether the links on a path can be followed."""
    try:
        path.resolve()
    except (OSError, RuntimeError):
        return False
    return True


def _composed_otherwise(root: Path, path: str) -> str:
    """Return a hint where a file's name differs in nothing but the Unicode form of its accents, which is invisible."""
    for form, how in (("NFC", "composed"), ("NFD", "decomposed, as macOS writes them")):
        if is_file(root / unicodedata.normalize(form, path)):  # type: ignore[arg-type]
            return f", but one of the same name whose accents are {how} (Unicode {form}): write both alike"
    return ""
