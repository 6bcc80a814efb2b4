"""Jumps, drop jumps, squats and standing as other laboratories record them: zeros of plates, hops, landings beside."""

from __future__ import annotations

import numpy as np

from tests.analytic_jump import GRAVITY

RATE_HZ = 1000.0
MASS_KG = 70.0
WEIGHT_N = MASS_KG * GRAVITY


def noisy(force: np.ndarray, *, seed: int = 0, noise_n: float = 0.8) -> np.ndarray:
    """Force with the noise of an amplifier."""
    return np.asarray(force + np.random.default_rng(seed).normal(0.0, noise_n, force.shape))


def on_two_plates(
    total: np.ndarray, zeros_n: tuple[float, float] = (0.0, 0.0), *, left: float = 0.47, seed: int = 0
) -> np.ndarray:
    """Share a force between a left and a right plate (2, sample), each with its zero and noise of its own."""
    rows = np.stack([left * total, (1.0 - left) * total])
    return noisy(rows, seed=seed) + np.asarray(zeros_n)[:, None]


def contact(*, fall_m_per_s: float, rise_m_per_s: float, duration_s: float, second_hump: float) -> np.ndarray:
    """Force of the contact of a rebound in parts of weight (sample,): an impact, then a push-off of a given height.

    The push-off is a half sine over the second half; the impact over the first makes up the impulse.
    """
    samples = round(duration_s * RATE_HZ)
    half = samples // 2
    push = second_hump * np.sin(np.pi * (np.arange(samples - half) + 0.5) / (samples - half)) ** 0.5
    needed = (fall_m_per_s + rise_m_per_s) / GRAVITY * RATE_HZ + samples - push.sum()
    shape = np.sin(np.pi * (np.arange(half) + 0.5) / half)
    return np.concatenate([needed * shape / shape.sum(), push])


def drop_jump(
    *,
    second_hump: float = 2.0,
    duration_s: float = 0.30,
    fall_s: float = 0.5,
    flight_s: float = 0.42,
    standing_s: float = 2.5,
    landing_s: float = 0.25,
    seed: int = 0,
) -> tuple[np.ndarray, float, float]:
    """Make a drop jump: force (sample,) [N], true contact time and flight time [s]."""
    speed = GRAVITY * flight_s / 2.0
    push = contact(fall_m_per_s=2.4, rise_m_per_s=speed, duration_s=duration_s, second_hump=second_hump)
    landing = round(landing_s * RATE_HZ)
    impact = (
        1.0 + 2.0 * speed / GRAVITY / max(landing_s, 1e-3) * np.sin(np.pi * np.arange(landing) / max(landing, 1)) ** 2
    )
    parts = [np.zeros(round(fall_s * RATE_HZ)), push, np.zeros(round(flight_s * RATE_HZ)), impact]
    parts.append(np.ones(round(standing_s * RATE_HZ)))
    return noisy(WEIGHT_N * np.concatenate(parts), seed=seed), push.size / RATE_HZ, flight_s


def squat_force(*, repetitions: int = 2, depth: float = 0.3, quiet_s: float = 2.0, slow_s: float = 1.2) -> np.ndarray:
    """Force of squats that start from standing [N]: down, up, and a second of rest between."""
    phase = np.arange(round(slow_s * RATE_HZ)) / RATE_HZ / slow_s
    down = -depth * np.sin(2.0 * np.pi * phase)
    rest = np.zeros(round(RATE_HZ))
    cycle = np.concatenate([down, -down, rest])
    quiet = np.zeros(round(quiet_s * RATE_HZ))
    return WEIGHT_N * (1.0 + np.concatenate([quiet, *([cycle] * repetitions), quiet]))
