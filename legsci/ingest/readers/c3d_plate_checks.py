"""What a C3D file says of its plates, held against what a plate can be: channels, factors, corners, origin.

A number that is merely wrong cannot be told from a right one; one that no plate has, or that two plates claim, can.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from legsci.ingest.readers.c3d_file import C3dFile
from legsci.ingest.readers.pressure import FARTHEST_POINT_M
from legsci.ingest.readers.signals import Floats, refuse
from legsci.kernels.plates import CHANNELS_OF_PLATE_TYPE

#: Sides of a plate, from the smallest for one foot to the belt of a treadmill [m].
SHORTEST_SIDE_M, LONGEST_SIDE_M = 0.1, 5.0
#: Surveyed corners differ from a rectangle by millimetres [m].
LARGEST_SKEW_M = 0.02
#: The transducers lie as far below the surface at most [m], and the sensors of a TYPE 3 plate as far apart at least.
DEEPEST_ORIGIN_M, SMALLEST_SENSOR_DISTANCE_M = 0.5, 0.02
#: Factors of channels of one quantity of a plate are of like size; they differ by its ranges along x, y and z.
LARGEST_FACTOR_RATIO = 100.0
#: No plate for persons measures as much [N].
LARGEST_FORCE_N = 1e5
_QUANTITIES = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")
#: A quantity in the label of a channel: Fx1, F1X, Force.Fx1, FP1_FX.
_QUANTITY = re.compile(r"(?:^|[^a-z])([fm])\d*[ ._-]?([xyz])(?![a-z])", re.IGNORECASE)


def check_channels(file: C3dFile, used: int) -> None:
    """Refuse a channel that stands more than once in the FORCE_PLATFORM:CHANNEL of the plates that are used."""
    numbers, types = file.array("FORCE_PLATFORM", "CHANNEL"), file.values("FORCE_PLATFORM", "TYPE")
    listed: Counter[int] = Counter()
    for number in range(min(used, len(types), numbers.shape[1] if numbers.ndim == 2 else 0)):
        plate_type = int(types[number]) if np.isfinite(types[number]) else 0
        listed.update(int(n) for n in numbers[: CHANNELS_OF_PLATE_TYPE.get(plate_type, 0), number] if np.isfinite(n))
    twice = sorted(channel for channel, count in listed.items() if count > 1 and channel > 0)
    if twice:
        found = f"{', '.join(map(str, twice))} more than once"
        raise refuse(file.path, ("FORCE_PLATFORM:CHANNEL", "each channel once, in one plate", found))
    if len(types) > used:
        file.remarks.append(f"The file describes {len(types)} force plates and uses {used} of them; these were read.")


def check_factors(file: C3dFile, where: str, channels: Sequence[int], quantities: str) -> None:
    """Refuse factors of a plate's channels that are zero or no numbers, or of which one is out of all proportion.

    Parameters
    ----------
    file : the file; missing factors are refused where channels are decoded.
    where : name of the plate for messages.
    channels : of the plate, from 0.
    quantities : a letter for each channel, the same for channels of one quantity.
    """
    general = [float(value) for value in file.array("ANALOG", "GEN_SCALE").ravel()[:1]]
    scales = np.array([file.array("ANALOG", "SCALE").ravel()[channel] for channel in channels])
    faults = []
    if not all(np.isfinite(value) and value != 0.0 for value in general):
        faults.append(("ANALOG:GEN_SCALE", "a number other than 0", f"{general[0]:g}"))
    bad = ~np.isfinite(scales) | (scales == 0.0)
    if bad.any():
        named = ", ".join(str(channels[n] + 1) for n in np.flatnonzero(bad).tolist())
        faults.append((f"ANALOG:SCALE of channels {named}", "a number other than 0", "0, or no number"))
    for quantity in dict.fromkeys(quantities) if not faults else ():
        sizes = np.abs(scales[np.array([letter == quantity for letter in quantities])])
        if sizes.max() > LARGEST_FACTOR_RATIO * sizes.min():
            found = ", ".join(f"{size:.3g}" for size in sizes)
            faults.append((f"{where}, ANALOG:SCALE", "factors of like size for channels of one quantity", found))
    if faults:
        raise refuse(file.path, *faults)


def check_corners(file: C3dFile, where: str, corners: Floats) -> None:
    """Refuse corners (4, 3) [m], one after the other around the plate, that are no rectangle of a plate's size."""
    with np.errstate(over="ignore", invalid="ignore"):  # damaged numbers; what is not finite is refused
        sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
        skew = float(np.linalg.norm(corners[0] - corners[1] + corners[2] - corners[3]))
        diagonals = np.linalg.norm(corners[[0, 1]] - corners[[2, 3]], axis=1)
        oblique = float(np.abs(diagonals[0] - diagonals[1]))
    sized = bool(((sides >= SHORTEST_SIDE_M) & (sides <= LONGEST_SIDE_M)).all())
    near = bool((np.abs(corners) <= FARTHEST_POINT_M).all())
    if not (sized and near and skew <= LARGEST_SKEW_M and oblique <= LARGEST_SKEW_M):
        expected = f"a rectangle with sides of {SHORTEST_SIDE_M:g} to {LONGEST_SIDE_M:g} m (see POINT:UNITS)"
        found = f"sides of {', '.join(f'{side:.3g}' for side in sides)} m"
        raise refuse(file.path, (f"{where}, CORNERS", expected, found))


