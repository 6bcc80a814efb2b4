"""Repeated hops: contact and flight of each hop of analytic series, and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.mechanics.trials import force_trial, outcome

GRAVITY, RATE_HZ, MASS_KG = 9.80665, 1000.0, 72.0


def hops(noise_n: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Force of ten hops after a push-off from standing [N], contact and flight times of the hops [s].

    Force of each contact is half a sine whose impulse carries the body through half of the flights before and after.
    """
    rng = np.random.default_rng(seed)
    contacts, flights = rng.uniform(0.14, 0.26, 10), rng.uniform(0.35, 0.55, 11)
    time = np.arange(int(12.0 * RATE_HZ)) / RATE_HZ
    weight = MASS_KG * GRAVITY
    force = np.where(time < 1.5, weight, 0.0)
    force += np.where((time >= 1.2) & (time < 1.5), 0.9 * weight * np.sin(np.pi * (time - 1.2) / 0.3), 0.0)
    now = 1.5 + flights[0]
    for place, contact in enumerate(contacts):
        gained = 0.5 * (flights[place] + flights[place + 1]) + contact
        inside = (time >= now) & (time < now + contact)
        force[inside] += 0.5 * np.pi * weight * gained / contact * np.sin(np.pi * (time[inside] - now) / contact)
        now += contact + flights[place + 1]
    since = time - now
    force += np.where(since >= 0.0, weight * (1.0 + 2.0 * np.exp(-np.maximum(since, 0.0) / 0.08)), 0.0)
    return force + noise_n * rng.standard_normal(time.size), contacts, flights[1:]


@pytest.mark.parametrize(("noise_n", "seed"), [(0.5, 0), (2.0, 1), (5.0, 2)])
def test_contact_and_flight_of_each_hop(noise_n: float, seed: int) -> None:
    force, contacts, flights = hops(noise_n, seed)
    found = outcome(force_trial(force, task="repeated_hops"), mass_kg=MASS_KG, profiles=[])
    rows = found.rows()
    assert len(rows) == 10
    assert rows["contact_time_s"].to_numpy() == pytest.approx(contacts, abs=0.002)
    assert rows["flight_time_s"].to_numpy() == pytest.approx(flights, abs=0.002)
    heights = GRAVITY * flights**2 / 8.0
    assert rows["jump_height_flight_time_m"].to_numpy() == pytest.approx(heights, abs=0.003)
    assert rows["rsi_m_per_s"].to_numpy() == pytest.approx(heights / contacts, rel=0.03)
    stiffness = MASS_KG * np.pi * (flights + contacts) / (contacts**2 * ((flights + contacts) / np.pi - contacts / 4))
    assert rows["contact_stiffness_n_per_m"].to_numpy() == pytest.approx(stiffness, rel=0.04)
    assert (rows["u_contact_time_s"] > 0.0).all()


def test_weight_of_hops_is_that_of_a_standing_trial_without_a_stated_mass() -> None:
    force, *_ = hops(1.0, 3)
    weight = MASS_KG * GRAVITY
    standing = np.where(np.arange(4000) < 500, 0.0, weight) + np.random.default_rng(4).standard_normal(4000)
    trials = {"S": force_trial(standing, task="standing"), "T": force_trial(force, task="repeated_hops")}
    rows = outcome(trials, profiles=[]).rows()
    assert rows["body_weight_n"].to_numpy() == pytest.approx(weight, abs=1.0)
    nobody = outcome(force_trial(force, task="repeated_hops"), profiles=[]).rows()
    assert nobody["contact_stiffness_n_per_m"].isna().all()
    assert nobody["contact_time_s"].notna().all()


def test_a_series_without_flights_is_refused() -> None:
    standing = np.full(4000, 700.0) + np.random.default_rng(5).standard_normal(4000)
    assert "no_contact" in outcome(force_trial(standing, task="repeated_hops"), mass_kg=70.0, profiles=[]).codes()
