"""Readers of recordings, one module per file format. The study names the reader of each device; none is guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from legsci.ingest.devices import Device
from legsci.ingest.readers import bioware, c3d, delimited, nexus, opensim
from legsci.ingest.recording import Recording


class Reader(Protocol):
    """Signature of every reader."""

    def __call__(self, path: Path, *, device: Device, part: str | None = None) -> Recording:
        """Read a file with the settings of its device; of a file with several trials the one named by `part`."""


READERS: dict[str, Reader] = {
    "c3d": c3d.read,
    "bioware": bioware.read,
    "nexus": nexus.read,
    "opensim": opensim.read,
    "delimited": delimited.read,
}
