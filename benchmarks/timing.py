"""Timing side by side: rivals take turns, so that a busy moment of the machine falls on all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

SHORTEST_TURN_S = 0.005


@dataclass(frozen=True)
class Measurement:
    """One job, done by legsci and by what it is measured against.

    Parameters
    ----------
    job : what is done, with the size of the data.
    rival : who else does it, or the limit that is set.
    ours_ms, rival_ms : median time of one run [ms], or the limit.
    goal : how many times faster legsci means to be.
    """

    job: str
    rival: str
    ours_ms: float
    rival_ms: float
    goal: float

    @property
    def ratio(self) -> float:
        """How many times faster legsci is."""
        return self.rival_ms / self.ours_ms

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal


def medians_ms(*rivals: Callable[[], object], rounds: int = 15) -> list[float]:
    """Return the median time of one run of each rival [ms], taken in turns after one run that is not counted."""
    repeats = [_repeats(rival) for rival in rivals]
    turns: list[list[float]] = [[] for _ in rivals]
    for _ in range(rounds):
        for rival, repeat, times in zip(rivals, repeats, turns, strict=True):
            times.append(_turn_s(rival, repeat) / repeat * 1000)
    return [statistics.median(times) for times in turns]


def table(measurements: list[Measurement]) -> str:
    """Return one line per measurement: times, ratio, goal, and whether it is met."""
    rows = [("job", "against", "legsci [ms]", "other [ms]", "ratio", "goal", "")]
    for one in measurements:
        times = (f"{one.ours_ms:.4g}", f"{one.rival_ms:.4g}", f"{one.ratio:.3g}", f">= {one.goal:g}")
        rows.append((one.job, one.rival, *times, "met" if one.met else "NOT MET"))
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _repeats(rival: Callable[[], object]) -> int:
    """Return how often a quick job runs in one turn, so that the turn is long against the clock's tick."""
    rival()
    return max(1, round(SHORTEST_TURN_S / max(_turn_s(rival, 1), 1e-9)))


def _turn_s(rival: Callable[[], object], repeat: int) -> float:
    start = time.perf_counter()
    for _ in range(repeat):
        rival()
    return time.perf_counter() - start
