"""Metrics of muscles on a jump with EMG whose onset after the start of movement is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from legsci.mechanics.kinetics.session_motion import session_motion
from legsci.mechanics.reps.session import session_repetitions
from legsci.mechanics.reps.signals import with_signals
from legsci.metrics.tables import session_metrics
from legsci.models.tables.onset_monitor import onset_monitor
from legsci.present.figures.muscle_onsets import muscle_onsets_figure
from tests.analytic_jump import countermovement_jump
from tests.mechanics.muscles.emg import RATE_HZ, band_noise, rise
from tests.mechanics.recordings import ON_CLOCK
from tests.mechanics.trials import DEFAULT, decisions, session_of, trial, vertical_force

AFTER_S = 0.12


def jumps(*, after_s: float = AFTER_S, count: int = 4, scales: tuple[float, ...] = (1.0, 1.0, 1.0, 0.5)):
    """Jumps with EMG of the left gluteus medius, which begins `after_s` after the start of movement."""
    rng = np.random.default_rng(12)
    trials = {}
    for number in range(count):
        jump = countermovement_jump(seed=number)
        time = np.arange(round(jump.force.size / jump.rate * RATE_HZ)) / RATE_HZ
        delay = rise("cosine", time, 0.05)[1]
        start = rise("cosine", time - (jump.movement_start + after_s - delay), 0.05)[0]
        ended = np.clip((time - jump.takeoff) / 0.1, 0.0, 1.0)
        emg = 1e-4 * scales[number] * start * (1.0 - ended) * band_noise(rng, time.size) + 5e-6 * rng.normal(
            size=time.size
        )
        signal = xr.Dataset(
            {"value": (("channel", "time"), emg[None])},
            coords={
                "channel": ["EMG1"],
                "time": time,
                "unit": ("channel", ["V"]),
                "muscle": ("channel", ["gluteus_medius"]),
                "side": ("channel", ["left"]),
            },
            attrs={"sampling_rate_hz": RATE_HZ, **ON_CLOCK},
        )
        trials[f"jump{number}"] = trial({"force": vertical_force(jump.force, rate_hz=jump.rate), "emg": signal})
    return trials


def measured(trials):
    """Metrics of the default profile, and flags."""
    session = session_of(trials)
    motion = session_motion(session)
    reps, quality = session_repetitions(motion, default=DEFAULT, profiles=[], curation=decisions(), session=session)
    assert reps is not None
    metrics, flags = session_metrics(with_signals(reps, motion, session=session), quality)
    return metrics[metrics["side"] == "left"], flags


def test_onset_is_that_of_the_muscle_after_the_start_of_movement_within_its_uncertainty():
    left, flags = measured(jumps())
    assert len(left) == 4
    error = left["gluteus_medius_onset_s"] - AFTER_S
    assert (error.abs() <= 2.5 * left["u_gluteus_medius_onset_s"]).all()
    # the muscle is known to milliseconds, the start of movement to tens
    assert left["u_gluteus_medius_onset_s"].between(0.001, 0.05).all()
    assert left["gluteus_medius_onset_spread_s"].between(0.0, 0.1).all()
    assert not flags["code"].isin(["no_onset"]).any()


def test_amplitude_is_relative_to_the_largest_of_the_session():
    left, _ = measured(jumps())
    assert left["gluteus_medius_peak_percent"].max() == pytest.approx(100.0)
    assert left["gluteus_medius_peak_percent"].iloc[3] == pytest.approx(50.0, abs=12.0)
    assert (left["gluteus_medius_mean_percent"] < left["gluteus_medius_peak_percent"]).all()


def test_a_muscle_that_does_not_fire_has_no_onset_and_a_reason():
    left, flags = measured(jumps(scales=(1.0, 1.0, 1.0, 0.0)))
    assert left["gluteus_medius_onset_s"].isna().tolist() == [False, False, False, True]
    (flag,) = flags[flags["code"] == "no_onset"].to_dict("records")
    assert (flag["trial_id"], flag["rep"]) == ("jump3", 1)
    assert "no burst" in flag["sentence"]
    assert left["status"].iloc[3] == left["status"].iloc[0]


def test_a_muscle_that_never_rests_has_no_onset_and_keeps_its_amplitude():
    trials, rng = jumps(), np.random.default_rng(13)
    value = trials["jump3"].children["emg"].dataset["value"]
    tonic = value + 1e-4 * band_noise(rng, value.sizes["time"], 150.0)
    trials["jump3"].children["emg"].dataset = trials["jump3"].children["emg"].to_dataset().assign(value=tonic)
    left, flags = measured(trials)
    assert left["gluteus_medius_onset_s"].isna().tolist() == [False, False, False, True]
    (flag,) = flags[flags["code"] == "emg_tonic"].to_dict("records")
    assert (flag["trial_id"], flag["signal"]) == ("jump3", "left gluteus medius")
    assert left["gluteus_medius_peak_percent"].notna().all()


def test_the_figure_has_a_mark_for_each_onset():
    left, _ = measured(jumps())
    figure = muscle_onsets_figure(onset_monitor(left), simulated=True)
    (panel,) = figure.axes
    (drawn,) = panel.containers
    assert sorted(drawn[0].get_xdata()) == pytest.approx(sorted(1000.0 * left["gluteus_medius_onset_s"]))
    assert "4 repetitions" in panel.get_title(loc="left")
    assert figure.get_suptitle().startswith("SIMULATED")
    assert (
        "no repetition"
        in muscle_onsets_figure(onset_monitor(left.iloc[:0]), simulated=False).axes[0].texts[0].get_text()
    )
