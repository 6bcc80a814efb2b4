from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from legsci.kernels.models.mixed_model import cluster_products, fit_profiled, marginal_products
from legsci.kernels.models.mixed_model_deviance import cholesky, deviance, sum_products

SIZES = (1, 2, 5, 9, 4, 7, 3, 6)


def cohort(seed, *, slope_deviation=0.7, sizes=SIZES):
    """Outcome, fixed columns, random columns and cluster numbers of a small unbalanced cohort."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    time, level = rng.normal(size=len(cluster)), rng.normal(size=len(sizes))
    fixed = np.column_stack([np.ones(len(cluster)), time, level[cluster]])
    random = fixed[:, :2]
    effects = rng.normal(size=(len(sizes), 2)) * [1.5, slope_deviation]
    outcome = fixed @ [3.0, -1.0, 0.5] + np.sum(random * effects[cluster], axis=1) + rng.normal(size=len(cluster))
    return outcome, fixed, random, cluster


def dense_deviance(outcome, fixed, random, cluster, factor, reml):
    """The twin that builds V row by row and inverts it."""
    covariance = np.eye(len(outcome))
    for g in range(cluster.max() + 1):
        rows = np.flatnonzero(cluster == g)
        covariance[np.ix_(rows, rows)] += random[rows] @ factor @ factor.T @ random[rows].T
    inverse = np.linalg.inv(covariance)
    information = fixed.T @ inverse @ fixed
    coefficients = np.linalg.solve(information, fixed.T @ inverse @ outcome)
    residual = outcome - fixed @ coefficients
    freedom = len(outcome) - (fixed.shape[1] if reml else 0)
    variance = residual @ inverse @ residual / freedom
    value = np.linalg.slogdet(covariance)[1] + freedom * (1 + np.log(2 * np.pi * variance))
    value += np.linalg.slogdet(information)[1] if reml else 0.0
    return value, coefficients, variance * np.linalg.inv(information), variance, inverse


def test_products_are_summed_per_cluster_and_a_gap_stays_in_its_column():
    columns = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])
    products = sum_products(columns, np.array([1, 0, 1]), 2)
    np.testing.assert_array_equal(products[1], [[26.0, 32.0], [32.0, 40.0]])
    np.testing.assert_array_equal(products[0], [[9.0, np.nan], [np.nan, np.nan]])


def test_cholesky_says_when_a_matrix_is_singular():
    matrix = np.array([[4.0, 2.0], [2.0, 5.0]])
    assert cholesky(matrix, 0.0) == pytest.approx(np.log(16.0))
    np.testing.assert_allclose(np.tril(matrix), [[2.0, 0.0], [1.0, 2.0]])
    assert np.isnan(cholesky(np.ones((2, 2)), 1e-10))


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_deviance_equals_the_twin_and_its_derivative_the_differences(seed, reml):
    outcome, fixed, random, cluster = cohort(seed)
    columns = np.column_stack([random, fixed, outcome])
    products = sum_products(columns, cluster, len(SIZES))
    factor = np.array([[0.8, 0.0], [-0.3, 0.5]])
    weights, rows = np.ones(len(SIZES)), float(len(outcome))
    value, derivative, coefficients, inverse, variance = deviance(products, weights, rows, factor, reml)
    twin = dense_deviance(outcome, fixed, random, cluster, factor, reml)
    assert value == pytest.approx(twin[0], rel=1e-11)
    np.testing.assert_allclose(coefficients, twin[1], rtol=1e-10)
    np.testing.assert_allclose(inverse * variance, twin[2], rtol=1e-9)
    gradient = 2.0 * derivative @ factor
    for place in ((0, 0), (1, 0), (1, 1)):
        step = np.zeros((2, 2))
        step[place] = 1e-6
        above = deviance(products, weights, rows, factor + step, reml)[0]
        below = deviance(products, weights, rows, factor - step, reml)[0]
        assert gradient[place] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("correlated", [True, False])
def test_the_optimum_is_that_of_a_search_over_the_twin(reml, correlated):
    outcome, fixed, random, cluster = cohort(4)
    fit = fit_profiled(cluster_products(outcome, fixed, random, cluster, correlated=correlated), reml=reml)

    def twin(free):
        factor = np.array([[free[0], 0.0], [free[2] if correlated else 0.0, free[1]]])
        return dense_deviance(outcome, fixed, random, cluster, factor, reml)

    start = [1.0, 1.0, 0.0][: 3 if correlated else 2]
    found = scipy.optimize.minimize(
        lambda free: twin(free)[0],
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 5000},
    )
    value, coefficients, covariance, variance, _ = twin(found.x)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(-0.5 * value, abs=1e-8)
    np.testing.assert_allclose(fit.coefficients, coefficients, rtol=1e-6)
    np.testing.assert_allclose(fit.coefficient_covariance, covariance, rtol=1e-5, atol=1e-9)
    assert fit.residual_variance == pytest.approx(variance, rel=1e-6)


def test_weights_count_a_cluster_as_often_as_copies_of_its_rows():
    outcome, fixed, random, cluster = cohort(5)
    weights = np.array([1.0, 0.0, 2.0, 1.0, 3.0, 1.0, 1.0, 2.0])
    weighted = fit_profiled(cluster_products(outcome, fixed, random, cluster), weights=weights)
    copies = [np.flatnonzero(cluster == g) for g, weight in enumerate(weights) for _ in range(int(weight))]
    rows = np.concatenate(copies)
    number = np.repeat(np.arange(len(copies)), [len(copy) for copy in copies])
    copied = fit_profiled(cluster_products(outcome[rows], fixed[rows], random[rows], number))
    assert weighted.log_likelihood == pytest.approx(copied.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(weighted.coefficients, copied.coefficients, rtol=1e-7)
    np.testing.assert_allclose(weighted.random_covariance, copied.random_covariance, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_a_start_without_variance_ends_where_any_other_does(seed):
    """At zero the gradient vanishes whatever the data say: only the restart leaves it."""
    outcome, fixed, random, cluster = cohort(seed, slope_deviation=0.7 * (seed % 2), sizes=(6,) * 12)
    data = cluster_products(outcome, fixed, random, cluster)
    plain, zero = fit_profiled(data), fit_profiled(data, start=np.zeros((2, 2)))
    assert plain.converged
    assert zero.converged
    assert zero.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-7)


def test_no_variance_between_clusters_is_found_at_the_boundary():
    outcome = np.tile([0.0, 1.0, 2.0], 4)
    cluster = np.repeat(np.arange(4), 3)
    ones = np.ones((12, 1))
    fit = fit_profiled(cluster_products(outcome, ones, ones, cluster))
    assert fit.converged
    assert fit.random_covariance[0, 0] == pytest.approx(0.0, abs=1e-8)
    assert fit.residual_variance == pytest.approx(outcome.var(ddof=1))
    assert fit.smallest_ascent > 0.0


def test_units_and_origin_of_time_change_nothing_but_their_own_coefficients():
    outcome, fixed, random, cluster = cohort(6)
    raw = fixed * [1.0, 400.0, 1.0] + [0.0, 20_000.0, 0.0]
    plain = fit_profiled(cluster_products(outcome, fixed, random, cluster))
    scaled = fit_profiled(cluster_products(outcome, raw, raw[:, :2], cluster))
    assert scaled.coefficients[1] * 400.0 == pytest.approx(plain.coefficients[1], rel=1e-7)
    assert scaled.random_covariance[1, 1] * 400.0**2 == pytest.approx(plain.random_covariance[1, 1], rel=1e-4)
    # Only the determinant of X enters the restricted likelihood.
    assert scaled.log_likelihood + np.log(400.0) == pytest.approx(plain.log_likelihood, abs=1e-6)


def test_marginal_products_equal_those_with_the_inverted_covariance():
    outcome, fixed, random, cluster = cohort(7)
    data = cluster_products(outcome, fixed, random, cluster)
    fit = fit_profiled(data)
    products = marginal_products(data, fit)
    residual = outcome - fixed @ fit.coefficients
    for g in range(len(SIZES)):
        rows = cluster == g
        z, x = random[rows], fixed[rows]
        inverse = np.linalg.inv(np.eye(rows.sum()) + z @ fit.random_covariance @ z.T / fit.residual_variance)
        np.testing.assert_allclose(products.random_random[g], z.T @ inverse @ z, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(products.random_fixed[g], z.T @ inverse @ x, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(products.fixed_fixed[g], x.T @ inverse @ x, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(products.random_residual[g], z.T @ inverse @ residual[rows], rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(products.fixed_residual[g], x.T @ inverse @ residual[rows], rtol=1e-6, atol=1e-8)


def test_what_cannot_be_told_apart_is_refused():
    outcome, fixed, random, cluster = cohort(8)
    with pytest.raises(np.linalg.LinAlgError, match="combination"):
        cluster_products(outcome, np.column_stack([fixed, fixed[:, 1] * 2.0 - 1.0]), random, cluster)
    with pytest.raises(np.linalg.LinAlgError, match="without residual"):
        cluster_products(fixed @ [1.0, 2.0, 3.0], fixed, random, cluster)
    with pytest.raises(np.linalg.LinAlgError, match="of each cluster explain the outcome"):
        fit_profiled(cluster_products(cluster.astype(float), fixed[:, :1], random[:, :1], cluster))
    data = cluster_products(outcome, fixed, random, cluster)
    with pytest.raises(np.linalg.LinAlgError, match="told apart"):
        fit_profiled(data, weights=np.array([0.0, 0, 0, 8, 0, 0, 0, 0]))


def test_resamples_of_many_clusters_have_the_same_optimum_with_the_curvature_of_all():
    sizes = tuple(np.random.default_rng(2).integers(1, 9, 120))
    data = cluster_products(*cohort(3, sizes=sizes))
    whole = fit_profiled(data)
    for weights in np.random.default_rng(4).multinomial(120, np.full(120, 1.0 / 120), 10).astype(float):
        cold, warm = fit_profiled(data, weights=weights), fit_profiled(data, weights=weights, start=whole)
        assert warm.converged
        assert warm.log_likelihood == pytest.approx(cold.log_likelihood, rel=1e-11)
        np.testing.assert_allclose(warm.coefficients, cold.coefficients, rtol=1e-7)
        np.testing.assert_allclose(warm.random_covariance, cold.random_covariance, rtol=1e-6)
