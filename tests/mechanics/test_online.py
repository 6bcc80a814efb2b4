"""What is found during a recording, beside what the analysis finds afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from legsci.mechanics.muscles.conditioning import band_passed, envelope
from legsci.mechanics.online import OnlineContacts, OnlineEnvelope, OnlineEvent, OnlineOnsets, OnlineSquats
from tests.mechanics.force.known_trials import virtual_session
from tests.mechanics.muscles.emg import RATE_HZ, SHAPES, bursts

#: Events are known so soon [s].
LATEST_S = 0.06


def pieces(recording: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut a recording (..., time) into pieces of 1 to 60 samples."""
    cuts = np.cumsum(rng.integers(1, 60, recording.shape[-1]))
    return np.split(recording, cuts[cuts < recording.shape[-1]], axis=-1)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_envelope_is_that_of_the_analysis_less_than_60_ms_later(shape: str) -> None:
    rng = np.random.default_rng(3)
    emg = bursts(rng, shape, rise_s=0.05).emg
    online = OnlineEnvelope(RATE_HZ)
    found = np.concatenate([online.push(piece[None])[0] for piece in pieces(emg, rng)])
    whole = OnlineEnvelope(RATE_HZ).push(emg[None])[0]
    np.testing.assert_array_equal(found, whole)
    after = envelope(band_passed(emg, RATE_HZ), RATE_HZ)
    lags = np.arange(round(0.1 * RATE_HZ))
    alike = [np.corrcoef(after[: after.size - lag], found[lag:])[0, 1] for lag in lags]
    assert max(alike) > 0.97
    assert lags[int(np.argmax(alike))] / RATE_HZ == pytest.approx(online.delay_s, abs=0.008)
    assert online.delay_s < LATEST_S


@pytest.mark.parametrize("shape", SHAPES)
def test_onsets_of_muscles_are_known_within_60_ms(shape: str) -> None:
    rng = np.random.default_rng(5)
    made = bursts(rng, shape, rise_s=0.02)
    rest = round(0.7 * RATE_HZ)
    online = OnlineOnsets(made.emg[None, :rest], RATE_HZ)
    found = [event for piece in pieces(made.emg[rest:], rng) for event in online.push(piece[None])]
    assert len(found) == made.onset_s.size
    times, known = (
        np.array([getattr(event, name) for event in found]) + rest / RATE_HZ for name in ("time_s", "known_s")
    )
    assert np.abs(times - made.onset_s).max() < 0.025
    assert (known - made.onset_s).max() < LATEST_S
    assert (known > times).all()


@pytest.mark.parametrize("seed", [9301, 9302, 9303])
def test_contacts_of_jumps_are_those_of_the_truth(seed: int) -> None:
    known = virtual_session(seed, tasks=("drop_jump",), zeros="none")["drop_jump"]
    force, rng = known.tree["force"].to_dataset(), np.random.default_rng(seed)
    feet = force["force"].sel(plate=[*"12"]).sum("plate").to_numpy()[:, 0]
    rate_hz = float(force.attrs["sampling_rate_hz"])
    online = OnlineContacts(rate_hz)
    found = [event for piece in pieces(feet, rng) for event in online.push(piece)]
    true = {"touchdown": [*known.events["touchdown"], *known.events["landing"]], "takeoff": known.events["takeoff"]}
    for kind, times in true.items():
        own = [event for event in found if event.kind == kind]
        assert len(own) >= len(times)
        for time in times:
            nearest = min(own, key=lambda event: abs(event.time_s - time))
            assert abs(nearest.time_s - time) < 0.006
            assert nearest.known_s - time < LATEST_S


def squats(rate_hz: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Height (time,) of a pelvis in five squats with noise of markers, and the times of the lowest points."""
    time = np.arange(round(20.0 * rate_hz)) / rate_hz
    lowest = 3.0 + 3.0 * np.arange(5)
    depth = sum(0.45 * np.cos(np.clip((time - at) / 2.4, -0.5, 0.5) * np.pi) ** 2 for at in lowest)
    return 1.0 - depth + 0.004 * np.sin(2.0 * time) + rng.normal(0.0, 0.0005, time.size), lowest


@pytest.mark.parametrize("rate_hz", [100.0, 250.0])
def test_lowest_points_of_squats_are_known_within_60_ms(rate_hz: float) -> None:
    rng = np.random.default_rng(13)
    height, lowest = squats(rate_hz, rng)
    online = OnlineSquats(rate_hz)
    found: list[OnlineEvent] = [event for piece in pieces(height, rng) for event in online.push(piece)]
    assert [event.kind for event in found] == ["bottom", "squat_end"] * 5
    times = np.array([(event.time_s, event.known_s) for event in found if event.kind == "bottom"])
    assert np.abs(times[:, 0] - lowest).max() < 0.03
    assert (times[:, 1] - lowest).max() < LATEST_S
