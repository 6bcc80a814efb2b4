"""Time axes from stamps and counters: what is lost, late, repeated or out of order, and clocks that jump."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legsci.ingest.faults import RecordingError
from legsci.ingest.readers.timing import LONGEST_GAP_S, Timing, from_counter, from_stamps

PATH = Path("a.csv")


def codes(timing: Timing) -> list[str]:
    return [flag.code for flag in timing.flags]


@pytest.mark.parametrize("rate_hz", [50.0, 99.914, 148.148148, 1259.259259, 2000.0])
def test_even_stamps_give_their_rate_and_every_row(rate_hz: float) -> None:
    timing = from_stamps(PATH, 3.0 + np.arange(2000) / rate_hz)
    assert timing.rate_hz == pytest.approx(rate_hz, rel=1e-9)
    assert timing.start_s == pytest.approx(3.0)
    assert timing.rows is None
    assert timing.flags == ()


def test_stamps_printed_with_few_digits_give_a_whole_rate() -> None:
    assert from_stamps(PATH, np.round(np.arange(5000) / 2000.0, 4)).rate_hz == 2000.0
    assert from_stamps(PATH, np.round(np.arange(500) / 60.0, 3)).rate_hz == 60.0


@settings(max_examples=60, deadline=None)
@example(lost={3, 72, 103, 165, 301, 352, 376, 426}, jitter=0.125, rate_hz=1000.0, seed=3)
@given(
    lost=st.sets(st.integers(1, 998), max_size=60),
    jitter=st.floats(0.0, 0.15),
    rate_hz=st.sampled_from([50.0, 128.0, 1000.0]),
    seed=st.integers(0, 9),
)
def test_whatever_is_lost_every_sample_lies_where_it_was_taken(
    lost: set[int], jitter: float, rate_hz: float, seed: int
) -> None:
    """Losses are single or in groups; stamps are late by up to a part of the period."""
    late = np.random.default_rng(seed).uniform(0.0, jitter, 1000)
    kept = np.delete(np.arange(1000), sorted(lost))
    timing = from_stamps(PATH, (kept + late[kept]) / rate_hz)
    laid = timing.lay(kept[None].astype(float))[0]
    expected = np.where(np.isin(np.arange(1000), kept), np.arange(1000.0), np.nan)
    np.testing.assert_array_equal(laid, expected)
    assert timing.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert dict(zip(codes(timing), (flag.value for flag in timing.flags), strict=True)) == (
        {"samples_lost": float(len(lost))} if lost else {}
    )


def test_a_late_packet_is_no_loss() -> None:
    stamps = np.arange(500) / 100.0
    stamps[200] += 0.008
    stamps[300:303] = stamps[302] + np.array([0.0, 1e-4, 2e-4])
    timing = from_stamps(PATH, stamps)
    assert timing.rows is None
    assert timing.flags == ()


def test_repeated_rows_are_left_out_and_swapped_ones_sorted() -> None:
    order = np.insert(np.arange(500), 100, [99, 99])
    order[[300, 301]] = order[[301, 300]]
    timing = from_stamps(PATH, order / 100.0)
    np.testing.assert_array_equal(timing.lay(order[None].astype(float))[0], np.arange(500.0))
    assert codes(timing) == ["stamps_out_of_order"]
    assert timing.flags[0].value == 3.0


@pytest.mark.parametrize("jump_s", [-0.5, -30.0, 2 * LONGEST_GAP_S, 1e9])
def test_of_a_clock_that_jumps_the_longer_part_is_used(jump_s: float) -> None:
    stamps = np.arange(1000) / 100.0
    stamps[300:] += jump_s
    timing = from_stamps(PATH, stamps)
    np.testing.assert_array_equal(timing.lay(np.arange(1000.0)[None])[0], np.arange(300.0, 1000.0))
    assert timing.start_s == pytest.approx(stamps[300])
    (flag,) = (flag for flag in timing.flags if flag.code == "clock_jumped")
    assert flag.value == pytest.approx(jump_s + 0.01)
    assert flag.limit == pytest.approx(7.0)


def test_uneven_stamps_are_refused_or_interpolated_where_they_are_dense() -> None:
    rng = np.random.default_rng(4)
    stamps = np.sort(rng.uniform(0.0, 10.0, 1000))
    with pytest.raises(RecordingError, match="expected even intervals, or resample_hz of the device"):
        from_stamps(PATH, stamps)
    stamps = np.concatenate([stamps[stamps < 4.0], stamps[stamps > 4.5]])
    timing = from_stamps(PATH, stamps, resample_hz=50.0)
    times = stamps[0] + np.arange(timing.samples) / 50.0
    laid = timing.lay((2.0 * stamps + 1.0)[None])[0]
    gap = (times > 4.02) & (times < 4.48)
    assert np.isnan(laid[gap]).all()
    np.testing.assert_allclose(laid[np.isfinite(laid)], (2.0 * times + 1.0)[np.isfinite(laid)])
    assert np.isfinite(laid[~gap]).mean() > 0.97
    assert timing.sentences == ["Interpolated linearly to 50 Hz (resample_hz): its time stamps are uneven."]


def test_samples_stamped_as_they_arrive_are_laid_evenly() -> None:
    """Twenty samples of 1000 Hz come at once, with the stamp of their arrival."""
    stamps = np.repeat(np.arange(1, 151) * 0.02, 20)
    timing = from_stamps(PATH, stamps, nominal_hz=1000.0)
    assert timing.rate_hz == pytest.approx(1000.0, rel=1e-4)
    assert timing.rows is None
    assert 0.009 < timing.jitter_s < 0.012
    assert "Time stamps lie up to" in timing.sentences[0]


def test_a_rate_that_the_stamps_contradict_is_refused() -> None:
    with pytest.raises(RecordingError, match="expected the rate that is declared, 200 Hz; found 100 Hz"):
        from_stamps(PATH, np.arange(100) / 100.0, declared_hz=200.0)
    assert from_stamps(PATH, np.arange(100) / 100.0, declared_hz=100.0).rate_hz == 100.0


@pytest.mark.parametrize("stamps", [np.zeros(5), np.array([1.0]), np.array([0.0, np.nan, 2.0]), np.arange(5.0)[::-1]])
def test_stamps_that_tell_nothing_are_refused(stamps: np.ndarray) -> None:
    with pytest.raises(RecordingError, match="expected at least two increasing times"):
        from_stamps(PATH, stamps)


def test_stamps_years_apart_do_not_fill_the_memory() -> None:
    stamps = np.sort(np.random.default_rng(1).uniform(0.0, 1e9, 200))
    with pytest.raises(RecordingError, match="resample_hz: expected at most 100 samples for each of 200 stamps"):
        from_stamps(PATH, stamps, resample_hz=1000.0)


@pytest.mark.parametrize(("wraps_at", "each"), [(65536, 1), (256, 1), (65536, 4)])
def test_counters_begin_again_and_count_in_steps(wraps_at: int, each: int) -> None:
    kept = np.delete(np.arange(500), [50, 51, 400])
    timing = from_counter(PATH, (wraps_at - 40 + each * kept) % wraps_at * 1.0, rate_hz=100.0, wraps_at=wraps_at)
    laid = timing.lay(kept[None].astype(float))[0]
    np.testing.assert_array_equal(laid, np.where(np.isin(np.arange(500), kept), np.arange(500.0), np.nan))
    assert [(flag.code, flag.value) for flag in timing.flags] == [("samples_lost", 3.0)]
