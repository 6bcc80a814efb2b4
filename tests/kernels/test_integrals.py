"""Running integrals against scipy, naive twins and free fall."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.integrals import (
    integrate_backward,
    integrate_forward,
    integrate_rows_backward,
    integrate_rows_forward,
)
from tests import naive

SAMPLES = st.lists(st.floats(-1e3, 1e3), max_size=30).map(np.array).map(lambda samples: samples.astype(np.float64))


@settings(max_examples=150, deadline=None)
@given(samples=SAMPLES, known=st.floats(-10, 10), gap=st.none() | st.integers(0, 29))
def test_integrals_equal_the_naive_twins(samples, known, gap):
    if gap is not None and gap < len(samples):
        samples = samples.copy()
        samples[gap] = np.nan
    for kernel, twin in (
        (integrate_forward, naive.integrate_forward),
        (integrate_backward, naive.integrate_backward),
    ):
        np.testing.assert_allclose(kernel(samples, 0.01, known), twin(samples, 0.01, known), rtol=1e-9, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(samples=SAMPLES.filter(len), initial=st.floats(-10, 10))
def test_back_from_the_last_value_gives_the_way_there(samples, initial):
    forward = integrate_forward(samples, 0.002, initial)
    np.testing.assert_allclose(integrate_backward(samples, 0.002, forward[-1]), forward, atol=1e-9)


def test_equals_scipy():
    samples = np.random.default_rng(0).normal(size=(4, 1000))
    expected = scipy.integrate.cumulative_trapezoid(samples, dx=0.001, axis=1, initial=0.0)
    rows = integrate_rows_forward(samples, 0.001, np.zeros(4, int), np.full(4, 1000), np.zeros(4))
    np.testing.assert_allclose(rows, expected, atol=1e-12)


def test_free_fall_is_integrated_exactly():
    # Velocity of constant acceleration is a straight line, for which the trapezoid rule is exact.
    acceleration = np.full(501, -9.81)
    velocity = integrate_forward(acceleration, 0.001, 2.0)
    np.testing.assert_allclose(velocity, 2.0 - 9.81 * np.arange(501) * 0.001, atol=1e-12)
    height = integrate_forward(velocity, 0.001, 0.0)
    assert height[-1] == pytest.approx(2.0 * 0.5 - 9.81 * 0.5**2 / 2, abs=1e-12)


def test_a_gap_ends_what_is_known_in_the_direction_of_integration():
    samples = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    np.testing.assert_array_equal(np.isnan(integrate_forward(samples, 1.0, 0.0)), [False, False, True, True, True])
    np.testing.assert_array_equal(np.isnan(integrate_backward(samples, 1.0, 0.0)), [True, True, True, False, False])


def test_rows_are_integrated_within_their_own_range():
    samples = np.array([[1.0, 1.0, 1.0, 1.0], [np.nan, 2.0, 2.0, np.nan], [5.0, 5.0, 5.0, 5.0]])
    starts, stops, known = np.array([0, 1, 2]), np.array([4, 3, 2]), np.array([0.0, 10.0, 3.0])
    nan = np.nan
    np.testing.assert_array_equal(
        integrate_rows_forward(samples, 1.0, starts, stops, known),
        [[0.0, 1.0, 2.0, 3.0], [nan, 10.0, 12.0, nan], [nan] * 4],
    )
    np.testing.assert_array_equal(
        integrate_rows_backward(samples, 1.0, starts, stops, known),
        [[-3.0, -2.0, -1.0, 0.0], [nan, 8.0, 10.0, nan], [nan] * 4],
    )


@pytest.mark.parametrize("kernel", [integrate_rows_forward, integrate_rows_backward])
def test_ranges_outside_the_samples_are_refused(kernel):
    samples, known = np.zeros((1, 4)), np.zeros(1)
    for start, stop in ((-1, 2), (0, 5), (3, 2)):
        with pytest.raises(ValueError, match="leaves the samples"):
            kernel(samples, 1.0, np.array([start]), np.array([stop]), known)
    with pytest.raises(ValueError, match="one entry per row"):
        kernel(samples, 1.0, np.array([0, 0]), np.array([1]), known)
