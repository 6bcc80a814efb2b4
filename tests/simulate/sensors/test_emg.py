"""Surface EMG of the virtual athlete: properties of the signal as they are set, onsets where the truth has them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch

from legsci.simulate.athlete.muscles import Burst
from legsci.simulate.athlete.plan import Motion
from legsci.simulate.sensors.emg import (
    BAND,
    CHANNEL_FAULTS,
    CHANNELS,
    CLIPPED_AT,
    SHAPES,
    Electrodes,
    EmgSettings,
    draw_electrodes,
    record_emg,
)
from tests.simulate.hand_motion import FLIGHT, hand_motion
from tests.simulate.ideal_sensors import IDEAL_EMG

#: Activity of each muscle in a trial by hand.
ONSET_S, END_S = 6.0, 14.0


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def long_motion() -> Motion:
    """Twenty seconds without impacts."""
    return replace(hand_motion(seconds=20.0, rate_hz=2000.0), events={})


def one_burst() -> dict[str, list[Burst]]:
    return {name: [Burst(ONSET_S, END_S, 1.0, "movement_start", 5.0)] for name in CHANNELS}


def worn(settings: EmgSettings = IDEAL_EMG, seed: int = 1, **changes: object) -> Electrodes:
    return replace(draw_electrodes(settings, rng(seed)), **changes)


def at_rest(motion: Motion) -> np.ndarray:
    return motion.time < ONSET_S - 1.0


def in_full(motion: Motion) -> np.ndarray:
    return (motion.time > ONSET_S + 1.0) & (motion.time < END_S - 1.0)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_burst_has_risen_by_five_percent_at_its_onset_and_by_ninety_five_after_the_rise(shape: str) -> None:
    grow = SHAPES[shape]
    part = np.linspace(-3.0, 4.0, 7001)
    assert grow(np.array([0.0, 1.0])) == pytest.approx([0.05, 0.95])
    assert (np.diff(grow(part)) >= 0.0).all()
    assert grow(part)[[0, -1]] == pytest.approx([0.0, 1.0], abs=2e-3)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_amplitude_of_the_signal_rises_by_its_shape_at_the_true_onset(shape: str) -> None:
    """Mean square over 400 recordings of each channel, by bins of 4 ms, against the squared curve."""
    motion = replace(hand_motion(seconds=0.5, rate_hz=2000.0), events={})
    electrodes = worn(shape=(shape,) * len(CHANNELS), rise_s=np.full(len(CHANNELS), 0.08))
    bursts = {name: [Burst(0.2, np.inf, 1.0, "movement_start", 0.1)] for name in CHANNELS}
    stream = rng(2)
    square = np.mean([record_emg(motion, bursts, electrodes, IDEAL_EMG, stream)[0] ** 2 for _ in range(400)], axis=0)
    measured = square.reshape(len(CHANNELS), -1, 8).mean(axis=(0, 2))
    curve = SHAPES[shape]((motion.time - 0.2) / 0.08)
    # The wandering of the amplitude adds its variance.
    expected = (1.0 + 0.15**2) * 0.9 * IDEAL_EMG.amplitude_v**2 * (curve**2).reshape(-1, 8).mean(axis=1)
    np.testing.assert_allclose(measured, expected, rtol=0.15, atol=0.01 * expected.max())


def test_rises_shapes_noise_and_rest_are_drawn_from_the_ranges_of_the_settings() -> None:
    settings = EmgSettings()
    drawn = [draw_electrodes(settings, rng(seed)) for seed in range(200)]
    rise = np.concatenate([each.rise_s for each in drawn])
    snr = np.concatenate([20.0 * np.log10(each.amplitude_v / each.noise_v) for each in drawn])
    rested = [[fault != "never_resting" for fault in each.fault] for each in drawn]
    tonic = np.concatenate([each.tonic_share[keep] for each, keep in zip(drawn, rested, strict=True)])
    for found, (low, high) in ((rise, (0.02, 0.12)), (snr, (5.0, 25.0)), (tonic, (0.0, 0.25))):
        assert low <= found.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < found.max() <= high
    assert set(Counter(shape for each in drawn for shape in each.shape)) == set(SHAPES)
    faults = Counter(fault for each in drawn for fault in each.fault)
    for fault in CHANNEL_FAULTS:
        assert 20 < faults[fault] < 60, fault  # a fifth of 200 sessions


def test_signal_to_noise_ratio_and_tonic_activity_are_those_of_the_truth() -> None:
    motion, settings = long_motion(), replace(EmgSettings(), crosstalk_share=(0.0, 0.0), fault_share=0.0, bits=None)
    electrodes = worn(settings)
    quiet = {name: [] for name in CHANNELS}
    active, truth = record_emg(motion, one_burst(), electrodes, settings, rng())
    silent, _ = record_emg(motion, quiet, replace(electrodes, tonic_share=np.zeros(len(CHANNELS))), settings, rng())
    tonic, _ = record_emg(motion, quiet, electrodes, settings, rng())
    for number, name in enumerate(CHANNELS):
        noise = silent[number].std()
        full = np.sqrt(active[number, in_full(motion)].var() - noise**2)
        assert 20.0 * np.log10(full / noise) == pytest.approx(truth[f"{name}_snr_db"], abs=1.2)
        resting = np.sqrt(max(tonic[number].var() - noise**2, 0.0))
        assert resting / electrodes.amplitude_v[number] == pytest.approx(truth[f"{name}_tonic_share"], abs=0.05)


def test_emg_lies_in_its_band_and_its_spectrum_is_not_flat() -> None:
    motion, electrodes = long_motion(), worn()
    active = {name: [Burst(-np.inf, np.inf, 1.0)] for name in CHANNELS}
    emg, _ = record_emg(motion, active, electrodes, IDEAL_EMG, rng())
    frequency, power = welch(emg, fs=2000.0, nperseg=1024, axis=1)
    outside = (frequency < BAND[0] / 2) | (frequency > 1.3 * BAND[1])
    assert power[:, outside].sum() < 0.01 * power.sum()
    assert emg.std() == pytest.approx(IDEAL_EMG.amplitude_v, rel=0.05)
    median = frequency[np.argmax(np.cumsum(power, axis=1) > 0.5 * power.sum(axis=1, keepdims=True), axis=1)]
    assert (median > 50.0).all()
    assert (median < 130.0).all()


def test_hum_has_the_frequency_of_the_mains_and_its_share_of_the_noise() -> None:
    motion = long_motion()
    settings = replace(IDEAL_EMG, snr_db=(10.0, 10.0), hum_share=(0.4, 0.4))
    emg, _ = record_emg(motion, {name: [] for name in CHANNELS}, worn(settings), settings, rng())
    spectrum = np.abs(np.fft.rfft(emg, axis=1)) ** 2
    frequency = np.fft.rfftfreq(emg.shape[1], 1.0 / 2000.0)
    lines = spectrum[:, np.isin(frequency, [50.0, 150.0])].sum(axis=1) / spectrum.sum(axis=1)
    assert lines == pytest.approx(0.4, abs=0.02)


def test_crosstalk_is_the_share_of_the_neighbour_of_the_same_side() -> None:
    motion = long_motion()
    bursts = one_burst() | {name: [] for name in CHANNELS if not name.endswith("vastus_lateralis")}
    electrodes = worn(crosstalk_share=np.full(len(CHANNELS), 0.08))
    emg, _ = record_emg(motion, bursts, electrodes, IDEAL_EMG, rng())
    for side in ("left", "right"):
        source, heard = (emg[CHANNELS.index(f"{side}_{name}")] for name in ("vastus_lateralis", "biceps_femoris"))
        np.testing.assert_allclose(heard, 0.08 * source, atol=1e-12)
    assert np.abs(emg[CHANNELS.index("left_gluteus_medius")]).max() < 1e-12


def test_landing_shakes_the_electrodes_below_the_band_and_not_before_contact() -> None:
    motion = hand_motion(rate_hz=2000.0)
    settings = replace(IDEAL_EMG, artefact_share=(2.0, 2.0))
    emg, _ = record_emg(motion, {name: [] for name in CHANNELS}, worn(settings), settings, rng())
    landing = FLIGHT[1]
    assert np.abs(emg[:, motion.time < landing]).max() < 1e-12
    peak = np.abs(emg).max(axis=1) / settings.amplitude_v
    assert (peak > 0.3).all()
    assert (peak < 5.0).all()
    slow = sosfiltfilt(butter(2, 30.0, fs=2000.0, output="sos"), emg, axis=1)
    assert (slow**2).sum() > 0.5 * (emg**2).sum()
    assert np.abs(emg[:, motion.time > landing + 0.6]).max() < 1e-3 * peak.max() * settings.amplitude_v


@pytest.mark.parametrize("fault", CHANNEL_FAULTS)
def test_a_channel_with_a_fault_shows_it_and_the_others_do_not(fault: str) -> None:
    motion, settings = long_motion(), replace(EmgSettings(), fault_share=1.0, crosstalk_share=(0.0, 0.0))
    electrodes = next(each for each in (worn(settings, seed) for seed in range(50)) if fault in each.fault)
    number = electrodes.fault.index(fault)
    emg, truth = record_emg(motion, one_burst(), electrodes, settings, rng())
    assert [name for name in CHANNELS if truth.get(f"{name}_fault") == fault] == [CHANNELS[number]]
    full, rest = emg[:, in_full(motion)], emg[:, at_rest(motion)]
    if fault == "dead":
        assert full[number].std() < 0.4 * electrodes.noise_v[number]
    if fault == "clipped":
        at_the_end = (np.abs(emg) >= 0.999 * np.abs(emg).max(axis=1, keepdims=True)).mean(axis=1)
        assert np.abs(emg[number]).max() == pytest.approx(CLIPPED_AT * electrodes.amplitude_v[number], rel=0.01)
        assert at_the_end[number] > 0.02
        assert (np.delete(at_the_end, number) < 0.001).all()
    if fault == "never_resting":
        assert rest[number].std() > 0.4 * full[number].std()


def test_emg_refuses_a_rate_that_cannot_hold_its_band() -> None:
    motion = hand_motion(rate_hz=500.0)
    with pytest.raises(ValueError, match="above 900 Hz"):
        record_emg(motion, {name: [] for name in CHANNELS}, worn(), IDEAL_EMG, rng())


def test_the_same_seed_gives_the_same_emg_and_another_seed_another() -> None:
    motion, settings = hand_motion(rate_hz=2000.0), EmgSettings()
    first, again, other = (
        record_emg(motion, one_burst(), draw_electrodes(settings, rng(seed)), settings, rng(seed))[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