def check_origin(file: C3dFile, where: str, plate_type: int, origin: Floats, corners: Floats) -> None:
    """Refuse an ORIGIN (3,) [m] that lies outside the plate: of TYPE 1 it is not used.

    Of TYPE 2 and 4 it is the vector between the transducer and the middle of the surface, of TYPE 3 half the distances
    between the sensors, and their depth.
    """
    if plate_type == 1:
        return
    half = 0.5 * float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).max())
    across = np.abs(origin[:2])
    inside = bool((across <= half).all()) and abs(origin[2]) <= DEEPEST_ORIGIN_M
    if not inside or (plate_type == 3 and bool((across < SMALLEST_SENSOR_DISTANCE_M).any())):
        expected = f"a point below the plate, at most {DEEPEST_ORIGIN_M:g} m deep"
        if plate_type == 3:
            expected = f"half the distances between the sensors, and a depth of at most {DEEPEST_ORIGIN_M:g} m"
        raise refuse(file.path, (f"{where}, ORIGIN", expected, ", ".join(f"{value:.3g} m" for value in origin)))


def check_size(file: C3dFile, where: str, force: Floats) -> None:
    """Refuse a force (time, 3) [N] that no plate for persons measures."""
    largest = float(np.abs(force).max(initial=0.0))
    if largest > LARGEST_FORCE_N:
        expected = f"forces of at most {LARGEST_FORCE_N:g} N (see ANALOG:SCALE and ANALOG:UNITS)"
        raise refuse(file.path, (where, expected, f"{largest:.3g} N"))


def label_remarks(file: C3dFile, where: str, channels: Sequence[int]) -> list[str]:
    """Sentence on a channel of a six-channel plate whose label names another quantity than its place, or none.

    Only where the labels of all others name the quantity of their places: many files name their channels otherwise.
    """
    labels = file.long_list("ANALOG:LABELS")
    named = [labels[channel] if channel < len(labels) else "" for channel in channels]
    if len(named) != len(_QUANTITIES):
        return []
    matches = [_QUANTITY.search(label) for label in named]
    told = [f"{match[1]}{match[2]}".capitalize() if match else "" for match in matches]
    odd = [n for n, quantity in enumerate(_QUANTITIES) if told[n] != quantity]
    if len(odd) != 1:
        return []
    n = odd[0]
    return [f"Channel {channels[n] + 1}, read as {_QUANTITIES[n]} of {where}, is named {named[n]!r} in the file."]
