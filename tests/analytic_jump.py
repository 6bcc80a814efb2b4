"""Countermovement jumps whose height is known by construction, as a noisy force plate would record them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRAVITY = 9.80665


@dataclass(frozen=True)
class AnalyticJump:
    """A jump with a known answer.

    Parameters
    ----------
    force : (sample,) vertical ground reaction force [N].
    rate : [Hz].
    body_weight : [N].
    takeoff_velocity : [m/s].
    movement_start, takeoff, landing : [s].
    depth : how far the centre of mass sinks [m].
    """

    force: np.ndarray
    rate: float
    body_weight: float
    takeoff_velocity: float
    movement_start: float
    takeoff: float
    landing: float
    depth: float

    @property
    def height(self) -> float:
        """Jump height v^2 / 2g [m]."""
        return self.takeoff_velocity**2 / (2 * GRAVITY)

    @property
    def flight_time(self) -> float:
        """Landing less take-off [s]."""
        return self.landing - self.takeoff


def _push_off(phase: np.ndarray, down: float, up: float, start: tuple[float, float]) -> np.ndarray:
    """Force over body weight in units of body weight: lowering lobe, push-off lobe, steep fall to zero at phase 1.

    It leaves body weight with the power of time start[0], and after start[1] (phase) along a straight line.
    """
    power, softened = start
    lobe = np.where(phase < 0.45, -down * np.sin(np.pi * phase / 0.45), up * np.sin(np.pi * (phase - 0.45) / 0.60))
    if power > 1.0:
        lobe = lobe * (-np.expm1(-np.maximum(phase, 0.0) / softened)) ** (power - 1.0)
    falling = phase > 0.92
    at_fall = up * np.sin(np.pi * (0.92 - 0.45) / 0.60)
    return np.where(falling, at_fall + (-1.0 - at_fall) * (1.0 - np.cos(0.5 * np.pi * (phase - 0.92) / 0.08)), lobe)


def _softened(distance: np.ndarray, corner: float) -> np.ndarray:
    """Distance from a corner at 0, rounded over a length: a parabola within it, a straight line beyond."""
    if corner == 0.0:
        return np.maximum(distance, 0.0)
    return np.where(distance < corner, np.maximum(distance, 0.0) ** 2 / (2.0 * corner), distance - 0.5 * corner)


def countermovement_jump(
    *,
    mass_kg: float = 75.0,
    rate_hz: float = 1000.0,
    noise_n: float = 0.0,
    sway_n: float = 0.0,
    quiet_s: float = 2.5,
    stays: bool = True,
    movement_s: float = 0.85,
    down: float = 0.55,
    up: float = 1.55,
    rise_s: float = 0.008,
    corner_n: tuple[float, float] = (0.0, 0.0),
    onset: tuple[float, float] = (1.0, 0.0),
    landing_drop_m: float = 0.0,
    seed: int = 0,
) -> AnalyticJump:
    """Make one jump.

    Noise is white; sway is the force of a vertical wobble of the centre of mass (0.4 to 1.8 Hz) that stops at the
    movement, with the given standard deviations. Someone who does not stay steps off the plate half a second after
    landing. Force falls to zero along a straight line, and rises within `rise_s` of the landing; below `corner_n` [N]
    it ends, before the take-off, and begins, after the landing, along a parabola. The movement starts as a power of
    time that turns into a straight line over a time, `onset` [1], [s]. The centre of mass is `landing_drop_m` lower at
    the landing than at the take-off.
    """
    rng = np.random.default_rng(seed)
    weight = mass_kg * GRAVITY
    fine = np.linspace(0.0, 1.0, 200_001)
    steepest = 0.5 * np.pi / 0.08 * (1.0 + up * np.sin(np.pi * (0.92 - 0.45) / 0.60))
    released, touched_s = 2.0 * corner_n[0] / (weight * steepest), 2.0 * corner_n[1] * rise_s / weight

    def push_off(phase: np.ndarray) -> np.ndarray:
        return _push_off(1.0 - _softened(1.0 - phase, released), down, up, (onset[0], onset[1] / movement_s))

    gain = np.concatenate([[0.0], np.cumsum((lambda a: 0.5 * (a[1:] + a[:-1]))(push_off(fine)))])
    velocity = gain * GRAVITY * movement_s / 200_000
    depth = -float((np.cumsum(velocity) * movement_s / 200_000).min())
    takeoff_velocity = float(velocity[-1])
    takeoff = quiet_s + movement_s
    landing_velocity = float(np.sqrt(takeoff_velocity**2 + 2.0 * GRAVITY * landing_drop_m))
    landing = takeoff + (takeoff_velocity + landing_velocity) / GRAVITY
    duration = landing + 2.5
    time = np.arange(round(duration * rate_hz)) / rate_hz
    force = np.full(time.size, weight)
    moving = (time >= quiet_s) & (time < takeoff)
    force[moving] += weight * push_off((time[moving] - quiet_s) / movement_s)
    force[(time >= takeoff) & (time < landing)] = 0.0
    # impact and settling: the net impulse stops the fall
    after, settling = time[time >= landing] - landing, np.linspace(0.0, 0.25, 25_001)

    def landed(since: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        risen = np.clip(_softened(since, touched_s) / rise_s, 0.0, 1.0)
        return risen, np.sin(np.pi * np.clip(since / 0.25, 0, 1)) ** 2 * risen

    risen, pulse = landed(settling)
    lacking = landing_velocity + GRAVITY * float(np.trapezoid(1.0 - risen, settling))
    height = mass_kg * lacking / float(np.trapezoid(pulse, settling))
    risen, pulse = landed(after)
    force[time >= landing] = weight * risen + height * pulse
    if not stays:
        force[time >= landing + 0.5] = 0.0
    standing = (time < quiet_s) | ((time >= landing + 0.8) & stays)
    frequencies = rng.uniform(0.4, 1.8, 6)
    phases = rng.uniform(0, 2 * np.pi, 6)
    wobble = np.sin(2 * np.pi * frequencies[:, None] * time + phases[:, None]).sum(axis=0) / np.sqrt(3.0)
    fade = np.clip((quiet_s - time) / 0.2, 0, 1) * (time < quiet_s) + (time >= quiet_s)
    force = force + np.where(standing, sway_n * wobble * fade, 0.0) + noise_n * rng.standard_normal(time.size)
    return AnalyticJump(force, rate_hz, weight, takeoff_velocity, quiet_s, takeoff, landing, depth)
