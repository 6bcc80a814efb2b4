"""Runs beyond a limit and quiet windows, against naive twins and hand answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.events import BLOCK, intervals_above, intervals_below, quietest_window
from tests import naive

# Few distinct values, NaN among them, so that runs, ties and gaps are common; some last for more than a block.
SAMPLES = st.builds(
    np.repeat,
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan]), min_size=1, max_size=40),
    st.sampled_from([1, 1, BLOCK // 2 + 1]),
)


@settings(max_examples=300, deadline=None)
@given(samples=SAMPLES, limit=st.sampled_from([0.5, 1.0, 2.0]), shortest=st.integers(1, 4), extra=st.integers(0, 6))
def test_intervals_equal_the_naive_twin(samples, limit, shortest, extra):
    longest = shortest + extra * (1 if len(samples) <= 40 else BLOCK // 4)
    for kernel, below in ((intervals_below, True), (intervals_above, False)):
        found = kernel(samples, limit, shortest, longest)
        assert found.shape[1] == 2
        assert [tuple(run) for run in found] == naive.intervals(samples, limit, below, shortest, longest)


@settings(max_examples=300, deadline=None)
@given(samples=SAMPLES, limit=st.sampled_from([0.5, 1.0, 2.0]))
def test_each_valid_sample_lies_in_one_run_below_or_above(samples, limit):
    covered = np.zeros(len(samples), dtype=int)
    for start, stop in (*intervals_below(samples, limit), *intervals_above(samples, limit)):
        covered[start:stop] += 1
    np.testing.assert_array_equal(covered, ~np.isnan(samples))


def test_runs_that_are_too_short_or_too_long_are_left_out():
    force = np.array([800.0, 10.0, 700.0, 5.0, 4.0, 3.0, 900.0])
    np.testing.assert_array_equal(intervals_below(force, 20.0), [[1, 2], [3, 6]])
    np.testing.assert_array_equal(intervals_below(force, 20.0, 2), [[3, 6]])
    np.testing.assert_array_equal(intervals_below(force, 20.0, 1, 2), [[1, 2]])


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    length=st.integers(2, 12),
    size=st.integers(1, 60),
    gaps=st.lists(st.integers(0, 59), max_size=4),
    data=st.data(),
)
def test_quietest_window_equals_the_naive_twin(seed, length, size, gaps, data):
    samples = np.random.default_rng(seed).normal(loc=700.0, scale=5.0, size=size)
    samples[[gap for gap in gaps if gap < size]] = np.nan
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    found, twin = quietest_window(samples, length, start, stop), naive.quietest_window(samples, length, start, stop)
    if twin is None:
        assert found is None
    else:
        assert found == pytest.approx(twin, rel=1e-9)


def test_a_landing_leaves_no_rounding_in_the_quiet_window():
    rng = np.random.default_rng(3)
    samples = np.concatenate([1e9 * rng.normal(size=500), 750.0 + 1e-3 * rng.normal(size=3000)])
    samples[1500:2500] = 750.0 + 1e-4 * rng.normal(size=1000)
    first, mean, deviation = quietest_window(samples, 1000, 0, len(samples))
    assert abs(first - 1500) <= 2
    assert mean == pytest.approx(samples[first : first + 1000].mean(), rel=1e-13)
    assert deviation == pytest.approx(samples[first : first + 1000].std(ddof=1), rel=1e-9)


def test_the_earliest_of_equally_quiet_windows_is_taken():
    assert quietest_window(np.full(100, 7.0), 10, 5, 100) == (5, 7.0, 0.0)


def test_a_quiet_window_without_sense_is_refused():
    with pytest.raises(ValueError, match="2 samples"):
        quietest_window(np.zeros(5), 1, 0, 5)
    for start, stop in ((-1, 3), (0, 6)):
        with pytest.raises(ValueError, match="leaves the samples"):
            quietest_window(np.zeros(5), 2, start, stop)
