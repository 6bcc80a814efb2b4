"""Onsets of bursts whose rise has a shape that the detector does not assume, and reasons where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.mechanics.muscles.onsets import NO_BURST, TONIC, Onset, offsets_of_trials, onsets, onsets_of_trials
from tests.independent import motor_units
from tests.mechanics.muscles.emg import RATE_HZ, SHAPES, band_noise, bursts


def test_onsets_at_15_db_are_within_milliseconds_and_their_intervals_cover():
    rng = np.random.default_rng(41)
    errors, covered = [], []
    for shape in SHAPES:
        for rise_s in (0.02, 0.05, 0.08):
            for tonic in (0.0, 0.25):
                made = bursts(rng, shape, rise_s=rise_s, tonic=tonic)
                found = onsets(made.emg, RATE_HZ, made.windows)
                assert not any(onset.reason for onset in found)
                errors += [1000.0 * (onset.time_s - true) for onset, true in zip(found, made.onset_s, strict=True)]
                covered += [
                    onset.lower_s <= true <= onset.upper_s for onset, true in zip(found, made.onset_s, strict=True)
                ]
    assert np.median(np.abs(errors)) <= 6.0
    assert np.quantile(np.abs(errors), 0.95) <= 25.0
    assert abs(np.mean(errors)) <= 5.0
    # 108 bursts: three standard errors about 0.90 to 0.98
    assert 0.86 <= np.mean(covered) <= 1.0
    assert np.mean(covered) < 1.0


def test_onsets_of_a_pool_of_motor_units_are_within_milliseconds():
    rng = np.random.default_rng(7)
    errors, covered = [], []
    for shape in ("minimum jerk", "first order", "sine"):
        for rise_s, tonic in ((0.02, 0.25), (0.05, 0.0), (0.08, 0.25)):
            made = motor_units.record(rng, shape, rise_s, 15.0, tonic)
            windows = made.onset_s[:, None] + np.array([-0.5, 0.6])
            found = onsets(made.emg, made.rate_hz, windows)
            errors += [1000.0 * (onset.time_s - true) for onset, true in zip(found, made.onset_s, strict=True)]
            covered += [onset.lower_s <= true <= onset.upper_s for onset, true in zip(found, made.onset_s, strict=True)]
    assert np.median(np.abs(errors)) <= 6.0
    assert np.quantile(np.abs(errors), 0.95) <= 25.0
    assert abs(np.mean(errors)) <= 5.0
    assert np.mean(covered) >= 0.86


def test_offsets_at_15_db_are_within_milliseconds_and_their_intervals_cover():
    rng = np.random.default_rng(42)
    errors, covered = [], []
    for shape in SHAPES:
        for tonic in (0.0, 0.25):
            made = bursts(rng, shape, rise_s=0.05, tonic=tonic)
            windows = np.column_stack([made.onset_s + 0.05, made.offset_s + rng.uniform(0.2, 0.5, made.offset_s.size)])
            (found,) = offsets_of_trials([(made.emg, RATE_HZ, windows)])
            assert not any(offset.reason for offset in found)
            errors += [1000.0 * (offset.time_s - true) for offset, true in zip(found, made.offset_s, strict=True)]
            covered += [offset.lower_s <= t <= offset.upper_s for offset, t in zip(found, made.offset_s, strict=True)]
    assert np.median(np.abs(errors)) <= 8.0
    assert np.quantile(np.abs(errors), 0.95) <= 25.0
    assert abs(np.mean(errors)) <= 5.0
    # 36 bursts: three standard errors about 0.95
    assert np.mean(covered) >= 0.84


def test_a_muscle_that_never_rests_is_told_from_a_noisy_amplifier():
    rng = np.random.default_rng(9)
    made = bursts(rng, "cosine", rise_s=0.05, tonic=0.7, highest_hz=150.0)
    assert [onset.reason for onset in onsets(made.emg, RATE_HZ, made.windows)] == [TONIC] * 6
    drowned = bursts(rng, "cosine", rise_s=0.05, snr_db=-3.0, highest_hz=150.0)
    assert [onset.reason for onset in onsets(drowned.emg, RATE_HZ, drowned.windows)] == [NO_BURST] * 6


def test_a_burst_that_lasts_has_no_offset_and_a_reason():
    made = bursts(np.random.default_rng(8), "cosine", rise_s=0.05, count=2)
    within = np.column_stack([made.onset_s + 0.02, made.onset_s + 0.28])
    (found,) = offsets_of_trials([(made.emg, RATE_HZ, within)])
    assert all(np.isnan(offset.time_s) for offset in found)
    assert all("follows" in offset.reason or "hold" in offset.reason for offset in found)


def test_the_interval_widens_as_the_signal_weakens():
    widths = []
    for snr_db in (25.0, 10.0):
        made = bursts(np.random.default_rng(3), "cosine", rise_s=0.05, snr_db=snr_db)
        widths.append(np.median([onset.upper_s - onset.lower_s for onset in onsets(made.emg, RATE_HZ, made.windows)]))
    assert widths[1] > 1.5 * widths[0]


def test_quiet_muscle_has_no_onset():
    rng = np.random.default_rng(5)
    windows = np.array([[0.5 + number, 1.4 + number] for number in range(8)])
    for _ in range(10):
        for onset in onsets(band_noise(rng, 20000), RATE_HZ, windows):
            assert np.isnan(onset.time_s)
            assert "no burst" in onset.reason


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda emg, _: np.zeros_like(emg), "silent"),
        (lambda emg, window: np.where(np.arange(emg.size) == round(RATE_HZ * window.mean()), np.nan, emg), "gap"),
        (lambda emg, window: emg[: round(RATE_HZ * (window[0] + 0.05))], "does not hold the window"),
    ],
)
def test_a_burst_that_cannot_be_seen_has_a_reason_and_the_others_their_onset(spoil, reason):
    made = bursts(np.random.default_rng(2), "cosine", rise_s=0.05)
    last = made.windows[-1]
    found = onsets(spoil(made.emg, last), RATE_HZ, made.windows)
    assert reason in found[-1].reason
    assert np.isnan([found[-1].time_s, found[-1].lower_s, found[-1].upper_s, found[-1].spread_s]).all()
    if "silent" not in reason:
        assert np.isfinite([onset.time_s for onset in found[:-1]]).all()


def test_a_burst_that_began_before_its_window_has_no_onset():
    made = bursts(np.random.default_rng(6), "first order", rise_s=0.02, count=1)
    (onset,) = onsets(made.emg[round((made.onset_s[0] + 0.02) * RATE_HZ) :], RATE_HZ, np.array([[0.0, 0.5]]))
    assert onset.reason


def test_trials_of_one_muscle_share_the_course_of_their_rise():
    rng = np.random.default_rng(9)
    made = [bursts(rng, "cosine", rise_s=0.08, count=1) for _ in range(6)]
    alone = [onsets(each.emg, RATE_HZ, each.windows)[0] for each in made]
    together = [found[0] for found in onsets_of_trials([(each.emg, RATE_HZ, each.windows) for each in made])]
    width = [np.mean([onset.upper_s - onset.lower_s for onset in found]) for found in (alone, together)]
    assert width[1] < 0.9 * width[0]


def test_an_onset_on_another_clock_has_the_uncertainty_of_both():
    moved = Onset(1.0, 0.98, 1.03, 0.01).on_clock(2.0, 0.01)
    assert moved.time_s == pytest.approx(3.0)
    assert moved.lower_s == pytest.approx(3.0 - np.hypot(0.02, 0.0196))
    assert moved.upper_s == pytest.approx(3.0 + np.hypot(0.03, 0.0196))
    assert moved.spread_s == 0.01
