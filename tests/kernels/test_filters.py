"""Butterworth filters against scipy, a naive twin and the definition of the cut-off."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.filters import both_ways, butterworth_lowpass
from tests import naive


def _walk(channels, length, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=(channels, length)), axis=1)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("cutoff_hz", [1.0, 20.0, 499.0])
def test_equals_scipy(order, cutoff_hz):
    samples = _walk(3, 4000)
    sections = scipy.signal.butter(order, cutoff_hz, fs=1000.0, output="sos")
    expected = scipy.signal.sosfiltfilt(sections, samples, axis=1)
    filtered = butterworth_lowpass(samples, sampling_rate_hz=1000.0, cutoff_hz=cutoff_hz, order=order)
    np.testing.assert_allclose(filtered, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_a_band_pass_equals_scipy():
    samples = _walk(3, 4000)
    sections = scipy.signal.butter(2, (20.0, 450.0), "bandpass", fs=2000.0, output="sos")
    expected = scipy.signal.sosfiltfilt(sections, samples, axis=1, padlen=15)
    filtered = both_ways(samples, sections[:, [0, 1, 2, 4, 5]])
    np.testing.assert_allclose(filtered, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("both", [False, True])
def test_equals_the_naive_twin_between_gaps(order, both):
    samples = _walk(2, 200)
    samples[0, [0, 60, 61, 70, 199]] = np.nan
    samples[1, ::5] = np.nan
    settings_of_filter = {"sampling_rate_hz": 200.0, "cutoff_hz": 12.0, "order": order}
    filtered = butterworth_lowpass(samples, cutoff_after_both_passes=both, **settings_of_filter)
    twin = naive.butterworth(samples, both=both, **settings_of_filter)
    np.testing.assert_allclose(filtered, twin, rtol=0, atol=1e-9)
    assert np.isnan(filtered[1]).all()


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_stretch_is_kept_from_one_sample_more_than_the_edge_extension(order):
    padding = 3 * (order + 1)
    arguments = {"sampling_rate_hz": 100.0, "cutoff_hz": 6.0, "order": order}
    assert np.isnan(butterworth_lowpass(_walk(1, padding), **arguments)).all()
    shortest = _walk(1, padding + 1)
    sections = scipy.signal.butter(order, 6.0, fs=100.0, output="sos")
    expected = scipy.signal.sosfiltfilt(sections, shortest, axis=1)
    np.testing.assert_allclose(butterworth_lowpass(shortest, **arguments), expected, atol=1e-10)


def _gain(samples_of_filter, frequency, both):
    """Amplitude that is left of a sine, away from the ends."""
    time = np.arange(20000) / 1000.0
    sine = np.sin(2 * np.pi * frequency * time)[None]
    filtered = butterworth_lowpass(sine, sampling_rate_hz=1000.0, cutoff_after_both_passes=both, **samples_of_filter)
    return np.sqrt(2.0 * np.mean(filtered[0, 5000:15000] ** 2))


@pytest.mark.parametrize("order", [1, 2, 4])
def test_what_is_left_at_the_cutoff_is_what_the_argument_says(order):
    arguments = {"cutoff_hz": 20.0, "order": order}
    assert _gain(arguments, 20.0, both=False) == pytest.approx(0.5, abs=1e-4)
    assert _gain(arguments, 20.0, both=True) == pytest.approx(np.sqrt(0.5), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(level=st.floats(-1e4, 1e4), slope=st.floats(-100, 100), order=st.integers(1, 6), cutoff_hz=st.floats(1, 40))
def test_a_straight_line_passes(level, slope, order, cutoff_hz):
    line = (level + slope * np.arange(3000) / 100.0)[None]
    arguments = {"sampling_rate_hz": 100.0, "cutoff_hz": cutoff_hz, "order": order}
    low = butterworth_lowpass(line, **arguments)
    middle = slice(1000, 2000)
    np.testing.assert_allclose(low[0, middle], line[0, middle], atol=1e-6 * (1 + abs(level) + abs(slope)))
    constant = np.full((1, 500), level)
    np.testing.assert_allclose(butterworth_lowpass(constant, **arguments), constant, atol=1e-8 * (1 + abs(level)))


def test_time_turned_around_gives_the_answer_turned_around():
    samples = _walk(1, 5000)
    arguments = {"sampling_rate_hz": 1000.0, "cutoff_hz": 30.0}
    forward, turned = (
        butterworth_lowpass(samples, **arguments),
        butterworth_lowpass(samples[:, ::-1], **arguments)[:, ::-1],
    )
    np.testing.assert_allclose(forward[:, 500:-500], turned[:, 500:-500], atol=1e-6)


def test_the_input_is_left_alone_and_integers_are_read():
    samples = np.arange(60)[None] ** 2
    before = samples.copy()
    filtered = butterworth_lowpass(samples, sampling_rate_hz=100.0, cutoff_hz=6.0)
    np.testing.assert_array_equal(samples, before)
    assert filtered.dtype == np.float64


def test_every_bad_argument_is_named():
    with pytest.raises(ValueError, match=r"\(channel, time\).*cutoff_hz.*order"):
        butterworth_lowpass(np.zeros(10), sampling_rate_hz=100.0, cutoff_hz=50.0, order=0)
    with pytest.raises(ValueError, match="sampling_rate_hz"):
        butterworth_lowpass(np.zeros((1, 10)), sampling_rate_hz=np.nan, cutoff_hz=5.0)
