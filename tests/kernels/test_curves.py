"""Values, peaks and integrals between positions: hand answers and naive twins, NaN planted."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.kernels.curves import integral_between, peak_between, value_at

RAMP = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])


def at(*positions: float) -> np.ndarray:
    return np.array([positions], dtype=float)


def test_value_is_interpolated_and_nan_outside() -> None:
    found = value_at(RAMP, at(0.0, 1.25, 4.0, -0.1, 4.1, np.nan))
    np.testing.assert_allclose(found, at(0.0, 1.25, 4.0, np.nan, np.nan, np.nan))


def test_peak_takes_the_first_of_equals_and_is_not_known_across_a_gap() -> None:
    signal = np.array([[1.0, 5.0, 5.0, np.nan, 9.0]])
    peaks, positions = peak_between(signal, at(0.0, 0.0, 3.0, 3.5, np.nan), at(2.9, 3.9, 3.0, 9.0, 1.0))
    np.testing.assert_allclose(peaks, at(5.0, np.nan, np.nan, 9.0, np.nan))
    np.testing.assert_allclose(positions, at(1.0, np.nan, np.nan, 4.0, np.nan))


def test_peak_of_negative_signals_is_their_highest() -> None:
    peaks, positions = peak_between(-RAMP - 1.0, at(1.0), at(3.0))
    assert (peaks.item(), positions.item()) == (-2.0, 1.0)


def test_integral_of_a_ramp_by_hand() -> None:
    # integral of x from a to b is (b^2 - a^2) / 2
    found = integral_between(RAMP, at(0.0, 0.5, 1.2, 3.0, 2.0), at(4.0, 2.5, 1.7, 1.0, 2.0))
    np.testing.assert_allclose(found, at(8.0, 3.0, 0.725, -4.0, 0.0), atol=1e-12)


def test_integral_over_a_gap_or_beyond_the_end_is_nan() -> None:
    signal = RAMP.copy()
    signal[0, 2] = np.nan
    found = integral_between(signal, at(0.0, 0.0, 3.0, np.nan), at(4.0, 1.0, 5.0, 1.0))
    np.testing.assert_allclose(found, at(np.nan, 0.5, np.nan, np.nan))


@pytest.mark.parametrize("seed", range(5))
def test_integral_equals_the_trapezoid_rule_on_refined_samples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(3, 50))
    starts, ends = rng.uniform(0, 49, (3, 4)), rng.uniform(0, 49, (3, 4))
    found = integral_between(signal, starts, ends)
    for row in range(3):
        for column in range(4):
            start, end = starts[row, column], ends[row, column]
            inner = np.arange(np.ceil(min(start, end)), np.floor(max(start, end)) + 1)
            nodes = np.unique(np.concatenate([[start, end], inner]))
            area = np.trapezoid(np.interp(nodes, np.arange(50), signal[row]), nodes)
            assert found[row, column] == pytest.approx(area if end >= start else -area, abs=1e-12)
