"""Isometric efforts: analytic pulls with known answers, what is refused, and a recorded pull."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from legsci.metrics.families.isometric import TIMES_MS
from tests.analytic_pull import GRAVITY, AnalyticPull, pull
from tests.mechanics.trials import Outcome, force_trial, outcome


def measured(made: AnalyticPull, *, mass_kg: float | None = 80.0, **options: object) -> Outcome:
    trial = force_trial(made.force, task="isometric_pull", rate_hz=made.rate)
    return outcome(trial, mass_kg=mass_kg, profiles=options.pop("profiles", []), **options)  # type: ignore[arg-type]


def test_a_pull_without_noise_gives_the_hand_answers() -> None:
    """80 kg, 20 N of pre-tension, a straight rise of 4 N per ms for 400 ms, then a level of 2404.5 N until 6 s."""
    time = np.arange(8000) / 1000.0
    weight = 80.0 * GRAVITY
    force = weight + 20.0 + np.interp(time, [3.0, 3.4, 6.0, 6.2], [0.0, 1600.0, 1600.0, 0.0])
    row = outcome(force_trial(force, task="isometric_pull"), mass_kg=80.0, profiles=[]).row()
    assert row["body_weight_n"] == pytest.approx(784.532)
    assert row["force_at_onset_n"] == pytest.approx(804.532, abs=1.0)
    assert row["net_force_at_onset_n"] == pytest.approx(20.0, abs=1.0)
    assert row["force_at_100_ms_n"] == pytest.approx(1204.532, abs=1.0)
    assert row["net_force_at_100_ms_n"] == pytest.approx(420.0, abs=1.0)
    assert row["force_at_100_ms_n_per_kg"] == pytest.approx(1204.532 / 80.0, abs=0.02)
    assert row["relative_force_at_100_ms_percent"] == pytest.approx(153.535, abs=0.2)
    # mean force over 100 ms lies midway: (804.532 + 1204.532) / 2 * 0.1 s
    assert row["impulse_to_100_ms_n_s"] == pytest.approx(100.4532, abs=0.1)
    assert row["net_impulse_to_100_ms_n_s"] == pytest.approx(22.0, abs=0.1)
    assert row["rate_of_force_development_to_100_ms_n_per_s"] == pytest.approx(4000.0, rel=2e-3)
    assert row["peak_force_n"] == pytest.approx(2404.532)
    assert row["net_peak_force_n"] == pytest.approx(1620.0)
    assert row["relative_peak_force_percent"] == pytest.approx(100.0 * 2404.532 / 784.532)
    assert row["peak_force_n_per_kg"] == pytest.approx(30.05665)
    assert row["peak_force_n_per_kg_to_two_thirds"] == pytest.approx(2404.532 / 80.0 ** (2.0 / 3.0))
    assert row["time_from_onset_to_peak_force_s"] == pytest.approx(0.4, abs=0.002)
    # a quarter of 1600 N above the level is left 0.15 s after the release began
    assert row["effort_time_s"] == pytest.approx(3.15, abs=0.003)


def test_sides_have_their_own_forces_and_share_the_onset() -> None:
    made = pull()
    left, right = 0.4 * made.force, 0.6 * made.force
    found = outcome(
        force_trial(np.vstack([left, right]), task="isometric_squat", feet=("left", "right")), mass_kg=80.0, profiles=[]
    )
    for name in ("peak_force_n", "force_at_100_ms_n", "impulse_to_200_ms_n_s"):
        whole = found.row()[name]
        assert found.row(side="left")[name] == pytest.approx(0.4 * whole)
        assert found.row(side="right")[name] == pytest.approx(0.6 * whole)
    assert found.row()["asymmetry_peak_force_percent"] == pytest.approx(20.0)
    assert found.row()["asymmetry_force_at_100_ms_percent"] == pytest.approx(20.0)


#: Time constants of sudden and slow pulls [s].
WAYS = ((0.01, 0.02, 0.05), (0.02, 0.04, 0.09), (0.03, 0.05, 0.15), (0.02, 0.06), (0.015, 0.03, 0.045, 0.08))


@pytest.fixture(scope="module")
def many() -> tuple[list[AnalyticPull], Outcome]:
    """200 pulls: five ways to rise, peaks of 800 to 2400 N, noise of 1 to 5 N; every second one sways by 1 to 3 N."""
    made, rng = [], np.random.default_rng(25)
    for seed in range(200):
        made.append(
            pull(
                net_peak_n=rng.uniform(800.0, 2400.0),
                pretension_n=rng.uniform(-10.0, 40.0),
                constants_s=WAYS[seed % len(WAYS)],
                onset_s=3.0 + rng.uniform(0.0, 0.3),
                length_s=2.0,
                noise_n=rng.uniform(1.0, 5.0),
                sway_n=rng.uniform(1.0, 3.0) * (seed % 2),
                seed=seed,
            )
        )
    trials = {f"T{n:03d}": force_trial(each.force, task="isometric_pull") for n, each in enumerate(made)}
    return made, outcome(trials, mass_kg=80.0, profiles=[])


def test_onsets_of_noisy_pulls(many: tuple[list[AnalyticPull], Outcome]) -> None:
    """95 % lie within 10 ms, with sway within 15 ms, and their stated uncertainty covers them."""
    made, found = many
    assert found.reps is not None
    starts = found.reps["movement_start"].transpose("rep", "scoring").to_numpy()
    errors = starts[:, 0] - np.array([each.onset for each in made])
    assert np.quantile(np.abs(errors[::2]), 0.95) <= 0.010
    assert np.quantile(np.abs(errors[1::2]), 0.95) <= 0.015
    moved = found.reps["perturbation"].to_numpy().tolist().index("start")
    stated = np.abs(starts[:, moved] - starts[:, 0])
    covered = int(np.sum(np.abs(errors) <= 2.0 * stated))
    interval = binomtest(covered, errors.size).proportion_ci(method="wilson")
    assert covered >= 0.90 * errors.size
    assert interval.low <= 0.98, covered


def test_forces_and_slopes_of_noisy_pulls(many: tuple[list[AnalyticPull], Outcome]) -> None:
    """Slopes to 100 ms and later are right by 5 % on average, and stated uncertainties cover the errors."""
    made, found = many
    rows = found.metrics[found.metrics["side"] == "both"].set_index("trial_id")
    assert list(rows.index) == [f"T{n:03d}" for n in range(len(made))]
    within = []
    for ms in TIMES_MS:
        rise, force = f"rate_of_force_development_to_{ms}_ms_n_per_s", f"force_at_{ms}_ms_n"
        true = {rise: np.array([each.rise(ms) for each in made]), force: np.array([each.at(ms) for each in made])}
        if ms >= 100:
            assert abs(float(np.mean(rows[rise] / true[rise] - 1.0))) <= 0.05
        for name, values in true.items():
            within.append(np.abs(rows[name] - values) <= 2.0 * rows[f"u_{name}"])
    shares = np.array([float(each.mean()) for each in within])
    assert shares.min() >= 0.90, shares
    assert 0.90 <= shares.mean() <= 0.98, shares


def test_pretension_is_flagged_where_body_weight_is_known_from_elsewhere() -> None:
    assert "pretension" not in measured(pull(pretension_n=30.0, noise_n=2.0)).codes()
    assert "pretension" in measured(pull(pretension_n=120.0, noise_n=2.0)).codes()
    alone = measured(pull(pretension_n=120.0, noise_n=2.0), mass_kg=None)
    assert "weighed_elsewhere" in alone.codes()
    assert alone.row()["body_weight_n"] == pytest.approx(80.0 * GRAVITY + 120.0, abs=1.0)


def test_weight_is_that_of_a_standing_trial_not_of_the_pull() -> None:
    made = pull(pretension_n=45.0, noise_n=2.0)
    standing = np.where(np.arange(4000) < 500, 0.0, made.body_weight)  # the empty plate shows its zero
    standing += np.random.default_rng(1).standard_normal(4000)
    found = outcome(
        {"S": force_trial(standing, task="standing"), "T": force_trial(made.force, task="isometric_pull")}, profiles=[]
    )
    assert found.row()["body_weight_n"] == pytest.approx(made.body_weight, abs=0.5)
    assert found.row()["net_force_at_onset_n"] == pytest.approx(45.0, abs=8.0)


def test_countermovement_before_the_pull_is_flagged() -> None:
    assert "countermovement_before_effort" not in measured(pull(noise_n=2.0)).codes()
    found = measured(pull(noise_n=2.0, dip_n=150.0))
    assert "countermovement_before_effort" in found.codes()
    assert found.row()["peak_force_n"] == pytest.approx(pull().peak, abs=12.0)


def test_several_efforts_are_repetitions() -> None:
    first, second = pull(noise_n=2.0), pull(net_peak_n=1300.0, noise_n=2.0, seed=1)
    trial = force_trial(np.concatenate([first.force, second.force]), task="isometric_pull")
    rows = outcome(trial, mass_kg=80.0, profiles=[]).rows()
    assert rows["peak_force_n"].tolist() == pytest.approx([first.peak, second.peak], abs=12.0)


def test_what_is_no_effort_or_only_part_of_one_is_said() -> None:
    quiet = np.full(6000, 785.0) + np.random.default_rng(2).standard_normal(6000)
    none = outcome(force_trial(quiet, task="isometric_pull"), mass_kg=80.0, profiles=[])
    assert none.codes() >= {"no_effort"}
    assert none.reps is None
    made = pull(noise_n=2.0)
    begun = outcome(force_trial(made.force[3500:], task="isometric_pull"), mass_kg=80.0, profiles=[])
    assert "clipped_start" in begun.codes()
    ended = outcome(force_trial(made.force[:5000], task="isometric_pull"), mass_kg=80.0, profiles=[])
    assert "effort_cut_off" in ended.codes()
    assert np.isnan(ended.row()["effort_time_s"])
    assert ended.row()["peak_force_n"] == pytest.approx(made.peak, abs=12.0)
    restless = made.force + np.where(np.arange(made.force.size) < 3000, 120.0, 0.0) * np.sin(
        2.0 * np.pi * 1.5 * np.arange(made.force.size) / 1000.0
    )
    assert "never_stood_still" in outcome(force_trial(restless, task="isometric_pull"), mass_kg=80.0).codes()


def test_every_profile_finds_an_onset_by_its_own_rule() -> None:
    made = pull(noise_n=3.0)
    found = measured(made, profiles=["harry", "vald", "s3d"])
    forces = {
        name: found.row(profile=name)["net_force_at_onset_n"] for name in ("owen_mcmahon", "harry", "vald", "s3d")
    }
    assert forces["vald"] == pytest.approx(20.0 + 20.0, abs=12.0)
    assert forces["owen_mcmahon"] < forces["vald"]


def test_recorded_pull(shared_data: Path) -> None:
    """A recorded pull: its published peak, and an onset after the last quiet stretch and before a fast rise."""
    force = np.loadtxt(shared_data / "isometric-pull" / "example1_500hz.csv", delimiter=",", skiprows=1)[:, 1]
    found = outcome(force_trial(force, task="isometric_pull", rate_hz=500.0), profiles=[])
    row = found.row()
    assert row["peak_force_n"] == pytest.approx(2804.0, abs=2.0)
    assert found.reps is not None
    onset = float(found.reps["movement_start"].isel(rep=0, scoring=0))
    assert 10.9 <= onset <= 11.3
