"""The relation of two clocks over a session, from the lags that were measured in it: offset and drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Standard uncertainty of the rate of one recorder's clock against another's before anything is measured: quartz
#: clocks are sold to within 20 to 100 parts per million.
DRIFT_UNCERTAINTY = 50e-6
#: A lag that departs from those of the rest of the session by more than this, and three times its uncertainty, shows
#: that a clock jumped [s].
JUMP_S = 0.01
#: Weight, in measurements, of the stated uncertainties against the scatter of the lags.
STATED_WEIGHT = 3.0


@dataclass(frozen=True)
class Measured:
    """A lag that was measured.

    Parameters
    ----------
    time_s : when, on the clock of the followers [s].
    offset_s : time of the reference less that of the followers [s].
    uncertainty_s : standard uncertainty [s].
    """

    time_s: float
    offset_s: float
    uncertainty_s: float


@dataclass(frozen=True)
class Relation:
    """Relation of two clocks: reference = followers + offset + drift (followers - middle).

    Parameters
    ----------
    middle_s : time on the clock of the followers at which offset and drift are independent [s].
    offset_s, offset_uncertainty_s : at that time [s].
    drift, drift_uncertainty : seconds gained per second.
    jumps : numbers of the measurements that the relation does not hold for.
    """

    middle_s: float
    offset_s: float
    offset_uncertainty_s: float
    drift: float
    drift_uncertainty: float
    jumps: tuple[int, ...] = ()

    def at(self, time_s: float) -> tuple[float, float]:
        """Offset at a time on the clock of the followers and its standard uncertainty [s]."""
        since = time_s - self.middle_s
        return self.offset_s + self.drift * since, float(
            np.hypot(self.offset_uncertainty_s, self.drift_uncertainty * since)
        )


def fit_relation(measured: Sequence[Measured]) -> Relation:
    """Fit offset and drift to lags of a session; those after a jump of a clock are left out.

    Parameters
    ----------
    measured : at least one.

    Notes
    -----
    Weighted least squares with the prior `DRIFT_UNCERTAINTY` about no drift. Part of the error of each lag is the same
    in all, since a person moves alike each time; it does not average out and does not change the drift. How large the
    other part is, the scatter of the lags about the line shows: with q its chi-squared per degree of freedom (drawn to
    1 by `STATED_WEIGHT`), variances of offset and drift are q times those of the fit, and to that of the offset
    (1 - q) times the mean variance of one lag is added where q < 1.
    """
    kept = list(range(len(measured)))
    while True:
        found = _line([measured[row] for row in kept])
        if len(kept) < 3:
            return found
        beyond = {row: _beyond(measured, kept, row) for row in kept}
        worst = max(beyond, key=lambda row: beyond[row])
        if beyond[worst] <= 0.0:
            jumps = tuple(row for row in range(len(measured)) if row not in kept)
            return Relation(**{**vars(found), "jumps": jumps})
        kept.remove(worst)


def _beyond(measured: Sequence[Measured], kept: list[int], row: int) -> float:
    """By how much a lag departs from the line through the others more than it may [s]."""
    others = _line([measured[other] for other in kept if other != row])
    expected, doubt = others.at(measured[row].time_s)
    allowed = JUMP_S + 3.0 * float(np.hypot(doubt, measured[row].uncertainty_s))
    return abs(measured[row].offset_s - expected) - allowed


def _line(measured: Sequence[Measured]) -> Relation:
    """Fit a line."""
    times, offsets, doubts = (
        np.array([getattr(each, name) for each in measured]) for name in ("time_s", "offset_s", "uncertainty_s")
    )
    # Offsets of clocks that count from another epoch are large: differences from one of them keep their digits.
    origin, weights = float(offsets[0]), 1.0 / np.maximum(doubts, 1e-9) ** 2
    middle = float(weights @ times / weights.sum())
    mean = float(weights @ (offsets - origin) / weights.sum())
    bend = float(weights @ (times - middle) ** 2) + DRIFT_UNCERTAINTY**-2
    drift = float(weights @ ((times - middle) * (offsets - origin - mean))) / bend
    residual = offsets - origin - mean - drift * (times - middle)
    free = max(times.size - 2, 0)
    scatter = (float(weights @ residual**2) + STATED_WEIGHT) / (free + STATED_WEIGHT)
    independent, shared = scatter / float(weights.sum()), max(1.0 - scatter, 0.0) * times.size / float(weights.sum())
    if free == 0:  # nothing shows how much of the errors is shared: all of it does not average out
        independent, shared = 0.0, times.size / float(weights.sum())
    of_drift = min(scatter / bend, DRIFT_UNCERTAINTY**2) if times.size > 1 else DRIFT_UNCERTAINTY**2
    return Relation(middle, origin + mean, float(np.sqrt(independent + shared)), drift, float(np.sqrt(of_drift)))
