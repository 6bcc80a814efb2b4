"""Readers of recordings, one module per file format. The study names the reader of each device; none is guessed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Protocol

from legsci.ingest.devices import Device
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers import bioware, c3d, delimited, nexus, opensim, qualisys, spreadsheet
from legsci.ingest.readers.signals import refuse
from legsci.ingest.recording import Recording

LONGEST_REASON = 200


class Reader(Protocol):
    """Signature of every reader."""

    def __call__(self, path: Path, *, device: Device, part: str | None = None) -> Recording:
        """Read a file with the settings of its device; of a file with several trials the one named by `part`."""


def _guarded(reader: ModuleType) -> Reader:
    """Return the function `read` of a module, every failure of which refuses the file by name.

    Readers refuse what they foresee; a damaged file that they did not foresee costs nothing but itself either.
    """

    def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
        try:
            recording: Recording = reader.read(path, device=device, part=part)
        except RecordingError:
            raise
        except Exception as error:  # whatever a damaged file leads to
            said = " ".join(str(error).split())[:LONGEST_REASON]
            expected = f"a file that the reader {reader.__name__.rpartition('.')[2]} can read"
            raise refuse(path, ("", expected, f"one at which it fails: {type(error).__name__}: {said}")) from error
        return recording

    return read


READERS: dict[str, Reader] = {
    "c3d": _guarded(c3d),
    "bioware": _guarded(bioware),
    "nexus": _guarded(nexus),
    "opensim": _guarded(opensim),
    "qualisys": _guarded(qualisys),
    "delimited": _guarded(delimited),
    "spreadsheet": _guarded(spreadsheet),
}
