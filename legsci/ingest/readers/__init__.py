"""Readers of recordings, one module per file format. The study names the reader of each device; none is guessed.

A module of this package with a function `read` is the reader of the format that it is named after.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Protocol

from legsci.ingest.devices import Device
from legsci.ingest.faults import RecordingError
from legsci.ingest.readers.signals import refuse
from legsci.ingest.readers.text import ends_with_line
from legsci.ingest.recording import Recording

LONGEST_REASON = 200
CUT = "The file does not end with the end of a line: its last number may have been cut."


class Reader(Protocol):
    """Signature of every reader."""

    def __call__(self, path: Path, *, device: Device, part: str | None = None) -> Recording:
        """Read a file with the settings of its device; of a file with several trials the one named by `part`."""


def _guarded(reader: ModuleType) -> Reader:
    """Return the function `read` of a module, every failure of which refuses the file by name.

    Readers refuse what they foresee; a damaged file that they did not foresee costs nothing but itself either.
    """

    def read(path: Path, *, device: Device, part: str | None = None) -> Recording:
        """Read a file, or refuse it by name."""
        try:
            recording: Recording = reader.read(path, device=device, part=part)
        except RecordingError:
            raise
        except Exception as error:  # whatever a damaged file leads to
            said = " ".join(str(error).split())[:LONGEST_REASON]
            expected = f"a file that the reader {reader.__name__.rpartition('.')[2]} can read"
            raise refuse(path, ("", expected, f"one at which it fails: {type(error).__name__}: {said}")) from error
        if getattr(reader, "LINES", False) and not ends_with_line(path):
            return replace(recording, assumptions=(*recording.assumptions, CUT))
        return recording

    return read


_MODULES = {found.name: import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)}
READERS: dict[str, Reader] = {name: _guarded(module) for name, module in _MODULES.items() if hasattr(module, "read")}
#: Readers of sensors and muscles alone, whose devices may keep clocks of their own.
CHANNELS_ALONE = tuple(name for name in READERS if getattr(_MODULES[name], "CHANNELS_ALONE", False))
#: Settings of a device that each reader uses; "text.decimal" is the key decimal under text.
SETTINGS: dict[str, tuple[str, ...]] = {name: _MODULES[name].SETTINGS for name in READERS}
