"""Kernels of the lag between two clocks against slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation

from legsci.kernels.clocks.lag import at_lag, unexplained_shares
from legsci.kernels.clocks.strapdown import carried_vertical


def test_shares_are_those_of_a_regression_on_what_lies_beside() -> None:
    rng = np.random.default_rng(1)
    reference, followers = rng.normal(size=60), rng.normal(size=(2, 50))
    reference[7], followers[1, 20] = np.nan, np.nan
    lags = np.array([-30, -3, 0, 4, 70])
    centred = reference - np.nanmean(reference)
    for lag, share, beside in zip(lags, *unexplained_shares(reference, followers, lags), strict=True):
        pairs = [(i, i - lag) for i in range(60) if 0 <= i - lag < 50]
        pairs = [(i, j) for i, j in pairs if np.isfinite(reference[i]) and np.isfinite(followers[:, j]).all()]
        explained, within = 0.0, np.nan
        if pairs:
            x = centred[[i for i, _ in pairs]]
            design = np.array([[1.0, *followers[:, j]] for _, j in pairs])
            weights = np.linalg.lstsq(design, x, rcond=None)[0]
            residual = ((x - design @ weights) ** 2).sum()
            explained = x @ x - residual
            varied = ((x - x.mean()) ** 2).sum()
            within = residual / varied if varied > 0.5 * np.nansum(centred**2) else np.nan
        assert beside == pytest.approx(within, abs=1e-8, nan_ok=True)
        assert share == pytest.approx(1.0 - explained / np.nansum(centred**2), abs=1e-8)


def test_a_signal_that_does_not_vary_has_no_share() -> None:
    assert np.isnan(unexplained_shares(np.ones(20), np.ones((1, 20)), np.array([0]))[0]).all()


@pytest.mark.parametrize("lag", [2.0, 0.3, -1.75])
def test_values_between_samples_are_those_of_the_cubic(lag: float) -> None:
    rng = np.random.default_rng(2)
    followers = rng.normal(size=(1, 30))
    followers[0, 12] = np.nan
    values, slopes = at_lag(followers, lag, 30)
    row = np.nan_to_num(followers[0])
    spline = CubicHermiteSpline(np.arange(30), row, np.gradient(row))
    for i in range(30):
        four = int(np.floor(i - lag)) + np.arange(-1, 3)
        known = four[0] >= 0 and four[-1] < 30 and 12 not in four
        assert np.isfinite(values[0, i]) == known
        if known:
            assert values[0, i] == pytest.approx(spline(i - lag))
            assert slopes[0, i] == pytest.approx(spline(i - lag, 1))


def test_the_vertical_turns_against_the_sensor() -> None:
    """A sensor that turns about a fixed axis of its own, from the middle of the recording both ways."""
    spin, interval = np.array([0.4, -1.1, 0.7]), 0.01
    rates = np.tile(spin, (101, 1))
    upward = carried_vertical(np.array([0.0, 1.0, 0.0]), rates, 40, interval)
    for i in (0, 39, 100):
        turned = Rotation.from_rotvec(-spin * (i - 40) * interval).apply([0.0, 1.0, 0.0])
        assert upward[i] == pytest.approx(turned, abs=1e-9)
    rates[60] = np.nan
    assert np.isnan(carried_vertical(np.array([0.0, 1.0, 0.0]), rates, 40, interval)[60:]).all()
