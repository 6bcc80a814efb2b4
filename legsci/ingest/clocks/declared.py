"""Clocks of a study, as `synchronisation` in study.yaml declares them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from legsci.ingest.faults import Fault

SHARED_CLOCK = "shared_clock"
#: Method of clocks whose offsets the recorder measured, file by file.
RECORDER = "recorder"
#: How a clock is related to that of the trial -> what that rests on, for `clock_method` of a stream.
METHODS = {
    "acceleration": "lag of vertical acceleration",
    "event": "impacts seen by both",
    "pulse": "pulses of a common channel",
    RECORDER: "offsets measured by the recorder",
}
_FILE, _KEY = "study.yaml", "synchronisation"


@dataclass(frozen=True)
class Clock:
    """Devices that share a clock.

    Parameters
    ----------
    devices : names.
    method : key of METHODS by which it is related to the first clock of the study; empty for the first.
    channels : of pulses: device -> name of its channel; one of these devices has the first clock.
    """

    devices: tuple[str, ...]
    method: str = ""
    channels: dict[str, str] = field(default_factory=dict)


def clocks_of(settings: Mapping[str, Any]) -> list[Clock]:
    """Clocks that a study relates to each other, that of the trial first; empty where it declares none."""
    declared = settings.get(_KEY)
    if not isinstance(declared, list):
        return []
    return [Clock(tuple(each["devices"]), each.get("method", ""), dict(each.get("channels", {}))) for each in declared]


def clock_faults(settings: Mapping[str, Any], devices: Collection[str]) -> list[Fault]:
    """Faults of the declared clocks, which fit the schema: devices, methods, channels."""
    try:
        clocks = clocks_of(settings)
    except (KeyError, TypeError, ValueError, AttributeError):
        return []  # a fault of the schema
    faults = []
    for number, clock in enumerate(clocks):
        where = f"{_KEY}.{number}"
        faults += [
            Fault(_FILE, f"{where}.devices", f"devices of this file: {', '.join(devices)}", name)
            for name in clock.devices
            if devices and name not in devices
        ]
        if number == 0 and clock.method:
            faults.append(Fault(_FILE, f"{where}.method", "none: the first clock is that of the trial", clock.method))
        if number > 0 and not clock.method:
            faults.append(Fault(_FILE, f"{where}.method", f"one of {', '.join(METHODS)}", "no such key"))
        ends = [{*clock.devices}, {*clocks[0].devices}]
        if clock.method == "pulse" and not all(set(clock.channels) & end for end in ends):
            found = ", ".join(clock.channels) or "none"
            expected = "the channel of the pulse in a device of this clock and in one of the first clock"
            faults.append(Fault(_FILE, f"{where}.channels", expected, found))
        if clock.method != "pulse" and clock.channels:
            faults.append(Fault(_FILE, f"{where}.channels", "none, except of method pulse", ", ".join(clock.channels)))
    twice = [name for name, count in Counter(name for clock in clocks for name in clock.devices).items() if count > 1]
    if twice:
        faults.append(Fault(_FILE, _KEY, "each device in one clock", f"{', '.join(twice)} in several"))
    return faults
