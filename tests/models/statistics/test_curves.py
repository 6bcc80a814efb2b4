"""Curves: hand answers, a slow twin, the error rate under no difference, and spm1d where it is installed."""

from __future__ import annotations

import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from legsci.models.result import ModelRefusal
from legsci.models.statistics.curves import CurveComparison, athlete_mean_curves, compare_curves


def frame(values: np.ndarray, prefix: str = "P") -> pd.DataFrame:
    return athlete_mean_curves(values, [f"{prefix}{row:02d}" for row in range(len(values))])


def noise(generator: np.random.Generator, athletes: int, nodes: int = 30) -> np.ndarray:
    """Smooth curves: running means of white noise."""
    kernel = np.ones(5) / 5.0
    return np.array([np.convolve(generator.normal(size=nodes + 4), kernel, "valid") for _ in range(athletes)])


def naive_largest_mass(differences: np.ndarray, threshold: float) -> float:
    """Slow and obvious: walk along the nodes and add up |t| until the sign changes or t falls."""
    t = differences.mean(axis=0) / (differences.std(axis=0, ddof=1) / np.sqrt(len(differences)))
    largest, mass, sign = 0.0, 0.0, 0.0
    for value in t:
        if abs(value) <= threshold:
            mass, sign = 0.0, 0.0
            continue
        mass = mass + abs(value) if np.sign(value) == sign else abs(value)
        sign = np.sign(value)
        largest = max(largest, mass)
    return largest


def test_reps_are_averaged_by_athlete() -> None:
    curves = athlete_mean_curves(np.array([[0.0, 2.0], [2.0, 4.0], [5.0, 5.0]]), ["a", "a", "b"])
    assert curves.loc["a"].tolist() == [1.0, 3.0]
    assert curves.columns.tolist() == [0.0, 100.0]


def test_t_and_p_by_hand() -> None:
    """Differences 1, 2, 3: t = 2 / (1 / sqrt 3); of the four sign patterns only the data have a mass that large."""
    first = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    found = compare_curves(frame(first), frame(np.zeros((3, 2))), paired=True, forming_threshold=1.0)
    np.testing.assert_allclose(found.statistic, [2.0 * np.sqrt(3.0), 0.0], rtol=1e-14)
    assert found.exact
    assert len(found.largest_statistics) == 4
    assert found.clusters["p_value"].tolist() == [0.25]
    assert found.clusters["end_percent"].tolist() == [0.0]
    assert found.critical_statistic == np.inf
    assert [code for code, _ in found.warnings] == ["few_rearrangements"]


def test_cluster_p_values_equal_those_of_the_slow_twin() -> None:
    generator = np.random.default_rng(4)
    differences = noise(generator, 7) + np.linspace(0.0, 0.6, 30)
    found = compare_curves(frame(differences), frame(np.zeros((7, 30))), paired=True)
    masses = [
        naive_largest_mass(differences * np.array(signs)[:, None], found.forming_threshold)
        for signs in product((1.0, -1.0), repeat=7)
    ]
    assert len(found.clusters)
    for mass, p_value in found.clusters[["mass", "p_value"]].itertuples(index=False):
        assert p_value == pytest.approx(np.mean(np.array(masses) >= mass - 1e-9))


@pytest.mark.parametrize("paired", [True, False])
def test_swapping_first_and_second_turns_the_sign_only(paired: bool) -> None:
    generator = np.random.default_rng(5)
    first, second = frame(noise(generator, 5) + 1.0), frame(noise(generator, 5), "P" if paired else "Q")
    there, back = compare_curves(first, second, paired=paired), compare_curves(second, first, paired=paired)
    np.testing.assert_allclose(there.statistic, -back.statistic, rtol=1e-9)
    np.testing.assert_allclose(there.clusters["p_value"], back.clusters["p_value"])
    assert (there.clusters["direction"] == -back.clusters["direction"]).all()


def test_every_way_and_random_ways_agree() -> None:
    generator = np.random.default_rng(6)
    differences = noise(generator, 10) + 0.25
    second = frame(np.zeros((10, 30)))
    every = compare_curves(frame(differences), second, paired=True)
    random = compare_curves(frame(differences), second, paired=True, resamples=500, seed=1)
    assert every.exact
    assert not random.exact
    np.testing.assert_allclose(every.clusters["p_value"], random.clusters["p_value"], atol=0.06)
    again = compare_curves(frame(differences), second, paired=True, resamples=500, seed=1)
    pd.testing.assert_frame_equal(random.clusters, again.clusters)


