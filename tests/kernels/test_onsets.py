"""Evidence of a rise, change of variance and energy operator, against naive twins and hand answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.onsets import rise_evidence, teager_kaiser, variance_change
from tests import naive

COURSES = np.array([[0.25, 0.75, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.1, 0.3, 0.5, 0.9]])
LENGTHS = np.array([2, 1, 4])
TONIC = np.array([0.0, 1.0, 0.0])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 20), freedom=st.floats(0.5, 4.0))
def test_evidence_equals_the_naive_twin(seed, size, freedom):
    rng = np.random.default_rng(seed)
    power = rng.exponential(size=size) * np.where(np.arange(size) < size // 2, 1.0, 9.0)
    amplitudes = rng.uniform(1.0, 4.0, size=(3, 2))
    found = rise_evidence(power, freedom, 1.0, amplitudes, TONIC, COURSES, LENGTHS)
    twin = naive.rise_evidence(power, freedom, 1.0, amplitudes, TONIC, COURSES, LENGTHS)
    np.testing.assert_allclose(found, twin, rtol=1e-9, atol=1e-9)


def test_the_best_start_of_a_noiseless_step_is_where_it_steps():
    power = np.repeat([1.0, 10.0], 15)
    found = rise_evidence(power, 2.0, 1.0, np.full((3, 1), 3.0), np.zeros(3), COURSES, LENGTHS)
    assert found[1].argmax() == 15


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 60), shortest=st.integers(1, 5))
def test_change_of_variance_equals_the_naive_twin(seed, size, shortest):
    power = np.random.default_rng(seed).exponential(size=size)
    assert variance_change(power, shortest) == naive.variance_change(power, shortest)


def test_energy_of_a_sine_is_its_amplitude_times_frequency_squared():
    # A^2 sin^2(omega) per sample (Kaiser 1990)
    energy = teager_kaiser(3.0 * np.sin(0.2 * np.arange(50)))
    assert energy == pytest.approx(9.0 * np.sin(0.2) ** 2)
