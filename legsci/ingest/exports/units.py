"""Units of exported tables -> those in which legsci states a quantity."""

from __future__ import annotations

import math

#: Units of the same quantity, each with the factor to the first of its group, without blanks, dots and ^.
_GROUPS: tuple[dict[str, float], ...] = (
    {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048},
    {"kg": 1.0, "g": 0.001, "lb": 0.45359237, "lbs": 0.45359237},
    {"s": 1.0, "ms": 0.001, "sec": 1.0, "min": 60.0, "h": 3600.0},
    {"N": 1.0, "kN": 1000.0},
    {"Nm": 1.0, "Nmm": 0.001},
    {"Ns": 1.0, "kgm/s": 1.0},
    {"m/s": 1.0, "cm/s": 0.01, "km/h": 1.0 / 3.6},
    {"W": 1.0, "kW": 1000.0},
    {"W/kg": 1.0},
    {"Nm/kg": 1.0, "Nmm/kg": 0.001},
    {"N/kg": 1.0},
    {"N/s": 1.0, "kN/s": 1000.0},
    {"J": 1.0},
    {"J/kg": 1.0},
    {"deg": 1.0, "°": 1.0, "rad": 180.0 / math.pi},
    {"1": 1.0, "%": 0.01, "percent": 0.01},
)
#: End of the name of a column -> its unit.
_SUFFIXES = {"_kg": "kg", "_m": "m", "_s": "s", "_hours": "h"}


def conversion(unit: str, to: str) -> float | None:
    """Return the factor from one unit to another; None where they are not units of the same quantity.

    Parameters
    ----------
    unit : as a file or study.yaml writes it.
    to : in which legsci states the quantity; an own unit of a declared metric converts from itself only.
    """
    own, wanted = _plain(unit), _plain(to)
    if own == wanted:
        return 1.0
    for group in _GROUPS:
        if own in group and wanted in group:
            return group[own] / group[wanted]
    return None


def unit_of_column(column: str) -> str:
    """Return the unit that the name of a column of the study folder ends in; "" where it has none."""
    return next((unit for suffix, unit in _SUFFIXES.items() if column.endswith(suffix)), "")


def _plain(unit: str) -> str:
    """Return a unit without blanks and signs of multiplication and powers."""
    return "".join(sign for sign in unit if sign not in " .·*^()")
