"""Isometric pulls whose onset, forces and slopes are known by construction, as a noisy force plate records them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

GRAVITY = 9.80665


@dataclass(frozen=True)
class AnalyticPull:
    """A pull with known answers.

    Parameters
    ----------
    force : (sample,) as recorded [N].
    clean : (sample,) without sway and noise [N].
    rate : [Hz].
    body_weight, standing, peak : weight, level before the pull, and highest force [N].
    onset, release : [s].
    """

    force: np.ndarray
    clean: np.ndarray
    rate: float
    body_weight: float
    standing: float
    peak: float
    onset: float
    release: float

    def at(self, ms: float) -> float:
        """Force a time after the onset [N]."""
        return float(np.interp(self.onset + ms / 1000.0, np.arange(self.clean.size) / self.rate, self.clean))

    def rise(self, ms: float) -> float:
        """Mean slope from the onset to a time after it [N/s]."""
        return (self.at(ms) - self.standing) / (ms / 1000.0)


def _rise(since: np.ndarray, constants_s: tuple[float, ...]) -> np.ndarray:
    """Part of a sudden command that has become force: processes of first order one after the other, in closed form.

    1 - sum_i exp(-t / T_i) T_i^(n-1) / prod_(j != i) (T_i - T_j).
    """
    after = np.maximum(since, 0.0)
    answer = np.ones_like(after)
    for own in constants_s:
        product = np.prod([own - other for other in constants_s if other != own])
        answer -= np.exp(-after / own) * own ** (len(constants_s) - 1) / product
    return np.where(since > 0.0, answer, 0.0)


def pull(
    *,
    mass_kg: float = 80.0,
    net_peak_n: float = 1600.0,
    pretension_n: float = 20.0,
    constants_s: tuple[float, ...] = (0.02, 0.04, 0.09),
    onset_s: float = 3.0,
    length_s: float = 3.0,
    rate_hz: float = 1000.0,
    noise_n: float = 0.0,
    sway_n: float = 0.0,
    dip_n: float = 0.0,
    seed: int = 0,
) -> AnalyticPull:
    """Pull from standing with pre-tension: force rises by processes of first order and falls likewise at the release.

    Parameters
    ----------
    mass_kg, net_peak_n, pretension_n : body mass, force that the pull adds, and what the athlete pulls before [kg, N].
    constants_s : time constants, all different [s].
    onset_s, length_s : when the pull starts, and how long it lasts [s].
    rate_hz : [Hz].
    noise_n, sway_n : SD of white noise and of low-passed (about 2 Hz) sway [N].
    dip_n : depth of a countermovement of 0.2 s that ends at the onset [N].
    seed : of noise and sway.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(int((onset_s + length_s + 1.5) * rate_hz)) / rate_hz
    weight = mass_kg * GRAVITY
    release = onset_s + length_s
    rise = _rise(time - onset_s, constants_s) - _rise(time - release, (0.02, 0.04, 0.05))
    clean = weight + pretension_n + net_peak_n * rise
    before = np.clip((time - onset_s + 0.2) / 0.2, 0.0, 1.0)
    dip = dip_n * np.sin(np.pi * before) ** 2
    pole = np.exp(-2.0 * np.pi * 2.0 / rate_hz)
    sway = lfilter([1.0], [1.0, -pole], rng.standard_normal(time.size + 5000))[5000:]
    sway *= sway_n * np.sqrt(1.0 - pole**2)
    force = clean - dip + sway + noise_n * rng.standard_normal(time.size)
    peak = float(clean.max())
    return AnalyticPull(force, clean, rate_hz, weight, weight + pretension_n, peak, onset_s, release)