def test_without_difference_five_percent_are_called_different() -> None:
    """400 comparisons of nothing: 20 expected, 5 standard deviations are 22."""
    generator = np.random.default_rng(7)
    second = frame(np.zeros((7, 30)))
    found = [compare_curves(frame(noise(generator, 7)), second, paired=True) for _ in range(400)]
    by_cluster = sum((one.clusters["p_value"] <= 0.05).any() for one in found)
    by_node = sum((np.abs(one.statistic) >= one.critical_statistic).any() for one in found)
    assert 2 <= by_cluster <= 42
    assert 2 <= by_node <= 42


def test_a_planted_bump_is_found_where_it_is() -> None:
    generator = np.random.default_rng(8)
    bump = np.where((np.arange(101) >= 40) & (np.arange(101) <= 60), 3.0, 0.0)
    found = compare_curves(frame(noise(generator, 12, 101) + bump), frame(noise(generator, 12, 101), "Q"), paired=False)
    sure = found.clusters[found.clusters["p_value"] < 0.01]
    assert sure["direction"].tolist() == [1]
    assert abs(sure["start_percent"].iloc[0] - 40.0) <= 2.0
    assert abs(sure["end_percent"].iloc[0] - 60.0) <= 2.0


def test_every_fault_is_told_at_once() -> None:
    values = np.ones((2, 4))
    first, second = frame(values), frame(values)
    first.iloc[0, 1] = np.nan
    with pytest.raises(ModelRefusal) as refusal:
        compare_curves(first, pd.concat([second, second]), paired=True)
    assert len(refusal.value.sentences) == 3
    with pytest.raises(ModelRefusal, match="compared as pairs"):
        compare_curves(second, second, paired=False)
    with pytest.raises(ModelRefusal, match="without any variance"):
        compare_curves(frame(np.ones((4, 3))), frame(np.zeros((4, 3))), paired=True)


def test_athletes_without_partner_are_counted() -> None:
    generator = np.random.default_rng(9)
    found = compare_curves(frame(noise(generator, 6)), frame(noise(generator, 5)), paired=True)
    assert found.athletes == (5, 5)
    assert found.warnings[0][0] == "unpaired"


def spm1d_of(test: str, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, object]:
    with warnings.catch_warnings():
        # Those of another project's modules.
        warnings.simplefilter("ignore")
        spm1d = pytest.importorskip("spm1d", reason="spm1d (GPL-3, for tests only) is not installed")
        field = getattr(spm1d.stats.nonparam, test)(first, second)
        return np.asarray(field.z), field.inference(0.05, two_tailed=True)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_paired_knee_rotations_as_in_spm1d(shared_data: Path, axis: int) -> None:
    with np.load(shared_data / "spm1d-real" / "Neptune1999kneekin.npz", allow_pickle=False) as recorded:
        first, second = recorded["YA"][:, :, axis], recorded["YB"][:, :, axis]
    statistic, inference = spm1d_of("ttest_paired", first, second)
    found = compare_curves(frame(first), frame(second), paired=True)
    np.testing.assert_allclose(found.statistic, statistic, rtol=1e-10)
    np.testing.assert_allclose(np.sort(found.largest_statistics), np.sort(inference.PDF0), rtol=1e-10)
    assert np.quantile(found.largest_statistics, 0.95) == pytest.approx(inference.zstar, rel=1e-10)


@pytest.fixture(scope="module")
def side_shuffle_against_cut(shared_data: Path) -> CurveComparison:
    with np.load(shared_data / "spm1d-real" / "Neptune1999kneekin.npz", allow_pickle=False) as recorded:
        return compare_curves(frame(recorded["YA"][:, :, 0]), frame(recorded["YB"][:, :, 0]), paired=True)


def test_real_knee_flexion_differs_in_mid_stance(side_shuffle_against_cut: CurveComparison) -> None:
    sure = side_shuffle_against_cut.clusters.query("p_value < 0.05")
    assert sure["direction"].tolist() == [-1]
    assert sure["start_percent"].iloc[0] < 35.0 < sure["end_percent"].iloc[0]


def test_groups_as_in_spm1d(shared_data: Path) -> None:
    with np.load(shared_data / "spm1d-real" / "Pataky2014cop.npz", allow_pickle=False) as recorded:
        first, second = recorded["YA"][:5, :, 0], recorded["YB"][:5, :, 0]
    statistic, inference = spm1d_of("ttest2", first, second)
    found = compare_curves(frame(first), frame(second, "Q"), paired=False)
    np.testing.assert_allclose(found.statistic, statistic, rtol=1e-10)
    # Ours deals both ways round: each of theirs twice.
    np.testing.assert_allclose(np.sort(found.largest_statistics), np.repeat(np.sort(inference.PDF0), 2), rtol=1e-10)
