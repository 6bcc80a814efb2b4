"""Zero-lag Butterworth filters over stacks of channels with gaps."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


def butterworth_lowpass(
    samples: Array,
    *,
    sampling_rate_hz: float,
    cutoff_hz: float,
    order: int = 2,
    cutoff_after_both_passes: bool = False,
) -> Array:
    """Remove what is faster than the cut-off, without delay: a Butterworth filter run forward, then backward.

    Parameters
    ----------
    samples : (channel, time), any unit; gaps are NaN.
    sampling_rate_hz : samples per second [Hz].
    cutoff_hz : cut-off frequency [Hz], between 0 and half the sampling rate.
    order : order of one pass; the two passes together act as twice this order, so 2 is the "fourth-order zero-lag
        filter" of the biomechanics literature.
    cutoff_after_both_passes : False (the meaning of scipy.signal.butter and sosfiltfilt): each pass passes half the
        power at `cutoff_hz`, the two together a quarter (-6 dB). True: each pass is widened so that the two together
        pass half the power (-3 dB) at `cutoff_hz`.

    Returns
    -------
    (channel, time), the same unit. Stretches between gaps are filtered separately. A stretch of 3 (order + 1) samples
    or fewer is too short for the edge extension and becomes NaN; gaps stay NaN.

    Raises
    ------
    ValueError : lists every argument that is out of bounds.

    Notes
    -----
    Bilinear transform with prewarped cut-off, K = tan(pi cutoff / rate), in second-order sections. Each stretch is
    extended at both ends by 3 (order + 1) samples mirrored through its end point, and each pass starts in the steady
    state of its first sample, as scipy.signal.sosfiltfilt does. With `cutoff_after_both_passes`, K is divided by
    (sqrt(2) - 1)^(1 / (2 order)), 0.802 for order 2.

    References
    ----------
    Robertson DGE, Dowling JJ (2003) Design and responses of Butterworth and critically damped digital filters.
    J Electromyogr Kinesiol 13:569-573.
    Winter DA (2009) Biomechanics and Motor Control of Human Movement, 4th ed., ch. 3.
    """
    _check(samples, sampling_rate_hz, cutoff_hz, order)
    warped = math.tan(math.pi * cutoff_hz / sampling_rate_hz)
    if cutoff_after_both_passes:
        warped /= _narrowing_by_second_pass(order)
    return _run(samples, [_lowpass_section(warped, damping) for damping in _dampings(order)], order)


def both_ways(samples: Array, sections: Array) -> Array:
    """Run a filter forward, then backward, so that it does not delay.

    Parameters
    ----------
    samples : (channel, time), any unit; gaps are NaN.
    sections : (section, 5) coefficients b0, b1, b2, a1, a2.

    Returns
    -------
    (channel, time), the same unit; gaps, short stretches and ends as of `butterworth_lowpass`, with the order of the
    filter that of its polynomials.
    """
    return _run(samples, sections.tolist(), 2 * len(sections))


def _run(samples: Array, sections: list[list[float]], order: int) -> Array:
    """Filter with the sections, rounded up to a whole number of pairs by one that changes nothing."""
    pairs = np.array(sections + [[1.0, 0.0, 0.0, 0.0, 0.0]] * (len(sections) % 2))
    return _filter_stretches(np.ascontiguousarray(samples, dtype=np.float64), pairs, 3 * (order + 1))


def _check(samples: Array, sampling_rate_hz: float, cutoff_hz: float, order: int) -> None:
    faults = []
    if samples.ndim != 2:
        faults.append(f"samples must be (channel, time), found shape {samples.shape}")
    if not sampling_rate_hz > 0:
        faults.append(f"sampling_rate_hz must be positive, found {sampling_rate_hz}")
    elif not 0 < cutoff_hz < sampling_rate_hz / 2:
        faults.append(f"cutoff_hz must lie between 0 and half the sampling rate {sampling_rate_hz}, found {cutoff_hz}")
    if order < 1:
        faults.append(f"order must be at least 1, found {order}")
    if faults:
        raise ValueError("Butterworth filter: " + "; ".join(faults))


def _narrowing_by_second_pass(order: int) -> float:
    """Ratio of the half-power frequency of two passes to that of one: (1 + r^(2 order))^2 = 2."""
    return (math.sqrt(2.0) - 1.0) ** (1.0 / (2.0 * order))


def _dampings(order: int) -> list[float | None]:
    """Middle coefficients d of the factors s^2 + d s + 1 of the Butterworth polynomial; None stands for s + 1."""
    pairs: list[float | None] = [2.0 * math.sin(math.pi * (2 * k + 1) / (2 * order)) for k in range(order // 2)]
    return pairs + [None] * (order % 2)


def _lowpass_section(warped: float, damping: float | None) -> list[float]:
    """Coefficients b0, b1, b2, a1, a2 of one low-pass section with unit gain at rest."""
    if damping is None:
        gain = warped / (1.0 + warped)
        return [gain, gain, 0.0, (warped - 1.0) / (warped + 1.0), 0.0]
    scale = 1.0 / (1.0 + damping * warped + warped**2)
    gain = warped**2 * scale
    return [gain, 2.0 * gain, gain, *_poles(warped, damping, scale)]


def _poles(warped: float, damping: float, scale: float) -> tuple[float, float]:
    return 2.0 * (warped**2 - 1.0) * scale, (1.0 - damping * warped + warped**2) * scale


@njit(cache=True)
def _filter_stretches(samples: Array, sections: Array, padding: int) -> Array:
    """Filter each gap-free stretch of each channel (channel, time); sections (section, 5) hold b0, b1, b2, a1, a2."""
    filtered = np.full(samples.shape, np.nan)
    extended = np.empty(samples.shape[1] + 2 * padding)
    for channel in range(samples.shape[0]):
        start = 0
        while start < samples.shape[1]:
            stop = start
            while stop < samples.shape[1] and not np.isnan(samples[channel, stop]):
                stop += 1
            length = stop - start
            if length > padding:
                stretch = extended[: length + 2 * padding]
                _extend(samples[channel, start:stop], stretch, padding)
                _pass_through(stretch, sections)
                _pass_through(stretch[::-1], sections)
                filtered[channel, start:stop] = stretch[padding : padding + length]
            start = stop + 1
    return filtered


@njit(cache=True)
def _extend(samples: Array, extended: Array, padding: int) -> None:
    """Copy samples (time,) into the middle of extended and mirror `padding` samples through either end point."""
    last = len(samples) - 1
    for i in range(padding):
        extended[i] = 2.0 * samples[0] - samples[padding - i]
        extended[padding + last + 1 + i] = 2.0 * samples[last] - samples[last - 1 - i]
    extended[padding : padding + last + 1] = samples


@njit(cache=True, fastmath={"contract"})
def _pass_through(samples: Array, sections: Array) -> None:
    """Run the sections over samples (time,) in place, starting in the steady state of the first sample.

    With v the first state of a section in transposed direct form II, x its input and y its output::

        y[i] = b0 x[i] + v[i],    v[i+1] = c1 x[i] + c2 x[i-1] - a2 v[i-1] - a1 v[i],    c_k = b_k - a_k b0

    Only the last term waits for the sample before, and two sections side by side fill that time.
    """
    level = samples[0]
    for pair in range(0, len(sections), 2):
        b0, c1, c2, a1, a2, gain = _state_form(sections[pair])
        e0, f1, f2, d1, d2, second_gain = _state_form(sections[pair + 1])
        x_before, v_before = level, (gain - b0) * level
        v = v_before
        level *= gain
        y_before, w_before = level, (second_gain - e0) * level
        w = w_before
        level *= second_gain
        for i in range(len(samples)):
            x = samples[i]
            y = b0 * x + v
            samples[i] = e0 * y + w
            v, v_before = c1 * x + c2 * x_before - a2 * v_before - a1 * v, v
            w, w_before = f1 * y + f2 * y_before - d2 * w_before - d1 * w, w
            x_before, y_before = x, y


@njit(cache=True)
def _state_form(section: Array) -> tuple[float, float, float, float, float, float]:
    """Return b0, c1, c2, a1, a2 and the section's gain at rest."""
    b0, b1, b2, a1, a2 = section
    return b0, b1 - a1 * b0, b2 - a2 * b0, a1, a2, (b0 + b1 + b2) / (1.0 + a1 + a2)
