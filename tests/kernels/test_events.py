"""Runs beyond a limit, crossings and quiet windows, against naive twins and hand answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legsci.kernels.events import (
    crossing_position,
    find_above,
    find_below,
    intervals_above,
    intervals_below,
    quietest_window,
)
from tests import naive

# Few distinct values, NaN among them, so that runs, ties and gaps are common.
SAMPLES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, np.nan]), min_size=1, max_size=40).map(np.array)


@settings(max_examples=300, deadline=None)
@given(samples=SAMPLES, limit=st.sampled_from([0.5, 1.0, 2.0]), shortest=st.integers(1, 4), extra=st.integers(0, 6))
def test_intervals_equal_the_naive_twin(samples, limit, shortest, extra):
    longest = shortest + extra
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


@settings(max_examples=300, deadline=None)
@given(samples=SAMPLES, data=st.data(), count=st.integers(1, 4), step=st.sampled_from([1, -1]))
def test_find_equals_the_naive_twin(samples, data, count, step):
    start = data.draw(st.integers(0, len(samples) - 1))
    assert find_below(samples, 1.5, start, count, step) == naive.find(samples, 1.5, True, start, count, step)
    assert find_above(samples, 1.5, start, count, step) == naive.find(samples, 1.5, False, start, count, step)


def test_a_run_is_found_from_either_side():
    force = np.array([800.0, 10.0, 700.0, 5.0, 4.0, 3.0, 900.0])
    np.testing.assert_array_equal(intervals_below(force, 20.0), [[1, 2], [3, 6]])
    np.testing.assert_array_equal(intervals_below(force, 20.0, 2), [[3, 6]])
    np.testing.assert_array_equal(intervals_below(force, 20.0, 1, 2), [[1, 2]])
    assert find_below(force, 20.0, 0, 2) == 3
    assert find_below(force, 20.0, 6, 2, -1) == 5
    assert find_above(force, 20.0, 0, 2) is None


@pytest.mark.parametrize(("start", "count", "step"), [(-1, 1, 1), (7, 1, 1), (0, 0, 1), (0, 1, 2)])
def test_a_search_without_sense_is_refused(start, count, step):
    with pytest.raises(ValueError, match=r"search|count"):
        find_below(np.zeros(7), 1.0, start, count, step)


def test_crossing_lies_on_the_straight_line():
    samples = np.array([0.0, 10.0, 4.0, np.nan, 4.0])
    assert crossing_position(samples, 1, 2.5) == pytest.approx(0.25)
    assert crossing_position(samples, 2, 7.0) == pytest.approx(1.5)
    assert np.isnan(crossing_position(samples, 2, 11.0))
    assert np.isnan(crossing_position(samples, 3, 2.0))
    assert np.isnan(crossing_position(samples, 4, 2.0))
    for index in (0, 5):
        with pytest.raises(ValueError, match="sample before"):
            crossing_position(samples, index, 1.0)


@settings(max_examples=200, deadline=None)
@given(before=st.floats(-1e3, 1e3), after=st.floats(-1e3, 1e3), limit=st.floats(-1e3, 1e3))
def test_crossing_stays_between_its_samples_and_exists_when_they_straddle_the_limit(before, after, limit):
    position = crossing_position(np.array([before, after]), 1, limit)
    assert np.isnan(position) == ((before < limit) == (after < limit))
    assert np.isnan(position) or 0.0 <= position <= 1.0


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
