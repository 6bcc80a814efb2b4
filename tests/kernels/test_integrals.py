"""Running integrals against scipy, naive twins and free fall."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.integrals import integrate_forward
from tests import naive

SAMPLES = st.lists(st.floats(-1e3, 1e3), max_size=30).map(np.array).map(lambda samples: samples.astype(np.float64))


@settings(max_examples=150, deadline=None)
@given(samples=SAMPLES, known=st.floats(-10, 10), gap=st.none() | st.integers(0, 29))
def test_the_integral_equals_its_naive_twin(samples, known, gap):
    if gap is not None and gap < len(samples):
        samples = samples.copy()
        samples[gap] = np.nan
    twin = naive.integrate_forward(samples, 0.01, known)
    np.testing.assert_allclose(integrate_forward(samples, 0.01, known), twin, rtol=1e-9, atol=1e-9)


def test_equals_scipy():
    samples = np.random.default_rng(0).normal(size=(4, 1000))
    expected = scipy.integrate.cumulative_trapezoid(samples, dx=0.001, axis=1, initial=0.0)
    rows = [integrate_forward(row, 0.001, 0.0) for row in samples]
    np.testing.assert_allclose(rows, expected, atol=1e-12)


def test_free_fall_is_integrated_exactly():
    # Velocity of constant acceleration is a straight line, for which the trapezoid rule is exact.
    acceleration = np.full(501, -9.81)
    velocity = integrate_forward(acceleration, 0.001, 2.0)
    np.testing.assert_allclose(velocity, 2.0 - 9.81 * np.arange(501) * 0.001, atol=1e-12)
    height = integrate_forward(velocity, 0.001, 0.0)
    assert height[-1] == pytest.approx(2.0 * 0.5 - 9.81 * 0.5**2 / 2, abs=1e-12)


def test_a_gap_ends_the_integral():
    samples = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    np.testing.assert_array_equal(np.isnan(integrate_forward(samples, 1.0, 0.0)), [False, False, True, True, True])
