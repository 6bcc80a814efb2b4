"""Muscles together and over a set: hand answers, and jumps whose onsets, offsets and envelopes are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.muscles.conditioning import median_frequency
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.families.coordination import co_activation, median_frequency_slope, recruitment, relative_slope
from legsci.metrics.tables import session_metrics
from legsci.vocabulary import MUSCLES, SIDES
from tests.analytic_jump import countermovement_jump
from tests.mechanics.muscles.emg import RATE_HZ, band_noise, rise
from tests.mechanics.recordings import ON_CLOCK
from tests.mechanics.trials import DEFAULT, decisions, session_of, trial, vertical_force

#: Channel -> onset after the start of movement [s], amplitude [V].
CHANNELS = {
    ("vastus_lateralis", "left"): (0.20, 1e-4),
    ("biceps_femoris", "left"): (0.10, 2e-4),
    ("vastus_lateralis", "right"): (0.26, 1e-4),
}
#: From take-off to the offset of every muscle, at which 5 % of a fall of 0.1 s in a straight line are left [s].
OFFSET_AFTER_TAKEOFF_S = 0.095


def emg_stream(rows, time):
    """A stream with the channels of CHANNELS."""
    return xr.Dataset(
        {"value": (("channel", "time"), np.array(rows))},
        coords={
            "channel": [f"EMG{number}" for number in range(len(rows))],
            "time": time,
            "unit": ("channel", ["V"] * len(rows)),
            "muscle": ("channel", [muscle for muscle, _ in CHANNELS]),
            "side": ("channel", [side for _, side in CHANNELS]),
        },
        attrs={"sampling_rate_hz": RATE_HZ, **ON_CLOCK},
    )


def measured(*, contraction_v=None):
    """Metrics and flags of four jumps, with a maximal voluntary contraction of every muscle if an amplitude is given.

    Returns
    -------
    metrics, flags, and the time from the start of movement to take-off of each jump [s].
    """
    rng = np.random.default_rng(21)
    trials, lasted = {}, []
    for number in range(4):
        jump = countermovement_jump(seed=number)
        time = np.arange(round(jump.force.size / jump.rate * RATE_HZ)) / RATE_HZ
        fallen = np.clip((time - jump.takeoff) / 0.1, 0.0, 1.0)
        rows = []
        for after, amplitude in CHANNELS.values():
            delay = rise("cosine", time, 0.05)[1]
            risen = rise("cosine", time - (jump.movement_start + after - delay), 0.05)[0]
            noise = 0.05 * amplitude * rng.normal(size=time.size)
            rows.append(amplitude * risen * (1.0 - fallen) * band_noise(rng, time.size) + noise)
        streams = {"force": vertical_force(jump.force, rate_hz=jump.rate), "emg": emg_stream(rows, time)}
        trials[f"jump{number}"] = trial(streams)
        lasted.append(jump.takeoff - jump.movement_start)
    if contraction_v is not None:
        time = np.arange(6000) / RATE_HZ
        rows = [contraction_v * band_noise(rng, time.size) for _ in CHANNELS]
        trials["mvc"] = trial({"emg": emg_stream(rows, time)}, task="maximal_voluntary_contraction")
    session = session_of(trials)
    motion = session_motion(session)
    reps, quality = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions(), session=session)
    assert reps is not None
    return *session_metrics(with_signals(reps, motion, session=session), quality), np.array(lasted)


@pytest.fixture(scope="module")
def jumps():
    """Metrics, flags and durations without a contraction."""
    return measured()


def side(metrics, name):
    """Rows of a side."""
    return metrics[metrics["side"] == name]


def test_recruitment_ranks_the_muscles_of_a_side(jumps):
    left = side(jumps[0], "left")
    assert left["biceps_femoris_recruitment_rank"].tolist() == [1.0] * 4
    assert left["vastus_lateralis_recruitment_rank"].tolist() == [2.0] * 4
    assert left["vastus_lateralis_recruitment_tied_muscles"].tolist() == [0.0] * 4
    # one muscle alone has no order
    assert side(jumps[0], "right")["vastus_lateralis_recruitment_rank"].isna().all()


def test_the_difference_between_sides_is_known_better_than_either_onset(jumps):
    both, left = side(jumps[0], "both"), side(jumps[0], "left")
    doubt = both["u_vastus_lateralis_onset_difference_s"]
    assert ((both["vastus_lateralis_onset_difference_s"] - 0.06).abs() <= 3.0 * doubt).all()
    assert (doubt.to_numpy() < left["u_vastus_lateralis_onset_s"].to_numpy()).all()
    assert both["biceps_femoris_onset_difference_s"].isna().all()
    assert both["asymmetry_vastus_lateralis_peak_percent"].abs().max() < 20.0


def test_burst_duration_is_offset_less_onset(jumps):
    metrics, _, lasted = jumps
    for muscle, of in (("vastus_lateralis", "left"), ("biceps_femoris", "left"), ("vastus_lateralis", "right")):
        expected = lasted + OFFSET_AFTER_TAKEOFF_S - CHANNELS[muscle, of][0]
        rows = side(metrics, of)
        error = rows[f"{muscle}_burst_duration_s"].to_numpy() - expected
        assert (np.abs(error) <= 3.0 * rows[f"u_{muscle}_burst_duration_s"]).all()
        assert rows[f"u_{muscle}_burst_duration_s"].between(0.001, 0.03).all()


def test_co_activation_needs_both_groups(jumps):
    assert side(jumps[0], "left")["knee_co_activation_percent"].between(70.0, 100.0).all()
    assert side(jumps[0], "right")["knee_co_activation_percent"].isna().all()


def test_a_maximal_voluntary_contraction_is_the_reference_and_is_stated(jumps):
    metrics, flags, _ = measured(contraction_v=4e-4)
    left = side(metrics, "left")
    # amplitudes are a quarter and a half of the contraction's
    assert left["vastus_lateralis_peak_percent"].mean() == pytest.approx(25.0, abs=6.0)
    assert left["biceps_femoris_peak_percent"].mean() == pytest.approx(50.0, abs=10.0)
    assert set(left["emg_reference"]) == {"MVC"}
    assert set(side(jumps[0], "left")["emg_reference"]) == {"session maximum"}
    of_contraction = flags[flags["trial_id"] == "mvc"]
    assert of_contraction["code"].tolist() == ["reference_contraction"]
    assert metrics.loc[metrics["trial_id"] == "mvc", "rep"].tolist() == [0]


def test_co_activation_by_hand():
    assert co_activation(np.full(10, 1.0), np.full(10, 0.5)) == pytest.approx(200.0 * 0.5 / 1.5)
    assert co_activation(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 0.0
    assert co_activation(np.full(5, 0.3), np.full(5, 0.3)) == pytest.approx(100.0)
    assert np.isnan(co_activation(np.zeros(5), np.zeros(5)))


def test_recruitment_by_hand():
    onset = np.full((1, len(MUSCLES), len(SIDES)), np.nan)
    onset[0, :4, 1] = 0.100, 0.105, 0.150, 0.300
    reps = {
        name: xr.Variable(("rep", "muscle", "side"), onset + shift)
        for name, shift in (("muscle_onset", 0.0), ("muscle_onset_lower", -0.01), ("muscle_onset_upper", 0.01))
    }
    rank, ties = recruitment(reps)
    assert rank.data[0, :4, 1].tolist() == [1.0, 1.0, 3.0, 4.0]
    assert ties.data[0, :4, 1].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert np.isnan(rank.data[0, 4:, 1]).all()


def test_median_frequency_of_even_power_is_the_middle_of_the_band():
    rng = np.random.default_rng(3)
    even = rng.normal(size=200_000)  # power from 20 to 450 Hz is halved at 235 Hz
    assert median_frequency(even, RATE_HZ) == pytest.approx(235.0, abs=3.0)
    tone = np.sin(2.0 * np.pi * 90.0 * np.arange(4000) / RATE_HZ)
    assert median_frequency(tone, RATE_HZ) == pytest.approx(90.0, abs=1.0)
    assert np.isnan(median_frequency(np.zeros(4000), RATE_HZ))


def test_slope_over_a_set_by_hand():
    number = np.arange(1.0, 7.0)
    slope, error = relative_slope(number, 100.0 - 2.0 * (number - 1.0))
    assert slope == pytest.approx(-2.0)
    assert error == pytest.approx(0.0, abs=1e-9)
    # residuals 1, -1, -1, 1 about a level of 100: variance 4 / 2, squares about the mean 5
    slope, error = relative_slope(np.arange(4.0), np.array([101.0, 99.0, 99.0, 101.0]))
    assert slope == pytest.approx(0.0, abs=1e-9)
    assert error == pytest.approx((2.0 / 5.0) ** 0.5)
    assert np.isnan(relative_slope(number, np.where(number > 3.0, np.nan, 100.0))).all()


def test_a_slope_is_that_of_its_own_trial():
    frequency = np.full((8, 1, len(MUSCLES), len(SIDES)), np.nan)
    frequency[:, 0, 0, 1] = [100.0, 99.0, 98.0, 97.0, 50.0, 50.0, 50.0, 50.0]
    reps = {
        "median_frequency": xr.Variable(("rep", "scoring", "muscle", "side"), frequency),
        "trial_id": xr.Variable("rep", ["a"] * 4 + ["b"] * 4),
        "number": xr.Variable("rep", [1, 2, 3, 4] * 2),
    }
    slope, _ = median_frequency_slope(MUSCLES[0])(reps)
    assert slope.data[:, 0, 1] == pytest.approx([-1.0] * 4 + [0.0] * 4)
