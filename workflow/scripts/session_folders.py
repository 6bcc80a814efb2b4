"""Files of sessions: `sessions/`, `motion/` and `reps/` each hold a folder per participant, and lists of the files."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from legsci.storage import listed_files


def emptied(folder: Path) -> Path:
    """Remove what an earlier run left of a participant, and return the folder."""
    if folder.is_dir():
        shutil.rmtree(folder)
    return folder


def paired_files(listing: str, made: str) -> list[tuple[Path, Path]]:
    """Files of a list, each with the file of the same session to be made beside the list `made`."""
    pairs = [(path, Path(made).parent / path.parent.name / path.name) for path in listed_files(listing)]
    for folder in {new.parent for _, new in pairs}:
        emptied(folder)
    return pairs


def in_order(listings: Iterable[str], participants: list[str]) -> list[Path]:
    """Files of lists, one participant after the other."""
    files = [path for listing in listings for path in listed_files(listing)]
    place = {participant: number for number, participant in enumerate(participants)}
    return sorted(files, key=lambda path: place[path.parent.name])
