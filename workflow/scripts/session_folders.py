"""Files of sessions: `sessions/`, `motion/` and `reps/` each hold a folder per participant, and lists of the files."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from legsci.storage import listed_files


def emptied(folder: Path) -> Path:
    """Remove what an earlier run left of a participant, and return the folder."""
    if folder.is_dir():
        shutil.rmtree(folder)
    return folder


def paired_files(listing: str, made: str) -> Iterator[tuple[Path, Path]]:
    """Files of a list, each with the file of the same session beside the list `made`."""
    folders = set()
    for path in listed_files(listing):
        folder = Path(made).parent / path.parent.name
        if folder not in folders:
            folders.add(emptied(folder))
        yield path, folder / path.name


def in_order(listings: Iterable[str], participants: list[str]) -> list[Path]:
    """Files of lists, one participant after the other."""
    files = [path for listing in listings for path in listed_files(listing)]
    return sorted(files, key=lambda path: participants.index(path.parent.name))
