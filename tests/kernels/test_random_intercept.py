from __future__ import annotations

import numpy as np
import pytest

from legsci.kernels.models.mixed_model import cluster_products, fit_profiled
from legsci.kernels.models.mixed_model_deviance import deviance
from legsci.kernels.models.random_intercept import fit_random_intercepts, profiled_deviance


def products(seed, sizes, *, spread=1.0, occasions=4):
    """Products of clusters that differ in level, each row of an occasion of its own."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    occasion = np.concatenate([rng.permutation(occasions)[:size] for size in sizes])
    outcome = 5.0 + 0.3 * occasion + spread * rng.normal(size=len(sizes))[cluster] + rng.normal(size=len(cluster))
    return cluster_products(outcome, np.eye(occasions)[occasion], np.ones((len(cluster), 1)), cluster)


def draws(seed, clusters, resamples=40):
    return np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1.0 / clusters), resamples).astype(float)


@pytest.mark.parametrize("variance", [0.0, 0.1, 3.0, 200.0])
def test_the_deviance_is_that_of_all_clusters_and_its_derivative_that_of_the_numbers(variance):
    data = products(1, [1, 4, 4, 2, 3, 2, 4, 1])
    weights = np.array([2.0, 0.0, 1.0, 3.0, 1.0, 1.0, 0.0, 1.0])
    sizes = np.unique(data.rows)
    sums, inner = data.products[:, 0, 1:], data.products[:, 1:, 1:]
    total = np.einsum("g,gij->ij", weights, inner)
    between = np.stack([(sums * (weights * (data.rows == size))[:, None]).T @ sums for size in sizes])
    clusters = np.array([weights[data.rows == size].sum() for size in sizes])
    work, rows = np.empty((2, 5, 5)), float(weights @ data.rows)

    def value(at):
        return profiled_deviance(total, between, sizes, clusters, at, work)[0]

    constant = (rows - 4) * (1.0 + np.log(2.0 * np.pi / (rows - 4)))
    expected = deviance(data.products, weights, rows, np.array([[np.sqrt(variance)]]), True)
    assert value(variance) + constant == pytest.approx(expected[0], rel=1e-12)
    slope = profiled_deviance(total, between, sizes, clusters, variance, work)[1]
    assert slope == pytest.approx(expected[1][0, 0], rel=1e-9)
    step = 1e-5 * max(variance, 0.1)
    assert slope == pytest.approx((value(variance + step) - value(variance - step)) / (2.0 * step), rel=1e-5)


@pytest.mark.parametrize("spread", [0.0, 0.3, 2.0])
@pytest.mark.parametrize(
    "sizes", [[4] * 12, [4, 4, 3, 2, 1, 4, 3, 4, 1, 1, 2, 4, 4, 3], [2, 1, 3, 1, 4, 4, 3, 1, 2, 1, 4]]
)
def test_each_resample_has_the_estimates_of_its_own_fit(sizes, spread):
    """Balanced and unbalanced clusters, single rows, variances of zero, resamples without some occasion."""
    data = products(3, sizes, spread=spread)
    weights = draws(4, len(sizes))
    whole = fit_profiled(data)
    found = fit_random_intercepts(data, weights, start=float(whole.factor[0, 0] ** 2))
    lost = 0
    for number, drawn in enumerate(weights):
        try:
            expected = fit_profiled(data, weights=drawn, start=whole)
        except np.linalg.LinAlgError:
            lost += 1
            assert np.isnan(found.residual_variance[number])
            continue
        assert found.residual_variance[number] == pytest.approx(expected.residual_variance, rel=1e-7)
        scale = expected.residual_variance
        assert found.intercept_variance[number] == pytest.approx(
            expected.random_covariance[0, 0], rel=1e-6, abs=1e-7 * scale
        )
        np.testing.assert_allclose(found.coefficients[number], expected.coefficients, rtol=1e-7)
        np.testing.assert_allclose(
            found.coefficient_covariance[number], expected.coefficient_covariance, rtol=1e-6, atol=1e-9 * scale
        )
    assert lost < len(weights)


def test_balanced_clusters_have_the_estimates_of_the_analysis_of_variance():
    rng = np.random.default_rng(8)
    values = rng.normal(size=(9, 1)) * 2.0 + rng.normal(size=(9, 5))
    occasion = np.tile(np.arange(5), 9)
    data = cluster_products(values.ravel(), np.eye(5)[occasion], np.ones((45, 1)), np.repeat(np.arange(9), 5))
    weights = draws(5, 9)
    found = fit_random_intercepts(data, weights, start=1.0)
    for number, drawn in enumerate(weights):
        rows = np.repeat(values, drawn.astype(int), axis=0)
        own, each = rows.mean(axis=1, keepdims=True), rows.mean(axis=0, keepdims=True)
        residual = np.sum((rows - own - each + rows.mean()) ** 2) / (8 * 4)
        between = 5.0 * np.sum((own - rows.mean()) ** 2) / 8
        if between > residual:
            assert found.residual_variance[number] == pytest.approx(residual, rel=1e-10)
            assert found.intercept_variance[number] == pytest.approx((between - residual) / 5.0, rel=1e-9)
        np.testing.assert_allclose(found.coefficients[number], each[0], rtol=1e-10)


def test_blocks_do_not_change_the_estimates(monkeypatch):
    data, weights = products(6, [4, 3, 2, 4, 1, 4]), draws(7, 6)
    together = fit_random_intercepts(data, weights, start=1.0)
    monkeypatch.setattr("legsci.kernels.models.random_intercept.LARGEST_BLOCK", 1.0)
    np.testing.assert_allclose(
        fit_random_intercepts(data, weights, start=1.0).intercept_variance, together.intercept_variance, rtol=1e-12
    )
