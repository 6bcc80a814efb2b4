"""Weighing: body weight from quiet standing, and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from legsci.kernels.events import quietest_window

#: Force is averaged over this time to separate sway from the noise of the plate [s].
BLOCK_S = 0.05
#: Slowest sway of quiet standing that moves the centre of mass up and down noticeably [Hz].
SWAY_HZ = 0.5
#: A person stands still while those means vary by no more than this part of body weight (SD).
STILLNESS_PART = 0.025


@dataclass(frozen=True)
class Weighing:
    """Body weight from one stretch of standing.

    Parameters
    ----------
    first, last : the stretch in samples of the trial, `last` excluded.
    body_weight : mean vertical force of (both, left, right) [N].
    sd : standard deviation of vertical force in the stretch [N].
    wander : standard deviation of its means over 50 ms [N].
    uncertainty : standard uncertainty of the body weight [N].
    """

    first: int
    last: int
    body_weight: np.ndarray
    sd: float
    wander: float
    uncertainty: float

    @property
    def still(self) -> bool:
        """Whether the person stood still."""
        return self.body_weight[0] > 0.0 and self.wander <= STILLNESS_PART * self.body_weight[0]

    @property
    def allowed_wander(self) -> float:
        """Largest wander of quiet standing [N]."""
        return STILLNESS_PART * float(self.body_weight[0])


@dataclass(frozen=True)
class KnownWeight:
    """Weight of the person and of what is carried, known from elsewhere.

    Parameters
    ----------
    newtons, uncertainty : weight and its standard uncertainty [N].
    source : where it comes from, in words.
    """

    newtons: float
    uncertainty: float
    source: str


def _block_means(force: np.ndarray, length: int) -> np.ndarray:
    """Means of consecutive blocks of `length` samples."""
    count = max(force.size // length, 1)
    return force[: count * length].reshape(count, -1).mean(axis=1)


def resolution(samples: np.ndarray) -> float:
    """Smallest step between values (sample,); 0 where all are equal."""
    steps = np.diff(np.unique(samples))
    return float(steps[steps > 1e-9].min(initial=np.inf)) if (steps > 1e-9).any() else 0.0


def quantisation_uncertainty(samples: np.ndarray, step: float) -> float:
    """Standard uncertainty of the mean of samples (sample,) by the steps of the converter [unit of the samples].

    Rounding moves a mean by up to half a step where nothing moves, and by less, the more noise and sway there are: by
    exp(-2 (pi s / q)^2) of that at a normal scatter s of the signal before it: the characteristic function of the
    signal at the frequency 1 / q of the steps (Widrow et al. 1996, IEEE Trans Instrum Meas 45:353). s^2 is the variance
    of the samples less that of the rounding, q^2 / 12.

    Parameters
    ----------
    samples : as recorded.
    step : of the converter, q; 0 where it is not known.
    """
    if step == 0.0:
        return 0.0
    scatter = max(float(samples.var()) - step**2 / 12.0, 0.0)
    return float(step / 12.0**0.5 * np.exp(-2.0 * np.pi**2 * scatter / step**2))


def _rounding(force: np.ndarray, first: int, last: int) -> float:
    """Standard uncertainty of mean force in a stretch by the steps of converters [N]: of each side, else of the sum."""
    sides = force[1:] if np.isfinite(force[1:, first:last]).all() else force[:1]
    steps = [resolution(row) for row in sides]
    of_mean = [quantisation_uncertainty(row[first:last], step) for row, step in zip(sides, steps, strict=True)]
    return float(np.linalg.norm(of_mean))


def weigh_stretch(force: np.ndarray, *, rate: float, first: int, last: int) -> Weighing:
    """Weigh one stretch.

    Mean force over a time T misses body weight by (p_end - p_start) / T, where p is the momentum of sway, so that its
    standard uncertainty is sqrt(2) sd(p) / T. That of p is taken from the integral of force less its mean. A short
    window does not show sway slower than itself: there it is at least that of a sway of `SWAY_HZ` with the standard
    deviation s of force, taken over 50 ms means, s / (2 pi f). To it is added that of rounding by the converter.

    Parameters
    ----------
    force : (side, sample) [N].
    rate : [Hz].
    first, last : the stretch [samples], `last` excluded.
    """
    total = force[0, first:last]
    wander = float(_block_means(total, max(int(BLOCK_S * rate), 1)).std())
    momentum = max(_momentum_sd(total, rate), wander / (2.0 * np.pi * SWAY_HZ))
    sway = np.sqrt(2.0) * momentum * rate / (last - first)
    uncertainty = float(np.hypot(sway, _rounding(force, first, last)))
    return Weighing(first, last, force[:, first:last].mean(axis=1), float(total.std()), wander, uncertainty)


def _momentum_sd(force: np.ndarray, rate: float) -> float:
    """Standard deviation of the integral of force (sample,) less its mean [N s]."""
    return float(np.cumsum(force - force.mean()).std() / rate)


def instant_of_rest(force: np.ndarray, weighing: Weighing) -> int:
    """Sample of a weighing at which the vertical velocity of the body is its mean: zero, as nobody rises or sinks.

    Parameters
    ----------
    force : (sample,) [N].
    weighing : quiet standing.
    """
    quiet = force[weighing.first : weighing.last]
    momentum = np.cumsum(quiet - quiet.mean())
    return weighing.first + int(np.argmin(np.abs(momentum - momentum.mean())))


def standing_stretch(force: np.ndarray, *, rate: float, quiet: Weighing, first: int, movement_start: int) -> Weighing:
    """Weigh over the whole of standing around the quietest second: back to where it began, on to the movement.

    Between two moments of standing still the mean force is body weight, with any sway between them, and the longer
    the time the better: with 2 N of sway the error of jump height is 1.2 mm (SD) instead of 4.6 mm with the quietest
    second alone.

    Parameters
    ----------
    force : (side, sample) [N].
    rate : [Hz].
    quiet : the quietest second.
    first : earliest sample [samples].
    movement_start : first sample of the movement.
    """
    block = max(int(BLOCK_S * rate), 1)
    weight, band = float(quiet.body_weight[0]), 5.0 * quiet.sd
    begin = quiet.first
    while begin - block >= first and abs(force[0, begin - block : begin].mean() - weight) <= band:
        begin -= block
    last = max(movement_start, quiet.last)
    # The whole of standing begins and ends at rest: sway slower than it does not enter.
    sway = np.sqrt(2.0) * _momentum_sd(force[0, begin:last], rate) * rate / (last - begin)
    longer = weigh_stretch(force, rate=rate, first=begin, last=last)
    return replace(longer, sd=quiet.sd, uncertainty=float(np.hypot(sway, _rounding(force, begin, last))))


def weigh(
    force: np.ndarray, *, rate: float, first: int, last: int, length_s: float, quietest: bool = True
) -> Weighing | None:
    """Weigh in the quietest, or the first, `length_s` between two samples; None where there is not that much recording.

    Parameters
    ----------
    force : (side, sample) [N].
    rate : [Hz].
    first, last : where to look [samples].
    length_s : length of the weighing window [s].
    quietest : the least-variance window; else the one at `first`.
    """
    length = round(length_s * rate)
    if last - first < length:
        return None
    start = first
    if quietest:
        found = quietest_window(force[0], length, first, last)
        if found is None:
            return None
        start = found[0]
    return weigh_stretch(force, rate=rate, first=int(start), last=int(start) + length)
