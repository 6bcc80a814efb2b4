"""Clocks of recorders: when a recorder starts, and how fast its clock runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from legsci.simulate.athlete.plan import Array, Motion

PARTS_PER_MILLION = 1e-6


@dataclass(frozen=True)
class RecorderClock:
    """The clock of a recorder in a trial.

    Parameters
    ----------
    offset_s : time on the trial's clock at which the recorder starts; negative before the trial's first sample [s].
    drift : (true second per second of this clock) - 1; positive for a clock that is slow.
    """

    offset_s: float = 0.0
    drift: float = 0.0

    def true_time(self, clock_s: Array) -> Array:
        """Time on the trial's clock [s] of times that this clock shows, 0 at its start [s]."""
        return np.asarray(self.offset_s + (1.0 + self.drift) * clock_s)


@dataclass(frozen=True)
class ClockSettings:
    """How far a recorder's clock may be from that of the trial.

    Parameters
    ----------
    drift_ppm : largest size of the drift, which a session has for good; drawn evenly [ppm].
    early_s, late_s : (shortest, longest) time by which the recorder starts before or after the trial's first sample;
        drawn evenly for each trial [s].
    late_share : probability that it starts late.
    """

    drift_ppm: float = 80.0
    early_s: tuple[float, float] = (0.1, 2.0)
    late_s: tuple[float, float] = (0.1, 1.0)
    late_share: float = 0.25


def draw_drift(settings: ClockSettings, rng: np.random.Generator) -> float:
    """Draw the drift of a recorder's clock in a session."""
    return float(settings.drift_ppm * PARTS_PER_MILLION * rng.uniform(-1.0, 1.0))


def draw_clock(settings: ClockSettings, drift: float, rng: np.random.Generator) -> RecorderClock:
    """Draw when a recorder starts in a trial."""
    late, early_by, late_by = rng.random(), rng.uniform(*settings.early_s), rng.uniform(*settings.late_s)
    return RecorderClock(float(late_by if late < settings.late_share else -early_by), drift)


def motion_at(motion: Motion, clock: RecorderClock) -> Motion:
    """Return a motion as a recorder with its own clock samples it, at the recorder's rate.

    Parameters
    ----------
    motion : the trial.
    clock : of a recorder that starts within the trial.

    Returns
    -------
    The motion with `time`, on the trial's clock, `rotation` and `position` at the samples of the recorder, straight
    between those of the motion; all else as it was.

    Raises
    ------
    ValueError : the recorder starts before the trial or after it.
    """
    if not 0.0 <= clock.offset_s < motion.time[-1]:
        raise ValueError(f"the recorder starts {clock.offset_s:.3f} s into a trial of {motion.time[-1]:.3f} s")
    count = int((motion.time[-1] - clock.offset_s) / (1.0 + clock.drift) * motion.rate_hz)
    time = clock.true_time(np.arange(count) / motion.rate_hz)
    index = np.minimum((time * motion.rate_hz).astype(int), motion.time.size - 2)
    part = time * motion.rate_hz - index

    def between(values: Array) -> Array:
        """Values (segment, n, ...) at the recorder's samples."""
        weight = part.reshape(-1, *[1] * (values.ndim - 2))
        return np.asarray(values[:, index] * (1.0 - weight) + values[:, index + 1] * weight)

    return replace(motion, time=time, rotation=between(motion.rotation), position=between(motion.position))
