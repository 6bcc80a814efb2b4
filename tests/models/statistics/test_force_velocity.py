"""Force-velocity profiles: a known line, coverage of intervals, refusals, and published profiles of 60 athletes."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from legsci.models.result import ModelRefusal
from legsci.models.statistics.force_velocity import best_slope, force_velocity_profile, imbalance, takeoff_height

G, MASS_KG, PUSH_OFF_M = 9.80665, 75.0, 0.36
LOADS_KG = np.array([0.0, 15.0, 30.0, 45.0, 60.0])


def heights_on_line(force: float, slope: float) -> np.ndarray:
    """Heights of jumps whose mean forces lie on a line: (1 + L/m) g (h/h_po + 1) = F0 + S sqrt(g h / 2)."""

    def excess(height: float, load: float) -> float:
        mean = (1.0 + load / MASS_KG) * G * (height / PUSH_OFF_M + 1.0)
        return float(mean - force - slope * np.sqrt(G * height / 2.0))

    return np.array([brentq(excess, 1e-9, 3.0, args=(load,)) for load in LOADS_KG])


def test_a_known_line_is_found() -> None:
    found = force_velocity_profile(LOADS_KG, heights_on_line(33.0, -11.0), body_mass_kg=MASS_KG, push_off_m=PUSH_OFF_M)
    assert found.force.estimate == pytest.approx(33.0, rel=1e-6)
    assert found.velocity.estimate == pytest.approx(3.0, rel=1e-6)
    assert found.power.estimate == pytest.approx(33.0 * 3.0 / 4.0, rel=1e-6)
    assert found.slope.estimate == pytest.approx(-11.0, rel=1e-6)
    # the unloaded jump is on the line
    assert takeoff_height(33.0, -11.0, PUSH_OFF_M) == pytest.approx(heights_on_line(33.0, -11.0)[0], rel=1e-6)


def test_no_slope_is_better_than_the_best() -> None:
    power = 25.0
    best = best_slope(power, PUSH_OFF_M)
    heights = [
        takeoff_height(2.0 * np.sqrt(-s * power), s, PUSH_OFF_M) for s in best * np.array([0.7, 0.9, 1, 1.1, 1.4])
    ]
    assert int(np.argmax(heights)) == 2
    assert imbalance(best, power, PUSH_OFF_M) == pytest.approx(0.0)
    assert imbalance(0.6 * best, power, PUSH_OFF_M) == pytest.approx(40.0)


def test_intervals_cover_the_truth() -> None:
    """Normal scatter of 1 cm about the heights of a known line: 95 % intervals hold the truth in 90 to 98 %."""
    rng, true = np.random.default_rng(8), heights_on_line(33.0, -11.0)
    inside = []
    for _ in range(400):
        found = force_velocity_profile(
            LOADS_KG, true + 0.01 * rng.standard_normal(5), body_mass_kg=MASS_KG, push_off_m=PUSH_OFF_M
        )
        truths = ((found.force, 33.0), (found.velocity, 3.0), (found.power, 24.75), (found.slope, -11.0))
        inside.append([quantity.low <= truth <= quantity.high for quantity, truth in truths])
    assert (np.mean(inside, axis=0) >= 0.90).all(), np.mean(inside, axis=0)
    assert (np.mean(inside, axis=0) <= 0.98).all(), np.mean(inside, axis=0)


def test_every_reason_of_a_refusal_is_given() -> None:
    with pytest.raises(ModelRefusal) as refused:
        force_velocity_profile(np.array([0.0, 0.0]), np.array([0.3, np.nan]), body_mass_kg=0.0, push_off_m=0.3)
    assert len(refused.value.sentences) == 3
    with pytest.raises(ModelRefusal, match="does not fall"):
        force_velocity_profile(
            np.array([0.0, 10.0, 20.0]), np.array([0.3, 0.4, 0.5]), body_mass_kg=70.0, push_off_m=0.3
        )


def signed_imbalance(row: dict[Hashable, Any], occasion: str, push_off_m: float) -> float:
    """Imbalance of an athlete on an occasion [%], positive where the slope is too flat."""
    slope = -row[f"{occasion}.F0"] / row[f"{occasion}.V0"]
    return 100.0 * (1.0 - slope / best_slope(row[f"{occasion}.P"], push_off_m))


def push_off_of(row: dict[Hashable, Any]) -> float:
    """Push-off distance that gives the published imbalance of the first occasion [m].

    It may be one of force or of velocity: of the two distances, that which also gives the height of the jump.
    """

    def missed(push_off_m: float, sign: float) -> float:
        return signed_imbalance(row, "Pre", push_off_m) - sign * float(row["Pre.FVimb"])

    found = [
        brentq(missed, 0.1, 1.0, args=(sign,)) for sign in (1.0, -1.0) if missed(0.1, sign) * missed(1.0, sign) < 0.0
    ]
    slope = -row["Pre.F0"] / row["Pre.V0"]
    return min(found, key=lambda push_off: abs(takeoff_height(row["Pre.F0"], slope, push_off) - row["Pre.SJ"]))


def test_published_profiles(shared_data: Path) -> None:
    """Power is F0 v0 / 4 to rounding; with the push-off distance of the first occasion the other imbalances agree."""
    table = pd.read_csv(shared_data / "jimenez-reyes-fv" / "jimenez-reyes-clean.csv", encoding="utf-8-sig")
    occasions = ("Pre", "Post", "Det1", "Det2", "Det3")
    for occasion in occasions:
        force, velocity, power = (table[f"{occasion}.{name}"] for name in ("F0", "V0", "P"))
        # each is rounded to 0.005
        allowed = 0.005 * (1.0 + (force + velocity) / 4.0) + 0.005
        assert (np.abs(force * velocity / 4.0 - power) <= allowed).all(), occasion
    away = []
    for row in table.to_dict("records"):
        push_off = push_off_of(row)
        # the table gives some imbalances of velocity with a sign, others without
        away += [abs(abs(signed_imbalance(row, o, push_off)) - abs(row[f"{o}.FVimb"])) for o in occasions[1:]]
    assert len(away) == 4 * 60
    assert max(away) <= 2.0
