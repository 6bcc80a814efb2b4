"""Faults of input: the place, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: A message shows no more characters of a cell or a name.
LONGEST_SHOWN = 60


def shown(value: object) -> str:
    """Return a value for a message, its middle left out where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:40]}...{text[-10:]} ({len(text)} characters)"


def _printable(text: str) -> str:
    """Return a text with signs that do not print, as damaged files hold them, written as escapes."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with an input.

    Parameters
    ----------
    file : file or table, relative to the study folder.
    where : row, variable or key within the file ("row 7, task"); empty for the file as a whole.
    expected, found : in words, precise enough to correct the input.
    """

    file: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the fault as one line."""
        place = f"{self.file}: {self.where}" if self.where else self.file
        return _printable(f"{place}: expected {self.expected}; found {self.found}")


class InputFaults(ValueError):
    """An input that cannot be used; `faults` lists every fault, sorted."""

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(sorted(set(faults)))
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__("\n".join([f"{subject}: {count} {noun}", *(f"  {fault}" for fault in self.faults)]))


class RecordingError(InputFaults):
    """A recording that cannot be read, or that has none of the signals that legsci uses."""


class StudyError(InputFaults):
    """A study folder that cannot be run as it stands."""
